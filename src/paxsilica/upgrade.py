"""Rewrites a case file, or a folder or workbook of tables of version 0.1, to the current names."""

from __future__ import annotations

import csv
import io
import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from paxsilica.atomic import finish, new_file, new_folder
from paxsilica.case import DATA_KEY, known_keys
from paxsilica.errors import InputError
from paxsilica.renames import (
    ADDED,
    RENAMES,
    DroppedKey,
    DroppedTable,
    Rename,
    RenamedColumn,
    RenamedKey,
    RenamedSetting,
    RenamedValue,
    in_case,
    in_tables,
    value_at,
)
from paxsilica.tables import TABLES
from paxsilica.tables.files import is_comment, separated

BACKUP = ".orig"
"""Added to the name of a file that was rewritten."""


@dataclass(frozen=True)
class Report:
    """Outcome of an upgrade.

    Attributes:
        changes: what changed, in words; empty if the input used the current names.
        files: files that were rewritten or removed.
        backups: copies of these files as they were.
    """

    changes: tuple[str, ...]
    files: tuple[Path, ...]
    backups: tuple[Path, ...]


def upgrade(path: Path, backup: bool = True, renames: Sequence[Rename] = RENAMES) -> Report:
    """Rewrite a case file (``.toml``), or the tables of a folder (``.csv``) or of a workbook
    (``.xlsx``), to the current names.

    Nothing is written if a file cannot be understood. All files are replaced or none; with
    ``backup`` the former content of each stays beside it under its name with ``.orig`` added. A
    second upgrade changes nothing, and one that was cut short is finished by the next.

    Raises:
        InputError: if the path is none of these, a file cannot be read, both an old and a new name
            are there, a name belongs to neither version, a workbook has parts that would be lost,
            or a backup is there already.
        OSError: if a file cannot be written.
    """
    if path.is_dir():
        finish(path, "")
        changes, contents = _upgraded_folder(path, renames)
    elif path.suffix == ".toml" and path.is_file():
        changes, contents = _upgraded_case(path, renames)
    elif path.suffix.lower() == ".xlsx" and path.is_file():
        changes, contents = _upgraded_workbook(path, renames)
    else:
        words = "should be a case file (.toml), a folder of CSV tables or a workbook (.xlsx)"
        raise _refusal(path, words)
    copies = {file: file.with_name(file.name + BACKUP) for file in contents} if backup else {}
    for file, copy in copies.items():
        # a copy of the present content is that of an upgrade that was cut short
        if copy.exists() and copy.read_bytes() != file.read_bytes():
            raise _refusal(copy, "should not be there: it is the place of the backup; move it away")
    kept = {copy: file.read_bytes() for file, copy in copies.items()}
    if path.is_dir() and contents:
        _replace_together(path, kept | contents)
    else:
        for file, content in (kept | contents).items():
            _replace(file, content)
    return Report(tuple(changes), tuple(contents), tuple(copies.values()))


def _refusal(path: Path, expected: str) -> InputError:
    return InputError.of(expected, table="upgrade", value=str(path))


def _replace(path: Path, content: bytes | None) -> None:
    """Put new content in the place of a file, or remove it."""
    if content is None:
        path.unlink()
        return
    with new_file(path) as draft:
        draft.write_bytes(content)


def _replace_together(folder: Path, contents: Mapping[Path, bytes | None]) -> None:
    """Put new contents in the place of files of a folder, all or nothing; those without content are
    removed after that."""
    with new_folder(folder, "") as draft:
        for path, content in contents.items():
            if content is not None:
                (draft / path.name).write_bytes(content)
    for path, content in contents.items():
        if content is None:
            path.unlink()


# Tables


def _upgraded_folder(
    folder: Path, renames: Sequence[Rename]
) -> tuple[list[str], dict[Path, bytes | None]]:
    """What changes in a folder, and the new content of the files that change."""
    known = _known(renames)
    files = {path.stem: path for path in sorted(folder.glob("*.csv")) if path.stem in known}
    if not files:
        raise _refusal(folder, "should hold CSV tables, but has none")
    before = {table: _rows(path) for table, path in files.items()}
    changes, after = _renamed(before, renames, files)
    contents = {
        files[table]: _text(files[table], after[table]) if table in after else None
        for table in files
        if after.get(table) != before[table]
    }
    return changes, contents


def _upgraded_workbook(
    path: Path, renames: Sequence[Rename]
) -> tuple[list[str], dict[Path, bytes | None]]:
    """What changes in a workbook, and its new content."""
    # The import is slow, and most tables are folders.
    from paxsilica.tables.edited_workbook import EditedWorkbook

    book = EditedWorkbook(path, _known(renames))
    if not book.tables:
        raise _refusal(path, "should hold sheets named after tables, but has none")
    places = dict.fromkeys(book.tables, path)
    for table, rows in book.tables.items():
        if not rows:
            raise _refusal(path, f"should have a header in the sheet {table}, but it is blank")
    changes, after = _renamed(book.tables, renames, places)
    if after == book.tables:
        return changes, {}
    kept = [table for table in book.formulas if table in after]
    if kept:
        changes.append(
            f"formulas are kept in {', '.join(kept)}, but not their results: open and save the"
            " workbook in a spreadsheet program before it is read"
        )
    return changes, {path: book.content(after)}


def _known(renames: Sequence[Rename]) -> set[str]:
    """Names of the tables of both versions."""
    return {*TABLES, *(rename.table for rename in renames if isinstance(rename, DroppedTable))}


def _renamed(
    before: Mapping[str, list[list[str]]], renames: Sequence[Rename], files: Mapping[str, Path]
) -> tuple[list[str], dict[str, list[list[str]]]]:
    """What changes in tables, in words, and the tables after it; ``files`` says where each is."""
    after = deepcopy(dict(before))
    changes = []
    for rename in renames:
        if in_tables(after, [rename]):
            changes.append(str(rename))
            _apply(after, rename, files)
    for table, (header, *_) in after.items():
        for name in header:
            if name and name not in TABLES[table].model_fields:
                words = f"has a column {name!r} that neither version has, in the table {table}"
                raise _refusal(files[table], words)
    return changes, after


def _rows(path: Path) -> list[list[str]]:
    """The cells of a file without its comments, its header without blanks around the names."""
    try:
        separator, text = separated(path.read_bytes().decode("utf-8-sig"))
        read = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
        rows = [row for row in read if not (row and is_comment(row[0]))]
    except (UnicodeDecodeError, csv.Error) as error:
        raise _refusal(path, f"should be a CSV file in UTF-8 ({error})") from None
    if not rows:
        raise _refusal(path, "should begin with a header, but is empty")
    return [[name.strip() for name in rows[0]], *rows[1:]]


def _text(path: Path, rows: Sequence[Sequence[str]]) -> bytes:
    """Rows as the content of a file that ends its lines as before."""
    ending = "\r\n" if b"\r\n" in path.read_bytes() else "\n"
    buffer = io.StringIO(newline="")
    csv.writer(buffer, lineterminator=ending).writerows(rows)
    return buffer.getvalue().encode()


def _apply(tables: dict[str, list[list[str]]], rename: Rename, files: Mapping[str, Path]) -> None:
    """Apply a rename to the tables, in place."""
    match rename:
        case DroppedTable(table):
            del tables[table]
        case RenamedColumn(table, old, new):
            header = tables[table][0]
            if new in header:
                raise _refusal(files[table], f"should have one of the columns {old!r} and {new!r}")
            header[header.index(old)] = new
            _rename_mentions(tables, rename)
        case RenamedValue(table, column, old, new):
            for row in _named(tables, table):
                _change(row, column, lambda word: new if word.strip() == old else word)
            if column in TABLES[table].key:
                place = TABLES[table].key.index(column)
                for other in ("series", "provenance"):
                    for row in _about(tables, other, table):
                        _change(row, "row", lambda key: _in_key(key, place, old, new))
                for row in _about(tables, "provenance", "series", table):
                    _change(row, "row", lambda key: _in_key(key, place + 1, old, new))


def _rename_mentions(tables: dict[str, list[list[str]]], rename: RenamedColumn) -> None:
    """Rename a column where ``series`` and ``provenance`` name it."""
    table, old, new = rename.table, rename.old, rename.new
    for other in ("series", "provenance"):
        for row in _about(tables, other, table):
            _change(row, "column", lambda name: new if name.strip() == old else name)
    for row in _about(tables, "provenance", "series", table):
        _change(row, "row", lambda key: _in_key(key, -2, old, new))
    own = {id(row.cells) for row in _about(tables, "provenance", table)}
    for row in _named(tables, "provenance"):
        within = id(row.cells) in own
        _change(row, "formula", lambda text, within=within: _in_formula(text, rename, within))


@dataclass(frozen=True)
class _NamedRow:
    """A row with the places of its columns."""

    at: Mapping[str, int]
    cells: list[str]


def _named(tables: Mapping[str, list[list[str]]], table: str) -> Iterator[_NamedRow]:
    """The rows of a table, if it is there."""
    header, *rows = tables.get(table, [[]])
    places = {name: place for place, name in enumerate(header)}
    return (_NamedRow(places, row) for row in rows if len(row) == len(header))


def _about(
    tables: dict[str, list[list[str]]], table: str, subject: str, start: str = ""
) -> Iterator[_NamedRow]:
    """The rows of ``series`` or ``provenance`` on numbers of another table; with ``start``, those
    whose key starts with it."""

    def cell(row: _NamedRow, column: str) -> str:
        return row.cells[row.at[column]].strip() if column in row.at else ""

    for row in _named(tables, table):
        if cell(row, "table") == subject and f"{cell(row, 'row')}|".startswith(
            start and f"{start}|"
        ):
            yield row


def _change(row: _NamedRow, column: str, changed: Any) -> None:
    if column in row.at:
        row.cells[row.at[column]] = changed(row.cells[row.at[column]])


def _in_key(key: str, place: int, old: str, new: str) -> str:
    parts = key.split("|")
    if -len(parts) <= place < len(parts) and parts[place] == old:
        parts[place] = new
    return "|".join(parts)


def _in_formula(text: str, rename: RenamedColumn, own: bool) -> str:
    """A formula with the new name of a column, in its own row (``[old]``) or with its table."""
    pattern = rf"\[({re.escape(rename.table)}\|[^\]]*\|){re.escape(rename.old)}\]"
    text = re.sub(pattern, rf"[\g<1>{rename.new}]", text)
    return text.replace(f"[{rename.old}]", f"[{rename.new}]") if own else text


# Cases


def _upgraded_case(
    path: Path, renames: Sequence[Rename]
) -> tuple[list[str], dict[Path, bytes | None]]:
    """What changes in a case file, and its new content.

    The lines are edited as text, so that comments stay. The result is read again and compared with
    the content that is expected.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
        content = tomllib.loads(text)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise _refusal(path, f"should be a readable TOML file in UTF-8 ({error})") from None
    changes = []
    before = text
    for rename in renames:
        if not in_case(content, [rename]):
            continue
        changes.append(str(rename))
        if isinstance(rename, RenamedKey):
            if value_at(content, rename.new) is not None:
                raise _refusal(path, f"should have one of the keys {rename.old} and {rename.new}")
            text = _with_key(text, rename)
            _move(content, rename)
        elif isinstance(rename, DroppedKey):
            text = _without_key(text, rename)
            _remove(content, rename.old)
        elif isinstance(rename, RenamedSetting):
            text = _with_word(text, rename)
            _set_word(content, rename)
        if not _reads_as(text, content):
            raise _refusal(path, f"cannot be rewritten line by line; edit it: {rename}")
    if changes and renames is RENAMES:
        text = _with_added(path, text, content, changes)
    known = {DATA_KEY, *(name.split(".")[0] for name in known_keys())}
    for name in content:
        if name not in known:
            raise _refusal(path, f"has a key {name!r} that neither version has")
    return changes, {path: text.encode()} if text != before else {}


def _with_added(path: Path, text: str, content: dict[str, Any], changes: list[str]) -> str:
    """The text with the keys that keep the meaning of an older case."""
    for added in ADDED:
        if value_at(content, added.key) is None:
            changes.append(str(added))
            text = _with_line(text, added.key, f" {json.dumps(added.value)}")
            section, _, last = added.key.rpartition(".")
            content.setdefault(section, {})[last] = added.value
            if not _reads_as(text, content):
                raise _refusal(path, f"cannot be rewritten line by line; edit it: {added}")
    return text


def _reads_as(text: str, content: Mapping[str, Any]) -> bool:
    try:
        return tomllib.loads(text) == content
    except tomllib.TOMLDecodeError:
        return False


def _move(content: dict[str, Any], rename: RenamedKey) -> None:
    value = _remove(content, rename.old)
    *path, last = rename.new.split(".")
    target = content
    for part in path:
        target = target.setdefault(part, {})
    target[last] = value


def _remove(content: dict[str, Any], dotted: str) -> Any:
    """Take a key out of a content; returns its value."""
    *path, last = dotted.split(".")
    inner = value_at(content, ".".join(path)) if path else content
    return inner.pop(last)


def _set_word(content: dict[str, Any], rename: RenamedSetting) -> None:
    def new(word: Any) -> Any:
        return rename.new if word == rename.old else word

    *path, last = rename.key.split(".")
    inner = value_at(content, ".".join(path)) if path else content
    value = inner[last]
    if isinstance(value, list):
        inner[last] = [new(word) for word in value]
    elif isinstance(value, dict):
        inner[last] = {new(name): new(word) for name, word in value.items()}
    else:
        inner[last] = rename.new


def _assignment(text: str, dotted: str) -> tuple[int, str]:
    """The line that sets a dotted key, and its section; -1 without one."""
    section = ""
    for at, line in enumerate(text.split("\n")):
        if match := re.match(r"\s*\[([\w.-]+)\]", line):
            section = match[1]
            continue
        match = re.match(r"\s*([\w.-]+)\s*=", line)
        if match and ".".join(filter(None, (section, match[1]))) == dotted:
            return at, section
    return -1, ""


def _with_key(text: str, rename: RenamedKey) -> str:
    """The text with the key renamed, in its line or under the header of its new section."""
    at, section = _assignment(text, rename.old)
    if at < 0:
        return text
    lines = text.split("\n")
    name, _, rest = lines[at].partition("=")
    home = rename.new.rpartition(".")[0]
    if home == rename.old.rpartition(".")[0]:
        new = rename.new.removeprefix(f"{section}." if section else "")
        lines[at] = f"{name.replace(name.strip(), new)}={rest}"
        return "\n".join(lines)
    del lines[at]
    return _with_line("\n".join(lines), rename.new, rest)


def _with_line(text: str, dotted: str, rest: str) -> str:
    """The text with a new key, ``rest`` behind its equals sign, under the header of its section."""
    home, _, last = dotted.rpartition(".")
    lines = text.split("\n")
    header = next((at for at, line in enumerate(lines) if line.strip() == f"[{home}]"), None)
    if not home:
        lines.insert(0, f"{last} ={rest}")
    elif header is not None:
        lines.insert(header + 1, f"{last} ={rest}")
    else:
        lines += [f"[{home}]", f"{last} ={rest}", ""]
    return "\n".join(lines)


def _without_key(text: str, rename: DroppedKey) -> str:
    """The text without the line of the key."""
    at, _ = _assignment(text, rename.old)
    lines = text.split("\n")
    return "\n".join(lines[:at] + lines[at + 1 :]) if at >= 0 else text


def _with_word(text: str, rename: RenamedSetting) -> str:
    """The text with the word replaced in the line of its key, or in the lines of its section."""
    word = re.escape(rename.old)
    lines = text.split("\n")
    at, _ = _assignment(text, rename.key)
    places = [at] if at >= 0 else list(_section(lines, rename.key))
    for place in places:
        start = lines[place].index("=") if at >= 0 else 0
        rest = re.sub(rf"\"{word}\"|'{word}'", f'"{rename.new}"', lines[place][start:])
        rest = re.sub(rf"(?<![\w\"'-]){word}(?=\s*=)", rename.new, rest)
        lines[place] = lines[place][:start] + rest
    return "\n".join(lines)


def _section(lines: Sequence[str], name: str) -> Iterator[int]:
    """The places of the lines in a section."""
    within = False
    for place, line in enumerate(lines):
        if line.lstrip().startswith("["):
            within = line.strip().startswith(f"[{name}]")
        elif within:
            yield place
