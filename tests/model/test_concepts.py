"""Concepts that a case does not use leave no trace in its program."""

from __future__ import annotations

from worlds import COVERED, built, case, world

ROWS_OF_CONCEPTS = {
    "limit_over_years",
    "shared_capacity",
    "size_in_steps",
    "closed_for_good",
    "closed_or_mothballed",
    "restart",
    "open_capacity",
    "open_must_run",
    "returns_after_use",
    "beyond_at_least",
    "beyond_at_most",
    "beyond_when_reached",
}
COLUMNS_OF_CONCEPTS = {
    "size_steps",
    "closed",
    "mothballed",
    "restarted",
    "size_beyond",
    "size_reached",
}


def test_rows_and_columns_of_unused_concepts_are_not_built() -> None:
    tables = world(
        {"make": "-> chip"},
        regions={"A": "signatory", "C": "adversary"},
        commodities={"chip": {"covered": True, "shortage_price_usd_per_unit": 1.0}},
        assets={"a": {"process": "make", "capacity": 4.0, "fixed_cost_usd_m": 1.0}},
        projects={"p": {"process": "make", "size": (2.0, 9.0), "capex_usd_m_per_unit": 1.0}},
        demand={("A", "chip"): 10},
        limits={"l": {"measure": "activity", "sense": "at most", "value": 50.0}},
    )
    program = built(tables, case("2030-2032", coverage=COVERED)).program
    assert not {family for family, _ in program.row_names} & ROWS_OF_CONCEPTS
    assert not {family for family, _ in program.columns} & COLUMNS_OF_CONCEPTS
