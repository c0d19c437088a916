"""Summary of the data: size, grades of its sources, age and gaps.

The weight of a grade is the count of its numbers, of all or of those that a document could state,
or their share of a plan: each committed project weighs with its capital, and each plant with its
variable cost in normal operation over the years of the plan, both in USD million undiscounted. The
grades are those of the project's capital and of the plant's unit cost.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from paxsilica.finance import MILLION
from paxsilica.plan.result import Plan
from paxsilica.provenance.lookup import (
    Lookup,
    Number,
    first_year,
    grade_of,
    newest_years,
    numbers,
    sourced_columns,
    without_provenance,
)
from paxsilica.tables import Tables, describe_absent
from paxsilica.tables.columns import GRADES, NO_GRADE
from paxsilica.tables.layout import key_text
from paxsilica.tables.schema import Provenance

UNSTATED = frozenset({"CONVENTION", "RULE"})
"""Sources of numbers that no document could state: conventions, and repetitions of other
numbers."""

CENTRAL = "central"
"""The variant of demand from which the others follow."""


@dataclass(frozen=True)
class Summary:
    """Rows by table, counts of numbers and formulas, shares of grades by measure, the oldest
    numbers with their year, and sentences on gaps."""

    rows: Mapping[str, int]
    numbers: int
    formulas: int
    grades: Mapping[str, Mapping[str, float]]
    oldest: tuple[tuple[int, str, Provenance], ...]
    missing: tuple[str, ...]


def summarise(tables: Tables, plan: Plan | None = None, oldest: int = 10) -> Summary:
    """Summarise the tables; with a plan, weigh grades by influence on it too."""
    lookup = Lookup(tables)
    found = [
        (number, lookup.find(number.table, number.row, number.column)) for number in numbers(tables)
    ]
    grades = {
        "numbers": _shares(Counter(grade_of(row) for _, row in found)),
        "numbers to be sourced": _shares(
            Counter(grade_of(row) for _, row in _to_be_sourced(tables, found))
        ),
    }
    if plan is not None and plan.tables:
        grades["capital of the plan"] = _shares(_capital(plan, lookup))
        grades["cost of running it"] = _shares(_operation(plan, tables, lookup))
    return Summary(
        rows={table: len(tables.rows(table)) for table in sorted(tables.present)},
        numbers=len(found),
        formulas=sum(1 for _, row in found if row is not None and row.formula is not None),
        grades=grades,
        oldest=tuple(_oldest(tables, oldest)),
        missing=tuple(_missing(tables)),
    )


def _to_be_sourced(
    tables: Tables, found: Iterable[tuple[Number, Provenance | None]]
) -> Iterable[tuple[Number, Provenance | None]]:
    """Return the numbers that a document could state: without conventions and repetitions, variants
    of demand other than the central one, and generic options."""
    generic = {row.project for row in tables.projects if row.generic}
    variants = {key_text(row) for row in tables.demand if row.variant not in (None, CENTRAL)}
    for number, row in found:
        if row is not None and not UNSTATED.isdisjoint(row.sources):
            continue
        if number.row in {"projects": generic, "demand": variants}.get(number.table, ()):
            continue
        yield number, row


def _shares(weights: Mapping[str, float]) -> dict[str, float]:
    total = sum(weights.values()) or 1.0
    return {
        grade: weights.get(grade, 0.0) / total
        for grade in (*GRADES, NO_GRADE)
        if grade != NO_GRADE or weights.get(NO_GRADE)
    }


def _capital(plan: Plan, lookup: Lookup) -> Mapping[str, float]:
    weights: dict[str, float] = defaultdict(float)
    portfolio = plan.tables["portfolio"]
    for project, capital in zip(portfolio["project"], portfolio["capex_usd_m"], strict=True):
        row = lookup.find("projects", str(project), "capex_usd_m")
        weights[grade_of(row)] += float(capital)
    return weights


def _operation(plan: Plan, tables: Tables, lookup: Lookup) -> Mapping[str, float]:
    column = "variable_cost_usd_per_unit"
    costs = {("asset", row.asset): row.variable_cost_usd_per_unit for row in tables.assets}
    costs |= {("project", row.project): row.variable_cost_usd_per_unit for row in tables.projects}
    first = first_year(tables)
    weights: dict[str, float] = defaultdict(float)
    operation = plan.tables["operation"]
    normal = operation[operation["mode"] == "normal"]
    for kind, plant, activity in zip(
        normal["kind"], normal["plant"], normal["activity"], strict=True
    ):
        table = f"{kind}s"
        by_year = first.get((table, plant, column))
        cost = costs.get((kind, plant)) or (by_year.value if by_year else 0.0)
        row = lookup.find(table, plant, column)
        weights[grade_of(row)] += abs(cost) * float(activity) / MILLION
    return weights


def _oldest(tables: Tables, count: int) -> Iterable[tuple[int, str, Provenance]]:
    """Return the numbers whose newest document is oldest; a judgement has no document."""
    dates = newest_years(tables)
    aged = []
    for row in tables.provenance:
        years = [dates[name] for name in row.sources if name in dates]
        if years:
            aged.append((max(years), f"{row.table} {row.row} {row.column}", row))
    return sorted(aged, key=lambda item: item[:2])[:count]


def _missing(tables: Tables) -> Iterable[str]:
    yield from describe_absent(tables)
    lacking = without_provenance(tables)
    if lacking:
        yield f"{len(lacking)} numbers have no provenance, such as {lacking[0].place}."
    unpriced = [row.commodity for row in tables.commodities if row.price_usd_per_unit is None]
    if unpriced:
        yield f"Commodities without a price: {', '.join(unpriced)}."
    stages = {row.stage for row in tables.commodities if row.covered}
    uncovered = [row.stage for row in tables.stages if row.stage not in stages]
    if uncovered:
        yield f"Stages without a covered commodity: {', '.join(uncovered)}."
    moved = {row.commodity for row in tables.routes}
    fixed = [row.commodity for row in tables.commodities if not moved & {row.commodity, "*"}]
    if fixed:
        yield f"Commodities that no route carries: {', '.join(fixed)}."
    first = first_year(tables)
    for table in ("assets", "projects", "funders"):
        rows = tables.rows(table)
        by_year = {column for name, _, column in first if name == table}
        blank = [
            column
            for column in sourced_columns(table)
            if column not in by_year and rows and all(getattr(row, column) is None for row in rows)
        ]
        if blank:
            yield f"Blank in every row of {table}: {', '.join(blank)}."
    addresses = sum(row.url is None for row in tables.sources)
    dates = sum(row.date is None for row in tables.sources)
    yield f"{addresses} of {len(tables.sources)} sources have no address; {dates} have no date."
