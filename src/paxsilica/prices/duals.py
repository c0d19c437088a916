"""Prices from the duals of a linear program, proved before they are told, and looked at from both
sides where the dual is not unique."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

from paxsilica.case import Solver
from paxsilica.errors import PaxSilicaError
from paxsilica.prices.degeneracy import OTHERS, Face, differ, find_face
from paxsilica.prices.priced_items import Name, Subject
from paxsilica.prices.table import Kind, Price, number
from paxsilica.solver import Array, Compiled, Outcome
from paxsilica.solver.persistent import Corner, Movement, PersistentProgram

TOLERANCE = 1e-6
"""Largest error that a proof lets pass: relative to the objective for money, to the largest cost
coefficient for signs."""

STEPS = (1e-3, 1e-5)
"""How much of a thing is added or taken away, in its own unit, to see the price on either side; the
second where the first was too much."""

LEAST = 1e-5
"""The least by which a side is moved: a hundred times what the solver takes for nothing."""

CHECKS = ("feasibility", "sign", "slackness", "duality")


class PriceError(PaxSilicaError):
    """The duals of a linear program failed their proof; no price is told from them."""


@dataclass(frozen=True)
class Proof:
    """How far the duals of a linear program are from being right; every number is zero in exact
    arithmetic.

    Attributes:
        feasibility: largest violation of a row or bound, relative to the size of its side.
        sign: largest dual or reduced cost that leans on a side that is not there, relative to the
            largest cost coefficient.
        slackness: what duals times slack add up to, relative to the objective.
        duality: distance between the objective and the value of all sides at the duals, relative to
            the objective.
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
        """By name of the check; one digit, because the rest is rounding that differs between
        machines."""
        return {name: float(f"{getattr(self, name):.0e}") for name in CHECKS}


def prove(program: Compiled, outcome: Outcome) -> Proof:
    """Checks sign, complementary slackness and strong duality of the solution of an LP, from the
    program's own numbers.

    The reduced costs are computed anew as ``cost - duals x matrix``, so that the duals of the rows
    alone carry the proof: with those of the right sign, the value of the sides is a lower bound of
    every plan, and being equal to the objective makes both optimal.

    Raises:
        PriceError: if the solver gave no valid duals.
    """
    if outcome.values is None or outcome.row_duals is None or outcome.objective is None:
        raise PriceError("the solver gave no valid duals, so that there are no prices to tell")
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
        leaning = np.where(dual > 0, low, high)
        held = np.isfinite(leaning)
        wrong = max(wrong, float(np.abs(dual[~held]).max(initial=0.0)))
        slack += float(np.abs(dual[held] * (at[held] - leaning[held])).sum())
        sides += float(dual[held] @ leaning[held])
    size = max(1.0, abs(outcome.objective))
    return Proof(
        max(violated),
        wrong / max(float(np.abs(program.cost).max(initial=0.0)), 1e-9),
        slack / size,
        abs(sides + program.offset - outcome.objective) / size,
    )


def _violation(side: Array, by: Array) -> float:
    """The largest of some violations, relative to the size of the side where that is above one."""
    there = np.isfinite(side)
    return float((by[there] / np.maximum(1.0, np.abs(side[there]))).max(initial=0.0))


@dataclass(frozen=True)
class Duals:
    """A linear program solved, its duals proved, and the solver that did it.

    Attributes:
        whole: whether the program has all its columns, and not only those made so far.
    """

    program: Compiled
    standby: PersistentProgram
    corner: Corner
    proof: Proof
    whole: bool = True

    @cached_property
    def face(self) -> Face:
        """What is known of all optimal duals. Other ones of a program that lacks columns need not
        be optimal for the whole of it."""
        return find_face(self.program, self.standby, self.corner, OTHERS if self.whole else 0)

    @property
    def values(self) -> Array:
        """Of the columns."""
        assert self.corner.outcome.values is not None
        return self.corner.outcome.values

    @property
    def rows(self) -> Array:
        """Duals of the rows."""
        assert self.corner.outcome.row_duals is not None
        return self.corner.outcome.row_duals

    @property
    def columns(self) -> Array:
        """Reduced costs of the columns."""
        assert self.corner.outcome.column_duals is not None
        return self.corner.outcome.column_duals

    @property
    def objective(self) -> float:
        """USD million."""
        assert self.corner.outcome.objective is not None
        return self.corner.outcome.objective


def solve_duals(program: Compiled, options: Solver, what: str) -> Duals:
    """Solves an LP and proves its duals.

    Args:
        program: without integer columns.
        options: of the solver.
        what: the program in words, for the error.

    Raises:
        PriceError: if there is no solution, or if the proof fails.
    """
    standby = PersistentProgram(program, options)
    outcome = standby.run()
    if outcome.values is None:
        raise PriceError(f"{what} is {outcome.status}, so that there are no prices to tell")
    proof = prove(program, outcome)
    if not proof.holds:
        raise PriceError(
            f"the duals of {what} fail their proof ({proof.errors()}); no prices are told"
        )
    return Duals(program, standby, standby.corner(outcome), proof)


class Mover(Protocol):
    """Solves a linear program with sides moved."""

    def duals_if_moved(self, movement: Movement) -> Array | None:
        """Duals of the rows, or nothing if nothing fits."""


def _sides(duals: Duals, subject: Subject, mover: Mover) -> tuple[float | None, float | None]:
    """The prices of one less and of one more, read off the program moved a little to either side;
    none where nothing fits any more.

    The duals of the moved program are the price on that side if they are optimal for the program as
    it is too. If they are not, the movement went past the next change of the price, and a smaller
    one is tried. The solver is left off its corner.
    """
    face = duals.face
    prices: list[float | None] = []
    for way in (-1.0, 1.0):
        for step in STEPS:
            moved = mover.duals_if_moved(
                subject.movement.times(way * max(step, LEAST / subject.movement.size()))
            )
            if moved is not None and face.holds(moved):
                break
        prices.append(None if moved is None else subject.price(moved, face.reduced(moved)))
    return prices[0], prices[1]


def dual_prices(
    duals: Duals,
    subjects: Iterable[Subject],
    kind: Kind,
    sides: Set[Name] = frozenset(),
    mover: Mover | None = None,
) -> Iterator[Price]:
    """The price of each subject at the duals of a linear program.

    Args:
        duals: of the program that ``kind`` says.
        subjects: what is priced.
        kind: of price.
        sides: subjects that are priced on both sides although they are not among those that always
            are.
        mover: solves the program with sides moved, if the program as it stands lacks columns that
            may be wanted then.
    """
    face = duals.face
    for subject in subjects:
        value = subject.price(duals.rows, duals.columns)
        degenerate = face.degenerate(subject, value)
        low, high = (value, value) if degenerate == "no" else (math.nan, math.nan)
        meaning = subject.meaning
        if degenerate != "no" and (subject.examined or subject.name in sides):
            less, more = (
                # without those columns it is not known whether nothing fits
                side if side is not None else math.inf if mover is None else math.nan
                for side in _sides(duals, subject, duals.standby if mover is None else mover)
            )
            if not math.isnan(less + more):
                low, high = min(less, more), max(less, more)
                value = min(max(value, low), high)
                degenerate = "yes" if differ(low, high) else "no"
            if degenerate == "yes":
                meaning += (
                    f" The price has two sides: one less {_told(subject, less)}, one more"
                    f" {_told(subject, more, True)}."
                )
        if subject.shown or abs(value) > 1e-9 or degenerate == "yes":
            yield Price(
                subject.what,
                subject.where,
                subject.when,
                kind,
                value,
                low,
                high,
                subject.unit,
                meaning,
                degenerate,
            )


def _told(subject: Subject, price: float, more: bool = False) -> str:
    if math.isinf(price):
        return "leaves no plan"
    return f"{'saves' if subject.gain == more else 'costs'} {number(price)}"
