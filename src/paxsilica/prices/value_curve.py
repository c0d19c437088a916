"""The value curve of a sum of money: the least objective over a range of it, with the jumps at
which the best plan changes.

The optimum never rises with money. So a plan serves every sum from what it pays onwards, and a
bound at one sum holds at every smaller one: each search serves the whole curve. A point is searched
only until these, the LP relaxation and a search among the plans near the relaxation have closed its
gap. All searches together have a time limit.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from paxsilica.case import Solver
from paxsilica.plan.solve import StepCallback
from paxsilica.plan.tables import PRICE_TABLES
from paxsilica.prices.finite_difference import Start, money_limit, money_row, refuse, with_money
from paxsilica.solver import Array, Compiled, Outcome, solve
from paxsilica.solver.persistent import PersistentProgram
from paxsilica.solver.resolve import Answer, Interval, Known, Written, search

Dates = dict[str, int]
"""Year of commitment by project."""

SHORTEST = 0.2
"""Seconds below which no search is begun."""


@dataclass(frozen=True)
class Point:
    """The optimum at a sum of money, between bound and plan; the plan pays ``paid`` of it."""

    money: float
    objective: float
    bound: float
    values: Array | None
    paid: float
    dates: Dates


@dataclass(frozen=True)
class Jump:
    """The best plan changes between ``low`` and ``high``; the objective falls by ``saved_*``."""

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
        rows = (
            (p.money, p.objective, p.bound, None if p.values is None else p.paid, len(p.dates))
            for p in self.points
        )
        return self._frame("value_curve", rows)

    def jump_table(self) -> pd.DataFrame:
        """The jumps, as :data:`PRICE_TABLES` says."""
        rows = (
            (
                *(jump.low, jump.high, jump.saved_low, jump.saved_high),
                *("; ".join(names) for names in (jump.enters, jump.leaves, jump.moves)),
                "yes" if jump.undecided else "no",
            )
            for jump in self.jumps
        )
        return self._frame("value_jumps", rows)

    def _frame(self, name: str, rows: Iterable[tuple[Any, ...]]) -> pd.DataFrame:
        """A table; infinite numbers are blank."""
        blank = dict.fromkeys((math.inf, -math.inf))
        cells = [(self.what, *(blank.get(cell, cell) for cell in row)) for row in rows]
        return pd.DataFrame(cells, columns=list(PRICE_TABLES[name].columns))


@dataclass
class _Sweep:
    """The work on one curve: every plan and every bound found so far."""

    program: Compiled
    row: int
    options: Solver
    deadline: float
    plans: list[tuple[float, float, int]] = field(default_factory=list)
    """(objective, paid, number of the plan)"""
    values: list[Array] = field(default_factory=list)
    dates: list[Dates] = field(default_factory=list)
    bounds: list[tuple[float, float]] = field(default_factory=list)
    """(money, bound there)"""
    relaxed: dict[float, Array] = field(default_factory=dict)
    """Integer columns of the LP relaxation by money"""
    searches: int = 0

    def __post_init__(self) -> None:
        self.integers = np.flatnonzero(self.program.integer)

    def until(self, kept: float, share: float) -> float:
        """The end of a search that may take a share of the time before the last ``kept``
        seconds."""
        now = time.monotonic()
        if math.isinf(self.deadline):
            return now + self.options.time_limit_s
        return now + min(1.0, share) * max(0.0, self.deadline - kept - now)

    def at(self, money: float) -> Compiled:
        """The program with so much money."""
        return self.program.with_rows(np.array([self.row]), -np.inf, money)

    def add_plan(self, money: float, objective: float, values: Array | None) -> None:
        """Keeps a plan, if there is one."""
        if values is not None:
            paid = float((self.program.matrix[[self.row]] @ values)[0])
            self.plans.append((objective, min(paid, money), len(self.values)))
            self.values.append(values)
            self.dates.append(dict(Known.of(self.program, values).committed))

    def point(self, money: float) -> Point:
        """What is known at so much money."""
        room = 1e-9 * max(1.0, money)
        serving = [plan for plan in self.plans if plan[1] <= money + room]
        bound = max(
            (bound for there, bound in self.bounds if there >= money - room), default=-math.inf
        )
        if not serving:
            return Point(money, math.inf, bound, None, 0.0, {})
        objective, paid, which = min(serving)
        bound = min(bound, objective)
        return Point(money, objective, bound, self.values[which], paid, self.dates[which])

    def closed(self, money: float) -> bool:
        """Whether the requested gap is reached there."""
        here = self.point(money)
        if math.isinf(here.objective):
            return here.bound == math.inf
        return here.objective - here.bound <= self.options.gap * abs(here.objective) + 1e-9

    def relax(self, wanted: list[float]) -> None:
        """Bounds from the LP relaxation at many points, each from the basis of the last."""
        lp = PersistentProgram(self.program.relaxed(), self.options)
        at, limit = np.array([self.row]), float(self.program.row_high[self.row])
        for money in sorted(wanted, reverse=True):
            lp.move_rows(at, np.array([money - limit]))
            self.add_relaxed(money, lp.run())

    def add_relaxed(self, money: float, outcome: Outcome) -> None:
        """Keeps the bound of a relaxation, and its integer columns."""
        if outcome.status == "infeasible":
            self.bounds.append((money, math.inf))
        elif outcome.values is not None and outcome.objective is not None:
            self.bounds.append((money, outcome.objective))
            self.relaxed[money] = outcome.values[self.integers]

    def settle(self, money: float, until: float) -> None:
        """Works on one point until its gap is closed or the time is over."""
        program = self.at(money)
        if not self.closed(money) and money not in self.relaxed:
            self.add_relaxed(money, solve(program.relaxed(), self.options))
        if not self.closed(money) and money in self.relaxed and until - time.monotonic() > SHORTEST:
            self.search_near(program, money, 0.6 * (until - time.monotonic()))
        if not self.closed(money) and until - time.monotonic() > SHORTEST:
            found = self.limited(program, money, until - time.monotonic())
            self.bounds.append((money, found.value.low))
            self.add_plan(money, found.value.high, found.values)

    def limited(self, program: Compiled, money: float, seconds: float) -> Answer:
        """A search that also ends when what is known of other points closes the gap."""
        self.searches += 1
        here = self.point(money)

        def cutoff(known: Interval) -> bool:
            best = min(here.objective, known.high)
            return math.isfinite(best) and best - here.bound <= self.options.gap * abs(best)

        options = self.options.model_copy(update={"time_limit_s": seconds})
        return search(program, options, here.values, cutoff)

    def search_near(self, program: Compiled, money: float, seconds: float) -> None:
        """Searches with integer columns of the relaxation fixed; keeps the plan, not the bound."""
        part = self.relaxed[money]
        whole = np.abs(part - np.round(part)) <= 1e-6
        near = program.fixed(self.integers[whole], np.round(part[whole]))
        found = self.limited(near, money, seconds)
        self.add_plan(money, found.value.high, found.values)


def curve_range(
    of: Written, what: str, low: float | None = None, high: float | None = None, points: int = 20
) -> tuple[float, float]:
    """Ends of a value curve, USD million; raises as :func:`compute_value_curve`."""
    limit, _ = money_limit(of, what)
    low, high = 0.0 if low is None else low, 2.0 * limit if high is None else high
    if not 0.0 <= low < high or points < 2:
        words = "should be a range upwards from 0 or more, with 2 points or more"
        raise refuse("curve", f"{low:g} to {high:g}", words)
    return low, high


def compute_value_curve(
    start: Start,
    what: str = "budget",
    low: float | None = None,
    high: float | None = None,
    points: int = 20,
    tolerance: float | None = None,
    seconds: float = math.inf,
    on_step: StepCallback | None = None,
) -> Curve:
    """The value curve of the ``budget`` or of a funder's envelope, from the plan of the case.

    Args:
        start: the case as solved.
        what: ``budget``, or a funder.
        low, high: range, USD million; absent: from zero to twice the limit of the case.
        points: how many, spread evenly.
        tolerance: of jumps, USD million; absent: a thousandth of the range.
        seconds: for the whole curve; a point out of time keeps the gap that it has.
        on_step: called with the name of each step as it begins.

    Raises:
        InputError: if there is no such limit, or no such range.
    """
    started = time.monotonic()
    report: StepCallback = (lambda _: None) if on_step is None else on_step
    low, high = curve_range(start.written, what, low, high, points)
    limit, words = money_limit(start.written, what)
    options = start.written.case.solver
    program = with_money(start.written, what, limit if what == "budget" else max(limit, high))
    sweep = _Sweep(program, program.row_at[money_row(what)], options, started + seconds)
    sweep.bounds.append((limit, start.solved.value.low))
    same = program.columns == start.written.program.columns
    plan = start.solved if same else search(start.known.fixed(sweep.at(limit)), options)
    sweep.add_plan(limit, plan.value.high, plan.values)
    wanted = np.linspace(low, high, points).tolist()
    report(f"{words}: bounds")
    sweep.relax(wanted)
    for done, at in enumerate(_from_the_ends(points)):
        report(f"{words}: {wanted[at]:,.0f} USD million")
        sweep.settle(wanted[at], sweep.until(0.2 * seconds, 2.0 / (points - done)))
    _locate(sweep, wanted, (high - low) / 1000 if tolerance is None else tolerance, report)
    return Curve(
        what,
        tuple(sweep.point(money) for money in wanted),
        _jumps(sweep, wanted),
        time.monotonic() - started,
        sweep.searches,
    )


def _from_the_ends(count: int) -> list[int]:
    """Positions, the ends first and then each in the middle of two that are done."""
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


def _locate(sweep: _Sweep, wanted: list[float], tolerance: float, on_step: StepCallback) -> None:
    """Solves between points until every change of plan is located within ``tolerance``, or time is
    over. The plan above a change serves from what it pays, so the next point is just below that; if
    the plan is the same there (its sizes adapt), half-way down."""
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
        on_step(f"where the plan changes: {middle:,.0f} USD million")
        sweep.settle(middle, sweep.until(0.0, 2.0 / (len(spans) + 2)))
        spans += [(left, middle)] if lump else [(left, middle), (middle, first)]


def _jumps(sweep: _Sweep, wanted: list[float]) -> tuple[Jump, ...]:
    """Every change of plan between neighbouring sums, in order of money."""
    looked = {*wanted, *(money for money, _ in sweep.bounds if wanted[0] <= money <= wanted[-1])}
    serving = {
        min(max(point.paid, wanted[0]), wanted[-1])
        for point in map(sweep.point, looked)
        if point.values is not None
    }
    found = []
    for below, above in pairwise(map(sweep.point, sorted(looked | serving))):
        if below.dates == above.dates and (below.values is None) == (above.values is None):
            continue
        if below.values is None and math.isfinite(below.bound):
            continue  # the best plan there is not known
        before, after = below.dates, above.dates
        low = 0.0 if math.isinf(above.objective) else max(0.0, below.bound - above.objective)
        found.append(
            Jump(
                below.money,
                above.money,
                low,
                below.objective - above.bound,
                enters=tuple(sorted(set(after) - set(before))),
                leaves=tuple(sorted(set(before) - set(after))),
                moves=tuple(
                    sorted(name for name in set(after) & set(before) if after[name] != before[name])
                ),
            )
        )
    return tuple(found)
