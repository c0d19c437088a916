"""How sure the numbers are on which a verdict rests: single cells with their provenance."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from paxsilica.provenance.lookup import Lookup, bounds
from paxsilica.tables import Tables
from paxsilica.tables.layout import key_text
from paxsilica.tables.schema import Row


@dataclass(frozen=True)
class Number:
    """A number of the data with what is known of it; ``grade`` is empty and the range closed where
    nothing is recorded."""

    table: str
    row: str
    column: str
    value: float
    low: float
    high: float
    unit: str
    grade: str
    sources: tuple[str, ...]
    year: int | None = None


class Grades:
    """Finds numbers with their provenance; made once for a set of tables."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        self.lookup = Lookup(tables)

    def of(self, table: str, row: Row, *columns: str) -> list[Number]:
        """The cells of a row, or their values by year where the table series gives them; several
        shares in a cell are left out."""
        return [number for column in columns for number in self._cell(table, row, column)]

    def _cell(self, table: str, row: Row, column: str) -> Iterable[Number]:
        cell, key = getattr(row, column), key_text(row)
        if isinstance(cell, int | float) and not isinstance(cell, bool):
            yield self._graded(table, key, column, float(cell), None)
        for item in self.tables.series:
            if (item.table, item.row, item.column) == (table, key, column):
                yield self._graded("series", key_text(item), "value", item.value, item.year)

    def _graded(self, table: str, key: str, column: str, value: float, year: int | None) -> Number:
        entry = self.lookup.find(table, key, column)
        if entry is None:
            return Number(table, key, column, value, value, value, "", "", (), year)
        low, high = bounds(entry, value)
        return Number(
            table,
            key,
            column,
            value,
            low,
            high,
            entry.unit,
            entry.grade,
            entry.sources,
            year,
        )
