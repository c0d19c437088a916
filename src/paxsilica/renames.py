"""Names that changed since version 0.1: readers refuse them, ``paxsilica upgrade`` replaces them.

One entry of ``RENAMES`` per change; they apply in this order, so an entry uses the names that the
entries before it introduced.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class RenamedColumn:
    """A column of a table; mentions of it in ``series`` and ``provenance`` change with it."""

    table: str
    old: str
    new: str

    def __str__(self) -> str:
        return f"column {self.table}.{self.old} is now {self.table}.{self.new}"


@dataclass(frozen=True)
class RenamedValue:
    """A word in a column of a table; keys of rows that contain it change with it."""

    table: str
    column: str
    old: str
    new: str

    def __str__(self) -> str:
        return f"{self.table}.{self.column} {self.old!r} is now {self.new!r}"


@dataclass(frozen=True)
class DroppedTable:
    """A table that no longer exists."""

    table: str
    reason: str

    def __str__(self) -> str:
        return f"table {self.table} no longer exists: {self.reason}"


@dataclass(frozen=True)
class RenamedKey:
    """A dotted key of a case; a new name in another section moves it there."""

    old: str
    new: str

    def __str__(self) -> str:
        return f"{self.old} is now {self.new}"


@dataclass(frozen=True)
class DroppedKey:
    """A dotted key of a case that no longer exists."""

    old: str
    reason: str

    def __str__(self) -> str:
        return f"{self.old} no longer exists: {self.reason}"


@dataclass(frozen=True)
class RenamedSetting:
    """A word in the value of a dotted key of a case: the value itself, one of a list, or a key or
    value of a section."""

    key: str
    old: str
    new: str

    def __str__(self) -> str:
        return f"{self.key} {self.old!r} is now {self.new!r}"


@dataclass(frozen=True)
class AddedKey:
    """A dotted key that an older case gets, so that it keeps its meaning."""

    key: str
    value: Any

    def __str__(self) -> str:
        return f"{self.key} is new and is set to keep the meaning of the case"


ADDED: tuple[AddedKey, ...] = (
    AddedKey("roles.adversary", ["signatory", "participant", "neutral", "adversary"]),
    AddedKey("need.regions", "protected"),
    AddedKey("access.open", 0.0),
    AddedKey("support.pay", False),
)
"""Before roles, every region that was not protected was cut off, and only protected regions had
needs. A status that is protected from a year on is an adversary before it. Nobody paid operating
support."""

Rename = RenamedColumn | RenamedValue | DroppedTable | RenamedKey | DroppedKey | RenamedSetting

RENAMES: tuple[Rename, ...] = (
    RenamedValue("events", "event", "switch off", "cut-off"),
    RenamedKey("operation.warm", "operation.readiness"),
    RenamedValue("membership", "status", "untrusted", "adversary"),
    RenamedSetting("membership", "untrusted", "adversary"),
    RenamedSetting("trusted", "untrusted", "adversary"),
    RenamedSetting("funding", "untrusted", "adversary"),
    RenamedKey("trusted", "roles.protected"),
    RenamedSetting("objective", "shortfall", "security"),
    DroppedKey(
        "finance.residual_value", "capital is charged as annuities within the years of the case"
    ),
)


def value_at(case: Mapping[str, Any], dotted: str) -> Any:
    """The value of a dotted key of a case, or ``None``.

    >>> value_at({"solver": {"gap": 0.1}}, "solver.gap"), value_at({}, "solver.gap")
    (0.1, None)
    """
    value: Any = case
    for part in dotted.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def in_case(case: Mapping[str, Any], renames: Sequence[Rename] = RENAMES) -> list[Rename]:
    """The renames that the content of a case file needs."""

    def needed(rename: Rename) -> bool:
        if isinstance(rename, RenamedKey | DroppedKey):
            return value_at(case, rename.old) is not None
        if isinstance(rename, RenamedSetting):
            value = value_at(case, rename.key)
            if isinstance(value, dict):
                return rename.old in value or rename.old in value.values()
            return rename.old in (value if isinstance(value, list) else [value])
        return False

    return [rename for rename in renames if needed(rename)]


def in_tables(
    tables: Mapping[str, Sequence[Sequence[str]]], renames: Sequence[Rename] = RENAMES
) -> list[Rename]:
    """The renames that tables need, each given as a header and rows of cells."""

    def needed(rename: Rename) -> bool:
        if isinstance(rename, RenamedKey | DroppedKey | RenamedSetting):
            return False
        if not tables.get(rename.table):
            return False
        header, *rows = tables[rename.table]
        match rename:
            case RenamedColumn():
                return rename.old in header
            case RenamedValue():
                return rename.old in cells(header, rows, rename.column)
            case _:
                return True

    return [rename for rename in renames if needed(rename)]


def cells(header: Sequence[str], rows: Sequence[Sequence[str]], column: str) -> Iterator[str]:
    """Go through the cells of a column; there are none if the header does not name it."""
    if column in header:
        at = header.index(column)
        yield from (row[at] for row in rows if at < len(row))


def instruction(renames: Sequence[Rename], command: str) -> str:
    """What is expected of input with old names, as the end of a problem."""
    names = "; ".join(map(str, renames[:3])) + ("; and more" if len(renames) > 3 else "")
    return f"should use the current names, but has names of version 0.1 ({names}); {command}"
