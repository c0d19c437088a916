"""Broken files, headers and cells give a problem with their place and what is expected."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from breaking import Broken, cells, check
from world import GOOD, World

from paxsilica.errors import InputError
from paxsilica.tables import load_tables


def file(name: str, content: bytes | str) -> Callable[[World], object]:
    """Return a change that puts a file in the folder, in place of a table where it bears its
    name."""

    def change(world: World) -> None:
        world.files[name] = content.encode() if isinstance(content, str) else content

    return change


def broken_cell(
    table: str, line: int, column: str, value: str, words: str, others: int = 0
) -> Broken:
    """Return a variant that differs from the good world in one cell."""
    return Broken(
        f"{table} {line} {column} = {value or 'blank'}",
        cells(table, line, **{column: value}),
        table,
        str(line),
        column,
        words,
        others,
    )


REGIONS = GOOD["regions"].strip()

FILES = [
    Broken(
        "missing table",
        lambda w: w.without("recipes"),
        "recipes",
        "",
        "",
        "should be a file recipes.csv",
    ),
    Broken("empty file", file("recipes.csv", ""), "recipes", "", "", "the file is empty"),
    Broken(
        "blank lines only",
        file("stages.csv", " \n\n"),
        "stages",
        "",
        "",
        "the file is empty; it should begin with a header",
    ),
    Broken(
        "header without rows",
        file("processes.csv", GOOD["processes"].strip().split("\n")[0]),
        "processes",
        "",
        "",
        "no rows",
        0,
    ),
    Broken(
        "no header",
        file("sources.csv", "usgs,Summaries,USGS\n"),
        "sources",
        "1",
        "",
        "there is no header; the first row should name",
    ),
    Broken(
        "semicolons",
        file("regions.csv", REGIONS.replace(",", ";")),
        "regions",
        "1",
        "",
        "separated by commas, not by semicolons",
    ),
    Broken(
        "tabs",
        file("regions.csv", REGIONS.replace(",", "\t")),
        "regions",
        "1",
        "",
        "separated by commas, not by tabs",
    ),
    Broken(
        "unknown table", file("asset.csv", "asset\nx\n"), "asset", "", "", "did you mean 'assets'?"
    ),
    Broken(
        "unknown table far from any",
        file("zzz.csv", "a\n"),
        "zzz",
        "",
        "",
        "should bear the name of a table: assets, commodities",
    ),
    Broken(
        "capital letters in the name",
        file("Events.csv", "a\n"),
        "Events",
        "",
        "",
        "did you mean 'events'?",
    ),
    Broken(
        "capital letters in the ending",
        file("events.CSV", "a\n"),
        "events",
        "",
        "",
        "should end in .csv",
    ),
    Broken(
        "wrong ending",
        file("limits.tsv", "limit\n"),
        "limits",
        "",
        "",
        "should be a comma-separated file named limits.csv",
    ),
    Broken(
        "hidden ending",
        file("limits.csv.txt", "limit\n"),
        "limits",
        "",
        "",
        "should be a comma-separated file named limits.csv",
    ),
    Broken(
        "Latin 1",
        file("regions.csv", REGIONS.replace("The sea", "Zürich").encode("latin-1")),
        "regions",
        "6",
        "",
        "saved as UTF-8",
    ),
    Broken(
        "UTF-16",
        file("sources.csv", GOOD["sources"].encode("utf-16")),
        "sources",
        "1",
        "",
        "saved as UTF-8",
    ),
    Broken(
        "zero bytes",
        file("sources.csv", "source,title\nx\0,y\n"),
        "sources",
        "",
        "",
        "holds zero bytes",
    ),
    Broken(
        "open quotation mark",
        file("sources.csv", 'source,title\na,"b\nc,d\n'),
        "sources",
        "2",
        "",
        "quotation mark is not closed",
    ),
    Broken(
        "text after a quoted cell",
        file("sources.csv", 'source,title\na,"b"c\n'),
        "sources",
        "2",
        "",
        "quotation mark",
    ),
]

HEADERS = [
    Broken(
        "missing column",
        lambda w: w.without_column("projects", "lead_time_years"),
        "projects",
        "1",
        "lead_time_years",
        "is missing",
    ),
    Broken(
        "missing column says what it holds",
        lambda w: w.without_column("stages", "order"),
        "stages",
        "1",
        "order",
        "position along the chain",
    ),
    Broken(
        "unknown column",
        lambda w: w.set("assets", 2, owner="x"),
        "assets",
        "1",
        "owner",
        "no such column; the columns are asset,name",
    ),
    Broken(
        "misspelt column",
        lambda w: w.rename("assets", "controller", "controler"),
        "assets",
        "1",
        "controler",
        "did you mean 'controller'?",
    ),
    Broken(
        "misspelt required column",
        lambda w: w.rename("demand", "year", "years"),
        "demand",
        "1",
        "years",
        "did you mean 'year'?",
        1,
    ),
    Broken(
        "duplicate column",
        lambda w: w.rename("assets", "controller", "status"),
        "assets",
        "1",
        "status",
        "there 2 times; it should be there once",
    ),
    Broken(
        "column without a name",
        lambda w: w.rename("assets", "controller", ""),
        "assets",
        "1",
        "",
        "a column has no name",
    ),
    Broken(
        "too few cells",
        lambda w: w.add("sources", "iea,Outlook"),
        "sources",
        "4",
        "",
        "is '2 cells'; should have 6 cells, as many as the header",
    ),
    Broken(
        "too many cells",
        lambda w: w.add("stages", "fab,3,Fab,,x"),
        "stages",
        "4",
        "",
        "is '5 cells'; should have 4 cells",
    ),
]

CELLS = [
    broken_cell(
        "assets",
        4,
        "capacity",
        "lots",
        "is 'lots'; should be a number of at least 0 (units of activity per year)",
    ),
    broken_cell("assets", 4, "capacity", "90 000", "should be a number"),
    broken_cell(
        "assets",
        4,
        "capacity",
        "90,000",
        "the decimal sign is a point, and thousands are not separated",
    ),
    broken_cell("recipes", 4, "quantity", "3,5", "the decimal sign is a point"),
    broken_cell("assets", 4, "capacity", "NaN", "an unknown number is left blank"),
    broken_cell("demand", 2, "quantity", "nan", "an unknown number cannot be left blank here"),
    broken_cell("demand", 2, "quantity", "N/A", "an unknown number cannot be left blank here"),
    broken_cell("demand", 2, "quantity", "inf", "it must be finite"),
    broken_cell("demand", 2, "quantity", "1e999", "should be a number of at least 0"),
    broken_cell("assets", 4, "capacity", "1e999", "should be a number of at least 0"),
    broken_cell("assets", 4, "capacity", "-1", "should be a number of at least 0"),
    broken_cell("routes", 4, "largest_shipment", "inf", "a number without limit is left blank"),
    broken_cell(
        "projects",
        2,
        "sponsor_share",
        "40%",
        "should be a number between 0 and 1 (share of 1); a percentage is written as a share",
    ),
    broken_cell("projects", 2, "sponsor_share", "1.4", "should be a number between 0 and 1"),
    broken_cell("recipes", 2, "quantity", "0", "should be a number above 0"),
    broken_cell(
        "regions", 2, "latitude", "-122", "should be a number between -90 and 90 (degrees)"
    ),
    broken_cell(
        "projects", 2, "lead_time_years", "2.5", "should be a whole number between 0 and 30 (years)"
    ),
    broken_cell(
        "projects", 2, "lead_time_years", "40", "should be a whole number between 0 and 30 (years)"
    ),
    broken_cell(
        "assets", 4, "from_year", "20200", "should be a whole number between 1900 and 2200 (year)"
    ),
    broken_cell("assets", 4, "from_year", "9" * 400, "should be a whole number"),
    broken_cell("stages", 2, "order", "first", "should be a whole number of at least 1"),
    broken_cell("regions", 2, "kind", "land", "should be one of 'country', 'group', 'hub'"),
    broken_cell("membership", 5, "status", "adversry", "'adversary'; did you mean 'adversary'?"),
    broken_cell("limits", 2, "sense", "atmost", "did you mean 'at most'?"),
    broken_cell("commodities", 2, "covered", "TRUE", "should be yes or no"),
    broken_cell("stocks", 2, "strategic", "1", "should be yes or no"),
    broken_cell(
        "membership",
        3,
        "from_date",
        "30.06.2027",
        "should be a date written year-month-day, such as 2026-01-14",
    ),
    broken_cell(
        "membership", 3, "from_date", "2027-06-31", "should be a date written year-month-day"
    ),
    broken_cell(
        "membership", 3, "from_date", "20270630", "should be a date written year-month-day"
    ),
    broken_cell("assets", 4, "capacity", "#REF!", "not the error of a spreadsheet formula"),
    broken_cell("assets", 4, "name", "#NAME?", "not the error of a spreadsheet formula"),
    broken_cell("sources", 2, "note", "#N/A", "not the error of a spreadsheet formula"),
    broken_cell("sources", 2, "title", "", "should be filled with text"),
    broken_cell("stages", 2, "order", "", "position along the chain"),
    broken_cell(
        "demand", 2, "year", "", "should be filled with a whole number between 1900 and 2200"
    ),
    broken_cell(
        "routes",
        2,
        "commodity",
        "",
        "should be filled with the name of a row of commodities or '*'",
    ),
    broken_cell(
        "limits",
        2,
        "limit",
        "a|b",
        "should be a name of at most 80 characters, which are letters A to Z, digits",
    ),
    broken_cell("limits", 2, "limit", "*", "that starts with a letter or digit"),
    broken_cell("limits", 2, "limit", "x" * 81, "should be a name of at most 80"),
    broken_cell("sources", 2, "note", "x" * 1001, "should be text of at most 1000 characters"),
    broken_cell(
        "projects",
        2,
        "spend_profile",
        "0.5,0.5",
        "should be one number or several separated by ';'",
    ),
    broken_cell(
        "projects", 2, "ramp_profile", "0.5;all", "should be one number or several separated by ';'"
    ),
    broken_cell("provenance", 2, "sources", ";", "should be one name or several separated by ';'"),
    broken_cell("provenance", 2, "grade", "E", "should be one of 'A', 'B', 'C', 'D'"),
    broken_cell("series", 2, "table", "processes", "should be one of 'commodities', 'assets'"),
    broken_cell("scenarios", 2, "probability", "-0.1", "should be a number between 0 and 1", 0),
]


@pytest.mark.parametrize("broken", FILES + HEADERS + CELLS, ids=lambda broken: broken.name[:60])
def test_broken_cell_is_reported(broken: Broken, tmp_path: Path) -> None:
    check(broken, tmp_path)


def test_missing_folder_is_reported(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=r"should be a folder of CSV tables or a workbook .* but does not exist"
    ):
        load_tables(tmp_path / "nowhere")


NASTY = (
    "",
    "*",
    "-1",
    "0",
    "inf",
    "nan",
    "abc",
    "a;b;;c",
    "NA|JPN|ore",
    "||||",
    "#REF!",
    "1e400",
    "2026",
    "SEA",
    "no",
    "é",
    "²",
    "٣",
    "a\nb",
    '"',
)


@pytest.mark.slow
def test_any_cell_is_accepted_or_reported(tmp_path: Path) -> None:
    """Nothing but an ``InputError`` may come out of the reader; a check that trusts a cell it
    should not would crash here."""
    chance = random.Random(7)
    places = [
        (table, line, column)
        for table, rows in World().tables.items()
        for line, row in enumerate(rows)
        for column in range(len(row))
    ]
    refused = 0
    for _ in range(150):
        world = World()
        for table, line, column in chance.choices(places, k=chance.choice((1, 1, 3))):
            world.tables[table][line][column] = chance.choice(NASTY)
        try:
            load_tables(world.write(tmp_path))
        except InputError:
            refused += 1
    assert refused > 100
