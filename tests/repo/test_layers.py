"""Imports run one way, and the modelling library and the solver stay behind their doors."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "paxsilica"
MODULES = sorted(PACKAGE.rglob("*.py"))

LAYERS: list[set[str]] = [
    {"errors"},
    {"tables", "finance", "bundled", "plain"},
    {"case"},
    {"instance"},
    {"model"},
    {"solve"},
    {"plan", "plan_tables"},
    {"extract", "extract_coverage"},
    {"planner"},
    {"api"},
    {"audit", "prices", "provenance"},
    {"studies"},
    {"report"},
    {"cli"},
    {"__main__"},
]
"""Each may import from those above it and from itself."""

RANK = {name: rank for rank, names in enumerate(LAYERS) for name in names}


def place(path: Path) -> str:
    """The module or subpackage directly under the package that a file belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> Iterator[str]:
    """Every module that a file imports, wherever in the file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            assert node.module is not None
            if node.module == "paxsilica":
                yield from (
                    f"paxsilica.{name.name}"
                    for name in node.names
                    if not name.name.startswith("__")
                )
            else:
                yield node.module


def inner(path: Path) -> set[str]:
    """What a file imports of the package, by module or subpackage."""
    return {name.split(".")[1] for name in imports(path) if name.startswith("paxsilica.")}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_run_one_way(path: Path) -> None:
    if path == PACKAGE / "__init__.py":
        return  # the front of the package shows names of every layer
    here = place(path)
    assert here in RANK, f"{here} needs a place in LAYERS"
    for name in inner(path):
        assert (
            name == here
            or RANK[name] < RANK[here]
            or {name, here} <= {"plan", "plan_tables"} | {"extract", "extract_coverage"}
        ), name


def test_a_plan_knows_nothing_of_how_it_was_found() -> None:
    for name in ("plan.py", "plan_tables.py"):
        if (PACKAGE / name).exists():
            assert not inner(PACKAGE / name) & {"instance", "model", "solve"}


@pytest.mark.parametrize(
    ("library", "homes"), [("pyomo", {"model", "solve"}), ("highspy", {"solve"})]
)
def test_libraries_stay_behind_their_doors(library: str, homes: set[str]) -> None:
    users = {
        place(path)
        for path in MODULES
        if any(name.split(".")[0] == library for name in imports(path))
    }
    assert users <= homes
    assert users


def test_what_reads_files_and_what_shows_them_stays_out_of_the_mathematics() -> None:
    for path in MODULES:
        if place(path) in ("instance", "model"):
            found = {name.split(".")[0] for name in imports(path)}
            allowed = {"pathlib", "sys"} if path.name == "formulation.py" else set()
            assert (
                not found & {"pathlib", "csv", "json", "rich", "typer", "pandas", "sys"} - allowed
            ), path
