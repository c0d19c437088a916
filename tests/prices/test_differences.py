"""Prices against what they claim: the program is moved a little and solved again, from scratch and
by another way than the prices use."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from paxsilica.errors import InputError
from paxsilica.plan.solve import make_plan
from paxsilica.prices.degeneracy import differ
from paxsilica.prices.duals import Duals, dual_prices, solve_duals
from paxsilica.prices.finite_difference import fall, ordered
from paxsilica.prices.priced_items import PricedItem, goods, priced_items
from paxsilica.prices.report import Start, price_table
from paxsilica.prices.request import PriceRequest
from paxsilica.prices.table import PREMIUM
from paxsilica.solver import Compiled, solve
from paxsilica.solver.persistent import Movement
from paxsilica.solver.resolve import NOWHERE, Interval
from paxsilica.tables import Tables
from prices.cases import M, case, priced, random_question, started, three_projects, world
from worlds import seeds

SEEDS = range(20)
SMALL = 1e-5


@cache
def start_of(seed: int) -> Start:
    return started(*random_question(seed))


def programs(start: Start) -> dict[str, Duals]:
    return {
        "fixed": start.fixed,
        "relaxed": solve_duals(start.written.program.relaxed(), start.written.case.solver, "it"),
    }


def value(program: Compiled, start: Start) -> float:
    outcome = solve(program, start.written.case.solver)
    return math.inf if outcome.objective is None else outcome.objective


def moved(program: Compiled, movement: Movement, step: float) -> Compiled:
    rows, columns = movement.rows, movement.columns
    wider = program.with_rows(
        rows,
        program.row_low[rows] + step * movement.shift,
        program.row_high[rows] + step * movement.shift,
    )
    low, high = (
        program.low[columns] + step * movement.low_shift,
        program.high[columns] + step * movement.high_shift,
    )
    return wider.with_columns(columns, low, high)


def two_sides(program: Compiled, start: Start, one: PricedItem, here: float) -> tuple[float, float]:
    """What one less and one more of something mean, by solving the moved programs from scratch."""
    step = SMALL / one.movement.size()
    sign = (-1 if one.gain else 1) * one.scale
    less = sign * (here - value(moved(program, one.movement, -step), start)) / step
    more = sign * (value(moved(program, one.movement, step), start) - here) / step
    return less, more


@pytest.mark.parametrize("seed", seeds(0, 8, 52))
def test_the_price_of_everything_on_both_sides(seed: int) -> None:
    start, draw = start_of(seed), np.random.default_rng(seed)
    instance = start.written.instance
    for kind, duals in programs(start).items():
        here = value(duals.program, start)
        assert here == pytest.approx(duals.objective, rel=1e-9)
        every = priced_items(instance, duals.program, duals.values)
        for what, share in {
            "capacity": 0.2,
            "commodity in normal times": 0.1,
            "commodity in a cut-off": 0.1,
            PREMIUM: 0.1,
        }.items():
            every = [one for one in every if one.what != what or draw.random() < share]
        assert {one.what for one in every} >= {"budget", "coverage"}
        by_place = {(one.what, one.where, one.when): one for one in every}
        # without requested left and right values, the verdict is by certificate
        certified = {
            (row.what, row.where, row.when): row for row in dual_prices(duals, every, kind)
        }  # type: ignore[arg-type]
        reported = {
            (row.what, row.where, row.when): row
            for row in dual_prices(duals, every, kind, frozenset(by_place))
        }  # type: ignore[arg-type]
        for name, one in by_place.items():
            less, more = two_sides(duals.program, start, one, here)
            # solutions are exact to 1e-9 or so of a few hundred, over a step of 1e-5
            error = {"rel": 2e-3, "abs": 2e-3 * one.scale * one.movement.size()}
            row = reported.get(name)
            if row is None:
                assert (less, more) == pytest.approx((0.0, 0.0), **error), (seed, kind, name)
                assert not one.shown
                continue
            assert sorted((less, more)) == pytest.approx([row.low, row.high], **error), (
                seed,
                kind,
                row,
            )
            assert row.low <= row.value <= row.high
            assert row.degenerate == ("yes" if differ(row.low, row.high) else "no")
            first = certified.get(name)
            if first is not None and first.degenerate != "open":
                assert first.degenerate == row.degenerate, (seed, kind, row)
                assert first.value == pytest.approx(row.value) or row.degenerate == "yes"


@pytest.mark.slow
def test_most_verdicts_need_no_further_look() -> None:
    counts: Counter[str] = Counter()
    for seed in SEEDS:
        start = start_of(seed)
        instance = start.written.instance
        for kind, duals in programs(start).items():
            found = goods(instance, duals.program, duals.values)
            counts.update(row.degenerate for row in dual_prices(duals, found, kind))  # type: ignore[arg-type]
    assert set(counts) == {"yes", "no", "open"}
    assert counts["open"] < 0.15 * counts.total()
    assert counts["yes"] > 0.01 * counts.total()


@pytest.mark.parametrize("seed", seeds(0, 6, 44))
def test_a_resolve_interval_holds_the_truth(seed: int) -> None:
    tables, exact = random_question(seed)
    _, rough = random_question(seed, solver={"gap": 0.05})
    plan = make_plan(tables, rough)
    step = 12.0 if seed % 3 else -8.0
    row = priced(
        price_table(plan, tables, rough, PriceRequest(kinds=("resolve",), step=step)).table,
        what="budget",
    )
    more = exact.model_copy(update={"budget_usd_m": exact.budget_usd_m + step})  # type: ignore[operator]
    before, after = make_plan(tables, exact).objective, make_plan(tables, more).objective
    assert before is not None
    assert after is not None
    assert row["low"] - 1e-6 <= (before - after) / step <= row["high"] + 1e-6
    assert row["low"] - 1e-9 <= row["value"] <= row["high"] + 1e-9
    assert (row["undecided"] == "yes") == (row["low"] <= 0 < row["high"])


def test_a_year_less_and_a_member_by_solving_again() -> None:
    tables, asked = next(
        made
        for made in map(random_question, SEEDS)
        if any(row.lead_time_years > 0 for row in made[0].projects)
    )
    name = next(row.project for row in tables.projects if row.lead_time_years > 0)
    table = price_table(
        make_plan(tables, asked),
        tables,
        asked,
        PriceRequest(kinds=("resolve",), money=(), sooner=(name,), members=("B",)),
    ).table
    sooner = tuple(
        row.model_copy(update={"lead_time_years": 0}) if row.project == name else row
        for row in tables.projects
    )
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
        price_table(
            make_plan(tables, asked), tables, asked, PriceRequest(kinds=("resolve",), step=-36.0)
        )


def test_ordered_searches_share_plan_and_bound() -> None:
    # with more money a worse plan was found, but a better bound
    less, more = ordered(Interval(90.0, 100.0), Interval(95.0, 103.0))
    assert (less, more) == (Interval(95.0, 100.0), Interval(95.0, 100.0))
    change = (fall(less, more) / 10.0).at_least_zero()
    assert (change.value, change.interval) == (0.0, Interval(0.0, 0.5))
    assert change.undecided
    # solved to the end, and nothing gained: that is known
    assert not fall(Interval(100.0, 100.0), Interval(100.0, 100.0)).undecided


def test_a_problem_without_a_plan_has_no_finite_difference() -> None:
    none, some = ordered(NOWHERE, Interval(49.0, 50.0))
    assert (none, some) == (NOWHERE, Interval(49.0, 50.0))
    change = fall(none, some)
    assert (change.value, change.interval, change.undecided) == (math.inf, NOWHERE, False)
    assert math.isnan(fall(NOWHERE, NOWHERE).value)


def test_rounding_is_no_price() -> None:
    assert fall(Interval(1e6, 1239213.1), Interval(1e6, 1239213.1 - 2e-9)).value == 0.0


def money_world(**funders: dict[str, Any]) -> Tables:
    return world(
        {"make": "-> chip"},
        regions={"A": "signatory", "B": "signatory", "C": "neutral"},
        commodities={"chip": {"shortage_price_usd_per_unit": 30 * M}},
        projects={"plant": {"process": "make", "size": 10.0, "capex_usd_m": 100.0}},
        funders=funders,
        demand={("A", "chip"): 5.0},
    )


@pytest.mark.parametrize(
    ("asked_for", "said"),
    [
        ("open", "has no envelope that could be moved"),
        ("poor", "does not pay in this case"),
        ("nobody", "should be budget, or a funder"),
    ],
)
def test_a_funder_whose_envelope_has_no_price_is_refused(asked_for: str, said: str) -> None:
    tables = money_world(
        open={"region": "A"},
        poor={"region": "C", "envelope_usd_m": 9.0},
        other={"region": "A", "envelope_usd_m": 9.0},
    )
    plan = make_plan(tables, case())
    with pytest.raises(InputError, match=said):
        price_table(plan, tables, case(), PriceRequest(kinds=("resolve",), money=(asked_for,)))


def test_membership_names_what_changes_with_it() -> None:
    # the plant costs 100 and saves 150; all of the money is B's
    tables = money_world(rich={"region": "B", "envelope_usd_m": 500.0})
    plan = make_plan(tables, case())
    assert plan.objective == pytest.approx(100.0)
    row = priced(
        price_table(
            plan, tables, case(), PriceRequest(kinds=("resolve",), money=(), members=("B",))
        ).table,
        what="membership",
    )
    assert (row["value"], row["low"], row["high"]) == pytest.approx((50.0, 50.0, 50.0))
    assert "its demand among what must be covered, and the money of rich" in row["meaning"]
    row = priced(
        price_table(
            plan, tables, case(), PriceRequest(kinds=("resolve",), money=(), members=("A",))
        ).table,
        what="membership",
    )
    assert "and no money) lowers" in row["meaning"]
