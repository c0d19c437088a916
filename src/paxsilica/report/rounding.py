"""Shares of coverage in per cent. They are rounded so that a requirement that is not met never
reads as met: coverage down, requirements up."""

from __future__ import annotations

import math

from paxsilica.plan.requirement import MET_TOL, met

NOISE = 1e-9
"""Rounding of a product of two numbers, per cent."""


def covered(value: float, digits: int = 0) -> str:
    """Coverage (share of 1) in per cent, rounded down but for rounding of the solver.

    >>> covered(0.59875), covered(0.5999999), covered(0.3), covered(0.59875, 1)
    ('59', '60', '30', '59.8')
    """
    scale = 10.0**digits
    return f"{math.floor(scale * (100 * (value + MET_TOL) + NOISE)) / scale:.{digits}f}"


def required(value: float, digits: int = 0) -> str:
    """A required share of 1 in per cent, rounded up.

    >>> required(0.6), required(1 / 3), required(0.6 / 3), required(1 / 3, 1)
    ('60', '34', '20', '33.4')
    """
    scale = 10.0**digits
    return f"{math.ceil(scale * (100 * value - NOISE)) / scale:.{digits}f}"


def cell_share(value: float, required: float) -> float:
    """Coverage as a share of 1 for a cell with one decimal of a per cent: where it is below the
    requirement, rounded down, so that the cell does not read as the requirement.

    >>> cell_share(0.59999, 0.6), cell_share(1 / 3, 1 / 3) == 1 / 3
    (0.599, True)
    """
    return value if met(value, required) else float(covered(value, 1)) / 100
