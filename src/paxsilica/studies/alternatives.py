"""Which projects are in every good plan, in none, or in some: decided by optimisation, not by which
plans happened to be found.

A plan is *near-optimal* if it costs no more than a limit: the best plan known plus a tolerance. The
tolerance is a share of the capital that the best plan decides, or USD million. A share of the whole
objective would say nothing, since most of it is the cost of running a world of existing plants that
no decision here touches.

For each project it is decided whether a near-optimal plan can have it and whether one can lack it:
if none can lack it, it is *must-build*, if none can have it *never-build*, else *interchangeable*.
The cheapest means come first: the relaxation with the project forced (if even that is beyond the
limit, it cannot be); the best plan with the project turned over, all others as they are or
following that relaxation (if one is within the limit, it can be); the relaxation in each region of
a tree that is grown once for all projects (see :mod:`paxsilica.studies.branching`); and last a
search among all plans with one project forced. Whatever has been ruled out is held in all that
follows.

A gap that is small for the whole objective may be larger than the tolerance. The best plan is
therefore sought to a quarter of the tolerance, whatever gap the case asks for. A proof that no
near-optimal plan has (or lacks) a project holds for the true optimum too, which can only be lower.
That a plan is near-optimal is *certain* if it is within the tolerance of the bound; if not, it
holds for the best plan known.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from paxsilica.api import Question
from paxsilica.case import Case
from paxsilica.errors import InputError, Problem
from paxsilica.plan.result import TableDoc
from paxsilica.solver.resolve import write
from paxsilica.studies.branching import Region, bounds_in, grown
from paxsilica.studies.near_optimal import (
    SHARE,
    SIDES,
    Census,
    Place,
    distant,
    flips,
    forced,
    loose,
    repaired,
    sharp,
    sharper,
    start_of,
)
from paxsilica.studies.parallel import Packed, Result, Runner, task
from paxsilica.studies.results import Study, axes, frame, stopped_note
from paxsilica.studies.tasks import solve_case

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

ROUNDS = 5
"""How often the study begins anew because it came upon a better plan than the best; what is kept is
not done again."""

WAVE = 8
"""How many searches are begun before what they found is taken into account; the same however many
processes there are."""

VERDICTS = {
    "must-build": "in every near-optimal plan",
    "interchangeable": "in some near-optimal plans and not in others",
    "never-build": "in no near-optimal plan",
    "undecided": "the time ran out before it was decided",
}


@dataclass(frozen=True)
class Alternatives(Study):
    """Verdicts on projects, and distinct near-optimal plans. ``figure`` draws the plans against the
    projects that are interchangeable.

    Attributes:
        limit_usd_m: cost up to which a plan counts as near-optimal.
        decisions: year of commitment and final size by project, for each plan in the table
            ``plans``.
    """

    main: ClassVar[str] = "projects"
    docs: ClassVar[Mapping[str, TableDoc]] = {
        "projects": TableDoc(
            "Which projects are in every near-optimal plan, in some, or in none",
            {
                "project": "project",
                "name": "name",
                "region": "host",
                "in_best": "whether the best plan known has it",
                "verdict": "; ".join(f"{name}: {meaning}" for name, meaning in VERDICTS.items()),
                "certain": (
                    "whether the verdict holds for the true optimum as well as for the best plan"
                    " known"
                ),
                "cost_with_usd_m": (
                    "least objective of a plan found that has it, USD million; blank: none found"
                    " within the limit"
                ),
                "cost_without_usd_m": (
                    "least objective of a plan found that has it not, USD million; blank: none"
                    " found within the limit"
                ),
                "decided_by": "how the verdict was reached",
            },
        ),
        "plans": TableDoc(
            "Distinct plans, each the cheapest at its distance from those before it",
            {
                "plan": "name; plan 1 is the best plan known",
                "objective_usd_m": "objective, USD million",
                "bound_usd_m": (
                    "bound on the objective of any plan at this distance from those before, USD"
                    " million"
                ),
                "extra_usd_m": "objective above that of plan 1, USD million",
                "near_optimal": "whether it is within the limit",
                "projects": "number of projects",
                "joined": "projects that plan 1 has not, separated by ';'",
                "left": "projects of plan 1 that it has not, separated by ';'",
            },
        ),
    }

    limit_usd_m: float = math.nan
    decisions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, repr=False)

    def figure(self) -> Figure:
        """Which plan has which of the projects in which plans differ."""
        plans = list(self.decisions)
        every: list[set[str]] = [set(self.decisions[name]) for name in plans]
        differ = sorted(
            {
                project
                for has in every
                for project in has
                if not all(project in other for other in every)
            }
        )
        picture = np.array(
            [[float(project in has) for has in every] for project in differ]
        ).reshape(len(differ), len(plans))
        figure, ax = axes(2.5 + 0.6 * len(plans), 1.2 + 0.22 * max(1, len(differ)))
        if differ:
            ax.imshow(picture, cmap="Blues", aspect="auto", vmin=0.0, vmax=1.3)
        extra = self.table("plans")["extra_usd_m"]
        ax.set_xticks(
            range(len(plans)),
            [f"{name}\n+{cost:,.0f}" for name, cost in zip(plans, extra, strict=True)],
        )
        ax.set_yticks(range(len(differ)), differ)
        ax.set_xlabel(
            "plan, and its cost above the best in USD million; dark: the plan has the project"
        )
        return figure


def alternatives(
    question: Question,
    tolerance: float = 0.02,
    *,
    tolerance_usd_m: float | None = None,
    plans: int = 5,
    distance: int = 1,
    workers: int | None = None,
    store: Path | str | None = None,
    cluster: str | None = None,
    progress: bool | None = None,
) -> Alternatives:
    """Decides for each project whether it is in all near-optimal plans, in some or in none, and
    lists distinct plans.

    Args:
        question: the case. The time limit of its solver holds for each solve of the study.
        tolerance: how much more than the best plan a near-optimal plan may cost, as a share of the
            capital that the best plan decides.
        tolerance_usd_m: the same in USD million, instead; in the unit of the objective of the case.
        plans: how many distinct whole plans to list, the best included; fewer if no further plan is
            within the limit.
        distance: in how many projects at least any two of these plans differ.
        workers, store, cluster, progress: see :class:`~paxsilica.studies.parallel.Runner`.
    """
    _check(tolerance, tolerance_usd_m, plans, distance)
    packed, case = Packed.of(question.tables), question.case

    def room(best: Result) -> float:
        return float(tolerance * best["capital"]) if tolerance_usd_m is None else tolerance_usd_m

    with Runner(workers, store, cluster, progress) as runner:
        first = runner.run([task(solve_case, packed, case)], "best plan")[0]
        if first is not None and "decision" not in first:
            raise InputError(
                f"the case has no plan, so there is nothing near it ({first['status']})"
            )
        if first is not None and loose(first, room(first)):
            first = sharper(
                first,
                runner.run(
                    [
                        task(
                            solve_case,
                            packed,
                            sharp(case, first, room(first)),
                            start=start_of(first),
                        )
                    ],
                    "best plan",
                )[0],
            )
        if first is None:
            empty = {name: frame(doc, []) for name, doc in Alternatives.docs.items()}
            return Alternatives(
                empty, f"Alternatives: {case.title or case.name}", stopped_note(True), True
            )
        first["value"] = first["objective"]
        bound = -math.inf if first["bound"] is None else float(first["bound"])
        census = Census(
            sorted(row.project for row in question.tables.projects), first, bound, room(first)
        )
        candidates = set(write(question.tables, case).instance.candidates)
        for name in census.names:
            if name not in candidates:
                census.prove((name, "in"), math.inf, "cannot be committed in this case")
        census.see(first)
        fit = sharp(case, first, census.room)
        for _ in range(ROUNDS):
            best = census.best
            _decide(census, packed, fit, runner)
            found = _distinct(census, packed, case, plans, distance, runner)
            if census.best is best or runner.stopped:
                break
    tables, decisions = _tables(question, census, found)
    share = f"{tolerance:g} of the capital decided" if tolerance_usd_m is None else "as given"
    notes = (
        (
            f"Near-optimal: at most {census.limit:,.1f} USD million, which is {census.room:,.1f}"
            f" above the best plan known ({share}). The best plan is proved to"
            f" {census.best['value'] - census.bound:,.1f} USD million."
        ),
        *_open_note(tables["projects"]),
        *stopped_note(runner.stopped),
    )
    title = f"Alternatives: {case.title or case.name}"
    return Alternatives(tables, title, notes, runner.stopped, census.limit, decisions)


def _open_note(table: pd.DataFrame) -> tuple[str, ...]:
    undecided = int((table["verdict"] == "undecided").sum())
    unsure = int((~table["certain"]).sum()) - undecided
    said = []
    if undecided:
        said.append(
            f"{undecided} projects are undecided: the time limit of a search ran out; a longer one,"
            " or more tolerance, may decide them."
        )
    if unsure:
        said.append(
            f"{unsure} verdicts are not certain: they hold for the best plan known, and a still"
            " better one could turn them."
        )
    return tuple(said)


def _check(tolerance: float, tolerance_usd_m: float | None, plans: int, distance: int) -> None:
    problems = [
        Problem("alternatives", "", name, str(value), f"should be at least {least}")
        for name, value, least in (
            ("tolerance", tolerance, 0),
            ("tolerance_usd_m", 0.0 if tolerance_usd_m is None else tolerance_usd_m, 0),
            ("plans", plans, 1),
            ("distance", distance, 1),
        )
        if not value >= least
    ]
    if problems:
        raise InputError(problems)


def _distinct(
    census: Census, packed: Packed, case: Case, plans: int, distance: int, runner: Runner
) -> list[Result]:
    """Plans by distance, the best first, until one is beyond the limit; or, as soon as one is
    better than the best, no more of them."""
    best = census.best
    found = [best]
    while len(found) < plans and not runner.stopped:
        others = [sorted(result["decision"]) for result in found]
        known = [
            plan
            for has, plan in census.plans.items()
            if all(len(has.symmetric_difference(other)) >= distance for other in others)
        ]
        start = (
            start_of(min(known, key=lambda plan: (plan["value"], sorted(plan["decision"]))))
            if known
            else None
        )
        result = runner.run(
            [task(distant, packed, case, others=others, distance=distance, start=start)],
            "distinct plans",
        )[0]
        if result is None or "value" not in result:
            break
        found.append(result)
        census.see(result)
        if census.best is not best or result["value"] > census.limit:
            break
    return found


def _decide(census: Census, packed: Packed, case: Case, runner: Runner) -> None:
    """Settles every project, with the cheapest means first."""
    start = start_of(census.best)

    def bounded(regions: Sequence[Region]) -> None:
        shared = {"settled": census.settled(), "start": start}
        beyond, apart = bounds_in(
            regions, packed, case, census.open(), census.limit, shared, runner
        )
        for place, bound in beyond.items():
            census.prove(place, bound, "proof by relaxation")
        census.apart |= apart

    bounded([Region((), -math.inf)])
    places = census.open()
    parts = [places[at : at + WAVE] for at in range(0, len(places), WAVE)]
    shared = {"limit": census.limit, "start": start}
    for result in runner.run(
        [task(flips, packed, case, places=[list(one) for one in part], **shared) for part in parts],
        "plans nearby",
    ):
        for plan in (result or {"found": ()})["found"]:
            census.see(plan)
    if census.open():
        enough = census.best["value"] - SHARE * census.room
        regions = grown(packed, case, census.settled(), census.limit, enough, runner)
        if not runner.stopped:
            census.bound = max(
                census.bound, min([census.best["value"], *(region.bound for region in regions)])
            )
            bounded(regions)
    _repair(census, packed, case, start, runner)
    for now in _waves(census, runner):
        shared = {"limit": census.limit, "settled": census.settled(), "start": start}
        jobs = [task(forced, packed, case, project=name, side=side, **shared) for name, side in now]
        for place, result in zip(now, runner.run(jobs, "one by one"), strict=True):
            census.see(result)
            if result is not None and (
                result["status"] == "infeasible" or result["least"] is not None
            ):
                census.prove(
                    place,
                    math.inf if result["status"] == "infeasible" else result["least"],
                    "proof for this project",
                )


def _repair(census: Census, packed: Packed, case: Case, start: Result, runner: Runner) -> None:
    """Seeks plans near the best one that follow the relaxation of what is open, each place once."""
    for now in _waves(census, runner, lambda place: bool(census.apart.get(place))):
        shared = {
            "limit": census.limit,
            "enough": min(census.limit, census.floor),
            "settled": census.settled(),
            "start": start,
        }
        jobs = [
            task(
                repaired,
                packed,
                case,
                project=place[0],
                side=place[1],
                apart=census.apart[place],
                **shared,
            )
            for place in now
        ]
        for result in runner.run(jobs, "plans nearby"):
            census.see(result)


def _waves(
    census: Census, runner: Runner, fits: Callable[[Place], bool] = lambda _: True
) -> Iterator[list[Place]]:
    """What is open, a few at a time, those nearest the best plan first: a plan found for one often
    settles others."""
    done: set[Place] = set()
    while not runner.stopped:
        todo = [place for place in census.open() if place not in done and fits(place)]
        now = sorted(todo, key=lambda place: (len(census.apart.get(place, ())), place))[:WAVE]
        if not now:
            return
        done.update(now)
        yield now


def _tables(
    question: Question, census: Census, found: list[Result]
) -> tuple[dict[str, Any], dict[str, Mapping[str, Any]]]:
    best, rows = census.best, []
    floor = census.floor
    for row in sorted(question.tables.projects, key=lambda row: row.project):
        costs = {side: census.cheapest.get((row.project, side)) for side in SIDES}
        verdict = census.verdict(row.project)
        needed = (
            [cost for cost in costs.values() if cost is not None]
            if verdict == "interchangeable"
            else []
        )
        proof = census.least.get(
            (row.project, "out" if verdict == "must-build" else "in"), (0.0, "")
        )[1]
        rows.append(
            {
                "project": row.project,
                "name": row.name,
                "region": row.region,
                "in_best": row.project in best["decision"],
                "verdict": verdict,
                "certain": verdict != "undecided" and all(cost <= floor for cost in needed),
                "cost_with_usd_m": costs["in"],
                "cost_without_usd_m": costs["out"],
                "decided_by": (
                    {"interchangeable": "plans found", "undecided": ""}.get(verdict, proof)
                ),
            }
        )
    plans, decisions = [], {}
    first = set(best["decision"])
    for at, result in enumerate(found):
        name, has = f"plan {at + 1}", set(result["decision"])
        decisions[name] = result["decision"]
        plans.append(
            {
                "plan": name,
                "objective_usd_m": result["value"],
                "bound_usd_m": result["bound"],
                "extra_usd_m": result["value"] - best["value"],
                "near_optimal": result["value"] <= census.limit,
                "projects": len(has),
                "joined": "; ".join(sorted(has - first)),
                "left": "; ".join(sorted(first - has)),
            }
        )
    docs = Alternatives.docs
    return {
        "projects": frame(docs["projects"], rows),
        "plans": frame(docs["plans"], plans),
    }, decisions
