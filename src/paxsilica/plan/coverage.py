"""Coverage of a plan.

The search covers no more than is required. The coverage that a plan *can* reach is measured
afterwards with linear programs: commitments and normal operation are fixed, and each coverage test
is solved again for the smallest part of every stage's need that is missing. The nameplate share is
reported beside it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack

from paxsilica.case import Solver
from paxsilica.errors import PaxSilicaError
from paxsilica.instance import Instance
from paxsilica.model.registry import rows_with
from paxsilica.model.security import coverage_side, standby_within_capacity
from paxsilica.plan.extract import project_sizes, table
from paxsilica.solver import Array, Compiled, Values, scaling_of, solve
from paxsilica.tables.schema import Stage

Shares = Mapping[tuple[str, str], float]
"""By (commodity, state), 0 to 1."""

FEASIBILITY = 1e-7
"""Share of the size of a column by which a limit on it is loosened: the tolerance of the solver in
linear programs."""

STATE_VARIABLES = {
    "activity",
    "shipment",
    "unserved",
    "stock_draw",
    "shortfall",
    "concentration_excess",
}


def columns_in(
    program: Compiled, instance: Instance, mode: str, *, tests_only: bool = False
) -> NDArray[np.intp]:
    """Columns of operation in the states of one mode (or only in coverage tests)."""
    wanted = {
        state.name
        for state in instance.states.values()
        if state.mode == mode and (state.coverage_test or not tests_only)
    }
    return np.array(
        [
            at
            for at, (family, index) in enumerate(program.columns)
            if family in STATE_VARIABLES and index[-1] in wanted
        ],
        dtype=np.intp,
    )


def normal_operation_without_projects(
    program: Compiled, instance: Instance, cost: Array, options: Solver
) -> Array:
    """Cheapest normal operation without commitments and without requirements: values of all
    columns, zero where nothing runs."""
    at = np.concatenate([columns_in(program, instance, "normal"), program.positions("stock")])
    required = program.rows_of(*rows_with(removal="row"), *program.user_rows)
    part = program.without_rows(required).minimising(cost)
    part = part.restricted(at, np.zeros(len(program.cost)))
    outcome = solve(part, options)
    values = np.zeros(len(program.cost))
    if outcome.values is None:
        return values  # normal operation needs projects: then there is no standby capacity
    values[at] = outcome.values
    return values


def measured_coverage(
    program: Compiled, instance: Instance, values: Array, cost: Array, options: Solver
) -> tuple[Shares, Shares, Array]:
    """Shares of need covered without any project and with the plan ``values``, and ``values`` with
    the coverage tests solved again.

    Stages that share feed compete for it, so the coverage of a plan is a choice. The order is: what
    the plan covers of the required shares; then each commodity at least as without the plan, or as
    little below as possible; then the most over all stages.

    Args:
        program, instance: of the case.
        values: of all columns, in a plan.
        cost: coefficients of all that costs, by column: without projects the world runs as cheaply
            as it can.
        options: of the solver.

    Returns:
        shares before and after, 0 to 1, by (commodity, state), with equal weights of all stages;
        and values of all columns.
    """
    bare = normal_operation_without_projects(program, instance, cost, options)
    before, _ = most_covered(program, instance, bare, options)
    after, measured = most_covered(program, instance, values, options, before, keep=True)
    return before, after, measured


def most_covered(
    program: Compiled,
    instance: Instance,
    values: Array,
    options: Solver,
    before: Shares | None = None,
    *,
    keep: bool = False,
) -> tuple[Shares, Array]:
    """Largest share of the need for each covered commodity that can be made and delivered in each
    coverage test, with ``values`` otherwise fixed.

    Args:
        program, instance: of the case.
        values: of all columns.
        options: of the solver.
        before: shares that each commodity keeps, if possible.
        keep: keep what ``values`` cover of the required shares, before all else.

    Returns:
        shares (0 to 1) by (commodity, state); and ``values`` with the coverage tests solved again.

    Raises:
        PaxSilicaError: if the coverage tests cannot be solved with ``values``.
    """
    fixed = _with_all_that_is_ready(program, instance, values)
    stage_of = {row.commodity: row.stage for row in instance.tables.commodities}
    cost, high, row_low = np.zeros(len(program.cost)), program.high.copy(), program.row_low.copy()
    promised, known = np.full(len(program.cost), np.inf), np.full(len(program.cost), np.inf)
    for column in program.positions("shortfall"):
        commodity, state = index = program.columns[column][1]
        need = instance.need[commodity, instance.states[state].year]
        same = sum(
            1
            for other, name in instance.required
            if name == state and stage_of[other] == stage_of[commodity]
        )
        cost[column] = 1.0 / need / same
        high[column] = np.inf
        if keep:
            promised[column] = (1.0 - instance.required[index]) * need + max(0.0, values[column])
        if before is not None:
            known[column] = (1.0 - before[index]) * need
    for row in program.rows_of(*rows_with(item="coverage")):
        family, (commodity, state) = program.row_names[row]
        row_low[row] = coverage_side(instance, family, commodity, state, 1.0)
    full = replace(program, cost=cost, offset=0.0, row_low=row_low, high=high)
    full = full.without_rows(program.rows_of(*rows_with(item="concentration")))
    at = columns_in(program, instance, "disrupted", tests_only=True)
    result = fixed
    part = full.restricted(at, fixed)
    for most in (promised[at], known[at]):
        part = _limited(part, most, options)
    result[at] = _solved(part, options)
    shares = {}
    for column in program.positions("shortfall"):
        commodity, state = program.columns[column][1]
        need = instance.need[commodity, instance.states[state].year]
        shares[commodity, state] = round(
            min(1.0, max(0.0, 1.0 - result[column] / need)), 9
        )  # digits beyond the tolerance of the solver
    return shares, result


def _limited(program: Compiled, most: Array, options: Solver) -> Compiled:
    """The program with each column at most ``most``, or as little above it as all of them together
    can be."""
    at = np.flatnonzero(np.isfinite(most))
    if not len(at):
        return program
    count, most = len(program.cost), np.minimum(most[at], program.high[at])
    # the part above the limit gets a column of its own, with the same coefficients
    held = program.with_columns(at, program.low[at], most)
    split = replace(
        held,
        matrix=csr_matrix(hstack([program.matrix, program.matrix[:, at]])),
        cost=np.concatenate([np.zeros(count), program.cost[at]]),
        low=np.concatenate([held.low, np.zeros(len(at))]),
        high=np.concatenate([held.high, program.high[at] - most]),
        integer=np.zeros(count + len(at), dtype=bool),
        columns=(*program.columns, *(("above", program.columns[column][1]) for column in at)),
    )
    above = np.maximum(0.0, _solved(split, options)[count:])
    room = FEASIBILITY * np.maximum(scaling_of(program).columns[at], most)
    return program.with_columns(at, program.low[at], most + above + room)


def _solved(program: Compiled, options: Solver) -> Array:
    outcome = solve(program, options)
    if outcome.values is None:
        raise PaxSilicaError(
            "the coverage tests of a plan could not be solved again; please report this"
        )
    return outcome.values


def _with_all_that_is_ready(program: Compiled, instance: Instance, values: Array) -> Array:
    """``values`` with the largest standby capacity that the normal activity of each plant
    allows."""
    fixed = values.copy()
    activity = {
        index: at for at, (family, index) in enumerate(program.columns) if family == "activity"
    }
    capacity = _credited_capacity(program, values)
    for at in program.positions("standby"):
        plant, state = program.columns[at][1]
        ran = values[activity[plant, state]] if (plant, state) in activity else 0.0
        ready = ran / instance.world.plants[plant].minimum_utilisation
        limit = (
            capacity.get((plant, state), np.inf)
            if instance.world.plants[plant].is_project
            else program.high[at]
        )
        fixed[at] = max(values[at], min(ready, limit))
    return fixed


def _credited_capacity(program: Compiled, values: Array) -> dict[tuple[str, str], float]:
    """Largest standby capacity of projects, with the plan's commitments."""
    rows = program.rows_of(standby_within_capacity.__name__)
    if not len(rows):
        return {}
    without_standby = values.copy()
    without_standby[program.positions("standby")] = 0.0
    # w - capacity <= 0, so with w at zero the left side is minus the capacity
    left = program.matrix[rows] @ without_standby
    return {
        program.row_names[row][1]: max(0.0, -float(one))
        for row, one in zip(rows, left, strict=True)
    }


def nameplate_shares(instance: Instance, values: Values | None) -> dict[tuple[str, str], float]:
    """Nameplate capacity in trusted regions as a share of the need, by (commodity, state), at most
    1: without regard to control, inputs, status or readiness."""
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
    nameplate_before, nameplate_after = (
        nameplate_shares(instance, None),
        nameplate_shares(instance, values),
    )
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
                nameplate_before[key],
                before[key],
                nameplate_after[key],
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
