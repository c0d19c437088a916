"""Re-planning: what is signed of a plan in force is held, the rest is planned again with news, and
the changes are listed with what is known of their reasons."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Unpack

import numpy as np

from paxsilica import output_tables as doc
from paxsilica.api import Question
from paxsilica.errors import InfeasibleError, InputError, NoPlanError, Problem
from paxsilica.output_tables import PROJECT_UNIT, TableDoc
from paxsilica.plan.result import Plan, case_differences
from paxsilica.provenance.diff import Change, changes
from paxsilica.solver.resolve import NOISE, Interval
from paxsilica.studies.held import OWN, plan_the_rest, signed_in
from paxsilica.studies.information import interval_of
from paxsilica.studies.parallel import Packed, Result, Runner, RunOptions, task
from paxsilica.studies.results import Figure, Study, axes, with_thousands
from paxsilica.studies.tasks import decision_in, solve_case
from paxsilica.tables import Tables

Rows = list[dict[str, Any]]

ORDER = ("dropped", "new", "earlier", "later", "smaller", "larger", "kept")
"""Kinds of changes, in the order in which they are listed."""

CELLS_SHOWN = 3
"""Most changed numbers of a project that its reason names."""


@dataclass(frozen=True, repr=False)
class Replan(Study):
    """A plan in force, and the plan after news. ``figure`` draws the capital of the projects that
    change.

    Attributes:
        contradicting: whether what is signed has no plan, so that some of it was given up.
    """

    main: ClassVar[str] = "changes"
    docs: ClassVar[Mapping[str, TableDoc]] = {
        "changes": doc.table(
            "Projects of the plan in force and of the new plan",
            project=doc.text("project"),
            name=doc.text("name"),
            kind=doc.text(
                "kept, dropped, new, earlier, later, larger or smaller; a project with another"
                " year and another size is earlier or later"
            ),
            before_year=doc.year("year of commitment in the plan in force; blank: not in it"),
            after_year=doc.year("year of commitment in the new plan; blank: not in it"),
            before_size=doc.number("size by the end in the plan in force", PROJECT_UNIT),
            after_size=doc.number("size by the end in the new plan", PROJECT_UNIT),
            capital_before_usd_m=doc.money("capital in the plan in force, undiscounted"),
            capital_after_usd_m=doc.money("capital in the new plan, undiscounted"),
            signed=doc.yes_no("whether the plan in force commits it in the years that are signed"),
            held=doc.yes_no("whether the new plan had to keep its year and size up to then"),
            why=doc.text(
                "what is known of the reason: why it cannot be held, and which of its own numbers"
                " changed; blank: none of them did, so that the reason is elsewhere"
            ),
        ),
        "money": doc.table(
            "Payments in the plan in force and in the new plan, undiscounted",
            party=doc.text(
                "funder; sponsor: owners of the projects; all funders: capital that funders pay;"
                " operating support: of all funders; unallocated: the case does not divide funders"
            ),
            before_usd_m=doc.money("in the plan in force"),
            after_usd_m=doc.money("in the new plan, for its own projects"),
            difference_usd_m=doc.money("in the new plan less in the plan in force"),
            sunk_usd_m=doc.money("of the plan in force, paid in the years that are signed"),
            lost_usd_m=doc.money(
                "of what is sunk, paid into projects that the new plan does not have; not part of"
                " the new plan, but no longer in budget and envelopes where the project is no"
                " candidate"
            ),
        ),
        "news": doc.table(
            "What differs between the two cases and their data",
            kind=doc.text("key of the case, rows of data, or candidate"),
            what=doc.text("key, table or project of the plan in force"),
            before=doc.text("with the plan in force; blank: not given"),
            after=doc.text("now; for a candidate why it is none any more"),
            rows=doc.count("rows of the table that were added, removed or changed"),
        ),
        "holding": doc.table(
            "What it costs that signed decisions are held, of the objective of the new case",
            measure=doc.text("measure"),
            low_usd_m=doc.money("at least; blank: no bound"),
            high_usd_m=doc.money("at most; blank: no bound"),
            meaning=doc.text("what it is"),
        ),
        "contradictions": doc.table(
            "Requirements that cannot be met together while what is signed is held",
            conflict=doc.count("number of the conflict"),
            requirement=doc.text("a signed decision, or a requirement of the case"),
            signed=doc.yes_no("whether it is a signed decision"),
            given_up=doc.yes_no("whether the new plan does not hold it"),
            smallest=doc.yes_no(
                "whether it is proved that the others of the conflict can be met without any one"
            ),
        ),
    }

    contradicting: bool = False

    def result(self) -> dict[str, Any]:
        """Everything in plain data, with whether what is signed contradicts the new case."""
        return {**super().result(), "contradicting": self.contradicting}

    def figure(self) -> Figure:
        """Capital before and after of the projects that change."""
        table = self.table()
        table = table[table["kind"] != "kept"].iloc[::-1]
        figure, ax = axes(8.0, 1.6 + 0.35 * len(table))
        places = np.arange(len(table))
        before = table["capital_before_usd_m"].fillna(0.0)
        after = table["capital_after_usd_m"].fillna(0.0)
        ax.barh(places + 0.2, before, 0.4, label="plan in force", color="#9db8dc")
        ax.barh(places - 0.2, after, 0.4, label="new plan", color="#3b6fb6")
        ax.set_yticks(places, [f"{one.project} ({one.kind})" for one in table.itertuples()])
        ax.set_xlabel("capital, USD million")
        ax.legend(frameon=False)
        with_thousands(ax.xaxis)
        return figure


def replan(
    question: Question,
    plan: Plan,
    *,
    signed_until: int | None = None,
    tables_before: Tables | None = None,
    **run: Unpack[RunOptions],
) -> Replan:
    """Plans again after news, with what is signed held.

    Args:
        question: tables and case as they are now: the news.
        plan: the plan in force, of any case and data.
        signed_until: last year whose decisions are taken: commitments of the plan up to it, with
            their size and payments, are held, and no other commitment is made in these years; the
            first year of the new case if absent.
        tables_before: the tables from which the plan was made, to compare the data.
        run: see :class:`~paxsilica.studies.parallel.Runner`.

    Raises:
        InputError: with everything that is wrong in the arguments.
        InfeasibleError, NoPlanError: if the plan in force holds no plan, or the new case has none
            even if nothing is held.
    """
    until = question.case.years[0] if signed_until is None else signed_until
    refuse(question, plan, until, tables_before)
    signed = signed_in(plan, until)
    funded = {(row[0], row[1]) for row in signed["payments"]}
    start = {"decision": decision_in(plan), "tickets": sorted(list(pair) for pair in funded)}
    packed = Packed.of(question.tables)
    with Runner(**run) as runner:
        jobs = [
            task(plan_the_rest, packed, question.case, signed=signed, start=start),
            task(solve_case, packed, question.case, start=start),
        ]
        held, free = runner.run(jobs, "with and without what is signed")
    title = f"Re-planning of {plan.title or plan.case} with {question.case.title or 'news'}"
    cells = None if tables_before is None else list(changes(tables_before, question.tables))
    if held is None or free is None:
        return Replan.of(
            {name: [] for name in Replan.docs}, title, runner.stopped, contradicting=False
        )
    _refuse_no_plan(held, free)
    listed = _changes(question.tables, plan, signed, held, cells)
    parts = {
        "changes": listed,
        "money": _money(plan, held, until),
        "news": _news(question, plan, held, cells),
        "holding": _holding(held, free),
        "contradictions": _contradictions(held),
    }
    notes = _notes(question, plan, held, cells, until)
    return Replan.of(parts, title, False, notes, contradicting=bool(held["conflicts"]))


def refuse(question: Question, plan: Plan, until: int, tables_before: Tables | None) -> None:
    """Raises an error with everything that is wrong in the arguments; see :func:`replan`."""
    if plan.objective is None:
        kind = InfeasibleError if plan.status == "infeasible" else NoPlanError
        raise kind("The plan in force holds no plan; `paxsilica solve` says why.")
    problems = []
    first, last = question.case.years
    if question.case.objective == "security":
        words = "should be cost or budget: the closest plan is found by other searches"
        problems.append(Problem("case", question.case.name, "objective", "security", words))
    if not first <= until <= last:
        words = f"should be a year of the new case, from {first} to {last}"
        problems.append(Problem.of_option("--signed-until", str(until), words))
    earliest = min((int(year) for year in plan.portfolio["committed_year"]), default=first)
    if earliest < first:
        words = (
            f"should begin in {earliest} or before: the plan in force commits projects in"
            f" {earliest}, and a plant that was built before the case is an asset"
        )
        problems.append(Problem("case", question.case.name, "years", f"{first}-{last}", words))
    wanted = plan.manifest.get("data_digest")
    if tables_before is not None and tables_before.digest != wanted:
        words = f"should be the tables that the plan was made from (digest {str(wanted)[:12]})"
        problems.append(Problem.of_option("--data-before", tables_before.digest[:12], words))
    if problems:
        raise InputError(problems)


def _refuse_no_plan(held: Result, free: Result) -> None:
    """Raises an error if one of the searches has no plan."""
    if free["status"] == "infeasible":
        raise InfeasibleError(
            "The new case has no plan even if nothing is held; `paxsilica solve` says why."
        )
    if held["status"] == "infeasible":
        lines = [f"- {words}" for one in held["conflicts"] for words in one["requirements"]]
        raise InfeasibleError(
            "\n".join(["There is no plan, whatever signed decision is given up:", *lines])
        )
    if "decision" not in held:
        raise NoPlanError("No plan was found in time; give the search more with --time-limit.")


def _changes(
    tables: Tables,
    plan: Plan,
    signed: Mapping[str, Any],
    held: Result,
    cells: Iterable[Change] | None,
) -> Rows:
    """The table of changes: other kinds before what is kept, the largest capital first."""
    before: dict[str, Any] = {row["project"]: row for row in plan.portfolio.to_dict("records")}
    after, capital = held["decision"], held["capital_by_project"]
    names = {row.project: row.name for row in tables.projects}
    own: dict[str, list[str]] = defaultdict(list)
    for one in cells or ():
        if one.table == "projects" and one.kind == "changed":
            factor = "" if one.factor is None else f" ({one.factor - 1:+.1%})"
            moved = f"{one.before or 'blank'} -> {one.after or 'blank'}{factor}"
            own[one.row].append(f"{one.column} {moved}")
        elif one.table == "series" and one.row.startswith("projects|"):
            _, project, column = one.row.split("|")[:3]
            own[project].append(f"{column} by year {one.kind}")
    rows: Rows = []
    for name in sorted({*before, *after}):
        old, new = before.get(name), after.get(name)
        parts = [held["impossible"].get(name) or held["gone"].get(name) or ""]
        if name in held["resized"]:
            parts.append(f"the signed size is no longer possible: {held['resized'][name]:,.6g}")
        if f"the signed commitment of {name} in" in " ".join(held["given_up"]):
            parts.append("given up: it contradicts other requirements")
        numbers = list(dict.fromkeys(own[name]))
        more = [f"and {len(numbers) - CELLS_SHOWN} more"] if len(numbers) > CELLS_SHOWN else []
        parts += [*numbers[:CELLS_SHOWN], *more]
        rows.append(
            {
                "project": name,
                "name": names.get(name) or (old or {}).get("name") or name,
                "kind": _kind(old, new),
                "before_year": None if old is None else int(old["committed_year"]),
                "after_year": None if new is None else int(new[0]),
                "before_size": None if old is None else float(old["size"]),
                "after_size": None if new is None else float(new[1]),
                "capital_before_usd_m": None if old is None else float(old["capex_usd_m"]),
                "capital_after_usd_m": None if new is None else capital[name],
                "signed": "yes" if name in signed["commitments"] else "no",
                "held": "yes" if _is_held(name, signed, held) else "no",
                "why": "; ".join(part for part in parts if part) or None,
            }
        )
    return sorted(rows, key=lambda row: (ORDER.index(row["kind"]), -_size_of(row), row["project"]))


def _size_of(row: Mapping[str, Any]) -> float:
    """Capital that a change is about."""
    return max(row["capital_before_usd_m"] or 0.0, row["capital_after_usd_m"] or 0.0)


def _is_held(name: str, signed: Mapping[str, Any], held: Result) -> bool:
    year = signed["commitments"].get(name, (None,))[0]
    return f"the signed commitment of {name} in {year}" in held["held"]


def _kind(old: Mapping[str, Any] | None, new: Iterable[float] | None) -> str:
    """The kind of a change."""
    if old is None or new is None:
        return "new" if old is None else "dropped"
    year, size = new
    if year != old["committed_year"]:
        return "earlier" if year < old["committed_year"] else "later"
    if abs(size - old["size"]) <= NOISE * max(1.0, abs(old["size"])):
        return "kept"
    return "larger" if size > old["size"] else "smaller"


def _money(plan: Plan, held: Result, until: int) -> Rows:
    """Payments by party, all funders and operating support."""
    after: dict[str, float] = defaultdict(float)
    for party, _, _, amount in held["payments"]:
        after[party] += amount
    sums: dict[str, dict[str, float]] = {
        key: defaultdict(float) for key in ("before", "sunk", "lost")
    }
    public = {"before": 0.0, "sunk": 0.0, "lost": 0.0}
    share = {
        row["project"]: row["public_usd_m"] / row["capex_usd_m"] if row["capex_usd_m"] else 0.0
        for row in plan.portfolio.to_dict("records")
    }
    for row in plan.table("funding").to_dict("records"):
        party, amount = row["funder"], float(row["usd_m"])
        paid = 0.0 if party in OWN else amount
        if party == "unallocated":
            paid = amount * share.get(row["project"], 0.0)
        is_sunk = row["year"] <= until
        counted = {"before": True, "sunk": is_sunk}
        counted["lost"] = is_sunk and row["project"] not in held["decision"]
        for key in (key for key, counts in counted.items() if counts):
            sums[key][party] += amount
            public[key] += paid

    def line(party: str, now: float, amounts: Mapping[str, float]) -> dict[str, Any]:
        return {
            "party": party,
            "before_usd_m": amounts["before"],
            "after_usd_m": now,
            "difference_usd_m": now - amounts["before"],
            "sunk_usd_m": amounts.get("sunk"),
            "lost_usd_m": amounts.get("lost"),
        }

    parties = sorted({*after, *sums["before"]}, key=lambda one: (one in OWN, one))
    rows = [line(one, after[one], {key: sums[key][one] for key in sums}) for one in parties]
    support = float(plan.table("support")["support_usd_m"].sum())
    return [
        *rows,
        line("all funders", held["public_capital"], public),
        line("operating support", held["support"], {"before": support}),
    ]


def _news(question: Question, plan: Plan, held: Result, cells: Iterable[Change] | None) -> Rows:
    """What differs between the cases and the data."""

    def words(value: Any) -> str | None:
        return None if value is None else str(value)

    own = question.case.model_dump(mode="json")
    rows: Rows = [
        {"kind": "key of the case", "what": key, "before": words(one), "after": words(two)}
        for key, (one, two) in sorted(case_differences(plan.manifest.get("case", {}), own).items())
    ]
    touched: dict[str, set[str]] = defaultdict(set)
    for change in cells or ():
        touched[change.table].add(change.row)
    rows += [
        {"kind": "rows of data", "what": table, "rows": len(keys)}
        for table, keys in touched.items()
    ]
    rows += [
        {"kind": "candidate", "what": name, "before": "in the plan", "after": reason}
        for name, reason in sorted({**held["gone"], **held["impossible"]}.items())
    ]
    return rows


def _holding(held: Result, free: Result) -> Rows:
    """The objective with and without what is held, and the difference, each between its bounds."""
    with_it, without_it = interval_of(held), interval_of(free)
    # a plan that holds what is signed is a plan of the new case
    cost = with_it - without_it
    cost = Interval(max(0.0, cost.low), max(0.0, cost.high))
    rows = []
    for name, value, meaning in (
        ("held", with_it, "objective of the new plan, with what it holds"),
        ("free", without_it, "objective of the new case if nothing were signed"),
        ("cost of holding", cost, "difference of the two"),
    ):
        ends = [None if np.isinf(end) else float(end) for end in (value.low, value.high)]
        rows.append(
            {"measure": name, "low_usd_m": ends[0], "high_usd_m": ends[1], "meaning": meaning}
        )
    return rows


def _contradictions(held: Result) -> Rows:
    """The conflicts, one row for each requirement."""
    signed = {*held["held"], *held["given_up"]}
    return [
        {
            "conflict": number,
            "requirement": words,
            "signed": "yes" if words in signed else "no",
            "given_up": "yes" if words in held["given_up"] else "no",
            "smallest": "yes" if one["smallest"] else "no",
        }
        for number, one in enumerate(held["conflicts"], 1)
        for words in one["requirements"]
    ]


def _notes(
    question: Question, plan: Plan, held: Result, cells: Iterable[Change] | None, until: int
) -> list[str]:
    """The result in sentences: first what could not be held."""
    notes = []
    if held["conflicts"]:
        notes.append(
            "What is signed contradicts the new case. The new plan does not hold"
            f" {'; '.join(held['given_up'])}. One signed decision of each conflict was given up,"
            " the latest commitment first, payments before commitments; that no plan holds more"
            " is not proved."
        )
    notes += [
        f"{name} is signed, but cannot be held: {reason}."
        for name, reason in sorted(held["impossible"].items())
    ]
    notes.append(
        f"Commitments of the plan in force up to {until} are held, and no others are made in"
        " these years."
    )
    if cells is None and plan.manifest.get("data_digest") != question.tables.digest:
        notes.append(
            "The plan in force was made from other data, which are not at hand: the rows that"
            " differ are not listed."
        )
    elif cells is not None and not list(cells):
        notes.append("The data are those of the plan in force.")
    return notes
