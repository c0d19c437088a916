"""What owner and funders of a project pay and receive, worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from paxsilica.finance import internal_rate, present_value
from paxsilica.tables.schema import Completion, StatusCredit
from worlds import Answer, M, approx, case, world


def answer(price: float | None = 12 * M, years: str = "2030-2031", **row: Any) -> Answer:
    """A plant of 10 for 100, half of it from its owner; a chip needs half a unit of ore at 4 and
    3 for the conversion, and sells for 12: 7 a chip, less 10 of fixed cost a year."""
    plant = {
        "process": "make",
        "size": 10.0,
        "capex_usd_m": 100.0,
        "variable_cost_usd_per_unit": 3 * M,
        "fixed_cost_usd_m": 10.0,
        "sponsor_share": 0.5,
        "sponsor_cost_of_capital": 0.25,
        "economic_life_years": 4,
    }
    tables = world(
        {"make": "0.5 ore -> chip", "dig": "-> ore"},
        commodities={
            "chip": {"price_usd_per_unit": price, "shortage_price_usd_per_unit": 1000 * M},
            "ore": {"price_usd_per_unit": 4 * M},
        },
        assets={"mine": {"process": "dig"}},
        projects={"p": plant | row},
        demand={("A", "chip"): 10},
        funders={"f": {"envelope_usd_m": 1000.0, "cost_of_capital": 0.0}},
    )
    return Answer(tables, case(years, finance={"discount_rate": 0.05}))


def account(found: Answer, party: str) -> dict[str, Any]:
    frame = found.plan.table("accounts")
    return frame[frame["party"] == party].iloc[0].to_dict()


def test_margin_is_shared_by_capital_and_repeated_to_the_end_of_the_life() -> None:
    # 10 * (12 - 2 - 3) - 10 = 60 a year in 2030 and 2031, and in 2032 and 2033 after the case: half
    # of 240 to either party
    found = answer()
    funder, owner = account(found, "f"), account(found, "sponsor")
    assert (funder["paid_usd_m"], funder["received_usd_m"]) == approx((50, 120))
    assert (owner["paid_usd_m"], owner["received_usd_m"]) == approx((50, 120))
    # paid at the beginning of 2030, received at the end of each year
    assert funder["npv_usd_m"] == approx(-50 + 4 * 30)
    assert owner["npv_usd_m"] == approx(-50 + 30 * (0.8 + 0.64 + 0.512 + 0.4096))
    assert (funder["rate"], owner["rate"]) == (0.0, 0.25)
    for one in (funder, owner):
        assert present_value(one["irr"], [-50, 30, 30, 30, 30]) == pytest.approx(0, abs=1e-6)


def test_late_and_lost_output_lowers_the_return() -> None:
    # half of the size works, so half of the margin and half of the fixed cost
    tables = answer().built.instance.tables
    projects = tuple(
        row.model_copy(update={"status": "announced"}) if row.project == "p" else row
        for row in tables.projects
    )
    odds = Completion(status="announced", stage="*", delay_years=0, probability=0.5)
    status = StatusCredit(status="announced", name="announced", credit=1.0)
    risky = replace(tables, projects=projects, completion=(odds,), statuses=(status,))
    found = Answer(risky, case("2030-2031", finance={"discount_rate": 0.05}))
    assert account(found, "f")["received_usd_m"] == approx(0.5 * 120)
    assert account(found, "f")["paid_usd_m"] == approx(50)


def test_the_rate_is_that_of_the_case_where_none_is_stated() -> None:
    assert account(answer(sponsor_cost_of_capital=None), "sponsor")["rate"] == 0.05


def test_without_a_price_returns_are_absent_and_the_note_says_why() -> None:
    one = account(answer(price=None), "f")
    assert one["paid_usd_m"] == approx(50)
    assert one["note"] == "no price of chip"
    assert all(one[name] != one[name] for name in ("received_usd_m", "npv_usd_m", "irr"))


def test_a_loss_has_no_internal_rate() -> None:
    one = account(answer(price=4 * M), "f")
    assert one["received_usd_m"] == approx(4 * 0.5 * (10 * (4 - 2 - 3) - 10))
    assert one["irr"] != one["irr"]


def test_internal_rate_of_flows() -> None:
    assert internal_rate([-100, 60, 60]) == approx(0.130662386)
    assert internal_rate([-100, 40, 40]) == approx(2 / (11**0.5 - 1) - 1)
    assert internal_rate([-100, 230, -132]) is None  # 10 % and 20 %
    assert internal_rate([5.0]) is None
