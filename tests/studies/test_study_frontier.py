"""Frontiers against every plan there is: complete, nothing dominated, bounds that hold."""

from __future__ import annotations

import itertools

import pytest
from smallworlds import HARD, Tried, chain_tables, every_plan, question

from paxsilica.api import Question
from paxsilica.errors import InputError
from paxsilica.studies.frontier import Frontier, frontier, rounds


def least(plans: list[Tried], budget: float, shortfall: float = float("inf")) -> Tried:
    fit = [
        one for one in plans if one.budget <= budget + 1e-6 and one.shortfall <= shortfall + 1e-6
    ]
    return min(fit, key=lambda one: (round(one.total, 6), one.budget))


def dominated(found: Frontier, measures: tuple[str, ...]) -> list[str]:
    plans = found.table("plans")
    names = []
    for one, other in itertools.permutations(range(len(plans)), 2):
        mine, rival = (plans.loc[at, list(measures)].to_numpy(dtype=float) for at in (one, other))
        if (rival <= mine + 1e-9).all() and (rival < mine - 1e-6).any():
            names.append(plans["plan"][one])
    return names


@pytest.mark.slow
def test_every_budget_has_its_cheapest_plan() -> None:
    problem = question("2030")
    plans = every_plan(problem)
    found = frontier(problem, along={"budget": 17}, workers=1)
    table = found.table()
    assert len(table) == 17
    assert (table["status"] == "optimal").all()
    for row in table.itertuples():
        best = least(plans, row.limit_budget_usd_m)
        assert row.total_usd_m == pytest.approx(best.total, rel=1e-6)
        assert row.budget_usd_m == pytest.approx(best.budget, abs=1e-4)
        assert row.bound <= best.total + 1e-6
    assert dominated(found, ("total_usd_m", "budget_usd_m")) == []


def test_no_efficient_plan_is_missing_where_the_grid_has_every_budget() -> None:
    problem = question("2030")
    plans = every_plan(problem)
    budgets = sorted({round(one.budget, 6) for one in plans})
    found = frontier(problem, along={"budget": budgets}, workers=1).table("plans")
    efficient = {
        (round(one.total, 4), round(one.budget, 4))
        for one in plans
        if not any(
            other.total <= one.total + 1e-9
            and other.budget <= one.budget + 1e-9
            and (other.total, other.budget) != (one.total, one.budget)
            for other in plans
        )
    }
    assert {
        (round(a, 4), round(b, 4))
        for a, b in zip(found["total_usd_m"], found["budget_usd_m"], strict=True)
    } == efficient


def test_three_measures_and_points_that_cannot_be() -> None:
    problem = question("2030")
    plans = every_plan(problem)
    found = frontier(
        problem,
        "cost",
        {"budget": [0.0, 20.0, 40.0, 60.0], "shortfall": [0.0, 50.0, 130.0, 300.0]},
        workers=1,
    )
    table = found.table()
    assert len(table) == 16
    for row in table.itertuples():
        fit = [
            one
            for one in plans
            if one.budget <= row.limit_budget_usd_m + 1e-6
            and one.shortfall <= row.limit_shortfall_usd_m + 1e-6
        ]
        if not fit:
            assert row.status == "infeasible"
            continue
        # operation of a set of projects may trade cost for shortfall, so the least cost is at most
        # that of the sets at least total cost
        assert row.status == "optimal"
        assert row.cost_usd_m <= min(one.total - one.shortfall for one in fit) + 1e-6
        assert row.shortfall_usd_m <= row.limit_shortfall_usd_m + 1e-6
        assert row.budget_usd_m <= row.limit_budget_usd_m + 1e-6
    assert dominated(found, ("cost_usd_m", "budget_usd_m", "shortfall_usd_m")) == []
    assert set(table["status"]) == {"optimal", "infeasible"}


def test_settled_points_are_not_solved_and_are_still_right() -> None:
    problem = question("2030")
    found = frontier(
        problem, along={"budget": [0.0, 100.0, 150.0, 200.0, 300.0]}, workers=1
    ).table()
    # the loosest budget is not used up, so that all that still fit are settled by it
    assert list(found["solved"]) == [True, False, False, False, True]
    assert found["plan"].nunique() == 2


def test_coverage_is_what_is_met_everywhere() -> None:
    problem = question("2030", coverage={"required": 0.9, "from_year": 2030, "hard": True})
    found = frontier(problem, "budget", {"coverage": [0.0, 0.5, 1.0]}, workers=1).table()
    assert list(found["limit_coverage"]) == [0.0, 0.5, 1.0]  # from the loosest to the tightest
    assert (found["coverage"] >= found["limit_coverage"] - 1e-6).all()
    assert found["budget_usd_m"].is_monotonic_increasing
    whole = question(
        "2030", coverage={"required": 0.9, "from_year": 2030, "hard": True}, objective="budget"
    ).solve()
    assert found["budget_usd_m"].iloc[-1] == pytest.approx(whole.objective, abs=1e-4)
    half = question(
        "2030", coverage={"required": 0.45, "from_year": 2030, "hard": True}, objective="budget"
    ).solve()
    assert found["budget_usd_m"].iloc[1] == pytest.approx(half.objective, abs=1e-4)
    # the budget does not depend on operation; every plan is run at its least cost
    assert found["cost_usd_m"].iloc[-1] == pytest.approx(whole.costs["usd_m"].sum(), rel=1e-4)


def test_concentration_has_a_price() -> None:
    hard = {"required": 0.6, "from_year": 2030, "hard": True}
    found = frontier(
        question("2030", coverage=hard),
        "total",
        {"concentration": [1.0, 0.7, 0.55, 0.2]},
        workers=1,
    ).table()
    for row in found.itertuples():
        alone = question(
            "2030",
            coverage=hard,
            concentration={"max_share": row.limit_concentration, "from_year": 2030, "hard": True},
        ).solve()
        if alone.objective is None:
            assert row.status == "infeasible"
        else:
            assert row.total_usd_m == pytest.approx(alone.objective, rel=1e-5)
            assert row.concentration <= row.limit_concentration + 1e-6
    assert "infeasible" in set(found["status"])


def test_a_case_without_any_plan() -> None:
    nothing = chain_tables(
        limits={"none": {"measure": "projects", "sense": "at most", "value": 0.0}}
    )
    impossible = Question(nothing, question("2030", coverage=HARD).case)
    assert list(
        frontier(impossible, along={"budget": [0.0, 1.0]}, workers=1).table()["status"]
    ) == ["infeasible", "infeasible"]
    with pytest.raises(InputError, match="no plan"):
        frontier(impossible, along={"budget": 3}, workers=1)


@pytest.mark.parametrize(
    ("minimised", "along", "words"),
    [
        ("total", {"budgett": 3}, "should be one of"),
        ("total", {"concentration": 3}, "list of limits"),
        ("total", {"budget": 1}, "at least 2 points"),
        ("total", {"total": 4}, "should not be the measure"),
        ("coverage", {"budget": 4}, "should be total, cost, shortfall or budget"),
        ("cost", {"shortfall": 4, "coverage": 3}, "nothing is missing"),
    ],
)
def test_invalid_questions_are_refused(minimised: str, along: dict[str, int], words: str) -> None:
    with pytest.raises(InputError, match=words):
        frontier(question("2030"), minimised, along, workers=1)


def test_rounds_visit_each_point_once() -> None:
    for count in range(1, 20):
        assert len(rounds(count)) == count
        assert rounds(count).count(0) == min(count, 2)


def test_figure_and_files(tmp_path: object) -> None:
    found = frontier(
        question("2030"),
        along={"budget": [0.0, 30.0, 60.0], "shortfall": [100.0, 300.0]},
        workers=1,
    )
    assert found.figure().axes[0].get_xlabel().startswith("limit on budget")
    folder = found.save(f"{tmp_path}/out")
    assert {path.name for path in folder.iterdir()} == {
        "points.csv",
        "plans.csv",
        "study.json",
        "figure.svg",
    }
    assert "plan at the loosest limits" in found._repr_html_()
