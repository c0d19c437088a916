"""Laws that every optimum obeys, whatever the data: on random small worlds, every plan audited."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from random_worlds import World, random_world
from witness import audited_plan

from paxsilica.instance import make_instance
from paxsilica.model import build
from paxsilica.model.registry import COSTS, ROWS
from paxsilica.solver import compile_model, solve
from paxsilica.tables import TABLES
from paxsilica.tables.layout import layout

SMALL = 1e-5
"""Relative; each optimum is proved to the solver's tolerances."""


def optimum(world: World) -> float:
    """Objective of the audited plan; infinite where there is none."""
    tables, case = world.read()
    plan = audited_plan(tables, case)
    assert plan.status in ("optimal", "infeasible")
    return math.inf if plan.objective is None else plan.objective


def room(*values: float) -> float:
    return SMALL * max(1.0, *(abs(value) for value in values if math.isfinite(value)))


def worlds(
    first: int, count: int, fits: Callable[[World], Any] = lambda world: True
) -> Iterable[tuple[int, World]]:
    """The next worlds of this kind."""
    found, seed = 0, first
    while found < count:
        world = random_world(seed)
        if fits(world):
            found += 1
            yield seed, world
        seed += 1


def never_better(
    first: int, count: int, fits: Callable[[World], Any], change: Callable[[World], None], sign: int
) -> None:
    """After the change no optimum is lower (``sign`` 1) or no optimum is higher (-1); in some world
    it makes a difference."""
    differences = 0
    for seed, world in worlds(first, count, fits):
        other = world.copy()
        change(other)
        before, after = optimum(world), optimum(other)
        if not math.isinf(before) or not math.isinf(after):
            assert sign * (after - before) >= -room(before, after), seed
        differences += before != after
    assert differences


def has_budget(world: World) -> Any:
    return (
        "budget_usd_m" in world.case
        and len(world.tables["projects"]) > 1
        and world.case.get("objective", "cost") != "budget"
    )


def test_more_budget_never_hurts() -> None:
    def change(world: World) -> None:
        world.case["budget_usd_m"] *= 3

    def tight(world: World) -> bool:
        if not has_budget(world):
            return False
        world.case["budget_usd_m"] = 3.0
        return True

    never_better(100, 8, tight, change, -1)


@pytest.mark.slow
def test_larger_envelopes_never_hurt() -> None:
    def change(world: World) -> None:
        for row in world.tables["funders"]:
            for column in ("envelope_usd_m", "annual_limit_usd_m"):
                if row[column] is not None:
                    row[column] = float(row[column]) * 2  # type: ignore[arg-type]

    never_better(
        200,
        8,
        lambda world: world.tables["funders"] and world.case.get("objective") != "budget",
        change,
        -1,
    )


@pytest.mark.slow
def test_another_project_never_hurts() -> None:
    def change(world: World) -> None:
        row = dict(world.tables["projects"][-1])
        row |= {
            "project": "gift",
            "prerequisites": None,
            "exclusive_group": None,
            "commitment": None,
            "sponsor_share": 1,
            "economic_life_years": 10,
        }
        row |= {"capex_usd_m": 0.01, "lead_time_years": 0}
        world.tables["projects"].append(row)

    plain = {"limit on projects"}
    never_better(300, 8, lambda world: not plain & world.features, change, -1)


@pytest.mark.slow
def test_asking_for_more_coverage_never_cheapens() -> None:
    def change(world: World) -> None:
        required = world.case["coverage"]["required"]
        more = (
            {year: min(1.0, share * 1.5) for year, share in required.items()}
            if isinstance(required, dict)
            else min(1.0, required * 1.5)
        )
        world.case["coverage"]["required"] = more

    never_better(400, 8, lambda world: "coverage" in world.case, change, 1)


@pytest.mark.slow
def test_a_tighter_cap_never_cheapens() -> None:
    def change(world: World) -> None:
        world.case["concentration"]["max_share"] = 0.45

    never_better(
        500,
        4,
        lambda world: "concentration" in world.case and world.case.get("objective") != "budget",
        change,
        1,
    )


def _rename(world: World, table: str, key: str, names: dict[str, str]) -> None:
    """Gives other names to the rows of a table, wherever they are spoken of."""

    def other(name: str, cell: Any) -> Any:
        return (
            ";".join(names.get(part, part) for part in str(cell).split(";"))
            if cell is not None
            else None
        )

    for referring in TABLES:
        for column, entry in layout(referring).items():
            refers = (
                (referring == table and column == key)
                or entry.column.references == table
                or (referring == "limits" and column == "asset")
                or column == "shares_capacity_of"
            )
            if refers:
                for row in world.tables[referring]:
                    if column in row:
                        row[column] = other(column, row[column])
    for row in world.tables["series"]:
        if row["table"] in ("commodities", "assets", "projects", "funders", "routes", "stocks"):
            row["row"] = "|".join(names.get(part, part) for part in str(row["row"]).split("|"))


@pytest.mark.slow
def test_names_and_the_order_of_rows_do_not_matter() -> None:
    for seed, world in worlds(600, 10):
        other = world.copy()
        dice = random.Random(seed)
        keys = {
            "commodities": "commodity",
            "processes": "process",
            "projects": "project",
            "assets": "asset",
            "funders": "funder",
        }
        for table, key in keys.items():
            rows = other.tables[table]
            # in the opposite order of the alphabet, so that whatever looks at names comes out the
            # other way round
            numbers = list(range(100, 100 + len(rows)))
            names = {
                str(row[key]): f"{table[:2]}{900 - number}"
                for row, number in zip(rows, numbers, strict=True)
            }
            _rename(other, table, key, names)
        for rows in other.tables.values():
            dice.shuffle(rows)
        before, after = optimum(world), optimum(other)
        assert before == after or abs(before - after) <= room(before, after), seed


@pytest.mark.slow
def test_another_unit_of_money_changes_the_number_alone() -> None:
    for at, (seed, world) in enumerate(worlds(700, 9)):
        factor = (8.0, 1e-3, 1e3)[at % 3]
        other = world.copy()
        for table in TABLES:
            for column, entry in layout(table).items():
                if "USD" in entry.column.unit:
                    for row in other.tables[table]:
                        if row.get(column) is not None:
                            row[column] = float(row[column]) * factor  # type: ignore[arg-type]
        money = ("usd", "price")
        for row in other.tables["series"]:
            if any(part in str(row["column"]) for part in money):
                row["value"] = float(row["value"]) * factor  # type: ignore[arg-type]
        for row in other.tables["limits"]:
            if row["measure"] == "capital":
                row["value"] = float(row["value"]) * factor  # type: ignore[arg-type]
        if "budget_usd_m" in other.case:
            other.case["budget_usd_m"] *= factor
        before, after = optimum(world), optimum(other)
        assert before * factor == after or abs(before * factor - after) <= factor * room(before), (
            seed
        )


@pytest.mark.slow
def test_divisible_projects_never_cost_more() -> None:
    differences = 0
    for seed, world in worlds(800, 30):
        tables, case = world.read()
        program = compile_model(build(make_instance(tables, case)))
        whole, parts = solve(program, case.solver), solve(program.relaxed(), case.solver)
        if whole.objective is None:
            continue
        assert parts.objective is not None
        assert parts.objective <= whole.objective + room(whole.objective), seed
        differences += parts.objective < whole.objective - room(whole.objective)
    assert differences


@pytest.mark.slow
def test_random_worlds_have_everything_in_them() -> None:
    """Every family of rows is built and every term of cost is there, or these tests would say
    little."""
    rows: Counter[str] = Counter()
    terms: set[str] = set()
    for _, world in worlds(900, 40):
        tables, case = world.read()
        model = build(make_instance(tables, case))
        rows.update({name: len(model.component(name)) for name in ROWS})
        terms |= {name for name, part in model.costs.items() if part.terms}
    assert {name for name in ROWS if not rows[name]} == set()
    assert terms == set(COSTS)
