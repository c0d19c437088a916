"""The value curve of a sum of money: the least objective over a range of it, with the jumps at
which the best plan changes.

More money never hurts, so a plan found at one sum is a plan at every sum from what it pays onwards,
and a bound at one sum is a bound at every smaller one: each search serves the whole curve. A point
is searched for only as long as those, the LP relaxation and a search among the plans near the
relaxation have not closed its gap; and all together may take no longer than a given number of times
the one solve before.
"""

from __future__ import annotations

import math
import time
from bisect import insort
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import pandas as pd

from paxsilica.case import Solver
from paxsilica.plan.tables import PRICE_TABLES
from paxsilica.prices.finite_difference import (
    Basis,
    Solved,
    decisions,
    money_limit,
    money_row,
    refuse,
    search,
    with_larger_envelope,
)
from paxsilica.solver import Array, Compiled, Outcome, Progress, solve
from paxsilica.solver.persistent import PersistentProgram

Dates = dict[str, int]
"""Year of commitment by project."""

SHORTEST = 0.2
"""Seconds below which no search is begun."""


@dataclass(frozen=True)
class Point:
    """The optimum at a sum of money lies between ``bound`` and ``objective``; ``paid`` is what the
    plan takes of the sum."""

    money: float
    objective: float
    bound: float
    values: Array | None
    paid: float
    dates: Dates


@dataclass(frozen=True)
class Jump:
    """Somewhere above ``low`` and up to ``high`` the best plan changes, and the objective falls by
    ``saved_low`` to ``saved_high``."""

    low: float
    high: float
    saved_low: float
    saved_high: float
    enters: tuple[str, ...]
    leaves: tuple[str, ...]
    moves: tuple[str, ...]

    @property
    def undecided(self) -> bool:
        """Whether the gaps leave open that the objective falls at all."""
        return self.saved_low <= 0.0


@dataclass(frozen=True)
class Curve:
    """A value curve: its points by money, its jumps, the seconds and searches it took."""

    what: str
    points: tuple[Point, ...]
    jumps: tuple[Jump, ...]
    seconds: float
    searches: int

    def table(self) -> pd.DataFrame:
        """The points, as :data:`PRICE_TABLES` says."""
        rows = [
            (
                self.what,
                p.money,
                _known(p.objective),
                _known(p.bound),
                p.paid if p.dates or p.values is not None else None,
                len(p.dates),
            )
            for p in self.points
        ]
        return pd.DataFrame(rows, columns=list(PRICE_TABLES["value_curve"].columns))

    def jump_table(self) -> pd.DataFrame:
        """The jumps, as :data:`PRICE_TABLES` says."""
        rows = [
            (
                self.what,
                jump.low,
                jump.high,
                _known(jump.saved_low),
                _known(jump.saved_high),
                "; ".join(jump.enters),
                "; ".join(jump.leaves),
                "; ".join(jump.moves),
                "yes" if jump.undecided else "no",
            )
            for jump in self.jumps
        ]
        return pd.DataFrame(rows, columns=list(PRICE_TABLES["value_jumps"].columns))


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None


@dataclass
class _Sweep:
    """The work on one curve: every plan and every bound found so far."""

    program: Compiled
    row: int
    options: Solver
    deadline: float
    plans: list[tuple[float, float, int]] = field(default_factory=list)
    """(paid, objective, number of the plan), in order of what is paid"""
    values: list[Array] = field(default_factory=list)
    bounds: list[tuple[float, float]] = field(default_factory=list)
    """(money, bound there)"""
    relaxed: dict[float, Array] = field(default_factory=dict)
    """Integer columns of the LP relaxation by money"""
    searches: int = 0

    def __post_init__(self) -> None:
        self.integers = np.flatnonzero(self.program.integer)
        self.last = {
            index: at
            for at, (family, index) in enumerate(self.program.columns)
            if family == "committed"
        }

    def until(self, kept: float, share: float) -> float:
        """The moment at which a search must end that may take a share of what is left of the time
        but for what is kept."""
        now = time.monotonic()
        if math.isinf(self.deadline):
            return now + self.options.time_limit_s
        return now + min(1.0, share) * max(0.0, self.deadline - kept - now)

    def at(self, money: float) -> Compiled:
        """The program with so much money."""
        return self.program.with_rows(np.array([self.row]), np.array([-np.inf]), np.array([money]))

    def learn(self, money: float, found: Solved) -> None:
        """Keeps a plan and a bound."""
        self.bounds.append((money, found.bound))
        if found.values is not None:
            paid = float((self.program.matrix[[self.row]] @ found.values)[0])
            insort(self.plans, (min(paid, money), found.objective, len(self.values)))
            self.values.append(found.values)

    def point(self, money: float) -> Point:
        """What is known at so much money."""
        room = 1e-9 * max(1.0, money)
        fits = [
            (objective, paid, which)
            for paid, objective, which in self.plans
            if paid <= money + room
        ]
        bound = max(
            (bound for there, bound in self.bounds if there >= money - room), default=-math.inf
        )
        if not fits:
            return Point(money, math.inf, bound, None, 0.0, {})
        objective, paid, which = min(fits)
        return Point(
            money,
            objective,
            min(bound, objective),
            self.values[which],
            paid,
            self.dates(self.values[which]),
        )

    def dates(self, values: Array) -> Dates:
        """Year of commitment of each project in a plan."""
        found: Dates = {}
        for (project, year), at in self.last.items():
            if values[at] > 0.5 and year < found.get(project, math.inf):
                found[project] = year
        return found

    def closed(self, money: float) -> bool:
        """Whether the gap asked for is reached there."""
        here = self.point(money)
        if math.isinf(here.objective):
            return here.bound == math.inf
        return here.objective - here.bound <= self.options.gap * abs(here.objective) + 1e-9

    def relax(self, wanted: list[float]) -> None:
        """Bounds from the LP relaxation at many points, from the largest sum down, each from the
        basis of the last."""
        standby = PersistentProgram(self.program.relaxed(), self.options)
        at, limit = np.array([self.row]), float(self.program.row_high[self.row])
        for money in sorted(wanted, reverse=True):
            standby.move_rows(at, np.array([money - limit]))
            self.keep_relaxed(money, standby.run())

    def keep_relaxed(self, money: float, outcome: Outcome) -> None:
        """Keeps the bound of a relaxation, and where it lies."""
        if outcome.status == "infeasible":
            self.learn(money, Solved(math.inf, math.inf, None, True))
        elif outcome.values is not None and outcome.objective is not None:
            self.learn(money, Solved(math.inf, outcome.objective, None))
            self.relaxed[money] = outcome.values[self.integers]

    def settle(self, money: float, until: float) -> None:
        """Works on one point until its gap is closed or the time is over."""
        program = self.at(money)
        if self.closed(money):
            return
        if money not in self.relaxed:
            self.keep_relaxed(money, solve(program.relaxed(), self.options))
        if not self.closed(money) and money in self.relaxed and until - time.monotonic() > SHORTEST:
            self.search_near(program, money, 0.6 * (until - time.monotonic()))
        if not self.closed(money) and until - time.monotonic() > SHORTEST:
            self.searches += 1
            self.learn(money, self.limited(program, money, until - time.monotonic()))

    def limited(self, program: Compiled, money: float, seconds: float) -> Solved:
        """A search that ends when the point's gap is closed by what is known of other points
        too."""
        options = self.options.model_copy(update={"time_limit_s": seconds})
        here = self.point(money)
        best = [here.objective, here.bound]

        def on_progress(progress: Progress) -> None:
            best[0] = min(best[0], progress.incumbent)

        def enough() -> bool:
            return math.isfinite(best[0]) and best[0] - best[1] <= self.options.gap * abs(best[0])

        outcome = solve(program, options, on_progress, here.values, enough)
        if outcome.status == "infeasible":
            return Solved(math.inf, math.inf, None, True)
        objective = math.inf if outcome.objective is None else outcome.objective
        return Solved(
            objective, outcome.bound if not math.isnan(outcome.bound) else -math.inf, outcome.values
        )

    def search_near(self, program: Compiled, money: float, seconds: float) -> None:
        """Searches where the relaxation is whole already, and leaves its bound alone: it holds only
        there."""
        part = self.relaxed[money]
        whole = np.abs(part - np.round(part)) <= 1e-6
        near = program.fixed(self.integers[whole], np.round(part[whole]))
        found = self.limited(near, money, seconds)
        self.searches += 1
        if found.values is not None:
            self.learn(money, Solved(found.objective, -math.inf, found.values))


def curve_range(
    basis: Basis, what: str, low: float | None = None, high: float | None = None, points: int = 20
) -> tuple[float, float]:
    """Where a value curve begins and ends, USD million; see :func:`value_curve`.

    Raises:
        InputError: if there is no such limit, or no such range.
    """
    limit, _ = money_limit(basis, what)
    low, high = 0.0 if low is None else low, 2.0 * limit if high is None else high
    if not 0.0 <= low < high or points < 2:
        raise refuse(
            "curve",
            f"{low:g} to {high:g}",
            "should be a range upwards from 0 or more, with 2 points or more",
        )
    return low, high


def compute_value_curve(
    basis: Basis,
    what: str = "budget",
    low: float | None = None,
    high: float | None = None,
    points: int = 20,
    tolerance: float | None = None,
    seconds: float = math.inf,
    on_step: Callable[[str], None] | None = None,
) -> Curve:
    """The value curve of the budget or of a funder's envelope.

    Args:
        basis: the case as solved; its plan is the first that is known.
        what: ``budget``, or a funder.
        low, high: range, USD million; absent: from nothing to twice the limit of the case.
        points: how many, spread evenly.
        tolerance: how closely jumps are located, USD million; absent: a thousandth of the range.
        seconds: for all of it; a point whose share is over keeps the gap that it has.
        tell: called with each step.
    """
    started = time.monotonic()
    low, high = curve_range(basis, what, low, high, points)
    own, words = money_row(basis.program, what)
    limit = float(basis.program.row_high[own])
    program = basis.program if what == "budget" else with_larger_envelope(basis, what, high)
    row, _ = money_row(program, what)
    sweep = _Sweep(program, row, basis.case.solver, started + seconds)
    if program is basis.program:
        sweep.learn(limit, basis.solved)
    else:
        moved = sweep.at(limit).fixed(
            sweep.integers, decisions(program.column_at, basis.known())[sweep.integers]
        )
        again = search(moved, basis.case.solver)
        sweep.learn(limit, Solved(again.objective, basis.solved.bound, again.values))
    wanted = np.linspace(low, high, points).tolist()
    if on_step is not None:
        on_step(f"{words}: bounds")
    sweep.relax(wanted)
    for done, at in enumerate(_from_the_ends(points)):
        if on_step is not None:
            on_step(f"{words}: {wanted[at]:,.0f} USD million")
        sweep.settle(wanted[at], sweep.until(0.2 * seconds, 2.0 / (points - done)))
    tolerance = (high - low) / 1000 if tolerance is None else tolerance
    _locate(sweep, wanted, tolerance, on_step)
    jumps = _jumps(sweep, wanted)
    return Curve(
        what,
        tuple(sweep.point(money) for money in wanted),
        jumps,
        time.monotonic() - started,
        sweep.searches,
    )


def _from_the_ends(count: int) -> list[int]:
    """Positions in an order in which each lies between two that are done: the ends first, then
    middles."""
    order, gaps = [count - 1, 0], [(0, count - 1)]
    while gaps:
        left, right = gaps.pop(0)
        if right - left > 1:
            middle = (left + right) // 2
            order.append(middle)
            gaps += [(left, middle), (middle, right)]
    return order


def _differs(one: Point, other: Point) -> bool:
    """Whether the best plan of ``other`` is not that of ``one``, and surely better."""
    return one.dates != other.dates and one.bound > other.objective + 1e-9 * max(
        1.0, abs(other.objective)
    )


def _locate(
    sweep: _Sweep, wanted: list[float], tolerance: float, on_step: Callable[[str], None] | None
) -> None:
    """Solves between points until every change of plan is held between two sums no further apart
    than ``tolerance``, or time is over.

    The plan above a change serves from what it pays onwards, so that the change comes no later: the
    next point to look at is just below that, and if the plan is still the same there, because its
    sizes give way, half-way down.
    """
    spans = list(pairwise(wanted))
    while spans and time.monotonic() < sweep.deadline:
        left, right = spans.pop()
        below, above = sweep.point(left), sweep.point(right)
        if not _differs(below, above):
            continue
        first = min(right, max(left, above.paid))
        if first - left <= tolerance * 1.000001:
            continue
        lump = first < right - tolerance * 1e-3
        middle = first - tolerance if lump and first - tolerance > left else (left + first) / 2
        if on_step is not None:
            on_step(f"where the plan changes: {middle:,.0f} USD million")
        sweep.settle(middle, sweep.until(0.0, 2.0 / (len(spans) + 2)))
        spans += [(left, middle)] if lump else [(left, middle), (middle, first)]


def _jumps(sweep: _Sweep, wanted: list[float]) -> tuple[Jump, ...]:
    """Every change of plan between neighbouring sums that were looked at, from the least sum to the
    largest."""
    looked = sorted(
        {*wanted, *(money for money, _ in sweep.bounds if wanted[0] <= money <= wanted[-1])}
    )
    serving = {
        min(max(sweep.point(money).paid, wanted[0]), wanted[-1])
        for money in looked
        if sweep.point(money).values is not None
    }
    stops = sorted({*looked, *serving})
    found = []
    for left, right in pairwise(stops):
        below, above = sweep.point(left), sweep.point(right)
        if below.dates == above.dates and (below.values is None) == (above.values is None):
            continue
        if below.values is None and math.isfinite(below.bound):
            continue  # it is not known what the best plan is there
        enters = tuple(sorted(set(above.dates) - set(below.dates)))
        leaves = tuple(sorted(set(below.dates) - set(above.dates)))
        moves = tuple(
            sorted(
                name
                for name in set(above.dates) & set(below.dates)
                if above.dates[name] != below.dates[name]
            )
        )
        low = below.bound - above.objective if not math.isinf(above.objective) else 0.0
        high = below.objective - above.bound
        found.append(Jump(left, right, max(0.0, low), high, enters, leaves, moves))
    return tuple(found)
