"""Values that can be found by hand, sampling that agrees with the exact values, and runs that are
interrupted."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from itertools import permutations
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ore_world import World, case

from paxsilica.bundled import data_folder, find_case
from paxsilica.case import Case, read_case
from paxsilica.errors import InputError
from paxsilica.report.console import partners as screen
from paxsilica.solver.resolve import Interval
from paxsilica.studies import partners
from paxsilica.studies.partners import (
    Player,
    case_of,
    default_players,
    parse_player,
    value_partners,
)
from paxsilica.studies.shapley import (
    all_coalitions,
    along,
    orders,
    sampled,
    shapley,
    tightened,
)
from paxsilica.studies.tasks import solve_case
from paxsilica.tables import Tables, load_tables

NAMES = ["a", "b", "c"]


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
    cost = dict(zip(all_coalitions(NAMES), values, strict=True))
    exact = {members: Interval(value, value) for members, value in cost.items()}
    found = {name: shapley(exact, NAMES, name) for name in NAMES}
    for name in NAMES:
        assert found[name].middle == pytest.approx(by_hand(cost, name), abs=1e-9)
    total = cost[frozenset()] - cost[frozenset(NAMES)]
    assert sum(one.middle for one in found.values()) == pytest.approx(total, abs=1e-9)


@given(costs, st.floats(0, 10))
def test_shapley_carries_the_gaps(values: list[float], gap: float) -> None:
    cost = {
        members: Interval(value, value + gap)
        for members, value in zip(all_coalitions(NAMES), values, strict=True)
    }
    found = shapley(cost, NAMES, "a")
    # the player's own weights add up to one on each side, so the gap counts once on each
    assert found.high - found.low == pytest.approx(2 * gap, abs=1e-9)


@given(costs)
@settings(max_examples=20)
def test_sampling_comes_close(values: list[float]) -> None:
    exact = {
        members: Interval(value, value)
        for members, value in zip(all_coalitions(NAMES), values, strict=True)
    }
    arrivals = orders(NAMES, 400, seed=1)
    for name in NAMES:
        mean, error = sampled(exact, arrivals, name)
        assert abs(mean.middle - shapley(exact, NAMES, name).middle) <= 2 * error + 1e-9


def test_money_never_raises_cost_so_bounds_tighten() -> None:
    cost = {members: Interval(0.0, 10.0) for members in all_coalitions(NAMES)}
    cost[frozenset()] = Interval(0.0, 8.0)
    cost[frozenset("abc")] = Interval(5.0, 9.0)
    close = tightened(cost, NAMES)
    assert set(close.values()) == {Interval(5.0, 8.0)}


def test_seeded() -> None:
    assert orders(NAMES, 10, seed=3) == orders(NAMES, 10, seed=3) != orders(NAMES, 10, seed=4)
    assert along(("a", "b")) == [frozenset(), frozenset("a"), frozenset("ab")]


def world() -> World:
    """Funds of Aland and Bland, each of which could pay for half of what is needed; what is missing
    is paid for at the shortage price.

    Bland signs or not: its smelter is the only second one.
    """
    made = World().drop("projects", "smelt-a2")
    return made.set("funders", "fund-a", envelope_usd_m="150").set(
        "funders", "fund-b", envelope_usd_m="400"
    )


def question(*more: str) -> Case:
    return case("coverage.hard=false", *more)


FUNDS = ("Aland's money=money:ALA", "Bland's money=money:BLA")


def players(tables: Tables, texts: tuple[str, ...]) -> list[Player]:
    return [parse_player(text, tables) for text in texts]


def test_worth_of_money_by_hand() -> None:
    """Aland's 150 pay one line (100 + 50): 60 of 90 magnets and metal. Bland's 400 pay both (100 +
    150 + 50 + 60 = 360): all of it."""
    tables = world().read()
    found = value_partners(tables, question(), players(tables, FUNDS))
    cost = {one.coalition: one.cost.middle for one in found.solved}
    a, b = "Aland's money", "Bland's money"
    alone, only_a, only_b, both = (
        cost[frozenset()],
        cost[frozenset({a})],
        cost[frozenset({b})],
        cost[frozenset({a, b})],
    )
    assert only_b == pytest.approx(both)
    rows = found.table.set_index("player")
    assert rows.loc[a, "stand_alone_value_low"] == pytest.approx(alone - only_a)
    assert rows.loc[a, "marginal_value_low"] == pytest.approx(0, abs=1e-6)
    assert rows.loc[a, "shapley_low"] == pytest.approx((alone - only_a) / 2)
    assert rows.loc[b, "shapley_low"] == pytest.approx(((alone - only_b) + (only_a - both)) / 2)
    # what is not covered is priced: 90 t of metal at 2 million and of magnets at 5 million in five
    # years, 315 x 2 x 5, less what it takes
    assert alone - only_a > 1000
    assert "USD million" in found.lines()[0]
    assert screen.headings(found) == [
        *("player", "takes part by"),
        *("stand-alone value", "marginal value", "Shapley value"),
    ]
    shown = {name: values for name, _, *values in screen.rows(found)}
    assert shown[a] == [f"{alone - only_a:,.0f}", "0", f"{(alone - only_a) / 2:,.4g}"]
    assert f"Objective with all of the players: {both:,.4g} USD million." in screen.remarks(found)


def test_signature_by_hand() -> None:
    """Without Bland's signature its smelter counts for nothing; with it, 30 t more of metal and
    magnets are covered in five years."""
    tables = (
        world().set("funders", "fund-a", envelope_usd_m="1000").drop("funders", "fund-b").read()
    )
    found = value_partners(tables, question(), players(tables, ("sign:BLA",)))
    row = found.table.iloc[0]
    alone, together = found.no_partners.middle, found.all_partners.middle
    assert (
        row["stand_alone_value_low"]
        == pytest.approx(alone - together)
        == pytest.approx(row["marginal_value_low"])
    )
    # the shortfall falls by 30 t x 5 years at the value added of metal (3 million) and of magnets
    # (8 less 3 million): 1200; delivery is counted in the same shortfall
    assert row["shapley_of_shortfall"] == pytest.approx(1200)
    assert row["shapley_low"] < 1200


def test_whether_own_needs_count() -> None:
    """Bland wants 50 magnets itself: for the others its signature is worth what it was; with its
    own needs it brings less than it asks."""
    made = world().set("funders", "fund-a", envelope_usd_m="1000").drop("funders", "fund-b")
    for year in ("2026", "2032"):
        made.add("demand", region="BLA", commodity="magnet", year=year, quantity="50")
    tables = made.read()
    chosen = players(tables, ("sign:BLA",))
    others = value_partners(tables, question(), chosen).table.iloc[0]
    with_own = value_partners(tables, question(), chosen, own_needs=True).table.iloc[0]
    assert others["shapley_of_shortfall"] == pytest.approx(1200)
    assert with_own["shapley_of_shortfall"] < others["shapley_of_shortfall"]


def test_a_player_without_whom_there_is_no_plan() -> None:
    tables = World().set("funders", "fund-b", envelope_usd_m="100").read()
    found = value_partners(tables, case(), players(tables, FUNDS))
    assert "unlimited (without it there is no plan)" in found.lines()[0]
    (_, _, *values), _ = screen.rows(found)
    assert "unlimited" in values
    assert "unlimited: a plan exists only after this player joins." in screen.remarks(found)
    assert "Objective with none of the players: no plan." in screen.remarks(found)


@pytest.mark.slow
def test_nine_players_are_sampled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of nine players is made to save 10, with any others before: the estimate is exact,
    from far fewer coalitions than there are."""
    made = world()
    names = [f"R{number}" for number in range(9)]
    for name in names:
        made.add("regions", region=name, name=name, kind="country").add(
            "membership", region=name, status="signatory", from_date="2020-01-01"
        )
        made.add(
            "funders",
            funder=f"fund-{name}",
            name=name,
            region=name,
            envelope_usd_m="10",
            carry_over="yes",
        )

    def saves_ten_each(_: object, case: Case, __: object) -> dict[str, Any]:
        cost = 500 - 10 * (len(names) - len(case.funders.exclude_regions))
        return {
            "status": "optimal",
            "objective": cost + 1,
            "bound": cost,
            "decision": {},
            "tickets": [],
            "terms": {},
        }

    monkeypatch.setattr(partners, "solve_case", saves_ten_each)
    tables = made.read()
    found = value_partners(
        tables,
        question(),
        players(tables, tuple(f"money:{name}" for name in names)),
        samples=4,
        seed=1,
    )
    assert not found.exact
    assert len(found.solved) < 60
    assert found.table["shapley_error"].tolist() == pytest.approx([0.0] * 9)
    assert found.table["shapley_low"].tolist() == pytest.approx([9.0] * 9)
    assert found.table["shapley_high"].tolist() == pytest.approx([11.0] * 9)
    assert found.table["shapley_found"].tolist() == pytest.approx([10.0] * 9)
    assert "sampling error" in found.lines()[0]
    assert screen.headings(found)[-1] == "sampling error"
    assert [row[-1] for row in screen.rows(found)] == ["0"] * 9


@pytest.mark.slow
def test_workers_and_store(tmp_path: Path) -> None:
    tables = world().read()
    pool = value_partners(tables, question(), players(tables, FUNDS), store=tmp_path, workers=2)
    alone = value_partners(tables, question(), players(tables, FUNDS))
    pd.testing.assert_frame_equal(pool.table, alone.table, rtol=1e-6, atol=1e-4)
    kept = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert len(kept) >= 4
    again = value_partners(tables, question(), players(tables, FUNDS), store=tmp_path)
    pd.testing.assert_frame_equal(pool.table, again.table)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == kept


def test_an_interrupted_run_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tables = world().read()
    count = [0]

    @wraps(solve_case)  # the name is part of what a result is kept under
    def interrupted(*args: Any) -> dict[str, Any]:
        count[0] += 1
        if count[0] == 3:
            raise KeyboardInterrupt
        return solve_case(*args)

    monkeypatch.setattr(partners, "solve_case", interrupted)
    with pytest.raises(KeyboardInterrupt):
        value_partners(tables, question(), players(tables, FUNDS), store=tmp_path)
    assert len(list(tmp_path.glob("*.json"))) == 2
    found = value_partners(tables, question(), players(tables, FUNDS), store=tmp_path)
    assert count[0] == 3 + 2
    assert found.no_partners.exists


MIXED = (*FUNDS, "Bland's signature=sign:BLA")


@pytest.fixture(scope="module")
def exactly() -> Callable[..., dict[str, Any]]:
    """Solves each case once."""
    kept: dict[str, dict[str, Any]] = {}

    def solved(tables: Tables, case: Case, _: object) -> dict[str, Any]:
        key = tables.digest + case.model_dump_json()
        if key not in kept:
            kept[key] = solve_case(tables, case, {})
        return kept[key]

    return solved


@pytest.mark.slow
@given(
    widths=st.lists(st.tuples(st.floats(0, 0.5), st.floats(0, 0.5)), min_size=8, max_size=8),
    budget=st.sampled_from([150, 320]),
)
@settings(max_examples=8, deadline=None)
def test_shared_bounds_contain_the_optimum(
    exactly: Callable[..., dict[str, Any]], widths: list[tuple[float, float]], budget: int
) -> None:
    """However far bounds and plans are from the optimum: what is shared makes intervals no wider,
    and all still hold the truth."""
    tables = (
        World()
        .set("funders", "fund-a", envelope_usd_m="150")
        .set("funders", "fund-b", envelope_usd_m="150")
        .read()
    )
    chosen, hard = players(tables, MIXED), question(f"budget_usd_m={budget}", "solver.gap=0")
    left = list(widths)

    def far_off(tables: Tables, case: Case, start: object) -> dict[str, Any]:
        found, (below, above) = exactly(tables, case, start), left.pop()
        return found | {
            "bound": found["objective"] * (1 - below),
            "objective": found["objective"] * (1 + above),
        }

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(partners, "solve_case", exactly)
        exact = value_partners(tables, hard, chosen)
        patch.setattr(partners, "solve_case", far_off)
        loose = value_partners(tables, hard, chosen)
    own = {one.coalition: one.cost for one in loose.solved}
    for coalition, cost in loose.cost.items():
        truth = exact.cost[coalition].middle
        assert cost.low - 1e-6 * truth <= truth <= cost.high + 1e-6 * truth
        assert own[coalition].low <= cost.low <= cost.high <= own[coalition].high
    for kind in ("stand_alone_value", "marginal_value", "shapley"):
        assert (loose.table[f"{kind}_low"] <= exact.table[f"{kind}_low"] + 0.01).all()
        assert (loose.table[f"{kind}_high"] >= exact.table[f"{kind}_high"] - 0.01).all()


def test_cost_does_not_rise_when_a_partner_joins() -> None:
    """The law on which sharing rests, on exact solves: signatures without needs of their own, and
    money, never raise cost."""
    for budget in (150, 320):
        tables = world().set("funders", "fund-b", envelope_usd_m="150").read()
        found = value_partners(
            tables, question(f"budget_usd_m={budget}", "solver.gap=0"), players(tables, MIXED)
        )
        own = {one.coalition: one.cost.middle for one in found.solved}
        for coalition, cost in own.items():
            assert all(
                own[coalition | {name}] <= cost + 1e-6 * cost for name in found.table["player"]
            )


def test_money_that_others_can_pay_in_its_place() -> None:
    """The budget of 150 pays one line, and each of both funds could pay it: as the last to join
    neither is worth anything, and it is said why."""
    tables = world().set("funders", "fund-b", envelope_usd_m="150").read()
    found = value_partners(tables, question("budget_usd_m=150"), players(tables, FUNDS))
    rows = found.table.set_index("player")
    assert rows.loc["Aland's money", "marginal_value_high"] == pytest.approx(0, abs=1e-3)
    assert rows.loc["Aland's money", "stand_alone_value_low"] > 1000


def test_why_the_value_of_money_is_not_distinguishable_from_zero(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Plans as dear as one another but for 1, with bounds far below; the dearer ones turn out to be
    needless, for others can pay."""
    tables = world().set("funders", "fund-b", envelope_usd_m="150").read()
    gaps: list[float] = []

    def far_from_proved(_: object, case: Case, __: object) -> dict[str, Any]:
        cost = 1000 + len(case.funders.exclude_regions)
        gaps.append(case.solver.gap)
        return {
            "status": "feasible",
            "objective": cost,
            "bound": 500,
            "decision": {},
            "tickets": [],
            "terms": {},
        }

    def paid_by_others(*_: object) -> dict[str, Any]:
        return {
            "status": "optimal",
            "objective": 1000,
            "within_money": True,
            "missing": [],
            "decision": {},
            "tickets": [],
            "terms": {},
        }

    monkeypatch.setattr(partners, "solve_case", far_from_proved)
    monkeypatch.setattr(partners, "run_plan", paid_by_others)
    found = value_partners(
        tables, question("budget_usd_m=150", "solver.gap=0.005"), players(tables, FUNDS)
    )
    row = found.table.set_index("player").loc["Aland's money"]
    assert (
        row["stand_alone_value_low"],
        row["stand_alone_value_high"],
        row["marginal_value_found"],
    ) == (0, 500, 0)
    assert gaps == [0.005] * 4 + [0.0005] * 4
    assert row["verdict"].startswith("Not distinguishable from zero")
    assert (
        "have USD 150 million for a budget of 150: the budget is the tighter limit"
        in row["verdict"]
    )
    assert "The best plan known with all partners does not use it." in row["verdict"]


def test_case_of_a_coalition() -> None:
    sign, pay = Player("s", signs=("BLA",)), Player("m", pays=("ALA",))
    base = case('roles.protected=["signatory", "participant"]')
    without = case_of(base, [sign, pay], frozenset())
    assert (without.roles.protected, without.membership) == (
        {"signatory": 0},
        {"BLA": "participant"},
    )
    assert without.funders.exclude_regions == ("ALA",)
    together = case_of(base, [sign, pay], frozenset({"s", "m"}))
    assert (together.membership, together.funders.exclude_regions) == ({"BLA": "signatory"}, ())
    assert case_of(base, [pay], frozenset()).roles == base.roles


@pytest.mark.parametrize("text", ["ALA", "sign:", "trust:ALA", "sign:NOWHERE", "money:CHN"])
def test_players_that_are_not(text: str) -> None:
    with pytest.raises(InputError):
        parse_player(text, World().read())


def test_players_of_the_bundled_case() -> None:
    base = read_case(find_case("base"))
    found = default_players(load_tables(data_folder()), base)
    assert [player.name for player in found] == [
        "Taiwan's signature",
        "the Netherlands' signature",
        "Canada's signature",
        "the UAE's money",
        "Qatar's money",
    ]


def test_players_of_a_case_that_names_none() -> None:
    """Every region whose funders pay, and every participant."""
    tables = world().set("membership", "BLA", status="participant").read()
    both = question('funding=["signatory", "participant"]')
    sign, bland = Player("Bland's signature", ("BLA",)), Player("Bland's money", (), ("BLA",))
    assert default_players(tables, question()) == [sign, Player("Aland's money", (), ("ALA",))]
    assert default_players(tables, both)[1:] == [Player("Aland's money", (), ("ALA",)), bland]
    found = value_partners(tables, question())
    assert list(found.table["player"]) == ["Bland's signature", "Aland's money"]


def test_players_that_a_case_names_wrongly() -> None:
    tables = world().read()
    with pytest.raises(InputError) as error:
        default_players(tables, question('partners=["sign:NOWHERE", "A=money:CHN"]'))
    assert {problem.value for problem in error.value.problems} == {"NOWHERE", "CHN"}
    with pytest.raises(InputError, match="key partners of the case"):
        default_players(world().drop("funders", "fund-a", "fund-b").read(), question())
