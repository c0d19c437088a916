"""The ends of what can come of a case: none, too many, no end, no time; and a program on which a
solver has been wrong."""

from __future__ import annotations

from pathlib import Path

import highspy
import numpy as np
import pytest
from small import Small
from witness import audited_plan

from paxsilica.case import read_case
from paxsilica.errors import InputError
from paxsilica.tables import load_tables

CASES = Path(__file__).parents[1] / "cases"


def test_solver_is_right_about_a_large_coefficient() -> None:
    """``min 2b + 99999y, a + b = 10, a <= 100y``: 20, by b alone; a release of the solver gave
    9999900 less."""
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = 3, 2  # a, b, y
    lp.col_cost_ = np.array([0.0, 2.0, 99999.0])
    lp.col_lower_, lp.col_upper_ = np.zeros(3), np.array([np.inf, np.inf, 1.0])
    lp.row_lower_, lp.row_upper_ = np.array([10.0, -np.inf]), np.array([10.0, 0.0])
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.num_col_, lp.a_matrix_.num_row_ = 3, 2
    lp.a_matrix_.start_ = np.array([0, 2, 4])
    lp.a_matrix_.index_ = np.array([0, 1, 0, 2])
    lp.a_matrix_.value_ = np.array([1.0, 1.0, 1.0, -100.0])
    lp.integrality_ = [
        highspy.HighsVarType.kContinuous,
        highspy.HighsVarType.kContinuous,
        highspy.HighsVarType.kInteger,
    ]
    solver = highspy.Highs()
    solver.silent()
    solver.passModel(lp)
    solver.run()
    assert solver.getInfo().objective_function_value == pytest.approx(20.0)


def workshop(**case: object) -> Small:
    world = Small(**case)
    world.region("A")
    world.commodity("part")
    world.process("make", {}, {"part": 1})
    world.demand("A", "part", 10)
    return world


def test_what_cannot_be_served_is_infeasible() -> None:
    world = workshop()
    world.asset("old", "A", "make", capacity=9)
    plan = audited_plan(*world.read())
    assert plan.status == "infeasible"
    assert plan.objective is None
    assert not plan.tables


def test_demand_without_a_price_of_shortage_is_served_in_full() -> None:
    world = workshop()
    world.asset("old", "A", "make", capacity=9)
    world.project("new", "A", "make", capex=1000)
    plan = audited_plan(*world.read())
    assert plan.objective == pytest.approx(1000)  # the new plant runs for nothing
    assert float(plan.tables["service"]["unserved"].sum()) == 0


def test_earning_without_limit_is_bad_input() -> None:
    world = workshop()
    world.asset("old", "A", "make", capacity="inf", cost=1)
    world.process("sell", {"part": 1}, {})
    world.asset("market", "A", "sell", capacity="inf", cost=-5)
    with pytest.raises(InputError, match="the model is unbounded"):
        audited_plan(*world.read())


def test_a_tie_is_broken_the_same_way_every_time() -> None:
    world = workshop()
    for name in ("left", "right"):
        world.project(name, "A", "make", capex=3)
    plans = [audited_plan(*world.read()) for _ in range(2)]
    assert [plan.objective for plan in plans] == pytest.approx([3, 3])
    assert list(plans[0].tables["portfolio"]["project"]) == list(
        plans[1].tables["portfolio"]["project"]
    )


def test_with_nothing_to_decide_there_is_a_plan_all_the_same() -> None:
    world = Small()
    world.region("A")
    world.commodity("part")
    world.process("make", {}, {"part": 1})
    world.asset("old", "A", "make", fixed_cost_usd_m=3)
    plan = audited_plan(*world.read())
    assert plan.status == "optimal"
    assert plan.objective == 3


@pytest.mark.parametrize("seconds", [1e-4, 0.02, 0.1])
def test_a_search_cut_short_claims_no_more_than_it_found(seconds: float) -> None:
    folder = CASES / "cap74"
    plan = audited_plan(
        load_tables(folder),
        read_case(folder / "case.toml", [f"solver.time_limit_s={seconds}", "solver.threads=1"]),
    )
    assert plan.status in ("no_plan", "feasible", "optimal")
    if plan.status == "no_plan":
        assert plan.objective is None
    else:
        assert plan.objective is not None
        assert plan.objective >= 1.034976975 - 1e-6
    if plan.bound is not None:
        assert plan.bound <= 1.034976975 + 1e-6
