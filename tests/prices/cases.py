"""Worlds of the tests of prices, small enough for their prices to be worked out on paper."""

from __future__ import annotations

import random
from typing import Any

from paxsilica.case import Case
from paxsilica.plan.solve import make_plan
from paxsilica.prices.report import Start, start_from
from paxsilica.tables import Tables
from worlds import M, case, world


def three_projects() -> Tables:
    """Unmet demand costs 11, 23 and 16 USD million a unit, so that capital earns itself back and,
    for each USD million of it, in

    * ``graded``: 10 more, at any size up to 30 (capital of 1 a unit, 11 saved);
    * ``lump``: 200 / 30 = 6.67 more, for 30 in one piece (10 units, 230 saved);
    * ``poor``: 120 / 40 = 3 more, for 40 in one piece (10 units, 160 saved).

    More is wanted of each than the projects can make, so that goods always cost what their shortage
    does.
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


def random_question(seed: int, **keys: Any) -> tuple[Tables, Case]:
    """Ore and metal in two protected regions and an adversary, over three years; funders with
    envelopes, shares and tickets now and then."""
    draw = random.Random(seed)

    def between(low: float, high: float) -> float:
        return round(draw.uniform(low, high), 2)

    projects: dict[str, dict[str, Any]] = {}
    for number in range(draw.randint(2, 5)):
        small = between(2, 6)
        projects[f"p{number}"] = {
            "process": draw.choice(["mine", "smelt", "smelt"]),
            "region": draw.choice(["A", "B"]),
            "size": draw.choice([small, small, (small, between(7, 12))]),
            "capex_usd_m": between(10, 40),
            "capex_usd_m_per_unit": between(1, 4),
            "expandable": draw.random() < 0.5,
            "lead_time_years": draw.choice([0, 0, 1]),
            "variable_cost_usd_per_unit": between(0.5, 2) * M,
            "sponsor_share": draw.choice([0.0, 0.3]),
            "spend_profile": draw.choice([(1.0,), (0.6, 0.4)]),
        }
    funders: dict[str, dict[str, Any]] = {}
    for name in draw.choice([(), ("f", "g"), ("f", "g", "h")]):
        funders[name] = {
            "envelope_usd_m": between(20, 70),
            "cost_of_capital": between(0.02, 0.1),
            "largest_share": draw.choice([None, 0.6]),
            "smallest_ticket_usd_m": draw.choice([None, None, between(4, 9)]),
        }
        if draw.random() < 0.4:
            funders[name] |= {
                "annual_limit_usd_m": between(10, 40),
                "carry_over": draw.random() < 0.5,
            }
    tables = world(
        {"mine": "-> ore", "smelt": "1.5 ore -> metal"},
        regions={"A": "signatory", "B": "signatory", "X": "adversary"},
        commodities={
            "ore": {"shortage_price_usd_per_unit": None},
            "metal": {"covered": True, "shortage_price_usd_per_unit": between(8, 15) * M},
        },
        processes={"smelt": {"minimum_utilisation": draw.choice([None, 0.4])}},
        assets={
            "x-mine": {"process": "mine", "region": "X", "variable_cost_usd_per_unit": 0.3 * M},
            "x-smelt": {
                "process": "smelt",
                "region": "X",
                "capacity": between(8, 30),
                "variable_cost_usd_per_unit": 0.4 * M,
            },
            "a-mine": {
                "process": "mine",
                "region": "A",
                "capacity": between(4, 20),
                "variable_cost_usd_per_unit": between(0.3, 1) * M,
            },
        },
        projects=projects,
        demand={
            ("A", "metal"): between(6, 14),
            ("B", "metal"): {2030: between(2, 5), 2032: between(4, 9)},
            ("X", "metal"): between(2, 6),
        },
        routes={
            f"{one}>{other} {good}": between(0.05, 0.3) * M
            for one in "ABX"
            for other in "ABX"
            if one != other
            for good in ("ore", "metal")
        },
        funders=funders,
    )
    asked: dict[str, Any] = {
        "coverage": {
            "required": draw.choice([0.4, 0.7]),
            "from_year": draw.choice([2030, 2031]),
            "hard": False,
        },
        "budget_usd_m": between(25, 90),
        "finance": {"discount_rate": 0.05},
    }
    if draw.random() < 0.4:
        asked["concentration"] = {"max_share": 0.6, "from_year": 2030, "hard": False}
    return tables, case("2030-2032", **(asked | keys))


__all__ = ["M", "case", "priced", "random_question", "started", "three_projects", "world"]
