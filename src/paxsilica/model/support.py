"""Operating support of plants that are kept ready, and who pays it."""

from __future__ import annotations

from typing import Any

import pyomo.environ as pyo

from paxsilica.finance import MILLION
from paxsilica.instance import Instance
from paxsilica.model.investment import capacity_terms, fixed_cost_terms, owner_charge_terms
from paxsilica.model.registry import Terms, at_least, at_most, equal, row, times
from paxsilica.model.variables import sold_index, support_group_index, support_index


def needed_terms(model: pyo.ConcreteModel, instance: Instance, plant: str, state: str) -> Terms:
    """What a plant lacks in a normal state to earn its cost, USD million per year."""
    support, year = instance.support[plant, state], instance.states[state].year
    terms: Terms = []
    if plant in instance.candidates:
        candidate = instance.candidates[plant]
        terms += fixed_cost_terms(model, candidate, year)
        terms += owner_charge_terms(model, candidate, year)
    ready = (plant, state) in model.standby
    if ready and support.fixed:
        terms.append((support.fixed, model.standby[plant, state]))
    if ready and support.loss > 0 and support.kept_share:
        kept = support.kept_share * support.loss / MILLION
        terms.append((kept, model.standby[plant, state]))
    if (plant, state) in model.sold:
        terms.append((support.loss / MILLION, model.sold[plant, state]))
    elif support.sells == "all" and plant in instance.candidates:
        made = capacity_terms(model, instance.candidates[plant], year, support.room)
        terms += times(support.loss / MILLION, made)
    return terms


def earned_anyway(instance: Instance, plant: str, state: str) -> float:
    """Profit of an existing plant that sells all that its capacity can make, USD million a year;
    nothing for a project, whose capacity is decided."""
    support = instance.support[plant, state]
    if support.sells != "all" or plant in instance.candidates:
        return 0.0
    return -support.loss * support.room / MILLION


@row(
    over=lambda instance: list(instance.support),
    latex=(
        r"o_{a,t(c)} \ge \sum_{v} \Pi_{a,t(c)-v-\ell_a} \left( (F_{a,t(c)} + \sigma_a\,"
        r" \alpha^o_{a,v,t(c)}\, K_{a,v})\, \Delta y_{a,v} + (F^e_{a,t(c)} + \sigma_a\,"
        r" \alpha^o_{a,v,t(c)}\, K^e_{a,v})\, \Delta e_{a,v}\right) + \bar F_{a,t(c)}\, w_{a,c} +"
        r" 10^{-6} \left(\max(0, G_{a,c})\, \bar\mu_a\, w_{a,c} + \min(0, G_{a,c})\,"
        r" \left(\zeta_{a,c} \;\Big|\; \varepsilon_{a,c}\, \kappa_a \overline{X}_{a,t(c)} \;\Big|\;"
        r" \varepsilon_{a,c}\, \mathrm{cap}_{a,t(c)} \;\Big|\; 0\right)\right)"
    ),
    dual=(
        "USD million of cost per further USD million that the plant lacks in the state; zero or"
        " positive"
    ),
    requirement="structural",
    unit="USD million",
    price="the row defines the support of a plant; the budget and the envelopes that pay it are"
    " priced",
    audit="operating support",
)
def support_need(model: pyo.ConcreteModel, instance: Instance, plant: str, state: str) -> Any:
    """In each normal state support covers what a plant lacks at list prices: its fixed cost, the
    annuity of its owner's capital at the owner's rate, and the loss on the output that readiness
    requires, less the profit on output that is sold: all that the capacity of the plant can make,
    or, where plants could make more than final demand needs, the part that is sold. A plant without
    feed or without a use of its product in the state, and one whose product final demand does not
    need, sell nothing (the last case of the formula). A plant that earns its cost whatever is
    decided, as it sells all that it can make, has no row. Fixed cost and
    annuity of a project count with the probability that it operates; the fixed cost of an existing
    plant counts in proportion to its standby capacity. Output that loses money and is not required
    is not paid for."""
    year = instance.states[state].year
    needed = needed_terms(model, instance, plant, state)
    if not needed:
        return pyo.Constraint.Skip
    received = (1.0, model.support[plant, year])
    return at_least(model, [received, *times(-1.0, needed)], -earned_anyway(instance, plant, state))


@row(
    over=lambda instance: [
        key
        for key in sold_index(instance)
        if key[0] in instance.candidates or _shares_capacity(instance, *key)
    ],
    latex=r"\zeta_{a,c} \le \varepsilon_{a,c}\, \mathrm{cap}_{a,t(c)} \;\Big|\; x_{a,c}",
    dual=(
        "USD million of cost per further unit of activity that earns a profit: the support that it"
        " saves; zero or negative"
    ),
    requirement="structural",
    unit="units of activity per year",
    price="the row defines what is sold; the support that it saves is priced by the budget",
    audit="operating support",
)
def sold_within_capacity(
    model: pyo.ConcreteModel, instance: Instance, plant: str, state: str
) -> Any:
    """A project sells no more than its credited capacity can make. (The capacity of an existing
    plant is the upper bound of what it sells. A plant that shares its capacity with other recipes
    in the state, and each of these recipes, sells no more than it makes.)"""
    sold = (1.0, model.sold[plant, state])
    if _shares_capacity(instance, plant, state):
        return at_most(model, [sold, (-1.0, model.activity[plant, state])], 0.0)
    candidate, where = instance.candidates[plant], instance.states[state]
    room = capacity_terms(model, candidate, where.year, instance.support[plant, state].room)
    return at_most(model, [sold, *times(-1.0, room)], 0.0)


def _shares_capacity(instance: Instance, plant: str, state: str) -> bool:
    return plant in instance.world.shared or plant in instance.states[state].shared


def _markets(instance: Instance) -> list[tuple[str, str]]:
    return list(instance.paid_support.market)


@row(
    over=_markets,
    latex=r"\sum_{a:\, k(a) = k} b^{+}_{a,k}\, \zeta_{a,c} \le \overline{N}_{k,c}",
    dual=(
        "USD million of cost per further unit of the commodity that final demand needs in the"
        " normal state: the support that selling it saves; zero or negative"
    ),
    requirement="structural",
    unit="commodity units per year",
    price="the row keeps output that is left over from lowering support",
    audit="output sold within need",
)
def sold_within_need(
    model: pyo.ConcreteModel, instance: Instance, commodity: str, state: str
) -> Any:
    """The plants that may need support sell no more of their main product than the final demand of
    all regions needs in the normal state, gross, along the benchmark recipes. Without this row a
    plant could lower its support with output that nobody takes. A good that no benchmark recipe
    leads to has no such need, and its plants no profit that counts."""
    terms: Terms = [
        (instance.world.outputs[one.process][commodity], model.sold[plant, name])
        for plant, name in model.sold
        if name == state
        for one in (instance.world.plants[plant],)
        if one.main_product == commodity
    ]
    return at_most(model, terms, instance.paid_support.market[commodity, state])


@row(
    over=support_group_index,
    latex=r"\sum_g g_{g,m,t} = \sum_{a \in \mathcal{A}_m} o_{a,t}",
    dual=(
        "USD million of cost per further USD million of support to be paid to the plants of the"
        " group in the year: the scarcity of the money of the funders that may pay; free, as the"
        " row is an equation"
    ),
    requirement="structural",
    unit="USD million",
    money=True,
    price="the row divides support among funders; their envelopes are priced",
    audit="payments of operating support",
)
def support_equals_funding(
    model: pyo.ConcreteModel, instance: Instance, group: str, year: int
) -> Any:
    """The support of the plants of a group, which the same funders may pay, is paid by these
    funders."""
    one = instance.support_groups[group]
    paid: Terms = [
        (1.0, model.support_payment[funder, group, year])
        for funder in one.funders
        if (funder, group, year) in model.support_payment
    ]
    received: Terms = [
        (-1.0, model.support[plant, year]) for plant in one.plants if (plant, year) in model.support
    ]
    return equal(model, paid + received, 0.0)


def support_total(model: pyo.ConcreteModel, instance: Instance) -> Terms:
    """Support of all plants in all years, undiscounted, USD million."""
    return [(1.0, model.support[index]) for index in support_index(instance)]
