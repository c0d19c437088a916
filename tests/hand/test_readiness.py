"""An idle plant cannot be started, and a store lasts for the required years."""

from __future__ import annotations

import pytest

from worlds import COVERED, Answer, M, approx, case, world

WEST = {"A": "signatory", "C": "adversary"}


def test_the_standby_capacity_of_an_idle_plant_has_a_cost() -> None:
    # A plant for 10 stands in A at 5 a unit; C delivers at 3. Counted, coverage is 100 % and costs
    # nothing. In normal times C serves all (30) and the plant is idle, so cut off it gives 0 %. To
    # be ready for 10 it must run half of that: 5 at 5 and 5 at 3 are 40.
    tables = world(
        {"make": "-> chip"},
        regions=WEST,
        commodities={"chip": {"covered": True}},
        processes={"make": {"minimum_utilisation": 0.5}},
        assets={
            "ours": {"process": "make", "capacity": 10.0, "variable_cost_usd_per_unit": 5 * M},
            "theirs": {"process": "make", "region": "C", "variable_cost_usd_per_unit": 3 * M},
        },
        routes={"C>A chip": 0.0},
        demand={("A", "chip"): 10},
    )
    answer = Answer(tables, case(coverage=COVERED))
    found = answer.coverage("chip")
    assert (
        found["nameplate_share_without"],
        found["standalone_coverage_without"],
        found["standalone_coverage"],
    ) == approx((1, 0, 1))
    assert answer.costs() == approx({"operation": 40})
    assert answer.value("standby", "ours", "normal 2030") == approx(10)
    assert answer.value("activity", "ours", "normal 2030") == approx(5)


@pytest.mark.parametrize(
    ("standby", "chosen", "objective"),
    [(True, "cheap to run", 138), (False, "cheap to build", 130)],
)
def test_readiness_changes_which_plant_is_built(
    standby: bool, chosen: str, objective: float
) -> None:
    # Need 10, served from C at 3 in normal times: 30. A plant at 100 that runs at 5, or one at 108
    # that runs at 3. If idle plants could be started: 100 + 30 against 108 + 30. They cannot: 100 +
    # 30 + (5 - 3) * 5 = 140 against 138.
    tables = world(
        {"make": "-> chip"},
        regions=WEST,
        commodities={"chip": {"covered": True}},
        processes={"make": {"minimum_utilisation": 0.5}},
        assets={"theirs": {"process": "make", "region": "C", "variable_cost_usd_per_unit": 3 * M}},
        projects={
            "cheap to build": {
                "process": "make",
                "size": 10.0,
                "capex_usd_m": 100.0,
                "variable_cost_usd_per_unit": 5 * M,
            },
            "cheap to run": {
                "process": "make",
                "size": 10.0,
                "capex_usd_m": 108.0,
                "variable_cost_usd_per_unit": 3 * M,
            },
        },
        routes={"C>A chip": 0.0},
        demand={("A", "chip"): 10},
    )
    answer = Answer(tables, case(coverage=COVERED, operation={"readiness": standby}))
    assert answer.committed == {chosen: 2030}
    assert answer.objective == approx(objective)


def test_readiness_is_bound_by_the_feed_of_normal_times() -> None:
    # The plant may be ready for 10 if it runs 5, but the mine beside it gives 2 a year and the
    # store must end as it began: it runs 2, is ready for 4, and though mine and store together
    # could feed 10 when cut off, 40 % is covered. Feed counted alone would say 100 %.
    tables = world(
        {"dig": "-> ore", "make": "ore -> chip"},
        regions=WEST,
        commodities={"chip": {"covered": True, "shortage_price_usd_per_unit": 50 * M}},
        processes={"make": {"minimum_utilisation": 0.5}},
        assets={
            "mine": {"process": "dig", "capacity": 2.0},
            "plant": {"process": "make", "capacity": 10.0},
        },
        stocks={("A", "ore"): {"initial": 8.0, "final": 8.0}},
        demand={("A", "chip"): 10},
    )
    answer = Answer(tables, case(coverage=COVERED | {"hard": False}))
    assert answer.value("standby", "plant", "normal 2030") == approx(4)
    assert answer.coverage("chip")["standalone_coverage"] == approx(0.4)


@pytest.mark.parametrize(("outage", "share"), [(2, 1.0), (3, 10 / 3 / 4)])
def test_a_store_bridges_an_outage_as_long_as_it_lasts(outage: int, share: float) -> None:
    # 10 in store, 4 needed a year. Counted as a source of 10 it covers 250 %. Spread over two years
    # it gives 5 a year, over three 3.33.
    tables = world(
        {"make": "-> chip"},
        regions=WEST,
        commodities={"chip": {"covered": True, "shortage_price_usd_per_unit": M}},
        assets={"theirs": {"process": "make", "region": "C"}},
        stocks={("A", "chip"): {"initial": 10.0, "final": 10.0}},
        routes={"C>A chip": 0.0},
        demand={("A", "chip"): 4},
    )
    answer = Answer(tables, case(coverage=COVERED | {"hard": False, "outage_years": outage}))
    assert answer.coverage("chip")["standalone_coverage"] == approx(share)
    assert (
        answer.costs() == approx({"coverage_shortfall": 4 * (1 - share)})
        if share < 1
        else not answer.costs()
    )


def test_a_store_is_filled_in_cheap_years_for_those_that_need_it() -> None:
    # Coverage of 4 from 2031 on, nothing made in A. Filling the store in 2030 costs 4 * 1 and
    # holding it 4 * 0.5 a year. In 2031 it still lies there at the end of the year or is used: the
    # plan sells it to A instead of buying 4 for 1. Cost of chips: 4 in all in 2030 (for 2030's own
    # 4) + 4 (store) + 0 in 2031 (drawn in normal times), holding 2: 10.
    tables = world(
        {"make": "-> chip"},
        regions=WEST,
        commodities={"chip": {"covered": True}},
        assets={"theirs": {"process": "make", "region": "C", "variable_cost_usd_per_unit": M}},
        stocks={("A", "chip"): {"holding_cost_usd_per_unit": 0.5 * M}},
        routes={"C>A chip": 0.0},
        demand={("A", "chip"): 4},
    )
    answer = Answer(tables, case("2030-2031", coverage=COVERED | {"from_year": 2031}))
    assert answer.value("stock", "A", "chip", 2030) == approx(4)
    assert answer.costs() == approx({"operation": 8, "stockholding": 2})
