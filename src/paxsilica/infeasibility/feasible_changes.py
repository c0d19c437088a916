"""Changes that make a case feasible: by how much each requirement must be relaxed, each change
proved by solving the changed case."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from paxsilica.case import Case, Solver
from paxsilica.infeasibility.necessary_conditions import span_of
from paxsilica.infeasibility.relaxations import KINDS, Changed, Relaxation
from paxsilica.interpolate import interpolate_flat
from paxsilica.model.registry import rows_with
from paxsilica.model.security import coverage_side
from paxsilica.solver import Compiled, solve
from paxsilica.solver.resolve import Interval, Known, Written, changed, extended, write
from paxsilica.studies.rounding import least, some_plan
from paxsilica.tables import Tables

ZERO_TOL = 1e-6
LATEST = 30
FEW = 2
"""Parts that fit in one sentence; more become a list. Of more levels than this in one part, only
the largest and the smallest are reported."""
MONEY = ("budget", "funders", "mandates")
SPARE = (0.0, 1e-4, 1e-2)
"""Shares that are added to the amount found, one after the other, until it is proved to suffice."""


@dataclass(frozen=True)
class FeasibleChange:
    """A change of the question that makes it feasible.

    Attributes:
        kind: one of the kinds of relaxation, ``later``, ``several``, or ``waived``.
        lead: the words before its parts.
        parts: what is relaxed and how far, in words; the change is all of it together.
        amounts: by how much each requirement is relaxed, by its key.
        price: least total relaxation in the unit of its kind (USD million, or shares).
        tables, case: the changed question; ``known``: decisions of a plan of it.
    """

    kind: str
    lead: str
    parts: tuple[str, ...]
    amounts: dict[str, float]
    price: Interval
    tables: Tables
    case: Case
    known: Known

    @property
    def sentence(self) -> str:
        """The change in one sentence."""
        words = "; ".join(self.parts)
        text = f"{self.lead}{words}" if self.lead else f"{words[0].upper()}{words[1:]}"
        return f"{text}{self.certainty}."

    @property
    def certainty(self) -> str:
        """How much less money may suffice, inside the gap."""
        if self.kind not in MONEY or self.price.high - self.price.low <= 1e-4 * self.price.high:
            return ""
        open_usd_m = float(f"{self.price.high - self.price.low:.3g}")
        return f" (the gap leaves open whether USD {open_usd_m:,.10g} million less is sufficient)"

    def lines(self) -> list[str]:
        """The change as lines of a list: one, or one for each part where there are many."""
        if len(self.parts) <= FEW:
            return [f"- {self.sentence}"]
        return [
            f"- {self.lead or 'All of this together:'}{self.certainty}".rstrip(),
            *(f"  - {part}" for part in self.parts),
        ]


@dataclass(frozen=True)
class InsufficientChange:
    """A kind of change that is not sufficient alone; not ``proved``: the time ran out."""

    kind: str
    proved: bool

    @property
    def sentence(self) -> str:
        """As a sentence."""
        words = KINDS.get(self.kind, "the first year of coverage, within the years of the case")
        verdict = "no amount is sufficient" if self.proved else "not settled in the time allowed"
        return f"{words[0].upper()}{words[1:]}: {verdict}."


def relaxed(
    written: Written, relaxations: Sequence[Relaxation], kind: str, options: Solver
) -> FeasibleChange | InsufficientChange:
    """The cheapest amounts of ``relaxations`` (one kind, or ``several``) that give a plan."""
    several = kind == "several"
    columns = [
        replace(one.column, cost=one.weight if several else one.column.cost) for one in relaxations
    ]
    count = len(written.program.cost)
    answer = least(extended(written.program.minimising(np.zeros(count)), columns), options)
    if answer.values is None:
        return InsufficientChange(kind, answer.status == "infeasible")
    known = Known.of(written.program, answer.values[:count])
    used = [
        (one, float(amount))
        for one, amount in zip(relaxations, answer.values[count:], strict=True)
        if amount > ZERO_TOL * max(1.0, 1e-3 / one.weight)
    ]
    for spare in SPARE:
        # the reported amount is rounded up; a little is added where the tolerance of the solver is
        # larger than the rounding
        change: Changed = (written.tables, written.case)
        clauses, amounts = list[Clause](), dict[str, float]()
        for one, amount in used:
            rounded = float(one.rounded(amount * (1 + spare)))
            change = one.apply(*change, rounded)
            clauses.append(Clause(one.head, one.clause(rounded), rounded, one.year))
            amounts[one.about] = rounded
        if proved(change, options, known, only_known=spare < SPARE[-1]):
            lead, parts = LEADS.get(kind, ""), _parts(kind, clauses)
            return FeasibleChange(kind, lead, parts, amounts, answer.value, *change, known)
    return InsufficientChange(kind, False)


def proved(change: Changed, options: Solver, known: Known, *, only_known: bool = False) -> bool:
    """Whether the changed question has a plan, with the decisions of a known plan tried first."""
    program = write(*change).program
    if not only_known:
        return some_plan(program, options, known)[0] is True
    anything = program.minimising(np.zeros(len(program.cost)))
    return solve(known.fixed(anything), options).values is not None


LEADS = {"budget": "Least sufficient budget: ", "several": "A sufficient combination: "}


@dataclass(frozen=True)
class Clause:
    """One relaxed requirement in words; clauses with the same head or words are joined."""

    head: str
    words: str
    amount: float
    year: int | None


def _parts(kind: str, clauses: Sequence[Clause]) -> tuple[str, ...]:
    """The clauses, joined behind their heads."""
    heads: dict[str, list[Clause]] = {}
    for clause in clauses:
        heads.setdefault(clause.head, []).append(clause)
    parts = []
    for head, members in heads.items():
        years: dict[str, list[int]] = {}
        for one in members:
            years.setdefault(one.words, []).extend([] if one.year is None else [one.year])
        words = [text.replace("{years}", span_of(of)) for text, of in years.items()]
        if head and len(words) > FEW:
            most = max(members, key=lambda one: one.amount)
            least_ = min(members, key=lambda one: one.amount)
            ends = [one.words.replace("{years}", str(one.year)) for one in (most, least_)]
            span = span_of(one.year for one in members if one.year is not None)
            both = f"{ends[0]} (the largest relaxation) to {ends[1]} (the smallest)"
            parts.append(f"{head} {both}, in {span}")
        else:
            parts += [f"{head} {', '.join(words)}"] if head else words
    return tuple(part.removeprefix("a budget of ") if kind == "budget" else part for part in parts)


def later(written: Written, options: Solver) -> FeasibleChange | InsufficientChange | None:
    """The least number of years by which coverage must start later; ``None``: it cannot."""
    tables, coverage = written.tables, written.case.coverage
    if coverage is None or not coverage.hard or not written.instance.required:
        return None
    # past the end of the case no coverage would be required at all
    high = min(LATEST, written.case.years[1] - coverage.from_year)
    low = 0
    if high < 1:
        return None
    feasible, known = some_plan(_shifted(written, high), options)
    if feasible is not True:
        return InsufficientChange("later", feasible is False)
    while high - low > 1:
        middle = (low + high) // 2
        feasible, found = some_plan(_shifted(written, middle), options, known)
        if feasible:
            high, known = middle, found
        else:
            low = middle
    case = shifted(written.case, high)
    if not proved((tables, case), options, known):
        return InsufficientChange("later", False)
    years = "one year" if high == 1 else f"{high} years"
    first = coverage.from_year + high
    words = f"{years} later: coverage required from {first}, later shares postponed likewise"
    amounts, price = {"years": float(high)}, Interval(high, high)
    return FeasibleChange("later", "", (words,), amounts, price, tables, case, known)


def shifted(case: Case, years: int) -> Case:
    """The case with every year of its section ``coverage`` moved ``years`` later."""
    assert case.coverage is not None

    def path(of: dict[int, float]) -> dict[int, float]:
        return {year + years if year else year: share for year, share in of.items()}

    parts: dict[str, Any] = case.coverage.model_dump() | {
        "from_year": case.coverage.from_year + years,
        "from_years": {name: year + years for name, year in case.coverage.from_years.items()},
        "required": path(case.coverage.required),
        "stages": {stage: path(of) for stage, of in case.coverage.stages.items()},
    }
    return changed(case, coverage=parts)


def _shifted(written: Written, years: int) -> Compiled:
    """The program with the right sides of the shifted case: a lower share in every row."""
    instance, program = written.instance, written.program
    coverage = shifted(written.case, years).coverage
    assert coverage is not None
    stage_of = {row.commodity: row.stage or "" for row in instance.tables.commodities}
    at = program.rows_of(*rows_with(item="coverage"))
    low = []
    for row in at:
        family, (commodity, state) = program.row_names[row]
        year, share = instance.states[state].year, 0.0
        if year >= coverage.from_years.get(commodity, coverage.from_year):
            path = coverage.stages.get(stage_of[commodity], coverage.required)
            share = interpolate_flat(path, year)
        low.append(coverage_side(instance, family, commodity, state, share))
    return program.with_rows(at, np.array(low), np.inf)
