"""Cost terms by name, in USD million, discounted to the first year of the case and weighted with
probabilities.

The objective is the sum of these terms, and reports evaluate the same terms.
"""

from __future__ import annotations

from typing import Any

import pyomo.environ as pyo

from paxsilica.finance import MILLION
from paxsilica.instance import Instance, OperatingState
from paxsilica.instance.projects import differences
from paxsilica.model.closings import change_cost, saved_fixed_cost
from paxsilica.model.investment import capital_parts, fixed_cost_terms
from paxsilica.model.registry import Cost, Terms, cost, times
from paxsilica.model.variables import support_index


def _weight(instance: Instance, state: OperatingState) -> float:
    """From USD in a state to expected discounted USD million."""
    return 1 / MILLION * instance.discount(state.year) * state.probability


@cost(
    latex=(
        r"\sum_p \left(\sigma_p + \phi\, (1 - \sigma_p)\right) \sum_v \Big(\sum_t \beta_t\,"
        r" \alpha_{p,v,t}\Big) \Big(K_{p,v}\, \Delta y_{p,v} + K^e_{p,v}\, \big(\Delta e_{p,v} -"
        r" \sum_i \vartheta_{p,i}\, \Delta \gamma_{p,i,v}\big)\Big)"
    ),
    owner="investment",
)
def capital(model: pyo.ConcreteModel, instance: Instance) -> Cost:
    """Capital of projects as annuities from the planned start of operation on, at the social
    discount rate and with interest during construction, as far as they fall due within the years
    of the case. Public money costs more than its face value. Capital of projects without an
    economic life is charged in full as it falls due."""
    terms: Terms = []
    for candidate in instance.candidates.values():
        public = 1 - candidate.sponsor_share
        cost_of_money = candidate.sponsor_share + public * instance.case.finance.public_funds_cost
        for of, price, variables in capital_parts(model, candidate):
            worth = {
                v: cost_of_money
                * price[v]
                * sum(
                    instance.discount(year) * share for year, share in candidate.charges(v).items()
                )
                for v in of
            }
            terms += [(amount, variables[v]) for v, amount in differences(of, worth).items()]
    return Cost(terms)


@cost(
    latex=(
        r"\sum_{t} \beta_t \Big(\sum_{a \notin \mathcal{P}} F_{a,t} + \sum_{p,v}"
        r" \Pi_{p,t-v-\ell_p} \left(F_{p,t}\, \Delta y_{p,v} + F^e_{p,t}\,"
        r" \Delta e_{p,v}\right) + \sum_{a \notin \mathcal{P}} \big(K^c_{a,t}\, \Delta"
        r" \chi^c_{a,t} + K^r_{a,t}\, \chi^r_{a,t} - F_{a,t}\, (\chi^c_{a,t} + (1 -"
        r" \varphi_a)\, \chi^m_{a,t})\big)\Big)"
    ),
    owner="investment",
)
def fixed_operation(model: pyo.ConcreteModel, instance: Instance) -> Cost:
    """Expected fixed cost of plants in each year of operation: that of a project with the
    probability that it operates. That of an existing plant is a constant, unless the plan may
    close or mothball it: then what this saves is taken off, and the cost of closings and restarts
    is added."""
    terms: Terms = []
    for candidate in instance.candidates.values():
        for year in instance.years:
            terms += times(instance.discount(year), fixed_cost_terms(model, candidate, year))
    for plant, one in instance.closable.items():
        for year in one.years:
            weight = instance.discount(year)
            terms += times(-weight, saved_fixed_cost(model, instance, plant, year))
            terms += times(weight, change_cost(model, instance, plant, year))
    constant = sum(
        instance.discount(year) * amount for (_, year), amount in instance.fixed_asset_cost.items()
    )
    return Cost(terms, constant)


@cost(
    latex=r"10^{-6} \sum_c \pi_c\, \beta_{t(c)} \sum_a C_{a,c}\, x_{a,c}",
    owner="operation",
)
def operation(model: pyo.ConcreteModel, instance: Instance) -> Cost:
    """Variable cost of all activity."""
    terms: Terms = []
    for state in instance.states.values():
        weight = _weight(instance, state)
        if weight:
            terms += [
                (weight * unit, model.activity[plant, state.name])
                for plant, unit in state.variable_cost.items()
                if unit
            ]
    return Cost(terms)


@cost(
    latex=r"(\phi - 1) \sum_t \beta_t \sum_a o_{a,t}",
    owner="support",
)
def operating_support(model: pyo.ConcreteModel, instance: Instance) -> Cost:
    """What operating support costs the economy beyond its face value. Support is a transfer: what
    it pays for is in the other terms, so only the marginal cost of public funds above one counts.
    It is never a gain."""
    extra = instance.case.finance.public_funds_cost - 1
    if not extra:
        return Cost([])
    return Cost(
        [
            (extra * instance.discount(year), model.support[plant, year])
            for plant, year in support_index(instance)
        ]
    )


@cost(
    latex=r"10^{-6} \sum_c \pi_c\, \beta_{t(c)} \sum_{r,r',k} R_{r,r',k,t(c)}\, q_{r,r',k,c}",
    owner="operation",
)
def trade(model: pyo.ConcreteModel, instance: Instance) -> Cost:
    """Cost of shipments along routes."""
    terms: Terms = []
    for state in instance.states.values():
        weight = _weight(instance, state)
        if weight:
            terms += [
                (weight * arrow.cost_usd_per_unit, model.shipment[arc, state.name])
                for arc, arrow in state.arcs.items()
                if arrow.cost_usd_per_unit
            ]
    return Cost(terms)


@cost(
    latex=r"10^{-6} \sum_t \beta_t \sum_{r,k} H_{r,k,t}\, s_{r,k,t}",
    owner="storage",
)
def stockholding(model: pyo.ConcreteModel, instance: Instance) -> Cost:
    """Holding cost of stores, on the level at the end of each year."""
    return Cost(
        [
            (1 / MILLION * instance.discount(year) * unit, model.stock[(*place, year)])
            for (place, year), unit in instance.holding_cost.items()
            if unit
        ]
    )


@cost(
    latex=r"10^{-6} \sum_c \pi_c\, \beta_{t(c)} \sum_{r,k} P_{k,t(c)}\, u_{r,k,c}",
    owner="operation",
)
def unmet_demand(model: pyo.ConcreteModel, instance: Instance) -> Cost:
    """Expected damage of final demand that is not served, at the shortage price."""
    terms: Terms = []
    for region, commodity, name in model.unserved:
        state = instance.states[name]
        weight = _weight(instance, state)
        if weight:
            terms.append(
                (
                    weight * instance.shortage_price[commodity, state.year],
                    model.unserved[region, commodity, name],
                )
            )
    return Cost(terms)


@cost(
    latex=(
        r"\sum_{c} \beta_{t(c)} \Big(\sum_j \omega\, W_{j,t(c)}\, h_{j,c} + 10^{-6} \sum_{r,k}"
        r" P_{k,t(c)}\, v_{r,k,c}\Big)"
    ),
    owner="security",
)
def coverage_shortfall(model: pyo.ConcreteModel, instance: Instance) -> Cost:
    """The value added at risk by missing coverage, and output above the cap on a region's share at
    the shortage price, where these are soft. Value added leaves out inputs, so that a shortfall
    that passes along the chain is counted once. It is a standard that the case sets and not an
    expectation, so it has no probability."""
    terms: Terms = []
    coverage = instance.case.coverage
    unpriced = coverage is None or coverage.hard or instance.case.objective == "security"
    weight = 0.0 if coverage is None or unpriced else coverage.shortfall_weight
    for stage, name in model.shortfall if weight else ():
        year = instance.states[name].year
        price = weight * instance.discount(year) * instance.value_at_risk[stage, year]
        terms.append((price, model.shortfall[stage, name]))
    for region, commodity, name in model.concentration_excess:
        year = instance.states[name].year
        price = 1 / MILLION * instance.discount(year) * instance.shortage_price[commodity, year]
        terms.append((price, model.concentration_excess[region, commodity, name]))
    return Cost(terms)


@cost(
    latex=r"\eta \sum_{t} \beta_t \sum_{(g,p) \notin \mathcal{H}} f_{g,p,t}",
    owner="funding",
    preference=True,
)
def funder_preference(model: pyo.ConcreteModel, instance: Instance) -> Cost:
    """The weight of the money that funders pay outside their home region into projects on which
    they have no deal. It is a preference: it is part of what is minimised, so that it decides
    between plans of nearly the same cost, and it is no part of the cost of a plan."""
    weight = instance.case.funders.preference
    if instance.funding is None or not weight:
        return Cost()
    return Cost(
        [
            (weight * instance.discount(year), var)
            for (funder, project, year), var in model.payment.items()
            if (funder, project) not in instance.funding.preferred
        ]
    )


def minimised(model: pyo.ConcreteModel, instance: Instance) -> Any:
    """What the case minimises, as an expression of the named cost terms, USD million."""
    if instance.case.objective == "budget":
        return model.public_money
    return sum(model.cost_terms.values())
