"""The command ``export``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated

import typer

from paxsilica.cli import completion
from paxsilica.cli.options import PlanArgument, WriteOptions, load_plan
from paxsilica.cli.output import Answer, audit_code, written
from paxsilica.cli.paths import holds_file, is_export, is_workbook, refuse_to_write_over, says
from paxsilica.errors import InputError, Problem

EXPORTED: Mapping[str, Callable[[Path], bool]] = {
    "xlsx": is_workbook,
    "csv": holds_file("columns.csv"),
    "json": is_export,
    "iamc": says("\npaxsilica "),
    "parquet": holds_file("columns.parquet"),
}
"""The formats of :data:`paxsilica.report.export.FORMATS`; each with whether what is at a place was
exported in it."""

FORMATS = tuple(EXPORTED)


def export(
    folder: PlanArgument,
    format_: Annotated[
        str,
        typer.Option(
            "--format",
            metavar="FORMAT",
            help=f"One of {', '.join(FORMATS)}.",
            autocompletion=completion.words(*FORMATS),
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="PATH",
            help="File, or folder for csv and parquet, to write.",
            show_default="in DIR, by format",
        ),
    ] = None,
    *,
    options: WriteOptions,
) -> Answer:
    """Write a plan in a format that other programs read: xlsx, csv, json, iamc (pyam) or parquet.

    With --json: written, the path of the file or folder.

    Writes the file or folder of --out.

    [bold]Examples[/bold]

      paxsilica export plans/base --format iamc

      paxsilica export plans/base --format csv --out base-tables
    """
    if format_ not in FORMATS:
        raise InputError(
            [Problem("--format", "", "", format_, f"should be one of {', '.join(FORMATS)}")]
        )
    from paxsilica.report.export import export_plan
    from paxsilica.report.views.diagnosis import load_reasons
    from paxsilica.report.views.named_plan import load_named_plan

    named = load_named_plan(load_plan(folder), options.data)
    if out is not None:
        refuse_to_write_over(out, EXPORTED[format_], options.force)
    place = export_plan(named, format_, folder, out, load_reasons(folder))
    return written(place, audit_code(options, [named.plan]))
