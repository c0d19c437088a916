"""The workbook that a ministry of finance keeps: the answer first, then money and coverage with
live sums, every table, every source."""

from __future__ import annotations

import math
from pathlib import Path

import xlsxwriter
from xlsxwriter.utility import xl_rowcol_to_cell

from paxsilica.plan.result import PLAN_TABLES
from paxsilica.report.facts import Facts
from paxsilica.report.page.answer import sentences
from paxsilica.report.wording import status_sentence
from paxsilica.report.workbook.sheets import (
    CASH,
    COSTS,
    COVERAGE,
    FUNDERS,
    PORTFOLIO,
    cash_sheet,
    costs_sheet,
    coverage_sheet,
    funders_sheet,
    portfolio_sheet,
)
from paxsilica.report.workbook.sources import (
    DOCUMENTS,
    EXPOSURE,
    FIGURES,
    MADE_FROM,
    PRICES,
    documents_sheet,
    exposure_sheet,
    figures_sheet,
    manifest_sheet,
    prices_sheet,
)
from paxsilica.report.workbook.style import OPTIONS, Book, Sheet, write_table
from paxsilica.report.workbook.tables import properties

COVER = "Answer"
SHOWN_ELSEWHERE = ("portfolio", "coverage", "funders", "costs", "prices")
"""Tables that have a sheet of their own kind, and are not written again as they are."""

CONTENTS = {
    PORTFOLIO: "every project to commit: when, how large, for how much, who pays",
    COVERAGE: "share of need that the trusted chain could make, by step and year",
    CASH: "who pays how much in which year",
    FUNDERS: "what each funder can pay, pays and has left",
    COSTS: "what the plan costs over the years",
    PRICES: "what one more million, year or tonne would be worth",
    EXPOSURE: "on which country each good hangs",
    FIGURES: "every figure that the plan rests on, with range, grade and source",
    DOCUMENTS: "the documents behind the figures",
    MADE_FROM: "data, case, versions and options: enough to make the plan again",
}


def write_full_workbook(facts: Facts, path: Path) -> None:
    """Writes the workbook; the same plan gives the same bytes."""
    plan = facts.plan
    with xlsxwriter.Workbook(str(path), dict(OPTIONS)) as file:
        file.set_properties(properties(plan))
        file.set_calc_mode("auto")
        book = Book(file)
        cover = Sheet(book, COVER, plan.title or plan.case, landscape=False)
        if plan.tables:
            portfolio_sheet(book, facts)
            coverage_sheet(book, facts)
            cash_sheet(book, facts)
            funders_sheet(book, facts)
            costs_sheet(book, facts)
            prices_sheet(book, facts)
            exposure_sheet(book, facts)
            for name, table in plan.tables.items():
                if name not in SHOWN_ELSEWHERE and len(table):
                    doc = PLAN_TABLES.get(name)
                    write_table(
                        book, name, doc.title if doc else name, table, doc.columns if doc else {}
                    )
            documents = figures_sheet(book, facts)
            documents_sheet(book, facts, documents)
        manifest_sheet(book, facts)
        _cover(book, cover, facts)


def _cover(book: Book, sheet: Sheet, facts: Facts) -> None:
    """Question, answer, the figures of the plan as live formulas, the proof three ways, notes,
    contents."""
    plan = facts.plan
    sheet.sheet.hide_gridlines(2)
    sheet.sheet.set_column(0, 0, 34)
    sheet.sheet.set_column(1, 1, 24)
    sheet.sheet.set_column(2, 2, 62)
    sheet.put(0, 0, plan.title or plan.case, "title")
    sheet.row = 1
    if plan.question:
        _paragraph(sheet, plan.question, "question")
    sheet.heading("Answer", 3)
    for sentence in sentences(facts):
        _paragraph(sheet, sentence, "answer")
    if plan.objective is not None:
        _figures(book, sheet, facts)
    _proof(book, sheet, facts)
    if plan.notes:
        sheet.heading("Notes", 3)
        for note in plan.notes:
            _paragraph(sheet, note, "answer")
    sheet.heading("Sheets", 3)
    for worksheet in book.book.worksheets()[1:]:
        name = worksheet.get_name()
        sheet.sheet.write_url(sheet.row, 0, f"internal:'{name}'!A1", book.look("link"), name)
        doc = PLAN_TABLES.get(name)
        sheet.put(sheet.row, 1, CONTENTS.get(name, doc.title if doc else ""))
        sheet.row += 1


def _paragraph(sheet: Sheet, words: str, look: str) -> None:
    """Words over the width of the sheet, in a line as tall as they need."""
    sheet.sheet.merge_range(sheet.row, 0, sheet.row, 2, "", sheet.book.look(look))
    sheet.put(sheet.row, 0, words, look)
    sheet.sheet.set_row(sheet.row, 16.0 * max(1, math.ceil(len(words) / 108)))
    sheet.row += 1


def _figures(book: Book, sheet: Sheet, facts: Facts) -> None:
    portfolio, budget = facts.plan.portfolio, facts.case.get("budget_usd_m")
    sheet.heading(f"Money, USD million{f' of {facts.price_year}' if facts.price_year else ''}", 3)
    rows = [
        (
            "Capital in all",
            "=total_capital",
            float(portfolio["capex_usd_m"].sum()),
            "live sum of the sheet Portfolio",
        ),
        (
            "of which public money",
            "=total_public",
            float(portfolio["public_usd_m"].sum()),
            "paid by funders",
        ),
        (
            "of which owners' money",
            "=total_owners",
            float(portfolio["sponsor_usd_m"].sum()),
            "brought by the owners of the projects",
        ),
    ]
    for label, formula, value, note in rows:
        _line(sheet, label, note)
        sheet.formula(sheet.row - 1, 1, formula, value, "money")
    if budget is not None:
        _line(sheet, "Budget of the case", "most that funders may pay together")
        sheet.put(sheet.row - 1, 1, float(budget), "money")
        book.name("budget", sheet, (sheet.row - 1, 1), (sheet.row - 1, 1))
        _line(sheet, "Left of the budget", "")
        left = float(budget) - float(portfolio["public_usd_m"].sum())
        sheet.formula(
            sheet.row - 1, 1, "=budget-total_public", left if abs(left) > 1e-6 else 0.0, "money"
        )
    _line(sheet, "Projects", "")
    count = len(portfolio)
    sheet.formula(sheet.row - 1, 1, "=ROWS(portfolio)-1" if count else "=0", count, "whole")


def _line(sheet: Sheet, label: str, note: str) -> None:
    sheet.put(sheet.row, 0, label, "label")
    sheet.put(sheet.row, 2, note, "note")
    sheet.row += 1


def _proof(book: Book, sheet: Sheet, facts: Facts) -> None:
    """Objective, bound and the gap three ways, the last two as formulas on the first."""
    plan = facts.plan
    sheet.heading("How far the plan is proved", 3)
    _line(sheet, "Status", status_sentence(plan))
    sheet.put(sheet.row - 1, 1, plan.status.replace("_", " "))
    for label, value, note in (
        (
            "Objective, USD million",
            plan.objective,
            "what the plan costs by the measure of the case",
        ),
        ("Bound, USD million", plan.bound, "no plan can be better than this"),
    ):
        _line(sheet, label, note if value is not None else "none")
        if value is not None:
            sheet.put(sheet.row - 1, 1, value, "money")
    if plan.objective is None or plan.gap_usd_m is None:
        return
    objective, bound = xl_rowcol_to_cell(sheet.row - 2, 1), xl_rowcol_to_cell(sheet.row - 1, 1)
    _line(sheet, "Gap, USD million", "so much better another plan might be, and no more")
    sheet.formula(sheet.row - 1, 1, f"=MAX(0,{objective}-{bound})", plan.gap_usd_m, "money")
    gap = xl_rowcol_to_cell(sheet.row - 1, 1)
    book.name("gap", sheet, (sheet.row - 1, 1), (sheet.row - 1, 1))
    if plan.gap is not None:
        _line(sheet, "Gap, share of the objective", "")
        sheet.formula(
            sheet.row - 1, 1, f"=IF({objective}=0,0,{gap}/ABS({objective}))", plan.gap, "0.0000%"
        )
    if plan.gap_of_capital is not None:
        _line(
            sheet,
            "Gap, share of the capital decided",
            "how much of the money in question is unproved",
        )
        sheet.formula(sheet.row - 1, 1, f"={gap}/total_capital", plan.gap_of_capital, "share_fine")
