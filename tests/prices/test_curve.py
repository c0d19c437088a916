"""The value curve of money: its points are optima, its jumps lie where they lie by hand."""

from __future__ import annotations

import math

import pytest

from paxsilica.errors import InputError
from paxsilica.plan.solve import make_plan
from paxsilica.prices.value_curve import Curve, Jump, _from_the_ends, compute_value_curve
from paxsilica.tables import Tables
from prices.cases import M, case, random_question, started, three_projects, world


def two_lumps(**funders: float) -> Tables:
    """``small``: 20 for 120 saved, ``big``: 50 for 270 saved: by money 0, then 100 net from 20 on,
    220 from 50 on, 320 from 70 on."""
    return world(
        {"a": "-> alpha", "b": "-> beta"},
        commodities={
            "alpha": {"shortage_price_usd_per_unit": 12 * M},
            "beta": {"shortage_price_usd_per_unit": 27 * M},
        },
        projects={
            "small": {"process": "a", "size": 10.0, "capex_usd_m": 20.0},
            "big": {"process": "b", "size": 10.0, "capex_usd_m": 50.0},
        },
        demand={("A", "alpha"): 10.0, ("A", "beta"): 10.0},
        funders={name: {"envelope_usd_m": envelope} for name, envelope in funders.items()},
    )


def changes(curve: Curve) -> list[tuple[Jump, float]]:
    return [(jump, (jump.low + jump.high) / 2) for jump in curve.jumps]


def test_jumps_are_located_not_sampled() -> None:
    # six points, 16 apart: 20, 50 and 70 lie between them
    start = started(two_lumps(), case(budget_usd_m=40.0))
    curve = compute_value_curve(start, points=6, tolerance=0.01)
    assert [point.money for point in curve.points] == pytest.approx([0, 16, 32, 48, 64, 80])
    nothing = 120 + 270
    assert [nothing - point.objective for point in curve.points] == pytest.approx(
        [0, 0, 100, 100, 220, 320], abs=1e-9
    )
    assert all(point.bound == pytest.approx(point.objective) for point in curve.points)
    found = [
        (round(jump.high, 6), jump.saved_low, jump.enters, jump.leaves, jump.undecided)
        for jump in curve.jumps
    ]
    assert found == [
        (20.0, pytest.approx(100), ("small",), (), False),
        (50.0, pytest.approx(120), ("big",), ("small",), False),
        (70.0, pytest.approx(100), ("small",), (), False),
    ]
    assert all(0 <= jump.high - jump.low <= 0.0101 for jump in curve.jumps)
    assert list(curve.jump_table()["enters"]) == ["small", "big", "small"]
    assert list(curve.table()["projects"]) == [0, 0, 1, 1, 1, 2]


def test_a_plan_that_can_stretch_changes_without_a_jump() -> None:
    # 40: from graded alone (300) to lump and graded (200 + 10 x (money - 30)); 88: poor too (320 +
    # 10 x (money - 70) against 500).
    start = started(three_projects(), case(budget_usd_m=50.0))
    curve = compute_value_curve(start, low=35.0, high=100.0, points=6, tolerance=0.05)
    for wanted, project in ((40.0, "lump"), (88.0, "poor")):
        jumps = [jump for jump in curve.jumps if project in jump.enters]
        assert len(jumps) == 1
        assert jumps[0].low - 1e-9 <= wanted <= jumps[0].high + 1e-9
        assert jumps[0].high - jumps[0].low <= 0.06
        assert jumps[0].saved_high <= 10 * 0.06 + 1e-6


def test_a_funder_has_a_curve_of_its_own() -> None:
    # big needs 50: no funder can pay for it at first, and it is no candidate; with an envelope of
    # 50 and more it is
    start = started(two_lumps(fund=30.0), case())
    assert "big" in start.written.instance.dropped
    curve = compute_value_curve(start, "fund", low=0.0, high=80.0, points=5, tolerance=0.01)
    assert [390 - point.objective for point in curve.points] == pytest.approx(
        [0, 100, 100, 220, 320], abs=1e-9
    )
    assert [round(jump.high, 6) for jump in curve.jumps] == [20.0, 50.0, 70.0]


def test_the_curve_of_a_funder_starts_from_the_envelope_of_the_case() -> None:
    # as above: 1000 in the data, of which the case leaves 30
    asked = case(funders={"envelopes_usd_m": {"fund": 30.0}})
    start = started(two_lumps(fund=1000.0), asked)
    curve = compute_value_curve(start, "fund", low=0.0, high=80.0, points=5, tolerance=0.01)
    assert [390 - point.objective for point in curve.points] == pytest.approx(
        [0, 100, 100, 220, 320], abs=1e-9
    )


@pytest.mark.parametrize("seed", range(10))
def test_every_point_is_what_a_solve_of_its_own_finds(seed: int) -> None:
    tables, asked = random_question(seed)
    curve = compute_value_curve(started(tables, asked), points=5, tolerance=3.0)
    last = math.inf
    for point in curve.points:
        alone = make_plan(tables, asked.model_copy(update={"budget_usd_m": point.money}))
        assert alone.objective is not None
        assert point.bound - 1e-6 <= alone.objective <= point.objective + 1e-6
        assert point.objective == pytest.approx(alone.objective, rel=1e-7)
        assert point.objective <= last + 1e-9
        last = point.objective


def test_with_no_time_there_are_still_bounds_and_the_plan_at_hand() -> None:
    start = started(two_lumps(), case(budget_usd_m=40.0))
    curve = compute_value_curve(start, points=5, seconds=0.0)
    assert curve.searches == 0
    for point in curve.points:
        assert point.bound <= point.objective
        assert math.isfinite(point.bound)
    assert not curve.jumps  # of what it changes from nothing is known
    assert [point.money for point in curve.points if point.dates] == [20.0, 40.0, 60.0, 80.0]


def test_ranges_that_are_none_are_refused() -> None:
    start = started(two_lumps(), case(budget_usd_m=40.0))
    for low, high, points in ((10.0, 5.0, 4), (-1.0, 5.0, 4), (0.0, 5.0, 1)):
        with pytest.raises(InputError, match="range upwards"):
            compute_value_curve(start, low=low, high=high, points=points)
    with pytest.raises(InputError, match="a funder that takes part"):
        compute_value_curve(start, "nobody")
    with pytest.raises(InputError, match="sets no budget"):
        compute_value_curve(started(two_lumps(), case()))


@pytest.mark.parametrize("count", [2, 3, 4, 7, 20])
def test_the_order_of_points_is_complete(count: int) -> None:
    assert sorted(_from_the_ends(count)) == list(range(count))
