"""From a Pyomo model to the arrays that the solver takes."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import pyomo.environ as pyo
from numpy.typing import NDArray
from pyomo.common.errors import PyomoException
from pyomo.core.base.expression import NamedExpressionData
from pyomo.core.expr.numeric_expr import (
    LinearExpression,
    MonomialTermExpression,
    SumExpression,
)
from pyomo.repn.plugins.standard_form import LinearStandardFormCompiler
from scipy.sparse import csr_matrix, vstack

from paxsilica.errors import InputError
from paxsilica.instance import Instance
from paxsilica.model.registry import ROWS, USER, VARIABLES, Terms, parts_of

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

ADDED = "added"
"""Family of the rows that studies add to a program."""


@dataclass(frozen=True)
class Compiled:
    """A mixed-integer program ``min cost x + offset`` with ``row_low <= matrix x <= row_high`` and
    ``low <= x <= high``.

    Attributes:
        matrix: shape (rows, columns).
        integer: which columns must be integer.
        row_names: (family, index) of each row, as in the Pyomo model.
        column_of: position of a Pyomo variable by ``id``.
        columns: (family, index) of each column.
        separable: year of each operating state that a decomposition may treat as a subproblem:
            disrupted states that have a probability and are no coverage test.
    """

    cost: Array
    offset: float
    matrix: csr_matrix
    row_low: Array
    row_high: Array
    low: Array
    high: Array
    integer: NDArray[np.bool_]
    row_names: tuple[tuple[str, Any], ...]
    columns: tuple[tuple[str, Any], ...]
    column_of: dict[int, int] = field(repr=False)
    separable: Mapping[str, int] = field(default_factory=dict, repr=False)

    def mixed(self) -> bool:
        """Whether an integer column is not fixed."""
        return bool((self.integer & (self.low < self.high)).any())

    def positions(self, family: str) -> NDArray[np.intp]:
        """Columns of one family of variables."""
        return np.array(
            [at for at, (name, _) in enumerate(self.columns) if name == family], dtype=np.intp
        )

    def rows_of(self, *families: str) -> NDArray[np.intp]:
        """Rows of some families."""
        return np.array(
            [at for at, (name, _) in enumerate(self.row_names) if name in families], dtype=np.intp
        )

    @cached_property
    def user_rows(self) -> Mapping[str, int]:
        """Number of rows of each constraint that a user added to the model."""
        return Counter(name for name, _ in self.row_names if name.startswith(USER))

    def vector(self, terms: Terms) -> Array:
        """Coefficients of a sum of variables of the model, by column."""
        found = np.zeros(len(self.cost))
        for coefficient, var in terms:
            found[self.column_of[id(var)]] += coefficient
        return found

    @cached_property
    def row_at(self) -> dict[tuple[str, Any], int]:
        """Position of each row by (family, index)."""
        return {name: at for at, name in enumerate(self.row_names)}

    @cached_property
    def column_at(self) -> dict[tuple[str, Any], int]:
        """Position of each column by (family, index)."""
        return {name: at for at, name in enumerate(self.columns)}

    def with_rows(self, at: NDArray[np.intp], low: Array | float, high: Array | float) -> Compiled:
        """The same program with new sides of some rows."""
        row_low, row_high = self.row_low.copy(), self.row_high.copy()
        row_low[at], row_high[at] = low, high
        return replace(self, row_low=row_low, row_high=row_high)

    def without_rows(self, at: NDArray[np.intp]) -> Compiled:
        """The same program with some rows free."""
        return self.with_rows(at, -np.inf, np.inf)

    def with_columns(
        self, at: NDArray[np.intp], low: Array | float, high: Array | float
    ) -> Compiled:
        """The same program with new bounds of some columns."""
        new_low, new_high = self.low.copy(), self.high.copy()
        new_low[at], new_high[at] = low, high
        return replace(self, low=new_low, high=new_high)

    def fixed(self, at: NDArray[np.intp], values: Array) -> Compiled:
        """The same program with some columns fixed at ``values`` and no longer integer."""
        integer = self.integer.copy()
        integer[at] = False
        return replace(self.with_columns(at, values, values), integer=integer)

    def part(self, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> Compiled:
        """Some rows and columns of the program."""
        return Compiled(
            cost=self.cost[columns],
            offset=self.offset,
            matrix=csr_matrix(self.matrix[rows][:, columns]),
            row_low=self.row_low[rows],
            row_high=self.row_high[rows],
            low=self.low[columns],
            high=self.high[columns],
            integer=self.integer[columns],
            row_names=tuple(self.row_names[row] for row in rows),
            columns=tuple(self.columns[column] for column in columns),
            column_of={},
        )

    def restricted(self, at: NDArray[np.intp], values: Array) -> Compiled:
        """The program in the columns ``at``, others fixed at ``values``; empty rows left out."""
        mask = np.zeros(len(self.cost), dtype=bool)
        mask[at] = True
        rest = np.where(mask, 0.0, values)
        rows = np.flatnonzero(np.diff(self.matrix[:, at].tocsr().indptr))
        part, moved = self.part(rows, at), (self.matrix @ rest)[rows]
        offset = self.offset + float(self.cost @ rest)
        return replace(
            part, offset=offset, row_low=part.row_low - moved, row_high=part.row_high - moved
        )

    def relaxed(self) -> Compiled:
        """The same program without integrality."""
        return replace(self, integer=np.zeros_like(self.integer))

    def with_row(self, coefficients: Array, high: float) -> Compiled:
        """The same program with one more row, ``coefficients x <= high``."""
        return replace(
            self,
            matrix=csr_matrix(vstack([self.matrix, csr_matrix(coefficients)])),
            row_low=np.append(self.row_low, -np.inf),
            row_high=np.append(self.row_high, high),
            row_names=(*self.row_names, (ADDED, None)),
        )

    def minimising(self, cost: Array, offset: float = 0.0) -> Compiled:
        """The same program with another objective."""
        return replace(self, cost=cost, offset=offset)


def compile_model(model: pyo.ConcreteModel) -> Compiled:
    """Arrays of ``model``. Rows and variables that are not in the register, because a user added
    them, get names that begin with ``user:``.

    Raises:
        InputError: if the model is not linear, or if a row has no variable and cannot hold.
    """
    with _flat_objective(model):
        try:
            form = LinearStandardFormCompiler().write(model, mixed_form=True, set_sense=None)
        except (ValueError, PyomoException) as error:
            raise InputError(f"the model should be linear and possible: {error}") from error
    # a variable in no row and no objective is no column of the form, but costs and plans need its
    # value
    known = {id(var) for var in form.columns}
    loose = [
        var
        for var in model.component_data_objects(pyo.Var)
        if id(var) not in known and var.parent_component() is not model.never
    ]
    columns = [*form.columns, *loose]
    free = np.inf
    rhs = np.asarray(form.rhs, dtype=float)
    kind = np.array([entry[1] for entry in form.rows], dtype=int)
    low = np.array([-free if var.lb is None else var.lb for var in columns], dtype=float)
    high = np.array([free if var.ub is None else var.ub for var in columns], dtype=float)
    cost = np.zeros(len(columns))
    if form.c.shape[0]:
        cost[: len(form.columns)] = np.asarray(form.c.todense(), dtype=float).ravel()
    found = csr_matrix(form.A)
    matrix = csr_matrix(
        (found.data, found.indices, found.indptr), shape=(found.shape[0], len(columns))
    )
    return Compiled(
        cost=cost,
        offset=float(form.c_offset[0]) if len(form.c_offset) else 0.0,
        matrix=matrix,
        # in mixed form a row is an equation (0), an upper bound (1) or a lower bound (-1)
        row_low=np.where(kind <= 0, rhs, -free),
        row_high=np.where(kind >= 0, rhs, free),
        low=low,
        high=high,
        integer=np.array([not var.is_continuous() for var in columns], dtype=bool),
        row_names=_names((entry[0] for entry in form.rows), ROWS),
        columns=_names(columns, VARIABLES),
        column_of={id(var): at for at, var in enumerate(columns)},
        separable=_separable(model),
    )


def _separable(model: pyo.ConcreteModel) -> dict[str, int]:
    """The year of each disrupted state with a probability that is no coverage test."""
    instance: Instance | None = getattr(model, "instance", None)
    return {
        state.name: state.year
        for state in (() if instance is None else instance.states.values())
        if state.mode == "disrupted" and state.probability > 0 and not state.coverage_test
    }


def _names(members: Iterable[Any], register: Mapping[str, Any]) -> tuple[tuple[str, Any], ...]:
    """(family, index) of rows or variables."""
    families: dict[int, str] = {}
    found = []
    for member in members:
        component = member.parent_component()
        family = families.get(id(component))
        if family is None:
            name = component.name
            family = name if name in register or name == "never" else USER + name
            families[id(component)] = family
        found.append((family, member.index()))
    return tuple(found)


_grouped: list[tuple[tuple[tuple[str, Any], ...], Integers]] = []
"""The names of columns last seen, with their groups: programs that differ in sides, bounds and
costs share one tuple of names, and finding the groups takes seconds in large ones."""


def unit_groups(program: Compiled) -> Integers:
    """Number of the group of each column: columns that are counted in one unit are a group. Integer
    columns and decisions between 0 and 1 are the group 0; a column that is not in the register is a
    group of its own."""
    known = next((groups for names, groups in _grouped if names is program.columns), None)
    if known is None:
        known = _groups_of(program.columns)
        _grouped[:] = [(program.columns, known), *_grouped[:1]]
    found: Integers = known.copy()
    found[program.integer] = 0
    return found


def _groups_of(columns: tuple[tuple[str, Any], ...]) -> Integers:
    """The groups by the names of columns alone."""
    place: dict[str, int] = {}
    kinds: dict[str, str] = {}
    for name, doc in VARIABLES.items():
        index = doc.index.split(", ")
        if doc.unit == "0 or 1":
            kinds[name] = "whole"
        elif doc.unit.startswith("commodity units") and "commodity" in index:
            kinds[name], place[name] = "commodity", index.index("commodity")
        elif doc.unit.startswith("units of activity"):
            kinds[name], place[name] = "plant", 0
        elif doc.unit == "USD million":
            kinds[name] = "money"
    known: dict[Any, int] = {}
    found = np.zeros(len(columns), dtype=np.int64)
    for at, (family, index) in enumerate(columns):
        kind, key = kinds.get(family), place.get(family)
        if kind == "whole":
            continue
        group: tuple[str, Any] = (family, index)
        if kind is not None:
            group = (kind, None if key is None else parts_of(index)[key])
        found[at] = known.setdefault(group, len(known) + 1)
    return found


@contextmanager
def _flat_objective(model: pyo.ConcreteModel) -> Iterator[None]:
    """Replaces the sum of named expressions in the objective by one list of terms for a while.
    Pyomo reads that faster, and coefficients are added in the order in which the terms are
    written."""
    objective = next(model.component_data_objects(pyo.Objective, active=True), None)
    flat = None if objective is None else _flat(objective.expr)
    if objective is None or flat is None:
        yield
        return
    named = objective.expr
    objective.set_value(flat)
    try:
        yield
    finally:
        objective.set_value(named)


def _flat(expression: Any) -> LinearExpression | None:
    """The terms of a sum of named linear expressions in one list; ``None`` for anything else."""
    constant, coefficients, variables = 0.0, list[float](), list[Any]()
    waiting = [expression]
    while waiting:
        part = waiting.pop(0)
        if isinstance(part, LinearExpression):
            constant += part.constant
            coefficients += part.linear_coefs
            variables += part.linear_vars
        elif isinstance(part, SumExpression):
            waiting[:0] = part.args
        elif isinstance(part, NamedExpressionData):
            waiting.insert(0, part.expr)
        elif isinstance(part, MonomialTermExpression):
            coefficients.append(pyo.value(part.args[0]))
            variables.append(part.args[1])
        elif isinstance(part, int | float):
            constant += part
        else:
            return None
    return LinearExpression(constant=constant, linear_coefs=coefficients, linear_vars=variables)


class Values:
    """The value of every variable, by family and index."""

    def __init__(self, program: Compiled, values: Array) -> None:
        self.families: dict[str, dict[Any, float]] = defaultdict(dict)
        for (family, index), value in zip(program.columns, values.tolist(), strict=True):
            self.families[family][index] = value
        self.sizes: dict[int, dict[str, float]] = {}
        """Nameplate of projects in service by year, as far as :func:`project_sizes` has computed
        it."""
        self.capacities: dict[int, dict[str, float]] = {}
        """Credited capacity likewise, of :func:`project_capacities`."""

    @property
    def committed(self) -> dict[Any, float]:
        """Values of the commitments, by (project, year)."""
        return self.families["committed"]

    @property
    def added_size(self) -> dict[Any, float]:
        """Values of the added sizes, by (project, year)."""
        return self.families["added_size"]

    @property
    def size_beyond(self) -> dict[Any, float]:
        """Values of the sizes beyond one from which on units cost less, by (project, part,
        year)."""
        return self.families["size_beyond"]

    @property
    def closed(self) -> dict[Any, float]:
        """Values of the closings, by (plant, year)."""
        return self.families["closed"]

    @property
    def mothballed(self) -> dict[Any, float]:
        """Values of the years mothballed, by (plant, year)."""
        return self.families["mothballed"]

    def of(self, family: str) -> dict[Any, float]:
        """Values of one family by index."""
        return self.families[family]
