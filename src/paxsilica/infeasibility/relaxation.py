"""A requirement that can be loosened at a price."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from paxsilica.case import Case
from paxsilica.solver.resolve import NewColumn
from paxsilica.tables import Tables

Changed = tuple[Tables, Case]
MOST = 0.95
KINDS: Mapping[str, str] = {
    "budget": "the budget",
    "funders": "what funders can pay",
    "mandates": "what funders may pay under a mandate",
    "coverage": "the coverage asked for",
    "evenly": "the coverage asked for, lowered everywhere alike",
    "concentration": "the cap on a region's share",
    "demand": "the demand that must be served",
    "limits": "the limits of the table limits",
    "required": "the projects that must be committed",
}
"""Kinds of knobs, in the order in which they are tried, each as it is named in a sentence."""


@dataclass(frozen=True)
class Knob:
    """One requirement that can be loosened.

    Attributes:
        kind: one of :data:`KINDS`.
        about: what of, as a key.
        column: the variable that says by how much; ``column.cost`` is the price of loosening it
            among knobs of its kind.
        weight: price of one unit among knobs of all kinds, so that using up a whole requirement
            costs about 1.
        rounded: the amount rounded up to what can be said.
        say: the amount as a clause that can stand after "or".
        turn: tables and case with the requirement loosened by the amount.
        year: of what is asked for in a year; ``say`` then leaves ``{years}`` open, so that like
            years are said together.
        head: words that stand before the clauses of all knobs that share them.
    """

    kind: str
    about: str
    column: NewColumn
    weight: float
    rounded: Callable[[float], float]
    say: Callable[[float], str]
    turn: Callable[[Tables, Case, float], Changed]
    year: int | None = None
    head: str = ""


def money(amount: float) -> float:
    """USD million rounded up, to five digits or to 1000 dollars, whichever is coarser.

    >>> money(123.4561), money(1234567.0)
    (123.46, 1234600.0)
    """
    if amount <= 0:
        return 0.0
    step = max(1e-3, 10.0 ** (math.floor(math.log10(amount)) - 4))
    return round(math.ceil(amount / step - 1e-6) * step, 6)


def per_mille(share: float) -> float:
    """A share rounded up to a thousandth.

    >>> per_mille(0.1231), per_mille(0.5)
    (0.124, 0.5)
    """
    return math.ceil(share * 1000 - 1e-6) / 1000
