"""Ends a command at random moments, in copies of one process that has loaded the program: run as a
script by ``test_whole_or_not.py``, since a copy of a process that has solved something would hang.

Prints what went wrong, and ends with the number of the ways in which runs ended.
"""

from __future__ import annotations

import json
import os
import random
import resource
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from paxsilica.atomic import PREFIX
from paxsilica.cli import main
from paxsilica.plan.result import Plan

CASE = Path(__file__).parents[1] / "cases" / "vietman"
GIVEN = [str(CASE / "case.toml"), "--data", str(CASE), "-q"]
VARYING = ("log.csv", "seconds.csv", "figure.svg")
"""Files that differ from run to run."""
FULL = "full disk"
WAYS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, FULL)
SMALLEST, LARGEST = 200, 30_000
"""Bytes that a file may have where the disk is full."""

COMMANDS: dict[str, tuple[list[str], str]] = {
    "solve": (["solve", *GIVEN, "--out", "plan"], "plan"),
    "study": (
        ["frontier", *GIVEN, "--along", "budget=20,60,90", "--workers", "1", "--out", "study"],
        "study",
    ),
    "export": (["export", "whole", "--format", "csv", "--out", "tables", "-q"], "tables"),
    "page": (["report", "whole", "--out", "page.html", "-q"], "page.html"),
    "model": (["export-model", *GIVEN, "--out", "model.mps"], "model.mps"),
    "workbook": (["export", "whole", "--format", "xlsx", "--out", "book.xlsx", "-q"], "book.xlsx"),
}


def content(place: Path) -> dict[str, bytes]:
    """Every file that a reader sees, without those that differ from run to run."""
    files = [place] if place.is_file() else [one for one in place.rglob("*") if one.is_file()]
    return {
        str(file.relative_to(place.parent)): file.read_bytes()
        for file in files
        if file.name not in VARYING
        and "tasks" not in file.parts
        and not any(part.startswith(PREFIX) for part in file.parts)
    }


def started(words: list[str], largest: int | None = None) -> int:
    """The number of a copy of this process that runs a command."""
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        if largest is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))
        sys.argv = ["paxsilica", *words]
        main()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    finally:
        os._exit(code)


def ended(child: int) -> int:
    """Waits for a copy; its exit code, or minus the signal that ended it."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def is_whole(kind: str, place: Path, expected: dict[str, bytes]) -> bool:
    """Whether what is at a place is nothing, or all that the command writes."""
    if kind == "solve" and (place / "result.json").exists():
        Plan.load(place)  # finishes a replacement that was cut short
    found = content(place) if place.exists() else {}
    if kind == "study":
        if not (place / "study.json").exists():
            return not found
        if json.loads(found["study/study.json"])["stopped"]:
            return True  # it says that rows are missing
    return not found or found == expected


def killed(kind: str, turns: int, seed: int) -> Counter[str]:
    """Ends a command ``turns`` times; the ways in which it ended."""
    words, name = COMMANDS[kind]
    place, chance = Path(name), random.Random(seed)
    if kind in ("export", "page", "workbook"):
        assert ended(started(["solve", *GIVEN, "--out", "whole"])) == 0
    begun = time.monotonic()
    assert ended(started(words)) == 0
    whole = time.monotonic() - begun
    expected = content(place)
    ways: Counter[str] = Counter()
    for turn in range(turns):
        way = WAYS[turn % len(WAYS)]
        before = place.exists() and turn % 3 > 0  # most runs find what an earlier one has written
        if not before:
            remove(place)
        if way == FULL:
            code = ended(started(words, chance.randint(SMALLEST, LARGEST)))
            assert code in (0, 2), f"{kind}: exit code {code} where the disk is full"
        else:
            child = started(words)
            time.sleep(whole * chance.triangular(0.0, 1.2, 0.8))
            os.kill(child, way)
            code = ended(child)
        ways[str(code)] += 1
        assert is_whole(kind, place, expected), f"{kind} {way}: partial output"
        assert not before or place.exists(), f"{kind} {way}: an earlier output is lost"
    assert ended(started(words)) == 0, f"{kind}: the same command does not continue"
    assert content(place) == expected, f"{kind}: the output differs"
    left = [str(path) for path in Path.cwd().rglob(f"{PREFIX}*")]
    assert not left, left
    return ways


def remove(place: Path) -> None:
    """Removes what is at a place, and temporary names beside it stay."""
    remover: Callable[[Path], None] = Path.rmdir if place.is_dir() else Path.unlink
    for one in place.iterdir() if place.is_dir() else ():
        remove(one)
    if place.exists():
        remover(place)


if __name__ == "__main__":
    os.chdir(sys.argv[1])
    print(json.dumps(killed(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))))
