"""Programs that stay in the solver: moving their sides and adding columns."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from paxsilica.case import Solver
from paxsilica.errors import PaxSilicaError
from paxsilica.solver import Compiled
from paxsilica.solver.persistent import Movement, PersistentProgram

OPTIONS = Solver(gap=0.0, threads=1)


def program(
    cost: list[float],
    rows: list[list[float]],
    low: list[float],
    high: list[float],
    integer: bool = False,
) -> Compiled:
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


def test_what_a_side_moves_in_the_basis() -> None:
    # least 3 x + 2 y with x + y >= 2 and x >= 1: x and y are basic. A unit more of the first side
    # makes y one more; of the second, x one more and y one less
    standby = PersistentProgram(
        program([3.0, 2.0], [[1, 1], [1, 0]], [2.0, 1.0], [math.inf, math.inf]), OPTIONS
    )
    corner = standby.corner(standby.run())
    assert standby.through_basis(corner, np.array([10.0, 1.0]), np.zeros(2)) == pytest.approx(
        [1.0, 10.0 - 1.0]
    )


def test_bounds_of_columns_are_moved_and_put_back() -> None:
    # least x + 3 y with x + y >= 2 and x <= 1.5: y makes up for it, until x may be 2.5
    one = program([1.0, 3.0], [[1, 1]], [2.0], [math.inf])
    standby = PersistentProgram(one.with_columns(at(0), np.array([0.0]), np.array([1.5])), OPTIONS)
    assert standby.run().objective == pytest.approx(5 + 1.5 + 1.5)
    nothing = np.zeros(0)
    assert standby.duals_if_moved(
        Movement(at(), nothing, at(0), np.array([0.0]), np.array([1.0]))
    ) == pytest.approx([1.0])
    assert standby.run().row_duals == pytest.approx([3.0])


def test_moving_and_going_back() -> None:
    standby = PersistentProgram(
        program([1.0, 3.0], [[1, 1], [1, 0]], [2.0, -math.inf], [math.inf, 4.0]), OPTIONS
    )
    corner = standby.corner(standby.run())
    duals = standby.duals_if_moved(Movement(at(0), np.array([5.0])))
    assert duals is not None
    assert duals == pytest.approx([3.0, -2.0])
    assert standby.duals_if_moved(Movement(at(1), np.array([-5.0]))) is None
    standby.back_to(corner)
    again = standby.run()
    assert again.objective == pytest.approx(7.0)
    assert again.row_duals == pytest.approx([1.0, 0.0])


def test_a_column_more() -> None:
    standby = PersistentProgram(program([4.0], [[1]], [2.0], [math.inf]), OPTIONS)
    assert standby.run().objective == pytest.approx(13.0)
    standby.extend(program([4.0, 3.0], [[1, 2]], [2.0], [math.inf]))
    outcome = standby.run()
    assert outcome.objective == pytest.approx(8.0)
    assert outcome.values == pytest.approx([0.0, 1.0])


def test_infeasible_and_unbounded_are_distinguished() -> None:
    assert (
        PersistentProgram(program([1.0], [[1], [1]], [2.0, -math.inf], [math.inf, 1.0]), OPTIONS)
        .run()
        .status
        == "infeasible"
    )
    assert (
        PersistentProgram(program([-1.0], [[1]], [0.0], [math.inf]), OPTIONS).run().status
        == "unbounded"
    )


def test_only_linear_programs_are_kept_in_the_solver() -> None:
    with pytest.raises(PaxSilicaError, match="relax or fix"):
        PersistentProgram(program([1.0], [[1]], [2.0], [math.inf], integer=True), OPTIONS)
