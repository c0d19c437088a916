"""Reads the tables of a problem: cells of text become frozen rows, and one error lists all
problems."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from paxsilica.errors import InputError, Problem
from paxsilica.renames import in_tables, instruction
from paxsilica.tables import schema
from paxsilica.tables.characters import hint
from paxsilica.tables.defaults import Chain, chain_of, fill
from paxsilica.tables.files import Sheet, Sheets, no_sheets, read_folder
from paxsilica.tables.layout import SPREADSHEET_ERRORS, ColumnLayout, key_text, layout
from paxsilica.tables.schema import TABLES, Row
from paxsilica.tables.suggestions import Nearest

_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}

AnyRow = TypeVar("AnyRow", bound=Row)


@dataclass(frozen=True)
class Tables:
    """Every table of a problem, one attribute each; an absent table is empty and not in
    ``present``.

    ``digest`` identifies the content. It does not depend on the order of rows or columns, the
    notation of numbers or the line ends of files. ``assumed`` has a sentence for each table with
    blank cells that were filled by defaults, and ``no_bounds`` for each bound that was taken as
    none. ``lines`` gives the first line of each row.
    """

    stages: tuple[schema.Stage, ...] = ()
    regions: tuple[schema.Region, ...] = ()
    membership: tuple[schema.Membership, ...] = ()
    commodities: tuple[schema.Commodity, ...] = ()
    processes: tuple[schema.Process, ...] = ()
    recipes: tuple[schema.Recipe, ...] = ()
    statuses: tuple[schema.StatusCredit, ...] = ()
    completion: tuple[schema.Completion, ...] = ()
    assets: tuple[schema.Asset, ...] = ()
    projects: tuple[schema.Project, ...] = ()
    demand: tuple[schema.Demand, ...] = ()
    routes: tuple[schema.Route, ...] = ()
    stocks: tuple[schema.Stock, ...] = ()
    funders: tuple[schema.Funder, ...] = ()
    mandates: tuple[schema.Mandate, ...] = ()
    deals: tuple[schema.Deal, ...] = ()
    limits: tuple[schema.Limit, ...] = ()
    scenarios: tuple[schema.Scenario, ...] = ()
    events: tuple[schema.Event, ...] = ()
    series: tuple[schema.Series, ...] = ()
    sources: tuple[schema.Source, ...] = ()
    published: tuple[schema.Published, ...] = ()
    provenance: tuple[schema.Provenance, ...] = ()
    present: frozenset[str] = frozenset()
    digest: str = ""
    assumed: tuple[str, ...] = field(default=(), compare=False)
    no_bounds: tuple[str, ...] = ()
    lines: Mapping[str, tuple[int, ...]] = field(default_factory=dict, compare=False, repr=False)

    def rows(self, table: str) -> tuple[Row, ...]:
        """Return the rows of the table of that name."""
        found: tuple[Row, ...] = getattr(self, table)
        return found

    def edited(self, table: str, change: Callable[[Any], Mapping[str, Any] | None]) -> Tables:
        """The tables with new cells in one table: ``change`` returns them for each row, or
        ``None``."""
        rows = [(row, change(row)) for row in self.rows(table)]
        new = tuple(row.model_copy(update=dict(cells)) if cells else row for row, cells in rows)
        parts: dict[str, Any] = {table: new}
        return replace(self, **parts)

    def numbered(self, table: str, rows: Sequence[AnyRow]) -> Iterator[tuple[str, AnyRow]]:
        """Pair each row of a table with its line, or with its key where the table was not read from
        a file."""
        lines = self.lines.get(table)
        names = map(str, lines) if lines is not None else (key_text(row) for row in rows)
        return zip(names, rows, strict=True)


@dataclass(frozen=True)
class Reading:
    """The accepted rows of a folder, its problems, and the tables that lack rows because of
    them."""

    tables: Tables
    problems: tuple[Problem, ...]
    doubtful: frozenset[str]


def read_tables(folder: Path) -> Tables:
    """Read the tables of a folder; raise one ``InputError`` with everything that is wrong with
    them, each table for itself."""
    reading = read_what_can_be(folder)
    if reading.problems:
        raise InputError(reading.problems)
    return reading.tables


def read_what_can_be(folder: Path) -> Reading:
    """Read the tables of a folder or workbook as far as they can be read.

    Tables with names of an earlier version give one problem, which names the command to run.
    """
    found, command = _sheets(folder)
    cells = {name: [sheet.header, *sheet.rows] for name, sheet in found.sheets.items()}
    if old := in_tables(cells | {name: [()] for name in found.unknown}):
        problem = Problem("", "", "", str(folder), instruction(old, command))
        return Reading(Tables(), (problem,), frozenset(TABLES))
    return tables_from_sheets(found)


def _sheets(folder: Path) -> tuple[Sheets, str]:
    """The cells of a folder or workbook, and how to bring old names up to date."""
    command = f"run `paxsilica upgrade {folder}`"
    if folder.suffix.lower() == ".xlsx" and folder.is_file():
        # The import is slow, and most runs read a folder.
        from paxsilica.tables.workbook import read_workbook

        return read_workbook(folder), command
    if folder.is_dir():
        return read_folder(folder), command
    found = "is a file" if folder.exists() else "does not exist"
    words = f"should be a folder of CSV tables or a workbook (.xlsx), but {found}"
    return no_sheets(folder, words), ""


def tables_from_sheets(found: Sheets) -> Reading:
    """Validate the cells that a reader has found."""
    problems = list(found.problems)
    present = frozenset(found.sheets) | found.unreadable
    validated: dict[str, _Validated] = {}
    doubtful = set(found.unreadable)

    def doubt(table: str, words: str) -> None:
        problems.append(Problem(table, "", "", "", words))
        doubtful.add(table)

    chain = chain_of(found.sheets)
    for table, sheet in found.sheets.items():
        validated[table] = _validate(sheet, chain)
        problems += validated[table].problems
        if validated[table].problems:
            doubtful.add(table)
        elif TABLES[table].absent is None and not sheet.rows:
            doubt(table, "the table has a header and no rows; it should have at least one")
    for table, row in TABLES.items():
        if row.absent is None and table not in present:
            doubt(table, f"the table is missing; there should be a file {table}.csv")
    rows: dict[str, Any] = {table: part.rows for table, part in validated.items()}
    lines = {table: validated[table].lines if table in validated else () for table in TABLES}
    tables = Tables(
        **rows,
        present=present,
        digest="" if problems else _digest(rows),
        assumed=tuple(part.assumed for part in validated.values() if part.assumed),
        lines=lines,
    )
    return Reading(tables, tuple(problems), frozenset(doubtful))


def _digest(rows: Mapping[str, Sequence[Row]]) -> str:
    """Hash validated values, not text: 1, 1.0 and 1e0 are one number. Blank cells are left out,
    since infinity is null too."""
    total = hashlib.sha256()
    for table in sorted(rows):
        total.update(f"\n[{table}]\n".encode())
        for line in sorted(row.model_dump_json(exclude_none=True) for row in rows[table]):
            total.update(line.encode() + b"\n")
    return total.hexdigest()


@dataclass(frozen=True)
class _Validated:
    """The rows that the schema accepts, the line of each, and the problems of the others and of
    the header."""

    rows: tuple[Row, ...]
    lines: tuple[int, ...]
    problems: tuple[Problem, ...]
    assumed: str = ""


def _validate(sheet: Sheet, chain: Chain) -> _Validated:
    """Validate a sheet against the schema of its table, its blank cells filled by defaults."""
    columns = layout(sheet.table)
    nearest = {name: Nearest(column.allowed) for name, column in columns.items() if column.allowed}
    problems = _header_problems(sheet, columns)
    misread = bool(problems)
    kept = [
        (place, name)
        for place, name in enumerate(sheet.header)
        if name in columns and sheet.header.count(name) == 1
    ]

    def refuse(line: int, name: str, value: str) -> None:
        words = columns[name].correction(value)
        if value and name in nearest:
            words += nearest[name](value)
        problems.append(Problem(sheet.table, str(line), name, _short(value), words))

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
            # Columns of text would accept them.
            for name, value in cells[-1].items():
                if value in SPREADSHEET_ERRORS:
                    refuse(line, name, value)
    assumed = fill(sheet.table, cells, chain)
    rows, bad = _accepted(sheet.table, cells)
    reported = {name for _, name in kept}
    for index, name in bad:
        if name in reported:
            refuse(lines[index], name, cells[index].get(name, ""))
    if misread:
        # Without a column, the other cells of a row may mean something else together.
        return _Validated((), (), tuple(problems))
    refused = {index for index, _ in bad}
    good = tuple(line for index, line in enumerate(lines) if index not in refused)
    return _Validated(rows, good, tuple(problems), assumed)


@cache
def _adapter(table: str) -> TypeAdapter[tuple[Row, ...]]:
    row = TABLES[table]
    return TypeAdapter(tuple[row, ...])  # type: ignore[valid-type]


def _accepted(
    table: str, cells: Sequence[Mapping[str, str]]
) -> tuple[tuple[Row, ...], Sequence[tuple[int, str]]]:
    """Return the rows that the schema accepts, and the place and column of every refused cell."""
    adapter = _adapter(table)
    try:
        return adapter.validate_python(cells), ()
    except ValidationError as error:
        bad = {
            (int(part["loc"][0]), str(part["loc"][1]))
            for part in error.errors(include_url=False, include_context=False)
        }
    refused = {index for index, _ in bad}
    # The accepted rows are kept for the checks across tables.
    good = [row for index, row in enumerate(cells) if index not in refused]
    return adapter.validate_python(good), sorted(bad)


def _header_problems(sheet: Sheet, columns: Mapping[str, ColumnLayout]) -> list[Problem]:
    header = sheet.header
    listed = ",".join(columns)

    def problem(column: str, words: str, value: str = "") -> Problem:
        return Problem(sheet.table, "1", column, value, words)

    if not set(header) & set(columns):
        for separator, name in _SEPARATORS.items():
            parts = {part.strip() for cell in header for part in cell.split(separator)}
            if parts & set(columns):
                return [problem("", f"the cells should be separated by commas, not by {name}")]
        words = f"there is no header; the first row should name the columns: {listed}"
        return [problem("", words, _short(",".join(header)))]
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
        if column.required and name not in header:
            meaning = f"; {column.description}" if column.description else ""
            words = f"the column is missing; it should hold {column.expected}{meaning}"
            problems.append(problem(name, words))
    return problems


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."
