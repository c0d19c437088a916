"""The most points of coverage within a budget: by hand, and against the program that makes them as
many as possible."""

from __future__ import annotations

import math
import time
from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from paxsilica.case import Solver
from paxsilica.prices import front, most_points
from paxsilica.prices.duals import PriceError
from paxsilica.prices.front import LEAST_MONEY, front_prices
from paxsilica.solver import Compiled, PersistentProgram
from paxsilica.solver.persistent import Movement
from paxsilica.solver.resolve import search, write
from paxsilica.tables import Tables
from prices.cases import M, case, priced, random_question, world
from prices.test_front import FEASIBLE, HALF


def plants(**sizes: tuple[float, float]) -> Tables:
    """100 chips are wanted, which an adversary makes for nothing. Outside its reach each plant of
    ``sizes`` makes up to the first number, for the second in USD million a unit: a percentage point
    is one chip."""
    projects: dict[str, dict[str, Any]] = {
        name: {"process": "make", "size": (0.0, most), "capex_usd_m_per_unit": cost}
        for name, (most, cost) in sizes.items()
    }
    return world(
        {"make": "-> chip"},
        regions={"A": "signatory", "X": "adversary"},
        commodities={"chip": {"covered": True, "name": "logic chips"}},
        assets={"x-make": {"process": "make", "region": "X", "capacity": 1000.0}},
        projects=projects,
        routes={"X>A chip": 0.0},
        demand={("A", "chip"): 100.0},
    )


def work(tables: Tables, asked: Any) -> front._Front:
    made = write(tables, asked)
    values = search(made.program, asked.solver).outcome.values
    assert values is not None
    return front._Front(made, values, time.monotonic() + 60)


def by_newton(of: front._Front) -> most_points.MostPoints:
    duals = of._solved(LEAST_MONEY, of._least_money)
    column, money = len(of.program.cost) - 1, float(of.program.row_high[of.budget[0]])
    return most_points.most_points(of.solver, duals, column, money, of._room)


@pytest.mark.parametrize(
    ("budget", "points", "left", "right"),
    [
        # 50 points cost 10 + 80 = 90. The next ten cost 2 a point, ten more 4, twenty more 8.
        (100.0, 5.0, 1 / 2, 1 / 2),
        (130.0, 15.0, 1 / 4, 1 / 4),
        (220.0, 28.75, 1 / 8, 1 / 8),
        # at the kinks the last and the next million differ
        (110.0, 10.0, 1 / 2, 1 / 4),
        (150.0, 20.0, 1 / 4, 1 / 8),
        # with less there is no plan: the last million has no price of points
        (90.0, 0.0, math.inf, 1 / 2),
        # 40 points are all that the plants can make; the money for them is just there, or idle
        (310.0, 40.0, 1 / 8, 0.0),
        (400.0, 40.0, 0.0, 0.0),
    ],
)
def test_points_by_hand(budget: float, points: float, left: float, right: float) -> None:
    tables = plants(a=(10.0, 1.0), b=(50.0, 2.0), c=(10.0, 4.0), d=(20.0, 8.0))
    found = by_newton(work(tables, case(coverage=HALF, budget_usd_m=budget)))
    assert found.points == pytest.approx(points, abs=1e-4)
    assert (found.sides.left, found.sides.right) == pytest.approx((left, right))


def test_programs_that_are_far_are_solved_from_scratch(monkeypatch: pytest.MonkeyPatch) -> None:
    # from 0 to the 40 points that can be reached is far, and a millionth beyond them is near
    restarts: list[None] = []
    monkeypatch.setattr(PersistentProgram, "forget_basis", lambda _: restarts.append(None))
    tables = plants(a=(10.0, 1.0), b=(50.0, 2.0), c=(10.0, 4.0), d=(20.0, 8.0))
    found = by_newton(work(tables, case(coverage=HALF, budget_usd_m=900.0)))
    assert 0 < len(restarts) < found.programs


@pytest.mark.parametrize("unit", [1.0, 1e-6, 1e6])
def test_the_bound_of_a_program_without_solution(unit: float) -> None:
    # at least 1 more than the points is needed, and 3 can be made: no more than 2 points
    program = Compiled(
        cost=np.array([1.0, 1.0, 0.0]),
        offset=0.0,
        matrix=csr_matrix(np.array([[unit, unit, -unit], [1.0, 0.0, 0.0]])),
        row_low=np.array([unit, -math.inf]),
        row_high=np.array([math.inf, 1.0]),
        low=np.zeros(3),
        high=np.array([math.inf, 2.0, 0.0]),
        integer=np.zeros(3, dtype=bool),
        row_names=(("need", None), ("most", None)),
        columns=(("one", None), ("other", None), ("points", None)),
        column_of={},
    )
    lp = PersistentProgram(program, Solver(gap=0.0, threads=1))
    assert lp.run().objective == pytest.approx(1.0)
    assert math.isnan(lp.farkas_bound(2)), "it has a solution"
    none = np.zeros(0, dtype=np.intp)
    lp.move(Movement(none, np.zeros(0), np.array([2]), np.array([5.0]), np.array([5.0])))
    assert lp.run().status == "infeasible"
    assert lp.farkas_bound(2) == pytest.approx(2.0)


def test_points_beyond_reach_take_few_programs() -> None:
    # 40 of 50 points can be reached: one program says that 50 cannot, and where the end is
    tables = plants(a=(10.0, 1.0), b=(50.0, 2.0), c=(10.0, 4.0), d=(20.0, 8.0))
    assert by_newton(work(tables, case(coverage=HALF, budget_usd_m=900.0))).programs <= 4


def test_all_of_the_need_is_the_end() -> None:
    # another 50 points for 2 each: beyond all of the need there is nothing to add
    tables = plants(a=(150.0, 2.0))
    found = by_newton(work(tables, case(coverage=HALF, budget_usd_m=250.0)))
    assert (found.points, found.sides.left, found.sides.right) == pytest.approx((50.0, 0.0, 0.0))
    exact = by_newton(work(tables, case(coverage=HALF, budget_usd_m=200.0)))
    assert (exact.points, exact.sides.left, exact.sides.right) == pytest.approx((50.0, 0.5, 0.0))


def test_points_that_cost_nothing() -> None:
    # 60 chips are made without the plan, so the first ten points are free
    tables = world(
        {"make": "-> chip"},
        regions={"A": "signatory", "X": "adversary"},
        commodities={"chip": {"covered": True}},
        assets={
            "x-make": {"process": "make", "region": "X", "capacity": 1000.0},
            "a-make": {
                "process": "make",
                "region": "A",
                "capacity": 60.0,
                "variable_cost_usd_per_unit": 0.1 * M,
            },
        },
        projects={"a": {"process": "make", "size": (0.0, 30.0), "capex_usd_m_per_unit": 2.0}},
        routes={"X>A chip": 0.0},
        demand={("A", "chip"): 100.0},
    )
    found = by_newton(work(tables, case(coverage=HALF, budget_usd_m=20.0)))
    assert (found.points, found.sides.left, found.sides.right) == pytest.approx((20.0, 0.5, 0.5))


@pytest.mark.parametrize("seed", FEASIBLE)
@pytest.mark.parametrize("budget", [1.0, 3.0])
def test_the_same_as_the_program_that_makes_points_as_many_as_possible(
    seed: int, budget: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    coverage = {"required": 0.4, "from_year": 2030 + seed % 3, "hard": True}
    tables, asked = random_question(seed, coverage=coverage)
    assert asked.budget_usd_m is not None
    asked = asked.model_copy(update={"budget_usd_m": budget * asked.budget_usd_m})
    made = write(tables, asked)
    values = search(made.program, asked.solver).outcome.values
    assert values is not None
    rows = []
    for columns in (10**9, 0):
        monkeypatch.setattr(front, "DIRECT_COLUMNS", columns)
        found = front_prices(made, values, 0.0)
        rows.append(priced(found["front_prices"], what="joint coverage"))
        assert (found["price_proof"]["error"] <= found["price_proof"]["tolerance"]).all()
    direct, newton = rows
    for column in ("value", "low", "high"):
        assert newton[column] == pytest.approx(direct[column], rel=1e-5, abs=1e-5)
    assert newton["sentence"] == direct["sentence"]


def test_a_search_that_does_not_end_gives_no_price(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(most_points, "MOST_PROGRAMS", 1)
    tables = plants(a=(10.0, 1.0), b=(50.0, 2.0), c=(10.0, 4.0), d=(20.0, 8.0))
    with pytest.raises(PriceError, match="were not found"):
        by_newton(work(tables, case(coverage=HALF, budget_usd_m=230.0)))
