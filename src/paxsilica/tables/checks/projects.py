"""Projects: sizes, profiles, years, and the conditions that they set each other."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import pairwise

from paxsilica.errors import Problem
from paxsilica.tables.read import Tables
from paxsilica.tables.schema import Project

_TOLERANCE = 1e-6
_LAST_YEAR = 9999


def _profile(values: tuple[float, ...]) -> str:
    return ";".join(f"{value:.12g}" for value in values)


def sizes_and_profiles(tables: Tables) -> Iterable[Problem]:
    """Find sizes that leave no choice at all and profiles that are none."""
    for line, project in tables.numbered("projects", tables.projects):
        if project.largest_size <= 0:
            yield Problem("projects", line, "largest_size", f"{project.largest_size:.12g}", "should be above 0")
        if project.smallest_size > project.largest_size:
            words = f"should be at most largest_size, which is {project.largest_size:.12g}"
            yield Problem("projects", line, "smallest_size", f"{project.smallest_size:.12g}", words)
        spend, ramp = project.spend_profile, project.ramp_profile
        if spend is not None:
            if min(spend) < 0:
                yield Problem("projects", line, "spend_profile", _profile(spend), "should hold no share below 0")
            if not math.isclose(sum(spend), 1, abs_tol=_TOLERANCE):
                yield Problem("projects", line, "spend_profile", _profile(spend), f"should add up to 1, but adds up to {sum(spend):.12g}")
        if ramp is not None:
            if min(ramp) < 0 or max(ramp) > 1:
                yield Problem("projects", line, "ramp_profile", _profile(ramp), "should hold shares between 0 and 1")
            if any(after < before for before, after in pairwise(ramp)):
                yield Problem("projects", line, "ramp_profile", _profile(ramp), "should not fall from one year to the next")
            if ramp[-1] <= 0:
                yield Problem("projects", line, "ramp_profile", _profile(ramp), "should end above 0")


def years(tables: Tables) -> Iterable[Problem]:
    """Find spans of years that end before they begin, in every table that has them."""
    spans = {
        "assets": ("from_year", "to_year"),
        "funders": ("from_year", "to_year"),
        "limits": ("from_year", "to_year"),
        "events": ("from_year", "to_year"),
        "projects": ("earliest_commitment", "latest_commitment"),
    }
    for table, (first, last) in spans.items():
        for line, row in tables.numbered(table, tables.rows(table)):
            begin, end = getattr(row, first), getattr(row, last)
            if begin is not None and end is not None and begin > end:
                yield Problem(table, line, last, str(end), f"should not be before {first}, which is {begin}")


def prerequisites(tables: Tables) -> Iterable[Problem]:
    """Find prerequisites that can never be met."""
    known = {project.project: project for project in tables.projects}
    for line, project in tables.numbered("projects", tables.projects):
        for name in project.prerequisites or ():
            needed = known.get(name)
            if needed is None or project.commitment == "forbidden":
                continue
            if needed is project:
                yield Problem("projects", line, "prerequisites", name, "should be another project")
                continue
            if needed.commitment == "forbidden":
                yield Problem("projects", line, "prerequisites", name, "should be a project that may be committed; this one is forbidden")
            if project.exclusive_group is not None and needed.exclusive_group == project.exclusive_group:
                words = f"should be outside the exclusive_group {project.exclusive_group!r}, of which at most one is committed"
                yield Problem("projects", line, "prerequisites", name, words)
            earliest, latest = needed.earliest_commitment or 0, project.latest_commitment or _LAST_YEAR
            if earliest > latest:
                words = f"should be possible by the latest_commitment {latest}, but cannot be committed before {earliest}"
                yield Problem("projects", line, "prerequisites", name, words)


def circles_of_prerequisites(tables: Tables) -> Iterable[Problem]:
    """Find projects that wait for each other in a circle; a project that names itself is told elsewhere."""
    needs = {project.project: tuple(name for name in project.prerequisites or () if name != project.project) for project in tables.projects}
    lines = {project.project: line for line, project in tables.numbered("projects", tables.projects)}
    told: set[frozenset[str]] = set()
    for start in needs:
        circle = _circle(start, needs)
        if circle and frozenset(circle) not in told:
            told.add(frozenset(circle))
            way = " needs ".join((*circle, circle[0]))
            yield Problem("projects", lines[start], "prerequisites", needs[start][0], f"should not lead back to itself: {way}")


def _circle(start: str, needs: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Return a circle through ``start``, the shortest one, or nothing."""
    came_from: dict[str, str] = {}
    front = [start]
    while front:
        following = []
        for name in front:
            for needed in needs.get(name, ()):
                if needed == start:
                    way = [name]
                    while way[-1] != start:
                        way.append(came_from[way[-1]])
                    return tuple(reversed(way))
                if needed not in came_from:
                    came_from[needed] = name
                    following.append(needed)
        front = following
    return ()


def exclusive_groups(tables: Tables) -> Iterable[Problem]:
    """Find groups of which at most one may be committed and two are required."""
    required: dict[str, list[tuple[str, Project]]] = defaultdict(list)
    for line, project in tables.numbered("projects", tables.projects):
        if project.exclusive_group is not None and project.commitment == "required":
            required[project.exclusive_group].append((line, project))
    for group, members in required.items():
        for line, project in members[1:]:
            first_line, first = members[0]
            words = f"only one project of the exclusive_group {group!r} can be required, and row {first_line} ({first.project}) is"
            yield Problem("projects", line, "commitment", f"required for {project.project}", words)


def generic_or_built_anyway(tables: Tables) -> Iterable[Problem]:
    """Find projects without an owner that somebody is said to build anyway."""
    for line, project in tables.numbered("projects", tables.projects):
        if project.generic and project.built_anyway:
            words = "should be no or blank: the project is generic, and an option without a named owner is built by nobody"
            yield Problem("projects", line, "built_anyway", "yes", words)


def completion(tables: Tables) -> Iterable[Problem]:
    """Find chances of completion that add up to more than 1 for a status and stage."""
    totals: dict[tuple[str, str], float] = defaultdict(float)
    last: dict[tuple[str, str], str] = {}
    for line, row in tables.numbered("completion", tables.completion):
        totals[row.status, row.stage] += row.probability
        last[row.status, row.stage] = line
    for (status, stage), total in totals.items():
        if total > 1 + _TOLERANCE:
            where = f"status {status!r} and stage {stage!r}"
            words = f"the probabilities of {where} should add up to at most 1, but add up to {total:.12g}"
            yield Problem("completion", last[status, stage], "probability", "", words)
