"""Every bundled case runs through the commands that a user gives: solve, prices, report, export.

Each case is short here (a gap of 5 %, and the years to just after coverage begins); the writers are
the same. ``make cases`` runs them in full.
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import tomllib
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from paxsilica.bundled import case_files

pytestmark = pytest.mark.slow

FULL = os.environ.get("PAXSILICA_FULL_CASES", "") not in ("", "0")
"""Whether the cases run with their own years, gap and time limit."""

GAP = 0.05
LAST_YEAR = 2030
EXPORTS = {"xlsx": "out.xlsx", "csv": "out", "json": "out.json", "iamc": "out-iamc.csv"}
WORDS_OF_A_FAULT = ("A fault of the program", "Traceback")


def latest_start(case: dict[str, Any]) -> int:
    """The last year in which a requirement of the case begins."""
    coverage: dict[str, Any] = case["coverage"]
    cap: dict[str, Any] = case.get("concentration", {})
    started = [coverage["from_year"], *coverage.get("from_years", {}).values()]
    return int(max([*started, cap.get("from_year", 0)]))


def short(name: str) -> list[str]:
    """The options that make a case short, none in full."""
    if FULL:
        return []
    case = tomllib.loads(case_files()[name].read_text(encoding="utf-8"))
    first = int(case["years"].split("-")[0])
    last = max(LAST_YEAR, latest_start(case) + 1)
    return ["--gap", str(GAP), "--time-limit", "240", "--set", f"years={first}-{last}"]


def run(*words: str, place: Path) -> str:
    """Run a command as a user does; it must end with exit code 0 and without the words of a
    fault."""
    done = subprocess.run(
        [sys.executable, "-m", "paxsilica", *words],
        cwd=place,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=3000,
        env=os.environ | {"PYTHONUTF8": "1"},
    )
    told = f"paxsilica {' '.join(words)}\n{done.stdout}\n{done.stderr}"
    assert done.returncode == 0, told
    assert not any(word in told for word in WORDS_OF_A_FAULT), told
    return done.stdout


def no_json(constant: str) -> None:
    pytest.fail(f"{constant} is no JSON")


def document(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"), parse_constant=no_json)


def records(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


class Page(HTMLParser):
    """Collects the text of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def page_text(path: Path) -> str:
    page = Page()
    page.feed(path.read_text(encoding="utf-8"))
    return " ".join(page.words)


def check_plan(folder: Path, years: range) -> dict[str, Any]:
    """The written plan is whole: its result, a file of as many rows for each table, its workbook.
    Returns the result."""
    result: dict[str, Any] = document(folder / "result.json")
    assert result["status"] == "optimal", result["status"]
    assert result["bound"] <= result["objective"] * (1 + 1e-9)
    assert set(result["tables"]) == {path.stem for path in (folder / "tables").glob("*.csv")}
    coverage = records(folder / "tables" / "coverage.csv")
    assert {int(row["year"]) for row in coverage} <= set(years)
    assert coverage
    check_workbook(folder / "plan.xlsx")
    return result


def check_workbook(path: Path) -> None:
    """Every sheet has cells, and no cell shows an error."""
    book = openpyxl.load_workbook(path, read_only=True)
    for sheet in book.worksheets:
        values = [cell for row in sheet.iter_rows(values_only=True) for cell in row]
        assert any(value is not None for value in values), sheet.title
        bad = [value for value in values if str(value).startswith("#") or str(value) == "nan"]
        assert not bad, (sheet.title, bad)
    book.close()


def check_exports(folder: Path, result: dict[str, Any]) -> None:
    """Export in every format that needs no further package, and read each file back."""
    out = folder.parent
    for name, place in EXPORTS.items():
        run("export", folder.name, "--format", name, "--out", place, place=out)
    check_workbook(out / EXPORTS["xlsx"])
    assert {path.stem for path in (out / EXPORTS["csv"]).glob("*.csv")} >= set(result["tables"])
    for table in result["tables"]:
        mine = records(folder / "tables" / f"{table}.csv")
        assert len(records(out / EXPORTS["csv"] / f"{table}.csv")) == len(mine), table
    exported = document(out / EXPORTS["json"])
    assert result["objective"] in numbers(exported)
    variables = records(out / EXPORTS["iamc"])
    assert variables
    assert {name.casefold() for name in variables[0]} >= {"model", "scenario", "region", "unit"}


def numbers(part: Any) -> set[float]:
    """Every number of a document."""
    match part:
        case dict():
            return set().union(*map(numbers, part.values()))
        case list():
            return set().union(*map(numbers, part))
        case bool() | None | str():
            return set()
        case _:
            return {part}


@pytest.mark.parametrize("name", case_files())
def test_case_runs_as_a_user_runs_it(name: str, tmp_path: Path) -> None:
    options = short(name)
    case = tomllib.loads(case_files()[name].read_text(encoding="utf-8"))
    years = options[-1].removeprefix("years=") if options else case["years"]
    first, last = map(int, years.split("-"))
    span = range(first, last + 1)

    assert run("solve", name, *options, "--quiet", "--out", "plan", place=tmp_path)
    result = check_plan(tmp_path / "plan", span)

    kinds = ("--kind", "fixed", "--kind", "relaxed")
    run("prices", name, *options, *kinds, "--quiet", "--out", "priced", place=tmp_path)
    priced = check_plan(tmp_path / "priced", span)
    prices = records(tmp_path / "priced" / "tables" / "prices.csv")
    assert {row["kind"] for row in prices} == {"fixed", "relaxed"}
    assert priced["objective"] == pytest.approx(result["objective"], rel=0 if FULL else GAP)

    run("report", "plan", "--with", "priced", "--out", "both.html", place=tmp_path)
    run("report", "priced", place=tmp_path)
    for page in (tmp_path / "both.html", tmp_path / "priced" / "report.html"):
        assert case["title"] in page_text(page)
    check_exports(tmp_path / "priced", priced)
