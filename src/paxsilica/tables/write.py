"""Writes tables as a folder of CSV files that the reader takes back without loss."""

from __future__ import annotations

import csv
from pathlib import Path

from paxsilica.atomic import new_folder
from paxsilica.tables.columns import cell_text
from paxsilica.tables.layout import layout
from paxsilica.tables.read import Tables
from paxsilica.tables.schema import TABLES


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
    there; all or nothing.

    Raises:
        OSError: if the folder cannot be written to.
    """
    names = [table for table in TABLES if table in tables.present]
    with new_folder(folder, f"{names[-1]}.csv" if names else "") as draft:
        for table in names:
            columns = columns_in_use(tables, table)
            with (draft / f"{table}.csv").open("w", encoding="utf-8", newline="") as file:
                writer = csv.writer(file, lineterminator="\n")
                writer.writerow(columns)
                writer.writerows(
                    [cell_text(getattr(row, name)) for name in columns]
                    for row in tables.rows(table)
                )
