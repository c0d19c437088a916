"""Every cost term recomputed from the tables of the plan, and their sum against the objective and
its bound."""

from __future__ import annotations

import math

from paxsilica.audit.activity import Running
from paxsilica.audit.coverage_test import concentration_excess
from paxsilica.audit.findings import OF_ALL, records
from paxsilica.audit.money import USD_M, Money
from paxsilica.audit.need import needs, required_shares
from paxsilica.audit.reference import ENDLESS, Facts


def price_of_money(rate: float, discount: float, life: int | None) -> float:
    """Present value of what a USD costs that is paid back in equal parts over a life at one rate
    and discounted at another.

    >>> round(price_of_money(0.10, 0.05, 20), 4), price_of_money(0.10, 0.05, None)
    (1.4638, 1.0)
    """
    if life is None:
        return 1.0
    owed = math.fsum((1 + rate) ** -year for year in range(1, life + 1))
    return math.fsum((1 + discount) ** -year for year in range(1, life + 1)) / owed


def _capital(facts: Facts, money: Money) -> list[float]:
    rate = facts.case.finance.discount_rate
    parts = []

    def price(raised: float | None, life: int | None) -> float:
        return price_of_money(rate if raised is None else raised, rate, life)

    for one in money.committed.values():
        own = one.row.sponsor_share or 0.0
        factor = price(one.row.sponsor_cost_of_capital, one.row.economic_life_years)
        rest = 0.0 if facts.funders else 1 - own
        parts += [
            facts.discount(year) * (own * factor + rest) * due for year, due in one.dues.items()
        ]
    for (funder, project, year), amount in money.payments.items():
        if funder in facts.funders and project in facts.projects:
            life = facts.projects[project].economic_life_years
            factor = price(facts.funders[funder].cost_of_capital, life)
            parts.append(facts.discount(year) * factor * amount)
    return parts


def _residual(facts: Facts, money: Money) -> list[float]:
    parts = []
    for one in money.committed.values():
        life = one.row.economic_life_years
        if facts.case.finance.residual_value and life is not None:
            for year, capital in facts.capital(one.row, one.sizes).items():
                used = max(0, facts.last + 1 - year - one.row.lead_time_years)
                parts.append(-facts.discount(facts.last) * max(0.0, 1 - used / life) * capital)
    return parts


def _fixed(facts: Facts, money: Money) -> list[float]:
    parts = []
    for year in facts.years:
        worth = facts.discount(year)
        for name, row in facts.assets.items():
            if facts.there(name, year):
                parts.append(worth * facts.number("assets", row, "fixed_cost_usd_m", year))
        for name, one in money.committed.items():
            serves, above = money.in_service(name, year)
            if serves:
                per_unit = facts.number("projects", one.row, "fixed_cost_usd_m_per_unit", year)
                parts.append(worth * facts.number("projects", one.row, "fixed_cost_usd_m", year))
                parts.append(worth * above * per_unit)
    return parts


def support_by_plant(running: Running) -> dict[str, float]:
    """Operating support of each plant: its least running to be ready, at its cost above the
    cheapest untrusted plant of its process.

    A plant that must run that much anyway needs none.
    """
    facts, states = running.facts, running.states
    total: dict[str, float] = {}
    rivals: dict[tuple[str, int], float] = {}
    for year in facts.years:
        for name, row in facts.assets.items():
            if facts.asset_capacity(name, year) > 0 and not facts.trusted_plant(name, year):
                rivals[row.process, year] = min(
                    rivals.get((row.process, year), ENDLESS), facts.unit_cost(name, year)
                )
    for (plant, name), standby in running.standby.items():
        one = states[name]
        rival = rivals.get((facts.plants[plant].process, one.year))
        asset = facts.assets.get(plant)
        if rival is not None and facts.minimum_utilisation(plant) > (
            (asset.must_run_share or 0.0) if asset is not None else 0.0
        ):
            gap = max(0.0, facts.unit_cost(plant, one.year) - rival)
            weight = 1e-6 * facts.discount(one.year) * one.probability
            amount = weight * gap * facts.minimum_utilisation(plant) * standby
            total[plant] = total.get(plant, 0.0) + amount
    return total


def recompute(running: Running, shortfalls: dict[tuple[str, int], float]) -> dict[str, list[float]]:
    """Parts of every term of cost, expected, discounted, USD million."""
    facts, states, money = running.facts, running.states, running.money

    def weight(name: str) -> float:
        return 1e-6 * facts.discount(states[name].year) * states[name].probability

    def price(commodity: str, year: int) -> float:
        return facts.number(
            "commodities", facts.commodities[commodity], "shortage_price_usd_per_unit", year
        )

    support = list(support_by_plant(running).values())
    runs = [
        weight(name)
        * amount
        * facts.unit_cost(plant, states[name].year)
        * facts.factor("variable cost", plant, states[name].events)
        for (plant, name), amount in running.activity.items()
        if amount
    ]
    trade = []
    for (origin, target, commodity, name), amount in running.shipped.items():
        route = facts.route(origin, target, commodity)
        if route is not None:
            cost = facts.number("routes", route, "cost_usd_per_unit", states[name].year)
            trade.append(weight(name) * amount * cost)
    held = []
    for (region, commodity, year), level in running.level.items():
        if (store := facts.stocks.get((region, commodity))) is not None:
            cost = facts.number("stocks", store, "holding_cost_usd_per_unit", year)
            held.append(1e-6 * facts.discount(year) * level * cost)
    missing = [
        weight(name) * amount * price(commodity, states[name].year)
        for (_, commodity, name), amount in running.unserved.items()
        if weight(name) and amount
    ]
    coverage, cap = facts.case.coverage, facts.case.concentration
    short = []
    if coverage is not None and not coverage.hard:
        short += [
            1e-6
            * coverage.shortfall_weight
            * facts.discount(year)
            * price(commodity, year)
            * amount
            for (commodity, year), amount in shortfalls.items()
        ]
    if cap is not None and not cap.hard:
        excess = concentration_excess(running, required_shares(facts))
        for (_, commodity, year), (part, most) in excess.items():
            worth = 1e-6 * facts.discount(year) * price(commodity, year)
            short.append(worth * max(0.0, part - most))
    return {
        "capital": _capital(facts, money),
        "residual_value": _residual(facts, money),
        "fixed_operation": _fixed(facts, money),
        "operation": [*runs, *(-part for part in support)],
        "operating_support": support,
        "trade": trade,
        "stockholding": held,
        "unmet_demand": missing,
        "coverage_shortfall": short,
    }


def _worth_of_need(facts: Facts) -> float:
    """What it would cost to fall short of everything that is required, discounted, USD million."""
    coverage = facts.case.coverage
    if coverage is None or coverage.hard:
        return 0.0
    return math.fsum(
        1e-6
        * coverage.shortfall_weight
        * facts.discount(year)
        * needs(facts)[commodity, year]
        * facts.number(
            "commodities", facts.commodities[commodity], "shortage_price_usd_per_unit", year
        )
        for commodity, year in required_shares(facts)
    )


def audit_costs(running: Running, shortfalls: dict[tuple[str, int], float]) -> None:
    """Terms of cost, objective and bound, and the support of each project."""
    facts, plan, ledger = running.facts, running.plan, running.ledger
    parts = recompute(running, shortfalls)
    claimed = {row["term"]: row["usd_m"] for row in records(plan, "costs")}
    totals = {term: math.fsum(some) for term, some in parts.items()}
    sizes = {term: math.fsum(abs(part) for part in some) for term, some in parts.items()}
    sizes["coverage_shortfall"] += OF_ALL * _worth_of_need(facts)
    for term in sorted(set(claimed) ^ set(parts)):
        here = ledger.at([term], USD_M)
        here.note("term of cost", claimed.get(term), totals.get(term, 0.0))
    for term in sorted(set(claimed) & set(parts)):
        here = ledger.at([term], USD_M)
        here.same("term of cost", claimed[term], totals[term], sizes[term])
    kind = plan.objective_kind
    ledger.at(["kind"]).equal("objective", kind, facts.case.objective)
    if kind == "budget":
        total = running.money.public_capital()
        size = total + OF_ALL * sum(map(facts.most_capital, facts.projects.values()))
    else:
        terms = ["coverage_shortfall"] if kind == "shortfall" else sorted(parts)
        total = math.fsum(part for term in terms for part in parts[term])
        size = math.fsum(sizes[term] for term in terms)
    here = ledger.at([kind], USD_M, size)
    here.same("objective", plan.objective, total)
    if plan.objective is not None and plan.bound is not None:
        here.at_most("bound", plan.bound, plan.objective)
        if plan.status == "optimal":
            room = facts.case.solver.gap * abs(plan.objective)
            here.at_most("proved gap", plan.objective - plan.bound, room, plan.objective)
    elif plan.status == "optimal":
        here.note("bound", plan.bound, "a proved bound")
    support = support_by_plant(running)
    for row in records(plan, "portfolio"):
        here = ledger.at([row["project"]], USD_M)
        amount = support.get(row["project"], 0.0)
        here.same("operating support", row["operating_support_usd_m"], amount)
