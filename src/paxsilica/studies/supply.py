"""Who makes what: capacities and upper bounds of the chain, read without a solver."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from paxsilica.instance import UNLIMITED, Candidate, Instance, OperatingState, Plant, World
from paxsilica.model.variables import needs_readiness


@dataclass(frozen=True)
class Holder:
    """The share of a region in a commodity in normal times.

    Attributes:
        region: the controller of the plants if it is an adversary, else their host.
        within_reach: whether the plants count in a cut-off.
        plants: its plants, largest first.
    """

    region: str
    share: float
    within_reach: bool
    plants: tuple[str, ...]


def plants_making(instance: Instance, commodity: str, year: int) -> Iterator[Plant]:
    """Existing plants and candidate projects that make the commodity in ``year``, by name."""
    world = instance.world
    for name, plant in sorted(world.plants.items()):
        if (
            world.outputs.get(plant.process, {}).get(commodity)
            and plant.operates(year)
            and (not plant.is_project or name in instance.candidates)
        ):
            yield plant


def holders_of(world: World, amounts: Iterable[tuple[Plant, float]], year: int) -> list[Holder]:
    """The holders of amounts by plant, largest share first."""
    made: dict[tuple[str, bool], dict[str, float]] = defaultdict(dict)
    for plant, amount in amounts:
        region = plant.controller if world.adversary(plant.controller, year) else plant.region
        made[region, world.within_reach(plant, year)][plant.name] = amount
    total = sum(sum(plants.values()) for plants in made.values())
    found = [
        Holder(
            region,
            sum(plants.values()) / total,
            reached,
            tuple(sorted(plants, key=lambda name: (-plants[name], name))),
        )
        for (region, reached), plants in made.items()
    ]
    return sorted(found, key=lambda holder: (-holder.share, holder.region))


def holders_in_words(instance: Instance, commodity: str, year: int, most: int = 3) -> str:
    """The largest holders of the existing (limited) capacity as a clause."""
    world, amounts = instance.world, list[tuple[Plant, float]]()
    for row in world.tables.assets:
        plant = world.plants[row.asset]
        quantity = world.outputs.get(plant.process, {}).get(commodity, 0.0)
        if quantity and plant.operates(year):
            amount = quantity * plant.credit * world.nameplate(row, year)
            if 0 < amount < UNLIMITED:
                amounts.append((plant, amount))
    found = holders_of(world, amounts, year)
    if not found:
        return "no plant makes it"
    parts = [
        f"{world.regions[holder.region].name} {holder.share:.0%}"
        + ("" if holder.within_reach else " (cut off)")
        for holder in found[:most]
    ]
    return "of the capacity that exists, " + ", ".join(parts)


def availability_by_commitment(
    candidate: Candidate, year: int, of: tuple[int, ...]
) -> dict[int, float]:
    """Credited share in ``year`` of a decision of ``of``, by the year of the decision."""
    shares = candidate.credited_availability(year, of)
    # a decision holds in all later years too
    return {start: sum(share for later, share in shares.items() if later >= start) for start in of}


def largest_size(candidate: Candidate, year: int) -> float:
    """The largest credited capacity that the project can have in ``year``."""

    def most_ready(of: tuple[int, ...]) -> float:
        return max(availability_by_commitment(candidate, year, of).values(), default=0.0)

    room = (candidate.largest - candidate.smallest) * most_ready(candidate.size_years)
    return candidate.smallest * most_ready(candidate.window) + room


def largest_activity(
    instance: Instance, state: OperatingState, *, projects: bool = True
) -> dict[str, float]:
    """The largest activity of each plant in a state, with all projects as early as possible."""
    found = {}
    for name in state.plants:
        plant = instance.world.plants[name]
        if (
            state.normal_state is not None
            and needs_readiness(instance, name, state.year)
            and name not in instance.states[state.normal_state].plants
        ):
            found[name] = 0.0  # it cannot run in normal times, so it cannot be ready
        elif plant.is_project:
            candidate = instance.candidates.get(name) if projects else None
            found[name] = 0.0 if candidate is None else largest_size(candidate, state.year)
        else:
            found[name] = state.capacity[name]
        if name in instance.world.shared:
            found[name] = min(found[name], _shared(instance, state, name, projects=projects))
    return found


def _shared(instance: Instance, state: OperatingState, name: str, *, projects: bool) -> float:
    """The largest activity of a further recipe of a plant if that runs nothing else."""
    base, use = instance.world.shared[name]
    room = state.shared_room[base]
    if instance.world.plants[base].is_project:
        candidate = instance.candidates.get(base) if projects else None
        room *= 0.0 if candidate is None else largest_size(candidate, state.year)
    return room / use


def _most_of(instance: Instance, amounts: Iterable[tuple[str, float]]) -> float:
    """Sum of (plant, amount); of each exclusive group only the largest."""
    total, groups = 0.0, defaultdict[str, float](float)
    for plant, amount in amounts:
        candidate = instance.candidates.get(plant)
        if candidate is not None and candidate.exclusive_group is not None:
            groups[candidate.exclusive_group] = max(groups[candidate.exclusive_group], amount)
        else:
            total += amount
    return total + sum(groups.values())


@dataclass(frozen=True)
class Reach:
    """Upper bounds on the supply of each commodity in a state: ``own`` from capacity and stocks,
    ``chain`` from inputs as well; ``limited_by`` names the limiting input."""

    own: Mapping[str, float]
    chain: Mapping[str, float]
    limited_by: Mapping[str, str]


def reach(instance: Instance, state: OperatingState, *, projects: bool = True) -> Reach:
    """Upper bounds on the supply of each commodity in ``state``."""
    activity = largest_activity(instance, state, projects=projects)
    makers: dict[str, list[tuple[str, float]]] = defaultdict(list)
    for (_, commodity), supply in state.supply.items():
        makers[commodity] += [one for one in supply if activity[one[0]] > 0]
    lasting = instance.case.coverage.outage_years if instance.case.coverage is not None else 1
    stored: dict[str, float] = defaultdict(float)
    for (region, commodity), store in instance.stocks.items():
        if (region, commodity) in state.places and (store.strategic or state.mode == "normal"):
            largest = max(store.largest, store.initial)
            stored[commodity] += largest / lasting if state.mode == "disrupted" else largest

    def made(plants: Iterable[tuple[str, float]]) -> float:
        return _most_of(instance, ((plant, amount * activity[plant]) for plant, amount in plants))

    own = {commodity: stored[commodity] + made(plants) for commodity, plants in makers.items()}
    for commodity in stored:
        own.setdefault(commodity, stored[commodity])
    chain, limited_by = dict(own), dict[str, str]()
    inputs = {
        plant: instance.world.inputs.get(instance.world.plants[plant].process, {})
        for plant in activity
    }
    for _ in range(len(own) + 1):
        moved = False
        for commodity, plants in makers.items():
            for source in sorted({name for plant, _ in plants for name in inputs[plant]}):
                users = [(plant, quantity) for plant, quantity in plants if source in inputs[plant]]
                others = made(one for one in plants if source not in inputs[one[0]])
                best = max(quantity / inputs[plant][source] for plant, quantity in users)
                bound = stored[commodity] + others + best * chain.get(source, 0.0)
                if bound < chain[commodity] * (1 - 1e-9) and math.isfinite(bound):
                    chain[commodity], limited_by[commodity], moved = bound, source, True
        if not moved:
            break
    return Reach(own, chain, limited_by)
