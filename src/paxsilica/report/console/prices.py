"""The largest prices of each kind of item, on one page."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pandas as pd
from rich.text import Text

from paxsilica.plan.result import Plan
from paxsilica.prices.table import GOODS, KINDS, thing
from paxsilica.report.console.screen import Screen, compact_table, written_to
from paxsilica.report.console.summary import price_parts
from paxsilica.report.views.named_plan import blank, records
from paxsilica.report.wording import number

SHOWN = 6
"""Most rows for each kind of item."""

ORDER = (
    "budget",
    "envelope",
    "annual limit",
    "mandate",
    "coverage",
    "concentration",
    "limit",
    "membership",
    "lead time",
    "capacity",
    "commitment",
)
"""Kinds of item in the order of the page; all others follow."""


def print_prices(screen: Screen, plan: Plan, folder: Path) -> None:
    """Prints prices of money, coverage and time by kind, the largest premiums, uplift, the value
    curve, and the folder of the files."""
    frame = plan.prices
    screen.print(Text(f"Prices of {plan.title or plan.case}", "bold"))
    kinds = (
        "fixed: fixed-integer dual; relaxed: LP-relaxation dual (projects divisible); hull:"
        " convex-hull price (least uplift); resolve: finite difference (re-solve) [interval];"
        " commitment: support that a project needs at the fixed prices."
        " Positive: the saving from one more, or the cost of a requirement or a good."
    )
    screen.print(Text(kinds))
    for text in price_parts(plan):
        screen.print(text)
    others = sorted({*frame["what"]} - {*ORDER, *GOODS})
    for what in (*ORDER, *GOODS, *others):
        part = frame[frame["what"] == what]
        if len(part):
            _section(screen, what, part)
    _uplift(screen, frame)
    _curve(screen, plan)
    same, differ, unknown = (
        int((frame["degenerate"] == verdict).sum()) for verdict in ("no", "yes", "open")
    )
    notes = []
    if differ + unknown:
        notes.append(
            "* the left and the right dual value differ, or may differ, and this is one of them;"
            " --two-sided WHAT:WHERE computes both"
        )
    if (frame["undecided"] == "yes").any():
        notes.append("? the sign depends on the optimality gap")
    notes.append(
        f"Duals are proved. Of {same + differ + unknown:,} prices from duals {same:,} are the same"
        f" on both sides, {differ:,} are not, {unknown:,} are open."
    )
    screen.print(Text())
    for note in notes:
        screen.print(Text(note, "dim"))
    screen.print(written_to(folder, "tables/prices.csv, plan.xlsx, result.json"))


def _section(screen: Screen, what: str, part: pd.DataFrame) -> None:
    kinds = [kind for kind in KINDS if (part["kind"] == kind).any()]
    cells: dict[tuple[str, Any], dict[str, Any]] = {}
    for row in records(part):
        key = (str(row["where"]), None if pd.isna(row["when"]) else int(row["when"]))
        cells.setdefault(key, {})[str(row["kind"])] = row
    ranked = sorted(cells.items(), key=lambda item: -max(map(_size, item[1].values())))
    ranked = [
        item for item in ranked if any(abs(row["value"]) > 1e-9 for row in item[1].values())
    ] or ranked[:1]
    largest: dict[str, tuple[tuple[str, Any], dict[str, Any]]] = {}
    for item in ranked:
        largest.setdefault(thing(what, item[0][0]), item)
    mixed = part["unit"].nunique() > 1
    table = compact_table()
    table.add_column(what if mixed else f"{what}, {part['unit'].iloc[0]}", max_width=50)
    table.add_column("year")
    for kind in kinds:
        table.add_column(kind, justify="right")
    if mixed:
        table.add_column("unit")
    for (where, when), row_of in list(largest.values())[:SHOWN]:
        unit = [str(next(iter(row_of.values()))["unit"])] if mixed else []
        values = [_cell(row_of.get(kind)) for kind in kinds]
        table.add_row(where, "" if when is None else str(when), *values, *unit)
    screen.print(Text())
    screen.show_table(table)
    if len(ranked) > len(largest):
        shown = (
            f"{min(SHOWN, len(largest))} of {len(largest):,}, the largest values at stake (price"
            f" times quantity), each where and when it is largest; {len(ranked):,} prices in all"
        )
        screen.print(Text(shown, "dim"))
    elif len(ranked) > SHOWN:
        words = f"{SHOWN} of {len(ranked):,}, the largest values at stake (price times quantity)"
        screen.print(Text(words, "dim"))


def _size(row: dict[str, Any]) -> float:
    """The value at stake, or the price of what has no quantity."""
    found = [row.get("stake_usd_m", math.nan), abs(row["value"])]
    return next((size for size in found if math.isfinite(size)), 0.0)


def _cell(row: Any) -> str:
    if row is None:
        return ""
    text = _short(row["value"])
    if row["degenerate"] in ("yes", "open") and math.isnan(row["low"]):
        text += " *"
    elif row["degenerate"] == "yes" or row["kind"] == "resolve":
        # an infinite end of an undecided interval is unknown, not infeasible
        ends = [
            math.nan if math.isinf(end) and row["undecided"] == "yes" else end
            for end in (row["low"], row["high"])
        ]
        text += f" [{_short(ends[0])} to {_short(ends[1])}]"
    return text + (" ?" if row["undecided"] == "yes" else "")


def _short(value: float) -> str:
    return (
        "no plan" if math.isinf(value) else "unknown" if math.isnan(value) else number(value + 0.0)
    )


def _uplift(screen: Screen, frame: pd.DataFrame) -> None:
    part = frame[frame["what"] == "uplift"].sort_values("value", ascending=False)
    if part.empty:
        return
    total = float(part.loc[part["where"] == "all", "value"].iloc[0])
    shown = [
        f"{row['where']} {_short(float(row['value']))}"
        for row in records(part[part["where"] != "all"])
        if row["value"] > 1e-6
    ]
    more = f"; and {len(shown) - SHOWN} more" if len(shown) > SHOWN else ""
    which = f" ({'; '.join(shown[:SHOWN])}{more})" if shown else ""
    screen.print(Text())
    words = f"Uplift that convex-hull prices leave: USD {_short(total)} million{which}"
    screen.print(Text(words), soft_wrap=True)


def _curve(screen: Screen, plan: Plan) -> None:
    drawn = "value_curve" in plan.tables
    for whose, part in plan.tables["value_curve"].groupby("what") if drawn else ():
        screen.print(Text())
        heads = (f"{whose}, USD million", "objective", "bound", "paid", "projects")
        table = compact_table(*heads)
        keys = ("money_usd_m", "objective", "bound", "paid_usd_m", "projects")
        for row in records(part):
            values = (row[key] for key in keys)
            table.add_row(*("" if blank(value) else number(float(value)) for value in values))
        screen.show_table(table)
    if "value_jumps" in plan.tables:
        sure = plan.tables["value_jumps"]
        sure = sure[sure["undecided"] == "no"]
        largest = (
            sure.sort_values("saved_low", ascending=False).head(SHOWN).sort_values("from_usd_m")
        )
        for row in records(largest):
            change = f"enters: {row['enters'] or 'none'}; leaves: {row['leaves'] or 'none'}"
            ends = f"{_short(float(row['from_usd_m']))} to {_short(float(row['to_usd_m']))}"
            saved = f"saves {_short(float(row['saved_low']))} or more"
            screen.print(Text(f"{row['what']} {ends}: {saved}; {change}"), soft_wrap=True)
