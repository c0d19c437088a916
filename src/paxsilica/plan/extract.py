"""From the values of variables to the tables of a plan."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pandas as pd

from paxsilica.instance import UNLIMITED, Candidate, Instance
from paxsilica.instance.world import scaled
from paxsilica.model.closings import out_of_service
from paxsilica.model.investment import capacity_terms, obligation_terms, size_terms, spend_terms
from paxsilica.model.registry import ROWS, parts_of
from paxsilica.plan.result import PLAN_TABLES
from paxsilica.solver import Array, Compiled, Values
from paxsilica.tables.schema import Event

ZERO_TOL = 1e-9
"""A size (payment) below this share of the largest size (capital) of the project is noise and is
left out of tables. (Values of the solver that are noise are zero already.)"""

TIGHT = 1e-6
"""A limit is used up if no more than this share of its size is left."""

NOISE = 1e-12
"""Share of the largest number of a column (at least 1) below which a number is floating-point noise
and written as zero."""

COUNTED_BY = {
    "commitments": "project",
    "operation": "plant",
    "shipments": "commodity",
    "service": "commodity",
    "stocks": "commodity",
    "stock_draws": "commodity",
}
"""Tables of quantities, and what counts each in a unit of its own: numbers are compared with the
largest of the same unit alone."""


def table(name: str, rows: Iterable[tuple[Any, ...]]) -> pd.DataFrame:
    """The rows under the column names that the plan's table documents, without noise."""
    frame = pd.DataFrame(list(rows), columns=list(PLAN_TABLES[name].columns))
    counted = pd.factorize(frame[COUNTED_BY[name]])[0] if name in COUNTED_BY else None
    for key in frame.columns[frame.dtypes == "float64"]:
        values = frame[key].to_numpy()
        sizes = np.abs(values)
        finite = np.where(np.isfinite(sizes), sizes, 0.0)
        largest = np.array([finite.max(initial=1.0)])
        if counted is not None:
            of_unit = np.zeros(len(frame))
            np.maximum.at(of_unit, counted, finite)
            largest = of_unit[counted]
        frame[key] = np.where(sizes <= NOISE * largest, 0.0, values)
    return frame


def decided(instance: Instance, values: Values) -> set[str]:
    """Projects that are committed with a size or with capital. One without either is a decision
    only where the case requires the project, or where another project needs it."""
    committed = {
        name
        for name, candidate in instance.candidates.items()
        if commitment_year(values, candidate) is not None
    }
    found = {
        name
        for name in committed
        if size_of(values, candidate := instance.candidates[name]) > ZERO_TOL * candidate.largest
        or capital_of(values, candidate) > ZERO_TOL * candidate.largest_capital
        or instance.candidates[name].required
    }
    todo = list(found)
    while todo:
        needed = set(instance.candidates[todo.pop()].prerequisites) & committed - found
        found |= needed
        todo += needed
    return found


def commitment_year(values: Values, candidate: Candidate) -> int | None:
    """Year in which the project is committed, or ``None``."""
    committed = values.of("committed")
    return next((year for year in candidate.window if committed[candidate.name, year] > 0.5), None)


def capital_of(values: Values, candidate: Candidate, year: int | None = None) -> float:
    """Capital that falls due for the project in ``year``, or in all years."""
    years = candidate.years if year is None else (year,)
    return sum(total(spend_terms(values, candidate, t)) for t in years)


def total(terms: Iterable[tuple[float, float]]) -> float:
    """The value of a sum of the model, from coefficients and values."""
    return sum(coefficient * value for coefficient, value in terms)


def size_of(values: Values, candidate: Candidate) -> float:
    """Size committed by the end of the case."""
    if commitment_year(values, candidate) is None:
        return 0.0
    return candidate.smallest + (
        values.of("added_size")[candidate.name, candidate.size_years[-1]]
        if candidate.size_years
        else 0.0
    )


def portfolio(instance: Instance, values: Values, support: pd.DataFrame) -> pd.DataFrame:
    """Projects committed, with their funders; ``support`` is the table of that name."""
    supported = support.groupby("plant")["support_usd_m"].sum()
    payments: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for (funder, project, _), amount in values.of("payment").items():
        payments[project][funder] += amount
    processes = {row.process: row for row in instance.tables.processes}
    listed = decided(instance, values)
    rows = []
    for name, candidate in instance.candidates.items():
        year = commitment_year(values, candidate)
        if year is None or name not in listed:
            continue
        capital = capital_of(values, candidate)
        size = size_of(values, candidate)
        who = sorted(
            ((amount, funder) for funder, amount in payments[name].items() if amount > 1e-4),
            reverse=True,
        )
        if candidate.sponsor_share * capital > 1e-4:
            who.append((candidate.sponsor_share * capital, "sponsor"))
        rows.append(
            (
                name,
                candidate.title,
                candidate.stage,
                candidate.region,
                candidate.process,
                instance.world.projects_by_name[name].status,
                year,
                year + candidate.lead_time,
                size,
                processes[candidate.process].unit,
                size * candidate.completion.chance,
                capital,
                capital * candidate.sponsor_share,
                capital * (1 - candidate.sponsor_share),
                total(obligation_terms(values, candidate)),
                "; ".join(f"{funder} {amount:,.0f}" for amount, funder in who),
                float(supported.get(name, 0.0)),
            )
        )
    frame = table("portfolio", sorted(rows, key=lambda row: (row[6], row[0])))
    return (
        frame.astype({"committed_year": "int64", "online_year": "int64"}) if len(frame) else frame
    )


def commitments(instance: Instance, values: Values) -> pd.DataFrame:
    """Sizes by year of commitment: the smallest size with the commitment, further size in the years
    in which it is added."""
    units = {row.process: row.unit for row in instance.tables.processes}
    added = values.of("added_size")
    listed = decided(instance, values)
    rows = []
    for name, candidate in instance.candidates.items():
        first = commitment_year(values, candidate) if name in listed else None
        before = 0.0
        for year in sorted({*candidate.window, *candidate.size_years}) if first is not None else ():
            level = added.get((name, year), before)
            size = level - before + (candidate.smallest if year == first else 0.0)
            before = level
            if size > ZERO_TOL * candidate.largest or year == first:
                rows.append((name, year, size, units[candidate.process]))
    return table("commitments", sorted(rows))


def states(instance: Instance) -> pd.DataFrame:
    """The operating states, with cut-offs and events."""
    rows = [
        (
            state.name,
            state.mode,
            state.year,
            state.probability,
            "; ".join(sorted(name for name in state.scenarios if name)) or None,
            "; ".join(
                sorted(f"{region} {commodity}" for region, commodity in state.conditions.cut_off)
            )
            or None,
            "; ".join(sorted(_event(instance.tables.events[at]) for at in state.conditions.events))
            or None,
            state.normal_state,
            "yes" if state.coverage_test else "no",
        )
        for state in instance.states.values()
    ]
    return table("operating_states", rows)


def _event(event: Event) -> str:
    return f"{event.event} {event.region} {event.commodity} {event.process} {event.factor:.10g}"


def funding(instance: Instance, values: Values) -> pd.DataFrame:
    """Payments by funder, project and year; the sponsor's own share as funder ``sponsor``."""
    rows = [
        (funder, project, year, amount)
        for (funder, project, year), amount in values.of("payment").items()
        if amount > ZERO_TOL * instance.candidates[project].largest_capital
    ]
    for name, candidate in instance.candidates.items():
        for year in candidate.payment_years:
            due = capital_of(values, candidate, year)
            own = candidate.sponsor_share if instance.funding is not None else 1.0
            if own * due > ZERO_TOL * candidate.largest_capital:
                rows.append(
                    (
                        "sponsor" if instance.funding is not None else "unallocated",
                        name,
                        year,
                        own * due,
                    )
                )
    return table("funding", sorted(rows))


def funders(instance: Instance, values: Values) -> pd.DataFrame:
    """Available and paid amounts of each funder that takes part."""
    if instance.funding is None:
        return table("funders", [])
    paid: dict[str, float] = defaultdict(float)
    served: dict[str, set[str]] = defaultdict(set)
    for (funder, project, _), amount in values.of("payment").items():
        if amount > ZERO_TOL * instance.candidates[project].largest_capital:
            paid[funder] += amount
            served[funder].add(project)
    for (funder, _, _), amount in values.of("support_payment").items():
        paid[funder] += amount
    rows = []
    for name, terms in sorted(instance.funding.funders.items()):
        available = min(terms.envelope, sum(terms.limit.values()))
        left = available - paid[name]
        rows.append(
            (
                name,
                terms.title,
                terms.region,
                available,
                paid[name],
                max(0.0, left),
                len(served[name]),
            )
        )
    return table("funders", rows)


def operation(instance: Instance, values: Values) -> pd.DataFrame:
    """Activity in every operating state."""
    processes = {row.process: row for row in instance.tables.processes}
    standby = values.of("standby")
    capacity = {
        state.year: project_capacities(instance, values, state.year)
        for state in instance.states.values()
    }
    rows = []
    for (name, state_name), amount in values.of("activity").items():
        plant, state = instance.world.plants[name], instance.states[state_name]
        limit = (
            capacity[state.year].get(name, 0.0) * state.capacity_factor[name]
            if plant.is_project
            else scaled(state.capacity[name], in_service(instance, values, name, state.year))
        )
        ready = standby.get((name, state.normal_state or state_name))
        if limit <= 0 and amount <= 0:
            continue
        rows.append(
            (
                state_name,
                state.mode,
                state.year,
                name,
                "project" if plant.is_project else "asset",
                plant.stage,
                plant.region,
                plant.process,
                max(0.0, amount),
                processes[plant.process].unit,
                None if limit == UNLIMITED else limit,
                ready,
            )
        )
    return table("operation", sorted(rows, key=lambda row: (row[2], row[0], row[3])))


def in_service(instance: Instance, values: Values, plant: str, year: int) -> float:
    """1 for an existing plant that is open in ``year``, 0 for one that the plan closes or
    mothballs."""
    return 1.0 - round(total(out_of_service(values, instance, plant, year)))


def closings(instance: Instance, values: Values) -> pd.DataFrame:
    """Existing plants that the plan closes or mothballs, by year."""
    rows = []
    for name, one in instance.closable.items():
        for year in one.years:
            for state, family in (("closed", values.closed), ("mothballed", values.mothballed)):
                if family.get((name, year), 0.0) > 0.5:
                    cost = instance.fixed_asset_cost.get((name, year), 0.0)
                    kept = (one.kept_share or 0.0) if state == "mothballed" else 0.0
                    title = instance.world.plants[name].title
                    rows.append((name, title, year, state, (1.0 - kept) * cost))
    return table("closings", rows)


def project_sizes(instance: Instance, values: Values, year: int) -> dict[str, float]:
    """Nameplate of each committed project in service in ``year`` if completed on time, along its
    ramp."""
    if year not in values.sizes:
        values.sizes[year] = _at_work(instance, values, year, size_terms)
    return values.sizes[year]


def project_capacities(instance: Instance, values: Values, year: int) -> dict[str, float]:
    """Credited capacity of each committed project in ``year``, before events."""
    if year not in values.capacities:
        values.capacities[year] = _at_work(instance, values, year, capacity_terms)
    return values.capacities[year]


def _at_work(
    instance: Instance,
    values: Values,
    year: int,
    terms: Callable[[Values, Candidate, int], Iterable[tuple[float, float]]],
) -> dict[str, float]:
    """The sum of some terms of each project in ``year``, where it is more than noise."""
    sizes = {
        name: total(terms(values, candidate, year))
        for name, candidate in instance.candidates.items()
    }
    return {
        name: size
        for name, size in sizes.items()
        if size > ZERO_TOL * instance.candidates[name].largest
    }


def movements(instance: Instance, values: Values) -> dict[str, pd.DataFrame]:
    """Shipments, service of demand and stores."""
    units = {row.commodity: row.unit for row in instance.tables.commodities}
    states = instance.states
    shipments = [
        (
            state,
            states[state].mode,
            states[state].year,
            origin,
            target,
            commodity,
            amount,
            units[commodity],
        )
        for (origin, target, commodity, state), amount in values.of("shipment").items()
        if amount > 0
    ]
    missing = values.of("unserved")
    service = [
        (
            state.name,
            state.mode,
            state.year,
            region,
            commodity,
            wanted,
            max(0.0, missing.get((region, commodity, state.name), 0.0)),
            units[commodity],
        )
        for state in states.values()
        for (region, commodity), wanted in state.demand.items()
    ]
    stocks = [
        (region, commodity, year, level, units[commodity])
        for (region, commodity, year), level in values.of("stock").items()
    ]
    draws = [
        (state, states[state].year, region, commodity, amount, units[commodity])
        for (region, commodity, state), amount in values.of("stock_draw").items()
        if amount > 0
    ]
    return {
        "shipments": table("shipments", sorted(shipments, key=_by_place)),
        "service": table("service", sorted(service, key=_by_place)),
        "stocks": table("stocks", sorted(stocks)),
        "stock_draws": table("stock_draws", sorted(draws)),
    }


def _by_place(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """Order of rows: year, state, then the names of places and goods."""
    return (row[2], row[0], *row[3:6]) if isinstance(row[5], str) else (row[2], row[0], *row[3:5])


def binding(instance: Instance, values: Values, program: Compiled, raw: Array) -> pd.DataFrame:
    """Limits of money and policy that the plan uses up."""
    used, sizes = program.matrix @ raw, abs(program.matrix) @ np.abs(raw)
    rows = []
    for at, (family, index) in enumerate(program.row_names):
        doc = ROWS.get(family)
        if doc is None or doc.binding is None:
            continue
        low, high = float(program.row_low[at]), float(program.row_high[at])
        limit = high if high < UNLIMITED else low
        if abs(used[at] - limit) <= TIGHT * max(sizes[at], abs(limit)):
            parts = parts_of(index)
            year = next((part for part in parts if isinstance(part, int)), None)
            where = ", ".join(str(part) for part in parts if not isinstance(part, int))
            # what existing plants contribute stands on the right-hand side of the row
            given = instance.limits[parts[0]].value - limit if doc.item == "limit" else 0.0
            rows.append(
                (
                    doc.binding,
                    where,
                    year,
                    limit + given,
                    float(used[at]) + given,
                    doc.unit,
                )
            )
    rows.sort(key=lambda row: (row[0], row[1], row[2] is not None, row[2] or 0))
    return table("binding", rows)
