"""Every bundled case ends with an audited plan, and the plans answer the questions that the cases
put."""

from __future__ import annotations

from functools import cache

import pytest
from witness import audited_plan

from paxsilica import Plan, load
from paxsilica.bundled import case_files

pytestmark = pytest.mark.slow

GAP = 0.005
"""Looser than the cases ask for: what is told here does not hang on the last thousandth."""


@cache
def plan_of(case: str) -> Plan:
    question = load(case).with_(gap=max(GAP, load(case).case.solver.gap))
    return audited_plan(question.tables, question.case, least_budget=case == "base")


def budget(case: str) -> float:
    limit = load(case).case.budget_usd_m
    assert limit is not None
    return float(limit)


def standalone(case: str, stage: str, year: int) -> float:
    coverage = plan_of(case).coverage
    row = coverage[(coverage["stage"] == stage) & (coverage["year"] == year)].iloc[0]
    return float(row["standalone_coverage"])


@pytest.mark.parametrize("case", list(case_files()))
def test_case_gives_a_plan_within_its_gap(case: str) -> None:
    plan = plan_of(case)
    assert plan.status == "optimal"
    assert plan.gap is not None
    assert plan.gap <= GAP
    assert len(plan.portfolio) > 20


def test_base_serves_the_world_in_normal_times() -> None:
    service = plan_of("base").table("service")
    normal = service[service["mode"] == "normal"]
    assert normal["unserved"].sum() == pytest.approx(0.0, abs=1e-4)


def test_base_covers_every_stage_at_once_within_its_budget() -> None:
    """Hard coverage: every stage, at the same time, has the required share in every year."""
    plan = plan_of("base")
    assert plan.coverage["stage"].nunique() == 13
    joint = plan.table("joint_coverage")
    asked = joint[joint["required"] > 0]
    assert asked["required"].max() == pytest.approx(0.7)
    assert (asked["with"] >= asked["required"] - 1e-6).all()
    assert (asked["without"] < asked["required"]).any()
    assert plan.portfolio["public_usd_m"].sum() <= float(budget("base")) * (1 + 1e-9)


def test_budget_of_base_is_just_above_the_least() -> None:
    """Between 3 and 5 % above the least budget: a budget far above it has no price."""
    least = plan_of("base").headline["least_budget_usd_m"]
    assert least["bound"] <= least["value"] <= budget("base")
    assert budget("base") / least["value"] <= 1.05
    assert budget("base") / least["bound"] >= 1.03


def test_nameplate_shares_overstate_what_the_chain_can_make() -> None:
    coverage = plan_of("base").coverage
    above = coverage["nameplate_share_without"] >= coverage["standalone_coverage_without"] - 1e-6
    assert above.mean() > 0.9
    servers = coverage[(coverage["stage"] == "electronics") & (coverage["year"] == 2036)].iloc[0]
    assert servers["nameplate_share_without"] > servers["standalone_coverage_without"] + 0.2


def test_without_the_dutch_there_are_no_leading_edge_chips() -> None:
    """EUV scanners come from the Netherlands alone: without its signature no stage that rests on
    them is covered."""
    assert standalone("signatories-only", "leading-fab", 2036) == pytest.approx(0.0, abs=1e-6)
    assert standalone("base", "leading-fab", 2036) > 0.5


def test_new_signatures_bring_money_and_cost_nothing() -> None:
    base, expansion = plan_of("base"), plan_of("expansion")
    assert base.objective is not None
    assert expansion.bound is not None
    assert expansion.bound <= base.objective
    assert set(expansion.table("funders")["region"]) - set(base.table("funders")["region"])


def test_half_of_the_money_does_not_cover_every_stage() -> None:
    """The same path as base, not reached; base requires it."""
    joint = plan_of("talk-shop").table("joint_coverage").set_index("year")
    assert joint.loc[2037, "with"] < joint.loc[2037, "required"] - 0.05


def test_members_cover_their_own_need_from_member_countries() -> None:
    joint = plan_of("members-only").table("joint_coverage").set_index("year")
    assert joint.loc[2037, "with"] >= 0.3 - 1e-6
    assert joint.loc[2037, "without"] < 0.1


def test_without_taiwan_new_plants_make_leading_edge_chips() -> None:
    plan = plan_of("taiwan-lost")
    coverage = plan.coverage[plan.coverage["stage"] == "leading-fab"].set_index("year")
    assert coverage.loc[2040, "nameplate_share_without"] < 0.5
    joint = plan.table("joint_coverage").set_index("year")
    assert joint.loc[2040, "with"] >= 0.35 - 1e-6
    assert "TWN" not in set(plan.portfolio["region"])


def test_retaliation_strikes_heavy_rare_earths_first_and_has_a_price() -> None:
    service = plan_of("retaliation").table("service")
    struck = service[service["state"].str.startswith("retaliation")]
    assert struck["year"].min() == 2027
    costs = plan_of("retaliation").costs.set_index("term")["usd_m"]
    assert costs["unmet_demand"] > 0
    assert plan_of("base").costs.set_index("term")["usd_m"]["unmet_demand"] == pytest.approx(
        0.0, abs=1e-3
    )


def test_without_the_gulf_neither_funder_pays() -> None:
    assert not {"ARE", "QAT"} & set(plan_of("no-gulf").table("funders")["region"])
    assert {"ARE", "QAT"} <= set(plan_of("base").table("funders")["region"])
