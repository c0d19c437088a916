"""Losses in addition to the adversaries, the worst of several, and how long stores last: worlds
solved by hand, and random ones against every set of losses."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import pandas as pd
import pytest

from paxsilica.api import Question
from paxsilica.errors import InputError
from paxsilica.plan.coverage import CoverageTests, ready
from paxsilica.plan.losses import KINDS, Loss
from paxsilica.plan.restored import decided_in, values_of
from paxsilica.plan.result import Plan
from paxsilica.solver.resolve import changed, write
from paxsilica.studies.stress import lose_in_year, stress
from paxsilica.tables.read import Tables
from worlds import M, approx, case, seeds, world

WEST = {"A": "signatory", "B": "signatory", "C": "adversary"}
SOFT = {"required": 1.0, "from_year": 2030, "hard": False}
PRICED = {"covered": True, "shortage_price_usd_per_unit": 50 * M}


def losses(question: Question, **how: Any) -> dict[tuple[str, str], dict[str, Any]]:
    """The rows of the main table by kind and name."""
    found = stress(question, time=False, workers=1, **how).table()
    return {(row["kind"], row["lost"]): row for row in found.to_dict("records")}


def two_countries(**more: Any) -> Tables:
    """A and B both make chips from ore, and trade both goods."""
    return world(
        {"dig": "-> ore", "make": "ore -> chip"},
        regions=WEST,
        commodities={"ore": PRICED, "chip": PRICED},
        assets={
            "a-mine": {"process": "dig", "capacity": 6.0},
            "b-mine": {"process": "dig", "region": "B", "capacity": 10.0},
            "a-fab": {"process": "make", "capacity": 8.0},
            "b-fab": {"process": "make", "region": "B", "capacity": 4.0},
        },
        demand={("A", "chip"): 6.0, ("B", "chip"): 4.0},
        routes={f"{way} {good}": 0.0 for way in ("A>B", "B>A") for good in ("ore", "chip")},
        **more,
    )


def test_losses_of_plants_regions_and_routes() -> None:
    # Need 10 chips and 10 ore; 12 can be made, from 16 of ore. Without a-fab 4 chips are made:
    # 40 %. Without b-fab 8. Without b-mine 6 of ore: 60 %. Without a-mine 10 of ore: nothing is
    # lost. Without A the need is 4, which B makes: nothing is lost; counted against the whole need
    # it would be 40 %. Without B the need is 6: a-mine and a-fab make it. Without trade from A to B
    # nothing is lost, because B makes its own; without trade from B to A likewise.
    found = losses(Question(two_countries(), case(coverage=SOFT)), lose=KINDS)
    assert {key: row["coverage"] for key, row in found.items()} == approx(
        {
            ("plant", "a-fab"): 0.4,
            ("plant", "b-mine"): 0.6,
            ("plant", "b-fab"): 0.8,
            ("plant", "a-mine"): 1.0,
            ("region", "A"): 1.0,
            ("region", "B"): 1.0,
            ("route", "A>B"): 1.0,
            ("route", "B>A"): 1.0,
        }
    )
    assert list(found)[:3] == [("plant", "a-fab"), ("plant", "b-mine"), ("plant", "b-fab")]
    assert found["plant", "a-fab"]["damage"] == approx(0.6)
    assert found["plant", "a-fab"]["limiting_goods"] == "chip"
    assert found["plant", "b-mine"]["limiting_goods"] == "chip, ore"


def test_the_worst_pair_is_not_the_pair_of_the_worst() -> None:
    # The three mines are one for another: without one of them the other two still feed the fab in
    # full, without two of them a third is left. The fab of 9 has no second: the loss of it is the
    # worst single, and after it nothing is left to lose. With the fab kept, single mines do no
    # damage, and the pair with most ore is the worst: no rule that adds single damages finds it.
    tables = world(
        {"dig": "-> ore", "make": "ore -> chip"},
        commodities={"ore": PRICED, "chip": PRICED},
        assets={
            "one": {"process": "dig", "capacity": 10.0},
            "two": {"process": "dig", "capacity": 9.0},
            "three": {"process": "dig", "capacity": 3.0},
            "fab": {"process": "make", "capacity": 9.0},
        },
        demand={("A", "chip"): 9.0},
    )
    question = Question(tables, case(coverage=SOFT))
    found = stress(question, lose=["plant"], count=2, time=False, workers=1).table("worst")
    assert found.iloc[0]["lost"] == "fab"
    assert found.iloc[0]["coverage"] == approx(0.0)
    kept = stress(question, lose=["plant"], count=3, keep=["fab"], time=False, workers=1)
    assert kept.table()["damage"].tolist() == approx([0.0, 0.0, 0.0])
    sets = {row["size"]: row for row in kept.table("worst").to_dict("records")}
    assert sets[2]["lost"] == "one; two"
    assert sets[2]["coverage"] == approx(3 / 9)
    assert (sets[3]["lost"], sets[3]["coverage"]) == ("one; three; two", approx(0.0))
    assert sets[2]["worst_year"] == "yes"


def test_coverage_may_rise_when_a_region_is_lost() -> None:
    # A makes 5; A and B need 5 each: 50 %. Without B all that A needs is made. Coverage is not
    # monotone in the set of regions that are lost, because the need falls too; it is with the need
    # held. Without A nothing is made, and B needs all of it.
    tables = world(
        {"make": "-> chip"},
        regions=WEST,
        commodities={"chip": PRICED},
        assets={"fab": {"process": "make", "capacity": 5.0}},
        demand={("A", "chip"): 5.0, ("B", "chip"): 5.0},
        routes={"A>B chip": 0.0},
    )
    question = Question(tables, case(coverage=SOFT))
    found = losses(question, count=2)
    assert found["region", "B"]["coverage"] == approx(1.0)
    assert found["region", "B"]["damage"] == approx(-0.5)
    assert found["region", "A"]["coverage"] == approx(0.0)
    # without both, nobody needs anything: that is no coverage of 100 %
    both = stress(question, count=2, time=False, workers=1).table("worst").iloc[0]
    assert (both["lost"], both["coverage"]) == ("A", approx(0.0))


def test_nothing_needed_is_no_coverage() -> None:
    tables = world(
        {"make": "-> chip"},
        regions=WEST,
        commodities={"chip": PRICED},
        assets={"fab": {"process": "make", "region": "B", "capacity": 5.0}},
        demand={("A", "chip"): 5.0},
        routes={"B>A chip": 0.0},
    )
    found = losses(Question(tables, case(coverage=SOFT)))
    assert pd.isna(found["region", "A"]["coverage"])
    assert pd.isna(found["region", "A"]["damage"])
    assert list(found) == [("region", "B"), ("region", "A")]


def test_a_lost_region_takes_its_store_and_not_the_plants_of_its_firms() -> None:
    # A needs 10: 4 come from a store in B and 6 from a fab in A that a firm of B controls.
    tables = world(
        {"make": "-> chip"},
        regions=WEST,
        commodities={"chip": PRICED},
        assets={"fab": {"process": "make", "capacity": 6.0, "controller": "B"}},
        demand={("A", "chip"): 10.0},
        stocks={("B", "chip"): {"initial": 4.0, "final": 4.0}},
        routes={"B>A chip": 0.0},
    )
    found = losses(Question(tables, case(coverage=SOFT)))
    assert found["region", "B"]["before"] == approx(1.0)
    assert found["region", "B"]["coverage"] == approx(0.6)


def test_all_recipes_of_a_lost_plant_stop() -> None:
    tables = world(
        {"make": "-> chip", "print": "-> board"},
        commodities={"chip": PRICED, "board": PRICED},
        assets={
            "fab": {"process": "make", "capacity": 20.0},
            "line": {"process": "print", "capacity": 10.0, "shares_capacity_of": "fab"},
            "other": {"process": "make", "capacity": 10.0},
        },
        demand={("A", "chip"): 10.0, ("A", "board"): 10.0},
    )
    found = losses(Question(tables, case(coverage=SOFT)), lose=["plant"])
    assert set(found) == {("plant", "fab"), ("plant", "other")}
    assert found["plant", "fab"]["coverage"] == approx(0.0)
    assert found["plant", "other"]["coverage"] == approx(1.0)


def lasting(tables: Tables, years: str = "2030", **coverage: Any) -> dict[Any, dict[str, Any]]:
    """Rows of time to survive by stage, good and year."""
    question = Question(tables, case(years, coverage=SOFT | coverage))
    found = stress(question, workers=1).table("survival_by_year")
    return {
        (
            row["stage"],
            row["commodity"] if isinstance(row["commodity"], str) else "",
            row["year"],
        ): row
        for row in found.to_dict("records")
    }


def stored(
    capacity: float = 0.0, amount: float = 10.0, projects: Any = None, **chip: Any
) -> Tables:
    """A need of 4 a year in A, a store, and a plant; the adversary C delivers at rising cost, so
    that the store is kept full in normal times."""
    return world(
        {"make": "-> chip"},
        regions=WEST,
        commodities={"chip": PRICED | chip},
        assets={
            "ours": {"process": "make", "capacity": capacity},
            "theirs": {"process": "make", "region": "C", "variable_cost_usd_per_unit": None},
        },
        projects=projects,
        stocks={("A", "chip"): {"initial": amount, "largest": max(amount, 1e-3)}},
        routes={"C>A chip": 0.0},
        demand={("A", "chip"): 4},
        series={
            ("assets", "theirs", "variable_cost_usd_per_unit"): {2030: M, 2040: 11 * M},
        },
    )


@pytest.mark.parametrize(
    ("capacity", "required", "months"),
    [
        (0.0, 1.0, 30.0),  # 10 in store, 4 a year: two and a half years
        (2.0, 1.0, 60.0),  # 2 of 4 are made: 10 last five years
        (2.0, 0.8, 100.0),  # 3.2 are required, 1.2 drawn
        (2.0, 0.5, math.inf),  # what is made is enough
    ],
)
@pytest.mark.parametrize("outage", [1, 3])
def test_a_store_lasts_until_it_is_empty(
    capacity: float, required: float, months: float, outage: int
) -> None:
    """The years that the case lets a store last do not matter: time is what is asked for."""
    found = lasting(stored(capacity), required=required, outage_years=outage)
    for row in found.values():
        lasts = row["months_to_survive"]
        assert (math.inf if pd.isna(lasts) else lasts) == approx(months, rel=1e-5)
        assert row["falls_short"] == ("no" if math.isinf(months) else "yes")
        assert pd.isna(row["months_to_recover"]) != math.isinf(months)


def test_a_part_of_a_year() -> None:
    # 1 in store of 4 a year: three months. Nothing is built, so it never recovers.
    row = lasting(stored(amount=1.0))["chip", "chip", 2030]
    assert row["months_to_survive"] == approx(3.0, rel=1e-5)
    assert pd.isna(row["months_to_recover"])
    assert pd.isna(row["months_short"])
    assert row["falls_short"] == "yes"


def test_time_to_recover_is_that_of_the_plant_that_is_built() -> None:
    # The plant is committed in 2030 and runs from 2032 on: 24 months. A store of 6 lasts 18 months:
    # For 6 months it falls short. From 2031 on 12 months are to be bridged, and the store lasts.
    project = {"process": "make", "size": 4.0, "lead_time_years": 2, "capex_usd_m": 1.0}
    found = lasting(stored(amount=6.0, projects={"new": project}), "2030-2034")
    first, second, third = (found["chip", "", year] for year in (2030, 2031, 2032))
    assert (first["months_to_recover"], second["months_to_recover"]) == (24.0, 12.0)
    assert first["months_to_survive"] == approx(18.0, rel=1e-5)
    assert first["months_short"] == approx(6.0, rel=1e-5)
    assert pd.isna(second["months_to_survive"])
    assert third["months_to_recover"] == 0.0
    assert [row["falls_short"] for row in (first, second, third)] == ["yes", "no", "no"]


def test_inventories_of_users_bridge_their_months() -> None:
    # No store; users hold 2 months of their use of 4 a year. Half is required: they last 4 months.
    tables = stored(amount=0.0, user_inventory_months=2.0)
    assert lasting(tables)["chip", "chip", 2030]["months_to_survive"] == approx(2.0, rel=1e-5)
    half = lasting(tables, required=0.5)
    assert half["chip", "chip", 2030]["months_to_survive"] == approx(4.0, rel=1e-5)
    # for all stages at once the chips must be delivered too, which is the same here
    assert half["all", "", 2030]["months_to_survive"] == approx(4.0, rel=1e-5)


def test_the_worst_year_of_each_stage_is_shown() -> None:
    project = {"process": "make", "size": 4.0, "lead_time_years": 2, "capex_usd_m": 1.0}
    question = Question(
        stored(amount=6.0, projects={"new": project}), case("2030-2034", coverage=SOFT)
    )
    rows = stress(question, workers=1).table("survival").set_index("stage")
    assert rows.loc["chip", "year"] == 2030
    assert rows.loc["chip", "months_short"] == approx(6.0, rel=1e-5)
    assert rows.loc["all", "falls_short"] == "yes"


# ---- random worlds, against every set of losses ----


def random_tables(seed: int) -> Tables:
    """Three goods in three to five regions with plants, stores and routes; a project."""
    draw = random.Random(seed)
    names = ["A", "B", "D", "E", "F"][: draw.randint(3, 5)]
    goods = ["ore", "metal", "chip"]
    regions = dict.fromkeys(names, "signatory") | {"C": "adversary"}

    def amount(low: float, high: float) -> float:
        return round(draw.uniform(low, high), 2)

    plants = {
        f"{process}-{name}".lower(): {
            "process": process,
            "region": name,
            "capacity": amount(1, 9),
            "variable_cost_usd_per_unit": amount(1, 3) * M,
        }
        for process in ("dig", "smelt", "make")
        for name in names
        if draw.random() < 0.6
    }
    plants["theirs"] = {
        "process": "make",
        "region": "C",
        "variable_cost_usd_per_unit": amount(1, 2) * M,
    }
    ways = [(a, b) for a, b in itertools.permutations([*names, "C"], 2) if draw.random() < 0.5]
    routes = {
        f"{a}>{b} {good}": 0.0
        for a, b in ways
        for good in goods
        if draw.random() < 0.8 and ("C" not in (a, b) or good == "chip")
    }
    strict = draw.random() < 0.3
    return world(
        {"dig": "-> ore", "smelt": "1.5 ore -> metal", "make": "metal -> chip"},
        regions=regions,
        commodities={
            good: PRICED | {"surplus": "forbidden" if strict and good == "metal" else "free"}
            for good in goods
        },
        processes={"make": {"minimum_utilisation": 0.5}},
        assets=plants,
        projects={"new": {"process": "dig", "region": names[0], "size": 4.0, "capex_usd_m": 1.0}},
        demand={(name, "chip"): amount(0.5, 5) for name in names if draw.random() < 0.8}
        | {(names[0], "metal"): amount(0.5, 2)},
        stocks={
            (draw.choice(names), good): {"initial": amount(0, 4), "largest": 5.0}
            for good in goods
            if draw.random() < 0.5
        },
        routes=routes,
    )


class EverySet:
    """Joint coverage after each set of losses, from a new program each time: lost regions by the
    key of the case, lost plants and routes by columns that are closed."""

    def __init__(self, question: Question, plan: Plan) -> None:
        self.question, self.decided = question, decided_in(plan)
        self.known: dict[frozenset[str], Any] = {}

    def coverage(self, lost: Collection[Loss]) -> float | None:
        regions = frozenset(one.name for one in lost if one.kind == "region")
        if regions not in self.known:
            roles = self.question.case.roles.model_dump() | {
                "lost": sorted(regions),
                "lost_funders_pay": True if regions else None,
            }
            asked = changed(self.question.case, roles=roles)
            of = write(self.question.tables, asked)
            values = values_of(of.program, of.instance, self.decided)
            self.known[regions] = of, ready(of.program, of.instance, values)
        of, values = self.known[regions]
        if not of.instance.required:
            return None
        high = of.program.high.copy()
        for at, (family, index) in enumerate(of.program.columns):
            if index[-1] == "cut off 2030" and family in ("activity", "shipment"):
                loss = (
                    Loss("plant", index[0])
                    if family == "activity"
                    else Loss("route", f"{index[0]}>{index[1]}")
                )
                high[at] = 0.0 if loss in lost else high[at]
        every = np.arange(len(high), dtype=np.intp)
        program = of.program.with_columns(every, of.program.low, high)
        tests = CoverageTests(program, of.instance, self.question.case.solver)
        (test,) = list(tests)
        return test.joint(tests.shift(values))


@pytest.mark.parametrize("seed", seeds(0, 4, 36))
def test_the_worst_is_the_worst_of_all(seed: int) -> None:
    question = Question(
        random_tables(seed),
        case(coverage=SOFT, roles={"protected": ["signatory"], "adversary": ["adversary"]}),
    )
    plan = question.solve()
    brute = EverySet(question, plan)
    kinds = [["region"], ["plant"], ["region", "plant"], ["route", "region"]][seed % 4]
    found = lose_in_year(
        question.tables,
        question.case,
        {"decided": brute.decided, "kinds": kinds, "keep": [], "year": 2030, "size": 2},
    )
    assert found["before"] == approx(brute.coverage([]), abs=1e-6)
    singles: Mapping[Loss, float | None] = {
        Loss(kind, name): coverage for kind, name, coverage in found["losses"]
    }
    for loss, coverage in singles.items():
        expected = brute.coverage([loss])
        assert coverage == (None if expected is None else approx(expected, abs=1e-6)), loss
    lowest = min([found["before"], *(one for one in singles.values() if one is not None)])
    for pair in itertools.combinations(singles, 2):
        expected = brute.coverage(pair)
        lowest = lowest if expected is None else min(lowest, expected)
    one, two = found["worst"]
    assert one[2] == approx(min(found["before"], *(v for v in singles.values() if v is not None)))
    assert two[2] == approx(lowest, abs=1e-6)
    # what is named has the coverage that is stated
    named = [Loss(kind, name) for kind, name in two[1]]
    assert len(named) <= 2
    assert brute.coverage(named) == approx(two[2], abs=1e-6)


# ---- input ----


def test_everything_that_is_wrong_is_said_at_once() -> None:
    question = Question(two_countries(), case(coverage=SOFT))
    wrong: Any = ["region", "moon"]
    with pytest.raises(InputError) as refused:
        stress(question, lose=wrong, count=0, years=[2029], keep=["a-fib", "A>B", "B"])
    said = str(refused.value)
    for words in ("moon", "at least 1", "2029", "a-fib", "a-fab"):
        assert words in said
    assert "A>B" not in said.replace("from>to", "")


def test_a_plan_of_another_question_is_refused() -> None:
    question = Question(two_countries(), case(coverage=SOFT))
    other = question.with_(coverage=0.5).solve()
    with pytest.raises(InputError, match=r"coverage\.required"):
        stress(question, other, workers=1)
    with pytest.raises(InputError, match="requires no coverage"):
        stress(Question(two_countries(), case()), workers=1)


def test_a_plan_from_a_folder_gives_the_same(tmp_path: Any) -> None:
    question = Question(two_countries(), case(coverage=SOFT))
    plan = question.solve()
    plan.save(tmp_path / "plan")
    loaded = Plan.load(tmp_path / "plan")
    first, second = (stress(question, one, count=2, workers=1) for one in (plan, loaded))
    for name, table in first.tables.items():
        assert table.equals(second.tables[name]), name
