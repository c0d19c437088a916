"""Progress of a search: a live table on a terminal, a line every ten seconds elsewhere."""

from __future__ import annotations

import math
import time
from typing import Self

from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from paxsilica.report.console.screen import Screen
from paxsilica.report.wording import number, share
from paxsilica.solver import Progress

SECONDS_BETWEEN_LINES = 10.0


class LiveView:
    """Steps and the progress of the search. Any thread may report them."""

    def __init__(self, screen: Screen) -> None:
        self.screen = screen
        self.done: list[tuple[str, float]] = []
        self.step = ""
        self.started = time.monotonic()
        self.progress: Progress | None = None
        self.remark = ""
        self.last_line = -math.inf
        self.live = (
            Live(get_renderable=self._render, console=screen, transient=True, refresh_per_second=4)
            if screen.live
            else None
        )

    def __enter__(self) -> Self:
        """Begins to show."""
        if self.live is not None:
            self.spinner = Spinner("line")
            self.live.start()
        return self

    def __exit__(self, *error: object) -> None:
        """Clears the live table."""
        if self.live is not None:
            self.live.stop()

    def on_step(self, step: str) -> None:
        """A step begins."""
        now = time.monotonic()
        if self.step:
            self.done.append((self.step, now - self.started))
        self.step, self.started, self.progress, self.remark = step, now, None, ""
        if self.live is None:
            self.screen.print(f"{step} ...", soft_wrap=True)
            self.last_line = now

    def on_progress(self, progress: Progress) -> None:
        """The search moves."""
        self.progress = progress
        now = time.monotonic()
        if self.live is None and now - self.last_line >= SECONDS_BETWEEN_LINES:
            self.last_line = now
            self.screen.show(f"{self.step}: {progress.seconds:.0f} s, {standing(progress)}")

    def say(self, remark: str) -> None:
        """A remark on the current step, such as that it stops."""
        self.remark = remark
        if self.live is None:
            self.screen.print(remark, soft_wrap=True)

    def _render(self) -> Table:
        table = Table.grid(padding=(0, 1))
        for step, seconds in self.done:
            table.add_row(Text("*", "green"), step, Text(f"{seconds:.1f} s", "dim"), "")
        if self.step:
            now = Text("" if self.progress is None else standing(self.progress))
            remark = self.remark or (
                "Ctrl-C keeps the best plan so far" if self.progress is not None else ""
            )
            now.append("  " if now else "").append(remark, "dim")
            passed = Text(f"{time.monotonic() - self.started:.0f} s", "dim")
            table.add_row(self.spinner, Text(self.step, "bold"), passed, now)
        return table


def standing(progress: Progress) -> str:
    """The progress of a search in one line.

    >>> standing(Progress(1.0, 7200.0, 7100.0))
    'best plan 7,200, bound 7,100, gap 1.4 %'
    >>> standing(Progress(1.0, math.inf, 7100.0))
    'no plan yet, bound 7,100'
    """
    parts = (
        (progress.incumbent, f"best plan {number(progress.incumbent)}", "no plan yet"),
        (progress.bound, f"bound {number(progress.bound)}", ""),
        (progress.gap, f"gap {share(progress.gap)}", ""),
    )
    words = (known if math.isfinite(value) else unknown for value, known, unknown in parts)
    return ", ".join(part for part in words if part)
