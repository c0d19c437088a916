"""Keys, references, numbers by year, magnitudes and provenance that do not fit the rows they speak of."""

from __future__ import annotations

from pathlib import Path

import pytest
from breaking import Broken, cells, check, row

KEYS = [
    Broken(
        "same region twice",
        row("regions", "NA,Again,country,,"),
        "regions",
        "7",
        "region",
        "'NA'; should be unique, but row 2 has the same",
    ),
    Broken(
        "same demand twice",
        row("demand", "CHN,magnet,,,2040,1"),
        "demand",
        "8",
        "region, commodity, use, variant, year",
        "but row 7 has the same",
    ),
    Broken(
        "two standings on one day",
        row("membership", "JPN,neutral,2000-01-01"),
        "membership",
        "7",
        "region, from_date",
        "row 4 has the same",
    ),
    Broken(
        "project named as an asset",
        row("projects", "na-mine,X,NA,mine,,1,1,,1,,1,,,1,,,,,,,"),
        "projects",
        "6",
        "project",
        "row 2 of assets",
    ),
    Broken(
        "unknown region", cells("assets", 4, region="CHNA"), "assets", "4", "region", "should name a row of regions; did you mean 'CHN'?"
    ),
    Broken("region in small letters", cells("assets", 4, region="chn"), "assets", "4", "region", "did you mean 'CHN'?"),
    Broken("unknown controller", cells("assets", 5, controller="XXQ"), "assets", "5", "controller", "should name a row of regions"),
    Broken(
        "star where none is allowed",
        cells("assets", 5, controller="*"),
        "assets",
        "5",
        "controller",
        "should be the name of a row of regions",
    ),
    Broken("unknown process", cells("assets", 4, process="seperate"), "assets", "4", "process", "did you mean 'separate'?"),
    Broken("unknown status", cells("assets", 4, status="planned"), "assets", "4", "status", "should name a row of statuses"),
    Broken(
        "unknown commodity in a recipe",
        row("recipes", "dump,gold,input,1"),
        "recipes",
        "11",
        "commodity",
        "should name a row of commodities",
    ),
    Broken("unknown process in a recipe", row("recipes", "melt,ore,input,1"), "recipes", "11", "process", "should name a row of processes"),
    Broken("unknown stage", cells("processes", 2, stage="minning"), "processes", "2", "stage", "did you mean 'mining'?"),
    Broken(
        "unknown region of a route", row("routes", "JPN,USA,oxide,5,,"), "routes", "5", "to_region", "should name a row of regions or '*'"
    ),
    Broken(
        "unknown prerequisite", cells("projects", 3, prerequisites="jp-sepp"), "projects", "3", "prerequisites", "did you mean 'jp-sep'?"
    ),
    Broken("one of several is unknown", cells("projects", 3, prerequisites="jp-sep;zzz"), "projects", "3", "prerequisites", "is 'zzz'"),
    Broken(
        "a prerequisite twice",
        cells("projects", 3, prerequisites="jp-sep;jp-sep"),
        "projects",
        "3",
        "prerequisites",
        "should be named once",
    ),
    Broken("unknown funder of a mandate", row("mandates", "jogmek,*,*,"), "mandates", "4", "funder", "did you mean 'jogmec'?"),
    Broken("unknown stage of a mandate", row("mandates", "jogmec,fabs,*,"), "mandates", "4", "stage", "should name a row of stages or '*'"),
    Broken(
        "unknown region of a mandate", row("mandates", "jogmec,*,USA,"), "mandates", "4", "region", "should name a row of regions or '*'"
    ),
    Broken(
        "unknown plant of a limit", cells("limits", 3, asset="jp-pres"), "limits", "3", "asset", "a row of assets or projects; did you mean"
    ),
    Broken("unknown scenario", row("events", "war,switch off,CHN,*,*,2028,,"), "events", "5", "scenario", "should name a row of scenarios"),
    Broken(
        "unknown source", cells("provenance", 2, sources="usgs;iea"), "provenance", "2", "sources", "is 'iea'; should name a row of sources"
    ),
    Broken(
        "stages named but absent", lambda w: w.without("stages"), "processes", "2", "stage", "should be blank: there is no table stages", 7
    ),
    Broken("statuses named but absent", lambda w: w.without("statuses"), "assets", "2", "status", "there is no table statuses", 11),
]

SERIES = [
    Broken(
        "capacity nowhere", cells("assets", 2, capacity=""), "assets", "2", "capacity", "or be given by year in series under row 'na-mine'"
    ),
    Broken("capacity twice", cells("assets", 3, capacity="5"), "assets", "3", "capacity", "should be blank, or row 2 of series"),
    Broken(
        "asset's cost nowhere", cells("assets", 2, variable_cost_usd_per_unit=""), "assets", "2", "variable_cost_usd_per_unit", "filled"
    ),
    Broken("capital nowhere", cells("projects", 2, capex_usd_m=""), "projects", "2", "capex_usd_m", "should be filled with a number"),
    Broken("capital twice", cells("projects", 4, capex_usd_m="5"), "projects", "4", "capex_usd_m", "the number is given twice"),
    Broken(
        "project's cost nowhere",
        cells("projects", 2, variable_cost_usd_per_unit=""),
        "projects",
        "2",
        "variable_cost_usd_per_unit",
        "filled",
    ),
    Broken("route's cost nowhere", cells("routes", 2, cost_usd_per_unit=""), "routes", "2", "cost_usd_per_unit", "under row '*|SEA|*'"),
    Broken(
        "route's cost twice", cells("routes", 4, cost_usd_per_unit="1"), "routes", "4", "cost_usd_per_unit", "the number is given twice"
    ),
    Broken("holding cost nowhere", cells("stocks", 2, holding_cost_usd_per_unit=""), "stocks", "2", "holding_cost_usd_per_unit", "filled"),
    Broken("annual limit twice", cells("funders", 3, annual_limit_usd_m="1"), "funders", "3", "annual_limit_usd_m", "given twice"),
    Broken("funder without money", cells("funders", 2, envelope_usd_m=""), "funders", "2", "envelope_usd_m", "its money is told nowhere"),
    Broken("series of an unknown row", row("series", "assets,cn-min,capacity,2030,1"), "series", "9", "row", "did you mean 'cn-mine'?"),
    Broken(
        "series of a part of a key",
        row("series", "routes,NA,cost_usd_per_unit,2030,1"),
        "series",
        "9",
        "row",
        "should be the from_region|to_region|commodity of a row of routes",
    ),
    Broken(
        "series of a fixed column",
        row("series", "assets,na-mine,must_run_share,2030,1"),
        "series",
        "9",
        "column",
        "may vary by year: capacity, variable_cost_usd_per_unit, fixed_cost_usd_m",
    ),
    Broken("series below the bound", cells("series", 2, value="-1"), "series", "2", "value", "should be a number of at least 0"),
    Broken(
        "series value twice", row("series", "funders,fund,annual_limit_usd_m,2026,3"), "series", "9", "table, row, column, year", "row 8"
    ),
    Broken("series without limit", cells("series", 2, value="inf"), "series", "2", "value", "must be finite"),
]

NUMBERS = [
    Broken(
        "capital in dollars", cells("projects", 2, capex_usd_m="4e8"), "projects", "2", "capex_usd_m", "at most 10000000 USD million", 1
    ),
    Broken(
        "capital per unit in dollars",
        cells("projects", 3, capex_usd_m_per_unit="8e7"),
        "projects",
        "3",
        "capex_usd_m_per_unit",
        "another unit",
    ),
    Broken(
        "cost in another currency",
        cells("assets", 4, variable_cost_usd_per_unit="4e13"),
        "assets",
        "4",
        "variable_cost_usd_per_unit",
        "1e+12 USD",
    ),
    Broken("quantity in grams", cells("demand", 2, quantity="1.2e13"), "demand", "2", "quantity", "should be at most 1e+12"),
    Broken("series in dollars", cells("series", 4, value="9e8"), "series", "4", "value", "should be at most 10000000 USD million"),
]

PROVENANCE = [
    Broken("of an unknown table", cells("provenance", 2, table="asset"), "provenance", "2", "table", "did you mean 'assets'?"),
    Broken("of an unknown column", cells("provenance", 2, column="capacities"), "provenance", "2", "column", "did you mean 'capacity'?"),
    Broken("of a text column", cells("provenance", 2, column="name"), "provenance", "2", "column", "that holds numbers or dates: capacity"),
    Broken(
        "of an unknown row",
        cells("provenance", 2, row="na-min"),
        "provenance",
        "2",
        "row",
        "should fit a row of assets (asset); did you mean",
    ),
    Broken(
        "of a pattern that fits nothing",
        cells("provenance", 4, row="JPN|ore|*|*|*"),
        "provenance",
        "4",
        "row",
        "should fit a row of demand",
    ),
    Broken(
        "of a part of a key", cells("provenance", 4, row="JPN|*"), "provenance", "4", "row", "should have 5 parts, region|commodity|use|"
    ),
    Broken("range upside down", cells("provenance", 2, low="99000"), "provenance", "2", "low", "should be at most high, which is 95000"),
    Broken("value outside its range", cells("assets", 2, capacity="99000"), "provenance", "2", "range", "which is 99000, but lies between"),
    Broken(
        "share outside its range", cells("provenance", 7, high="0.45"), "provenance", "7", "range", "which is 0.5, but lies between 0.1 and"
    ),
    Broken(
        "values called factors", cells("provenance", 2, range="relative"), "provenance", "2", "range", "should hold 1, the number itself"
    ),
    Broken("negative factor", cells("provenance", 3, low="-0.1"), "provenance", "3", "low", "a relative range is of factors"),
    Broken("money without a currency", cells("provenance", 3, unit="t"), "provenance", "3", "unit", "which is in USD per unit of activity"),
    Broken("millions for dollars", cells("provenance", 3, unit="USD million per t"), "provenance", "3", "unit", "which is in USD per unit"),
    Broken("dollars for millions", cells("provenance", 6, unit="USD"), "provenance", "6", "unit", "which is in USD million"),
    Broken("billions for millions", cells("provenance", 6, unit="USD billion"), "provenance", "6", "unit", "which is in USD million"),
    Broken("percent for shares", cells("provenance", 7, unit="%"), "provenance", "7", "unit", "which is in shares of 1"),
    Broken("dollars for tonnes", cells("provenance", 5, unit="USD"), "provenance", "5", "unit", "which is in t"),
    Broken(
        "kilograms for tonnes", cells("provenance", 5, unit="kg per year"), "provenance", "5", "unit", "should be a unit of demand quantity"
    ),
]


@pytest.mark.parametrize("broken", KEYS + SERIES + NUMBERS + PROVENANCE, ids=lambda broken: broken.name)
def test_broken_key_is_told(broken: Broken, tmp_path: Path) -> None:
    check(broken, tmp_path)
