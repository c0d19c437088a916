"""Cells of one row: the rules between them, and magnitudes that only a wrong unit explains."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from paxsilica.errors import Problem
from paxsilica.tables.columns import cell_text
from paxsilica.tables.layout import ColumnLayout, key_text, layout
from paxsilica.tables.no_bound import BOUNDS, MOST, needless
from paxsilica.tables.read import Tables
from paxsilica.tables.rules import RULES
from paxsilica.tables.schema import TABLES
from paxsilica.tables.typical import Typical

# The product of the whole world is about 1e8 USD million a year.
_QUANTITY = ("commodity units", "units of activity")
LARGEST = 1e15
"""Largest quantity, whatever the others are: floating-point numbers hold it to the last unit."""

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
    """Find absurd magnitudes, in cells and in series. A quantity that the solver would not bear
    alone is none where the chain is counted in such quantities."""
    units: dict[str, str] = {row.commodity: row.unit for row in tables.commodities}
    units |= {f"process {row.process}": row.unit for row in tables.processes}
    large = list(_large(tables))
    if not large:
        return
    none, typical = needless(tables), Typical(tables)
    for cell in large:
        unit, most = _most(layout(cell.owner)[cell.column])
        if unit in _QUANTITY and typical.explains(cell.row, cell.value):
            if cell.value <= LARGEST:
                continue
            most = LARGEST
        column = "value" if cell.table == "series" else cell.column
        is_bound = cell.table != "series" and BOUNDS.get(cell.table) == cell.column
        if is_bound and (cell.table, key_text(cell.row)) in none:
            continue
        words = _words(
            unit, most, _own_unit(cell.row, units), _without_limit(cell.owner, cell.column)
        )
        yield Problem(cell.table, cell.line, column, f"{cell.value:.12g}", words)


@dataclass(frozen=True)
class _Cell:
    """A number in a row of ``owner``, where it is written, and that row (of a series: the row
    that it belongs to)."""

    table: str
    line: str
    owner: str
    column: str
    value: float
    row: Any


def _large(tables: Tables) -> Iterator[_Cell]:
    """Numbers above what is borne without a look at the other numbers."""
    for table in TABLES:
        if table in ("series", "provenance"):
            continue
        numbers = {
            name: _most(column)[1]
            for name, column in layout(table).items()
            if column.kind == "number"
        }
        for line, row in tables.numbered(table, tables.rows(table)):
            for name, most in numbers.items():
                value = getattr(row, name)
                if value is not None and most < abs(value) < float("inf"):
                    yield _Cell(table, line, table, name, value, row)
    for line, entry in tables.numbered("series", tables.series):
        column = layout(entry.table).get(entry.column)
        if column is not None and column.kind == "number" and abs(entry.value) > _most(column)[1]:
            rows = (row for row in tables.rows(entry.table) if key_text(row) == entry.row)
            owner = next(rows, None)
            yield _Cell("series", line, entry.table, entry.column, entry.value, owner)


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
