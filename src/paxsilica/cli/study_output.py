"""A study on one page: what it says in short, and where all of it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.text import Text

from paxsilica.report.console.screen import Screen, plain_table
from paxsilica.studies.results import Study

ROWS_SHOWN = 60
ALWAYS_SHOWN = ("plans", "worst", "distribution", "headline")
"""Tables that are shown beside the main one."""


def print_study(screen: Screen, study: Study, folder: Path) -> None:
    """Title, notes, the tables that matter most, and the folder."""
    screen.print(Text(study.title, "bold"))
    for note in study.notes:
        screen.print(note)
    for name, frame in study.tables.items():
        if name == study.main or name in ALWAYS_SHOWN:
            heads = {column: str(column).replace("_", " ") for column in frame.columns}
            numbers = [head for column, head in heads.items() if frame[column].dtype.kind in "fi"]
            table = plain_table(*heads.values(), right=numbers, title=study.docs[name].title)
            for cells in frame.head(ROWS_SHOWN).itertuples(index=False, name=None):
                table.add_row(*map(_cell, cells))
            screen.show_table(table)
            if len(frame) > ROWS_SHOWN:
                screen.show(f"and {len(frame) - ROWS_SHOWN:,} more rows")
    screen.show(f"Written to {folder}")


def _cell(value: Any) -> str:
    if value is None or value != value:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.4g}"
    return str(value)
