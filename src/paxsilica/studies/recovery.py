"""From the times of single years to the time to survive and the time to recover of each stage and
good."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from paxsilica.plan.coverage_tables import first_year
from paxsilica.plan.result import Plan
from paxsilica.plan.survival import MONTHS
from paxsilica.studies.parallel import Result

Rows = list[dict[str, Any]]

ALL = "all"
"""The row of all stages at once."""


def months_to_survive(
    start: int, times: Mapping[int, float | None], held: Mapping[int, Mapping[str, float]]
) -> float | None:
    """Months until coverage falls below the requirement after a cut-off begins in ``start``, at
    least, if the last year repeats itself; ``None``: never.

    In each year what is left of the stores of the first year is used up at the rate of that year:
    an operation that lasts for the stores of a later year takes from each store at most that part
    of what was in it at first.

    Args:
        start: year in which the cut-off begins.
        times: by year, how long the stores of the year last, in months; ``None``: nothing is drawn.
        held: by year, what is in each store.

    >>> months_to_survive(2030, {2030: 18.0, 2031: 24.0}, {2030: {"a": 1.0}, 2031: {"a": 1.0}})
    20.0
    >>> months_to_survive(2031, {2031: 24.0}, {2031: {"a": 1.0}})
    24.0
    >>> months_to_survive(2030, {2030: None, 2031: 6.0}, {2030: {"a": 1.0}, 2031: {"a": 2.0}})
    15.0
    """
    left, last = 1.0, max(times)
    for year in sorted(year for year in times if year >= start):
        months = times[year]
        if months is None:
            continue
        ratio = growth(held[start], held[year])
        lasts = left * months / ratio if months and ratio else 0.0
        if lasts < MONTHS or year == last:
            return MONTHS * (year - start) + lasts
        left -= left * MONTHS / lasts
    return None


def growth(first: Mapping[str, float], later: Mapping[str, float]) -> float:
    """The largest ratio of what is in a store later to what was in it first; infinite where nothing
    was in it, zero where nothing is in any later.

    >>> growth({"a": 2.0, "b": 4.0}, {"a": 3.0, "b": 1.0}), growth({}, {"a": 1.0})
    (1.5, inf)
    """
    ratios = [
        amount / first[name] if first.get(name, 0.0) > 0 else math.inf
        for name, amount in later.items()
        if amount > 0
    ]
    return max(ratios, default=0.0)


def survival_rows(
    plan: Plan, found: Mapping[int, Result], names: Mapping[str, str]
) -> tuple[Rows, Rows]:
    """Rows for the worst year of each stage, and for each stage, good and year.

    Args:
        plan: gives the requirements.
        found: results of all years with required coverage.
        names: of the stages by key, in order.
    """
    times: dict[tuple[str, str], dict[int, float | None]] = {}
    for year, one in found.items():
        for stage, good, months in one["times"]:
            times.setdefault((stage, good), {})[year] = months
    held = {year: one["held"] for year, one in found.items()}
    required: dict[tuple[str, str, int], float] = {}
    for line in plan.table("coverage_by_commodity").to_dict("records"):
        share, year = float(line["required_share"]), int(line["year"])
        for key in ((line["stage"], line["commodity"]), (line["stage"], ""), ("", "")):
            required[*key, year] = max(share, required.get((*key, year), 0.0))
    rows: Rows = []
    order = ["", *names]
    for (stage, good), by_year in sorted(
        times.items(), key=lambda item: (order.index(item[0][0]), item[0][1])
    ):
        for year in by_year:
            survives = months_to_survive(year, by_year, held)
            until = first_year([(y, months is None) for y, months in by_year.items() if y >= year])
            recovers = None if until is None else float(MONTHS * (until - year))
            # what never recovers falls short, however long stores last
            short = survives is not None
            rows.append(
                {
                    "stage": stage or ALL,
                    "name": names.get(stage, "all stages at once"),
                    "commodity": good or None,
                    "year": year,
                    "required_share": required[stage, good, year],
                    "months_to_survive": survives,
                    "months_to_recover": recovers,
                    "falls_short": "yes" if short else "no",
                    "months_short": (
                        None if survives is None or recovers is None else recovers - survives
                    ),
                }
            )
    worst: dict[str, dict[str, Any]] = {}
    for one in rows:
        if one["commodity"] is None:
            now = worst.setdefault(one["stage"], one)
            if _severity(one) > _severity(now):
                worst[one["stage"]] = one
    return [*worst.values()], rows


def _severity(row: Mapping[str, Any]) -> tuple[bool, float, float]:
    """What falls short first, then by the months without supply (endless where it never
    recovers), then by how soon it begins."""
    short = row["falls_short"] == "yes"
    months = math.inf if row["months_short"] is None and short else row["months_short"] or 0.0
    return (short, months, -(row["months_to_survive"] or 0.0))
