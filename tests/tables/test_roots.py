"""Consequences of a problem are found by its code and cell, whatever its sentence says."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from paxsilica.errors import Problem, ProblemCode
from paxsilica.tables.layout import layout
from paxsilica.tables.roots import with_consequences_counted
from paxsilica.tables.schema import TABLES

REFUSED, CHANGED = ProblemCode.CELL_REFUSED, ProblemCode.CELL_CHANGED
OWN = sorted(
    (table, kind.key[0])
    for table, kind in TABLES.items()
    if len(kind.key) == 1
    and (column := layout(table)[kind.key[0]]).kind == "key"
    and not column.column.references
)
"""Tables whose rows have a name of their own, and its column."""

REFERRING = sorted(
    (table, column.name, column.column.references, column.column.many)
    for table in TABLES
    for column in layout(table).values()
    if column.column.references
)


def refused(table: str, column: str, value: str, row: str = "2", words: str = "?") -> Problem:
    return Problem(table, row, column, value, words, REFUSED)


@pytest.mark.parametrize(("table", "column", "named", "many"), REFERRING)
def test_a_cell_that_repeats_a_refused_name_is_counted(
    table: str, column: str, named: str, many: bool
) -> None:
    """The sentences are any words: only codes and cells decide."""
    root = refused(named, TABLES[named].key[0], "a=b", words="words of the root")
    value = "c;a=b" if many else "a=b"
    (one,) = with_consequences_counted([refused(table, column, value, "7"), root])
    assert (one.table, one.value) == (named, "a=b")
    assert one.expected == f"words of the root; 1 other cell repeats it (in {table})"


@pytest.mark.parametrize("table", ["series", "provenance"])
@pytest.mark.parametrize("value", ["a|b", "a|b|ore|input", "x|a|b"])
def test_a_key_of_several_parts_repeats_a_name_that_holds_their_sign(
    table: str, value: str
) -> None:
    (one,) = with_consequences_counted(
        [refused("processes", "process", "a|b"), refused(table, "row", value)]
    )
    assert "repeats it" in one.expected


@pytest.mark.parametrize(
    "other",
    [
        refused("assets", "process", "a=bc", "3"),
        refused("series", "row", "xa=b|ore", "3"),
        refused("assets", "name", "a=b", "3"),
        refused("assets", "region", "a=b", "3"),
        refused("processes", "process", "a=b", "3"),
        Problem("assets", "3", "process", "a=b", "should be a name of a row of processes"),
        Problem("assets", "3", "process", "a=b", "holds a date", CHANGED),
    ],
)
def test_another_mistake_keeps_its_line(other: Problem) -> None:
    """A longer name, another table, another column, a second row, and other codes."""
    root = refused("processes", "process", "a=b")
    assert {(one.table, one.row, one.column) for one in with_consequences_counted([root, other])}
    assert len(with_consequences_counted([root, other])) == 2


def test_a_changed_cell_has_one_problem_whatever_the_order() -> None:
    changed = Problem("assets", "3", "process", "2026-01-01", "left as a date", CHANGED)
    after = [
        replace(changed, expected="should name a row of processes", code=ProblemCode.OTHER),
        replace(changed, expected="holds a name that is refused", code=REFUSED),
        replace(changed, expected="should be filled", value="", code=ProblemCode.OTHER),
    ]
    for seed in range(6):
        found = random.Random(seed).sample([changed, *after], 4)
        assert with_consequences_counted(found) == (changed,)


def test_words_alone_decide_nothing() -> None:
    """The sentences of before, without a code."""
    name = Problem("processes", "2", "process", "a=b", "should be a name of at most 60 characters")
    cell = Problem("assets", "3", "process", "a=b", "holds a date")
    same = Problem("assets", "3", "process", "a=b", "should name a row of processes")
    assert len(with_consequences_counted([name, cell, same])) == 3


def test_every_table_with_a_name_of_its_own_can_be_a_root() -> None:
    assert ("processes", "process") in OWN
    for table, column in OWN:
        referring = [one for one in REFERRING if one[2] == table]
        for other, place, *_ in referring[:1]:
            found = with_consequences_counted(
                [refused(table, column, "a=b"), refused(other, place, "a=b", "9")]
            )
            assert len(found) == 1, table
