"""What it is worth to plan for all scenarios, and to know which one comes: the value of the
stochastic solution (VSS) and the expected value of perfect information (EVPI).

All problems are solved to a gap, so each value is an interval: from the bound to the plan.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Unpack

from paxsilica import output_tables as doc
from paxsilica.api import Question
from paxsilica.errors import InfeasibleError, InputError, NoPlanError, Problem
from paxsilica.instance.mean_scenario import has_cut_off, mean_scenario, scenario_chances
from paxsilica.output_tables import TableDoc
from paxsilica.solver.resolve import NOWHERE, Interval, changed
from paxsilica.studies.parallel import Packed, Result, Runner, RunOptions, Task, task
from paxsilica.studies.results import Figure, Study, axes, with_thousands
from paxsilica.studies.tasks import run_plan, solve_case
from paxsilica.tables.suggestions import Nearest

Rows = list[dict[str, Any]]

MEASURES: Mapping[str, str] = {
    "RP": "least expected cost with one plan for all scenarios (recourse problem)",
    "EV": "least cost in the reference scenario, if it were certain",
    "EEV": "expected cost of the projects that are best in the reference scenario",
    "WS": "expected cost if the scenario were known before the plan (wait and see)",
    "VSS": "value of the stochastic solution, EEV less RP: what is lost by planning for the"
    " reference scenario alone",
    "EVPI": "expected value of perfect information, RP less WS: the most that it is worth to know"
    " the scenario before the plan",
}


@dataclass(frozen=True, repr=False)
class Information(Study):
    """VSS and EVPI of a case. ``figure`` draws the expected costs, with the intervals that the gaps
    leave."""

    main: ClassVar[str] = "values"
    docs: ClassVar[Mapping[str, TableDoc]] = {
        "values": doc.table(
            "What it is worth to plan for all scenarios, and to know which one comes",
            measure=doc.text("RP, EV, EEV, WS, VSS or EVPI"),
            low_usd_m=doc.money("lower end of what the gaps leave open; blank: unlimited"),
            high_usd_m=doc.money("upper end; blank: unlimited"),
            meaning=doc.text("meaning"),
        ),
        "scenarios": doc.table(
            "The best plan of each scenario, if it were known",
            scenario=doc.text("scenario"),
            name=doc.text("name"),
            probability=doc.share("in the case"),
            status=doc.text("of the search"),
            bound_usd_m=doc.money("bound on its least cost"),
            cost_usd_m=doc.money("cost of the best plan found, the objective"),
            public_capital_usd_m=doc.money("capital that funders pay in it"),
            projects=doc.count("number of projects in it"),
        ),
        "projects": doc.table(
            "Projects in the plan for all scenarios and in the plan for the reference scenario",
            project=doc.text("project"),
            committed_year=doc.year("in the plan for all scenarios; blank: not in it"),
            size=doc.number("likewise", doc.PROJECT_UNIT),
            reference_year=doc.year("in the plan for the reference scenario; blank: not in it"),
            reference_size=doc.number("likewise", doc.PROJECT_UNIT),
        ),
    }

    def figure(self) -> Figure:
        """WS, RP and EEV."""
        table = self.table().set_index("measure").loc[["WS", "RP", "EEV"]]
        figure, ax = axes(8.0, 2.4)
        for at, (name, row) in enumerate(table.iterrows()):
            low, high = row["low_usd_m"], row["high_usd_m"]
            ax.plot([low, high], [at, at], "|-", color="#3b6fb6", markersize=12)
            ax.annotate(str(name), (high, at), (8, -3), textcoords="offset points")
        ax.set_yticks([])
        ax.set_ylim(-0.5, 2.5)
        ax.set_xlabel("expected cost, USD million")
        with_thousands(ax.xaxis)
        return figure


def information(
    question: Question, *, reference: str | None = None, **run: Unpack[RunOptions]
) -> Information:
    """VSS and EVPI of a case with scenarios.

    Args:
        question: its case has scenarios and the objective cost.
        reference: scenario of the case that takes the place of the mean of the scenarios; by
            default the mean, or, where a scenario has a cut-off, which has no mean, the likeliest
            scenario, the first of several.
        run: see :class:`~paxsilica.studies.parallel.Runner`.

    Raises:
        InputError: listing everything that is wrong with the question.
        InfeasibleError, NoPlanError: if the question has no plan.
    """
    chances = scenario_chances(question.tables, question.case)
    possible = {name: chance for name, chance in chances.items() if chance > 0}
    _refuse(question, chances, reference)
    packed, case = Packed.of(question.tables), question.case
    if reference is None and has_cut_off(question.tables, possible):
        reference = max(possible, key=lambda name: possible[name])
    alone = {
        name: task(solve_case, packed, changed(case, scenarios={name: 1.0})) for name in possible
    }
    if reference is None:
        tables, mean = mean_scenario(question.tables, case)
        expected = task(solve_case, Packed.of(tables), changed(case, scenarios={mean: 1.0}))
    else:
        expected = task(solve_case, packed, changed(case, scenarios={reference: 1.0}))
    with Runner(**run) as runner:
        jobs = [task(solve_case, packed, case), expected, *alone.values()]
        best, middle, *each = runner.run(jobs, "best plans")
        if best is not None and "decision" not in best:
            kind = InfeasibleError if best["status"] == "infeasible" else NoPlanError
            raise kind("The case has no plan; `paxsilica solve` says why.")
        applied: Result | None = None
        if middle is not None and "decision" in middle:
            second: Task = task(run_plan, packed, case, decision=middle["decision"])
            [applied] = runner.run([second], "plan for the reference")
    known = dict(zip(alone, each, strict=True))
    title = f"Value of information: {case.title or case.name}"
    tables_of: dict[str, Rows] = {"values": [], "scenarios": [], "projects": []}
    names = {row.scenario: row.name for row in question.tables.scenarios}
    tables_of["scenarios"] = [
        _scenario(name, names.get(name, name), possible[name], result)
        for name, result in known.items()
        if result is not None
    ]
    notes: list[str] = []
    settled = middle is not None and (applied is not None or "decision" not in middle)
    if best is not None and middle is not None and settled and None not in each:
        waiting = [(possible[name], interval_of(one)) for name, one in known.items() if one]
        values = values_of(best, middle, applied, waiting)
        tables_of["values"] = [_value(name, one) for name, one in values.items()]
        tables_of["projects"] = _projects(best, middle)
        notes = _notes(values, reference, applied)
    return Information.of(tables_of, title, runner.stopped, notes)


def _refuse(question: Question, chances: Mapping[str, float], reference: str | None) -> None:
    problems = []

    def refuse(key: str, value: str, words: str) -> None:
        problems.append(Problem("case", "", key, value, words))

    if question.case.objective != "cost":
        refuse("objective", question.case.objective, "should be cost: the values are costs")
    if question.case.scenarios is None:
        refuse("scenarios", "", "should name scenarios: without them there is nothing to learn")
    elif sum(chance > 0 for chance in chances.values()) < 2:
        words = "should name at least two scenarios of the data with a probability above zero"
        refuse("scenarios", ", ".join(chances), words)
    if reference is not None and not chances.get(reference):
        near = Nearest(chances)(reference)
        words = f"should be a scenario of the case with a probability above zero{near}"
        problems.append(Problem("reference", "", "", reference, words))
    if problems:
        raise InputError(problems)


def interval_of(result: Mapping[str, Any]) -> Interval:
    """The optimum of a solve, between bound and plan."""
    if result["status"] == "infeasible":
        return NOWHERE
    low, high = result["bound"], result["objective"]
    return Interval(float("-inf") if low is None else low, float("inf") if high is None else high)


def values_of(
    best: Result, middle: Result, applied: Result | None, waiting: Sequence[tuple[float, Interval]]
) -> dict[str, Interval]:
    """The measures as intervals, USD million.

    Args:
        best: the plan for all scenarios.
        middle: the plan for the reference scenario.
        applied: its projects in the case; ``None`` if there is no such plan.
        waiting: probability and least cost of each scenario.
    """
    rp = interval_of(best)
    if applied is not None:
        runs = applied["within_money"] and not applied["missing"]
        eev = interval_of(applied) if runs else NOWHERE
    else:
        # without a plan in time, only that its projects are one plan of many is known
        lost = middle["status"] == "infeasible"
        eev = NOWHERE if lost else Interval(rp.low, float("inf"))
    ws = Interval(0.0, 0.0)
    for chance, one in waiting:
        ws = ws + one.times(chance)
    return {
        "RP": rp,
        "EV": interval_of(middle),
        "EEV": eev,
        "WS": ws,
        # a plan for one scenario is a plan, and who knows the scenario can choose any plan: neither
        # difference is negative
        "VSS": _at_least_zero(eev - rp),
        "EVPI": _at_least_zero(rp - ws),
    }


def _at_least_zero(value: Interval) -> Interval:
    return Interval(max(0.0, value.low), max(0.0, value.high))


def _value(name: str, value: Interval) -> dict[str, Any]:
    low, high = (None if abs(end) == float("inf") else end for end in (value.low, value.high))
    return {
        "measure": name,
        "low_usd_m": low,
        "high_usd_m": high,
        "meaning": MEASURES[name],
    }


def _scenario(name: str, title: str, chance: float, result: Result) -> dict[str, Any]:
    return {
        "scenario": name,
        "name": title,
        "probability": chance,
        "status": result["status"],
        "bound_usd_m": result["bound"],
        "cost_usd_m": result["objective"],
        "public_capital_usd_m": result.get("public_capital"),
        "projects": len(result["decision"]) if "decision" in result else None,
    }


def _projects(best: Result, middle: Result) -> Rows:
    first, second = best["decision"], middle.get("decision", {})
    rows = []
    for name in sorted({*first, *second}):
        year, size = first.get(name, (None, None))
        other, other_size = second.get(name, (None, None))
        rows.append(
            {
                "project": name,
                "committed_year": year,
                "size": size,
                "reference_year": other,
                "reference_size": other_size,
            }
        )
    return rows


def _notes(
    values: Mapping[str, Interval], reference: str | None, applied: Result | None
) -> list[str]:
    """The result in sentences."""
    if reference is None:
        words = "The reference scenario is the mean of the scenarios: mean demand, capacity, cost."
    else:
        words = f"The reference scenario is {reference}."
    notes = [words]
    if values["EEV"] == NOWHERE:
        why = "has no plan"
        if applied is not None:
            why = "cannot be run in all scenarios"
            if not applied["within_money"]:
                why = "costs more than funders can pay when all scenarios are counted"
        notes.append(f"The plan for the reference scenario {why}, so EEV and VSS are unlimited.")
    else:
        notes.append(_sentence("Planning for all scenarios instead of it saves", values["VSS"]))
    notes.append(_sentence("To know the scenario in advance would save", values["EVPI"]))
    return notes


def _sentence(words: str, value: Interval) -> str:
    low, high = f"{value.low:,.6g}", f"{value.high:,.6g}"
    if value.high == float("inf"):
        return f"{words} at least USD {low} million of expected cost."
    amount = low if low == high else f"{low} to {high}"
    undecided = " (the gaps leave open whether anything)" if value.low == 0 < value.high else ""
    return f"{words} USD {amount} million of expected cost{undecided}."
