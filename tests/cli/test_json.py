"""``--json``: one document on the standard output, words on the standard error, the exit code as
without."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from ore_world import CASE_FILE, World
from typer.testing import CliRunner, Result

from paxsilica.cli import COMMANDS, app
from paxsilica.cli.data import COMMANDS as DATA_COMMANDS
from paxsilica.infeasibility import diagnose as diagnose_module
from paxsilica.plan import solve as plan_solve
from paxsilica.plan.result import Plan
from paxsilica.plan.tables import PLAN_TABLES

CASES = Path(__file__).parents[1] / "cases"
GIVEN = [str(CASES / "vietman" / "case.toml"), "--data", str(CASES / "vietman")]
TABLES = ["--data", str(CASES / "vietman")]


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


def no_json(constant: str) -> None:
    pytest.fail(f"{constant} is no JSON")


def document(*words: str, code: int = 0) -> dict[str, Any]:
    """The one document; anything before or behind it, and ``NaN``, is an error."""
    result = run(*words, "--json")
    assert result.exit_code == code, result.output
    found: dict[str, Any] = json.loads(result.stdout, parse_constant=no_json)
    return found


@pytest.fixture
def ore(place: Path) -> list[str]:
    (place / "small.toml").write_text(CASE_FILE)
    return [str(place / "small.toml"), "--data", str(World().write(place / "data"))]


def test_solve() -> None:
    found = document("solve", *GIVEN, "--out", "x")
    written = json.loads(Path("x/result.json").read_text())
    rows = {name: entry["rows"] for name, entry in written.pop("tables").items()}
    del written["digest"]
    assert found == written | {"folder": "x", "rows": rows, "tables": found["tables"]}
    assert list(found["tables"]) == [
        *("portfolio", "coverage", "funders", "costs", "binding"),
        "front_prices",
    ]
    assert list(found["tables"]["portfolio"][0]) == list(PLAN_TABLES["portfolio"].columns)
    assert len(found["tables"]["portfolio"]) == rows["portfolio"] == 2


def test_solve_tells_steps_aside_and_none_if_quiet() -> None:
    assert "search" in run("solve", *GIVEN, "--json").stderr
    quiet = run("solve", *GIVEN, "--json", "--quiet")
    assert quiet.stderr == ""
    assert json.loads(quiet.stdout)["status"] == "optimal"


def test_solve_of_the_infeasible_holds_the_diagnosis(ore: list[str]) -> None:
    found = document("solve", *ore, "--set", "budget_usd_m=300", "--out", "x", code=3)
    assert (found["status"], found["objective"]) == ("infeasible", None)
    assert found["diagnosis"] == json.loads(Path("x/diagnosis.json").read_text())
    assert found["diagnosis"]["feasible_changes"][0]["kind"] == "budget"
    assert Plan.load(Path("x/closest")).status == "infeasible"


@pytest.mark.slow
def test_page_and_workbook_of_the_infeasible_have_reasons_and_the_closest_plan(
    ore: list[str],
) -> None:
    document("solve", *ore, "--set", "budget_usd_m=300", "--out", "x", code=3)
    found = run("report", "x", "--data", ore[2])
    assert found.exit_code == 0, found.output
    page = Path("x/report.html").read_text(encoding="utf-8")
    change = json.loads(Path("x/diagnosis.json").read_text())["feasible_changes"][0]["sentence"]
    assert change in page
    assert "All that follows describes the closest plan." in page
    book = openpyxl.load_workbook(Path("x/closest/plan.xlsx"))
    lines = [row[0].value for row in book["Diagnosis"].iter_rows()]
    assert change in lines
    assert "This workbook describes the closest plan." in str(
        [cell.value for cell in book["Answer"]["A"]]
    )


def exported(ore: list[str], format_: str) -> Path:
    words = ["export", "x", "--data", ore[2], "--format", format_, "--json"]
    found = run(*words)
    assert found.exit_code in (0, 5), found.output
    return Path(json.loads(found.stdout)["written"])


def check_labels(ore: list[str]) -> None:
    """Every file of an export holds the closest plan in ``x`` and its label."""
    plan, label = Plan.load(Path("x/closest")), "Closest plan, requirements not met"
    sizes = {name: len(table) for name, table in plan.tables.items()}
    assert sizes["portfolio"] > 0
    place = exported(ore, "csv")
    for name, rows in sizes.items():
        table = pd.read_csv(place / f"{name}.csv")
        assert len(table) == rows
        assert not rows or set(table["plan"]) == {label}, name
    columns = pd.read_csv(place / "columns.csv")
    assert set(columns.loc[columns["column"] == "plan", "table"]) == set(sizes)
    text = json.loads(exported(ore, "json").read_text(encoding="utf-8"))
    assert text["plan"]["closest_plan"] == label
    assert all(table["title"].startswith(label) for table in text["tables"].values())
    assert len(text["tables"]["portfolio"]["rows"]) == sizes["portfolio"]
    iamc = pd.read_csv(exported(ore, "iamc"))
    assert set(iamc["scenario"]) == {f"{plan.case} ({label})"}
    book = openpyxl.load_workbook(exported(ore, "xlsx"))
    first = {sheet.title: str(sheet["A1"].value) for sheet in book}
    assert first.pop("Diagnosis").startswith("Requirements that cannot be met")
    assert {"Answer", "Portfolio", "Coverage", "operation"} <= set(first)
    assert all(words.startswith(label) for words in first.values()), first
    assert all(label in book[name].oddHeader.left.text for name in first)
    if find_spec("pyarrow"):
        table = pd.read_parquet(exported(ore, "parquet") / "portfolio.parquet")
        assert set(table["plan"]) == {label}


@pytest.mark.slow
def test_every_export_of_the_infeasible_is_the_closest_plan_and_labelled(ore: list[str]) -> None:
    document("solve", *ore, "--set", "budget_usd_m=300", "--out", "x", code=3)
    check_labels(ore)


@pytest.mark.slow
def test_a_plan_that_meets_its_requirements_is_exported_without_a_label() -> None:
    document("solve", *GIVEN, "--out", "x")
    for format_ in ("csv", "json", "iamc", "xlsx"):
        run("export", "x", *TABLES, "--format", format_)
    assert not list(Path("x").glob("closest*"))
    assert "plan" not in pd.read_csv("x/csv/portfolio.csv")
    assert "Closest plan" not in Path("x/plan.json").read_text(encoding="utf-8")
    assert "Closest plan" not in Path("x/iamc.csv").read_text(encoding="utf-8")
    assert openpyxl.load_workbook("x/plan.xlsx")["Portfolio"]["A1"].value == "Project"


@pytest.mark.slow
def test_a_closest_plan_that_fails_its_audit_ends_with_5(
    ore: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    true_plan = diagnose_module.make_plan

    def wrong(*given: Any) -> Plan:
        plan = true_plan(*given)
        return replace(plan, capital_decided_usd_m=plan.capital_decided_usd_m + 1.0)

    monkeypatch.setattr(diagnose_module, "make_plan", wrong)
    result = run("solve", *ore, "--set", "budget_usd_m=300", "--out", "x", "--json")
    assert result.exit_code == 5, result.output
    assert "The plan failed its audit" in result.stderr
    assert Plan.load(Path("x/closest")).audit.status == "failed"
    check_labels(ore)
    assert run("report", "x/closest", "--data", ore[2], "--out", "page.html").exit_code == 5
    assert "All that follows describes the closest plan." in Path("page.html").read_text()


def test_check_and_cases() -> None:
    found = document("check", *GIVEN)
    assert (found["case"], found["years"], found["counts"]["tables"]) == ("case", [2026, 2026], 8)
    assert "stocks" in found["absent"]
    assert {"name", "title", "question", "file"} == set(document("cases")["cases"][0])


def test_prices(ore: list[str]) -> None:
    found = document(
        "prices", *ore, "--set", "coverage.hard=false", "--kind", "fixed", "--out", "x"
    )
    assert found["folder"] == "x"
    assert set(found["tables"]) == {"prices", "price_proof"}
    assert len(found["tables"]["prices"]) == found["rows"]["prices"] > 0


def test_prices_without_a_plan(ore: list[str]) -> None:
    found = document("prices", *ore, "--set", "budget_usd_m=100", "--kind", "fixed", code=3)
    assert (found["status"], found["tables"]) == ("infeasible", {})
    assert found["diagnosis"] == json.loads(
        (Path(found["folder"]) / "diagnosis.json").read_text(encoding="utf-8")
    )


def test_explain(ore: list[str]) -> None:
    found = document("explain", ore[0], "smelt-a1", *ore[1:], "--break-even", "capital")
    assert (found["project"], found["verdict"], found["left_out"]) == ("smelt-a1", "in", None)
    assert found["worth_usd_m"][0] == pytest.approx(50.0), (
        "the third smelter costs 150 instead of 100"
    )
    assert found["break_even"][0]["at"][0] <= 150 <= found["break_even"][0]["at"][1]
    assert {"table", "row", "column", "value", "grade"} <= set(found["numbers"][0])
    stage = document(
        "explain",
        ore[0],
        "--stage",
        "magnets",
        *ore[1:],
        "--set",
        "coverage.hard=false",
        "--set",
        "budget_usd_m=170",
    )
    assert (stage["stage"], stage["year"], stage["required"]) == ("magnets", 2028, 0.9)
    assert set(stage["shares"][0]) == {"commodity", "year", "share"}
    assert stage["steps"][0]["commodity"] == "magnet"


def test_explain_without_a_plan_is_an_error_of_its_own(ore: list[str]) -> None:
    error = document(
        "explain", ore[0], "--stage", "magnets", *ore[1:], "--set", "budget_usd_m=100", code=3
    )["error"]
    assert (error["kind"], error["exit_code"], error["problems"]) == ("infeasible", 3, [])


def test_partners(ore: list[str]) -> None:
    words = [
        "--players",
        "Aland=money:ALA",
        "--workers",
        "1",
        "--store",
        "kept",
        "--set",
        "coverage.hard=false",
    ]
    found = document("partners", *ore, *words)
    assert found["exact"] is True
    assert [row["player"] for row in found["tables"]["partners"]] == ["Aland"]
    assert [row["players"] for row in found["tables"]["coalitions"]] == [[], ["Aland"]]
    assert found["no_partners_usd_m"][0] >= found["all_partners_usd_m"][0]


@pytest.mark.slow
def test_study() -> None:
    found = document("alternatives", *GIVEN, "--plans", "2", "--workers", "1", "--out", "x")
    assert (found["study"], found["folder"], found["stopped"]) == ("Alternatives", "x", False)
    assert {"plans", "projects"} <= set(found["tables"])


@pytest.mark.slow
def test_report_and_export() -> None:
    run("solve", *GIVEN, "--out", "x")
    assert document("report", "x", *TABLES) == {"written": "x/report.html"}
    assert document("export", "x", *TABLES, "--format", "iamc") == {"written": "x/iamc.csv"}


@pytest.mark.slow
def test_sources() -> None:
    counted = document("sources")["tables"]
    assert set(counted[0]) == {"table", "numbers", "formulas", "A", "B", "C", "D", "-"}
    numbers = document("sources", "funders")["numbers"]
    assert all(one["provenance"]["grade"] in "ABCD" for one in numbers if one["provenance"])
    chain = document("sources", "projects", "nolans-mine")
    assert {one["row"] for one in chain["numbers"]} == {"nolans-mine"}
    cited = {name for one in chain["numbers"] for name in one["provenance"]["sources"]}
    assert {source["source"] for source in chain["sources"]} == cited
    assert chain["text"][0].startswith("projects nolans-mine ")


@pytest.mark.slow
def test_data() -> None:
    assert sum(document("data", "summary")["grades"]["numbers"].values()) == pytest.approx(1)
    checks = document("data", "validate")
    assert sum(checks["counts"].values()) == len(checks["checks"])
    assert document("data", "export", "book.xlsx", *TABLES) == {"written": "book.xlsx"}
    assert document("data", "diff", TABLES[1], "book.xlsx") == {"changes": []}
    assert document("data", "describe", *TABLES)["profile"] == "tabular-data-package"


def test_data_that_fails_its_checks_ends_with_2(place: Path) -> None:
    demand = World().write(place / "data") / "demand.csv"
    rows = demand.read_text().splitlines()
    at = rows[0].split(",").index("quantity")
    more = [
        ",".join("900000" if place == at else cell for place, cell in enumerate(row.split(",")))
        for row in rows[1:]
    ]
    demand.write_text("\n".join([rows[0], *more]) + "\n")
    found = document("data", "validate", "--data", "data", code=2)
    assert found["counts"]["wrong"] > 0


@pytest.mark.parametrize(
    ("words", "kind", "table"),
    [
        (["solve", "--budget", "much"], "usage", None),
        (["solve", "--nonsense"], "usage", None),
        (["data", "nonsense"], "usage", None),
        (["nonsense"], "usage", None),
        (["solve", *GIVEN, "--set", "objctive=cost"], "input", "case case"),
        (["check", "nowhere.toml"], "input", "CASE"),
        (["prices", *GIVEN, "--kind", "dual"], "input", "--kind"),
        (["explain", *GIVEN], "input", "explain"),
        (["partners", *GIVEN, "--players", "x"], "input", "--players"),
        (["compare", "nothing"], "input", "CASE"),
        (["report", "nowhere"], "input", "nowhere"),
        (["sources", "project"], "input", "TABLE"),
        (["solve", *GIVEN, "--out", "file/inside"], "file", None),
    ],
)
def test_errors_are_documents(words: list[str], kind: str, table: str | None) -> None:
    Path("file").write_text("")
    plain = run(*words)
    error = document(*words, code=2)["error"]
    assert plain.exit_code == error["exit_code"] == 2
    assert plain.stdout == ""
    assert error["kind"] == kind
    assert error["message"]
    assert all(
        set(problem) == {"table", "row", "column", "value", "expected"}
        for problem in error["problems"]
    )
    assert (
        (table in {problem["table"] for problem in error["problems"]})
        if table
        else not error["problems"]
    )
    assert plain.stderr == run(*words, "--json").stderr, "words go to the standard error as ever"


@pytest.mark.parametrize(
    ("fault", "kind", "code"),
    [(ZeroDivisionError("by zero"), "fault", 1), (KeyboardInterrupt(), "stopped", 130)],
)
def test_faults_and_interrupts_are_documents(
    monkeypatch: pytest.MonkeyPatch, fault: BaseException, kind: str, code: int
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise fault

    monkeypatch.setattr(plan_solve, "make_plan", fail)
    error = document("solve", *GIVEN, code=code)["error"]
    assert (error["kind"], error["exit_code"]) == (kind, code)


def test_json_behind_two_dashes_is_a_name() -> None:
    result = run("check", "--", "--json")
    assert (result.stdout, result.exit_code) == ("", 2)


@pytest.mark.parametrize(
    "words",
    [[command.__name__.replace("_", "-")] for command in COMMANDS]
    + [["data", name] for name in DATA_COMMANDS],
)
def test_every_command_offers_it_and_shows_an_example(words: list[str]) -> None:
    result = CliRunner().invoke(app, [*words, "-h"], env={"COLUMNS": "200"})
    assert result.exit_code == 0
    assert "--json" in result.stdout
    assert "--quiet" in result.stdout
    assert f"  paxsilica {' '.join(words)}" in result.stdout


@pytest.mark.parametrize("more", [[], ["--json"]], ids=["page", "json"])
def test_interrupt_of_the_diagnosis_says_that_the_result_is_written(
    ore: list[str], monkeypatch: pytest.MonkeyPatch, more: list[str]
) -> None:
    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(sys.modules["paxsilica.cli.explain"], "diagnosed", stop)
    result = run("solve", *ore, "--set", "budget_usd_m=300", "--out", "x", *more)
    assert result.exit_code == 130
    assert "what was found before is written" in result.stderr
    assert Plan.load(Path("x")).status == "infeasible"
    if more:
        assert json.loads(result.stdout)["error"]["kind"] == "stopped"
    else:
        assert "No plan meets the requirements" in result.stdout
