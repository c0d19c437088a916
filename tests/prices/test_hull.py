"""Convex-hull prices: against hulls known by hand, against other prices, and against the relaxation
where that is the hull."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from paxsilica.case import Solver
from paxsilica.plan.solve import make_plan
from paxsilica.prices.column_generation import Subproblem, outside, project_subproblems
from paxsilica.prices.degeneracy import differ
from paxsilica.prices.duals import PriceError, prove, solve_duals
from paxsilica.prices.hull import Hull, hull_prices
from paxsilica.prices.hull import priced as priced_hull
from paxsilica.prices.priced_items import priced_items
from paxsilica.prices.report import Start, price_table
from paxsilica.prices.request import PriceRequest
from paxsilica.solver import Array, solve
from paxsilica.tables import Tables
from prices.cases import M, case, priced, random_question, started, world
from prices.test_differences import moved
from worlds import seeds, some

EXACT = Solver(gap=0.0, threads=1)


def tickets() -> Tables:
    """A plant of 10 for 100 in A, of which 5 are wanted. Its money comes from two funders, 60 to 70
    from either. Two tickets of 60 do not fit into 100, so that the plant has no money and another
    one is built in B, for 130."""
    return world(
        {"make": "-> chip"},
        regions={"A": "signatory", "B": "signatory"},
        commodities={"chip": {"shortage_price_usd_per_unit": 30 * M}},
        projects={
            "plant": {"process": "make", "size": 10.0, "capex_usd_m": 100.0},
            "other": {"process": "make", "size": 10.0, "capex_usd_m": 130.0, "region": "B"},
        },
        funders={
            "one": {
                "envelope_usd_m": 500.0,
                "smallest_ticket_usd_m": 60.0,
                "largest_share": 0.7,
            },
            "two": {
                "envelope_usd_m": 500.0,
                "smallest_ticket_usd_m": 60.0,
                "largest_share": 0.7,
            },
            "home": {"envelope_usd_m": 500.0, "region": "B"},
        },
        mandates=[
            {"funder": "one", "region": "A"},
            {"funder": "two", "region": "A"},
            {"funder": "home", "region": "B"},
        ],
        routes={"B>A chip": 0.0},
        demand={("A", "chip"): 5.0},
    )


def test_a_smallest_ticket_by_hand() -> None:
    # The relaxation splits tickets and builds the plant: 100 for 10, so 10 a chip. The hull knows
    # that it has no money: 13 a chip from the other. With that built a chip costs nothing: 5 of 10
    # stand idle. The hull costs 5 x 13 = 65, the plan 130; the distance is rent for idle capacity,
    # and the other plant itself just breaks even at 13: no uplift of its own.
    tables, asked = tickets(), case()
    plan = make_plan(tables, asked)
    assert plan.objective == pytest.approx(130.0)
    table = price_table(plan, tables, asked).table
    goods = table[table["what"] == "commodity in normal times"]
    chips = goods.groupby("kind")["value"].min() / M  # those of A
    assert "fixed" not in chips  # a price of zero is not listed
    assert chips["relaxed"] == pytest.approx(10.0)
    assert chips["hull"] == pytest.approx(13.0)
    assert not len(table[(table["what"] == "uplift") & (table["where"] == "other")])
    assert priced(table, what="uplift", where="operation")["value"] == pytest.approx(65.0)


def test_lumps_as_scarf_has_them() -> None:
    # After Scarf (1994): "smokestack" of 16 for 53 and 3 a unit, "high tech" of 7 for 30 and 2 a
    # unit; here as many plants as are of use. By average cost 3 + 53/16 = 6.3125 and 2 + 30/7 =
    # 6.2857: the hull price of a unit is the lower as long as high tech can serve all. Wanted: 20.
    # Three high tech can make 21 for 90 + 40 = 130; the hull costs 20 x 6.2857 = 125.71.
    projects = {
        f"smoke {n}": {
            "process": "make",
            "size": 16.0,
            "capex_usd_m": 53.0,
            "variable_cost_usd_per_unit": 3 * M,
        }
        for n in range(3)
    }
    projects |= {
        f"tech {n}": {
            "process": "make",
            "size": 7.0,
            "capex_usd_m": 30.0,
            "variable_cost_usd_per_unit": 2 * M,
        }
        for n in range(4)
    }
    start = started(
        world({"make": "-> power"}, projects=projects, demand={("A", "power"): 20.0}), case()
    )
    assert start.solved.value.high == pytest.approx(3 * 30 + 20 * 2)
    for every in (False, True):
        hull = hull_of(start, every)
        balance = start.written.program.rows_of("commodity_balance")
        assert hull.row_duals[balance] == pytest.approx([2 + 30 / 7])
        assert hull.objective == pytest.approx(20 * (2 + 30 / 7))
        # at that price smokestacks lose and high tech breaks even, built or not
        assert hull.uplift == pytest.approx(dict.fromkeys(projects, 0.0), abs=1e-6)
        assert hull.rest == pytest.approx(30 / 7)  # the one unit of capacity that stands idle


def test_a_largest_share_over_several_years_is_no_relaxation() -> None:
    # 5 wanted in 2030 and 10 in 2031, from a plant of 10 for 100, or for 80 a year later. The first
    # funder pays at most half of it and only in 2030, the second 50 in all. Built in 2030 the plant
    # costs 100, half from either. The relaxation builds half now and half later, for 90, and lets
    # the first pay 45 of the 50 due now, half of the capital of both. As a mean of what can be
    # done, that is not to be had: what is built later takes 80 from the second.
    tables = world(
        {"make": "-> chip"},
        projects={
            "plant": {"process": "make", "size": 10.0, "capex_usd_m": None},
        },
        funders={
            "first": {"envelope_usd_m": 500.0, "largest_share": 0.5, "to_year": 2030},
            "second": {"envelope_usd_m": 50.0},
        },
        demand={("A", "chip"): {2030: 5.0, 2031: 10.0}},
        series={("projects", "plant", "capex_usd_m"): {2030: 100.0, 2031: 80.0}},
    )
    start = started(tables, case("2030-2031"))
    assert start.solved.value.high == pytest.approx(100.0)
    relaxed = solve_duals(start.written.program.relaxed(), start.written.case.solver, "it")
    assert relaxed.objective == pytest.approx(90.0)
    assert [problem.integral for problem in project_subproblems(start.written.program)] == [False]
    hull = hull_of(start)
    assert hull.objective == pytest.approx(100.0)
    assert sum(hull.uplift.values()) + hull.rest == pytest.approx(0.0, abs=1e-6)


def hull_of(start: Start, every: bool = False) -> Hull:
    return hull_prices(
        start.written.program, start.fixed.values, start.written.case.solver, every=every
    )


def worth(start: Start, problems: list[Subproblem], duals: Array) -> float:
    """The Lagrangian bound at some prices: every project and operation each for itself, plus what
    the sides of the rows are worth."""
    program = start.written.program
    own = np.zeros(len(program.row_low), dtype=bool)
    inside = np.zeros(len(program.cost), dtype=bool)
    for problem in problems:
        own[problem.rows], inside[problem.columns] = True, True
    duals = np.where(own, 0.0, duals)
    reduced = program.cost - outside(program, problems).T @ duals
    exact = start.written.case.solver.model_copy(update={"gap": 0.0})
    total = program.offset
    for problem in problems:
        outcome = solve(problem.program.minimising(reduced[problem.columns]), exact)
        assert outcome.objective is not None
        total += outcome.objective
    rest, low, high = reduced[~inside], program.low[~inside], program.high[~inside]
    leaning = np.where(rest > 0, low, high)
    if np.isinf(leaning[np.abs(rest) > 1e-7]).any():
        return -np.inf
    total += float(np.where(np.isfinite(leaning), leaning, 0.0) @ rest)
    sides = np.where(duals > 0, program.row_low, program.row_high)
    if np.isinf(sides[duals != 0]).any():
        return -np.inf
    return total + float(np.where(duals != 0, sides, 0.0) @ duals)


@pytest.mark.parametrize("seed", seeds(0, 2, 22))
def test_no_prices_support_the_plan_with_less(seed: int) -> None:
    start = started(*random_question(seed))
    program = start.written.program
    problems = project_subproblems(program)
    hull = hull_of(start)
    relaxed = solve_duals(program.relaxed(), start.written.case.solver, "it")
    room = 1e-5 * max(1.0, abs(hull.objective))
    assert relaxed.objective - room <= hull.objective <= start.solved.value.high + room
    # what is left between plan and hull is the uplift, and nothing else
    assert sum(hull.uplift.values()) + hull.rest == pytest.approx(
        hull.plan_objective - hull.objective, abs=room
    )
    # the bound at these prices is the hull itself, and other prices give no better one
    assert worth(start, problems, _tidy(hull)) == pytest.approx(hull.objective, abs=room)
    draw = np.random.default_rng(seed)
    rows = np.flatnonzero(np.abs(hull.row_duals) > 1e-9)
    tried = 0
    for at in [
        *draw.choice(rows, min(6, len(rows)), replace=False),
        *program.rows_of("programme_budget", "funder_envelope"),
    ]:
        for factor in (0.5, 0.9, 1.1):
            other = _tidy(hull)
            other[at] = other[at] * factor if other[at] else -0.1 * factor
            bound = worth(start, problems, other)
            tried += int(np.isfinite(bound))
            assert bound <= hull.objective + room
    assert tried


@pytest.mark.parametrize("seed", some([1, 0, *range(2, 12)], 1))
def test_both_sides_of_a_hull_price(seed: int) -> None:
    start, draw = started(*random_question(seed)), np.random.default_rng(seed)
    hull, program, instance = hull_of(start), start.written.program, start.written.instance
    every = priced_items(instance, program, hull.values)
    some = [
        one
        for one in every
        if one.what in ("budget", "envelope", "coverage") or draw.random() < 0.04
    ]
    verdicts = {
        (row.what, row.where, row.when): row
        for row in priced_hull(hull, [replace(one, two_sided=False) for one in some], frozenset())
    }
    reported = {
        (row.what, row.where, row.when): row
        for row in priced_hull(hull, some, frozenset(one.name for one in some))
    }
    compared = 0
    for one in some:
        step, sign, sides = 1e-4 / one.movement.size(), (-1 if one.gain else 1) * one.scale, []
        for way in (-step, step):
            try:
                sides.append(
                    sign
                    * (
                        hull_prices(
                            moved(program, one.movement, way), start.fixed.values, EXACT
                        ).objective
                        - hull.objective
                    )
                    / way
                )
            except PriceError:
                # started again from the plan and one further choice of each project, it may find no
                # way to fit the moved side
                sides.append(np.nan)
        row = reported.get(one.name)
        if row is not None and row.degenerate == "open":
            assert np.isnan(sides).any()
            continue
        low, high = (0.0, 0.0) if row is None else (row.low, row.high)
        known = [side for side in sides if not np.isnan(side)]
        compared += len(known)
        error = {"rel": 2e-3, "abs": 2e-3 * one.scale}
        if len(known) == 2:
            assert sorted(known) == pytest.approx([low, high], **error), (one.name, row)
        elif known:
            assert known[0] in (pytest.approx(low, **error), pytest.approx(high, **error)), (
                one.name,
                row,
            )
        if one.name in verdicts and verdicts[one.name].degenerate == "no":
            assert not differ(low, high)
    assert compared > len(some)


def _tidy(hull: Hull) -> Array:
    return np.where(np.abs(hull.row_duals) < 1e-10, 0.0, hull.row_duals)


@pytest.mark.slow
def test_random_questions_have_tickets_and_shares() -> None:
    kinds = {
        problem.integral
        for seed in range(24)
        for problem in project_subproblems(started(*random_question(seed)).written.program)
    }
    assert kinds == {True, False}


@pytest.mark.parametrize("seed", range(12))
def test_where_the_own_rows_are_the_hull_it_is_the_relaxation(seed: int) -> None:
    # Geoffrion's integrality property, with every project's hull built from its points all the same
    tables, asked = random_question(seed)
    plain = tuple(
        row.model_copy(update={"largest_share": None, "smallest_ticket_usd_m": None})
        for row in tables.funders
    )
    start = started(replace(tables, funders=plain), asked)
    assert all(problem.integral for problem in project_subproblems(start.written.program))
    relaxed = solve_duals(start.written.program.relaxed(), start.written.case.solver, "it")
    built = hull_of(start, every=True)
    assert built.objective == pytest.approx(relaxed.objective, rel=1e-6)
    assert built.rounds > 1 or built.objective == pytest.approx(start.solved.value.high, rel=1e-6)
    assert hull_of(start).objective == pytest.approx(relaxed.objective, rel=1e-9)


def test_a_required_project_is_in_every_choice() -> None:
    tables, asked = tickets(), case()
    must = replace(
        tables,
        projects=tuple(
            row.model_copy(update={"commitment": "required"}) if row.project == "other" else row
            for row in tables.projects
        ),
    )
    hull = hull_of(started(must, asked))
    assert hull.objective == pytest.approx(130.0)
    assert prove(
        started(must, asked).fixed.program, started(must, asked).fixed.corner.outcome
    ).holds


def test_hull_prices_alone_can_be_requested() -> None:
    tables, asked = tickets(), case()
    table = price_table(
        make_plan(tables, asked), tables, asked, PriceRequest(kinds=("hull",))
    ).table
    assert set(table["kind"]) == {"hull"}
