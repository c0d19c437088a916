"""A tree of linear programs that bounds all near-optimal plans at once.

Where projects must be whole, the relaxation is weaker than the truth, and often by more than the
tolerance of a study. A few decisions carry most of this. Branching on these few, with the best of
many tried at each step, splits all plans into regions. A region whose relaxation is beyond the
limit holds no near-optimal plan; whatever is beyond the limit in every region that is left cannot
be. The regions are found once and serve the questions about every project, each of which then takes
a linear program per region, started from the basis of the last.
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
from paxsilica.studies.tasks import known_in
from paxsilica.tables import Tables

BRANCHINGS = 12
"""How many regions are split in two, at most: each region costs a linear program for each
question."""

AT_ONCE = 2
"""How many regions are split in a round; the same however many processes there are, since the tree
depends on it."""

PART = 32
"""How many questions are put to a relaxation once it is solved."""

WHOLE = 1e-6
"""How far from a whole number a value may be and count as one."""

Branch = tuple[str, str | int, float]
"""An integer column and the value that it is held at: a project and a year, or a funder and a
project."""


@dataclass(frozen=True)
class Region:
    """All plans with some integer columns held, and a bound on their objective."""

    branches: tuple[Branch, ...]
    bound: float


def named(of: Written, column: int) -> tuple[str, str | int]:
    """The name of an integer column, in plain data."""
    first, second = of.program.columns[column][1]
    return first, second


def at_name(of: Written, name: Sequence[Any]) -> int:
    """The integer column of a name."""
    first, second = name
    return of.program.column_at[
        "committed" if isinstance(second, int) else "ticket", (first, second)
    ]


def _open(
    of: Written, case: Case, arguments: Mapping[str, Any]
) -> tuple[PersistentProgram, Array, Array]:
    """The relaxation of a region, warm, and the bounds of its columns."""
    low, high = of.program.low.copy(), of.program.high.copy()
    at, values = settled_columns(of, arguments["settled"])
    low[at] = high[at] = values
    for first, second, value in arguments["branches"]:
        column = at_name(of, (first, second))
        low[column] = high[column] = value
    program = of.program.with_columns(np.arange(len(low), dtype=np.intp), low, high).relaxed()
    return PersistentProgram(program, case.solver), low, high


def _held_at(
    standby: PersistentProgram, column: int, value: float, low: Array, high: Array
) -> tuple[float, Array | None]:
    """Least objective with a column held, and where; the column is let go again."""
    at = np.array([column], dtype=np.intp)
    standby.bound_columns(at, np.array([value]), np.array([value]))
    outcome = standby.run()
    standby.bound_columns(at, low[at], high[at])
    return (math.inf if outcome.objective is None else outcome.objective), outcome.values


def relaxations(tables: Tables, case: Case, arguments: Mapping[str, Any]) -> Result:
    """Work: the least objective in a region if projects were divisible, and the same with each of
    some projects forced in or out.

    ``apart`` tells in which integer columns the relaxation and a known plan differ, where a bound
    is not beyond the limit: a plan with the project on that side is best sought there. A bound of
    ``None``: there is no way at all.
    """
    of = write(tables, case)
    columns, whole = ever(of), np.flatnonzero(of.program.integer)
    known = known_in(arguments["start"]).values(of.program)[whole]
    standby, low, high = _open(of, case, arguments)
    outcome = standby.run()
    floor = math.inf if outcome.objective is None else outcome.objective
    found = []
    for name, side in arguments["places"] if outcome.values is not None else ():
        try:
            bound, values = _held_at(standby, columns[name], float(side == "in"), low, high)
        except PaxSilicaError:  # the solver lost its way; what holds for the region still holds
            bound, values = floor, None
            standby, low, high = _open(of, case, arguments)
        apart: list[Any] = []
        if values is not None and not above(bound, arguments["limit"]):
            apart = [named(of, column) for column in whole[np.abs(values[whole] - known) > WHOLE]]
        found.append([name, side, _finite(bound), apart])
    return {"bound": _finite(floor), "found": found}


def split(tables: Tables, case: Case, arguments: Mapping[str, Any]) -> Result:
    """Work: the column to branch on in a region, and the bounds of both halves; no column if the
    relaxation is whole already."""
    of = write(tables, case)
    whole = np.flatnonzero(of.program.integer)
    standby, low, high = _open(of, case, arguments)
    outcome = standby.run()
    if outcome.values is None:
        return {"bound": None, "column": None}
    off = np.abs(outcome.values[whole] - np.round(outcome.values[whole]))
    tried: dict[str, tuple[float, int]] = {}
    for distance, column in zip(off.tolist(), whole.tolist(), strict=True):
        first, second = named(of, column)
        project = first if isinstance(second, int) else f"{second}, ticket"
        if (
            distance > WHOLE and distance > tried.get(project, (0.0, 0))[0] + WHOLE
        ):  # years of a project mostly say the same
            tried[project] = (distance, column)
    corner, best = standby.corner(outcome), None
    for _, column in tried.values():
        ends = []
        for value in (0.0, 1.0):
            ends.append(_held_at(standby, column, value, low, high)[0])
            standby.back_to(corner)
        if best is None or sorted(ends) > sorted(best[1]):
            best = (column, ends)
    if best is None:
        return {"bound": outcome.objective, "column": None}
    return {
        "bound": outcome.objective,
        "column": named(of, best[0]),
        "halves": [_finite(end) for end in best[1]],
    }


def _finite(bound: float) -> float | None:
    return bound if math.isfinite(bound) else None


def grown(
    packed: Packed,
    case: Case,
    settled: Mapping[str, str],
    limit: float,
    enough: float,
    runner: Runner,
) -> list[Region]:
    """Regions that hold every near-optimal plan, split at the lowest bounds until all are
    ``enough`` or there are many."""
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
            task(
                split,
                packed,
                case,
                branches=[list(one) for one in region.branches],
                settled=dict(settled),
            )
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
                branch = (*result["column"], value)
                regions.append(
                    Region((*region.branches, branch), math.inf if half is None else half)
                )
        regions = [region for region in regions if not above(region.bound, limit)]
    return [region for region in regions + ended if not above(region.bound, limit)]


def bounds_in(
    regions: Sequence[Region],
    packed: Packed,
    case: Case,
    places: Sequence[Place],
    limit: float,
    shared: Mapping[str, Any],
    runner: Runner,
) -> tuple[dict[Place, float], dict[Place, list[Any]]]:
    """The least objective over the regions for each place that is beyond the limit in all; for the
    others where to seek a plan.

    A place that the relaxation leaves open in one region is not asked about in the next, so the
    likeliest come first.
    """
    beyond, apart = dict.fromkeys(places, math.inf), {}
    for region in sorted(regions, key=lambda region: (region.bound, region.branches)):
        asked = list(beyond)
        parts = [[list(one) for one in asked[at : at + PART]] for at in range(0, len(asked), PART)]
        words = {"branches": [list(one) for one in region.branches], "limit": limit, **shared}
        jobs = [task(relaxations, packed, case, places=part, **words) for part in parts]
        for result in runner.run(jobs, "proofs by relaxation"):
            if result is None:
                return {}, {}
            for name, side, bound, differ in result["found"]:
                place: Place = (name, SIDES[SIDES.index(side)])
                if bound is None or above(bound, limit):
                    beyond[place] = min(beyond[place], math.inf if bound is None else bound)
                else:
                    del beyond[place]
                    apart[place] = differ
    return beyond, apart
