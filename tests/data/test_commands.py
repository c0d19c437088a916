"""The commands on the data, as a user meets them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from paxsilica.cli import app
from paxsilica.cli import data as cli_data
from paxsilica.errors import InputError
from paxsilica.provenance.descriptor import descriptor, descriptor_text, renewed
from paxsilica.provenance.diff import changes
from paxsilica.provenance.summary import summarise
from paxsilica.tables import TABLES, columns, load_tables
from paxsilica.tables.write import write_folder
from worlds import make_tables

DATA = Path(__file__).parents[2] / "data"


def run(*arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(
        app, list(arguments), catch_exceptions=False, env={"COLUMNS": "200"}
    )
    assert result.exit_code == code, result.output
    return result.output


def test_sources_of_a_row_give_value_formula_grade_and_document() -> None:
    text = run("sources", "projects", "nolans-2-mine")
    assert "smallest_size = 35400 t REO per year" in text
    assert "REE-P62/capacity (6560" in text
    assert "grade D (inference of the authors), between 24780 and 38940" in text
    assert "REE-F256: Arafura funding overview" in text


def test_sources_of_a_number_by_year() -> None:
    assert "capacity = 2026: 330000, 2030: 330000" in run("sources", "assets", "chn-light-mines")


def test_sources_of_a_cell_of_another_table() -> None:
    assert "commodities|gallium|price_usd_per_unit (580000) * 0.02 = 11600" in run(
        "sources", "routes", "*|SEA|gallium"
    )


def test_sources_of_all_tables_and_of_one() -> None:
    assert "projects" in run("sources")
    assert "envelope_usd_m" in run("sources", "funders")


def test_unknown_table_and_row_are_answered_with_the_nearest() -> None:
    assert "did you mean 'projects'" in " ".join(run("sources", "project", "x", code=2).split())
    assert "did you mean 'nolans-mine'" in " ".join(
        run("sources", "projects", "nolan-mine", code=2).split()
    )


def test_summary_gives_counts_grades_age_and_gaps() -> None:
    text = run("data", "summary")
    for word in ("projects", "numbers", "Oldest", "Missing", "%"):
        assert word in text


def test_summary_shares_add_up() -> None:
    found = summarise(load_tables(DATA))
    for shares in found.grades.values():
        assert sum(shares.values()) == pytest.approx(1)
    assert found.numbers > 10000


def test_numbers_to_be_sourced_leave_out_conventions_variants_and_generic_options() -> None:
    """Of the capacities, sizes and quantities one each counts, each with a grade of its own."""
    number = {"unit": "t", "low": 0.9, "high": 1.1, "range": "relative"}
    paper = [{"source": name, "title": name} for name in ("paper", "CONVENTION")]
    plant = {"name": "plant", "region": "A", "process": "mine"}
    tables = make_tables(
        sources=paper,
        assets=[plant | {"asset": name, "capacity": 1.0} for name in ("real", "agreed")],
        projects=[
            plant
            | {"project": name, "smallest_size": 1.0, "largest_size": 1.0, "lead_time_years": 2}
            | {"generic": name == "generic"}
            for name in ("named", "generic")
        ],
        demand=[
            {"region": "A", "commodity": "ore", "use": "use", "variant": variant, "year": 2030}
            | {"quantity": 1.0}
            for variant in ("central", "low", "high")
        ],
        provenance=[
            number | {"table": table, "row": row, "column": column, "sources": (source,)} | grade
            for table, row, column, source, grade in (
                ("assets", "real", "capacity", "paper", {"grade": "A"}),
                ("assets", "agreed", "capacity", "CONVENTION", {"grade": "D"}),
                ("projects", "named", "largest_size", "paper", {"grade": "B"}),
                ("projects", "generic", "largest_size", "paper", {"grade": "D"}),
                ("projects", "*", "smallest_size", "CONVENTION", {"grade": "D"}),
                ("projects", "*", "lead_time_years", "CONVENTION", {"grade": "D"}),
                ("demand", "A|ore|use|central|2030", "quantity", "paper", {"grade": "C"}),
                ("demand", "*|*|*|*|*", "quantity", "paper", {"grade": "D"}),
            )
        ],
    )
    found = summarise(tables)
    assert found.numbers == 11
    third = pytest.approx(1 / 3)
    assert found.grades["numbers to be sourced"] == {"A": third, "B": third, "C": third, "D": 0.0}


def test_export_refuses_to_write_over(tmp_path: Path) -> None:
    (tmp_path / "book.xlsx").write_text("mine")
    assert "not overwritten" in " ".join(
        run("data", "export", str(tmp_path / "book.xlsx"), code=2).split()
    )
    assert (tmp_path / "book.xlsx").read_text() == "mine"


def test_diff_lists_rows_and_cells_and_by_how_much(tmp_path: Path) -> None:
    shutil.copytree(DATA, tmp_path / "b")
    statuses = tmp_path / "b" / "statuses.csv"
    text = statuses.read_text(encoding="utf-8").replace(
        "construction,Under construction,0.9", "construction,Under construction,0.81"
    )
    statuses.write_text(text + "idle,Idle,0,1\n", encoding="utf-8")
    reported = run("data", "diff", str(DATA), str(tmp_path / "b"))
    assert "statuses: 1 added, 1 changed" in reported
    assert "statuses construction credit: 0.9 -> 0.81 (-10.0%)" in reported
    assert "statuses idle: added" in reported
    assert "no difference" in run("data", "diff", str(DATA), str(DATA))


@pytest.mark.slow
def test_diff_does_not_mind_the_order_of_rows(tmp_path: Path) -> None:
    tables = load_tables(DATA)
    write_folder(tables, tmp_path)
    lines = (tmp_path / "routes.csv").read_text(encoding="utf-8").splitlines()
    (tmp_path / "routes.csv").write_text(
        "\n".join([lines[0], *reversed(lines[1:])]) + "\n", encoding="utf-8"
    )
    assert list(changes(tables, load_tables(tmp_path))) == []


def test_validate_prints_every_check() -> None:
    assert "Magnets made in China" in run("data", "validate")


def test_descriptor_stands_beside_the_data() -> None:
    """Renewed by ``paxsilica data describe --write``."""
    assert (DATA / "datapackage.json").read_text(encoding="utf-8") == descriptor_text(
        load_tables(DATA)
    )


def test_descriptor_is_what_the_specification_asks_for() -> None:
    """The fields that Frictionless Data requires, its names and types, and references that can be
    followed."""
    package = json.loads((DATA / "datapackage.json").read_text(encoding="utf-8"))
    assert package == descriptor(load_tables(DATA))
    names = [resource["name"] for resource in package["resources"]]
    assert len(names) == len(set(names))
    for resource in package["resources"]:
        assert (DATA / resource["path"]).is_file()
        header = (DATA / resource["path"]).read_text(encoding="utf-8").split("\n", 1)[0].split(",")
        fields = {field["name"]: field for field in resource["schema"]["fields"]}
        assert sorted(header) == sorted(fields)
        assert {field["type"] for field in fields.values()} <= {
            "string",
            "number",
            "integer",
            "boolean",
            "date",
        }
        assert set(resource["schema"].get("primaryKey", [])) <= set(fields)
        for key in resource["schema"].get("foreignKeys", []):
            assert key["fields"] in fields
            assert key["normal"]["resource"] in names


def test_readme_documents_every_table_and_column_as_the_schema_has_them() -> None:
    """Renewed by ``paxsilica data describe --write``."""
    text = (DATA / "README.md").read_text(encoding="utf-8")
    assert renewed(text) == text
    assert all(f"### {table}\n" in text for table in TABLES)


def test_readme_without_marks_is_reported() -> None:
    with pytest.raises(InputError, match="generated part"):
        renewed("# nothing")


def test_describe_prints_the_schema() -> None:
    assert "| `capex_usd_m` |" in run("data", "describe")


def test_grades_are_those_of_the_tables() -> None:
    assert "".join((*columns.GRADES, columns.NO_GRADE)) == cli_data.GRADES
