"""Money and time: discounting, annuities, interest during construction. Pure functions; rates are
real, per year, as shares of 1."""

from __future__ import annotations

from collections.abc import Sequence

MILLION = 1e6
"""USD in a USD million."""


def discount_factor(rate: float, years: int) -> float:
    """What one USD paid after ``years`` years is worth today.

    >>> discount_factor(0.25, 2), discount_factor(0.0, 7)
    (0.64, 1.0)
    """
    return float((1.0 + rate) ** -years)


def annuity_share(rate: float, life_years: int) -> float:
    """Share of a sum that is paid every year, for ``life_years`` years, to pay it back with
    interest.

    >>> round(annuity_share(0.08, 20), 6), annuity_share(0.0, 20)
    (0.101852, 0.05)
    """
    if rate == 0.0:
        return 1.0 / life_years
    return rate / (1.0 - (1.0 + rate) ** -life_years)


def interest_factor(profile: Sequence[float], lead_time_years: int, rate: float) -> float:
    """Value at the start of operation of a USD of capital that is spent along ``profile``, the
    shares by year from the commitment on: interest during construction, or a discount on what
    falls due later.

    Capital is spent at the beginning of a year, and operation begins ``lead_time_years`` after the
    commitment.

    >>> interest_factor((1.0,), 0, 0.1), round(interest_factor((0.5, 0.5), 2, 0.1), 4)
    (1.0, 1.155)
    """
    return float(
        sum(share * (1.0 + rate) ** (lead_time_years - age) for age, share in enumerate(profile))
    )
