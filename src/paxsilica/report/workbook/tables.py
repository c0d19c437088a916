"""``plan.xlsx``: the tables of a plan, one sheet each, to read, filter and print. The same plan
gives the same bytes."""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from paxsilica import __version__
from paxsilica.plan.result import Plan
from paxsilica.plan.tables import ALL_TABLES
from paxsilica.report.wording import (
    advice,
    gap_sentence,
    number,
    objective_sentence,
    status_sentence,
)
from paxsilica.serialize import leaves

CREATED = datetime.datetime(2025, 1, 1)
"""Any fixed time will do; the time of writing would make every file different."""
MOST_ROWS = 1_000_000
WIDEST, NARROWEST = 60, 9
HEADER_LINE = 15.0


def properties(plan: Plan) -> dict[str, Any]:
    """What the file says of itself: the plan, and who wrote it."""
    made = {"comments": f"Written by paxsilica {__version__}", "created": CREATED}
    return {"title": plan.title or plan.case, "subject": plan.question} | made


def write_workbook(plan: Plan, path: Path) -> None:
    """Writes the workbook of ``plan``. Text stays text, whatever sign it begins with."""
    options = {
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "nan_inf_to_errors": False,
    }
    with xlsxwriter.Workbook(str(path), options) as book:
        book.set_properties(properties(plan))
        _Cover(book).write(plan)
        for name, frame in plan.tables.items():
            _Sheet(book, name, frame).write()


def _print_setup(sheet: Worksheet, name: str) -> None:
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.set_margins(left=0.4, right=0.4, top=0.6, bottom=0.6)
    sheet.set_footer(f"&L{name.replace('&', '&&')}&RPage &P of &N")


class _Cover:
    """The first sheet: what was asked, what came of it, what is where, and what it was made
    from."""

    def __init__(self, book: xlsxwriter.Workbook) -> None:
        self.sheet: Worksheet = book.add_worksheet("plan")
        self.title: Format = book.add_format({"bold": True, "font_size": 16})
        self.head: Format = book.add_format({"bold": True, "bottom": 1, "font_size": 12})
        self.label: Format = book.add_format({"valign": "top", "font_color": "#555555"})
        self.text: Format = book.add_format({"text_wrap": True, "valign": "top", "align": "left"})
        self.link: Format = book.add_format(
            {"font_color": "#0563C1", "underline": 1, "valign": "top"}
        )
        self.row = 0

    def write(self, plan: Plan) -> None:
        sheet = self.sheet
        _print_setup(sheet, "plan")
        sheet.hide_gridlines(2)
        sheet.set_column(0, 0, 30)
        sheet.set_column(1, 1, 100)
        sheet.write_string(0, 0, plan.title or plan.case, self.title)
        self.row = 2
        self._lines(dict(_facts(plan)))
        if plan.notes:
            self._heading("Notes")
            for note in plan.notes:
                self._line("", note)
        if plan.tables:
            self._heading("Sheets")
            for name, frame in plan.tables.items():
                sheet.write_url(self.row, 0, f"internal:'{name}'!A1", self.link, name)
                rows = f"{len(frame):,} row{'' if len(frame) == 1 else 's'}"
                sheet.write_string(self.row, 1, f"{ALL_TABLES[name].title} ({rows})", self.text)
                self.row += 1
        self._heading("Made from")
        self._lines({name: str(value) for name, value in leaves(plan.manifest)})

    def _heading(self, text: str) -> None:
        self.sheet.write_string(self.row + 1, 0, text, self.head)
        self.sheet.write_blank(self.row + 1, 1, None, self.head)
        self.row += 2

    def _lines(self, facts: Mapping[str, str]) -> None:
        for label, text in facts.items():
            self._line(label, text)

    def _line(self, label: str, text: str) -> None:
        self.sheet.write_string(self.row, 0, label, self.label)
        self.sheet.write_string(self.row, 1, text, self.text)
        self.sheet.set_row(self.row, HEADER_LINE * max(1, math.ceil(len(text) / 105)))
        self.row += 1


def _facts(plan: Plan) -> Iterator[tuple[str, str]]:
    yield "Case", plan.case
    if plan.question:
        yield "Question", plan.question
    yield "Status", f"{plan.status.replace('_', ' ')}. {status_sentence(plan)}"
    if plan.objective is None:
        yield "What to try", advice(plan)
    yield "Objective", objective_sentence(plan)
    yield (
        "Bound",
        (
            "none"
            if plan.bound is None
            else f"USD {number(plan.bound)} million: no plan can be better than this"
        ),
    )
    if plan.objective is not None:
        yield "Gap", gap_sentence(plan)
        yield "Capital decided", f"USD {number(plan.capital_decided_usd_m)} million"


class _Sheet:
    """One table: two header lines (what a column says, and its key in the CSV file), filters, and
    one number format a column."""

    def __init__(self, book: xlsxwriter.Workbook, name: str, frame: pd.DataFrame) -> None:
        self.name, self.frame = name, frame
        self.sheet: Worksheet = book.add_worksheet(name)
        look = {"bold": True, "text_wrap": True, "valign": "top", "bg_color": "#DCE6F1"}
        self.left: Format = book.add_format(look | {"align": "left", "indent": 1})
        self.right: Format = book.add_format(look | {"align": "right"})
        key = {
            "italic": True,
            "font_color": "#555555",
            "bg_color": "#DCE6F1",
            "bottom": 1,
            "font_size": 9,
        }
        self.key_left: Format = book.add_format(key | {"align": "left", "indent": 1})
        self.key_right: Format = book.add_format(key | {"align": "right"})
        self.text: Format = book.add_format({"valign": "top", "align": "left", "indent": 1})
        self.book = book

    def write(self) -> None:
        sheet, frame = self.sheet, self.frame
        doc = ALL_TABLES[self.name]
        _print_setup(sheet, self.name)
        sheet.set_header(f"&L&B{doc.title.replace('&', '&&')}")
        rows = min(len(frame), MOST_ROWS)
        lines = 1
        for at, key in enumerate(frame.columns):
            values = frame[key].tolist()[:rows]
            numeric = pd.api.types.is_numeric_dtype(frame[key]) and not pd.api.types.is_bool_dtype(
                frame[key]
            )
            shape = number_format(key, values) if numeric else ""
            header = _header(self.name, key)
            width = _width(key, header, values, shape)
            lines = max(lines, math.ceil(1.15 * len(header) / (width - 1)))
            sheet.write_string(0, at, header, self.right if numeric else self.left)
            sheet.write_string(1, at, key, self.key_right if numeric else self.key_left)
            sheet.set_column(at, at, width)
            self._column(
                at,
                values,
                (
                    self.book.add_format({"num_format": shape, "valign": "top"})
                    if numeric
                    else self.text
                ),
            )
        if rows < len(frame):
            sheet.write_string(
                rows + 2, 0, f"and {len(frame) - rows:,} more rows in tables/{self.name}.csv"
            )
        sheet.set_row(0, HEADER_LINE * min(lines, 8))
        sheet.freeze_panes(2, 1)
        sheet.repeat_rows(0, 1)
        sheet.autofilter(1, 0, max(rows + 1, 1), len(frame.columns) - 1)

    def _column(self, at: int, values: list[Any], shape: Format) -> None:
        for row, value in enumerate(values, start=2):
            if value is None or (isinstance(value, float) and not math.isfinite(value)):
                continue
            if isinstance(value, int | float) and not isinstance(value, bool):
                self.sheet.write_number(row, at, value, shape)
            else:
                self.sheet.write_string(row, at, str(value), shape)


def _header(table: str, key: str) -> str:
    text = ALL_TABLES[table].columns[key]
    return text[:1].upper() + text[1:]


def number_format(key: str, values: list[Any]) -> str:
    """The format that suits a column: years bare, shares in per cent, and as many decimals as the
    size of the numbers asks for.

    >>> number_format("year", [2030]), number_format("coverage", [0.5])
    ('0', '0.0%')
    >>> number_format("need", [120000.5]), number_format("need", [0.25])
    ('#,##0', '#,##0.0000')
    >>> number_format("error", [3e-9, 0.0])
    '0.0E+00'
    """
    if key in ("year", "when") or key.endswith("_year"):
        return "0"
    if "share" in key.split("_") or key.split("_")[0] == "coverage":
        return "0.0%"
    sizes = [
        abs(value) for value in values if isinstance(value, int | float) and math.isfinite(value)
    ]
    largest = max(sizes, default=0.0)
    if all(float(size).is_integer() for size in sizes) or largest >= 100_000:
        return "#,##0"
    if largest < 1e-3:
        return "0.0E+00"
    return "#,##0.0" if largest >= 100 else "#,##0.00" if largest >= 10 else "#,##0.0000"


def _width(key: str, header: str, values: list[Any], shape: str) -> float:
    """Wide enough for the key with its filter button, nearly all values, and a header of a few
    lines."""
    if shape:
        decimals = len(shape.partition(".")[2])
        finite = [value for value in values if math.isfinite(value)]
        longest = max((len(f"{value:,.{decimals}f}") for value in finite), default=0)
    else:
        lengths = sorted(len(str(value)) for value in values if isinstance(value, str))
        longest = lengths[int(0.98 * (len(lengths) - 1))] if lengths else 0
    return float(
        min(WIDEST, max(NARROWEST, longest + 3, len(key) + 3, math.ceil(len(header) / 4) + 2))
    )
