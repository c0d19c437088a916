"""Formats of the workbook, and sheets that are written from top to bottom."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_range_abs, xl_rowcol_to_cell
from xlsxwriter.worksheet import Worksheet

from paxsilica.output_tables import Column

BLUE, PALE, ORANGE, DEEP_ORANGE, GREY = "#0072B2", "#D9ECF8", "#FBD0AB", "#F5A96A", "#59636E"
"""Blue and orange differ for readers with any colour vision; short cells also have a sign."""

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
        "align": "left",
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
    "text": {"indent": 1, "align": "left", "valign": "top"},
    "wrap": {"indent": 1, "align": "left", "valign": "top", "text_wrap": True},
    "label": {"indent": 1, "align": "left", "valign": "top", "font_color": GREY},
    "left": {"indent": 1, "valign": "top", "align": "left", "text_wrap": True},
    "note": {
        "indent": 1,
        "align": "left",
        "italic": True,
        "font_color": GREY,
        "text_wrap": True,
        "valign": "top",
    },
    "money": {"num_format": "#,##0.0", "valign": "top"},
    "money_total": {"num_format": "#,##0.0", "bold": True, "top": 1},
    "number": {"num_format": "#,##0.0###", "valign": "top"},
    "size": {"num_format": "[>=1000]#,##0;[>=10]#,##0.0;0.00##", "valign": "top"},
    "whole": {"num_format": "#,##0", "valign": "top"},
    "whole_total": {"num_format": "#,##0", "bold": True, "top": 1},
    "plain_year": {"num_format": "0", "valign": "top"},
    "share": {"num_format": "0%", "valign": "top"},
    "share_fine": {"num_format": "0.00%", "valign": "top"},
    "total": {"indent": 1, "align": "left", "bold": True, "top": 1},
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
"""A bar for a share, in the form of Excel 2007, which all programs read."""

OPTIONS = {
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "nan_inf_to_errors": False,
}
"""Text stays text, even with a leading sign of a formula."""

LINE = 15.0
"""Height of a line of text, in points."""

TEXT_LOOKS = ("text", "wrap", "label", "left")
"""Looks of text; the others are of numbers."""

CHART = (1000, 420)
"""Width and height of a chart in pixels. It begins on a page of its own in print, so that it is not
cut across pages."""

PRINTED_ROWS = 40
"""Most rows of a raw table in print: about a page. The sheet holds all of them."""

MOST_ROWS = 1_000_000
"""Most rows of a table that a sheet can hold."""

HEAD_ROOM = 9
"""Characters of a head that have room in the narrowest column; longer heads are broken into
lines."""

MOST_NAME = 96
"""Width to which a column grows for the names in it, in characters."""

WIDEST, NARROWEST = 60, 9
"""Widths of columns, in characters."""


@dataclass(frozen=True)
class Field:
    """A column of a sheet: heading, width in characters, look, and the value for a row. ``formula``
    gives the live formula of a cell from the number of its line."""

    head: str
    width: float
    look: str
    value: Callable[[Any], object]
    formula: Callable[[int], str] | None = None


def of_key(name: str) -> Callable[[dict[str, Any]], object]:
    """The value of a record under ``name``."""
    return lambda row: row.get(name)


def number_format(column: Column, values: Sequence[Any]) -> str:
    """The number format of a column: years without separators, shares in per cent, and decimals
    that suit the largest value.

    >>> from paxsilica.plan.tables import column_of
    >>> number_format(column_of("funding", "year"), [2030])
    '0'
    >>> number_format(column_of("coverage", "joint_coverage"), [0.5])
    '0.0%'
    >>> need = column_of("coverage_by_commodity", "need")
    >>> number_format(need, [120000.5]), number_format(need, [0.25])
    ('#,##0', '#,##0.0000')
    >>> number_format(column_of("price_proof", "error"), [3e-9, 0.0])
    '0.0E+00'
    """
    if column.format in ("year", "share"):
        return "0" if column.format == "year" else "0.0%"
    sizes = [abs(value) for value in finite(values)]
    largest = max(sizes, default=0.0)
    if all(float(size).is_integer() for size in sizes) or largest >= 100_000:
        return "#,##0"
    if largest < 1e-3:
        return "0.0E+00"
    return "#,##0.0" if largest >= 100 else "#,##0.00" if largest >= 10 else "#,##0.0000"


def finite(values: Sequence[Any]) -> list[float]:
    """The numbers among values."""
    return [value for value in values if isinstance(value, int | float) and math.isfinite(value)]


class Book:
    """The workbook with its formats, each made once; every sheet begins with ``label``."""

    def __init__(self, book: xlsxwriter.Workbook, label: str = "") -> None:
        self.book, self.label = book, label
        self._formats: dict[str, Format] = {}

    def look(self, name: str) -> Format:
        """A format of :data:`SHAPES` by name; any other name is a number format."""
        if name not in self._formats:
            shape = SHAPES.get(name, {"num_format": name, "valign": "top"})
            self._formats[name] = self.book.add_format(dict(shape))
        return self._formats[name]

    def name(self, name: str, sheet: Sheet, first: tuple[int, int], last: tuple[int, int]) -> None:
        """Gives a name to the cells from ``first`` to ``last`` (line and column)."""
        where = (
            xl_range_abs(*first, *last)
            if first != last
            else xl_rowcol_to_cell(*first, row_abs=True, col_abs=True)
        )
        self.book.define_name(name, f"='{sheet.name}'!{where}")


class Sheet:
    """A sheet with its print set-up; ``row`` is the next free line."""

    def __init__(
        self,
        book: Book,
        name: str,
        title: str,
        landscape: bool = True,
        pages: int = 0,
        labelled: bool = True,
    ) -> None:
        self.book, self.name, self.row = book, name, 0
        self.label = f"{book.label}: " if book.label and labelled else ""
        self.sheet: Worksheet = book.book.add_worksheet(name)
        if landscape:
            self.sheet.set_landscape()
        self.sheet.set_paper(9)
        self.sheet.fit_to_pages(1, pages)
        self.sheet.set_margins(left=0.4, right=0.4, top=0.7, bottom=0.6)
        if self.label:
            self.sheet.set_tab_color(DEEP_ORANGE)
        title = f"{self.label}{title}"
        self.sheet.set_header(f"&L&B{title.replace('&', '&&')}")
        self.sheet.set_footer(f"&L{name.replace('&', '&&')}&RPage &P of &N")

    def put(self, row: int, column: int, value: object, look: str = "text") -> None:
        """Writes a value by its type: numbers, text, yes or no; blanks and values that are not
        finite as a blank."""
        shape = self.book.look(look)
        if hasattr(value, "item"):
            value = value.item()
        if value is None or value is pd.NA:
            self.sheet.write_blank(row, column, None, shape)
        elif isinstance(value, bool):
            self.sheet.write_string(row, column, "yes" if value else "no", shape)
        elif isinstance(value, int | float):
            if math.isfinite(value):
                self.sheet.write_number(row, column, value, shape)
            else:
                self.sheet.write_blank(row, column, None, shape)
        else:
            label = self.label if row == column == 0 else ""
            self.sheet.write_string(row, column, f"{label}{value}", shape)

    def tall(self, words: object, room: float) -> None:
        """Makes the next free line as tall as the words need in a column of ``room`` characters."""
        self.sheet.set_row(self.row, LINE * max(1, math.ceil(len(str(words)) / room)))

    def formula(self, row: int, column: int, formula: str, value: object, look: str) -> None:
        """Writes a live formula with its value, for programs that do not calculate."""
        if isinstance(value, float) and not math.isfinite(value):
            value = ""
        self.sheet.write_formula(row, column, formula, self.book.look(look), value)

    def heading(self, words: str, columns: int = 2) -> None:
        """A heading over some columns, after a free line."""
        self.row += 1 if self.row else 0
        for column in range(columns):
            self.put(self.row, column, words if column == 0 else None, "heading")
        self.row += 1

    def head(self, words: Sequence[object], looks: Sequence[str] = ("text",)) -> int:
        """A line of column heads with the looks of the cells below them, those of numbers where
        ``looks`` ends; returns its number."""
        if any(len(str(word)) > HEAD_ROOM for word in words[1:]) or (self.label and not self.row):
            self.sheet.set_row(self.row, LINE * 3)
        for column, word in enumerate(words):
            text = column < len(looks) and looks[column] in TEXT_LOOKS
            look = "year" if isinstance(word, int) else "head" if text else "head_right"
            self.put(self.row, column, word, look)
        self.row += 1
        return self.row - 1

    def records(
        self, fields: Sequence[Field], rows: Iterable[Any], name: str = ""
    ) -> tuple[int, int]:
        """Writes heads and a line for each row; returns the first and the last line of rows.

        With ``name`` this is the main table of the sheet: its cells get the name and a filter, and
        the fields set the least widths of the columns, which grow so that no name is cut.
        """
        top = self.head([field.head for field in fields], [field.look for field in fields])
        widths = [field.width for field in fields]
        for row in rows:
            for column, field in enumerate(fields):
                value = field.value(row)
                if field.look in ("text", "label") and isinstance(value, str):
                    widths[column] = max(widths[column], min(len(value) + 3, MOST_NAME))
                if field.look == "wrap":
                    self.tall(value, field.width)
                if field.formula is None:
                    self.put(self.row, column, value, field.look)
                else:
                    formula = field.formula(self.row + 1)
                    self.formula(self.row, column, formula, value, field.look)
            self.row += 1
        last, end = self.row - 1, len(fields) - 1
        if name:
            self.sheet.freeze_panes(top + 1, 1)
            self.sheet.repeat_rows(top)
            for column, width in enumerate(widths):
                self.sheet.set_column(column, column, width)
        if name and last > top:
            self.book.name(name, self, (top, 0), (last, end))
            self.sheet.autofilter(top, 0, last, end)
        return top + 1, last

    def print_first(self, head: int, columns: int, last: int) -> None:
        """Prints the first rows of a long table on one page; the sheet shows all of them."""
        self.sheet.print_area(0, 0, min(last, head + PRINTED_ROWS), columns)
        self.sheet.fit_to_pages(1, 1)
        if last > head + PRINTED_ROWS:
            words = f"&RFirst {PRINTED_ROWS} of {last - head:,} rows"
            self.sheet.set_footer(f"&L{self.name.replace('&', '&&')}{words}")

    def print_nothing(self, columns: int, last: int) -> None:
        """Leaves a sheet for the screen out of print: its print area is a free cell, which prints
        no page, and its header says how to print it."""
        self.sheet.print_area(last + 2, columns + 2, last + 2, columns + 2)
        title = f"{self.label}{self.name}".replace("&", "&&")
        self.sheet.set_header(f"&L&B{title}&RNot printed by default: clear the print area first")

    def total(self, column: int, first: int, last: int, value: float) -> None:
        """The live sum of a column of money, in the next free line."""
        cells = f"{xl_rowcol_to_cell(first, column)}:{xl_rowcol_to_cell(last, column)}"
        self.formula(self.row, column, f"=SUM({cells})", value, "money_total")

    def chart(
        self,
        kind: Mapping[str, Any],
        series: Iterable[Mapping[str, Any]],
        title: str,
        axis: Mapping[str, Any],
        description: str,
    ) -> None:
        """Draws a chart below the next free line."""
        chart = self.book.book.add_chart(dict(kind))
        for one in series:
            chart.add_series(dict(one))
        grid = {"visible": True, "line": {"color": "#D5D9DE"}}
        chart.set_title({"name": title, "name_font": {"size": 12}})
        chart.set_y_axis({"major_gridlines": grid, **axis})
        chart.set_legend({"position": "top"})
        chart.set_size({"width": CHART[0], "height": CHART[1]})
        self.sheet.set_h_pagebreaks([self.row + 1])
        self.sheet.insert_chart(self.row + 2, 0, chart, {"description": description})
