"""The list of bundled cases."""

from __future__ import annotations

from collections.abc import Iterable

from paxsilica.case import Case
from paxsilica.report.console.screen import Screen, compact_table


def print_cases(screen: Screen, cases: Iterable[Case]) -> None:
    """Prints the bundled cases."""
    table = compact_table()
    for name in ("case", "title", "question"):
        table.add_column(name, overflow="fold", no_wrap=name == "case")
    for case in cases:
        table.add_row(case.name, case.title, case.question)
    screen.show_table(table)
