"""When a share meets its requirement."""

from __future__ import annotations

MET_TOL = 1e-6
"""Rounding of the solver in a share of 1."""


def met(coverage: float, required: float) -> bool:
    """Whether a share meets its requirement, but for rounding of the solver.

    >>> met(0.59999999, 0.6), met(0.5999, 0.6)
    (True, False)
    """
    return coverage >= required - MET_TOL
