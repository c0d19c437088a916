"""Every name in a case is looked up in the data, and what has no effect is said."""

from __future__ import annotations

import html
import random
import string
from dataclasses import replace
from typing import Any

import pytest

from paxsilica.audit.need import needs
from paxsilica.audit.reference import Facts
from paxsilica.errors import InputError
from paxsilica.instance import make_instance
from paxsilica.instance.statements import statements
from paxsilica.plan.solve import make_plan
from paxsilica.report.console.summary import check_facts
from paxsilica.report.page import render_page
from paxsilica.report.views.named_plan import NamedPlan
from paxsilica.tables import TABLES, Tables
from worlds import COVERED, case, world

SOFT = COVERED | {"hard": False}


def tables(**more: Any) -> Tables:
    given: dict[str, Any] = {
        "regions": {"Alpha": "signatory", "Beta": "neutral", "Gamma": "adversary", "SEA": "hub"},
        "commodities": {"metal": {"covered": True, "shortage_price_usd_per_unit": 1e6}},
        "assets": {"works": {"process": "smelt", "region": "Alpha", "capacity": 9.0}},
        "projects": {
            "more": {
                "process": "smelt",
                "region": "Alpha",
                "size": 2.0,
                "capex_usd_m": 5.0,
                "status": "announced",
                "economic_life_years": 20,
            }
        },
        "statuses": {"announced": {"credit": 0.5, "capital_factor": 1.1}},
        "completion": {("announced", "*"): {0: 0.7}},
        "demand": {("Alpha", "metal"): 5.0},
        "funders": {"bank": {"region": "Alpha", "envelope_usd_m": 9.0}},
        "scenarios": {"calm": 0.5, "storm": 0.5},
        "events": [{"scenario": "storm", "event": "cut-off", "region": "Gamma", "from_year": 2030}],
    }
    return world({"smelt": "-> metal"}, **given | more)


def with_name(key: str, name: str) -> dict[str, Any]:
    """A case that uses a name under a key."""
    match key:
        case "membership":
            return {"membership": {name: "participant"}}
        case "funders.exclude" | "funders.exclude_regions":
            return {"funders": {key.split(".")[1]: [name]}}
        case "scenarios":
            return {"scenarios": {name: 1.0}}
        case "partners":
            return {"partners": [f"it=sign:{name}"]}
        case "demand.variant":
            return {"demand": {"variant": name}}
        case "coverage.stages":
            return {"coverage": SOFT | {"stages": {name: 0.5}}}
        case _:
            return {"coverage": SOFT | {"from_years": {name: 2030}}}


NAMES = {
    "membership": "Alpha",
    "funders.exclude": "bank",
    "funders.exclude_regions": "Alpha",
    "scenarios": "storm",
    "partners": "Gamma",
    "demand.variant": "central",
    "coverage.stages": "metal",
    "coverage.from_years": "metal",
}


def with_variants() -> Tables:
    given = tables()
    rows = tuple(row.model_copy(update={"variant": "central"}) for row in given.demand)
    return Tables(**{**vars(given), "demand": rows})


@pytest.mark.parametrize("key", NAMES)
def test_a_misspelt_name_is_refused_with_the_nearest(key: str) -> None:
    given, good = with_variants(), NAMES[key]
    make_instance(given, case(**with_name(key, good)))
    draw = random.Random(key)
    for _ in range(10):
        at = draw.randrange(1, len(good))
        bad = good[:at] + draw.choice("xqz") + good[at:]
        with pytest.raises(InputError) as caught:
            make_instance(given, case(**with_name(key, bad)))
        [problem] = caught.value.problems
        assert (problem.column, problem.value) == (key, bad)
        assert f"did you mean {good!r}?" in problem.expected


@pytest.mark.parametrize("key", NAMES)
def test_a_name_with_a_character_that_is_not_seen_is_refused_with_its_code_point(key: str) -> None:
    good = NAMES[key]
    with pytest.raises(InputError) as caught:
        make_instance(with_variants(), case(**with_name(key, f"{good[0]}\u200b{good[1:]}")))
    [problem] = caught.value.problems
    assert "U+200B" in problem.expected
    assert repr(good) in problem.expected


def said(given: Tables | None = None, **keys: Any) -> tuple[str, ...]:
    return statements(make_instance(tables() if given is None else given, case(**keys)))


EFFECTIVE: dict[str, Any] = {
    "coverage": SOFT,
    "scenarios": {"calm": 0.5, "storm": 0.5},
    "finance": {"public_funds_cost": 1.2},
    "support": {"pay": True},
}


def test_nothing_is_said_where_everything_has_an_effect() -> None:
    whole = replace(tables(), present=frozenset(TABLES))
    assert said(whole, **EFFECTIVE) == ()


@pytest.mark.parametrize(
    "table", [name for name, row in TABLES.items() if row.absent is not None and name != "stages"]
)
def test_an_absent_table_is_said_with_its_meaning_wherever_a_plan_is_shown(table: str) -> None:
    present = frozenset(TABLES) - {table}
    given = replace(tables(), present=present)
    [sentence] = said(given, **EFFECTIVE)
    assert sentence == f"There is no table {table}: {TABLES[table].absent}."
    asked = case(**EFFECTIVE)
    assert check_facts(make_instance(given, asked))["effects"] == [sentence]
    plan = make_plan(given, asked)
    assert sentence in plan.notes
    assert sentence in plan.result()["notes"]
    assert html.escape(sentence, quote=False) in render_page(NamedPlan(plan, None, ""))


def test_absent_tables_are_one_sentence() -> None:
    given = replace(tables(), present=frozenset(TABLES) - {"stocks", "limits"})
    [sentence] = said(given, **EFFECTIVE)
    assert sentence.count("no table") == 2
    assert "no table stocks: nothing is stored" in sentence


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        (
            {"coverage": SOFT | {"from_year": 2035}},
            "required from 2035 on, and the case ends in 2030",
        ),
        ({"coverage": SOFT | {"required": 0.0}}, "the required shares are 0"),
        ({"coverage": SOFT | {"required": {2050: 0.9}}}, "required in every year"),
        ({"coverage": SOFT | {"stages": {"metal": 0.4}}}, "coverage.required has no effect"),
        (
            {"roles": {"protected": {"signatory": 2026, "neutral": 2040}}},
            "neutral is protected from 2040",
        ),
        ({"funding": {"signatory": 0, "neutral": 2040}}, "neutral is paying from 2040"),
        (
            {"roles": {"protected": ["signatory", "participant"]}},
            "participant in roles.protected has no effect",
        ),
        ({"roles": {"protected": ["participant"]}}, "No region is protected in any year"),
        ({"roles": {"adversary": []}}, "required in 2030, but no region is an adversary or lost"),
        (
            {"roles": {"adversary": ["adversary", "signatory"]}},
            "signatory in roles.adversary has no effect: it is in roles.protected",
        ),
        ({"scenarios": None}, "the case names none"),
        ({"scenarios": {"calm": 1.0, "storm": 0.0}}, "their probability is 0: storm"),
        ({"funders": {"exclude": ["bank"]}}, "the case excludes them: bank"),
        ({"funders": {"delivery_factor": 0.0}}, "they deliver nothing"),
        ({"funding": ["participant"]}, "no status that pays"),
        ({"funders": {"exclude_regions": ["Gamma"]}}, "no funder is there"),
        ({"budget_usd_m": 1e6}, "The budget has no effect"),
        ({"membership": {"Alpha": "signatory"}}, "the data has the same status"),
        ({"demand": {"variant": "high"}}, "demand has no variants"),
        (
            {"concentration": {"max_share": 0.5, "from_year": 2040, "hard": False}},
            "it holds from 2040, after 2030",
        ),
    ],
)
def test_what_has_no_effect_is_said(keys: dict[str, Any], words: str) -> None:
    wanted = EFFECTIVE | keys
    found = said(**{key: value for key, value in wanted.items() if value is not None})
    assert any(words in line for line in found), found


@pytest.mark.parametrize(
    ("limit", "words"),
    [
        ({"from_year": 2040}, "they hold in no year of the case: cap"),
        ({"region": "Gamma"}, "they select nothing: cap"),
    ],
)
def test_limits_without_effect_are_said(limit: dict[str, Any], words: str) -> None:
    row = {"measure": "capacity", "sense": "at most", "value": 9.0} | limit
    assert any(words in line for line in said(tables(limits={"cap": row}), **EFFECTIVE))


NOWHERE = {"Alpha": None, "Beta": None, "Gamma": None}


def test_absent_membership_is_never_read_as_secure() -> None:
    bare = tables(regions=NOWHERE)
    with pytest.raises(InputError) as caught:
        make_instance(bare, case(coverage=SOFT))
    [problem] = caught.value.problems
    assert problem.table == "membership"
    assert "Alpha,signatory,2000-01-01" in problem.expected
    stated = dict.fromkeys(NOWHERE, "neutral") | {"Alpha": "signatory"}
    instance = make_instance(bare, case(coverage=SOFT, membership=stated))
    assert instance.world.role("Alpha", 2030) == "protected"
    assert instance.world.role("Beta", 2030) != "protected"


@pytest.mark.parametrize("missing", [{"Alpha"}, {"Beta", "Gamma"}])
def test_every_region_without_a_status_is_listed(missing: set[str]) -> None:
    regions = {name: None if name in missing else "signatory" for name in NOWHERE}
    with pytest.raises(InputError) as caught:
        make_instance(tables(regions=regions), case(coverage=SOFT))
    assert {problem.value for problem in caught.value.problems} == missing


def test_a_cut_off_of_all_that_is_not_trusted_needs_membership() -> None:
    events = [{"scenario": "storm", "event": "cut-off", "region": "*", "from_year": 2030}]
    bare = tables(regions=NOWHERE, events=events)
    with pytest.raises(InputError, match="cuts off every adversary"):
        make_instance(bare, case(scenarios={"calm": 0.5, "storm": 0.5}))
    make_instance(bare, case(scenarios={"calm": 1.0}))


@pytest.mark.parametrize("last", [2036, 2050])
@pytest.mark.parametrize("rows", [1, 4])
def test_years_that_are_not_spanned_are_one_line_for_each_row(last: int, rows: int) -> None:
    wanted = {
        ("Alpha", "metal"): {2026: 1.0, 2035: 2.0},
        ("Beta", "metal"): {2026: 1.0, 2035: 2.0},
        ("Gamma", "metal"): {2026: 1.0, 2035: 2.0},
    }
    series = {("assets", "works", "capacity"): {2026: 1.0, 2035: 2.0}}
    demand = dict(list(wanted.items())[: rows - 1]) if rows > 1 else {}
    asset = {"process": "smelt", "region": "Alpha", "capacity": None}
    given = tables(demand=demand, series=series, assets={"works": asset})
    with pytest.raises(InputError) as caught:
        make_instance(given, case(f"2026-{last}"))
    assert len(caught.value.problems) == rows
    missing = "2036" if last == 2036 else f"2036-{last}"
    for problem in caught.value.problems:
        assert "2026-2035" in problem.expected
        assert problem.expected.endswith(f"missing for {missing}")


def test_dependents_of_a_forbidden_project_are_left_out_with_the_reason() -> None:
    plant = {"process": "smelt", "region": "Alpha", "size": 2.0}
    projects = {
        "more": plant | {"commitment": "forbidden"},
        "second": plant | {"prerequisites": ("more",)},
        "third": plant | {"prerequisites": ("second",)},
        "free": plant,
    }
    instance = make_instance(tables(projects=projects), case())
    assert instance.dropped["more"] == "its commitment is forbidden"
    assert "presupposes" in instance.dropped["second"]
    assert "presupposes" in instance.dropped["third"]
    assert set(instance.candidates) == {"free"}


LOOP = {"NAME": "-> full", "use": "full -> empty", "refill": "empty -> full"}


@pytest.mark.parametrize("name", ["a-make", "make", "zmake", "refine", "ut"])
@pytest.mark.parametrize("capacity", [0.5, 5.0, float("inf")])
def test_a_closed_loop_is_accepted_whatever_its_processes_are_called(
    name: str, capacity: float
) -> None:
    recipes = {name if process == "NAME" else process: text for process, text in LOOP.items()}
    works = {"region": "A", "variable_cost_usd_per_unit": 1.0}
    assets = {process: works | {"process": process} for process in recipes}
    assets[name] = assets[name] | {"capacity": capacity}
    given = world(recipes, assets=assets, demand={("A", "empty"): 0.4})
    assert make_instance(given, case()).need == {}


@pytest.mark.parametrize("name", ["a-make", "make", "zmake"])
def test_a_loop_of_which_nothing_is_needed_is_accepted_with_coverage(name: str) -> None:
    recipes = {name if process == "NAME" else process: text for process, text in LOOP.items()}
    recipes["smelt"] = "-> metal"
    assets = {process: {"region": "A", "process": process} for process in recipes}
    metal = {"metal": {"covered": True, "shortage_price_usd_per_unit": 1e6}}
    given = world(recipes, assets=assets, commodities=metal, demand={("A", "metal"): 2.0})
    assert make_instance(given, case(coverage=SOFT)).need == {("metal", 2030): 2.0}


RECYCLING = {
    # a ring: a tool takes a chip, and a chip takes a part of a tool
    "chips": "0.25 tool + sand -> chip",
    "tools": "0.5 chip + steel -> tool",
    "quarry": "-> sand",
    "mill": "-> steel",
}
SHARES = {"chip": 1.0, "tool": 0.25, "sand": 1.0, "steel": 0.25}
"""Needed per chip, times (1 - 0.125)."""


def renamed(recipes: dict[str, str], seed: int) -> dict[str, str]:
    """The same recipes under other names of processes, in another order."""
    chance = random.Random(seed)
    names = chance.sample([f"{letter}-works" for letter in string.ascii_lowercase], len(recipes))
    pairs = list(zip(names, recipes.values(), strict=True))
    chance.shuffle(pairs)
    return dict(pairs)


def need_of(recipes: dict[str, str], wanted: str, capacity: dict[str, float]) -> dict[str, float]:
    """Need in a world with coverage of ``wanted``, as the instance has it; the audit agrees."""
    assets = {
        name: {"region": "A", "process": name, "capacity": capacity.get(text.split()[-1], 5.0)}
        for name, text in recipes.items()
    }
    goods = {wanted: {"covered": True, "shortage_price_usd_per_unit": 1e6}}
    given = world(recipes, assets=assets, commodities=goods, demand={("A", wanted): 7.0})
    asked = case(coverage=SOFT)
    found = {name: amount for (name, _), amount in make_instance(given, asked).need.items()}
    again = {name: amount for (name, _), amount in needs(Facts(given, asked)).items()}
    assert again == pytest.approx(found)
    return found


@pytest.mark.parametrize("seed", range(8))
def test_a_productive_loop_that_is_needed_is_accepted_under_any_names(seed: int) -> None:
    found = need_of(renamed(RECYCLING, seed), "chip", {})
    assert found == pytest.approx({name: 7.0 * one / 0.875 for name, one in SHARES.items()})


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("use", [1.0, 1.5])
def test_a_loop_without_a_way_in_is_refused_under_any_names(seed: int, use: float) -> None:
    recipes = renamed({"use": "full -> empty", "refill": f"{use} empty -> full"}, seed)
    with pytest.raises(InputError, match="the need cannot be computed") as caught:
        need_of(recipes, "empty", {})
    assert len(caught.value.problems) == 1


@pytest.mark.parametrize("pay", [False, True])
@pytest.mark.parametrize("unpriced", [{"ore"}, {"metal"}, {"ore", "metal"}])
def test_a_missing_price_is_one_line_however_many_need_it(unpriced: set[str], pay: bool) -> None:
    """Value added at risk and operating support both need it; a stage that has no value because it
    has no price has no line of its own."""
    prices = {"ore": 1e6, "metal": 9e6}
    goods = {
        name: {"covered": True, "price_usd_per_unit": None if name in unpriced else price}
        for name, price in prices.items()
    }
    given = world(
        {"mine": "-> ore", "smelt": "ore -> metal"},
        commodities=goods,
        assets={"pit": {"process": "mine"}, "works": {"process": "smelt", "capacity": 9.0}},
        demand={("A", "metal"): 5.0},
    )
    with pytest.raises(InputError) as caught:
        make_instance(given, case(coverage=SOFT, support={"pay": pay}))
    found = [(one.row, one.column) for one in caught.value.problems]
    assert found == [(name, "price_usd_per_unit") for name in sorted(unpriced)]


@pytest.mark.parametrize(
    ("names", "value", "words"),
    [
        ([], "[]", "should name a scenario"),
        (["calm", "calm"], "calm", "should be named once"),
        (["calm", "storm", "storm"], "storm", "should be named once"),
    ],
)
def test_a_list_of_scenarios_is_answered_in_one_line(
    names: list[str], value: str, words: str
) -> None:
    with pytest.raises(InputError) as caught:
        make_instance(tables(), case(scenarios=names))
    [problem] = caught.value.problems
    assert (problem.column, problem.value) == ("scenarios", value)
    assert words in problem.expected


def test_a_status_of_the_case_has_an_effect_if_that_of_the_data_changes_in_the_last_year() -> None:
    dated = {2000: "signatory", 2030: "adversary"}
    given = tables(regions={"Beta": "neutral", "Gamma": "adversary", "Alpha": None})
    changing = world(
        {"smelt": "-> metal"}, regions={"Alpha": None}, since={"Alpha": dated}
    ).membership
    given = replace(given, membership=(*given.membership, *changing))
    words = "the data has the same status"
    keys = {"membership": {"Alpha": "signatory"}}
    assert not any(words in line for line in said(given, **EFFECTIVE | keys))
    before = case("2028-2029", **EFFECTIVE | keys)
    assert any(words in line for line in statements(make_instance(given, before)))
