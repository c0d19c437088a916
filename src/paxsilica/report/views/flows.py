"""Flows along the chain in normal times by supplying and using stage, divided by whether supplier
and user are within reach.

Goods of one commodity that enter a region are mixed: shipments that leave it have the origins of
the supply in it, in proportion. This is the usual convention for goods that pass through a hub.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import pandas as pd

from paxsilica.finance import MILLION
from paxsilica.instance.world import World
from paxsilica.plan.result import Plan

FINAL = "final use"
"""Using stage of final demand."""

SWEEPS = 60
KEY = ["from_stage", "to_stage", "commodity", "supply_within_reach", "use_within_reach"]
COLUMNS = [*KEY, "quantity", "usd_m"]


def normal_state_name(plan: Plan, year: int) -> str | None:
    """Name of the operating state in normal times of ``year``; ``None`` if there is none."""
    operation = plan.table("operation")
    names = operation.loc[(operation["mode"] == "normal") & (operation["year"] == year), "state"]
    return None if names.empty else str(names.iloc[0])


def state_rows(
    plan: Plan, table: str, state: str | None, *columns: str
) -> Iterable[tuple[Any, ...]]:
    """Some columns of the rows of one operating state."""
    frame = plan.table(table)
    return frame.loc[frame["state"] == state, list(columns)].itertuples(index=False, name=None)


def chain_flows(plan: Plan, world: World, year: int) -> pd.DataFrame:
    """Quantities and values (USD million at the prices of the data) by supplying stage, using stage
    and commodity, divided by trust on both sides."""
    state = normal_state_name(plan, year)
    if state is None:
        return pd.DataFrame(columns=COLUMNS)
    made: dict[tuple[str, str], list[float]] = defaultdict(lambda: [0.0, 0.0])
    used: dict[tuple[str, str, str, bool], float] = defaultdict(float)
    columns = ("plant", "region", "process", "activity")
    for plant, region, process, activity in state_rows(plan, "operation", state, *columns):
        reached = world.within_reach(world.plants[plant], year)
        for commodity, quantity in world.outputs.get(process, {}).items():
            made[commodity, region][reached] += quantity * activity
        for commodity, quantity in world.inputs.get(process, {}).items():
            used[commodity, region, world.plants[plant].stage or "", reached] += quantity * activity
    columns = ("region", "commodity", "demand", "unserved")
    for region, commodity, demand, unserved in state_rows(plan, "service", state, *columns):
        used[commodity, region, FINAL, world.in_need(region, year)] += demand - unserved
    arrivals: dict[str, dict[str, list[tuple[str, float]]]] = defaultdict(lambda: defaultdict(list))
    columns = ("from_region", "to_region", "commodity", "quantity")
    for origin, target, commodity, quantity in state_rows(plan, "shipments", state, *columns):
        arrivals[commodity][target].append((origin, quantity))
    share = _shares_within_reach(made, arrivals)
    rows: dict[tuple[str, str, str, bool, bool], float] = defaultdict(float)
    stage = {row.commodity: row.stage or "" for row in world.tables.commodities}
    for (commodity, region, user, reached), quantity in used.items():
        part = share.get((commodity, region))
        if part is None or quantity <= 0:
            continue
        rows[stage[commodity], user, commodity, True, reached] += quantity * part
        rows[stage[commodity], user, commodity, False, reached] += quantity * (1 - part)
    price = {row.commodity: row.price_usd_per_unit or 0.0 for row in world.tables.commodities}
    return pd.DataFrame(
        [
            (*key, quantity, quantity * price[key[2]] / MILLION)
            for key, quantity in sorted(rows.items())
            if quantity > 0
        ],
        columns=COLUMNS,
    )


def _shares_within_reach(
    made: dict[tuple[str, str], list[float]],
    arrivals: dict[str, dict[str, list[tuple[str, float]]]],
) -> dict[tuple[str, str], float]:
    """For each commodity and region, the share of origin within reach in its supply."""
    share: dict[tuple[str, str], float] = {}
    for commodity in sorted({commodity for commodity, _ in made} | set(arrivals)):
        inward = arrivals.get(commodity, {})
        places = sorted({region for name, region in made if name == commodity} | set(inward))
        for _ in range(SWEEPS):
            change = 0.0
            for place in places:
                other, own = made.get((commodity, place), [0.0, 0.0])
                total, reached = other + own, own
                for origin, quantity in inward.get(place, ()):
                    total += quantity
                    reached += quantity * share.get((commodity, origin), 0.0)
                now = reached / total if total > 0 else 0.0
                change = max(change, abs(now - share.get((commodity, place), 0.0)))
                share[commodity, place] = now
            if change < 1e-9:
                break
    return share


def stage_output(plan: Plan, world: World, year: int) -> pd.DataFrame:
    """Value of the output of each stage in normal times, USD million: of plants within reach and of
    others."""
    state = normal_state_name(plan, year)
    commodity = {row.commodity: row for row in world.tables.commodities}
    found: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
    columns = ("plant", "process", "activity")
    for plant, process, activity in state_rows(plan, "operation", state, *columns):
        reached = world.within_reach(world.plants[plant], year)
        for name, quantity in world.outputs.get(process, {}).items():
            row = commodity[name]
            price = row.price_usd_per_unit or 0.0
            found[row.stage or ""][reached] += quantity * activity * price / MILLION
    return pd.DataFrame(
        [(stage, parts[1], parts[0]) for stage, parts in found.items()],
        columns=["stage", "within_reach_usd_m", "other_usd_m"],
    )
