"""What Ctrl-C does: it ends a search and keeps its best plan, ends everything else at once, and
leaves the writing of files alone."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from paxsilica.report.console.live import LiveView

SEARCHES = ("search", "cheapest of equals")
"""Steps that can end early with something to show."""


class Stopped(BaseException):
    """The user wants the program to end. No ``Exception``, so that nothing on the way takes it for
    a failure of its own."""


class Interrupts:
    """Takes over SIGINT while a command runs; knows the step that runs from :meth:`step`."""

    def __init__(self) -> None:
        self.view: LiveView | None = None
        self.searching = False
        self.pressed = False
        self.before: Any = None

    def __enter__(self) -> Self:
        """Takes the signal over."""
        # A parent that has set the signal to be ignored (nohup, a job in the background) keeps its
        # way.
        if (
            threading.current_thread() is threading.main_thread()
            and signal.getsignal(signal.SIGINT) is not signal.SIG_IGN
        ):
            self.before = signal.signal(signal.SIGINT, self._handle)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Gives it back."""
        if self.before is not None:
            signal.signal(signal.SIGINT, self.before)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if not self.searching or self.pressed:
            raise Stopped
        self.pressed = True
        if self.view is not None:
            self.view.say("Stopping the search; Ctrl-C once more ends the program.")
        raise KeyboardInterrupt  # the solver's door takes this as a wish for the best plan so far

    def step(self, name: str) -> None:
        """A step of the work begins."""
        self.searching = name in SEARCHES
        if self.view is not None:
            self.view.on_step(name)

    def ignore(self) -> None:
        """From here on files are written: that takes a moment and is not left half done."""
        if self.before is not None:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
