"""Need of the covered regions for each commodity, as the sum of successive rounds of inputs, less
what by-products return."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from paxsilica.audit.reference import Facts, line

DOUBLINGS = 60
"""The sum has 2 ** 60 rounds: enough for a loop with any gain below 1."""
BIG = 1e15


def _sizes(facts: Facts) -> dict[str, float]:
    """Existing capacity in the first year by process."""
    size: dict[str, float] = defaultdict(float)
    for name, row in facts.assets.items():
        if facts.there(name, facts.first):
            size[row.process] += min(_existing(facts, name), BIG)
    return size


def _existing(facts: Facts, name: str) -> float:
    """Nameplate in the first year; of a further recipe what the plant could run of it alone."""
    base, use = facts.capacity_of(name)
    if base == name:
        return facts.nameplate(name, facts.first)
    if base in facts.projects:
        return 0.0
    return min(facts.nameplate(name, facts.first), facts.nameplate(base, facts.first) / use)


def benchmarks(facts: Facts) -> dict[str, str]:
    """Benchmark process of each commodity: of those whose main product it is, the one with the
    largest existing capacity."""
    size = _sizes(facts)
    chosen: dict[str, str] = {}
    for name in sorted(facts.processes, key=lambda name: (-size[name], name)):
        product = facts.processes[name].main_product
        if product is not None:
            chosen.setdefault(product, name)
    return chosen


def _above(facts: Facts, chosen: Mapping[str, str], commodity: str) -> set[str]:
    """Goods upstream of a commodity."""
    found: set[str] = set()
    front = {commodity}
    while front:
        front = {
            source for one in front if one in chosen for source in facts.uses[chosen[one]]
        } - found
        found |= front
    return found


def returned(facts: Facts, chosen: Mapping[str, str]) -> dict[tuple[str, str], float]:
    """By (good that is returned, good that is made): units that by-products return per unit."""
    size = _sizes(facts)
    needed = {source for name in chosen.values() for source in facts.uses[name]}
    found: dict[tuple[str, str], float] = defaultdict(float)
    for commodity, process in chosen.items():
        above = _above(facts, chosen, commodity)
        for residue, amount in facts.makes[process].items():
            ranked = sorted(
                (-size[name] * facts.uses[name][residue], name)
                for name in facts.processes
                if residue in facts.uses[name] and above & set(facts.makes[name])
            )
            if residue == commodity or residue in needed or not ranked:
                continue
            name = ranked[0][1]
            each = amount / facts.makes[process][commodity] / facts.uses[name][residue]
            for source, made in facts.makes[name].items():
                if source in above:
                    found[source, commodity] += each * made
    return found


def covered_demand(facts: Facts, year: int) -> dict[str, float]:
    """Final demand of the covered regions by commodity, before events; computed once for each
    year."""
    key = ("covered demand", year)
    if key not in facts.memory:
        total: dict[str, float] = defaultdict(float)
        for (region, commodity, when), quantity in facts.demand.items():
            if when == year and facts.in_need(region, year):
                total[commodity] += quantity
        facts.memory[key] = dict(total)
    known: dict[str, float] = facts.memory[key]
    return known


def needs(facts: Facts) -> dict[tuple[str, int], float]:
    """Need of the covered regions by commodity and year, computed once for each set of facts."""
    known: dict[tuple[str, int], float] | None = facts.memory.get("needs")
    if known is not None:
        return known
    chosen = benchmarks(facts)
    demand = {year: covered_demand(facts, year) for year in facts.years}
    names, gross = _one_round(facts, chosen, {name for goods in demand.values() for name in goods})
    at = {name: position for position, name in enumerate(names)}
    net = gross.copy()
    for (source, name), amount in returned(facts, chosen).items():
        if name in at:
            net[at[source], at[name]] -= amount
    totals = [_all_rounds(one) for one in (net, gross)]
    found: dict[tuple[str, int], float] = {}
    for year in facts.years:
        final = np.array([demand[year].get(name, 0.0) for name in names])
        for name, amount, most in zip(names, *(total @ final for total in totals), strict=True):
            if amount > 1e-9 * most:
                found[name, year] = float(amount)
    facts.memory["needs"] = found
    return found


def gross_need(facts: Facts, final: Mapping[str, float]) -> dict[str, float]:
    """What a final demand by commodity needs of every good, without returns."""
    names, gross = _one_round(facts, benchmarks(facts), {name for name in final if final[name]})
    found = _all_rounds(gross) @ np.array([final.get(name, 0.0) for name in names])
    return dict(zip(names, map(float, found), strict=True))


def _one_round(
    facts: Facts, chosen: Mapping[str, str], wanted: set[str]
) -> tuple[list[str], NDArray[np.float64]]:
    """The goods wanted and all upstream of them, and the input of each (row) per unit of each."""
    names = sorted(wanted.union(*(_above(facts, chosen, commodity) for commodity in wanted)))
    at = {name: position for position, name in enumerate(names)}
    gross = np.zeros((len(names), len(names)))
    for name in set(names) & set(chosen):
        for source, used in facts.uses[chosen[name]].items():
            gross[at[source], at[name]] += used / facts.makes[chosen[name]][name]
    return names, gross


def _all_rounds(one_round: NDArray[np.float64]) -> NDArray[np.float64]:
    """The sum of all powers of a matrix whose powers vanish: the product of (1 + a), (1 + a^2),
    (1 + a^4), ..."""
    total, power = np.eye(len(one_round)) + one_round, one_round
    for _ in range(DOUBLINGS):
        power = power @ power
        if not power.any():
            break
        total = total + total @ power
    return total


def value_added(facts: Facts) -> dict[tuple[str, int], list[float]]:
    """Parts of the value added at risk by stage and year, USD: what the need for its covered goods
    sells for, and, negative, what their benchmark inputs cost."""
    chosen = benchmarks(facts)
    found: dict[tuple[str, int], list[float]] = defaultdict(list)
    for commodity, year in required_shares(facts):
        amount, row = needs(facts)[commodity, year], facts.commodities[commodity]
        parts = {commodity: 1.0}
        if commodity in chosen:
            made = facts.makes[chosen[commodity]][commodity]
            for source, used in facts.uses[chosen[commodity]].items():
                parts[source] = parts.get(source, 0.0) - used / made
        for good, per_unit in parts.items():
            price = facts.commodities[good].price_usd_per_unit
            found[row.stage or "", year].append(amount * per_unit * (price or 0.0))
    return found


def share_of(path: Mapping[int, float], year: int) -> float:
    """The share of a path in a year: on the line between anchors, flat outside."""
    return line(path, min(max(year, min(path)), max(path)))


def required_shares(facts: Facts) -> dict[tuple[str, int], float]:
    """Required share of the need by covered commodity and year, where it is positive."""
    known: dict[tuple[str, int], float] | None = facts.memory.get("required")
    if known is not None:
        return known
    coverage = facts.case.coverage
    found: dict[tuple[str, int], float] = {}
    for (commodity, year), _ in needs(facts).items() if coverage is not None else ():
        assert coverage is not None
        row = facts.commodities[commodity]
        if (
            row.covered
            and row.stage is not None
            and year >= coverage.from_years.get(commodity, coverage.from_year)
        ):
            share = share_of(coverage.stages.get(row.stage, coverage.required), year)
            if share > 0:
                found[commodity, year] = share
    facts.memory["required"] = found
    return found
