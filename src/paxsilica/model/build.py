"""The model. ``build`` has one line per row family; each row is written in the module named."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

import pyomo.environ as pyo

from paxsilica.instance import Instance
from paxsilica.model import (
    closings,
    funding,
    investment,
    limits,
    operation,
    returns,
    security,
    storage,
    support,
)
from paxsilica.model.costs import minimised
from paxsilica.model.funding import programme_capital, programme_money
from paxsilica.model.registry import COSTS, Cost, add, linear
from paxsilica.model.variables import declare, declare_sets


def build(instance: Instance) -> pyo.ConcreteModel:
    """The whole model of ``instance``.

    Besides variables and rows (see ``models/FORMULATION.md``) the model has the sets ``projects``,
    ``years``, ``states``, ``plants``, ``commodities``, ``regions`` and ``funders``; the parameters
    ``discount`` (by year, share of 1), ``need`` (by commodity and year, commodity units per year)
    and ``budget`` (USD million, infinite if there is none); the expressions ``cost_terms`` (by
    name, USD million), ``public_capital`` and ``public_money`` (what the budget limits; both USD
    million, not discounted); the objective ``goal``; and, as plain attributes, ``instance`` and
    ``costs`` (each term as coefficients).
    """
    model = pyo.ConcreteModel(name=instance.case.name)
    model.instance = instance
    declare_sets(model, instance)
    declare(model, instance)

    add(model, instance, investment.commit_once)
    add(model, instance, investment.required_commitment)
    add(model, instance, investment.size_needs_commitment)
    add(model, instance, investment.size_never_shrinks)
    add(model, instance, investment.size_set_at_commitment)
    add(model, instance, investment.size_in_steps)
    add(model, instance, investment.beyond_at_least)
    add(model, instance, investment.beyond_at_most)
    add(model, instance, investment.beyond_when_reached)
    add(model, instance, investment.exclusive_group)
    add(model, instance, investment.prerequisite)

    add(model, instance, closings.closed_for_good)
    add(model, instance, closings.closed_or_mothballed)
    add(model, instance, closings.restart)
    add(model, instance, closings.open_capacity)
    add(model, instance, closings.open_must_run)

    add(model, instance, funding.spend_equals_funding)
    add(model, instance, funding.funder_envelope)
    add(model, instance, funding.funder_annual_limit)
    add(model, instance, funding.funder_largest_share)
    add(model, instance, funding.smallest_ticket)
    add(model, instance, funding.payment_needs_ticket)
    add(model, instance, funding.ticket_needs_commitment)
    add(model, instance, funding.mandate_limit)
    add(model, instance, funding.signed_deal)
    add(model, instance, funding.programme_budget)

    add(model, instance, support.support_need)
    add(model, instance, support.sold_within_capacity)
    add(model, instance, support.sold_within_need)
    add(model, instance, support.support_equals_funding)

    add(model, instance, operation.commodity_balance)
    add(model, instance, operation.project_capacity)
    add(model, instance, operation.shared_capacity)

    add(model, instance, returns.returns_after_use)

    add(model, instance, security.readiness)
    add(model, instance, security.minimum_utilisation)
    add(model, instance, security.standby_within_capacity)
    add(model, instance, security.production_coverage)
    add(model, instance, security.delivery_coverage)
    add(model, instance, security.outside_uses)
    add(model, instance, security.country_concentration)

    add(model, instance, storage.stock_draw_limit)

    add(model, instance, limits.limit_on_plants)
    add(model, instance, limits.limit_on_operation)
    add(model, instance, limits.limit_over_years)

    costs: dict[str, Cost] = {name: doc.rule(model, instance) for name, doc in COSTS.items()}
    model.costs = costs
    model.cost_terms = pyo.Expression(
        list(costs), rule=lambda _, name: linear(costs[name].terms, costs[name].constant)
    )
    model.public_capital = pyo.Expression(expr=linear(programme_capital(model, instance)))
    model.public_money = pyo.Expression(expr=linear(programme_money(model, instance)))
    model.goal = pyo.Objective(expr=minimised(model, instance), sense=pyo.minimize)
    return model


@contextmanager
def without_collection() -> Iterator[None]:
    """Switches the garbage collector off: it doubles the time to build the many small objects of a
    model."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
