"""Funders, what they have, and their deals."""

from __future__ import annotations

from collections.abc import Iterable

from paxsilica.errors import Problem
from paxsilica.tables.read import Tables


def funders_have_money(tables: Tables) -> Iterable[Problem]:
    """Find funders without an envelope and without an annual limit."""
    by_year = {
        row.row
        for row in tables.series
        if row.table == "funders" and row.column == "annual_limit_usd_m"
    }
    for line, funder in tables.numbered("funders", tables.funders):
        if (
            funder.envelope_usd_m is None
            and funder.annual_limit_usd_m is None
            and funder.funder not in by_year
        ):
            words = (
                "should be filled with USD million, or annual_limit_usd_m be filled here or given"
                " in series: the funder has neither"
            )
            yield Problem("funders", line, "envelope_usd_m", "", words)


def deals(tables: Tables) -> Iterable[Problem]:
    """Find deals that place their project in another region or stage than it has."""
    known = {project.project: project for project in tables.projects}
    stages = {process.process: process.stage for process in tables.processes}
    for line, deal in tables.numbered("deals", tables.deals):
        project = known.get(deal.project or "")
        if project is None:
            continue
        for column, value, own in (
            ("region", deal.region, project.region),
            ("stage", deal.stage, stages.get(project.process)),
        ):
            if value is not None and own is not None and value != own:
                words = (
                    f"should be {own!r}, the {column} of the project {project.project!r}, or blank"
                )
                yield Problem("deals", line, column, value, words)
