"""The shadow prices of the first page: degenerate worlds by hand, and random worlds against the
programs moved and solved from scratch."""

from __future__ import annotations

import math
import time
from typing import Any

import numpy as np
import pytest
from scipy.optimize import Bounds, LinearConstraint, milp

from paxsilica.errors import InputError
from paxsilica.plan.solve import make_plan
from paxsilica.prices import front
from paxsilica.prices.front import FRONT_ROWS, NOT_COMPUTED, front_prices
from paxsilica.prices.one_sided import Derivatives
from paxsilica.prices.report import price_table
from paxsilica.solver import Compiled, PersistentProgram, staged
from paxsilica.solver.highs import Vertex
from paxsilica.solver.resolve import search, write
from paxsilica.tables import Tables
from prices.cases import M, case, priced, random_question, three_projects, world


def page(tables: Tables, asked: Any) -> Any:
    plan = make_plan(tables, asked, prices=front_prices)
    assert plan.objective is not None
    return plan.table("front_prices")


def two_prices() -> Tables:
    """20 chips are wanted, which an adversary makes for nothing. Outside its reach a plant of up to
    10 costs a thousandth of a million a unit, another one 5 million."""
    return world(
        {"make": "-> chip"},
        regions={"A": "signatory", "X": "adversary"},
        commodities={"chip": {"covered": True, "name": "logic chips"}},
        assets={"x-make": {"process": "make", "region": "X"}},
        projects={
            "cheap": {"process": "make", "size": (0.0, 10.0), "capex_usd_m_per_unit": 0.001},
            "dear": {"process": "make", "size": (0.0, 50.0), "capex_usd_m_per_unit": 5.0},
        },
        routes={"X>A chip": 0.0},
        demand={("A", "chip"): 20.0},
    )


HALF = {"required": 0.5, "from_year": 2000, "hard": True}


def test_a_plant_whose_next_unit_saves_nothing() -> None:
    # Only graded can be built. At 30 it is built in full: the last million saved 10, the next saves
    # nothing.
    graded = world(
        {"a": "-> alpha"},
        commodities={"alpha": {"shortage_price_usd_per_unit": 11 * M}},
        projects={"graded": {"process": "a", "size": (0.0, 30.0), "capex_usd_m_per_unit": 1.0}},
        demand={("A", "alpha"): 40.0},
    )
    row = priced(page(graded, case(budget_usd_m=30.0)), what="budget")
    assert (row["value"], row["low"], row["high"]) == pytest.approx((0.0, 0.0, 10.0), abs=1e-6)
    assert "saves USD 0 of expected discounted cost" in row["sentence"]
    assert "the last USD saved USD 10" in row["sentence"]


def test_a_budget_at_a_kink() -> None:
    row = priced(page(three_projects(), case(budget_usd_m=30.0)), what="budget")
    assert (row["value"], row["low"], row["high"]) == pytest.approx((20 / 3, 20 / 3, 10.0))
    assert row["stake_usd_m"] == pytest.approx(200.0)


def test_a_good_whose_two_values_are_orders_of_magnitude_apart() -> None:
    # Required: 10 of 20, which the cheap plant just makes. One chip less saves a thousandth of a
    # million, one more costs 5 million. A point of coverage is 0.2 chips.
    table = page(two_prices(), case(coverage=HALF, budget_usd_m=10.01))
    good = priced(table, what="scarcest good")
    assert good["name"] == "logic chips"
    assert (good["value"], good["low"], good["high"]) == pytest.approx((5 * M, 0.001 * M, 5 * M))
    assert good["stake_usd_m"] == pytest.approx(10 * 5)
    stage = priced(table, what="stage coverage")
    assert (stage["value"], stage["low"], stage["high"]) == pytest.approx((1.0, 0.0002, 1.0))
    assert stage["unit"] == "USD million of public money per percentage point"
    # The 10 that the budget leaves pay for 2 chips, 10 points; a billion would pay for 1,000.
    joint = priced(table, what="joint coverage")
    assert (joint["value"], joint["low"]) == pytest.approx((1000.0, 1000.0))
    assert "every stage can have 10 percentage points more" in joint["sentence"]
    assert math.isnan(joint["stake_usd_m"])
    assert priced(table, what="budget")["value"] == pytest.approx(0.0)


def test_a_funder_without_further_use_of_its_money() -> None:
    funders = {"rich": {"envelope_usd_m": 500.0}, "poor": {"envelope_usd_m": 500.0}}
    tables = world(
        {"a": "-> alpha"},
        commodities={"alpha": {"shortage_price_usd_per_unit": 11 * M}},
        projects={"graded": {"process": "a", "size": (0.0, 30.0), "capex_usd_m_per_unit": 1.0}},
        demand={("A", "alpha"): 40.0},
        funders=funders,
    )
    none = priced(page(tables, case()), what="envelope")
    assert (none["name"], none["value"]) == ("every funder", 0.0)
    funders = {"small": {"envelope_usd_m": 12.0, "name": "Small fund"}}
    tables = world(
        {"a": "-> alpha"},
        commodities={"alpha": {"shortage_price_usd_per_unit": 11 * M}},
        projects={"graded": {"process": "a", "size": (0.0, 30.0), "capex_usd_m_per_unit": 1.0}},
        demand={("A", "alpha"): 40.0},
        funders=funders,
    )
    small = priced(page(tables, case()), what="envelope")
    assert (small["name"], small["value"]) == ("Small fund", pytest.approx(10.0))
    assert small["stake_usd_m"] == pytest.approx(120.0)


def test_a_preference_of_funders_is_no_part_of_a_price() -> None:
    # Two funders can pay for the same plant in A, and one of them would rather pay at home in B:
    # the program weighs each USD of it with 0.5. The other can only pay 12 of 30. Another USD of it
    # saves that weight, which is no cost.
    tables = world(
        {"a": "-> alpha"},
        regions={"A": "signatory", "B": "signatory"},
        commodities={"alpha": {"shortage_price_usd_per_unit": 11 * M}},
        projects={"graded": {"process": "a", "size": (0.0, 30.0), "capex_usd_m_per_unit": 1.0}},
        demand={("A", "alpha"): 40.0},
        funders={
            "home": {"region": "A", "envelope_usd_m": 12.0},
            "away": {"region": "B", "envelope_usd_m": 500.0},
        },
    )
    asked = case(funders={"preference": 0.5})
    made = write(tables, asked)
    assert made.costs["funder_preference"][0].any()
    none = priced(page(tables, asked), what="envelope")
    assert (none["name"], none["value"]) == ("every funder", 0.0)


def test_the_money_of_the_sentences_is_what_the_budget_covers() -> None:
    asked = case(coverage=HALF, budget_usd_m=10.01, budget={"covers": "capital"})
    table = page(two_prices(), asked)
    stage = priced(table, what="stage coverage")
    assert stage["unit"] == "USD million of public capital per percentage point"
    assert "million of public capital, at the least" in stage["sentence"]
    assert "USD 10.01 million of public capital saves" in priced(table, what="budget")["sentence"]


def test_soft_coverage_is_held_and_its_shortage_price_is_no_part_of_a_value() -> None:
    # A missing chip costs 9 million. The budget pays for 11.5 of 20: the money is not worth 9, but
    # nothing, because no more cost can be saved with 11.5 chips.
    tables = world(
        {"make": "-> chip"},
        regions={"A": "signatory", "X": "adversary"},
        commodities={"chip": {"covered": True, "shortage_price_usd_per_unit": 9 * M}},
        assets={"x-make": {"process": "make", "region": "X"}},
        projects={"dear": {"process": "make", "size": (0.0, 50.0), "capex_usd_m_per_unit": 2.0}},
        routes={"X>A chip": 0.0},
        demand={("A", "chip"): 20.0},
    )
    soft = {"required": 1.0, "from_year": 2000, "hard": False}
    row = priced(page(tables, case(coverage=soft, budget_usd_m=23.0)), what="budget")
    assert row["value"] == pytest.approx(0.0, abs=1e-6)
    assert "with the coverage of the plan held" in row["sentence"]


def value(program: Compiled) -> float:
    """The optimum by another way than the prices use, without scaling; infinite if infeasible."""
    found = milp(
        program.cost,
        constraints=LinearConstraint(program.matrix, program.row_low, program.row_high),
        bounds=Bounds(program.low, program.high),
    )
    assert found.status in (0, 2), found.message
    return math.inf if found.status == 2 else float(found.fun) + program.offset


FEASIBLE = (0, 3, 4, 5, 7, 9, 13, 15, 16, 17, 20, 23)
"""Seeds of worlds with a plan that meets the requirement."""


@pytest.mark.parametrize(
    ("hard", "seed"), [*((False, seed) for seed in range(24)), *((True, seed) for seed in FEASIBLE)]
)
def test_values_are_derivatives_of_the_programs(
    seed: int, hard: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    # room for the steps of the finite differences, which soft coverage held at the plan has not
    monkeypatch.setattr(front, "HELD_ROOM", 1e-2)
    coverage = {"required": 0.4, "from_year": 2030 + seed % 3, "hard": hard}
    tables, asked = random_question(seed, coverage=coverage)
    made = write(tables, asked)
    outcome = search(made.program, asked.solver).outcome
    assert outcome.values is not None
    table = front_prices(made, outcome.values, 0.0)["front_prices"]
    work = front._Front(made, outcome.values, time.monotonic() + 60)
    programs = {
        "budget": (work.program, -1.0, 1.0),
        "joint coverage": (work._most_coverage(), -1.0, 1e3),
    }
    for what, (program, sign, scale) in programs.items():
        row, at, step = priced(table, what=what), work.budget, 1e-4
        here = value(program)
        sides = [program.row_high[at] + way * step for way in (-1, 1)]
        less, more = (value(program.with_rows(at, -np.inf, side)) for side in sides)
        found = sorted(sign * scale * one / step for one in (here - less, more - here))
        assert found == pytest.approx([row["low"], row["high"]], rel=1e-3, abs=1e-3 * scale)
    program = work._least_money()
    row, step = priced(table, what="stage coverage"), 1e-2
    ((stage, (year, _)),) = work.targets.items()
    moved = work._point({stage: year})
    rows, shift = np.array(list(moved)), np.array(list(moved.values()))
    here = value(program)
    less, more = (
        value(program.with_rows(rows, program.row_low[rows] + way * step * shift, np.inf))
        for way in (-1, 1)
    )
    found = sorted(one / step for one in (here - less, more - here))
    assert found == pytest.approx([row["low"], row["high"]], rel=1e-3, abs=1e-3)


def test_prices_that_take_too_long_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(front, "LEAST_SECONDS", 0.0)
    tables, asked = two_prices(), case(coverage=HALF, budget_usd_m=10.01)
    made = write(tables, asked)
    values = search(made.program, asked.solver).outcome.values
    table = front_prices(made, values, 0.0)["front_prices"]  # type: ignore[arg-type]
    assert list(table["what"]) == [NOT_COMPUTED]
    assert "a fifth of the time of the plan" in table["sentence"].iloc[0]
    assert "budget and partners" in table["name"].iloc[0]


def test_a_failed_program_leaves_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    real = Derivatives.solve

    def solve_but_one(self: Derivatives, what: str, *rest: Any) -> Any:
        if "least public money" in what:
            raise front.PriceError("the duals fail")
        return real(self, what, *rest)

    monkeypatch.setattr(Derivatives, "solve", solve_but_one)
    table = page(two_prices(), case(coverage=HALF, budget_usd_m=10.01))
    assert "stage coverage" not in set(table["what"])
    assert {"budget", "joint coverage", "scarcest good"} <= set(table["what"])
    lost = priced(table, what=NOT_COMPUTED)
    assert "coverage of stages are not computed: the duals fail" in lost["sentence"]


def test_a_program_that_failed_is_not_mistaken_for_the_present_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real, asked = Derivatives.solve, list[str]()

    def solve_but_first(self: Derivatives, what: str, *rest: Any) -> Any:
        asked.append(what)
        if len(asked) == 1:
            raise front.PriceError("the duals fail")
        return real(self, what, *rest)

    monkeypatch.setattr(Derivatives, "solve", solve_but_first)
    # owners pay half, so a chip takes half as much public money as it costs
    tables = two_prices().edited("projects", lambda _: {"sponsor_share": 0.5})
    table = page(tables, case(coverage=HALF, budget_usd_m=10.01))
    assert priced(table, what="stage coverage")["value"] == pytest.approx(0.5)
    # the least cost is solved again for the good, after the program of the least money
    assert "least public money" in asked[1]
    good = priced(table, what="scarcest good")
    assert (good["low"], good["high"]) == pytest.approx((0.001 * M, 5 * M))
    lost = priced(table, what=NOT_COMPUTED)
    assert lost["sentence"] == (
        "Shadow prices of budget and partners are not computed: the duals fail."
    )


def test_the_plan_has_prices_and_their_proof() -> None:
    plan = make_plan(two_prices(), case(coverage=HALF, budget_usd_m=10.01), prices=front_prices)
    assert set(plan.prices["kind"]) == {"relaxed"}
    assert len(plan.prices) == len(plan.table("front_prices")) <= FRONT_ROWS
    proof = plan.table("price_proof")
    assert (proof["error"] <= proof["tolerance"]).all()
    assert len(proof) == 4 * 3
    assert priced(plan.prices, what="stage coverage")["degenerate"] == "yes"


def test_objective_security_has_no_prices_but_a_first_page() -> None:
    asked = case(coverage=HALF, budget_usd_m=10.01, objective="security")
    tables = two_prices()
    plan = make_plan(tables, asked, prices=front_prices)
    assert priced(plan.table("front_prices"), what="joint coverage")["value"] == pytest.approx(1000)
    with pytest.raises(InputError, match="security makes coverage as large as possible"):
        price_table(plan, tables, asked)


@pytest.mark.parametrize("seed", FEASIBLE[:6])
def test_prices_from_the_vertex_of_a_search_are_the_same(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staged, "LEAST_INTEGERS", 0)
    coverage = {"required": 0.4, "from_year": 2030 + seed % 3, "hard": True}
    tables, asked = random_question(seed, coverage=coverage)
    made = write(tables, asked)
    outcome = search(made.program, asked.solver, for_plan=True).outcome
    free = made.program.without_rows(made.program.rows_of("programme_budget"))
    least = search(free.minimising(made.public_capital), asked.solver, for_plan=True).outcome
    assert outcome.values is not None
    assert outcome.vertex is not None
    assert least.vertex is not None
    cold = front_prices(made, outcome.values, 0.0)["front_prices"]
    # a vertex of another program is only a worse place to start from
    for first, second in ((outcome.vertex, least.vertex), (least.vertex, outcome.vertex)):
        near = {front.LEAST_COST: first, front.LEAST_MONEY: second}
        warm = front_prices(made, outcome.values, 0.0, near)["front_prices"]
        for column in ("what", "name", "unit"):
            assert warm[column].tolist() == cold[column].tolist()
        for column in ("value", "low", "high"):
            assert warm[column].tolist() == pytest.approx(cold[column].tolist(), nan_ok=True)


def test_a_plan_hands_its_vertices_to_the_prices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staged, "LEAST_INTEGERS", 0)
    coverage = {"required": 0.4, "from_year": 2030, "hard": True}
    tables, asked = random_question(FEASIBLE[0], coverage=coverage)
    handed: list[Any] = []

    def prices(*given: Any) -> dict[str, Any]:
        handed.append(given[3])
        return {}

    make_plan(tables, asked, least_budget=True, prices=prices)
    assert set(handed[0]) == {front.LEAST_COST, front.LEAST_MONEY}


def test_a_start_that_has_no_solution_is_given_up() -> None:
    coverage = {"required": 0.4, "from_year": 2030, "hard": True}
    tables, asked = random_question(FEASIBLE[0], coverage=coverage)
    program = write(tables, asked).program.relaxed()
    cold = PersistentProgram(program, asked.solver).run()
    nothing = Vertex(program.low.copy(), np.arange(len(program.cost)))  # misses the requirement
    lp = PersistentProgram(program, asked.solver)
    lp.start_near(nothing)
    assert lp.run().objective == pytest.approx(cold.objective)
