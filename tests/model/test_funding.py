"""The algebra of who pays: what falls due, and every limit on the money."""

from __future__ import annotations

from typing import Any

from paxsilica.model.funding import payments_into
from worlds import Built, approx, built, case, world

INF = float("inf")


def y(project: str, year: int) -> tuple[str, Any]:
    return ("committed", (project, year))


def pays(funder: str, project: str, year: int) -> tuple[str, Any]:
    return ("payment", (funder, project, year))


def model(
    years: str = "2030",
    funders: dict[str, dict[str, Any]] | None = None,
    mandates: list[dict[str, Any]] | None = None,
    series: Any = None,
    keys: dict[str, Any] | None = None,
    regions: Any = None,
    since: Any = None,
    deals: list[dict[str, Any]] | None = None,
    **projects: dict[str, Any],
) -> Built:
    tables = world(
        {"make": "-> chip"},
        regions=regions,
        since=since,
        commodities={"chip": {"covered": True}},
        assets={"a": {"process": "make"}},
        projects={
            name: {"process": "make", "capex_usd_m": 100.0} | row for name, row in projects.items()
        },
        demand={("A", "chip"): 1},
        funders=funders,
        mandates=mandates,
        deals=deals,
        series=series,
    )
    return built(tables, case(years, **(keys or {})))


FUND: dict[str, dict[str, Any]] = {"f": {"envelope_usd_m": 1000.0}}


def test_spend_equals_funding_in_the_year_in_which_it_falls_due() -> None:
    # capital of 100 in 2030, 110 in 2031, 120 in 2032; 0.5, 0.3, 0.2 of it fall due in the year of
    # commitment and the two after
    built_model = model(
        "2030-2032",
        FUND,
        series={("projects", "p", "capex_usd_m"): {2030: 100.0, 2032: 120.0}},
        p={"capex_usd_m": None, "spend_profile": (0.5, 0.3, 0.2), "sponsor_share": 0.4},
    )
    # 2031: of 2030 0.3 * 100 = 30, of 2031 0.5 * 110 = 55; cumulative: 30 - 55, 55; the public pays
    # 1 - 0.4
    row = built_model.line("spend_equals_funding", "p", 2031)
    assert row.terms == approx(
        {pays("f", "p", 2031): 1, y("p", 2030): -0.6 * (30 - 55), y("p", 2031): -0.6 * 55}
    )
    assert row.sides == (0, 0)


def test_spend_equals_funding_charges_the_last_year_with_what_would_fall_due_later() -> None:
    built_model = model(
        "2030-2032",
        FUND,
        series={("projects", "p", "capex_usd_m"): {2030: 100.0, 2032: 120.0}},
        p={"capex_usd_m": None, "spend_profile": (0.5, 0.3, 0.2), "sponsor_share": 0.4},
    )
    # 2032: of 2030 0.2 * 100 = 20; of 2031 (0.3 + 0.2) * 110 = 55; of 2032 all of 120
    assert built_model.line("spend_equals_funding", "p", 2032).terms == approx(
        {
            pays("f", "p", 2032): 1,
            y("p", 2030): -0.6 * (20 - 55),
            y("p", 2031): -0.6 * (55 - 120),
            y("p", 2032): -0.6 * 120,
        }
    )
    # so whenever it is committed, all of its capital falls due: 2031 pays 55 + 55 = 110
    due = {
        v: sum(by.get(v, 0.0) for by in built_model.instance.candidates["p"].spend.values())
        for v in (2030, 2031, 2032)
    }
    assert due == approx({2030: 100 - 110, 2031: 110 - 120, 2032: 120})


def test_spend_equals_funding_for_size_above_the_smallest() -> None:
    row = model(
        "2030", FUND, p={"size": (5.0, 8.0), "capex_usd_m_per_unit": 7.0, "sponsor_share": 0.5}
    ).line("spend_equals_funding", "p", 2030)
    assert row.terms == approx(
        {pays("f", "p", 2030): 1, y("p", 2030): -50, ("added_size", ("p", 2030)): -3.5}
    )


def test_spend_equals_funding_stops_what_nobody_may_pay_for_in_time() -> None:
    built_model = model("2030-2031", {"f": {"envelope_usd_m": 1000.0, "to_year": 2030}}, p={})
    # in 2031 no funder is left: 100 (y2031 - y2030) must be zero
    assert built_model.line("spend_equals_funding", "p", 2031).terms == {
        y("p", 2030): 100,
        y("p", 2031): -100,
    }


def test_spend_equals_funding_has_no_row_for_what_the_owner_pays_alone() -> None:
    assert model("2030", FUND, p={"sponsor_share": 1.0}).lines("spend_equals_funding") == []


def test_funder_envelope_counts_what_is_delivered() -> None:
    built_model = model(
        "2030-2031",
        {
            "f": {"envelope_usd_m": 1000.0, "delivery_factor": 0.5},
            "g": {"annual_limit_usd_m": 500.0},
        },
        keys={"funders": {"delivery_factor": 0.8}},
        p={},
    )
    row = built_model.line("funder_envelope", "f")
    assert row.terms == {pays("f", "p", 2030): 1, pays("f", "p", 2031): 1}
    assert row.sides == (-INF, 1000 * 0.5 * 0.8)
    assert built_model.lines("funder_envelope") == ["f"]  # g has no envelope


def test_funder_annual_limit_without_carry_over_is_for_the_year_alone() -> None:
    row = model("2030-2031", {"f": {"annual_limit_usd_m": 60.0}}, p={}).line(
        "funder_annual_limit", "f", 2031
    )
    assert row.terms == {pays("f", "p", 2031): 1}
    assert row.sides == (-INF, 60)


def test_funder_annual_limit_with_carry_over_adds_up() -> None:
    built_model = model(
        "2030-2032",
        {"f": {"carry_over": True, "delivery_factor": 0.5}},
        series={("funders", "f", "annual_limit_usd_m"): {2030: 100.0, 2032: 300.0}},
        p={},
    )
    row = built_model.line("funder_annual_limit", "f", 2031)
    assert row.terms == {pays("f", "p", 2030): 1, pays("f", "p", 2031): 1}
    assert row.sides == (-INF, 0.5 * (100 + 200))  # 200 in 2031, half-way between 100 and 300


def test_funder_annual_limit_begins_with_the_year_in_which_the_funder_joins() -> None:
    built_model = model(
        "2030-2032",
        {"f": {"annual_limit_usd_m": 60.0, "carry_over": True, "region": "B"}},
        keys={"funding": ["signatory"]},
        regions={"A": "signatory", "B": None},
        since={"B": {2000: "neutral", 2031: "signatory"}},
        p={},
    )
    assert built_model.lines("funder_annual_limit") == [("f", 2031), ("f", 2032)]
    assert built_model.line("funder_annual_limit", "f", 2032).sides == (-INF, 120)


def test_funder_largest_share_of_all_capital_whatever_the_owner_brings() -> None:
    built_model = model(
        "2030-2031",
        {
            "f": {"envelope_usd_m": 1000.0, "largest_share": 0.3},
            "g": {"envelope_usd_m": 1000.0, "largest_share": 0.7},
        },
        p={
            "sponsor_share": 0.4,
            "spend_profile": (0.5, 0.5),
            "size": (5.0, 8.0),
            "capex_usd_m_per_unit": 7.0,
        },
    )
    row = built_model.line("funder_largest_share", "f", "p")
    # all that is committed counts, whenever it falls due: 100 for the plant and 7 for each unit
    # above 5
    assert row.terms == approx(
        {
            pays("f", "p", 2030): 1,
            pays("f", "p", 2031): 1,
            y("p", 2031): -30,
            ("added_size", ("p", 2031)): -2.1,
        }
    )
    assert row.sides == (-INF, 0)
    # 0.7 is more than the 0.6 that are left for funders: no row
    assert built_model.lines("funder_largest_share") == [("f", "p")]


TICKET: dict[str, dict[str, Any]] = {
    "f": {"envelope_usd_m": 80.0, "smallest_ticket_usd_m": 30.0, "largest_share": 0.9},
    "g": {"envelope_usd_m": 1000.0},
}


def test_smallest_ticket_is_paid_in_all_or_not_at_all() -> None:
    row = model("2030-2031", TICKET, p={}).line("smallest_ticket", "f", "p")
    assert row.terms == {
        pays("f", "p", 2030): 1,
        pays("f", "p", 2031): 1,
        ("ticket", ("f", "p")): -30,
    }
    assert row.sides == (0, INF)


def test_payment_needs_ticket_with_the_tightest_bound_that_the_data_gives() -> None:
    # 90 by its largest share, 60 that the owner leaves, 80 in its envelope
    row = model("2030", TICKET, p={"sponsor_share": 0.4}).line("payment_needs_ticket", "f", "p")
    assert row.terms == approx({pays("f", "p", 2030): 1, ("ticket", ("f", "p")): -60})
    assert row.sides == (-INF, 0)
    assert (
        model("2030", TICKET, p={})
        .line("payment_needs_ticket", "f", "p")
        .terms[("ticket", ("f", "p"))]
        == -80
    )


def test_ticket_needs_commitment_by_the_end() -> None:
    row = model("2030-2031", TICKET, p={"latest_commitment": 2030}).line(
        "ticket_needs_commitment", "f", "p"
    )
    assert row.terms == {("ticket", ("f", "p")): 1, y("p", 2030): -1}
    assert row.sides == (-INF, 0)


def test_a_ticket_that_no_payment_could_fill_leaves_no_pair() -> None:
    built_model = model(
        "2030", {"f": {"envelope_usd_m": 80.0, "smallest_ticket_usd_m": 90.0}}, p={}
    )
    assert built_model.instance.funding is not None
    assert dict(built_model.instance.funding.pairs) == {}
    assert list(built_model.instance.dropped) == ["p"]


def test_mandate_limit_over_the_projects_that_the_mandate_fits() -> None:
    regions = {"A": "signatory", "B": "signatory"}
    built_model = model(
        "2030",
        {"f": {"envelope_usd_m": 1000.0}, "g": {"envelope_usd_m": 1000.0}},
        [
            {"funder": "f", "stage": "chip", "region": "B", "largest_usd_m": 70.0},
            {"funder": "f", "stage": "*", "region": "A"},
        ],
        regions=regions,
        p={"region": "B"},
        q={"region": "A"},
    )
    row = built_model.line("mandate_limit", "f", "chip", "B")
    assert row.terms == {pays("f", "p", 2030): 1}
    assert row.sides == (-INF, 70)
    assert len(built_model.lines("mandate_limit")) == 1  # the other mandate has no limit
    assert built_model.instance.funding is not None
    assert ("f", "q") in built_model.instance.funding.pairs


def test_a_funder_with_mandates_pays_for_nothing_else() -> None:
    built_model = model(
        "2030",
        {"f": {"envelope_usd_m": 1000.0}, "g": {"envelope_usd_m": 1000.0}},
        [{"funder": "f", "region": "B"}],
        regions={"A": "signatory", "B": "signatory"},
        p={},
    )
    assert built_model.instance.funding is not None
    assert list(built_model.instance.funding.pairs) == [("g", "p")]


def test_programme_budget_counts_public_capital_of_all_years_undiscounted() -> None:
    built_model = model(
        "2030-2031",
        keys={"budget_usd_m": 500.0, "finance": {"discount_rate": 0.1}},
        p={"sponsor_share": 0.4, "spend_profile": (0.5, 0.5)},
        q={"size": (5.0, 8.0), "capex_usd_m_per_unit": 7.0},
    )
    row = built_model.line("programme_budget", "programme")
    # constant capital: committed early or late, it is all committed by the last year
    assert row.terms == approx(
        {y("p", 2031): 60, y("q", 2031): 100, ("added_size", ("q", 2031)): 7}
    )
    assert row.sides == (-INF, 500)


def test_programme_budget_follows_the_price_of_the_year_of_commitment() -> None:
    built_model = model(
        "2030-2031",
        keys={"budget_usd_m": 500.0},
        series={("projects", "p", "capex_usd_m"): {2030: 100.0, 2031: 80.0}},
        p={"capex_usd_m": None},
    )
    # 100 y2030 + 80 (y2031 - y2030)
    assert built_model.line("programme_budget", "programme").terms == approx(
        {y("p", 2030): 20, y("p", 2031): 80}
    )


def test_programme_budget_is_absent_where_the_case_names_none() -> None:
    assert model("2030", p={}).lines("programme_budget") == []


def test_a_project_is_unfundable_if_shares_and_envelopes_together_fall_short_of_its_capital() -> (
    None
):
    # f may pay 0.4 of 100 and g has 50: 90 of 100; with 60 of g, or 10 of the owner, it is enough
    def candidates(envelope: float, own: float) -> set[str]:
        funders = {
            "f": {"envelope_usd_m": 1000.0, "largest_share": 0.4},
            "g": {"envelope_usd_m": envelope},
        }
        return set(model(funders=funders, p={"sponsor_share": own}).instance.candidates)

    assert candidates(50.0, 0.0) == set()
    assert candidates(60.0, 0.0) == {"p"}
    assert candidates(50.0, 0.1) == {"p"}


def test_a_funder_takes_part_if_it_may_pay_in_a_year_of_the_case_and_delivers_something() -> None:
    funders = {
        "f": {"envelope_usd_m": 1000.0},
        "late": {"envelope_usd_m": 1000.0, "from_year": 2031},
        "unreliable": {"envelope_usd_m": 1000.0, "delivery_factor": 0.0},
    }
    funding = model(funders=funders, p={}).instance.funding
    assert funding is not None
    assert set(funding.funders) == {"f"}


def test_payments_into_a_project_are_those_of_the_years_in_which_the_funder_may_pay() -> None:
    funders = {"late": {"envelope_usd_m": 1000.0, "from_year": 2031}} | FUND
    built_model = model("2030-2031", funders, p={"spend_profile": (0.5, 0.5)})
    terms = payments_into(built_model.model, built_model.instance, "late", "p")
    assert [(factor, variable.index()) for factor, variable in terms] == [
        (1.0, ("late", "p", 2031))
    ]


def test_signed_deal_adds_the_binding_deals_of_a_funder_on_a_project() -> None:
    deal = {"funder": "f", "project": "p"}
    built_model = model(
        "2030-2031",
        FUND,
        deals=[
            deal | {"amount_usd_m": 30.0},
            deal | {"amount_usd_m": 25.0, "state": "closed", "instrument": "grant"},
            deal | {"amount_usd_m": 10.0, "state": "letter"},
            deal | {"amount_usd_m": 10.0, "instrument": "offtake"},
        ],
        p={},
        q={},
    )
    row = built_model.line("signed_deal", "f", "p")
    assert row.terms == {pays("f", "p", 2030): 1, pays("f", "p", 2031): 1}
    assert row.sides == (55, INF)
    assert built_model.lines("signed_deal") == [("f", "p")]


def test_signed_deal_is_at_most_the_public_capital_of_the_largest_size_in_the_cheapest_year() -> (
    None
):
    # smallest size 5 for 90, three more for 7 each; the owner pays half: 0.5 * (90 + 21)
    row = model(
        "2030-2031",
        FUND,
        series={("projects", "p", "capex_usd_m"): {2030: 100.0, 2031: 90.0}},
        deals=[{"funder": "f", "project": "p", "amount_usd_m": 300.0}],
        p={
            "size": (5.0, 8.0),
            "capex_usd_m": None,
            "capex_usd_m_per_unit": 7.0,
            "sponsor_share": 0.5,
        },
    ).line("signed_deal", "f", "p")
    assert row.sides == (approx(55.5), INF)
