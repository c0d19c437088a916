"""What Ctrl-C and SIGTERM do: they end a search and keep its best plan, end everything else at
once, and leave the writing of files alone."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from paxsilica.report.console.live import LiveView

SEARCHES = ("search", "least cost among the optima")
"""Steps that can end early with something to show."""


SIGNALS = (signal.SIGINT, signal.SIGTERM)


def terminate_like_interrupt() -> None:
    """Makes SIGTERM raise ``KeyboardInterrupt``, as Ctrl-C does."""
    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, signal.default_int_handler)


class Stopped(BaseException):
    """The user wants the program to end. No ``Exception``, so that nothing on the way takes it for
    a failure of its own."""


class Interrupts:
    """Takes over SIGINT and SIGTERM while a command runs; knows the step that runs from
    :meth:`step`."""

    def __init__(self) -> None:
        self.view: LiveView | None = None
        self.searching = False
        self.pressed = False
        self.before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        """Takes the signals over."""
        # A parent that has set the signal to be ignored (nohup, a job in the background) keeps its
        # way.
        if threading.current_thread() is threading.main_thread():
            for one in SIGNALS:
                if signal.getsignal(one) is not signal.SIG_IGN:
                    self.before[one] = signal.signal(one, self._handle)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Gives them back."""
        for one, handler in self.before.items():
            signal.signal(one, handler)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if not self.searching or self.pressed:
            raise Stopped
        self.pressed = True
        if self.view is not None:
            self.view.say("Stopping the search; Ctrl-C once more ends the program.")
        raise KeyboardInterrupt  # the search ends with its best plan

    def step(self, name: str) -> None:
        """A step of the work begins."""
        self.searching = name in SEARCHES
        if self.view is not None:
            self.view.on_step(name)

    def heed(self) -> None:
        """From here on an interrupt ends the program, after :meth:`ignore`."""
        self.searching = False
        for one in self.before:
            signal.signal(one, self._handle)

    def ignore(self) -> None:
        """From here on files are written: that takes a moment and is not left half done."""
        for one in self.before:
            signal.signal(one, signal.SIG_IGN)
