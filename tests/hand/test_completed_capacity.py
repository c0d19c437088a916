"""Committed projects are completed on time, late or never, each with its probability."""

from __future__ import annotations

from typing import Any

import pytest

from paxsilica.errors import InputError
from paxsilica.instance import make_instance
from paxsilica.instance.completion import Completion, ramp_share
from paxsilica.instance.statements import statements
from worlds import COVERED, Answer, M, approx, built, case, world

ODDS = {0: 0.5, 1: 0.3}
"""One in five is never completed."""


def plant(odds: Any = None, years: str = "2030-2034", **row: Any) -> Any:
    tables = world(
        {"make": "-> chip"},
        commodities={"chip": {"covered": True, "shortage_price_usd_per_unit": M}},
        statuses={"announced": 0.9},
        completion={("announced", "*"): ODDS} if odds is None else odds,
        projects={"p": {"process": "make", "size": 10.0, "status": "announced"} | row},
        demand={("A", "chip"): 10},
    )
    return tables, case(years, coverage=COVERED | {"hard": False})


def test_credited_share_is_the_chance_of_each_delay_times_the_ramp_since() -> None:
    # age 0: 0.5 on time at 0.4. Age 1: 0.5 at full size and 0.3 at 0.4. Age 2 and later: 0.8.
    tables, asked = plant(ramp_profile=(0.4, 1.0))
    candidate = make_instance(tables, asked).candidates["p"]
    found = [candidate.credited_share(age) for age in (-1, 0, 1, 2, 9)]
    assert found == approx([0.0, 0.2, 0.62, 0.8, 0.8])
    assert candidate.completion.chance == approx(0.8)
    assert [candidate.completion.operating_share(age) for age in (-1, 0, 1, 5)] == approx(
        [0.0, 0.5, 0.8, 0.8]
    )


def test_the_mean_of_random_draws_is_the_credit() -> None:
    odds, ramp = Completion(((0, 0.36), (1, 0.21), (3, 0.13))), (0.3, 0.8, 1.0)
    number = 20_000
    draws = [odds.drawn((at + 0.5) / number) for at in range(number)]
    assert draws.count(None) == round(0.3 * number)
    for age in range(-1, 8):
        mean = sum(ramp_share(ramp, age - late) for late in draws if late is not None) / number
        assert odds.credited_share(age, ramp) == pytest.approx(mean, abs=1e-4)


def test_every_addition_of_size_has_its_own_clock() -> None:
    # 4 committed by 2030 and 6 more in 2031: in 2031 the first are a year old (0.8), the others new
    # (0.5)
    tables, asked = plant(size=(4.0, 10.0), expandable=True)
    row = built(tables, asked).line("project_capacity", "p", "normal 2031")
    assert row.terms == approx(
        {
            ("activity", ("p", "normal 2031")): 1,
            ("committed", ("p", 2030)): -4 * (0.8 - 0.5),
            ("committed", ("p", 2031)): -4 * 0.5,
            ("added_size", ("p", 2030)): -(0.8 - 0.5),
            ("added_size", ("p", 2031)): -0.5,
        }
    )


def test_what_is_delayed_is_committed_earlier_and_all_of_it_is_paid() -> None:
    # 0.8 is wanted from 2032 on. Half is completed on time and 0.3 a year late: with a lead time of
    # one year it must be committed in 2030, although capital falls from 100 to 60 a year later.
    tables = world(
        {"make": "-> chip"},
        commodities={"chip": {"covered": True, "shortage_price_usd_per_unit": 0.0}},
        statuses={"announced": 0.9},
        completion={("announced", "*"): ODDS},
        projects={
            "p": {
                "process": "make",
                "size": 10.0,
                "status": "announced",
                "lead_time_years": 1,
                "capex_usd_m": None,
                "fixed_cost_usd_m": 10.0,
            }
        },
        series={("projects", "p", "capex_usd_m"): {2030: 100.0, 2031: 60.0, 2032: 60.0}},
        demand={("A", "chip"): 10},
    )
    hard = COVERED | {"required": 0.8, "from_year": 2032}
    answer = Answer(tables, case("2030-2032", coverage=hard))
    assert answer.committed == {"p": 2030}
    # nothing is refunded for the fifth that is never completed; it has no fixed cost either
    assert answer.costs() == approx({"capital": 100, "fixed_operation": 5 + 8})
    row = answer.plan.portfolio.iloc[0]
    assert (row["size"], row["credited_size"], row["capex_usd_m"]) == approx((10, 8, 100))
    operation = answer.plan.table("operation")
    normal = operation[operation["mode"] == "normal"]
    assert dict(zip(normal["year"], normal["capacity"], strict=True)) == approx({2031: 5, 2032: 8})


def test_rows_of_a_stage_replace_those_of_all_stages() -> None:
    odds = {("announced", "*"): {0: 0.5, 2: 0.2}, ("announced", "chip"): {1: 0.9}}
    tables, asked = plant(odds)
    assert make_instance(tables, asked).candidates["p"].completion == Completion(((1, 0.9),))


def test_a_status_without_rows_is_refused() -> None:
    tables, asked = plant({("financed", "*"): {0: 1.0}})
    with pytest.raises(InputError) as caught:
        make_instance(tables, asked)
    [problem] = caught.value.problems
    assert (problem.table, problem.column, problem.value) == ("projects", "status", "announced")
    assert "completion should have rows" in problem.expected


def test_without_the_table_all_are_completed_on_time_and_that_is_said() -> None:
    tables, asked = plant({})
    instance = make_instance(tables, asked)
    assert instance.candidates["p"].completion == Completion(((0, 1.0),))
    assert any("completed on time" in sentence for sentence in statements(instance))


def test_a_project_without_a_status_is_completed_on_time_and_that_is_said() -> None:
    tables, asked = plant(status=None)
    instance = make_instance(tables, asked)
    assert instance.candidates["p"].completion == Completion(((0, 1.0),))
    assert "Projects without a status are completed on time: p." in statements(instance)


def test_expected_capital_is_the_stated_capital_times_the_factor_of_the_status() -> None:
    # 100 for the first 5 and 10 for each further: 120 stated, a quarter more expected, due over two
    # years
    tables = world(
        {"make": "-> chip"},
        commodities={"chip": {"covered": True}},
        statuses={"announced": {"credit": 0.9, "capital_factor": 1.25}, "firm": 0.9},
        completion={("announced", "*"): {0: 1.0}, ("firm", "*"): {0: 1.0}},
        projects={
            "p": {
                "process": "make",
                "size": (5.0, 10.0),
                "status": "announced",
                "capex_usd_m": 100.0,
                "capex_usd_m_per_unit": 10.0,
                "spend_profile": (0.5, 0.5),
            },
            "q": {"process": "make", "size": 1.0, "status": "firm", "capex_usd_m": 1000.0},
        },
        funders={"f": {"annual_limit_usd_m": 80.0}},
        demand={("A", "chip"): {2030: 7, 2031: 7}},
    )
    asked = case("2030-2031", coverage=COVERED)
    answer = Answer(tables, asked)
    assert answer.costs() == approx({"capital": 150})
    assert answer.plan.funding["usd_m"].tolist() == approx([75, 75])
    assert answer.plan.portfolio["capex_usd_m"].tolist() == approx([150])
    assert "Projects of these statuses are expected to cost what is stated: firm." in statements(
        answer.built.instance
    )
