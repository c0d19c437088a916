"""Need of the trusted world for each commodity: its final demand, exploded along the chain.

Final demand is exploded through the *benchmark process* of each commodity: the process that makes
it as its main product and has the largest existing capacity in the world (or, where nothing exists
yet, the first by name). This is the open Leontief model: with ``a[j, k]`` the input of commodity
``j`` per unit of ``k`` made by its benchmark process, need solves ``n = d + a n``. By-products are
not credited, so the need for an ore is the need for its scarcest use, not a sum of convenient ones.
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from paxsilica.errors import Problem
from paxsilica.instance.world import World
from paxsilica.interpolate import interpolate


def final_demand(world: World, year: int) -> dict[tuple[str, str], float]:
    """Final demand by (region, commodity) in ``year``, all uses together, of the variant that the
    case names."""
    anchors: dict[tuple[str, str, str | None, str | None], dict[int, float]] = defaultdict(dict)
    for row in world.tables.demand:
        if row.variant is None or row.variant == world.case.demand.variant:
            # rows without a variant are part of every variant: they add to those of the variant
            # itself
            anchors[row.region, row.commodity, row.use, row.variant][row.year] = row.quantity
    demand: dict[tuple[str, str], float] = defaultdict(float)
    for (region, commodity, use, _), values in sorted(anchors.items(), key=str):
        try:
            demand[region, commodity] += interpolate(values, year)
        except KeyError:
            key = "|".join([region, commodity, *([use] if use else [])])
            world.miss("demand", key, "year", values, year)
    return {key: quantity for key, quantity in demand.items() if quantity > 0}


def benchmark_processes(world: World) -> dict[str, str]:
    """Benchmark process of each commodity that is the main product of a process."""
    capacity: dict[str, float] = defaultdict(float)
    first = world.case.years[0]
    for asset in world.tables.assets:
        if world.plants[asset.asset].operates(first):
            capacity[asset.process] += min(world.number("assets", asset, "capacity", first), 1e15)
    benchmark: dict[str, str] = {}
    for row in sorted(world.tables.processes, key=lambda row: row.process):
        if row.main_product is not None:
            rival = benchmark.get(row.main_product)
            if rival is None or capacity[row.process] > capacity[rival]:
                benchmark[row.main_product] = row.process
    return benchmark


def trusted_need(
    world: World, benchmark: dict[str, str], demand: dict[tuple[str, str], float], year: int
) -> dict[str, float]:
    """Need of the trusted world for each commodity in ``year``, in the commodity's unit."""
    wanted = {commodity for (region, commodity), _ in demand.items() if world.trusted(region, year)}
    front = list(wanted)
    while front:
        for source in world.inputs.get(benchmark.get(front.pop(), ""), {}):
            if source not in wanted:
                wanted.add(source)
                front.append(source)
    # A loop of recipes of which nothing is needed does not matter.
    commodities = sorted(wanted)
    position = {commodity: index for index, commodity in enumerate(commodities)}
    final = np.zeros(len(commodities))
    for (region, commodity), quantity in demand.items():
        if commodity in position and world.trusted(region, year):
            final[position[commodity]] += quantity
    use = np.zeros((len(commodities), len(commodities)))
    for commodity in commodities:
        process = benchmark.get(commodity)
        if process is None:
            continue
        made = world.outputs[process][commodity]
        for source, quantity in world.inputs.get(process, {}).items():
            use[position[source], position[commodity]] += quantity / made
    try:
        need = np.linalg.solve(np.eye(len(commodities)) - use, final)
    except np.linalg.LinAlgError:
        need = np.full(len(commodities), -1.0)
    if (need < -1e-6 * max(1.0, float(np.abs(final).max(initial=0.0)))).any():
        loops = ", ".join(sorted(benchmark[name] for name in commodities if name in benchmark))
        words = (
            f"the need cannot be computed: among the main processes {loops} a loop uses at least as"
            " much of a commodity as it makes; leave main_product blank for a process of the loop"
            " that is not the usual way to make its product"
        )
        world.problems.append(Problem("processes", "", "main_product", "", words))
    return {
        commodity: float(need[index]) for commodity, index in position.items() if need[index] > 0
    }
