"""Evidence behind the figures of a plan: grades, ranges, documents and the figures in use."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from paxsilica.provenance.lookup import Number, numbers
from paxsilica.report.views.named_plan import OWNER, NamedPlan, records
from paxsilica.tables.columns import GRADES
from paxsilica.tables.schema import Provenance, Source

COST_COLUMNS = ("capex_usd_m", "capex_usd_m_per_unit")
PROJECT_COLUMNS = (*COST_COLUMNS, "smallest_size", "largest_size", "lead_time_years")


FACTS = {
    "capex_usd_m": "capital",
    "capex_usd_m_per_unit": "capital per unit of size",
    "smallest_size": "smallest size",
    "largest_size": "largest size",
    "lead_time_years": "years of construction",
}
"""What the columns of :data:`PROJECT_COLUMNS` hold, in words."""


@dataclass(frozen=True)
class Fact:
    """A number of a project with its evidence: grade, range and titles of its documents."""

    what: str
    grade: str
    range: str
    sources: tuple[str, ...]


def project_facts(named: NamedPlan, project: str) -> list[Fact]:
    """The evidence for the numbers of a project, cost first; none without the tables."""
    titles = {row.source: row.title for row in (named.tables.sources if named.tables else ())}
    found = []
    for column, what in FACTS.items():
        row = named.provenance("projects", project, column)
        if row is not None:
            unit = "times the figure" if row.range == "relative" else row.unit
            span = f"{row.low:g} to {row.high:g} {unit}"
            documents = tuple(titles.get(source, source) for source in row.sources)
            found.append(Fact(what, row.grade, span, documents))
    return found


@dataclass(frozen=True)
class Range:
    """Capital of the plan with all costs at their low end, as used, and at their high end; USD
    million."""

    low: float
    used: float
    high: float


def _capital(named: NamedPlan) -> Iterator[tuple[str, float, Provenance | None]]:
    """Every project with its capital (USD million) and the provenance of that."""
    for row in records(named.plan.portfolio):
        project = str(row["project"])
        found = (named.provenance("projects", project, column) for column in COST_COLUMNS)
        yield project, float(row["capex_usd_m"]), next(filter(None, found), None)


def grade_rows(named: NamedPlan) -> list[dict[str, Any]]:
    """Number of projects, capital (USD million) and its share by the grade of the cost figure; none
    without the tables."""
    portfolio = named.plan.portfolio
    if named.tables is None or portfolio.empty:
        return []
    capital = dict.fromkeys(GRADES, 0.0)
    count = dict.fromkeys(GRADES, 0)
    for _, amount, row in _capital(named):
        if row is not None:
            capital[row.grade] += amount
            count[row.grade] += 1
    total = float(portfolio["capex_usd_m"].sum())
    return [
        {
            "grade": grade,
            "meaning": words,
            "projects": count[grade],
            "capital": capital[grade],
            "share": capital[grade] / total if total else 0.0,
        }
        for grade, words in GRADES.items()
    ]


def capital_range(named: NamedPlan) -> Range | None:
    """Capital with every cost at its low and at its high end; ``None`` where the range of a project
    is not known."""
    portfolio = named.plan.portfolio
    if named.world is None or portfolio.empty:
        return None
    low = high = 0.0
    for project, amount, row in _capital(named):
        cell = named.world.projects_by_name[project].capex_usd_m
        if row is None or (row.range == "absolute" and not cell):
            return None
        scale = amount / cell if row.range == "absolute" and cell else amount
        low, high = low + scale * row.low, high + scale * row.high
    return Range(low, float(portfolio["capex_usd_m"].sum()), high)


def project_sources(named: NamedPlan) -> list[tuple[Source, int]]:
    """Documents behind the figures of the committed projects, with the number of projects that each
    supports, largest number first."""
    used: dict[str, set[str]] = {}
    for project in map(str, named.plan.portfolio["project"]):
        for column in PROJECT_COLUMNS:
            row = named.provenance("projects", project, column)
            for source in () if row is None else row.sources:
                used.setdefault(source, set()).add(project)
    documents = () if named.tables is None else named.tables.sources
    found = [(row, len(used[row.source])) for row in documents if row.source in used]
    return sorted(found, key=lambda item: (-item[1], item[0].source))


def figures_used(named: NamedPlan) -> Iterator[Number]:
    """The numbers in the data that the plan uses: of what it builds, runs, ships, serves and is
    funded by, and all general parameters; none without the tables."""
    plan = named.plan
    operation, service = (plan.table(name).astype(str) for name in ("operation", "service"))
    plants = {*operation["plant"], *plan.portfolio["project"].astype(str)}
    funders = {*plan.funding["funder"].astype(str)} - {OWNER}
    shipped = {*plan.table("shipments")["commodity"].astype(str)}
    used = {
        "series": plants | funders | shipped,
        "assets": plants,
        "projects": plants,
        "processes": {*operation["process"]},
        "recipes": {*operation["process"]},
        "funders": funders,
        "mandates": funders,
        "routes": shipped | {"*"},
    }
    served = {*zip(service["region"], service["commodity"], strict=True)}
    variants = ("", str((named.case.get("demand") or {}).get("variant", "")))
    uncertain = named.case.get("scenarios") is not None
    for number in () if named.tables is None else numbers(named.tables):
        parts = [*number.row.split("|"), ""]
        if number.table in used:
            kept = parts[{"series": 1, "routes": 2}.get(number.table, 0)] in used[number.table]
        elif number.table == "demand":
            kept = (parts[0], parts[1]) in served and parts[3] in variants
        else:
            kept = uncertain or number.table not in ("scenarios", "events")
        if kept:
            yield number
