"""Random completion of a plan, against enumeration and the model's credit."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from paxsilica.api import Question
from paxsilica.errors import InfeasibleError, InputError
from paxsilica.plan.completed import DrawnTest, committed, drawn_capacity, drawn_delays
from paxsilica.plan.coverage import CoverageTests, ready
from paxsilica.plan.extract import total
from paxsilica.model.investment import capacity_terms
from paxsilica.solver import Values
from paxsilica.solver.resolve import search, write
from paxsilica.studies.completion import completion
from worlds import COVERED, M, approx, case, world

ODDS = {("announced", "*"): {0: 0.5, 1: 0.3}, ("firm", "*"): {0: 0.9, 2: 0.1}}


def chain(years: str = "2030-2032", required: Any = 0.6, **more: Any) -> Question:
    """Ore to metal in A, a project each, of 10. Metal of 10 is needed, with a unit of ore each."""
    tables = world(
        {"mine": "-> ore", "smelt": "ore -> metal"},
        regions={"A": "signatory", "Z": "adversary"},
        commodities={"ore": {"covered": True}, "metal": {"covered": True}},
        assets={
            "z-mine": {"process": "mine", "region": "Z"},
            "z-smelt": {"process": "smelt", "region": "Z"},
        },
        statuses={"announced": 0.9, "firm": 1.0},
        completion=ODDS,
        projects={
            "a-mine": {
                "process": "mine",
                "size": 10.0,
                "status": "announced",
                "capex_usd_m": 5.0,
                "ramp_profile": (0.8, 1.0),
            },
            "a-smelt": {"process": "smelt", "size": 10.0, "status": "firm", "capex_usd_m": 5.0},
        },
        demand={("A", "metal"): 10.0},
        routes={"Z>A ore": 0.1 * M, "Z>A metal": 0.1 * M},
        **more,
    )
    return Question(tables, case(years, coverage=COVERED | {"required": required, "from_year": 2031}))


def test_the_distribution_is_that_of_an_enumeration() -> None:
    # Both are committed in 2030. In 2031 the mine gives 10 if on time, 8 if a year late, else
    # nothing; the smelter 10 if on time, nothing if two years late. In 2032 the mine gives 10 on
    # time or a year late, and the smelter always 10.
    # 2031: 1.0 with 0.5 * 0.9, 0.8 with 0.3 * 0.9, else 0: mean 0.666. Stated: the ore, 5 + 2.4.
    # 2032: 1.0 with 0.8, else 0: mean 0.8. Stated: 0.8.
    found = completion(chain(), 1000, workers=1)
    table = found.table().set_index("year")
    assert table["stated"].tolist() == approx([0.74, 0.8])
    error = table["standard_error"]
    assert abs(table.loc[2031, "mean"] - 0.666) < 3 * error[2031]
    assert table.loc[2032, "mean"] == approx(0.8)  # one project alone is stratified exactly
    assert table.loc[2032, "met"] == approx(0.8)
    assert abs(table.loc[2031, "met"] - 0.72) < 0.04
    assert (table["overstated"] >= -1e-9).all()
    assert table.loc[2031, ["p10", "p50", "p90"]].tolist() == approx([0, 0.8, 1])
    draws = found.table("draws")
    assert set(draws.loc[draws["year"] == 2031, "joint"]) == {0.0, 0.8, 1.0}
    assert (draws["met"] == (draws["joint"] >= 0.6)).all()


def test_projects_are_ranked_by_what_their_failure_costs() -> None:
    # From 2030 on, without the mine nothing is made: 0.9 of 2031 and 1 of 2032 are lost. The smelter
    # is always completed, so nothing is known of its failure.
    found = completion(chain(), 1000, workers=1).table("projects").set_index("project")
    mine, smelter = found.loc["a-mine"], found.loc["a-smelt"]
    assert mine["loss"] == pytest.approx((0.9 + 1.0) / 2, abs=3 * mine["standard_error"])
    assert (mine["never"], mine["draws_never"]) == approx((0.2, 200))
    assert mine["expected_loss"] == approx(0.2 * mine["loss"])
    assert smelter[["loss", "standard_error", "expected_loss"]].isna().all()
    inputs = completion(chain(), 1000, workers=1).table("inputs").set_index(["year", "commodity"])
    # all misses of 2032 are the mine's; in 2031 the smelter may be late
    assert inputs.loc[2032].index.tolist() == ["ore"]
    assert inputs.loc[(2032, "ore"), "share"] == 1.0
    assert set(inputs.loc[2031].index) == {"ore", "metal"}


def drawn_tests(question: Question) -> tuple[list[DrawnTest], Values]:
    of = write(question.tables, question.case)
    found = search(of.program, question.case.solver).values
    assert found is not None
    values = ready(of.program, of.instance, found)
    read = Values(of.program, values)
    tests = CoverageTests(of.program, of.instance, question.case.solver)
    shift = tests.shift(values)
    return [DrawnTest.of(test, shift, read) for test in tests], read


def test_the_mean_of_drawn_capacity_is_the_credit() -> None:
    question = chain(required=0.7)
    drawn, values = drawn_tests(question)
    instance = drawn[0].test.tests.instance
    for candidate in committed(instance, values):
        chances = dict(candidate.completion.delays)
        for year in instance.years:
            mean = sum(
                chance * drawn_capacity(values, candidate, year, delay)
                for delay, chance in chances.items()
            )
            assert mean == approx(total(capacity_terms(values, candidate, year)))
        # and of the rows of the tests: factors have the mean 1
        for test in drawn:
            factors = test.factors[candidate.name]
            assert sum(chances[d] * factors[d] for d in chances) == approx(1.0)
            assert factors[None] == 0.0
