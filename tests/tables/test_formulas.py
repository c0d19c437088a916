"""Formulas of provenance: arithmetic, ids with hyphens, and sentences for what cannot be read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from world import World

from paxsilica.errors import InputError
from paxsilica.provenance.formulas import Figures
from paxsilica.tables import Tables, load_tables
from paxsilica.tables.expressions import FormulaError, read_formula
from paxsilica.tables.schema import Provenance, Source

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
    ("text", "words"),
    [
        ("", "should be arithmetic over numbers"),
        ("2 +", "should have a number, the id of a source or a [cell] before the end"),
        ("* 2", "should have a number, the id of a source or a [cell] before '*'"),
        ("2 + + 3", "before '+'"),
        ("()", "before ')'"),
        ("(2", "should have a closing parenthesis for each opening one"),
        ("2)", "should have an opening parenthesis for each closing one"),
        ("2 3", "should have an operator before '3'"),
        ("A-1 A-1", "should have an operator before 'A-1'"),
        ("2 (3)", "should have an operator before '('"),
        ("f(2)", "should have an operator before '('"),
        ("2 $ 3", "but holds '$ 3'"),
        ("[]", "but holds '[]'"),
        ("(" * 400 + "1" + ")" * 400, "fewer parentheses"),
    ],
)
def test_what_is_no_arithmetic_is_refused(text: str, words: str) -> None:
    with pytest.raises(FormulaError) as caught:
        read_formula(text)
    assert words in str(caught.value)


def test_names_inside_other_names_keep_their_values() -> None:
    sources = [
        Source(source=name, title="x", value=value, unit=unit)
        for name, value, unit in (("A-1", 2.0, "t"), ("A-12", 3.0, ""))
    ]
    row = Provenance(
        table="assets", row="a", column="capacity", unit="t", low=1, high=9, range="absolute",
        sources="A-1;A-12", grade="A",
    )  # fmt: skip
    figures = Figures(Tables(sources=tuple(sources)))
    text = figures.with_values(read_formula("A-12 + A-1 * 2 + 1"), row)
    assert text == "A-12 (3) + A-1 (2 t) * 2 + 1"
    assert figures.with_values(read_formula("1 + 2"), row) == "1 + 2"


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
def test_wrong_formula_is_reported(
    tmp_path: Path, change: Callable[[World], None], words: str
) -> None:
    world = World()
    change(world)
    with pytest.raises(InputError) as error:
        load_tables(world.write(tmp_path))
    [problem] = error.value.problems
    assert (problem.table, problem.row, problem.column) == ("provenance", "2", "formula")
    assert problem.expected == words


def test_correct_formula_is_taken(tmp_path: Path) -> None:
    world = World()
    formula("usgs * 2 + [variable_cost_usd_per_unit]")(world)
    assert (
        load_tables(world.write(tmp_path)).provenance[0].formula
        == "usgs * 2 + [variable_cost_usd_per_unit]"
    )
