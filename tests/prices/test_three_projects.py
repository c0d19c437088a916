"""One case by hand in which fixed-integer dual, LP-relaxation dual and finite difference differ;
see ``models/PRICES.md``."""

from __future__ import annotations

import math

import pytest

from paxsilica.plan.solve import make_plan
from paxsilica.prices.report import Prices, price_table
from paxsilica.prices.request import PriceRequest
from prices.cases import case, priced, three_projects


def prices(budget: float, step: float | None = 15.0) -> Prices:
    tables, asked = three_projects(), case(budget_usd_m=budget)
    return price_table(make_plan(tables, asked), tables, asked, PriceRequest(step=step))


@pytest.mark.parametrize(
    ("budget", "fixed", "relaxed", "resolved"),
    [
        # 35: graded in full (300) beats lump and 5 of graded (250). Five are left over, so with
        # these decisions fixed money is worth nothing. 15 more pay for lump and 20 of graded: (400
        # - 300) / 15.
        (35.0, 0.0, 200 / 30, 100 / 15),
        # 45: lump and 15 of graded (350) beat graded (300). Graded can still grow: 10. 15 more pay
        # for all of both: (500 - 350) / 15.
        (45.0, 10.0, 200 / 30, 10.0),
    ],
)
def test_three_kinds_of_price_differ(
    budget: float, fixed: float, relaxed: float, resolved: float
) -> None:
    table = prices(budget).table
    for kind, value in {
        "fixed": fixed,
        "relaxed": relaxed,
        "hull": relaxed,
        "resolve": resolved,
    }.items():
        row = priced(table, what="budget", kind=kind)
        assert row["value"] == pytest.approx(value, abs=1e-6), kind
        if kind in ("fixed", "relaxed"):
            assert (row["low"], row["high"], row["degenerate"]) == pytest.approx(
                (value, value, "no"), abs=1e-6
            )
        if kind == "resolve":
            # solved to a gap of zero, so that the interval is a point
            assert (row["low"], row["high"]) == pytest.approx((resolved, resolved), abs=1e-6)
            assert row["undecided"] == "no"


def test_uplift_is_what_the_lumps_cost() -> None:
    # At 45 and a price of 6.67: graded would gain 3.33 on each of 30, and gains it on 15: 50. Lump
    # gains nothing either way. Hull: 300 + 15 / 30 of 200 saved = 400, plan: 350; the distance is
    # the 50.
    table = prices(45.0).table
    assert priced(table, what="uplift", where="graded")["value"] == pytest.approx(50.0, abs=1e-6)
    assert not len(table[(table["what"] == "uplift") & (table["where"] == "lump")])
    assert priced(table, what="uplift", where="operation")["value"] == pytest.approx(0.0, abs=1e-6)
    assert priced(table, what="uplift", where="all")["value"] == pytest.approx(50.0, abs=1e-6)


def test_idle_money_has_an_uplift_too() -> None:
    # At 35 the plan leaves 5 of a budget that is worth 6.67 each: 33.3. Hull 300 + 5 / 30 of 200 =
    # 333.3, plan 300.
    table = prices(35.0).table
    assert priced(table, what="uplift", where="operation")["value"] == pytest.approx(
        100 / 3, abs=1e-5
    )
    assert priced(table, what="uplift", where="all")["value"] == pytest.approx(100 / 3, abs=1e-5)


def test_a_kink_has_two_prices() -> None:
    # At 30 graded is built in full: the last million saved 10, the next saves 6.67 (relaxed) or
    # nothing (fixed).
    table = prices(30.0).table
    relaxed, fixed = (
        priced(table, what="budget", kind="relaxed"),
        priced(table, what="budget", kind="fixed"),
    )
    assert (relaxed["low"], relaxed["high"], relaxed["degenerate"]) == (
        pytest.approx(200 / 30),
        pytest.approx(10.0),
        "yes",
    )
    assert (fixed["low"], fixed["high"], fixed["degenerate"]) == (
        pytest.approx(0.0),
        pytest.approx(10.0),
        "yes",
    )
    assert "not unique: one less costs 10, one more saves 6.667" in relaxed["meaning"]
    assert relaxed["low"] - 1e-9 <= relaxed["value"] <= relaxed["high"] + 1e-9


def test_the_default_step_is_that_of_the_smallest_project_left_out() -> None:
    # At 35 lump (30) and poor (40) are left out, and 5 % of the budget (1.75) buys neither: the
    # step is 30, to 65: (500 - 300) / 30.
    row = priced(prices(35.0, step=None).table, what="budget", kind="resolve")
    assert row["value"] == pytest.approx(200 / 30)
    assert row["meaning"].startswith("30 USD million more of the programme's budget lowers")


def test_less_money_is_priced_too() -> None:
    # 15 less than 45 leaves graded alone: (350 - 300) / 15.
    row = priced(prices(45.0, step=-15.0).table, what="budget", kind="resolve")
    assert (row["value"], row["low"], row["high"]) == pytest.approx((50 / 15, 50 / 15, 50 / 15))


def test_a_gap_widens_the_interval_and_marks_it_undecided() -> None:
    tables, asked = three_projects(), case(budget_usd_m=35.0, solver={"gap": 0.5})
    row = priced(
        price_table(make_plan(tables, asked), tables, asked, PriceRequest(step=15.0)).table,
        what="budget",
        kind="resolve",
    )
    assert row["low"] <= 100 / 15 + 1e-9
    assert row["high"] >= 100 / 15 - 1e-9
    if row["low"] <= 0:
        assert row["undecided"] == "yes"
    assert math.isfinite(row["high"])


def test_the_hull_is_not_computed_where_the_relaxation_is_the_hull(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delattr("paxsilica.prices.report.hull_prices")
    row = priced(prices(45.0).table, what="budget", kind="hull")
    assert row["value"] == pytest.approx(200 / 30)
    assert "Equal to the LP-relaxation dual" in row["meaning"]
