"""Problems of the header of a table: separators, unknown, repeated and missing columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping

from paxsilica.errors import Problem
from paxsilica.tables.characters import hint
from paxsilica.tables.files import Sheet
from paxsilica.tables.layout import ColumnLayout
from paxsilica.tables.suggestions import Nearest

_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}


def short(text: str) -> str:
    """A text as a message shows it."""
    return text if len(text) <= 60 else text[:57] + "..."


def header_problems(
    sheet: Sheet,
    columns: Mapping[str, ColumnLayout],
    *,
    needed: Collection[str] | None = None,
    line: str = "1",
) -> list[Problem]:
    """What is wrong with the header of a sheet.

    Args:
        sheet: the cells of the table.
        columns: the columns of the table.
        needed: columns that have to be there; by default those that are required.
        line: what the problems give as the line of the header.
    """
    header = sheet.header
    listed = ",".join(columns)

    def problem(column: str, words: str, value: str = "") -> Problem:
        return Problem(sheet.table, line, column, value, words)

    if not set(header) & set(columns):
        for separator, name in _SEPARATORS.items():
            parts = {part.strip() for cell in header for part in cell.split(separator)}
            if parts & set(columns):
                return [problem("", f"the cells should be separated by commas, not by {name}")]
        words = f"there is no header; the first row should name the columns: {listed}"
        return [problem("", words, short(",".join(header)))]
    problems = []
    nearest = Nearest(set(columns) - set(header))
    for name, count in Counter(header).items():
        if not name:
            words = "a column has no name" if count == 1 else f"{count} columns have no name"
            problems.append(problem("", f"{words}; every column should be named in the header"))
        elif name not in columns:
            words = hint(name) or nearest(name) or f"; the columns are {listed}"
            problems.append(problem(name, f"the table has no such column{words}"))
        elif count > 1:
            words = f"the column is there {count} times; it should be there once"
            problems.append(problem(name, words))
    for name, column in columns.items():
        if name not in header and (column.required if needed is None else name in needed):
            meaning = f"; {column.description}" if column.description else ""
            words = f"the column is missing; it should hold {column.expected}{meaning}"
            problems.append(problem(name, words))
    return problems
