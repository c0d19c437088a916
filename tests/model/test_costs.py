"""The algebra of every cost term. Rates and lives are chosen so that factors can be worked out by
hand."""

from __future__ import annotations

from typing import Any

from paxsilica.finance import annuity_share
from worlds import Built, M, approx, built, case, world

NORMAL, CUT = "normal 2030", "cut off 2030"
RATE = {"finance": {"discount_rate": 0.25}}
"""A year later 0.8, two years later 0.64."""


def y(project: str, year: int) -> tuple[str, Any]:
    return ("committed", (project, year))


def plant(
    years: str = "2030-2032",
    keys: dict[str, Any] | None = None,
    funders: Any = None,
    series: Any = None,
    **row: Any,
) -> Built:
    tables = world(
        {"make": "-> chip"},
        projects={"p": {"process": "make", "size": 5.0, "capex_usd_m": 100.0} | row},
        demand={("A", "chip"): 0},
        funders=funders,
        series=series,
    )
    return built(tables, case(years, **(keys if keys is not None else RATE)))


def test_cost_capital_falls_due_by_profile_and_is_discounted() -> None:
    # committed in 2030: 50 + 0.8 * 50 = 90; in 2031: 0.8 * 50 + 0.64 * 50 = 72; in 2032: 0.64 * 100
    # = 64 (the rest falls due at once)
    assert plant(spend_profile=(0.5, 0.5)).cost("capital") == approx(
        {y("p", 2030): 90 - 72, y("p", 2031): 72 - 64, y("p", 2032): 64}
    )


def test_cost_capital_of_size_above_the_smallest() -> None:
    found = plant("2030", size=(5.0, 8.0), capex_usd_m_per_unit=7.0).cost("capital")
    assert found == approx({y("p", 2030): 100, ("added_size", ("p", 2030)): 7})


def test_cost_capital_is_an_annuity_from_the_planned_start_on() -> None:
    # life 2, lead time 1, 25 %: two payments of 25/36 of the value at the start, which is 1.25
    # times what is spent a year before it. Committed in 2030 it is charged in 2031 and 2032 (0.8
    # and 0.64), in 2031 in 2032 alone
    assert annuity_share(0.25, 2) == approx(25 / 36)
    yearly = 100 * 1.25 * 25 / 36
    model = plant(lead_time_years=1, economic_life_years=2, ramp_profile=(0.5, 1.0))
    assert model.cost("capital") == approx(
        {y("p", 2030): yearly * (0.8 + 0.64 - 0.64), y("p", 2031): yearly * 0.64}
    )


def test_cost_capital_ends_with_the_economic_life() -> None:
    # life 1: what is committed in 2030 is charged in 2030 and never again
    found = plant(economic_life_years=1).cost("capital")
    assert found == approx(
        {y("p", 2030): 125 * (1 - 0.8), y("p", 2031): 125 * 0.16, y("p", 2032): 125 * 0.64}
    )


def test_cost_capital_of_added_size_is_charged_from_its_own_start_on() -> None:
    model = plant(
        "2030-2031",
        size=(5.0, 8.0),
        capex_usd_m_per_unit=36.0,
        expandable=True,
        economic_life_years=2,
    )
    found = model.cost("capital")
    # 36 * 25/36 = 25 a year; added in 2030 it is charged in 2030 and 2031, in 2031 in 2031
    assert found[("added_size", ("p", 2030))] == approx(25 * (1 + 0.8 - 0.8))
    assert found[("added_size", ("p", 2031))] == approx(25 * 0.8)


def test_cost_capital_counts_public_money_at_its_marginal_cost() -> None:
    funders = {"f": {"envelope_usd_m": 1000.0, "cost_of_capital": 0.5}}
    keys = {"finance": {"discount_rate": 0.25, "public_funds_cost": 1.5}}
    for given in (funders, None):
        found = plant("2030", keys, funders=given, sponsor_share=0.4, sponsor_cost_of_capital=0.5)
        assert found.cost("capital") == approx({y("p", 2030): 40 + 60 * 1.5})


def test_cost_fixed_operation_from_the_first_year_of_operation_on() -> None:
    # 10 a year. In 2031 (0.8) only a commitment of 2030 runs; in 2032 (0.64) one of 2030 or 2031
    model = plant(lead_time_years=1, fixed_cost_usd_m=10.0, ramp_profile=(0.5, 1.0))
    assert model.cost("fixed_operation") == approx({y("p", 2030): 8, y("p", 2031): 6.4})


def test_cost_fixed_operation_of_added_size_and_of_existing_plants() -> None:
    tables = world(
        {"make": "-> chip"},
        assets={"old": {"process": "make", "fixed_cost_usd_m": 3.0, "to_year": 2030}},
        projects={"p": {"process": "make", "size": (5.0, 8.0), "fixed_cost_usd_m_per_unit": 2.0}},
        demand={("A", "chip"): {2030: 1, 2031: 0}},
    )
    model = built(tables, case("2030-2031", **RATE))
    assert model.cost("fixed_operation") == approx(
        {("added_size", ("p", 2030)): 2, ("added_size", ("p", 2031)): 1.6}
    )
    assert model.model.costs["fixed_operation"].constant == 3  # it runs in 2030 alone


def ready(price: float = 100 * M, **keys: Any) -> Built:
    """A plant at 5 that must run half of its standby capacity, where an adversary has one at 3 and
    another at 4."""
    tables = world(
        {"make": "-> chip"},
        regions={"A": "signatory", "C": "adversary"},
        commodities={
            "chip": {
                "covered": True,
                "shortage_price_usd_per_unit": 100 * M,
                "price_usd_per_unit": price,
            }
        },
        processes={"make": {"minimum_utilisation": 0.5}},
        assets={
            "us": {"process": "make", "variable_cost_usd_per_unit": 5 * M},
            "cn": {"process": "make", "variable_cost_usd_per_unit": 3 * M, "region": "C"},
            "cn-small": {"process": "make", "variable_cost_usd_per_unit": 4 * M, "region": "C"},
            "cn-closed": {
                "process": "make",
                "variable_cost_usd_per_unit": 1 * M,
                "region": "C",
                "capacity": 0.0,
            },
        },
        demand={("A", "chip"): 10},
        routes={"C>A chip": 0.5 * M},
        scenarios={"base": 0.75, "embargo": 0.25},
        events=[{"scenario": "embargo", "event": "cut-off", "from_year": 2031}],
    )
    return built(tables, case("2030-2031", scenarios=["base", "embargo"], **RATE | keys))


def test_cost_operation_is_expected_and_discounted() -> None:
    found = ready().cost("operation")
    assert found[("activity", ("us", NORMAL))] == approx(5)  # certain in 2030
    assert found[("activity", ("us", "normal 2031"))] == approx(0.75 * 0.8 * 5)
    assert found[("activity", ("us", CUT.replace("2030", "2031")))] == approx(0.25 * 0.8 * 5)


def test_cost_operation_follows_an_event_of_variable_cost() -> None:
    tables = world(
        {"make": "-> chip"},
        assets={"a": {"process": "make", "variable_cost_usd_per_unit": 4 * M}},
        demand={("A", "chip"): 1},
        scenarios={"dear": 1.0},
        events=[
            {
                "scenario": "dear",
                "event": "variable cost",
                "process": "make",
                "from_year": 2030,
                "factor": 1.5,
            }
        ],
    )
    assert built(tables, case(scenarios=["dear"])).cost("operation") == approx(
        {("activity", ("a", "dear 2030")): 6}
    )


def test_cost_operating_support_is_the_cost_of_public_funds_above_one() -> None:
    # a USD of support in 2031 costs 0.25 more than it transfers, times 0.8; support is no cost
    # where public money costs its face value
    for cost, expected in ((1.25, {("support", ("us", 2031)): 0.2}), (1.0, {})):
        finance = {"finance": {"discount_rate": 0.25, "public_funds_cost": cost}}
        found = ready(price=4 * M, support={"pay": True}, **finance)
        assert ("support", ("us", 2031)) in found.program.columns
        assert found.cost("operating_support") == approx(expected)


def test_cost_trade_along_routes() -> None:
    found = ready().cost("trade")
    assert found == approx(
        {
            ("shipment", ("C", "A", "chip", NORMAL)): 0.5,
            ("shipment", ("C", "A", "chip", "normal 2031")): 0.75 * 0.8 * 0.5,
        }
    )


def test_cost_stockholding_on_the_level_at_the_end_of_each_year() -> None:
    tables = world(
        {"make": "-> chip"},
        assets={"a": {"process": "make"}},
        stocks={("A", "chip"): {"holding_cost_usd_per_unit": 2 * M}},
    )
    assert built(tables, case("2030-2031", **RATE)).cost("stockholding") == approx(
        {("stock", ("A", "chip", 2030)): 2, ("stock", ("A", "chip", 2031)): 1.6}
    )


def test_cost_unmet_demand_at_its_price_expected() -> None:
    found = ready().cost("unmet_demand")
    assert found[("unserved", ("A", "chip", NORMAL))] == approx(100)
    assert found[("unserved", ("A", "chip", "cut off 2031"))] == approx(0.25 * 0.8 * 100)


def test_cost_unmet_demand_has_no_price_where_served_in_full_nor_in_a_coverage_test() -> None:
    tables = world(
        {"make": "-> chip"},
        regions={"A": "signatory"},
        commodities={"chip": {"covered": True}},
        assets={"a": {"process": "make"}},
        demand={("A", "chip"): 10},
    )
    model = built(tables, case(coverage={"required": 0.5, "from_year": 2030, "hard": True}))
    assert model.cost("unmet_demand") == {}
    assert model.bounds("unserved", "A", "chip", CUT) == (0, 10)
    assert all(
        index != ("A", "chip", NORMAL)
        for family, index in model.program.columns
        if family == "unserved"
    )


def test_cost_coverage_shortfall_at_its_weight_whatever_the_probability() -> None:
    keys = {
        "coverage": {"required": 1.0, "from_year": 2031, "hard": False, "shortfall_weight": 2.5},
        "concentration": {"max_share": 0.65, "from_year": 2031, "hard": False},
    }
    assert ready(**keys).cost("coverage_shortfall") == approx(
        {
            # a value added of 100 in each of the 10 chips that are needed
            ("shortfall", ("chip", "cut off 2031")): 0.8 * 2.5 * 100 * 10,
            ("concentration_excess", ("A", "chip", "cut off 2031")): 0.8 * 100,
        }
    )


def test_cost_coverage_shortfall_is_nothing_where_coverage_is_hard() -> None:
    assert (
        ready(coverage={"required": 1.0, "from_year": 2031, "hard": True}).cost(
            "coverage_shortfall"
        )
        == {}
    )


def test_the_objective_is_the_sum_of_the_terms() -> None:
    import numpy as np

    soft = {"coverage": {"required": 1.0, "from_year": 2031, "hard": False}}
    for kind, names in (("cost", None), ("security", None)):
        model = ready(objective=kind, **soft)
        parts = [
            model.program.vector(cost.terms)
            for name, cost in model.model.costs.items()
            if names is None or name in names
        ]
        assert np.allclose(model.program.cost, np.sum(parts, axis=0))


def test_the_objective_budget_is_public_capital_as_the_budget_counts_it() -> None:
    tables = world(
        {"make": "-> chip"},
        regions={"A": "signatory"},
        commodities={"chip": {"covered": True}},
        projects={
            "p": {
                "process": "make",
                "size": 5.0,
                "capex_usd_m": 100.0,
                "sponsor_share": 0.4,
                "spend_profile": (0.5, 0.5),
            }
        },
        demand={("A", "chip"): 1},
    )
    hard = {"required": 1.0, "from_year": 2030, "hard": True}
    model = built(
        tables, case("2030-2031", objective="budget", budget_usd_m=500.0, coverage=hard, **RATE)
    )
    found = {
        model.program.columns[at]: value for at, value in enumerate(model.program.cost) if value
    }
    assert found == approx({y("p", 2031): 60})


def test_cost_funder_preference_weighs_payments_away_from_home_and_deals_discounted() -> None:
    # the fund of A weighs what it pays into the plant in B on which it has no deal, in the second
    # year at 1 / 1.25
    plant = {"process": "make", "capex_usd_m": 10.0}
    tables = world(
        {"make": "-> chip"},
        regions={"A": "signatory", "B": "signatory"},
        projects={
            "home": plant,
            "named": plant | {"region": "B"},
            "other": plant | {"region": "B"},
        },
        funders={"f": {"envelope_usd_m": 100.0}},
        deals=[{"funder": "f", "project": "named", "state": "promise"}],
    )
    finance = {"discount_rate": 0.25}
    model = built(tables, case("2030-2031", funders={"preference": 0.2}, finance=finance))
    assert model.cost("funder_preference") == approx(
        {("payment", ("f", "other", 2030)): 0.2, ("payment", ("f", "other", 2031)): 0.2 / 1.25}
    )
    assert built(tables, case("2030-2031", finance=finance)).cost("funder_preference") == {}
