"""Duals are proved before a price is reported from them, and refused if the proof fails."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pyomo.environ as pyo
import pytest

from paxsilica.api import Question
from paxsilica.errors import InputError
from paxsilica.model.registry import USER
from paxsilica.plan.result import Plan
from paxsilica.plan.solve import make_plan
from paxsilica.plan.tables import PRICE_TABLES
from paxsilica.prices.duals import PriceError, prove, solve_duals
from paxsilica.prices.report import decisions_of, price_table, with_prices
from paxsilica.prices.request import PriceRequest
from paxsilica.solver import solve
from prices.cases import M, case, priced, random_question, started, three_projects, world


def test_a_right_proof_holds_and_a_wrong_one_does_not() -> None:
    start = started(*random_question(1))
    program, good = start.fixed.program, start.fixed.corner.outcome
    assert prove(program, good).holds
    assert good.row_duals is not None
    assert good.values is not None
    at = int(np.argmax(np.abs(good.row_duals)))
    for factor in (-1.0, 0.0, 0.5, 2.0):
        wrong = good.row_duals.copy()
        wrong[at] *= factor
        assert not prove(program, replace(good, row_duals=wrong)).holds
    moved = good.values.copy()
    moved[program.positions("unserved")] += 1.0
    assert not prove(program, replace(good, values=moved)).holds
    with pytest.raises(PriceError, match="no valid duals"):
        prove(program, replace(good, row_duals=None))


@pytest.mark.slow
def test_signs_follow_the_sense_of_the_row() -> None:
    for seed in range(10):
        start = started(*random_question(seed))
        for program in (start.fixed.program, start.written.program.relaxed()):
            duals = solve_duals(program, start.written.case.solver, "it")
            below = np.isinf(program.row_low)
            above = np.isinf(program.row_high)
            assert (duals.rows[below] <= 1e-7).all()
            assert (duals.rows[above] >= -1e-7).all()


def test_without_a_plan_there_is_no_price() -> None:
    tables = world(
        {"make": "-> chip"},
        demand={("A", "chip"): 1.0},
        projects={"p": {"process": "make", "size": 0.5}},
    )
    asked = case()
    plan = make_plan(tables, asked)
    assert plan.status == "infeasible"
    with pytest.raises(PriceError, match="without a plan there is nothing to price"):
        price_table(plan, tables, asked)


def test_the_last_side_of_what_must_be_has_no_price() -> None:
    # all that is wanted must be made, and the budget just pays for it: a dollar less leaves no plan
    tables = world(
        {"make": "-> chip"},
        demand={("A", "chip"): 5.0},
        projects={"p": {"process": "make", "size": 5.0, "capex_usd_m": 50.0}},
    )
    asked = case(budget_usd_m=50.0)
    row = priced(
        price_table(make_plan(tables, asked), tables, asked).table, what="budget", kind="relaxed"
    )
    assert (row["low"], row["high"], row["degenerate"]) == (0.0, float("inf"), "yes")
    assert "one less leaves no plan" in row["meaning"]


def test_the_table_is_as_documented_and_stays_with_the_plan(tmp_path) -> None:  # type: ignore[no-untyped-def]
    tables, asked = random_question(4)
    plan = make_plan(tables, asked)
    prices = price_table(plan, tables, asked)
    assert list(prices.table.columns) == list(PRICE_TABLES["prices"].columns)
    kinds = {"fixed", "relaxed", "commitment", "hull", "resolve"}
    assert set(prices.table["kind"]) == kinds
    assert (
        not prices.table[["what", "where", "kind", "value", "unit", "meaning"]]
        .isna()
        .to_numpy()
        .any()
    )
    what = set(prices.table["what"])
    assert {
        "budget",
        "coverage",
        "commodity in normal times",
        "commodity in a cut-off",
        "security premium",
        "capacity",
    } <= what
    priced_plan = with_prices(plan, prices)
    proof = priced_plan.manifest["price_proof"]
    assert proof["holds"] is True
    assert set(proof["kinds"]) == {"fixed", "relaxed", "hull"}
    assert not prices.proof.empty
    priced_plan.save(tmp_path)
    again = Plan.load(tmp_path)
    assert list(again.tables["prices"]["where"]) == list(prices.table["where"])
    pd.testing.assert_series_equal(
        again.tables["prices"]["value"], prices.table["value"], rtol=1e-9
    )
    # prices of the same plan, computed again, are the same
    pd.testing.assert_frame_equal(price_table(plan, tables, asked).table, prices.table, rtol=1e-9)


@pytest.mark.slow
def test_decisions_are_read_back_from_a_plan() -> None:
    for seed in range(12):
        tables, asked = random_question(seed)
        start = started(tables, asked)
        plan = make_plan(tables, asked)
        outcome = solve(start.written.program, asked.solver)
        assert outcome.values is not None
        at = start.written.program.positions("committed")
        known = decisions_of(plan).values(start.written.program)
        held = solve(start.written.program.fixed(at, known[at]), asked.solver)
        assert held.objective == pytest.approx(plan.objective, rel=1e-9)
        assert start.fixed.objective == pytest.approx(plan.objective, rel=1e-7)


def test_prices_are_in_money_of_their_year_given_that_the_state_occurs() -> None:
    # 10 USD a unit in either year and in either state; discounting and probability must not show
    tables = world(
        {"make": "-> chip"},
        regions={"A": "signatory", "X": "adversary"},
        assets={"plant": {"process": "make", "variable_cost_usd_per_unit": 10.0}},
        commodities={"chip": {"shortage_price_usd_per_unit": 1000.0}},
        demand={("A", "chip"): 3.0},
        scenarios={"normal_state": 0.75, "war": 0.25},
        events=[{"scenario": "war", "event": "cut-off", "region": "X", "from_year": 2031}],
    )
    asked = case("2030-2032", scenarios=["normal_state", "war"], finance={"discount_rate": 0.1})
    table = price_table(
        make_plan(tables, asked), tables, asked, PriceRequest(kinds=("fixed",))
    ).table
    goods = table[table["what"].str.startswith("commodity")]
    assert len(goods) >= 5
    assert set(goods["what"]) == {"commodity in normal times", "commodity in a cut-off"}
    assert goods["value"].to_numpy() == pytest.approx(10.0)


def test_the_premium_is_the_difference() -> None:
    # Cut off, chips cost 40 at home, and normally 10 from abroad. All of 5 must be covered by what
    # runs in normal times at half its size.
    tables = world(
        {"make": "-> chip"},
        regions={"A": "signatory", "X": "adversary"},
        commodities={"chip": {"covered": True, "shortage_price_usd_per_unit": 90 * M}},
        assets={"abroad": {"process": "make", "region": "X", "variable_cost_usd_per_unit": 10 * M}},
        projects={
            "home": {
                "process": "make",
                "size": (0.0, 20.0),
                "capex_usd_m_per_unit": 7.0,
                "variable_cost_usd_per_unit": 40 * M,
            }
        },
        routes={"X>A chip": 0.0},
        demand={("A", "chip"): 5.0},
    )
    asked = case(coverage={"required": 1.0, "from_year": 2030, "hard": True})
    table = price_table(
        make_plan(tables, asked), tables, asked, PriceRequest(kinds=("fixed",))
    ).table
    normal = priced(table, what="commodity in normal times", where="A, chip")["value"]
    premium = priced(table, what="security premium", where="A, chip")["value"]
    cut = priced(table, what="commodity in a cut-off", where="A, chip")["value"]
    assert normal == pytest.approx(10 * M)
    assert premium == pytest.approx(cut - normal)
    # a point more of coverage is 5 / 100 of a unit made and delivered: 7 each
    row = priced(table, what="coverage", kind="fixed")
    assert row["high"] == pytest.approx(float("inf")) or row["high"] == pytest.approx(0.05 * 7)
    assert row["low"] == pytest.approx(0.05 * 7)


def test_lead_time_is_estimated_from_rents() -> None:
    # wanted from the first year on, there from the second: a year sooner saves the shortage of 100
    # less nothing, for the plan as it is
    tables = world(
        {"make": "-> chip"},
        commodities={"chip": {"shortage_price_usd_per_unit": 10 * M}},
        projects={
            "p": {
                "process": "make",
                "size": 10.0,
                "capex_usd_m": 30.0,
                "lead_time_years": 2,
                "earliest_commitment": 2030,
            }
        },
        demand={("A", "chip"): 10.0},
    )
    asked = case("2030-2033", budget_usd_m=30.0)
    asked_for = PriceRequest(kinds=("fixed", "resolve"), sooner=("p",), money=())
    table = price_table(make_plan(tables, asked), tables, asked, asked_for).table
    # the plant runs in 2032 and 2033; in 2031 the model has no rows for it, which the estimate says
    # it leaves out
    assert priced(table, what="lead time", kind="fixed")["value"] == pytest.approx(0.0)
    assert priced(table, what="lead time", kind="resolve")["value"] == pytest.approx(100.0)


def test_three_projects_prove_themselves() -> None:
    tables, asked = three_projects(), case(budget_usd_m=45.0)
    proof = price_table(make_plan(tables, asked), tables, asked).proof
    assert (proof["error"] <= proof["tolerance"]).all()
    assert set(proof["check"]) == {"feasibility", "sign", "slackness", "duality"}


def test_with_nothing_to_decide_every_kind_says_the_same() -> None:
    tables = world(
        {"make": "-> chip"},
        assets={
            "good": {"process": "make", "capacity": 3.0, "variable_cost_usd_per_unit": 10.0},
            "dear": {"process": "make", "variable_cost_usd_per_unit": 25.0},
        },
        demand={("A", "chip"): 5.0},
    )
    asked = case()
    table = price_table(make_plan(tables, asked), tables, asked).table
    goods = table[table["what"] == "commodity in normal times"]
    assert list(goods["kind"]) == ["fixed", "relaxed", "hull"]
    assert goods["value"].to_numpy() == pytest.approx(25.0)
    # another unit of the good plant spares the difference
    assert table[table["what"] == "capacity"]["value"].to_numpy() == pytest.approx(15.0)
    assert priced(table, what="uplift", where="all")["value"] == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize(
    ("objective", "hard", "price"),
    [("budget", True, 7.0), ("cost", False, 7.0)],
)
def test_prices_are_counted_in_what_the_case_minimises(
    objective: str, hard: bool, price: float
) -> None:
    # a point of coverage is 0.05 of a unit: 7 of public capital
    tables = world(
        {"make": "-> chip"},
        regions={"A": "signatory", "X": "adversary"},
        commodities={"chip": {"covered": True, "shortage_price_usd_per_unit": 90 * M}},
        assets={"abroad": {"process": "make", "region": "X"}},
        projects={"home": {"process": "make", "size": (0.0, 20.0), "capex_usd_m_per_unit": 7.0}},
        routes={"X>A chip": 0.0},
        demand={("A", "chip"): 5.0},
    )
    asked = case(
        objective=objective,
        coverage={"required": 0.6, "from_year": 2030, "hard": hard},
        finance={"discount_rate": 0.1},
    )
    table = price_table(make_plan(tables, asked), tables, asked).table
    for kind in ("fixed", "relaxed"):
        assert priced(table, what="coverage", kind=kind)["value"] == pytest.approx(0.05 * price), (
            kind
        )


def test_coverage_and_the_cap_by_solving_again() -> None:
    tables, asked = next(
        made for made in map(random_question, range(60)) if made[1].concentration is not None
    )
    assert asked.concentration is not None
    assert asked.coverage is not None
    plan = make_plan(tables, asked)
    table = price_table(
        plan,
        tables,
        asked,
        PriceRequest(
            kinds=("resolve",), money=(), coverage=("metal",), concentration=True, points=10
        ),
    ).table
    more = asked.coverage.model_copy(update={"required": {0: asked.coverage.required[0] + 0.1}})
    wider = asked.concentration.model_copy(
        update={"max_share": asked.concentration.max_share + 0.1}
    )
    dearer = make_plan(tables, asked.model_copy(update={"coverage": more})).objective
    easier = make_plan(tables, asked.model_copy(update={"concentration": wider})).objective
    assert plan.objective is not None
    assert dearer is not None
    assert easier is not None
    assert priced(table, what="coverage")["value"] == pytest.approx(
        (dearer - plan.objective) / 10, abs=1e-6
    )
    assert priced(table, what="concentration")["value"] == pytest.approx(
        (plan.objective - easier) / 10, abs=1e-6
    )


def test_a_unit_of_capacity_moves_must_run_and_follows_events() -> None:
    tables = world(
        {"make": "-> chip"},
        commodities={"chip": {"shortage_price_usd_per_unit": 40.0}},
        assets={
            "good": {"process": "make", "capacity": 3.0, "variable_cost_usd_per_unit": 10.0},
            "dear": {
                "process": "make",
                "capacity": 10.0,
                "variable_cost_usd_per_unit": 25.0,
                "must_run_share": 0.5,
            },
            "spot": {"process": "make", "capacity": 30.0, "variable_cost_usd_per_unit": 10.0},
        },
        demand={("A", "chip"): 8.0},
        scenarios={"war": 1.0},
        events=[
            {
                "scenario": "war",
                "event": "capacity",
                "region": "A",
                "from_year": 2031,
                "factor": 0.5,
            },
            {"scenario": "war", "event": "demand", "region": "A", "from_year": 2031, "factor": 5.0},
        ],
    )
    asked = case("2030-2031", scenarios=["war"])
    table = price_table(
        make_plan(tables, asked), tables, asked, PriceRequest(kinds=("fixed",))
    ).table
    rents = table[table["what"] == "capacity"].set_index(["where", "when"])["value"]
    # 2030: 3 + 3 + 5 are there for 8: of dear only what must run runs, and each unit more of it
    # puts out half a unit at 10
    assert rents["dear", 2030] == pytest.approx(-7.5)
    # 2031: 40 are wanted, and half of 43 is there: each unit more is half a unit less missing, at
    # 40 less its cost
    assert rents["good", 2031] == pytest.approx(0.5 * 30)
    assert rents["dear", 2031] == pytest.approx(0.5 * 15)
    assert ("good", 2030) not in rents


def test_rows_of_a_user_are_priced_and_never_left_out() -> None:
    # graded gains 10 a unit, and a user holds it at 10 of 30; lump (30) is built too
    question = Question(three_projects(), case(budget_usd_m=45.0))
    model = question.model()
    model.most = pyo.Constraint(expr=model.added_size["graded", 2030] <= 10.0)
    plan = question.solve(model=model)
    asked = PriceRequest(kinds=("fixed",))
    table = price_table(plan, question.tables, question.case, asked, model=model).table
    assert priced(table, what=f"{USER}most")["value"] == pytest.approx(10.0)
    asked = PriceRequest(kinds=("resolve",), money=(), members=("A",))
    with pytest.raises(InputError, match="cannot keep the rows that a user added"):
        price_table(plan, question.tables, question.case, asked, model=model)


def test_integer_variables_of_a_user_are_not_priced() -> None:
    question = Question(three_projects(), case(budget_usd_m=45.0))
    model = question.model()
    model.flag = pyo.Var(domain=pyo.Binary)
    model.linked = pyo.Constraint(expr=model.added_size["graded", 2030] <= 30.0 * model.flag)
    plan = question.solve(model=model)
    with pytest.raises(PriceError, match="integer variables of a user"):
        price_table(plan, question.tables, question.case, model=model)
