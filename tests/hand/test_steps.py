"""Sizes that come in whole steps, in worlds that are solved by hand."""

from __future__ import annotations

from typing import Any

import pytest

from paxsilica.prices.report import price_table
from paxsilica.prices.request import PriceRequest
from worlds import Answer, M, approx, case, world


def lines(demand: float, years: str = "2030", **project: Any) -> Answer:
    """Lines of 4 for 10 each, up to five of them; a missing unit costs 4."""
    return Answer(_tables(demand, **project), case(years))


def _tables(demand: Any, **project: Any) -> Any:
    return world(
        {"make": "-> chip"},
        commodities={"chip": {"shortage_price_usd_per_unit": 4 * M}},
        projects={
            "lines": {
                "process": "make",
                "size": (0.0, 20.0),
                "size_step": 4.0,
                "capex_usd_m_per_unit": 2.5,
            }
            | project
        },
        demand={("A", "chip"): demand},
    )


@pytest.mark.parametrize(
    ("demand", "cost", "size"),
    [
        (9.0, 20 + 4, 8.0),  # a third line costs 10 and saves 4
        (11.0, 30, 12.0),  # and here it saves 12
        (30.0, 50 + 40, 20.0),  # no more than five lines
    ],
)
def test_number_of_lines_is_whole(demand: float, cost: float, size: float) -> None:
    answer = lines(demand)
    assert answer.plan.objective == approx(cost)
    assert answer.plan.portfolio["size"].tolist() == approx([size])


def test_any_size_would_cost_less() -> None:
    assert lines(9.0, size_step=None).plan.objective == approx(9 * 2.5)


def test_lines_are_added_in_later_years() -> None:
    # 3 in 2030 and 11 in 2031, where a missing unit costs 4 each year: one line in 2030, two more
    # in 2031, which leave nothing missing.
    answer = Answer(
        _tables({2030: 3, 2031: 11}, expandable=True, capex_usd_m_per_unit=2.5), case("2030-2031")
    )
    assert answer.plan.objective == approx(30)
    added = answer.plan.tables["commitments"]
    assert dict(zip(added["year"], added["size"], strict=True)) == approx({2030: 4, 2031: 8})


def test_prices_are_computed_at_the_whole_number() -> None:
    # With two lines fixed the ninth unit is missing: one more costs 4. Divisible lines make it for
    # 2.5, 22.5 in all, and the whole plan costs 24.
    tables, asked = _tables(9.0), case()
    plan = Answer(tables, asked).plan
    request = PriceRequest(kinds=("fixed", "relaxed", "hull"))
    rows = price_table(plan, tables, asked, request).table.to_dict("records")
    price = {(row["kind"], row["what"], row["where"]): row["value"] for row in rows}
    good = ("commodity in normal times", "A, chip")
    assert price["fixed", *good] == approx(4 * M)
    assert price["relaxed", *good] == approx(2.5 * M)
    assert price["hull", *good] == approx(2.5 * M)
    assert price["hull", "uplift", "all"] == approx(1.5)
