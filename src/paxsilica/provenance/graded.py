"""Numbers of the data with their range, grade and sources."""

from __future__ import annotations

from dataclasses import dataclass

from paxsilica.provenance.lookup import Lookup, bounds
from paxsilica.tables import Tables
from paxsilica.tables.layout import key_text
from paxsilica.tables.schema import Row


@dataclass(frozen=True)
class GradedNumber:
    """A number of the data with its provenance. Without provenance, ``grade`` is empty and the
    range is the number itself."""

    table: str
    row: str
    column: str
    value: float
    low: float
    high: float
    unit: str = ""
    grade: str = ""
    sources: tuple[str, ...] = ()
    year: int | None = None


def graded(
    tables: Tables, lookup: Lookup, table: str, row: Row, *columns: str
) -> list[GradedNumber]:
    """Return the numbers in some cells of a row, or the values by year that the table series gives
    for them; cells with several shares are left out."""
    found = []
    for column in columns:
        cell, key = getattr(row, column), key_text(row)
        if isinstance(cell, int | float) and not isinstance(cell, bool):
            found.append(_graded(lookup, (table, key, column), float(cell), None))
        found += [
            _graded(lookup, ("series", key_text(item), "value"), item.value, item.year)
            for item in tables.series
            if (item.table, item.row, item.column) == (table, key, column)
        ]
    return found


def _graded(
    lookup: Lookup, place: tuple[str, str, str], value: float, year: int | None
) -> GradedNumber:
    entry = lookup.find(*place)
    if entry is None:
        return GradedNumber(*place, value, value, value, year=year)
    ends = bounds(entry, value)
    return GradedNumber(*place, value, *ends, entry.unit, entry.grade, entry.sources, year)
