"""Two plans on a page, and a plan alone: one scale for circles, one meaning for each colour, and no
column of a table out of sight."""

from __future__ import annotations

import math
import shutil
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from paxsilica.report.page import render_page
from paxsilica.report.views.named_plan import NamedPlan
from paxsilica.report.views.near_optimal import NearOptimal
from report_world import named

playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright")
CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        CHROMIUM is None, reason="needs Chromium on the path (Debian: apt-get install chromium)"
    ),
]
YEARS = "2030-2044"
"""As many years as the bundled case has."""


@cache
def plan(budget: float) -> NamedPlan:
    """The plan under a budget; under the smaller one the mine has an eighth of the capital."""
    near = NearOptimal(1e9, 1.0, {"new-mine": "must-build"}, frozenset({"new-mine"}), False)
    found = replace(named(budget, YEARS), near=near)
    portfolio = found.plan.portfolio
    assert len(portfolio) == 2
    if budget < 60.0:
        portfolio.loc[portfolio["project"] == "new-mine", "capex_usd_m"] /= 8.0
    tables = {**found.plan.tables, "portfolio": portfolio}
    return replace(found, plan=replace(found.plan, tables=tables))


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with playwright.sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pages")
    (folder / "two.html").write_text(render_page(plan(60.0), plan(50.0)), encoding="utf-8")
    (folder / "one.html").write_text(render_page(plan(60.0)), encoding="utf-8")
    return folder


def opened(chromium: Any, path: Path, width: int, scheme: str = "light") -> Any:
    page = chromium.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.goto(path.as_uri())
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    return page


@pytest.mark.parametrize("width", [1024, 1280, 1600])
@pytest.mark.parametrize("name", ["one", "two"])
def test_every_column_is_in_sight(chromium: Any, place: Path, name: str, width: int) -> None:
    page = opened(chromium, place / f"{name}.html", width)
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    found = page.evaluate(
        "[...document.querySelectorAll('.scroll')].filter(one => one.offsetParent).map(one =>"
        " [one.getAttribute('aria-label'), one.scrollWidth - one.clientWidth])"
    )
    page.close()
    assert len(found) > 8
    assert [one for one in found if one[1] > 0] == []


@pytest.mark.parametrize("where", ["wide", "narrow"])
def test_circles_of_both_plans_have_one_scale(chromium: Any, place: Path, where: str) -> None:
    page = opened(chromium, place / "two.html", 1280)
    circles = page.evaluate(
        f"[...document.querySelectorAll('.{where}-only.map circle')].map(one =>"
        " [one.closest('[data-side]').dataset.side, one.dataset.region, Number(one.dataset.scale),"
        " Number(one.getAttribute('r'))])"
    )
    page.close()
    capital = {
        (side, region): float(part["capex_usd_m"].sum())
        for side, one in (("a", plan(60.0)), ("b", plan(50.0)))
        for region, part in one.plan.portfolio.groupby("region")
    }
    assert {(side, region) for side, region, *_ in circles} == set(capital)
    assert {side for side, _ in capital} == {"a", "b"}
    scales = {scale for *_, scale, _ in circles}
    assert len(scales) == 1
    least = min(radius for *_, radius in circles)
    for side, region, scale, radius in circles:
        true = scale * math.sqrt(capital[side, region])
        assert radius == pytest.approx(true, abs=0.01) or (radius == least and true < least)


SWATCHES = """[...document.querySelectorAll('.key li')].map(one => {
  const mark = one.querySelector('svg *'), style = getComputedStyle(mark);
  const line = mark.tagName === 'line';
  return [one.innerText.trim(), line ? style.stroke : style.fill];
})"""
SHAPES = """[...document.querySelectorAll('svg.figure *')].filter(one =>
  ['path', 'rect', 'circle', 'polyline', 'line'].includes(one.tagName)
  && (one.getAttribute('class') ?? 'grid') !== 'grid').map(
  one => {
    const style = getComputedStyle(one), kind = one.getAttribute('class');
    const line = one.tagName.endsWith('line') || kind.startsWith('band');
    return [one.closest('.a') ? 'a' : 'b', kind, line ? style.stroke : style.fill];
  })"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_each_colour_has_one_meaning(chromium: Any, place: Path, scheme: str) -> None:
    page = opened(chromium, place / "two.html", 1280, scheme)
    swatches, shapes = page.evaluate(SWATCHES), page.evaluate(SHAPES)
    bars = page.evaluate(
        "['t-with', 't-without', 't-required'].map(name =>"
        " getComputedStyle(document.querySelector(`.${name}:not(.lacking)`)).backgroundColor)"
    )
    page.close()
    meanings: dict[str, set[str]] = defaultdict(set)
    for words, colour in swatches:
        meanings[colour].add(words.partition(":")[0])
    assert len(meanings) >= 14
    assert {colour: words for colour, words in meanings.items() if len(words) > 1} == {}
    kinds: dict[str, set[str]] = defaultdict(set)
    sides: dict[str, set[str]] = defaultdict(set)
    for side, kind, colour in shapes:
        kinds[kind].add(colour)
        sides[kind].add(side)
        assert colour in meanings, kind
    assert {kind for kind, colours in kinds.items() if len(colours) > 1} == set()
    assert all(len(sides[kind]) == 2 for kind in ("spot", "running", "public", "curve after"))
    named_bars = [next(iter(meanings[colour])) for colour in bars]
    assert named_bars == ["with the plan", "without the plan", "required"]
