"""Operating support recomputed from the data and the operation of the plan, and who pays it."""

from __future__ import annotations

import math
from collections import defaultdict

from paxsilica.audit.activity import Running
from paxsilica.audit.findings import records
from paxsilica.audit.money import USD_M, fits
from paxsilica.audit.reference import ENDLESS, Situation, yearly_charge

Lack = tuple[float, float, float]
"""What a plant lacks in a year and the size of the numbers it is made from, both in USD million,
and the activity on which it is counted."""


def lacking(running: Running) -> dict[tuple[str, int], Lack]:
    """What each plant lacks to earn its cost, by (plant, year), where that is positive."""
    facts, found = running.facts, dict[tuple[str, int], Lack]()
    disrupted = any(one.disrupted for one in running.states.values())
    if not facts.case.support.pay or not disrupted:
        return found
    for name, one in running.states.items():
        if one.disrupted:
            continue
        ready = {plant for plant, state in running.standby if state == name}
        for plant in sorted(ready.union(running.money.committed)):
            parts, counted = _parts(running, plant, one)
            total = math.fsum(parts)
            if total > found.get((plant, one.year), (0.0, 0.0, 0.0))[0]:
                found[plant, one.year] = (total, math.fsum(map(abs, parts)), counted)
    return found


def _parts(running: Running, plant: str, one: Situation) -> tuple[list[float], float]:
    """Parts of what a plant lacks in a normal state, USD million, and the activity on which it is
    counted."""
    facts, row = running.facts, running.facts.plants[plant]
    standby = running.standby.get((plant, one.name), 0.0)
    loss = facts.unit_cost(plant, one.year) * facts.factor("variable cost", plant, one.events)
    for sign, recipe in ((1, facts.uses[row.process]), (-1, facts.makes[row.process])):
        for commodity, quantity in recipe.items():
            loss += sign * quantity * (facts.commodities[commodity].price_usd_per_unit or 0.0)
    always = (facts.assets[plant].must_run_share or 0.0) if plant in facts.assets else 0.0
    kept = max(0.0, facts.minimum_utilisation(plant) - always) * standby
    counted = kept if loss > 0 else running.activity.get((plant, one.name), 0.0)
    parts = [1e-6 * loss * counted]
    if plant in facts.assets:
        room = facts.asset_capacity(plant, one.year)
        if 0 < room < ENDLESS:
            fixed = facts.number("assets", row, "fixed_cost_usd_m", one.year)
            fixed += 1e-6 * facts.fixed_per_unit(plant, one.year) * room
            parts.append(fixed * standby / room)
        return parts, counted
    serves, above = running.money.in_service(plant, one.year)
    parts.append(facts.fixed_cost_of(plant, one.year, serves, above))
    parts += annuities(running, plant, one.year)
    return parts, counted


def annuities(running: Running, project: str, year: int) -> list[float]:
    """Expected annuities of the owner's capital in a year, by year of commitment, USD million."""
    facts, one = running.facts, running.money.committed.get(project)
    if one is None:
        return []
    row = one.row
    if row.economic_life_years is None or not row.sponsor_share:
        return []
    stated = row.sponsor_cost_of_capital
    charge = yearly_charge(
        facts.case.finance.discount_rate if stated is None else stated,
        row.economic_life_years,
        row.lead_time_years,
        row.spend_profile or (1.0,),
    )
    found = []
    for since, capital in facts.capital(row, one.sizes).items():
        age = year - since - row.lead_time_years
        if 0 <= age < len(charge):
            serves = sum(p for late, p in facts.delays(project).items() if late <= age)
            found.append(serves * row.sponsor_share * charge[age] * capital)
    return found


def audit_support(running: Running) -> None:
    """Support is what plants lack, no more and no less, and funders pay it that may."""
    facts, ledger, money = running.facts, running.ledger, running.money
    needed = lacking(running)
    paid: dict[tuple[str, int], float] = defaultdict(float)
    for (_, plant, year), amount in money.support.items():
        paid[plant, year] += amount
    for plant, year in sorted({*needed, *paid}):
        total, size, _ = needed.get((plant, year), (0.0, 0.0, 0.0))
        here = ledger.at([plant, year], USD_M, max(size, money.size))
        here.same("operating support", paid[plant, year], total)
    for funder, plant, year in money.support:
        here = ledger.at([funder, plant, year], USD_M)
        amount = money.support[funder, plant, year]
        here.at_least("payments of operating support", amount, 0.0)
        if not _may_pay(running, funder, plant, year):
            here.note("payments of operating support", amount, 0.0)
    for record in records(running.plan, "support"):
        key = (record["plant"], record["year"])
        if key not in needed or record["plant"] not in facts.plants:
            continue
        _, size, counted = needed[key]
        here = ledger.at([*key, record["funder"]], USD_M, size)
        worth = facts.discount(record["year"]) * record["support_usd_m"]
        here.same("operating support", record["grant_equivalent_usd_m"], worth)
        product = facts.processes[facts.plants[record["plant"]].process].main_product
        if product is None:
            continue
        quantity = counted * facts.makes[facts.plants[record["plant"]].process][product]
        unit = facts.commodities[product].unit
        here = ledger.at(key, unit, running.room(record["plant"]))
        here.same("operating support", record["offtake_quantity"], quantity)
        floor, price = record["price_floor_usd_per_unit"], facts.commodities[product]
        if floor is not None:
            # the revenue above the list price is the support
            more = 1e-6 * (floor - (price.price_usd_per_unit or 0.0)) * record["offtake_quantity"]
            ledger.at(key, USD_M, size).same("operating support", more, paid[key])


def _may_pay(running: Running, funder: str, plant: str, year: int) -> bool:
    facts = running.facts
    if not facts.funders:
        return funder == "unallocated"
    if funder not in facts.funders or year not in facts.funder_years(facts.funders[funder]):
        return False
    mandates = [row for row in facts.tables.mandates if row.funder == funder]
    return not mandates or any(fits(facts, row, plant) for row in mandates)
