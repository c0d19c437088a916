"""Where commands write: over what they wrote themselves, and over nothing else."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

from paxsilica.atomic import is_unfinished
from paxsilica.errors import InputError, Problem

WORD = "paxsilica"
START = 4096
"""Characters at the start of a file in which it says who wrote it."""


def refuse_to_write_over(
    path: Path, ours: Callable[[Path], bool], force: bool | None = False, option: str = "--out"
) -> None:
    """Raises an InputError if at ``path`` there is something that ``ours`` does not know as written
    by the same command.

    Args:
        path: where is to be written.
        ours: knows what the command wrote there before.
        force: whether ``--force`` was given; ``None`` where the command has no such option.
        option: that named the place.
    """
    if path.exists() and not force and not ours(path):
        more = "" if force is None else " or add --force"
        raise InputError(
            [
                Problem(
                    option,
                    "",
                    "",
                    str(path),
                    f"exists already and is not overwritten; give another path{more}",
                )
            ]
        )


def says(words: str) -> Callable[[Path], bool]:
    """Whether a file has ``words`` near its start."""

    def look(path: Path) -> bool:
        try:
            with path.open(encoding="utf-8", errors="replace") as file:
                return words in file.read(START)
        except OSError:
            return False

    return look


def holds_file(name: str) -> Callable[[Path], bool]:
    """Whether a folder is empty or has the file that marks what was written there before."""

    def look(path: Path) -> bool:
        if not path.is_dir():
            return False
        return (path / name).is_file() or is_unfinished(path) or not any(path.iterdir())

    return look


def holds_study(*kinds: str) -> Callable[[Path], bool]:
    """Whether a folder holds nothing but finished solves, or a study of one of these kinds."""

    def look(path: Path) -> bool:
        try:
            return json.loads((path / "study.json").read_text(encoding="utf-8")).get("study") in (
                *kinds,
                None,
            )
        except FileNotFoundError:
            return is_unfinished(path) or {one.name for one in path.iterdir()} <= {"tasks"}
        except (OSError, ValueError, AttributeError):
            return False

    return look


def is_export(path: Path) -> bool:
    """Whether a JSON file is a plan that was exported."""
    try:
        return WORD in json.loads(path.read_text(encoding="utf-8"))["plan"]["manifest"]
    except (OSError, ValueError, KeyError, TypeError):
        return False


def is_workbook(path: Path) -> bool:
    """Whether a workbook names this program in its properties."""
    try:
        with zipfile.ZipFile(path) as book:
            return any(
                WORD in book.read(name).decode("utf-8", "replace")
                for name in book.namelist()
                if name.startswith("docProps/")
            )
    except (OSError, zipfile.BadZipFile):
        return False
