"""Nothing of somebody else's is written over, numbers that are none are refused, and all that is
wrong is told at once."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from paxsilica.cli import app
from paxsilica.errors import InputError
from paxsilica.plan.result import Plan

CASES = Path(__file__).parents[1] / "cases"
TABLES = ["--data", str(CASES / "vietman")]
GIVEN = [str(CASES / "vietman" / "case.toml"), *TABLES]


@pytest.fixture(scope="module")
def solved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("solved") / "plan"
    assert CliRunner().invoke(app, ["solve", *GIVEN, "--out", str(place), "-q"]).exit_code == 0
    return place


@pytest.fixture
def plan(solved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A plan in the folder ``plan`` of an otherwise empty place."""
    monkeypatch.chdir(tmp_path)
    return Path(shutil.copytree(solved, tmp_path / "plan"))


def run(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


def refused(*words: str, said: str) -> None:
    result = run(*words)
    assert result.exit_code == 2, result.output
    assert said in result.stderr
    assert "fault of the program" not in result.stderr


WRITERS: dict[str, list[str]] = {
    "page.html": ["report", "plan", *TABLES, "--out", "page.html"],
    "plan.xlsx": ["export", "plan", *TABLES, "--format", "xlsx", "--out", "plan.xlsx"],
    "plan.json": ["export", "plan", *TABLES, "--format", "json", "--out", "plan.json"],
    "iamc.csv": ["export", "plan", *TABLES, "--format", "iamc", "--out", "iamc.csv"],
    "report.md": ["data", "validate", *TABLES, "--report", "report.md"],
}


@pytest.mark.parametrize("name", WRITERS)
def test_a_file_of_somebody_else_stays(plan: Path, name: str) -> None:
    Path(name).write_text("mine, not yours")
    refused(*WRITERS[name], said="is not overwritten")
    assert Path(name).read_text() == "mine, not yours"
    assert run(*WRITERS[name], "--force").exit_code == 0
    assert run(*WRITERS[name]).exit_code == 0, "what the command wrote itself is renewed"


@pytest.mark.parametrize("format_", ["csv", "parquet"])
def test_a_folder_of_somebody_else_stays(plan: Path, format_: str) -> None:
    if format_ == "parquet":
        pytest.importorskip("pyarrow")
    Path("mine").mkdir()
    assert run("export", "plan", *TABLES, "--format", format_, "--out", "mine").exit_code == 0, (
        "an empty folder is free"
    )
    assert run("export", "plan", *TABLES, "--format", format_, "--out", "mine").exit_code == 0
    Path("other").mkdir()
    Path("other/costs.csv").write_text("mine")
    refused(
        "export", "plan", *TABLES, "--format", format_, "--out", "other", said="is not overwritten"
    )


@pytest.mark.parametrize("name", ["plan.xlsx", "log.csv", "tables/portfolio.csv"])
@pytest.mark.parametrize(
    "command", [["solve"], ["prices", "--kind", "fixed"]], ids=lambda words: words[0]
)
def test_a_plan_does_not_take_the_place_of_other_files(
    plan: Path, command: list[str], name: str
) -> None:
    Path("mine", name).parent.mkdir(parents=True)
    Path("mine", name).write_text("mine")
    refused(command[0], *GIVEN, *command[1:], "--out", "mine", said="no plan that they belong to")
    assert Path("mine", name).read_text() == "mine"


def test_a_study_does_not_take_the_place_of_another(plan: Path) -> None:
    Path("mine").mkdir()
    Path("mine/plans.csv").write_text("mine")
    refused("alternatives", *GIVEN, "--out", "mine", said="is not overwritten")
    Path("kept/tasks").mkdir(parents=True)
    assert (
        run(
            "compare",
            "plan",
            *TABLES,
            str(CASES / "vietman" / "case.toml"),
            "--out",
            "kept",
            "--workers",
            "1",
        ).exit_code
        == 0
    )
    refused("alternatives", *GIVEN, "--out", "kept", said="is not overwritten")


def test_describe_leaves_a_folder_without_its_readme_alone(plan: Path) -> None:
    shutil.copytree(CASES / "vietman", "tables")
    Path("tables/README.md").write_text("mine")
    Path("tables/datapackage.json").write_text("mine")
    refused("data", "describe", "--data", "tables", "--write", said="generated part")
    assert Path("tables/datapackage.json").read_text() == "mine"


@pytest.mark.parametrize("number", ["nan", "inf", "-inf", "-1", "much", ""])
@pytest.mark.parametrize(
    "words",
    [
        ["solve", "--budget"],
        ["solve", "--gap"],
        ["solve", "--time-limit"],
        ["prices", "--from"],
        ["prices", "--to"],
        ["prices", "--tolerance"],
        ["alternatives", "--tolerance"],
        ["alternatives", "--tolerance-usd-m"],
        ["explain", "--gap"],
        ["partners", "--gap"],
    ],
    ids=" ".join,
)
def test_what_is_no_number_is_refused(words: list[str], number: str) -> None:
    refused(*words, number, said=words[1])


@pytest.mark.parametrize("number", ["nan", "inf"])
def test_step_and_points_may_be_negative_but_are_numbers(number: str) -> None:
    refused("prices", "--step", number, said="--step")
    refused("prices", "--points", number, said="--points")
    refused("frontier", *GIVEN, "--along", f"budget={number},5", said="--along")


@pytest.mark.parametrize(
    "setting",
    ["budget_usd_m=inf", "budget_usd_m=nan", "solver.gap=nan", "finance.discount_rate=inf"],
)
def test_a_case_takes_no_infinities(setting: str) -> None:
    refused("check", *GIVEN, "--set", setting, said=setting.partition("=")[0])


def test_one_key_with_two_values_is_refused() -> None:
    refused(
        "check",
        *GIVEN,
        "--set",
        "budget_usd_m=1",
        "--set",
        "budget_usd_m=2",
        said="is set to 1 too",
    )
    refused("solve", *GIVEN, "--set", "budget_usd_m=1", "--budget", "2", said="is set to 1 too")
    assert run("check", *GIVEN, "--set", "budget_usd_m=1", "--set", "budget_usd_m=1").exit_code == 0


def test_everything_that_prices_are_asked_of_is_known_before_the_search(plan: Path) -> None:
    words = [
        "--two-sided",
        "gods",
        "--money",
        "nobody",
        "--sooner",
        "nothing",
        "--member",
        "Z",
        "--coverage",
        "chips",
        "--curve",
        "budget",
    ]
    result = run("prices", *GIVEN, *words)
    assert result.exit_code == 2
    for option in words[::2]:
        assert option in result.stderr
    assert "search" not in result.stderr


def test_compare_tells_all_that_is_wrong_with_its_names(plan: Path) -> None:
    Path("plan/tables/costs.csv").unlink()
    result = run("compare", "plan", "nothing", "nothing-else", "nothing", *TABLES)
    for words in ("plan/tables/costs.csv", "nothing-else", "is named twice"):
        assert words in result.stderr


def without(key: str) -> Callable[[Path], None]:
    def change(plan: Path) -> None:
        result = json.loads((plan / "result.json").read_text())
        del result[key]
        (plan / "result.json").write_text(json.dumps(result))

    return change


def with_text(name: str, text: str) -> Callable[[Path], None]:
    return lambda plan: (plan / name).write_text(text) and None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (without("capital_decided_usd_m"), "capital_decided_usd_m is missing"),
        (without("manifest"), "manifest is missing"),
        (with_text("result.json", "[1]"), "should be a JSON object"),
        (with_text("result.json", ""), "should be a folder written by"),
        (
            with_text("result.json", '{"notes": 3}'),
            "schema_version",
        ),
        (with_text("tables/portfolio.csv", "x\n"), "portfolio.csv has 0 rows in the place of 2"),
        (with_text("tables/portfolio.csv", ""), "portfolio.csv has 0 rows"),
        (lambda plan: (plan / "tables" / "costs.csv").unlink(), "tables/costs.csv"),
        (shutil.rmtree, "should be a folder written by"),
    ],
    ids=range(9),
)
def test_a_plan_that_is_not_whole_is_told(
    plan: Path, change: Callable[[Path], None], said: str
) -> None:
    change(plan)
    result = run("report", "plan", *TABLES)
    assert result.exit_code == 2, result.output
    assert said in " ".join(result.stderr.split())
    with pytest.raises(InputError):
        Plan.load(plan)


def test_names_that_are_no_text(plan: Path) -> None:
    result = run("check", "caf\udce9", "--json")
    assert result.exit_code == 2
    assert json.loads(result.stdout)["error"]["problems"][0]["value"].startswith("caf")


def test_a_workbook_where_no_folder_is(plan: Path) -> None:
    refused(
        "data",
        "export",
        "nowhere/book.xlsx",
        *TABLES,
        said="Cannot read or write nowhere/book.xlsx",
    )
    refused(
        "export",
        "plan",
        *TABLES,
        "--format",
        "xlsx",
        "--out",
        "nowhere/book.xlsx",
        said="Cannot read or write nowhere/book.xlsx",
    )
