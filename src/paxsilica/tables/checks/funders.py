"""Funders and what they have."""

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
