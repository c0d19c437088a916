"""Calls of the solver."""

from __future__ import annotations

import errno
import logging
import math
import os
import re
import shutil
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any, Literal, Protocol

import highspy
import numpy as np
from numpy.typing import NDArray

from paxsilica.atomic import new_file
from paxsilica.case import Solver
from paxsilica.case_options import SOLVER_OPTIONS
from paxsilica.errors import InputError, PaxSilicaError, Problem
from paxsilica.model import Model
from paxsilica.model.registry import parts_of
from paxsilica.solver.program import Array, Compiled, compile_model
from paxsilica.solver.scaling import Scaling, words_of
from paxsilica.solver.verify import TOLERANCE, violation

SolverValue = float | int | str | bool
NO_DEFAULTS: Mapping[str, SolverValue] = MappingProxyType({})
Status = Literal["optimal", "feasible", "infeasible", "unbounded", "no_plan"]
ProgressCallback = Callable[["Progress"], None]


AGGREGATOR = 1 << 12
"""Rule of the presolve of HiGHS that is not used: with it, HiGHS 1.15.1 calls plans optimal
that are not (2 of 111 random worlds)."""


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
class Vertex:
    """An optimal vertex of a linear relaxation: values of its columns, and the columns that are
    outside of its basis, as far as they are known."""

    values: Array
    outside: NDArray[np.intp]


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
    limited: bool = False
    """Whether time or the user ended the search: another run may then find another plan."""
    warnings: tuple[str, ...] = ()
    """Warnings of the solver."""
    vertex: Vertex | None = None
    """Optimum of the linear relaxation, if it was asked for and is known."""

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


ADVICE = ("excessively", "Consider scaling")
"""Parts of warnings that advise to scale: the program is scaled, and solutions are verified."""


def _load(program: Compiled) -> tuple[highspy.Highs, list[str]]:
    """A solver with the program, and the list to which it adds its warnings.

    Raises:
        PaxSilicaError: if the solver refuses the program or leaves out a part of it.
    """
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = len(program.cost), len(program.row_low)
    lp.col_cost_, lp.offset_ = program.cost, program.offset
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
    solver.setOptionValue("presolve_rule_off", AGGREGATOR)
    solver.setOptionValue("output_flag", True)
    warnings: list[str] = []

    def read(event: Any) -> None:
        if event.data_out.log_type in (highspy.HighsLogType.kWarning, highspy.HighsLogType.kError):
            words = " ".join(event.message.split())
            LOGGER.info("solver: %s", words)
            if not any(part in words for part in ADVICE):
                warnings.append(words.removeprefix("WARNING: "))

    solver.cbLogging += read
    status = solver.passModel(lp)
    ignored = [words for words in warnings if "ignored" in words]
    if status == highspy.HighsStatus.kError or ignored:
        raise PaxSilicaError("; ".join(["the solver refused the model", *(ignored or warnings)]))
    return solver, warnings


def _set(solver: highspy.Highs, name: str, value: float | int | str | bool) -> None:
    if solver.setOptionValue(name, value) != highspy.HighsStatus.kOk:
        words = "the solver refuses this value"
        raise InputError([Problem("case", "", f"solver.options.{name}", str(value), words)])


def wait(run: Callable[[], object], stop: threading.Event) -> bool:
    """Calls ``run`` of a solver in a thread of its own; the first Ctrl-C sets ``stop``. Whether
    that happened."""
    interrupted = False
    # not worker.join: in Python 3.11 an interrupted join takes the thread for ended
    finished = threading.Event()

    def call() -> None:
        try:
            run()
        finally:
            finished.set()

    threading.Thread(target=call, daemon=True).start()
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
    defaults: Mapping[str, SolverValue] = NO_DEFAULTS,
) -> Outcome:
    """Solves ``program`` to the gap in ``options``; an LP has no gap.

    The program is scaled for the solver. The solution is verified in the units of ``program``; one
    that violates it is sought again with exact integers, tight tolerances and without presolve.

    Args:
        program: what to solve.
        options: gap, time limit, threads, seed and further options of the solver.
        on_progress: called with every progress of a search.
        start: a plan to start from, by column; only its integer part is used.
        cutoff: called from time to time; the search stops if it returns true.
        defaults: options of HiGHS that hold unless ``options`` say otherwise.

    Raises:
        InputError: if an entry is too small or too large for the solver in every unit.
        PaxSilicaError: if the solver fails, or finds no solution that can be verified.
    """
    outcome = _solve(program, options, on_progress, start, cutoff, defaults)
    if _verified(program, outcome, options):
        return outcome
    assert outcome.values is not None
    strict = options.model_copy(update={"options": options.options | STRICT})
    at = np.flatnonzero(program.integer)
    fixed = _solve(program.fixed(at, outcome.values[at]), strict)
    if fixed.objective is not None and _verified(program, fixed, options):
        if not len(at):
            return fixed
        bound = min(outcome.bound, fixed.objective)
        proved = relative_gap(fixed.objective, bound) <= options.gap
        return replace(
            outcome,
            status="optimal" if proved else "feasible",
            objective=fixed.objective,
            bound=bound,
            values=fixed.values,
            integrality_violation=0.0,
            seconds=outcome.seconds + fixed.seconds,
        )
    again = _solve(program, strict, on_progress, start, cutoff, defaults)
    if _verified(program, again, options):
        return again
    assert again.values is not None
    found = violation(program, again.values)
    raise PaxSilicaError(
        f"the solution of the solver violates {_place(found.where)} by {found.size:.1e} of its"
        " size, even with tight tolerances; numbers of very different sizes stand beside each other"
        " there"
    )


STRICT: dict[str, float | int | str | bool] = {
    "presolve": "off",
    "primal_feasibility_tolerance": 1e-9,
    "dual_feasibility_tolerance": 1e-9,
    "mip_feasibility_tolerance": 1e-9,
}
"""Options with which a solution that cannot be verified is sought again."""


def _verified(program: Compiled, outcome: Outcome, options: Solver) -> bool:
    """Whether there is no solution, or one that keeps every row and bound of the program."""
    if outcome.values is None:
        return True
    given = [options.options.get(f"{kind}_feasibility_tolerance", 0) for kind in ("primal", "mip")]
    found = violation(program, outcome.values)
    LOGGER.debug("largest violation: %.1e in %s", found.size, found.where)
    return found.size <= max(TOLERANCE, *map(float, given))


def _place(name: tuple[str, Any] | None) -> str:
    family, index = name or ("the program", None)
    return words_of(family, index)


def _solve(
    program: Compiled,
    options: Solver,
    on_progress: ProgressCallback | None = None,
    start: Array | None = None,
    cutoff: Callable[[], bool] | None = None,
    defaults: Mapping[str, SolverValue] = NO_DEFAULTS,
) -> Outcome:
    """What the solver finds, in the units of ``program``."""
    scaling = Scaling.of(program)
    scale = scaling.objective
    solver, warnings = _load(scaling.program(program))
    mip = bool(program.integer.any())
    for name, value in {
        **defaults,
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
    interrupted = wait(solver.run, stop)
    seconds = time.monotonic() - started
    known = highspy.HighsModelStatus
    limited = solver.getModelStatus() in (known.kTimeLimit, known.kInterrupt)
    make = partial(
        Outcome,
        seconds=seconds,
        interrupted=interrupted,
        trace=tuple(trace),
        limited=limited,
        warnings=tuple(dict.fromkeys(warnings)),
    )
    return _outcome(solver, program, scaling, options.gap, make)


def _outcome(
    solver: highspy.Highs,
    program: Compiled,
    scaling: Scaling,
    gap: float,
    make: Callable[..., Outcome],
) -> Outcome:
    """What the solver found; ``make`` knows time and progress of the search."""
    scale = scaling.objective
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
        found = linear_outcome(solver, scaling, make)
        assert found.values is not None
        return replace(found, values=np.clip(found.values, program.low, program.high))
    objective = info.objective_function_value / scale
    values = scaling.values(np.array(solver.getSolution().col_value, dtype=float))
    values = np.clip(values, program.low, program.high)
    at = np.flatnonzero(program.integer)
    violation = float(np.abs(values[at] - np.round(values[at])).max(initial=0.0))
    values[at] = np.round(values[at])
    bound = min(bound, objective)
    proved = status == known.kOptimal or relative_gap(objective, bound) <= gap
    status_of_plan = "optimal" if proved else "feasible"
    return make(status_of_plan, objective, bound, values, integrality_violation=violation)


def linear_outcome(
    solver: highspy.Highs, scaling: Scaling, make: Callable[..., Outcome] = Outcome
) -> Outcome:
    """The optimum of a linear program that the solver has found, with duals if they are valid."""
    solution = solver.getSolution()
    objective = solver.getInfo().objective_function_value / scaling.objective
    values = scaling.values(np.array(solution.col_value, dtype=float))
    if not solution.dual_valid:
        return make("optimal", objective, objective, values)
    row_duals = scaling.row_duals(np.array(solution.row_dual, dtype=float))
    column_duals = scaling.column_duals(np.array(solution.col_dual, dtype=float))
    return make("optimal", objective, objective, values, row_duals, column_duals)


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
    solver, _ = _load(program)
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
            if not _is_complete(written, format):
                # the solver does not report a full disk
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), folder)
            with new_file(Path(path)) as draft:
                shutil.copyfile(written, draft)
        except OSError as error:
            raise InputError(f"{path} should be a file that can be written ({error})") from error


def _is_complete(path: Path, format: Format) -> bool:
    """Whether a file of a model has its last line."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 100))
        return file.read().split()[-1:] == [{"mps": b"ENDATA", "lp": b"end"}[format]]


def _file_names(names: Iterable[tuple[str, Any]]) -> Iterator[str]:
    """Names that the formats allow, each once."""
    seen: Counter[str] = Counter()
    for family, index in names:
        parts = [family, *(() if index is None else parts_of(index))]
        name = re.sub(r"[^A-Za-z0-9_.]", "_", ".".join(map(str, parts)))[:200]
        seen[name] += 1
        yield name if seen[name] == 1 else f"{name}..{seen[name]}"
