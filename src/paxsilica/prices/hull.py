"""Convex-hull prices: the duals with every project's choices convexified, and the uplift that they leave.

Projects whose own rows are the hull already (:mod:`paxsilica.prices.private`) stay in the program as they are. Every other project is replaced by
a mean of its points, of which as many are made as the prices ask for (column generation, Dantzig and Wolfe 1960): given prices, each
project names its best choice; a choice that pays at these prices becomes a column. When none does, the duals are the hull prices.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csc_matrix, csr_matrix, hstack, vstack

from paxsilica.case import Solver
from paxsilica.instance import Instance
from paxsilica.prices.duals import PriceError, Proof, prove
from paxsilica.prices.private import Private, outside, private_problems
from paxsilica.prices.table import Price
from paxsilica.solve import Array, Compiled, Outcome
from paxsilica.solve.warm import WarmProgram

PRECISION = 1e-7
"""Distance of the hull from its bound at which the prices are taken as found, relative to the objective."""

MOST_ROUNDS = 500


@dataclass(frozen=True)
class Hull:
    """Hull prices.

    Attributes:
        objective: of the convexified program, USD million: no plan is below it.
        bound: what it is proved to be no less than.
        row_duals, column_duals: by row and column of the program; zero for rows that belong to one convexified project alone.
        values: of the columns: a mean of choices.
        uplift: by project, USD million: what it would gain at these prices by its best choice over that of the plan.
        rest: the same for everything that is no project's own: operation at these prices, and rows that the plan leaves slack.
        plan_objective: of the plan that the uplift is of.
        rounds: how often projects were asked.
    """

    objective: float
    bound: float
    row_duals: Array
    column_duals: Array
    values: Array
    uplift: dict[str, float]
    rest: float
    plan_objective: float
    proof: Proof
    rounds: int


class _Master:
    """The convexified program: all that is kept as it is, one column for each point made so far, and one row for each mean of points."""

    def __init__(self, program: Compiled, joined: list[Private]) -> None:
        self.program, self.joined = program, joined
        self.matrix = outside(program, joined)
        columns = [problem.columns for problem in joined]
        rows = [problem.rows for problem in joined]
        self.rows = np.setdiff1d(np.arange(len(program.row_low)), np.concatenate(rows) if rows else [])
        self.columns = np.setdiff1d(np.arange(len(program.cost)), np.concatenate(columns) if columns else [])
        self.shapes = [self.matrix[:, problem.columns][self.rows] for problem in joined]
        self.of: list[int] = []
        self.choices: list[Array] = []

    def add(self, at: int, choice: Array) -> None:
        """One more point of the project ``joined[at]``."""
        self.of.append(at)
        self.choices.append(choice)

    def points(self, first: int, last: int) -> tuple[Array, csc_matrix]:
        """Cost and matrix of some of the points."""
        cost, parts = [], [csc_matrix((len(self.rows) + len(self.joined), 0))]
        for at, choice in zip(self.of[first:last], self.choices[first:last], strict=True):
            cost.append(float(self.program.cost[self.joined[at].columns] @ choice))
            weight = csc_matrix(([1.0], ([at], [0])), shape=(len(self.joined), 1))
            parts.append(vstack([csc_matrix((self.shapes[at] @ choice)[:, None]), weight]))
        return np.array(cost), csc_matrix(hstack(parts))

    def compiled(self, count: int) -> Compiled:
        """The program with the first ``count`` points."""
        program, means = self.program, len(self.joined)
        kept = vstack([csr_matrix(self.matrix[self.rows][:, self.columns]), csr_matrix((means, len(self.columns)))])
        cost, points = self.points(0, count)
        return Compiled(
            cost=np.append(program.cost[self.columns], cost),
            offset=program.offset,
            matrix=csr_matrix(hstack([kept, points])),
            row_low=np.append(program.row_low[self.rows], np.ones(means)),
            row_high=np.append(program.row_high[self.rows], np.ones(means)),
            low=np.append(program.low[self.columns], np.zeros(count)),
            high=np.append(program.high[self.columns], np.full(count, np.inf)),
            integer=np.zeros(len(self.columns) + count, dtype=bool),
            row_names=(*(program.row_names[row] for row in self.rows), *(("mean", problem.project) for problem in self.joined)),
            columns=(*(program.columns[at] for at in self.columns), *(("point", at) for at in range(count))),
            column_of={},
        )

    def duals(self, outcome: Outcome) -> tuple[Array, Array]:
        """Duals by row of the whole program, zero where a row was left out; and those of the means."""
        assert outcome.row_duals is not None
        full = np.zeros(len(self.program.row_low))
        full[self.rows] = outcome.row_duals[: len(self.rows)]
        return full, outcome.row_duals[len(self.rows) :]

    def values(self, outcome: Outcome) -> Array:
        """Values by column of the whole program; of a convexified project the mean of its points."""
        assert outcome.values is not None
        full = np.zeros(len(self.program.cost))
        full[self.columns] = outcome.values[: len(self.columns)]
        for at, choice, weight in zip(self.of, self.choices, outcome.values[len(self.columns) :].tolist(), strict=False):
            full[self.joined[at].columns] += weight * choice
        return full


def hull_prices(program: Compiled, plan: Array, options: Solver, relaxed: Array | None = None, *, every: bool = False) -> Hull:
    """Hull prices of ``program``.

    Args:
        program: the mixed-integer program.
        plan: values of its columns, feasible; the uplift is against this plan, and it starts the search.
        options: of the solver.
        relaxed: duals of the rows of the LP relaxation, if they are known: a better start.
        every: whether to build the hull of every project from its points, also where its own rows are known to be the hull.

    Raises:
        PriceError: if the prices do not come to rest, or fail their proof.
    """
    exact = options.model_copy(update={"gap": 0.0})
    problems = private_problems(program)
    joined = [problem for problem in problems if every or not problem.integral]
    master = _Master(program, joined)

    def best(problem: Private, duals: Array) -> tuple[float, Array]:
        return problem.best(program.cost[problem.columns] - master.matrix[:, problem.columns].T @ duals, exact)

    for at, problem in enumerate(joined):
        master.add(at, plan[problem.columns])
        master.add(at, problem.best(np.ones(len(problem.columns)), exact)[1])
        if relaxed is not None:
            master.add(at, best(problem, relaxed)[1])
    count = len(master.of)
    warm = WarmProgram(master.compiled(count), options)
    bound = -np.inf
    rounds = 0
    while True:
        rounds += 1
        outcome = warm.run()
        if outcome.row_duals is None or outcome.objective is None:
            raise PriceError(f"the convexified program is {outcome.status}, so that there are no hull prices to tell")
        duals, means = master.duals(outcome)
        gain = 0.0
        for at, problem in enumerate(joined):
            least, choice = best(problem, duals)
            if least < means[at] - 1e-9 * max(1.0, abs(means[at])):
                gain += means[at] - least
                master.add(at, choice)
        bound = max(bound, outcome.objective - gain)
        if outcome.objective - bound <= PRECISION * max(1.0, abs(outcome.objective)):
            break
        if rounds == MOST_ROUNDS:
            raise PriceError(
                f"hull prices did not come to rest in {rounds} rounds; {outcome.objective - bound:g} USD million are left open"
            )
        warm.add_columns(*master.points(count, len(master.of)))
        count = len(master.of)
    proof = prove(master.compiled(count), outcome)
    if not proof.holds:
        raise PriceError(f"the duals of the convexified program fail their proof ({proof.errors()}); no prices are told")
    uplift, rest = _uplift(program, problems, duals, plan, exact)
    return Hull(
        objective=outcome.objective,
        bound=bound,
        row_duals=duals,
        column_duals=program.cost - master.matrix.T @ duals,
        values=master.values(outcome),
        uplift=uplift,
        rest=rest,
        plan_objective=float(program.cost @ plan) + program.offset,
        proof=proof,
        rounds=rounds,
    )


def _uplift(program: Compiled, problems: list[Private], duals: Array, plan: Array, options: Solver) -> tuple[dict[str, float], float]:
    """What each project would gain at the prices by its best choice; and the same for all that is no project's own.

    With ``r = cost - duals x matrix`` over the rows that are nobody's own, the plan costs ``r x plan + duals x (matrix x plan)``, and the hull costs
    the least of ``r x`` over each project's choices and the bounds of the rest, plus duals times sides. So the parts add up to the distance
    between plan and hull, and each is at least zero.
    """
    matrix = outside(program, problems)
    own = np.zeros(len(program.row_low), dtype=bool)
    inside = np.zeros(len(program.cost), dtype=bool)
    for problem in problems:
        own[problem.rows] = True
        inside[problem.columns] = True
    reduced = program.cost - matrix.T @ duals
    uplift = {
        problem.project: max(
            0.0, float(reduced[problem.columns] @ plan[problem.columns]) - problem.best(reduced[problem.columns], options)[0]
        )
        for problem in problems
    }
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
    """The uplift of each project, and of all that is no project's own, as rows of the table of prices."""
    plan = set(instance.candidates)
    for project, value in hull.uplift.items():
        if value > 1e-6 and project in plan:
            yield _uplift_price(
                project, value, f"Left to itself at the hull prices, {project} would rather do otherwise than the plan says"
            )
    yield _uplift_price(
        "operation", hull.rest, "At the hull prices operation would rather run otherwise, or money lies idle that has a price"
    )
    total = sum(hull.uplift.values()) + hull.rest
    yield _uplift_price("all", total, "The plan's distance from the hull, which no prices can do away with")


def _uplift_price(where: str, value: float, why: str) -> Price:
    meaning = f"{why}: the side payment that would make up for it, USD million of the objective; zero: the prices alone support the plan."
    return Price("uplift", where, None, "hull", value, value, value, "USD million", meaning)
