"""Funders, what they have, and their deals."""

from __future__ import annotations

import re
from collections.abc import Iterable

from paxsilica.errors import Problem
from paxsilica.tables.read import Tables

_DATE = re.compile(r"\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?")


def funders_have_money(tables: Tables) -> Iterable[Problem]:
    """Find funders whose money is told nowhere: neither in all, nor by year."""
    by_year = {row.row for row in tables.series if row.table == "funders" and row.column == "annual_limit_usd_m"}
    for line, funder in tables.numbered("funders", tables.funders):
        if funder.envelope_usd_m is None and funder.annual_limit_usd_m is None and funder.funder not in by_year:
            words = "should be filled with USD million, or annual_limit_usd_m be filled here or given in series: its money is told nowhere"
            yield Problem("funders", line, "envelope_usd_m", "", words)


def deals(tables: Tables) -> Iterable[Problem]:
    """Find deals whose date is none, and deals that place their project in another region or stage than it has."""
    known = {project.project: project for project in tables.projects}
    stages = {process.process: process.stage for process in tables.processes}
    for line, deal in tables.numbered("deals", tables.deals):
        if not _DATE.fullmatch(deal.date):
            words = "should be a year, a year and month, or a date, such as 2026, 2026-01 or 2026-01-14"
            yield Problem("deals", line, "date", deal.date, words)
        project = known.get(deal.project or "")
        if project is None:
            continue
        for column, value, own in (("region", deal.region, project.region), ("stage", deal.stage, stages.get(project.process))):
            if value is not None and own is not None and value != own:
                yield Problem("deals", line, column, value, f"should be {own!r}, the {column} of the project {project.project!r}, or blank")
