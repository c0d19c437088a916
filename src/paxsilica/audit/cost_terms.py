"""Every cost term recomputed from the tables of the plan, and their sum against the objective and
its bound."""

from __future__ import annotations

import math

from paxsilica.audit.activity import Running
from paxsilica.audit.coverage_test import concentration_excess
from paxsilica.audit.findings import OF_ALL, SHARE, WRITTEN, records
from paxsilica.audit.money import USD_M, Committed, Money
from paxsilica.audit.need import needs, required_shares, value_added
from paxsilica.audit.reference import Facts, yearly_charge


def _capital(facts: Facts, money: Money) -> list[float]:
    finance, parts = facts.case.finance, []
    for one in money.committed.values():
        row, own = one.row, one.row.sponsor_share or 0.0
        price = own + (1 - own) * finance.public_funds_cost
        if row.economic_life_years is None:
            parts += [price * facts.discount(year) * due for year, due in one.dues.items()]
            continue
        charge = yearly_charge(
            finance.discount_rate,
            row.economic_life_years,
            row.lead_time_years,
            row.spend_profile or (1.0,),
        )
        for since, capital in facts.capital(row, one.sizes).items():
            start = since + row.lead_time_years
            parts += [
                price * facts.discount(year) * capital * part
                for year, part in enumerate(charge, start)
                if year <= facts.last
            ]
    return parts


def owed_after_the_end(facts: Facts, one: Committed) -> float:
    """Annuities of a project after the case, undiscounted, USD million."""
    row, owed = one.row, 0.0
    if row.economic_life_years is None:
        return owed
    charge = yearly_charge(
        facts.case.finance.discount_rate,
        row.economic_life_years,
        row.lead_time_years,
        row.spend_profile or (1.0,),
    )
    for since, capital in facts.capital(row, one.sizes).items():
        start = since + row.lead_time_years
        owed += capital * sum(part for year, part in enumerate(charge, start) if year > facts.last)
    return owed


def _fixed(facts: Facts, money: Money) -> list[float]:
    parts = []
    for year in facts.years:
        worth = facts.discount(year)
        for name, row in facts.assets.items():
            if facts.there(name, year):
                state = money.idle.get(name, {}).get(year)
                kept = 1.0 if state is None else 0.0
                if state == "mothballed":
                    kept = row.mothballed_fixed_cost_share or 0.0
                parts.append(worth * kept * facts.fixed_of_asset(name, year))
                before = money.idle.get(name, {}).get(year - 1)
                if state == "closed" and before != "closed":
                    closing = facts.number("assets", row, "closing_cost_usd_m", year)
                    parts.append(worth * closing)
                if state is None and before == "mothballed":
                    restart = facts.number("assets", row, "restart_cost_usd_m", year)
                    parts.append(worth * restart)
        for name in money.committed:
            serves, above = money.in_service(name, year)
            parts.append(worth * facts.fixed_cost_of(name, year, serves, above))
    return parts


def _preference(facts: Facts, money: Money) -> list[float]:
    """Weight of the payments of funders away from home and from their deals."""
    return [
        facts.case.funders.preference * facts.discount(year) * amount
        for (funder, project, year), amount in money.payments.items()
        if funder in facts.funders
        and project in facts.projects
        and not facts.prefers(facts.funders[funder], project)
    ]


def recompute(running: Running, shortfalls: dict[tuple[str, int], float]) -> dict[str, list[float]]:
    """Parts of every term of cost and of the preference, expected, discounted, USD million."""
    facts, states, money = running.facts, running.states, running.money

    def weight(name: str) -> float:
        return 1e-6 * facts.discount(states[name].year) * states[name].probability

    def price(commodity: str, year: int) -> float:
        return facts.number(
            "commodities", facts.commodities[commodity], "shortage_price_usd_per_unit", year
        )

    extra = facts.case.finance.public_funds_cost - 1
    support = [
        extra * facts.discount(year) * amount
        for (_, _, year), amount in money.support.items()
        if extra
    ]
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
    priced = facts.case.objective != "security"
    if coverage is not None and not coverage.hard and priced:
        worth_of = value_added(facts)
        short += [
            1e-6 * coverage.shortfall_weight * facts.discount(year) * worth * share
            for (stage, year), share in shortfalls.items()
            for worth in worth_of[stage, year]
        ]
    if cap is not None and not cap.hard:
        excess = concentration_excess(running, required_shares(facts))
        for (_, commodity, year), (part, most) in excess.items():
            worth = 1e-6 * facts.discount(year) * price(commodity, year)
            short.append(worth * max(0.0, part - most))
    return {
        "capital": _capital(facts, money),
        "fixed_operation": _fixed(facts, money),
        "operation": runs,
        "operating_support": support,
        "trade": trade,
        "stockholding": held,
        "unmet_demand": missing,
        "coverage_shortfall": short,
        "funder_preference": _preference(facts, money),
    }


def _at_stake(facts: Facts) -> float:
    """Price of falling short of everything that is required, and of all need above a soft cap,
    discounted, USD million: what the term of coverage is made from."""
    coverage, cap, parts = facts.case.coverage, facts.case.concentration, [0.0]
    if coverage is not None and not coverage.hard:
        for (_, year), worths in value_added(facts).items():
            worth = coverage.shortfall_weight * math.fsum(map(abs, worths))
            parts.append(1e-6 * facts.discount(year) * worth)
    if cap is not None and not cap.hard:
        for commodity, year in required_shares(facts):
            row, amount = facts.commodities[commodity], needs(facts)[commodity, year]
            price = facts.number("commodities", row, "shortage_price_usd_per_unit", year)
            parts.append(1e-6 * facts.discount(year) * price * amount)
    return math.fsum(parts)


def audit_costs(running: Running, shortfalls: dict[tuple[str, int], float]) -> None:
    """Terms of cost, objective and bound, and the support of each project."""
    facts, plan, ledger = running.facts, running.plan, running.ledger
    parts = recompute(running, shortfalls)
    claimed = {row["term"]: row["usd_m"] for row in records(plan, "costs")}
    stated = [row["preference_usd_m"] for row in records(plan, "statements")]
    claimed["funder_preference"] = math.fsum(amount or 0.0 for amount in stated)
    totals = {term: math.fsum(some) for term, some in parts.items()}
    sizes = {term: math.fsum(abs(part) for part in some) for term, some in parts.items()}
    sizes["coverage_shortfall"] += OF_ALL * _at_stake(facts)
    largest = max((abs(amount) for amount in claimed.values() if amount), default=0.0)
    rounded = WRITTEN / SHARE * largest
    for term in sorted(set(claimed) ^ set(parts)):
        here = ledger.at([term], USD_M)
        here.note("term of cost", claimed.get(term), totals.get(term, 0.0))
    for term in sorted(set(claimed) & set(parts)):
        here = ledger.at([term], USD_M)
        here.same("term of cost", claimed[term], totals[term], sizes[term], rounded)
    kind = plan.objective_kind
    ledger.at(["kind"]).equal("objective", kind, facts.case.objective)
    if kind == "budget":
        total = running.money.public_money()
        size = total + running.money.size
    else:
        terms = sorted(parts)
        total = math.fsum(part for term in terms for part in parts[term])
        size = math.fsum(sizes[term] for term in terms)
    here = ledger.at([kind], USD_M, size)
    here.same("objective", plan.objective, total)
    if plan.objective is not None and plan.bound is not None:
        here.at_most("bound", plan.bound, plan.objective)
        if plan.status == "optimal":
            room = facts.case.solver.gap * abs(plan.objective)
            here.at_most("proved gap", plan.objective - plan.bound, room)
    elif plan.status == "optimal":
        here.note("bound", plan.bound, "a proved bound")
    for row in records(plan, "portfolio"):
        here = ledger.at([row["project"]], USD_M, running.money.size)
        if (one := running.money.committed.get(row["project"])) is not None:
            owed = owed_after_the_end(facts, one)
            most = facts.most_capital(one.row)
            here.same("obligations after the end", row["obligations_usd_m"], owed, most)
        amounts = running.money.support.items()
        amount = math.fsum(amount for (_, name, _), amount in amounts if name == row["project"])
        here.same("operating support", row["operating_support_usd_m"], amount)
