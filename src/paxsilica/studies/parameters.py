"""Numbers that may be otherwise: which there are, within which range the data holds them, and
tables with some of them moved."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Any, Literal

from paxsilica.errors import InputError, Problem
from paxsilica.provenance.lookup import Lookup
from paxsilica.tables import TABLES, Tables
from paxsilica.tables.layout import ColumnLayout, key_parts, layout
from paxsilica.tables.schema import Project, Row, Series
from paxsilica.tables.suggestions import Nearest

Shape = Literal["triangular", "uniform"]


@dataclass(frozen=True)
class Parameter:
    """A number, or a group of numbers that move together.

    Attributes:
        name: as reports call it.
        table, columns: where it stands.
        rows: pattern of the key of the rows, its parts joined by ``|``; each part may use ``*`` and
            ``?``. One ``*`` alone fits every row.
    """

    name: str
    table: str
    columns: tuple[str, ...]
    rows: str = "*"

    @classmethod
    def parse(cls, text: str) -> Parameter:
        """From ``table.column`` or ``table.column:rows``, as the command line has it.

        >>> Parameter.parse("projects.capex_usd_m+capex_usd_m_per_unit:nolans*").columns
        ('capex_usd_m', 'capex_usd_m_per_unit')
        """
        place, _, rows = text.partition(":")
        table, dot, columns = place.partition(".")
        if not dot or not table or not columns:
            raise InputError(
                [
                    Problem(
                        "parameter",
                        "",
                        "",
                        text,
                        "should be written table.column or table.column:rows",
                    )
                ]
            )
        return cls(text, table, tuple(columns.split("+")), rows or "*")

    def fits(self, parts: Sequence[str]) -> bool:
        """Whether the row with this key belongs to the parameter."""
        patterns = self.rows.split("|")
        if patterns == ["*"]:
            return True
        return len(patterns) == len(parts) and all(
            part == pattern or fnmatchcase(part, pattern)
            for part, pattern in zip(parts, patterns, strict=True)
        )


GROUPS: tuple[Parameter, ...] = (
    Parameter("demand", "demand", ("quantity",)),
    Parameter("capacity of existing plants", "assets", ("capacity",)),
    Parameter("running cost of existing plants", "assets", ("variable_cost_usd_per_unit",)),
    Parameter("credit for announced plants", "statuses", ("credit",)),
    Parameter("capital cost of projects", "projects", ("capex_usd_m", "capex_usd_m_per_unit")),
    Parameter("running cost of projects", "projects", ("variable_cost_usd_per_unit",)),
    Parameter("lead time of projects", "projects", ("lead_time_years",)),
    Parameter("sponsors' share", "projects", ("sponsor_share",)),
    Parameter("recipes", "recipes", ("quantity",)),
    Parameter("minimum utilisation", "processes", ("minimum_utilisation",)),
    Parameter("shortage prices", "commodities", ("shortage_price_usd_per_unit",)),
    Parameter("freight", "routes", ("cost_usd_per_unit",)),
    Parameter("funders' envelopes", "funders", ("envelope_usd_m", "annual_limit_usd_m")),
    Parameter("delivery by funders", "funders", ("delivery_factor",)),
    Parameter("cost of funders' money", "funders", ("cost_of_capital",)),
)
"""The groups that a tornado shows if nobody says otherwise."""


@dataclass(frozen=True)
class Range:
    """A number and how low and high it may be; ``year`` where it is one of a series."""

    table: str
    row: str
    column: str
    year: int | None
    value: float
    low: float
    high: float

    def at(self, level: float) -> float:
        """The number at a level: -1 low, 0 as it is, 1 high, straight between."""
        return (
            self.value + level * (self.high - self.value)
            if level >= 0
            else self.value + level * (self.value - self.low)
        )

    def draw(self, share: float, shape: Shape) -> float:
        """The quantile of the number: ``triangular`` with its mode at the number itself, or
        ``uniform``."""
        width = self.high - self.low
        if width <= 0:
            return self.value
        if shape == "uniform":
            return self.low + share * width
        below = (self.value - self.low) / width
        if share < below:
            return self.low + math.sqrt(share * width * (self.value - self.low))
        return self.high - math.sqrt((1 - share) * width * (self.high - self.value))


def check_parameters(parameters: Iterable[Parameter]) -> None:
    """Raises one error with every parameter that speaks of what is not there or is no number."""
    problems = []
    for parameter in parameters:
        if parameter.table not in TABLES:
            words = f"should be the name of a table{Nearest(TABLES)(parameter.table)}"
            problems.append(Problem("parameter", "", "table", parameter.table, words))
            continue
        numeric = [
            name
            for name, column in layout(parameter.table).items()
            if column.kind in ("number", "whole")
        ]
        for column in parameter.columns:
            if column not in numeric:
                words = (
                    f"should be a column of {parameter.table} that holds numbers:"
                    f" {', '.join(numeric)}"
                )
                problems.append(
                    Problem("parameter", "", "column", column, words + Nearest(numeric)(column))
                )
    if problems:
        raise InputError(problems)


def find_ranges(tables: Tables, parameter: Parameter) -> list[Range]:
    """The numbers of a parameter that have a range in the table ``provenance``, held within what
    the schema allows."""
    check_parameters([parameter])
    lookup = Lookup(tables)
    found: list[Range] = []
    for row in tables.rows(parameter.table):
        parts = key_parts(row)
        if parameter.fits(parts):
            for column in parameter.columns:
                value = getattr(row, column)
                if value is not None and math.isfinite(value):
                    found += _range(
                        lookup, parameter.table, "|".join(parts), column, None, float(value)
                    )
    for item in tables.series:
        if (
            item.table == parameter.table
            and item.column in parameter.columns
            and parameter.fits(item.row.split("|"))
        ):
            found += _range(lookup, item.table, item.row, item.column, item.year, item.value)
    return found


def _range(
    lookup: Lookup, table: str, row: str, column: str, year: int | None, value: float
) -> Iterator[Range]:
    place = (
        (table, row, column)
        if year is None
        else ("series", "|".join((table, row, column, str(year))), "value")
    )
    said = lookup.find(*place)
    if said is None:
        return
    low, high = (
        (said.low * value, said.high * value) if said.range == "relative" else (said.low, said.high)
    )
    low, high = min(low, high, value), max(low, high, value)
    rule = layout(table)[column]
    low, high = _within(rule, low, value), _within(rule, high, value)
    if low < high:
        yield Range(table, row, column, year, value, low, high)


def _within(rule: ColumnLayout, wanted: float, value: float) -> float:
    """The number nearest to the one wanted that the column admits."""
    if rule.at_least is not None:
        wanted = max(wanted, rule.at_least)
    if rule.at_most is not None:
        wanted = min(wanted, rule.at_most)
    return wanted if rule.admits(wanted) else value


def moved(tables: Tables, numbers: Iterable[tuple[Range, float]]) -> Tables:
    """The tables with numbers set anew; whole numbers are rounded, and a project of one size stays
    of one size."""
    cells: dict[str, dict[str, dict[str, float]]] = {}
    series: dict[tuple[str, str, str, int], float] = {}
    for place, value in numbers:
        value = round(value) if layout(place.table)[place.column].kind == "whole" else value
        if place.year is None:
            cells.setdefault(place.table, {}).setdefault(place.row, {})[place.column] = value
        else:
            series[place.table, place.row, place.column, place.year] = value
    new: dict[str, Any] = {}
    for table, by_row in cells.items():
        new[table] = tuple(
            _moved_row(row, by_row.get("|".join(key_parts(row)))) for row in tables.rows(table)
        )
    if series:
        new["series"] = tuple(_moved_anchor(row, series) for row in tables.series)
    return replace(tables, **new, digest="moved")


def _moved_anchor(row: Series, series: Mapping[tuple[str, str, str, int], float]) -> Series:
    value = series.get((row.table, row.row, row.column, row.year))
    return row if value is None else row.model_copy(update={"value": value})


def _moved_row(row: Row, cells: dict[str, float] | None) -> Row:
    if cells is None:
        return row
    update: dict[str, Any] = dict(cells)
    if isinstance(row, Project):
        sizes = {"smallest_size", "largest_size"} & set(update)
        if len(sizes) == 1 and row.smallest_size == row.largest_size:
            update |= dict.fromkeys(("smallest_size", "largest_size"), update[sizes.pop()])
        elif sizes:
            smallest = update.get("smallest_size", row.smallest_size)
            update["largest_size"] = max(smallest, update.get("largest_size", row.largest_size))
    return row.model_copy(update=update)
