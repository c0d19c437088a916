"""Prices against what they claim: the program is moved a little and solved again, from scratch and by another door than the prices use."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from paxsilica.errors import InputError
from paxsilica.instance import Instance
from paxsilica.planner import make_plan
from paxsilica.prices import Asked, price_table
from paxsilica.prices.duals import Duals, dual_prices, solve_duals
from paxsilica.prices.goods import goods, goods_prices, per_unit
from paxsilica.prices.subjects import subjects
from paxsilica.prices.whole import Start
from paxsilica.solve import Compiled, solve
from prices.cases import case, priced, random_question, started, three_projects

SEEDS = range(60)
SMALL = 1e-5


@cache
def start_of(seed: int) -> Start:
    return started(*random_question(seed))


def programs(start: Start) -> dict[str, Duals]:
    return {"fixed": start.fixed, "relaxed": solve_duals(start.basis.program.relaxed(), start.basis.case.solver, "it")}


def value(program: Compiled, start: Start) -> float:
    outcome = solve(program, start.basis.case.solver)
    return math.inf if outcome.objective is None else outcome.objective


def moved(program: Compiled, rows: Any, shift: Any) -> Compiled:
    return program.with_rows(rows, program.row_low[rows] + shift, program.row_high[rows] + shift)


@pytest.mark.parametrize("seed", SEEDS)
def test_money_and_coverage_on_both_sides(seed: int) -> None:
    start = start_of(seed)
    for kind, duals in programs(start).items():
        here = value(duals.program, start)
        assert here == pytest.approx(duals.objective, rel=1e-9)
        found = [one for one in subjects(start.basis.instance, duals.program, duals.values) if one.examined]
        by_place = {(one.what, one.where, one.when): one for one in found}
        told = [row for row in dual_prices(duals, found, kind) if row.degenerate]  # type: ignore[arg-type]
        assert {row.what for row in told} >= {"budget", "coverage"}
        for row in told:
            one = by_place[row.what, row.where, row.when]
            step = SMALL / np.abs(one.shift).max()
            sign = -1 if one.gain else 1
            less = sign * (here - value(moved(duals.program, one.rows, -step * one.shift), start)) / step
            more = sign * (value(moved(duals.program, one.rows, step * one.shift), start) - here) / step
            # solutions are exact to 1e-9 or so of a few hundred, over a step of 1e-5
            assert sorted((less, more)) == pytest.approx([row.low, row.high], rel=2e-3, abs=2e-3), (seed, kind, row)
            assert row.low <= row.value <= row.high
            assert (row.degenerate == "yes") == (row.high - row.low > 1e-6 * max(1.0, abs(row.value)))


@pytest.mark.parametrize("seed", range(0, 60, 4))
def test_goods_and_capacity_lie_between_their_two_sides(seed: int) -> None:
    start = start_of(seed)
    instance, draw = start.basis.instance, np.random.default_rng(seed)
    for duals in programs(start).values():
        here = value(duals.program, start)
        for row in draw.choice(duals.program.rows_of("commodity_balance"), 6, replace=False).tolist():
            region, commodity, name = duals.program.row_names[row][1]
            copy, at = instance.copies[name], np.array([row])
            scale = per_unit(instance, copy)
            low = (here - value(moved(duals.program, at, -SMALL), start)) / SMALL * scale
            high = (value(moved(duals.program, at, SMALL), start) - here) / SMALL * scale
            prices = [
                price
                for price in goods_prices(instance, duals.program, duals.rows, "fixed")
                if (price.what, price.where, price.when) == (_what(copy.mode), f"{region}, {commodity}", copy.year)
            ]
            told = prices[0].value if prices else 0.0
            assert low - 2e-3 * scale - 1 <= told <= high + 2e-3 * scale + 1
        _check_capacity(start, duals, instance, here)
        draw_both = [one for one in goods(instance, duals.program, frozenset({"metal"})) if draw.random() < 0.15]
        for price in dual_prices(duals, draw_both, "fixed"):
            one = next(one for one in draw_both if (one.what, one.where, one.when) == (price.what, price.where, price.when))
            low = (here - value(moved(duals.program, one.rows, -SMALL * one.shift), start)) / SMALL * one.scale
            high = (value(moved(duals.program, one.rows, SMALL * one.shift), start) - here) / SMALL * one.scale
            assert (price.low, price.high) == pytest.approx((low, high), rel=2e-3, abs=2e-3 * one.scale)


def _what(mode: str) -> str:
    return "commodity in normal times" if mode == "reference" else "commodity in a switch-off"


def _check_capacity(start: Start, duals: Duals, instance: Instance, here: float) -> None:
    program = duals.program
    rents = [one for one in subjects(instance, program, duals.values) if one.what == "capacity"]
    assert rents
    for one in rents[::5]:
        answers = []
        for step in (-SMALL, SMALL):
            wider = moved(program, one.rows, step * one.shift)
            low, high = program.low[one.columns] + step * one.low_shift, program.high[one.columns] + step * one.high_shift
            answers.append(value(wider.with_columns(one.columns, low, high), start))
        less, more = (answers[0] - here) / SMALL * one.scale, (here - answers[1]) / SMALL * one.scale
        told = one.price(duals.rows, duals.columns)
        assert more - 2e-3 * one.scale <= told <= less + 2e-3 * one.scale


@pytest.mark.parametrize("seed", range(50))
def test_a_resolve_interval_holds_the_truth(seed: int) -> None:
    tables, exact = random_question(seed)
    _, rough = random_question(seed, solver={"gap": 0.05})
    plan = make_plan(tables, rough)
    step = 12.0 if seed % 3 else -8.0
    row = priced(price_table(plan, tables, rough, Asked(kinds=("resolve",), step=step)).table, what="budget")
    more = exact.model_copy(update={"budget_usd_m": exact.budget_usd_m + step})  # type: ignore[operator]
    before, after = make_plan(tables, exact).objective, make_plan(tables, more).objective
    assert before is not None
    assert after is not None
    assert row["low"] - 1e-6 <= (before - after) / step <= row["high"] + 1e-6
    assert row["low"] - 1e-9 <= row["value"] <= row["high"] + 1e-9
    assert (row["undecided"] == "yes") == (row["low"] <= 0)


def test_a_year_less_and_a_member_by_solving_again() -> None:
    tables, asked = next(made for made in map(random_question, SEEDS) if any(row.lead_time_years > 0 for row in made[0].projects))
    name = next(row.project for row in tables.projects if row.lead_time_years > 0)
    table = price_table(make_plan(tables, asked), tables, asked, Asked(kinds=("resolve",), money=(), sooner=(name,), members=("B",))).table
    sooner = tuple(row.model_copy(update={"lead_time_years": 0}) if row.project == name else row for row in tables.projects)
    here = make_plan(tables, asked).objective
    faster = make_plan(replace(tables, projects=sooner), asked).objective
    without = make_plan(tables, asked.model_copy(update={"membership": {"B": "neutral"}})).objective
    assert here is not None
    assert faster is not None
    assert without is not None
    assert priced(table, what="lead time")["value"] == pytest.approx(here - faster, abs=1e-6)
    member = priced(table, what="membership")
    assert member["value"] == pytest.approx(without - here, abs=1e-6)
    assert member["low"] - 1e-6 <= member["value"] <= member["high"] + 1e-6


def test_less_money_than_nothing_is_refused() -> None:
    tables, asked = three_projects(), case(budget_usd_m=35.0)
    with pytest.raises(InputError, match="not below zero"):
        price_table(make_plan(tables, asked), tables, asked, Asked(kinds=("resolve",), step=-36.0))
