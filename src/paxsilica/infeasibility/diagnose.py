"""Diagnosis of an infeasible case: necessary conditions that fail, changes that make the case
feasible, requirements in conflict, and the closest plan (smallest shortfall)."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np

from paxsilica.audit import audited
from paxsilica.case import Case, Solver
from paxsilica.errors import InputError
from paxsilica.infeasibility.feasible_changes import (
    FeasibleChange,
    InsufficientChange,
    later,
    proved,
    relaxed,
)
from paxsilica.infeasibility.necessary_conditions import Finding, failed_conditions, span_of
from paxsilica.infeasibility.relaxations import KINDS, Changed, Relaxation, all_relaxations
from paxsilica.instance.funder_deals import envelopes_in_data
from paxsilica.model.registry import row_with
from paxsilica.plan.requirement import MET_TOL, covered, required
from paxsilica.plan.result import Plan
from paxsilica.plan.solve import StepCallback, make_plan
from paxsilica.solver.resolve import Interval, Known, Written, changed, write
from paxsilica.studies.conflict import Conflict, conflicts
from paxsilica.tables import Tables
from paxsilica.tables.schema import Row

PATIENCE_S = 30.0
"""Time limit of the search for each change that is not one of money; the best change found by then
is reported with its gap."""
MOST_LINES = 12
"""Failed conditions that are printed; the result contains all."""
MONEY_GAP = 0.01
OTHER_GAP = 0.05
CLOSEST_GAP = 0.001
"""Gaps of changes of money, of other changes and of the closest plan. A change needs no smaller
gap: it is proved by solving the changed case."""


@dataclass(frozen=True)
class Diagnosis:
    """Why a case has no plan, and which changes give it one.

    Attributes:
        findings: necessary conditions that fail.
        changes: changes proved feasible, one kind at a time.
        insufficient: kinds of change that are not sufficient alone.
        combined: a mixture, where no single kind is sufficient and one was found.
        conflicts: smallest sets of requirements that have no plan, one for each cause.
        closest: the plan with the smallest shortfall, marked as infeasible, if there is one.
        closest_notes: what that plan does not meet.
    """

    findings: tuple[Finding, ...]
    changes: tuple[FeasibleChange, ...]
    insufficient: tuple[InsufficientChange, ...]
    combined: FeasibleChange | None
    conflicts: tuple[Conflict, ...]
    closest: Plan | None
    closest_notes: tuple[str, ...] = ()
    seconds: dict[str, float] = field(default_factory=dict, compare=False)

    @property
    def feasible_changes(self) -> tuple[FeasibleChange, ...]:
        """Every change that was found, the combination last."""
        return (*self.changes, *([self.combined] if self.combined else []))

    def lines(self) -> list[str]:
        """The diagnosis in sentences."""
        shown = worst_by_stage(self.findings)[:MOST_LINES]
        conditions = [f"- {finding.sentence}" for finding in shown]
        if len(self.findings) > len(shown):
            more = len(self.findings) - len(shown)
            conditions.append(
                f"- and {more} similar requirements with no larger gap in their stages."
            )
        single = [one.requirements[0] for one in self.conflicts if len(one.requirements) == 1]
        sections = [
            ("Requirements that cannot be met (capacity check):", conditions),
            (
                "Changes that make the case feasible (each proved by solving the changed case):",
                [line for change in self.feasible_changes for line in change.lines()],
            ),
            ("Not sufficient alone:", [f"- {one.sentence}" for one in self.insufficient]),
            ("Infeasible on its own:", [f"- {words}" for words in single]),
        ]
        for one in self.conflicts:
            if len(one.requirements) > 1:
                sure = "; without any one of them the others can" if one.smallest else ""
                head = f"These requirements cannot be met together{sure}:"
                sections.append((head, [f"- {words}" for words in one.requirements]))
        notes = [f"- {note}" for note in self.closest_notes]
        lines = ["There is no plan that meets the case."]
        for head, body in sections:
            lines += ["", head, *body] if body else []
        if any(one.more for one in self.conflicts):
            lines += ["", "The remaining requirements have further conflicts."]
        return lines + (["", "Closest plan (smallest shortfall):", *notes] if notes else [])

    def result(self) -> dict[str, Any]:
        """The content of ``diagnosis.json``."""
        return {
            "necessary_conditions": [asdict(one) for one in self.findings],
            "feasible_changes": [
                {"kind": one.kind, "sentence": one.sentence, "amounts": one.amounts}
                | {"least": [one.price.low, one.price.high]}
                for one in self.feasible_changes
            ],
            "insufficient_changes": [asdict(one) for one in self.insufficient],
            "conflict": [
                {"requirements": one.requirements, "smallest": one.smallest}
                for one in self.conflicts
            ],
            "text": self.lines(),
        }


MORE_THAN_ENOUGH_USD_M = 1e6
"""Added to the capital of all projects, USD million: an envelope of both limits no plan."""


def worst_by_stage(findings: Iterable[Finding]) -> list[Finding]:
    """For each stage the finding with the least available share; all without share or stage."""
    worst: dict[str, Finding] = {}
    for at, finding in enumerate(findings):
        share = finding.available_share
        key = finding.stage if share is not None and finding.stage is not None else f"#{at}"
        if key not in worst or (share or 0.0) < (worst[key].available_share or 0.0):
            worst[key] = finding
    return list(worst.values())


def with_room(tables: Tables, case: Case) -> tuple[Written, Written]:
    """The case as written, and with projects that only larger envelopes can pay for. The second has
    the same plans: its funders are limited to their envelopes."""
    bare = write(tables, case)
    funding = bare.instance.funding
    if funding is None or not bare.instance.dropped:
        return bare, bare
    capital = sum(
        (row.capex_usd_m or 0.0) + (row.capex_usd_m_per_unit or 0.0) * row.largest_size
        for row in tables.projects
    )

    def enlarge(row: Any) -> dict[str, float] | None:
        if row.envelope_usd_m is None:
            return None
        return {"envelope_usd_m": row.envelope_usd_m + (capital + MORE_THAN_ENOUGH_USD_M)}

    roomy = write(tables.edited("funders", enlarge), case)
    assert roomy.instance.funding is not None
    at = roomy.program.rows_of(row_with(item="envelope"))
    names = [
        index[0] if isinstance(index, tuple) else index
        for _, index in (roomy.program.row_names[row] for row in at)
    ]
    envelopes = np.array([funding.funders[name].envelope for name in names])
    program = roomy.program.with_rows(at, roomy.program.row_low[at], envelopes)
    limited = replace(roomy.instance.funding, funders=funding.funders)
    instance = replace(roomy.instance, funding=limited)
    return bare, replace(roomy, tables=tables, program=program, instance=instance)


def diagnose(
    tables: Tables,
    case: Case,
    on_step: StepCallback | None = None,
    *,
    closest: bool = True,
) -> Diagnosis:
    """Why ``case`` has no plan on ``tables``. ``closest``: whether to make the closest plan, which
    takes about as long as a plan.

    Raises:
        InputError: if the case has a plan.
    """
    started: list[tuple[str, float]] = []

    def step(name: str) -> None:
        started.append((name, time.monotonic()))
        if on_step is not None:
            on_step(name)

    tables, case = envelopes_in_data(tables, case)
    step("capacity check")
    bare, written = with_room(tables, case)
    findings = failed_conditions(bare)
    step("feasible changes")
    gap = max(case.solver.gap, MONEY_GAP) if case.solver.gap > 0 else 0.0
    options = case.solver.model_copy(update={"gap": gap})
    relaxations = all_relaxations(written)
    changes, insufficient = _single(written, relaxations, options, step)
    if any(not one.parts for one in changes):
        raise InputError("the case meets all of its requirements, so there is nothing to diagnose")
    combined = None
    if not changes:
        step("a combination of changes")
        uneven = [one for one in relaxations if one.kind != "evenly"]
        mixture = relaxed(written, uneven, "several", options)
        combined = mixture if isinstance(mixture, FeasibleChange) else None
    if not changes and combined is None:
        changes = _waived(written, options)
    step("conflict")
    found = conflicts(written, options, _suspects(written, findings))
    plan, notes = None, tuple[str, ...]()
    if closest:
        step("closest plan")
        plan, notes = closest_plan(tables, case, [*([combined] if combined else []), *changes])
    ends = [*(at for _, at in started[1:]), time.monotonic()]
    seconds = {name: end - at for (name, at), end in zip(started, ends, strict=True)}
    seconds["all"] = ends[-1] - started[0][1]
    return Diagnosis(
        tuple(findings),
        tuple(changes),
        tuple(insufficient),
        combined,
        tuple(found),
        plan,
        notes,
        seconds,
    )


def _suspects(written: Written, findings: Iterable[Finding]) -> set[str]:
    """Requirements that may be infeasible on their own, in the words of a conflict."""
    stages = {row.stage: row.name for row in written.tables.stages}
    names = {row.commodity: row.name for row in written.tables.commodities}
    words = set()
    for one in findings:
        if one.kind in ("no source", "no feed", "capacity", "delivery") and one.stage in stages:
            words.add(f"the coverage of {stages[one.stage]}")
        elif one.kind == "demand":
            words.add(f"all demand for {names[one.about]} served")
        elif one.kind == "limit":
            words.add(f"the limit {one.about}")
    return words


def _single(
    written: Written,
    relaxations: list[Relaxation],
    options: Solver,
    step: StepCallback,
) -> tuple[list[FeasibleChange], list[InsufficientChange]]:
    """The changes of one kind each, and the kinds that are not sufficient."""
    answers: list[FeasibleChange | InsufficientChange | None] = []
    gap = max(options.gap, OTHER_GAP) if options.gap > 0 else 0.0
    limit = min(options.time_limit_s, PATIENCE_S)
    other = options.model_copy(update={"gap": gap, "time_limit_s": limit})
    for kind, words in KINDS.items():
        mine = [one for one in relaxations if one.kind == kind]
        if mine:
            step(f"feasible changes: {words}")
            money = kind in ("budget", "funders", "mandates")
            answers.append(relaxed(written, mine, kind, options if money else other))
            if kind == "coverage":
                answers.append(later(written, options))
    changes = [one for one in answers if isinstance(one, FeasibleChange)]
    return changes, [one for one in answers if isinstance(one, InsufficientChange)]


def _waived(written: Written, options: Solver) -> list[FeasibleChange]:
    """Requirements that help when they are waived completely."""
    tables, case = written.tables, written.case
    found = []
    for words, table, column, cell in (
        ("let every plant stand idle that must run", "assets", "must_run_share", None),
        ("waive the smallest shipments", "routes", "smallest_shipment", None),
        ("waive the final level of stores", "stocks", "final", None),
        ("let goods be left over", "commodities", "surplus", "free"),
    ):
        change: Changed = (tables.edited(table, partial(_always, {column: cell})), case)
        if change[0] != tables and proved(change, options, Known()):
            price = Interval(0.0, 0.0)
            found.append(FeasibleChange("waived", "", (words,), {}, price, *change, Known()))
    return found


def _always(cells: dict[str, str | None], _: Row) -> dict[str, str | None]:
    return cells


def closest_plan(
    tables: Tables, case: Case, changes: Iterable[FeasibleChange]
) -> tuple[Plan | None, tuple[str, ...]]:
    """The plan of objective ``security``, which meets everything but coverage, or that of one of
    ``changes``; and what it does not meet. Its status stays ``infeasible``."""
    gap = max(case.solver.gap, CLOSEST_GAP) if case.solver.gap > 0 else 0.0
    options = case.solver.model_dump() | {"gap": gap}
    hard = case.coverage is not None and case.coverage.hard
    offers: list[tuple[Tables, Case, list[str]]] = [(tables, case, [])] if hard else []
    for change in changes:
        note = f"It meets the case only with a change: {'; '.join(change.parts)}."
        offers.append((change.tables, change.case, [note]))
    for new_tables, new_case, notes in offers:
        asked = changed(new_case, objective="security", solver=options) if hard else new_case
        plan = _found(new_tables, asked)
        if plan is not None:
            unmet = (*notes, *_shortfalls(tables, plan))
            return replace(plan, status="infeasible", notes=(*unmet, *plan.notes)), unmet
    return None, ()


def _found(tables: Tables, case: Case) -> Plan | None:
    plan = make_plan(tables, case)
    return audited(plan, tables, case) if plan.status in ("optimal", "feasible") else None


def _shortfalls(tables: Tables, plan: Plan) -> list[str]:
    """By how much a plan misses the required coverage: each stage in its worst year."""
    detail = plan.tables["coverage_by_commodity"]
    # a stage that could make what is required of it by itself is limited by the stages named here
    short = detail[detail["standalone_coverage"] < detail["required_share"] - MET_TOL]
    stages = {row.stage: row.name for row in tables.stages}
    names = {row.commodity: row.name for row in tables.commodities}
    notes = []
    for stage, rows in short.groupby("stage", sort=False):
        gap = (rows["required_share"] - rows["standalone_coverage"]).to_numpy()
        worst = rows.iloc[int(gap.argmax())]
        notes.append(
            f"It falls short in stage {stages[str(stage)]} in {span_of(rows['year'])}; at its"
            f" worst, {names[worst['commodity']]} in {worst['year']}, it covers"
            f" {covered(worst['standalone_coverage'], 1)} % of the need instead of"
            f" {required(worst['required_share'], 1)} %."
        )
    if not notes and (detail["shortfall"] > MET_TOL * detail["need"]).any():
        notes = ["Each stage alone could meet its requirement; all at the same time they do not."]
    return [*_beyond_money(plan), *notes]


def _beyond_money(plan: Plan) -> list[str]:
    """What no money can reach and what this budget cannot, each by itself."""
    table = plan.table("security")
    lines = []
    short = table[table["reachable_share"] < table["required_share"] - 1e-6]
    for name, rows in short.groupby("name", sort=False):
        gap = (rows["required_share"] - rows["reachable_share"]).to_numpy()
        worst = rows.iloc[int(gap.argmax())]
        lines.append(
            f"No money can cover {name} as required in {span_of(rows['year'])}: in"
            f" {worst['year']} all candidates together reach at most"
            f" {worst['reachable_share']:.1%} of {worst['required_share']:.1%}."
        )
    security = plan.headline.get("security")
    if security is not None:
        lines.append(
            f"Of what money can reach, this plan covers at least {security['ratio']:.1%} in every"
            f" stage and year; no plan covers more than {security['bound']:.1%}."
        )
    return lines
