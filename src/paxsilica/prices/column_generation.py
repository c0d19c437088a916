"""The program in which some projects are convex combinations of their points, and the generation of
points (Dantzig and Wolfe 1960)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.sparse import csc_matrix, csr_matrix, hstack, vstack

from paxsilica.case import Solver
from paxsilica.prices.duals import PriceError
from paxsilica.prices.project_subproblems import Private, outside
from paxsilica.solver import Array, Compiled, Outcome
from paxsilica.solver.persistent import Movement, PersistentProgram

MOST_ROUNDS = 500

SAME = 1e-10
"""Change of a cost, relative to the largest, below which the best choice of a project is
not computed again."""


class Master:
    """The convexified program: everything else as it is, one column for each point generated so
    far, and one convexity row for each convexified project."""

    def __init__(self, program: Compiled, joined: list[Private]) -> None:
        self.program, self.joined = program, joined
        self.matrix = outside(program, joined)
        columns = [problem.columns for problem in joined]
        rows = [problem.rows for problem in joined]
        self.rows = np.setdiff1d(
            np.arange(len(program.row_low)), np.concatenate(rows) if rows else []
        )
        self.columns = np.setdiff1d(
            np.arange(len(program.cost)), np.concatenate(columns) if columns else []
        )
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
        kept = vstack(
            [
                csr_matrix(self.matrix[self.rows][:, self.columns]),
                csr_matrix((means, len(self.columns))),
            ]
        )
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
            row_names=(
                *(program.row_names[row] for row in self.rows),
                *(("mean", problem.project) for problem in self.joined),
            ),
            columns=(
                *(program.columns[at] for at in self.columns),
                *(("point", at) for at in range(count)),
            ),
            column_of={},
        )

    def duals(self, outcome: Outcome) -> tuple[Array, Array]:
        """Duals by row of the whole program, zero where a row was left out; and those of the
        convexity rows."""
        assert outcome.row_duals is not None
        full = np.zeros(len(self.program.row_low))
        full[self.rows] = outcome.row_duals[: len(self.rows)]
        return full, outcome.row_duals[len(self.rows) :]

    def values(self, outcome: Outcome) -> Array:
        """Values by column of the whole program; of a convexified project the combination of its
        points."""
        assert outcome.values is not None
        full = np.zeros(len(self.program.cost))
        full[self.columns] = outcome.values[: len(self.columns)]
        for at, choice, weight in zip(
            self.of, self.choices, outcome.values[len(self.columns) :].tolist(), strict=False
        ):
            full[self.joined[at].columns] += weight * choice
        return full

    def here(self, movement: Movement) -> Movement:
        """A movement of sides and bounds of the whole program, none of a convexified project, as
        one of this program."""
        rows, columns = (
            np.searchsorted(self.rows, movement.rows),
            np.searchsorted(self.columns, movement.columns),
        )
        return replace(movement, rows=rows, columns=columns)


class Columns:
    """Column generation: at given prices, the best choice of each project becomes a column if its
    reduced cost is negative."""

    def __init__(self, master: Master, options: Solver) -> None:
        self.master, self.options = master, options.model_copy(update={"gap": 0.0})
        self.known: dict[int, tuple[Array, float, Array]] = {}
        self.rounds = 0

    def begin(self) -> None:
        """Loads the program with the present points into the solver."""
        self.lp = PersistentProgram(self.master.compiled(len(self.master.of)), self.options)

    def best(self, at: int, duals: Array) -> tuple[float, Array]:
        """The least cost of the project ``joined[at]`` at duals by row of the whole program, and
        the choice that has it."""
        problem = self.master.joined[at]
        cost = (
            self.master.program.cost[problem.columns]
            - self.master.matrix[:, problem.columns].T @ duals
        )
        last = self.known.get(at)
        if last is not None and float(np.abs(cost - last[0]).max(initial=0.0)) <= SAME * float(
            np.abs(cost).max(initial=0.0)
        ):
            return float(cost @ last[2]), last[2]
        self.known[at] = (cost, *problem.best(cost, self.options))
        return self.known[at][1:]

    def settle(self) -> Outcome | None:
        """Solves until no choice of any project has a negative reduced cost; ``None`` if no convex
        combination of the present points is feasible.

        Raises:
            PriceError: if it does not converge.
        """
        for _ in range(MOST_ROUNDS):
            self.rounds += 1
            outcome = self.lp.run()
            if outcome.row_duals is None or outcome.objective is None:
                return None
            duals, means = self.master.duals(outcome)
            count = len(self.master.of)
            for at in range(len(self.master.joined)):
                least, choice = self.best(at, duals)
                if least < means[at] - 1e-9 * max(1.0, abs(means[at])):
                    self.master.add(at, choice)
            if len(self.master.of) == count:
                return outcome
            self.lp.extend(self.master.compiled(len(self.master.of)))
        raise PriceError(f"hull prices did not converge in {MOST_ROUNDS} rounds")

    def duals_if_moved(self, movement: Movement) -> Array | None:
        """Duals of the rows of the master with sides and bounds moved away from where the program
        has them; ``None`` if that is infeasible."""
        self.lp.move(movement)
        outcome = self.settle()
        self.lp.move(movement.times(0.0))
        return None if outcome is None else outcome.row_duals
