"""A linear program that is kept in the solver and solved again from its last basis: for whoever asks much the same many times over."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import Any

import highspy
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_matrix

from paxsilica.case import Solver
from paxsilica.errors import PaxSilicaError
from paxsilica.solve.compile import Array, Compiled
from paxsilica.solve.highs import Outcome, _load, _objective_scale, _set

Rows = NDArray[np.intp]


@dataclass(frozen=True)
class Corner:
    """An optimal basis to come back to.

    Attributes:
        basis: as the solver keeps it.
        outcome: what it gave.
        activity: left side of each row.
        basic: for each position of the basis the column in it, or ``-1 - row``.
        loose: rows that do not bind in this basis.
    """

    basis: Any
    outcome: Outcome
    activity: Array
    basic: NDArray[np.int64]
    loose: NDArray[np.bool_]


class WarmProgram:
    """An LP in the solver's memory. The sides of its rows and the bounds of its columns can be moved and columns can
    be added; each run starts from the basis of the last."""

    def __init__(self, program: Compiled, options: Solver) -> None:
        if program.integer.any():
            raise PaxSilicaError("only a linear program can be kept warm; relax or fix the integer columns first")
        self.program = program
        self.scale = _objective_scale(program.cost)
        self.solver: Any = _load(program, self.scale)  # its stubs leave out what it says of its basis
        _set(self.solver, "threads", options.threads)
        _set(self.solver, "random_seed", options.seed)

    def _settle(self) -> highspy.HighsModelStatus:
        """Solves as things stand, and tells infeasible and unbounded apart."""
        self.solver.run()
        known = highspy.HighsModelStatus
        status: highspy.HighsModelStatus = self.solver.getModelStatus()
        if status in (known.kUnboundedOrInfeasible, known.kUnknown):
            # from scratch and without presolve the two are told apart
            self.solver.clearSolver()
            _set(self.solver, "presolve", "off")
            self.solver.run()
            _set(self.solver, "presolve", "choose")
            status = self.solver.getModelStatus()
        if status not in (known.kOptimal, known.kModelEmpty, known.kInfeasible, known.kUnbounded):
            raise PaxSilicaError(f"the solver failed on a linear program ({self.solver.modelStatusToString(status)})")
        return status

    def run(self) -> Outcome:
        """Solves as things stand."""
        started = time.monotonic()
        status, known = self._settle(), highspy.HighsModelStatus
        seconds = time.monotonic() - started
        if status == known.kInfeasible:
            return Outcome("infeasible", None, math.inf, None, None, None, seconds, False, ())
        if status == known.kUnbounded:
            return Outcome("unbounded", None, -math.inf, None, None, None, seconds, False, ())
        solution = self.solver.getSolution()
        objective = self.solver.getInfo().objective_function_value / self.scale
        valid = bool(solution.dual_valid)
        return Outcome(
            "optimal",
            objective,
            objective,
            np.array(solution.col_value, dtype=float),
            np.array(solution.row_dual, dtype=float) / self.scale if valid else None,
            np.array(solution.col_dual, dtype=float) / self.scale if valid else None,
            seconds,
            False,
            (),
        )

    def duals_if_moved(self, at: Rows, shift: Array) -> Array | None:
        """Duals of the rows with both sides of some of them ``shift`` away from where the program has them; ``None`` if nothing fits then.

        The sides are put back, the basis is not: from one small movement to the next it hardly changes.
        """
        self.move_rows(at, shift)
        duals = None
        if self._settle() == highspy.HighsModelStatus.kOptimal:
            solution = self.solver.getSolution()
            if not solution.dual_valid:
                raise PaxSilicaError("the solver gave no valid duals of a linear program")
            duals = np.array(solution.row_dual, dtype=float) / self.scale
        self.move_rows(at, np.zeros(len(at)))
        return duals

    def corner(self, outcome: Outcome) -> Corner:
        """The present basis, which gave ``outcome``; not to be asked for once columns were added."""
        assert outcome.values is not None
        basis = self.solver.getBasis()
        basic = np.asarray(self.solver.getBasicVariables()[1], dtype=np.int64)
        loose = np.zeros(len(self.program.row_low), dtype=bool)
        loose[-1 - basic[basic < 0]] = True
        return Corner(basis, outcome, self.program.matrix @ outcome.values, basic, loose)

    def back_to(self, corner: Corner) -> None:
        """Starts the next run from an earlier basis."""
        self.solver.setBasis(corner.basis)

    def move_rows(self, at: Rows, shift: Array) -> None:
        """Sets both sides of some rows ``shift`` away from where the program has them."""
        low, high = self.program.row_low, self.program.row_high
        for row, by in zip(at.tolist(), shift.tolist(), strict=True):
            self.solver.changeRowBounds(row, low[row] + by, high[row] + by)

    def bound_columns(self, at: Rows, low: Array, high: Array) -> None:
        """Sets the bounds of some columns anew."""
        for column, least, most in zip(at.tolist(), low.tolist(), high.tolist(), strict=True):
            self.solver.changeColBounds(column, least, most)

    def add_columns(self, cost: Array, columns: csc_matrix) -> None:
        """Adds columns that may take any value from zero on."""
        count = len(cost)
        self.solver.addCols(
            count,
            cost * self.scale,
            np.zeros(count),
            np.full(count, highspy.kHighsInf),
            columns.nnz,
            columns.indptr[:-1].astype(np.int32),
            columns.indices.astype(np.int32),
            columns.data.astype(float),
        )

    def room(self, corner: Corner, at: Rows, shift: Array) -> tuple[float, float]:
        """How often ``shift`` may be taken from, and added to, the sides of the rows ``at`` while the basis stays optimal.

        As long as it does the optimum moves in a straight line, so that room on both sides proves the duals of these rows to be the price on
        both sides. The solver must be at ``corner``.
        """
        program, values = self.program, corner.outcome.values
        assert values is not None
        tight = ~corner.loose[at]
        if tight.any():
            moved = np.zeros(len(program.row_low))
            moved[at[tight]] = shift[tight]  # a row that does not bind moves nothing but its own side
            solved = np.asarray(self.solver.getBasisSolve(moved)[1], dtype=float)
            step = np.zeros(len(program.low))
            own = corner.basic >= 0
            step[corner.basic[own]] = solved[own]
            drift: Array = np.asarray(program.matrix @ step)
            drift[at] -= shift
            free = _rooms(program.low, program.high, values, step)
        else:
            drift = np.zeros(len(program.row_low))
            free = (math.inf, math.inf)
            drift[at] = -shift
        rows = _rooms(program.row_low, program.row_high, corner.activity, drift)
        return min(free[0], rows[0]), min(free[1], rows[1])


def _rooms(low: Array, high: Array, value: Array, step: Array) -> tuple[float, float]:
    """The longest strides against and along ``step`` that keep ``value`` within its bounds."""
    at: Rows = np.flatnonzero(np.abs(step) > 1e-9)
    if not len(at):
        return math.inf, math.inf
    part, below, above = step[at], value[at] - low[at], high[at] - value[at]
    size = np.abs(part)
    down = np.where(part > 0, below, above) / size
    up = np.where(part > 0, above, below) / size
    return float(max(0.0, down.min())), float(max(0.0, up.min()))
