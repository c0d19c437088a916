"""Rows of the shadow prices of the first page, and words that they share."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

from paxsilica.prices.one_sided import Sides
from paxsilica.prices.table import number


class FrontPrice(NamedTuple):
    """A row of the table ``front_prices``."""

    what: str
    name: str
    value: float
    low: float
    high: float
    unit: str
    stake_usd_m: float
    sentence: str
    where: str = ""


@dataclass(frozen=True)
class Good:
    """A good that is needed in the cut-off: by row, the movement that one unit more means."""

    commodity: str
    movement: tuple[tuple[int, float], ...]
    discounted: float
    stake: float
    normal_price: float


def rank(row: FrontPrice) -> float:
    """The stake of a row, for the order; rows without one come last."""
    return -math.inf if math.isnan(row.stake_usd_m) else row.stake_usd_m


def last(sides: Sides, words: str, unit: str = "") -> str:
    """What one less means, in words."""
    if math.isinf(sides.left):
        return "one less leaves no plan"
    return f"{words} {number(sides.left)}{unit}"
