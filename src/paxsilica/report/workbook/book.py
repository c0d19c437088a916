"""The workbook ``plan.xlsx``: the answer first, then money and coverage with live sums, every table
of the plan, every source. The same plan gives the same bytes."""

from __future__ import annotations

import datetime
import math
from collections.abc import Mapping
from pathlib import Path

import xlsxwriter
from xlsxwriter.utility import xl_rowcol_to_cell

from paxsilica.plan.tables import ALL_TABLES
from paxsilica.report.answer import budget_covers, lead, parts
from paxsilica.report.views.diagnosis import Reasons
from paxsilica.report.views.named_plan import CLOSEST_LABEL, NamedPlan
from paxsilica.report.views.portfolio import dropped_by_reason, totals
from paxsilica.report.wording import count, status_sentence
from paxsilica.report.workbook import front, sheets
from paxsilica.report.workbook.funder_sheets import funder_sheets
from paxsilica.report.workbook.raw_tables import write_table
from paxsilica.report.workbook.style import OPTIONS, Book, Sheet
from paxsilica.version import __version__

CREATED = datetime.datetime(2025, 1, 1)
"""A fixed time; the time of writing would make every file different."""

COVER = "Answer"
SHOWN_ELSEWHERE = (
    *("portfolio", "coverage", "funders", "costs", "prices"),
    *("front_prices", "first_years", "joint_coverage"),
)
"""Tables that have a sheet of their own kind."""

CLOSEST = "No plan meets the requirements of this case. This workbook describes the closest plan."

CONTENTS = {
    sheets.PORTFOLIO: "every project to commit: year, size, cost and funders",
    sheets.COVERAGE: "share of need that the chain could make, by stage and year",
    sheets.CASH: "capital paid by funder and year; the sheet support has operating support",
    sheets.FUNDERS: "available, paid and remaining money of each funder",
    sheets.COSTS: "cost of the plan over the years of the case",
    sheets.PRICES: "value of one more million, year or tonne",
    front.FRONT_PRICES: "shadow prices in sentences",
    front.FIRST_YEARS: "first year of coverage of each stage, and joint coverage by year",
    front.DIAGNOSIS: "why no plan meets the case, and changes that make it feasible",
    sheets.EXPOSURE: "concentration of the production of each good by region",
    sheets.FIGURES: "every figure that the plan uses, with range, grade and source",
    sheets.DOCUMENTS: "the documents behind the figures",
    sheets.ORIGIN: "data, case, versions and options of the plan",
}


def write_workbook(named: NamedPlan, path: Path, reasons: Reasons | None = None) -> None:
    """Writes the workbook of a plan; without the tables of the data it has keys in the place of
    names and no sources. ``reasons``: why the case has no plan."""
    plan = named.plan
    with xlsxwriter.Workbook(str(path), dict(OPTIONS)) as file:
        file.set_properties(
            {
                "title": plan.title or plan.case,
                "subject": plan.question,
                "comments": f"Written by paxsilica {__version__}",
                "created": CREATED,
            }
        )
        file.set_calc_mode("auto")
        book = Book(file, CLOSEST_LABEL if named.closest else "")
        cover = Sheet(book, COVER, plan.title or plan.case, landscape=False)
        if reasons is not None:
            front.diagnosis_sheet(book, reasons)
        funders: dict[str, str] = {}
        if plan.tables:
            sheets.portfolio_sheet(book, named)
            sheets.coverage_sheet(book, plan)
            front.first_years_sheet(book, named)
            front.front_prices_sheet(book, plan)
            sheets.cash_sheet(book, named)
            sheets.funders_sheet(book, named)
            sheets.costs_sheet(book, plan)
            sheets.prices_sheet(book, named)
            sheets.exposure_sheet(book, named)
            funders = funder_sheets(book, named)
            for name, table in plan.tables.items():
                if name not in SHOWN_ELSEWHERE and len(table):
                    write_table(book, name, named)
            documents = sheets.figures_sheet(book, named)
            sheets.documents_sheet(book, named, documents)
        sheets.manifest_sheet(book, plan)
        _cover(book, cover, named, funders)


def _cover(book: Book, sheet: Sheet, named: NamedPlan, funders: Mapping[str, str]) -> None:
    """Question, answer, main figures as live formulas, proof, notes and contents; ``funders``: name
    of each by that of its sheet."""
    plan = named.plan
    sheet.sheet.hide_gridlines(2)
    for column, width in enumerate((34, 24, 62)):
        sheet.sheet.set_column(column, column, width)
    sheet.put(0, 0, plan.title or plan.case, "title")
    sheet.row = 1
    if plan.question:
        _paragraph(sheet, plan.question, "question")
    sheet.heading("Answer", 3)
    if named.closest:
        _paragraph(sheet, CLOSEST, "heading")
    for sentence in lead(named):
        _paragraph(sheet, sentence, "answer")
    for part in parts(named):
        sheet.heading(part.title, 3)
        for sentence in part.lines:
            _paragraph(sheet, sentence, "answer")
    if plan.objective is not None:
        _money(book, sheet, named)
    _proof(book, sheet, named)
    dropped = dropped_by_reason(plan)
    if plan.notes or dropped:
        sheet.heading("Notes", 3)
    for note in plan.notes:
        _paragraph(sheet, note, "answer")
    for reason, projects in dropped.items():
        words = (
            f"Dropped ({reason}): {count(len(projects), 'project')}; the sheet dropped has them."
        )
        _paragraph(sheet, words, "answer")
    sheet.heading("Sheets", 3)
    for worksheet in book.book.worksheets()[1:]:
        name = worksheet.get_name()
        sheet.sheet.write_url(sheet.row, 0, f"internal:'{name}'!A1", book.look("link"), name)
        sheet.put(sheet.row, 1, _contents(name, funders))
        sheet.row += 1


def _contents(name: str, funders: Mapping[str, str]) -> str:
    """What a sheet holds."""
    if name in ALL_TABLES:
        return ALL_TABLES[name].title
    if name in funders:
        return f"{funders[name]}: what its money buys, cash by year and return"
    return CONTENTS[name]


def _paragraph(sheet: Sheet, words: str, look: str) -> None:
    """Words over the width of the sheet, in a line as tall as they need."""
    sheet.sheet.merge_range(sheet.row, 0, sheet.row, 2, "", sheet.book.look(look))
    sheet.put(sheet.row, 0, words.replace("`", ""), look)
    sheet.sheet.set_row(sheet.row, 16.0 * max(1, math.ceil(len(words) / 108)))
    sheet.row += 1


def _line(sheet: Sheet, label: str, note: str = "") -> int:
    """A line with a label and a note; returns its number."""
    sheet.put(sheet.row, 0, label, "label")
    sheet.put(sheet.row, 2, note, "note")
    sheet.row += 1
    return sheet.row - 1


def _money(book: Book, sheet: Sheet, named: NamedPlan) -> None:
    found, budget = totals(named.plan), named.case.get("budget_usd_m")
    sheet.heading(f"Money, USD million{f' of {named.price_year}' if named.price_year else ''}", 3)
    for label, name, value, note in (
        ("Capital in all", "total_capital", found.capital, "live sum of the sheet Portfolio"),
        ("of which public capital", "total_public", found.public, "paid by funders"),
        ("of which owners' money", "total_owners", found.own, "paid by the owners of the projects"),
    ):
        sheet.formula(_line(sheet, label, note), 1, f"={name}", value, "money")
    where = "; sheet support" if len(named.plan.table("support")) else ""
    row = _line(sheet, "Operating support", f"paid by funders, undiscounted{where}")
    sheet.put(row, 1, found.support, "money")
    book.name("support_paid", sheet, (row, 1), (row, 1))
    row = _line(sheet, "Public money", "public capital and operating support")
    sheet.formula(row, 1, "=total_public+support_paid", found.public + found.support, "money")
    if budget is not None:
        row = _line(sheet, "Budget of the case", "most that funders may pay together")
        sheet.put(row, 1, float(budget), "money")
        book.name("budget", sheet, (row, 1), (row, 1))
        covers = budget_covers(named)
        left = float(budget) - found.limited(covers)
        left = left if abs(left) > 1e-6 else 0.0
        rest = "=budget-total_public" + ("-support_paid" if covers == "money" else "")
        sheet.formula(_line(sheet, "Left of the budget"), 1, rest, left, "money")
    formula = "=ROWS(portfolio)-1" if found.projects else "=0"
    sheet.formula(_line(sheet, "Projects"), 1, formula, found.projects, "whole")


def _proof(book: Book, sheet: Sheet, named: NamedPlan) -> None:
    """Objective, bound and the gap in three units, the gap as formulas on the first two."""
    plan = named.plan
    sheet.heading("Proof of optimality", 3)
    row = _line(sheet, "Status", status_sentence(plan))
    sheet.put(row, 1, plan.status.replace("_", " "))
    cells = []
    for label, value, note in (
        ("Objective, USD million", plan.objective, "objective of the case"),
        ("Bound, USD million", plan.bound, "no plan can be better than this"),
    ):
        row = _line(sheet, label, note if value is not None else "none")
        cells.append(xl_rowcol_to_cell(row, 1))
        if value is not None:
            sheet.put(row, 1, value, "money")
    if plan.objective is None or plan.gap_usd_m is None:
        return
    objective, bound = cells
    row = _line(sheet, "Gap, USD million", "no other plan is better by more than this")
    sheet.formula(row, 1, f"=MAX(0,{objective}-{bound})", plan.gap_usd_m, "money")
    gap = xl_rowcol_to_cell(row, 1)
    book.name("gap", sheet, (row, 1), (row, 1))
    if plan.gap is not None:
        formula = f"=IF({objective}=0,0,{gap}/ABS({objective}))"
        row = _line(sheet, "Gap, share of the objective")
        sheet.formula(row, 1, formula, plan.gap, "0.0000%")
    if plan.gap_of_capital is not None:
        row = _line(sheet, "Gap, share of the capital decided", "unproved share of the decision")
        sheet.formula(row, 1, f"={gap}/total_capital", plan.gap_of_capital, "share_fine")
