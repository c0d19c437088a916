"""Economies of scale, in worlds that are solved by hand."""

from __future__ import annotations

from typing import Any

import pytest

from worlds import Answer, M, approx, case, world

PLANT = {
    "process": "make",
    "size": (0.0, 10.0),
    "capex_usd_m_per_unit": 4.0,
    "scale_sizes": (4.0, 8.0),
    "scale_savings": (0.25, 0.5),
}


def cost(size: float) -> float:
    """4 for each of the first four units, 3 up to eight, 2 beyond."""
    return 4 * min(size, 4) + 3 * max(0, min(size, 8) - 4) + 2 * max(0, size - 8)


def answer(
    demand: Any, price: float, years: str = "2030", asked: Any = None, **plant: Any
) -> Answer:
    """A plant, or purchases at a price."""
    tables = world(
        {"make": "-> chip", "buy": "-> chip"},
        assets={"market": {"process": "buy", "variable_cost_usd_per_unit": price * M}},
        projects={"plant": PLANT | plant},
        demand={("A", "chip"): demand},
    )
    return Answer(tables, case(years, **(asked or {})))


@pytest.mark.parametrize(
    ("demand", "price", "size"),
    [
        (10.0, 3.3, 10.0),  # 32 against 33, though the first units cost more than the market
        (10.0, 3.1, 0.0),  # 31 is less
        (2.0, 3.0, 0.0),  # a small plant gets no large plant's price: 8 against 6
        (6.0, 3.9, 6.0),  # 22 against 23.4
    ],
)
def test_large_plants_cost_less_for_each_unit(demand: float, price: float, size: float) -> None:
    found = answer(demand, price)
    assert found.plan.objective == approx(cost(size) + price * (demand - size))
    assert found.plan.headline["capital_usd_m"] == approx(cost(size))


def test_parts_of_the_curve_as_exclusive_projects_have_the_same_optimum() -> None:
    for demand, price in ((10.0, 3.3), (6.0, 3.9), (5.0, 3.7), (9.0, 3.5)):
        parts = {
            f"part {at}": {
                "process": "make",
                "size": (start, end),
                "capex_usd_m": cost(start),
                "capex_usd_m_per_unit": slope,
                "exclusive_group": "plant",
            }
            for at, (start, end, slope) in enumerate(((0, 4, 4.0), (4, 8, 3.0), (8, 10, 2.0)))
        }
        tables = world(
            {"make": "-> chip", "buy": "-> chip"},
            assets={"market": {"process": "buy", "variable_cost_usd_per_unit": price * M}},
            projects=parts,
            demand={("A", "chip"): demand},
        )
        other = Answer(tables, case()).plan.objective
        assert answer(demand, price).plan.objective == approx(other)


def test_size_that_is_added_later_gets_the_price_of_its_place() -> None:
    # 3 in 2030 for 12; 7 more in 2031: one at 4, four at 3, two at 2
    found = answer({2030: 3, 2031: 10}, 50.0, "2030-2031", expandable=True)
    assert found.plan.objective == approx(12 + 20)
    paid = found.plan.tables["funding"]
    assert dict(zip(paid["year"], paid["usd_m"], strict=True)) == approx({2030: 12, 2031: 20})


def test_budget_and_annuities_count_what_is_saved() -> None:
    # 32 of capital is within a budget of 32, in annuities of half over two years
    found = answer(10.0, 50.0, "2030-2031", {"budget_usd_m": 32.0}, economic_life_years=2)
    assert found.plan.headline["capital_usd_m"] == approx(32)
    assert found.plan.objective == approx(32)
    least = answer(10.0, 50.0, "2030-2031", {"budget_usd_m": 30.0}, economic_life_years=2)
    # 30 pay for 9 units (4 * 4 + 4 * 3 + 2); the tenth is bought at 50 in both years
    assert least.plan.objective == approx(30 + 100)
