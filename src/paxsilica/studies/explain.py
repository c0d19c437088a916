"""Why a project is in the plan or not: what the opposite decision costs, which other projects
change with it, what it contributes to coverage, and at which numbers the verdict changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import pandas as pd

from paxsilica import output_tables as doc
from paxsilica.case import Case
from paxsilica.errors import InfeasibleError, InputError, Problem
from paxsilica.output_tables import TableDoc
from paxsilica.provenance.graded import GradedNumber, graded
from paxsilica.provenance.lookup import Lookup
from paxsilica.solver import Array, Compiled
from paxsilica.solver.resolve import NOISE, NOWHERE, Answer, Interval, Known, Written, search, write
from paxsilica.studies import BREAK_EVEN_NUMBERS
from paxsilica.studies.break_even import BreakEven, Side, break_even, forced, sign_of
from paxsilica.tables import Tables
from paxsilica.tables.schema import Project
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

MOST_NAMES = 12
"""Names in a sentence; the result contains all."""
_COMMODITY = "units of the commodity per year"
UNSURE = " Both plans are optimal only within the gap, so some of this may be chance."


@dataclass(frozen=True)
class Explanation:
    """Why a project is in the plan or not.

    Attributes:
        inside, outside: optimum with it forced in and out, USD million of the objective.
        chosen: whether the plan that was found has it.
        displaced: other projects that differ between the two plans.
        feeds: its output in a cut-off and the need, by commodity and year.
        reaches: covered commodities further down the chain into which its output goes.
        break_even: numbers at which the verdict changes; ``numbers``: those of the data.
        dropped: why it cannot be part of any plan; ``None`` if it can.
        docs: title of each table of the result, with type, unit and meaning of its columns.
    """

    docs: ClassVar[Mapping[str, TableDoc]] = {
        "displaced": doc.table(
            "Other projects whose commitment differs between the plans with and without the"
            " project",
            project=doc.text("project"),
            year_without=doc.year("year of commitment without it; blank: not committed"),
            year_with=doc.year("year of commitment with it; blank: not committed"),
            change=doc.text("the change in words"),
        ),
        "feeds": doc.table(
            "Output of the project in the coverage tests, with the plan that has it",
            stage=doc.text("stage"),
            commodity=doc.text("commodity"),
            year=doc.year("year of the cut-off"),
            output=doc.number("output", _COMMODITY),
            need=doc.number("need", _COMMODITY),
            share_of_need=doc.share("output over need"),
            required_share=doc.share("share of need that the case requires"),
        ),
        "numbers": doc.table(
            "Numbers of the data on the project, with their provenance",
            table=doc.text("table of the data"),
            row=doc.text("key of the row"),
            column=doc.text("column"),
            value=doc.amount("value"),
            low=doc.amount("lower end of the range"),
            high=doc.amount("upper end of the range"),
            unit=doc.text("unit"),
            grade=doc.text("grade of the evidence; blank: no provenance"),
            sources=doc.text("keys of the sources"),
            year=doc.year("year of the value; blank: all years"),
        ),
    }

    project: str
    title: str
    inside: Interval
    outside: Interval
    chosen: bool
    required: bool
    displaced: pd.DataFrame
    feeds: pd.DataFrame
    reaches: tuple[str, ...]
    break_even: tuple[BreakEven, ...]
    numbers: tuple[GradedNumber, ...]
    dropped: str | None = None

    @property
    def worth(self) -> Interval:
        """What the project saves, USD million of the objective."""
        return self.outside - self.inside

    @property
    def verdict(self) -> str:
        """``in``, ``out``, ``required``, ``left out`` or ``undecided (inside the gap)``."""
        if self.dropped is not None:
            return "left out"
        if self.required:
            return "required"
        words = {1: "in", -1: "out", 0: "undecided (inside the gap)"}
        return words[sign_of(self.inside, self.outside)]

    def lines(self) -> list[str]:
        """The explanation in sentences."""
        name = f"{self.title} ({self.project})"
        if self.dropped is not None:
            return [f"{name} cannot be part of any plan of this case: {self.dropped}."]
        lines = [f"{name}: {self.verdict}.", self._cost_sentence()]
        if len(self.displaced):
            lines.append(self._displaced_sentence())
        if len(self.feeds):
            feeds = self.feeds.sort_values("share_of_need", ascending=False)
            best = feeds.groupby("commodity", sort=False).first()
            words = "; ".join(
                f"{name} up to {row['share_of_need']:.1%} of the need ({row['year']})"
                for name, row in best.iterrows()
            )
            lines.append(f"In a cut-off it makes {words}.")
        elif self.inside.exists:
            lines.append("In a cut-off it makes nothing that is required.")
        if self.reaches:
            lines.append(f"Through that it feeds the coverage of {_listed(self.reaches)}.")
        return lines + [one.sentence for one in self.break_even]

    def _cost_sentence(self) -> str:
        if self.verdict.startswith("undecided"):
            return (
                f"The plan found {'has' if self.chosen else 'does not have'} it, but plans with it"
                f" and without it are within the gap of each other: with it {_range(self.inside)},"
                f" without it {_range(self.outside)} USD million. Another run may decide otherwise."
            )
        if not self.outside.exists:
            return "Without it there is no plan at all."
        if not self.inside.exists:
            return "No plan that meets the case can have it."
        saves = self.verdict == "in" or (self.required and self.worth.middle > 0)
        cost = _range(self.worth if saves else self.worth.times(-1))
        return f"Forcing it {'out' if saves else 'in'} costs {cost} USD million of the objective."

    def _displaced_sentence(self) -> str:
        # projects that come or go first, then those that move by some years
        found = self.displaced.to_dict("records")
        rows = sorted(found, key=lambda row: "becomes" in str(row["change"]))
        exact = self.inside.low == self.inside.high and self.outside.low == self.outside.high
        changes = _listed([f"{row['project']} ({row['change']})" for row in rows])
        head = "Between the plan without it and the plan with it, this changes:"
        return f"{head} {changes}.{'' if exact else UNSURE}"

    def result(self) -> dict[str, Any]:
        """Everything in plain data and tables; intervals as their ends."""
        return {
            "project": self.project,
            "name": self.title,
            "verdict": self.verdict,
            "left_out": self.dropped,
            "required": self.required,
            "chosen": self.chosen,
            "worth_usd_m": [self.worth.low, self.worth.high],
            "inside_usd_m": [self.inside.low, self.inside.high],
            "outside_usd_m": [self.outside.low, self.outside.high],
            "displaced": self.displaced,
            "feeds": self.feeds,
            "reaches": self.reaches,
            "break_even": [
                asdict(one) | {"at": None if one.at is None else [one.at.low, one.at.high]}
                for one in self.break_even
            ],
            "numbers": [asdict(one) for one in self.numbers],
            "text": self.lines(),
        }


def _listed(names: tuple[str, ...] | list[str]) -> str:
    more = len(names) - MOST_NAMES
    return ", ".join(names[:MOST_NAMES]) + (f", and {more} more" if more > 0 else "")


def _range(value: Interval) -> str:
    if abs(value.high - value.low) <= NOISE * max(1.0, abs(value.high)):
        return f"{value.middle:,.6g}"
    return f"{value.low:,.6g} to {value.high:,.6g}"


def _side(program: Compiled, answer: Answer) -> Side:
    known = None if answer.values is None else Known.of(program, answer.values)
    return Side(answer.value, answer.values, known)


def both_sides(
    written: Written, project: str, start: Known | None = None
) -> tuple[Side, Side, bool]:
    """The optimum with and without the project, and whether the plan found has it."""
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
    numbers: tuple[str, ...] = BREAK_EVEN_NUMBERS,
    most_solves: int = 4,
    on_step: Callable[[str], None] | None = None,
) -> Explanation:
    """Why ``project`` is in the plan of ``case`` or not.

    Args:
        tables, case, project: the question.
        numbers: whose break-even value is searched for, with ``most_solves`` re-solves each.
        on_step: called with the name of each step as it begins.

    Raises:
        InputError: if there is no such project.
        InfeasibleError: if the case has no plan.
    """
    begin = on_step or (lambda _: None)
    rows = {row.project: row for row in tables.projects}
    if project not in rows:
        words = f"should be a project of the data{Nearest(rows)(project)}"
        raise InputError([Problem("PROJECT", "", "", project, words)])
    begin("write the model")
    written, row = write(tables, case), rows[project]
    instance, about = written.instance, _numbers_of(tables, row)
    if project not in instance.candidates:
        empty = pd.DataFrame()
        sides = (NOWHERE, NOWHERE, False, False)
        reason = instance.dropped[project]
        return Explanation(project, row.name, *sides, empty, empty, (), (), about, reason)
    begin("with it and without it")
    inside, outside, chosen = both_sides(written, project)
    if not inside.value.exists and not outside.value.exists:
        words = "There is no plan, with the project or without it; `paxsilica solve` says why."
        raise InfeasibleError(words)
    found = []
    for what in numbers:
        begin(f"break-even value: {what}")
        found.append(break_even(written, project, what, inside, outside, most_solves))
    return Explanation(
        project,
        row.name,
        inside.value,
        outside.value,
        chosen,
        instance.candidates[project].required,
        displaced(inside.known, outside.known, project),
        feeds(written, inside.values, project),
        reaches(written, project),
        tuple(one for one in found if one is not None),
        about,
    )


def _numbers_of(tables: Tables, row: Project) -> tuple[GradedNumber, ...]:
    """Numbers of the project, and of what it does and makes."""
    recipes = [one for one in tables.recipes if one.process == row.process]
    made = {one.commodity for one in recipes if one.role == "output"}
    cells: tuple[tuple[str, str, set[Any], tuple[str, ...]], ...] = (
        ("projects", "project", {row.project}, PROJECT_NUMBERS),
        ("statuses", "status", {row.status}, ("capital_factor",)),
        ("completion", "status", {row.status}, ("probability",)),
        ("processes", "process", {row.process}, ("minimum_utilisation",)),
        ("recipes", "process", {row.process}, ("quantity",)),
        ("commodities", "commodity", made, ("shortage_price_usd_per_unit",)),
    )
    lookup = Lookup(tables)
    return tuple(
        number
        for table, key, keys, columns in cells
        for one in tables.rows(table)
        if getattr(one, key) in keys
        for number in graded(tables, lookup, table, one, *columns)
    )


def displaced(inside: Known | None, outside: Known | None, project: str) -> pd.DataFrame:
    """Other projects whose commitment differs between the plans with and without the project."""
    rows: list[tuple[str, int | None, int | None, str]] = []
    if inside is not None and outside is not None:
        before, after = outside.committed, inside.committed
        for name in sorted({*before, *after} - {project}):
            old, new = before.get(name), after.get(name)
            if old is None:
                rows.append((name, old, new, f"comes in, {new}"))
            elif new is None:
                rows.append((name, old, new, f"drops out, was {old}"))
            elif old != new:
                rows.append((name, old, new, f"{old} becomes {new}"))
    return pd.DataFrame(rows, columns=list(Explanation.docs["displaced"].schema))


def feeds(written: Written, inside: Array | None, project: str) -> pd.DataFrame:
    """Output of the project in the coverage tests, with the plan that has it."""
    columns = list(Explanation.docs["feeds"].schema)
    instance, program = written.instance, written.program
    if inside is None:
        return pd.DataFrame(columns=columns)
    stage_of = {row.commodity: row.stage for row in instance.tables.commodities}
    made = instance.world.outputs.get(instance.world.plants[project].process, {})
    rows = []
    for (commodity, state_name), share in instance.required.items():
        at = program.column_at.get(("activity", (project, state_name)))
        if commodity in made and at is not None and inside[at] > NOISE:
            year = instance.states[state_name].year
            output, need = made[commodity] * inside[at], instance.need[commodity, year]
            rows.append((stage_of[commodity], commodity, year, output, need, output / need, share))
    return pd.DataFrame(sorted(rows, key=str), columns=columns)


def reaches(written: Written, project: str) -> tuple[str, ...]:
    """Covered commodities made from the output of the project, directly or not."""
    world = written.instance.world
    own = set(world.outputs.get(world.plants[project].process, {}))
    seen, front = set(own), list(own)
    while front:
        commodity = front.pop()
        for process, inputs in world.inputs.items():
            if commodity in inputs:
                new = set(world.outputs.get(process, {})) - seen
                seen |= new
                front += new
    return tuple(commodity for commodity in written.instance.covered if commodity in seen - own)
