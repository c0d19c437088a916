"""From tables and a case to an instance: all that the model needs, frozen and indexed, without
files and modelling library."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from paxsilica.case import Case
from paxsilica.errors import Problem
from paxsilica.finance import MILLION, discount_factor
from paxsilica.instance.closable_plants import Closable, make_closable
from paxsilica.instance.collected import Collection, make_returns
from paxsilica.instance.demand import (
    benchmark_processes,
    covered_demand,
    covered_need,
    final_demand,
    returns_in_chain,
)
from paxsilica.instance.operating_states import (
    Conditions,
    Everything,
    Header,
    OperatingState,
    expand_routes,
    make_state,
)
from paxsilica.instance.projects import Candidate, Funding, make_candidate, make_funding, unfundable
from paxsilica.instance.running_costs import fixed_cost_of_asset, unit_costs
from paxsilica.instance.selection import applies
from paxsilica.instance.supported_plants import (
    Support,
    SupportGroup,
    SupportTerms,
    make_support,
    support_groups,
)
from paxsilica.instance.types import Place
from paxsilica.instance.unread import MEASURES_UNREAD
from paxsilica.instance.world import UNLIMITED, World, make_world, scaled, year_ranges
from paxsilica.interpolate import interpolate_flat
from paxsilica.tables import Tables
from paxsilica.tables.schema import Limit, Stock


@dataclass(frozen=True)
class Instance:
    """A problem to be solved.

    Attributes:
        candidates: projects that can be committed in time and paid for, by name.
        dropped: projects that cannot, with the reason.
        states: operating states by name, normal ones first.
        need: of the covered regions by (commodity, year), net of what by-products of the chain
            return; see :mod:`paxsilica.instance.demand`.
        gross_need: the same without returns.
        required: share of the need to be covered by (commodity, state name), for coverage tests.
        value_at_risk: value added of a stage by (stage, year), USD million; empty where no
            shortfall of coverage is paid for.
        covered_demand: final demand of the covered regions by (commodity, year).
        paid_support: operating support; see :class:`~paxsilica.instance.supported_plants.Support`.
        nameplate: capacity of each existing plant by (asset, year) of its operation, as in the
            data: no credit, no events.
        closable: existing plants that the plan may close or mothball, by name.
        returns: plants that collect goods after their years of use, by name.
        shortage_price: USD per unit by (commodity, year); a commodity without one must be served in
            full.
    """

    world: World
    candidates: Mapping[str, Candidate]
    dropped: Mapping[str, str]
    funding: Funding | None
    states: Mapping[str, OperatingState]
    need: Mapping[tuple[str, int], float]
    gross_need: Mapping[tuple[str, int], float]
    required: Mapping[tuple[str, str], float]
    value_at_risk: Mapping[tuple[str, int], float]
    covered_demand: Mapping[tuple[str, int], float]
    paid_support: Support
    nameplate: Mapping[tuple[str, int], float]
    shortage_price: Mapping[tuple[str, int], float]
    fixed_asset_cost: Mapping[tuple[str, int], float]
    holding_cost: Mapping[tuple[Place, int], float]
    closable: Mapping[str, Closable]
    returns: Mapping[str, Collection]

    @property
    def case(self) -> Case:
        """The question."""
        return self.world.case

    @property
    def tables(self) -> Tables:
        """The data."""
        return self.world.tables

    @cached_property
    def years(self) -> tuple[int, ...]:
        """Years of the case, in order."""
        return tuple(self.case.span())

    @cached_property
    def stage_of(self) -> dict[str, str]:
        """Stage of each covered commodity; goods outside the chain are left out."""
        return _covered_stages(self.tables)

    @cached_property
    def outside(self) -> dict[tuple[str, str], float]:
        """Final demand in a coverage test for commodities that are not covered and that the case
        does not list, by (commodity, state), commodity units per year; only where a share of it is
        required."""
        coverage = self.case.coverage
        found: dict[tuple[str, str], float] = defaultdict(float)
        for state in self.states.values() if coverage is not None else ():
            for (_, commodity), amount in state.demand.items() if state.coverage_test else ():
                if (
                    commodity not in self.stage_of
                    and coverage is not None
                    and commodity not in coverage.listed_uses
                    and self.share_required(commodity, state.name) > 0
                ):
                    found[commodity, state.name] += amount
        return dict(found)

    def share_required(self, commodity: str, state: str) -> float:
        """Required share in a coverage test, of 1: of the need for a covered commodity, of the
        final demand for another."""
        key = (commodity, state)
        if key in self.required:
            return self.required[key]
        return _required(self.world, commodity, "", self.states[state].year)

    @cached_property
    def stocks(self) -> dict[Place, Stock]:
        """Stores by place."""
        return {(row.region, row.commodity): row for row in self.tables.stocks}

    @cached_property
    def limits(self) -> dict[str, Limit]:
        """Policy limits by name, without those that the model does not use."""
        return {row.limit: row for row in self.tables.limits if row.measure not in MEASURES_UNREAD}

    def normal_paths(self, limit: Limit) -> dict[str, tuple[str, ...]]:
        """The normal states of the years in which a limit holds, one for each year, along each
        scenario; by a name with the years, and with the scenarios where paths differ. The path of
        a scenario in which something is cut off follows the normal state beside it."""
        years = [year for year in self.years if applies(limit, year)]
        of: dict[tuple[str, int], str] = {
            (scenario, state.year): state.normal_state or state.name
            for state in self.states.values()
            for scenario in state.scenarios
        }
        paths: dict[tuple[str, ...], list[str]] = defaultdict(list)
        for scenario in dict.fromkeys(scenario for scenario, _ in of):
            paths[tuple(of[scenario, year] for year in years)].append(scenario)
        span = year_ranges(years)
        if len(paths) == 1:
            return {span: next(iter(paths))}
        return {f"{span} {'+'.join(sorted(names))}": path for path, names in paths.items()}

    def states_of_use(self, state: OperatingState, year: int) -> tuple[str, ...]:
        """The states of an earlier year that may have gone before ``state``: those of its
        scenarios, or of all scenarios for a state that belongs to none; empty before the case."""
        names = {name for name in state.scenarios if name}
        return tuple(
            one.name
            for one in self.states.values()
            if one.year == year and one.scenarios and (not names or names & set(one.scenarios))
        )

    def room_per_unit(self, plant: str, state: str) -> float:
        """What a unit of credited capacity of a plant, before events and access, is in a state."""
        where, row = self.states[state], self.world.plants[plant]
        if row.is_project:
            return where.capacity_factor.get(plant, where.shared_room.get(plant, 0.0))
        credited = scaled(self.nameplate[plant, where.year], row.credit)
        return where.shared_room[plant] / credited if credited else 1.0

    def limit_year(self, name: str, when: int | str) -> int:
        """The year of a row of a limit: of an index that is a year, an operating state, or years
        together, whose last one it is."""
        if isinstance(when, int):
            return when
        if when in self.states:
            return self.states[when].year
        return max(year for year in self.years if applies(self.limits[name], year))

    @cached_property
    def covered(self) -> tuple[str, ...]:
        """Commodities with required coverage."""
        return tuple(sorted({commodity for commodity, _ in self.required}))

    @property
    def support(self) -> Mapping[tuple[str, str], SupportTerms]:
        """Terms of operating support by (plant, normal state)."""
        return self.paid_support.terms

    @property
    def counts_support(self) -> bool:
        """Whether the case pays operating support and something can be cut off."""
        return self.case.support.pay and any(
            state.mode == "disrupted" for state in self.states.values()
        )

    @cached_property
    def support_groups(self) -> dict[str, SupportGroup]:
        """Plants that may need support in groups with the same funders, by name of the group."""
        plants = {plant for plant, _ in self.support}
        return {group.name: group for group in support_groups(self.world, self.funding, plants)}

    def discount(self, year: int) -> float:
        """Present value in the first year of the case of one USD in ``year``."""
        return discount_factor(self.case.finance.discount_rate, year - self.years[0])


def _covered_stages(tables: Tables) -> dict[str, str]:
    """Stage of each covered commodity."""
    return {
        row.commodity: row.stage
        for row in tables.commodities
        if row.covered and row.stage is not None
    }


def _states(world: World) -> dict[tuple[Conditions, int], tuple[float, tuple[str, ...]]]:
    """Which states of the world occur in which year, with their probability and the scenarios that
    share them."""
    case, tables = world.case, world.tables
    if case.scenarios is None:
        chances = {"": 1.0}
    elif isinstance(case.scenarios, dict):
        chances = dict(case.scenarios)
    else:
        chances = {
            row.scenario: row.probability
            for row in tables.scenarios
            if row.scenario in case.scenarios
        }
    found: dict[tuple[Conditions, int], tuple[float, tuple[str, ...]]] = {}
    for scenario, chance in chances.items():
        for year in case.span():
            off, events = set(), set()
            for index, event in enumerate(tables.events):
                if event.scenario == scenario and event.from_year <= year <= (
                    event.to_year or year
                ):
                    if event.event == "cut-off":
                        off.add((event.region, event.commodity))
                    else:
                        events.add(index)
            conditions = Conditions(frozenset(off), frozenset(events))
            probability, sharers = found.get((conditions, year), (0.0, ()))
            found[conditions, year] = (probability + chance, (*sharers, scenario))
    return found


def _required(world: World, commodity: str, stage: str, year: int) -> float:
    """Required share of the need for ``commodity`` in ``year``."""
    coverage = world.case.coverage
    if coverage is None or year < coverage.from_years.get(commodity, coverage.from_year):
        return 0.0
    return interpolate_flat(coverage.stages.get(stage, coverage.required), year)


def _value_at_risk(
    world: World,
    benchmark: Mapping[str, str],
    stages: Mapping[str, str],
    need: Mapping[tuple[str, int], float],
    shares: Mapping[tuple[str, int], float],
) -> dict[tuple[str, int], float]:
    """Value added of each stage and year with required coverage, USD million: the need for each of
    its goods, times its price less that of the inputs of its benchmark process. It must be
    positive; a good without a price has no value."""
    case = world.case
    if case.coverage is None or case.coverage.hard or case.objective == "security":
        return {}
    price = {row.commodity: row.price_usd_per_unit or 0.0 for row in world.tables.commodities}
    value: dict[tuple[str, int], float] = defaultdict(float)
    for commodity, year in shares:
        process, margin = benchmark.get(commodity), price[commodity]
        if process is not None:
            made = world.outputs[process][commodity]
            for source, quantity in world.inputs.get(process, {}).items():
                margin -= quantity / made * price[source]
        value[stages[commodity], year] += need[commodity, year] * margin / MILLION
    poor: dict[str, list[int]] = defaultdict(list)
    for (stage, year), amount in value.items():
        if amount <= 0:
            poor[stage].append(year)
    unpriced = [
        row.commodity
        for row in world.tables.commodities
        if row.price_usd_per_unit is None and stages.get(row.commodity) in poor
    ]
    for commodity in unpriced:
        words = "the case pays for a shortfall of its coverage, so it should have a price"
        world.problems.append(Problem("commodities", commodity, "price_usd_per_unit", "", words))
    for stage, years in poor.items():
        if any(stages[commodity] == stage for commodity in unpriced):
            continue  # the stage has no value because it has no price
        words = (
            "the case pays for a shortfall of coverage at the value added at risk, which should be"
            f" positive for stage {stage}: the prices of its goods should be above those of the"
            f" inputs of their main processes; it is"
            f" {value[stage, years[0]]:.6g} USD million in {years[0]}"
        )
        world.problems.append(Problem("commodities", "", "price_usd_per_unit", "", words))
    return dict(value)


def _names(
    world: World, found_conditions: Mapping[tuple[Conditions, int], tuple[float, tuple[str, ...]]]
) -> dict[tuple[Conditions, int], str]:
    names: dict[tuple[Conditions, int], str] = {}
    for (conditions, year), (_, scenarios) in found_conditions.items():
        label = (
            "cut off"
            if conditions == Conditions(frozenset({Everything}))
            else "normal"
            if conditions == Conditions()
            else "+".join(scenarios) or "counterfactual"
        )
        name = f"{label} {year}"
        while name in names.values():
            name += "'"
        names[conditions, year] = name
    return names


def make_instance(tables: Tables, case: Case) -> Instance:
    """Joins ``tables`` and ``case`` into an instance.

    Raises:
        InputError: listing every number that the case needs and the tables do not give.
    """
    world = make_world(tables, case)
    candidates = {
        row.project: make_candidate(world, row)
        for row in sorted(tables.projects, key=lambda row: row.project)
    }
    dropped = {
        row.project: "generic options are no candidates: generic_options is false"
        for row in tables.projects
        if row.generic and not case.generic_options
    }
    candidates = {name: candidate for name, candidate in candidates.items() if name not in dropped}
    funding = make_funding(world, candidates)
    forbidden = {row.project for row in tables.projects if row.commitment == "forbidden"}
    dropped |= {
        name: (
            "its commitment is forbidden"
            if name in forbidden
            else "cannot come into service within the years of the case"
        )
        for name, candidate in candidates.items()
        if not candidate.window
    }
    dropped |= dict.fromkeys(
        sorted(unfundable(candidates, funding) - set(dropped)),
        "no set of funders in the case may pay for its public share",
    )
    candidates = {name: candidate for name, candidate in candidates.items() if name not in dropped}
    while lost := {
        name
        for name, candidate in candidates.items()
        if any(other not in candidates for other in candidate.prerequisites)
    }:
        dropped |= dict.fromkeys(sorted(lost), "a project that it presupposes cannot be committed")
        candidates = {name: candidate for name, candidate in candidates.items() if name not in lost}
    for row in tables.projects:
        if row.commitment == "required" and row.project in dropped:
            world.problems.append(
                Problem("projects", row.project, "commitment", "required", dropped[row.project])
            )
    if funding is not None:
        pairs = {pair: most for pair, most in funding.pairs.items() if pair[1] in candidates}
        mandates = tuple(
            (*row[:4], tuple(name for name in row[4] if name in candidates))
            for row in funding.mandate_limits
        )
        signed = {pair: amount for pair, amount in funding.signed.items() if pair[1] in candidates}
        funding = replace(funding, pairs=pairs, mandate_limits=mandates, signed=signed)

    demand = {year: final_demand(world, year) for year in case.span()}
    # Without required coverage nothing depends on need, and any loop of recipes is valid.
    needs: dict[tuple[str, int], tuple[float, float]] = {}
    benchmark = {} if case.coverage is None else benchmark_processes(world)
    if case.coverage is not None:
        returns = returns_in_chain(world, benchmark)
        needs = {
            (commodity, year): amounts
            for year in case.span()
            for commodity, amounts in covered_need(
                world, benchmark, returns, demand[year], year
            ).items()
        }
    need = {key: net for key, (net, _) in needs.items()}
    stages = _covered_stages(tables)
    shares = {
        (commodity, year): share
        for commodity, stage in stages.items()
        for year in case.span()
        if (commodity, year) in need and (share := _required(world, commodity, stage, year)) > 0
    }
    value_at_risk = _value_at_risk(world, benchmark, stages, need, shares)

    costs = {year: _variable_costs(world, year) for year in case.span()}
    nameplate = {
        (row.asset, year): world.nameplate(row, year)
        for row in tables.assets
        for year in case.span()
        if world.plants[row.asset].operates(year) and row.asset not in world.shared
    }
    _weighed_without_limit(world, nameplate)
    capacities = _capacities(world, nameplate)
    found_conditions = _states(world)
    cut, normal_conditions = Conditions(frozenset({Everything})), Conditions()
    for year in sorted({year for _, year in shares}):
        found_conditions.setdefault((cut, year), (0.0, ()))
    for conditions, year in list(found_conditions):
        if conditions.cut_off:
            found_conditions.setdefault(
                (Conditions(frozenset(), conditions.events), year), (0.0, ())
            )
    names = _names(world, found_conditions)
    routes = expand_routes(world)
    online = {name: candidate.online_from for name, candidate in candidates.items()}
    states: dict[str, OperatingState] = {}
    for (conditions, year), (probability, scenarios) in sorted(
        found_conditions.items(),
        key=lambda item: (bool(item[0][0].cut_off), item[0][1], names[item[0]]),
    ):
        coverage_test = conditions == cut and any(when == year for _, when in shares)
        wanted = (
            {commodity for commodity, when in shares if when == year}
            if coverage_test or conditions == normal_conditions
            else set()
        )
        without_cut_off = Conditions(frozenset(), conditions.events)
        header = Header(
            name=names[conditions, year],
            year=year,
            mode="disrupted" if conditions.cut_off else "normal",
            conditions=conditions,
            probability=probability,
            normal_state=names[without_cut_off, year] if conditions.cut_off else None,
            coverage_test=coverage_test,
            scenarios=scenarios,
        )
        states[header.name] = make_state(
            world, routes, demand[year], costs[year], capacities[year], wanted, online, header
        )
    required = {(commodity, names[cut, year]): share for (commodity, year), share in shares.items()}
    shortage = _shortage_prices(world, case, states, set(stages))
    fixed_asset_cost = {
        (row.asset, year): cost
        for row in tables.assets
        for year in case.span()
        if world.plants[row.asset].operates(year)
        and (cost := fixed_cost_of_asset(world, row, year, capacities[year][row.asset])) > 0
    }
    instance = Instance(
        world=world,
        candidates=candidates,
        dropped=dropped,
        funding=funding,
        states=states,
        need=need,
        gross_need={key: gross for key, (_, gross) in needs.items()},
        required=required,
        value_at_risk=value_at_risk,
        covered_demand={
            (commodity, year): quantity
            for year, places in demand.items()
            for commodity, quantity in covered_demand(world, places, year).items()
        },
        paid_support=make_support(world, candidates, states, fixed_asset_cost, capacities),
        nameplate=nameplate,
        shortage_price=shortage,
        fixed_asset_cost=fixed_asset_cost,
        holding_cost={
            ((row.region, row.commodity), year): world.number(
                "stocks", row, "holding_cost_usd_per_unit", year
            )
            for row in tables.stocks
            for year in case.span()
        },
        closable=make_closable(world),
        returns=make_returns(world),
    )
    world.refuse_if_problems()
    return instance


def _weighed_without_limit(world: World, nameplate: Mapping[tuple[str, int], float]) -> None:
    """Find limits that weigh the capacity of plants without limit of capacity."""
    endless = {name for (name, _), size in nameplate.items() if size == UNLIMITED}
    for row in world.tables.limits:
        if row.measure == "capacity" and row.weights is not None:
            for name in sorted(endless.intersection(row.asset or ())):
                words = f"should weigh no capacity without limit, which {name} has"
                world.problems.append(Problem("limits", row.limit, "weights", "", words))


def _capacities(
    world: World, nameplate: Mapping[tuple[str, int], float]
) -> dict[int, dict[str, float]]:
    """Credited capacity of existing plants by year; its own limit of a further recipe."""
    found: dict[int, dict[str, float]] = {year: {} for year in world.case.span()}
    for (name, year), size in nameplate.items():
        found[year][name] = scaled(size, world.plants[name].credit)
    for name in world.shared:
        for year, sizes in found.items():
            if world.plants[name].operates(year):
                sizes[name] = world.limit_of_recipe(name, year)
    return found


def _variable_costs(world: World, year: int) -> dict[str, float]:
    costs = {
        row.asset: unit_costs(world, row, year)[0]
        for row in world.tables.assets
        if world.plants[row.asset].operates(year)
    }
    return costs | {row.project: unit_costs(world, row, year)[0] for row in world.tables.projects}


def _shortage_prices(
    world: World, case: Case, states: Mapping[str, OperatingState], covered: set[str]
) -> dict[tuple[str, int], float]:
    """Shortage prices; a missing one is a problem where the case needs it."""
    prices = {}
    soft_cap = case.concentration is not None and not case.concentration.hard
    for row in world.tables.commodities:
        known = (
            row.shortage_price_usd_per_unit is not None
            or ("commodities", row.commodity, "shortage_price_usd_per_unit") in world.series
        )
        if known:
            for year in case.span():
                prices[row.commodity, year] = world.number(
                    "commodities", row, "shortage_price_usd_per_unit", year
                )
            continue
        soft = soft_cap and row.commodity in covered
        hit = any(
            state.mode == "disrupted"
            and state.probability > 0
            and any(k == row.commodity for _, k in state.demand)
            for state in states.values()
        )
        if soft or hit:
            world.problems.append(
                Problem(
                    "commodities",
                    row.commodity,
                    "shortage_price_usd_per_unit",
                    "",
                    "the case pays for unserved amounts of it, so it needs a price",
                )
            )
    return prices
