"""Tasks of studies: solve a case, or run a given plan under a case. The result is plain data."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from paxsilica.case import Case
from paxsilica.model.costs import coverage_shortfall
from paxsilica.model.registry import COSTS, rows_with
from paxsilica.plan import extract
from paxsilica.plan.result import Plan
from paxsilica.prices.most_points import joint_points
from paxsilica.solver import Array, Compiled, Outcome, Values
from paxsilica.solver.resolve import Known, Written, reoptimise, search, write
from paxsilica.studies.parallel import Result
from paxsilica.tables import Tables

Decision = Mapping[str, Any]
"""Year of commitment and size by the end, by project: ``{"mine": [2027, 400.0]}``."""


def finite(value: float | None) -> float | None:
    """The number, or ``None`` if it is infinite or absent."""
    return None if value is None or not math.isfinite(value) else float(value)


def decision_of(of: Written, values: Array) -> dict[str, list[float]]:
    """Year of commitment and size of each committed project."""
    read = Values(of.program, values)
    return {
        name: [year, extract.size_of(read, candidate)]
        for name, candidate in of.instance.candidates.items()
        if (year := extract.commitment_year(read, candidate)) is not None
    }


def decision_in(plan: Plan) -> dict[str, list[float]]:
    """The same of a plan, which may have been loaded from a folder."""
    columns = plan.portfolio[["project", "committed_year", "size"]]
    return {
        str(name): [int(year), float(size)]
        for name, year, size in columns.itertuples(index=False, name=None)
    }


def start_of(best: Mapping[str, Any]) -> Result:
    """The decisions of a plan from which a search can start."""
    return {"decision": best["decision"], "tickets": best["tickets"]}


def known_in(result: Mapping[str, Any]) -> Known:
    """The decisions in a result, to start another search from."""
    years = {name: int(year) for name, (year, _) in result["decision"].items()}
    return Known(years, frozenset((funder, project) for funder, project in result["tickets"]))


def with_decision(of: Written, decision: Decision) -> tuple[Compiled, list[str]]:
    """The program with commitments and final sizes as decided, and the projects that the case does
    not have in time. A project whose window begins later is committed when it begins; the way to
    the final size is left open."""
    low, high = of.program.low.copy(), of.program.high.copy()
    candidates, at = of.instance.candidates, of.program.column_at
    missing = sorted(
        name
        for name, (year, _) in decision.items()
        if name not in candidates or candidates[name].window[-1] < year
    )
    for name, candidate in candidates.items():
        year, size = decision[name] if name in decision and name not in missing else (math.inf, 0.0)
        for t in candidate.window:
            low[at["committed", (name, t)]] = high[at["committed", (name, t)]] = float(t >= year)
        if candidate.size_years:
            room = candidate.largest - candidate.smallest
            last = at["added_size", (name, candidate.size_years[-1])]
            low[last] = high[last] = min(max(0.0, size - candidate.smallest), room)
    return of.program.with_columns(np.arange(len(low), dtype=np.intp), low, high), missing


def record(of: Written, outcome: Outcome) -> Result:
    """What a study keeps of a solve; ``cost`` is the sum of all cost terms without preferences."""
    found: Result = {
        "status": outcome.status,
        "objective": finite(outcome.objective),
        "bound": finite(outcome.bound),
        "seconds": outcome.seconds,
    }
    if outcome.values is None:
        return found
    values = outcome.values[: len(of.program.cost)]  # a study may have added columns
    read = Values(of.program, values)
    terms = of.term_values(values)
    capital = sum(
        extract.capital_of(read, candidate) for candidate in of.instance.candidates.values()
    )
    return found | {
        "terms": terms,
        "cost": sum(value for name, value in terms.items() if not COSTS[name].preference),
        "shortfall": terms[coverage_shortfall.__name__],
        "public_capital": float(of.public_capital @ values),
        "capital": float(capital),
        "decision": decision_of(of, values),
        "tickets": sorted(list(pair) for pair, taken in read.of("ticket").items() if taken > 0.5),
    }


def solve_case(tables: Tables, case: Case, arguments: Mapping[str, Any]) -> Result:
    """Task: the best plan of a case; ``start`` in the arguments is a result to start from."""
    of = write(tables, case)
    start = arguments.get("start")
    outcome = search(of.program, case.solver, None if start is None else known_in(start)).outcome
    return record(of, reoptimise(of.program, outcome, case.solver))


def points_of_case(tables: Tables, case: Case, arguments: Mapping[str, Any]) -> Result:
    """Task: ``points`` by which every requirement of coverage can be raised at once, with projects
    divisible; ``None`` if the case has no solution at any."""
    return {"points": finite(joint_points(write(tables, case)))}


def run_plan(tables: Tables, case: Case, arguments: Mapping[str, Any]) -> Result:
    """Task: the projects in ``decision`` under a case, without those that it does not have in time
    (``missing``). If its funders cannot pay for them, limits on money are left out and
    ``within_money`` is false."""
    of = write(tables, case)
    program, missing = with_decision(of, arguments["decision"])
    outcome = search(program, case.solver).outcome
    within = outcome.status != "infeasible"
    if not within:
        program = program.without_rows(program.rows_of(*rows_with(money=True)))
        outcome = search(program, case.solver).outcome
    return record(of, reoptimise(program, outcome, case.solver)) | {
        "within_money": within,
        "missing": missing,
    }
