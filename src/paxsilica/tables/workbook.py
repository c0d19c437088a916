"""Reads the cells of a workbook as text, one sheet per table: the text that a CSV file would hold.

Text comes back as it was typed, such as a key "007", a name "NA" or a note "=A1". A number comes
back as the shortest text that reads as the same number.
"""

from __future__ import annotations

import datetime
import zipfile
from pathlib import Path
from typing import Any

from openpyxl import load_workbook
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException

from paxsilica.errors import Problem
from paxsilica.tables.columns import cell_text
from paxsilica.tables.files import Sheet, Sheets, empty, no_sheets, unknown_name
from paxsilica.tables.schema import TABLES
from paxsilica.tables.suggestions import Nearest

ASIDE = frozenset({"documentation", "lists"})
"""Sheets of a workbook that are not tables."""

_NOT_SAVED = (
    "holds a formula whose result is not saved in the file; open and save the workbook in a"
    " spreadsheet program, or paste the value"
)


def read_workbook(path: Path) -> Sheets:
    """Read every table of a workbook."""
    try:
        book = load_workbook(path, read_only=True, data_only=False)
    except (OSError, zipfile.BadZipFile, InvalidFileException, KeyError, ValueError):
        return no_sheets(path, "should be a workbook (.xlsx) of tables, but cannot be opened")
    problems: list[Problem] = []
    sheets: dict[str, Sheet] = {}
    unreadable: set[str] = set()
    unknown: set[str] = set()
    nearest = Nearest(TABLES)
    try:
        for name in book.sheetnames:
            if name in ASIDE:
                continue
            if name not in TABLES:
                unknown.add(name)
                problems.append(unknown_name(name, "", nearest))
                continue
            sheet = _read_sheet(name, book[name], path, problems)
            if sheet is None:
                unreadable.add(name)
            else:
                sheets[name] = sheet
    finally:
        book.close()
    return Sheets(sheets, problems, frozenset(unreadable), frozenset(unknown))


def _read_sheet(table: str, content: Any, path: Path, problems: list[Problem]) -> Sheet | None:
    # Some programs save a wrong extent of a sheet, and cells beyond it would be lost.
    content.reset_dimensions()
    records: list[list[str]] = []
    lines: list[int] = []
    formulas: list[tuple[int, int, int]] = []
    for line, row in enumerate(content.iter_rows(), start=1):
        cells = [_text(cell.value) for cell in row]
        if any(cells):
            formulas += [
                (len(records), line, place)
                for place, cell in enumerate(row)
                if cell.data_type == "f"
            ]
            records.append(cells)
            lines.append(line)
    if formulas:
        _put_results(table, path, records, formulas, problems)
    if not records:
        problems.append(empty(table))
        return None
    width = max((place + 1 for place, cell in enumerate(records[0]) if cell), default=0)
    kept: list[list[str]] = []
    for line, row in zip(lines, records, strict=True):
        beyond = next((place for place, cell in enumerate(row) if cell and place >= width), None)
        if beyond is not None:
            words = f"should be blank: the header ends in column {get_column_letter(width)}"
            problems.append(
                Problem(table, str(line), get_column_letter(beyond + 1), row[beyond], words)
            )
        kept.append(row[:width] + [""] * (width - len(row)))
    return Sheet(table, tuple(kept[0]), kept[1:], lines[1:])


def _put_results(
    table: str,
    path: Path,
    records: list[list[str]],
    formulas: list[tuple[int, int, int]],
    problems: list[Problem],
) -> None:
    """Replace formulas by their saved results, which need a second reading of the file."""
    book = load_workbook(path, read_only=True, data_only=True)
    book[table].reset_dimensions()
    results = list(book[table].iter_rows(values_only=True))
    book.close()
    for record, line, place in formulas:
        result = results[line - 1][place] if place < len(results[line - 1]) else None
        if result is None:
            problems.append(Problem(table, str(line), get_column_letter(place + 1), "", _NOT_SAVED))
        records[record][place] = _text(result)


def _text(value: Any) -> str:
    """Return the text that a CSV file would hold for the value of a cell."""
    match value:
        case datetime.datetime() if value.time() == datetime.time():
            return cell_text(value.date())
        case datetime.time():
            return value.isoformat()
        case None | int() | float() | datetime.date():
            return cell_text(value)
        case _:
            return str(value).replace("\r\n", "\n").replace("\r", "\n").strip()
