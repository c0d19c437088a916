"""What must hold when the trusted world is cut off, and what must be done in normal times to be
ready for it."""

from __future__ import annotations

from typing import Any

import pyomo.environ as pyo

from paxsilica.instance import Instance
from paxsilica.model.investment import capacity_terms
from paxsilica.model.operation import output_terms
from paxsilica.model.registry import Terms, at_least, at_most, row, times
from paxsilica.model.variables import concentration_index, needs_warmth, warm_index


@row(
    over=lambda instance: [
        (plant, copy.name)
        for copy in instance.copies.values()
        if copy.mode == "stress"
        for plant in copy.plants
        if needs_warmth(instance, plant, copy.year)
    ],
    latex=r"x_{a,c} \le w_{a,\bar c}",
    dual=(
        "USD million of cost per further unit of capacity that is ready in the switch-off; zero or"
        " negative"
    ),
)
def warm_readiness(model: pyo.ConcreteModel, instance: Instance, plant: str, copy: str) -> Any:
    """A plant that stands idle cannot be woken: in a switch-off it runs no more than what was kept
    warm."""
    calm = instance.copies[copy].calm
    return at_most(
        model, [(1.0, model.activity[plant, copy]), (-1.0, model.warm[plant, calm])], 0.0
    )


@row(
    over=lambda instance: [
        (plant, copy)
        for plant, copy in warm_index(instance)
        if plant in instance.copies[copy].plants
    ],
    latex=r"x_{a,\bar c} \ge \mu_a\, w_{a,\bar c}",
    dual=(
        "USD million of cost per unit of activity that readiness asks for beyond what it does: at"
        " the margin, the support that keeping the plant running needs; zero or positive"
    ),
)
def minimum_utilisation(model: pyo.ConcreteModel, instance: Instance, plant: str, copy: str) -> Any:
    """To be ready a plant runs, in normal times, at least its minimum utilisation of what it keeps
    warm."""
    share = instance.world.plants[plant].minimum_utilisation
    return at_least(
        model, [(1.0, model.activity[plant, copy]), (-share, model.warm[plant, copy])], 0.0
    )


@row(
    over=lambda instance: [
        (plant, copy)
        for plant, copy in warm_index(instance)
        if instance.world.plants[plant].is_project and plant in instance.copies[copy].plants
    ],
    latex=r"w_{p,\bar c} \le \varepsilon_{p,\bar c}\, \mathrm{cap}_{p,t(c)}",
    dual=(
        "USD million of cost per further unit of capacity that could be kept warm; zero or negative"
    ),
)
def warm_within_capacity(
    model: pyo.ConcreteModel, instance: Instance, project: str, copy: str
) -> Any:
    """No more of a project is kept warm than its credited capacity. (For an existing plant this is
    the upper bound of the variable.)"""
    where = instance.copies[copy]
    capacity = capacity_terms(
        model, instance.candidates[project], where.year, where.capacity_factor[project]
    )
    return at_most(model, [(1.0, model.warm[project, copy]), *times(-1.0, capacity)], 0.0)


@row(
    over=lambda instance: list(instance.required),
    latex=(
        r"\sum_a b^{+}_{a,k}\, x_{a,c} + \sum_r d_{r,k,c} + h_{k,c} \ge \theta_{k,t(c)}\,"
        r" N_{k,t(c)}"
    ),
    dual=(
        "USD million of cost per further unit of the commodity that must be made within reach; zero"
        " or positive. Times a hundredth of the need it is the price of a percentage point of"
        " coverage"
    ),
)
def stress_production_coverage(
    model: pyo.ConcreteModel, instance: Instance, commodity: str, copy: str
) -> Any:
    """Cut off, the trusted world makes (or draws from its stores) the required share of its need
    for each covered commodity. Whatever is made there was made from what was made there: the whole
    chain must run in the same copy."""
    need = instance.need[commodity, instance.copies[copy].year]
    terms = output_terms(model, instance, commodity, copy)
    terms += [
        (1.0, model.stock_draw[key])
        for key in model.stock_draw
        if key[1] == commodity and key[2] == copy
    ]
    return at_least(
        model,
        [*terms, (1.0, model.shortfall[commodity, copy])],
        instance.required[commodity, copy] * need,
    )


@row(
    over=lambda instance: [
        (commodity, copy)
        for commodity, copy in instance.required
        if instance.trusted_demand.get((commodity, instance.copies[copy].year), 0) > 0
    ],
    latex=r"\sum_r (D_{r,k,c} - u_{r,k,c}) + h_{k,c} \ge \theta_{k,t(c)} \sum_r D_{r,k,c}",
    dual=(
        "USD million of cost per further unit of final demand that must be served; zero or positive"
    ),
)
def stress_delivery_coverage(
    model: pyo.ConcreteModel, instance: Instance, commodity: str, copy: str
) -> Any:
    """Cut off, the trusted world serves the required share of its final demand for each covered
    commodity, where it arises. The shortfall is the same as in the row on production: what is
    missing is paid for once, by the larger of the two."""
    places = [place for place in instance.copies[copy].demand if place[1] == commodity]
    wanted = sum(instance.copies[copy].demand[place] for place in places)
    terms: Terms = [(-1.0, model.unserved[(*place, copy)]) for place in places]
    return at_least(
        model,
        [*terms, (1.0, model.shortfall[commodity, copy])],
        (instance.required[commodity, copy] - 1.0) * wanted,
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
)
def country_concentration(
    model: pyo.ConcreteModel, instance: Instance, region: str, commodity: str, copy: str
) -> Any:
    """Cut off, no region makes more than the capped share of what the trusted world makes of a
    covered commodity (stores aside)."""
    cap = instance.case.concentration
    assert cap is not None
    terms = output_terms(model, instance, commodity, copy, region) + times(
        -cap.max_share, output_terms(model, instance, commodity, copy)
    )
    if (region, commodity, copy) in model.concentration_excess:
        terms.append((-1.0, model.concentration_excess[region, commodity, copy]))
    return at_most(model, terms, 0.0)
