"""The near-optimal set: what is known of each project in it, and the searches that decide it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from paxsilica.case import Case
from paxsilica.model.registry import rows_with
from paxsilica.solver import Array, Compiled, Outcome
from paxsilica.solver.persistent import PersistentProgram
from paxsilica.solver.resolve import Written, reoptimise, search, write
from paxsilica.studies.parallel import Result, with_solver
from paxsilica.studies.tasks import known_in, record
from paxsilica.tables import Tables

Side = Literal["in", "out"]
SIDES: tuple[Side, Side] = ("in", "out")

Place = tuple[str, Side]
"""A project, in the plan or out of it."""

SHARE = 0.25
"""Share of the tolerance to which the best plan is searched for."""

ROUNDING = 1e-7
"""Share of an objective that is rounding of the solver."""

REPAIR_S = 60.0
"""Time limit of the search for a plan close to the best one; a search among all plans follows."""


PROVING: dict[str, float | int | str | bool] = {
    "mip_heuristic_effort": 0.0,
    "mip_heuristic_run_rens": False,
    "mip_heuristic_run_rins": False,
    "mip_heuristic_run_root_reduced_cost": False,
}
"""Options of a search for a proof: plans were searched for before, and heuristics would take two
thirds of the time."""


def ever(of: Written) -> dict[str, int]:
    """For each project the column that says whether it is committed at all."""
    return {
        name: of.program.column_at["committed", (name, one.window[-1])]
        for name, one in of.instance.candidates.items()
    }


def settled_columns(of: Written, settled: Mapping[str, str]) -> tuple[NDArray[np.intp], Array]:
    """Columns of the projects that are on one side in every near-optimal plan, and their values."""
    columns = {name: column for name, column in ever(of).items() if name in settled}
    values = [float(settled[name] == "in") for name in columns]
    return np.array([*columns.values()], dtype=np.intp), np.array(values)


def above(bound: float, limit: float) -> bool:
    """Whether a bound is above the limit by more than the rounding of a solver."""
    return bound > limit + ROUNDING * max(1.0, abs(limit))


def _record(of: Written, outcome: Outcome, values: Array | None) -> Result:
    """The record of a plan with its objective as ``value``; without one if there is no plan."""
    found = record(of, outcome)
    if values is None:
        return found
    return found | {"value": float(of.program.cost @ values) + of.program.offset}


def _with_side(of: Written, arguments: Mapping[str, Any]) -> Compiled:
    """The program with one project forced in or out and settled projects fixed."""
    at, values = settled_columns(
        of, {**arguments["settled"], arguments["project"]: arguments["side"]}
    )
    return of.program.with_columns(at, values, values)


def _against_limit(
    of: Written, program: Compiled, case: Case, arguments: Mapping[str, Any], enough: float
) -> tuple[Result, float]:
    """The best plan and its bound, until it is known on which side of the limit they are."""
    limit = arguments["limit"]
    # plan and bound may both be closer to the limit than any gap: the limit ends the search
    answer = search(
        program,
        case.solver.model_copy(update={"gap": ROUNDING}),
        known_in(arguments["start"]),
        lambda known: known.high <= enough or above(known.low, limit),
    )
    best = reoptimise(program, answer.outcome, case.solver)
    return _record(of, best, best.values), answer.value.low


def related_projects(of: Written) -> dict[str, frozenset[str]]:
    """For each project, itself and all projects that rows on commitments alone couple with it,
    directly or not: what it presupposes, presupposes it, or excludes it."""
    program = of.program
    groups = {name: frozenset({name}) for name in of.instance.candidates}
    for at in program.rows_of(*rows_with(owner="investment", one_project=False)):
        columns = (program.columns[column] for column in program.matrix[[at]].indices)
        names = {index[0] for family, index in columns if family == "committed"}
        joined = frozenset().union(*(groups[name] for name in names))
        groups |= dict.fromkeys(joined, joined)
    return groups


def neighbours(tables: Tables, case: Case, arguments: Mapping[str, Any]) -> Result:
    """Work: for each of some projects, forced in or out, the known plan with related projects
    adapted: relaxed, and then rounded in two ways. Each linear program starts from the last
    basis."""
    of, limit = write(tables, case), arguments["limit"]
    whole, columns = np.flatnonzero(of.program.integer), ever(of)
    names = [of.program.columns[at] for at in whole]
    project_of = [index[0] if family == "committed" else index[1] for family, index in names]
    fixed = known_in(arguments["start"]).fixed(of.program)
    solver = PersistentProgram(fixed, case.solver)
    found, related = [], related_projects(of)
    for name, side in arguments["places"]:
        free = related[name]
        at = whole[[project in free for project in project_of]]
        low, high = of.program.low[at], of.program.high[at]
        low[at == columns[name]] = high[at == columns[name]] = float(side == "in")
        solver.bound_columns(at, low, high)
        outcome = solver.run()
        if outcome.values is not None and not above(outcome.bound, limit):
            relaxed = outcome.values[at]
            ticket = np.array([of.program.columns[column][0] == "ticket" for column in at])
            for level in (0.5, 1e-6):
                # a funder that pays anything takes part; a commitment is rounded at the level
                taken = relaxed > np.where(ticket, 1e-6, level)
                rounded = np.clip(np.where(taken, 1.0, 0.0), low, high)
                solver.bound_columns(at, rounded, rounded)
                outcome = solver.run()
                if outcome.values is not None and not above(outcome.bound, limit):
                    values = outcome.values.copy()
                    values[whole] = np.round(values[whole])
                    found.append(_record(of, outcome, values))
                    break
        solver.bound_columns(at, fixed.low[at], fixed.high[at])
    return {"found": found}


def repaired(tables: Tables, case: Case, arguments: Mapping[str, Any]) -> Result:
    """Work: a plan with one project forced in or out that follows the known plan except in the
    columns ``apart``, where its relaxation does not. The search may end at the value ``enough``."""
    of = write(tables, case)
    known = known_in(arguments["start"]).values(of.program)
    free = {
        ("committed" if isinstance(name[1], int) else "ticket", tuple(name))
        for name in arguments["apart"]
    }
    whole, names = np.flatnonzero(of.program.integer), of.program.columns
    fixed = np.array([at for at in whole if names[at] not in free], dtype=np.intp)
    # the relaxation also changed what follows from the project, such as its earlier years
    program = _with_side(of, arguments)
    low, high = program.low[fixed], program.high[fixed]
    program = program.with_columns(
        fixed, np.maximum(known[fixed], low), np.minimum(known[fixed], high)
    )
    if np.any(program.low > program.high):
        return {"status": "infeasible"}
    short = with_solver(case, time_limit_s=min(REPAIR_S, case.solver.time_limit_s))
    return _against_limit(of, program, short, arguments, arguments["enough"])[0]


def forced(tables: Tables, case: Case, arguments: Mapping[str, Any]) -> Result:
    """Work: the least objective with one project forced in or out, compared with the limit."""
    of = write(tables, case)
    proving = with_solver(case, options=PROVING | case.solver.options)
    program = _with_side(of, arguments)
    found, bound = _against_limit(of, program, proving, arguments, arguments["limit"])
    return found | {"least": bound if math.isfinite(bound) else None}


def distant(tables: Tables, case: Case, arguments: Mapping[str, Any]) -> Result:
    """Work: the best plan that differs from others in at least ``distance`` projects."""
    of = write(tables, case)
    columns = ever(of)
    program = of.program
    for others in arguments["others"]:
        row = np.zeros(len(program.cost))
        for name, column in columns.items():
            row[column] = 1.0 if name in others else -1.0
        shared = sum(name in columns for name in others)
        program = program.with_row(row, float(shared - arguments["distance"]))
    start = arguments["start"]
    answer = search(program, case.solver, None if start is None else known_in(start))
    best = reoptimise(program, answer.outcome, case.solver)
    return _record(of, best, best.values)


def poorly_proved(best: Result, room: float) -> bool:
    """Whether the gap of the best plan is too large for the tolerance."""
    missing = math.inf if best["bound"] is None else float(best["objective"] - best["bound"])
    return missing > max(SHARE * room, 1e-9 * max(1.0, abs(float(best["objective"]))))


def with_gap_for(case: Case, best: Result, room: float) -> Case:
    """The case with a gap that fits the tolerance."""
    gap = SHARE * room / max(1.0, abs(best["objective"]))
    return with_solver(case, gap=min(case.solver.gap, gap))


def better_proved(first: Result, second: Result | None) -> Result:
    """The better of two plans, with the better of their bounds."""
    if second is None or "decision" not in second:
        return first
    best = min(second, first, key=lambda one: float(one["objective"]))
    bounds = [one["bound"] for one in (first, second) if one["bound"] is not None]
    return best | {"bound": min(max(bounds), best["objective"]) if bounds else None}


@dataclass
class NearOptimalSet:
    """What is known of each project.

    Attributes:
        best: the best plan found so far; ``bound`` holds for every plan.
        room: what a near-optimal plan may cost above the best plan.
        plans: distinct near-optimal plans found, by their projects.
        cheapest: least objective found with each project in or out.
        least: bounds on that objective, each with its method of proof.
        apart: where the relaxation with a project in or out differs from the best plan.
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
        """Objective up to which a plan is near-optimal. It only falls, so proofs stay valid."""
        return float(self.best["value"]) + self.room

    @property
    def floor(self) -> float:
        """Objective up to which a plan is near-optimal, whatever the true optimum is."""
        return self.bound + self.room

    def known_to_tasks(self, start: Result) -> dict[str, Any]:
        """Arguments of tasks: what is known so far, and the plan to start from."""
        return {"limit": self.limit, "settled": self.settled(), "start": start}

    def see(self, result: Result | None) -> None:
        """Adds a plan, if there is one. A better plan than the best lowers the limit."""
        if result is None or "value" not in result or above(result["value"], self.limit):
            return
        value, has = float(result["value"]), frozenset(result["decision"])
        if has not in self.plans or value < self.plans[has]["value"]:
            self.plans[has] = result
        if value < self.best["value"] - 1e-9 * max(1.0, abs(value)):
            self.best = result
            plans, cheapest, limit = self.plans.items(), self.cheapest.items(), self.limit
            self.plans = {has: plan for has, plan in plans if not above(plan["value"], limit)}
            self.cheapest = {place: cost for place, cost in cheapest if not above(cost, limit)}
        for name in self.names:
            place: Place = (name, "in" if name in has else "out")
            self.cheapest[place] = min(value, self.cheapest.get(place, math.inf))

    def prove(self, place: Place, bound: float, method: str) -> None:
        """Adds a bound."""
        if bound > self.least.get(place, (-math.inf, ""))[0]:
            self.least[place] = (bound, method)

    def ruled_out(self, place: Place) -> bool:
        """Whether no near-optimal plan has the project on this side."""
        return place in self.least and above(self.least[place][0], self.limit)

    def open(self) -> list[Place]:
        """Projects and sides for which it is not known whether there is a near-optimal plan."""
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
        """The verdict on a project."""
        if (name, "in") in self.cheapest and (name, "out") in self.cheapest:
            return "interchangeable"
        if self.ruled_out((name, "out")):
            return "must-build"
        return "never-build" if self.ruled_out((name, "in")) else "undecided"
