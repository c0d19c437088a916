"""Closing and mothballing of existing plants, in worlds that are solved by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from paxsilica.audit import audit
from paxsilica.prices.priced_items import capacity
from paxsilica.tables.schema import Series
from worlds import COVERED, Answer, M, approx, built, case, world

OLD = {"process": "make", "capacity": 20.0, "fixed_cost_usd_m": 8.0} | {
    "variable_cost_usd_per_unit": M
}
CLOSES = {"closing_cost_usd_m": 3.0}
RESTS = {"mothballed_fixed_cost_share": 0.25, "restart_cost_usd_m": 1.0}


def tables(need: Any, **old: Any) -> Any:
    """An old plant costs 8 a year and 1 a unit, imports from abroad cost 2 a unit."""
    return world(
        {"make": "-> chip"},
        regions={"A": "signatory", "C": "adversary"},
        commodities={"chip": {"covered": True, "shortage_price_usd_per_unit": 100 * M}},
        assets={
            "old": OLD | old,
            "abroad": {"process": "make", "region": "C", "variable_cost_usd_per_unit": 2 * M},
        },
        routes={"C>A chip": 0.0},
        demand={("A", "chip"): need},
    )


FALLING = {2030: 10, 2031: 9, 2032: 6, 2033: 4}


def out_of_service(answer: Answer) -> dict[int, str]:
    found = answer.plan.tables["closings"]
    return dict(zip(found["year"], found["state"], strict=True))


def test_plant_is_closed_when_running_costs_more_than_importing() -> None:
    # Running costs 18, 17, 14, 12; importing 20, 18, 12, 8. Closed from 2032 on:
    # 18 + 17 + 3 + 12 + 8. A year later it is 60, a year earlier 59, and 61 if it stays open.
    answer = Answer(tables(FALLING, **CLOSES), case("2030-2033"))
    assert answer.plan.objective == approx(58)
    assert out_of_service(answer) == {2032: "closed", 2033: "closed"}
    # 8 + 8 saved, 3 for the closing
    assert answer.costs()["fixed_operation"] == approx(4 * 8 - 16 + 3)
    assert Answer(tables(FALLING), case("2030-2033")).plan.objective == approx(61)


def test_cost_of_closing_by_year_decides_on_the_year() -> None:
    # closing in 2032 costs 9 and in 2033 nothing: 18 + 17 + 14 + 8 = 57
    given = tables(FALLING)
    series = {2030: 9, 2031: 9, 2032: 9, 2033: 0}
    rows = [
        {
            "table": "assets",
            "row": "old",
            "column": "closing_cost_usd_m",
            "year": year,
            "value": cost,
        }
        for year, cost in series.items()
    ]
    given = replace(given, series=tuple(Series(**row) for row in rows))
    answer = Answer(given, case("2030-2033"))
    assert answer.plan.objective == approx(57)
    assert out_of_service(answer) == {2033: "closed"}


def test_plant_that_a_cut_off_needs_stays_open() -> None:
    # All of 2033 must be covered without imports: never closed, 61.
    asked = case("2030-2033", coverage=COVERED | {"from_year": 2033})
    answer = Answer(tables(FALLING, **CLOSES), asked)
    assert answer.plan.objective == approx(61)
    assert out_of_service(answer) == {}


def test_shares_without_the_plan_are_those_of_open_plants() -> None:
    # Soft coverage that costs little: the plant is closed, and coverage falls from 100 to 0 %.
    given = tables(FALLING, **CLOSES)
    cheap = COVERED | {"from_year": 2033, "hard": False, "shortfall_weight": 1e-6}
    answer = Answer(given, case("2030-2033", coverage=cheap))
    assert out_of_service(answer) == {2032: "closed", 2033: "closed"}
    found = answer.coverage("chip", 2033)
    assert found["nameplate_share_without"] == found["joint_coverage_without"] == approx(1)
    assert found["nameplate_share"] == found["joint_coverage"] == approx(0)
    credited = answer.plan.tables["coverage_by_commodity"]
    assert credited["credited_share"].tolist() == approx([0])


def test_plant_rests_in_a_poor_year_and_comes_back() -> None:
    # Needs of 10, 2 and 10: open all the time 18 + 10 + 18 = 46. Resting in 2031 costs 2 of fixed
    # cost, 4 of imports and 1 for the restart: 18 + 6 + 19 = 43. Closing for good is 18 + 3 + 4 +
    # 20 = 45.
    answer = Answer(tables({2030: 10, 2031: 2, 2032: 10}, **CLOSES, **RESTS), case("2030-2032"))
    assert answer.plan.objective == approx(43)
    assert out_of_service(answer) == {2031: "mothballed"}
    dear = RESTS | {"restart_cost_usd_m": 4.5}
    stays = Answer(tables({2030: 10, 2031: 2, 2032: 10}, **dear), case("2030-2032"))
    assert stays.plan.objective == approx(46)


def test_plant_may_rest_and_then_close() -> None:
    # no restart is paid where a plant that rests is closed: 18 + (2 + 4) + (1 + 4) = 29
    cheap_later = RESTS | {"closing_cost_usd_m": 1.0, "restart_cost_usd_m": 50.0}
    answer = Answer(
        tables({2030: 10, 2031: 2, 2032: 2}, **cheap_later | {"mothballed_fixed_cost_share": 0.0}),
        case("2030-2032"),
    )
    # resting costs nothing here, so it rests to the end: 18 + 4 + 4
    assert answer.plan.objective == approx(26)
    assert out_of_service(answer) == {2031: "mothballed", 2032: "mothballed"}


def test_plant_that_always_runs_stops_when_it_is_closed() -> None:
    # Half of 20 always runs; nothing is needed. Open: 8 + 10 = 18, closed: 3.
    answer = Answer(tables(0.0, must_run_share=0.5, **CLOSES), case("2030"))
    assert answer.plan.objective == approx(3)
    stays = Answer(tables(0.0, must_run_share=0.5, closing_cost_usd_m=20.0), case("2030"))
    assert stays.plan.objective == approx(18)


def test_audit_finds_a_plant_that_is_opened_again_and_a_saving_told_wrong() -> None:
    given, asked = tables(FALLING, **CLOSES), case("2030-2033")
    plan = Answer(given, asked).plan
    for change in ({"year": 2031}, {"saved_usd_m": 5.0}):
        told = plan.tables["closings"].copy()
        told.loc[told.index[0], list(change)] = list(change.values())
        wrong = replace(plan, tables=dict(plan.tables) | {"closings": told})
        assert "state of a plant" in {finding.what for finding in audit(wrong, given, asked)}


def test_recipes_of_a_closed_plant_stop() -> None:
    given = world(
        {"light": "-> light", "heavy": "-> heavy"},
        assets={
            "line": {"process": "light", "capacity": 10.0, "fixed_cost_usd_m": 8.0} | CLOSES,
            "line heavy": {"process": "heavy", "shares_capacity_of": "line"},
            "market": {"process": "heavy", "variable_cost_usd_per_unit": M},
        },
        demand={("A", "heavy"): 4},
    )
    # open: 8; closed: 3, and 4 bought at 1
    assert Answer(given, case()).plan.objective == approx(7)


def test_limit_on_capacity_counts_open_plants() -> None:
    given = world(
        {"make": "-> chip"},
        assets={"a": OLD | CLOSES | {"variable_cost_usd_per_unit": 0.0}},
        limits={"least": {"measure": "capacity", "sense": "at least", "value": 15.0}},
    )
    model = built(given, case()).line("limit_on_plants", "least", 2030)
    assert model.terms == {("closed", ("a", 2030)): -20}
    assert model.low == 15 - 20
    assert Answer(given, case()).plan.objective == approx(8)


def test_capacity_of_a_plant_that_may_be_closed_has_no_price_of_its_own() -> None:
    # its bound and the row of an open plant say the same, so that either alone would save nothing
    def priced(**old: Any) -> set[str]:
        made = built(tables(FALLING, **old), case("2030-2033"))
        values = np.zeros(len(made.program.cost))
        return {item.where for item in capacity(made.instance, made.program, values)}

    assert priced() == {"old"}
    assert priced(**CLOSES) == set()
    assert priced(**RESTS) == set()
