"""Changes cells of the tables of a workbook and keeps everything else in it."""

from __future__ import annotations

import io
import re
import warnings
import zipfile
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from openpyxl import load_workbook

from paxsilica.errors import InputError
from paxsilica.tables.workbook import refused_unread, text_of

_DRAWN = re.compile(
    r"(?i)xl/(charts|chartsheets|drawings/drawing|media|embeddings|activeX|ctrlProps|pivot\w+"
    r"|slicer\w*|timeline\w*|queryTables|threadedComments|tables)[\d/]"
)
"""Parts of a workbook that the library may not be able to write again."""


@dataclass(frozen=True)
class _Place:
    """Where the rows of a table stand: lines of the sheet, and the width of its header."""

    lines: Sequence[int]
    width: int


class EditedWorkbook:
    """The tables of a workbook as text, and the workbook with other text in them.

    Attributes:
        tables: header and rows of each sheet that is named after a table, without blank rows.
        formulas: sheets among them with formulas. The library keeps a formula and drops its result.
    """

    def __init__(self, path: Path, names: Collection[str]) -> None:
        """Read the sheets with these names.

        Raises:
            InputError: if the file is not a workbook that can be read.
        """
        expected = "should be a workbook (.xlsx) of tables, but "
        if words := refused_unread(path):
            raise InputError.of(expected + words, value=str(path))
        self._path = path
        self._content = path.read_bytes()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # the loss of parts is found in `content`
                self._book = load_workbook(io.BytesIO(self._content), rich_text=True)
        # Only the library runs inside: a damaged part can raise an error of any kind.
        except Exception:
            raise InputError.of(f"{expected}it is damaged", value=str(path)) from None
        self.tables: dict[str, list[list[str]]] = {}
        self.formulas: list[str] = []
        self._places: dict[str, _Place] = {}
        for sheet in self._book.worksheets:
            if sheet.title in names:
                self._read(sheet)

    def _read(self, sheet: Any) -> None:
        rows = [[text_of(cell.value) for cell in row] for row in sheet.iter_rows()]
        kept = [(line, row) for line, row in enumerate(rows, start=1) if any(row)]
        header = kept[0][1] if kept else []
        width = max((place + 1 for place, cell in enumerate(header) if cell), default=0)
        self.tables[sheet.title] = [row[:width] for _, row in kept]
        self._places[sheet.title] = _Place([line for line, _ in kept], width)
        if any(cell.data_type == "f" for row in sheet.iter_rows() for cell in row):
            self.formulas.append(sheet.title)

    def content(self, tables: Mapping[str, Sequence[Sequence[str]]]) -> bytes:
        """The workbook with the text of these tables, in the shape of :attr:`tables`, and without
        the sheets of tables that are not among them.

        Only cells whose text differs are changed.

        Raises:
            InputError: if the workbook holds parts, such as charts, that would be lost.
        """
        for name, before in self.tables.items():
            if name not in tables:
                self._remove(name)
                continue
            for line, old, new in zip(self._places[name].lines, before, tables[name], strict=True):
                for place, (was, text) in enumerate(zip(old, new, strict=True), start=1):
                    if was != text:
                        cell = self._book[name].cell(line, place)
                        cell.value = text or None
                        if text:
                            cell.data_type = "s"  # never a formula
        buffer = io.BytesIO()
        self._book.save(buffer)
        content = buffer.getvalue()
        lost = _drawn(self._content) - _drawn(content)
        if lost:
            words = (
                f"should hold cells alone, but has {', '.join(sorted(lost))}, which would be lost;"
                " remove them, or change the names in a spreadsheet program"
            )
            raise InputError.of(words, value=str(self._path))
        return content

    def _remove(self, name: str) -> None:
        """Remove a sheet and the names of the workbook that refer to it."""
        names = self._book.defined_names
        for key in [
            key for key, one in names.items() if any(name == t for t, _ in one.destinations)
        ]:
            del names[key]
        del self._book[name]


def _drawn(content: bytes) -> Counter[str]:
    """The kinds of parts that may be lost, with their numbers."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        found = (_DRAWN.match(part) for part in archive.namelist())
        return Counter(match[1].lower().split("/")[0] for match in found if match)
