"""What may happen, with its chances."""

from __future__ import annotations

from typing import Any

import pytest

from worlds import Answer, M, approx, built, case, world

WEST = {"A": "signatory", "C": "adversary"}


def embargo(capex: float) -> Any:
    """One chip a year from C; without it 10 of damage. The embargo comes in 2030 (0.3), in 2031
    (0.2) or not at all (0.5)."""
    return world(
        {"make": "-> chip"},
        regions=WEST,
        commodities={"chip": {"shortage_price_usd_per_unit": 10 * M}},
        assets={"theirs": {"process": "make", "region": "C"}},
        projects={"ours": {"process": "make", "capex_usd_m": capex}},
        routes={"C>A chip": 0.0},
        demand={("A", "chip"): 1},
        scenarios={"base": 0.5, "early": 0.3, "late": 0.2},
        events=[
            {"scenario": "early", "event": "cut-off", "from_year": 2030},
            {"scenario": "late", "event": "cut-off", "from_year": 2031},
        ],
    )


@pytest.mark.parametrize(("capex", "built_it"), [(7.0, True), (9.0, False)])
def test_embargoes_in_different_years_share_states(capex: float, built_it: bool) -> None:
    # Scenario by scenario: 0.5 * 0 + 0.3 * (10 + 10) + 0.2 * 10 = 8. By year: 0.3 * 10 + (0.3 +
    # 0.2) * 10 = 8, with one state of 2031 for two scenarios. A plant is worth up to 8; the
    # likeliest scenario alone would build none, the worst one alone would pay 20.
    names = ["base", "early", "late"]
    answer = Answer(embargo(capex), case("2030-2031", scenarios=names))
    states = {
        state.name: (state.probability, state.scenarios)
        for state in answer.built.instance.states.values()
    }
    assert states == {
        "normal 2030": (approx(0.7), ("base", "late")),
        "cut off 2030": (approx(0.3), ("early",)),
        "normal 2031": (approx(0.5), ("base",)),
        "cut off 2031": (approx(0.5), ("early", "late")),
    }
    assert answer.objective == approx(capex if built_it else 8)
    assert bool(answer.committed) == built_it


def test_merged_states_cost_what_scenarios_cost_one_by_one() -> None:
    # nothing is decided here, so the expectation of the optima is the optimum of the expectation
    tables = embargo(1000.0)
    alone = [
        Answer(tables, case("2030-2031", scenarios={name: 1.0})).objective
        for name in ("base", "early", "late")
    ]
    assert alone == approx([0, 20, 10])
    assert Answer(
        tables, case("2030-2031", scenarios=["base", "early", "late"])
    ).objective == approx(0.5 * 0 + 0.3 * 20 + 0.2 * 10)


def test_other_chances_in_the_case_change_the_plan() -> None:
    tables = embargo(9.0)
    assert not Answer(tables, case("2030-2031", scenarios=["base", "early", "late"])).committed
    assert Answer(tables, case("2030-2031", scenarios={"base": 0.4, "early": 0.6})).committed == {
        "ours": 2030
    }


def test_an_export_licence_for_one_metal_leaves_the_rest() -> None:
    # C stops gallium and nothing else: 5 gallium go unserved at 3, germanium still comes.
    tables = world(
        {"refine": "-> gallium", "smelt": "-> germanium"},
        regions=WEST,
        commodities={
            "gallium": {"shortage_price_usd_per_unit": 3 * M},
            "germanium": {"shortage_price_usd_per_unit": 7 * M},
        },
        assets={
            "ga": {"process": "refine", "region": "C"},
            "ge": {"process": "smelt", "region": "C"},
        },
        routes={"C>A *": 0.0},
        demand={("A", "gallium"): 5, ("A", "germanium"): 5, ("C", "gallium"): 2},
        scenarios={"squeeze": 1.0},
        events=[
            {
                "scenario": "squeeze",
                "event": "cut-off",
                "region": "C",
                "commodity": "gallium",
                "from_year": 2030,
            }
        ],
    )
    answer = Answer(tables, case(scenarios=["squeeze"]))
    assert answer.costs() == approx({"unmet_demand": 15})
    # at home C goes on
    assert answer.value("activity", "ga", "squeeze 2030") == approx(2)


def test_a_quake_takes_capacity_of_what_stands_and_of_what_is_planned() -> None:
    # half of all capacity is gone for certain: the old plant gives 2 of 4, the new one 3 of 6; 8
    # are wanted, 3 go unserved at 10
    tables = world(
        {"make": "-> chip"},
        commodities={"chip": {"shortage_price_usd_per_unit": 10 * M}},
        assets={"old": {"process": "make", "capacity": 4.0}},
        projects={"new": {"process": "make", "size": 6.0, "capex_usd_m": 1.0}},
        demand={("A", "chip"): 8},
        scenarios={"quake": 1.0},
        events=[{"scenario": "quake", "event": "capacity", "from_year": 2030, "factor": 0.5}],
    )
    assert Answer(tables, case(scenarios=["quake"])).costs() == approx(
        {"capital": 1, "unmet_demand": 30}
    )


def test_a_cut_off_on_top_of_a_surge_of_demand_has_its_own_normal_year() -> None:
    # demand is 1.5 times as high in the war, and C is off: the normal state with the standby
    # capacity has the surge too
    tables = world(
        {"make": "-> chip"},
        regions=WEST,
        processes={"make": {"minimum_utilisation": 0.5}},
        commodities={"chip": {"shortage_price_usd_per_unit": 10 * M}},
        assets={
            "ours": {"process": "make", "capacity": 20.0},
            "theirs": {"process": "make", "region": "C"},
        },
        routes={"C>A chip": 0.0},
        demand={("A", "chip"): 10},
        scenarios={"war": 1.0},
        events=[
            {"scenario": "war", "event": "demand", "from_year": 2030, "factor": 1.5},
            {"scenario": "war", "event": "cut-off", "from_year": 2030},
        ],
    )
    states = built(tables, case(scenarios=["war"])).instance.states
    (disrupted,) = (state for state in states.values() if state.mode == "disrupted")
    assert disrupted.normal_state is not None
    assert (disrupted.probability, states[disrupted.normal_state].probability) == (1, 0)
    assert (disrupted.demand["A", "chip"], states[disrupted.normal_state].demand["A", "chip"]) == (
        15,
        15,
    )


@pytest.mark.parametrize(("to_year", "last"), [(2031, 2031), (2032, 2032), (None, 2033)])
def test_an_event_lasts_through_its_last_year(to_year: int | None, last: int) -> None:
    # C is cut off from 2031 on and makes all chips: each year of the event costs 10 chips at 10
    tables = world(
        {"make": "-> chip"},
        regions=WEST,
        commodities={"chip": {"shortage_price_usd_per_unit": 10 * M}},
        assets={"theirs": {"process": "make", "region": "C"}},
        routes={"C>A chip": 0.0},
        demand={("A", "chip"): 10},
        scenarios={"embargo": 1.0},
        events=[{"scenario": "embargo", "event": "cut-off", "from_year": 2031, "to_year": to_year}],
    )
    answer = Answer(tables, case("2030-2033", scenarios=["embargo"]))
    states = answer.built.instance.states.values()
    cut = sorted(state.year for state in states if state.mode == "disrupted")
    assert cut == list(range(2031, last + 1))
    assert answer.costs() == approx({"unmet_demand": 100 * (last - 2030)})
