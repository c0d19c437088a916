"""One tree of errors; each knows the exit code with which the command line ends.

Exit codes are part of the public interface and stable:

====  =========================================================================================
code  meaning
====  =========================================================================================
0     a plan was found; if the gap asked for was not proved in time, the plan says so
1     a fault of the program itself (please report it)
2     bad input: tables, case, option or command line, or a file that cannot be read or written
3     the case is infeasible: no plan can meet its requirements
4     no plan was found within the time allowed
130   stopped by the user (Ctrl-C) before there was a plan to keep
141   the reader of a pipe was gone before the help was read; answers are dropped in silence
====  =========================================================================================
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


class PaxSilicaError(Exception):
    """Root of every error this package raises on purpose."""

    exit_code = 1


@dataclass(frozen=True, order=True)
class Problem:
    """One thing wrong with the input, named so that a person finds the cell.

    ``row`` is the line of the file as an editor or a spreadsheet shows it (the header is line 1),
    or the key of the row where a problem spans rows; empty where it concerns the whole table.
    """

    table: str
    row: str
    column: str
    value: str
    expected: str

    def __str__(self) -> str:
        place = " ".join(
            part for part in (self.table, self.row and f"row {self.row}", self.column) if part
        )
        found = f" is {self.value!r};" if self.value else ":"
        return f"{place}{found} {self.expected}"


def _reading_order(problem: Problem) -> tuple[str, int, str, str, str]:
    """By table, then by line as a number where it is one."""
    return (
        problem.table,
        int(problem.row) if problem.row.isdigit() else 0,
        problem.row,
        problem.column,
        problem.value,
    )


class InputError(PaxSilicaError):
    """The input cannot be used; ``problems`` lists everything that is wrong with it, not only the
    first."""

    exit_code = 2

    def __init__(self, problems: Iterable[Problem] | str) -> None:
        if isinstance(problems, str):
            problems = [Problem("", "", "", "", problems)]
        self.problems: Sequence[Problem] = tuple(sorted(set(problems), key=_reading_order))
        count = len(self.problems)
        lines = "\n".join(f"  {problem}" for problem in self.problems)
        super().__init__(f"{count} problem{'s' if count != 1 else ''} in the input:\n{lines}")


class InfeasibleError(PaxSilicaError):
    """No plan meets the requirements of the case."""

    exit_code = 3


class NoPlanError(PaxSilicaError):
    """The time ran out before any plan was found; this proves nothing about the case."""

    exit_code = 4
