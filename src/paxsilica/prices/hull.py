"""Convex-hull prices: the duals of the program with the choices of every project convexified,
and the uplift that these prices leave.

A project whose own rows already describe the hull stays in the program as it is. Every other
project is replaced by a convex combination of its points, which column generation adds as long as
one has a negative reduced cost (:mod:`paxsilica.prices.column_generation`).

**Left and right values.** The optimum of the convexified program is convex and piecewise linear in
its right-hand sides, so a hull price has a left and a right value like any dual, over all points of
the projects and not only those generated so far. Duals of the program with all points are duals of
the one with fewer, so a price that is unique in the latter is unique in the former. Left and right
values are computed with the side moved a little, which may need further points. Where no convex
combination of the points is feasible for the moved side, that price is left open.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Set
from dataclasses import dataclass, replace

import numpy as np

from paxsilica.case import Solver
from paxsilica.instance import Instance
from paxsilica.prices.column_generation import (
    Columns,
    Master,
    Subproblem,
    outside,
    project_subproblems,
)
from paxsilica.prices.duals import Duals, PriceError, dual_prices, proved
from paxsilica.prices.priced_items import Name, PricedItem
from paxsilica.prices.table import Price
from paxsilica.solver import Array, Compiled


@dataclass(frozen=True)
class Hull:
    """Hull prices.

    Attributes:
        duals: the convexified program as solved; its objective (USD million) bounds every plan.
        search: for further points of the projects.
        row_duals: by row of the program; zero for rows of one convexified project alone.
        values: of the columns: a convex combination of choices.
        uplift: by project, USD million: its gain at these prices from its best choice over that of
            the plan.
        rest: the same for operation, and for priced rows that the plan leaves slack.
        plan_objective: of the plan of which the uplift is.
        rounds: of column generation.
    """

    duals: Duals
    search: Columns
    objective: float
    row_duals: Array
    values: Array
    uplift: dict[str, float]
    rest: float
    plan_objective: float
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
        plan: values of its columns, feasible; the uplift is relative to this plan, and it starts
            column generation.
        options: of the solver.
        relaxed: duals of the rows of the LP relaxation, if they are known: a better start.
        every: whether to build the hull of every project from its points, also where its own rows
            are known to describe it.

    Raises:
        PriceError: if column generation does not converge, or if the duals fail their proof.
    """
    problems = project_subproblems(program)
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
    if outcome is None:
        raise PriceError("the convexified program is infeasible, so there are no prices")
    convexified = proved(search.lp, outcome, "the convexified program", complete=False)
    duals, _ = master.duals(outcome)
    place = {problem.project: at for at, problem in enumerate(joined)}

    def least(problem: Subproblem, cost: Array) -> float:
        at = place.get(problem.project)
        found = problem.best(cost, search.options) if at is None else search.best(at, duals)
        return found[0]

    uplift, rest = _uplift(program, problems, duals, plan, least)
    return Hull(
        duals=convexified,
        search=search,
        objective=convexified.objective,
        row_duals=duals,
        values=master.values(outcome),
        uplift=uplift,
        rest=rest,
        plan_objective=float(program.cost @ plan) + program.offset,
        rounds=search.rounds,
    )


@dataclass(frozen=True)
class Uplift:
    """Uplift by project and of everything else (``rest``), USD million."""

    uplift: dict[str, float]
    rest: float


def relaxation_is_hull(program: Compiled) -> bool:
    """Whether the own rows of every project describe its convex hull. Then the LP-relaxation duals
    are the hull prices (Geoffrion 1974)."""
    return all(problem.integral for problem in project_subproblems(program))


def uplift_of_relaxation(program: Compiled, plan: Array, options: Solver, duals: Array) -> Uplift:
    """The uplift at the duals of the relaxation, where it is the hull."""
    exact = options.model_copy(update={"gap": 0.0})
    problems = project_subproblems(program)
    return Uplift(
        *_uplift(program, problems, duals, plan, lambda one, cost: one.best(cost, exact)[0])
    )


def priced(hull: Hull, items: Iterable[PricedItem], two_sided: Set[Name]) -> Iterator[Price]:
    """The hull price of each item of the whole program."""
    # left and right values of coverage take seconds each, and there are hundreds
    here = [
        replace(
            item,
            movement=hull.search.master.here(item.movement),
            two_sided=item.two_sided and item.what in ("budget", "envelope"),
        )
        for item in items
    ]
    yield from dual_prices(hull.duals, here, "hull", two_sided, hull.search)


def _uplift(
    program: Compiled,
    problems: list[Subproblem],
    duals: Array,
    plan: Array,
    best: Callable[[Subproblem, Array], float],
) -> tuple[dict[str, float], float]:
    """The gain of each project at the prices from its best choice, and that of everything else.
    ``best`` is the least cost of a project at given costs of its columns.

    With ``r = cost - duals x matrix`` over shared rows, the plan costs ``r x plan + duals x
    (matrix x plan)``; the hull costs the least of ``r x`` plus duals times sides. So the parts
    add up to the distance between plan and hull, and each is at least zero.
    """
    matrix = outside(program, problems)
    own = np.zeros(len(program.row_low), dtype=bool)
    inside = np.zeros(len(program.cost), dtype=bool)
    for problem in problems:
        own[problem.rows] = True
        inside[problem.columns] = True
    reduced = program.cost - matrix.T @ duals
    uplift = {}
    for problem in problems:
        cost = reduced[problem.columns]
        least = best(problem, cost)
        uplift[problem.project] = max(0.0, float(cost @ plan[problem.columns]) - least)
    rest = 0.0
    for dual, at, low, high in (
        (reduced[~inside], plan[~inside], program.low[~inside], program.high[~inside]),
        (duals[~own], (program.matrix @ plan)[~own], program.row_low[~own], program.row_high[~own]),
    ):
        active = np.where(dual > 0, low, high)
        finite = np.isfinite(active)
        rest += float(dual[finite] @ (at[finite] - active[finite]))
    return uplift, max(0.0, rest)


def uplift_prices(instance: Instance, hull: Hull | Uplift) -> Iterator[Price]:
    """The uplift of each project, and that of everything else, as rows of the table of prices."""
    rows = [
        (
            project,
            value,
            f"At the hull prices {project} alone would gain from a choice other than the plan's",
        )
        for project, value in hull.uplift.items()
        if value > 1e-6 and project in instance.candidates
    ]
    rows += [
        (
            "operation",
            hull.rest,
            "At the hull prices another operation would cost less, or money that has a price is"
            " unused",
        ),
        (
            "all",
            sum(hull.uplift.values()) + hull.rest,
            "The distance of the plan from the hull, which no prices can remove",
        ),
    ]
    for where, value, why in rows:
        meaning = (
            f"{why}: the side payment that would compensate for it, USD million of the objective;"
            " zero: the prices alone support the plan."
        )
        known = (value, value, value, "USD million", meaning)
        yield Price("uplift", where, None, "hull", *known, stake_usd_m=abs(value))
