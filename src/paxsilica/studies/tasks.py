"""What the tasks of studies do: solve a case, or run a given plan under a case, and tell of it in
plain data."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from paxsilica.case import Case, Solver
from paxsilica.errors import InputError
from paxsilica.model.registry import rows_with
from paxsilica.plan import extract
from paxsilica.plan.result import Plan
from paxsilica.plan.solve import INTEGRALITY_TOL
from paxsilica.solver import Array, Compiled, Outcome, Values, solve
from paxsilica.solver.resolve import Known, Written, write
from paxsilica.studies.parallel import Result
from paxsilica.tables import Tables

Decision = Mapping[str, Any]
"""Year of commitment and size by the end, by project: ``{"mine": [2027, 400.0]}``."""

_last: list[tuple[Tables, Case, Written]] = []


def written(tables: Tables, case: Case) -> Written:
    """The model of the case; the last one is kept, since tasks of a study mostly share it."""
    for known_tables, known_case, found in _last:
        if known_tables is tables and known_case == case:
            return found
    found = write(tables, case)
    _last[:] = [(tables, case, found)]
    return found


def searched(program: Compiled, options: Solver, start: Array | None = None) -> Outcome:
    """Solves; Ctrl-C ends the study and not only this solve."""
    outcome = solve(program, options, start=start)
    if outcome.interrupted:
        raise KeyboardInterrupt
    if outcome.status == "unbounded":
        raise InputError(
            "some plan earns without limit: look for a negative cost without a capacity or a limit"
            " to hold it"
        )
    return outcome


def reoptimised(program: Compiled, outcome: Outcome, options: Solver) -> Outcome:
    """The same decisions with everything else at its best, and every whole decision exactly whole.

    A search that ends at its gap has no eye for the rest: the operation of its last plan may still
    be improved.
    """
    if outcome.values is None or outcome.objective is None:
        return outcome
    if (
        outcome.integrality_violation <= INTEGRALITY_TOL
        and outcome.objective - outcome.bound <= 1e-9 * max(1.0, abs(outcome.objective))
    ):
        return outcome
    at = np.flatnonzero(program.integer)
    again = searched(program.fixed(at, outcome.values[at]), options)
    if again.values is None or again.objective is None:
        return outcome  # the solver's tolerance held what exact numbers do not
    return replace(
        outcome,
        values=again.values,
        objective=again.objective,
        bound=min(outcome.bound, again.objective),
    )


def finite(value: float | None) -> float | None:
    """The number, or ``None`` for one that is infinite or not there."""
    return None if value is None or not math.isfinite(value) else float(value)


def decision_of(of: Written, values: Array) -> dict[str, list[float]]:
    """What is committed when and how large."""
    read = Values(of.program, values)
    found = {}
    for name, candidate in of.instance.candidates.items():
        year = extract.commitment_year(read, candidate)
        if year is not None:
            found[name] = [year, extract.size_of(read, candidate)]
    return found


def decision_in(plan: Plan) -> dict[str, list[float]]:
    """The same of a plan, which may have been loaded from a folder."""
    columns = plan.portfolio[["project", "committed_year", "size"]]
    return {
        str(name): [int(year), float(size)]
        for name, year, size in columns.itertuples(index=False, name=None)
    }


def start_from(of: Written, result: Mapping[str, Any]) -> Array:
    """A plan that was found elsewhere, as a start for this program."""
    years = {name: int(year) for name, (year, _) in result["decision"].items()}
    return Known(
        years, frozenset((funder, project) for funder, project in result["tickets"])
    ).values(of.program)


def held(of: Written, decision: Decision) -> tuple[Compiled, list[str]]:
    """The program with commitments and final sizes as decided, and the projects that the case does
    not have in time.

    A project whose window begins later is committed when it begins. How the size of an expandable
    project grows is left open.
    """
    low, high = of.program.low.copy(), of.program.high.copy()
    missing = [name for name, (year, _) in decision.items() if not _possible(of, name, year)]
    at = of.program.column_at
    for name, candidate in of.instance.candidates.items():
        year, size = decision[name] if name in decision and name not in missing else (math.inf, 0.0)
        for t in candidate.window:
            low[at["committed", (name, t)]] = high[at["committed", (name, t)]] = float(t >= year)
        if candidate.size_years:
            added = (
                min(max(0.0, size - candidate.smallest), candidate.largest - candidate.smallest)
                if math.isfinite(year)
                else 0.0
            )
            last = at["added_size", (name, candidate.size_years[-1])]
            low[last] = high[last] = added
    columns = np.arange(len(low), dtype=np.intp)
    return of.program.with_columns(columns, low, high), sorted(missing)


def _possible(of: Written, name: str, year: float) -> bool:
    return name in of.instance.candidates and year <= of.instance.candidates[name].window[-1]


def record(of: Written, outcome: Outcome) -> Result:
    """What a study keeps of a solve. ``objective`` and ``bound`` are of what was minimised;
    ``cost`` is all cost, whatever was."""
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
        "cost": sum(terms.values()),
        "shortfall": terms["coverage_shortfall"],
        "public_capital": float(of.public_capital @ values),
        "capital": float(capital),
        "decision": decision_of(of, values),
        "tickets": sorted(list(pair) for pair, taken in read.of("ticket").items() if taken > 0.5),
    }


def solve_case(tables: Tables, case: Case, arguments: Mapping[str, Any]) -> Result:
    """Work: the best plan of a case; ``start`` in the arguments is a result to start from."""
    of = written(tables, case)
    start = arguments.get("start")
    outcome = searched(of.program, case.solver, None if start is None else start_from(of, start))
    return record(of, reoptimised(of.program, outcome, case.solver))


def run_plan(tables: Tables, case: Case, arguments: Mapping[str, Any]) -> Result:
    """Work: the projects in ``decision`` under a case, only funding and operation chosen anew.

    Where funders of the case cannot pay for them, what may be paid is set aside, and
    ``within_money`` is false. ``missing`` lists the projects that the case does not have in time;
    they are left out.
    """
    of = written(tables, case)
    program, missing = held(of, arguments["decision"])
    outcome = searched(program, case.solver)
    within = outcome.status != "infeasible"
    if not within:
        program = program.without_rows(program.rows_of(*rows_with(money=True)))
        outcome = searched(program, case.solver)
    return record(of, reoptimised(program, outcome, case.solver)) | {
        "within_money": within,
        "missing": missing,
    }
