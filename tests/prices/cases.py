"""Worlds of the tests of prices, small enough for their prices to be worked out on paper."""

from __future__ import annotations

from typing import Any

from paxsilica.case import Case
from paxsilica.planner import make_plan
from paxsilica.prices.whole import Start, start_from
from paxsilica.tables import Tables
from worlds import M, case, world


def three_projects() -> Tables:
    """Unmet demand costs 11, 23 and 16 USD million a unit, so that capital earns itself back and, for each USD million of it, in

    * ``graded``: 10 more, at any size up to 30 (capital of 1 a unit, 11 saved);
    * ``lump``: 200 / 30 = 6.67 more, for 30 in one piece (10 units, 230 saved);
    * ``poor``: 120 / 40 = 3 more, for 40 in one piece (10 units, 160 saved).

    More is wanted of each than the projects can make, so that goods always cost what their shortage does.
    """
    return world(
        {"a": "-> alpha", "b": "-> beta", "c": "-> gamma"},
        commodities={
            "alpha": {"shortage_price_usd_per_unit": 11 * M},
            "beta": {"shortage_price_usd_per_unit": 23 * M},
            "gamma": {"shortage_price_usd_per_unit": 16 * M},
        },
        projects={
            "graded": {"process": "a", "size": (0.0, 30.0), "capex_usd_m_per_unit": 1.0},
            "lump": {"process": "b", "size": 10.0, "capex_usd_m": 30.0},
            "poor": {"process": "c", "size": 10.0, "capex_usd_m": 40.0},
        },
        demand={("A", "alpha"): 40.0, ("A", "beta"): 12.0, ("A", "gamma"): 12.0},
    )


def started(tables: Tables, asked: Case) -> Start:
    return start_from(make_plan(tables, asked), tables, asked)


def priced(frame: Any, **which: Any) -> Any:
    """The one row of a table of prices that has these cells."""
    for column, value in which.items():
        frame = frame[frame[column].isna() if value is None else frame[column] == value]
    assert len(frame) == 1, frame
    return frame.iloc[0]


__all__ = ["M", "case", "priced", "started", "three_projects", "world"]
