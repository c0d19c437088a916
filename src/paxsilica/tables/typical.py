"""Typical quantities of a chain: what a quantity is compared with that is too large for most
units."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from paxsilica.tables.no_bound import capacities, exploded
from paxsilica.tables.read import Tables

RANGE = 1e6
"""A quantity this many times the typical one of its commodity is written in another unit, or stands
for "no limit". The program is scaled by commodity, and within one the solver bears this range."""


class Typical:
    """The typical quantity of each commodity: the lower median of final demand, of the need that
    follows from it, and of what existing plants and projects can make."""

    def __init__(self, tables: Tables) -> None:
        sizes: dict[str, list[float]] = defaultdict(list)
        for commodity, quantity in exploded(tables, 1.0).items():
            sizes[commodity].append(quantity)
        for demand in tables.demand:
            sizes[demand.commodity].append(demand.quantity)
        self.outputs: dict[str, dict[str, float]] = defaultdict(dict)
        for recipe in tables.recipes:
            if recipe.role == "output":
                self.outputs[recipe.process][recipe.commodity] = recipe.quantity
        for process, capacity in capacities(tables):
            for commodity, quantity in self.outputs[process].items():
                sizes[commodity].append(quantity * capacity)
        self.sizes = {
            commodity: sorted(found)[(len(found) - 1) // 2]
            for commodity, all_sizes in sizes.items()
            if (found := [size for size in all_sizes if 0 < size < float("inf")])
        }

    def explains(self, row: Any, value: float) -> bool:
        """Whether a quantity of a row is of the size of what the chain makes and uses."""
        commodity = getattr(row, "commodity", None)
        if commodity == "*":
            return value <= RANGE * max(self.sizes.values(), default=0.0)
        if commodity is not None:
            return value <= RANGE * self.sizes.get(commodity, 0.0)
        made = self.outputs.get(getattr(row, "process", ""), {})
        return any(
            quantity * value <= RANGE * self.sizes.get(commodity, 0.0)
            for commodity, quantity in made.items()
        )
