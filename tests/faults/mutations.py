"""Mutations of tables: what people, spreadsheets and converters do to a cell, a row, a column or a
table."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from world import World

from paxsilica.tables.columns import NUMBER
from paxsilica.tables.layout import ColumnLayout, layout

LONG = "long text " * 20_000
INVISIBLE = "\u200b"
ESCAPE = "\x1b[31m"
NUMERIC = ("number", "whole")

Change = Callable[[str, ColumnLayout], str | None]


@dataclass(frozen=True)
class Mutation:
    """A change to the good world.

    Attributes:
        kind: what is done, such as "blank".
        table, column, line: where; the column is empty for whole rows and tables, the line is 0
            for whole columns and tables.
        before, after: the cell, empty where no single cell changes.
    """

    kind: str
    table: str
    column: str = ""
    line: int = 0
    before: str = ""
    after: str = ""

    @property
    def place(self) -> str:
        """Table and column, as the list of accepted mutations names them."""
        return f"{self.table}.{self.column}" if self.column else self.table


def _number(make: Callable[[float], str]) -> Change:
    """A change of a cell that holds a number; others stay."""

    def change(cell: str, column: ColumnLayout) -> str | None:
        if column.kind not in NUMERIC or not NUMBER.fullmatch(cell) or cell == "inf":
            return None
        return make(float(cell))

    return change


def _filled(make: Callable[[str], str]) -> Change:
    return lambda cell, _: make(cell) if cell else None


def _any(text: str) -> Change:
    return lambda _cell, _column: text


def _unknown_name(cell: str, column: ColumnLayout) -> str | None:
    return "Atlantis" if column.column.references and cell else None


def _wildcard(cell: str, column: ColumnLayout) -> str | None:
    return "*" if column.kind in ("key", "names") and cell != "*" else None


def _year(text: str) -> Change:
    return lambda _, column: text if "year" in column.name or column.kind == "date" else None


def _arabic(cell: str, _: ColumnLayout) -> str | None:
    """The digits of a number in another script, which a program may take for digits."""
    if not re.search(r"\d", cell):
        return None
    return cell.translate({ord("0") + digit: 0x0660 + digit for digit in range(10)})


CELL: dict[str, Change] = {
    "blank": _filled(lambda _: ""),
    "negative": _number(lambda value: f"{-(value or 1):g}"),
    "zero": _number(lambda _: "0"),
    "a thousand times": _number(lambda value: f"{(value or 1) * 1000:g}"),
    "a thousandth": _number(lambda value: f"{(value or 1) / 1000:g}"),
    "huge": _number(lambda _: "1e300"),
    "beyond all numbers": _number(lambda _: "1e400"),
    "tiny": _number(lambda _: "1e-300"),
    "infinite": _number(lambda _: "inf"),
    "not a number": _number(lambda _: "nan"),
    "half": _number(lambda value: f"{int(value)}.5"),
    "text": _number(lambda value: f"about {value:g}"),
    "unit in the cell": _number(lambda value: f"{value:g} t"),
    "percent sign": _number(lambda value: f"{value * 100:g}%"),
    "decimal comma": _number(lambda value: f"{int(value)},5"),
    "thousands separated": _number(lambda value: f"{max(1, int(abs(value))) * 1000:,}"),
    "thousands with spaces": _number(
        lambda value: f"{max(1, int(abs(value))) * 1000:,}".replace(",", " ")
    ),
    "digits of another script": _arabic,
    "unknown name": _unknown_name,
    "other case": _filled(str.swapcase),
    "space behind": _filled(lambda cell: f"{cell} "),
    "space of no width": _filled(lambda cell: f"{cell}{INVISIBLE}"),
    "space that does not break": _filled(lambda cell: f"{cell}\u00a0"),
    "date": _any("2026-01-14"),
    "date with a time": _any("2026-01-14 00:00:00"),
    "truth value": _any("TRUE"),
    "formula": _any("=A1+1"),
    "error of a formula": _any("#REF!"),
    "dash": _any("-"),
    "escape sequence": _filled(lambda cell: f"{ESCAPE}{cell}"),
    "bar": _filled(lambda cell: f"{cell}|x"),
    "semicolon": _filled(lambda cell: f"{cell};x"),
    "line break": _filled(lambda cell: f"{cell}\nx"),
    "wildcard": _wildcard,
    "long text": _any(LONG),
    "year long ago": _year("1492"),
    "year far ahead": _year("22026"),
}
"""Kinds of change to one cell: the new cell from the old, None where it does not apply."""

COLUMN = ("column dropped", "column renamed", "column twice", "name of the column blank")
TABLE = ("table dropped", "rows shuffled", "columns shuffled", "no rows", "empty file")
ROW = ("row twice", "row dropped", "row once more with another number", "cell too many")
KINDS = (*CELL, "columns swapped", *ROW, *COLUMN, *TABLE)


def cell_mutations(world: World, seed: int) -> Iterator[Mutation]:
    """Every kind of change to one drawn cell of every column, a filled one if there is one."""
    for table, rows in world.tables.items():
        for place, name in enumerate(rows[0]):
            lines = list(range(2, len(rows) + 1))
            filled = [line for line in lines if rows[line - 1][place]]
            column = layout(table)[name]
            for kind, change in CELL.items():
                # The draw depends on the place alone, so that another kind changes no other.
                line = random.Random(f"{seed} {table} {name} {kind}").choice(filled or lines)
                before = rows[line - 1][place]
                after = change(before, column)
                if after is not None and after != before:
                    yield Mutation(kind, table, name, line, before, after)


def other_mutations(world: World) -> Iterator[Mutation]:
    """Every kind of change to rows, columns and tables."""
    for table, rows in world.tables.items():
        for line in range(2, len(rows) + 1):
            for kind in ROW:
                yield Mutation(kind, table, line=line)
        for kind in TABLE:
            yield Mutation(kind, table)
        for name in rows[0]:
            for kind in COLUMN:
                yield Mutation(kind, table, name)
        for left, right in zip(rows[0], rows[0][1:], strict=False):
            yield Mutation("columns swapped", table, left, after=right)


def mutated(world: World, mutation: Mutation, draw: random.Random) -> bytes | None:
    """The file of the mutated table, None where it is dropped."""
    copy = World()
    rows = copy.tables[mutation.table] = [list(row) for row in world.tables[mutation.table]]
    place = rows[0].index(mutation.column) if mutation.column else 0
    match mutation.kind:
        case "table dropped":
            return None
        case "empty file":
            return b""
        case "no rows":
            del rows[1:]
        case "rows shuffled":
            rows[1:] = draw.sample(rows[1:], len(rows) - 1)
        case "columns shuffled":
            order = draw.sample(range(len(rows[0])), len(rows[0]))
            rows[:] = [[row[at] for at in order] for row in rows]
        case "row twice":
            rows.append(list(rows[mutation.line - 1]))
        case "row dropped":
            del rows[mutation.line - 1]
        case "row once more with another number":
            rows.append(_with_another_number(mutation.table, rows[0], rows[mutation.line - 1]))
        case "cell too many":
            rows[mutation.line - 1].append("1")
        case "column dropped":
            copy.without_column(mutation.table, mutation.column)
        case "column renamed":
            rows[0][place] += "x"
        case "name of the column blank":
            rows[0][place] = ""
        case "column twice":
            for row in rows:
                row.append(row[place])
        case "columns swapped":
            rows[0][place], rows[0][place + 1] = rows[0][place + 1], rows[0][place]
        case _:
            rows[mutation.line - 1][place] = mutation.after
    return copy.text(mutation.table).encode()


def _with_another_number(table: str, header: list[str], row: list[str]) -> list[str]:
    """The row with every number changed that is not part of a reference or a year."""
    changed = list(row)
    for place, name in enumerate(header):
        if layout(table)[name].kind == "number" and NUMBER.fullmatch(row[place]):
            changed[place] = f"{float(row[place]) * 0.99:g}"
    return changed
