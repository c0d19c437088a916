"""Rows of the shadow prices of the first page: what each says in words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from paxsilica.finance import MILLION
from paxsilica.prices.one_sided import Sides
from paxsilica.prices.table import number

BILLION = 1000.0
"""USD million."""

LEAST_POINTS = 1e-4
"""Fewer percentage points are the room of the coverage that is held."""

PER_USD = "USD per USD"
POINTS_PER_BILLION = "percentage points per USD billion"
"""Units of the prices of money."""


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
    """A good that is needed in the cut-off: by row, the movement that one unit more means.

    Attributes:
        movement: of all that is used of it in the cut-off, in units.
        discounted: that amount, with the units of later years discounted.
        stake: at the duals of the solution, USD million.
        normal: movement of all that is used in normal times, as expected.
        normal_price: at these duals, USD per unit.
    """

    commodity: str
    movement: tuple[tuple[int, float], ...]
    discounted: float
    stake: float
    normal: tuple[tuple[int, float], ...]
    normal_price: float


NO_ENVELOPE = FrontPrice(
    "envelope",
    "every funder",
    0.0,
    0.0,
    0.0,
    PER_USD,
    0.0,
    "Partners: no envelope of a funder limits the least cost if projects are divisible; one more"
    " USD of any envelope saves USD 0.",
    "every funder",
)
"""The row of the partners where no envelope has a price."""


def rank(row: FrontPrice) -> float:
    """The stake of a row, for the order; rows without one come last."""
    return -math.inf if math.isnan(row.stake_usd_m) else row.stake_usd_m


def last(sides: Sides, words: str, unit: str = "") -> str:
    """What one less means, in words."""
    if math.isinf(sides.left):
        return "one less leaves no plan"
    return f"{words} {number(sides.left)}{unit}"


def budget_row(size: float, sides: Sides, reached: str, public: str) -> FrontPrice:
    """One more USD of a budget of ``size``, USD million, that limits ``public`` money or capital;
    ``reached`` is the coverage that is held."""
    return FrontPrice(
        "budget",
        "programme budget",
        sides.right,
        sides.low,
        sides.high,
        PER_USD,
        sides.right * size,
        f"Budget: one more USD beyond USD {number(size)} million of {public} saves USD"
        f" {number(sides.right)} of expected discounted cost, with {reached};"
        f" {last(sides, 'the last USD saved USD')}.",
        "programme",
    )


def envelope_row(funder: str, title: str, size: float, sides: Sides, reached: str) -> FrontPrice:
    """One more USD of the envelope of a funder, of which ``size``, USD million, is delivered."""
    return FrontPrice(
        "envelope",
        title,
        sides.right,
        sides.low,
        sides.high,
        PER_USD,
        sides.right * size,
        f"Partners: one more USD delivered of the envelope of {title}, beyond USD {number(size)}"
        f" million, saves USD {number(sides.right)} of expected discounted cost, with {reached};"
        f" {last(sides, 'the last USD saved USD')}.",
        funder,
    )


def joint_row(points: float, sides: Sides, since: int, held: str) -> FrontPrice:
    """The ``points`` beyond the coverage ``held`` that the budget can buy for all stages at once
    from the year ``since`` on, and those that the last and the next USD million add."""
    more = points if points > LEAST_POINTS else 0.0
    left, right = (BILLION * side for side in (sides.left, sides.right))
    per = "percentage points per USD billion"
    before = (
        "with less budget there is no plan"
        if math.isinf(left)
        else f"at the end of the budget it adds {number(left)}"
    )
    return FrontPrice(
        "joint coverage",
        "whole chain",
        right,
        min(left, right),
        max(left, right),
        POINTS_PER_BILLION,
        math.nan,
        f"Joint coverage: if all of the budget raises coverage instead, every stage can have"
        f" {number(more)} percentage points more than {held} from {since} on; beyond the budget,"
        f" money adds {number(right)} {per} to every stage at once, at the margin; {before}.",
        "whole chain",
    )


def stuck_row(stages: Sequence[str], since: int) -> FrontPrice:
    """The row of joint coverage where no money raises all stages at once; ``stages`` are those that
    cannot be raised alone."""
    why = f": it cannot raise {', '.join(stages)}" if stages else ""
    return FrontPrice(
        "joint coverage",
        "whole chain",
        0.0,
        0.0,
        0.0,
        POINTS_PER_BILLION,
        math.nan,
        f"Joint coverage: no amount of money raises every stage at once from {since} on{why}; a"
        " further USD billion of budget adds 0 percentage points.",
        "whole chain",
    )


def stage_row(
    stage: tuple[str, str], target: int, highest: float, sides: Sides, public: str
) -> FrontPrice:
    """One more point of coverage of a stage (key and name) from its target year on, where the share
    ``highest`` is required, in USD million of ``public`` money or capital."""
    key, name = stage
    full = highest > 1 - 1e-9
    value = sides.left if full else sides.right
    before = last(sides, "the last point cost USD", " million")
    words = (
        f"the last percentage point from {target} on costs USD {number(value)} million of {public};"
        " all of the need is covered"
        if full
        else f"no amount of {public} adds a percentage point from {target} on; {before}"
        if math.isinf(value)
        else f"one more percentage point from {target} on costs USD {number(value)} million of"
        f" {public}, at the least that pays for all requirements; {before}"
    )
    return FrontPrice(
        "stage coverage",
        name,
        value,
        sides.low,
        sides.high,
        f"USD million of {public} per percentage point",
        value * 100 * highest,
        f"Coverage of {name}: {words}.",
        key,
    )


def good_row(
    named: tuple[str, str], good: Good, sides: Sides, normal: float, reached: str
) -> FrontPrice:
    """One more unit of a good (name and unit) that must be supplied in the cut-off; ``normal`` is
    its price in normal times, or zero if that is not unique."""
    name, unit = named
    stake = sides.right * good.discounted / MILLION
    known = normal > 1e-9 and not math.isinf(sides.right)
    times = f", {number(sides.right / normal)} times its price in normal times" if known else ""
    words = (
        f"no plan supplies one more {unit} of {name} in the cut-off within the limits of the"
        f" case, with {reached}; one less saves USD {number(sides.left)}."
        if math.isinf(sides.right)
        else f"one more {unit} of {name} needed in the cut-off costs USD"
        f" {number(sides.right)}{times}, with {reached}; {last(sides, 'one less saves USD')}. All"
        f" that is used of it is worth USD {number(stake)} million at this price, discounted."
    )
    return FrontPrice(
        "scarcest good",
        name,
        sides.right,
        sides.low,
        sides.high,
        f"USD per {unit}",
        stake,
        f"Scarcest good: {words}",
        good.commodity,
    )
