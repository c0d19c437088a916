"""On which country each good hangs in normal times: who makes how much of it."""

from __future__ import annotations

from collections import defaultdict

import pandas as pd

from paxsilica.report.facts import Facts
from paxsilica.report.page.flows import normal_state_name

COLUMNS = ["stage", "commodity", "unit", "year", "region", "trusted", "production", "share"]


def production_by_region(facts: Facts, years: list[int]) -> pd.DataFrame:
    """World production of each good that belongs to a step, by host and year, with shares; none
    where the tables are not at hand."""
    world = facts.world
    if world is None:
        return pd.DataFrame(columns=COLUMNS)
    commodities = {row.commodity: row for row in world.tables.commodities if row.stage is not None}
    operation = facts.plan.table("operation")
    rows = []
    for year in years:
        running = operation[operation["state"] == normal_state_name(facts.plan, year)]
        made: dict[tuple[str, str], float] = defaultdict(float)
        for region, process, activity in running[["region", "process", "activity"]].itertuples(
            index=False
        ):
            for commodity, quantity in world.outputs.get(process, {}).items():
                if commodity in commodities:
                    made[commodity, region] += quantity * activity
        total: dict[str, float] = defaultdict(float)
        for (commodity, _), quantity in made.items():
            total[commodity] += quantity
        for (commodity, region), quantity in made.items():
            if quantity > 1e-9 * total[commodity]:
                row = commodities[commodity]
                share = quantity / total[commodity]
                rows.append(
                    (
                        row.stage,
                        commodity,
                        row.unit,
                        year,
                        region,
                        world.trusted(region, year),
                        quantity,
                        share,
                    )
                )
    return pd.DataFrame(rows, columns=COLUMNS)


def exposure_by_good(production: pd.DataFrame) -> pd.DataFrame:
    """For each good and year: the largest producer and its share, the share of others than the
    trusted, and the Herfindahl index."""
    rows = []
    for key, part in production.groupby(["stage", "commodity", "year"]):
        stage, commodity, year = key
        top = part.sort_values(["share", "region"], ascending=[False, True]).iloc[0]
        outside = float(part.loc[~part["trusted"].astype(bool), "share"].sum())
        rows.append(
            (
                stage,
                commodity,
                int(str(year)),
                top["region"],
                float(top["share"]),
                outside,
                float((part["share"] ** 2).sum()),
            )
        )
    return pd.DataFrame(
        rows,
        columns=[
            "stage",
            "commodity",
            "year",
            "largest",
            "largest_share",
            "outside_share",
            "herfindahl",
        ],
    )


def exposure_by_region(production: pd.DataFrame, year: int) -> pd.DataFrame:
    """For each host in ``year``: of how many goods it makes more than a quarter, and more than
    half, and the good it dominates most."""
    part = production[production["year"] == year]
    rows = []
    for region, goods in part.groupby("region"):
        top = goods.sort_values(["share", "commodity"], ascending=[False, True]).iloc[0]
        counts = [int((goods["share"] > level).sum()) for level in (0.25, 0.5)]
        rows.append(
            (
                region,
                bool(top["trusted"]),
                len(goods),
                *counts,
                top["commodity"],
                float(top["share"]),
            )
        )
    frame = pd.DataFrame(
        rows,
        columns=["region", "trusted", "goods", "over_a_quarter", "over_half", "most", "most_share"],
    )
    return frame.sort_values(
        ["over_half", "over_a_quarter", "most_share"], ascending=False
    ).reset_index(drop=True)
