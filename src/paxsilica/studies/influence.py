"""Influence of every number of the data on the optimum, as a linear estimate.

The influence of a number is the derivative of the objective with respect to it, times the width of
its range in the table ``provenance``. The derivative is that of the linear relaxation at its
optimum: the derivative of the Lagrangian with solution and duals unchanged (envelope theorem).
Where the optimum is degenerate it is one of several. Whole numbers, such as years and lead times,
and cells with several shares have no derivative and are left out.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from paxsilica.api import Question
from paxsilica.errors import PaxSilicaError
from paxsilica.finance import MILLION
from paxsilica.instance import make_instance
from paxsilica.model import Model, build
from paxsilica.model.build import without_collection
from paxsilica.model.registry import parts_of
from paxsilica.prices.duals import Duals, solve_duals
from paxsilica.provenance.lookup import RECORDS, Lookup, bounds, grade_of, newest_years
from paxsilica.solver import Array, Compiled, compile_model
from paxsilica.solver.derivatives import Derivatives, Traced, derivatives
from paxsilica.tables import TABLES, Tables
from paxsilica.tables.columns import GRADES, NO_GRADE
from paxsilica.tables.layout import key_text, layout
from paxsilica.tables.schema import Row

Cell = tuple[str, str, str]
"""Table, key of the row and column."""

STEP = 1e-7
"""Relative step of the check of the derivatives."""

CLOSE = 0.02
"""Largest relative error of the derivatives that the check lets pass."""

SLACK = 1e-6
"""Reduced costs and slacks below this, relative to their size, count as zero."""


@dataclass(frozen=True)
class InfluentialNumber:
    """A number of the data and what it does to the optimum.

    Attributes:
        table, row, column: its cell; a value by year is a row of ``series``.
        value, low, high: in ``unit``, as in the data.
        grade, sources: of its provenance; ``year`` is that of its newest document.
        slope: USD of the objective per unit of the number.
        influence: USD, ``|slope| * (high - low)``.
        change: the smallest change of the number, others unchanged, at which a decision or a row
            that is idle at the optimum becomes worthwhile or binding; ``None`` if there is none
            in a linear estimate.
        alters: that decision or row.
    """

    table: str
    row: str
    column: str
    value: float
    low: float
    high: float
    unit: str
    grade: str
    sources: tuple[str, ...]
    year: int | None
    slope: float
    influence: float
    change: float | None
    alters: str


@dataclass(frozen=True)
class Influence:
    """Numbers by influence, largest first.

    Attributes:
        objective: of the linear relaxation, USD million.
        numbers: the most influential ones.
        shares: share of all influence by grade.
        counted: how many numbers have a derivative that is not zero.
        error: relative difference between the derivatives and a rebuilt program in one direction.
    """

    objective: float
    numbers: tuple[InfluentialNumber, ...]
    shares: Mapping[str, float]
    counted: int
    error: float


def influence(
    question: Question, most: int = 100, on_step: Callable[[str], None] = lambda step: None
) -> Influence:
    """The ``most`` influential numbers of the data for a question.

    Raises:
        InputError: if tables and case make no instance.
        PriceError: if the linear relaxation has no solution with proved duals.
        PaxSilicaError: if the derivatives differ from those of a rebuilt program.
    """
    on_step("write the model")
    traced, cells = _traced(question.tables)
    model, program = _built(Question(traced, question.case))
    on_step("solve the linear relaxation")
    duals = solve_duals(program.relaxed(), question.case.solver, "the linear relaxation")
    on_step("differentiate")
    found = derivatives(model, program)
    slopes = _lagrangian(found, duals, len(cells))
    on_step("check the derivatives")
    error = _error(question, cells, slopes, duals)
    if error > CLOSE:
        raise PaxSilicaError(
            f"the derivatives differ by {error:.1%} from those of a rebuilt program; please report"
            " this"
        )
    entries = list(_entries(question.tables, cells, slopes))
    entries.sort(key=lambda entry: (-entry.influence, entry.table, entry.row, entry.column))
    shares = dict.fromkeys((*GRADES, NO_GRADE), 0.0)
    total = sum(entry.influence for entry in entries) or 1.0
    for entry in entries:
        shares[entry.grade] += entry.influence / total
    position = {cell: at for at, cell in enumerate(cells)}
    chosen = entries[:most]
    limits = _break_even(found, duals, [position[one.table, one.row, one.column] for one in chosen])
    return Influence(
        duals.objective,
        tuple(
            replace(one, change=change, alters=alters)
            for one, (change, alters) in zip(chosen, limits, strict=True)
        ),
        shares,
        int(np.count_nonzero(slopes)),
        error,
    )


def _built(question: Question) -> tuple[Model, Compiled]:
    with without_collection():
        model = build(make_instance(question.tables, question.case))
        return model, compile_model(model)


def _cells(row: Row, columns: Sequence[str]) -> Iterator[tuple[str, float]]:
    """The numbers of a row that have a derivative: finite ones."""
    for column in columns:
        value = getattr(row, column)
        if value is not None and math.isfinite(value):
            yield column, float(value)


def _changed(tables: Tables, change: Callable[[str, Row, str, float], float]) -> Tables:
    """The tables with every number that has a derivative replaced by ``change``."""
    for table in TABLES:
        if table in RECORDS:
            continue
        columns = [
            name
            for name, column in layout(table).items()
            if column.kind == "number" and name not in TABLES[table].key
        ]

        def cells(row: Row, table: str = table, columns: list[str] = columns) -> dict[str, Any]:
            return {name: change(table, row, name, value) for name, value in _cells(row, columns)}

        tables = tables.edited(table, cells)
    return tables


def _traced(tables: Tables) -> tuple[Tables, list[Cell]]:
    """The tables with numbers that carry their derivatives, and the cells of these numbers."""
    found: list[Cell] = []

    def trace(table: str, row: Row, column: str, value: float) -> float:
        found.append((table, key_text(row), column))
        return Traced(value, {len(found) - 1: 1.0})

    return _changed(tables, trace), found


def _lagrangian(found: Derivatives, duals: Duals, size: int) -> Array:
    """Derivative of the optimum with respect to every number, USD million per unit."""
    x, y, reduced = duals.values, duals.rows, duals.columns
    cost, entry, side = found.of("cost"), found.of("entry"), found.of("side")
    low, high = found.of("low"), found.of("high")
    weight = np.zeros(len(found.value))
    weight[cost] = np.where(found.column[cost] < 0, 1.0, x[found.column[cost]])
    weight[entry] = -y[found.row[entry]] * x[found.column[entry]]
    weight[side] = y[found.row[side]]
    weight[low] = np.maximum(reduced[found.column[low]], 0.0)
    weight[high] = np.minimum(reduced[found.column[high]], 0.0)
    slopes: Array = np.bincount(found.number, weights=weight * found.value, minlength=size).astype(
        float
    )
    return slopes


def _error(question: Question, cells: Sequence[Cell], slopes: Array, duals: Duals) -> float:
    """Relative error of the derivatives in one direction, in which the numbers of each row grow by
    their own small factor: their sum against the change of the rebuilt Lagrangian."""
    random = np.random.default_rng(0)
    factors: dict[tuple[str, str], float] = defaultdict(lambda: random.uniform(-STEP, STEP))
    values: dict[Cell, float] = {}

    def move(table: str, row: Row, column: str, value: float) -> float:
        key = key_text(row)
        values[table, key, column] = value
        return value * (1.0 + factors[table, key])

    _, rebuilt = _built(Question(_changed(question.tables, move), question.case))
    # a row may come or go where two limits are equal; without it, its dual is zero
    program, at = duals.program, duals.program.row_at
    y = np.array([duals.rows[at[name]] if name in at else 0.0 for name in rebuilt.row_names])
    place = [rebuilt.column_at.get(name, -1) for name in program.columns]
    if len(rebuilt.columns) != len(place) or -1 in place:
        raise PaxSilicaError("the program has other columns after a small change of its numbers")
    x, reduced = np.empty(len(place)), np.empty(len(place))
    x[place], reduced[place] = duals.values, duals.columns
    steps = np.array(
        [
            values[cell] * factors[cell[:2]] * slope
            for cell, slope in zip(cells, slopes.tolist(), strict=True)
        ]
    )
    change = _value(rebuilt, x, y, reduced) - _value(
        program, duals.values, duals.rows, duals.columns
    )
    return abs(change - float(steps.sum())) / max(float(np.abs(steps).sum()), 1e-12)


def _value(program: Compiled, x: Array, y: Array, reduced: Array) -> float:
    """The Lagrangian of a program at a solution and its duals, USD million."""
    value = program.offset + float(program.cost @ x) - float(y @ (program.matrix @ x))
    for dual, low, high in (
        (y, program.row_low, program.row_high),
        (reduced, program.low, program.high),
    ):
        active = np.where(dual > 0, low, high)
        used = (dual != 0) & np.isfinite(active)
        value += float(dual[used] @ active[used])
    return value - float(reduced @ x)


def _entries(tables: Tables, cells: Sequence[Cell], slopes: Array) -> Iterator[InfluentialNumber]:
    """The numbers with a derivative that is not zero."""
    lookup, years = Lookup(tables), newest_years(tables)
    rows = {
        (table, key_text(row)): row
        for table in {cell[0] for cell in cells}
        for row in tables.rows(table)
    }
    for (table, row, column), slope in zip(cells, slopes.tolist(), strict=True):
        if not slope:
            continue
        value = float(getattr(rows[table, row], column))
        entry = lookup.find(table, row, column)
        low, high = (value, value) if entry is None else bounds(entry, value)
        yield InfluentialNumber(
            table,
            row,
            column,
            value,
            low,
            high,
            "" if entry is None else entry.unit,
            grade_of(entry),
            () if entry is None else entry.sources,
            None if entry is None else max(years.get(one, 0) for one in entry.sources) or None,
            slope * MILLION,
            abs(slope) * (high - low) * MILLION,
            None,
            "",
        )


def _break_even(
    found: Derivatives, duals: Duals, numbers: Sequence[int]
) -> list[tuple[float | None, str]]:
    """For some numbers the smallest change at which an idle column or row is no longer idle.

    Solution and duals are unchanged: a number in the costs or recipe of an idle column moves its
    reduced cost, and one in a row that does not bind moves its slack.
    """
    x, y, program = duals.values, duals.rows, duals.program
    wanted = {number: at for at, number in enumerate(numbers)}
    kept = np.isin(found.number, list(wanted))
    prices: dict[tuple[int, int], float] = defaultdict(float)
    slacks: dict[tuple[int, int], float] = defaultdict(float)
    kinds = [(kind, kept & found.of(kind)) for kind in ("cost", "entry", "side")]
    for kind, chosen in kinds:
        for row, column, number, value in zip(
            found.row[chosen].tolist(),
            found.column[chosen].tolist(),
            found.number[chosen].tolist(),
            found.value[chosen].tolist(),
            strict=True,
        ):
            at = wanted[number]
            if kind == "cost" and column >= 0:
                prices[at, column] += value
            elif kind == "entry":
                prices[at, column] -= y[row] * value
                slacks[at, row] += x[column] * value
            elif kind == "side":
                slacks[at, row] -= value
    best: list[tuple[float | None, str]] = [(None, "")] * len(numbers)
    size = max(1.0, float(np.abs(program.cost).max(initial=0.0)))
    for (at, column), slope in prices.items():
        reduced = float(duals.columns[column])
        if abs(reduced) > SLACK * size * 1e-3 and program.low[column] < program.high[column]:
            best[at] = _nearer(best[at], reduced, slope, program.columns[column])
    activity = program.matrix @ x
    for (at, row), slope in slacks.items():
        side = program.row_low[row] if np.isfinite(program.row_low[row]) else program.row_high[row]
        slack = float(activity[row] - side)
        if y[row] == 0 and abs(slack) > SLACK * max(1.0, abs(float(side))):
            best[at] = _nearer(best[at], slack, slope, program.row_names[row])
    return best


def _nearer(
    best: tuple[float | None, str], distance: float, slope: float, name: tuple[str, Any]
) -> tuple[float | None, str]:
    """The smaller of two changes, the second that which takes ``distance`` to zero."""
    if not slope:
        return best
    change = -distance / slope
    if best[0] is not None and abs(best[0]) <= abs(change):
        return best
    return change, " ".join(map(str, (name[0], *parts_of(name[1]))))
