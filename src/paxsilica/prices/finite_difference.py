"""Finite differences (kind ``resolve``): the case is changed by a step and solved again. The change
of the optimum is an interval that carries the gaps of both searches."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from paxsilica.case import Case
from paxsilica.errors import InputError, Problem
from paxsilica.instance.funder_deals import envelopes_in_data
from paxsilica.instance.world import World
from paxsilica.model.registry import row_with
from paxsilica.prices.duals import Duals
from paxsilica.prices.priced_items import PricedItem, coverage, saved
from paxsilica.prices.table import PER_POINT, Price, number
from paxsilica.solver import Compiled
from paxsilica.solver.resolve import Answer, Interval, Known, Written, search, write
from paxsilica.tables import Tables

ROUNDING = 1e-12
"""Share of an objective below which a difference is rounding of the last digits."""


@dataclass(frozen=True)
class Start:
    """What every price starts from: the case as written, its plan (by column of the program), and
    the duals of the program with the plan's integer decisions fixed."""

    written: Written
    solved: Answer
    fixed: Duals

    @property
    def known(self) -> Known:
        """Integer decisions of the plan by name."""
        return Known.of(self.written.program, self.fixed.values)

    def search(self, program: Compiled) -> Answer:
        """The optimum of a changed program, from the plan."""
        return search(program, self.written.case.solver, self.known)

    def search_again(self, tables: Tables, case: Case) -> Answer:
        """The optimum of changed tables or a changed case, with the options of the case."""
        return self.search(written_again(self.written, tables, case))


@dataclass(frozen=True)
class Change:
    """How far the optimum falls: ``value`` between the plans found, surely within ``interval``."""

    value: float
    interval: Interval

    @property
    def undecided(self) -> bool:
        """Whether the gaps leave the sign open; exactly zero leaves nothing open."""
        low, high = self.interval.low, self.interval.high
        return math.isnan(self.value) or (low <= 0.0 <= high and low < high)

    def __truediv__(self, step: float) -> Change:
        """The change for each unit of a step."""
        return Change(self.value / step, self.interval / step)

    def at_least_zero(self) -> Change:
        """The change of an optimum that is known not to rise."""
        return Change(
            self.value if math.isnan(self.value) else max(0.0, self.value),
            Interval(max(0.0, self.interval.low), max(0.0, self.interval.high)),
        )


def fall(before: Interval, after: Interval) -> Change:
    """By how much the optimum is lower after than before; each lies between bound and plan.

    >>> fall(Interval(98.0, 100.0), Interval(89.0, 90.0))
    Change(value=10.0, interval=Interval(low=8.0, high=11.0))
    """
    no_plan = math.isinf(before.high) and before.high == after.high
    value = math.nan if no_plan else before.high - after.high
    if math.isfinite(value) and abs(value) <= ROUNDING * max(1.0, abs(before.high)):
        value = 0.0  # two searches that found the same plan
    return Change(value, before - after)


def ordered(worse: Interval, better: Interval) -> tuple[Interval, Interval]:
    """Two optima of which the second cannot be the higher one, each with the other's plan or bound.

    >>> ordered(Interval(92.0, 100.0), Interval(97.0, 101.0))
    (Interval(low=97.0, high=100.0), Interval(low=97.0, high=100.0))
    """
    high, low = min(worse.high, better.high), max(worse.low, better.low)
    return Interval(min(low, worse.high), worse.high), Interval(min(better.low, high), high)


def monotone_fall(start: Start, other: Answer, easier: bool, step: float) -> Change:
    """The fall of the optimum for each unit of ``step`` towards the easier problem."""
    problems = (start.solved.value, other.value) if easier else (other.value, start.solved.value)
    return (fall(*ordered(*problems)) / abs(step)).at_least_zero()


def refuse(key: str, value: str, why: str) -> InputError:
    """The error that says why a requested price cannot be computed."""
    return InputError([Problem("prices", "", key, value, why)])


def resolve_price(
    item: tuple[str, str], change: Change, unit: str, sentence: str, quantity: float = math.nan
) -> Price:
    """The row of a change of an item (what and where); ``sentence`` has a place for its value, and
    ``quantity`` is the amount at stake."""
    what, where = item
    low, high = change.interval.low, change.interval.high
    found = sentence.replace("{}", number(change.value))
    return Price(
        what,
        where,
        None,
        "resolve",
        change.value,
        low,
        high,
        unit,
        f"{found}, found by solving again; the true value lies between {number(low)} and"
        f" {number(high)}.",
        undecided="yes" if change.undecided else "no",
        stake_usd_m=abs(change.value) * quantity,
    )


def refuse_user_rows(of: Written) -> None:
    """Raises an InputError if the program has rows of a user: writing again loses them."""
    if of.program.user_rows:
        words = (
            "a finite difference that changes the data or the case cannot keep the rows that a user"
            " added to the model"
        )
        raise refuse("resolve", ", ".join(of.program.user_rows), words)


def written_again(of: Written, tables: Tables, case: Case) -> Compiled:
    """The program of changed tables or a changed case."""
    refuse_user_rows(of)
    return write(tables, case).program


def default_step(start: Start, limit: float) -> float:
    """The step of a sum of money if none is requested, USD million: 5 % of the limit, but no less
    than the smallest project outside the plan takes (a smaller step would save nothing)."""
    plan = start.known.committed
    left_out = [
        (1 - candidate.sponsor_share) * min(candidate.capex.values())
        for name, candidate in start.written.instance.candidates.items()
        if name not in plan
    ]
    return max(0.05 * limit, min((sum_ for sum_ in left_out if sum_ > 0), default=0.0)) or 1.0


def money_row(what: str) -> tuple[str, str]:
    """Family and index of the row of the ``budget`` or of a funder's envelope."""
    if what == "budget":
        return row_with(item="budget"), "programme"
    return row_with(item="envelope"), what


def money_limit(of: Written, what: str, step: float | None = None) -> tuple[float, str]:
    """The budget or a funder's envelope, USD million, and its name in words.

    Raises:
        InputError: if there is no such limit, or if ``step`` does not move it or moves it below
            zero.
    """
    row = of.program.row_at.get(money_row(what))
    if row is None:
        raise refuse("resolve", what, _why_no_limit(of, what))
    limit = float(of.program.row_high[row])
    words = "the programme's budget" if what == "budget" else f"the envelope of {what}"
    if step is not None and (step == 0.0 or limit + step < 0.0):
        raise refuse(
            "step", f"{step:g}", f"must move {words} of {limit:g} USD million, and not below zero"
        )
    return limit, words


def _why_no_limit(of: Written, what: str) -> str:
    """Why a sum of money has no row in the program."""
    funding, (family, _) = of.instance.funding, money_row(what)
    if what == "budget":
        return "the case sets no budget; give it one, such as --set budget_usd_m=24000"
    if funding is None or what not in {row.funder for row in of.tables.funders}:
        known = ", ".join(str(index) for name, index in of.program.row_names if name == family)
        words = "should be budget, or a funder that takes part and has an envelope"
        return f"{words}: {known or 'there is none'}"
    if what not in funding.funders:
        return (
            "does not pay in this case, so its envelope has no price: the status of its region"
            " does not allow its funders to pay"
        )
    if math.isinf(funding.funders[what].envelope):
        return (
            "has no envelope that could be moved; its annual limit has a dual, the price of an"
            " annual limit"
        )
    return "fits no project of this case, so more of its money buys nothing"


def with_money(of: Written, what: str, limit: float) -> Compiled:
    """The program with the budget or a funder's envelope at ``limit``, USD million delivered. It is
    written again for a larger envelope, which can admit further projects."""
    program = of.program
    if what != "budget" and limit > program.row_high[program.row_at[money_row(what)]]:

        def larger(row: Any) -> dict[str, float] | None:
            if row.funder != what:
                return None
            factor = 1.0 if row.delivery_factor is None else row.delivery_factor
            return {"envelope_usd_m": limit / (factor * of.case.funders.delivery_factor)}

        tables, case = envelopes_in_data(of.tables, of.case)
        program = written_again(of, tables.edited("funders", larger), case)
    return program.with_rows(np.array([program.row_at[money_row(what)]]), -np.inf, limit)


def money_price(start: Start, what: str, step: float | None) -> Price:
    """What a step (USD million, negative for less money; absent: :func:`default_step`) of the
    ``budget`` or of a funder's envelope saves for each USD million of it."""
    limit, words = money_limit(start.written, what, step)
    step = default_step(start, limit) if step is None else step
    other = start.search(with_money(start.written, what, limit + step))
    more, lowers = ("more", "lowers") if step > 0 else ("less", "raises")
    return resolve_price(
        ("budget", "programme") if what == "budget" else ("envelope", what),
        monotone_fall(start, other, step > 0, step),
        "USD million per USD million",
        f"{abs(step):,.0f} USD million {more} of {words} {lowers} {saved(start.written.instance)}"
        " by {} for each USD million",
        limit,
    )


def required_coverage(of: Written, stage: str, points: float) -> list[PricedItem]:
    """A percentage point of coverage of a stage, in every year with a requirement; an
    InputError if none is, or if it is not moved."""
    moved = [item for item in coverage(of.instance, of.program) if item.where == stage]
    if not moved or points == 0.0:
        words = (
            "should be a stage of which the case requires coverage, changed by more than 0 points"
        )
        raise refuse("coverage", stage, words)
    return moved


def coverage_price(start: Start, stage: str, points: float) -> Price:
    """What a percentage point of coverage of a stage costs, in every year that requires it."""
    program = start.written.program
    moved = required_coverage(start.written, stage, points)
    at = np.concatenate([item.movement.rows for item in moved])
    shift = points * np.concatenate([item.movement.shift for item in moved])
    program = program.with_rows(at, program.row_low[at] + shift, program.row_high[at] + shift)
    other = search(program, start.written.case.solver, start.solved.values)
    return resolve_price(
        ("coverage", stage),
        monotone_fall(start, other, points < 0, points),
        PER_POINT,
        f"{points:g} percentage points more of coverage required of stage {stage}, in every year in"
        f" which some is, raise {saved(start.written.instance)} by {{}} USD million for each"
        " point",
    )


def moved_cap(case: Case, points: float) -> Case:
    """The case with its cap on a region's share moved; an InputError if it has none, or if the cap
    is not moved or leaves 0 to 1."""
    cap = case.concentration
    if cap is None or not 0.0 <= cap.max_share + points / 100 <= 1.0 or points == 0.0:
        raise refuse(
            "concentration",
            f"{points:g}",
            "needs a cap on a region's share that stays between 0 and 1 after the change",
        )
    moved = cap.model_copy(update={"max_share": cap.max_share + points / 100})
    return case.model_copy(update={"concentration": moved})


def concentration_price(start: Start, points: float) -> Price:
    """What a percentage point more in the cap on a region's share saves."""
    of = start.written
    other = start.search_again(of.tables, moved_cap(of.case, points))
    return resolve_price(
        ("concentration", "every region and commodity"),
        monotone_fall(start, other, points > 0, points),
        PER_POINT,
        f"A cap on a region's share moved by {points:g} percentage points lowers"
        f" {saved(of.instance)} by {{}} USD million for each point (positive: a benefit)",
    )


def sooner(tables: Tables, project: str) -> Tables:
    """Tables in which a project takes a year less to operation; an InputError if it has no lead
    time."""
    row = next((row for row in tables.projects if row.project == project), None)
    if row is None or row.lead_time_years == 0:
        why = "has no lead time to be shortened" if row else "should be a project of the data"
        raise refuse("sooner", project, why)
    cells = {"lead_time_years": row.lead_time_years - 1}
    return tables.edited("projects", lambda one: cells if one is row else None)


def toggled(world: World, region: str) -> tuple[Case, bool, str]:
    """The case with another status of a region (protected if it is not in the last year, not
    protected if it is), whether the region is protected in it, and its status there.

    Raises:
        InputError: if there is no such region, or no such standing.
    """
    case = world.case
    if region not in world.regions or world.regions[region].kind == "hub":
        raise refuse("member", region, "should be a country or group of the data")
    protected = case.roles.protected
    if world.role(region, case.years[1]) == "protected":
        wanted = [one for one in ("neutral", "adversary", "participant") if one not in protected]
    else:
        # first one without its money, so that the role is priced and not the region's funders
        wanted = sorted(protected, key=lambda status: status in case.funding)
    if not wanted or not world.tables.membership:
        raise refuse("member", region, "the case knows no other standing that it could have")
    membership = {**case.membership, region: wanted[0]}
    return case.model_copy(update={"membership": membership}), wanted[0] in protected, wanted[0]


def sooner_price(start: Start, project: str) -> Price:
    """What a project is worth more if it takes a year less."""
    of = start.written
    other = start.search_again(sooner(of.tables, project), of.case)
    return resolve_price(
        ("lead time", project),
        fall(start.solved.value, other.value),
        "USD million",
        f"A year less of lead time of {project} lowers {saved(of.instance)} by {{}} USD million"
        " (positive: a benefit)",
        1.0,
    )


def member_price(start: Start, region: str) -> Price:
    """The worth that a region is protected, and not neutral or at its present standing."""
    of = start.written
    case, joins, standing = toggled(of.instance.world, region)
    other = start.search_again(of.tables, case).value
    funders = [row.funder for row in of.tables.funders if row.region == region]
    pays = of.instance.world.pays(region, of.case.years[1])
    money = "no money"
    if funders and pays != (standing in case.funding):
        money = f"the money of {', '.join(funders)} (the command partners separates role and money)"
    status = f"is {standing}" if joins else f"is protected and not {standing}"
    return resolve_price(
        ("membership", region),
        fall(start.solved.value, other) if joins else fall(other, start.solved.value),
        "USD million",
        f"That {region} {status} (with its plants, its demand among what must be covered, and"
        f" {money}) lowers {saved(of.instance)} by {{}} USD million (positive: a benefit)",
        1.0,
    )
