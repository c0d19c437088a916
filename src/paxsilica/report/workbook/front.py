"""Sheets that repeat the answer: first years and joint coverage, shadow prices, diagnosis."""

from __future__ import annotations

from typing import Any

from paxsilica.plan.labels import listed
from paxsilica.plan.requirement import cell_share
from paxsilica.plan.result import Plan
from paxsilica.report.views.coverage import joint_years
from paxsilica.report.views.diagnosis import Reasons
from paxsilica.report.views.named_plan import NamedPlan, records
from paxsilica.report.wording import SHADOW_PRICES
from paxsilica.report.workbook.style import Book, Field, Sheet, of_key

FIRST_YEARS, FRONT_PRICES, DIAGNOSIS = "First years", "Shadow prices", "Diagnosis"


def first_years_sheet(book: Book, named: NamedPlan) -> None:
    """First year from which each stage is covered, and joint coverage by year."""
    rows = records(named.plan.table("first_years"))
    if not rows:
        return
    fields = [
        Field("Stage", 46, "text", of_key("name")),
        Field("any coverage from", 14, "plain_year", of_key("any")),
        Field("half of the requirement from", 14, "plain_year", of_key("half")),
        Field("all of the requirement from", 14, "plain_year", of_key("all")),
        Field("Key", 90, "label", of_key("stage")),
    ]
    sheet = Sheet(
        book, FIRST_YEARS, "First year from which each stage is covered, to the last year"
    )
    sheet.records(fields, rows, "first_years")
    sheet.heading("All stages at the same time, share of need in a cut-off", 5)
    by_year = [
        Field("Year", 0, "left", lambda one: one.year),
        Field("without the plan", 0, "share", lambda one: cell_share(one.without, one.required)),
        Field("with the plan", 0, "share", lambda one: cell_share(one.coverage, one.required)),
        Field("required", 0, "share", lambda one: one.required),
        Field(
            "limited by",
            0,
            "text",
            lambda one: listed([named.commodity(good) for good in one.limiting]),
        ),
    ]
    sheet.records(by_year, joint_years(named.plan))
    sheet.sheet.print_area(0, 0, sheet.row, 4)


def front_prices_sheet(book: Book, plan: Plan) -> None:
    """The shadow prices of the first page, each as a sentence with its number and unit."""
    rows = records(plan.table("front_prices"))
    if not rows:
        return
    fields = [
        Field("In words", 90, "wrap", of_key("sentence")),
        Field("Of", 34, "text", of_key("name")),
        Field("Value", 12, "number", of_key("value")),
        Field("from", 12, "number", of_key("low")),
        Field("to", 12, "number", of_key("high")),
        Field("Unit", 30, "text", of_key("unit")),
        Field("At stake, USD m", 16, "number", of_key("stake_usd_m")),
        Field("Kind", 18, "label", of_key("what")),
    ]
    sheet = Sheet(book, FRONT_PRICES, SHADOW_PRICES)
    sheet.records(fields, rows, "front_prices")


def diagnosis_sheet(book: Book, reasons: Reasons) -> None:
    """Why no plan meets the case, and the changes that make it feasible."""
    title = "Why no plan meets the case"
    sheet = Sheet(book, DIAGNOSIS, title, landscape=False, labelled=False)
    sections: list[tuple[str, Any]] = [
        ("Requirements that cannot be met", reasons.reasons),
        *(
            ("Requirements that cannot be met together", requirements)
            for requirements, _ in reasons.conflicts
        ),
        ("Changes that make the case feasible, each proved", reasons.changes),
        ("Not sufficient alone", reasons.insufficient),
    ]
    sheet.sheet.set_column(0, 0, 110)
    for title, lines in sections:
        if not lines:
            continue
        sheet.heading(title, 1)
        for line in lines:
            sheet.tall(line, 110)
            sheet.put(sheet.row, 0, line, "wrap")
            sheet.row += 1
