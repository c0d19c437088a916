"""The money of a plan is the same on the screen, on the page and in the workbook, with names."""

from __future__ import annotations

import html
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import openpyxl
import pytest

from paxsilica.audit import audited
from paxsilica.plan.solve import make_plan
from paxsilica.report.answer import cards, cost_difference, lead
from paxsilica.report.console import money
from paxsilica.report.console.money import money_lines, unused_lines
from paxsilica.report.page import render_page
from paxsilica.report.views.named_plan import NamedPlan, name_plan
from paxsilica.report.views.statement import statements
from paxsilica.report.workbook.book import write_workbook
from worlds import COVERED, M, approx, case, world

FUNDER, PLANT = "Fund of the west", "First plant"


@pytest.fixture(scope="module")
def named() -> NamedPlan:
    """A plan in which a funder pays half of a capital of 100, and operating support in both years
    of the case and after them."""
    tables = world(
        {"make": "0.5 ore -> chip", "dig": "-> ore"},
        regions={"A": "signatory", "C": "adversary"},
        commodities={
            "chip": {"covered": True, "price_usd_per_unit": 6 * M},
            "ore": {"price_usd_per_unit": 4 * M},
        },
        processes={"make": {"minimum_utilisation": 0.5}},
        assets={
            "mine": {"process": "dig"},
            "theirs": {"process": "make", "region": "C", "variable_cost_usd_per_unit": M},
            "theirmine": {"process": "dig", "region": "C"},
        },
        projects={
            "p": {
                "name": PLANT,
                "process": "make",
                "size": 10.0,
                "capex_usd_m": 100.0,
                "variable_cost_usd_per_unit": 5 * M,
                "fixed_cost_usd_m": 10.0,
                "sponsor_share": 0.5,
                "sponsor_cost_of_capital": 0.25,
                "economic_life_years": 4,
            }
        },
        routes={"C>A chip": 0.0},
        demand={("A", "chip"): 10},
        funders={"f": {"name": FUNDER, "envelope_usd_m": 1000.0, "cost_of_capital": 0.0}},
    )
    paid: dict[str, Any] = {"support": {"pay": True}, "finance": {"public_funds_cost": 1.25}}
    asked = case("2030-2031", coverage=COVERED, budget_usd_m=500.0, **paid)
    return name_plan(audited(make_plan(tables, asked), tables, asked), tables)


def test_the_screen_names_funders_and_plants(named: NamedPlan) -> None:
    words = dict(money_lines(named, 4))
    found = named.plan.headline
    assert re.fullmatch(rf"{FUNDER} [\d.]+", words["Funders pay, USD million"])
    assert words["Operating support, USD million"].startswith(f"{PLANT} ")
    assert words["Public money"].startswith(f"{found['public_money_usd_m']:.4g} (budget 500)")


def test_capital_and_support_add_up_to_public_money_everywhere(
    named: NamedPlan, tmp_path: Path
) -> None:
    found = named.plan.headline
    public, support = found["public_capital_usd_m"], found["support_usd_m"]
    assert public == approx(50)
    assert support > 10, "otherwise the test shows nothing"
    (one,) = statements(named)
    assert one.support == approx(support)
    assert one.paid == approx(public + support) == approx(found["public_money_usd_m"])
    assert one.facts["support_usd_m"] > support + 1, "support goes on after the case"
    write_workbook(named, tmp_path / "plan.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "plan.xlsx", data_only=True)["Answer"]
    rows = {row[0]: row[1] for row in sheet.iter_rows(values_only=True)}
    assert rows["of which public capital"] == approx(public)
    assert rows["Public money"] == approx(public + support)
    assert rows["Budget of the case"] - rows["Left of the budget"] == approx(public + support)
    page = html.unescape(render_page(named))
    assert one.sentences[0] in page
    assert f" of capital for 1 project (chip 50) and {support:.4g} of operating" in page
    assert "public money, USD million" not in page, "the table by region has capital alone"


def test_no_sum_of_capital_is_called_public_money(named: NamedPlan) -> None:
    spent = lead(named)[-1]
    assert "USD 100 million of capital: USD 50 million from governments" in spent
    assert ", within the budget of USD 500 million: USD 50 million of capital and USD" in spent
    assert "of operating support." in spent
    notes = {card.label: card.note for card in cards(named)}
    assert notes["USD million of capital in all"].startswith("public capital and the owners'")


def test_the_cost_of_public_funds_is_not_called_support(named: NamedPlan) -> None:
    (words,) = cost_difference(named)
    assert "cost of public funds for operating support USD" in words
    assert "Cost of public funds for operating support</th>" in render_page(named)


@pytest.mark.parametrize(
    ("enough", "words"),
    [
        ((), None),
        (
            (True, False),
            "Nothing is built at 2 stages (0 projects above): the requirement is met"
            " at 1 of them without the plan.",
        ),
        (
            (True, True),
            "Nothing is built at 2 stages (0 projects above): the requirement is met"
            " there without the plan.",
        ),
        ((False, False), None),
    ],
)
def test_stages_without_projects_are_counted_as_the_table_shows_them(
    named: NamedPlan,
    enough: tuple[bool, ...],
    words: str | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # the stage of the project is not counted, whether or not it needs something
    (built,) = set(named.plan.portfolio["stage"])
    stages = [SimpleNamespace(key=built, needs_nothing=True)]
    stages += [SimpleNamespace(key=f"s{at}", needs_nothing=one) for at, one in enumerate(enough)]
    monkeypatch.setattr(money, "coverage_stages", lambda _: stages)
    said = [line for line in unused_lines(named, None, 4) if line.startswith("Nothing is built")]
    assert said == ([] if words is None else [words])
