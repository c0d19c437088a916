"""What one aim costs in another: the exact frontier between cost, coverage, concentration and
budget.

Method: the epsilon-constraint method in the form of AUGMECON2 (Mavrotas and Florios, 2013). One
measure is minimised while the others are held to the points of a grid, whose ends come from a
lexicographic payoff table; room left under a limit earns a small bonus, so that every point is
efficient; a plan that keeps limits tighter than its own settles those points too (the bypass), and
where a limit cannot be kept, no tighter one can (the early exit). Points are solved from the ends
inwards, halving the grid each time, so that a study that is stopped has a coarse frontier rather
than half of one, and all points of a round are solved at once.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from paxsilica.api import Question
from paxsilica.case import Case
from paxsilica.errors import InputError, Problem
from paxsilica.plan.result import TableDoc
from paxsilica.studies.epsilon_constraint import AXES, known_axis, lexicographic, minimise
from paxsilica.studies.parallel import Packed, Result, Runner, task
from paxsilica.studies.results import Study, axes, frame, stopped_note, with_thousands

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Index = tuple[int, ...]
TOLERANCE = 1e-6
"""Share of a measure's range below which two of its values are one."""

_MEASURES = {axis.column: f"{axis.meaning} ({axis.unit})" for axis in AXES.values()}


@dataclass(frozen=True)
class Frontier(Study):
    """A frontier. ``figure`` draws the measure that was minimised over the first limit, a line for
    each value of the others.

    Attributes:
        minimised: the measure that was minimised.
        along: the measures that were limited, in order.
        decisions: year of commitment and final size by project, for each plan in the table
            ``plans``.
    """

    main: ClassVar[str] = "points"
    docs: ClassVar[Mapping[str, TableDoc]] = {
        "points": TableDoc(
            "Every point of the grid",
            {
                f"limit_{axis.column}": f"limit put on: {axis.meaning} ({axis.unit})"
                for axis in AXES.values()
            }
            | {
                "status": (
                    "optimal: proved to the gap asked for; feasible: the time ran out; infeasible:"
                    " no plan keeps these limits; no_plan: none found in time; not reached: the"
                    " study was stopped"
                ),
                "solved": "whether the point was solved itself; if not, a looser point settled it",
                "plan": "name of its plan in the table plans; blank without one",
            }
            | _MEASURES
            | {
                "bound": "bound on the measure that was minimised, in its unit",
                "gap": "distance from that bound, in the unit of the measure",
                "gap_share": "the same as a share of the measure",
                "projects": "number of projects",
            },
        ),
        "plans": TableDoc(
            "The plans on the frontier: none is as good as another in everything and worse in"
            " something",
            {"plan": "name"} | _MEASURES | {"projects": "projects, separated by ';'"},
        ),
        "payoff": TableDoc(
            "Payoff table: each measure at its best, the others as good as they can then be",
            {"best": "measure at its best"} | _MEASURES,
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
        groups = table.groupby(others, sort=False) if others else [((), table)]
        for key, part in groups:
            part = part.sort_values(f"limit_{first.column}")
            words = ", ".join(
                f"{name} {value:,.4g}" for name, value in zip(self.along[1:], key, strict=True)
            )
            (line,) = ax.plot(
                part[f"limit_{first.column}"], part[goal.column], "o-", markersize=4, label=words
            )
            low = part["bound"].astype(float) if goal.sign > 0 else part[goal.column]
            ax.fill_between(
                part[f"limit_{first.column}"],
                low,
                part[goal.column],
                color=line.get_color(),
                alpha=0.25,
                linewidth=0,
            )
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
    """Limits by axis from the loosest to the tightest, and what is known of each point."""

    goal: str
    limits: dict[str, list[float]]
    spans: dict[str, float]
    results: dict[Index, Result] = field(default_factory=dict)

    def points(self) -> list[Index]:
        return list(itertools.product(*(range(len(values)) for values in self.limits.values())))

    def at(self, point: Index) -> dict[str, float]:
        return {
            name: values[place]
            for (name, values), place in zip(self.limits.items(), point, strict=True)
        }

    def keeps(self, result: Result, point: Index) -> bool:
        """Whether the plan of a result keeps the limits of a point."""
        return "axes" in result and all(
            AXES[name].sign * (result["axes"][name] - limit) <= TOLERANCE * self.spans[name]
            for name, limit in self.at(point).items()
        )

    def looser(self, point: Index) -> list[Result]:
        """Results at points whose limits are nowhere tighter."""
        return [
            result
            for other, result in self.results.items()
            if all(a <= b for a, b in zip(other, point, strict=True))
        ]

    def settled(self, point: Index) -> bool:
        """Whether nothing is left to solve there."""
        return point in self.results or any(
            result["status"] == "infeasible"
            or (result["status"] == "optimal" and self.keeps(result, point))
            for result in self.looser(point)
        )

    def worth(self, result: Result) -> tuple[float, float]:
        """What a plan is chosen by: the measure that is minimised, then the others together."""
        goal = AXES[self.goal].sign * result["axes"][self.goal]
        return goal, sum(
            AXES[name].sign * result["axes"][name] / self.spans[name] for name in self.limits
        )

    def best(self, point: Index) -> Result | None:
        """The best of all plans found anywhere that keep the limits of a point."""
        fit = [result for result in self.results.values() if self.keeps(result, point)]
        return min(fit, key=self.worth) if fit else None


def frontier(
    question: Question,
    minimised: str = "total",
    along: Mapping[str, int | Sequence[float]] | None = None,
    *,
    workers: int | None = None,
    store: Path | str | None = None,
    cluster: str | None = None,
    progress: bool | None = None,
) -> Frontier:
    """The least of one measure for every combination of limits on others.

    Args:
        question: the case. A budget of its own is set aside where ``budget`` is among the measures.
        minimised: measure to minimise: ``total``, ``cost``, ``shortfall`` or ``budget``.
        along: for each measure to be limited either the limits, or how many of them to spread
            evenly between the ends of the payoff table (concentration has no such ends and needs
            limits); by default eight budgets.
        workers, store, cluster, progress: see :class:`~paxsilica.studies.parallel.Runner`.

    A call with four limits on the budget::

        frontier(load().with_(gap=0.001), along={"budget": [5_000, 10_000, 20_000, 40_000]})
    """
    wanted: dict[str, int | Sequence[float]] = dict(along or {"budget": 8})
    case = _asked(question.case, minimised, wanted)
    packed = Packed.of(question.tables)
    names = [minimised, *wanted]
    linear = [name for name in names if AXES[name].linear]
    with Runner(workers, store, cluster, progress) as runner:
        payoff: list[Result | None] = []
        if any(isinstance(values, int) for values in wanted.values()):
            orders = [[name, *(other for other in linear if other != name)] for name in linear]
            payoff = runner.run(
                [task(lexicographic, packed, case, axes=names, order=order) for order in orders],
                "payoff table",
            )
            if all(row is not None and "axes" not in row for row in payoff):
                raise InputError("the case has no plan, so there is nothing to trade")
        grid = _grid(
            minimised, wanted, [row for row in payoff if row is not None and "axes" in row]
        )
        if not runner.stopped:
            _solve(grid, packed, case, names, runner)
    tables, decisions = _tables(grid, runner.stopped)
    if payoff:
        rows = [
            {"best": name} | _shown(row["axes"])
            for name, row in zip(linear, payoff, strict=True)
            if row is not None and "axes" in row
        ]
        tables["payoff"] = frame(Frontier.docs["payoff"], rows).dropna(axis="columns", how="all")
    title = (
        f"Least {minimised} along {' and '.join(wanted)}:"
        f" {question.case.title or question.case.name}"
    )
    return Frontier(
        tables,
        title,
        stopped_note(runner.stopped),
        runner.stopped,
        minimised,
        tuple(wanted),
        decisions,
    )


def _asked(case: Case, minimised: str, wanted: Mapping[str, int | Sequence[float]]) -> Case:
    """The case with what is on an axis set free; raises an InputError if the question makes no
    sense."""
    problems = []
    for name in (minimised, *wanted):
        known_axis(name)
    if minimised in ("coverage", "concentration"):
        problems.append(
            Problem(
                "frontier", "", "minimised", minimised, "should be total, cost, shortfall or budget"
            )
        )
    if minimised in wanted:
        problems.append(
            Problem(
                "frontier", "", "along", minimised, "should not be the measure that is minimised"
            )
        )
    for name, values in wanted.items():
        if isinstance(values, int) and (values < 2 or name == "concentration"):
            right = (
                "should be a list of limits"
                if name == "concentration"
                else "should be at least 2 points, or a list of limits"
            )
            problems.append(Problem("frontier", "", name, str(values), right))
        elif not isinstance(values, int) and not len(values):
            problems.append(Problem("frontier", "", name, "", "should be at least one limit"))
    needs = {"coverage", "concentration", "shortfall"} & {minimised, *wanted}
    if needs and case.coverage is None:
        problems.append(
            Problem(
                "frontier", "", ", ".join(sorted(needs)), "", "needs a case with a section coverage"
            )
        )
    elif (
        "shortfall" in needs
        and case.coverage is not None
        and (case.coverage.hard or "coverage" in wanted)
    ):
        problems.append(
            Problem(
                "frontier",
                "",
                "shortfall",
                "",
                "nothing is missing where coverage is hard or is an axis itself",
            )
        )
    if problems:
        raise InputError(problems)
    update: dict[str, Any] = {"objective": "cost"}
    if "budget" in (minimised, *wanted):
        update["budget_usd_m"] = None
    return case.model_copy(update=update)


def _grid(
    goal: str, wanted: Mapping[str, int | Sequence[float]], payoff: Sequence[Result]
) -> _Grid:
    limits: dict[str, list[float]] = {}
    spans: dict[str, float] = {}
    for name, values in wanted.items():
        if isinstance(values, int):
            ends = [row["axes"][name] for row in payoff]
            if not ends:  # the study was stopped before it could be known what to look at
                limits[name], spans[name] = [], 1.0
                continue
            values = (
                np.linspace(min(ends), max(ends), values).tolist()
                if max(ends) > min(ends)
                else [max(ends)]
            )
        limits[name] = sorted({float(value) for value in values}, reverse=AXES[name].sign > 0)
        spans[name] = max(limits[name]) - min(limits[name]) or max(1.0, abs(limits[name][0]))
    return _Grid(goal, limits, spans)


def rounds(count: int) -> list[int]:
    """In which round each of ``count`` points in a row is solved: the ends first, then the middles
    of what lies between.

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
    size = runner.run(
        [_task(grid, packed, case, points[0], common | {"relaxed": True})], "size of the measure"
    )[0]
    if size is None:
        return
    if size["status"] == "infeasible":
        grid.results[points[0]] = {"status": "infeasible", "bound": None}
        return
    # a tenth of what the gap leaves open anyway: no reader is told a measure that is worse by more
    # than the solver may be
    weight = max(0.1 * case.solver.gap, 1e-5) * max(1.0, abs(size["objective"] or 0.0))
    places = [rounds(len(values)) for values in grid.limits.values()]
    turn = {
        point: max(place[at] for place, at in zip(places, point, strict=True)) for point in points
    }
    runner.expect("points", len(points))
    for level in sorted(set(turn.values())):
        due = [point for point in points if turn[point] == level]
        todo = [point for point in due if not grid.settled(point)]
        runner.advance("points", len(due) - len(todo))
        jobs = []
        for point in todo:
            known = grid.best(point)
            start = (
                None
                if known is None
                else {"decision": known["decision"], "tickets": known["tickets"]}
            )
            jobs.append(
                _task(
                    grid,
                    packed,
                    case,
                    point,
                    common | {"weight": weight, "ranges": grid.spans, "start": start},
                )
            )
        for point, result in zip(todo, runner.run(jobs, "points"), strict=True):
            if result is not None:
                grid.results[point] = result


def _task(
    grid: _Grid, packed: Packed, case: Case, point: Index, arguments: Mapping[str, Any]
) -> Any:
    limits = grid.at(point)
    cap = limits.get("concentration")
    if cap is not None:
        assert case.coverage is not None
        first = (
            case.coverage.from_year if case.concentration is None else case.concentration.from_year
        )
        case = Case.model_validate(
            case.model_dump()
            | {"concentration": {"max_share": cap, "from_year": first, "hard": True}}
        )
    return task(minimise, packed, case, limits=limits, **arguments)


def _shown(measures: Mapping[str, float]) -> dict[str, float]:
    return {AXES[name].column: value for name, value in measures.items()}


def _tables(
    grid: _Grid, stopped: bool
) -> tuple[dict[str, pd.DataFrame], dict[str, Mapping[str, Sequence[float]]]]:
    names: dict[str, str] = {}
    plans, rows, decisions = [], [], {}
    for point in grid.points():
        best, looser = grid.best(point), grid.looser(point)
        own = grid.results.get(point)
        bounds = [result["bound"] for result in looser if result.get("bound") is not None]
        row: dict[str, Any] = {
            f"limit_{AXES[name].column}": value for name, value in grid.at(point).items()
        }
        row["solved"] = own is not None
        if any(result["status"] == "infeasible" for result in looser):
            row["status"] = "infeasible"
        elif best is None:
            row["status"] = "not reached" if own is None else own["status"]
        else:
            value = AXES[grid.goal].sign * best["axes"][grid.goal]
            bound = max(bounds, default=-math.inf)
            key = str(sorted(best["decision"].items())) + str(
                [round(x / grid.spans.get(n, 1.0), 6) for n, x in best["axes"].items()]
            )
            if key not in names:
                names[key] = f"plan {len(names) + 1}"
                plans.append(
                    {"plan": names[key]}
                    | _shown(best["axes"])
                    | {"projects": "; ".join(sorted(best["decision"]))}
                )
                decisions[names[key]] = best["decision"]
            settled = (
                any(
                    result["status"] == "optimal" and grid.keeps(result, point) for result in looser
                )
                or own is not None
            )
            row |= (
                {"status": "not reached"}
                if not settled
                else {"status": "optimal" if _proved(own, looser, grid, point) else "feasible"}
            )
            row |= {"plan": names[key], "projects": len(best["decision"])} | _shown(best["axes"])
            row |= {
                "bound": bound,
                "gap": max(0.0, value - bound),
                "gap_share": max(0.0, value - bound) / abs(value) if value else 0.0,
            }
        rows.append(row)
    points = frame(Frontier.docs["points"], rows)
    used = [
        name
        for name in points.columns
        if not name.startswith("limit_") or points[name].notna().any()
    ]
    used = [name for name in used if name != "coverage" or "coverage" in grid.limits]
    used = [
        name for name in used if name != "concentration" or points["concentration"].notna().any()
    ]
    table = frame(Frontier.docs["plans"], plans).dropna(axis="columns", how="all")
    return {"points": points[used], "plans": table}, decisions


def _proved(own: Result | None, looser: Sequence[Result], grid: _Grid, point: Index) -> bool:
    return (own is not None and own["status"] == "optimal") or any(
        result["status"] == "optimal" and grid.keeps(result, point) for result in looser
    )
