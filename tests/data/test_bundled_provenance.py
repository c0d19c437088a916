"""Every number of the bundled data has provenance, and every formula gives its number."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from paxsilica.case import Finance
from paxsilica.provenance.formulas import Figures, disagreements
from paxsilica.provenance.lookup import Lookup, numbers, without_provenance
from paxsilica.tables import Tables, load_tables

DATA = Path(__file__).parents[2] / "data"


@pytest.fixture(scope="module")
def tables() -> Tables:
    return load_tables(DATA)


def test_every_number_has_provenance(tables: Tables) -> None:
    assert [number.place for number in without_provenance(tables)] == []


def test_there_are_numbers(tables: Tables) -> None:
    """Guards the test above: a lookup that saw no numbers would pass it."""
    assert sum(1 for _ in numbers(tables)) > 10000


def test_every_source_is_used_and_every_number_cites_one(tables: Tables) -> None:
    used = {name for row in (*tables.provenance, *tables.published) for name in row.sources}
    # Keys of case files have no provenance row: a paragraph about such a key names its sources.
    for paragraph in (DATA / "README.md").read_text(encoding="utf-8").split("\n\n"):
        if any(f"`finance.{key}`" in paragraph for key in Finance.model_fields):
            used |= set(re.findall(r"`([A-Z0-9-]+)`", paragraph))
    assert {row.source for row in tables.sources} - used == set()


@pytest.mark.slow
def test_formulas_give_their_numbers(tables: Tables) -> None:
    wrong = [
        f"{row.table} {row.row} {row.column}: {row.formula} = {given.value:g}"
        for row, given in disagreements(tables)
    ]
    assert wrong == []


def test_main_families_of_computed_numbers_carry_formulas(tables: Tables) -> None:
    """Prices of shortage, routes, and the demand and costs that were computed from world totals and
    regional factors."""
    lookup = Lookup(tables)
    for commodity in tables.commodities:
        if commodity.shortage_price_usd_per_unit is not None:
            row = lookup.find("commodities", commodity.commodity, "shortage_price_usd_per_unit")
            assert row is not None
            assert row.formula, commodity
    assert sum(1 for row in tables.provenance if row.formula) > 700


def test_most_specific_row_counts(tables: Tables) -> None:
    lookup = Lookup(tables)
    exact = lookup.find("membership", "USA|2025-12-12", "from_date")
    assert exact is not None
    assert exact.sources == ("MEM-001",)


def test_value_by_year_takes_the_provenance_of_its_cell(tables: Tables) -> None:
    lookup = Lookup(tables)
    by_year = lookup.find("series", "assets|chn-light-mines|capacity|2030", "value")
    assert by_year is not None
    assert (by_year.table, by_year.row) == ("assets", "chn-light-mines")


def test_figure_of_a_source_has_a_unit(tables: Tables) -> None:
    assert [row.source for row in tables.sources if (row.value is None) != (row.unit is None)] == []


def test_formula_is_reported_with_its_values(tables: Tables) -> None:
    figures = Figures(tables)
    [row] = [
        row
        for row in tables.provenance
        if (row.table, row.row, row.column) == ("projects", "nolans-2-mine", "smallest_size")
    ]
    given = figures.given(row)
    assert given is not None
    assert given.number == 35400
    assert given.agrees
