"""The algebra of stores and of the table of limits: six measures, two senses."""

from __future__ import annotations

from typing import Any

import pytest

from paxsilica.errors import InputError
from paxsilica.instance.unread import unread
from worlds import Built, M, approx, built, case, outcome, same_program, world

INF = float("inf")
NORMAL = "normal 2031"


def stored(outage_years: int = 1) -> Built:
    tables = world(
        {"make": "-> chip"},
        regions={"A": "signatory"},
        commodities={"chip": {"covered": True}},
        assets={"a": {"process": "make"}},
        demand={("A", "chip"): 1},
        stocks={("A", "chip"): {"initial": 6.0}},
    )
    return built(
        tables,
        case(
            "2030-2031",
            coverage={
                "required": 1.0,
                "from_year": 2030,
                "hard": True,
                "outage_years": outage_years,
            },
        ),
    )


def test_stock_draw_limit_in_the_first_year_is_what_lay_there() -> None:
    row = stored().line("stock_draw_limit", "A", "chip", "cut off 2030")
    assert row.terms == {("stock_draw", ("A", "chip", "cut off 2030")): 1}
    assert row.sides == (-INF, 6)


def test_stock_draw_limit_later_is_the_level_of_the_year_before_spread_over_the_outage() -> None:
    row = stored(outage_years=3).line("stock_draw_limit", "A", "chip", "cut off 2031")
    assert row.terms == {
        ("stock_draw", ("A", "chip", "cut off 2031")): 3,
        ("stock", ("A", "chip", 2030)): -1,
    }
    assert row.sides == (-INF, 0)


def limited(**limit: Any) -> Built:
    """Mines in A and B, a smelter in A, projects in both; capital falls due over two years."""
    tables = world(
        {"mine": "-> ore", "smelt": "2 ore -> 0.8 metal + 0.1 gold"},
        regions={"A": None, "B": None},
        statuses={"announced": 0.5},
        completion={("announced", "*"): {0: 0.5}},
        assets={
            "mine-a": {"process": "mine", "capacity": 10.0},
            "mine-b": {"process": "mine", "region": "B", "capacity": 20.0, "status": "announced"},
            "smelter": {"process": "smelt"},
        },
        projects={
            "pit": {
                "process": "mine",
                "region": "B",
                "size": 4.0,
                "capex_usd_m": 100.0,
                "spend_profile": (0.5, 0.5),
                "status": "announced",
            },
            "oven": {
                "process": "smelt",
                "size": (5.0, 9.0),
                "capex_usd_m": 60.0,
                "capex_usd_m_per_unit": 3.0,
            },
        },
        demand={("A", "metal"): 1},
        routes={"B>A ore": 0.0, "A>B metal": 0.0},
        limits={"l": {"sense": "at most", "value": 50.0} | limit},
    )
    return built(tables, case("2030-2032"))


def test_limit_on_plants_by_capacity_takes_what_stands_to_the_other_side() -> None:
    row = limited(measure="capacity", process="mine").line("limit_on_plants", "l", 2031)
    # 10 in A and 20 at a credit of one half in B stand; the pit adds 4 at one half, committed by
    # 2031
    assert row.terms == approx({("committed", ("pit", 2031)): 2})
    assert row.sides == (-INF, 50 - 20)


def test_build_rate_is_unused_and_reported() -> None:
    instance = limited(measure="new capacity", process="mine").instance
    assert instance.limits == {}
    assert unread(instance.tables) == {"limits of new capacity": 1}
    assert unread(limited(measure="capacity", process="mine").instance.tables) == {}


def test_limit_on_plants_by_capacity_at_least_and_by_region() -> None:
    row = limited(measure="capacity", process="mine", region="B", sense="at least").line(
        "limit_on_plants", "l", 2031
    )
    assert row.sides == (50 - 10, INF)


def test_limit_on_plants_counts_a_plant_that_nobody_needs() -> None:
    tables = world(
        {"make": "-> chip"},
        assets={"a": {"process": "make", "capacity": 10.0}},
        limits={"l": {"measure": "capacity", "sense": "at least", "value": 5.0}},
    )
    assert outcome(tables, case()).status == "optimal"


def test_limit_on_plants_with_capacity_without_limit() -> None:
    assert (
        limited(measure="capacity", process="smelt", sense="at least").lines("limit_on_plants")
        == []
    )
    assert limited(measure="capacity", process="smelt").line(
        "limit_on_plants", "l", 2031
    ).terms == {("never", None): 1}


def test_limit_on_plants_of_no_credit_cannot_reach_a_minimum() -> None:
    tables = world(
        {"make": "-> chip"},
        statuses={"rumour": 0.0},
        completion={("rumour", "*"): {0: 0.0}},
        projects={"p": {"process": "make", "status": "rumour", "size": (0.0, 5.0)}},
        limits={"l": {"measure": "capacity", "sense": "at least", "value": 5.0}},
    )
    assert outcome(tables, case()).status == "infeasible"


def test_limit_on_plants_by_number_of_projects() -> None:
    row = limited(measure="projects").line("limit_on_plants", "l", 2031)
    assert row.terms == {("committed", ("pit", 2031)): 1, ("committed", ("oven", 2031)): 1}
    assert row.sides == (-INF, 50)
    assert limited(measure="projects", sense="at least", asset=("pit",)).line(
        "limit_on_plants", "l", 2031
    ).terms == {("committed", ("pit", 2031)): 1}


def test_limit_on_plants_by_capital_counts_what_is_committed_whenever_it_falls_due() -> None:
    row = limited(measure="capital").line("limit_on_plants", "l", 2031)
    assert row.terms == approx(
        {
            ("committed", ("pit", 2031)): 100,
            ("committed", ("oven", 2031)): 60,
            ("added_size", ("oven", 2031)): 3,
        }
    )
    assert row.sides == (-INF, 50)
    assert limited(measure="capital", sense="at least", region="A").line(
        "limit_on_plants", "l", 2031
    ).sides == (50, INF)


def test_limit_on_plants_holds_in_its_years_alone() -> None:
    assert limited(measure="projects", from_year=2031, to_year=2031).lines("limit_on_plants") == [
        ("l", 2031)
    ]


def test_limit_on_operation_by_activity() -> None:
    row = limited(measure="activity", process="mine").line("limit_on_operation", "l", NORMAL)
    assert row.terms == {("activity", (plant, NORMAL)): 1 for plant in ("mine-a", "mine-b", "pit")}
    assert row.sides == (-INF, 50)
    assert limited(measure="activity", process="mine", sense="at least").line(
        "limit_on_operation", "l", NORMAL
    ).sides == (50, INF)


def test_limit_on_operation_by_activity_selects_feed_as_well_as_product() -> None:
    row = limited(measure="activity", commodity="ore", region="A").line(
        "limit_on_operation", "l", NORMAL
    )
    assert row.terms == {
        ("activity", (plant, NORMAL)): 1 for plant in ("mine-a", "smelter", "oven")
    }


def test_limit_on_operation_by_production_weighs_with_the_yield() -> None:
    row = limited(measure="production", commodity="metal").line("limit_on_operation", "l", NORMAL)
    assert row.terms == approx(
        {("activity", ("smelter", NORMAL)): 0.8, ("activity", ("oven", NORMAL)): 0.8}
    )
    assert row.sides == (-INF, 50)
    everything = limited(measure="production", process="smelt", sense="at least").line(
        "limit_on_operation", "l", NORMAL
    )
    assert everything.terms[("activity", ("oven", NORMAL))] == approx(0.8 + 0.1)
    assert everything.sides == (50, INF)


def test_limit_on_operation_by_shipment() -> None:
    row = limited(measure="shipment", region="B", to_region="A").line(
        "limit_on_operation", "l", NORMAL
    )
    assert row.terms == {("shipment", ("B", "A", "ore", NORMAL)): 1}
    assert row.sides == (-INF, 50)
    assert limited(measure="shipment", commodity="ore", sense="at least").line(
        "limit_on_operation", "l", NORMAL
    ).sides == (50, INF)


def test_limit_over_years_adds_up_the_normal_states_of_its_years() -> None:
    model = limited(measure="activity", process="mine", years="together", from_year=2031)
    assert model.lines("limit_over_years") == [("l", "2031-2032")]
    assert model.lines("limit_on_operation") == []
    row = model.line("limit_over_years", "l", "2031-2032")
    assert row.terms == {
        ("activity", (plant, f"normal {year}")): 1
        for plant in ("mine-a", "mine-b", "pit")
        for year in (2031, 2032)
    }
    assert row.sides == (-INF, 50)


def test_limit_over_years_has_a_row_for_each_course_of_normal_states() -> None:
    tables = world(
        {"mine": "-> ore"},
        regions={"A": "signatory", "C": "adversary"},
        commodities={"ore": {"shortage_price_usd_per_unit": M}},
        assets={"m": {"process": "mine"}},
        demand={("A", "ore"): 1},
        limits={
            "l": {"measure": "activity", "sense": "at most", "value": 9.0, "years": "together"}
        },
        scenarios={"calm": 0.5, "boom": 0.3, "embargo": 0.2},
        events=[
            {"scenario": "boom", "event": "demand", "from_year": 2031, "factor": 2.0},
            {"scenario": "embargo", "event": "cut-off", "from_year": 2031},
        ],
    )
    model = built(tables, case("2030-2031", scenarios=["calm", "boom", "embargo"]))
    # what is cut off counts in normal operation, like the calm years; the boom is another 2031
    assert sorted(model.lines("limit_over_years")) == [
        ("l", "2030-2031 boom"),
        ("l", "2030-2031 calm+embargo"),
    ]
    states = {name for _, (_, name) in model.line("limit_over_years", "l", "2030-2031 boom").terms}
    assert states == {"normal 2030", "boom 2031"}


def test_weights_are_factors_of_what_each_plant_counts() -> None:
    chosen = {"asset": ("mine-a", "pit"), "weights": (0.5, -3.0)}
    operation = limited(measure="production", commodity="ore", **chosen)
    assert operation.line("limit_on_operation", "l", NORMAL).terms == approx(
        {("activity", ("mine-a", NORMAL)): 0.5, ("activity", ("pit", NORMAL)): -3}
    )
    capacity = limited(measure="capacity", **chosen).line("limit_on_plants", "l", 2031)
    # 0.5 * 10 of the mine stand; the pit adds -3 * 4 * 0.5
    assert capacity.terms == approx({("committed", ("pit", 2031)): -6})
    assert capacity.sides == (-INF, 45)
    projects = limited(measure="projects", **chosen).line("limit_on_plants", "l", 2031)
    assert projects.terms == {("committed", ("pit", 2031)): -3}
    capital = limited(measure="capital", **chosen).line("limit_on_plants", "l", 2031)
    assert capital.terms == approx({("committed", ("pit", 2031)): -300})


def test_weight_of_a_capacity_without_limit_is_refused() -> None:
    with pytest.raises(InputError, match="should weigh no capacity without limit"):
        limited(measure="capacity", asset=("smelter",), weights=(2.0,))


def test_weights_of_one_and_years_each_change_nothing() -> None:
    chosen = {"measure": "activity", "asset": ("mine-a", "pit")}
    plain, written = limited(**chosen), limited(**chosen, weights=(1.0, 1.0), years="each")
    assert same_program(plain, written)


@pytest.mark.parametrize(
    ("limit", "cost"),
    [
        ({"measure": "activity", "process": "mine"}, 3.0),  # 3 mined at 1 each
        ({"measure": "production", "commodity": "ore"}, 3.0),
        ({"measure": "shipment", "commodity": "ore"}, 3.0 + 3 * 0.5),  # and carried at 0.5 each
    ],
)
def test_limit_on_operation_at_least_keeps_what_nobody_needs(
    limit: dict[str, Any], cost: float
) -> None:
    tables = world(
        {"mine": "-> ore"},
        regions={"A": None, "B": None},
        assets={"m": {"process": "mine", "variable_cost_usd_per_unit": M}},
        routes={"A>B ore": 0.5 * M},
        limits={"floor": {"sense": "at least", "value": 3.0} | limit},
    )
    assert outcome(tables, case()).objective == approx(cost)
