"""Why the coverage of a stage is below its requirement: from its weakest commodity up the chain to
the plants and the country that limit it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar

from paxsilica import output_tables as doc
from paxsilica.case import Case
from paxsilica.errors import InfeasibleError, InputError, NoPlanError, Problem
from paxsilica.instance import Plant
from paxsilica.model.operation import project_capacity, shared_capacity
from paxsilica.model.registry import row_with
from paxsilica.model.security import readiness
from paxsilica.output_tables import TableDoc
from paxsilica.plan.coverage import CoverageTests, Goods, ready
from paxsilica.plan.extract import project_capacities
from paxsilica.solver import Array, Values
from paxsilica.solver.resolve import Written, search, write
from paxsilica.studies.supply import Holder, holders_of, plants_making
from paxsilica.tables import Tables
from paxsilica.tables.suggestions import Nearest

ZERO_TOL = 1e-9
COVERED = 1 - 1e-6


@dataclass(frozen=True)
class Step:
    """A commodity on the way up the chain, in ``unit``.

    Attributes:
        made, need: in the cut-off.
        capacity_within_reach: credited capacity of plants that are not cut off.
        ready: the part of it that ran in normal times and can run now.
        lost_to_control: capacity in countries not cut off, under the control of adversaries.
        worth: units of the weakest commodity that one more unit brings; 0 if unknown.
        holders: who makes it in normal times under the plan, largest first.
    """

    commodity: str
    name: str
    unit: str
    made: float
    need: float
    capacity_within_reach: float
    ready: float
    lost_to_control: float
    worth: float
    holders: tuple[Holder, ...]


@dataclass(frozen=True)
class Exposure:
    """Why a stage is below its requirement; the last of ``steps`` up the chain is the cause.
    ``docs``: title of each table of the result, with type, unit and meaning of its columns."""

    docs: ClassVar[Mapping[str, TableDoc]] = {
        "shares": doc.table(
            "Coverage of the stage by commodity and year",
            commodity=doc.text("commodity"),
            year=doc.year("year of the cut-off"),
            share=doc.share("part of the need that the chain within reach can make"),
        ),
        "steps": doc.table(
            "Commodities from the weakest one up the chain to the cause",
            commodity=doc.text("commodity"),
            name=doc.text("name"),
            unit=doc.text("unit, per year"),
            made=doc.amount("output in the cut-off"),
            need=doc.amount("need in the cut-off"),
            capacity_within_reach=doc.amount("credited capacity of plants that are not cut off"),
            ready=doc.amount("part of it that ran in normal times and can run now"),
            lost_to_control=doc.amount(
                "capacity in countries not cut off, under the control of adversaries"
            ),
            worth=doc.number(
                "what one more unit brings; 0 if unknown", "units of the weakest commodity"
            ),
            holders=doc.text(
                "who makes it in normal times under the plan, largest first, with the share of each"
            ),
        ),
    }

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
            words = "in a cut-off, what is within reach can make all that is needed in every year"
            return [f"{self.name} is fully covered: {words}."]
        first, last = self.steps[0], self.steps[-1]
        lines = [
            f"{self.name} is weakest in {self.year}, at {first.name}: in a cut-off, what"
            f" is within reach can make {self.share:.1%} of the need"
            f" ({self.required:.1%} required)."
        ]
        for step, following in zip(self.steps, self.steps[1:], strict=False):
            words = (
                f"plants within reach could make {step.capacity_within_reach:,.6g} {step.unit},"
                f" {step.ready:,.6g} of it ready, but they lack"
                if step.capacity_within_reach > ZERO_TOL
                else "no plant within reach runs, because it lacks"
            )
            lines.append(f"{step.name}: {words} {following.name}.")
        can = f"plants within reach can make {last.capacity_within_reach:,.6g} {last.unit}"
        causes = {
            "no plant": "no plant within reach makes it.",
            "capacity": f"{can} of a need of {last.need:,.6g}.",
            "not ready": (
                f"{can}, but only {last.ready:,.6g} are ready: the others stand idle in normal"
                " times."
            ),
            "shared": "all that is available is used.",
        }
        lines.append(f"{last.name}: {causes[self.cause]}")
        if last.lost_to_control > ZERO_TOL:
            lines.append(
                f"A capacity of {last.lost_to_control:,.6g} {last.unit} stands in countries"
                " that are not cut off, under the control of adversaries."
            )
        if last.holders:
            parts = [
                f"{self.names.get(holder.region, holder.region)}"
                f" {holder.share:.0%}{'' if holder.within_reach else ', cut off'}"
                f" ({', '.join(holder.plants[:3])})"
                for holder in last.holders[:4]
            ]
            lines.append(f"In normal times {last.name} comes from: {'; '.join(parts)}.")
        return lines

    def result(self) -> dict[str, Any]:
        """Everything in plain data; ``shares`` by commodity and year."""
        shares = [
            {"commodity": commodity, "year": year, "share": share}
            for (commodity, year), share in self.shares.items()
        ]
        steps = [asdict(step) for step in self.steps]
        found = asdict(self) | {"shares": shares, "steps": steps, "text": self.lines()}
        return {key: value for key, value in found.items() if key != "names"}


def explain_stage(
    tables: Tables, case: Case, stage: str, on_step: Callable[[str], None] | None = None
) -> Exposure:
    """Why ``stage`` is below its requirement in the plan of ``case``.

    Raises:
        InputError: if there is no such stage, or none of its coverage is required.
        InfeasibleError, NoPlanError: if there is no plan.
    """
    begin = on_step or (lambda _: None)
    rows = {row.stage: row for row in tables.stages}
    if stage not in rows:
        words = f"should be a stage of the data{Nearest(rows)(stage)}"
        raise InputError([Problem("--stage", "", "", stage, words)])
    begin("write the model")
    written = write(tables, case)
    own = {row.commodity for row in tables.commodities if row.stage == stage}
    if not any(commodity in own for commodity, _ in written.instance.required):
        words = "the case requires no coverage of this stage"
        raise InputError([Problem("--stage", "", "", stage, words)])
    begin("search")
    answer = search(written.program, case.solver, interruptible=True)
    if answer.values is None:
        kind = InfeasibleError if answer.status == "infeasible" else NoPlanError
        raise kind("There is no plan to explain; `paxsilica solve` says why.")
    begin("compute coverage")
    return stage_exposure(written, answer.values, stage)


def stage_exposure(written: Written, values: Array, stage: str) -> Exposure:
    """The way up the chain in a plan, by the standalone coverage of its goods."""
    instance = written.instance
    fixed = ready(written.program, instance, values)
    tests = CoverageTests(written.program, instance, written.case.solver)
    shift = tests.shift(fixed)
    shares: Goods = {
        (good, state): tests.test(state).alone(shift, [good])
        for good, state in instance.required
        if instance.stage_of[good] == stage
    }
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
    steps, cause = list[Step](), ""
    if share < COVERED:
        cutoff = _alone(written, fixed, tests, weakest, state)
        steps = _walk(cutoff, weakest)
        cause = _cause(steps[-1])
    required = instance.required[weakest, state]
    return Exposure(stage, name, year, share, required, by_year, tuple(steps), cause, names)


@dataclass(frozen=True)
class _CutOff:
    """A cut-off re-run for one commodity alone: ``values`` of all columns, ``worth`` in units of
    the commodity per unit of each (region, commodity), and ``rents`` of plants."""

    written: Written
    state: str
    values: Array
    worth: dict[tuple[str, str], float]
    rents: dict[str, float]

    def uses(self, plant: str) -> dict[str, float]:
        """Inputs of a plant per unit of activity."""
        world = self.written.instance.world
        return dict(world.inputs.get(world.plants[plant].process, {}))


def _alone(
    written: Written, fixed: Array, tests: CoverageTests, commodity: str, state: str
) -> _CutOff:
    test = tests.test(state)
    outcome = test.operation(tests.shift(fixed), [commodity])
    found = _CutOff(written, state, fixed.copy(), {}, defaultdict(float))
    if outcome.values is None or outcome.row_duals is None or outcome.column_duals is None:
        return found
    found.values[test.columns] = outcome.values[: len(test.columns)]
    # the program minimises a share of the need: times the need it counts units of the commodity
    need = written.instance.need[commodity, written.instance.states[state].year]
    balance = row_with(item="commodity")
    rented = (readiness.__name__, project_capacity.__name__, shared_capacity.__name__)
    for (family, index), dual in zip(
        test.program.row_names, (need * outcome.row_duals).tolist(), strict=True
    ):
        if family == balance:
            found.worth[index[0], index[1]] = max(0.0, dual)
        elif family in rented:
            found.rents[index[0]] += max(0.0, -dual)
    for (family, index), dual in zip(
        test.program.columns, (need * outcome.column_duals).tolist(), strict=True
    ):
        if family == "activity":
            found.rents[index[0]] += max(0.0, -dual)
    return found


def _walk(cutoff: _CutOff, commodity: str) -> list[Step]:
    """From the commodity up the chain, at each step to the input that limits it."""
    instance = cutoff.written.instance
    steps, seen = [_step(cutoff, commodity)], {commodity}
    while True:
        makers = [
            (plant, place[0])
            for place, supply in instance.states[cutoff.state].supply.items()
            if place[1] == commodity
            for plant, _ in supply
        ]
        if not makers:
            limit = _missing_input(cutoff, commodity)
        else:
            # plants that are not full lack the input that is worth most
            scarce: dict[str, float] = defaultdict(float)
            for plant, region in makers:
                if cutoff.rents.get(plant, 0.0) <= ZERO_TOL:
                    for source, quantity in cutoff.uses(plant).items():
                        amount = cutoff.worth.get((region, source), 0.0) * quantity
                        scarce[source] = max(scarce[source], amount)
            limit = max(scarce, key=lambda source: (scarce[source], source), default=None)
            if limit is not None and scarce[limit] <= ZERO_TOL:
                limit = None
        if limit is None or limit in seen:
            return steps
        commodity = limit
        seen.add(commodity)
        steps.append(_step(cutoff, commodity))


def _cause(last: Step) -> str:
    if last.capacity_within_reach <= ZERO_TOL:
        return "no plant"
    if last.made < last.ready * (1 - 1e-6):
        return "shared"
    return "not ready" if last.ready < last.capacity_within_reach * (1 - 1e-6) else "capacity"


def _missing_input(cutoff: _CutOff, commodity: str) -> str | None:
    """An input without a source within reach that plants within reach for the commodity lack."""
    instance = cutoff.written.instance
    state = instance.states[cutoff.state]
    fed = {place[1] for place in state.supply}
    for plant in plants_making(instance, commodity, state.year):
        if instance.world.within_reach(plant, state.year):
            missing = [source for source in sorted(cutoff.uses(plant.name)) if source not in fed]
            if missing:
                return missing[0]
    return None


def _step(cutoff: _CutOff, commodity: str) -> Step:
    """What is available of a commodity in the cut-off and who makes it in normal times."""
    written, values, state = cutoff.written, cutoff.values, cutoff.state
    instance, program, world = written.instance, written.program, written.instance.world
    year, normal_state = instance.states[state].year, instance.states[state].normal_state or state
    row = next(row for row in written.tables.commodities if row.commodity == commodity)
    sizes = project_capacities(instance, Values(program, values), year)

    def at(family: str, index: Any) -> float:
        place = program.column_at.get((family, index))
        return 0.0 if place is None else float(values[place])

    made = reached = ready = controlled = 0.0
    running: list[tuple[Plant, float]] = []
    for name, plant in world.plants.items():
        quantity = world.outputs.get(plant.process, {}).get(commodity, 0.0)
        if not quantity or not plant.operates(year):
            continue
        capacity = sizes if plant.is_project else instance.states[normal_state].capacity
        size = capacity.get(name, 0.0) * quantity
        if name in world.shared:
            base, use = world.shared[name]
            whole = (
                sizes if world.plants[base].is_project else instance.states[normal_state].capacity
            )
            size = min(size, whole.get(base, 0.0) / use * quantity)
        made += quantity * at("activity", (name, state))
        if world.within_reach(plant, year):
            standby = quantity * at("standby", (name, normal_state))
            reached += size
            ready += min(size, standby) if plant.minimum_utilisation > 0 else size
        elif not world.cut_off(plant.region, year):
            controlled += size
        if (amount := quantity * at("activity", (name, normal_state))) > ZERO_TOL:
            running.append((plant, amount))
    worth = [amount for (_, other), amount in cutoff.worth.items() if other == commodity]
    return Step(
        commodity,
        row.name,
        row.unit,
        made,
        instance.need.get((commodity, year), 0.0),
        reached,
        ready,
        controlled,
        max(worth, default=0.0),
        tuple(holders_of(world, running, year)),
    )
