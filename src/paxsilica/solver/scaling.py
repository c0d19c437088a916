"""Scaling of a program before the solver sees it.

The tolerances of a solver are absolute, and it drops entries below 1e-9. Both depend on the units
in which a user counts. So each column is divided by a natural size of its quantity, each row is
divided by the size of its entries, and the objective is divided by the largest cost.

Columns that are counted in one unit (those of a commodity, of a plant, of money) form a *group* and
share one scale; decisions with the unit ``0 or 1`` and integer columns are not scaled. The scale of
a group has two factors:

- a *mantissa*, found by following entries from group to group along a fixed spanning tree, so that
  the entries of the tree become powers of two. If a user changes a unit by a factor, the mantissas
  change by the same factor and the scaled program stays the same.
- a power of two, from the least-squares fit of all entries to the size 1 (Curtis and Reid 1972), in
  which sides and bounds take part with a small weight.

Scaled numbers are rounded to :data:`BITS` binary digits, so that noise in the last digits does not
make two programs out of one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csr_matrix
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import LinearOperator, cg

from paxsilica.errors import InputError, Problem
from paxsilica.model.registry import USER, parts_of
from paxsilica.solver.program import ADDED, Array, Compiled, Integers, unit_groups

BITS = 40
"""Binary digits of a scaled number: a relative change of at most 5e-13."""

LEVEL = 10
"""A quantity of natural size is 2 to this power in the scaled program, as plans mostly are in the
units that people choose: the absolute tolerance of the solver is then a billionth of it."""

COSTS = 15
"""The largest cost is 2 to this power in the scaled program."""

CONSTANTS = 0.01
"""Weight of a side or bound in the fit; an entry of the matrix has the weight 1."""

SMALLEST, LARGEST = 1e-9, 1e15
"""Entries that the solver drops, and entries that it refuses."""

ROOM = 20
"""By how many powers of two a row may be scaled up or bent to keep its smallest entry."""

NOISE = 1e-7
"""Scaled values up to this size are noise and are zero: a ten-billionth of a natural size."""

SHIFT = 0.0123
"""Added before rounding to a power of two: simple numbers are then no ties."""


@dataclass(frozen=True)
class Scaling:
    """Positive factors: a column of the user is ``columns`` times the scaled one, a scaled row is
    ``rows`` times that of the user, and the scaled objective ``objective`` times that of the
    user."""

    columns: Array
    rows: Array
    objective: float

    @classmethod
    def of(cls, program: Compiled) -> Scaling:
        """The scaling of a program.

        Raises:
            InputError: if an entry is too small or too large beside others for any scaling.
        """
        if not len(program.cost):
            return cls(np.ones(0), np.ones(len(program.row_low)), 1.0)
        with np.errstate(over="ignore"):
            columns, mantissas, whole = _columns(program)
            rows = _rows(program, columns, mantissas, whole)
        largest = float(np.abs(program.cost * columns).max(initial=0.0))
        found = cls(columns, rows, 2.0**COSTS / largest if largest else 1.0)
        _check(program, found)
        return found

    def program(self, program: Compiled) -> Compiled:
        """The scaled program."""
        parts = (self.entries(program.matrix, 0), program.matrix.indices, program.matrix.indptr)
        matrix = csr_matrix(parts, shape=program.matrix.shape, copy=True)
        # the check leaves such entries only in rows that a study adds: sums of costs with rounding
        matrix.data[np.abs(matrix.data) <= SMALLEST] = 0.0
        matrix.eliminate_zeros()
        return replace(
            program,
            cost=rounded(program.cost * self.columns * self.objective),
            offset=program.offset * self.objective,
            matrix=matrix,
            row_low=rounded(program.row_low * self.rows),
            row_high=rounded(program.row_high * self.rows),
            low=rounded(program.low / self.columns),
            high=rounded(program.high / self.columns),
        )

    def entries(self, matrix: csr_matrix, first: int) -> Array:
        """Scaled entries of a matrix whose columns begin at the column ``first``."""
        return rounded(
            matrix.data
            * self.columns[first + matrix.indices]
            * np.repeat(self.rows, np.diff(matrix.indptr))
        )

    def values(self, scaled: Array) -> Array:
        """Values of columns in the units of the user, without noise; see :data:`NOISE`."""
        return np.where(np.abs(scaled) <= NOISE, 0.0, scaled) * self.columns

    def row_duals(self, scaled: Array) -> Array:
        """Duals of rows in the units of the user."""
        return scaled * self.rows / self.objective

    def column_duals(self, scaled: Array) -> Array:
        """Reduced costs in the units of the user."""
        return scaled / self.columns / self.objective

    def extended(self, program: Compiled) -> Scaling:
        """The same factors for a program with further columns, whose largest entries become
        powers of two near 1."""
        first = len(self.columns)
        more = program.matrix.tocsc()[:, first:]
        sizes = np.abs(more.data) * self.rows[more.indices]
        largest = np.zeros(more.shape[1])
        np.maximum.at(largest, np.repeat(np.arange(len(largest)), np.diff(more.indptr)), sizes)
        largest[(largest == 0) | program.integer[first:]] = 1.0
        return replace(self, columns=np.append(self.columns, 1.0 / largest))


def rounded(numbers: Array) -> Array:
    """The numbers with :data:`BITS` binary digits."""
    mantissa, exponent = np.frexp(numbers)
    return np.asarray(np.ldexp(np.round(np.ldexp(mantissa, BITS)), exponent - BITS))


@dataclass(frozen=True)
class _Pairs:
    """The first entry of each row in each group, and the mean of the binary logarithms of all.
    Rows that studies add are left out: they are sums of costs, and decide no size."""

    row: Integers
    group: Integers
    first: Array
    mean: Array


def _pairs(program: Compiled, groups: Integers, count: int) -> _Pairs:
    matrix = program.matrix
    row = np.repeat(np.arange(matrix.shape[0], dtype=np.int64), np.diff(matrix.indptr))
    sizes = np.abs(matrix.data)
    there = (sizes > 0) & np.array(
        [family != ADDED for family, _ in program.row_names], dtype=bool
    )[row]
    key = row[there] * count + groups[matrix.indices[there]]
    sizes = sizes[there]
    keys, first, at, times = np.unique(
        key, return_index=True, return_inverse=True, return_counts=True
    )
    mean = _sums(at, np.log2(sizes), len(keys)) / times
    return _Pairs(keys // count, keys % count, sizes[first], mean)


def _columns(program: Compiled) -> tuple[Array, Array, NDArray[np.bool_]]:
    """Scale of each column, mantissa of each row (1 over its size in the tree; 0 for rows that the
    tree does not reach), and which columns are not scaled."""
    groups = unit_groups(program)
    count = int(groups.max(initial=0)) + 1
    pairs = _pairs(program, groups, count)
    sizes, rows = _tree(program, groups, pairs, count)
    levels = _levels(program, groups, pairs, count)
    scales = sizes * 2.0 ** (np.round(levels - np.log2(sizes) + SHIFT) - LEVEL)
    scales[0] = 1.0
    return scales[groups], rows, groups == 0


def _sides(program: Compiled) -> Array:
    """A finite side of each row other than zero, in size; 0 if it has none."""
    found = np.zeros(len(program.row_low))
    for side in (program.row_high, program.row_low):
        found = np.where(np.isfinite(side) & (side != 0), np.abs(side), found)
    return found


def _bounds(program: Compiled, groups: Integers, count: int) -> tuple[Array, Array]:
    """The first finite bound of each group other than zero, in size (0 if it has none), and the
    mean of the logarithms of all."""
    bound = np.zeros(len(program.cost))
    for side in (program.low, program.high):
        bound = np.where(np.isfinite(side) & (side != 0), np.abs(side), bound)
    at = np.flatnonzero((bound > 0) & (groups > 0))
    first = np.zeros(count)
    first[groups[at][::-1]] = bound[at][::-1]
    sums = _sums(groups[at], np.log2(bound[at]), count)
    return first, sums / np.maximum(np.bincount(groups[at], minlength=count), 1)


def _tree(program: Compiled, groups: Integers, pairs: _Pairs, count: int) -> tuple[Array, Array]:
    """Sizes of groups and of rows up to powers of two. Along a spanning tree of each connected part
    of the program an entry times both sizes is 1; each part is fixed by its first constant."""
    height = program.matrix.shape[0]
    sizes, rows = np.zeros(count), np.zeros(height)
    sizes[0] = 1.0
    inner = pairs.group > 0
    row, group, first = pairs.row[inner], pairs.group[inner], pairs.first[inner]
    graph = coo_matrix(
        (np.ones(len(row)), (row, height + group)), shape=(height + count, height + count)
    )
    part = connected_components(graph, directed=False)[1]
    roots = np.unique(part[height + 1 :], return_index=True)[1] + 1
    sizes[roots] = 1.0
    todo = np.arange(len(row))
    while len(todo):
        for known, unknown, source, target in (
            (sizes, rows, group, row),
            (rows, sizes, row, group),
        ):
            at = todo[(known[source[todo]] > 0) & (unknown[target[todo]] == 0)][::-1]
            # of several entries the first one counts: it is written last
            unknown[target[at]] = _mantissa(1.0 / (first[at] * known[source[at]]))
        todo = todo[(rows[row[todo]] == 0) | (sizes[group[todo]] == 0)]
    # each part of the program is fixed by an integer entry, a side or a bound, in this order
    factor = np.zeros(int(part.max(initial=0)) + 1)
    bound = _bounds(program, groups, count)[0]
    at = np.flatnonzero(bound[1:] > 0)[::-1] + 1
    factor[part[height + at]] = bound[at] / sizes[at]
    side = _sides(program)
    at = np.flatnonzero((side > 0) & (rows > 0))[::-1]
    factor[part[at]] = side[at] * rows[at]
    whole = np.flatnonzero(~inner)[::-1]
    whole = whole[rows[pairs.row[whole]] > 0]
    factor[part[pairs.row[whole]]] = pairs.first[whole] * rows[pairs.row[whole]]
    factor = np.where(factor > 0, factor, 1.0)
    sizes[1:] = _mantissa(sizes[1:] * factor[part[height + 1 :]])
    rows = np.where(rows > 0, _mantissa(rows / factor[part[:height]]), 0.0)
    alone = np.flatnonzero(~inner)
    alone = alone[rows[pairs.row[alone]] == 0]
    rows[pairs.row[alone]] = _mantissa(1.0 / pairs.first[alone])
    return sizes, rows


def _mantissa(numbers: Array) -> Array:
    """The numbers without their powers of two, from 1/2 to 1; 0 stays 0."""
    return np.asarray(np.frexp(numbers)[0])


def _sums(at: Integers, amounts: Array, count: int) -> Array:
    """Sum of the amounts at each position from 0 to ``count``."""
    return np.bincount(at, weights=amounts, minlength=count).astype(float)


def _levels(program: Compiled, groups: Integers, pairs: _Pairs, count: int) -> Array:
    """Binary logarithm of the natural size of each group, by least squares: entries, sides and
    bounds of the scaled program should be near 1."""
    if count == 1:
        return np.zeros(1)
    side, (known, bound) = _sides(program), _bounds(program, groups, count)
    has_side, has_bound = np.flatnonzero(side), (known > 0) * CONSTANTS
    height = len(side)
    row = np.concatenate([pairs.row, has_side])
    group = np.concatenate([pairs.group, np.zeros_like(has_side)])
    weight = np.concatenate([np.ones(len(pairs.row)), np.full(len(has_side), CONSTANTS)])
    log = np.concatenate([pairs.mean, np.log2(side[has_side])])
    total = _sums(row, weight, height)
    mean = _sums(row, weight * log, height) / np.maximum(total, CONSTANTS)
    pull = _sums(group, weight * (mean[row] - log), count)
    pull += has_bound * bound
    # rows with the same groups are one row with a multiple weight
    mark = np.random.default_rng(1).random(count)
    marks = _sums(row, weight * mark[group], height)
    first, at, times = np.unique(
        np.round(marks, 9), return_index=True, return_inverse=True, return_counts=True
    )[1:]
    kept = np.zeros(height, dtype=bool)
    kept[first] = True
    mine = kept[row]
    thin = csr_matrix((weight[mine], (at[row[mine]], group[mine])), shape=(len(first), count))
    share = times / np.maximum(total[first], CONSTANTS)
    own = _sums(group, weight, count) + has_bound
    inverse = csr_matrix(thin.T)

    def times_matrix(levels: Array) -> Array:
        levels = np.concatenate([[0.0], levels])
        return np.asarray(own * levels - inverse @ (share * (thin @ levels)))[1:]

    shape = (count - 1, count - 1)
    diagonal = 1.0 / np.maximum(own[1:], CONSTANTS)
    found, _ = cg(
        LinearOperator(shape, matvec=times_matrix, dtype=float),
        pull[1:],
        rtol=1e-10,
        maxiter=2000,
        M=LinearOperator(shape, matvec=lambda x: diagonal * x, dtype=float),
    )
    return np.concatenate([[0.0], found])


def _rows(program: Compiled, columns: Array, mantissas: Array, whole: NDArray[np.bool_]) -> Array:
    """Scale of each row: its largest entry is near 1, where columns that are not scaled count with
    their natural size; a row of equal entries in such columns gets entries of 1."""
    matrix, height = program.matrix, program.matrix.shape[0]
    row = np.repeat(np.arange(height), np.diff(matrix.indptr))
    sizes = np.abs(matrix.data) * columns[matrix.indices]
    there = sizes > 0
    row, sizes, bare = row[there], sizes[there], whole[matrix.indices[there]]
    largest, flat, smallest = np.zeros(height), np.zeros(height), np.full(height, np.inf)
    least = np.full(height, np.inf)
    np.maximum.at(largest, row[~bare], sizes[~bare])
    np.maximum.at(flat, row[bare], sizes[bare])
    np.minimum.at(least, row[bare], sizes[bare])
    np.minimum.at(smallest, row, sizes)
    alone = largest == 0
    even = alone & (flat <= least * (1 + 1e-12))
    size = np.where(alone, np.where(even, flat, flat * 2.0**-LEVEL), largest)
    size = np.maximum(size, flat * 2.0**-ROOM)
    size = np.where(size > 0, size, 1.0)
    mantissas = np.where(mantissas > 0, mantissas, 1.0)
    scale = mantissas * 2.0 ** np.round(-np.log2(size * mantissas) + SHIFT)
    # a row is scaled up where it would lose an entry
    short = np.isfinite(smallest) & (smallest * scale < 4 * SMALLEST)
    missing = np.log2(4 * SMALLEST / np.where(short, smallest * scale, 1.0))
    return np.asarray(scale * np.where(short, 2.0 ** np.clip(np.ceil(missing), 0, ROOM), 1.0))


def _check(program: Compiled, scaling: Scaling) -> None:
    """Refuses entries that the solver would drop or refuse."""
    matrix = program.matrix
    sizes = np.abs(scaling.entries(matrix, 0))
    wrong = np.flatnonzero(
        ((sizes <= SMALLEST) & (matrix.data != 0)) | (sizes >= LARGEST) | ~np.isfinite(sizes)
    )
    rows = np.searchsorted(matrix.indptr, wrong, side="right") - 1
    problems = [
        _problem(program, sizes, at, row)
        for at, row in zip(wrong.tolist(), rows.tolist(), strict=True)
        if sizes[at] > SMALLEST or program.row_names[row][0] != ADDED
    ]
    if problems:
        raise InputError(problems[:MOST_PROBLEMS])


MOST_PROBLEMS = 20
"""Problems that are listed; one number of the input often stands in many rows."""


def _problem(program: Compiled, sizes: Array, at: int, row: int) -> Problem:
    """The problem of the entry at a position of the matrix."""
    matrix = program.matrix
    small = bool(sizes[at] <= SMALLEST)
    others = range(matrix.indptr[row], matrix.indptr[row + 1])
    beside = (max if small else min)(others, key=lambda one: float(sizes[one]))
    return Problem(
        "model",
        words_of(*program.row_names[row]),
        words_of(*program.columns[matrix.indices[at]]),
        f"{matrix.data[at]:.10g}",
        f"too {'small' if small else 'large'} for the solver beside {matrix.data[beside]:.10g} for"
        f" {words_of(*program.columns[matrix.indices[beside]])}, in every unit; expected: 0 if the"
        " number does not matter, or a size that can be compared with the other numbers",
    )


def words_of(family: str, index: Any) -> str:
    """The name of a row or column in words."""
    name = family.removeprefix(USER).replace("_", " ")
    parts = () if index is None else parts_of(index)
    return f"{name} of {', '.join(map(str, parts))}" if parts else name
