"""A workbook of tables is read back without loss; changes by a spreadsheet are found or undone."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from paxsilica.errors import InputError
from paxsilica.provenance.export import write_workbook
from paxsilica.tables import Tables, load_tables, read_tables
from paxsilica.tables.read import tables_from_sheets
from paxsilica.tables.schema import Commodity, Region, Source
from paxsilica.tables.workbook import read_workbook
from paxsilica.tables.write import write_folder

DATA = Path(__file__).parents[2] / "data"


@pytest.mark.slow
def test_bundled_data_comes_back_unchanged(tmp_path: Path) -> None:
    tables = load_tables(DATA)
    write_workbook(tables, tmp_path / "book.xlsx")
    again = load_tables(tmp_path / "book.xlsx")
    assert again.digest == tables.digest
    assert again.present == tables.present
    write_folder(again, tmp_path / "folder")
    assert load_tables(tmp_path / "folder").digest == tables.digest


AWKWARD = [
    "=1+1",
    "=text",
    "+1",
    "-",
    "@x",
    "007",
    "1e5",
    "NA",
    "TRUE",
    "2026-01-14",
    "1,5",
    "#1",
    "'quoted",
    "a\nb",
    "_x0041_",
    "x" * 900,
    "é 日本",
    "http://a.b",
]


def test_text_that_looks_like_something_else_stays_text(tmp_path: Path) -> None:
    sources = tuple(Source(source=f"s{n}", title=text, note=text) for n, text in enumerate(AWKWARD))
    regions = tuple(
        Region(region=key, name=key, kind="country") for key in ("NA", "007", "1e5", "TRUE", "0.10")
    )
    tables = Tables(sources=sources, regions=regions, present=frozenset({"sources", "regions"}))
    write_workbook(tables, tmp_path / "book.xlsx")
    again = tables_from_sheets(read_workbook(tmp_path / "book.xlsx")).tables
    assert [row.title for row in again.sources] == AWKWARD
    assert [row.note for row in again.sources] == AWKWARD
    assert [row.region for row in again.regions] == ["NA", "007", "1e5", "TRUE", "0.10"]


@pytest.mark.slow
@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    numbers=st.lists(
        st.floats(min_value=0, max_value=1e308, allow_nan=False), min_size=1, max_size=20
    ),
    texts=st.lists(
        st.text(
            st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")),
            min_size=1,
            max_size=40,
        ),
        min_size=1,
        max_size=20,
    ),
)
def test_any_number_and_text_comes_back(
    tmp_path: Path, numbers: list[float], texts: list[str]
) -> None:
    commodities = tuple(
        Commodity(
            commodity=f"k{n}",
            name="x",
            unit="t",
            covered=False,
            surplus="free",
            price_usd_per_unit=number,
        )
        for n, number in enumerate(numbers)
    )
    kept = [text.strip() for text in texts if text.strip()]
    sources = tuple(Source(source=f"s{n}", title=text) for n, text in enumerate(kept))
    write_workbook(
        Tables(
            commodities=commodities, sources=sources, present=frozenset({"commodities", "sources"})
        ),
        tmp_path / "any.xlsx",
    )
    again = tables_from_sheets(read_workbook(tmp_path / "any.xlsx")).tables
    assert [row.price_usd_per_unit for row in again.commodities] == numbers
    assert [row.title for row in again.sources] == kept


def edited(tmp_path: Path, sheet: str, cell: str, value: object) -> Path:
    """A workbook of the small tables with one cell changed as a person would."""
    path = tmp_path / "edited.xlsx"
    whole = load_tables(DATA)
    write_workbook(
        Tables(
            statuses=whole.statuses,
            membership=whole.membership,
            present=frozenset({"statuses", "membership"}),
        ),
        path,
    )
    book = load_workbook(path)
    book[sheet][cell] = value
    book.save(path)
    return path


@pytest.mark.slow
def test_formula_without_a_saved_result_is_reported(tmp_path: Path) -> None:
    problems = tables_from_sheets(
        read_workbook(edited(tmp_path, "statuses", "C3", "=0.5+0.4"))
    ).problems
    assert any(
        problem.table == "statuses" and problem.row == "3" and "formula" in problem.expected
        for problem in problems
    )


def test_formula_with_a_saved_result_is_read_as_the_result(tmp_path: Path) -> None:
    book = xlsxwriter.Workbook(str(tmp_path / "saved.xlsx"))
    sheet = book.add_worksheet("statuses")
    for place, name in enumerate(("status", "name", "credit")):
        sheet.write_string(0, place, name)
    sheet.write_string(1, 0, "a")
    sheet.write_string(1, 1, "A")
    sheet.write_formula(1, 2, "=0.5+0.4", None, 0.9)
    book.close()
    assert (
        tables_from_sheets(read_workbook(tmp_path / "saved.xlsx")).tables.statuses[0].credit == 0.9
    )


@pytest.mark.slow
def test_date_cell_is_read_as_a_date(tmp_path: Path) -> None:
    tables = tables_from_sheets(
        read_workbook(edited(tmp_path, "membership", "C2", datetime.datetime(2001, 5, 6)))
    ).tables
    assert tables.membership[0].from_date == datetime.date(2001, 5, 6)


@pytest.mark.slow
def test_wrong_cell_is_named_by_sheet_and_row(tmp_path: Path) -> None:
    problems = tables_from_sheets(read_workbook(edited(tmp_path, "statuses", "C2", 1.5))).problems
    assert ("statuses", "2", "credit") in [
        (problem.table, problem.row, problem.column) for problem in problems
    ]


def test_unknown_sheet_and_cell_beyond_the_header_are_reported(tmp_path: Path) -> None:
    book = Workbook()
    book.active.title = "region"
    sheet = book.create_sheet("statuses")
    sheet.append(["status", "name", "credit"])
    sheet.append(["a", "A", 1, None, "stray"])
    book.save(tmp_path / "bad.xlsx")
    problems = read_workbook(tmp_path / "bad.xlsx").problems
    assert [(problem.table, problem.column) for problem in problems] == [
        ("region", ""),
        ("statuses", "E"),
    ]
    assert "did you mean 'regions'" in problems[0].expected


def test_file_that_is_no_workbook_is_reported(tmp_path: Path) -> None:
    (tmp_path / "no.xlsx").write_text("hello")
    with pytest.raises(InputError, match="cannot be opened"):
        read_tables(tmp_path / "no.xlsx")


@pytest.mark.slow
def test_lists_offer_the_keys_of_other_sheets(tmp_path: Path) -> None:
    whole = load_tables(DATA)
    some = {name: whole.rows(name) for name in ("regions", "processes", "statuses", "assets")}
    write_workbook(Tables(**some, present=frozenset(some)), tmp_path / "book.xlsx")  # type: ignore[arg-type]
    book = load_workbook(tmp_path / "book.xlsx")
    assert book.sheetnames[0] == "documentation"
    assert book.defined_names["keys_regions"].attr_text.startswith("regions!$A$2:$A$")
    rules = {str(rule.sqref): rule for rule in book["assets"].data_validations.dataValidation}
    assert any(
        rule.formula1 == "keys_regions" and rule.errorStyle in (None, "stop")
        for rule in rules.values()
    )
    assert any(rule.formula1 == "keys_statuses" for rule in rules.values())
    assert book["assets"]["A1"].comment is not None
