"""Limits that the table ``limits`` puts on sums: a minimum of capacity, a maximum of sites, a floor
on shipments."""

from __future__ import annotations

from typing import Any

import pyomo.environ as pyo

from paxsilica.instance import UNLIMITED, Instance
from paxsilica.instance.selection import ON_PLANTS, applies, selects_arc, selects_plant
from paxsilica.instance.world import scaled
from paxsilica.model.investment import capacity_terms, capital_terms, committed_by
from paxsilica.model.registry import RowPrice, Terms, at_least, at_most, row
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
        r"\sum_{a \in \mathcal{L}_l} \kappa_a \overline{X}_{a,t} + \sum_{p \in \mathcal{L}_l}"
        r" \mathrm{cap}_{p,t} \;\Big|\; \sum_{p \in "
        r"\mathcal{L}_l} y_{p,t} \;\Big|\; \sum_{p \in \mathcal{L}_l} \sum_{v \le t} (K_{p,v}"
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
        candidate = instance.candidates.get(plant)
        if candidate is None:
            if limit.measure == "capacity":
                constant += scaled(
                    instance.nameplate.get((plant, year), 0.0), instance.world.plants[plant].credit
                )
        elif limit.measure == "capacity":
            terms += capacity_terms(model, candidate, year)
        elif limit.measure == "projects":
            terms += committed_by(model, candidate, year)
        else:
            terms += capital_terms(model, candidate, year)
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
        if limit.measure not in ON_PLANTS
        for state in instance.states.values()
        if state.mode == "normal" and applies(limit, state.year)
    ],
    latex=(
        r"\sum_{a \in \mathcal{L}_l} x_{a,c} \;\Big|\; \sum_{a \in \mathcal{L}_l} \sum_{k \in"
        r" \mathcal{L}_l} b^{+}_{a,k}\, x_{a,c} "
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
    limit, state = instance.limits[limit_name], instance.states[state_name]
    terms: Terms = []
    if limit.measure == "shipment":
        terms = [
            (1.0, model.shipment[arc, state_name]) for arc in state.arcs if selects_arc(limit, arc)
        ]
        return _bound(model, limit, terms, 0.0)
    for plant in state.plants:
        if selects_plant(instance.world, limit, plant):
            made = instance.world.outputs.get(instance.world.plants[plant].process, {})
            weight = (
                1.0
                if limit.measure == "activity"
                else sum(q for k, q in made.items() if limit.commodity in ("*", k))
            )
            if weight:
                terms.append((weight, model.activity[plant, state_name]))
    return _bound(model, limit, terms, 0.0)
