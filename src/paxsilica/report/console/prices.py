"""The prices that matter most, on one page."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd
from rich import box
from rich.table import Table
from rich.text import Text

from paxsilica.plan.result import Plan
from paxsilica.prices.table import GOODS, KINDS, thing
from paxsilica.report.console.screen import Screen
from paxsilica.report.wording import number

SHOWN = 6
"""Rows of each kind of thing that are shown."""

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
)


def print_prices(screen: Screen, plan: Plan, folder: Path) -> None:
    """Prices of money, coverage and time by kind, the largest premiums, uplift, the value curve,
    and where everything is."""
    frame = plan.prices
    screen.print(Text(f"Prices of {plan.title or plan.case}", "bold"))
    screen.print(
        Text(
            "fixed: once the plan is built; relaxed: if projects were divisible; hull: supports the"
            " plan with least uplift; "
        ),
        end="",
    )
    screen.print(
        Text(
            "resolve: solved again [interval]. Positive: worth having, or what a requirement or a"
            " good costs."
        )
    )
    for what in (*ORDER, *GOODS):
        part = frame[frame["what"] == what]
        if len(part):
            _section(screen, what, part)
    _uplift(screen, frame)
    _curve(screen, plan)
    counts = {
        verdict: int((frame["degenerate"] == verdict).sum()) for verdict in ("no", "yes", "open")
    }
    tossed = int((frame["undecided"] == "yes").sum())
    screen.print(Text())
    if counts["yes"] + counts["open"]:
        reported = (
            "* one less and one more have, or may have, different prices, and this is one of them;"
            " --sides WHAT:WHERE tells both"
        )
        screen.print(Text(reported, "dim"))
    if tossed:
        screen.print(
            Text("? the gaps of the searches leave open whether it is worth anything", "dim")
        )
    duals = (
        f"{counts['no']:,} are the same on both sides, {counts['yes']:,} are not,"
        f" {counts['open']:,} are open"
    )
    screen.print(
        Text(f"Duals are proved. Of {sum(counts.values()):,} prices from duals {duals}.", "dim")
    )
    screen.print(
        Text.assemble(
            ("Written to ", "dim"),
            (str(folder), "bold"),
            (": tables/prices.csv, plan.xlsx, result.json", "dim"),
        )
    )


def _section(screen: Screen, what: str, part: pd.DataFrame) -> None:
    kinds = [kind for kind in KINDS if (part["kind"] == kind).any()]
    cells: dict[tuple[str, Any], dict[str, Any]] = {}
    for row in part.to_dict("records"):
        cells.setdefault(
            (str(row["where"]), None if pd.isna(row["when"]) else int(row["when"])), {}
        )[str(row["kind"])] = row
    ranked = sorted(
        cells.items(),
        key=lambda item: (
            -max(
                abs(row["value"]) if math.isfinite(row["value"]) else 0.0
                for row in item[1].values()
            )
        ),
    )
    ranked = [
        item for item in ranked if any(abs(row["value"]) > 1e-9 for row in item[1].values())
    ] or ranked[:1]
    largest: dict[str, tuple[tuple[str, Any], dict[str, Any]]] = {}
    for item in ranked:
        largest.setdefault(thing(what, item[0][0]), item)
    mixed = part["unit"].nunique() > 1
    table = Table(
        box=box.SIMPLE_HEAD,
        header_style="bold",
        padding=(0, 1, 0, 0),
        pad_edge=False,
        show_edge=False,
    )
    table.add_column(what if mixed else f"{what}, {part['unit'].iloc[0]}", max_width=50)
    table.add_column("year")
    for kind in kinds:
        table.add_column(kind, justify="right")
    if mixed:
        table.add_column("unit")
    for (where, when), row_of in list(largest.values())[:SHOWN]:
        unit = [str(next(iter(row_of.values()))["unit"])] if mixed else []
        table.add_row(
            where,
            "" if when is None else str(when),
            *(_cell(row_of.get(kind)) for kind in kinds),
            *unit,
        )
    screen.print(Text())
    screen.show_table(table)
    if len(ranked) > len(largest):
        shown = (
            f"{min(SHOWN, len(largest))} of {len(largest):,}, each where and when it is largest;"
            f" {len(ranked):,} prices in all"
        )
        screen.print(Text(shown, "dim"))
    elif len(ranked) > SHOWN:
        screen.print(Text(f"{SHOWN} of {len(ranked):,}", "dim"))


def _cell(row: Any) -> str:
    if row is None:
        return ""
    text = _short(row["value"])
    if row["degenerate"] in ("yes", "open") and math.isnan(row["low"]):
        text += " *"
    elif row["degenerate"] == "yes" or row["kind"] == "resolve":
        # an end that a search left open is not the same as there being no plan
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
    whole = float(part.loc[part["where"] == "all", "value"].iloc[0])
    shown = [
        f"{row['where']} {_short(float(row['value']))}"
        for row in part[part["where"] != "all"].to_dict("records")
        if row["value"] > 1e-6
    ]
    more = f"; and {len(shown) - SHOWN} more" if len(shown) > SHOWN else ""
    screen.print(Text())
    words = f"Uplift that hull prices leave: USD {_short(whole)} million" + (
        f" ({'; '.join(shown[:SHOWN])}{more})" if shown else ""
    )
    screen.print(Text(words), soft_wrap=True)


def _curve(screen: Screen, plan: Plan) -> None:
    for whose, part in (
        plan.table("value_curve").groupby("what") if "value_curve" in plan.tables else ()
    ):
        screen.print(Text())
        table = Table(
            box=box.SIMPLE_HEAD,
            header_style="bold",
            padding=(0, 1, 0, 0),
            pad_edge=False,
            show_edge=False,
        )
        for head in (f"{whose}, USD million", "objective", "bound", "paid", "projects"):
            table.add_column(head, justify="right")
        for row in part.to_dict("records"):
            table.add_row(
                *_numbers(
                    row[key]
                    for key in ("money_usd_m", "objective", "bound", "paid_usd_m", "projects")
                )
            )
        screen.show_table(table)
    if "value_jumps" in plan.tables:
        sure = plan.tables["value_jumps"]
        sure = sure[sure["undecided"] == "no"]
        largest = (
            sure.sort_values("saved_low", ascending=False).head(SHOWN).sort_values("from_usd_m")
        )
        for row in largest.to_dict("records"):
            change = f"enters: {row['enters'] or 'none'}; leaves: {row['leaves'] or 'none'}"
            ends = f"{_short(float(row['from_usd_m']))} to {_short(float(row['to_usd_m']))}"
            screen.print(
                Text(
                    f"{row['what']} {ends}: saves {_short(float(row['saved_low']))} or more;"
                    f" {change}"
                ),
                soft_wrap=True,
            )


def _numbers(values: Iterable[Any]) -> list[str]:
    return ["" if value is None or math.isnan(value) else number(float(value)) for value in values]
