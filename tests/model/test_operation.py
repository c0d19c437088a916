"""The algebra of operation: balances and capacity."""

from __future__ import annotations

from typing import Any

from worlds import Built, M, approx, built, case, world

INF = float("inf")
N30, N31 = "normal 2030", "normal 2031"


def x(plant: str, state: str = N30) -> tuple[str, Any]:
    return ("activity", (plant, state))


def two_regions(**more: Any) -> dict[str, Any]:
    return {
        "regions": {"A": None, "B": None},
        "assets": {
            "mine": {"process": "mine", "region": "B"},
            "smelter": {"process": "smelt", "capacity": 10.0},
        },
        "routes": {"B>A ore": 1.0, "A>B metal": 1.0},
        "demand": {("A", "metal"): 4.0, ("B", "metal"): 3.0},
    } | more


RECIPES = {"mine": "-> ore", "smelt": "2.5 ore -> 0.8 metal + 0.3 slag"}


def test_commodity_balance_of_what_is_made_used_shipped_and_demanded() -> None:
    model = built(world(RECIPES, **two_regions()), case())
    metal = model.line("commodity_balance", "A", "metal", N30)
    assert metal.terms == approx({x("smelter"): 0.8, ("shipment", ("A", "B", "metal", N30)): -1})
    assert metal.sides == (4, INF)  # no price of a shortage: demand is served in full
    ore = model.line("commodity_balance", "A", "ore", N30)
    assert ore.terms == approx({x("smelter"): -2.5, ("shipment", ("B", "A", "ore", N30)): 1})
    assert ore.sides == (0, INF)
    assert model.line("commodity_balance", "B", "metal", N30).terms == {
        ("shipment", ("A", "B", "metal", N30)): 1
    }
    assert model.line("commodity_balance", "B", "metal", N30).sides == (3, INF)


def test_commodity_balance_with_demand_that_may_go_unserved_at_a_price() -> None:
    model = built(
        world(RECIPES, **two_regions(commodities={"metal": {"shortage_price_usd_per_unit": M}})),
        case(),
    )
    assert (
        model.line("commodity_balance", "B", "metal", N30).terms[("unserved", ("B", "metal", N30))]
        == 1
    )
    assert model.bounds("unserved", "B", "metal", N30) == (0, 3)


def test_commodity_balance_is_an_equation_where_surplus_is_forbidden() -> None:
    tables = world(
        RECIPES | {"dump": "slag ->"},
        **two_regions(commodities={"slag": {"surplus": "forbidden"}})
        | {
            "assets": {
                "mine": {"process": "mine", "region": "B"},
                "smelter": {"process": "smelt"},
                "dump": {"process": "dump"},
            }
        },
    )
    slag = built(tables, case()).line("commodity_balance", "A", "slag", N30)
    assert slag.terms == approx({x("smelter"): 0.3, x("dump"): -1})
    assert slag.sides == (0, 0)


def test_commodity_balance_with_a_store_that_starts_full_and_hands_on() -> None:
    model = built(
        world(RECIPES, **two_regions(stocks={("A", "metal"): {"initial": 1.5, "final": 2.0}})),
        case("2030-2031"),
    )
    first = model.line("commodity_balance", "A", "metal", N30)
    assert first.terms[("stock", ("A", "metal", 2030))] == -1
    assert first.sides == (approx(4 - 1.5), INF)
    later = model.line("commodity_balance", "A", "metal", N31)
    assert later.terms[("stock", ("A", "metal", 2030))] == 1
    assert later.terms[("stock", ("A", "metal", 2031))] == -1
    assert later.sides == (4, INF)
    assert model.bounds("stock", "A", "metal", 2030) == (0, 1000)
    assert model.bounds("stock", "A", "metal", 2031) == (2, 2)


def test_commodity_balance_in_a_cut_off_draws_on_strategic_stores_alone() -> None:
    tables = world(
        RECIPES,
        **two_regions(
            regions={"A": "signatory", "B": "adversary"},
            commodities={"metal": {"covered": True}},
            stocks={("A", "metal"): {"initial": 1.0}, ("A", "slag"): {"strategic": False}},
        ),
    )
    model = built(tables, case(coverage={"required": 0.1, "from_year": 2030, "hard": True}))
    metal = model.line("commodity_balance", "A", "metal", "cut off 2030")
    # nothing is shipped to B; the ore of B is gone, and with it the smelter
    assert metal.terms == {
        ("stock_draw", ("A", "metal", "cut off 2030")): 1,
        ("unserved", ("A", "metal", "cut off 2030")): 1,
    }
    assert ("A", "slag", "cut off 2030") not in model.lines("commodity_balance")


def test_commodity_balance_counts_a_catalyst_once() -> None:
    tables = world(
        {"make": "cat -> chip + 0.9 cat", "buy": "-> cat"},
        assets={"a": {"process": "make"}, "b": {"process": "buy"}},
        demand={("A", "chip"): 1},
    )
    cat = built(tables, case()).line("commodity_balance", "A", "cat", N30)
    assert cat.terms == approx({x("a"): -0.1, x("b"): 1})  # 0.9 - 1


def test_commodity_balance_that_no_decision_can_meet_makes_the_case_infeasible() -> None:
    model = built(world({"make": "-> chip"}, demand={("A", "chip"): 1}), case())
    assert model.line("commodity_balance", "A", "chip", N30).terms == {("never", None): 1}
    assert model.bounds("never", None) == (0, 0)


def project(years: str = "2030-2035", **row: Any) -> Built:
    tables = world(
        {"make": "-> chip"},
        statuses={"announced": 0.9},
        completion={("announced", "*"): {0: 0.6}},
        projects={"p": {"process": "make", "size": 10.0} | row},
        commodities={"chip": {"shortage_price_usd_per_unit": M}},
        demand={("A", "chip"): 10},
    )
    return built(tables, case(years))


def test_project_capacity_is_credited_ramped_and_late() -> None:
    model = project(status="announced", lead_time_years=2, ramp_profile=(0.4, 0.8, 1.0))
    # nameplate 10 at a chance of 0.6 is 6; the credit of 0.9 is that of existing plants. In 2033 a
    # commitment of 2030 is in its second year (0.8), one of 2031 in its first (0.4); on cumulative
    # decisions: 2030 carries 0.8 - 0.4, 2031 carries 0.4 - 0
    row = model.line("project_capacity", "p", "normal 2033")
    assert row.terms == approx(
        {
            x("p", "normal 2033"): 1,
            ("committed", ("p", 2030)): -2.4,
            ("committed", ("p", 2031)): -2.4,
        }
    )
    assert row.sides == (-INF, 0)
    # in 2035: 1 - 1, 1 - 0.8, 0.8 - 0.4, 0.4
    assert model.line("project_capacity", "p", "normal 2035").terms == approx(
        {
            x("p", "normal 2035"): 1,
            ("committed", ("p", 2031)): -6 * 0.2,
            ("committed", ("p", 2032)): -6 * 0.4,
            ("committed", ("p", 2033)): -6 * 0.4,
        }
    )
    # before 2032 it cannot run, and there is no variable for it
    assert [
        index
        for index in model.lines("project_capacity")
        if index[1] in ("normal 2030", "normal 2031")
    ] == []


def test_project_capacity_of_any_size() -> None:
    model = project(
        "2030-2031", status="announced", size=(2.0, 10.0), expandable=True, ramp_profile=(0.5, 1.0)
    )
    # 2031: commitments of 2030 stand at 1, those of 2031 at 0.5; each on 2 units, and on what is
    # added above
    assert model.line("project_capacity", "p", N31).terms == approx(
        {
            x("p", N31): 1,
            ("committed", ("p", 2030)): -0.6 * 2 * 0.5,
            ("committed", ("p", 2031)): -0.6 * 2 * 0.5,
            ("added_size", ("p", 2030)): -0.6 * 0.5,
            ("added_size", ("p", 2031)): -0.6 * 0.5,
        }
    )


def test_project_capacity_in_an_event_of_capacity() -> None:
    tables = world(
        {"make": "-> chip"},
        projects={"p": {"process": "make", "size": 10.0}},
        assets={
            "a": {"process": "make", "capacity": 4.0},
            "free": {"process": "make", "region": "A"},
        },
        demand={("A", "chip"): 1},
        scenarios={"base": 0.5, "quake": 0.5},
        events=[
            {
                "scenario": "quake",
                "event": "capacity",
                "region": "A",
                "commodity": "chip",
                "from_year": 2030,
                "factor": 0.25,
            }
        ],
    )
    model = built(tables, case(scenarios=["base", "quake"]))
    assert model.line("project_capacity", "p", N30).terms[("committed", ("p", 2030))] == -10
    assert (
        model.line("project_capacity", "p", "quake 2030").terms[("committed", ("p", 2030))] == -2.5
    )
    # an existing plant is bounded by its variable
    assert model.bounds("activity", "a", N30) == (0, 4)
    assert model.bounds("activity", "a", "quake 2030") == (0, 1)
    assert model.bounds("activity", "free", "quake 2030") == (0, INF)


def test_nothing_is_left_of_what_has_no_limit_when_an_event_takes_all() -> None:
    tables = world(
        {"make": "-> chip"},
        commodities={"chip": {"shortage_price_usd_per_unit": M}},
        assets={"a": {"process": "make"}},
        demand={("A", "chip"): 1},
        scenarios={"quake": 1.0},
        events=[{"scenario": "quake", "event": "capacity", "from_year": 2030, "factor": 0.0}],
    )
    assert built(tables, case(scenarios=["quake"])).bounds("activity", "a", "quake 2030") == (0, 0)


def test_must_run_is_a_lower_bound_in_normal_times_alone() -> None:
    tables = world(
        {"make": "-> chip"},
        regions={"A": "signatory", "B": "adversary"},
        commodities={"chip": {"covered": True}},
        statuses={"half": 0.5},
        assets={
            "a": {"process": "make", "capacity": 10.0, "status": "half", "must_run_share": 0.2}
        },
        demand={("A", "chip"): 1},
    )
    model = built(tables, case(coverage={"required": 1.0, "from_year": 2030, "hard": True}))
    assert model.bounds("activity", "a", N30) == (
        1,
        5,
    )  # 10 at a credit of one half; a fifth of it always runs
    assert model.bounds("activity", "a", "cut off 2030") == (0, 5)


def test_shipments_keep_between_their_bounds_and_the_least_is_for_normal_times() -> None:
    tables = world(
        {"make": "-> chip"},
        regions={"A": "signatory", "B": "signatory", "C": "adversary"},
        commodities={"chip": {"covered": True}},
        assets={"a": {"process": "make"}},
        routes={
            "A>B chip": {
                "cost_usd_per_unit": 1.0,
                "smallest_shipment": 2.0,
                "largest_shipment": 7.0,
            }
        },
        demand={("B", "chip"): 3},
    )
    model = built(tables, case(coverage={"required": 1.0, "from_year": 2030, "hard": True}))
    assert model.bounds("shipment", "A", "B", "chip", N30) == (2, 7)
    assert model.bounds("shipment", "A", "B", "chip", "cut off 2030") == (0, 7)
