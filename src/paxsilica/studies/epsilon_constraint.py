"""Measures of a plan as functions of the columns, and the tasks of a frontier: minimise one measure
under limits on others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from paxsilica.case import Case, Solver
from paxsilica.errors import InputError, Problem
from paxsilica.model.costs import coverage_shortfall
from paxsilica.model.registry import rows_with
from paxsilica.model.security import coverage_base, coverage_side
from paxsilica.output_tables import SHARE, USD_MILLION, Column, Format
from paxsilica.solver import Array, Compiled, Outcome
from paxsilica.solver.resolve import NewColumn, Written, extended, reoptimise, search, write
from paxsilica.studies.parallel import Result
from paxsilica.studies.tasks import known_in, record
from paxsilica.tables import Tables

ZERO_TOL = 1e-7
"""A smaller measure of a plan is noise."""


@dataclass(frozen=True)
class Axis:
    """A measure of a plan, linear in the decisions or not; ``sign`` is -1 if more is better."""

    name: str
    unit: str
    meaning: str
    sign: float = 1.0
    linear: bool = True

    @property
    def column(self) -> str:
        """Name of its column in tables."""
        return f"{self.name}_usd_m" if self.unit == USD_MILLION else self.name

    @property
    def documented(self) -> Column:
        """Its column in tables, documented."""
        shown: Format = "money" if self.unit == USD_MILLION else "share"
        return Column("number", self.unit, shown, self.meaning)


AXES: dict[str, Axis] = {
    axis.name: axis
    for axis in (
        Axis("total", USD_MILLION, "all cost, missing coverage at its price included, discounted"),
        Axis("cost", USD_MILLION, "all cost but the price of missing coverage, discounted"),
        Axis("shortfall", USD_MILLION, "missing coverage at its price, discounted"),
        Axis("budget", USD_MILLION, "capital that funders pay, undiscounted"),
        Axis(
            "coverage",
            SHARE,
            "share of the required coverage that is met in every commodity and year",
            -1.0,
        ),
        Axis(
            "concentration",
            SHARE,
            "largest share of one region in the output of a commodity in a cut-off",
            linear=False,
        ),
    )
}


def known_axis(name: str) -> Axis:
    """The axis of that name; an InputError if there is none."""
    if name not in AXES:
        words = f"should be one of {', '.join(AXES)}"
        raise InputError([Problem("frontier", "", "axis", name, words)])
    return AXES[name]


@dataclass(frozen=True)
class Measured:
    """A program with its measures (vector and constant), all to be minimised."""

    of: Written
    program: Compiled
    measures: Mapping[str, tuple[Array, float]]

    def values(self, values: Array) -> dict[str, float]:
        """Each measure of a plan, with its natural sign."""
        found = {
            name: AXES[name].sign * (float(vector @ values) + constant)
            for name, (vector, constant) in self.measures.items()
        }
        if self.of.case.concentration is not None:
            found["concentration"] = largest_share(self.of, values[: len(self.of.program.cost)])
        return {name: 0.0 if abs(value) < ZERO_TOL else value for name, value in found.items()}


def measured(of: Written, axes: Iterable[str]) -> Measured:
    """The program of a case with all linear measures, among them ``coverage`` if it is an axis."""
    program, more = of.program, 0
    if "coverage" in axes:
        program, more = _with_level(of), 1
    pad = np.zeros(more)
    shortfall, constant = of.costs[coverage_shortfall.__name__]
    measures: dict[str, tuple[Array, float]] = {
        "total": (of.total, of.offset),
        "cost": (of.total - shortfall, of.offset - constant),
        "shortfall": (shortfall, constant),
        "budget": (of.public_money, 0.0),
    }
    found = measures.items()
    measures = {name: (np.append(vector, pad), offset) for name, (vector, offset) in found}
    if more:
        level = np.zeros(len(program.cost))
        level[-1] = -1.0
        measures["coverage"] = (level, 0.0)
    return Measured(of, program, measures)


def _with_level(of: Written) -> Compiled:
    """The program with a column for the share of the required coverage that is met everywhere."""
    if not of.instance.required:
        raise InputError("a frontier over coverage needs a case that requires coverage")
    program = of.program
    missing = program.positions("shortfall")
    program = program.with_columns(missing, 0.0, 0.0)
    entries, rows, low = {}, [], []
    coverage_rows = rows_with(item="coverage")
    for at, (family, index) in enumerate(program.row_names):
        if family in coverage_rows:
            commodity, state = index
            share = of.instance.share_required(commodity, state)
            entries[at] = -share * coverage_base(of.instance, family, commodity, state)
            rows.append(at)
            low.append(coverage_side(of.instance, family, commodity, state, 0.0))
    program = extended(program, [NewColumn(("coverage_level", None), entries, high=1.0)])
    at_rows = np.array(rows, dtype=np.intp)
    return program.with_rows(at_rows, np.array(low), program.row_high[at_rows])


def largest_share(of: Written, values: Array) -> float:
    """The largest share of one region in the output of a commodity under a cap."""
    cap = of.case.concentration
    made: dict[tuple[str, str], dict[str, float]] = defaultdict(lambda: defaultdict(float))
    capped: dict[str, set[str]] = defaultdict(set)
    for commodity, state in of.instance.required:
        if cap is None or of.instance.states[state].year >= cap.from_year:
            capped[state].add(commodity)
    for at, (family, index) in enumerate(of.program.columns):
        if family == "activity" and index[1] in capped and values[at] > 0:
            plant = of.instance.world.plants[index[0]]
            for commodity, amount in of.instance.world.outputs.get(plant.process, {}).items():
                if commodity in capped[index[1]]:
                    made[commodity, index[1]][plant.region] += amount * float(values[at])
    return max(
        (max(by.values()) / sum(by.values()) for by in made.values() if sum(by.values()) > 1e-6),
        default=0.0,
    )


def _limited(at: Measured, limits: Mapping[str, float]) -> Compiled:
    """The program with a limit on each linear measure."""
    program = at.program
    for name, limit in limits.items():
        if AXES[name].linear:
            vector, constant = at.measures[name]
            program = program.with_row(vector, AXES[name].sign * limit - constant)
    return program


def _found(
    at: Measured, program: Compiled, outcome: Outcome, options: Solver, names: Iterable[str]
) -> Result:
    """The result of a plan: the cheapest operation with the same decisions and measures."""
    best = reoptimise(program, outcome, options)
    if best.values is None:
        return record(at.of, best)
    whole = np.flatnonzero(program.integer)
    fixed = program.fixed(whole, best.values[whole])
    for name in names:
        if AXES[name].linear:
            vector, constant = at.measures[name]
            value = float(vector @ best.values)
            fixed = fixed.with_row(vector, value + 1e-7 * max(1.0, abs(value + constant)))
    cheapest = search(fixed.minimising(*at.measures["total"]), options).outcome
    values = best.values if cheapest.values is None else cheapest.values
    return record(at.of, replace(best, values=values)) | {"axes": at.values(values)}


def minimise(tables: Tables, case: Case, arguments: Mapping[str, Any]) -> Result:
    """Work: the plan with the least of one measure under limits on others.

    Slack of a limit, in units of the range of the measure, earns a bonus of ``weight`` USD million,
    a tenth of it for each further measure (AUGMECON2), so that no dominated plan is found. The
    objective is at most the measure, so its bound is a bound on the measure too. ``relaxed`` solves
    the relaxation, to estimate the size of the measure.
    """
    name, limits = arguments["minimise"], arguments["limits"]
    at = measured(write(tables, case), arguments["axes"])
    program = _limited(at, limits)
    vector, offset = at.measures[name]
    if arguments.get("relaxed"):
        outcome = search(program.minimising(vector, offset).relaxed(), case.solver).outcome
        return {"status": outcome.status, "objective": outcome.objective}
    weight = float(arguments["weight"])
    for axis, limit in limits.items():
        if AXES[axis].linear:
            one, constant = at.measures[axis]
            factor = weight / arguments["ranges"][axis]
            vector = vector + factor * one
            offset += factor * (constant - AXES[axis].sign * limit)
            weight /= 10
    program = program.minimising(vector, offset)
    start = arguments.get("start")
    outcome = search(program, case.solver, None if start is None else known_in(start)).outcome
    return _found(at, program, outcome, case.solver, arguments["axes"])


def lexicographic(tables: Tables, case: Case, arguments: Mapping[str, Any]) -> Result:
    """Work: a row of the payoff table: the least of each measure, in their order."""
    at = measured(write(tables, case), arguments["axes"])
    program = at.program
    result: Result = {}
    start: Array | None = None
    for name in arguments["order"]:
        vector, offset = at.measures[name]
        program = program.minimising(vector, offset)
        outcome = search(program, case.solver, start).outcome
        if outcome.values is None or outcome.objective is None:
            return result or record(at.of, outcome)
        start = outcome.values
        result = _found(at, program, outcome, case.solver, arguments["axes"])
        room = 1e-6 * max(1.0, abs(outcome.objective))
        program = program.with_row(vector, outcome.objective - offset + room)
    return result
