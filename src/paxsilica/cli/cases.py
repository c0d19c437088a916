"""The commands on cases that solve nothing: ``cases``, ``check``, ``export-model``, ``upgrade``."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from paxsilica.bundled import DEFAULT_CASE, case_files
from paxsilica.cli.options import CaseName, CaseOptions, Force
from paxsilica.cli.output import Answer, OutputOptions, written
from paxsilica.cli.paths import refuse_to_write_over
from paxsilica.report.console.screen import Screen


def cases(output: OutputOptions) -> Answer:
    """List the bundled cases: name, title and question.

    With --json: cases, a list of name, title, question and file.

    [bold]Examples[/bold]

      paxsilica cases

      paxsilica cases --quiet
    """
    from paxsilica.case import read_case
    from paxsilica.report.console.cases import print_cases

    read = {path: read_case(path) for path in case_files().values()}
    rows = [
        {"name": case.name, "title": case.title, "question": case.question, "file": path}
        for path, case in read.items()
    ]
    return Answer(
        lambda screen: print_cases(screen, read.values()),
        lambda: {"cases": rows},
        "\n".join(case.name for case in read.values()),
    )


def check(case: CaseName = DEFAULT_CASE, *, options: CaseOptions) -> Answer:
    """Check tables and a case without solving, and list everything that is wrong with them.

    With --json: case, years, counts (tables, rows, projects, funders, operating_states, cut_offs),
    absent (tables), effects (sentences on what is absent, unused or without effect), unused (number
    of rows that the model does not use, by table, column or measure of limits) and dropped
    (projects, with the reason). Problems are listed in error.problems.

    [bold]Examples[/bold]

      paxsilica check

      paxsilica check my-case.toml --data my-tables

      paxsilica check --json | jq .error.problems
    """
    from paxsilica.report.console.summary import check_facts, print_check

    instance = options.question(case).instance()
    return Answer(lambda screen: print_check(screen, instance), lambda: check_facts(instance), "")


class ModelFormat(StrEnum):
    """File format of an exported model."""

    mps = "mps"
    lp = "lp"


@dataclass(frozen=True)
class ModelOptions(CaseOptions):
    """Options of ``export-model``."""

    format: Annotated[
        ModelFormat, typer.Option("--format", help="MPS, or the LP format of CPLEX.")
    ] = ModelFormat.mps
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="FILE", help="File to write.", show_default="<case>.mps or <case>.lp"
        ),
    ] = None
    force: Force = False


def export_model(case: CaseName = DEFAULT_CASE, *, options: ModelOptions) -> Answer:
    """Write the mixed-integer program of a case to a file that other solvers read.

    With --json: written, the path of the file.

    Writes the file of --out.

    [bold]Examples[/bold]

      paxsilica export-model base --format mps --out base.mps

      paxsilica export-model my-case.toml --data my-tables --format lp
    """
    from paxsilica.solver.highs import write_model

    path = options.out or Path(f"{Path(case).stem}.{options.format.value}")
    refuse_to_write_over(path, lambda _: False, options.force)
    write_model(options.question(case), path, options.format.value)
    return written(path)


def upgrade(
    path: Annotated[
        Path,
        typer.Argument(
            metavar="PATH", help="Case file (.toml), folder of CSV tables, or workbook (.xlsx)."
        ),
    ],
    in_place: Annotated[
        bool, typer.Option("--in-place", help="Keep no copy NAME.orig of the changed files.")
    ] = False,
    *,
    options: OutputOptions,
) -> Answer:
    """Rewrite a case file, or a folder or workbook of tables of version 0.1, to the current names.

    Nothing is written if a file cannot be understood. With --json: changes, in words; written, the
    changed files; backups, the copies of them.

    Writes the changed files; without --in-place also their copies NAME.orig.

    [bold]Examples[/bold]

      paxsilica upgrade my-tables

      paxsilica upgrade my-tables.xlsx

      paxsilica upgrade my-case.toml --in-place
    """
    from paxsilica import upgrade as upgrades

    report = upgrades.upgrade(path, backup=not in_place)

    def show(screen: Screen) -> None:
        screen.show(*report.changes, *(f"wrote {file}" for file in report.files))
        screen.show(*(f"kept {file}" for file in report.backups))
        if not report.changes:
            screen.show("nothing to change")

    return Answer(
        show,
        lambda: {"changes": report.changes, "written": report.files, "backups": report.backups},
    )
