"""The command line: what it prints, what it writes, and with which code it ends."""

from __future__ import annotations

import csv
import errno
import json
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

import pytest
from typer.testing import CliRunner, Result

import report_world
from paxsilica import __version__
from paxsilica.cli import app
from paxsilica.errors import PaxSilicaError
from paxsilica.plan import solve as plan_solve
from paxsilica.plan.result import Plan
from paxsilica.report import files

CASES = Path(__file__).parent / "cases"
COMMAND = [sys.executable, "-c", "from paxsilica.cli import main; main()"]
Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs the command in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return lambda *words: CliRunner().invoke(app, [str(word) for word in words])


def given(name: str) -> list[str]:
    return [str(CASES / name / "case.toml"), "--data", str(CASES / name)]


def test_a_quick_plan_states_its_bound(run: Run) -> None:
    result = run("solve", *given("vietman"), "--quick", "--store", "cuts", "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert found["manifest"]["case"]["solver"]["method"] == "rounding"
    assert found["bound"] <= 64.92647
    assert found["objective"] >= 64.92646
    assert Path("cuts").is_dir()


def test_solve_shows_a_page_and_writes_a_folder(run: Run) -> None:
    result = run("solve", *given("vietman"))
    assert result.exit_code == 0, result.output
    assert "USD 64.93 million" in result.stdout
    assert "Written to plans/case" in result.stdout
    folder = Path("plans/case")
    assert {path.name for path in folder.iterdir()} == {
        "result.json",
        "plan.xlsx",
        "tables",
        "log.csv",
        "seconds.csv",
    }
    assert Plan.load(folder).objective == pytest.approx(64.92646)


def test_progress_goes_aside_and_without_colour(run: Run) -> None:
    result = run("solve", *given("vietman"))
    assert "search" in result.stderr
    assert "search" not in result.stdout
    assert "\x1b" not in result.output


def test_quiet_prints_the_folder_alone(run: Run) -> None:
    result = run("solve", *given("vietman"), "--quiet", "--out", "here/there")
    assert (result.stdout, result.stderr, result.exit_code) == ("here/there\n", "", 0)


def test_result_is_the_same_byte_for_byte(run: Run) -> None:
    for folder in ("one", "two"):
        run("solve", *given("vietman"), "--out", folder)
    names = [
        path.relative_to("one")
        for path in Path("one").rglob("*")
        if path.is_file() and path.stem not in ("log", "seconds")
    ]
    assert len(names) > 5
    for name in names:
        assert (Path("one") / name).read_bytes() == (Path("two") / name).read_bytes(), name


def test_another_plan_is_not_written_over(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    run("solve", *given("vietman"))
    assert "plans/case\n" in run("solve", *given("vietman"), "--quiet").stdout, (
        "the same plan goes to the same folder"
    )
    assert "plans/case-2\n" in run("solve", *given("vietman"), "--quiet", "--gap", "0.01").stdout
    monkeypatch.setattr(
        plan_solve, "make_plan", lambda *_, **__: pytest.fail("refused only after the search")
    )
    result = run("solve", *given("vietman"), "--gap", "0.02", "--out", "plans/case")
    assert result.exit_code == 2
    assert "contains another plan" in result.stderr


def test_options_change_the_case(run: Run) -> None:
    run(
        "solve",
        *given("vietman"),
        "--budget",
        "7",
        "--gap",
        "0.25",
        "--time-limit",
        "9",
        "--set",
        "solver.seed=3",
        "--out",
        "x",
    )
    case = json.loads(Path("x/result.json").read_text())["manifest"]["case"]
    assert case["budget_usd_m"] == 7
    assert {key: case["solver"][key] for key in ("gap", "time_limit_s", "seed")} == {
        "gap": 0.25,
        "time_limit_s": 9,
        "seed": 3,
    }


def with_demand(tmp_path: Path, factor: float) -> list[str]:
    """A copy of a published problem with its demand multiplied."""
    folder = tmp_path / "data"
    shutil.copytree(CASES / "cap41", folder)
    with (folder / "demand.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    with (folder / "demand.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(row | {"quantity": str(factor * float(row["quantity"]))} for row in rows)
    return [str(folder / "case.toml"), "--data", str(folder)]


def test_infeasible_ends_with_3_and_is_written(run: Run, tmp_path: Path) -> None:
    result = run("solve", *with_demand(tmp_path, 10), "--out", "x")
    assert result.exit_code == 3
    shown = " ".join(result.stdout.split())
    assert "No plan meets the requirements of the case; this is proved." in shown
    assert Plan.load(Path("x")).status == "infeasible"


def test_no_plan_in_time_ends_with_4_and_is_written(run: Run) -> None:
    result = run("solve", *given("cap41"), "--time-limit", "1e-9", "--out", "x")
    assert result.exit_code == 4, result.output
    assert "proves nothing" in " ".join(result.stdout.split())
    assert Plan.load(Path("x")).status == "no_plan"


def test_unproved_plan_ends_with_0_and_says_so(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    run("solve", *given("vietman"), "--out", "x")
    unproved = replace(Plan.load(Path("x")), status="feasible")
    monkeypatch.setattr(plan_solve, "make_plan", lambda *_, **__: unproved)
    result = run("solve", *given("vietman"), "--out", "x")
    assert result.exit_code == 0, result.output
    assert "a better plan may exist" in result.stdout


def test_problems_of_tables_and_case_come_together(run: Run, tmp_path: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(CASES / "vietman", data)
    with (data / "regions.csv").open("a") as file:
        file.write("only,one,cell,too,many,here,indeed\n")
    for command in ("check", "solve"):
        result = run(
            command,
            str(data / "case.toml"),
            "--data",
            str(data),
            "--set",
            "objctive=cost",
            "--set",
            "solver.gap=2",
        )
        assert result.exit_code == 2
        assert result.stdout == ""
        assert "3 problems in the input" in result.stderr
        for words in ("regions", "7 cells", "did you mean objective?", "solver.gap"):
            assert words in result.stderr
    assert not Path("plans").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["solve", "bse", *given("vietman")[1:]], "did you mean base?"),
        (["solve", "nowhere.toml", *given("vietman")[1:]], "should be a bundled case (base"),
        (["solve", "--data", "nowhere"], "nowhere"),
        (["solve", "--budget", "much"], "--budget"),
        (["solve", *given("vietman"), "--set", "budget"], "key=value"),
        (["solve", "--nonsense"], "--nonsense"),
        (["nonsense"], "nonsense"),
        (["solve", str(CASES), *given("vietman")[1:]], "should be a file that can be read"),
    ],
)
def test_bad_words_end_with_2_and_a_sentence(run: Run, words: list[str], said: str) -> None:
    result = run(*words)
    assert result.exit_code == 2
    assert said in result.stderr
    assert "Traceback" not in result.output


def test_folder_that_cannot_be_made_is_refused_before_the_search(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        plan_solve, "make_plan", lambda *_, **__: pytest.fail("refused only after the search")
    )
    Path("file").write_text("")
    result = run("solve", *given("vietman"), "--out", "file/inside")
    assert result.exit_code == 2
    assert "Cannot read or write" in result.stderr


def test_full_disk_is_a_sentence(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "plans/case/plan.xlsx")

    monkeypatch.setattr(files, "write_workbook", full)
    result = run("solve", *given("vietman"))
    assert result.exit_code == 2
    assert "Cannot read or write plans/case/plan.xlsx: No space left on device." in result.stderr


@pytest.mark.parametrize(
    "fault", [ZeroDivisionError("by zero"), PaxSilicaError("the solver failed")]
)
def test_fault_of_the_program_ends_with_1(
    run: Run, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise fault

    monkeypatch.setattr(plan_solve, "make_plan", fail)
    result = run("solve", *given("vietman"))
    assert result.exit_code == 1
    assert str(fault) in result.stderr
    assert "Please report it" in result.stderr
    assert "Traceback" not in result.output
    assert not Path("plans").exists(), "the empty folder is removed again"
    assert "Traceback" in run("--debug", "solve", *given("vietman")).stderr


def test_check_counts_and_explains(run: Run) -> None:
    result = run("check", *given("vietman"))
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("8 tables, ")
    assert "no problems" in result.stdout
    assert "no table stocks: nothing is stored" in result.stdout
    assert "Case case: years 2026-2026; " in result.stdout


def test_cases_are_listed(run: Run) -> None:
    result = run("cases")
    assert result.exit_code == 0, result.output
    assert "base" in result.stdout
    assert all(name in result.stdout for name in ("retaliation", "talk-shop", "no-gulf"))


def test_version_and_help(run: Run) -> None:
    assert run("--version").stdout == f"paxsilica {__version__}\n"
    assert "paxsilica solve base --budget 40000" in run("solve", "--help").stdout


def begin(tmp_path: Path, *words: str) -> tuple[subprocess.Popen[str], Callable[[str], None]]:
    """Starts the command, and a way to wait until it has said something."""
    process = subprocess.Popen(
        [*COMMAND, "solve", *words],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        bufsize=1,
    )
    said: list[str] = []

    def listen(stream: IO[str]) -> None:
        said.extend(iter(stream.readline, ""))

    assert process.stderr is not None
    listener = threading.Thread(target=listen, args=(process.stderr,), daemon=True)
    listener.start()

    def wait_for(words: str) -> None:
        until = time.monotonic() + 120
        while not any(words in line for line in said):
            assert time.monotonic() < until, said
            assert process.poll() is None or listener.is_alive(), said
            time.sleep(0.02)

    return process, wait_for


def finish(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    with process.stdout as stream:
        text = stream.read()
    process.wait(60)
    assert process.stderr is not None
    return text


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_interrupt_outside_the_search_ends_with_130(tmp_path: Path) -> None:
    process, wait_for = begin(tmp_path)
    wait_for("write the model")
    process.send_signal(signal.SIGINT)
    wait_for("Stopped; no plan was written.")
    finish(process)
    assert process.returncode == 130
    assert not (tmp_path / "plans").exists()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_interrupt_of_the_search_keeps_the_best_plan(tmp_path: Path) -> None:
    process, wait_for = begin(tmp_path, "--gap", "0", "--time-limit", "90", "--out", "kept")
    wait_for("best plan")
    process.send_signal(signal.SIGINT)
    wait_for("Stopping the search")
    page = finish(process)
    assert process.returncode == 0
    assert "a better plan may exist" in page
    plan = Plan.load(tmp_path / "kept")
    assert plan.status == "feasible"
    assert len(plan.tables["coverage"])


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_second_interrupt_ends_the_program(tmp_path: Path) -> None:
    process, wait_for = begin(tmp_path, "--gap", "0", "--time-limit", "90", "--out", "kept")
    wait_for("best plan")
    for _ in range(2):
        process.send_signal(signal.SIGINT)
        wait_for("Stopping the search")
    wait_for("Stopped; no plan was written.")
    finish(process)
    assert process.returncode == 130
    assert not (tmp_path / "kept").exists()


def test_solve_finds_the_least_budget_unless_told_not_to(run: Run, tmp_path: Path) -> None:
    report_world.write_tables(tmp_path / "data")
    (tmp_path / "case.toml").write_text(
        'years = "2030-2034"\nbudget_usd_m = 60\n[roles]\nprotected = ["signatory"]\n'
        "[coverage]\nrequired = 0.4\nfrom_year = 2031\nhard = true\n"
        "[finance]\ndiscount_rate = 0.05\nprice_year = 2025\n"
        "[support]\npay = false\n"
    )
    words = ("solve", tmp_path / "case.toml", "--data", tmp_path / "data")
    result = run(*words, "--json", "--out", "x")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)["headline"]["least_budget_usd_m"]
    assert found["value"] == pytest.approx(48.0, rel=0.01)
    assert found["bound"] <= found["value"]
    result = run(*words, "--no-least-budget", "--out", "y")
    assert result.exit_code == 0, result.output
    assert "Least budget: not computed" in result.stdout
