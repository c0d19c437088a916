"""What a year less of lead time is worth: estimated from duals with the plan's dates and sizes
kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from math import nan

import numpy as np

from paxsilica.instance import Candidate, Instance
from paxsilica.model.registry import rows_with
from paxsilica.plan.extract import commitment_year
from paxsilica.prices.table import Price
from paxsilica.solver import Array, Compiled, Values


def _capacity(
    candidate: Candidate, committed: dict[int, float], added: dict[int, float], year: int
) -> float:
    base = sum(
        share * committed[v] for v, share in candidate.availability(year, candidate.window).items()
    )
    more = sum(
        share * added[v] for v, share in candidate.availability(year, candidate.size_years).items()
    )
    return candidate.credit * (candidate.smallest * base + more)


def _yearly(
    instance: Instance, candidate: Candidate, committed: dict[int, float], added: dict[int, float]
) -> float:
    """Fixed cost of operation less residual value, discounted."""
    total = 0.0
    for year in instance.years:
        fixed = candidate.fixed_cost[year] * sum(
            s * committed[v] for v, s in candidate.in_service(year, candidate.window).items()
        )
        fixed += candidate.fixed_cost_per_unit[year] * sum(
            s * added[v] for v, s in candidate.in_service(year, candidate.size_years).items()
        )
        total += instance.discount(year) * fixed
    end = instance.discount(instance.years[-1])
    for of, capex, levels in (
        (candidate.window, candidate.capex, committed),
        (candidate.size_years, candidate.capex_per_unit, added),
    ):
        before = 0.0
        for year in of:
            total -= end * capex[year] * candidate.residual(year) * (levels[year] - before)
            before = levels[year]
    return total


def lead_time_estimates(
    instance: Instance, program: Compiled, values: Array, row_duals: Array
) -> Iterator[Price]:
    """For every committed project with a lead time, what one year less of it would save at the
    duals of the fixed plan.

    To first order: the capacity that comes a year sooner at the rent it would earn, less a year
    more of fixed cost and of ageing. Rents fall as capacity comes, so that the true saving with
    dates and sizes kept is no larger; a plan that may change its dates can save more. A first year
    for which the project has no rows, because it could never have run by then, is not in it.
    """
    read = Values(program, values)
    rows: dict[str, list[int]] = {}
    for row in program.rows_of(*rows_with(item="capacity")):
        rows.setdefault(program.row_names[row][1][0], []).append(int(row))
    for name, candidate in instance.candidates.items():
        if candidate.lead_time == 0 or commitment_year(read, candidate) is None:
            continue
        committed = {v: read.of("committed")[name, v] for v in candidate.window}
        added = {v: read.of("added_size")[name, v] for v in candidate.size_years}
        sooner = replace(candidate, lead_time=candidate.lead_time - 1)
        more = []
        for row in rows.get(name, []):
            state = instance.states[program.row_names[row][1][1]]
            gained = _capacity(sooner, committed, added, state.year) - _capacity(
                candidate, committed, added, state.year
            )
            more.append(gained * state.capacity_factor[name])
        worth = -float(row_duals[rows[name]] @ np.array(more)) if more else 0.0
        worth -= _yearly(instance, sooner, committed, added) - _yearly(
            instance, candidate, committed, added
        )
        yield Price(
            "lead time",
            name,
            None,
            "fixed",
            worth,
            nan,
            nan,
            "USD million",
            f"If {name} came a year sooner, dates and sizes of the plan as they are, so much would"
            " be saved: an estimate from the rents of its capacity, to first order and no"
            " interval; a re-solve is exact.",
        )
