"""The values behind the tables of a plan, as far as coverage tests need them: what is committed,
closed, stored and kept ready, and how plants run in normal times."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np

from paxsilica.instance import Instance
from paxsilica.plan.result import Plan
from paxsilica.solver import Array, Compiled

Decided = dict[str, list[list[Any]]]
"""Values by family of columns, each as the parts of its index and the value; ``committed`` and
``size`` by project and year of commitment. Plain data that JSON can hold."""


def decided_in(plan: Plan) -> Decided:
    """What a plan decides, from its tables."""

    def read(table: str, *columns: str) -> list[list[Any]]:
        rows = plan.table(table)[list(columns)].to_dict("split")["data"]
        return [list(row) for row in rows]

    states = plan.table("operating_states")
    normal = {
        row["state"]: row["normal_state"] if isinstance(row["normal_state"], str) else row["state"]
        for row in states.to_dict("records")
    }
    operation = plan.table("operation").to_dict("records")
    closings = read("closings", "state", "asset", "year")
    return {
        "committed": read("portfolio", "project", "committed_year"),
        "size": read("commitments", "project", "year", "size"),
        "closed": [[name, year, 1.0] for state, name, year in closings if state == "closed"],
        "mothballed": [[name, year, 1.0] for state, name, year in closings if state != "closed"],
        "stock": read("stocks", "region", "commodity", "year", "level"),
        "unserved": read("service", "region", "commodity", "state", "unserved"),
        "activity": [
            [row["plant"], row["state"], row["activity"]]
            for row in operation
            if row["mode"] == "normal" and row["activity"] > 0
        ],
        "standby": [
            [row["plant"], normal[row["state"]], row["standby"]]
            for row in operation
            if row["standby"] is not None and row["standby"] > 0
        ],
    }


def values_of(program: Compiled, instance: Instance, decided: Decided) -> Array:
    """The values of all columns that coverage tests depend on; zero elsewhere.

    Args:
        program, instance: of the case of the plan.
        decided: see :func:`decided_in`.
    """
    values = np.zeros(len(program.cost))

    def put(family: str, index: Any, value: float) -> None:
        at = program.column_at.get((family, index))
        if at is not None:
            values[at] = value

    sizes: dict[str, dict[int, float]] = defaultdict(dict)
    for name, year, size in decided["size"]:
        sizes[name][int(year)] = size
    for name, first in decided["committed"]:
        candidate = instance.candidates[name]
        for year in candidate.window:
            put("committed", (name, year), float(year >= first))
        for year in candidate.size_years:
            level = sum(size for when, size in sizes[name].items() if when <= year)
            put("added_size", (name, year), max(0.0, level - candidate.smallest))
    for family in ("closed", "mothballed", "stock", "unserved", "activity", "standby"):
        for *parts, value in decided[family]:
            # a year is a number, which tables of files hold as such
            index = tuple(part if isinstance(part, str) else int(part) for part in parts)
            put(family, index, value)
    return np.clip(values, program.low, program.high)
