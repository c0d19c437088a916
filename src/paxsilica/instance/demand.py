"""Need of the trusted world for each commodity: its final demand, exploded along the chain.

Final demand is exploded through the *benchmark process* of each commodity: the process that makes
it as its main product and has the largest existing capacity in the world (or, where nothing exists
yet, the first by name). This is the open Leontief model: with ``a[j, k]`` the input of commodity
``j`` per unit of ``k`` made by its benchmark process, need solves ``n = d + a n``. By-products are
not credited, so the need for an ore is the need for its scarcest use, not a sum of convenient ones.

Benchmark processes may form a loop that uses at least as much of a commodity as it makes, such as
the refilling of bottles as the way to make full ones. Commodities of such a loop take another
process, where others make the loop productive: those with the least total activity.
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog
from scipy.sparse.csgraph import connected_components

from paxsilica.errors import Problem
from paxsilica.instance.world import World
from paxsilica.interpolate import interpolate

BIG = 1e15
"""Stands for a capacity without limit."""

PRODUCTIVE = 1e-9
"""A loop whose spectral radius is nearer to 1 than this uses what it makes."""


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
            capacity[asset.process] += min(world.number("assets", asset, "capacity", first), BIG)
    makers: dict[str, list[str]] = defaultdict(list)
    for row in sorted(
        world.tables.processes, key=lambda row: (-capacity[row.process], row.process)
    ):
        if row.main_product is not None:
            makers[row.main_product].append(row.process)
    benchmark = {commodity: processes[0] for commodity, processes in makers.items()}
    sizes = {
        commodity: max((capacity[one] for one in processes if 0 < capacity[one] < BIG), default=1.0)
        for commodity, processes in makers.items()
    }
    if loops := _endless(world, benchmark):
        benchmark |= _productive(world, benchmark, makers, loops, sizes)
    return benchmark


def _use(world: World, benchmark: dict[str, str]) -> tuple[list[str], NDArray[np.float64]]:
    """Commodities, and the use of each (row) per unit of each (column) made by its process."""
    inputs = {source for name in benchmark.values() for source in world.inputs.get(name, {})}
    names = sorted({*benchmark, *inputs})
    at = {name: index for index, name in enumerate(names)}
    use = np.zeros((len(names), len(names)))
    for commodity, process in benchmark.items():
        made = world.outputs[process][commodity]
        for source, quantity in world.inputs.get(process, {}).items():
            use[at[source], at[commodity]] += quantity / made
    return names, use


def _endless(world: World, benchmark: dict[str, str]) -> set[str]:
    """Commodities in loops of these processes that use at least as much as they make."""
    names, use = _use(world, benchmark)
    if not names:
        return set()
    _, part_of = connected_components(use > 0, connection="strong")
    found = set()
    for part in np.unique(part_of):
        at = np.flatnonzero(part_of == part)
        if _gain(use[np.ix_(at, at)]) >= 1 - PRODUCTIVE:
            found |= {names[index] for index in at}
    return found


def _gain(use: NDArray[np.float64]) -> float:
    """Spectral radius: below 1, a loop makes more than it uses."""
    return float(np.abs(np.linalg.eigvals(use)).max(initial=0.0)) if use.any() else 0.0


def _productive(
    world: World,
    benchmark: dict[str, str],
    makers: dict[str, list[str]],
    loops: set[str],
    sizes: dict[str, float],
) -> dict[str, str]:
    """Processes of commodities in ``loops`` with which each of them can be made, as far as there
    are such; ``sizes`` make units of different commodities comparable."""
    choices = [
        (commodity, process)
        for commodity, processes in sorted(makers.items())
        for process in (processes if commodity in loops else processes[:1])
    ]
    at = {commodity: index for index, commodity in enumerate(makers)}
    balance = np.zeros((len(at), len(choices)))
    for column, (commodity, process) in enumerate(choices):
        balance[at[commodity], column] += 1.0
        made = world.outputs[process][commodity] / sizes[commodity]
        for source, quantity in world.inputs.get(process, {}).items():
            if source in at:
                balance[at[source], column] -= quantity / made / sizes[source]
    found: dict[str, str] = {}
    for wanted in sorted(loops):
        if wanted in found:
            continue
        final = np.array([float(name == wanted) for name in at])
        answer = linprog(np.ones(len(choices)), A_ub=-balance, b_ub=-final, method="highs")
        if answer.x is None:
            continue
        runs = {choice: run for choice, run in zip(choices, answer.x, strict=True) if run > 1e-9}
        for commodity, process in sorted(runs, key=lambda choice: (-runs[choice], choice)):
            if commodity in loops:
                found.setdefault(commodity, process)
    return found


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
    used = {commodity: benchmark[commodity] for commodity in commodities if commodity in benchmark}
    if loops := _endless(world, used):
        names = ", ".join(sorted({benchmark[commodity] for commodity in loops}))
        words = (
            f"should hold a process that makes {', '.join(sorted(loops))} from something else: the"
            f" loop of {names} uses at least as much as it makes, so what is needed of it cannot be"
            " made"
        )
        world.problems.append(Problem("processes", "", "main_product", "", words))
        return {}
    known, some = _use(world, used)
    where = [position[name] for name in known]
    use = np.zeros((len(commodities), len(commodities)))
    use[np.ix_(where, where)] = some
    need = np.linalg.solve(np.eye(len(commodities)) - use, final)
    return {
        commodity: float(need[index]) for commodity, index in position.items() if need[index] > 0
    }
