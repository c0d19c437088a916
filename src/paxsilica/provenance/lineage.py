"""The way from a number to its sources, as lines to print."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from paxsilica.errors import InputError
from paxsilica.provenance.formulas import Figures, cell_place
from paxsilica.provenance.lookup import (
    RECORDS,
    Lookup,
    Number,
    bounds,
    first_year,
    grade_of,
    numbers,
    row_of,
    sourced_columns,
)
from paxsilica.tables import TABLES, Tables
from paxsilica.tables.columns import GRADES, number_text
from paxsilica.tables.expressions import read_formula
from paxsilica.tables.layout import key_text
from paxsilica.tables.schema import Provenance, Source
from paxsilica.tables.suggestions import Nearest


def overview(tables: Tables) -> Iterator[tuple[str, int, int, Counter[str]]]:
    """Go through the tables with numbers: name, numbers, numbers with a formula, numbers by grade
    (``-`` without provenance)."""
    lookup = Lookup(tables)
    grades: dict[str, Counter[str]] = defaultdict(Counter)
    formulas: Counter[str] = Counter()
    for number in numbers(tables):
        row = lookup.find(number.table, number.row, number.column)
        grades[number.table][grade_of(row)] += 1
        formulas[number.table] += bool(row and row.formula)
    for table, counts in grades.items():
        yield table, counts.total(), formulas[table], counts


def of_table(tables: Tables, table: str) -> Iterator[tuple[Number, Provenance | None]]:
    """Go through the numbers of a table with their provenance; those that vary by year once, at
    their first year.

    Raises:
        InputError: if no table with numbers has this name.
    """
    names = [name for name in TABLES if name not in RECORDS and sourced_columns(name)]
    if table not in names:
        words = f"should be a table that holds numbers: {', '.join(names)}{Nearest(names)(table)}"
        raise InputError.of(words, table="TABLE", value=table)
    lookup = Lookup(tables)
    for number in numbers(tables):
        if number.table == table:
            yield number, lookup.find(table, number.row, number.column)
    for place, row in first_year(tables).items():
        if place[0] == table:
            yield Number(*place, (row.value,)), lookup.find(*place)


def number_facts(number: Number, provenance: Provenance | None) -> dict[str, Any]:
    """A number with its provenance in plain data; ``None`` without provenance."""
    recorded = None if provenance is None else provenance.model_dump(exclude=set(Provenance.key))
    return {**asdict(number), "provenance": recorded}


def of_row(tables: Tables, table: str, key: str) -> dict[str, Any]:
    """The numbers of a row with their provenance, and the sources that they cite, in plain data."""
    found = [(number, row) for number, row in of_table(tables, table) if number.row == key]
    cited = {name for _, row in found if row for name in row.sources}
    return {
        "numbers": [number_facts(*one) for one in found],
        "sources": [row.model_dump() for row in tables.sources if row.source in cited],
    }


def explain(tables: Tables, table: str, key: str) -> list[str]:
    """Write where the numbers of a row come from: value, range, grade, formula and documents.

    Raises:
        InputError: if there is no such table or row; the nearest name is suggested.
    """
    found = [(number, row) for number, row in of_table(tables, table) if number.row == key]
    if row_of(tables, table, key) is None:
        names = {key_text(each) for each in tables.rows(table)}
        part = "|".join(TABLES[table].key)
        words = f"should be the {part} of a row of {table}{Nearest(names)(key)}"
        raise InputError.of(words, table="ID", value=key)
    by_year: dict[str, dict[int, float]] = defaultdict(dict)
    for each in sorted(tables.series, key=lambda each: each.year):
        if (each.table, each.row) == (table, key):
            by_year[each.column][each.year] = each.value
    order = sourced_columns(table)
    writer = _Writer(tables)
    lines = [
        line
        for number, row in sorted(found, key=lambda one: order.index(one[0].column))
        for line in writer.number(number, row, by_year[number.column])
    ]
    return lines or [f"{table} {key} holds no numbers."]


class _Writer:
    """Writes numbers with their formulas and documents."""

    def __init__(self, tables: Tables) -> None:
        self.lookup = Lookup(tables)
        self.figures = Figures(tables)
        self.sources: dict[str, Source] = {row.source: row for row in tables.sources}

    def number(
        self, number: Number, row: Provenance | None, by_year: Mapping[int, float]
    ) -> Iterator[str]:
        values = (
            ", ".join(f"{year}: {number_text(value)}" for year, value in by_year.items())
            if by_year
            else "; ".join(map(number_text, number.values))
        )
        if row is None:
            yield from (f"{number.place} = {values}", "  no provenance")
            return
        yield f"{number.place} = {values} {row.unit}".rstrip()
        if len(number.values) > 1 and row.range == "relative":
            between = f"each between {row.low:g} and {row.high:g} times that"
        else:
            low, high = bounds(row, number.values[0])
            between = f"between {low:.6g} and {high:.6g}"
        date = f", of {row.date}" if row.date else ""
        price_year = f", USD of {row.price_year}" if row.price_year else ""
        yield f"  grade {row.grade} ({GRADES[row.grade]}), {between}{date}{price_year}"
        if row.row != number.row:
            yield f"  described by the pattern {row.row}"
        if row.formula is not None:
            yield from self._formula(row, row.formula)
        if row.note is not None:
            yield f"  {row.note}"
        for name in row.sources:
            yield from self._source(name)

    def _formula(self, row: Provenance, text: str) -> Iterator[str]:
        formula, given = read_formula(text), self.figures.given(row)
        if given is not None:
            yield f"  = {self.figures.with_values(formula, row)} = {given.value:.6g}"
        for name in formula.cells:
            if elsewhere := cell_place(name):
                behind = self.lookup.find(*elsewhere)
                sources = f"grade {behind.grade}, {', '.join(behind.sources)}" if behind else ""
                yield f"    {name}: {sources or 'no provenance'}"

    def _source(self, name: str) -> Iterator[str]:
        source = self.sources[name]
        yield f"    {name}: " + ", ".join(
            filter(None, (source.title, source.publisher, source.date))
        )
        if source.value is not None:
            note = f" ({source.note})" if source.note else ""
            yield f"      figure: {source.value:.6g} {source.unit or ''}".rstrip() + note
        elif source.note:
            yield f"      {source.note}"
        if source.url:
            yield f"      {source.url}"
