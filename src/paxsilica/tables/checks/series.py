"""Numbers that vary by year: each is in its cell or in the table ``series``, never in both."""

from __future__ import annotations

from collections.abc import Iterable

from paxsilica.errors import Problem
from paxsilica.tables.layout import key_text, layout
from paxsilica.tables.read import Tables
from paxsilica.tables.schema import TABLES
from paxsilica.tables.suggestions import Nearest


def rows_and_columns(tables: Tables, doubtful: frozenset[str] = frozenset()) -> Iterable[Problem]:
    """Find series of unknown rows or columns, or of columns that may not vary by year."""
    known: dict[str, set[str]] = {}
    nearest: dict[str, Nearest] = {}
    for line, row in tables.numbered("series", tables.series):
        varying = [column.name for column in layout(row.table).values() if column.column.series]
        if row.column not in varying:
            words = f"should be a column of {row.table} that may vary by year: {', '.join(varying)}"
            yield Problem("series", line, "column", row.column, words)
        if row.table not in known:
            known[row.table] = {key_text(target) for target in tables.rows(row.table)}
            nearest[row.table] = Nearest(known[row.table])
        if row.row not in known[row.table] and row.table not in doubtful:
            key = "|".join(TABLES[row.table].key)
            words = f"should be the {key} of a row of {row.table}{nearest[row.table](row.row)}"
            yield Problem("series", line, "row", row.row, words)


def cell_or_series(tables: Tables) -> Iterable[Problem]:
    """Find numbers that are given both in the cell and by year, and needed numbers that are given
    in neither."""
    by_year: dict[tuple[str, str, str], str] = {
        (row.table, row.row, row.column): line
        for line, row in reversed(list(tables.numbered("series", tables.series)))
    }
    for table in TABLES:
        columns = [column for column in layout(table).values() if column.column.series]
        for line, row in tables.numbered(table, tables.rows(table)) if columns else ():
            key = key_text(row)
            for column in columns:
                name = column.name
                value = getattr(row, name)
                also = by_year.get((table, key, name))
                if value is not None and also is not None:
                    words = (
                        f"should be blank, or row {also} of series be left out: the number is given"
                        " twice"
                    )
                    yield Problem(table, line, name, f"{value:.12g}", words)
                elif value is None and also is None and column.column.needed:
                    words = (
                        f"should be filled with {column.expected}, or be given by year in series"
                        f" under row {key!r}"
                    )
                    yield Problem(table, line, name, "", words)


def values_within_bounds(tables: Tables) -> Iterable[Problem]:
    """Find values by year that the column itself would refuse."""
    for line, row in tables.numbered("series", tables.series):
        column = layout(row.table).get(row.column)
        if column is not None and column.column.series and not column.admits(row.value):
            words = f"should be {column.expected}, as a cell of {row.table} {row.column}"
            yield Problem("series", line, "value", f"{row.value:.12g}", words)
