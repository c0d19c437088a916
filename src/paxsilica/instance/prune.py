"""What can matter in a copy of operation: what a source can reach and somebody has a use for. The rest is left out before there is a model."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from paxsilica.instance.world import Plant, World

if TYPE_CHECKING:
    from paxsilica.instance.copies import Arc, Arrow, Place


@dataclass(frozen=True)
class Asked:
    """What limits ask for, whether anybody has a use for it or not: plants that are to run, places that are to be shipped to."""

    plants: frozenset[str]
    places: frozenset[Place]


def asked_by_limits(world: World, plants: Mapping[str, Plant], arcs: Mapping[Arc, Arrow], year: int) -> Asked:
    """Everything that some limit of the kind "at least" speaks of in ``year``."""
    limits = [
        row
        for row in world.tables.limits
        if row.sense == "at least" and row.value > 0 and (row.from_year or year) <= year <= (row.to_year or year)
    ]
    running = [row for row in limits if row.measure in ("activity", "production")]
    shipping = [row for row in limits if row.measure == "shipment"]
    return Asked(
        frozenset(name for name, plant in plants.items() if any(world.selects(row, plant) for row in running)),
        frozenset(
            (target, commodity)
            for origin, target, commodity in arcs
            if any(
                row.region in ("*", origin) and (row.to_region or "*") in ("*", target) and row.commodity in ("*", commodity)
                for row in shipping
            )
        ),
    )


def prune(
    world: World,
    plants: Mapping[str, Plant],
    arcs: Mapping[Arc, Arrow],
    demand: Mapping[Place, float],
    stores: set[Place],
    wanted: set[str],
    asked: Asked,
) -> tuple[dict[str, Plant], set[Place], dict[Arc, Arrow]]:
    """Drops plants and arcs that no feed can reach or whose product can reach no use. Exact: neither could carry anything.

    A plant that must run, and an arc that must carry something, stay whatever their surroundings: dropping them would relax the problem.
    What ``asked`` names is of use for its own sake.
    """
    outgoing: dict[Place, list[Place]] = defaultdict(list)
    incoming: dict[Place, list[Place]] = defaultdict(list)
    for origin, target, commodity in arcs:
        outgoing[origin, commodity].append((target, commodity))
        incoming[target, commodity].append((origin, commodity))
    fed = set(plants)
    while True:
        # plants may feed each other in a ring (tools need chips, chips need tools), so all are taken as fed until an input cannot come
        makes = {(plants[name].region, commodity) for name in fed for commodity in world.outputs.get(plants[name].process, {})}
        reached = _downstream(makes | stores, outgoing)
        starved = {
            name
            for name in fed
            if any((plants[name].region, commodity) not in reached for commodity in world.inputs.get(plants[name].process, {}))
        }
        if not starved:
            break
        fed -= starved

    def kept_anyway(plant: Plant) -> bool:
        return plant.must_run_share > 0

    makers: dict[Place, list[str]] = defaultdict(list)
    for name in fed:
        for commodity in world.outputs.get(plants[name].process, {}):
            makers[plants[name].region, commodity].append(name)
    useful: set[Place] = set()
    needed: set[str] = set()
    back: list[Place] = []

    def want(place: Place) -> None:
        if place not in useful:
            useful.add(place)
            back.append(place)

    def need(name: str) -> None:
        if name not in needed:
            needed.add(name)
            for commodity in world.inputs.get(plants[name].process, {}):
                want((plants[name].region, commodity))

    ends = {(arc[1], arc[2]) for arc, terms in arcs.items() if terms.cost_usd_per_unit < 0 or terms.smallest > 0}
    for place in [*demand, *stores, *sorted(ends | asked.places)]:
        want(place)
    for name in sorted(fed):
        made = world.outputs.get(plants[name].process, {})
        # a sink takes goods for its own sake, and a plant that earns as it runs wants to run
        if not made or kept_anyway(plants[name]) or name in asked.plants or wanted.intersection(made) or _may_earn(world, plants[name]):
            need(name)
            for commodity in wanted.intersection(made):
                want((plants[name].region, commodity))
    while back:
        place = back.pop()
        for earlier in incoming[place]:
            if earlier in reached:
                want(earlier)
        for name in makers[place]:
            need(name)
    kept = {name: plants[name] for name in sorted(plants) if name in needed or kept_anyway(plants[name])}
    live = {
        arc: terms
        for arc, terms in sorted(arcs.items())
        if ((arc[0], arc[2]) in reached and (arc[1], arc[2]) in useful) or terms.smallest > 0
    }
    places = set(demand) | (useful & reached)
    places |= {(plant.region, commodity) for plant in kept.values() for commodity in world.outputs.get(plant.process, {})}
    places |= {(plant.region, commodity) for plant in kept.values() for commodity in world.inputs.get(plant.process, {})}
    places |= {place for arc in live for place in ((arc[0], arc[2]), (arc[1], arc[2]))}
    return kept, places, live


def _downstream(sources: set[Place], outgoing: Mapping[Place, list[Place]]) -> set[Place]:
    """Everything that can be shipped to from ``sources``, and the sources."""
    reached = set(sources)
    front = list(sources)
    while front:
        for target in outgoing.get(front.pop(), ()):
            if target not in reached:
                reached.add(target)
                front.append(target)
    return reached


def _may_earn(world: World, plant: Plant) -> bool:
    """Whether running ``plant`` may bring money by itself (a negative variable cost in some year)."""
    table, rows = ("projects", world.projects_by_name) if plant.is_project else ("assets", world.assets_by_name)
    cell = rows[plant.name].variable_cost_usd_per_unit
    if cell is not None:
        return cell < 0
    return any(value < 0 for value in world.series.get((table, plant.name, "variable_cost_usd_per_unit"), {}).values())
