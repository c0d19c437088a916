"""The table of limits, and the table ``binding`` of the plan."""

from __future__ import annotations

from typing import Any

from paxsilica.audit.activity import Running
from paxsilica.audit.findings import Ledger, records
from paxsilica.audit.money import Money
from paxsilica.audit.reference import ENDLESS, Facts, Situation
from paxsilica.plan.result import Plan
from paxsilica.tables.schema import Limit

Used = dict[tuple[str, str, int | None], tuple[float, float]]
TIGHT = 1e-6


def _selected(facts: Facts, limit: Limit) -> list[str]:
    """Plants that a limit selects."""
    return [
        name
        for name, row in facts.plants.items()
        if limit.region in ("*", row.region)
        and limit.process in ("*", row.process)
        and (
            limit.commodity == "*"
            or limit.commodity in facts.makes[row.process]
            or limit.commodity in facts.uses[row.process]
        )
        and (limit.asset is None or name in limit.asset)
    ]


def _on_plants(facts: Facts, limit: Limit, year: int, money: Money) -> float:
    """Capacity in service, projects committed or capital committed by a year."""
    names = _selected(facts, limit)
    if limit.measure == "capacity":
        return sum(
            (
                facts.asset_capacity(name, year)
                if name in facts.assets
                else money.capacity(facts, name, year)
            )
            for name in names
        )
    chosen = [money.committed[name] for name in names if name in money.committed]
    if limit.measure == "projects":
        return sum(one.first <= year for one in chosen)
    return sum(
        amount
        for one in chosen
        for when, amount in facts.capital(one.row, one.sizes).items()
        if when <= year
    )


def _on_operation(facts: Facts, limit: Limit, one: Situation, running: Running) -> float:
    """Activity, production or shipments in a normal state."""
    if limit.measure == "shipment":
        return sum(
            amount
            for (origin, target, commodity, name), amount in running.shipped.items()
            if name == one.name
            and limit.region in ("*", origin)
            and (limit.to_region or "*") in ("*", target)
            and limit.commodity in ("*", commodity)
        )
    total = 0.0
    for name in _selected(facts, limit):
        amount = running.activity.get((name, one.name), 0.0)
        made = facts.makes[facts.plants[name].process]
        total += (
            amount
            if limit.measure == "activity"
            else amount * sum(q for k, q in made.items() if limit.commodity in ("*", k))
        )
    return total


def audit_limits(
    facts: Facts, states: dict[str, Situation], money: Money, running: Running, ledger: Ledger
) -> Used:
    """Every row of the table of limits in every year it holds for; returns limit and use."""
    used: Used = {}
    for limit in facts.tables.limits:
        if limit.measure == "new capacity":
            # a build rate is data that the model does not read yet
            continue
        check = ledger.at_most if limit.sense == "at most" else ledger.at_least
        years = [
            year
            for year in facts.years
            if (limit.from_year or year) <= year <= (limit.to_year or year)
        ]
        if limit.measure in ("capacity", "projects", "capital"):
            for year in years:
                amount = _on_plants(facts, limit, year, money)
                used["limit on plants", limit.limit, year] = (limit.value, amount)
                if amount != ENDLESS or limit.sense == "at most":
                    check(
                        "limit on plants", [limit.limit, year], amount, limit.value, "its own unit"
                    )
        else:
            for name, one in states.items():
                if not one.disrupted and one.year in years:
                    amount = _on_operation(facts, limit, one, running)
                    used["limit on operation", f"{limit.limit}, {name}", None] = (
                        limit.value,
                        amount,
                    )
                    check(
                        "limit on operation",
                        [limit.limit, name],
                        amount,
                        limit.value,
                        "its own unit",
                    )
    return used


def audit_binding(facts: Facts, plan: Plan, money: Money, budgets: Used, ledger: Ledger) -> None:
    """Every listed limit is used up, and no used-up limit is missing."""
    known = dict(budgets)
    for project in {
        row.exclusive_group for row in facts.tables.projects if row.exclusive_group is not None
    }:
        members = [one for one in money.committed.values() if one.row.exclusive_group == project]
        known["exclusive group", project, None] = (1.0, float(len(members)))
    listed: dict[tuple[str, str, int | None], dict[str, Any]] = {
        (row["what"], row["where"], None if row["year"] is None else int(row["year"])): row
        for row in records(plan, "binding")
    }
    for key, row in listed.items():
        if key[0] == "cap on a region's share":
            # the row is written as a difference of the two, which is nothing where the cap binds
            continue
        if key not in known:
            ledger.note("binding limit", key, row["used"], "no such limit", row["unit"])
            continue
        limit, amount = known[key]
        ledger.same("binding limit", [*key, "limit"], row["limit"], limit, row["unit"])
        ledger.same("binding limit", [*key, "used"], row["used"], amount, row["unit"], limit)
    for key, (limit, amount) in budgets.items():
        # a limit of the table `limits` may hold for every decision, and is then not listed
        if (
            key not in listed
            and not key[0].startswith("limit on")
            and amount > 0
            and abs(amount - limit) <= TIGHT / 10 * max(1.0, limit)
        ):
            ledger.note("binding limit", key, "not listed", amount, "its own unit")
