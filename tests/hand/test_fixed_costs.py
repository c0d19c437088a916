"""The fixed cost of a process, and what unit costs hold of it."""

from __future__ import annotations

from typing import Any

import pytest

from paxsilica.errors import InputError
from paxsilica.instance import make_instance
from paxsilica.instance.statements import statements
from paxsilica.tables.checks.recipes import fixed_costs
from worlds import Answer, M, approx, built, case, world


def plants(includes: bool | None, fixed: float | None = 2 * M, **assets: Any) -> Any:
    return world(
        {"make": "-> chip"},
        processes={
            "make": {"fixed_cost_usd_per_unit": fixed, "unit_cost_includes_fixed": includes}
        },
        assets={name: {"process": "make"} | row for name, row in assets.items()},
        projects={
            "p": {"process": "make", "size": (4.0, 6.0), "variable_cost_usd_per_unit": 5 * M}
        },
        demand={("A", "chip"): 1.0},
    )


OLD: dict[str, Any] = {"capacity": 10.0, "variable_cost_usd_per_unit": 3 * M}


def test_fixed_cost_of_the_process_is_that_of_every_plant() -> None:
    # 10 units of capacity at 2 a year, of the project 4 and each unit above. It comes on top of
    # unit costs that do not hold it.
    model = built(plants(False, old=OLD), case())
    assert model.model.costs["fixed_operation"].constant == approx(20)
    assert model.cost("fixed_operation") == approx(
        {("committed", ("p", 2030)): 8, ("added_size", ("p", 2030)): 2}
    )
    assert model.cost("operation")[("activity", ("old", "normal 2030"))] == approx(3)


def test_fixed_cost_is_taken_out_of_unit_costs_that_hold_it() -> None:
    # at full load a unit costs 3 as stated: 2 fixed and 1 variable
    tables = plants(True, old=OLD)
    model = built(tables, case())
    assert model.model.costs["fixed_operation"].constant == approx(20)
    assert model.cost("operation") == approx(
        {("activity", ("old", "normal 2030")): 1, ("activity", ("p", "normal 2030")): 3}
    )
    answer = Answer(tables, case())
    assert answer.costs() == approx({"fixed_operation": 20, "operation": 1})
    assert any("taken out of the unit costs" in one for one in statements(model.instance))


def test_fixed_cost_is_at_most_a_unit_cost_that_holds_it() -> None:
    # nothing is counted twice: 1.5 is all fixed
    cheap = OLD | {"variable_cost_usd_per_unit": 1.5 * M}
    tables = plants(True, cheap=cheap)
    answer = Answer(tables, case())
    assert answer.costs() == approx({"fixed_operation": 15})
    words = "The fixed cost of these plants is their whole unit cost: cheap."
    assert words in statements(answer.built.instance)


def test_own_fixed_cost_wins_and_leaves_the_unit_cost_as_it_is() -> None:
    own = OLD | {"fixed_cost_usd_m": 7.0}
    assert Answer(plants(True, own=own), case()).costs() == approx(
        {"fixed_operation": 7, "operation": 3}
    )


def test_fixed_cost_follows_credited_capacity() -> None:
    tables = world(
        {"make": "-> chip"},
        processes={"make": {"fixed_cost_usd_per_unit": 2 * M, "unit_cost_includes_fixed": False}},
        statuses={"construction": 0.5},
        assets={"new": {"process": "make", "status": "construction"} | OLD},
        demand={("A", "chip"): 1.0},
    )
    assert Answer(tables, case()).costs() == approx({"fixed_operation": 10, "operation": 3})


def test_a_plant_without_limit_needs_a_fixed_cost_of_its_own() -> None:
    with pytest.raises(InputError) as caught:
        make_instance(plants(False, market={}), case("2030-2031"))
    [problem] = caught.value.problems
    assert (problem.row, problem.column) == ("market", "fixed_cost_usd_m")
    answer = Answer(plants(False, market={"fixed_cost_usd_m": 0.0}), case())
    assert answer.costs() == {}


@pytest.mark.parametrize(
    ("includes", "fixed", "words"),
    [(None, 2.0, "should be yes or no"), (True, None, "should be blank"), (False, None, "blank")],
)
def test_whether_unit_costs_hold_the_fixed_cost_must_be_stated(
    includes: bool | None, fixed: float | None, words: str
) -> None:
    [problem] = fixed_costs(plants(includes, fixed))
    assert words in problem.expected
    assert not [*fixed_costs(plants(False, 2.0)), *fixed_costs(plants(None, None))]
