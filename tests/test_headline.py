"""The first sentences of every report, and how shares are rounded in them."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

import report_world
from paxsilica.case import make_case
from paxsilica.errors import InputError
from paxsilica.instance import make_instance
from paxsilica.plan.result import Plan
from paxsilica.plan.tables import PLAN_TABLES
from paxsilica.report.console.money import money_lines, unused_lines
from paxsilica.report.headline import headline_sentences, outside
from paxsilica.report.views.money import idle_funders
from paxsilica.report.views.named_plan import NamedPlan, case_of

SPACE = "\u00a0"


def text(named: NamedPlan) -> str:
    return " ".join(headline_sentences(named)).replace(SPACE, " ")


def changed(named: NamedPlan, table: str, **columns: object) -> NamedPlan:
    frame = named.plan.table(table).assign(**columns)
    return replace(named, plan=replace(named.plan, tables={**named.plan.tables, table: frame}))


def with_headline(named: NamedPlan, **entries: object) -> NamedPlan:
    headline = {**named.plan.headline, **entries}
    return replace(named, plan=replace(named.plan, headline=headline))


def test_a_met_requirement_is_stated_with_size_and_years() -> None:
    assert text(report_world.named()) == (
        "With this plan all 3 stages of the chain have a source outside Other for at least 50 % of"
        " need at the same time from 2031 to 2034; without it, for 0 %."
    )


def test_only_the_years_with_the_last_requirement_are_promised() -> None:
    named = changed(report_world.named(), "joint_coverage", required=[0.2, 0.3, 0.4, 0.4])
    assert "from 2033 to 2034" in text(named)
    assert "Each year's requirement is met from 2031 (20 %) on." in text(named)


def test_years_before_the_requirement_is_met_are_named() -> None:
    named = changed(
        report_world.named(),
        "joint_coverage",
        **{"with": [0.39875, 0.4, 0.4, 0.4], "requirement_ratio": [0.39875 / 0.4, 1, 1, 1]},
    )
    found = text(with_headline(named, first_year_all_stages=2032))
    assert "from 2032 to 2034" in found
    assert "Requirements are met from 2032 on; in 2031 they are not: 39 % in 2031, 40 %" in found


def test_what_is_short_is_named_with_its_limits() -> None:
    found = text(report_world.named(5.0))
    assert found.startswith(
        "With this plan not all 3 stages of the chain have a source outside Other for the required"
        " share of need in 2031-2034: at the same time they reach 0 % in 2031 (40 % required, 0 %"
        " without the plan)"
    )
    assert "Short on their own: " in found
    assert "Limiting inputs in 2031: " in found


def closest(rows: list[tuple[object, ...]], ratio: float, bound: float) -> NamedPlan:
    named = report_world.named(5.0)
    table = pd.DataFrame(rows, columns=list(PLAN_TABLES["security"].columns))
    plan: Plan = replace(
        named.plan, objective_kind="security", tables={**named.plan.tables, "security": table}
    )
    security = {"ratio": ratio, "bound": bound, "unsettled": []}
    return with_headline(replace(named, plan=plan), security=security)


def test_what_no_money_reaches_is_told_apart_from_what_this_budget_does_not() -> None:
    rows = [
        ("mining", "Mining", 2034, 0.4, 0.3, 1.0),
        ("metal", "Metal", 2034, 0.4, 0.4, 0.5),
    ]
    found = text(closest(rows, 0.5, 0.5112))
    assert (
        "The requirement cannot be met with any amount of money (proved): all candidates together"
        " reach at most Mining (30 % of 40 % in 2034)." in found
    )
    assert (
        "The requirement cannot be met within the budget and the other limits of the case: the"
        " closest plan covers at least 50 % of what can be reached with any amount of money; no"
        " plan can cover more than 52 % (proved). Lowest: Metal (20 % of 40 % in 2034)." in found
    )
    open_bound = text(closest(rows[1:], 0.5, 1.0))
    assert "cannot be met" not in open_bound
    assert "it is not proved that no plan can cover more" in open_bound


def test_adversaries_are_named_as_in_the_data() -> None:
    named = report_world.named()
    assert outside(named, 2034) == "outside Other"
    assert outside(replace(named, world=None), 2034) == "outside adversaries"
    assert named.world is not None
    case = case_of(named.plan)
    roles = case.roles.model_copy(update={"lost": {"AUS": 2033}, "adversary": {}})
    world = replace(named.world, case=case.model_copy(update={"roles": roles}))
    assert outside(replace(named, world=world), 2033) == "without Aussie <b>& co"
    assert outside(replace(named, world=world), 2032) == "within reach"


def test_no_required_coverage_no_sentence() -> None:
    named = report_world.named()
    tables = {
        **named.plan.tables,
        "coverage": named.plan.coverage[:0],
        "joint_coverage": named.plan.table("joint_coverage")[:0],
    }
    assert headline_sentences(replace(named, plan=replace(named.plan, tables=tables))) == []


def test_why_a_funder_pays_for_nothing() -> None:
    named = report_world.named(5.0)
    assert named.tables is not None
    instance = make_instance(named.tables, case_of(named.plan))
    assert list(idle_funders(named.plan, instance)) == [
        "the plan needs none of the projects that they may pay for"
    ]
    assert instance.funding is not None
    unfit = replace(instance, funding=replace(instance.funding, pairs={}))
    assert idle_funders(named.plan, unfit) == {
        "no candidate fits their mandate, place and time": ["fund"]
    }
    rich = report_world.named()
    assert idle_funders(rich.plan, instance) == {}
    unpaid = changed(rich, "funders", paid_usd_m=0.0)
    assert idle_funders(unpaid.plan, instance) == {
        "others pay for the projects of the plan that they may pay for": ["fund"]
    }


def test_a_case_names_other_cases_that_use_what_it_leaves_unused() -> None:
    named = report_world.named(5.0)
    assert named.tables is not None
    instance = make_instance(named.tables, case_of(named.plan))
    manifest = {**named.plan.manifest, "case": {**named.case, "see_also": ["base"]}}
    other = NamedPlan(replace(named.plan, manifest=manifest), named.world)
    assert not [line for line in unused_lines(named, instance, 3) if "Cases" in line]
    lines = list(unused_lines(other, instance, 3))
    assert lines[-1].startswith("Cases that use what this one leaves unused: base (")
    assert list(unused_lines(other, instance, 0)) == []


def test_see_also_takes_bundled_cases_only() -> None:
    raw = {"years": "2026", "finance": {"discount_rate": 0.05, "price_year": 2025}}
    assert make_case({**raw, "see_also": "base"}).see_also == ("base",)
    with pytest.raises(InputError, match="bundled case"):
        make_case({**raw, "see_also": ["no-such-case"]})


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (None, "not computed"),
        ({"value": 30.0, "bound": None}, "30 would suffice"),
        ({"value": None, "bound": 12.0}, "no plan found; less than 12 cannot suffice (proved)"),
    ],
)
def test_the_least_budget_has_its_bound(found: object, words: str) -> None:
    named = with_headline(report_world.named(), least_budget_usd_m=found)
    assert dict(money_lines(named, 3))["Least budget"].startswith("not defined")
    coverage = {**named.case["coverage"], "hard": True}
    manifest = {**named.plan.manifest, "case": {**named.case, "coverage": coverage}}
    hard = NamedPlan(replace(named.plan, manifest=manifest), named.world)
    assert dict(money_lines(hard, 3))["Least budget"] == words
