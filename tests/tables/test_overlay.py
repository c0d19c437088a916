"""An overlay gives the tables that the same changes made by hand would give, and its mistakes are
reported with its name, table and line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from world import World

from paxsilica.bundled import data_folder
from paxsilica.case import make_case
from paxsilica.errors import InputError
from paxsilica.instance import make_instance
from paxsilica.instance.statements import statements
from paxsilica.plan.solve import make_manifest
from paxsilica.provenance.export import write_workbook
from paxsilica.provenance.lookup import Lookup
from paxsilica.tables import Tables, load_tables


def overlay(folder: Path, base: str = "../base", /, **tables: str) -> Path:
    """An overlay of these tables in a folder."""
    folder.mkdir(parents=True)
    (folder / "overlay.toml").write_text(f'base = "{base}"\n', encoding="utf-8")
    for name, text in tables.items():
        (folder / f"{name}.csv").write_text(f"{text.strip()}\n", encoding="utf-8")
    return folder


def over_the_world(tmp_path: Path, **tables: str) -> Tables:
    tmp_path.mkdir(exist_ok=True)
    World().write(tmp_path / "base")
    return load_tables(overlay(tmp_path / "private", **tables))


def drop(world: World, table: str, *cells: str) -> None:
    """Takes out the one row of a table that begins with these cells."""
    rows = [list(row) for row in world.tables[table]]
    (line,) = (at for at, row in enumerate(rows, 1) if tuple(row[: len(cells)]) == cells)
    world.remove(table, line)


def _changed_cell(world: World) -> None:
    world.set("projects", 3, capex_usd_m="170")


def _longer_lead_time(world: World) -> None:
    world.set("projects", 3, lead_time_years="4")


def _added(world: World) -> None:
    world.add("recipes", "press,007,input,0.1")


def _added_region(world: World) -> None:
    world.add("regions", "KOR,KOR,country,,")
    world.add("membership", "KOR,neutral,")


def _removed(world: World) -> None:
    drop(world, "limits", "rate")


def _replaced(world: World) -> None:
    drop(world, "funders", "jogmec")
    world.add("funders", "jogmec,Agency,JPN,900,,no,,,,,,")


def _demand(world: World) -> None:
    world.set("demand", 6, quantity="60000")
    world.set("demand", 5, quantity="40000")
    drop(world, "provenance", "demand", "CHN|magnet|||2026")


def _one_number(world: World) -> None:
    drop(world, "series", "projects", "na-sep")
    world.set("projects", 5, variable_cost_usd_per_unit="6000")


def _removed_route(world: World) -> None:
    drop(world, "routes", "NA", "JPN", "ore")
    drop(world, "series", "routes", "NA|JPN|ore")
    drop(world, "provenance", "series", "routes|NA|JPN|ore|cost_usd_per_unit|*")


def _provenance_lost(world: World) -> None:
    world.set("projects", 2, capex_usd_m="900")
    drop(world, "provenance", "projects", "jp-sep", "capex_usd_m")


def _provenance_stated(world: World) -> None:
    world.set("projects", 2, capex_usd_m="900")
    drop(world, "provenance", "projects", "jp-sep", "capex_usd_m")
    world.add("provenance", "projects,jp-sep,capex_usd_m,USD million,0.9,1.1,relative,,guess,B,,")


CHANGES: dict[str, tuple[dict[str, str], Callable[[World], object]]] = {
    "nothing": ({}, lambda _: None),
    "changed cell": ({"projects": "project,capex_usd_m\njp-press,170"}, _changed_cell),
    "blank cell": (
        {"projects": "project,capex_usd_m,lead_time_years\njp-press,,4"},
        _longer_lead_time,
    ),
    "added row": (
        {"recipes": "# spice\nprocess,commodity,role,quantity\npress,007,input,0.1"},
        _added,
    ),
    "added region": (
        {"regions": "region\nKOR", "membership": "region,from_date,status\nKOR,,neutral"},
        _added_region,
    ),
    "removed row": ({"limits": "action,limit\nremove,rate"}, _removed),
    "replaced row": (
        {
            "funders": "action,funder,name,region,carry_over,envelope_usd_m\n"
            "replace,jogmec,Agency,JPN,no,900"
        },
        _replaced,
    ),
    "key of several parts": (
        {
            "demand": "region,commodity,use,variant,year,quantity\n"
            "CHN,magnet,,,2026,60000\nJPN,magnet,vehicles,high,2040.0,40000"
        },
        _demand,
    ),
    "number by year becomes one number": (
        {
            "series": "action,table,row,column,year\n"
            "remove,projects,na-sep,variable_cost_usd_per_unit,*",
            "projects": "project,variable_cost_usd_per_unit\nna-sep,6000",
        },
        _one_number,
    ),
    "removed row with series and provenance": (
        {"routes": "action,from_region,to_region,commodity\nremove,NA,JPN,ore"},
        _removed_route,
    ),
    "changed number, no provenance": (
        {"projects": "project,capex_usd_m\njp-sep,900"},
        _provenance_lost,
    ),
    "changed number, own provenance": (
        {
            "projects": "project,capex_usd_m\njp-sep,900",
            "provenance": "table,row,column,unit,low,high,range,sources,grade\n"
            "projects,jp-sep,capex_usd_m,USD million,0.9,1.1,relative,guess,B",
        },
        _provenance_stated,
    ),
}
"""What an overlay holds, and the same change by hand."""


@pytest.mark.parametrize("name", CHANGES)
def test_an_overlay_is_the_same_as_the_changes_made_by_hand(name: str, tmp_path: Path) -> None:
    tables, by_hand = CHANGES[name]
    base = World().write(tmp_path / "base")
    before = {path.name: path.read_bytes() for path in base.iterdir()}
    changed = World()
    by_hand(changed)
    wanted = load_tables(changed.write(tmp_path / "by hand"))
    found = load_tables(overlay(tmp_path / "private", **tables))
    for table in found.present | wanted.present:
        assert sorted(map(repr, found.rows(table))) == sorted(map(repr, wanted.rows(table))), table
    assert found.digest == wanted.digest
    assert (found.digest == load_tables(base).digest) == (name == "nothing")
    assert {path.name: path.read_bytes() for path in base.iterdir()} == before


MISTAKES: dict[str, tuple[str, str, tuple[str, str, str, str]]] = {
    "key alone, beside another mistake": (
        "projects",
        "project,capex_usd_m\njp-press,\njp-sep,1.5x",
        ("2 (overlay private)", "", "jp-press", "should have a filled cell beside its key"),
    ),
    "refused by the schema": (
        "projects",
        'project,capex_usd_m\n\njp-press,"1,05"',
        ("3 (overlay private)", "capex_usd_m", "1,05", "should be a number of at least 0"),
    ),
    "against a rule with a cell of the base": (
        "projects",
        "project,largest_size\njp-press,500",
        ("2 (overlay private)", "smallest_size", "1000", "should be at most largest_size"),
    ),
    "unknown reference": (
        "assets",
        "asset,region,process,capacity,variable_cost_usd_per_unit\nkor,KOR,press,1,1",
        ("2 (overlay private)", "region", "KOR", "should name a row of regions"),
    ),
    "misspelt key without the other cells": (
        "projects",
        "project,capex_usd_m\njp-pres,170",
        ("2 (overlay private)", "region", "", "should be filled with"),
    ),
    "misspelt key of a change": (
        "projects",
        "action,project,capex_usd_m\nchange,jp-pres,170",
        ("2 (overlay private)", "project", "jp-pres", "did you mean 'jp-press'?"),
    ),
    "removed row that is not there": (
        "limits",
        "action,limit\nremove,rat",
        ("2 (overlay private)", "limit", "rat", "did you mean 'rate'?"),
    ),
    "removed row with a number": (
        "limits",
        "action,limit,value\nremove,rate,5",
        ("2 (overlay private)", "value", "5", "should be blank in a row that is removed"),
    ),
    "added row that is there": (
        "projects",
        "action,project,capex_usd_m\nadd,jp-press,170",
        ("2 (overlay private)", "action", "add", "the base has a row jp-press"),
    ),
    "unknown action": (
        "limits",
        "action,limit\ndelete,rate",
        ("2 (overlay private)", "action", "delete", "should be one of add, change"),
    ),
    "same key twice": (
        "projects",
        "project,capex_usd_m\njp-press,170\njp-press,180",
        ("3 (overlay private)", "project", "jp-press", "row 2 has the same key"),
    ),
    "without a column of the key": (
        "demand",
        "region,commodity,year,quantity\nCHN,magnet,2026,60000",
        ("1 (overlay private)", "variant", "", "the column is missing"),
    ),
    "unknown column": (
        "projects",
        "project,capex\njp-press,170",
        ("1 (overlay private)", "capex", "", "the table has no such column"),
    ),
    "short row": (
        "projects",
        "project,capex_usd_m\njp-press",
        ("2 (overlay private)", "", "1 cells", "should have 2 cells"),
    ),
    "empty file": ("limits", "", ("(overlay private)", "", "", "the file is empty")),
    "unknown table": (
        "project",
        "project,capex_usd_m\njp-press,170",
        ("(overlay private)", "", "project.csv", "did you mean 'projects'?"),
    ),
    "number given twice": (
        "projects",
        "project,capex_usd_m\njp-press-big,800",
        ("2 (overlay private)", "capex_usd_m", "800", "row 4 of series"),
    ),
    "provenance that does not hold the number": (
        "provenance",
        "table,row,column,unit,low,high,range,sources,grade\n"
        "projects,jp-sep,capex_usd_m,USD million,900,1000,absolute,guess,B",
        ("2 (overlay private)", "range", "absolute", "which is 400, but lies between 900"),
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_names_table_and_line_of_the_overlay(name: str, tmp_path: Path) -> None:
    table, text, (row, column, value, words) = MISTAKES[name]
    with pytest.raises(InputError) as caught:
        over_the_world(tmp_path, **{table: text})
    message = str(caught.value)
    found = [
        one
        for one in caught.value.problems
        if (one.table, one.row, one.column, one.value) == (table, row, column, value)
    ]
    assert found, message
    assert any(words in one.expected for one in found), message
    assert all(one.row.endswith("(overlay private)") for one in caught.value.problems), message


def test_a_row_that_still_needs_a_removed_one_is_reported_in_its_file(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        over_the_world(tmp_path, projects="action,project\nremove,jp-sep")
    places = {(one.table, one.row, one.column) for one in caught.value.problems}
    assert places == {("projects", "3", "prerequisites"), ("projects", "4", "prerequisites")}


@pytest.mark.parametrize(
    "text", ["", "base = 3\n", 'base = ""\n', 'base = "../base"\nbas = "x"\n', "base = \n"]
)
def test_a_file_that_does_not_name_a_base_is_refused(text: str, tmp_path: Path) -> None:
    World().write(tmp_path / "base")
    private = overlay(tmp_path / "private")
    (private / "overlay.toml").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match='should hold one line, such as base = "bundled"'):
        load_tables(private)


def test_a_folder_without_that_file_is_told_of_it(tmp_path: Path) -> None:
    """The file is not asked for where one of the four tables is missing."""
    World().write(tmp_path / "base")
    private = overlay(tmp_path / "private", projects="project,capex_usd_m\njp-press,170")
    (private / "overlay.toml").unlink()
    with pytest.raises(InputError) as caught:
        load_tables(private)
    assert any(one.table == "overlay.toml" for one in caught.value.problems), caught.value
    (tmp_path / "base" / "recipes.csv").unlink()
    with pytest.raises(InputError) as caught:
        load_tables(tmp_path / "base")
    assert not any(one.table == "overlay.toml" for one in caught.value.problems), caught.value


def test_a_base_that_is_not_there_or_goes_in_a_circle_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"base'; should be a folder .* does not exist"):
        load_tables(overlay(tmp_path / "first"))
    with pytest.raises(InputError, match="should not name a base that is made from it"):
        load_tables(overlay(tmp_path / "second", "."))
    overlay(tmp_path / "a" / "same")
    World().write(tmp_path / "a" / "base")
    with pytest.raises(InputError, match="should have another name"):
        load_tables(overlay(tmp_path / "same", "../a/same"))


def test_overlays_add_up_over_a_workbook(tmp_path: Path) -> None:
    write_workbook(load_tables(World().write(tmp_path / "world")), tmp_path / "base.xlsx")
    overlay(tmp_path / "first", "../base.xlsx", projects="project,capex_usd_m\njp-press,170")
    tables = load_tables(
        overlay(
            tmp_path / "second",
            "../first",
            projects="project,capex_usd_m_per_unit\njp-press,0.1",
            limits="action,limit\nremove,rate",
        )
    )
    press = tables.projects[1]
    assert (press.capex_usd_m, press.capex_usd_m_per_unit) == (170, 0.1)
    assert [one.name for one in tables.overlays] == ["first", "second"]
    assert tables.overlays[1].counts == {"projects": {"changed": 1}, "limits": {"removed": 1}}


def test_provenance_of_the_base_does_not_describe_numbers_of_an_overlay(tmp_path: Path) -> None:
    """The base describes all unit costs of assets with one pattern."""
    tables = over_the_world(
        tmp_path,
        assets="asset,region,process,capacity,variable_cost_usd_per_unit\n"
        "cn-press,,,81000,9500\nnew,JPN,press,9,8000\nown,JPN,press,9,8000",
        provenance="table,row,column,unit,low,high,range,sources,grade\n"
        "assets,own,*,USD per t,0.9,1.1,relative,guess,B".replace(
            ",*,", ",variable_cost_usd_per_unit,"
        ),
    )
    lookup, column = Lookup(tables), "variable_cost_usd_per_unit"
    grades = {
        row.asset: found.grade if (found := lookup.find("assets", row.asset, column)) else None
        for row in tables.assets
    }
    assert {name: grades[name] for name in ("na-mine", "cn-press", "new", "own")} == {
        "na-mine": "C",
        "cn-press": None,
        "new": None,
        "own": "B",
    }


def test_overlays_are_recorded_with_the_plan_and_told(tmp_path: Path) -> None:
    text = "project,capex_usd_m\njp-sep,900"
    tables = over_the_world(tmp_path, projects=text, limits="action,limit\nremove,rate")
    case = make_case({"years": "2026", "finance": {"discount_rate": 0.05}})
    record = make_manifest(tables, case)["overlays"]
    assert record["private"]["rows"] == {"projects": {"changed": 1}, "limits": {"removed": 1}}
    other = over_the_world(tmp_path / "other", projects=text)
    assert (
        make_manifest(other, case)["overlays"]["private"]["digest"] != record["private"]["digest"]
    )
    assert "overlays" not in make_manifest(load_tables(tmp_path / "base"), case)
    (told,) = (one for one in statements(make_instance(tables, case)) if one.startswith("Overlay"))
    assert told == (
        "Overlay private, rows: projects 1 changed; limits 1 removed; 1 row of the base that"
        " described removed rows or changed numbers left out."
    )


@pytest.mark.slow
def test_the_bundled_data_can_be_a_base(tmp_path: Path) -> None:
    bundled = load_tables(data_folder())
    first = bundled.projects[0]
    changed = load_tables(
        overlay(
            tmp_path / "private",
            "bundled",
            projects=f"project,largest_size\n{first.project},{first.largest_size * 2}",
        )
    )
    assert changed.projects[0] == first.model_copy(update={"largest_size": first.largest_size * 2})
    assert changed.projects[1:] == bundled.projects[1:]
