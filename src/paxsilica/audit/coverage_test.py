"""Coverage in the plan against what the plan makes, and could make at most, when all untrusted
regions are cut off."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from paxsilica.audit.activity import Running, demand_in
from paxsilica.audit.findings import records
from paxsilica.audit.need import needs, required_shares, trusted_demand
from paxsilica.audit.reference import Situation, product

SHARES = ("nameplate_share_without", "coverage_without", "nameplate_share", "coverage")
SHARE = "share of 1"


def audit_coverage(running: Running) -> dict[tuple[str, int], float]:
    """Coverage of every commodity and stage; returns the shortfall by commodity and year."""
    facts, ledger = running.facts, running.ledger
    required, need = required_shares(facts), needs(facts)
    found = records(running.plan, "coverage_by_commodity")
    rows = {(row["commodity"], row["year"]): row for row in found}
    for key in sorted(set(required) ^ set(rows)):
        ledger.at(key, "whether it is required").note("coverage", key in rows, key in required)
    cuts = {one.year: one for one in running.states.values() if one.coverage_test}
    shortfalls: dict[tuple[str, int], float] = {}
    lost: dict[tuple[int, str | None], list[tuple[float, float, float]]] = defaultdict(list)
    for key in sorted(set(required) & set(rows)):
        (commodity, year), row, quantity = key, rows[key], need[key]
        entry, one = facts.commodities[commodity], cuts.get(year)
        shortfalls[key] = row["shortfall"]
        texts, amounts = ledger.at(key), ledger.at(key, entry.unit, quantity)
        shares = ledger.at(key, SHARE, 1.0)
        texts.equal_cells("coverage", row, {"stage": entry.stage, "unit": entry.unit})
        amounts.same("need", row["need"], quantity)
        shares.same("required share", row["required_share"], required[key])
        amounts.at_least("shortfall", row["shortfall"], 0.0)
        if facts.case.coverage is not None and facts.case.coverage.hard:
            amounts.at_most("shortfall of hard coverage", row["shortfall"], 0.0)
        for column in SHARES:
            shares.at_least(f"range of {column}", row[column], 0.0)
            shares.at_most(f"range of {column}", row[column], 1.0)
        _nameplate(running, row, year)
        if one is None:
            texts.note("coverage", "a share", "there is no coverage test")
            continue
        drawn, missing = (
            sum(
                amount
                for (_, k, name), amount in flow.items()
                if (k, name) == (commodity, one.name)
            )
            for flow in (running.drawn, running.unserved)
        )
        made = running.made(commodity, one.name) + drawn
        claim = row["required_share"] * quantity - row["shortfall"]
        amounts.at_least("production when cut off", made, claim, quantity)
        wanted = sum(amount for (_, k), amount in demand_in(facts, one).items() if k == commodity)
        if trusted_demand(facts, year).get(commodity, 0.0) > 0:
            claim = required[key] * wanted - row["shortfall"]
            amounts.at_least("delivery when cut off", wanted - missing, claim, wanted)
        _within_reach(running, row, one, quantity)
        claim = required[key] - row["shortfall"] / quantity
        shares.at_least("coverage that is reached", row["coverage"], claim)
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
        here = ledger.at(["all stages", year], "sum of shares below those before", 1.0)
        here.at_most("coverage that is reached", fall, own_fall)
        if own_fall <= fall + 1e-6:
            here = ledger.at(["all stages", year], "sum of missing shares", 1.0)
            here.at_most("coverage that is reached", measured_lost, own_lost)
    _stages(running, rows)
    _concentration(running, required)
    return shortfalls


def _nameplate(running: Running, row: dict[str, Any], year: int) -> None:
    """Nameplate capacity in trusted regions as a share of the need."""
    facts = running.facts
    before = after = 0.0
    for name, plant in facts.plants.items():
        made = facts.makes[plant.process].get(row["commodity"], 0.0)
        if made and facts.trusted(plant.region, year):
            if name in facts.projects:
                after += made * running.money.available(name, year)
            elif facts.there(name, year):
                before += made * facts.number("assets", plant, "capacity", year)
    need = needs(facts)[row["commodity"], year]
    here = running.ledger.at([row["commodity"], year], SHARE, 1.0)
    without, share = min(1.0, before / need), min(1.0, (before + after) / need)
    here.same("nameplate share without the plan", row["nameplate_share_without"], without)
    here.same("nameplate share", row["nameplate_share"], share)


def _within_reach(running: Running, row: dict[str, Any], one: Situation, need: float) -> None:
    """Coverage is at most what credited plants without an untrusted host or controller, and stores,
    can supply."""
    facts, commodity = running.facts, row["commodity"]
    reach = {"coverage_without": 0.0, "coverage": 0.0}
    for name, plant in facts.plants.items():
        made = facts.makes[plant.process].get(commodity, 0.0)
        if made and facts.can_run(name, one):
            if name in facts.projects:
                reach["coverage"] += made * running.money.capacity(name, one.year)
            else:
                for column in reach:
                    reach[column] += product(facts.asset_capacity(name, one.year), made)
    for place, store in facts.stocks.items():
        if store.strategic and place[1] == commodity and not one.gone(place[0]):
            reach["coverage"] += running.opening(place, one.year) / facts.outage_years
            reach["coverage_without"] += max(store.largest, store.initial) / facts.outage_years
    here = running.ledger.at([commodity, one.year], SHARE, 1.0)
    for column, most in reach.items():
        here.at_most(f"reach of {column}", row[column], min(1.0, most / need))


def _stages(running: Running, rows: dict[tuple[str, int], dict[str, Any]]) -> None:
    """A stage is as well covered as its weakest commodity."""
    ledger = running.ledger
    groups: dict[tuple[str, int], list[dict[str, Any]]] = defaultdict(list)
    for row in rows.values():
        groups[row["stage"], row["year"]].append(row)
    names = {row.stage: row.name for row in running.facts.tables.stages}
    claimed = {(row["stage"], row["year"]): row for row in records(running.plan, "coverage")}
    for key in sorted(set(groups) ^ set(claimed)):
        here = ledger.at(key, "whether it is there")
        here.note("coverage of a stage", key in claimed, key in groups)
    for key in sorted(set(groups) & set(claimed)):
        row, members = claimed[key], groups[key]
        ledger.at(key).equal_cells("coverage of a stage", row, {"name": names.get(key[0])})
        expected = {column: min(member[column] for member in members) for column in SHARES}
        expected["required_share"] = max(member["required_share"] for member in members)
        ledger.at(key, SHARE, 1.0).same_cells("coverage of a stage", row, expected)
        limit = row["coverage"] + 1e-9
        weakest = [member["commodity"] for member in members if member["coverage"] <= limit]
        if row["weakest_commodity"] not in weakest:
            claim = row["weakest_commodity"]
            ledger.at(key).note("weakest commodity", claim, "; ".join(weakest))


def concentration_excess(
    running: Running, required: dict[tuple[str, int], float]
) -> dict[tuple[str, str, int], tuple[float, float]]:
    """By region, commodity and year: what the region makes when cut off, and what it may."""
    cap = running.facts.case.concentration
    found: dict[tuple[str, str, int], tuple[float, float]] = {}
    cuts = {one.year: one for one in running.states.values() if one.coverage_test}
    for commodity, year in required:
        if cap is not None and year >= cap.from_year and year in cuts:
            whole = running.made(commodity, cuts[year].name)
            for region in running.facts.regions:
                part = running.made(commodity, cuts[year].name, region)
                if part > 0:
                    found[region, commodity, year] = (part, cap.max_share * whole)
    return found


def _concentration(running: Running, required: dict[tuple[str, int], float]) -> None:
    cap = running.facts.case.concentration
    if cap is not None and cap.hard:
        for where, (part, most) in concentration_excess(running, required).items():
            here = running.ledger.at(where, running.facts.commodities[where[1]].unit)
            whole = most / max(cap.max_share, 1e-9)
            here.at_most("cap on a region's share", part, most, part, whole)
