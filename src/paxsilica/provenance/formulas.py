"""Values of the formulas of provenance, compared with the numbers that they describe."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from paxsilica.provenance.lookup import first_year
from paxsilica.tables import TABLES, Tables
from paxsilica.tables.checks.provenance_rows import pattern_parts
from paxsilica.tables.expressions import Formula, read_formula
from paxsilica.tables.layout import key_parts, key_text
from paxsilica.tables.schema import Demand, Provenance, Row

TOLERANCE = 0.021
"""Largest relative difference: numbers of the data are rounded to two or three digits."""


@dataclass(frozen=True)
class Given:
    """The value of a formula and the number that it describes; ``None`` for a pattern that fits
    several numbers."""

    value: float
    number: float | None

    @property
    def agrees(self) -> bool:
        """Whether the two are equal up to rounding."""
        return self.number is None or abs(self.value - self.number) <= TOLERANCE * max(
            abs(self.value), abs(self.number)
        )


class Figures:
    """Figures of sources and cells of tables by name, as formulas name them."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        self.first = first_year(tables)
        self.units = {row.source: row.unit or "" for row in tables.sources}
        self.figures = {row.source: row.value for row in tables.sources}

    @cached_property
    def rows(self) -> dict[tuple[str, str], Row]:
        """Every row by table and key."""
        return {
            (table, key_text(row)): row
            for table in TABLES
            if table != "provenance"
            for row in self.tables.rows(table)
        }

    def figure(self, source: str) -> float:
        """Return the figure of a source."""
        value = self.figures[source]
        if value is None:
            raise KeyError(source)
        return value

    def cell(self, name: str, of: Provenance) -> float:
        """Return a cell named in a formula of ``of``: a column of the same row, or table, row and
        column joined by ``|``."""
        value = self.number(*(cell_place(name) or (of.table, of.row, name)))
        if value is None:
            raise KeyError(name)
        return value

    def number(self, table: str, row: str, column: str) -> float | None:
        """Return the number of a cell; if it varies, that of its first year; of demand, the sum
        over the rows that a pattern fits."""
        if table == "demand":
            return self._demand(pattern_parts("demand", row))
        if (table, row, column) in self.first:
            return self.first[table, row, column].value
        value = getattr(self.rows.get((table, row)), column, None)
        return float(value) if isinstance(value, int | float) else None

    def _demand(self, parts: tuple[str, ...]) -> float | None:
        fits = [row for row in self.tables.demand if _fits(row, parts)]
        year = min((row.year for row in fits), default=None)
        return sum(row.quantity for row in fits if row.year == year) if fits else None

    def given(self, row: Provenance) -> Given | None:
        """Return the value of the formula of a row and the number it describes, if it has one."""
        if row.formula is None:
            return None
        value = read_formula(row.formula).value(self.figure, lambda name: self.cell(name, row))
        return Given(value, self.number(row.table, row.row, row.column))

    def with_values(self, formula: Formula, of: Provenance) -> str:
        """Write a formula with the value after each name."""
        values = {
            name: f"{name} ({self.figure(name):.6g} {self.units[name]}".rstrip() + ")"
            for name in sorted(formula.figures, key=len, reverse=True)
        }
        values |= {f"[{name}]": f"{name} ({self.cell(name, of):.6g})" for name in formula.cells}
        # One pass with the longest names first: a name may contain another.
        pattern = "|".join(map(re.escape, values)) or "(?!)"
        return re.sub(pattern, lambda match: values[match[0]], formula.text)


def cell_place(name: str) -> tuple[str, str, str] | None:
    """Return table, row and column of a cell of another row, as a formula names it.

    >>> cell_place("routes|a|b|c|cost"), cell_place("cost")
    (('routes', 'a|b|c', 'cost'), None)
    """
    table, *row, column = name.split("|") if "|" in name else ("", "")
    return (table, "|".join(row), column) if table else None


def _fits(row: Demand, parts: tuple[str, ...]) -> bool:
    """Whether a pattern fits demand; ``*`` for the variant fits the central one."""
    return all(
        mine == part or (part == "*" and (name != "variant" or mine in ("", "central")))
        for name, part, mine in zip(Demand.key, parts, key_parts(row), strict=True)
    )


def disagreements(tables: Tables) -> Iterator[tuple[Provenance, Given]]:
    """Go through the formulas that do not give the number they describe."""
    figures = Figures(tables)
    for row in tables.provenance:
        given = figures.given(row)
        if given is not None and not given.agrees:
            yield row, given
