"""Imports run one way, and the modelling library and the solver stay behind their doors."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "paxsilica"
MODULES = sorted(PACKAGE.rglob("*.py"))

LAYERS: list[set[str]] = [
    {"errors"},
    {"renames", "atomic", "bundled"},
    {
        "tables",
        "finance",
        "serialize",
        "interpolate",
        "version",
        "output_tables",
    },
    {"case_words", "case_options"},
    {"case"},
    {"instance"},
    {"model"},
    {"solver"},
    {"plan"},
    {"audit", "upgrade"},
    {"api"},
    {"prices", "provenance"},
    {"studies"},
    {"infeasibility"},
    {"report"},
    {"cli"},
    {"__main__"},
]
"""Each may import from those above it and from itself."""

RANK = {name: rank for rank, names in enumerate(LAYERS) for name in names}


def dotted(path: Path) -> str:
    """The module in a file, under the package."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


NAMES = {dotted(path): path for path in MODULES}


@cache
def imports(path: Path) -> frozenset[str]:
    """Every module that a file imports, wherever in the file."""
    return frozenset(imported(path))


def imported(path: Path) -> Iterator[str]:
    """The same, one after the other."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            assert node.module is not None
            for name in node.names:
                inner = f"{node.module}.{name.name}".removeprefix("paxsilica.")
                yield f"paxsilica.{inner}" if inner in NAMES else node.module


def inner_modules(path: Path) -> set[str]:
    """The modules of the package that a file imports."""
    found = {name.removeprefix("paxsilica.") for name in imports(path) if "paxsilica." in name}
    return found & NAMES.keys()


def place(name: str) -> str:
    """The module or subpackage directly under the package."""
    return name.split(".")[0]


def test_imports_run_one_way() -> None:
    against = []
    for name, path in NAMES.items():
        if not name:
            continue  # the front of the package shows names of every layer
        assert place(name) in RANK, f"{place(name)} needs a place in LAYERS"
        against += [
            (name, other)
            for other in inner_modules(path)
            if place(other) != place(name) and RANK[place(other)] >= RANK[place(name)]
        ]
    assert not against


def test_modules_are_imported_by_name_in_two_places_only() -> None:
    users = {name for name, path in NAMES.items() if "importlib" in imports(path)}
    assert users == {"", "plan.outputs"}  # names of the package, and outputs of a plan


def front(path: Path) -> bool:
    """Whether a file only shows names of the modules beside it."""
    return path.name == "__init__.py" and "def " not in path.read_text(encoding="utf-8").replace(
        "def __getattr__", ""
    )


def test_no_module_imports_itself_in_a_circle() -> None:
    graph = {name: inner_modules(path) - {name} for name, path in NAMES.items() if not front(path)}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def test_no_two_modules_have_the_same_file_name() -> None:
    names = Counter(
        path.name
        for name, path in NAMES.items()
        if path.name != "__init__.py" and place(name) not in ("cli", "report")
    )
    assert not {name for name, count in names.items() if count > 1}


def test_a_plan_knows_nothing_of_how_it_was_found() -> None:
    for name in ("plan.result", "plan.tables"):
        assert not {place(other) for other in inner_modules(NAMES[name])} & {
            "instance",
            "model",
            "solver",
        }


@pytest.mark.parametrize(
    ("library", "homes"), [("pyomo", {"model", "solver"}), ("highspy", {"solver"})]
)
def test_libraries_stay_behind_their_doors(library: str, homes: set[str]) -> None:
    users = {
        place(name)
        for name, path in NAMES.items()
        if any(one.split(".")[0] == library for one in imports(path))
    }
    assert users <= homes
    assert users


def test_what_reads_files_and_what_shows_them_stays_out_of_the_mathematics() -> None:
    for name, path in NAMES.items():
        if place(name) in ("instance", "model"):
            found = {one.split(".")[0] for one in imports(path)}
            allowed = {"pathlib", "sys"} if path.name == "formulation.py" else set()
            forbidden = {"pathlib", "csv", "json", "rich", "typer", "pandas", "sys"}
            assert not found & forbidden - allowed, path
