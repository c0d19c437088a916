"""Calls of the solver."""

from __future__ import annotations

import logging
import math
import re
import shutil
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal, Protocol

import highspy
import numpy as np

from paxsilica.case import SOLVER_OPTIONS, Solver
from paxsilica.errors import InputError, PaxSilicaError, Problem
from paxsilica.model import Model
from paxsilica.model.registry import parts_of
from paxsilica.solver.program import Array, Compiled, compile_model
from paxsilica.solver.scaling import Scaling, scaling_of, without_noise

Status = Literal["optimal", "feasible", "infeasible", "unbounded", "no_plan"]
ProgressCallback = Callable[["Progress"], None]


SMALLEST_COEFFICIENT = 1e-9
"""The solver drops smaller ones."""

ZERO_TOL = 1e-9
"""Values nearer to zero than this, after scaling, are noise and are zero."""

LISTED = 20
"""Most coefficients that an error lists."""

LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True)
class Progress:
    """Progress of a search: seconds, best plan and bound (USD million, infinite if absent)."""

    seconds: float
    incumbent: float
    bound: float

    @property
    def gap(self) -> float:
        """Relative gap: distance of plan and bound over the size of the plan."""
        return relative_gap(self.incumbent, self.bound)


@dataclass(frozen=True)
class Outcome:
    """Result of a solve; ``values`` and ``objective`` exist exactly if there is a plan.

    ``optimal`` means that the requested gap was proved, not that it is zero. Duals are those of an
    LP, ``None`` for a MIP.
    """

    status: Status
    objective: float | None
    bound: float
    values: Array | None = None
    row_duals: Array | None = None
    column_duals: Array | None = None
    seconds: float = 0.0
    interrupted: bool = False
    trace: tuple[Progress, ...] = ()
    integrality_violation: float = 0.0
    """Largest distance of an integer column from the whole number that ``values`` gives for it."""

    @property
    def gap(self) -> float:
        """Relative gap as the solver defines it."""
        return math.inf if self.objective is None else relative_gap(self.objective, self.bound)


def relative_gap(incumbent: float, bound: float) -> float:
    """``|incumbent - bound| / |incumbent|``, 0 for 0 over 0, infinite where one of them is missing.

    >>> relative_gap(200.0, 199.0), relative_gap(0.0, 0.0)
    (0.005, 0.0)
    """
    if not (math.isfinite(incumbent) and math.isfinite(bound)):
        return math.inf
    distance = abs(incumbent - bound)
    return 0.0 if distance == 0 else math.inf if incumbent == 0 else distance / abs(incumbent)


def _size(program: Compiled) -> tuple[int, int, int]:
    """Number of rows, columns and integer columns."""
    return len(program.row_low), len(program.cost), int(program.integer.sum())


def _objective_scale(cost: Array) -> float:
    """A power of two that brings the largest cost near a thousand (tolerances are absolute)."""
    largest = float(np.abs(cost).max(initial=0.0))
    return 1.0 if largest == 0 else 2.0 ** round(math.log2(1000.0 / largest))


def scaled_program(program: Compiled) -> tuple[Scaling, Compiled]:
    """The scales of a program, and the program as the solver sees it.

    Raises:
        InputError: if a coefficient is too small for the solver beside the others.
    """
    clean = without_noise(program)
    scaling = scaling_of(clean)
    scaled = scaling.apply(clean)
    small = np.flatnonzero(np.abs(scaled.matrix.data) < SMALLEST_COEFFICIENT)
    if len(small):
        entries = scaled.matrix.tocoo()
        raise InputError(
            [
                Problem(
                    "model",
                    ", ".join(map(str, parts_of(scaled.row_names[entries.row[at]][1]))),
                    scaled.row_names[entries.row[at]][0],
                    f"{clean.matrix.data[at]:.6g}",
                    "is too small for the solver beside the other numbers of its row and column;"
                    " count in units in which the numbers are closer together",
                )
                for at in small[:LISTED]
            ]
        )
    return scaling, scaled


def unscaled(outcome: Outcome, scaling: Scaling) -> Outcome:
    """An outcome of the scaled program as one of the program itself."""

    def times(values: Array | None, factors: Array) -> Array | None:
        return None if values is None else values * factors

    values = outcome.values
    if values is not None:
        values = np.where(np.abs(values) < ZERO_TOL, 0.0, values)
    return replace(
        outcome,
        values=times(values, scaling.columns),
        row_duals=times(outcome.row_duals, scaling.rows),
        column_duals=times(outcome.column_duals, 1 / scaling.columns),
    )


def _load(program: Compiled, scale: float) -> highspy.Highs:
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = len(program.cost), len(program.row_low)
    lp.col_cost_, lp.offset_ = program.cost * scale, program.offset * scale
    lp.col_lower_, lp.col_upper_ = program.low, program.high
    lp.row_lower_, lp.row_upper_ = program.row_low, program.row_high
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.num_col_, lp.a_matrix_.num_row_ = lp.num_col_, lp.num_row_
    lp.a_matrix_.start_, lp.a_matrix_.index_ = program.matrix.indptr, program.matrix.indices
    lp.a_matrix_.value_ = program.matrix.data
    if program.integer.any():
        kinds = np.array([highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger])
        lp.integrality_ = kinds[program.integer.astype(int)].tolist()
    solver = highspy.Highs()
    solver.silent()
    # without output the solver reports no progress; it still writes nothing
    solver.setOptionValue("log_to_console", False)
    solver.setOptionValue("output_flag", True)
    if solver.passModel(lp) == highspy.HighsStatus.kError:
        raise PaxSilicaError("the solver refused the model; a coefficient is out of its range")
    return solver


def _set(solver: highspy.Highs, name: str, value: float | int | str | bool) -> None:
    if solver.setOptionValue(name, value) != highspy.HighsStatus.kOk:
        words = "the solver refuses this value"
        raise InputError([Problem("case", "", f"solver.options.{name}", str(value), words)])


def _wait(solver: highspy.Highs, stop: threading.Event) -> bool:
    """Runs the solver in a thread of its own; the first Ctrl-C stops it at its best plan."""
    interrupted = False
    # not worker.join: in Python 3.11 an interrupted join takes the thread for ended
    finished = threading.Event()

    def run() -> None:
        try:
            solver.run()
        finally:
            finished.set()

    threading.Thread(target=run, daemon=True).start()
    while not finished.is_set():
        try:
            finished.wait(0.1)
        except KeyboardInterrupt:
            interrupted = True
            stop.set()
    return interrupted


def solve(
    program: Compiled,
    options: Solver,
    on_progress: ProgressCallback | None = None,
    start: Array | None = None,
    cutoff: Callable[[], bool] | None = None,
) -> Outcome:
    """Solves ``program`` to the gap in ``options``; an LP has no gap.

    Args:
        program: what to solve.
        options: gap, time limit, threads, seed and further options of the solver.
        on_progress: called with every progress of a search.
        start: a plan to start from, by column; only its integer part is used.
        cutoff: called from time to time; the search stops if it returns true.
    """
    scaling, scaled = scaled_program(program)
    scale = _objective_scale(scaled.cost)
    solver = _load(scaled, scale)
    mip = bool(program.integer.any())
    for name, value in {
        "threads": options.threads,
        "random_seed": options.seed,
        "time_limit": options.time_limit_s,
        "mip_rel_gap": options.gap,
        "mip_abs_gap": 0.0,
        **{name: SOLVER_OPTIONS[name].kind(value) for name, value in options.options.items()},
    }.items():
        _set(solver, name, value)
    LOGGER.debug("solve: %d rows, %d columns, %d integer", *_size(program))
    started = time.monotonic()
    trace: list[Progress] = []
    stop = threading.Event()

    def note(event: Any) -> None:
        out = event.data_out
        incumbent, bound = (
            x / scale if abs(x) < 1e300 else math.copysign(math.inf, x)
            for x in (out.mip_primal_bound, out.mip_dual_bound)
        )
        now = Progress(time.monotonic() - started, incumbent, bound)
        if not trace or (trace[-1].incumbent, trace[-1].bound) != (incumbent, bound):
            trace.append(now)
        if on_progress is not None:
            on_progress(now)

    def check(event: Any) -> None:
        if stop.is_set() or (cutoff is not None and cutoff()):
            event.data_in.user_interrupt = True

    solver.cbMipLogging += note
    solver.cbMipImprovingSolution += note
    solver.cbMipInterrupt += check
    solver.cbSimplexInterrupt += check
    solver.cbIpmInterrupt += check
    if start is not None and mip:
        at = np.flatnonzero(program.integer)
        solver.setSolution(len(at), at.astype(np.int32), np.round(start[at]))
    interrupted = _wait(solver, stop)
    seconds = time.monotonic() - started
    make = partial(Outcome, seconds=seconds, interrupted=interrupted, trace=tuple(trace))
    return unscaled(_outcome(solver, scaled, scale, options.gap, make), scaling)


def _outcome(
    solver: highspy.Highs, program: Compiled, scale: float, gap: float, make: Callable[..., Outcome]
) -> Outcome:
    """What the solver found; ``make`` knows time and progress of the search."""
    status, info, known = solver.getModelStatus(), solver.getInfo(), highspy.HighsModelStatus
    mip = bool(program.integer.any())
    if status == known.kModelEmpty:
        nothing = np.zeros(0)
        return make("optimal", program.offset, program.offset, nothing, nothing, nothing)
    if status == known.kInfeasible:
        return make("infeasible", None, math.inf)
    if status == known.kUnbounded:
        return make("unbounded", None, -math.inf)
    if status == known.kUnboundedOrInfeasible:
        return make(_unbounded_or_infeasible(program), None, -math.inf)
    failures = (known.kLoadError, known.kModelError, known.kPresolveError, known.kSolveError)
    if status in (*failures, known.kPostsolveError):
        raise PaxSilicaError(f"the solver failed ({solver.modelStatusToString(status)})")
    feasible = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    bound = info.mip_dual_bound / scale if mip else -math.inf
    if not feasible or (not mip and status != known.kOptimal):
        return make("no_plan", None, bound)
    if not mip:
        return linear_outcome(solver, scale, make)
    objective = info.objective_function_value / scale
    values = np.array(solver.getSolution().col_value, dtype=float)
    at = np.flatnonzero(program.integer)
    violation = float(np.abs(values[at] - np.round(values[at])).max(initial=0.0))
    values[at] = np.round(values[at])
    bound = min(bound, objective)
    proved = status == known.kOptimal or relative_gap(objective, bound) <= gap
    status_of_plan = "optimal" if proved else "feasible"
    return make(status_of_plan, objective, bound, values, integrality_violation=violation)


def linear_outcome(
    solver: highspy.Highs, scale: float, make: Callable[..., Outcome] = Outcome
) -> Outcome:
    """The optimum of a linear program that the solver has found, with duals if they are valid."""
    solution, objective = solver.getSolution(), solver.getInfo().objective_function_value / scale
    values = np.array(solution.col_value, dtype=float)
    if not solution.dual_valid:
        return make("optimal", objective, objective, values)
    duals = (np.array(of, dtype=float) / scale for of in (solution.row_dual, solution.col_dual))
    return make("optimal", objective, objective, values, *duals)


def _unbounded_or_infeasible(program: Compiled) -> Status:
    """Distinguishes the two by a search for any feasible point; ``no_plan`` if that search does not
    tell."""
    probe = solve(program.minimising(np.zeros_like(program.cost)), Solver(gap=0.0))
    if probe.status in ("optimal", "feasible"):
        return "unbounded"
    return "infeasible" if probe.status == "infeasible" else "no_plan"


Format = Literal["mps", "lp"]


class HasModel(Protocol):
    """What has a Pyomo model, such as :class:`paxsilica.api.Question`."""

    def model(self) -> Model:
        """The model."""


def write_model(question: HasModel, path: Path | str, format: Format = "mps") -> None:
    """Writes the program of a question to a file, for another solver.

    Args:
        question: whose model is written.
        path: of the file; an existing one is replaced.
        format: MPS or CPLEX LP. Names of rows and columns are those of the model, with ``_`` for
            characters that the formats do not allow.

    Raises:
        InputError: if the file cannot be written.
    """
    write_program(compile_model(question.model()), path, format)


def write_program(program: Compiled, path: Path | str, format: Format = "mps") -> None:
    """Writes a program to a file; see :func:`write_model`."""
    solver = _load(program, 1.0)
    for names, passed in (
        (program.columns, solver.passColName),
        (program.row_names, solver.passRowName),
    ):
        for at, name in enumerate(_file_names(names)):
            passed(at, name)
    with TemporaryDirectory() as folder:
        written = Path(folder) / f"model.{format}"  # the solver takes the format from the name
        if solver.writeModel(str(written)) == highspy.HighsStatus.kError:
            raise PaxSilicaError("the solver could not write the model")
        try:
            shutil.copyfile(written, path)
        except OSError as error:
            raise InputError(f"{path} should be a file that can be written ({error})") from error


def _file_names(names: Iterable[tuple[str, Any]]) -> Iterator[str]:
    """Names that the formats allow, each once."""
    seen: Counter[str] = Counter()
    for family, index in names:
        parts = [family, *(() if index is None else parts_of(index))]
        name = re.sub(r"[^A-Za-z0-9_.]", "_", ".".join(map(str, parts)))[:200]
        seen[name] += 1
        yield name if seen[name] == 1 else f"{name}..{seen[name]}"
