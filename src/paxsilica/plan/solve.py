"""The whole way from tables and a case to a plan."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import Any

import numpy as np

from paxsilica import __version__
from paxsilica.case import Case
from paxsilica.errors import InputError, PaxSilicaError
from paxsilica.instance import Instance, make_instance
from paxsilica.model import COSTS, build
from paxsilica.model.build import without_collection
from paxsilica.plan import extract
from paxsilica.plan.coverage import coverage
from paxsilica.plan.result import Plan
from paxsilica.plan.trace import Shares, trace_coverage
from paxsilica.solver import (
    Array,
    Compiled,
    Outcome,
    ProgressCallback,
    Values,
    compile_model,
    solve,
)
from paxsilica.tables import Tables

StepCallback = Callable[[str], None]

INTEGRALITY_TOL = 1e-9
"""The solver counts a project a millionth committed as not committed, and lends it a millionth of
its capacity for nothing. A plan whose decisions are further from whole than this is run again with
them exact."""


def make_manifest(tables: Tables, case: Case) -> dict[str, Any]:
    """What a plan is made from: enough to make it again, and to tell whether two plans were asked
    the same."""
    return {
        "paxsilica": __version__,
        "data_digest": tables.digest,
        "case": case.model_dump(mode="json"),
        "versions": (
            {
                name: version(name)
                for name in ("pyomo", "highspy", "numpy", "pandas", "pydantic", "scipy")
            }
            | {"python": platform.python_version()}
        ),
        "solver": "HiGHS",
    }


def make_plan(
    tables: Tables,
    case: Case,
    on_progress: ProgressCallback | None = None,
    on_step: StepCallback | None = None,
) -> Plan:
    """Solves ``case`` on ``tables``.

    Args:
        tables, case: as read and checked.
        watch: called with every progress of the search.
        tell: called with the name of each step of the work as it begins.

    Raises:
        InputError: if tables and case do not make an instance, or if something in them earns
            without limit.
    """
    seconds: dict[str, float] = {}
    steps = _Steps(seconds, on_step)
    steps.begin("join tables and case")
    instance = make_instance(tables, case)
    steps.begin("write the model")
    with without_collection():
        model = build(instance)
        program = compile_model(model)
    costs = {
        name: (program.vector(part.terms), part.constant) for name, part in model.costs.items()
    }
    total = np.sum([vector for vector, _ in costs.values()], axis=0)
    offset = sum(constant for _, constant in costs.values())
    steps.begin("search")
    outcome = solve(program, case.solver, on_progress)
    if outcome.status == "unbounded":
        raise InputError(
            "some plan earns without limit: look for a negative cost without a capacity, a largest"
            " shipment or a limit to hold it"
        )
    manifest = make_manifest(tables, case)
    if outcome.values is None:
        steps.end()
        return _without_plan(instance, outcome, manifest, seconds)
    values = outcome.values
    if case.objective != "cost":
        steps.begin("cheapest of equals")
        values = _cheapest_of_equals(program, outcome, total, offset, case)
    elif outcome.integrality_violation > INTEGRALITY_TOL:
        values = _reoptimised(program, values, case)
    before: Shares = {}
    after: Shares = {}
    if instance.required:
        steps.begin("trace coverage")
        before, after, _ = trace_coverage(program, instance, values, total, case.solver)
    steps.begin("read the plan")
    read = Values(program, values)
    rows = [
        (name, float(vector @ values) + constant, COSTS[name].prose)
        for name, (vector, constant) in costs.items()
    ]
    tables_out = {
        "portfolio": extract.portfolio(instance, read),
        "commitments": extract.commitments(instance, read),
        "dropped": extract.table("dropped", sorted(instance.dropped.items())),
        **coverage(instance, read, before, after),
        "funding": extract.funding(instance, read),
        "funders": extract.funders(instance, read),
        "operating_states": extract.states(instance),
        "operation": extract.operation(instance, read),
        **extract.movements(instance, read),
        "costs": extract.table("costs", rows),
        "binding": extract.binding(instance, read, program, values),
    }
    capital = sum(extract.capital_of(read, candidate) for candidate in instance.candidates.values())
    steps.end()
    return Plan(
        case=case.name,
        title=case.title,
        question=case.question,
        status="optimal" if outcome.status == "optimal" else "feasible",
        objective_kind=case.objective,
        objective=outcome.objective,
        bound=outcome.bound if np.isfinite(outcome.bound) else None,
        tables=tables_out,
        notes=_notes(instance, "the table `dropped` gives the reasons"),
        manifest=manifest,
        capital_decided_usd_m=capital,
        seconds=seconds,
        trace=tuple((point.seconds, point.incumbent, point.bound) for point in outcome.trace),
    )


def _without_plan(
    instance: Instance, outcome: Outcome, manifest: Mapping[str, Any], seconds: Mapping[str, float]
) -> Plan:
    case = instance.case
    known = outcome.status == "no_plan" and np.isfinite(outcome.bound)
    return Plan(
        case=case.name,
        title=case.title,
        question=case.question,
        status="infeasible" if outcome.status == "infeasible" else "no_plan",
        objective_kind=case.objective,
        objective=None,
        bound=outcome.bound if known else None,
        tables={},
        notes=_notes(instance, "`paxsilica check` lists them with the reasons"),
        manifest=manifest,
        seconds=seconds,
    )


def _cheapest_of_equals(
    program: Compiled, outcome: Outcome, total: Array, offset: float, case: Case
) -> Array:
    """Among the plans that reach the objective of the case, the cheapest found: the objective does
    not see cost, a reader does.

    Least shortfall leaves open which projects are bought with money that buys no coverage, so
    projects are chosen again; least budget leaves only operation open.
    """
    assert outcome.values is not None
    assert outcome.objective is not None
    room = 1e-6 * max(1.0, abs(outcome.objective))
    held = program.with_row(program.cost, outcome.objective - program.offset + room).minimising(
        total, offset
    )
    if case.objective == "shortfall":
        better = solve(held, case.solver, start=outcome.values)
        if better.values is not None:
            return (
                _reoptimised(held, better.values, case)
                if better.integrality_violation > INTEGRALITY_TOL
                else better.values
            )
    return _reoptimised(held, outcome.values, case)


def _reoptimised(program: Compiled, values: Array, case: Case) -> Array:
    """The best operation and funding with every project exactly as decided."""
    at = np.flatnonzero(program.integer)
    outcome = solve(program.fixed(at, values[at]), case.solver)
    if outcome.values is None:
        raise PaxSilicaError(
            "the plan could not be re-run with its projects fixed; please report this"
        )
    return outcome.values


def _notes(instance: Instance, details: str) -> tuple[str, ...]:
    """Remarks that no table holds; ``details`` says where the dropped projects are listed."""
    notes = []
    if count := len(instance.dropped):
        projects = "1 project is" if count == 1 else f"{count} projects are"
        notes.append(f"{projects} dropped before the search; {details}.")
    if instance.case.coverage is None:
        notes.append("The case requires no coverage, so none is reported.")
    elif not instance.required:
        notes.append(
            "No commodity with a stage is marked as covered, or nothing is needed of it, so no"
            " coverage is required."
        )
    return tuple(notes)


class _Steps:
    """Keeps time of the steps of the work and tells of each as it begins."""

    def __init__(self, seconds: dict[str, float], on_step: StepCallback | None) -> None:
        self.seconds, self.on_step = seconds, on_step
        self.name: str | None = None
        self.started = 0.0

    def begin(self, name: str) -> None:
        self.end()
        self.name, self.started = name, time.monotonic()
        if self.on_step is not None:
            self.on_step(name)

    def end(self) -> None:
        if self.name is not None:
            self.seconds[self.name] = time.monotonic() - self.started
            self.name = None
