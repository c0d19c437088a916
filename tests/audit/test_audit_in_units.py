"""The audit gives the same verdict whatever the units are: a sound plan passes, and a planted fault
of one part in ten thousand is found."""

from __future__ import annotations

import dataclasses
import math
from functools import cache
from typing import Any

import pytest
from random_worlds import World, random_world
from units import times
from witness import audited_plan

from paxsilica.audit import audit
from paxsilica.case import Case
from paxsilica.plan.result import Plan
from paxsilica.tables import Tables
from paxsilica.tables.layout import layout
from paxsilica.tables.schema import TABLES
from worlds import M, some
from worlds import case as small_case
from worlds import world as small_world

UNITS = {"t": 1.0, "kt": 1e-3, "kg": 1e3, "g": 1e6, "0.1 g": 1e7}
"""Number of units in a ton."""

SEEDS = (16, 905, 907, 909)
WORLDS = some(SEEDS, 1)
FAULT = 1e-4
ON_UNITS = ("shipment", "production", "activity", "capacity")
"""Measures of limits that count in units; with ``*`` they add different units."""


def in_units(world: World, goods: float, runs: float, money: float) -> World:
    """The same world with every second commodity (activity of a process, money) counted in units of
    which there are that many in the unit before."""
    found = world.copy()
    tables = found.tables
    names = [row["commodity"] for row in tables["commodities"]]
    recount = dict.fromkeys(names[::2], goods)
    processes = {row["process"]: runs for row in tables["processes"][1::2]}
    tables["limits"] = [row for row in tables["limits"] if row["measure"] not in ON_UNITS]
    plain = [row for row in tables["routes"] if row["commodity"] != "*"]
    tables["routes"] = plain + [
        row | {"commodity": name}
        for row in tables["routes"]
        if row["commodity"] == "*"
        for name in names
    ]

    tables["series"] = [
        row | {"row": str(row["row"]).replace("|*", f"|{name}")}
        for row in tables["series"]
        for name in (names if row["table"] == "routes" and str(row["row"]).endswith("|*") else [""])
    ]

    def factor(table: str, column: str, row: dict[str, Any]) -> float:
        unit = layout(table)[column].column.unit
        if table == "recipes":
            return recount.get(row["commodity"], 1.0) / processes.get(row["process"], 1.0)
        of_goods = table in ("commodities", "demand", "routes", "stocks")
        one = recount.get(row.get("commodity"), 1.0)
        one = one if of_goods else processes.get(row.get("process"), 1.0)
        if column == "returns_share":
            return one / recount.get(row["returns_of"], 1.0)
        if column == "capacity_use":
            base = next(
                plant["process"]
                for key, plants in (("asset", tables["assets"]), ("project", tables["projects"]))
                for plant in plants
                if plant[key] == row["shares_capacity_of"]
            )
            return processes.get(base, 1.0) / one
        if unit.startswith("USD"):
            return money / one if " per " in unit and "unit" in unit else money
        return one if unit.startswith(("commodity units", "units of activity")) else 1.0

    keyed = {
        (table, "|".join(str(row[part]) for part in TABLES[table].key)): row
        for table in ("commodities", "assets", "projects", "funders", "stocks", "routes")
        for row in tables[table]
    }
    for row in tables["series"]:
        owner = keyed.get((str(row["table"]), str(row["row"])))
        if owner is not None:
            change = factor(str(row["table"]), str(row["column"]), owner)
            row["value"] = float(row["value"]) * change  # type: ignore[arg-type]
    for table in TABLES:
        for column, entry in layout(table).items():
            for row in tables[table] if entry.kind == "number" else ():
                if row.get(column) is not None and table not in ("series", "limits"):
                    row[column] = float(row[column]) * factor(table, column, row)  # type: ignore[arg-type]
    for row in tables["projects"]:
        if sizes := row.get("scale_sizes"):
            row["scale_sizes"] = times(sizes, factor("projects", "largest_size", row))
    for row in tables["limits"]:
        if row["measure"] == "capital":
            row["value"] = float(row["value"]) * money  # type: ignore[arg-type]
    if "budget_usd_m" in found.case:
        found.case["budget_usd_m"] *= money
    return found


CHANGES = {
    "as it is": (1.0, 1.0, 1.0),
    **{unit: (number, 1.0, 1.0) for unit, number in UNITS.items() if number != 1},
    "activity in g": (1.0, 1e6, 1.0),
    "activity in kt": (1.0, 1e-3, 1.0),
    "money in thousands": (1.0, 1.0, 1e3),
    "money in thousandths": (1.0, 1.0, 1e-3),
    "everything": (1e3, 1e-3, 1e-3),
}


@cache
def planned(seed: int, change: str) -> tuple[Plan, Tables, Case]:
    tables, case = in_units(random_world(seed), *CHANGES[change]).read()
    return audited_plan(tables, case), tables, case


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("seed", WORLDS)
def test_a_sound_plan_passes_in_any_unit(seed: int, change: str) -> None:
    """And is the same plan."""
    plan, _, case = planned(seed, change)
    same, money = planned(seed, "as it is")[0], CHANGES[change][2]
    assert plan.status == same.status
    if plan.objective is not None:
        assert same.objective is not None
        assert plan.objective / money == pytest.approx(
            same.objective, rel=case.solver.gap + 1e-5, abs=1e-9
        )


CELLS = [
    ("operation", "activity"),
    ("shipments", "quantity"),
    ("funding", "usd_m"),
    ("portfolio", "capex_usd_m"),
    ("coverage_by_commodity", "need"),
    ("costs", "usd_m"),
    ("service", "demand"),
]


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("seed", WORLDS)
def test_a_small_fault_is_found_in_any_unit(seed: int, change: str) -> None:
    plan, tables, case = planned(seed, change)
    tried = 0
    for table, column in CELLS:
        frame = plan.tables[table] if plan.tables else None
        if frame is None or not frame[column].abs().max() > 0:
            continue
        lie = frame.copy()
        at = frame[column].abs().idxmax()
        lie.loc[at, column] = frame.loc[at, column] * (1 + FAULT)
        found = audit(dataclasses.replace(plan, tables={**plan.tables, table: lie}), tables, case)
        assert found, (table, column, frame.loc[at].to_dict())
        tried += 1
    assert tried >= 4 or not plan.tables


def test_the_change_of_units_is_one() -> None:
    """There and back again is the same world."""
    world = in_units(random_world(SEEDS[0]), 1.0, 1.0, 1.0)
    assert world.tables["series"]
    back = in_units(in_units(world, 8.0, 2.0, 4.0), 1 / 8, 1 / 2, 1 / 4)
    for table, rows in world.tables.items():
        for row, other in zip(rows, back.tables[table], strict=True):
            for column, cell in row.items():
                if isinstance(cell, float) and math.isfinite(cell):
                    assert other[column] == pytest.approx(cell, rel=1e-12)


@pytest.mark.parametrize("power", range(4, 20))
def test_a_small_term_of_cost_is_compared_as_the_plan_writes_it(power: int) -> None:
    """Freight of 1e-4 to 1e-19 of the cost of operation, which the plan writes as zero below
    1e-12 of the largest term. A wrong term is found where it is written."""
    freight = 10.0**-power
    given = small_world(
        {"smelt": "-> metal"},
        regions={"A": "signatory", "B": "signatory"},
        assets={"works": {"process": "smelt", "region": "B", "variable_cost_usd_per_unit": M}},
        demand={("A", "metal"): 5.0},
        routes={"B>A metal": freight * M},
    )
    asked = small_case()
    plan = audited_plan(given, asked)
    costs = plan.costs.set_index("term")["usd_m"]
    assert costs["trade"] == pytest.approx(5 * freight if power < 12 else 0.0, rel=1e-6)
    wrong = plan.costs.assign(usd_m=plan.costs["usd_m"].where(plan.costs["term"] != "trade", 1e-9))
    findings = audit(dataclasses.replace(plan, tables=plan.tables | {"costs": wrong}), given, asked)
    assert [one.where for one in findings] == (["trade"] if 5 * freight != 1e-9 else [])
