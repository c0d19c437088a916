"""The algebra of readiness, coverage and concentration."""

from __future__ import annotations

from typing import Any

import pytest

from paxsilica.errors import InputError
from paxsilica.model.security import coverage_side
from worlds import Built, M, approx, built, case, world

INF = float("inf")
NORMAL, CUT = "normal 2030", "cut off 2030"
SOFT = {"required": 0.8, "from_year": 2030, "hard": False}
HARD = SOFT | {"hard": True}


def x(plant: str, state: str) -> tuple[str, Any]:
    return ("activity", (plant, state))


def standby(plant: str) -> tuple[str, Any]:
    return ("standby", (plant, NORMAL))


def model(
    coverage: dict[str, Any] = HARD, stocks: Any = None, years: str = "2030", **keys: Any
) -> Built:
    """Metal in A, B (protected) and C (an adversary); a magnet takes 2 of it. Covered demand:
    6 magnets in A, 4 in B; 5 in C."""
    tables = world(
        {"smelt": "-> 1.5 metal", "press": "2 metal -> magnet"},
        regions={"A": "signatory", "B": "signatory", "C": "adversary"},
        commodities={
            "metal": {"covered": True, "shortage_price_usd_per_unit": 2 * M},
            "magnet": {"covered": True, "shortage_price_usd_per_unit": 9 * M},
        },
        processes={"smelt": {"minimum_utilisation": 0.3}},
        statuses={"announced": 0.9},
        completion={("announced", "*"): {0: 0.6}},
        assets={
            "a": {"process": "smelt", "capacity": 10.0},
            "b": {"process": "smelt", "capacity": 10.0, "region": "B"},
            "c": {"process": "smelt", "region": "C"},
            "press": {"process": "press"},
        },
        projects={"p": {"process": "smelt", "size": 8.0, "status": "announced", "region": "B"}},
        demand={("A", "magnet"): 6, ("B", "magnet"): 4, ("C", "magnet"): 5},
        routes={"*>* metal": 0.0, "*>* magnet": 0.0},
        stocks=stocks,
    )
    return built(tables, case(years, coverage=coverage, **keys))


def test_readiness_bounds_a_plant_in_the_cut_off_by_its_standby_capacity() -> None:
    row = model().line("readiness", "a", CUT)
    assert row.terms == {x("a", CUT): 1, standby("a"): -1}
    assert row.sides == (-INF, 0)


def test_readiness_is_not_asked_of_a_process_without_minimum_nor_of_a_case_without_it() -> None:
    assert {plant for plant, _ in model().lines("readiness")} == {"a", "b", "p"}
    assert model(operation={"readiness": False}).lines("readiness") == []


def test_minimum_utilisation_in_normal_times_of_the_standby_capacity() -> None:
    row = model().line("minimum_utilisation", "a", NORMAL)
    assert row.terms == {x("a", NORMAL): 1, standby("a"): -0.3}
    assert row.sides == (0, INF)


def test_standby_within_capacity_of_a_project_and_the_bound_of_a_plant() -> None:
    built_model = model()
    row = built_model.line("standby_within_capacity", "p", NORMAL)
    assert row.terms == approx({standby("p"): 1, ("committed", ("p", 2030)): -0.6 * 8})
    assert row.sides == (-INF, 0)
    assert built_model.bounds("standby", "a", NORMAL) == (0, 10)


def test_production_coverage_requires_the_share_of_need_along_the_recipes() -> None:
    row = model().line("production_coverage", "metal", CUT)
    # covered demand is 6 + 4 magnets, 2 metal each: need 20; a unit of smelting makes 1.5; the
    # plant in C is gone; nobody takes metal in B, so of its metal only what arrives in A counts
    shipment = ("shipment", ("B", "A", "metal", CUT))
    assert row.terms == approx({x("a", CUT): 1.5, shipment: 1, ("shortfall", ("metal", CUT)): 20})
    assert row.sides == (approx(0.8 * 20), INF)


def test_production_coverage_counts_what_strategic_stores_give() -> None:
    row = model(stocks={("A", "metal"): {"initial": 3.0}}).line("production_coverage", "metal", CUT)
    assert row.terms[("stock_draw", ("A", "metal", CUT))] == 1


def test_production_coverage_follows_stage_year_and_commodity() -> None:
    coverage = HARD | {
        "required": {2030: 0.2, 2032: 0.6},
        "stages": {"metal": 0.9},
        "from_years": {"metal": 2031},
    }
    built_model = model(coverage, years="2030-2031")
    rows = sorted(built_model.lines("production_coverage"))
    assert rows == [("magnet", CUT), ("magnet", "cut off 2031"), ("metal", "cut off 2031")]
    assert built_model.line("production_coverage", "magnet", "cut off 2031").low == approx(
        0.4 * 10
    )  # half-way
    assert built_model.line("production_coverage", "metal", "cut off 2031").low == approx(0.9 * 20)


def test_production_coverage_shortfall_is_held_at_zero_where_coverage_is_hard() -> None:
    assert model(HARD).bounds("shortfall", "metal", CUT) == (0, 0)
    assert model(SOFT).bounds("shortfall", "metal", CUT) == (0, 1)


def test_delivery_coverage_where_demand_arises() -> None:
    built_model = model()
    row = built_model.line("delivery_coverage", "magnet", CUT)
    # 10 - unserved + 10 shortfall >= 0.8 * 10
    assert row.terms == {
        ("unserved", ("A", "magnet", CUT)): -1,
        ("unserved", ("B", "magnet", CUT)): -1,
        ("shortfall", ("magnet", CUT)): 10,
    }
    assert row.sides == (approx(-0.2 * 10), INF)
    assert built_model.lines("delivery_coverage") == [
        ("magnet", CUT)
    ]  # metal itself is not demanded


def test_country_concentration_caps_a_region_at_its_share_of_what_is_made() -> None:
    built_model = model(concentration={"max_share": 0.65, "from_year": 2030, "hard": True})
    row = built_model.line("country_concentration", "B", "metal", CUT)
    # 1.5 (b + p) <= 0.65 * 1.5 (a + b + p)
    assert row.terms == approx(
        {x("b", CUT): 1.5 * 0.35, x("p", CUT): 1.5 * 0.35, x("a", CUT): -1.5 * 0.65}
    )
    assert row.sides == (-INF, 0)


def test_country_concentration_with_an_excess_that_is_paid_for() -> None:
    row = model(concentration={"max_share": 0.65, "from_year": 2030, "hard": False}).line(
        "country_concentration", "B", "metal", CUT
    )
    assert row.terms[("concentration_excess", ("B", "metal", CUT))] == -1


def test_country_concentration_begins_in_its_year() -> None:
    built_model = model(
        years="2030-2031", concentration={"max_share": 0.65, "from_year": 2031, "hard": True}
    )
    assert {state for *_, state in built_model.lines("country_concentration")} == {"cut off 2031"}


def test_a_soft_cap_needs_a_price_even_where_coverage_is_hard() -> None:
    tables = world(
        {"make": "-> chip"},
        regions={"A": "signatory"},
        commodities={"chip": {"covered": True}},
        assets={"a": {"process": "make"}},
        demand={("A", "chip"): 1},
    )
    with pytest.raises(InputError, match="so it needs a price"):
        built(
            tables,
            case(coverage=HARD, concentration={"max_share": 0.5, "from_year": 2030, "hard": False}),
        )


def test_control_from_abroad_takes_a_plant_out_of_the_cut_off() -> None:
    tables = world(
        {"make": "-> chip"},
        regions={"A": "signatory", "C": "adversary"},
        commodities={"chip": {"covered": True}},
        assets={
            "a": {"process": "make", "capacity": 5.0},
            "owned": {"process": "make", "capacity": 5.0, "controller": "C"},
        },
        demand={("A", "chip"): 1},
    )
    states = built(tables, case(coverage=HARD)).instance.states
    assert states[NORMAL].plants == ("a", "owned")
    assert states[CUT].plants == ("a",)


@pytest.mark.parametrize("where", [{"region": "C"}, {"region": "R", "controller": "C"}])
def test_two_cut_offs_of_different_goods_do_not_let_each_other_through(
    where: dict[str, str],
) -> None:
    # C stops gallium, R stops palladium: gallium of C does not leave by way of R, nor from a plant
    # in R that C controls
    tables = world(
        {"refine": "-> gallium"},
        regions={"A": "signatory", "C": "adversary", "R": "adversary"},
        commodities={"gallium": {"shortage_price_usd_per_unit": M}, "palladium": {}},
        assets={"plant": {"process": "refine"} | where},
        routes={"C>R gallium": 0.0, "R>A gallium": 0.0},
        demand={("A", "gallium"): 5},
        scenarios={"squeeze": 1.0},
        events=[
            {
                "scenario": "squeeze",
                "event": "cut-off",
                "region": "C",
                "commodity": "gallium",
                "from_year": 2030,
            },
            {
                "scenario": "squeeze",
                "event": "cut-off",
                "region": "R",
                "commodity": "palladium",
                "from_year": 2030,
            },
        ],
    )
    row = built(tables, case(scenarios=["squeeze"])).line(
        "commodity_balance", "A", "gallium", "squeeze 2030"
    )
    assert row.terms == {("unserved", ("A", "gallium", "squeeze 2030")): 1}


def test_the_side_of_a_coverage_row_at_a_share_is_that_of_the_model() -> None:
    built_model = model()
    for family in ("production_coverage", "delivery_coverage"):
        sides = {
            index: coverage_side(built_model.instance, family, *index, 0.8)
            for index in built_model.lines(family)
        }
        assert sides
        for index, side in sides.items():
            assert built_model.line(family, *index).sides[0] == approx(side)


def other_uses(coverage: dict[str, Any] = HARD, years: str = "2030") -> Built:
    """The world of ``model`` with demand for acid, which is not covered."""
    tables = world(
        {"press": "-> magnet", "boil": "-> acid"},
        regions={"A": "signatory", "B": "signatory", "C": "adversary"},
        commodities={"magnet": {"covered": True, "shortage_price_usd_per_unit": 9 * M}},
        assets={"press": {"process": "press"}, "boil": {"process": "boil"}},
        demand={("A", "magnet"): 6, ("A", "acid"): 3, ("B", "acid"): 4, ("C", "acid"): 5},
        routes={"*>* acid": 0.0},
    )
    return built(tables, case(years, coverage=coverage))


def test_outside_uses_require_the_share_of_other_demand() -> None:
    found = other_uses()
    assert found.instance.outside == approx({("acid", CUT): 7})
    row = found.line("outside_uses", "acid", CUT)
    # 7 - unserved >= 0.8 * 7
    assert row.terms == {
        ("unserved", ("A", "acid", CUT)): -1,
        ("unserved", ("B", "acid", CUT)): -1,
    }
    assert row.sides == (approx(-0.2 * 7), INF)


def test_outside_uses_follow_the_general_share_and_its_first_year() -> None:
    coverage = HARD | {"required": {2030: 0.2, 2032: 0.6}, "stages": {"magnet": 0.9}}
    found = other_uses(coverage | {"from_years": {"acid": 2031}}, years="2030-2031")
    assert found.lines("outside_uses") == [("acid", "cut off 2031")]
    assert found.line("outside_uses", "acid", "cut off 2031").low == approx((0.4 - 1) * 7)


def test_outside_uses_are_not_required_where_listed_or_where_coverage_is_soft() -> None:
    assert other_uses(HARD | {"listed_uses": ["acid"]}).instance.outside == {}
    assert other_uses(HARD | {"listed_uses": ["acid"]}).lines("outside_uses") == []
    assert other_uses(SOFT).lines("outside_uses") == []
    with pytest.raises(InputError, match=r"coverage.listed_uses.*acids"):
        other_uses(HARD | {"listed_uses": ["acids"]})
