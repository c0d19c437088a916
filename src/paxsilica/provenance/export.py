"""Writes the tables as a workbook that a person can edit and the reader takes back without loss.

One sheet per table, with the unit and meaning of every column in a note on its header, bounds held
by the cells, and drop-down lists for words and for keys of other tables. The lists name the key
column of the other sheet, so that a key added there is offered at once.
"""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.utility import xl_col_to_name

from paxsilica.errors import InputError, Problem
from paxsilica.tables import TABLES, Tables, describe_absent
from paxsilica.tables.columns import cell_text
from paxsilica.tables.layout import ColumnLayout, layout

_SPARE_ROWS = 2000
"""Rows below the last one for which lists and bounds are laid out, so that rows can be added."""


def write_workbook(tables: Tables, path: Path) -> None:
    """Write the tables that are present as a workbook, with a sheet ``documentation`` in front."""
    if path.suffix.lower() != ".xlsx":
        raise InputError(
            [Problem("", "", "", str(path), "should be the name of a workbook, ending in .xlsx")]
        )
    book = xlsxwriter.Workbook(
        str(path),
        {"strings_to_numbers": False, "strings_to_formulas": False, "strings_to_urls": False},
    )
    # Without a fixed date, the same tables would give another file each time.
    book.set_properties(
        {"title": "Tables of a paxsilica problem", "created": datetime.datetime(2026, 1, 1)}
    )
    formats = {
        "header": book.add_format({"bold": True, "bg_color": "#DDE6F0", "bottom": 1}),
        "key": book.add_format({"bold": True, "bg_color": "#B8CCE4", "bottom": 1}),
        "wrap": book.add_format({"text_wrap": True, "valign": "top"}),
        "text": book.add_format({"num_format": "@"}),
    }
    _documentation(book.add_worksheet("documentation"), tables, formats)
    for table in TABLES:
        if table in tables.present:
            _sheet(book, book.add_worksheet(table), table, tables, formats)
    book.close()


def _sheet(book: Any, sheet: Any, table: str, tables: Tables, formats: dict[str, Any]) -> None:
    rows = tables.rows(table)
    columns = layout(table)
    last = len(rows) + _SPARE_ROWS
    for place, (name, column) in enumerate(columns.items()):
        sheet.write_string(
            0, place, name, formats["key" if name in TABLES[table].key else "header"]
        )
        sheet.write_comment(0, place, _note(column), {"x_scale": 2.5, "y_scale": 1.5})
        texts = [cell_text(getattr(row, name)) for row in rows]
        width = min(60, max([len(name) + 2, *(len(text) for text in texts[:300])]))
        sheet.set_column(place, place, width, None if column.numeric else formats["text"])
        _validation(sheet, place, last, column, tables)
        for line, row in enumerate(rows, start=1):
            _cell(sheet, line, place, getattr(row, name))
    first = next(iter(columns))
    if TABLES[table].key[0] == first:
        letter = xl_col_to_name(0)
        book.define_name(f"keys_{table}", f"={table}!${letter}$2:${letter}${last + 1}")
    sheet.freeze_panes(
        1,
        (
            len(TABLES[table].key)
            if tuple(columns)[: len(TABLES[table].key)] == TABLES[table].key
            else 1
        ),
    )
    sheet.autofilter(0, 0, max(1, len(rows)), len(columns) - 1)


def _cell(sheet: Any, line: int, place: int, value: Any) -> None:
    """Write a value as a number only where the file keeps all its digits; everything else as text,
    never as a formula or a link."""
    if (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and abs(value) < 1e300
        and float(f"{value:.16G}") == value
    ):
        sheet.write_number(line, place, value)
        return
    text = cell_text(value)
    if text:
        sheet.write_string(line, place, text)


def _note(column: ColumnLayout) -> str:
    """Say what a column holds, for the note on its header."""
    needed = "required" if column.required else "may be blank"
    parts = [f"{column.expected} ({needed})"]
    if column.column.unit:
        parts.append(f"unit: {column.column.unit}")
    if column.description:
        parts.append(column.description)
    if column.column.series:
        parts.append("may vary by year: leave it blank and give it in the sheet series")
    return "\n".join(parts)


def _validation(sheet: Any, place: int, last: int, column: ColumnLayout, tables: Tables) -> None:
    """Hold the cells of a column to its list or bounds as far as a spreadsheet can; the reader
    checks everything anyway."""
    rule: dict[str, Any] | None = None
    if column.allowed:
        rule = {"validate": "list", "source": list(column.allowed)}
    elif column.kind == "yes/no":
        rule = {"validate": "list", "source": ["yes", "no"]}
    elif column.column.references in tables.present:
        # A list cannot offer '*' or several names at once, so there it advises and does not refuse.
        open_ended = column.column.wildcard or column.column.many
        rule = {
            "validate": "list",
            "source": f"=keys_{column.column.references}",
            "error_type": "information" if open_ended else "stop",
        }
    elif column.kind in ("number", "whole"):
        kind = "integer" if column.kind == "whole" else "decimal"
        low = (
            column.at_least
            if column.at_least is not None
            else column.more_than
            if column.more_than is not None
            else -1e15
        )
        high = column.at_most if column.at_most is not None else 1e15
        # "inf" is text, and where it may stand the rule only advises.
        rule = {
            "validate": kind,
            "criteria": "between",
            "minimum": low,
            "maximum": high,
            "error_type": "warning",
        }
    if rule is not None:
        rule |= {
            "ignore_blank": True,
            "error_title": column.name[:32],
            "error_message": f"Should be {column.expected}."[:255],
        }
        sheet.data_validation(1, place, last, place, rule)


def _documentation(sheet: Any, tables: Tables, formats: dict[str, Any]) -> None:
    """Write what the sheets hold: a line for the workbook, then every table with its columns."""
    sheet.set_column(0, 1, 26)
    sheet.set_column(2, 3, 28)
    sheet.set_column(4, 4, 12)
    sheet.set_column(5, 5, 100)
    lines = [
        (
            "Each sheet named after a table is read by paxsilica as that table; this sheet is not"
            " read."
        ),
        (
            "Numbers have a point or your program's own decimal sign; blank cells mean what the"
            " column says; dates are year-month-day."
        ),
        (
            "Keys of other sheets are offered as lists; '*' stands for all where the column says"
            " so; several names are separated by ';'."
        ),
        *describe_absent(tables),
    ]
    line = 0
    for text in lines:
        sheet.write_string(line, 0, text)
        line += 1
    line += 1
    for place, title in enumerate(
        ("table", "column", "what it holds", "unit", "needed", "meaning")
    ):
        sheet.write_string(line, place, title, formats["header"])
    for table, row in TABLES.items():
        line += 1
        sheet.write_string(line, 0, table, formats["key"])
        sheet.write_string(line, 5, " ".join((row.__doc__ or "").split()), formats["wrap"])
        for name, column in layout(table).items():
            line += 1
            cells = (
                table,
                name,
                column.expected,
                column.column.unit,
                "required" if column.required else "",
                column.description,
            )
            for place, text in enumerate(cells):
                sheet.write_string(line, place, text, formats["wrap"])
