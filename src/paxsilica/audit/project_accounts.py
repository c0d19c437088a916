"""The accounts of projects and the statements of funders recomputed from payments, operating
support, activity and list prices."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from paxsilica.audit.activity import Running
from paxsilica.audit.audited_support import Lacking, annuities, lacking
from paxsilica.audit.findings import records
from paxsilica.audit.money import USD_M
from paxsilica.audit.reference import Facts
from paxsilica.tables.schema import Funder

Years = dict[int, float]


@dataclass(frozen=True)
class _Account:
    """What a party pays of the capital and as operating support, and receives (``None`` without a
    price), by year, USD million."""

    paid: Years
    support: Years
    received: Years | None

    @property
    def size(self) -> float:
        parts = (self.paid, self.support, self.received or {})
        return math.fsum(abs(amount) for years in parts for amount in years.values())

    def value(self, first: int, rate: float) -> float:
        """At the beginning of the year ``first``: payments of capital fall at the beginning of a
        year, all else at its end."""
        return math.fsum(
            [-amount * (1 + rate) ** (first - year) for year, amount in self.paid.items()]
            + [-amount * (1 + rate) ** (first - year - 1) for year, amount in self.support.items()]
            + [
                amount * (1 + rate) ** (first - year - 1)
                for year, amount in (self.received or {}).items()
            ]
        )


def _accounts(running: Running) -> dict[tuple[str, str], _Account]:
    """By (project, party)."""
    paid = _by_project(running, running.money.payments)
    support = _by_project(running, running.money.support)
    lacks = lacking(running)
    found = {}
    for project in {*paid, *support}:
        if project not in running.money.committed:
            continue
        given = defaultdict[int, float](float)
        capital = {party: math.fsum(years.values()) for party, years in paid[project].items()}
        owed = {
            party: _continued(running, project, years) for party, years in support[project].items()
        }
        for years in owed.values():
            for year, amount in years.items():
                given[year] += amount
        margins = _margins(running, project, given, lacks)
        due = _due_to_owner(running, project) if "sponsor" in capital else {}
        for party in {*capital, *owed}:
            share = capital.get(party, 0.0) / (math.fsum(capital.values()) or 1.0)
            received = None
            if margins is not None:
                received = {}
                for year, margin in margins.items():
                    earned, first = margin + given[year], due.get(year, 0.0)
                    first = min(earned, first) if first > 0 else 0.0
                    received[year] = share * (earned - first) + first * (party == "sponsor")
            own = paid[project].get(party, {})
            found[project, party] = _Account(own, owed.get(party, {}), received)
    return found


def _by_project(
    running: Running, amounts: dict[tuple[str, str, int], float]
) -> dict[str, dict[str, Years]]:
    """Amounts by project, party and year; those of existing plants are left out."""
    found: dict[str, dict[str, Years]] = defaultdict(lambda: defaultdict(dict))
    for (party, plant, year), amount in amounts.items():
        if plant not in running.facts.assets:
            found[plant][party][year] = amount
    return found


def _continued(running: Running, project: str, years: Years) -> Years:
    """Amounts by year, that of the last year of the case also in later years of the economic
    life."""
    one, last = running.money.committed[project], running.facts.last
    end = one.first + one.row.lead_time_years + (one.row.economic_life_years or 0)
    return years | {year: years[last] for year in range(last + 1, end) if last in years}


def _due_to_owner(running: Running, project: str) -> Years:
    """The annuity of the owner's capital by year, which it receives first where the case pays
    support."""
    if not running.facts.case.support.pay:
        return {}
    years = {year: math.fsum(annuities(running, project, year)) for year in running.facts.years}
    return _continued(running, project, years)


def audit_accounts(running: Running) -> None:
    """Every party that pays for a project has an account with the right sums, rate and value."""
    first, ledger = running.facts.first, running.ledger
    expected = _accounts(running)
    listed = {(row["project"], row["party"]): row for row in records(running.plan, "accounts")}
    paying = {
        (project, party)
        for amounts in (running.money.payments, running.money.support)
        for party, project, _ in amounts
        if project not in running.facts.assets
    }
    for project, party in sorted(paying ^ set(listed)):
        here = ledger.at([project, party], "whether it is there")
        here.note("account", (project, party) in listed, (project, party) in paying)
    for key in sorted(set(expected) & set(listed)):
        row, one = listed[key], expected[key]
        rate = _rate(running, *key)
        ledger.at([*key], "share of 1 per year", 1.0).same("account", row["rate"], rate)
        here = ledger.at([*key], USD_M)
        here.same("account", row["paid_usd_m"], math.fsum(one.paid.values()))
        here.same("account", row["support_paid_usd_m"], math.fsum(one.support.values()))
        if one.received is None:
            blank = row["received_usd_m"] is None and row["npv_usd_m"] is None
            if not blank or row["irr"] is not None or not row["note"]:
                here.note("account", row["received_usd_m"], "blank: no price")
            continue
        here.same("account", row["received_usd_m"], math.fsum(one.received.values()), one.size)
        least = max(1.0, (1 + rate) ** -40)
        here.same("account", row["npv_usd_m"], one.value(first, rate), one.size * least)
        if row["irr"] is not None and not math.isnan(row["irr"]):
            least = max(1.0, (1 + row["irr"]) ** -40)
            here.same("account", one.value(first, row["irr"]), 0.0, one.size * least)


def audit_statements(running: Running) -> None:
    """Every funder that pays has a statement and cash by year with the right sums and return."""
    money, ledger = running.money, running.ledger
    accounts: dict[str, dict[str, _Account]] = defaultdict(dict)
    for (project, party), one in _accounts(running).items():
        accounts[party][project] = one
    others: dict[str, Years] = defaultdict(lambda: defaultdict(float))
    for (party, plant, year), amount in money.support.items():
        if plant in running.facts.assets:
            others[party][year] += amount
    paying = (set(accounts) | set(others)) & set(running.facts.funders)
    listed = {row["funder"]: row for row in records(running.plan, "statements")}
    cash: dict[str, dict[int, tuple[float, ...]]] = defaultdict(dict)
    for row in records(running.plan, "funder_cash"):
        columns = ("paid_usd_m", "support_usd_m", "received_usd_m")
        cash[row["funder"]][row["year"]] = tuple(row[column] for column in columns)
    for name in sorted(paying ^ set(listed) | paying ^ set(cash)):
        here = ledger.at([name], "whether it is there")
        here.note("statement of a funder", name in listed and name in cash, name in paying)
    for name in sorted(paying & set(listed)):
        funder = running.facts.funders[name]
        _one_statement(running, funder, accounts[name], others[name], listed[name])
        _one_cash(running, name, [*accounts[name].values()], others[name], cash[name])


def _sum(parts: list[Years]) -> Years:
    found: Years = defaultdict(float)
    for years in parts:
        for year, amount in years.items():
            found[year] += amount
    return found


def _one_cash(
    running: Running,
    name: str,
    accounts: list[_Account],
    others: Years,
    cash: dict[int, tuple[float, ...]],
) -> None:
    columns = (
        _sum([one.paid for one in accounts]),
        _sum([others, *(one.support for one in accounts)]),
        _sum([one.received or {} for one in accounts]),
    )
    size = math.fsum(one.size for one in accounts) + math.fsum(others.values())
    for year in sorted(set(cash).union(*columns)):
        there = running.ledger.at([name, year], USD_M, size)
        for stated, expected in zip(cash.get(year, (0.0, 0.0, 0.0)), columns, strict=True):
            there.same("statement of a funder", stated, expected.get(year, 0.0))


def _one_statement(
    running: Running,
    funder: Funder,
    accounts: dict[str, _Account],
    others: Years,
    row: dict[str, Any],
) -> None:
    facts, name = running.facts, funder.funder
    sums: dict[str, float] = defaultdict(float)
    priced = [one for one in accounts.values() if one.received is not None]
    for project, one in accounts.items():
        home = facts.regions[facts.projects[project].region]
        preferred = facts.prefers(funder, project)
        prefers = "deals_usd_m" if preferred else "elsewhere_usd_m"
        key = "home_usd_m" if funder.region in (home.region, home.group) else prefers
        sums[key] += math.fsum(one.paid.values())
        if not preferred:
            sums["preference_usd_m"] += facts.case.funders.preference * math.fsum(
                facts.discount(year) * amount for year, amount in one.paid.items()
            )
    dropped = {one["project"] for one in records(running.plan, "dropped")}
    deals = {one.project for one in facts.tables.deals if one.funder == name} - dropped
    sums["signed_usd_m"] = math.fsum(facts.signed(name, one) for one in deals if one is not None)
    whole = _Account(
        _sum([one.paid for one in priced]),
        _sum([others, *(one.support for one in accounts.values())]),
        _sum([one.received or {} for one in priced]),
    )
    sums["paid_usd_m"] = math.fsum(math.fsum(one.paid.values()) for one in accounts.values())
    sums["support_usd_m"] = math.fsum(whole.support.values())
    sums["priced_usd_m"] = math.fsum(whole.paid.values())
    sums["received_usd_m"] = math.fsum((whole.received or {}).values())
    here = running.ledger.at([name], USD_M, sums["paid_usd_m"] + whole.size)
    here.equal(
        "statement of a funder", row["projects"], sum(1 for one in accounts.values() if one.paid)
    )
    for what in (
        *("signed", "home", "deals", "elsewhere", "preference"),
        *("paid", "support", "priced", "received"),
    ):
        key = f"{what}_usd_m"
        here.same("statement of a funder", row[key], sums[key])
    rate = _rate(running, "", name)
    running.ledger.at([name], "share of 1 per year", 1.0).same(
        "statement of a funder", row["rate"], rate
    )
    here.same("statement of a funder", row["npv_usd_m"], whole.value(facts.first, rate))
    if row["irr"] is not None and not math.isnan(row["irr"]):
        least = max(1.0, (1 + row["irr"]) ** -40)
        here = running.ledger.at([name], USD_M, whole.size * least)
        here.same("statement of a funder", whole.value(facts.first, row["irr"]), 0.0)


def _rate(running: Running, project: str, party: str) -> float:
    facts = running.facts
    stated = facts.projects[project].sponsor_cost_of_capital if party == "sponsor" else None
    if party in facts.funders:
        stated = facts.funders[party].cost_of_capital
    return facts.case.finance.discount_rate if stated is None else stated


def _margins(
    running: Running, project: str, given: Years, lacks: Lacking
) -> dict[int, float] | None:
    """Expected margin by year, USD million, with the support ``given`` by year; ``None`` without a
    price. It counts what the project must sell for its support to be enough, if it runs less."""
    facts, money = running.facts, running.money
    row, one = facts.projects[project], money.committed[project]
    recipes = [name for name in facts.plants if facts.capacity_of(name)[0] == project]
    worth = {name: _worth(facts, facts.plants[name].process) for name in recipes}
    if None in worth.values():
        return None
    start = one.first + row.lead_time_years
    found, fixed = dict[int, float](), dict[int, float]()
    for year in range(start, facts.last + 1):
        serves, above = money.in_service(project, year)
        fixed[year], found[year] = facts.fixed_cost_of(project, year, serves, above), 0.0
    for plant, worth_of_one in worth.items():
        amounts = dict(running.activity_of[plant])
        if plant == project:
            _sell_enough(running, project, given, lacks, amounts)
        for name, amount in amounts.items():
            state = running.states[name]
            if state.year in found:
                cost = facts.unit_cost(plant, state.year)
                cost *= facts.factor("variable cost", plant, state.events)
                margin = (worth_of_one or 0.0) - cost
                found[state.year] += 1e-6 * state.probability * amount * margin
    for year in range(facts.last + 1, start + (row.economic_life_years or 0)):
        kept = (1 - (row.decline_rate or 0.0)) ** (year - facts.last)
        found[year], fixed[year] = kept * found.get(facts.last, 0.0), fixed.get(facts.last, 0.0)
    return {year: amount - fixed[year] for year, amount in found.items()}


def _sell_enough(
    running: Running, project: str, given: Years, lacks: Lacking, amounts: dict[str, float]
) -> None:
    """Raises activity by normal state to what the project must sell for its support to be
    enough."""
    for name, state in running.states.items():
        if (lack := lacks.get((project, name))) is not None:
            least = lack.sold(given.get(state.year, 0.0))
            amounts[name] = max(amounts.get(name, 0.0), least)


def _worth(facts: Facts, process: str) -> float | None:
    """Output less input of a unit of activity at list prices, USD; ``None`` without a price."""
    total = 0.0
    for sign, recipe in ((1, facts.makes[process]), (-1, facts.uses[process])):
        for name, quantity in recipe.items():
            price = facts.commodities[name].price_usd_per_unit
            if price is None:
                return None
            total += sign * quantity * price
    return total
