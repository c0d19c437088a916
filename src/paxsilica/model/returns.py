"""Collection of goods after their years of use."""

from __future__ import annotations

from typing import Any

import pyomo.environ as pyo

from paxsilica.instance import Instance
from paxsilica.model.registry import at_most, row

PAST = "past"
"""Stands for the years before the case in the index of a row."""


def _collections(instance: Instance) -> list[tuple[str, str, str]]:
    """(plant, state, earlier state) for every collection of goods after use."""
    return [
        (plant, state.name, earlier)
        for plant, one in instance.returns.items()
        for state in instance.states.values()
        if plant in state.plants
        for earlier in instance.states_of_use(state, state.year - one.after_years) or (PAST,)
    ]


@row(
    over=_collections,
    latex=r"x_{a,c} \le \varrho_a\, (D_{r,k,c'} - u_{r,k,c'})",
    dual=(
        "USD million of cost per further unit of activity that the goods out of use allow; zero or"
        " negative"
    ),
    requirement="structural",
    unit="units of activity per year",
    price="the row defines what comes back; the goods that are made from it are priced",
    audit="returns after use",
)
def returns_after_use(
    model: pyo.ConcreteModel, instance: Instance, plant: str, state: str, earlier: str
) -> Any:
    """What is collected of a good out of use is at most its share of the final demand of the
    region that was served the years of use before. There is a row for each state of the world of
    that year that may have gone before; demand of years before the case was served in full."""
    one, activity = instance.returns[plant], [(1.0, model.activity[plant, state])]
    if earlier == PAST:
        year = instance.states[state].year - one.after_years
        return at_most(model, activity, one.share * one.past_demand[year])
    place = (one.region, one.commodity)
    sold = instance.states[earlier].demand.get(place, 0.0)
    if (*place, earlier) in model.unserved:
        activity.append((one.share, model.unserved[(*place, earlier)]))
    return at_most(model, activity, one.share * sold)
