"""The algebra of steps of size, shared capacities, closings and returns after use."""

from __future__ import annotations

from typing import Any

from worlds import Built, approx, built, case, world

NORMAL = "normal 2031"
OLD = ("old", 2031)
CLOSED, MOTHBALLED = ("closed", OLD), ("mothballed", OLD)


def test_size_in_steps_is_a_number_of_steps() -> None:
    lines = {"process": "make", "size": (0.0, 20.0), "size_step": 4.0}
    model = built(world({"make": "-> chip"}, projects={"p": lines}), case("2031"))
    row = model.line("size_in_steps", "p", 2031)
    assert row.terms == {("added_size", ("p", 2031)): 1, ("size_steps", ("p", 2031)): -4}
    assert row.sides == (0, 0)
    assert model.bounds("size_steps", "p", 2031) == (0, 5)


def scaled() -> Built:
    plant = {
        "process": "make",
        "size": (2.0, 10.0),
        "capex_usd_m_per_unit": 4.0,
        "scale_sizes": (6.0, 8.0),
        "scale_savings": (0.25, 0.4),
    }
    return built(world({"make": "-> chip"}, projects={"p": plant}), case("2031"))


ADDED, BEYOND = ("added_size", ("p", 2031)), ("size_beyond", ("p", 1, 2031))
REACHED = ("size_reached", ("p", 1, 2031))


def test_beyond_at_least_what_is_above_the_size() -> None:
    # the second size, 8, is 6 above the smallest
    row = scaled().line("beyond_at_least", "p", 1, 2031)
    assert (row.terms, row.low) == ({BEYOND: 1, ADDED: -1}, -6)


def test_beyond_at_most_what_is_above_the_size() -> None:
    row = scaled().line("beyond_at_most", "p", 1, 2031)
    assert (row.terms, row.high) == ({BEYOND: 1, ADDED: -1, REACHED: 6}, 0)


def test_beyond_when_reached_and_not_before() -> None:
    row = scaled().line("beyond_when_reached", "p", 1, 2031)
    assert (row.terms, row.high) == ({BEYOND: 1, REACHED: -2}, 0)


def test_cost_capital_of_units_beyond_a_size_is_less() -> None:
    # 4 for each unit, a quarter less beyond the first size and 15 % more beyond the second
    found = scaled().cost("capital")
    assert found[ADDED] == approx(4)
    assert found["size_beyond", ("p", 0, 2031)] == approx(-1)
    assert found[BEYOND] == approx(-0.6)


def line(**project: Any) -> Built:
    """A line of 100 hours with a recipe of one and another of two hours."""
    plant = {"process": "light", "size": 100.0} | project
    tables = world(
        {"light": "-> light", "heavy": "-> heavy"},
        assets={"twin": {"process": "heavy", "shares_capacity_of": "line", "capacity_use": 2.0}}
        | ({} if project else {"line": {"process": "light", "capacity": 100.0}}),
        projects={"line": plant} if project else {},
        demand={("A", "light"): 1, ("A", "heavy"): 1},
    )
    return built(tables, case("2031"))


def test_shared_capacity_of_a_project_and_of_an_asset() -> None:
    used = {("activity", ("line", NORMAL)): 1, ("activity", ("twin", NORMAL)): 2}
    project = line(capex_usd_m=5.0).line("shared_capacity", "line", NORMAL)
    assert project.terms == used | {("committed", ("line", 2031)): -100}
    assert project.high == 0
    asset = line().line("shared_capacity", "line", NORMAL)
    assert asset.terms == used
    assert asset.high == 100


def closable() -> Built:
    old = {
        "process": "make",
        "capacity": 20.0,
        "must_run_share": 0.5,
        "closing_cost_usd_m": 3.0,
        "mothballed_fixed_cost_share": 0.25,
        "restart_cost_usd_m": 1.0,
    }
    tables = world(
        {"make": "-> chip"},
        assets={"old": old, "other": {"process": "make"}},
        demand={("A", "chip"): 4},
    )
    return built(tables, case("2030-2031"))


def test_closed_for_good_in_each_year_after_the_first() -> None:
    assert closable().lines("closed_for_good") == [OLD]
    row = closable().line("closed_for_good", *OLD)
    assert row.terms == {CLOSED: 1, ("closed", ("old", 2030)): -1}
    assert row.low == 0


def test_closed_or_mothballed_and_not_both() -> None:
    row = closable().line("closed_or_mothballed", *OLD)
    assert (row.terms, row.high) == ({CLOSED: 1, MOTHBALLED: 1}, 1)


def test_restart_after_a_year_mothballed_unless_it_is_closed() -> None:
    row = closable().line("restart", *OLD)
    assert row.terms == {
        ("restarted", OLD): 1,
        ("mothballed", ("old", 2030)): -1,
        MOTHBALLED: 1,
        CLOSED: 1,
    }
    assert row.low == 0


def test_open_capacity_and_no_other() -> None:
    row = closable().line("open_capacity", "old", NORMAL)
    assert row.terms == {("activity", ("old", NORMAL)): 1, CLOSED: 20, MOTHBALLED: 20}
    assert row.high == 20


def test_open_must_run_in_the_place_of_a_bound() -> None:
    row = closable().line("open_must_run", "old", NORMAL)
    assert row.terms == {("activity", ("old", NORMAL)): 1, CLOSED: 10, MOTHBALLED: 10}
    assert row.low == 10
    assert closable().bounds("activity", "old", NORMAL) == (0, 20)


def test_returns_after_use_of_the_past_and_of_the_case() -> None:
    collection = {
        "process": "collect",
        "returns_of": "magnet",
        "returns_after_years": 2,
        "returns_share": 0.5,
    }
    tables = world(
        {"collect": "-> magnet"},
        commodities={"magnet": {"shortage_price_usd_per_unit": 1.0}},
        assets={"collection": collection},
        demand={("A", "magnet"): {2028: 8, 2032: 12}},
    )
    model = built(tables, case("2030-2032"))
    past = model.line("returns_after_use", "collection", "normal 2031", "past")
    assert past.terms == {("activity", ("collection", "normal 2031")): 1}
    assert past.high == approx(0.5 * 9)
    later = model.line("returns_after_use", "collection", "normal 2032", "normal 2030")
    assert later.terms == {
        ("activity", ("collection", "normal 2032")): 1,
        ("unserved", ("A", "magnet", "normal 2030")): 0.5,
    }
    assert later.high == approx(0.5 * 10)
