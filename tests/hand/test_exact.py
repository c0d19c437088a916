"""Decisions of a plan are exactly whole, also where the solver accepts a millionth of a project."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from paxsilica.audit import audit
from paxsilica.plan.result import Plan
from paxsilica.plan.solve import make_plan
from paxsilica.solver import Compiled, Outcome, resolve
from paxsilica.solver.resolve import INTEGRALITY_TOL
from worlds import COVERED, M, approx, case, world

LENT = 4e-7
"""Fraction of the project that the solver counts as none."""


@pytest.fixture
def lenient(monkeypatch: pytest.MonkeyPatch) -> list[Outcome]:
    """A solver whose search runs a project that it commits by a fraction within its tolerance, as
    HiGHS may: the decision is reported as rounded, the operation is not."""
    plain, given = resolve.solve, list[Outcome]()

    def solve(program: Compiled, *arguments: Any, **options: Any) -> Outcome:
        outcome = plain(program, *arguments, **options)
        if not program.integer.any():
            return outcome
        assert outcome.values is not None
        values = outcome.values.copy()
        values[program.column_at["activity", ("works", "normal 2030")]] += LENT * 1e7
        values[program.column_at["unserved", ("A", "chip", "normal 2030")]] -= LENT * 1e7
        given.append(replace(outcome, values=values, integrality_violation=LENT))
        return given[-1]

    monkeypatch.setattr(resolve, "solve", solve)
    return given


OBJECTIVES: dict[str, dict[str, Any]] = {
    "cost": {},
    "security": {"coverage": COVERED | {"listed_uses": ["chip"]}},
    "budget": {"coverage": COVERED | {"listed_uses": ["chip"]}},
}
"""Sections that each objective needs in the case."""


def planned(objective: str = "cost") -> tuple[Plan, Any, Any]:
    # The works could make 10 million chips for 1000 USD million. 10 chips are wanted, at 1 USD
    # million each: it is not worth it, and all 10 go unserved. Coverage is required of metal, which
    # an existing plant supplies in full: no objective is a reason to commit the works.
    tables = world(
        {"make": "-> chip", "smelt": "-> metal"},
        commodities={
            "chip": {"shortage_price_usd_per_unit": 1 * M},
            "metal": {"shortage_price_usd_per_unit": 1 * M, "covered": True},
        },
        assets={"smelter": {"process": "smelt", "capacity": 5.0}},
        projects={"works": {"process": "make", "size": 1e7, "capex_usd_m": 1000.0}},
        demand={("A", "chip"): 10, ("A", "metal"): 5},
    )
    asked = case(objective=objective, **OBJECTIVES[objective])
    return make_plan(tables, asked), tables, asked


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_a_plan_lends_no_capacity_of_a_project_that_it_does_not_commit(
    lenient: list[Outcome], objective: str
) -> None:
    plan, tables, asked = planned(objective)
    assert lenient
    assert all(outcome.integrality_violation > INTEGRALITY_TOL for outcome in lenient)
    assert not len(plan.tables["portfolio"])
    operation, service = (plan.tables[name] for name in ("operation", "service"))
    assert "works" not in set(operation["plant"])
    normal = service[(service["mode"] == "normal") & (service["commodity"] == "chip")]
    assert normal["unserved"].tolist() == approx([10.0])
    costs = plan.tables["costs"].set_index("term")["usd_m"]
    assert costs["unmet_demand"] == approx(10.0)
    assert not audit(plan, tables, asked)


def test_the_lenient_solver_lends_capacity(lenient: list[Outcome]) -> None:
    # what the test above would see without the second solve
    planned()
    values = lenient[0].values
    assert values is not None
    assert np.isclose(values, 4.0).any()
    assert np.isclose(values, 6.0).any()
