"""Payments for committed projects."""

from __future__ import annotations

from typing import Any

import pyomo.environ as pyo

from paxsilica.instance import UNLIMITED, Instance
from paxsilica.model.investment import committed_by, spend_terms
from paxsilica.model.registry import RowPrice, Terms, at_least, at_most, equal, row, times
from paxsilica.model.support import support_total
from paxsilica.model.variables import ticket_index

INTEGER = "a yes-or-no decision; the envelope of the funder is priced"


def _money(item: str, words: str, where: str, *, shown: bool = False) -> RowPrice:
    unit = "USD million per USD million"
    return RowPrice(item, unit, True, words, where, single=True, shown=shown)


def payments_into(model: pyo.ConcreteModel, instance: Instance, funder: str, project: str) -> Terms:
    """All payments of the funder into the project."""
    return [
        (1.0, model.payment[funder, project, t])
        for t in instance.candidates[project].payment_years
        if (funder, project, t) in model.payment
    ]


def public_spend(model: pyo.ConcreteModel, instance: Instance, project: str, year: int) -> Terms:
    """Capital due in ``year`` that is not the sponsor's own, USD million."""
    candidate = instance.candidates[project]
    return times(1 - candidate.sponsor_share, spend_terms(model, candidate, year))


def _dues(instance: Instance) -> list[tuple[str, int]]:
    if instance.funding is None:
        return []
    return [
        (name, year)
        for name, candidate in instance.candidates.items()
        if candidate.sponsor_share < 1
        for year in candidate.payment_years
    ]


@row(
    over=_dues,
    latex=r"\sum_g f_{g,p,t} = (1 - \sigma_p)\, \mathrm{due}_{p,t}",
    dual=(
        "USD million of cost per further USD million to be paid into the project in the year: the"
        " scarcity of the money of the funders that may pay; free, as the row is an equation, and"
        " zero where one of them has money left"
    ),
    requirement="structural",
    unit="USD million",
    one_project=True,
    price="the row divides a payment among funders; their envelopes are priced",
    audit="payments of funders",
)
def spend_equals_funding(
    model: pyo.ConcreteModel, instance: Instance, project: str, year: int
) -> Any:
    """What falls due for a project in a year, less the sponsor's own share, is paid by funders;
    nothing is paid that is not due."""
    assert instance.funding is not None
    paid: Terms = [
        (1.0, model.payment[funder, project, year])
        for funder in instance.funding.funders
        if (funder, project, year) in model.payment
    ]
    return equal(model, paid + times(-1.0, public_spend(model, instance, project, year)), 0.0)


def _with_envelope(instance: Instance) -> list[tuple[str]]:
    funders = {} if instance.funding is None else instance.funding.funders
    return [(name,) for name, funder_terms in funders.items() if funder_terms.envelope != UNLIMITED]


@row(
    over=_with_envelope,
    latex=r"\sum_{p,t} f_{g,p,t} + \sum_{m,t} g_{g,m,t} \le E_g",
    dual="USD million of cost per further USD million in the funder's envelope; zero or negative",
    requirement="no more than {funder_name} can pay",
    unit="USD million",
    money=True,
    price=_money("envelope", "the envelope of {funder}", "{funder}", shown=True),
    binding="envelope of a funder",
    audit="envelope of a funder",
)
def funder_envelope(model: pyo.ConcreteModel, instance: Instance, funder: str) -> Any:
    """A funder pays no more than its envelope, as far as it is delivered, for capital and operating
    support."""
    assert instance.funding is not None
    terms = [(1.0, var) for _, var in model.payments_of[funder]]
    return at_most(model, terms, instance.funding.funders[funder].envelope)


def _with_limit(instance: Instance) -> list[tuple[str, int]]:
    funders = {} if instance.funding is None else instance.funding.funders
    return [
        (name, year)
        for name, funder_terms in funders.items()
        for year, limit in funder_terms.limit.items()
        if limit != UNLIMITED
    ]


@row(
    over=_with_limit,
    latex=(
        r"\sum_{t' \in \mathcal{T}_{g,t}} \Big(\sum_p f_{g,p,t'} + \sum_m g_{g,m,t'}\Big) \le"
        r" \sum_{t' \in \mathcal{T}_{g,t}} L_{g,t'}, \quad \mathcal{T}_{g,t} = "
        r"\{t' \le t\} \text{ with carry-over, else } \{t\}"
    ),
    dual=(
        "USD million of cost per further USD million that the funder may pay by the year (without"
        " carry-over: in the year); zero or negative"
    ),
    requirement="no more than {funder_name} can pay",
    unit="USD million",
    money=True,
    price=_money("annual limit", "what {funder} may pay {timing} {year}", "{funder}"),
    binding="limit of a funder by year",
    audit="limit of a funder by year",
)
def funder_annual_limit(
    model: pyo.ConcreteModel, instance: Instance, funder: str, year: int
) -> Any:
    """A funder pays no more by any year, for capital and operating support, than its annual limits
    up to then, or, without carry-over, no more in a year than that year's limit."""
    assert instance.funding is not None
    funder_terms = instance.funding.funders[funder]
    years = {t for t in funder_terms.limit if t == year or (funder_terms.carry_over and t < year)}
    terms = [(1.0, var) for paid, var in model.payments_of[funder] if paid in years]
    return at_most(model, terms, sum(funder_terms.limit[t] for t in years))


@row(
    over=lambda instance: (
        []
        if instance.funding is None
        else [
            (g, p)
            for g, p in instance.funding.pairs
            if instance.funding.funders[g].largest_share < 1 - instance.candidates[p].sponsor_share
        ]
    ),
    latex=r"\sum_t f_{g,p,t} \le \lambda_g \sum_t \mathrm{due}_{p,t} + Q^{+}_{g,p}",
    dual=(
        "USD million of cost per USD million that the funder may pay into the project above its"
        " largest share; zero or negative"
    ),
    requirement="structural",
    unit="USD million",
    money=True,
    one_project=True,
    price="a share of one project; the envelope of the funder is priced",
    audit="largest share of a funder",
)
def funder_largest_share(
    model: pyo.ConcreteModel, instance: Instance, funder: str, project: str
) -> Any:
    """A funder pays no more than its largest share of all capital of a project, the owner's part
    included, and what a signed deal adds to it. There is no row where the owner leaves no more than
    that share."""
    assert instance.funding is not None
    candidate = instance.candidates[project]
    share = instance.funding.funders[funder].largest_share
    capital = [
        term for year in candidate.payment_years for term in spend_terms(model, candidate, year)
    ]
    return at_most(
        model,
        payments_into(model, instance, funder, project) + times(-share, capital),
        instance.funding.above_share(funder, candidate),
    )


@row(
    over=ticket_index,
    latex=r"\sum_t f_{g,p,t} \ge \underline{f}_g\, z_{g,p}",
    dual=(
        "USD million of cost per USD million that the funder must pay into the project above its"
        " smallest ticket; zero or positive"
    ),
    requirement="structural",
    unit="USD million",
    one_project=True,
    price=INTEGER,
    audit="smallest ticket of a funder",
)
def smallest_ticket(model: pyo.ConcreteModel, instance: Instance, funder: str, project: str) -> Any:
    """A funder that takes part in a project pays at least its smallest ticket."""
    assert instance.funding is not None
    ticket = instance.funding.funders[funder].smallest_ticket
    return at_least(
        model,
        [
            *payments_into(model, instance, funder, project),
            (-ticket, model.ticket[funder, project]),
        ],
        0.0,
    )


@row(
    over=ticket_index,
    latex=r"\sum_t f_{g,p,t} \le M_{g,p}\, z_{g,p}",
    dual=(
        "USD million of cost per USD million that the funder may pay into the project without"
        " taking part; zero or negative"
    ),
    requirement="structural",
    unit="USD million",
    one_project=True,
    price=INTEGER,
    audit="smallest ticket of a funder",
)
def payment_needs_ticket(
    model: pyo.ConcreteModel, instance: Instance, funder: str, project: str
) -> Any:
    """A funder pays only into projects in which it takes part; the bound is the most that it could
    pay, from the data."""
    assert instance.funding is not None
    most = instance.funding.pairs[funder, project]
    return at_most(
        model,
        [*payments_into(model, instance, funder, project), (-most, model.ticket[funder, project])],
        0.0,
    )


@row(
    over=ticket_index,
    latex=r"z_{g,p} \le y_{p,T}",
    dual="USD million of cost per unit of taking part that needs no commitment; zero or negative",
    requirement="structural",
    unit="tickets",
    one_project=True,
    price=INTEGER,
    audit="payment into a project",
)
def ticket_needs_commitment(
    model: pyo.ConcreteModel, instance: Instance, funder: str, project: str
) -> Any:
    """A funder takes part only in a project that is committed."""
    committed = committed_by(model, instance.candidates[project], instance.years[-1])
    return at_most(model, [(1.0, model.ticket[funder, project]), *times(-1.0, committed)], 0.0)


@row(
    over=lambda instance: (
        [] if instance.funding is None else [row[:3] for row in instance.funding.mandate_limits]
    ),
    latex=(
        r"\sum_{p \in \mathcal{M}_m} \sum_t f_{g,p,t} + \sum_{m' \in \mathcal{M}_m} \sum_t"
        r" g_{g,m',t} \le B_m"
    ),
    dual=(
        "USD million of cost per further USD million that the funder may pay under the mandate;"
        " zero or negative"
    ),
    requirement="the mandate limit of {funder} for stage {stage} and region {region}",
    unit="USD million",
    money=True,
    price=_money(
        "mandate",
        "what {funder} may pay under its mandate for stage {stage} in {region}",
        "{funder}, {stage}, {region}",
    ),
    binding="limit of a mandate",
    audit="limit of a mandate",
)
def mandate_limit(
    model: pyo.ConcreteModel, instance: Instance, funder: str, stage: str, region: str
) -> Any:
    """A funder pays no more for the projects, and the operating support of the plants, that a
    mandate fits than the mandate allows; what two mandates fit counts twice."""
    assert instance.funding is not None
    limits = instance.funding.mandate_limits
    at = next(at for at, one in enumerate(limits) if one[:3] == (funder, stage, region))
    terms = [
        term
        for project in limits[at][4]
        for term in payments_into(model, instance, funder, project)
    ]
    terms += [
        (1.0, var)
        for (payer, group, _), var in model.support_payment.items()
        if payer == funder and at in instance.support_groups[group].mandates
    ]
    return at_most(model, terms, limits[at][3])


@row(
    over=lambda instance: [] if instance.case.budget_usd_m is None else [("programme",)],
    latex=(r"\sum_p (1 - \sigma_p) \sum_t \mathrm{due}_{p,t} + \nu \sum_{a,t} o_{a,t} \le B"),
    dual=(
        "USD million of cost per further USD million of budget; zero or negative. With the lumpy"
        " decisions fixed and no size left free it is zero, which does not measure what the budget"
        " is worth"
    ),
    requirement="the budget of USD {budget} million",
    unit="USD million",
    money=True,
    price=_money("budget", "the programme's budget", "programme", shown=True),
    binding="budget of the programme",
    audit="budget of the programme",
)
def programme_budget(model: pyo.ConcreteModel, instance: Instance, _: str) -> Any:
    """All funders together pay no more than the budget of the programme, in all years,
    undiscounted: public capital and operating support, or, where the case says so, public capital
    alone. The sponsor's own share does not count."""
    return at_most(model, programme_money(model, instance), model.budget.value)


def programme_money(model: pyo.ConcreteModel, instance: Instance) -> Terms:
    """What the budget limits: public capital and, unless the budget covers capital alone, the
    operating support, in all years, undiscounted, USD million."""
    capital = programme_capital(model, instance)
    covers_all = instance.case.budget.covers == "money"
    return capital + (support_total(model, instance) if covers_all else [])


def programme_capital(model: pyo.ConcreteModel, instance: Instance) -> Terms:
    """Public capital of all projects in all years, undiscounted, USD million."""
    totals: dict[int, tuple[float, Any]] = {}
    for project, candidate in instance.candidates.items():
        for year in candidate.payment_years:
            for amount, var in public_spend(model, instance, project, year):
                before = totals.get(id(var), (0.0, var))[0]
                totals[id(var)] = (before + amount, var)
    return [(amount, var) for amount, var in totals.values() if abs(amount) > 1e-12]


@row(
    over=lambda instance: [] if instance.funding is None else list(instance.funding.signed),
    latex=r"\sum_t f_{g,p,t} \ge Q_{g,p}",
    dual=(
        "USD million of cost per further USD million that the funder is bound to pay into the"
        " project; zero or positive"
    ),
    requirement="the signed deal of {funder} on {project}",
    unit="USD million",
    one_project=True,
    price=RowPrice(
        "deal",
        "USD million per USD million",
        False,
        "what {funder} is bound to pay into {project}",
        "{funder}, {project}",
        single=True,
    ),
    audit="signed deal",
)
def signed_deal(model: pyo.ConcreteModel, instance: Instance, funder: str, project: str) -> Any:
    """A funder pays at least what its signed and closed deals bind it to pay into a project, at
    most the public share of its capital; the project is then committed. A deal in another state
    binds nobody."""
    assert instance.funding is not None
    amount = instance.funding.signed[funder, project]
    return at_least(model, payments_into(model, instance, funder, project), amount)
