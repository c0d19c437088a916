"""The requirements of a case that can be relaxed, each with its price, its wording, and the change
of tables and case that applies it."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from paxsilica.case import Case
from paxsilica.instance.demand import benchmark_processes, make_chain, returns_in_chain
from paxsilica.interpolate import interpolate_flat
from paxsilica.model.investment import required_commitment
from paxsilica.model.registry import row_with, rows_with
from paxsilica.model.security import (
    coverage_base,
    delivery_coverage,
    outside_uses,
    production_coverage,
)
from paxsilica.solver.resolve import NewColumn, Written, changed
from paxsilica.tables import Tables
from paxsilica.tables.schema import Series

Changed = tuple[Tables, Case]
Entries = dict[int, float]
"""Coefficients of a relaxation by row."""

MOST = 0.95
"""Largest share of a requirement that a relaxation takes away: without any demand or coverage there
would be no question left."""

KINDS: Mapping[str, str] = {
    "budget": "the budget",
    "funders": "what funders can pay",
    "mandates": "what funders may pay under a mandate",
    "coverage": "the required coverage",
    "outside": "the uses of goods outside the chain that must be served",
    "evenly": "the required coverage, lowered by the same factor everywhere",
    "concentration": "the cap on a region's share",
    "demand": "the demand that must be served",
    "limits": "the limits of the table limits",
    "required": "the projects that must be committed",
}
"""Kinds of relaxation in the order in which they are tried, each as a sentence names it."""


@dataclass(frozen=True)
class Relaxation:
    """One requirement that can be relaxed.

    Attributes:
        kind: one of :data:`KINDS`; ``about``: key of the requirement.
        column: the variable that holds the amount, priced among those of its kind.
        weight: price of one unit among all kinds: relaxing completely costs about 1.
        rounded: rounds the amount up to a number that can be reported.
        clause: the amount as a clause that can stand after "or".
        apply: tables and case with the requirement relaxed by the amount.
        year: of the requirement; ``clause`` then contains ``{years}``, to join equal years.
        head: words before the clauses of all relaxations that share them.
    """

    kind: str
    about: str
    column: NewColumn
    weight: float
    rounded: Callable[[float], float]
    clause: Callable[[float], str]
    apply: Callable[[Tables, Case, float], Changed]
    year: int | None = None
    head: str = ""


def money(amount: float) -> float:
    """USD million rounded up, to five digits or to 1000 dollars, whichever is coarser.

    >>> money(123.4561), money(1234567.0)
    (123.46, 1234600.0)
    """
    if amount <= 0:
        return 0.0
    step = max(1e-3, 10.0 ** (math.floor(math.log10(amount)) - 4))
    return round(math.ceil(amount / step - 1e-6) * step, 6)


def per_mille(share: float) -> float:
    """A share rounded up to a thousandth.

    >>> per_mille(0.1231), per_mille(0.5)
    (0.124, 0.5)
    """
    return math.ceil(share * 1000 - 1e-6) / 1000


def all_relaxations(written: Written) -> list[Relaxation]:
    """Every requirement of the case that can be relaxed."""
    return [
        *_budget(written),
        *_funders(written),
        *_mandates(written),
        *_coverage(written),
        *_outside(written),
        *_even_coverage(written),
        *_concentration(written),
        *_demand(written),
        *_limits(written),
        *_required(written),
    ]


def _in_rows(
    table: str, fits: Callable[[Any], bool], cells: Callable[[Any, float], dict[str, Any]]
) -> Callable[[Tables, Case, float], Changed]:
    """A change of the cells of the rows that fit, by an amount."""

    def apply(tables: Tables, case: Case, amount: float) -> Changed:
        return tables.edited(table, lambda row: cells(row, amount) if fits(row) else None), case

    return apply


def _first(index: Any) -> str:
    return str(index[0] if isinstance(index, tuple) else index)


def _budget(written: Written) -> list[Relaxation]:
    budget = written.case.budget_usd_m
    rows = written.program.rows_of(row_with(item="budget"))
    if budget is None or not len(rows):
        return []
    return [
        Relaxation(
            "budget",
            "budget",
            NewColumn(("more", "budget"), {int(rows[0]): -1.0}, 1.0),
            1 / max(budget, 1.0),
            money,
            lambda x: f"a budget of USD {budget + x:,.10g} million",
            lambda tables, case, x: (tables, changed(case, budget_usd_m=budget + x)),
        )
    ]


def _funders(written: Written) -> list[Relaxation]:
    funding = written.instance.funding
    rows: dict[str, Entries] = defaultdict(dict)
    for at in written.program.rows_of(row_with(item="envelope"), row_with(item="annual limit")):
        rows[_first(written.program.row_names[at][1])][int(at)] = -1.0
    if funding is None or not rows:
        return []
    total = sum(
        min(payer.envelope, sum(payer.limit.values())) for payer in funding.funders.values()
    )
    weight = 1 / max(1.0, total / len(funding.funders)) if math.isfinite(total) else 1e-3
    return [_funder(written, name, entries, weight) for name, entries in sorted(rows.items())]


def _funder(written: Written, name: str, entries: Entries, weight: float) -> Relaxation:
    instance, place = written.instance, ("funders", name, "annual_limit_usd_m")
    assert instance.funding is not None
    payer = instance.funding.funders[name]
    row = next(row for row in written.tables.funders if row.funder == name)
    own_delivery = 1.0 if row.delivery_factor is None else row.delivery_factor
    delivery = own_delivery * instance.case.funders.delivery_factor

    def apply(tables: Tables, case: Case, amount: float) -> Changed:
        # the first year lets the most be made of the amount; without carry-over every year needs it
        first = min(payer.limit)
        envelope = row.envelope_usd_m
        new = {
            "envelope_usd_m": None if envelope is None else envelope + amount / delivery,
            "annual_limit_usd_m": None,
        }
        others = [one for one in tables.series if (one.table, one.row, one.column) != place]
        key = dict(zip(("table", "row", "column"), place, strict=True))
        more = {year: amount * (year == first or not payer.carry_over) for year in payer.limit}
        limits = [
            Series(**key, year=year, value=(limit + more[year]) / delivery)
            for year, limit in payer.limit.items()
            if limit != math.inf
        ]
        relaxed = tables.edited("funders", lambda one: new if one.funder == name else None)
        return replace(relaxed, series=(*others, *limits)), case

    return Relaxation(
        "funders",
        name,
        NewColumn(("more", name), entries, 1.0),
        weight,
        money,
        lambda x: f"USD {x:,.10g} million more from {payer.title}",
        apply,
    )


def _mandates(written: Written) -> list[Relaxation]:
    return [_mandate(written, int(at)) for at in written.program.rows_of(row_with(item="mandate"))]


def _mandate(written: Written, at: int) -> Relaxation:
    key = funder, stage, region = written.program.row_names[at][1]
    limit, about = float(written.program.row_high[at]), f"{funder}|{stage}|{region}"
    return Relaxation(
        "mandates",
        about,
        NewColumn(("more", about), {at: -1.0}, 1.0),
        1 / max(1.0, limit),
        money,
        lambda x: (
            f"USD {limit + x:,.10g} million under the mandate of {funder} for stage {stage} and"
            f" region {region}"
        ),
        _in_rows(
            "mandates",
            lambda row: (row.funder, row.stage, row.region) == key,
            lambda row, x: {"largest_usd_m": (row.largest_usd_m or 0.0) + x},
        ),
    )


def _coverage(written: Written) -> list[Relaxation]:
    """The required share of each stage in each year."""
    instance, program = written.instance, written.program
    coverage = instance.case.coverage
    if coverage is None or not coverage.hard:
        return []
    entries: dict[tuple[str, int], Entries] = defaultdict(dict)
    for at in program.rows_of(*rows_with(item="coverage")):
        family, (commodity, state) = program.row_names[at]
        stage = instance.stage_of.get(commodity)
        if stage is None:
            continue
        amount = coverage_base(instance, family, commodity, state)
        entries[stage, instance.states[state].year][int(at)] = amount
    return [
        _coverage_of(written, stage, year, rows)
        for (stage, year), rows in sorted(entries.items(), key=lambda item: item[0][::-1])
    ]


def _coverage_of(written: Written, stage: str, year: int, entries: Entries) -> Relaxation:
    coverage = written.case.coverage
    assert coverage is not None
    required = interpolate_flat(coverage.stages.get(stage, coverage.required), year)
    name = next(row.name for row in written.tables.stages if row.stage == stage)

    def clause(amount: float) -> str:
        left = required - amount
        return f"by only {left:.1%} in {{years}}" if left > 1e-9 else "not at all in {years}"

    def apply(tables: Tables, case: Case, amount: float) -> Changed:
        assert case.coverage is not None
        path = case.coverage.stages.get(stage, case.coverage.required)
        by_year = {one: interpolate_flat(path, one) for one in case.span()}
        by_year[year] = max(0.0, round(required - amount, 9))
        stages = {**case.coverage.stages, stage: by_year}
        return tables, changed(case, coverage=case.coverage.model_dump() | {"stages": stages})

    return Relaxation(
        "coverage",
        f"{stage}|{year}",
        NewColumn(("less", (stage, year)), entries, 1.0, high=required),
        1.0,
        lambda x: min(required, per_mille(x)),
        clause,
        apply,
        year,
        f"cover {name}",
    )


def _outside(written: Written) -> list[Relaxation]:
    """The uses of each good outside the chain, in all years at once."""
    instance, program = written.instance, written.program
    names = {row.commodity: row.name for row in instance.tables.commodities}
    entries: dict[str, Entries] = defaultdict(dict)
    for at in program.rows_of(outside_uses.__name__):
        commodity, state = program.row_names[at][1]
        share = instance.share_required(commodity, state)
        entries[commodity][int(at)] = share * instance.outside[commodity, state]
    return [_listed(commodity, names[commodity], rows) for commodity, rows in entries.items()]


def _listed(commodity: str, name: str, entries: Entries) -> Relaxation:
    def apply(tables: Tables, case: Case, amount: float) -> Changed:
        assert case.coverage is not None
        listed = (*case.coverage.listed_uses, commodity)
        parts = case.coverage.model_dump() | {"listed_uses": listed}
        return tables, changed(case, coverage=parts)

    return Relaxation(
        "outside",
        commodity,
        NewColumn(("less", ("outside", commodity)), entries, 1.0, high=1.0),
        1.0,
        lambda x: 1.0 if x > 0 else 0.0,
        lambda x: f"let the uses of {name} outside the chain stay unserved (listed_uses)",
        apply,
    )


def _even_coverage(written: Written) -> list[Relaxation]:
    """All required shares, times one factor."""
    stages = [one.column for one in _coverage(written)]
    if not stages:
        return []
    columns = stages + [one.column for one in _outside(written)]
    entries = {row: x * column.high for column in columns for row, x in column.entries.items()}
    most = max(column.high for column in stages)

    def apply(tables: Tables, case: Case, amount: float) -> Changed:
        def path(of: Mapping[int, float]) -> dict[int, float]:
            return {year: share * (1 - amount) for year, share in of.items()}

        assert case.coverage is not None
        parts = case.coverage.model_dump()
        stages = {stage: path(of) for stage, of in parts["stages"].items()}
        new = parts | {"required": path(parts["required"]), "stages": stages}
        return tables, changed(case, coverage=new)

    def clause(amount: float) -> str:
        share = f"{most * (1 - amount):.1%} where it is {most:.1%}"
        return f"cover every stage by {1 - amount:.1%} of the requirement ({share})"

    return [
        Relaxation(
            "evenly",
            "all stages",
            NewColumn(("less", "evenly"), entries, 1.0, high=MOST),
            1.0,
            lambda x: min(1.0, per_mille(x)),
            clause,
            apply,
        )
    ]


def _concentration(written: Written) -> list[Relaxation]:
    """The cap on the share of one region."""
    cap, instance = written.case.concentration, written.instance
    rows = written.program.rows_of(*rows_with(item="concentration"))
    if cap is None or not cap.hard or not len(rows):
        return []
    entries = {}
    for at in rows:
        _, commodity, state = written.program.row_names[at][1]
        # output is at least the required share of need
        need = instance.need[commodity, instance.states[state].year]
        entries[int(at)] = -instance.required[commodity, state] * need

    def apply(tables: Tables, case: Case, amount: float) -> Changed:
        assert case.concentration is not None
        share = {"max_share": min(1.0, cap.max_share + amount)}
        return tables, changed(case, concentration=case.concentration.model_dump() | share)

    return [
        Relaxation(
            "concentration",
            "max_share",
            NewColumn(("more", "concentration"), entries, 1.0, high=1.0 - cap.max_share),
            1.0,
            per_mille,
            lambda x: (
                f"let one region make up to {min(1.0, cap.max_share + x):.1%} (not"
                f" {cap.max_share:.1%})"
            ),
            apply,
        )
    ]


def _demand(written: Written) -> list[Relaxation]:
    """Final demand by commodity; demand that may stay unserved keeps its balance row."""
    instance, program = written.instance, written.program
    states, balance = instance.states.values(), row_with(item="commodity")
    demanded = sorted({commodity for state in states for _, commodity in state.demand})
    entries: dict[str, Entries] = {commodity: defaultdict(float) for commodity in demanded}
    for state in states:
        for place, amount in state.demand.items():
            index = (*place, state.name)
            if ("unserved", index) not in program.column_at and (balance, index) in program.row_at:
                entries[place[1]][program.row_at[balance, index]] += amount
    if instance.case.coverage is not None and instance.case.coverage.hard:
        _need_of_demand(written, entries)
    return [
        _demand_for(written, commodity, dict(rows)) for commodity, rows in entries.items() if rows
    ]


def _need_of_demand(written: Written, entries: dict[str, Entries]) -> None:
    """Adds the coefficients of each demand in the coverage rows: need is linear in final demand."""
    instance, program = written.instance, written.program
    benchmark = benchmark_processes(instance.world)
    returns = returns_in_chain(instance.world, benchmark)
    for name in sorted({state for _, state in instance.required}):
        state = instance.states[name]
        for demanded in sorted({commodity for _, commodity in state.demand}):
            own = {place: amount for place, amount in state.demand.items() if place[1] == demanded}
            chain = make_chain(instance.world, benchmark, returns, {demanded})
            need = chain.need({demanded: sum(own.values())})
            amounts = [(production_coverage, *one) for one in need.items()]
            for family, commodity, amount in [
                *amounts,
                (delivery_coverage, demanded, sum(own.values())),
                (outside_uses, demanded, sum(own.values())),
            ]:
                row = program.row_at.get((family.__name__, (commodity, name)))
                if row is not None:
                    entries[demanded][row] += instance.share_required(commodity, name) * amount


def _demand_for(written: Written, commodity: str, entries: Entries) -> Relaxation:
    name = next(row.name for row in written.tables.commodities if row.commodity == commodity)
    return Relaxation(
        "demand",
        commodity,
        NewColumn(("less", commodity), entries, 1.0, high=MOST),
        2.0 * len(written.instance.years),
        per_mille,
        lambda x: f"serve {x:.1%} less of the demand for {name}",
        _in_rows(
            "demand",
            lambda row: row.commodity == commodity,
            lambda row, x: {"quantity": row.quantity * (1 - x)},
        ),
    )


def _limits(written: Written) -> list[Relaxation]:
    program, found = written.program, defaultdict[str, Entries](dict)
    for at in program.rows_of(*rows_with(item="limit")):
        name = program.row_names[at][1][0]
        found[name][int(at)] = 1.0 if written.instance.limits[name].sense == "at least" else -1.0
    return [_limit(written, name, entries) for name, entries in sorted(found.items())]


def _limit(written: Written, name: str, entries: Entries) -> Relaxation:
    limit = written.instance.limits[name]
    side = -1.0 if limit.sense == "at least" else 1.0
    whole = limit.measure == "projects" and limit.weights is None
    weight = 1 / max(1.0, abs(limit.value))
    return Relaxation(
        "limits",
        name,
        NewColumn(("moved", name), entries, weight, integer=whole),
        weight,
        round if whole else money,
        lambda x: f"the limit {name} at {limit.value + side * x:,.10g} (not {limit.value:,.10g})",
        _in_rows(
            "limits",
            lambda row: row.limit == name,
            lambda row, x: {"value": row.value + side * x},
        ),
    )


def _required(written: Written) -> list[Relaxation]:
    program = written.program
    return [
        _required_project(_first(program.row_names[at][1]), int(at))
        for at in program.rows_of(required_commitment.__name__)
    ]


def _required_project(name: str, at: int) -> Relaxation:
    return Relaxation(
        "required",
        name,
        NewColumn(("without", name), {at: 1.0}, 1.0, high=1.0, integer=True),
        1.0,
        round,
        lambda _: f"drop the commitment to {name}",
        _in_rows(
            "projects",
            lambda row: row.project == name,
            lambda _, x: {"commitment": None} if x else {},
        ),
    )
