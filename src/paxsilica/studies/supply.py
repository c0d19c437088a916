"""Who makes what: reading the chain without solving anything."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from paxsilica.instance import UNLIMITED, Candidate, Instance, OperatingState
from paxsilica.model.variables import needs_readiness


@dataclass(frozen=True)
class Holder:
    """A region's hold on a commodity in normal times.

    Attributes:
        region: who could switch it off: the controller of the plants, which is their host where
            nobody else is named.
        share: of the world's capacity (of existing plants), 0 to 1.
        trusted: whether what it holds counts in a cut-off.
        plants: its plants, largest first.
    """

    region: str
    share: float
    trusted: bool
    plants: tuple[str, ...]


def holders(instance: Instance, commodity: str, year: int) -> list[Holder]:
    """Who holds the capacity that makes ``commodity``, largest share first; plants without limit
    are left out."""
    world = instance.world
    made: dict[tuple[str, bool], dict[str, float]] = defaultdict(dict)
    for row in world.tables.assets:
        plant = world.plants[row.asset]
        quantity = world.outputs.get(plant.process, {}).get(commodity, 0.0)
        if not quantity or not plant.operates(year):
            continue
        amount = quantity * plant.credit * world.number("assets", row, "capacity", year)
        if 0 < amount < UNLIMITED:
            # whoever is not trusted holds it, the controller before the host
            holder = plant.controller if not world.trusted(plant.controller, year) else plant.region
            made[holder, world.trusted_plant(plant, year)][plant.name] = amount
    total = sum(sum(plants.values()) for plants in made.values())
    found = [
        Holder(
            region,
            sum(plants.values()) / total,
            trusted,
            tuple(sorted(plants, key=lambda name: (-plants[name], name))),
        )
        for (region, trusted), plants in made.items()
    ]
    return sorted(found, key=lambda holder: (-holder.share, holder.region))


def holders_in_words(instance: Instance, commodity: str, year: int, most: int = 3) -> str:
    """The largest holders as a clause."""
    found = holders(instance, commodity, year)
    if not found:
        return "nobody makes it"
    parts = [
        f"{instance.world.regions[holder.region].name} {holder.share:.0%}"
        + ("" if holder.trusted else " (not trusted)")
        for holder in found[:most]
    ]
    return "of the capacity that exists, " + ", ".join(parts)


def largest_size(candidate: Candidate, year: int) -> float:
    """The most credited capacity that the project could have in ``year``, committed as early as it
    can be."""

    def most_ready(of: tuple[int, ...]) -> float:
        shares = candidate.availability(year, of)
        # committed in a year, it is committed in all later ones too
        return max(
            (sum(share for later, share in shares.items() if later >= start) for start in of),
            default=0.0,
        )

    room = (
        (candidate.largest - candidate.smallest) * most_ready(candidate.size_years)
        if candidate.size_years
        else 0.0
    )
    return candidate.credit * (candidate.smallest * most_ready(candidate.window) + room)


def largest_activity(
    instance: Instance, state: OperatingState, *, projects: bool = True
) -> dict[str, float]:
    """The most that each plant could run in a copy with every project committed as early as
    possible, if its inputs came."""
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
            found[name] = (
                largest_size(instance.candidates[name], state.year)
                if projects and name in instance.candidates
                else 0.0
            )
        else:
            found[name] = state.capacity[name]
    return found


def _most_of(instance: Instance, amounts: Iterable[tuple[str, float]]) -> float:
    """Sum of (plant, amount), of each exclusive group only the largest."""
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
    """The most that could be made of each commodity in a copy: upper bounds, from capacity alone
    and with inputs thought of.

    ``limited_by`` names the input that holds a commodity below its capacity.
    """

    own: Mapping[str, float]
    chain: Mapping[str, float]
    limited_by: Mapping[str, str]


def reach(instance: Instance, state: OperatingState, *, projects: bool = True) -> Reach:
    """Upper bounds on what ``copy`` can make of each commodity; wrong only on the generous side."""
    activity = largest_activity(instance, state, projects=projects)
    makers: dict[str, list[tuple[str, float]]] = defaultdict(list)
    for (_, commodity), supply in state.supply.items():
        makers[commodity] += [
            (plant, quantity) for plant, quantity in supply if activity[plant] > 0
        ]
    lasting = instance.case.coverage.outage_years if instance.case.coverage is not None else 1
    stored: dict[str, float] = defaultdict(float)
    for (region, commodity), store in instance.stocks.items():
        if (region, commodity) in state.places and (store.strategic or state.mode == "normal"):
            largest = max(store.largest, store.initial)
            stored[commodity] += largest / lasting if state.mode == "disrupted" else largest
    own = {
        commodity: (
            stored[commodity]
            + _most_of(
                instance, [(plant, quantity * activity[plant]) for plant, quantity in plants]
            )
        )
        for commodity, plants in makers.items()
    }
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
                others = _most_of(
                    instance,
                    [
                        (plant, quantity * activity[plant])
                        for plant, quantity in plants
                        if source not in inputs[plant]
                    ],
                )
                best = max(quantity / inputs[plant][source] for plant, quantity in users)
                bound = stored[commodity] + others + best * chain.get(source, 0.0)
                if bound < chain[commodity] * (1 - 1e-9) and math.isfinite(bound):
                    chain[commodity], limited_by[commodity], moved = bound, source, True
        if not moved:
            break
    return Reach(own, chain, limited_by)
