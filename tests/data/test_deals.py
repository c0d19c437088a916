"""Completion, overrun, fixed cost and deals of the bundled data."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from statistics import median

import pytest

from paxsilica.tables import Tables, load_tables

DATA = Path(__file__).parents[2] / "data"


@pytest.fixture(scope="module")
def tables() -> Tables:
    return load_tables(DATA)


def in_the_end(tables: Tables) -> dict[tuple[str, str], float]:
    """Probability that a committed project of a status and stage is ever completed."""
    totals: dict[tuple[str, str], float] = defaultdict(float)
    for row in tables.completion:
        totals[row.status, row.stage] += row.probability
    return totals


def test_every_status_has_chances_of_completion_and_an_overrun(tables: Tables) -> None:
    statuses = {row.status for row in tables.statuses}
    assert {status for status, stage in in_the_end(tables) if stage == "*"} == statuses
    assert [row.status for row in tables.statuses if row.capital_factor is None] == []


def test_firmer_statuses_are_completed_more_often_at_less_overrun(tables: Tables) -> None:
    order = ["operating", "construction", "financed", "announced", "concept"]
    chances = in_the_end(tables)
    ends = [chances[status, "*"] for status in order]
    assert ends == sorted(ends, reverse=True)
    factors = {row.status: row.capital_factor or 1.0 for row in tables.statuses}
    assert [factors[status] for status in order] == sorted(factors[status] for status in order)


def test_fixed_cost_is_a_plausible_share_of_capital(tables: Tables) -> None:
    """Between half a percent and fifteen percent a year; a wrong unit would be far outside."""
    capital = defaultdict(list)
    for row in tables.projects:
        if row.capex_usd_m is not None and not row.generic:
            above = (row.capex_usd_m_per_unit or 0.0) * (row.largest_size - row.smallest_size)
            capital[row.process].append((row.capex_usd_m + above) / row.largest_size)
    shares = {
        row.process: row.fixed_cost_usd_per_unit / (1e6 * median(capital[row.process]))
        for row in tables.processes
        if row.fixed_cost_usd_per_unit is not None
    }
    assert len(shares) > 50
    assert {process: share for process, share in shares.items() if not 0.005 <= share <= 0.15} == {}


def test_closed_deals_on_a_project_fit_its_public_share(tables: Tables) -> None:
    """No plan could meet a commitment beyond the public share or beyond the funder's limits."""
    projects = {row.project: row for row in tables.projects}
    funders = {row.funder: row for row in tables.funders}
    firm = [
        deal
        for deal in tables.deals
        if deal.state in ("closed", "signed") and deal.project is not None and deal.amount_usd_m
    ]
    assert firm
    totals: dict[str, float] = defaultdict(float)
    for deal in firm:
        project = projects[deal.project or ""]
        if project.built_anyway:
            continue
        capital = project.capex_usd_m or 0.0
        totals[project.project] += deal.amount_usd_m or 0.0
        assert totals[project.project] <= (1 - (project.sponsor_share or 0.0)) * capital, deal
        assert deal.amount_usd_m <= (funders[deal.funder].largest_share or 1.0) * capital, deal
        assert any(
            row.funder == deal.funder
            and row.region in ("*", project.region)
            and row.stage in ("*", stage_of(tables, project.process))
            for row in tables.mandates
        ), deal


def stage_of(tables: Tables, process: str) -> str | None:
    """Stage of a process."""
    return next(row.stage for row in tables.processes if row.process == process)


def test_gulf_money_of_the_base_is_the_middle_scenario(tables: Tables) -> None:
    gulf = [
        row.envelope_usd_m or 0.0 for row in tables.funders if row.region in ("ARE", "QAT", "SAU")
    ]
    assert len(gulf) == 4
    assert sum(gulf) == pytest.approx(2000, rel=0.05)
