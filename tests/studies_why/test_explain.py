"""Verdicts on projects that can be worked out by hand, and turning points that are checked by
solving at both their ends."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ore_world import World, case

from paxsilica.errors import InfeasibleError, InputError
from paxsilica.solver.resolve import NOWHERE, Interval
from paxsilica.studies.break_even import (
    BreakEven,
    Sign,
    sign_of,
    turning_point,
    with_lead_time,
)
from paxsilica.studies.explain import Explanation, explain_project
from paxsilica.studies.parameters import scaled


def explain(
    project: str,
    world: World | None = None,
    *settings: str,
    numbers: tuple[str, ...] = (),
    solves: int = 12,
) -> Explanation:
    return explain_project((world or World()).read(), case(*settings), project, numbers, solves)


def test_a_project_that_is_in() -> None:
    """Without smelter A1 (100) the cheapest cover takes smelter B (150) besides A2."""
    found = explain("smelt-a1")
    assert (found.verdict, found.chosen) == ("in", True)
    assert found.worth.middle == pytest.approx(50)
    assert "Forcing it out costs 50 USD million" in found.lines()[1]
    assert found.displaced.set_index("project").loc["smelt-b", "change"].startswith("drops out")
    assert found.reaches == ("magnet",)
    assert set(found.feeds["commodity"]) == {"metal"}
    assert found.feeds["share_of_need"].max() == pytest.approx(0.6)


def test_a_project_that_is_out() -> None:
    """Smelter B (150) can only take the place of A2 (120)."""
    found = explain("smelt-b")
    assert (found.verdict, found.chosen) == ("out", False)
    assert found.worth.middle == pytest.approx(-30)
    assert "Forcing it in costs 30 USD million" in found.lines()[1]


def test_a_tie_is_reported_as_undecided() -> None:
    """At the price of A2, smelter B is as good."""
    found = explain("smelt-b", World().set("projects", "smelt-b", capex_usd_m="120"))
    assert found.verdict == "undecided (inside the gap)"
    assert "Another run may decide otherwise" in found.lines()[1]


def test_a_wide_gap_leaves_it_open() -> None:
    found = explain("smelt-b", None, "solver.gap=0.5")
    assert found.verdict == "undecided (inside the gap)"
    assert found.worth.low <= -30 <= found.worth.high


def test_a_project_without_which_there_is_no_plan() -> None:
    found = explain("smelt-a1", World().drop("projects", "smelt-b"))
    assert found.verdict == "in"
    assert "Without it there is no plan at all." in found.lines()


def test_a_project_that_no_plan_can_have() -> None:
    """Its capital is beyond the budget."""
    found = explain(
        "smelt-b",
        World().set("projects", "smelt-b", capex_usd_m="2000"),
        "funders.exclude=[]",
        "budget_usd_m=1500",
    )
    assert found.verdict == "out"
    assert "No plan that meets the case can have it." in found.lines()


def test_a_required_project() -> None:
    found = explain("smelt-b", World().set("projects", "smelt-b", commitment="required"))
    assert found.verdict == "required"
    assert "Forcing it in costs 30 USD million" in found.lines()[1]


def test_a_dropped_project() -> None:
    found = explain("smelt-b", World().set("projects", "smelt-b", lead_time_years="20"))
    assert found.verdict == "left out"
    assert "cannot come into service within the years of the case" in found.lines()[0]


def test_no_plan_and_no_project() -> None:
    with pytest.raises(InfeasibleError):
        explain("smelt-b", None, "budget_usd_m=100")
    with pytest.raises(InputError, match=r"did you mean .smelt-b"):
        explain("smelt-c")


@pytest.mark.parametrize(
    ("project", "what", "turns"),
    [
        ("smelt-a1", "capital", 150),  # dearer than that, B takes its place
        ("smelt-b", "capital", 120),  # cheaper than that, it takes the place of A2
        ("press-a2", "capital", 80),
    ],
)
def test_where_capital_turns_the_verdict(project: str, what: str, turns: float) -> None:
    (one,) = explain(project, numbers=(what,), solves=14).break_even
    assert one.at is not None
    assert one.at.low <= turns <= one.at.high
    assert one.at.high - one.at.low <= 0.05 * turns


def test_where_lead_time_turns_the_verdict() -> None:
    """Committed in 2026, a plant runs in 2028 with a lead time of two years, and not with three."""
    (one,) = explain("smelt-a1", numbers=("lead time",)).break_even
    assert one.at == Interval(2, 3)


def soft(world: World) -> World:
    """Aland alone, one smelter and one press, 60 t of each; what is not covered is paid for."""
    world.drop("projects", "smelt-a2", "smelt-b", "press-a2", "press-b")
    return world.set("commodities", "*", shortage_price_usd_per_unit="500000")


def test_where_price_turns_the_verdict() -> None:
    """The press costs 50 and saves, at the price p of a magnet, 60 t x 5 years x (p - 3 million) of
    value added, less what it costs to run; the metal in a magnet costs 3 million."""
    found = explain("press-a1", soft(World()), "coverage.hard=false", numbers=("price",), solves=14)
    (one,) = found.break_even
    assert one.at is not None
    assert one.at.low <= 3e6 + 50e6 / 300 <= one.at.high * 1.05
    assert found.verdict == "in"


@pytest.mark.parametrize(
    ("project", "what"),
    [
        ("smelt-a1", "capital"),
        ("smelt-b", "capital"),
        ("press-a1", "price"),
        ("press-a1", "lead time"),
    ],
)
def test_the_verdict_differs_at_the_ends(project: str, what: str) -> None:
    """The ends of the interval are certain: solved again, the verdict is in at one end and out at
    the other."""
    world, settings = (
        (soft(World()), ("coverage.hard=false",)) if project == "press-a1" else (World(), ())
    )
    tables = world.read()
    solves = 14 if what == "price" else 8
    (one,) = explain_project(tables, case(*settings), project, (what,), solves).break_even
    assert one.at is not None

    def at(value: float) -> str:
        if what == "lead time":
            return explain_project(
                with_lead_time(tables, project, round(value)), case(*settings), project, ()
            ).verdict
        if what == "price":
            changed = tables
            for column in ("price_usd_per_unit", "shortage_price_usd_per_unit"):
                changed = scaled(changed, "commodities", "magnet", column, value / one.now)
        else:
            changed = scaled(tables, "projects", project, "capex_usd_m", value / one.now)
        try:
            return explain_project(changed, case(*settings), project, ()).verdict
        except InputError:  # worth less than its inputs: nothing is lost without it
            return "out"

    # a project that comes too late for the case is left out before the search
    assert {at(one.at.low), at(one.at.high)} in ({"in", "out"}, {"in", "left out"})


def test_the_verdict_depends_on_a_number() -> None:
    world = World()
    world.add("sources", source="guess", title="Judgement")
    for key, low, high in (("smelt-b", "110", "160"), ("smelt-a1", "90", "110")):
        world.add(
            "provenance",
            table="projects",
            row=key,
            column="capex_usd_m",
            unit="USD million",
            low=low,
            high=high,
            range="absolute",
            sources="guess",
            grade="C",
            price_year="2025",
        )
    found = explain("smelt-b", world, numbers=("capital",))
    assert found.break_even[0].within_range
    assert "(grade C): the verdict depends on it." in found.lines()[-1]
    assert ("projects", "capex_usd_m", "C") in {
        (number.table, number.column, number.grade) for number in found.numbers
    }
    assert not explain("smelt-a1", world, numbers=("capital",)).break_even[0].within_range


@given(st.floats(1, 99), st.floats(0, 30), st.floats(0, 100), st.booleans())
def test_the_search_is_never_wrong(turn: float, width: float, now: float, rising: bool) -> None:
    """The sign is known outside a stretch around the turn; the interval that is found holds the
    turn and ends where the sign is known."""

    def sign(value: float) -> Sign:
        below = value < turn - width / 2
        above = value > turn + width / 2
        return 0 if not below and not above else 1 if below != rising else -1

    friendly, unfriendly = (100.0, 0.0) if rising else (0.0, 100.0)
    found, calls = turning_point(sign, friendly, unfriendly, now, sign(now), 12, 0.5)
    assert calls <= 13
    if found is None:
        assert sign(friendly) != 1 or sign(unfriendly) != -1
    else:
        assert found.low <= turn <= found.high
        assert {sign(found.low), sign(found.high)} == {-1, 1}


def test_whole_numbers() -> None:
    found, _ = turning_point(lambda value: 1 if value <= 6 else -1, 0, 20, 1, 1, 20, 1)
    assert found == Interval(6, 7)


def test_signs() -> None:
    assert sign_of(Interval(1, 2), Interval(3, 4)) == 1
    assert sign_of(Interval(3, 4), Interval(1, 2)) == -1
    assert sign_of(Interval(1, 3), Interval(2, 4)) == 0
    assert sign_of(NOWHERE, Interval(1, 2)) == -1
    assert sign_of(Interval(1, 2), NOWHERE) == 1
    one = BreakEven("Capital", "USD million", 1.0, None, (0.0, 5.0), 1.0, 1.0, "", 2)
    assert "the same from 0 to 5" in one.sentence
    assert not one.within_range
