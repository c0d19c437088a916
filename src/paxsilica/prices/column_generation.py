"""Column generation (Dantzig and Wolfe 1960): the subproblem of each project, and the master
program in which some projects are convex combinations of their points.

Convex-hull prices let every project choose from the convex hull of its own choices (dates, size,
funders) and keep all other rows. By Geoffrion (1974) they are the duals of that program, and equal
those of the LP relaxation if the projects' own rows already describe the hull. They do for a
project without tickets and largest shares of funders, and for one with a single integer decision
and without tickets; ``models/PRICES.md`` has the proof. The hull of every other project is built
from its points.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import csc_matrix, csr_matrix, vstack

from paxsilica.case import Solver
from paxsilica.errors import PaxSilicaError
from paxsilica.model.funding import funder_largest_share
from paxsilica.model.registry import rows_with
from paxsilica.prices.duals import PriceError
from paxsilica.solver import Array, Compiled, Outcome, solve
from paxsilica.solver.persistent import Movement, PersistentProgram, Rows
from paxsilica.solver.resolve import NewColumn, extended

MOST_ROUNDS = 500

SAME = 1e-10
"""Change of a cost, relative to the largest, below which the best choice of a project is
not computed again."""

COLUMNS = {
    "committed": 0,
    "added_size": 0,
    "size_steps": 0,
    "size_beyond": 0,
    "size_reached": 0,
    "payment": 1,
    "ticket": 1,
}
"""Families of columns that belong to a project, with the place of its name in the index."""


@dataclass(frozen=True)
class Subproblem:
    """The subproblem of a project: its own columns, and the rows that hold no others (positions in
    the whole program). ``integral``: the LP relaxation of these rows describes the convex hull."""

    project: str
    columns: Rows
    rows: Rows
    program: Compiled
    integral: bool

    def best(self, cost: Array, options: Solver) -> tuple[float, Array]:
        """The least cost of the project at ``cost`` (by own column), and the choice that has it."""
        outcome = solve(self.program.minimising(cost), options)
        if outcome.values is None or outcome.objective is None:
            raise PaxSilicaError(
                f"the subproblem of {self.project} is {outcome.status}; please report this"
            )
        return outcome.bound if self.program.integer.any() else outcome.objective, outcome.values


def project_subproblems(program: Compiled) -> list[Subproblem]:
    """The subproblem of every project of ``program``, by name of the project."""
    owner = {
        at: index[COLUMNS[family]]
        for at, (family, index) in enumerate(program.columns)
        if family in COLUMNS
    }
    tickets = {owner[at] for at in program.positions("ticket").tolist()}
    columns: dict[str, list[int]] = defaultdict(list)
    for at, project in owner.items():
        columns[project].append(at)
    shares = set()
    rows: dict[str, list[int]] = defaultdict(list)
    matrix = program.matrix
    for row in program.rows_of(*rows_with(one_project=True)).tolist():
        inside = {
            owner.get(at)
            for at in matrix.indices[matrix.indptr[row] : matrix.indptr[row + 1]].tolist()
        }
        if len(inside) == 1 and (project := inside.pop()) is not None:
            rows[project].append(row)
            if program.row_names[row][0] == funder_largest_share.__name__:
                shares.add(project)
    found = []
    for project in sorted(columns):
        mine, own = (np.array(at, dtype=np.intp) for at in (columns[project], rows[project]))
        part = replace(program.part(own, mine), offset=0.0)
        convex = int(part.integer.sum()) == 1 or project not in shares
        whole = any(family in ("size_steps", "size_reached") for family, _ in part.columns)
        integral = convex and project not in tickets and not whole
        found.append(Subproblem(project, mine, own, part, integral))
    return found


def outside(program: Compiled, problems: list[Subproblem]) -> csc_matrix:
    """The matrix with the own rows of ``problems`` emptied: the entries of shared rows."""
    kept = np.ones(len(program.row_low))
    for problem in problems:
        kept[problem.rows] = 0.0
    return csc_matrix(program.matrix.multiply(kept[:, None]))


class Master:
    """The convexified program: a column for each point, a convexity row for each project."""

    def __init__(self, program: Compiled, joined: list[Subproblem]) -> None:
        self.program, self.joined = program, joined
        self.matrix = outside(program, joined)
        self.rows, self.columns = (
            np.setdiff1d(np.arange(count), [at for part in parts for at in part])
            for count, parts in (
                (len(program.row_low), [problem.rows for problem in joined]),
                (len(program.cost), [problem.columns for problem in joined]),
            )
        )
        base = replace(program, matrix=csr_matrix(self.matrix)).part(self.rows, self.columns)
        convexity = np.ones(len(joined))
        self.base = replace(
            base,
            matrix=csr_matrix(vstack([base.matrix, csr_matrix((len(joined), len(self.columns)))])),
            row_low=np.append(base.row_low, convexity),
            row_high=np.append(base.row_high, convexity),
            integer=np.zeros(len(self.columns), dtype=bool),
            row_names=(*base.row_names, *(("convexity", problem.project) for problem in joined)),
        )
        self.shapes = [self.matrix[:, problem.columns][self.rows] for problem in joined]
        self.choices: list[tuple[int, Array]] = []
        self.points: list[NewColumn] = []

    def add(self, at: int, choice: Array) -> None:
        """One more point of the project ``joined[at]``."""
        shared = self.shapes[at] @ choice
        entries = {int(row): float(shared[row]) for row in np.flatnonzero(shared)}
        entries[len(self.rows) + at] = 1.0
        cost = float(self.program.cost[self.joined[at].columns] @ choice)
        self.choices.append((at, choice))
        self.points.append(NewColumn(("point", len(self.points)), entries, cost))

    def compiled(self) -> Compiled:
        """The program with the points generated so far."""
        return extended(self.base, self.points)

    def duals(self, outcome: Outcome) -> tuple[Array, Array]:
        """Duals by row of the whole program (zero where left out), and of the convexity rows."""
        assert outcome.row_duals is not None
        full = np.zeros(len(self.program.row_low))
        full[self.rows] = outcome.row_duals[: len(self.rows)]
        return full, outcome.row_duals[len(self.rows) :]

    def values(self, outcome: Outcome) -> Array:
        """Values by column of the whole program; points are combined."""
        assert outcome.values is not None
        full = np.zeros(len(self.program.cost))
        full[self.columns] = outcome.values[: len(self.columns)]
        weights = outcome.values[len(self.columns) :].tolist()
        for (at, choice), weight in zip(self.choices, weights, strict=False):
            full[self.joined[at].columns] += weight * choice
        return full

    def here(self, movement: Movement) -> Movement:
        """A movement of the whole program, not of a convexified project, in this program."""
        return replace(
            movement,
            rows=np.searchsorted(self.rows, movement.rows),
            columns=np.searchsorted(self.columns, movement.columns),
        )


class Columns:
    """Column generation: best choices of projects with a negative reduced cost become columns."""

    def __init__(self, master: Master, options: Solver) -> None:
        self.master, self.options = master, options.model_copy(update={"gap": 0.0})
        self.known: dict[int, tuple[Array, float, Array]] = {}
        self.rounds = 0

    def begin(self) -> None:
        """Loads the program with the present points into the solver."""
        self.lp = PersistentProgram(self.master.compiled(), self.options)

    def best(self, at: int, duals: Array) -> tuple[float, Array]:
        """The least cost of the project ``joined[at]`` at duals of the rows, and its choice."""
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
            count = len(self.master.points)
            for at in range(len(self.master.joined)):
                least, choice = self.best(at, duals)
                if least < means[at] - 1e-9 * max(1.0, abs(means[at])):
                    self.master.add(at, choice)
            if len(self.master.points) == count:
                return outcome
            self.lp.extend(self.master.compiled())
        raise PriceError(f"hull prices did not converge in {MOST_ROUNDS} rounds")

    def duals_if_moved(self, movement: Movement) -> Array | None:
        """Duals of the rows of the moved master; ``None`` if that is infeasible."""
        self.lp.move(movement)
        outcome = self.settle()
        self.lp.move(movement.times(0.0))
        return None if outcome is None else outcome.row_duals
