"""The chain from a number to its sources, as lines to print."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from paxsilica.errors import InputError, Problem
from paxsilica.provenance.formulas import Figures
from paxsilica.provenance.lookup import (
    RECORDS,
    Lookup,
    Number,
    first_year,
    numbers,
    row_of,
    sourced_columns,
)
from paxsilica.tables import TABLES, Tables
from paxsilica.tables.columns import number_text
from paxsilica.tables.expressions import read_formula
from paxsilica.tables.schema import Provenance, Source
from paxsilica.tables.suggestions import Nearest

GRADES = {
    "A": "official statistics or filing",
    "B": "company guidance or reputable press",
    "C": "analyst estimate",
    "D": "inference of the authors",
}


def overview(tables: Tables) -> Iterator[tuple[str, int, int, Counter[str]]]:
    """Go through the tables with numbers: name, numbers, numbers with a formula, numbers by grade
    (``-`` without provenance)."""
    lookup = Lookup(tables)
    found: dict[str, tuple[Counter[str], list[int]]] = {}
    for number in numbers(tables):
        grades, formulas = found.setdefault(number.table, (Counter(), [0]))
        row = lookup.find(number.table, number.row, number.column)
        grades[row.grade if row else "-"] += 1
        formulas[0] += bool(row and row.formula)
    for table, (grades, formulas) in found.items():
        yield table, grades.total(), formulas[0], grades


def of_table(tables: Tables, table: str) -> Iterator[tuple[Number, Provenance | None]]:
    """Go through the numbers of a table with their provenance; those by year once, at their first
    year."""
    _known_table(table)
    lookup = Lookup(tables)
    for number in numbers(tables):
        if number.table == table:
            yield number, lookup.find(table, number.row, number.column)
    for place, row in first_year(tables).items():
        if place[0] == table:
            yield Number(table, place[1], place[2], (row.value,)), lookup.find(*place)


def number_facts(number: Number, provenance: Provenance | None) -> dict[str, Any]:
    """A number with its provenance, in plain data; blank where nobody says where it is from."""
    said = None if provenance is None else provenance.model_dump(exclude={"table", "row", "column"})
    return {
        "table": number.table,
        "row": number.row,
        "column": number.column,
        "values": number.values,
        "provenance": said,
    }


def of_row(tables: Tables, table: str, key: str) -> dict[str, Any]:
    """The numbers of a row with their provenance, and the sources that they cite, in plain data."""
    found = [
        (number, provenance) for number, provenance in of_table(tables, table) if number.row == key
    ]
    cited = {name for _, provenance in found if provenance for name in provenance.sources}
    return {
        "numbers": [number_facts(*one) for one in found],
        "sources": [row.model_dump() for row in tables.sources if row.source in cited],
    }


def explain(tables: Tables, table: str, key: str) -> list[str]:
    """Write where the numbers of a row come from: value, range, grade, derivation, and the
    documents behind them.

    Raises:
        InputError: if there is no such table or row; the nearest name is suggested.
    """
    _known_table(table)
    row = row_of(tables, table, key)
    if row is None:
        names = {
            "|".join(str(getattr(each, part) or "") for part in TABLES[table].key)
            for each in tables.rows(table)
        }
        words = (
            f"should be the {'|'.join(TABLES[table].key)} of a row of {table}{Nearest(names)(key)}"
        )
        raise InputError([Problem("ID", "", "", key, words)])
    teller = _Teller(tables)
    lines: list[str] = []
    for column in sourced_columns(table):
        value = getattr(row, column)
        by_year = sorted(
            (each.year, each.value)
            for each in tables.series
            if (each.table, each.row, each.column) == (table, key, column)
        )
        if value is None and not by_year:
            continue
        if by_year:
            reported = ", ".join(f"{year}: {number_text(each)}" for year, each in by_year)
            base = by_year[0][1]
        else:
            reported = (
                "; ".join(map(number_text, value))
                if isinstance(value, tuple)
                else number_text(float(value))
            )
            base = float(value[0] if isinstance(value, tuple) else value)
        lines += teller.number(
            table, key, column, reported, base, single=not isinstance(value, tuple)
        )
    if not lines:
        lines.append(f"{table} {key} holds no numbers.")
    return lines


class _Teller:
    """Writes the chain of one number after another."""

    def __init__(self, tables: Tables) -> None:
        self.lookup = Lookup(tables)
        self.figures = Figures(tables)
        self.sources: dict[str, Source] = {row.source: row for row in tables.sources}

    def number(
        self, table: str, key: str, column: str, reported: str, base: float, single: bool
    ) -> list[str]:
        row = self.lookup.find(table, key, column)
        if row is None:
            return [f"{table} {key} {column} = {reported}", "  no provenance"]
        lines = [f"{table} {key} {column} = {reported} {row.unit}".rstrip()]
        factor = base if row.range == "relative" else 1.0
        between = f"between {_short(row.low * factor)} and {_short(row.high * factor)}"
        if not single and row.range == "relative":
            between = f"each between {row.low:g} and {row.high:g} times that"
        about = "".join(
            (
                f", of {row.date}" if row.date else "",
                f", USD of {row.price_year}" if row.price_year else "",
            )
        )
        lines.append(f"  grade {row.grade} ({GRADES[row.grade]}), {between}{about}")
        if row.row != key:
            lines.append(f"  spoken of by the pattern {row.row}")
        if row.formula is not None:
            lines += self._formula(row)
        if row.note is not None:
            lines.append(f"  {row.note}")
        lines += [line for name in row.sources for line in self._source(name)]
        return lines

    def _formula(self, row: Provenance) -> list[str]:
        formula = read_formula(row.formula or "")
        given = self.figures.given(row)
        lines = (
            [f"  = {self.figures.with_values(formula, row)} = {_short(given.value)}"]
            if given is not None
            else []
        )
        for name in formula.cells:
            parts = name.split("|")
            if len(parts) > 1:
                behind = self.lookup.find(parts[0], "|".join(parts[1:-1]), parts[-1])
                lines.append(
                    f"    {name}: grade {behind.grade}, {', '.join(behind.sources)}"
                    if behind
                    else f"    {name}: no provenance"
                )
        return lines

    def _source(self, name: str) -> list[str]:
        source = self.sources[name]
        parts = [source.title, source.publisher or "", source.date or ""]
        lines = [f"    {name}: " + ", ".join(part for part in parts if part)]
        if source.value is not None:
            lines.append(
                f"      figure: {_short(source.value)} {source.unit or ''}".rstrip()
                + (f" ({source.note})" if source.note else "")
            )
        elif source.note:
            lines.append(f"      {source.note}")
        if source.url:
            lines.append(f"      {source.url}")
        return lines


def _short(value: float) -> str:
    return f"{value:.6g}"


def _known_table(table: str) -> None:
    names = [name for name in TABLES if name not in RECORDS and sourced_columns(name)]
    if table not in names:
        words = f"should be a table that holds numbers: {', '.join(names)}{Nearest(names)(table)}"
        raise InputError([Problem("TABLE", "", "", table, words)])
