"""Benders decomposition by operating state.

Given the decisions (commitments, sizes, payments, stores and standby capacity), no row touches two
operating states. The master holds the decisions, the normal states and the coverage tests, and an
estimate for the cost of the other states; each of these is a linear program of its own, which
answers decisions with its cost and a cut. The bound is that of the master, which is a relaxation.
The cost of a plan is exact: with its integer decisions fixed, the method continues until nothing
is left to gain.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from paxsilica.case import Solver
from paxsilica.errors import PaxSilicaError
from paxsilica.solver.decomposition_dive import dive, rounded_up
from paxsilica.solver.decomposition_master import Cut, Master
from paxsilica.solver.decomposition_parts import (
    Partition,
    Positions,
    Reaction,
    lower_bound,
)
from paxsilica.solver.decomposition_workers import (
    ALONE,
    Earlier,
    Elsewhere,
    Evaluator,
    Here,
    Kept,
    Resources,
)
from paxsilica.solver.highs import (
    Outcome,
    Progress,
    ProgressCallback,
    Status,
    relative_gap,
    solve,
)
from paxsilica.solver.program import Array, Compiled
from paxsilica.solver.staged import NO_HEURISTICS, solve_in_stages, suits

LOGGER = logging.getLogger(__name__)

STEP = 0.7
"""How far decisions move at first from the best known ones to those of the master in a round."""

SHORTEST_STEP, LONGEST_STEP, SHORTER, LONGER = 0.1, 0.9, 0.5, 1.5
"""A step that gives no better decisions is followed by a shorter one, and the reverse."""

CLOSED = 1e-9
"""Relative distance of plan and bound at which nothing is left to gain."""

EXACT = 1e-7
"""Relative distance of plan and bound that the tolerances of the solver leave."""

ROUNDING = 2e-7
"""Violation of a cut, USD million or units of a row, that the solver does not repair."""

MOST_ROUNDS = 1000
"""Rounds of one relaxation; it ends long before, unless rounding keeps it from it."""

MANY_STATES = 500
"""Number of subproblems above which those of one year share an estimate."""

WORTHWHILE_STATES = 40
"""Number of subproblems from which the automatic method decomposes."""

PURE_SHARE = 0.2
"""Share of the gap to which the relaxation is solved, before plans are looked for."""


DIVES = 3
"""Most dives before the master is searched."""

DIVE_SLACK = 0.05
"""Share of the gap that one decision of a dive may cost before the other side is tried."""


def chosen(program: Compiled, options: Solver) -> str:
    """The method for a program: ``monolith``, ``decomposition`` or ``rounding``."""
    if options.method != "auto":
        return options.method
    worthwhile = len(program.separable) >= WORTHWHILE_STATES and program.integer.any()
    return "decomposition" if worthwhile else "monolith"


@dataclass
class Best:
    """The best plan so far: decisions in the master, and the reactions to them."""

    objective: float = math.inf
    decisions: Array | None = None
    reactions: Sequence[Reaction] = ()


@dataclass
class Decomposition:
    """One search. ``bound`` and ``best`` hold at any moment."""

    program: Compiled
    options: Solver
    partition: Partition
    on_progress: ProgressCallback | None = None
    cutoff: Callable[[], bool] | None = None
    resources: Resources = ALONE
    bound: float = -math.inf
    best: Best = field(default_factory=Best)
    infeasible: bool = False
    unbounded: bool = False
    rounds: int = 0

    def __post_init__(self) -> None:
        self.started = time.monotonic()
        self.trace: list[Progress] = []
        self.subproblems = self.partition.subproblems(self.program, self.options)
        names = self.partition.names
        years = [self.program.separable[name] for name in names]
        keys: list[object] = list(years if len(names) > MANY_STATES else names)
        groups = list(dict.fromkeys(keys))
        at = {key: number for number, key in enumerate(groups)}
        self.group = np.array([at[key] for key in keys], dtype=np.intp)
        self.members = [np.flatnonzero(self.group == number) for number in range(len(groups))]
        least = np.zeros(len(groups))
        for subproblem, number in zip(self.subproblems, self.group, strict=True):
            least[number] += lower_bound(subproblem.program)
        self.master = Master(self.program, self.partition, least, self.options, groups)
        self.linear = not len(self.master.integer)
        client = self.resources.client
        self.evaluator: Evaluator = (
            Here(self.subproblems)
            if client is None or not self.subproblems
            else Elsewhere(self.subproblems, client)
        )
        self.kept = None
        if self.resources.store is not None and not self.linear:
            self.kept = Kept(self.resources.store, self.program)

    @property
    def seconds(self) -> float:
        """Time since the start."""
        return time.monotonic() - self.started

    @property
    def left(self) -> float:
        """Seconds that are left."""
        return self.options.time_limit_s - self.seconds

    @property
    def gap(self) -> float:
        """Relative gap of the best plan, 0 where it is rounding."""
        if closed(self.best.objective, self.bound, CLOSED):
            return 0.0
        return relative_gap(self.best.objective, self.bound)

    @property
    def over(self) -> bool:
        """Whether time is up or nobody needs more."""
        return self.left <= 0 or (self.cutoff is not None and self.cutoff())

    def note(self, bound: float = -math.inf) -> None:
        """Reports plan and bound."""
        self.bound = max(self.bound, min(bound, self.best.objective))
        now = Progress(self.seconds, self.best.objective, self.bound)
        last = self.trace[-1] if self.trace else None
        if last is None or (last.incumbent, last.bound) != (now.incumbent, now.bound):
            self.trace.append(now)
        if self.on_progress is not None:
            self.on_progress(now)

    def cuts(self, at: Array, reactions: Sequence[Reaction], against: Array) -> list[Cut]:
        """The cuts of the reactions at some decisions that others violate."""
        found = []
        for group, members in enumerate(self.members):
            impossible = [one for one in members.tolist() if not reactions[one].feasible]
            for one in impossible:
                found.append(self._cut(None, [one], at, reactions))
            if not impossible:
                found.append(self._cut(group, members, at, reactions))
        size = self.master.size
        return [
            cut
            for cut in found
            if cut.value(against)
            > (0.0 if cut.group is None else against[size + cut.group])
            + ROUNDING
            + CLOSED * abs(cut.constant)
        ]

    def _cut(
        self,
        group: int | None,
        members: Sequence[int] | Positions,
        at: Array,
        reactions: Sequence[Reaction],
    ) -> Cut:
        columns = np.concatenate([self.subproblems[one].coupling for one in members])
        gradients = np.concatenate([reactions[one].gradient for one in members])
        unique, back = np.unique(columns, return_inverse=True)
        gradient = np.zeros(len(unique))
        np.add.at(gradient, back, gradients)
        constant = sum(reactions[one].value for one in members) - float(gradient @ at[unique])
        sources: tuple[tuple[int, Array], ...] = ()
        if self.linear and group is not None:
            sources = tuple(
                (int(one), duals) for one in members if (duals := reactions[one].duals) is not None
            )
        return Cut.of(group, constant, unique, gradient, sources)

    def relax(self, eps: float, *, exact: bool = False) -> tuple[float, Best]:
        """Solves the relaxation with the present bounds to a relative distance: its bound, and the
        best decisions.

        Args:
            eps: distance of bound and decisions at which to stop.
            exact: whether integer decisions are fixed: cuts stay, and the bound is none of the
                whole.
        """
        bound, best, step = -math.inf, Best(), STEP
        for _ in range(MOST_ROUNDS):
            if not exact:
                self.master.drop_slack_cuts()
            outcome = self.master.run()
            if outcome.values is None:
                return (math.inf if outcome.status == "infeasible" else -math.inf), best
            ideal, value = outcome.values, float(outcome.objective or 0.0)
            bound = max(bound, value)
            if not exact:
                self.note(bound)
            if closed(best.objective, bound, eps):
                return bound, best
            if self.over and (not exact or best.decisions is not None):
                return bound, best
            self.rounds += 1
            point = ideal
            if best.decisions is not None and step < 1.0:
                point = step * ideal + (1 - step) * best.decisions
            before = best.objective
            best, cuts = self.asked(point, ideal, best)
            if not cuts and (step >= 1.0 or point is ideal):
                return bound, best  # the estimates are exact
            if not cuts:
                step = min(1.0, 2 * step)
            elif best.objective < before:
                step = min(LONGEST_STEP, LONGER * step)
            else:
                step = max(SHORTEST_STEP, SHORTER * step)
        return bound, best

    def asked(self, point: Array, ideal: Array, best: Best) -> tuple[Best, list[Cut]]:
        """Asks the subproblems at a point: the better of it and the best point, and the cuts that
        the optimum of the master violates, which are added to it."""
        reactions = self.evaluator(point)
        if all(one.feasible for one in reactions):
            cost = self.master.cost(point) + sum(one.value for one in reactions)
            if cost < best.objective:
                best = Best(cost, point, reactions)
        cuts = self.cuts(point, reactions, ideal)
        self.master.add(cuts)
        if self.kept is not None:
            self.kept.keep(cuts, self.bound)
        return best, cuts

    def price(self, decisions: Array, eps: float) -> None:
        """Finds the exact cost of the integer decisions, and keeps the plan if it is the best."""
        self.master.fix(decisions)
        try:
            _, found = self.relax(eps, exact=True)
        except PaxSilicaError as error:
            LOGGER.warning("decomposition: a plan is left out: %s", error)
            return
        finally:
            self.master.free()
        if found.objective < self.best.objective:
            self.best = found
            if self.kept is not None and found.decisions is not None:
                self.kept.keep((), self.bound, found.decisions[self.master.integer])
        self.note()

    def search(self, start: Array | None) -> None:
        """Solves the program until the gap is closed or time is up."""
        gap = self.options.gap
        eps = CLOSED if self.linear else max(PURE_SHARE * gap, 1e-7)
        earlier = None if self.kept is None else self.kept.earlier()
        if earlier is not None:
            self.master.add(earlier.cuts)
            self.note(earlier.bound)
        bound, relaxed = self.relax(eps)
        self.infeasible = bound == math.inf
        self.unbounded = bound == -math.inf
        self.note(bound)
        if self.linear:
            self.best = relaxed
            self.note(bound)
        if self.infeasible or self.unbounded or self.linear:
            return
        LOGGER.info(
            "decomposition: relaxation %.10g after %d rounds, %d cuts, %.1f s",
            self.bound,
            self.rounds,
            len(self.master.cuts),
            self.seconds,
        )
        precise = max(0.1 * gap, CLOSED)
        self.first_plans(start, earlier, precise)
        if self.options.method == "rounding":
            return
        before: bytes | None = None
        while self.gap > gap and not self.over:
            outcome = self.solve_master(0.5 * gap)
            if outcome.interrupted:
                raise KeyboardInterrupt
            if outcome.status == "infeasible" and self.best.decisions is None:
                self.infeasible = True
                return
            if outcome.values is None:
                self.note(outcome.bound)
                return
            self.note(outcome.bound)
            plan = np.round(outcome.values[self.master.integer]).astype(np.int8).tobytes()
            if self.gap <= gap or plan == before:
                return  # the master knows the cost of its own plan: nothing is left to learn
            before = plan
            self.price(outcome.values, precise)
            LOGGER.info(
                "decomposition: plan %.10g, bound %.10g after %d rounds, %d cuts, %.1f s",
                self.best.objective,
                self.bound,
                self.rounds,
                len(self.master.cuts),
                self.seconds,
            )

    def first_plans(self, start: Array | None, earlier: Earlier | None, precise: float) -> None:
        """Prices known plans, and those of some dives."""
        if start is not None:
            self.price(start[self.master.columns], precise)
        if earlier is not None and earlier.integers is not None:
            decisions = np.zeros(len(self.master.base.cost))
            decisions[self.master.integer] = earlier.integers
            self.price(decisions, precise)
        for _ in range(DIVES):
            if self.gap <= self.options.gap or self.over or not self.dive(precise):
                break

    def dive(self, precise: float) -> bool:
        """Rounds the relaxation to a plan and prices it. Whether another dive may help: if the cost
        of the plan is far above what the cuts said, they have learned from it."""
        outcome = self.master.run()
        if outcome.values is None or outcome.objective is None:
            return False
        self.note(outcome.objective)
        program, gap = self.master.linear, self.options.gap
        slack = DIVE_SLACK * gap * max(1.0, abs(outcome.objective))
        try:
            found = dive(program, self.master.base, outcome, slack, lambda: self.over)
            if found is None:
                found = rounded_up(program, self.master.base, outcome)
        finally:
            self.master.free()
        if found is None or found.values is None or found.objective is None:
            return False
        before = self.best.objective
        self.price(found.values, precise)
        LOGGER.info(
            "decomposition: dive %.10g, cost %.10g, gap %.2g after %d rounds, %.1f s",
            found.objective,
            self.best.objective,
            self.gap,
            self.rounds,
            self.seconds,
        )
        learned = self.best.objective - found.objective
        return self.best.objective < before and learned >= PURE_SHARE * (
            self.best.objective - self.bound
        )

    def solve_master(self, gap: float) -> Outcome:
        """Searches the master with its integers and cuts, from the best plan."""
        options = self.options.model_copy(update={"gap": gap, "time_limit_s": max(0.1, self.left)})
        program, best = self.master.program(), self.best.decisions

        def note(now: Progress) -> None:
            self.note(now.bound)

        if best is None and suits(program):
            return solve_in_stages(program, options, note, None, self.cutoff)
        quiet = {} if best is None else NO_HEURISTICS
        return solve(program, options, note, best, self.cutoff, quiet)

    def values(self, best: Best) -> Array | None:
        """The plan by column of the whole program."""
        if best.decisions is None:
            return None
        values = np.zeros(len(self.program.cost))
        values[self.master.columns] = best.decisions[: self.master.size]
        for subproblem, reaction in zip(self.subproblems, best.reactions, strict=True):
            assert reaction.values is not None
            values[subproblem.columns] = reaction.values
        integer = self.program.integer
        values[integer] = np.round(values[integer])
        return values

    def duals(self) -> tuple[Array, Array] | None:
        """Duals of the rows and columns of a linear program: those of each subproblem are the mean
        of its duals at the cuts, weighted by the duals of the cuts."""
        if not self.linear:
            return None
        outcome = self.master.run()
        if outcome.row_duals is None:
            return None
        rows = np.zeros(len(self.program.row_low))
        count = len(self.master.rows)
        rows[self.master.rows] = outcome.row_duals[:count]
        for cut, weight in zip(self.master.cuts, outcome.row_duals[count:], strict=True):
            for at, duals in cut.sources if weight else ():
                rows[self.subproblems[at].rows] += weight * duals
        return rows, self.program.cost - self.program.matrix.T @ rows

    def outcome(self, interrupted: bool) -> Outcome:
        """What was found."""
        make = partial(
            Outcome,
            seconds=self.seconds,
            interrupted=interrupted,
            trace=tuple(self.trace),
            limited=interrupted or self.over,
        )
        if self.infeasible:
            return make("infeasible", None, math.inf)
        values = self.values(self.best)
        if values is None:
            return make("no_plan", None, self.bound)
        objective = self.best.objective
        bound = objective if self.gap == 0.0 else min(self.bound, objective)
        proved = relative_gap(objective, bound) <= self.options.gap
        status: Status = "optimal" if proved or closed(objective, bound, EXACT) else "feasible"
        found = make(status, objective, bound, values)
        duals = None if interrupted else self.duals()
        return found if duals is None else replace(found, row_duals=duals[0], column_duals=duals[1])


def closed(objective: float, bound: float, eps: float) -> bool:
    """Whether plan and bound are no further apart than ``eps``, relative to the plan."""
    if not (math.isfinite(objective) and math.isfinite(bound)):
        return False
    return objective - bound <= eps * max(1.0, abs(objective))


def decompose(
    program: Compiled,
    options: Solver,
    on_progress: ProgressCallback | None = None,
    start: Array | None = None,
    cutoff: Callable[[], bool] | None = None,
    resources: Resources = ALONE,
) -> Outcome:
    """Solves ``program`` as :func:`~paxsilica.solver.highs.solve` does, by decomposition. A program
    without subproblems is solved whole, and so is one whose master is unbounded. The method
    ``rounding`` ends with the first plans."""
    partition = Partition.of(program)
    if not partition.names and options.method == "rounding" and suits(program):
        return solve_in_stages(program, options, on_progress, start, cutoff, first_plan=True)
    if not partition.names and options.method != "rounding":
        LOGGER.info("search: monolith (the program has no state that can be a subproblem)")
        return solve(program, options, on_progress, start, cutoff)
    LOGGER.info("search: decomposition into %d subproblems", len(partition.names))
    search = Decomposition(program, options, partition, on_progress, cutoff, resources)
    try:
        search.search(start)
    except KeyboardInterrupt:
        return search.outcome(interrupted=True)
    if search.unbounded:
        LOGGER.info("search: monolith (the master is unbounded)")
        return solve(program, options, on_progress, start, cutoff)
    return search.outcome(interrupted=False)
