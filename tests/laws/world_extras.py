"""What random worlds have had since later: drawn apart, so that the rest of each world stays."""

from __future__ import annotations

import random
from typing import Any


def add_deal(
    tables: dict[str, list[dict[str, Any]]], features: set[str], draw: random.Random
) -> None:
    """A small signed deal and a letter, of a funder that nothing keeps from the project."""
    bound = {row["funder"] for row in tables["mandates"]}
    free = [
        row["funder"]
        for row in tables["funders"]
        if row["funder"] not in bound
        and row["region"] == "AUS"
        and not (row["from_year"] or row["to_year"] or row["smallest_ticket_usd_m"])
    ]
    shared = [
        row["project"]
        for row in tables["projects"]
        if (row["sponsor_share"] or 0) < 1 and row["commitment"] is None
    ]
    if not free or not shared:
        return
    features.add("deals")
    for state in ("signed", "letter"):
        tables["deals"].append(
            {
                "deal": state,
                "funder": draw.choice(free),
                "project": draw.choice(shared),
                "state": state,
                "date": "2025",
                "instrument": "equity",
                "amount_usd_m": round(draw.uniform(0.05, 0.3), 2),
            }
        )


def add_recipe(
    tables: dict[str, list[dict[str, Any]]], features: set[str], draw: random.Random
) -> None:
    """A further recipe on the capacity of an existing plant or of a project."""
    if draw.random() > 0.35:
        return
    plants = [
        row
        for row in (*tables["assets"], *tables["projects"])
        if row.get("capacity") != "inf" and not row.get("must_run_share")
    ]
    base = draw.choice(plants)
    features.add("recipe of a project" if "project" in base else "recipe of an asset")
    tables["assets"].append(
        {
            "asset": "further-recipe",
            "name": "further-recipe",
            "region": base["region"],
            "controller": base.get("controller"),
            "process": draw.choice(tables["processes"])["process"],
            "capacity": draw.choice(["inf", 50.0]),
            "variable_cost_usd_per_unit": round(draw.uniform(1e3, 2e4), 1),
            "shares_capacity_of": base.get("project") or base["asset"],
            "capacity_use": round(draw.uniform(0.5, 3.0), 2),
            "status": None,
            "from_year": None,
            "to_year": None,
            "fixed_cost_usd_m": None,
            "must_run_share": None,
        }
    )


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
    aside = random.Random(f"limits over years {seed}")
    if aside.random() < 0.25:
        features.add("limit over years")
        tables["limits"].append(
            {
                "limit": "deposit",
                "measure": "activity",
                "sense": "at most",
                "value": round(aside.uniform(500, 2000), 1),
                "region": "*",
                "process": "make-metal",
                "commodity": "*",
                "years": "together",
            }
        )
    aside = random.Random(f"decline {seed}")
    for table in ("assets", "projects"):
        if aside.random() < 0.2:
            features.add(f"decline of {table}")
            for row in tables[table]:
                if table == "projects" or row["capacity"] is not None:
                    row["decline_rate"] = round(aside.uniform(0.0, 0.3), 2)
                    if table == "assets":
                        row["from_year"] = row["from_year"] or 2024
    aside = random.Random(f"steps {seed}")
    for row in tables["projects"]:
        room = float(row["largest_size"]) - float(row["smallest_size"])
        if room > 0 and aside.random() < 0.15:
            features.add("size in steps")
            row["size_step"] = repr(room / aside.choice([1, 2, 3]))
    aside = random.Random(f"closings {seed}")
    for row in tables["assets"]:
        if row["capacity"] != "inf" and aside.random() < 0.2:
            features.add("closing")
            row["fixed_cost_usd_m"] = round(aside.uniform(0.5, 3.0), 2)
            row["closing_cost_usd_m"] = round(aside.uniform(0.0, 3.0), 2)
        if row["capacity"] != "inf" and aside.random() < 0.2:
            features.add("mothballing")
            row["mothballed_fixed_cost_share"] = round(aside.uniform(0.0, 0.6), 2)
            row["restart_cost_usd_m"] = round(aside.uniform(0.0, 1.0), 2)
    aside = random.Random(f"returns {seed}")
    wanted = aside.choice(tables["demand"])
    makers = [row for row in tables["assets"] if row["region"] == wanted["region"]]
    if makers and aside.random() < 0.25:
        features.add("returns after use")
        row = aside.choice(makers)
        row["returns_of"] = wanted["commodity"]
        row["returns_after_years"], row["returns_share"] = 1, round(aside.uniform(0.5, 2.0), 2)
        first = min(one["year"] for one in tables["demand"])
        for one in [one for one in tables["demand"] if one["year"] == first]:
            tables["demand"].append(one | {"year": first - 1})
    aside = random.Random(f"scale {seed}")
    for row in tables["projects"]:
        low, high = float(row["smallest_size"]), float(row["largest_size"])
        if high > low and aside.random() < 0.2:
            features.add("economies of scale")
            row["scale_sizes"] = ";".join(repr(low + part * (high - low)) for part in (0.3, 0.7))
            row["scale_savings"] = "0.2;0.35"
    add_recipe(tables, features, random.Random(f"recipes {seed}"))
    if draw.random() < 0.4:
        add_deal(tables, features, draw)
    for row in tables["commodities"]:
        price = round(draw.uniform(1e4, 1e5), 1)
        row.setdefault("price_usd_per_unit", price)
