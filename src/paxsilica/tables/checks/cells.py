"""Cells of one row: the rules between them, and magnitudes that only a wrong unit explains."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from paxsilica.errors import Problem
from paxsilica.tables.columns import cell_text
from paxsilica.tables.layout import ColumnLayout, key_text, layout
from paxsilica.tables.no_bound import BOUNDS, MOST, needless
from paxsilica.tables.read import Tables
from paxsilica.tables.rules import RULES
from paxsilica.tables.schema import TABLES

# The product of the whole world is about 1e8 USD million a year.
_QUANTITY = ("commodity units", "units of activity")
_MOST = (
    ("USD million", 1e7),
    ("USD", 1e12),
    ("t per unit", 1e9),
    *((unit, MOST) for unit in _QUANTITY),
    ("", 1e12),
)


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
    units: dict[str, str] = {row.commodity: row.unit for row in tables.commodities}
    units |= {f"process {row.process}": row.unit for row in tables.processes}
    none = needless(tables)
    for table in TABLES:
        if table in ("series", "provenance"):
            continue
        limits: Mapping[str, tuple[str, float]] = {
            name: _most(column) for name, column in layout(table).items() if column.kind == "number"
        }
        for line, row in tables.numbered(table, tables.rows(table)):
            for name, (unit, most) in limits.items():
                value = getattr(row, name)
                if (
                    value is not None
                    and abs(value) > most
                    and value != float("inf")
                    and (BOUNDS.get(table), (table, key_text(row)) in none) != (name, True)
                ):
                    yield Problem(
                        table,
                        line,
                        name,
                        f"{value:.12g}",
                        _words(unit, most, _own_unit(row, units), _without_limit(table, name)),
                    )
    for line, entry in tables.numbered("series", tables.series):
        column = layout(entry.table).get(entry.column)
        if column is not None and column.kind == "number" and abs(entry.value) > _most(column)[1]:
            yield Problem("series", line, "value", f"{entry.value:.12g}", _words(*_most(column)))


def _most(column: ColumnLayout) -> tuple[str, float]:
    return next((unit, most) for unit, most in _MOST if column.column.unit.startswith(unit))


def _own_unit(row: Any, units: Mapping[str, str]) -> str:
    """The unit of the commodity or process of a row."""
    process = f"process {getattr(row, 'process', '')}"
    return units.get(process) or units.get(getattr(row, "commodity", ""), "")


def _without_limit(table: str, name: str) -> str:
    """How a column says that there is no limit."""
    text = layout(table)[name].description
    if "inf: without limit" in text:
        return "; no limit is written inf"
    return "; no limit is a blank cell" if "blank: no limit" in text else ""


def _words(unit: str, most: float, own: str = "", no_limit: str = "") -> str:
    limit = f"{most:.12g} {unit}".rstrip()
    if unit not in _QUANTITY:
        return f"should be at most {limit}: it seems to be written in another unit"
    larger = f", such as million {own}" if own else ""
    return (
        f"should be at most {limit}, the most that the solver bears: count in a larger"
        f" unit{larger}{no_limit}"
    )
