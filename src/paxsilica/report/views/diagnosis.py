"""The diagnosis of an infeasible case, read from the folder of its plan."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from paxsilica.errors import InputError, Problem
from paxsilica.infeasibility.feasible_changes import InsufficientChange
from paxsilica.plan.result import RESULT, Plan

DIAGNOSIS, CLOSEST = "diagnosis.json", "closest"
"""Names in the folder of an infeasible plan."""


@dataclass(frozen=True)
class Reasons:
    """Why a case has no plan, in sentences.

    Attributes:
        reasons: requirements that cannot be met, the worst of each stage, then all others.
        changes: changes that make the case feasible, each proved, with figures.
        insufficient: changes that are not sufficient alone.
        conflicts: sets of requirements that cannot be met together; whether each is smallest.
    """

    reasons: tuple[str, ...]
    changes: tuple[str, ...]
    insufficient: tuple[str, ...]
    conflicts: tuple[tuple[tuple[str, ...], bool], ...]


def reasons_in(found: Mapping[str, Any]) -> Reasons:
    """The content of ``diagnosis.json`` in sentences."""
    worst: dict[str, Mapping[str, Any]] = {}
    for at, one in enumerate(found["necessary_conditions"]):
        known = one["stage"] is not None and one["available_share"] is not None
        key = str(one["stage"]) if known else f"#{at}"
        if key not in worst or one["available_share"] < worst[key]["available_share"]:
            worst[key] = one
    insufficient = [InsufficientChange(**one).sentence for one in found["insufficient_changes"]]
    return Reasons(
        tuple(str(one["sentence"]) for one in worst.values()),
        tuple(str(one["sentence"]) for one in found["feasible_changes"]),
        tuple(insufficient),
        tuple((tuple(one["requirements"]), bool(one["smallest"])) for one in found["conflict"]),
    )


def load_reasons(folder: Path) -> Reasons | None:
    """The diagnosis in the folder of a plan; ``None`` if there is none.

    Raises:
        InputError: if the file is no diagnosis of this version.
    """
    path = folder / DIAGNOSIS
    if not path.exists():
        return None
    try:
        return reasons_in(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError):
        words = "is no diagnosis that this version reads; solve the case again"
        raise InputError([Problem(str(path), "", "", "", words)]) from None


def load_closest(folder: Path) -> Plan | None:
    """The closest plan in the folder of an infeasible plan; ``None`` if there is none."""
    place = folder / CLOSEST
    return Plan.load(place) if (place / RESULT).exists() else None
