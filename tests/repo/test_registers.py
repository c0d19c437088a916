"""No row and no cost term goes without a test of its algebra."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from paxsilica.model import COSTS, ROWS

TESTS = [
    node.name
    for path in (Path(__file__).parents[1] / "model").glob("test_*.py")
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    if isinstance(node, ast.FunctionDef)
]


@pytest.mark.parametrize("name", [*ROWS, *(f"cost_{name}" for name in COSTS)])
def test_the_algebra_is_tested(name: str) -> None:
    assert any(test.startswith(f"test_{name}_") for test in TESTS), (
        f"write a test named test_{name}_..."
    )
