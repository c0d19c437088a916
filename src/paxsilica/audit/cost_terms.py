"""Every cost term recomputed from the tables of the plan, and their sum against the objective and
its bound."""

from __future__ import annotations

import math

from paxsilica.audit.activity import Running
from paxsilica.audit.coverage_test import concentration_excess
from paxsilica.audit.findings import Ledger, records
from paxsilica.audit.money import USD_M, Money
from paxsilica.audit.need import required_shares
from paxsilica.audit.reference import ENDLESS, Facts, Situation
from paxsilica.plan.result import Plan


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
    for one in money.committed.values():
        own = one.row.sponsor_share or 0.0
        raised = one.row.sponsor_cost_of_capital
        factor = price_of_money(
            rate if raised is None else raised, rate, one.row.economic_life_years
        )
        rest = 0.0 if facts.funders else 1 - own
        parts += [
            facts.discount(year) * (own * factor + rest) * due for year, due in one.dues.items()
        ]
    for (funder, project, year), amount in money.payments.items():
        if funder in facts.funders and project in facts.projects:
            raised = facts.funders[funder].cost_of_capital
            factor = price_of_money(
                rate if raised is None else raised,
                rate,
                facts.projects[project].economic_life_years,
            )
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
                parts.append(worth * facts.number("projects", one.row, "fixed_cost_usd_m", year))
                parts.append(
                    worth
                    * above
                    * facts.number("projects", one.row, "fixed_cost_usd_m_per_unit", year)
                )
    return parts


def support_by_plant(
    facts: Facts, states: dict[str, Situation], running: Running
) -> dict[str, float]:
    """Operating support of each plant: its least running to be ready, at its cost above the
    cheapest untrusted plant of its process.

    A plant that must run that much anyway needs none.
    """
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
            amount = (
                1e-6
                * facts.discount(one.year)
                * one.probability
                * gap
                * facts.minimum_utilisation(plant)
                * standby
            )
            total[plant] = total.get(plant, 0.0) + amount
    return total


def recompute(
    facts: Facts,
    states: dict[str, Situation],
    money: Money,
    running: Running,
    shortfalls: dict[tuple[str, int], float],
) -> dict[str, list[float]]:
    """Parts of every term of cost, expected, discounted, USD million."""

    def weight(name: str) -> float:
        return 1e-6 * facts.discount(states[name].year) * states[name].probability

    def price(commodity: str, year: int) -> float:
        return facts.number(
            "commodities", facts.commodities[commodity], "shortage_price_usd_per_unit", year
        )

    support = list(support_by_plant(facts, states, running).values())
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
            trade.append(
                weight(name)
                * amount
                * facts.number("routes", route, "cost_usd_per_unit", states[name].year)
            )
    held = [
        1e-6
        * facts.discount(year)
        * level
        * facts.number("stocks", facts.stocks[region, commodity], "holding_cost_usd_per_unit", year)
        for (region, commodity, year), level in running.level.items()
        if (region, commodity) in facts.stocks
    ]
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
        for (_, commodity, year), (part, most) in concentration_excess(
            facts, states, running, required_shares(facts)
        ).items():
            short.append(
                1e-6 * facts.discount(year) * price(commodity, year) * max(0.0, part - most)
            )
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


def audit_costs(
    facts: Facts,
    plan: Plan,
    states: dict[str, Situation],
    money: Money,
    running: Running,
    shortfalls: dict[tuple[str, int], float],
    ledger: Ledger,
) -> None:
    """Terms of cost, objective and bound, and the support of each project."""
    parts = recompute(facts, states, money, running, shortfalls)
    claimed = {row["term"]: row["usd_m"] for row in records(plan, "costs")}
    for term in sorted(set(claimed) ^ set(parts)):
        ledger.note(
            "term of cost", [term], claimed.get(term), math.fsum(parts.get(term, [])), USD_M
        )
    sizes = {term: math.fsum(abs(part) for part in some) for term, some in parts.items()}
    for term in sorted(set(claimed) & set(parts)):
        ledger.same(
            "term of cost", [term], claimed[term], math.fsum(parts[term]), USD_M, sizes[term]
        )
    kind = plan.objective_kind
    ledger.equal_text("objective", ["kind"], kind, facts.case.objective)
    if kind == "budget":
        total, size = money.public_capital(), money.public_capital()
    else:
        terms = ["coverage_shortfall"] if kind == "shortfall" else sorted(parts)
        total = math.fsum(part for term in terms for part in parts[term])
        size = math.fsum(sizes[term] for term in terms)
    ledger.same("objective", [kind], plan.objective, total, USD_M, size)
    if plan.objective is not None and plan.bound is not None:
        ledger.at_most("bound", [kind], plan.bound, plan.objective, USD_M)
        if plan.status == "optimal":
            room = facts.case.solver.gap * abs(plan.objective)
            ledger.at_most(
                "proved gap", [kind], plan.objective - plan.bound, room, USD_M, plan.objective
            )
    elif plan.status == "optimal":
        ledger.note("bound", [kind], plan.bound, "a proved bound", USD_M)
    support = support_by_plant(facts, states, running)
    for row in records(plan, "portfolio"):
        ledger.same(
            "operating support",
            [row["project"]],
            row["operating_support_usd_m"],
            support.get(row["project"], 0.0),
            USD_M,
        )
