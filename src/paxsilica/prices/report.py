"""From a plan to its table of prices."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from paxsilica.case import Case
from paxsilica.model import VARIABLES, Model
from paxsilica.plan.result import Plan
from paxsilica.plan.solve import StepCallback, of_question
from paxsilica.plan.tables import PRICE_TABLES
from paxsilica.prices.duals import (
    CHECKS,
    TOLERANCE,
    Duals,
    PriceError,
    Proof,
    dual_prices,
    solve_duals,
)
from paxsilica.prices.finite_difference import (
    Start,
    concentration_price,
    coverage_price,
    member_price,
    money_price,
    sooner_price,
)
from paxsilica.prices.hull import (
    hull_prices,
    priced,
    relaxation_is_hull,
    uplift_of_relaxation,
    uplift_prices,
)
from paxsilica.prices.lead_time import lead_time_estimates
from paxsilica.prices.priced_items import commitments, priced_items
from paxsilica.prices.request import PriceRequest, check_request, chosen, refuse_security
from paxsilica.prices.table import KINDS, Kind, Price, price_frame
from paxsilica.solver.resolve import Answer, Interval, Known, Written, search, write, written
from paxsilica.tables import Tables

SAME_AS_RELAXED = (
    "Equal to the LP-relaxation dual, because the own rows of every project describe its convex"
    " hull; not computed again."
)
"""Added to the meaning of a hull price that is taken from the relaxation."""


@dataclass(frozen=True, repr=False)
class Prices:
    """The table of prices, the table with the proof of their duals, and seconds by kind."""

    table: pd.DataFrame
    proof: pd.DataFrame
    seconds: Mapping[str, float] = field(default_factory=dict, compare=False)

    def __repr__(self) -> str:
        kinds = ", ".join(dict.fromkeys(map(str, self.table["kind"])))
        return f"<Prices: {len(self.table)} rows of the kinds {kinds}>"

    def _repr_html_(self) -> str:
        shown = self.table.to_html(index=False, max_rows=40, float_format="{:,.4g}".format)
        return str(shown)


def decisions_of(plan: Plan) -> Known:
    """The integer decisions of a plan, read from its tables."""
    portfolio, funding = plan.tables["portfolio"], plan.tables["funding"]
    paid = funding[funding["usd_m"] > 1e-6]
    return Known(
        dict(zip(portfolio["project"], portfolio["committed_year"], strict=True)),
        frozenset(zip(paid["funder"], paid["project"], strict=True)),
    )


def start_from(plan: Plan, tables: Tables, case: Case, model: Model | None = None) -> Start:
    """Solves and proves the LP with the integer decisions of ``plan``, which was made from
    ``tables`` and ``case`` or from ``model``.

    Raises:
        PriceError: if there is no plan, or if the duals fail their proof.
        InputError: if the model is of another question.
    """
    refuse_security(case)
    if plan.objective is None:
        raise PriceError(f"the case is {plan.status}: without a plan there is nothing to price")
    model = None if model is None else of_question(model, tables, case)
    of = write(tables, case) if model is None else written(model, tables, case)
    decided = {of.program.columns[at][0] for at in np.flatnonzero(of.program.integer)}
    if decided - set(VARIABLES):
        raise PriceError("a model with integer variables of a user cannot be priced")
    program = decisions_of(plan).fixed(of.program)
    if program.mixed():  # what the tables list by its effect: steps of size, closings
        found = search(program, case.solver).values
        if found is None:
            raise PriceError("the decisions of the plan are not found again; please report this")
        program = Known.of(of.program, found).fixed(of.program)
    fixed = solve_duals(program, case.solver, "the program with the plan's decisions fixed")
    bound = -math.inf if plan.bound is None else min(plan.bound, fixed.objective)
    return Start(of, Answer(fixed.corner.outcome, Interval(bound, fixed.objective)), fixed)


def price_table(
    plan: Plan,
    tables: Tables,
    case: Case,
    request: PriceRequest | None = None,
    on_step: StepCallback | None = None,
    *,
    model: Model | None = None,
) -> Prices:
    """The prices of a plan that was made from ``tables`` and ``case``.

    Args:
        plan: ``fixed`` prices fix its integer decisions; uplift and finite differences are compared
            with it.
        tables, case: as read and checked.
        request: which prices; all kinds if absent.
        on_step: called with the name of each step of the work as it begins.
        model: the model of the plan, if a user added rows to it; its rows are priced too.

    Raises:
        PriceError: if duals fail their proof: then no price is reported.
        InputError: if the case does not have something that is requested.
    """
    report: StepCallback = (lambda _: None) if on_step is None else on_step
    started = time.monotonic()
    report("fixed prices")
    start = start_from(plan, tables, case, model)
    return prices_from(start, request or PriceRequest(), report, time.monotonic() - started)


def prices_from(
    start: Start, request: PriceRequest, on_step: StepCallback, spent: float = 0.0
) -> Prices:
    """The requested prices, from what :func:`start_from` has computed in ``spent`` seconds."""
    of, fixed = start.written, start.fixed
    check_request(of, request)
    options = of.case.solver
    rows: dict[Kind, list[Price]] = {}
    jobs: dict[Kind, Duals] = {"fixed": fixed}
    seconds: dict[str, float] = {"start": spent}
    clock = time.monotonic()
    if {"relaxed", "hull"} & set(request.kinds):
        on_step("relaxed prices")
        words = "the program with projects divisible"
        jobs["relaxed"] = solve_duals(of.program.relaxed(), options, words)
    proofs: dict[Kind, Proof] = {kind: duals.proof for kind, duals in jobs.items()}
    # the solver releases the interpreter while it works, so two programs are examined in little
    # more than the time of one
    with ThreadPoolExecutor(max_workers=min(2, options.threads)) as pool:
        futures = {
            kind: pool.submit(_from_duals, of, duals, kind, request.two_sided, on_step)
            for kind, duals in jobs.items()
            if kind in request.kinds
        }
        rows |= {kind: future.result() for kind, future in futures.items()}
    if "fixed" in rows and of.case.objective == "cost":
        rows["fixed"] += lead_time_estimates(of.instance, of.program, fixed.values, fixed.rows)
    if "commitment" in request.kinds:
        on_step("commitment prices")
        found = commitments(of.instance, fixed.program, fixed.values)
        rows["commitment"] = [
            # of the two values the one of less: a commitment of more than 1 has no meaning
            price._replace(value=price.low) if math.isfinite(price.low) else price
            for price in dual_prices(fixed, found, "commitment")
        ]
    seconds["fixed and relaxed"], clock = time.monotonic() - clock, time.monotonic()
    if "hull" in request.kinds:
        on_step("hull prices")
        rows["hull"] = _hull(of, jobs["relaxed"], fixed, request, rows.get("relaxed"), proofs)
        seconds["hull"], clock = time.monotonic() - clock, time.monotonic()
    if "resolve" in request.kinds:
        rows["resolve"] = list(_resolved(start, request, on_step))
        seconds["resolve"] = time.monotonic() - clock
    proved = [
        (kind, check, error, TOLERANCE)
        for kind, proof in proofs.items()
        for check, error in proof.errors().items()
    ]
    return Prices(
        price_frame(price for kind in KINDS for price in rows.get(kind, ())),
        pd.DataFrame(proved, columns=list(PRICE_TABLES["price_proof"].columns)),
        seconds,
    )


def proof_record(kinds: Iterable[str]) -> dict[str, Any]:
    """What the manifest records of the proof. It is known before the search: if a check fails,
    there is no table of prices.

    The LP with the plan fixed is always solved and proved, the relaxation for its own prices and
    for those of the hull.
    """
    proved = {"fixed"} | set(kinds) - {"resolve", "commitment"}
    if "hull" in proved:
        proved.add("relaxed")
    return {
        "holds": True,
        "kinds": [kind for kind in KINDS if kind in proved],
        "checks": list(CHECKS),
        "tolerance": TOLERANCE,
    }


def _hull(
    of: Written,
    relaxed: Duals,
    fixed: Duals,
    request: PriceRequest,
    known: list[Price] | None,
    proofs: dict[Kind, Proof],
) -> list[Price]:
    """Hull prices, and the uplift. Where the relaxation is the hull, its prices are taken over and
    the hull is not computed."""
    options = of.case.solver
    if relaxation_is_hull(of.program):
        if known is None:
            known = _from_duals(of, relaxed, "relaxed", request.two_sided, lambda _: None)
        proofs["hull"] = relaxed.proof
        uplift = uplift_of_relaxation(of.program, fixed.values, options, relaxed.rows)
        same = [
            price._replace(kind="hull", meaning=f"{price.meaning} {SAME_AS_RELAXED}")
            for price in known
        ]
        return [*same, *uplift_prices(of.instance, uplift)]
    hull = hull_prices(of.program, fixed.values, options, relaxed.rows)
    proofs["hull"] = hull.duals.proof
    found = priced_items(of.instance, of.program, hull.values)
    return [
        *priced(hull, found, chosen(found, request.two_sided)),
        *uplift_prices(of.instance, hull),
    ]


def _from_duals(
    of: Written, duals: Duals, kind: Kind, two_sided: tuple[str, ...], on_step: StepCallback
) -> list[Price]:
    found = priced_items(of.instance, duals.program, duals.values)
    wanted = chosen(found, two_sided)
    if wanted:
        on_step(f"{kind} prices: left and right dual values of {len(wanted):,}")
    return list(dual_prices(duals, found, kind, wanted))


def _resolved(start: Start, request: PriceRequest, on_step: StepCallback) -> Iterator[Price]:
    for what in request.money_of(start.written):
        more = "more" if request.step is None or request.step > 0 else "less"
        on_step(f"solve again with {more} for {what}")
        yield money_price(start, what, request.step)
    for stage in request.coverage:
        on_step(f"solve again with more coverage of {stage}")
        yield coverage_price(start, stage, request.points)
    if request.concentration:
        on_step("solve again with a higher cap on a region's share")
        yield concentration_price(start, request.points)
    for project in request.sooner:
        on_step(f"solve again with {project} a year sooner")
        yield sooner_price(start, project)
    for region in request.members:
        on_step(f"solve again with another standing of {region}")
        yield member_price(start, region)


def with_prices(plan: Plan, prices: Prices, **tables: pd.DataFrame) -> Plan:
    """The plan with its prices, their proof, and further tables such as a value curve."""
    return replace(
        plan,
        tables={**plan.tables, "prices": prices.table, "price_proof": prices.proof, **tables},
        manifest={**plan.manifest, "price_proof": proof_record(prices.table["kind"])},
        seconds={
            **plan.seconds,
            **{f"prices: {name}": value for name, value in prices.seconds.items()},
        },
    )
