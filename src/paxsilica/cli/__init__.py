"""The command line: takes the words apart, calls, prints. What goes wrong becomes a sentence and an exit code."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from paxsilica import __version__
from paxsilica.bundled import DEFAULT_CASE, case_files, data_folder, find_case
from paxsilica.cli.guard import guarded, show_tracebacks
from paxsilica.cli.interrupts import Interrupts, Stopped
from paxsilica.cli.mount import mount
from paxsilica.errors import InfeasibleError, InputError, NoPlanError, PaxSilicaError, Problem
from paxsilica.report.screen import Screen

if TYPE_CHECKING:
    from paxsilica.case import Case
    from paxsilica.plan import Plan
    from paxsilica.tables import Tables

app = typer.Typer(
    name="paxsilica",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

CaseName = Annotated[str, typer.Argument(metavar="CASE", help="Name of a bundled case, or the path of a case file.")]
Data = Annotated[
    Path | None,
    typer.Option("--data", metavar="PATH", help="Tables: a folder of CSV files, or a workbook.", show_default="the bundled data"),
]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Change one key of the case, such as coverage.hard=true; may be given again."),
]


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"paxsilica {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and end.")] = False,
    debug: Annotated[
        bool, typer.Option("--debug", envvar="PAXSILICA_DEBUG", help="Where the program itself is at fault, print the traceback.")
    ] = False,
) -> None:
    """Plan which plants an alliance should pay for, so that every stage from ore to AI server has a source that cannot be switched off.

    Exit codes: 0 a plan; 2 bad input; 3 proved that there is no plan; 4 no plan found in time; 1 a fault of the program; 130 stopped.
    """
    show_tracebacks(debug)


@app.command()
def solve(
    case: CaseName = DEFAULT_CASE,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Folder to write the plan to.", show_default="plans/<case>")
    ] = None,
    budget: Annotated[float | None, typer.Option(metavar="USD_M", help="Most that all funders together pay, USD million.")] = None,
    gap: Annotated[
        float | None, typer.Option(metavar="SHARE", help="Gap at which the search ends, as a share of the objective: 0.01 is 1 %.")
    ] = None,
    time_limit: Annotated[float | None, typer.Option(metavar="SECONDS", help="Longest search.")] = None,
    data: Data = None,
    settings: Settings = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but the folder of the plan.")] = False,
) -> None:
    """Find the best plan for a case, show it on one page and write all of it to a folder.

    Ctrl-C ends the search and keeps the best plan so far; a second Ctrl-C ends the program.

    [bold]Examples[/bold]

      paxsilica solve

      paxsilica solve base --budget 40000 --out plans/forty-billion

      paxsilica solve my-case.toml --data my-tables --gap 0.01 --time-limit 60

      paxsilica solve --set coverage.hard=true --set objective=budget
    """
    screen, aside = Screen(sys.stdout), Screen(sys.stderr)
    chosen = {"budget_usd_m": budget, "solver.gap": gap, "solver.time_limit_s": time_limit}
    with guarded(aside), Interrupts() as interrupts:
        asked = [*(settings or ()), *(f"{key}={value!r}" for key, value in chosen.items() if value is not None)]
        tables, question = _read(data, case, asked)
        plan, folder = _solve(tables, question, out, aside, interrupts, quiet)
        if quiet:
            typer.echo(str(folder))
        else:
            from paxsilica.report.console import print_folder, print_summary

            print_summary(screen, plan)
            print_folder(screen, folder)
        if plan.status == "infeasible" and not quiet:
            from paxsilica.studies.commands_why import tell_why

            tell_why(tables, question, folder, screen, aside)
    if plan.status == "infeasible":
        raise typer.Exit(InfeasibleError.exit_code)
    if plan.status == "no_plan":
        raise typer.Exit(NoPlanError.exit_code)


def _solve(tables: Tables, case: Case, out: Path | None, aside: Screen, interrupts: Interrupts, quiet: bool) -> tuple[Plan, Path]:
    """Everything between reading and showing; the folder is made sure of before the search, not after."""
    from paxsilica.planner import make_manifest, make_plan
    from paxsilica.report.files import place_for, write_plan
    from paxsilica.report.live import LiveView

    with place_for(out, case.name, make_manifest(tables, case)) as folder:
        try:
            if quiet:
                plan = make_plan(tables, case, tell=interrupts.step)
            else:
                with LiveView(aside) as view:
                    interrupts.view = view
                    plan = make_plan(tables, case, view.watch, interrupts.step)
        except PaxSilicaError as error:
            # A step that was told to stop may have nothing to go on with.
            raise Stopped if interrupts.pressed else error from None
        if interrupts.pressed and plan.status == "no_plan":
            raise Stopped
        interrupts.ignore()
        return plan, write_plan(plan, folder, tables)


@app.command()
def check(case: CaseName = DEFAULT_CASE, data: Data = None, settings: Settings = None) -> None:
    """Check tables and a case without solving, and list everything that is wrong with them.

    [bold]Examples[/bold]

      paxsilica check

      paxsilica check my-case.toml --data my-tables
    """
    with guarded(Screen(sys.stderr)), Interrupts():
        from paxsilica.instance import make_instance
        from paxsilica.report.console import print_check

        tables, question = _read(data, case, settings or ())
        print_check(Screen(sys.stdout), make_instance(tables, question))


@app.command()
def cases() -> None:
    """List the bundled cases: name, title and question."""
    with guarded(Screen(sys.stderr)), Interrupts():
        from paxsilica.case import read_case
        from paxsilica.report.console import print_cases

        print_cases(Screen(sys.stdout), [read_case(path) for path in case_files().values()])


def _read(data: Path | None, case: str, settings: list[str] | tuple[str, ...]) -> tuple[Tables, Case]:
    """Tables and case, or one error with the problems of both."""
    from paxsilica.case import read_case
    from paxsilica.tables import load_tables

    problems: list[Problem] = []
    try:
        tables = load_tables(data or data_folder())
    except InputError as error:
        problems += error.problems
    try:
        question = read_case(find_case(case), settings)
    except InputError as error:
        problems += error.problems
    if problems:
        raise InputError(problems)
    return tables, question


mount(app)


def main() -> None:
    """The command ``paxsilica``."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    try:
        app()
    except SystemExit as end:
        if threading.active_count() > 1:
            # A search that was told twice to stop still runs in its thread, inside the solver: leave it behind.
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(end.code if isinstance(end.code, int) else 1)
        raise
