"""Reads the tables of a problem: cells of text become frozen rows, and one error lists all
problems."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from paxsilica.errors import InputError, Problem, ProblemCode
from paxsilica.renames import in_tables, instruction
from paxsilica.tables import schema
from paxsilica.tables.defaults import Chain, chain_of, fill
from paxsilica.tables.files import Line, Overlay, Sheet, Sheets, no_sheets, read_folder
from paxsilica.tables.header import header_problems, short
from paxsilica.tables.layout import SPREADSHEET_ERRORS, key_text, layout
from paxsilica.tables.overlay import BASE_LINE, MARK, base_of, is_overlay, with_overlay
from paxsilica.tables.schema import TABLES, Row
from paxsilica.tables.suggestions import Nearest

AnyRow = TypeVar("AnyRow", bound=Row)


@dataclass(frozen=True, repr=False)
class Tables:
    """Every table of a problem, one attribute each; an absent table is empty and not in
    ``present``.

    ``digest`` identifies the content. It does not depend on the order of rows or columns, the
    notation of numbers or the line ends of files. ``assumed`` has a sentence for each table with
    blank cells that were filled by defaults, and ``no_bounds`` for each bound that was taken as
    none. ``overlays`` are those that the tables were read through. ``lines`` gives the first line
    of each row.
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
    overlays: tuple[Overlay, ...] = field(default=(), compare=False)
    lines: Mapping[str, tuple[Line, ...]] = field(default_factory=dict, compare=False)

    def __repr__(self) -> str:
        filled = [len(self.rows(name)) for name in TABLES if self.rows(name)]
        return f"<Tables: {len(filled)} tables, {sum(filled):,} rows>"

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


def _sheets(folder: Path, above: tuple[Path, ...] = ()) -> tuple[Sheets, str]:
    """The cells of a folder or workbook, of an overlay with those of its base, and how to bring old
    names up to date. ``above`` are the overlays that lead here."""
    if is_overlay(folder):
        base = base_of(folder)
        place = folder.resolve()
        if place in above:
            base = Problem(MARK, "", "", str(folder), "should not name a base that is made from it")
        if isinstance(base, Problem):
            return Sheets({}, [base], frozenset(TABLES)), ""
        below, command = _sheets(base, (*above, place))
        return with_overlay(below, folder), command
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
    needed = [table for table, row in TABLES.items() if row.absent is None]
    missing = [table for table in needed if table not in present]
    for table in missing:
        doubt(table, f"the table is missing; there should be a file {table}.csv")
    if missing == needed and present:
        words = f"is missing too, which a folder that only changes other tables needs: {BASE_LINE}"
        problems.append(Problem(MARK, "", "", "", words))
    rows: dict[str, Any] = {table: part.rows for table, part in validated.items()}
    lines = {table: validated[table].lines if table in validated else () for table in TABLES}
    tables = Tables(
        **rows,
        present=present,
        digest="" if problems else _digest(rows),
        overlays=found.overlays,
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
    lines: tuple[Line, ...]
    problems: tuple[Problem, ...]
    assumed: str = ""


def _validate(sheet: Sheet, chain: Chain) -> _Validated:
    """Validate a sheet against the schema of its table, its blank cells filled by defaults."""
    columns = layout(sheet.table)
    nearest = {name: Nearest(column.allowed) for name, column in columns.items() if column.allowed}
    problems = header_problems(sheet, columns)
    misread = bool(problems)
    kept = [
        (place, name)
        for place, name in enumerate(sheet.header)
        if name in columns and sheet.header.count(name) == 1
    ]

    def refuse(line: Line, name: str, value: str) -> None:
        words = columns[name].correction(value)
        if value and name in nearest:
            words += nearest[name](value)
        code = ProblemCode.CELL_REFUSED if value else ProblemCode.OTHER
        problems.append(Problem(sheet.table, str(line), name, short(value), words, code))

    cells: list[dict[str, str]] = []
    lines: list[Line] = []
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
