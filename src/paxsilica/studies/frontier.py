"""The exact frontier between cost, coverage, concentration and budget.

Method: the epsilon-constraint method AUGMECON2 (Mavrotas and Florios, 2013). One measure is
minimised while the others are limited to the points of a grid, whose ends come from a lexicographic
payoff table. Slack of a limit earns a small bonus, so that every point is efficient. A plan that
meets tighter limits than its own settles those points too (bypass), and where limits are
infeasible, tighter limits are infeasible too (early exit). The points are solved from the ends
inwards, halving the grid each time, so that a stopped study has a coarse frontier; all points of a
round are solved at once.
"""

from __future__ import annotations

import itertools
import math
import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Unpack

import numpy as np
import pandas as pd

from paxsilica import output_tables as doc
from paxsilica.api import Question
from paxsilica.case import Case
from paxsilica.errors import InputError, Problem
from paxsilica.output_tables import TableDoc
from paxsilica.plan.labels import listed, money, names_by_projects, project_names
from paxsilica.studies.epsilon_constraint import AXES, known_axis, lexicographic, minimise
from paxsilica.studies.parallel import Packed, Result, Runner, RunOptions, Task, task
from paxsilica.studies.results import Figure, Study, axes, with_thousands
from paxsilica.studies.tasks import start_of

Index = tuple[int, ...]
TOLERANCE = 1e-6
"""Share of the range of a measure below which two of its values are equal."""

LOOSEST = "plan at the loosest limits"
"""Name of the first plan on the frontier, with which the others are compared."""

_MEASURES = {axis.column: axis.documented for axis in AXES.values()}
_MEASURE_UNIT = "unit of the minimised measure"


@dataclass(frozen=True, repr=False)
class Frontier(Study):
    """A frontier. ``figure`` draws the minimised measure over the first limit, with a line for each
    value of the others. ``decisions``: year of commitment and final size by plan and project.
    """

    main: ClassVar[str] = "points"
    docs: ClassVar[Mapping[str, TableDoc]] = {
        "points": doc.table(
            "Every point of the grid",
            **{
                f"limit_{name}": replace(column, text=f"limit on: {column.text}")
                for name, column in _MEASURES.items()
            },
            status=doc.text(
                "optimal: proved to the requested gap; feasible: the time ran out; infeasible: no"
                " plan meets these limits; no_plan: none found in time; not reached: the study was"
                " stopped"
            ),
            solved=doc.true_false("whether it was solved; if not, a looser point settled it"),
            plan=doc.text("name of its plan in the table plans; blank without one"),
            **_MEASURES,
            bound=doc.number("bound on the minimised measure", _MEASURE_UNIT),
            gap=doc.number("distance from that bound", _MEASURE_UNIT),
            gap_share=doc.share("that distance over the measure"),
            projects=doc.count("number of projects"),
        ),
        "plans": doc.table(
            "The plans on the frontier; none is dominated by another",
            plan=doc.text("the plan at the loosest limits, or what a plan has or lacks beside it"),
            **_MEASURES,
            projects=doc.text("projects, separated by ';'"),
        ),
        "payoff": doc.table(
            "Payoff table: each measure at its optimum, then the others in order",
            best=doc.text("measure at its optimum"),
            **_MEASURES,
        ),
    }

    minimised: str = ""
    along: tuple[str, ...] = ()
    decisions: Mapping[str, Mapping[str, Sequence[float]]] = field(default_factory=dict, repr=False)

    def figure(self) -> Figure:
        """The frontier, with the distance from the bound shaded."""
        first, goal = AXES[self.along[0]], AXES[self.minimised]
        table = self.table().dropna(subset=[goal.column])
        others = [f"limit_{AXES[name].column}" for name in self.along[1:]]
        figure, ax = axes()
        limit = f"limit_{first.column}"
        groups = table.groupby(others, sort=False) if others else [((), table)]
        for key, part in groups:
            part = part.sort_values(limit)
            fixed = zip(self.along[1:], key, strict=True)
            words = ", ".join(f"{name} {value:,.4g}" for name, value in fixed)
            x, y = part[limit], part[goal.column]
            (line,) = ax.plot(x, y, "o-", markersize=4, label=words)
            low = part["bound"].astype(float) if goal.sign > 0 else y
            ax.fill_between(x, low, y, color=line.get_color(), alpha=0.25, linewidth=0)
        ax.set_xlabel(f"limit on {first.name}: {first.meaning} ({first.unit})", fontsize=9)
        ax.set_ylabel(f"{goal.name} ({goal.unit})")
        with_thousands(ax.yaxis)
        if first.unit == "USD million":
            with_thousands(ax.xaxis)
        if others:
            ax.legend(frameon=False, fontsize=8)
        return figure


@dataclass
class _Grid:
    """Limits by axis from the loosest to the tightest, and the results of points."""

    goal: str
    limits: dict[str, list[float]]
    spans: dict[str, float]
    results: dict[Index, Result] = field(default_factory=dict)

    def points(self) -> list[Index]:
        return list(itertools.product(*(range(len(values)) for values in self.limits.values())))

    def at(self, point: Index) -> dict[str, float]:
        places = zip(self.limits.items(), point, strict=True)
        return {name: values[place] for (name, values), place in places}

    def keeps(self, result: Result, point: Index) -> bool:
        """Whether the plan of a result meets the limits of a point."""
        return "axes" in result and all(
            AXES[name].sign * (result["axes"][name] - limit) <= TOLERANCE * self.spans[name]
            for name, limit in self.at(point).items()
        )

    def looser(self, point: Index) -> list[Result]:
        """Results at points without a tighter limit."""
        results = self.results.items()
        return [result for other, result in results if all(map(operator.le, other, point))]

    def infeasible(self, point: Index) -> bool:
        """Whether the limits of a point are proved infeasible."""
        return any(result["status"] == "infeasible" for result in self.looser(point))

    def optimal(self, point: Index) -> bool:
        """Whether an optimal plan of the point is known."""
        optimal = [one for one in self.looser(point) if one["status"] == "optimal"]
        return self.results.get(point) in optimal or any(self.keeps(one, point) for one in optimal)

    def settled(self, point: Index) -> bool:
        """Whether the point need not be solved."""
        return point in self.results or self.infeasible(point) or self.optimal(point)

    def worth(self, result: Result) -> tuple[float, float]:
        """Order of plans: the minimised measure, then the others together."""
        sizes = {name: AXES[name].sign * value for name, value in result["axes"].items()}
        return sizes[self.goal], sum(sizes[name] / self.spans[name] for name in self.limits)

    def best(self, point: Index) -> Result | None:
        """The best of all plans found that meet the limits of a point."""
        fit = [result for result in self.results.values() if self.keeps(result, point)]
        return min(fit, key=self.worth) if fit else None


def frontier(
    question: Question,
    minimised: str = "total",
    along: Mapping[str, int | Sequence[float]] | None = None,
    **run: Unpack[RunOptions],
) -> Frontier:
    """The least of one measure for every combination of limits on others.

    Args:
        question: the case. Its own budget is dropped if ``budget`` is among the measures.
        minimised: measure to minimise: ``total``, ``cost``, ``shortfall`` or ``budget``.
        along: for each measure to be limited either the limits, or how many of them to spread
            evenly between the ends of the payoff table (concentration has no such ends and needs
            limits); by default eight budgets.
        run: ``workers``, ``store``, ``cluster``, ``progress``: see
            :class:`~paxsilica.studies.parallel.Runner`.

    A call with four limits on the budget::

        frontier(load().with_(gap=0.001), along={"budget": [24_000, 26_000, 30_000, 40_000]})
    """
    wanted: dict[str, int | Sequence[float]] = dict(along or {"budget": 8})
    case = _checked(question.case, minimised, wanted)
    packed = Packed.of(question.tables)
    names = [minimised, *wanted]
    linear = [name for name in names if AXES[name].linear]
    payoff: dict[str, Result] = {}
    with Runner(**run) as runner:
        if any(isinstance(values, int) for values in wanted.values()):
            orders = [[name, *(other for other in linear if other != name)] for name in linear]
            jobs = [task(lexicographic, packed, case, axes=names, order=order) for order in orders]
            found = runner.run(jobs, "payoff table")
            rows = zip(linear, found, strict=True)
            payoff = {name: row for name, row in rows if row is not None and "axes" in row}
            if not payoff and None not in found:
                raise InputError("the case has no plan, so there is no frontier")
        grid = _grid(minimised, wanted, [*payoff.values()])
        if not runner.stopped:
            _solve(grid, packed, case, names, runner)
    named = project_names([(row.project, row.name) for row in question.tables.projects])
    tables, decisions = _tables(grid, named)
    if payoff:
        best = [{"best": name} | _by_column(row["axes"]) for name, row in payoff.items()]
        tables["payoff"] = _filled("payoff", best)
    head = f"Least {minimised} along {' and '.join(wanted)}"
    title = f"{head}: {question.case.title or question.case.name}"
    more: dict[str, Any] = {"along": tuple(wanted), "decisions": decisions}
    return Frontier.of(tables, title, runner.stopped, minimised=minimised, **more)


def _checked(case: Case, minimised: str, wanted: Mapping[str, int | Sequence[float]]) -> Case:
    """The case without what an axis replaces.

    Raises:
        InputError: with everything that is wrong with the question.
    """
    for name in (minimised, *wanted):
        known_axis(name)
    measures = {minimised, *wanted}
    covered = sorted({"coverage", "concentration", "shortfall"} & measures)
    hard = case.coverage is not None and (case.coverage.hard or "coverage" in wanted)
    problems: list[Problem] = []

    def refuse(key: str, value: str, words: str) -> None:
        problems.append(Problem("frontier", "", key, value, words))

    if minimised in ("coverage", "concentration"):
        refuse("minimised", minimised, "should be total, cost, shortfall or budget")
    if minimised in wanted:
        refuse("along", minimised, "should not be the measure that is minimised")
    if covered and case.coverage is None:
        refuse(", ".join(covered), "", "needs a case with a section coverage")
    if "shortfall" in measures and hard:
        refuse("shortfall", "", "nothing is missing where coverage is hard or is an axis itself")
    for name, values in wanted.items():
        if words := _wrong_limits(name, values):
            refuse(name, str(values) if isinstance(values, int) else "", words)
    if problems:
        raise InputError(problems)
    update: dict[str, Any] = {"objective": "cost"}
    if "budget" in measures:
        update["budget_usd_m"] = None
    return case.model_copy(update=update)


def _wrong_limits(name: str, values: int | Sequence[float]) -> str:
    """What the limits of a measure should be, where they are not."""
    if not isinstance(values, int):
        return "" if len(values) else "should be at least one limit"
    if name == "concentration":
        return "should be a list of limits"
    return "should be at least 2 points, or a list of limits" if values < 2 else ""


def _grid(
    goal: str, wanted: Mapping[str, int | Sequence[float]], payoff: Sequence[Result]
) -> _Grid:
    limits: dict[str, list[float]] = {}
    spans: dict[str, float] = {}
    for name, values in wanted.items():
        if isinstance(values, int):
            ends = [row["axes"][name] for row in payoff]
            if not ends:  # the study was stopped before the payoff table was known
                limits[name], spans[name] = [], 1.0
                continue
            values = np.linspace(min(ends), max(ends), values).tolist()
        limits[name] = sorted({float(value) for value in values}, reverse=AXES[name].sign > 0)
        spans[name] = max(limits[name]) - min(limits[name]) or max(1.0, abs(limits[name][0]))
    return _Grid(goal, limits, spans)


def rounds(count: int) -> list[int]:
    """The round in which each of ``count`` points in a row is solved: first the ends, then the
    middle of each interval.

    >>> rounds(5), rounds(2)
    ([0, 2, 1, 2, 0], [0, 0])
    """
    found = [0] * count
    open_, level = [(0, count - 1)], 1
    while open_:
        halves = []
        for low, high in open_:
            if high - low > 1:
                middle = (low + high) // 2
                found[middle] = level
                halves += [(low, middle), (middle, high)]
        open_, level = halves, level + 1
    return found


def _solve(grid: _Grid, packed: Packed, case: Case, names: Sequence[str], runner: Runner) -> None:
    points = grid.points()
    common: dict[str, Any] = {"minimise": grid.goal, "axes": list(names)}
    first = _task(grid, packed, case, points[0], common | {"relaxed": True})
    size = runner.run([first], "size of the measure")[0]
    if size is None:
        return
    if size["status"] == "infeasible":
        grid.results[points[0]] = {"status": "infeasible", "bound": None}
        return
    # a tenth of the gap: the bonus makes a measure worse by no more than the solver may
    weight = max(0.1 * case.solver.gap, 1e-5) * max(1.0, abs(size["objective"] or 0.0))
    places = [rounds(len(values)) for values in grid.limits.values()]
    due: dict[int, list[Index]] = {}
    for point in points:
        level = max(place[at] for place, at in zip(places, point, strict=True))
        due.setdefault(level, []).append(point)
    runner.expect("points", len(points))
    for _, group in sorted(due.items()):
        todo = [point for point in group if not grid.settled(point)]
        runner.advance("points", len(group) - len(todo))
        jobs = []
        for point in todo:
            known = grid.best(point)
            start = None if known is None else start_of(known)
            more = {"weight": weight, "ranges": grid.spans, "start": start}
            jobs.append(_task(grid, packed, case, point, common | more))
        for point, result in zip(todo, runner.run(jobs, "points"), strict=True):
            if result is not None:
                grid.results[point] = result


def _task(
    grid: _Grid, packed: Packed, case: Case, point: Index, arguments: Mapping[str, Any]
) -> Task:
    limits = grid.at(point)
    cap = limits.get("concentration")
    if cap is not None:
        assert case.coverage is not None
        own = case.concentration
        first = case.coverage.from_year if own is None else own.from_year
        section = {"max_share": cap, "from_year": first, "hard": True}
        case = Case.model_validate(case.model_dump() | {"concentration": section})
    return task(minimise, packed, case, limits=limits, **arguments)


def _by_column(measures: Mapping[str, float]) -> dict[str, float]:
    return {AXES[name].column: value for name, value in measures.items()}


def _filled(name: str, rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """A table without the columns that are empty."""
    return Frontier.frame(name, rows).dropna(axis="columns", how="all")


def _key(grid: _Grid, best: Result) -> str:
    """What tells a plan from others: its projects, and its measures to a part of their range."""
    sizes = [round(x / grid.spans.get(n, 1.0), 6) for n, x in best["axes"].items()]
    return str((sorted(best["decision"].items()), sizes))


def _plan_names(grid: _Grid, projects: Mapping[str, str]) -> dict[str, str]:
    """Name of each plan on the frontier: what it has and lacks beside the plan at the loosest
    limits, and the limits of its first point where its projects are those of another plan."""
    found: dict[str, tuple[Any, str]] = {}
    for point in grid.points():
        best = None if grid.infeasible(point) else grid.best(point)
        if best is not None:
            limits = [limit_words(name, value) for name, value in grid.at(point).items()]
            found.setdefault(_key(grid, best), (best["decision"], listed(limits)))
    decisions, where = [one for one, _ in found.values()], [words for _, words in found.values()]
    return dict(zip(found, names_by_projects(decisions, projects, LOOSEST, where), strict=True))


def limit_words(name: str, value: float) -> str:
    """A limit of an axis in words.

    >>> limit_words("budget", 40.0), limit_words("coverage", 0.8)
    ('budget of USD 40 million', 'coverage of 0.8')
    """
    amount = money(value) if AXES[name].unit == "USD million" else f"{value:,.4g}"
    return f"{AXES[name].name} of {amount}"


def _tables(
    grid: _Grid, projects: Mapping[str, str]
) -> tuple[dict[str, pd.DataFrame], dict[str, Any]]:
    names = _plan_names(grid, projects)
    plans, rows = list[dict[str, Any]](), list[dict[str, Any]]()
    decisions: dict[str, Any] = {}
    for point in grid.points():
        best, own = grid.best(point), grid.results.get(point)
        row: dict[str, Any] = {
            f"limit_{AXES[name].column}": value for name, value in grid.at(point).items()
        }
        row |= {"solved": own is not None, "status": "not reached"}
        if grid.infeasible(point):
            row["status"] = "infeasible"
        elif best is None:
            row["status"] = "not reached" if own is None else own["status"]
        else:
            measures = _by_column(best["axes"])
            name = names[_key(grid, best)]
            if name not in decisions:
                keys = "; ".join(sorted(best["decision"]))
                plans.append({"plan": name} | measures | {"projects": keys})
                decisions[name] = best["decision"]
            if grid.optimal(point):
                row["status"] = "optimal"
            elif own is not None:
                row["status"] = "feasible"
            bounds = [result.get("bound") for result in grid.looser(point)]
            bound = max((x for x in bounds if x is not None), default=-math.inf)
            value = AXES[grid.goal].sign * best["axes"][grid.goal]
            gap = max(0.0, value - bound)
            row |= {"plan": name, "projects": len(best["decision"])} | measures
            row |= {"bound": bound, "gap": gap, "gap_share": gap / abs(value) if value else 0.0}
        rows.append(row)
    points = Frontier.frame("points", rows)
    unused = [
        name
        for name in points.columns
        if (name.startswith("limit_") or name == "concentration") and points[name].isna().all()
    ]
    unused += [] if "coverage" in grid.limits else ["coverage"]
    return {"points": points.drop(columns=unused), "plans": _filled("plans", plans)}, decisions
