"""Prices of goods: what one more unit wanted somewhere costs, in normal times and in a switch-off, and the premium between the two."""

from __future__ import annotations

from collections.abc import Iterator
from math import nan

from paxsilica.instance import Copy, Instance
from paxsilica.prices.subjects import MILLION, undiscounted
from paxsilica.prices.table import Kind, Price
from paxsilica.solve import Array, Compiled

PREMIUM = "switch-off premium"


def per_unit(instance: Instance, copy: Copy) -> float:
    """From the dual of a balance to USD per unit in money of the copy's year, given that the copy comes about.

    Expected cost weighs a copy with its probability, so the dual is divided by it; a copy that only proves coverage has none.
    """
    factor = MILLION * undiscounted(instance, copy.year)
    return factor / copy.probability if instance.case.objective == "cost" and copy.probability > 0 else factor


def goods_prices(instance: Instance, program: Compiled, row_duals: Array, kind: Kind) -> Iterator[Price]:
    """The price of every commodity wherever it can be had, in every copy, and its premium in the switch-offs that prove coverage."""
    units = {row.commodity: row.unit for row in instance.tables.commodities}
    hubs = {row.region for row in instance.tables.regions if row.kind == "hub"}
    found: dict[tuple[str, str, str], float] = {}
    for row in program.rows_of("commodity_balance"):
        index = program.row_names[row][1]
        if index[0] not in hubs:
            found[index] = float(row_duals[row]) * per_unit(instance, instance.copies[index[2]]) + 0.0
    for (region, commodity, name), value in found.items():
        copy, unit = instance.copies[name], units[commodity]
        label = name.removesuffix(f" {copy.year}")
        normal = copy.mode == "reference"
        usual = label == "normal" or copy.proves_coverage
        yield Price(
            "commodity in normal times" if normal else "commodity in a switch-off",
            f"{region}, {commodity}" if usual else f"{region}, {commodity}, {label}",
            copy.year,
            kind,
            value,
            nan,
            nan,
            f"USD per {unit}",
            f"One more {unit} of {commodity} wanted in {region} in {copy.year}, {label}, costs so much in money of that year; positive: it has "
            "a cost.",
        )
    for (region, commodity, name), value in found.items():
        copy = instance.copies[name]
        if not copy.proves_coverage or copy.calm is None or (region, commodity, copy.calm) not in found:
            continue
        premium = value - found[region, commodity, copy.calm]
        unit = units[commodity]
        yield Price(
            PREMIUM,
            f"{region}, {commodity}",
            copy.year,
            kind,
            premium,
            nan,
            nan,
            f"USD per {unit}",
            f"So much more does a {unit} of {commodity} in {region} in {copy.year} cost when everything not trusted is switched off than in "
            "normal times (the China-free premium, where China is what is switched off); positive: the safe unit is dearer.",
        )
