"""The same world in other units: every quantity of the tables is written anew."""

from __future__ import annotations

import random
from typing import Any

from random_worlds import World

from paxsilica.tables import TABLES
from paxsilica.tables.layout import layout

FACTORS = (1e-6, 1e-3, 0.1, 0.3, 7.0, 1e3, 1e6)
OF_PROCESSES = FACTORS[1:-1]
"""Narrower, because tables take no quantity above 1e10 in a recipe."""

CANNOT = {"limit on shipments", "named origin to all"}
"""Features of random worlds whose rows add up several commodities, or would become ambiguous if a
row for all commodities were written as one for each."""


def with_named_commodities(world: World) -> World:
    """The world with a route for each commodity in place of one for all."""
    found = world.copy()
    names = [row["commodity"] for row in found.tables["commodities"]]
    routes = found.tables["routes"]
    taken = {(row["from_region"], row["to_region"], row["commodity"]) for row in routes}
    found.tables["routes"] = [
        row | {"commodity": name}
        for row in routes
        for name in (names if row["commodity"] == "*" else [row["commodity"]])
        if row["commodity"] != "*" or (row["from_region"], row["to_region"], name) not in taken
    ]
    series = []
    for row in found.tables["series"]:
        parts = str(row["row"]).split("|")
        wild = row["table"] == "routes" and parts[-1] == "*"
        series += [
            row | ({"row": "|".join([*parts[:-1], str(name)])} if wild else {})
            for name in (names if wild else [None])
        ]
    found.tables["series"] = series
    return found


def times(value: Any, factor: float) -> Any:
    """A cell times a factor, one number or several separated by ``;``."""
    parts = [float(part) * factor for part in str(value).split(";")]
    return parts[0] if len(parts) == 1 else ";".join(map(repr, parts))


class Units:
    """How many new units one old unit is, by commodity and by process (of its activity)."""

    def __init__(self, world: World, seed: int) -> None:
        draw = random.Random(seed)
        tables = world.tables
        self.commodity = {row["commodity"]: draw.choice(FACTORS) for row in tables["commodities"]}
        self.process = {row["process"]: draw.choice(OF_PROCESSES) for row in tables["processes"]}
        self.plants = {
            row[key]: row["process"]
            for table, key in (("assets", "asset"), ("projects", "project"))
            for row in tables[table]
        }

    def of_process(self, row: dict[str, Any]) -> float:
        return self.process[row["process"]]

    def factor(self, unit: str, row: dict[str, Any]) -> float:
        """What a number in ``unit`` is to be multiplied with; ``row`` names commodity and
        process."""
        over, _, under = unit.partition(" per ")
        found = 1.0
        if over in ("commodity units", "t"):
            found *= self.commodity[row["commodity"]] if over == "commodity units" else 1.0
        elif over == "units of activity":
            found *= self.of_process(row)
        elif over == "units of activity of the shared plant":
            found *= self.process[self.plants[row["shares_capacity_of"]]]
        if under.startswith(("unit of activity", "unit of capacity", "unit of size")):
            found /= self.of_process(row)
        elif under.startswith(("unit", "commodity unit")):
            found /= self.commodity[row.get("returns_of") or row["commodity"]]
        return found

    def names(self, table: str, key: str) -> dict[str, Any]:
        """Commodity and process of a row of a series."""
        if table in ("assets", "projects"):
            return {"process": self.plants[key]}
        return {"process": key, "commodity": key.split("|")[-1]}

    def changed(self, world: World) -> World:
        """The world in the new units."""
        found = world.copy()
        columns = {table: layout(table) for table in TABLES}
        for table, entries in columns.items():
            for row in found.tables[table]:
                for column, entry in entries.items():
                    value = row.get(column)
                    if value is not None and value != "inf" and entry.column.unit:
                        factor = self.factor(entry.column.unit, row)
                        row[column] = times(value, factor) if factor != 1.0 else value
        for row in found.tables["series"]:
            unit = columns[str(row["table"])][str(row["column"])].column.unit
            row["value"] = float(row["value"]) * self.factor(  # type: ignore[arg-type]
                unit, self.names(str(row["table"]), str(row["row"]))
            )
        for row in found.tables["limits"]:
            if row["measure"] in ("capacity", "activity"):
                row["value"] = float(row["value"]) * self.of_process(row)  # type: ignore[arg-type]
            elif row["measure"] == "production":
                row["value"] = float(row["value"]) * self.commodity[row["commodity"]]  # type: ignore[arg-type]
        return found
