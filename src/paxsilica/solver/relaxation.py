"""The linear relaxation of a mixed-integer program, through the presolve of the program with its
integers.

That presolve knows more than one of the relaxation: what is left is smaller, solved in a fraction
of the time, and its bound is at least as good.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import highspy
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_matrix

from paxsilica.case import Solver
from paxsilica.case_options import SOLVER_OPTIONS
from paxsilica.solver.highs import (
    Outcome,
    Status,
    Vertex,
    _load,
    _set,
    solve,
    wait,
)
from paxsilica.solver.program import Array, Compiled
from paxsilica.solver.scaling import Scaling
from paxsilica.solver.verify import violation

TOLERANCE = 1e-6
"""Largest relative violation of a row or a bound that a solution of the relaxation may have."""

FRACTIONAL = 1e-6
"""Distance from a whole number within which the solver accepts a value as integer."""

BOUND_MARGIN = 1e-9
"""Share of the objective by which a bound is lowered for the tolerances of the solver."""

FEW_COSTS = 0.004
"""Share of columns with a cost below which the interior-point method replaces the simplex method.
Where nearly all columns cost nothing, the simplex method loses its time in moves that change
nothing; with costs in a hundredth of the columns (public money alone) it is several times faster.
Where none has a cost, any vertex will do, and the simplex method finds one at once."""

DIVE_STEPS = 300
"""Largest number of linear programs of a dive."""

DIVE_AT_ONCE = 0.8
"""Values above this are fixed at the next whole number together."""


@dataclass(frozen=True)
class Relaxation:
    """What is known of the relaxation.

    Attributes:
        status: ``optimal`` if there are values; ``no_plan`` if it was stopped.
        bound: no plan of the program has a smaller objective; USD million.
        values: a vertex of the relaxation, by column of the program.
        interrupted: whether Ctrl-C stopped it.
        reduced: the program after presolve, ready for a dive; absent if presolve was no help.
        vertex: the values with the columns outside of the basis; absent if not asked for.
    """

    status: Status
    bound: float
    values: Array | None = None
    interrupted: bool = False
    reduced: ReducedProgram | None = None
    vertex: Vertex | None = None


def relax(
    program: Compiled,
    options: Solver,
    cutoff: Callable[[], bool] | None = None,
    *,
    keep_vertex: bool = False,
) -> Relaxation:
    """The relaxation of ``program`` within the time limit of ``options``.

    Args:
        program: a mixed-integer program.
        options: time limit, threads, seed and further options of the solver; the gap is not used.
        cutoff: called from time to time; the work stops if it returns true.
        keep_vertex: whether the result has its vertex.
    """
    started = time.monotonic()
    reduced = ReducedProgram(program, options, cutoff)
    if keep_vertex:
        reduced.name_columns()
    found = reduced.relax()
    if found is not None:
        return found
    left = options.time_limit_s - (time.monotonic() - started)
    if left <= 0:
        return Relaxation("no_plan", -math.inf)
    plain = solve(
        program.relaxed(), options.model_copy(update={"time_limit_s": left}), cutoff=cutoff
    )
    return Relaxation(plain.status, _plain_bound(program, plain), plain.values, plain.interrupted)


def _plain_bound(program: Compiled, plain: Outcome) -> float:
    """Bound that follows from the relaxation without presolve of integers."""
    if plain.objective is None or plain.values is None or plain.row_duals is None:
        return math.inf if plain.status == "infeasible" else -math.inf
    matrix = csc_matrix(program.matrix)
    sides = (program.row_low, program.row_high, program.low, program.high)
    dual = _dual_objective(program.cost, matrix, sides, plain.values, plain.row_duals)
    return _lowered(min(plain.objective, dual + program.offset))


def _lowered(bound: float) -> float:
    return bound - BOUND_MARGIN * abs(bound)


def _dual_objective(
    cost: Array,
    matrix: csc_matrix,
    sides: tuple[Array, Array, Array, Array],
    values: Array,
    duals: Array,
) -> float:
    """The objective of the dual at ``duals``, which holds whatever their quality. A reduced cost
    that points to a missing bound, within the tolerance of the solver, counts at ``values``."""
    row_low, row_high, low, high = sides
    duals = np.where(np.isfinite(np.where(duals > 0, row_low, row_high)), duals, 0.0)
    side = np.where(duals > 0, row_low, row_high)
    reduced = cost - matrix.T @ duals
    bound = np.where(reduced > 0, low, high)
    bound = np.where(np.isfinite(bound), bound, values)
    used = duals != 0
    return float(duals[used] @ side[used] + reduced @ bound)


class ReducedProgram:
    """A program after the presolve of HiGHS, without integrality, in the memory of the solver."""

    def __init__(
        self, program: Compiled, options: Solver, cutoff: Callable[[], bool] | None = None
    ) -> None:
        self.scaling = Scaling.of(program)
        self.program = self.scaling.program(program)
        self.options, self.cutoff = options, cutoff
        self.original: Any = _load(self.program)[0]
        self.solver: Any = highspy.Highs()  # its stubs lack methods on bases and bounds
        self.solver.silent()
        self.stop = threading.Event()
        self.interrupted = self.named = False
        self.deadline = time.monotonic() + options.time_limit_s
        self.integer: NDArray[np.intp] = np.zeros(0, dtype=np.intp)
        self._apply(self.original)
        self._apply(self.solver)

    def _apply(self, solver: Any) -> None:
        given = self.options.options
        for name, value in {
            "threads": self.options.threads,
            "random_seed": self.options.seed,
            **{name: SOLVER_OPTIONS[name].kind(value) for name, value in given.items()},
        }.items():
            _set(solver, name, value)

    def name_columns(self) -> None:
        """Gives columns their positions as names: presolve keeps names, and nothing else tells
        which columns are left."""
        self.named = True
        for at in range(len(self.program.cost)):
            self.original.passColName(at, f"c{at}")

    def _stopped(self) -> bool:
        return self.stop.is_set() or (self.cutoff is not None and self.cutoff())

    def _wait(self, solver: Any, run: Callable[[], object]) -> None:
        """Runs the solver until its end, the time limit, Ctrl-C or the cutoff."""
        _set(solver, "time_limit", solver.getRunTime() + max(self.seconds_left(), 0.0))
        self.interrupted |= wait(run, self.stop)

    def seconds_left(self) -> float:
        """Seconds until the time limit."""
        return self.deadline - time.monotonic()

    def relax(self) -> Relaxation | None:
        """The relaxation; ``None`` if this presolve is no help or the result is not verified."""
        self._wait(self.original, self.original.presolve)
        known = highspy.HighsPresolveStatus
        status = self.original.getModelPresolveStatus()
        if status == known.kInfeasible:
            return Relaxation("infeasible", math.inf)
        if self._ended():
            return self._unknown()
        if status != known.kReduced:
            return None
        reduced = self.original.getPresolvedLp()
        whole = highspy.HighsVarType.kInteger
        self.integer = np.flatnonzero([kind == whole for kind in reduced.integrality_])
        reduced.integrality_ = []
        self.solver.passModel(reduced)
        cost = np.array(reduced.col_cost_, dtype=float)
        return self._solved(reduced, cost)

    def _solved(self, reduced: Any, cost: Array) -> Relaxation | None:
        model = highspy.HighsModelStatus
        few = 0 < np.count_nonzero(cost) < FEW_COSTS * len(cost)

        def check(event: Any) -> None:
            if self._stopped():
                event.data_in.user_interrupt = True

        self.solver.cbSimplexInterrupt += check
        self.solver.cbIpmInterrupt += check
        _set(self.solver, "run_crossover", "on")
        for method in ("ipm", "simplex") if few else ("simplex",):
            _set(self.solver, "solver", method)
            self._wait(self.solver, self.solver.run)
            status = self.solver.getModelStatus()
            if status in (model.kOptimal, model.kInfeasible) or self._ended():
                break
        if status == model.kInfeasible:
            return Relaxation("infeasible", math.inf)
        if status != model.kOptimal:
            return self._unknown() if self._ended() else None
        _set(self.solver, "solver", "simplex")  # from here on from the last basis
        solution = self.solver.getSolution()
        objective = self.solver.getInfo().objective_function_value
        matrix = csc_matrix(
            (reduced.a_matrix_.value_, reduced.a_matrix_.index_, reduced.a_matrix_.start_),
            shape=(reduced.num_row_, reduced.num_col_),
        )
        row_low, row_high, low, high = (
            np.array(side, dtype=float)
            for side in (
                reduced.row_lower_,
                reduced.row_upper_,
                reduced.col_lower_,
                reduced.col_upper_,
            )
        )
        sides = (row_low, row_high, low, high)
        values = np.array(solution.col_value, dtype=float)
        dual = _dual_objective(cost, matrix, sides, values, np.array(solution.row_dual))
        bound = _lowered(min(objective, dual + reduced.offset_) / self.scaling.objective)
        found = self._postsolved(values, objective)
        if found is None:
            return None
        return Relaxation("optimal", bound, found, False, self, self._vertex(reduced, found))

    def _vertex(self, reduced: Any, values: Array) -> Vertex | None:
        """The vertex, if columns have names."""
        if not self.named:
            return None
        left = np.array([int(name[1:]) for name in reduced.col_names_], dtype=np.intp)
        basic = highspy.HighsBasisStatus.kBasic
        outside = np.array([one != basic for one in self.solver.getBasis().col_status], dtype=bool)
        return Vertex(values, left[outside])

    def _ended(self) -> bool:
        return self._stopped() or self.seconds_left() <= 0

    def _unknown(self) -> Relaxation:
        return Relaxation("no_plan", -math.inf, interrupted=self.interrupted)

    def _postsolved(self, values: Array, objective: float) -> Array | None:
        """Values of the columns of the program; ``None`` if they violate it or give another
        objective. Postsolve of integers need not admit fractions."""
        solution = highspy.HighsSolution()
        solution.col_value, solution.value_valid = values.tolist(), True
        if self.original.postsolve(solution) == highspy.HighsStatus.kError:
            return None
        found = np.array(self.original.getSolution().col_value, dtype=float)
        if len(found) != len(self.program.cost) or not np.isfinite(found).all():
            return None
        value = float(self.program.cost @ found) + self.program.offset
        if abs(value - objective) > TOLERANCE * max(1.0, abs(objective)):
            return None
        if violation(self.program.relaxed(), found).size > TOLERANCE:
            return None
        return self.scaling.values(found)

    def dive(self) -> Array | None:
        """A plan, by column of the program, found by fixing integer columns step by step; ``None``
        if there is none on the way. Large fractions are rounded up first, because plans that build
        too little are mostly infeasible."""
        low, high = (
            np.array(side, dtype=float)[self.integer]
            for side in (self.solver.getLp().col_lower_, self.solver.getLp().col_upper_)
        )
        values = self._reduced_values()
        for _ in range(DIVE_STEPS):
            here = values[self.integer]
            part = np.where(np.abs(here - np.round(here)) > FRACTIONAL, here - np.floor(here), 0.0)
            if not part.any():
                objective = self.solver.getInfo().objective_function_value
                return self._postsolved(values, objective)
            largest = np.array([np.argmax(part)])
            many = np.flatnonzero(part >= min(DIVE_AT_ONCE, float(part.max())))
            attempts = [(largest, np.ceil(here)), (largest, np.floor(here))]
            if len(many) > 1:
                attempts.insert(0, (many, np.ceil(here)))
            for at, target in attempts:
                self._bound(at, target[at], target[at])
                if self._runs():
                    break
                self._bound(at, low[at], high[at])
                if self._ended():
                    return None
            else:
                return None
            low[at] = high[at] = target[at]
            values = self._reduced_values()
        return None

    def _reduced_values(self) -> Array:
        return np.array(self.solver.getSolution().col_value, dtype=float)

    def _bound(self, at: NDArray[np.intp], low: Array, high: Array) -> None:
        columns = self.integer[at].astype(np.int32)
        self.solver.changeColsBounds(len(columns), columns, low, high)

    def _runs(self) -> bool:
        self._wait(self.solver, self.solver.run)
        return bool(self.solver.getModelStatus() == highspy.HighsModelStatus.kOptimal)
