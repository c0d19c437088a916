"""Formulas of provenance: arithmetic as usual, ids with hyphens, and what is said of those that
cannot be right."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from world import World

from paxsilica.errors import InputError
from paxsilica.tables import load_tables
from paxsilica.tables.expressions import FormulaError, read_formula

FIGURES = {"A-1": 8.0, "MAT-F-103": 96.0, "REE-P62/capacity": 6560.0}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2 + 3 * 4", 14),
        ("(2 + 3) * 4", 20),
        ("2 ** 3 ** 2", 512),
        ("8 / 4 / 2", 1),
        ("8 - 4 - 2", 2),
        ("-A-1 + 10", 2),
        ("MAT-F-103 * 1000", 96000),
        ("REE-P62/capacity / 2", 3280),
        ("A-1 - 1", 7),
        ("1e3 * .5", 500),
        ("[commodities|ndpr-oxide|price_usd_per_unit] * 10", 50),
    ],
)
def test_formula_gives(text: str, value: float) -> None:
    assert read_formula(text).value(FIGURES.__getitem__, lambda _: 5.0) == pytest.approx(value)


@pytest.mark.parametrize(
    "text", ["", "2 +", "* 2", "(2", "2)", "2 3", "A-1 A-1", "2 $ 3", "[]", "f(2)"]
)
def test_what_is_no_arithmetic_is_refused(text: str) -> None:
    with pytest.raises(FormulaError, match="should"):
        read_formula(text)


def formula(text: str, sources: str = "usgs") -> Callable[[World], None]:
    def change(world: World) -> None:
        world.set("sources", 2, value="5", unit="t")
        world.set("sources", 3, value="", unit="")
        world.set("provenance", 2, formula=text, sources=sources)

    return change


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (formula("usgs *"), "should have a number, the id of a source or a [cell] before the end"),
        (formula("usg * 2"), "should name a row of sources; did you mean 'usgs'?"),
        (formula("guess * 2", "usgs;guess"), "should name a source whose value is filled"),
        (formula("usgs * 2", "guess"), "should be among the sources of this row"),
        (
            formula("[capacity] * 2"),
            "should name a numeric column of the same row, or table|row|column of another",
        ),
        (
            formula("[commodities|none|price_usd_per_unit]"),
            "should name a numeric column of the same row, or table|row|column of another",
        ),
    ],
)
def test_wrong_formula_is_told(tmp_path: Path, change: Callable[[World], None], words: str) -> None:
    world = World()
    change(world)
    with pytest.raises(InputError) as error:
        load_tables(world.write(tmp_path))
    [problem] = error.value.problems
    assert (problem.table, problem.row, problem.column) == ("provenance", "2", "formula")
    assert problem.expected == words


def test_right_formula_is_taken(tmp_path: Path) -> None:
    world = World()
    formula("usgs * 2 + [variable_cost_usd_per_unit]")(world)
    assert (
        load_tables(world.write(tmp_path)).provenance[0].formula
        == "usgs * 2 + [variable_cost_usd_per_unit]"
    )
