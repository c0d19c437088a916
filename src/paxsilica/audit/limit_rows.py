"""The table of limits, and the table ``binding`` of the plan."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from paxsilica.audit.activity import Running
from paxsilica.audit.findings import records
from paxsilica.audit.money import Money, Used
from paxsilica.audit.reference import ENDLESS, Facts, Situation, product
from paxsilica.tables.schema import Limit

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


def _on_plants(limit: Limit, year: int, running: Running) -> float:
    """Capacity in service, projects committed or capital committed by a year."""
    facts, money = running.facts, running.money
    names = _selected(facts, limit)
    if limit.measure == "capacity":
        # a further recipe of a plant has no capacity of its own
        names = [name for name in names if facts.capacity_of(name)[0] == name]
        return sum(product(running.capacity(name, year), _factor(limit, name)) for name in names)
    chosen = [(_factor(limit, name), money.committed.get(name)) for name in names]
    if limit.measure == "projects":
        return sum(factor for factor, one in chosen if one is not None and one.first <= year)
    return sum(
        factor * amount
        for factor, one in chosen
        if one is not None
        for when, amount in facts.capital(one.row, one.sizes).items()
        if when <= year
    )


def _factor(limit: Limit, plant: str) -> float:
    """What a plant counts in the sum of a limit that selects it."""
    if limit.weights is None:
        return 1.0
    places = [at for at, name in enumerate(limit.asset or ()) if name == plant]
    return math.fsum(limit.weights[at] for at in places)


def _on_operation(limit: Limit, one: Situation, running: Running) -> float:
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
    total, facts = 0.0, running.facts
    for name in _selected(facts, limit):
        amount = running.activity.get((name, one.name), 0.0)
        made = facts.makes[facts.plants[name].process]
        total += _factor(limit, name) * (
            amount
            if limit.measure == "activity"
            else amount * sum(q for k, q in made.items() if limit.commodity in ("*", k))
        )
    return total


def _size(limit: Limit, running: Running) -> float:
    """Size of the quantities that a limit adds up."""
    factor = max(map(abs, limit.weights or (1.0,)))
    return factor * len(_years(limit, running.facts)) * _unweighted(limit, running)


def _years(limit: Limit, facts: Facts) -> list[int]:
    """Years of the case in which a limit holds."""
    first, last = limit.from_year or facts.first, limit.to_year or facts.last
    return [year for year in facts.years if first <= year <= last]


def _courses(years: list[int], running: Running) -> dict[str, list[Situation]]:
    """The normal states of some years together, by their name: one of each year, along each
    scenario. What is cut off in a scenario is left aside."""
    facts = running.facts
    given = facts.case.scenarios
    courses: dict[tuple[str, ...], list[str]] = {}
    for scenario in [""] if given is None else list(given):
        path = []
        for year in years:
            now = [
                event
                for event in facts.tables.events
                if event.scenario == scenario
                and event.event != "cut-off"
                and event.from_year <= year <= (event.to_year or year)
            ]
            path += [
                name
                for name, one in running.states.items()
                if not one.disrupted and one.year == year and list(one.events) == now
            ]
        courses.setdefault(tuple(path), []).append(scenario)
    span = "-".join(str(year) for year in sorted({years[0], years[-1]}))
    return {
        span if len(courses) == 1 else f"{span} {'+'.join(sorted(names))}": [
            running.states[name] for name in path
        ]
        for path, names in courses.items()
    }


def _unweighted(limit: Limit, running: Running) -> float:
    """Size of what one plant or route adds in one year."""
    if limit.measure == "projects":
        return 1.0
    if limit.measure == "capital":
        return running.money.size
    if limit.measure in ("capacity", "activity"):
        return max(map(running.room, _selected(running.facts, limit)), default=0.0)
    goods: Iterable[str] = running.facts.commodities
    goods = goods if limit.commodity == "*" else [limit.commodity]
    return max(map(running.size, goods), default=0.0)


def audit_limits(running: Running) -> Used:
    """Every row of the table of limits in every year it holds for; returns limit and use."""
    facts, used = running.facts, Used()
    for limit in facts.tables.limits:
        if limit.measure == "new capacity":
            continue  # the model does not use build rates
        years = _years(limit, facts)
        found: list[tuple[Any, tuple[str, str, int | None], float]]
        if limit.measure in ("capacity", "projects", "capital"):
            what = "limit on plants"
            found = [
                (year, (what, limit.limit, year), _on_plants(limit, year, running))
                for year in years
            ]
        elif limit.years == "together":
            what = "limit over years"
            found = [
                (
                    span,
                    (what, f"{limit.limit}, {span}", None),
                    math.fsum(_on_operation(limit, one, running) for one in course),
                )
                for span, course in (_courses(years, running) if years else {}).items()
            ]
        else:
            what = "limit on operation"
            found = [
                (name, (what, f"{limit.limit}, {name}", None), _on_operation(limit, one, running))
                for name, one in running.states.items()
                if not one.disrupted and one.year in years
            ]
        for when, key, amount in found:
            size = _size(limit, running)
            here = running.ledger.at([limit.limit, when], "its own unit", size)
            used[key] = (limit.value, amount, size)
            if limit.sense == "at most":
                here.at_most(what, amount, limit.value)
            elif amount != ENDLESS:
                here.at_least(what, amount, limit.value)
    return used


def audit_binding(money: Money, budgets: Used) -> None:
    """Every listed limit is used up, and no used-up limit is missing."""
    known = dict(budgets)
    for group in {row.exclusive_group for row in money.facts.tables.projects} - {None}:
        members = [one for one in money.committed.values() if one.row.exclusive_group == group]
        known["exclusive group", str(group), None] = (1.0, float(len(members)))
    listed: dict[tuple[str, str, int | None], dict[str, Any]] = {
        (row["what"], row["where"], None if row["year"] is None else int(row["year"])): row
        for row in records(money.plan, "binding")
    }
    for key, row in listed.items():
        here = money.ledger.at(key, row["unit"])
        if key[0] == "cap on a region's share":
            # the row is written as a difference of the two, which is nothing where the cap binds
            continue
        if key not in known:
            here.note("binding limit", row["used"], "no such limit")
            continue
        limit, amount, *size = known[key]
        here.cell("limit").same("binding limit", row["limit"], limit)
        here.cell("used").same("binding limit", row["used"], amount, limit, *size)
    for key, (limit, amount, *_) in budgets.items():
        # a limit of the table `limits` may hold for every decision, and is then not listed
        used_up = amount > 0 and abs(amount - limit) <= TIGHT / 10 * limit
        if key not in listed and not key[0].startswith("limit on") and used_up:
            money.ledger.at(key, "its own unit").note("binding limit", "not listed", amount)
