"""A dual says what the formulation page says it does: its sign follows from the sense of its row,
and it bounds the change of the optimum."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from paxsilica.case import Case
from paxsilica.model import COSTS, ROWS
from paxsilica.solver import Compiled, solve
from worlds import Built, M, approx, built, case, world

LP = case().solver


@cache
def rich() -> tuple[Built, Case]:
    """A small world in which every family of rows and every cost term occurs."""
    site = {"exclusive_group": "site"}
    tables = world(
        {"dig": "-> ore", "smelt": "2 ore -> metal", "press": "metal -> magnet"},
        regions={"A": "signatory", "B": "signatory", "C": "adversary"},
        commodities={
            "metal": {"covered": True, "shortage_price_usd_per_unit": 10 * M},
            "magnet": {"covered": True, "shortage_price_usd_per_unit": 40 * M},
        },
        processes={"smelt": {"minimum_utilisation": 0.4}},
        statuses={"announced": 0.9},
        completion={("announced", "*"): {0: 0.5, 1: 0.3}},
        assets={
            "mine": {
                "process": "dig",
                "region": "B",
                "capacity": 14.0,
                "variable_cost_usd_per_unit": 1 * M,
                "fixed_cost_usd_m": 1.0,
            },
            "theirs": {"process": "smelt", "region": "C", "variable_cost_usd_per_unit": 1 * M},
            "old": {"process": "smelt", "capacity": 1.0, "variable_cost_usd_per_unit": 3 * M},
            "line": {"process": "press", "capacity": 9.0, "variable_cost_usd_per_unit": 2 * M},
            "scrap": {
                "process": "press",
                "capacity": 1.0,
                "variable_cost_usd_per_unit": 9 * M,
                "returns_of": "magnet",
                "returns_after_years": 1,
                "returns_share": 0.1,
            },
            "spare": {
                "process": "press",
                "capacity": 1.0,
                "variable_cost_usd_per_unit": 9 * M,
                "must_run_share": 0.1,
                "closing_cost_usd_m": 0.0,
                "mothballed_fixed_cost_share": 0.0,
                "restart_cost_usd_m": 1.0,
            },
            "line by hand": {
                "process": "press",
                "shares_capacity_of": "line",
                "variable_cost_usd_per_unit": 3 * M,
            },
        },
        projects={
            "port": {
                "process": "dig",
                "region": "B",
                "size": 2.0,
                "capex_usd_m": 3.0,
                "variable_cost_usd_per_unit": 2 * M,
            },
            "small": (
                {
                    "process": "smelt",
                    "size": (2.0, 3.0),
                    "capex_usd_m": 20.0,
                    "capex_usd_m_per_unit": 4.0,
                    "sponsor_share": 0.2,
                    "economic_life_years": 10,
                }
                | site
            ),
            "large": {
                "process": "smelt",
                "region": "B",
                "size": (4.0, 6.0),
                "size_step": 0.5,
                "scale_sizes": (5.0,),
                "scale_savings": (0.01,),
                "expandable": True,
                "status": "announced",
                "capex_usd_m": 30.0,
                "capex_usd_m_per_unit": 5.0,
                "fixed_cost_usd_m": 0.5,
                "variable_cost_usd_per_unit": 2 * M,
                "prerequisites": ("port",),
                "economic_life_years": 10,
                "ramp_profile": (0.5, 1.0),
                "spend_profile": (0.6, 0.4),
            },
            "forced": {"process": "press", "capex_usd_m": 8.0, "commitment": "required"} | site,
        },
        demand={("A", "magnet"): 6, ("C", "magnet"): 2},
        routes={
            "B>A ore": 0.1 * M,
            "B>C ore": 0.1 * M,
            "B>A metal": 0.1 * M,
            "C>A metal": 0.1 * M,
            "A>C magnet": 0.1 * M,
        },
        stocks={
            ("A", "metal"): {"initial": 0.5, "largest": 2.0, "holding_cost_usd_per_unit": 0.2 * M}
        },
        funders={
            "f": {"envelope_usd_m": 40.0, "smallest_ticket_usd_m": 5.0, "largest_share": 0.7},
            "g": {"annual_limit_usd_m": 15.0, "carry_over": True, "cost_of_capital": 0.1},
        },
        mandates=[
            {"funder": "f", "stage": "metal", "largest_usd_m": 35.0},
            {"funder": "f", "stage": "*"},
        ],
        deals=[{"funder": "f", "project": "large", "amount_usd_m": 6.0}],
        limits={
            "plants": {"measure": "projects", "sense": "at most", "value": 3.0},
            "ours": {
                "measure": "production",
                "sense": "at least",
                "value": 1.0,
                "region": "A",
                "commodity": "metal",
            },
            "deposit": {
                "measure": "production",
                "sense": "at most",
                "value": 100.0,
                "commodity": "ore",
                "years": "together",
            },
        },
        scenarios={"base": 0.8, "embargo": 0.2},
        events=[{"scenario": "embargo", "event": "cut-off", "from_year": 2031}],
    )
    asked = case(
        "2030-2032",
        scenarios=["base", "embargo"],
        budget_usd_m=70.0,
        funders={"preference": 0.05},
        coverage={"required": 0.9, "from_year": 2031, "hard": False},
        concentration={"max_share": 0.6, "from_year": 2031, "hard": False},
        finance={"discount_rate": 0.05, "public_funds_cost": 1.25},
        support={"pay": True},
    )
    return built(tables, asked), asked


@cache
def strict() -> Built:
    """A world with the rows that only hard coverage has."""
    tables = world(
        {"boil": "-> acid", "press": "acid -> magnet"},
        regions={"A": "signatory", "C": "adversary"},
        commodities={"magnet": {"covered": True}},
        assets={
            "boiler": {"process": "boil", "capacity": 5.0},
            "theirs": {"process": "boil", "region": "C"},
            "line": {"process": "press"},
        },
        projects={
            "new": {"process": "boil", "size": (0.0, 9.0), "capex_usd_m_per_unit": 2.0},
        },
        routes={"C>A acid": 0.0},
        demand={("A", "magnet"): 4, ("A", "acid"): 4},
    )
    return built(tables, case(coverage={"required": 0.9, "from_year": 2030, "hard": True}))


def holder(family: str) -> Built:
    """The world in which a family of rows occurs."""
    model = rich()[0]
    return model if model.lines(family) else strict()


def lp(kind: str, family: str = "") -> Compiled:
    """The relaxation, or the program with its integer decisions fixed at the optimum."""
    program = holder(family).program if family else rich()[0].program
    if kind == "relaxed":
        return program.relaxed()
    values = solve(program, LP).values
    assert values is not None
    at = np.flatnonzero(program.integer)
    return program.fixed(at, values[at])


def test_every_row_and_every_cost_occurs() -> None:
    model = rich()[0]
    rows = (*model.program.row_names, *strict().program.row_names)
    assert {family for family, _ in rows} == set(ROWS)
    assert {name for name, part in model.model.costs.items() if part.terms} == set(COSTS)


@pytest.mark.parametrize("kind", ["relaxed", "fixed"])
def test_the_sign_of_a_dual_follows_from_the_sense_of_its_row(kind: str) -> None:
    program = lp(kind)
    duals = solve(program, LP).row_duals
    assert duals is not None
    assert (duals[np.isinf(program.row_low)] <= 1e-7).all()
    assert (duals[np.isinf(program.row_high)] >= -1e-7).all()
    assert (np.abs(duals) > 1e-6).sum() > 20


@pytest.mark.parametrize("kind", ["relaxed", "fixed"])
@pytest.mark.parametrize("family", sorted(ROWS))
def test_a_dual_bounds_the_change_of_the_optimum(family: str, kind: str) -> None:
    # the optimum is convex in the right-hand sides: it lies above the line whose slope is the dual,
    # on both sides
    program = lp(kind, family)
    base = solve(program, LP)
    assert base.row_duals is not None
    assert base.objective is not None
    rows = program.rows_of(family)
    row = rows[np.argmax(np.abs(base.row_duals[rows]))]  # the one that says most
    for step in (0.01, -0.01):
        low, high = program.row_low.copy(), program.row_high.copy()
        low[row] += step
        high[row] += step
        moved = solve(replace(program, row_low=low, row_high=high), LP)
        if moved.objective is not None:
            assert moved.objective >= base.objective + base.row_duals[row] * step - 1e-6


def test_the_dual_of_the_balance_is_the_marginal_cost_discounted_and_expected() -> None:
    # metal at A in normal times costs what the last unit costs: from C at 1, feed of 2 ore at 1 +
    # 0.1 carriage each, and 0.1 carriage. No limit binds, so the price is 3.3; in the second year
    # it carries 0.8 for the normal scenario and 1 / 1.25 for the year.
    tables = world(
        {"dig": "-> ore", "smelt": "2 ore -> metal"},
        regions={"A": "signatory", "B": "signatory", "C": "adversary"},
        commodities={"metal": {"shortage_price_usd_per_unit": 50 * M}},
        assets={
            "mine": {"process": "dig", "region": "B", "variable_cost_usd_per_unit": M},
            "theirs": {"process": "smelt", "region": "C", "variable_cost_usd_per_unit": M},
        },
        routes={"B>C ore": 0.1 * M, "C>A metal": 0.1 * M},
        demand={("A", "metal"): 5},
        scenarios={"base": 0.8, "embargo": 0.2},
        events=[{"scenario": "embargo", "event": "cut-off", "from_year": 2031}],
    )
    program = built(
        tables,
        case("2030-2031", scenarios=["base", "embargo"], finance={"discount_rate": 0.25}),
    ).program
    duals = solve(program, LP).row_duals
    assert duals is not None
    price = {
        index: float(duals[at])
        for at, (family, index) in enumerate(program.row_names)
        if family == "commodity_balance"
    }
    assert price["A", "metal", "normal 2030"] == approx(3.3)
    assert price["A", "metal", "normal 2031"] == approx(3.3 * 0.8 * 0.8)
    assert price["C", "ore", "normal 2030"] == approx(1.1)
    assert price["A", "metal", "cut off 2031"] == approx(
        50 * 0.2 * 0.8
    )  # nothing is delivered: the damage of a shortage
