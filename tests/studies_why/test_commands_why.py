"""The commands, as they are mounted."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from ore_world import CASE_FILE, World, case
from typer.testing import CliRunner

from paxsilica.api import Question
from paxsilica.cli import app
from paxsilica.cli.explain import diagnosed
from paxsilica.plan.result import Plan
from paxsilica.report.console.screen import Screen


@pytest.fixture
def place(tmp_path: Path) -> tuple[str, str]:
    (tmp_path / "small.toml").write_text(CASE_FILE)
    return str(tmp_path / "small.toml"), str(World().write(tmp_path / "data"))


def test_explain(place: tuple[str, str]) -> None:
    done = CliRunner().invoke(
        app, ["explain", place[0], "smelt-a1", "--data", place[1], "--break-even", "capital"]
    )
    assert done.exit_code == 0, done.output
    assert "Smelter A1 (smelt-a1): in." in done.output
    assert "the verdict changes between" in done.output


def test_explain_a_stage(place: tuple[str, str]) -> None:
    done = CliRunner().invoke(
        app,
        [
            "explain",
            place[0],
            "--stage",
            "magnets",
            "--data",
            place[1],
            "--set",
            "coverage.hard=false",
            "--set",
            "budget_usd_m=170",
        ],
    )
    assert done.exit_code == 0, done.output
    assert "Magnets is weakest in 2028" in done.output


def test_explain_ends_with_the_code_of_infeasible(place: tuple[str, str]) -> None:
    done = CliRunner().invoke(
        app,
        [
            "explain",
            place[0],
            "--stage",
            "magnets",
            "--data",
            place[1],
            "--set",
            "budget_usd_m=100",
        ],
    )
    assert done.exit_code == 3


@pytest.mark.parametrize(
    "words", [[], ["smelt-a1", "--stage", "magnets"], ["smelt-a1", "--break-even", "colour"]]
)
def test_explain_refuses(place: tuple[str, str], words: list[str]) -> None:
    done = CliRunner().invoke(app, ["explain", place[0], *words, "--data", place[1]])
    assert done.exit_code == 2
    assert "problem" in done.stderr


def test_partners(place: tuple[str, str], tmp_path: Path) -> None:
    words = [
        "partners",
        place[0],
        "--data",
        place[1],
        "--players",
        "Aland=money:ALA",
        "--workers",
        "1",
        "--store",
        str(tmp_path / "kept"),
    ]
    done = CliRunner().invoke(app, [*words, "--set", "coverage.hard=false"])
    assert done.exit_code == 0, done.output
    head, row = done.output.splitlines()[1], done.output.splitlines()[3]
    assert [word.strip() for word in head.split("  ") if word] == [
        "player",
        "takes part by",
        "stand-alone value",
        "marginal value",
        "Shapley value",
    ]
    assert row.split()[:2] == ["Aland", "money"]
    assert "Objective with none of the players:" in done.output
    again = CliRunner().invoke(
        app, [*words, "--players", "Aland=money:BLA", "--players", "money:NOWHERE"]
    )
    assert again.exit_code == 2
    assert "the same name" in again.stderr
    assert "NOWHERE" in again.stderr


def test_partners_of_a_case_that_names_none(
    place: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both regions have funders that pay."""
    monkeypatch.delenv("COLUMNS", raising=False)  # at the width of a terminal rows are broken
    words = ["--set", "coverage.hard=false", "--workers", "1", "--store", str(tmp_path / "kept")]
    done = CliRunner().invoke(app, ["partners", place[0], "--data", place[1], *words])
    assert done.exit_code == 0, done.output
    assert [line.partition("  ")[0] for line in done.stdout.splitlines()[3:5]] == [
        "Aland's money",
        "Bland's money",
    ]


def test_all_problems_are_reported_at_once(tmp_path: Path) -> None:
    (tmp_path / "regions.csv").write_text("nonsense\n")
    words = [
        str(tmp_path / "none.toml"),
        "no-such-project",
        "--stage",
        "x",
        "--break-even",
        "colour",
        "--data",
        str(tmp_path),
        "--json",
    ]
    done = CliRunner().invoke(app, ["explain", *words])
    error = json.loads(done.stdout)["error"]
    assert (done.exit_code, error["kind"], error["exit_code"]) == (2, "input", 2)
    assert {"CASE", "regions", "--break-even", "explain"} <= {
        problem["table"] for problem in error["problems"]
    }


@pytest.mark.slow
def test_diagnosed(tmp_path: Path) -> None:
    out = io.StringIO()
    reported: list[str] = []
    diagnosed(
        Question(World().read(), case("budget_usd_m=300")), tmp_path / "plan", reported.append
    ).show(Screen(out))
    assert "Least sufficient budget: USD 330 million." in out.getvalue()
    assert "Diagnosis: capacity check" in reported[0]
    written = json.loads((tmp_path / "plan" / "diagnosis.json").read_text())
    assert written["feasible_changes"][0]["kind"] == "budget"
    assert Plan.load(tmp_path / "plan" / "closest").status == "infeasible"
