"""The case key ``generic_options``, and the content of tables that the model does not use."""

from __future__ import annotations

import pytest

from paxsilica.instance.unread import unread
from paxsilica.report.console.summary import check_facts
from paxsilica.tables import Tables
from worlds import COVERED, Answer, built, case, world


def tables() -> Tables:
    """A generic option cheaper than the named project, and a project that presupposes it."""
    return world(
        {"make": "-> chip"},
        commodities={"chip": {"covered": True}},
        projects={
            "named": {"process": "make", "size": 5.0, "capex_usd_m": 30.0},
            "option-1": {"process": "make", "size": 5.0, "capex_usd_m": 10.0, "generic": True},
            "later": {
                "process": "make",
                "size": 5.0,
                "capex_usd_m": 1.0,
                "prerequisites": ("option-1",),
            },
        },
        demand={("A", "chip"): 5.0},
    )


def test_generic_options_are_candidates_unless_the_case_excludes_them() -> None:
    answer = Answer(tables(), case("2030", coverage=COVERED))
    assert answer.built.instance.dropped == {}
    assert set(answer.committed) == {"option-1"}
    assert answer.objective == pytest.approx(10.0)


def test_case_without_generic_options_drops_them_and_what_needs_them() -> None:
    answer = Answer(tables(), case("2030", coverage=COVERED, generic_options=False))
    assert answer.built.instance.dropped == {
        "option-1": "generic options are no candidates: generic_options is false",
        "later": "a project that it presupposes cannot be committed",
    }
    assert set(answer.committed) == {"named"}
    assert answer.objective == pytest.approx(30.0)
    assert "2 projects are dropped before the search" in answer.plan.notes[0]


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("projects", "built_anyway", True),
        ("commodities", "user_inventory_months", 2.0),
    ],
)
def test_column_that_the_model_does_not_use_is_reported(
    table: str, column: str, value: object
) -> None:
    key = {"stocks": ("A", "chip"), "projects": "p", "commodities": "chip"}

    def given(row: dict[str, object]) -> Tables:
        return world(
            {"make": "-> chip"},
            **{
                "projects": {"p": {"process": "make"}},
                "demand": {("A", "chip"): 1.0},
                table: {key[table]: ({"process": "make"} if table == "projects" else {}) | row},
            },
        )

    assert unread(given({})) == {}
    found = check_facts(built(given({column: value}), case("2030")).instance)
    assert found["unused"] == {f"{table}.{column}": 1}
