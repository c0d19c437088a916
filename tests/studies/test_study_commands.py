"""The commands of studies: what they print, what they write, how they end."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from smallworlds import chain_tables, embargo, with_ranges
from typer.testing import CliRunner

from paxsilica.cli import RESUMABLE, app
from paxsilica.plan.result import Plan
from paxsilica.studies.parallel import Runner
from paxsilica.tables import TABLES, load_tables
from paxsilica.tables.read import Tables

CASE = """
title = "Chain"
years = "2030"
roles.protected = ["signatory", "participant"]
[coverage]
required = 1.0
from_year = 2030
hard = false
[finance]
discount_rate = 0.0
[solver]
gap = 0.0
"""


def cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ";".join(map(str, value))
    return str(value)


def write_tables(tables: Tables, folder: Path) -> None:
    folder.mkdir()
    for table, row in TABLES.items():
        if tables.rows(table):
            with (folder / f"{table}.csv").open("w", newline="", encoding="utf-8") as file:
                writer = csv.writer(file)
                writer.writerow(row.model_fields)
                writer.writerows(
                    [cell(getattr(one, name)) for name in row.model_fields]
                    for one in tables.rows(table)
                )


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_tables(with_ranges(chain_tables()), tmp_path / "data")
    (tmp_path / "chain.toml").write_text(CASE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*words: str, code: int = 0) -> str:
    found = CliRunner().invoke(app, [*words, "--data", "data", "--workers", "1"])
    assert found.exit_code == code, (found.output, found.exception)
    return found.output


@pytest.mark.parametrize(
    ("words", "main"),
    [
        (["frontier", "chain.toml", "--along", "budget=0,30,60"], "points"),
        (["alternatives", "chain.toml", "--tolerance-usd-m", "5"], "projects"),
        (["sensitivity", "chain.toml", "--fixed"], "one_way"),
        (
            [
                "sensitivity",
                "chain.toml",
                "--two-way",
                "--parameter",
                "projects.capex_usd_m",
                "--parameter",
                "demand.quantity",
            ],
            "two_way",
        ),
        (["montecarlo", "chain.toml", "--samples", "2"], "projects"),
        (["completion", "chain.toml", "--draws", "4"], "years"),
        (["stress", "chain.toml", "--lose", "plant", "--lose", "region", "--count", "2"], "losses"),
    ],
)
def test_a_study_is_printed_and_written(place: Path, words: list[str], main: str) -> None:
    out = run(*words)
    folder = place / "plans" / f"{words[0]}-chain"
    assert f"Written to plans/{words[0]}-chain" in out
    table = list(csv.DictReader((folder / f"{main}.csv").read_text(encoding="utf-8").splitlines()))
    meaning = json.loads((folder / "study.json").read_text())["tables"][main]["columns"]
    assert table
    assert set(table[0]) <= set(meaning)
    assert (folder / "figure.svg").is_file()
    assert list((folder / "tasks").glob("*.json"))


def test_json_holds_the_tables(place: Path) -> None:
    found = json.loads(run("frontier", "chain.toml", "--along", "budget=0,60", "--json"))
    assert [point["limit_budget_usd_m"] for point in found["tables"]["points"]] == [60.0, 0.0]
    assert found["stopped"] is False


def test_quiet_prints_the_folder(place: Path) -> None:
    assert run("montecarlo", "chain.toml", "--samples", "1", "--out", "here", "--quiet") == "here\n"


@pytest.mark.slow
def test_plans_and_cases_are_compared(place: Path) -> None:
    from paxsilica.api import Question
    from paxsilica.case import read_case

    problem = Question(load_tables(place / "data"), read_case(place / "chain.toml"))
    small: Plan = problem.with_(budget=25.0).solve()
    small.save(place / "small")
    problem.solve().save(place / "large")
    assert "Projects in which the plans differ" in run("compare", "small", "large")
    assert "Each plan in its worst case" in run("compare", "chain.toml", "small")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["frontier", "chain.toml", "--along", "budget"], "--along"),
        (["frontier", "chain.toml", "--along", "budget=some"], "--along"),
        (["frontier", "no-such-case"], "no-such-case"),
        (["sensitivity", "chain.toml", "--two-way"], "two parameters"),
        (["montecarlo", "chain.toml", "--parameter", "projects"], "table.column"),
        (["completion", "chain.toml", "--draws", "1"], "--draws"),
        (["completion", "no-such-plan"], "no-such-plan"),
        (["information", "chain.toml"], "without them there is nothing to learn"),
        (["compare", "small"], "small"),
        (["alternatives", "chain.toml", "--set", "nonsense=1"], "nonsense"),
        (["stress", "chain.toml", "--except", "b-smelter"], "b-smelt"),
        (["stress", "chain.toml", "--year", "2031", "--except", "moon"], "2031"),
        (["stress", "chain.toml", "--lose", "star"], "star"),
    ],
)
def test_bad_input_ends_with_2_and_a_sentence(place: Path, words: list[str], said: str) -> None:
    assert said in run(*words, code=2)


def test_every_command_has_help_with_an_example() -> None:
    for command in RESUMABLE[1:]:
        out = CliRunner().invoke(app, [command.__name__, "--help"], env={"COLUMNS": "200"}).output
        assert f"paxsilica {command.__name__}" in out


@pytest.mark.parametrize(
    "words",
    [
        *(["frontier"], ["alternatives"], ["sensitivity"], ["montecarlo"], ["completion"]),
        *(["compare"], ["stress"]),
    ],
    ids=" ".join,
)
def test_stopped_before_anything_is_found(
    place: Path, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    """Ctrl-C at the first solve: no rows, no fault, and the code of Ctrl-C."""

    def stop(runner: Runner, tasks: Sequence[object], what: str = "") -> list[None]:
        runner.stopped = True
        return [None] * len(tasks)

    monkeypatch.setattr(Runner, "run", stop)
    found = json.loads(
        CliRunner().invoke(app, [*words, "chain.toml", "--data", "data", "--json"]).stdout
    )
    assert found.get("stopped") is True, found
    assert "Stopped before its end" in run(*words, "chain.toml", code=130)


def test_a_saved_plan_is_evaluated_without_its_case(place: Path) -> None:
    from paxsilica.api import Question
    from paxsilica.case import read_case

    problem = Question(load_tables(place / "data"), read_case(place / "chain.toml"))
    problem.solve().save(place / "plan")
    out = run("completion", "plan", "--draws", "4")
    assert "4 draws of completion: Chain" in out
    assert "Written to plans/completion-plan" in out
    said = run("completion", "plan", "--set", "budget_usd_m=1", "--gap", "0.1", code=2)
    assert "2 problems" in said
    assert "should not be given with a plan" in said


def test_values_of_information_are_printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_tables(embargo().tables, tmp_path / "data")
    monkeypatch.chdir(tmp_path)
    head = 'years = "2030-2031"\nscenarios = ["base", "early", "late"]\n'
    roles = '[roles]\nprotected = ["signatory"]\n'
    Path("c.toml").write_text(f"{head}{roles}[finance]\ndiscount_rate = 0.0\n[solver]\ngap = 0.0\n")
    found = json.loads(run("information", "c.toml", "--json"))["tables"]["values"]
    assert {row["measure"]: row["low_usd_m"] for row in found} == pytest.approx(
        {"RP": 7, "EV": 0, "EEV": 8, "WS": 3.5, "VSS": 1, "EVPI": 3.5}
    )
    assert "did you mean 'late'" in run("information", "c.toml", "--reference", "lat", code=2)


def test_a_folder_of_a_plan_is_tested_as_it_is(place: Path) -> None:
    from paxsilica.api import Question
    from paxsilica.case import read_case

    problem = Question(load_tables(place / "data"), read_case(place / "chain.toml"))
    problem.with_(budget=60.0).solve().save(place / "small")
    shown = run("stress", "small", "--lose", "plant", "--no-time")
    assert "Written to plans/stress-small" in shown
    rows = csv.DictReader((place / "plans/stress-small/losses.csv").read_text().splitlines())
    assert {row["kind"] for row in rows} == {"plant"}
    assert not (place / "plans/stress-small/survival.csv").exists()
    said = run("stress", "small", "--gap", "0.1", "--set", "budget_usd_m=1", code=2)
    assert "--gap" in said
    assert "--set" in said
