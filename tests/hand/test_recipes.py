"""Several recipes on one capacity, in worlds that are solved by hand."""

from __future__ import annotations

from typing import Any

from worlds import COVERED, Answer, M, approx, case, world

LIGHT_AND_HEAVY = {"light": "-> light", "heavy": "-> heavy"}
HEAVY = {"process": "heavy", "shares_capacity_of": "line", "capacity_use": 2.0}


def line(
    plant: dict[str, Any] | None = None,
    heavy: dict[str, Any] | None = None,
    years: str = "2030",
    **case_keys: Any,
) -> Answer:
    """A line of 100 hours, of which a light unit takes one and a heavy one two; 60 light and 50
    heavy are wanted, and a missing one costs 5 and 8."""
    covered = {"covered": True} if case_keys.get("coverage") else {}
    tables = world(
        LIGHT_AND_HEAVY,
        commodities={
            "light": {"shortage_price_usd_per_unit": 5 * M},
            "heavy": {"shortage_price_usd_per_unit": 8 * M} | covered,
        },
        assets=({} if plant else {"line": {"process": "light", "capacity": 100.0}})
        | {"line heavy": HEAVY | (heavy or {})},
        projects={"line": {"process": "light", "size": 100.0} | plant} if plant else {},
        demand={("A", "light"): 60, ("A", "heavy"): 50},
    )
    return Answer(tables, case(years, **case_keys))


def test_recipes_share_the_hours_of_a_line() -> None:
    # An hour of light saves 5, an hour of heavy 4: 60 light, 20 heavy, 30 heavy missing at 8.
    answer = line()
    assert answer.plan.objective == approx(240)
    assert answer.value("activity", "line", "normal 2030") == approx(60)
    assert answer.value("activity", "line heavy", "normal 2030") == approx(20)


def test_required_coverage_takes_the_hours_of_the_other_recipe() -> None:
    # 80 % of the heavy units are required in the cut-off and made in normal times too, where they
    # stay missing otherwise: a limit on operation keeps 40 of them. 80 hours, 20 light, 40 * 5 +
    # 10 * 8.
    tables = world(
        LIGHT_AND_HEAVY,
        commodities={
            "light": {"shortage_price_usd_per_unit": 5 * M},
            "heavy": {"shortage_price_usd_per_unit": 8 * M},
        },
        assets={"line": {"process": "light", "capacity": 100.0}, "line heavy": HEAVY},
        demand={("A", "light"): 60, ("A", "heavy"): 50},
        limits={
            "heavy": {"measure": "activity", "sense": "at least", "value": 40.0, "process": "heavy"}
        },
    )
    assert Answer(tables, case()).plan.objective == approx(280)


def test_recipe_has_a_limit_of_its_own_too() -> None:
    # at most 15 heavy: 60 light, 15 heavy, 35 missing
    assert line(heavy={"capacity": 15.0}).plan.objective == approx(35 * 8)


def test_recipes_of_a_project_exist_as_far_as_it_is_committed() -> None:
    # Nothing made costs 60 * 5 + 50 * 8 = 700, the line leaves 240: worth 460.
    assert line({"capex_usd_m": 450.0}).plan.objective == approx(690)
    kept = line({"capex_usd_m": 470.0})
    assert kept.plan.objective == approx(700)
    assert kept.committed == {}


def coverage(heavy: float, **asset: Any) -> Answer:
    """The line of 100 hours is all there is in a cut-off: heavy units, or light ones that nobody
    needs to cover."""
    tables = world(
        LIGHT_AND_HEAVY,
        regions={"A": "signatory", "C": "adversary"},
        commodities={
            "heavy": {"covered": True, "shortage_price_usd_per_unit": M},
            "light": {"shortage_price_usd_per_unit": M},
        },
        assets={
            "line": {"process": "light", "capacity": 100.0} | asset,
            "line heavy": HEAVY,
            "abroad": {"process": "heavy", "region": "C"},
        },
        routes={"C>A heavy": 0.0},
        demand={("A", "heavy"): heavy, ("A", "light"): 10},
    )
    soft = COVERED | {"hard": False}
    return Answer(tables, case(coverage=soft))


def test_shares_count_what_the_plant_can_run_of_the_recipe() -> None:
    # 100 hours are 50 heavy units: half of a need of 100, by nameplate and by coverage
    found = coverage(100).coverage("heavy")
    assert found["nameplate_share"] == found["nameplate_share_without"] == approx(0.5)
    assert found["standalone_coverage"] == approx(0.5)


def test_event_of_capacity_hits_all_recipes() -> None:
    tables = world(
        LIGHT_AND_HEAVY,
        commodities={
            "light": {"shortage_price_usd_per_unit": 5 * M},
            "heavy": {"shortage_price_usd_per_unit": 8 * M},
        },
        assets={"line": {"process": "light", "capacity": 100.0}, "line heavy": HEAVY},
        demand={("A", "heavy"): 50},
        scenarios={"flood": 1.0},
        events=[
            {
                "scenario": "flood",
                "event": "capacity",
                "process": "light",
                "from_year": 2030,
                "factor": 0.4,
            }
        ],
    )
    # 40 hours are 20 heavy units; 30 are missing at 8
    assert Answer(tables, case(scenarios=["flood"])).plan.objective == approx(240)


def test_price_of_the_shared_capacity_is_that_of_its_scarce_recipe() -> None:
    from paxsilica.prices.priced_items import capacity

    found = line()
    model, values = found.built, found.outcome.values
    assert values is not None
    items = {item.where: item for item in capacity(model.instance, model.program, values)}
    row = model.program.row_names.index(("shared_capacity", ("line", "normal 2030")))
    assert row in items["line"].movement.rows


def test_accounts_hold_the_margins_of_all_recipes() -> None:
    tables = world(
        LIGHT_AND_HEAVY,
        commodities={
            "light": {"shortage_price_usd_per_unit": 5 * M, "price_usd_per_unit": 3 * M},
            "heavy": {"shortage_price_usd_per_unit": 8 * M, "price_usd_per_unit": 4 * M},
        },
        assets={"line heavy": HEAVY | {"variable_cost_usd_per_unit": M}},
        projects={
            "line": {
                "process": "light",
                "size": 100.0,
                "capex_usd_m": 10.0,
                "sponsor_share": 1.0,
                "variable_cost_usd_per_unit": 0.5 * M,
            }
        },
        demand={("A", "light"): 60, ("A", "heavy"): 50},
    )
    # An hour of light saves 4.5, an hour of heavy 3.5. 60 light at 3 less 0.5, 20 heavy at 4 less 1
    accounts = Answer(tables, case()).plan.tables["accounts"]
    assert accounts["received_usd_m"].tolist() == approx([60 * 2.5 + 20 * 3])
