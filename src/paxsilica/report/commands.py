"""What the command line calls for ``paxsilica report`` and ``paxsilica export``: thin functions with the options of each."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from paxsilica.errors import InputError, Problem
from paxsilica.plan import Plan
from paxsilica.report.export import FORMATS, export_plan
from paxsilica.report.facts import load_facts
from paxsilica.report.page import render_page

PlanFolder = Annotated[Path, typer.Argument(metavar="DIR", help="Folder of a plan, as `paxsilica solve` writes it.")]
TablesOption = Annotated[
    Path | None,
    typer.Option("--data", metavar="PATH", help="Tables that the plan was made from.", show_default="the bundled data, if it is they"),
]


def report(
    folder: PlanFolder,
    other: Annotated[Path | None, typer.Option("--with", metavar="DIR", help="Folder of another plan, to show side by side.")] = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="File to write.", show_default="DIR/report.html")] = None,
    data: TablesOption = None,
) -> None:
    """Write a page that shows a plan: one HTML file that opens in any browser, with no network."""
    facts = load_facts(Plan.load(folder), data)
    beside = None
    if other is not None:
        plan = Plan.load(other)
        same = plan.manifest.get("data_digest") == facts.plan.manifest.get("data_digest")
        beside = load_facts(plan, data if same else None)
    path = folder / "report.html" if out is None else out
    path.write_text(render_page(facts, beside), encoding="utf-8")
    typer.echo(str(path))


def export(
    folder: PlanFolder,
    format_: Annotated[str, typer.Option("--format", metavar="FORMAT", help=f"One of {', '.join(FORMATS)}.")],
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="PATH", help="File, or folder for csv and parquet, to write.", show_default="in DIR, by format"),
    ] = None,
    data: TablesOption = None,
) -> None:
    """Write a plan in a format that other programs read: xlsx, csv, json, iamc (pyam) or parquet."""
    if format_ not in FORMATS:
        raise InputError([Problem("--format", "", "", format_, f"should be one of {', '.join(FORMATS)}")])
    typer.echo(str(export_plan(load_facts(Plan.load(folder), data), format_, folder if out is None else None, out)))
