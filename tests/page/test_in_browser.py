"""The page in a real browser: it complains of nothing, asks nobody for anything, shows what the
tables say, and works without a mouse."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest
from chromium import Browser, executable

from paxsilica.report.page import render_page
from paxsilica.report.wording import covered
from report_world import bare, named

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        executable() is None, reason="needs Chromium on the path (Debian: apt-get install chromium)"
    ),
]


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    running = Browser(tmp_path_factory.mktemp("profile"))
    yield running
    running.close()


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
def test_no_complaint_no_request_no_sideways_scrolling(
    browser: Browser, pages: dict[str, Path], name: str, width: int
) -> None:
    browser.open(pages[name], width)
    assert browser.complaints() == []
    assert [
        address
        for address in browser.requests()
        if address != pages[name].as_uri() and not address.startswith("data:")
    ] == []
    assert browser.value("document.documentElement.scrollWidth") <= width


def test_coverage_in_the_page_is_that_of_the_table(
    browser: Browser, pages: dict[str, Path]
) -> None:
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
                covered(row["coverage"]),
                covered(row["coverage_without"]),
                row["coverage"] < row["required_share"] - 5e-4,
            ]
            for row in rows
        ]
        assert cells == expected
    assert len(shown) == coverage["name"].nunique()


def test_columns_of_cash_are_as_tall_as_the_payments(
    browser: Browser, pages: dict[str, Path]
) -> None:
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


def test_totals_in_the_page_are_those_of_the_tables(
    browser: Browser, pages: dict[str, Path]
) -> None:
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


def test_every_figure_has_a_name_and_a_description(
    browser: Browser, pages: dict[str, Path]
) -> None:
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


def test_years_and_details_work_from_the_keyboard(browser: Browser, pages: dict[str, Path]) -> None:
    browser.open(pages["one"])
    browser.key("Tab", 9)
    assert browser.value("document.activeElement.className") == "skip"
    browser.value("document.querySelector('.tabs input:checked').focus()")
    visible = (
        "[...document.querySelectorAll('.panel')].findIndex(p => getComputedStyle(p).display !="
        " 'none')"
    )
    before = browser.value(visible)
    browser.key("ArrowRight", 39)
    assert browser.value(visible) == before + 1
    browser.value("document.querySelector('#when summary').focus()")
    browser.key("Enter", 13, "\r")
    assert browser.value("document.querySelector('#when details').open") is True


def test_prints_to_a_pdf_with_everything_in_it(
    browser: Browser, pages: dict[str, Path], tmp_path: Path
) -> None:
    browser.open(pages["one"])
    printed = base64.b64decode(
        browser.send("Page.printToPDF", printBackground=True, preferCSSPageSize=True)["data"]
    )
    assert printed.startswith(b"%PDF")
    browser.send("Emulation.setEmulatedMedia", media="print")
    try:
        assert browser.value("getComputedStyle(document.querySelector('nav')).display") == "none"
        assert (
            browser.value("document.querySelector('#a-portfolio').getBoundingClientRect().height")
            > 0
        )
        wide = "(t => t.scrollWidth - document.documentElement.clientWidth)(document.body)"
        assert browser.value(wide) <= 0
    finally:
        browser.send("Emulation.setEmulatedMedia", media="")
