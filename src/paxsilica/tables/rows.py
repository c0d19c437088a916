"""Turns the text cells of a sheet into rows of the schema, and everything the schema refuses into
plain sentences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from pydantic import TypeAdapter, ValidationError

from paxsilica.errors import Problem
from paxsilica.tables.layout import SPREADSHEET_ERRORS, ColumnLayout, expected, layout
from paxsilica.tables.schema import TABLES, Row
from paxsilica.tables.sheet import Sheet
from paxsilica.tables.suggestions import Nearest

_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}


@dataclass(frozen=True)
class Validated:
    """The rows that the schema accepts, the line of each, and what is wrong with the others or with
    the header."""

    rows: tuple[Row, ...]
    lines: tuple[int, ...]
    problems: tuple[Problem, ...]


@cache
def _adapter(table: str) -> TypeAdapter[tuple[Row, ...]]:
    row = TABLES[table]
    return TypeAdapter(tuple[row, ...])  # type: ignore[valid-type]


def validate(sheet: Sheet) -> Validated:
    """Validate a sheet against the schema of its table."""
    problems = _header_problems(sheet)
    misread = bool(problems)
    columns = layout(sheet.table)
    kept = [
        (place, name)
        for place, name in enumerate(sheet.header)
        if name in columns and sheet.header.count(name) == 1
    ]
    cells: list[dict[str, str]] = []
    lines: list[int] = []
    for line, row in zip(sheet.lines, sheet.rows, strict=True):
        if not kept:
            break
        if len(row) != len(sheet.header):
            words = f"should have {len(sheet.header)} cells, as many as the header"
            problems.append(Problem(sheet.table, str(line), "", f"{len(row)} cells", words))
            continue
        cells.append({name: row[place] for place, name in kept if row[place]})
        lines.append(line)
        if not SPREADSHEET_ERRORS.isdisjoint(row):
            # Text columns would take them for text.
            broken = [
                (name, row[place]) for place, name in kept if row[place] in SPREADSHEET_ERRORS
            ]
            problems += [
                Problem(sheet.table, str(line), name, value, expected(columns[name], value))
                for name, value in broken
            ]
    rows, bad = _accepted(sheet.table, cells)
    reported = {name for _, name in kept}
    choices = {name: Nearest(column.allowed) for name, column in columns.items() if column.allowed}
    for index, name in bad:
        if name in reported:
            problems.append(
                _cell_problem(
                    sheet.table, lines[index], columns[name], cells[index].get(name, ""), choices
                )
            )
    if misread:
        # With a column missing or misspelt, what the other cells of a row mean together is in
        # doubt.
        return Validated((), (), tuple(problems))
    refused = {index for index, _ in bad}
    return Validated(
        rows,
        tuple(line for index, line in enumerate(lines) if index not in refused),
        tuple(problems),
    )


def _accepted(
    table: str, cells: Sequence[Mapping[str, str]]
) -> tuple[tuple[Row, ...], Sequence[tuple[int, str]]]:
    """Return the rows that the schema accepts, and the place and column of every cell that it
    refuses."""
    adapter = _adapter(table)
    try:
        return adapter.validate_python(cells), ()
    except ValidationError as error:
        bad = {
            (int(part["loc"][0]), str(part["loc"][1]))
            for part in error.errors(include_url=False, include_context=False)
        }
    refused = {index for index, _ in bad}
    # The good rows are kept: cross-table checks that can do without the others still have something
    # to say.
    return adapter.validate_python(
        [row for index, row in enumerate(cells) if index not in refused]
    ), sorted(bad)


def _cell_problem(
    table: str, line: int, column: ColumnLayout, value: str, choices: Mapping[str, Nearest]
) -> Problem:
    words = expected(column, value)
    if value and column.allowed:
        words += choices[column.name](value)
    return Problem(
        table, str(line), column.name, value if len(value) <= 60 else value[:57] + "...", words
    )


def _header_problems(sheet: Sheet) -> list[Problem]:
    table, header, columns = sheet.table, sheet.header, layout(sheet.table)
    listed = ",".join(columns)
    if not set(header) & set(columns):
        for separator, name in _SEPARATORS.items():
            if any(
                {part.strip() for part in cell.split(separator)} & set(columns) for cell in header
            ):
                return [
                    Problem(
                        table,
                        "1",
                        "",
                        "",
                        f"the cells should be separated by commas, not by {name}",
                    )
                ]
        return [
            Problem(
                table,
                "1",
                "",
                _short(header),
                f"there is no header; the first row should name the columns: {listed}",
            )
        ]
    problems = []
    nearest = Nearest(set(columns) - set(header))
    for name, count in Counter(header).items():
        if not name:
            words = "a column has no name" if count == 1 else f"{count} columns have no name"
            problems.append(
                Problem(table, "1", "", "", f"{words}; every column should be named in the header")
            )
        elif name not in columns:
            words = nearest(name) or f"; the columns are {listed}"
            problems.append(Problem(table, "1", name, "", f"the table has no such column{words}"))
        elif count > 1:
            problems.append(
                Problem(
                    table,
                    "1",
                    name,
                    "",
                    f"the column is there {count} times; it should be there once",
                )
            )
    for name, column in columns.items():
        if column.required and name not in header:
            meaning = f"; {column.description}" if column.description else ""
            problems.append(
                Problem(
                    table,
                    "1",
                    name,
                    "",
                    f"the column is missing; it should hold {column.right()}{meaning}",
                )
            )
    return problems


def _short(header: Sequence[str]) -> str:
    text = ",".join(header)
    return text if len(text) <= 60 else text[:57] + "..."
