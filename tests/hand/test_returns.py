"""Goods that come back after years of use, in worlds that are solved by hand."""

from __future__ import annotations

from typing import Any

import pytest

from paxsilica.errors import InputError
from worlds import Answer, M, approx, built, case, world

COLLECTION = {
    "process": "collect",
    "returns_of": "magnet",
    "returns_after_years": 2,
    "returns_share": 0.5,
}


def tables(demand: Any, **more: Any) -> Any:
    """Magnets are made from new material at 4 or from collected material at 1; half of what was in
    use two years before can be collected."""
    return world(
        {"collect": "-> magnet", "make": "-> magnet"},
        commodities={"magnet": {"shortage_price_usd_per_unit": 100 * M} | more.pop("magnet", {})},
        assets={
            "collection": COLLECTION | {"variable_cost_usd_per_unit": M},
            "maker": {"process": "make", "variable_cost_usd_per_unit": 4 * M}
            | more.pop("maker", {}),
        },
        demand={("A", "magnet"): demand},
        **more,
    )


def test_half_of_what_was_used_comes_back() -> None:
    # Demand 10 from 2028 to 2031: 2030 and 2031 look back on 2028 and 2029, 2032 on 2030. Each year
    # 5 at 1 and 5 at 4: 25 a year; in 2032 the demand is 12: 5 + 7 * 4 = 33.
    given = tables({2028: 10, 2031: 10, 2032: 12})
    assert Answer(given, case("2030-2032")).plan.objective == approx(25 + 25 + 33)


def test_what_was_not_served_does_not_come_back() -> None:
    # Nothing was used before 2030. The maker has 6 a year: 4 are missing in 2030 and 2031 at 5. In
    # 2032 half of the 6 that were served come back: 3 at 1, 6 at 4, 1 missing at 5.
    given = tables(
        {2028: 0, 2029: 0, 2030: 10, 2032: 10},
        maker={"capacity": 6.0},
        magnet={"shortage_price_usd_per_unit": 5 * M},
    )
    answer = Answer(given, case("2030-2032"))
    assert answer.plan.objective == approx(2 * (24 + 20) + 3 + 24 + 5)
    assert answer.value("activity", "collection", "normal 2032") == approx(3)


def test_each_scenario_looks_back_on_its_own_past() -> None:
    # a boom doubles the demand of 2030 in one scenario
    given = tables(
        {2028: 0, 2029: 0, 2030: 10, 2032: 10},
        scenarios={"calm": 0.5, "boom": 0.5},
        events=[
            {
                "scenario": "boom",
                "event": "demand",
                "from_year": 2030,
                "to_year": 2030,
                "factor": 2.0,
            }
        ],
    )
    model = built(given, case("2030-2032", scenarios=["calm", "boom"]))
    # both scenarios share 2032, so what comes back is limited by either past
    rows = [index for index in model.lines("returns_after_use") if index[1] == "normal 2032"]
    assert sorted(earlier for _, _, earlier in rows) == ["boom 2030", "normal 2030"]
    sides = {model.line("returns_after_use", *index).high for index in rows}
    assert sides == {5.0, 10.0}


def test_demand_of_the_years_before_the_case_must_be_known() -> None:
    with pytest.raises(InputError, match="missing for 2028-2029"):
        built(tables({2030: 10, 2032: 10}), case("2030-2032"))
