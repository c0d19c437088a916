"""Changes of the tables of a plan, and errors planted in its operating support."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
from random_worlds import World

Tabled = dict[str, pd.DataFrame]


def put(
    table: str,
    column: str,
    value: Any,
    where: Callable[[pd.DataFrame], Any] = lambda frame: frame.index == frame.index[0],
) -> Any:
    """Changes the cell of the first row that fits; ``value`` may be a function of what was
    there."""

    def change(tables: Tabled) -> None:
        frame = tables[table].copy().astype(object)
        at = frame.index[where(frame)][0]
        frame.loc[at, column] = value(frame.loc[at, column]) if callable(value) else value
        tables[table] = frame

    return change


def drop(
    table: str, where: Callable[[pd.DataFrame], Any] = lambda frame: frame.index == frame.index[0]
) -> Any:
    def change(tables: Tabled) -> None:
        frame = tables[table]
        tables[table] = frame.drop(frame.index[where(frame)][0])

    return change


def more(table: str, **cells: Any) -> Any:
    """Repeats the first row with some cells changed."""

    def change(tables: Tabled) -> None:
        frame = tables[table].astype(object)
        tables[table] = pd.concat(
            [frame, pd.DataFrame([frame.iloc[0].to_dict() | cells], dtype=object)],
            ignore_index=True,
        )

    return change


def every(table: str, **cells: Any) -> Callable[[World], None]:
    def change(world: World) -> None:
        for row in world.tables[table]:
            row.update(cells)
        world.tables["series"] = [
            row
            for row in world.tables["series"]
            if row["table"] != table or row["column"] not in cells
        ]

    return change


def new(table: str, **cells: Any) -> Callable[[World], None]:
    return lambda world: world.tables[table].append(cells)


ALL = {"region": "*", "process": "*", "commodity": "*"}

SUPPORT: dict[str, tuple[Any, str]] = {
    "operating support understated": (
        put("support", "support_usd_m", lambda was: was / 2),
        "operating support",
    ),
    "operating support overstated": (
        put("support", "support_usd_m", lambda was: was * 2),
        "operating support",
    ),
    "operating support left out": (drop("support"), "operating support"),
    "operating support of a plant that needs none": (
        more("support", plant="new-2-metal"),
        "operating support",
    ),
    "operating support of an unknown plant": (more("support", plant="unknown"), "plant supported"),
    "operating support paid by nobody": (
        put("support", "funder", "unallocated"),
        "payments of operating support",
    ),
    "negative operating support": (
        put("support", "support_usd_m", -1.0),
        "payments of operating support",
    ),
    "grant equivalent told wrong": (
        put("support", "grant_equivalent_usd_m", lambda was: was * 1.01),
        "grant equivalent",
    ),
    "offtake quantity told wrong": (
        put("support", "offtake_quantity", lambda was: was + 1),
        "offtake quantity",
    ),
    "price floor told wrong": (
        put("support", "price_floor_usd_per_unit", lambda was: was * 1.01),
        "price floor",
    ),
    "support paid of an account told wrong": (
        put("accounts", "support_paid_usd_m", lambda was: was + 1),
        "account",
    ),
    "support of a funder told wrong": (
        put("statements", "support_usd_m", lambda was: was + 1),
        "statement of a funder",
    ),
    "support in the cash of a funder told wrong": (
        put("funder_cash", "support_usd_m", 9.0),
        "statement of a funder",
    ),
}
"""Changes by name, with the finding that each must cause."""
