"""Accounts of the projects of a plan: what owner and funders pay and receive, at their own rates.

Every party that pays for a project receives its part of the margin of the project, in proportion to
what it pays of the capital. The margin of a year is output at list price, less inputs at list
price, variable cost and fixed cost, at the expected activity of the plan; after the case the margin
of the last year is repeated until the economic life of the first size ends, less the decline of the
output of the project. Payments fall at the
beginning of a year and margins at its end.

Where the case pays operating support, it is paid with the margins and repeated like them, and the
owner receives the annuity of its capital before the others receive their parts: support counts on
that (see :mod:`paxsilica.instance.supported_plants`). Support also counts on the profit of what a
plant could sell. Where the plan runs a plant less than it must sell to earn its fixed cost and that
annuity with the support that is paid, the margin counts what it must sell.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from paxsilica.finance import MILLION, internal_rate, present_value
from paxsilica.instance import Candidate, Instance
from paxsilica.interpolate import left_after
from paxsilica.model.investment import fixed_cost_terms, owner_charge_terms
from paxsilica.plan.extract import commitment_year, table, total
from paxsilica.plan.paid_support import support_of_projects
from paxsilica.solver import Values

OWNER, UNALLOCATED = "sponsor", "unallocated"
"""Parties of the table ``funding`` that are no funders: the owner, and the one party where the data
has no funders."""


@dataclass(frozen=True)
class Account:
    """What a party pays and receives of a project, USD million by year.

    Attributes:
        paid: of the capital, at the beginning of each year.
        support: operating support that it pays, at the end of each year.
        received: at the end of each year; ``None`` where a good of the project has no price.
        note: which goods have no price.
    """

    project: str
    party: str
    paid: Mapping[int, float]
    support: Mapping[int, float]
    received: Mapping[int, float] | None
    note: str | None

    def flows(self, first: int) -> list[float]:
        """USD million by year from the beginning of the year ``first`` on."""
        return flows_of(first, self.paid, self.support, self.received or {})


def each_account(
    instance: Instance, values: Values, funding: pd.DataFrame, support: pd.DataFrame
) -> Iterator[Account]:
    """The account of each party of each project, from the tables ``funding`` and ``support`` of the
    same plan."""
    paid: dict[str, dict[str, dict[int, float]]] = defaultdict(dict)
    for party, project, year, amount in funding.itertuples(index=False, name=None):
        years = paid[project].setdefault(party, {})
        years[year] = years.get(year, 0.0) + amount
    supported = support_of_projects(support)
    for project in sorted({*paid, *supported}):
        candidate = instance.candidates[project]
        missing = sorted(_without_price(instance, candidate))
        given = _given(supported.get(project, {}))
        margins = None if missing else _margins(instance, values, candidate, given)
        note = f"no price of {', '.join(missing)}" if missing else None
        last = _last_year(values, candidate)
        paid_by = {
            party: _repeated(years, instance.years[-1], last)
            for party, years in supported.get(project, {}).items()
        }
        first_due = _owner_first(instance, values, candidate, last)
        parts = _parts({party: sum(years.values()) for party, years in paid[project].items()})
        for party in sorted({*paid[project], *paid_by}):
            received = margins and _received(margins, paid_by, first_due, parts, party)
            own = paid[project].get(party, {})
            yield Account(project, party, own, paid_by.get(party, {}), received, note)


def accounts(
    instance: Instance, values: Values, funding: pd.DataFrame, support: pd.DataFrame
) -> pd.DataFrame:
    """Accounts by project and party, from the tables ``funding`` and ``support`` of the same
    plan."""
    rows: list[tuple[Any, ...]] = []
    for one in each_account(instance, values, funding, support):
        rate, own = rate_of(instance, one.party, one.project), sum(one.paid.values())
        known: tuple[Any, ...] = (None, None, None)
        if one.received is not None:
            flows = one.flows(instance.years[0])
            worth = present_value(rate, flows)
            known = (sum(one.received.values()), worth, internal_rate(flows))
        owed = sum(one.support.values())
        rows.append((one.project, one.party, rate, own, owed, *known, one.note))
    frame = table("accounts", rows)
    numbers = dict.fromkeys(("received_usd_m", "npv_usd_m", "irr"), "float64")
    return frame.astype(numbers)


def _parts(capital: Mapping[str, float]) -> dict[str, float]:
    """Part of each party in the capital, of 1."""
    total = sum(capital.values())
    return {party: amount / total for party, amount in capital.items()} if total else {}


def _owner_first(
    instance: Instance, values: Values, candidate: Candidate, last: int
) -> dict[int, float]:
    """What the owner receives before the others, by year, USD million: the expected annuity of its
    capital where the case pays operating support, which counts on that; else nothing."""
    if not instance.case.support.pay:
        return {}
    annuities = {
        year: total(owner_charge_terms(values, candidate, year)) for year in instance.years
    }
    return _repeated(annuities, instance.years[-1], last)


def _received(
    margins: Mapping[int, float],
    paid_by: Mapping[str, Mapping[int, float]],
    first_due: Mapping[int, float],
    parts: Mapping[str, float],
    party: str,
) -> dict[int, float]:
    """What a party receives of margin and support by year: the owner what is due to it first,
    ``first_due``, and all parties their parts of the rest. An owner with a claim bears losses
    alone."""
    found = {}
    for year, margin in margins.items():
        earned = margin + sum(years.get(year, 0.0) for years in paid_by.values())
        due = first_due.get(year, 0.0) if OWNER in parts else 0.0
        first = min(earned, due) if due > 0 else 0.0
        found[year] = (first if party == OWNER else 0.0) + parts.get(party, 0.0) * (earned - first)
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


def flows_of(
    first: int,
    paid: Mapping[int, float],
    support: Mapping[int, float],
    received: Mapping[int, float],
) -> list[float]:
    """USD million by year from the beginning of the year ``first`` on: capital paid at the
    beginning of a year, support paid and margins received at its end."""
    last = max([*paid, *(year + 1 for year in (*support, *received))])
    flows = [0.0] * (last - first + 1)
    for year, amount in paid.items():
        flows[year - first] -= amount
    for year, amount in support.items():
        flows[year + 1 - first] -= amount
    for year, amount in received.items():
        flows[year + 1 - first] += amount
    return flows


def _processes(instance: Instance, candidate: Candidate) -> dict[str, str]:
    """The process of a project, and those of the further recipes on its capacity, by plant."""
    shared, plants = instance.world.shared, instance.world.plants
    further = [name for name, (base, _) in shared.items() if base == candidate.name]
    return {name: plants[name].process for name in (candidate.name, *further)}


def _recipe(instance: Instance, process: str) -> Iterator[tuple[str, float]]:
    """(commodity, output or minus input per unit of activity) of a process."""
    world = instance.world
    yield from world.outputs.get(process, {}).items()
    for commodity, quantity in world.inputs.get(process, {}).items():
        yield commodity, -quantity


def _prices(instance: Instance) -> dict[str, float | None]:
    return {row.commodity: row.price_usd_per_unit for row in instance.tables.commodities}


def _without_price(instance: Instance, candidate: Candidate) -> set[str]:
    prices = _prices(instance)
    return {
        name
        for process in _processes(instance, candidate).values()
        for name, _ in _recipe(instance, process)
        if prices[name] is None
    }


def _given(support: Mapping[str, Mapping[int, float]]) -> dict[int, float]:
    """Support of a project by year, USD million, from what each party pays."""
    found: dict[int, float] = defaultdict(float)
    for years in support.values():
        for year, amount in years.items():
            found[year] += amount
    return found


def _margins(
    instance: Instance, values: Values, candidate: Candidate, given: Mapping[int, float]
) -> dict[int, float]:
    """Expected margin of the project by year, USD million, from its planned start to the end of its
    economic life (of the case, where none is stated), with the support ``given`` by year."""
    prices = _prices(instance)
    start = commitment_year(values, candidate)
    assert start is not None
    start += candidate.lead_time
    recipes = {
        plant: sum(
            quantity * (prices[name] or 0.0) for name, quantity in _recipe(instance, process)
        )
        for plant, process in _processes(instance, candidate).items()
    }
    activity = values.of("activity")
    end = instance.years[-1]
    found: dict[int, float] = dict.fromkeys(range(start, end + 1), 0.0)
    counted = instance.counts_support
    for state in instance.states.values():
        for plant in recipes if state.year in found else ():
            runs = activity.get((plant, state.name), 0.0)
            if plant not in state.variable_cost:
                continue
            margin = (recipes[plant] - state.variable_cost[plant]) / MILLION
            if counted and plant == candidate.name and margin > 0 and state.mode == "normal":
                runs = max(runs, _must_sell(values, candidate, state.year, margin, given))
            found[state.year] += state.probability * runs * margin
    for year in range(end + 1, _last_year(values, candidate) + 1):
        found[year] = found.get(end, 0.0) * left_after(candidate.decline, year - end)
    for year in found:
        found[year] -= total(fixed_cost_terms(values, candidate, min(year, end)))
    return found


def _must_sell(
    values: Values, candidate: Candidate, year: int, margin: float, given: Mapping[int, float]
) -> float:
    """The activity whose output a project must sell to earn its fixed cost and the annuity of the
    owner's capital with the support that it is given; ``margin`` is USD million per unit."""
    owed = fixed_cost_terms(values, candidate, year) + owner_charge_terms(values, candidate, year)
    return max(0.0, total(owed) - given.get(year, 0.0)) / margin


def _last_year(values: Values, candidate: Candidate) -> int:
    """Last year of the economic life of the first size; before its start where none is stated."""
    start = commitment_year(values, candidate)
    assert start is not None
    return start + candidate.lead_time + (candidate.life or 0) - 1
