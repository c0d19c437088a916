"""Chances of completion, deals, floors of stores and build rates that cannot be right."""

from __future__ import annotations

from pathlib import Path

import pytest
from breaking import Broken, cells, check, row

Change = tuple[str, int, str, str, str]

CELLS: list[Change] = [
    ("completion", 2, "status", "planned", "a row of statuses"),
    ("completion", 4, "stage", "fab", "a row of stages or '*'"),
    ("completion", 2, "delay_years", "0.5", "a whole number"),
    ("completion", 2, "delay_years", "11", "between 0 and 10"),
    ("completion", 2, "probability", "1.2", "between 0 and 1"),
    ("statuses", 3, "capital_factor", "0.9", "between 1 and 10"),
    ("deals", 2, "funder", "jogmek", "did you mean 'jogmec'?"),
    ("deals", 2, "project", "jp-pres", "did you mean 'jp-press'?"),
    ("deals", 2, "state", "agreed", "'closed', 'signed', 'approved'"),
    ("deals", 2, "instrument", "bond", "should be one of 'equity'"),
    ("deals", 2, "date", "2026-13", "should be a year, a year and month"),
    ("deals", 2, "date", "2023-26", "should be a year, a year and month"),
    ("deals", 2, "region", "NA", "should be 'JPN', the region of the project"),
    ("deals", 2, "stage", "mining", "should be 'magnets', the stage of the project"),
    ("deals", 2, "amount_usd_m", "-1", "of at least 0"),
    ("limits", 5, "sense", "at least", "for new capacity, which is a build rate"),
    ("commodities", 2, "user_inventory_months", "-1", "of at least 0"),
    ("processes", 2, "fixed_cost_usd_per_unit", "-1", "of at least 0"),
]

OTHERS = [
    Broken(
        "floor above what fits in",
        cells("stocks", 2, floor="3000"),
        "stocks",
        "2",
        "floor",
        "should be at most largest, which is 2000",
        2,
    ),
    Broken(
        "stock begins below its floor",
        cells("stocks", 2, initial="90", floor="95"),
        "stocks",
        "2",
        "initial",
        "at least floor, which is 95",
    ),
    Broken(
        "stock ends below its floor",
        cells("stocks", 2, floor="150"),
        "stocks",
        "2",
        "final",
        "at least floor, which is 150",
        1,
    ),
    Broken(
        "an option without an owner that somebody builds anyway",
        cells("projects", 2, generic="yes", built_anyway="yes"),
        "projects",
        "2",
        "built_anyway",
        "for a generic option, which has no owner",
    ),
    Broken(
        "completion above one",
        row("completion", "announced,magnets,3,0.4"),
        "completion",
        "5",
        "probability",
        "of status 'announced' and stage 'magnets' should add up to at most 1, but add up to 1.1",
    ),
]


@pytest.mark.parametrize(
    ("table", "line", "column", "value", "words"),
    CELLS,
    ids=lambda part: str(part)[:30],
)
def test_broken_cell_of_money_is_reported(
    table: str, line: int, column: str, value: str, words: str, tmp_path: Path
) -> None:
    change = cells(table, line, **{column: value})
    check(Broken(f"{table} {column} {value}", change, table, str(line), column, words), tmp_path)


@pytest.mark.parametrize("broken", OTHERS, ids=lambda broken: broken.name)
def test_broken_money_is_reported(broken: Broken, tmp_path: Path) -> None:
    check(broken, tmp_path)
