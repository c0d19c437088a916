"""Uncertain numbers: which there are, their ranges in the data, and tables with some numbers
changed."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import partial
from typing import Any, Literal

from paxsilica.errors import InputError, Problem
from paxsilica.provenance.lookup import Lookup, bounds
from paxsilica.tables import TABLES, Tables
from paxsilica.tables.layout import ColumnLayout, key_parts, key_text, layout
from paxsilica.tables.schema import Completion, Project, Row, Series
from paxsilica.tables.suggestions import Nearest

Shape = Literal["triangular", "uniform"]


@dataclass(frozen=True)
class Parameter:
    """A number, or a group of numbers that move together, by table and columns.

    ``rows`` is a pattern of the key of the rows, its parts joined by ``|`` with ``*`` and ``?``.
    """

    name: str
    table: str
    columns: tuple[str, ...]
    rows: str = "*"

    @classmethod
    def parse(cls, text: str) -> Parameter:
        """The parameter written as ``table.column`` or ``table.column:rows``.

        >>> Parameter.parse("projects.capex_usd_m+capex_usd_m_per_unit:mine-*").columns
        ('capex_usd_m', 'capex_usd_m_per_unit')
        """
        place, _, rows = text.partition(":")
        table, dot, columns = place.partition(".")
        if not dot or not table or not columns:
            words = "should be written table.column or table.column:rows"
            raise InputError([Problem("parameter", "", "", text, words)])
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
    Parameter("credit of existing plants", "statuses", ("credit",)),
    Parameter("completion of projects", "completion", ("probability",)),
    Parameter("overrun of capital", "statuses", ("capital_factor",)),
    Parameter("capital cost of projects", "projects", ("capex_usd_m", "capex_usd_m_per_unit")),
    Parameter("running cost of projects", "projects", ("variable_cost_usd_per_unit",)),
    Parameter("lead time of projects", "projects", ("lead_time_years",)),
    Parameter("sponsors' share", "projects", ("sponsor_share",)),
    Parameter("recipes", "recipes", ("quantity",)),
    Parameter("minimum utilisation", "processes", ("minimum_utilisation",)),
    Parameter("prices", "commodities", ("price_usd_per_unit",)),
    Parameter("shortage prices", "commodities", ("shortage_price_usd_per_unit",)),
    Parameter("freight", "routes", ("cost_usd_per_unit",)),
    Parameter("funders' envelopes", "funders", ("envelope_usd_m", "annual_limit_usd_m")),
    Parameter("delivery by funders", "funders", ("delivery_factor",)),
)
"""The groups that a tornado chart shows by default."""


@dataclass(frozen=True)
class Range:
    """A number with its range; ``year`` if it is a value of a series."""

    table: str
    row: str
    column: str
    year: int | None
    value: float
    low: float
    high: float

    def at(self, level: float) -> float:
        """The number at a level: -1 low, 0 unchanged, 1 high, linear between."""
        return (
            self.value + level * (self.high - self.value)
            if level >= 0
            else self.value + level * (self.value - self.low)
        )

    def draw(self, share: float, shape: Shape) -> float:
        """The quantile ``share`` of the distribution; ``triangular`` has its mode at the number."""
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
    """Raises one InputError with every parameter that names no table or no numeric column."""
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
    """The numbers of a parameter with a range in the data, cut to what the schema allows."""
    check_parameters([parameter])
    table, lookup = parameter.table, Lookup(tables)
    found: list[Range] = []
    for row in tables.rows(table):
        if parameter.fits(key_parts(row)):
            for column in parameter.columns:
                value = getattr(row, column)
                if value is not None and math.isfinite(value):
                    found += _range(lookup, (table, key_text(row), column), None, float(value))
    for item in tables.series:
        place = (item.table, item.row, item.column)
        if (
            item.table == table
            and item.column in parameter.columns
            and parameter.fits(item.row.split("|"))
        ):
            found += _range(lookup, place, item.year, item.value)
    return found


def _range(
    lookup: Lookup, place: tuple[str, str, str], year: int | None, value: float
) -> Iterator[Range]:
    where = place if year is None else ("series", "|".join((*place, str(year))), "value")
    entry = lookup.find(*where)
    if entry is None:
        return
    ends = bounds(entry, value)
    rule = layout(place[0])[place[2]]
    low = _within(rule, min(*ends, value), value)
    high = _within(rule, max(*ends, value), value)
    if low < high:
        yield Range(*place, year, value, low, high)


def _within(rule: ColumnLayout, wanted: float, value: float) -> float:
    """The number closest to ``wanted`` that the column admits."""
    if rule.at_least is not None:
        wanted = max(wanted, rule.at_least)
    if rule.at_most is not None:
        wanted = min(wanted, rule.at_most)
    return wanted if rule.admits(wanted) else value


def scaled(tables: Tables, table: str, key: str, column: str, factor: float) -> Tables:
    """The tables with one number, cell or series, times ``factor``."""

    def cell(row: Any) -> dict[str, float] | None:
        value = getattr(row, column) if key_text(row) == key else None
        return None if value is None else {column: value * factor}

    def anchor(row: Series) -> dict[str, float] | None:
        here = (row.table, row.row, row.column) == (table, key, column)
        return {"value": row.value * factor} if here else None

    return tables.edited(table, cell).edited("series", anchor)


def moved(tables: Tables, numbers: Iterable[tuple[Range, float]]) -> Tables:
    """The tables with new numbers; a project of one size stays of one size, and probabilities of
    completion add up to at most 1."""
    cells: dict[str, dict[str, dict[str, float]]] = {}
    series: dict[tuple[str, str, str, int], float] = {}
    for place, value in numbers:
        value = round(value) if layout(place.table)[place.column].kind == "whole" else value
        if place.year is None:
            cells.setdefault(place.table, {}).setdefault(place.row, {})[place.column] = value
        else:
            series[place.table, place.row, place.column, place.year] = value

    def anchor(row: Series) -> dict[str, float] | None:
        value = series.get((row.table, row.row, row.column, row.year))
        return None if value is None else {"value": value}

    for table, by_row in cells.items():
        tables = tables.edited(table, partial(_cells, by_row))
    if "completion" in cells:
        tables = tables.edited("completion", partial(_within_one, _totals(tables)))
    return replace(tables.edited("series", anchor), digest="moved")


def _totals(tables: Tables) -> dict[tuple[str, str], float]:
    """Probability of completion by status and stage."""
    totals: dict[tuple[str, str], float] = defaultdict(float)
    for row in tables.completion:
        totals[row.status, row.stage] += row.probability
    return totals


def _within_one(totals: Mapping[tuple[str, str], float], row: Completion) -> dict[str, Any] | None:
    total = totals[row.status, row.stage]
    return {"probability": row.probability / total} if total > 1 else None


def _cells(by_row: Mapping[str, Mapping[str, float]], row: Row) -> dict[str, Any] | None:
    cells = by_row.get(key_text(row))
    if cells is None:
        return None
    update: dict[str, Any] = dict(cells)
    if isinstance(row, Project):
        sizes = {"smallest_size", "largest_size"} & set(update)
        if len(sizes) == 1 and row.smallest_size == row.largest_size:
            update |= dict.fromkeys(("smallest_size", "largest_size"), update[sizes.pop()])
        elif sizes:
            smallest = update.get("smallest_size", row.smallest_size)
            update["largest_size"] = max(smallest, update.get("largest_size", row.largest_size))
    return update
