"""A world of one's own: the command that writes it, what it solves to, and the case that names its
tables."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

import paxsilica
from paxsilica import atomic
from paxsilica.bundled import data_folder, new_world_folder
from paxsilica.case import named_tables, read_case
from paxsilica.cli import app, data
from paxsilica.cli.options import CaseOptions
from paxsilica.errors import InputError
from paxsilica.provenance.lookup import without_provenance
from paxsilica.tables import load_tables

RUNNER = CliRunner()


def run(*arguments: str, code: int = 0) -> str:
    result = RUNNER.invoke(app, list(arguments), catch_exceptions=False, env={"COLUMNS": "200"})
    assert result.exit_code == code, result.output
    return result.output if code else result.stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("new") / "world"
    run("data", "new", str(place))
    return place


def test_what_is_written_is_what_the_package_holds(folder: Path) -> None:
    kept = {path.name: path.read_bytes() for path in new_world_folder().iterdir()}
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == kept
    assert "case.toml" in kept
    for name, content in kept.items():
        assert content.startswith(b"# "), f"{name} should begin with a comment"


def test_the_new_world_checks_and_tells_each_assumption_once(folder: Path) -> None:
    facts = json.loads(run("check", str(folder / "case.toml"), "--json"))
    assert facts["case"] == "first-world"
    assumed = [one for one in facts["effects"] if one.startswith("Assumed")]
    assert [one.split()[2].rstrip(",") for one in assumed] == [
        "commodities",
        "funders",
        "membership",
        "processes",
        "projects",
        "regions",
    ]
    assert assumed[0] == (
        "Assumed in commodities, where blank: covered = yes with a stage, no without (3 rows);"
        " surplus = free (3 rows)."
    )
    shown = run("check", str(folder / "case.toml"))
    assert all(shown.count(one) == 1 for one in assumed)


def test_the_new_world_solves_to_projects_and_prices(folder: Path, tmp_path: Path) -> None:
    """Without the projects nothing is covered: no plant outside the adversary makes oxide."""
    out = tmp_path / "plan"
    answer = json.loads(run("solve", str(folder / "case.toml"), "--out", str(out), "--json"))
    assert answer["status"] == "optimal"
    assert {row["stage"] for row in answer["tables"]["coverage"]} == {
        "mining",
        "refining",
        "magnets",
    }
    assert all(row["standalone_coverage_without"] == 0 for row in answer["tables"]["coverage"])
    built = {row["project"]: row["public_usd_m"] for row in answer["tables"]["portfolio"]}
    assert len(built) > 2
    money = answer["headline"]
    assert sum(built.values()) == pytest.approx(money["public_capital_usd_m"], rel=1e-6)
    assert money["support_usd_m"] > 0
    assert money["public_money_usd_m"] == pytest.approx(
        money["public_capital_usd_m"] + money["support_usd_m"], rel=1e-6
    )
    prices = {row["what"]: row["value"] for row in answer["tables"]["front_prices"]}
    assert {"budget", "stage coverage", "scarcest good"} <= prices.keys()
    assert prices["stage coverage"] > 0
    assert sum(note.startswith("Assumed in commodities") for note in answer["notes"]) == 1
    kept = json.loads((out / "result.json").read_text(encoding="utf-8"))
    assert kept["notes"] == answer["notes"]
    assert kept["manifest"]["data_digest"] == load_tables(folder).digest


def test_the_new_world_has_no_names_of_an_earlier_version(folder: Path) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert "nothing to change" in run("upgrade", str(folder))
    assert "nothing to change" in run("upgrade", str(folder / "case.toml"))
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_every_kind_of_number_of_the_new_world_is_seen_in_its_provenance(folder: Path) -> None:
    """A pattern in ``provenance`` that fits nothing would be refused by the check; those numbers
    that have none are reported by ``data summary``."""
    without = {(one.table, one.column) for one in without_provenance(load_tables(folder))}
    assert ("projects", "capex_usd_m") not in without
    assert ("recipes", "quantity") in without


def test_a_folder_that_holds_something_is_refused(folder: Path, tmp_path: Path) -> None:
    before = sorted(path.name for path in folder.iterdir())
    assert "exists already and is not overwritten" in " ".join(
        run("data", "new", str(folder), code=2).split()
    )
    assert sorted(path.name for path in folder.iterdir()) == before
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "mine.txt").write_text("x", encoding="utf-8")
    run("data", "new", str(tmp_path / "kept"), code=2)
    assert [path.name for path in (tmp_path / "kept").iterdir()] == ["mine.txt"]
    (tmp_path / "file").write_text("x", encoding="utf-8")
    run("data", "new", str(tmp_path / "file"), code=2)
    assert (tmp_path / "file").read_text(encoding="utf-8") == "x"


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    answer = json.loads(run("data", "new", str(tmp_path / "empty"), "--json"))
    assert sorted(path.name for path in (tmp_path / "empty").iterdir()) == sorted(answer["files"])


@pytest.mark.parametrize("exists", [True, False])
def test_a_write_that_fails_leaves_nothing(
    exists: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "world"
    if exists:
        place.mkdir()

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(atomic, "_put_in_place", fail)
    run("data", "new", str(place), code=2)
    assert place.exists() == exists
    assert not any(path.is_file() for path in tmp_path.rglob("*"))


def test_the_case_names_its_tables(folder: Path, tmp_path: Path) -> None:
    case = folder / "case.toml"
    assert named_tables(case) == folder
    assert "data" not in read_case(case).model_dump()
    assert paxsilica.load(case).tables.digest == load_tables(folder).digest
    copy = tmp_path / "elsewhere.toml"
    text = case.read_text(encoding="utf-8")
    copy.write_text(text.replace('data = "."', 'data = "tables"'), encoding="utf-8")
    run("data", "new", str(tmp_path / "tables"))
    (tmp_path / "tables" / "case.toml").unlink()
    questions = CaseOptions().questions([str(copy), str(case)])
    assert [one.tables.digest for one in questions] == [load_tables(folder).digest] * 2


def test_data_has_priority_over_the_tables_of_the_case(folder: Path, tmp_path: Path) -> None:
    case = str(folder / "case.toml")
    missing = tmp_path / "missing"
    with pytest.raises(InputError, match="does not exist"):
        CaseOptions(data=missing).questions([case])
    with pytest.raises(InputError, match="does not exist"):
        paxsilica.load(case, missing)
    assert paxsilica.load("base").tables.digest == load_tables(data_folder()).digest


@pytest.mark.parametrize(("value", "shown"), [("3", "3"), ('""', "")])
def test_tables_that_are_no_path_are_refused(value: str, shown: str, tmp_path: Path) -> None:
    case = tmp_path / "case.toml"
    text = (new_world_folder() / "case.toml").read_text(encoding="utf-8")
    case.write_text(text.replace('data = "."', f"data = {value}"), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_case(case)
    (problem,) = caught.value.problems
    assert (problem.table, problem.column, problem.value) == ("case case.toml", "data", shown)


def test_problems_of_the_case_and_of_its_tables_come_together(tmp_path: Path) -> None:
    world = tmp_path / "world"
    run("data", "new", str(world))
    (world / "regions.csv").write_text("region,kind\nAUS,land\n", encoding="utf-8")
    case = world / "case.toml"
    case.write_text(
        case.read_text(encoding="utf-8").replace("budget_usd_m", "budget_usd_n"), encoding="utf-8"
    )
    with pytest.raises(InputError) as caught:
        CaseOptions().questions([str(case)])
    assert {one.table for one in caught.value.problems} >= {"regions", "case case"}


def test_set_does_not_take_the_tables() -> None:
    with pytest.raises(InputError, match="data"):
        CaseOptions(settings=["data=elsewhere"]).questions(["base"])


def test_the_help_of_the_group_names_the_command() -> None:
    assert data.COMMANDS["new"] is data.new_world
    assert "paxsilica solve my-world/case.toml" in run("data", "new", "--help")
