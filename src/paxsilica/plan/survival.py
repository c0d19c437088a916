"""Time to survive: how long coverage holds after a cut-off begins, from what still runs, stores and
the inventories of users.

What is made and drawn at constant rates lasts for a time of 1 / w years if a store of s is drawn at
a rate of at most s w. The smallest w at which the required share can be covered is the optimum of
one linear program. Constant rates are no restriction: the average of any course of operation over
its duration is an operation with constant rates that lasts as long.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from paxsilica.instance import Instance
from paxsilica.model.operation import commodity_balance
from paxsilica.model.security import production_coverage
from paxsilica.model.storage import stock_draw_limit
from paxsilica.plan.coverage import CoverageTest
from paxsilica.plan.requirement import MET_TOL
from paxsilica.solver import Array
from paxsilica.solver.resolve import NewColumn, extended

MONTHS = 12
"""Months of a year, the unit of rates."""

NO_DRAW = 1e-6
"""A rate of draws, per year, below which nothing is drawn."""


@dataclass(frozen=True)
class Survival:
    """Months for which the required share is covered after a cut-off begins: infinite without any
    draw, zero where it is not covered even at first."""

    months: float

    @property
    def lasting(self) -> bool:
        """Whether the required share is covered without stores."""
        return bool(np.isinf(self.months))


class SurvivalTest:
    """A coverage test in which stores last for as long as is asked.

    Args:
        test: of the state, not used for anything else.
        shift: what the plan fixes, stores included.
        values: of all columns in the plan; normal use gives the inventories of users.

    Attributes:
        stores: what is in store by (region, commodity), commodity units.
    """

    def __init__(self, test: CoverageTest, shift: Array, values: Array) -> None:
        self.test, program = test, test.program
        instance = test.tests.instance
        coverage = instance.case.coverage
        years = 1.0 if coverage is None else float(coverage.outage_years)
        self.shift = shift.copy()
        entries: dict[int, float] = {}
        held = inventories(instance, test, values)
        self.stores: dict[tuple[str, str], float] = {}
        for row, (family, index) in enumerate(program.row_names):
            if family == stock_draw_limit.__name__:
                # what the row allows in its years together is what is in store
                most = float(program.row_high[row] - shift[test.rows[row]])
                self.stores[index[0], index[1]] = max(0.0, most)
                entries[row] = -years * self.stores[index[0], index[1]]
                self.shift[test.rows[row]] = program.row_high[row]
            elif family == commodity_balance.__name__:
                entries[row] = held.get((index[0], index[1]), 0.0)
            elif family == production_coverage.__name__:
                entries[row] = sum(amount for (_, k), amount in held.items() if k == index[0])
        rate = NewColumn(
            ("rate of draws", test.state), {row: one for row, one in entries.items() if one}, 1.0
        )
        test.solver.extend(extended(program, [rate]))

    def time(self, goods: Collection[str] | None = None) -> Survival:
        """How long the required share of the needs for ``goods`` is made; without ``goods``, how
        long all required shares are made and delivered at once."""
        test = self.test
        active = np.array(
            [
                goods is None or (bool(made) and index[0] in goods)
                for (_, index), made in zip(test.index, test.made, strict=True)
            ],
            dtype=bool,
        )
        test.require(self.shift, active, test.at_required - MET_TOL * test.base)
        for _ in range(2):
            values = test.solver.values()
            if values is not None:
                rate = float(values[-1])
                return Survival(np.inf if rate <= NO_DRAW else MONTHS / rate)
            test.solver.forget_basis()  # a warm start may fail where another does not
        return Survival(0.0)


def inventories(
    instance: Instance, test: CoverageTest, values: Array
) -> dict[tuple[str, str], float]:
    """What users of a good hold of it where it is used, by (region, commodity), commodity units:
    the months that the data states, of normal use under the plan. Goods of which nothing may be
    left over are left out, and so are plants that a cut-off stops."""
    months = {
        row.commodity: row.user_inventory_months
        for row in instance.tables.commodities
        if row.user_inventory_months and row.commodity in instance.world.surplus_allowed
    }
    if not months:
        return {}
    state = instance.states[test.state]
    normal = state.normal_state
    at = test.tests.program.column_at

    def value(family: str, *index: str | None) -> float:
        place = at.get((family, index))
        return 0.0 if place is None else float(values[place])

    used: dict[tuple[str, str], float] = defaultdict(float)
    for place, plants in state.use.items():
        for plant, quantity in plants:
            used[place] += quantity * value("activity", plant, normal)
    for place, amount in state.demand.items():
        used[place] += amount - value("unserved", *place, normal)
    return {
        place: amount * months[place[1]] / MONTHS
        for place, amount in used.items()
        if place[1] in months and amount > 0 and place in state.users
    }
