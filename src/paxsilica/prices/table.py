"""The table of prices: the row in which a price of every kind is written."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Literal, NamedTuple

import pandas as pd

from paxsilica.plan.tables import PRICE_TABLES

Kind = Literal["fixed", "relaxed", "hull", "resolve", "commitment"]
KINDS: tuple[Kind, ...] = ("fixed", "relaxed", "hull", "resolve", "commitment")
"""Fixed-integer dual, LP-relaxation dual, convex-hull price, finite difference (re-solve), dual of
the commitments of a project in the fixed-integer program."""

PREMIUM = "security premium"
GOODS = (PREMIUM, "commodity in a cut-off", "commodity in normal times")
"""Prices of goods; ``where`` holds region and good."""

PER_POINT = "USD million per percentage point"
"""Unit of the prices of coverage and concentration."""


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
    stake_usd_m: float = math.nan


def price_frame(prices: Iterable[Price]) -> pd.DataFrame:
    """The table of prices, in the order given."""
    frame = pd.DataFrame(list(prices), columns=list(PRICE_TABLES["prices"].columns))
    return frame.astype(dict.fromkeys(("when", "value", "low", "high", "stake_usd_m"), "float64"))


def number(value: float) -> str:
    """A price as sentences show it.

    >>> number(6.6666667), number(float("inf")), number(1234567.0), number(-0.0)
    ('6.667', 'without limit', '1,235,000', '0')
    """
    if math.isinf(value):
        return "without limit"
    return f"{float(f'{value:.4g}') + 0.0:,.10g}"


def thing(what: str, where: str) -> str:
    """What a short list shows once: of a good its name without the region.

    >>> thing("security premium", "north, metal"), thing("capacity", "mine")
    ('metal', 'mine')
    """
    return where.split(", ")[1] if what in GOODS else where
