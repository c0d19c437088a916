"""Stages with coverage in different years: every view of a plan takes them as they are."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest
from rich.console import Console

from paxsilica.plan.requirement import cell_share
from paxsilica.plan.result import Plan
from paxsilica.report.answer import sentences
from paxsilica.report.console.screen import Screen
from paxsilica.report.console.summary import print_summary
from paxsilica.report.export import write_iamc
from paxsilica.report.page import render_page
from paxsilica.report.views.coverage import coverage_stages, years_of
from paxsilica.report.views.named_plan import NamedPlan
from paxsilica.report.workbook.book import write_workbook
from report_world import named
from worlds import some

YEARS = years_of(coverage_stages(named().plan))
STAGES = [stage.key for stage in coverage_stages(named().plan)]
KEPT = [
    kept for kept in itertools.product([YEARS, YEARS[:1], YEARS[1:], []], repeat=2) if any(kept)
]
"""Years kept of the first and of the second stage; the others keep all or none."""


def ragged(kept: tuple[list[int], ...], others: bool) -> NamedPlan:
    years = {key: YEARS if others else [] for key in STAGES} | dict(zip(STAGES, kept, strict=False))
    frame = named().plan.coverage
    chosen = [
        year in years[stage] for stage, year in zip(frame["stage"], frame["year"], strict=True)
    ]
    tables = {**named().plan.tables, "coverage": frame[chosen].reset_index(drop=True)}
    return replace(named(), plan=replace(named().plan, tables=tables))


@pytest.mark.parametrize("kept", some(KEPT, 3), ids=lambda kept: "-".join(map(str, map(len, kept))))
def test_every_view_takes_ragged_years(tmp_path: Path, kept: tuple[list[int], ...]) -> None:
    view = ragged(kept, others=KEPT.index(kept) % 2 == 0)
    plan: Plan = view.plan
    stages = coverage_stages(plan)
    write_workbook(view, tmp_path / "plan.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "plan.xlsx", data_only=True)["Coverage"]
    found = {}
    heads = next(row for row in sheet.iter_rows(values_only=True) if row[0] == "With the plan")
    for row in sheet.iter_rows(values_only=True):
        if row[0] == "Stages covered as required":
            met = dict(zip(heads[1:], row[1:], strict=True))
            break
        found[row[0]] = dict(zip(heads[1:], row[1:], strict=True))
    assert [head for head in heads[1:] if head is not None] == years_of(stages)
    for stage in stages:
        for year in years_of(stages):
            cell = stage.in_year(year)
            shown = found[stage.name][year]
            if cell is None:
                assert shown is None
            else:
                assert shown == pytest.approx(cell_share(cell.coverage, cell.required))
    for year in years_of(stages):
        cells = [cell for stage in stages if (cell := stage.in_year(year)) is not None]
        assert met[year] == sum(not cell.short for cell in cells)
    last = years_of(stages)[-1]
    assert str(last) in sentences(view)[0]
    assert render_page(view)
    write_iamc(view, tmp_path / "iamc.csv")
    with (tmp_path / "screen.txt").open("w") as file:
        screen: Console = Screen(file)
        print_summary(screen, view)
    assert (tmp_path / "screen.txt").read_text()
