"""Reads the cells of table files as text, and nothing more: what the text means is decided in
``rows``.

Every reader returns the same thing, a ``Sheet`` per table, so that another file format needs
another reader and no other change. Cells stay text: "NA" is Namibia and "007" is a name, and only
the schema knows which columns hold numbers.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path

from paxsilica.errors import Problem
from paxsilica.tables.schema import TABLES
from paxsilica.tables.sheet import Sheet, Sheets
from paxsilica.tables.suggestions import Nearest

_MISTAKEN_SUFFIXES = (".csv.txt", ".tsv", ".txt")


def read_sheets(folder: Path) -> Sheets:
    """Read every table file of a folder of CSV files, or every sheet of a workbook."""
    if folder.suffix.lower() == ".xlsx" and folder.is_file():
        # The library behind it takes a while to load, and most runs read a folder.
        from paxsilica.tables.workbook import read_workbook

        return read_workbook(folder)
    if not folder.is_dir():
        found = "is a file" if folder.exists() else "does not exist"
        problem = Problem(
            "",
            "",
            "",
            str(folder),
            f"should be a folder of CSV tables or a workbook (.xlsx), but {found}",
        )
        return Sheets({}, [problem], frozenset(TABLES))
    problems: list[Problem] = []
    sheets: dict[str, Sheet] = {}
    unreadable: set[str] = set()
    nearest = Nearest(TABLES)
    for path in sorted(folder.iterdir()):
        table, dot, suffix = path.name.partition(".")
        suffix = dot + suffix.lower()
        if path.is_dir() or not table:
            continue
        if suffix in _MISTAKEN_SUFFIXES and table in TABLES:
            problems.append(
                Problem(
                    table, "", "", path.name, f"should be a comma-separated file named {table}.csv"
                )
            )
        elif path.suffix.lower() == ".csv" and path.name != f"{path.stem}.csv":
            problems.append(
                Problem(path.stem, "", "", path.name, f"should end in .csv{nearest(path.stem)}")
            )
        elif path.suffix == ".csv" and path.stem not in TABLES:
            words = (
                f"should bear the name of a table: {', '.join(sorted(TABLES))}{nearest(path.stem)}"
            )
            problems.append(Problem(path.stem, "", "", path.name, words))
        elif path.suffix == ".csv":
            sheet = _read_csv(path.stem, path.read_bytes(), problems)
            if sheet is None:
                unreadable.add(path.stem)
            else:
                sheets[path.stem] = sheet
    return Sheets(sheets, problems, frozenset(unreadable))


def _read_csv(table: str, content: bytes, problems: list[Problem]) -> Sheet | None:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        byte = f"byte {content[error.start]:#04x}"
        problems.append(Problem(table, str(line), "", byte, "should be text saved as UTF-8"))
        return None
    if "\0" in text:
        problems.append(
            Problem(table, "", "", "", "should be text saved as UTF-8, but holds zero bytes")
        )
        return None
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    records: list[list[str]] = []
    lines: list[int] = []
    reader = csv.reader(io.StringIO(text), strict=True)
    before = 0
    try:
        for record in reader:
            cells = list(map(str.strip, record))
            # Spreadsheets leave rows of blank cells at the end of what was once filled: they say
            # nothing.
            if any(cells):
                records.append(cells)
                lines.append(before + 1)
            before = reader.line_num
    except csv.Error:
        words = (
            "should be a row of comma-separated cells; a quotation mark is not closed, or stands in"
            " the middle of a cell"
        )
        problems.append(Problem(table, str(before + 1), "", "", words))
        return None
    if not records:
        columns = ",".join(TABLES[table].model_fields)
        problems.append(
            Problem(
                table,
                "",
                "",
                "",
                f"the file is empty; it should begin with a header of the columns {columns}",
            )
        )
        return None
    return Sheet(table, tuple(records[0]), records[1:], lines[1:])
