"""Reduces an operating state to what can matter in it: plants with feed and products with a use.

Exact: no feasible plan is lost, none is gained, and no cost changes. A *feed* reaches a plant if
each of its inputs can be made or drawn from store somewhere from where it can be shipped. A plant
is of *use* if its product can reach a demand, a store, or a plant of use; and for the reasons in
:func:`_moves_by_itself` and :func:`_forced`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from paxsilica.instance.selection import required_to_carry, required_to_run
from paxsilica.instance.types import Arc, Arrow, Place
from paxsilica.instance.world import Plant, World
from paxsilica.tables.schema import Limit


def prune(
    world: World,
    plants: Mapping[str, Plant],
    arcs: Mapping[Arc, Arrow],
    demand: Mapping[Place, float],
    stores: set[Place],
    wanted: set[str],
    floors: Iterable[Limit],
    counted: Iterable[Place] = (),
) -> tuple[dict[str, Plant], set[Place], dict[Arc, Arrow]]:
    """Plants, places and arcs that remain.

    Args:
        world: for recipes and costs.
        plants, arcs: plants and arcs before pruning.
        demand, stores: places where something is demanded, and where something is stored.
        wanted: commodities whose production counts by itself.
        floors: limits with a minimum of operation in the state.
        counted: places where the arrival of a commodity counts by itself.
    """
    outgoing: dict[Place, list[Place]] = defaultdict(list)
    incoming: dict[Place, list[Place]] = defaultdict(list)
    for origin, target, commodity in arcs:
        outgoing[origin, commodity].append((target, commodity))
        incoming[target, commodity].append((origin, commodity))
    forced = [
        arc for arc, arrow in arcs.items() if _forced(arrow) or required_to_carry(floors, arc)
    ]
    # a forced shipment may circulate without a source
    fed, reached = _fed(
        world, plants, stores | {(origin, commodity) for origin, _, commodity in forced}, outgoing
    )
    made = _by_place(plants, fed, world.outputs)
    starts = [*demand, *stores, *counted, *((target, commodity) for _, target, commodity in forced)]
    needed: set[str] = set()
    for name in sorted(fed):
        own = wanted.intersection(world.outputs.get(plants[name].process, {}))
        if own or _moves_by_itself(world, plants[name]) or required_to_run(world, floors, name):
            needed.add(name)
            starts += [(plants[name].region, commodity) for commodity in own]
    useful = _useful(world, plants, needed, starts, made, incoming, reached)
    # a plant that must run stays even without feed: the problem is then infeasible
    kept = {
        name: plants[name]
        for name in sorted(plants)
        if name in needed or plants[name].must_run_share > 0
    }
    live = {
        arc: arrow
        for arc, arrow in sorted(arcs.items())
        if (arc[0], arc[2]) in reached and (arc[1], arc[2]) in useful
    }
    places = set(demand) | (useful & reached)
    for recipes in (world.outputs, world.inputs):
        places |= set(_by_place(plants, kept, recipes))
    places |= {place for arc in live for place in ((arc[0], arc[2]), (arc[1], arc[2]))}
    return kept, places, live


def _by_place(
    plants: Mapping[str, Plant], names: Iterable[str], recipes: Mapping[str, Mapping[str, float]]
) -> dict[Place, list[str]]:
    """Plants by the places of the commodities in ``recipes`` of their processes."""
    found: dict[Place, list[str]] = defaultdict(list)
    for name in names:
        for commodity in recipes.get(plants[name].process, {}):
            found[plants[name].region, commodity].append(name)
    return found


def _useful(
    world: World,
    plants: Mapping[str, Plant],
    needed: set[str],
    starts: Iterable[Place],
    made: Mapping[Place, list[str]],
    incoming: Mapping[Place, list[Place]],
    reached: set[Place],
) -> set[Place]:
    """Places from which goods have a use; adds the plants that supply them to ``needed``."""
    useful: set[Place] = set()
    inputs = [
        (plants[name].region, commodity)
        for name in needed
        for commodity in world.inputs.get(plants[name].process, {})
    ]
    back = [*starts, *inputs]
    while back:
        place = back.pop()
        if place in useful:
            continue
        useful.add(place)
        back += [earlier for earlier in incoming.get(place, ()) if earlier in reached]
        for name in made.get(place, ()):
            if name not in needed:
                needed.add(name)
                region = plants[name].region
                back += [(region, one) for one in world.inputs.get(plants[name].process, {})]
    return useful


def _fed(
    world: World,
    plants: Mapping[str, Plant],
    sources: set[Place],
    outgoing: Mapping[Place, list[Place]],
) -> tuple[set[str], set[Place]]:
    """Plants that feed can reach, and the places that something can reach."""
    fed = set(plants)
    while True:
        # plants may feed each other in a ring (tools need chips, chips need tools), so all are
        # taken as fed until an input cannot come
        makes = {
            (plants[name].region, commodity)
            for name in fed
            for commodity in world.outputs.get(plants[name].process, {})
        }
        reached = _downstream(makes | sources, outgoing)
        starved = {
            name
            for name in fed
            if any(
                (plants[name].region, commodity) not in reached
                for commodity in world.inputs.get(plants[name].process, {})
            )
        }
        if not starved:
            return fed, reached
        fed -= starved


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


def _forced(arrow: Arrow) -> bool:
    """Whether goods move along an arc without a use at its end: because of a smallest shipment or a
    negative cost."""
    return arrow.smallest > 0 or arrow.cost_usd_per_unit < 0


def _moves_by_itself(world: World, plant: Plant) -> bool:
    """Whether a plant may run without a use of its product: it has no product (a sink), it must
    run, its variable cost is negative, or it consumes an input of which no surplus is allowed."""
    rids = any(
        commodity not in world.surplus_allowed for commodity in world.inputs.get(plant.process, {})
    )
    return (
        not world.outputs.get(plant.process)
        or plant.must_run_share > 0
        or rids
        or _may_earn(world, plant)
    )


def _may_earn(world: World, plant: Plant) -> bool:
    """Whether running ``plant`` may bring money by itself (a negative variable cost in some
    year)."""
    table, rows = (
        ("projects", world.projects_by_name)
        if plant.is_project
        else ("assets", world.assets_by_name)
    )
    cell = rows[plant.name].variable_cost_usd_per_unit
    if cell is not None:
        return cell < 0
    return any(
        value < 0
        for value in world.series.get(
            (table, plant.name, "variable_cost_usd_per_unit"), {}
        ).values()
    )
