"""Numbers so large that they can only be written in the wrong unit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from paxsilica.errors import Problem
from paxsilica.tables.layout import ColumnLayout, layout
from paxsilica.tables.read import Tables
from paxsilica.tables.schema import TABLES

# The product of the whole world is about 1e8 USD million a year.
_MOST = (("USD million", 1e7), ("USD", 1e12), ("t per unit", 1e9), ("", 1e12))


def _most(column: ColumnLayout) -> tuple[str, float]:
    return next((unit, most) for unit, most in _MOST if column.column.unit.startswith(unit))


def sane(tables: Tables) -> Iterable[Problem]:
    """Find absurd magnitudes, in cells and in series."""
    for table in TABLES:
        if table in ("series", "provenance"):
            continue
        limits: Mapping[str, tuple[str, float]] = {
            name: _most(column) for name, column in layout(table).items() if column.kind == "number"
        }
        for line, row in tables.numbered(table, tables.rows(table)):
            for name, (unit, most) in limits.items():
                value = getattr(row, name)
                if value is not None and abs(value) > most and value != float("inf"):
                    yield Problem(table, line, name, f"{value:.12g}", _words(unit, most))
    for line, entry in tables.numbered("series", tables.series):
        column = layout(entry.table).get(entry.column)
        if column is not None and column.kind == "number" and abs(entry.value) > _most(column)[1]:
            yield Problem("series", line, "value", f"{entry.value:.12g}", _words(*_most(column)))


def _words(unit: str, most: float) -> str:
    return (
        f"should be at most {most:.12g}{f' {unit}' if unit else ''}: it seems to be written in"
        " another unit"
    )
