"""Colours and live lines on a terminal alone, tables at their natural width in a pipe, and pipes
that close early."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

CASES = Path(__file__).parents[1] / "cases"
SOLVE = [
    "solve",
    str(CASES / "vietman" / "case.toml"),
    "--data",
    str(CASES / "vietman"),
    "--out",
    "x",
]
STUDY = ["alternatives", *SOLVE[1:4], "--plans", "1", "--workers", "1", "--out", "y"]
COMMAND = [sys.executable, "-c", "from paxsilica.cli import main; main()"]
ESCAPE = "\x1b"
UNSET = (
    "NO_COLOR",
    "FORCE_COLOR",
    "COLUMNS",
    "TERM",
    "GITHUB_ACTIONS",
    "PY_COLORS",
    "TTY_COMPATIBLE",
)


def environment(**changes: str) -> dict[str, str]:
    return (
        {name: value for name, value in os.environ.items() if name not in UNSET}
        | {"TERM": "xterm-256color"}
        | changes
    )


def piped(folder: Path, *words: str, **changes: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *words],
        cwd=folder,
        env=environment(**changes),
        capture_output=True,
        text=True,
        timeout=120,
    )


def on_terminal(folder: Path, *words: str, **changes: str) -> str:
    """What a terminal gets of both streams."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, *words],
        cwd=folder,
        env=environment(**changes),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        close_fds=True,
    )
    os.close(theirs)
    found = b""
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:  # how Linux tells that the other end is closed
            break
        if not part:
            break
        found += part
    os.close(ours)
    assert process.wait(60) == 0, found
    return found.decode()


slow_study = pytest.param(STUDY, marks=pytest.mark.slow)
slow_solve = pytest.param(SOLVE, marks=pytest.mark.slow)


@pytest.mark.parametrize(
    "words",
    [slow_solve, slow_study, ["solve", "--help"], ["cases"]],
    ids=lambda words: words[0] + words[-1],
)
def test_no_codes_in_pipes(tmp_path: Path, words: list[str]) -> None:
    done = piped(tmp_path, *words)
    assert done.returncode == 0
    assert ESCAPE not in done.stdout + done.stderr


@pytest.mark.slow
def test_no_codes_in_errors_in_pipes(tmp_path: Path) -> None:
    for words in (["solve", "--set", "x=1"], ["solve", "--nonsense"]):
        done = piped(tmp_path, *words)
        assert done.returncode == 2
        assert ESCAPE not in done.stdout + done.stderr


@pytest.mark.slow
def test_colours_on_a_terminal(tmp_path: Path) -> None:
    assert ESCAPE in on_terminal(tmp_path, *SOLVE)


@pytest.mark.parametrize("changes", [{"NO_COLOR": "1"}, {"TERM": "dumb"}], ids=str)
@pytest.mark.parametrize(
    "words", [slow_solve, slow_study, ["solve", "--help"]], ids=lambda words: words[0] + words[-1]
)
def test_no_codes_on_a_terminal_that_wants_none(
    tmp_path: Path, words: list[str], changes: dict[str, str]
) -> None:
    assert ESCAPE not in on_terminal(tmp_path, *words, **changes)


@pytest.mark.slow
def test_colours_forced_into_a_pipe_bring_no_live_lines(tmp_path: Path) -> None:
    done = piped(tmp_path, *SOLVE, FORCE_COLOR="1")
    assert f"{ESCAPE}[" in done.stdout
    assert ESCAPE not in done.stderr
    assert "search ...\n" in done.stderr


@pytest.mark.slow
def test_colours_forced_into_a_pipe_bring_no_bars(tmp_path: Path) -> None:
    assert ESCAPE not in piped(tmp_path, *STUDY, FORCE_COLOR="1").stderr


@pytest.mark.slow
def test_piped_tables_are_as_wide_as_they_are(tmp_path: Path) -> None:
    lines = piped(tmp_path, "cases").stdout.splitlines()
    assert max(map(len, lines)) > 120
    assert not any(line != line.rstrip() for line in lines)
    names = [row["name"] for row in json.loads(piped(tmp_path, "cases", "--json").stdout)["cases"]]
    assert [line.split()[0] for line in lines[2:] if line] == names, "one line for each case"


def test_columns_are_kept_to(tmp_path: Path) -> None:
    assert max(map(len, piped(tmp_path, "cases", COLUMNS="100").stdout.splitlines())) <= 100


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["cases"], 0),
        (["cases", "--json"], 0),
        pytest.param(["sources", "projects"], 0, marks=pytest.mark.slow),
        pytest.param(SOLVE, 0, marks=pytest.mark.slow),
        (["--help"], 141),
        (["solve", "-h"], 141),
    ],
    ids=lambda words: str(words)[:20],
)
def test_closed_pipe_is_no_fault(tmp_path: Path, words: list[str], code: int) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [*COMMAND, *words],
        cwd=tmp_path,
        env=environment(),
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        timeout=120,
    )
    os.close(writing)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    assert "ipe" not in done.stderr
    if words is SOLVE:
        assert (tmp_path / "x" / "result.json").is_file()


@pytest.mark.slow
def test_json_in_a_stream_that_holds_ascii_alone(tmp_path: Path) -> None:
    case = (CASES / "vietman" / "case.toml").read_text(encoding="utf-8")
    (tmp_path / "ö.toml").write_text(case.replace('title = "', 'title = "ö ', 1), encoding="utf-8")
    words = ["solve", "ö.toml", *SOLVE[2:], "--json"]
    found = json.loads(piped(tmp_path, *words, PYTHONIOENCODING="ascii", PYTHONUTF8="0").stdout)
    assert found["title"].startswith("ö ")
