"""Verification of a solution in the units of the user, without the scaled program.

The violation of a row is compared with the size of what stands in it: the sum of its terms, its
sides, and a small share of what its largest term would be if its column had its typical size (a row
in which everything is nearly zero is no finding). The violation of a bound is compared with the
bound and a small share of the typical size of its column.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from paxsilica.solver.program import Array, Compiled, unit_groups

TOLERANCE = 1e-6
"""Largest violation, relative to the size of the row or bound."""

FLOOR = 1e-3
"""Share of the typical size that counts in the size of a row or bound."""


@dataclass(frozen=True)
class Violation:
    """The largest relative violation, and where it is: (family, index) of the row or column."""

    size: float
    where: tuple[str, object] | None = None


def violation(program: Compiled, values: Array) -> Violation:
    """The largest relative violation of a row, a bound, or integrality by ``values``."""
    worst = Violation(0.0)
    if not len(values):
        return worst
    typical, terms = _typical(program, values)
    if len(program.row_low):
        scale = abs(program.matrix) @ np.abs(values) + FLOOR * terms
        found = _relative(program.matrix @ values, program.row_low, program.row_high, scale)
        at = int(np.argmax(found))
        worst = Violation(float(found[at]), program.row_names[at])
    found = _relative(values, program.low, program.high, FLOOR * typical)
    off = np.abs(values - np.round(values))
    found = np.where(program.integer, np.maximum(found, off), found)
    at = int(np.argmax(found))
    return Violation(float(found[at]), program.columns[at]) if found[at] > worst.size else worst


def _typical(program: Compiled, values: Array) -> tuple[Array, Array]:
    """By column, the largest value of a column that is counted in the same unit, or the least value
    that is as large as the largest term of some row of it with other units; by row, its largest
    term at these values."""
    matrix, groups = program.matrix, unit_groups(program)
    rows, count = matrix.shape[0], int(groups.max()) + 1
    row, group = np.repeat(np.arange(rows), np.diff(matrix.indptr)), groups[matrix.indices]
    sizes = np.abs(matrix.data)
    largest = np.zeros(count)
    np.maximum.at(largest, groups, np.abs(values))
    largest[0] = max(1.0, largest[0])
    first, last = np.full(rows, count), np.zeros(rows, dtype=np.int64)
    np.minimum.at(first, row, group)
    np.maximum.at(last, row, group)
    terms = np.zeros(rows)
    np.maximum.at(terms, row, sizes * largest[group])
    least = np.full(len(values), np.inf)
    at = np.flatnonzero((first < last)[row] & (sizes > 0) & (group > 0))
    np.minimum.at(least, matrix.indices[at], terms[row[at]] / sizes[at])
    np.maximum.at(largest, groups, np.where(np.isfinite(least), least, 0.0))
    np.maximum.at(terms, row, sizes * largest[group])
    return largest[groups], terms


def _relative(values: Array, low: Array, high: Array, scale: Array) -> Array:
    """How far values are outside of their sides, relative to the sides and to ``scale``."""
    over = np.maximum(np.maximum(low - values, values - high), 0.0)
    for side in (low, high):
        scale = scale + np.where(np.isfinite(side), np.abs(side), 0.0)
    return np.where(over > 0, over / np.where(scale > 0, scale, 1.0), 0.0)
