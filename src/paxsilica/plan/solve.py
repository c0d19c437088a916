"""From tables and a case to a plan."""

from __future__ import annotations

import logging
import platform
import time
from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import Any

import numpy as np

from paxsilica.case import Case
from paxsilica.errors import InputError, PaxSilicaError
from paxsilica.instance import Instance, make_instance
from paxsilica.instance.statements import statements
from paxsilica.model import COSTS, Model, build
from paxsilica.model.build import without_collection
from paxsilica.model.costs import operating_support
from paxsilica.plan import extract
from paxsilica.plan.coverage import Shares, coverage, measured_coverage
from paxsilica.plan.result import Plan
from paxsilica.solver import Array, Compiled, Outcome, ProgressCallback, Values
from paxsilica.solver.decomposition_workers import ALONE, Resources
from paxsilica.solver.resolve import (
    INTEGRALITY_TOL,
    Written,
    search,
    with_exact_integers,
    written,
)
from paxsilica.tables import Tables
from paxsilica.version import __version__

StepCallback = Callable[[str], None]

LOGGER = logging.getLogger(__name__)


def make_manifest(tables: Tables, case: Case) -> dict[str, Any]:
    """What a plan is made from: enough to make it again, and to compare the questions of two
    plans."""
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


def of_question(model: Model, tables: Tables, case: Case) -> Model:
    """The model, if it is of these tables and this case.

    Raises:
        InputError: if it is of others.
    """
    instance: Instance | None = getattr(model, "instance", None)
    if instance is None or instance.case != case or instance.tables is not tables:
        raise InputError("the model should come from Question.model() of the same question")
    return model


def user_rows(program: Compiled) -> dict[str, dict[str, int]]:
    """The entry ``user_rows`` of a manifest: the number of rows of each constraint that a user
    added; nothing if there is none."""
    return {"user_rows": dict(program.user_rows)} if program.user_rows else {}


def make_plan(
    tables: Tables,
    case: Case,
    on_progress: ProgressCallback | None = None,
    on_step: StepCallback | None = None,
    *,
    model: Model | None = None,
    resources: Resources = ALONE,
) -> Plan:
    """Solves ``case`` on ``tables``.

    Args:
        tables, case: as read and checked.
        on_progress: called with every progress of the search.
        on_step: called with the name of each step of the work as it begins.
        model: the model of this case on these tables with further rows of a user; built if absent.
        resources: where a decomposition runs its subproblems and keeps its cuts.

    Raises:
        InputError: if tables and case do not make an instance, if something in them earns without
            limit, or if ``model`` is of another question or is not linear.
    """
    seconds: dict[str, float] = {}
    steps = _Steps(seconds, on_step)
    if model is None:
        steps.begin("join tables and case")
        instance = make_instance(tables, case)
    steps.begin("write the model")
    with without_collection():
        model = build(instance) if model is None else of_question(model, tables, case)
        made = written(model, tables, case)
    instance, program, costs = made.instance, made.program, made.costs
    steps.begin("search")
    outcome = search(
        program,
        case.solver,
        on_progress=on_progress,
        interruptible=True,
        may_be_empty=True,
        resources=resources,
    ).outcome
    manifest = make_manifest(tables, case) | user_rows(program)
    if outcome.values is None:
        steps.end()
        return _without_plan(instance, outcome, manifest, seconds)
    values = outcome.values
    if case.objective != "cost":
        steps.begin("least cost among the optima")
        values = _least_cost(made, outcome)
    elif outcome.integrality_violation > INTEGRALITY_TOL:
        values = _reoptimised(program, values, case)
    before: Shares = {}
    after: Shares = {}
    if instance.required:
        steps.begin("measure coverage")
        before, after, _ = measured_coverage(program, instance, values, made.total, case.solver)
    steps.begin("read the plan")
    read = Values(program, values)
    rows = [
        (name, float(vector @ values) + constant, COSTS[name].prose)
        for name, (vector, constant) in costs.items()
    ]
    support = extract.by_plant(program, costs[operating_support.__name__][0], values)
    tables_out = {
        "portfolio": extract.portfolio(instance, read, support),
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


def _least_cost(made: Written, outcome: Outcome) -> Array:
    """Among the plans that reach the objective of the case, the one of least cost that is found.

    With the least shortfall, projects that add no coverage are chosen again; with the least budget,
    only operation is.
    """
    assert outcome.values is not None
    assert outcome.objective is not None
    case, program = made.case, made.program
    room = 1e-6 * max(1.0, abs(outcome.objective))
    limited = program.with_row(program.cost, outcome.objective - program.offset + room)
    cheaper = limited.minimising(made.total, made.offset)
    if case.objective == "shortfall":
        found = search(cheaper, case.solver, outcome.values, interruptible=True).outcome
        if found.values is not None:
            exact = found.integrality_violation <= INTEGRALITY_TOL
            return found.values if exact else _reoptimised(cheaper, found.values, case)
    return _reoptimised(cheaper, outcome.values, case)


def _reoptimised(program: Compiled, values: Array, case: Case) -> Array:
    """The best operation and funding with every project exactly as decided."""
    found = with_exact_integers(program, values, case.solver).values
    if found is None:
        raise PaxSilicaError(
            "the plan could not be solved again with its projects fixed; please report this"
        )
    return found


def _notes(instance: Instance, details: str) -> tuple[str, ...]:
    """Remarks that no table holds; ``details`` says where the dropped projects are listed."""
    notes = []
    if count := len(instance.dropped):
        projects = "1 project is" if count == 1 else f"{count} projects are"
        notes.append(f"{projects} dropped before the search; {details}.")
    notes += statements(instance)
    return tuple(notes)


class _Steps:
    """Measures the time of each step and reports its beginning."""

    def __init__(self, seconds: dict[str, float], on_step: StepCallback | None) -> None:
        self.seconds, self.on_step = seconds, on_step
        self.name: str | None = None
        self.started = 0.0

    def begin(self, name: str) -> None:
        self.end()
        self.name, self.started = name, time.monotonic()
        LOGGER.info("step: %s", name)
        if self.on_step is not None:
            self.on_step(name)

    def end(self) -> None:
        if self.name is not None:
            self.seconds[self.name] = time.monotonic() - self.started
            self.name = None
