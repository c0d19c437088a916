"""One tree of errors; each has the exit code with which the command line ends.

Exit codes are part of the public interface and stable:

====  =========================================================================================
code  meaning
====  =========================================================================================
0     a plan was found; if the requested gap was not proved in time, the plan says so
1     a defect of the program (please report it)
2     bad input: tables, case, option or command line, or a file that cannot be read or written
3     the case is infeasible: no plan can meet its requirements
4     no plan was found within the time allowed
5     a plan was found but failed its audit: it is written, with the status `unverified`
130   stopped by the user (Ctrl-C) before there was a plan to keep
141   the pipe of the output was closed before the help was printed
====  =========================================================================================
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self


class PaxSilicaError(Exception):
    """Root of every error this package raises on purpose."""

    exit_code = 1


class ProblemCode(StrEnum):
    """What a reader knows of a problem beyond its sentence: which other problems follow from it is
    decided by this code, not by words."""

    OTHER = ""
    CELL_REFUSED = "cell refused"
    """A filled cell does not fit its column."""
    CELL_CHANGED = "cell changed"
    """A spreadsheet program left something else than what was written into the cell."""


@dataclass(frozen=True, order=True)
class Problem:
    """One problem of the input and its cell.

    ``row`` is the line of the file (the header is line 1), or the key of the row where a problem
    spans rows; it is empty where the problem concerns the whole table. Of an overlay it ends with
    the name of the overlay in parentheses. ``code`` is no part of what is reported.
    """

    table: str
    row: str
    column: str
    value: str
    expected: str
    code: ProblemCode = field(default=ProblemCode.OTHER, compare=False, repr=False)

    @classmethod
    def of_option(cls, option: str, value: str, expected: str) -> Self:
        """The problem of an option of the command line, or of an argument.

        >>> str(Problem.of_option("--kind", "x", "should be one of fixed, hull"))
        "--kind is 'x'; should be one of fixed, hull"
        """
        return cls(option, "", "", value, expected)

    def __str__(self) -> str:
        row = self.row if self.row.startswith("(") else self.row and f"row {self.row}"
        place = " ".join(part for part in (self.table, row, self.column) if part)
        found = f" is {self.value!r};" if self.value else ":"
        return f"{place}{found} {self.expected}"


def _reading_order(problem: Problem) -> tuple[str, int, str, str, str]:
    """By table, then by line as a number where it is one."""
    line = problem.row.partition(" ")[0]
    return (
        problem.table,
        int(line) if line.isdigit() else 0,
        problem.row,
        problem.column,
        problem.value,
    )


class InputError(PaxSilicaError):
    """The input cannot be used; ``problems`` lists all its problems."""

    exit_code = 2

    def __init__(self, problems: Iterable[Problem] | str) -> None:
        if isinstance(problems, str):
            problems = [Problem("", "", "", "", problems)]
        self.problems: Sequence[Problem] = tuple(
            sorted(dict.fromkeys(problems), key=_reading_order)
        )
        count = len(self.problems)
        lines = "\n".join(f"  {problem}" for problem in self.problems)
        super().__init__(f"{count} problem{'s' if count != 1 else ''} in the input:\n{lines}")

    @classmethod
    def of(
        cls, expected: str, *, table: str = "", row: str = "", column: str = "", value: str = ""
    ) -> Self:
        """An error with one problem.

        >>> str(InputError.of("should be a number", table="stocks", value="x").problems[0])
        "stocks is 'x'; should be a number"
        """
        return cls([Problem(table, row, column, value, expected)])


class InfeasibleError(PaxSilicaError):
    """No plan meets the requirements of the case."""

    exit_code = 3


UNVERIFIED = 5
"""Exit code of a command whose plan failed its audit."""


class NoPlanError(PaxSilicaError):
    """The time limit ended before a plan was found; the case may be feasible or not."""

    exit_code = 4
