"""No plan? Arithmetic first, ways out second, the conflict last; and the plan that falls least
short."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from paxsilica.case import Case, Solver
from paxsilica.infeasibility.conflict import Conflict, conflicts
from paxsilica.infeasibility.feasible_changes import NoWayOut, Relaxation, later, loosened, proved
from paxsilica.infeasibility.necessary_conditions import Finding, arithmetic, span_of
from paxsilica.infeasibility.relaxation import KINDS, Knob
from paxsilica.infeasibility.relaxations import all_knobs
from paxsilica.plan.result import Plan
from paxsilica.plan.solve import make_plan
from paxsilica.solver.resolve import Interval, Known, Written, changed, write
from paxsilica.tables import Tables

UNFUNDED = "no set of funders in the case may pay for its public share"
PATIENCE_S = 30.0
"""Longest search for each way out that is not one of money; the best found by then is offered, with
the gap that it has."""
MOST_LINES = 12
"""Findings that are printed; the result holds all."""
LOOSE_GAP = 0.01
LOOSER_GAP = 0.05
NEAREST_GAP = 0.001
"""Ways out are prices of a relaxation, which need no sharper gap (money the sharper of the two);
each is proved by itself."""


@dataclass(frozen=True)
class Diagnosis:
    """Why a case has no plan, and what would give it one.

    Attributes:
        findings: what arithmetic refutes.
        ways_out: changes of the question that are proved to have a plan, one kind at a time.
        no_way_out: kinds of change that do not suffice alone.
        combined: a mixture of changes, where no single kind suffices; ``None`` where one does, or
            where none was found.
        conflicts: smallest sets of requirements that have no plan, one for each independent cause.
        nearest: the plan that falls least short, marked as infeasible; ``None`` where not even that
            exists.
    """

    findings: tuple[Finding, ...]
    ways_out: tuple[Relaxation, ...]
    no_way_out: tuple[NoWayOut, ...]
    combined: Relaxation | None
    conflicts: tuple[Conflict, ...]
    nearest: Plan | None
    seconds: dict[str, float] = field(default_factory=dict, compare=False)

    def lines(self) -> list[str]:
        """The answer in sentences, in the order in which they help."""
        lines = ["There is no plan that meets the case."]
        if self.findings:
            shown = worst_by_stage(self.findings)[:MOST_LINES]
            lines += [
                "",
                "What a sum shows already:",
                *(f"- {finding.sentence}" for finding in shown),
            ]
            if len(self.findings) > len(shown):
                lines.append(
                    f"- and {len(self.findings) - len(shown)} more of the kind, no worse in their"
                    " stages."
                )
        if self.ways_out or self.combined is not None:
            lines += ["", "What would do (each proved by solving the case so changed):"]
            lines += [
                line
                for way in (*self.ways_out, *([self.combined] if self.combined else []))
                for line in way.lines()
            ]
        if self.no_way_out:
            lines += ["", "What would not:", *(f"- {no.sentence}" for no in self.no_way_out)]
        alone = [found.requirements[0] for found in self.conflicts if len(found.requirements) == 1]
        if alone:
            each = "Each of these by itself" if len(alone) > 1 else "This"
            lines += [
                "",
                f"{each} cannot be met, whatever else gives way:",
                *(f"- {words}" for words in alone),
            ]
        for found in self.conflicts:
            if len(found.requirements) > 1:
                sure = ", and any of them dropped the others can" if found.smallest else ""
                lines += [
                    "",
                    f"These cannot be met together{sure}:",
                    *(f"- {words}" for words in found.requirements),
                ]
        if any(found.more for found in self.conflicts):
            lines += ["", "There are further conflicts besides these."]
        if self.nearest is not None:
            about = (f"- {note}" for note in self.nearest.notes)
            lines += ["", "The plan that falls least short:", *about]
        return lines

    def result(self) -> dict[str, Any]:
        """The content of ``diagnosis.json``."""
        return {
            "findings": [
                {
                    "kind": one.kind,
                    "about": one.about,
                    "stage": one.stage,
                    "years": list(one.years),
                    "sentence": one.sentence,
                    "had": one.had,
                }
                for one in self.findings
            ],
            "ways_out": [
                {
                    "kind": way.kind,
                    "sentence": way.sentence,
                    "amounts": way.amounts,
                    "least": [way.price.low, way.price.high],
                }
                for way in (*self.ways_out, *([self.combined] if self.combined else []))
            ],
            "no_way_out": [{"kind": no.kind, "proved": no.proved} for no in self.no_way_out],
            "conflicts": [
                {"requirements": list(one.requirements), "smallest": one.smallest}
                for one in self.conflicts
            ],
            "text": self.lines(),
        }


def worst_by_stage(findings: Iterable[Finding]) -> list[Finding]:
    """Of each stage and kind of trouble with it the finding that leaves the least, in the order in
    which they came; all that are of no stage."""
    worst: dict[str, Finding] = {}
    for at, finding in enumerate(findings):
        key = finding.stage if finding.had is not None and finding.stage is not None else f"#{at}"
        if key not in worst or (finding.had or 0.0) < (worst[key].had or 0.0):
            worst[key] = finding
    return list(worst.values())


def with_room(tables: Tables, case: Case) -> tuple[Written, Written]:
    """The case as written, and with the projects in it that no funders reach, which larger
    envelopes would bring back.

    The second has the same plans: its funders are bound by the envelopes that they have.
    """
    plain = write(tables, case)
    funding = plain.instance.funding
    if funding is None or UNFUNDED not in plain.instance.dropped.values():
        return plain, plain
    most = (
        sum(
            (row.capex_usd_m or 0.0) + (row.capex_usd_m_per_unit or 0.0) * row.largest_size
            for row in tables.projects
        )
        + 1e6
    )
    funders = tuple(
        (
            row
            if row.envelope_usd_m is None
            else row.model_copy(update={"envelope_usd_m": row.envelope_usd_m + most})
        )
        for row in tables.funders
    )
    roomy = write(replace(tables, funders=funders), case)
    assert roomy.instance.funding is not None
    at = roomy.program.rows_of("funder_envelope")
    names = [
        index[0] if isinstance(index, tuple) else index
        for _, index in (roomy.program.row_names[row] for row in at)
    ]
    envelopes = np.array([funding.payers[name].envelope for name in names])
    program = roomy.program.with_rows(at, roomy.program.row_low[at], envelopes)
    instance = replace(
        roomy.instance, funding=replace(roomy.instance.funding, payers=funding.payers)
    )
    return plain, replace(roomy, tables=tables, program=program, instance=instance)


def diagnose(
    tables: Tables,
    case: Case,
    on_step: Callable[[str], None] | None = None,
    *,
    nearest: bool = True,
) -> Diagnosis:
    """Why ``case`` has no plan on ``tables``.

    Args:
        tables, case: a question that was found infeasible.
        tell: called with each step as it begins.
        nearest: whether to make the plan that falls least short, which takes about as long as a
            plan.
    """
    seconds: dict[str, float] = {}
    started = time.monotonic()

    def step(name: str) -> None:
        seconds[name] = -time.monotonic()
        if len(seconds) > 1:
            before = list(seconds)[-2]
            seconds[before] += time.monotonic()
        if on_step is not None:
            on_step(name)

    step("sums")
    plain, written = with_room(tables, case)
    findings = arithmetic(plain)
    step("ways out")
    options = case.solver.model_copy(
        update={"gap": max(case.solver.gap, LOOSE_GAP) if case.solver.gap > 0 else 0.0}
    )
    knobs = all_knobs(written)
    ways, none = _single(written, knobs, options, step)
    combined = None
    if not ways:
        step("a combination")
        mixture = loosened(
            written, [knob for knob in knobs if knob.kind != "evenly"], "several", options
        )
        combined = mixture if isinstance(mixture, Relaxation) else None
    if not ways and combined is None:
        ways = _waived(written, options)
    step("conflict")
    found = conflicts(written, options, _suspects(written, findings))
    plan = None
    if nearest:
        step("plan that falls least short")
        plan = least_short(tables, case, combined, ways)
    last = list(seconds)[-1]
    seconds[last] += time.monotonic()
    seconds["all"] = time.monotonic() - started
    return Diagnosis(
        tuple(findings), tuple(ways), tuple(none), combined, tuple(found), plan, seconds
    )


def _suspects(written: Written, findings: Iterable[Finding]) -> set[str]:
    """Requirements that sums say cannot be met even alone, in the words of a conflict."""
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
    written: Written, knobs: list[Knob], options: Solver, step: Callable[[str], None]
) -> tuple[list[Relaxation], list[NoWayOut]]:
    """One kind of change after the other."""
    ways: list[Relaxation] = []
    none: list[NoWayOut] = []
    kinds = [kind for kind in KINDS if any(knob.kind == kind for knob in knobs)]
    for kind in kinds:
        step(f"ways out: {KINDS[kind]}")
        sharp = kind in ("budget", "funders", "mandates")
        looser = {
            "gap": max(options.gap, LOOSER_GAP if options.gap > 0 else 0.0),
            "time_limit_s": min(options.time_limit_s, PATIENCE_S),
        }
        fitting = options if sharp else options.model_copy(update=looser)
        answer = loosened(written, [knob for knob in knobs if knob.kind == kind], kind, fitting)
        (ways if isinstance(answer, Relaxation) else none).append(answer)  # type: ignore[arg-type]
        if kind == "coverage" and (shift := later(written, options)) is not None:
            (ways if isinstance(shift, Relaxation) else none).append(shift)  # type: ignore[arg-type]
    return ways, none


def _waived(written: Written, options: Solver) -> list[Relaxation]:
    """Requirements that are waived as a whole, where nothing that can be loosened by degrees
    helps."""
    tables, case = written.tables, written.case
    offers = [
        (
            "let every plant stand idle that must run",
            replace(
                tables,
                assets=tuple(
                    row.model_copy(update={"must_run_share": None}) for row in tables.assets
                ),
            ),
        ),
        (
            "waive the smallest shipments",
            replace(
                tables,
                routes=tuple(
                    row.model_copy(update={"smallest_shipment": None}) for row in tables.routes
                ),
            ),
        ),
        (
            "waive the final level of stores",
            replace(
                tables,
                stocks=tuple(row.model_copy(update={"final": None}) for row in tables.stocks),
            ),
        ),
        (
            "let goods be left over",
            replace(
                tables,
                commodities=tuple(
                    row.model_copy(update={"surplus": "free"}) for row in tables.commodities
                ),
            ),
        ),
    ]
    found = []
    for words, turned in offers:
        if turned != tables and proved((turned, case), options, Known()):
            found.append(
                Relaxation("waived", "Or ", (words,), {}, Interval(0.0, 0.0), turned, case, Known())
            )
    return found


def least_short(
    tables: Tables, case: Case, combined: Relaxation | None, ways: list[Relaxation]
) -> Plan | None:
    """The plan that falls least short of the coverage asked for, with all else met; where all else
    cannot be met either, with it changed.

    Its status stays ``infeasible``, its notes say what it misses.
    """
    if case.coverage is not None and case.coverage.hard:
        plan = _soft(tables, case)
        if plan is not None:
            return replace(
                plan, status="infeasible", notes=(*_shortfalls(tables, plan), *plan.notes)
            )
    for way in [*([combined] if combined else []), *ways]:
        plan = (
            _soft(way.tables, way.case)
            if case.coverage is not None and case.coverage.hard
            else _found(way.tables, way.case)
        )
        if plan is not None:
            words = way.sentence.split(": ", 1)[-1].removeprefix("Or ")
            note = f"It meets the case only with a change: {words}"
            return replace(
                plan, status="infeasible", notes=(note, *_shortfalls(tables, plan), *plan.notes)
            )
    return None


def _found(tables: Tables, case: Case) -> Plan | None:
    plan = make_plan(tables, case)
    return plan if plan.status in ("optimal", "feasible") else None


def _soft(tables: Tables, case: Case) -> Plan | None:
    """The plan with the least shortfall, weighed with shortage prices (or usual prices, or alike,
    where there are none)."""
    assert case.coverage is not None
    known = {
        row.row
        for row in tables.series
        if (row.table, row.column) == ("commodities", "shortage_price_usd_per_unit")
    }
    known |= {
        row.commodity for row in tables.commodities if row.shortage_price_usd_per_unit is not None
    }
    priced = {
        row.commodity: row
        for row in tables.commodities
        if row.covered and row.commodity not in known
    }
    commodities = tuple(
        (
            row.model_copy(update={"shortage_price_usd_per_unit": row.price_usd_per_unit or 1.0})
            if row.commodity in priced
            else row
        )
        for row in tables.commodities
    )
    solver = case.solver.model_dump() | {
        "gap": max(case.solver.gap, NEAREST_GAP) if case.solver.gap > 0 else 0.0
    }
    soft = changed(
        case,
        coverage=case.coverage.model_dump() | {"hard": False},
        objective="shortfall",
        solver=solver,
    )
    plan = _found(replace(tables, commodities=commodities), soft)
    return (
        None if plan is None else replace(plan, notes=(*_unserved(plan, set(priced)), *plan.notes))
    )


def _unserved(plan: Plan, firm: set[str]) -> list[str]:
    """What of the demand that must be served in full is not: to weigh shortfalls it was given a
    price, at which it may go unserved."""
    service = plan.tables["service"]
    short = service[
        (service["mode"] == "normal")
        & service["commodity"].isin(firm)
        & (service["unserved"] > 1e-6 * service["demand"])
    ]
    return [
        f"It leaves {rows['unserved'].sum() / rows['demand'].sum():.1%} of the demand for"
        f" {commodity} unserved in {span_of(rows['year'])}, which the case does not allow."
        for commodity, rows in short.groupby("commodity", sort=True)
    ]


def _shortfalls(tables: Tables, plan: Plan) -> list[str]:
    """By how much a plan misses the coverage asked for: each stage at its worst."""
    detail = plan.tables["coverage_by_commodity"]
    short = detail[detail["shortfall"] > 1e-6 * detail["need"]]
    stages = {row.stage: row.name for row in tables.stages}
    names = {row.commodity: row.name for row in tables.commodities}
    notes = []
    for stage, rows in short.groupby("stage", sort=False):
        gap = (rows["required_share"] - rows["coverage"]).to_numpy()
        worst = rows.iloc[int(gap.argmax())]
        notes.append(
            f"It falls short in stage {stages[str(stage)]} in {span_of(rows['year'])}; at its"
            f" worst, {names[worst['commodity']]} in {worst['year']}, it covers"
            f" {worst['coverage']:.1%} of the need instead of {worst['required_share']:.1%}."
        )
    if notes and plan.objective_kind == "shortfall" and plan.objective and plan.bound is not None:
        share = max(0.0, plan.bound / plan.objective)
        notes.append(
            "No plan falls short by less, weighed with the shortage prices."
            if share > 1 - 1e-6
            else (
                "Weighed with the shortage prices, every plan falls short by at least"
                f" {math.floor(share * 1e4) / 1e4:.2%} of that."
            )
        )
    return notes
