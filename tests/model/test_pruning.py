"""Pruning is exact: small worlds drawn at random cost the same with it and without."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

import pytest

from paxsilica.case import Case
from paxsilica.instance import Arc, Arrow, Place, Plant, World, operating_states
from paxsilica.tables.read import Tables
from worlds import M, approx, built, case, outcome, seeds, world


def keep_all(
    world: World,
    plants: Mapping[str, Plant],
    arcs: Mapping[Arc, Arrow],
    demand: Mapping[Place, float],
    stores: set[Place],
    *_: Any,
) -> tuple[dict[str, Plant], set[Place], dict[Arc, Arrow]]:
    """Every plant, every arc, and every commodity in every region."""
    places = {
        (region, row.commodity) for region in world.regions for row in world.tables.commodities
    }
    return dict(sorted(plants.items())), places, dict(sorted(arcs.items()))


RECIPES = {
    "dig": "-> ore + 0.3 slag",
    "smelt": "1.5 ore + 0.1 tool -> metal + 0.2 slag",
    "press": "metal -> magnet",
    "build": "0.5 metal -> tool",
    "melt": "slag -> glass",
    "dump": "slag ->",
    "sell": "glass ->",
    "import": "-> metal",
}
GOODS = ["ore", "slag", "metal", "tool", "magnet", "glass"]


def drawn(seed: int) -> tuple[Tables, Case]:
    """A world of three regions and a hub, with whatever could make pruning go wrong thrown in at
    random."""
    dice = random.Random(seed)
    regions: dict[str, str | None] = {
        "A": "signatory",
        "B": "signatory",
        "C": "adversary",
        "H": "hub",
    }

    def plant() -> dict[str, Any]:
        return {
            "process": dice.choice(list(RECIPES)),
            "region": dice.choice("ABC"),
            "controller": dice.choice([None, None, None, "C"]),
            "variable_cost_usd_per_unit": dice.choice([1.0, 2.0, 3.0, 5.0, -0.5]) * M,
        }

    routes: dict[str, Any] = {}
    for _ in range(dice.randint(4, 14)):
        origin, target = dice.sample("ABCH", 2)
        routes[f"{origin}>{target} {dice.choice(GOODS)}"] = {
            "cost_usd_per_unit": dice.choice([0.0, 0.5, 1.0, -0.25]) * M,
            "largest_shipment": dice.choice([5.0, 20.0]),
            "smallest_shipment": 0.5 if dice.random() < 0.03 else None,
        }
    limits: dict[str, dict[str, Any]] = {}
    if dice.random() < 0.3:
        measure = dice.choice(["activity", "production", "shipment"])
        selected = (
            {"commodity": dice.choice(GOODS)}
            if dice.random() < 0.7
            else {"region": dice.choice("ABC")}
        )
        limits["floor"] = {"measure": measure, "sense": "at least", "value": 0.5} | selected
    tables = world(
        RECIPES,
        regions=regions,
        commodities={name: {"shortage_price_usd_per_unit": 40 * M} for name in GOODS}
        | {
            "slag": {
                "shortage_price_usd_per_unit": 40 * M,
                "surplus": dice.choice(["free", "forbidden"]),
            }
        }
        | {
            "magnet": {"shortage_price_usd_per_unit": 90 * M, "covered": True},
            "metal": {"shortage_price_usd_per_unit": 40 * M, "covered": True},
        },
        processes={
            "smelt": {"minimum_utilisation": dice.choice([None, 0.4])},
            "press": {"minimum_utilisation": dice.choice([None, 0.4])},
        },
        assets={
            f"a{at}": (
                plant()
                | {
                    "capacity": dice.choice([2.0, 5.0, 10.0]),
                    "must_run_share": 0.2 if dice.random() < 0.06 else None,
                }
            )
            for at in range(dice.randint(5, 12))
        },
        projects={
            f"p{at}": (
                plant()
                | {
                    "size": dice.choice([2.0, 5.0]),
                    "capex_usd_m": dice.choice([1.0, 5.0, 20.0]),
                }
            )
            for at in range(3)
        },
        demand={(dice.choice("ABC"), name): 3.0 for name in ["magnet", dice.choice(GOODS)]},
        routes=routes,
        stocks=(
            {(dice.choice("AB"), dice.choice(GOODS)): {"initial": 2.0, "largest": 5.0}}
            if dice.random() < 0.5
            else None
        ),
        limits=limits,
        scenarios={"base": 0.7, "squeeze": 0.3},
        events=[
            {
                "scenario": "squeeze",
                "event": "cut-off",
                "region": "C",
                "commodity": dice.choice(["*", "metal", "ore"]),
                "from_year": 2030,
            }
        ],
    )
    return tables, case(
        scenarios=["base", "squeeze"],
        coverage={"required": 0.8, "from_year": 2030, "hard": dice.random() < 0.2},
    )


@pytest.mark.parametrize("block", seeds(0, 5, 5))
def test_pruning_changes_no_optimum(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    feasible, smaller = 0, 0
    for seed in range(block * 12, block * 12 + 12):
        tables, asked = drawn(seed)
        short = outcome(tables, asked)
        size = len(built(tables, asked).program.columns)
        with monkeypatch.context() as patch:
            patch.setattr(operating_states, "prune", keep_all)
            full = outcome(tables, asked)
            smaller += size < len(built(tables, asked).program.columns)
        assert short.status == full.status, seed
        if full.objective is not None:
            feasible += 1
            assert short.objective == approx(full.objective, abs=1e-6), seed
    # the draw is worth something only if most worlds can be planned and pruning does something
    assert feasible >= 4
    assert smaller >= 10
