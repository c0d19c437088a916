"""What is really covered: small linear programs with the plan fixed, besides the one that chose it.

The search has no reason to cover more than it is asked to. What a plan *can* cover is found afterwards: with every plant and what it ran in
normal times fixed, each switch-off is re-run to leave as little of every stage's need unmade as possible.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from paxsilica.case import Solver
from paxsilica.errors import PaxSilicaError
from paxsilica.instance import Instance
from paxsilica.solve.compile import Array, Compiled
from paxsilica.solve.highs import solve

IN_COPIES = {"activity", "shipment", "unserved", "stock_draw", "shortfall", "concentration_excess"}
COVERAGE_ROWS = ("stress_production_coverage", "stress_delivery_coverage")


def columns_in(program: Compiled, instance: Instance, mode: str, *, proving: bool = False) -> NDArray[np.intp]:
    """Columns of operation that belong to copies of one mode (or only to those that prove coverage)."""
    wanted = {copy.name for copy in instance.copies.values() if copy.mode == mode and (copy.proves_coverage or not proving)}
    return np.array(
        [at for at, (family, index) in enumerate(program.columns) if family in IN_COPIES and index[-1] in wanted], dtype=np.intp
    )


def normal_operation_without_projects(program: Compiled, instance: Instance, cost: Array, options: Solver) -> Array:
    """Cheapest normal operation if nothing is committed and nothing is asked: values of all columns, zero where nothing runs."""
    at = np.concatenate([columns_in(program, instance, "reference"), program.positions("stock")])
    asked = program.rows_of("limit_on_operation", "limit_on_plants", "required_commitment")
    part = program.without_rows(asked).minimising(cost).restricted(at, np.zeros(len(program.cost)))
    outcome = solve(part, options)
    values = np.zeros(len(program.cost))
    if outcome.values is None:
        return values  # normal times cannot be served without projects: then nothing is warm
    values[at] = outcome.values
    return values


def most_covered(
    program: Compiled, instance: Instance, values: Array, options: Solver, *, keep: bool = False
) -> tuple[dict[tuple[str, str], float], Array]:
    """How much of the need for each covered commodity can be made and delivered in each switch-off, with ``values`` otherwise fixed.

    With ``keep``, ``values`` is a plan, and no commodity is given up for another below what the plan covers of its required share:
    whoever asked for a share of each must find it in the report.

    Returns:
        shares (0 to 1) by (commodity, copy), all stages weighing the same; and ``values`` with the switch-offs re-run.
    """
    fixed = values.copy()
    warm = program.positions("warm")
    activity = {index: at for at, (family, index) in enumerate(program.columns) if family == "activity"}
    capacity = _credited_capacity(program, values)
    for at in warm:
        plant, copy = program.columns[at][1]
        ran = values[activity[plant, copy]] if (plant, copy) in activity else 0.0
        ready = ran / instance.world.plants[plant].minimum_utilisation
        limit = capacity.get((plant, copy), np.inf) if instance.world.plants[plant].is_project else program.high[at]
        fixed[at] = max(values[at], min(ready, limit))
    at = columns_in(program, instance, "stress", proving=True)
    cost = np.zeros(len(program.cost))
    high = program.high.copy()
    stage_of = {row.commodity: row.stage for row in instance.tables.commodities}
    for column, (family, index) in enumerate(program.columns):
        if family == "shortfall":
            commodity, copy = index
            same = sum(1 for other, name in instance.required if name == copy and stage_of[other] == stage_of[commodity])
            cost[column] = 1.0 / instance.need[commodity, instance.copies[copy].year] / same
            need = instance.need[commodity, instance.copies[copy].year]
            high[column] = np.inf if not keep else (1 - instance.required[index]) * need + max(0.0, values[column]) + 1e-6 * max(1.0, need)
    row_low = program.row_low.copy()
    for row, (family, index) in enumerate(program.row_names):
        if family == COVERAGE_ROWS[0]:
            row_low[row] = instance.need[index[0], instance.copies[index[1]].year]
        elif family == COVERAGE_ROWS[1]:
            row_low[row] = 0.0
    full = Compiled(
        cost,
        0.0,
        program.matrix,
        row_low,
        program.row_high,
        program.low,
        high,
        program.integer,
        program.row_names,
        program.columns,
        program.column_of,
    ).without_rows(program.rows_of("country_concentration"))
    outcome = solve(full.restricted(at, fixed), options)
    if outcome.values is None and keep:
        return most_covered(
            program, instance, values, options
        )  # the plan keeps to its rows only within a tolerance, which was too much here
    if outcome.values is None:
        raise PaxSilicaError("the switch-offs of a plan could not be re-run; please report this")
    result = fixed
    result[at] = outcome.values
    shares = {}
    for column in program.positions("shortfall"):
        commodity, copy = program.columns[column][1]
        need = instance.need[commodity, instance.copies[copy].year]
        shares[commodity, copy] = min(1.0, max(0.0, 1.0 - result[column] / need))
    return shares, result


def _credited_capacity(program: Compiled, values: Array) -> dict[tuple[str, str], float]:
    """Right-hand side of the rows that bound warm capacity of projects, with the plan's commitments."""
    rows = program.rows_of("warm_within_capacity")
    if not len(rows):
        return {}
    without_warm = values.copy()
    without_warm[program.positions("warm")] = 0.0
    # w - capacity <= 0, so with w at zero the left side is minus the capacity
    left = program.matrix[rows] @ without_warm
    return {program.row_names[row][1]: max(0.0, -float(one)) for row, one in zip(rows, left, strict=True)}
