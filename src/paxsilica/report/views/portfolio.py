"""The committed projects: rows with names, sums by region and by status, totals of the plan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from paxsilica.plan.result import Plan
from paxsilica.report.views.coverage import Stage, coverage_stages, in_last_year
from paxsilica.report.views.money import payments_by_project
from paxsilica.report.views.named_plan import NamedPlan, records


@dataclass(frozen=True)
class Totals:
    """Main figures of a plan; money in USD million.

    Attributes:
        capital, public, own: capital of the projects, and the parts paid by funders and by owners.
        support: operating support that funders pay, of projects and existing plants.
        projects, regions: number of projects, and of regions that they are in.
        funded: whether the case divides payments among funders.
        stages: coverage by stage; empty where the case requires none.
    """

    capital: float
    public: float
    own: float
    support: float
    projects: int
    regions: int
    funded: bool
    stages: list[Stage]

    def limited(self, covers: str) -> float:
        """What the budget limits; ``covers`` as in the case."""
        return self.public + (self.support if covers == "money" else 0.0)

    @property
    def covered(self) -> int:
        """Number of stages that meet the requirement in the last year."""
        return sum(not stage.last.short for stage in self.stages)


def totals(plan: Plan) -> Totals:
    """Main figures of a plan."""
    frame = plan.portfolio
    return Totals(
        capital=float(frame["capex_usd_m"].sum()),
        public=float(frame["public_usd_m"].sum()),
        own=float(frame["sponsor_usd_m"].sum()),
        support=float(plan.table("support")["support_usd_m"].sum()),
        projects=len(frame),
        regions=frame["region"].nunique(),
        funded=not plan.table("funders").empty,
        stages=in_last_year(coverage_stages(plan)),
    )


def portfolio_rows(named: NamedPlan) -> list[dict[str, Any]]:
    """The rows of the portfolio with names in the place of keys; ``payments`` lists funders with
    USD million."""
    paid = payments_by_project(named.plan)
    return [
        {
            **row,
            "stage_name": named.stage(row["stage"]),
            "region_name": named.region(row["region"]),
            "status_name": named.status(row["status"]),
            "process_name": named.process(row["process"]),
            "payments": [
                (named.funder(funder), amount) for funder, amount in paid.get(row["project"], ())
            ],
        }
        for row in records(named.plan.portfolio)
    ]


def rows_by_region(named: NamedPlan) -> list[dict[str, Any]]:
    """Number of projects and USD million by region, largest capital first; ``stages`` are the three
    largest ones."""
    rows = []
    for region, part in named.plan.portfolio.groupby("region"):
        stages = part.groupby("stage")["capex_usd_m"].sum().sort_values(ascending=False)
        rows.append(
            {
                "region": str(region),
                "name": named.region(region),
                "projects": len(part),
                "capital": float(part["capex_usd_m"].sum()),
                "public": float(part["public_usd_m"].sum()),
                "stages": [named.stage(key) for key in stages.index[:3]],
            }
        )
    return sorted(rows, key=lambda row: (-float(str(row["capital"])), str(row["name"])))


def rows_by_status(named: NamedPlan) -> list[dict[str, Any]]:
    """Number of projects, capital (USD million), share of all capital and expected share that is
    completed (weighted by capital) by status, largest capital first."""
    portfolio = named.plan.portfolio
    total = float(portfolio["capex_usd_m"].sum())
    rows: list[dict[str, Any]] = []
    for status, part in portfolio.assign(status=portfolio["status"].fillna("")).groupby("status"):
        capital = float(part["capex_usd_m"].sum())
        facts = {"name": named.status(status) or "Not stated", "projects": len(part)}
        share = capital / total if total else 0.0
        sized = part[(part["size"] > 0) & (part["capex_usd_m"] > 0)]
        weight = sized["capex_usd_m"] / sized["capex_usd_m"].sum()
        done = float((weight * sized["credited_size"] / sized["size"]).sum())
        completed = done if len(sized) else None
        rows.append({**facts, "capital": capital, "share": share, "completed": completed})
    return sorted(rows, key=lambda row: -row["capital"])


def dropped_by_reason(plan: Plan) -> dict[str, list[str]]:
    """Keys of the dropped projects by reason."""
    reasons: dict[str, list[str]] = {}
    for row in records(plan.table("dropped")):
        reasons.setdefault(str(row["reason"]), []).append(str(row["project"]))
    return reasons
