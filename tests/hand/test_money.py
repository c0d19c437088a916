"""Money comes in lumps, from somebody, for something."""

from __future__ import annotations

from typing import Any

import pytest

from worlds import COVERED, Answer, M, approx, case, outcome, world

SOFT = COVERED | {"hard": False}


def candidates(
    need: float, funders: Any = None, price: float = 100.0, **projects: dict[str, Any]
) -> Any:
    return world(
        {"make": "-> chip"},
        regions={"A": "signatory"},
        commodities={"chip": {"covered": True, "shortage_price_usd_per_unit": price * M}},
        projects={name: {"process": "make"} | row for name, row in projects.items()},
        funders=funders,
        demand={("A", "chip"): need},
    )


def test_a_budget_holds_lumps() -> None:
    # 100 to spend. By units per dollar the first is best (7 for 60), and then nothing else fits: 7.
    # Two of 50 give 5 each: 10 of 11.
    tables = candidates(
        11,
        best={"size": 7.0, "capex_usd_m": 60.0},
        p={"size": 5.0, "capex_usd_m": 50.0},
        q={"size": 5.0, "capex_usd_m": 50.0},
    )
    answer = Answer(tables, case(coverage=SOFT, budget_usd_m=100))
    assert set(answer.committed) == {"p", "q"}
    assert answer.costs()["coverage_shortfall"] == approx(1 * 100)


def test_of_an_exclusive_group_one_is_built() -> None:
    # Need 15. Small (5 for 20) and large (10 for 50) together are 70, but they are two designs of
    # one site: large and another site (5 for 40) are 90.
    site = {"exclusive_group": "site"}
    tables = candidates(
        15,
        small={"size": 5.0, "capex_usd_m": 20.0} | site,
        large={"size": 10.0, "capex_usd_m": 50.0} | site,
        other={"size": 5.0, "capex_usd_m": 40.0},
    )
    answer = Answer(tables, case(coverage=COVERED))
    assert set(answer.committed) == {"large", "other"}
    assert answer.objective == approx(90)


def test_a_prerequisite_is_paid_too() -> None:
    # The smelter at 30 looks cheaper than the one at 50, but presupposes a port at 25 that makes
    # nothing.
    port = {"size": 0.001, "capex_usd_m": 25.0}
    tables = candidates(
        10,
        port=port,
        cheap={"size": 10.0, "capex_usd_m": 30.0, "prerequisites": ("port",)},
        alone={"size": 10.0, "capex_usd_m": 50.0},
    )
    assert set(Answer(tables, case(coverage=COVERED)).committed) == {"alone"}
    # two smelters share the port: 25 + 30 + 30 = 85 against 100
    tables = candidates(
        20,
        port=port,
        cheap={"size": 10.0, "capex_usd_m": 30.0, "prerequisites": ("port",)},
        twin={"size": 10.0, "capex_usd_m": 30.0, "prerequisites": ("port",)},
        alone={"size": 10.0, "capex_usd_m": 50.0},
        other={"size": 10.0, "capex_usd_m": 50.0},
    )
    answer = Answer(tables, case(coverage=COVERED))
    assert set(answer.committed) == {"port", "cheap", "twin"}
    assert answer.objective == approx(85)


@pytest.mark.parametrize(("ticket", "built"), [(None, {"p", "q"}), (60.0, {"p"})])
def test_a_smallest_ticket_leaves_money_that_no_project_can_use(
    ticket: float | None, built: set[str]
) -> None:
    # f has 100, g has 40; two projects of 70 cost just what they have together. If f pays at least
    # 60 where it pays at all, it can pay for one only, and g alone has not enough for the other. (p
    # is worth a little more.)
    funders = {
        "f": {"envelope_usd_m": 100.0, "smallest_ticket_usd_m": ticket},
        "g": {"envelope_usd_m": 40.0},
    }
    tables = candidates(
        11, funders, p={"size": 6.0, "capex_usd_m": 70.0}, q={"size": 5.0, "capex_usd_m": 70.0}
    )
    answer = Answer(tables, case(coverage=SOFT))
    assert set(answer.committed) == built
    assert answer.costs().get("coverage_shortfall", 0.0) == approx(0 if ticket is None else 500)


def test_a_project_below_the_smallest_ticket_of_its_only_funder_is_not_paid_for() -> None:
    # p at 50 is cheaper than q at 70, but the funder writes no cheque below 60.
    funders = {"f": {"envelope_usd_m": 100.0, "smallest_ticket_usd_m": 60.0}}
    tables = candidates(
        5, funders, p={"size": 5.0, "capex_usd_m": 50.0}, q={"size": 5.0, "capex_usd_m": 70.0}
    )
    answer = Answer(tables, case(coverage=COVERED))
    assert set(answer.committed) == {"q"}
    assert list(answer.plan.table("dropped")["project"]) == ["p"]


@pytest.mark.parametrize(("delivery", "chosen"), [(1.0, "large"), (0.6, "small")])
def test_a_pledge_is_not_a_payment(delivery: float, chosen: str) -> None:
    # 100 are pledged: large at 80. If 60 % of it comes, 60 pay for small at 55.
    funders = {"f": {"envelope_usd_m": 100.0, "delivery_factor": delivery}}
    exclusive = {"exclusive_group": "site"}
    tables = candidates(
        10,
        funders,
        large={"size": 10.0, "capex_usd_m": 80.0} | exclusive,
        small={"size": 5.0, "capex_usd_m": 55.0} | exclusive,
    )
    assert set(Answer(tables, case(coverage=SOFT)).committed) == {chosen}


@pytest.mark.parametrize(("budget", "chosen", "cost"), [(None, "public", 60), (50, "shared", 100)])
def test_a_budget_pays_the_public_share_alone(
    budget: float | None, chosen: str, cost: float
) -> None:
    # shared costs 100, of which its owner brings 60; public costs 60, all from funders. 50 of
    # public money pay for shared alone.
    tables = candidates(
        10,
        shared={"size": 10.0, "capex_usd_m": 100.0, "sponsor_share": 0.6},
        public={"size": 10.0, "capex_usd_m": 60.0},
    )
    keys: dict[str, Any] = {} if budget is None else {"budget_usd_m": budget}
    answer = Answer(tables, case(coverage=COVERED, **keys))
    assert set(answer.committed) == {chosen}
    assert answer.objective == approx(cost)


def test_the_objective_budget_asks_for_the_least_public_money() -> None:
    # the same two: least cost takes the 60, least public money the 40 of the 100
    tables = candidates(
        10,
        shared={"size": 10.0, "capex_usd_m": 100.0, "sponsor_share": 0.6},
        public={"size": 10.0, "capex_usd_m": 60.0},
    )
    answer = Answer(tables, case(coverage=COVERED, objective="budget"))
    assert set(answer.committed) == {"shared"}
    assert answer.objective == approx(40)
    assert answer.costs() == approx({"capital": 100})


@pytest.mark.parametrize(("cost", "chosen"), [(1.0, "public"), (2.0, "shared")])
def test_public_money_has_its_price(cost: float, chosen: str) -> None:
    # public costs 90, all from funders; shared 100, of which its owner brings 60. At a marginal
    # cost of public funds of 2: 180 against 60 + 80.
    tables = candidates(
        10,
        shared={"size": 10.0, "capex_usd_m": 100.0, "sponsor_share": 0.6},
        public={"size": 10.0, "capex_usd_m": 90.0},
    )
    answer = Answer(tables, case(coverage=COVERED, finance={"public_funds_cost": cost}))
    assert set(answer.committed) == {chosen}
    assert answer.costs() == approx({"capital": {"public": 90, "shared": 140}[chosen]})


def test_the_rates_of_owner_and_funders_change_no_cost() -> None:
    plain = {"size": 10.0, "capex_usd_m": 100.0, "sponsor_share": 0.3, "economic_life_years": 10}
    rates = plain | {"sponsor_cost_of_capital": 0.15}
    funders = {"f": {"envelope_usd_m": 1000.0}}
    dear = {"f": {"envelope_usd_m": 1000.0, "cost_of_capital": 0.2}}
    asked = case(coverage=COVERED, finance={"discount_rate": 0.05})
    first = Answer(candidates(10, funders, p=plain), asked)
    assert Answer(candidates(10, dear, p=rates), asked).costs() == approx(first.costs())


def test_a_mandate_keeps_money_at_home() -> None:
    # f pays for stage chip in B only, and no more than 30 there; the plant in A at 20 is out of
    # reach, that in B at 40 needs g for 10.
    tables = world(
        {"make": "-> chip"},
        regions={"A": "signatory", "B": "signatory"},
        commodities={"chip": {"covered": True, "shortage_price_usd_per_unit": M}},
        projects={
            "a": {"process": "make", "size": 10.0, "capex_usd_m": 20.0},
            "b": {"process": "make", "size": 10.0, "capex_usd_m": 40.0, "region": "B"},
        },
        funders={"f": {"envelope_usd_m": 1000.0}, "g": {"envelope_usd_m": 10.0}},
        mandates=[{"funder": "f", "stage": "chip", "region": "B", "largest_usd_m": 30.0}],
        routes={"B>A chip": 0.0},
        demand={("A", "chip"): 10},
    )
    answer = Answer(tables, case(coverage=COVERED))
    assert set(answer.committed) == {"b"}
    assert (
        answer.value("payment", "f", "b", 2030),
        answer.value("payment", "g", "b", 2030),
    ) == approx((30, 10))
    assert (
        outcome(tables, case(coverage=COVERED, funders={"exclude": ["g"]})).status == "infeasible"
    )


def test_a_larger_plant_is_cheaper_by_the_unit() -> None:
    # 20 for the first 4, then 2 a unit up to 10; need 7: 20 + 3 * 2.
    tables = candidates(
        7, p={"size": (4.0, 10.0), "capex_usd_m": 20.0, "capex_usd_m_per_unit": 2.0}
    )
    answer = Answer(tables, case(coverage=COVERED))
    assert answer.objective == approx(26)
    assert answer.value("added_size", "p", 2030) == approx(3)
