"""Convex-hull prices: the duals with every project's choices convexified, and the uplift that they
leave.

Projects whose own rows are the hull already (:mod:`paxsilica.prices.project_subproblems`) stay in
the program as they are. Every other project is replaced by a mean of its points, of which as many
are made as the prices ask for (:mod:`paxsilica.prices.column_generation`). When no project knows a
choice that pays, the duals are the hull prices.

**Both sides.** The optimum of the convexified program is convex and piecewise linear in the sides
of its rows, so hull prices have two sides like those of any linear program, over all points of the
projects and not only those made so far. Duals of the program with all points are duals of the one
with fewer, so a price that is unique in the latter is unique in the former. Others are found with
the side moved a little, which may call for further points. Where no means of the points there are
fits the moved side, that price is left open.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass, replace

import numpy as np

from paxsilica.case import Solver
from paxsilica.instance import Instance
from paxsilica.prices.column_generation import Columns, Master
from paxsilica.prices.duals import Duals, PriceError, Proof, dual_prices, prove
from paxsilica.prices.priced_items import Name, Subject
from paxsilica.prices.project_subproblems import Private, outside, private_problems
from paxsilica.prices.table import Price
from paxsilica.solver import Array, Compiled


@dataclass(frozen=True)
class Hull:
    """Hull prices.

    Attributes:
        duals: the convexified program as solved.
        search: for further points of the projects.
        objective: of the convexified program, USD million: no plan is below it.
        row_duals, column_duals: by row and column of the program; zero for rows that belong to one
            convexified project alone.
        values: of the columns: a mean of choices.
        uplift: by project, USD million: what it would gain at these prices by its best choice over
            that of the plan.
        rest: the same for everything that is no project's own: operation at these prices, and rows
            that the plan leaves slack.
        plan_objective: of the plan that the uplift is of.
        rounds: how often projects were asked.
    """

    duals: Duals
    search: Columns
    objective: float
    row_duals: Array
    column_duals: Array
    values: Array
    uplift: dict[str, float]
    rest: float
    plan_objective: float
    proof: Proof
    rounds: int


def hull_prices(
    program: Compiled,
    plan: Array,
    options: Solver,
    relaxed: Array | None = None,
    *,
    every: bool = False,
) -> Hull:
    """Hull prices of ``program``.

    Args:
        program: the mixed-integer program.
        plan: values of its columns, feasible; the uplift is against this plan, and it starts the
            search.
        options: of the solver.
        relaxed: duals of the rows of the LP relaxation, if they are known: a better start.
        every: whether to build the hull of every project from its points, also where its own rows
            are known to be the hull.

    Raises:
        PriceError: if the prices do not come to rest, or fail their proof.
    """
    problems = private_problems(program)
    joined = [problem for problem in problems if every or not problem.integral]
    master = Master(program, joined)
    search = Columns(master, options)
    for at, problem in enumerate(joined):
        master.add(at, plan[problem.columns])
        master.add(at, problem.best(np.ones(len(problem.columns)), search.options)[1])
        if relaxed is not None:
            master.add(at, search.best(at, relaxed)[1])
    search.begin()
    outcome = search.settle()
    if outcome is None or outcome.objective is None:
        raise PriceError(
            "the convexified program has no solution, so that there are no hull prices to tell"
        )
    proof = prove(search.standby.program, outcome)
    if not proof.holds:
        raise PriceError(
            f"the duals of the convexified program fail their proof ({proof.errors()}); no prices"
            " are told"
        )
    duals, _ = master.duals(outcome)
    uplift, rest = _uplift(program, problems, duals, plan, search)
    return Hull(
        duals=Duals(
            search.standby.program,
            search.standby,
            search.standby.corner(outcome),
            proof,
            whole=False,
        ),
        search=search,
        objective=outcome.objective,
        row_duals=duals,
        column_duals=program.cost - master.matrix.T @ duals,
        values=master.values(outcome),
        uplift=uplift,
        rest=rest,
        plan_objective=float(program.cost @ plan) + program.offset,
        proof=proof,
        rounds=search.rounds,
    )


def priced(hull: Hull, subjects: Iterable[Subject], sides: Set[Name]) -> Iterator[Price]:
    """The hull price of each subject, which is one of the whole program."""
    # a side of coverage takes seconds, and there are hundreds
    here = [
        replace(
            subject,
            movement=hull.search.master.here(subject.movement),
            examined=subject.examined and subject.what in ("budget", "envelope"),
        )
        for subject in subjects
    ]
    yield from dual_prices(hull.duals, here, "hull", sides, hull.search)


def _uplift(
    program: Compiled, problems: list[Private], duals: Array, plan: Array, search: Columns
) -> tuple[dict[str, float], float]:
    """What each project would gain at the prices by its best choice; and the same for all that is
    no project's own.

    With ``r = cost - duals x matrix`` over the rows that are nobody's own, the plan costs ``r x
    plan + duals x (matrix x plan)``, and the hull costs the least of ``r x`` over each project's
    choices and the bounds of the rest, plus duals times sides. So the parts add up to the distance
    between plan and hull, and each is at least zero.
    """
    matrix = outside(program, problems)
    own = np.zeros(len(program.row_low), dtype=bool)
    inside = np.zeros(len(program.cost), dtype=bool)
    for problem in problems:
        own[problem.rows] = True
        inside[problem.columns] = True
    reduced = program.cost - matrix.T @ duals
    place = {problem.project: at for at, problem in enumerate(search.master.joined)}
    uplift = {}
    for problem in problems:
        cost, joined = reduced[problem.columns], place.get(problem.project)
        least = (
            problem.best(cost, search.options)[0]
            if joined is None
            else search.best(joined, duals)[0]
        )
        uplift[problem.project] = max(0.0, float(cost @ plan[problem.columns]) - least)
    rest = 0.0
    for dual, at, low, high in (
        (reduced[~inside], plan[~inside], program.low[~inside], program.high[~inside]),
        (duals[~own], (program.matrix @ plan)[~own], program.row_low[~own], program.row_high[~own]),
    ):
        leaning = np.where(dual > 0, low, high)
        held = np.isfinite(leaning)
        rest += float(dual[held] @ (at[held] - leaning[held]))
    return uplift, max(0.0, rest)


def uplift_prices(instance: Instance, hull: Hull) -> Iterator[Price]:
    """The uplift of each project, and of all that is no project's own, as rows of the table of
    prices."""
    plan = set(instance.candidates)
    for project, value in hull.uplift.items():
        if value > 1e-6 and project in plan:
            yield _uplift_price(
                project,
                value,
                f"Left to itself at the hull prices, {project} would rather do otherwise than the"
                " plan says",
            )
    yield _uplift_price(
        "operation",
        hull.rest,
        "At the hull prices operation would rather run otherwise, or money lies idle that has a"
        " price",
    )
    total = sum(hull.uplift.values()) + hull.rest
    yield _uplift_price(
        "all", total, "The plan's distance from the hull, which no prices can do away with"
    )


def _uplift_price(where: str, value: float, why: str) -> Price:
    meaning = (
        f"{why}: the side payment that would make up for it, USD million of the objective; zero:"
        " the prices alone support the plan."
    )
    return Price("uplift", where, None, "hull", value, value, value, "USD million", meaning)
