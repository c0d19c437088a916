"""Infeasible variants of the small world, each with a known cause: the diagnosis must find it, and
its changes must make the case feasible."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from ore_world import World, case

from paxsilica.case import Case
from paxsilica.errors import InputError
from paxsilica.infeasibility.diagnose import Diagnosis, diagnose
from paxsilica.plan.solve import make_plan
from paxsilica.tables import Tables
from worlds import some

FROM_CHINA = "China 100% (cut off)"


@dataclass(frozen=True)
class Variant:
    """How the world is broken, and what must be said of it.

    Attributes:
        findings: (kind, about) of all necessary conditions that fail.
        ways: kinds of change that must be found; others may be.
        amounts: by key of a requirement: by how much it must give, as worked out by hand.
        conflicts: the requirements that conflict, a set for each independent cause.
        words: what must stand in the text.
        closest: whether there is a closest plan; not where other rows contradict each other.
    """

    world: Callable[[World], World]
    settings: tuple[str, ...] = ()
    changes: dict[str, Any] = field(default_factory=dict)
    findings: set[tuple[str, str]] = field(default_factory=set)
    ways: set[str] = field(default_factory=set)
    amounts: dict[str, float] = field(default_factory=dict)
    conflicts: set[frozenset[str]] = field(default_factory=set)
    words: tuple[str, ...] = ()
    closest: bool = True


def same(world: World) -> World:
    return world


def by_products(world: World) -> World:
    """Smelting in Aland runs always and leaves slag, of which nothing may be left over and which
    no process uses."""
    world.add(
        "commodities", commodity="slag", name="Slag", unit="t", covered="no", surplus="forbidden"
    )
    world.add("recipes", process="smelt-old", commodity="slag", role="output", quantity="1")
    world.add("recipes", process="smelt-old", commodity="metal", role="output", quantity="1")
    world.add(
        "processes",
        process="smelt-old",
        name="Old smelting",
        kind="source",
        unit="t",
        main_product="metal",
    )
    return world.add(
        "assets",
        asset="old",
        name="Old smelter",
        region="ALA",
        process="smelt-old",
        capacity="10",
        must_run_share="0.5",
        variable_cost_usd_per_unit="1",
    )


VARIANTS = {
    "no source at any price": Variant(
        lambda w: w.drop("projects", "press-a1", "press-a2", "press-b"),
        # without a press nobody uses metal, so metal is no supply either
        findings={("no source", "magnet")},
        conflicts={
            frozenset({"the coverage of Magnets"}),
            frozenset({"the coverage of Processing"}),
        },
        words=(FROM_CHINA, "no source within reach at any price in 2028-2032"),
    ),
    "source controlled by China": Variant(
        lambda w: (
            w.set("projects", "smelt-a1", controller="CHN")
            .set("projects", "smelt-a2", controller="CHN")
            .drop("projects", "smelt-b")
        ),
        findings={("no source", "metal"), ("no feed", "magnet")},
        ways={"coverage"},
        words=("Magnets (stage Magnets) lacks Metal in 2028-2032",),
    ),
    "too little of everything": Variant(
        lambda w: w.drop("projects", "smelt-a2", "smelt-b"),
        findings={("capacity", "metal"), ("no feed", "magnet")},
        ways={"coverage", "evenly", "demand"},
        # 60 of 100 can be made: a third less than required, and of the demand from which it
        # comes
        amounts={"all stages": 0.334, "magnet": 0.334, "processing|2030": 0.3},
        words=(
            "lacks capacity in 2028-2032",
            "make at most 60 t in 2028, 60%",
            "cover Processing by only 60.0% in 2028-2032",
        ),
    ),
    "half believed": Variant(
        lambda w: (
            w.set("projects", "smelt-a1", status="half")
            .set("projects", "smelt-a2", status="half")
            .drop("projects", "smelt-b")
        ),
        findings={("capacity", "metal"), ("no feed", "magnet")},
        ways={"coverage"},
    ),
    "too early": Variant(
        same,
        settings=("coverage.from_year=2026",),
        findings={("no source", "metal"), ("no source", "magnet")},
        ways={"coverage", "later"},
        amounts={"years": 1, "processing|2026": 0.9, "magnets|2026": 0.9},
        conflicts={
            frozenset({"the coverage of Mining"}),
            frozenset({"the coverage of Processing"}),
            frozenset({"the coverage of Magnets"}),
        },
    ),
    "much too early": Variant(
        lambda w: w.set("projects", "*", lead_time_years="4"),
        findings={("no source", "metal"), ("no source", "magnet")},
        ways={"later"},
        amounts={"years": 2},
    ),
    "budget below any cover": Variant(
        same,
        settings=("budget_usd_m=200",),
        findings={("budget", "budget")},
        ways={"budget", "coverage"},
        amounts={"budget": 130},
        words=("Least sufficient budget: USD 330 million.",),
    ),
    "budget too small for whole plants": Variant(
        same,
        settings=("budget_usd_m=300",),
        ways={"budget", "coverage"},
        amounts={"budget": 30},
        conflicts={frozenset({"the budget of USD 300 million", "the coverage of Processing"})},
    ),
    "funders too poor": Variant(
        lambda w: w.set("funders", "*", envelope_usd_m="100"),
        ways={"funders", "coverage"},
        words=("USD 130 million more from",),
    ),
    "a case that states too little money": Variant(
        lambda w: w.set("funders", "fund-a", annual_limit_usd_m="1000"),
        changes={"funders": {"envelopes_usd_m": {"fund-a": 100.0, "fund-b": 100.0}}},
        ways={"funders", "coverage"},
        words=("USD 130 million more from",),
    ),
    "funders that may not pay for presses": Variant(
        lambda w: w.add("mandates", funder="fund-a", stage="processing", region="*").add(
            "mandates", funder="fund-b", stage="processing", region="*"
        ),
        findings={("no source", "magnet")},
        words=("no set of funders in the case may pay for its public share",),
    ),
    "a mandate too narrow": Variant(
        lambda w: (
            w.drop("funders", "fund-b")
            .add("mandates", funder="fund-a", stage="processing", region="*")
            .add("mandates", funder="fund-a", stage="magnets", region="*", largest_usd_m="60")
        ),
        findings=set(),
        ways={"mandates"},
        amounts={"fund-a|magnets|*": 50},
    ),
    "money that comes too late": Variant(
        lambda w: w.drop("funders", "fund-b").set(
            "funders", "fund-a", annual_limit_usd_m="100", envelope_usd_m=""
        ),
        # by 2027, the last year in which a plant for 2028 is committed, 200 of 330 have come
        ways={"funders", "later"},
        amounts={"fund-a": 130, "years": 2},
    ),
    "demand that cannot be served": Variant(
        lambda w: w.set("commodities", "magnet", shortage_price_usd_per_unit="").set(
            "demand", "CHN", quantity="1900"
        ),
        findings={("demand", "magnet")},
        ways={"demand"},
        # 2000 are wanted, and in 2026 there are the 1000 that China can make
        amounts={"magnet": 0.5},
        conflicts={frozenset({"all demand for Magnets served"})},
    ),
    "a required project beyond the budget": Variant(
        lambda w: w.set("projects", "press-b", commitment="required", capex_usd_m="1100"),
        findings={("budget", "budget")},
        ways={"budget", "required"},
        conflicts={frozenset({"the budget of USD 1,000 million", "the commitment to press-b"})},
    ),
    "plants that exclude one another": Variant(
        lambda w: (
            w.set("projects", "smelt-a1", exclusive_group="site")
            .set("projects", "smelt-a2", exclusive_group="site")
            .set("projects", "smelt-b", exclusive_group="site")
        ),
        findings={("capacity", "metal"), ("no feed", "magnet")},
        ways={"coverage"},
    ),
    "one country makes it all": Variant(
        lambda w: w.drop("projects", "smelt-b", "press-b"),
        changes={"concentration": {"max_share": 0.5, "from_year": 2028, "hard": True}},
        findings={
            ("concentration", "ore"),
            ("concentration", "metal"),
            ("concentration", "magnet"),
        },
        ways={"concentration", "coverage"},
        amounts={"max_share": 0.5},
    ),
    "a limit on sites": Variant(
        lambda w: w.add(
            "limits",
            limit="sites",
            measure="projects",
            sense="at most",
            value="3",
            region="*",
            process="*",
            commodity="*",
        ),
        ways={"limits", "coverage"},
        amounts={"sites": 1},
        words=("The limit sites at 4 (not 3)",),
    ),
    "a minimum that nothing reaches": Variant(
        lambda w: w.add(
            "limits",
            limit="floor",
            measure="capacity",
            sense="at least",
            value="500",
            region="ALA",
            process="smelt",
            commodity="*",
        ),
        findings={("limit", "floor")},
        ways={"limits"},
        conflicts={frozenset({"the limit floor"})},
    ),
    "slag that no process uses": Variant(
        by_products,
        ways={"waived"},
        conflicts={frozenset({"no Slag may be left over", "plants that must run"})},
    ),
    "two causes: no source, and a required project beyond the budget": Variant(
        lambda w: w.drop("projects", "press-a1", "press-a2", "press-b").set(
            "projects", "smelt-b", commitment="required"
        ),
        settings=("budget_usd_m=100",),
        findings={("no source", "magnet"), ("budget", "budget")},
        closest=False,
        conflicts={
            frozenset({"the coverage of Magnets"}),
            frozenset({"the coverage of Processing"}),
            frozenset({"the commitment to smelt-b", "the budget of USD 100 million"}),
        },
    ),
    "two causes: a limit that nothing reaches, and demand that cannot be served": Variant(
        lambda w: (
            w.add(
                "limits",
                limit="floor",
                measure="capacity",
                sense="at least",
                value="500",
                region="ALA",
                process="smelt",
                commodity="*",
            )
            .set("commodities", "magnet", shortage_price_usd_per_unit="")
            .set("demand", "CHN", quantity="1900")
        ),
        findings={("limit", "floor"), ("demand", "magnet")},
        ways={"several"},
        conflicts={frozenset({"the limit floor"}), frozenset({"all demand for Magnets served"})},
    ),
}


@pytest.fixture(scope="module", params=some(VARIANTS, 7), ids=lambda name: name.replace(" ", "-"))
def variant(request: pytest.FixtureRequest) -> tuple[Variant, Diagnosis, Tables, Case]:
    made = VARIANTS[request.param]
    tables, question = made.world(World()).read(), case(*made.settings, **made.changes)
    return made, diagnose(tables, question), tables, question


def test_the_variant_has_no_plan(variant: tuple[Variant, Diagnosis, Tables, Case]) -> None:
    assert make_plan(variant[2], variant[3]).status == "infeasible"


def test_failed_conditions_show_the_cause(variant: tuple[Variant, Diagnosis, Tables, Case]) -> None:
    expected, found = variant[:2]
    assert {(one.kind, one.about) for one in found.findings} == expected.findings


def test_every_change_makes_the_case_feasible(
    variant: tuple[Variant, Diagnosis, Tables, Case],
) -> None:
    expected, found = variant[:2]
    ways = found.feasible_changes
    assert expected.ways <= {way.kind for way in ways}
    for way in ways:
        assert make_plan(way.tables, way.case).status == "optimal", way.sentence


def test_amounts_are_the_least(variant: tuple[Variant, Diagnosis, Tables, Case]) -> None:
    expected, found = variant[:2]
    given = {
        about: amount for way in found.feasible_changes for about, amount in way.amounts.items()
    }
    assert {about: given.get(about) for about in expected.amounts} == pytest.approx(
        expected.amounts
    )


def test_conflicts_are_the_smallest(variant: tuple[Variant, Diagnosis, Tables, Case]) -> None:
    expected, found = variant[:2]
    sets = {frozenset(one.requirements) for one in found.conflicts}
    assert all(one.smallest for one in found.conflicts)
    assert sets
    if expected.conflicts:
        assert sets == expected.conflicts


def test_the_text_says_it(variant: tuple[Variant, Diagnosis, Tables, Case]) -> None:
    expected, found = variant[:2]
    text = "\n".join(found.lines())
    assert all(words in text for words in expected.words), text
    assert found.result()["text"] == found.lines()


def test_the_closest_plan_is_marked(variant: tuple[Variant, Diagnosis, Tables, Case]) -> None:
    closest = variant[1].closest
    assert (closest is not None) == variant[0].closest
    if closest is None:
        return
    assert closest.status == "infeasible"
    assert len(closest.tables["operation"])
    assert closest.notes[0].startswith(
        (
            "It falls short",
            "It meets the case only with a change",
            "No money can cover",
            "Of what money can reach",
        )
    )


def test_a_case_with_a_plan_is_not_diagnosed() -> None:
    with pytest.raises(InputError, match="nothing to diagnose"):
        diagnose(World().read(), case(), closest=False)


def test_changes_are_not_larger_than_needed() -> None:
    """One million less than the least budget, and one plant less than the limit, is not enough."""
    assert make_plan(World().read(), case("budget_usd_m=329")).status == "infeasible"
    assert make_plan(World().read(), case("budget_usd_m=330")).status == "optimal"
