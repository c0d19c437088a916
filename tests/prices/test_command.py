"""``paxsilica prices`` from the words on the command line to the files."""

from __future__ import annotations

import csv
import html
import json
import math
import shutil
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from typer.testing import CliRunner

from paxsilica.cli import app
from paxsilica.plan.result import Plan
from paxsilica.report.console import prices as prices_console
from paxsilica.tables import TABLES, Tables
from prices.cases import three_projects

CASE = """
years = "2030"
budget_usd_m = 45
[finance]
discount_rate = 0.0
[solver]
gap = 0.0
threads = 1
"""


def write(tables: Tables, folder: Path) -> Path:
    for name in tables.present:
        columns = list(TABLES[name].model_fields)
        with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, columns, lineterminator="\n")
            writer.writeheader()
            for row in tables.rows(name):
                writer.writerow({key: _cell(value) for key, value in row.model_dump().items()})
    (folder / "case.toml").write_text(CASE, encoding="utf-8")
    return folder


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ";".join(map(str, value)) if isinstance(value, tuple) else "" if value is None else value


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(three_projects(), tmp_path)


def run(folder: Path, *words: str) -> Any:
    return CliRunner().invoke(
        app,
        [
            "prices",
            str(folder / "case.toml"),
            "--data",
            str(folder),
            "--out",
            str(folder / "out"),
            *words,
        ],
    )


def test_everything_is_shown_and_written(folder: Path) -> None:
    answer = run(
        folder, "--step", "15", "--curve", "budget", "--to", "60", "--points-of-curve", "5"
    )
    assert answer.exit_code == 0, answer.output
    assert "programme" in answer.output
    assert "10 [10 to 10]" in answer.output
    assert "Uplift that convex-hull prices leave: USD 50 million (graded 50)" in answer.output
    assert "enters: lump" in answer.output
    plan = Plan.load(folder / "out")
    assert set(plan.tables) >= {"prices", "price_proof", "value_curve", "value_jumps"}
    assert plan.manifest["price_proof"]["holds"] is True
    assert plan.manifest["prices"]["step"] == 15
    assert (folder / "out" / "plan.xlsx").exists()
    assert len(plan.prices) == len(plan.tables["prices"])


def test_the_same_request_may_be_repeated_into_the_same_folder(folder: Path) -> None:
    first = run(folder, "--kind", "fixed", "--quiet")
    assert first.exit_code == 0, first.output
    before = (folder / "out" / "tables" / "prices.csv").read_bytes()
    assert run(folder, "--kind", "fixed", "--quiet").exit_code == 0
    assert (folder / "out" / "tables" / "prices.csv").read_bytes() == before
    other = run(folder, "--kind", "relaxed", "--quiet")
    assert other.exit_code == 2
    assert "contains another plan" in " ".join(other.output.split())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--kind", "dual"), "should be one of fixed, relaxed, hull, resolve"),
        (("--kind", "resolve", "--money", "nobody"), "should be budget, or a funder"),
        (("--kind", "resolve", "--sooner", "nothing"), "should be a project of the data"),
        (("--kind", "resolve", "--sooner", "lump"), "has no lead time"),
        (("--kind", "resolve", "--member", "Z"), "should be a country or group"),
        (("--kind", "resolve", "--coverage", "chips"), "should be a stage"),
        (("--kind", "resolve", "--concentration"), "needs a cap on a region's share"),
        (("--kind", "resolve", "--step", "0"), "must move the programme's budget"),
        (("--kind", "fixed", "--member", "A"), "add --kind resolve"),
        (("--kind", "resolve", "--two-sided", "budget"), "add --kind fixed, relaxed or hull"),
        (("--two-sided", "capacity:nothing"), "matches no item with a dual"),
        (
            ("--kind", "fixed", "--two-sided", "delta"),
            "should begin with one of annual limit, budget, capacity",
        ),
    ],
)
def test_what_is_not_there_is_refused(folder: Path, words: tuple[str, ...], said: str) -> None:
    answer = run(folder, "--quiet", *words)
    assert answer.exit_code == 2, answer.output
    assert said in " ".join(answer.output.split())
    assert not (folder / "out").exists()


def test_all_problems_of_a_request_are_reported_before_the_search(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def searched(*_: object) -> None:
        raise AssertionError("a search was begun")

    monkeypatch.setattr("paxsilica.plan.solve.make_plan", searched)
    words = (
        "--concentration",
        "--sooner",
        "lump",
        "--step",
        "-1000",
        "--two-sided",
        "capacity:nothing",
        "--money",
        "budget",
    )
    answer = run(folder, *words, "--curve", "budget", "--from", "1000")
    assert answer.exit_code == 2, answer.output
    assert "5 problems" in answer.output


def test_a_search_for_prices_ends_at_the_requested_gap(folder: Path) -> None:
    assert run(folder, "--kind", "fixed", "--quiet", "--gap", "0.25").exit_code == 0
    assert Plan.load(folder / "out").manifest["case"]["solver"]["gap"] == 0.25


def test_left_and_right_values_on_request(folder: Path) -> None:
    assert (
        run(
            folder,
            "--kind",
            "fixed",
            "--quiet",
            "--two-sided",
            "capacity:lum*",
            "--two-sided",
            "commodity*",
        ).exit_code
        == 0
    )
    reported = Plan.load(folder / "out").prices
    goods = reported[reported["what"] == "commodity in normal times"]
    assert len(goods)
    assert set(goods["degenerate"]) <= {"yes", "no"}
    assert goods[["low", "high"]].notna().to_numpy().all()


def test_no_plan_no_price(folder: Path) -> None:
    (folder / "case.toml").write_text(CASE.replace("45", "0"), encoding="utf-8")
    text = (folder / "projects.csv").read_text(encoding="utf-8").splitlines()
    at = text[0].split(",").index("commitment")
    rows = [row.split(",") for row in text[1:]]
    for row in rows:
        if row[0] == "lump":
            row[at] = "required"
    (folder / "projects.csv").write_text(
        "\n".join([text[0], *(",".join(row) for row in rows)]) + "\n", encoding="utf-8"
    )
    answer = run(folder)
    assert answer.exit_code == 3, answer.output


@pytest.mark.parametrize(
    ("undecided", "shown"), [("yes", "3 [1 to unknown] ?"), ("no", "3 [1 to no plan]")]
)
def test_an_end_left_open_is_not_shown_as_no_plan(undecided: str, shown: str) -> None:
    row = {
        "value": 3.0,
        "low": 1.0,
        "high": math.inf,
        "kind": "resolve",
        "degenerate": "",
        "undecided": undecided,
    }
    assert prices_console._cell(row) == shown


def of_command(folder: Path, *words: str) -> Any:
    name, *rest = words
    place = ("--data", str(folder), "--out", str(folder / "out"))
    return CliRunner().invoke(app, [name, str(folder / "case.toml"), *place, *rest])


def test_solve_shows_and_writes_shadow_prices(folder: Path) -> None:
    result = of_command(folder, "solve", "--json")
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    (row,) = document["tables"]["front_prices"]
    assert row["value"] == pytest.approx(200 / 30)
    assert "one more USD beyond USD 45 million" in row["sentence"]
    plan = Plan.load(folder / "out")
    assert plan.prices["kind"].tolist() == ["relaxed"]


def test_solve_without_prices(folder: Path) -> None:
    result = of_command(folder, "solve", "--json", "--no-prices")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["tables"]["front_prices"] == []


def test_prices_take_a_budget(folder: Path) -> None:
    result = of_command(folder, "prices", "--json", "--kind", "fixed", "--budget", "35")
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    assert document["manifest"]["case"]["budget_usd_m"] == 35
    (budget,) = (row for row in document["tables"]["prices"] if row["what"] == "budget")
    assert budget["value"] == pytest.approx(0.0)


@pytest.fixture
def covered(folder: Path) -> Path:
    """A case in which coverage is required that no plan can meet."""
    with (folder / "case.toml").open("a", encoding="utf-8") as file:
        file.write("[coverage]\nrequired = 0.9\nfrom_year = 2030\nhard = true\n")
    (folder / "stages.csv").write_text("stage,order,name\nalpha,1,Alpha\n", encoding="utf-8")
    text = (folder / "commodities.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    for row in rows:
        if row["commodity"] == "alpha":
            row |= {"stage": "alpha", "covered": "yes"}
    with (folder / "commodities.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return folder


def gap_of(folder: Path, *words: str) -> Any:
    result = of_command(folder, "prices", "--quiet", *words)
    assert result.exit_code == 0, result.output
    return Plan.load(folder / "out").manifest["case"]["solver"]["gap"]


def test_finite_differences_are_searched_to_a_tenth_of_a_per_cent(folder: Path) -> None:
    (folder / "case.toml").write_text(CASE.replace("gap = 0.0", "gap = 0.01"), encoding="utf-8")
    assert gap_of(folder, "--kind", "resolve") == 0.001
    assert gap_of(folder, "--kind", "resolve") == 0.001, "the same folder takes it again"
    for words in (("--gap", "0.02"), ("--set", "solver.gap=0.02")):
        shutil.rmtree(folder / "out")
        assert gap_of(folder, "--kind", "resolve", *words) == 0.02
    shutil.rmtree(folder / "out")
    assert gap_of(folder, "--kind", "fixed") == 0.01


def test_prices_have_the_sentences_of_the_first_page(folder: Path) -> None:
    solved = json.loads(of_command(folder, "solve", "--json").stdout)
    shutil.rmtree(folder / "out")
    result = of_command(folder, "prices", "--kind", "relaxed")
    assert "Shadow prices: the value of one more, with projects divisible" in result.output
    plan = Plan.load(folder / "out")
    first = solved["tables"]["front_prices"]
    assert plan.table("front_prices")["sentence"].tolist() == [row["sentence"] for row in first]
    words = " ".join(first[0]["sentence"].split()[:8])
    assert words in " ".join(result.output.split())


def test_the_first_page_has_one_answer_everywhere(folder: Path) -> None:
    result = of_command(folder, "solve")
    assert result.exit_code == 0, result.output
    shown = " ".join(result.output.split())
    assert "Shadow prices: the value of one more" in shown
    (sentence,) = Plan.load(folder / "out").table("front_prices")["sentence"]
    (row,) = json.loads(of_command(folder, "solve", "--json").stdout)["tables"]["front_prices"]
    assert row["sentence"] == sentence
    book = openpyxl.load_workbook(folder / "out" / "plan.xlsx")
    assert book["Shadow prices"]["A2"].value == sentence
    assert sentence in shown
    page = Plan.load(folder / "out").report(folder / "page.html")
    assert sentence in html.unescape(Path(page).read_text(encoding="utf-8"))


def test_an_infeasible_case_is_diagnosed(covered: Path) -> None:
    result = of_command(covered, "prices", "--json")
    assert result.exit_code == 3, result.output
    document = json.loads(result.stdout)
    assert document["status"] == "infeasible"
    assert document["diagnosis"]
    assert (covered / "out" / "diagnosis.json").exists()


def test_the_objective_security_is_refused(covered: Path) -> None:
    result = of_command(covered, "prices", "--set", "objective=security")
    assert result.exit_code == 2, result.output
    assert "should be cost or budget" in " ".join(result.output.split())
