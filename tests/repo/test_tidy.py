"""The house is in order: short files, docstrings, a changelog, and no trace of the machine that it
was built on."""

from __future__ import annotations

import ast
import doctest
import importlib
import re
import shutil
import subprocess
import tomllib
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "src").rglob("*.py"))
PYTHON = SOURCES + sorted((ROOT / "tests").rglob("*.py"))
LONGEST = 600


@cache
def tracked() -> list[Path]:
    """Files that belong to the project."""
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("not a clone of the repository")
    listed = subprocess.run(
        [git, "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout
    return [ROOT / name for name in listed.split("\0") if name]


def test_files_are_short() -> None:
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in PYTHON}
    assert not {path for path, lines in lengths.items() if lines > LONGEST}


def test_what_is_public_has_a_docstring() -> None:
    for path in SOURCES:
        public_names_are_documented(path)


def public_names_are_documented(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree), path
    outer = [
        tree,
        *(
            node
            for node in tree.body
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
        ),
    ]
    for node in (child for parent in outer for child in parent.body):
        if isinstance(
            node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
        ) and not node.name.startswith("_"):
            decorators = {ast.unparse(decorator).split("(")[0] for decorator in node.decorator_list}
            assert ast.get_docstring(node) or "overload" in decorators, node.name


TRACES = {
    "a path of a machine": re.compile(r"(?<![\w.:/-])/(work|home|root|Users|mnt|tmp)/[\w.]"),
    "the host of a package registry": re.compile(
        "|".join(
            [
                "pypi" + r"\.org",
                "python" + "hosted",
                "crates" + r"\.io",
                "npm" + "js",
                "conda" + "-forge",
            ]
        )
    ),
    "a mark of unfinished work": re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X)\b"),
}


@pytest.mark.parametrize("trace", TRACES)
def test_no_file_shows_where_it_was_made(trace: str) -> None:
    found = []
    for path in tracked():
        if not path.is_file() or path.suffix in (".png", ".jpg", ".xlsx", ".gz", ".lock"):
            continue
        for at, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if TRACES[trace].search(re.sub(r"https?://\S+", "", line) if "path" in trace else line):
                found.append(f"{path.relative_to(ROOT)}:{at}")
    assert not found


def test_the_changelog_knows_the_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"][
        "version"
    ]
    assert re.search(
        rf"^## {re.escape(version)}\b",
        (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"),
        re.MULTILINE,
    )


def test_examples_in_docstrings_hold() -> None:
    attempted = 0
    for path in SOURCES:
        if ">>>" in path.read_text(encoding="utf-8"):
            name = ".".join(path.relative_to(ROOT / "src").with_suffix("").parts)
            result = doctest.testmod(importlib.import_module(name.removesuffix(".__init__")))
            assert result.attempted > 0, path
            assert result.failed == 0, path
            attempted += result.attempted
    assert attempted > 20
