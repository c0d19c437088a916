"""Why a stage is below its requirement, in worlds where the cause was put there."""

from __future__ import annotations

import pytest
from ore_world import World, case

from paxsilica.errors import InfeasibleError, InputError
from paxsilica.studies.exposure import Exposure, explain_stage


def exposed(world: World, stage: str = "magnets", *settings: str) -> Exposure:
    return explain_stage(world.read(), case("coverage.hard=false", *settings), stage)


def way(found: Exposure) -> list[str]:
    return [step.commodity for step in found.steps]


def test_no_smelter_that_is_trusted() -> None:
    found = exposed(World().drop("projects", "smelt-a1", "smelt-a2", "smelt-b"))
    assert (way(found), found.cause) == (["magnet", "metal"], "no plant")
    assert found.steps[-1].holders[0].region == "CHN"
    assert not found.steps[-1].holders[0].within_reach
    assert "In normal times Metal comes from: China 100%, cut off (smelt-chn)." in found.lines()


def test_a_mine_under_chinese_control() -> None:
    """Two steps up: the mine stands in Aland, and China can switch it off."""
    found = exposed(World().set("assets", "mine-ala", controller="CHN"))
    assert (way(found), found.cause) == (["magnet", "metal", "ore"], "no plant")
    assert found.steps[-1].lost_to_control == pytest.approx(300)
    assert any("under the control of adversaries" in line for line in found.lines())


def test_too_little_of_the_stage_itself() -> None:
    """Money for one line: 60 of 100."""
    found = exposed(World(), "magnets", "budget_usd_m=170")
    assert (way(found), found.cause, round(found.share, 6)) == (["magnet"], "capacity", 0.6)
    assert found.steps[0].ready == pytest.approx(60)


def test_too_little_ore() -> None:
    """Two smelters that must be built and presses for all; ore for 40 only."""
    world = World().set("assets", "mine-ala", capacity="80")
    for project in ("smelt-a1", "smelt-a2", "press-a1", "press-a2"):
        world.set("projects", project, commitment="required")
    found = exposed(world)
    assert (way(found), found.cause) == (["magnet", "metal", "ore"], "capacity")
    assert found.share == pytest.approx(0.4)
    # one more tonne of ore is half a tonne of metal, and of magnets
    assert found.steps[-1].worth == pytest.approx(0.5)


def test_plants_that_stand_idle() -> None:
    """Presses of Aland could make it all, but cost more to run than what is bought, and nothing
    makes them run."""
    world = (
        World()
        .set("processes", "press", minimum_utilisation="0.5")
        .drop("projects", "press-a1", "press-a2", "press-b")
    )
    world.add(
        "assets",
        asset="press-ala",
        name="Presses",
        region="ALA",
        process="press",
        capacity="100",
        variable_cost_usd_per_unit="90000",
    )
    for project in ("smelt-a1", "smelt-a2"):
        world.set("projects", project, commitment="required")
    world.set("commodities", "magnet", shortage_price_usd_per_unit="90001")
    found = exposed(world, "magnets", "coverage.required=0.01", "coverage.shortfall_weight=0.0001")
    assert (way(found), found.cause) == (["magnet"], "not ready")
    assert found.steps[0].capacity_within_reach == pytest.approx(100)


def test_a_stage_that_is_fully_covered() -> None:
    found = explain_stage(World().read(), case(), "magnets")
    assert not found.steps
    assert "fully covered" in found.lines()[0]


def test_invalid_stages_are_refused() -> None:
    with pytest.raises(InputError, match=r"did you mean .magnets"):
        exposed(World(), "magnet")
    with pytest.raises(InputError, match="requires no coverage"):
        exposed(World().set("commodities", "ore", covered="no"), "mining")
    with pytest.raises(InfeasibleError):
        explain_stage(World().read(), case("budget_usd_m=100"), "magnets")
