"""What changed between two sets of tables, and by how much."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from paxsilica.tables import TABLES, Tables
from paxsilica.tables.columns import cell_text
from paxsilica.tables.layout import key_text, layout


@dataclass(frozen=True)
class Change:
    """A row added or removed, or a changed cell; ``factor`` is new over old for numbers."""

    table: str
    row: str
    kind: Literal["added", "removed", "changed"]
    column: str = ""
    before: str = ""
    after: str = ""
    factor: float | None = None

    def __str__(self) -> str:
        """The change in one line."""
        if self.kind != "changed":
            return f"{self.table} {self.row}: {self.kind}"
        share = f" ({self.factor - 1:+.1%})" if self.factor is not None else ""
        return (
            f"{self.table} {self.row} {self.column}: {self.before or 'blank'} ->"
            f" {self.after or 'blank'}{share}"
        )


def changes(before: Tables, after: Tables) -> Iterator[Change]:
    """Go through the differences: tables in the order of the schema, rows by key."""
    for table in TABLES:
        old = {key_text(row): row for row in before.rows(table)}
        new = {key_text(row): row for row in after.rows(table)}
        for key in sorted(old.keys() | new.keys()):
            if key not in new:
                yield Change(table, key, "removed")
            elif key not in old:
                yield Change(table, key, "added")
            elif old[key] != new[key]:
                for name in layout(table):
                    was, now = getattr(old[key], name), getattr(new[key], name)
                    if was != now:
                        texts = (cell_text(was), cell_text(now))
                        yield Change(table, key, "changed", name, *texts, _factor(was, now))


def _factor(was: object, now: object) -> float | None:
    numbers = [
        float(value)
        for value in (was, now)
        if isinstance(value, int | float) and not isinstance(value, bool)
    ]
    return numbers[1] / numbers[0] if len(numbers) == 2 and numbers[0] else None
