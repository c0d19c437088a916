"""The commands of the tutorial run in order and print what it shows (``...``: any text)."""

from __future__ import annotations

import doctest
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BLOCKS = re.findall(
    r"^```(\w+)\n(.*?)^```",
    (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8"),
    re.M | re.S,
)
NOT_RUN = "make install\n. .venv/bin/activate\n"
"""The setup, which is complete when the tests run."""


def test_only_the_setup_is_left_out() -> None:
    assert [text for kind, text in BLOCKS if kind == "shell"] == [NOT_RUN]
    assert {kind for kind, _ in BLOCKS} == {"shell", "sh", "python", "text"}
    assert re.search(r"^install:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)


@pytest.mark.slow
def test_the_tutorial_runs(tmp_path: Path) -> None:
    environment = {
        name: value for name, value in os.environ.items() if name not in ("COLUMNS", "FORCE_COLOR")
    } | {"PYTHONIOENCODING": "utf-8"}
    checker, flags = doctest.OutputChecker(), doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    printed = ""
    for kind, text in BLOCKS:
        if kind == "text":
            assert checker.check_output(text, printed, flags), (
                f"the tutorial shows\n{text}\nbut there is\n{printed}"
            )
            continue
        lines = (
            [[sys.executable, "-c", text]]
            if kind == "python"
            else [command(line) for line in text.splitlines()]
            if kind == "sh"
            else []
        )
        for line in lines:
            done = subprocess.run(
                line,
                cwd=tmp_path,
                env=environment,
                capture_output=True,
                encoding="utf-8",
                check=False,
            )
            assert done.returncode == 0, f"{line}: {done.stderr}{done.stdout}"
            printed = done.stdout


def command(line: str) -> list[str]:
    """Arguments of a shell line, with the program under test in place of ``paxsilica``."""
    program, *arguments = shlex.split(line)
    return (
        [sys.executable, "-m", "paxsilica", *arguments]
        if program == "paxsilica"
        else [program, *arguments]
    )
