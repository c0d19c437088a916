"""How sure the numbers are: provenance of single cells."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from paxsilica.tables import Tables
from paxsilica.tables.layout import key_parts, key_text
from paxsilica.tables.schema import Provenance, Row


@dataclass(frozen=True)
class Number:
    """A number of the data with what is known of it; ``grade`` is empty and the range closed where nothing is recorded."""

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


def number(tables: Tables, table: str, row: Row, column: str) -> list[Number]:
    """The cell, or its values by year where the table series gives them; several shares in a cell are left out."""
    cell = getattr(row, column)
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return [_graded(tables, table, key_parts(row), column, float(cell), None, key_text(row))]
    return [
        _graded(tables, "series", key_parts(item), "value", item.value, item.year, f"{table}|{item.row}|{column}")
        for item in tables.series
        if (item.table, item.row, item.column) == (table, key_text(row), column)
    ]


def numbers(tables: Tables, table: str, row: Row, columns: Iterable[str]) -> list[Number]:
    """Several cells of a row."""
    return [one for column in columns for one in number(tables, table, row, column)]


def _graded(tables: Tables, table: str, key: tuple[str, ...], column: str, value: float, year: int | None, shown: str) -> Number:
    best: tuple[int, Provenance] | None = None
    for entry in tables.provenance:
        if entry.table == table and entry.column == column:
            stars = _fits(entry.row, key)
            if stars is not None and (best is None or stars < best[0]):
                best = (stars, entry)
    if best is None:
        return Number(table, shown, column, value, value, value, "", "", (), year)
    entry = best[1]
    low, high = (entry.low, entry.high) if entry.range == "absolute" else (value * entry.low, value * entry.high)
    return Number(table, shown, column, value, min(low, high), max(low, high), entry.unit, entry.grade, entry.sources, year)


def _fits(pattern: str, key: tuple[str, ...]) -> int | None:
    """Number of stars if the pattern fits the key, else ``None``."""
    parts = pattern.split("|")
    if len(parts) > len(key):
        # the key of a series holds the key of another row, which may have several parts itself
        parts = [parts[0], "|".join(parts[1:-2]), *parts[-2:]]
    if len(parts) != len(key) or any(part not in ("*", own) for part, own in zip(parts, key, strict=True)):
        return None
    return parts.count("*")
