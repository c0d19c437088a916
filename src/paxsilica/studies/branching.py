"""A tree of linear programs that bounds all near-optimal plans.

Where projects are indivisible, the relaxation is weaker than the integer program, often by more
than the tolerance of a study, and mostly because of a few decisions. Branching on these decisions,
each time on the best of many candidates (strong branching), splits all plans into regions. A region
whose relaxation is above the limit contains no near-optimal plan, and a decision that is above the
limit in every remaining region is ruled out. The regions are found once and serve the questions
about every project; each question takes one linear program per region, started from the last basis.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from paxsilica.case import Case
from paxsilica.errors import PaxSilicaError
from paxsilica.solver import Array
from paxsilica.solver.persistent import PersistentProgram
from paxsilica.solver.resolve import Written, write
from paxsilica.studies.near_optimal import SIDES, Place, above, ever, settled_columns
from paxsilica.studies.parallel import Packed, Result, Runner, task
from paxsilica.studies.tasks import finite, known_in
from paxsilica.tables import Tables

BRANCHINGS = 12
"""Most regions that are split: each region costs a linear program for each question."""

AT_ONCE = 2
"""Regions that are split in a round; independent of the number of processes, because the tree
depends on it."""

PART = 32
"""Places that one task examines."""

WHOLE = 1e-6
"""Distance from an integer within which a value counts as one."""

Branch = tuple[str, str | int, float]
"""An integer column (a project and a year, or a funder and a project) and its fixed value."""


@dataclass(frozen=True)
class Region:
    """All plans with some integer columns fixed, and a bound on their objective."""

    branches: tuple[Branch, ...]
    bound: float


class _Relaxation:
    """The relaxation of a region, kept in the solver; every run starts from the last basis."""

    def __init__(self, of: Written, case: Case, arguments: Mapping[str, Any]) -> None:
        self.of, self.case, self.arguments = of, case, arguments
        self.whole = np.flatnonzero(of.program.integer)
        self.low, self.high = of.program.low.copy(), of.program.high.copy()
        at, values = settled_columns(of, arguments["settled"])
        self.low[at] = self.high[at] = values
        for first, second, value in arguments["branches"]:
            family = "committed" if isinstance(second, int) else "ticket"
            column = of.program.column_at[family, (first, second)]
            self.low[column] = self.high[column] = value
        self.open()

    def open(self) -> None:
        """Loads the program into a new solver."""
        columns = np.arange(len(self.low), dtype=np.intp)
        program = self.of.program.with_columns(columns, self.low, self.high).relaxed()
        self.solver = PersistentProgram(program, self.case.solver)

    def name(self, column: int) -> tuple[str, str | int]:
        """The name of an integer column in plain data."""
        first, second = self.of.program.columns[column][1]
        return first, second

    def fixed_at(self, column: int, value: float) -> tuple[float, Array | None]:
        """The least objective with a column fixed, and its values; the column is released."""
        at = np.array([column], dtype=np.intp)
        self.solver.bound_columns(at, np.array([value]), np.array([value]))
        outcome = self.solver.run()
        self.solver.bound_columns(at, self.low[at], self.high[at])
        return (math.inf if outcome.objective is None else outcome.objective), outcome.values


def relaxations(tables: Tables, case: Case, arguments: Mapping[str, Any]) -> Result:
    """Work: the least objective (``None``: infeasible) of the relaxation of a region, alone and
    with each of some projects forced in or out. ``apart``: integer columns in which a relaxation
    within the limit differs from a known plan; plans are best searched for there."""
    of = write(tables, case)
    columns, relaxation = ever(of), _Relaxation(of, case, arguments)
    whole = relaxation.whole
    known = known_in(arguments["start"]).values(of.program)[whole]
    outcome = relaxation.solver.run()
    floor = math.inf if outcome.objective is None else outcome.objective
    found = []
    for name, side in arguments["places"] if outcome.values is not None else ():
        try:
            bound, values = relaxation.fixed_at(columns[name], float(side == "in"))
        except PaxSilicaError:  # numerical failure; the bound of the region is still valid
            bound, values = floor, None
            relaxation.open()
        apart: list[Any] = []
        if values is not None and not above(bound, arguments["limit"]):
            apart = [relaxation.name(at) for at in whole[np.abs(values[whole] - known) > WHOLE]]
        found.append([name, side, finite(bound), apart])
    return {"bound": finite(floor), "found": found}


def split(tables: Tables, case: Case, arguments: Mapping[str, Any]) -> Result:
    """Work: the column to branch on in a region, if any is fractional, and both bounds."""
    of = write(tables, case)
    relaxation = _Relaxation(of, case, arguments)
    solver, whole = relaxation.solver, relaxation.whole
    outcome = solver.run()
    if outcome.values is None:
        return {"bound": None, "column": None}
    off = np.abs(outcome.values[whole] - np.round(outcome.values[whole]))
    # of each project the year that is furthest from an integer: its years give similar bounds
    tried: dict[str, tuple[float, int]] = {}
    for distance, column in zip(off.tolist(), whole.tolist(), strict=True):
        first, second = relaxation.name(column)
        project = first if isinstance(second, int) else f"{second}, ticket"
        if distance > WHOLE and distance > tried.get(project, (0.0, 0))[0] + WHOLE:
            tried[project] = (distance, column)
    corner, best = solver.corner(outcome), None
    for _, column in tried.values():
        ends = []
        for value in (0.0, 1.0):
            ends.append(relaxation.fixed_at(column, value)[0])
            solver.back_to(corner)
        if best is None or sorted(ends) > sorted(best[1]):
            best = (column, ends)
    found: Result = {"bound": outcome.objective, "column": None}
    if best is not None:
        halves = [finite(end) for end in best[1]]
        found |= {"column": relaxation.name(best[0]), "halves": halves}
    return found


def _plain(region: Region) -> list[list[Any]]:
    return [list(one) for one in region.branches]


def grown(
    packed: Packed,
    case: Case,
    settled: Mapping[str, str],
    limit: float,
    enough: float,
    runner: Runner,
) -> list[Region]:
    """Regions with all near-optimal plans, split until bounds are ``enough`` or no split is
    left."""
    regions: list[Region] = [Region((), -math.inf)]
    ended: list[Region] = []
    branchings = 0
    while branchings < BRANCHINGS:
        regions.sort(key=lambda region: (region.bound, region.branches))
        now = [region for region in regions if region.bound < enough][:AT_ONCE]
        if not now:
            break
        branchings += len(now)
        jobs = [
            task(split, packed, case, branches=_plain(region), settled=dict(settled))
            for region in now
        ]
        for region, result in zip(now, runner.run(jobs, "regions"), strict=True):
            if result is None:
                return regions + ended
            regions.remove(region)
            if result["column"] is None:
                bound = math.inf if result["bound"] is None else result["bound"]
                ended.append(Region(region.branches, bound))
                continue
            for value, half in zip((0.0, 1.0), result["halves"], strict=True):
                branches = (*region.branches, (*result["column"], value))
                regions.append(Region(branches, math.inf if half is None else half))
        regions = [region for region in regions if not above(region.bound, limit)]
    return [region for region in regions + ended if not above(region.bound, limit)]


def bounds_in(
    regions: Sequence[Region],
    packed: Packed,
    case: Case,
    places: Sequence[Place],
    shared: Mapping[str, Any],
    runner: Runner,
) -> tuple[dict[Place, float], dict[Place, list[Any]]]:
    """The least objective over the regions for each place that is above the limit in all; for the
    others the columns in which to search for a plan. A place that one region leaves open is not
    examined in the next."""
    beyond, apart = dict.fromkeys(places, math.inf), {}
    for region in sorted(regions, key=lambda region: (region.bound, region.branches)):
        open_places = [list(one) for one in beyond]
        words = {"branches": _plain(region), **shared}
        jobs = [
            task(relaxations, packed, case, places=open_places[at : at + PART], **words)
            for at in range(0, len(open_places), PART)
        ]
        for result in runner.run(jobs, "proofs by relaxation"):
            if result is None:
                return {}, {}
            for name, side, bound, differ in result["found"]:
                place: Place = (name, SIDES[SIDES.index(side)])
                if bound is None or above(bound, shared["limit"]):
                    beyond[place] = min(beyond[place], math.inf if bound is None else bound)
                else:
                    del beyond[place]
                    apart[place] = differ
    return beyond, apart
