"""Writes the values of rows as the text of cells: the way back from rows to files."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    pass


def number_text(value: float) -> str:
    """Return the shortest text that reads back as the same number.

    >>> number_text(2030.0), number_text(0.1), number_text(1e-05), number_text(float("inf"))
    ('2030', '0.1', '1e-05', 'inf')
    """
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)


def cell_text(value: Any) -> str:
    """Return the text of a cell that reads back as the same value."""
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
