"""Projects: prerequisites, exclusive groups and probabilities of completion."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from paxsilica.errors import Problem
from paxsilica.tables.read import Tables
from paxsilica.tables.schema import Project

_TOLERANCE = 1e-6
_LAST_YEAR = 9999


def prerequisites(tables: Tables) -> Iterable[Problem]:
    """Find prerequisites that can never be met. A project that needs a forbidden one is left out of
    the plan, with the reason, unless it is required."""
    known = {project.project: project for project in tables.projects}
    for line, project in tables.numbered("projects", tables.projects):
        for name in project.prerequisites or ():
            needed = known.get(name)
            if needed is None or project.commitment == "forbidden":
                continue
            if needed is project:
                yield Problem("projects", line, "prerequisites", name, "should be another project")
                continue
            for words in _conflicts(project, needed):
                yield Problem("projects", line, "prerequisites", name, words)


def _conflicts(project: Project, needed: Project) -> Iterable[str]:
    """What keeps a project from having another one as its prerequisite."""
    if needed.commitment == "forbidden" and project.commitment == "required":
        yield "should be a project that may be committed; this one is forbidden"
    group = project.exclusive_group
    if group is not None and needed.exclusive_group == group:
        yield f"should be outside the exclusive_group {group!r}, of which at most one is committed"
    earliest = needed.earliest_commitment or 0
    latest = project.latest_commitment or _LAST_YEAR
    if earliest > latest:
        yield (
            f"should be possible by the latest_commitment {latest}, but cannot be committed before"
            f" {earliest}"
        )


def circles_of_prerequisites(tables: Tables) -> Iterable[Problem]:
    """Find projects that need each other in a circle; ``prerequisites`` finds a project that names
    itself."""
    needs = {
        project.project: tuple(
            name for name in project.prerequisites or () if name != project.project
        )
        for project in tables.projects
    }
    reported: set[frozenset[str]] = set()
    for line, project in tables.numbered("projects", tables.projects):
        circle = _circle(project.project, needs)
        if circle and frozenset(circle) not in reported:
            reported.add(frozenset(circle))
            words = f"should not lead back to itself: {' needs '.join((*circle, circle[0]))}"
            yield Problem("projects", line, "prerequisites", needs[circle[0]][0], words)


def _circle(start: str, needs: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Return the shortest circle through ``start``, or nothing."""
    ways: list[tuple[str, ...]] = [(start,)]
    seen: set[str] = set()
    for way in ways:  # grows while it is read: breadth first
        for needed in needs.get(way[-1], ()):
            if needed == start:
                return way
            if needed not in seen:
                seen.add(needed)
                ways.append((*way, needed))
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
            words = (
                f"only one project of the exclusive_group {group!r} can be required, and row"
                f" {first_line} ({first.project}) is"
            )
            yield Problem("projects", line, "commitment", f"required for {project.project}", words)


def completion(tables: Tables) -> Iterable[Problem]:
    """Find probabilities of completion that add up to more than 1 for a status and stage."""
    totals: dict[tuple[str, str], float] = defaultdict(float)
    last: dict[tuple[str, str], str] = {}
    for line, row in tables.numbered("completion", tables.completion):
        totals[row.status, row.stage] += row.probability
        last[row.status, row.stage] = line
    for (status, stage), total in totals.items():
        if total > 1 + _TOLERANCE:
            where = f"status {status!r} and stage {stage!r}"
            words = (
                f"the probabilities of {where} should add up to at most 1, but add up to"
                f" {total:.12g}"
            )
            yield Problem("completion", last[status, stage], "probability", "", words)
