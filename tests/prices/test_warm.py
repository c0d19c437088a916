"""Programs that stay in the solver: how far their sides can move, and what adding columns does."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy.sparse import csc_matrix, csr_matrix

from paxsilica.case import Solver
from paxsilica.errors import PaxSilicaError
from paxsilica.solve import Compiled
from paxsilica.solve.warm import WarmProgram

OPTIONS = Solver(gap=0.0, threads=1)


def program(cost: list[float], rows: list[list[float]], low: list[float], high: list[float], integer: bool = False) -> Compiled:
    count = len(cost)
    return Compiled(
        cost=np.array(cost),
        offset=5.0,
        matrix=csr_matrix(np.array(rows)),
        row_low=np.array(low),
        row_high=np.array(high),
        low=np.zeros(count),
        high=np.full(count, np.inf),
        integer=np.full(count, integer),
        row_names=tuple(("row", at) for at in range(len(rows))),
        columns=tuple(("column", at) for at in range(count)),
        column_of={},
    )


def at(*rows: int) -> Any:
    return np.array(rows, dtype=np.intp)


def test_room_is_where_the_first_bound_is_met() -> None:
    # least x with x >= 1 and, not binding, x + y >= 0.5. With the sides moved by (1, 3) t: x = 1 + t, which is below 0.5 + 3 t from t = 1/4
    # on; the other way x comes to its own bound of zero at t = -1
    warm = WarmProgram(program([1.0, 2.0], [[1, 0], [1, 1]], [1.0, 0.5], [math.inf, math.inf]), OPTIONS)
    corner = warm.corner(warm.run())
    assert corner.outcome.objective == pytest.approx(6.0)
    assert warm.room(corner, at(0, 1), np.array([1.0, 3.0])) == pytest.approx((1.0, 0.25))
    # a side that does not bind moves nothing until it does
    assert warm.room(corner, at(1), np.array([1.0])) == (math.inf, pytest.approx(0.5))
    assert warm.room(corner, at(0), np.array([1.0])) == (pytest.approx(0.5), math.inf)


def test_moving_and_going_back() -> None:
    warm = WarmProgram(program([1.0, 3.0], [[1, 1], [1, 0]], [2.0, -math.inf], [math.inf, 4.0]), OPTIONS)
    corner = warm.corner(warm.run())
    duals = warm.duals_if_moved(at(0), np.array([5.0]))
    assert duals is not None
    assert duals == pytest.approx([3.0, -2.0])
    assert warm.duals_if_moved(at(1), np.array([-5.0])) is None
    warm.back_to(corner)
    again = warm.run()
    assert again.objective == pytest.approx(7.0)
    assert again.row_duals == pytest.approx([1.0, 0.0])


def test_a_column_more() -> None:
    warm = WarmProgram(program([4.0], [[1]], [2.0], [math.inf]), OPTIONS)
    assert warm.run().objective == pytest.approx(13.0)
    warm.add_columns(np.array([3.0]), csc_matrix(np.array([[2.0]])))
    outcome = warm.run()
    assert outcome.objective == pytest.approx(8.0)
    assert outcome.values == pytest.approx([0.0, 1.0])


def test_infeasible_and_unbounded_are_told_apart() -> None:
    assert WarmProgram(program([1.0], [[1], [1]], [2.0, -math.inf], [math.inf, 1.0]), OPTIONS).run().status == "infeasible"
    assert WarmProgram(program([-1.0], [[1]], [0.0], [math.inf]), OPTIONS).run().status == "unbounded"


def test_only_linear_programs_are_kept_warm() -> None:
    with pytest.raises(PaxSilicaError, match="relax or fix"):
        WarmProgram(program([1.0], [[1]], [2.0], [math.inf], integer=True), OPTIONS)
