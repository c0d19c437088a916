"""Lower bounds on the public capital that a requirement takes: the cheapest capital per unit, with
divisible projects."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from paxsilica.instance import Candidate, Instance, OperatingState
from paxsilica.studies.supply import availability_by_commitment, reach


@dataclass(frozen=True)
class Bill:
    """A requirement that takes ``least`` public capital, USD million, for some of ``projects``."""

    about: str
    words: str
    least: float
    projects: frozenset[str]


def with_prerequisites(instance: Instance, names: Iterable[str]) -> frozenset[str]:
    """The projects and all their prerequisites, direct and indirect."""
    found: set[str] = set()
    front = list(names)
    while front:
        name = front.pop()
        if name not in found and name in instance.candidates:
            found.add(name)
            front += instance.candidates[name].prerequisites
    return frozenset(found)


def least_public_capital(candidate: Candidate) -> float:
    """Public share of the capital of the smallest size in the cheapest year, USD million."""
    return (1 - candidate.sponsor_share) * min(
        (candidate.capex[year] for year in candidate.window), default=0.0
    )


def required_bill(instance: Instance) -> Bill:
    """The bill of the required projects and their prerequisites."""
    projects = with_prerequisites(
        instance, [name for name, candidate in instance.candidates.items() if candidate.required]
    )
    least = sum(least_public_capital(instance.candidates[name]) for name in projects)
    return Bill(
        "required", f"the required projects ({', '.join(sorted(projects))})", least, projects
    )


def _offers(
    candidate: Candidate, state: OperatingState, quantity: float
) -> list[tuple[float, float]]:
    """(least USD million per unit of output, units) that the project offers in a year."""
    public = 1 - candidate.sponsor_share
    more = candidate.largest - candidate.smallest
    offers = []
    for years, capex, size, per_unit in (
        (candidate.window, candidate.capex, candidate.smallest, 1.0),
        (candidate.size_years, candidate.capex_per_unit, more, more),
    ):
        ready = availability_by_commitment(candidate, state.year, years)
        most = max(ready.values(), default=0.0) * candidate.credit * size * quantity
        if most > 0:
            prices = [
                public * capex[start] * per_unit / (share * candidate.credit * size * quantity)
                for start, share in ready.items()
                if share > 0
            ]
            offers.append((min(prices), most))
    return offers


def cheapest_bills(instance: Instance) -> list[Bill]:
    """For each covered commodity the largest of its least public capital over the years."""
    coverage = instance.case.coverage
    if coverage is None or not coverage.hard:
        return []
    names = {row.commodity: row.name for row in instance.tables.commodities}
    best: dict[str, Bill] = {}
    without = {
        state: reach(instance, instance.states[state], projects=False)
        for state in sorted({state for _, state in instance.required})
    }
    for (commodity, state_name), share in sorted(instance.required.items()):
        state, own = instance.states[state_name], without[state_name].own.get(commodity, 0.0)
        missing = share * instance.need[commodity, state.year] - own
        if missing <= 0:
            continue
        offers = [
            (*offer, plant)
            for (_, made), supply in state.supply.items()
            if made == commodity
            for plant, quantity in supply
            if plant in instance.candidates
            for offer in _offers(instance.candidates[plant], state, quantity)
        ]
        least, projects = 0.0, frozenset(plant for _, _, plant in offers)
        for price, most, _ in sorted(offers):
            taken = min(missing, most)
            least += price * taken
            missing -= taken
            if missing <= 0:
                break
        if least > best.get(commodity, Bill("", "", 0.0, frozenset())).least:
            words = f"{names[commodity]} in {state.year}"
            best[commodity] = Bill(commodity, words, least, projects)
    return list(best.values())
