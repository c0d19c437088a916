"""The tables of a problem: their schema, their reading and their checks.

``load_tables`` reads a folder of CSV files as frozen rows that agree with the schema and with each
other, or raises one error that lists all problems.
"""

from __future__ import annotations

from pathlib import Path

from paxsilica.errors import InputError
from paxsilica.tables.checks import check_tables
from paxsilica.tables.no_bound import without_needless_bounds
from paxsilica.tables.read import Tables, read_tables, read_what_can_be
from paxsilica.tables.roots import with_consequences_counted
from paxsilica.tables.schema import TABLES

__all__ = [
    "TABLES",
    "Tables",
    "absent_tables",
    "check_tables",
    "describe_absent",
    "load_tables",
    "read_tables",
]


def load_tables(folder: Path) -> Tables:
    """Read and check the tables of a folder; raise one ``InputError`` that lists every problem of
    every table."""
    reading = read_what_can_be(folder)
    problems = with_consequences_counted(
        [*reading.problems, *check_tables(reading.tables, reading.doubtful)]
    )
    if problems:
        raise InputError(problems)
    return without_needless_bounds(reading.tables)


def absent_tables(tables: Tables) -> dict[str, str]:
    """Return the absent tables with the meaning of their absence."""
    return {
        table: row.absent
        for table, row in TABLES.items()
        if table not in tables.present and row.absent is not None
    }


def describe_absent(tables: Tables) -> list[str]:
    """Return a sentence for every absent table on the meaning of its absence."""
    return [
        f"There is no table {table}: {meaning}." for table, meaning in absent_tables(tables).items()
    ]
