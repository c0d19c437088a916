"""The commands ``report`` and ``export``: a saved plan in other forms."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from paxsilica.cli import completion
from paxsilica.cli.options import Force, PlanArgument, load_plan
from paxsilica.cli.output import Answer, Manner
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
PAGE_MARK = '<meta name="generator" content="paxsilica'

TablesOption = Annotated[
    Path | None,
    typer.Option(
        "--data",
        metavar="PATH",
        help="Tables that the plan was made from.",
        show_default="the bundled data, if it is they",
    ),
]


@dataclass(frozen=True)
class WriteOptions(Manner):
    """Options of a command that writes a plan in another form."""

    data: TablesOption = None
    force: Force = False


def report(
    folder: PlanArgument,
    other: Annotated[
        Path | None,
        typer.Option(
            "--with",
            metavar="DIR",
            help="Folder of another plan, to show side by side.",
            autocompletion=completion.plans,
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="FILE", help="File to write.", show_default="DIR/report.html"
        ),
    ] = None,
    *,
    options: WriteOptions,
) -> Answer:
    """Write a page that shows a plan: one HTML file that opens in any browser, with no network.

    With --json: written, the path of the file.

    [bold]Examples[/bold]

      paxsilica report plans/base

      paxsilica report plans/base --with plans/forty-billion --out base-and-forty.html
    """
    from paxsilica.report.page import render_page
    from paxsilica.report.views.named_plan import load_named_plan

    path = folder / "report.html" if out is None else out
    named = load_named_plan(load_plan(folder), options.data)
    beside = None
    if other is not None:
        plan = load_plan(other)
        same = plan.manifest.get("data_digest") == named.plan.manifest.get("data_digest")
        beside = load_named_plan(plan, options.data if same else None)
    refuse_to_write_over(path, says(PAGE_MARK), options.force)
    path.write_text(render_page(named, beside), encoding="utf-8")
    return written(path)


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

    [bold]Examples[/bold]

      paxsilica export plans/base --format iamc

      paxsilica export plans/base --format csv --out base-tables
    """
    if format_ not in FORMATS:
        raise InputError(
            [Problem("--format", "", "", format_, f"should be one of {', '.join(FORMATS)}")]
        )
    from paxsilica.report.export import export_plan
    from paxsilica.report.views.named_plan import load_named_plan

    named = load_named_plan(load_plan(folder), options.data)
    if out is not None:
        refuse_to_write_over(out, EXPORTED[format_], options.force)
    return written(export_plan(named, format_, folder, out))


def written(path: Path) -> Answer:
    """The answer of a command that wrote a file or a folder."""
    return Answer(lambda screen: screen.show(str(path)), lambda: {"written": path}, str(path))
