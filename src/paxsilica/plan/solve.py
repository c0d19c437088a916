"""From tables and a case to a plan."""

from __future__ import annotations

import logging
import math
import platform
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from importlib.metadata import version
from typing import Any

import numpy as np
import pandas as pd

from paxsilica.case import Case
from paxsilica.errors import InputError, PaxSilicaError
from paxsilica.instance import Instance, make_instance
from paxsilica.instance.statements import statements
from paxsilica.model import COSTS, Model, build
from paxsilica.model.build import without_collection
from paxsilica.model.costs import coverage_shortfall
from paxsilica.model.funding import programme_budget
from paxsilica.plan import extract
from paxsilica.plan.accounts import accounts
from paxsilica.plan.closest import Closest, closest_plan
from paxsilica.plan.coverage import Measured, measured_coverage
from paxsilica.plan.coverage_tables import coverage_tables, headline, security_table
from paxsilica.plan.funder_statements import statements_of_funders
from paxsilica.plan.paid_support import least_support, needed_support, support_table
from paxsilica.plan.result import Plan
from paxsilica.solver import Array, Compiled, Outcome, ProgressCallback, Values, solve
from paxsilica.solver.decomposition_workers import ALONE, Resources
from paxsilica.solver.highs import Vertex
from paxsilica.solver.resolve import (
    INTEGRALITY_TOL,
    Written,
    search,
    with_exact_integers,
    written,
)
from paxsilica.solver.scaling import Scaling
from paxsilica.tables import Tables
from paxsilica.version import __version__

StepCallback = Callable[[str], None]

Further = Callable[[Written, Array, float, Mapping[str, Vertex]], Mapping[str, pd.DataFrame]]
"""Further tables of a plan, from its model, the values of all columns, the seconds that it took so
far, and the optima of the relaxations of its searches by name: ``least cost``, ``least public
money``."""

LEAST_BUDGET_GAP = 0.02
"""Gap of the search for the least budget, if that of the case is smaller: its objective is public
money alone, so the gap is a share of what is decided."""

LOGGER = logging.getLogger(__name__)


@cache
def _versions() -> tuple[tuple[str, str], ...]:
    """Versions of the libraries and of Python; reading them from the installed files takes longer
    than the solve of a small case."""
    libraries = ("pyomo", "highspy", "numpy", "pandas", "pydantic", "scipy")
    return (
        *((name, version(name)) for name in libraries),
        ("python", platform.python_version()),
    )


def make_manifest(tables: Tables, case: Case) -> dict[str, Any]:
    """What a plan is made from: enough to make it again, and to compare the questions of two
    plans."""
    overlays = {one.name: {"digest": one.digest, "rows": one.counts} for one in tables.overlays}
    return {
        "paxsilica": __version__,
        "data_digest": tables.digest,
        **({"overlays": overlays} if overlays else {}),
        "case": case.model_dump(mode="json"),
        "versions": dict(_versions()),
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
    least_budget: bool = False,
    prices: Further | None = None,
    resources: Resources = ALONE,
) -> Plan:
    """Solves ``case`` on ``tables``.

    Args:
        tables, case: as read and checked.
        on_progress: called with every progress of the search.
        on_step: called with the name of each step of the work as it begins.
        model: the model of this case on these tables with further rows of a user; built if absent.
        least_budget: whether to find, by a second search, the least public money that meets the
            requirement.
        prices: adds the tables of prices, such as
            ``paxsilica.prices.front.front_prices``.
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
    closest: Closest | None = None
    if case.objective == "security" and instance.required:
        closest = closest_plan(made, on_progress, steps.begin)
        outcome = closest.outcome
    else:
        steps.begin("search")
        outcome = search(
            program,
            case.solver,
            on_progress=on_progress,
            interruptible=True,
            for_plan=True,
            resources=resources,
        ).outcome
    manifest = make_manifest(tables, case) | user_rows(program)
    if outcome.values is None:
        steps.end()
        return _without_plan(instance, outcome, manifest, seconds)
    values = outcome.values
    if case.objective == "budget":
        steps.begin("least cost among the optima")
        values = _least_cost(made, outcome)
    elif outcome.integrality_violation > INTEGRALITY_TOL and closest is None:
        values = _reoptimised(program, values, case)
    if instance.support and case.finance.public_funds_cost == 1:
        steps.begin("least support among the optima")
        values = _least_support_of_optima(made, values, closest is None)
    outcome = _with_values(program, outcome, values) if closest is None else outcome
    needed = needed_support(instance, program, values)
    least = least_support(instance, program, values, needed)
    outcome = _less(outcome, float(program.cost @ (values - least)))
    values = least
    measured = Measured()
    if instance.required:
        steps.begin("measure coverage")
        measured = measured_coverage(program, instance, values, made.total, case.solver)
    steps.begin("read the plan")
    read = Values(program, values)
    rows = [
        (
            name,
            float(vector @ values) + constant,
            _cost_without(instance, measured, name, vector, constant),
            COSTS[name].prose,
        )
        for name, (vector, constant) in costs.items()
        if not COSTS[name].preference
    ]
    support = support_table(instance, read, needed)
    paid = extract.funding(instance, read)
    tables_out = {
        "portfolio": extract.portfolio(instance, read, support),
        "commitments": extract.commitments(instance, read),
        "closings": extract.closings(instance, read),
        "dropped": extract.table("dropped", sorted(instance.dropped.items())),
        **coverage_tables(instance, read, measured),
        **security_table(instance, closest),
        "funding": paid,
        "accounts": accounts(instance, read, paid, support),
        "support": support,
        **statements_of_funders(instance, read, paid, support),
        "funders": extract.funders(instance, read),
        "operating_states": extract.states(instance),
        "operation": extract.operation(instance, read),
        **extract.movements(instance, read),
        "costs": extract.table("costs", rows),
        "binding": extract.binding(instance, read, program, values),
    }
    capital = sum(extract.capital_of(read, candidate) for candidate in instance.candidates.values())
    found: dict[str, Any] = {}
    near = {"least cost": outcome.vertex if case.objective == "cost" else None}
    if closest is not None:
        found["security"] = {
            "ratio": closest.ratio,
            "bound": closest.bound,
            "unsettled": list(closest.unsettled),
        }
    if least_budget and case.coverage is not None and case.coverage.hard:
        steps.begin("least budget")
        found["least_budget_usd_m"], near["least public money"] = _least_budget(
            made, outcome, on_progress
        )
    if case.objective == "cost" and case.funders.preference and instance.funding is not None:
        steps.begin("cost of the preference")
        found["preference_cost_usd_m"] = _preference_cost(made, values, on_progress)
    if prices is not None:
        steps.begin("shadow prices")
        known = {name: vertex for name, vertex in near.items() if vertex is not None}
        tables_out |= prices(made, values, sum(seconds.values()), known)
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
        notes=(
            *_obligations(instance, tables_out["portfolio"]),
            *_notes(instance, outcome, "the table `dropped` gives the reasons"),
        ),
        manifest=manifest,
        capital_decided_usd_m=capital,
        headline=headline(tables_out) | found,
        seconds=seconds,
        trace=tuple((point.seconds, point.incumbent, point.bound) for point in outcome.trace),
    )


def _cost_without(
    instance: Instance, measured: Measured, name: str, vector: Array, constant: float
) -> float:
    """A cost term without projects, USD million; not a number where it is not known: of a
    shortfall, whose price is no cost, and where cut-offs have a probability."""
    weighed = any(
        state.mode == "disrupted" and state.probability for state in instance.states.values()
    )
    values = measured.operation_without
    if values is None or weighed or name == coverage_shortfall.__name__:
        return math.nan
    return float(vector @ values) + constant


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
        notes=_notes(instance, outcome, "`paxsilica check` lists them with the reasons"),
        manifest=manifest,
        seconds=seconds,
    )


def _least_cost(made: Written, outcome: Outcome) -> Array:
    """The least cost of operation with the commitments of a plan of least public money."""
    assert outcome.values is not None
    assert outcome.objective is not None
    case, program = made.case, made.program
    limited = _no_worse(program, program.cost, outcome.values)
    cheaper = limited.minimising(made.total, made.offset)
    return _reoptimised(cheaper, outcome.values, case)


def _no_worse(program: Compiled, cost: Array, values: Array, share: float = 1e-6) -> Compiled:
    """The program with a row that keeps a linear cost at that of ``values``, but for a ``share``
    of it."""
    # of the cost, or of what a typical amount of the most expensive thing costs
    typical = float(np.abs(cost * Scaling.of(program).columns).max(initial=0.0))
    now = float(cost @ values)
    return program.with_row(cost, now + share * max(typical, abs(now + program.offset)))


def _least_support_of_optima(made: Written, values: Array, free: bool) -> Array:
    """The least operating support at the cost of the plan ``values``, with its commitments and,
    unless ``free``, its operation. Where public money costs its face value, support is no cost, so
    that the search leaves its amount open."""
    program = made.program
    total = np.zeros(len(program.cost))
    total[program.positions("support")] = 1.0
    if free:
        kept = [program.cost, *([made.total] if made.case.objective == "budget" else [])]
        for cost in kept:
            # support is bought with whatever room there is, so there is hardly any
            program = _no_worse(program, cost, values, 1e-9)
        return _reoptimised(program.minimising(total), values, made.case)
    families = ("support", "support_payment", "sold")
    at = np.concatenate([program.positions(family) for family in families])
    found = solve(program.minimising(total).restricted(at, values), made.case.solver).values
    least = values.copy()
    if found is not None:
        least[at] = found
    return least


def _least_budget(
    made: Written, outcome: Outcome, on_progress: ProgressCallback | None
) -> tuple[dict[str, float | None], Vertex | None]:
    """The least public money that meets all requirements but the budget itself, USD million: of the
    best plan found, and a bound; and the optimum of the relaxation, if it is known."""
    program, case = made.program, made.case
    free = program.without_rows(program.rows_of(programme_budget.__name__))
    vertex = None
    if case.objective == "budget":
        value, bound = outcome.objective, outcome.bound
    else:
        answer = search(
            free.minimising(made.public_money),
            case.solver.model_copy(update={"gap": max(case.solver.gap, LEAST_BUDGET_GAP)}),
            outcome.values,
            on_progress=on_progress,
            interruptible=True,
            for_plan=True,
        ).outcome
        value, bound, vertex = answer.objective, answer.bound, answer.vertex
    return {"value": value, "bound": bound if np.isfinite(bound) else None}, vertex


def _preference_cost(
    made: Written, values: Array, on_progress: ProgressCallback | None
) -> dict[str, float | None]:
    """Cost of a plan less the least cost without the preferences of funders, USD million: compared
    with the best plan found, and an upper bound."""
    cost, offset = made.real_cost
    answer = search(
        made.program.minimising(cost, offset),
        made.case.solver,
        values,
        on_progress=on_progress,
        interruptible=True,
    ).outcome
    own = float(cost @ values) + offset
    best = own if answer.objective is None else min(own, answer.objective)
    return {
        "value": own - best,
        "bound": max(0.0, own - answer.bound) if np.isfinite(answer.bound) else None,
    }


def _reoptimised(program: Compiled, values: Array, case: Case) -> Array:
    """The best operation and funding with every project exactly as decided."""
    found = with_exact_integers(program, values, case.solver).values
    if found is None:
        raise PaxSilicaError(
            "the plan could not be solved again with its projects fixed; please report this"
        )
    return found


def _obligations(instance: Instance, portfolio: pd.DataFrame) -> tuple[str, ...]:
    """A remark on the annuities that remain after the case, if there are any."""
    owed = float(portfolio["obligations_usd_m"].sum())
    if owed < 0.5:
        return ()
    return (
        f"After {instance.years[-1]} annuities of USD {owed:,.0f} million remain to be paid; they"
        " are no part of the cost.",
    )


def _with_values(program: Compiled, outcome: Outcome, values: Array) -> Outcome:
    """The outcome with other values of the same decisions, and their objective."""
    objective = float(program.cost @ values) + program.offset
    return replace(outcome, values=values, objective=objective, bound=min(outcome.bound, objective))


def _less(outcome: Outcome, saved: float) -> Outcome:
    """The outcome with an objective that is lower by ``saved``."""
    if outcome.objective is None or saved <= 0:
        return outcome
    objective = outcome.objective - saved
    return replace(outcome, objective=objective, bound=min(outcome.bound, objective))


def _notes(instance: Instance, outcome: Outcome, details: str) -> tuple[str, ...]:
    """Remarks that no table holds; ``details`` says where the dropped projects are listed."""
    notes = []
    if count := len(instance.dropped):
        projects = "1 project is" if count == 1 else f"{count} projects are"
        notes.append(f"{projects} dropped before the search; {details}.")
    notes += statements(instance)
    if outcome.limited:
        notes.append(
            "Time or the user ended the search: another run may end with another plan. The key"
            " `solver.options.mip_max_nodes` ends a search after the same work every time."
        )
    notes += [f"The solver warns: {words}." for words in outcome.warnings]
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
