"""Which prices are the only ones, told for all of them at once.

The duals of a linear program are unique where the optimum moves in a straight line through the
present sides, and then one less and one more have the same price. Two cheap tests settle nearly all
prices:

* **The same on both sides.** When a side is moved, the basic variables move along, and the basis
  stays optimal as long as none of them meets a bound. Those strictly between their bounds have room
  both ways. So if no *degenerate* basic variable (one at a bound) moves at all, the basis bears a
  small movement either way, the optimum is linear there, and the dual is the price on both sides.
  With ``B`` the basis, ``q`` the movement of the sides and ``D`` the degenerate positions this says
  that ``(B^-1 q)[D]`` is zero. For random weights ``r`` on ``D``, ``w = B^-T r`` gives ``w q = r
  (B^-1 q)``, which is zero for every ``q`` that passes and, but for an accident of probability
  zero, for no other. So one solve with the transposed basis answers for all rows; a movement of
  bounds of columns moves the sides by their coefficients; and a degenerate basic variable whose own
  bound is moved counts like the others, for ``w`` times its column is its weight.
* **Different on the two sides.** Another optimal dual at which the price is another proves that the
  two sides differ, for the price of one more is the largest, and of one less the smallest, over all
  optimal duals. Other duals are found by perturbing the sides by ``A p - s``, where ``p`` moves
  columns and ``s`` rows by a little from the bounds that they are at into their range: then the
  present solution, moved by these, fits the moved program, and where that is solved from the
  present basis its duals are mostly other ones. They are taken only if they are complementary to
  the *present* solution, which proves them optimal for the program as it is.

What neither test settles is left open: the price may be unique although a degenerate variable would
be moved.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from paxsilica.prices.priced_items import Subject
from paxsilica.solver import Array, Compiled
from paxsilica.solver.persistent import Corner, Movement, PersistentProgram

Verdict = Literal["yes", "no", "open"]

OTHERS = 3
"""Further duals that are looked for; each takes about as long as a tenth of solving the program."""

NEAR = 1e-7
"""Distance from a bound, relative to its size where that is above one, within which a value is at
it: the solver's own tolerance."""

PERTURBED = 1e-4
"""How far columns and rows are moved into their range, at most."""

STILL = 1e-9
"""Movement of degenerate variables, per unit of the thing priced, that is rounding."""


Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Face:
    """What is known of all optimal duals of a linear program.

    Attributes:
        program: the linear program.
        row_low, row_high, low, high: which rows and columns are at their lower and upper side in
            its solution.
        witness, witness_of_columns: by row and column, what moving its side moves degenerate
            variables by, at random weights.
        others: duals of the rows and reduced costs of further optimal duals.
    """

    program: Compiled
    row_low: Flags
    row_high: Flags
    low: Flags
    high: Flags
    witness: Array
    witness_of_columns: Array
    others: tuple[tuple[Array, Array], ...] = ()

    def unique(self, subject: Subject) -> bool:
        """Whether the price of ``subject`` is proved to be the same on both sides."""
        part = subject.movement
        moved = float(self.witness[part.rows] @ part.shift)
        if len(part.columns):
            bounds = np.where(self.high[part.columns], part.high_shift, part.low_shift)
            moved += float(self.witness_of_columns[part.columns] @ bounds)
        return abs(moved) <= STILL * part.size()

    def degenerate(self, subject: Subject, price: float) -> Verdict:
        """Whether one less and one more of ``subject`` have different prices, of which ``price`` is
        one."""
        if any(differ(subject.price(*other), price) for other in self.others):
            return "yes"
        return "no" if self.unique(subject) else "open"

    def reduced(self, duals: Array) -> Array:
        """Reduced costs at some duals of the rows."""
        return np.asarray(self.program.cost - self.program.matrix.T @ duals, dtype=float)

    def holds(self, duals: Array) -> bool:
        """Whether duals of the rows are optimal: with reduced costs, they lean on no side but those
        that the solution is at."""
        error = 1e-9 * max(1e-9, float(np.abs(self.program.cost).max(initial=0.0)))
        for low, high, leaning in (
            (self.row_low, self.row_high, duals),
            (self.low, self.high, self.reduced(duals)),
        ):
            wrong = np.where(leaning > 0, ~low, ~high)
            if float(np.abs(leaning[wrong]).max(initial=0.0)) > error:
                return False
        return True

    def inwards(self, draw: np.random.Generator) -> Array:
        """By row, a movement of its sides for which the present solution, moved a little into its
        range, still fits."""

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


def find_face(
    program: Compiled,
    standby: PersistentProgram,
    corner: Corner,
    others: int = OTHERS,
    seed: int = 0,
) -> Face:
    """What is known of all optimal duals of ``program``, from an optimal basis.

    Args:
        program: the linear program.
        warm: holds it; it is left somewhere near ``corner``.
        corner: an optimal basis.
        others: how many further duals are looked for.
        seed: of the random weights and movements.
    """
    draw = np.random.default_rng(seed)
    assert corner.outcome.values is not None
    low, high = _at(program.low, corner.outcome.values), _at(program.high, corner.outcome.values)
    row_low, row_high = (
        _at(program.row_low, corner.activity),
        _at(program.row_high, corner.activity),
    )
    weights = [
        np.where(still, draw.uniform(0.5, 1.5, len(still)), 0.0)
        for still in (low | high, row_low | row_high)
    ]
    witness = standby.through_basis(corner, *weights)
    face = Face(program, row_low, row_high, low, high, witness, -(program.matrix.T @ witness))
    every = np.arange(len(program.row_low))
    found = []
    for _ in range(others if len(every) else 0):
        duals = standby.duals_if_moved(Movement(every, face.inwards(draw)))
        standby.back_to(corner)
        if duals is not None and face.holds(duals):
            found.append((duals, face.reduced(duals)))
    return replace(face, others=tuple(found))


def _at(side: Array, value: Array) -> Flags:
    """Which values are at a side."""
    there = np.isfinite(side)
    where = np.where(there, side, 0.0)
    return there & (np.abs(value - where) <= NEAR * np.maximum(1.0, np.abs(where)))
