"""Plans made again after news, with what is signed held: worlds solved by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from test_study_commands import write_tables
from typer.testing import CliRunner

from paxsilica.api import Question
from paxsilica.cli import app
from paxsilica.errors import InfeasibleError, InputError
from paxsilica.studies.replan import Replan, replan
from paxsilica.tables.read import Tables
from worlds import M, approx, case, world

YEARS = "2030-2033"
SHORT = {"shortage_price_usd_per_unit": 1000 * M}
PROJECTS: dict[str, dict[str, Any]] = {
    "chip-fab": {"process": "fab", "capex_usd_m": 10.0},
    "lens-a": {"process": "grind", "capex_usd_m": 20.0, "earliest_commitment": 2032},
    "lens-b": {"process": "grind", "capex_usd_m": 30.0, "earliest_commitment": 2032},
}
CHIPS = {2030: 1.0, 2033: 1.0}
LENSES = {2030: 0.0, 2031: 0.0, 2032: 1.0, 2033: 1.0}


def tables(
    chips: dict[int, float] = CHIPS,
    lenses: dict[int, float] = LENSES,
    without: str = "",
    funders: dict[str, dict[str, Any]] | None = None,
    **projects: dict[str, Any],
) -> Tables:
    """A chip a year is needed from 2030, a lens a year from 2032. The plan builds the fab in 2030
    for 10 and the cheaper of the lens plants in 2032 for 20; the fund f pays for both."""
    changed = {name.replace("_", "-"): row for name, row in projects.items()}
    rows = {name: row | changed.get(name, {}) for name, row in PROJECTS.items() if name != without}
    return world(
        {"fab": "-> chip", "grind": "-> lens"},
        commodities={"chip": SHORT, "lens": SHORT},
        projects=rows,
        demand={("A", "chip"): chips, ("A", "lens"): lenses},
        funders=funders or {"f": {"envelope_usd_m": 500.0}},
    )


def planned_again(news: Tables, signed_until: int | None = None, **keys: Any) -> Replan:
    """What becomes of the plan of the world without news."""
    plan = Question(tables(), case(YEARS)).solve()
    assert plan.portfolio[["project", "committed_year"]].to_numpy().tolist() == [
        ["chip-fab", 2030],
        ["lens-a", 2032],
    ]
    return replan(
        Question(news, case(YEARS, **keys)),
        plan,
        signed_until=signed_until,
        tables_before=tables(),
        workers=1,
    )


def rows(found: Replan, table: str, key: str) -> dict[str, dict[str, Any]]:
    """The rows of a table by their key."""
    return {row[key]: row for row in found.table(table).to_dict("records")}


def test_a_signed_project_that_has_become_useless_is_kept_and_its_cost_is_stated() -> None:
    # No chip is needed any more. The fab is signed: 10 + 20; if nothing were, the lenses alone: 20.
    found = planned_again(tables(chips={2030: 0.0, 2033: 0.0}))
    kinds = {name: row["kind"] for name, row in rows(found, "changes", "project").items()}
    assert kinds == {"chip-fab": "kept", "lens-a": "kept"}
    fab = rows(found, "changes", "project")["chip-fab"]
    assert (fab["signed"], fab["held"]) == ("yes", "yes")
    holding = rows(found, "holding", "measure")
    for measure, value in (("held", 30.0), ("free", 20.0), ("cost of holding", 10.0)):
        ends = holding[measure]["low_usd_m"], holding[measure]["high_usd_m"]
        assert ends == approx((value, value))
    assert rows(found, "news", "what")["demand"]["rows"] == 2
    assert not found.contradicting


def test_an_unsigned_project_gives_way_to_one_that_has_become_cheaper() -> None:
    # The second lens plant costs 15 in place of 30: 10 + 15 = 25, and nothing is lost by holding.
    found = planned_again(tables(lens_b={"capex_usd_m": 15.0}))
    changes = rows(found, "changes", "project")
    kinds = {name: (row["kind"], row["signed"], row["held"]) for name, row in changes.items()}
    assert kinds == {
        "lens-a": ("dropped", "no", "no"),
        "lens-b": ("new", "no", "no"),
        "chip-fab": ("kept", "yes", "yes"),
    }
    assert changes["lens-b"]["why"] == "capex_usd_m 30 -> 15 (-50.0%)"
    money = rows(found, "money", "party")["f"]
    assert (money["before_usd_m"], money["after_usd_m"], money["sunk_usd_m"]) == approx(
        (30, 25, 10)
    )
    assert rows(found, "holding", "measure")["cost of holding"]["high_usd_m"] == approx(0.0)


def test_a_project_that_is_signed_is_not_replaced() -> None:
    # signed to 2032, the lens plant of 20 is held, although the other costs 15
    found = planned_again(tables(lens_b={"capex_usd_m": 15.0}), 2032)
    assert set(rows(found, "changes", "project")) == {"chip-fab", "lens-a"}
    assert rows(found, "holding", "measure")["cost of holding"]["low_usd_m"] == approx(5.0)


def test_nothing_else_is_committed_in_signed_years() -> None:
    # Lenses are needed from 2030 and the plant could be built then, but 2030 is decided: 2031 is
    # the first free year, and the lens of 2030 is missing: 1000.
    early = {"capex_usd_m": 20.0, "earliest_commitment": 2030}
    found = planned_again(tables(lenses=CHIPS, lens_a=early))
    lens = rows(found, "changes", "project")["lens-a"]
    assert (lens["kind"], lens["before_year"], lens["after_year"]) == ("earlier", 2032, 2031)
    assert rows(found, "holding", "measure")["cost of holding"]["low_usd_m"] == approx(1000.0)


def test_a_budget_below_what_is_signed_contradicts_it() -> None:
    # 5 do not pay for the fab of 10: its commitment, or the payment for it, is against the budget
    found = planned_again(tables(), budget_usd_m=5.0)
    assert found.contradicting
    contradictions = found.table("contradictions").to_dict("records")
    assert {row["requirement"] for row in contradictions if row["given_up"] == "yes"} == {
        "the signed commitment of chip-fab in 2030",
        "the payments of f up to 2030",
    }
    assert all(row["smallest"] == "yes" for row in contradictions)
    others = {row["requirement"] for row in contradictions if row["signed"] == "no"}
    assert others == {"the budget of USD 5 million"}
    assert rows(found, "changes", "project")["chip-fab"]["kind"] == "dropped"
    assert "contradicts the new case" in found.notes[0]


def test_payments_are_held_where_the_funder_can_still_pay() -> None:
    # A second fund comes. The first can pay all of the fab still, so that it does; with 5 left it
    # cannot: its payments are given up, the fab is not.
    second = {"g": {"envelope_usd_m": 500.0}}
    found = planned_again(tables(funders={"f": {"envelope_usd_m": 10.0}} | second))
    assert rows(found, "money", "party")["f"]["after_usd_m"] == approx(10.0)
    found = planned_again(tables(funders={"f": {"envelope_usd_m": 5.0}} | second))
    given_up = [
        row["requirement"]
        for row in found.table("contradictions").to_dict("records")
        if row["given_up"] == "yes"
    ]
    assert given_up == ["the payments of f up to 2030"]
    assert rows(found, "changes", "project")["chip-fab"]["held"] == "yes"
    assert rows(found, "money", "party")["f"]["after_usd_m"] <= 5.0 + 1e-6


@pytest.mark.parametrize(("budget", "lens"), [(30.0, "kept"), (29.0, "dropped")])
def test_money_in_a_project_that_is_lost_is_gone(budget: float, lens: str) -> None:
    # the 10 paid for the fab leave 20 of a budget of 30, which pay for the lens plant; 19 do not
    found = planned_again(tables(without="chip-fab"), budget_usd_m=budget)
    changes = rows(found, "changes", "project")
    assert (changes["chip-fab"]["kind"], changes["chip-fab"]["held"]) == ("dropped", "no")
    assert changes["chip-fab"]["why"] == "it is not in the table projects"
    assert changes["lens-a"]["kind"] == lens
    assert rows(found, "money", "party")["f"]["lost_usd_m"] == approx(10.0)
    news = rows(found, "news", "what")
    assert news["chip-fab"]["kind"] == "candidate"
    assert news["budget_usd_m"]["after"] == str(budget)


def test_less_that_falls_due_is_no_contradiction() -> None:
    # the fab now costs 8: the fund pays 8, not the 10 of the plan
    found = planned_again(tables(chip_fab={"capex_usd_m": 8.0}))
    assert rows(found, "money", "party")["f"]["after_usd_m"] == approx(28.0)
    assert not found.contradicting


@pytest.mark.parametrize(("later", "kind", "size"), [(6.0, "kept", 6.0), (1.0, "smaller", 3.0)])
def test_signed_size_is_held_and_later_size_is_free(later: float, kind: str, size: float) -> None:
    # Three chips a year are needed first, six from 2032: sizes of 3 in 2030 and 3 in 2032, at a
    # rate of 10 % no sooner. With one chip from 2032 the 3 stay, and the others are not added.
    def growing(last: float) -> Question:
        path = {2030: 3.0, 2031: 3.0, 2032: last, 2033: last}
        fab = {"size": (1.0, 10.0), "capex_usd_m_per_unit": 10.0, "expandable": True}
        news = tables(path, lenses=dict.fromkeys(LENSES, 0.0), chip_fab=fab)
        return Question(news, case(YEARS, finance={"discount_rate": 0.1}))

    plan = growing(6.0).solve()
    added = plan.table("commitments")[["year", "size"]].to_numpy().ravel().tolist()
    assert added == approx([2030, 3, 2032, 3])
    found = replan(growing(later), plan, signed_until=2031, workers=1)
    row = rows(found, "changes", "project")["chip-fab"]
    assert (row["kind"], row["held"], row["after_size"]) == (kind, "yes", approx(size))
    if kind == "kept":
        assert row["capital_after_usd_m"] == approx(row["capital_before_usd_m"])
        assert rows(found, "holding", "measure")["cost of holding"]["high_usd_m"] == approx(0.0)


def test_everything_that_is_wrong_is_listed() -> None:
    plan = Question(tables(), case(YEARS)).solve()
    late = Question(tables(), case("2031-2033"))
    with pytest.raises(InputError) as error:
        replan(late, plan, signed_until=2040)
    text = str(error.value)
    assert "--signed-until is '2040'; should be a year of the new case, from 2031 to 2033" in text
    assert "should begin in 2030 or before" in text


def test_a_case_without_any_plan_is_refused() -> None:
    plan = Question(tables(), case(YEARS)).solve()
    required = {"commitment": "required"}
    news = tables(lens_a=required, lens_b=required)
    with pytest.raises(InfeasibleError, match="even if nothing is held"):
        replan(Question(news, case(YEARS, budget_usd_m=40.0)), plan, workers=1)


CASE = """
title = "News"
years = "2030-2033"
finance.discount_rate = 0.0
support.pay = false
solver.gap = 0.0
"""


def test_the_command_writes_the_same_bytes_and_ends_with_3_on_a_contradiction(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_tables(tables(), tmp_path / "data")
    write_tables(tables(lens_b={"capex_usd_m": 15.0}), tmp_path / "news")
    (tmp_path / "news.toml").write_text(CASE)

    def run(*words: str) -> Any:
        return CliRunner().invoke(app, list(words))

    solved = run("solve", "news.toml", "--data", "data", "--out", "force", "--no-prices")
    assert solved.exit_code == 0, solved.output
    words = ("replan", "force", "news.toml", "--data", "news", "--workers", "1")
    found = run(*words)
    assert found.exit_code == 0, (found.output, found.exception)
    assert "made from other data, which are not at hand" in " ".join(found.output.split())
    assert "Written to plans/replan-force" in found.output
    again = run(*words, "--out", "again")
    assert again.exit_code == 0
    for path in [*sorted((tmp_path / "again").glob("*.csv")), tmp_path / "again" / "study.json"]:
        assert path.read_bytes() == (tmp_path / "plans/replan-force" / path.name).read_bytes()
    known = json.loads(run(*words, "--data-before", "data", "--json").output)
    assert {"kind": "rows of data", "what": "projects", "rows": 1} in [
        {key: value for key, value in row.items() if value is not None}
        for row in known["tables"]["news"]
    ]
    poor = run(*words, "--set", "budget_usd_m=5", "--out", "poor")
    assert poor.exit_code == 3, (poor.output, poor.exception)
    wrong = run(*words, "--signed-until", "2050")
    assert wrong.exit_code == 2
