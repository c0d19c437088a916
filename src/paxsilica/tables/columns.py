"""Types of cells: what a column of the schema may hold, and how a value is written as text."""

from __future__ import annotations

import contextlib
import datetime
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from paxsilica.tables.characters import check_label, check_text

Kind = Literal["key", "text", "number", "whole", "yes/no", "date", "numbers", "names", "choice"]
"""What a cell holds; ``numbers`` and ``names`` are several in one cell, separated by ``;``."""

KINDS: Mapping[Any, Kind] = {
    float: "number",
    int: "whole",
    bool: "yes/no",
    datetime.date: "date",
    tuple[float, ...]: "numbers",
    tuple[str, ...]: "names",
}
"""Kind of a column by its Python type; text with a pattern or a reference is a key."""

NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?|inf", re.ASCII)
WHOLE = re.compile(r"([+-]?\d{1,15})(\.0*)?", re.ASCII)
DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
SMALLEST_RATE = 1e-6
"""Rates nearer to 0 than this are refused: annuities divide by them."""


@dataclass(frozen=True)
class Column:
    """Properties of a column beyond its type.

    Attributes:
        unit: unit of the number.
        references: table whose rows the cell names by their key.
        wildcard: whether ``*`` may stand for all of them.
        many: whether the cell may name several, separated by ``;``.
        series: whether the number may vary by year; the cell is then blank and the table
            ``series`` gives the values.
        needed: whether the number must be given, in the cell or by year.
    """

    unit: str = ""
    references: str = ""
    wildcard: bool = False
    many: bool = False
    series: bool = False
    needed: bool = False


def _number_or_inf(value: Any) -> Any:
    if isinstance(value, str):
        if not NUMBER.fullmatch(value):
            raise ValueError(
                "should be a number with a point as decimal sign, such as 1250 or 0.65"
            )
        # A finite number that overflows must not become "without limit".
        if value != "inf" and math.isinf(float(value)):
            raise ValueError("should be a number below 1e308")
        return float(value)
    if isinstance(value, float) and math.isnan(value):
        raise ValueError(
            "should be a number; an unknown number is left blank where the column allows it"
        )
    return value


def _number(value: Any) -> Any:
    value = _number_or_inf(value)
    if isinstance(value, float) and math.isinf(value):
        raise ValueError("should be a finite number")
    return value


def _whole(value: Any) -> Any:
    if isinstance(value, str):
        match = WHOLE.fullmatch(value)
        if not match:
            raise ValueError("should be a whole number")
        return int(match[1])
    return value


def _yes_no(value: Any) -> Any:
    if isinstance(value, bool):
        return value
    if value in ("yes", "no"):
        return value == "yes"
    raise ValueError("should be yes or no")


def _date(value: Any) -> Any:
    if isinstance(value, str):
        # The standard library also reads 20260114 and 2026-W03-3: refused, for one way of writing.
        if DATE.fullmatch(value):
            with contextlib.suppress(ValueError):
                return datetime.date.fromisoformat(value)
        raise ValueError("should be a date written year-month-day, such as 2026-01-14")
    return value


def _shares(value: Any) -> Any:
    if isinstance(value, str):
        return tuple(_number(part.strip()) for part in value.split(";"))
    return value


def _names(value: Any) -> Any:
    if isinstance(value, str):
        names = tuple(part.strip() for part in value.split(";") if part.strip())
        if not names:
            raise ValueError("should be one name or several separated by ';'")
        return names
    return value


KEY_SIGNS = "._+/&()'-"
Key = Annotated[
    str,
    Field(pattern=rf"^[A-Za-z0-9][A-Za-z0-9 {re.escape(KEY_SIGNS)}]*$", max_length=80),
]
"""A name that other rows refer to."""

Text = Annotated[str, Field(max_length=1000), AfterValidator(check_text)]
"""Free text, which may have several lines."""

Label = Annotated[str, Field(max_length=1000), AfterValidator(check_label)]
"""A title of one line, for people."""

Number = Annotated[float, BeforeValidator(_number)]
NumberOrInf = Annotated[float, BeforeValidator(_number_or_inf)]
"""A number, or ``inf`` for no limit."""

Whole = Annotated[int, BeforeValidator(_whole)]
Share = Annotated[Number, Field(ge=0, le=1), Column(unit="share of 1")]
NonNegative = Annotated[Number, Field(ge=0)]
RegionRef = Annotated[Key, Column(references="regions")]
Status = Literal["signatory", "participant", "neutral", "adversary"]
Year = Annotated[int, BeforeValidator(_whole), Field(ge=1900, le=2200), Column(unit="year")]
YesNo = Annotated[bool, BeforeValidator(_yes_no)]
Date = Annotated[datetime.date, BeforeValidator(_date)]
Shares = Annotated[tuple[float, ...], BeforeValidator(_shares)]
"""Several numbers in one cell, separated by ``;``: one per year."""

Weights = Annotated[tuple[float, ...], BeforeValidator(_shares)]
"""Several numbers in one cell, separated by ``;``: one per name of another column."""

Names = Annotated[tuple[str, ...], BeforeValidator(_names)]

Grade = Literal["A", "B", "C", "D"]
GRADES: Mapping[str, str] = {
    "A": "official statistics or filing",
    "B": "company guidance or reputable press",
    "C": "analyst estimate",
    "D": "inference of the authors",
}
"""Grades of sources, best first, with their meaning."""

NO_GRADE = "-"
"""Stands for the grade of a number without provenance."""


def number_text(value: float) -> str:
    """Return the shortest text that reads back as the same number.

    >>> number_text(2030.0), number_text(0.1), number_text(1e-05), number_text(float("inf"))
    ('2030', '0.1', '1e-05', 'inf')
    """
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)


def cell_text(value: Any) -> str:
    """Return the text of a cell that reads back as the same value.

    >>> cell_text(None), cell_text(True), cell_text((0.5, 0.5))
    ('', 'yes', '0.5;0.5')
    """
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case int():
            return str(value)
        case float():
            return number_text(value)
        case datetime.date():
            return value.isoformat()
        case tuple():
            return ";".join(map(cell_text, value))
        case _:
            return str(value)
