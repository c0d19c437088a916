"""Search of large programs in stages: relaxation, rounding, a small program, the whole program.

The relaxation of these programs is nearly integral, and its bound is mostly as good as needed.
HiGHS alone loses its time in heuristics that round down, which leaves requirements unmet. Each
stage ends the search if it proves the gap:

1. The linear relaxation gives the bound.
2. Its integer columns are rounded up, and the linear program of everything else is solved. If that
   has no solution for lack of money, limits of money are tightened in the relaxation and it is
   rounded again. If that fails too, a dive fixes integer columns step by step.
3. The program in the integer columns that a relaxation or a plan uses is searched from the best
   plan.
4. The whole program is searched from the best plan, without heuristics of the solver.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from paxsilica.case import Solver
from paxsilica.model.registry import ROWS
from paxsilica.solver.highs import (
    Outcome,
    Progress,
    ProgressCallback,
    SolverValue,
    Status,
    Vertex,
    relative_gap,
    solve,
)
from paxsilica.solver.program import Array, Compiled
from paxsilica.solver.relaxation import FRACTIONAL, Relaxation, relax

LOGGER = logging.getLogger(__name__)

LEAST_INTEGERS = 300
"""Number of integer columns above which a program is searched in stages."""

THRESHOLDS = (1e-6, 1e-2, 1e-1)
"""Values above these are rounded up."""

SLACKS = (0.0, 0.01, 0.03)
"""Shares of each limit of money that the relaxation leaves unused."""

SMALL_GAP = 0.25
"""Gap of the search in the small program, as a share of the gap that is wanted."""

SMALL_NODES = 500
"""Largest number of nodes of the search in the small program."""

NO_HEURISTICS: dict[str, SolverValue] = {
    "mip_heuristic_effort": 0.0,
    "mip_heuristic_run_feasibility_jump": False,
    "mip_heuristic_run_rens": False,
    "mip_heuristic_run_rins": False,
    "mip_heuristic_run_root_reduced_cost": False,
}
"""Options of HiGHS for a search from a good plan."""


def suits(program: Compiled) -> bool:
    """Whether a program is large enough for a search in stages."""
    return int(program.integer.sum()) > LEAST_INTEGERS


def solve_in_stages(
    program: Compiled,
    options: Solver,
    on_progress: ProgressCallback | None = None,
    start: Array | None = None,
    cutoff: Callable[[], bool] | None = None,
    *,
    first_plan: bool = False,
    keep_vertex: bool = False,
) -> Outcome:
    """Solves ``program`` to the gap in ``options``; the arguments are those of
    :func:`~paxsilica.solver.highs.solve`. The time limit is one for all stages. With
    ``first_plan`` the search ends after the second stage. With ``keep_vertex`` the outcome has the
    optimum of the relaxation."""
    work = _Search(program, options, on_progress, cutoff, first_plan=first_plan)
    work.keep_vertex = keep_vertex
    return replace(work.run(start), vertex=work.vertex)


class _Finished(Exception):
    """The search ends with what is known."""


class _Search:
    def __init__(
        self,
        program: Compiled,
        options: Solver,
        on_progress: ProgressCallback | None,
        cutoff: Callable[[], bool] | None,
        *,
        first_plan: bool = False,
    ) -> None:
        self.program, self.options, self.first_plan = program, options, first_plan
        self.on_progress, self.cutoff = on_progress, cutoff
        self.started = time.monotonic()
        self.whole = np.flatnonzero(program.integer)
        self.best: Outcome | None = None
        self.bound = -math.inf
        self.status: Status = "no_plan"
        self.closed = False
        self.interrupted = False
        self.limited = False
        self.warnings: dict[str, None] = {}
        self.keep_vertex = False
        self.vertex: Vertex | None = None
        self.trace: list[Progress] = []
        self.used = np.zeros(len(self.whole), dtype=bool)
        self.tried: set[bytes] = set()

    @property
    def incumbent(self) -> float:
        """Objective of the best plan, infinite without one."""
        return math.inf if self.best is None else self._objective(self.best)

    @staticmethod
    def _objective(outcome: Outcome) -> float:
        return math.inf if outcome.objective is None else outcome.objective

    def run(self, start: Array | None) -> Outcome:
        """All stages, as far as they are needed."""
        try:
            self._stages(start)
        except _Finished:
            pass
        except KeyboardInterrupt:  # between two calls of the solver
            self.interrupted = self.limited = True
        return self._outcome()

    def _outcome(self) -> Outcome:
        seconds = time.monotonic() - self.started
        if self.best is None:
            return Outcome(
                self.status,
                None,
                self.bound,
                seconds=seconds,
                interrupted=self.interrupted,
                trace=tuple(self.trace),
                limited=self.limited,
                warnings=tuple(self.warnings),
            )
        bound = min(self.bound, self.incumbent)
        proved = self.closed or self._proved(self.incumbent)
        return replace(
            self.best,
            status="optimal" if proved else "feasible",
            bound=bound,
            row_duals=None,
            column_duals=None,
            seconds=seconds,
            interrupted=self.interrupted,
            trace=tuple(self.trace),
            limited=self.limited and not proved,
            warnings=tuple(self.warnings),
        )

    def _stages(self, start: Array | None) -> None:
        if start is not None:
            self._begin("known plan")
            self._fixed(start[self.whole])
        self._rounded(self._relaxed())
        if self.first_plan:
            return
        self._small()
        self._all()

    # --- what is known, and when to stop ---------------------------------------------------------

    def _report(self, incumbent: float = math.inf, bound: float = -math.inf) -> None:
        now = Progress(
            time.monotonic() - self.started,
            min(incumbent, self.incumbent),
            max(bound, self.bound),
        )
        if not self.trace or (self.trace[-1].incumbent, self.trace[-1].bound) != (
            now.incumbent,
            now.bound,
        ):
            self.trace.append(now)
        if self.on_progress is not None:
            self.on_progress(now)

    def _proved(self, incumbent: float) -> bool:
        return relative_gap(incumbent, min(self.bound, incumbent)) <= self.options.gap

    def _take(self, outcome: Outcome) -> None:
        """Keeps a plan that is better than the best one so far."""
        if outcome.values is not None and self._objective(outcome) < self.incumbent:
            self.best = outcome
            self.used |= np.abs(outcome.values[self.whole]) > FRACTIONAL
        self._report()
        self.interrupted |= outcome.interrupted
        self.limited |= outcome.limited
        self.warnings |= dict.fromkeys(outcome.warnings)
        self._check()

    def _check(self) -> None:
        """Ends the search if nothing is left to do, or no time to do it."""
        stopped = self.interrupted or (self.cutoff is not None and self.cutoff())
        self.limited |= stopped or self._left() <= 0
        if self.limited or self._proved(self.incumbent):
            raise _Finished

    def _left(self) -> float:
        return self.options.time_limit_s - (time.monotonic() - self.started)

    def _within(self, gap: float | None = None) -> Solver:
        """The options with the time that is left."""
        left = {"time_limit_s": max(self._left(), 1e-3)}
        return self.options.model_copy(update=left | ({} if gap is None else {"gap": gap}))

    # --- stages ----------------------------------------------------------------------------------

    def _begin(self, stage: str) -> None:
        LOGGER.info(
            "search: %s; plan %.6g, bound %.6g, %.1f s left",
            stage,
            self.incumbent,
            self.bound,
            self._left(),
        )

    def _relaxed(self) -> Relaxation:
        self._begin("relaxation")
        found = relax(self.program, self._within(), self.cutoff, keep_vertex=self.keep_vertex)
        self.vertex = found.vertex
        self.interrupted |= found.interrupted
        if found.status == "infeasible":
            if self.best is None:
                self.status = "infeasible"
                self.bound = math.inf
            raise _Finished
        self.bound = max(self.bound, found.bound)
        self._report()
        self._check()
        return found

    def _rounded(self, relaxation: Relaxation) -> None:
        """Plans from rounding the relaxation, with more and more unused money until there is one,
        and from a dive if there is none."""
        self._begin("rounding")
        for found in self._relaxations(relaxation):
            assert found.values is not None
            values = found.values[self.whole]
            self.used |= np.abs(values) > FRACTIONAL
            before = self.incumbent
            for threshold in THRESHOLDS:
                self._fixed(np.ceil(values - threshold))
            if self.incumbent < before:
                return
        if self.best is None and relaxation.reduced is not None:
            self._begin("dive")
            plan = relaxation.reduced.dive()
            self.interrupted |= relaxation.reduced.interrupted
            if plan is not None:
                self._fixed(np.round(plan[self.whole]))
            self._check()

    def _relaxations(self, relaxation: Relaxation) -> Iterator[Relaxation]:
        """The relaxation, and those that leave money unused."""
        money = self.program.rows_of(*(name for name, entry in ROWS.items() if entry.money))
        high = self.program.row_high[money]
        if relaxation.values is None:
            return
        yield relaxation
        if not np.any(high > 0):
            return
        for slack in SLACKS[1:]:
            if self.best is not None:
                return
            limits = np.where(high > 0, high * (1.0 - slack), high)
            tight = self.program.with_rows(money, self.program.row_low[money], limits)
            found = relax(tight, self._within(), self.cutoff)
            self.interrupted |= found.interrupted
            self._check()
            if found.values is None:
                return
            yield found

    def _fixed(self, decisions: Array) -> None:
        """Tries a plan with these values of the integer columns; smallest tickets are decided again
        if they make it infeasible."""
        decisions = np.clip(
            np.round(decisions), self.program.low[self.whole], self.program.high[self.whole]
        )
        key = (decisions + 0.0).tobytes()
        if key in self.tried:
            return
        self.tried.add(key)
        found = solve(self.program.fixed(self.whole, decisions), self._within())
        if found.values is None and not found.interrupted:
            families = [self.program.columns[at][0] for at in self.whole]
            others = np.array([family != "ticket" for family in families])
            if not others.all():
                rest = self.program.fixed(self.whole[others], decisions[others])
                found = solve(rest, self._within(), cutoff=self.cutoff)
        self._take(found)

    def _small(self) -> None:
        """Search in the integer columns that a relaxation or a plan uses."""
        unused = self.whole[~self.used & (self.program.low[self.whole] <= 0)]
        if not self.used.any() or not len(unused):
            return
        self._begin("small program")
        gap = self.options.gap * SMALL_GAP
        small = self.program.fixed(unused, np.zeros(len(unused)))
        self._take(self._searched(small, gap, {"mip_max_nodes": SMALL_NODES}, whole=False))

    def _all(self) -> None:
        """Search in the whole program."""
        self._begin("whole program")
        found = self._searched(self.program, None, {}, whole=True)
        if found.status in ("infeasible", "unbounded") and self.best is None:
            self.status = found.status
        if not (found.status == "infeasible" and self.best is not None):
            self.bound = max(self.bound, found.bound)
        # with a gap of 0, plan and bound may still differ in the last digits
        self.closed = found.status == "optimal"
        self._take(found)

    def _searched(
        self, program: Compiled, gap: float | None, limits: dict[str, SolverValue], *, whole: bool
    ) -> Outcome:
        """A search from the best plan. It ends as soon as a plan is near enough to the bound."""
        reached = math.inf

        def note(now: Progress) -> None:
            nonlocal reached
            reached = now.incumbent
            bound = now.bound if whole else -math.inf
            self._report(now.incumbent, bound)

        def enough() -> bool:
            return self._proved(reached) or (self.cutoff is not None and self.cutoff())

        start = None if self.best is None else self.best.values
        quiet = {} if start is None else NO_HEURISTICS
        return solve(program, self._within(gap), note, start, enough, quiet | limits)
