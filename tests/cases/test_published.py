"""Problems that others have published, with their optimum."""

from __future__ import annotations

import math
import tomllib
from collections import defaultdict
from pathlib import Path

import pytest
from witness import audited_plan

from paxsilica.case import read_case
from paxsilica.plan.result import Plan
from paxsilica.tables import load_tables

FOLDERS = sorted(path.parent for path in Path(__file__).parent.glob("*/case.toml"))


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_published_optimum_is_reached_and_proved(folder: Path) -> None:
    expected = tomllib.loads((folder / "expected.toml").read_text(encoding="utf-8"))
    plan = audited_plan(load_tables(folder), read_case(folder / "case.toml", ["solver.gap=0.0"]))
    assert plan.status == "optimal"
    assert plan.objective is not None
    assert plan.bound is not None
    assert math.isclose(plan.objective, expected["objective_usd_m"], rel_tol=1e-6)
    assert math.isclose(plan.bound, plan.objective, rel_tol=1e-6)
    if "committed" in expected:
        assert sorted(plan.tables["portfolio"]["project"]) == sorted(expected["committed"])
    if "closed" in expected:
        assert sorted(plan.tables["closings"]["asset"]) == sorted(expected["closed"])
    if "yearly_cost_usd_m" in expected:
        assert _yearly(plan, folder) == pytest.approx(expected["yearly_cost_usd_m"], rel=1e-6)


def _yearly(plan: Plan, folder: Path) -> list[float]:
    """Cost by year of a case that is not discounted, from what runs, moves, lies in store and is
    paid."""
    from paxsilica.audit.reference import Facts

    case = read_case(folder / "case.toml")
    facts = Facts(load_tables(folder), case)
    total: dict[int, float] = defaultdict(float)
    for row in plan.tables["operation"].to_dict("records"):
        total[row["year"]] += 1e-6 * row["activity"] * facts.unit_cost(row["plant"], row["year"])
    for row in plan.tables["shipments"].to_dict("records"):
        route = facts.route(row["from_region"], row["to_region"], row["commodity"])
        total[row["year"]] += (
            1e-6 * row["quantity"] * facts.number("routes", route, "cost_usd_per_unit", row["year"])
        )
    for row in plan.tables["stocks"].to_dict("records"):
        store = facts.stocks[row["region"], row["commodity"]]
        total[row["year"]] += (
            1e-6
            * row["level"]
            * facts.number("stocks", store, "holding_cost_usd_per_unit", row["year"])
        )
    for row in plan.tables["funding"].to_dict("records"):
        total[row["year"]] += row["usd_m"]
    sizes: dict[str, dict[int, float]] = defaultdict(dict)
    for row in plan.tables["commitments"].to_dict("records"):
        sizes[row["project"]][row["year"]] = row["size"]
    for name, by_year in sizes.items():
        project = facts.projects[name]
        for year in facts.years:
            size = sum(
                size for since, size in by_year.items() if year >= since + project.lead_time_years
            )
            if size:
                above = size - project.smallest_size
                total[year] += facts.number("projects", project, "fixed_cost_usd_m", year)
                total[year] += above * facts.number(
                    "projects", project, "fixed_cost_usd_m_per_unit", year
                )
    for name, asset in facts.assets.items():
        for year in facts.years:
            total[year] += (
                facts.number("assets", asset, "fixed_cost_usd_m", year)
                if facts.there(name, year)
                else 0.0
            )
    return [total[year] for year in facts.years]
