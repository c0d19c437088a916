"""Several cases side by side: the best plan of each, how it fares in the others, and what is
regretted; and two plans compared."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import pandas as pd

from paxsilica.api import Question
from paxsilica.errors import InputError
from paxsilica.plan.result import Plan, TableDoc
from paxsilica.studies.parallel import Packed, Result, Runner, task
from paxsilica.studies.results import Study, axes, field_of, frame, stopped_note, with_thousands
from paxsilica.studies.tasks import decision_in, run_plan, solve_case

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class SideBySide(Study):
    """Cases side by side. ``figure`` draws the regret of each plan in each case."""

    main: ClassVar[str] = "regret"
    docs: ClassVar[Mapping[str, TableDoc]] = {
        "cases": TableDoc(
            "The best plan of each case",
            {
                "case": "case",
                "status": "of the search",
                "objective_usd_m": "objective, USD million",
                "bound_usd_m": "bound on it, USD million",
                "cost_usd_m": "all cost, USD million",
                "shortfall_usd_m": "missing coverage at its price, USD million",
                "public_capital_usd_m": "capital that funders pay, USD million",
                "projects": "number of projects",
            },
        ),
        "regret": TableDoc(
            "Each plan in each case: projects kept, funding and operation chosen anew",
            {
                "plan": "case whose plan it is",
                "case": "case in which it is run",
                "status": "infeasible: the plan cannot be run in this case, whatever is paid",
                "cost_usd_m": "all cost, USD million",
                "shortfall_usd_m": "missing coverage at its price, USD million",
                "within_money": (
                    "whether funders of this case can pay for the plan; if not, what may be paid"
                    " was set aside"
                ),
                "missing": (
                    "projects that this case does not have in time and that were left out,"
                    " separated by ';'"
                ),
                "regret_usd_m": (
                    "cost less the least cost of any plan here that funders of this case can pay"
                    " for, USD million; negative where only a plan that they cannot pay for is"
                    " cheaper"
                ),
                "regret_most_usd_m": (
                    "cost less the bound of the case: the regret can be no more, USD million"
                ),
            },
        ),
        "worst": TableDoc(
            "Each plan at its worst",
            {
                "plan": "case whose plan it is",
                "largest_regret_usd_m": (
                    "over the cases, USD million; blank: it cannot be run in some case"
                ),
                "in_case": "case in which it is largest",
                "mean_regret_usd_m": "over the cases, each counting the same, USD million",
            },
        ),
    }

    def figure(self) -> Figure:
        """A field of regrets, plans down and cases across."""
        table = self.table()
        order = list(dict.fromkeys(table["case"]))
        wide = table.pivot(index="plan", columns="case", values="regret_usd_m").astype(float)
        wide = wide.loc[list(dict.fromkeys(table["plan"])), order]
        figure, ax = axes(2.5 + 1.1 * len(order), 1.5 + 0.6 * len(wide))
        picture = field_of(ax, wide.to_numpy(dtype=float), "Oranges", 0.0)
        ax.set_xticks(range(len(order)), order, rotation=30, ha="right")
        ax.set_yticks(range(len(wide)), list(wide.index))
        ax.set_xlabel("what comes")
        ax.set_ylabel("what was planned for")
        with_thousands(figure.colorbar(picture, label="regret, USD million").ax.yaxis)
        return figure


def side_by_side(
    questions: Mapping[str, Question],
    *,
    plans: Mapping[str, Plan] | None = None,
    workers: int | None = None,
    store: Path | str | None = None,
    cluster: str | None = None,
    progress: bool | None = None,
) -> SideBySide:
    """Plans for every case, each run in every other case.

    Args:
        questions: cases by the name under which they are shown.
        plans: plans that are known already, by the same names; further names are plans to be tried
            in every case.
        workers, store, cluster, progress: see :class:`~paxsilica.studies.parallel.Runner`.
    """
    if not questions:
        raise InputError("there is no case to set side by side")
    known = dict(plans or {})
    packed = {name: Packed.of(question.tables) for name, question in questions.items()}
    with Runner(workers, store, cluster, progress) as runner:
        new = [name for name in questions if name not in known]
        solved = dict(
            zip(
                new,
                runner.run(
                    [task(solve_case, packed[name], questions[name].case) for name in new],
                    "best plans",
                ),
                strict=True,
            )
        )
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
            for plan in [*questions, *(name for name in known if name not in questions)]
            for case in questions
        ]
        pairs = [(plan, case) for plan, case in pairs if plan in decisions]
        found = runner.run(
            [
                task(run_plan, packed[case], questions[case].case, decision=decisions[plan])
                for plan, case in pairs
            ],
            "crossed",
        )
    bounds = {name: None if result is None else result["bound"] for name, result in solved.items()}
    bounds |= {name: known[name].bound for name in questions if name in known}
    cells = {pair: result for pair, result in zip(pairs, found, strict=True) if result is not None}
    regret = _regret(questions, cells, bounds)
    tables = {
        "cases": _cases(questions, solved, known, cells),
        "regret": regret,
        "worst": _worst(regret),
    }
    notes = stopped_note(runner.stopped)
    lost = [name for name in questions if name not in decisions]
    if lost and not runner.stopped:
        notes += (f"There is no plan for {', '.join(lost)}.",)
    return SideBySide(tables, "Cases side by side: " + ", ".join(questions), notes, runner.stopped)


def _cases(
    questions: Mapping[str, Question],
    solved: Mapping[str, Result | None],
    known: Mapping[str, Plan],
    cells: Mapping[tuple[str, str], Result],
) -> pd.DataFrame:
    rows = []
    for name in questions:
        own, result = cells.get((name, name), {}), solved.get(name)
        if name in known:
            head = {
                "status": known[name].status,
                "objective_usd_m": known[name].objective,
                "bound_usd_m": known[name].bound,
            }
        elif result is not None:
            head = {
                "status": result["status"],
                "objective_usd_m": result["objective"],
                "bound_usd_m": result["bound"],
            }
        else:
            continue
        rows.append(
            {"case": name}
            | head
            | {
                "cost_usd_m": own.get("cost"),
                "shortfall_usd_m": own.get("shortfall"),
                "public_capital_usd_m": own.get("public_capital"),
                "projects": len(own["decision"]) if "decision" in own else None,
            }
        )
    return frame(SideBySide.docs["cases"], rows)


def _regret(
    questions: Mapping[str, Question],
    cells: Mapping[tuple[str, str], Result],
    bounds: Mapping[str, float | None],
) -> pd.DataFrame:
    least: dict[str, float] = {}
    for (_, case), result in cells.items():
        if "cost" in result and result["within_money"] and not result["missing"]:
            least[case] = min(result["cost"], least.get(case, math.inf))
    rows = []
    for (plan, case), result in cells.items():
        cost, bound = result.get("cost"), bounds.get(case)
        costs_count = questions[case].case.objective == "cost"
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
                "regret_most_usd_m": (
                    None if cost is None or bound is None or not costs_count else cost - bound
                ),
            }
        )
    return frame(SideBySide.docs["regret"], rows)


def _worst(regret: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for plan, part in regret.groupby("plan", sort=False):
        whole = bool(part["regret_usd_m"].notna().all())
        largest = part["regret_usd_m"].astype(float)
        rows.append(
            {
                "plan": plan,
                "largest_regret_usd_m": float(largest.max()) if whole else None,
                "in_case": str(part["case"].iloc[int(largest.argmax())]) if whole else None,
                "mean_regret_usd_m": float(largest.mean()) if whole else None,
            }
        )
    return frame(SideBySide.docs["worst"], rows)


@dataclass(frozen=True)
class Comparison(Study):
    """Two plans compared. ``figure`` draws the cost terms in which they differ."""

    main: ClassVar[str] = "projects"
    docs: ClassVar[Mapping[str, TableDoc]] = {
        "headline": TableDoc(
            "The two plans in a few numbers",
            {
                "what": "what",
                "unit": "its unit",
                "this": "in this plan",
                "other": "in the other plan",
                "difference": "other less this",
            },
        ),
        "projects": TableDoc(
            "Projects in which the plans differ",
            {
                "project": "project",
                "name": "name",
                "stage": "stage",
                "region": "host",
                "committed_year_this": "year of commitment in this plan; blank: not in it",
                "size_this": "size in this plan, in units of the project",
                "public_usd_m_this": "paid by funders in this plan, USD million",
                "committed_year_other": "the same in the other plan",
                "size_other": "the same in the other plan",
                "public_usd_m_other": "the same in the other plan, USD million",
            },
        ),
        "costs": TableDoc(
            "Cost terms, discounted",
            {
                "term": "term",
                "this": "in this plan, USD million",
                "other": "in the other plan, USD million",
                "difference": "other less this, USD million",
            },
        ),
        "coverage": TableDoc(
            "Traced coverage by stage and year where the plans differ",
            {
                "stage": "stage of the chain",
                "year": "year of the cut-off",
                "this": "share of need within reach in this plan",
                "other": "the same in the other plan",
                "difference": "other less this, share of 1",
            },
        ),
        "funders": TableDoc(
            "Who pays",
            {
                "funder": "funder; sponsor is the owner of a project",
                "this": "paid in this plan, USD million",
                "other": "paid in the other plan, USD million",
                "difference": "other less this, USD million",
            },
        ),
    }

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


MOST_TOLD = 4
"""Keys in which two cases differ that are told by name."""


def compare(plan: Plan, other: Plan) -> Comparison:
    """What is different in another plan: projects, cost, coverage and who pays."""
    for one in (plan, other):
        if one.objective is None:
            raise InputError(f"{one.title or one.case} has no plan to compare ({one.status})")

    def joined(name: str, keys: list[str], value: str) -> pd.DataFrame:
        parts = [
            one.table(name).groupby(keys, as_index=False, sort=False)[value].sum()
            for one in (plan, other)
        ]
        both = (
            parts[0]
            .merge(parts[1], on=keys, how="outer", suffixes=("_this", "_other"))
            .fillna(dict.fromkeys((f"{value}_this", f"{value}_other"), 0.0))
        )
        both = both.rename(columns={f"{value}_this": "this", f"{value}_other": "other"})
        frame_of_both = pd.DataFrame(both)
        frame_of_both["difference"] = frame_of_both["other"] - frame_of_both["this"]
        return frame_of_both

    coverage = joined("coverage", ["stage", "year"], "coverage")
    funders = joined("funding", ["funder"], "usd_m")
    costs = joined("costs", ["term"], "usd_m")
    numbers: list[tuple[str, str, float, float]] = [
        ("all cost", "USD million", float(costs["this"].sum()), float(costs["other"].sum())),
        (
            "capital of all projects",
            "USD million",
            plan.capital_decided_usd_m,
            other.capital_decided_usd_m,
        ),
        (
            "paid by funders",
            "USD million",
            float(plan.portfolio["public_usd_m"].sum()),
            float(other.portfolio["public_usd_m"].sum()),
        ),
        ("projects", "projects", float(len(plan.portfolio)), float(len(other.portfolio))),
    ]
    headline = [
        {"what": what, "unit": unit, "this": one, "other": two, "difference": two - one}
        for what, unit, one, two in numbers
    ]
    tables = {
        "headline": frame(Comparison.docs["headline"], headline),
        "projects": plan.compare(other)[list(Comparison.docs["projects"].columns)],
        "costs": costs.sort_values("term").reset_index(drop=True),
        "coverage": coverage[coverage["difference"].abs() > 1e-6].reset_index(drop=True),
        "funders": funders.sort_values("funder").reset_index(drop=True),
    }
    title = f"{plan.title or plan.case}, and {other.title or other.case}"
    return Comparison(tables, title, _caveats(plan, other), False)


def _caveats(plan: Plan, other: Plan) -> tuple[str, ...]:
    """What a reader of a comparison should know first: that the plans answer different questions,
    or that their gaps hide which is cheaper."""
    notes = []
    keys = plan.question_differences(other)
    if keys:
        reported = [
            f"{key}: {'none' if one is None else one} and {'none' if two is None else two}"
            for key, (one, two) in keys.items()
        ]
        more = f"; and {len(reported) - MOST_TOLD} more" if len(reported) > MOST_TOLD else ""
        notes.append(f"They answer different questions ({'; '.join(reported[:MOST_TOLD])}{more}).")
    if plan.manifest.get("data_digest") != other.manifest.get("data_digest"):
        notes.append("They were made from different data.")
    # where a bound is not known anything may be below the objective
    bounds = [-math.inf if one.bound is None else one.bound for one in (plan, other)]
    objectives = [math.inf if one.objective is None else one.objective for one in (plan, other)]
    if (
        keys
        and plan.objective_kind == other.objective_kind
        and bounds[0] < objectives[1]
        and bounds[1] < objectives[0]
    ):
        notes.append(
            "Which question has the better best plan is a coin toss: the difference is within the"
            " gaps of the two searches."
        )
    return tuple(notes)
