"""What a user finds on the package, a question, a plan and a study: names, short texts, outputs."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest

import paxsilica
from paxsilica.bundled import new_world_folder
from paxsilica.plan.outputs import Charts

WORLD = new_world_folder()
CHARTS = sorted(name for name in vars(Charts) if not name.startswith("_"))


@pytest.fixture(scope="module")
def question() -> paxsilica.Question:
    return paxsilica.load(WORLD / "case.toml", WORLD)


@pytest.fixture(scope="module")
def plan(question: paxsilica.Question) -> paxsilica.Plan:
    found = question.solve()
    assert found.status == "optimal"
    return found


def test_a_shell_completes_the_public_names_and_no_others() -> None:
    assert dir(paxsilica) == sorted(paxsilica.__all__)


def test_texts_of_objects_are_one_short_line(
    question: paxsilica.Question, plan: paxsilica.Plan
) -> None:
    prices = paxsilica.price_table(plan, question.tables, question.case)
    study = paxsilica.frontier(question, "total", {"budget": [50.0, 400.0]}, workers=1)
    texts = {
        "Question": repr(question),
        "Tables": repr(question.tables),
        "Case": repr(question.case),
        "Plan": repr(plan),
        "charts": repr(plan.plot),
        "Prices": repr(prices),
        "Frontier": repr(study),
    }
    for name, text in texts.items():
        assert text.startswith((f"<{name} ", f"<{name}: ")), text
        assert len(text) < 200
        assert "\n" not in text
    assert f"{len(plan.portfolio)} projects" in texts["Plan"]
    assert "optimal" in texts["Plan"]
    assert str(len(prices.table)) in texts["Prices"]


def test_a_plan_without_projects_has_a_text_and_no_charts(plan: paxsilica.Plan) -> None:
    none = replace(plan, status="infeasible", objective=None, bound=None, tables={})
    assert repr(none) == f"<Plan {plan.case!r}: infeasible, no plan>"
    for name in CHARTS:
        with pytest.raises(paxsilica.InputError, match="infeasible"):
            getattr(none.plot, name)()


def test_an_unknown_gap_is_not_shown_as_zero(plan: paxsilica.Plan) -> None:
    assert "gap unknown" in repr(replace(plan, bound=None))


@pytest.mark.parametrize("name", CHARTS)
def test_every_chart_of_a_plan_has_title_unit_and_data(plan: paxsilica.Plan, name: str) -> None:
    pytest.importorskip("matplotlib")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        figure = getattr(plan.plot, name)()
    (ax,) = figure.axes
    assert ax.get_title(loc="left")
    assert (
        "share" in ax.get_xlabel() + ax.get_ylabel() or "USD" in ax.get_xlabel() + ax.get_ylabel()
    )
    assert ax.patches or ax.lines
    legend = ax.get_legend() or figure.legends[0]
    assert all(text.get_text() for text in legend.get_texts())


def test_the_chart_of_coverage_draws_the_numbers_of_the_plan(plan: paxsilica.Plan) -> None:
    pytest.importorskip("matplotlib")
    last = plan.coverage[plan.coverage["year"] == plan.coverage["year"].max()]
    (ax,) = plan.plot.coverage().axes
    widths = [patch.get_width() for patch in ax.patches]
    expected = [*last["standalone_coverage"][::-1], *last["standalone_coverage_without"][::-1]]
    assert widths == pytest.approx(expected)
    assert [text.get_text() for text in ax.get_yticklabels()] == list(last["name"][::-1])
    first = plan.coverage[plan.coverage["year"] == plan.coverage["year"].min()]
    year = int(first["year"].iloc[0])
    (ax,) = plan.plot.coverage(year).axes
    assert str(year) in ax.get_xlabel()
    assert [patch.get_width() for patch in ax.patches][: len(first)] == pytest.approx(
        list(first["standalone_coverage"][::-1])
    )
    with pytest.raises(paxsilica.InputError, match="1999"):
        plan.plot.coverage(1999)


def test_the_chart_of_funding_loses_no_payment(plan: paxsilica.Plan) -> None:
    pytest.importorskip("matplotlib")
    (ax,) = plan.plot.funding().axes
    drawn = sum(patch.get_height() for patch in ax.patches)
    assert drawn == pytest.approx(plan.funding["usd_m"].sum())


def test_the_chart_of_capital_adds_up_to_the_capital_decided(plan: paxsilica.Plan) -> None:
    pytest.importorskip("matplotlib")
    (ax,) = plan.plot.capital().axes
    drawn = sum(patch.get_width() for patch in ax.patches)
    assert drawn == pytest.approx(plan.capital_decided_usd_m)


def test_a_plan_writes_its_page_and_its_workbook(
    question: paxsilica.Question, plan: paxsilica.Plan, tmp_path: Path
) -> None:
    page = plan.report(tmp_path / "plan.html", question.tables)
    assert page == tmp_path / "plan.html"
    by_folder = plan.report(str(tmp_path / "again.html"), WORLD)
    assert by_folder.read_text(encoding="utf-8") == page.read_text(encoding="utf-8")
    first = str(plan.portfolio["name"].iloc[0])
    assert first in page.read_text(encoding="utf-8")
    book = plan.to_excel(tmp_path / "plan.xlsx", question.tables)
    assert "Answer" in openpyxl.load_workbook(book).sheetnames
    without = plan.report(tmp_path / "without.html")
    assert "made from other tables" in without.read_text(encoding="utf-8")


def test_outputs_refuse_tables_of_another_plan(
    question: paxsilica.Question, plan: paxsilica.Plan, tmp_path: Path
) -> None:
    other = replace(question.tables, digest="other")
    for write in (plan.report, plan.to_excel):
        with pytest.raises(paxsilica.InputError, match="made from"):
            write(tmp_path / "file", other)
    assert not (tmp_path / "file").exists()
