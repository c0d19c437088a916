"""Blank cells of columns with one sensible answer: what they are filled with, where they are not,
and that it is told."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest
from world import World

from paxsilica.bundled import data_folder
from paxsilica.case import make_case
from paxsilica.errors import InputError
from paxsilica.instance import make_instance
from paxsilica.instance.statements import statements
from paxsilica.tables import load_tables
from paxsilica.tables.defaults import DEFAULTS, FIRST_DATE, default_words
from paxsilica.tables.layout import layout

EXPECTED = {
    ("stages", "name"): (2, "mining"),
    ("regions", "name"): (3, "JPN"),
    ("regions", "kind"): (3, "country"),
    ("membership", "from_date"): (4, FIRST_DATE),
    ("commodities", "name"): (5, "magnet"),
    ("commodities", "covered"): (5, "yes"),
    ("commodities", "surplus"): (5, "free"),
    ("processes", "name"): (2, "mine"),
    ("processes", "kind"): (2, "source"),
    ("processes", "main_product"): (5, "magnet"),
    ("processes", "unit"): (4, "t"),
    ("statuses", "name"): (2, "operating"),
    ("assets", "name"): (2, "na-mine"),
    ("projects", "name"): (2, "jp-sep"),
    ("projects", "largest_size"): (2, "5000"),
    ("stocks", "strategic"): (3, "no"),
    ("funders", "name"): (3, "fund"),
    ("funders", "carry_over"): (2, "no"),
    ("scenarios", "name"): (2, "calm"),
    ("published", "name"): (2, "cn-ore"),
}
"""For each column: a line of the world, and the text that a blank cell there stands for."""


def test_every_default_is_expected_here() -> None:
    assert EXPECTED.keys() == DEFAULTS.keys()


@pytest.mark.parametrize(("table", "column"), EXPECTED, ids=".".join)
def test_a_blank_cell_is_read_as_its_default(table: str, column: str, tmp_path: Path) -> None:
    line, text = EXPECTED[table, column]
    blank, written = World(), World()
    for world, cell in ((blank, ""), (written, text)):
        world.set("commodities", 3, covered="no")  # the one cell of the world with a default
        world.set("commodities", 4, covered="no")
        world.set("commodities", 6, covered="no")
        world.set(table, line, **{column: cell})
    found, wanted = load_tables(blank.write(tmp_path / "a")), load_tables(written.write(tmp_path))
    assert wanted.assumed == ()
    assert found.digest == wanted.digest
    assert found.rows(table) == wanted.rows(table)
    told = f"Assumed in {table}, where blank: {column} = {default_words(table, column)} (1 row)."
    assert found.assumed == (told,)
    assert not layout(table)[column].required


def test_columns_may_be_left_out(tmp_path: Path) -> None:
    world = World()
    world.without_column("commodities", "surplus")
    world.without_column("commodities", "covered")
    world.without_column("membership", "from_date")
    world.remove("membership", 3)
    world.remove("provenance", 10)
    tables = load_tables(world.write(tmp_path))
    assert [row.covered for row in tables.commodities] == [True, False, False, True, False]
    assert {row.surplus for row in tables.commodities} == {"free"}
    assert {row.from_date for row in tables.membership} == {datetime.date(1900, 1, 1)}
    assert tables.assumed == (
        "Assumed in commodities, where blank: covered = yes with a stage, no without (5 rows);"
        " surplus = free (5 rows).",
        "Assumed in membership, where blank: from_date = from the start (4 rows).",
    )


@pytest.mark.parametrize(
    ("process", "column", "recipe"),
    [
        ("separate", "unit", "2 oxide"),
        ("separate", "unit", "two products"),
        ("dump", "unit", "no product"),
        ("press", "kind", "none"),
    ],
)
def test_a_cell_without_a_clear_answer_is_refused(
    process: str, column: str, recipe: str, tmp_path: Path
) -> None:
    world = World()
    line = next(at for at, row in enumerate(world.tables["processes"], 1) if row[0] == process)
    world.set("processes", line, **{column: ""})
    if recipe == "2 oxide":
        world.set("recipes", 6, quantity="2")
    if recipe == "two products":
        world.set("processes", line, main_product="")
    if recipe == "none":
        world.remove("recipes", 8, 9)
    with pytest.raises(InputError) as caught:
        load_tables(world.write(tmp_path))
    found = [one for one in caught.value.problems if one.table == "processes"]
    assert [(one.row, one.column) for one in found] == [(str(line), column)]
    assert default_words("processes", column) in found[0].expected


def test_what_is_assumed_is_told_once_with_the_case(tmp_path: Path) -> None:
    world = World()
    world.set("commodities", 5, covered="", shortage_price_usd_per_unit="400000")
    world.without("series", "projects", "deals", "limits", "provenance", "stocks")
    world.set("assets", 3, capacity="200000")
    world.set("routes", 4, cost_usd_per_unit="90")
    world.set("funders", 3, annual_limit_usd_m="100")
    tables = load_tables(world.write(tmp_path))
    case = make_case(
        {
            "years": "2026-2027",
            "coverage": {"required": 0.3, "from_year": 2026, "hard": False},
            "finance": {"discount_rate": 0.05},
        }
    )
    instance = make_instance(tables, case)
    assert instance.required  # the blank cell requires coverage of the magnet
    told = [one for one in statements(instance) if one.startswith("Assumed in commodities")]
    assert told == [
        "Assumed in commodities, where blank: covered = yes with a stage, no without (4 rows)."
    ]


def test_the_bundled_data_states_everything() -> None:
    assert load_tables(data_folder()).assumed == ()
