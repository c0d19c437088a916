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
    paid = _by_party(running, running.money.payments)
    supported = _by_party(running, running.money.support)
    there = {*paid, *supported}
    listed = {(row["project"], row["party"]): row for row in records(running.plan, "accounts")}
    for project, party in sorted(there ^ set(listed)):
        here = ledger.at([project, party], "whether it is there")
        here.note("account", (project, party) in listed, (project, party) in there)
    for (project, party), row in listed.items():
        if (project, party) not in there or project not in running.money.committed:
            continue
        years = paid.get((project, party), {})
        own = math.fsum(years.values())
        here = ledger.at([project, party], USD_M)
        here.same("account", row["paid_usd_m"], own)
        rate = _rate(running, project, party)
        ledger.at([project, party], "share of 1 per year", 1.0).same("account", row["rate"], rate)
        owed = _continued(running, project, supported.get((project, party), {}))
        here.same("account", row["support_paid_usd_m"], math.fsum(owed.values()))
        margins = _margins(running, project)
        if margins is None:
            blank = row["received_usd_m"] is None and row["npv_usd_m"] is None
            if not blank or row["irr"] is not None or not row["note"]:
                here.note("account", row["received_usd_m"], "blank: no price")
            continue
        capital = {
            name: math.fsum(other.values()) for (one, name), other in paid.items() if one == project
        }
        given: dict[int, float] = defaultdict(float)
        for other in [years for (one, _), years in supported.items() if one == project]:
            for year, amount in _continued(running, project, other).items():
                given[year] += amount
        received = _received(margins, given, capital, party)
        size = own + math.fsum(map(abs, (*received.values(), *given.values())))
        here.same("account", row["received_usd_m"], math.fsum(received.values()), size)
        net = {year: amount - owed.get(year, 0.0) for year, amount in received.items()}

        def value(
            rate: float, years: dict[int, float] = years, got: dict[int, float] = net
        ) -> float:
            return math.fsum(
                [-amount * (1 + rate) ** (facts.first - year) for year, amount in years.items()]
                + [amount * (1 + rate) ** (facts.first - year - 1) for year, amount in got.items()]
            )

        here.same("account", row["npv_usd_m"], value(rate), size * max(1.0, (1 + rate) ** -40))
        if row["irr"] is not None and not math.isnan(row["irr"]):
            least = max(1.0, (1 + row["irr"]) ** -40)
            here.same("account", value(row["irr"]), 0.0, size * least)


def _by_party(
    running: Running, amounts: dict[tuple[str, str, int], float]
) -> dict[tuple[str, str], dict[int, float]]:
    """Amounts by year of each (project, party); those of existing plants are left out."""
    found: dict[tuple[str, str], dict[int, float]] = defaultdict(dict)
    for (party, plant, year), amount in amounts.items():
        if plant not in running.facts.assets:
            found[plant, party][year] = amount
    return dict(found)


def _received(
    margins: dict[int, float], given: dict[int, float], capital: dict[str, float], party: str
) -> dict[int, float]:
    """Part of a party in margin and support, ``given``: by its part of the capital, but with
    support all of it to the owner."""
    own = capital.get(party, 0.0)
    share = own / math.fsum(capital.values()) if own else 0.0
    found = {}
    for year, amount in margins.items():
        to_owner = given[year] > 0 and "sponsor" in capital
        part = float(party == "sponsor") if to_owner else share
        found[year] = part * (amount + given[year])
    return found


def _continued(running: Running, project: str, years: dict[int, float]) -> dict[int, float]:
    """Amounts by year, that of the last year of the case also in later years of the economic
    life."""
    one, last = running.money.committed[project], running.facts.last
    end = one.first + one.row.lead_time_years + (one.row.economic_life_years or 0)
    return years | {year: years[last] for year in range(last + 1, end) if last in years}


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
    for (plant, name), amount in running.activity.items():
        state = running.states[name]
        if plant == project and state.year in found:
            cost = facts.unit_cost(plant, state.year)
            cost *= facts.factor("variable cost", plant, state.events)
            found[state.year] += 1e-6 * state.probability * amount * (worth - cost)
    for year in range(facts.last + 1, start + (row.economic_life_years or 0)):
        found[year] = found.get(facts.last, 0.0)
    return found
