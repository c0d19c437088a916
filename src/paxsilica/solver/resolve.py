"""Solving again: a model is written once and solved with other bounds, from a known plan. Every
answer carries the solver's gap."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_matrix, csr_matrix, hstack

from paxsilica.case import Case, Solver
from paxsilica.errors import InputError
from paxsilica.instance import Instance, make_instance
from paxsilica.model import COSTS, Model, build
from paxsilica.model.build import without_collection
from paxsilica.model.funding import programme_capital, programme_money
from paxsilica.solver.decomposition import chosen, decompose
from paxsilica.solver.decomposition_workers import ALONE, Resources
from paxsilica.solver.highs import Outcome, Progress, ProgressCallback, solve
from paxsilica.solver.program import Array, Compiled, compile_model
from paxsilica.solver.staged import solve_in_stages, suits
from paxsilica.tables import Tables

LOGGER = logging.getLogger(__name__)

NOISE = 1e-6
"""Share of an amount below which a difference is rounding of the solver and no finding."""

INTEGRALITY_TOL = 1e-9
"""The solver accepts an integer column that is a millionth away from an integer. A plan with a
larger violation than this is solved again with exact integers."""


Sign = Literal[-1, 0, 1]


@dataclass(frozen=True)
class Interval:
    """A number that is known to lie between ``low`` and ``high``. ``inf`` to ``inf``: there is no
    plan.

    >>> Interval(10.0, 12.0) - Interval(1.0, 2.0)
    Interval(low=8.0, high=11.0)
    """

    low: float
    high: float

    def __add__(self, other: Interval) -> Interval:
        return Interval(self.low + other.low, self.high + other.high)

    def __sub__(self, other: Interval) -> Interval:
        if self.low == math.inf and other.low != math.inf:
            return NOWHERE
        low = -math.inf if other.high == math.inf else self.low - other.high
        return Interval(low, math.inf if self.high == math.inf else self.high - other.low)

    def __truediv__(self, divisor: float) -> Interval:
        """The interval of the number divided by ``divisor``."""
        return Interval(*sorted((self.low / divisor, self.high / divisor)))

    def times(self, factor: float) -> Interval:
        """The interval of ``factor`` times the number."""
        ends = (self.low * factor, self.high * factor) if factor else (0.0, 0.0)
        return Interval(min(ends), max(ends))

    @property
    def middle(self) -> float:
        """The middle, or the end that is finite."""
        if math.isinf(self.low) or math.isinf(self.high):
            return self.low if math.isinf(self.high) else self.high
        return (self.low + self.high) / 2

    @property
    def exists(self) -> bool:
        """Whether the number may exist: its plan is not proved impossible."""
        return not (self.low == math.inf and self.high == math.inf)

    def sign(self, noise: float = 0.0) -> Sign:
        """1 if surely above ``noise``, -1 if surely below minus it, 0 if the gap leaves it open."""
        return 1 if self.low > noise else -1 if self.high < -noise else 0


NOWHERE = Interval(math.inf, math.inf)
"""The value of a problem that has no plan."""


DECISIONS = ("committed", "ticket")
"""Families of integer columns that every plan lists."""


@dataclass(frozen=True)
class Known:
    """The decisions of a plan by name: year of commitment by project, the tickets taken as
    (funder, project), and the values of other integer columns by family and index, where they are
    known. The search of another program can start from them."""

    committed: Mapping[str, int] = field(default_factory=dict)
    tickets: frozenset[tuple[str, str]] = frozenset()
    others: Mapping[tuple[str, Any], float] = field(default_factory=dict)

    def values(self, program: Compiled) -> Array:
        """The same decisions as integer columns of ``program``."""
        found = np.zeros(len(program.cost))
        for at in np.flatnonzero(program.integer):
            family, index = program.columns[at]
            if family == "committed":
                found[at] = float(self.committed.get(index[0], math.inf) <= index[1])
            elif family == "ticket":
                found[at] = float(index in self.tickets)
            else:
                found[at] = self.others.get((family, index), 0.0)
        return np.clip(found, program.low, program.high)

    def fixed(self, program: Compiled) -> Compiled:
        """``program`` with its integer columns fixed at these decisions; what is not known of
        them is left free."""
        integer = np.flatnonzero(program.integer)
        at = integer[[self._knows(program.columns[one]) for one in integer]]
        return program.fixed(at, self.values(program)[at])

    def _knows(self, column: tuple[str, Any]) -> bool:
        return column[0] in DECISIONS or column in self.others

    @classmethod
    def of(cls, program: Compiled, values: Array) -> Known:
        """The decisions in ``values`` of the columns of ``program``."""
        committed: dict[str, int] = {}
        tickets = set()
        for at in np.flatnonzero(values[: len(program.cost)] > 0.5):
            family, index = program.columns[at]
            if family == "committed":
                committed[index[0]] = min(index[1], committed.get(index[0], index[1]))
            elif family == "ticket":
                tickets.add(index)
        others = {
            program.columns[at]: float(round(values[at]))
            for at in np.flatnonzero(program.integer)
            if program.columns[at][0] not in DECISIONS
        }
        return cls(committed, frozenset(tickets), others)


@dataclass(frozen=True)
class Written:
    """A model in the form in which the solver sees it, with the terms of its cost.

    Attributes:
        costs: each term as (coefficients by column, constant).
        public_capital: coefficients of the capital that funders pay, undiscounted, USD million.
        public_money: coefficients of what the budget limits, undiscounted, USD million: the same
            and, unless the budget covers capital alone, operating support.
    """

    tables: Tables
    case: Case
    instance: Instance
    program: Compiled
    costs: Mapping[str, tuple[Array, float]]
    public_capital: Array
    public_money: Array

    @cached_property
    def total(self) -> Array:
        """Coefficients of all cost together."""
        return np.asarray(np.sum([vector for vector, _ in self.costs.values()], axis=0))

    @property
    def offset(self) -> float:
        """Constant part of all cost."""
        return sum(constant for _, constant in self.costs.values())

    @property
    def real_cost(self) -> tuple[Array, float]:
        """Coefficients and constant of all cost without the preferences of funders."""
        parts = [part for name, part in self.costs.items() if not COSTS[name].preference]
        vector = np.asarray(np.sum([vector for vector, _ in parts], axis=0))
        return vector, sum(constant for _, constant in parts)

    def rows_where(self, family: str, fits: Callable[[Any], bool]) -> NDArray[np.intp]:
        """Positions of the rows of a family whose index fits."""
        return np.array(
            [at for at in self.program.rows_of(family) if fits(self.program.row_names[at][1])],
            dtype=np.intp,
        )

    def term_values(self, values: Array) -> dict[str, float]:
        """Each term of cost in USD million at ``values``."""
        costs = self.costs.items()
        return {name: float(vector @ values) + constant for name, (vector, constant) in costs}


_last: list[Written] = []


def write(tables: Tables, case: Case) -> Written:
    """The model of ``case`` on ``tables``. The last one is kept, because tasks of a study mostly
    share it.

    Raises:
        InputError: if tables and case do not make an instance.
    """
    for known in _last:
        if known.tables is tables and known.case == case:
            return known
    with without_collection():
        _last[:] = [written(build(make_instance(tables, case)), tables, case)]
    return _last[0]


def written(model: Model, tables: Tables, case: Case) -> Written:
    """The model of ``case`` on ``tables``, which may hold further rows of a user."""
    program = compile_model(model)

    def vector(terms: Iterable[tuple[float, Any]]) -> Array:
        # a variable that stands in no row and costs nothing in this objective is not in the program
        there = [(amount, var) for amount, var in terms if id(var) in program.column_of]
        return program.vector(there)

    costs = {name: (vector(part.terms), part.constant) for name, part in model.costs.items()}
    capital = vector(programme_capital(model, model.instance))
    money = vector(programme_money(model, model.instance))
    return Written(tables, case, model.instance, program, costs, capital, money)


@dataclass(frozen=True)
class Answer:
    """The result of a search. ``value`` holds the optimum between bound and plan."""

    outcome: Outcome
    value: Interval

    @property
    def values(self) -> Array | None:
        """The plan, by column."""
        return self.outcome.values

    @property
    def status(self) -> str:
        """Status of the solver's outcome."""
        return self.outcome.status


def search(
    program: Compiled,
    options: Solver,
    start: Known | Array | None = None,
    cutoff: Callable[[Interval], bool] | None = None,
    on_progress: ProgressCallback | None = None,
    *,
    interruptible: bool = False,
    for_plan: bool = False,
    resources: Resources = ALONE,
) -> Answer:
    """Solves ``program``, from a known plan if there is one; a large one in stages.

    Args:
        program, options: as for :func:`~paxsilica.solver.highs.solve`.
        start: a plan to start from, by name or by column.
        cutoff: called with what is known after each progress; the search ends when it returns true.
        on_progress: called with every progress of the search.
        interruptible: whether Ctrl-C ends this search with its best plan, and not all the work.
        for_plan: whether the outcome is read as a plan: a program without columns is solved, and
            not refused, and a search in stages keeps the optimum of its relaxation.
        resources: where a decomposition runs its subproblems and keeps its cuts.

    Raises:
        InputError: if there is nothing to decide, or if the model is unbounded.
        KeyboardInterrupt: on Ctrl-C, unless the search is interruptible.
    """
    if not len(program.cost) and not for_plan:
        raise InputError(
            "nothing can be decided: the tables hold neither assets nor projects that could run in"
            " the years of the case"
        )
    reported = Interval(-math.inf, math.inf)

    def note(now: Progress) -> None:
        nonlocal reported
        reported = Interval(now.bound, now.incumbent)
        if on_progress is not None:
            on_progress(now)

    method = chosen(program, options)
    LOGGER.info("search: %s", method)
    found = start.values(program) if isinstance(start, Known) else start
    enough = None if cutoff is None else lambda: cutoff(reported)
    if method in ("decomposition", "rounding"):
        outcome = decompose(program, options, note, found, enough, resources)
    elif suits(program):
        outcome = solve_in_stages(program, options, note, found, enough, keep_vertex=for_plan)
    else:
        outcome = solve(program, options, note, found, enough)
    if outcome.interrupted and not interruptible:
        raise KeyboardInterrupt
    if outcome.status == "unbounded":
        raise InputError(
            "the model is unbounded: look for a negative cost without a capacity, a largest"
            " shipment or a limit that bounds it"
        )
    if outcome.status == "infeasible":
        return Answer(outcome, NOWHERE)
    low = outcome.bound if math.isfinite(outcome.bound) else -math.inf
    high = math.inf if outcome.objective is None else outcome.objective
    return Answer(outcome, Interval(low, high))


def with_exact_integers(program: Compiled, values: Array, options: Solver) -> Outcome:
    """Solves ``program`` with its integer columns fixed at those of ``values``, rounded; an LP."""
    at = np.flatnonzero(program.integer)
    return search(program.fixed(at, np.round(values[at])), options).outcome


def reoptimise(program: Compiled, outcome: Outcome, options: Solver) -> Outcome:
    """The plan of ``outcome`` with the same, exact integer decisions and everything else at its
    optimum; ``outcome`` itself if it has no plan, is exact and closed, or has no such plan."""
    if outcome.values is None or outcome.objective is None:
        return outcome
    closed = outcome.objective - outcome.bound <= 1e-9 * max(1.0, abs(outcome.objective))
    if closed and outcome.integrality_violation <= INTEGRALITY_TOL:
        return outcome
    again = with_exact_integers(program, outcome.values, options)
    if again.values is None or again.objective is None:
        return outcome
    bound = min(outcome.bound, again.objective)
    return replace(outcome, values=again.values, objective=again.objective, bound=bound)


@dataclass(frozen=True)
class NewColumn:
    """A variable that a study adds to a program; ``entries`` are its coefficients by row."""

    name: tuple[str, Any]
    entries: Mapping[int, float]
    cost: float = 0.0
    low: float = 0.0
    high: float = math.inf
    integer: bool = False


def extended(program: Compiled, columns: list[NewColumn]) -> Compiled:
    """The program with further columns, after those it has."""
    rows = [row for column in columns for row in column.entries]
    data = [amount for column in columns for amount in column.entries.values()]
    at = [position for position, column in enumerate(columns) for _ in column.entries]
    more = csc_matrix((data, (rows, at)), shape=(len(program.row_low), len(columns)))
    return replace(
        program,
        matrix=csr_matrix(hstack([program.matrix, more])),
        cost=np.append(program.cost, [column.cost for column in columns]),
        low=np.append(program.low, [column.low for column in columns]),
        high=np.append(program.high, [column.high for column in columns]),
        integer=np.append(
            program.integer, np.array([column.integer for column in columns], dtype=bool)
        ),
        columns=(*program.columns, *(column.name for column in columns)),
    )


def changed(case: Case, **parts: Any) -> Case:
    """The case with some keys replaced, and checked again."""
    return Case.model_validate(case.model_dump() | parts)
