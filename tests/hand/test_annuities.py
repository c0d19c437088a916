"""Capital is charged as annuities while a plant runs within the case."""

from __future__ import annotations

from typing import Any

import pytest

from worlds import COVERED, Answer, M, approx, case, world


def plants(demand: Any, **projects: dict[str, Any]) -> Any:
    return world(
        {"make": "-> chip"},
        commodities={"chip": {"covered": True, "shortage_price_usd_per_unit": 100 * M}},
        projects={name: {"process": "make"} | row for name, row in projects.items()},
        demand={("A", "chip"): demand},
        funders={"f": {"envelope_usd_m": 1000.0, "cost_of_capital": 0.04}},
    )


LASTING: dict[str, Any] = {"size": 10.0, "capex_usd_m": 100.0, "economic_life_years": 25}


def test_a_hundred_at_ten_percent_for_25_years_used_for_one_year_costs_eleven() -> None:
    answer = Answer(plants(10, p=LASTING), case(finance={"discount_rate": 0.10}))
    yearly = 100 * 0.10 / (1 - 1.1**-25)
    assert answer.costs() == approx({"capital": yearly})
    assert yearly == pytest.approx(11.02, abs=0.01)
    # 24 more annuities are owed
    row = answer.plan.portfolio.iloc[0]
    assert row["obligations_usd_m"] == approx(24 * yearly)
    assert f"USD {24 * yearly:,.0f} million" in " ".join(answer.plan.notes)


def test_interest_during_construction_is_part_of_the_annuity() -> None:
    # half in 2030, half in 2031, operation from 2032 on: 50 * 1.21 + 50 * 1.1 at the start; two
    # annuities of a life of two years, in 2032 and 2033
    building = LASTING | {
        "economic_life_years": 2,
        "lead_time_years": 2,
        "spend_profile": (0.5, 0.5),
    }
    tables = plants({2030: 0, 2031: 0, 2032: 10, 2033: 10}, p=building)
    asked = case("2030-2033", finance={"discount_rate": 0.10})
    answer = Answer(tables, asked)
    assert answer.committed == {"p": 2030}
    yearly = (50 * 1.21 + 50 * 1.1) * 0.10 / (1 - 1.1**-2)
    assert answer.costs() == approx({"capital": yearly / 1.1**2 + yearly / 1.1**3})
    # money is due when it is spent, and nothing is owed after the end
    funding = answer.plan.funding
    assert dict(zip(funding["year"], funding["usd_m"], strict=True)) == approx({2030: 50, 2031: 50})
    assert answer.plan.portfolio["obligations_usd_m"].tolist() == [0]


def test_an_addition_is_charged_from_its_own_start_on() -> None:
    # no interest, life 10: a tenth of the capital a year. 4 units from 2030 on (40), 6 more from
    # 2031 on (60): 4 + 10 in two years, and 8 and 9 annuities are owed
    row = {
        "size": (4.0, 10.0),
        "capex_usd_m": 40.0,
        "capex_usd_m_per_unit": 10.0,
        "expandable": True,
        "economic_life_years": 10,
    }
    answer = Answer(plants({2030: 4, 2031: 10}, p=row), case("2030-2031"))
    assert answer.costs() == approx({"capital": 4 + 10})
    assert answer.plan.portfolio["obligations_usd_m"].tolist() == approx([8 * 4 + 9 * 6])


@pytest.mark.parametrize("social", [-0.03, 0.0, 0.05, 0.2])
@pytest.mark.parametrize("own", [-0.03, 0.2])
def test_nothing_is_built_without_demand_at_any_rate(social: float, own: float) -> None:
    # of what is needed by nobody nothing is built, neither early nor late nor in part
    rows = {
        "p": LASTING | {"sponsor_share": 0.4, "sponsor_cost_of_capital": own},
        "late": LASTING | {"lead_time_years": 2, "spend_profile": (0.2, 0.3, 0.5)},
        "part": LASTING | {"size": (0.0, 10.0), "capex_usd_m_per_unit": 3.0, "expandable": True},
        "for-ever": {"size": 10.0, "capex_usd_m": 100.0},
    }
    tables = world(
        {"make": "-> chip"},
        projects={name: {"process": "make"} | row for name, row in rows.items()},
        demand={("A", "chip"): 0.0},
        funders={"f": {"envelope_usd_m": 1000.0, "cost_of_capital": own}},
    )
    answer = Answer(tables, case("2030-2035", finance={"discount_rate": social}))
    assert answer.committed == {}
    assert answer.costs() == {}


def test_a_horizon_five_years_longer_keeps_the_first_commitments() -> None:
    # Demand rises to 20 by 2031 and stays. A plant for 25 years at 100 (7.1 a year at 5 %) beats
    # one for 5 years at 50 (11.5 a year), whether two or seven years are counted; both come when
    # they are needed. With capital up front the short one would win in a case of two years.
    short = {"size": 10.0, "capex_usd_m": 50.0, "economic_life_years": 5}
    rows = {"a": LASTING, "b": LASTING, "c": short, "d": short}
    keys: dict[str, Any] = {"coverage": COVERED, "finance": {"discount_rate": 0.05}}
    tables = plants({2030: 10, 2031: 20, 2036: 20}, **rows)
    found = []
    for years in ("2030-2031", "2030-2036"):
        answer = Answer(tables, case(years, **keys))
        assert set(answer.committed) == {"a", "b"}
        found.append(sorted(answer.committed.values()))
    assert found == [[2030, 2031], [2030, 2031]]
