"""What binds, what prices say, and how sure the figures are."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from paxsilica.prices.table import thing
from paxsilica.report.facts import Facts
from paxsilica.report.wording import number
from paxsilica.tables.columns import GRADES
from paxsilica.tables.schema import Provenance, Source

KIND_ORDER = ("resolve", "hull", "relaxed", "fixed")
PRICES_EACH = 4


@dataclass(frozen=True)
class Range:
    """Capital of the plan if all its costs came out low, as used, and high; USD million."""

    low: float
    used: float
    high: float


def binding_lines(facts: Facts) -> list[tuple[str, str]]:
    """Limits that the plan uses up: what, and where with the years."""
    frame = facts.plan.table("binding")
    found: dict[tuple[str, str], list[tuple[int | None, float, str]]] = {}
    for row in frame.to_dict("records"):
        place = "" if _blank(row["where"]) else facts.funder(row["where"])
        year = None if _blank(row["year"]) else int(row["year"])
        found.setdefault((str(row["what"]), place), []).append(
            (year, float(row["limit"]), str(row["unit"]))
        )
    lines = []
    for (what, place), limits in found.items():
        years = [year for year, _, _ in limits if year is not None]
        amount = f"{number(limits[0][1])} {limits[0][2]}" if len(limits) == 1 else ""
        when = (
            ""
            if not years
            else (
                f"{years[0]}"
                if len(years) == 1
                else f"{years[0]} to {years[-1]}, {len(years)} years"
            )
        )
        words = place if place != "programme" else ""
        lines.append(
            (what[:1].upper() + what[1:], "; ".join(part for part in (words, when, amount) if part))
        )
    return lines


def _blank(value: object) -> bool:
    return value is None or value != value or value == ""


def price_rows(facts: Facts) -> list[dict[str, str]]:
    """The prices that say most, by what is priced, each thing once and of the kind that needs the
    least caveats.

    ``*`` marks a dual of which another may hold on one of the sides, and ``?`` a re-solve whose
    sign the gaps leave open.
    """
    if "prices" not in facts.plan.tables:
        return []
    frame = facts.plan.table("prices").copy()
    frame["rank"] = (
        frame["kind"].map({kind: at for at, kind in enumerate(KIND_ORDER)}).fillna(len(KIND_ORDER))
    )
    frame["size"] = pd.to_numeric(frame["value"]).abs()
    rows = []
    for what, part in frame.groupby("what", sort=False):
        best = part.sort_values(["rank", "size"], ascending=[True, False])
        best = best[
            ~best["where"].map(lambda where, of=what: thing(str(of), str(where))).duplicated()
        ]
        best = best[
            (best["size"] > 0) | (best["kind"] == KIND_ORDER[0]) | ~best["what"].duplicated()
        ]
        for row in best.head(PRICES_EACH).to_dict("records"):
            around = (
                ""
                if _blank(row["low"]) or row["low"] == row["high"]
                else f"{number(row['low'])} to {number(row['high'])}"
            )
            year = "" if _blank(row["when"]) else str(int(row["when"]))
            where = "" if _blank(row["where"]) else facts.funder(row["where"])
            two = row.get("degenerate") in ("yes", "open") and _blank(row["low"])
            mark = " *" if two else " ?" if row.get("undecided") == "yes" else ""
            rows.append(
                {
                    "what": str(what),
                    "where": " ".join(part for part in (where, year) if part),
                    "kind": str(row["kind"]),
                    "value": f"{number(float(row['value']))} {row['unit']}{mark}",
                    "range": around,
                    "meaning": str(row["meaning"]),
                }
            )
    return rows


def status_rows(facts: Facts) -> list[dict[str, object]]:
    """The portfolio by the status of its projects: how many, how much capital, and how much of the
    nameplate the plan counts on."""
    portfolio = facts.plan.portfolio
    if portfolio.empty:
        return []
    total = float(portfolio["capex_usd_m"].sum())
    rows = []
    for status, part in portfolio.assign(status=portfolio["status"].fillna("")).groupby("status"):
        capital = float(part["capex_usd_m"].sum())
        credit = facts.credit(status)
        rows.append(
            {
                "name": facts.status(status) or "Not stated",
                "projects": len(part),
                "capital": capital,
                "share": capital / total if total else 0.0,
                "credit": credit,
            }
        )
    return sorted(rows, key=lambda row: -float(str(row["capital"])))


def _capital_provenance(facts: Facts, project: str) -> Provenance | None:
    return facts.provenance("projects", project, "capex_usd_m") or facts.provenance(
        "projects", project, "capex_usd_m_per_unit"
    )


def grade_rows(facts: Facts) -> list[dict[str, object]]:
    """Capital of the plan by the grade of the figure that it rests on; none where the tables are
    not at hand."""
    portfolio = facts.plan.portfolio
    if facts.tables is None or portfolio.empty:
        return []
    capital = dict.fromkeys(GRADES, 0.0)
    count = dict.fromkeys(GRADES, 0)
    for project, amount in zip(portfolio["project"], portfolio["capex_usd_m"], strict=True):
        row = _capital_provenance(facts, str(project))
        if row is not None:
            capital[row.grade] += float(amount)
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


def capital_range(facts: Facts) -> Range | None:
    """Capital with every cost at its low and at its high; ``None`` where no range is known for some
    project."""
    portfolio = facts.plan.portfolio
    if facts.world is None or portfolio.empty:
        return None
    low = high = 0.0
    for project, amount in zip(portfolio["project"], portfolio["capex_usd_m"], strict=True):
        row = _capital_provenance(facts, str(project))
        cell = facts.world.projects_by_name[str(project)].capex_usd_m
        if row is None or (row.range == "absolute" and not cell):
            return None
        scale = float(amount) / cell if row.range == "absolute" and cell else float(amount)
        low, high = low + scale * row.low, high + scale * row.high
    return Range(low, float(portfolio["capex_usd_m"].sum()), high)


def project_sources(facts: Facts) -> list[tuple[Source, int]]:
    """Documents that the figures of the chosen projects come from, with the number of projects that
    rest on each, the most used first."""
    if facts.tables is None:
        return []
    used: dict[str, set[str]] = {}
    columns = (
        "capex_usd_m",
        "capex_usd_m_per_unit",
        "smallest_size",
        "largest_size",
        "lead_time_years",
    )
    for project in facts.plan.portfolio["project"]:
        for column in columns:
            row = facts.provenance("projects", str(project), column)
            for source in () if row is None else row.sources:
                used.setdefault(source, set()).add(str(project))
    documents = {row.source: row for row in facts.tables.sources}
    found = [
        (documents[source], len(projects))
        for source, projects in used.items()
        if source in documents
    ]
    return sorted(found, key=lambda item: (-item[1], item[0].source))
