"""One-sided derivatives of a linear program, whatever its units."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from paxsilica.case import Solver
from paxsilica.prices.one_sided import Derivatives
from paxsilica.prices.priced_items import PricedItem, moved_rows
from paxsilica.solver import Compiled


@pytest.mark.parametrize("unit", [1.0, 1e6, 1e12, 1e-6])
@pytest.mark.parametrize("spare", [0.0, 0.5])
def test_a_kink_is_found_in_every_unit(unit: float, spare: float) -> None:
    # 1 is needed. A plant supplies it for 5 (per size of 1, at most 1 + spare), an import for 100.
    # One less saves 5; one more costs 100 where the plant is at its largest size, and 5 elsewhere.
    # The good is counted in units of 1 / unit, so a unit of it moves little of plant and import.
    names = ("made", "size", "imported")
    program = Compiled(
        cost=np.array([0.0, 5.0, 100.0]),
        offset=0.0,
        matrix=csr_matrix(np.array([[1.0, 0.0, unit], [1.0, -unit, 0.0]])),
        row_low=np.array([unit, -math.inf]),
        row_high=np.array([math.inf, 0.0]),
        low=np.zeros(3),
        high=np.array([math.inf, 1.0 + spare, math.inf]),
        integer=np.zeros(3, dtype=bool),
        row_names=(("need", None), ("capacity", None)),
        columns=tuple((name, None) for name in names),
        column_of={},
    )
    work = Derivatives(program, Solver(gap=0.0, threads=1), time.monotonic() + 60)
    duals = work.solve("the program")
    need = PricedItem("need", "", None, "", "", gain=False, movement=moved_rows([(0, 1.0)]))
    sides = work.sides(duals, need, unit)
    assert duals.degeneracy.unique(need) == bool(spare)
    more = 5.0 if spare else 100.0
    assert (sides.left * unit, sides.right * unit) == pytest.approx((5.0, more))
    assert work.right(duals, need, unit) * unit == pytest.approx(more)
