"""How the plan runs: balances of every commodity in every region and state, capacities, readiness,
routes, stores."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product as combinations
from typing import Any

from paxsilica.audit.findings import OF_ALL, Ledger, records
from paxsilica.audit.money import Money
from paxsilica.audit.reference import ENDLESS, Facts, Place, Situation, product
from paxsilica.plan.result import Plan

ACTIVITY = "unit of activity"


@dataclass
class Flows:
    """Flows of one operating state, in the order of the plan."""

    activity: list[tuple[str, float]] = field(default_factory=list)
    """(plant, amount)"""
    shipped: list[tuple[str, str, str, float]] = field(default_factory=list)
    """(from, to, commodity, amount)"""
    unserved: list[tuple[str, str, float]] = field(default_factory=list)
    """(region, commodity, amount)"""
    drawn: list[tuple[str, str, float]] = field(default_factory=list)
    """(region, commodity, amount)"""


@dataclass
class Running:
    """Flows of the plan by operating state, and what they are checked against."""

    facts: Facts
    plan: Plan
    ledger: Ledger
    money: Money
    states: dict[str, Situation]
    activity: dict[tuple[str, str], float] = field(default_factory=dict)
    """(plant, state)"""
    standby: dict[tuple[str, str], float] = field(default_factory=dict)
    """(plant, normal state)"""
    shipped: dict[tuple[str, str, str, str], float] = field(default_factory=dict)
    """(from, to, commodity, state)"""
    unserved: dict[tuple[str, str, str], float] = field(default_factory=dict)
    """(region, commodity, state)"""
    drawn: dict[tuple[str, str, str], float] = field(default_factory=dict)
    """(region, commodity, state)"""
    level: dict[tuple[str, str, int], float] = field(default_factory=dict)
    """(region, commodity, year)"""
    volumes: dict[str, float] = field(default_factory=dict)
    """All flows of a commodity in the state that has most of them, in commodity units."""
    rooms: dict[str, float] = field(default_factory=dict)
    """Size of each plant, in units of activity; see :meth:`room`."""

    @cached_property
    def flows(self) -> dict[str, Flows]:
        """The flows by state; for use after :func:`read_running`, which fills them."""
        found: dict[str, Flows] = defaultdict(Flows)
        for (plant, name), amount in self.activity.items():
            found[name].activity.append((plant, amount))
        for (origin, target, commodity, name), amount in self.shipped.items():
            found[name].shipped.append((origin, target, commodity, amount))
        for (region, commodity, name), amount in self.unserved.items():
            found[name].unserved.append((region, commodity, amount))
        for (region, commodity, name), amount in self.drawn.items():
            found[name].drawn.append((region, commodity, amount))
        return found

    @cached_property
    def activity_of(self) -> dict[str, list[tuple[str, float]]]:
        """(state, amount) by plant; for use after :func:`read_running`."""
        found: dict[str, list[tuple[str, float]]] = defaultdict(list)
        for (plant, name), amount in self.activity.items():
            found[plant].append((name, amount))
        return found

    def size(self, commodity: str) -> float:
        """Size of every row on a commodity: a share of all its flows."""
        return OF_ALL * self.volumes.get(commodity, 0.0)

    def room(self, plant: str) -> float:
        """Size of a plant: what is committed is whole only up to the solver's tolerance, and so is
        what may run."""
        return self.rooms.get(plant, 0.0)

    def opening(self, place: Place, year: int) -> float:
        """What lies in a store when the year begins."""
        return (
            self.facts.stocks[place].initial
            if year == self.facts.first
            else self.level.get((*place, year - 1), 0.0)
        )

    def made(self, commodity: str, state: str, region: str | None = None) -> float:
        """Output of a commodity in a state, in all regions or in one."""
        return math.fsum(
            amount * self.facts.makes[self.facts.plants[plant].process].get(commodity, 0.0)
            for plant, amount in self.flows[state].activity
            if region in (None, self.facts.plants[plant].region)
        )

    def capacity(self, plant: str, year: int) -> float:
        """Credited capacity of an asset or a project, before events."""
        if plant in self.facts.assets:
            open_ = year not in self.money.idle.get(plant, {})
            return self.facts.asset_capacity(plant, year) if open_ else 0.0
        return self.money.capacity(plant, year)


def demand_in(facts: Facts, situation: Situation) -> dict[Place, float]:
    """Final demand in a state, after events; computed once for each state."""
    key = ("demand", situation.name)
    if key not in facts.memory:
        facts.memory[key] = _demand_in(facts, situation)
    found: dict[Place, float] = facts.memory[key]
    return found


def _demand_in(facts: Facts, situation: Situation) -> dict[Place, float]:
    found: dict[Place, float] = {}
    for (region, commodity, year), quantity in facts.demand.items():
        if year != situation.year or situation.gone(region):
            continue
        if situation.everywhere and not facts.in_need(region, year):
            continue
        factor = 1.0
        for event in situation.events:
            touches = event.region in ("*", region) and event.commodity in ("*", commodity)
            if event.event == "demand" and touches:
                factor *= event.factor if event.factor is not None else 1.0
        if quantity * factor > 0:
            found[region, commodity] = quantity * factor
    return found


def read_running(money: Money, states: dict[str, Situation]) -> Running:
    """Flows of the plan. Rows with unknown names, repeated rows and negative amounts are
    findings."""
    facts, ledger = money.facts, money.ledger
    running = Running(facts, money.plan, ledger, money, states)
    flows: dict[str, tuple[dict[Any, float], str, tuple[str, ...]]] = {
        "operation": (running.activity, "activity", ("plant",)),
        "shipments": (running.shipped, "quantity", ("from_region", "to_region", "commodity")),
        "service": (running.unserved, "unserved", ("region", "commodity")),
        "stock_draws": (running.drawn, "quantity", ("region", "commodity")),
    }
    for table, (flow, column, key) in flows.items():
        for row in records(money.plan, table):
            names = [row[part] for part in key]
            further = [row["region"]] if table == "operation" else []
            here = ledger.at([row["state"], *names, *further])
            known = row["state"] in states and (
                row["plant"] in facts.plants
                if table == "operation"
                else row["commodity"] in facts.commodities
                and all(name in facts.regions for name in names[:-1])
            )
            index = (*names, row["state"])
            if not known or index in flow:
                here.note(f"row of {table}", "a row", "no such state, place or plant, or twice")
                continue
            here.equal(f"year in {table}", row["year"], states[row["state"]].year)
            if "mode" in row:
                here.equal(f"mode in {table}", row["mode"], states[row["state"]].mode)
            if table == "operation":
                _operation_row(row, running)
            else:
                here.equal(
                    f"unit in {table}", row["unit"], facts.commodities[row["commodity"]].unit
                )
            flow[index] = row[column]
    for row in records(money.plan, "stocks"):
        place = (row["region"], row["commodity"])
        if place not in facts.stocks:
            ledger.at(place).note("row of stocks", "a row", "no such store")
        running.level[(*place, row["year"])] = row["level"]
    running.volumes |= _volumes(running)
    running.rooms |= _rooms(running)
    names_of_flows = ("activity", "shipment", "unserved demand", "draw on a store")
    for what, (flow, _, _) in zip(names_of_flows, flows.values(), strict=True):
        for where, amount in flow.items():
            size = running.room(where[0]) if what == "activity" else running.size(where[-2])
            ledger.at(where, "unit", size).at_least(what, amount, 0.0)
    return running


def _volumes(running: Running) -> dict[str, float]:
    """All that is made, used, shipped, wanted, kept and drawn of each commodity, in the state that
    has most of it."""
    facts, volumes = running.facts, defaultdict[tuple[str, str], float](float)
    for (plant, name), amount in (*running.activity.items(), *running.standby.items()):
        process = facts.plants[plant].process
        for recipe in (facts.makes[process], facts.uses[process]):
            for commodity, quantity in recipe.items():
                volumes[commodity, name] += abs(quantity * amount)
    for flow in (running.shipped, running.unserved, running.drawn):
        for key, amount in flow.items():
            volumes[key[-2], key[-1]] += abs(amount)
    for (_, commodity, year), level in running.level.items():
        volumes[commodity, str(year)] += abs(level)
    for (_, commodity, year), amount in facts.demand.items():
        volumes[commodity, str(year)] += amount
    found: dict[str, float] = {}
    for (commodity, _), volume in volumes.items():
        found[commodity] = max(found.get(commodity, 0.0), volume)
    return found


def _rooms(running: Running) -> dict[str, float]:
    """Size of each plant: the largest of its capacity and activity, and of what makes or uses the
    size of its commodities."""
    facts, rooms = running.facts, defaultdict[str, float](float)
    for (plant, _), amount in running.activity.items():
        rooms[plant] = max(rooms[plant], abs(amount))
    for plant, row in facts.plants.items():
        if plant in facts.projects:
            sizes = [facts.projects[plant].largest_size]
        else:
            sizes = [facts.asset_capacity(plant, year) for year in facts.years]
        recipes = (facts.makes[row.process] | facts.uses[row.process]).items()
        flows = [running.size(name) / quantity for name, quantity in recipes if quantity]
        finite = [size for size in sizes if math.isfinite(size)]
        rooms[plant] = max(rooms[plant], *finite, min(flows, default=0.0))
    return dict(rooms)


def _operation_row(row: dict[str, Any], running: Running) -> None:
    facts = running.facts
    plant = facts.plants[row["plant"]]
    process = facts.processes[plant.process]
    if row["standby"] is not None and row["mode"] == "normal":
        running.standby[row["plant"], row["state"]] = row["standby"]
    expected = {
        "kind": "asset" if row["plant"] in facts.assets else "project",
        "stage": process.stage,
        "region": plant.region,
        "process": plant.process,
        "unit": process.unit,
    }
    running.ledger.at([row["plant"], row["state"]]).equal_cells("operation", row, expected)


def audit_running(running: Running) -> None:
    """Every flow within its bounds, every balance even."""
    facts, states, ledger = running.facts, running.states, running.ledger
    capacity = {
        (plant, name): product(
            running.capacity(plant, one.year),
            facts.factor("capacity", plant, one.events)
            * (facts.access(plant, one.year) if one.everywhere and plant in facts.assets else 1.0),
        )
        for name, one in states.items()
        for plant in facts.plants
    }
    _plants(running, capacity)
    claimed = {(row["plant"], row["state"]): row for row in records(running.plan, "operation")}
    for (plant, name), row in claimed.items():
        if (plant, name) in capacity:
            here = ledger.at([plant, name], row["unit"], running.room(plant))
            said = ENDLESS if row["capacity"] is None else row["capacity"]
            here.same("capacity", said, capacity[plant, name])
            if row["mode"] == "disrupted" and row["standby"] is not None and name in states:
                ready = running.standby.get((plant, states[name].normal_state or ""), 0.0)
                here.same("standby capacity", row["standby"], ready)
    _shared(running, capacity)
    _returns(running)
    _readiness(running, capacity)
    _routes(running)
    _stores(running)
    for situation in states.values():
        _balances(situation, running)
    _service(running)


def _plants(running: Running, capacity: dict[tuple[str, str], float]) -> None:
    facts, states, ledger = running.facts, running.states, running.ledger
    for (plant, name), amount in running.activity.items():
        room = running.room(plant)
        here = ledger.at([plant, name], facts.processes[facts.plants[plant].process].unit, room)
        if not facts.can_run(plant, states[name]) and amount > here.tolerance():
            here.note("cut off", amount, 0.0)
        here.at_most("activity within capacity", amount, capacity[plant, name])
    for asset, row in facts.assets.items():
        for name, one in states.items():
            if row.must_run_share and not one.disrupted and capacity[asset, name] != ENDLESS:
                ran = running.activity.get((asset, name), 0.0)
                least = row.must_run_share * capacity[asset, name]
                here = ledger.at([asset, name], ACTIVITY, running.room(asset))
                here.at_least("must run", ran, least)


def _returns(running: Running) -> None:
    """Goods come back only as far as the region got them the years of use before."""
    facts = running.facts
    scenarios = {
        row["state"]: set((row["scenarios"] or "").split("; ")) - {""}
        for row in records(running.plan, "operating_states")
    }
    for (plant, name), amount in running.activity.items():
        row = facts.assets.get(plant)
        if row is None or row.returns_of is None:
            continue
        year = running.states[name].year - (row.returns_after_years or 0)
        place, mine = (row.region, row.returns_of), scenarios[name]
        if year < facts.first:
            got = [facts.demand_of(*place, year)]
        else:
            got = [
                demand_in(facts, one).get(place, 0.0) - running.unserved.get((*place, earlier), 0.0)
                for earlier, one in running.states.items()
                if one.year == year
                and (scenarios[earlier] or (facts.case.scenarios is None and one.probability > 0))
                and (not mine or mine & scenarios[earlier])
            ]
        here = running.ledger.at([plant, name], ACTIVITY, running.room(plant))
        for served in got:
            here.at_most("returns after use", amount, (row.returns_share or 0.0) * served)


def _shared(running: Running, capacity: dict[tuple[str, str], float]) -> None:
    """All recipes of a plant together stay within its capacity."""
    facts = running.facts
    used: dict[tuple[str, str], list[float]] = defaultdict(list)
    for (plant, name), amount in running.activity.items():
        base, each = facts.capacity_of(plant)
        used[base, name].append(each * amount)
    further = {row.shares_capacity_of for row in facts.assets.values()}
    for (base, name), amounts in used.items():
        if base in further:
            there = facts.there(base, running.states[name].year)
            here = running.ledger.at([base, name], ACTIVITY, running.room(base))
            limit = capacity[base, name] if there else 0.0
            here.at_most("shared capacity", math.fsum(amounts), limit, *amounts)


def _readiness(running: Running, capacity: dict[tuple[str, str], float]) -> None:
    facts, ledger = running.facts, running.ledger
    for (plant, name), amount in running.activity.items():
        one, here = running.states[name], ledger.at([plant, name], ACTIVITY, running.room(plant))
        needed = facts.minimum_utilisation(plant) > 0 and facts.within_reach(plant, one.year)
        if one.disrupted and needed:
            standby = running.standby.get((plant, one.normal_state or ""), 0.0)
            here.at_most("activity within standby capacity", amount, standby)
    for (plant, name), standby in running.standby.items():
        here = ledger.at([plant, name], ACTIVITY, running.room(plant))
        ran, share = running.activity.get((plant, name), 0.0), facts.minimum_utilisation(plant)
        here.at_least("standby capacity", standby, 0.0)
        here.at_most("standby within capacity", standby, capacity[plant, name])
        here.at_least("minimum utilisation", ran, share * standby, standby)


def _routes(running: Running) -> None:
    facts, ledger = running.facts, running.ledger
    for (origin, target, commodity, name), amount in running.shipped.items():
        one = running.states[name]
        size, unit = running.size(commodity), facts.commodities[commodity].unit
        here = ledger.at([origin, target, commodity, name], unit, size)
        route = facts.route(origin, target, commodity)
        if route is None:
            here.note("shipment without a route", amount, 0.0)
            continue
        if route.largest_shipment is not None:
            here.at_most("largest shipment", amount, route.largest_shipment)
        leaves = one.blocks(origin, commodity) and not one.blocks(target, commodity)
        if leaves or one.gone(origin) or one.gone(target):
            here.note("shipment that is cut off", amount, 0.0)
    for row in facts.tables.routes:
        if row.smallest_shipment:
            for arc in combinations(
                facts.regions if row.from_region == "*" else [row.from_region],
                facts.regions if row.to_region == "*" else [row.to_region],
                facts.commodities if row.commodity == "*" else [row.commodity],
            ):
                if facts.route(*arc) == row:
                    _smallest(arc, row.smallest_shipment, running)


def _smallest(arc: tuple[str, str, str], least: float, running: Running) -> None:
    for name, one in running.states.items():
        if not one.disrupted:
            here = running.ledger.at([*arc, name], "commodity unit", running.size(arc[2]))
            here.at_least("smallest shipment", running.shipped.get((*arc, name), 0.0), least)


def _stores(running: Running) -> None:
    facts, ledger = running.facts, running.ledger
    for place, row in facts.stocks.items():
        for year in facts.years:
            unit = facts.commodities[row.commodity].unit
            here = ledger.at([*place, year], unit, running.size(row.commodity))
            level = running.level.get((*place, year))
            if level is None:
                here.note("level of a store", None, "a level")
                continue
            here.at_least("level of a store", level, row.floor or 0.0)
            if year == facts.last and row.final is not None:
                here.same("final level of a store", level, row.final)
            else:
                here.at_most("level of a store", level, row.largest)
    for (region, commodity, name), amount in running.drawn.items():
        one, store = running.states[name], facts.stocks.get((region, commodity))
        usable = store is not None and store.strategic and one.disrupted and not one.gone(region)
        most = (
            running.opening((region, commodity), one.year) / facts.outage_years if usable else 0.0
        )
        unit = facts.commodities[commodity].unit
        here = ledger.at([region, commodity, name], unit, running.size(commodity))
        here.at_most("draw on a store", amount, most)


def _flows(one: Situation, running: Running) -> dict[Place, list[float]]:
    """Everything that comes to a place (positive) or leaves it (negative) in a state."""
    facts, own = running.facts, running.flows[one.name]
    flows: dict[Place, list[float]] = defaultdict(list)
    for plant, amount in own.activity:
        row = facts.plants[plant]
        for sign, recipes in ((1.0, facts.makes), (-1.0, facts.uses)):
            for commodity, quantity in recipes[row.process].items():
                flows[row.region, commodity].append(sign * quantity * amount)
    for origin, target, commodity, amount in own.shipped:
        flows[origin, commodity].append(-amount)
        flows[target, commodity].append(amount)
    for place, wanted in demand_in(facts, one).items():
        flows[place] += [-wanted, running.unserved.get((*place, one.name), 0.0)]
    for region, commodity, amount in own.drawn:
        flows[region, commodity].append(amount)
    for place in facts.stocks if not one.disrupted else ():
        level = running.level.get((*place, one.year), 0.0)
        flows[place] += [running.opening(place, one.year), -level]
    return flows


def _balances(one: Situation, running: Running) -> None:
    for (region, commodity), amounts in _flows(one, running).items():
        size, rest = math.fsum(abs(amount) for amount in amounts), math.fsum(amounts)
        row = running.facts.commodities[commodity]
        here = running.ledger.at([region, commodity, one.name], row.unit, running.size(commodity))
        here.at_least("commodity balance", rest, 0.0, size)
        if row.surplus == "forbidden":
            here.at_most("forbidden surplus", rest, 0.0, size)


def _service(running: Running) -> None:
    facts = running.facts
    claimed = {
        (row["region"], row["commodity"], row["state"]): row["demand"]
        for row in records(running.plan, "service")
    }
    for name, one in running.states.items():
        wanted = demand_in(facts, one)
        for place in sorted({*wanted, *(key[:2] for key in claimed if key[2] == name)}):
            row, required = facts.commodities[place[1]], wanted.get(place, 0.0)
            here = running.ledger.at([*place, name], row.unit, running.size(place[1]))
            here.same("demand", claimed.get((*place, name)), required)
            missing = running.unserved.get((*place, name), 0.0)
            here.at_most("unserved demand", missing, required)
            priced = (
                row.shortage_price_usd_per_unit is not None
                or ("commodities", place[1], "shortage_price_usd_per_unit") in facts.series
            )
            if not priced and not (one.disrupted and one.probability == 0):
                here.at_most("demand that must be served", missing, 0.0, required)
