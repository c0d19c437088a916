"""Problems that follow from another one: they are counted in its sentence and not listed. What
follows is decided by codes and cells, not by the words of a sentence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from paxsilica.errors import Problem, ProblemCode
from paxsilica.tables.layout import layout
from paxsilica.tables.schema import TABLES

_ANY_ROW = frozenset({("series", "row"), ("provenance", "row")})
"""Columns that hold the key of a row of any table; the number of its parts may be wrong because of
the name."""

_PLANTS = frozenset({("limits", "asset"), ("assets", "shares_capacity_of")})
"""Columns that name an asset or a project."""


def with_consequences_counted(problems: Iterable[Problem]) -> Sequence[Problem]:
    """The problems, without those of cells that only repeat a name which is refused where it is
    given. The sentence on the name counts them. A cell that a spreadsheet program changed has one
    problem."""
    found = tuple(dict.fromkeys(problems))
    changed = {_cell(problem) for problem in found if problem.code is ProblemCode.CELL_CHANGED}
    found = tuple(
        problem
        for problem in found
        if problem.code is ProblemCode.CELL_CHANGED or _cell(problem) not in changed
    )
    roots = [problem for problem in found if _defines(problem)]
    if not roots:
        return found
    following: dict[Problem, list[Problem]] = {root: [] for root in roots}
    kept = []
    for problem in found:
        root = None if problem in following else _root(problem, roots)
        if root is None:
            kept.append(problem)
        else:
            following[root].append(problem)
    return [
        replace(problem, expected=f"{problem.expected}{_count(following.get(problem, ()))}")
        for problem in kept
    ]


def _cell(problem: Problem) -> tuple[str, str, str]:
    return problem.table, problem.row, problem.column


def _place(problem: Problem) -> tuple[str, str]:
    return problem.table, problem.column


def _defines(problem: Problem) -> bool:
    """Whether a problem is that a row cannot have its name."""
    if problem.code is not ProblemCode.CELL_REFUSED or problem.table not in TABLES:
        return False
    column = layout(problem.table)[problem.column]
    own_name = TABLES[problem.table].key == (problem.column,) and not column.column.references
    return own_name and column.kind == "key"


def _root(problem: Problem, roots: Sequence[Problem]) -> Problem | None:
    """The refused name that a cell repeats, alone, in a list or in a key of several parts."""
    if not (problem.code is ProblemCode.CELL_REFUSED or _place(problem) in _ANY_ROW):
        return None
    parts = f"|{problem.value.replace(';', '|')}|"
    return next(
        (
            root
            for root in roots
            if f"|{root.value.replace(';', '|')}|" in parts and _refers(problem, root.table)
        ),
        None,
    )


def _refers(problem: Problem, table: str) -> bool:
    """Whether the column of a problem holds names of rows of a table."""
    place = _place(problem)
    if place in _ANY_ROW:
        return True
    if place in _PLANTS:
        return table in ("assets", "projects")
    return layout(problem.table)[problem.column].column.references == table


def _count(following: Sequence[Problem]) -> str:
    if not following:
        return ""
    tables = ", ".join(sorted({problem.table for problem in following}))
    cells = "1 other cell repeats" if len(following) == 1 else f"{len(following)} cells repeat"
    return f"; {cells} it (in {tables})"
