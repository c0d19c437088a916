"""Stricter data of single concepts, against which the audit holds a plan."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from planting import ALL, every, new
from random_worlds import World

CONCEPTS: dict[str, tuple[Callable[[World], Any], str]] = {
    "limit on activity with a weight": (
        new(
            "limits",
            limit="x",
            measure="activity",
            sense="at least",
            value=1,
            **ALL,
            asset="ore-AUS",
            weights="-1",
        ),
        "limit on operation",
    ),
    "limit on shipments of all years": (
        new(
            "limits",
            limit="x",
            measure="shipment",
            sense="at most",
            value=1,
            **ALL,
            years="together",
        ),
        "limit over years",
    ),
    "decline of existing plants": (
        lambda world: (
            [
                row.update(capacity=row["capacity"] or 100, from_year=2000, decline_rate=0.5)
                for row in world.tables["assets"]
                if row["capacity"] != "inf"
            ]
            + [
                world.tables.update(
                    series=[one for one in world.tables["series"] if one["column"] != "capacity"]
                )
            ]
        ),
        "activity within capacity",
    ),
    "recipes that share a capacity": (
        lambda world: [
            row.update(
                shares_capacity_of=row["asset"].replace("metal", "ore"),
                capacity_use=1e3,
                capacity="inf",
                controller=None,
                status=None,
                fixed_cost_usd_m=None,
                must_run_share=None,
                decline_rate=None,
            )
            for row in world.tables["assets"]
            if row["asset"] == "metal-AUS"
        ],
        "shared capacity",
    ),
    "economies of scale": (
        lambda world: [
            row.update(
                capex_usd_m_per_unit=9.0,
                smallest_size=0.5 * float(row["smallest_size"]),
                scale_sizes=repr(0.6 * float(row["smallest_size"])),
                scale_savings="0.9",
                size_step=None,
            )
            for row in world.tables["projects"]
        ],
        "capital decided",
    ),
    "size in steps": (
        lambda world: [
            row.update(smallest_size=0.9 * size, largest_size=2.1 * size, size_step=0.4 * size)
            for row in world.tables["projects"]
            for size in [float(row["smallest_size"])]
        ],
        "size in steps",
    ),
    "decline of projects": (every("projects", decline_rate=0.9), "activity within capacity"),
    "returns after use": (
        lambda world: (
            [
                row.update(
                    returns_of=world.tables["demand"][0]["commodity"],
                    returns_after_years=1,
                    returns_share=1e-9,
                )
                for row in world.tables["assets"]
                if row["region"] == world.tables["demand"][0]["region"]
            ]
            and [
                world.tables["demand"].append(row | {"year": row["year"] - 9})
                for row in list(world.tables["demand"])
            ]
        ),
        "returns after use",
    ),
}
"""Changes by name, with the finding that each must cause."""
