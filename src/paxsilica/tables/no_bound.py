"""Bounds above everything that a plan could use, such as a largest shipment of 1e12 that stands for
"no limit". They are no bounds, and the solver does not bear them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from paxsilica.tables.layout import key_text
from paxsilica.tables.read import Tables

MOST = 1e10
"""Where the rest of a chain is counted in thousands, the solver fails on bounds of 1e12 and bears
1e10. Smaller bounds stay as they are."""

MARGIN = 10.0
"""A bound counts as none from this many times all that could be used on."""

BOUNDS: Mapping[str, str] = {
    "routes": "largest_shipment",
    "projects": "largest_size",
    "stocks": "largest",
}
"""Columns that bound a decision, by table."""


def largest_use(tables: Tables) -> dict[str, float]:
    """The most that a plan could use of each commodity in a year: final demand, with what the most
    wasteful recipes take for it, and all that existing plants and projects can make or take."""
    factor = max([1.0, *(row.factor for row in tables.events if row.factor is not None)])
    total = exploded(tables, factor)
    for process, capacity in capacities(tables):
        for recipe in tables.recipes if capacity < MOST else ():
            if recipe.process == process:
                total[recipe.commodity] += factor * recipe.quantity * capacity
    for stock in tables.stocks:
        total[stock.commodity] += stock.initial
    return total


def exploded(tables: Tables, factor: float) -> dict[str, float]:
    """Final demand of all years and variants together, with the inputs of the most wasteful
    recipes."""
    made = {
        (row.process, row.commodity): row.quantity for row in tables.recipes if row.role == "output"
    }
    most: dict[tuple[str, str], float] = defaultdict(float)
    for (process, product), quantity in made.items():
        for row in tables.recipes:
            if row.process == process and row.role == "input" and quantity > 0:
                pair = (row.commodity, product)
                most[pair] = max(most[pair], row.quantity / quantity)
    wanted: dict[str, float] = defaultdict(float)
    for demand in tables.demand:
        wanted[demand.commodity] += factor * demand.quantity
    total: dict[str, float] = defaultdict(float)
    for _ in range(len(tables.commodities) + 1):
        following: dict[str, float] = defaultdict(float)
        for commodity, quantity in wanted.items():
            total[commodity] += quantity
        for (source, product), used in most.items():
            following[source] += used * wanted.get(product, 0.0)
        wanted = following
    return total


def capacities(tables: Tables) -> Iterator[tuple[str, float]]:
    """Processes with the capacity of each existing plant and the largest size of each project."""
    for plant in tables.assets:
        yield plant.process, plant.capacity or 0.0
        for entry in tables.series:
            if (entry.table, entry.row, entry.column) == ("assets", plant.asset, "capacity"):
                yield plant.process, entry.value
    for project in tables.projects:
        yield project.process, project.largest_size


def needless(tables: Tables) -> dict[tuple[str, str], float | None]:
    """Bounds above all that could be used, by table and key of the row, with what takes their
    place: ``None`` for no bound, or ten times all that could be used."""
    large = {
        table: [row for row in tables.rows(table) if (getattr(row, column) or 0.0) >= MOST]
        for table, column in BOUNDS.items()
    }
    if not any(large.values()):
        return {}
    use = largest_use(tables)
    shared = {row.shares_capacity_of for row in tables.assets}  # used by other recipes too
    found: dict[tuple[str, str], float | None] = {}
    for table, rows in large.items():
        for row in rows:
            most = 0.0 if key_text(row) in shared else MARGIN * _use_of(row, tables, use)
            if 0 < most <= getattr(row, BOUNDS[table]) and most < MOST:
                found[table, key_text(row)] = None if table == "routes" else _rest(row, most)
    return found


def _rest(row: Any, most: float) -> float:
    """The place of a needless bound, not below what the row asks for at least."""
    least = (getattr(row, name, None) for name in ("smallest_size", "initial", "final"))
    return float(max([most, *(value for value in least if value is not None)]))


def _use_of(row: Any, tables: Tables, use: Mapping[str, float]) -> float:
    """The most that could be used of what a row bounds; 0 where it is not known."""
    if hasattr(row, "process"):
        return max(
            (
                use.get(recipe.commodity, 0.0) / recipe.quantity
                for recipe in tables.recipes
                if recipe.process == row.process and recipe.quantity > 0
            ),
            default=0.0,
        )
    if row.commodity == "*":
        return max(use.values(), default=0.0)
    return use.get(row.commodity, 0.0)


def without_needless_bounds(tables: Tables) -> Tables:
    """The tables with such bounds replaced, and a sentence for each in ``no_bounds``."""
    places = needless(tables)
    words = []
    for (table, key), place in places.items():
        column = BOUNDS[table]
        rest = "no limit holds" if place is None else f"{place:.6g} holds in its place"
        words.append(
            f"The bound {table} {key} {column} has no effect: it is above all that could be used;"
            f" {rest}."
        )
    for table, column in BOUNDS.items():

        def change(row: Any, table: str = table, column: str = column) -> dict[str, Any] | None:
            key = (table, key_text(row))
            return {column: places[key]} if key in places else None

        if any(name == table for name, _ in places):
            tables = tables.edited(table, change)
    return replace(tables, no_bounds=(*tables.no_bounds, *words)) if words else tables
