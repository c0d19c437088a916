"""What the shell offers, asked in its own protocol; and that neither this nor help waits for the
solver."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from paxsilica.cli import app
from paxsilica.cli.export import FORMATS as FORMAT_NAMES
from paxsilica.cli.prices import KIND_NAMES
from paxsilica.prices.table import KINDS
from paxsilica.report.export import FORMATS

MAIN = "from paxsilica.cli import main; main()"
HEAVY = (
    "pandas numpy scipy pyomo highspy openpyxl xlsxwriter matplotlib jinja2"
    " concurrent.futures.process"
)


def asked(*words: str) -> dict[str, str]:
    """Variables with which bash asks for the last of the words."""
    return {
        "COMP_WORDS": " ".join(["paxsilica", *words]),
        "COMP_CWORD": str(len(words)),
        "_PAXSILICA_COMPLETE": "complete_bash",
    }


def completed(*words: str) -> list[str]:
    """What bash is given for the last of the words."""
    done = CliRunner().invoke(app, [], env=asked(*words), prog_name="paxsilica")
    assert done.stderr == ""
    return done.stdout.split("\n")[:-1]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("begun")
    (place / "balance.toml").write_text("")
    (place / "balance.csv").write_text("")
    (place / "plans" / "base").mkdir(parents=True)
    (place / "plans" / "base" / "result.json").write_text("{}")
    (place / "tables").mkdir()
    (place / "tables" / "projects.csv").write_text(
        "# mine-no,No\nproject,name\nmine-one,One\n# mine-not,\nmine-two,Two\n\n"
    )
    return place


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["fron"], ["frontier"]),
        (["solve", "ba"], ["base", "balance.toml"]),
        (["solve", "--time"], ["--time-limit"]),
        (["compare", "plans/"], ["plans/base"]),
        (["report", "pl"], ["plans/"]),
        (["explain", "base", "nolans-m"], ["nolans-mine"]),
        (["explain", "--data", "tables", "base", "mine-"], ["mine-one", "mine-two"]),
        (["explain", "--data", "nowhere", "base", "mine-"], []),
        (["explain", "base", "--stage", "mini"], ["mining"]),
        (["explain", "base", "--break-even", "capital,le"], ["capital,lead time"]),
        (["prices", "--kind", "re"], ["relaxed", "resolve"]),
        (["prices", "--money", "bud"], ["budget"]),
        (["prices", "--curve", "qat"], ["qat-qia"]),
        (["prices", "--member", "TW"], ["TWN"]),
        (["prices", "--two-sided", "cap"], ["capacity"]),
        (["partners", "--players", "money:QA"], ["money:QAT"]),
        (["export", "plans/base", "--format", "p"], ["parquet"]),
        (["frontier", "--minimise", "short"], ["shortfall"]),
        (["montecarlo", "--shape", "u"], ["uniform"]),
        (["sources", "fund"], ["funders"]),
        (["sources", "funders", "qat"], ["qat-qia"]),
        (["solve", "--set", "coverage.h"], ["coverage.hard="]),
        (["solve", "--set", "policy=eu"], ["policy=eu-2030"]),
    ],
)
def test_completions(
    folder: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], offered: list[str]
) -> None:
    monkeypatch.chdir(folder)
    assert [word for word in completed(*words) if word] == offered


def test_a_process_completes_as_bash_asks(folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", MAIN],
        cwd=folder,
        env=os.environ | asked("solve", "ba"),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stderr == ""
    assert done.stdout.split() == ["base", "balance.toml"]


def test_names_offered_are_those_that_are_taken() -> None:
    assert KIND_NAMES == KINDS
    assert tuple(FORMATS) == FORMAT_NAMES


def test_help_and_completion_load_no_solver_and_no_tables() -> None:
    """In a process of its own: every help text and a completion, and then none of what takes
    seconds to load is there."""
    program = f"""
import os, sys
from typer.testing import CliRunner
from paxsilica.cli import COMMANDS, app
from paxsilica.cli.data import COMMANDS as DATA
names = [one.__name__.replace("_", "-") for one in COMMANDS]
for words in [[], *([name] for name in names), *(["data", name] for name in DATA)]:
    assert CliRunner().invoke(app, [*words, "--help"]).exit_code == 0, words
env = {{"COMP_WORDS": "paxsilica explain base nolans", "COMP_CWORD": "3"}}
env["_PAXSILICA_COMPLETE"] = "complete_bash"
assert "nolans-mine" in CliRunner().invoke(app, [], env=env, prog_name="paxsilica").stdout
print([name for name in {HEAVY.split()!r} if name in sys.modules])
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60
    )
    assert (done.stdout, done.stderr) == ("[]\n", "")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_script_for_the_shell(folder: Path, shell: str) -> None:
    """It asks for the program by its name, however it was started."""
    given = os.environ | {"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    words = [sys.executable, "-c", MAIN, "--show-completion", shell]
    done = subprocess.run(words, cwd=folder, env=given, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0
    assert f"_PAXSILICA_COMPLETE=complete_{shell}" in done.stdout
