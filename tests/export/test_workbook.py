"""The workbook: formulas that agree with values, text that stays text, heads that stay in place."""

from __future__ import annotations

import shutil
import subprocess
import warnings
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from paxsilica.report.workbook.book import write_workbook
from report_world import bare, named

OFFICE = shutil.which("soffice")


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("book") / "plan.xlsx"
    write_workbook(named(), place)
    return place


def formulas(path: Path) -> list[tuple[str, str, str, Any]]:
    """Sheet, cell, formula and the value written with it."""
    live, dead = openpyxl.load_workbook(path), openpyxl.load_workbook(path, data_only=True)
    return [
        (sheet.title, cell.coordinate, str(cell.value), dead[sheet.title][cell.coordinate].value)
        for sheet in live
        for row in sheet.iter_rows()
        for cell in row
        if cell.data_type == "f"
    ]


def test_sheets_heads_names_and_print(path: Path) -> None:
    book = openpyxl.load_workbook(path)
    assert book.sheetnames[:8] == [
        "Answer",
        "Portfolio",
        "Coverage",
        "First years",
        "Cash calls",
        "Funders",
        "Costs",
        "Exposure",
    ]
    assert {"operation", "Figures used", "Documents", "Origin"} <= set(book.sheetnames)
    assert {
        "total_capital",
        "total_public",
        "portfolio",
        "coverage_with_plan",
        "cash_calls",
        "gap",
        "budget",
    } <= set(book.defined_names)
    for sheet in book:
        assert sheet.page_setup.paperSize == 9
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert sheet.title == "Answer" or sheet.freeze_panes is not None
    assert len(book["Cash calls"]._charts) == len(book["Coverage"]._charts) == 1
    assert book["Coverage"].conditional_formatting


def test_totals_agree_with_the_tables(path: Path) -> None:
    dead = openpyxl.load_workbook(path, data_only=True)
    portfolio = named().plan.portfolio
    for name, column in (
        ("total_capital", "capex_usd_m"),
        ("total_public", "public_usd_m"),
        ("total_owners", "sponsor_usd_m"),
    ):
        ((sheet, cell),) = dead.defined_names[name].destinations
        assert dead[sheet][cell].value == pytest.approx(portfolio[column].sum())
    sheet = dead["Cash calls"]
    assert [cell.value for cell in sheet["B"]].count("yes") == 1
    years = [cell.value for cell in sheet[1]][1:-1]
    for row in sheet.iter_rows(min_row=2, values_only=True):
        if row[0] == "Total":
            funding = named().plan.funding.groupby("year")["usd_m"].sum()
            assert list(row[1 : len(years) + 1]) == pytest.approx([funding[year] for year in years])


def test_values_of_text_stay_text(path: Path) -> None:
    book = openpyxl.load_workbook(path)
    assert [cell.value for cell in book["Portfolio"]["A"] if cell.data_type == "s"].count(
        "New mine"
    ) == 1
    assert "Fund of A" in [cell.value for cell in book["Funders"]["A"]]
    texts = [text for *_, text, _ in formulas(path)]
    assert texts
    assert not any("New mine" in text for text in texts)


def test_the_proof_is_said_three_ways(path: Path) -> None:
    labels = {
        cell.value: cell.row for cell in openpyxl.load_workbook(path)["Answer"]["A"] if cell.value
    }
    assert {
        "Gap, USD million",
        "Gap, share of the objective",
        "Gap, share of the capital decided",
    } <= set(labels)


def test_sources_of_every_figure_used(path: Path) -> None:
    rows = list(
        openpyxl.load_workbook(path, read_only=True)["Figures used"].iter_rows(values_only=True)
    )
    used = {(row[0], row[1], row[2]): row for row in rows[1:]}
    assert used["projects", "new-mine", "capex_usd_m"][8:10] == ("C", "report")
    assert ("recipes", "refine|ore|input", "quantity") in used
    assert ("funders", "fund", "envelope_usd_m") in used


@pytest.mark.slow
@pytest.mark.skipif(
    OFFICE is None,
    reason="needs LibreOffice on the path (Debian: apt-get install libreoffice-calc)",
)
def test_libreoffice_calculates_the_same(path: Path, tmp_path: Path) -> None:
    assert OFFICE is not None
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    order = [
        OFFICE,
        profile,
        "--headless",
        "--convert-to",
        "ods",
        "--outdir",
        str(tmp_path),
        str(path),
    ]
    subprocess.run(order, check=True, capture_output=True, timeout=300)
    target, made = "xlsx:Calc MS Excel 2007 XML", str(tmp_path / "plan.ods")
    back = [
        OFFICE,
        profile,
        "--headless",
        "--convert-to",
        target,
        "--outdir",
        str(tmp_path / "back"),
        made,
    ]
    subprocess.run(back, check=True, capture_output=True, timeout=300)
    with warnings.catch_warnings(action="ignore"):  # openpyxl warns of what LibreOffice adds
        calculated = openpyxl.load_workbook(tmp_path / "back" / "plan.xlsx", data_only=True)
    for sheet, cell, formula, value in formulas(path):
        found = calculated[sheet][cell].value
        if isinstance(value, str):
            assert found == value, (sheet, cell, formula)
        else:
            assert float(found or 0.0) == pytest.approx(float(value or 0.0), abs=1e-6), (
                sheet,
                cell,
                formula,
            )


def test_names_stand_before_the_keys_of_whole_tables(path: Path) -> None:
    book, plan = openpyxl.load_workbook(path), named().plan
    for name, key, known in (
        ("operation", "region", {"AUS": "Aussie <b>& co", "A": "Australia", "CHN": "Other"}),
        ("operation", "plant", {"new-mine": "New mine", "pit": "pit"}),
        ("funding", "funder", {"fund": "Fund of A", "sponsor": "Owners of the projects"}),
        ("funding", "project", {"new-mine": "New mine"}),
        ("shipments", "to_region", {"A": "Australia"}),
    ):
        heads = [cell.value for cell in book[name][2]]
        at = heads.index(key)
        assert heads[at - 1] == f"{key} name", (name, key)
        rows = [*book[name].iter_rows(min_row=3, values_only=True)]
        assert [row[at] for row in rows] == plan.tables[name][key].tolist()
        assert {row[at - 1] for row in rows if row[at] in known} == {
            known[row[at]] for row in rows if row[at] in known
        }


def test_a_table_with_names_of_its_own_has_them_once(path: Path) -> None:
    book = openpyxl.load_workbook(path)
    for sheet in book:
        if sheet.title in named().plan.tables:
            heads = [cell.value for cell in sheet[2]]
            assert len(heads) == len(set(heads)), sheet.title
            if heads[1] == "name":
                assert not heads[0].endswith(" name")


def test_text_keeps_a_distance_from_the_number_before_it(path: Path) -> None:
    """A program that reads the file takes an indent only where the side is given."""
    book = openpyxl.load_workbook(path)
    assert all(cell.alignment.indent for cell in book["operation"]["D"][2:])
    for sheet in book:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.alignment.indent:
                    assert cell.alignment.horizontal in ("left", "right"), (sheet.title, cell)


def test_no_name_is_cut(path: Path) -> None:
    """Columns are as wide as the names in them, in the sheets that are printed."""
    book = openpyxl.load_workbook(path)
    for name in ("Portfolio", "Funders", "Funder fund", "First years"):
        widths = {
            column: one.width
            for one in book[name].column_dimensions.values()
            for column in range(one.min, one.max + 1)
        }
        for row in book[name].iter_rows():
            for cell in row:
                words = cell.data_type == "s" and cell.alignment.indent and not cell.font.bold
                if words and not cell.alignment.wrap_text:
                    assert min(len(cell.value), 96) <= widths[cell.column], (name, cell)


def test_contents_name_the_funder_of_a_sheet(path: Path) -> None:
    rows = openpyxl.load_workbook(path)["Answer"].iter_rows(values_only=True)
    found = {row[0]: row[1] for row in rows if row[0]}
    assert found["Funder fund"].startswith("Fund of A: what its money buys")


@pytest.mark.slow
@pytest.mark.skipif(
    OFFICE is None or shutil.which("pdftotext") is None,
    reason="needs LibreOffice and pdftotext on the path (Debian: libreoffice-calc, poppler-utils)",
)
def test_whole_tables_print_no_page(path: Path, tmp_path: Path) -> None:
    assert OFFICE is not None
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    order = [OFFICE, profile, "--headless", "--convert-to", "pdf", "--outdir", str(tmp_path)]
    subprocess.run([*order, str(path)], check=True, capture_output=True, timeout=300)
    order = ["pdftotext", "-layout", str(tmp_path / "plan.pdf"), "-"]
    printed = subprocess.run(order, check=True, capture_output=True, text=True).stdout
    feet = [page.strip().splitlines()[-1].split("  ")[0] for page in printed.split("\f")[:-1]]
    sheets = openpyxl.load_workbook(path, read_only=True).sheetnames
    assert {"Answer", "Portfolio", "Funder fund", "Origin"} <= set(feet)
    assert not set(feet) & {"operation", "Figures used", "Documents", "funding"}
    assert set(feet) <= set(sheets)


def test_without_tables_and_without_a_plan(tmp_path: Path) -> None:
    write_workbook(bare(), tmp_path / "bare.xlsx")
    assert "Exposure" not in openpyxl.load_workbook(tmp_path / "bare.xlsx").sheetnames
    write_workbook(named(5.0), tmp_path / "empty.xlsx")
    assert openpyxl.load_workbook(tmp_path / "empty.xlsx")["Portfolio"]["A2"].value == "Total"
