"""Reads the cells of CSV files as text; ``read`` gives the text its meaning.

Every reader of cells returns ``Sheets``, so that another file format needs another reader and no
other change. Cells stay text: "NA" and "007" are names.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from paxsilica.atomic import finish
from paxsilica.errors import Problem
from paxsilica.tables.characters import hint
from paxsilica.tables.schema import TABLES
from paxsilica.tables.suggestions import Nearest

ASIDE_MARK = "_"
"""Files and sheets whose names begin so are notes of the user, and are not read."""

COMMENT_MARK = "#"
"""A line of a CSV file whose first cell is this sign, or begins with it and a space, is a comment.
No key begins so, and the errors of spreadsheets (#REF!) have no space."""

LARGEST_FILE = 64 * 2**20
LONGEST_TABLE = 200_000
"""Bytes of a file and rows of a table: far beyond any chain that can be solved."""

_SEPARATOR_LINE = re.compile(r'"?sep=([,;\t|])"?[,;\t|]*\r?\n', re.IGNORECASE)
_MISTAKEN_SUFFIXES = (".csv.txt", ".tsv", ".txt")


Line = int | str
"""The line on which a row begins; of a row of an overlay, the line with the name of the overlay."""


@dataclass(frozen=True)
class Sheet:
    """The cells of one table: the header, and its rows with the line on which each begins."""

    table: str
    header: tuple[str, ...]
    rows: Sequence[Sequence[str]]
    lines: Sequence[Line]


@dataclass(frozen=True)
class Overlay:
    """What an overlay does to its base.

    Attributes:
        name: name of its folder.
        digest: SHA-256 of its cells.
        counts: number of rows by table and by "added", "changed" and "removed".
        dropped: number of rows of the base that described removed rows or changed numbers alone.
        cells: the cells that it states: table, key of the row, column.
        provenance: keys of the rows of ``provenance`` that it states.
    """

    name: str
    digest: str
    counts: Mapping[str, Mapping[str, int]]
    dropped: int
    cells: frozenset[tuple[str, str, str]]
    provenance: frozenset[str]


@dataclass(frozen=True)
class Sheets:
    """What a reader found.

    Attributes:
        sheets: readable tables by name.
        problems: everything that is wrong.
        unreadable: tables that are there but cannot be read.
        unknown: names that are not those of a table.
        overlays: the overlays that the cells were read through, the innermost first.
    """

    sheets: Mapping[str, Sheet]
    problems: Sequence[Problem]
    unreadable: frozenset[str]
    unknown: frozenset[str] = frozenset()
    overlays: tuple[Overlay, ...] = ()


def no_sheets(path: Path, expected: str) -> Sheets:
    """The result for a path that cannot be read at all."""
    return Sheets({}, [Problem("", "", "", str(path), expected)], frozenset(TABLES))


def unknown_name(name: str, value: str, nearest: Nearest) -> Problem:
    """The problem of a file or sheet that has not the name of a table."""
    words = (
        f"should bear the name of a table: {', '.join(sorted(TABLES))}"
        f"{hint(name) or nearest(name)}; notes and other content are kept under a name that begins"
        f" with {ASIDE_MARK}"
    )
    return Problem(name, "", "", value, words)


def too_long(table: str) -> Problem:
    """The problem of a table with more rows than are read."""
    return Problem(table, "", "", "", f"should have at most {LONGEST_TABLE:,} rows")


def empty(table: str) -> Problem:
    """The problem of a file or sheet without cells."""
    columns = ",".join(TABLES[table].model_fields)
    words = f"the file is empty; it should begin with a header of the columns {columns}"
    return Problem(table, "", "", "", words)


def read_folder(folder: Path) -> Sheets:
    """Read every table file of a folder of CSV files, after a replacement of its files that was cut
    short is finished."""
    with suppress(OSError):  # a folder that cannot be written to is read as it is
        finish(folder, "")
    problems: list[Problem] = []
    sheets: dict[str, Sheet] = {}
    unreadable: set[str] = set()
    unknown: set[str] = set()
    nearest = Nearest(TABLES)
    for path in sorted(folder.iterdir()):
        table, dot, rest = path.name.partition(".")
        if path.is_dir() or not table or table.startswith(ASIDE_MARK):
            continue
        if (dot + rest).lower() in _MISTAKEN_SUFFIXES and table in TABLES:
            words = f"should be a comma-separated file named {table}.csv"
            problems.append(Problem(table, "", "", path.name, words))
        elif path.suffix != ".csv" and path.suffix.lower() == ".csv":
            words = f"should end in .csv{nearest(path.stem)}"
            problems.append(Problem(path.stem, "", "", path.name, words))
        elif path.suffix == ".csv" and path.stem not in TABLES:
            unknown.add(path.stem)
            problems.append(unknown_name(path.stem, path.name, nearest))
        elif path.suffix == ".csv":
            sheet = None
            if path.stat().st_size > LARGEST_FILE:
                words = f"should be a file of at most {LARGEST_FILE // 2**20} MB"
                problems.append(Problem(path.stem, "", "", path.name, words))
            else:
                sheet = _read_csv(path.stem, path.read_bytes(), problems)
            if sheet is None:
                unreadable.add(path.stem)
            else:
                sheets[path.stem] = sheet
    return Sheets(sheets, problems, frozenset(unreadable), frozenset(unknown))


def separated(text: str) -> tuple[str, str]:
    """The separator of the cells of a CSV file, and its text without the line of its own into which
    some spreadsheet programs write the separator.

    >>> separated("sep=;\\na;b\\n"), separated("a,b\\n")
    ((';', 'a;b\\n'), (',', 'a,b\\n'))
    """
    declared = _SEPARATOR_LINE.match(text)
    return (declared[1], text[declared.end() :]) if declared else (",", text)


def is_comment(cell: str) -> bool:
    """Whether the line that begins with a cell is a comment."""
    return cell == COMMENT_MARK or cell.startswith(f"{COMMENT_MARK} ")


def _read_csv(table: str, content: bytes, problems: list[Problem]) -> Sheet | None:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        byte = f"byte {content[error.start]:#04x}"
        problems.append(Problem(table, str(line), "", byte, "should be text saved as UTF-8"))
        return None
    if "\0" in text:
        words = "should be text saved as UTF-8, but holds zero bytes"
        problems.append(Problem(table, "", "", "", words))
        return None
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    records: list[list[str]] = []
    lines: list[int] = []
    separator, rest = separated(text)
    before = int(len(rest) < len(text))
    reader = csv.reader(io.StringIO(rest), delimiter=separator, strict=True)
    skipped = before
    try:
        for record in reader:
            cells = list(map(str.strip, record))
            # Spreadsheets leave blank rows where cells were filled before.
            if any(cells) and not is_comment(cells[0]):
                records.append(cells)
                lines.append(before + 1)
            before = reader.line_num + skipped
            if len(records) > LONGEST_TABLE:
                problems.append(too_long(table))
                return None
    except csv.Error as error:
        words = (
            f"should be cells of at most {csv.field_size_limit():,} characters; a quotation mark"
            " may not be closed"
            if "field limit" in str(error)
            else "should be a row of comma-separated cells; a quotation mark is not closed, or is"
            " in the middle of a cell"
        )
        problems.append(Problem(table, str(before + 1), "", "", words))
        return None
    if not records:
        problems.append(empty(table))
        return None
    return Sheet(table, tuple(records[0]), records[1:], lines[1:])
