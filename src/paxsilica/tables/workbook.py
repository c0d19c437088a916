"""Reads the cells of a workbook as text, one sheet per table: the text that a CSV file would hold.

Text comes back as it was typed, such as a key "007", a name "NA" or a note "=A1". A number comes
back as the shortest text that reads as the same number.
"""

from __future__ import annotations

import datetime
import warnings
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from openpyxl import load_workbook
from openpyxl.utils import get_column_letter
from openpyxl.xml.functions import fromstring

from paxsilica.errors import Problem, ProblemCode
from paxsilica.tables.columns import Kind, cell_text
from paxsilica.tables.files import (
    ASIDE_MARK,
    LARGEST_FILE,
    LONGEST_TABLE,
    Sheet,
    Sheets,
    empty,
    no_sheets,
    too_long,
    unknown_name,
)
from paxsilica.tables.layout import layout
from paxsilica.tables.schema import TABLES
from paxsilica.tables.suggestions import Nearest

ASIDE = frozenset({"documentation", "lists"})
"""Sheets of a workbook that are not tables."""

MOST_PARTS = 2_000
MOST_BYTES = 128 * 2**20
"""Parts of a workbook and their size when unpacked: beyond what any chain needs."""

_OLD_FORMAT = b"\xd0\xcf\x11\xe0"
_NOT_SAVED = (
    "holds a formula whose result is not saved in the file; open and save the workbook in a"
    " spreadsheet program, or paste the value"
)
_NOT_CALCULATED = (
    "holds a formula that was never calculated: the program that wrote the file left the result to"
    " be found on opening; open and save the workbook in a spreadsheet program, or paste the value"
)
_NAMES: frozenset[Kind] = frozenset(("key", "names", "choice"))


@dataclass
class _Content:
    """The cells of one sheet: value, and whether it is a formula; ``None``: not a sheet of cells,
    or too long."""

    rows: list[list[tuple[Any, bool]]] = field(default_factory=list)
    too_long: bool = False
    of_cells: bool = True


@dataclass(frozen=True)
class _Book:
    """Everything that is read from a workbook."""

    names: Sequence[str]
    sheets: Mapping[str, _Content]
    results: Mapping[str, _Content]
    calculated: bool


def read_workbook(path: Path) -> Sheets:
    """Read every table of a workbook."""
    if words := refused_unread(path):
        return no_sheets(path, f"should be a workbook (.xlsx) of tables, but {words}")
    try:
        book = _parse(path)
    # Only the library runs inside: whatever it raises is about the file, and a damaged part can
    # raise an error of any kind.
    except Exception:
        return no_sheets(path, "should be a workbook (.xlsx) of tables, but it is damaged")
    if not book.names:
        return no_sheets(path, "should be a workbook (.xlsx) of tables, but it has no sheets")
    problems: list[Problem] = []
    sheets: dict[str, Sheet] = {}
    unreadable: set[str] = set()
    unknown: set[str] = set()
    nearest = Nearest(TABLES)
    for name in book.names:
        if name in ASIDE or name.startswith(ASIDE_MARK):
            continue
        if name not in TABLES:
            unknown.add(name)
            problems.append(unknown_name(name, "", nearest))
            continue
        sheet = _read_sheet(name, book, problems)
        if sheet is None:
            unreadable.add(name)
        else:
            sheets[name] = sheet
    return Sheets(sheets, problems, frozenset(unreadable), frozenset(unknown))


def refused_unread(path: Path) -> str:
    """Why a file is not parsed at all, as the end of a sentence; nothing if it may be."""
    if path.stat().st_size > LARGEST_FILE:
        return f"it is larger than {LARGEST_FILE // 2**20} MB"
    with path.open("rb") as file:
        if file.read(4) == _OLD_FORMAT:
            return "it is encrypted, or in the old format .xls; save it as .xlsx without a password"
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return "it cannot be opened"
    if len(parts) > MOST_PARTS:
        return f"it has more than {MOST_PARTS:,} parts"
    if sum(part.file_size for part in parts) > MOST_BYTES:
        return f"its content is larger than {MOST_BYTES // 2**20} MB when unpacked"
    if any(part.flag_bits & 1 for part in parts):
        return "it is encrypted; save it without a password"
    if any(part.filename.lower().endswith("vbaproject.bin") for part in parts):
        return "it holds macros; save it as a workbook without macros"
    if any(part.filename.lower().startswith("xl/externallinks/") for part in parts):
        return "it is linked to other workbooks; replace the links by their values"
    return ""


def _parse(path: Path) -> _Book:
    """Parse the whole file, so that no later step meets a damaged part."""
    with warnings.catch_warnings():
        # The library warns of features, such as validation, that have no meaning here.
        warnings.simplefilter("ignore")
        with zipfile.ZipFile(path) as archive:
            main = next(name for name in archive.namelist() if name.endswith("workbook.xml"))
            tree = fromstring(archive.read(main))
            broken = archive.testzip()
        if broken is not None:
            raise zipfile.BadZipFile(broken)
        names, sheets = _cells(path, None)
        formulas = {
            name: content
            for name, content in sheets.items()
            if any(formula for row in content.rows for _, formula in row)
        }
        results = _cells(path, formulas)[1] if formulas else {}
    asks = [node.get("fullCalcOnLoad") for node in tree.iter() if node.tag.endswith("}calcPr")]
    return _Book(names, sheets, results, not {"1", "true"} & set(asks))


def _cells(
    path: Path, wanted: Mapping[str, _Content] | None
) -> tuple[Sequence[str], dict[str, _Content]]:
    """The cells of the tables of a workbook; with ``wanted``, the results of their formulas."""
    found: dict[str, _Content] = {}
    # The library leaves a file open that it cannot read.
    with path.open("rb") as file:
        book = load_workbook(file, read_only=True, data_only=wanted is not None)
        for name in book.sheetnames:
            if name not in TABLES or (wanted is not None and name not in wanted):
                continue
            content = found[name] = _Content()
            if not hasattr(book[name], "iter_rows"):
                content.of_cells = False
                continue
            # Some programs save a wrong extent of a sheet, and cells beyond it would be lost.
            book[name].reset_dimensions()
            for row in book[name].iter_rows():
                content.rows.append([(cell.value, cell.data_type == "f") for cell in row])
                if len(content.rows) > LONGEST_TABLE:
                    content.too_long = True
                    break
        names = tuple(book.sheetnames)
        book.close()
    return names, found


def _read_sheet(table: str, book: _Book, problems: list[Problem]) -> Sheet | None:
    content = book.sheets[table]
    if content.too_long:
        problems.append(too_long(table))
        return None
    if not content.of_cells:
        words = "should be a sheet of cells, not a chart"
        problems.append(Problem(table, "", "", "", words))
        return None
    values: list[list[Any]] = []
    lines: list[int] = []
    for line, row in enumerate(content.rows, start=1):
        if not any(text_of(value) for value, _ in row):
            continue
        cells = [value for value, _ in row]
        heads = values[0] if values else ()
        for place, (_, formula) in enumerate(row):
            if formula:
                cells[place], words = _result(book, table, line, place)
                name = text_of(heads[place]) if place < len(heads) else ""
                column = name or get_column_letter(place + 1)
                if words:
                    code = ProblemCode.CELL_CHANGED
                    problems.append(Problem(table, str(line), column, "", words, code))
        values.append(cells)
        lines.append(line)
    if not values:
        problems.append(empty(table))
        return None
    header = [text_of(value) for value in values[0]]
    width = max((place + 1 for place, cell in enumerate(header) if cell), default=0)
    kinds = [_kind(table, name) for name in header[:width]]
    kept: list[list[str]] = []
    for line, row in zip(lines, values, strict=True):
        cells = [text_of(value) for value in row]
        beyond = next((place for place, cell in enumerate(cells) if cell and place >= width), None)
        if beyond is not None:
            words = f"should be blank: the header ends in column {get_column_letter(width)}"
            problems.append(
                Problem(table, str(line), get_column_letter(beyond + 1), cells[beyond], words)
            )
        kept.append(cells[:width] + [""] * (width - len(cells)))
        if line != lines[0]:
            problems += _converted(table, line, header, kinds, row)
    return Sheet(table, tuple(kept[0]), kept[1:], lines[1:])


def _kind(table: str, name: str) -> Kind | None:
    """The kind of a column; a text that gives a date may be one."""
    column = layout(table).get(name)
    return None if column is None or (column.kind == "text" and name == "date") else column.kind


def _converted(
    table: str, line: int, header: Sequence[str], kinds: Sequence[Kind | None], row: Sequence[Any]
) -> list[Problem]:
    """Cells of names and text that a spreadsheet program has turned into something else."""
    problems = []
    for name, kind, value in zip(header, kinds, row, strict=False):
        what = _turned(kind, value)
        if what:
            words = (
                f"holds {what}, not {'a name' if kind in _NAMES else 'text'}: a spreadsheet program"
                " may have changed it; format the cell as text and type it again"
            )
            code = ProblemCode.CELL_CHANGED
            problems.append(Problem(table, str(line), name, text_of(value), words, code))
    return problems


def _turned(kind: Kind | None, value: Any) -> str:
    """What a cell of names or text holds instead; nothing if it holds text."""
    if kind not in _NAMES and kind != "text":
        return ""
    if isinstance(value, bool):
        return "a truth value"
    if isinstance(value, datetime.date | datetime.time | datetime.timedelta):
        return "a date" if isinstance(value, datetime.date) else "a time"
    return "a number" if isinstance(value, int | float) and kind in _NAMES else ""


def _result(book: _Book, table: str, line: int, place: int) -> tuple[Any, str]:
    """The saved result of a formula, and what is wrong with it in words."""
    rows = book.results[table].rows
    row = rows[line - 1] if line <= len(rows) else []
    result = row[place][0] if place < len(row) else None
    if result is None:
        return result, _NOT_SAVED
    return result, "" if book.calculated else _NOT_CALCULATED


def text_of(value: Any) -> str:
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
