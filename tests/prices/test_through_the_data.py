"""Prices against the data: a table or the case is changed a little, the program written again, and
the optimum compared.

Other tests move the sides of rows, which shows that duals are right. These show that they are the
duals of the right rows, in the right unit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from paxsilica.case import Case
from paxsilica.prices.duals import Duals, dual_prices, solve_duals
from paxsilica.prices.priced_items import priced_items
from paxsilica.prices.report import Start
from paxsilica.prices.table import Kind, Price
from paxsilica.solver import Compiled, solve
from paxsilica.solver.resolve import write
from paxsilica.tables import Tables
from prices.cases import random_question, started, world
from worlds import seeds

STEP = 1e-4

Change = Callable[[Tables, Case, float], tuple[Tables, Case]]
Total = Callable[[Start, list[Price]], float]


def question(seed: int) -> tuple[Tables, Case]:
    """A random question; every other one with a likely cut-off, so that states have
    probabilities."""
    tables, asked = random_question(seed)
    if seed % 2:
        return tables, asked
    event = {"scenario": "war", "event": "cut-off", "region": "X", "from_year": 2031}
    other = world(
        {"mine": "-> ore"},
        regions={"X": "adversary"},
        scenarios={"normal_state": 0.7, "war": 0.3},
        events=[event],
    )
    return replace(tables, scenarios=other.scenarios, events=other.events), asked.model_copy(
        update={"scenarios": ("normal_state", "war")}
    )


def more_money(tables: Tables, asked: Case, step: float) -> tuple[Tables, Case]:
    assert asked.budget_usd_m is not None
    return tables, asked.model_copy(update={"budget_usd_m": asked.budget_usd_m + step})


def more_coverage(tables: Tables, asked: Case, step: float) -> tuple[Tables, Case]:
    assert asked.coverage is not None
    required = {year: share + step / 100 for year, share in asked.coverage.required.items()}
    return tables, asked.model_copy(
        update={"coverage": asked.coverage.model_copy(update={"required": required})}
    )


def more_capacity(plant: str) -> Change:
    def change(tables: Tables, asked: Case, step: float) -> tuple[Tables, Case]:
        assets = tuple(
            (
                row.model_copy(update={"capacity": row.capacity + step})
                if row.asset == plant and row.capacity is not None
                else row
            )
            for row in tables.assets
        )
        return replace(tables, assets=assets), asked

    return change


def more_wanted(tables: Tables, asked: Case, step: float) -> tuple[Tables, Case]:
    """In the region of the adversary: there it raises no requirement of coverage."""
    demand = tuple(
        row.model_copy(update={"quantity": row.quantity + step}) if row.region == "X" else row
        for row in tables.demand
    )
    return replace(tables, demand=demand), asked


def present(start: Start, price: Price) -> float:
    """A price in money of its year, as USD million of the objective."""
    assert price.when is not None
    return price.value / 1e6 * start.written.instance.discount(price.when)


def capacity_of(plant: str) -> Total:
    return lambda start, reported: (
        -sum(
            present(start, price)
            for price in reported
            if price.what == "capacity" and price.where == plant
        )
    )


def wanted_in_x(start: Start, reported: list[Price]) -> float:
    """Each state occurs with its probability, and the price is given that it does."""
    chance = {
        state.year: state.probability
        for state in start.written.instance.states.values()
        if state.mode == "normal"
    }
    return sum(
        chance[price.when] * present(start, price)
        for price in reported
        if price.what == "commodity in normal times"
        and price.where == "X, metal"
        and price.when is not None
    )


CASES: dict[str, tuple[Change, Total]] = {
    "budget": (
        more_money,
        lambda _, reported: -sum(price.value for price in reported if price.what == "budget"),
    ),
    "coverage": (
        more_coverage,
        lambda _, reported: sum(price.value for price in reported if price.what == "coverage"),
    ),
    "x-smelt": (more_capacity("x-smelt"), capacity_of("x-smelt")),
    "a-mine": (more_capacity("a-mine"), capacity_of("a-mine")),
    "demand": (more_wanted, wanted_in_x),
}


def optimum(start: Start, kind: Kind, change: Change, step: float) -> float:
    program = write(*change(start.written.tables, start.written.case, step)).program
    outcome = solve(as_kind(start, kind, program), start.written.case.solver)
    assert outcome.objective is not None
    return outcome.objective


def as_kind(start: Start, kind: Kind, program: Compiled) -> Compiled:
    return program.relaxed() if kind == "relaxed" else start.known.fixed(program)


@pytest.mark.parametrize("seed", seeds(0, 10, 14))
def test_duals_are_what_a_change_of_the_data_costs(seed: int) -> None:
    start = started(*question(seed))
    kinds: dict[Kind, Duals] = {
        "fixed": start.fixed,
        "relaxed": solve_duals(start.written.program.relaxed(), start.written.case.solver, "it"),
    }
    for kind, duals in kinds.items():
        instance = start.written.instance
        reported = list(
            dual_prices(
                duals,
                priced_items(instance, duals.program, duals.values),
                kind,
            )
        )
        for name, (change, total) in CASES.items():
            less = (duals.objective - optimum(start, kind, change, -STEP)) / STEP
            more = (optimum(start, kind, change, STEP) - duals.objective) / STEP
            error = 1e-3 * max(1.0, abs(less), abs(more))
            assert less - error <= total(start, reported) <= more + error, (kind, name)


def test_a_cap_on_concentration_moved_in_the_case() -> None:
    tried = 0
    for seed in range(60):
        tables, asked = question(seed)
        if asked.concentration is None:
            continue
        start = started(tables, asked)
        duals = solve_duals(start.written.program.relaxed(), asked.solver, "it")

        def change(tables: Tables, asked: Case, step: float) -> tuple[Tables, Case]:
            assert asked.concentration is not None
            cap: Any = asked.concentration.model_copy(
                update={"max_share": asked.concentration.max_share + step / 100}
            )
            return tables, asked.model_copy(update={"concentration": cap})

        less = (duals.objective - optimum(start, "relaxed", change, -STEP)) / STEP
        more = (optimum(start, "relaxed", change, STEP) - duals.objective) / STEP
        if abs(less - more) > 1e-3 * max(1.0, abs(less)) or abs(less) < 1e-3:
            continue  # a kink, at which a first-order price may be off, or nothing to see
        tried += 1
        reported = dual_prices(
            duals, priced_items(start.written.instance, duals.program, duals.values), "relaxed"
        )
        everywhere = next(
            price for price in reported if price.where == "every region and commodity"
        )
        assert -everywhere.value == pytest.approx((less + more) / 2, rel=1e-3)
    assert tried >= 3
