"""Operating support, worked out by hand: its amount, who pays it, and what it changes."""

from __future__ import annotations

from typing import Any

import pytest

from paxsilica.finance import annuity_share
from worlds import COVERED, Answer, M, approx, case, outcome, world

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
