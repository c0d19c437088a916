"""Sensitivity of the optimum, and of a plan, to uncertain numbers: one at a time (a tornado chart),
or two together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Unpack

import pandas as pd

from paxsilica import output_tables as doc
from paxsilica.api import Question
from paxsilica.case import Case
from paxsilica.errors import InputError
from paxsilica.output_tables import TableDoc
from paxsilica.plan.result import Plan
from paxsilica.studies.parallel import Packed, Result, Runner, RunOptions, task
from paxsilica.studies.parameters import (
    GROUPS,
    Parameter,
    Range,
    check_parameters,
    find_ranges,
    moved,
)
from paxsilica.studies.results import Figure, Study, axes, differences, field_of, with_thousands
from paxsilica.studies.tasks import decision_in, run_plan, solve_case, start_of
from paxsilica.tables import Tables

Move = tuple[dict[str, Any], list[tuple[Parameter, float]]]
"""The cells that describe a change of numbers, and the level of each parameter in it."""

_CHANGE = {
    "status": doc.text("of the search; infeasible: there is no plan with these numbers"),
    "objective_usd_m": doc.money("objective of the best plan with these numbers"),
    "bound_usd_m": doc.money("bound on it"),
    "change_usd_m": doc.money("objective less that of the base"),
    "change_low_usd_m": doc.money("least that the change can be, given both gaps"),
    "change_high_usd_m": doc.money("most that it can be"),
    "plan_cost_usd_m": doc.money("cost of the base plan's projects, operation optimised again"),
    "plan_change_usd_m": doc.money("the same less its cost with the numbers of the data"),
    "plan_within_money": doc.true_false("whether funders can still pay for the base plan"),
    "joined": doc.text(
        "projects of the best plan that the base plan does not have, separated by ';'"
    ),
    "left": doc.text(
        "projects of the base plan that the best plan does not have, separated by ';'"
    ),
}
_LEVEL = doc.number("-1 low, 0 as in the data, 1 high", doc.DIMENSIONLESS)


def _change_by(table: pd.DataFrame, rows: str, columns: str) -> tuple[pd.DataFrame, bool]:
    """Changes of the optimum (true), or of the cost of the base plan if only that was run."""
    solved = bool(table["change_usd_m"].notna().any())
    values = "change_usd_m" if solved else "plan_change_usd_m"
    return table.pivot(index=rows, columns=columns, values=values).astype(float), solved


@dataclass(frozen=True, repr=False)
class Sensitivity(Study):
    """One-way sensitivity. ``figure`` draws the tornado."""

    main: ClassVar[str] = "one_way"
    docs: ClassVar[Mapping[str, TableDoc]] = {
        "one_way": doc.table(
            "The best plan, and the base plan, with one group of numbers at its low or high",
            parameter=doc.text("group of numbers that change together"),
            end=doc.text("low or high end of the ranges in the data"),
            numbers=doc.count("how many numbers changed"),
            **_CHANGE,
        ),
    }

    def figure(self) -> Figure:
        """Tornado chart of the change of the optimum, or of the cost of the base plan."""
        wide, solved = _change_by(self.table(), "parameter", "end")
        order = wide.abs().max(axis=1).sort_values().index
        figure, ax = axes(8.0, 1.2 + 0.35 * len(order))
        for end, colour in (("low", "#3b6fb6"), ("high", "#d1793f")):
            if end in wide:
                values, label = wide.loc[order, end].fillna(0.0), f"numbers at their {end}"
                ax.barh(list(order), values, color=colour, label=label)
        ax.axvline(0.0, color="black", linewidth=0.8)
        what = "least cost" if solved else "cost of the base plan"
        ax.set_xlabel(f"change of the {what}, USD million")
        with_thousands(ax.xaxis)
        ax.legend(frameon=False)
        return figure


@dataclass(frozen=True, repr=False)
class TwoWay(Study):
    """Two-way sensitivity. ``figure`` draws the optimum over both levels."""

    main: ClassVar[str] = "two_way"
    docs: ClassVar[Mapping[str, TableDoc]] = {
        "two_way": doc.table(
            "The best plan, and the base plan, with two groups of numbers changed together",
            first=doc.text("first group of numbers"),
            first_level=_LEVEL,
            second=doc.text("second group of numbers"),
            second_level=_LEVEL,
            **_CHANGE,
        ),
    }

    def figure(self) -> Figure:
        """A heat map of the change of the optimum over the two levels."""
        table = self.table()
        wide, _ = _change_by(table, "second_level", "first_level")
        figure, ax = axes(6.5, 5.0)
        picture = field_of(ax, wide.to_numpy(dtype=float), "YlOrBr")
        ax.invert_yaxis()
        for set_ticks, levels in ((ax.set_xticks, wide.columns), (ax.set_yticks, wide.index)):
            set_ticks(range(len(levels)), [f"{x:+g}" for x in levels.to_numpy(dtype=float)])
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
    """Work: parameters at some levels: the best plan, or the projects of ``decision``."""
    numbers: dict[tuple[str, str, str, int | None], tuple[Range, float]] = {}
    for data, level in arguments["levels"]:
        for one in find_ranges(tables, from_plain(data)):
            numbers[one.table, one.row, one.column, one.year] = (one, one.at(level))
    found = solve_or_run(moved(tables, numbers.values()), case, arguments)
    return found | {"numbers": len(numbers)}


def solve_or_run(tables: Tables, case: Case, arguments: Mapping[str, Any]) -> Result:
    """The best plan, or that of ``decision``; invalid numbers give the status ``error``."""
    try:
        work = run_plan if "decision" in arguments else solve_case
        return work(tables, case, arguments)
    except InputError as error:
        return {"status": "error", "message": str(error), "objective": None, "bound": None}


def ranged(question: Question, parameters: Iterable[Parameter | str] | None) -> list[Parameter]:
    """The given parameters, or the default groups for which the data has ranges.

    Raises:
        InputError: for every parameter that does not exist, and if nothing has a range.
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
            " to change"
        )
    return found


def _base(
    question: Question, packed: Packed, plan: Plan | None, runner: Runner
) -> tuple[Result, Result] | None:
    """The best plan with the numbers of the data, and its cost with fixed projects."""
    if plan is None:
        best = runner.run([task(solve_case, packed, question.case)], "base")[0]
        if best is None:
            return None
        if "decision" not in best:
            raise InputError(f"the case has no plan to start from ({best['status']})")
    else:
        decision = decision_in(plan)
        best = {"objective": plan.objective, "bound": plan.bound, "decision": decision}
    job = task(run_plan, packed, question.case, decision=best["decision"])
    base_run = runner.run([job], "base plan")[0]
    return None if base_run is None else ({"tickets": [], **best}, base_run)


def _rows(
    question: Question, moves: Sequence[Move], plan: Plan | None, resolve: bool, runner: Runner
) -> list[dict[str, Any]]:
    packed = Packed.of(question.tables)
    base = _base(question, packed, plan, runner)
    if base is None:
        return []
    best, base_run = base
    levels = [[[plain(parameter), level] for parameter, level in move] for _, move in moves]
    ways: list[dict[str, Any]] = [{"decision": best["decision"]}]
    ways += [{"start": start_of(best)}] if resolve else []
    jobs = [
        task(solve_moved, packed, question.case, levels=level, **way)
        for way in ways
        for level in levels
    ]
    found = runner.run(jobs, "sensitivity")
    rows = []
    for at, (words, _) in enumerate(moves):
        fixed, solved = found[at], found[at + len(moves)] if resolve else None
        if fixed is not None or solved is not None:
            numbers = {"numbers": (fixed or solved or {}).get("numbers")}
            rows.append(words | numbers | _change(best, base_run, fixed, solved))
    return rows


def _change(
    best: Result, base_run: Result, fixed: Result | None, solved: Result | None
) -> dict[str, Any]:
    row: dict[str, Any] = {"status": "not solved again"}
    if fixed is not None and fixed.get("cost") is not None:
        row |= {
            "plan_cost_usd_m": fixed["cost"],
            "plan_change_usd_m": fixed["cost"] - base_run["cost"],
            "plan_within_money": fixed["within_money"],
        }
    if solved is None:
        return row
    objective, bound = solved["objective"], solved["bound"]
    row |= {"status": solved["status"], "objective_usd_m": objective, "bound_usd_m": bound}
    if objective is not None:
        row |= {"change_usd_m": objective - best["objective"]}
        row |= differences(best["decision"], solved["decision"])
        if bound is not None and best["bound"] is not None:
            row |= {
                "change_low_usd_m": bound - best["objective"],
                "change_high_usd_m": objective - best["bound"],
            }
    return row


def sensitivity(
    question: Question,
    parameters: Iterable[Parameter | str] | None = None,
    *,
    plan: Plan | None = None,
    resolve: bool = True,
    **run: Unpack[RunOptions],
) -> Sensitivity:
    """Changes each group of numbers to the low and to the high end of its ranges in the data.

    Each time the best plan is searched for again, and the base plan is run with the new numbers:
    the first shows the value of knowing the number, the second the cost of a wrong number after
    the projects are built.

    Args:
        question: the base.
        parameters: groups of numbers, such as ``"assets.capacity:smelter-*"``; by default
            :data:`~paxsilica.studies.parameters.GROUPS`.
        plan: the base plan, if it is known already.
        resolve: whether to search for the best plan again; if not, only the base plan is run, which
            takes seconds.
        run: ``workers``, ``store``, ``cluster``, ``progress``: see
            :class:`~paxsilica.studies.parallel.Runner`.
    """
    moves: list[Move] = [
        ({"parameter": parameter.name, "end": end}, [(parameter, level)])
        for parameter in ranged(question, parameters)
        for end, level in (("low", -1.0), ("high", 1.0))
    ]
    with Runner(**run) as runner:
        rows = _rows(question, moves, plan, resolve, runner)
    title = f"Sensitivity of {question.case.title or question.case.name}"
    return Sensitivity.of({"one_way": rows}, title, runner.stopped)


def two_way(
    question: Question,
    first: Parameter | str,
    second: Parameter | str,
    *,
    levels: Sequence[float] = (-1.0, 0.0, 1.0),
    plan: Plan | None = None,
    resolve: bool = True,
    **run: Unpack[RunOptions],
) -> TwoWay:
    """Changes two groups of numbers together, each to every level: -1 is the low end of the range
    in the data, 0 the number itself, 1 the high end.

    Other arguments are those of :func:`sensitivity`.
    """
    one, other = ranged(question, [first, second])
    moves: list[Move] = [
        (
            {"first": one.name, "first_level": x, "second": other.name, "second_level": y},
            [(one, x), (other, y)],
        )
        for x in levels
        for y in levels
    ]
    with Runner(**run) as runner:
        rows = _rows(question, moves, plan, resolve, runner)
    title = f"{one.name} and {other.name}: {question.case.title or question.case.name}"
    return TwoWay.of({"two_way": rows}, title, runner.stopped)
