"""Coverage of a plan if something is lost in addition to what adversaries cut off: single losses,
and the worst loss of several at once.

A loss closes columns of a coverage test: the activity of plants, shipments, draws on stores. Where
a region is lost, its final demand is lost with it, and the need is that of the survivors. What the
plan fixes stays as it is. Every loss is therefore the same small program with other bounds, and
an operation that uses nothing of what is lost stays possible.

The worst set is found by a search that proves its answer. Each node of the search is a set of
losses with a *witness*: an operation that avoids the set and reaches at least the lowest coverage
that is known. A larger set that touches nothing of the witness is no worse, so that only what the
witness uses is added.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from typing import Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from paxsilica.errors import PaxSilicaError
from paxsilica.instance import Instance
from paxsilica.instance.demand import need_by_region
from paxsilica.plan.coverage import TOLERANCE, CoverageTest, as_share
from paxsilica.solver import Array

Kind = Literal["region", "plant", "route"]

KINDS: tuple[Kind, ...] = ("region", "plant", "route")

SAME = 1e-7
"""Difference of two shares that is rounding of the solver."""

SMALL_FLOW = 1e-3
"""Part of the typical size of a column below which a sparing operation rather leaves it at zero."""


ITERATIONS = 10
"""Iterations of the simplex method for each row after which a program counts as not solved."""

LOGGER = logging.getLogger(__name__)

T = TypeVar("T")


@dataclass(frozen=True, order=True)
class Loss:
    """A region, a plant (all recipes on its capacity) or a route (``from>to``, all goods)."""

    kind: Kind
    name: str


@dataclass(frozen=True)
class Operation:
    """An operation and its joint coverage.

    Attributes:
        coverage: share of 1 of the need without that of the regions ``gone``.
        values: of the columns of operation.
        uses: by position of the loss, whether the operation uses anything of it.
        gone: positions of the lost regions whose need is left out.
    """

    coverage: float
    values: Array = field(repr=False)
    uses: NDArray[np.bool_] = field(repr=False)
    gone: frozenset[int] = frozenset()


@dataclass(frozen=True)
class WorstSet:
    """The set of at most ``size`` losses with the lowest joint coverage, a share of 1: no other set
    has a lower one. ``programs``: linear programs solved for it."""

    size: int
    lost: tuple[Loss, ...]
    coverage: float
    programs: int


class LossTest:
    """A coverage test with what can be lost in it.

    Args:
        test: of the state.
        shift: what the plan fixes; see :meth:`~paxsilica.plan.coverage.CoverageTests.shift`.
        kinds: of the losses.
        committed: projects of the plan; others do not exist and cannot be lost.
        kept: names that are not lost.

    Attributes:
        losses: what can be lost, in order.
        programs: linear programs solved so far.
    """

    def __init__(
        self,
        test: CoverageTest,
        shift: Array,
        kinds: Collection[Kind],
        committed: Collection[str],
        kept: Collection[str] = (),
    ) -> None:
        self.test, self.shift, self.programs = test, shift, 0
        self.instance: Instance = test.tests.instance
        self.low, self.high, self.base = test.low, test.high, test.base
        # the simplex method may cycle where much is degenerate
        test.solver.set_option("simplex_iteration_limit", ITERATIONS * len(test.rows))
        closed: dict[Loss, list[int]] = {}
        unserved: dict[Loss, list[int]] = {}
        for at, (family, index) in enumerate(test.program.columns[: len(test.columns)]):
            for loss in self._lost_with(family, index, committed):
                if loss.kind in kinds and loss.name not in kept:
                    closed.setdefault(loss, [])
                    unserved.setdefault(loss, [])
                    (unserved if family == "unserved" else closed)[loss].append(at)
        self.losses = tuple(sorted(closed))
        self._closed = [np.array(closed[loss], dtype=np.intp) for loss in self.losses]
        self._unserved = [np.array(unserved[loss], dtype=np.intp) for loss in self.losses]
        self._parts = self._parts_of_need()
        # A region whose need is negative returns more of a good than it needs: its loss is not
        # known to lower the need, so no operation proves anything about a set with it.
        self._raises_need = np.array(
            [
                loss.kind == "region" and bool((self._part(loss) < -TOLERANCE * self.base).any())
                for loss in self.losses
            ],
            dtype=bool,
        )

    def _lost_with(
        self, family: str, index: tuple[str, ...], committed: Collection[str]
    ) -> list[Loss]:
        """The losses that close a column of operation."""
        world, year = self.instance.world, self.instance.states[self.test.state].year
        if family == "activity":
            base, _ = world.shared.get(index[0], (index[0], 1.0))
            there = not world.plants[base].is_project or base in committed
            plant = [Loss("plant", base)] if there else []
            regions = [world.plants[index[0]].region]
        elif family == "shipment":
            plant = [Loss("route", f"{index[0]}>{index[1]}")]
            regions = [index[0], index[1]]
        else:
            plant, regions = [], [index[0]]
        hosts = [
            Loss("region", name)
            for name in regions
            if world.regions[name].kind != "hub" and not world.cut_off(name, year)
        ]
        return plant + hosts

    def _parts_of_need(self) -> dict[str, Array]:
        """What each region adds to the base of each row of coverage."""
        state = self.instance.states[self.test.state]
        need = need_by_region(self.instance.world, state.year)
        regions = {place[0] for place in state.demand} | need.keys()
        return {
            region: np.array(
                [
                    need.get(region, {}).get(good, 0.0)
                    if made
                    else state.demand.get((region, good), 0.0)
                    for (_, (good, _)), made in zip(self.test.index, self.test.made, strict=True)
                ]
            )
            for region in sorted(regions)
        }

    def _part(self, loss: Loss) -> Array:
        zero = np.zeros(len(self.base))
        return self._parts.get(loss.name, zero) if loss.kind == "region" else zero

    def _bases(self, lost: Iterable[int]) -> tuple[Array, Array]:
        """The base of each row of coverage for the survivors, and its side at a share of 1. Demand
        that is lost counts as unserved, so the side of a row on deliveries falls by it."""
        gone = {self.losses[at].name for at in lost if self.losses[at].kind == "region"}
        if not gone.intersection(self._parts):
            return self.base, np.where(self.test.made, self.base, 0.0)
        whole = [part for region, part in self._parts.items() if region not in gone]
        base = np.sum(whole, axis=0) if whole else np.zeros(len(self.base))
        base = np.where(base > TOLERANCE * self.base, base, 0.0)
        return base, np.where(self.test.made, base, base - self.base)

    def _gone(self, lost: Iterable[int]) -> frozenset[int]:
        """The lost regions that have a need."""
        return frozenset(at for at in lost if self._part(self.losses[at]).any())

    def nothing_needed(self, lost: Iterable[int]) -> bool:
        """Whether no need is left when ``lost``."""
        return not self._bases(lost)[0].any()

    def _prepare(self, lost: Collection[int]) -> None:
        low, high = self.low.copy(), self.high.copy()
        for at in lost:
            high[self._closed[at]] = 0.0
            low[self._unserved[at]] = high[self._unserved[at]]
        self.test.change(low, high, *self._bases(lost))

    def operation(self, lost: Collection[int] = ()) -> Operation:
        """The operation with the largest joint coverage of the need of the survivors."""
        self._prepare(lost)
        self.programs += 1
        coverage, values = self._restarted(lambda: self.test.joint_operation(self.shift))
        return Operation(coverage, values, self._uses(values), self._gone(lost))

    def _restarted(self, run: Callable[[], T]) -> T:
        """What ``run`` finds, from scratch where the solver fails after a warm start."""
        try:
            return run()
        except PaxSilicaError:
            self.test.solver.forget_basis()
            return run()

    def sparing(self, lost: Collection[int], found: Operation, coverage: float) -> Operation | None:
        """An operation that reaches ``coverage``, but for half of what is rounding, and uses
        little, near the one that was found; ``None`` if none is found that uses less."""
        self._prepare(lost)
        self.programs += 1
        room = SMALL_FLOW * self.test.solver.scaling.columns[: len(self.low)]
        weights = 1.0 / (np.abs(found.values) + room)
        for at in self._unserved:
            weights[at] = 0.0
        share = max(0.0, coverage - SAME / 2)
        values = self.test.sparing_operation(self.shift, share, weights)
        if values is None:
            return None
        less = Operation(share, values, self._uses(values), self._gone(lost))
        return less if less.uses.sum() < found.uses.sum() else None

    def limiting(self, lost: Collection[int]) -> tuple[str, ...]:
        """Goods that cannot exceed the joint coverage when ``lost``; none where the solver does not
        settle the programs that tell."""
        found = self.operation(lost)
        try:
            stuck = set(self._restarted(lambda: self.test.limiting(self.shift, found.coverage)))
        except PaxSilicaError:
            LOGGER.warning("the limiting goods in %s after a loss are not known", self.test.state)
            return ()
        needed = {
            good
            for (_, (good, _)), base in zip(self.test.index, self.test.base, strict=True)
            if base > 0
        }
        return tuple(sorted(stuck & needed))

    def _uses(self, values: Array) -> NDArray[np.bool_]:
        """Which losses an operation touches: an activity, a shipment, a draw or a delivery."""
        return np.array(
            [
                unknown
                or bool((values[closed] > 0).any())
                or bool((values[unserved] < self.high[unserved]).any())
                for unknown, closed, unserved in zip(
                    self._raises_need.tolist(), self._closed, self._unserved, strict=True
                )
            ],
            dtype=bool,
        )

    def without(self, found: Operation, lost: Collection[int]) -> Operation | None:
        """The operation without what is ``lost``, with the coverage that is left; ``None`` if it is
        not possible, because something else takes what the lost part supplied."""
        values = found.values.copy()
        for at in lost:
            values[self._closed[at]] = 0.0
            values[self._unserved[at]] = self.high[self._unserved[at]]
        test, count = self.test, len(self.low)
        matrix, moved = test.program.matrix[:, :count], self.shift[test.rows]
        used, room = matrix @ values, TOLERANCE * (abs(matrix) @ np.abs(values))
        low, high = test.program.row_low - moved, test.program.row_high - moved
        low[test.covering] = -np.inf
        if ((used < low - room) | (used > high + room)).any():
            return None
        base, full = self._bases(lost)
        missing = (full - moved[test.covering]) - used[test.covering]
        if (missing > base + room[test.covering]).any() or not base.any():
            return None
        needed = base > 0
        share = as_share(1.0 - float(np.max(missing[needed] / base[needed])))
        return Operation(share, values, self._uses(values), self._gone(lost))

    def singles(self, none: Operation) -> list[Operation]:
        """The operation after each single loss; ``none`` is that without a loss."""
        found = []
        for at in range(len(self.losses)):
            same_need = self._bases([at])[0] is self.base
            if same_need and not none.uses[at]:
                found.append(none)
            elif same_need and none.coverage <= 0:
                found.append(self.without(none, [at]) or self.operation([at]))
            else:
                found.append(self.operation([at]))
        return found


class WorstSearch:
    """The search for the worst set. ``known`` are operations; each proves that no set has a lower
    coverage than its own, if the operation uses nothing of the set and the set holds the regions
    whose need is left out.

    Attributes:
        none, singles: the operation without a loss and after each single one.
    """

    def __init__(self, losses: LossTest) -> None:
        self.losses = losses
        self.none = losses.operation()
        self.singles = losses.singles(self.none)
        self.known = [self.none, *self.singles]
        self.lowest, self.worst = self.none.coverage, tuple[int, ...]()
        for at, found in enumerate(self.singles):
            self._note((at,), found)
        drop = np.array([found.coverage for found in self.singles])
        self.order = np.argsort(drop, kind="stable").tolist()

    def _note(self, lost: tuple[int, ...], found: Operation) -> None:
        if found.coverage < self.lowest - SAME and not self.losses.nothing_needed(lost):
            self.lowest, self.worst = found.coverage, lost

    def run(self, size: int) -> list[WorstSet]:
        """The worst set of at most 1, 2, ... ``size`` losses."""
        found = []
        for most in range(1, size + 1):
            before = self.losses.programs
            if most > 1 and self.lowest > 0:
                self._node((), frozenset(), most)
            programs = self.losses.programs - before if most > 1 else self.losses.programs
            lost = tuple(self.losses.losses[at] for at in sorted(self.worst))
            found.append(WorstSet(most, lost, self.lowest, programs))
        return found

    def _witness(self, lost: tuple[int, ...], size: int) -> Operation:
        """An operation that avoids ``lost`` and reaches the lowest coverage that is known; it is
        computed where none is known, and the set is noted where it is worse. Where losses can be
        added, it is one that uses little: the less it uses, the fewer sets are left."""
        found = self._known(lost) or self._computed(lost)
        if len(lost) < size and self.lowest > 0:
            sparing = self.losses.sparing(lost, found, self.lowest)
            if sparing is not None:
                self.known.append(sparing)
                return sparing
        return found

    def _known(self, lost: tuple[int, ...]) -> Operation | None:
        """The known operation that is a witness of ``lost`` and uses least, if there is one."""
        at = list(lost)
        fits = [
            one
            for one in self.known
            if one.coverage >= self.lowest - SAME
            and one.gone.issubset(lost)
            and not one.uses[at].any()
        ]
        if fits:
            return min(fits, key=lambda one: int(one.uses.sum()))
        for one in [self.none, *(self.singles[each] for each in lost)]:
            rest = self.losses.without(one, lost)
            if rest is not None and rest.coverage >= self.lowest - SAME:
                self.known.append(rest)
                return rest
        return None

    def _computed(self, lost: tuple[int, ...]) -> Operation:
        """The operation with the largest coverage after ``lost``."""
        found = self.losses.operation(lost)
        self._note(lost, found)
        self.known.append(found)
        return found

    def _node(self, lost: tuple[int, ...], left: frozenset[int], size: int) -> None:
        """Searches the sets that contain ``lost``, nothing that is ``left`` out, and at most
        ``size`` losses."""
        if self.lowest <= 0:
            return  # no coverage is below zero
        witness = self._witness(lost, size)
        if len(lost) == size:
            return
        done = set(left) | set(lost)
        for at in self.order:
            if witness.uses[at] and at not in done:
                self._node((*lost, at), frozenset(done - set(lost)), size)
                done.add(at)
