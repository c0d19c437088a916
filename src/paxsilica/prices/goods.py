"""Prices of goods: what one more unit wanted somewhere costs, in normal times and in a switch-off, and the premium between the two."""

from __future__ import annotations

from collections.abc import Iterator
from math import nan

import numpy as np

from paxsilica.instance import Copy, Instance
from paxsilica.prices.subjects import MILLION, Subject, undiscounted
from paxsilica.prices.table import Kind, Price
from paxsilica.solve import Array, Compiled

PREMIUM = "switch-off premium"


def per_unit(instance: Instance, copy: Copy) -> float:
    """From the dual of a balance to USD per unit in money of the copy's year, given that the copy comes about.

    Expected cost weighs a copy with its probability, so the dual is divided by it; a copy that only proves coverage has none.
    """
    factor = MILLION * undiscounted(instance, copy.year)
    return factor / copy.probability if instance.case.objective == "cost" and copy.probability > 0 else factor


def goods_prices(
    instance: Instance, program: Compiled, row_duals: Array, kind: Kind, without: frozenset[str] = frozenset()
) -> Iterator[Price]:
    """The price of every commodity wherever it can be had, in every copy, and its premium in the switch-offs that prove coverage.

    What is not among them has a price of zero. Of commodities in ``without`` only the premium is told.
    """
    units = {row.commodity: row.unit for row in instance.tables.commodities}
    hubs = {row.region for row in instance.tables.regions if row.kind == "hub"}
    found: dict[tuple[str, str, str], float] = {}
    for row in program.rows_of("commodity_balance"):
        index = program.row_names[row][1]
        if index[0] not in hubs:
            found[index] = float(row_duals[row]) * per_unit(instance, instance.copies[index[2]]) + 0.0
    for (region, commodity, name), value in found.items():
        if commodity not in without and abs(value) > 1e-9:
            what, where, year, unit, meaning = _words(instance.copies[name], region, commodity, units[commodity])
            yield Price(what, where, year, kind, value, nan, nan, unit, meaning)
    for (region, commodity, name), value in found.items():
        copy = instance.copies[name]
        if not copy.proves_coverage or copy.calm is None or (region, commodity, copy.calm) not in found:
            continue
        premium = value - found[region, commodity, copy.calm]
        if abs(premium) <= 1e-9:
            continue
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


def _words(copy: Copy, region: str, commodity: str, unit: str) -> tuple[str, str, int, str, str]:
    """What, where, when, unit and meaning of the price of a commodity in a copy."""
    label = copy.name.removesuffix(f" {copy.year}")
    return (
        "commodity in normal times" if copy.mode == "reference" else "commodity in a switch-off",
        f"{region}, {commodity}" if label == "normal" or copy.proves_coverage else f"{region}, {commodity}, {label}",
        copy.year,
        f"USD per {unit}",
        f"One more {unit} of {commodity} wanted in {region} in {copy.year}, {label}, costs so much in money of that year; positive: it has a cost.",
    )


def goods(instance: Instance, program: Compiled, commodities: frozenset[str]) -> list[Subject]:
    """Commodities whose prices are looked at from both sides, wherever they can be had."""
    units = {row.commodity: row.unit for row in instance.tables.commodities}
    hubs = {row.region for row in instance.tables.regions if row.kind == "hub"}
    found = []
    for row in program.rows_of("commodity_balance"):
        region, commodity, name = program.row_names[row][1]
        if commodity in commodities and region not in hubs:
            copy = instance.copies[name]
            words = _words(copy, region, commodity, units[commodity])
            scale = per_unit(instance, copy)
            found.append(Subject(*words, gain=False, scale=scale, rows=np.array([row]), shift=np.ones(1), shown=False))
    return found
