"""Sensitivity and Monte Carlo, against solving the moved case by hand."""

from __future__ import annotations

import numpy as np
import pytest
from smallworlds import question

from paxsilica.api import Question
from paxsilica.errors import InputError
from paxsilica.studies.montecarlo import montecarlo, sobol_point, wilson
from paxsilica.studies.parameters import Parameter, find_ranges, moved
from paxsilica.studies.sensitivity import sensitivity, two_way

CAPEX, DEMAND = "projects.capex_usd_m", "demand.quantity"


@pytest.fixture
def problem() -> Question:
    return question("2030", ranges=True)


def by_hand(problem: Question, **levels: float) -> float:
    places = {"capex": Parameter.parse(CAPEX), "demand": Parameter.parse(DEMAND)}
    numbers = [
        (one, one.at(level))
        for name, level in levels.items()
        for one in find_ranges(problem.tables, places[name])
    ]
    plan = Question(moved(problem.tables, numbers), problem.case).solve()
    assert plan.objective is not None
    return plan.objective


@pytest.mark.slow
def test_one_way_is_solving_with_the_numbers_moved(problem: Question) -> None:
    found = sensitivity(problem, [CAPEX, DEMAND], workers=1).table().set_index(["parameter", "end"])
    base = problem.solve().objective
    assert base is not None
    for parameter, name in ((CAPEX, "capex"), (DEMAND, "demand")):
        for end, level in (("low", -1.0), ("high", 1.0)):
            row = found.loc[(parameter, end)]
            assert row["objective_usd_m"] == pytest.approx(
                by_hand(problem, **{name: level}), rel=1e-6
            )
            assert row["change_usd_m"] == pytest.approx(row["objective_usd_m"] - base, abs=1e-4)
            assert (
                row["change_low_usd_m"] - 1e-4
                <= row["change_usd_m"]
                <= row["change_high_usd_m"] + 1e-4
            )
            # a new optimum is never worse than a fixed plan
            assert row["plan_cost_usd_m"] >= row["objective_usd_m"] - 1e-6
    assert found.loc[(CAPEX, "low"), "numbers"] == 7


def test_a_plan_that_stays_pays_the_new_price(problem: Question) -> None:
    found = sensitivity(problem, [CAPEX], resolve=False, workers=1).table().set_index("end")
    # the best plan has a-mine-2 (20, at most 30) and a-smelt (31, at most 55)
    assert found.loc["high", "plan_change_usd_m"] == pytest.approx(10 + 24)
    assert found["objective_usd_m"].isna().all()
    known = (
        sensitivity(problem, [CAPEX], resolve=False, workers=1, plan=problem.solve())
        .table()
        .set_index("end")
    )
    assert known.equals(found)


@pytest.mark.slow
def test_two_ways_at_once(problem: Question) -> None:
    found = two_way(problem, CAPEX, DEMAND, levels=(-1.0, 0.0, 1.0), workers=1)
    table = found.table().set_index(["first_level", "second_level"])
    assert len(table) == 9
    assert table.loc[(0.0, 0.0), "change_usd_m"] == pytest.approx(0.0, abs=1e-5)
    assert table.loc[(1.0, -1.0), "objective_usd_m"] == pytest.approx(
        by_hand(problem, capex=1.0, demand=-1.0), rel=1e-6
    )
    assert len(found.figure().axes) == 2


def test_tornado_draws_the_widest_on_top(problem: Question) -> None:
    found = sensitivity(problem, workers=1)
    table = found.table()
    assert set(table["parameter"]) == {
        "capital cost of projects",
        "demand",
        "lead time of projects",
    }
    swing = (
        table.groupby("parameter")["change_usd_m"]
        .apply(lambda change: change.abs().max())
        .sort_values()
    )
    labels = [text.get_text() for text in found.figure().axes[0].get_yticklabels()]
    assert labels == list(swing.index)


def test_what_has_no_range_cannot_be_moved(problem: Question) -> None:
    with pytest.raises(InputError, match="no number has a low and a high"):
        sensitivity(problem, ["assets.capacity"], workers=1)
    with pytest.raises(InputError, match="no number has a low and a high"):
        sensitivity(question("2030"), workers=1)


@pytest.mark.slow
def test_samples_are_those_of_the_ranges(problem: Question) -> None:
    found = montecarlo(problem, 8, parameters=[CAPEX], shape="uniform", seed=3, workers=1)
    samples = found.table("samples")
    places = find_ranges(problem.tables, Parameter.parse(CAPEX))
    for at in range(8):
        (share,) = sobol_point(1, 3, at)
        plan = Question(
            moved(problem.tables, [(one, one.draw(share, "uniform")) for one in places]),
            problem.case,
        ).solve()
        assert samples["objective_usd_m"][at] == pytest.approx(plan.objective, rel=1e-6)
        assert samples["projects"][at] == len(plan.portfolio)
    projects = found.table().set_index("project")
    assert projects.loc["b-smelt-big", "chosen"] == 0
    assert 0 < projects.loc["a-smelt", "chosen"] < 8  # its price may rise more than that of b-smelt
    assert (projects["share_low"] <= projects["share"]).all()
    assert (projects["share"] <= projects["share_high"]).all()
    mean = found.table("distribution").set_index("quantity").loc["all cost"]
    assert mean["mean"] == pytest.approx(samples["cost_usd_m"].mean())
    assert mean["p05"] <= mean["p50"] <= mean["p95"]


def test_a_seed_fixes_everything_and_more_samples_keep_the_first(
    problem: Question, tmp_path: object
) -> None:
    few = montecarlo(problem, 4, seed=5, workers=1, store=f"{tmp_path}/kept")
    again = montecarlo(problem, 4, seed=5, workers=1)
    other = montecarlo(problem, 4, seed=6, workers=1)
    more = montecarlo(problem, 8, seed=5, workers=1, store=f"{tmp_path}/kept")
    assert few.table("samples").equals(again.table("samples"))
    assert not few.table("samples").equals(other.table("samples"))
    assert more.table("samples").head(4).equals(few.table("samples"))


def test_sobol_points_fill_every_half_evenly() -> None:
    points = np.array([sobol_point(3, 0, at) for at in range(16)])
    assert ((points < 0.5).sum(axis=0) == 8).all()
    assert len({tuple(point) for point in points.tolist()}) == 16


@pytest.mark.slow
def test_rows_drawn_apart_spread_cost_less(problem: Question) -> None:
    together = montecarlo(problem, 32, parameters=[CAPEX], workers=1, plan=problem.solve()).table(
        "distribution"
    )
    apart = montecarlo(
        problem, 32, parameters=[CAPEX], apart=True, workers=1, plan=problem.solve()
    ).table("distribution")
    assert apart["deviation"][0] < together["deviation"][0]


def test_a_fixed_plan_costs_what_its_capital_costs(problem: Question) -> None:
    plan = problem.solve()
    found = montecarlo(problem, 4, parameters=[CAPEX], seed=1, plan=plan, workers=1)
    assert (found.table()["chosen"].isin((0, 4))).all()
    places = {one.row: one for one in find_ranges(problem.tables, Parameter.parse(CAPEX))}
    for at, cost in enumerate(found.table("samples")["cost_usd_m"]):
        (share,) = sobol_point(1, 1, at)
        extra = sum(
            places[name].draw(share, "triangular") - places[name].value
            for name in plan.portfolio["project"]
        )
        assert plan.objective is not None
        assert cost == pytest.approx(plan.objective + extra, rel=1e-6)


def test_drivers_and_figures(problem: Question) -> None:
    found = montecarlo(problem, 16, parameters=[CAPEX, DEMAND], workers=1)
    drivers = found.table("drivers").set_index("parameter")["rank_correlation"]
    assert drivers[DEMAND] > 0.3
    assert found.figure().axes[0].get_xlabel().startswith("all cost")
    assert found.figure_of_projects().axes[0].get_xlim()[1] > 1


def test_wilson_is_within_bounds() -> None:
    assert wilson(0, 0) == (0.0, 1.0)
    low, high = wilson(5, 10)
    assert low == pytest.approx(0.2366, abs=1e-4)  # Wilson (1927), as tabulated
    assert high == pytest.approx(0.7634, abs=1e-4)


def test_samples_must_be_some(problem: Question) -> None:
    with pytest.raises(InputError, match="at least 1"):
        montecarlo(problem, 0)
