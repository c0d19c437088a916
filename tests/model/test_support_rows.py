"""The algebra of operating support: what plants lack, what they sell, and who pays."""

from __future__ import annotations

from typing import Any

import pytest

from paxsilica.errors import InputError
from paxsilica.finance import annuity_share
from worlds import COVERED, Built, M, approx, built, case, world

INF = float("inf")
NORMAL = "normal 2030"


def model(price: float | None = 6 * M, funders: Any = None, **keys: Any) -> Built:
    """An existing plant of 8 and two projects that make a chip of half an ore at 4 and at a
    variable cost of 5. What is made is needed by 10 chips in A and 20 in C (``wanted``). The fixed
    cost of the existing plant is ``old``."""
    wanted, fixed = keys.pop("wanted", 20), keys.pop("old", 4.0)
    mandates, row = keys.pop("mandates", None), keys.pop("project", {})
    commodities = {
        "chip": {"covered": True, "price_usd_per_unit": price},
        "ore": {"price_usd_per_unit": 4 * M},
        "tool": {"price_usd_per_unit": 100 * M},
    }
    project = {
        "process": "make",
        "size": (10.0, 15.0),
        "capex_usd_m": 100.0,
        "capex_usd_m_per_unit": 4.0,
        "variable_cost_usd_per_unit": 5 * M,
        "fixed_cost_usd_m": 10.0,
        "fixed_cost_usd_m_per_unit": 0.5,
        "sponsor_share": 0.5,
        "sponsor_cost_of_capital": 0.25,
        "economic_life_years": 4,
    }
    tables = world(
        {"make": "0.5 ore -> 2 chip", "dig": "-> ore", "build": "3 chip -> tool"},
        regions={"A": "signatory", "B": "signatory", "C": "adversary"},
        commodities=commodities,
        processes={"make": {"minimum_utilisation": 0.5}},
        assets={
            "mine": {"process": "dig"},
            "old": {
                "process": "make",
                "capacity": 8.0,
                "variable_cost_usd_per_unit": 5 * M,
                "fixed_cost_usd_m": fixed,
                "must_run_share": 0.2,
            },
            "theirs": {"process": "make", "region": "C", "variable_cost_usd_per_unit": M},
            "theirmine": {"process": "dig", "region": "C"},
            "builder": {"process": "build", "region": "C"},
        },
        projects={"p": project | row, "q": project | {"region": "B"}},
        routes={"C>A chip": 0.0, "A>C chip": 0.0, "A>B ore": 0.0, "B>A chip": 0.0},
        demand={("A", "chip"): 10, ("C", "chip"): wanted, ("C", "tool"): 7},
        funders={"f": {"envelope_usd_m": 1000.0}} if funders is None else funders,
        mandates=mandates,
    )
    given: dict[str, Any] = {"coverage": COVERED, "support": {"pay": True}} | keys
    return built(tables, case(**given))


def test_support_need_of_a_project_with_a_loss_counts_the_output_that_readiness_requires() -> None:
    # fixed cost and annuity of half the capital, at 25 % for 4 years; a loss of 5 + 2 - 2 * 3 = 1
    # on half of the standby capacity
    row = model(price=3 * M).line("support_need", "p", NORMAL)
    each = annuity_share(0.25, 4)
    assert row.terms == approx(
        {
            ("support", ("p", 2030)): 1,
            ("committed", ("p", 2030)): -(10 + 0.5 * 100 * each),
            ("added_size", ("p", 2030)): -(0.5 + 0.5 * 4 * each),
            ("standby", ("p", NORMAL)): -0.5,
        }
    )
    assert row.sides == (0, INF)


def test_support_need_counts_the_profit_on_what_is_sold() -> None:
    # 2 * 6 - 5 - 2 = 5
    terms = model().line("support_need", "p", NORMAL).terms
    assert terms[("sold", ("p", NORMAL))] == approx(5)
    assert ("standby", ("p", NORMAL)) not in terms
    assert ("activity", ("p", NORMAL)) not in terms


def test_support_need_of_a_project_counts_with_the_probability_that_it_operates() -> None:
    tables = world(
        {"make": "-> chip"},
        regions={"A": "signatory", "C": "adversary"},
        commodities={"chip": {"covered": True}},
        assets={"theirs": {"process": "make", "region": "C"}},
        projects={
            "p": {
                "process": "make",
                "status": "announced",
                "capex_usd_m": 100.0,
                "spend_profile": (1.0,),
                "lead_time_years": 1,
                "fixed_cost_usd_m": 10.0,
                "sponsor_share": 1.0,
                "sponsor_cost_of_capital": 0.25,
                "economic_life_years": 2,
            }
        },
        demand={("A", "chip"): 1},
        statuses={"announced": 1.0},
        completion={("announced", "*"): {0: 0.5, 1: 0.25}},
    )
    found = built(tables, case("2030-2033", coverage=COVERED, support={"pay": True}))
    # a year of construction at 25 %; nothing is earned after the two years of its life
    each = 125 * annuity_share(0.25, 2)
    chances = {2031: 0.5, 2032: 0.75}
    for year in chances:
        terms = found.line("support_need", "p", f"normal {year}").terms
        since = {v: -(10 + each) * chances.get(year + 2030 - v, 0) for v in (2030, 2031)}
        # the decisions are cumulative: a commitment in a year counts with it and not with the next
        expected = {
            ("support", ("p", year)): 1,
            ("committed", ("p", 2030)): since[2030] - since[2031],
            ("committed", ("p", 2031)): since[2031],
        }
        assert terms == approx({key: value for key, value in expected.items() if value})
    last = found.line("support_need", "p", "normal 2033").terms
    assert last[("committed", ("p", 2030))] == approx(-10 * 0.75 + (10 + each) * 0.75)


def test_support_need_of_an_existing_plant_counts_fixed_cost_by_standby_capacity() -> None:
    # 4 of fixed cost over a capacity of 8; it runs 0.2 of its capacity in any case, so readiness
    # requires 0.5 - 0.2 at a loss of 1
    assert model(price=3 * M).line("support_need", "old", NORMAL).terms == approx(
        {("support", ("old", 2030)): 1, ("standby", ("old", NORMAL)): -(4 / 8 + 0.3 * 1)}
    )


def test_nobody_supports_adversaries_or_plants_that_cost_nothing() -> None:
    assert {plant for plant, _ in model().lines("support_need")} == {"p", "q", "old"}


def test_sold_within_capacity_bounds_what_is_sold_by_what_a_project_can_make() -> None:
    row = model().line("sold_within_capacity", "p", NORMAL)
    assert row.terms == approx(
        {
            ("sold", ("p", NORMAL)): 1,
            ("committed", ("p", 2030)): -10,
            ("added_size", ("p", 2030)): -1,
        }
    )
    assert row.sides == (-INF, 0)


def test_sold_of_an_existing_plant_is_bounded_by_its_capacity() -> None:
    program = model().program
    assert program.high[program.columns.index(("sold", ("old", NORMAL)))] == 8
    assert ("old", NORMAL) not in model().lines("sold_within_capacity")


def test_support_need_counts_the_profit_on_all_that_a_plant_can_make_where_it_is_needed() -> None:
    # 2 * (8 + 15 + 15) chips can be made, and 200 are needed. The profit of 5 on the capacity of a
    # project is more than its fixed cost and annuity of what is added, not of its smallest size at
    # a fixed cost of 60.
    found = model(project={"fixed_cost_usd_m": 60.0}, wanted=200)
    assert found.lines("sold_within_need") == found.lines("sold_within_capacity") == []
    each = annuity_share(0.25, 4)
    terms = found.line("support_need", "p", NORMAL).terms
    assert terms == approx(
        {
            ("support", ("p", 2030)): 1,
            ("committed", ("p", 2030)): -(60 + 0.5 * 100 * each) + 5 * 10,
            ("added_size", ("p", 2030)): -(0.5 + 0.5 * 4 * each) + 5,
        }
    )


def test_a_plant_that_earns_its_cost_with_all_that_it_can_make_has_no_row() -> None:
    # a profit of 40 pays a fixed cost of 4, and not one of 48; projects earn 50 and more
    assert model(wanted=200, old=4.0, project={"fixed_cost_usd_m": 1.0}).lines("support_need") == []
    row = model(wanted=200, old=48.0).line("support_need", "old", NORMAL)
    assert row.terms == approx({("support", ("old", 2030)): 1, ("standby", ("old", NORMAL)): -6})
    assert row.sides == (approx(-40), INF)


def test_sold_within_need_is_the_need_of_final_demand_everywhere() -> None:
    # 30 chips of final demand, and 3 for each of 7 tools
    row = model().line("sold_within_need", "chip", NORMAL)
    assert row.terms == approx({("sold", (name, NORMAL)): 2 for name in ("old", "p", "q")})
    assert row.sides == (-INF, approx(30 + 3 * 7))


def test_without_profit_nothing_is_sold() -> None:
    assert model(price=3 * M).lines("sold_within_capacity") == []


def test_support_equals_funding_by_the_mandates_of_funders() -> None:
    funders = {name: {"envelope_usd_m": 1000.0} for name in ("f", "g")}
    found = model(funders=funders, mandates=[{"funder": "g", "region": "B"}])
    both, one = (found.line("support_equals_funding", name, 2030) for name in ("q", "old"))
    assert both.terms == approx(
        {
            ("support_payment", ("f", "q", 2030)): 1,
            ("support_payment", ("g", "q", 2030)): 1,
            ("support", ("q", 2030)): -1,
        }
    )
    assert one.terms == approx(
        {
            ("support_payment", ("f", "old", 2030)): 1,
            ("support", ("old", 2030)): -1,
            ("support", ("p", 2030)): -1,
        }
    )
    assert both.sides == one.sides == (0, 0)


def test_support_equals_funding_where_nobody_may_pay_leaves_no_support() -> None:
    row = model(price=3 * M, mandates=[{"funder": "f", "region": "B"}]).line(
        "support_equals_funding", "old", 2030
    )
    assert row.terms == approx({("support", ("old", 2030)): -1})
    assert row.sides == (0, 0)


def test_support_is_paid_from_envelopes_annual_limits_and_mandates() -> None:
    found = model(
        funders={"f": {"envelope_usd_m": 1000.0, "annual_limit_usd_m": 300.0}},
        mandates=[
            {"funder": "f", "region": "B", "largest_usd_m": 200.0},
            {"funder": "f", "region": "A"},
        ],
    )
    paid = {("support_payment", ("f", name, 2030)): 1.0 for name in ("old", "q")}
    for row in (
        found.line("funder_envelope", "f"),
        found.line("funder_annual_limit", "f", 2030),
    ):
        assert {key: one for key, one in row.terms.items() if "support" in key[0]} == approx(paid)
    assert found.line("mandate_limit", "f", "*", "B").terms == approx(
        {("payment", ("f", "q", 2030)): 1, ("support_payment", ("f", "q", 2030)): 1}
    )


@pytest.mark.parametrize(("covers", "count"), [("money", 1.0), ("capital", 0.0)])
def test_the_budget_counts_support_undiscounted_unless_it_covers_capital(
    covers: str, count: float
) -> None:
    terms = (
        model(
            years="2030-2031",
            budget_usd_m=500.0,
            budget={"covers": covers},
            finance={"discount_rate": 0.25},
        )
        .line("programme_budget", "programme")
        .terms
    )
    supported = {(plant, year) for plant in ("old", "p", "q") for year in (2030, 2031)}
    assert {index for (family, index), _ in terms.items() if family == "support"} == (
        supported if count else set()
    )
    assert all(terms.get(("support", index), 0.0) == count for index in supported)
    assert terms[("committed", ("p", 2031))] == approx(50)


def test_without_payment_there_is_no_support() -> None:
    found = model(support={"pay": False})
    families = {family for family, _ in found.program.columns}
    assert not families & {"support", "support_payment", "sold"}


def test_without_a_cut_off_there_is_no_support() -> None:
    assert model(coverage=None).lines("support_need") == []


def test_a_price_and_an_economic_life_are_asked_for_together() -> None:
    with pytest.raises(InputError) as wrong:
        model(price=None, project={"economic_life_years": None})
    found = {(one.table, one.row, one.column) for one in wrong.value.problems}
    assert found == {
        ("commodities", "chip", "price_usd_per_unit"),
        ("projects", "p", "economic_life_years"),
    }
