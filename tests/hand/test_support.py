"""Operating support, worked out by hand: its amount, who pays it, and what it changes."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from paxsilica.finance import annuity_share
from paxsilica.instance import make_instance
from paxsilica.instance.statements import statements
from paxsilica.solver import solve
from worlds import COVERED, Answer, M, approx, built, case, outcome, world

WEST = {"A": "signatory", "C": "adversary"}
PAID: dict[str, Any] = {"support": {"pay": True}, "finance": {"public_funds_cost": 1.25}}


def answer(**keys: Any) -> Answer:
    """A project of 10 for 100, half of it its owner's. A chip costs 5 and half an ore at 4, and
    sells for 6: a loss of 1 on the 5 that must run, 10 of fixed cost."""
    return Answer(tables(), case("2030-2031", coverage=COVERED, **PAID | keys))


def tables(**funders: Any) -> Any:
    return world(
        {"make": "0.5 ore -> chip", "dig": "-> ore"},
        regions=WEST,
        commodities={
            "chip": {"covered": True, "price_usd_per_unit": 6 * M},
            "ore": {"price_usd_per_unit": 4 * M},
        },
        processes={"make": {"minimum_utilisation": 0.5}},
        assets={
            "mine": {"process": "dig"},
            "theirs": {"process": "make", "region": "C", "variable_cost_usd_per_unit": M},
            "theirmine": {"process": "dig", "region": "C"},
        },
        projects={
            "p": {
                "process": "make",
                "size": 10.0,
                "capex_usd_m": 100.0,
                "variable_cost_usd_per_unit": 5 * M,
                "fixed_cost_usd_m": 10.0,
                "sponsor_share": 0.5,
                "sponsor_cost_of_capital": 0.25,
                "economic_life_years": 4,
            }
        },
        routes={"C>A chip": 0.0},
        demand={("A", "chip"): 10},
        funders={"f": {"envelope_usd_m": 1000.0, "cost_of_capital": 0.0} | funders},
    )


# fixed cost, loss of 5 + 2 - 6 on 5, annuity of 50
YEARLY = 10 + 5 + 50 * annuity_share(0.25, 4)


def test_support_pays_fixed_cost_loss_and_annuity_and_the_owner_earns_its_rate() -> None:
    found = answer()
    support = found.plan.table("support")
    assert list(support["support_usd_m"]) == approx([YEARLY, YEARLY])
    assert list(support["offtake_quantity"]) == approx([5, 5])
    assert list(support["price_floor_usd_per_unit"]) == approx([(6 + YEARLY / 5) * M] * 2)
    assert found.costs()["operating_support"] == approx(0.25 * 2 * YEARLY)
    head = found.plan.headline
    assert head["support_usd_m"] == approx(2 * YEARLY)
    assert head["public_money_usd_m"] == approx(50 + 2 * YEARLY)
    accounts = found.plan.table("accounts").set_index("party")
    assert accounts.loc["sponsor", "irr"] == approx(0.25)


@pytest.mark.parametrize(("covers", "status"), [("money", "infeasible"), ("capital", "optimal")])
def test_a_budget_that_covers_support_can_be_too_small(covers: str, status: str) -> None:
    asked = case(
        "2030-2031", coverage=COVERED, budget_usd_m=100.0, budget={"covers": covers}, **PAID
    )
    assert outcome(tables(), asked).status == status


def test_an_envelope_pays_for_support_too() -> None:
    asked = case("2030-2031", coverage=COVERED, **PAID)
    assert outcome(tables(envelope_usd_m=100.0), asked).status == "infeasible"


def test_an_existing_plant_that_the_cut_off_needs_is_supported() -> None:
    # ours makes a chip at 9 where it sells for 6 and theirs costs 1. To be ready for 10 it must run
    # 5: a loss of 15, and half of its fixed cost of 4, as half of its capacity of 20 is ready.
    tables = two_plants({"ours": {"capacity": 20.0, "fixed_cost_usd_m": 4.0}})
    found = Answer(tables, case(coverage=COVERED, **PAID))
    row = found.plan.table("support").iloc[0]
    assert (row["plant"], row["kind"], row["funder"]) == ("ours", "asset", "f")
    assert row["support_usd_m"] == approx(3 * 5 + 4 * 10 / 20)
    assert row["offtake_quantity"] == approx(5)
    assert row["price_floor_usd_per_unit"] == approx((6 + 17 / 5) * M)
    assert row["grant_equivalent_usd_m"] == approx(17)
    # 5 at 9, 5 at 1, 4 of fixed cost, and a quarter of the support
    assert found.objective == approx(45 + 5 + 4 + 17 / 4)
    statement = found.plan.table("statements").iloc[0]
    assert (statement["paid_usd_m"], statement["support_usd_m"]) == approx((0, 17))
    assert found.plan.table("funders")["paid_usd_m"].tolist() == approx([17])


def two_plants(ours: dict[str, dict[str, Any]], **more: Any) -> Any:
    return world(
        {"make": "-> chip"},
        regions=WEST,
        commodities={"chip": {"covered": True, "price_usd_per_unit": 6 * M}},
        processes={"make": {"minimum_utilisation": 0.5}},
        assets={
            "theirs": {"process": "make", "region": "C", "variable_cost_usd_per_unit": M},
            **{
                name: {"process": "make", "variable_cost_usd_per_unit": 9 * M} | row
                for name, row in ours.items()
            },
        },
        routes={"C>A chip": 0.0},
        demand={("A", "chip"): 10},
        funders={"f": {"envelope_usd_m": 1000.0}},
        **more,
    )


def test_a_good_that_nobody_takes_does_not_lower_support() -> None:
    # A project of 10 makes chips at 1 that sell for 6, with a fixed cost of 40: a profit on 8 chips
    # would pay for it, but 4 are needed. It runs 2 to be ready and sells the 4, which leaves 20.
    tables = world(
        {"make": "-> chip"},
        regions=WEST,
        commodities={"chip": {"covered": True, "price_usd_per_unit": 6 * M, "surplus": "free"}},
        processes={"make": {"minimum_utilisation": 0.5}},
        projects={
            "p": {
                "process": "make",
                "size": 10.0,
                "variable_cost_usd_per_unit": M,
                "fixed_cost_usd_m": 40.0,
            }
        },
        demand={("A", "chip"): 4},
    )
    dear = {"finance": {"public_funds_cost": 5.0}, "support": {"pay": True}}
    found = Answer(tables, case(coverage=COVERED, **dear))
    assert found.value("activity", "p", "normal 2030") == approx(4)
    assert found.plan.headline["support_usd_m"] == approx(40 - 4 * 5)
    assert found.costs() == approx(
        {"operation": 4, "fixed_operation": 40, "operating_support": 4 * 20}
    )


IDLE: dict[str, Any] = {
    "process": "make",
    "size": 10.0,
    "capex_usd_m": 100.0,
    "fixed_cost_usd_m": 10.0,
    "variable_cost_usd_per_unit": 9 * M,
    "sponsor_share": 0.4,
    "economic_life_years": 5,
}


@pytest.mark.parametrize("social", [-0.03, 0.0, 0.05, 0.2])
@pytest.mark.parametrize("own", [-0.03, 0.2])
@pytest.mark.parametrize("objective", ["cost", "budget"])
def test_without_demand_nothing_is_supported_at_any_rate(
    objective: str, own: float, social: float
) -> None:
    tables = world(
        {"make": "-> chip"},
        regions=WEST,
        commodities={"chip": {"covered": True, "price_usd_per_unit": 6 * M}},
        processes={"make": {"minimum_utilisation": 0.5}},
        assets={
            "old": {"process": "make", "variable_cost_usd_per_unit": 9 * M, "capacity": 20.0}
            | {"fixed_cost_usd_m": 4.0}
        },
        projects={
            "p": IDLE | {"sponsor_cost_of_capital": own},
            "cheap": IDLE | {"variable_cost_usd_per_unit": 0.0, "sponsor_cost_of_capital": own},
        },
        demand={("A", "chip"): 0.0},
        funders={"f": {"envelope_usd_m": 1000.0, "cost_of_capital": own}},
        scenarios={"base": 0.5, "embargo": 0.5},
        events=[{"scenario": "embargo", "event": "cut-off", "from_year": 2031}],
    )
    keys: dict[str, Any] = {"finance": {"discount_rate": social, "public_funds_cost": 1.2}}
    asked = case(
        "2030-2034",
        objective=objective,
        scenarios=["base", "embargo"],
        coverage=COVERED,
        support={"pay": True},
        **keys,
    )
    found = Answer(tables, asked)
    assert ("support", ("cheap", 2031)) in found.built.program.columns
    assert found.committed == {}
    assert len(found.plan.table("support")) == 0
    assert found.plan.headline["support_usd_m"] == 0
    assert found.costs() == approx({"fixed_operation": found.costs()["fixed_operation"]})


def extremes(tables: Any, asked: Any) -> tuple[float, float]:
    """Least and largest total of support, undiscounted, over all plans of least cost."""
    program = built(tables, asked).program
    best = solve(program, asked.solver).objective
    assert best is not None
    total = np.zeros(len(program.cost))
    total[program.positions("support")] = 1.0
    limited = program.with_row(program.cost, best - program.offset + 1e-7)
    found = [solve(limited.minimising(sign * total), asked.solver).objective for sign in (1, -1)]
    assert found[0] is not None
    assert found[1] is not None
    return found[0], -found[1]


def test_the_total_of_support_is_unique_where_public_money_costs_more_than_its_face_value() -> None:
    # three plants that are alike, of which any two are ready: who receives support is open, how
    # much is not. To be ready for 10 they run 5 at a loss of 3.
    tables = two_plants({name: {"capacity": 5.0} for name in "abc"})
    least, most = extremes(tables, case(coverage=COVERED, **PAID))
    assert least == approx(15)
    assert most == approx(15)
    assert Answer(tables, case(coverage=COVERED, **PAID)).plan.headline["support_usd_m"] == approx(
        15
    )


def test_the_least_support_is_paid_where_public_money_costs_its_face_value() -> None:
    # Ours can make 20, of which 10 are needed: a profit of 5 on 10 pays half of the fixed cost of
    # 40, as half of it is kept ready. Support is no cost, so any amount from 0 on is as good.
    tables = two_plants(
        {"ours": {"variable_cost_usd_per_unit": M, "capacity": 20.0} | {"fixed_cost_usd_m": 40.0}}
    )
    keys: dict[str, Any] = {"coverage": COVERED, "support": {"pay": True}}
    assert extremes(tables, case(**keys))[1] > 40
    found = Answer(tables, case(**keys))
    assert found.plan.headline["support_usd_m"] == approx(0)
    assert found.costs() == approx({"operation": 10, "fixed_operation": 40})


def test_support_is_a_transfer_and_never_a_gain() -> None:
    paid, unpaid = answer(), answer(support={"pay": False})
    extra = paid.costs().pop("operating_support")
    assert extra > 0
    assert paid.objective == approx(unpaid.objective + extra)
    for found in (paid, unpaid):
        accounts = found.plan.table("accounts")
        net = accounts["received_usd_m"].sum() - accounts["support_paid_usd_m"].sum()
        # two years of the case and two more of the life: 10 of fixed cost and a loss of 5 each
        assert net == approx(4 * -15)


def test_a_profit_goes_to_the_owner_first_and_the_rest_by_parts_of_the_capital() -> None:
    # Sold at 20, ten chips leave 10 * (20 - 7) - 10 = 120 a year, of which the annuity of 50 is the
    # owner's first; the rest is divided by half. Nobody needs support.
    wealthy = tables()
    rows = [
        row.model_copy(update={"price_usd_per_unit": 20 * M}) if row.commodity == "chip" else row
        for row in wealthy.commodities
    ]
    wealthy = dataclasses.replace(wealthy, commodities=tuple(rows))
    # without a route from C the project runs at 10
    wealthy = dataclasses.replace(wealthy, routes=())
    found = Answer(wealthy, case("2030-2031", coverage=COVERED, **PAID))
    assert len(found.plan.table("support")) == 0
    accounts = found.plan.table("accounts").set_index("party")
    annuity = 50 * annuity_share(0.25, 4)
    each = (120 - annuity) / 2
    assert accounts.loc["sponsor", "received_usd_m"] == approx(4 * (annuity + each))
    assert accounts.loc["f", "received_usd_m"] == approx(4 * each)


def test_accounts_count_what_a_plant_must_sell_to_need_no_support() -> None:
    # Ten chips at 1 that sell for 6 could earn 50. The plan runs 5 of them to be ready, as theirs
    # are cheaper. A fixed cost of 30 and the annuity of its owner need a profit on more than 5:
    # a price taker sells so much. Nobody pays support, the owner earns its rate, and the funder
    # earns nothing.
    made = two_plants(
        {},
        projects={
            "p": {
                "process": "make",
                "size": 10.0,
                "capex_usd_m": 20.0,
                "variable_cost_usd_per_unit": M,
                "fixed_cost_usd_m": 30.0,
                "sponsor_share": 0.5,
                "sponsor_cost_of_capital": 0.25,
                "economic_life_years": 4,
            }
        },
    )
    cheap = [
        row.model_copy(update={"variable_cost_usd_per_unit": 0.0}) if row.asset == "theirs" else row
        for row in made.assets
    ]
    found = Answer(
        dataclasses.replace(made, assets=tuple(cheap)),
        case("2030-2031", coverage=COVERED, **PAID),
    )
    assert found.value("activity", "p", "normal 2030") == approx(5)
    assert len(found.plan.table("support")) == 0
    accounts = found.plan.table("accounts").set_index("party")
    annuity = 10 * annuity_share(0.25, 4)
    assert accounts.loc["sponsor", "received_usd_m"] == approx(4 * annuity)
    assert accounts.loc["sponsor", "irr"] == approx(0.25)
    assert accounts.loc["f", "received_usd_m"] == approx(0, abs=1e-9)


def test_the_least_budget_holds_support() -> None:
    found = answer(objective="budget")
    assert found.objective == approx(50 + 2 * YEARLY)
    only = answer(objective="budget", budget={"covers": "capital"})
    assert only.objective == approx(50)
    assert only.plan.headline["support_usd_m"] == approx(2 * YEARLY)


def test_a_mandate_that_does_not_fit_pays_no_support() -> None:
    both = two_plants({"ours": {"capacity": 20.0}}, mandates=[{"funder": "f", "region": "C"}])
    assert outcome(both, case(coverage=COVERED, **PAID)).status == "infeasible"


def test_without_funders_support_is_unallocated() -> None:
    alone = dataclasses.replace(two_plants({"ours": {"capacity": 20.0}}), funders=())
    found = Answer(alone, case(coverage=COVERED, **PAID))
    assert found.plan.table("support")["funder"].tolist() == ["unallocated"]
    assert found.plan.headline["support_usd_m"] == approx(15)


def test_a_budget_above_all_capital_has_an_effect_where_it_covers_support() -> None:
    for covers, expected in (("money", False), ("capital", True)):
        keys: dict[str, Any] = {"budget_usd_m": 120.0, "budget": {"covers": covers}}
        asked = case("2030-2031", coverage=COVERED, **keys, **PAID)
        said = statements(make_instance(tables(), asked))
        assert any("budget has no effect" in line for line in said) == expected


def test_an_unpaid_support_is_stated() -> None:
    said = statements(make_instance(tables(), case(coverage=COVERED)))
    assert any("support.pay is false" in line for line in said)


def profitable(mine: dict[str, Any], **more: Any) -> Any:
    """A project of 10 chips for 20, half of it its owner's, with a fixed cost of 60 and a profit of
    4 on each chip. Theirs are cheaper, so that it runs only to be ready. ``more`` adds existing
    plants that dig acid and make a lens of it on the capacity of the project."""
    return world(
        {
            "make": "ore -> chip",
            "dig": "-> ore",
            "grind": "acid -> lens",
            "leach": "-> acid",
        },
        regions=WEST,
        commodities={
            "chip": {"covered": True, "price_usd_per_unit": 6 * M},
            "ore": {"price_usd_per_unit": M},
            "acid": {"price_usd_per_unit": 0.0},
            "lens": {"price_usd_per_unit": M},
        },
        processes={"make": {"minimum_utilisation": 0.5}},
        assets={
            "mine": {"process": "dig"} | mine,
            "theirs": {"process": "make", "region": "C"},
            "theirmine": {"process": "dig", "region": "C"},
            **more,
        },
        projects={
            "p": {
                "process": "make",
                "size": 10.0,
                "capex_usd_m": 20.0,
                "latest_commitment": 2030,
                "commitment": "required",
                "variable_cost_usd_per_unit": M,
                "fixed_cost_usd_m": 60.0,
                "sponsor_share": 0.5,
                "sponsor_cost_of_capital": 0.25,
                "economic_life_years": 4,
            }
        },
        routes={"C>A chip": 0.0, "A>C chip": 0.0},
        demand={("A", "chip"): 10, ("C", "chip"): 10},
        funders={"f": {"envelope_usd_m": 1000.0}},
    )


PROFITABLE = 60 + 10 * annuity_share(0.25, 4)


def test_a_plant_without_feed_in_a_year_earns_nothing_in_it() -> None:
    # the mine opens in 2031: in 2030 support pays all of the fixed cost and the annuity, and in
    # 2031 what a profit of 4 on 10 chips leaves; the audit, which every plan here passes, agrees
    late = dict(COVERED, from_year=2031)
    found = Answer(profitable({"from_year": 2031}), case("2030-2031", coverage=late, **PAID))
    support = found.plan.table("support")
    assert list(support["support_usd_m"]) == approx([PROFITABLE, PROFITABLE - 40])
    assert list(support["offtake_quantity"]) == approx([0, 10])


def test_a_further_recipe_that_cannot_run_leaves_the_sales_of_the_plant_as_they_are() -> None:
    # nobody needs the lens, so that no state has the recipe: the project runs 5 chips to be ready
    # and sells the 10 that it can make, as without the recipe
    further = {
        "pit": {"process": "leach"},
        "grinder": {"process": "grind", "shares_capacity_of": "p", "capacity_use": 1.0},
    }
    asked = case("2030-2031", coverage=COVERED, **PAID)
    for more in ({}, further):
        found = Answer(profitable({}, **more), asked)
        assert found.value("activity", "p", "normal 2030") == approx(5)
        support = found.plan.table("support")
        assert list(support["support_usd_m"]) == approx([PROFITABLE - 40] * 2)
