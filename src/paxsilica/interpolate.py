"""Values between anchor years."""

from __future__ import annotations

from collections.abc import Mapping


def interpolate(anchors: Mapping[int, float], year: int) -> float:
    """Value at ``year`` on the straight line between the anchors around it.

    Raises:
        KeyError: if the anchors do not span the year.

    >>> interpolate({2026: 10.0, 2030: 20.0}, 2027), interpolate({2026: 10.0}, 2026)
    (12.5, 10.0)
    """
    if year in anchors:
        return anchors[year]
    years = sorted(anchors)
    if not years[0] < year < years[-1]:
        raise KeyError(year)
    left = max(anchor for anchor in years if anchor < year)
    right = min(anchor for anchor in years if anchor > year)
    return anchors[left] + (anchors[right] - anchors[left]) * (year - left) / (right - left)


def interpolate_flat(anchors: Mapping[int, float], year: int) -> float:
    """As :func:`interpolate`, and constant before the first and after the last anchor.

    >>> path = {2030: 0.4, 2032: 0.6}
    >>> [interpolate_flat(path, year) for year in (2028, 2031, 2040)]
    [0.4, 0.5, 0.6]
    """
    return interpolate(anchors, min(max(year, min(anchors)), max(anchors)))


def left_after(decline: float, years: int) -> float:
    """Share of a capacity that is left after some years with a decline.

    >>> left_after(0.5, 2), left_after(0.0, 40)
    (0.25, 1.0)
    """
    return 1.0 if not decline else (1 - decline) ** years
