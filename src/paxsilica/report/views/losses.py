"""What a plan covers if more is lost than the adversaries, as the study ``stress`` has computed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from paxsilica.errors import InputError, Problem
from paxsilica.plan.labels import listed
from paxsilica.plan.result import Plan, case_differences

STUDY = "study.json"

SHOWN = 12
"""Losses that a report shows, the largest damage first."""

NOISE = 1e-6
"""Damage, a share of 1, that is rounding of the solver."""

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Losses:
    """Rows of the tables of the study.

    Attributes:
        singles: single losses that do damage, the largest first.
        harmless: number of single losses that do none.
        worst: the worst set of each size above 1, in its worst year.
        survival: time to survive and time to recover by stage; empty where it was not computed.
        stopped: whether the study was stopped before its end.
    """

    singles: Rows
    harmless: int
    worst: Rows
    survival: Rows
    stopped: bool

    def sentences(self) -> list[str]:
        """What the tables of a report leave out."""
        found = [
            "Each loss comes in addition to the adversaries, in the year in which it does most"
            " damage. Coverage is that of the need of the survivors."
        ]
        if len(self.singles) > SHOWN:
            found.append(f"{len(self.singles) - SHOWN} further losses do less damage.")
        if self.harmless:
            found.append(f"{self.harmless} losses do none.")
        if self.stopped:
            found.append("The study was stopped before its end.")
        return found


def load_losses(folder: Path, plan: Plan) -> Losses:
    """The losses in the folder of a study.

    Raises:
        InputError: if the folder holds no study ``stress`` of this version, or one of another plan.
    """

    def refuse(words: str) -> InputError:
        return InputError([Problem.of_option("--stress", str(folder), words)])

    try:
        found = json.loads((folder / STUDY).read_text(encoding="utf-8"))
        kind, case, digest = found["study"], found["case"], found["data_digest"]
        committed = {str(name): int(year) for name, year in found["committed"].items()}
        tables = {name: _rows(folder / f"{name}.csv") for name in found["tables"]}
        known = [row for row in tables["losses"] if row["damage"] is not None]
        singles = [row for row in known if row["damage"] > NOISE]
        worst = [row for row in tables.get("worst", ()) if row["worst_year"] == "yes"]
        survival = tables.get("survival", [])
        losses = Losses(singles, len(known) - len(singles), worst, survival, bool(found["stopped"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        words = "should be a folder that `paxsilica stress` of this version has written"
        raise refuse(words) from None
    if kind != "Stress":
        raise refuse("should be a study of `paxsilica stress`")
    if digest != plan.manifest.get("data_digest"):
        raise refuse("is a study of other data than those that the plan was made from")
    if other := case_differences(plan.manifest.get("case", {}), case):
        words = (
            f"is a study of another case than that of the plan; it differs in {listed([*other])}"
        )
        raise refuse(words)
    if committed != _committed(plan):
        raise refuse("is a study of a plan with other projects")
    return losses


def _rows(path: Path) -> Rows:
    """The rows of a table of the study; blanks are ``None``."""
    table = pd.read_csv(path, keep_default_na=False, na_values=[""])
    return [
        {str(key): None if value != value else value for key, value in row.items()}
        for row in table.to_dict("records")
    ]


def _committed(plan: Plan) -> Mapping[str, int]:
    rows = plan.portfolio[["project", "committed_year"]].itertuples(index=False, name=None)
    return {str(name): int(year) for name, year in rows}
