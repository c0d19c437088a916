"""The value at stake, by which prices of different units are ranked, and what a price says where it
is not unique."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from paxsilica.prices.duals import ONE_OF_MANY
from paxsilica.prices.report import prices_from
from paxsilica.prices.request import PriceRequest
from paxsilica.report.console.prices import _size
from prices.cases import case, priced, random_question, started, three_projects


def fixed(budget: float) -> pd.DataFrame:
    start = started(three_projects(), case(budget_usd_m=budget))
    return prices_from(start, PriceRequest(kinds=("fixed",)), lambda _: None).table


def test_a_stake_is_the_price_times_the_quantity() -> None:
    # Budget 45: lump makes 10 of beta, graded 15 of alpha, nothing is made of gamma. Unmet demand
    # costs 11, 23 and 16 million a unit, so that is what each good costs.
    table = fixed(45.0)
    goods = table[table["what"] == "commodity in normal times"].set_index("where")
    worth = {"A, alpha": 11 * 15.0, "A, beta": 23 * 10.0, "A, gamma": 0.0}
    assert goods["stake_usd_m"].to_dict() == pytest.approx(worth)
    assert goods["value"].idxmax() == "A, beta"
    assert goods.loc["A, gamma", "value"] > goods.loc["A, alpha", "value"]
    # a million of the budget is worth 10
    assert priced(table, what="budget")["stake_usd_m"] == pytest.approx(450.0)
    # the rent of a unit of lump is 23 million; it makes 10
    assert priced(table, what="capacity", where="lump")["stake_usd_m"] == pytest.approx(230.0)


def test_the_larger_stake_comes_first_whatever_the_unit() -> None:
    dear = {"value": 60e6, "stake_usd_m": 0.007}
    cheap = {"value": 7.0, "stake_usd_m": 5000.0}
    assert sorted((dear, cheap), key=_size) == [dear, cheap]
    assert _size({"value": -3.0, "stake_usd_m": math.nan}) == 3.0


def test_the_value_at_a_kink_is_that_of_one_more() -> None:
    # Budget 30: graded is built in full. The last million saved 10; with projects fixed the next
    # saves nothing.
    row = priced(fixed(30.0), what="budget")
    assert (row["value"], row["low"], row["high"]) == pytest.approx((0.0, 0.0, 10.0), abs=1e-6)


@pytest.mark.parametrize("seed", range(4))
def test_a_price_that_may_be_one_of_many_says_so(seed: int) -> None:
    start = started(*random_question(seed))
    table = prices_from(start, PriceRequest(kinds=("fixed", "relaxed")), lambda _: None).table
    duals = table[table["degenerate"] != ""]
    unknown = duals["low"].isna()
    assert unknown.any()
    assert duals["meaning"].str.endswith(ONE_OF_MANY).tolist() == unknown.tolist()
    assert (duals.loc[unknown, "degenerate"] != "no").all()
    known = duals[~unknown]
    assert known["value"].between(known["low"], known["high"]).all()
