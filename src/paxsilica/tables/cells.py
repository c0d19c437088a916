"""Writes the values of rows as the text of cells: the way back from rows to files."""

from __future__ import annotations

import csv
import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paxsilica.tables.layout import layout
from paxsilica.tables.schema import TABLES

if TYPE_CHECKING:
    from paxsilica.tables.read import Tables


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


def columns_in_use(tables: Tables, table: str) -> tuple[str, ...]:
    """Return the columns of a table that are required or filled somewhere, in the order of the
    schema."""
    rows = tables.rows(table)
    return tuple(
        name
        for name, column in layout(table).items()
        if column.required or any(getattr(row, name) is not None for row in rows)
    )


def write_folder(tables: Tables, folder: Path) -> None:
    """Write every table that is present as a CSV file into a folder, which is made where it is not
    there."""
    folder.mkdir(parents=True, exist_ok=True)
    for table in TABLES:
        if table not in tables.present:
            continue
        columns = columns_in_use(tables, table)
        with (folder / f"{table}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(columns)
            writer.writerows(
                [cell_text(getattr(row, name)) for name in columns] for row in tables.rows(table)
            )
