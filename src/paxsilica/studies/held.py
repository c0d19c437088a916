"""Decisions of a plan in force that are held in another case, and the task that plans the rest."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from paxsilica.case import Case
from paxsilica.instance import Candidate, Instance
from paxsilica.model.funding import (
    funder_annual_limit,
    funder_envelope,
    programme_budget,
    public_spend,
)
from paxsilica.plan import extract
from paxsilica.plan.paid_support import least_support, needed_support
from paxsilica.plan.result import Plan
from paxsilica.solver import Compiled, Outcome, Values
from paxsilica.solver.resolve import NOISE, Written, reoptimise, search, write
from paxsilica.studies.conflict import Requirement, conflicts, without
from paxsilica.studies.parallel import Result
from paxsilica.studies.tasks import known_in, record
from paxsilica.tables import Tables

ROUNDING = 1e-9
"""Share by which a payment may fall short of what it was in the plan: the rounding of a sum."""

OWN = ("sponsor",)
"""Parties of the table of payments that are no funders."""


def signed_in(plan: Plan, until: int) -> dict[str, Any]:
    """What a plan decides in the years up to ``until``, as plain data.

    Returns:
        ``until``; ``commitments``: by project the year and the size added by year; ``payments``:
        (funder, project, year, USD million), the public part alone where the case does not divide
        funders; ``closed``: (plant, year) of plants closed for good; ``projects``: all of the plan.
    """
    portfolio = plan.portfolio.to_dict("records")
    sizes: dict[str, list[list[float]]] = defaultdict(list)
    for row in plan.table("commitments").to_dict("records"):
        if row["year"] <= until:
            sizes[row["project"]].append([int(row["year"]), float(row["size"])])
    public = {
        row["project"]: row["public_usd_m"] / row["capex_usd_m"] if row["capex_usd_m"] else 0.0
        for row in portfolio
    }
    payments = []
    for row in plan.table("funding").to_dict("records"):
        funder, project, year = row["funder"], row["project"], int(row["year"])
        share = public.get(project, 0.0) if funder == "unallocated" else 1.0
        if year <= until and funder not in OWN:
            payments.append([funder, project, year, share * float(row["usd_m"])])
    closings = plan.table("closings").to_dict("records")
    return {
        "until": until,
        "commitments": {
            row["project"]: [int(row["committed_year"]), sizes[row["project"]]]
            for row in portfolio
            if row["committed_year"] <= until
        },
        "payments": payments,
        "closed": sorted(
            [row["asset"], int(row["year"])]
            for row in closings
            if row["state"] == "closed" and row["year"] <= until
        ),
        "projects": sorted(row["project"] for row in portfolio),
    }


@dataclass
class Held:
    """A program in which decisions are held.

    Attributes:
        program: with the bounds of its columns at the held decisions.
        holds: each decision as a requirement that can be left out, in the order in which they are
            given up.
        impossible: by signed project, why its commitment cannot be held.
        resized: by signed project, the size that is held in place of a signed one that is no longer
            possible.
    """

    program: Compiled
    holds: list[Requirement] = field(default_factory=list)
    impossible: dict[str, str] = field(default_factory=dict)
    resized: dict[str, float] = field(default_factory=dict)


class _Bounds:
    """New bounds of the columns of a program, by requirement, where decisions up to a year are
    held."""

    def __init__(self, program: Compiled, until: int) -> None:
        self.program, self.until = program, until
        self.low, self.high = program.low.copy(), program.high.copy()

    def put(
        self,
        hold: Requirement,
        name: tuple[str, Any],
        low: float | None,
        high: float | None,
    ) -> None:
        """Bounds of a column, if there is such a one; ``None`` leaves an end as it is."""
        at = self.program.column_at.get(name)
        if at is None:
            return
        hold.columns[at] = (float(self.program.low[at]), float(self.program.high[at]))
        self.low[at] = self.program.low[at] if low is None else low
        self.high[at] = self.program.high[at] if high is None else high


def held_in(of: Written, signed: Mapping[str, Any]) -> Held:
    """The program of a case with the decisions of :func:`signed_in` held: year and size of each
    signed commitment, payments into it (at least; less if less is due), closed plants, and no other
    commitment in these years. What was paid into projects that are no longer candidates is no
    longer in envelopes and budget."""
    instance, until = of.instance, int(signed["until"])
    bounds, found = _Bounds(of.program, until), Held(of.program)
    commitments: dict[str, Any] = signed["commitments"]
    for name, (year, _) in commitments.items():
        if reason := _obstacle(instance, name, year):
            found.impossible[name] = reason
    kept = {name: one for name, one in commitments.items() if name not in found.impossible}
    # a later and a smaller commitment is given up before an earlier and a larger one
    for name, (year, sizes) in sorted(kept.items(), key=lambda one: (-one[1][0], one[0])):
        hold = Requirement(f"the signed commitment of {name} in {year}")
        if (size := _commit(bounds, hold, instance.candidates[name], year, sizes)) is not None:
            found.resized[name] = size
        found.holds.append(hold)
    closed = defaultdict(list)
    for name, year in signed["closed"]:
        closed[name].append(year)
    for name, years in sorted(closed.items()):
        hold = Requirement(f"the closing of {name} in {min(years)}")
        for year in years:
            bounds.put(hold, ("closed", (name, year)), 1.0, None)
        found.holds.append(hold)
    past = Requirement(f"no other commitment up to {until}")
    for name, candidate in instance.candidates.items():
        for year in candidate.window if name not in kept else ():
            if year <= until:
                bounds.put(past, ("committed", (name, year)), None, 0.0)
    found.program = of.program.with_columns(
        np.arange(len(of.program.low), dtype=np.intp), bounds.low, bounds.high
    )
    payments = [row for row in signed["payments"] if row[1] in kept]
    found.holds = [*_payments(bounds, found.program, instance, payments), *found.holds, past]
    found.holds = [hold for hold in found.holds if hold.columns]
    program = of.program.with_columns(
        np.arange(len(of.program.low), dtype=np.intp), bounds.low, bounds.high
    )
    lost = [row for row in signed["payments"] if row[1] in found.impossible]
    found.program = _without_lost(of, program, lost)
    return found


def _obstacle(instance: Instance, name: str, year: int) -> str:
    """Why a project cannot be committed in a year; empty if it can."""
    if (candidate := instance.candidates.get(name)) is None:
        return instance.dropped.get(name, "it is not in the table projects")
    if year in candidate.window:
        return ""
    return f"it can be committed in {candidate.window[0]}-{candidate.window[-1]} alone"


def _commit(
    bounds: _Bounds,
    hold: Requirement,
    candidate: Candidate,
    year: int,
    sizes: Iterable[tuple[int, float]],
) -> float | None:
    """Holds the commitment of a project and its size in each signed year; returns the size that is
    held if the signed one is no longer possible."""
    name = candidate.name
    for t in candidate.window:
        bounds.put(hold, ("committed", (name, t)), float(t >= year), float(t >= year))
    rows = list(sizes)
    total = sum(size for _, size in rows)
    room = candidate.largest - candidate.smallest
    for t in candidate.size_years:
        if t <= bounds.until:
            level = sum(size for when, size in rows if when <= t) - candidate.smallest
            level = min(max(0.0, level), room)
            bounds.put(hold, ("added_size", (name, t)), level, level)
    nearest = min(max(total, candidate.smallest), candidate.largest)
    return nearest if abs(nearest - total) > NOISE * max(1.0, total) else None


def _payments(
    bounds: _Bounds,
    program: Compiled,
    instance: Instance,
    payments: Iterable[tuple[str, str, int, float]],
) -> list[Requirement]:
    """Holds payments as least payments of funders that exist still, in the same proportion where
    less falls due than was paid in the plan. Signed decisions are fixed in ``program``, so that its
    lower bounds give what falls due."""
    read = Values(program, program.low)
    by_due: dict[tuple[str, int], list[tuple[str, float]]] = defaultdict(list)
    for funder, project, year, amount in payments:
        if ("payment", (funder, project, year)) in program.column_at:
            by_due[project, year].append((funder, amount))
    holds: dict[str, Requirement] = {}
    for (project, year), parts in sorted(by_due.items()):
        due = extract.total(public_spend(read, instance, project, year))
        paid = sum(amount for _, amount in parts)
        share = min(1.0, due / paid) * (1 - ROUNDING) if paid > 0 else 0.0
        for funder, amount in parts:
            words = f"the payments of {funder} up to {bounds.until}"
            hold = holds.setdefault(funder, Requirement(words))
            bounds.put(hold, ("payment", (funder, project, year)), max(0.0, share * amount), None)
    return [holds[funder] for funder in sorted(holds)]


def _without_lost(
    of: Written, program: Compiled, lost: Iterable[tuple[str, str, int, float]]
) -> Compiled:
    """The program with less money in envelopes, annual limits and budget by what was paid into
    projects that are lost."""
    rows = list(lost)
    funding = of.instance.funding
    less: dict[int, float] = defaultdict(float)

    def take(family: str, index: tuple[Any, ...], amount: float) -> None:
        whole = index if len(index) > 1 else index[0]
        at = program.row_at.get((family, whole), program.row_at.get((family, index)))
        if at is not None:
            less[at] += amount

    for funder, _, year, amount in rows:
        take(programme_budget.__name__, ("programme",), amount)
        take(funder_envelope.__name__, (funder,), amount)
        terms = None if funding is None else funding.funders.get(funder)
        for t in () if terms is None else terms.limit:
            if t == year or (terms is not None and terms.carry_over and t > year):
                take(funder_annual_limit.__name__, (funder, t), amount)
    at = np.array(sorted(less), dtype=np.intp)
    taken = np.array([less[one] for one in sorted(less)])
    return program.with_rows(at, program.row_low[at], program.row_high[at] - taken)


def plan_the_rest(tables: Tables, case: Case, arguments: Mapping[str, Any]) -> Result:
    """Task: the best plan of a case with what is ``signed`` held.

    If there is none, the held decisions that contradict are found, one of each conflict is given up
    (the first in the order of :attr:`Held.holds`), and the search begins again. ``start`` is a
    result to start from.
    """
    of = write(tables, case)
    held = held_in(of, arguments["signed"])
    program, holds = held.program, held.holds
    given_up: list[str] = []
    found: list[Result] = []
    start = known_in(arguments["start"])
    outcome = search(program, case.solver, start).outcome
    while outcome.status == "infeasible":
        of_this = replace(of, program=program)
        broken = conflicts(of_this, case.solver, further=holds)
        found += [
            {"requirements": list(one.requirements), "smallest": one.smallest} for one in broken
        ]
        released = _distinct(
            next((hold for hold in holds if hold.words in one.requirements), None) for one in broken
        )
        if not released:
            break
        program = without(program, released)
        holds = [hold for hold in holds if hold not in released]
        given_up += [hold.words for hold in released]
        outcome = search(program, case.solver, start).outcome
    signed_projects = arguments["signed"]["projects"]
    candidates, dropped = of.instance.candidates, of.instance.dropped
    return _record(of, program, outcome, case) | {
        "held": [hold.words for hold in holds],
        "given_up": given_up,
        "conflicts": found,
        "impossible": held.impossible,
        "resized": held.resized,
        "gone": {
            name: dropped.get(name, "it is not in the table projects")
            for name in signed_projects
            if name not in candidates
        },
    }


def _distinct(holds: Iterable[Requirement | None]) -> list[Requirement]:
    """The requirements, each once."""
    return list({hold.words: hold for hold in holds if hold is not None}.values())


def _record(of: Written, program: Compiled, outcome: Outcome, case: Case) -> Result:
    """What the study keeps of the plan: the record of a solve, capital by project, payments as
    (party, project, year, USD million) and operating support."""
    best = reoptimise(program, outcome, case.solver)
    if best.values is None:
        return record(of, best)
    values = best.values
    needed = needed_support(of.instance, of.program, values)
    values = least_support(of.instance, of.program, values, needed)
    read = Values(of.program, values)
    listed = extract.decided(of.instance, read)
    result = record(of, replace(best, values=values))
    decision = {name: one for name, one in result["decision"].items() if name in listed}
    return result | {
        "decision": decision,
        "capital_by_project": {
            name: float(extract.capital_of(read, of.instance.candidates[name])) for name in decision
        },
        "payments": extract.funding(of.instance, read).to_dict("split")["data"],
        "support": float(sum(read.of("support").values())),
    }
