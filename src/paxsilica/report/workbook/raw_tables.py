"""Sheets that hold a whole table of a plan, each key with its name before it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from paxsilica.plan.tables import ALL_TABLES
from paxsilica.report.views.named_plan import NamedPlan, blank
from paxsilica.report.workbook.style import (
    LINE,
    MOST_ROWS,
    NARROWEST,
    WIDEST,
    Book,
    Sheet,
    finite,
    number_format,
)

KEYS = {
    "project": "project",
    "plant": "plant",
    "asset": "plant",
    "funder": "funder",
    "party": "funder",
    "stage": "stage",
    "commodity": "good",
    "region": "region",
    "from_region": "region",
    "to_region": "region",
    "process": "process",
}
"""Columns with keys of the data, and what the key names."""


def _naming(named: NamedPlan) -> Mapping[str, Callable[[object], str]]:
    """What names a key, by what it is the key of."""
    return {
        "project": partial(named.name, "projects"),
        "plant": named.plant,
        "funder": named.funder,
        "stage": named.stage,
        "good": named.commodity,
        "region": named.region,
        "process": named.process,
    }


def _names(named: NamedPlan, key: str, values: Sequence[Any], own: bool) -> list[str]:
    """The names of the keys in a column; none where they only repeat the keys, or where the table
    has a column of names (``own``)."""
    if key not in KEYS or own:
        return []
    name = _naming(named)[KEYS[key]]
    known = {value: "" if blank(value) else name(value) for value in dict.fromkeys(values)}
    if all(word in ("", str(value)) for value, word in known.items()):
        return []
    return [known[value] for value in values]


def write_table(book: Book, name: str, named: NamedPlan) -> None:
    """Writes a table of a plan to a sheet of its own: meaning and key of each column in two lines
    of heads, then the rows. Names that the data gives to keys stand before them. It is for the
    screen and not printed by default."""
    doc, frame = ALL_TABLES[name], named.plan.tables[name]
    sheet = Sheet(book, name, doc.title)
    rows, lines, at = min(len(frame), MOST_ROWS), 1, 0

    def write(header: str, key: str, values: Sequence[Any], look: str, number: bool) -> None:
        nonlocal at, lines
        width = _width(key, header, values, look if number else "")
        lines = max(lines, math.ceil(1.15 * len(header) / (width - 1)))
        side = "head_right" if number else "head"
        sheet.put(0, at, header, side)
        sheet.put(1, at, key, side)
        sheet.sheet.set_column(at, at, width)
        for row, value in enumerate(values, start=2):
            if value is not None and value == value:
                sheet.put(row, at, value, look)
        at += 1

    own = "name" in frame.columns
    for place, key in enumerate(map(str, frame.columns)):
        column, values = doc.schema[key], frame[key].tolist()[:rows]
        header = column.meaning[:1].upper() + column.meaning[1:]
        if words := _names(named, key, values, own and place == 0):
            write(f"{header}: name", f"{key} name", words, "text", number=False)
        look = number_format(column, values) if column.numeric else "text"
        write(header, key, values, look, column.numeric)
    if rows < len(frame):
        sheet.put(rows + 2, 0, f"and {len(frame) - rows:,} more rows in tables/{name}.csv")
    sheet.sheet.set_row(0, LINE * min(lines, 8))
    sheet.sheet.freeze_panes(2, 1)
    sheet.sheet.repeat_rows(0, 1)
    sheet.sheet.autofilter(1, 0, max(rows + 1, 1), at - 1)
    sheet.print_nothing(at - 1, rows + 1)


def _width(key: str, header: str, values: Sequence[Any], shape: str) -> float:
    """Width for the key with its filter button, nearly all values, and a header of a few lines."""
    if shape:
        decimals = len(shape.partition(".")[2])
        longest = max((len(f"{value:,.{decimals}f}") for value in finite(values)), default=0)
    else:
        lengths = sorted(len(value) for value in values if isinstance(value, str))
        longest = lengths[int(0.98 * (len(lengths) - 1))] if lengths else 0
    return float(
        min(WIDEST, max(NARROWEST, longest + 3, len(key) + 3, math.ceil(len(header) / 4) + 2))
    )
