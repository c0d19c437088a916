"""One-sided derivatives of a linear program: what one less and one more of an item mean.

The optimum is convex and piecewise linear in the right-hand sides. The right-hand sides are moved a
little to one side and the program is solved from the last basis. If the duals after the movement
are optimal for the program itself too, they give the derivative on that side exactly. Otherwise the
movement passed a kink, and a smaller one is tried. In both cases the derivative lies between the
present price and the one after the movement, because the optimum is convex.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

from paxsilica.case import Solver
from paxsilica.errors import PaxSilicaError
from paxsilica.prices.duals import Duals, proved
from paxsilica.prices.priced_items import PricedItem
from paxsilica.solver import Compiled
from paxsilica.solver.highs import Outcome, Vertex
from paxsilica.solver.persistent import Movement, OutOfTimeError, PersistentProgram

STEPS = (1e-5, 1e-6)
"""Movements, as a share of the size of the item. The next is tried where the last passed a kink.
Larger ones pass many kinks in large programs, and take far more time."""

CLOSE = 1e-4
"""Relative difference of the prices before and after a movement that ends the search: the price in
between is not known better than to the solver's tolerance."""

LEAST = 1e-5
"""Least movement of a scaled right-hand side: a hundred times the tolerance of the solver."""


@dataclass(frozen=True)
class Sides:
    """Values of one less and of one more, in the unit of the item; infinite where the moved program
    is infeasible."""

    left: float
    right: float

    @property
    def low(self) -> float:
        """The smaller of the two."""
        return min(self.left, self.right)

    @property
    def high(self) -> float:
        """The larger of the two."""
        return max(self.left, self.right)


class Derivatives:
    """A linear program in the solver, and its one-sided derivatives, within a time limit."""

    def __init__(self, program: Compiled, options: Solver, ends: float) -> None:
        """Puts ``program`` into the solver; ``ends`` is the time limit on the clock of
        :func:`time.monotonic`."""
        self.lp = PersistentProgram(program, options)
        self.ends = ends

    def _limit(self) -> None:
        left = self.ends - time.monotonic()
        if left <= 0:
            raise OutOfTimeError("the time limit of the prices is reached")
        self.lp.limit_seconds(left)

    def solve(
        self, what: str, program: Compiled | None = None, near: Vertex | None = None
    ) -> Duals:
        """The program, or another one with the same matrix, solved and its duals proved; ``near``
        is a vertex to start from.

        Raises:
            PriceError: if there is no solution, or if the duals fail their proof.
            OutOfTimeError: at the time limit.
        """
        self._limit()
        if program is not None:
            self.lp.change_to(program)
        if near is not None:
            self.lp.start_near(near)
        return proved(self.lp, self.lp.run(), what, complete=False)

    def run_moved(self, movement: Movement) -> Outcome:
        """The program with sides and bounds moved, from the last basis. They stay moved.

        Raises:
            OutOfTimeError: at the time limit.
        """
        self._limit()
        self.lp.move(movement)
        return self.lp.run()

    def sides(self, duals: Duals, item: PricedItem, size: float = 1.0) -> Sides:
        """The left and right derivative of the solved program with respect to ``item``.

        Args:
            duals: of the last program solved.
            item: what is moved.
            size: typical amount of the item in its own unit; movements are a share of it.

        Raises:
            OutOfTimeError: at the time limit.
        """
        if duals.degeneracy.unique(item):
            value = item.price(duals.rows, duals.columns)
            return Sides(value, value)
        return Sides(*(self._side(duals, item, size, way) for way in (-1.0, 1.0)))

    def right(self, duals: Duals, item: PricedItem, size: float = 1.0) -> float:
        """The right derivative alone; as :meth:`sides`."""
        if duals.degeneracy.unique(item):
            return item.price(duals.rows, duals.columns)
        return self._side(duals, item, size, 1.0)

    def _side(self, duals: Duals, item: PricedItem, size: float, way: float) -> float:
        part = item.movement
        scaled = part.scaled_size(self.lp.scaling)
        if not scaled:
            raise PaxSilicaError(f"nothing is moved by one more of {item.what} {item.where}")
        found, here = math.inf, item.price(duals.rows, duals.columns)
        for step in STEPS:
            self._limit()
            factor = way * max(step * size, LEAST / scaled)
            moved = self.lp.duals_if_moved(part.times(factor))
            if moved is not None:
                found = item.price(moved, duals.degeneracy.reduced(moved))
                # the derivative lies between the present price and the one past the movement
                near = math.isclose(found, here, rel_tol=CLOSE)
                if near or duals.degeneracy.holds(moved):
                    break
            self.lp.back_to(duals.corner)
        self.lp.back_to(duals.corner)
        return found
