"""A sheet for each funder that pays: what its money buys, its cash by year, its return, its
deals."""

from __future__ import annotations

import re
from typing import Any

from paxsilica.report.views.named_plan import NamedPlan
from paxsilica.report.views.statement import Statement, statements
from paxsilica.report.workbook.style import MOST_NAME, Book, Field, Sheet

LONGEST = 31
"""Most characters of the name of a sheet."""

SUPPORT = "support_in_case"
"""Key of :attr:`Statement.support` among the facts."""

FACTS = (
    ("paid_usd_m", "Pays of capital, USD million", "money"),
    ("signed_usd_m", "Signed and closed deals bind it to", "money"),
    ("home_usd_m", "of what it pays: in its home region", "money"),
    ("deals_usd_m", "elsewhere, to projects on which it has a deal", "money"),
    ("elsewhere_usd_m", "to other projects", "money"),
    ("preference_usd_m", "Weight of these in the objective, no cost", "money"),
    (SUPPORT, "Pays as operating support in the years of the case", "money"),
    ("support_usd_m", "the same with the years after the case", "money"),
    ("priced_usd_m", "Pays into projects with prices", "money"),
    ("received_usd_m", "Receives from them, undiscounted", "money"),
    ("rate", "Its real rate, per year", "share_fine"),
    ("npv_usd_m", "Net present value at that rate", "money"),
    ("irr", "Internal rate of return, real; blank: no single rate", "share_fine"),
)


def sheet_name(title: str, taken: set[str]) -> str:
    """The name of a sheet for a funder: without the signs that a workbook forbids, and unlike
    those in ``taken`` (in small letters), to which it is added.

    >>> taken = {"funder a"}
    >>> sheet_name("a", taken), sheet_name("x/[y]", taken)
    ('Funder a 2', 'Funder x y')
    """
    words = re.sub(r"[\[\]:*?/\\'\s]+", " ", f"Funder {title}").strip()
    name, number = words[:LONGEST].strip(), 1
    while name.lower() in taken:
        number += 1
        name = f"{words[: LONGEST - 1 - len(str(number))].strip()} {number}"
    taken.add(name.lower())
    return name


def funder_sheets(book: Book, named: NamedPlan) -> dict[str, str]:
    """Writes a sheet for each funder that pays for something, largest payment first; returns the
    name of the funder by that of its sheet."""
    taken = {sheet.get_name().lower() for sheet in book.book.worksheets()}
    found = {}
    for one in statements(named):
        name = sheet_name(one.funder, taken)
        _sheet(book, one, name)
        found[name] = one.name
    return found


def _sheet(book: Book, one: Statement, name: str) -> None:
    sheet = Sheet(book, name, f"Statement of {one.name}", pages=1)
    sheet.put(0, 0, one.name, "title")
    sheet.put(1, 0, one.region, "note")
    sheet.row = 3
    facts = {**one.facts, SUPPORT: one.support}
    for key, label, look in FACTS:
        sheet.put(sheet.row, 0, label, "label")
        sheet.put(sheet.row, 1, facts[key], look)
        sheet.row += 1
    sheet.heading("What its money buys", 9)
    fields: list[Field] = [
        Field("Project", 52, "text", lambda item: item.name),
        Field("Pays, USD m", 14, "money", lambda item: item.paid),
        Field("All funders, USD m", 14, "money", lambda item: item.public),
        Field("Net present value", 14, "money", lambda item: item.npv),
        Field("Internal rate", 12, "share_fine", lambda item: item.irr),
        Field("Commit", 9, "plain_year", lambda item: item.committed_year),
        Field("First output", 9, "plain_year", lambda item: item.online_year),
        Field("Stage", 30, "text", lambda item: item.stage),
        Field("Region", 22, "text", lambda item: item.region),
        Field("Deals", 22, "text", lambda item: item.deals),
    ]
    _with_totals(sheet, fields, list(one.bought), {1: sum(item.paid for item in one.bought)})
    sheet.heading("Cash by year, USD million", 5)
    fields = [
        Field("Year", 9, "plain_year", lambda item: item[0]),
        Field("Paid, at its beginning", 14, "money", lambda item: item[1]),
        Field("Support paid, at its end", 14, "money", lambda item: item[2]),
        Field("Received, at its end", 14, "money", lambda item: item[3]),
    ]
    sums = {column: sum(item[column] for item in one.cash) for column in (1, 2, 3)}
    _with_totals(sheet, fields, list(one.cash), sums)
    if one.deals:
        sheet.heading("Deals in the data", 6)
        sheet.records(
            [
                Field("Deal", 52, "text", lambda deal: deal.deal),
                Field("USD m; blank: not public", 14, "money", lambda deal: deal.amount_usd_m),
                Field("State", 14, "text", lambda deal: deal.state),
                Field("Date", 14, "text", lambda deal: deal.date),
                Field("Instrument", 12, "text", lambda deal: deal.instrument),
                Field("Project", 30, "text", lambda deal: deal.project),
            ],
            one.deals,
        )
    words = f"The plan without it: paxsilica statement DIR {one.funder} --without OTHER"
    sheet.put(sheet.row + 1, 0, words, "note")
    sheet.sheet.freeze_panes(3, 1)
    longest = max((len(item.name) for item in one.bought), default=0)
    sheet.sheet.set_column(0, 0, max(52, min(longest + 3, MOST_NAME)))
    sheet.sheet.set_column(1, 6, 14)
    sheet.sheet.set_column(7, 9, 26)


def _with_totals(
    sheet: Sheet, fields: list[Field], rows: list[Any], sums: dict[int, float]
) -> None:
    """Rows with the live sums of some columns below them."""
    first, last = sheet.records(fields, rows)
    sheet.put(sheet.row, 0, "Total", "total")
    for column, value in sums.items():
        sheet.total(column, first, last, value)
    sheet.row += 1
