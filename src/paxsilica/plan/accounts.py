"""Accounts of the projects of a plan: what owner and funders pay and receive, at their own rates.

Every party that pays for a project receives its part of the margin of the project, in proportion to
what it pays of the capital. The margin of a year is output at list price, less inputs at list
price, variable cost and fixed cost, at the expected activity of the plan; after the case the margin
of the last year is repeated until the economic life of the first size ends. Payments fall at the
beginning of a year and margins at its end.

Operating support is paid with the margins, and repeated like them. In a year with support, margin
and support together are what the owner needs for the annuity of its capital, so they go to the
owner; without an owner all parties share them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from paxsilica.finance import MILLION, internal_rate, present_value
from paxsilica.instance import Candidate, Instance
from paxsilica.model.investment import fixed_cost_terms
from paxsilica.plan.extract import commitment_year, table, total
from paxsilica.plan.support import support_of_projects
from paxsilica.solver import Values

OWNER, UNALLOCATED = "sponsor", "unallocated"
"""Parties of the table ``funding`` that are no funders: the owner, and the one party where the data
has no funders."""


def accounts(
    instance: Instance, values: Values, funding: pd.DataFrame, support: pd.DataFrame
) -> pd.DataFrame:
    """Accounts by project and party, from the tables ``funding`` and ``support`` of the same
    plan."""
    paid: dict[str, dict[str, dict[int, float]]] = defaultdict(dict)
    for party, project, year, amount in funding.itertuples(index=False, name=None):
        years = paid[project].setdefault(party, {})
        years[year] = years.get(year, 0.0) + amount
    supported = support_of_projects(support)
    rows: list[tuple[Any, ...]] = []
    for project in sorted({*paid, *supported}):
        candidate = instance.candidates[project]
        missing = sorted(_without_price(instance, candidate))
        margins = None if missing else _margins(instance, values, candidate)
        note = f"no price of {', '.join(missing)}" if missing else None
        last = _last_year(values, candidate)
        payers = {
            party: _repeated(years, instance.years[-1], last)
            for party, years in supported.get(project, {}).items()
        }
        parts = _parts({party: sum(years.values()) for party, years in paid[project].items()})
        for party in sorted({*paid[project], *payers}):
            rate, years = rate_of(instance, party, project), paid[project].get(party, {})
            owed = payers.get(party, {})
            row = (project, party, rate, sum(years.values()), sum(owed.values()))
            if margins is None:
                rows.append((*row, None, None, None, note))
                continue
            received = _received(margins, payers, parts, party)
            net = {year: amount - owed.get(year, 0.0) for year, amount in received.items()}
            flows = _flows(instance.years[0], years, net)
            npv, irr = present_value(rate, flows), internal_rate(flows)
            rows.append((*row, sum(received.values()), npv, irr, note))
    frame = table("accounts", rows)
    numbers = dict.fromkeys(("received_usd_m", "npv_usd_m", "irr"), "float64")
    return frame.astype(numbers)


def _parts(capital: Mapping[str, float]) -> dict[str, float]:
    """Part of each party in the capital, of 1."""
    total = sum(capital.values())
    return {party: amount / total for party, amount in capital.items()} if total else {}


def _received(
    margins: Mapping[int, float],
    payers: Mapping[str, Mapping[int, float]],
    parts: Mapping[str, float],
    party: str,
) -> dict[int, float]:
    """What a party receives by year: its part of the margin; in a year with support, the owner
    margin and support."""
    found = {}
    for year, margin in margins.items():
        support = sum(years.get(year, 0.0) for years in payers.values())
        part = parts.get(party, 0.0)
        if support and OWNER in parts:
            part = float(party == OWNER)
        found[year] = part * (margin + support)
    return found


def _repeated(years: Mapping[int, float], end: int, last: int) -> dict[int, float]:
    """Amounts by year, that of the year ``end`` repeated in later years up to ``last``."""
    return dict(years) | dict.fromkeys(range(end + 1, last + 1), years.get(end, 0.0))


def rate_of(instance: Instance, party: str, project: str) -> float:
    """The real rate of a party, per year; the social discount rate where the data states none."""
    if party == OWNER:
        stated = instance.world.projects_by_name[project].sponsor_cost_of_capital
    else:
        rates = {row.funder: row.cost_of_capital for row in instance.tables.funders}
        stated = rates.get(party)
    return instance.case.finance.discount_rate if stated is None else stated


def _flows(first: int, paid: Mapping[int, float], received: Mapping[int, float]) -> list[float]:
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
    return _repeated(found, instance.years[-1], _last_year(values, candidate))


def _last_year(values: Values, candidate: Candidate) -> int:
    """Last year of the economic life of the first size; before its start where none is stated."""
    start = commitment_year(values, candidate)
    assert start is not None
    return start + candidate.lead_time + (candidate.life or 0) - 1
