"""Which prices are unique: two tests that settle nearly all prices at once.

The dual of a row is unique where the optimum is linear in the right-hand side, to the left and to
the right of its present value. Then one less and one more have the same price.

* **The same on both sides.** When a right-hand side is moved, the basic variables move along, and
  the basis stays optimal until one of them meets a bound. Basic variables strictly between their
  bounds have room both ways. So if no *degenerate* basic variable (one at a bound) moves, the
  optimum is linear there, and the dual is the price on both sides. With ``B`` the basis, ``q`` the
  movement of the sides and ``D`` the degenerate positions, the condition is that ``(B^-1 q)[D]`` is
  zero. For random weights ``r`` on ``D``, ``w = B^-T r`` gives ``w q = r (B^-1 q)``, which is zero
  for every ``q`` that passes and, with probability one, for no other. So one solve with the
  transposed basis decides for all rows. A movement of bounds of columns moves the sides by their
  coefficients. A degenerate basic variable whose own bound is moved counts like the others, because
  ``w`` times its column is its weight.
* **Different on the two sides.** Another optimal dual with another price proves that the two sides
  differ, because the price of one more is the largest, and of one less the smallest, over all
  optimal duals. Other duals are found by perturbing the sides by ``A p - s``, where ``p`` moves
  columns and ``s`` rows by a little from their active bounds into their range. The present
  solution, moved by these, is feasible for the moved program, and a solve from the present basis
  mostly gives other duals. They are taken only if they are complementary to the *present* solution,
  which proves them optimal for the program itself.

What neither test settles is left open: the price may be unique although a degenerate variable would
be moved.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from paxsilica.prices.priced_items import PricedItem
from paxsilica.solver import Array, Compiled
from paxsilica.solver.persistent import Corner, Movement, PersistentProgram
from paxsilica.solver.scaling import Scaling

Verdict = Literal["yes", "no", "open"]

OTHERS = 3
"""Number of further duals to look for; each takes about a tenth of the time of the first solve."""

NEAR = 1e-7
"""Scaled distance from a bound, relative to its size where that is above one, within which a value
is at it: the solver's own tolerance."""

PERTURBED = 1e-4
"""Largest movement of columns and rows into their range."""

STILL = 1e-9
"""Scaled movement of degenerate variables, per scaled unit of the priced item, that is rounding.
Without scaling the result would depend on units: a unit of energy moves few plants."""


Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Degeneracy:
    """What is known of all optimal duals of a linear program.

    Attributes:
        row_low, row_high, low, high: which rows and columns are at which side in its solution.
        scaling: of the program in the solver.
        witness, witness_of_columns: how much moving a side moves degenerate variables, weighted and
            scaled.
        others: duals of the rows and reduced costs of further optimal duals.
    """

    program: Compiled
    scaling: Scaling
    row_low: Flags
    row_high: Flags
    low: Flags
    high: Flags
    witness: Array
    witness_of_columns: Array
    others: tuple[tuple[Array, Array], ...] = ()

    def unique(self, item: PricedItem) -> bool:
        """Whether the price of ``item`` is proved to be the same on both sides."""
        part = item.movement
        moved = float(self.witness[part.rows] @ part.shift)
        if len(part.columns):
            bounds = np.where(self.high[part.columns], part.high_shift, part.low_shift)
            moved += float(self.witness_of_columns[part.columns] @ bounds)
        return abs(moved) <= STILL * part.scaled_size(self.scaling)

    def degenerate(self, item: PricedItem, price: float) -> Verdict:
        """Whether one less and one more of ``item`` differ in price; ``price`` is one of them."""
        if any(differ(item.price(*other), price) for other in self.others):
            return "yes"
        return "no" if self.unique(item) else "open"

    def reduced(self, duals: Array) -> Array:
        """Reduced costs at some duals of the rows."""
        return np.asarray(self.program.cost - self.program.matrix.T @ duals, dtype=float)

    def holds(self, duals: Array) -> bool:
        """Whether duals of the rows are optimal: complementary to the present solution."""
        error = 1e-9 * max(1e-9, float(np.abs(self.program.cost).max(initial=0.0)))
        for low, high, active in (
            (self.row_low, self.row_high, duals),
            (self.low, self.high, self.reduced(duals)),
        ):
            wrong = np.where(active > 0, ~low, ~high)
            if float(np.abs(active[wrong]).max(initial=0.0)) > error:
                return False
        return True

    def inwards(self, draw: np.random.Generator) -> Array:
        """By row, a movement of its sides that keeps the solution, moved inwards, feasible."""

        def move(low: Flags, high: Flags) -> Array:
            way = np.where(low & ~high, 1.0, np.where(high & ~low, -1.0, 0.0))
            return (
                PERTURBED
                * way
                * draw.uniform(0.0, 1.0, len(low))
                * (draw.uniform(0.0, 1.0, len(low)) < 0.5)
            )

        return np.asarray(
            self.program.matrix @ move(self.low, self.high) - move(self.row_low, self.row_high),
            dtype=float,
        )


def differ(one: float, other: float) -> bool:
    """Whether two prices are more than rounding apart."""
    return not math.isclose(one, other, rel_tol=1e-6, abs_tol=1e-6)


def find_degeneracy(
    program: Compiled,
    lp: PersistentProgram,
    corner: Corner,
    others: int = OTHERS,
) -> Degeneracy:
    """What is known of all optimal duals of ``program``, from an optimal basis ``corner``.

    ``others`` further duals are looked for. ``lp`` holds the program and is left near ``corner``.
    """
    draw = np.random.default_rng(0)
    assert corner.outcome.values is not None
    scaling = lp.scaling
    values, activity = corner.outcome.values / scaling.columns, corner.activity * scaling.rows
    low, high = (_at(side / scaling.columns, values) for side in (program.low, program.high))
    row_low, row_high = (
        _at(side * scaling.rows, activity) for side in (program.row_low, program.row_high)
    )
    weights = [
        np.where(still, draw.uniform(0.5, 1.5, len(still)), 0.0)
        for still in (low | high, row_low | row_high)
    ]
    witness = lp.through_basis(corner, weights[0] / scaling.columns, weights[1] * scaling.rows)
    found = Degeneracy(
        program, scaling, row_low, row_high, low, high, witness, -(program.matrix.T @ witness)
    )
    every = np.arange(len(program.row_low))
    further = []
    for _ in range(others if len(every) else 0):
        duals = lp.duals_if_moved(Movement(every, found.inwards(draw)))
        lp.back_to(corner)
        if duals is not None and found.holds(duals):
            further.append((duals, found.reduced(duals)))
    return replace(found, others=tuple(further))


def _at(side: Array, value: Array) -> Flags:
    """Which values are at a side."""
    there = np.isfinite(side)
    where = np.where(there, side, 0.0)
    return there & (np.abs(value - where) <= NEAR * np.maximum(1.0, np.abs(where)))
