"""Problems that follow from another one: they are counted in its sentence and not listed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from paxsilica.errors import Problem
from paxsilica.tables.layout import layout
from paxsilica.tables.schema import TABLES


def with_consequences_counted(problems: Iterable[Problem]) -> Sequence[Problem]:
    """The problems, without those of cells that only repeat a name which is refused where it is
    given. The sentence on the name counts them."""
    found = tuple(dict.fromkeys(problems))
    roots = {problem.value: problem for problem in found if _defines(problem)}
    if not roots:
        return found
    following: dict[Problem, list[Problem]] = {root: [] for root in roots.values()}
    kept = []
    for problem in found:
        root = None if _defines(problem) else _root(problem, roots)
        if root is None:
            kept.append(problem)
        else:
            following[root].append(problem)
    return [
        replace(problem, expected=f"{problem.expected}{_count(following.get(problem, ()))}")
        for problem in kept
    ]


def _defines(problem: Problem) -> bool:
    """Whether a problem is of the cell that gives a row its name."""
    if problem.table not in TABLES or TABLES[problem.table].key != (problem.column,):
        return False
    column = layout(problem.table)[problem.column]
    return column.kind == "key" and not column.column.references and bool(problem.value)


def _root(problem: Problem, roots: dict[str, Problem]) -> Problem | None:
    """The refused name that a cell repeats, alone or in a key of several parts."""
    if problem.value in roots:
        return roots[problem.value]
    if problem.column not in ("row", "prerequisites", "sources", "asset"):
        return None
    return next((root for name, root in roots.items() if name in problem.value), None)


def _count(following: Sequence[Problem]) -> str:
    if not following:
        return ""
    tables = ", ".join(sorted({problem.table for problem in following}))
    cells = "1 other cell repeats" if len(following) == 1 else f"{len(following)} cells repeat"
    return f"; {cells} it (in {tables})"
