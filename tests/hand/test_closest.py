"""The closest plan, where no plan meets the requirement, solved by hand."""

from __future__ import annotations

from typing import Any

import pytest

from worlds import COVERED, Answer, case, world

WEST = {"A": "signatory", "C": "adversary"}


ANY_SIZE = {
    "etch": {"process": "etch", "size": (0.0, 10.0), "capex_usd_m_per_unit": 10.0},
    "mill": {"process": "mill", "size": (0.0, 8.0), "capex_usd_m_per_unit": 10.0},
}
LUMP = {"process": "etch", "size": 6.0, "capex_usd_m": 60.0}


def two_goods(budget: float, projects: dict[str, Any] = ANY_SIZE) -> Answer:
    """10 chips and 10 tools are needed. Plants of any size cost 10 for each unit; for tools there
    is only room for 8."""
    priced = {"covered": True, "shortage_price_usd_per_unit": 1.0}
    tables = world(
        {"etch": "-> chip", "mill": "-> tool"},
        regions=WEST,
        commodities={"chip": priced, "tool": priced},
        assets={
            "etch abroad": {"process": "etch", "region": "C"},
            "mill abroad": {"process": "mill", "region": "C"},
        },
        projects=projects,
        routes={"C>A chip": 0.0, "C>A tool": 0.0},
        demand={("A", "chip"): 10, ("A", "tool"): 10},
    )
    return Answer(tables, case(coverage=COVERED, budget_usd_m=budget, objective="security"))


def test_what_money_cannot_reach_is_told_from_what_the_budget_cannot() -> None:
    # Tools can reach 80 % at most. Of 90, a part s of both takes 100 s + 80 s: s = 0.5, so 5 chips
    # and 4 tools are the fairest.
    answer = two_goods(90)
    security = answer.plan.table("security").set_index("name")
    assert security["reachable_share"].to_dict() == pytest.approx({"chip": 1.0, "tool": 0.8})
    assert answer.plan.headline["security"]["ratio"] == pytest.approx(0.5, abs=1e-3)
    assert answer.plan.headline["security"]["bound"] == pytest.approx(0.5, abs=1e-3)
    assert answer.coverage("chip")["standalone_coverage"] == pytest.approx(0.5, abs=1e-3)
    assert answer.coverage("tool")["standalone_coverage"] == pytest.approx(0.4, abs=1e-3)


def test_with_enough_money_all_that_can_be_reached_is() -> None:
    answer = two_goods(1000)
    assert answer.plan.headline["security"]["ratio"] == pytest.approx(1.0, abs=1e-3)
    assert answer.coverage("tool")["standalone_coverage"] == pytest.approx(0.8, abs=1e-3)
    # and no more is spent than that takes
    assert answer.plan.headline["capital_usd_m"] == pytest.approx(180.0, rel=1e-3)


def test_a_stage_that_can_rise_alone_does_not_stop_at_the_worst() -> None:
    # Chips have a lump of 60 for 6 that a budget of 90 buys at most once, tools any size: the worst
    # is 0.375 (30 for 3 tools of 8) beside 0.6; a chip plant of another size is not on offer.
    projects = {"etch 1": LUMP, "etch 2": LUMP, "mill": ANY_SIZE["mill"]}
    answer = two_goods(90, projects)
    ratios = answer.plan.table("security").set_index("name")["ratio"]
    assert ratios.to_dict() == pytest.approx({"chip": 0.6, "tool": 0.375}, abs=2e-3)
