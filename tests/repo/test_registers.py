"""No row and no cost term goes without a test of its algebra, and only the model names them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from paxsilica.model import COSTS, ROWS
from paxsilica.tables import TABLES

ROOT = Path(__file__).parents[2]
TESTS = [
    node.name
    for path in (ROOT / "tests" / "model").glob("test_*.py")
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    if isinstance(node, ast.FunctionDef)
]


@pytest.mark.parametrize("name", [*ROWS, *(f"cost_{name}" for name in COSTS)])
def test_the_algebra_is_tested(name: str) -> None:
    assert any(test.startswith(f"test_{name}_") for test in TESTS), (
        f"write a test named test_{name}_..."
    )


OWN_NAMES = ("model", "audit")
"""Parts of the package that name rows and cost terms: the model, and the audit, which recomputes
them without its code."""

SOURCES = {
    path.relative_to(ROOT / "src" / "paxsilica").as_posix(): path.read_text(encoding="utf-8")
    for path in sorted((ROOT / "src" / "paxsilica").rglob("*.py"))
}
COLUMNS = {column for table in TABLES.values() for column in table.model_fields}
NAMES = {name for name in (*ROWS, *COSTS) if "_" in name} - COLUMNS
"""Names that are found wherever they stand; a single word, such as ``capital``, and the name of a
column of the data mean other things too."""


def named_entries(source: str) -> Iterator[str]:
    """Rows and cost terms that code names by a string: a name of several words anywhere, and a cost
    term as a key of costs or terms."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Constant(value=str() as name) if name in NAMES:
                yield name
            case (
                ast.Subscript(value=holder, slice=ast.Constant(value=str() as name))
                | ast.Call(
                    func=ast.Attribute(value=holder, attr="get"),
                    args=[ast.Constant(value=str() as name), *_],
                )
            ) if name in {*COSTS} - NAMES and ast.unparse(holder).endswith(("costs", "terms")):
                yield name


def test_rows_and_cost_terms_are_named_in_the_model_alone() -> None:
    found = {
        name: named
        for name, source in SOURCES.items()
        if name.split("/")[0] not in OWN_NAMES and (named := sorted(named_entries(source)))
    }
    assert not found, "take the name from the function of the register: function.__name__"
    assert list(named_entries(SOURCES["audit/cost_terms.py"]))


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("program.row_at['programme_budget', 0]", ["programme_budget"]),
        ("terms['coverage_shortfall']", ["coverage_shortfall"]),
        ("of.costs['capital'][0]", ["capital"]),
        ("one.terms.get('trade', 0.0)", ["trade"]),
        ("row['capital'], plan.table('operation')", []),
        ("costs[capital.__name__]", []),
    ],
)
def test_a_name_in_a_string_is_found(code: str, found: list[str]) -> None:
    assert list(named_entries(code)) == found
