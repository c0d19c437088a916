"""Columns and limits that are checked and exported, but that the model does not use."""

from __future__ import annotations

from paxsilica.tables import Tables

COLUMNS_UNREAD = (
    ("projects", "built_anyway"),
    ("commodities", "user_inventory_months"),
)
MEASURES_UNREAD = ("new capacity",)
"""Measures of ``limits`` without a row in the model."""


def unread(tables: Tables) -> dict[str, int]:
    """Number of rows with content that the model does not use, by column or measure; only what
    has any."""
    found = {
        f"limits of {measure}": sum(row.measure == measure for row in tables.limits)
        for measure in MEASURES_UNREAD
    }
    for table, column in COLUMNS_UNREAD:
        values = [getattr(row, column) for row in tables.rows(table)]
        found[f"{table}.{column}"] = sum(
            value is not None and value is not False for value in values
        )
    return {name: rows for name, rows in found.items() if rows}
