"""Two plans side by side: in what they differ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from paxsilica.report.facts import Facts, records
from paxsilica.report.page.coverage import coverage_steps


@dataclass(frozen=True)
class Differences:
    """What is in the tables of two plans, next to each other.

    Attributes:
        figures: name, first plan, second plan.
        coverage: step, asked for, first plan, second plan, in whole per cent, in the last year that
            both cover.
        only_first, only_second, moved: projects in which the plans differ.
        year: the last year that both cover.
    """

    figures: list[tuple[str, str, str]]
    coverage: list[tuple[str, str, str, str]]
    only_first: list[dict[str, Any]]
    only_second: list[dict[str, Any]]
    moved: list[dict[str, Any]]
    same: int
    year: int | None


def differences(first: Facts, second: Facts) -> Differences:
    """Compares two plans."""
    rows = records(first.plan.compare(second.plan))
    for row in rows:
        row["step"], row["host"] = first.stage(row["stage"]), first.region(row["region"])
    only_first = [row for row in rows if row["committed_year_other"] != row["committed_year_other"]]
    only_second = [row for row in rows if row["committed_year_this"] != row["committed_year_this"]]
    moved = [row for row in rows if row not in only_first and row not in only_second]
    steps_first = {step.key: step for step in coverage_steps(first.plan)}
    steps_second = {step.key: step for step in coverage_steps(second.plan)}
    years = [
        {cell.year for step in steps.values() for cell in step.cells}
        for steps in (steps_first, steps_second)
    ]
    year = max(years[0] & years[1], default=None)
    coverage = []
    for key, step in steps_first.items():
        here = next((cell for cell in step.cells if cell.year == year), None)
        there = (
            next((cell for cell in steps_second[key].cells if cell.year == year), None)
            if key in steps_second
            else None
        )
        if here is not None and there is not None:
            coverage.append((step.name, here.percent[2], here.percent[1], there.percent[1]))
    figures = [(name, value(first), value(second)) for name, value in _FIGURES]
    return Differences(
        figures,
        coverage,
        only_first,
        only_second,
        moved,
        len(first.plan.portfolio) - len(only_first) - len(moved),
        year,
    )


def _millions(facts: Facts, column: str) -> str:
    return f"{float(facts.plan.portfolio[column].sum()):,.0f}"


def _term(facts: Facts, term: str) -> str:
    costs = facts.plan.costs
    return f"{float(costs.loc[costs['term'] == term, 'usd_m'].sum()):,.0f}"


def _steps_met(facts: Facts) -> str:
    steps = coverage_steps(facts.plan)
    return (
        f"{sum(not step.last.short for step in steps)} of {len(steps)}"
        if steps
        else "none asked for"
    )


_FIGURES = (
    ("Public money, USD million", lambda facts: _millions(facts, "public_usd_m")),
    ("Owners' money, USD million", lambda facts: _millions(facts, "sponsor_usd_m")),
    ("Projects", lambda facts: f"{len(facts.plan.portfolio):,}"),
    ("Steps covered as asked in the last year", _steps_met),
    (
        "Support to keep plants ready, USD million, discounted",
        lambda facts: _term(facts, "operating_support"),
    ),
    (
        "Price put on coverage that is missing, USD million, discounted",
        lambda facts: _term(facts, "coverage_shortfall"),
    ),
    (
        "Objective, USD million",
        lambda facts: "none" if facts.plan.objective is None else f"{facts.plan.objective:,.0f}",
    ),
)
