"""A world as cells, before it is read."""

from __future__ import annotations

import copy
import csv
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from paxsilica.case import Case, make_case
from paxsilica.tables import Tables, load_tables
from paxsilica.tables.schema import TABLES

Cell = str | int | float | None


@dataclass
class World:
    """Tables as lists of cells, and the raw case; both may be changed before they are read."""

    tables: dict[str, list[dict[str, Cell]]]
    case: dict[str, Any]
    features: set[str] = field(default_factory=set)

    def copy(self) -> World:
        return copy.deepcopy(self)

    def read(self) -> tuple[Tables, Case]:
        """Through the front door: written as CSV, read and checked."""
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            for table, rows in self.tables.items():
                if rows or TABLES[table].absent is None:
                    columns = list(TABLES[table].model_fields)
                    with (folder / f"{table}.csv").open("w", newline="", encoding="utf-8") as file:
                        writer = csv.DictWriter(file, columns, lineterminator="\n")
                        writer.writeheader()
                        writer.writerows(
                            {key: "" if cell is None else cell for key, cell in row.items()}
                            for row in rows
                        )
            return load_tables(folder), make_case(self.case, name="random")
