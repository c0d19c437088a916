"""Provenance: its rows and columns exist; its ranges, units and formulas fit the numbers."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import Any

from paxsilica.errors import Problem
from paxsilica.tables.expressions import FormulaError, read_formula
from paxsilica.tables.layout import ColumnLayout, key_parts, layout
from paxsilica.tables.read import Tables
from paxsilica.tables.schema import TABLES, Provenance, Row, Series
from paxsilica.tables.suggestions import Nearest

_MONEY = re.compile(
    r"\$|€|£|¥|\b(usd|us\$|eur|gbp|jpy|krw|cny|rmb|aud|cad|inr|twd|dollars?|euros?|yen|yuan|won)\b"
)
_MILLION = re.compile(r"\b(million|mn|m|mio|musd)\b")
_BILLION = re.compile(r"\b(billion|bn|b|trillion|tn)\b")
_THOUSAND = re.compile(r"\b(thousand|k)\b")
_PERCENT = re.compile(r"%|\bper ?cent\b|\bpct\b")
_PLAIN = ("t", "kt", "mt", "kg", "g", "m3", "l", "kwh", "mwh", "gwh", "twh")


def pattern_parts(table: str, text: str) -> tuple[str, ...]:
    """Split the row pattern of a provenance row into the parts of its table's key."""
    parts = tuple(text.split("|"))
    if TABLES[table] is Series and len(parts) > len(Series.key):
        # The key of a series holds the key of another row, which may have several parts itself.
        return (parts[0], "|".join(parts[1:-2]), *parts[-2:])
    return parts


def _numeric_column(row: Provenance) -> ColumnLayout | None:
    column = layout(row.table).get(row.column) if row.table in TABLES else None
    return column if column is not None and column.numeric else None


class _Targets:
    """Finds the one row that a provenance row without wildcards describes."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        self._rows: dict[str, dict[tuple[str, ...], Row]] = {}

    def find(self, row: Provenance) -> Row | None:
        if row.table not in TABLES or ("*" in row.row.split("|") and row.table != "routes"):
            return None
        if row.table not in self._rows:
            rows = self.tables.rows(row.table)
            self._rows[row.table] = {key_parts(target): target for target in rows}
        return self._rows[row.table].get(pattern_parts(row.table, row.row))


class _Matcher:
    """Finds whether a pattern fits any row of a table, with one index per set of fixed parts."""

    def __init__(self, tables: Tables, table: str) -> None:
        self.keys = [key_parts(row) for row in tables.rows(table)]
        self.nearest = Nearest({"|".join(key) for key in self.keys})
        self._projected: dict[tuple[int, ...], set[tuple[str, ...]]] = {}

    def fits(self, parts: tuple[str, ...]) -> bool:
        fixed = tuple(place for place, part in enumerate(parts) if part != "*")
        if fixed not in self._projected:
            self._projected[fixed] = {tuple(key[place] for place in fixed) for key in self.keys}
        return tuple(parts[place] for place in fixed) in self._projected[fixed]


def rows_and_columns(tables: Tables, doubtful: frozenset[str] = frozenset()) -> Iterable[Problem]:
    """Find provenance of unknown tables, rows or columns, and of columns without numbers or
    dates."""
    matchers: dict[str, _Matcher] = {}
    nearest_table = Nearest(TABLES)
    for line, row in tables.numbered("provenance", tables.provenance):
        if row.table not in TABLES:
            words = f"should be the name of a table{nearest_table(row.table)}"
            yield Problem("provenance", line, "table", row.table, words)
            continue
        sourced = [
            column.name
            for column in layout(row.table).values()
            if column.numeric or column.kind == "date"
        ]
        if row.column not in sourced:
            words = (
                f"should be a column of {row.table} that holds numbers or dates:"
                f" {', '.join(sourced) or 'it has none'}{Nearest(sourced)(row.column)}"
            )
            yield Problem("provenance", line, "column", row.column, words)
        key = TABLES[row.table].key
        parts = pattern_parts(row.table, row.row)
        if row.table not in matchers:
            matchers[row.table] = _Matcher(tables, row.table)
        matcher = matchers[row.table]
        if len(parts) != len(key):
            count = f"{len(key)} part{'s' if len(key) > 1 else ''}"
            words = f"should have {count}, {'|'.join(key)}, each a name or *"
            yield Problem("provenance", line, "row", row.row, words)
        elif row.table not in doubtful and not matcher.fits(parts):
            words = f"should fit a row of {row.table} ({'|'.join(key)}){matcher.nearest(row.row)}"
            yield Problem("provenance", line, "row", row.row, words)


def ranges(tables: Tables) -> Iterable[Problem]:
    """Find absolute ranges that do not hold their number."""
    targets = _Targets(tables)
    for line, row in tables.numbered("provenance", tables.provenance):
        if row.low > row.high or row.range == "relative" or _numeric_column(row) is None:
            continue
        target = targets.find(row)
        values: Any = getattr(target, row.column) if target is not None else None
        for value in values if isinstance(values, tuple) else (values,):
            if value is not None and not row.low <= value <= row.high:
                words = (
                    f"should hold the number of {row.table} {row.row} {row.column}, which is"
                    f" {value:.12g}, but lies between {row.low:.12g} and {row.high:.12g}"
                )
                yield Problem("provenance", line, "range", "absolute", words)


@cache
def _numerator(unit: str) -> str:
    """Return the part of a unit before its first "per" or stroke, in lower case and single
    spaces."""
    return re.split(r"\bper\b|/", unit.casefold().replace("_", " "))[0].strip()


def units(tables: Tables) -> Iterable[Problem]:
    """Find units that do not fit the column, such as percent for a share or USD for USD million."""
    of_commodity = {row.commodity: row.unit for row in tables.commodities}
    of_process = {row.process: row.unit for row in tables.processes}
    counted_in_money = any(
        _MONEY.search(unit.casefold()) for unit in (*of_commodity.values(), *of_process.values())
    )
    targets = _Targets(tables)
    for line, row in tables.numbered("provenance", tables.provenance):
        column = _numeric_column(row)
        if column is None or not column.column.unit:
            continue
        target = targets.find(row)
        unit = column.column.unit
        if unit.startswith(("commodity unit", "units of activity")):
            own = (
                of_commodity.get(getattr(target, "commodity", ""), "")
                if unit.startswith("commodity unit")
                else of_process.get(getattr(target, "process", ""), "")
            )
            fits, unit = _fits_quantity(row.unit, own, counted_in_money), own or unit
        else:
            fits = _fits(row.unit, unit)
        if not fits:
            words = f"should be a unit of {row.table} {row.column}, which is in {unit}"
            yield Problem("provenance", line, "unit", row.unit, words)


def _fits(unit: str, wanted: str) -> bool:
    """Whether a unit may be that of a column with a unit of its own."""
    top = _numerator(unit)
    money = bool(_MONEY.search(top))
    if wanted.startswith("USD million"):
        return (
            (money and bool(_MILLION.search(top)) and not _BILLION.search(top))
            or "musd" in top
            or "usdm" in top
        )
    if wanted.startswith("USD"):
        return money and not (_MILLION.search(top) or _BILLION.search(top) or _THOUSAND.search(top))
    if wanted.startswith("share"):
        return not money and not _PERCENT.search(unit.casefold())
    return not money


def _fits_quantity(unit: str, own: str, counted_in_money: bool) -> bool:
    """Whether a unit may be that of a quantity of a commodity or an activity; free text fits."""
    top, mine = _numerator(unit), _numerator(own)
    if _MONEY.search(top):
        return bool(_MONEY.search(mine)) if mine else counted_in_money
    first, first_mine = top.split(" ")[0], mine.split(" ")[0]
    return first == first_mine or first not in _PLAIN or first_mine not in _PLAIN


def formulas(tables: Tables) -> Iterable[Problem]:
    """Find formulas that cannot be read, or that name unknown figures or cells."""
    figures = {row.source: row.value for row in tables.sources}
    nearest = Nearest(figures)
    keys: dict[str, set[str]] = {}

    def mistakes(row: Provenance, text: str) -> Iterable[tuple[str, str]]:
        try:
            formula = read_formula(text)
        except FormulaError as error:
            yield text, str(error)
            return
        for name in formula.figures:
            if name not in figures:
                yield name, f"should name a row of sources{nearest(name)}"
            elif figures[name] is None:
                yield name, "should name a source whose value is filled"
            elif name not in row.sources:
                yield name, "should be among the sources of this row"
        for name in formula.cells:
            if not _is_cell(tables, keys, name, row):
                yield (
                    f"[{name}]",
                    "should name a numeric column of the same row, or table|row|column of another",
                )

    for line, row in tables.numbered("provenance", tables.provenance):
        for value, words in mistakes(row, row.formula) if row.formula is not None else ():
            yield Problem("provenance", line, "formula", value, words)


def _is_cell(tables: Tables, keys: dict[str, set[str]], name: str, row: Provenance) -> bool:
    """Whether a name in square brackets is that of a numeric cell."""
    parts = name.split("|")
    if len(parts) == 1:
        return (
            row.table in TABLES
            and name in layout(row.table)
            and layout(row.table)[name].numeric
            and name != row.column
        )
    table, column = parts[0], parts[-1]
    if table not in TABLES or column not in layout(table) or not layout(table)[column].numeric:
        return False
    if table not in keys:
        keys[table] = {"|".join(key_parts(target)) for target in tables.rows(table)}
    return "|".join(parts[1:-1]) in keys[table]
