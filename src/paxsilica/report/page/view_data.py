"""What the script of the page needs of a plan: coverage by year as the page rounds it, and the data
behind each chart as tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from paxsilica.plan.labels import listed
from paxsilica.plan.requirement import covered, required
from paxsilica.report.page.chain import Chain
from paxsilica.report.views.coverage import Cell, Stage, scarcest_first
from paxsilica.report.views.named_plan import NamedPlan, records
from paxsilica.report.views.portfolio import portfolio_rows
from paxsilica.serialize import json_text

LIMITS_NAMED = 3

Table = dict[str, list[Any]]


def limits(named: NamedPlan, cell: Cell) -> str:
    """What limits a stage that is below the requirement, the scarcest good first; else empty."""
    goods = scarcest_first(named.plan, cell.limiting, cell.year) if cell.short else []
    names = [named.commodity(good) for good in goods[:LIMITS_NAMED]]
    if len(goods) > LIMITS_NAMED:
        names.append(f"{len(goods) - LIMITS_NAMED} more")
    return listed(names) or (named.commodity(cell.weakest) if cell.short else "")


def view_data(named: NamedPlan, stages: Sequence[Stage], chains: Sequence[Chain]) -> str:
    """JSON that may stand in a script element. ``coverage``: by stage and year the words and the
    shares of the page; ``tables``: columns and rows by name of the chart."""
    coverage = {
        stage.key: {
            str(cell.year): {
                "words": [covered(cell.without), covered(cell.coverage), required(cell.required)],
                "shares": [cell.without, cell.coverage, cell.required],
                "short": cell.short,
                "limits": limits(named, cell),
            }
            for cell in stage.cells
        }
        for stage in stages
    }
    tables = {
        "coverage": _coverage(named, stages),
        "chain": _chain(chains),
        "projects": _projects(named),
        "payments": _payments(named),
    }
    text = json_text({"coverage": coverage, "tables": tables})
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _coverage(named: NamedPlan, stages: Sequence[Stage]) -> Table:
    columns = ["stage", "name", "year", "without_share", "with_share", "required_share"]
    columns += ["nameplate_share", "limited_by"]
    rows = [
        [
            *(stage.key, stage.name, cell.year, cell.without, cell.coverage, cell.required),
            *(cell.nameplate, limits(named, cell)),
        ]
        for stage in stages
        for cell in stage.cells
    ]
    return {"columns": columns, "rows": rows}


def _chain(chains: Sequence[Chain]) -> Table:
    columns = ["year", "from", "to", "usd_m", "within_reach_share", "within_reach_to_covered_share"]
    rows = [[chain.year, *row] for chain in chains for row in chain.rows()]
    cleaned = [[None if value != value else value for value in row] for row in rows]
    return {"columns": columns, "rows": cleaned}


PROJECT_KEYS = (
    *("project", "name", "stage", "stage_name", "region", "region_name", "committed_year"),
    *("online_year", "size", "size_unit", "capex_usd_m", "public_usd_m"),
)


def _projects(named: NamedPlan) -> Table:
    rows = portfolio_rows(named)
    return {
        "columns": list(PROJECT_KEYS),
        "rows": [[_plain(row[key]) for key in PROJECT_KEYS] for row in rows],
    }


def _plain(value: Any) -> Any:
    return None if value != value else value


def _payments(named: NamedPlan) -> Table:
    rows = [
        [
            *(str(row["funder"]), named.funder(row["funder"]), str(row["project"])),
            *(int(row["year"]), float(row["usd_m"])),
        ]
        for row in records(named.plan.funding)
    ]
    return {"columns": ["funder", "name", "project", "year", "usd_m"], "rows": rows}
