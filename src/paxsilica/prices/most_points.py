"""The most points of coverage of all stages at once that a sum of money pays for, and what another
USD million adds.

In a linear program the least money for ``p`` more points is a convex function of ``p``. Its slope
gives a tangent, and the tangent bounds the points that the money can pay for. Newton's method
solves the program at this bound and takes the next tangent there. Beyond the points that any money
reaches the program is infeasible, and the proof of that (a Farkas ray) gives the next bound. Each
program near the last one is solved from its basis with the dual simplex method, which takes far
less time than a program that makes the points as many as possible. One that is far from it is
solved from scratch: presolve takes seconds there, and the old basis is of no use.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from paxsilica.model.registry import rows_with
from paxsilica.model.security import coverage_base
from paxsilica.prices.duals import Duals, PriceError
from paxsilica.prices.one_sided import Derivatives, Sides
from paxsilica.prices.priced_items import PricedItem, moved_rows
from paxsilica.solver.persistent import Movement, PersistentProgram
from paxsilica.solver.resolve import NewColumn, Written, extended

POINTS = 100.0
"""Percentage points of all of a need."""

MONEY_TOL = 1e-7
"""Share of the money that may be left or missing at the points found."""

POINT_TOL = 1e-5
"""Distance, in points, between points that can be reached and points that cannot."""

MOST_PROGRAMS = 60
"""Programs that are solved at most; Newton's method takes about five."""

FAR = 5.0
"""Points between two programs beyond which the next is solved from scratch."""

LEAST_SLOPE = 1e-9
"""USD million per point up to which further points cost nothing."""


@dataclass(frozen=True)
class MostPoints:
    """The most points that the money pays for.

    Attributes:
        points: percentage points.
        sides: points that the last and the next USD million add.
        duals: of the least money for these points.
        programs: number of programs that were solved.
    """

    points: float
    sides: Sides
    duals: Duals
    programs: int


@dataclass
class _Search:
    """Newton's method: ``low`` can be paid for, nothing beyond ``high`` can, ``at`` is next, and
    ``before`` the last."""

    solver: Derivatives
    column: int
    money: float
    high: float
    low: float = 0.0
    at: float = 0.0
    before: float = 0.0
    programs: int = 0
    beyond: float = math.inf

    def run(self, paid: float, slope: float) -> float:
        """The points, from the least money without further ones and its slope."""
        while not self._ends(paid, slope):
            if self.programs == MOST_PROGRAMS:
                raise PriceError("the most points of coverage were not found")
            self.programs += 1
            if abs(self.at - self.before) > FAR:
                self.solver.lp.forget_basis()
            self.before = self.at
            outcome = self.solver.run_moved(self.to(self.at))
            paid = math.inf if outcome.objective is None else outcome.objective
            if math.isfinite(paid):
                assert outcome.column_duals is not None
                slope = float(outcome.column_duals[self.column])
        return self.at

    def to(self, points: float) -> Movement:
        """The column fixed at some points."""
        none, value = moved_rows([]), np.array([points])
        return Movement(none.rows, none.shift, np.array([self.column]), value, value)

    def _ends(self, paid: float, slope: float) -> bool:
        """Whether the last program settles ``at``. If it does not, ``at`` is moved."""
        if math.isinf(paid):
            self.high = self.beyond = self.at
            bound = self.solver.lp.farkas_bound(self.column)
            inside = self.low < bound < self.at
            self.at = bound if inside else (self.low + self.at) / 2
            return self._narrow()
        if abs(paid - self.money) <= MONEY_TOL * max(1.0, self.money):
            return True
        if slope > LEAST_SLOPE:
            self.high = min(self.high, self.at + (self.money - paid) / slope)
        elif paid > self.money:
            raise PriceError("the money for more points of coverage has no slope")
        if paid < self.money:
            self.low = self.at
            if self.high <= self.low:
                return True
        # a point just above the last one tells whether that is the last that any money reaches
        known = self.high >= self.beyond
        self.at = min(self.low + POINT_TOL / 2, self.high) if known else self.high
        return self._narrow()

    def _narrow(self) -> bool:
        if self.beyond - self.low > POINT_TOL:
            return False
        self.at = self.low
        return True


def most_points(
    solver: Derivatives, duals: Duals, column: int, money: float, room: float
) -> MostPoints:
    """The most points within ``money``, by Newton's method.

    Args:
        solver: with the program of the least money.
        duals: its solution without further points.
        column: of the points, which is fixed at zero.
        money: USD million.
        room: the most points that have a meaning.

    Raises:
        PriceError: if the points are not found, or if the duals fail their proof.
        OutOfTimeError: at the time limit of ``solver``.
    """
    solver.lp.back_to(duals.corner)
    search = _Search(solver, column, money, room)
    try:
        points = search.run(duals.objective, float(duals.columns[column]))
    finally:
        solver.lp.move(search.to(0.0))
    at = np.array([column], dtype=np.intp)
    words = "the program of the least public money for the most points of coverage"
    found = solver.solve(words, duals.program.with_columns(at, points, points))
    return MostPoints(points, _sides(solver, found, column, money, room), found, search.programs)


def _sides(solver: Derivatives, duals: Duals, column: int, money: float, room: float) -> Sides:
    """Points for the last and the next USD million, from the money for the last and next point."""
    none, one = moved_rows([]), np.ones(1)
    moved = Movement(none.rows, none.shift, np.array([column]), one, one)
    item = PricedItem("joint coverage", "", None, "", "", gain=False, movement=moved)
    cost = solver.sides(duals, item, POINTS)
    idle = money - duals.objective > 2 * MONEY_TOL * max(1.0, money)
    full = float(duals.program.high[column]) >= room - POINT_TOL
    if idle and not full and math.isfinite(cost.right):
        raise PriceError("the most points of coverage leave money that could pay for more")
    right = 0.0 if full else _inverse(cost.right)
    # where the money just pays for no further point, less of it leaves no plan
    none_less = float(duals.program.high[column]) <= 0.0
    left = 0.0 if idle else math.inf if none_less else _inverse(cost.left)
    return Sides(left, right)


def _inverse(cost: float) -> float:
    """Points for one USD million at a cost of a point; without limit where it costs nothing."""
    return 1.0 / cost if cost > LEAST_SLOPE else math.inf


def joint_points(of: Written) -> float:
    """The points by which every requirement of coverage of a case can be raised at once within its
    money, with projects divisible. Negative: by which they must be lowered; minus infinity: other
    rows have no solution. No shortfall is allowed, whatever its price is.

    Raises:
        PaxSilicaError: if the solver fails.
    """
    program, instance = of.program.relaxed(), of.instance
    entries, highest = {}, 0.0
    for row in program.rows_of(*rows_with(item="coverage")).tolist():
        family, (good, state) = program.row_names[row]
        entries[row] = -coverage_base(instance, family, good, state) / POINTS
        highest = max(highest, instance.share_required(good, state))
    room = max(0.0, POINTS * (1 - highest))
    column = NewColumn(("joint coverage", None), entries, -1.0, -POINTS, room)
    met = program.with_columns(program.positions("shortfall"), 0.0, 0.0)
    wider = extended(met.minimising(np.zeros(len(met.cost))), [column])
    outcome = PersistentProgram(wider, of.case.solver).run()
    return -math.inf if outcome.values is None else float(outcome.values[-1])
