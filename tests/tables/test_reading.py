"""What a good folder gives, and what about its files does not matter."""

from __future__ import annotations

import dataclasses
import datetime
import random
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import pytest
from world import World

from paxsilica.cli import data
from paxsilica.errors import InputError
from paxsilica.provenance.descriptor import tables_in_words
from paxsilica.tables import TABLES, Tables, check_tables, describe_absent, load_tables, read_tables
from paxsilica.tables.columns import GRADES, NO_GRADE, Grade
from paxsilica.tables.layout import key_text, layout
from paxsilica.tables.rules import RULES
from paxsilica.tables.schema import Region


def test_good_world_is_read(tmp_path: Path) -> None:
    tables = load_tables(World().write(tmp_path))
    assert tables.present == set(TABLES)
    assert [len(tables.rows(name)) for name in ("stages", "regions", "recipes", "provenance")] == [
        2,
        5,
        9,
        10,
    ]
    separation = tables.assets[2]
    assert (
        separation.asset,
        separation.capacity,
        separation.from_year,
        separation.must_run_share,
    ) == ("cn-sep", 90000.0, 2020, None)
    assert tables.projects[0].spend_profile == (0.5, 0.3, 0.2)
    assert tables.projects[1].prerequisites == ("jp-sep",)
    assert tables.projects[1].expandable is True
    assert tables.membership[1].from_date == datetime.date(2027, 6, 30)
    assert tables.assets[5].capacity == float("inf")
    assert check_tables(tables) == []


def test_rows_are_frozen(tmp_path: Path) -> None:
    tables = load_tables(World().write(tmp_path))
    with pytest.raises(ValueError, match="frozen"):
        tables.regions[0].name = "x"
    with pytest.raises(dataclasses.FrozenInstanceError):
        tables.regions = ()  # type: ignore[misc]


def test_every_table_has_its_attribute() -> None:
    names = [field.name for field in dataclasses.fields(Tables)]
    assert names == [*TABLES, "present", "digest", "assumed", "no_bounds", "overlays", "lines"]
    assert not any(getattr(Tables(), name) for name in names)


def test_na_and_007_stay_text(tmp_path: Path) -> None:
    tables = load_tables(World().write(tmp_path))
    assert tables.regions[0].region == "NA"
    assert tables.commodities[2].commodity == "007"
    assert key_text(tables.demand[4]) == "CHN|magnet|||2026"


def test_lines_are_those_of_the_file(tmp_path: Path) -> None:
    world = World()
    world.files["sources.csv"] = (
        b'source,title\n\nusgs,"Summaries,\nin two lines"\n,\nguess,Judgement\n'
    )
    tables = load_tables(world.write(tmp_path))
    assert tables.lines["sources"] == (3, 6)
    assert tables.sources[0].title == "Summaries,\nin two lines"
    assert list(tables.numbered("sources", tables.sources))[1][0] == "6"


def test_rows_made_by_hand_are_named_by_their_key() -> None:
    regions = (Region(region="NA", name="Namibia", kind="country"),) * 2
    [problem] = [
        problem for problem in check_tables(Tables(regions=regions)) if problem.table == "regions"
    ]
    assert (
        str(problem)
        == "regions row NA region is 'NA'; should be unique, but row NA has the same region"
    )


def shuffled_rows(world: World) -> None:
    for rows in world.tables.values():
        rows[1:] = random.Random(1).sample(rows[1:], len(rows) - 1)


def reversed_columns(world: World) -> None:
    world.tables = {name: [row[::-1] for row in rows] for name, rows in world.tables.items()}


def byte_order_mark(world: World) -> None:
    world.files = {
        f"{name}.csv": b"\xef\xbb\xbf" + world.text(name).encode() for name in world.tables
    }


def carriage_returns(world: World) -> None:
    world.files = {
        f"{name}.csv": world.text(name).replace("\n", "\r\n").encode() for name in world.tables
    }


def old_line_ends(world: World) -> None:
    world.files = {
        f"{name}.csv": world.text(name).replace("\n", "\r").encode() for name in world.tables
    }


def other_spelling_of_numbers(world: World) -> None:
    world.set("assets", 2, capacity="9.00e4")
    world.set("assets", 4, capacity="+90000.", from_year="2020.0")


def blanks_and_empty_rows(world: World) -> None:
    world.set("regions", 2, name=" Namibia  ")
    world.tables["regions"] += [[""] * 5, []]


def unused_column_left_out(world: World) -> None:
    world.without_column("regions", "name")
    for line, name in enumerate(("Namibia", "Japan", "China", "Rest of the world", "The sea"), 2):
        world.set("regions", line, name=name)
    world.set("stages", 2, description="")


def foreign_files(world: World) -> None:
    world.files = {
        "README.md": b"x",
        "outlines.geojson": b"{}",
        ".hidden.csv": b"x",
        "case.toml": b"",
        "~notes.txt": b"x",
    }


INDIFFERENT = [
    shuffled_rows,
    reversed_columns,
    byte_order_mark,
    carriage_returns,
    old_line_ends,
    other_spelling_of_numbers,
    blanks_and_empty_rows,
    unused_column_left_out,
    foreign_files,
]


@pytest.mark.parametrize("change", INDIFFERENT, ids=lambda change: change.__name__)
def test_digest_does_not_depend_on_form(change: Callable[[World], None], tmp_path: Path) -> None:
    good = load_tables(World().write(tmp_path / "good"))
    world = World()
    change(world)
    assert load_tables(world.write(tmp_path / "other")).digest == good.digest


@pytest.mark.parametrize(
    "change",
    [
        lambda world: world.set("assets", 2, capacity="90000.001"),
        lambda world: world.set("sources", 2, note="seen"),
        lambda world: world.set("assets", 7, capacity="1e9"),
        lambda world: world.without("mandates"),
        lambda world: world.set("events", 2, to_year=""),
    ],
)
def test_digest_depends_on_content(change: Callable[[World], None], tmp_path: Path) -> None:
    good = load_tables(World().write(tmp_path / "good"))
    world = World()
    change(world)
    assert load_tables(world.write(tmp_path / "other")).digest != good.digest


def test_absent_tables_are_reported_with_their_meaning(tmp_path: Path) -> None:
    world = World()
    world.without("membership", "events", "scenarios")
    world.remove("provenance", 10)
    tables = load_tables(world.write(tmp_path))
    assert describe_absent(tables) == [
        "There is no table membership: no region has a status, so a case cannot require coverage.",
        "There is no table scenarios: one scenario, without events.",
        "There is no table events: all scenarios are the same.",
    ]
    assert tables.membership == ()


def test_four_tables_and_a_plant_are_enough(tmp_path: Path) -> None:
    world = World()
    world.without(*(set(TABLES) - {"regions", "commodities", "processes", "recipes", "assets"}))
    for table, lines in (("commodities", (2, 5)), ("processes", (2, 5))):
        for line in lines:
            world.set(table, line, stage="")
    world.without_column("assets", "status")
    world.set("assets", 3, capacity="1")
    assert len(describe_absent(load_tables(world.write(tmp_path)))) == len(TABLES) - 5


def test_all_problems_are_reported_at_once(tmp_path: Path) -> None:
    world = World()
    world.set("regions", 2, kind="land")
    world.set("assets", 4, capacity="1,5", process="seperate")
    world.set("projects", 2, ramp_profile="0.5;0.4", spend_profile="0.5;0.4")
    world.set("scenarios", 2, probability="0.1")
    world.without_column("stocks", "initial")
    world.files["asset.csv"] = b"x"
    with pytest.raises(InputError) as caught:
        load_tables(world.write(tmp_path))
    places = [(problem.table, problem.row, problem.column) for problem in caught.value.problems]
    assert places == [
        ("asset", "", ""),
        ("assets", "4", "capacity"),
        ("projects", "2", "ramp_profile"),
        ("projects", "2", "spend_profile"),
        ("regions", "2", "kind"),
        ("scenarios", "", "probability"),
        ("stocks", "1", "initial"),
    ]
    assert str(caught.value).startswith("7 problems in the input:\n  asset ")


def test_reading_alone_does_not_look_across_tables(tmp_path: Path) -> None:
    world = World()
    world.set("assets", 4, process="seperate")
    assert read_tables(world.write(tmp_path)).assets[2].process == "seperate"
    world.set("assets", 4, capacity="x")
    with pytest.raises(InputError, match="1 problem in the input"):
        read_tables(world.write(tmp_path))


def test_an_unreadable_table_gives_one_problem(tmp_path: Path) -> None:
    """Every other table refers to regions, commodities and processes, and gives no problem."""
    for table in (
        "regions",
        "commodities",
        "processes",
        "recipes",
        "series",
        "assets",
        "projects",
        "stages",
        "sources",
    ):
        world = World()
        world.files[f"{table}.csv"] = b""
        with pytest.raises(InputError) as caught:
            load_tables(world.write(tmp_path / table))
        assert [problem.table for problem in caught.value.problems] == [table], str(caught.value)


def test_layout_agrees_with_the_schema() -> None:
    capacity = layout("assets")["capacity"]
    assert (capacity.kind, capacity.required, capacity.at_least, capacity.column.series) == (
        "number",
        False,
        0,
        True,
    )
    assert capacity.column.unit == "units of activity per year"
    assert layout("recipes")["quantity"].more_than == 0
    assert (layout("assets")["from_year"].at_least, layout("assets")["from_year"].at_most) == (
        1900,
        2200,
    )
    assert layout("regions")["kind"].allowed == ("country", "group", "hub")
    assert layout("stages")["order"].description == "position along the chain, 1 nearest to the ore"
    kinds = {column.kind for table in TABLES for column in layout(table).values()}
    assert kinds == {
        "key",
        "text",
        "number",
        "whole",
        "yes/no",
        "date",
        "numbers",
        "names",
        "choice",
    }
    for table in TABLES:
        for column in layout(table).values():
            assert not column.column.references or column.column.references in TABLES
            assert column.numeric or not column.column.series


def test_ten_thousand_rows_are_read(tmp_path: Path) -> None:
    world = World()
    for number in range(10_000):
        world.add("demand", f"JPN,magnet,use {number},,2030,{number / 7}")
    folder = world.write(tmp_path)
    assert len(load_tables(folder).demand) == 10_006


def test_documentation_has_the_words_of_every_check_of_a_column() -> None:
    """What a check expects of a column is printed where the column is described."""
    text = tables_in_words()
    for rule in RULES:
        assert f"should {rule.expected}" in layout(rule.table)[rule.column].meaning
        assert f"should {rule.expected}".replace("*", "\\*") in text
    for table in TABLES:
        for column in layout(table).values():
            assert not column.column.needed or column.column.series
            assert column.column.needed == ("where the table series gives it" in column.meaning)
    assert layout("projects")["largest_size"].expected_kind == "a number above 0"


@pytest.mark.parametrize("sign", [chr(code) for code in range(32, 127)] + ["é", "²", "\n"])
def test_a_key_may_hold_the_signs_that_its_description_lists(sign: str) -> None:
    described = layout("regions")["region"].expected
    plain = (sign.isalnum() and sign.isascii()) or sign == " "
    listed = plain or f" {sign} " in f"{described.split('spaces and')[1].split(',')[0]} "
    for key, taken in ((f"a{sign}b", listed), (f"{sign}b", plain and sign != " ")):
        try:
            Region(region=key, name="x", kind="country")
        except ValueError:
            assert not taken, key
        else:
            assert taken, key


def test_grades_have_one_home() -> None:
    assert tuple(GRADES) == get_args(Grade)
    assert "".join((*GRADES, NO_GRADE)) == data.GRADES
    assert layout("provenance")["grade"].allowed == tuple(GRADES)
    assert all(meaning in layout("provenance")["grade"].meaning for meaning in GRADES.values())


def test_comments_are_left_out_and_lines_are_still_those_of_the_file(tmp_path: Path) -> None:
    world = World()
    world.files["stages.csv"] = (
        b'# Steps of the "chain", in order\nstage,order,name\n#\nmining,1,Mining\n'
        b"# magnets,2,not used\nmagnets,2,Magnets\n"
    )
    tables = load_tables(world.write(tmp_path))
    assert [row.stage for row in tables.stages] == ["mining", "magnets"]
    assert tables.lines["stages"] == (4, 6)


@pytest.mark.parametrize("cell", ["#REF!", "#mining", "#N/A"])
def test_a_cell_that_only_looks_like_a_comment_is_refused(cell: str, tmp_path: Path) -> None:
    world = World()
    world.set("stages", 2, stage=cell)
    with pytest.raises(InputError) as caught:
        load_tables(world.write(tmp_path))
    assert ("stages", "2", "stage", cell) in {
        (one.table, one.row, one.column, one.value) for one in caught.value.problems
    }
