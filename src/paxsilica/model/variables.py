"""The decisions: every variable of the model, with its symbol, unit and bounds."""

from __future__ import annotations

from collections import defaultdict

import pyomo.environ as pyo

from paxsilica.instance import UNLIMITED, Instance, OperatingState
from paxsilica.model.registry import variable

variable(
    "committed",
    "y_{p,t}",
    "project, year",
    "0 or 1",
    "whether the project is committed in the year or before; for the years of its window",
)
variable(
    "added_size",
    "e_{p,t}",
    "project, year",
    "units of activity per year",
    "size above the smallest, committed in the year or before; at most the largest less the"
    " smallest",
)
variable(
    "size_steps",
    r"\nu_{p,t}",
    "project, year",
    "whole number",
    "steps of size above the smallest, committed in the year or before; only for projects whose"
    " size comes in steps",
)
variable(
    "size_beyond",
    r"\gamma_{p,i,t}",
    "project, part, year",
    "units of activity per year",
    "size beyond the i-th size from which on a unit costs less, committed in the year or before",
)
variable(
    "size_reached",
    r"\iota_{p,i,t}",
    "project, part, year",
    "0 or 1",
    "whether the i-th size from which on a unit costs less is reached",
)
variable(
    "closed",
    r"\chi^c_{a,t}",
    "plant, year",
    "0 or 1",
    "whether an existing plant is closed in the year or before; only for plants that may be closed",
)
variable(
    "mothballed",
    r"\chi^m_{a,t}",
    "plant, year",
    "0 or 1",
    "whether an existing plant is mothballed in the year; only for plants that may be",
)
variable(
    "restarted",
    r"\chi^r_{a,t}",
    "plant, year",
    "share of 1",
    "whether a plant that was mothballed returns to service in the year; only where that costs"
    " something",
)
variable(
    "payment",
    "f_{g,p,t}",
    "funder, project, year",
    "USD million",
    "payment of the funder into the project in the year",
)
variable(
    "ticket",
    "z_{g,p}",
    "funder, project",
    "0 or 1",
    "whether the funder takes part in the project; only for funders with a smallest ticket",
)
variable(
    "support",
    "o_{a,t}",
    "plant, year",
    "USD million",
    "operating support of the plant in the year; only where the case pays it",
)
variable(
    "support_payment",
    "g_{g,m,t}",
    "funder, group, year",
    "USD million",
    "what the funder pays of the support of a group of plants in the year",
)
variable(
    "sold",
    r"\zeta_{a,c}",
    "plant, normal state",
    "units of activity per year",
    "activity of a plant that may need support whose output is sold at a profit, where plants could"
    " make more than final demand needs or recipes share its capacity",
)
variable(
    "stock",
    "s_{r,k,t}",
    "region, commodity, year",
    "commodity units",
    "level of the store at the end of the year",
)
variable(
    "activity", "x_{a,c}", "plant, state", "units of activity per year", "activity of the plant"
)
variable(
    "shipment",
    "q_{r,r',k,c}",
    "from region, to region, commodity, state",
    "commodity units per year",
    "shipment along the route",
)
variable(
    "unserved",
    "u_{r,k,c}",
    "region, commodity, state",
    "commodity units per year",
    "final demand that is not served",
)
variable(
    "standby",
    "w_{a,c}",
    "plant, normal state",
    "units of activity per year",
    "capacity that is kept ready for a cut-off",
)
variable(
    "stock_draw",
    "d_{r,k,c}",
    "region, commodity, disrupted state",
    "commodity units per year",
    "draw on a strategic store",
)
variable(
    "shortfall",
    "h_{j,c}",
    "stage, disrupted state",
    "share of 1",
    "share of need that is missing from the required coverage of the stage, the largest of its"
    " goods; zero where coverage is hard",
)
variable(
    "concentration_excess",
    "v_{r,k,c}",
    "region, commodity, disrupted state",
    "commodity units per year",
    "output of a region above the cap on its share; only where the cap is soft",
)


def commitment_index(instance: Instance) -> list[tuple[str, int]]:
    """(project, year) for every year in which the project may be committed."""
    return [
        (name, year) for name, candidate in instance.candidates.items() for year in candidate.window
    ]


def size_index(instance: Instance) -> list[tuple[str, int]]:
    """(project, year) for every year in which size may be added."""
    return [
        (name, year)
        for name, candidate in instance.candidates.items()
        for year in candidate.size_years
    ]


def step_index(instance: Instance) -> list[tuple[str, int]]:
    """(project, year) for every year in which size may be added in whole steps."""
    return [(p, t) for p, t in size_index(instance) if instance.candidates[p].size_step]


def scale_index(instance: Instance) -> list[tuple[str, int, int]]:
    """(project, part, year) for every size from which on a unit costs less, by year in which size
    may be added."""
    return [
        (p, part, t)
        for p, t in size_index(instance)
        for part in range(len(instance.candidates[p].scale))
    ]


def closed_index(instance: Instance) -> list[tuple[str, int]]:
    """(plant, year) for every year in which an existing plant may be closed."""
    return [(name, year) for name, one in instance.closable.items() for year in one.closing_cost]


def mothballed_index(instance: Instance) -> list[tuple[str, int]]:
    """(plant, year) for every year in which an existing plant may be mothballed."""
    return [
        (name, year)
        for name, one in instance.closable.items()
        if one.kept_share is not None
        for year in one.years
    ]


def restart_index(instance: Instance) -> list[tuple[str, int]]:
    """(plant, year) wherever the return of a mothballed plant to service costs something."""
    return [
        (name, year)
        for name, year in mothballed_index(instance)
        if year > instance.closable[name].years[0] and instance.closable[name].restart_cost[year]
    ]


def payment_index(instance: Instance) -> list[tuple[str, str, int]]:
    """(funder, project, year) for every payment that could be made."""
    if instance.funding is None:
        return []
    return [
        (funder, project, year)
        for funder, project in instance.funding.pairs
        for year in instance.candidates[project].payment_years
        if year in instance.funding.funders[funder].limit
    ]


def support_index(instance: Instance) -> list[tuple[str, int]]:
    """(plant, year) wherever a plant may need support."""
    found = {(plant, instance.states[state].year): None for plant, state in instance.support}
    return list(found)


def sold_index(instance: Instance) -> list[tuple[str, str]]:
    """(plant, normal state) wherever a plant that may need support sells a part of its output."""
    return [key for key, terms in instance.support.items() if terms.sells == "part"]


def support_payment_index(instance: Instance) -> list[tuple[str, str, int]]:
    """(funder, group, year) for every payment of support that could be made."""
    if instance.funding is None:
        return []
    return [
        (funder, group, year)
        for group, year in support_group_index(instance)
        for funder in instance.support_groups[group].funders
        if year in instance.funding.funders[funder].limit
    ]


def support_group_index(instance: Instance) -> list[tuple[str, int]]:
    """(group, year) wherever a plant of the group may need support."""
    group_of = {
        plant: name for name, group in instance.support_groups.items() for plant in group.plants
    }
    found = {
        (group_of[plant], year): None
        for plant, year in support_index(instance)
        if plant in group_of
    }
    return list(found)


def ticket_index(instance: Instance) -> list[tuple[str, str]]:
    """(funder, project) for every pair in which a smallest ticket matters."""
    if instance.funding is None:
        return []
    return [
        pair
        for pair in instance.funding.pairs
        if instance.funding.funders[pair[0]].smallest_ticket > 0
    ]


def standby_index(instance: Instance) -> list[tuple[str, str]]:
    """(plant, normal state) for every plant that needs standby capacity in a disrupted state."""
    found = {
        (plant, state.normal_state): None
        for state in instance.states.values()
        if state.normal_state is not None
        for plant in state.plants
        if needs_readiness(instance, plant, state.year)
    }
    return list(found)


def needs_readiness(instance: Instance, plant: str, year: int) -> bool:
    """Whether a plant needs standby capacity to run in a disrupted state; plants of
    adversaries do not."""
    row = instance.world.plants[plant]
    return row.minimum_utilisation > 0 and instance.world.within_reach(row, year)


def unserved_index(instance: Instance) -> list[tuple[str, str, str]]:
    """(region, commodity, state) wherever demand may go unserved; see :func:`may_go_unserved`."""
    return [
        (*place, state.name)
        for state in instance.states.values()
        for place in state.demand
        if may_go_unserved(instance, place[1], state)
    ]


def may_go_unserved(instance: Instance, commodity: str, state: OperatingState) -> bool:
    """Whether demand for the commodity may go unserved in the state: at a price, or in a coverage
    test."""
    return (commodity, state.year) in instance.shortage_price or (
        state.mode == "disrupted" and state.probability == 0
    )


def declare_sets(model: pyo.ConcreteModel, instance: Instance) -> None:
    """Adds the named sets and parameters of the model."""
    model.projects = pyo.Set(initialize=list(instance.candidates))
    model.years = pyo.Set(initialize=list(instance.years))
    model.states = pyo.Set(initialize=list(instance.states))
    model.plants = pyo.Set(initialize=list(instance.world.plants))
    model.commodities = pyo.Set(initialize=[row.commodity for row in instance.tables.commodities])
    model.regions = pyo.Set(initialize=list(instance.world.regions))
    model.funders = pyo.Set(initialize=list(instance.funding.funders if instance.funding else ()))
    model.discount = pyo.Param(model.years, initialize=lambda _, year: instance.discount(year))
    model.need = pyo.Param(model.commodities, model.years, initialize=dict(instance.need))
    budget = instance.case.budget_usd_m
    model.budget = pyo.Param(initialize=UNLIMITED if budget is None else budget)


def declare(model: pyo.ConcreteModel, instance: Instance) -> None:
    """Adds every variable of the model, with its bounds."""
    states = instance.states
    positive = pyo.NonNegativeReals
    model.never = pyo.Var(bounds=(0, 0), doc="variable of rows that no decision satisfies")
    model.committed = pyo.Var(commitment_index(instance), domain=pyo.Binary)
    model.added_size = pyo.Var(
        size_index(instance),
        domain=positive,
        bounds=lambda _, p, t: (
            0,
            instance.candidates[p].largest - instance.candidates[p].smallest,
        ),
    )
    model.size_steps = pyo.Var(
        step_index(instance),
        domain=pyo.NonNegativeIntegers,
        bounds=lambda _, p, t: (0, instance.candidates[p].most_steps),
    )
    model.size_beyond = pyo.Var(scale_index(instance), domain=positive)
    model.size_reached = pyo.Var(scale_index(instance), domain=pyo.Binary)
    model.closed = pyo.Var(closed_index(instance), domain=pyo.Binary)
    model.mothballed = pyo.Var(mothballed_index(instance), domain=pyo.Binary)
    model.restarted = pyo.Var(restart_index(instance), domain=positive)
    model.payment = pyo.Var(payment_index(instance), domain=positive)
    model.payments_of = defaultdict(list)
    for (funder, _, year), var in model.payment.items():
        model.payments_of[funder].append((year, var))
    model.support = pyo.Var(support_index(instance), domain=positive)
    model.sold = pyo.Var(
        sold_index(instance),
        domain=positive,
        bounds=lambda _, a, c: (0, _largest_sale(instance, a, c)),
    )
    model.support_payment = pyo.Var(support_payment_index(instance), domain=positive)
    for (funder, _, year), var in model.support_payment.items():
        model.payments_of[funder].append((year, var))
    model.ticket = pyo.Var(ticket_index(instance), domain=pyo.Binary)
    model.stock = pyo.Var(
        [(*place, year) for place in instance.stocks for year in instance.years],
        domain=positive,
        bounds=lambda _, r, k, t: _stock_bounds(instance, r, k, t),
    )
    model.activity = pyo.Var(
        [(plant, state.name) for state in states.values() for plant in state.plants],
        domain=positive,
        bounds=lambda _, a, c: _activity_bounds(instance, a, c),
    )
    model.shipment = pyo.Var(
        [(*arc, state.name) for state in states.values() for arc in state.arcs],
        domain=positive,
        bounds=lambda _, r, r2, k, c: (
            states[c].arcs[r, r2, k].smallest if states[c].mode == "normal" else 0,
            finite(states[c].arcs[r, r2, k].largest),
        ),
    )
    model.unserved = pyo.Var(
        unserved_index(instance),
        domain=positive,
        bounds=lambda _, r, k, c: (0, states[c].demand[r, k]),
    )
    model.standby = pyo.Var(
        standby_index(instance),
        domain=positive,
        bounds=lambda _, a, c: _standby_bounds(instance, a, c),
    )
    disrupted = [state for state in states.values() if state.mode == "disrupted"]
    model.stock_draw = pyo.Var(
        [
            (*place, state.name)
            for state in disrupted
            for place, store in instance.stocks.items()
            if store.strategic and place in state.places
        ],
        domain=positive,
    )
    coverage = instance.case.coverage
    most = 0 if coverage is None or coverage.hard else 1
    model.shortfall = pyo.Var(shortfall_index(instance), domain=positive, bounds=(0, most))
    soft = instance.case.concentration is not None and not instance.case.concentration.hard
    model.concentration_excess = pyo.Var(
        concentration_index(instance) if soft else [], domain=positive
    )


def shortfall_index(instance: Instance) -> list[tuple[str, str]]:
    """(stage, disrupted state) wherever coverage is required."""
    stages = {(instance.stage_of[commodity], state): None for commodity, state in instance.required}
    return list(stages)


def concentration_index(instance: Instance) -> list[tuple[str, str, str]]:
    """(region, commodity, disrupted state) wherever a cap on a region's share applies."""
    cap = instance.case.concentration
    if cap is None:
        return []
    return [
        (region, commodity, name)
        for commodity, name in instance.required
        if instance.states[name].year >= cap.from_year
        for region in sorted(
            {place[0] for place in instance.states[name].supply if place[1] == commodity}
        )
    ]


def finite(value: float) -> float | None:
    """A bound, or ``None`` for no bound."""
    return None if value == UNLIMITED else value


def _stock_bounds(
    instance: Instance, region: str, commodity: str, year: int
) -> tuple[float, float]:
    store = instance.stocks[region, commodity]
    if year == instance.years[-1] and store.final is not None:
        return (store.final, store.final)
    return (store.floor or 0.0, store.largest)


def _activity_bounds(instance: Instance, plant: str, state: str) -> tuple[float, float | None]:
    row = instance.world.plants[plant]
    if row.is_project:
        return (0, None)
    capacity = instance.states[state].capacity[plant]
    must_run = (
        row.must_run_share * capacity
        if instance.states[state].mode == "normal"
        and capacity != UNLIMITED
        and plant not in instance.closable
        else 0.0
    )
    return (must_run, finite(capacity))


def _largest_sale(instance: Instance, plant: str, state: str) -> float | None:
    """Capacity of an existing plant; what a project sells is bounded by a row."""
    if instance.world.plants[plant].is_project:
        return None
    return finite(instance.support[plant, state].room)


def _standby_bounds(instance: Instance, plant: str, state: str) -> tuple[float, float | None]:
    if plant not in instance.states[state].plants:
        return (0, 0)  # it cannot run in normal times, so it cannot be ready
    return (
        0,
        (
            None
            if instance.world.plants[plant].is_project
            else finite(instance.states[state].capacity[plant])
        ),
    )
