"""Statements of funders on the screen, in the workbook, on the page and from the command line."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from typer.testing import CliRunner

from paxsilica.api import Question
from paxsilica.audit import audited
from paxsilica.cli import app
from paxsilica.errors import InputError
from paxsilica.plan.solve import make_plan
from paxsilica.report.console.money import money_lines
from paxsilica.report.files import write_plan
from paxsilica.report.page import render_page
from paxsilica.report.views.named_plan import NamedPlan, name_plan
from paxsilica.report.views.statement import statement, statements, without_funder
from paxsilica.report.workbook.book import write_workbook
from paxsilica.report.workbook.funder_sheets import sheet_name
from paxsilica.tables import load_tables
from paxsilica.tables.write import write_folder
from worlds import M, approx, case, world

REQUIRED: dict[str, Any] = {"required": 1.0, "from_year": 2031}


@cache
def named(*absent: str, preference: float = 0.1, hard: bool | None = None) -> NamedPlan:
    """A mine in A and a plant in B, both needed; ``f`` of A signed 20 for the plant, ``g`` of B has
    a letter on the mine. Both together have 140 for the 130 that are needed. ``hard``: how all
    of the chips in 2031 are required; ``None``: not."""
    tables = world(
        {"dig": "-> ore", "make": "ore -> chip"},
        regions={"A": "signatory", "B": "signatory"},
        commodities={
            "ore": {"price_usd_per_unit": 2 * M},
            "chip": {
                "covered": True,
                "price_usd_per_unit": 30 * M,
                "shortage_price_usd_per_unit": 900 * M,
            },
        },
        projects={
            "mine": {"process": "dig", "size": 5.0, "capex_usd_m": 50.0},
            "plant": {"process": "make", "region": "B", "size": 5.0, "capex_usd_m": 80.0},
        },
        demand={("B", "chip"): 5},
        routes={"A>B ore": 0.0},
        funders={
            "f": {"envelope_usd_m": 70.0, "cost_of_capital": 0.1},
            "g": {"envelope_usd_m": 70.0, "region": "B"},
        },
        deals=[
            {"funder": "f", "project": "plant", "amount_usd_m": 20.0},
            {"funder": "g", "project": "mine", "amount_usd_m": None, "state": "letter"},
        ],
    )
    required = {} if hard is None else {"coverage": REQUIRED | {"hard": hard}}
    funders = {"preference": preference, "exclude": absent}
    asked = case("2030-2031", funders=funders, **required)
    return name_plan(audited(make_plan(tables, asked), tables, asked), tables)


def test_a_statement_names_what_the_money_of_a_funder_buys() -> None:
    # the plant takes 80: 20 from f by its deal, 60 from g at home; the mine 50 from f at home
    assert [one.funder for one in statements(named())] == ["f", "g"]
    one = statement(named(), "f")
    bought = {item.project: (item.paid, item.public, item.deals) for item in one.bought}
    assert bought["mine"][:2] == approx((50, 50))
    assert bought["plant"][:2] == approx((20, 80))
    assert (bought["mine"][2], bought["plant"][2]) == ("", "signed")
    assert [deal.deal for deal in one.deals] == ["deal 0"]
    assert sum(paid for _, paid, *_ in one.cash) == approx(70) == approx(one.facts["paid_usd_m"])
    assert one.sentences[0] == (
        "It pays USD 70 million of 70 for 2 projects: no stage 50, chip 20."
    )


def test_a_funder_that_is_not_in_the_plan_is_refused() -> None:
    with pytest.raises(InputError, match=r"takes part in the plan \(f, g\)"):
        statement(named(), "nobody")


def test_the_plan_without_a_funder_is_compared_in_sentences() -> None:
    # g alone has 70, which is too little for the plant, and the mine alone is of no use: the demand
    # of 5 is not served in two years, at 900, and 130 of capital are saved
    lines = without_funder(named().plan, named("f").plan)
    assert lines[0].startswith("Without it the cost of the plan changes by USD +8,870.0 million")
    assert lines[0].endswith("public capital by -130.0.")
    assert lines[1] == "Projects only with it: mine, plant."


def test_the_plan_without_a_funder_is_compared_in_coverage_too() -> None:
    lines = without_funder(named(hard=False).plan, named("f", hard=False).plan)
    assert lines[1].startswith("Of the change of cost, USD +")
    assert lines[2] == "Joint coverage in 2031: 100.0% with it, 0.0% without it."


def test_requirements_that_cannot_be_met_without_a_funder_are_reported() -> None:
    assert without_funder(named(hard=True).plan, named("f", hard=True).plan) == [
        "Without it no plan meets the requirements of the case."
    ]


def test_the_money_lines_tell_what_a_preference_costs() -> None:
    words = dict(money_lines(named(), 3))["Preferences of funders"]
    assert words == (
        "0 of 130 go to regions that are not home and projects without a deal (weight 0.1, in the"
        " objective and in no cost); the preference costs 0, at most 0"
    )
    assert "Preferences of funders" not in dict(money_lines(named(preference=0.0), 3))


def test_the_workbook_has_a_sheet_for_each_funder_with_live_sums(tmp_path: Path) -> None:
    path = tmp_path / "plan.xlsx"
    write_workbook(named(), path)
    book = openpyxl.load_workbook(path, data_only=True)
    rows = list(book["Funder f"].iter_rows(values_only=True))
    assert rows[0][0] == "f"
    totals = [row for row in rows if row[0] == "Total"]
    assert totals[0][1] == approx(70)  # what it buys
    assert totals[1][1] == approx(70)  # cash
    assert "Funder g" in book.sheetnames
    live = openpyxl.load_workbook(path)["Funder f"]
    sums = [cell.value for row in live.iter_rows() for cell in row if cell.data_type == "f"]
    assert len(sums) == 4
    assert rows[-1][0] == "The plan without it: paxsilica statement DIR f --without OTHER"
    assert all(str(value).startswith("=SUM(") for value in sums)


def test_names_of_sheets_are_short_allowed_and_different() -> None:
    taken: set[str] = set()
    names = [sheet_name(title, taken) for title in ("a:b", "a b", "x" * 60, "x" * 61, "A/b")]
    assert names[:2] == ["Funder a b", "Funder a b 2"]
    assert max(map(len, names)) <= 31
    assert len({name.lower() for name in names}) == 5


def test_the_page_has_a_statement_for_each_funder() -> None:
    page = render_page(named())
    for funder in ("f", "g"):
        assert f'id="a-statement-{funder}"' in page
    assert "It pays USD 70 million of 70 for 2 projects" in page


def test_the_command_shows_a_statement_and_the_plan_without_the_funder(tmp_path: Path) -> None:
    data, folder, other = tmp_path / "data", tmp_path / "plan", tmp_path / "other"
    tables = named().tables
    assert tables is not None
    write_folder(tables, data)
    read = load_tables(data)
    question = Question(read, case("2030-2031"))
    write_plan(question.solve(), folder, read)
    words = ["statement", str(folder), "f", "--data", str(data), "--without", str(other), "--json"]
    for _ in range(2):  # the second time the plan is read from its folder
        found = CliRunner().invoke(app, words)
        assert found.exit_code == 0, found.output
        answer = json.loads(found.stdout)
        assert answer["facts"]["signed_usd_m"] == approx(20)
        assert answer["without"][1] == "Projects only with it: mine, plant."
    shown = CliRunner().invoke(app, ["statement", str(folder), "g", "--data", str(data)])
    assert "What its money buys, USD million" in shown.stdout
    assert "Deals in the data" in shown.stdout
    assert "The plan without this funder was not solved" in shown.stdout
    wrong = CliRunner().invoke(app, ["statement", str(folder), "nobody", "--data", str(data)])
    assert wrong.exit_code == 2
