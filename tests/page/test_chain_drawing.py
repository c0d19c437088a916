"""Labels of the drawing of the chain touch no band, no bar and no other label, measured in a
browser."""

from __future__ import annotations

import random
import re
import shutil
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from paxsilica.report.page import render_page
from paxsilica.report.page.chain import NARROW, PARTS, WIDE, Chain, chain_figure, make_label
from paxsilica.report.page.layers import lay_out
from paxsilica.report.page.svg import text_width
from paxsilica.report.views.flows import FINAL
from report_world import named

playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright")
CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
browser = pytest.mark.skipif(
    CHROMIUM is None, reason="needs Chromium on the path (Debian: apt-get install chromium)"
)

NAMES = {
    "mining": "Mining",
    "processing": "Processing",
    "chemicals": "Specialty chemicals and materials",
    "eda": "Design software",
    "equipment": "Manufacturing equipment",
    "leading": "Leading-edge wafer fabrication",
    "mature": "Mature-node fabrication",
    "memory": "Memory",
    "packaging": "Advanced packaging",
    "test": "Assembly and test",
    "electronics": "Final electronics assembly",
    "magnets": "Magnet metal, alloy and magnets",
    FINAL: "Final users",
}
LINKS = """
mining>processing processing>chemicals processing>magnets magnets>equipment chemicals>leading
chemicals>memory chemicals>mature equipment>memory equipment>leading equipment>mature eda>leading
processing>equipment leading>packaging memory>packaging packaging>electronics memory>electronics
mature>test test>electronics magnets>electronics chemicals>electronics chemicals>packaging
mining>memory equipment>test leading>test electronics>FINAL magnets>FINAL memory>FINAL mature>FINAL
"""


def chain(links: list[tuple[str, str]], seed: int = 0) -> Chain:
    """A chain with these links, and shares drawn at random."""
    draw = random.Random(seed)
    parts = {link: {name: draw.random() for name, _, _ in PARTS} for link in links}
    layers = lay_out({link: draw.random() for link in links}, list(NAMES))
    kept = {link: parts[link] for link in layers.routes}
    return Chain(2030, kept, {name: draw.random() for name in NAMES}, NAMES, layers)


def semiconductors() -> Chain:
    pairs = [link.replace("FINAL", FINAL).split(">") for link in LINKS.split()]
    found = chain([(start, end) for start, end in pairs])
    return found if len(found.layers.rows) > 6 else pytest.fail("too few layers for a test")


def drawn_at_random(seed: int) -> Chain:
    draw = random.Random(seed)
    pairs = [(a, b) for at, a in enumerate(NAMES) for b in list(NAMES)[at + 1 :]]
    return chain(draw.sample(pairs, 18 + seed), seed)


MEASURE = """() => {
  const found = [];
  for (const svg of document.querySelectorAll("svg.figure")) {
    if (!svg.querySelector(".band")) continue;
    const texts = [...svg.querySelectorAll("text.label")];
    const boxes = texts.map(text => text.getBBox());
    const view = svg.viewBox.baseVal;
    const bands = [...svg.querySelectorAll("path.band")].map(path => {
      const length = path.getTotalLength(), points = [];
      for (let at = 0; at <= length; at += 2) points.push(path.getPointAtLength(at));
      return [Number(path.getAttribute("stroke-width")) / 2, points];
    });
    const bars = [...svg.querySelectorAll(".node-reached, .node-other")].map(one => one.getBBox());
    const meet = (a, b) => a.x < b.x + b.width && b.x < a.x + a.width
      && a.y < b.y + b.height && b.y < a.y + a.height;
    boxes.forEach((box, at) => {
      const name = texts[at].textContent;
      for (const [half, points] of bands)
        if (points.some(p => Math.hypot(Math.max(box.x - p.x, 0, p.x - box.x - box.width),
            Math.max(box.y - p.y, 0, p.y - box.y - box.height)) < half - 0.3))
          found.push(name + " on a band");
      if (bars.some(bar => meet(box, bar))) found.push(name + " on a bar");
      boxes.forEach((other, beside) => {
        const same = texts[at].getAttribute("x") === texts[beside].getAttribute("x");
        if (at < beside && !same && meet(box, other)) found.push(name + " on a label");
      });
      if (box.x < -1 || box.y < -1 || box.x + box.width > view.width + 1
          || box.y + box.height > view.height + 1) found.push(name + " beyond the drawing");
    });
    found.push(["drawings", boxes.length, bands.length]);
  }
  return found;
}"""


@pytest.fixture(scope="module")
def page() -> Iterator[Any]:
    with playwright.sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield running.new_page(viewport={"width": 1280, "height": 900})
        running.close()


def measured(page: Any, place: Path, text: str) -> tuple[list[str], list[list[Any]]]:
    """What touches a label, and the number of labels and bands of each drawing."""
    place.write_text(text, encoding="utf-8")
    page.goto(place.as_uri())
    found = page.evaluate(MEASURE)
    return (
        [one for one in found if isinstance(one, str)],
        [one for one in found if not isinstance(one, str)],
    )


def in_page(*figures: str) -> str:
    style = (files("paxsilica.report.page") / "templates" / "style.css").read_text(encoding="utf-8")
    return f"<!DOCTYPE html><style>{style}</style><div class=chain>{''.join(figures)}</div>"


@browser
@pytest.mark.slow
def test_labels_touch_nothing(page: Any, tmp_path: Path) -> None:
    chains = [semiconductors(), *(drawn_at_random(seed) for seed in range(4))]
    figures = [
        chain_figure(one, f"f{at}-{style.down}", style)
        for at, one in enumerate(chains)
        for style in (WIDE, NARROW)
    ]
    touched, drawings = measured(page, tmp_path / "chains.html", in_page(*figures))
    assert len(drawings) == len(figures)
    assert all(labels > 10 and bands > 20 for _, labels, bands in drawings)
    assert touched == []


@browser
@pytest.mark.slow
def test_labels_on_the_page_touch_nothing(page: Any, tmp_path: Path) -> None:
    texts = [render_page(named()), render_page(named(), named(40.0))]
    for text in texts:
        shown = text.replace(
            "<style>", "<style>.panel, .wide-only, .narrow-only {display:block}", 1
        )
        touched, drawings = measured(page, tmp_path / "page.html", shown)
        assert touched == []
        assert len(drawings) >= 8


@browser
@pytest.mark.slow
def test_a_label_on_a_band_is_noticed(page: Any, tmp_path: Path) -> None:
    figure = chain_figure(semiconductors(), "moved", WIDE)
    x, y = re.search(r'<path d="M([\d.]+),([\d.]+)', figure).groups()  # type: ignore[union-attr]
    moved = re.sub(r'<text x="[\d.]+" y="[\d.]+"', f'<text x="{x}" y="{y}"', figure, count=1)
    touched, _ = measured(page, tmp_path / "moved.html", in_page(moved))
    assert any("on a band" in one for one in touched)


@browser
@pytest.mark.slow
def test_no_text_is_wider_than_its_bound(page: Any, tmp_path: Path) -> None:
    words = [*NAMES.values(), "100\u00a0%", "WAFERS", "mmmm", "Illinois, fillet", "åéß (MOX) 7/8"]
    bold = ["", " strong"]
    lines = "".join(f'<text class="label{bold[one.endswith("%")]}">{one}</text>' for one in words)
    (tmp_path / "words.html").write_text(in_page(f"<svg>{lines}</svg>"), encoding="utf-8")
    page.goto((tmp_path / "words.html").as_uri())
    widths = page.evaluate("[...document.querySelectorAll('text')].map(t => t.getBBox().width)")
    assert len(widths) == len(words)
    for one, width in zip(words, widths, strict=True):
        assert 0 < width <= text_width(one), one


def test_a_label_keeps_its_words_and_its_share() -> None:
    found = semiconductors()
    for key, name in NAMES.items():
        for style in (WIDE, NARROW):
            label = make_label(found, key, style.room)
            assert " ".join(label.lines) == f"{name} {label.percent}"
