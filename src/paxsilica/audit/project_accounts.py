"""The accounts of projects and the statements of funders recomputed from payments, activity and
list prices."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import Any

from paxsilica.audit.activity import Running
from paxsilica.audit.findings import records
from paxsilica.audit.money import USD_M
from paxsilica.tables.schema import Funder


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


def audit_statements(running: Running) -> None:
    """Every funder that pays has a statement and cash by year with the right sums and return."""
    facts, ledger = running.facts, running.ledger
    paid: dict[str, dict[tuple[str, int], float]] = defaultdict(dict)
    for (party, project, year), amount in running.money.payments.items():
        if party in facts.funders and project in running.money.committed:
            paid[party][project, year] = amount
    listed = {row["funder"]: row for row in records(running.plan, "statements")}
    cash: dict[str, dict[int, tuple[float, float]]] = defaultdict(dict)
    for row in records(running.plan, "funder_cash"):
        cash[row["funder"]][row["year"]] = (row["paid_usd_m"], row["received_usd_m"])
    for name in sorted(set(paid) ^ set(listed) | set(paid) ^ set(cash)):
        here = ledger.at([name], "whether it is there")
        here.note("statement of a funder", name in listed and name in cash, name in paid)
    for name in sorted(set(paid) & set(listed)):
        _one_statement(running, facts.funders[name], paid[name], listed[name], cash[name])


def _one_statement(
    running: Running,
    funder: Funder,
    paid: dict[tuple[str, int], float],
    row: dict[str, Any],
    cash: dict[int, tuple[float, float]],
) -> None:
    facts, name = running.facts, funder.funder
    margins = {project: _margins(running, project) for project, _ in paid}
    whole: dict[str, float] = defaultdict(float)
    for (_, project, _), amount in running.money.payments.items():
        whole[project] += amount
    out: dict[int, float] = defaultdict(float)
    priced: dict[int, float] = defaultdict(float)
    got: dict[int, float] = defaultdict(float)
    sums: dict[str, float] = defaultdict(float)
    for (project, year), amount in paid.items():
        out[year] += amount
        home = facts.regions[facts.projects[project].region]
        preferred = facts.prefers(funder, project)
        prefers = "deals_usd_m" if preferred else "elsewhere_usd_m"
        if not preferred:
            sums["preference_usd_m"] += (
                facts.case.funders.preference * facts.discount(year) * amount
            )
        sums["home_usd_m" if funder.region in (home.region, home.group) else prefers] += amount
        if (margin := margins[project]) is not None:
            priced[year] += amount
            for when, earned in margin.items():
                got[when] += amount / whole[project] * earned
    dropped = {one["project"] for one in records(running.plan, "dropped")}
    deals = {one.project for one in facts.tables.deals if one.funder == name} - dropped
    sums["signed_usd_m"] = math.fsum(facts.signed(name, one) for one in deals if one is not None)
    sums |= {"paid_usd_m": math.fsum(out.values()), "priced_usd_m": math.fsum(priced.values())}
    sums["received_usd_m"] = math.fsum(got.values())
    size = sums["paid_usd_m"] + math.fsum(map(abs, got.values()))
    here = running.ledger.at([name], USD_M, size)
    here.equal("statement of a funder", row["projects"], len(margins))
    for column in ("signed", "home", "deals", "elsewhere", "preference", "paid", "priced"):
        key = f"{column}_usd_m"
        here.same("statement of a funder", row[key], sums[key])
    here.same("statement of a funder", row["received_usd_m"], sums["received_usd_m"])
    for year in sorted({*out, *got, *cash}):
        spent, received = cash.get(year, (0.0, 0.0))
        there = running.ledger.at([name, year], USD_M, size)
        there.same("statement of a funder", spent, out.get(year, 0.0))
        there.same("statement of a funder", received, got.get(year, 0.0))

    def value(rate: float) -> float:
        return math.fsum(
            [-amount * (1 + rate) ** (facts.first - year) for year, amount in priced.items()]
            + [amount * (1 + rate) ** (facts.first - year - 1) for year, amount in got.items()]
        )

    rate = _rate(running, "", name)
    running.ledger.at([name], "share of 1 per year", 1.0).same(
        "statement of a funder", row["rate"], rate
    )
    here.same("statement of a funder", row["npv_usd_m"], value(rate))
    if row["irr"] is not None and not math.isnan(row["irr"]):
        here = running.ledger.at([name], USD_M, size * max(1.0, (1 + row["irr"]) ** -40))
        here.same("statement of a funder", value(row["irr"]), 0.0)


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
