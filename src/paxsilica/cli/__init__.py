"""The command line: parses arguments, calls the library and prints. Errors become a sentence and
an exit code."""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from collections.abc import Callable
from typing import Annotated

import typer

from paxsilica.cli import uncertainty
from paxsilica.cli.cases import cases, check, export_model, upgrade
from paxsilica.cli.data import data_app, sources
from paxsilica.cli.errors import Guarded, show_tracebacks
from paxsilica.cli.explain import explain
from paxsilica.cli.export import export
from paxsilica.cli.interrupts import terminate_like_interrupt
from paxsilica.cli.output import Answer, reflowed, with_output_options
from paxsilica.cli.partners import partners
from paxsilica.cli.prices import prices
from paxsilica.cli.replan import replan
from paxsilica.cli.report import report
from paxsilica.cli.solve import solve
from paxsilica.cli.statement import statement
from paxsilica.cli.stress import stress
from paxsilica.cli.studies import alternatives, compare, frontier, montecarlo, sensitivity
from paxsilica.version import __version__

app = typer.Typer(
    name="paxsilica",
    cls=Guarded,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"paxsilica {__version__}")
        raise typer.Exit


def options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_version, is_eager=True, help="Print the version and end."
        ),
    ] = False,
    debug: Annotated[
        bool,
        typer.Option(
            "--debug",
            envvar="PAXSILICA_DEBUG",
            help="Print log messages, and the traceback of a fault of the program.",
        ),
    ] = False,
) -> None:
    """Plan which plants an alliance should pay for, so that every stage from ore to AI server has a
    source that cannot be cut off.

    Exit codes: 0 a plan; 2 bad input; 3 proved that there is no plan; 4 no plan found in time; 5 a
    plan that failed its audit; 1 a fault of the program; 130 stopped.

    Every command takes --json: one JSON document on the standard output, and {"error": ...} there
    if something is wrong. Colours are for terminals alone; NO_COLOR drops them there too.
    """
    show_tracebacks(debug)
    if debug:
        logging.basicConfig(level=logging.DEBUG)


options.__doc__ = reflowed(options.__doc__ or "")
app.callback()(options)


RESUMABLE: tuple[Callable[..., Answer], ...] = (
    partners,
    frontier,
    alternatives,
    sensitivity,
    montecarlo,
    # not imported by name: the package has a module of the same name
    uncertainty.completion,
    uncertainty.information,
    compare,
    stress,
    replan,
)
"""Commands that handle Ctrl-C themselves: they keep the solves that are finished."""

COMMANDS: tuple[Callable[..., Answer], ...] = (
    solve,
    check,
    cases,
    prices,
    explain,
    *RESUMABLE,
    report,
    statement,
    export,
    export_model,
    sources,
    upgrade,
)
for command in COMMANDS:
    app.command()(with_output_options(command, interrupts=command not in RESUMABLE))
app.add_typer(data_app, name="data")


PATIENCE = 1.0
"""Seconds that the end of the program waits for threads."""


def main() -> None:
    """The command ``paxsilica``."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    terminate_like_interrupt()
    try:
        app(prog_name="paxsilica")
    except SystemExit as end:
        # Threads of workers that were stopped end within a moment, and then give back what they
        # hold.
        last = time.monotonic() + PATIENCE
        while threading.active_count() > 1 and time.monotonic() < last:
            time.sleep(0.01)
        if threading.active_count() > 1:
            # A search that was stopped twice still runs in its thread, inside the solver:
            # leave it behind.
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(end.code if isinstance(end.code, int) else 1)
        raise
