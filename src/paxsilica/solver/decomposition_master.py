"""The master program of a decomposition: the decisions, the operating states that are no
subproblems, and one estimate for the cost of each group of subproblems, bounded by cuts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import highspy
import numpy as np
from scipy.sparse import csr_matrix, hstack, vstack

from paxsilica.case import Solver
from paxsilica.solver.decomposition_parts import MASTER, Partition, Positions
from paxsilica.solver.highs import Outcome
from paxsilica.solver.persistent import PersistentProgram
from paxsilica.solver.program import ADDED, Array, Compiled

NEGLIGIBLE = 1e-12
"""Coefficients of a cut below this share of its largest are left out."""

ROUNDS_SLACK = 6
"""Rounds in which a cut may be slack before it leaves the master."""


@dataclass(frozen=True)
class Cut:
    """``estimate[group] >= constant + coefficients y``; without a group, ``0 >= ...``.

    Attributes:
        sources: (subproblem, duals of its rows) from which the cut is made, if they are kept.
    """

    group: int | None
    constant: float
    columns: Positions
    coefficients: Array
    sources: tuple[tuple[int, Array], ...] = ()

    def value(self, decisions: Array) -> float:
        """Right side at these decisions."""
        return self.constant + float(self.coefficients @ decisions[self.columns])

    @classmethod
    def of(
        cls,
        group: int | None,
        constant: float,
        columns: Positions,
        coefficients: Array,
        sources: tuple[tuple[int, Array], ...] = (),
    ) -> Cut:
        """A cut without negligible coefficients."""
        largest = np.abs(coefficients).max(initial=0.0)
        kept = np.abs(coefficients) > NEGLIGIBLE * max(1.0, largest)
        return cls(group, constant, columns[kept], coefficients[kept], sources)


class Master:
    """The master in the solver. ``base`` is without cuts; the estimates are its last columns.

    Attributes:
        rows, columns: those of the whole program that are in the master.
        cuts: cuts in the solver, in the order of their rows.
    """

    def __init__(
        self,
        program: Compiled,
        partition: Partition,
        least: Array,
        options: Solver,
        group_names: Sequence[object],
    ) -> None:
        self.rows = np.flatnonzero(partition.rows == MASTER)
        self.columns = np.flatnonzero(partition.columns == MASTER)
        own = replace(program.part(self.rows, self.columns), separable={})
        count, groups = len(self.columns), len(least)
        self.size = count
        self.base = replace(
            own,
            cost=np.append(own.cost, np.ones(groups)),
            matrix=csr_matrix(hstack([own.matrix, csr_matrix((len(self.rows), groups))])),
            low=np.append(own.low, least),
            high=np.append(own.high, np.full(groups, np.inf)),
            integer=np.append(own.integer, np.zeros(groups, dtype=bool)),
            columns=(*own.columns, *(("estimate", name) for name in group_names)),
        )
        self.integer = np.flatnonzero(self.base.integer)
        self.linear = PersistentProgram(self.base.relaxed(), options)
        self.linear.silence()
        self.solver: Any = self.linear.solver
        self.cuts: list[Cut] = []
        self.age = np.zeros(0, dtype=int)

    def run(self) -> Outcome:
        """Solves the relaxation with the present cuts and bounds."""
        return self.linear.run()

    def cost(self, decisions: Array) -> float:
        """Cost of decisions without that of the subproblems, USD million."""
        return self.base.offset + float(self.base.cost[: self.size] @ decisions[: self.size])

    def fix(self, decisions: Array) -> None:
        """Fixes the integer columns at ``decisions``, rounded."""
        at = np.round(decisions[self.integer])
        self.linear.bound_columns(self.integer, at, at)

    def free(self) -> None:
        """Gives the integer columns their own bounds again."""
        low, high = self.base.low[self.integer], self.base.high[self.integer]
        self.linear.bound_columns(self.integer, low, high)

    def add(self, cuts: Sequence[Cut]) -> None:
        """Adds cuts to the program in the solver."""
        if not cuts:
            return
        matrix, low = self._rows_of(cuts)
        self.linear.add_rows(matrix, low)
        self.cuts += cuts
        self.age = np.append(self.age, np.zeros(len(cuts), dtype=int))

    def _rows_of(self, cuts: Sequence[Cut]) -> tuple[csr_matrix, Array]:
        """Left sides and lower sides of the rows of cuts."""
        starts, columns, data, low = [0], list[Any](), list[Any](), []
        for cut in cuts:
            if cut.group is not None:
                columns.append([self.size + cut.group])
                data.append([1.0])
            columns.append(cut.columns)
            data.append(-cut.coefficients)
            starts.append(starts[-1] + len(cut.columns) + (cut.group is not None))
            low.append(cut.constant)
        shape = (len(cuts), len(self.base.cost))
        flat = (np.concatenate(data), np.concatenate(columns).astype(np.intp), np.array(starts))
        return csr_matrix(flat, shape=shape), np.array(low, dtype=float)

    def drop_slack_cuts(self) -> None:
        """Takes out cuts that have been slack for some rounds; not those that keep a state
        feasible."""
        if not self.cuts:
            return
        basic = highspy.HighsBasisStatus.kBasic
        status = self.solver.getBasis().row_status[len(self.rows) :]
        slack = np.array([one == basic for one in status])
        self.age = np.where(slack, self.age + 1, 0)
        lasting = np.array([cut.group is None for cut in self.cuts])
        gone = (self.age > ROUNDS_SLACK) & ~lasting
        if gone.any():
            self.linear.delete_rows(len(self.rows) + np.flatnonzero(gone))
            self.age = self.age[~gone]
            self.cuts = [cut for cut, out in zip(self.cuts, gone, strict=True) if not out]

    def program(self) -> Compiled:
        """The mixed-integer program with the present cuts."""
        if not self.cuts:
            return self.base
        matrix, low = self._rows_of(self.cuts)
        return replace(
            self.base,
            matrix=csr_matrix(vstack([self.base.matrix, matrix])),
            row_low=np.append(self.base.row_low, low),
            row_high=np.append(self.base.row_high, np.full(len(low), np.inf)),
            row_names=(*self.base.row_names, *((ADDED, at) for at in range(len(low)))),
        )
