"""What a plan covers if more is lost than the adversaries, as the study ``stress`` has computed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from paxsilica.plan.result import Plan
from paxsilica.report.views.study_of_plan import read_study, refused

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

    def take(found: Mapping[str, Any]) -> tuple[Losses, dict[str, int]]:
        committed = {str(name): int(year) for name, year in found["committed"].items()}
        tables = {name: _rows(folder / f"{name}.csv") for name in found["tables"]}
        known = [row for row in tables["losses"] if row["damage"] is not None]
        singles = [row for row in known if row["damage"] > NOISE]
        worst = [row for row in tables.get("worst", ()) if row["worst_year"] == "yes"]
        survival, harmless = tables.get("survival", []), len(known) - len(singles)
        return Losses(singles, harmless, worst, survival, bool(found["stopped"])), committed

    losses, committed = read_study(folder, plan, "stress", "Stress", take)
    if committed != _committed(plan):
        raise refused("stress", folder, "is a study of a plan with other projects")
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
