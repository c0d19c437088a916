"""A process that is killed between two moves of files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest


class Killed(BaseException):
    """Stands for the end of the process: no clean-up of the code under test may hide it."""


@contextmanager
def killed_after(moves: int) -> Iterator[tuple[pytest.MonkeyPatch, Callable[[Any], Any]]]:
    """Files are moved at most ``moves`` times inside; the next move ends the process. Gives the
    patch and what limits further functions in the same way."""
    left = iter(range(moves))

    def limited(move: Any) -> Any:
        def step(*words: Any, **more: Any) -> Any:
            if next(left, None) is None:
                raise Killed
            return move(*words, **more)

        return step

    with pytest.MonkeyPatch.context() as patch:
        for name in ("replace", "rename"):
            patch.setattr(Path, name, limited(getattr(Path, name)))
        yield patch, limited
