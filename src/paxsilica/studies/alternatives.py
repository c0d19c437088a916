"""Which projects are in every near-optimal plan, in some, or in none, decided by optimisation and
not by the plans that happen to be found.

A plan is *near-optimal* if it costs no more than a limit: the best plan known plus a tolerance. The
tolerance is a share of the capital that the best plan decides, or an amount of USD million. A share
of the objective would say little, because most of it is the cost of running existing plants.

For each project it is decided whether a near-optimal plan can have it and whether one can lack it.
If none can lack it, it is *must-build*; if none can have it, *never-build*; else
*interchangeable*. The fastest methods come first: the relaxation with the project forced (if it is
above the limit, the project is ruled out); the best plan with the project changed and all others
unchanged or following that relaxation (if one is within the limit, the project is possible); the
relaxation in each region of a tree that is built once for all projects (see
:mod:`paxsilica.studies.branching`); and last a search among all plans with one project forced.
Whatever is ruled out is fixed in all later steps.

A gap that is small for the objective may be larger than the tolerance. The best plan is therefore
searched for to a quarter of the tolerance. A proof that no near-optimal plan has (or lacks) a
project holds for the true optimum too, which can only be lower. That a plan is near-optimal is
*certain* if it is within the tolerance of the bound; if not, it holds for the best plan known.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Unpack

import numpy as np

from paxsilica import output_tables as doc
from paxsilica.api import Question
from paxsilica.case import Case
from paxsilica.errors import InputError, Problem
from paxsilica.output_tables import TableDoc
from paxsilica.plan.labels import names_by_projects, project_names
from paxsilica.serialize import plain
from paxsilica.solver.resolve import DECISIONS, Written, write
from paxsilica.studies.branching import Region, bounds_in, grown
from paxsilica.studies.near_optimal import (
    SHARE,
    SIDES,
    NearOptimalSet,
    Place,
    better_proved,
    distant,
    forced,
    neighbours,
    poorly_proved,
    repaired,
    with_gap_for,
)
from paxsilica.studies.parallel import Packed, Result, Runner, RunOptions, task
from paxsilica.studies.results import Figure, Study, axes, differences
from paxsilica.studies.tasks import solve_case, start_of

ROUNDS = 5
"""Most repetitions because a better plan than the best was found; kept results are reused."""

WAVE = 8
"""Searches that start before their results are used; independent of the number of processes."""

VERDICTS = {
    "must-build": "in every near-optimal plan",
    "interchangeable": "in some near-optimal plans and not in others",
    "never-build": "in no near-optimal plan",
    "undecided": "not decided in the time allowed",
}


@dataclass(frozen=True, repr=False)
class Alternatives(Study):
    """Verdicts on projects, and distinct near-optimal plans. ``figure`` draws the projects in which
    the plans differ.

    Attributes:
        limit_usd_m: objective up to which a plan is near-optimal, USD million.
        room_usd_m: distance of this limit from the objective of the best plan known, USD million.
        case, data_digest: case as plain data, and digest of its data, for which the verdicts hold.
        decisions: year of commitment and final size, by plan and project.
    """

    main: ClassVar[str] = "projects"
    docs: ClassVar[Mapping[str, TableDoc]] = {
        "projects": doc.table(
            "Which projects are in every near-optimal plan, in some, or in none",
            project=doc.text("project"),
            name=doc.text("name"),
            region=doc.text("host"),
            in_best=doc.true_false("whether the best plan known has it"),
            verdict=doc.text("; ".join(f"{name}: {words}" for name, words in VERDICTS.items())),
            certain=doc.true_false("whether the verdict holds for the true optimum"),
            cost_with_usd_m=doc.money("least objective found with it; blank: none found"),
            cost_without_usd_m=doc.money("the same without it"),
            decided_by=doc.text("method that decided the verdict"),
        ),
        "plans": doc.table(
            "Distinct plans, each the cheapest at its distance from the earlier ones",
            plan=doc.text("the best plan known, or what a plan has or lacks in comparison with it"),
            objective_usd_m=doc.money("objective"),
            bound_usd_m=doc.money("bound on any plan at this distance from earlier ones"),
            extra_usd_m=doc.money("objective above that of the best plan"),
            near_optimal=doc.true_false("whether it is within the limit"),
            projects=doc.count("number of projects"),
            joined=doc.text("projects that the best plan does not have, separated by ';'"),
            left=doc.text("projects of the best plan that it does not have, separated by ';'"),
        ),
    }

    limit_usd_m: float = math.nan
    room_usd_m: float = math.nan
    case: Mapping[str, Any] = field(default_factory=dict, repr=False)
    data_digest: str = field(default="", repr=False)
    decisions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, repr=False)

    def result(self) -> dict[str, Any]:
        """Everything in plain data, with the case and the data for which the verdicts hold."""
        rows = self.table("projects")[["project", "verdict", "certain"]]
        return {
            **super().result(),
            "case": self.case,
            "data_digest": self.data_digest,
            "limit_usd_m": self.limit_usd_m,
            "room_usd_m": self.room_usd_m,
            "verdicts": plain(rows),
        }

    def figure(self) -> Figure:
        """The projects in which the plans differ, by plan."""
        plans = list(self.decisions)
        every = [frozenset(self.decisions[name]) for name in plans]
        any_plan = frozenset[str]().union(*every)
        differ = sorted(any_plan - any_plan.intersection(*every))
        picture = np.array(
            [[float(project in has) for has in every] for project in differ]
        ).reshape(len(differ), len(plans))
        figure, ax = axes(2.5 + 1.1 * len(plans), 1.2 + 0.22 * max(1, len(differ)))
        if differ:
            ax.imshow(picture, cmap="Blues", aspect="auto", vmin=0.0, vmax=1.3)
        extra = self.table("plans")["extra_usd_m"]
        labels = [
            "\n".join([*textwrap.wrap(name, 14), f"+{cost:,.0f}"])
            for name, cost in zip(plans, extra, strict=True)
        ]
        ax.set_xticks(range(len(plans)), labels)
        ax.set_yticks(range(len(differ)), differ)
        ax.set_xlabel("plan, and its extra cost in USD million; dark: the plan has the project")
        return figure


def alternatives(
    question: Question,
    tolerance: float = 0.02,
    *,
    tolerance_usd_m: float | None = None,
    plans: int = 5,
    distance: int = 1,
    **run: Unpack[RunOptions],
) -> Alternatives:
    """Decides for each project whether it is in all near-optimal plans, in some or in none, and
    lists distinct plans.

    Args:
        question: the case. The time limit of its solver holds for each solve of the study.
        tolerance: how much more than the best plan a near-optimal plan may cost, as a share of the
            capital that the best plan decides.
        tolerance_usd_m: the same in USD million, instead; in the unit of the objective of the case.
        plans: how many distinct plans to list, including the best; fewer if no further plan is
            within the limit.
        distance: least number of projects in which any two of these plans differ.
        run: ``workers``, ``store``, ``cluster``, ``progress``: see
            :class:`~paxsilica.studies.parallel.Runner`.
    """
    _check(tolerance, tolerance_usd_m, plans, distance)
    packed, case = Packed.of(question.tables), question.case
    _refuse_further_integers(write(question.tables, case))
    title = f"Alternatives: {case.title or case.name}"
    share, room = f"{tolerance:g} of the capital decided", 0.0
    with Runner(**run) as runner:
        first = runner.run([task(solve_case, packed, case)], "best plan")[0]
        if first is None:
            return Alternatives.of({"projects": [], "plans": []}, title, True)
        if "decision" not in first:
            raise InputError(f"the case has no plan, so no near-optimal one ({first['status']})")
        room = float(tolerance * first["capital"])
        if tolerance_usd_m is not None:
            share, room = "as given", tolerance_usd_m
        if poorly_proved(first, room):
            closer = with_gap_for(case, first, room)
            again = task(solve_case, packed, closer, start=start_of(first))
            first = better_proved(first, runner.run([again], "best plan")[0])
            if tolerance_usd_m is None:
                room = float(tolerance * first["capital"])
        first["value"] = first["objective"]
        bound = -math.inf if first["bound"] is None else float(first["bound"])
        names = sorted(row.project for row in question.tables.projects)
        near = NearOptimalSet(names, first, bound, room)
        candidates = write(question.tables, case).instance.candidates
        for name in names:
            if name not in candidates:
                near.prove((name, "in"), math.inf, "cannot be committed in this case")
        near.see(first)
        fit = with_gap_for(case, first, room)
        for _ in range(ROUNDS):
            best = near.best
            _decide(near, packed, fit, runner)
            found = _distinct(near, packed, case, plans, distance, runner)
            if near.best is best or runner.stopped:
                break
    rows = _projects(question, near)
    note = (
        f"Near-optimal: at most {near.limit:,.1f} USD million, which is {near.room:,.1f} above the"
        f" best plan known ({share}). The best plan is proved to"
        f" {near.best['value'] - near.bound:,.1f} USD million."
    )
    labels = names_by_projects(
        [plan["decision"] for plan in found],
        project_names([(row.project, row.name) for row in question.tables.projects]),
    )
    return Alternatives.of(
        {"projects": rows, "plans": _plans(near, found, labels)},
        title,
        runner.stopped,
        [note, *_open_notes(rows)],
        limit_usd_m=near.limit,
        room_usd_m=near.room,
        case=case.model_dump(mode="json"),
        data_digest=question.tables.digest,
        decisions={name: plan["decision"] for name, plan in zip(labels, found, strict=True)},
    )


def _open_notes(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    undecided = sum(row["verdict"] == "undecided" for row in rows)
    unsure = sum(not row["certain"] for row in rows) - undecided
    if undecided:
        yield (
            f"{undecided} projects are undecided: the time limit of a search ran out; a longer one,"
            " or more tolerance, may decide them."
        )
    if unsure:
        yield (
            f"{unsure} verdicts are not certain: they hold for the best plan known, and a better"
            " plan could change them."
        )


def _refuse_further_integers(of: Written) -> None:
    """The study decides on commitments and tickets alone, and knows no other whole number."""
    families = {of.program.columns[at][0] for at in np.flatnonzero(of.program.integer)}
    if further := sorted(families - set(DECISIONS)):
        words = "should have no other integer decisions than commitments and tickets of funders"
        raise InputError([Problem("alternatives", "", "case", ", ".join(further), words)])


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
    near: NearOptimalSet, packed: Packed, case: Case, plans: int, distance: int, runner: Runner
) -> list[Result]:
    """Plans by distance, the best first, until one is above the limit or better than the best."""
    best = near.best
    found = [best]
    while len(found) < plans and not runner.stopped:
        others = [sorted(result["decision"]) for result in found]
        known = [
            plan
            for has, plan in near.plans.items()
            if all(len(has.symmetric_difference(other)) >= distance for other in others)
        ]
        known.sort(key=lambda plan: (plan["value"], sorted(plan["decision"])))
        start = start_of(known[0]) if known else None
        job = task(distant, packed, case, others=others, distance=distance, start=start)
        result = runner.run([job], "distinct plans")[0]
        if result is None or "value" not in result:
            break
        found.append(result)
        near.see(result)
        if near.best is not best or result["value"] > near.limit:
            break
    return found


def _decide(near: NearOptimalSet, packed: Packed, case: Case, runner: Runner) -> None:
    """Decides every project, with the fastest methods first."""
    start = start_of(near.best)

    def bounded(regions: Sequence[Region]) -> None:
        shared = near.known_to_tasks(start)
        beyond, apart = bounds_in(regions, packed, case, near.open(), shared, runner)
        for place, bound in beyond.items():
            near.prove(place, bound, "proof by relaxation")
        near.apart |= apart

    bounded([Region((), -math.inf)])
    places = [list(place) for place in near.open()]
    jobs = [
        task(neighbours, packed, case, places=places[at : at + WAVE], limit=near.limit, start=start)
        for at in range(0, len(places), WAVE)
    ]
    for result in runner.run(jobs, "plans close to the best"):
        for plan in (result or {"found": ()})["found"]:
            near.see(plan)
    if near.open():
        enough = near.best["value"] - SHARE * near.room
        regions = grown(packed, case, near.settled(), near.limit, enough, runner)
        if not runner.stopped:
            lowest = min([near.best["value"], *(region.bound for region in regions)])
            near.bound = max(near.bound, lowest)
            bounded(regions)
    _repair(near, packed, case, start, runner)
    for now in _waves(near, runner):
        shared = near.known_to_tasks(start)
        jobs = [task(forced, packed, case, project=name, side=side, **shared) for name, side in now]
        for place, result in zip(now, runner.run(jobs, "one by one"), strict=True):
            near.see(result)
            if result is not None:
                least = math.inf if result["status"] == "infeasible" else result["least"]
                near.prove(place, -math.inf if least is None else least, "proof for this project")


def _repair(
    near: NearOptimalSet, packed: Packed, case: Case, start: Result, runner: Runner
) -> None:
    """Searches for plans close to the best one that follow the relaxation, once for each place."""
    for now in _waves(near, runner, lambda place: bool(near.apart.get(place))):
        shared = near.known_to_tasks(start) | {"enough": min(near.limit, near.floor)}
        jobs = [
            task(
                repaired,
                packed,
                case,
                project=name,
                side=side,
                apart=near.apart[name, side],
                **shared,
            )
            for name, side in now
        ]
        for result in runner.run(jobs, "plans close to the best"):
            near.see(result)


def _waves(
    near: NearOptimalSet, runner: Runner, fits: Callable[[Place], bool] = lambda _: True
) -> Iterator[list[Place]]:
    """The open places, a few at a time, those closest to the best plan first."""
    done: set[Place] = set()
    while not runner.stopped:
        todo = [place for place in near.open() if place not in done and fits(place)]
        now = sorted(todo, key=lambda place: (len(near.apart.get(place, ())), place))[:WAVE]
        if not now:
            return
        done.update(now)
        yield now


def _projects(question: Question, near: NearOptimalSet) -> list[dict[str, Any]]:
    rows = []
    for row in sorted(question.tables.projects, key=lambda row: row.project):
        name, verdict = row.project, near.verdict(row.project)
        costs = {side: near.cheapest.get((name, side)) for side in SIDES}
        ruled_out: Place = (name, "out" if verdict == "must-build" else "in")
        method = near.least.get(ruled_out, (0.0, ""))[1]
        certain = verdict in ("must-build", "never-build")
        if verdict == "interchangeable":
            method = "plans found"
            certain = all(cost <= near.floor for cost in costs.values() if cost is not None)
        rows.append(
            {
                "project": name,
                "name": row.name,
                "region": row.region,
                "in_best": name in near.best["decision"],
                "verdict": verdict,
                "certain": certain,
                "cost_with_usd_m": costs["in"],
                "cost_without_usd_m": costs["out"],
                "decided_by": "" if verdict == "undecided" else method,
            }
        )
    return rows


def _plans(
    near: NearOptimalSet, found: Sequence[Result], labels: Sequence[str]
) -> list[dict[str, Any]]:
    first = near.best["decision"]
    return [
        {
            "plan": name,
            "objective_usd_m": result["value"],
            "bound_usd_m": result["bound"],
            "extra_usd_m": result["value"] - near.best["value"],
            "near_optimal": result["value"] <= near.limit,
            "projects": len(result["decision"]),
            **differences(first, result["decision"]),
        }
        for name, result in zip(labels, found, strict=True)
    ]
