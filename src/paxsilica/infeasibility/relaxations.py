"""The requirements of a case as knobs: each can be loosened at a price, said in the user's words,
and turned in tables and case."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import replace
from typing import Any

from paxsilica.case import Case
from paxsilica.infeasibility.coverage_relaxations import (
    concentration_knobs,
    coverage_knobs,
    even_knobs,
)
from paxsilica.infeasibility.relaxation import MOST, Changed, Knob, money, per_mille
from paxsilica.instance.demand import benchmark_processes, trusted_need
from paxsilica.model.investment import required_commitment
from paxsilica.model.registry import row_with, rows_with
from paxsilica.model.security import delivery_coverage, production_coverage
from paxsilica.solver.resolve import NewColumn, Written, changed
from paxsilica.tables import Tables
from paxsilica.tables.schema import Series


def all_knobs(written: Written) -> list[Knob]:
    """Every requirement of the case that can be loosened."""
    return [
        *_budget(written),
        *_funders(written),
        *_mandates(written),
        *coverage_knobs(written),
        *even_knobs(written),
        *concentration_knobs(written),
        *_demand(written),
        *_limits(written),
        *_required(written),
    ]


def _budget(written: Written) -> list[Knob]:
    budget = written.case.budget_usd_m
    rows = written.program.rows_of(row_with(item="budget"))
    if budget is None or not len(rows):
        return []

    def turn(tables: Tables, case: Case, amount: float) -> Changed:
        return tables, changed(case, budget_usd_m=budget + amount)

    column = NewColumn(("more", "budget"), {int(rows[0]): -1.0}, 1.0)
    return [
        Knob(
            "budget",
            "budget",
            column,
            1 / max(budget, 1.0),
            money,
            lambda x: f"a budget of USD {budget + x:,.10g} million",
            turn,
        ),
    ]


def _funders(written: Written) -> list[Knob]:
    funding = written.instance.funding
    rows: dict[str, dict[int, float]] = defaultdict(dict)
    for at in written.program.rows_of(row_with(item="envelope"), row_with(item="annual limit")):
        index = written.program.row_names[at][1]
        rows[index[0] if isinstance(index, tuple) else index][int(at)] = -1.0
    if funding is None or not rows:
        return []
    total = sum(
        min(payer.envelope, sum(payer.limit.values())) for payer in funding.funders.values()
    )
    weight = 1 / max(1.0, total / len(funding.funders)) if math.isfinite(total) else 1e-3
    return [_funder(written, name, entries, weight) for name, entries in sorted(rows.items())]


def _funder(written: Written, name: str, entries: dict[int, float], weight: float) -> Knob:
    instance = written.instance
    assert instance.funding is not None
    payer = instance.funding.funders[name]
    row = next(row for row in written.tables.funders if row.funder == name)
    delivery = (
        1.0 if row.delivery_factor is None else row.delivery_factor
    ) * instance.case.funders.delivery_factor

    def turn(tables: Tables, case: Case, amount: float) -> Changed:
        # in the year in which the most can still be made of it: the first, or any if nothing is
        # carried over
        limits = {year: limit for year, limit in payer.limit.items() if limit != math.inf}
        first = min(payer.limit)
        more = {
            year: limit + (amount if year == first or not payer.carry_over else 0.0)
            for year, limit in limits.items()
        }
        new = row.model_copy(
            update={
                "envelope_usd_m": (
                    None if row.envelope_usd_m is None else row.envelope_usd_m + amount / delivery
                ),
                "annual_limit_usd_m": None,
            }
        )
        others = tuple(
            one
            for one in tables.series
            if (one.table, one.row, one.column) != ("funders", name, "annual_limit_usd_m")
        )
        series = tuple(
            Series(
                table="funders",
                row=name,
                column="annual_limit_usd_m",
                year=year,
                value=limit / delivery,
            )
            for year, limit in more.items()
        )
        funders = tuple(new if one.funder == name else one for one in tables.funders)
        return replace(tables, funders=funders, series=others + series), case

    column = NewColumn(("more", name), entries, 1.0)
    return Knob(
        "funders",
        name,
        column,
        weight,
        money,
        lambda x: f"USD {x:,.10g} million more from {payer.title}",
        turn,
    )


def _mandates(written: Written) -> list[Knob]:
    knobs = []
    for at in written.program.rows_of(row_with(item="mandate")):
        funder, stage, region = written.program.row_names[at][1]
        limit = float(written.program.row_high[at])

        def turn(
            tables: Tables,
            case: Case,
            amount: float,
            key: tuple[str, str, str] = (funder, stage, region),
        ) -> Changed:
            rows = tuple(
                (
                    row.model_copy(update={"largest_usd_m": (row.largest_usd_m or 0.0) + amount})
                    if (row.funder, row.stage, row.region) == key
                    else row
                )
                for row in tables.mandates
            )
            return replace(tables, mandates=rows), case

        def say(
            x: float,
            limit: float = limit,
            funder: str = funder,
            stage: str = stage,
            region: str = region,
        ) -> str:
            return (
                f"USD {limit + x:,.10g} million under the mandate of {funder} for stage {stage} and"
                f" region {region}"
            )

        column = NewColumn(("more", f"{funder}|{stage}|{region}"), {int(at): -1.0}, 1.0)
        knobs.append(
            Knob(
                "mandates",
                f"{funder}|{stage}|{region}",
                column,
                1 / max(1.0, limit),
                money,
                say,
                turn,
            )
        )
    return knobs


def _demand(written: Written) -> list[Knob]:
    """Final demand by commodity. What may go unserved in a copy stays in its balance: less of it
    unserved is the same as less of it."""
    instance, program = written.instance, written.program
    demanded = sorted(
        {commodity for state in instance.states.values() for _, commodity in state.demand}
    )
    entries: dict[str, dict[int, float]] = {commodity: defaultdict(float) for commodity in demanded}
    balance = row_with(item="commodity")
    for state in instance.states.values():
        for place, amount in state.demand.items():
            if ("unserved", (*place, state.name)) not in program.column_at and (
                balance,
                (*place, state.name),
            ) in program.row_at:
                entries[place[1]][program.row_at[balance, (*place, state.name)]] += amount
    if instance.case.coverage is not None and instance.case.coverage.hard:
        _need_of_demand(written, entries)
    return [
        _demand_for(written, commodity, dict(rows)) for commodity, rows in entries.items() if rows
    ]


def _need_of_demand(written: Written, entries: dict[str, dict[int, float]]) -> None:
    """Adds what each demand weighs in the rows of coverage: need is linear in final demand."""
    instance, program = written.instance, written.program
    benchmark = benchmark_processes(instance.world)
    for state_name in sorted({state for _, state in instance.required}):
        state = instance.states[state_name]
        for demanded in sorted({commodity for _, commodity in state.demand}):
            own = {place: amount for place, amount in state.demand.items() if place[1] == demanded}
            for commodity, amount in trusted_need(
                instance.world, benchmark, own, state.year
            ).items():
                row = program.row_at.get((production_coverage.__name__, (commodity, state_name)))
                if row is not None:
                    entries[demanded][row] += instance.required[commodity, state_name] * amount
            row = program.row_at.get((delivery_coverage.__name__, (demanded, state_name)))
            if row is not None:
                entries[demanded][row] += instance.required[demanded, state_name] * sum(
                    own.values()
                )


def _demand_for(written: Written, commodity: str, entries: dict[int, float]) -> Knob:
    name = next(row.name for row in written.tables.commodities if row.commodity == commodity)

    def turn(tables: Tables, case: Case, amount: float) -> Changed:
        rows = tuple(
            (
                row.model_copy(update={"quantity": row.quantity * (1 - amount)})
                if row.commodity == commodity
                else row
            )
            for row in tables.demand
        )
        return replace(tables, demand=rows), case

    # to want nothing at all is no way out
    column = NewColumn(("less", commodity), entries, 1.0, high=MOST)
    weight = 2.0 * len(written.instance.years)
    return Knob(
        "demand",
        commodity,
        column,
        weight,
        per_mille,
        lambda x: f"serve {x:.1%} less of the demand for {name}",
        turn,
    )


def _limits(written: Written) -> list[Knob]:
    program, found = written.program, defaultdict[str, dict[int, float]](dict)
    for at in program.rows_of(*rows_with(item="limit")):
        name = program.row_names[at][1][0]
        found[name][int(at)] = 1.0 if written.instance.limits[name].sense == "at least" else -1.0
    return [_limit(written, name, entries) for name, entries in sorted(found.items())]


def _limit(written: Written, name: str, entries: dict[int, float]) -> Knob:
    limit = written.instance.limits[name]
    side = -1.0 if limit.sense == "at least" else 1.0
    whole = limit.measure == "projects"

    def turn(tables: Tables, case: Case, amount: float) -> Changed:
        rows = tuple(
            (
                row.model_copy(update={"value": row.value + side * amount})
                if row.limit == name
                else row
            )
            for row in tables.limits
        )
        return replace(tables, limits=rows), case

    size = max(1.0, abs(limit.value))
    column = NewColumn(("moved", name), entries, 1 / size, integer=whole)

    def say(x: float) -> str:
        return f"the limit {name} at {limit.value + side * x:,.10g} (not {limit.value:,.10g})"

    return Knob("limits", name, column, 1 / size, round if whole else money, say, turn)


def _required(written: Written) -> list[Knob]:
    knobs = []
    for at in written.program.rows_of(required_commitment.__name__):
        index: Any = written.program.row_names[at][1]
        name = index[0] if isinstance(index, tuple) else index

        def turn(tables: Tables, case: Case, amount: float, name: str = name) -> Changed:
            rows = tuple(
                (
                    row.model_copy(update={"commitment": None})
                    if row.project == name and amount
                    else row
                )
                for row in tables.projects
            )
            return replace(tables, projects=rows), case

        def say(_: float, name: str = name) -> str:
            return f"do without the commitment to {name}"

        column = NewColumn(("without", name), {int(at): 1.0}, 1.0, high=1.0, integer=True)
        knobs.append(Knob("required", name, column, 1.0, round, say, turn))
    return knobs
