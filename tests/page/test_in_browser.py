"""The page in a real browser: no console messages, no requests, the figures of the tables, and use
without a mouse."""

from __future__ import annotations

import io
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from paxsilica.plan.requirement import covered
from paxsilica.report.page import render_page
from report_world import bare, named

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


class Tab:
    """A tab of the browser at one width; ``messages`` and ``requests`` are those of the page."""

    def __init__(self, browser: playwright.Browser, width: int) -> None:
        size = {"width": width, "height": 900}
        self.page = browser.new_page(viewport=size, is_mobile=width < 600)
        self.messages: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda message: self.messages.append(message.text))
        self.page.on("pageerror", lambda error: self.messages.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.value = self.page.evaluate

    def open(self, path: Path) -> None:
        """Loads a file."""
        self.page.goto(path.as_uri())


@pytest.fixture(scope="module")
def chromium() -> Iterator[playwright.Browser]:
    with playwright.sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture
def browser(chromium: playwright.Browser) -> Iterator[Tab]:
    tab = Tab(chromium, 1280)
    yield tab
    tab.page.close()


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    texts = {
        "one": render_page(named()),
        "two": render_page(named(), named(40.0)),
        "bare": render_page(bare()),
        "none": render_page(named(5.0)),
    }
    for name, text in texts.items():
        (folder / f"{name}.html").write_text(text, encoding="utf-8")
    return {name: folder / f"{name}.html" for name in texts}


@pytest.mark.parametrize("name", ["one", "two", "bare", "none"])
@pytest.mark.parametrize("width", [1280, 390])
def test_no_message_no_request_no_sideways_scrolling(
    chromium: playwright.Browser, pages: dict[str, Path], name: str, width: int
) -> None:
    tab = Tab(chromium, width)
    tab.open(pages[name])
    tab.page.wait_for_timeout(200)
    assert tab.messages == []
    loaded = [address for address in tab.requests if not address.startswith("data:")]
    assert loaded == [pages[name].as_uri()]
    assert tab.value("document.documentElement.scrollWidth") <= width
    tab.page.close()


def test_coverage_in_the_page_is_that_of_the_table(browser: Tab, pages: dict[str, Path]) -> None:
    browser.open(pages["one"])
    shown = browser.value(
        "[...document.querySelectorAll('#a-coverage tbody tr')].map(row =>"
        " [row.querySelector('th').textContent, ...[...row.querySelectorAll('td')].map(cell =>"
        " [cell.querySelector('b').textContent, cell.querySelector('small').textContent,"
        " cell.textContent.includes('▾')])])"
    )
    coverage = named().plan.coverage
    for name, *cells in shown:
        rows = coverage[coverage["name"] == name].sort_values("year").to_dict("records")
        expected = [
            [
                covered(row["standalone_coverage"]),
                covered(row["standalone_coverage_without"]),
                row["standalone_coverage"] < row["required_share"] - 5e-4,
            ]
            for row in rows
        ]
        assert cells == expected
    assert len(shown) == coverage["name"].nunique()


def test_columns_of_cash_are_as_tall_as_the_payments(browser: Tab, pages: dict[str, Path]) -> None:
    browser.open(pages["one"])
    bars = browser.value(
        "[...document.querySelectorAll('.wide-only .cash rect, .wide-only svg.cash rect')].map(bar"
        " => [bar.getAttribute('class'), +bar.dataset.year, +bar.getAttribute('height'),"
        " bar.getBoundingClientRect().height])"
    )
    funding = named().plan.funding
    public = funding[funding["funder"] != "sponsor"].groupby("year")["usd_m"].sum()
    owners = funding[funding["funder"] == "sponsor"].groupby("year")["usd_m"].sum()
    heights = {(kind, year): height for kind, year, height, _ in bars}
    assert {kind for kind, *_ in bars} == {"public", "owners"}
    scale = heights["public", 2030] / public[2030]
    for kind, amounts in (("public", public), ("owners", owners)):
        for year, amount in amounts.items():
            assert heights[kind, year] == pytest.approx(scale * amount, abs=0.02)
    assert all(drawn > 0 for kind, year, height, drawn in bars if height > 0.1)


def test_totals_in_the_page_are_those_of_the_tables(browser: Tab, pages: dict[str, Path]) -> None:
    browser.open(pages["one"])
    total = browser.value("document.querySelector('#a-cash-table tfoot td:last-child').textContent")
    assert total == f"{named().plan.funding['usd_m'].sum():,.0f}"
    rows = browser.value(
        "[...document.querySelectorAll('#a-regions tbody tr')].map(row =>"
        " [...row.children].map(cell => cell.textContent))"
    )
    portfolio = named().plan.portfolio
    assert {(row[1], row[3]) for row in rows} == {
        (named().region(region), f"{part['capex_usd_m'].sum():,.0f}")
        for region, part in portfolio.groupby("region")
    }
    assert (
        browser.value("document.querySelectorAll('.wide-only.map circle').length")
        == portfolio["region"].nunique()
    )


def test_every_figure_has_a_name_and_a_description(browser: Tab, pages: dict[str, Path]) -> None:
    browser.open(pages["two"])
    unnamed = browser.value(
        "[...document.querySelectorAll('svg.figure')].filter(f =>"
        " !f.getAttribute('aria-labelledby').split(' ').every(id =>"
        " document.getElementById(id)?.textContent)).length"
    )
    assert unnamed == 0
    assert (
        browser.value(
            "(ids => ids.length - new Set(ids).size)([...document.querySelectorAll('[id]')].map(e"
            " => e.id))"
        )
        == 0
    )


def test_years_and_details_work_from_the_keyboard(browser: Tab, pages: dict[str, Path]) -> None:
    browser.open(pages["one"])
    browser.page.keyboard.press("Tab")
    assert browser.value("document.activeElement.className") == "skip"
    browser.value("document.querySelector('.tabs input:checked').focus()")
    visible = (
        "[...document.querySelectorAll('.panel')].findIndex(p => getComputedStyle(p).display !="
        " 'none')"
    )
    before = browser.value(visible)
    browser.page.keyboard.press("ArrowRight")
    assert browser.value(visible) == before + 1
    browser.value("document.querySelector('#when summary').focus()")
    browser.page.keyboard.press("Enter")
    assert browser.value("document.querySelector('#when details').open") is True


def visible_rows(tab: Tab, table: str) -> list[list[str]]:
    rows: list[list[str]] = tab.value(
        f"[...document.querySelectorAll('#{table} tbody tr')].filter(row => row.offsetParent)"
        ".map(row => [...row.cells].map(cell => cell.innerText.trim()))"
    )
    return rows


def test_tables_sort_by_a_column_both_ways(browser: Tab, pages: dict[str, Path]) -> None:
    browser.open(pages["one"])
    browser.value("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    head = browser.page.locator("#a-portfolio thead th", has_text="capital")
    for direction, expected in (("ascending", ["30", "50"]), ("descending", ["50", "30"])):
        head.locator("button").focus()
        browser.page.keyboard.press("Enter")
        assert head.get_attribute("aria-sort") == direction
        assert [row[8] for row in visible_rows(browser, "a-portfolio")] == expected


def test_a_view_filters_tables_map_and_timetable_and_has_a_link(
    browser: Tab, pages: dict[str, Path]
) -> None:
    browser.open(pages["one"])
    browser.value("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    assert browser.value("document.getElementById('explore').hidden") is False
    browser.page.select_option("select[name=region]", "AUS")
    expected = named().plan.portfolio
    expected = expected[expected["region"] == "AUS"]
    rows = visible_rows(browser, "a-portfolio")
    assert [row[0] for row in rows] == expected["name"].tolist()
    said = browser.page.locator("#explore output").inner_text()
    assert said == f"1 of 2 projects, USD {expected['capex_usd_m'].sum():.0f} million of capital"
    shown = browser.value(
        "[...document.querySelectorAll('.wide-only.map circle')].filter(one =>"
        " !one.classList.contains('off')).map(one => one.dataset.region)"
    )
    assert shown == ["AUS"]
    drawn = browser.value(
        "[...document.querySelectorAll('.wide-only svg.cash rect')].reduce((sum, bar) =>"
        " sum + Number(bar.getAttribute('height')), 0) /"
        " Number(document.querySelector('.wide-only svg.cash').dataset.unit)"
    )
    assert drawn == pytest.approx(expected["capex_usd_m"].sum(), rel=1e-3)
    address = browser.page.url
    assert address.endswith("#explore?region=AUS")
    browser.page.goto("about:blank")
    browser.page.goto(address)
    assert browser.page.locator("#explore output").inner_text() == said
    browser.page.click("#explore .reset")
    assert len(visible_rows(browser, "a-regions")) == 2


def test_the_chain_follows_the_chosen_year(browser: Tab, pages: dict[str, Path]) -> None:
    browser.open(pages["one"])
    browser.page.select_option("select[name=year]", "2031")
    coverage = named().plan.coverage
    coverage = coverage[coverage["year"] == 2031].set_index("name")
    rows = visible_rows(browser, "a-ladder")
    assert len(rows) == len(coverage)
    for name, _, without, reached, *_ in rows:
        assert without == covered(coverage.loc[name, "standalone_coverage_without"])
        assert reached.split()[0] == covered(coverage.loc[name, "standalone_coverage"])


def test_words_filter_a_long_table(browser: Tab, pages: dict[str, Path], tmp_path: Path) -> None:
    """A short table has no field for words, so rows are added to the file."""
    text = pages["one"].read_text(encoding="utf-8")
    start = text.index('id="a-portfolio"')
    place = text.index("<tbody>", start) + len("<tbody>")
    added = "".join(f"<tr><td>Added {at}</td></tr>" for at in range(10, 20))
    (tmp_path / "long.html").write_text(text[:place] + added + text[place:], encoding="utf-8")
    browser.open(tmp_path / "long.html")
    browser.value("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    rows = visible_rows(browser, "a-portfolio")
    box = browser.page.locator(".tools input[type=search]")
    box.fill("ADDED 13")
    assert [row[0] for row in visible_rows(browser, "a-portfolio")] == ["Added 13"]
    box.fill("")
    assert visible_rows(browser, "a-portfolio") == rows
    assert len(rows) == 10 + len(named().plan.portfolio)


def test_data_of_a_chart_are_downloaded(browser: Tab, pages: dict[str, Path]) -> None:
    browser.open(pages["one"])
    with browser.page.expect_download() as caught:
        browser.page.click("#where [data-chart=projects] + button")
    text = caught.value.path().read_text(encoding="utf-8-sig")
    frame = pd.read_csv(io.StringIO(text))
    assert caught.value.suggested_filename == "projects.csv"
    assert frame["capex_usd_m"].sum() == named().plan.portfolio["capex_usd_m"].sum()
    assert set(frame["project"]) == set(named().plan.portfolio["project"])
    assert browser.messages == []


def test_sources_and_grade_open_on_tap_and_close(browser: Tab, pages: dict[str, Path]) -> None:
    browser.open(pages["one"])
    browser.value("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    first = browser.page.locator("#a-portfolio button.grade").first
    assert "grade C" in (first.get_attribute("title") or "")
    first.click()
    box = browser.page.locator("#a-portfolio [popover]").first
    assert box.is_visible()
    assert "A report" in box.inner_text()
    browser.page.keyboard.press("Escape")
    assert not box.is_visible()
    browser.page.locator(".wide-only.map circle").first.focus()
    assert "1 project, USD" in browser.page.locator("#tip").inner_text()


def test_without_script_all_is_there(chromium: playwright.Browser, pages: dict[str, Path]) -> None:
    page = chromium.new_page(java_script_enabled=False)
    page.goto(pages["one"].as_uri())
    assert not page.locator("#explore").is_visible()
    for name in ("a-ladder", "a-coverage", "a-regions", "a-cash-table", "a-funders"):
        assert page.locator(f"#{name}").is_visible(), name
    page.close()


def test_prints_on_few_pages(browser: Tab, pages: dict[str, Path], tmp_path: Path) -> None:
    browser.open(pages["one"])
    printed = browser.page.pdf(print_background=True, prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) <= 8


def test_a_long_portfolio_prints_a_line_for_each_project(
    browser: Tab, pages: dict[str, Path], tmp_path: Path
) -> None:
    """160 projects with names as long as those of the bundled data are less than three pages."""
    text = pages["one"].read_text(encoding="utf-8")
    start = text.index("<tbody>", text.index('id="a-portfolio"')) + len("<tbody>")
    row = text[text.index("<tr", start) : text.index("</tr>", start) + len("</tr>")]
    row = re.sub(r'<button type="button" class="grade".*?</div>', "D", row, flags=re.DOTALL)
    row = re.sub(r"<b class=.print-only.*?</b>", "", row)
    name = "Milling, pressing, sintering and machining of magnets, United Kingdom, generic, step 1"
    rows = "".join(row.replace("New mine", f"{name}{at}") for at in range(160))
    assert rows.count(name) >= 160
    (tmp_path / "long.html").write_text(text[:start] + rows + text[start:], encoding="utf-8")
    counts = []
    for path in (pages["one"], tmp_path / "long.html"):
        browser.open(path)
        printed = browser.page.pdf(print_background=True, prefer_css_page_size=True)
        counts.append(len(re.findall(rb"/Type\s*/Page\b", printed)))
    assert 1 <= counts[1] - counts[0] <= 3


def test_prints_to_a_pdf_with_everything_in_it(browser: Tab, pages: dict[str, Path]) -> None:
    browser.open(pages["one"])
    assert browser.page.pdf(print_background=True, prefer_css_page_size=True).startswith(b"%PDF")
    browser.page.emulate_media(media="print")
    assert browser.value("getComputedStyle(document.querySelector('nav')).display") == "none"
    height = "document.querySelector('#a-portfolio').getBoundingClientRect().height"
    assert browser.value(height) > 0
    wide = "(t => t.scrollWidth - document.documentElement.clientWidth)(document.body)"
    assert browser.value(wide) <= 0
