"""Columns of single concepts that are wrong alone or together with others."""

from __future__ import annotations

from pathlib import Path

import pytest
from breaking import Broken, cells, check

CONCEPTS = [
    Broken(
        "decline without a first year",
        cells("assets", 2, decline_rate="0.1"),
        "assets",
        "2",
        "decline_rate",
        "should be blank without from_year",
    ),
    Broken(
        "decline of a series",
        cells("assets", 3, from_year="2020", decline_rate="0.1"),
        "assets",
        "3",
        "decline_rate",
        "should be blank with a capacity by year in the table series",
    ),
    Broken(
        "use of a capacity that is not shared",
        cells("assets", 2, capacity_use="2"),
        "assets",
        "2",
        "capacity_use",
        "should be blank without shares_capacity_of",
    ),
    Broken(
        "recipe elsewhere",
        cells("assets", 8, shares_capacity_of="jp-press"),
        "assets",
        "8",
        "shares_capacity_of",
        "should be a plant of the same region and controller",
    ),
    Broken(
        "recipe of a recipe",
        lambda world: (
            world.add("assets", "dump-2,Dump,CHN,dump,,,inf,,,-5,,")
            or world.add("assets", "dump-3,Dump,CHN,dump,,,inf,,,-5,,")
            or world.set("assets", 8, capacity="5")
            or world.set("assets", 9, shares_capacity_of="dump")
            or world.set("assets", 10, shares_capacity_of="dump-2")
        ),
        "assets",
        "10",
        "shares_capacity_of",
        "should be a plant with a capacity of its own",
    ),
    Broken(
        "recipe of a plant without limit",
        lambda world: (
            world.add("assets", "dump-2,Dump,CHN,dump,,,inf,,,-5,,")
            or world.set("assets", 9, shares_capacity_of="dump")
        ),
        "assets",
        "9",
        "shares_capacity_of",
        "should be a plant with a limited capacity",
    ),
    Broken(
        "recipe of a plant that always runs",
        cells("assets", 8, shares_capacity_of="cn-mine"),
        "assets",
        "8",
        "shares_capacity_of",
        "should be a plant without must_run_share",
    ),
    Broken(
        "status of a recipe",
        lambda world: world.set("assets", 8, shares_capacity_of="cn-sep", status="operating"),
        "assets",
        "8",
        "status",
        "should be blank where the plant shares the capacity of another",
    ),
    Broken(
        "recipe of nothing",
        cells("assets", 8, shares_capacity_of="cn-sepp"),
        "assets",
        "8",
        "shares_capacity_of",
        "should name a row of assets or projects; did you mean 'cn-sep'?",
    ),
    *(
        Broken(
            f"steps of {step}",
            cells("projects", 3, size_step=step),
            "projects",
            "3",
            "size_step",
            "should go into the difference of largest_size and smallest_size without a rest",
        )
        for step in ("3000", "8000", "10")
    ),
    Broken(
        "closing without limit of capacity",
        cells("assets", 7, closing_cost_usd_m="3"),
        "assets",
        "7",
        "closing_cost_usd_m",
        "should be blank for a plant without limit of capacity",
    ),
    Broken(
        "restart of what never rests",
        cells("assets", 2, restart_cost_usd_m="3"),
        "assets",
        "2",
        "restart_cost_usd_m",
        "should be blank without mothballed_fixed_cost_share",
    ),
    Broken(
        "weights without plants",
        cells("limits", 2, weights="1;2"),
        "limits",
        "2",
        "weights",
        "should hold one number for each name of the column asset",
    ),
    Broken(
        "weight missing",
        cells("limits", 3, weights="1"),
        "limits",
        "3",
        "weights",
        "should hold one number for each name of the column asset",
    ),
    Broken(
        "projects over years together",
        cells("limits", 2, years="together"),
        "limits",
        "2",
        "years",
        "only activity, production and shipments add up over years",
    ),
    Broken(
        "sizes of scale that do not rise",
        cells("projects", 3, scale_sizes="3000;2000", scale_savings="0.1;0.2"),
        "projects",
        "3",
        "scale_sizes",
        "should rise between smallest_size and largest_size",
    ),
    Broken(
        "size of scale without a saving",
        cells("projects", 3, scale_sizes="3000;4000", scale_savings="0.1"),
        "projects",
        "3",
        "scale_savings",
        "should hold a share for each of the scale_sizes",
    ),
    Broken(
        "savings that fall",
        cells("projects", 3, scale_sizes="3000;4000", scale_savings="0.2;0.1"),
        "projects",
        "3",
        "scale_savings",
        "rising from above 0 to below 1",
    ),
    Broken(
        "returns without years",
        cells("assets", 6, returns_of="magnet", returns_share="1"),
        "assets",
        "6",
        "returns_after_years",
        "should be filled with returns_of, and blank without",
    ),
    Broken(
        "returns of what nobody demands",
        cells("assets", 5, returns_of="magnet", returns_share="1", returns_after_years="3"),
        "assets",
        "5",
        "returns_of",
        "should be a good with final demand in ROW",
    ),
]


@pytest.mark.parametrize("broken", CONCEPTS, ids=lambda broken: broken.name)
def test_what_cannot_be_is_named(broken: Broken, tmp_path: Path) -> None:
    check(broken, tmp_path)
