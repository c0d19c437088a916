"""Coverage in the plan against what the plan makes, and could make at most, when adversaries are
cut off."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import Any

from paxsilica.audit.activity import Running, demand_in
from paxsilica.audit.findings import records
from paxsilica.audit.need import covered_demand, needs, required_shares, share_of
from paxsilica.audit.reference import Facts, Situation, product

KINDS = ("nameplate_share", "credited_share", "standalone_coverage", "joint_coverage")
SHARES = tuple(f"{kind}{way}" for way in ("_without", "") for kind in KINDS)
SHARE = "share of 1"
WHOLE = 1.0
"""Size of what shares are made from."""


def audit_coverage(running: Running) -> dict[tuple[str, int], float]:
    """Coverage of every commodity and stage; returns the shortfall by stage and year, a share of
    need."""
    facts, ledger = running.facts, running.ledger
    required, need = required_shares(facts), needs(facts)
    found = records(running.plan, "coverage_by_commodity")
    rows = {(row["commodity"], row["year"]): row for row in found}
    for key in sorted(set(required) ^ set(rows)):
        ledger.at(key, "whether it is required").note("coverage", key in rows, key in required)
    cuts = {one.year: one for one in running.states.values() if one.coverage_test}
    shortfalls: dict[tuple[str, int], float] = {}
    everything: dict[tuple[str, int], list[float]] = defaultdict(list)
    own: dict[int, list[float]] = defaultdict(list)
    for key in sorted(set(required) & set(rows)):
        (commodity, year), row, quantity = key, rows[key], need[key]
        entry, one = facts.commodities[commodity], cuts.get(year)
        short = row["shortfall"] / quantity
        assert entry.stage is not None
        everything[entry.stage, year].append(short)
        texts, amounts = ledger.at(key), ledger.at(key, entry.unit, quantity)
        shares = ledger.at(key, SHARE, WHOLE)
        texts.equal_cells("coverage", row, {"stage": entry.stage, "unit": entry.unit})
        amounts.same("need", row["need"], quantity)
        shares.same("required share", row["required_share"], required[key])
        amounts.at_least("shortfall", row["shortfall"], 0.0)
        if facts.must_cover:
            amounts.at_most("shortfall of hard coverage", row["shortfall"], 0.0)
        for column in SHARES:
            shares.at_least(f"range of {column}", row[column], 0.0)
            shares.at_most(f"range of {column}", row[column], 1.0)
        _nameplate(running, row, year)
        if one is None:
            texts.note("coverage", "a share", "there is no coverage test")
            continue
        missing = sum(amount for _, k, amount in running.flows[one.name].unserved if k == commodity)
        made = supplied(running, commodity, one)
        claim = row["required_share"] * quantity - row["shortfall"]
        amounts.at_least("production when cut off", made, claim, quantity)
        wanted = sum(amount for (_, k), amount in demand_in(facts, one).items() if k == commodity)
        if covered_demand(facts, year).get(commodity, 0.0) > 0:
            claim = (required[key] - short) * wanted
            amounts.at_least("delivery when cut off", wanted - missing, claim, wanted)
        _within_reach(running, row, one, quantity)
        own[year].append(min(1.0, made / quantity))
        if wanted > 0:
            own[year].append(1.0 - missing / wanted)
    for where, shares_short in everything.items():
        shortfalls[where] = max(shares_short)
        here = ledger.at(where, SHARE, WHOLE)
        here.at_most("shortfall", shortfalls[where], 1.0)
        here.same("shortfall of a stage", min(shares_short), shortfalls[where])
    _outside(running)
    _joint(running, rows, own)
    _stages(running, rows)
    _concentration(running, required)
    return shortfalls


def _outside(running: Running) -> None:
    """Final demand for goods that are not covered is served too where coverage is hard, unless the
    case lists the good."""
    facts, coverage = running.facts, running.facts.case.coverage
    if coverage is None or not facts.must_cover:
        return
    for one in running.states.values():
        wanted: dict[str, list[float]] = defaultdict(list)
        served: dict[str, list[float]] = defaultdict(list)
        for (region, good), amount in demand_in(facts, one).items() if one.coverage_test else ():
            row, since = facts.commodities[good], coverage.from_years.get(good, coverage.from_year)
            outside = not row.covered or row.stage is None
            if outside and good not in coverage.listed_uses and one.year >= since:
                wanted[good].append(amount)
                served[good].append(amount - running.unserved.get((region, good, one.name), 0.0))
        for good, amounts in wanted.items():
            whole = math.fsum(amounts)
            claim = share_of(coverage.required, one.year) * whole
            here = running.ledger.at([good, one.year], facts.commodities[good].unit)
            here.at_least("uses outside the chain", math.fsum(served[good]), claim, whole)


def takers(facts: Facts, one: Situation) -> dict[str, set[str]]:
    """By commodity, the regions that demand it in a coverage test, or have an existing plant that
    can run and takes it; computed once for each state."""
    key = ("takers", one.name)
    if key not in facts.memory:
        found: dict[str, set[str]] = defaultdict(set)
        for region, commodity in demand_in(facts, one):
            found[commodity].add(region)
        for name, row in facts.assets.items():
            size = product(facts.asset_capacity(name, one.year), facts.access(name, one.year))
            if facts.capacity_of(name)[0] in facts.projects:
                continue  # a recipe of a project does not exist without it
            base = facts.capacity_of(name)[0]
            if facts.may_be(base, "closed") or facts.may_be(base, "mothballed"):
                continue
            if size > 0 and facts.can_run(name, one):
                for commodity in facts.uses[row.process]:
                    found[commodity].add(row.region)
        facts.memory[key] = found
    known: dict[str, set[str]] = facts.memory[key]
    return known


def supplied(running: Running, commodity: str, one: Situation) -> float:
    """What is made and drawn of a commodity in a coverage test, without the surplus of regions
    that do not take it."""
    facts, inside = running.facts, takers(running.facts, one)[commodity]
    amounts = []
    flows = running.flows[one.name]
    for plant, activity in flows.activity:
        row = facts.plants[plant]
        recipes = facts.makes if row.region in inside else facts.uses
        amounts.append(activity * recipes[row.process].get(commodity, 0.0))
    for region, good, amount in flows.drawn:
        if good == commodity and region in inside:
            amounts.append(amount)
    for origin, target, good, amount in flows.shipped:
        if good == commodity:
            amounts.append(((target in inside) - (origin in inside)) * amount)
    return math.fsum(amounts)


def _joint(
    running: Running, rows: dict[tuple[str, int], dict[str, Any]], own: dict[int, list[float]]
) -> None:
    """Joint coverage is one value a year: no less than what the plan's own cut-off serves, no more
    than the standalone coverage of any good, and no more than with free readiness."""
    claimed = {row["year"]: row for row in records(running.plan, "joint_coverage")}
    ledger = running.ledger
    for year in sorted({year for _, year in rows} ^ set(claimed)):
        ledger.at(["joint coverage", year]).note("coverage", year in claimed, year not in claimed)
    for year, row in sorted(claimed.items()):
        members = {key[0]: one for key, one in rows.items() if key[1] == year}
        here = ledger.at(["joint coverage", year], SHARE, WHOLE)
        for way in ("without", "with"):
            suffix = "_without" if way == "without" else ""
            for good, member in members.items():
                at = ledger.at([good, year], SHARE, WHOLE)
                at.same("joint coverage of the year", member[f"joint_coverage{suffix}"], row[way])
                most = member[f"standalone_coverage{suffix}"]
                at.at_most("joint coverage", row[way], most)
        able = row["capability"], row["capability_without"]
        here.at_most("capability with the plan", row["with"], able[0])
        here.at_most("capability without the plan", row["without"], able[1])
        if own.get(year):
            here.at_least("joint coverage that the plan serves", row["with"], min(own[year]))
        required = max(member["required_share"] for member in members.values())
        here.same("required share", row["required"], required)
        if row["requirement_ratio"] < 1 - 1e-6 and running.facts.must_cover:
            here.at_least("required shares at once", row["requirement_ratio"], 1.0)


def _nameplate(running: Running, row: dict[str, Any], year: int) -> None:
    """Nameplate capacity that is not cut off as a share of the need."""
    facts = running.facts
    most: dict[str, float] = defaultdict(float)
    for name, plant in facts.plants.items():
        made = facts.makes[plant.process].get(row["commodity"], 0.0)
        if made and not facts.cut_off(plant.region, year) and facts.there(name, year):
            base, use = facts.capacity_of(name)
            whole = (
                running.money.available(base, year)
                if base in facts.projects
                else facts.nameplate(base, year)
            )
            if base != name:
                whole = min(whole / use, facts.nameplate(name, year))
            most[base] = max(most[base], made * whole)
    closed = math.fsum(
        size for name, size in most.items() if year in running.money.idle.get(name, {})
    )
    before = math.fsum(size for name, size in most.items() if name not in facts.projects)
    after = math.fsum(size for name, size in most.items() if name in facts.projects)
    need = needs(facts)[row["commodity"], year]
    here = running.ledger.at([row["commodity"], year], SHARE, WHOLE)
    without, share = min(1.0, before / need), min(1.0, (before - closed + after) / need)
    here.same("nameplate share without the plan", row["nameplate_share_without"], without)
    here.same("nameplate share", row["nameplate_share"], share)


def _within_reach(running: Running, row: dict[str, Any], one: Situation, need: float) -> None:
    """Coverage is at most what credited plants within reach, and stores,
    can supply."""
    facts, commodity = running.facts, row["commodity"]
    reach = {"standalone_coverage_without": 0.0, "standalone_coverage": 0.0}
    most: dict[str, float] = defaultdict(float)
    for name, plant in facts.plants.items():
        made = facts.makes[plant.process].get(commodity, 0.0)
        if made and facts.can_run(name, one):
            base, use = facts.capacity_of(name)
            size = (
                facts.asset_capacity(base, one.year)
                if base in facts.assets
                else running.capacity(base, one.year)
            )
            if base != name:
                size = min(size / use, facts.asset_capacity(name, one.year))
            if base in facts.assets:
                size = product(size, facts.access(base, one.year))
            most[base] = max(most[base], product(size, made))
    for base, size in most.items():
        if base in facts.assets:
            reach["standalone_coverage_without"] += size
        if one.year not in running.money.idle.get(base, {}):
            reach["standalone_coverage"] += size
    credited = dict(reach)
    for place, store in facts.stocks.items():
        if store.strategic and place[1] == commodity and not one.gone(place[0]):
            reach["standalone_coverage"] += running.opening(place, one.year) / facts.outage_years
            reach["standalone_coverage_without"] += (
                max(store.largest, store.initial) / facts.outage_years
            )
    here = running.ledger.at([commodity, one.year], SHARE, WHOLE)
    for column, largest in reach.items():
        here.at_most(f"reach of {column}", row[column], min(1.0, largest / need))
        share = column.replace("standalone_coverage", "credited_share")
        here.same("credited share", row[share], min(1.0, credited[column] / need))


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
        alone = ("standalone_coverage_without", "standalone_coverage")
        expected = {
            column: min(member[column] for member in members)
            for column in SHARES
            if column not in alone
        }
        expected["required_share"] = max(member["required_share"] for member in members)
        here = ledger.at(key, SHARE, WHOLE)
        here.same_cells("coverage of a stage", row, expected)
        for column in alone:
            # all goods of a stage at once: no more than the worst of them alone
            here.at_most(f"{column} of a stage", row[column], min(one[column] for one in members))
        least = min(member["standalone_coverage"] for member in members)
        limit = least + 1e-9
        weakest = [one["commodity"] for one in members if one["standalone_coverage"] <= limit]
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
            unit = running.facts.commodities[where[1]].unit
            here = running.ledger.at(where, unit, running.size(where[1]))
            whole = most / max(cap.max_share, 1e-9)
            here.at_most("cap on a region's share", part, most, part, whole)
