"""The one table of prices: what its columns say, and the row that every kind of price is written as."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Literal, NamedTuple

import pandas as pd

from paxsilica.plan import TableDoc

Kind = Literal["fixed", "relaxed", "hull", "resolve"]
KINDS: tuple[Kind, ...] = ("fixed", "relaxed", "hull", "resolve")

PRICE_TABLES = {
    "prices": TableDoc(
        "Prices: what one more of something saves or costs, by kind of price",
        {
            "what": "what is priced",
            "where": "of whom or of what",
            "when": "year; blank: all years",
            "kind": "fixed (integer decisions held at the plan), relaxed (projects divisible), hull (convex hull of each project's choices) "
            "or resolve (solved again)",
            "value": "the price, in unit; for a limit positive is what one more saves, for a requirement or a good what one more costs",
            "low": "lower end: for resolve of the interval that the gaps leave, for a degenerate dual of the prices on the two sides",
            "high": "upper end, likewise",
            "unit": "unit of value, low and high",
            "meaning": "the price in a sentence",
            "degenerate": "yes: one more and one less have different prices, low and high; no: the same; blank: not examined",
            "undecided": "yes: the interval holds zero, so that the sign hangs on the gap of the solver; blank: not a re-solve",
        },
    ),
    "value_curve": TableDoc(
        "Least objective over a range of the budget or of a funder's envelope",
        {
            "what": "whose money",
            "money_usd_m": "the budget or envelope, USD million",
            "objective": "objective of the best plan known at it, USD million; blank: none",
            "bound": "what no plan at it can be below, USD million",
            "paid_usd_m": "what that plan pays of it, USD million",
            "projects": "number of projects in that plan",
        },
    ),
    "value_jumps": TableDoc(
        "Where the best plan changes along the value curve",
        {
            "what": "whose money",
            "from_usd_m": "the change comes above this sum, USD million",
            "to_usd_m": "and no later than at this one",
            "saved_low": "least that the objective falls between the two, as far as the gaps tell, USD million",
            "saved_high": "most that it falls",
            "enters": "projects that the plan above has and the one below has not",
            "leaves": "projects that the plan below has and the one above has not",
            "moves": "projects committed in another year",
            "undecided": "yes: the gaps leave open whether the objective falls at all",
        },
    ),
}


class Price(NamedTuple):
    """A row of the table of prices; see :data:`PRICE_TABLES`."""

    what: str
    where: str
    when: int | None
    kind: Kind
    value: float
    low: float
    high: float
    unit: str
    meaning: str
    degenerate: str = ""
    undecided: str = ""


def price_frame(prices: Iterable[Price]) -> pd.DataFrame:
    """The table of prices, in the order given."""
    frame = pd.DataFrame(list(prices), columns=list(PRICE_TABLES["prices"].columns))
    return frame.astype({"when": "Int64", "value": "float64", "low": "float64", "high": "float64"})


def number(value: float) -> str:
    """A price as sentences show it.

    >>> number(6.6666667), number(float("inf")), number(1234567.0), number(-0.0)
    ('6.667', 'without limit', '1.235e+06', '0')
    """
    if math.isinf(value):
        return "without limit"
    return f"{value + 0.0:.4g}"
