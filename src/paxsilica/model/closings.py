"""Existing plants that the plan closes for good, or mothballs for some years."""

from __future__ import annotations

from typing import Any

import pyomo.environ as pyo

from paxsilica.instance import UNLIMITED, Instance
from paxsilica.model.registry import Terms, at_least, at_most, row
from paxsilica.model.variables import closed_index, mothballed_index, restart_index

DECISION = "a yes-or-no decision; its value is found by solving again"


def out_of_service(model: Any, instance: Instance, plant: str, year: int) -> Terms:
    """The decisions whose sum says that an existing plant is closed or mothballed in ``year``;
    empty for a plant that stays open. ``model`` may be the values of a plan."""
    if plant not in instance.closable:
        return []
    return [
        (1.0, family[plant, year])
        for family in (model.closed, model.mothballed)
        if (plant, year) in family
    ]


def saved_fixed_cost(model: Any, instance: Instance, plant: str, year: int) -> Terms:
    """Fixed cost of a plant in ``year`` that is saved because it is closed or mothballed, USD
    million."""
    cost = instance.fixed_asset_cost.get((plant, year), 0.0)
    kept = instance.closable[plant].kept_share or 0.0
    return [
        (cost * share, family[plant, year])
        for family, share in ((model.closed, 1.0), (model.mothballed, 1.0 - kept))
        if (plant, year) in family and cost * share
    ]


def change_cost(model: Any, instance: Instance, plant: str, year: int) -> Terms:
    """Cost of closing a plant in ``year`` or of restarting it, USD million."""
    terms: Terms = []
    cost = instance.closable[plant].closing_cost.get(year, 0.0)
    if cost:
        terms.append((cost, model.closed[plant, year]))
        if (plant, year - 1) in model.closed:
            terms.append((-cost, model.closed[plant, year - 1]))
    if (plant, year) in model.restarted:
        terms.append((instance.closable[plant].restart_cost[year], model.restarted[plant, year]))
    return terms


@row(
    over=lambda instance: [
        (plant, year)
        for plant, year in closed_index(instance)
        if year > instance.closable[plant].years[0]
    ],
    latex=r"\chi^c_{a,t} \ge \chi^c_{a,t-1}",
    dual=(
        "USD million of cost that would be saved if a unit of the closing could be undone after"
        " year t-1; zero or positive"
    ),
    requirement="structural",
    unit="closings",
    price=DECISION,
    audit="state of a plant",
)
def closed_for_good(model: pyo.ConcreteModel, instance: Instance, plant: str, year: int) -> Any:
    """A closed plant stays closed."""
    return at_least(
        model, [(1.0, model.closed[plant, year]), (-1.0, model.closed[plant, year - 1])], 0.0
    )


@row(
    over=lambda instance: [
        (plant, year)
        for plant, year in mothballed_index(instance)
        if instance.closable[plant].closing_cost
    ],
    latex=r"\chi^c_{a,t} + \chi^m_{a,t} \le 1",
    dual=(
        "USD million of cost per unit by which a plant may be closed and mothballed at once; zero"
        " or negative"
    ),
    requirement="structural",
    unit="closings",
    price=DECISION,
    audit="state of a plant",
)
def closed_or_mothballed(
    model: pyo.ConcreteModel, instance: Instance, plant: str, year: int
) -> Any:
    """A plant is open, mothballed or closed."""
    return at_most(model, out_of_service(model, instance, plant, year), 1.0)


@row(
    over=restart_index,
    latex=r"\chi^r_{a,t} \ge \chi^m_{a,t-1} - \chi^m_{a,t} - \chi^c_{a,t}",
    dual="USD million of cost per unit of a restart; zero or positive",
    requirement="structural",
    unit="restarts",
    price=DECISION,
    audit="term of cost",
)
def restart(model: pyo.ConcreteModel, instance: Instance, plant: str, year: int) -> Any:
    """A plant that was mothballed in the year before and is neither mothballed nor closed is
    restarted."""
    return at_least(
        model,
        [
            (1.0, model.restarted[plant, year]),
            (-1.0, model.mothballed[plant, year - 1]),
            *out_of_service(model, instance, plant, year),
        ],
        0.0,
    )


def _closable_in(instance: Instance, *, must_run: bool) -> list[tuple[str, str]]:
    return [
        (plant, state.name)
        for state in instance.states.values()
        for plant in instance.closable
        if plant in state.capacity
        and (
            not must_run
            or (state.mode == "normal" and instance.world.plants[plant].must_run_share > 0)
        )
        and state.capacity[plant] != UNLIMITED
    ]


@row(
    over=lambda instance: _closable_in(instance, must_run=False),
    latex=(
        r"x_{a,c} \le \varepsilon_{a,c}\, \kappa_a \overline{X}_{a,t(c)}\, (1 - \chi^c_{a,t(c)} -"
        r" \chi^m_{a,t(c)})"
    ),
    dual=(
        "USD million of cost per unit of activity that a closed or mothballed plant may run; zero"
        " or negative"
    ),
    requirement="structural",
    unit="units of activity per year",
    price="capacity of a plant that may be closed has no dual of its own; its value is found by"
    " solving again",
    audit="activity within capacity",
)
def open_capacity(model: pyo.ConcreteModel, instance: Instance, plant: str, state: str) -> Any:
    """A plant that is closed or mothballed does not run."""
    room, year = instance.states[state].capacity[plant], instance.states[state].year
    idle = out_of_service(model, instance, plant, year)
    return at_most(
        model,
        [(1.0, model.activity[plant, state]), *((room * one, var) for one, var in idle)],
        room,
    )


@row(
    over=lambda instance: _closable_in(instance, must_run=True),
    latex=(
        r"x_{a,c} \ge m_a\, \varepsilon_{a,c}\, \kappa_a \overline{X}_{a,t(c)}\, (1 -"
        r" \chi^c_{a,t(c)} - \chi^m_{a,t(c)})"
    ),
    dual="USD million of cost per unit of activity that always runs; zero or positive",
    requirement="structural",
    unit="units of activity per year",
    price="what always runs is a property of the plant",
    audit="must run",
)
def open_must_run(model: pyo.ConcreteModel, instance: Instance, plant: str, state: str) -> Any:
    """In normal times an open plant runs at least the share of its capacity that always runs. (For
    a plant that stays open this is the lower bound of the variable.)"""
    where = instance.states[state]
    least = instance.world.plants[plant].must_run_share * where.capacity[plant]
    idle = out_of_service(model, instance, plant, where.year)
    return at_least(
        model,
        [(1.0, model.activity[plant, state]), *((least * one, var) for one, var in idle)],
        least,
    )
