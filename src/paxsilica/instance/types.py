"""Types that the modules of an instance share."""

from __future__ import annotations

from dataclasses import dataclass

Place = tuple[str, str]
"""(region, commodity)"""

Arc = tuple[str, str, str]
"""(from region, to region, commodity)"""


@dataclass(frozen=True)
class Arrow:
    """Terms of shipping along an arc in a year."""

    cost_usd_per_unit: float
    smallest: float
    largest: float
