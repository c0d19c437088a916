"""What rows of the tables mean, each shown on a world so small that the answer can be worked out by
hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from small import Small
from witness import audited_plan

from paxsilica.plan.result import Plan

HARD = {"required": 0.5, "from_year": 2026, "hard": True}


def solved(world: Small) -> Plan:
    plan = audited_plan(*world.read())
    assert plan.status == "optimal"
    return plan


def one(plan: Plan, table: str, **where: Any) -> pd.Series:
    frame = plan.tables[table]
    for column, value in where.items():
        frame = frame[frame[column] == value]
    assert len(frame) == 1
    return frame.iloc[0]


def test_demand_without_a_variant_adds_to_that_of_every_variant() -> None:
    world = Small()
    world.region("A")
    world.commodity("part")
    world.process("make", {}, {"part": 1})
    world.asset("old", "A", "make", cost=1e6)
    world.demand("A", "part", 10)
    world.demand("A", "part", 7, variant="central")
    world.demand("A", "part", 90, variant="high")
    assert solved(world).objective == pytest.approx(17)


def test_none_of_an_unlimited_capacity_is_none() -> None:
    world = Small(scenarios=["flood"])
    world.region("A")
    world.commodity("part")
    world.process("make", {}, {"part": 1})
    world.process("buy", {}, {"part": 1})
    world.tables["statuses"].append({"status": "talk", "name": "talk", "credit": 0})
    world.asset("talked-of", "A", "make", capacity="inf", cost=1, status="talk")
    world.asset("drowned", "A", "buy", capacity="inf", cost=1)
    world.asset("dear", "A", "make", capacity="inf", cost=3e6)
    world.event("flood", "capacity", process="buy", factor=0)
    world.demand("A", "part", 10)
    assert solved(world).objective == pytest.approx(30)


def test_a_capacity_event_strikes_projects_too() -> None:
    world = Small(scenarios=["flood"])
    world.region("A")
    world.commodity("part", shortage_price_usd_per_unit=1e6)
    world.process("make", {}, {"part": 1})
    world.project("new", "A", "make", size=10, capex=1)
    world.event("flood", "capacity", process="make", factor=0.4)
    world.demand("A", "part", 10)
    plan = solved(world)
    assert plan.objective == pytest.approx(1 + 6)
    assert one(plan, "operation", plant="new")["capacity"] == pytest.approx(4)


def blockade(**case: Any) -> Small:
    world = Small(scenarios=["cut"], roles={"protected": ["signatory"]}, **case)
    for name, status in (("A", "signatory"), ("X", "adversary"), ("Y", "adversary")):
        world.region(name, status)
    world.commodity("metal", shortage_price_usd_per_unit=1e6)
    world.commodity("other", shortage_price_usd_per_unit=1e6)
    world.process("make", {}, {"metal": 1})
    return world


def test_what_is_switched_off_does_not_leak_through_another_region() -> None:
    """X cuts metal, Y cuts something else: metal from X does not reach A by way of Y."""
    world = blockade()
    world.asset("mill", "X", "make", cost=1)
    world.route("X", "Y", "metal")
    world.route("Y", "A", "metal")
    world.event("cut", "cut-off", region="X", commodity="metal")
    world.event("cut", "cut-off", region="Y", commodity="other")
    world.demand("A", "metal", 10)
    assert solved(world).objective == pytest.approx(10)


def test_trade_within_the_group_that_is_cut_off_goes_on() -> None:
    world = blockade()
    world.asset("mill", "X", "make", cost=1)
    world.route("X", "Y", "metal")
    world.route("X", "A", "metal")
    world.event("cut", "cut-off", region="*", commodity="metal")
    for region in ("A", "Y"):
        world.demand(region, "metal", 10)
    assert solved(world).objective == pytest.approx(10, rel=1e-4)


def test_a_plant_is_stopped_by_a_controller_who_cuts_its_product_elsewhere() -> None:
    """X cuts metal and controls a mill in Y, which cuts something else: the mill stops."""
    world = blockade()
    world.asset("mill", "Y", "make", cost=1, controller="X")
    world.route("Y", "A", "metal")
    world.event("cut", "cut-off", region="X", commodity="metal")
    world.event("cut", "cut-off", region="Y", commodity="other")
    world.demand("A", "metal", 10)
    assert solved(world).objective == pytest.approx(10)


def idle() -> Small:
    world = Small()
    for name in ("A", "B"):
        world.region(name)
    world.commodity("part")
    world.process("make", {}, {"part": 1})
    world.asset("old", "A", "make", cost=1e6)
    return world


def test_a_shipment_that_earns_is_made_although_nobody_needs_it() -> None:
    world = idle()
    world.route("A", "B", "part", cost=-3e6, largest_shipment=5)
    assert solved(world).objective == pytest.approx(5 * (1 - 3))


def test_a_shipment_that_must_be_made_is_made() -> None:
    world = idle()
    world.route("A", "B", "part", cost=0, smallest_shipment=4)
    assert solved(world).objective == pytest.approx(4)


@pytest.mark.parametrize("measure", ["activity", "production", "shipment"])
def test_what_a_limit_asks_for_is_done_although_nobody_needs_it(measure: str) -> None:
    world = idle()
    world.route("A", "B", "part")
    world.limit(measure, "at least", 6)
    assert solved(world).objective == pytest.approx(6)


def test_a_limit_counts_existing_capacity_that_stands_idle() -> None:
    world = idle()
    world.project("new", "A", "make", size=10, capex=5)
    world.limit("capacity", "at least", 110)
    plan = solved(world)
    assert plan.objective == pytest.approx(5)
    binding = one(plan, "binding", what="limit on plants")
    assert (binding["limit"], binding["used"]) == pytest.approx((110, 110))


def test_a_maximum_of_capacity_counts_existing_capacity_that_stands_idle() -> None:
    world = idle()
    world.commodity("use")
    world.process("useful", {}, {"use": 1})
    world.project("new", "A", "useful", size=10, capex=5)
    world.demand("A", "use", 10)
    world.limit("capacity", "at most", 105)
    assert audited_plan(*world.read()).status == "infeasible"


def covered(goods: tuple[str, ...], **case: Any) -> Small:
    """A feed of 100 that either of two products may use up."""
    world = Small(roles={"protected": ["signatory"]}, coverage=HARD, **case)
    world.region("A", "signatory")
    world.region("X", "adversary")
    world.commodity("feed")
    world.process("dig", {}, {"feed": 1})
    world.asset("mine", "A", "dig", capacity=100, cost=1)
    for good in goods:
        world.commodity(good, covered="yes", shortage_price_usd_per_unit=1e6)
        world.process(f"make-{good}", {"feed": 1}, {good: 1}, stage=f"stage-{good}")
        world.asset(f"{good}-line", "A", f"make-{good}", capacity=100, cost=1)
        world.asset(f"{good}-import", "X", f"make-{good}", capacity=100, cost=1)
        world.demand("A", good, 100)
    return world


def test_goods_that_share_feed_are_covered_alone_but_not_at_once() -> None:
    plan = solved(covered(("p", "q")))
    rows = plan.tables["coverage_by_commodity"]
    assert rows["standalone_coverage"].tolist() == pytest.approx([1.0, 1.0])
    assert rows["joint_coverage"].tolist() == pytest.approx([0.5, 0.5])
    joint = one(plan, "joint_coverage")
    assert joint["limiting_goods"] == "p, q"
    assert (joint["with"], joint["requirement_ratio"]) == pytest.approx((0.5, 1.0))


def test_nameplate_share_counts_every_nameplate() -> None:
    world = covered(("p",))
    world.tables["statuses"].append({"status": "talk", "name": "talk", "credit": 0})
    world.asset("talked-of", "A", "make-p", capacity=30, cost=1, status="talk")
    world.tables["assets"][1]["capacity"] = 60
    shares = one(solved(world), "coverage_by_commodity")
    assert shares["nameplate_share"] == pytest.approx(0.9)
    assert shares["standalone_coverage"] == pytest.approx(0.6)


def test_names_that_read_like_numbers_survive_a_folder(tmp_path: Path) -> None:
    world = Small()
    world.region("NA")
    world.commodity("007")
    world.process("1e5", {}, {"007": 1})
    world.asset("0012", "NA", "1e5")
    world.demand("NA", "007", 3)
    plan = solved(world)
    plan.save(tmp_path)
    back = Plan.load(tmp_path)
    assert back.tables["operation"].loc[0, ["plant", "region", "process"]].tolist() == [
        "0012",
        "NA",
        "1e5",
    ]
    assert back.tables["service"].loc[0, "commodity"] == "007"


def test_an_expandable_project_pays_for_each_part_when_it_is_added() -> None:
    """Ten more units are needed in 2028 alone, when they cost half."""
    world = Small("2026-2028")
    world.region("A")
    world.commodity("part")
    world.process("make", {}, {"part": 1})
    world.project(
        "new",
        "A",
        "make",
        size=10,
        capex=2,
        largest_size=20,
        expandable="yes",
        latest_commitment=2026,
    )
    for year, cost in ((2026, 0.4), (2028, 0.2)):
        world.tables["series"].append(
            {
                "table": "projects",
                "row": "new",
                "column": "capex_usd_m_per_unit",
                "year": year,
                "value": cost,
            }
        )
    for year, quantity in ((2026, 10), (2027, 10), (2028, 20)):
        world.demand("A", "part", quantity, (year,))
    plan = solved(world)
    assert plan.objective == pytest.approx(2 + 10 * 0.2)
    assert plan.tables["commitments"][["year", "size"]].to_numpy().tolist() == [
        [2026, 10],
        [2028, 10],
    ]


def test_role_is_by_year() -> None:
    """B joins during 2027: its plant counts from 2027 on."""
    world = Small("2026-2027", roles={"protected": ["signatory"]}, coverage=HARD | {"hard": False})
    world.region("A", "signatory")
    world.region("B", "adversary")
    world.tables["membership"].append(
        {"region": "B", "status": "signatory", "from_date": "2027-12-31"}
    )
    world.commodity("part", covered="yes", shortage_price_usd_per_unit=1e6)
    world.process("make", {}, {"part": 1}, stage="stage-part")
    world.asset("line", "B", "make", cost=0)
    world.route("B", "A", "part")
    world.demand("A", "part", 10, (2026, 2027))
    shares = solved(world).tables["coverage_by_commodity"]["standalone_coverage"]
    assert shares.tolist() == pytest.approx([0.0, 1.0])


def test_a_funder_with_an_envelope_alone_pays_when_it_is_due() -> None:
    world = Small("2026-2028")
    world.region("A")
    world.commodity("part")
    world.process("make", {}, {"part": 1})
    world.project("new", "A", "make", capex=6, spend_profile="0.5;0.25;0.25", sponsor_share=0.5)
    world.demand("A", "part", 10, (2026, 2028))
    world.tables["funders"].append(
        {"funder": "bank", "name": "bank", "region": "A", "envelope_usd_m": 4, "carry_over": "no"}
    )
    plan = solved(world)
    paid = plan.tables["funding"]
    assert paid[paid["funder"] == "bank"]["usd_m"].tolist() == pytest.approx([1.5, 0.75, 0.75])
    assert one(plan, "funders")["left_usd_m"] == pytest.approx(1)


def test_a_store_is_drawn_in_a_cut_off_and_shared_by_all_scenarios() -> None:
    """What is kept for a cut in 2027 is bought in 2026, whether the cut comes or not, and lasts for
    two years at half a draw a year."""
    world = Small(
        "2026-2027",
        roles={"protected": ["signatory"]},
        scenarios={"base": 0.5, "cut": 0.5},
        coverage={"required": 0.0, "from_year": 2026, "hard": True, "outage_years": 2},
    )
    world.region("A", "signatory")
    world.region("X", "adversary")
    world.commodity("metal", shortage_price_usd_per_unit=100e6)
    world.process("make", {}, {"metal": 1})
    world.asset("mill", "X", "make", cost=1e6)
    world.route("X", "A", "metal")
    world.tables["scenarios"].append({"scenario": "base", "name": "base", "probability": 0})
    world.event("cut", "cut-off", region="X", from_year=2027)
    plain = {
        "region": "A",
        "commodity": "metal",
        "initial": 0,
        "largest": 8,
        "holding_cost_usd_per_unit": 1e6,
        "strategic": "yes",
    }
    world.tables["stocks"].append(plain)
    world.demand("A", "metal", 10, (2026, 2027))
    plan = solved(world)
    assert one(plan, "stocks", year=2026)["level"] == pytest.approx(8)
    assert one(plan, "stock_draws")["quantity"] == pytest.approx(4)
    # 18 bought and 8 kept in 2026; in 2027 two bought in the normal scenario, and six missing where
    # it is cut
    assert plan.objective == pytest.approx(18 + 8 + 0.5 * 2 + 0.5 * 600)


def test_goods_pass_through_a_hub_and_stay_cut_off_behind_it() -> None:
    world = Small(roles={"protected": ["signatory"]}, coverage=HARD | {"hard": False})
    for name, status in (("A", "signatory"), ("B", "signatory"), ("X", "adversary")):
        world.region(name, status)
    world.region("SEA", kind="hub")
    world.commodity("part", covered="yes", shortage_price_usd_per_unit=1e6)
    world.process("make", {}, {"part": 1}, stage="stage-part")
    world.asset("ours", "B", "make", capacity=4, cost=2)
    world.asset("theirs", "X", "make", capacity=100, cost=1)
    world.route("*", "SEA", "*", cost=1)
    world.route("SEA", "*", "*")
    world.demand("A", "part", 10)
    plan = solved(world)
    assert one(plan, "coverage_by_commodity")["standalone_coverage"] == pytest.approx(0.4)
    moved = plan.tables["shipments"]
    assert set(moved[moved["mode"] == "disrupted"]["from_region"]) == {"B", "SEA"}
