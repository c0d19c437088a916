"""Operating support: which plants may need it, what they can sell, and who may pay it.

A plant loses money where its variable cost and its feed cost more than its output earns at list
prices. Support pays for that loss on the output that readiness requires, for the fixed cost and for
the annuity of the owner's capital, as far as the profit of the plant does not. Plants are price
takers: one that earns a profit at list prices sells what its capacity can make. But no more of a
good is sold than all final demand needs: output that would be left over does not lower support.
Where all plants together cannot make more than that, what each sells is no decision.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from paxsilica.errors import Problem
from paxsilica.finance import MILLION
from paxsilica.instance.demand import benchmark_processes, gross_need
from paxsilica.instance.operating_states import OperatingState
from paxsilica.instance.projects import Candidate, Funding, steps
from paxsilica.instance.world import UNLIMITED, Plant, World


@dataclass(frozen=True)
class SupportTerms:
    """What the support of a plant depends on in a normal state.

    Attributes:
        loss: variable cost and feed less output at list prices, USD per unit of activity; negative
            for a profit.
        room: capacity of an existing plant in the state, units of activity per year; of a project,
            the share of its credited capacity that events leave.
        sells: what it sells at a profit: ``"all"`` that its capacity can make, a part that the
            model decides, as final demand does not need the output of all plants (``"part"``), or
            ``"nothing"``, as there is no profit or no need.
        kept_share: activity that readiness requires beyond what always runs, per unit of standby
            capacity.
        fixed: fixed cost of an existing plant per unit of standby capacity, USD million; zero for
            a project, whose fixed cost depends on its size.
    """

    loss: float
    room: float
    kept_share: float
    fixed: float
    sells: Literal["all", "part", "nothing"] = "nothing"


@dataclass(frozen=True)
class SupportGroup:
    """Plants whose support the same funders may pay, under the same mandates.

    Attributes:
        name: of the first of its plants.
        funders: those that may pay, by name.
        mandates: positions in ``Funding.mandate_limits`` of the mandates that fit its plants.
    """

    name: str
    plants: tuple[str, ...]
    funders: tuple[str, ...]
    mandates: tuple[int, ...]


@dataclass(frozen=True)
class Support:
    """Operating support of an instance.

    Attributes:
        terms: by (plant, normal state) of every plant that may need support.
        market: by (commodity, normal state), what the plants that may need support can sell of
            their main product: the gross need of final demand everywhere, commodity units per year;
            only goods of which plants of ``terms`` could make more at a profit.
        unneeded: goods that a plant would make at a profit, and final demand does not need along
            the benchmark recipes.
    """

    terms: Mapping[tuple[str, str], SupportTerms]
    market: Mapping[tuple[str, str], float]
    unneeded: frozenset[str] = frozenset()


def make_support(
    world: World,
    candidates: Mapping[str, Candidate],
    states: Mapping[str, OperatingState],
    fixed_cost: Mapping[tuple[str, int], float],
    capacities: Mapping[int, Mapping[str, float]],
) -> Support:
    """Support of projects, and of existing plants that must run to be ready for a cut-off. Empty
    where the case pays no support or has no disrupted state, so that nothing must be ready.

    A good without a price, and a project with capital of its owner and without an economic life,
    are problems.
    """
    if not world.case.support.pay:
        return Support({}, {})
    cut: dict[str, set[str]] = defaultdict(set)
    for state in states.values():
        if state.normal_state is not None:
            cut[state.normal_state] |= set(state.plants)
    if not cut:
        return Support({}, {})
    found = {}
    prices = {row.commodity: row.price_usd_per_unit for row in world.tables.commodities}
    for state in states.values():
        if state.mode != "normal":
            continue
        for name, plant in world.plants.items():
            ready = (
                name in state.plants
                and name in cut[state.name]
                and plant.minimum_utilisation > 0
                and world.within_reach(plant, state.year)
            )
            if not (ready or name in candidates):
                continue
            kept = max(0.0, plant.minimum_utilisation - plant.must_run_share) if ready else 0.0
            fixed = 0.0
            room = capacities[state.year].get(name, 0.0)
            if not plant.is_project and 0 < room < UNLIMITED:
                fixed = fixed_cost.get((name, state.year), 0.0) / room
            loss = _loss(world, plant, state, prices) if name in state.plants else 0.0
            if (kept and loss > 0) or fixed or _costs(candidates.get(name), state.year):
                left = state.capacity_factor if plant.is_project else state.capacity
                found[name, state.name] = SupportTerms(loss, left.get(name, 0.0), kept, fixed)
    _refuse_without_life(world, candidates)
    return _sold(world, candidates, states, found)


def _sold(
    world: World,
    candidates: Mapping[str, Candidate],
    states: Mapping[str, OperatingState],
    terms: Mapping[tuple[str, str], SupportTerms],
) -> Support:
    """The support of ``terms`` with what each plant sells, without plants that sell enough to earn
    their cost whatever is decided."""
    could: dict[tuple[str, str], float] = defaultdict(float)
    for (plant, state), one in terms.items():
        product = world.plants[plant].main_product
        if one.loss < 0 and product is not None:
            made = world.outputs[world.plants[plant].process][product]
            size = candidates[plant].largest if plant in candidates else 1.0
            could[product, state] += made * one.room * size
    need = _need(world, states, {state for _, state in could})
    full = {place for place, size in could.items() if 0 < need.get(place, 0.0) < size}
    found = {}
    for (plant, name), one in terms.items():
        place, where = (world.plants[plant].main_product or "", name), states[name]
        if one.loss < 0 and need.get(place, 0.0) > 0:
            shares = plant in where.shared or plant in world.shared
            one = replace(one, sells="part" if place in full or shares else "all")
        if one.sells != "all" or _may_lack(one, candidates.get(plant), where.year):
            found[plant, name] = one
    sold = {
        (world.plants[plant].main_product or "", state)
        for (plant, state), one in found.items()
        if one.sells == "part"
    }
    unneeded = frozenset(good for good, state in could if not need.get((good, state)))
    return Support(found, {place: need[place] for place in sorted(sold)}, unneeded)


def _need(
    world: World, states: Mapping[str, OperatingState], names: set[str]
) -> dict[tuple[str, str], float]:
    """Gross need of all final demand by (commodity, normal state)."""
    benchmark = benchmark_processes(world) if names else {}
    found: dict[tuple[str, str], float] = {}
    for state in sorted(names):
        final: dict[str, float] = defaultdict(float)
        for (_, commodity), quantity in states[state].demand.items():
            final[commodity] += quantity
        need = gross_need(world, benchmark, final)
        found |= {(good, state): amount for good, amount in need.items()}
    return found


def _may_lack(terms: SupportTerms, candidate: Candidate | None, year: int) -> bool:
    """Whether a plant that sells all it can make may lack something for any decision: each year's
    commitment and addition of size is judged by itself, without what large sizes save."""
    earned = -terms.loss / MILLION
    if candidate is None:
        return terms.fixed > earned
    parts = (
        (candidate.window, candidate.smallest, candidate.fixed_cost, candidate.capex),
        (
            candidate.size_years,
            1.0,
            candidate.fixed_cost_per_unit,
            candidate.capex_per_unit,
        ),
    )
    for of, size, fixed, capital in parts:
        serves = steps(of, candidate.in_service(year, of))
        credited = steps(of, candidate.credited_availability(year, of))
        charges = steps(of, candidate.owner_charges(year, of, capital))
        for v in of:
            profit = earned * terms.room * size * credited[v]
            if fixed[year] * serves[v] + charges[v] > profit:
                return True
    return False


def _loss(
    world: World, plant: Plant, state: OperatingState, prices: Mapping[str, float | None]
) -> float:
    loss = state.variable_cost[plant.name]
    for sign, recipe in ((1.0, world.inputs), (-1.0, world.outputs)):
        for commodity, quantity in recipe.get(plant.process, {}).items():
            price = prices[commodity]
            if price is None:
                words = (
                    "the case pays operating support (support.pay), so the goods of plants that"
                    " may need it should have a price"
                )
                problem = Problem("commodities", commodity, "price_usd_per_unit", "", words)
                cell = (problem.table, problem.row, problem.column)
                if cell not in {(one.table, one.row, one.column) for one in world.problems}:
                    world.problems.append(problem)
            loss += sign * quantity * (price or 0.0)
    return loss


def _costs(candidate: Candidate | None, year: int) -> bool:
    """Whether a project can have fixed cost, or capital of its owner, in operation in a year."""
    if candidate is None or year < candidate.online_from:
        return False
    owned = candidate.sponsor_share * candidate.largest_capital
    return (owned or candidate.fixed_cost[year] or candidate.fixed_cost_per_unit[year]) > 0


def _refuse_without_life(world: World, candidates: Mapping[str, Candidate]) -> None:
    for name, candidate in candidates.items():
        if candidate.life is None and candidate.sponsor_share and candidate.largest_capital:
            words = (
                "the case pays operating support (support.pay), which covers the annuity of the"
                " owner's capital, so the economic life should be given"
            )
            world.problems.append(Problem("projects", name, "economic_life_years", "", words))


def support_groups(
    world: World, funding: Funding | None, supported: set[str]
) -> tuple[SupportGroup, ...]:
    """The plants of ``supported`` by the funders that may pay for them; none where the data has no
    funders. A funder with mandates pays for what one of them fits, another for every plant."""
    if funding is None:
        return ()
    mandates = [row for row in world.tables.mandates if row.funder in funding.funders]
    bound = {row.funder for row in mandates}
    free = set(funding.funders) - bound
    members: dict[tuple[tuple[str, ...], tuple[int, ...]], list[str]] = defaultdict(list)
    for name in sorted(supported):
        plant = world.plants[name]
        fits = {
            row.funder
            for row in mandates
            if row.stage in ("*", plant.stage) and row.region in ("*", plant.region)
        }
        limits = tuple(
            at
            for at, (_, stage, region, _, _) in enumerate(funding.mandate_limits)
            if stage in ("*", plant.stage) and region in ("*", plant.region)
        )
        members[tuple(sorted(free | fits)), limits].append(name)
    return tuple(
        SupportGroup(plants[0], tuple(plants), funders, limits)
        for (funders, limits), plants in members.items()
    )
