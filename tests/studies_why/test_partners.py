"""Worths that can be found by hand, sampling that agrees with the exact values, and runs that are interrupted."""

from __future__ import annotations

import json
from itertools import permutations
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ore_world import World, case

from paxsilica.case import Case
from paxsilica.errors import InputError
from paxsilica.studies import partners
from paxsilica.studies.coalitions import (
    Player,
    all_coalitions,
    along,
    case_of,
    orders,
    parse_player,
    sampled,
    shapley,
    tightened,
)
from paxsilica.studies.names import DEFAULT_PLAYERS
from paxsilica.studies.partners import Solved, value_partners
from paxsilica.studies.resolve import Interval, Known
from paxsilica.tables import Tables

NAMES = ["a", "b", "c"]
PLAYERS = [Player(name, pays=(name,)) for name in NAMES]


def by_hand(cost: dict[frozenset[str], float], name: str) -> float:
    """The average of what a player adds over all orders, written out."""
    gains = []
    for order in permutations(NAMES):
        before = frozenset(order[: order.index(name)])
        gains.append(cost[before] - cost[before | {name}])
    return sum(gains) / len(gains)


costs = st.lists(st.floats(-100, 100), min_size=8, max_size=8)


@given(costs)
def test_shapley_is_the_average_over_orders(values: list[float]) -> None:
    cost = dict(zip(all_coalitions(PLAYERS), values, strict=True))
    exact = {members: Interval(value, value) for members, value in cost.items()}
    found = {name: shapley(exact, PLAYERS, name) for name in NAMES}
    for name in NAMES:
        assert found[name].middle == pytest.approx(by_hand(cost, name), abs=1e-9)
    everybody = cost[frozenset()] - cost[frozenset(NAMES)]
    assert sum(one.middle for one in found.values()) == pytest.approx(everybody, abs=1e-9)


@given(costs, st.floats(0, 10))
def test_shapley_carries_the_gaps(values: list[float], gap: float) -> None:
    cost = {members: Interval(value, value + gap) for members, value in zip(all_coalitions(PLAYERS), values, strict=True)}
    found = shapley(cost, PLAYERS, "a")
    # the player's own weights add up to one on each side, so the gap counts once on each
    assert found.high - found.low == pytest.approx(2 * gap, abs=1e-9)


@given(costs)
@settings(max_examples=20)
def test_sampling_comes_close(values: list[float]) -> None:
    exact = {members: Interval(value, value) for members, value in zip(all_coalitions(PLAYERS), values, strict=True)}
    arrivals = orders(PLAYERS, 400, seed=1)
    for name in NAMES:
        mean, error = sampled(exact, arrivals, name)
        assert abs(mean.middle - shapley(exact, PLAYERS, name).middle) <= 2 * error + 1e-9


def test_money_never_raises_cost_so_bounds_tighten() -> None:
    cost = {members: Interval(0.0, 10.0) for members in all_coalitions(PLAYERS)}
    cost[frozenset()] = Interval(0.0, 8.0)
    cost[frozenset("abc")] = Interval(5.0, 9.0)
    close = tightened(cost, PLAYERS)
    assert set(close.values()) == {Interval(5.0, 8.0)}


def test_seeded() -> None:
    assert orders(PLAYERS, 10, seed=3) == orders(PLAYERS, 10, seed=3) != orders(PLAYERS, 10, seed=4)
    assert along(("a", "b")) == [frozenset(), frozenset("a"), frozenset("ab")]


def world() -> World:
    """Funds of Aland and Bland, each of which could pay for half of what is needed; what is missing is paid for at the shortage price.

    Bland signs or not: its smelter is the only second one.
    """
    made = World().drop("projects", "smelt-a2")
    return made.set("funders", "fund-a", envelope_usd_m="150").set("funders", "fund-b", envelope_usd_m="400")


def question(*more: str) -> Case:
    return case("coverage.hard=false", *more)


FUNDS = ("Aland's money=money:ALA", "Bland's money=money:BLA")


def players(tables: Tables, texts: tuple[str, ...]) -> list[Player]:
    return [parse_player(text, tables) for text in texts]


def test_worth_of_money_by_hand() -> None:
    """Aland's 150 pay one line (100 + 50): 60 of 90 magnets and metal. Bland's 400 pay both (100 + 150 + 50 + 60 = 360): all of it."""
    tables = world().read()
    found = value_partners(tables, question(), players(tables, FUNDS))
    cost = {one.coalition: one.cost.middle for one in found.solved}
    a, b = "Aland's money", "Bland's money"
    nobody, only_a, only_b, both = cost[frozenset()], cost[frozenset({a})], cost[frozenset({b})], cost[frozenset({a, b})]
    assert only_b == pytest.approx(both)
    rows = found.table.set_index("player")
    assert rows.loc[a, "first_in_low"] == pytest.approx(nobody - only_a)
    assert rows.loc[a, "last_in_low"] == pytest.approx(0, abs=1e-6)
    assert rows.loc[a, "shapley_low"] == pytest.approx((nobody - only_a) / 2)
    assert rows.loc[b, "shapley_low"] == pytest.approx(((nobody - only_b) + (only_a - both)) / 2)
    # what is not covered is priced: 90 t of metal at 2 million and of magnets at 5 million in five years, 315 x 2 x 5, less what it takes
    assert nobody - only_a > 1000
    assert "USD million" in found.lines()[0]


def test_signature_by_hand() -> None:
    """Without Bland's signature its smelter counts for nothing; with it, 30 t more of metal and magnets are covered in five years."""
    tables = world().set("funders", "fund-a", envelope_usd_m="1000").drop("funders", "fund-b").read()
    found = value_partners(tables, question(), players(tables, ("sign:BLA",)))
    row = found.table.iloc[0]
    alone, together = found.nobody.middle, found.everybody.middle
    assert row["first_in_low"] == pytest.approx(alone - together) == pytest.approx(row["last_in_low"])
    # the shortfall falls by 30 t x (2 + 5 million) x 5 years = 1050, plus 30 t of delivery counted in the same shortfall
    assert row["shapley_of_shortfall"] == pytest.approx(1050)
    assert row["shapley_low"] < 1050


def test_whether_own_needs_count() -> None:
    """Bland wants 50 magnets itself: for the others its signature is worth what it was; with its own needs it brings less than it asks."""
    made = world().set("funders", "fund-a", envelope_usd_m="1000").drop("funders", "fund-b")
    for year in ("2026", "2032"):
        made.add("demand", region="BLA", commodity="magnet", year=year, quantity="50")
    tables = made.read()
    chosen = players(tables, ("sign:BLA",))
    others = value_partners(tables, question(), chosen).table.iloc[0]
    with_own = value_partners(tables, question(), chosen, own_needs=True).table.iloc[0]
    assert others["shapley_of_shortfall"] == pytest.approx(1050)
    assert with_own["shapley_of_shortfall"] < others["shapley_of_shortfall"]


def test_a_player_without_whom_there_is_no_plan() -> None:
    tables = World().set("funders", "fund-b", envelope_usd_m="100").read()
    found = value_partners(tables, case(), players(tables, FUNDS))
    assert "everything (without it there is no plan)" in found.lines()[0]


def test_nine_players_are_sampled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of nine players is made to save 10, whoever was there before: the estimate is exact, from far fewer coalitions than there are."""
    made = world()
    names = [f"R{number}" for number in range(9)]
    for name in names:
        made.add("regions", region=name, name=name, kind="country").add(
            "membership", region=name, status="signatory", from_date="2020-01-01"
        )
        made.add("funders", funder=f"fund-{name}", name=name, region=name, envelope_usd_m="10", carry_over="yes")

    def saves_ten_each(_: object, __: object, coalition: frozenset[str], *___: object) -> Solved:
        return Solved(coalition, Interval(500 - 10 * len(coalition), 501 - 10 * len(coalition)), {}, Known())

    monkeypatch.setattr(partners, "solve_coalition", saves_ten_each)
    tables = made.read()
    found = value_partners(tables, question(), players(tables, tuple(f"money:{name}" for name in names)), samples=4, seed=1)
    assert not found.exact
    assert len(found.solved) < 60
    assert found.table["shapley_error"].tolist() == pytest.approx([0.0] * 9)
    assert found.table["shapley_low"].tolist() == pytest.approx([9.0] * 9)
    assert found.table["shapley_high"].tolist() == pytest.approx([11.0] * 9)
    assert "sampling error" in found.lines()[0]


def test_workers_and_store(tmp_path: Path) -> None:
    tables = world().read()
    told: list[tuple[int, int, str]] = []
    pool = value_partners(tables, question(), players(tables, FUNDS), folder=tmp_path, workers=2, tell=lambda *step: told.append(step))
    alone = value_partners(tables, question(), players(tables, FUNDS))
    pd.testing.assert_frame_equal(pool.table, alone.table, rtol=1e-6, atol=1e-4)
    assert [step[0] for step in told] == [0, 1, 2, 3, 4]
    again: list[int] = []
    value_partners(tables, question(), players(tables, FUNDS), folder=tmp_path, tell=lambda done, *_: again.append(done))
    assert again == [4]


def test_an_interrupted_run_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tables = world().read()
    solve, count = partners.solve_coalition, [0]

    def interrupted(*args: object) -> object:
        count[0] += 1
        if count[0] == 3:
            raise KeyboardInterrupt
        return solve(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(partners, "solve_coalition", interrupted)
    with pytest.raises(KeyboardInterrupt):
        value_partners(tables, question(), players(tables, FUNDS), folder=tmp_path)
    store = next(tmp_path.glob("*.jsonl"))
    kept = store.read_text()
    assert len(kept.splitlines()) == 2
    store.write_text(kept + '{"case": "cut o')
    found = value_partners(tables, question(), players(tables, FUNDS), folder=tmp_path)
    assert count[0] == 3 + 2
    assert found.nobody.exists
    assert sum(1 for line in store.read_text().splitlines() if line.endswith("}") and json.loads(line)) == 4


def test_case_of_a_coalition() -> None:
    sign, pay = Player("s", signs=("BLA",)), Player("m", pays=("ALA",))
    base = case('trusted=["signatory", "participant"]')
    without = case_of(base, [sign, pay], frozenset())
    assert (without.trusted, without.membership) == ({"signatory": 0}, {"BLA": "participant"})
    assert without.funders.exclude_regions == ("ALA",)
    everybody = case_of(base, [sign, pay], frozenset({"s", "m"}))
    assert (everybody.membership, everybody.funders.exclude_regions) == ({"BLA": "signatory"}, ())
    assert case_of(base, [pay], frozenset()).trusted == base.trusted


@pytest.mark.parametrize("text", ["ALA", "sign:", "trust:ALA", "sign:NOWHERE", "money:CHN"])
def test_players_that_are_not(text: str) -> None:
    with pytest.raises(InputError):
        parse_player(text, World().read())


def test_default_players_are_named_in_the_question() -> None:
    assert [text.partition("=")[0] for text in DEFAULT_PLAYERS] == [
        "Taiwan's signature",
        "the Netherlands' signature",
        "Canada's signature",
        "the UAE's money",
        "Qatar's money",
    ]
