"""The closest plan: the plan of objective ``security``.

Where no plan meets the requirements, the best that can be said is how near a plan comes. Coverage
is compared with what any plan could reach with all candidates and no limit of money. First the
smallest part of it, over stages and years, is made as large as possible; then the average part of
each stage over the years, worst stage first; then cost as small as possible.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import csr_matrix, vstack

from paxsilica.case import Solver
from paxsilica.instance import Candidate, Instance
from paxsilica.model.registry import rows_with
from paxsilica.model.security import coverage_base, coverage_side
from paxsilica.plan.coverage import SHARE_NOISE, CoverageTests, all_ready, as_share
from paxsilica.plan.requirement import CLOSEST_TOL as TOLERANCE
from paxsilica.solver import Array, Compiled, Outcome, ProgressCallback
from paxsilica.solver.resolve import (
    INTEGRALITY_TOL,
    Known,
    NewColumn,
    Written,
    extended,
    search,
    with_exact_integers,
)

SUM_WEIGHT = 1e-3
"""Weight of the average over all stages beside that of the worst; it breaks ties."""

OUTSIDE = ""
"""Group of the uses of goods that belong to no stage."""

Group = tuple[str, str]
"""(stage, state); the stage is :data:`OUTSIDE` for uses outside the chain."""


@dataclass(frozen=True)
class Closest:
    """How near the closest plan comes.

    Attributes:
        outcome: of the last step, with the values of all columns; its objective is the cost.
        reachable: by (stage, state), the largest share of 1 that a plan with all candidates and no
            limit of money could cover, at most the required one.
        ratio: the smallest part of ``reachable`` that the plan covers, of 1; ``bound`` is what no
            plan can exceed.
        ratios: by (stage, state), the part of ``reachable`` that the plan covers.
        unsettled: stages whose average was not made as large as possible for lack of time.
    """

    outcome: Outcome
    reachable: Mapping[Group, float]
    ratio: float
    bound: float
    ratios: Mapping[Group, float]
    unsettled: tuple[str, ...]


def group_of(instance: Instance, commodity: str, state: str) -> Group:
    """The stage and state that a coverage row belongs to."""
    return (instance.stage_of.get(commodity, OUTSIDE), state)


def reachable_shares(program: Compiled, instance: Instance, options: Solver) -> dict[Group, float]:
    """The largest share of 1 of each stage and state that any plan could cover: all candidates in
    service as early as possible, all capacity ready, stores full, no limit of money; at most the
    required share. It is a bound: a plan need not reach all of them at once."""
    tests = CoverageTests(program, instance, options)
    shifts: dict[int, Array] = {}
    found: dict[Group, float] = {}
    for test in tests:
        declining = any(one.decline for one in instance.candidates.values())
        year = instance.states[test.state].year if declining else instance.years[-1]
        if year not in shifts:
            shifts[year] = tests.shift(all_ready(program, _most_in(program, instance, year)))
        shift = shifts[year]
        members: dict[Group, list[str]] = defaultdict(list)
        required: dict[Group, float] = defaultdict(float)
        for (_, (good, state)), share in zip(test.index, test.required.tolist(), strict=True):
            group = group_of(instance, good, state)
            members[group].append(good)
            required[group] = max(required[group], share)
        for group, goods in members.items():
            most = test.alone(shift, goods, delivered=True)
            found[group] = min(required[group], most)
    return found


def _most_in(program: Compiled, instance: Instance, year: int) -> Array:
    """Decisions with the most capacity in a year: everything as early as possible, and what
    declines in the year of commitment of which most is left."""
    values = np.zeros(len(program.cost))
    values[program.positions("committed")] = 1.0
    for family in ("added_size", "stock"):
        at = program.positions(family)
        values[at] = program.high[at]
    for family, years_of in (("committed", "window"), ("added_size", "size_years")):
        for at in program.positions(family):
            name, when = program.columns[at][1]
            candidate = instance.candidates[name]
            if candidate.decline:
                best = _best_year(candidate, getattr(candidate, years_of), year)
                values[at] *= when >= best
    return values


def _best_year(candidate: Candidate, of: tuple[int, ...], year: int) -> int:
    """The year of commitment, of those in ``of``, of which most is left in ``year``."""
    start = year - candidate.lead_time
    return max(of, key=lambda one: candidate.credited_share(start - one))


def closest_plan(
    made: Written,
    on_progress: ProgressCallback | None = None,
    on_step: Callable[[str], None] | None = None,
) -> Closest:
    """The plan of objective ``security`` of the case of ``made``; its outcome has no values where
    other rows than those of coverage contradict each other."""
    return _Search(made, on_progress, on_step or (lambda _: None)).run()


class _Search:
    def __init__(
        self,
        made: Written,
        on_progress: ProgressCallback | None,
        on_step: Callable[[str], None],
    ) -> None:
        self.made, self.on_progress, self.on_step = made, on_progress, on_step
        self.instance, self.options = made.instance, made.case.solver
        self.ends = time.monotonic() + self.options.time_limit_s
        program = made.program
        self.reachable = reachable_shares(program, self.instance, self.options)
        self.rows = program.rows_of(*rows_with(item="coverage")).tolist()
        self.index = [program.row_names[row] for row in self.rows]
        self.groups = sorted(
            {
                group_of(self.instance, *index)
                for _, index in self.index
                if self.reachable[group_of(self.instance, *index)] > SHARE_NOISE
            }
        )
        self.stages = sorted({stage for stage, _ in self.groups})
        self.free = self._without_requirement(program)

    def _without_requirement(self, program: Compiled) -> Compiled:
        """The program in which the rows of coverage ask for nothing and nothing is missing."""
        low = program.row_low.copy()
        for row, (family, (good, state)) in zip(self.rows, self.index, strict=True):
            low[row] = coverage_side(self.instance, family, good, state, 0.0)
        at = program.positions("shortfall")
        return replace(program, row_low=low).with_columns(at, 0.0, 0.0)

    def _entries(self) -> dict[Group, dict[int, float]]:
        """Coefficients, by row, of the part of the reachable share that each group covers."""
        found: dict[Group, dict[int, float]] = {group: {} for group in self.groups}
        for row, (family, (good, state)) in zip(self.rows, self.index, strict=True):
            group = group_of(self.instance, good, state)
            if group in found:
                base = coverage_base(self.instance, family, good, state)
                found[group][row] = -base * self.reachable[group]
        return found

    def _solve(self, program: Compiled, start: Known | None) -> Outcome:
        left = max(1.0, self.ends - time.monotonic())
        options = self.options.model_copy(
            update={
                "time_limit_s": min(left, self.options.time_limit_s),
                "gap": max(self.options.gap, TOLERANCE / 2),
            }
        )
        return search(
            program, options, start, on_progress=self.on_progress, interruptible=True
        ).outcome

    def run(self) -> Closest:
        self.on_step("raise the weakest stage and year")
        entries = self._entries()
        every = NewColumn(
            ("security", ("all", "all")),
            {row: amount for part in entries.values() for row, amount in part.items()},
            high=1.0,
        )
        program = extended(self.free.minimising(np.zeros(len(self.free.cost))), [every])
        program = replace(program, cost=np.append(np.zeros(len(self.free.cost)), -1.0))
        first = self._solve(program, None)
        if first.values is None:
            return Closest(first, self.reachable, 0.0, 1.0, {}, tuple(self.stages))
        # where nothing can be reached, nothing is covered
        ratio = as_share(float(first.values[-1])) if self.groups else 0.0
        bound = as_share(-first.bound) if np.isfinite(first.bound) else 1.0
        bound = bound if self.groups else 0.0
        known = Known.of(self.made.program, first.values[: len(self.free.cost)])
        return self._by_stage(entries, ratio, max(ratio, bound), known)

    def _by_stage(
        self,
        entries: Mapping[Group, Mapping[int, float]],
        ratio: float,
        bound: float,
        known: Known,
    ) -> Closest:
        """Raises the averages of the stages, worst first, then lowers the cost."""
        count, least = len(self.free.cost), max(0.0, ratio - TOLERANCE)
        parts = [
            NewColumn(("security", group), entries[group], low=least, high=1.0)
            for group in self.groups
        ]
        worst = NewColumn(("security", ("worst", "")), {}, high=1.0)
        program = extended(self.free, [*parts, worst])
        averages = self._averages(count)
        above = csr_matrix(averages - _column(averages.shape, count + len(parts)))
        program = _with_rows(program, csr_matrix(vstack([above, averages])))
        fixed: dict[str, float] = {}
        found: Outcome | None = None
        while len(fixed) < len(self.stages):
            open_stages = [stage for stage in self.stages if stage not in fixed]
            self.on_step(f"raise the weakest of {len(open_stages)} stages over the years")
            cost = np.zeros(len(program.cost))
            cost[-1] = -1.0
            for stage in open_stages:
                cost -= (
                    SUM_WEIGHT / len(open_stages) * averages[self.stages.index(stage)].toarray()[0]
                )
            outcome = self._solve(self._held(program, fixed).minimising(cost), known)
            if outcome.values is None or outcome.status != "optimal":
                break
            found = outcome
            known = Known.of(self.made.program, outcome.values[:count])
            means = np.asarray(averages @ outcome.values, dtype=float)
            reached = {stage: float(mean) for stage, mean in zip(self.stages, means, strict=True)}
            low = min(reached[stage] for stage in open_stages)
            fixed |= {
                stage: reached[stage] for stage in open_stages if reached[stage] <= low + TOLERANCE
            }
        self.on_step("least cost among the closest plans")
        everything = self._held(program, fixed)
        cost = np.append(self.made.total, np.zeros(len(parts) + 1))
        cheapest = everything.minimising(cost, self.made.offset)
        last = self._solve(cheapest, known)
        if last.values is not None and last.integrality_violation > INTEGRALITY_TOL:
            exact = with_exact_integers(cheapest, last.values, self.options)
            last = last if exact.values is None else replace(last, values=exact.values)
        if last.values is None and found is not None:
            last = found
        ratios = {}
        if last.values is not None:
            ratios = {
                group: as_share(float(value))
                for group, value in zip(
                    self.groups, last.values[count : count + len(parts)], strict=True
                )
            }
            last = replace(last, values=self._complete(last.values[:count]))
        unsettled = tuple(stage for stage in self.stages if stage not in fixed)
        return Closest(last, self.reachable, ratio, bound, ratios, unsettled)

    def _averages(self, count: int) -> csr_matrix:
        """The average part of each stage over its years, by column of the program."""
        years = {stage: sum(one == stage for one, _ in self.groups) for stage in self.stages}
        at = [self.stages.index(stage) for stage, _ in self.groups]
        data = [1.0 / years[stage] for stage, _ in self.groups]
        columns = [count + place for place in range(len(self.groups))]
        shape = (len(self.stages), count + len(self.groups) + 1)
        return csr_matrix((data, (at, columns)), shape=shape)

    def _held(self, program: Compiled, fixed: Mapping[str, float]) -> Compiled:
        """The program in which settled stages keep their average and the others are no worse than
        the worst. Its last rows are two for each stage: at least the worst, and at least a
        number."""
        if not self.stages:
            return program
        low = program.row_low.copy()
        low[-2 * len(self.stages) :] = [
            *(-np.inf if stage in fixed else 0.0 for stage in self.stages),
            *(fixed.get(stage, TOLERANCE) - TOLERANCE for stage in self.stages),
        ]
        return replace(program, row_low=low)

    def _complete(self, values: Array) -> Array:
        """``values`` with what is missing of the required shares."""
        program, values = self.made.program, values.copy()
        places = set(program.positions("shortfall").tolist())
        values[list(places)] = 0.0
        missing: dict[int, float] = defaultdict(float)
        for row in self.rows:
            entries = program.matrix[row]
            short = program.row_low[row] - float((entries @ values)[0])
            for at, amount in zip(entries.indices.tolist(), entries.data.tolist(), strict=True):
                if at in places and short > 0:
                    missing[at] = max(missing[at], short / amount)
        for at, amount in missing.items():
            values[at] = amount
        return values


def _column(shape: tuple[int, int], at: int) -> csr_matrix:
    """A matrix with ones in one column."""
    rows = np.arange(shape[0])
    return csr_matrix((np.ones(shape[0]), (rows, np.full(shape[0], at))), shape=shape)


def _with_rows(program: Compiled, matrix: csr_matrix) -> Compiled:
    """The program with further rows ``matrix x >= 0``."""
    count = matrix.shape[0]
    return replace(
        program,
        matrix=csr_matrix(vstack([program.matrix, matrix])),
        row_low=np.append(program.row_low, np.zeros(count)),
        row_high=np.append(program.row_high, np.full(count, np.inf)),
        row_names=(*program.row_names, *(("security", at) for at in range(count))),
    )
