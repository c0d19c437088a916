"""The parts of a decomposition: which rows and columns belong to which operating state, and the
linear program of one state, whose optimum is a convex function of the decisions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack, identity

from paxsilica.case import Solver
from paxsilica.errors import PaxSilicaError
from paxsilica.model.registry import VARIABLES
from paxsilica.solver.highs import solve
from paxsilica.solver.persistent import PersistentProgram
from paxsilica.solver.program import Array, Compiled

Positions = NDArray[np.intp]

MASTER = -1
"""Label of the rows and columns that belong to no subproblem."""

SLIGHT = 1e-6
"""Violation of rows below which a subproblem is feasible but for rounding."""


@dataclass(frozen=True)
class Partition:
    """Which subproblem each row and each column of a program belongs to.

    Attributes:
        names: operating states that are subproblems.
        rows, columns: position in ``names``, or :data:`MASTER`.
    """

    names: tuple[str, ...]
    rows: Positions
    columns: Positions

    @classmethod
    def of(cls, program: Compiled) -> Partition:
        """The partition by the separable states of ``program``. A state stays in the master if it
        has integer columns, if one row touches it and another state, or if its cost has no lower
        bound."""
        number = {name: at for at, name in enumerate(program.separable)}
        families = {
            name
            for name, doc in VARIABLES.items()
            if doc.index.rpartition(", ")[2].endswith("state")
        }
        label = np.array(
            [
                number.get(index[-1], MASTER) if family in families else MASTER
                for family, index in program.columns
            ],
            dtype=np.intp,
        )
        stays = set(label[program.integer].tolist())
        matrix = program.matrix
        row_of = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
        touched = label[matrix.indices]
        there = touched != MASTER
        rows, of = row_of[there], touched[there]
        first = np.full(matrix.shape[0], MASTER, dtype=np.intp)
        first[rows] = of
        shared = np.zeros(matrix.shape[0], dtype=bool)
        shared[rows[first[rows] != of]] = True
        stays |= set(of[shared[rows]].tolist())
        ends = np.where(program.cost > 0, program.low, np.where(program.cost < 0, program.high, 0))
        stays |= set(label[np.isinf(ends)].tolist())
        kept = [at for at in range(len(number)) if at not in stays and (label == at).any()]
        names = tuple(program.separable)
        again = np.full(len(number) + 1, MASTER, dtype=np.intp)  # the last is that of the master
        again[kept] = np.arange(len(kept))
        return cls(tuple(names[at] for at in kept), again[first], again[label])

    def subproblems(self, program: Compiled, options: Solver) -> list[Subproblem]:
        """The subproblems, with the columns of the master numbered among themselves."""
        position = np.full(len(self.columns), -1, dtype=np.intp)
        master = np.flatnonzero(self.columns == MASTER)
        position[master] = np.arange(len(master))
        rows, columns = _groups(self.rows, len(self.names)), _groups(self.columns, len(self.names))
        return [
            Subproblem.of(program, name, rows[at], columns[at], position, options)
            for at, name in enumerate(self.names)
        ]


def _groups(label: Positions, count: int) -> list[Positions]:
    """The positions with each label."""
    order = np.argsort(label, kind="stable")
    ends = np.searchsorted(label[order], np.arange(count + 1))
    return [order[ends[at] : ends[at + 1]] for at in range(count)]


@dataclass(frozen=True)
class Reaction:
    """What a subproblem answers to decisions.

    Attributes:
        value: least cost of the state, USD million; if it is infeasible, the least violation of
            its rows, in their units.
        gradient: a subgradient of ``value`` by coupling column.
        feasible: whether the state is possible with these decisions.
        duals: duals of its rows; ``None`` if it is infeasible.
        values: of its columns; ``None`` if it is infeasible.
    """

    value: float
    gradient: Array
    feasible: bool
    duals: Array | None = None
    values: Array | None = None


class Subproblem:
    """One operating state: ``min cost x`` with ``row_low - T y <= A x <= row_high - T y`` for
    decisions ``y``. It stays in the solver and starts from its last basis.

    Attributes:
        columns: columns of the whole program, those of ``program``.
        rows: rows of the whole program, those of ``program``.
        coupling: columns of the master that its rows touch, numbered among those of the master.
    """

    def __init__(
        self,
        name: str,
        program: Compiled,
        rows: Positions,
        columns: Positions,
        coupling: Positions,
        effect: csr_matrix,
        options: Solver,
    ) -> None:
        self.name, self.program, self.options = name, program, options
        self.rows, self.columns, self.coupling = rows, columns, coupling
        self.moved = np.flatnonzero(np.diff(effect.indptr))
        self.effect = csr_matrix(effect[self.moved])
        self.back = csr_matrix(self.effect.T)
        self.least, self.most = _activity_range(program, self.moved)
        self.linear: PersistentProgram | None = None
        self.elastic: PersistentProgram | None = None
        self.last: tuple[Array, Reaction] | None = None

    @classmethod
    def of(
        cls,
        program: Compiled,
        name: str,
        rows: Positions,
        columns: Positions,
        position: Positions,
        options: Solver,
    ) -> Subproblem:
        """The subproblem of some rows and columns; ``position`` numbers the columns of the
        master."""
        there = program.matrix[rows]
        used = np.unique(there.indices)
        outer = used[position[used] >= 0]
        own = replace(program.part(rows, columns), offset=0.0, separable={})
        effect = csr_matrix(there[:, outer])
        return cls(name, own, rows, columns, position[outer], effect, options)

    def __getstate__(self) -> dict[str, Any]:
        """Without the programs in the solver, which cannot move to another process."""
        return self.__dict__ | {"linear": None, "elastic": None, "last": None}

    def at(self, there: Array) -> Reaction:
        """The reaction to the decisions in its coupling columns."""
        if self.last is not None and np.array_equal(self.last[0], there):
            return self.last[1]
        if self.linear is None:
            self.linear = PersistentProgram(self.program, self.options)
            self.linear.silence()
        shift = self._shift(there)
        self.linear.move_rows(self.moved, shift)
        found = self.linear.run()
        if found.status == "infeasible":
            violation, slack, gradient = self._violation(shift)
            if violation > SLIGHT:
                return self._keep(there, Reaction(violation, gradient, False))
            # it is feasible but for rounding: give the rows that much
            program = self.program
            whole = np.zeros(len(program.row_low))
            whole[self.moved] = shift
            reach = 2.0 * np.abs(slack) + 1e-9
            relaxed = program.with_rows(
                np.arange(len(whole)),
                program.row_low + whole - reach,
                program.row_high + whole + reach,
            )
            found = solve(relaxed, self.options)
        if found.objective is None or found.row_duals is None or found.values is None:
            raise PaxSilicaError(f"the subproblem of the state {self.name} is {found.status}")
        gradient = -(self.back @ found.row_duals[self.moved])
        return self._keep(
            there, Reaction(found.objective, gradient, True, found.row_duals, found.values)
        )

    def _keep(self, there: Array, reaction: Reaction) -> Reaction:
        self.last = (there.copy(), reaction)
        return reaction

    def _shift(self, there: Array) -> Array:
        """How far the sides of the moved rows move. A side that rounding of the decisions puts
        slightly out of reach of the row is put at the end of its reach."""
        shift = -np.asarray(self.effect @ there)
        low, high = self.program.row_low[self.moved], self.program.row_high[self.moved]
        under = self.least - (high + shift)
        over = (low + shift) - self.most
        shift = np.where((under > 0) & (under < SLIGHT), shift + under, shift)
        return np.where((over > 0) & (over < SLIGHT), shift - over, shift)

    def _violation(self, shift: Array) -> tuple[float, Array, Array]:
        """Least total violation of the rows, the violation by row, and a subgradient."""
        if self.elastic is None:
            self.elastic = PersistentProgram(_elastic(self.program), self.options)
            self.elastic.silence()
        self.elastic.move_rows(self.moved, shift)
        found = self.elastic.run()
        if found.objective is None or found.row_duals is None or found.values is None:
            raise PaxSilicaError(f"the violation of the state {self.name} is {found.status}")
        count, first = len(self.program.row_low), len(self.program.cost)
        slack = found.values[first : first + count] - found.values[first + count :]
        return found.objective, slack, -(self.back @ found.row_duals[self.moved])


def _activity_range(program: Compiled, rows: Positions) -> tuple[Array, Array]:
    """Least and most of the left side of some rows within the bounds of the columns."""
    part = program.matrix[rows].tocsr()
    row_of = np.repeat(np.arange(len(rows)), np.diff(part.indptr))
    sums = []
    for sign in (1.0, -1.0):
        low, high = program.low[part.indices], program.high[part.indices]
        ends = np.where(sign * part.data > 0, low, high)
        total = np.zeros(len(rows))
        np.add.at(total, row_of, part.data * np.where(part.data == 0, 0.0, ends))
        sums.append(total)
    return sums[0], sums[1]


def _elastic(program: Compiled) -> Compiled:
    """The program whose objective is the total violation of the rows."""
    count, first = len(program.row_low), len(program.cost)
    unit = identity(count, format="csr")
    return replace(
        program,
        cost=np.concatenate([np.zeros(first), np.ones(2 * count)]),
        offset=0.0,
        matrix=csr_matrix(hstack([program.matrix, unit, -unit])),
        low=np.concatenate([program.low, np.zeros(2 * count)]),
        high=np.concatenate([program.high, np.full(2 * count, np.inf)]),
        integer=np.zeros(first + 2 * count, dtype=bool),
        columns=(*program.columns, *(("violation", at) for at in range(2 * count))),
    )


def lower_bound(program: Compiled) -> float:
    """A bound of the cost from the bounds of the columns alone, USD million."""
    there = program.cost != 0
    cost, low, high = program.cost[there], program.low[there], program.high[there]
    return float(np.sum(cost * np.where(cost > 0, low, high)))
