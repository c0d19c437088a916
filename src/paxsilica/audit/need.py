"""Need of the trusted world for each commodity, as the sum of successive rounds of inputs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from paxsilica.audit.reference import Facts, line

ROUNDS = 10_000
BIG = 1e15


def benchmarks(facts: Facts) -> dict[str, str]:
    """Benchmark process of each commodity: of those whose main product it is, the one with the
    largest existing capacity."""
    size: dict[str, float] = defaultdict(float)
    for name, row in facts.assets.items():
        if facts.there(name, facts.first):
            size[row.process] += min(facts.number("assets", row, "capacity", facts.first), BIG)
    chosen: dict[str, str] = {}
    for name in sorted(facts.processes, key=lambda name: (-size[name], name)):
        product = facts.processes[name].main_product
        if product is not None:
            chosen.setdefault(product, name)
    return chosen


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
    chosen = benchmarks(facts)
    found: dict[tuple[str, int], float] = {}
    for year in facts.years:
        total: dict[str, float] = defaultdict(float)
        wave: Mapping[str, float] = trusted_demand(facts, year)
        for _ in range(ROUNDS):
            following: dict[str, float] = defaultdict(float)
            for commodity, quantity in wave.items():
                total[commodity] += quantity
                process = chosen.get(commodity)
                if process is not None:
                    for source, used in facts.uses[process].items():
                        following[source] += quantity * used / facts.makes[process][commodity]
            wave = {
                commodity: quantity
                for commodity, quantity in following.items()
                if quantity > 1e-15 * total.get(commodity, 0.0)
            }
            if not wave:
                break
        found |= {
            (commodity, year): quantity for commodity, quantity in total.items() if quantity > 0
        }
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
