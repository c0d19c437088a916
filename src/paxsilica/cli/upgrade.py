"""The command ``upgrade``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from paxsilica.cli.output import Answer, Manner
from paxsilica.report.console.screen import Screen


def upgrade(
    path: Annotated[
        Path, typer.Argument(metavar="PATH", help="Case file (.toml) or folder of CSV tables.")
    ],
    in_place: Annotated[
        bool, typer.Option("--in-place", help="Keep no copy NAME.orig of the changed files.")
    ] = False,
    *,
    manner: Manner,
) -> Answer:
    """Rewrite a case file or a folder of tables of version 0.1 to the current names.

    Nothing is written if a file cannot be understood. With --json: changes, in words; written, the
    changed files; backups, the copies of them.

    [bold]Examples[/bold]

      paxsilica upgrade my-tables

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
