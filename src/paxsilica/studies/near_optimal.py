"""What is known of each project near the best plan, and the searches that find it out."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from paxsilica.case import Case
from paxsilica.solver import Array, Compiled
from paxsilica.solver.persistent import PersistentProgram
from paxsilica.solver.resolve import Written, reoptimise, search, write
from paxsilica.studies.parallel import Result
from paxsilica.studies.tasks import known_in, record
from paxsilica.tables import Tables

Side = Literal["in", "out"]
SIDES: tuple[Side, Side] = ("in", "out")

Place = tuple[str, Side]
"""A project, in the plan or out of it."""

SHARE = 0.25
"""Share of the tolerance to which the best plan is sought; what is then not certain is as a rule
little."""

ROUNDING = 1e-7
"""Share of an objective that is rounding of the solver."""

REPAIR_S = 60.0
"""Longest search for a plan near the best one: where it does not help soon, a search among all
plans is due."""


PROVING: dict[str, float | int | str | bool] = {
    "mip_heuristic_effort": 0.0,
    "mip_heuristic_run_rens": False,
    "mip_heuristic_run_rins": False,
    "mip_heuristic_run_root_reduced_cost": False,
}
"""Options of a search that is to prove: plans were sought before, and two thirds of the time would
go into seeking more."""


def ever(of: Written) -> dict[str, int]:
    """For each project the column that says whether it is committed at all."""
    return {
        name: of.program.column_at["committed", (name, one.window[-1])]
        for name, one in of.instance.candidates.items()
    }


def settled_columns(of: Written, settled: Mapping[str, str]) -> tuple[NDArray[np.intp], Array]:
    """Columns of the projects that are on one side in every near-optimal plan, and their values."""
    columns = ever(of)
    names = [name for name in settled if name in columns]
    return np.array([columns[name] for name in names], dtype=np.intp), np.array(
        [float(settled[name] == "in") for name in names]
    )


def above(bound: float, limit: float) -> bool:
    """Whether a bound is above the limit by more than the rounding of a solver."""
    return bound > limit + ROUNDING * max(1.0, abs(limit))


def _objective(of: Written, values: Array) -> float:
    return float(of.program.cost @ values) + of.program.offset


def _put(of: Written, arguments: Mapping[str, Any]) -> Compiled:
    """The program with one project forced in or out and what is settled held."""
    at, values = settled_columns(
        of, {**arguments["settled"], arguments["project"]: arguments["side"]}
    )
    return of.program.with_columns(at, values, values)


def _told(
    of: Written, program: Compiled, case: Case, arguments: Mapping[str, Any], enough: float
) -> tuple[Result, float]:
    """The best plan of a program, as far as needed to tell on which side of the limit it is, and
    the bound."""
    limit = arguments["limit"]
    # plan and bound may both be nearer to the limit than any gap: what ends the search is on which
    # side they are
    options = case.solver.model_copy(update={"gap": ROUNDING})
    start = known_in(arguments["start"])
    answer = search(
        program, options, start, lambda known: known.high <= enough or above(known.low, limit)
    )
    best = reoptimise(program, answer.outcome, case.solver)
    return (
        record(of, best) | ({} if best.values is None else {"value": _objective(of, best.values)}),
        answer.value.low,
    )


def related(of: Written, project: str) -> set[str]:
    """The project with all that it presupposes, that presupposes it, or that excludes it, however
    far removed."""
    found, new = {project}, {project}
    group = {name: one.exclusive_group for name, one in of.instance.candidates.items()}
    before = {name: set(one.prerequisites) for name, one in of.instance.candidates.items()}
    while new:
        new = {
            name
            for name in group
            if any(
                name in before[other]
                or other in before[name]
                or (group[name] is not None and group[name] == group[other])
                for other in new
            )
        } - found
        found |= new
    return found


def flips(tables: Tables, case: Case, arguments: Mapping[str, Any]) -> Result:
    """Work: for each of some projects, forced in or out, the known plan with related projects as
    that requires and all others as they are.

    Only linear programs are solved, each from the basis of the last: related projects are let go,
    and then rounded in two ways.
    """
    of = write(tables, case)
    whole, columns = np.flatnonzero(of.program.integer), ever(of)
    project_of = {int(at): _project(of, int(at)) for at in whole}
    known = known_in(arguments["start"]).values(of.program)
    held = of.program.fixed(whole, known[whole])
    standby = PersistentProgram(held, case.solver)
    found = []
    for name, side in arguments["places"]:
        free = related(of, name)
        at = np.array(
            [column for column in whole if project_of[int(column)] in free], dtype=np.intp
        )
        low, high = of.program.low[at], of.program.high[at]
        low[at == columns[name]] = high[at == columns[name]] = float(side == "in")
        standby.bound_columns(at, low, high)
        outcome = standby.run()
        if outcome.values is not None and not above(outcome.bound, arguments["limit"]):
            loose = outcome.values[at]
            ticket = np.array([of.program.columns[column][0] == "ticket" for column in at])
            for level in (0.5, 1e-6):
                # who pays anything at all takes part; a year is rounded at the level tried
                rounded = np.clip(
                    np.where(loose > np.where(ticket, 1e-6, level), 1.0, 0.0), low, high
                )
                standby.bound_columns(at, rounded, rounded)
                outcome = standby.run()
                if outcome.values is not None and not above(outcome.bound, arguments["limit"]):
                    values = outcome.values.copy()
                    values[whole] = np.round(values[whole])
                    found.append(record(of, outcome) | {"value": _objective(of, values)})
                    break
        standby.bound_columns(at, held.low[at], held.high[at])
    return {"found": found}


def _project(of: Written, column: int) -> str:
    family, index = of.program.columns[column]
    return str(index[0] if family == "committed" else index[1])


def repaired(tables: Tables, case: Case, arguments: Mapping[str, Any]) -> Result:
    """Work: a plan with one project forced in or out that follows the known plan except where its
    relaxation does not.

    Args:
        tables, case: what is solved.
        arguments: ``project``, ``side``, ``apart`` (integer columns left free), ``start`` (the
            known plan), ``limit``, ``enough`` (value at which the search may end) and ``settled``.
    """
    of = write(tables, case)
    known = known_in(arguments["start"]).values(of.program)
    free = {
        ("committed" if isinstance(name[1], int) else "ticket", tuple(name))
        for name in arguments["apart"]
    }
    fixed = np.array(
        [at for at in np.flatnonzero(of.program.integer) if of.program.columns[at] not in free],
        dtype=np.intp,
    )
    # what follows from the project itself, such as its earlier years, was moved by the relaxation
    # as well
    program = _put(of, arguments)
    program = program.with_columns(
        fixed,
        np.maximum(known[fixed], program.low[fixed]),
        np.minimum(known[fixed], program.high[fixed]),
    )
    if np.any(program.low > program.high):
        return {"status": "infeasible"}
    hurried = case.solver.model_copy(
        update={"time_limit_s": min(REPAIR_S, case.solver.time_limit_s)}
    )
    return _told(
        of, program, case.model_copy(update={"solver": hurried}), arguments, arguments["enough"]
    )[0]


def forced(tables: Tables, case: Case, arguments: Mapping[str, Any]) -> Result:
    """Work: the least objective with one project forced in or out, as far as needed to tell on
    which side of the limit it is."""
    of = write(tables, case)
    proving = case.solver.model_copy(update={"options": PROVING | case.solver.options})
    found, bound = _told(
        of,
        _put(of, arguments),
        case.model_copy(update={"solver": proving}),
        arguments,
        arguments["limit"],
    )
    return found | {"least": bound if math.isfinite(bound) else None}


def distant(tables: Tables, case: Case, arguments: Mapping[str, Any]) -> Result:
    """Work: the best plan that differs from each of some others in at least so many projects."""
    of = write(tables, case)
    columns = ever(of)
    program = of.program
    for others in arguments["others"]:
        row = np.zeros(len(program.cost))
        for name, column in columns.items():
            row[column] = 1.0 if name in others else -1.0
        program = program.with_row(
            row, float(sum(name in columns for name in others) - arguments["distance"])
        )
    start = arguments["start"]
    outcome = reoptimise(
        program,
        search(program, case.solver, None if start is None else known_in(start)).outcome,
        case.solver,
    )
    return record(of, outcome) | (
        {} if outcome.values is None else {"value": _objective(of, outcome.values)}
    )


def start_of(best: Result) -> Result:
    """What a search from a plan needs of it."""
    return {"decision": best["decision"], "tickets": best["tickets"]}


def loose(best: Result, room: float) -> bool:
    """Whether the best plan is proved less well than the tolerance needs."""
    missing = math.inf if best["bound"] is None else float(best["objective"] - best["bound"])
    return missing > max(SHARE * room, 1e-9 * max(1.0, abs(float(best["objective"]))))


def sharp(case: Case, best: Result, room: float) -> Case:
    """The case with a gap that fits the tolerance."""
    gap = min(case.solver.gap, SHARE * room / max(1.0, abs(best["objective"])))
    return case.model_copy(update={"solver": case.solver.model_copy(update={"gap": gap})})


def sharper(first: Result, second: Result | None) -> Result | None:
    """The better of two plans, with the better of their bounds."""
    if second is None or "decision" not in second:
        return first
    best = min(second, first, key=lambda one: float(one["objective"]))
    bounds = [one["bound"] for one in (first, second) if one["bound"] is not None]
    return best | {"bound": min(max(bounds), best["objective"]) if bounds else None}


@dataclass
class Census:
    """What is known of each project: plans found with and without it, bounds on what these cost,
    and what rules it out.

    Attributes:
        names: projects.
        best: the best plan found so far; ``bound`` holds for every plan.
        room: what a near-optimal plan may cost above the best plan.
        plans: distinct near-optimal plans found, by their projects.
        least: bounds on the objective of any near-optimal plan with a project in or out, each with
            the means that proved it.
        apart: where the relaxation with a project in or out departs from the best plan.
    """

    names: list[str]
    best: Result
    bound: float
    room: float
    plans: dict[frozenset[str], Result] = field(default_factory=dict)
    cheapest: dict[Place, float] = field(default_factory=dict)
    least: dict[Place, tuple[float, str]] = field(default_factory=dict)
    apart: dict[Place, list[Any]] = field(default_factory=dict)

    @property
    def limit(self) -> float:
        """Objective up to which a plan is near-optimal. It can only fall, so that what was ruled
        out stays so."""
        return float(self.best["value"]) + self.room

    @property
    def floor(self) -> float:
        """Objective up to which a plan is near-optimal whatever the true optimum is."""
        return self.bound + self.room

    def see(self, result: Result | None) -> None:
        """Takes note of a plan, if there is one. A better plan than the best takes its place, and
        the limit falls."""
        if result is None or "value" not in result or above(result["value"], self.limit):
            return
        value, has = float(result["value"]), frozenset(result["decision"])
        if has not in self.plans or value < self.plans[has]["value"]:
            self.plans[has] = result
        if value < self.best["value"] - 1e-9 * max(1.0, abs(value)):
            self.best = result
            self.plans = {
                key: plan
                for key, plan in self.plans.items()
                if not above(plan["value"], self.limit)
            }
            self.cheapest = {
                place: cost for place, cost in self.cheapest.items() if not above(cost, self.limit)
            }
        for name in self.names:
            place: Place = (name, "in" if name in has else "out")
            self.cheapest[place] = min(value, self.cheapest.get(place, math.inf))

    def prove(self, place: Place, bound: float, means: str) -> None:
        """Takes note of a bound."""
        if bound > self.least.get(place, (-math.inf, ""))[0]:
            self.least[place] = (bound, means)

    def ruled_out(self, place: Place) -> bool:
        """Whether no near-optimal plan has the project on this side."""
        return place in self.least and above(self.least[place][0], self.limit)

    def open(self) -> list[Place]:
        """Projects and sides of which it is not known whether there is a near-optimal plan."""
        places: list[Place] = [(name, side) for side in SIDES for name in self.names]
        return [
            place for place in places if place not in self.cheapest and not self.ruled_out(place)
        ]

    def settled(self) -> dict[str, str]:
        """The side of each project that has only one."""
        return {
            name: other
            for side, other in zip(SIDES, reversed(SIDES), strict=True)
            for name in self.names
            if self.ruled_out((name, side))
        }

    def verdict(self, name: str) -> str:
        """What has been decided."""
        if (name, "in") in self.cheapest and (name, "out") in self.cheapest:
            return "interchangeable"
        return (
            "must-build"
            if self.ruled_out((name, "out"))
            else "never-build"
            if self.ruled_out((name, "in"))
            else "undecided"
        )
