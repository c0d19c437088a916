"""Generic options: more expensive than named projects, in rising steps, limited by build rates and
feed."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from statistics import median

import pytest

from paxsilica.tables import Tables, load_tables
from paxsilica.tables.schema import Project

DATA = Path(__file__).parents[2] / "data"


@pytest.fixture(scope="module")
def tables() -> Tables:
    return load_tables(DATA)


def unit_capital(row: Project) -> float:
    """Capital per unit of the project at its largest size, USD million."""
    return (
        (row.capex_usd_m or 0.0)
        + (row.capex_usd_m_per_unit or 0.0) * (row.largest_size - row.smallest_size)
    ) / row.largest_size


def options(tables: Tables) -> dict[str, list[Project]]:
    """Steps of every generic option, in order."""
    found = defaultdict(list)
    for row in tables.projects:
        if row.generic:
            found[row.project.rpartition("-")[0]].append(row)
    return found


@pytest.mark.slow
def test_status_and_mark_go_together(tables: Tables) -> None:
    assert [
        row.project for row in tables.projects if (row.status == "generic") != bool(row.generic)
    ] == []
    assert len(options(tables)) > 150


def test_first_step_costs_more_than_the_median_of_named_projects(tables: Tables) -> None:
    named = defaultdict(list)
    for row in tables.projects:
        if not row.generic:
            named[row.process].append(unit_capital(row))
    ratios = {
        name: unit_capital(steps[0]) / median(named[steps[0].process])
        for name, steps in options(tables).items()
        if named[steps[0].process]
    }
    assert {name: ratio for name, ratio in ratios.items() if ratio < 1.14} == {}


def test_steps_follow_each_other_and_rise_in_price(tables: Tables) -> None:
    for name, steps in options(tables).items():
        assert [row.project for row in steps] == [
            f"{name}-{place}" for place in range(1, len(steps) + 1)
        ]
        assert [row.prerequisites for row in steps] == [
            None,
            *((row.project,) for row in steps[:-1]),
        ]
        capital = [unit_capital(row) for row in steps]
        assert capital == sorted(set(capital))


def test_every_process_of_an_option_has_a_build_rate_or_a_small_module(tables: Tables) -> None:
    rated = {row.process for row in tables.limits if row.measure == "new capacity"}
    assert {steps[0].process for steps in options(tables).values()} - rated == {"scrap-collection"}


def test_sources_without_feed_have_a_joint_ceiling(tables: Tables) -> None:
    """Recycling and recovery have no inputs in the recipes, so limits stand for their feed."""
    ceilings = {
        row.process: set(row.asset or ()) for row in tables.limits if row.measure == "capacity"
    }
    for process in ("tungsten-recycling", "antimony-recovery", "indium-recovery"):
        assert ceilings[process] == {
            row.project for row in tables.projects if row.process == process
        }
