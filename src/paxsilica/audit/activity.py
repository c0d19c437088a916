"""How the plan runs: balances of every commodity in every region and state, capacities, readiness,
routes, stores."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from paxsilica.audit.findings import Ledger, records
from paxsilica.audit.money import Money
from paxsilica.audit.reference import ENDLESS, Facts, Place, Situation, product
from paxsilica.plan.result import Plan

TABLES = ("operation", "shipments", "service", "stock_draws")


@dataclass
class Running:
    """Flows of the plan by operating state."""

    activity: dict[tuple[str, str], float]
    """(plant, state)"""
    standby: dict[tuple[str, str], float]
    """(plant, normal state)"""
    shipped: dict[tuple[str, str, str, str], float]
    """(from, to, commodity, state)"""
    unserved: dict[tuple[str, str, str], float]
    """(region, commodity, state)"""
    drawn: dict[tuple[str, str, str], float]
    """(region, commodity, state)"""
    level: dict[tuple[str, str, int], float]
    """(region, commodity, year)"""

    def opening(self, facts: Facts, place: Place, year: int) -> float:
        """What lies in a store when the year begins."""
        return (
            facts.stocks[place].initial
            if year == facts.first
            else self.level.get((*place, year - 1), 0.0)
        )

    def made(self, facts: Facts, commodity: str, state: str, region: str | None = None) -> float:
        """Output of a commodity in a state, in all regions or in one."""
        return math.fsum(
            amount * facts.makes[facts.plants[plant].process].get(commodity, 0.0)
            for (plant, name), amount in self.activity.items()
            if name == state and region in (None, facts.plants[plant].region)
        )


def demand_in(facts: Facts, situation: Situation) -> dict[Place, float]:
    """Final demand in a state, after events."""
    found = {}
    for (region, commodity, year), quantity in facts.demand.items():
        if year != situation.year or situation.gone(region):
            continue
        factor = 1.0
        for event in situation.events:
            if (
                event.event == "demand"
                and event.region in ("*", region)
                and event.commodity in ("*", commodity)
            ):
                factor *= event.factor if event.factor is not None else 1.0
        if quantity * factor > 0:
            found[region, commodity] = quantity * factor
    return found


def read_running(facts: Facts, plan: Plan, states: dict[str, Situation], ledger: Ledger) -> Running:
    """Flows of the plan. Rows with unknown names, repeated rows and negative amounts are
    findings."""
    running = Running({}, {}, {}, {}, {}, {})
    seen: set[tuple[Any, ...]] = set()
    for table in TABLES:
        for row in records(plan, table):
            situation = states.get(row["state"])
            names = [
                row[key]
                for key in ("plant", "from_region", "to_region", "region", "commodity")
                if key in row
            ]
            known = situation is not None and (
                row["plant"] in facts.plants
                if table == "operation"
                else row["commodity"] in facts.commodities
                and all(name in facts.regions for name in names[:-1])
            )
            key = (table, row["state"], *((row["plant"],) if table == "operation" else names))
            if not known or key in seen:
                ledger.note(
                    f"row of {table}",
                    [row["state"], *names],
                    "a row",
                    "no such state, place or plant, or twice",
                    "text",
                )
                continue
            seen.add(key)
            assert situation is not None
            ledger.equal_text(
                f"year in {table}", [row["state"], *names], row["year"], situation.year
            )
            if "mode" in row:
                ledger.equal_text(
                    f"mode in {table}",
                    [row["state"], *names],
                    row["mode"],
                    "disrupted" if situation.disrupted else "normal",
                )
            if table == "operation":
                _operation_row(facts, row, running, ledger)
            else:
                ledger.equal_text(
                    f"unit in {table}",
                    [row["state"], *names],
                    row["unit"],
                    facts.commodities[row["commodity"]].unit,
                )
            _flow(table, row, running)
    for row in records(plan, "stocks"):
        place = (row["region"], row["commodity"])
        if place not in facts.stocks:
            ledger.note("row of stocks", place, "a row", "no such store", "text")
        running.level[(*place, row["year"])] = row["level"]
    for what, flows in (
        ("activity", running.activity),
        ("shipment", running.shipped),
        ("unserved demand", running.unserved),
    ):
        for index, amount in flows.items():
            ledger.at_least(what, index, amount, 0.0, "unit")
    for where, amount in running.drawn.items():
        ledger.at_least("draw on a store", where, amount, 0.0, "unit")
    return running


def _flow(table: str, row: dict[str, Any], running: Running) -> None:
    """Takes a row of shipments, service or draws into the flows."""
    commodity, state = row.get("commodity", ""), row["state"]
    if table == "shipments":
        running.shipped[row["from_region"], row["to_region"], commodity, state] = row["quantity"]
    elif table == "service":
        running.unserved[row["region"], commodity, state] = row["unserved"]
    elif table == "stock_draws":
        running.drawn[row["region"], commodity, state] = row["quantity"]


def _operation_row(facts: Facts, row: dict[str, Any], running: Running, ledger: Ledger) -> None:
    plant = facts.plants[row["plant"]]
    process = facts.processes[plant.process]
    running.activity[row["plant"], row["state"]] = row["activity"]
    if row["standby"] is not None and row["mode"] == "normal":
        running.standby[row["plant"], row["state"]] = row["standby"]
    for column, text in {
        "kind": "asset" if row["plant"] in facts.assets else "project",
        "stage": process.stage,
        "region": plant.region,
        "process": plant.process,
        "unit": process.unit,
    }.items():
        ledger.equal_text("operation", [row["plant"], row["state"], column], row[column], text)


def audit_running(
    facts: Facts,
    plan: Plan,
    states: dict[str, Situation],
    money: Money,
    running: Running,
    ledger: Ledger,
) -> None:
    """Every flow within its bounds, every balance even."""
    capacity = {
        (plant, name): product(
            (
                facts.asset_capacity(plant, one.year)
                if plant in facts.assets
                else money.capacity(facts, plant, one.year)
            ),
            facts.factor("capacity", plant, one.events),
        )
        for name, one in states.items()
        for plant in facts.plants
    }
    _plants(facts, states, running, capacity, ledger)
    claimed = {(row["plant"], row["state"]): row for row in records(plan, "operation")}
    for (plant, name), row in claimed.items():
        if (plant, name) in capacity:
            said = ENDLESS if row["capacity"] is None else row["capacity"]
            ledger.same("capacity", [plant, name], said, capacity[plant, name], row["unit"])
            if row["mode"] == "disrupted" and row["standby"] is not None and name in states:
                ledger.same(
                    "standby capacity",
                    [plant, name],
                    row["standby"],
                    running.standby.get((plant, states[name].normal_state or ""), 0.0),
                    row["unit"],
                )
    _readiness(facts, states, running, capacity, ledger)
    _routes(facts, states, running, ledger)
    _stores(facts, states, running, ledger)
    for situation in states.values():
        _balances(facts, situation, running, ledger)
    _service(facts, plan, states, running, ledger)


def _room(facts: Facts, plant: str) -> float:
    """Size of a plant for tolerances: what is committed is whole only up to the solver's tolerance,
    and so is what may run."""
    return facts.projects[plant].largest_size if plant in facts.projects else 0.0


def _plants(
    facts: Facts,
    states: dict[str, Situation],
    running: Running,
    capacity: dict[tuple[str, str], float],
    ledger: Ledger,
) -> None:
    for (plant, name), amount in running.activity.items():
        unit = facts.processes[facts.plants[plant].process].unit
        if not facts.can_run(plant, states[name]) and amount > ledger.tolerance(
            _room(facts, plant)
        ):
            ledger.note("cut off", [plant, name], amount, 0.0, unit)
        ledger.at_most(
            "activity within capacity",
            [plant, name],
            amount,
            capacity[plant, name],
            unit,
            _room(facts, plant),
        )
    for asset, row in facts.assets.items():
        for name, one in states.items():
            if row.must_run_share and not one.disrupted and capacity[asset, name] != ENDLESS:
                least = row.must_run_share * capacity[asset, name]
                ledger.at_least(
                    "must run",
                    [asset, name],
                    running.activity.get((asset, name), 0.0),
                    least,
                    "unit of activity",
                )


def _readiness(
    facts: Facts,
    states: dict[str, Situation],
    running: Running,
    capacity: dict[tuple[str, str], float],
    ledger: Ledger,
) -> None:
    for (plant, name), amount in running.activity.items():
        one = states[name]
        if (
            one.disrupted
            and facts.minimum_utilisation(plant) > 0
            and facts.trusted_plant(plant, one.year)
        ):
            standby = running.standby.get((plant, one.normal_state or ""), 0.0)
            ledger.at_most(
                "activity within standby capacity",
                [plant, name],
                amount,
                standby,
                "unit of activity",
                _room(facts, plant),
            )
    for (plant, name), standby in running.standby.items():
        ran = running.activity.get((plant, name), 0.0)
        ledger.at_least(
            "standby capacity", [plant, name], standby, 0.0, "unit of activity", _room(facts, plant)
        )
        ledger.at_most(
            "standby within capacity",
            [plant, name],
            standby,
            capacity[plant, name],
            "unit of activity",
            _room(facts, plant),
        )
        ledger.at_least(
            "minimum utilisation",
            [plant, name],
            ran,
            facts.minimum_utilisation(plant) * standby,
            "unit of activity",
            standby,
        )


def _routes(facts: Facts, states: dict[str, Situation], running: Running, ledger: Ledger) -> None:
    for (origin, target, commodity, name), amount in running.shipped.items():
        where, unit, one = (
            [origin, target, commodity, name],
            facts.commodities[commodity].unit,
            states[name],
        )
        route = facts.route(origin, target, commodity)
        if route is None:
            ledger.note("shipment without a route", where, amount, 0.0, unit)
            continue
        if route.largest_shipment is not None:
            ledger.at_most("largest shipment", where, amount, route.largest_shipment, unit)
        leaves = one.blocks(origin, commodity) and not one.blocks(target, commodity)
        if leaves or one.gone(origin) or one.gone(target):
            ledger.note("shipment that is cut off", where, amount, 0.0, unit)
    for row in facts.tables.routes:
        if row.smallest_shipment:
            for origin in facts.regions if row.from_region == "*" else [row.from_region]:
                for target in facts.regions if row.to_region == "*" else [row.to_region]:
                    for commodity in facts.commodities if row.commodity == "*" else [row.commodity]:
                        if facts.route(origin, target, commodity) == row:
                            _smallest(
                                states,
                                (origin, target, commodity),
                                row.smallest_shipment,
                                running,
                                ledger,
                            )


def _smallest(
    states: dict[str, Situation],
    arc: tuple[str, str, str],
    least: float,
    running: Running,
    ledger: Ledger,
) -> None:
    for name, one in states.items():
        if not one.disrupted:
            ledger.at_least(
                "smallest shipment",
                [*arc, name],
                running.shipped.get((*arc, name), 0.0),
                least,
                "commodity unit",
            )


def _stores(facts: Facts, states: dict[str, Situation], running: Running, ledger: Ledger) -> None:
    for place, row in facts.stocks.items():
        unit = facts.commodities[row.commodity].unit
        for year in facts.years:
            level = running.level.get((*place, year))
            if level is None:
                ledger.note("level of a store", [*place, year], None, "a level", unit)
                continue
            ledger.at_least("level of a store", [*place, year], level, 0.0, unit)
            if year == facts.last and row.final is not None:
                ledger.same("final level of a store", [*place, year], level, row.final, unit)
            else:
                ledger.at_most("level of a store", [*place, year], level, row.largest, unit)
    lasting = 1 if facts.case.coverage is None else facts.case.coverage.outage_years
    for (region, commodity, name), amount in running.drawn.items():
        one, store = states[name], facts.stocks.get((region, commodity))
        usable = store is not None and store.strategic and one.disrupted and not one.gone(region)
        most = running.opening(facts, (region, commodity), one.year) / lasting if usable else 0.0
        ledger.at_most(
            "draw on a store",
            [region, commodity, name],
            amount,
            most,
            facts.commodities[commodity].unit,
        )


def _flows(facts: Facts, one: Situation, running: Running) -> dict[Place, list[float]]:
    """Everything that comes to a place (positive) or leaves it (negative) in a state."""
    flows: dict[Place, list[float]] = defaultdict(list)
    for (plant, name), amount in running.activity.items():
        if name == one.name:
            row = facts.plants[plant]
            for sign, recipes in ((1.0, facts.makes), (-1.0, facts.uses)):
                for commodity, quantity in recipes[row.process].items():
                    flows[row.region, commodity].append(sign * quantity * amount)
    for (origin, target, commodity, name), amount in running.shipped.items():
        if name == one.name:
            flows[origin, commodity].append(-amount)
            flows[target, commodity].append(amount)
    for place, wanted in demand_in(facts, one).items():
        flows[place] += [-wanted, running.unserved.get((*place, one.name), 0.0)]
    for (region, commodity, name), amount in running.drawn.items():
        if name == one.name:
            flows[region, commodity].append(amount)
    for place in facts.stocks if not one.disrupted else ():
        flows[place] += [
            running.opening(facts, place, one.year),
            -running.level.get((*place, one.year), 0.0),
        ]
    return flows


def _balances(facts: Facts, one: Situation, running: Running, ledger: Ledger) -> None:
    flows = _flows(facts, one, running)
    for (region, commodity), amounts in flows.items():
        # quantities below 1e-7 are left out of the tables, so many small ones may be missing
        # together
        size = math.fsum(abs(amount) for amount in amounts)
        rest, unit = math.fsum(amounts), facts.commodities[commodity].unit
        ledger.at_least("commodity balance", [region, commodity, one.name], rest, 0.0, unit, size)
        if facts.commodities[commodity].surplus == "forbidden":
            ledger.at_most(
                "forbidden surplus", [region, commodity, one.name], rest, 0.0, unit, size
            )


def _service(
    facts: Facts, plan: Plan, states: dict[str, Situation], running: Running, ledger: Ledger
) -> None:
    claimed = {
        (row["region"], row["commodity"], row["state"]): row["demand"]
        for row in records(plan, "service")
    }
    for name, one in states.items():
        wanted = demand_in(facts, one)
        for place in sorted({*wanted, *(key[:2] for key in claimed if key[2] == name)}):
            unit, required = facts.commodities[place[1]].unit, wanted.get(place, 0.0)
            ledger.same("demand", [*place, name], claimed.get((*place, name)), required, unit)
            missing = running.unserved.get((*place, name), 0.0)
            ledger.at_most("unserved demand", [*place, name], missing, required, unit)
            row = facts.commodities[place[1]]
            priced = (
                row.shortage_price_usd_per_unit is not None
                or ("commodities", place[1], "shortage_price_usd_per_unit") in facts.series
            )
            if not priced and not (one.disrupted and one.probability == 0):
                ledger.at_most(
                    "demand that must be served", [*place, name], missing, 0.0, unit, required
                )
