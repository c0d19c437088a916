"""Two generators of random availability and three blocks of random demand (APL1P), as tables, and
its values from linear programs of their own.

Source: G. Infanger, Monte Carlo (importance) sampling within a Benders decomposition algorithm for
stochastic linear programs, Annals of Operations Research 39 (1992); optimum 24,642.3.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import coo_matrix

from paxsilica.api import Question
from worlds import M, case, world

CAPITAL = (4.0, 2.5)
RUNNING = ((4.3, 2.0, 0.5), (8.7, 4.0, 1.0))
UNSERVED = 10.0
LEAST = 1000.0
AVAILABLE = (
    {1.0: 0.2, 0.9: 0.3, 0.5: 0.4, 0.1: 0.1},
    {1.0: 0.1, 0.9: 0.2, 0.7: 0.5, 0.1: 0.1, 0.0: 0.1},
)
DEMAND = {900.0: 0.15, 1000.0: 0.45, 1100.0: 0.25, 1200.0: 0.15}
Scenario = tuple[float, ...]
"""Availability of the two generators, and demand of the three blocks."""


def scenarios(levels: int = 3) -> dict[Scenario, float]:
    """The scenarios with their probability; only the first ``levels`` blocks are random, the others
    have their mean."""
    mean = {sum(value * chance for value, chance in DEMAND.items()): 1.0}
    parts = [*AVAILABLE, *(DEMAND if at < levels else mean for at in range(3))]
    return {
        tuple(value for value, _ in one): float(np.prod([chance for _, chance in one]))
        for one in itertools.product(*(part.items() for part in parts))
    }


def question(chances: Mapping[Scenario, float]) -> Question:
    """The problem in tables: the second and third block are further recipes on the capacity of a
    generator. A unit of the source's money is USD 1 million."""
    blocks = [f"block-{at}" for at in range(3)]
    recipes = {f"gen-{g}-{block}": f"-> {block}" for g in range(2) for block in blocks}
    recipes |= {f"buy-{block}": f"-> {block}" for block in blocks}
    shared = {
        f"gen-{g}-{at}": {
            "process": f"gen-{g}-block-{at}",
            "variable_cost_usd_per_unit": RUNNING[g][at] * M,
            "shares_capacity_of": f"gen-{g}",
        }
        for g in range(2)
        for at in (1, 2)
    }
    bought = {
        f"bought-{block}": {
            "process": f"buy-{block}",
            "variable_cost_usd_per_unit": UNSERVED * M,
        }
        for block in blocks
    }
    events: list[dict[str, Any]] = []
    names = {f"s{at}": one for at, one in enumerate(chances)}
    for name, one in names.items():
        for g in range(2):
            events.append(
                {
                    "scenario": name,
                    "event": "capacity",
                    "process": f"gen-{g}-block-0",
                    "from_year": 2030,
                    "factor": one[g],
                }
            )
        for at, block in enumerate(blocks):
            events.append(
                {
                    "scenario": name,
                    "event": "demand",
                    "commodity": block,
                    "from_year": 2030,
                    "factor": one[2 + at] / 1000.0,
                }
            )
    tables = world(
        recipes,
        assets=shared | bought,
        projects={
            f"gen-{g}": {
                "process": f"gen-{g}-block-0",
                "size": (LEAST, 20_000.0),
                "commitment": "required",
                "capex_usd_m": CAPITAL[g] * LEAST,
                "capex_usd_m_per_unit": CAPITAL[g],
                "variable_cost_usd_per_unit": RUNNING[g][0] * M,
            }
            for g in range(2)
        },
        demand={("A", block): 1000.0 for block in blocks},
        scenarios=dict(zip(names, chances.values(), strict=True)),
        events=events,
    )
    return Question(tables, case(scenarios=list(names)))


def least_cost(
    chances: Mapping[Scenario, float], sizes: tuple[float, float] | None = None
) -> tuple[float, tuple[float, float]]:
    """Least expected cost and the sizes of the generators, from one linear program; with ``sizes``
    fixed."""
    cost = [*CAPITAL]
    entries: list[tuple[int, int, float]] = []
    sides: list[float] = []
    for one, chance in chances.items():
        first = len(cost)
        cost += [chance * RUNNING[g][at] for g in range(2) for at in range(3)]
        cost += [chance * UNSERVED] * 3
        for g in range(2):  # what a generator serves is at most what is available of it
            row = len(sides)
            entries += [(row, first + 3 * g + at, 1.0) for at in range(3)]
            entries.append((row, g, -one[g]))
            sides.append(0.0)
        for at in range(3):  # what is served or bought is at least the demand
            row = len(sides)
            entries += [(row, first + 3 * g + at, -1.0) for g in range(3)]
            sides.append(-one[2 + at])
    rows, columns, data = zip(*entries, strict=True)
    matrix = coo_matrix((data, (rows, columns)), shape=(len(sides), len(cost))).tocsr()
    low = [LEAST, LEAST] if sizes is None else list(sizes)
    high = [None, None] if sizes is None else list(sizes)
    bounds = [*zip(low, high, strict=True), *[(0.0, None)] * (len(cost) - 2)]
    found = linprog(cost, A_ub=matrix, b_ub=sides, bounds=bounds)
    return float(found.fun), (float(found.x[0]), float(found.x[1]))


def expected(chances: Mapping[Scenario, float]) -> dict[str, float]:
    """The measures by name."""
    mean = tuple(sum(one[at] * chance for one, chance in chances.items()) for at in range(5))
    rp, _ = least_cost(chances)
    ev, sizes = least_cost({mean: 1.0})
    eev, _ = least_cost(chances, sizes)
    ws = sum(chance * least_cost({one: 1.0})[0] for one, chance in chances.items())
    return {"RP": rp, "EV": ev, "EEV": eev, "WS": ws, "VSS": eev - rp, "EVPI": rp - ws}
