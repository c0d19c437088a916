"""The least that a requirement must cost, as a sum can tell: the cheapest capital per unit,
projects taken as divisible."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from paxsilica.instance import Candidate, Instance, OperatingState
from paxsilica.studies.supply import reach


@dataclass(frozen=True)
class Bill:
    """What must be bought: ``least`` public capital (USD million, a lower bound) out of
    ``projects``."""

    about: str
    words: str
    least: float
    projects: frozenset[str]


def with_prerequisites(instance: Instance, names: Iterable[str]) -> frozenset[str]:
    """The projects and all that they presuppose."""
    found: set[str] = set()
    front = list(names)
    while front:
        name = front.pop()
        if name not in found and name in instance.candidates:
            found.add(name)
            front += instance.candidates[name].prerequisites
    return frozenset(found)


def least_public_capital(candidate: Candidate) -> float:
    """Public share of the capital of the smallest size, in the cheapest year."""
    return (1 - candidate.sponsor_share) * min(
        (candidate.capex[year] for year in candidate.window), default=0.0
    )


def required_bill(instance: Instance) -> Bill:
    """What the required projects and their prerequisites take."""
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
    """(USD million per unit of output, units of output) that the project offers in the year of
    ``copy``; never too dear."""
    public = 1 - candidate.sponsor_share
    offers = []
    for of, capex, size in (
        (candidate.window, candidate.capex, candidate.smallest),
        (candidate.size_years, candidate.capex_per_unit, candidate.largest - candidate.smallest),
    ):
        shares = candidate.availability(state.year, of)
        ready = {
            start: sum(share for later, share in shares.items() if later >= start) for start in of
        }
        most = max(ready.values(), default=0.0) * candidate.credit * size * quantity
        if most > 0:
            price = {
                start: capex[start] * (1.0 if of is candidate.window else size)
                for start in of
                if ready[start] > 0
            }
            dearness = min(
                public * price[start] / (ready[start] * candidate.credit * size * quantity)
                for start in price
            )
            offers.append((dearness, most))
    return offers


def cheapest_bills(instance: Instance) -> list[Bill]:
    """For each covered commodity the dearest of its years: what covering it takes in public capital
    at the least."""
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
        state = instance.states[state_name]
        missing = share * instance.need[commodity, state.year] - without[state_name].own.get(
            commodity, 0.0
        )
        if missing <= 0:
            continue
        offers = []
        for (_, made), supply in state.supply.items():
            for plant, quantity in supply if made == commodity else ():
                if plant in instance.candidates:
                    offers += [
                        (*offer, plant)
                        for offer in _offers(instance.candidates[plant], state, quantity)
                    ]
        least, projects = 0.0, frozenset(plant for _, _, plant in offers)
        for dearness, most, _ in sorted(offers):
            taken = min(missing, most)
            least += dearness * taken
            missing -= taken
            if missing <= 0:
                break
        if least > best.get(commodity, Bill("", "", 0.0, frozenset())).least:
            best[commodity] = Bill(
                commodity, f"{names[commodity]} in {state.year}", least, projects
            )
    return list(best.values())
