"""An overlay: a folder that adds, changes and removes rows of other tables without a copy of them.

The folder holds the file ``overlay.toml``, whose key ``base`` names the tables that it changes, and
CSV files named after tables. A row is found by its key. The column ``action`` says what is done
with it; where that is blank, a row that the base has is changed, and any other row is added. A
changed row keeps what its blank cells do not state.

The provenance of the base does not describe a number that an overlay changes.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from paxsilica.bundled import data_folder
from paxsilica.errors import Problem
from paxsilica.tables.columns import WHOLE
from paxsilica.tables.defaults import default_text
from paxsilica.tables.files import Line, Overlay, Sheet, Sheets, read_folder
from paxsilica.tables.header import header_problems
from paxsilica.tables.layout import layout
from paxsilica.tables.schema import TABLES
from paxsilica.tables.suggestions import Nearest

MARK = "overlay.toml"
BUNDLED = "bundled"
BASE_LINE = f'it should hold one line, such as base = "{BUNDLED}"'
ACTION = "action"
ACTIONS = ("add", "change", "replace", "remove")
COUNTED = ("added", "changed", "removed")
ANY_YEAR = "*"
"""In the key of a row of ``series`` that is removed: the rows of all years."""


def is_overlay(path: Path) -> bool:
    """Whether a folder is an overlay."""
    return (path / MARK).is_file()


def base_of(folder: Path) -> Path | Problem:
    """The tables that an overlay changes, or what is wrong with the file that names them."""
    file = folder / MARK
    words = (
        f"{BASE_LINE} for the bundled data, or the path of a folder or workbook of tables from"
        f" {folder}"
    )
    try:
        found = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError):
        return Problem(MARK, "", "", str(file), words)
    base = found.get("base")
    if set(found) != {"base"} or not isinstance(base, str) or not base:
        return Problem(MARK, "", "", str(file), words)
    return data_folder() if base == BUNDLED else folder / base


def with_overlay(base: Sheets, folder: Path) -> Sheets:
    """The cells of the base as the overlay in ``folder`` changes them, with the problems of both.

    Problems of the overlay name it with the line: ``3 (overlay private)``.
    """
    name = folder.resolve().name
    own = read_folder(folder)
    problems = [*base.problems]
    for problem in own.problems:
        problems.append(replace(problem, row=_place(problem.row, name)))
    if name in {one.name for one in base.overlays}:
        words = "should have another name than the overlay that it changes"
        problems.append(Problem(MARK, "", "", str(folder), words))
    sheets = dict(base.sheets)
    doubtful = set(base.unreadable | own.unreadable)
    merged = []
    for table in TABLES:  # rows of `provenance` are last, and know what was changed
        if table in own.sheets:
            merge = _Merge(table, name, sheets.get(table), own.sheets[table])
            merge.run()
            problems += merge.problems
            if merge.problems:
                doubtful.add(table)
            sheets[table] = merge.sheet()
            merged.append(merge)
    sheets, dropped = _without_descriptions(sheets, merged, name)
    overlay = Overlay(
        name=name,
        digest=_digest(own.sheets),
        counts={
            one.table: {what: one.counts[what] for what in COUNTED if one.counts[what]}
            for one in merged
            if one.counts
        },
        dropped=dropped,
        cells=frozenset(cell for one in merged for cell in one.cells),
        provenance=frozenset(
            key for one in merged if one.table == "provenance" for key in one.keys
        ),
    )
    return Sheets(
        sheets,
        problems,
        frozenset(doubtful),
        base.unknown | own.unknown,
        (*base.overlays, overlay),
    )


def _place(line: Line, name: str) -> str:
    return f"{line} (overlay {name})" if line != "" else f"(overlay {name})"


def _digest(sheets: Mapping[str, Sheet]) -> str:
    """Of the cells, whatever their order."""
    total = hashlib.sha256()
    for table in sorted(sheets):
        header = sheets[table].header
        for row in sorted(
            repr(sorted((name, cell) for name, cell in zip(header, cells, strict=False) if cell))
            for cells in sheets[table].rows
        ):
            total.update(f"{table} {row}\n".encode())
    return total.hexdigest()


def _key_cell(table: str, column: str, cell: str) -> str:
    """A cell of a key as other tables write it: 2026.0 is 2026, and a blank cell its default."""
    if layout(table)[column].kind == "whole" and (found := WHOLE.fullmatch(cell)):
        return str(int(found[1]))
    return cell or default_text(table, column)


@dataclass
class _Merge:
    """One table of an overlay put over the same table of its base.

    ``keys`` are those of the rows that it states, ``removed`` those that it removes, and ``cells``
    the cells that it states: table, key and column.
    """

    table: str
    name: str
    base: Sheet | None
    own: Sheet
    problems: list[Problem] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    cells: set[tuple[str, str, str]] = field(default_factory=set)
    keys: set[str] = field(default_factory=set)
    removed: set[str] = field(default_factory=set)
    header: tuple[str, ...] = ()
    rows: list[list[str] | None] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    at: dict[tuple[str, ...], int] = field(default_factory=dict)

    def sheet(self) -> Sheet:
        """The rows that are left."""
        kept = [
            (row, line) for row, line in zip(self.rows, self.lines, strict=True) if row is not None
        ]
        return Sheet(self.table, self.header, [row for row, _ in kept], [line for _, line in kept])

    def run(self) -> None:
        """Merge the rows, and gather the problems."""
        columns, key = layout(self.table), TABLES[self.table].key
        stated = tuple(name for name in self.own.header if name != ACTION)
        at = _place(1, self.name)
        self.problems += header_problems(
            replace(self.own, header=stated), columns, needed=key, line=at
        )
        if self.own.header.count(ACTION) > 1:
            words = f"the column is there {self.own.header.count(ACTION)} times"
            self.problems.append(Problem(self.table, at, ACTION, "", words))
        before = self.base.header if self.base is not None else stated
        usable = self.base is None or set(key) & set(before)
        misread = bool(self.problems) or not usable
        self.header = (
            before if misread else (*before, *(one for one in stated if one not in before))
        )
        if self.base is not None:
            more = [""] * (len(self.header) - len(before))
            self.rows = [
                [*row, *more] if len(row) == len(before) else list(row) for row in self.base.rows
            ]
            self.lines = list(self.base.lines)
        if misread:
            return
        self.at = {
            self._key(dict(zip(self.header, row, strict=True))): place
            for place, row in enumerate(self.rows)
            if row is not None and len(row) == len(self.header)
        }
        nearest = Nearest({"|".join(one) for one in self.at})
        seen: dict[tuple[str, ...], Line] = {}
        for line, cells in zip(self.own.lines, self.own.rows, strict=True):
            self._row(line, cells, seen, nearest)

    def _key(self, row: Mapping[str, str]) -> tuple[str, ...]:
        return tuple(
            _key_cell(self.table, name, row.get(name, "")) for name in TABLES[self.table].key
        )

    def _refuse(self, line: Line, column: str, value: str, words: str) -> None:
        self.problems.append(Problem(self.table, _place(line, self.name), column, value, words))

    def _row(
        self,
        line: Line,
        cells: Sequence[str],
        seen: dict[tuple[str, ...], Line],
        nearest: Nearest,
    ) -> None:
        if len(cells) != len(self.own.header):
            words = f"should have {len(self.own.header)} cells, as many as the header"
            self._refuse(line, "", f"{len(cells)} cells", words)
            return
        row = dict(zip(self.own.header, cells, strict=True))
        action = row.pop(ACTION, "")
        key = self._key(row)
        text = "|".join(key)
        if action and action not in ACTIONS:
            words = f"should be one of {', '.join(ACTIONS)}, or blank"
            self._refuse(line, ACTION, action, words + Nearest(ACTIONS)(action))
            return
        if key in seen:
            words = f"should be there once in the overlay; row {seen[key]} has the same key"
            self._refuse(line, TABLES[self.table].key[0], text, words)
            return
        seen[key] = line
        filled = {
            name: cell for name, cell in row.items() if cell and name not in TABLES[self.table].key
        }
        known = self._places(key, action)
        if action == "add" and known:
            words = f"should be change or replace: the base has a row {text}"
            self._refuse(line, ACTION, action, words)
        elif action in ("change", "replace", "remove") and not known:
            words = f"should have the key of a row of the base{nearest(text)}"
            self._refuse(line, TABLES[self.table].key[0], text, words)
        elif action == "remove" and filled:
            words = "should be blank in a row that is removed"
            for column, value in filled.items():
                self._refuse(line, column, value, words)
        elif action == "remove":
            self._remove(known)
        elif not known:
            self._state(line, key, row)
            self.counts["added"] += 1
        elif action == "replace" or self.table == "provenance":
            self._state(line, key, row, known[0])
            self.counts["changed"] += 1
        elif not filled:
            words = "should have a filled cell beside its key, since the base has the row already"
            self._refuse(line, "", text, words)
        else:
            self._change(line, text, filled, known[0])

    def _places(self, key: tuple[str, ...], action: str) -> list[int]:
        """Places of the rows of the base with a key."""
        if self.table == "series" and action == "remove" and key[-1] == ANY_YEAR:
            return [place for other, place in self.at.items() if other[:-1] == key[:-1]]
        return [self.at[key]] if key in self.at else []

    def _remove(self, places: Sequence[int]) -> None:
        for place in places:
            row = self.rows[place]
            assert row is not None
            self.removed.add("|".join(self._key(dict(zip(self.header, row, strict=True)))))
            self.rows[place] = None
            self.counts["removed"] += 1

    def _state(
        self, line: Line, key: tuple[str, ...], row: Mapping[str, str], place: int | None = None
    ) -> None:
        """Add a row, or put it in the place of one."""
        new = [row.get(name, "") for name in self.header]
        if place is None:
            self.rows.append(new)
            self.lines.append(_place(line, self.name))
        else:
            self.rows[place], self.lines[place] = new, _place(line, self.name)
        self.keys.add("|".join(key))
        self.cells |= {(self.table, "|".join(key), name) for name in layout(self.table)}

    def _change(self, line: Line, key: str, filled: Mapping[str, str], place: int) -> None:
        row = self.rows[place]
        assert row is not None
        for name, cell in filled.items():
            row[self.header.index(name)] = cell
            self.cells.add((self.table, key, name))
        self.lines[place] = _place(line, self.name)
        self.keys.add(key)
        self.counts["changed"] += 1


def _without_descriptions(
    sheets: Mapping[str, Sheet], merged: Sequence[_Merge], name: str
) -> tuple[dict[str, Sheet], int]:
    """The sheets without what describes removed rows and changed numbers of the base alone, and how
    many rows that were: values by year of a removed row, and provenance of a removed row or of a
    changed number."""
    removed = {(one.table, key) for one in merged for key in one.removed}
    changed = {cell for one in merged for cell in one.cells}
    left, dropped = dict(sheets), 0

    def keep(table: str, superfluous: Callable[[Mapping[str, str]], bool]) -> Iterator[int]:
        sheet = sheets[table]
        for place, cells in enumerate(sheet.rows):
            row = dict(zip(sheet.header, cells, strict=False))
            of_base = not str(sheet.lines[place]).endswith(_place("", name))
            if not (of_base and superfluous(row)):
                yield place

    def value_of_removed(row: Mapping[str, str]) -> bool:
        return (row.get("table", ""), row.get("row", "")) in removed

    def describes(row: Mapping[str, str]) -> bool:
        table, key, column = (row.get(name, "") for name in ("table", "row", "column"))
        if (table, key) in removed or (table, key, column) in changed:
            return True
        inner, _, rest = key.partition("|")
        parts = rest.split("|")
        return table == "series" and (inner, "|".join(parts[:-2])) in removed

    for table, superfluous in (("series", value_of_removed), ("provenance", describes)):
        if table in sheets:
            places = list(keep(table, superfluous))
            sheet = sheets[table]
            dropped += len(sheet.rows) - len(places)
            left[table] = replace(
                sheet,
                rows=[sheet.rows[place] for place in places],
                lines=[sheet.lines[place] for place in places],
            )
    return left, dropped
