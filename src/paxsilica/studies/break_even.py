"""Break-even values: the values of a number between which the verdict on a project changes, found
by re-solving."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from paxsilica.errors import InputError
from paxsilica.model import costs
from paxsilica.model.investment import required_commitment
from paxsilica.provenance.graded import GradedNumber, graded
from paxsilica.provenance.lookup import Lookup
from paxsilica.solver import Array, Compiled, solve
from paxsilica.solver.resolve import NOISE, Interval, Known, Sign, Written, search, write
from paxsilica.studies.parameters import scaled
from paxsilica.tables import Tables
from paxsilica.tables.layout import key_text

CLEAR = 0.01
"""Share of a number by which its ends lie beyond the value at which both plans would cost the
same."""

PATIENCE_S = 60.0
"""Time limit of each re-solve; what it leaves open is reported as open."""


@dataclass(frozen=True)
class Side:
    """The optimum with the project, or without it."""

    value: Interval
    values: Array | None
    known: Known | None


@dataclass(frozen=True)
class BreakEven:
    """The break-even value of a number.

    Attributes:
        what: the number, in words, with its ``unit``; ``now`` its value in the data.
        at: the values between which the verdict changes; ``None``: it does not in ``searched``.
        searched: from the most to the least favourable value for the project.
        low, high: range of the number by its provenance.
        solves: re-solves that the search took.
        settled: whether the gap left nothing open, where no change was found.
    """

    what: str
    unit: str
    now: float
    at: Interval | None
    searched: tuple[float, float]
    low: float
    high: float
    grade: str
    solves: int
    settled: bool = True

    @property
    def within_range(self) -> bool:
        """Whether the verdict may change within the range of the number."""
        return self.at is not None and self.at.low <= self.high and self.at.high >= self.low

    @property
    def sentence(self) -> str:
        """The break-even value in words."""
        now = f"{self.what}, now {self.now:,.6g} {self.unit}"
        span = "from {:,.6g} to {:,.6g}".format(*sorted(self.searched))
        if self.at is None:
            return (
                f"{now}: the verdict is the same {span}."
                if self.settled
                else f"{now}: no change of the verdict is proved {span}; the gap leaves it open."
            )
        words = f"{now}: the verdict changes between {self.at.low:,.6g} and {self.at.high:,.6g}."
        if self.low < self.high:
            words += f" The range of the number is {self.low:,.6g} to {self.high:,.6g}"
            words += f" (grade {self.grade})" if self.grade else ""
            words += ": the verdict depends on it." if self.within_range else "."
        return words


def sign_of(inside: Interval, outside: Interval) -> Sign:
    """Which is certainly less: 1 inside, -1 outside; 0: the gap leaves it open."""
    ends = (inside.low, inside.high, outside.low, outside.high)
    finite = [abs(x) for x in ends if math.isfinite(x)]
    if not inside.exists or not outside.exists:
        return 0 if inside.exists == outside.exists else 1 if inside.exists else -1
    return (outside - inside).sign(NOISE * max([1.0, *finite]))


def forced(written: Written, project: str, inside: bool) -> Compiled:
    """The program with the project committed by the end of its window, or never."""
    program, window = written.program, written.instance.candidates[project].window
    if inside:
        at = np.array([program.column_at["committed", (project, window[-1])]])
        return program.with_columns(at, 1.0, 1.0)
    keys = [("committed", (project, year)) for year in window]
    at = np.array([program.column_at[key] for key in keys if key in program.column_at])
    rows = written.rows_where(
        required_commitment.__name__,
        lambda index: (index[0] if isinstance(index, tuple) else index) == project,
    )
    return program.with_columns(at, 0.0, 0.0).without_rows(rows)


def turning_point(
    sign: Callable[[float], Sign],
    friendly: float,
    unfriendly: float,
    now: float,
    sign_now: Sign,
    most_solves: int,
    step: float,
) -> tuple[Interval | None, int]:
    """The values between which ``sign`` goes from 1 (at ``friendly``) to -1 (at ``unfriendly``), to
    a width of ``step`` (1: whole numbers), and the number of calls. They contain every value that
    the gap leaves open."""
    calls = 0

    def ask(value: float) -> Sign:
        nonlocal calls
        calls += 1
        return sign(value)

    if (sign_now != 1 and ask(friendly) != 1) or (sign_now != -1 and ask(unfriendly) != -1):
        return None, calls
    inside = now if sign_now == 1 else friendly
    outside = now if sign_now == -1 else unfriendly
    undecided = (now, now) if sign_now == 0 else None
    while calls < most_solves:
        at, side = _probe(inside, undecided, outside, step)
        if at is None:
            break
        found = ask(at)
        if found == 1 and side != "outside":
            inside = at
        elif found == -1 and side != "inside":
            outside = at
        elif undecided is None:
            undecided = (at, at)
        else:
            undecided = (at, undecided[1]) if side == "inside" else (undecided[0], at)
    return Interval(min(inside, outside), max(inside, outside)), calls


def _probe(
    inside: float, undecided: tuple[float, float] | None, outside: float, step: float
) -> tuple[float | None, str]:
    """The next value to try (``None``: close enough) and its side of the undecided values."""
    left, right, side = inside, outside, "both"
    if undecided is not None:
        near, far = abs(undecided[0] - inside), abs(outside - undecided[1])
        side = "inside" if near >= far else "outside"
        left, right = (inside, undecided[0]) if side == "inside" else (undecided[1], outside)
    if abs(right - left) <= step:
        return None, side
    middle = (left + right) / 2
    return (float(round(middle)) if step >= 1 else middle), side


def capital_bounds(
    written: Written, project: str, worth: Interval, now: float
) -> tuple[float, float]:
    """The capital at and below which the project is certainly in the best plan, and the capital at
    and above which it certainly is not, USD million.

    A plan with the project pays at least the price of its smallest size in the cheapest year, so
    the optimum with it changes by at least that share of its capital; the optimum without it does
    not change. ``worth`` is what the project saves now, USD million of the objective.
    """
    program, window = written.program, written.instance.candidates[project].window
    price = written.costs[costs.capital.__name__][0]
    terms = [float(price[program.column_at["committed", (project, year)]]) for year in window]
    least = min(sum(terms[start:]) for start in range(len(terms)))
    if least <= 0 or not worth.exists:
        return -math.inf, math.inf
    surely_in = now * (1 + worth.low / least - CLEAR) if worth.low < 0 else -math.inf
    surely_out = now * (1 + worth.high / least + CLEAR) if worth.high > 0 else math.inf
    return (surely_in if surely_in >= 0 else -math.inf), surely_out


def with_lead_time(tables: Tables, project: str, years: int) -> Tables:
    """The tables with another lead time of a project."""
    cells = {"lead_time_years": years}
    return tables.edited("projects", lambda row: cells if row.project == project else None)


@dataclass(frozen=True)
class _Number:
    """A number that can be varied: its place in the data, and the most and least favourable factors
    (for a lead time, years)."""

    words: str
    unit: str
    table: str
    key: str
    columns: tuple[str, ...]
    friendly: float
    unfriendly: float

    def varied(self, tables: Tables, value: float, now: float) -> Tables:
        """The tables with another value."""
        if self.columns == ("lead_time_years",):
            return with_lead_time(tables, self.key, round(value))
        for column in self.columns:
            tables = scaled(tables, self.table, self.key, column, value / now)
        return tables


def _numbers(project: str, product: str, lead_time: int) -> Mapping[str, _Number]:
    capex = ("capex_usd_m", "capex_usd_m_per_unit")
    cost = "variable_cost_usd_per_unit"
    # missing coverage is paid for at value added, missing demand at the shortage price
    prices = ("price_usd_per_unit", "shortage_price_usd_per_unit")
    later, rate = float(min(30, lead_time + 10)), "USD per unit"
    price = f"Price of {product} (and its shortage price in proportion)"
    return {
        "capital": _Number("Capital", "USD million", "projects", project, capex, 0.0, 5.0),
        "variable cost": _Number("Variable cost", rate, "projects", project, (cost,), 0.0, 5.0),
        "price": _Number(price, rate, "commodities", product, prices, 10.0, 0.1),
        "lead time": _Number(
            "Lead time", "years", "projects", project, ("lead_time_years",), 0.0, later
        ),
    }


def break_even(
    written: Written, project: str, what: str, inside: Side, outside: Side, most_solves: int
) -> BreakEven | None:
    """The break-even value of one of the numbers; ``None`` if it is absent or zero."""
    tables, case, world = written.tables, written.case, written.instance.world
    lead_time = world.projects_by_name[project].lead_time_years
    number = _numbers(project, str(world.plants[project].main_product), lead_time)[what]
    now = _value(tables, number)
    if now is None or (now.value <= 0 and what != "lead time"):
        return None
    scale, step = (1.0, 1.0) if what == "lead time" else (now.value, 0.01 * now.value)
    surely_in, surely_out = -math.inf, math.inf
    if what == "capital":
        worth = outside.value - inside.value
        surely_in, surely_out = capital_bounds(written, project, worth, now.value)
    friendly = max(number.friendly * scale, surely_in)
    unfriendly = min(number.unfriendly * scale, surely_out)
    patience = {"time_limit_s": min(case.solver.time_limit_s, PATIENCE_S)}
    options = case.solver.model_copy(update=patience)
    with_it, without_it = (side.known or Known() for side in (inside, outside))
    seen: list[Sign] = [sign_of(inside.value, outside.value)]
    solves = 0

    def resolved(value: float) -> Sign:
        nonlocal solves
        if value <= surely_in or value >= surely_out:
            return 1 if value <= surely_in else -1
        solves += 1
        try:
            varied = write(number.varied(tables, value, now.value), case)
        except InputError:
            return -1  # required, and impossible
        if project not in varied.instance.candidates:
            return -1
        other = outside.value
        if what == "price":
            other = search(forced(varied, project, False), options, without_it).value
        program = forced(varied, project, True)
        if with_it.committed:
            # the known plan with the new number is a linear program, and often decides
            again = solve(with_it.fixed(program), options)
            high = math.inf if again.objective is None else again.objective
            if high < math.inf and sign_of(Interval(-math.inf, high), other) == 1:
                return 1

        def decided(known: Interval) -> bool:
            return sign_of(known, other) != 0 if other.exists else known.high < math.inf

        return sign_of(search(program, options, with_it, decided).value, other)

    def noted(value: float) -> Sign:
        seen.append(resolved(value))
        return seen[-1]

    at, _ = turning_point(noted, friendly, unfriendly, now.value, seen[0], most_solves, step)
    year = f" (in {now.year}, the other years in proportion)" if now.year is not None else ""
    return BreakEven(
        number.words + year,
        number.unit,
        now.value,
        at,
        (friendly, unfriendly),
        now.low,
        now.high,
        now.grade,
        solves,
        0 not in seen,
    )


def _value(tables: Tables, number: _Number) -> GradedNumber | None:
    """The value in the data of the first column of a number."""
    lookup, column = Lookup(tables), number.columns[0]
    for row in tables.rows(number.table):
        if key_text(row) == number.key:
            return next(iter(graded(tables, lookup, number.table, row, column)), None)
    return None
