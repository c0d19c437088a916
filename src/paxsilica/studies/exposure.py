"""Why a stage is exposed: from its weakest commodity up the chain to the plants and the country
that hold it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

from paxsilica.case import Case
from paxsilica.errors import InfeasibleError, InputError, NoPlanError, Problem
from paxsilica.model.operation import project_capacity
from paxsilica.model.registry import row_with, rows_with
from paxsilica.model.security import production_coverage, readiness
from paxsilica.plan.coverage import STATE_VARIABLES, Shares, measured_coverage
from paxsilica.solver import Array, solve
from paxsilica.solver.resolve import Written, search, write
from paxsilica.studies.supply import Holder
from paxsilica.tables import Tables
from paxsilica.tables.suggestions import Nearest

NOTHING = 1e-9
COVERED = 1 - 1e-6


@dataclass(frozen=True)
class Step:
    """A commodity on the way up the chain.

    Attributes:
        made, need: in the cut-off, in ``unit``.
        trusted_capacity: credited capacity, in output, of plants that nobody untrusted hosts or
            controls.
        ready: that part of it that ran in normal times and can run now.
        lost_to_control: capacity in trusted countries that somebody untrusted controls.
        worth: units of the stage's weakest commodity that one more unit of this would bring; 0
            where that is not known.
        holders: who makes it in normal times, as the plan runs, largest first.
    """

    commodity: str
    name: str
    unit: str
    made: float
    need: float
    trusted_capacity: float
    ready: float
    lost_to_control: float
    worth: float
    holders: tuple[Holder, ...]


@dataclass(frozen=True)
class Exposure:
    """Why a stage is exposed in its worst year. ``steps`` lead from its weakest commodity to what
    holds it; the last is the cause."""

    stage: str
    name: str
    year: int
    share: float
    required: float
    shares: dict[tuple[str, int], float]
    steps: tuple[Step, ...]
    cause: str
    names: dict[str, str] = field(default_factory=dict, compare=False)

    def lines(self) -> list[str]:
        """The way up the chain in sentences."""
        if not self.steps:
            return [
                f"{self.name} is not exposed: cut off, the trusted world can make all that it needs"
                " of it in every year of the cut-off."
            ]
        first, last = self.steps[0], self.steps[-1]
        lines = [
            f"{self.name} is weakest in {self.year}, at {first.name}: cut off, the trusted world"
            f" can make {self.share:.1%} of its need ({self.required:.1%} asked for)."
        ]
        for step, following in zip(self.steps, self.steps[1:], strict=False):
            if step.trusted_capacity > NOTHING:
                words = (
                    f"trusted plants could make {step.trusted_capacity:,.6g} {step.unit},"
                    f" {step.ready:,.6g} of it ready, but they wait for"
                )
            else:
                words = "no trusted plant runs, for want of"
            lines.append(f"{step.name}: {words} {following.name}.")
        causes = {
            "no plant": f"{last.name}: nobody that is trusted makes it.",
            "capacity": (
                f"{last.name}: trusted plants can make {last.trusted_capacity:,.6g} {last.unit} of"
                f" a need of {last.need:,.6g}, and no more."
            ),
            "not ready": (
                f"{last.name}: trusted plants could make {last.trusted_capacity:,.6g} {last.unit},"
                f" but only {last.ready:,.6g} are ready: the others stand idle in normal times."
            ),
            "shared": f"{last.name}: what there is of it is used up.",
        }
        lines.append(causes[self.cause])
        if last.lost_to_control > NOTHING:
            lines.append(
                f"{last.lost_to_control:,.6g} {last.unit} more stand in trusted countries, under"
                " control that is not trusted."
            )
        if last.holders:
            parts = [
                f"{self.names.get(holder.region, holder.region)}"
                f" {holder.share:.0%}{'' if holder.trusted else ', not trusted'}"
                f" ({', '.join(holder.plants[:3])})"
                for holder in last.holders[:4]
            ]
            lines.append(f"In normal times {last.name} comes from: {'; '.join(parts)}.")
        return lines

    def result(self) -> dict[str, Any]:
        """Everything in plain data; ``shares`` by commodity and year."""
        return {
            "stage": self.stage,
            "name": self.name,
            "year": self.year,
            "share": self.share,
            "required": self.required,
            "shares": [
                {"commodity": commodity, "year": year, "share": share}
                for (commodity, year), share in self.shares.items()
            ],
            "steps": [asdict(step) for step in self.steps],
            "cause": self.cause,
            "text": self.lines(),
        }


def explain_stage(
    tables: Tables, case: Case, stage: str, on_step: Callable[[str], None] | None = None
) -> Exposure:
    """Why ``stage`` is exposed in the plan of ``case``.

    Raises:
        InputError: if there is no such stage, or nothing of it is asked for.
        InfeasibleError, NoPlanError: if there is no plan.
    """
    say = on_step or (lambda _: None)
    rows = {row.stage: row for row in tables.stages}
    if stage not in rows:
        raise InputError(
            [
                Problem(
                    "--stage", "", "", stage, f"should be a stage of the data{Nearest(rows)(stage)}"
                )
            ]
        )
    say("write the model")
    written = write(tables, case)
    own = {row.commodity for row in tables.commodities if row.stage == stage}
    if not any(commodity in own for commodity, _ in written.instance.required):
        raise InputError(
            [Problem("--stage", "", "", stage, "the case asks for no coverage of this stage")]
        )
    say("search")
    answer = search(written.program, case.solver, interruptible=True)
    if answer.values is None:
        kind = InfeasibleError if answer.status == "infeasible" else NoPlanError
        raise kind("There is no plan to explain; `paxsilica solve` says why.")
    say("trace coverage")
    _, shares, traced = measured_coverage(
        written.program, written.instance, answer.values, written.total, case.solver
    )
    return trace_stage(written, traced, shares, stage)


def trace_stage(written: Written, traced: Array, shares: Shares, stage: str) -> Exposure:
    """The way up the chain, given a plan with its cut-offs re-run for the most coverage."""
    instance = written.instance
    own = {row.commodity for row in written.tables.commodities if row.stage == stage}
    name = next(row.name for row in written.tables.stages if row.stage == stage)
    mine = {key: share for key, share in shares.items() if key[0] in own}
    (weakest, state), share = min(
        mine.items(),
        key=lambda item: (round(item[1], 6), instance.states[item[0][1]].year, item[0][0]),
    )
    year = instance.states[state].year
    by_year = {
        (commodity, instance.states[one].year): found for (commodity, one), found in mine.items()
    }
    names = {row.region: row.name for row in written.tables.regions}
    required = instance.required[weakest, state]
    if share >= COVERED:
        return Exposure(stage, name, year, share, required, by_year, (), "", names)
    values, worth, rents = _alone(written, traced, weakest, state)
    steps, cause = _walk(written, values, worth, rents, weakest, state)
    return Exposure(stage, name, year, share, required, by_year, tuple(steps), cause, names)


def _alone(
    written: Written, traced: Array, commodity: str, state: str
) -> tuple[Array, dict[tuple[str, str], float], dict[str, float]]:
    """The cut-off re-run for one commodity alone: values, what a unit of each commodity is worth
    in each region, and rents of plants."""
    program, instance = written.program, written.instance
    at = np.array(
        [
            place
            for place, (family, index) in enumerate(program.columns)
            if family in STATE_VARIABLES and index[-1] == state
        ],
        dtype=np.intp,
    )
    target = program.column_at["shortfall", (commodity, state)]
    cost, high, row_low = np.zeros(len(program.cost)), program.high.copy(), program.row_low.copy()
    cost[target], high[target] = 1.0, np.inf
    row_low[program.rows_of(*rows_with(item="coverage"))] = -np.inf
    row_low[program.row_at[production_coverage.__name__, (commodity, state)]] = instance.need[
        commodity, instance.states[state].year
    ]
    whole = replace(program, cost=cost, high=high, row_low=row_low, offset=0.0).without_rows(
        program.rows_of(*rows_with(item="concentration"))
    )
    part = whole.restricted(at, traced)
    outcome = solve(part.relaxed(), written.case.solver)
    values, worth, rents = (
        traced.copy(),
        dict[tuple[str, str], float](),
        defaultdict[str, float](float),
    )
    if outcome.values is None or outcome.row_duals is None or outcome.column_duals is None:
        return values, worth, rents
    values[at] = outcome.values
    balance = row_with(item="commodity")
    rented = (readiness.__name__, project_capacity.__name__)
    for (family, index), dual in zip(part.row_names, outcome.row_duals.tolist(), strict=True):
        if family == balance:
            worth[index[0], index[1]] = max(0.0, dual)
        elif family in rented:
            rents[index[0]] += max(0.0, -dual)
    for (family, index), dual in zip(part.columns, outcome.column_duals.tolist(), strict=True):
        if family == "activity":
            rents[index[0]] += max(0.0, -dual)
    return values, worth, rents


def _walk(
    written: Written,
    values: Array,
    worth: dict[tuple[str, str], float],
    rents: dict[str, float],
    commodity: str,
    state: str,
) -> tuple[list[Step], str]:
    """From the commodity to what it waits for, and so on, until something has no maker, no capacity
    left, or is used up elsewhere."""
    instance = written.instance
    steps, seen = [_step(written, values, worth, commodity, state)], {commodity}
    while True:
        makers = [
            (plant, place[0])
            for place, supply in instance.states[state].supply.items()
            if place[1] == commodity
            for plant, _ in supply
        ]
        if not makers:
            waits = _unfed(written, commodity, state)
        else:
            # the plants at the margin are those that are not full: they wait for the input that is
            # worth most
            idle = [(plant, region) for plant, region in makers if rents.get(plant, 0.0) <= NOTHING]
            inputs = {
                source: max(
                    worth.get((region, source), 0.0) * quantity
                    for plant, region in idle
                    if _uses(instance, plant, source) == quantity
                )
                for plant, _ in idle
                for source, quantity in instance.world.inputs.get(
                    instance.world.plants[plant].process, {}
                ).items()
            }
            scarce = {source: amount for source, amount in inputs.items() if amount > NOTHING}
            waits = max(scarce, key=lambda source: (scarce[source], source)) if scarce else None
        if waits is None or waits in seen:
            break
        commodity = waits
        seen.add(commodity)
        steps.append(_step(written, values, worth, commodity, state))
    last = steps[-1]
    if last.trusted_capacity <= NOTHING:
        return steps, "no plant"
    if last.ready < last.trusted_capacity * (1 - 1e-6) and last.made >= last.ready * (1 - 1e-6):
        return steps, "not ready"
    return steps, "capacity" if last.made >= last.ready * (1 - 1e-6) else "shared"


def _uses(instance: Any, plant: str, source: str) -> float:
    return float(
        instance.world.inputs.get(instance.world.plants[plant].process, {}).get(source, 0.0)
    )


def _unfed(written: Written, commodity: str, state: str) -> str | None:
    """An input that no trusted source makes, for want of which trusted plants of the commodity are
    not even in the copy."""
    world, one = written.instance.world, written.instance.states[state]
    fed = {place[1] for place in one.supply}
    for name, plant in sorted(world.plants.items()):
        there = plant.operates(one.year) and (
            not plant.is_project or name in written.instance.candidates
        )
        if (
            there
            and commodity in world.outputs.get(plant.process, {})
            and world.trusted_plant(plant, one.year)
        ):
            missing = [
                source
                for source in sorted(world.inputs.get(plant.process, {}))
                if source not in fed
            ]
            if missing:
                return missing[0]
    return None


def _step(
    written: Written, values: Array, worth: dict[tuple[str, str], float], commodity: str, state: str
) -> Step:
    """What there is of a commodity in the cut-off and who makes it in normal times."""
    instance, program, world = written.instance, written.program, written.instance.world
    one = instance.states[state]
    normal_state = one.normal_state or state
    row = next(row for row in written.tables.commodities if row.commodity == commodity)

    def at(family: str, index: Any) -> float:
        place = program.column_at.get((family, index))
        return 0.0 if place is None else float(values[place])

    made = trusted = ready = controlled = 0.0
    running: dict[tuple[str, bool], dict[str, float]] = defaultdict(dict)
    for name, plant in world.plants.items():
        quantity = world.outputs.get(plant.process, {}).get(commodity, 0.0)
        if not quantity or not plant.operates(one.year):
            continue
        safe = world.trusted_plant(plant, one.year)
        size = _size(written, values, name, normal_state) * quantity
        made += quantity * at("activity", (name, state))
        if safe:
            trusted += size
            ready += (
                min(size, quantity * at("standby", (name, normal_state)))
                if plant.minimum_utilisation > 0
                else size
            )
        elif world.trusted(plant.region, one.year):
            controlled += size
        if (amount := quantity * at("activity", (name, normal_state))) > NOTHING:
            holder = plant.region if world.trusted(plant.controller, one.year) else plant.controller
            running[holder, safe][name] = amount
    total = sum(sum(plants.values()) for plants in running.values())
    holders = [
        Holder(
            region,
            sum(plants.values()) / total,
            safe,
            tuple(sorted(plants, key=lambda name: (-plants[name], name))),
        )
        for (region, safe), plants in running.items()
    ]
    return Step(
        commodity,
        row.name,
        row.unit,
        made,
        instance.need.get((commodity, one.year), 0.0),
        trusted,
        ready,
        controlled,
        max((amount for (_, other), amount in worth.items() if other == commodity), default=0.0),
        tuple(sorted(holders, key=lambda holder: (-holder.share, holder.region))),
    )


def _size(written: Written, values: Array, plant: str, normal_state: str) -> float:
    """Credited capacity of a plant in the year of a normal state, with the plan's commitments."""
    instance, program = written.instance, written.program
    if not instance.world.plants[plant].is_project:
        return instance.states[normal_state].capacity.get(plant, 0.0)
    candidate, year = instance.candidates.get(plant), instance.states[normal_state].year
    if candidate is None:
        return 0.0

    def total(family: str, shares: dict[int, float]) -> float:
        found = (
            (share, program.column_at.get((family, (plant, v)))) for v, share in shares.items()
        )
        return sum(share * float(values[place]) for share, place in found if place is not None)

    base = candidate.smallest * total("committed", candidate.availability(year, candidate.window))
    return candidate.credit * (
        base + total("added_size", candidate.availability(year, candidate.size_years))
    )
