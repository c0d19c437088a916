"""Limits that the plan uses up, and the prices with the fewest caveats."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from paxsilica.plan.result import Plan
from paxsilica.prices.table import thing
from paxsilica.report.views.named_plan import blank, records

OWN_UNIT = "its own unit"
"""Unit in the table ``binding`` of a row of the table of limits."""

KINDS_BY_CAVEATS = ("resolve", "hull", "relaxed", "fixed", "commitment")
"""Kinds of price, the kind with the fewest caveats first."""


@dataclass(frozen=True)
class BindingLimit:
    """A limit that is used up in some years.

    Attributes:
        what: kind of limit.
        where: funder, region or other object; empty where there is none.
        years: years in which it is used up; none for a limit on all years.
        amounts: limit and unit, one for each year.
    """

    what: str
    where: str
    years: list[int]
    amounts: list[tuple[float, str]]


def binding_limits(plan: Plan) -> list[BindingLimit]:
    """The limits that the plan uses up, in the order of the table ``binding``."""
    found: dict[tuple[str, str], BindingLimit] = {}
    for row in records(plan.table("binding")):
        what, where = str(row["what"]), "" if blank(row["where"]) else str(row["where"])
        limit = found.setdefault((what, where), BindingLimit(what, where, [], []))
        limit.amounts.append((float(row["limit"]), str(row["unit"])))
        if not blank(row["year"]):
            limit.years.append(int(row["year"]))
    return list(found.values())


def best_prices(plan: Plan, each: int) -> list[dict[str, Any]]:
    """At most ``each`` rows of the table of prices for each kind of item, of the kind of price with
    the fewest caveats, largest first; every item once."""
    if "prices" not in plan.tables:
        return []
    frame = plan.prices
    rank = {kind: at for at, kind in enumerate(KINDS_BY_CAVEATS)}
    frame["rank"] = frame["kind"].map(rank).fillna(len(rank))
    frame["size"] = pd.to_numeric(frame["value"]).abs()
    frame["thing"] = [
        thing(str(what), str(where))
        for what, where in zip(frame["what"], frame["where"], strict=True)
    ]
    rows = []
    for _, part in frame.groupby("what", sort=False):
        best = part.sort_values(["rank", "size"], ascending=[True, False])
        best = best[~best["thing"].duplicated()]
        first_kind = best["kind"] == KINDS_BY_CAVEATS[0]
        best = best[(best["size"] > 0) | first_kind | ~best["what"].duplicated()]
        rows += records(best.head(each))
    return rows
