"""Stores: filled and drawn in normal times; strategic ones are also drawn in a cut-off."""

from __future__ import annotations

from typing import Any

import pyomo.environ as pyo

from paxsilica.instance import Instance
from paxsilica.model.registry import at_most, row


def _draws(instance: Instance) -> list[tuple[str, str, str]]:
    return [
        (*place, state.name)
        for state in instance.states.values()
        if state.mode == "disrupted"
        for place, store in instance.stocks.items()
        if store.strategic and place in state.places
    ]


@row(
    over=_draws,
    latex=r"n\, d_{r,k,c} \le s_{r,k,t(c)-1}",
    dual=(
        "USD million of cost per further unit in store at the start of the year of the cut-off;"
        " zero or negative"
    ),
    requirement="structural",
    unit="commodity units",
    price="what is in store is priced as the commodity",
    audit="draw on a store",
)
def stock_draw_limit(
    model: pyo.ConcreteModel, instance: Instance, region: str, commodity: str, state: str
) -> Any:
    """In a year of a cut-off the draw is at most the level at the start of the year, spread over
    the years that the store must last."""
    year = instance.states[state].year
    lasting = instance.case.coverage.outage_years if instance.case.coverage is not None else 1
    draw = (float(lasting), model.stock_draw[region, commodity, state])
    if year == instance.years[0]:
        return at_most(model, [draw], instance.stocks[region, commodity].initial)
    return at_most(model, [draw, (-1.0, model.stock[region, commodity, year - 1])], 0.0)
