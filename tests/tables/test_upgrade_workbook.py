"""The upgrade of a workbook of version 0.1 changes names and nothing else, and is whole or not at
all."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.chart import BarChart, Reference
from openpyxl.comments import Comment
from openpyxl.workbook.defined_name import DefinedName
from test_upgrade import ALL_KINDS, old_world, worlds_of_all_kinds
from typer.testing import CliRunner
from world import World

from paxsilica import atomic
from paxsilica.cli import app
from paxsilica.errors import InputError
from paxsilica.tables import load_tables
from paxsilica.upgrade import upgrade


def number_or_text(cell: str) -> float | str | None:
    """What a spreadsheet program makes of typed text."""
    return float(cell) if re.fullmatch(r"-?[1-9]\d*(\.\d+)?|0\.\d+|0", cell) else cell or None


def workbook(world: World, path: Path, change: Callable[[Workbook], None] | None = None) -> Path:
    """A world as a workbook with a blank first row and a note in each sheet."""
    book = Workbook()
    notes = book.active
    notes.title = "_notes"
    notes["A1"], notes["B2"] = "switch off", "=1+1"
    for name, rows in world.tables.items():
        sheet = book.create_sheet(name)
        for line, row in enumerate(rows, start=2):
            for place, cell in enumerate(row, start=1):
                numeric = name not in ("sources",) and line > 2
                sheet.cell(line, place).value = number_or_text(cell) if numeric else cell or None
        sheet["A2"].comment = Comment("the first column", "author")
        sheet.freeze_panes = "B3"
    if change is not None:
        change(book)
    book.save(path)
    return path


def test_old_workbook_gives_one_error_that_names_the_command(tmp_path: Path) -> None:
    path = workbook(old_world(), tmp_path / "old.xlsx")
    with pytest.raises(InputError) as caught:
        load_tables(path)
    [problem] = caught.value.problems
    assert f"run `paxsilica upgrade {path}`" in problem.expected


def test_upgraded_workbook_has_the_tables_of_this_version(tmp_path: Path) -> None:
    good = load_tables(workbook(World(), tmp_path / "good.xlsx"))
    path = workbook(old_world(), tmp_path / "old.xlsx")
    before = path.read_bytes()
    report = upgrade(path)
    assert report.changes == ("events.event 'switch off' is now 'cut-off'",)
    assert report.files == (path,)
    assert [copy.name for copy in report.backups] == ["old.xlsx.orig"]
    assert report.backups[0].read_bytes() == before
    assert load_tables(path).digest == good.digest
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        "good.xlsx", "old.xlsx", "old.xlsx.orig"
    ]  # fmt: skip


def test_everything_but_the_names_stays(tmp_path: Path) -> None:
    path = workbook(old_world(), tmp_path / "old.xlsx")
    old = load_workbook(path)
    upgrade(path, backup=False)
    new = load_workbook(path)
    assert new.sheetnames == old.sheetnames
    assert new["_notes"]["A1"].value == "switch off"
    assert new["_notes"]["B2"].value == "=1+1"
    changed = 0
    for sheet in old:
        assert new[sheet.title].freeze_panes == sheet.freeze_panes
        for row in sheet.iter_rows():
            for cell in row:
                again = new[sheet.title][cell.coordinate]
                assert (again.comment is None) == (cell.comment is None)
                if again.value != cell.value:
                    assert (cell.value, again.value) == ("switch off", "cut-off")
                    changed += 1
                else:
                    assert again.data_type == cell.data_type
    assert changed == sum(row.count("switch off") for row in old_world().tables["events"])


def test_second_upgrade_of_a_workbook_changes_nothing(tmp_path: Path) -> None:
    path = workbook(old_world(), tmp_path / "old.xlsx")
    upgrade(path)
    content = path.read_bytes()
    assert upgrade(path).changes == ()
    assert path.read_bytes() == content


def test_every_kind_of_rename_in_a_workbook(tmp_path: Path) -> None:
    good, old = worlds_of_all_kinds()

    def with_old_sheet(book: Workbook) -> None:
        book.create_sheet("colours").append(["colour"])
        book.defined_names["keys_colours"] = DefinedName("keys_colours", attr_text="colours!$A$2")
        book.defined_names["keys_regions"] = DefinedName("keys_regions", attr_text="regions!$A$2")

    path = workbook(old, tmp_path / "old.xlsx", with_old_sheet)
    assert len(upgrade(path, renames=ALL_KINDS).changes) == 3
    found, right = load_workbook(path), load_workbook(workbook(good, tmp_path / "good.xlsx"))
    assert set(found.sheetnames) == set(right.sheetnames)
    assert [*found.defined_names] == ["keys_regions"]
    for sheet in right:
        cells = [[cell.value for cell in row] for row in sheet.iter_rows()]
        assert [[cell.value for cell in row] for row in found[sheet.title].iter_rows()] == cells


QUANTITY = World().tables["demand"][0].index("quantity") + 1


def test_formulas_are_kept_and_their_loss_of_results_is_reported(tmp_path: Path) -> None:
    def with_formula(book: Workbook) -> None:
        book["demand"].cell(3, QUANTITY).value = "=2*3"

    path = workbook(old_world(), tmp_path / "old.xlsx", with_formula)
    assert "open and save the workbook" in upgrade(path).changes[-1]
    assert load_workbook(path)["demand"].cell(3, QUANTITY).value == "=2*3"
    assert upgrade(path).changes == ()


def add_chart(book: Workbook) -> None:
    chart = BarChart()
    chart.add_data(Reference(book["demand"], min_col=1, min_row=1, max_row=3))
    book["_notes"].add_chart(chart, "D4")


def test_workbook_with_a_chart_keeps_it(tmp_path: Path) -> None:
    path = workbook(old_world(), tmp_path / "old.xlsx", add_chart)
    upgrade(path)
    assert len(load_workbook(path)["_notes"]._charts) == 1


def test_workbook_that_would_lose_something_is_not_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = workbook(old_world(), tmp_path / "old.xlsx", add_chart)
    before = path.read_bytes()

    def without_charts(content: Any, **options: Any) -> Workbook:
        book = load_workbook(content, **options)
        book["_notes"]._charts.clear()
        return book

    monkeypatch.setattr("paxsilica.tables.edited_workbook.load_workbook", without_charts)
    with pytest.raises(InputError, match="charts, drawings, which would be lost"):
        upgrade(path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["old.xlsx"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            lambda book: book["assets"].cell(2, 30, "owner"),
            "'owner' that neither version has, in the table assets",
        ),
        (lambda book: book["regions"].delete_rows(1, 99), "header in the sheet regions"),
        (lambda book: [book.remove(one) for one in book.worksheets[1:]], "has none"),
    ],
)
def test_workbook_that_is_not_understood_is_not_changed(
    tmp_path: Path, change: Callable[[Workbook], None], words: str
) -> None:
    path = workbook(old_world(), tmp_path / "old.xlsx", change)
    before = path.read_bytes()
    with pytest.raises(InputError, match=words):
        upgrade(path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["old.xlsx"]


def test_file_that_is_no_workbook_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "old.xlsx"
    path.write_bytes(b"PK no zip")
    with pytest.raises(InputError, match="cannot be opened"):
        upgrade(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook")
    with pytest.raises(InputError, match="damaged"):
        upgrade(path)


@pytest.mark.parametrize("kind", ["folder", "workbook", "case"])
def test_upgrade_that_fails_while_writing_leaves_the_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    path = tmp_path / "old.toml"
    if kind == "folder":
        path = old_world().write(tmp_path / "old")
    elif kind == "workbook":
        path = workbook(old_world(), tmp_path / "old.xlsx")
    else:
        path.write_text('years = "2026"\n[operation]\nwarm = false\n', encoding="utf-8")
    before = {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
    monkeypatch.setattr(Path, "write_bytes", _full_disk)
    with pytest.raises(OSError, match="No space left"):
        upgrade(path, backup=False)
    after = {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
    assert after == before


def _full_disk(path: Path, content: bytes) -> int:
    with path.open("wb") as file:
        file.write(content[: len(content) // 2])
    assert any(part.startswith(atomic.PREFIX) for part in path.parts)
    raise OSError(28, "No space left on device")


def test_command_upgrades_a_workbook(tmp_path: Path) -> None:
    path = workbook(old_world(), tmp_path / "old.xlsx")
    result = CliRunner().invoke(app, ["upgrade", str(path), "--in-place"])
    assert result.exit_code == 0, result.output
    assert "'switch off' is now 'cut-off'" in " ".join(result.output.split())
    assert [file.name for file in tmp_path.iterdir()] == ["old.xlsx"]
