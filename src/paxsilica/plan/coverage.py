"""Coverage of a plan when adversaries are cut off.

The search covers no more than is required. What a plan *can* cover is measured afterwards with
linear programs, one small program for each year: commitments, stores and readiness are fixed and
the operation of the cut-off is free. *Joint coverage* is the largest share of all needs that can be
met at once; *standalone coverage* is the largest share of the needs of one stage, or of one good.
Each is the optimum of a program and therefore unique.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_matrix, csr_matrix, hstack

from paxsilica.case import Solver
from paxsilica.errors import PaxSilicaError
from paxsilica.instance import Instance
from paxsilica.model.operation import project_capacity, shared_capacity
from paxsilica.model.registry import rows_with
from paxsilica.model.security import (
    coverage_base,
    coverage_side,
    production_coverage,
    readiness,
    standby_within_capacity,
)
from paxsilica.solver import Array, Compiled, Outcome, PersistentProgram, solve

Goods = Mapping[tuple[str, str], float]
"""Shares of 1 by (commodity, state)."""
Stages = Mapping[tuple[str, str], float]
"""Shares of 1 by (stage, state)."""

T = TypeVar("T")

STATE_VARIABLES = {"activity", "shipment", "unserved", "stock_draw"}
"""Variables of the operation of a state."""

TOLERANCE = 1e-9
"""Feasibility tolerance of the programs: with larger ones a better plan may read lower."""
USUAL_TOLERANCE = 1e-6
"""Tolerance where a test has no solution within the tight one."""
SHARE_NOISE = 1e-7
"""Share below which a difference is rounding of the solver."""
LIMIT = 1e-5
"""A good that can exceed the joint coverage by this share does not limit it."""


@dataclass(frozen=True)
class Measured:
    """What was measured, as shares of 1 without and with the plan.

    Attributes:
        joint_without, joint: by state; with the readiness that normal operation pays for.
        capability_without, capability: by state; with free readiness.
        ratio: by state, the largest multiple (at most 1) of all required shares that can be met at
            once with the plan; it differs from ``joint`` over the requirement where requirements
            differ.
        limiting: by state, the goods that cannot exceed the joint coverage with the plan in any
            optimal operation; empty at a joint coverage of 1.
        stages_without, stages: standalone coverage of each stage.
        goods_without, goods: standalone coverage of each good.
        operation_without: values of all columns in the cheapest normal operation without projects;
            ``None`` where there is none.
    """

    joint_without: Mapping[str, float] = field(default_factory=dict)
    joint: Mapping[str, float] = field(default_factory=dict)
    capability_without: Mapping[str, float] = field(default_factory=dict)
    capability: Mapping[str, float] = field(default_factory=dict)
    ratio: Mapping[str, float] = field(default_factory=dict)
    limiting: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    stages_without: Stages = field(default_factory=dict)
    stages: Stages = field(default_factory=dict)
    goods_without: Goods = field(default_factory=dict)
    goods: Goods = field(default_factory=dict)
    operation_without: Array | None = None


def measured_coverage(
    program: Compiled, instance: Instance, values: Array, cost: Array, options: Solver
) -> Measured:
    """Coverage without any project and with the plan ``values``.

    Args:
        program, instance: of the case.
        values: of all columns, in a plan.
        cost: coefficients of all that costs, by column: without projects the world runs as cheaply
            as it can.
        options: of the solver.

    Raises:
        PaxSilicaError: if a coverage test cannot be solved.
    """
    tests = CoverageTests(program, instance, options)
    bare = normal_operation_without_projects(program, instance, cost, options)
    sides = {
        "without": tests.shift(ready(program, instance, bare)),
        "with": tests.shift(ready(program, instance, values)),
        "able without": tests.shift(all_ready(program, bare)),
        "able": tests.shift(all_ready(program, values)),
    }
    found: dict[str, dict[str, float]] = {name: {} for name in (*sides, "ratio")}
    limiting: dict[str, tuple[str, ...]] = {}
    stages: dict[str, dict[tuple[str, str], float]] = {"without": {}, "with": {}}
    goods: dict[str, dict[tuple[str, str], float]] = {"without": {}, "with": {}}

    def measure(state: str) -> tuple[dict[str, float], tuple[str, ...], dict[str, Alone]]:
        test = tests.test(state)
        joint = {name: test.joint(shift) for name, shift in sides.items()}
        joint["ratio"] = test.joint(sides["with"], of_required=True)
        limits = test.limiting(sides["with"], joint["with"])
        return joint, limits, {name: test.standalone(sides[name]) for name in stages}

    # The programs of the states share nothing, and the solver runs outside of Python's lock.
    with ThreadPoolExecutor(options.threads) as pool:
        measured = pool.map(measure, tests.columns)
        for state, (joint, limits, alone) in zip(tests.columns, measured, strict=True):
            for name, share in joint.items():
                found[name][state] = share
            limiting[state] = limits
            for name, one in alone.items():
                stages[name] |= {(stage, state): share for stage, share in one.stages.items()}
                goods[name] |= {(good, state): share for good, share in one.goods.items()}
    return Measured(
        joint_without=found["without"],
        joint=found["with"],
        capability_without=found["able without"],
        capability=found["able"],
        ratio=found["ratio"],
        limiting=limiting,
        stages_without=stages["without"],
        stages=stages["with"],
        goods_without=goods["without"],
        goods=goods["with"],
        operation_without=bare if bare.any() else None,
    )


@dataclass(frozen=True)
class Alone:
    """Standalone coverage in one state, shares of 1 by stage and by good."""

    stages: Mapping[str, float]
    goods: Mapping[str, float]


class CoverageTests:
    """The coverage tests of a program, one small linear program for each state. Columns outside of
    the tests enter as what they move the sides of rows by (:meth:`shift`)."""

    def __init__(self, program: Compiled, instance: Instance, options: Solver) -> None:
        self.program, self.instance, self.options = program, instance, options
        names = {state.name for state in instance.states.values() if state.coverage_test}
        columns: dict[str, list[int]] = {name: [] for name in sorted(names, key=self._year)}
        for at, (family, index) in enumerate(program.columns):
            if family in STATE_VARIABLES and index[-1] in names:
                columns[index[-1]].append(at)
        self.columns = {name: np.array(at, dtype=np.intp) for name, at in columns.items()}

    def _year(self, state: str) -> tuple[int, str]:
        return (self.instance.states[state].year, state)

    @cached_property
    def _by_column(self) -> csc_matrix:
        return self.program.matrix.tocsc()

    @cached_property
    def _skipped(self) -> NDArray[np.bool_]:
        """Rows that a measure of coverage leaves out: caps on the share of one region."""
        mask = np.zeros(len(self.program.row_low), dtype=bool)
        mask[self.program.rows_of(*rows_with(item="concentration"))] = True
        return mask

    @cached_property
    def _covering(self) -> dict[str, list[int]]:
        """Rows of required coverage by state."""
        found: dict[str, list[int]] = defaultdict(list)
        for row in self.program.rows_of(*rows_with(item="coverage")).tolist():
            found[self.program.row_names[row][1][-1]].append(row)
        return found

    @cached_property
    def _outside(self) -> NDArray[np.bool_]:
        """Columns whose values a plan fixes; the slack of soft requirements counts as none."""
        mask = np.ones(len(self.program.cost), dtype=bool)
        for at in self.columns.values():
            mask[at] = False
        for family in ("shortfall", "concentration_excess"):
            mask[self.program.positions(family)] = False
        return mask

    def shift(self, values: Array) -> Array:
        """By row, what the columns outside of the tests contribute at ``values``."""
        # a size or a standby capacity just below zero would make a test infeasible
        clipped = np.clip(values, self.program.low, self.program.high)
        rest: Array = np.where(self._outside, clipped, 0.0)
        return np.asarray(self.program.matrix @ rest, dtype=float)

    def test(self, state: str) -> CoverageTest:
        """The test of one state."""
        at = self.columns[state]
        part = self._by_column[:, at].tocsr()
        used = np.diff(part.indptr).astype(bool)
        # a good without any source has a row without an entry: its coverage is zero
        used[self._covering[state]] = True
        rows = np.flatnonzero(used & ~self._skipped)
        return CoverageTest(self, state, at, rows, csr_matrix(part[rows]))

    def __iter__(self) -> Iterator[CoverageTest]:
        return (self.test(state) for state in self.columns)


class CoverageTest:
    """The coverage test of one state: its operation, and a share ``1 - z`` of the needs.

    Three columns ``z`` are added, of which one is free at a time: the missing share of all needs,
    of all required shares, and of the needs of chosen goods.
    """

    def __init__(
        self,
        tests: CoverageTests,
        state: str,
        columns: NDArray[np.intp],
        rows: NDArray[np.intp],
        matrix: csr_matrix,
    ) -> None:
        program, instance = tests.program, tests.instance
        self.tests, self.state, self.rows = tests, state, rows
        self.columns = columns
        names = [program.row_names[row] for row in rows]
        families = set(rows_with(item="coverage"))
        self.covering = np.array(
            [at for at, (family, _) in enumerate(names) if family in families], dtype=np.intp
        )
        self.index: list[tuple[str, tuple[str, str]]] = [names[at] for at in self.covering]
        self.base = np.array(
            [coverage_base(instance, family, good, state) for family, (good, state) in self.index]
        )
        self.required = np.array(
            [instance.share_required(good, state) for _, (good, state) in self.index]
        )
        self.made = np.array([family == production_coverage.__name__ for family, _ in self.index])
        low, high = program.row_low[rows].copy(), program.row_high[rows].copy()
        self.full = np.array(
            [
                coverage_side(instance, family, good, state, 1.0)
                for family, (good, state) in self.index
            ]
        )
        self.at_required = np.array(
            [
                coverage_side(instance, family, good, state, share)
                for (family, (good, state)), share in zip(self.index, self.required, strict=True)
            ]
        )
        low[self.covering] = self.full
        count = len(columns)
        slack = len(self.covering)
        extra = csc_matrix(
            (
                np.concatenate(
                    [self.base, self.base * self.required, self.base * self.made, -self.base]
                ),
                (
                    np.tile(self.covering, 4),
                    np.repeat([0, 1, 2], slack).tolist() + list(range(3, 3 + slack)),
                ),
            ),
            shape=(len(rows), 3 + slack),
        )
        self.low, self.high = program.low[columns], program.high[columns]
        self.share = {"all": count, "required": count + 1, "chosen": count + 2}
        self.slack = np.arange(count + 3, count + 3 + slack)
        zeros = np.zeros(3 + slack)
        cost = np.concatenate([np.zeros(count), [1.0, 1.0, 1.0], np.zeros(slack)])
        self.program = Compiled(
            cost=cost,
            offset=0.0,
            matrix=csr_matrix(hstack([matrix, extra])),
            row_low=low,
            row_high=high,
            low=np.concatenate([self.low, zeros]),
            high=np.concatenate([self.high, zeros]),
            integer=np.zeros(count + 3 + slack, dtype=bool),
            row_names=tuple(names),
            columns=(
                *(program.columns[at] for at in columns),
                *(("missing share", name) for name in self.share),
                *(("above", index) for _, index in self.index),
            ),
            column_of={},
        )

    @cached_property
    def solver(self) -> PersistentProgram:
        """The program in the solver, with tight tolerances."""
        found = PersistentProgram(self.program, self.tests.options)
        found.set_option("primal_feasibility_tolerance", TOLERANCE)
        found.silence()  # there are hundreds of runs, and each message takes time
        return found

    def _set(self, shift: Array, free: str, active: NDArray[np.bool_], sides: Array) -> None:
        """Fixes the plan by ``shift``, frees one share, and keeps only ``active`` requirements."""
        low, high = self.program.row_low.copy(), self.program.row_high.copy()
        low[self.covering] = np.where(active, sides, -np.inf)
        moved = shift[self.rows]
        self.solver.set_sides(low - moved, high - moved)
        at = np.array(list(self.share.values()))
        most = np.array([float(name == free) for name in self.share])
        self.solver.bound_columns(at, np.zeros(len(at)), most)

    def _solved(self, run: Callable[[], T | None]) -> T:
        """What ``run`` finds in the present program; ``None`` if the program has no solution."""
        found = run()
        if found is None:
            # a warm start may fail where a start from scratch does not
            self.solver.forget_basis()
            found = run()
        if found is None:
            # what the plan fixes is known no better than to the solver's usual tolerance
            self.solver.set_option("primal_feasibility_tolerance", USUAL_TOLERANCE)
            found = run()
            self.solver.set_option("primal_feasibility_tolerance", TOLERANCE)
        if found is None:
            raise PaxSilicaError(
                f"the coverage test {self.state} could not be solved; please report this"
            )
        return found

    def _values(self) -> Array:
        """Values of the columns in the optimum of the present program."""
        return self._solved(self.solver.values)

    def _outcome(self) -> Outcome | None:
        outcome = self.solver.run()
        return None if outcome.values is None else outcome

    def _missing(self, name: str) -> float:
        return float(self._values()[self.share[name]])

    def joint(self, shift: Array, *, of_required: bool = False) -> float:
        """Joint coverage, a share of 1; with ``of_required`` the largest multiple of all required
        shares."""
        if not of_required:
            return self.joint_operation(shift)[0]
        everything = np.ones(len(self.covering), dtype=bool)
        self._set(shift, "required", everything, self.at_required)
        return as_share(1.0 - self._missing("required"))

    def joint_operation(self, shift: Array) -> tuple[float, Array]:
        """Joint coverage, a share of 1, and the values of the columns of operation that reach
        it."""
        self._set(shift, "all", np.ones(len(self.covering), dtype=bool), self.full)
        values = self._values()
        return as_share(1.0 - float(values[self.share["all"]])), values[: len(self.columns)]

    def sparing_operation(self, shift: Array, joint: float, weights: Array) -> Array | None:
        """An operation with at least the joint coverage ``joint`` and the least weighted sum of its
        columns; ``None`` where the solver finds none."""
        at, columns = np.array([self.share["all"]]), np.arange(len(self.columns))
        self._set(shift, "all", np.ones(len(self.covering), dtype=bool), self.full)
        self.solver.bound_columns(at, np.zeros(1), np.array([max(0.0, 1.0 - joint)]))
        self.solver.set_costs(columns, weights)
        self.solver.set_costs(at, np.zeros(1))
        try:
            values = self.solver.values()
        except PaxSilicaError:
            values = None
            self.solver.forget_basis()
        self.solver.set_costs(columns, np.zeros(len(columns)))
        self.solver.set_costs(at, np.ones(1))
        return None if values is None else values[: len(columns)]

    def change(self, low: Array, high: Array, base: Array, full: Array) -> None:
        """Changes the bounds of the columns of operation and, for each row of coverage, what the
        joint share is a share of and the side of the row at a share of 1, until the next change."""
        at = np.flatnonzero((low != self.low) | (high != self.high))
        self.solver.bound_columns(at, low[at], high[at])
        rows = np.flatnonzero(base != self.base)
        self.solver.set_entries(self.covering[rows], self.share["all"], base[rows])
        self.low, self.high, self.base, self.full = low, high, base, full

    def joint_with_bottlenecks(self, shift: Array, usual: Array) -> tuple[float, tuple[str, ...]]:
        """Joint coverage, a share of 1, and the goods of which more capacity would raise it: main
        products of the plants whose capacity has a dual value in this optimum, or, where none has,
        the covered goods that have one. There are none at a joint coverage of 1.

        Args:
            shift: as :meth:`CoverageTests.shift` returns it.
            usual: the same with usual capacities: a dual value counts if it is worth something for
                as much capacity as the plant usually has, which may be out of service now.
        """
        self._set(shift, "all", np.ones(len(self.covering), dtype=bool), self.full)
        outcome = self._solved(self._outcome)
        assert outcome.values is not None
        joint = as_share(1.0 - float(outcome.values[self.share["all"]]))
        rows, columns = outcome.row_duals, outcome.column_duals
        if joint >= 1.0 - SHARE_NOISE or rows is None or columns is None:
            return joint, ()
        at = self._by_capacity
        worth = np.abs(rows[at]) * np.abs(self.program.row_high[at] - usual[self.rows[at]])
        names = [self.program.row_names[row][1][0] for row in at[worth > LIMIT].tolist()]
        bounded = np.flatnonzero((columns < 0) & np.isfinite(self.program.high))
        worth = -columns[bounded] * self.program.high[bounded]
        for column in bounded[worth > LIMIT].tolist():
            family, index = self.program.columns[column]
            if family == "activity":
                names.append(index[0])
        if names:
            plants = self.tests.instance.world.plants
            return joint, tuple(sorted({plants[name].main_product or name for name in names}))
        stuck = np.flatnonzero(np.abs(rows[self.covering]) * self.base > LIMIT)
        return joint, tuple(sorted({self.index[row][1][0] for row in stuck.tolist()}))

    @cached_property
    def _by_capacity(self) -> NDArray[np.intp]:
        """Rows of the program that limit activity by capacity or by readiness."""
        families = {project_capacity.__name__, shared_capacity.__name__, readiness.__name__}
        names = enumerate(self.program.row_names)
        return np.array([at for at, (family, _) in names if family in families], dtype=np.intp)

    def limiting(self, shift: Array, joint: float) -> tuple[str, ...]:
        """Goods that cannot exceed the joint coverage in any optimal operation."""
        if joint >= 1.0 - SHARE_NOISE:
            return ()
        self._set(shift, "all", np.ones(len(self.covering), dtype=bool), self.full)
        # a little room: the optimum is known to the tolerance of the solver
        missing = min(1.0, 1.0 - joint + LIMIT / 10)
        self.solver.bound_columns(
            np.array([self.share["all"]]), np.array([0.0]), np.array([missing])
        )
        stuck, zeros = np.ones(len(self.covering), dtype=bool), np.zeros(len(self.slack))
        # A row that can rise at an optimum is removed; rows that rise in different optima rise
        # together in their average, so few rounds are needed.
        try:
            while stuck.any():
                self.solver.bound_columns(self.slack, zeros, np.where(stuck, 0.01, 0.0))
                self.solver.set_costs(self.slack, np.where(stuck, -1.0, 0.0))
                values = self._values()
                rose = stuck & (values[self.slack] > LIMIT)
                if not rose.any():
                    break
                stuck &= ~rose
        finally:
            self.solver.bound_columns(self.slack, zeros, zeros)
            self.solver.set_costs(self.slack, zeros)
        return tuple(
            sorted({index[0] for (_, index), one in zip(self.index, stuck, strict=True) if one})
        )

    def standalone(self, shift: Array) -> Alone:
        """Standalone coverage of each stage, and of each of its goods."""
        stage_of = self.tests.instance.stage_of
        members: dict[str, list[str]] = defaultdict(list)
        for (_, index), made in zip(self.index, self.made, strict=True):
            if made:
                members[stage_of[index[0]]].append(index[0])
        whole = self._whole(shift)
        stages, goods = {}, {}
        for stage, names in members.items():
            every = whole.issuperset(names)
            stages[stage] = 1.0 if every else self.alone(shift, names)
            # a good alone is covered at least as well as with the others of its stage
            for name in names:
                one = len(names) == 1 or stages[stage] >= 1.0 - SHARE_NOISE
                goods[name] = (
                    stages[stage] if one else 1.0 if name in whole else self.alone(shift, [name])
                )
        return Alone(stages, goods)

    def _whole(self, shift: Array) -> frozenset[str]:
        """Goods that one operation makes in full, all at once: the standalone coverage of each, and
        of any set of them, is 1 without a program of its own. The operation is one with the least
        sum of missing shares of all goods."""
        self._set(shift, "none", self.made, self.full)
        zeros = np.zeros(len(self.slack))
        # what a good has above its need, a negative amount here
        self.solver.bound_columns(self.slack, np.where(self.made, -1.0, 0.0), zeros)
        self.solver.set_costs(self.slack, np.where(self.made, -1.0, 0.0))
        values = self._values()
        self.solver.bound_columns(self.slack, zeros, zeros)
        self.solver.set_costs(self.slack, zeros)
        missing = -values[self.slack]
        return frozenset(
            index[0]
            for (_, index), made, share in zip(self.index, self.made, missing, strict=True)
            if made and share <= TOLERANCE
        )

    def alone(self, shift: Array, goods: Sequence[str], *, delivered: bool = False) -> float:
        """Largest share of the needs for ``goods`` that can be made at once, or, with
        ``delivered``, made and delivered to final demand."""
        self._choose(shift, goods, delivered=delivered)
        return as_share(1.0 - self._missing("all" if delivered else "chosen"))

    def _choose(self, shift: Array, goods: Sequence[str], *, delivered: bool = False) -> None:
        chosen = np.array(
            [
                (made or delivered) and index[0] in goods
                for (_, index), made in zip(self.index, self.made, strict=True)
            ],
            dtype=bool,
        )
        self._set(shift, "all" if delivered else "chosen", chosen, self.full)

    def require(self, shift: Array, active: NDArray[np.bool_], sides: Array) -> None:
        """Sets the sides of the ``active`` rows of coverage, without a missing share."""
        self._set(shift, "none", active, sides)

    def operation(self, shift: Array, goods: Sequence[str]) -> Outcome:
        """An operation that makes the largest share of the needs for ``goods``, with its duals;
        columns and rows as in ``program``."""
        self._choose(shift, goods)
        return self._solved(self._outcome)


def as_share(value: float) -> float:
    """A share between 0 and 1 without digits beyond the tolerance of the solver."""
    return round(min(1.0, max(0.0, value)), 9)


def columns_in(program: Compiled, instance: Instance, mode: str) -> NDArray[np.intp]:
    """Columns of operation in the states of one mode."""
    wanted = {state.name for state in instance.states.values() if state.mode == mode}
    return np.array(
        [
            at
            for at, (family, index) in enumerate(program.columns)
            if family in STATE_VARIABLES and index[-1] in wanted
        ],
        dtype=np.intp,
    )


def normal_operation_without_projects(
    program: Compiled, instance: Instance, cost: Array, options: Solver
) -> Array:
    """Cheapest normal operation without commitments and without requirements: values of all
    columns, zero where nothing runs."""
    at = np.concatenate([columns_in(program, instance, "normal"), program.positions("stock")])
    required = program.rows_of(*rows_with(removal="row"), *program.user_rows)
    part = program.without_rows(required).minimising(cost)
    part = part.restricted(at, np.zeros(len(program.cost)))
    outcome = solve(part, options)
    values = np.zeros(len(program.cost))
    if outcome.values is None:
        return values  # normal operation needs projects: then there is no standby capacity
    values[at] = outcome.values
    return values


def ready(program: Compiled, instance: Instance, values: Array) -> Array:
    """``values`` with the largest standby capacity that the normal activity of each plant
    allows."""
    fixed = values.copy()
    activity = {
        index: at for at, (family, index) in enumerate(program.columns) if family == "activity"
    }
    capacity = _standby_limits(program, values)
    for at in program.positions("standby"):
        plant, state = program.columns[at][1]
        ran = values[activity[plant, state]] if (plant, state) in activity else 0.0
        limit = ran / instance.world.plants[plant].minimum_utilisation
        fixed[at] = max(values[at], min(limit, capacity[at]))
    return fixed


def all_ready(program: Compiled, values: Array) -> Array:
    """``values`` with all capacity ready."""
    fixed = values.copy()
    for at, limit in _standby_limits(program, values).items():
        fixed[at] = min(limit, 1e15)  # an existing plant without a limit
    return fixed


def _standby_limits(program: Compiled, values: Array) -> dict[int, float]:
    """Largest standby capacity by column, with the plan's commitments."""
    limits = {int(at): float(program.high[at]) for at in program.positions("standby")}
    rows = program.rows_of(standby_within_capacity.__name__)
    if not len(rows):
        return limits
    without_standby = values.copy()
    without_standby[program.positions("standby")] = 0.0
    # w - capacity <= 0, so with w at zero the left side is minus the capacity
    left = program.matrix[rows] @ without_standby
    for row, one in zip(rows, left, strict=True):
        limits[program.column_at["standby", program.row_names[row][1]]] = max(0.0, -float(one))
    return limits
