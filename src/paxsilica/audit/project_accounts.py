"""The accounts of projects recomputed from payments, activity and list prices."""

from __future__ import annotations

import math
from collections import defaultdict

from paxsilica.audit.activity import Running
from paxsilica.audit.findings import records
from paxsilica.audit.money import USD_M


def audit_accounts(running: Running) -> None:
    """Every party that pays for a project has an account with the right sums, rate and value."""
    facts, ledger = running.facts, running.ledger
    paid: dict[tuple[str, str], dict[int, float]] = defaultdict(dict)
    for (party, project, year), amount in running.money.payments.items():
        paid[project, party][year] = amount
    listed = {(row["project"], row["party"]): row for row in records(running.plan, "accounts")}
    for project, party in sorted(set(paid) ^ set(listed)):
        here = ledger.at([project, party], "whether it is there")
        here.note("account", (project, party) in listed, (project, party) in paid)
    for (project, party), row in listed.items():
        if (project, party) not in paid or project not in running.money.committed:
            continue
        years = paid[project, party]
        own = math.fsum(years.values())
        here = ledger.at([project, party], USD_M)
        here.same("account", row["paid_usd_m"], own)
        rate = _rate(running, project, party)
        ledger.at([project, party], "share of 1 per year", 1.0).same("account", row["rate"], rate)
        margins = _margins(running, project)
        if margins is None:
            blank = row["received_usd_m"] is None and row["npv_usd_m"] is None
            if not blank or row["irr"] is not None or not row["note"]:
                here.note("account", row["received_usd_m"], "blank: no price")
            continue
        all_paid = math.fsum(
            math.fsum(other.values()) for (name, _), other in paid.items() if name == project
        )
        received = {year: own / all_paid * amount for year, amount in margins.items()}
        size = own + math.fsum(map(abs, received.values()))
        here.same("account", row["received_usd_m"], math.fsum(received.values()), size)

        def value(
            rate: float, years: dict[int, float] = years, got: dict[int, float] = received
        ) -> float:
            return math.fsum(
                [-amount * (1 + rate) ** (facts.first - year) for year, amount in years.items()]
                + [amount * (1 + rate) ** (facts.first - year - 1) for year, amount in got.items()]
            )

        here.same("account", row["npv_usd_m"], value(rate), size * max(1.0, (1 + rate) ** -40))
        if row["irr"] is not None and not math.isnan(row["irr"]):
            least = max(1.0, (1 + row["irr"]) ** -40)
            here.same("account", value(row["irr"]), 0.0, size * least)


def _rate(running: Running, project: str, party: str) -> float:
    facts = running.facts
    stated = facts.projects[project].sponsor_cost_of_capital if party == "sponsor" else None
    if party in facts.funders:
        stated = facts.funders[party].cost_of_capital
    return facts.case.finance.discount_rate if stated is None else stated


def _margins(running: Running, project: str) -> dict[int, float] | None:
    """Expected margin by year, USD million; ``None`` without a price."""
    facts, money = running.facts, running.money
    row, one = facts.projects[project], money.committed[project]
    made, used = facts.makes[row.process], facts.uses[row.process]
    prices = {name: facts.commodities[name].price_usd_per_unit for name in [*made, *used]}
    if None in prices.values():
        return None
    worth = math.fsum(quantity * (prices[name] or 0.0) for name, quantity in made.items())
    worth -= math.fsum(quantity * (prices[name] or 0.0) for name, quantity in used.items())
    start = one.first + row.lead_time_years
    found = {}
    for year in range(start, facts.last + 1):
        serves, above = money.in_service(project, year)
        found[year] = -facts.fixed_cost_of(project, year, serves, above)
    for name, amount in running.activity_of[project]:
        state = running.states[name]
        if state.year in found:
            cost = facts.unit_cost(project, state.year)
            cost *= facts.factor("variable cost", project, state.events)
            found[state.year] += 1e-6 * state.probability * amount * (worth - cost)
    for year in range(facts.last + 1, start + (row.economic_life_years or 0)):
        found[year] = found.get(facts.last, 0.0)
    return found
