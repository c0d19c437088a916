"""Laws of random completion, on random small worlds."""

from __future__ import annotations

import random
from functools import cache

import numpy as np
import pytest
from random_worlds import random_world

from paxsilica.instance.completion import Completion
from paxsilica.plan.completed import DrawnTest, committed
from paxsilica.plan.coverage import CoverageTests
from paxsilica.plan.result import Plan
from paxsilica.plan.solve import make_plan
from paxsilica.solver import Values
from paxsilica.solver.resolve import Written, write
from paxsilica.studies.completion_draws import _columns_in, saved_plan

pytestmark = pytest.mark.slow

SEEDS = range(60)


@cache
def plans() -> list[tuple[int, Plan, Written]]:
    """Plans of random worlds that commit projects which may fail, and require coverage."""
    found = []
    for seed in SEEDS:
        world = random_world(seed)
        if "coverage" not in world.case or not world.tables.get("completion"):
            continue
        tables, case = world.read()
        plan = make_plan(tables, case)
        if plan.objective is not None and len(plan.portfolio):
            found.append((seed, plan, write(tables, case)))
    return found


def drawn_tests(plan: Plan, of: Written) -> tuple[list[DrawnTest], dict[str, Completion]]:
    held = saved_plan(of.tables, of.case, {"plan": _columns_in(plan)})
    values = np.zeros(len(of.program.cost))
    for family, index, value in held["values"]:
        values[of.program.column_at[family, tuple(index)]] = value
    read = Values(of.program, values)
    tests = CoverageTests(of.program, of.instance, of.case.solver)
    shift = tests.shift(values)
    chances = {one.name: one.completion for one in committed(of.instance, read)}
    return [DrawnTest.of(test, shift, read) for test in tests], chances


def test_the_tables_of_a_plan_give_the_coverage_that_it_states() -> None:
    compared = 0
    for seed, plan, of in plans():
        held = saved_plan(of.tables, of.case, {"plan": _columns_in(plan)})
        stated = dict(
            zip(*(plan.table("joint_coverage")[k] for k in ("year", "with")), strict=True)
        )
        for head in held["states"].values():
            assert abs(head["stated"] - stated[head["year"]]) <= 1e-6, (seed, head)
            compared += 0.0 < head["stated"] < 1.0
    assert compared > 3


def test_drawn_capacity_has_the_mean_of_the_model_in_every_row() -> None:
    moved = 0
    for seed, plan, of in plans():
        tests, chances = drawn_tests(plan, of)
        for test in tests:
            for name, factors in test.factors.items():
                mean = sum(share * factors[late] for late, share in chances[name].delays)
                assert abs(mean - 1.0) < 1e-9, (seed, name)
                moved += len(set(factors.values())) > 1
            # rows that no project of the plan contributes to stay as they are
            fates = dict.fromkeys(test.factors)
            rows = np.concatenate([[0], *test.rows.values()]).astype(int)
            same = np.setdiff1d(np.arange(len(test.shift)), rows)
            assert np.array_equal(test.drawn_shift(fates)[same], test.shift[same])
    assert moved > 10


def test_more_capacity_never_lowers_coverage_and_its_mean_is_at_most_that_of_the_mean() -> None:
    rng = random.Random(1)
    differences = 0
    for seed, plan, of in plans():
        tests, chances = drawn_tests(plan, of)
        for test in tests:
            for _ in range(3):
                low = {name: rng.choice(list(test.factors[name])) for name in test.factors}
                high = {
                    name: max(test.factors[name], key=lambda late: test.factors[name][late])
                    if rng.random() < 0.5
                    else late
                    for name, late in low.items()
                }
                less, more = test.joint(low)[0], test.joint(high)[0]
                assert more >= less - 1e-7, seed
                differences += more > less + 1e-7
            # one project at a time, the others as the model credits them: Jensen in one dimension
            stated = test.test.joint(test.shift)
            for name, factors in test.factors.items():
                delays = [*chances[name].delays, (None, 1.0 - chances[name].chance)]
                mean = 0.0
                for late, share in delays:
                    shift = test.shift.copy()
                    shift[test.rows[name]] *= factors[late]
                    mean += share * test.test.joint(shift)
                assert mean <= stated + 1e-7, (seed, name)
    assert differences > 3
