"""Output that declines, in worlds that are solved by hand."""

from __future__ import annotations

import pytest

from worlds import COVERED, Answer, Built, M, approx, built, case, same_program, world

MINE = {"process": "mine", "size": 10.0, "capex_usd_m": 20.0, "decline_rate": 0.2}


def test_capacity_of_a_project_declines_after_its_ramp() -> None:
    tables = world(
        {"mine": "-> ore"},
        statuses={"s": 1.0},
        completion={("s", "*"): {0: 0.5, 1: 0.3}},
        projects={
            "p": MINE
            | {"ramp_profile": (0.5, 1.0), "status": "s", "latest_commitment": 2030, "region": "A"}
        },
        demand={("A", "ore"): 1},
    )
    model = built(tables, case("2030-2033"))

    def capacity(year: int) -> float:
        state = f"normal {year}"
        return -model.line("project_capacity", "p", state).terms["committed", ("p", 2030)]

    # on time with 0.5, a year late with 0.3; shares of 0.5, 1, 0.8 and 0.64 by year of operation
    assert capacity(2030) == approx(10 * 0.5 * 0.5)
    assert capacity(2031) == approx(10 * (0.5 * 1 + 0.3 * 0.5))
    assert capacity(2032) == approx(10 * (0.5 * 0.8 + 0.3 * 1))
    assert capacity(2033) == approx(10 * (0.5 * 0.64 + 0.3 * 0.8))


def test_capacity_of_an_existing_plant_declines_from_its_first_year() -> None:
    tables = world(
        {"mine": "-> ore"},
        statuses={"s": 0.5},
        assets={
            "m": {
                "process": "mine",
                "capacity": 100.0,
                "status": "s",
                "from_year": 2028,
                "decline_rate": 0.1,
            }
        },
        demand={("A", "ore"): 1},
    )
    model = built(tables, case("2030-2031"))
    assert model.bounds("activity", "m", "normal 2030") == approx((0, 50 * 0.9**2))
    assert model.bounds("activity", "m", "normal 2031") == approx((0, 50 * 0.9**3))


def test_mine_is_opened_when_its_output_is_needed() -> None:
    # A need of 8 in 2032 alone, purchases at 5. Opened in 2030 the mine has 6.4 left in 2032, in
    # 2031 it has 8, in 2032 ten. Capital of 20 is the same in each year, so it is opened in 2031 or
    # 2032 and nothing is bought: 20. Without decline the year would not matter.
    tables = world(
        {"mine": "-> ore", "buy": "-> ore"},
        assets={"market": {"process": "buy", "variable_cost_usd_per_unit": 5 * M}},
        projects={"p": MINE},
        demand={("A", "ore"): {2030: 0, 2031: 0, 2032: 8}},
    )
    answer = Answer(tables, case("2030-2032"))
    assert answer.plan.objective == approx(20)
    assert answer.committed["p"] in (2031, 2032)
    early = Answer(
        world(
            {"mine": "-> ore", "buy": "-> ore"},
            assets={"market": {"process": "buy", "variable_cost_usd_per_unit": 5 * M}},
            projects={"p": MINE | {"latest_commitment": 2030}},
            demand={("A", "ore"): {2030: 0, 2031: 0, 2032: 8}},
        ),
        case("2030-2032"),
    )
    assert early.plan.objective == approx(20 + 5 * 1.6)


def test_what_no_money_can_reach_counts_the_best_year_of_commitment() -> None:
    # Two years with a need of 10 each. Opened in 2031 the mine of 10 covers all of 2031; opened in
    # 2030 only 8 of it. Each year alone could be covered in full, so both are reachable; both
    # together reach 80 %.
    tables = world(
        {"mine": "-> ore"},
        regions={"A": "signatory", "C": "adversary"},
        commodities={"ore": {"covered": True, "shortage_price_usd_per_unit": 1.0}},
        assets={"abroad": {"process": "mine", "region": "C"}},
        projects={"p": MINE},
        routes={"C>A ore": 0.0},
        demand={("A", "ore"): 10},
    )
    answer = Answer(tables, case("2030-2031", coverage=COVERED, objective="security"))
    security = answer.plan.table("security")
    assert security["reachable_share"].tolist() == approx([1, 1])
    assert answer.plan.headline["security"]["ratio"] == pytest.approx(0.8, abs=1e-3)
    assert answer.committed == {"p": 2030}


def test_margin_after_the_case_declines_and_fixed_cost_does_not() -> None:
    # Ore sells at 3; 10 in 2030 and 8 in 2031 at a fixed cost of 2 a year: 28 and 22. A life of
    # four years adds 6.4 * 3 - 2 = 17.2 and 5.12 * 3 - 2 = 13.36: 80.56.
    tables = world(
        {"mine": "-> ore"},
        commodities={"ore": {"price_usd_per_unit": 3 * M}},
        projects={
            "p": MINE
            | {
                "fixed_cost_usd_m": 2.0,
                "economic_life_years": 4,
                "sponsor_share": 1.0,
                "commitment": "required",
                "latest_commitment": 2030,
            }
        },
        demand={("A", "ore"): {2030: 10, 2031: 8}},
    )
    accounts = Answer(tables, case("2030-2031")).plan.tables["accounts"]
    assert accounts["received_usd_m"].tolist() == approx([80.56])


def test_decline_of_zero_changes_nothing() -> None:
    def model(**extra: float) -> Built:
        return built(
            world(
                {"mine": "-> ore"},
                assets={"m": {"process": "mine", "capacity": 5.0, "from_year": 2020} | extra},
                projects={"p": {"process": "mine", "ramp_profile": (0.4, 1.0)} | extra},
                demand={("A", "ore"): 5},
            ),
            case("2030-2032"),
        )

    assert same_program(model(), model(decline_rate=0.0))
