"""The mathematics. ``build`` is the table of contents: one line per family of rows, each written in
the module named."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

import pyomo.environ as pyo

from paxsilica.instance import Instance
from paxsilica.model import funding, investment, limits, operation, security, storage
from paxsilica.model.costs import objective_terms
from paxsilica.model.registry import COSTS, Cost, add, linear
from paxsilica.model.variables import declare


def build(instance: Instance) -> pyo.ConcreteModel:
    """The whole model of ``instance``; ``model.costs`` keeps each cost term by name."""
    model = pyo.ConcreteModel(name=instance.case.name)
    declare(model, instance)

    add(model, instance, investment.commit_once)
    add(model, instance, investment.required_commitment)
    add(model, instance, investment.size_needs_commitment)
    add(model, instance, investment.size_never_shrinks)
    add(model, instance, investment.size_set_at_commitment)
    add(model, instance, investment.exclusive_group)
    add(model, instance, investment.prerequisite)

    add(model, instance, funding.spend_equals_funding)
    add(model, instance, funding.funder_envelope)
    add(model, instance, funding.funder_annual_limit)
    add(model, instance, funding.funder_largest_share)
    add(model, instance, funding.smallest_ticket)
    add(model, instance, funding.payment_needs_ticket)
    add(model, instance, funding.ticket_needs_commitment)
    add(model, instance, funding.mandate_limit)
    add(model, instance, funding.programme_budget)

    add(model, instance, operation.commodity_balance)
    add(model, instance, operation.project_capacity)

    add(model, instance, security.readiness)
    add(model, instance, security.minimum_utilisation)
    add(model, instance, security.standby_within_capacity)
    add(model, instance, security.production_coverage)
    add(model, instance, security.delivery_coverage)
    add(model, instance, security.country_concentration)

    add(model, instance, storage.stock_draw_limit)

    add(model, instance, limits.limit_on_plants)
    add(model, instance, limits.limit_on_operation)

    costs: dict[str, Cost] = {name: doc.rule(model, instance) for name, doc in COSTS.items()}
    goal = objective_terms(model, instance, costs)
    model.costs = costs
    model.goal = pyo.Objective(expr=linear(goal.terms, goal.constant), sense=pyo.minimize)
    return model


@contextmanager
def without_collection() -> Iterator[None]:
    """Holds the garbage collector off: a model is many small objects that all live on, and looking
    through them doubles the time to build."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
