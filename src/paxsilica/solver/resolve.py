"""Solving again: a model written once and solved with other bounds, from a known plan, with answers
that carry the solver's gap."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_matrix, csr_matrix, hstack

from paxsilica.case import Case, Solver
from paxsilica.errors import InputError
from paxsilica.instance import Instance, make_instance
from paxsilica.model import build
from paxsilica.model.build import without_collection
from paxsilica.model.funding import programme_capital
from paxsilica.solver import Array, Compiled, Outcome, Progress, Values, compile_model, solve
from paxsilica.tables import Tables

NOISE = 1e-6
"""Share of an amount below which a difference is rounding of the solver and no finding."""


@dataclass(frozen=True)
class Interval:
    """All that is known of a number: it lies between ``low`` and ``high``. ``inf`` to ``inf``:
    there is no plan.

    >>> Interval(10.0, 12.0) - Interval(1.0, 2.0)
    Interval(low=8.0, high=11.0)
    """

    low: float
    high: float

    def __add__(self, other: Interval) -> Interval:
        return Interval(self.low + other.low, self.high + other.high)

    def __sub__(self, other: Interval) -> Interval:
        low = -math.inf if other.high == math.inf else self.low - other.high
        high = math.inf if self.high == math.inf else self.high - other.low
        return (
            Interval(math.inf, math.inf)
            if self.low == math.inf and other.low != math.inf
            else Interval(low, high)
        )

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
        """Whether the number is there at all (its plan is not proved impossible)."""
        return not (self.low == math.inf and self.high == math.inf)

    def sign(self, noise: float = 0.0) -> int:
        """1 if surely above ``noise``, -1 if surely below minus it, 0 if the gap leaves it open."""
        return 1 if self.low > noise else -1 if self.high < -noise else 0


NOWHERE = Interval(math.inf, math.inf)
"""The value of a problem that has no plan."""


@dataclass(frozen=True)
class Known:
    """What a plan decides, by name, so that it can start the search of another program: years of
    commitment and tickets taken."""

    committed: Mapping[str, int] = field(default_factory=dict)
    tickets: frozenset[tuple[str, str]] = frozenset()

    def values(self, program: Compiled) -> Array:
        """Integer decisions of ``program`` that say the same."""
        found = np.zeros(len(program.cost))
        for at in np.flatnonzero(program.integer):
            family, index = program.columns[at]
            if family == "committed":
                found[at] = float(self.committed.get(index[0], 9999) <= index[1])
            elif family == "ticket":
                found[at] = float(index in self.tickets)
        return np.clip(found, program.low, program.high)

    @classmethod
    def of(cls, program: Compiled, values: Array) -> Known:
        """The decisions in ``values``."""
        read = Values(program, values)
        years: dict[str, int] = {}
        for (project, year), value in read.of("committed").items():
            if value > 0.5:
                years[project] = min(year, years.get(project, year))
        return cls(
            years, frozenset(pair for pair, value in read.of("ticket").items() if value > 0.5)
        )


@dataclass(frozen=True)
class Written:
    """A model in the form in which the solver sees it, with the terms of its cost.

    Attributes:
        costs: each term as (coefficients by column, constant).
        public_capital: coefficients of the capital that funders pay, undiscounted, USD million.
    """

    tables: Tables
    case: Case
    instance: Instance
    program: Compiled
    costs: Mapping[str, tuple[Array, float]]
    public_capital: Array

    @cached_property
    def total(self) -> Array:
        """Coefficients of all cost together."""
        return np.asarray(np.sum([vector for vector, _ in self.costs.values()], axis=0))

    @property
    def offset(self) -> float:
        """Constant part of all cost."""
        return sum(constant for _, constant in self.costs.values())

    def rows_where(self, family: str, fits: Callable[[Any], bool]) -> NDArray[np.intp]:
        """Positions of the rows of a family whose index fits."""
        return np.array(
            [at for at in self.program.rows_of(family) if fits(self.program.row_names[at][1])],
            dtype=np.intp,
        )

    def term_values(self, values: Array) -> dict[str, float]:
        """Each term of cost in USD million at ``values``."""
        return {
            name: float(vector @ values) + constant
            for name, (vector, constant) in self.costs.items()
        }


def write(tables: Tables, case: Case) -> Written:
    """Joins tables and case and writes the model."""
    instance = make_instance(tables, case)
    with without_collection():
        model = build(instance)
        program = compile_model(model)

    def vector(terms: Iterable[tuple[float, Any]]) -> Array:
        # a variable that stands in no row and costs nothing in this objective is not in the program
        return program.vector(
            [(amount, var) for amount, var in terms if id(var) in program.column_of]
        )

    costs = {name: (vector(part.terms), part.constant) for name, part in model.costs.items()}
    return Written(
        tables, case, instance, program, costs, vector(programme_capital(model, instance))
    )


@dataclass(frozen=True)
class Answer:
    """What a re-solve gave. ``value`` holds the optimum between bound and plan; ``decided`` says
    that the search was cut short on purpose."""

    outcome: Outcome
    value: Interval

    @property
    def values(self) -> Array | None:
        """The plan, by column."""
        return self.outcome.values

    @property
    def status(self) -> str:
        """As the solver tells it."""
        return self.outcome.status


def search(
    program: Compiled,
    options: Solver,
    start: Known | Array | None = None,
    enough: Callable[[Interval], bool] | None = None,
) -> Answer:
    """Solves ``program`` from a known plan.

    Args:
        program: what to solve.
        options: how.
        start: a plan to start from, in its own names or by column.
        enough: asked with every progress; the search ends when what is known suffices.
    """
    if not len(program.cost):
        raise InputError(
            "nothing can be decided: the tables hold neither assets nor projects that could run in"
            " the years of the case"
        )
    reported = [Interval(-math.inf, math.inf)]

    def on_progress(now: Progress) -> None:
        reported[0] = Interval(now.bound, now.incumbent)

    def cutoff() -> bool:
        return enough is not None and enough(reported[0])

    point = start.values(program) if isinstance(start, Known) else start
    outcome = solve(
        program, options, on_progress if enough else None, point, cutoff if enough else None
    )
    if outcome.status == "unbounded":
        raise InputError(
            "some plan earns without limit: look for a negative cost without a capacity or a limit"
            " to hold it"
        )
    if outcome.status == "infeasible":
        return Answer(outcome, NOWHERE)
    low = outcome.bound if math.isfinite(outcome.bound) else -math.inf
    return Answer(
        outcome, Interval(low, math.inf if outcome.objective is None else outcome.objective)
    )


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
        integer=np.append(program.integer, [column.integer for column in columns]),
        columns=(*program.columns, *(column.name for column in columns)),
    )


def changed(case: Case, **parts: Any) -> Case:
    """The case with some keys replaced, checked anew."""
    return Case.model_validate(case.model_dump() | parts)
