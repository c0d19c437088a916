"""The console, tables on it, and problems of the input."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, TextIO

from rich import box
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from paxsilica.errors import Problem
from paxsilica.report.console.columns import drawn, wrapped
from paxsilica.report.wording import count

__all__ = ["Screen", "compact_table", "count", "print_problems", "written_to"]

PAGE_WIDTH = 120
UNLIMITED_WIDTH = 100_000
STYLE: dict[str, Any] = {"box": box.SIMPLE_HEAD, "header_style": "bold", "pad_edge": False}


STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Characters that steer a terminal or the direction of text; tab and line feed stay."""


def visible(text: str) -> str:
    """The text with a sign in the place of every character that steers a terminal.

    >>> visible("a\x1b[31mb")
    'a\u241b[31mb'
    """
    return STEERING.sub(_sign, text)


def _sign(found: re.Match[str]) -> str:
    code = ord(found[0])
    return chr(0x2400 + code) if code < 0x20 else "\u2421" if code == 0x7F else "\ufffd"


class Screen(Console):
    """A console that prints text without markup, and that goes on when its reader has gone
    (``| head``).

    It has colours on a terminal, except where ``NO_COLOR`` is set or the terminal is ``dumb``;
    ``FORCE_COLOR`` adds colours to a pipe.
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

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """The segments of what is printed, without characters that steer a terminal."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(visible(segment.text), segment.style)

    def show(self, *lines: str) -> None:
        """Prints lines that only the terminal wraps."""
        for line in lines:
            self.print(line, soft_wrap=True)

    def say(self, *lines: str) -> None:
        """Prints lines of prose, on a terminal broken between words."""
        for line in lines:
            self.show(*([line] if self.unlimited else wrapped(line, self.width)))

    def show_table(self, table: RenderableType) -> None:
        """Prints a table, in full width where no terminal limits it, so that in a pipe each row is
        one line."""
        if not self.unlimited:
            self.print(table)
            return
        width, self.width = self.width, UNLIMITED_WIDTH
        with self.capture() as drawn:
            self.print(table)
        self.width = width
        self.write("".join(f"{line.rstrip()}\n" for line in drawn.get().splitlines()))

    def show_rows(
        self,
        headers: Sequence[str],
        rows: Iterable[Iterable[str]],
        right: Sequence[str] = (),
        title: str = "",
    ) -> None:
        """Prints a table that breaks no word and no number; in full width where no terminal limits
        it. ``right``: headers of columns of numbers."""
        if title:
            self.say(title)
        numbers = frozenset(at for at, header in enumerate(headers) if header in right)
        width = UNLIMITED_WIDTH if self.unlimited else self.width
        for line, head in drawn(headers, [[*row] for row in rows], numbers, width):
            self.print(Text(line, "bold" if head else ""), soft_wrap=True)

    def write(self, text: str) -> None:
        """Writes text unchanged."""
        try:
            self.file.write(text)
            self.file.flush()
        except BrokenPipeError:
            self.on_broken_pipe()

    def on_broken_pipe(self) -> None:
        """Drops output without a reader; the command ends with its usual exit code."""
        self.quiet = True
        os.dup2(os.open(os.devnull, os.O_WRONLY), self.file.fileno())


def compact_table(*headers: str, texts: int = 0, rule: bool = True) -> Table:
    """A table without space at its edges; the first ``texts`` columns hold text, the others
    numbers. ``rule``: whether a line is drawn below the headers."""
    style = STYLE if rule else STYLE | {"box": None, "header_style": "dim"}
    table = Table(padding=(0, 1, 0, 0), show_edge=False, **style)
    for at, header in enumerate(headers):
        table.add_column(header, no_wrap=True, justify="left" if at < texts else "right")
    return table


def written_to(folder: Path, files: str) -> Text:
    """The folder that was written, and what is in it."""
    return Text.assemble(("Written to ", "dim"), (str(folder), "bold"), (f": {files}", "dim"))


def print_problems(screen: Screen, problems: Sequence[Problem]) -> None:
    """Prints every problem of the input, as a table on a terminal and as full lines elsewhere."""
    screen.print(Text(f"{count(len(problems), 'problem')} in the input", "bold red"))
    headers = ("table", "row", "column", "value", "expected")
    rows = [[getattr(problem, name) for name in headers] for problem in problems]
    used = [at for at in range(5) if any(row[at] for row in rows)]
    shown = [
        [headers[at] for at in used],
        *([" ".join(row[at].split()) for at in used] for row in rows),
    ]
    if screen.on_terminal:
        table = Table(**STYLE)
        for at in used:
            room: dict[str, Any] = {"ratio": 1} if at == 4 else {"max_width": 34}
            table.add_column(headers[at], overflow="fold", **room)
        for row in shown[1:]:
            table.add_row(*row)
        screen.print(table)
        return
    widths = [min(34, max(len(row[at]) for row in shown)) for at in range(len(used) - 1)]
    for row in shown:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        screen.show("  ".join([*cells, row[-1]]))
