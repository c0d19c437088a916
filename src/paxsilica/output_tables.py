"""Documented tables of results: type, unit, display format and meaning of each column.

Tables of plans, of prices and of studies are documented with these classes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

DType = Literal["text", "number", "whole", "year", "yes/no", "true/false"]
Format = Literal["plain", "money", "share", "year", "quantity"]

USD_MILLION = "USD million"
SHARE = "share of 1"
ROW_UNIT = "unit of the row"
"""The unit stands in the same row, in the column ``unit`` or ``size_unit``."""
PROJECT_UNIT = "units of the project"
"""The unit of the size of a project, ``size_unit`` in the table ``portfolio`` of a plan."""
DIMENSIONLESS = "dimensionless"
CALENDAR_YEAR = "calendar year"
"""The unit of a mean of years."""


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Attributes:
        dtype: type of the values; ``whole`` and ``year`` are integers, blank where not known;
            ``yes/no`` is one of these two words.
        unit: unit of the values; empty for text and for plain counts.
        format: how reports display the values.
        text: meaning, without the unit.
    """

    dtype: DType
    unit: str
    format: Format
    text: str

    @property
    def numeric(self) -> bool:
        """Whether the values are numbers."""
        return self.dtype in ("number", "whole", "year")

    @property
    def meaning(self) -> str:
        """The text with the unit."""
        return f"{self.text}, {self.unit}" if self.unit else self.text


@dataclass(frozen=True)
class TableDoc:
    """Documentation of a table: its title, and the schema of its columns in their order."""

    title: str
    schema: Mapping[str, Column]

    @property
    def columns(self) -> Mapping[str, str]:
        """The meaning of each column, unit included."""
        return {name: column.meaning for name, column in self.schema.items()}


def table(title: str, **schema: Column) -> TableDoc:
    """A documented table with columns in the order given."""
    return TableDoc(title, schema)


def text(meaning: str) -> Column:
    """A column of text."""
    return Column("text", "", "plain", meaning)


def yes_no(meaning: str) -> Column:
    """A column of the words yes and no."""
    return Column("yes/no", "", "plain", meaning)


def true_false(meaning: str) -> Column:
    """A column of truth values."""
    return Column("true/false", "", "plain", meaning)


def year(meaning: str) -> Column:
    """A column of calendar years."""
    return Column("year", "", "year", meaning)


def count(meaning: str) -> Column:
    """A column of plain counts."""
    return Column("whole", "", "quantity", meaning)


def number(meaning: str, unit: str = "") -> Column:
    """A column of numbers in a unit."""
    return Column("number", unit, "quantity", meaning)


def money(meaning: str) -> Column:
    """A column of amounts in USD million."""
    return Column("number", USD_MILLION, "money", meaning)


def share(meaning: str) -> Column:
    """A column of shares of 1."""
    return Column("number", SHARE, "share", meaning)


def amount(meaning: str) -> Column:
    """A column of amounts in the unit of the row."""
    return Column("number", ROW_UNIT, "quantity", meaning)
