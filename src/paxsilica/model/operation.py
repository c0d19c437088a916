"""Activity of plants, shipments and service of demand in each operating state."""

from __future__ import annotations

from typing import Any

import pyomo.environ as pyo

from paxsilica.instance import Instance
from paxsilica.model.closings import out_of_service
from paxsilica.model.investment import capacity_terms
from paxsilica.model.registry import (
    Requirement,
    RowPrice,
    Terms,
    at_least,
    at_most,
    equal,
    row,
    times,
)
from paxsilica.model.variables import may_go_unserved, needs_readiness


def output_terms(
    model: pyo.ConcreteModel,
    instance: Instance,
    commodity: str,
    state: str,
    region: str | None = None,
) -> Terms:
    """Output of a commodity in a state, in one region or in all."""
    supply = instance.states[state].supply
    places = [place for place in supply if place[1] == commodity and region in (None, place[0])]
    return [
        (quantity, model.activity[plant, state])
        for place in places
        for plant, quantity in supply[place]
    ]


def _must_be_served(instance: Instance, region: str, commodity: str, state: str) -> bool:
    where = instance.states[state]
    wanted = where.demand.get((region, commodity), 0.0)
    return bool(wanted) and not may_go_unserved(instance, commodity, where)


def _no_surplus(instance: Instance, region: str, commodity: str, state: str) -> bool:
    return commodity not in instance.world.surplus_allowed


@row(
    over=lambda instance: [
        (*place, state.name) for state in instance.states.values() for place in state.places
    ],
    latex=(
        r"\sum_{a \in r} b^{+}_{a,k}\, x_{a,c} + \sum_{r'} q_{r',r,k,c} + u_{r,k,c} +"
        r" \delta_{r,k,c} \;\ge\; \sum_{a \in r} "
        r"b^{-}_{a,k}\, x_{a,c} + \sum_{r'} q_{r,r',k,c} + D_{r,k,c}, \quad \delta_{r,k,c} ="
        r" s_{r,k,t-1} - s_{r,k,t} \text{ (normal)},\; "
        r"d_{r,k,c} \text{ (disrupted)}"
    ),
    dual=(
        "USD million of expected discounted cost per further unit of the commodity demanded there:"
        " its marginal cost in this state, which carries the state's probability and the year's"
        " discount factor; zero or positive, free where no surplus is allowed"
    ),
    requirement=(
        Requirement("all demand for {commodity_name} served", "demand", _must_be_served),
        Requirement("no {commodity_name} may be left over", "surplus", _no_surplus),
    ),
    unit="commodity units per year",
    price=RowPrice("commodity", "USD per unit of the commodity", gain=False, undiscounted=True),
    audit=("commodity balance", "forbidden surplus", "demand that must be served"),
)
def commodity_balance(
    model: pyo.ConcreteModel, instance: Instance, region: str, commodity: str, state_name: str
) -> Any:
    """In every region, output, arrivals, draws on stores and unserved demand cover use, departures,
    additions to stores and final demand. It is an equation for a commodity without allowed
    surplus."""
    state = instance.states[state_name]
    place = (region, commodity)
    terms: Terms = [
        (quantity, model.activity[plant, state_name])
        for plant, quantity in state.supply.get(place, ())
    ]
    terms += [
        (-quantity, model.activity[plant, state_name])
        for plant, quantity in state.use.get(place, ())
    ]
    terms += [(1.0, model.shipment[arc, state_name]) for arc in state.arrivals.get(place, ())]
    terms += [(-1.0, model.shipment[arc, state_name]) for arc in state.departures.get(place, ())]
    wanted = state.demand.get(place, 0.0)
    if (region, commodity, state_name) in model.unserved:
        terms.append((1.0, model.unserved[region, commodity, state_name]))
    if state.mode == "disrupted" and (region, commodity, state_name) in model.stock_draw:
        terms.append((1.0, model.stock_draw[region, commodity, state_name]))
    if state.mode == "normal" and place in instance.stocks:
        terms.append((-1.0, model.stock[region, commodity, state.year]))
        if state.year > instance.years[0]:
            terms.append((1.0, model.stock[region, commodity, state.year - 1]))
        else:
            wanted -= instance.stocks[place].initial
    return (
        at_least(model, terms, wanted)
        if commodity in instance.world.surplus_allowed
        else equal(model, terms, wanted)
    )


def _projects_in(instance: Instance, unready: bool) -> list[tuple[str, str]]:
    return [
        (plant, state.name)
        for state in instance.states.values()
        for plant in state.plants
        if instance.world.plants[plant].is_project
        # in a disrupted state a plant that needs readiness is bounded by its standby capacity,
        # which is bounded by this
        and not (
            unready and state.mode == "disrupted" and needs_readiness(instance, plant, state.year)
        )
    ]


@row(
    over=lambda instance: _projects_in(instance, unready=True),
    latex=r"x_{p,c} \le \varepsilon_{p,c}\, \mathrm{cap}_{p,t(c)}",
    dual=(
        "USD million of cost per further unit of capacity: less the scarcity rent of the project's"
        " capacity in the state; zero or negative"
    ),
    requirement="structural",
    unit="units of activity per year",
    price=RowPrice("capacity", "USD per unit of activity", gain=True, undiscounted=True),
    audit="activity within capacity",
)
def project_capacity(model: pyo.ConcreteModel, instance: Instance, project: str, state: str) -> Any:
    """The activity of a project is at most its credited capacity: the expected nameplate in service
    after its lead time and delays, along its ramp, less the effect of events. (The capacity of an
    existing plant is the upper bound of its activity; its rent is the reduced cost. In a disrupted
    state a project that needs readiness has no row of its own: its standby capacity, which is
    within the same limit, bounds it.)"""
    where = instance.states[state]
    capacity = capacity_terms(
        model, instance.candidates[project], where.year, where.capacity_factor[project]
    )
    return at_most(model, [(1.0, model.activity[project, state]), *times(-1.0, capacity)], 0.0)


@row(
    over=lambda instance: [
        (plant, state.name) for state in instance.states.values() for plant in state.shared
    ],
    latex=(
        r"\sum_{a' \in \mathcal{R}_a} \upsilon_{a'}\, x_{a',c} \le \varepsilon_{a,c}"
        r" \left(\kappa_a \overline{X}_{a,t(c)} \;\Big|\; \mathrm{cap}_{a,t(c)}\right)"
    ),
    dual=(
        "USD million of cost per further unit of the capacity that the recipes share: less its"
        " scarcity rent in the state; zero or negative"
    ),
    requirement="structural",
    unit="units of activity per year",
    price=RowPrice("capacity", "USD per unit of activity", gain=True, undiscounted=True),
    audit="shared capacity",
)
def shared_capacity(model: pyo.ConcreteModel, instance: Instance, plant: str, state: str) -> Any:
    """All recipes of a plant together use at most its credited capacity: that of an existing plant,
    or of a project as far as it is committed and in service."""
    where = instance.states[state]
    used: Terms = [(use, model.activity[name, state]) for name, use in where.shared[plant].items()]
    room = where.shared_room[plant]
    if not instance.world.plants[plant].is_project:
        idle = out_of_service(model, instance, plant, where.year)
        return at_most(model, [*used, *times(room, idle)], room)
    capacity = capacity_terms(model, instance.candidates[plant], where.year, room)
    return at_most(model, [*used, *times(-1.0, capacity)], 0.0)
