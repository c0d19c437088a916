"""A linear program that stays in the solver and is solved repeatedly from its last basis."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import highspy
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from paxsilica.case import Solver
from paxsilica.errors import PaxSilicaError
from paxsilica.solver.highs import Outcome, Vertex, _load, _set, linear_outcome
from paxsilica.solver.program import Array, Compiled
from paxsilica.solver.scaling import COSTS, Scaling, rounded

Rows = NDArray[np.intp]


AT_BOUND = 1e-9
"""Distance of a value from a bound, relative to its size where that is above one, that is none."""

NEARLY_MET = 1e-8
"""Violation of a row of the scaled program above which its columns are not fixed at a vertex: with
all of them fixed, the solver would find no solution."""

PRIMAL, USUAL = 4, 1
"""Numbers of HiGHS for the primal simplex method and for its usual choice, the dual one."""


RAY_TOL = 1e-9
"""Share of the largest entry of a Farkas ray up to which others are noise."""


class OutOfTimeError(PaxSilicaError):
    """A linear program was not solved within its time limit."""


@dataclass(frozen=True)
class Corner:
    """An optimal basis to restore, what it gave, and the left side of each row."""

    basis: Any
    outcome: Outcome
    activity: Array


@dataclass(frozen=True)
class Movement:
    """How far to move both sides of some ``rows`` up, and the bounds of some ``columns``."""

    rows: Rows
    shift: Array
    columns: Rows = field(default_factory=lambda: np.zeros(0, dtype=np.intp))
    low_shift: Array = field(default_factory=lambda: np.zeros(0))
    high_shift: Array = field(default_factory=lambda: np.zeros(0))

    def times(self, factor: float) -> Movement:
        """The movement times a factor."""
        shift, low, high = self.shift, self.low_shift, self.high_shift
        return replace(self, shift=factor * shift, low_shift=factor * low, high_shift=factor * high)

    def size(self) -> float:
        """The largest movement."""
        parts = (self.shift, self.low_shift, self.high_shift)
        return max(float(np.abs(part).max(initial=0.0)) for part in parts)

    def scaled_size(self, scaling: Scaling) -> float:
        """The largest movement in the scaled program."""
        rows, columns = scaling.rows[self.rows], scaling.columns[self.columns]
        parts = (self.shift * rows, self.low_shift / columns, self.high_shift / columns)
        return max(float(np.abs(part).max(initial=0.0)) for part in parts)


class PersistentProgram:
    """An LP in the solver's memory. The sides of its rows and the bounds of its columns can be
    moved and columns can be added; each run starts from the basis of the last."""

    def __init__(self, program: Compiled, options: Solver) -> None:
        if program.integer.any():
            raise PaxSilicaError(
                "only a linear program can stay in the solver; relax or fix integer columns first"
            )
        self.program = program
        self.scaling = Scaling.of(program)
        # its stubs lack the methods on the basis
        self.solver: Any = _load(self.scaling.program(program))[0]
        _set(self.solver, "threads", options.threads)
        _set(self.solver, "random_seed", options.seed)

    def _run(self) -> None:
        """Runs the solver. Its pool of threads belongs to the thread that calls; if a program with
        another number of threads was solved here before, the pool is made again."""
        self.solver.run()
        if self.solver.getModelStatus() == highspy.HighsModelStatus.kNotset:
            highspy.Highs.resetGlobalScheduler(True)
            self.solver.run()

    def _settle(self) -> highspy.HighsModelStatus:
        """Solves the present program; distinguishes infeasible from unbounded."""
        self._run()
        known = highspy.HighsModelStatus
        status: highspy.HighsModelStatus = self.solver.getModelStatus()
        if status in (known.kUnboundedOrInfeasible, known.kUnbounded, known.kUnknown):
            # from scratch and without presolve the two statuses are distinct; a program that stays
            # unknown is presolved from scratch. After a warm start the simplex method has called
            # bounded programs unbounded, so that status is confirmed from scratch as well.
            for presolve in ("off", "on"):
                self.solver.clearSolver()
                _set(self.solver, "presolve", presolve)
                self._run()
                _set(self.solver, "presolve", "choose")
                status = self.solver.getModelStatus()
                if status != known.kUnknown:
                    break
        if status == known.kTimeLimit:
            raise OutOfTimeError("a linear program was not solved within its time limit")
        if status not in (known.kOptimal, known.kModelEmpty, known.kInfeasible, known.kUnbounded):
            raise PaxSilicaError(
                f"the solver failed on a linear program ({self.solver.modelStatusToString(status)})"
            )
        return status

    def run(self) -> Outcome:
        """Solves the present program."""
        started = time.monotonic()
        status, known = self._settle(), highspy.HighsModelStatus
        seconds = time.monotonic() - started
        if status == known.kInfeasible:
            return Outcome("infeasible", None, math.inf, seconds=seconds)
        if status == known.kUnbounded:
            return Outcome("unbounded", None, -math.inf, seconds=seconds)
        return linear_outcome(self.solver, self.scaling, partial(Outcome, seconds=seconds))

    def farkas_bound(self, column: int) -> float:
        """The largest value of a column for which the program may be feasible, by the proof that it
        is infeasible with the column fixed at a larger one; not a number without such a proof. The
        last run must have found it infeasible, with no rows moved."""
        _, exists, ray = self.solver.getDualRay()
        if not exists:
            return math.nan
        program, scaled = self.program, np.asarray(ray, dtype=float)
        for way in (1.0, -1.0):  # the solver does not promise the sign
            weights = _without_noise(way * scaled) * self.scaling.rows
            reduced = program.matrix.T @ weights
            reduced = _without_noise(reduced * self.scaling.columns) / self.scaling.columns
            own, reduced[column] = float(reduced[column]), 0.0
            # for each solution: own x column + what the others reach >= what the rows need
            need = _weighted(weights, program.row_low, program.row_high)
            reach = _weighted(reduced, program.high, program.low)
            if own < 0 and math.isfinite(need - reach):
                return (reach - need) / -own
        return math.nan

    def values(self) -> Array | None:
        """Solves the present program for the values of its columns alone, without duals; ``None``
        if there are none."""
        known = highspy.HighsModelStatus
        if self._settle() not in (known.kOptimal, known.kModelEmpty):
            return None
        return self.scaling.values(np.array(self.solver.getSolution().col_value, dtype=float))

    def start_near(self, vertex: Vertex) -> None:
        """Lets the next run start near an optimal vertex of the program, or of one with fewer
        columns. The program is solved with the columns outside of the basis of the vertex fixed,
        which takes little time, and then from there with the primal simplex method: the objective
        is nearly the optimum already, and a proof of it is missing.

        The vertex holds rows to a tolerance. What it violates by more than the solver does in a
        program with fixed columns stays free.
        """
        program, known = self.program, len(vertex.values)
        low, high = program.low[:known], program.high[:known]
        values = np.clip(vertex.values, low, high)
        room = AT_BOUND * np.maximum(1.0, np.abs(values))
        at_low, at_high = values <= low + room, values >= high - room
        at = vertex.outside[(at_low | at_high)[vertex.outside]]
        values[at] = np.where(at_low[at], low[at], high[at])
        loose = program.matrix[np.flatnonzero(self._violations(values) > NEARLY_MET)].indices
        if not self._starts_at(at[~np.isin(at, loose)], values, at_low):
            self.forget_basis()

    def _violations(self, values: Array) -> Array:
        """By how much rows are violated in the scaled program, with further columns at zero."""
        scaled = self.scaling.program(self.program)
        there = np.pad(values, (0, len(scaled.cost) - len(values))) / self.scaling.columns
        activity = scaled.matrix @ there
        beyond = np.maximum(scaled.row_low - activity, activity - scaled.row_high)
        return np.asarray(beyond)

    def _starts_at(self, at: Rows, values: Array, at_low: NDArray[np.bool_]) -> bool:
        """Whether the program can be solved with these columns fixed; the next run starts there."""
        program = self.program
        scale, place = self.scaling.columns[at], at.astype(np.int32)
        fixed = rounded(values[at] / scale)
        self.forget_basis()  # presolve takes the fixed columns out, but not after a warm start
        self.solver.changeColsBounds(len(at), place, fixed, fixed)
        status, basis = self._settle(), self.solver.getBasis()
        bounds = rounded(program.low[at] / scale), rounded(program.high[at] / scale)
        self.solver.changeColsBounds(len(at), place, *bounds)
        if status != highspy.HighsModelStatus.kOptimal:
            return False
        kinds, kind = list(basis.col_status), highspy.HighsBasisStatus
        for column in at.tolist():
            if kinds[column] != kind.kBasic:
                kinds[column] = kind.kLower if at_low[column] else kind.kUpper
        basis.col_status = kinds
        self.solver.setBasis(basis)
        self.set_option("simplex_strategy", PRIMAL)
        try:
            self._settle()
        finally:
            self.set_option("simplex_strategy", USUAL)
        return True

    def duals_if_moved(self, movement: Movement) -> Array | None:
        """Duals of the rows after a movement; ``None`` if the moved program is infeasible. Sides
        and bounds are restored; the basis only if it is infeasible."""
        self.move(movement)
        duals, basis = None, self.solver.getBasis()
        if self._settle() == highspy.HighsModelStatus.kOptimal:
            solution = self.solver.getSolution()
            if not solution.dual_valid:
                raise PaxSilicaError("the solver gave no valid duals of a linear program")
            duals = self.scaling.row_duals(np.array(solution.row_dual, dtype=float))
        else:
            self.solver.setBasis(basis)
        self.move(movement.times(0.0))
        return duals

    def corner(self, outcome: Outcome) -> Corner:
        """The present basis, which gave ``outcome``; not valid after columns were added."""
        assert outcome.values is not None
        return Corner(self.solver.getBasis(), outcome, self.program.matrix @ outcome.values)

    def back_to(self, corner: Corner) -> None:
        """Starts the next run from an earlier basis."""
        self.solver.setBasis(corner.basis)

    def move(self, movement: Movement) -> None:
        """Moves sides and bounds away from where the program has them."""
        self.move_rows(movement.rows, movement.shift)
        at, low, high = movement.columns.astype(np.int32), self.program.low, self.program.high
        if len(at):
            low, high = low[at] + movement.low_shift, high[at] + movement.high_shift
            scale = self.scaling.columns[at]
            self.solver.changeColsBounds(len(at), at, rounded(low / scale), rounded(high / scale))

    def move_rows(self, at: Rows, shift: Array) -> None:
        """Sets both sides of some rows ``shift`` away from where the program has them."""
        low, high = self.program.row_low[at] + shift, self.program.row_high[at] + shift
        scale = self.scaling.rows[at]
        low, high = rounded(low * scale), rounded(high * scale)
        self.solver.changeRowsBounds(len(at), at.astype(np.int32), low, high)

    def set_sides(self, low: Array, high: Array) -> None:
        """Sets the sides of all rows."""
        at, scale = np.arange(len(low), dtype=np.int32), self.scaling.rows
        self.solver.changeRowsBounds(len(at), at, rounded(low * scale), rounded(high * scale))

    def set_costs(self, at: Rows, cost: Array) -> None:
        """Sets the costs of some columns, in the unit of the program."""
        scaled = cost * self.scaling.columns[at] * self.scaling.objective
        self.solver.changeColsCost(len(at), at.astype(np.int32), rounded(scaled))

    def set_entries(self, rows: Rows, column: int, entries: Array) -> None:
        """Sets entries of the matrix in one column, in the units of the program."""
        scaled = rounded(entries * self.scaling.rows[rows] * self.scaling.columns[column])
        for row, entry in zip(rows.tolist(), scaled.tolist(), strict=True):
            self.solver.changeCoeff(row, column, entry)

    def forget_basis(self) -> None:
        """Lets the next run start from scratch."""
        self.solver.clearSolver()

    def limit_seconds(self, seconds: float) -> None:
        """Limits the time of all further runs together; a run that exceeds it raises
        :class:`OutOfTimeError`."""
        self.set_option("time_limit", self.solver.getRunTime() + max(0.0, seconds))

    def change_to(self, program: Compiled) -> None:
        """Replaces costs, sides and bounds; the matrix of ``program`` must be the present one. The
        next run starts from the present basis."""
        largest = float(np.abs(program.cost * self.scaling.columns).max(initial=0.0))
        objective = 2.0**COSTS / largest if largest else 1.0
        self.program, self.scaling = program, replace(self.scaling, objective=objective)
        self.set_costs(np.arange(len(program.cost)), program.cost)
        columns, scale = np.arange(len(program.cost), dtype=np.int32), self.scaling.columns
        self.solver.changeObjectiveOffset(program.offset * objective)
        low, high = rounded(program.low / scale), rounded(program.high / scale)
        self.solver.changeColsBounds(len(columns), columns, low, high)
        self.set_sides(program.row_low, program.row_high)

    def silence(self) -> None:
        """Ends the messages of the solver, which come with every run."""
        _set(self.solver, "output_flag", False)

    def set_option(self, name: str, value: float | str) -> None:
        """Sets an option of the solver."""
        _set(self.solver, name, value)

    def bound_columns(self, at: Rows, low: Array, high: Array) -> None:
        """Sets the bounds of some columns."""
        scale = self.scaling.columns[at]
        low, high = rounded(low / scale), rounded(high / scale)
        for column, least, most in zip(at.tolist(), low.tolist(), high.tolist(), strict=True):
            self.solver.changeColBounds(column, least, most)

    def extend(self, program: Compiled) -> None:
        """Replaces the program by one with further columns at the end; each is at least zero."""
        first = len(self.program.cost)
        self.scaling = self.scaling.extended(program)
        self.program = program
        scaled = self.scaling.program(program)
        cost, columns = scaled.cost[first:], scaled.matrix.tocsc()[:, first:]
        count = len(cost)
        self.solver.addCols(
            count,
            cost,
            np.zeros(count),
            np.full(count, highspy.kHighsInf),
            columns.nnz,
            columns.indptr[:-1].astype(np.int32),
            columns.indices.astype(np.int32),
            columns.data.astype(float),
        )

    def add_rows(self, matrix: csr_matrix, low: Array) -> None:
        """Adds rows ``matrix x >= low`` at the end. Each is scaled by the power of two that brings
        its largest entry near 1."""
        data = matrix.data * self.scaling.columns[matrix.indices]
        counts = np.diff(matrix.indptr)
        row_of = np.repeat(np.arange(len(low)), counts)
        largest = np.zeros(len(low))
        np.maximum.at(largest, row_of, np.abs(data))
        rows = 2.0 ** -np.round(np.log2(np.where(largest > 0, largest, 1.0)))
        self.scaling = replace(self.scaling, rows=np.append(self.scaling.rows, rows))
        self.solver.addRows(
            len(low),
            rounded(low * rows),
            np.full(len(low), highspy.kHighsInf),
            matrix.nnz,
            matrix.indptr[:-1].astype(np.int32),
            matrix.indices.astype(np.int32),
            rounded(data * rows[row_of]),
        )

    def delete_rows(self, at: Rows) -> None:
        """Takes rows out."""
        self.solver.deleteRows(len(at), at.astype(np.int32))
        self.scaling = replace(self.scaling, rows=np.delete(self.scaling.rows, at))

    def through_basis(self, corner: Corner, columns: Array, rows: Array) -> Array:
        """By row, what a unit added to its side moves the variables in the basis of ``corner`` by,
        each times its weight (zero: not counted; slacks of rows up to sign). The solver is left
        there."""
        self.back_to(corner)
        self._run()
        basic = np.asarray(self.solver.getBasicVariables()[1], dtype=np.int64)
        columns, rows = columns * self.scaling.columns, rows / self.scaling.rows
        weights = np.where(
            basic >= 0, columns[np.maximum(basic, 0)], rows[np.maximum(-1 - basic, 0)]
        )
        found = np.asarray(self.solver.getBasisTransposeSolve(weights)[1], dtype=float)
        return found * self.scaling.rows


def _without_noise(ray: Array) -> Array:
    """A scaled ray without entries that are noise."""
    return np.where(np.abs(ray) > RAY_TOL * np.abs(ray).max(initial=0.0), ray, 0.0)


def _weighted(weights: Array, of_positive: Array, of_negative: Array) -> float:
    """The sum of sides times weights, with the side that the sign of the weight selects."""
    there = weights != 0
    sides = np.where(weights > 0, of_positive, of_negative)
    return float(weights[there] @ sides[there])
