"""Operating states: one per year and state of the world, reduced to what can matter in it.

A *normal* state has all regions in it; a *disrupted* state is a year in which something is cut off.
Scenarios with the same state of the world in a year share one operating state. This is exact,
because operation in a year depends only on capacity, stocks and the state of the world.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from paxsilica.instance.prune import prune
from paxsilica.instance.selection import floors
from paxsilica.instance.types import Arc, Arrow, Place
from paxsilica.instance.world import UNLIMITED, Plant, World, scaled
from paxsilica.tables.schema import Event

Everything: tuple[str, str] = ("*", "*")


@dataclass(frozen=True)
class Conditions:
    """State of the world: (region, commodity) pairs that are cut off, with ``*`` for
    adversaries and lost regions and for all commodities; and other events."""

    cut_off: frozenset[tuple[str, str]] = frozenset()
    events: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Header:
    """Name and conditions of an operating state.

    Attributes:
        name: unique, readable, e.g. ``normal 2030`` or ``cut off 2030``.
        probability: weight in expected cost; 0 for a coverage test.
        normal_state: name of the normal state in which standby capacity is kept for this disrupted
            state; ``None`` for a normal state.
        coverage_test: whether coverage is required in this state.
    """

    name: str
    year: int
    mode: Literal["normal", "disrupted"]
    conditions: Conditions
    probability: float
    normal_state: str | None
    coverage_test: bool
    scenarios: tuple[str, ...]


@dataclass(frozen=True)
class OperatingState(Header):
    """An operating state with the plants, shipments and demand that are possible in it.

    Attributes:
        capacity: credited capacity of each asset, in units of activity per year (may be ``inf``);
            projects are not in it.
        capacity_factor: share of the credited capacity of each project that events leave.
        shared: for each plant whose capacity is shared in the state, what a unit of activity of
            each of its recipes uses of it.
        shared_room: what these plants have in the state: credited capacity of an asset, share of
            the credited capacity that events leave of a project.
        demand: final demand to be served, by place.
        users: places where the commodity is demanded, or taken by an existing plant that can run.
        supply, use: for each place the (plant, quantity per unit of activity) that make or use the
            commodity there.
    """

    plants: tuple[str, ...]
    places: tuple[Place, ...]
    arcs: Mapping[Arc, Arrow]
    capacity: Mapping[str, float]
    capacity_factor: Mapping[str, float]
    shared: Mapping[str, Mapping[str, float]]
    shared_room: Mapping[str, float]
    variable_cost: Mapping[str, float]
    demand: Mapping[Place, float]
    users: frozenset[Place]
    supply: Mapping[Place, tuple[tuple[str, float], ...]]
    use: Mapping[Place, tuple[tuple[str, float], ...]]
    arrivals: Mapping[Place, tuple[Arc, ...]]
    departures: Mapping[Place, tuple[Arc, ...]]


def expand_routes(world: World) -> dict[Arc, dict[int, Arrow]]:
    """Every arc that some route allows, with its terms by year; a row with fewer ``*`` beats one
    with more.

    ``*`` stands for the regions that make (or store) the commodity where it says where from, and
    for those that use, demand or store it where it says where to; never for a hub.
    """
    makes: dict[str, set[str]] = defaultdict(set)
    takes: dict[str, set[str]] = defaultdict(set)
    for plant in world.plants.values():
        for commodity in world.outputs.get(plant.process, {}):
            makes[commodity].add(plant.region)
        for commodity in world.inputs.get(plant.process, {}):
            takes[commodity].add(plant.region)
    for row in world.tables.stocks:
        makes[row.commodity].add(row.region)
        takes[row.commodity].add(row.region)
    for demand in world.tables.demand:
        takes[demand.commodity].add(demand.region)
    hubs = {name for name, region in world.regions.items() if region.kind == "hub"}
    commodities = sorted(row.commodity for row in world.tables.commodities)
    arcs: dict[Arc, dict[int, Arrow]] = {}
    rank: dict[Arc, int] = {}
    for route in sorted(
        world.tables.routes, key=lambda row: (row.from_region, row.to_region, row.commodity)
    ):
        stars = (route.from_region, route.to_region, route.commodity).count("*")
        terms = {
            year: Arrow(
                world.number("routes", route, "cost_usd_per_unit", year),
                route.smallest_shipment or 0.0,
                UNLIMITED if route.largest_shipment is None else route.largest_shipment,
            )
            for year in world.case.span()
        }
        for commodity in commodities if route.commodity == "*" else [route.commodity]:
            # a named region may pass on what it neither makes nor takes; * stands only for those
            # that do
            origins = (
                sorted(makes[commodity] - hubs) if route.from_region == "*" else [route.from_region]
            )
            targets = (
                sorted(takes[commodity] - hubs) if route.to_region == "*" else [route.to_region]
            )
            for arc in (
                (origin, target, commodity)
                for origin in origins
                for target in targets
                if target != origin
            ):
                if stars <= rank.get(arc, 3):
                    arcs[arc], rank[arc] = terms, stars
    return arcs


def blocked_exports(
    world: World, conditions: Conditions, year: int
) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """The commodities (``*``: all) that no longer leave a region that is cut off, and those that
    plants under its control elsewhere no longer make. They differ for a lost region."""
    hosts: dict[str, set[str]] = defaultdict(set)
    owners: dict[str, set[str]] = defaultdict(set)
    for region, commodity in conditions.cut_off:
        for name in world.regions if region == "*" else [region]:
            if region != "*" or world.cut_off(name, year):
                hosts[name].add(commodity)
            if region != "*" or world.adversary(name, year):
                owners[name].add(commodity)
    return hosts, owners


def _blocked(off: Mapping[str, set[str]], region: str, commodity: str) -> bool:
    return region in off and ("*" in off[region] or commodity in off[region])


def event_factor(
    events: Iterable[Event], kind: str, region: str, process: str, commodities: Iterable[str]
) -> float:
    """Product of the factors of the events of one kind that fit."""
    product = 1.0
    names = set(commodities)
    for event in events:
        fits = (
            event.region in ("*", region)
            and event.process in ("*", process)
            and (event.commodity == "*" or event.commodity in names)
        )
        if event.event == kind and fits and event.factor is not None:
            product *= event.factor
    return product


def _shares_something(world: World, name: str, online: Mapping[str, int], year: int) -> bool:
    """Whether the plant whose capacity a further recipe uses can be in service in the year; always
    for a plant with a capacity of its own."""
    if name not in world.shared:
        return True
    base = world.plants[world.shared[name][0]]
    return online.get(base.name, year + 1) <= year if base.is_project else base.operates(year)


def _shared(world: World, kept: Mapping[str, Plant]) -> dict[str, dict[str, float]]:
    """For each plant with further recipes among the plants of a state, what a unit of activity of
    each recipe uses of its capacity."""
    found: dict[str, dict[str, float]] = {}
    for name in sorted(world.shared.keys() & kept.keys()) if world.shared else ():
        base, use = world.shared[name]
        found.setdefault(base, {base: 1.0} if base in kept else {})[name] = use
    return found


def make_state(
    world: World,
    routes: Mapping[Arc, Mapping[int, Arrow]],
    demand: Mapping[Place, float],
    costs: Mapping[str, float],
    capacities: Mapping[str, float],
    wanted: set[str],
    online: Mapping[str, int],
    header: Header,
) -> OperatingState:
    """The operating state of ``header``, pruned to what has a source and a use.

    Args:
        world, routes: as made by :func:`make_world` and :func:`expand_routes`.
        demand: final demand of the year by place, before events.
        costs, capacities: variable cost and credited capacity by plant in the year, before events.
        wanted: commodities whose production counts by itself, because coverage is required.
        online: first year in which each project could run.
        header: name and conditions.
    """
    year, conditions = header.year, header.conditions
    events = [world.tables.events[index] for index in sorted(conditions.events)]
    off, held = blocked_exports(world, conditions, year)
    gone = {region for region, commodities in off.items() if "*" in commodities}
    stopped = {region for region, commodities in held.items() if "*" in commodities}
    everywhere = Everything in conditions.cut_off

    def runs(plant: Plant) -> bool:
        if plant.region in gone or plant.controller in stopped or not plant.operates(year):
            return False
        if plant.is_project and online.get(plant.name, year + 1) > year:
            return False
        if not _shares_something(world, plant.name, online, year):
            return False
        made = world.outputs.get(plant.process, {})
        # where the host is cut off too, the product does not leave it in any case
        return not any(
            _blocked(held, plant.controller, k) and not _blocked(off, plant.region, k) for k in made
        )

    plants = {plant.name: plant for plant in world.plants.values() if runs(plant)}
    arcs = {
        arc: terms[year]
        for arc, terms in routes.items()
        if not (_blocked(off, arc[0], arc[2]) and not _blocked(off, arc[1], arc[2]))
        and arc[0] not in gone
        and arc[1] not in gone
    }
    served = {
        (region, commodity): quantity * event_factor(events, "demand", region, "*", [commodity])
        for (region, commodity), quantity in demand.items()
        if region not in gone and (not everywhere or world.in_need(region, year))
    }
    remaining = {
        plant.name: event_factor(
            events, "capacity", plant.region, plant.process, world.outputs.get(plant.process, {})
        )
        for plant in plants.values()
    }
    capacity = {
        plant.name: scaled(
            capacities[plant.name],
            remaining[plant.name] * (world.access(plant, year) if everywhere else 1.0),
        )
        for plant in plants.values()
        if not plant.is_project
    }

    def room_of(base: str) -> float:
        plant = world.plants[base]
        left = event_factor(
            events, "capacity", plant.region, plant.process, world.outputs.get(plant.process, {})
        )
        share = world.access(plant, year) if everywhere else 1.0
        return left if plant.is_project else scaled(capacities[base], left * share)

    users = {place for place, quantity in served.items() if quantity > 0} | {
        (plant.region, commodity)
        for plant in plants.values()
        if capacity.get(plant.name, 0.0) > 0 and world.stands(plant.name)
        for commodity in world.inputs.get(plant.process, {})
    }
    stores = {(row.region, row.commodity) for row in world.tables.stocks if row.region not in gone}
    # floors on operation and on shipments hold in normal times only
    least = () if conditions.cut_off else floors(world, year)
    counted = {place for place in users if place[1] in wanted} if header.coverage_test else set()
    kept_plants, places, kept_arcs = prune(
        world, plants, arcs, served, stores, wanted, least, counted
    )
    shared = _shared(world, kept_plants)
    supply: dict[Place, list[tuple[str, float]]] = defaultdict(list)
    use: dict[Place, list[tuple[str, float]]] = defaultdict(list)
    for plant in kept_plants.values():
        for commodity, quantity in world.outputs.get(plant.process, {}).items():
            supply[plant.region, commodity].append((plant.name, quantity))
        for commodity, quantity in world.inputs.get(plant.process, {}).items():
            use[plant.region, commodity].append((plant.name, quantity))
    arrivals: dict[Place, list[Arc]] = defaultdict(list)
    departures: dict[Place, list[Arc]] = defaultdict(list)
    for arc in kept_arcs:
        departures[arc[0], arc[2]].append(arc)
        arrivals[arc[1], arc[2]].append(arc)
    return OperatingState(
        **vars(header),
        plants=tuple(kept_plants),
        places=tuple(sorted(places)),
        arcs=kept_arcs,
        capacity={name: capacity[name] for name in kept_plants if name in capacity},
        capacity_factor={
            name: remaining[name] for name, plant in kept_plants.items() if plant.is_project
        },
        shared=shared,
        shared_room={base: room_of(base) for base in shared},
        variable_cost={
            plant.name: (
                costs[plant.name]
                * event_factor(
                    events,
                    "variable cost",
                    plant.region,
                    plant.process,
                    world.outputs.get(plant.process, {}),
                )
            )
            for plant in kept_plants.values()
        },
        demand={place: quantity for place, quantity in served.items() if quantity > 0},
        users=frozenset(users),
        supply={place: tuple(items) for place, items in supply.items()},
        use={place: tuple(items) for place, items in use.items()},
        arrivals={place: tuple(items) for place, items in arrivals.items()},
        departures={place: tuple(items) for place, items in departures.items()},
    )
