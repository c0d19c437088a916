"""Commands that live beside what they command, brought under the manners of the command line."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any

import typer

from paxsilica.cli.guard import guarded
from paxsilica.cli.interrupts import Interrupts
from paxsilica.report.screen import Screen


def mannered(command: Callable[..., Any]) -> Callable[..., Any]:
    """The command, with errors as sentences, exit codes as documented, and Ctrl-C heard."""

    @functools.wraps(command)
    def run(*args: Any, **kwargs: Any) -> Any:
        with guarded(Screen(sys.stderr)), Interrupts():
            return command(*args, **kwargs)

    return run


def mount(app: typer.Typer) -> None:
    """Adds the commands of the other packages to ``app``."""
    from paxsilica.prices.commands import prices
    from paxsilica.provenance.commands import data_app, sources
    from paxsilica.report.commands import export, report
    from paxsilica.studies import commands as studies
    from paxsilica.studies.commands_why import explain, partners

    app.command()(prices)
    for command in (explain, partners, report, export, sources):
        app.command()(mannered(command))
    studies.register(app)
    for entry in data_app.registered_commands:
        if entry.callback is not None:
            entry.callback = mannered(entry.callback)
    app.add_typer(data_app, name="data")
