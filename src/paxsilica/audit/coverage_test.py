"""Coverage in the plan against what the plan makes, and could make at most, when all untrusted
regions are cut off."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from paxsilica.audit.activity import Running, demand_in
from paxsilica.audit.findings import Ledger, records
from paxsilica.audit.money import Money
from paxsilica.audit.need import needs, required_shares, trusted_demand
from paxsilica.audit.reference import Facts, Situation, product
from paxsilica.plan.result import Plan

SHARES = ("nameplate_share_without", "coverage_without", "nameplate_share", "coverage")


def audit_coverage(
    facts: Facts,
    plan: Plan,
    states: dict[str, Situation],
    money: Money,
    running: Running,
    ledger: Ledger,
) -> dict[tuple[str, int], float]:
    """Coverage of every commodity and stage; returns the shortfall by commodity and year."""
    required, need = required_shares(facts), needs(facts)
    rows = {(row["commodity"], row["year"]): row for row in records(plan, "coverage_by_commodity")}
    for key in sorted(set(required) ^ set(rows)):
        ledger.note("coverage", key, key in rows, key in required, "whether it is required")
    cuts = {one.year: one for one in states.values() if one.coverage_test}
    shortfalls: dict[tuple[str, int], float] = {}
    lost: dict[tuple[int, str | None], list[tuple[float, float, float]]] = defaultdict(list)
    for key in sorted(set(required) & set(rows)):
        commodity, year = key
        row, entry, one = rows[key], facts.commodities[commodity], cuts.get(year)
        shortfalls[key] = row["shortfall"]
        where, quantity = [commodity, year], need[key]
        ledger.equal_text("coverage", [*where, "stage"], row["stage"], entry.stage)
        ledger.equal_text("coverage", [*where, "unit"], row["unit"], entry.unit)
        ledger.same("need", where, row["need"], quantity, entry.unit)
        ledger.same("required share", where, row["required_share"], required[key], "share of 1")
        ledger.at_least("shortfall", where, row["shortfall"], 0.0, entry.unit)
        if facts.case.coverage is not None and facts.case.coverage.hard:
            ledger.at_most("shortfall of hard coverage", where, row["shortfall"], 0.0, entry.unit)
        for column in SHARES:
            ledger.at_least(f"range of {column}", where, row[column], 0.0, "share of 1")
            ledger.at_most(f"range of {column}", where, row[column], 1.0, "share of 1")
        _nameplate(facts, money, row, year, ledger)
        if one is None:
            ledger.note("coverage", where, "a share", "there is no coverage test", "text")
            continue
        made = running.made(facts, commodity, one.name)
        made += sum(
            amount
            for (_, k, name), amount in running.drawn.items()
            if (k, name) == (commodity, one.name)
        )
        claim = row["required_share"] * quantity - row["shortfall"]
        ledger.at_least("production when cut off", where, made, claim, entry.unit, quantity)
        wanted = sum(amount for (_, k), amount in demand_in(facts, one).items() if k == commodity)
        missing = sum(
            amount
            for (_, k, name), amount in running.unserved.items()
            if (k, name) == (commodity, one.name)
        )
        if trusted_demand(facts, year).get(commodity, 0.0) > 0:
            ledger.at_least(
                "delivery when cut off",
                where,
                wanted - missing,
                required[key] * wanted - row["shortfall"],
                entry.unit,
                wanted,
            )
        _within_reach(facts, money, running, row, one, quantity, ledger)
        ledger.at_least(
            "coverage that is reached",
            where,
            row["coverage"],
            required[key] - row["shortfall"] / quantity,
            "share of 1",
        )
        own = max(quantity - made, missing, 0.0) / quantity
        lost[year, entry.stage].append((own, 1.0 - row["coverage"], 1.0 - row["coverage_without"]))
    for year in {year for year, _ in lost}:
        stages = [pairs for (when, _), pairs in lost.items() if when == year]
        own_lost, measured_lost = (
            sum(sum(each[way] for each in pairs) / len(pairs) for pairs in stages) for way in (0, 1)
        )
        own_fall, fall = (
            sum(
                sum(max(0.0, each[way] - each[2]) for each in pairs) / len(pairs)
                for pairs in stages
            )
            for way in (0, 1)
        )
        # the measured coverage falls no further below that without the plan than the plan's own
        # cut-off does; where it falls as far, it loses no more
        ledger.at_most(
            "coverage that is reached",
            ["all stages", year],
            fall,
            own_fall,
            "sum of shares below those before",
        )
        if own_fall <= fall + 1e-6:
            ledger.at_most(
                "coverage that is reached",
                ["all stages", year],
                measured_lost,
                own_lost,
                "sum of missing shares",
            )
    _stages(facts, plan, rows, ledger)
    _concentration(facts, states, running, required, ledger)
    return shortfalls


def _nameplate(facts: Facts, money: Money, row: dict[str, Any], year: int, ledger: Ledger) -> None:
    """Nameplate capacity in trusted regions as a share of the need."""
    before = after = 0.0
    for name, plant in facts.plants.items():
        made = facts.makes[plant.process].get(row["commodity"], 0.0)
        if made and facts.trusted(plant.region, year):
            if name in facts.projects:
                after += made * money.available(facts, name, year)
            elif facts.there(name, year):
                before += made * facts.number("assets", plant, "capacity", year)
    need = needs(facts)[row["commodity"], year]
    where = [row["commodity"], year]
    ledger.same(
        "nameplate share without the plan",
        where,
        row["nameplate_share_without"],
        min(1.0, before / need),
        "share of 1",
    )
    ledger.same(
        "nameplate share",
        where,
        row["nameplate_share"],
        min(1.0, (before + after) / need),
        "share of 1",
    )


def _within_reach(
    facts: Facts,
    money: Money,
    running: Running,
    row: dict[str, Any],
    one: Situation,
    need: float,
    ledger: Ledger,
) -> None:
    """Coverage is at most what credited plants without an untrusted host or controller, and stores,
    can supply."""
    commodity = row["commodity"]
    lasting = 1 if facts.case.coverage is None else facts.case.coverage.outage_years
    reach = {"coverage_without": 0.0, "coverage": 0.0}
    for name, plant in facts.plants.items():
        made = facts.makes[plant.process].get(commodity, 0.0)
        if made and facts.can_run(name, one):
            if name in facts.projects:
                reach["coverage"] += made * money.capacity(facts, name, one.year)
            else:
                for column in reach:
                    reach[column] += product(facts.asset_capacity(name, one.year), made)
    for place, store in facts.stocks.items():
        if store.strategic and place[1] == commodity and not one.gone(place[0]):
            reach["coverage"] += running.opening(facts, place, one.year) / lasting
            reach["coverage_without"] += max(store.largest, store.initial) / lasting
    for column, most in reach.items():
        ledger.at_most(
            f"reach of {column}",
            [commodity, one.year],
            row[column],
            min(1.0, most / need),
            "share of 1",
        )


def _stages(
    facts: Facts, plan: Plan, rows: dict[tuple[str, int], dict[str, Any]], ledger: Ledger
) -> None:
    """A stage is as well covered as its weakest commodity."""
    groups: dict[tuple[str, int], list[dict[str, Any]]] = defaultdict(list)
    for row in rows.values():
        groups[row["stage"], row["year"]].append(row)
    names = {row.stage: row.name for row in facts.tables.stages}
    claimed = {(row["stage"], row["year"]): row for row in records(plan, "coverage")}
    for key in sorted(set(groups) ^ set(claimed)):
        ledger.note(
            "coverage of a stage", key, key in claimed, key in groups, "whether it is there"
        )
    for key in sorted(set(groups) & set(claimed)):
        row, members = claimed[key], groups[key]
        ledger.equal_text("coverage of a stage", [*key, "name"], row["name"], names.get(key[0]))
        for column in SHARES:
            ledger.same(
                "coverage of a stage",
                [*key, column],
                row[column],
                min(member[column] for member in members),
                "share of 1",
            )
        most = max(member["required_share"] for member in members)
        ledger.same(
            "coverage of a stage",
            [*key, "required_share"],
            row["required_share"],
            most,
            "share of 1",
        )
        weakest = [
            member["commodity"]
            for member in members
            if member["coverage"] <= row["coverage"] + 1e-9
        ]
        if row["weakest_commodity"] not in weakest:
            ledger.note(
                "weakest commodity", key, row["weakest_commodity"], "; ".join(weakest), "text"
            )


def concentration_excess(
    facts: Facts,
    states: dict[str, Situation],
    running: Running,
    required: dict[tuple[str, int], float],
) -> dict[tuple[str, str, int], tuple[float, float]]:
    """By region, commodity and year: what the region makes when cut off, and what it may."""
    cap = facts.case.concentration
    found: dict[tuple[str, str, int], tuple[float, float]] = {}
    cuts = {one.year: one for one in states.values() if one.coverage_test}
    for commodity, year in required:
        if cap is not None and year >= cap.from_year and year in cuts:
            whole = running.made(facts, commodity, cuts[year].name)
            for region in facts.regions:
                part = running.made(facts, commodity, cuts[year].name, region)
                if part > 0:
                    found[region, commodity, year] = (part, cap.max_share * whole)
    return found


def _concentration(
    facts: Facts,
    states: dict[str, Situation],
    running: Running,
    required: dict[tuple[str, int], float],
    ledger: Ledger,
) -> None:
    cap = facts.case.concentration
    if cap is not None and cap.hard:
        for where, (part, most) in concentration_excess(facts, states, running, required).items():
            ledger.at_most(
                "cap on a region's share",
                where,
                part,
                most,
                facts.commodities[where[1]].unit,
                part,
                most / max(cap.max_share, 1e-9),
            )
