"""How a study tells of its progress: bars on a terminal, a line that is written anew in a notebook,
nothing in a file."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)


class Bars:
    """Counts steps by name and shows them on the standard error; ``wanted``: by default on a
    terminal and in a notebook."""

    def __init__(self, wanted: bool | None = None) -> None:
        console = Console(stderr=True)
        # colours may be forced into a pipe; lines that are drawn anew belong on a terminal alone
        live = sys.stderr.isatty() and not console.is_dumb_terminal and not console.no_color
        self.total: dict[str, int] = {}
        self.done: dict[str, int] = {}
        self.began: dict[str, float] = {}
        self._plain = console.is_jupyter and wanted is not False
        self._bars = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=console,
            disable=self._plain or not (live if wanted is None else wanted),
        )
        self._lines: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        """Begins to show."""
        if not self._bars.disable:
            self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Ends."""
        if not self._bars.disable:
            self._bars.stop()
        elif self._plain and self.total:
            print(file=sys.stderr)

    def expect(self, what: str, total: int) -> None:
        """Sets how many steps of a name are to come in all."""
        if what not in self.total:
            self._lines[what] = self._bars.add_task(what, total=total)
            self.began[what] = time.monotonic()
        self.total[what] = total
        self._bars.update(self._lines[what], total=total)

    def advance(self, what: str, steps: int = 1) -> None:
        """Counts steps."""
        self.done[what] = self.done.get(what, 0) + steps
        self._bars.advance(self._lines[what], steps)
        if self._plain:
            line = (
                f"{what}: {self.done[what]} of {self.total[what]},"
                f" {time.monotonic() - self.began[what]:.0f} s"
            )
            print(f"\r{line:<60}", end="", file=sys.stderr, flush=True)
