"""Where coverage is soft, what is missing along a chain is paid for once."""

from __future__ import annotations

from typing import Any

import pytest

from paxsilica.errors import InputError
from paxsilica.tables import Tables
from worlds import COVERED, Answer, M, approx, case, world

CUT = "cut off 2030"
SOFT = COVERED | {"hard": False, "required": 0.8}


def chain(metal: float, prices: tuple[float, float], **more: Any) -> Tables:
    """10 magnets of 2 metal each are needed; A can make ``metal``. Prices in USD million."""
    goods: dict[str, Any] = {
        name: {"covered": True, "price_usd_per_unit": price * M, "shortage_price_usd_per_unit": M}
        for name, price in zip(("metal", "magnet"), prices, strict=True)
    }
    return world(
        {"smelt": "-> metal", "press": "2 metal -> magnet"},
        regions={"A": "signatory", "C": "adversary"},
        commodities=goods,
        assets={
            "smelter": {"process": "smelt", "capacity": metal},
            "abroad": {"process": "smelt", "region": "C"},
            "press": {"process": "press"},
        },
        routes={"C>A metal": 0.0},
        demand={("A", "magnet"): 10},
        **more,
    )


def test_a_missing_magnet_costs_the_value_added_of_each_stage_once() -> None:
    # 12 metal of 20 and 6 magnets of 10: each stage misses 0.8 - 0.6. Metal adds 20 * 3 = 60 and
    # magnets 10 * (10 - 2 * 3) = 40: 0.2 * (60 + 40) = 20. At list prices it would be
    # 0.2 * (20 * 3 + 10 * 10) = 32.
    answer = Answer(chain(12.0, (3.0, 10.0)), case(coverage=SOFT))
    assert answer.built.instance.value_at_risk == approx(
        {("metal", 2030): 60, ("magnet", 2030): 40}
    )
    assert [answer.value("shortfall", stage, CUT) for stage in ("metal", "magnet")] == approx(
        [0.2, 0.2]
    )
    assert answer.costs() == approx({"coverage_shortfall": 20})
    table = answer.plan.tables["coverage_by_commodity"].set_index("commodity")
    assert table["shortfall"].to_dict() == approx({"metal": 0.2 * 20, "magnet": 0.2 * 10})


def test_a_stage_has_one_shortfall_the_largest_of_its_goods() -> None:
    # Both goods belong to one stage: alpha misses 0.1 and beta 0.5 of the required 0.8, so the
    # stage misses 0.5 of a value added of 10 * 2 + 10 * 4 = 60.
    tables = world(
        {"one": "-> alpha", "two": "-> beta"},
        regions={"A": "signatory", "C": "adversary"},
        commodities={
            name: {"covered": True, "stage": "alpha", "price_usd_per_unit": price * M}
            for name, price in (("alpha", 2.0), ("beta", 4.0))
        },
        assets={
            "one": {"process": "one", "capacity": 7.0},
            "two": {"process": "two", "capacity": 3.0},
            "one abroad": {"process": "one", "region": "C"},
            "two abroad": {"process": "two", "region": "C"},
        },
        routes={"C>A alpha": 0.0, "C>A beta": 0.0},
        demand={("A", "alpha"): 10, ("A", "beta"): 10},
    )
    answer = Answer(tables, case(coverage=SOFT | {"shortfall_weight": 2.0}))
    assert answer.value("shortfall", "alpha", CUT) == approx(0.5)
    assert answer.costs() == approx({"coverage_shortfall": 2 * 0.5 * 60})


@pytest.mark.parametrize("magnet", [6.0, 5.0])
def test_a_stage_whose_inputs_are_worth_as_much_as_its_goods_is_bad_input(magnet: float) -> None:
    with pytest.raises(InputError, match=r"positive for stage magnet.* in 2030"):
        Answer(chain(12.0, (3.0, magnet)), case(coverage=SOFT))
    hard = COVERED | {"required": 0.5}
    assert Answer(chain(12.0, (3.0, magnet)), case(coverage=hard)).plan.status == "optimal"
