"""The screen that everything is printed on, and how problems of the input look there."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TextIO

from rich import box
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from paxsilica.errors import Problem

PAGE_WIDTH = 120
UNLIMITED_WIDTH = 100_000


class Screen(Console):
    """A console that takes text as it is, and to which it does not matter that its reader has gone
    (``| head``).

    It colours on a terminal alone, and not there either where ``NO_COLOR`` is set or the terminal
    is ``dumb``; ``FORCE_COLOR`` colours what is piped too.
    """

    def __init__(self, file: TextIO) -> None:
        plain = bool(os.environ.get("NO_COLOR"))
        self.on_terminal = file.isatty()
        self.unlimited = not self.on_terminal and "COLUMNS" not in os.environ
        super().__init__(
            file=file,
            markup=False,
            highlight=False,
            emoji=False,
            width=PAGE_WIDTH if self.unlimited else None,
            color_system=None if plain else "auto",
        )
        self.live = self.on_terminal and not plain and not self.is_dumb_terminal

    def show(self, *lines: str) -> None:
        """Prints lines that wrap where the terminal does, and nowhere else."""
        for line in lines:
            self.print(line, soft_wrap=True)

    def show_table(self, table: RenderableType) -> None:
        """Prints a table: as wide as it is where no terminal limits it, so that whoever reads a
        pipe finds a row in a line."""
        if not self.unlimited:
            self.print(table)
            return
        width, self.width = self.width, UNLIMITED_WIDTH
        with self.capture() as drawn:
            self.print(table)
        self.width = width
        self.write("".join(f"{line.rstrip()}\n" for line in drawn.get().splitlines()))

    def write(self, text: str) -> None:
        """Writes text to the letter."""
        try:
            self.file.write(text)
            self.file.flush()
        except BrokenPipeError:
            self.on_broken_pipe()

    def on_broken_pipe(self) -> None:
        """Drops what nobody reads any more; the command ends as it would have."""
        self.quiet = True
        os.dup2(os.open(os.devnull, os.O_WRONLY), self.file.fileno())


def plain_table(*headers: str, right: Sequence[str] = (), title: str = "") -> Table:
    """A table with a line below its head alone. ``right``: headers of columns of numbers."""
    table = Table(
        title=title or None,
        title_justify="left",
        box=box.SIMPLE_HEAD,
        header_style="bold",
        pad_edge=False,
    )
    for header in headers:
        table.add_column(header, justify="right" if header in right else "left", overflow="fold")
    return table


def count(amount: int, thing: str, things: str = "") -> str:
    """The amount with its noun.

    >>> count(1, "row"), count(1200, "row")
    ('1 row', '1,200 rows')
    """
    return f"{amount:,} {thing if amount == 1 else things or thing + 's'}"


def print_problems(screen: Screen, problems: Sequence[Problem]) -> None:
    """Every problem of the input, as a table on a terminal and as lines with nothing cut
    elsewhere."""
    screen.print(Text(f"{count(len(problems), 'problem')} in the input", "bold red"))
    headers = ("table", "row", "column", "value", "what would be right")
    cells = [
        (problem.table, problem.row, problem.column, problem.value, problem.expected)
        for problem in problems
    ]
    used = [at for at in range(5) if any(row[at] for row in cells)]
    shown = [
        [headers[at] for at in used],
        *([" ".join(row[at].split()) for at in used] for row in cells),
    ]
    if screen.on_terminal:
        table = Table(box=box.SIMPLE_HEAD, header_style="bold", pad_edge=False)
        for at in used:
            table.add_column(
                headers[at],
                overflow="fold",
                ratio=1 if at == 4 else None,
                max_width=None if at == 4 else 34,
            )
        for row in shown[1:]:
            table.add_row(*row)
        screen.print(table)
        return
    widths = [min(34, max(len(row[at]) for row in shown)) for at in range(len(used) - 1)]
    for row in shown:
        cells_of_row = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        screen.show("  ".join([*cells_of_row, row[-1]]))
