"""How much a plan covers if each committed project is completed on time, late or never, as drawn.

The model credits each project with its expected capacity. A chain is as strong as its weakest
stage, so the mean of coverage over draws is at most the coverage of the mean: what a plan states is
the upper end of what may be expected of it. See :mod:`paxsilica.plan.completed`.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Unpack

import numpy as np
from numpy.typing import NDArray

from paxsilica import output_tables as doc
from paxsilica.api import Question
from paxsilica.case import Case
from paxsilica.errors import InfeasibleError, InputError, NoPlanError, Problem
from paxsilica.instance.completion import Completion
from paxsilica.output_tables import TableDoc
from paxsilica.plan.completed import DrawnTest, committed, drawn_delays
from paxsilica.plan.coverage import CoverageTests, ready
from paxsilica.plan.extract import commitment_year
from paxsilica.plan.requirement import MET_TOL, met
from paxsilica.plan.result import Plan, case_differences
from paxsilica.solver import Array, Values
from paxsilica.solver.resolve import Written, reoptimise, search, write
from paxsilica.studies.montecarlo import wilson
from paxsilica.studies.parallel import Packed, Result, Runner, RunOptions, task
from paxsilica.studies.results import Figure, Study, axes, with_whole_years
from paxsilica.tables import Tables

Rows = list[dict[str, Any]]
Numbers = NDArray[np.float64]

BLOCK = 250
"""Draws of one year in a task: what is lost when a study is stopped, and shared among workers."""

REPRODUCED = 1e-5
"""Largest difference between the coverage that a saved plan states and that of its tables."""


@dataclass(frozen=True, repr=False)
class CompletionStudy(Study):
    """Coverage of one plan over draws of completion. ``figure`` draws its distribution by year."""

    main: ClassVar[str] = "years"
    docs: ClassVar[Mapping[str, TableDoc]] = {
        "years": doc.table(
            "Joint coverage with the plan over the draws of completion, by year",
            year=doc.year("year of the cut-off"),
            required=doc.share("largest share that the case requires of a stage"),
            stated=doc.share("joint coverage with expected capacities, as the plan states it"),
            mean=doc.share("mean of the draws"),
            standard_error=doc.share(
                "standard error of the mean of independent draws; the draws are stratified, which"
                " makes it an upper bound"
            ),
            p10=doc.share("10 % quantile of the draws"),
            p50=doc.share("median"),
            p90=doc.share("90 % quantile"),
            met=doc.share("draws in which every requirement is met"),
            met_low=doc.share("lower end of the 95 % confidence interval of it (Wilson)"),
            met_high=doc.share("upper end"),
            overstated=doc.share("stated less mean: what certainty of completion hides"),
        ),
        "inputs": doc.table(
            "What is short in draws that miss the requirement",
            year=doc.year("year of the cut-off"),
            commodity=doc.text("good of which more capacity would raise joint coverage"),
            draws=doc.count("draws that miss the requirement in which the good is short"),
            share=doc.share("of all draws that miss the requirement; several goods may be short"),
            mean_joint=doc.share("mean joint coverage in these draws"),
        ),
        "projects": doc.table(
            "What the failure of each project costs, most first",
            project=doc.text("committed project"),
            stage=doc.text("stage"),
            region=doc.text("host"),
            online_year=doc.year("planned start of operation"),
            on_time=doc.share("probability that it is completed on time"),
            never=doc.share("probability that it is never completed"),
            draws_never=doc.count("draws in which it is never completed"),
            loss=doc.share(
                "joint coverage lost if it is never completed: mean of draws in which it is on"
                " time, less mean of draws in which it is never completed, over the years from its"
                " planned start; blank: fewer than two draws of one kind"
            ),
            standard_error=doc.share("standard error of the loss"),
            expected_loss=doc.share("loss times the probability that it is never completed"),
        ),
        "draws": doc.table(
            "Every draw",
            draw=doc.count("number of the draw, from 0"),
            year=doc.year("year of the cut-off"),
            joint=doc.share("joint coverage"),
            met=doc.true_false("whether every requirement is met"),
            short=doc.text("goods of which more capacity would raise it, separated by ';'"),
        ),
    }

    def figure(self) -> Figure:
        """Quantiles, mean, stated coverage and requirement by year."""
        table = self.table()
        years = table["year"].to_numpy(dtype=float)
        figure, ax = axes()
        low, high = (table[name].to_numpy(dtype=float) for name in ("p10", "p90"))
        ax.fill_between(years, low, high, color="#9ab4d8", label="10 to 90 % of the draws")
        for name, style in (("mean", "-"), ("stated", "--")):
            ax.plot(years, table[name], style, color="#3b6fb6", label=name)
        ax.plot(years, table["required"], ":", color="black", label="required")
        ax.set_ylim(0.0, 1.02)
        ax.set_xlabel("year of the cut-off")
        ax.set_ylabel("joint coverage, share of need")
        with_whole_years(ax.xaxis)
        ax.legend(frameon=False)
        return figure


def completion(
    question: Question,
    draws: int = 1000,
    *,
    seed: int = 0,
    plan: Plan | None = None,
    **run: Unpack[RunOptions],
) -> CompletionStudy:
    """Evaluates a plan over draws of the completion of its projects.

    Args:
        question: its case requires coverage.
        draws: how many.
        seed: fixes the draws; with the same seed and number, a project has the same fate in every
            plan.
        plan: a plan of this question; without it, the question is solved first.
        run: ``workers``, ``store``, ``cluster``, ``progress``: see
            :class:`~paxsilica.studies.parallel.Runner`.

    Raises:
        InputError: listing everything that is wrong with the arguments.
        InfeasibleError, NoPlanError: if the question has no plan.
    """
    _refuse(question, draws, seed, plan)
    packed = Packed.of(question.tables)
    with Runner(**run) as runner:
        if plan is None:
            job = task(solved_plan, packed, question.case)
        else:
            job = task(saved_plan, packed, question.case, plan=_columns_in(plan))
        [held] = runner.run([job], "plan")
        if held is None:
            return _study(question, draws, None, {}, stopped=True)
        if not held["states"]:
            kind = InfeasibleError if held["status"] == "infeasible" else NoPlanError
            raise kind("There is no plan to evaluate; `paxsilica solve` says why.")
        if plan is not None:
            _refuse_other_coverage(plan, held)
        blocks = [(state, first) for state in held["states"] for first in range(0, draws, BLOCK)]
        jobs = [
            task(
                drawn_block,
                packed,
                question.case,
                values=held["values"],
                state=state,
                draws=draws,
                seed=seed,
                first=first,
            )
            for state, first in blocks
        ]
        found = runner.run(jobs, "blocks of draws")
    done: dict[str, list[Result]] = defaultdict(list)
    for (state, _), result in zip(blocks, found, strict=True):
        if result is not None:
            done[state].append(result)
    return _study(question, draws, held, done, stopped=runner.stopped, seed=seed)


def _refuse(question: Question, draws: int, seed: int, plan: Plan | None) -> None:
    problems = [
        Problem(name, "", "", str(value), f"should be at least {least}")
        for name, value, least in (("draws", draws, 2), ("seed", seed, 0))
        if value < least
    ]
    if question.case.coverage is None:
        words = "should be given: without required coverage there is none to evaluate"
        problems.append(Problem("case", "", "coverage", "", words))
    if plan is not None and plan.objective is None:
        words = "there is no plan in it to evaluate"
        problems.append(Problem("plan", "", "", plan.status, words))
    elif plan is not None:
        case = question.case.model_dump(mode="json")
        other = case_differences(plan.manifest.get("case", {}), case)
        if other:
            words = f"should be of the same case; {', '.join(other)} differ"
            problems.append(Problem("plan", "", "", plan.case, words))
        if plan.manifest.get("data_digest") != question.tables.digest:
            words = "should be made from the same tables; name their folder with --data"
            problems.append(Problem("plan", "", "data_digest", "", words))
    if problems:
        raise InputError(problems)


def _refuse_other_coverage(plan: Plan, held: Result) -> None:
    """Refuses a plan whose tables do not give the coverage that it states: rows of a user are not
    in the model that is written again here."""
    stated = dict(plan.table("joint_coverage")[["year", "with"]].itertuples(index=False, name=None))
    for head in held["states"].values():
        year, found = head["year"], head["stated"]
        if abs(found - stated.get(year, math.nan)) <= REPRODUCED:
            continue
        words = (
            f"should give the joint coverage that the plan states in {year},"
            f" {stated.get(year, math.nan):.6f}, and gives {found:.6f}; evaluate the case instead"
        )
        raise InputError([Problem("plan", "", "tables", "", words)])


FAMILIES: Mapping[str, tuple[str, tuple[str, ...], str]] = {
    "stock": ("stocks", ("region", "commodity", "year"), "level"),
    "activity": ("operation", ("plant", "state"), "activity"),
    "standby": ("operation", ("plant", "state"), "standby"),
    "shipment": ("shipments", ("from_region", "to_region", "commodity", "state"), "quantity"),
    "unserved": ("service", ("region", "commodity", "state"), "unserved"),
    "stock_draw": ("stock_draws", ("region", "commodity", "state"), "quantity"),
}
"""Table, index and column of the values of a family of variables in a plan."""


def _columns_in(plan: Plan) -> dict[str, list[list[Any]]]:
    """What a coverage test takes from the tables of a plan, as plain rows."""
    tests = plan.table("operating_states")
    outside = set(tests.loc[tests["coverage_test"] != "yes", "state"])
    found: dict[str, list[list[Any]]] = {}
    for family, (name, index, column) in FAMILIES.items():
        table = plan.table(name)
        if "state" in table:
            table = table[table["state"].isin(outside)]
        table = table[table[column].fillna(0.0) != 0.0]
        found[family] = table[[*index, column]].to_numpy(dtype=object).tolist()
    found["sizes"] = plan.table("commitments")[["project", "year", "size"]].values.tolist()
    found["closings"] = plan.table("closings")[["asset", "year", "state"]].values.tolist()
    return found


def saved_plan(tables: Tables, case: Case, arguments: Mapping[str, Any]) -> Result:
    """Task: what the coverage tests take from the tables of a ``plan``."""
    of = write(tables, case)
    rows: Mapping[str, list[list[Any]]] = arguments["plan"]
    at, values = of.program.column_at, np.zeros(len(of.program.cost))
    for family in FAMILIES:
        for *index, value in rows[family]:
            if (column := at.get((family, tuple(index)))) is not None:
                values[column] = value
    for plant, year, state in rows["closings"]:
        if (column := at.get((state, (plant, year)))) is not None:
            values[column] = 1.0
    first: dict[str, int] = {}
    for name, year, size in sorted(rows["sizes"], key=lambda row: (row[0], row[1])):
        candidate = of.instance.candidates[name]
        if first.setdefault(name, year) == year:
            size -= candidate.smallest
            for later in candidate.window:
                values[at["committed", (name, later)]] = float(later >= year)
        for later in candidate.size_years:
            if later >= year:
                values[at["added_size", (name, later)]] += size
    return _held(of, values) | {"status": "feasible"}


def solved_plan(tables: Tables, case: Case, arguments: Mapping[str, Any]) -> Result:
    """Task: what the coverage tests take from the best plan of a case."""
    of = write(tables, case)
    outcome = reoptimise(of.program, search(of.program, case.solver).outcome, case.solver)
    if outcome.values is None:
        return {"status": outcome.status, "states": {}}
    return _held(of, outcome.values) | {"status": outcome.status}


def _held(of: Written, found: Array) -> Result:
    """The values of the columns outside of the coverage tests that matter in them, the coverage in
    each test, and the committed projects."""
    program, instance = of.program, of.instance
    values = ready(program, instance, found)
    tests = CoverageTests(program, instance, of.case.solver)
    shift = tests.shift(values)
    inside = np.zeros(len(program.cost), dtype=bool)
    rows = np.zeros(len(program.row_low), dtype=bool)
    states = {}
    for test in tests:
        inside[test.columns] = True
        rows[test.rows] = True
        states[test.state] = {
            "year": instance.states[test.state].year,
            "required": float(test.required.max(initial=0.0)),
            "stated": test.joint(shift),
        }
    enters = np.asarray((abs(program.matrix[rows]) > 0).sum(axis=0)).ravel() > 0
    decided = np.array([family in DECIDED for family, _ in program.columns], dtype=bool)
    kept = np.flatnonzero((enters & ~inside | decided) & (values != 0.0)).tolist()
    read = Values(program, values)
    projects = {
        candidate.name: {
            "stage": candidate.stage,
            "region": candidate.region,
            "online": (commitment_year(read, candidate) or 0) + candidate.lead_time,
            "delays": [list(one) for one in candidate.completion.delays],
        }
        for candidate in committed(instance, read)
    }
    return {
        "values": [
            [program.columns[at][0], list(program.columns[at][1]), float(values[at])] for at in kept
        ],
        "states": states,
        "projects": projects,
    }


DECIDED = ("committed", "added_size")
"""Families of variables from which the capacity of projects follows."""


def drawn_block(tables: Tables, case: Case, arguments: Mapping[str, Any]) -> Result:
    """Task: joint coverage in the coverage test ``state`` in up to ``BLOCK`` of all ``draws`` from
    ``first`` on, with the ``values`` of a plan."""
    of = write(tables, case)
    at, values = of.program.column_at, np.zeros(len(of.program.cost))
    for family, index, value in arguments["values"]:
        values[at[family, tuple(index)]] = value
    tests = CoverageTests(of.program, of.instance, case.solver)
    read = Values(of.program, values)
    drawn = DrawnTest.of(tests.test(arguments["state"]), tests.shift(values), read)
    draws, first = arguments["draws"], arguments["first"]
    members = range(first, min(first + BLOCK, draws))
    delays = {
        name: drawn_delays(of.instance.candidates[name].completion, name, draws, arguments["seed"])
        for name in drawn.factors
    }
    required = drawn.test.required
    same = float(np.ptp(required)) <= MET_TOL
    found: Result = {"joint": [], "met": [], "short": []}
    for draw in members:
        fates = {name: of_project[draw] for name, of_project in delays.items()}
        joint, short = drawn.joint(fates)
        found["joint"].append(joint)
        found["short"].append(list(short))
        # where all requirements are equal, joint coverage says whether they are met
        enough = met(joint, float(required.max())) if same else met(drawn.ratio(fates), 1.0)
        found["met"].append(enough)
    return found


def _study(
    question: Question,
    draws: int,
    held: Result | None,
    done: Mapping[str, Sequence[Result]],
    *,
    stopped: bool,
    seed: int = 0,
) -> CompletionStudy:
    title = f"{draws:,} draws of completion: {question.case.title or question.case.name}"
    tables: dict[str, Rows] = {name: [] for name in CompletionStudy.docs}
    if held is None:
        return CompletionStudy.of(tables, title, stopped)
    joint: dict[int, Numbers] = {}
    for state, head in held["states"].items():
        blocks = done.get(state, [])
        # a year of which blocks are missing is left out: its draws would not be stratified
        if sum(len(block["joint"]) for block in blocks) < draws:
            continue
        year = head["year"]
        shares = np.array([one for block in blocks for one in block["joint"]])
        enough = [one for block in blocks for one in block["met"]]
        short = [one for block in blocks for one in block["short"]]
        joint[year] = shares
        tables["years"].append(_year(head, shares, sum(enough)))
        tables["inputs"] += _inputs(year, shares, enough, short)
        tables["draws"] += [
            {"draw": at, "year": year, "joint": share, "met": yes, "short": "; ".join(goods)}
            for at, (share, yes, goods) in enumerate(
                zip(shares.tolist(), enough, short, strict=True)
            )
        ]
    tables["projects"] = _projects(held["projects"], joint, draws, seed)
    return CompletionStudy.of(tables, title, stopped, _notes(tables, held["projects"]))


def _year(head: Mapping[str, Any], shares: Numbers, enough: int) -> dict[str, Any]:
    """The distribution in one year."""
    mean = float(shares.mean())
    low, high = wilson(enough, len(shares))
    p10, p50, p90 = np.quantile(shares, [0.1, 0.5, 0.9]).tolist()
    return {
        "year": head["year"],
        "required": head["required"],
        "stated": head["stated"],
        "mean": mean,
        "standard_error": float(shares.std(ddof=1)) / math.sqrt(len(shares)),
        "p10": p10,
        "p50": p50,
        "p90": p90,
        "met": enough / len(shares),
        "met_low": low,
        "met_high": high,
        "overstated": head["stated"] - mean,
    }


def _inputs(
    year: int, shares: Numbers, enough: Sequence[bool], short: Sequence[Sequence[str]]
) -> Rows:
    """The goods that are short where the requirement is missed, most often first."""
    missed = [at for at, yes in enumerate(enough) if not yes]
    members: dict[str, list[int]] = defaultdict(list)
    for at in missed:
        for good in short[at]:
            members[good].append(at)
    return [
        {
            "year": year,
            "commodity": good,
            "draws": len(at),
            "share": len(at) / len(missed),
            "mean_joint": float(shares[at].mean()),
        }
        for good, at in sorted(members.items(), key=lambda one: (-len(one[1]), one[0]))
    ]


def _projects(
    projects: Mapping[str, Mapping[str, Any]], joint: Mapping[int, Numbers], draws: int, seed: int
) -> Rows:
    """What the failure of each project costs. Projects are completed independently of each other,
    so means of draws with one fate and with another differ by its effect alone."""
    rows: Rows = []
    for name, one in projects.items():
        chances = Completion(tuple((int(late), share) for late, share in one["delays"]))
        delays = drawn_delays(chances, name, draws, seed)
        never = np.array([delay is None for delay in delays])
        on_time = np.array([delay == 0 for delay in delays])
        row = {
            "project": name,
            "stage": one["stage"],
            "region": one["region"],
            "online_year": one["online"],
            "on_time": sum(share for late, share in chances.delays if late == 0),
            "never": max(0.0, 1.0 - chances.chance),
            "draws_never": int(never.sum()),
        }
        years = [shares for year, shares in joint.items() if year >= one["online"]]
        if years and never.sum() > 1 and on_time.sum() > 1:
            mean = np.mean(years, axis=0)
            parts = [mean[on_time], mean[never]]
            row["loss"] = float(parts[0].mean() - parts[1].mean())
            row["standard_error"] = math.sqrt(
                sum(float(part.var(ddof=1)) / len(part) for part in parts)
            )
            row["expected_loss"] = row["never"] * row["loss"]
        rows.append(row)
    return sorted(rows, key=lambda row: (-row.get("loss", -math.inf), row["project"]))


def _notes(tables: Mapping[str, Rows], projects: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The result in sentences."""
    if not any(
        [late, share] != [0, 1.0] for one in projects.values() for late, share in one["delays"]
    ):
        return ["Every committed project is completed on time, so that all draws are equal."]
    notes = []
    if tables["years"]:
        row = max(tables["years"], key=lambda row: row["overstated"])
        notes.append(
            f"The plan states a joint coverage of {row['stated']:.1%} in {row['year']}, with"
            f" expected capacities. The mean of the draws is {row['mean']:.1%} (standard error"
            f" {row['standard_error']:.1%}): certainty of completion hides"
            f" {row['overstated']:.1%} of need. The requirement is met in {row['met']:.1%} of the"
            " draws."
        )
        short = [one for one in tables["inputs"] if one["year"] == row["year"]][:3]
        if short:
            words = "; ".join(f"{one['commodity']} {one['share']:.0%}" for one in short)
            missed = f"the draws of {row['year']} that miss the requirement"
            notes.append(f"Short most often in {missed}: {words}.")
    clear = [
        row for row in tables["projects"] if row.get("loss", 0.0) > 2 * row.get("standard_error", 0)
    ]
    if clear:
        words = "; ".join(f"{row['project']} {row['loss']:.1%}" for row in clear[:5])
        notes.append(f"The failure of these projects costs most joint coverage: {words}.")
    notes.append("Probabilities of completion are assumptions of the data, not observations.")
    return notes
