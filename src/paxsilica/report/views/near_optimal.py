"""Which projects of a plan are in every near-optimal plan of its case, as the study
``alternatives`` has decided; without that study this is not known, and reports say so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from paxsilica.plan.labels import listed, money
from paxsilica.plan.result import Plan
from paxsilica.report.views.study_of_plan import read_study

MARK = "●"
"""Mark of a project that is in every near-optimal plan."""

WORDS = {
    "must-build": "all",
    "interchangeable": "some",
    "never-build": "none",
    "undecided": "not decided",
}
"""In how many near-optimal plans a project is, by verdict of the study."""

ROOM = 1e-6
"""Largest share of the limit by which an objective is above it for reasons of rounding."""


@dataclass(frozen=True)
class NearOptimal:
    """The verdicts of the study on the case of a plan.

    Attributes:
        limit_usd_m: largest objective of a near-optimal plan, USD million.
        room_usd_m: its distance from the best plan known, USD million.
        verdicts: verdict of each project by its key.
        sure: projects whose verdict holds for the true optimum.
        stopped: whether the study was stopped before its end.
    """

    limit_usd_m: float
    room_usd_m: float
    verdicts: Mapping[str, str]
    sure: frozenset[str]
    stopped: bool

    def in_all(self, project: str) -> bool:
        """Whether it is proved that every near-optimal plan has the project."""
        return self.verdicts.get(project) == "must-build" and project in self.sure

    def words(self, project: str) -> str:
        """In how many near-optimal plans a project is: all, some, none or not decided."""
        verdict = self.verdicts.get(project, "undecided")
        if verdict == "must-build" and not self.in_all(project):
            verdict = "undecided"
        return WORDS[verdict]


def load_near_optimal(folder: Path, plan: Plan) -> NearOptimal:
    """The verdicts in the folder of a study.

    Raises:
        InputError: if the folder holds no study ``alternatives`` of this version, or one of other
            data or of another case than those of the plan.
    """

    def take(found: Mapping[str, Any]) -> NearOptimal:
        verdicts = {str(row["project"]): row for row in found["verdicts"]}
        given = {key: str(row["verdict"]) for key, row in verdicts.items()}
        if not set(given.values()) <= set(WORDS):
            raise ValueError("an unknown verdict")
        return NearOptimal(
            float(found["limit_usd_m"]),
            float(found["room_usd_m"]),
            given,
            frozenset(key for key, row in verdicts.items() if row["certain"] is True),
            bool(found["stopped"]),
        )

    return read_study(folder, plan, "alternatives", "Alternatives", take)


def near_optimal_sentences(
    near: NearOptimal | None, plan: Plan, names: Mapping[str, str]
) -> list[str]:
    """What is known about the projects of a plan in other near-optimal plans; ``names``: of
    projects by key."""
    projects = list(map(str, plan.portfolio["project"]))
    if near is None:
        return [
            "It is not known which of these projects every near-optimal plan has: the study of"
            " alternatives was not given for this plan. The command paxsilica alternatives decides"
            " it for each project, and paxsilica report with --alternatives shows it here."
        ]
    marked = [key for key in projects if near.in_all(key)]
    found = [
        f"A plan is near-optimal here if its objective is at most {money(near.limit_usd_m)}, which"
        f" is {money(near.room_usd_m)} above the best plan known. It is proved that every such plan"
        f" has {len(marked)} of the {len(projects)} projects of this plan. They are marked {MARK}."
    ]
    if (objective := plan.objective) is not None and objective > near.limit_usd_m * (1 + ROOM):
        found.append(f"This plan itself is not near-optimal: its objective is {money(objective)}.")
    missing = [
        names.get(key, key) for key in near.verdicts if near.in_all(key) and key not in projects
    ]
    if missing:
        found.append(f"Every near-optimal plan also has {listed(missing)}, which this plan lacks.")
    open_ = sum(near.words(key) == WORDS["undecided"] for key in projects)
    if open_:
        found.append(f"For {open_} of the projects of this plan this is not decided.")
    if near.stopped:
        found.append("The study was stopped before its end.")
    return found
