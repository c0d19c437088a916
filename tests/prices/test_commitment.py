"""The support that the commitments of a plan need, by hand and against the program moved."""

from __future__ import annotations

import pytest

from paxsilica.prices.duals import dual_prices
from paxsilica.prices.priced_items import commitments
from paxsilica.prices.report import prices_from
from paxsilica.prices.request import PriceRequest
from prices.cases import case, priced, random_question, started, three_projects
from prices.test_differences import moved, value
from worlds import seeds


def test_a_lump_needs_support_at_the_price_of_money() -> None:
    # Budget 45: the plan is lump (30) and 15 of graded, and a million is worth 10. Lump costs 30,
    # takes 30 x 10 from other uses of the money, and saves 230: it needs 100. The commitment of
    # graded itself costs nothing, and its size is free.
    start = started(three_projects(), case(budget_usd_m=45.0))
    table = prices_from(start, PriceRequest(kinds=("commitment",)), lambda _: None).table
    assert set(table["kind"]) == {"commitment"}
    assert set(table["where"]) == {"lump", "graded"}
    lump = priced(table, where="lump")
    assert (lump["value"], lump["unit"]) == (pytest.approx(100.0), "USD million")
    assert priced(table, where="graded")["value"] == pytest.approx(0.0, abs=1e-6)


def test_a_commitment_gains_where_its_prices_pay_more_than_it_costs() -> None:
    # Budget 70: graded (30) and lump (30) in full, 10 idle, so a million is worth nothing: lump
    # saves 230 for 30. Of graded every unit saves 11 for 1: all 30 gain 300. A commitment above 1
    # has no meaning; its derivative is zero, because the size is limited to 30 by itself.
    start = started(three_projects(), case(budget_usd_m=70.0))
    table = prices_from(start, PriceRequest(kinds=("commitment",)), lambda _: None).table
    assert priced(table, where="lump")["value"] == pytest.approx(30.0 - 230.0)
    graded = priced(table, where="graded")
    assert (graded["value"], graded["low"], graded["high"]) == pytest.approx((-300, -300, 0))
    assert graded["degenerate"] == "yes"


@pytest.mark.parametrize("seed", seeds(0, 8, 12))
def test_the_support_is_a_one_sided_derivative(seed: int) -> None:
    start = started(*random_question(seed))
    fixed = start.fixed
    items = commitments(start.written.instance, fixed.program, fixed.values)
    here = value(fixed.program, start)
    rows = {row.where: row for row in dual_prices(fixed, items, "commitment")}
    assert set(rows) == {item.where for item in items}
    for item in items:
        row, step = rows[item.where], 1e-4
        less = (here - value(moved(fixed.program, item.movement, -step), start)) / step
        more = (value(moved(fixed.program, item.movement, step), start) - here) / step
        assert row.low - 1e-3 * (1 + abs(row.low)) <= row.value
        assert sorted((less, more)) == pytest.approx([row.low, row.high], rel=1e-3, abs=1e-3)
