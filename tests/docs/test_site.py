"""The site and the manual page build without a warning, and pages load nothing from other hosts."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SPHINX = [sys.executable, "-m", "sphinx", "-n", "-W", "--keep-going", "-q"]
LOADED = re.compile(
    r"<(?:script|img|iframe|source|video|audio|embed|object)\b[^>]*?(?:src|data)=\"(?:https?:)?//[^\"]*"
    r"|<link\b[^>]*?href=\"(?:https?:)?//[^\"]*|@import[^;]*//[^;]*|url\([\"']?(?:https?:)?//[^)]*"
)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    for builder in ("html", "man"):
        done = subprocess.run(
            [
                *SPHINX,
                "-b",
                builder,
                "-d",
                str(folder / "doctrees"),
                str(ROOT / "docs"),
                str(folder / builder),
            ],
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""
    return folder


def test_pages_load_nothing_from_other_hosts(site: Path) -> None:
    pages = [
        path for path in (site / "html").rglob("*") if path.suffix in (".html", ".css", ".svg")
    ]
    assert len(pages) > 25
    for path in pages:
        assert LOADED.findall(path.read_text(encoding="utf-8")) == [], path.name


def test_option_names_keep_their_hyphens(site: Path) -> None:
    for path in (site / "html").rglob("*.html"):
        assert (
            re.findall(r"[–—][a-z]+", re.sub(r"<[^>]*>", "", path.read_text(encoding="utf-8")))
            == []
        ), path.name


def test_formulas_are_rendered(site: Path) -> None:
    text = (site / "html" / "explanation" / "mathematics.html").read_text(encoding="utf-8")
    assert text.count("<math") > 150
    body = re.sub(r"<math.*?</math>", "", text, flags=re.S)
    assert "$$" not in body
    assert not re.search(r"\\(sum|mathcal|beta)", body)


def test_every_notebook_is_a_page_of_the_site(site: Path) -> None:
    names = {path.stem for path in (ROOT / "notebooks").glob("*.ipynb")}
    pages = {path.stem for path in (site / "html" / "notebooks").glob("*.html")}
    assert pages == names | {"index"}
    listed = (site / "html" / "notebooks" / "index.html").read_text(encoding="utf-8")
    assert all(f'href="{name}.html"' in listed for name in names)


def test_the_manual_page_has_every_command(site: Path) -> None:
    text = (site / "man" / "paxsilica.1").read_text(encoding="utf-8")
    for words in (".SH PAXSILICA SOLVE", r".SS \fBpaxsilica data export\fP", ".SH EXIT CODES"):
        assert words in text
