"""Numbers derived by rule from an official table: data, extract and rules agree; mistakes are
found."""

from __future__ import annotations

import csv
import shutil
import sys
from pathlib import Path

import pytest

from paxsilica.errors import InputError
from paxsilica.provenance import imports
from paxsilica.provenance.checks import imported
from paxsilica.provenance.lookup import Lookup
from paxsilica.tables import load_tables

DATA = Path(__file__).parents[2] / "data"


def lines(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copytree(DATA, tmp_path / "data")
    return tmp_path / "data"


def test_data_agrees_with_extract_and_rules() -> None:
    found = imports.compare(DATA)
    assert [str(each) for each in found if not each.agrees] == []
    assert len(found) >= 100


def test_every_figure_of_the_extract_is_used_by_a_rule() -> None:
    used = {
        (rule["commodity"], country, rule["statistic"], year)
        for rule in lines(DATA / "imports" / "rules.csv")
        for country in rule["countries"].split(";")
        for year in rule["years"].split(";")
    }
    extract = lines(DATA / "imports" / "usgs-mcs-2026.csv")
    keys = [
        (row["Commodity"], row["Country"], row["Statistics_detail"], row["Year"]) for row in extract
    ]
    assert set(keys) <= used
    assert len(keys) == len(set(keys))


def test_imported_cells_cite_the_table_they_come_from() -> None:
    lookup = Lookup(load_tables(DATA))
    for each in imports.compare(DATA):
        table, row, column = each.cell
        provenance = lookup.find(table, row, column)
        assert provenance is not None, each
        assert any(name.startswith("USGS26-") for name in provenance.sources), each
        assert "imports/rules.csv" in (provenance.note or ""), each


def test_largest_output_of_the_countries_of_a_rule() -> None:
    """Portugal 650 and 700 t, Spain 700 and 800 t of tungsten in 2024 and 2025."""
    given = {each.cell: each.given for each in imports.compare(DATA)}
    assert given["assets", "eur-tungsten-mining", "capacity"] == 1500


def test_terms_of_a_cell_are_added_and_units_converted() -> None:
    """51 million m3 of helium, less 5 million m3 for chips, in thousand m3."""
    given = {each.cell: each.given for each in imports.compare(DATA)}
    assert given["demand", "USA|helium|medical-industry-space|central|2026", "quantity"] == 46000


def test_changed_cell_is_found_and_set_again(copy: Path) -> None:
    rows = (copy / "assets.csv").read_text(encoding="utf-8")
    (copy / "assets.csv").write_text(
        rows.replace("operating,40000,,,6500", "operating,56000,,,6500"), encoding="utf-8"
    )
    [finding] = imported(copy)
    assert finding.verdict == "wrong"
    assert (
        finding.ours == "assets chn-antimony-mining capacity is 56000; its import rules give 40000"
    )
    assert [each.cell[1] for each in imports.write(copy)] == ["chn-antimony-mining"]
    assert (copy / "assets.csv").read_text(encoding="utf-8") == rows
    [finding] = imported(copy)
    assert finding.verdict == "ok"


def test_missing_cell_is_found(copy: Path) -> None:
    rules = copy / "imports" / "rules.csv"
    rules.write_text(
        rules.read_text(encoding="utf-8").replace("assets,chn-indium,", "assets,chn-indum,"),
        encoding="utf-8",
    )
    [found] = [each for each in imports.compare(copy) if not each.agrees]
    assert str(found) == "assets chn-indum capacity is missing; its import rules give 1100"
    with pytest.raises(InputError, match="should be the key of a row of assets"):
        imports.write(copy)


def test_rules_that_cannot_be_used_are_all_named(copy: Path) -> None:
    with (copy / "imports" / "rules.csv").open("a", encoding="utf-8") as file:
        file.write(
            "assets,x,capacity,usgs-mcs-2026,Antimony,Atlantis,Mine production,2025,largest,1,\n"
        )
        file.write(
            "asset,x,capacity,usgs-mcs-2026,Antimony,China,Mine production,2025,greatest,1,\n"
        )
    with pytest.raises(InputError) as error:
        imports.compare(copy)
    words = str(error.value)
    assert "should be in the extract usgs-mcs-2026 for Atlantis 2025" in words
    assert "should be the name of a table" in words
    assert "should be one of largest, latest, mean" in words


def test_withheld_figure_is_no_number(copy: Path) -> None:
    extract = copy / "imports" / "usgs-mcs-2026.csv"
    extract.write_text(
        extract.read_text(encoding="utf-8").replace(
            'China,Mine production,metric tons,2025,"40,000"',
            "China,Mine production,metric tons,2025,W",
        ),
        encoding="utf-8",
    )
    with pytest.raises(
        InputError,
        match="should be a number in the extract usgs-mcs-2026 for China 2025, but is 'W'",
    ):
        imports.compare(copy)


def test_extract_is_renewed_from_a_release(copy: Path) -> None:
    """The rows of the release that the rules name are kept, in the order of the release."""
    extract = copy / "imports" / "usgs-mcs-2026.csv"
    before = extract.read_text(encoding="utf-8")
    rows = lines(extract)
    other = dict(rows[0], Commodity="Zeolites (Natural)")
    release = copy.parent / "release.csv"
    with release.open("w", newline="", encoding="cp1252") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows([other, *rows])
    extract.unlink()
    assert imports.extract(release, copy) == len(rows)
    assert extract.read_text(encoding="utf-8") == before


def test_command_reports_and_sets(
    copy: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(*words: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["imports", "--data", str(copy), *words])
        code = imports.main()
        return code, capsys.readouterr().out

    assert run() == (0, "every imported cell agrees with its rules\n")
    assets = copy / "assets.csv"
    assets.write_text(
        assets.read_text(encoding="utf-8").replace(
            "operating,40000,,,6500", "operating,56000,,,6500"
        ),
        encoding="utf-8",
    )
    code, said = run()
    assert code == 2
    assert "chn-antimony-mining" in said
    assert run("--write")[0] == 0
    assert run()[0] == 0
