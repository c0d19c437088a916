"""Operating support in a plan: its least amount, who pays it, and in which form it could be
paid."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pandas as pd

from paxsilica.finance import MILLION
from paxsilica.instance import Instance
from paxsilica.model.investment import capacity_terms
from paxsilica.model.support import support_need
from paxsilica.plan.extract import ZERO_TOL, table, total
from paxsilica.solver import Array, Compiled, Values

UNALLOCATED = "unallocated"
"""Payer of support where the data has no funders."""

Needed = dict[tuple[str, int], tuple[str, float]]
"""By (plant, year): the normal state in which the plant lacks most, and what it lacks there, USD
million."""


def needed_support(instance: Instance, program: Compiled, values: Array) -> Needed:
    """What plants lack with the decisions in ``values``; plants that lack nothing are left out."""
    rows = program.rows_of(support_need.__name__)
    without = values.copy()
    without[program.positions("support")] = 0.0
    matrix = program.matrix[rows]
    earned = program.row_low[rows]
    lacking: Array = earned - matrix @ without
    sizes: Array = abs(matrix) @ np.abs(without) + np.abs(earned)
    found: Needed = {}
    for row, lack, size in zip(rows, lacking, sizes, strict=True):
        amount = float(lack)
        plant, state = program.row_names[row][1]
        key = (plant, instance.states[state].year)
        if amount > ZERO_TOL * size and amount > found.get(key, ("", 0.0))[1]:
            found[key] = (state, amount)
    return found


def least_support(instance: Instance, program: Compiled, values: Array, needed: Needed) -> Array:
    """``values`` with no more support than plants lack; payments fall in proportion.

    The solver leaves support above that only where it costs nothing, so that the amount would
    depend on the path of the search.
    """
    least = values.copy()
    group_of: dict[str, str] = {}
    for name, group in instance.support_groups.items():
        group_of |= dict.fromkeys(group.plants, name)
    before: dict[tuple[str, int], float] = defaultdict(float)
    after: dict[tuple[str, int], float] = defaultdict(float)
    for at in program.positions("support"):
        plant, year = program.columns[at][1]
        least[at] = min(values[at], needed.get((plant, year), ("", 0.0))[1])
        if plant in group_of:
            before[group_of[plant], year] += values[at]
            after[group_of[plant], year] += least[at]
    for at in program.positions("support_payment"):
        _, group, year = program.columns[at][1]
        total = before[group, year]
        least[at] *= after[group, year] / total if total > 0 else 0.0
    return least


def support_table(instance: Instance, values: Values, needed: Needed) -> pd.DataFrame:
    """Support by plant, year and funder. The funders that pay for a group of plants divide the
    support of each plant in the same proportion."""
    by_funder: dict[tuple[str, int], dict[str, float]] = defaultdict(dict)
    for (funder, group, year), amount in values.of("support_payment").items():
        if amount > 0:
            by_funder[group, year][funder] = amount
    group_of = {
        plant: name for name, group in instance.support_groups.items() for plant in group.plants
    }
    rows = []
    for (plant, year), (state, _) in sorted(needed.items()):
        amount = values.of("support").get((plant, year), 0.0)
        if amount <= 0:
            continue
        one = instance.world.plants[plant]
        quantity, unit, price = _offtake(instance, values, plant, state)
        floor = price + amount * MILLION / quantity if quantity and price is not None else None
        paying = by_funder[group_of[plant], year] if plant in group_of else {UNALLOCATED: 1.0}
        total = sum(paying.values())
        rows += [
            (
                plant,
                one.title,
                "project" if one.is_project else "asset",
                one.region,
                year,
                funder,
                amount * part / total,
                floor,
                quantity,
                unit,
                instance.discount(year) * amount * part / total,
            )
            for funder, part in sorted(paying.items())
        ]
    numbers = ("price_floor_usd_per_unit", "offtake_quantity")
    return table("support", rows).astype(dict.fromkeys(numbers, "float64"))


def _offtake(
    instance: Instance, values: Values, plant: str, state: str
) -> tuple[float | None, str | None, float | None]:
    """Yearly output of the main product on which the support is counted, its unit and its list
    price: the output that readiness requires where the plant loses money on it, else what it
    sells."""
    one, terms = instance.world.plants[plant], instance.support[plant, state]
    if one.main_product is None:
        return None, None, None
    key = (plant, state)
    if terms.loss > 0:
        activity = terms.kept_share * values.of("standby").get(key, 0.0)
    elif terms.sells == "all":
        activity = room_of(instance, values, plant, state)
    else:
        activity = values.of("sold").get(key, 0.0)
    row = next(row for row in instance.tables.commodities if row.commodity == one.main_product)
    made = instance.world.outputs[one.process][one.main_product]
    return activity * made, row.unit, row.price_usd_per_unit


def room_of(instance: Instance, values: Values, plant: str, state: str) -> float:
    """What the capacity of a plant can make in a state, units of activity per year."""
    where = instance.states[state]
    if plant not in instance.candidates:
        return where.capacity.get(plant, 0.0)
    factor = where.capacity_factor.get(plant, 0.0)
    return total(capacity_terms(values, instance.candidates[plant], where.year, factor))


def support_of_projects(support: pd.DataFrame) -> dict[str, dict[str, dict[int, float]]]:
    """Support in the table ``support`` by project, payer and year, USD million."""
    found: dict[str, dict[str, dict[int, float]]] = defaultdict(lambda: defaultdict(dict))
    for row in support.to_dict("records"):
        if row["kind"] == "project":
            found[row["plant"]][row["funder"]][row["year"]] = row["support_usd_m"]
    return found
