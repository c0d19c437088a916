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


def test_cost_capital_prices_the_money_of_owner_and_funders_by_their_rates() -> None:
    model = plant(
        "2030",
        funders={
            "f": {"envelope_usd_m": 1000.0, "cost_of_capital": 0.0},
            "g": {"envelope_usd_m": 1000.0},
        },
        sponsor_share=0.4,
        sponsor_cost_of_capital=0.5,
        economic_life_years=2,
    )
    # two payments. At 25 % each is 0.25 / (1 - 0.64) = 25/36 of the sum; at 50 % 0.5 / (1 - 4/9) =
    # 0.9; at 0 % a half
    assert (annuity_share(0.25, 2), annuity_share(0.5, 2)) == (approx(25 / 36), approx(0.9))
    assert model.cost("capital") == approx(
        {
            y("p", 2030): 40 * 0.9 * 36 / 25,
            ("payment", ("f", "p", 2030)): 0.5 * 36 / 25,
            ("payment", ("g", "p", 2030)): 1.0,
        }
    )


def test_cost_capital_without_funders_takes_the_public_share_at_face_value() -> None:
    found = plant(
        "2030", sponsor_share=0.4, sponsor_cost_of_capital=0.5, economic_life_years=2
    ).cost("capital")
    assert found == approx({y("p", 2030): 40 * 0.9 * 36 / 25 + 60})


def test_cost_residual_value_of_what_is_younger_than_its_life() -> None:
    # life 4, lead time 1, end of 2032. Committed in 2030 it has run 2031 and 2032: half is left; in
    # 2031: three quarters. Valued with the factor of the last year, 0.64: 32 and 48
    model = plant(
        keys={"finance": {"discount_rate": 0.25, "residual_value": True}},
        lead_time_years=1,
        economic_life_years=4,
    )
    assert model.cost("residual_value") == approx({y("p", 2030): -(32 - 48), y("p", 2031): -48})


def test_cost_residual_value_of_added_size() -> None:
    keys = {"finance": {"discount_rate": 0.25, "residual_value": True}}
    model = plant(
        "2030-2031",
        keys,
        size=(5.0, 8.0),
        capex_usd_m_per_unit=10.0,
        expandable=True,
        economic_life_years=4,
    )
    # 2030: two years used, 0.5 left; 2031: one year used, 0.75 left; at 0.8
    found = model.cost("residual_value")
    assert found[("added_size", ("p", 2030))] == approx(-0.8 * 10 * (0.5 - 0.75))
    assert found[("added_size", ("p", 2031))] == approx(-0.8 * 10 * 0.75)


def test_cost_residual_value_is_left_out_where_the_case_says_so_or_no_life_is_known() -> None:
    assert plant(economic_life_years=4).cost("residual_value") == {}
    assert (
        plant(keys={"finance": {"discount_rate": 0.25, "residual_value": True}}).cost(
            "residual_value"
        )
        == {}
    )


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


def ready(**keys: Any) -> Built:
    """A plant at 5 that must run half of its standby capacity, where an adversary has one at 3 and
    another at 4."""
    tables = world(
        {"make": "-> chip"},
        regions={"A": "signatory", "C": "adversary"},
        commodities={"chip": {"covered": True, "shortage_price_usd_per_unit": 100 * M}},
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
    return built(tables, case("2030-2031", scenarios=["base", "embargo"], **RATE, **keys))


def test_cost_operation_is_expected_discounted_and_less_the_support() -> None:
    found = ready().cost("operation")
    assert found[("activity", ("us", NORMAL))] == approx(5)  # certain in 2030
    assert found[("activity", ("us", "normal 2031"))] == approx(0.75 * 0.8 * 5)
    assert found[("activity", ("us", CUT.replace("2030", "2031")))] == approx(0.25 * 0.8 * 5)
    assert found[("standby", ("us", "normal 2031"))] == approx(-0.75 * 0.8 * 2 * 0.5)


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


def test_cost_operating_support_is_the_gap_to_the_cheapest_rival_times_the_least_run() -> None:
    # 5 - 3 = 2 a unit (the closed plant is no rival), on half of the standby capacity, in normal
    # times of 2031 (0.75 * 0.8)
    assert ready().cost("operating_support") == approx(
        {("standby", ("us", "normal 2031")): 0.75 * 0.8 * 2 * 0.5}
    )


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
            ("shortfall", ("chip", "cut off 2031")): 0.8 * 2.5 * 100,
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
