"""Variable and fixed cost of plants: the fixed cost of a process, and its part of unit costs."""

from __future__ import annotations

from paxsilica.errors import Problem
from paxsilica.finance import MILLION
from paxsilica.instance.world import UNLIMITED, World
from paxsilica.tables.schema import Asset, Process, Project

OWN_COLUMNS = {
    "assets": ("fixed_cost_usd_m",),
    "projects": ("fixed_cost_usd_m", "fixed_cost_usd_m_per_unit"),
}
"""Columns with which a plant states a fixed cost of its own, by table."""


def table_of(row: Asset | Project) -> str:
    """The table of a plant."""
    return "projects" if isinstance(row, Project) else "assets"


def process_that_charges(world: World, row: Asset | Project) -> Process | None:
    """The process whose fixed cost a plant has; ``None`` where there is none, where the plant
    states its own, and for a further recipe of a plant, which has the fixed cost."""
    if isinstance(row, Asset) and row.shares_capacity_of is not None:
        return None
    process = world.processes[row.process]
    table, key = table_of(row), "|".join(str(getattr(row, part)) for part in row.key)
    stated = any(
        getattr(row, column) is not None or (table, key, column) in world.series
        for column in OWN_COLUMNS[table]
    )
    return None if stated or not process.fixed_cost_usd_per_unit else process


def unit_costs(world: World, row: Asset | Project, year: int) -> tuple[float, float]:
    """(USD per unit of activity, USD per unit of capacity and year) of a plant, by its process.

    Where unit costs hold the fixed cost at full load, it is taken out of them: the fixed part is
    then at most the unit cost, so that both parts add up to it.
    """
    stated = world.number(table_of(row), row, "variable_cost_usd_per_unit", year)
    process = process_that_charges(world, row)
    if process is None:
        return stated, 0.0
    fixed = process.fixed_cost_usd_per_unit or 0.0
    if not process.unit_cost_includes_fixed:
        return stated, fixed
    part = min(fixed, max(0.0, stated))
    return stated - part, part


def fixed_cost_of_asset(world: World, row: Asset, year: int, credited: float) -> float:
    """Fixed cost of an existing plant in a year, USD million; ``credited`` is its capacity.

    A plant without limit of capacity needs a fixed cost of its own, and is a problem without one.
    """
    own = world.number("assets", row, "fixed_cost_usd_m", year, 0.0)
    _, per_unit = unit_costs(world, row, year)
    if not per_unit:
        return own
    if credited == UNLIMITED:
        words = (
            "should state a fixed cost, 0 for none: that of its process is by unit of capacity, and"
            " the capacity of this plant is without limit"
        )
        problem = Problem("assets", row.asset, "fixed_cost_usd_m", "", words)
        if problem not in world.problems:
            world.problems.append(problem)
        return own
    return own + per_unit * credited / MILLION


def limited_by_unit_cost(world: World, first_year: int) -> list[str]:
    """Plants whose unit cost in ``first_year`` is below the fixed cost of their process, which it
    should hold."""
    plants: tuple[Asset | Project, ...] = (*world.tables.assets, *world.tables.projects)
    found = []
    for row in plants:
        process = process_that_charges(world, row)
        if process is None or not process.unit_cost_includes_fixed:
            continue
        name = row.project if isinstance(row, Project) else row.asset
        if world.plants[name].operates(first_year):
            _, part = unit_costs(world, row, first_year)
            if part < (process.fixed_cost_usd_per_unit or 0.0):
                found.append(name)
    return found
