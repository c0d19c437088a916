"""First derivatives of a linear program with respect to the numbers that it is made from.

Numbers are replaced by :class:`Traced` floats before the model is built. They carry their
derivatives through the arithmetic of the model (forward differentiation), and
:func:`derivatives` reads them from the coefficients, sides and bounds of the finished model.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, SupportsIndex

import numpy as np
import pyomo.environ as pyo
from numpy.typing import NDArray
from pyomo.common.numeric_types import RegisterNumericType

from paxsilica.errors import PaxSilicaError
from paxsilica.solver.program import Array, Compiled, _flat


class Traced(float):
    """A float with its derivatives with respect to numbered inputs.

    >>> price, mass = Traced(3.0, {0: 1.0}), Traced(2.0, {1: 1.0})
    >>> cost = price * mass + 1.0
    >>> float(cost), dict(cost.slopes)
    (7.0, {0: 2.0, 1: 3.0})
    """

    __slots__ = ("slopes",)
    slopes: Mapping[int, float]

    def __new__(cls, value: float, slopes: Mapping[int, float]) -> Traced:
        """A number with its derivatives by input."""
        made = super().__new__(cls, value)
        made.slopes = slopes
        return made

    def _chain(self, value: float, slope: float, other: Any = 0.0, rest: float = 0.0) -> Traced:
        """A result with the derivative ``slope`` with respect to this number and ``rest`` with
        respect to the other."""
        slopes = (
            self.slopes
            if slope == 1.0
            else {at: slope * value for at, value in self.slopes.items()}
        )
        if isinstance(other, Traced) and rest:
            slopes = dict(slopes)
            for at, one in other.slopes.items():
                slopes[at] = slopes.get(at, 0.0) + rest * one
        return Traced(value, slopes)

    def __add__(self, other: float) -> Traced:
        return self._chain(float.__add__(self, other), 1.0, other, 1.0)

    __radd__ = __add__

    def __sub__(self, other: float) -> Traced:
        return self._chain(float.__sub__(self, other), 1.0, other, -1.0)

    def __rsub__(self, other: float) -> Traced:
        return self._chain(float.__rsub__(self, other), -1.0)

    def __mul__(self, other: float) -> Traced:
        return self._chain(float.__mul__(self, other), float(other), other, float(self))

    __rmul__ = __mul__

    def __truediv__(self, other: float) -> Traced:
        value = float.__truediv__(self, other)
        return self._chain(value, 1.0 / float(other), other, -value / float(other))

    def __rtruediv__(self, other: float) -> Traced:
        value = float.__rtruediv__(self, other)
        return self._chain(value, -value / float(self))

    def __pow__(self, power: float, modulus: None = None) -> Traced:
        value = float(self) ** float(power)
        slope = float(power) * float(self) ** (float(power) - 1.0)
        rest = value * math.log(self) if isinstance(power, Traced) else 0.0
        return self._chain(value, slope, power, rest)

    def __neg__(self) -> Traced:
        return self._chain(-float(self), -1.0)

    def __pos__(self) -> Traced:
        return self

    def __abs__(self) -> Traced:
        return self if self >= 0 else -self

    def __round__(self, digits: SupportsIndex | None = None) -> Any:
        raise PaxSilicaError("a rounded number has no derivative")


RegisterNumericType(Traced)  # Pyomo keeps such numbers as they are


@dataclass(frozen=True)
class Derivatives:
    """Derivatives of the entries of a program, one per element of the arrays.

    Attributes:
        kind: ``cost``, ``entry`` (of the matrix), ``side`` (of a row), ``low`` or ``high`` (bound
            of a column), as positions in :data:`KINDS`.
        row: row of the entry, or -1.
        column: column of the entry, or -1; both are -1 for a constant of the objective.
        number: input with respect to which the derivative is taken.
        value: the derivative.
    """

    kind: NDArray[np.int8]
    row: NDArray[np.intp]
    column: NDArray[np.intp]
    number: NDArray[np.intp]
    value: Array

    def of(self, kind: str) -> NDArray[np.bool_]:
        """Which elements are of a kind."""
        found: NDArray[np.bool_] = self.kind == KINDS.index(kind)
        return found


KINDS = ("cost", "entry", "side", "low", "high")


def derivatives(model: pyo.ConcreteModel, program: Compiled) -> Derivatives:
    """Derivatives of the entries of ``program``, which :func:`compile_model` made from ``model``,
    with respect to the traced numbers in it.

    Raises:
        PaxSilicaError: if the objective is no sum of linear terms.
    """
    found = [
        (KINDS.index(kind), row, column, number, slope)
        for kind, row, column, value in _entries(model, program)
        if isinstance(value, Traced)
        for number, slope in value.slopes.items()
        if slope
    ]
    columns = list(zip(*found, strict=True)) or [()] * 5
    return Derivatives(
        np.array(columns[0], dtype=np.int8),
        np.array(columns[1], dtype=np.intp),
        np.array(columns[2], dtype=np.intp),
        np.array(columns[3], dtype=np.intp),
        np.array(columns[4], dtype=float),
    )


def _entries(model: pyo.ConcreteModel, program: Compiled) -> Iterator[tuple[str, int, int, Any]]:
    """Kind, row, column and value of the entries, as the model holds them."""
    at = program.column_of
    for objective in model.component_data_objects(pyo.Objective, active=True):
        flat = _flat(objective.expr)
        if flat is None:
            raise PaxSilicaError("the objective should be a sum of linear terms")
        yield "cost", -1, -1, flat.constant
        for value, var in zip(flat.linear_coefs, flat.linear_vars, strict=True):
            yield "cost", -1, at[id(var)], value
    for family in model.component_objects(pyo.Constraint, active=True):
        for index, data in family.items():
            row = program.row_at.get((family.name, index))
            if row is None:
                continue
            low, body, high = data.to_bounded_expression()
            # an equation has one side
            yield "side", row, -1, high if low is None else low
            for value, var in zip(body.linear_coefs, body.linear_vars, strict=True):
                yield "entry", row, at[id(var)], value
    for var in model.component_data_objects(pyo.Var):
        column = at.get(id(var))
        if column is not None:
            yield "low", -1, column, _active(var.lower, var.lb)
            yield "high", -1, column, _active(var.upper, var.ub)


def _active(bound: Any, value: float | None) -> Any:
    """The bound of a column as the model states it: the tighter one of variable and domain."""
    parts = (bound,) if isinstance(bound, float) else getattr(bound, "args", ())
    return next((part for part in parts if isinstance(part, Traced) and part == value), None)
