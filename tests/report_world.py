"""A small world with everything that a page and a workbook show: trust, steps, projects, funders,
places and prices."""

from __future__ import annotations

import csv
from dataclasses import replace
from functools import cache
from pathlib import Path

from paxsilica.audit import audited
from paxsilica.plan.solve import make_plan
from paxsilica.report.views.named_plan import NamedPlan, name_plan
from paxsilica.tables import Tables
from paxsilica.tables.schema import TABLES, Provenance, Source
from worlds import case, world

PLACES = {
    "A": ("Australia", 51.0, 9.0),
    "AUS": ("Aussie <b>& co", -25.0, 134.0),
    "CHN": ("Other", 36.0, 104.0),
}


@cache
def tables() -> Tables:
    """Ore, metal and servers; what is cheap stands in the one adversary."""
    goods = {
        "ore": {"covered": True, "price_usd_per_unit": 1e5, "shortage_price_usd_per_unit": 3e6},
        "metal": {"covered": True, "price_usd_per_unit": 5e5, "shortage_price_usd_per_unit": 9e6},
        "server": {"covered": True, "price_usd_per_unit": 9e6, "shortage_price_usd_per_unit": 9e7},
    }
    mine = {
        "process": "mine",
        "region": "AUS",
        "variable_cost_usd_per_unit": 9e4,
        "status": "announced",
        "sponsor_share": 0.4,
    }
    made = world(
        {"mine": "-> ore", "refine": "2 ore -> metal", "assemble": "metal -> server"},
        regions={"A": "signatory", "AUS": "signatory", "CHN": "adversary"},
        commodities=goods,
        assets={
            "pit": {
                "process": "mine",
                "region": "CHN",
                "capacity": 400.0,
                "variable_cost_usd_per_unit": 1e4,
            },
            "smelter": {
                "process": "refine",
                "region": "CHN",
                "capacity": 200.0,
                "variable_cost_usd_per_unit": 1e4,
            },
            "shop": {"process": "assemble", "region": "A", "capacity": 90.0},
            "other shop": {"process": "assemble", "region": "CHN", "capacity": 50.0},
        },
        projects={
            "new-mine": (
                mine
                | {
                    "name": "New mine",
                    "size": 120.0,
                    "capex_usd_m": 50.0,
                    "lead_time_years": 1,
                    "ramp_profile": "0.5;1",
                }
            ),
            "new-smelter": (
                mine
                | {
                    "process": "refine",
                    "region": "A",
                    "size": 50.0,
                    "capex_usd_m": 30.0,
                    "lead_time_years": 1,
                }
            ),
        },
        demand={("A", "server"): 60.0, ("CHN", "server"): 40.0, ("CHN", "metal"): 10.0},
        routes={
            f"{way} {good}": 1.0
            for way in ("CHN>A", "AUS>A", "AUS>CHN", "A>CHN", "CHN>AUS")
            for good in goods
        },
        funders={
            "fund": {"name": "Fund of A", "envelope_usd_m": 500.0, "annual_limit_usd_m": 200.0}
        },
        statuses={"announced": 0.5},
    )
    regions = tuple(
        row.model_copy(
            update=dict(zip(("name", "latitude", "longitude"), PLACES[row.region], strict=True))
        )
        for row in made.regions
    )
    source = Source(
        source="report", title="A report", url="https://example.org/report", date="2025"
    )
    grounds = tuple(
        Provenance(
            table="projects",
            row="*",
            column=column,
            unit=unit,
            low=0.8,
            high=1.5,
            range="relative",
            sources=("report",),
            grade="C",
            price_year=year,
        )
        for column, unit, year in (
            ("capex_usd_m", "USD million", 2025),
            ("smallest_size", "t", None),
        )
    )
    present = made.present | {"sources", "provenance"}
    return replace(made, regions=regions, sources=(source,), provenance=grounds, present=present)


@cache
def named(budget: float = 60.0, years: str = "2030-2034") -> NamedPlan:
    """The plan of the small world under a budget."""
    asked = case(
        years,
        title="Small world",
        question="Does it <b>work</b>?",
        budget_usd_m=budget,
        roles={"protected": ["signatory"]},
        funding=["signatory"],
        coverage={"required": 0.4, "from_year": 2031, "hard": False},
    )
    return name_plan(audited(make_plan(tables(), asked), tables(), asked), tables())


def save(budget: float, folder: Path) -> Path:
    """The plan, saved and without its tables."""
    named(budget).plan.save(folder)
    return folder


def bare(budget: float = 60.0) -> NamedPlan:
    """The plan without its tables."""
    return NamedPlan(named(budget).plan, None, "The tables are not at hand.")


def write_tables(folder: Path) -> None:
    """The tables of the small world as CSV files."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in tables().present:
        rows = tables().rows(name)
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            columns = list(TABLES[name].model_fields)
            writer.writerow(columns)
            for row in rows:
                writer.writerow([_cell(getattr(row, column)) for column in columns])


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ";".join(map(str, value)) if isinstance(value, tuple) else str(value)
