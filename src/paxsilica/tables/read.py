"""Reads the tables of a problem: text cells to frozen rows, with everything that is wrong in one error."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from paxsilica.errors import InputError, Problem
from paxsilica.tables.layout import key_text
from paxsilica.tables.rows import Validated, validate
from paxsilica.tables.schema import (
    TABLES,
    Asset,
    Commodity,
    Completion,
    Deal,
    Demand,
    Event,
    Funder,
    Limit,
    Mandate,
    Membership,
    Process,
    Project,
    Provenance,
    Published,
    Recipe,
    Region,
    Route,
    Row,
    Scenario,
    Series,
    Source,
    Stage,
    StatusCredit,
    Stock,
)
from paxsilica.tables.sheets import Sheets, read_sheets

AnyRow = TypeVar("AnyRow", bound=Row)


@dataclass(frozen=True)
class Tables:
    """Every table of a problem, one attribute each; a table that is absent is empty and not in ``present``.

    ``digest`` names the content: it does not depend on the order of rows or columns, on how numbers are written,
    nor on how the files end their lines. ``lines`` gives the line of the file on which each row begins.
    """

    stages: tuple[Stage, ...] = ()
    regions: tuple[Region, ...] = ()
    membership: tuple[Membership, ...] = ()
    commodities: tuple[Commodity, ...] = ()
    processes: tuple[Process, ...] = ()
    recipes: tuple[Recipe, ...] = ()
    statuses: tuple[StatusCredit, ...] = ()
    completion: tuple[Completion, ...] = ()
    assets: tuple[Asset, ...] = ()
    projects: tuple[Project, ...] = ()
    demand: tuple[Demand, ...] = ()
    routes: tuple[Route, ...] = ()
    stocks: tuple[Stock, ...] = ()
    funders: tuple[Funder, ...] = ()
    mandates: tuple[Mandate, ...] = ()
    deals: tuple[Deal, ...] = ()
    limits: tuple[Limit, ...] = ()
    scenarios: tuple[Scenario, ...] = ()
    events: tuple[Event, ...] = ()
    series: tuple[Series, ...] = ()
    sources: tuple[Source, ...] = ()
    published: tuple[Published, ...] = ()
    provenance: tuple[Provenance, ...] = ()
    present: frozenset[str] = frozenset()
    digest: str = ""
    lines: Mapping[str, tuple[int, ...]] = field(default_factory=dict, compare=False, repr=False)

    def rows(self, table: str) -> tuple[Row, ...]:
        """Return the rows of the table of that name."""
        found: tuple[Row, ...] = getattr(self, table)
        return found

    def numbered(self, table: str, rows: Sequence[AnyRow]) -> Iterator[tuple[str, AnyRow]]:
        """Pair each row of a table with its line, or with its key where the table was not read from a file."""
        lines = self.lines.get(table)
        names = map(str, lines) if lines is not None else (key_text(row) for row in rows)
        return zip(names, rows, strict=True)


@dataclass(frozen=True)
class Reading:
    """What could be read of a folder: the good rows, the problems, and the tables from which rows are missing because of them."""

    tables: Tables
    problems: tuple[Problem, ...]
    doubtful: frozenset[str]


def read_tables(folder: Path) -> Tables:
    """Read the tables of a folder; raise one ``InputError`` with everything that is wrong with them, each table for itself."""
    reading = read_what_can_be(folder)
    if reading.problems:
        raise InputError(reading.problems)
    return reading.tables


def read_what_can_be(folder: Path) -> Reading:
    """Read the tables of a folder as far as they can be read."""
    return tables_from_sheets(read_sheets(folder))


def tables_from_sheets(found: Sheets) -> Reading:
    """Validate what a reader of cells has found."""
    problems = list(found.problems)
    present = frozenset(found.sheets) | found.unreadable
    validated: dict[str, Validated] = {}
    doubtful = set(found.unreadable)
    for table, sheet in found.sheets.items():
        validated[table] = validate(sheet)
        problems += validated[table].problems
        if validated[table].problems:
            doubtful.add(table)
        elif TABLES[table].absent is None and not sheet.rows:
            problems.append(Problem(table, "", "", "", "the table has a header and no rows; it should have at least one"))
            doubtful.add(table)
    for table, row in TABLES.items():
        if row.absent is None and table not in present:
            problems.append(Problem(table, "", "", "", f"the table is missing; there should be a file {table}.csv"))
            doubtful.add(table)
    rows: dict[str, Any] = {table: part.rows for table, part in validated.items()}
    lines = {table: validated[table].lines if table in validated else () for table in TABLES}
    tables = Tables(**rows, present=present, digest="" if problems else _digest(rows), lines=lines)
    return Reading(tables, tuple(problems), frozenset(doubtful))


def _digest(rows: Mapping[str, Sequence[Row]]) -> str:
    """Hash validated values, not the files' text: 1, 1.0 and 1e0 are one number. A blank cell is left out, so that inf's null is not it."""
    total = hashlib.sha256()
    for table in sorted(rows):
        total.update(f"\n[{table}]\n".encode())
        for line in sorted(row.model_dump_json(exclude_none=True) for row in rows[table]):
            total.update(line.encode() + b"\n")
    return total.hexdigest()
