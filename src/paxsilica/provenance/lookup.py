"""Which row of provenance speaks of a number, and which numbers none speaks of.

The most specific row counts: the one with the fewest ``*`` in its pattern. A number that the table
``series`` gives by year takes the provenance of the cell that it fills, unless provenance speaks of
the value in ``series`` itself. Years that are part of a key say when a number holds and are no
numbers to be sourced.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from paxsilica.tables import TABLES, Tables
from paxsilica.tables.checks.provenance_rows import pattern_parts
from paxsilica.tables.layout import key_parts, layout
from paxsilica.tables.schema import Provenance, Row, Series

RECORDS = ("sources", "published", "provenance")
"""Tables that speak of numbers, and are not sourced themselves."""


@dataclass(frozen=True)
class Number:
    """A numeric cell: where it stands and what it holds; several values where a cell holds shares
    by year."""

    table: str
    row: str
    column: str
    values: tuple[float, ...]

    @property
    def place(self) -> str:
        """Where it stands, in one line."""
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
                    values = (
                        tuple(map(float, value)) if isinstance(value, tuple) else (float(value),)
                    )
                    yield Number(table, "|".join(key_parts(row)), column, values)


class Lookup:
    """Finds the provenance of numbers; made once for a set of tables, since patterns are many."""

    def __init__(self, tables: Tables) -> None:
        self._by_fixed: dict[
            tuple[str, str], dict[tuple[int, ...], dict[tuple[str, ...], Provenance]]
        ] = defaultdict(dict)
        for row in tables.provenance:
            if row.table not in TABLES:
                continue
            parts = pattern_parts(row.table, row.row)
            # A "*" of a route's own key is both a wildcard and itself; written alone it is read as
            # a wildcard, which fits it too.
            fixed = tuple(place for place, part in enumerate(parts) if part != "*")
            group = self._by_fixed[row.table, row.column].setdefault(fixed, {})
            group[tuple(parts[place] for place in fixed)] = row

    def find(self, table: str, row: str, column: str) -> Provenance | None:
        """Return the most specific provenance of a cell, or nothing."""
        parts = pattern_parts(table, row)
        if table == "series" and column == "value":
            target = self._find("series", parts, column)
            return target or self._find(parts[0], pattern_parts(parts[0], parts[1]), parts[2])
        return self._find(table, parts, column)

    def _find(self, table: str, parts: tuple[str, ...], column: str) -> Provenance | None:
        groups = self._by_fixed.get((table, column), {})
        for fixed in sorted(groups, key=len, reverse=True):
            found = groups[fixed].get(tuple(parts[place] for place in fixed if place < len(parts)))
            if found is not None:
                return found
        return None


def range_of(entry: Provenance, value: float) -> tuple[float, float]:
    """Return the low and high end of the range of ``value`` by its provenance, in its unit."""
    factor = value if entry.range == "relative" else 1.0
    ends = (entry.low * factor, entry.high * factor)
    return min(ends), max(ends)


def without_provenance(tables: Tables) -> list[Number]:
    """Return the numbers that no row of provenance speaks of."""
    lookup = Lookup(tables)
    return [
        number
        for number in numbers(tables)
        if lookup.find(number.table, number.row, number.column) is None
    ]


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
    return next((row for row in tables.rows(table) if "|".join(key_parts(row)) == key), None)
