"""The vocabulary in which the schema is written: keys, references, numbers with units, dates and
yes/no cells."""

from __future__ import annotations

import contextlib
import datetime
import math
import re
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?|inf")
WHOLE = re.compile(r"([+-]?\d{1,15})(\.0*)?")
DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True)
class Column:
    """What the schema says of a column beyond its type.

    ``references`` names the table (and its key column) whose rows the cell must name; ``wildcard``
    lets ``*`` stand for all of them; ``many`` lets the cell hold several, separated by ``;``.
    ``series`` says that the number may vary by year: the cell is then left blank and the table
    ``series`` gives its values.
    """

    unit: str = ""
    references: str = ""
    wildcard: bool = False
    many: bool = False
    series: bool = False


def _number_or_inf(value: Any) -> Any:
    if isinstance(value, str):
        if not NUMBER.fullmatch(value):
            raise ValueError(
                "should be a number with a point as decimal sign, such as 1250 or 0.65"
            )
        # A finite number too large for the machine must not turn into "without limit".
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
        # Other forms that the standard library knows, such as 20260114 and 2026-W03-3, are refused:
        # one way to write a date.
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


Key = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._+/&()'-]*$", max_length=80)]
"""A name that other rows refer to: starts with a letter or digit; no ``*``, ``|``, ``;`` or ``,``
inside."""

Text = Annotated[str, Field(max_length=1000)]
Number = Annotated[float, BeforeValidator(_number)]
NumberOrInf = Annotated[float, BeforeValidator(_number_or_inf)]
"""A number, or ``inf`` for a bound that does not bind."""

Whole = Annotated[int, BeforeValidator(_whole)]
Year = Annotated[int, BeforeValidator(_whole), Field(ge=1900, le=2200), Column(unit="year")]
YesNo = Annotated[bool, BeforeValidator(_yes_no)]
Date = Annotated[datetime.date, BeforeValidator(_date)]
Shares = Annotated[tuple[float, ...], BeforeValidator(_shares)]
"""Several numbers in one cell, separated by ``;``: one per year."""

Names = Annotated[tuple[str, ...], BeforeValidator(_names)]
