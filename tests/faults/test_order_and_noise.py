"""The order of rows in the data does not show, noise is zero, and decisions of size zero are not
listed."""

from __future__ import annotations

import random
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest
from random_worlds import random_world

from paxsilica.audit import audit
from paxsilica.case import Case
from paxsilica.plan import extract
from paxsilica.plan.result import Plan, table_text
from paxsilica.plan.solve import make_plan
from paxsilica.plan.tables import PLAN_TABLES
from paxsilica.studies.break_even import BreakEven
from paxsilica.tables import TABLES, Tables
from report_world import named, tables
from worlds import case

SOFT = {"required": 0.4, "from_year": 2031, "hard": False}


def replaced(given: Tables, **rows: Any) -> Tables:
    return replace(given, **rows)


def shuffled(given: Tables, seed: int) -> Tables:
    chance = random.Random(seed)
    rows: dict[str, Any] = {}
    for name in TABLES:
        found = list(given.rows(name))
        chance.shuffle(found)
        rows[name] = tuple(found)
    return replaced(given, **rows)


def texts(plan: Plan) -> dict[str, str]:
    return {name: table_text(frame) for name, frame in plan.tables.items()}


@pytest.mark.parametrize("seed", range(6))
def test_shuffled_rows_give_the_same_tables(seed: int) -> None:
    given, asked = random_world(seed).read()
    first, second = (texts(make_plan(one, asked)) for one in (given, shuffled(given, seed)))
    differing = [name for name in first if first[name] != second[name]]
    assert not differing, (first[differing[0]], second[differing[0]])


def test_shuffled_rows_of_the_world_of_reports() -> None:
    plan = named().plan
    case = Case.model_validate(dict(plan.manifest["case"]))
    assert texts(make_plan(shuffled(tables(), 1), case)) == texts(plan)


@pytest.mark.parametrize("name", ["stocks", "binding", "costs", "service"])
def test_noise_is_zero(name: str) -> None:
    schema = PLAN_TABLES[name].schema
    row = [
        (
            1.8e-15
            if column.numeric and column.dtype == "number"
            else 2030
            if column.numeric
            else "x"
        )
        for column in schema.values()
    ]
    large = [1000.0 if value == 1.8e-15 else value for value in row]
    frame = extract.table(name, [tuple(row), tuple(large)])
    for key, column in schema.items():
        if column.dtype == "number":
            assert frame[key].tolist() == [0.0, 1000.0]
            assert not np.signbit(frame[key]).any()


def test_small_quantities_of_a_large_unit_are_no_noise() -> None:
    """A commodity that is counted in million tonnes, beside one in grams."""
    rows = [
        (2030, "x", commodity, quantity, quantity, "u")
        for commodity, quantity in (("dopant", 2e-15), ("water", 1e9))
    ]
    columns = list(PLAN_TABLES["stocks"].columns)
    order = ["year", "region", "commodity", "level", "quantity", "unit"]
    frame = extract.table(
        "stocks", [tuple(row[order.index(key)] for key in columns) for row in rows]
    )
    assert frame["level"].tolist() == [2e-15, 1e9]


def test_a_commitment_of_size_zero_is_not_listed() -> None:
    """Every project of the plan has a size, capital, or a reason: it is required or another needs
    it. Its capital and its size cost nothing here, so a commitment of size zero is free."""
    free = {"smallest_size": 0.0, "capex_usd_m": 0.0, "capex_usd_m_per_unit": 5.0}
    projects = tuple(row.model_copy(update=free) for row in tables().projects)
    for budget in (0.0, 1.0, 20.0):
        asked = case(
            "2030-2034", budget_usd_m=budget, roles={"protected": ["signatory"]}, coverage=SOFT
        )
        plan = make_plan(replaced(tables(), projects=projects), asked)
        sizes = dict(zip(plan.portfolio["project"], plan.portfolio["size"], strict=True))
        needed = {
            other for row in projects if row.project in sizes for other in row.prerequisites or ()
        }
        assert all(size > 0 for name, size in sizes.items() if name not in needed)
        assert set(plan.table("commitments")["project"]) == set(sizes)
        assert not audit(plan, replaced(tables(), projects=projects), asked)


@pytest.mark.parametrize("ends", [(600000.0, 6000.0), (6000.0, 600000.0), (-1.0, -5.0)])
def test_ranges_are_in_ascending_order(ends: tuple[float, float]) -> None:
    numbers = {one.name: 0.0 if one.type == "float" else "" for one in fields(BreakEven)}
    found = BreakEven(**numbers | {"at": None, "searched": ends, "settled": True})
    low, high = sorted(ends)
    assert f"from {low:,.6g} to {high:,.6g}" in found.sentence
