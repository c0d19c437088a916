"""Prices by solving again: how the optimum changes when something is moved by a step, as an
interval that carries the gaps of both searches."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from paxsilica.case import Case, Solver
from paxsilica.errors import InputError, Problem
from paxsilica.instance import Instance, make_instance
from paxsilica.model import build
from paxsilica.model.build import without_collection
from paxsilica.model.registry import row_with
from paxsilica.prices.priced_items import Subject, coverage, saved
from paxsilica.prices.table import Price, number
from paxsilica.solver import Array, Compiled, compile_model, solve
from paxsilica.tables import Tables

NOISE = 1e-12
"""Share of an objective that the digits of a number cannot tell from nothing."""


@dataclass(frozen=True)
class Solved:
    """What is known of an optimum: it lies between ``bound`` and ``objective``, infinite where
    there is no plan, or none is known.

    ``proved_empty`` tells the first from the second.
    """

    objective: float
    bound: float
    values: Array | None
    proved_empty: bool = False


def search(
    program: Compiled,
    options: Solver,
    start: Array | None = None,
    cutoff: Callable[[], bool] | None = None,
) -> Solved:
    """Solves a program again."""
    outcome = solve(program, options, start=start, cutoff=cutoff)
    if outcome.status == "infeasible":
        return Solved(math.inf, math.inf, None, True)
    bound = -math.inf if math.isnan(outcome.bound) else outcome.bound
    if outcome.values is None or outcome.objective is None:
        return Solved(math.inf, bound, None)
    return Solved(outcome.objective, min(bound, outcome.objective), outcome.values)


@dataclass(frozen=True)
class Change:
    """How far the optimum falls from one program to another: at least ``low``, at most ``high``,
    ``value`` between the plans found."""

    value: float
    low: float
    high: float

    @property
    def undecided(self) -> bool:
        """Whether the gaps leave the sign open; an interval that is zero and nothing else leaves
        nothing open."""
        return math.isnan(self.value) or (self.low <= 0.0 <= self.high and self.low < self.high)


def fall(before: Solved, after: Solved) -> Change:
    """By how much the optimum is lower after than before.

    >>> fall(Solved(100.0, 98.0, None), Solved(90.0, 89.0, None))
    Change(value=10.0, low=8.0, high=11.0)
    """

    def less(one: float, other: float, unknown: float) -> float:
        return unknown if math.isinf(one) and one == other else one - other

    value = less(before.objective, after.objective, math.nan)
    if abs(value) <= NOISE * max(1.0, abs(before.objective)):
        value = 0.0  # two searches that found the same plan
    return Change(
        value,
        less(before.bound, after.objective, -math.inf),
        less(before.objective, after.bound, math.inf),
    )


def ordered(worse: Solved, better: Solved) -> tuple[Solved, Solved]:
    """Two searches of which the second cannot have the higher optimum: its plan is no worse, and
    what no plan of it is below holds for both.

    >>> worse, better = ordered(Solved(100.0, 92.0, None), Solved(101.0, 97.0, None))
    >>> worse.bound, better.objective
    (97.0, 100.0)
    """
    objective, bound = min(worse.objective, better.objective), max(worse.bound, better.bound)
    return replace(worse, bound=min(bound, worse.objective)), replace(
        better, objective=objective, bound=min(better.bound, objective)
    )


def per(change: Change, step: float) -> Change:
    """The change for each unit of a step; a step down turns it round."""
    ends = sorted((change.low / step, change.high / step))
    return Change(change.value / step, *ends)


def decisions(
    columns: Mapping[tuple[str, Any], int], known: Mapping[tuple[str, Any], float]
) -> Array:
    """Values for the columns of a program from those of another, by name; zero for what the other
    had not."""
    values = np.zeros(len(columns))
    for name, value in known.items():
        if name in columns:
            values[columns[name]] = value
    return values


def written(tables: Tables, case: Case) -> tuple[Instance, Compiled]:
    """The program of a case."""
    instance = make_instance(tables, case)
    with without_collection():
        return instance, compile_model(build(instance))


@dataclass(frozen=True)
class Basis:
    """The case as it was solved: what every re-solve is compared with."""

    tables: Tables
    case: Case
    instance: Instance
    program: Compiled
    solved: Solved

    def known(self) -> dict[tuple[str, Any], float]:
        """Integer decisions of the plan by name."""
        assert self.solved.values is not None
        at = np.flatnonzero(self.program.integer).tolist()
        return {self.program.columns[column]: float(self.solved.values[column]) for column in at}


def refuse(key: str, value: str, why: str) -> InputError:
    """The error that says why a price that is asked for cannot be told."""
    return InputError([Problem("prices", "", key, value, why)])


def default_step(basis: Basis, limit: float) -> float:
    """By how much a sum of money is moved if nobody says: 5 % of it, but no less than the smallest
    project outside the plan would take.

    What is for sale comes in lumps: a step that pays for no whole project shows a price of zero
    whatever money is worth.
    """
    assert basis.solved.values is not None
    left_out = []
    for candidate in basis.instance.candidates.values():
        last = basis.program.column_at["committed", (candidate.name, candidate.window[-1])]
        if basis.solved.values[last] < 0.5:
            left_out.append((1 - candidate.sponsor_share) * min(candidate.capex.values()))
    return max(0.05 * limit, min((sum_ for sum_ in left_out if sum_ > 0), default=0.0)) or 1.0


def money_row(program: Compiled, what: str) -> tuple[int, str]:
    """The row of the budget (``budget``) or of a funder's envelope (its name), and its name in
    words.

    Raises:
        InputError: if there is no such limit.
    """
    if what == "budget":
        row = program.row_at.get((row_with(item="budget"), "programme"))
        if row is None:
            raise refuse(
                "resolve",
                what,
                "the case sets no budget; give it one, such as --set budget_usd_m=20000",
            )
        return row, "the programme's budget"
    envelope = row_with(item="envelope")
    row = program.row_at.get((envelope, what))
    if row is None:
        known = ", ".join(str(index) for family, index in program.row_names if family == envelope)
        raise refuse(
            "resolve",
            what,
            "should be budget, or a funder that takes part and has an envelope:"
            f" {known or 'there is none'}",
        )
    return row, f"the envelope of {what}"


def money_limit(basis: Basis, what: str, step: float | None = None) -> tuple[float, str]:
    """The budget or a funder's envelope, USD million, and its name in words.

    Raises:
        InputError: if there is no such limit, or if ``step`` does not move it or moves it below
            zero.
    """
    _refuse_without_envelope(basis, what)
    row, words = money_row(basis.program, what)
    limit = float(basis.program.row_high[row])
    if step is not None and (step == 0.0 or limit + step < 0.0):
        raise refuse(
            "step", f"{step:g}", f"must move {words} of {limit:g} USD million, and not below zero"
        )
    return limit, words


def _refuse_without_envelope(basis: Basis, what: str) -> None:
    """Says in the words of the case why a funder's envelope has no price."""
    funding = basis.instance.funding
    if (
        what == "budget"
        or funding is None
        or what not in {row.funder for row in basis.tables.funders}
    ):
        return
    if what not in funding.funders:
        raise refuse(
            "resolve",
            what,
            "does not pay in this case, so that its envelope has no price; its region's standing is"
            " not among those whose funders pay",
        )
    if math.isinf(funding.funders[what].envelope):
        raise refuse(
            "resolve",
            what,
            "has no envelope that could be moved; what it may pay in a year has a dual, the price"
            " of an annual limit",
        )
    if (row_with(item="envelope"), what) not in basis.program.row_at:
        raise refuse(
            "resolve", what, "fits no project of this case, so that more of its money buys nothing"
        )


def with_larger_envelope(basis: Basis, funder: str, envelope: float) -> Compiled:
    """The program with a funder's envelope as large as ``envelope`` (USD million delivered).

    It is written anew, for the envelope also decides which projects the funder can join. A smaller
    envelope is then had by the row alone.
    """
    assert basis.instance.funding is not None
    payer = basis.instance.funding.funders[funder]
    row = next(row for row in basis.tables.funders if row.funder == funder)
    delivered = (
        1.0 if row.delivery_factor is None else row.delivery_factor
    ) * basis.case.funders.delivery_factor
    if envelope <= payer.envelope:
        return basis.program
    larger = row.model_copy(update={"envelope_usd_m": envelope / delivered})
    funders = tuple(larger if other.funder == funder else other for other in basis.tables.funders)
    return written(replace(basis.tables, funders=funders), basis.case)[1]


def money_price(
    basis: Basis, what: str, step: float | None, options: Solver
) -> tuple[Price, Solved]:
    """What a step of money saves for each USD million of it, by solving again.

    Args:
        basis: the case as solved.
        what: ``budget``, or a funder.
        step: USD million, negative for less money; absent: see :func:`default_step`.
        options: of the solver.
    """
    limit, words = money_limit(basis, what, step)
    step = default_step(basis, limit) if step is None else step
    program = basis.program if what == "budget" else with_larger_envelope(basis, what, limit + step)
    at = np.array([money_row(program, what)[0]])
    moved = program.with_rows(at, np.array([-np.inf]), np.array([limit + step]))
    start = decisions(moved.column_at, basis.known())
    after = search(moved, options, start=start)
    # a plan within less money is a plan within more
    less, more = ordered(basis.solved, after) if step > 0 else ordered(after, basis.solved)
    change = at_least_nothing(per(fall(less, more), abs(step)))
    meaning = (
        f"{abs(step):,.0f} USD million {'more' if step > 0 else 'less'} of {words}"
        f" {'lowers' if step > 0 else 'raises'} {saved(basis.instance)} by {number(change.value)}"
        " for each USD million, found by solving again; the truth lies between"
        f" {number(change.low)} and {number(change.high)}."
    )
    price = Price(
        "budget" if what == "budget" else "envelope",
        "programme" if what == "budget" else what,
        None,
        "resolve",
        change.value,
        change.low,
        change.high,
        "USD million per USD million",
        meaning,
        "",
        "yes" if change.undecided else "no",
    )
    return price, after


def at_least_nothing(change: Change) -> Change:
    """The change of what is known not to rise."""
    return Change(
        change.value if math.isnan(change.value) else max(0.0, change.value),
        max(0.0, change.low),
        max(0.0, change.high),
    )


def required_coverage(basis: Basis, stage: str, points: float) -> list[Subject]:
    """A percentage point of a stage, in every year in which some is required.

    Raises:
        InputError: if none is, or if it is not moved.
    """
    moved = [
        subject for subject in coverage(basis.instance, basis.program) if subject.where == stage
    ]
    if not moved or points == 0.0:
        raise refuse(
            "coverage",
            stage,
            "should be a stage of which the case requires coverage, moved by more than nothing",
        )
    return moved


def moved_cap(case: Case, points: float) -> Case:
    """The case with its cap on a region's share moved.

    Raises:
        InputError: if it has none, or if the cap is not moved or leaves 0 to 1.
    """
    cap = case.concentration
    if cap is None or not 0.0 <= cap.max_share + points / 100 <= 1.0 or points == 0.0:
        raise refuse(
            "concentration",
            f"{points:g}",
            "the case must cap a region's share, and the cap stay between 0 and 1 when moved",
        )
    return case.model_copy(
        update={"concentration": cap.model_copy(update={"max_share": cap.max_share + points / 100})}
    )


def coverage_price(basis: Basis, stage: str, points: float, options: Solver) -> Price:
    """What a percentage point of required coverage of a stage costs, in every year in which some is
    required, by solving again."""
    moved = required_coverage(basis, stage, points)
    at = np.concatenate([subject.movement.rows for subject in moved])
    shift = points * np.concatenate([subject.movement.shift for subject in moved])
    program = basis.program.with_rows(
        at, basis.program.row_low[at] + shift, basis.program.row_high[at] + shift
    )
    other = search(program, options, basis.solved.values)
    # asking for more never makes a plan cheaper
    change = at_least_nothing(
        per(
            fall(*(ordered(other, basis.solved) if points > 0 else ordered(basis.solved, other))),
            abs(points),
        )
    )
    meaning = (
        f"{points:g} percentage points more of coverage required of stage {stage}, in every year in"
        f" which some is, raise {saved(basis.instance)} by {number(change.value)} USD million for"
        f" each point, found by solving again; the truth lies between {number(change.low)} and"
        f" {number(change.high)}."
    )
    undecided = "yes" if change.undecided else "no"
    return Price(
        "coverage",
        stage,
        None,
        "resolve",
        change.value,
        change.low,
        change.high,
        "USD million per percentage point",
        meaning,
        "",
        undecided,
    )


def concentration_price(basis: Basis, points: float, options: Solver) -> Price:
    """What a percentage point more in the cap on a region's share saves, by solving again."""
    _, program = written(basis.tables, moved_cap(basis.case, points))
    other = search(program, options, decisions(program.column_at, basis.known()))
    change = at_least_nothing(
        per(
            fall(*(ordered(basis.solved, other) if points > 0 else ordered(other, basis.solved))),
            abs(points),
        )
    )
    meaning = (
        f"Each percentage point of a cap on a region's share moved by {points:g} points lowers"
        f" {saved(basis.instance)} by {number(change.value)} USD million, found by solving again;"
        f" the truth lies between {number(change.low)} and {number(change.high)}; positive: worth"
        " having."
    )
    undecided = "yes" if change.undecided else "no"
    where, unit = "every region and commodity", "USD million per percentage point"
    return Price(
        "concentration",
        where,
        None,
        "resolve",
        change.value,
        change.low,
        change.high,
        unit,
        meaning,
        "",
        undecided,
    )
