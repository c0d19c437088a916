"""Limits over several years, and with factors of plants, in worlds that are solved by hand."""

from __future__ import annotations

from worlds import Answer, M, approx, case, world


def test_deposit_is_kept_for_the_year_in_which_purchases_are_dear() -> None:
    # A deposit of 15 serves three years with a need of 10 each; mining costs nothing. Purchases
    # cost 1, 5 and 2. The deposit serves the dear second year in full and half of the third:
    # 10 * 1 + 5 * 2 = 20. With 10 a year and no deposit nothing would be bought.
    tables = world(
        {"mine": "-> ore", "buy": "-> ore"},
        assets={
            "deposit": {"process": "mine", "capacity": 10.0},
            "market": {"process": "buy", "variable_cost_usd_per_unit": None},
        },
        demand={("A", "ore"): 10},
        series={
            ("assets", "market", "variable_cost_usd_per_unit"): {2030: M, 2031: 5 * M, 2032: 2 * M}
        },
        limits={
            "deposit": {
                "measure": "production",
                "sense": "at most",
                "value": 15.0,
                "asset": ("deposit",),
                "years": "together",
            }
        },
    )
    answer = Answer(tables, case("2030-2032"))
    assert answer.plan.objective == approx(20)
    mined = {
        row["year"]: row["activity"]
        for row in answer.plan.tables["operation"].to_dict("records")
        if row["plant"] == "deposit" and row["activity"]
    }
    assert mined == approx({2031: 10, 2032: 5})
    used = answer.plan.tables["binding"].to_dict("records")
    assert [(row["what"], row["where"], row["limit"]) for row in used] == [
        ("limit over years", "deposit, 2030-2032", 15.0)
    ]


def test_share_is_a_limit_with_weights() -> None:
    # At least 40 % of 10 t of metal is recycled: 0.6 recycled - 0.4 mined >= 0. Recycling costs 3,
    # mining 1: 4 * 3 + 6 * 1 = 18.
    tables = world(
        {"smelt": "-> metal", "recycle": "-> metal"},
        assets={
            "smelter": {"process": "smelt", "variable_cost_usd_per_unit": M},
            "recycler": {"process": "recycle", "variable_cost_usd_per_unit": 3 * M},
        },
        demand={("A", "metal"): 10},
        limits={
            "recycled": {
                "measure": "production",
                "sense": "at least",
                "value": 0.0,
                "commodity": "metal",
                "asset": ("recycler", "smelter"),
                "weights": (0.6, -0.4),
            }
        },
    )
    assert Answer(tables, case()).plan.objective == approx(18)


def test_plant_runs_only_to_make_room_in_a_limit_at_most() -> None:
    # Nobody wants gold, but a tonne of it allows two tonnes of metal: metal - 2 gold <= 0. The need
    # of 10 costs 5 of gold at 1 each. A plant that is left out as useless would make this
    # infeasible.
    tables = world(
        {"smelt": "-> metal", "pan": "-> gold"},
        assets={
            "smelter": {"process": "smelt"},
            "pan": {"process": "pan", "variable_cost_usd_per_unit": M},
        },
        demand={("A", "metal"): 10},
        limits={
            "ratio": {
                "measure": "activity",
                "sense": "at most",
                "value": 0.0,
                "asset": ("smelter", "pan"),
                "weights": (1.0, -2.0),
            }
        },
    )
    assert Answer(tables, case()).plan.objective == approx(5)
