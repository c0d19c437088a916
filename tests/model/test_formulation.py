"""The formulation page and the model say the same."""

from __future__ import annotations

import re
from pathlib import Path

import pyomo.environ as pyo
import pytest
from test_duals import rich

from paxsilica.case import known_keys
from paxsilica.errors import InputError
from paxsilica.model import COSTS, ROWS, VARIABLES
from paxsilica.model.formulation import main, rewritten, sections
from paxsilica.model.registry import OWNERS
from paxsilica.tables.layout import layout
from paxsilica.tables.schema import TABLES

PAGE = Path(__file__).parents[2] / "models" / "FORMULATION.md"
TEXT = PAGE.read_text(encoding="utf-8")
BY_HAND = re.sub(r"<!-- generated: (rows|costs) -->.*?<!-- end: \1 -->", "", TEXT, flags=re.DOTALL)


def test_the_page_is_what_the_model_writes() -> None:
    assert rewritten(TEXT) == TEXT, "run python -m paxsilica.model.formulation"


def test_every_component_of_a_model_is_on_the_page_and_the_other_way_round() -> None:
    model = rich()[0].model
    variables = {component.local_name for component in model.component_objects(pyo.Var)} - {"never"}
    assert variables == set(VARIABLES)
    assert {component.local_name for component in model.component_objects(pyo.Constraint)} == set(
        ROWS
    )
    assert set(model.costs) == set(COSTS)
    assert "`never`" in TEXT
    for name in (*VARIABLES, *ROWS, *COSTS):
        assert TEXT.count(f"`{name}`") >= 1, name


def test_every_owner_of_rows_has_a_heading() -> None:
    assert {row.owner for row in ROWS.values()} == set(OWNERS)
    assert {term.owner for term in COSTS.values()} <= set(OWNERS)


def test_every_row_and_term_has_prose_and_every_dual_a_unit_and_a_sign() -> None:
    for row in ROWS.values():
        assert row.prose.endswith((".", ")")), row.name
        assert row.dual.startswith("USD million"), row.name
        assert re.search(r"zero or (negative|positive)|free", row.dual), row.name
    for term in COSTS.values():
        assert term.prose.endswith((".", ";")), term.name


def test_every_column_and_key_that_the_page_names_exists() -> None:
    keys = set(known_keys())
    for table, column in re.findall(r"`([a-z_]+)\.([a-z_]+)`", TEXT):
        known = table in TABLES and column in layout(table)
        assert known or f"{table}.{column}" in keys, f"{table}.{column}"


def test_every_symbol_of_a_formula_is_explained() -> None:
    explained = set(_symbols(" ".join(re.findall(r"\$([^$]+)\$", BY_HAND.replace("$$", "$")))))
    for name, latex in {name: doc.latex for name, doc in {**ROWS, **COSTS}.items()}.items():
        assert set(_symbols(latex)) <= explained, name


def _symbols(latex: str) -> list[str]:
    """Letters and Greek letters that carry an index, and words in upright type."""
    latex = re.sub(r"\\text\{[^}]*\}", "", latex)
    return re.findall(
        r"(\\(?:mathrm|mathcal|overline|underline)\{\w+\}|\\[a-z]+|[A-Za-z])(?=\^[^_ ]*_|_)", latex
    )


def test_a_page_without_markers_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="one pair of lines"):
        rewritten("# The mathematics")
    page = tmp_path / "page.md"
    page.write_text(
        "\n".join(
            f"<!-- generated: {name} -->\nobsolete\n<!-- end: {name} -->" for name in sections()
        ),
        encoding="utf-8",
    )
    main([str(page)])
    assert "obsolete" not in page.read_text(encoding="utf-8")
    assert "commodity_balance" in page.read_text(encoding="utf-8")
