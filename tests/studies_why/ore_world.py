"""A small world in which every answer can be found by hand: ore to metal to magnet, cheap in China,
to be built in Aland and Bland.

Without changes: Aland needs 100 magnets a year, each made of one metal, each metal of two ores.
Aland has an ore mine of 300. Metal and magnets come from China, until smelters and presses are
built: three of 60 each (A1 and A2 in Aland, B in Bland), lead time one year. Coverage of 90 % is
required in every stage from 2028, so two smelters and two presses are the cheapest cover.
"""

from __future__ import annotations

import csv
import hashlib
import io
from pathlib import Path
from typing import Any

from paxsilica.case import Case, make_case
from paxsilica.tables import TABLES, Tables, check_tables

SMALL = {
    "stages": (
        """
stage,order,name
mining,1,Mining
processing,2,Processing
magnets,3,Magnets
"""
    ),
    "regions": (
        """
region,name,kind
ALA,Aland,country
BLA,Bland,country
CHN,China,country
SEA,The sea,hub
"""
    ),
    "membership": (
        """
region,status,from_date
ALA,signatory,2020-01-01
BLA,signatory,2020-01-01
CHN,adversary,2020-01-01
"""
    ),
    "commodities": (
        """
commodity,name,unit,stage,price_usd_per_unit,shortage_price_usd_per_unit,covered,surplus
ore,Ore,t,mining,500000,500000,yes,free
metal,Metal,t,processing,3000000,2000000,yes,free
magnet,Magnets,t,magnets,8000000,5000000,yes,free
"""
    ),
    "processes": (
        """
process,name,stage,kind,unit,main_product,minimum_utilisation
mine,Mining of ore,mining,source,t,ore,
smelt,Smelting,processing,conversion,t,metal,
press,Pressing,magnets,conversion,t,magnet,
"""
    ),
    "recipes": (
        """
process,commodity,role,quantity
mine,ore,output,1
smelt,ore,input,2
smelt,metal,output,1
press,metal,input,1
press,magnet,output,1
"""
    ),
    "statuses": (
        """
status,name,credit
announced,Announced,1
half,Half believed,0.5
"""
    ),
    "completion": (
        """
status,stage,delay_years,probability
announced,*,0,1
half,*,0,0.5
"""
    ),
    "assets": (
        """
asset,name,region,process,controller,status,capacity,from_year,to_year,variable_cost_usd_per_unit,must_run_share
mine-ala,Mine of Aland,ALA,mine,,,300,,,1000,
mine-chn,Mines of China,CHN,mine,,,3000,,,500,
smelt-chn,Smelters of China,CHN,smelt,,,1000,,,3000,
press-chn,Presses of China,CHN,press,,,1000,,,4000,
"""
    ),
    "projects": (
        """
project,name,region,process,controller,status,smallest_size,largest_size,capex_usd_m,lead_time_years,variable_cost_usd_per_unit,latest_commitment,commitment,exclusive_group,prerequisites,sponsor_share,economic_life_years
smelt-a1,Smelter A1,ALA,smelt,,announced,60,60,100,1,5000,,,,,,
smelt-a2,Smelter A2,ALA,smelt,,announced,60,60,120,1,5000,,,,,,
smelt-b,Smelter B,BLA,smelt,,announced,60,60,150,1,5000,,,,,,
press-a1,Press A1,ALA,press,,announced,60,60,50,1,6000,,,,,,
press-a2,Press A2,ALA,press,,announced,60,60,60,1,6000,,,,,,
press-b,Press B,BLA,press,,announced,60,60,80,1,6000,,,,,,
"""
    ),
    "demand": (
        """
region,commodity,year,quantity
ALA,magnet,2026,100
ALA,magnet,2032,100
CHN,magnet,2026,100
CHN,magnet,2032,100
"""
    ),
    "routes": (
        """
from_region,to_region,commodity,cost_usd_per_unit
*,SEA,*,10
SEA,*,*,0
"""
    ),
    "funders": (
        """
funder,name,region,envelope_usd_m,annual_limit_usd_m,carry_over,largest_share,smallest_ticket_usd_m
fund-a,Fund of Aland,ALA,1000,,yes,,
fund-b,Fund of Bland,BLA,1000,,yes,,
"""
    ),
}

CASE: dict[str, Any] = {
    "name": "small",
    "years": "2026-2032",
    "objective": "cost",
    "budget_usd_m": 1000.0,
    "roles": {
        "protected": ["signatory"],
        "adversary": ["participant", "neutral", "adversary"],
    },
    "need": {"regions": "protected"},
    "access": {"open": 0.0},
    "funding": ["signatory"],
    "coverage": {"required": 0.9, "from_year": 2028, "hard": True},
    "finance": {"discount_rate": 0.0},
    "solver": {"gap": 0.0, "threads": 1},
}
"""Cheapest cover: smelters A1 and A2 (220) and presses A1 and A2 (110), USD 330 million in all."""


class World:
    """The tables as cells, changeable by key."""

    def __init__(self) -> None:
        self.tables = {
            name: list(csv.DictReader(io.StringIO(text.strip()))) for name, text in SMALL.items()
        }

    def set(self, table: str, key: str, /, **cells: str) -> World:
        """Overwrites cells of every row whose first column is ``key`` (``*``: of every row)."""
        for row in self.tables[table]:
            if key in ("*", next(iter(row.values()))):
                row.update(cells)
        return self

    def add(self, table: str, /, **cells: str) -> World:
        """Appends a row."""
        self.tables.setdefault(table, []).append(cells)
        return self

    def drop(self, table: str, *keys: str) -> World:
        """Takes rows out by their first column."""
        self.tables[table] = [
            row for row in self.tables[table] if next(iter(row.values())) not in keys
        ]
        return self

    def read(self) -> Tables:
        """The checked tables."""
        rows: dict[str, Any] = {
            table: tuple(
                TABLES[table].model_validate({key: cell for key, cell in row.items() if cell})
                for row in cells
            )
            for table, cells in self.tables.items()
        }
        digest = hashlib.sha256(repr(sorted(self.tables.items())).encode()).hexdigest()
        tables = Tables(**rows, present=frozenset(rows), digest=digest)
        assert not check_tables(tables), check_tables(tables)
        return tables

    def write(self, folder: Path) -> Path:
        """The tables as files."""
        folder.mkdir(parents=True, exist_ok=True)
        for table, rows in self.tables.items():
            with (folder / f"{table}.csv").open("w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(
                    file, list(dict.fromkeys(name for row in rows for name in row)), restval=""
                )
                writer.writeheader()
                writer.writerows(rows)
        return folder


CASE_FILE = """
years = "2026-2032"
budget_usd_m = 1000.0
roles.protected = ["signatory"]
roles.adversary = ["participant", "neutral", "adversary"]
need.regions = "protected"
access.open = 0.0
funding = ["signatory"]
[coverage]
required = 0.9
from_year = 2028
hard = true
[finance]
discount_rate = 0.0
[solver]
gap = 0.0
threads = 1
"""


def case(*settings: str, **changes: Any) -> Case:
    """The case of the small world with changes."""
    return make_case(CASE | changes, settings, "small")
