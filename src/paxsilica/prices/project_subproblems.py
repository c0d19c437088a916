"""Each project's problem of its own: its columns, the rows that hold none but them, and whether
relaxing them loses anything.

Convex-hull prices let every project choose from the convex hull of what it may do (dates, size, who
pays) and keep all other rows. By Geoffrion (1974) they are the duals of that program, and equal
those of the LP relaxation if the projects' own rows already describe the hull (the integrality
property). They do in two cases:

* **No ticket and no largest share of a funder.** With ``d[v] = y[v] - y[v-1]``, the cumulative
  decisions ``y`` are non-negative steps ``d`` that add up to at most one (exactly one if the
  project is required), so ``y`` is a mean of the plans "commit in v" with weights ``d[v]``, and of
  "never" with the rest. If the size is set at the commitment, ``e[v] - e[v-1] <= room * d[v]``
  gives each of them the size ``(e[v] - e[v-1]) / d[v]``, which is within its limits. If it may grow
  later, ``e / room <= y`` with both monotone is a system of differences of two variables: its
  matrix is totally unimodular and its vertices are whole. Either way the capital due in a year is
  the same mean of what is due in each of these plans, all of it non-negative, so splitting each
  payment in proportion to what is due pays every one of them exactly.
* **A single whole decision.** With one binary ``y``, no ticket, and everything else zero at ``y =
  0`` (sizes are bounded by it, payments add up to what is due), each point with ``y > 0`` is ``y``
  times a point at ``y = 1``: the rows are a cone cut off at ``y = 1``.

A largest share bounds a funder's payments over all years against capital that is a mean over
commitment years; in proportion the split may then break it in one of the plans although it holds on
average. So several commitment years with a largest share lose the property, as do smallest tickets,
and for such projects the hull is built from its points.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csc_matrix

from paxsilica.case import Solver
from paxsilica.errors import PaxSilicaError
from paxsilica.model.funding import funder_largest_share
from paxsilica.model.registry import rows_with
from paxsilica.solver import Array, Compiled, solve
from paxsilica.solver.persistent import Rows

COLUMNS = {"committed": 0, "added_size": 0, "payment": 1, "ticket": 1}
"""Families of columns that belong to a project, with the place of its name in the index."""


@dataclass(frozen=True)
class Private:
    """A project's own problem.

    Attributes:
        columns: of the whole program, in the order of the own one.
        rows: own rows, as positions in the whole program.
        program: own rows and columns.
        integral: whether the LP relaxation of the own rows is the convex hull.
    """

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
                f"the own problem of {self.project} is {outcome.status}; please report this"
            )
        return outcome.bound if self.program.integer.any() else outcome.objective, outcome.values


def private_problems(program: Compiled) -> list[Private]:
    """The own problem of every project of ``program``, by name."""
    owner: dict[int, str] = {}
    columns: dict[str, list[int]] = defaultdict(list)
    tickets, shares = set(), set()
    for at, (family, index) in enumerate(program.columns):
        if family in COLUMNS:
            project = index[COLUMNS[family]]
            owner[at] = project
            columns[project].append(at)
            if family == "ticket":
                tickets.add(project)
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
        mine, own = (
            np.array(columns[project], dtype=np.intp),
            np.array(rows[project], dtype=np.intp),
        )
        single = int(program.integer[mine].sum()) == 1
        part = Compiled(
            cost=program.cost[mine],
            offset=0.0,
            matrix=matrix[own][:, mine].tocsr(),
            row_low=program.row_low[own],
            row_high=program.row_high[own],
            low=program.low[mine],
            high=program.high[mine],
            integer=program.integer[mine],
            row_names=tuple(program.row_names[row] for row in own),
            columns=tuple(program.columns[column] for column in mine),
            column_of={},
        )
        found.append(
            Private(
                project,
                mine,
                own,
                part,
                project not in tickets and (single or project not in shares),
            )
        )
    return found


def outside(program: Compiled, problems: list[Private]) -> csc_matrix:
    """The matrix with the own rows of ``problems`` emptied: what their columns mean to everybody
    else."""
    kept = np.ones(len(program.row_low))
    for problem in problems:
        kept[problem.rows] = 0.0
    return csc_matrix(program.matrix.multiply(kept[:, None]))
