"""Final demand for goods that are not covered must be served in a cut-off too, unless listed."""

from __future__ import annotations

from typing import Any

from paxsilica.infeasibility.diagnose import diagnose
from paxsilica.tables import Tables
from worlds import COVERED, Answer, M, approx, case, world

CUT = "cut off 2030"


def acid(**changes: Any) -> Tables:
    """Chips and glass both take acid, of which A can make 10 and C any amount. Chips for 6 acid
    are covered; 8 acid are wanted for other uses. A plant for 20 acid costs 50."""
    parts: dict[str, Any] = {
        "regions": {"A": "signatory", "C": "adversary"},
        "commodities": {
            "chip": {"covered": True, "shortage_price_usd_per_unit": 9 * M},
            "acid": {"shortage_price_usd_per_unit": 9 * M},
        },
        "assets": {
            "fab": {"process": "fab"},
            "boiler": {"process": "boil", "capacity": 10.0},
            "boiler abroad": {"process": "boil", "region": "C"},
        },
        "projects": {"new boiler": {"process": "boil", "size": 20.0, "capex_usd_m": 50.0}},
        "routes": {"C>A acid": 0.0},
        "demand": {("A", "chip"): 6, ("A", "acid"): 8},
    }
    return world({"boil": "-> acid", "fab": "acid -> chip"}, **(parts | changes))


def test_other_uses_are_served_at_the_required_share() -> None:
    # At 70 %: 4.2 acid for chips and 5.6 for other uses are 9.8, within the 10 of A. At 80 %:
    # 4.8 and 6.4 are 11.2, and the plant is built, although chips alone would do without it.
    assert Answer(acid(), case(coverage=COVERED | {"required": 0.7})).committed == {}
    answer = Answer(acid(), case(coverage=COVERED | {"required": 0.8}))
    assert answer.committed == {"new boiler": 2030}
    assert answer.value("unserved", "A", "acid", CUT) <= 0.2 * 8 + 1e-6


def test_listed_uses_may_stay_unserved() -> None:
    answer = Answer(acid(), case(coverage=COVERED | {"required": 0.8, "listed_uses": ["acid"]}))
    assert answer.committed == {}


def test_listing_the_good_is_named_as_a_change_that_makes_the_case_feasible() -> None:
    tables, question = acid(projects={}), case(coverage=COVERED | {"required": 0.8})
    found = diagnose(tables, question)
    changes = {change.kind: change for change in found.changes}
    assert "acid" in changes["outside"].sentence


def test_a_store_keeps_its_floor_in_normal_years_and_gives_it_in_a_cut_off() -> None:
    # Holding costs 1 a unit and year, so only the floor of 3 is kept of 5; in the cut-off all 3
    # are drawn, and 7 of 10 are missing at 9 each.
    tables = world(
        {"make": "-> chip"},
        regions={"A": "signatory", "C": "adversary"},
        commodities={"chip": {"covered": True, "shortage_price_usd_per_unit": 9 * M}},
        assets={"abroad": {"process": "make", "region": "C"}},
        routes={"C>A chip": 0.0},
        demand={("A", "chip"): 10},
        stocks={
            ("A", "chip"): {
                "initial": 5.0,
                "largest": 8.0,
                "floor": 3.0,
                "holding_cost_usd_per_unit": 100 * M,
            }
        },
    )
    coverage = COVERED | {"from_year": 2031, "hard": False}
    answer = Answer(tables, case("2030-2031", coverage=coverage))
    assert [answer.value("stock", "A", "chip", year) for year in (2030, 2031)] == approx([3, 3])
    assert answer.value("stock_draw", "A", "chip", "cut off 2031") == approx(3)
