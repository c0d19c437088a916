"""What a reader sees on the page: labels that nothing covers, names in place of keys, code as code,
and few pages in print, whatever the plan."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from itertools import pairwise, product

import pytest

from paxsilica.plan.requirement import covered
from paxsilica.report.page import coded, render_page
from paxsilica.report.page.charts import APART, LEFT, RIGHT, WIDTH, coverage_figure
from paxsilica.report.views.coverage import Cell, Stage, within_tolerance
from paxsilica.report.wording import gap_in_money, gap_sentence, status_sentence
from report_world import named


def drawn(of: Stage, kind: str) -> list[ET.Element]:
    """The elements of the chart of a stage that have a class."""
    tree = ET.fromstring(str(coverage_figure(of, "x")))
    return [one for one in tree.iter() if kind in one.get("class", "").split()]


def seen(page: str) -> str:
    """The text of a page."""
    page = re.sub(r"<(script|style).*?</\1>", "", page, flags=re.DOTALL)
    return re.sub(r"<[^>]*>", "", page)


def stage(years: int, coverage: float, without: float, required: float) -> Stage:
    cells = tuple(
        Cell(2030 + at, 1.0, 1.0, without, 1.0, 1.0, coverage, required, "ore", ())
        for at in range(years)
    )
    return Stage("mining", "Mining", cells)


@pytest.mark.parametrize("years", [1, 2, 4, 15])
def test_bars_of_a_chart_cover_no_label(years: int) -> None:
    short = stage(years, 0.2, 0.1, 0.9)
    bars = drawn(short, "lack")
    assert len(bars) == years
    for bar in bars:
        left, wide = float(bar.get("x", "nan")), float(bar.get("width", "nan"))
        assert left >= LEFT
        assert left + wide <= WIDTH - RIGHT
    marks = [mark.text or "" for mark in drawn(short, "axis")]
    years_shown = [mark for mark in marks if len(mark) == 4]
    assert years_shown == [str(2030), str(2030 + years - 1)][: min(years, 2)]


@pytest.mark.parametrize(("with_plan", "without"), list(product((0.0, 0.31, 0.7, 1.0), repeat=2)))
def test_labels_of_a_chart_stand_apart(with_plan: float, without: float) -> None:
    near = stage(4, with_plan, min(1.0, with_plan + 0.03), 0.5)
    for one in (stage(4, with_plan, without, 0.5), near):
        heights = sorted(float(label.get("y", "nan")) for label in drawn(one, "end"))
        assert all(b - a >= APART - 0.01 for a, b in pairwise(heights))


def test_a_coverage_of_one_year_is_a_line() -> None:
    curves = drawn(stage(1, 0.5, 0.2, 0.9), "curve")
    assert curves
    for curve in curves:
        points = re.findall(r"[\d.]+[ ,][\d.]+", curve.get("points") or curve.get("d") or "")
        assert len(set(points)) > 1


@pytest.mark.parametrize(
    ("sentence", "shown"),
    [
        ("no code", "no code"),
        ("see `a b` and `c`", "see <code>a b</code> and <code>c</code>"),
        ("one ` alone", "one ` alone"),
        ("`<b>`", "<code>&lt;b&gt;</code>"),
    ],
)
def test_words_between_backticks_are_code(sentence: str, shown: str) -> None:
    assert str(coded(sentence)) == shown


def test_a_page_shows_no_backtick_and_no_unit_of_its_own() -> None:
    text = seen(render_page(named(), named(5.0)))
    assert "`" not in text
    assert "its own unit" not in text


def test_a_plan_without_projects_says_so_in_place_of_the_map() -> None:
    page = render_page(named(5.0))
    words = seen(page[page.index('<section id="where"') : page.index('<section id="when"')])
    assert "The plan commits to no project." in words
    assert "coordinates" not in words


@pytest.mark.parametrize("gap", [0.0, 1e-12, 2.2e-10])
def test_rounding_of_the_solver_is_no_gap(gap: float) -> None:
    plan = named().plan
    assert plan.objective is not None
    plan = replace(plan, bound=plan.objective - gap * plan.objective)
    assert gap_sentence(plan).startswith("0 % of the objective = USD 0 million")
    assert gap_in_money(plan).startswith("USD 0 million")
    assert status_sentence(plan) == "No plan can be better than this one."
    assert not re.search(r"\de-\d", gap_sentence(plan))


def test_names_of_what_a_price_is_about() -> None:
    one = named()
    for key, name in (
        ("fund", "Fund of A"),
        ("AUS", "Aussie <b>& co"),
        ("new-mine", "New mine"),
        ("programme", "programme"),
        ("nothing of the data", "nothing of the data"),
    ):
        assert one.thing(key) == name


def test_the_tolerance_of_the_closest_plan_is_not_read_as_a_lack() -> None:
    """The search may give up 1e-4 of what it reached: 0.6666 of 0.9 is 60 %, not 59 %."""
    assert covered(0.9 * within_tolerance(0.6666)) == "60"
    assert within_tolerance(0.99995) == 1.0
    assert covered(0.9 * within_tolerance(0.66)) == "59"
