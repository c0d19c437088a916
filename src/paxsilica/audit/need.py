"""Need of the trusted world for each commodity, as the sum of successive rounds of inputs.

The sum is taken by doubling: with the rounds up to ``n`` known, those up to ``2 n`` follow.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import numpy as np

from paxsilica.audit.reference import Facts, line

DOUBLINGS = 60
BIG = 1e15
NOTHING = 1e-12
LEAST_WORK_ROUNDS = 20_000


def benchmarks(facts: Facts) -> dict[str, str]:
    """Benchmark process of each commodity: of those whose main product it is, the one with the
    largest existing capacity."""
    size: dict[str, float] = defaultdict(float)
    for name, row in facts.assets.items():
        if facts.there(name, facts.first):
            size[row.process] += min(facts.number("assets", row, "capacity", facts.first), BIG)
    ways: dict[str, list[str]] = defaultdict(list)
    for name in sorted(facts.processes, key=lambda name: (-size[name], name)):
        product = facts.processes[name].main_product
        if product is not None:
            ways[product].append(name)
    chosen = {product: names[0] for product, names in ways.items()}
    typical = {
        product: max([size[name] for name in names if 0 < size[name] < BIG] or [1.0])
        for product, names in ways.items()
    }
    return chosen | _other_ways(facts, ways, typical)


def _inputs(facts: Facts, chosen: Mapping[str, str]) -> dict[tuple[str, str], float]:
    """What is used of a commodity for a unit of another that is made in the chosen way."""
    return {
        (source, product): used / facts.makes[process][product]
        for product, process in chosen.items()
        for source, used in facts.uses[process].items()
    }


def _rounds(use: Mapping[tuple[str, str], float]) -> tuple[list[str], Any]:
    """Commodities, and what is needed of each for a unit of each, all rounds together; ``None`` in
    its place where the rounds do not end."""
    names = sorted({name for pair in use for name in pair})
    at = {name: index for index, name in enumerate(names)}
    power = np.zeros((len(names), len(names)))
    for (source, product), quantity in use.items():
        power[at[source], at[product]] = quantity
    total = np.eye(len(names))
    with np.errstate(all="ignore"):
        for _ in range(DOUBLINGS):
            further = power @ total
            total, power = total + further, power @ power
            if not np.isfinite(total).all():
                break
            if (further <= NOTHING * total).all():
                return names, total
    return names, None


def _other_ways(
    facts: Facts, ways: Mapping[str, list[str]], size: Mapping[str, float]
) -> dict[str, str]:
    """For commodities of a loop that uses at least as much as it makes: the way of making each that
    takes the least activity in all, where there is one that ends."""
    use = _inputs(facts, {product: names[0] for product, names in ways.items()})
    reach: dict[str, set[str]] = {product: set() for _, product in use}
    for source, product in use:
        reach[product].add(source)
    for middle in list(reach):
        for product in reach:
            if middle in reach[product]:
                reach[product] |= reach[middle]
    endless = set()
    for name in reach:
        ring = {other for other in reach[name] if name in reach.get(other, ())}
        inside = {pair: amount for pair, amount in use.items() if ring.issuperset(pair)}
        if ring and _rounds(inside)[1] is None:
            endless.add(name)
    if not endless:
        return {}
    work = dict.fromkeys(ways, 0.0)
    best: dict[str, str] = {}
    for _ in range(LEAST_WORK_ROUNDS):
        before = dict(work)
        for product, names in ways.items():
            costs = {
                name: 1.0
                + sum(
                    before.get(source, 0.0)
                    * used
                    / facts.makes[name][product]
                    * size[product]
                    / size.get(source, 1.0)
                    for source, used in facts.uses[name].items()
                )
                for name in (names if product in endless else names[:1])
            }
            best[product] = min(costs, key=lambda name: costs[name])
            work[product] = costs[best[product]]
        if all(work[name] - before[name] <= NOTHING * work[name] for name in endless):
            break
    return {name: best[name] for name in endless if work[name] - before[name] <= 1e-6 * work[name]}


def trusted_demand(facts: Facts, year: int) -> dict[str, float]:
    """Final demand of the trusted regions by commodity, before events."""
    total: dict[str, float] = defaultdict(float)
    for (region, commodity, when), quantity in facts.demand.items():
        if when == year and facts.trusted(region, year):
            total[commodity] += quantity
    return dict(total)


def needs(facts: Facts) -> dict[tuple[str, int], float]:
    """Need of the trusted world by commodity and year, computed once for each set of facts."""
    known: dict[tuple[str, int], float] | None = facts.memory.get("needs")
    if known is not None:
        return known
    use = _inputs(facts, benchmarks(facts))
    sources: dict[str, list[str]] = defaultdict(list)
    for source, product in use:
        sources[product].append(source)
    found: dict[tuple[str, int], float] = {}
    for year in facts.years:
        final = trusted_demand(facts, year)
        wanted, front = set(final), list(final)
        while front:
            new = set(sources[front.pop()]) - wanted
            wanted |= new
            front += new
        names, per_unit = _rounds({pair: used for pair, used in use.items() if pair[1] in wanted})
        at = {name: index for index, name in enumerate(names)}
        for commodity in wanted:
            quantity = final.get(commodity, 0.0)
            if commodity in at and per_unit is not None:
                quantity = sum(
                    per_unit[at[commodity], at[other]] * some
                    for other, some in final.items()
                    if other in at
                )
            if quantity > 0:
                found[commodity, year] = quantity
    facts.memory["needs"] = found
    return found


def _share(path: Mapping[int, float], year: int) -> float:
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
            share = _share(coverage.stages.get(row.stage, coverage.required), year)
            if share > 0:
                found[commodity, year] = share
    facts.memory["required"] = found
    return found
