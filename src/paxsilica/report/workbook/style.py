"""The look of the workbook, and a sheet that is written from top to bottom."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_range_abs, xl_rowcol_to_cell
from xlsxwriter.worksheet import Worksheet

from paxsilica.report.workbook.tables import number_format

BLUE, PALE, ORANGE, DEEP_ORANGE, GREY = "#0072B2", "#D9ECF8", "#FBD0AB", "#F5A96A", "#59636E"
"""Blue and orange are told apart by all; what is short bears a sign besides its colour."""

SHAPES: Mapping[str, dict[str, Any]] = {
    "title": {"bold": True, "font_size": 18},
    "question": {
        "italic": True,
        "text_wrap": True,
        "valign": "top",
        "font_color": GREY,
        "font_size": 12,
    },
    "answer": {"text_wrap": True, "valign": "top", "font_size": 11},
    "heading": {"bold": True, "font_size": 13, "bottom": 2, "bottom_color": BLUE},
    "head": {
        "indent": 1,
        "bold": True,
        "text_wrap": True,
        "valign": "vcenter",
        "bg_color": "#DCE6F1",
        "bottom": 1,
    },
    "head_right": {
        "bold": True,
        "text_wrap": True,
        "valign": "vcenter",
        "align": "right",
        "bg_color": "#DCE6F1",
        "bottom": 1,
    },
    "year": {
        "bold": True,
        "num_format": "0",
        "align": "right",
        "valign": "vcenter",
        "bg_color": "#DCE6F1",
        "bottom": 1,
    },
    "text": {"indent": 1, "valign": "top"},
    "wrap": {"indent": 1, "valign": "top", "text_wrap": True},
    "label": {"valign": "top", "font_color": GREY},
    "left": {"indent": 1, "valign": "top", "align": "left", "text_wrap": True},
    "note": {"indent": 1, "italic": True, "font_color": GREY, "text_wrap": True, "valign": "top"},
    "money": {"num_format": "#,##0.0", "valign": "top"},
    "money_total": {"num_format": "#,##0.0", "bold": True, "top": 1},
    "number": {"num_format": "#,##0.0###", "valign": "top"},
    "whole": {"num_format": "#,##0", "valign": "top"},
    "whole_total": {"num_format": "#,##0", "bold": True, "top": 1},
    "plain_year": {"num_format": "0", "valign": "top"},
    "share": {"num_format": "0%", "valign": "top"},
    "share_fine": {"num_format": "0.00%", "valign": "top"},
    "total": {"indent": 1, "bold": True, "top": 1},
    "link": {"font_color": "#0563C1", "underline": 1},
    "check": {"bold": True, "font_color": BLUE},
    "met": {"bg_color": PALE},
    "short": {"bg_color": ORANGE, "num_format": '0%" ▾"'},
    "very_short": {"bg_color": DEEP_ORANGE, "num_format": '0%" ▾"'},
}

DATA_BAR = {
    "type": "data_bar",
    "bar_color": BLUE,
    "min_type": "num",
    "min_value": 0,
    "max_type": "num",
    "max_value": 1,
}
"""A bar for a share in the form of 2007, which every program knows."""

OPTIONS = {
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "nan_inf_to_errors": False,
}
"""Text stays text, whatever sign it begins with."""


LINE = 15.0
"""Height of a line of text, in points."""


class Book:
    """The workbook with its formats, each made once."""

    def __init__(self, book: xlsxwriter.Workbook) -> None:
        self.book = book
        self._formats: dict[str, Format] = {}

    def look(self, name: str) -> Format:
        """A format by name, or by number format where the name is none."""
        if name not in self._formats:
            self._formats[name] = self.book.add_format(
                dict(SHAPES[name]) if name in SHAPES else {"num_format": name, "valign": "top"}
            )
        return self._formats[name]

    def name(self, name: str, sheet: Sheet, first: tuple[int, int], last: tuple[int, int]) -> None:
        """Gives cells a name."""
        where = (
            xl_range_abs(*first, *last)
            if first != last
            else xl_rowcol_to_cell(*first, row_abs=True, col_abs=True)
        )
        self.book.define_name(name, f"='{sheet.name}'!{where}")


class Sheet:
    """A sheet with its print set-up; ``row`` is the next free line."""

    def __init__(
        self, book: Book, name: str, title: str, landscape: bool = True, pages: int = 0
    ) -> None:
        self.book, self.name, self.row = book, name, 0
        self.sheet: Worksheet = book.book.add_worksheet(name)
        if landscape:
            self.sheet.set_landscape()
        self.sheet.set_paper(9)
        self.sheet.fit_to_pages(1, pages)
        self.sheet.set_margins(left=0.4, right=0.4, top=0.7, bottom=0.6)
        self.sheet.set_header(f"&L&B{title.replace('&', '&&')}")
        self.sheet.set_footer(f"&L{name.replace('&', '&&')}&RPage &P of &N")

    def put(self, row: int, column: int, value: object, look: str = "text") -> None:
        """Writes a value as what it is: a number as a number, anything else as text, nothing as a
        blank."""
        shape = self.book.look(look)
        if (
            value is None
            or value is pd.NA
            or (isinstance(value, float) and not math.isfinite(value))
        ):
            self.sheet.write_blank(row, column, None, shape)
        elif isinstance(value, bool):
            self.sheet.write_string(row, column, "yes" if value else "no", shape)
        elif isinstance(value, int | float):
            self.sheet.write_number(row, column, value, shape)
        elif hasattr(value, "item"):
            self.put(row, column, value.item(), look)
        else:
            self.sheet.write_string(row, column, str(value), shape)

    def tall(self, words: object, room: int) -> None:
        """Makes the next free line as tall as the words need in a column of ``room`` characters."""
        self.sheet.set_row(self.row, LINE * max(1, math.ceil(len(str(words)) / room)))

    def formula(self, row: int, column: int, formula: str, value: float | str, look: str) -> None:
        """Writes a live formula with the value that it has, for programs that do not calculate."""
        self.sheet.write_formula(row, column, formula, self.book.look(look), value)

    def heading(self, words: str, columns: int = 2) -> None:
        """A heading over some columns, with room before it."""
        self.row += 1 if self.row else 0
        for column in range(columns):
            self.put(self.row, column, words if column == 0 else None, "heading")
        self.row += 1

    def head(self, words: Sequence[object], first_texts: int = 1, texts: Sequence[int] = ()) -> int:
        """A line of column heads; the first ones, and those of ``texts``, stand over text, the
        others over numbers. Says its row."""
        if any(len(str(word)) > 14 for word in words[1:]):
            self.sheet.set_row(self.row, LINE * 3)
        for column, word in enumerate(words):
            self.put(
                self.row,
                column,
                word,
                (
                    "year"
                    if isinstance(word, int)
                    else "head"
                    if column < first_texts or column in texts
                    else "head_right"
                ),
            )
        self.row += 1
        return self.row - 1

    def total(
        self,
        column: int,
        first: int,
        last: int,
        value: float,
        look: str = "money_total",
        row: int | None = None,
    ) -> None:
        """The live sum of a column, in the next free line or in ``row``."""
        cells = f"{xl_rowcol_to_cell(first, column)}:{xl_rowcol_to_cell(last, column)}"
        self.formula(self.row if row is None else row, column, f"=SUM({cells})", value, look)


def write_table(
    book: Book, name: str, title: str, frame: pd.DataFrame, meanings: Mapping[str, str]
) -> Sheet:
    """A sheet that holds a table as it is: what each column says, its key, filters, frozen
    heads."""
    sheet = Sheet(book, name, title)
    for column, key in enumerate(frame.columns):
        values = frame[key].tolist()
        numeric = pd.api.types.is_numeric_dtype(frame[key]) and not pd.api.types.is_bool_dtype(
            frame[key]
        )
        shape = number_format(str(key), values) if numeric else "text"
        words = meanings.get(str(key), "")
        sheet.put(0, column, words[:1].upper() + words[1:], "head_right" if numeric else "head")
        sheet.put(1, column, str(key), "head_right" if numeric else "head")
        longest = max(
            (len(str(value)) for value in values[:2000] if isinstance(value, str)), default=8
        )
        sheet.sheet.set_column(
            column, column, min(60, max(12, len(str(key)) + 3, longest + 1 if not numeric else 0))
        )
        for row, value in enumerate(values, start=2):
            if value is not None and value == value:
                sheet.put(row, column, value, shape)
    sheet.sheet.set_row(0, 48)
    sheet.sheet.freeze_panes(2, 1)
    sheet.sheet.repeat_rows(0, 1)
    sheet.sheet.autofilter(1, 0, max(len(frame) + 1, 1), max(len(frame.columns) - 1, 0))
    sheet.row = len(frame) + 2
    return sheet
