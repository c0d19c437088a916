"""What is really covered: small linear programs with the plan fixed, besides the one that chose it.

The search has no reason to cover more than it is asked to. What a plan *can* cover is found
afterwards: with every plant and what it ran in normal times fixed, each cut-off is re-run to
leave as little of every stage's need unmade as possible.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack

from paxsilica.case import Solver
from paxsilica.errors import PaxSilicaError
from paxsilica.instance import Instance
from paxsilica.model.registry import rows_with
from paxsilica.model.security import coverage_side, standby_within_capacity
from paxsilica.solver.highs import solve
from paxsilica.solver.program import Array, Compiled

Shares = Mapping[tuple[str, str], float]
"""By (commodity, copy), 0 to 1."""

IN_COPIES = {"activity", "shipment", "unserved", "stock_draw", "shortfall", "concentration_excess"}


def columns_in(
    program: Compiled, instance: Instance, mode: str, *, proving: bool = False
) -> NDArray[np.intp]:
    """Columns of operation that belong to copies of one mode (or only to those that prove
    coverage)."""
    wanted = {
        state.name
        for state in instance.states.values()
        if state.mode == mode and (state.coverage_test or not proving)
    }
    return np.array(
        [
            at
            for at, (family, index) in enumerate(program.columns)
            if family in IN_COPIES and index[-1] in wanted
        ],
        dtype=np.intp,
    )


def normal_operation_without_projects(
    program: Compiled, instance: Instance, cost: Array, options: Solver
) -> Array:
    """Cheapest normal operation if nothing is committed and nothing is asked: values of all
    columns, zero where nothing runs."""
    at = np.concatenate([columns_in(program, instance, "normal"), program.positions("stock")])
    required = program.rows_of(*rows_with(removal="row"), *program.user_rows)
    part = program.without_rows(required).minimising(cost)
    part = part.restricted(at, np.zeros(len(program.cost)))
    outcome = solve(part, options)
    values = np.zeros(len(program.cost))
    if outcome.values is None:
        return values  # normal times cannot be served without projects: then nothing is warm
    values[at] = outcome.values
    return values


def trace_coverage(
    program: Compiled, instance: Instance, values: Array, cost: Array, options: Solver
) -> tuple[Shares, Shares, Array]:
    """Shares of need covered without any project and with the plan ``values``, and ``values`` with
    the cut-offs re-run.

    Stages that share feed compete for it, so what a plan can cover is a choice. It is made in this
    order: what the plan covers of the shares required of it; then no commodity below where it stood
    before the plan, or as little as can be; then the most over all stages.

    Args:
        program, instance: of the case.
        values: of all columns, in a plan.
        cost: coefficients of all that costs, by column: without projects the world runs as cheaply
            as it can.
        options: of the solver.

    Returns:
        shares before and after, 0 to 1, by (commodity, copy), all stages weighing the same; and
        values of all columns.
    """
    bare = normal_operation_without_projects(program, instance, cost, options)
    before, _ = most_covered(program, instance, bare, options)
    after, traced = most_covered(program, instance, values, options, before, keep=True)
    return before, after, traced


def most_covered(
    program: Compiled,
    instance: Instance,
    values: Array,
    options: Solver,
    before: Shares | None = None,
    *,
    keep: bool = False,
) -> tuple[Shares, Array]:
    """How much of the need for each covered commodity can be made and delivered in each cut-off,
    with ``values`` otherwise fixed.

    Args:
        program, instance: of the case.
        values: of all columns.
        options: of the solver.
        before: shares that no commodity is to fall below for the sake of another, if that can be.
        keep: hold to what ``values`` cover of the shares required, before all else: whoever asked
            for a share of each must find it in the report.

    Returns:
        shares (0 to 1) by (commodity, copy); and ``values`` with the cut-offs re-run.

    Raises:
        PaxSilicaError: if ``values`` cannot be re-run.
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
    at = columns_in(program, instance, "disrupted", proving=True)
    result = fixed
    part = full.restricted(at, fixed)
    for most in (promised[at], known[at]):
        part = _held(part, most, options)
    result[at] = _solved(part, options)
    shares = {}
    for column in program.positions("shortfall"):
        commodity, state = program.columns[column][1]
        need = instance.need[commodity, instance.states[state].year]
        shares[commodity, state] = round(
            min(1.0, max(0.0, 1.0 - result[column] / need)), 9
        )  # the solver knows no more digits
    return shares, result


def _held(program: Compiled, most: Array, options: Solver) -> Compiled:
    """The program with each column at most ``most``, or as little above it as all of them together
    can be."""
    at = np.flatnonzero(np.isfinite(most))
    if not len(at):
        return program
    count, most = len(program.cost), np.minimum(most[at], program.high[at])
    # what lies above gets a column of its own, the same in every row
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
    return program.with_columns(at, program.low[at], most + above + 1e-7 * np.maximum(1.0, most))


def _solved(program: Compiled, options: Solver) -> Array:
    outcome = solve(program, options)
    if outcome.values is None:
        raise PaxSilicaError("the cut-offs of a plan could not be re-run; please report this")
    return outcome.values


def _with_all_that_is_ready(program: Compiled, instance: Instance, values: Array) -> Array:
    """``values`` with every plant as warm as what it ran in normal times lets it be."""
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
    """Right-hand side of the rows that bound warm capacity of projects, with the plan's
    commitments."""
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
