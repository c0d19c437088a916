"""Need of the covered regions: exploded along the chain, net of what by-products return."""

from __future__ import annotations

import random
from collections.abc import Mapping

import pytest

from paxsilica.errors import InputError
from paxsilica.instance import Instance, make_instance
from worlds import COVERED, Answer, approx, case, world

MAGNETS = {
    "dig": "-> ore",
    "separate": "2 ore -> oxide",
    "smelt": "1.2 oxide -> metal",
    "press": "0.5 metal -> magnet + 0.4 swarf",
    "recycle": "4 swarf -> 1 oxide + 0.1 dust",
}
RECYCLING = ("recycle", "alternative")
GROSS = {"magnet": 100, "metal": 50, "oxide": 60, "ore": 120}


def needs(
    recipes: Mapping[str, str],
    assets: Mapping[str, float] | None = None,
    demand: Mapping[str, float] | None = None,
) -> Instance:
    """An instance in which every commodity is covered; capacity by process."""
    tables = world(
        recipes,
        commodities={
            part.split()[-1]: {"covered": True}
            for text in recipes.values()
            for part in text.replace("->", "+").split("+")
            if part.strip()
        },
        processes={name: {"main_product": None} for name in RECYCLING if name in recipes},
        assets={
            f"plant of {process}": {"process": process, "capacity": capacity}
            for process, capacity in (assets or {}).items()
        },
        demand={("A", name): amount for name, amount in (demand or {"magnet": 100}).items()},
    )
    return make_instance(tables, case(coverage=COVERED | {"required": 0.5}))


def by_name(need: Mapping[tuple[str, int], float]) -> dict[str, float]:
    return {commodity: quantity for (commodity, _), quantity in need.items()}


def test_swarf_that_returns_to_oxide_lowers_the_need_for_oxide_and_ore() -> None:
    # 100 magnets leave 40 swarf, and 4 swarf make 1 oxide: 10 oxide return. 50 metal take 60 oxide,
    # so 50 are needed, and 100 ore instead of 120.
    instance = needs(MAGNETS)
    assert by_name(instance.gross_need) == approx(GROSS)
    assert by_name(instance.need) == approx(GROSS | {"oxide": 50, "ore": 100})


def test_need_is_that_of_the_plan_and_of_its_audit() -> None:
    tables = world(
        MAGNETS,
        commodities={"oxide": {"covered": True}, "magnet": {"covered": True}},
        processes={"recycle": {"main_product": None}},
        assets={name: {"process": name} for name in MAGNETS},
        demand={("A", "magnet"): 100},
    )
    assert Answer(tables, case(coverage=COVERED)).coverage("oxide")["need"] == approx(50)


def test_scrap_at_the_end_of_life_is_supply_and_lowers_no_need() -> None:
    recipes = MAGNETS | {"press": "0.5 metal -> magnet", "collect": "-> swarf"}
    instance = needs(recipes)
    assert by_name(instance.need) == approx(GROSS)
    assert instance.need == instance.gross_need


@pytest.mark.parametrize(
    "other",
    [
        {"melt": "swarf -> glass"},  # a main process takes the by-product
        {"recycle": "4 swarf -> dust"},  # nothing upstream is made of it
    ],
)
def test_a_by_product_that_does_not_return_lowers_no_need(other: dict[str, str]) -> None:
    instance = needs(MAGNETS | other)
    assert by_name(instance.need) == approx(GROSS)


@pytest.mark.parametrize(
    ("assets", "metal"),
    [
        ({}, 50 - 20),  # by name: 40 swarf are 20 metal
        ({"recycle": 3.0, "alternative": 5.0}, 50),  # 12 swarf a year, against 10
        ({"recycle": 3.0, "alternative": 7.0}, 50 - 20),  # 12 swarf a year, against 14
    ],
)
def test_of_several_uses_of_a_by_product_the_largest_existing_one_counts(
    assets: dict[str, float], metal: float
) -> None:
    instance = needs(MAGNETS | {"alternative": "2 swarf -> 1 metal"}, assets)
    assert by_name(instance.need)["metal"] == approx(metal)


def test_the_loop_of_a_chain_is_added_up_however_close_its_gain_is_to_one() -> None:
    # A chip takes 0.5 tool and a tool 1.998 chips: n = 10 + 0.999 n, so 10,000 chips are needed.
    tables = world(
        {"fab": "0.5 tool -> chip", "build": "1.998 chip -> tool"},
        commodities={"chip": {"covered": True}, "tool": {"covered": True}},
        assets={"fab": {"process": "fab"}, "toolmaker": {"process": "build"}},
        demand={("A", "chip"): 10},
    )
    answer = Answer(tables, case(coverage=COVERED))
    assert answer.built.instance.need == approx({("chip", 2030): 10_000, ("tool", 2030): 5_000})


@pytest.mark.parametrize("gain", [1.0, 1.5])
def test_a_loop_that_takes_what_it_makes_is_bad_input_where_it_is_needed(gain: float) -> None:
    recipes = {"z fab": "0.5 tool -> chip", "build": f"{2 * gain} chip -> tool", "other": "-> nut"}
    with pytest.raises(InputError, match=r"main processes build, z fab a loop uses"):
        needs(recipes, demand={"chip": 10.0, "nut": 1.0})
    assert by_name(needs(recipes, demand={"nut": 1.0}).need) == {"nut": 1.0}


def test_two_loops_whose_signs_would_cancel_are_bad_input() -> None:
    # each loop alone takes twice what it makes
    recipes = {"a": "2 a2 + b1 -> a1", "a'": "a1 -> a2", "b": "2 b2 -> b1", "b'": "b1 -> b2"}
    with pytest.raises(InputError, match="a loop uses"):
        needs(recipes, demand={"a1": 1.0})


def test_returns_above_the_need_are_bad_input() -> None:
    with pytest.raises(InputError, match="return more oxide than is needed in 2030"):
        needs(MAGNETS | {"recycle": "0.4 swarf -> 1 oxide"})


def random_chain(draw: random.Random, scale: Mapping[str, float]) -> dict[str, str]:
    """A chain of goods g0 (the ore) to g7 with by-products that return, in units ``scale`` times as
    small."""

    def part(quantity: float, name: str) -> str:
        return f"{quantity * scale[name]!r} {name}"

    recipes = {"make g0": f"-> {part(1, 'g0')}"}
    for at in range(1, 8):
        sources = sorted(draw.sample(range(at), min(at, 2)))
        taken = " + ".join(part(draw.uniform(0.5, 2), f"g{one}") for one in sources)
        recipes[f"make g{at}"] = f"{taken} -> {part(1, f'g{at}')} + {part(0.3, f'w{at}')}"
        back = draw.choice(sources)
        recipes[f"return w{at}"] = (
            f"{part(draw.uniform(2, 4), f'w{at}')} -> {part(draw.uniform(0.1, 1), f'g{back}')}"
        )
    return recipes


@pytest.mark.parametrize("seed", range(20))
def test_net_need_is_at_most_gross_need_and_does_not_depend_on_units(seed: int) -> None:
    names = [f"{kind}{at}" for kind in "gw" for at in range(8)]
    ones = dict.fromkeys(names, 1.0)
    draw = random.Random(seed)
    scale = {name: 10 ** draw.uniform(-6, 6) for name in names}
    recipes = random_chain(random.Random(seed), ones)
    plain = needs(recipes, demand={"g7": 10.0})
    net, gross = by_name(plain.need), by_name(plain.gross_need)
    assert net.keys() == gross.keys()
    assert all(0 < net[name] <= gross[name] for name in net)
    assert any(net[name] < 0.999 * gross[name] for name in net)
    without = {name: text for name, text in recipes.items() if not name.startswith("return")}
    other = needs(without, demand={"g7": 10.0})
    assert other.need == other.gross_need
    assert by_name(other.need) == approx(gross)
    scaled = needs(random_chain(random.Random(seed), scale), demand={"g7": 10.0 * scale["g7"]})
    for before, after in ((net, scaled.need), (gross, scaled.gross_need)):
        assert by_name(after) == approx({name: before[name] * scale[name] for name in before})
