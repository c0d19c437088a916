"""Rows that are right by themselves and wrong together: recipes, projects, deals, places, scenarios."""

from __future__ import annotations

from pathlib import Path

import pytest
from breaking import Broken, cells, check, row, several

RECIPES = [
    Broken("source with an input", row("recipes", "mine,007,input,1"), "recipes", "11", "role", "'mine' is a source, which uses nothing"),
    Broken("sink with an output", row("recipes", "dump,oxide,output,1"), "recipes", "11", "role", "'dump' is a sink, which makes nothing"),
    Broken(
        "source without an output", cells("processes", 6, kind="source"), "processes", "6", "kind", "should have an output in recipes", 1
    ),
    Broken(
        "sink without an input", cells("processes", 2, kind="sink", main_product=""), "processes", "2", "kind", "should have an input", 1
    ),
    Broken("conversion without an input", cells("processes", 3, kind="conversion"), "processes", "3", "kind", "or 'supply' be a source"),
    Broken("conversion without an output", cells("processes", 6, kind="conversion"), "processes", "6", "kind", "or 'dump' be a sink"),
    Broken(
        "no recipe",
        row("processes", "melt,Melting,,conversion,t,,"),
        "processes",
        "7",
        "process",
        "should have rows in recipes; it has none",
    ),
    Broken(
        "main product is an input", cells("processes", 4, main_product="ore"), "processes", "4", "main_product", "an output of the process"
    ),
    Broken("mass grows", cells("recipes", 6, quantity="1.6"), "processes", "4", "process", "makes 3.1 t of oxide + cerium from 3 t of ore"),
    Broken(
        "more out than in by a yield", cells("recipes", 8, quantity="0.9"), "processes", "5", "process", "should not make mass from nothing"
    ),
    Broken(
        "mass from services alone",
        several(
            row("processes", "conjure,C,,conversion,t,oxide,"),
            row("recipes", "conjure,007,input,1"),
            row("recipes", "conjure,oxide,output,1"),
        ),
        "processes",
        "7",
        "process",
        "makes 1 t of oxide from no weighed input",
    ),
    Broken(
        "used and never made", lambda w: w.remove("recipes", 3), "commodities", "4", "commodity", "used by 'separate': no process has it", 2
    ),
    Broken(
        "demanded and never made",
        several(row("commodities", "chip,Chip,piece,,,,,,free"), row("demand", "JPN,chip,,,2026,5")),
        "commodities",
        "7",
        "commodity",
        "can never be had, although it is demanded: no process has it as an output in recipes, and no stock holds any",
    ),
    Broken("made by nobody", lambda w: w.remove("assets", 7), "commodities", "4", "commodity", "no asset or project runs 'supply'", 0),
    Broken("no plant at all", lambda w: w.without("assets", "projects"), "assets", "", "", "no process can run", 12),
]

PROJECTS = [
    Broken(
        "sizes crossed", cells("projects", 3, smallest_size="9000"), "projects", "3", "smallest_size", "at most largest_size, which is 8000"
    ),
    Broken("no size", cells("projects", 2, smallest_size="0", largest_size="0"), "projects", "2", "largest_size", "should be above 0"),
    Broken("spend below one", cells("projects", 2, spend_profile="0.5;0.3;0.1"), "projects", "2", "spend_profile", "adds up to 0.9", 0),
    Broken("negative spend", cells("projects", 2, spend_profile="0.6;0.6;-0.2"), "projects", "2", "spend_profile", "no share below 0", 1),
    Broken("ramp above one", cells("projects", 2, ramp_profile="0.5;1.2"), "projects", "2", "ramp_profile", "between 0 and 1"),
    Broken("ramp falls", cells("projects", 2, ramp_profile="0.5;0.4"), "projects", "2", "ramp_profile", "should not fall"),
    Broken("ramp never starts", cells("projects", 2, ramp_profile="0;0"), "projects", "2", "ramp_profile", "should end above 0"),
    Broken("latest before earliest", cells("projects", 2, latest_commitment="2025"), "projects", "2", "latest_commitment", "which is 2026"),
    Broken("asset ends before it begins", cells("assets", 4, to_year="2019"), "assets", "4", "to_year", "should not be before from_year"),
    Broken("funder ends before it begins", cells("funders", 2, to_year="2019"), "funders", "2", "to_year", "which is 2026"),
    Broken("limit ends before it begins", cells("limits", 2, to_year="2019"), "limits", "2", "to_year", "which is 2026"),
    Broken("event ends before it begins", cells("events", 2, to_year="2019"), "events", "2", "to_year", "which is 2028"),
    Broken("needs itself", cells("projects", 2, prerequisites="jp-sep"), "projects", "2", "prerequisites", "should be another project"),
    Broken(
        "circle of two",
        several(cells("projects", 2, prerequisites="na-sep"), cells("projects", 5, prerequisites="jp-sep")),
        "projects",
        "2",
        "prerequisites",
        "should not lead back to itself: jp-sep needs na-sep needs jp-sep",
    ),
    Broken(
        "circle of three, with a tail that waits for it",
        several(
            cells("projects", 2, prerequisites="na-sep"),
            cells("projects", 5, prerequisites="jp-press"),
            cells("projects", 4, prerequisites="na-sep"),
        ),
        "projects",
        "2",
        "prerequisites",
        "jp-sep needs na-sep needs jp-press needs jp-sep",
    ),
    Broken(
        "needs what is forbidden",
        cells("projects", 2, commitment="forbidden"),
        "projects",
        "3",
        "prerequisites",
        "this one is forbidden",
        1,
    ),
    Broken(
        "needs its alternative", cells("projects", 4, prerequisites="jp-press"), "projects", "4", "prerequisites", "exclusive_group 'site'"
    ),
    Broken(
        "needs what comes too late",
        cells("projects", 3, latest_commitment="2025", earliest_commitment="2024"),
        "projects",
        "3",
        "prerequisites",
        "cannot be committed before 2026",
    ),
    Broken(
        "two of a group required",
        several(cells("projects", 3, commitment="required"), cells("projects", 4, commitment="required")),
        "projects",
        "4",
        "commitment",
        "only one project of the exclusive_group 'site' can be required, and row 3 (jp-press) is",
    ),
    Broken(
        "nobody's project that somebody builds anyway",
        cells("projects", 2, generic="yes", built_anyway="yes"),
        "projects",
        "2",
        "built_anyway",
        "an option without a named owner is built by nobody",
    ),
    Broken(
        "completion above one",
        row("completion", "announced,magnets,3,0.4"),
        "completion",
        "5",
        "probability",
        "of status 'announced' and stage 'magnets' should add up to at most 1, but add up to 1.1",
    ),
    Broken("completion of an unknown status", cells("completion", 2, status="planned"), "completion", "2", "status", "a row of statuses"),
    Broken("completion of an unknown stage", cells("completion", 4, stage="fab"), "completion", "4", "stage", "a row of stages or '*'"),
    Broken("late by a part of a year", cells("completion", 2, delay_years="0.5"), "completion", "2", "delay_years", "a whole number"),
    Broken("late for ever", cells("completion", 2, delay_years="11"), "completion", "2", "delay_years", "between 0 and 10"),
    Broken("certain beyond one", cells("completion", 2, probability="1.2"), "completion", "2", "probability", "between 0 and 1"),
    Broken("cheaper than stated", cells("statuses", 3, capital_factor="0.9"), "statuses", "3", "capital_factor", "of at least 1"),
]

DEALS = [
    Broken("deal of an unknown funder", cells("deals", 2, funder="jogmek"), "deals", "2", "funder", "did you mean 'jogmec'?"),
    Broken("deal on an unknown project", cells("deals", 2, project="jp-pres"), "deals", "2", "project", "did you mean 'jp-press'?"),
    Broken("deal in another state", cells("deals", 2, state="agreed"), "deals", "2", "state", "'closed', 'signed', 'approved'"),
    Broken("deal of another kind", cells("deals", 2, instrument="bond"), "deals", "2", "instrument", "should be one of 'equity'"),
    Broken("deal in a month that is none", cells("deals", 2, date="2026-13"), "deals", "2", "date", "should be a year, a year and month"),
    Broken("deal of a span of years", cells("deals", 2, date="2023-26"), "deals", "2", "date", "should be a year, a year and month"),
    Broken("deal in another region", cells("deals", 2, region="NA"), "deals", "2", "region", "should be 'JPN', the region of the project"),
    Broken(
        "deal at another stage", cells("deals", 2, stage="mining"), "deals", "2", "stage", "should be 'magnets', the stage of the project"
    ),
    Broken("deal of less than nothing", cells("deals", 2, amount_usd_m="-1"), "deals", "2", "amount_usd_m", "of at least 0"),
]

PLACES = [
    Broken("asset in a hub", cells("assets", 6, region="SEA"), "assets", "6", "region", "a hub hosts and controls nothing"),
    Broken("project in a hub", cells("projects", 5, region="SEA"), "projects", "5", "region", "a hub hosts and controls nothing"),
    Broken("controlled by a hub", cells("assets", 5, controller="SEA"), "assets", "5", "controller", "a hub hosts and controls nothing"),
    Broken("demand in a hub", row("demand", "SEA,magnet,,,2026,1"), "demand", "8", "region", "nothing is demanded in a hub"),
    Broken("stock in a hub", row("stocks", "SEA,ore,0,1,,1,no,"), "stocks", "4", "region", "nothing is stored in a hub"),
    Broken("funder in a hub", cells("funders", 3, region="SEA"), "funders", "3", "region", "a hub pays for nothing"),
    Broken("standing of a hub", row("membership", "SEA,neutral,2000-01-01"), "membership", "7", "region", "never switched off"),
    Broken("region without a standing", lambda w: w.remove("membership", 6), "regions", "5", "region", "should have a row in membership"),
    Broken("covered without a stage", cells("commodities", 5, stage=""), "commodities", "5", "stage", "since 'magnet' is covered"),
    Broken("route to itself", cells("routes", 4, to_region="NA"), "routes", "4", "to_region", "should differ from from_region", 2),
    Broken("shipments crossed", cells("routes", 4, smallest_shipment="50000"), "routes", "4", "smallest_shipment", "which is 40000"),
    Broken(
        "stock begins too full", cells("stocks", 2, initial="3000"), "stocks", "2", "initial", "should be at most largest, which is 2000"
    ),
    Broken("stock ends too full", cells("stocks", 2, final="3000"), "stocks", "2", "final", "should be at most largest, which is 2000"),
    Broken(
        "floor above what fits in", cells("stocks", 2, floor="3000"), "stocks", "2", "floor", "should be at most largest, which is 2000", 1
    ),
    Broken("stock ends below its floor", cells("stocks", 2, floor="150"), "stocks", "2", "final", "at least floor, which is 150"),
    Broken(
        "demand that a variant loses",
        several(row("demand", "JPN,magnet,wind,central,2026,9"), row("demand", "JPN,magnet,wind,central,2040,9")),
        "demand",
        "8",
        "variant",
        "magnet in JPN for wind should have rows of the variant 'high' too",
    ),
    Broken("variant that ends early", cells("demand", 5, year="2035"), "demand", "2", "year", "central 2026-2040, high 2026-2035"),
]

SCENARIOS = [
    Broken("probabilities below one", cells("scenarios", 2, probability="0.6"), "scenarios", "", "probability", "but add up to 0.9"),
    Broken("switch off with a factor", cells("events", 2, factor="0.5"), "events", "2", "factor", "a switch off has no factor"),
    Broken("event without a factor", cells("events", 3, factor=""), "events", "3", "factor", "that multiplies the variable cost"),
    Broken("demand of a process", cells("events", 4, process="press"), "events", "4", "process", "demand does not depend on a process"),
    Broken("shipment of a process", cells("limits", 4, process="mine"), "limits", "4", "process", "a shipment has no process"),
    Broken("shipment of a plant", cells("limits", 4, asset="na-mine"), "limits", "4", "asset", "a shipment belongs to no plant"),
    Broken("capacity to a region", cells("limits", 3, to_region="JPN"), "limits", "3", "to_region", "only shipments go to a region"),
    Broken("build rate from below", cells("limits", 5, sense="at least"), "limits", "5", "sense", "bounds what is committed in a year"),
    Broken("negative limit", cells("limits", 2, value="-3"), "limits", "2", "value", "should be at least 0"),
]


@pytest.mark.parametrize("broken", RECIPES + PROJECTS + DEALS + PLACES + SCENARIOS, ids=lambda broken: broken.name)
def test_broken_world_is_told(broken: Broken, tmp_path: Path) -> None:
    check(broken, tmp_path)
