"""Discounting, annuities, interest during construction and values between anchors, against sums
by hand."""

from __future__ import annotations

import pytest

from paxsilica.finance import (
    MILLION,
    annuity_share,
    discount_factor,
    interest_factor,
)
from paxsilica.interpolate import interpolate, interpolate_flat


def test_usd_million() -> None:
    assert MILLION == 1_000_000


@pytest.mark.parametrize("rate", [-0.5, -0.02, 0.0, 0.05, 0.08, 1.0])
@pytest.mark.parametrize("years", [1, 2, 20])
def test_annuity_pays_the_sum_back_year_by_year(rate: float, years: int) -> None:
    debt = 1.0
    for _ in range(years):
        debt = debt * (1 + rate) - annuity_share(rate, years)
    assert debt == pytest.approx(0.0, abs=1e-8 * max(1.0, (1 + rate) ** years))
    paid = sum(
        annuity_share(rate, years) * discount_factor(rate, year + 1) for year in range(years)
    )
    assert paid == pytest.approx(1.0)


def test_discount_factor_grows_back_to_one() -> None:
    assert discount_factor(0.25, 3) * 1.25 * 1.25 * 1.25 == pytest.approx(1.0)
    assert discount_factor(0.25, 0) == 1.0
    assert discount_factor(-0.5, 2) == 4.0


def test_interest_during_construction_is_that_of_every_part_until_the_start() -> None:
    # a fifth three years before the start, a half one year before it, the rest a year after it
    profile, rate = (0.2, 0.0, 0.5, 0.0, 0.3), 0.10
    by_hand = 0.2 * 1.331 + 0.5 * 1.1 + 0.3 / 1.1
    assert interest_factor(profile, 3, rate) == pytest.approx(by_hand)
    assert interest_factor(profile, 3, 0.0) == pytest.approx(1.0)
    assert 0.0 < interest_factor(profile, 3, -0.03) < 1.0


ANCHORS = {2026: 10.0, 2030: 30.0, 2036: 0.0}


def test_values_between_anchors() -> None:
    years = (2026, 2027, 2028, 2030, 2031, 2035, 2036)
    found = [interpolate(ANCHORS, year) for year in years]
    assert found == pytest.approx([10.0, 15.0, 20.0, 30.0, 25.0, 5.0, 0.0])
    assert interpolate({2026: 0.0, 2029: 1.0}, 2027) == pytest.approx(1 / 3)


@pytest.mark.parametrize("year", [2025, 2037, 1900])
def test_years_beyond_the_anchors_have_no_value_or_that_of_the_last(year: int) -> None:
    with pytest.raises(KeyError) as caught:
        interpolate(ANCHORS, year)
    assert caught.value.args == (year,)
    assert interpolate_flat(ANCHORS, year) == (10.0 if year < 2026 else 0.0)
    assert interpolate_flat(ANCHORS, 2028) == pytest.approx(20.0)
