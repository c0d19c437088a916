"""Scales of rows and columns, so that the tolerances of the solver, which are absolute, do not
depend on the units of the data.

The scales are those of Curtis and Reid (1972): they bring the logarithms of all coefficients near
to zero in the sense of least squares. Sides of rows and bounds of columns count like coefficients,
so that the values of variables come near to one as well. The unit in which a commodity is counted
multiplies rows and columns by constants, which the scales take out again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags
from scipy.sparse.linalg import LinearOperator, cg

from paxsilica.solver.program import Array, Compiled

ACCURACY = 1e-3
"""Relative accuracy of the logarithms, which are rounded to whole powers of two."""

MOST_STEPS = 200

NOISE = 1e-15
"""Share of the largest coefficient of a row below which a coefficient is rounding of the data."""


@dataclass(frozen=True)
class Scaling:
    """Factors of rows, and units of columns: ``x = columns * (x as the solver sees it)``. All are
    powers of two, so that scaling loses no digit."""

    rows: Array
    columns: Array

    def apply(self, program: Compiled) -> Compiled:
        """The program as the solver sees it; its objective is the same."""
        matrix = diags(self.rows) @ program.matrix @ diags(self.columns)
        return replace(
            program,
            cost=program.cost * self.columns,
            matrix=csr_matrix(matrix),
            row_low=program.row_low * self.rows,
            row_high=program.row_high * self.rows,
            low=program.low / self.columns,
            high=program.high / self.columns,
        )


def without_noise(program: Compiled) -> Compiled:
    """The program without coefficients that are rounding of the data."""
    matrix = program.matrix.copy()
    matrix.data[~_kept(matrix)] = 0.0
    matrix.eliminate_zeros()
    return replace(program, matrix=matrix)


def scaling_of(program: Compiled) -> Scaling:
    """The scales of a program; those of integer columns are 1."""
    given, shape = program.matrix, program.matrix.shape
    pattern = csr_matrix((np.ones(given.nnz), given.indices, given.indptr), shape=shape)
    logs = csr_matrix((np.log2(np.abs(given.data)), given.indices, given.indptr), shape=shape)
    sides, bounds = _size(program.row_low, program.row_high), _size(program.low, program.high)
    # the derivative of the sum of squares is zero in each row and each column
    rows = np.maximum(1.0, pattern.sum(axis=1).A1 + (sides > 0))
    of_rows = -logs.sum(axis=1).A1 - _logs(sides)
    free = np.flatnonzero(~program.integer)
    columns = np.zeros(shape[1])
    if len(free):
        part = pattern[:, free]
        back = part.T.tocsr()
        weight = np.maximum(1.0, part.sum(axis=0).A1 + (bounds[free] > 0))
        wanted = -logs[:, free].sum(axis=0).A1 + _logs(bounds[free]) - back @ (of_rows / rows)

        def times(some: Array) -> Array:
            result: Array = weight * some - back @ ((part @ some) / rows)
            return result

        size = (len(free), len(free))
        columns[free] = cg(
            LinearOperator(size, matvec=times, dtype=float),
            wanted,
            rtol=ACCURACY,
            maxiter=MOST_STEPS,
            M=diags(1 / weight),
        )[0]
    found = (of_rows - pattern @ columns) / rows
    return Scaling(np.exp2(np.round(found)), np.exp2(np.round(columns)))


def _kept(matrix: csr_matrix) -> NDArray[np.bool_]:
    """Which coefficients count: all but zeros and noise."""
    sizes = abs(matrix).tocoo()
    largest = abs(matrix).max(axis=1).toarray().ravel() if matrix.nnz else np.zeros(0)
    return np.asarray(sizes.data > NOISE * largest[sizes.row])


def _size(low: Array, high: Array) -> Array:
    """The larger of two sides or bounds in absolute terms, of those that are finite; else 0."""
    finite = [np.where(np.isfinite(one), np.abs(one), 0.0) for one in (low, high)]
    return np.maximum(*finite)


def _logs(sizes: Array) -> Array:
    """Logarithms, and zero for zero."""
    return np.log2(sizes, where=sizes > 0, out=np.zeros_like(sizes))
