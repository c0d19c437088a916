"""The command ``report``."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from paxsilica.cli import completion
from paxsilica.cli.options import PlanArgument, WriteOptions
from paxsilica.cli.output import Answer, audit_code, written
from paxsilica.cli.paths import refuse_to_write_over, says

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
    alternatives: Annotated[
        Path | None,
        typer.Option(
            "--alternatives",
            metavar="DIR",
            help=(
                "Folder of the study alternatives of the case, to mark the projects that every"
                " near-optimal plan has."
            ),
        ),
    ] = None,
    stress: Annotated[
        Path | None,
        typer.Option(
            "--stress",
            metavar="DIR",
            help="Folder of the study stress of the plan, to show what losses do to it.",
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

    Which projects every near-optimal plan has is known where --alternatives gives the study, and
    the page says where it is not known.

    With --json: written, the path of the file.

    Writes one HTML file.

    [bold]Examples[/bold]

      paxsilica report plans/base

      paxsilica report plans/base --alternatives plans/alternatives-base

      paxsilica report plans/base --stress plans/stress-base

      paxsilica report plans/base --with plans/forty-billion --out base-and-forty.html
    """
    from paxsilica.atomic import new_file
    from paxsilica.report.page import render_page
    from paxsilica.report.views.diagnosis import load_reasons, shown_plan
    from paxsilica.report.views.losses import load_losses
    from paxsilica.report.views.named_plan import load_named_plan
    from paxsilica.report.views.near_optimal import load_near_optimal

    path = folder / "report.html" if out is None else out
    plan, closest = shown_plan(folder)
    named = load_named_plan(plan, options.data, closest=closest)
    if alternatives is not None:
        named = replace(named, near=load_near_optimal(alternatives, named.plan))
    if stress is not None:
        named = replace(named, losses=load_losses(stress, named.plan))
    reasons, beside, other_reasons = load_reasons(folder), None, None
    if other is not None:
        (plan, closest), other_reasons = shown_plan(other), load_reasons(other)
        same = plan.manifest.get("data_digest") == named.plan.manifest.get("data_digest")
        beside = load_named_plan(plan, options.data if same else None, closest=closest)
        if named.near is not None and same and not named.plan.question_differences(plan):
            beside = replace(beside, near=named.near)
    refuse_to_write_over(path, says(PAGE_MARK), options.force)
    page = render_page(named, beside, reasons=reasons, other_reasons=other_reasons)
    with new_file(path) as draft:
        draft.write_text(page, encoding="utf-8")
    plans = [named.plan, *([] if beside is None else [beside.plan])]
    return written(path, audit_code(options, plans))
