"""Rules between the cells of one row; the documentation of the columns prints the same words."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from paxsilica.tables.columns import SMALLEST_RATE

_TOLERANCE = 1e-6
_DAY = re.compile(r"\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?")


@dataclass(frozen=True)
class Rule:
    """A rule for one column of a table.

    Attributes:
        table, column: where it applies.
        expected: end of a sentence that begins with "should".
        holds: whether a row obeys it.
        found: what the row holds instead, added to the sentence.
    """

    table: str
    column: str
    expected: str
    holds: Callable[[Any], bool]
    found: Callable[[Any], str] = lambda _: ""


def _ordered(table: str, column: str, other: str) -> Rule:
    """The cell is at most another cell of the row, if both are filled."""

    def holds(row: Any) -> bool:
        left, right = getattr(row, column), getattr(row, other)
        return left is None or right is None or bool(left <= right)

    words = f"be at most {other}"
    return Rule(table, column, words, holds, lambda row: f", which is {getattr(row, other):.12g}")


def _not_below(table: str, column: str, least: str) -> Rule:
    """The cell is at least another cell of the row, if both are filled."""
    rule = _ordered(table, least, column)
    words = f"be at least {least}"
    return Rule(
        table, column, words, rule.holds, lambda row: f", which is {getattr(row, least):.12g}"
    )


def _not_before(table: str, last: str, first: str) -> Rule:
    """The year is not before another year of the row, if both are filled."""
    rule = _ordered(table, first, last)
    words = f"not be before {first}"
    return Rule(table, last, words, rule.holds, lambda row: f", which is {getattr(row, first)}")


def _of_profile(
    column: str,
    expected: str,
    holds: Callable[[tuple[float, ...]], bool],
    found: Callable[[tuple[float, ...]], str] = lambda _: "",
) -> Rule:
    """A rule for the shares by year of a project, if they are filled."""
    return Rule(
        "projects",
        column,
        expected,
        lambda row: getattr(row, column) is None or holds(getattr(row, column)),
        lambda row: found(getattr(row, column)),
    )


def _rate(table: str, column: str) -> Rule:
    """A rate of interest by which annuities can be divided, if it is filled."""

    def holds(row: Any) -> bool:
        rate = getattr(row, column)
        return not rate or abs(rate) >= SMALLEST_RATE

    return Rule(table, column, f"be 0, or at least {SMALLEST_RATE:.6f} above or below it", holds)


MOST_STEPS = 100
"""Steps of the size of a project; more of them are as good as any size."""


def _steps(room: float, step: float) -> bool:
    """Whether there is a whole number of steps, at least one and not too many."""
    count = room / step
    return math.isclose(count, round(count), rel_tol=_TOLERANCE) and 1 <= round(count) <= MOST_STEPS


RULES = (
    _rate("funders", "cost_of_capital"),
    _rate("projects", "sponsor_cost_of_capital"),
    _ordered("projects", "smallest_size", "largest_size"),
    _ordered("routes", "smallest_shipment", "largest_shipment"),
    _ordered("stocks", "initial", "largest"),
    _ordered("stocks", "final", "largest"),
    _ordered("stocks", "floor", "largest"),
    _not_below("stocks", "initial", "floor"),
    _not_below("stocks", "final", "floor"),
    _ordered("provenance", "low", "high"),
    _not_before("assets", "to_year", "from_year"),
    _not_before("funders", "to_year", "from_year"),
    _not_before("limits", "to_year", "from_year"),
    _not_before("events", "to_year", "from_year"),
    _not_before("projects", "latest_commitment", "earliest_commitment"),
    _of_profile("spend_profile", "hold no share below 0", lambda shares: min(shares) >= 0),
    _of_profile(
        "spend_profile",
        "add up to 1",
        lambda shares: math.isclose(sum(shares), 1, abs_tol=_TOLERANCE),
        lambda shares: f", but adds up to {sum(shares):.12g}",
    ),
    _of_profile(
        "ramp_profile",
        "hold shares between 0 and 1",
        lambda shares: min(shares) >= 0 and max(shares) <= 1,
    ),
    _of_profile(
        "ramp_profile",
        "not fall from one year to the next",
        lambda shares: all(before <= after for before, after in pairwise(shares)),
    ),
    _of_profile("ramp_profile", "end above 0", lambda shares: shares[-1] > 0),
    Rule(
        "projects",
        "built_anyway",
        "be no or blank for a generic option, which has no owner",
        lambda row: not (row.generic and row.built_anyway),
    ),
    Rule(
        "projects",
        "scale_sizes",
        "rise between smallest_size and largest_size",
        lambda row: (
            row.scale_sizes is None
            or all(
                before < after
                for before, after in pairwise(
                    (row.smallest_size, *row.scale_sizes, row.largest_size)
                )
            )
        ),
    ),
    Rule(
        "projects",
        "scale_savings",
        "hold a share for each of the scale_sizes, rising from above 0 to below 1",
        lambda row: (
            len(row.scale_savings or ()) == len(row.scale_sizes or ())
            and all(
                before < after for before, after in pairwise((0.0, *(row.scale_savings or ()), 1.0))
            )
        ),
    ),
    Rule(
        "projects",
        "size_step",
        "go into the difference of largest_size and smallest_size without a rest, at most"
        f" {MOST_STEPS} times",
        lambda row: (
            row.size_step is None or _steps(row.largest_size - row.smallest_size, row.size_step)
        ),
    ),
    Rule(
        "assets",
        "capacity_use",
        "be blank without shares_capacity_of",
        lambda row: row.capacity_use is None or row.shares_capacity_of is not None,
    ),
    *(
        Rule(
            "assets",
            column,
            "be blank where the plant shares the capacity of another, to which it belongs",
            lambda row, column=column: (  # type: ignore[misc]
                row.shares_capacity_of is None or getattr(row, column) is None
            ),
        )
        for column in (
            "status",
            "fixed_cost_usd_m",
            "must_run_share",
            "decline_rate",
            "closing_cost_usd_m",
            "mothballed_fixed_cost_share",
        )
    ),
    *(
        Rule(
            "assets",
            column,
            "be blank for a plant without limit of capacity",
            lambda row, column=column: (  # type: ignore[misc]
                row.capacity != math.inf or getattr(row, column) is None
            ),
        )
        for column in ("closing_cost_usd_m", "mothballed_fixed_cost_share")
    ),
    *(
        Rule(
            "assets",
            column,
            "be filled with returns_of, and blank without",
            lambda row, column=column: (  # type: ignore[misc]
                (row.returns_of is None) == (getattr(row, column) is None)
            ),
        )
        for column in ("returns_after_years", "returns_share")
    ),
    Rule(
        "assets",
        "restart_cost_usd_m",
        "be blank without mothballed_fixed_cost_share",
        lambda row: row.restart_cost_usd_m is None or row.mothballed_fixed_cost_share is not None,
    ),
    Rule(
        "assets",
        "decline_rate",
        "be blank without from_year, the year from which it counts",
        lambda row: row.decline_rate is None or row.from_year is not None,
    ),
    Rule(
        "assets",
        "decline_rate",
        "be blank with a capacity by year in the table series, which can decline itself",
        lambda row: row.decline_rate is None or row.capacity is not None,
    ),
    Rule(
        "deals",
        "date",
        "be a year, a year and month, or a date, such as 2026, 2026-01 or 2026-01-14",
        lambda row: _DAY.fullmatch(row.date) is not None,
    ),
    Rule(
        "routes",
        "to_region",
        "differ from from_region, unless both are '*'",
        lambda row: row.from_region != row.to_region or row.to_region == "*",
    ),
    Rule(
        "events",
        "factor",
        "be blank for a cut-off, which has no factor",
        lambda row: row.event != "cut-off" or row.factor is None,
    ),
    Rule(
        "events",
        "factor",
        "be filled for every event but a cut-off",
        lambda row: row.event == "cut-off" or row.factor is not None,
    ),
    Rule(
        "events",
        "process",
        "be '*' for an event of demand, which does not depend on a process",
        lambda row: row.event != "demand" or row.process == "*",
    ),
    Rule(
        "limits",
        "process",
        "be '*' for a shipment, which has no process",
        lambda row: row.measure != "shipment" or row.process == "*",
    ),
    Rule(
        "limits",
        "asset",
        "be blank for a shipment, which belongs to no plant",
        lambda row: row.measure != "shipment" or row.asset is None,
    ),
    Rule(
        "limits",
        "to_region",
        "be blank for every measure but shipment",
        lambda row: row.measure == "shipment" or row.to_region is None,
    ),
    Rule(
        "limits",
        "sense",
        "be 'at most' for new capacity, which is a build rate",
        lambda row: row.measure != "new capacity" or row.sense == "at most",
    ),
    Rule("limits", "value", "be at least 0", lambda row: row.value >= 0),
    Rule(
        "limits",
        "weights",
        "hold one number for each name of the column asset",
        lambda row: row.weights is None or len(row.weights) == len(row.asset or ()),
    ),
    Rule(
        "limits",
        "years",
        "be blank or 'each' for what counts from the commitment on; only activity, production and"
        " shipments add up over years",
        lambda row: (
            row.years != "together" or row.measure in ("activity", "production", "shipment")
        ),
    ),
    Rule(
        "provenance",
        "low",
        "be at least 0 for a relative range, which is of factors",
        lambda row: row.range != "relative" or row.low >= 0,
    ),
    Rule(
        "provenance",
        "range",
        "hold 1, the number itself, if it is relative",
        lambda row: row.range != "relative" or row.low > row.high or row.low <= 1 <= row.high,
        lambda row: f", but lies between {row.low:.12g} and {row.high:.12g}",
    ),
)


def rules_of(table: str, column: str) -> Iterator[Rule]:
    """Go through the rules for a column."""
    return (rule for rule in RULES if (rule.table, rule.column) == (table, column))
