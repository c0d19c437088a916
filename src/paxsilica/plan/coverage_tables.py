"""Tables of coverage and the headline of a plan."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from paxsilica.instance import UNLIMITED, Instance
from paxsilica.instance.world import scaled
from paxsilica.plan.closest import Closest
from paxsilica.plan.coverage import SHARE_NOISE, Measured
from paxsilica.plan.extract import in_service, project_capacities, project_sizes, table
from paxsilica.plan.requirement import met
from paxsilica.solver import Values
from paxsilica.tables.schema import Stage

NAMES = ("coverage", "coverage_by_commodity", "joint_coverage", "first_years")


@dataclass(frozen=True)
class Shares:
    """What exists of a good in a state without regard to inputs and readiness, over its need (at
    most 1), and the largest shares of one region and one plant in the credited capacity."""

    nameplate: float
    credited: float
    region: str | None
    region_share: float | None
    plant: str | None
    plant_share: float | None


def capacity_shares(instance: Instance, values: Values | None) -> dict[tuple[str, str], Shares]:
    """Shares by (commodity, state): of capacity that is not cut off by nameplate, and of capacity
    within reach after credit, completion and access."""
    found = {}
    for commodity, state in instance.required:
        year = instance.states[state].year
        sizes = {} if values is None else project_sizes(instance, values, year)
        credits = {} if values is None else project_capacities(instance, values, year)
        nameplates: dict[str, float] = {}
        by_plant: dict[str, float] = {}
        for name, plant in instance.world.plants.items():
            made = instance.world.outputs.get(plant.process, {}).get(commodity, 0.0)
            if not made or instance.world.cut_off(plant.region, year):
                continue
            # recipes that share a capacity count once, with the one that makes most
            base, use = instance.world.shared.get(name, (name, 1.0))
            owner = instance.world.plants[base]
            whole = sizes.get(base, 0.0) if owner.is_project else _stands(instance, base, year)
            if values is not None and base in instance.closable:
                whole *= in_service(instance, values, base, year)
            counted = credits.get(base, 0.0) if owner.is_project else scaled(whole, owner.credit)
            if name != base:
                own = instance.world.limit_of_recipe(name, year)
                whole, counted = min(own, whole / use), min(own, counted / use)
            nameplates[base] = max(nameplates.get(base, 0.0), made * whole)
            amount = scaled(made * counted, instance.world.access(owner, year))
            if amount > by_plant.get(base, 0.0):
                by_plant[base] = amount
        need = instance.need[commodity, year]
        found[commodity, state] = _shares(instance, sum(nameplates.values()), by_plant, need)
    return found


def _stands(instance: Instance, name: str, year: int) -> float:
    return instance.nameplate.get((name, year), 0.0)


def _shares(
    instance: Instance, nameplate: float, by_plant: Mapping[str, float], need: float
) -> Shares:
    total = sum(by_plant.values())
    credited = min(1.0, total / need)
    if not by_plant or total == UNLIMITED:
        return Shares(min(1.0, nameplate / need), credited, None, None, None, None)
    by_region: dict[str, float] = defaultdict(float)
    for name, amount in by_plant.items():
        by_region[instance.world.plants[name].region] += amount
    region = min(by_region, key=lambda name: (-by_region[name], name))
    plant = min(by_plant, key=lambda name: (-by_plant[name], name))
    return Shares(
        min(1.0, nameplate / need),
        credited,
        region,
        by_region[region] / total,
        plant,
        by_plant[plant] / total,
    )


def coverage_tables(
    instance: Instance, values: Values, measured: Measured
) -> dict[str, pd.DataFrame]:
    """Coverage by stage, by commodity and of the whole chain, and the first years by stage."""
    if not instance.required:
        return {name: table(name, []) for name in NAMES}
    before, after = capacity_shares(instance, None), capacity_shares(instance, values)
    commodities = {row.commodity: row for row in instance.tables.commodities}
    stages = {row.stage: row for row in instance.tables.stages}
    missing = values.of("shortfall")
    detail = []
    for key, required in instance.required.items():
        (good, name), state = key, instance.states[key[1]]
        stage = instance.stage_of[good]
        detail.append(
            {
                "stage": stage,
                "commodity": good,
                "year": state.year,
                "unit": commodities[good].unit,
                "need": instance.need[good, state.year],
                "nameplate_share_without": before[key].nameplate,
                "credited_share_without": before[key].credited,
                "standalone_coverage_without": measured.goods_without[key],
                "joint_coverage_without": measured.joint_without[name],
                "nameplate_share": after[key].nameplate,
                "credited_share": after[key].credited,
                "standalone_coverage": measured.goods[key],
                "joint_coverage": measured.joint[name],
                "required_share": required,
                "shortfall": max(0.0, missing.get((stage, name), 0.0))
                * instance.need[good, state.year],
                "limits_joint": "yes" if good in measured.limiting[name] else "no",
                "largest_region_without": before[key].region,
                "largest_region_share_without": before[key].region_share,
                "largest_region": after[key].region,
                "largest_region_share": after[key].region_share,
                "largest_plant_without": before[key].plant,
                "largest_plant_share_without": before[key].plant_share,
                "largest_plant": after[key].plant,
                "largest_plant_share": after[key].plant_share,
                "state": name,
            }
        )
    detail.sort(key=lambda row: (stages[str(row["stage"])].order, row["commodity"], row["year"]))
    by_stage = _by_stage(instance, detail, measured, stages)
    return {
        "coverage": _frame("coverage", by_stage),
        "coverage_by_commodity": _frame("coverage_by_commodity", detail),
        "joint_coverage": _frame("joint_coverage", _joint(instance, by_stage, measured)),
        "first_years": _frame("first_years", _first_years(by_stage)),
    }


def _frame(name: str, rows: list[dict[str, Any]]) -> pd.DataFrame:
    columns = list(table(name, []).columns)
    return table(name, (tuple(row[column] for column in columns) for row in rows))


def _by_stage(
    instance: Instance,
    detail: list[dict[str, Any]],
    measured: Measured,
    stages: Mapping[str, Stage],
) -> list[dict[str, Any]]:
    """One row for each stage and year; capacity of a stage is that of its scarcest good."""
    groups: dict[tuple[str, int], list[dict[str, Any]]] = defaultdict(list)
    for row in detail:
        groups[row["stage"], row["year"]].append(row)
    upstream = _upstream(instance)
    rows = []
    for (stage, year), members in sorted(
        groups.items(), key=lambda item: (stages[item[0][0]].order, item[0][1])
    ):
        state = members[0]["state"]
        weakest = min(members, key=lambda row: (row["standalone_coverage"], row["commodity"]))
        goods = {row["commodity"] for row in members}
        chain = goods.union(*(upstream.get(good, set()) for good in goods))
        own = measured.stages[stage, state]
        required = max(row["required_share"] for row in members)
        limits = [good for good in measured.limiting[state] if good in chain]
        short = not met(own, required) or not met(measured.joint[state], required)
        scarce = [weakest["commodity"]] if own < 1 - SHARE_NOISE and not limits else []
        rows.append(
            {
                "stage": stage,
                "name": stages[stage].name,
                "year": year,
                **{
                    column: min(row[column] for row in members)
                    for column in (
                        "nameplate_share_without",
                        "credited_share_without",
                        "nameplate_share",
                        "credited_share",
                    )
                },
                "standalone_coverage_without": measured.stages_without[stage, state],
                "joint_coverage_without": measured.joint_without[state],
                "standalone_coverage": own,
                "joint_coverage": measured.joint[state],
                "required_share": required,
                "limiting_inputs": (", ".join(limits or scarce) or None) if short else None,
                "weakest_commodity": weakest["commodity"],
            }
        )
    return rows


def _upstream(instance: Instance) -> dict[str, set[str]]:
    """Goods that go into each good, directly or through others, by any recipe."""
    inputs: dict[str, set[str]] = defaultdict(set)
    for process, made in instance.world.outputs.items():
        for good in made:
            inputs[good] |= set(instance.world.inputs.get(process, {}))
    closed: dict[str, set[str]] = {}
    for good in inputs:
        seen, todo = set[str](), list(inputs[good])
        while todo:
            source = todo.pop()
            if source not in seen:
                seen.add(source)
                todo += inputs.get(source, set())
        closed[good] = seen
    return closed


def _joint(
    instance: Instance, by_stage: list[dict[str, Any]], measured: Measured
) -> list[dict[str, Any]]:
    required: dict[int, float] = defaultdict(float)
    for row in by_stage:
        required[row["year"]] = max(required[row["year"]], row["required_share"])
    return [
        {
            "year": instance.states[name].year,
            "without": measured.joint_without[name],
            "with": measured.joint[name],
            "required": required[instance.states[name].year],
            "capability_without": measured.capability_without[name],
            "capability": measured.capability[name],
            "requirement_ratio": measured.ratio[name],
            "limiting_goods": ", ".join(measured.limiting[name]) or None,
        }
        for name in measured.joint
    ]


def _first_years(by_stage: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """For each stage the first year from which its standalone coverage with the plan has any, half
    and all of that year's requirement, up to the last year."""
    groups: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in by_stage:
        groups[row["stage"]].append(row)
    return [
        {
            "stage": stage,
            "name": rows[0]["name"],
            "any": first_year(
                [(row["year"], row["standalone_coverage"] > SHARE_NOISE) for row in rows]
            ),
            "half": first_year(
                [
                    (row["year"], met(row["standalone_coverage"], row["required_share"] / 2))
                    for row in rows
                ]
            ),
            "all": first_year(
                [
                    (row["year"], met(row["standalone_coverage"], row["required_share"]))
                    for row in rows
                ]
            ),
        }
        for stage, rows in groups.items()
    ]


def first_year(held: list[tuple[int, bool]]) -> int | None:
    """First of the years from which something holds in every year up to the last; ``None`` if it
    does not hold in the last.

    >>> first_year([(2028, True), (2029, False), (2030, True)]), first_year([(2028, False)])
    (2030, None)
    """
    found = None
    for year, holds in sorted(held, reverse=True):
        if not holds:
            break
        found = year
    return found


def security_table(instance: Instance, closest: Closest | None) -> dict[str, pd.DataFrame]:
    """How near the closest plan comes, by stage and year; no rows for another objective."""
    if closest is None:
        return {"security": table("security", [])}
    names: dict[str, str] = {row.stage: row.name for row in instance.tables.stages}
    order = {row.stage: row.order for row in instance.tables.stages}
    rows = []
    for group, reachable in closest.reachable.items():
        stage, state = group
        required = max(
            instance.share_required(good, name)
            for good, name in (*instance.required, *instance.outside)
            if name == state and instance.stage_of.get(good, "") == stage
        )
        rows.append(
            (
                stage or None,
                names.get(stage, "uses outside the chain"),
                instance.states[state].year,
                required,
                reachable,
                closest.ratios.get(group, 0.0),
            )
        )
    rows.sort(key=lambda row: (order.get(row[0] or "", 0), row[1], row[2]))
    return {"security": table("security", rows)}


def headline(tables: Mapping[str, pd.DataFrame]) -> dict[str, Any]:
    """The answer in a few numbers: joint coverage by year, money, and the first year from which
    all stages are covered at once (shares of 1, USD million, undiscounted)."""
    joint, portfolio = tables["joint_coverage"], tables["portfolio"]
    capital = float(portfolio["capex_usd_m"].sum())
    public = float(portfolio["public_usd_m"].sum())
    support = float(tables["support"]["support_usd_m"].sum())
    return {
        "joint_coverage": {
            str(row["year"]): {
                "without": row["without"],
                "with": row["with"],
                "required": row["required"],
            }
            for row in joint.to_dict("records")
        },
        "first_year_all_stages": first_year(
            [
                (int(row["year"]), met(row["requirement_ratio"], 1.0))
                for row in joint.to_dict("records")
            ]
        ),
        "public_money_usd_m": public + support,
        "public_capital_usd_m": public,
        "support_usd_m": support,
        "capital_usd_m": capital,
        "least_budget_usd_m": None,
    }
