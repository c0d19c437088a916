"""Ways out of a case that has no plan: by how much which requirement must give, each proved by
solving the case so changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from paxsilica.case import Case, Solver
from paxsilica.infeasibility.necessary_conditions import span_of
from paxsilica.infeasibility.relaxation import KINDS, Changed, Knob
from paxsilica.infeasibility.rounding import least, some_plan
from paxsilica.instance import Instance
from paxsilica.interpolate import interpolate_flat
from paxsilica.model.registry import rows_with
from paxsilica.model.security import coverage_side
from paxsilica.solver import Compiled, solve
from paxsilica.solver.resolve import Interval, Known, Written, changed, extended, write
from paxsilica.tables import Tables

ZERO_TOL = 1e-6
LATEST = 30
FEW = 2
"""Parts that are said in one sentence; more become a list. Of more levels than this in one part
only the ends are said."""
MONEY = ("budget", "funders", "mandates")
SPARE = (0.0, 1e-4, 1e-2)
"""How much more is asked for than was found to suffice, one after the other until it is proved
to."""


@dataclass(frozen=True)
class Relaxation:
    """A way out.

    Attributes:
        kind: one of :data:`paxsilica.infeasibility.relaxation.KINDS`, ``later``, ``several``, or
            ``waived``.
        lead: the words before its parts.
        parts: what gives how far, in words; all of it together is the way out.
        amounts: by how much each requirement gives, by its key.
        price: least that it must give, in the unit of its kind (USD million; shares added up), with
            the solver's gap.
        tables, case: the question so changed, which has a plan: that was proved by solving it.
        known: decisions of a plan of it.
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
        """The way out in one sentence."""
        return f"{self.lead}{'; '.join(self.parts)}{self.surety}."

    @property
    def surety(self) -> str:
        """How much less might do, where a least sum of money is claimed."""
        if self.kind not in MONEY or self.price.high - self.price.low <= 1e-4 * self.price.high:
            return ""
        return (
            f" (whether USD {_down(self.price.high - self.price.low):,.10g} million less would do"
            " is inside the gap)"
        )

    def lines(self) -> list[str]:
        """The way out as lines of a list: one, or one for each part where there are many."""
        if len(self.parts) <= FEW:
            return [f"- {self.sentence}"]
        return [
            f"- {self.lead.strip()} all of this together{self.surety}:",
            *(f"  - {part}" for part in self.parts),
        ]


@dataclass(frozen=True)
class NoWayOut:
    """A requirement that is no way out by itself. ``proved``: however far it gives; else the search
    ran out of time."""

    kind: str
    proved: bool

    @property
    def sentence(self) -> str:
        """As a sentence."""
        if self.proved:
            return f"{self.subject}: however far it gives by itself, there is no plan."
        return (
            f"{self.subject}: whether it could give way by itself was not settled in the time"
            " allowed."
        )

    @property
    def subject(self) -> str:
        """What would have to give way."""
        words = KINDS.get(self.kind, "the first year of coverage, within the years of the case")
        return words[0].upper() + words[1:]


def loosened(
    written: Written, knobs: Sequence[Knob], kind: str, options: Solver
) -> Relaxation | NoWayOut:
    """The cheapest way to loosen ``knobs`` (all of one kind, or ``several``) so that there is a
    plan."""
    columns = [
        replace(
            knob.column,
            name=(knob.kind, knob.about),
            cost=knob.weight if kind == "several" else knob.column.cost,
        )
        for knob in knobs
    ]
    bare = written.program.minimising(np.zeros(len(written.program.cost)))
    answer = least(extended(bare, columns), options)
    if answer.values is None:
        return NoWayOut(kind, answer.status == "infeasible")
    amounts = answer.values[len(written.program.cost) :]
    known = Known.of(written.program, answer.values[: len(written.program.cost)])
    used = [
        (knob, float(amount))
        for knob, amount in zip(knobs, amounts, strict=True)
        if amount > ZERO_TOL * max(1.0, 1e-3 / knob.weight)
    ]
    for spare in SPARE:
        # what is said is rounded up; a little more where the solver's tolerance ate the rounding
        turned: Changed = (written.tables, written.case)
        clauses, said = list[Clause](), {}
        for knob, amount in used:
            rounded = float(knob.rounded(amount * (1 + spare)))
            turned = knob.turn(*turned, rounded)
            clauses.append(Clause(knob.head, knob.say(rounded), rounded, knob.year))
            said[knob.about] = rounded
        if proved(turned, options, known, only_known=spare < SPARE[-1]):
            return Relaxation(
                kind,
                LEADS.get(kind, "Or "),
                _parts(kind, clauses),
                said,
                answer.value,
                *turned,
                known,
            )
    return NoWayOut(kind, False)


def proved(turned: Changed, options: Solver, known: Known, *, only_known: bool = False) -> bool:
    """Whether the question has a plan: it is written anew and solved, the decisions of a known plan
    first (or with ``only_known``, alone)."""
    program = write(*turned).program
    if only_known:
        whole = np.flatnonzero(program.integer)
        return (
            solve(
                program.minimising(np.zeros(len(program.cost))).fixed(
                    whole, known.values(program)[whole]
                ),
                options,
            ).values
            is not None
        )
    return some_plan(program, options, known)[0] is True


LEADS = {"budget": "Least budget that would do: ", "several": "A combination that would do: "}


@dataclass(frozen=True)
class Clause:
    """What one knob gives, in words; those with the same head are said behind it, like years
    together."""

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
    for head, said in heads.items():
        years: dict[str, list[int]] = {}
        for clause in said:
            years.setdefault(clause.words, []).extend(
                [clause.year] if clause.year is not None else []
            )
        words = [text.replace("{years}", span_of(of)) for text, of in years.items()]
        if head and len(words) > FEW:
            most, least = (
                max(said, key=lambda clause: clause.amount),
                min(said, key=lambda clause: clause.amount),
            )
            ends = [one.words.replace("{years}", str(one.year)) for one in (most, least)]
            years_said = span_of(one.year for one in said if one.year is not None)
            parts.append(
                f"{head} {ends[0]} (where most is let go) to {ends[1]} (where least is), in"
                f" {years_said}"
            )
        else:
            parts += [f"{head} {', '.join(words)}"] if head else words
    return tuple(part.removeprefix("a budget of ") if kind == "budget" else part for part in parts)


def _down(amount: float) -> float:
    """Rounded to three digits."""
    return float(f"{amount:.3g}")


def later(written: Written, options: Solver) -> Relaxation | NoWayOut | None:
    """The least number of years by which coverage must start later, its path shifted with it;
    ``None`` where that means nothing."""
    coverage = written.case.coverage
    if coverage is None or not coverage.hard or not written.instance.required:
        return None
    # past the end of the case nothing would be asked for at all, which is no answer
    most = min(LATEST, written.case.years[1] - coverage.from_year)
    low, high = 0, most
    if most < 1:
        return None
    last, known = some_plan(_shifted(written, most), options)
    if last is not True:
        return NoWayOut("later", last is False)
    while high - low > 1:
        middle = (low + high) // 2
        fits, found = some_plan(_shifted(written, middle), options, known)
        if fits:
            high, known = middle, found
        else:
            low = middle
    case = shifted(written.case, high)
    if not proved((written.tables, case), options, known):
        return NoWayOut("later", False)
    years = "one year" if high == 1 else f"{high} years"
    words = (
        f"{years} later: coverage asked for from {coverage.from_year + high}, its path shifted"
        " with it"
    )
    return Relaxation(
        "later",
        "Or ",
        (words,),
        {"years": float(high)},
        Interval(high, high),
        written.tables,
        case,
        known,
    )


def shifted(case: Case, years: int) -> Case:
    """The case with everything that it says of coverage ``years`` later."""
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
    """The program with the right sides that the shifted case has: less is asked in every row, in
    the first years nothing."""
    instance, program = written.instance, written.program
    case = shifted(written.case, years)
    at = program.rows_of(*rows_with(item="coverage"))
    low = []
    for row in at:
        family, (commodity, state_name) = program.row_names[row]
        state = instance.states[state_name]
        share = _asked(case, commodity, _stage(instance, commodity), state.year)
        low.append(coverage_side(instance, family, commodity, state_name, share))
    return program.with_rows(at, np.array(low), np.full(len(at), np.inf))


def _stage(instance: Instance, commodity: str) -> str:
    return next(
        row.stage or "" for row in instance.tables.commodities if row.commodity == commodity
    )


def _asked(case: Case, commodity: str, stage: str, year: int) -> float:
    coverage = case.coverage
    assert coverage is not None
    if year < coverage.from_years.get(commodity, coverage.from_year):
        return 0.0
    return interpolate_flat(coverage.stages.get(stage, coverage.required), year)
