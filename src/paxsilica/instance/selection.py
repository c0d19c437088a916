"""What a row of the table ``limits`` selects. The model sums over it, so it must not be pruned."""

from __future__ import annotations

from collections.abc import Iterable

from paxsilica.instance.world import World
from paxsilica.tables.schema import Limit

ON_PLANTS = ("capacity", "projects", "capital")
"""Measures of what is built; the others are measures of operation."""


def applies(limit: Limit, year: int) -> bool:
    """Whether the limit holds in ``year``."""
    return (limit.from_year or year) <= year <= (limit.to_year or year)


def selects_plant(world: World, limit: Limit, plant: str) -> bool:
    """Whether the limit selects the plant: by region, process, product or feed, and name."""
    entry = world.plants[plant]
    handled = {*world.outputs.get(entry.process, {}), *world.inputs.get(entry.process, {})}
    return (
        limit.region in ("*", entry.region)
        and limit.process in ("*", entry.process)
        and (limit.commodity == "*" or limit.commodity in handled)
        and (limit.asset is None or plant in limit.asset)
    )


def weight_of(limit: Limit, plant: str) -> float:
    """Factor of a selected plant in the sum of the limit."""
    if limit.weights is None or limit.asset is None:
        return 1.0
    return sum(
        weight for name, weight in zip(limit.asset, limit.weights, strict=True) if name == plant
    )


def selects_arc(limit: Limit, arc: tuple[str, str, str]) -> bool:
    """Whether the limit selects shipments along (from region, to region, commodity)."""
    return (
        limit.region in ("*", arc[0])
        and (limit.to_region or "*") in ("*", arc[1])
        and limit.commodity in ("*", arc[2])
    )


def floors(world: World, year: int) -> tuple[Limit, ...]:
    """Limits in ``year`` that may ask for operation: a minimum, or a sum with weights, in which a
    plant may run to make room for another."""
    return tuple(
        row
        for row in world.tables.limits
        if (row.sense == "at least" or row.weights is not None)
        and row.measure not in ON_PLANTS
        and applies(row, year)
    )


def required_to_run(world: World, floors: Iterable[Limit], plant: str) -> bool:
    """Whether a floor counts the activity of the plant."""
    return any(
        limit.measure != "shipment" and selects_plant(world, limit, plant) for limit in floors
    )


def required_to_carry(floors: Iterable[Limit], arc: tuple[str, str, str]) -> bool:
    """Whether a floor counts shipments along the arc."""
    return any(limit.measure == "shipment" and selects_arc(limit, arc) for limit in floors)
