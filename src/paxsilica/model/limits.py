"""Limits that the table ``limits`` puts on sums: a minimum of capacity, a maximum of sites, a floor
on shipments, what a deposit holds."""

from __future__ import annotations

from typing import Any

import pyomo.environ as pyo

from paxsilica.instance import UNLIMITED, Instance
from paxsilica.instance.selection import (
    ON_PLANTS,
    applies,
    selects_arc,
    selects_plant,
    weight_of,
)
from paxsilica.instance.world import scaled
from paxsilica.model.closings import out_of_service
from paxsilica.model.investment import capacity_terms, capital_terms, committed_by
from paxsilica.model.registry import RowPrice, Terms, at_least, at_most, row, times
from paxsilica.tables.schema import Limit

PRICE = RowPrice("limit", "USD million per unit of the limit", gain=None)
DUAL = (
    "USD million of cost per unit by which the limit is moved up; zero or negative for a maximum,"
    " zero or positive for a minimum"
)


def _bound(model: pyo.ConcreteModel, limit: Limit, terms: Terms, constant: float) -> Any:
    side = limit.value - constant
    return at_most(model, terms, side) if limit.sense == "at most" else at_least(model, terms, side)


@row(
    over=lambda instance: [
        (name, year)
        for name, limit in instance.limits.items()
        if limit.measure in ON_PLANTS
        for year in instance.years
        if applies(limit, year)
    ],
    latex=(
        r"\sum_{a \in \mathcal{L}_l} \varpi_{l,a} \kappa_a \overline{X}_{a,t} + \sum_{p \in"
        r" \mathcal{L}_l} \varpi_{l,p} \mathrm{cap}_{p,t} \;\Big|\; \sum_{p \in "
        r"\mathcal{L}_l} \varpi_{l,p} y_{p,t} \;\Big|\; \sum_{p \in \mathcal{L}_l} \varpi_{l,p}"
        r" \sum_{v \le t} (K_{p,v}"
        r" \Delta y_{p,v} + K^e_{p,v} \Delta e_{p,v}) "
        r"\;\lessgtr\; \Lambda_l"
    ),
    dual=DUAL,
    requirement="the limit {limit}",
    unit="its own unit",
    price=PRICE,
    binding="limit on plants",
    audit="limit on plants",
)
def limit_on_plants(
    model: pyo.ConcreteModel, instance: Instance, limit_name: str, year: int
) -> Any:
    """Credited capacity in service in the year (existing plants and projects, events aside), number
    of projects committed by it, or capital committed by it, due or not, over what the limit
    selects."""
    limit = instance.limits[limit_name]
    chosen = [
        plant for plant in instance.world.plants if selects_plant(instance.world, limit, plant)
    ]
    terms: Terms = []
    constant = 0.0
    for plant in chosen:
        candidate, weight = instance.candidates.get(plant), weight_of(limit, plant)
        if candidate is None:
            if limit.measure == "capacity":
                credit = instance.world.plants[plant].credit
                stands = scaled(instance.nameplate.get((plant, year), 0.0), weight * credit)
                constant += stands
                terms += times(-stands, out_of_service(model, instance, plant, year))
        elif limit.measure == "capacity":
            terms += times(weight, capacity_terms(model, candidate, year))
        elif limit.measure == "projects":
            terms += times(weight, committed_by(model, candidate, year))
        else:
            terms += times(weight, capital_terms(model, candidate, year))
    if constant == UNLIMITED:
        return (
            pyo.Constraint.Skip
            if limit.sense == "at least"
            else at_most(model, [(1.0, model.never)], -1.0)
        )
    return _bound(model, limit, terms, constant)


@row(
    over=lambda instance: [
        (name, state.name)
        for name, limit in instance.limits.items()
        if limit.measure not in ON_PLANTS and limit.years != "together"
        for state in instance.states.values()
        if state.mode == "normal" and applies(limit, state.year)
    ],
    latex=(
        r"\sum_{a \in \mathcal{L}_l} \varpi_{l,a}\, x_{a,c} \;\Big|\; \sum_{a \in"
        r" \mathcal{L}_l} \varpi_{l,a} \sum_{k \in \mathcal{L}_l} b^{+}_{a,k}\, x_{a,c} "
        r"\;\Big|\; \sum_{(r,r',k) \in \mathcal{L}_l} q_{r,r',k,c} \;\lessgtr\; \Lambda_l"
    ),
    dual=DUAL,
    requirement="the limit {limit}",
    unit="its own unit",
    price=PRICE,
    binding="limit on operation",
    audit="limit on operation",
)
def limit_on_operation(
    model: pyo.ConcreteModel, instance: Instance, limit_name: str, state_name: str
) -> Any:
    """Activity, production or shipments in a year of normal operation, over what the limit
    selects."""
    limit = instance.limits[limit_name]
    return _bound(model, limit, _operation_terms(model, instance, limit, state_name), 0.0)


def _paths(instance: Instance) -> list[tuple[str, str]]:
    return [
        (name, span)
        for name, limit in instance.limits.items()
        if limit.years == "together"
        for span in instance.normal_paths(limit)
        if any(applies(limit, year) for year in instance.years)
    ]


@row(
    over=_paths,
    latex=(
        r"\sum_{c \in \mathcal{C}_l} \Big( \sum_{a \in \mathcal{L}_l} \varpi_{l,a}\, x_{a,c}"
        r" \;\Big|\; \sum_{a \in \mathcal{L}_l} \varpi_{l,a} \sum_{k \in \mathcal{L}_l}"
        r" b^{+}_{a,k}\, x_{a,c} \;\Big|\; \sum_{(r,r',k) \in \mathcal{L}_l} q_{r,r',k,c} \Big)"
        r" \;\lessgtr\; \Lambda_l"
    ),
    dual=DUAL,
    requirement="the limit {limit}",
    unit="its own unit",
    price=PRICE,
    binding="limit over years",
    audit="limit over years",
)
def limit_over_years(
    model: pyo.ConcreteModel, instance: Instance, limit_name: str, span: str
) -> Any:
    """Activity, production or shipments in normal operation of several years together, over what
    the limit selects: a deposit, or a quota that may be saved. There is one row for each course of
    normal states; a scenario in which something is cut off follows the normal state beside it."""
    limit = instance.limits[limit_name]
    terms: Terms = []
    for state_name in instance.normal_paths(limit)[span]:
        terms += _operation_terms(model, instance, limit, state_name)
    return _bound(model, limit, terms, 0.0)


def _operation_terms(
    model: pyo.ConcreteModel, instance: Instance, limit: Limit, state_name: str
) -> Terms:
    """What a limit on operation adds up in a normal state."""
    state = instance.states[state_name]
    if limit.measure == "shipment":
        return [
            (1.0, model.shipment[arc, state_name]) for arc in state.arcs if selects_arc(limit, arc)
        ]
    terms: Terms = []
    for plant in state.plants:
        if selects_plant(instance.world, limit, plant):
            made = instance.world.outputs.get(instance.world.plants[plant].process, {})
            weight = weight_of(limit, plant) * (
                1.0
                if limit.measure == "activity"
                else sum(q for k, q in made.items() if limit.commodity in ("*", k))
            )
            if weight:
                terms.append((weight, model.activity[plant, state_name]))
    return terms
