"""The columns of the tables as plain data: kind, bounds, allowed words, unit, references, meaning.

Error sentences, checks across tables and the documentation are derived from here, so that they
agree with the schema.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Literal, get_args, get_origin

import annotated_types
from pydantic.fields import FieldInfo

from paxsilica.tables.characters import check_label, check_text
from paxsilica.tables.characters import hint as unseen_hint
from paxsilica.tables.columns import KEY_SIGNS, KINDS, NUMBER, Column, Kind
from paxsilica.tables.defaults import default_words
from paxsilica.tables.rules import rules_of
from paxsilica.tables.schema import TABLES, Row

SPREADSHEET_ERRORS = frozenset(
    f"#{error}"
    for error in (
        *("REF!", "N/A", "VALUE!", "DIV/0!", "NAME?", "NULL!", "NUM!", "SPILL!", "CALC!"),
        *("FIELD!", "BLOCKED!", "GETTING_DATA"),
    )
)
_UNKNOWN = frozenset(("nan", "na", "n/a", "n.a.", "null", "none", "-", "–", "?", "tbd", "unknown"))


@dataclass(frozen=True)
class ColumnLayout:
    """One column of one table."""

    name: str
    kind: Kind
    required: bool
    column: Column
    at_least: float | None
    more_than: float | None
    at_most: float | None
    longest: int | None
    allowed: tuple[str, ...]
    label: bool
    description: str
    default: str
    rules: tuple[str, ...]

    @property
    def numeric(self) -> bool:
        """Whether its cells hold a number or several."""
        return self.kind in ("number", "whole", "numbers")

    @property
    def bounds(self) -> str:
        """The bounds in words, empty without any."""
        if self.at_least is not None and self.at_most is not None:
            return f"between {self.at_least:g} and {self.at_most:g}"
        if self.at_least is not None:
            return f"of at least {self.at_least:g}"
        if self.more_than is not None:
            return f"above {self.more_than:g}"
        return f"of at most {self.at_most:g}" if self.at_most is not None else ""

    def admits(self, value: float) -> bool:
        """Whether a number lies within the bounds."""
        return not (
            (self.at_least is not None and value < self.at_least)
            or (self.more_than is not None and value <= self.more_than)
            or (self.at_most is not None and value > self.at_most)
        )

    @property
    def meaning(self) -> str:
        """The description with the rules of the column."""
        needed = "blank only where the table series gives it by year" if self.column.needed else ""
        blank = f"blank: {self.default}" if self.default else ""
        return "; ".join(filter(None, (self.description, blank, needed, *self.rules)))

    @property
    def expected(self) -> str:
        """What a cell of this column holds: the end of a sentence that begins with "should be"."""
        unit = f" ({self.column.unit})" if self.column.unit and self.kind != "names" else ""
        return f"{self.expected_kind}{unit}"

    @property
    def expected_kind(self) -> str:
        """The same without the unit."""
        bounds = f" {self.bounds}" if self.bounds else ""
        match self.kind:
            case "number":
                return f"a number{bounds}"
            case "whole":
                return f"a whole number{bounds}"
            case "numbers":
                return "one number or several separated by ';', such as 0.5;0.5"
            case "choice":
                return "one of " + ", ".join(repr(word) for word in self.allowed)
            case "date":
                return "a date written year-month-day, such as 2026-01-14"
            case "yes/no":
                return "yes or no"
            case "names":
                return "one name or several separated by ';'"
            case "key" if self.column.references:
                return f"the name of a row of {self.column.references}" + (
                    " or '*'" if self.column.wildcard else ""
                )
            case "key":
                return (
                    f"a name of at most {self.longest} characters, which are letters A to Z,"
                    f" digits, spaces and {' '.join(KEY_SIGNS)}, that starts with a letter or digit"
                )
            case "text":
                return f"text of at most {self.longest} characters"

    def correction(self, value: str) -> str:
        """What is expected instead of a value that the column refuses, as a sentence."""
        if not value:
            meaning = f"; {self.description}" if self.description else ""
            blank = f"; only where the answer is clear may it be blank: {self.default}"
            return f"should be filled with {self.expected}{meaning}{blank if self.default else ''}"
        if value in SPREADSHEET_ERRORS:
            return f"should be {self.expected}, not the error of a spreadsheet formula"
        if self.kind == "text":
            try:
                (check_label if self.label else check_text)(value)
            except ValueError as error:
                return str(error)
        words = unseen_hint(value) or (_hint(self.required, value) if self.numeric else "")
        return f"should be {self.expected}{words}"


def _flat(items: Iterable[Any]) -> Iterable[Any]:
    """Metadata, with that inside of pydantic's fields."""
    for item in items:
        if isinstance(item, FieldInfo):
            yield from item.metadata
        else:
            yield item


def _bound(metadata: list[Any], kind: type, name: str) -> float | None:
    return next((float(getattr(item, name)) for item in metadata if isinstance(item, kind)), None)


def _is_length(item: Any) -> bool:
    return isinstance(item, annotated_types.MaxLen)


def _layout(table: str, name: str, field: FieldInfo) -> ColumnLayout:
    base: Any = field.annotation
    metadata = list(field.metadata)
    if get_origin(base) in (typing.Union, types.UnionType):
        base = next(part for part in get_args(base) if part is not type(None))
    if get_origin(base) is Annotated:
        base, *inner = get_args(base)
        metadata += inner
    metadata = list(_flat(metadata))
    column = next((item for item in metadata if isinstance(item, Column)), Column())
    allowed = get_args(base) if get_origin(base) is Literal else ()
    patterned = any(getattr(item, "pattern", None) for item in metadata)
    text: Kind = "key" if patterned or column.references else "text"
    return ColumnLayout(
        name=name,
        kind="choice" if allowed else KINDS.get(base, text),
        required=field.is_required() and not default_words(table, name),
        column=column,
        at_least=_bound(metadata, annotated_types.Ge, "ge"),
        more_than=_bound(metadata, annotated_types.Gt, "gt"),
        at_most=_bound(metadata, annotated_types.Le, "le"),
        longest=next((item.max_length for item in metadata if _is_length(item)), None),
        allowed=tuple(str(word) for word in allowed),
        label=any(getattr(item, "func", None) is check_label for item in metadata),
        description=field.description or "",
        default=default_words(table, name),
        rules=tuple(f"should {rule.expected}" for rule in rules_of(table, name)),
    )


@cache
def layout(table: str) -> Mapping[str, ColumnLayout]:
    """Return the columns of a table, in the order of the schema."""
    return {name: _layout(table, name, field) for name, field in TABLES[table].model_fields.items()}


def key_parts(row: Row) -> tuple[str, ...]:
    """Return the parts of a row's key as text; a blank part is empty text."""
    return tuple(
        "" if part is None else str(part) for part in (getattr(row, name) for name in type(row).key)
    )


def key_text(row: Row) -> str:
    """Return the key of a row as other tables write it: its parts joined by ``|``."""
    return "|".join(key_parts(row))


def _hint(required: bool, value: str) -> str:
    """A hint at the meaning of a text in place of a number."""
    if any(sign.isdecimal() and not sign.isascii() for sign in value):
        return "; digits are written 0 to 9"
    if value.casefold() in _UNKNOWN:
        blank = "cannot be left blank here" if required else "is left blank"
        return f"; an unknown number {blank}"
    if value.casefold() in ("inf", "-inf", "infinity", "unlimited"):
        if required:
            return "; it must be finite"
        return "; a number without limit is left blank where the column says so"
    if "," in value and NUMBER.fullmatch(value.replace(",", "")):
        return "; the decimal sign is a point, and thousands are not separated"
    if value.endswith("%") and NUMBER.fullmatch(value[:-1].strip()):
        return "; a percentage is written as a share of 1, such as 0.65 for 65%"
    return ""
