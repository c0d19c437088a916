"""Coverage of a plan: by nameplate, as a table of capacities would tell it, and as traced through
the chain."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import pandas as pd

from paxsilica.instance import Instance
from paxsilica.plan.extract import project_sizes, table
from paxsilica.solver import Values
from paxsilica.tables.schema import Stage

Shares = Mapping[tuple[str, str], float]


def nameplate_shares(instance: Instance, values: Values | None) -> dict[tuple[str, str], float]:
    """Trusted hosts' nameplate over need by (commodity, copy), capped at 1: no thought of control,
    inputs, status or readiness."""
    shares = {}
    for commodity, state_name in instance.required:
        year = instance.states[state_name].year
        projects = {} if values is None else project_sizes(instance, values, year)
        total = 0.0
        for name, plant in instance.world.plants.items():
            made = instance.world.outputs.get(plant.process, {}).get(commodity, 0.0)
            if not made or not instance.world.trusted(plant.region, year):
                continue
            if plant.is_project:
                total += made * projects.get(name, 0.0)
            else:
                total += made * instance.nameplate.get((name, year), 0.0)
        shares[commodity, state_name] = min(1.0, total / instance.need[commodity, year])
    return shares


def coverage(
    instance: Instance, values: Values, before: Shares, after: Shares
) -> dict[str, pd.DataFrame]:
    """Coverage by commodity and, at its weakest commodity, by stage."""
    if not instance.required:
        return {
            "coverage": table("coverage", []),
            "coverage_by_commodity": table("coverage_by_commodity", []),
        }
    naive_before, naive_after = nameplate_shares(instance, None), nameplate_shares(instance, values)
    commodities = {row.commodity: row for row in instance.tables.commodities}
    stages: dict[str | None, Stage] = {row.stage: row for row in instance.tables.stages}
    missing = values.of("shortfall")
    detail = []
    for key, required in instance.required.items():
        commodity, state = commodities[key[0]], instance.states[key[1]]
        detail.append(
            (
                commodity.stage,
                key[0],
                state.year,
                commodity.unit,
                instance.need[key[0], state.year],
                naive_before[key],
                before[key],
                naive_after[key],
                after[key],
                required,
                max(0.0, missing.get(key, 0.0)),
            )
        )
    detail.sort(key=lambda row: (stages[row[0]].order, row[1], row[2]))
    groups: dict[tuple[str | None, int], list[tuple[Any, ...]]] = defaultdict(list)
    for item in detail:
        groups[item[0], item[2]].append(item)
    rows = []
    for (stage, year), members in sorted(
        groups.items(), key=lambda item: (stages[item[0][0]].order, item[0][1])
    ):
        weakest = min(members, key=lambda row: (row[8], row[1]))
        rows.append(
            (
                stage,
                stages[stage].name,
                year,
                min(row[5] for row in members),
                min(row[6] for row in members),
                min(row[7] for row in members),
                weakest[8],
                max(row[9] for row in members),
                weakest[1],
            )
        )
    return {
        "coverage": table("coverage", rows),
        "coverage_by_commodity": table("coverage_by_commodity", detail),
    }
