"""The search in stages finds what the solver finds alone, and ends honestly."""

from __future__ import annotations

import contextlib
import itertools
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from random_worlds import random_world
from scipy.sparse import csr_matrix

from paxsilica.case import Case, Solver, read_case
from paxsilica.instance import make_instance
from paxsilica.model import build
from paxsilica.solver import Compiled, Progress, compile_model, solve, staged
from paxsilica.solver.relaxation import ReducedProgram, Relaxation, relax
from paxsilica.solver.resolve import search
from paxsilica.solver.staged import solve_in_stages
from paxsilica.solver.verify import violation
from paxsilica.tables import Tables, load_tables
from worlds import seeds, some

PUBLISHED = sorted(
    path.parent for path in (Path(__file__).parents[1] / "cases").glob("*/case.toml")
)
EXACT = Solver(gap=0.0, threads=1)


def compiled(tables: Tables, asked: Case) -> Compiled:
    return compile_model(build(make_instance(tables, asked)))


def small(
    cost: list[float],
    rows: list[tuple[str, list[float], float, float]],
    integer: list[bool] | None = None,
    high: float = 1.0,
) -> Compiled:
    """A program in columns from 0 to ``high``; rows are (family, coefficients, low, high)."""
    count = len(cost)
    return Compiled(
        cost=np.array(cost, dtype=float),
        offset=5.0,
        matrix=csr_matrix(np.array([row[1] for row in rows], dtype=float)),
        row_low=np.array([row[2] for row in rows], dtype=float),
        row_high=np.array([row[3] for row in rows], dtype=float),
        low=np.zeros(count),
        high=np.full(count, high),
        integer=np.array(integer or [True] * count),
        row_names=tuple((row[0], at) for at, row in enumerate(rows)),
        columns=tuple(("committed", (f"p{at}", 2030)) for at in range(count)),
        column_of={},
    )


KNAPSACK = small(
    [1.0, 2.0, 2.0, 2.2],
    [
        ("production_coverage", [6.0, 5.0, 4.0, 4.0], 10.0, math.inf),
        ("programme_budget", [6.0, 5.0, 4.0, 3.8], -math.inf, 10.112),
    ],
)
"""The relaxation takes the first project and a part of the second, for which the budget is not
enough. With 3 % of it unused the relaxation leads to the first and the fourth project, and the
first and the third are best."""


def partition(seed: int, groups: int = 12, size: int = 5) -> Compiled:
    """One project of each group, and several limits: rounding up takes too many."""
    random = np.random.default_rng(seed)
    count = groups * size
    rows: list[tuple[str, list[float], float, float]] = []
    for group in range(groups):
        taken = np.zeros(count)
        taken[group * size : (group + 1) * size] = 1.0
        rows.append(("exclusive_group", taken.tolist(), 1.0, 1.0))
    for _ in range(4):
        use = random.uniform(1.0, 9.0, count)
        rows.append(("limit_on_plants", use.tolist(), -math.inf, float(use.mean() * groups * 0.9)))
    return small(random.uniform(1.0, 9.0, count).tolist(), rows)


def plain(program: Compiled, options: Solver, cutoff: Any = None, **_: Any) -> Relaxation:
    found = solve(program.relaxed(), options)
    bound = math.inf if found.objective is None else found.objective
    return Relaxation(found.status, bound, found.values)


def agree(program: Compiled, options: Solver) -> None:
    """Both searches have the same status and optimum, and the plan keeps every row."""
    expected, found = solve(program, options), solve_in_stages(program, options)
    assert found.status == expected.status
    assert (found.values is None) == (expected.values is None)
    if found.values is not None and found.objective is not None and expected.objective is not None:
        near = max(options.gap, 1e-6)
        assert math.isclose(found.objective, expected.objective, rel_tol=near, abs_tol=1e-6)
        assert found.bound <= found.objective
        assert found.bound <= expected.objective + 1e-6 * max(1.0, abs(expected.objective))
        assert violation(program.relaxed(), found.values).size <= 1e-6
        value = float(program.cost @ found.values) + program.offset
        assert math.isclose(value, found.objective, rel_tol=1e-6, abs_tol=1e-6)


@pytest.mark.parametrize("folder", some(PUBLISHED, 7), ids=lambda folder: folder.name)
def test_published_optima_are_found_in_stages(folder: Path) -> None:
    asked = read_case(folder / "case.toml", ["solver.gap=0.0"])
    agree(compiled(load_tables(folder), asked), asked.solver)


@pytest.mark.parametrize("seed", seeds(1000, 10, 30))
def test_random_worlds_have_the_same_optimum_in_stages(seed: int) -> None:
    tables, asked = random_world(seed).read()
    agree(compiled(tables, asked), asked.solver)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("gap", [0.0, 0.01])
def test_projects_that_exclude_each_other(seed: int, gap: float) -> None:
    agree(partition(seed), Solver(gap=gap, threads=1))


def test_a_wanted_gap_is_kept() -> None:
    program, options = partition(3), Solver(gap=0.05, threads=1)
    best, found = solve(program, EXACT), solve_in_stages(program, options)
    assert best.objective is not None
    assert found.objective is not None
    assert found.status == "optimal"
    assert found.bound <= best.objective <= found.objective
    assert found.objective - found.bound <= 0.05 * found.objective


def test_the_bound_is_that_of_the_relaxation() -> None:
    for seed in range(8):
        program = partition(seed)
        best, linear = solve(program, EXACT), solve(program.relaxed(), EXACT)
        assert best.objective is not None
        assert linear.objective is not None
        found = relax(program, EXACT)
        assert found.status == "optimal"
        assert found.values is not None
        # presolve of integers may raise the bound, never above the optimum
        assert linear.objective * (1 - 1e-6) <= found.bound <= best.objective
        assert violation(program.relaxed(), found.values).size <= 1e-6


def test_a_result_of_presolve_that_cannot_be_verified_is_not_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ReducedProgram, "_postsolved", lambda *_: None)
    program = partition(1)
    found, linear = relax(program, EXACT), solve(program.relaxed(), EXACT)
    assert found.reduced is None
    assert linear.objective is not None
    assert found.bound == pytest.approx(linear.objective, rel=1e-6)
    assert found.bound <= linear.objective


def test_few_costs_and_none() -> None:
    program = partition(1)
    cost = np.where(np.arange(60) % 20 == 0, program.cost, 0.0)
    for part in (cost, 0.0 * cost):
        changed = program.minimising(part)
        best, found = solve(changed, EXACT), relax(changed, EXACT)
        linear = solve(changed.relaxed(), EXACT).objective
        assert found.reduced is not None
        assert found.values is not None
        assert best.objective is not None
        assert linear is not None
        assert linear - 1e-6 <= found.bound <= best.objective
        # a vertex: not more fractions than rows that are no simple bound
        assert np.count_nonzero(np.abs(found.values - np.round(found.values)) > 1e-6) <= 32
        agree(changed, EXACT)


def test_presolve_may_be_switched_off() -> None:
    options = Solver(gap=0.0, threads=1, options={"presolve": "off"})
    found, linear = relax(partition(1), options), solve(partition(1).relaxed(), EXACT)
    assert found.bound == pytest.approx(linear.objective, rel=1e-6)
    agree(partition(1), options)


def test_tickets_are_chosen_again_where_rounding_takes_too_many() -> None:
    # each of three funders pays 4 at least and 9 at most into a project that costs 9
    tickets = [1.0 if at == number else 0.0 for number in range(3) for at in range(7)]
    payments = np.array(tickets).reshape(3, 7)
    rows: list[tuple[str, list[float], float, float]] = [
        ("spend_equals_funding", [-9.0, 0, 0, 0, 1.0, 1.0, 1.0], 0.0, 0.0),
        ("production_coverage", [1.0, 0, 0, 0, 0, 0, 0], 1.0, math.inf),
    ]
    for number in range(3):
        ticket = np.roll(payments[number], 1)
        payment = np.roll(payments[number], 4)
        rows.append(("ticket_needs", (payment - 4.0 * ticket).tolist(), 0.0, math.inf))
        rows.append(("payment_needs_ticket", (payment - 9.0 * ticket).tolist(), -math.inf, 0.0))
    program = small([0.0] * 4 + [1.0, 1.0, 1.0], rows, [True] * 4 + [False] * 3, high=9.0)
    names = [*program.columns[:1], *(("ticket", (f"f{at}", "p0")) for at in range(3))]
    program = replace(program, columns=(*names, *program.columns[4:]))
    program = program.with_columns(np.arange(4), 0.0, 1.0)
    search_in_stages = staged._Search(program, EXACT, None, None)
    with contextlib.suppress(staged._Finished):
        search_in_stages._fixed(np.ones(4))
    assert search_in_stages.best is not None
    assert search_in_stages.incumbent == pytest.approx(5.0 + 9.0)
    agree(program, EXACT)


def test_a_violated_row_and_another_objective_are_noticed() -> None:
    program = partition(1)
    reduced = ReducedProgram(program, EXACT)
    found = reduced.relax()
    assert found is not None
    assert found.values is not None
    values = np.array(reduced.solver.getSolution().col_value)
    objective = reduced.solver.getInfo().objective_function_value
    assert reduced._postsolved(values, objective) is not None
    assert reduced._postsolved(values, 1.1 * objective + 1.0) is None
    assert reduced._postsolved(values + 0.5, objective) is None


def test_a_dive_finds_a_plan_where_rounding_up_takes_too_much() -> None:
    dives = 0
    for seed in range(8):
        program = partition(seed)
        reduced = ReducedProgram(program, EXACT)
        found = reduced.relax()
        if found is None or found.values is None:
            continue
        rounded = np.ceil(found.values - 1e-6)
        if violation(program, rounded).size <= 1e-6:
            continue
        plan = reduced.dive()
        if plan is not None:
            dives += 1
            assert np.abs(plan - np.round(plan)).max() <= 1e-6
            assert violation(program, plan).size <= 1e-6
    assert dives >= 2


def test_unused_money_leads_to_a_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staged, "relax", plain)
    monkeypatch.setattr(staged._Search, "_small", lambda _: None)
    monkeypatch.setattr(staged._Search, "_all", lambda _: None)
    found = solve_in_stages(KNAPSACK, EXACT)
    assert found.values is not None
    assert found.values.tolist() == [1.0, 0.0, 0.0, 1.0]
    assert found.status == "feasible"
    monkeypatch.setattr(staged, "SLACKS", (0.0,))
    assert solve_in_stages(KNAPSACK, EXACT).status == "no_plan"


def test_the_best_plan_is_found_where_money_stops_rounding(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(staged, "relax", plain)
    found = solve_in_stages(KNAPSACK, EXACT)
    assert found.values is not None
    assert found.values.tolist() == [1.0, 0.0, 1.0, 0.0]
    assert found.objective == pytest.approx(8.0)
    assert found.status == "optimal"


def test_infeasible_and_unbounded_programs() -> None:
    row = [1.0, 1.0]
    none = small([1.0, 1.0], [("production_coverage", row, 5.0, math.inf)])
    found = solve_in_stages(none, EXACT)
    assert (found.status, found.bound, found.objective) == ("infeasible", math.inf, None)
    # feasible without integrality
    half = small([1.0, 1.0], [("production_coverage", [2.0, 2.0], 1.0, 1.0)])
    assert solve_in_stages(half, EXACT).status == "infeasible"
    endless = small(
        [1.0, -1.0],
        [("production_coverage", [1.0, 0.0], 1.0, math.inf)],
        [True, False],
        high=math.inf,
    )
    assert solve_in_stages(endless, EXACT).status == "unbounded"


def test_a_search_without_time_claims_nothing() -> None:
    found = solve_in_stages(partition(1), Solver(gap=0.0, threads=1, time_limit_s=1e-9))
    assert found.status == "no_plan"
    assert found.values is None
    assert found.bound == -math.inf
    assert found.limited
    assert not found.interrupted


def test_time_runs_out_after_the_first_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    program = partition(1)
    start = solve(program, Solver(gap=0.5, threads=1)).values
    assert start is not None
    clock = iter([0.0, *[1.0] * 4, *[1e9] * 100])
    monkeypatch.setattr(staged.time, "monotonic", lambda: next(clock))
    monkeypatch.setattr(staged, "relax", plain)
    monkeypatch.setattr(staged, "solve", lambda program, *_, **__: solve(program, EXACT))
    found = solve_in_stages(program, EXACT, start=start)
    assert found.status == "feasible"
    assert found.values is not None
    assert found.limited
    assert found.bound == -math.inf


def test_ctrl_c_ends_with_the_best_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    program = partition(1)
    start = solve(program, Solver(gap=0.5, threads=1)).values
    assert start is not None

    def stopped(*_: Any, **__: Any) -> Relaxation:
        raise KeyboardInterrupt

    monkeypatch.setattr(staged, "relax", stopped)
    found = solve_in_stages(program, EXACT, start=start)
    assert found.interrupted
    assert found.status == "feasible"
    assert found.values is not None
    assert np.round(found.values).tolist() == np.round(start).tolist()
    monkeypatch.setattr(staged, "suits", lambda _: True)
    monkeypatch.setattr("paxsilica.solver.resolve.suits", lambda _: True)
    assert search(program, EXACT, start, interruptible=True).outcome.interrupted
    with pytest.raises(KeyboardInterrupt):
        search(program, EXACT, start)


def test_ctrl_c_during_the_relaxation(monkeypatch: pytest.MonkeyPatch) -> None:
    stopped = Relaxation("no_plan", -math.inf, interrupted=True)
    monkeypatch.setattr(staged, "relax", lambda *_, **__: stopped)
    found = solve_in_stages(partition(1), EXACT)
    assert found.interrupted
    assert found.limited
    assert found.status == "no_plan"


def test_a_cutoff_ends_every_stage() -> None:
    calls = 0
    for limit in range(6):
        calls = 0

        def enough(limit: int = limit) -> bool:
            nonlocal calls
            calls += 1
            return calls > limit

        found = solve_in_stages(partition(2), EXACT, cutoff=enough)
        assert found.status in ("no_plan", "feasible", "optimal")
        if found.values is not None:
            assert violation(partition(2).relaxed(), found.values).size <= 1e-6
    assert calls > 1


def test_progress_never_gets_worse() -> None:
    reported: list[Progress] = []
    program = partition(5)
    found = solve_in_stages(program, EXACT, reported.append)
    assert found.objective is not None
    assert reported[-1].incumbent == pytest.approx(found.objective)
    for before, after in itertools.pairwise(reported):
        assert after.incumbent <= before.incumbent
        assert after.bound >= before.bound
        assert after.seconds >= before.seconds
    best = solve(program, EXACT)
    assert best.objective is not None
    assert all(now.bound <= best.objective * (1 + 1e-6) for now in reported)
    assert [(now.incumbent, now.bound) for now in found.trace] == list(
        dict.fromkeys((now.incumbent, now.bound) for now in reported)
    )


def test_two_runs_are_identical() -> None:
    first, second = (solve_in_stages(partition(4), EXACT) for _ in range(2))
    assert first.values is not None
    assert second.values is not None
    assert first.values.tolist() == second.values.tolist()
    assert (first.objective, first.bound) == (second.objective, second.bound)


def test_a_start_that_is_the_optimum_is_kept() -> None:
    program = partition(6)
    best = solve(program, EXACT)
    found = solve_in_stages(program, EXACT, start=best.values)
    assert found.status == "optimal"
    assert not found.limited
    assert found.objective == pytest.approx(best.objective)


def test_the_search_in_stages_is_for_large_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not staged.suits(partition(1))
    monkeypatch.setattr(staged, "LEAST_INTEGERS", 59)
    assert staged.suits(partition(1))
    used: list[int] = []

    def spy(program: Compiled, *_: Any, **__: Any) -> Any:
        used.append(int(program.integer.sum()))
        return solve(program, EXACT)

    monkeypatch.setattr("paxsilica.solver.resolve.solve_in_stages", spy)
    search(partition(1), EXACT)
    assert used == [60]
