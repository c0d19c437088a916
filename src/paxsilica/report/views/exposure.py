"""Concentration of production in normal times: how much of each good each region makes."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pandas as pd

from paxsilica.report.views.flows import normal_state_name, state_rows
from paxsilica.report.views.named_plan import NamedPlan

COLUMNS = ["stage", "commodity", "unit", "year", "region", "within_reach", "production", "share"]


def production_by_region(named: NamedPlan, years: list[int]) -> pd.DataFrame:
    """World production of each good that belongs to a stage, by region and year, with shares; no
    rows without the tables."""
    world = named.world
    if world is None:
        return pd.DataFrame(columns=COLUMNS)
    commodities = {row.commodity: row for row in world.tables.commodities if row.stage is not None}
    rows = []
    for year in years:
        state = normal_state_name(named.plan, year)
        made: dict[tuple[str, str], float] = defaultdict(float)
        total: dict[str, float] = defaultdict(float)
        columns = ("region", "process", "activity")
        for region, process, activity in state_rows(named.plan, "operation", state, *columns):
            for commodity, quantity in world.outputs.get(process, {}).items():
                if commodity in commodities:
                    made[commodity, region] += quantity * activity
        for (commodity, _), quantity in made.items():
            total[commodity] += quantity
        for (commodity, region), quantity in made.items():
            if quantity > 1e-9 * total[commodity]:
                row, share = commodities[commodity], quantity / total[commodity]
                key = (
                    row.stage,
                    commodity,
                    row.unit,
                    year,
                    region,
                    not world.cut_off(region, year),
                )
                rows.append((*key, quantity, share))
    return pd.DataFrame(rows, columns=COLUMNS)


def exposure_by_good(production: pd.DataFrame) -> list[dict[str, Any]]:
    """For each good and year: the largest producer with its share, the share of regions that are
    cut off, and the Herfindahl index."""
    rows = []
    for (stage, commodity, year), part in production.groupby(["stage", "commodity", "year"]):
        top = part.sort_values(["share", "region"], ascending=[False, True]).iloc[0]
        rows.append(
            {
                "stage": stage,
                "commodity": commodity,
                "year": int(str(year)),
                "largest": top["region"],
                "largest_share": float(top["share"]),
                "outside_share": float(part.loc[~part["within_reach"].astype(bool), "share"].sum()),
                "herfindahl": float((part["share"] ** 2).sum()),
            }
        )
    return rows


def exposure_by_region(production: pd.DataFrame, year: int) -> list[dict[str, Any]]:
    """For each region in ``year``: the number of goods that it makes, of those of which it makes
    more than a quarter and more than half, and the good of which it makes the largest share."""
    rows = []
    for region, goods in production[production["year"] == year].groupby("region"):
        top = goods.sort_values(["share", "commodity"], ascending=[False, True]).iloc[0]
        rows.append(
            {
                "region": region,
                "within_reach": bool(top["within_reach"]),
                "goods": len(goods),
                "over_a_quarter": int((goods["share"] > 0.25).sum()),
                "over_half": int((goods["share"] > 0.5).sum()),
                "most": top["commodity"],
                "most_share": float(top["share"]),
            }
        )
    order = ("over_half", "over_a_quarter", "most_share")
    return sorted(rows, key=lambda row: tuple(-row[key] for key in order))
