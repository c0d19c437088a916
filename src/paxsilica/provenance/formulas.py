"""What the formulas of provenance give, and whether it is the number they speak of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from paxsilica.provenance.lookup import first_year
from paxsilica.tables import TABLES, Tables
from paxsilica.tables.checks.provenance_rows import pattern_parts
from paxsilica.tables.expressions import Formula, read_formula
from paxsilica.tables.layout import key_parts
from paxsilica.tables.schema import Demand, Provenance, Row

TOLERANCE = 0.021
"""Numbers of the data are rounded to two or three digits, so a formula need not meet them closer
than this."""


@dataclass(frozen=True)
class Given:
    """What a formula gives, and the number that it speaks of; nothing for a pattern that fits
    several numbers."""

    value: float
    number: float | None

    @property
    def agrees(self) -> bool:
        """Whether the two are the same but for rounding."""
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
            (table, "|".join(key_parts(row))): row
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
        """Return a cell named inside a formula of ``of``: a column of the same row, or table, row
        and column joined by ``|``."""
        parts = name.split("|")
        table, row, column = (
            (of.table, of.row, name)
            if len(parts) == 1
            else (parts[0], "|".join(parts[1:-1]), parts[-1])
        )
        value = self.number(table, row, column)
        if value is None:
            raise KeyError(name)
        return value

    def number(self, table: str, row: str, column: str) -> float | None:
        """Return the number of a cell; by year, that of its first year; of demand, summed over the
        rows that a pattern fits."""
        if table == "demand":
            return self._demand(pattern_parts("demand", row))
        if (table, row, column) in self.first:
            return self.first[table, row, column].value
        value = getattr(self.rows.get((table, row)), column, None)
        return float(value) if isinstance(value, int | float) else None

    def _demand(self, parts: tuple[str, ...]) -> float | None:
        fits = [row for row in self.tables.demand if _fits(row, parts)]
        if not fits:
            return None
        year = min(row.year for row in fits)
        return sum(row.quantity for row in fits if row.year == year)

    def given(self, row: Provenance) -> Given | None:
        """Return what the formula of a provenance row gives and the number it should give; nothing
        without a formula."""
        if row.formula is None:
            return None
        value = read_formula(row.formula).value(self.figure, lambda name: self.cell(name, row))
        return Given(value, self.number(row.table, row.row, row.column))

    def with_values(self, formula: Formula, of: Provenance) -> str:
        """Write a formula with the values of what it names after each name."""
        text = formula.text
        for name in sorted(formula.figures, key=len, reverse=True):
            value = self.figures.get(name)
            if value is not None:
                text = text.replace(
                    name, f"{name} ({value:.6g} {self.units[name]})".replace(" )", ")")
                )
        for name in formula.cells:
            text = text.replace(f"[{name}]", f"{name} ({self.cell(name, of):.6g})")
        return text


def _fits(row: Demand, parts: tuple[str, ...]) -> bool:
    """Whether demand is spoken of by a pattern; where the pattern leaves the variant open, the
    central one stands for all."""
    return all(
        mine == part or (part == "*" and (place != 3 or mine in ("", "central")))
        for place, (part, mine) in enumerate(zip(parts, key_parts(row), strict=True))
    )


def disagreements(tables: Tables) -> Iterator[tuple[Provenance, Given]]:
    """Go through the formulas that do not give the number they speak of."""
    figures = Figures(tables)
    for row in tables.provenance:
        given = figures.given(row)
        if given is not None and not given.agrees:
            yield row, given
