"""Every command of the program, for tests of the documentation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer

from paxsilica.cli import app


def _every_command(command: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    yield " ".join(words), command
    for name, member in getattr(command, "commands", {}).items():
        yield from _every_command(member, (*words, name))


COMMANDS = dict(_every_command(typer.main.get_command(app)))
"""By the words that call them; the program itself has no words."""
