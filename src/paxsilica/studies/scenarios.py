"""Several cases side by side, with the regret of each plan in each case; and two plans compared."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Unpack

import pandas as pd

from paxsilica import output_tables as doc
from paxsilica.api import Question
from paxsilica.errors import InputError
from paxsilica.output_tables import Column, TableDoc
from paxsilica.plan.labels import ORDER, plan_labels, short_labels
from paxsilica.plan.result import Plan
from paxsilica.serialize import leaves
from paxsilica.studies.parallel import Packed, Result, Runner, RunOptions, task
from paxsilica.studies.results import (
    OUTCOME,
    Figure,
    Study,
    axes,
    field_of,
    outcome,
    with_thousands,
)
from paxsilica.studies.tasks import decision_in, run_plan, solve_case

Rows = list[dict[str, Any]]


@dataclass(frozen=True, repr=False)
class SideBySide(Study):
    """Cases side by side. ``figure`` draws the regret of each plan in each case."""

    main: ClassVar[str] = "regret"
    docs: ClassVar[Mapping[str, TableDoc]] = {
        "cases": doc.table(
            "The best plan of each case",
            case=doc.text("case"),
            status=doc.text("of the search"),
            **OUTCOME,
        ),
        "regret": doc.table(
            "Each plan in each case: fixed projects, funding and operation optimised again",
            plan=doc.text("case whose plan it is"),
            case=doc.text("case in which it is run"),
            status=doc.text("infeasible: the plan cannot be run in this case, whatever is paid"),
            cost_usd_m=OUTCOME["cost_usd_m"],
            shortfall_usd_m=OUTCOME["shortfall_usd_m"],
            within_money=doc.true_false(
                "whether funders can pay; if not, limits on payments are dropped"
            ),
            missing=doc.text("projects not in time here and left out, separated by ';'"),
            regret_usd_m=doc.money(
                "cost less the least cost of any plan that funders here can pay for; negative where"
                " only a plan that they cannot pay for is cheaper"
            ),
            regret_most_usd_m=doc.money("upper bound on it: cost less the bound of the case"),
        ),
        "worst": doc.table(
            "Each plan in its worst case",
            plan=doc.text("case whose plan it is"),
            largest_regret_usd_m=doc.money(
                "largest regret; blank: the plan cannot be run in some case"
            ),
            in_case=doc.text("case in which it is largest"),
            mean_regret_usd_m=doc.money("mean over the cases with equal weights"),
        ),
    }

    def figure(self) -> Figure:
        """A heat map of regrets, with plans as rows and cases as columns."""
        table = self.table()
        order = list(dict.fromkeys(table["case"]))
        wide = table.pivot(index="plan", columns="case", values="regret_usd_m").astype(float)
        wide = wide.loc[list(dict.fromkeys(table["plan"])), order]
        figure, ax = axes(2.5 + 1.1 * len(order), 1.5 + 0.6 * len(wide))
        picture = field_of(ax, wide.to_numpy(dtype=float), "Oranges", 0.0)
        ax.set_xticks(range(len(order)), order, rotation=30, ha="right")
        ax.set_yticks(range(len(wide)), list(wide.index))
        ax.set_xlabel("case that occurs")
        ax.set_ylabel("case that was planned for")
        with_thousands(figure.colorbar(picture, label="regret, USD million").ax.yaxis)
        return figure


def side_by_side(
    questions: Mapping[str, Question],
    *,
    plans: Mapping[str, Plan] | None = None,
    **run: Unpack[RunOptions],
) -> SideBySide:
    """Plans for every case, each run in every other case.

    Args:
        questions: cases by the name under which they are shown.
        plans: plans known already, by the same names; others are run in every case.
        run: see :class:`~paxsilica.studies.parallel.Runner`.
    """
    if not questions:
        raise InputError("there is no case to set side by side")
    known = dict(plans or {})
    packed = {name: Packed.of(question.tables) for name, question in questions.items()}
    with Runner(**run) as runner:
        new = [name for name in questions if name not in known]
        jobs = [task(solve_case, packed[name], questions[name].case) for name in new]
        solved = dict(zip(new, runner.run(jobs, "best plans"), strict=True))
        decisions: dict[str, Mapping[str, Any]] = {
            name: result["decision"]
            for name, result in solved.items()
            if result is not None and "decision" in result
        }
        decisions |= {
            name: decision_in(plan) for name, plan in known.items() if plan.objective is not None
        }
        pairs = [
            (plan, case)
            for plan in dict.fromkeys([*questions, *known])
            for case in questions
            if plan in decisions
        ]
        jobs = [
            task(run_plan, packed[case], questions[case].case, decision=decisions[plan])
            for plan, case in pairs
        ]
        found = runner.run(jobs, "plans in all cases")
    cells = {pair: result for pair, result in zip(pairs, found, strict=True) if result is not None}
    heads: dict[str, dict[str, Any]] = {
        name: {key: result[key] for key in ("status", "objective", "bound")}
        for name, result in solved.items()
        if result is not None
    }
    heads |= {
        name: {"status": plan.status, "objective": plan.objective, "bound": plan.bound}
        for name, plan in known.items()
    }
    cases = [
        {"case": name, "status": heads[name]["status"]}
        | outcome({**cells.get((name, name), {}), **heads[name]})
        for name in questions
        if name in heads
    ]
    regret = _regret(questions, cells, heads)
    lost = [name for name in questions if name not in decisions]
    notes = [f"There is no plan for {', '.join(lost)}."] if lost and not runner.stopped else []
    return SideBySide.of(
        {"cases": cases, "regret": regret, "worst": _worst(regret)},
        "Cases side by side: " + ", ".join(questions),
        runner.stopped,
        notes,
    )


def _regret(
    questions: Mapping[str, Question],
    cells: Mapping[tuple[str, str], Result],
    heads: Mapping[str, Mapping[str, Any]],
) -> Rows:
    least: dict[str, float] = {}
    for (_, case), result in cells.items():
        if "cost" in result and result["within_money"] and not result["missing"]:
            least[case] = min(result["cost"], least.get(case, math.inf))
    rows = []
    for (plan, case), result in cells.items():
        is_cost = questions[case].case.objective == "cost"
        cost, bound = result.get("cost"), heads.get(case, {}).get("bound") if is_cost else None
        rows.append(
            {
                "plan": plan,
                "case": case,
                "status": result["status"],
                "cost_usd_m": cost,
                "shortfall_usd_m": result.get("shortfall"),
                "within_money": result["within_money"],
                "missing": "; ".join(result["missing"]),
                "regret_usd_m": None if cost is None or case not in least else cost - least[case],
                "regret_most_usd_m": None if cost is None or bound is None else cost - bound,
            }
        )
    return rows


def _worst(regret: Rows) -> Rows:
    rows: Rows = []
    for plan in dict.fromkeys(row["plan"] for row in regret):
        mine = [(row["regret_usd_m"], row["case"]) for row in regret if row["plan"] == plan]
        row: dict[str, Any] = {"plan": plan}
        if all(value is not None for value, _ in mine):
            row["largest_regret_usd_m"], row["in_case"] = max(mine, key=lambda one: one[0])
            row["mean_regret_usd_m"] = sum(value for value, _ in mine) / len(mine)
        rows.append(row)
    return rows


def _pair(column: Callable[[str], Column]) -> dict[str, Column]:
    """The columns for a number of two plans, each made by ``column`` from its meaning."""
    return {
        "this": column("in this plan"),
        "other": column("in the other plan"),
        "difference": column("other less this"),
    }


def _coverage(kind: str, meaning: str) -> dict[str, Column]:
    """The columns for a kind of coverage of two plans."""
    return {
        f"{kind}_this": doc.share(f"{meaning}, in this plan; blank: not required in its case"),
        f"{kind}_other": doc.share(f"{meaning}, in the other plan; blank likewise"),
        f"{kind}_difference": doc.share("other less this; blank where one of them is"),
    }


def _size(meaning: str) -> Column:
    return doc.number(meaning, doc.PROJECT_UNIT)


@dataclass(frozen=True, repr=False)
class Comparison(Study):
    """Two plans compared. ``figure`` draws the cost terms in which they differ.

    Attributes:
        plans: names of this plan and of the other one, by what differs between them.
    """

    main: ClassVar[str] = "projects"
    blank_columns_shown: ClassVar[bool] = True
    docs: ClassVar[Mapping[str, TableDoc]] = {
        "headline": doc.table(
            "The two plans in a few numbers",
            what=doc.text("what"),
            unit=doc.text("its unit"),
            **_pair(doc.amount),
        ),
        "projects": doc.table(
            "Projects in which the plans differ",
            project=doc.text("project"),
            name=doc.text("name"),
            stage=doc.text("stage"),
            region=doc.text("host"),
            committed_year_this=doc.year("year of commitment in this plan; blank: not in it"),
            size_this=_size("size in this plan"),
            public_usd_m_this=doc.money("paid by funders in this plan"),
            committed_year_other=doc.year("the same in the other plan"),
            size_other=_size("the same in the other plan"),
            public_usd_m_other=doc.money("the same in the other plan"),
        ),
        "costs": doc.table("Cost terms, discounted", term=doc.text("term"), **_pair(doc.money)),
        "roles": doc.table(
            "Roles of regions, with which the coverage of each plan is computed",
            key=doc.text("key of the case"),
            this=doc.text("in the case of this plan"),
            other=doc.text("in the case of the other plan"),
        ),
        "coverage": doc.table(
            "Coverage by stage and year where the plans differ, as a share of the need, each plan"
            " with the roles of its own case",
            stage=doc.text("stage"),
            year=doc.year("year of the cut-off"),
            **_coverage("standalone", "of the stage by itself"),
            **_coverage("joint", "of all stages at once"),
        ),
        "funders": doc.table(
            "Payments by funder",
            funder=doc.text("funder; sponsor is the owner of a project"),
            **_pair(doc.money),
        ),
    }

    plans: tuple[str, str] = ORDER

    def heading(self, column: str) -> str:
        """The head of a column, with the name of the plan."""
        start, _, side = column.rpartition("_")
        if side not in ("this", "other"):
            return super().heading(column)
        name = self.plans[side == "other"]
        return f"{super().heading(start)}: {name}" if start else name

    def result(self) -> dict[str, Any]:
        """Everything in plain data, with the names of the two plans."""
        return {**super().result(), "plans": list(self.plans)}

    def figure(self) -> Figure:
        """Cost terms in which the plans differ."""
        table = self.table("costs")
        table = table[table["difference"].abs() > 1e-6].sort_values("difference")
        figure, ax = axes(8.0, 1.2 + 0.35 * len(table))
        ax.barh(table["term"].str.replace("_", " "), table["difference"], color="#3b6fb6")
        ax.axvline(0.0, color="black", linewidth=0.8)
        ax.set_xlabel("other plan less this plan, USD million, discounted")
        with_thousands(ax.xaxis)
        return figure


MOST_KEYS = 4
"""Most keys in which two cases differ that a note names."""


def compare(plan: Plan, other: Plan) -> Comparison:
    """The differences of another plan; an InputError if one of them has no plan."""
    for one in (plan, other):
        if one.objective is None:
            raise InputError(f"{one.title or one.case} has no plan to compare ({one.status})")

    def joined(name: str, keys: list[str], value: str) -> pd.DataFrame:
        sums = [
            one.table(name).groupby(keys, sort=False)[value].sum().rename(side)
            for one, side in ((plan, "this"), (other, "other"))
        ]
        both = pd.concat(sums, axis="columns").fillna(0.0).sort_index()
        both["difference"] = both["other"] - both["this"]
        return both.reset_index()

    costs = joined("costs", ["term"], "usd_m")

    def number(what: str, unit: str, one: float, two: float) -> dict[str, Any]:
        return {"what": what, "unit": unit, "this": one, "other": two, "difference": two - one}

    capital = (plan.capital_decided_usd_m, other.capital_decided_usd_m)
    paid = (float(one.portfolio["public_usd_m"].sum()) for one in (plan, other))
    counts = (float(len(one.portfolio)) for one in (plan, other))
    headline = [
        number("all cost", "USD million", float(costs["this"].sum()), float(costs["other"].sum())),
        number("capital of all projects", "USD million", *capital),
        number("paid by funders", "USD million", *paid),
        number("projects", "projects", *counts),
    ]
    return Comparison.of(
        {
            "headline": headline,
            "projects": plan.compare(other)[list(Comparison.docs["projects"].columns)],
            "costs": costs,
            "roles": _roles(plan, other),
            "coverage": _coverage_differences(plan, other),
            "funders": joined("funding", ["funder"], "usd_m"),
        },
        ", and ".join(plan_labels([plan, other])),
        False,
        _caveats(plan, other),
        plans=short_labels(plan, other),
    )


ROLE_SECTIONS = ("roles", "need", "access")
"""Sections of a case that fix whose need is covered, and from where."""

SAME_COVERAGE = 1e-6
"""Largest difference of coverage (share of 1) that is rounding of the solver."""


def _roles(plan: Plan, other: Plan) -> Rows:
    """The keys on roles of the two cases."""
    found = []
    for one in (plan, other):
        case = one.manifest.get("case", {})
        found.append(dict(leaves({name: case[name] for name in ROLE_SECTIONS if case.get(name)})))
    return [
        {"key": key, "this": _role(key, found[0]), "other": _role(key, found[1])}
        for key in dict.fromkeys([*found[0], *found[1]])
    ]


def _role(key: str, case: Mapping[str, Any]) -> str:
    """A key on roles in words; below ``roles`` stands the first year of the role, 0 for always."""
    value = case.get(key)
    if value is None:
        return "not given"
    if not key.startswith("roles.") or not isinstance(value, int):
        return str(value)
    return f"from {value}" if value else "in every year"


def _coverage_differences(plan: Plan, other: Plan) -> Rows:
    """Standalone and joint coverage by stage and year, where the plans differ or where only one of
    them has coverage."""
    kinds = ("standalone", "joint")
    sides: list[dict[tuple[str, int], list[float]]] = [
        {
            (str(row["stage"]), int(row["year"])): [
                float(row[f"{kind}_coverage"]) for kind in kinds
            ]
            for row in one.coverage.to_dict("records")
        }
        for one in (plan, other)
    ]
    nothing = [math.nan] * len(kinds)
    rows: Rows = []
    for stage, year in dict.fromkeys([*sides[0], *sides[1]]):
        row: dict[str, Any] = {"stage": stage, "year": year}
        pairs = zip(*(side.get((stage, year), nothing) for side in sides), strict=True)
        for kind, (this, second) in zip(kinds, pairs, strict=True):
            values = (this, second, second - this)
            for name, value in zip(("this", "other", "difference"), values, strict=True):
                row[f"{kind}_{name}"] = None if math.isnan(value) else value
        gaps = [row[f"{kind}_difference"] for kind in kinds]
        if any(gap is None or abs(gap) > SAME_COVERAGE for gap in gaps):
            rows.append(row)
    return rows


def _caveats(plan: Plan, other: Plan) -> Sequence[str]:
    """Whether the plans answer different questions, and whether gaps leave the better open."""
    notes = []
    keys = plan.question_differences(other)
    if keys:
        reported = [
            f"{key}: {'none' if one is None else one} and {'none' if two is None else two}"
            for key, (one, two) in keys.items()
        ]
        more = f"; and {len(reported) - MOST_KEYS} more" if len(reported) > MOST_KEYS else ""
        notes.append(f"They answer different questions ({'; '.join(reported[:MOST_KEYS])}{more}).")
    if plan.manifest.get("data_digest") != other.manifest.get("data_digest"):
        notes.append("They were made from different data.")
    # without a bound any value below the objective is possible
    bounds = [-math.inf if one.bound is None else one.bound for one in (plan, other)]
    objectives = [math.inf if one.objective is None else one.objective for one in (plan, other)]
    open_ = bounds[0] < objectives[1] and bounds[1] < objectives[0]
    if keys and plan.objective_kind == other.objective_kind and open_:
        words = "The gaps of the two searches do not show which case has the lower optimum."
        notes.append(words)
    return notes
