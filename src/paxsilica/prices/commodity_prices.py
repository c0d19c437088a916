"""Prices of goods: what one more unit wanted somewhere costs, in normal times and in a cut-off,
and the premium between the two."""

from __future__ import annotations

import numpy as np

from paxsilica.instance import Instance, OperatingState
from paxsilica.model.registry import rows_with
from paxsilica.prices.priced_items import MILLION, Subject, undiscounted
from paxsilica.prices.table import PREMIUM
from paxsilica.solver import Compiled
from paxsilica.solver.persistent import Movement


def per_unit(instance: Instance, state: OperatingState) -> float:
    """From the dual of a balance to USD per unit in money of the copy's year, given that the copy
    comes about.

    Expected cost weighs a copy with its probability, so the dual is divided by it; a copy that only
    proves coverage has none.
    """
    factor = MILLION * undiscounted(instance, state.year)
    return (
        factor / state.probability
        if instance.case.objective == "cost" and state.probability > 0
        else factor
    )


def goods(instance: Instance, program: Compiled) -> list[Subject]:
    """Every commodity wherever it can be had, in every copy, and its premium in the cut-offs
    that prove coverage."""
    units = {row.commodity: row.unit for row in instance.tables.commodities}
    hubs = {row.region for row in instance.tables.regions if row.kind == "hub"}
    rows = {
        program.row_names[row][1]: int(row) for row in program.rows_of(*rows_with(item="commodity"))
    }
    rows = {index: row for index, row in rows.items() if index[0] not in hubs}
    found = []
    for (region, commodity, name), row in rows.items():
        state = instance.states[name]
        found.append(
            _good(
                state,
                region,
                commodity,
                units[commodity],
                Movement(np.array([row]), np.ones(1)),
                per_unit(instance, state),
            )
        )
    for (region, commodity, name), row in rows.items():
        state = instance.states[name]
        if (
            state.coverage_test
            and state.normal_state is not None
            and (normal_state := rows.get((region, commodity, state.normal_state))) is not None
        ):
            scale = per_unit(instance, state)
            shift = np.array(
                [1.0, -per_unit(instance, instance.states[state.normal_state]) / scale]
            )
            found.append(
                _premium(
                    state.year,
                    region,
                    commodity,
                    units[commodity],
                    Movement(np.array([row, normal_state]), shift),
                    scale,
                )
            )
    return found


def _good(
    state: OperatingState, region: str, commodity: str, unit: str, movement: Movement, scale: float
) -> Subject:
    label = state.name.removesuffix(f" {state.year}")
    return Subject(
        "commodity in normal times" if state.mode == "normal" else "commodity in a cut-off",
        (
            f"{region}, {commodity}"
            if label == "normal" or state.coverage_test
            else f"{region}, {commodity}, {label}"
        ),
        state.year,
        f"USD per {unit}",
        f"One more {unit} of {commodity} wanted in {region} in {state.year}, {label}, costs so much"
        " in money of that year; positive: it has a cost.",
        gain=False,
        movement=movement,
        scale=scale,
        examined=False,
        shown=False,
    )


def _premium(
    year: int, region: str, commodity: str, unit: str, movement: Movement, scale: float
) -> Subject:
    """One more unit wanted in the cut-off and, by the weights of the copies, one less in normal
    times."""
    return Subject(
        PREMIUM,
        f"{region}, {commodity}",
        year,
        f"USD per {unit}",
        f"So much more does a {unit} of {commodity} in {region} in {year} cost when everything not"
        " trusted is cut off than in normal times (the China-free premium, where China is"
        " what is cut off); positive: the safe unit is dearer.",
        gain=False,
        movement=movement,
        scale=scale,
        examined=False,
        shown=False,
    )
