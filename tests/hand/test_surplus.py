"""What is made where nobody takes it is no supply."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from paxsilica.audit import audit
from paxsilica.tables import Tables
from worlds import COVERED, Answer, M, approx, case, world

PRICED = {"covered": True, "shortage_price_usd_per_unit": 9 * M}
SOFT = COVERED | {"hard": False}


def zinc(routes: dict[str, float], **more: Any) -> Tables:
    """Zinc for 30 is smelted in B, with 3 germanium; A makes 10 lenses of a germanium each."""
    return world(
        {"smelt": "-> zinc + 0.1 germanium", "grind": "germanium -> lens"},
        regions={"A": "signatory", "B": "signatory", "C": "adversary", "H": "hub"},
        commodities={
            "zinc": PRICED,
            "germanium": PRICED,
            "lens": {"shortage_price_usd_per_unit": 9 * M},
        },
        assets={
            "smelter": {"process": "smelt", "region": "B", "capacity": 30.0},
            "grinder": {"process": "grind"},
            "abroad": {"process": "smelt", "region": "C"},
        },
        demand={("A", "lens"): 10, ("B", "zinc"): 30},
        routes={"C>A germanium": 1.0, "*>* zinc": 0.0, **routes},
        **more,
    )


def supply(tables: Tables) -> tuple[float, float]:
    """Germanium of the coverage test that is supplied, and that is made."""
    answer = Answer(tables, case(coverage=SOFT))
    assert answer.coverage("germanium")["need"] == approx(10)
    state = "cut off 2030"
    missing = answer.value("shortfall", "germanium", state)
    return 10 * (1 - missing), 0.1 * answer.value("activity", "smelter", state)


def test_a_by_product_without_a_way_to_a_user_counts_nothing() -> None:
    # 3 germanium are made in B, where nobody takes them: all 10 are missing.
    assert supply(zinc({})) == approx((0, 3))


def test_a_by_product_counts_as_far_as_it_reaches_a_user() -> None:
    assert supply(zinc({"B>A germanium": 0.0})) == approx((3, 3))
    narrow = zinc({"B>A germanium": {"cost_usd_per_unit": 0.0, "largest_shipment": 2.0}})
    assert supply(narrow) == approx((2, 3))


def test_what_ends_in_a_hub_counts_nothing_and_what_passes_through_it_counts() -> None:
    assert supply(zinc({"B>H germanium": 0.0})) == approx((0, 3))
    assert supply(zinc({"B>H germanium": 0.0, "H>A germanium": 0.0})) == approx((3, 3))


def test_a_store_counts_as_far_as_it_reaches_a_user() -> None:
    store: Any = {("B", "germanium"): {"initial": 4.0, "final": 4.0}}
    assert supply(zinc({}, stocks=store)) == approx((0, 3))
    assert supply(zinc({"B>A germanium": 0.0}, stocks=store)) == approx((7, 3))


def test_what_a_project_takes_counts_where_only_projects_take_it() -> None:
    # The grinder of B takes 2 germanium; its lenses go to A.
    grinder: Any = {"grinder in B": {"process": "grind", "region": "B", "size": 2.0}}
    assert supply(zinc({"B>A lens": 0.0}, projects=grinder)) == approx((2, 3))
    expensive: Any = {"grinder in B": grinder["grinder in B"] | {"capex_usd_m": 1000.0}}
    assert supply(zinc({"B>A lens": 0.0}, projects=expensive)) == approx((0, 3))


def test_supply_that_is_offered_to_users_counts_though_they_need_less() -> None:
    # Need follows the main recipe: 10 germanium for 10 lenses. The plants of A use half of that;
    # the 10 that are made there count in full.
    tables = world(
        {"mine": "-> germanium", "grind": "germanium -> lens", "thin": "0.5 germanium -> lens"},
        regions={"A": "signatory", "C": "adversary"},
        commodities={"germanium": PRICED},
        assets={
            "mine": {"process": "mine", "capacity": 10.0},
            "grinder abroad": {"process": "grind", "region": "C", "capacity": 100.0},
            "thin grinder": {"process": "thin", "capacity": 10.0},
        },
        demand={("A", "lens"): 10},
    )
    answer = Answer(tables, case(coverage=COVERED))
    assert answer.value("activity", "mine", "cut off 2030") == approx(10)
    assert answer.coverage("germanium")["joint_coverage"] == approx(1)


def test_the_audit_leaves_out_what_reaches_nobody() -> None:
    # A plan with a way to the user, held against a world in which the user is gone.
    tables = zinc({"B>A germanium": 0.0})
    plan = Answer(tables, case(coverage=SOFT)).plan
    remaining = tuple(row for row in tables.assets if row.asset != "grinder")
    found = audit(plan, replace(tables, assets=remaining), case(coverage=SOFT))
    assert "production when cut off" in {finding.what for finding in found}
