"""A source counts only if its inputs do. Cases small enough to solve on paper; each says what a
count of capacities would answer."""

from __future__ import annotations

import pytest

from worlds import COVERED, Answer, M, approx, case, world

WEST = {"A": "signatory", "C": "adversary"}
SOFT = COVERED | {"hard": False}
PRICED = {"covered": True, "shortage_price_usd_per_unit": 9 * M}


def test_a_magnet_plant_fed_with_metal_from_abroad_is_no_source() -> None:
    # Press for 10 in A, need 10: the count of capacities says 100 % and nothing to do.
    # Metal comes from C alone. Cut off, nothing is pressed: 0 %, 10 magnets at 9 = 90 of shortfall,
    # or a smelter at 50. With the smelter: 50 + 10 metal from C at 1 in normal times, where it is
    # cheaper than one's own at 2.
    tables = world(
        {"smelt": "-> metal", "press": "metal -> magnet"},
        regions=WEST,
        commodities={"magnet": PRICED},
        assets={
            "press": {"process": "press", "capacity": 10.0},
            "smelter": {"process": "smelt", "region": "C", "variable_cost_usd_per_unit": 1 * M},
        },
        projects={
            "own smelter": {
                "process": "smelt",
                "size": 10.0,
                "capex_usd_m": 50.0,
                "variable_cost_usd_per_unit": 2 * M,
            }
        },
        routes={"C>A metal": 0.0},
        demand={("A", "magnet"): 10},
    )
    answer = Answer(tables, case(coverage=SOFT))
    assert answer.coverage("magnet") == approx(
        {
            "need": 10,
            "nameplate_share_without": 1,
            "standalone_coverage_without": 0,
            "joint_coverage_without": 0,
            "nameplate_share": 1,
            "standalone_coverage": 1,
            "joint_coverage": 1,
        }
    )
    assert answer.committed == {"own smelter": 2030}
    assert answer.costs() == approx({"capital": 50, "operation": 10})


def test_a_plant_that_is_controlled_from_abroad_is_no_source() -> None:
    # The plant stands in A, so a count by region gives 100 %. Its owner in C cuts it off: 0 %,
    # and a project at 40 is needed.
    tables = world(
        {"make": "-> chip"},
        regions=WEST,
        commodities={"chip": PRICED},
        assets={"owned": {"process": "make", "capacity": 10.0, "controller": "C"}},
        projects={"own": {"process": "make", "size": 10.0, "capex_usd_m": 40.0}},
        demand={("A", "chip"): 10},
    )
    answer = Answer(tables, case(coverage=COVERED))
    assert answer.committed == {"own": 2030}
    found = answer.coverage("chip")
    assert (found["nameplate_share_without"], found["standalone_coverage_without"]) == (1, 0)


def test_heavy_feed_binds_and_not_separation() -> None:
    # An ore is a basket: 0.9 light, 0.1 heavy. Separation for 100 ore makes up to 10 heavy, which
    # is all that is needed: a count of separation says 100 %. The mine gives 40 ore, so 4 heavy (40
    # %), while light (36 of 20) is plentiful. More separation at 10 does not help; the mine of 60
    # at 30 does.
    tables = world(
        {"dig": "-> ore", "separate": "ore -> 0.9 light + 0.1 heavy"},
        regions=WEST,
        commodities={"light": PRICED, "heavy": PRICED},
        assets={
            "mine": {"process": "dig", "capacity": 40.0},
            "separation": {"process": "separate", "capacity": 100.0},
        },
        projects={
            "more separation": {"process": "separate", "size": 100.0, "capex_usd_m": 10.0},
            "clay": {"process": "dig", "size": 60.0, "capex_usd_m": 30.0},
        },
        demand={("A", "light"): 20, ("A", "heavy"): 10},
    )
    answer = Answer(tables, case(coverage=SOFT))
    heavy, light = answer.coverage("heavy"), answer.coverage("light")
    assert (
        heavy["nameplate_share_without"],
        heavy["standalone_coverage_without"],
        heavy["standalone_coverage"],
    ) == approx((1, 0.4, 1))
    assert light["standalone_coverage_without"] == approx(1)
    assert answer.committed == {"clay": 2030}


def test_gallium_is_bound_by_the_liquor_of_alumina() -> None:
    # Extraction for 10 gallium stands, 6 are needed: counted, 100 %. Liquor comes with alumina, 0.1
    # a tonne: 30 alumina, 3 gallium, 50 %. Another extraction at 1 is money for nothing; a refinery
    # for 30 alumina at 20 brings the other 3.
    tables = world(
        {
            "dig": "-> bauxite",
            "refine": "2 bauxite -> alumina + 0.1 liquor",
            "extract": "liquor -> gallium",
        },
        regions=WEST,
        commodities={"gallium": PRICED},
        assets={
            "pit": {"process": "dig"},
            "refinery": {"process": "refine", "capacity": 30.0},
            "extraction": {"process": "extract", "capacity": 10.0},
        },
        projects={
            "more extraction": {"process": "extract", "size": 10.0, "capex_usd_m": 1.0},
            "more alumina": {"process": "refine", "size": 30.0, "capex_usd_m": 20.0},
        },
        demand={("A", "gallium"): 6},
    )
    answer = Answer(tables, case(coverage=SOFT))
    assert answer.committed == {"more alumina": 2030}
    found = answer.coverage("gallium")
    assert (
        found["nameplate_share_without"],
        found["standalone_coverage_without"],
        found["standalone_coverage"],
    ) == approx((1, 0.5, 1))


@pytest.mark.parametrize(("home", "covered"), [("A", 1.0), ("C", 0.0)])
def test_a_ring_of_processes_that_feed_each_other(home: str, covered: float) -> None:
    # A chip takes 0.1 tool, a tool 0.2 chip. Chips wanted: n = 10 + 0.2 * 0.1 n, so n = 10 / 0.98;
    # tools 0.1 n. With both in A the ring turns by itself; with the toolmaker in C the fab stops,
    # though all its capacity stands in A.
    tables = world(
        {"fab": "0.1 tool -> chip", "build": "0.2 chip -> tool"},
        regions=WEST,
        commodities={"chip": PRICED, "tool": PRICED},
        assets={
            "fab": {"process": "fab", "capacity": 20.0},
            "toolmaker": {"process": "build", "capacity": 5.0, "region": home},
        },
        routes={"*>* tool": 0.0, "*>* chip": 0.0},
        demand={("A", "chip"): 10},
    )
    answer = Answer(tables, case(coverage=SOFT))
    chip = answer.coverage("chip")
    assert chip["need"] == approx(10 / 0.98)
    assert (chip["nameplate_share"], chip["standalone_coverage"]) == approx((1, covered))
    assert answer.coverage("tool")["need"] == approx(1 / 0.98)


def test_a_hub_passes_goods_on_and_launders_none() -> None:
    # B (protected, cost 3) and C (not, cost 1) both ship through the sea at 0.5. In normal times C
    # serves A: 10 * 1.5. Cut off, the sea is still there for B and closed to C: coverage is 60 %,
    # the capacity of B.
    tables = world(
        {"make": "-> chip"},
        regions={"A": "signatory", "B": "signatory", "C": "adversary", "SEA": "hub"},
        commodities={"chip": PRICED},
        assets={
            "b": {
                "process": "make",
                "region": "B",
                "capacity": 6.0,
                "variable_cost_usd_per_unit": 3 * M,
            },
            "c": {"process": "make", "region": "C", "variable_cost_usd_per_unit": 1 * M},
        },
        routes={"*>SEA *": 0.5 * M, "SEA>* *": 0.0},
        demand={("A", "chip"): 10},
    )
    answer = Answer(tables, case(coverage=COVERED | {"required": 0.6}))
    assert answer.coverage("chip")["standalone_coverage"] == approx(0.6)
    assert answer.costs() == approx({"operation": 10, "trade": 5})
    assert answer.value("shipment", "SEA", "A", "chip", "cut off 2030") == approx(6)


def test_what_is_made_must_arrive_where_it_is_wanted() -> None:
    # B makes 10, A wants 10, both are protected: counted, 100 %. The only way is through C.
    tables = world(
        {"make": "-> chip"},
        regions={"A": "signatory", "B": "signatory", "C": "adversary"},
        commodities={"chip": PRICED},
        assets={"b": {"process": "make", "region": "B", "capacity": 10.0}},
        routes={"B>C chip": 0.0, "C>A chip": 0.0},
        demand={("A", "chip"): 10},
    )
    found = Answer(tables, case(coverage=SOFT)).coverage("chip")
    assert (found["nameplate_share"], found["joint_coverage"]) == (1, 0)


def test_a_cap_on_one_region_calls_for_a_second_source() -> None:
    # B alone covers the need of 10 for 10. At most 65 % from one region: B makes 6.5, A must make
    # 3.5, which costs another 30.
    tables = world(
        {"make": "-> chip"},
        regions={"A": "signatory", "B": "signatory"},
        commodities={"chip": PRICED},
        projects={
            "b": {"process": "make", "region": "B", "size": 10.0, "capex_usd_m": 10.0},
            "a": {"process": "make", "region": "A", "size": 5.0, "capex_usd_m": 30.0},
        },
        routes={"B>A chip": 0.0},
        demand={("A", "chip"): 10},
    )
    assert set(Answer(tables, case(coverage=COVERED)).committed) == {"b"}
    capped = Answer(
        tables,
        case(coverage=COVERED, concentration={"max_share": 0.65, "from_year": 2030, "hard": True}),
    )
    assert set(capped.committed) == {"a", "b"}
    b, a = (capped.value("activity", name, "cut off 2030") for name in ("b", "a"))
    assert a + b >= 10 - 1e-6
    assert b <= 0.65 * (a + b) + 1e-6


def test_slag_that_must_go_somewhere_goes_through_a_plant_whose_product_nobody_wants() -> None:
    # Each tonne of metal brings a tonne of slag that may not lie about; turning it into glass costs
    # 2, and glass may. Dropping the glassworks because glass is not demanded would make the case
    # infeasible.
    tables = world(
        {"smelt": "-> metal + slag", "melt": "slag -> glass"},
        commodities={"slag": {"surplus": "forbidden"}},
        assets={
            "smelter": {"process": "smelt"},
            "glassworks": {"process": "melt", "variable_cost_usd_per_unit": 2 * M},
        },
        demand={("A", "metal"): 3},
    )
    assert Answer(tables, case()).objective == approx(6)


@pytest.mark.parametrize(("feed", "joint"), [(100.0, 2 / 3), (140.0, 14 / 15), (200.0, 1.0)])
def test_a_second_user_of_feed_lowers_no_stage_alone(feed: float, joint: float) -> None:
    # Without the plan the mine's feed becomes 100 alpha (100 %). The plan builds a beta plant that
    # takes half a feed for one. Each alone can have all the feed: 100 %, so no stage reads lower
    # than without the plan. At once a share s of both takes 100 s + 50 s feed: s = feed / 150.
    tables = world(
        {"dig": "-> feed", "first": "feed -> alpha", "second": "0.5 feed -> beta"},
        regions=WEST,
        commodities={"alpha": PRICED, "beta": PRICED},
        assets={
            "mine": {"process": "dig", "capacity": feed},
            "mine abroad": {"process": "dig", "region": "C"},
            "alpha plant": {"process": "first", "capacity": 100.0},
            "beta plant abroad": {
                "process": "second",
                "region": "C",
                "variable_cost_usd_per_unit": 1 * M,
            },
        },
        projects={"beta plant": {"process": "second", "size": 100.0, "capex_usd_m": 10.0}},
        routes={"C>A feed": 0.0, "C>A beta": 0.0},
        demand={("A", "alpha"): 100, ("A", "beta"): 100},
    )
    answer = Answer(tables, case(coverage=SOFT | {"required": 0.5}))
    assert answer.committed == {"beta plant": 2030}
    found = [answer.coverage("alpha"), answer.coverage("beta")]
    assert [one["standalone_coverage_without"] for one in found] == approx([1, 0])
    assert [one["standalone_coverage"] for one in found] == approx([1, 1])
    assert [one["joint_coverage_without"] for one in found] == approx([0, 0])
    assert [one["joint_coverage"] for one in found] == approx([joint, joint])


def test_the_need_for_an_input_is_divided_by_what_the_recipe_makes() -> None:
    # One run of the smelter makes 4 metal from 3 ore, one of the press 2 magnets from 5 metal. For
    # 8 magnets: 8 / 2 * 5 = 20 metal, 20 / 4 * 3 = 15 ore. Without the division it would be 40 and
    # 120.
    tables = world(
        {"dig": "-> ore", "smelt": "3 ore -> 4 metal", "press": "5 metal -> 2 magnet"},
        regions=WEST,
        commodities={"ore": PRICED, "metal": PRICED, "magnet": PRICED},
        assets={name: {"process": name} for name in ("dig", "smelt", "press")},
        demand={("A", "magnet"): 8},
    )
    answer = Answer(tables, case(coverage=COVERED))
    assert answer.built.instance.need == approx(
        {("magnet", 2030): 8, ("metal", 2030): 20, ("ore", 2030): 15}
    )
    assert [
        answer.coverage(name)["standalone_coverage"] for name in ("ore", "metal", "magnet")
    ] == [1, 1, 1]
