"""Accounts of the projects of a plan: what owner and funders pay and receive, at their own rates.

Every party that pays for a project receives its part of the margin of the project, in proportion to
what it pays of the capital. The margin of a year is output at list price, less inputs at list
price, variable cost and fixed cost, at the expected activity of the plan; after the case the margin
of the last year is repeated until the economic life of the first size ends. Payments fall at the
beginning of a year and margins at its end. Operating support is not part of the accounts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from paxsilica.finance import MILLION, internal_rate, present_value
from paxsilica.instance import Candidate, Instance
from paxsilica.model.investment import fixed_cost_terms
from paxsilica.plan.extract import commitment_year, table, total
from paxsilica.solver import Values

OWNER, UNALLOCATED = "sponsor", "unallocated"
"""Parties of the table ``funding`` that are no funders: the owner, and the one party where the data
has no funders."""


@dataclass(frozen=True)
class Account:
    """What a party pays and receives of a project, USD million by year.

    Attributes:
        paid: at the beginning of each year.
        received: at the end of each year; ``None`` where a good of the project has no price.
        note: which goods have no price.
    """

    project: str
    party: str
    paid: Mapping[int, float]
    received: Mapping[int, float] | None
    note: str | None


def each_account(instance: Instance, values: Values, funding: pd.DataFrame) -> Iterator[Account]:
    """The account of each party of each project, from the table ``funding`` of the same plan."""
    paid: dict[str, dict[str, dict[int, float]]] = defaultdict(dict)
    for party, project, year, amount in funding.itertuples(index=False, name=None):
        years = paid[project].setdefault(party, {})
        years[year] = years.get(year, 0.0) + amount
    for project in sorted(paid):
        candidate = instance.candidates[project]
        missing = sorted(_without_price(instance, candidate))
        margins = None if missing else _margins(instance, values, candidate)
        note = f"no price of {', '.join(missing)}" if missing else None
        capital = sum(sum(years.values()) for years in paid[project].values())
        for party, years in sorted(paid[project].items()):
            part = sum(years.values()) / capital
            received = margins and {year: part * amount for year, amount in margins.items()}
            yield Account(project, party, years, received, note)


def accounts(instance: Instance, values: Values, funding: pd.DataFrame) -> pd.DataFrame:
    """Accounts by project and party, from the table ``funding`` of the same plan."""
    rows: list[tuple[Any, ...]] = []
    for one in each_account(instance, values, funding):
        rate, own = rate_of(instance, one.party, one.project), sum(one.paid.values())
        known: tuple[Any, ...] = (None, None, None)
        if one.received is not None:
            flows = flows_of(instance.years[0], one.paid, one.received)
            worth = present_value(rate, flows)
            known = (sum(one.received.values()), worth, internal_rate(flows))
        rows.append((one.project, one.party, rate, own, *known, one.note))
    frame = table("accounts", rows)
    numbers = dict.fromkeys(("received_usd_m", "npv_usd_m", "irr"), "float64")
    return frame.astype(numbers)


def rate_of(instance: Instance, party: str, project: str) -> float:
    """The real rate of a party, per year; the social discount rate where the data states none."""
    if party == OWNER:
        stated = instance.world.projects_by_name[project].sponsor_cost_of_capital
    else:
        rates = {row.funder: row.cost_of_capital for row in instance.tables.funders}
        stated = rates.get(party)
    return instance.case.finance.discount_rate if stated is None else stated


def flows_of(first: int, paid: Mapping[int, float], received: Mapping[int, float]) -> list[float]:
    """USD million by year from the beginning of the first year of the case on."""
    last = max([*paid, *(year + 1 for year in received)])
    flows = [0.0] * (last - first + 1)
    for year, amount in paid.items():
        flows[year - first] -= amount
    for year, amount in received.items():
        flows[year + 1 - first] += amount
    return flows


def _recipe(instance: Instance, candidate: Candidate) -> Iterator[tuple[str, float]]:
    """(commodity, output or minus input per unit of activity) of the project."""
    world = instance.world
    yield from world.outputs.get(candidate.process, {}).items()
    for commodity, quantity in world.inputs.get(candidate.process, {}).items():
        yield commodity, -quantity


def _prices(instance: Instance) -> dict[str, float | None]:
    return {row.commodity: row.price_usd_per_unit for row in instance.tables.commodities}


def _without_price(instance: Instance, candidate: Candidate) -> set[str]:
    prices = _prices(instance)
    return {name for name, _ in _recipe(instance, candidate) if prices[name] is None}


def _margins(instance: Instance, values: Values, candidate: Candidate) -> dict[int, float]:
    """Expected margin of the project by year, USD million, from its planned start to the end of its
    economic life (of the case, where none is stated)."""
    prices = _prices(instance)
    worth = sum(quantity * (prices[name] or 0.0) for name, quantity in _recipe(instance, candidate))
    start = commitment_year(values, candidate)
    assert start is not None
    start += candidate.lead_time
    activity = values.of("activity")
    found: dict[int, float] = dict.fromkeys(range(start, instance.years[-1] + 1), 0.0)
    for state in instance.states.values():
        runs = activity.get((candidate.name, state.name), 0.0)
        if state.year in found and runs:
            margin = worth - state.variable_cost[candidate.name]
            found[state.year] += state.probability * runs * margin / MILLION
    for year in found:
        found[year] -= total(fixed_cost_terms(values, candidate, year))
    end = start + (candidate.life or 0)
    return found | dict.fromkeys(range(instance.years[-1] + 1, end), found[instance.years[-1]])
