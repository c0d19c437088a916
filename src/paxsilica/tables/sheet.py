"""What every reader of table files returns: cells as text, one sheet for each table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from paxsilica.errors import Problem


@dataclass(frozen=True)
class Sheet:
    """The cells of one table: the header, and its rows with the line on which each begins."""

    table: str
    header: tuple[str, ...]
    rows: Sequence[Sequence[str]]
    lines: Sequence[int]


@dataclass(frozen=True)
class Sheets:
    """What a reader found: readable sheets, what is wrong, and the tables that are there but cannot
    be read."""

    sheets: Mapping[str, Sheet]
    problems: Sequence[Problem]
    unreadable: frozenset[str]
