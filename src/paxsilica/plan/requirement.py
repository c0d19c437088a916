"""When a share meets its requirement, and how shares of coverage are rounded: a requirement that is
not met never reads as met, because coverage is rounded down and requirements are rounded up."""

from __future__ import annotations

import math

MET_TOL = 1e-6
"""Rounding of the solver in a share of 1."""

CLOSEST_TOL = 1e-4
"""What a later step of the search for the closest plan may give up of an earlier one, as a part of
1."""

NOISE = 1e-9
"""Rounding of a product of two numbers, per cent."""


def met(coverage: float, required: float) -> bool:
    """Whether a share meets its requirement, but for rounding of the solver.

    >>> met(0.59999999, 0.6), met(0.5999, 0.6)
    (True, False)
    """
    return coverage >= required - MET_TOL


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
