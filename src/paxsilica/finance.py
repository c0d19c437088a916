"""Money and time: discounting, annuities, residual values. Pure functions; rates are real, per
year, as shares of 1."""

from __future__ import annotations

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


def financing_factor(cost_of_capital: float, discount_rate: float, life_years: int | None) -> float:
    """What a USD of capital costs, in present value at ``discount_rate``, if it is paid back at
    ``cost_of_capital`` over its life.

    Money raised at the discount rate costs its face value; without a life it costs its face value
    too.

    >>> financing_factor(0.07, 0.07, 20), round(financing_factor(0.10, 0.05, 20), 4)
    (1.0, 1.4638)
    >>> financing_factor(0.10, 0.05, None)
    1.0
    """
    if life_years is None:
        return 1.0
    return annuity_share(cost_of_capital, life_years) / annuity_share(discount_rate, life_years)


def residual_share(life_years: int | None, years_used: int) -> float:
    """Share of the capital of a plant that is left after ``years_used`` years of a straight-line
    life.

    >>> residual_share(20, 5), residual_share(20, 30), residual_share(None, 5)
    (0.75, 0.0, 0.0)
    """
    return 0.0 if life_years is None else max(0.0, 1.0 - years_used / life_years)
