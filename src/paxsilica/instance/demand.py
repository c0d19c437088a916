"""Need of the covered regions for each commodity: their final demand, exploded along the chain.

Final demand is exploded through the *benchmark process* of each commodity: the process that makes
it as its main product and has the largest existing capacity in the world (or, where nothing exists
yet, the first by name). This is the open Leontief model: with ``a[j, k]`` the input of commodity
``j`` per unit of ``k`` made by its benchmark process, gross need solves ``n = d + a n``. No
by-product is credited, so the need for an ore is the need for its scarcest use, not a sum of
convenient ones.

The exception are *returns* in the chain, such as the swarf of magnets, which goes back to oxide.
With ``r[o, k]`` what the by-products of a unit of ``k`` return of ``o``, net need solves
``n = d + a n - r n``. It does not depend on a plan. Scrap at the end of life is supply and is never
deducted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components

from paxsilica.errors import Problem
from paxsilica.instance.world import World
from paxsilica.interpolate import interpolate

Returns = Mapping[tuple[str, str], float]
"""By (commodity that is returned, commodity that is made): units per unit."""

NEGLIGIBLE = 1e-9
"""Share of the gross need below which a net need is none."""


def final_demand(
    world: World, year: int, only: tuple[str, str] | None = None
) -> dict[tuple[str, str], float]:
    """Final demand by (region, commodity) in ``year``, all uses together, of the variant that the
    case names; with ``only``, of this region and commodity alone."""
    anchors: dict[tuple[str, str, str | None, str | None], dict[int, float]] = defaultdict(dict)
    for row in world.tables.demand:
        if only is not None and (row.region, row.commodity) != only:
            continue
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
    capacity = _existing_capacity(world)
    benchmark: dict[str, str] = {}
    for row in sorted(world.tables.processes, key=lambda row: row.process):
        if row.main_product is not None:
            rival = benchmark.get(row.main_product)
            if rival is None or capacity[row.process] > capacity[rival]:
                benchmark[row.main_product] = row.process
    return benchmark


def _existing_capacity(world: World) -> dict[str, float]:
    """Existing capacity in the first year by process, units of activity per year."""
    capacity: dict[str, float] = defaultdict(float)
    first = world.case.years[0]
    for asset in world.tables.assets:
        if world.plants[asset.asset].operates(first):
            capacity[asset.process] += min(world.nameplate(asset, first), 1e15)
    return capacity


def returns_in_chain(world: World, benchmark: Mapping[str, str]) -> dict[tuple[str, str], float]:
    """What the by-products of a unit of a good return of the goods upstream of it, by (commodity
    that is returned, commodity that is made).

    A by-product of a benchmark process returns if no benchmark process takes it, and some process
    turns it into goods upstream of the main product: of several, the one with the largest existing
    capacity to take it (of equals, the first by name).
    """
    capacity = _existing_capacity(world)
    taken = {source for process in benchmark.values() for source in world.inputs.get(process, {})}
    takers: dict[str, list[str]] = defaultdict(list)
    for process, inputs in sorted(world.inputs.items()):
        for source in inputs:
            takers[source].append(process)
    found: dict[tuple[str, str], float] = defaultdict(float)
    for commodity, process in benchmark.items():
        made = world.outputs[process]
        for residue in sorted(made.keys() - {commodity} - taken):
            above = _upstream(world, benchmark, world.inputs.get(process, {}))
            users = [one for one in takers[residue] if above & world.outputs.get(one, {}).keys()]
            if not users:
                continue
            user = max(users, key=lambda one: capacity[one] * world.inputs[one][residue])
            for source in sorted(above & world.outputs[user].keys()):
                per_residue = world.outputs[user][source] / world.inputs[user][residue]
                found[source, commodity] += made[residue] / made[commodity] * per_residue
    return dict(found)


def _upstream(world: World, benchmark: Mapping[str, str], goods: Iterable[str]) -> set[str]:
    """The goods themselves, and everything that their benchmark processes take, directly or not."""
    found = set(goods)
    front = list(found)
    while front:
        for source in world.inputs.get(benchmark.get(front.pop(), ""), {}):
            if source not in found:
                found.add(source)
                front.append(source)
    return found


Matrix = Mapping[tuple[int, int], float]


@dataclass(frozen=True)
class Chain:
    """The open Leontief model of goods that are needed, in units of each good per unit of another.

    Attributes:
        commodities: the goods.
        use: by (position of the input, position of the product): input per unit of the product.
        net: the same less what is returned.
    """

    commodities: tuple[str, ...]
    use: Matrix
    net: Matrix

    def need(self, final: Mapping[str, float], *, gross: bool = False) -> dict[str, float]:
        """Need for each good, net of returns or ``gross``, that a final demand causes; it is linear
        in the final demand."""
        wanted = [final.get(name, 0.0) for name in self.commodities]
        found = _explode(wanted, self.use if gross else self.net)
        return dict(zip(self.commodities, found, strict=True))


def make_chain(
    world: World, benchmark: Mapping[str, str], returns: Returns, wanted: Iterable[str]
) -> Chain:
    """The goods ``wanted`` and all upstream of them. A loop of recipes of which nothing is needed
    is not among them."""
    commodities = sorted(_upstream(world, benchmark, wanted))
    position = {commodity: index for index, commodity in enumerate(commodities)}
    use: dict[tuple[int, int], float] = {}
    for commodity in commodities:
        process = benchmark.get(commodity)
        if process is None:
            continue
        made = world.outputs[process][commodity]
        for source, quantity in world.inputs.get(process, {}).items():
            use[position[source], position[commodity]] = quantity / made
    net = dict(use)
    for (source, commodity), quantity in returns.items():
        if commodity in position:
            at = (position[source], position[commodity])
            net[at] = net.get(at, 0.0) - quantity
    return Chain(tuple(commodities), use, net)


def covered_demand(
    world: World, demand: Mapping[tuple[str, str], float], year: int
) -> dict[str, float]:
    """Final demand of the covered regions by commodity."""
    total: dict[str, float] = defaultdict(float)
    for (region, commodity), quantity in demand.items():
        if world.in_need(region, year):
            total[commodity] += quantity
    return dict(total)


def covered_need(
    world: World,
    benchmark: Mapping[str, str],
    returns: Returns,
    demand: Mapping[tuple[str, str], float],
    year: int,
) -> dict[str, tuple[float, float]]:
    """Net and gross need of the covered regions for each commodity in ``year``, in the commodity's
    unit per year; only goods of which the net need is positive. A need that cannot be computed is
    added to the problems of the world.
    """
    final = covered_demand(world, demand, year)
    chain = make_chain(world, benchmark, returns, final)
    if _refuse_endless_loops(world, benchmark, chain):
        return {}
    gross = chain.need(final, gross=True)
    net = chain.need(final) if returns else gross
    for name, quantity in net.items():
        if quantity < -NEGLIGIBLE * gross[name]:
            words = (
                f"the need cannot be computed: by-products return more {name} than is needed in"
                f" {year}; correct the recipes of the by-product and of the process that takes it"
            )
            world.problems.append(Problem("recipes", name, "quantity", "", words))
    return {
        name: (quantity, gross[name])
        for name, quantity in net.items()
        if quantity > NEGLIGIBLE * gross[name]
    }


def need_by_region(world: World, year: int) -> dict[str, dict[str, float]]:
    """Net need for each good that the final demand of each covered region causes in ``year``, in
    the commodity's unit per year. Need is linear in final demand, so that the need of some regions
    is the sum of theirs."""
    benchmark = benchmark_processes(world)
    demand = final_demand(world, year)
    final: dict[str, dict[str, float]] = defaultdict(dict)
    for (region, commodity), quantity in demand.items():
        if world.in_need(region, year):
            final[region][commodity] = quantity
    wanted = covered_demand(world, demand, year)
    chain = make_chain(world, benchmark, returns_in_chain(world, benchmark), wanted)
    return {region: chain.need(goods) for region, goods in final.items()}


def gross_need(
    world: World, benchmark: Mapping[str, str], final: Mapping[str, float]
) -> dict[str, float]:
    """Gross need for each good that a final demand by commodity causes, in the commodity's unit per
    year. A need that cannot be computed is added to the problems of the world."""
    chain = make_chain(world, benchmark, {}, final)
    if _refuse_endless_loops(world, benchmark, chain):
        return {}
    return chain.need(final, gross=True)


def _refuse_endless_loops(world: World, benchmark: Mapping[str, str], chain: Chain) -> bool:
    """Whether the need cannot be computed; the problem is added to those of the world."""
    for loop in _endless_loops(chain):
        names = ", ".join(sorted(benchmark[name] for name in loop))
        words = (
            f"the need cannot be computed: among the main processes {names} a loop uses at least as"
            " much of a commodity as it makes; leave main_product blank for a process of the loop"
            " that is not the usual way to make its product"
        )
        problem = Problem("processes", "", "main_product", "", words)
        if problem not in world.problems:
            world.problems.append(problem)
        return True
    return False


def _endless_loops(chain: Chain) -> Iterable[list[str]]:
    """Loops of recipes that use at least what they make: their spectral radius is 1 or more."""
    size = len(chain.commodities)
    use, net = _dense(size, chain.use), _dense(size, chain.net)
    _, label = connected_components(use != 0, connection="strong")
    for one in np.unique(label):
        loop = np.flatnonzero(label == one)
        part = np.ix_(loop, loop)
        radius = max(np.abs(np.linalg.eigvals(of[part])).max() for of in (use, net))
        if radius >= 1 - NEGLIGIBLE:
            yield [chain.commodities[index] for index in loop]


def _dense(size: int, entries: Matrix) -> NDArray[np.float64]:
    matrix = np.zeros((size, size))
    for at, quantity in entries.items():
        matrix[at] = quantity
    return matrix


def _explode(final: list[float], use: Matrix) -> list[float]:
    """Solves ``n = final + use n``, where loops make more than they use.

    One step of iterative refinement follows the solution, in the numbers as given: their
    derivatives reach the need through it.
    """
    size = len(final)
    inverse = np.linalg.inv(np.eye(size) - _dense(size, use))
    need: list[float] = (inverse @ np.array(final, dtype=float)).tolist()
    residual = [wanted - found for wanted, found in zip(final, need, strict=True)]
    for (source, product), quantity in use.items():
        residual[source] += quantity * need[product]
    for index, row in enumerate(inverse.tolist()):
        for weight, error in zip(row, residual, strict=True):
            if weight:
                need[index] += weight * error
    return need
