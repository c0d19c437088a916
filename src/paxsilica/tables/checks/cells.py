"""Cells of one row: the rules between them, and magnitudes that only a wrong unit explains."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from paxsilica.errors import Problem
from paxsilica.tables.columns import cell_text
from paxsilica.tables.layout import ColumnLayout, layout
from paxsilica.tables.read import Tables
from paxsilica.tables.rules import RULES
from paxsilica.tables.schema import TABLES

# The product of the whole world is about 1e8 USD million a year.
_MOST = (("USD million", 1e7), ("USD", 1e12), ("t per unit", 1e9), ("", 1e12))


def rules(tables: Tables) -> Iterable[Problem]:
    """Find rows that break a rule between their cells."""
    for rule in RULES:
        for line, row in tables.numbered(rule.table, tables.rows(rule.table)):
            if not rule.holds(row):
                value = cell_text(getattr(row, rule.column))
                words = f"should {rule.expected}{rule.found(row)}"
                yield Problem(rule.table, line, rule.column, value, words)


def magnitudes(tables: Tables) -> Iterable[Problem]:
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


def _most(column: ColumnLayout) -> tuple[str, float]:
    return next((unit, most) for unit, most in _MOST if column.column.unit.startswith(unit))


def _words(unit: str, most: float) -> str:
    limit = f"{most:.12g} {unit}".rstrip()
    return f"should be at most {limit}: it seems to be written in another unit"
