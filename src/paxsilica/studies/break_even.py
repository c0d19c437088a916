"""At which value of a number a verdict turns: found by search on re-solves, told as an interval."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from paxsilica.model.funding import spend_equals_funding
from paxsilica.solver.resolve import Interval, Written
from paxsilica.tables import Tables
from paxsilica.tables.layout import key_text
from paxsilica.tables.schema import Series

Sign = Literal[-1, 0, 1]
"""1: better with the project, surely; -1: better without it, surely; 0: the gap leaves it open."""

CLEAR = 0.01
"""Share of a number by which its ends lie beyond the point at which both plans would cost the
same."""


@dataclass(frozen=True)
class Flip:
    """Where a verdict turns.

    Attributes:
        what: the number, in words; ``unit`` its unit.
        now: its value in the data.
        at: between which values the verdict turns; ``None`` where it does not within ``searched``.
        searched: the values that were looked at, from the friendliest to the project to the least
            friendly.
        low, high: range of the number by its provenance.
        solves: re-solves that the search took.
        settled: whether the gap left nothing open where no turn was found.
    """

    what: str
    unit: str
    now: float
    at: Interval | None
    searched: tuple[float, float]
    low: float
    high: float
    grade: str
    solves: int
    settled: bool = True

    @property
    def hangs(self) -> bool:
        """Whether the verdict may turn within the range of the number."""
        return self.at is not None and self.at.low <= self.high and self.at.high >= self.low

    @property
    def sentence(self) -> str:
        """The flip in words."""
        now = f"{self.what}, now {self.now:,.6g} {self.unit}"
        if self.at is None and not self.settled:
            return (
                f"{now}: no turn is proved from {self.searched[0]:,.6g} to {self.searched[1]:,.6g};"
                " the gap leaves it open."
            )
        if self.at is None:
            return (
                f"{now}: the verdict is the same from {self.searched[0]:,.6g} to"
                f" {self.searched[1]:,.6g}."
            )
        held = (
            f" The number is known to lie between {self.low:,.6g} and {self.high:,.6g}"
            if self.low < self.high
            else ""
        )
        grade = f" (grade {self.grade})" if self.grade and held else ""
        tail = (
            f"{held}{grade}: the verdict hangs on it."
            if held and self.hangs
            else f"{held}{grade}."
            if held
            else ""
        )
        return f"{now}: the verdict turns between {self.at.low:,.6g} and {self.at.high:,.6g}.{tail}"


def turning_point(
    sign: Callable[[float], Sign],
    friendly: float,
    unfriendly: float,
    now: float,
    sign_now: Sign,
    most_solves: int,
    step: float,
) -> tuple[Interval | None, int]:
    """Between which values ``sign`` goes from 1 (at ``friendly``) to -1 (at ``unfriendly``), and
    how often it was asked.

    Where the gap leaves a stretch open, the interval holds all of it. ``step`` is the width that is
    narrow enough; 1 searches whole numbers.
    """
    asked = 0
    whole = step >= 1

    def ask(value: float) -> Sign:
        nonlocal asked
        asked += 1
        return sign(value)

    def middle(left: float, right: float) -> float | None:
        if abs(right - left) <= step:
            return None
        return float(round((left + right) / 2)) if whole else (left + right) / 2

    inside, outside = friendly, unfriendly
    if sign_now == 1:
        inside = now
    elif ask(friendly) != 1:
        return None, asked
    if sign_now == -1:
        outside = now
    elif ask(unfriendly) != -1:
        return None, asked
    # a stretch that the gap leaves open, from nearer the friendly end to nearer the other
    open_from: float | None = now if sign_now == 0 else None
    open_to = open_from
    while asked < most_solves:
        if open_from is None or open_to is None:
            at = middle(inside, outside)
            side = "both"
        else:
            near, far = abs(open_from - inside), abs(outside - open_to)
            side = "inside" if near >= far else "outside"
            at = middle(inside, open_from) if side == "inside" else middle(open_to, outside)
        if at is None:
            break
        found = ask(at)
        if found == 1 and side != "outside":
            inside = at
        elif found == -1 and side != "inside":
            outside = at
        elif open_from is None:
            open_from = open_to = at
        elif side == "inside":
            open_from = at
        else:
            open_to = at
    return Interval(min(inside, outside), max(inside, outside)), asked


def ends_of_capital(
    written: Written, project: str, worth: Interval, now: float
) -> tuple[float, float]:
    """Capital at and below which the project is surely worth having, and at and above which it
    surely is not, as a sum can tell.

    Whatever plan has the project pays for it at least what its smallest size costs in the cheapest
    year, so the best plan with it rises and falls by at least that share of its capital. Cheaper or
    dearer, the best plan without it stays as it was. ``worth`` is what the project saves now, USD
    million of the objective.
    """
    program, window = written.program, written.instance.candidates[project].window
    capital = written.costs["capital"][0]
    price = capital + written.costs["residual_value"][0]
    for row in written.rows_where(spend_equals_funding.__name__, lambda index: index[0] == project):
        part = program.matrix[row]
        entries = dict(zip(part.indices.tolist(), part.data.tolist(), strict=True))
        # the public share falls due to whoever pays it at the lowest price
        dues = [
            capital[column] / amount
            for column, amount in entries.items()
            if program.columns[column][0] == "payment"
        ]
        for column, amount in entries.items():
            if program.columns[column][0] == "committed" and dues:
                price[column] -= amount * min(dues)
    terms = [float(price[program.column_at["committed", (project, year)]]) for year in window]
    least = min(sum(terms[start:]) for start in range(len(terms)))
    if least <= 0 or not worth.exists:
        return -math.inf, math.inf
    surely_in = now * (1 + worth.low / least - CLEAR) if worth.low < 0 else -math.inf
    surely_out = now * (1 + worth.high / least + CLEAR) if worth.high > 0 else math.inf
    return (surely_in if surely_in >= 0 else -math.inf), surely_out


def scaled(tables: Tables, table: str, key: str, column: str, factor: float) -> Tables:
    """Tables with one number, cell or series, times ``factor``."""
    rows = tuple(
        (
            row.model_copy(update={column: getattr(row, column) * factor})
            if key_text(row) == key and getattr(row, column) is not None
            else row
        )
        for row in tables.rows(table)
    )
    series: tuple[Series, ...] = tuple(
        (
            row.model_copy(update={"value": row.value * factor})
            if (row.table, row.row, row.column) == (table, key, column)
            else row
        )
        for row in tables.series
    )
    changes: dict[str, tuple[object, ...]] = {table: rows, "series": series}
    return replace(tables, **changes)  # type: ignore[arg-type]


def with_lead_time(tables: Tables, project: str, years: int) -> Tables:
    """Tables with the lead time of a project set."""
    rows = tuple(
        row.model_copy(update={"lead_time_years": years}) if row.project == project else row
        for row in tables.projects
    )
    return replace(tables, projects=rows)
