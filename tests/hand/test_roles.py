"""Roles of regions, whose need is covered, and access to open regions, by hand."""

from __future__ import annotations

from typing import Any

import pytest

from paxsilica.errors import InputError
from worlds import Answer, case, world

SOFT: dict[str, Any] = {"required": 1.0, "from_year": 2030, "hard": False}
REGIONS = {"P": "signatory", "Q": "signatory", "O": "neutral", "X": "adversary"}


def answer(demand: dict[str, float] | None = None, project: bool = False, **keys: Any) -> Answer:
    """P and Q are protected, O is open, X is an adversary. Capacity for chips, all owned at home
    but where an owner is named: P 10, P owned by X 20, O 40, O owned by P 5, X owned by P 80, and
    Q 3. P needs 100 chips. Every region may ship to every other."""
    regions = list(REGIONS)
    return Answer(
        world(
            {"make": "-> chip"},
            regions=REGIONS,
            commodities={"chip": {"covered": True, "shortage_price_usd_per_unit": 1.0}},
            assets={
                "p": {"process": "make", "region": "P", "capacity": 10.0},
                "p of x": {
                    "process": "make",
                    "region": "P",
                    "controller": "X",
                    "capacity": 20.0,
                },
                "o": {"process": "make", "region": "O", "capacity": 40.0},
                "o of p": {
                    "process": "make",
                    "region": "O",
                    "controller": "P",
                    "capacity": 5.0,
                },
                "x of p": {
                    "process": "make",
                    "region": "X",
                    "controller": "P",
                    "capacity": 80.0,
                },
                "q": {"process": "make", "region": "Q", "capacity": 3.0},
                "o of q": {
                    "process": "make",
                    "region": "O",
                    "controller": "Q",
                    "capacity": 2.0,
                },
            },
            projects=(
                {"new": {"process": "make", "region": "O", "size": 30.0, "capex_usd_m": 1e-6}}
                if project
                else {}
            ),
            routes={f"{a}>{b} chip": 0.0 for a in regions for b in regions if a != b},
            demand={(region, "chip"): amount for region, amount in (demand or {"P": 100}).items()},
        ),
        case(coverage=SOFT, **keys),
    )


def joint(found: Answer) -> float:
    return found.coverage("chip")["joint_coverage"]


def test_open_regions_are_sources_and_adversaries_are_not() -> None:
    # 10 in P, 3 in Q, 40 + 5 + 2 in O; not the plant of X in P, nor that of P in X
    assert joint(answer()) == pytest.approx(0.60)


@pytest.mark.parametrize(("access", "chips"), [(0.0, 20), (0.5, 40), (1.0, 60)])
def test_access_multiplies_what_open_owners_have_in_open_regions(
    access: float, chips: float
) -> None:
    # plants of P and Q in O count in full: 10 + 3 + 5 + 2
    assert joint(answer(access={"open": access})) == pytest.approx(chips / 100)


def test_coverage_does_not_fall_with_access() -> None:
    shares = [joint(answer(access={"open": step / 4})) for step in range(5)]
    assert shares == sorted(shares)


def test_a_plant_of_the_plan_in_an_open_region_counts_in_full() -> None:
    assert joint(answer(project=True, access={"open": 0.0})) == pytest.approx(0.50)


def test_whose_need_is_covered() -> None:
    demand = {"P": 100.0, "O": 50.0, "X": 900.0}
    both = answer(demand)
    assert both.coverage("chip")["need"] == pytest.approx(150)
    assert joint(both) == pytest.approx(60 / 150)
    protected = answer(demand, need={"regions": "protected"})
    assert protected.coverage("chip")["need"] == pytest.approx(100)
    assert joint(protected) == pytest.approx(0.60)


def test_a_lost_region_is_cut_off_as_a_host_and_not_as_an_owner() -> None:
    # without the plant in Q, but with that of Q in O; the demand of Q is gone
    roles = {"lost": ["Q"], "lost_funders_pay": False}
    found = answer({"P": 100.0, "Q": 50.0}, roles=roles)
    assert found.coverage("chip")["need"] == pytest.approx(100)
    assert joint(found) == pytest.approx(0.57)


def test_a_case_says_whether_funders_of_lost_regions_pay() -> None:
    with pytest.raises(InputError, match="lost_funders_pay"):
        case(coverage=SOFT, roles={"lost": ["Q"]})


def test_a_region_without_a_status_is_an_adversary() -> None:
    with pytest.raises(InputError, match="should have a status"):
        Answer(
            world(
                {"make": "-> chip"},
                regions={"P": "signatory", "N": None},
                commodities={"chip": {"covered": True, "shortage_price_usd_per_unit": 1.0}},
                demand={("P", "chip"): 1},
            ),
            case(coverage=SOFT),
        )
