"""The screen that everything is printed on, and how problems of the input look there."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TextIO

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from paxsilica.errors import Problem

PAGE_WIDTH = 120


class Screen(Console):
    """A console that takes text as it is, and to which it does not matter that its reader has gone (``| head``)."""

    def __init__(self, file: TextIO) -> None:
        wide = not file.isatty() and "COLUMNS" not in os.environ
        super().__init__(file=file, markup=False, highlight=False, emoji=False, width=PAGE_WIDTH if wide else None)

    def on_broken_pipe(self) -> None:
        """Drops what nobody reads any more; the command ends as it would have."""
        self.quiet = True
        os.dup2(os.open(os.devnull, os.O_WRONLY), self.file.fileno())


def count(amount: int, thing: str, things: str = "") -> str:
    """The amount with its noun.

    >>> count(1, "row"), count(1200, "row")
    ('1 row', '1,200 rows')
    """
    return f"{amount:,} {thing if amount == 1 else things or thing + 's'}"


def print_problems(screen: Screen, problems: Sequence[Problem]) -> None:
    """Every problem of the input, as a table on a terminal and as lines with nothing cut elsewhere."""
    screen.print(Text(f"{count(len(problems), 'problem')} in the input", "bold red"))
    headers = ("table", "row", "column", "value", "what would be right")
    cells = [(problem.table, problem.row, problem.column, problem.value, problem.expected) for problem in problems]
    used = [at for at in range(5) if any(row[at] for row in cells)]
    shown = [[headers[at] for at in used], *([" ".join(row[at].split()) for at in used] for row in cells)]
    if screen.is_terminal:
        table = Table(box=box.SIMPLE_HEAD, header_style="bold", pad_edge=False)
        for at in used:
            table.add_column(headers[at], overflow="fold", ratio=1 if at == 4 else None, max_width=None if at == 4 else 34)
        for row in shown[1:]:
            table.add_row(*row)
        screen.print(table)
        return
    widths = [min(34, max(len(row[at]) for row in shown)) for at in range(len(used) - 1)]
    for row in shown:
        cells_of_row = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        screen.print("  ".join([*cells_of_row, row[-1]]), soft_wrap=True)
