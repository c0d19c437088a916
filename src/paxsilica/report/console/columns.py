"""Tables in a limited width: words and numbers are never broken. A table that is too wide is shown
in parts, one below the other, each with the columns that identify a row; where even that is too
wide, as a list of rows with one line for each column."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

BETWEEN = 2
"""Characters between two columns."""

COMFORT = 24
"""Characters of a cell that stay on one line where there is room."""

MOST_KEYS = 4
"""Most columns that identify a row together."""

Row = Sequence[str]


def wrapped(text: str, width: int) -> list[str]:
    """The text in lines that are broken at spaces only; a longer word stays whole. Lines after the
    first are indented as the first is.

    >>> wrapped("  one two nolans-mine-expansion", 12)
    ['  one two', '  nolans-mine-expansion']
    """
    indent = text[: len(text) - len(text.lstrip())]
    lines = textwrap.wrap(
        text.strip(),
        width,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return lines or [""]


def key_columns(rows: Sequence[Row]) -> int:
    """Number of columns at the left that identify a row; one where none do.

    >>> key_columns([("a", "1", "x"), ("a", "2", "x")]), key_columns([("a",), ("a",)])
    (2, 1)
    """
    most = len(rows[0]) if rows else 1
    for number in range(1, min(MOST_KEYS, most) + 1):
        if len({tuple(row[:number]) for row in rows}) == len(rows):
            return number
    return 1


def least_width(header: str, cells: Sequence[str], comfort: int = 0) -> int:
    """Width of a column in which no word is broken, and in which a cell of up to ``comfort``
    characters is one line.

    >>> least_width("the head", ["in two words"]), least_width("the head", ["in two words"], 20)
    (5, 12)
    """
    words = [len(word) for cell in (header, *cells) for word in cell.split(" ")]
    lines = [min(comfort, len(cell)) for cell in cells]
    return max([1, *words, *lines])


def parts(headers: Row, rows: Sequence[Row], width: int) -> list[list[int]]:
    """The columns of each part of a table that fits into ``width``, all of them in one part if
    possible. No part: not even two columns fit."""
    for comfort in (COMFORT, 0):
        least = [
            least_width(header, [row[at] for row in rows], comfort)
            for at, header in enumerate(headers)
        ]
        if found := _parts(least, key_columns(rows), width):
            return found
    return []


def _parts(least: Sequence[int], keys: int, width: int) -> list[list[int]]:
    """The same for columns of the ``least`` widths, the first ``keys`` in each part."""

    def needed(columns: Sequence[int]) -> int:
        return sum(least[at] for at in columns) + BETWEEN * (len(columns) - 1)

    if needed(range(len(least))) <= width:
        return [[*range(len(least))]]
    first = [*range(keys)]
    found: list[list[int]] = []
    for at in range(keys, len(least)):
        if needed([*first, at]) > width:
            return []
        if not found or needed([*found[-1], at]) > width:
            found.append([*first])
        found[-1].append(at)
    return found


def widths(cells: Sequence[Sequence[str]], width: int) -> list[int]:
    """Width of each column, given its header and cells: the least ones, and what is left over for
    the columns with the longest lines.

    >>> widths([["ore"], ["one two three"], ["four five"]], 26)
    [3, 10, 9]
    """
    found = [least_width(head, column, COMFORT) for head, *column in cells]
    if sum(found) + BETWEEN * (len(cells) - 1) > width:
        found = [least_width(head, column) for head, *column in cells]
    wanted = [max((len(cell) for cell in column), default=1) for column in cells]
    left = width - sum(found) - BETWEEN * (len(cells) - 1)
    while left > 0:
        short = [at for at in range(len(cells)) if found[at] < wanted[at]]
        if not short:
            break
        found[min(short, key=lambda at: found[at])] += 1
        left -= 1
    return found


def drawn(
    headers: Row, rows: Sequence[Row], right: frozenset[int], width: int
) -> Iterator[tuple[str, bool]]:
    """Lines of a table in ``width`` characters, and whether each belongs to its head; ``right``:
    columns of numbers."""
    rows = [[" ".join(cell.split()) if "\n" in cell else cell for cell in row] for row in rows]
    shown = parts(headers, rows, width)
    if not shown:
        yield from _list(headers, rows, width)
    for at, columns in enumerate(shown):
        if at:
            yield "", False
        yield from _part(headers, rows, columns, right, width)


def _part(
    headers: Row, rows: Sequence[Row], columns: Sequence[int], right: frozenset[int], width: int
) -> Iterator[tuple[str, bool]]:
    cells = [[headers[at], *(row[at] for row in rows)] for at in columns]
    sizes = widths(cells, width)
    for place in range(len(rows) + 1):
        texts = [wrapped(column[place], size) for column, size in zip(cells, sizes, strict=True)]
        height = max(len(lines) for lines in texts)
        for line in range(height):
            found = []
            for at, size, lines in zip(columns, sizes, texts, strict=True):
                # heads stand on their line, cells hang from theirs
                here = line - (height - len(lines)) if place == 0 else line
                text = lines[here] if 0 <= here < len(lines) else ""
                found.append(text.rjust(size) if at in right else text.ljust(size))
            yield (" " * BETWEEN).join(found).rstrip(), place == 0
        if place == 0:
            yield (" " * BETWEEN).join("-" * size for size in sizes), False


def _list(headers: Row, rows: Sequence[Row], width: int) -> Iterator[tuple[str, bool]]:
    """One line for each filled cell, rows apart."""
    for at, row in enumerate(rows):
        if at:
            yield "", False
        for header, cell in zip(headers, row, strict=True):
            if cell:
                yield from ((line, False) for line in wrapped(f"{header}: {cell}", width))
