"""A study that a report shows beside a plan: it must be one of the same case and data."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from paxsilica.errors import InputError, Problem
from paxsilica.plan.labels import listed
from paxsilica.plan.result import Plan, case_differences

STUDY = "study.json"

T = TypeVar("T")


def refused(command: str, folder: Path, words: str) -> InputError:
    """The error of a folder that is given as the study of a command."""
    return InputError([Problem.of_option(f"--{command}", str(folder), words)])


def read_study(
    folder: Path, plan: Plan, command: str, kind: str, take: Callable[[Mapping[str, Any]], T]
) -> T:
    """What ``take`` makes of ``study.json`` in the folder of a study.

    Args:
        folder: of the study.
        plan: beside which it is shown.
        command: that writes such studies, which is the name of the option as well.
        kind: the study as ``study.json`` names it.
        take: reads its parts; it may raise what the parts of another file would raise.

    Raises:
        InputError: if the folder holds no such study of this version, or one of other data or of
            another case than those of the plan.
    """
    try:
        found = json.loads((folder / STUDY).read_text(encoding="utf-8"))
        name, case, digest = found["study"], found["case"], found["data_digest"]
        made = take(found)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        words = f"should be a folder that `paxsilica {command}` of this version has written"
        raise refused(command, folder, words) from None
    if name != kind:
        raise refused(command, folder, f"should be a study of `paxsilica {command}`")
    if digest != plan.manifest.get("data_digest"):
        words = "is a study of other data than those that the plan was made from"
        raise refused(command, folder, words)
    if other := case_differences(plan.manifest.get("case", {}), case):
        differs = f"it differs in {listed([*other])}"
        words = f"is a study of another case than that of the plan; {differs}"
        raise refused(command, folder, words)
    return made
