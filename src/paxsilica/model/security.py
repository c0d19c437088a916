"""Coverage and concentration when adversaries are cut off, and readiness for it in normal
times."""

from __future__ import annotations

from typing import Any

import pyomo.environ as pyo

from paxsilica.instance import Instance
from paxsilica.model.investment import capacity_terms
from paxsilica.model.operation import output_terms
from paxsilica.model.registry import Requirement, RowPrice, Terms, at_least, at_most, row, times
from paxsilica.model.variables import concentration_index, needs_readiness, standby_index

PRICE = RowPrice("coverage", "USD million per percentage point", gain=False, shown=True)


def coverage_side(
    instance: Instance, family: str, commodity: str, state: str, share: float
) -> float:
    """Right-hand side of a coverage row at a required share, commodity units per year.

    It is linear in the share: its slope is :func:`coverage_base`.
    """
    base = coverage_base(instance, family, commodity, state)
    return share * base if family == production_coverage.__name__ else (share - 1.0) * base


def coverage_base(instance: Instance, family: str, commodity: str, state: str) -> float:
    """What the required share of a coverage row is a share of, commodity units per year: the need
    (production) or the final demand in the state (delivery, uses outside the chain)."""
    where = instance.states[state]
    if family == production_coverage.__name__:
        return instance.need[commodity, where.year]
    return sum(amount for place, amount in where.demand.items() if place[1] == commodity)


def _hard_coverage(instance: Instance, commodity: str, state: str) -> bool:
    return instance.case.coverage is not None and instance.case.coverage.hard


def _hard_cap(instance: Instance, region: str, commodity: str, state: str) -> bool:
    return instance.case.concentration is not None and instance.case.concentration.hard


@row(
    over=lambda instance: [
        (plant, state.name)
        for state in instance.states.values()
        if state.mode == "disrupted"
        for plant in state.plants
        if needs_readiness(instance, plant, state.year)
    ],
    latex=r"x_{a,c} \le w_{a,\bar c}",
    dual=(
        "USD million of cost per further unit of standby capacity for the cut-off; zero or negative"
    ),
    requirement="structural",
    unit="units of activity per year",
    price="standby capacity is priced within capacity",
    audit="activity within standby capacity",
)
def readiness(model: pyo.ConcreteModel, instance: Instance, plant: str, state: str) -> Any:
    """In a cut-off a plant runs at most its standby capacity: an idle plant cannot be started."""
    normal_state = instance.states[state].normal_state
    return at_most(
        model,
        [(1.0, model.activity[plant, state]), (-1.0, model.standby[plant, normal_state])],
        0.0,
    )


@row(
    over=lambda instance: [
        (plant, state)
        for plant, state in standby_index(instance)
        if plant in instance.states[state].plants
    ],
    latex=r"x_{a,\bar c} \ge \mu_a\, w_{a,\bar c}",
    dual=(
        "USD million of cost per unit of activity that readiness requires: at the margin, the"
        " operating support of the plant; zero or positive"
    ),
    requirement="structural",
    unit="units of activity per year",
    price="the support that the row causes is a cost term",
    audit="minimum utilisation",
)
def minimum_utilisation(
    model: pyo.ConcreteModel, instance: Instance, plant: str, state: str
) -> Any:
    """In normal times a plant runs at least its minimum utilisation of its standby capacity."""
    share = instance.world.plants[plant].minimum_utilisation
    return at_least(
        model, [(1.0, model.activity[plant, state]), (-share, model.standby[plant, state])], 0.0
    )


@row(
    over=lambda instance: [
        (plant, state)
        for plant, state in standby_index(instance)
        if instance.world.plants[plant].is_project and plant in instance.states[state].plants
    ],
    latex=r"w_{p,\bar c} \le \varepsilon_{p,\bar c}\, \mathrm{cap}_{p,t(c)}",
    dual=("USD million of cost per further unit of possible standby capacity; zero or negative"),
    requirement="structural",
    unit="units of activity per year",
    price=RowPrice("capacity", "USD per unit of activity", gain=True, undiscounted=True),
    audit="standby within capacity",
)
def standby_within_capacity(
    model: pyo.ConcreteModel, instance: Instance, project: str, state: str
) -> Any:
    """The standby capacity of a project is at most its credited capacity. (For an existing plant
    this is the upper bound of the variable.)"""
    where = instance.states[state]
    capacity = capacity_terms(
        model, instance.candidates[project], where.year, where.capacity_factor[project]
    )
    return at_most(model, [(1.0, model.standby[project, state]), *times(-1.0, capacity)], 0.0)


def supply_terms(
    model: pyo.ConcreteModel, instance: Instance, commodity: str, state_name: str
) -> Terms:
    """Supply of a commodity in a cut-off, commodity units per year: output and draws on stores in
    regions that take it, and what is used in other regions or leaves them. Surplus where nobody
    takes it is no supply."""
    state = instance.states[state_name]

    def takes(region: str) -> bool:
        return (region, commodity) in state.users

    terms: Terms = []
    for recipes, counts in ((state.supply, True), (state.use, False)):
        for (region, one), plants in recipes.items():
            if one == commodity and takes(region) == counts:
                terms += [
                    (quantity, model.activity[plant, state_name]) for plant, quantity in plants
                ]
    terms += [
        (1.0, draw)
        for (region, one, name), draw in model.stock_draw.items()
        if (one, name) == (commodity, state_name) and takes(region)
    ]
    terms += [
        (1.0 if takes(target) else -1.0, model.shipment[origin, target, one, state_name])
        for origin, target, one in state.arcs
        if one == commodity and takes(origin) != takes(target)
    ]
    return terms


@row(
    over=lambda instance: list(instance.required),
    latex=(
        r"\sum_{r \in \mathcal{U}_{k,c}} \Big(\sum_{a \in r} b^{+}_{a,k}\, x_{a,c} +"
        r" d_{r,k,c}\Big) + \sum_{r \notin \mathcal{U}_{k,c}} \Big(\sum_{a \in r} b^{-}_{a,k}\,"
        r" x_{a,c} + \sum_{r'} (q_{r,r',k,c} - q_{r',r,k,c})\Big) + N_{k,t(c)}\,"
        r" h_{j(k),c} \ge \theta_{k,t(c)}\, N_{k,t(c)}"
    ),
    dual=(
        "USD million of cost per further unit of the commodity that must be supplied within reach;"
        " zero or positive. Times a hundredth of the need it is the price of a percentage point of"
        " coverage"
    ),
    requirement=Requirement("the coverage of {stage_name}", holds=_hard_coverage),
    unit="commodity units per year",
    price=PRICE,
    audit="production when cut off",
)
def production_coverage(
    model: pyo.ConcreteModel, instance: Instance, commodity: str, state: str
) -> Any:
    """In a cut-off the supply of each covered commodity is the required share of its need. Supply
    is output and draws on stores in regions that demand the commodity or have an existing plant
    that takes it; from other regions only what is used there or leaves, less what arrives, so that
    surplus that reaches nobody is no supply. All inputs are made within reach too: the whole chain
    runs in one state."""
    need = model.need[commodity, instance.states[state].year]
    shortfall = model.shortfall[instance.stage_of[commodity], state]
    return at_least(
        model,
        [*supply_terms(model, instance, commodity, state), (need, shortfall)],
        instance.required[commodity, state] * need,
    )


@row(
    over=lambda instance: [
        (commodity, state)
        for commodity, state in instance.required
        if instance.covered_demand.get((commodity, instance.states[state].year), 0) > 0
    ],
    latex=(
        r"\sum_r (D_{r,k,c} - u_{r,k,c} + D_{r,k,c}\, h_{j(k),c}) \ge \theta_{k,t(c)} \sum_r"
        r" D_{r,k,c}"
    ),
    dual=(
        "USD million of cost per further unit of final demand that must be served; zero or positive"
    ),
    requirement=Requirement("the coverage of {stage_name}", holds=_hard_coverage),
    unit="commodity units per year",
    price=PRICE,
    audit="delivery when cut off",
)
def delivery_coverage(
    model: pyo.ConcreteModel, instance: Instance, commodity: str, state: str
) -> Any:
    """In a cut-off the required share of the final demand of the covered regions is served for each
    covered commodity, in the region of the demand. The shortfall is that of the row on production:
    a stage has one, the largest of its goods, and damage is counted once."""
    places = [place for place in instance.states[state].demand if place[1] == commodity]
    wanted = sum(instance.states[state].demand[place] for place in places)
    terms: Terms = [(-1.0, model.unserved[(*place, state)]) for place in places]
    return at_least(
        model,
        [*terms, (wanted, model.shortfall[instance.stage_of[commodity], state])],
        (instance.required[commodity, state] - 1.0) * wanted,
    )


@row(
    over=lambda instance: [key for key in instance.outside if _hard_coverage(instance, *key)],
    latex=r"\sum_r (D_{r,k,c} - u_{r,k,c}) \ge \theta_{k,t(c)} \sum_r D_{r,k,c}",
    dual=(
        "USD million of cost per further unit of final demand that must be served; zero or positive"
    ),
    requirement="the uses of {commodity_name} outside the chain",
    unit="commodity units per year",
    price=PRICE,
    audit="uses outside the chain",
)
def outside_uses(model: pyo.ConcreteModel, instance: Instance, commodity: str, state: str) -> Any:
    """In a cut-off the required share of the final demand of the covered regions is also served for
    goods that are not covered, unless the case lists the good. There is no row where coverage is
    soft."""
    places = [place for place in instance.states[state].demand if place[1] == commodity]
    terms: Terms = [(-1.0, model.unserved[(*place, state)]) for place in places]
    share = instance.share_required(commodity, state)
    return at_least(
        model, terms, coverage_side(instance, outside_uses.__name__, commodity, state, share)
    )


@row(
    over=concentration_index,
    latex=(
        r"\sum_{a \in r} b^{+}_{a,k}\, x_{a,c} \le \gamma \sum_a b^{+}_{a,k}\, x_{a,c} + v_{r,k,c}"
    ),
    dual=(
        "USD million of cost per further unit that the region may make above its share; zero or"
        " negative"
    ),
    requirement=Requirement("no region above {max_share} of what is made", holds=_hard_cap),
    unit="commodity units",
    price=RowPrice("concentration", "USD million per percentage point", gain=True),
    binding="cap on a region's share",
    audit="cap on a region's share",
)
def country_concentration(
    model: pyo.ConcreteModel, instance: Instance, region: str, commodity: str, state: str
) -> Any:
    """In a cut-off no region makes more than the capped share of the output of
    a covered commodity, draws on stores excluded."""
    cap = instance.case.concentration
    assert cap is not None
    terms = output_terms(model, instance, commodity, state, region) + times(
        -cap.max_share, output_terms(model, instance, commodity, state)
    )
    if (region, commodity, state) in model.concentration_excess:
        terms.append((-1.0, model.concentration_excess[region, commodity, state]))
    return at_most(model, terms, 0.0)
