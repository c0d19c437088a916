"""The provenance of numbers: the row that describes a number, its range, and its absence.

The most specific row counts: the one with the fewest ``*`` in its pattern. A number of the table
``series`` has the provenance of the cell that it fills, unless a row describes the value in
``series`` itself. Years that are part of a key need no provenance.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from paxsilica.tables import TABLES, Tables
from paxsilica.tables.checks.provenance_rows import pattern_parts
from paxsilica.tables.columns import NO_GRADE
from paxsilica.tables.layout import key_text, layout
from paxsilica.tables.schema import Provenance, Row, Series

RECORDS = ("sources", "published", "provenance")
"""Tables that describe numbers and need no provenance."""

_YEAR = re.compile(r"\b(19|20)\d\d\b")


@dataclass(frozen=True)
class Number:
    """A numeric cell with its values; there are several where a cell holds shares by year."""

    table: str
    row: str
    column: str
    values: tuple[float, ...]

    @property
    def place(self) -> str:
        """Table, row and column in one line."""
        return f"{self.table} {self.row} {self.column}"


def sourced_columns(table: str) -> tuple[str, ...]:
    """Return the columns of a table whose cells need provenance: numbers outside of keys."""
    return tuple(
        name
        for name, column in layout(table).items()
        if column.numeric and name not in TABLES[table].key
    )


def numbers(tables: Tables) -> Iterator[Number]:
    """Go through every number of the tables that needs provenance."""
    for table in TABLES:
        if table in RECORDS:
            continue
        columns = sourced_columns(table)
        for row in tables.rows(table):
            for column in columns:
                value = getattr(row, column)
                if value is not None:
                    values = value if isinstance(value, tuple) else (value,)
                    yield Number(table, key_text(row), column, tuple(map(float, values)))


class Lookup:
    """Finds the provenance of numbers; one object per set of tables, since patterns are many."""

    def __init__(self, tables: Tables) -> None:
        self._stated = frozenset(cell for one in tables.overlays for cell in one.cells)
        own = frozenset(key for one in tables.overlays for key in one.provenance)
        self._rows = _Patterns(tables.provenance)
        self._own = _Patterns(row for row in tables.provenance if key_text(row) in own)

    def find(self, table: str, row: str, column: str) -> Provenance | None:
        """Return the most specific provenance of a cell, or nothing. Of a number that an overlay
        states, only rows of an overlay count."""
        known = self._own if (table, row, column) in self._stated else self._rows
        parts = pattern_parts(table, row)
        if table == "series" and column == "value":
            target = known.find("series", parts, column)
            return target or known.find(parts[0], pattern_parts(parts[0], parts[1]), parts[2])
        return known.find(table, parts, column)


class _Patterns:
    """Rows of provenance by the fixed parts of their pattern."""

    def __init__(self, rows: Iterable[Provenance]) -> None:
        self._by_fixed: dict[
            tuple[str, str], dict[tuple[int, ...], dict[tuple[str, ...], Provenance]]
        ] = defaultdict(dict)
        for row in rows:
            if row.table not in TABLES:
                continue
            parts = pattern_parts(row.table, row.row)
            # A "*" in the key of a route is read as a wildcard, which fits it too.
            fixed = tuple(place for place, part in enumerate(parts) if part != "*")
            group = self._by_fixed[row.table, row.column].setdefault(fixed, {})
            group[tuple(parts[place] for place in fixed)] = row

    def find(self, table: str, parts: tuple[str, ...], column: str) -> Provenance | None:
        """Return the most specific row for a cell, or nothing."""
        groups = self._by_fixed.get((table, column), {})
        for fixed in sorted(groups, key=len, reverse=True):
            found = groups[fixed].get(tuple(parts[place] for place in fixed if place < len(parts)))
            if found is not None:
                return found
        return None


def grade_of(row: Provenance | None) -> str:
    """Return the grade of a number, or ``NO_GRADE`` without provenance."""
    return NO_GRADE if row is None else row.grade


def bounds(row: Provenance, value: float) -> tuple[float, float]:
    """Return the range of a number; a relative range is of factors on its value.

    >>> from paxsilica.tables.schema import Provenance
    >>> names = dict(table="t", row="r", column="c", unit="t", sources="s", grade="A")
    >>> bounds(Provenance(**names, low=0.5, high=2, range="relative"), -4.0)
    (-8.0, -2.0)
    """
    factor = value if row.range == "relative" else 1.0
    low, high = sorted((row.low * factor, row.high * factor))
    return low, high


def without_provenance(tables: Tables) -> list[Number]:
    """Return the numbers without provenance."""
    lookup = Lookup(tables)
    return [one for one in numbers(tables) if lookup.find(one.table, one.row, one.column) is None]


def newest_years(tables: Tables) -> dict[str, int]:
    """Return the newest year in the date of each source that is a document; a judgement is none."""
    return {
        row.source: max(years)
        for row in tables.sources
        if row.url is not None
        and (years := [int(found[0]) for found in _YEAR.finditer(row.date or "")])
    }


def first_year(tables: Tables) -> dict[tuple[str, str, str], Series]:
    """Return the first anchor of every number that varies by year, by table, row and column."""
    first: dict[tuple[str, str, str], Series] = {}
    for row in tables.series:
        place = (row.table, row.row, row.column)
        if place not in first or row.year < first[place].year:
            first[place] = row
    return first


def row_of(tables: Tables, table: str, key: str) -> Row | None:
    """Return the row of a table with a key, its parts joined by ``|``."""
    return next((row for row in tables.rows(table) if key_text(row) == key), None)
