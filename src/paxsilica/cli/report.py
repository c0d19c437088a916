"""The command ``report``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from paxsilica.cli import completion
from paxsilica.cli.options import PlanArgument, WriteOptions, load_plan
from paxsilica.cli.output import Answer, audit_code, written
from paxsilica.cli.paths import refuse_to_write_over, says

if TYPE_CHECKING:
    from paxsilica.plan.result import Plan

PAGE_MARK = '<meta name="generator" content="paxsilica'


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

    Of an infeasible plan the page shows the reasons, the changes that make the case feasible and
    the closest plan, if the folder holds them.

    With --json: written, the path of the file.

    Writes one HTML file.

    [bold]Examples[/bold]

      paxsilica report plans/base

      paxsilica report plans/base --with plans/forty-billion --out base-and-forty.html
    """
    from paxsilica.atomic import new_file
    from paxsilica.report.page import render_page
    from paxsilica.report.views.diagnosis import load_reasons
    from paxsilica.report.views.named_plan import load_named_plan

    path = folder / "report.html" if out is None else out
    named = load_named_plan(shown_plan(folder), options.data)
    reasons, beside, other_reasons = load_reasons(folder), None, None
    if other is not None:
        plan, other_reasons = shown_plan(other), load_reasons(other)
        same = plan.manifest.get("data_digest") == named.plan.manifest.get("data_digest")
        beside = load_named_plan(plan, options.data if same else None)
    refuse_to_write_over(path, says(PAGE_MARK), options.force)
    page = render_page(named, beside, reasons=reasons, other_reasons=other_reasons)
    with new_file(path) as draft:
        draft.write_text(page, encoding="utf-8")
    plans = [named.plan, *([] if beside is None else [beside.plan])]
    return written(path, audit_code(options, plans))


def shown_plan(folder: Path) -> Plan:
    """The plan in a folder; of an infeasible one the closest plan, if there is one."""
    from paxsilica.report.views.diagnosis import load_closest

    plan = load_plan(folder)
    closest = load_closest(folder) if plan.status == "infeasible" and not plan.tables else None
    return plan if closest is None else closest
