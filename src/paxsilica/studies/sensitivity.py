"""What if a number is lower or higher than the data says: one at a time (a tornado), or two
together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import pandas as pd

from paxsilica.api import Question
from paxsilica.case import Case
from paxsilica.errors import InputError
from paxsilica.plan.result import Plan, TableDoc
from paxsilica.studies.parallel import Packed, Result, Runner, task
from paxsilica.studies.parameters import (
    GROUPS,
    Parameter,
    Range,
    check_parameters,
    find_ranges,
    moved,
)
from paxsilica.studies.results import Study, axes, field_of, frame, stopped_note, with_thousands
from paxsilica.studies.tasks import decision_in, run_plan, solve_case
from paxsilica.tables import Tables

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_CHANGE = {
    "status": "of the search; infeasible: there is no plan with these numbers",
    "objective_usd_m": "objective of the best plan with these numbers, USD million",
    "bound_usd_m": "bound on it, USD million",
    "change_usd_m": "objective less that of the base, USD million",
    "change_low_usd_m": "least that the change can be, given both gaps, USD million",
    "change_high_usd_m": "most that it can be, USD million",
    "plan_cost_usd_m": (
        "all cost of the base plan's projects with these numbers, operation chosen anew, USD"
        " million"
    ),
    "plan_change_usd_m": (
        "the same less all cost of the base plan with the data's numbers, USD million"
    ),
    "plan_within_money": "whether funders can still pay for the base plan",
    "joined": "projects of the best plan that the base plan has not, separated by ';'",
    "left": "projects of the base plan that the best plan has not, separated by ';'",
}


def _change_by(table: pd.DataFrame, rows: str, columns: str) -> tuple[pd.DataFrame, bool]:
    """Changes of the optimum, USD million, or of the base plan's cost where only that was run; and
    whether they are of the optimum."""
    solved = bool(table["change_usd_m"].notna().any())
    return (
        table.pivot(
            index=rows, columns=columns, values="change_usd_m" if solved else "plan_change_usd_m"
        ).astype(float),
        solved,
    )


@dataclass(frozen=True)
class Sensitivity(Study):
    """One-way sensitivity. ``figure`` draws the tornado."""

    main: ClassVar[str] = "one_way"
    docs: ClassVar[Mapping[str, TableDoc]] = {
        "one_way": TableDoc(
            "The best plan, and the base plan, with one group of numbers at its low or high",
            {
                "parameter": "group of numbers that move together",
                "end": "low or high of the data's own ranges",
                "numbers": "how many numbers moved",
            }
            | _CHANGE,
        ),
    }

    def figure(self) -> Figure:
        """Tornado: by how much the optimum moves; where only the base plan was re-run, by how much
        its cost does."""
        wide, solved = _change_by(self.table(), "parameter", "end")
        order = wide.abs().max(axis=1).sort_values().index
        figure, ax = axes(8.0, 1.2 + 0.35 * len(order))
        for end, colour in (("low", "#3b6fb6"), ("high", "#d1793f")):
            if end in wide:
                ax.barh(
                    list(order),
                    wide.loc[order, end].fillna(0.0),
                    color=colour,
                    label=f"numbers at their {end}",
                )
        ax.axvline(0.0, color="black", linewidth=0.8)
        what = "least cost" if solved else "cost of the base plan"
        ax.set_xlabel(f"change of the {what}, USD million")
        with_thousands(ax.xaxis)
        ax.legend(frameon=False)
        return figure


@dataclass(frozen=True)
class TwoWay(Study):
    """Two-way sensitivity. ``figure`` draws the optimum over both levels."""

    main: ClassVar[str] = "two_way"
    docs: ClassVar[Mapping[str, TableDoc]] = {
        "two_way": TableDoc(
            "The best plan, and the base plan, with two groups of numbers moved together",
            {
                "first": "first group of numbers",
                "first_level": "-1 low, 0 as in the data, 1 high",
                "second": "second group of numbers",
                "second_level": "-1 low, 0 as in the data, 1 high",
            }
            | _CHANGE,
        ),
    }

    def figure(self) -> Figure:
        """A field of the change of the optimum over the two levels."""
        table = self.table()
        wide, _ = _change_by(table, "second_level", "first_level")
        figure, ax = axes(6.5, 5.0)
        picture = field_of(ax, wide.to_numpy(dtype=float), "YlOrBr")
        ax.invert_yaxis()
        ax.set_xticks(
            range(len(wide.columns)),
            [f"{level:+g}" for level in wide.columns.to_numpy(dtype=float)],
        )
        ax.set_yticks(
            range(len(wide.index)), [f"{level:+g}" for level in wide.index.to_numpy(dtype=float)]
        )
        ax.set_xlabel(str(table["first"].iloc[0]) + " (-1 low, +1 high)")
        ax.set_ylabel(str(table["second"].iloc[0]) + " (-1 low, +1 high)")
        figure.colorbar(picture, label="change, USD million")
        return figure


def plain(parameter: Parameter) -> list[Any]:
    """A parameter as plain data."""
    return [parameter.name, parameter.table, list(parameter.columns), parameter.rows]


def from_plain(data: Sequence[Any]) -> Parameter:
    """The parameter that :func:`plain` wrote."""
    return Parameter(data[0], data[1], tuple(data[2]), data[3])


def solve_moved(tables: Tables, case: Case, arguments: Mapping[str, Any]) -> Result:
    """Work: with parameters moved to levels, the best plan (from ``start``), or the projects of
    ``decision`` as they are."""
    numbers: dict[tuple[str, str, str, int | None], tuple[Range, float]] = {}
    for data, level in arguments["levels"]:
        for one in find_ranges(tables, from_plain(data)):
            numbers[one.table, one.row, one.column, one.year] = (one, one.at(level))
    return solve_or_run(moved(tables, numbers.values()), case, arguments) | {
        "numbers": len(numbers)
    }


def solve_or_run(tables: Tables, case: Case, arguments: Mapping[str, Any]) -> Result:
    """Solves a case on moved tables, or runs a plan there; numbers that make no problem at all give
    the status ``error`` and a message."""
    try:
        return (
            run_plan(tables, case, arguments)
            if "decision" in arguments
            else solve_case(tables, case, arguments)
        )
    except InputError as error:
        return {"status": "error", "message": str(error), "objective": None, "bound": None}


def ranged(question: Question, parameters: Iterable[Parameter | str] | None) -> list[Parameter]:
    """The parameters asked for, or the usual groups that the data has ranges for.

    Raises:
        InputError: for what is not there, and if nothing has a range.
    """
    if parameters is None:
        found = [parameter for parameter in GROUPS if find_ranges(question.tables, parameter)]
    else:
        found = [Parameter.parse(one) if isinstance(one, str) else one for one in parameters]
        check_parameters(found)
    bare = [parameter.name for parameter in found if not find_ranges(question.tables, parameter)]
    if bare or not found:
        which = ", ".join(bare) or "the data"
        raise InputError(
            f"{which}: no number has a low and a high in the table provenance, so there is nothing"
            " to move"
        )
    return found


def _base(
    question: Question, packed: Packed, plan: Plan | None, runner: Runner
) -> tuple[Result, Result] | None:
    """The best plan with the data's own numbers, and the same as it runs with its projects
    fixed."""
    if plan is None:
        best = runner.run([task(solve_case, packed, question.case)], "base")[0]
        if best is None:
            return None
        if "decision" not in best:
            raise InputError(f"the case has no plan to start from ({best['status']})")
    else:
        best = {
            "objective": plan.objective,
            "bound": plan.bound,
            "decision": decision_in(plan),
            "tickets": [],
        }
    run = runner.run(
        [task(run_plan, packed, question.case, decision=best["decision"])], "base plan"
    )[0]
    return None if run is None else (best, run)


def _rows(
    question: Question,
    moves: Sequence[tuple[dict[str, Any], list[tuple[Parameter, float]]]],
    plan: Plan | None,
    resolve: bool,
    runner: Runner,
) -> list[dict[str, Any]]:
    packed = Packed.of(question.tables)
    base = _base(question, packed, plan, runner)
    if base is None:
        return []
    best, run = base
    start = {"decision": best["decision"], "tickets": best["tickets"]}
    levels = [[[plain(parameter), level] for parameter, level in move] for _, move in moves]
    jobs = [
        task(solve_moved, packed, question.case, levels=level, decision=best["decision"])
        for level in levels
    ]
    if resolve:
        jobs += [
            task(solve_moved, packed, question.case, levels=level, start=start) for level in levels
        ]
    found = runner.run(jobs, "sensitivity")
    rows = []
    for at, (words, _) in enumerate(moves):
        fixed, solved = found[at], found[at + len(moves)] if resolve else None
        if fixed is not None or solved is not None:
            rows.append(
                words
                | {"numbers": (fixed or solved or {}).get("numbers")}
                | _change(best, run, fixed, solved)
            )
    return rows


def _change(
    best: Result, run: Result, fixed: Result | None, solved: Result | None
) -> dict[str, Any]:
    row: dict[str, Any] = {}
    if fixed is not None and fixed.get("cost") is not None:
        row |= {
            "plan_cost_usd_m": fixed["cost"],
            "plan_change_usd_m": fixed["cost"] - run["cost"],
            "plan_within_money": fixed["within_money"],
        }
    if solved is None:
        return row | {"status": "not solved anew"}
    row |= {
        "status": solved["status"],
        "objective_usd_m": solved["objective"],
        "bound_usd_m": solved["bound"],
    }
    if solved["objective"] is not None:
        row["change_usd_m"] = solved["objective"] - best["objective"]
        if solved["bound"] is not None and best["bound"] is not None:
            row |= {
                "change_low_usd_m": solved["bound"] - best["objective"],
                "change_high_usd_m": solved["objective"] - best["bound"],
            }
        row["joined"] = "; ".join(sorted(set(solved["decision"]) - set(best["decision"])))
        row["left"] = "; ".join(sorted(set(best["decision"]) - set(solved["decision"])))
    return row


def sensitivity(
    question: Question,
    parameters: Iterable[Parameter | str] | None = None,
    *,
    plan: Plan | None = None,
    resolve: bool = True,
    workers: int | None = None,
    store: Path | str | None = None,
    cluster: str | None = None,
    progress: bool | None = None,
) -> Sensitivity:
    """Moves each group of numbers to the low and to the high end of the data's own ranges.

    Each time the best plan is sought anew, and the base plan is run with the new numbers: the first
    tells what the number is worth, the second what a wrong number costs those who have built
    already.

    Args:
        question: the base.
        parameters: groups of numbers, such as ``"assets.capacity:chn-*"``; by default the usual
            groups, for a tornado.
        plan: the base plan, if it is known already.
        resolve: whether to seek the best plan anew; without, only the base plan is run, which takes
            seconds.
        workers, store, cluster, progress: see :class:`~paxsilica.studies.parallel.Runner`.
    """
    groups = ranged(question, parameters)
    moves: list[tuple[dict[str, Any], list[tuple[Parameter, float]]]] = [
        ({"parameter": parameter.name, "end": end}, [(parameter, level)])
        for parameter in groups
        for end, level in (("low", -1.0), ("high", 1.0))
    ]
    with Runner(workers, store, cluster, progress) as runner:
        rows = _rows(question, moves, plan, resolve, runner)
    table = frame(Sensitivity.docs["one_way"], rows)
    notes = stopped_note(runner.stopped)
    return Sensitivity(
        {"one_way": table},
        f"Sensitivity of {question.case.title or question.case.name}",
        notes,
        runner.stopped,
    )


def two_way(
    question: Question,
    first: Parameter | str,
    second: Parameter | str,
    *,
    levels: Sequence[float] = (-1.0, 0.0, 1.0),
    plan: Plan | None = None,
    resolve: bool = True,
    workers: int | None = None,
    store: Path | str | None = None,
    cluster: str | None = None,
    progress: bool | None = None,
) -> TwoWay:
    """Moves two groups of numbers together, each to every level: -1 is the low of the data's own
    range, 0 the data, 1 the high.

    Other arguments are those of :func:`sensitivity`.
    """
    one, other = ranged(question, [first, second])
    moves = [
        (
            {"first": one.name, "first_level": x, "second": other.name, "second_level": y},
            [(one, x), (other, y)],
        )
        for x in levels
        for y in levels
    ]
    with Runner(workers, store, cluster, progress) as runner:
        rows = _rows(question, moves, plan, resolve, runner)
    table = frame(TwoWay.docs["two_way"], rows)
    title = f"{one.name} and {other.name}: {question.case.title or question.case.name}"
    return TwoWay({"two_way": table}, title, stopped_note(runner.stopped), runner.stopped)
