"""Columns with one sensible answer: what a blank cell of them means.

A blank cell, or a column that is left out, is filled before the rows are validated, so that every
later part of the program reads the same tables as if the cell had been written. What was filled is
told once, in ``check`` and with each plan. No other blank cell is filled.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial

from paxsilica.tables.columns import NUMBER
from paxsilica.tables.files import Sheet
from paxsilica.tables.schema import TABLES

Cells = Mapping[str, str]
"""The cells of a row by column; blank cells may be absent."""

FIRST_DATE = "1900-01-01"
"""Before the first year of any case."""


@dataclass(frozen=True)
class Chain:
    """What goes into each process and comes out of it, and the unit of each commodity.

    ``flows`` gives, by process and role, the commodities with their quantity as text.
    """

    flows: Mapping[tuple[str, str], Cells]
    units: Cells


@dataclass(frozen=True)
class Default:
    """What a blank cell of a column means.

    Attributes:
        words: the meaning, after "blank:".
        find: the text of the cell from the other cells of its row; empty where there is no
            sensible answer, so that the cell is refused.
    """

    words: str
    find: Callable[[Cells, Chain], str]


def _constant(text: str, words: str = "") -> Default:
    return Default(words or text, lambda _row, _chain: text)


def _key(column: str, row: Cells, _: Chain) -> str:
    return row.get(column, "")


def _covered(row: Cells, _: Chain) -> str:
    return "yes" if row.get("stage") else "no"


def _kind(row: Cells, chain: Chain) -> str:
    process = row.get("process", "")
    uses, makes = (bool(chain.flows.get((process, role))) for role in ("input", "output"))
    return {
        (False, True): "source",
        (True, True): "conversion",
        (True, False): "sink",
        (False, False): "",
    }[uses, makes]


def _main_product(row: Cells, chain: Chain) -> str:
    """The only output, if no other process makes it: where several do, not each is a usual way."""
    made = chain.flows.get((row.get("process", ""), "output"), {})
    only = next(iter(made), "") if len(made) == 1 else ""
    makers = [
        role for (_, role), goods in chain.flows.items() if role == "output" and only in goods
    ]
    return only if len(makers) == 1 else ""


def _unit(row: Cells, chain: Chain) -> str:
    """The unit of the product, if a unit of activity makes one unit of it."""
    made = chain.flows.get((row.get("process", ""), "output"), {})
    only = next(iter(made), "") if len(made) == 1 else ""
    product = row.get("main_product") or only
    quantity = made.get(product, "")
    is_one = bool(NUMBER.fullmatch(quantity)) and float(quantity) == 1
    return chain.units.get(product, "") if is_one else ""


DEFAULTS: Mapping[tuple[str, str], Default] = {
    **{
        (table, "name"): Default("the key", partial(_key, row.key[0]))
        for table, row in TABLES.items()
        if "name" in row.model_fields and len(row.key) == 1
    },
    ("regions", "kind"): _constant("country"),
    ("membership", "from_date"): _constant(FIRST_DATE, "from the start"),
    ("commodities", "covered"): Default("yes with a stage, no without", _covered),
    ("commodities", "surplus"): _constant("free"),
    ("processes", "kind"): Default("by its recipe", _kind),
    ("processes", "main_product"): Default(
        "its only output, if no other process makes that; else none", _main_product
    ),
    ("processes", "unit"): Default(
        "that of the main product or only output, if the recipe makes 1 of it", _unit
    ),
    ("projects", "largest_size"): Default("smallest_size", partial(_key, "smallest_size")),
    ("stocks", "strategic"): _constant("no"),
    ("funders", "carry_over"): _constant("no"),
}
"""By table and column."""


def default_words(table: str, column: str) -> str:
    """What a blank cell of a column means, empty where it has no default."""
    found = DEFAULTS.get((table, column))
    return "" if found is None else found.words


def default_text(table: str, column: str) -> str:
    """The text for which a blank cell of a column stands in every row; empty where it depends on
    the row."""
    found = DEFAULTS.get((table, column))
    return "" if found is None else found.find({}, Chain({}, {}))


def chain_of(sheets: Mapping[str, Sheet]) -> Chain:
    """What the defaults need of the other tables, from their cells as they were read."""
    flows: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    for row in _rows(sheets, "recipes"):
        place = row.get("process", ""), row.get("role", "")
        flows[place][row.get("commodity", "")] = row.get("quantity", "")
    goods = _rows(sheets, "commodities")
    return Chain(flows, {row.get("commodity", ""): row.get("unit", "") for row in goods})


def _rows(sheets: Mapping[str, Sheet], table: str) -> list[dict[str, str]]:
    if table not in sheets:
        return []
    header = sheets[table].header
    return [dict(zip(header, row, strict=False)) for row in sheets[table].rows]


def fill(table: str, rows: Iterable[dict[str, str]], chain: Chain) -> str:
    """Fill the blank cells of rows by their defaults, in place, and say in a sentence which were
    filled; empty if none were."""
    counts: dict[str, int] = defaultdict(int)
    columns = {column: one for (of, column), one in DEFAULTS.items() if of == table}
    for row in rows if columns else ():
        for column, one in columns.items():
            if not row.get(column) and (text := one.find(row, chain)):
                row[column] = text
                counts[column] += 1
    words = [
        f"{column} = {columns[column].words} ({count} row{'s' if count > 1 else ''})"
        for column, count in counts.items()
    ]
    return f"Assumed in {table}, where blank: {'; '.join(words)}." if words else ""
