"""What random worlds have had since later: drawn apart, so that the rest of each world stays."""

from __future__ import annotations

import random
from typing import Any


def add_extras(tables: dict[str, list[dict[str, Any]]], features: set[str], seed: int) -> None:
    """Add probabilities of completion, overruns of capital, fixed costs of processes and prices."""
    draw = random.Random(f"aside {seed}")
    if draw.random() < 0.5:
        features.add("completion")
        chances = [
            ("announced", stage, late, chance)
            for stage in ("*", "metal")
            for late, chance in enumerate(draw.choice([(0.8,), (0.5, 0.3), (0.3, 0.3, 0.3)]))
        ]
        columns = ("status", "stage", "delay_years", "probability")
        for row in (*chances, ("operating", "*", 0, 1)):
            tables["completion"].append(dict(zip(columns, row, strict=True)))
    if draw.random() < 0.5:
        features.add("overrun")
        for row in tables["statuses"]:
            row["capital_factor"] = round(draw.uniform(1.0, 1.4), 2)
    if draw.random() < 0.5:
        features.add("fixed cost of a process")
        unlimited = {row["process"] for row in tables["assets"] if row["capacity"] == "inf"}
        for row in tables["processes"]:
            if row["process"] not in unlimited and draw.random() < 0.5:
                row["fixed_cost_usd_per_unit"] = round(draw.uniform(1e3, 2e4), 1)
                row["unit_cost_includes_fixed"] = draw.choice(["yes", "no"])
    for row in tables["commodities"]:
        price = round(draw.uniform(1e4, 1e5), 1)
        row.setdefault("price_usd_per_unit", price)
