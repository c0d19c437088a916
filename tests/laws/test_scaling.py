"""The scaling of programs, and the verification of solutions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from random_worlds import random_world
from scipy.sparse import csr_matrix, diags
from small import Small

from paxsilica.case import Solver
from paxsilica.errors import InputError, PaxSilicaError
from paxsilica.instance import make_instance
from paxsilica.model import build
from paxsilica.plan.solve import make_plan
from paxsilica.solver import Array, Compiled, compile_model, highs, solve
from paxsilica.solver.persistent import Movement, PersistentProgram
from paxsilica.solver.resolve import write
from paxsilica.solver.scaling import Scaling, rounded
from paxsilica.solver.verify import violation


def program(
    matrix: list[list[float]],
    cost: list[float],
    low: list[float],
    high: list[float],
    whole: tuple[int, ...] = (),
) -> Compiled:
    """``min cost x`` with rows between ``low`` and ``high`` and columns of at least 0."""
    rows, columns = np.shape(matrix)
    integer = np.zeros(columns, dtype=bool)
    integer[list(whole)] = True
    return Compiled(
        cost=np.array(cost),
        offset=0.0,
        matrix=csr_matrix(np.array(matrix)),
        row_low=np.array(low),
        row_high=np.array(high),
        low=np.zeros(columns),
        high=np.where(integer, 1.0, np.inf),
        integer=integer,
        row_names=tuple(("user:row", at) for at in range(rows)),
        columns=tuple(("user:column", at) for at in range(columns)),
        column_of={},
    )


def in_other_units(of: Compiled, columns: Array, rows: Array, money: float) -> Compiled:
    """Column ``j`` counted in units ``columns[j]`` times as large; rows and cost multiplied."""
    return replace(
        of,
        cost=of.cost * columns * money,
        matrix=csr_matrix(diags(rows) @ of.matrix @ diags(columns)),
        row_low=of.row_low * rows,
        row_high=of.row_high * rows,
        low=of.low / columns,
        high=of.high / columns,
    )


def random_program(seed: int) -> Compiled:
    tables, case = random_world(seed).read()
    return compile_model(build(make_instance(tables, case)))


@pytest.mark.parametrize("seed", [40, 41, 43, 44, 45, *range(47, 54)])  # worlds with a plan
def test_values_and_duals_are_those_of_the_program_of_the_user(seed: int) -> None:
    """By the conditions of optimality of a linear program, in the units of the user."""
    of = random_program(seed).relaxed()
    found = solve(of, Solver(gap=0.0, threads=1))
    assert found.values is not None
    assert found.row_duals is not None
    assert found.column_duals is not None
    assert violation(of, found.values).size < 1e-8
    price = of.matrix.T @ found.row_duals
    size = np.abs(of.matrix.T) @ np.abs(found.row_duals) + np.abs(of.cost)
    assert (np.abs(of.cost - price - found.column_duals) <= 1e-8 * (size + 1e-9)).all()
    sides = np.where(found.row_duals > 0, of.row_low, of.row_high)
    ends = np.where(found.column_duals > 0, of.low, of.high)
    dual = sum(
        float(duals[duals != 0] @ at[duals != 0])
        for duals, at in (
            (np.where(np.isfinite(sides), found.row_duals, 0.0), sides),
            (np.where(np.isfinite(ends), found.column_duals, 0.0), ends),
        )
    )
    assert dual + of.offset == pytest.approx(found.objective, rel=1e-7, abs=1e-6)


@pytest.mark.parametrize("seed", range(60, 72))
def test_any_units_of_columns_rows_and_money_give_the_same_answer(seed: int) -> None:
    draw = np.random.default_rng(seed)
    of = random_program(seed)
    columns = np.where(of.integer, 1.0, 10.0 ** draw.integers(-6, 7, len(of.cost)))
    binary = np.array([family in ("committed", "ticket") for family, _ in of.columns])
    columns = np.where(binary, 1.0, columns)
    own = replace(of, columns=tuple(("user:own", at) for at in range(len(of.cost))))
    rows = 10.0 ** draw.integers(-6, 7, len(of.row_low))
    money = 10.0 ** draw.integers(-3, 4)
    other = in_other_units(own, columns, rows, money)
    scaled = [Scaling.of(one).program(one) for one in (own, other)]
    np.testing.assert_allclose(
        scaled[1].matrix.toarray(), scaled[0].matrix.toarray(), rtol=1e-11, atol=1e-12
    )
    options = Solver(gap=0.0, threads=1)
    one, two = solve(own, options), solve(other, options)
    assert one.status == two.status
    if one.objective is not None and two.objective is not None:
        shift = of.offset * (money - 1.0)
        assert two.objective + shift == pytest.approx(one.objective * money, rel=1e-8, abs=1e-6)


def test_entries_are_near_one_and_integer_columns_keep_their_unit() -> None:
    of = program(
        [[1e-7, -3e5], [2e-8, 0.0]], [1e-9, 900.0], [-np.inf, 4e-3], [0.0, np.inf], whole=(1,)
    )
    scaling = Scaling.of(of)
    scaled = scaling.program(of)
    assert scaling.columns[1] == 1.0
    sizes = np.abs(scaled.matrix.data)
    assert sizes.min() > 1e-4
    assert sizes.max() < 1e6
    assert np.array_equal(rounded(scaled.matrix.data), scaled.matrix.data)


def test_a_small_quantity_is_not_dropped() -> None:
    """The solver alone ignores an entry of 5e-10, and nothing is then made of the second good."""
    of = program([[1.0, 0.0], [-5e-10, 1.0]], [1.0, 1e9], [1000.0, 0.0], [np.inf, np.inf])
    found = solve(of, Solver(gap=0.0))
    assert found.values is not None
    assert found.values == pytest.approx([1000.0, 5e-7])
    assert found.objective == pytest.approx(1000.0 + 500.0)


def test_what_is_too_small_in_every_unit_is_refused_by_name() -> None:
    of = program([[1.0, 1e-40], [1.0, 1.0]], [1.0, 1.0], [1.0, 1.0], [2.0, 2.0])
    with pytest.raises(InputError) as caught:
        solve(of, Solver(gap=0.0))
    text = str(caught.value)
    assert "row row of 0 column of 1 is '1e-40'" in text
    assert "too small" in text


def test_rounding_in_a_row_of_a_study_is_left_out_of_the_scaled_program_alone() -> None:
    of = program([[1.0, 1.0], [1.0, 2.0]], [1.0, 1.0], [1.0, 1.0], [2.0, 2.0])
    limited = of.with_row(np.array([1.0, 1e-40]), 5.0)
    scaled = Scaling.of(limited).program(limited)
    assert (limited.matrix.nnz, scaled.matrix.nnz) == (6, 5)
    assert limited.matrix.toarray()[2].tolist() == [1.0, 1e-40]
    assert solve(limited, Solver(gap=0.0)).objective == pytest.approx(1.0)


def test_an_entry_that_the_solver_ignores_is_an_error() -> None:
    of = program([[1.0, 1e-10]], [1.0, 1.0], [1.0], [2.0])
    with pytest.raises(PaxSilicaError, match="ignored"):
        highs._load(of)


def test_a_warm_program_moves_in_the_units_of_the_user() -> None:
    of = program([[2e6, 1e-3], [0.0, 1.0]], [3.0, 5e-7], [4e6, 1.0], [np.inf, 1e5])
    warm = PersistentProgram(of, Solver(gap=0.0, threads=1))
    at, shift = np.array([0], dtype=np.intp), np.array([1e6])
    warm.run()
    duals = warm.duals_if_moved(Movement(at, shift))
    moved = solve(of.with_rows(at, of.row_low[at] + shift, np.inf), Solver(gap=0.0))
    assert duals == pytest.approx(moved.row_duals)
    warm.move_rows(at, shift)
    assert warm.run().objective == pytest.approx(moved.objective)
    column = np.array([1], dtype=np.intp)
    warm.bound_columns(column, np.array([50.0]), np.array([60.0]))
    bounded = of.with_rows(at, of.row_low[at] + shift, np.inf).with_columns(column, 50.0, 60.0)
    assert warm.run().objective == pytest.approx(solve(bounded, Solver(gap=0.0)).objective)


def test_a_violated_row_is_found_whatever_its_unit() -> None:
    for unit in (1e-6, 1.0, 1e6):
        of = program([[1.0, -unit]], [1.0, 1.0], [0.0], [0.0])
        assert violation(of, np.array([unit, 1.0])).size == 0
        assert violation(of, np.array([1.001 * unit, 1.0])).size == pytest.approx(5e-4, rel=0.01)


def test_a_solution_that_cannot_be_verified_is_sought_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    of = program([[1.0, -30.0]], [1.0, 1.0], [0.0], [np.inf], whole=(1,))
    of = replace(of, low=np.array([20.0, 0.0]))
    once = highs._solve
    options: list[Solver] = []

    def wrong(program: Compiled, given: Solver, *rest: object) -> highs.Outcome:
        options.append(given)
        found = once(program, given)
        assert found.values is not None
        return found if len(options) > 1 else replace(found, values=found.values - 1.0)

    monkeypatch.setattr(highs, "_solve", wrong)
    found = solve(of, Solver(gap=0.0))
    assert found.values == pytest.approx([20.0, 0.0])
    assert found.objective == pytest.approx(20.0)
    assert options[1].options["presolve"] == "off"

    def always(program: Compiled, given: Solver, *rest: object) -> highs.Outcome:
        found = once(program, given)
        assert found.values is not None
        return replace(found, values=found.values - 1.0)

    monkeypatch.setattr(highs, "_solve", always)
    with pytest.raises(PaxSilicaError, match="violates"):
        solve(of, Solver(gap=0.0))


def test_a_plan_says_that_time_ended_its_search(monkeypatch: pytest.MonkeyPatch) -> None:
    world = Small()
    world.region("AUS", "signatory")
    world.commodity("part", shortage_price_usd_per_unit=1e7)
    world.process("make", {}, {"part": 1.0})
    world.asset("works", "AUS", "make")
    tables, case = world.read()
    assert not [note for note in make_plan(tables, case).notes if "ended the search" in note]
    once = highs._solve
    monkeypatch.setattr(highs, "_solve", lambda *rest: replace(once(*rest), limited=True))
    assert [note for note in make_plan(tables, case).notes if "ended the search" in note]


@pytest.mark.parametrize("seed", [1023, 1092])
def test_presolve_changes_no_optimum(seed: int) -> None:
    """Worlds in which a rule of the presolve of HiGHS, now switched off, removed the optimum."""
    program = write(*random_world(seed).read()).program
    plain = solve(program, Solver(gap=0.0, threads=1, options={"presolve": "off"}))
    found = solve(program, Solver(gap=0.0, threads=1))
    assert plain.objective is not None
    assert found.objective == pytest.approx(plain.objective, rel=1e-6)
