"""Expected problems of broken tables, and their check."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from world import World

from paxsilica.errors import InputError
from paxsilica.tables import load_tables

JARGON = (
    "Traceback",
    "Error",
    "pydantic",
    "validation",
    "Input should",
    "NoneType",
    "None",
    "<",
    "Literal",
    "Annotated",
    "regex",
    "pattern '",
)


@dataclass(frozen=True)
class Broken:
    """A change to the good world and the one problem it must be answered with; ``others`` more may
    follow from it."""

    name: str
    change: Callable[[World], object]
    table: str
    row: str
    column: str
    words: str
    others: int = 0


def check(broken: Broken, folder: Path) -> None:
    """Break the world and compare the answer: place, words, number of problems, and no jargon of
    programmers."""
    world = World()
    broken.change(world)
    with pytest.raises(InputError) as caught:
        load_tables(world.write(folder))
    message = str(caught.value)
    found = [
        problem
        for problem in caught.value.problems
        if (problem.table, problem.row, problem.column) == (broken.table, broken.row, broken.column)
    ]
    assert found, f"no problem at {broken.table} {broken.row} {broken.column}; instead {message}"
    assert any(broken.words in str(problem) for problem in found), message
    assert len(caught.value.problems) == 1 + broken.others, message
    assert caught.value.exit_code == 2
    for word in JARGON:
        assert word not in message, message


def cells(table: str, line: int, /, **values: str) -> Callable[[World], object]:
    """Return a change of cells of one line."""
    return lambda world: world.set(table, line, **values)


def row(table: str, text: str) -> Callable[[World], object]:
    """Return a change that appends a row."""
    return lambda world: world.add(table, text)


def several(*changes: Callable[[World], object]) -> Callable[[World], object]:
    """Return all the changes as one."""
    return lambda world: [change(world) for change in changes]
