"""Why a project is in the plan, or why it is not: what it costs to turn the decision, what would
turn it, what hangs on it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from paxsilica.case import Case
from paxsilica.errors import InfeasibleError, InputError, Problem
from paxsilica.model.investment import required_commitment
from paxsilica.solver import Array, Compiled, solve
from paxsilica.solver.resolve import NOISE, NOWHERE, Answer, Interval, Known, Written, search, write
from paxsilica.studies.break_even import (
    Flip,
    Sign,
    ends_of_capital,
    scaled,
    turning_point,
    with_lead_time,
)
from paxsilica.studies.effects import displaced, feeds, reaches
from paxsilica.studies.grades import Grades, Number
from paxsilica.studies.names import FLIPS
from paxsilica.tables import Tables
from paxsilica.tables.schema import Project, Row
from paxsilica.tables.suggestions import Nearest

PROJECT_NUMBERS = (
    "capex_usd_m",
    "capex_usd_m_per_unit",
    "variable_cost_usd_per_unit",
    "fixed_cost_usd_m",
    "smallest_size",
    "largest_size",
    "lead_time_years",
    "sponsor_share",
    "sponsor_cost_of_capital",
    "economic_life_years",
)


MOST_DISPLACED = 12
"""Names in a sentence; the result holds all."""
PATIENCE_S = 60.0
"""Longest re-solve in the search for a turn; what it leaves open is told as open."""
UNSURE = " Both plans are best only within the gap, so some of this may be chance."


@dataclass(frozen=True)
class Side:
    """The best that can be had with the project, or without it."""

    value: Interval
    values: Array | None
    known: Known | None


@dataclass(frozen=True)
class Explanation:
    """Why a project is in the plan or not.

    Attributes:
        inside, outside: optimum with the project forced in and forced out, USD million of the
            objective, with the gap.
        chosen: whether the plan that was found has it.
        displaced: projects that differ between the plan with it and the plan without it.
        feeds: what it makes in a cut-off, against the need, by commodity and year.
        reaches: covered commodities further down the chain into which its output goes.
        flips: numbers at which the verdict turns.
        numbers: the numbers of the data that it rests on.
    """

    project: str
    title: str
    inside: Interval
    outside: Interval
    chosen: bool
    required: bool
    displaced: pd.DataFrame
    feeds: pd.DataFrame
    reaches: tuple[str, ...]
    flips: tuple[Flip, ...]
    numbers: tuple[Number, ...]
    left_out: str | None = None

    @property
    def worth(self) -> Interval:
        """What the project saves, USD million of the objective: the optimum without it less the
        optimum with it."""
        return self.outside - self.inside

    @property
    def verdict(self) -> str:
        """``in``, ``out``, ``required``, ``left out`` or ``undecided (inside the gap)``."""
        if self.left_out is not None:
            return "left out"
        if self.required:
            return "required"
        return {1: "in", -1: "out", 0: "undecided (inside the gap)"}[
            sign_of(self.inside, self.outside)
        ]

    def lines(self) -> list[str]:
        """The explanation in sentences."""
        if self.left_out is not None:
            return [
                f"{self.title} ({self.project}) cannot be part of any plan of this case:"
                f" {self.left_out}."
            ]
        lines = [f"{self.title} ({self.project}): {self.verdict}."]
        if self.verdict.startswith("undecided"):
            lines.append(
                f"The plan found {'has' if self.chosen else 'does not have'} it, but plans with it"
                f" and without it are within the gap of each other: with it {_range(self.inside)},"
                f" without it {_range(self.outside)} USD million. Another run may decide otherwise."
            )
        elif not self.outside.exists:
            lines.append("Without it there is no plan at all.")
        elif not self.inside.exists:
            lines.append("No plan that meets the case can have it.")
        else:
            saves = self.verdict == "in" or (self.required and self.worth.middle > 0)
            cost = self.worth if saves else self.worth.times(-1)
            lines.append(
                f"Forcing it {'out' if saves else 'in'} costs {_range(cost)} USD million of the"
                " objective."
            )
        if len(self.displaced):
            # who comes and goes says more than who moves by a year
            rows = sorted(
                self.displaced.to_dict("records"), key=lambda row: "becomes" in str(row["change"])
            )
            words = ", ".join(
                f"{row['project']} ({row['change']})" for row in rows[:MOST_DISPLACED]
            )
            more = f", and {len(rows) - MOST_DISPLACED} more" if len(rows) > MOST_DISPLACED else ""
            chance = (
                ""
                if self.inside.low == self.inside.high and self.outside.low == self.outside.high
                else UNSURE
            )
            lines.append(
                "Between the plan without it and the plan with it, this changes:"
                f" {words}{more}.{chance}"
            )
        if len(self.feeds):
            best = (
                self.feeds.sort_values("share_of_need", ascending=False)
                .groupby("commodity", sort=False)
                .first()
            )
            words = "; ".join(
                f"{name} up to {row['share_of_need']:.1%} of the need ({row['year']})"
                for name, row in best.iterrows()
            )
            lines.append(f"In a cut-off it makes {words}.")
        elif self.inside.exists:
            lines.append("In a cut-off it makes nothing that is asked for.")
        if self.reaches:
            more = (
                f", and {len(self.reaches) - MOST_DISPLACED} more"
                if len(self.reaches) > MOST_DISPLACED
                else ""
            )
            lines.append(
                "Through that it feeds the coverage of"
                f" {', '.join(self.reaches[:MOST_DISPLACED])}{more}."
            )
        return lines + [flip.sentence for flip in self.flips]

    def result(self) -> dict[str, Any]:
        """Everything in plain data and tables; intervals as their ends, infinite where there is no
        plan."""
        intervals = {
            name: [one.low, one.high]
            for name, one in (
                ("worth", self.worth),
                ("inside", self.inside),
                ("outside", self.outside),
            )
        }
        return {
            "project": self.project,
            "name": self.title,
            "verdict": self.verdict,
            "left_out": self.left_out,
            "required": self.required,
            "chosen": self.chosen,
            **{f"{name}_usd_m": ends for name, ends in intervals.items()},
            "displaced": self.displaced,
            "feeds": self.feeds,
            "reaches": self.reaches,
            "flips": [
                asdict(one) | {"at": None if one.at is None else [one.at.low, one.at.high]}
                for one in self.flips
            ],
            "numbers": [asdict(one) for one in self.numbers],
            "text": self.lines(),
        }


def _range(value: Interval) -> str:
    if abs(value.high - value.low) <= NOISE * max(1.0, abs(value.high)):
        return f"{value.middle:,.6g}"
    return f"{value.low:,.6g} to {value.high:,.6g}"


def sign_of(inside: Interval, outside: Interval) -> Sign:
    """Which of the two is surely less."""
    finite = [
        abs(x) for x in (inside.low, inside.high, outside.low, outside.high) if math.isfinite(x)
    ]
    if not inside.exists or not outside.exists:
        return 0 if inside.exists == outside.exists else 1 if inside.exists else -1
    found = (outside - inside).sign(NOISE * max([1.0, *finite]))
    return 1 if found > 0 else -1 if found < 0 else 0


def forced(written: Written, project: str, inside: bool) -> Compiled:
    """The program with the project committed by the end of its window, or never."""
    program, window = written.program, written.instance.candidates[project].window
    if inside:
        at = np.array([program.column_at["committed", (project, window[-1])]])
        return program.with_columns(at, np.ones(1), np.ones(1))
    at = np.array(
        [
            place
            for place, (family, index) in enumerate(program.columns)
            if family == "committed" and index[0] == project
        ]
    )
    rows = written.rows_where(
        required_commitment.__name__,
        lambda index: (index[0] if isinstance(index, tuple) else index) == project,
    )
    return program.with_columns(at, np.zeros(len(at)), np.zeros(len(at))).without_rows(rows)


def _side(program: Compiled, answer: Answer) -> Side:
    known = None if answer.values is None else Known.of(program, answer.values)
    return Side(answer.value, answer.values, known)


def both_sides(
    written: Written, project: str, start: Known | None = None
) -> tuple[Side, Side, bool]:
    """Optimum with and without the project, and whether the plan found has it: two solves, since
    the plan is the optimum of one side."""
    program, options = written.program, written.case.solver
    answer = search(program, options, start)
    if answer.values is None:
        if answer.status == "infeasible":
            free = search(forced(written, project, False), options)
            return Side(NOWHERE, None, None), _side(program, free), False
        return Side(answer.value, None, None), Side(answer.value, None, None), False
    chosen = project in Known.of(program, answer.values).committed
    this = _side(program, answer)
    other = _side(program, search(forced(written, project, not chosen), options, this.known))
    if written.instance.candidates[project].required:
        # the plan with it need not be the better one
        return this, other, True
    # a bound on all plans is a bound on those of one side
    return (this, other, True) if chosen else (other, this, False)


def explain_project(
    tables: Tables,
    case: Case,
    project: str,
    flips: tuple[str, ...] = FLIPS,
    most_solves: int = 4,
    on_step: Callable[[str], None] | None = None,
) -> Explanation:
    """Why ``project`` is in the plan of ``case`` or not.

    Args:
        tables, case: the question.
        project: its key.
        flips: which of :data:`FLIPS` to search.
        most_solves: re-solves for each of them.
        tell: called with each step as it begins.

    Raises:
        InputError: if there is no such project.
        InfeasibleError: if the case has no plan.
    """
    say = on_step or (lambda _: None)
    row = next((row for row in tables.projects if row.project == project), None)
    if row is None:
        known = [one.project for one in tables.projects]
        raise InputError(
            [
                Problem(
                    "PROJECT",
                    "",
                    "",
                    project,
                    f"should be a project of the data{Nearest(known)(project)}",
                )
            ]
        )
    say("write the model")
    written = write(tables, case)
    instance = written.instance
    grades = Grades(tables)
    about = (*grades.of("projects", row, *PROJECT_NUMBERS), *_of_process(grades, row))
    if project not in instance.candidates:
        empty = pd.DataFrame()
        reason = instance.dropped[project]
        return Explanation(
            project, row.name, NOWHERE, NOWHERE, False, False, empty, empty, (), (), about, reason
        )
    say("with it and without it")
    inside, outside, chosen = both_sides(written, project)
    if not inside.value.exists and not outside.value.exists:
        raise InfeasibleError(
            "There is no plan, with the project or without it; `paxsilica solve` says why."
        )
    found = []
    for what in flips:
        say(f"where the verdict turns: {what}")
        flip = _flip(written, grades, project, what, inside, outside, most_solves)
        if flip is not None:
            found.append(flip)
    return Explanation(
        project=project,
        title=row.name,
        inside=inside.value,
        outside=outside.value,
        chosen=chosen,
        required=instance.candidates[project].required,
        displaced=displaced(inside.known, outside.known, project),
        feeds=feeds(written, inside.values, project),
        reaches=reaches(written, project),
        flips=tuple(found),
        numbers=about,
    )


def _of_process(grades: Grades, row: Project) -> list[Number]:
    """Numbers of what the project does and makes."""
    tables = grades.tables
    made = {
        recipe.commodity
        for recipe in tables.recipes
        if recipe.process == row.process and recipe.role == "output"
    }
    cells: list[tuple[str, Row, str]] = [
        *(("statuses", one, "credit") for one in tables.statuses if one.status == row.status),
        *(
            ("processes", one, "minimum_utilisation")
            for one in tables.processes
            if one.process == row.process
        ),
        *(("recipes", one, "quantity") for one in tables.recipes if one.process == row.process),
        *(
            ("commodities", one, "shortage_price_usd_per_unit")
            for one in tables.commodities
            if one.commodity in made
        ),
    ]
    return [number for table, one, column in cells for number in grades.of(table, one, column)]


def _flip(
    written: Written,
    grades: Grades,
    project: str,
    what: str,
    inside: Side,
    outside: Side,
    most_solves: int,
) -> Flip | None:
    """Where the verdict turns with one number; ``None`` where the number is not there or zero."""
    tables, case, row = (
        written.tables,
        written.case,
        written.instance.world.projects_by_name[project],
    )
    product = written.instance.world.plants[project].main_product
    if what == "lead time":
        known = grades.of("projects", row, "lead_time_years")

        def vary(value: float) -> Tables:
            return with_lead_time(tables, project, round(value))

        friendly, unfriendly, step = 0.0, float(min(30, row.lead_time_years + 10)), 1.0
    elif what == "shortage price":
        priced = next((one for one in tables.commodities if one.commodity == product), None)
        known = (
            []
            if priced is None
            else grades.of("commodities", priced, "shortage_price_usd_per_unit")
        )

        def vary(value: float) -> Tables:
            return scaled(
                tables,
                "commodities",
                str(product),
                "shortage_price_usd_per_unit",
                value / known[0].value,
            )

        friendly, unfriendly, step = 10.0, 0.1, 0.01
    else:
        columns = (
            ("capex_usd_m", "capex_usd_m_per_unit")
            if what == "capital"
            else ("variable_cost_usd_per_unit",)
        )
        known = grades.of("projects", row, columns[0])

        def vary(value: float) -> Tables:
            changed = tables
            for column in columns:
                changed = scaled(changed, "projects", project, column, value / known[0].value)
            return changed

        friendly, unfriendly, step = 0.0, 5.0, 0.01
    if not known or (known[0].value <= 0 and what != "lead time"):
        return None
    now = known[0]
    if step < 1:
        friendly, unfriendly, step = friendly * now.value, unfriendly * now.value, step * now.value
    starts = [side.known or Known() for side in (inside, outside)]
    options = case.solver.model_copy(
        update={"time_limit_s": min(case.solver.time_limit_s, PATIENCE_S)}
    )
    surely_in, surely_out = (
        ends_of_capital(written, project, outside.value - inside.value, now.value)
        if what == "capital"
        else (-math.inf, math.inf)
    )
    friendly, unfriendly = max(friendly, surely_in), min(unfriendly, surely_out)
    solves = [0]

    def sign(value: float) -> Sign:
        if value <= surely_in or value >= surely_out:
            return 1 if value <= surely_in else -1
        solves[0] += 1
        try:
            varied = write(vary(value), case)
        except InputError:
            return -1  # required, and impossible
        if project not in varied.instance.candidates:
            return -1
        other = outside.value
        if what == "shortage price":
            other = search(forced(varied, project, False), options, starts[1]).value
        program = forced(varied, project, True)
        if starts[0].committed:
            # the plan known, run anew: a small linear program that often settles it
            whole = np.flatnonzero(program.integer)
            again = solve(program.fixed(whole, starts[0].values(program)[whole]), options)
            if (
                again.objective is not None
                and sign_of(Interval(-math.inf, again.objective), other) == 1
            ):
                return 1
        answer = search(
            program,
            options,
            starts[0],
            lambda now: sign_of(now, other) != 0 if other.exists else now.high < math.inf,
        )
        return sign_of(answer.value, other)

    seen: list[Sign] = [sign_of(inside.value, outside.value)]

    def noted(value: float) -> Sign:
        seen.append(sign(value))
        return seen[-1]

    at, _ = turning_point(noted, friendly, unfriendly, now.value, seen[0], most_solves, step)
    words = {
        "capital": "Capital",
        "variable cost": "Variable cost",
        "lead time": "Lead time",
        "shortage price": f"Shortage price of {product}",
    }
    unit = {"capital": "USD million", "lead time": "years"}.get(what, "USD per unit")
    if now.year is not None:
        words[what] += f" (in {now.year}, the other years in proportion)"
    return Flip(
        words[what],
        unit,
        now.value,
        at,
        (friendly, unfriendly),
        now.low,
        now.high,
        now.grade,
        solves[0],
        0 not in seen,
    )
