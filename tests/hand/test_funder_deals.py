"""Signed deals, preferences of funders, and their statements, worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest

from paxsilica.case import make_case
from paxsilica.errors import InputError
from paxsilica.finance import present_value
from paxsilica.instance import make_instance
from paxsilica.instance.funder_deals import envelopes_in_data
from paxsilica.plan.solve import make_plan
from paxsilica.tables.read import Tables
from worlds import Answer, M, approx, case, world

INF = float("inf")
SHORT = 1000 * M


def tables(deals: list[dict[str, Any]] | None = None, **changes: Any) -> Tables:
    """Two plants that make the only chip that A needs: ``near`` in A for 110 and ``far`` in B for
    100, both paid by the fund of A. Chips move from B to A at no cost."""
    plant = {"process": "make", "size": 1.0}
    settings: dict[str, Any] = {
        "regions": {"A": "signatory", "B": "signatory"},
        "commodities": {"chip": {"shortage_price_usd_per_unit": SHORT, "price_usd_per_unit": 0.0}},
        "projects": {
            "near": plant | {"capex_usd_m": 110.0},
            "far": plant | {"capex_usd_m": 100.0, "region": "B"},
        },
        "demand": {("A", "chip"): 1},
        "routes": {"B>A chip": 0.0},
        "funders": {"f": {"envelope_usd_m": 500.0}},
        "series": {},
    }
    for name, value in changes.items():
        settings[name] = settings[name] | value if isinstance(value, dict) else value
    return world({"make": "-> chip"}, deals=deals, **settings)


def deal(state: str, amount: float | None = 30.0, **more: Any) -> dict[str, Any]:
    return {"funder": "f", "project": "near", "state": state, "amount_usd_m": amount} | more


def test_a_signed_deal_that_the_optimum_would_not_choose_is_kept() -> None:
    # without deals the plant in B for 100; with 30 signed on the one in A, that one for 110
    assert Answer(tables(), case()).committed == {"far": 2030}
    found = Answer(tables([deal("signed")]), case())
    assert found.committed == {"near": 2030}
    assert found.objective == approx(110)
    assert Answer(tables([deal("closed")]), case()).committed == {"near": 2030}


@pytest.mark.parametrize("state", ["approved", "conditional", "letter", "promise"])
def test_what_is_not_signed_binds_nobody(state: str) -> None:
    assert Answer(tables([deal(state)]), case()).committed == {"far": 2030}


@pytest.mark.parametrize("instrument", ["guarantee", "price-floor"])
def test_a_deal_that_pays_no_capital_binds_nobody(instrument: str) -> None:
    signed = deal("signed", instrument=instrument)
    assert Answer(tables([signed]), case()).committed == {"far": 2030}


@pytest.mark.parametrize("missing", ["project", "amount_usd_m"])
def test_a_deal_without_project_or_amount_binds_nobody_and_the_plan_says_so(missing: str) -> None:
    found = Answer(tables([deal("signed") | {missing: None}]), case())
    assert found.committed == {"far": 2030}
    words = (
        "Signed and closed deals that do not bind, since they state no project of the data or no"
        " amount: deal 0."
    )
    assert words in found.plan.notes


def test_the_case_may_count_no_deals_and_says_which() -> None:
    found = Answer(tables([deal("signed")]), case(funders={"deals": "none"}))
    assert found.committed == {"far": 2030}
    words = 'Signed and closed deals bind nobody (funders.deals = "none"): deal 0.'
    assert words in found.plan.notes


def test_a_deal_is_cut_to_the_public_share_and_the_plan_says_so() -> None:
    # the owner pays a quarter of 110: 82.5 are left for the deal of 90
    found = tables([deal("signed", 90.0)], projects={"near": near(sponsor_share=0.25)})
    answer = Answer(found, case())
    assert answer.built.line("signed_deal", "f", "near").sides == approx((82.5, INF))
    words = (
        "The deals of f on near, USD 90.0 million, bind it to USD 82.5 million, which is all public"
        " capital of the project."
    )
    assert words in answer.plan.notes


def near(**row: Any) -> dict[str, Any]:
    return {"process": "make", "size": 1.0, "capex_usd_m": 110.0} | row


def test_a_deal_goes_above_the_largest_share_of_its_funder() -> None:
    # largest share 0.2 of 110: 22; the deal of 30 adds 8; a second fund pays the other 80
    funders = {
        "f": {"envelope_usd_m": 500.0, "largest_share": 0.2},
        "g": {"envelope_usd_m": 500.0},
    }
    found = Answer(tables([deal("signed")], funders=funders), case())
    row = found.built.line("funder_largest_share", "f", "near")
    assert row.sides == (-INF, approx(8))
    paid = found.plan.funding.set_index("funder")["usd_m"]
    assert paid["f"] == approx(30)
    assert paid["g"] == approx(80)


def test_a_deal_of_an_absent_funder_binds_nobody_and_the_plan_says_so() -> None:
    found = tables([deal("signed")], funders={"g": {"envelope_usd_m": 500.0}})
    answer = Answer(found, case(funders={"exclude": ["f"]}))
    assert answer.committed == {"far": 2030}
    assert "Deals that do not bind, since their funder is absent: deal 0." in answer.plan.notes


def test_a_deal_outside_the_mandate_of_its_funder_is_refused() -> None:
    found = tables([deal("signed")], mandates=[{"funder": "f", "region": "B"}])
    with pytest.raises(InputError, match="the deal binds f, which may not pay for the project"):
        make_instance(found, case())


def test_a_deal_above_the_envelope_leaves_no_plan() -> None:
    funders = {"f": {"envelope_usd_m": 20.0}, "g": {"envelope_usd_m": 500.0}}
    found = tables([deal("signed")], funders=funders)
    assert make_plan(found, case()).status == "infeasible"
    plan = make_plan(found, case(funders={"envelopes_usd_m": {"f": 30.0}}))
    assert list(plan.portfolio["project"]) == ["near"]


def test_a_deal_on_a_project_that_nobody_can_pay_for_is_in_the_notes() -> None:
    found = Answer(tables([deal("signed")], funders={"f": {"envelope_usd_m": 105.0}}), case())
    assert found.committed == {"far": 2030}
    assert "Deals that do not bind, since their project is dropped: deal 0." in found.plan.notes


def test_a_preference_breaks_a_tie() -> None:
    # both for 100: with a weight of 0.01 the fund of A builds at home
    for home, away in (("A", "B"), ("B", "A")):
        same = tables(
            projects={"near": near(capex_usd_m=100.0)},
            funders={"f": {"envelope_usd_m": 500.0, "region": home}},
        )
        found = Answer(same, case(funders={"preference": 0.01}))
        assert found.committed == {("near" if home == "A" else "far"): 2030}, away
        assert found.objective == approx(100)
        assert statement(found)["elsewhere_usd_m"] == 0


def statement(found: Answer, funder: str = "f") -> dict[str, Any]:
    frame = found.plan.table("statements")
    return frame[frame["funder"] == funder].iloc[0].to_dict()


def test_a_preference_moves_money_home_where_that_costs_less_than_its_weight() -> None:
    # 110 at home against 100 elsewhere, weighed at 0.2: 110 < 120; the preference costs 10
    found = Answer(tables(), case(funders={"preference": 0.2}))
    assert found.committed == {"near": 2030}
    assert found.objective == approx(110)
    assert found.plan.headline["preference_cost_usd_m"] == approx({"value": 10, "bound": 10})


def test_a_preference_is_overruled_by_a_large_difference_and_is_no_cost() -> None:
    # 100 elsewhere, weighed at 0.05: 105 < 110
    found = Answer(tables(), case(funders={"preference": 0.05}))
    assert found.committed == {"far": 2030}
    assert found.objective == approx(105)
    assert sum(found.costs().values()) == approx(100)
    assert found.costs() == approx({"capital": 100})
    assert statement(found)["preference_usd_m"] == approx(5)
    assert found.plan.headline["preference_cost_usd_m"] == approx({"value": 0, "bound": 0})


def test_without_a_preference_there_is_nothing_to_report() -> None:
    assert "preference_cost_usd_m" not in Answer(tables(), case()).plan.headline


@pytest.mark.parametrize("state", ["letter", "promise", "conditional"])
def test_a_deal_of_any_state_is_preferred(state: str) -> None:
    # a letter on the plant in B: the fund of A weighs it like home, so the cheaper one is built
    letter = deal(state, None, project="far")
    found = Answer(tables([letter]), case(funders={"preference": 0.2}))
    assert found.committed == {"far": 2030}
    assert found.objective == approx(100)
    assert (statement(found)["deals_usd_m"], statement(found)["home_usd_m"]) == (approx(100), 0)


def test_a_funder_of_a_group_is_at_home_in_its_countries() -> None:
    found = tables()
    regions = tuple(
        row.model_copy(update={"group": "A"}) if row.region == "B" else row for row in found.regions
    )
    grouped = found.__class__(**{**vars(found), "regions": regions})
    answer = Answer(grouped, case(funders={"preference": 0.2}))
    assert answer.committed == {"far": 2030}
    assert statement(answer)["home_usd_m"] == approx(100)


def earning() -> Answer:
    """A plant of 10 for 100 in two halves, 2030 and 2031, in service from 2031 for two years; it
    earns 4 a unit. The fund pays 60, its owner 40. A second plant makes a good without a price."""
    found = world(
        {"make": "-> chip", "mix": "-> acid"},
        commodities={
            "chip": {"price_usd_per_unit": 7 * M, "shortage_price_usd_per_unit": SHORT},
            "acid": {"price_usd_per_unit": None, "shortage_price_usd_per_unit": SHORT},
        },
        projects={
            "p": {
                "process": "make",
                "size": 10.0,
                "capex_usd_m": 100.0,
                "lead_time_years": 1,
                "spend_profile": (0.5, 0.5),
                "variable_cost_usd_per_unit": 3 * M,
                "sponsor_share": 0.4,
                "economic_life_years": 5,
                "latest_commitment": 2030,
            },
            "q": {"process": "mix", "size": 1.0, "capex_usd_m": 7.0},
        },
        demand={("A", "chip"): {2030: 10, 2031: 10}, ("A", "acid"): {2030: 1, 2031: 1}},
        funders={"f": {"envelope_usd_m": 1000.0, "cost_of_capital": 0.1}},
        deals=[deal("signed", 20.0, project="p")],
    )
    return Answer(found, case("2030-2031"))


def test_the_cash_of_a_statement_adds_up_to_the_money_of_the_funder() -> None:
    found = earning()
    own, cash = statement(found), found.plan.table("funder_cash").set_index("year")
    # 30 + 7 in 2030 and 30 in 2031; 0.6 of 10 * (7 - 3) = 24 a year from 2031 to 2035
    assert cash["paid_usd_m"].to_dict() == approx({2030: 37, 2031: 30} | dict.fromkeys(AFTER, 0))
    assert cash["received_usd_m"].to_dict() == approx(
        {2030: 0, 2031: 24} | dict.fromkeys(AFTER, 24)
    )
    assert own["paid_usd_m"] == approx(cash["paid_usd_m"].sum()) == approx(67)
    assert own["paid_usd_m"] == approx(found.plan.table("funders")["paid_usd_m"].sum())
    assert own["received_usd_m"] == approx(cash["received_usd_m"].sum()) == approx(120)
    assert (own["projects"], own["signed_usd_m"], own["priced_usd_m"]) == approx((2, 20, 60))


AFTER = range(2032, 2036)


def test_the_return_of_a_statement_is_that_of_its_projects_with_prices() -> None:
    # -30 and -30 at the beginnings of 2030 and 2031; 24 at the ends of 2031 to 2035
    own, flows = statement(earning()), [-30, -30, 24, 24, 24, 24, 24]
    assert own["rate"] == 0.1
    assert own["npv_usd_m"] == approx(present_value(0.1, flows))
    # 24 a year on 60: the rate r with 30 (1 + 1 / (1 + r)) = 24 / (1 + r) * (1 - (1 + r)^-5) / r
    rate = own["irr"]
    growth = 1 + rate
    assert 30 * (1 + 1 / growth) == pytest.approx(24 / growth * (1 - growth**-5) / rate, abs=1e-6)
    assert 0.2 < rate < 0.25


def test_envelopes_of_the_case_replace_those_of_the_data_and_scale_annual_limits() -> None:
    funders = {"f": {"envelope_usd_m": 100.0, "annual_limit_usd_m": 25.0, "delivery_factor": 0.6}}
    asked = case("2030-2031", funders={"envelopes_usd_m": {"f": 700.0}})
    terms = make_instance(tables(funders=funders), asked).funding
    assert terms is not None
    assert terms.funders["f"].envelope == approx(700 * 0.6)
    assert terms.funders["f"].limit == approx({2030: 7 * 25 * 0.6, 2031: 7 * 25 * 0.6})


def test_the_envelopes_of_a_case_may_as_well_stand_in_the_data() -> None:
    # e: an annual limit; f: annual limits in a series; g: without an envelope; h: nothing
    funders = {
        "e": {"envelope_usd_m": 100.0, "annual_limit_usd_m": 25.0},
        "f": {"envelope_usd_m": 100.0, "delivery_factor": 0.6},
        "g": {"envelope_usd_m": None, "annual_limit_usd_m": 40.0},
        "h": {"envelope_usd_m": 80.0},
    }
    data = tables(
        funders=funders, series={("funders", "f", "annual_limit_usd_m"): {2030: 20.0, 2031: 50.0}}
    )
    stated = {"e": 200.0, "f": 700.0, "g": 9.0, "h": 0.0}
    asked = case("2030-2031", funders={"envelopes_usd_m": stated})
    moved, plain = envelopes_in_data(data, asked)
    assert plain.funders.envelopes_usd_m == {}
    own, other = make_instance(data, asked).funding, make_instance(moved, plain).funding
    assert own is not None
    assert other is not None
    assert own.funders["e"].limit == approx({2030: 50, 2031: 50})
    assert own.funders["f"].limit == approx({2030: 84, 2031: 210})
    assert own.funders["g"].envelope == 9
    assert set(own.funders) == {"e", "f", "g"}
    assert own == other
    assert envelopes_in_data(data, case()) == (data, case())


def test_an_envelope_of_zero_takes_a_funder_out() -> None:
    found = tables(funders={"g": {"envelope_usd_m": 500.0}})
    instance = make_instance(found, case(funders={"envelopes_usd_m": {"f": 0.0}}))
    assert instance.funding is not None
    assert set(instance.funding.funders) == {"g"}


def test_keys_of_funders_out_of_bounds_are_refused() -> None:
    keys = {"deals": "some", "preference": 2.0, "envelopes_usd_m": {"f": -1.0}}
    with pytest.raises(InputError) as error:
        make_case({"years": "2030", "finance": {"discount_rate": 0.0}, "funders": keys})
    assert {problem.column for problem in error.value.problems} == {
        "funders.deals",
        "funders.preference",
        "funders.envelopes_usd_m.f",
    }
