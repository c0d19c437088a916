"""The value of one year less of lead time, estimated from duals with the plan's dates and sizes
kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from math import nan
from typing import Any

from paxsilica.instance import Candidate, Instance
from paxsilica.model.costs import capital, fixed_operation
from paxsilica.model.investment import capacity_terms
from paxsilica.model.registry import rows_with
from paxsilica.plan.extract import commitment_year, total
from paxsilica.prices.table import Price
from paxsilica.solver import Array, Compiled, Values


def _yearly(plan: Any, instance: Instance, candidate: Candidate) -> float:
    """Fixed cost of operation and annuities at the plan, discounted, USD million."""
    alone = replace(instance, candidates={candidate.name: candidate})
    return sum(total(term(plan, alone).terms) for term in (fixed_operation, capital))


def lead_time_estimates(
    instance: Instance, program: Compiled, values: Array, row_duals: Array
) -> Iterator[Price]:
    """For every committed project with a lead time, the saving from one year less of it at the
    duals of the fixed plan.

    A first-order estimate: the rent of the capacity that comes a year sooner, less a year more of
    fixed cost and of annuities. Rents fall as capacity comes, so the true saving with dates and
    sizes kept is no larger; a plan that may change its dates can save more. Years for which the
    project has no rows, because it could never have run by then, are left out.
    """
    plan: Any = Values(program, values)
    rows: dict[str, list[int]] = {}
    for row in program.rows_of(*rows_with(item="capacity")):
        rows.setdefault(program.row_names[row][1][0], []).append(int(row))
    for name, candidate in instance.candidates.items():
        if candidate.lead_time == 0 or commitment_year(plan, candidate) is None:
            continue
        sooner = replace(candidate, lead_time=candidate.lead_time - 1)
        worth = _yearly(plan, instance, candidate) - _yearly(plan, instance, sooner)
        for row in rows.get(name, []):
            state = instance.states[program.row_names[row][1][1]]
            more, now = (
                total(
                    capacity_terms(plan, one, state.year, instance.room_per_unit(name, state.name))
                )
                for one in (sooner, candidate)
            )
            worth -= float(row_duals[row]) * (more - now)
        yield Price(
            "lead time",
            name,
            None,
            "fixed",
            worth,
            nan,
            nan,
            "USD million",
            f"The saving if {name} came a year sooner, with the dates and sizes of the plan: a"
            " first-order estimate from the rents of its capacity, without an interval; a re-solve"
            " is exact.",
            stake_usd_m=abs(worth),
        )
