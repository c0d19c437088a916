"""Prices from the duals of a linear program. The duals are proved first. Where a dual is not
unique, its left and right values are computed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

from paxsilica.case import Solver
from paxsilica.errors import PaxSilicaError
from paxsilica.prices.degeneracy import OTHERS, Degeneracy, differ, find_degeneracy
from paxsilica.prices.priced_items import Name, PricedItem
from paxsilica.prices.table import Kind, Price, number
from paxsilica.solver import Array, Compiled, Outcome
from paxsilica.solver.persistent import Corner, Movement, PersistentProgram

TOLERANCE = 1e-6
"""Largest error that a proof lets pass: relative to the objective for money, to the largest cost
coefficient for signs."""

STEPS = (1e-3, 1e-5)
"""Steps, in the unit of the item, at which the left and right dual values are computed; the second
where the first passed the next kink."""

LEAST = 1e-5
"""The least movement of a right-hand side: a hundred times the tolerance of the solver."""

CHECKS = ("feasibility", "sign", "slackness", "duality")


class PriceError(PaxSilicaError):
    """The duals of a linear program failed their proof; no price is reported from them."""


@dataclass(frozen=True)
class Proof:
    """Errors of the duals of a linear program; each is zero in exact arithmetic.

    Attributes:
        feasibility: largest violation of a row or bound, relative to the size of its side.
        sign: largest dual that needs an infinite side, relative to the largest cost.
        slackness: sum of duals times slack, relative to the objective.
        duality: distance of primal and dual objective, relative to the objective.
    """

    feasibility: float
    sign: float
    slackness: float
    duality: float

    @property
    def holds(self) -> bool:
        """Whether the duals are right to within :data:`TOLERANCE`."""
        return all(value <= TOLERANCE for value in self.errors().values())

    def errors(self) -> dict[str, float]:
        """By name of the check, with one digit: further digits differ between machines."""
        return {name: float(f"{getattr(self, name):.0e}") for name in CHECKS}


def prove(program: Compiled, outcome: Outcome) -> Proof:
    """Checks the solution of an LP: feasibility, signs, complementary slackness, strong duality.

    Reduced costs are ``cost - duals x matrix``, so the proof rests on the duals of the rows alone.

    Raises:
        PriceError: if the solver gave no valid duals.
    """
    if outcome.values is None or outcome.row_duals is None or outcome.objective is None:
        raise PriceError("the solver gave no valid duals, so there are no prices")
    values, duals = outcome.values, outcome.row_duals
    reduced = program.cost - program.matrix.T @ duals
    activity = program.matrix @ values
    violated: list[float] = []
    wrong = slack = sides = 0.0
    for low, high, at, dual in (
        (program.row_low, program.row_high, activity, duals),
        (program.low, program.high, values, reduced),
    ):
        violated += [_violation(low, low - at), _violation(high, at - high)]
        active = np.where(dual > 0, low, high)
        finite = np.isfinite(active)
        wrong = max(wrong, float(np.abs(dual[~finite]).max(initial=0.0)))
        slack += float(np.abs(dual[finite] * (at[finite] - active[finite])).sum())
        sides += float(dual[finite] @ active[finite])
    size = max(1.0, abs(outcome.objective))
    return Proof(
        max(violated),
        wrong / max(float(np.abs(program.cost).max(initial=0.0)), 1e-9),
        slack / size,
        abs(sides + program.offset - outcome.objective) / size,
    )


def _violation(side: Array, by: Array) -> float:
    """The largest violation, relative to the size of the side where that is above one."""
    there = np.isfinite(side)
    return float((by[there] / np.maximum(1.0, np.abs(side[there]))).max(initial=0.0))


@dataclass(frozen=True)
class Duals:
    """A linear program solved, its duals proved, and the solver that did it.

    Attributes:
        corner: the optimal basis.
        values, columns: of the columns, their values and reduced costs.
        rows: duals of the rows.
        objective: USD million.
        complete: whether the program has all its columns, and not only those generated so far.
    """

    program: Compiled
    persistent: PersistentProgram
    corner: Corner
    proof: Proof
    values: Array
    rows: Array
    columns: Array
    objective: float
    complete: bool

    @cached_property
    def degeneracy(self) -> Degeneracy:
        """All optimal duals; those of an incomplete program need not be optimal otherwise."""
        others = OTHERS if self.complete else 0
        return find_degeneracy(self.program, self.persistent, self.corner, others)


def solve_duals(program: Compiled, options: Solver, what: str) -> Duals:
    """Solves a program without integer columns and proves its duals; ``what`` is the program in
    words, for the error.

    Raises:
        PriceError: if there is no solution, or if the proof fails.
    """
    lp = PersistentProgram(program, options)
    return proved(lp, lp.run(), what)


def proved(lp: PersistentProgram, outcome: Outcome, what: str, complete: bool = True) -> Duals:
    """The duals of an LP that the solver has solved, with their proof; as :func:`solve_duals`."""
    if outcome.values is None:
        raise PriceError(f"{what} is {outcome.status}, so there are no prices")
    proof = prove(lp.program, outcome)
    if not proof.holds:
        raise PriceError(
            f"the duals of {what} fail the check ({proof.errors()}); no prices are reported"
        )
    values, rows, columns = outcome.values, outcome.row_duals, outcome.column_duals
    assert rows is not None
    assert columns is not None
    assert outcome.objective is not None
    corner = lp.corner(outcome)
    return Duals(lp.program, lp, corner, proof, values, rows, columns, outcome.objective, complete)


ONE_OF_MANY = (
    " One less and one more may differ and were not computed: this is one of the optimal duals."
)
"""Added to the meaning of a price that is not proved to be the same on both sides."""


class Mover(Protocol):
    """Solves a linear program with right-hand sides moved."""

    def duals_if_moved(self, movement: Movement) -> Array | None:
        """Duals of the rows, or ``None`` if the moved program is infeasible."""


def _left_and_right(
    duals: Duals, item: PricedItem, mover: Mover
) -> tuple[float | None, float | None]:
    """The left and right dual value, from the program moved a little to either side; ``None`` where
    the moved program is infeasible. The solver is left at another basis.

    The duals of the moved program are the price on that side if they are optimal for the program
    itself too. If they are not, the movement passed the next kink, and a smaller one is tried.
    """
    degeneracy = duals.degeneracy
    prices: list[float | None] = []
    for way in (-1.0, 1.0):
        for step in STEPS:
            moved = mover.duals_if_moved(
                item.movement.times(way * max(step, LEAST / item.movement.size()))
            )
            if moved is not None and degeneracy.holds(moved):
                break
        prices.append(None if moved is None else item.price(moved, degeneracy.reduced(moved)))
    return prices[0], prices[1]


def dual_prices(
    duals: Duals,
    items: Iterable[PricedItem],
    kind: Kind,
    two_sided: Set[Name] = frozenset(),
    mover: Mover | None = None,
) -> Iterator[Price]:
    """The price of each item at the duals of the program of this ``kind``.

    Left and right dual values are computed for ``two_sided`` and for items that always have them.
    ``mover`` solves the moved program where the program lacks columns that it may need.
    """
    degeneracy = duals.degeneracy
    for item in items:
        value = item.price(duals.rows, duals.columns)
        degenerate = degeneracy.degenerate(item, value)
        low, high = (value, value) if degenerate == "no" else (math.nan, math.nan)
        meaning = item.meaning
        if degenerate != "no" and (item.two_sided or item.name in two_sided):
            less, more = (
                # without those columns it is not known whether the moved program is infeasible
                side if side is not None else math.inf if mover is None else math.nan
                for side in _left_and_right(duals, item, mover or duals.persistent)
            )
            if not math.isnan(less + more):
                low, high = min(less, more), max(less, more)
                # the sentence is about one more; where that leaves no plan it is about one less
                value = more if math.isfinite(more) else less
                degenerate = "yes" if differ(low, high) else "no"
            if degenerate == "yes":
                meaning += (
                    f" The dual is not unique: one less {_effect(item, less)}, one more"
                    f" {_effect(item, more, True)}."
                )
        if math.isnan(low):
            meaning += ONE_OF_MANY
        if item.shown or abs(value) > 1e-9 or degenerate == "yes":
            yield Price(
                *item.name,
                kind,
                value,
                low,
                high,
                item.unit,
                meaning,
                degenerate,
                stake_usd_m=item.stake(value),
            )


def _effect(item: PricedItem, price: float, more: bool = False) -> str:
    if math.isinf(price):
        return "leaves no plan"
    return f"{'saves' if item.gain == more else 'costs'} {number(price)}"
