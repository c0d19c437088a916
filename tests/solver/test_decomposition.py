"""The decomposition returns what the monolith returns: optimum, bound, status and duals."""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from functools import cache, partial
from pathlib import Path

import numpy as np
import pytest
from random_worlds import random_world
from scipy.sparse import csr_matrix
from witness import audited_plan

from paxsilica.bundled import data_folder, find_case
from paxsilica.case import Case, Solver, read_case
from paxsilica.instance import make_instance
from paxsilica.model import build
from paxsilica.plan.solve import make_plan
from paxsilica.solver import Compiled, Outcome, Progress, compile_model, solve, verify
from paxsilica.solver.decomposition import chosen, decompose
from paxsilica.solver.decomposition_parts import MASTER, Partition
from paxsilica.solver.decomposition_workers import Resources
from paxsilica.solver.resolve import search, with_exact_integers
from paxsilica.studies.parallel import Store, decomposition_resources
from paxsilica.tables import TABLES, Tables, load_tables

WORLDS = 25
CLOSE = 1e-6


@cache
def drawn() -> tuple[tuple[Tables, Case, Compiled], ...]:
    """Random worlds with disrupted states that have a probability."""
    found: list[tuple[Tables, Case, Compiled]] = []
    seed = 300
    while len(found) < WORLDS:
        tables, case = random_world(seed).read()
        seed += 1
        if case.scenarios is None:
            continue
        program = compile_model(build(make_instance(tables, case)))
        if Partition.of(program).names:
            found.append((tables, case, program))
    return tuple(found)


def near(first: float, second: float) -> bool:
    return abs(first - second) <= CLOSE * max(1.0, abs(first))


def violation(program: Compiled, values: np.ndarray) -> float:
    """Largest violation of a row or a bound."""
    left = program.matrix @ values
    parts = (
        program.row_low - left,
        left - program.row_high,
        program.low - values,
        values - program.high,
    )
    return max(float(part.max(initial=0.0)) for part in parts)


def same(program: Compiled, whole: Outcome, parts: Outcome) -> None:
    """Status, objective and bound are those of the monolith, and the plan is one of the program."""
    assert parts.status == whole.status
    if whole.objective is None:
        assert parts.values is None
        return
    assert parts.objective is not None
    assert parts.values is not None
    assert near(whole.objective, parts.objective)
    assert near(whole.objective, parts.bound)
    assert violation(program, parts.values) < 1e-5
    assert near(parts.objective, float(program.cost @ parts.values) + program.offset)
    at = program.integer
    assert np.array_equal(parts.values[at], np.round(parts.values[at]))


@pytest.mark.slow
def test_random_worlds_have_the_optimum_of_the_monolith() -> None:
    several = 0
    for _, case, program in drawn():
        several += len(Partition.of(program).names) > 1
        same(program, solve(program, case.solver), decompose(program, case.solver))
    assert several > WORLDS / 2


@pytest.mark.slow
def test_plans_of_the_decomposition_pass_the_audit() -> None:
    compared = 0
    for tables, case, _ in drawn()[:5]:
        plans = [
            audited_plan(
                tables,
                case.model_copy(update={"solver": case.solver.model_copy(update={"method": way})}),
            )
            for way in ("monolith", "decomposition")
        ]
        assert plans[0].status == plans[1].status
        if plans[0].objective is not None and plans[1].objective is not None:
            assert near(plans[0].objective, plans[1].objective)
            compared += 1
    assert compared > 2


def dual_objective(program: Compiled, rows: np.ndarray, columns: np.ndarray) -> float:
    """Objective of the dual program; minus infinity if the duals are infeasible."""
    total = program.offset
    for duals, low, high in (
        (rows, program.row_low, program.row_high),
        (columns, program.low, program.high),
    ):
        counted = np.abs(duals) > 1e-7
        side = np.where(duals > 0, low, high)[counted]
        total += float(side @ duals[counted])
    return total


@pytest.mark.slow
def test_duals_of_fixed_decisions_are_optimal_duals() -> None:
    """Feasible duals that reach the optimum are optimal: where these are unique, they are those of
    the monolith."""
    priced = 0
    for _, case, program in drawn():
        plan = solve(program, case.solver)
        if plan.values is None:
            continue
        at = np.flatnonzero(program.integer)
        fixed = program.fixed(at, plan.values[at])
        options = case.solver.model_copy(update={"method": "decomposition"})
        found = with_exact_integers(program, plan.values, options)
        assert found.row_duals is not None
        assert found.column_duals is not None
        assert np.allclose(fixed.matrix.T @ found.row_duals + found.column_duals, fixed.cost)
        assert near(
            plan.objective or 0.0, dual_objective(fixed, found.row_duals, found.column_duals)
        )
        label = Partition.of(fixed).rows
        priced += bool(np.abs(found.row_duals[label != MASTER]).max(initial=0.0) > 1e-6)
    assert priced > WORLDS / 2


def states(need: float, largest: float, binary: bool = True) -> Compiled:
    """Two sites of capacity 10 each for a cost of 3 and 4; in each of two states an amount must be
    made of which nothing may go unserved, at a cost of 1 a unit."""
    names = ("first", "second")
    columns = (
        ("committed", ("cheap", 2026)),
        ("committed", ("dear", 2026)),
        *((("activity", ("plant", name))) for name in names),
    )
    matrix = csr_matrix(
        [
            [-10.0, -10.0, 1.0, 0.0],
            [0.0, 0.0, 1.0, 0.0],
            [-10.0, -10.0, 0.0, 1.0],
            [0.0, 0.0, 0.0, 1.0],
        ]
    )
    free = np.inf
    return Compiled(
        cost=np.array([3.0, 4.0, 1.0, 1.0]),
        offset=0.5,
        matrix=matrix,
        row_low=np.array([-free, need / 2, -free, need]),
        row_high=np.array([0.0, free, 0.0, free]),
        low=np.zeros(4),
        high=np.array([1.0, 1.0, largest, largest]),
        integer=np.array([binary, binary, False, False]),
        row_names=tuple(("row", at) for at in range(4)),
        columns=columns,
        column_of={},
        separable={"first": 2026, "second": 2027},
    )


@pytest.mark.parametrize(("need", "cost"), [(8.0, 3 + 12 + 0.5), (15.0, 7 + 22.5 + 0.5)])
def test_states_that_are_not_always_possible_give_feasibility_cuts(
    need: float, cost: float
) -> None:
    found = decompose(states(need, 100.0), Solver(gap=0.0))
    assert found.status == "optimal"
    assert found.objective == pytest.approx(cost)
    assert found.bound == pytest.approx(cost)


@pytest.mark.parametrize("binary", [True, False])
@pytest.mark.parametrize(("need", "largest"), [(25.0, 100.0), (5.0, 4.0)])
def test_what_no_decision_makes_possible_is_infeasible(
    need: float, largest: float, binary: bool
) -> None:
    found = decompose(states(need, largest, binary), Solver(gap=0.0))
    assert found.status == "infeasible"
    assert found.values is None


def test_a_row_over_two_states_keeps_both_in_the_master() -> None:
    program = states(8.0, 100.0)
    coupled = program.with_row(np.array([0.0, 0.0, 1.0, 1.0]), 13.0)
    assert Partition.of(program).names == ("first", "second")
    assert Partition.of(coupled).names == ()
    same(coupled, solve(coupled, Solver(gap=0.0)), decompose(coupled, Solver(gap=0.0)))


def test_a_cost_without_lower_bound_keeps_a_state_in_the_master() -> None:
    program = states(8.0, np.inf)
    earning = replace(program, cost=np.array([3.0, 4.0, -1.0, 1.0]))
    assert Partition.of(earning).names == ("second",)
    same(earning, solve(earning, Solver(gap=0.0)), decompose(earning, Solver(gap=0.0)))


def test_the_log_says_which_method_is_used(caplog: pytest.LogCaptureFixture) -> None:
    program = states(8.0, 100.0)
    for method, said in (
        ("auto", "search: monolith"),
        ("monolith", "search: monolith"),
        ("decomposition", "search: decomposition into 2 subproblems"),
    ):
        caplog.clear()
        with caplog.at_level(logging.INFO, logger="paxsilica"):
            search(program, Solver(gap=0.0, method=method))
        assert said in caplog.messages


def test_the_automatic_method_chooses_by_the_number_of_states() -> None:
    program = states(8.0, 100.0)
    many = replace(program, separable={f"state {at}": 2026 for at in range(100)})
    assert chosen(program, Solver()) == "monolith"
    assert chosen(many, Solver()) == "decomposition"
    assert chosen(many.relaxed(), Solver()) == "monolith"
    assert chosen(many, Solver(method="monolith")) == "monolith"


def interesting() -> Iterator[tuple[Case, Compiled]]:
    """Worlds in which a plan is found before the bound is closed."""
    for _, case, program in drawn():
        trace = decompose(program, case.solver).trace
        if any(np.isfinite(point.incumbent) and point.gap > 1e-6 for point in trace):
            yield case, program


@pytest.mark.slow
def test_an_interrupt_keeps_plan_and_bound() -> None:
    stopped = 0
    for case, program in interesting():

        def stop(now: Progress) -> None:
            if np.isfinite(now.incumbent) and now.gap > 1e-6:
                raise KeyboardInterrupt

        whole, found = solve(program, case.solver), decompose(program, case.solver, stop)
        assert found.interrupted
        assert found.values is not None
        assert found.objective is not None
        assert whole.objective is not None
        assert violation(program, found.values) < 1e-5
        assert found.bound <= whole.objective + CLOSE * max(1.0, abs(whole.objective))
        assert found.objective >= whole.objective - CLOSE * max(1.0, abs(whole.objective))
        assert found.status == "feasible"
        stopped += 1
    assert stopped > 2


def test_a_search_without_time_states_a_bound() -> None:
    _, case, program = drawn()[0]
    options = case.solver.model_copy(update={"time_limit_s": 1e-9})
    found = decompose(program, options)
    whole = solve(program, case.solver)
    assert whole.objective is not None
    assert found.status in ("no_plan", "feasible", "optimal")
    assert found.bound <= whole.objective + CLOSE * max(1.0, abs(whole.objective))


def test_a_search_ends_when_nobody_needs_more() -> None:
    for case, program in interesting():
        told: list[Progress] = []
        full: list[Progress] = []
        decompose(program, case.solver, told.append, cutoff=partial(bool, told))
        decompose(program, case.solver, full.append)
        assert len(told) < len(full)
        return
    raise AssertionError("no world is searched for long enough")


@pytest.mark.slow
def test_a_known_plan_is_priced_before_the_search() -> None:
    for case, program in interesting():
        best = solve(program, case.solver)
        found = decompose(program, case.solver, start=best.values)
        first = next(point for point in found.trace if np.isfinite(point.incumbent))
        assert near(first.incumbent, best.objective or 0.0)


class Killed(Exception):
    """Ends a search as a kill would: nothing is handed back."""


def kill(now: Progress) -> None:
    if np.isfinite(now.incumbent):
        raise Killed


@pytest.mark.slow
def test_a_killed_search_continues_from_its_cuts(tmp_path: Path) -> None:
    shorter = 0
    for number, (case, program) in enumerate(interesting()):
        store = Store(tmp_path / str(number))
        with pytest.raises(Killed):
            decompose(program, case.solver, kill, resources=Resources(store=store))
        told: list[Progress] = []
        again = Resources(store=Store(tmp_path / str(number)))
        found = decompose(program, case.solver, told.append, resources=again)
        afresh: list[Progress] = []
        same(program, decompose(program, case.solver, afresh.append), found)
        assert told[0].bound > afresh[0].bound
        shorter += len(told) < len(afresh)
    assert shorter > 2


def test_another_program_does_not_use_the_cuts(tmp_path: Path) -> None:
    store = Store(tmp_path)
    dear, cheap = states(15.0, 100.0), states(8.0, 100.0)
    decompose(dear, Solver(gap=0.0), resources=Resources(store=store))
    same(
        cheap,
        solve(cheap, Solver(gap=0.0)),
        decompose(cheap, Solver(gap=0.0), resources=Resources(store=store)),
    )


@pytest.mark.slow
def test_a_cluster_that_loses_a_worker_gives_the_same_result() -> None:
    distributed = pytest.importorskip("distributed")
    _, case, program = max(drawn(), key=lambda one: len(Partition.of(one[2]).names))
    options = case.solver.model_copy(update={"time_limit_s": 600.0})
    here = decompose(program, options)
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None, processes=True
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        processes = [worker.process.process for worker in cluster.workers.values()]
        killed: list[int] = []

        def lose(now: Progress) -> None:
            if not killed:
                killed.append(processes[0].pid)
                os.kill(processes[0].pid, signal.SIGKILL)

        found = decompose(program, options, lose, resources=Resources(client=client))
    assert killed
    same(program, here, found)


@pytest.mark.slow
def test_rounding_ends_with_a_plan_and_a_valid_bound() -> None:
    found = 0
    for _, case, program in drawn():
        options = case.solver.model_copy(update={"method": "rounding"})
        whole, quick = solve(program, case.solver), search(program, options).outcome
        if whole.objective is None:
            assert quick.values is None
            continue
        room = CLOSE * max(1.0, abs(whole.objective))
        assert quick.bound <= whole.objective + room
        if quick.values is not None and quick.objective is not None:
            assert violation(program, quick.values) < 1e-5
            assert quick.objective >= whole.objective - room
            found += 1
    assert found > WORLDS / 2


def test_rounding_needs_no_scenarios() -> None:
    program = replace(states(8.0, 100.0), separable={})
    options = Solver(gap=0.0, method="rounding")
    found = search(program, options).outcome
    assert found.status in ("optimal", "feasible")
    assert found.bound <= 15.5 + CLOSE
    assert found.objective is not None
    assert found.objective >= 15.5 - CLOSE


@pytest.mark.slow
@pytest.mark.parametrize("count", [1, 2, 4])
def test_bundled_data_with_scenarios(count: int) -> None:
    tables, case = with_scenarios(count)
    program = compile_model(build(make_instance(tables, case)))
    assert Partition.of(program).names
    whole, parts = solve(program, case.solver), decompose(program, case.solver)
    assert whole.status == parts.status == "optimal"
    assert whole.objective is not None
    assert parts.objective is not None
    assert parts.values is not None
    # rows hold quantities of very different size, so the measure is relative to them
    assert verify.violation(program, parts.values).size < verify.TOLERANCE
    # both prove the same gap: the intervals of plan and bound have a point in common
    room = 1e-9 * abs(whole.objective)
    assert max(whole.bound, parts.bound) <= min(whole.objective, parts.objective) + room


def with_scenarios(count: int) -> tuple[Tables, Case]:
    """The bundled base case to 2030, with scenarios in which a region is cut off from 2028 on."""
    tables = load_tables(data_folder())
    probability = {"calm": 0.5} | {f"off-{at}": 0.5 / count for at in range(count)}
    regions = ("CHN", "AUS", "JPN", "USA")[:count]
    changed = replace(
        tables,
        scenarios=tuple(
            TABLES["scenarios"](scenario=name, name=name, probability=share)
            for name, share in probability.items()
        ),
        events=tuple(
            TABLES["events"](
                scenario=f"off-{at}",
                event="cut-off",
                region=region,
                commodity="*",
                process="*",
                from_year=2028,
            )
            for at, region in enumerate(regions)
        ),
    )
    # named projects and soft coverage: any scenario has a plan, and the monolith is solved in time
    small = ["generic_options=false", "coverage.hard=false"]
    settings = ['years="2026-2030"', "solver.threads=1", "solver.gap=0.00005", *small]
    case = read_case(find_case("base"), settings)
    return changed, case.model_copy(update={"scenarios": probability})


def test_a_plan_keeps_its_cuts_in_the_store_of_the_command(tmp_path: Path) -> None:
    case, program = next(interesting())
    tables = next(tables for tables, other, _ in drawn() if other is case)
    method = case.solver.model_copy(update={"method": "decomposition"})
    case = case.model_copy(update={"solver": method})
    with decomposition_resources(None, tmp_path) as resources:
        plan = make_plan(tables, case, resources=resources)
    assert plan.objective is not None
    whole = solve(program, case.solver)
    assert near(whole.objective or 0.0, plan.objective)
    kept = Store(tmp_path)
    names = sorted(path.stem for path in tmp_path.glob("*.json"))
    assert names
    assert any((kept.get(name) or {})["cuts"] for name in names)
