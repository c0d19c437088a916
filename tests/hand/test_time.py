"""Announced is not built, ramps take years, and members join on a day."""

from __future__ import annotations

import pytest

from worlds import COVERED, Answer, M, approx, case, world


@pytest.mark.parametrize(("required", "chosen"), [(0.6, "announced"), (0.7, "financed")])
def test_what_is_announced_is_credited_in_part(required: float, chosen: str) -> None:
    # Both have a nameplate of 10 against a need of 10; by nameplate the cheaper one at 50 would do
    # for any share. Of what is announced 0.6 is completed: it gives
    # 6, enough for 60 % and not for 70 %.
    tables = world(
        {"make": "-> chip"},
        regions={"A": "signatory"},
        commodities={"chip": {"covered": True, "shortage_price_usd_per_unit": M}},
        statuses={"announced": 0.9, "financed": 0.9},
        completion={("announced", "*"): {0: 0.6}, ("financed", "*"): {0: 1.0}},
        projects={
            "announced": {
                "process": "make",
                "size": 10.0,
                "capex_usd_m": 50.0,
                "status": "announced",
            },
            "financed": {
                "process": "make",
                "size": 10.0,
                "capex_usd_m": 70.0,
                "status": "financed",
            },
        },
        demand={("A", "chip"): 10},
    )
    answer = Answer(tables, case(coverage=COVERED | {"required": required}))
    assert answer.committed == {chosen: 2030}
    assert answer.coverage("chip")["nameplate_share"] == approx(1)


def test_ramp_and_lead_time_make_an_early_commitment_necessary() -> None:
    # Coverage in 2033. Waiting saves money (25 % a year), and a plan without time would commit in
    # 2033. Two years to build, 40 % in the first year of operation, all in the second: 2033 must be
    # the second, so 2030 it is. Capital 100 at 0.8 * 0.8.
    tables = world(
        {"make": "-> chip"},
        regions={"A": "signatory"},
        commodities={"chip": {"covered": True, "shortage_price_usd_per_unit": 0.0}},
        projects={
            "p": {
                "process": "make",
                "size": 10.0,
                "capex_usd_m": 100.0,
                "lead_time_years": 2,
                "ramp_profile": (0.4, 1.0),
            }
        },
        demand={("A", "chip"): 10},
    )
    coverage = COVERED | {"from_year": 2033}
    answer = Answer(tables, case("2028-2033", coverage=coverage, finance={"discount_rate": 0.25}))
    assert answer.committed == {"p": 2030}
    assert answer.costs() == approx({"capital": 64})
    # 40 % are enough: a year later will do
    later = Answer(
        tables,
        case("2028-2033", coverage=coverage | {"required": 0.4}, finance={"discount_rate": 0.25}),
    )
    assert later.committed == {"p": 2031}


def test_a_price_that_falls_is_waited_for() -> None:
    # Coverage in 2032; capital is 100, 80, 70 by year of commitment, no discounting: 2032 at 70.
    tables = world(
        {"make": "-> chip"},
        regions={"A": "signatory"},
        commodities={"chip": {"covered": True, "shortage_price_usd_per_unit": 0.0}},
        projects={"p": {"process": "make", "size": 10.0, "capex_usd_m": None}},
        series={("projects", "p", "capex_usd_m"): {2030: 100.0, 2031: 80.0, 2032: 70.0}},
        demand={("A", "chip"): 10},
    )
    answer = Answer(tables, case("2030-2032", coverage=COVERED | {"from_year": 2032}))
    assert answer.committed == {"p": 2032}
    assert answer.objective == approx(70)


def test_a_member_counts_for_the_whole_year_in_which_it_joins() -> None:
    # B joins on 30 June 2031. A status of 31 December holds for the year: nothing in 2030,
    # everything in 2031.
    tables = world(
        {"make": "-> chip"},
        regions={"A": "signatory", "B": None},
        since={"B": {2000: "neutral", 2031: "signatory"}},
        commodities={"chip": {"covered": True, "shortage_price_usd_per_unit": M}},
        assets={"b": {"process": "make", "region": "B", "capacity": 10.0}},
        routes={"B>A chip": 0.0},
        demand={("A", "chip"): 10},
    )
    roles = {"protected": ["signatory"], "adversary": ["neutral"]}
    answer = Answer(tables, case("2030-2031", coverage=COVERED | {"hard": False}, roles=roles))
    assert [answer.coverage("chip", year)["standalone_coverage"] for year in (2030, 2031)] == [0, 1]
    assert answer.costs() == approx({"coverage_shortfall": 10})
    # the same question with participants and neutrals protected from the start
    wide = Answer(
        tables, case("2030-2031", coverage=COVERED, roles={"protected": ["signatory", "neutral"]})
    )
    assert not wide.costs()


def test_a_sum_that_falls_due_after_the_end_is_charged_to_the_last_year() -> None:
    # Half of the capital falls due a year after the commitment, which is after the end: it is not
    # had for nothing.
    tables = world(
        {"make": "-> chip"},
        projects={
            "p": {
                "process": "make",
                "size": 10.0,
                "capex_usd_m": 100.0,
                "spend_profile": (0.5, 0.5),
            }
        },
        demand={("A", "chip"): {2030: 0, 2031: 10}},
        funders={"f": {"annual_limit_usd_m": 60.0}},
    )
    # committed in 2031 all 100 would fall due in 2031, above the annual 60: so it is committed in
    # 2030
    assert Answer(tables, case("2030-2031")).committed == {"p": 2030}
