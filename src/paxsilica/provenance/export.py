"""Writes the tables as a workbook that can be edited and read back without loss.

One sheet per table, with the unit and meaning of every column in a note on its header, data
validation of bounds, and drop-down lists for words and for keys of other tables. The lists refer to
the key column of the other sheet, so that they include keys added there.
"""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import xlsxwriter

from paxsilica.atomic import new_file
from paxsilica.errors import InputError
from paxsilica.provenance.descriptor import about
from paxsilica.tables import TABLES, Tables, describe_absent
from paxsilica.tables.columns import cell_text
from paxsilica.tables.layout import ColumnLayout, layout

_SPARE_ROWS = 2000
"""Blank rows with lists and bounds, so that rows can be added."""


def write_workbook(tables: Tables, path: Path) -> None:
    """Write the tables that are present as a workbook, with a sheet ``documentation`` in front."""
    if path.suffix.lower() != ".xlsx":
        raise InputError.of("should be the name of a workbook, ending in .xlsx", value=str(path))
    with new_file(path) as draft:
        _write(tables, draft)


def _write(tables: Tables, path: Path) -> None:
    book = xlsxwriter.Workbook(
        str(path),
        {"strings_to_numbers": False, "strings_to_formulas": False, "strings_to_urls": False},
    )
    # With a fixed date, the same tables give the same file.
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
    key = TABLES[table].key
    last = len(rows) + _SPARE_ROWS
    for place, (name, column) in enumerate(columns.items()):
        sheet.write_string(0, place, name, formats["key" if name in key else "header"])
        sheet.write_comment(0, place, _note(column), {"x_scale": 2.5, "y_scale": 1.5})
        values = [getattr(row, name) for row in rows]
        width = max([len(name) + 2, *(len(cell_text(value)) for value in values[:300])])
        text = None if column.numeric else formats["text"]
        sheet.set_column(place, place, min(60, width), text)
        if rule := _validation(column, tables):
            sheet.data_validation(1, place, last, place, rule)
        for line, value in enumerate(values, start=1):
            _cell(sheet, line, place, value)
    if key[0] == next(iter(columns)):
        book.define_name(f"keys_{table}", f"={table}!$A$2:$A${last + 1}")
    sheet.freeze_panes(1, len(key) if tuple(columns)[: len(key)] == key else 1)
    sheet.autofilter(0, 0, max(1, len(rows)), len(columns) - 1)


def _cell(sheet: Any, line: int, place: int, value: Any) -> None:
    """Write a value as a number if the file keeps all its digits, and else as text; never as a
    formula or a link."""
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
    """Describe a column, for the note on its header."""
    parts = (
        f"{column.expected} ({'required' if column.required else 'may be blank'})",
        f"unit: {column.column.unit}" if column.column.unit else "",
        column.meaning,
        "may vary by year: leave it blank and give it in the sheet series"
        if column.column.series
        else "",
    )
    return "\n".join(filter(None, parts))


def _validation(column: ColumnLayout, tables: Tables) -> dict[str, Any]:
    """The list or the bounds of the cells of a column, as far as a spreadsheet can check them."""
    rule: dict[str, Any]
    references = column.column.references
    if column.allowed or column.kind == "yes/no":
        rule = {"validate": "list", "source": list(column.allowed or ("yes", "no"))}
    elif references in tables.present:
        # A list cannot offer '*' or several names, so there it informs only.
        open_ended = column.column.wildcard or column.column.many
        error_type = "information" if open_ended else "stop"
        rule = {"validate": "list", "source": f"=keys_{references}", "error_type": error_type}
    elif column.kind in ("number", "whole"):
        lows = (column.at_least, column.more_than, -1e15)
        # "inf" is text, and where it is allowed the rule only warns.
        rule = {
            "validate": "integer" if column.kind == "whole" else "decimal",
            "criteria": "between",
            "minimum": next(low for low in lows if low is not None),
            "maximum": 1e15 if column.at_most is None else column.at_most,
            "error_type": "warning",
        }
    else:
        return {}
    words = {
        "error_title": column.name[:32],
        "error_message": f"Should be {column.expected}."[:255],
    }
    return {**rule, "ignore_blank": True, **words}


def _documentation(sheet: Any, tables: Tables, formats: dict[str, Any]) -> None:
    """Write what the sheets hold: a line for the workbook, then every table with its columns."""
    for place, width in enumerate((26, 26, 28, 28, 12, 100)):
        sheet.set_column(place, place, width)
    lines = (
        "paxsilica reads each sheet named after a table; it does not read this sheet.",
        "Numbers have a point or your program's own decimal sign; dates are year-month-day.",
        "The column says what a blank cell means, and whether '*' may stand for all.",
        "Keys of other sheets are offered as lists; several names are separated by ';'.",
        *describe_absent(tables),
    )
    for line, text in enumerate(lines):
        sheet.write_string(line, 0, text)
    line = len(lines) + 1
    heads = ("table", "column", "what it holds", "unit", "needed", "meaning")
    for place, title in enumerate(heads):
        sheet.write_string(line, place, title, formats["header"])
    for table in TABLES:
        line += 1
        sheet.write_string(line, 0, table, formats["key"])
        sheet.write_string(line, 5, about(table), formats["wrap"])
        for name, column in layout(table).items():
            line += 1
            needed = "required" if column.required else ""
            cells = (table, name, column.expected, column.column.unit, needed, column.meaning)
            for place, text in enumerate(cells):
                sheet.write_string(line, place, text, formats["wrap"])
