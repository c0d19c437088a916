"""The tasks by which alternatives are found, and the count of what is known of each project."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from paxsilica.case import Case
from paxsilica.solve import Array, Compiled
from paxsilica.studies.programs import polished, record, searched, start_from, written
from paxsilica.studies.resolve import Written, search
from paxsilica.studies.runner import Result
from paxsilica.tables import Tables

Side = Literal["in", "out"]
SIDES: tuple[Side, Side] = ("in", "out")


def ever(of: Written) -> dict[str, int]:
    """For each project the column that says whether it is committed at all."""
    return {name: of.program.column_at["committed", (name, one.window[-1])] for name, one in of.instance.candidates.items()}


def _within(of: Written, limit: float) -> Compiled:
    return of.program.with_row(of.program.cost, limit - of.program.offset)


def related(of: Written, project: str) -> set[str]:
    """The project with all that it presupposes, that presupposes it, or that excludes it, however far removed."""
    found, new = {project}, {project}
    group = {name: one.exclusive_group for name, one in of.instance.candidates.items()}
    before = {name: set(one.prerequisites) for name, one in of.instance.candidates.items()}
    while new:
        new = {
            name
            for name in group
            if any(
                name in before[other] or other in before[name] or (group[name] is not None and group[name] == group[other]) for other in new
            )
        } - found
        found |= new
    return found


def flips(tables: Tables, case: Case, arguments: Mapping[str, Any]) -> Result:
    """Work: for each of some projects the cheapest plan with it turned over (in if it was out), all unrelated projects as they are."""
    of = written(tables, case)
    known, columns = start_from(of, arguments["start"]), ever(of)
    whole = np.flatnonzero(of.program.integer)
    every = np.arange(len(of.program.cost), dtype=np.intp)
    found: Result = {}
    for name in arguments["projects"]:
        free = related(of, name)
        low, high = of.program.low.copy(), of.program.high.copy()
        for column in whole:
            family, index = of.program.columns[column]
            if (index[0] if family == "committed" else index[1]) not in free:
                low[column] = high[column] = known[column]
        low[columns[name]] = high[columns[name]] = 0.0 if name in arguments["start"]["decision"] else 1.0
        program = of.program.with_columns(every, low, high)
        outcome = polished(program, searched(program, case.solver), case.solver)
        if outcome.values is not None:
            found[name] = record(of, outcome) | {"value": _objective(of, outcome.values)}
    return {"found": found}


def relaxations(tables: Tables, case: Case, arguments: Mapping[str, Any]) -> Result:
    """Work: for each of some projects the least objective with it forced in or out, if projects were divisible; none if there is no way."""
    of = written(tables, case)
    columns = ever(of)
    found: dict[str, float | None] = {}
    for name, side in arguments["places"]:
        at, value = np.array([columns[name]], dtype=np.intp), np.array([float(side == "in")])
        outcome = searched(of.program.with_columns(at, value, value).relaxed(), case.solver)
        found[f"{name} {side}"] = outcome.objective if outcome.status != "infeasible" else None
    return {"found": found}


def batch(tables: Tables, case: Case, arguments: Mapping[str, Any]) -> Result:
    """Work: a plan within the limit with (or without) as many of some projects as possible. ``proved_none``: no plan has (or lacks) any."""
    of = written(tables, case)
    columns = ever(of)
    cost = np.zeros(len(of.program.cost))
    cost[[columns[name] for name in arguments["projects"]]] = -1.0 if arguments["side"] == "in" else 1.0
    offset = 0.0 if arguments["side"] == "in" else -float(len(arguments["projects"]))
    options = case.solver.model_copy(update={"gap": 0.1})  # any plan with something new helps; only none at all has to be proved
    outcome = searched(_within(of, arguments["limit"]).minimising(cost, offset), options, start_from(of, arguments["start"]))
    if outcome.values is None:
        return record(of, outcome) | {"proved_none": False}
    # the batch itself has no eye for cost below the limit
    whole = np.flatnonzero(of.program.integer)
    cheapest = searched(of.program.fixed(whole, outcome.values[whole]), case.solver)
    found = outcome if cheapest.values is None else cheapest
    assert found.values is not None
    return record(of, found) | {"value": _objective(of, found.values), "proved_none": outcome.bound > -1 + 1e-6}


def _objective(of: Written, values: Array) -> float:
    return float(of.program.cost @ values) + of.program.offset


def forced(tables: Tables, case: Case, arguments: Mapping[str, Any]) -> Result:
    """Work: the least objective with one project forced in or out, as far as needed to tell on which side of the limit it is."""
    of = written(tables, case)
    limit = arguments["limit"]
    at = np.array([ever(of)[arguments["project"]]], dtype=np.intp)
    side = np.array([1.0 if arguments["side"] == "in" else 0.0])
    program = of.program.with_columns(at, side, side)
    answer = search(program, case.solver, enough=lambda known: known.high <= limit or known.low > limit)
    if answer.outcome.interrupted:
        raise KeyboardInterrupt
    best = polished(program, answer.outcome, case.solver)
    found = record(of, best) | ({} if best.values is None else {"value": _objective(of, best.values)})
    return found | {"proved_none": above(answer.value.low, limit)}


def above(bound: float, limit: float) -> bool:
    """Whether a bound is above the limit by more than the rounding of a solver."""
    return bound > limit + 1e-7 * max(1.0, abs(limit))


def distant(tables: Tables, case: Case, arguments: Mapping[str, Any]) -> Result:
    """Work: the best plan that differs from each of some others in at least so many projects."""
    of = written(tables, case)
    columns = ever(of)
    program = of.program
    for others in arguments["others"]:
        row = np.zeros(len(program.cost))
        for name, column in columns.items():
            row[column] = 1.0 if name in others else -1.0
        program = program.with_row(row, float(sum(name in columns for name in others) - arguments["distance"]))
    outcome = polished(program, searched(program, case.solver), case.solver)
    return record(of, outcome) | ({} if outcome.values is None else {"value": _objective(of, outcome.values)})


@dataclass
class Census:
    """What is known of each project: the least objective of a plan found with and without it, and what was proved impossible.

    Attributes:
        names: projects.
        best: the best plan found so far; ``bound`` holds for every plan.
        room: what a near-optimal plan may cost above the best plan, given that plan.
    """

    names: list[str]
    best: Result
    bound: float
    room: Callable[[Result], float]
    cheapest: dict[tuple[str, Side], float] = field(default_factory=dict)
    proof: dict[tuple[str, Side], str] = field(default_factory=dict)

    @property
    def limit(self) -> float:
        """Objective up to which a plan is near-optimal."""
        return float(self.best["value"]) + self.room(self.best)

    def see(self, result: Result) -> bool:
        """Takes note of a plan; whether it showed something new. A better plan than the best takes its place, and the limit falls."""
        value, has, before = float(result["value"]), set(result["decision"]), set(self.cheapest)
        if value > self.limit + 1e-7 * max(1.0, abs(self.limit)):
            return False
        if value < self.best["value"] - 1e-9 * max(1.0, abs(value)):
            self.best = result
            self.cheapest = {place: cost for place, cost in self.cheapest.items() if cost <= self.limit}
        for name in self.names:
            side: Side = "in" if name in has else "out"
            self.cheapest[name, side] = min(value, self.cheapest.get((name, side), math.inf))
        return bool(set(self.cheapest) - before)

    def open(self, side: Side) -> list[str]:
        """Projects of which it is not known whether they can be on this side."""
        return [name for name in self.names if (name, side) not in self.cheapest and (name, side) not in self.proof]

    def verdict(self, name: str) -> str:
        """What has been decided."""
        can = {side: (name, side) in self.cheapest for side in SIDES}
        if can["in"] and can["out"]:
            return "interchangeable"
        return "must-build" if (name, "out") in self.proof else "never-build" if (name, "in") in self.proof else "undecided"
