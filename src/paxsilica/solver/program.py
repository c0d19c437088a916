"""From a Pyomo model to arrays: the only form in which the solver sees it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import pyomo.environ as pyo
from numpy.typing import NDArray
from pyomo.repn.plugins.standard_form import LinearStandardFormCompiler
from scipy.sparse import csr_matrix, vstack

from paxsilica.model.registry import Terms

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Compiled:
    """A mixed-integer program ``min cost x + offset`` with ``row_low <= matrix x <= row_high`` and
    ``low <= x <= high``.

    Attributes:
        matrix: shape (rows, columns).
        integer: which columns must be whole.
        row_names: (family, index) of each row, as in the Pyomo model.
        column_of: position of a Pyomo variable by ``id``.
        columns: (family, index) of each column.
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

    def with_rows(self, at: NDArray[np.intp], low: Array, high: Array) -> Compiled:
        """The same program with the sides of some rows set anew."""
        row_low, row_high = self.row_low.copy(), self.row_high.copy()
        row_low[at], row_high[at] = low, high
        return replace(self, row_low=row_low, row_high=row_high)

    def with_columns(self, at: NDArray[np.intp], low: Array, high: Array) -> Compiled:
        """The same program with the bounds of some columns set anew."""
        new_low, new_high = self.low.copy(), self.high.copy()
        new_low[at], new_high[at] = low, high
        return replace(self, low=new_low, high=new_high)

    def fixed(self, at: NDArray[np.intp], values: Array) -> Compiled:
        """The same program with some columns held at ``values`` and no longer integer."""
        low, high, integer = self.low.copy(), self.high.copy(), self.integer.copy()
        low[at], high[at], integer[at] = values, values, False
        return replace(self, low=low, high=high, integer=integer)

    def restricted(self, at: NDArray[np.intp], values: Array) -> Compiled:
        """The program in the columns ``at`` alone, all others held at ``values``; rows without any
        of these columns are left out."""
        mask = np.zeros(len(self.cost), dtype=bool)
        mask[at] = True
        rest = np.where(mask, 0.0, values)
        moved = self.matrix @ rest
        part = self.matrix[:, at].tocsr()
        rows = np.flatnonzero(np.diff(part.indptr))
        return Compiled(
            cost=self.cost[at],
            offset=self.offset + float(self.cost @ rest),
            matrix=part[rows],
            row_low=(self.row_low - moved)[rows],
            row_high=(self.row_high - moved)[rows],
            low=self.low[at],
            high=self.high[at],
            integer=self.integer[at],
            row_names=tuple(self.row_names[row] for row in rows),
            columns=tuple(self.columns[column] for column in at),
            column_of={},
        )

    def relaxed(self) -> Compiled:
        """The same program without integrality."""
        return replace(self, integer=np.zeros_like(self.integer))

    def without_rows(self, at: NDArray[np.intp]) -> Compiled:
        """The same program with some rows free."""
        row_low, row_high = self.row_low.copy(), self.row_high.copy()
        row_low[at], row_high[at] = -np.inf, np.inf
        return replace(self, row_low=row_low, row_high=row_high)

    def with_row(self, coefficients: Array, high: float) -> Compiled:
        """The same program with one more row, ``coefficients x <= high``."""
        return replace(
            self,
            matrix=csr_matrix(vstack([self.matrix, csr_matrix(coefficients)])),
            row_low=np.append(self.row_low, -np.inf),
            row_high=np.append(self.row_high, high),
            row_names=(*self.row_names, ("held", None)),
        )

    def minimising(self, cost: Array, offset: float = 0.0) -> Compiled:
        """The same program with another objective."""
        return replace(self, cost=cost, offset=offset)


def compile_model(model: pyo.ConcreteModel) -> Compiled:
    """Arrays of ``model``; fails on anything that is not linear."""
    form = LinearStandardFormCompiler().write(model, mixed_form=True, set_sense=None)
    # a variable that stands in no row and no objective is no column of the form, yet costs and
    # plans ask for its value
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
        row_names=tuple(
            (entry[0].parent_component().local_name, entry[0].index()) for entry in form.rows
        ),
        columns=tuple((var.parent_component().local_name, var.index()) for var in columns),
        column_of={id(var): at for at, var in enumerate(columns)},
    )


class Values:
    """The value of every variable, by family and index."""

    def __init__(self, program: Compiled, values: Array) -> None:
        self.families: dict[str, dict[Any, float]] = defaultdict(dict)
        for (family, index), value in zip(program.columns, values.tolist(), strict=True):
            self.families[family][index] = value
        self.sizes: dict[int, dict[str, float]] = {}
        """Nameplate of projects in service by year, as far as :func:`project_sizes` has been asked
        for it."""

    def of(self, family: str) -> dict[Any, float]:
        """Values of one family by index."""
        return self.families[family]
