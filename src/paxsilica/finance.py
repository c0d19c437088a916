"""Money and time: discounting, annuities, interest during construction. Pure functions; rates are
real, per year, as shares of 1."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

MILLION = 1e6
"""USD in a USD million."""

LOWEST_RATE, HIGHEST_RATE = -0.99, 100.0
"""Range in which internal rates of return are sought, shares of 1 per year."""


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


def present_value(rate: float, flows: Sequence[float]) -> float:
    """Value at the beginning of the first year of flows at the beginnings of successive years.

    >>> present_value(0.25, [-100.0, 0.0, 156.25])
    0.0
    """
    return sum(flow * discount_factor(rate, year) for year, flow in enumerate(flows))


def internal_rate(flows: Sequence[float]) -> float | None:
    """The rate at which flows at the beginnings of successive years are worth nothing; ``None``
    where they change their sign never or more than once, so that there is no or no single rate,
    and where it lies outside of -99 % to 10,000 % a year.

    >>> round(internal_rate([-100.0, 0.0, 121.0]), 9), internal_rate([-1.0, -1.0])
    (0.1, None)
    """
    signs = [flow > 0 for flow in flows if flow]
    if sum(one != other for one, other in pairwise(signs)) != 1:
        return None
    low, high = LOWEST_RATE, HIGHEST_RATE
    if present_value(low, flows) * present_value(high, flows) > 0:
        return None
    from scipy.optimize import brentq  # the help of the command line loads no scipy

    return float(brentq(lambda rate: present_value(rate, flows), low, high, xtol=1e-12))
