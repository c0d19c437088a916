"""From a plan to its table of prices."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from paxsilica.case import Case, Solver
from paxsilica.instance import Instance
from paxsilica.model import Model
from paxsilica.plan.result import Plan
from paxsilica.plan.solve import of_question
from paxsilica.plan.tables import PRICE_TABLES
from paxsilica.prices.case_changes import member_price, sooner_price
from paxsilica.prices.commodity_prices import goods
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
    Basis,
    Solved,
    concentration_price,
    coverage_price,
    money_price,
    written,
)
from paxsilica.prices.hull import hull_prices, priced, uplift_prices
from paxsilica.prices.lead_time import lead_time_estimates
from paxsilica.prices.priced_items import subjects
from paxsilica.prices.request import PriceRequest
from paxsilica.prices.request_checks import chosen, refuse_what_cannot_be_told
from paxsilica.prices.table import KINDS, Kind, Price, price_frame
from paxsilica.solver import Array, Compiled, compile_model
from paxsilica.tables import Tables

StepCallback = Callable[[str], None]


@dataclass(frozen=True)
class Prices:
    """A table of prices and a table with the proof of their duals (see
    :data:`paxsilica.prices.PRICE_TABLES`), and seconds by kind."""

    table: pd.DataFrame
    proof: pd.DataFrame
    seconds: Mapping[str, float] = field(default_factory=dict, compare=False)


@dataclass(frozen=True)
class Start:
    """What every price starts from: the case as solved, and the LP with the plan's integer
    decisions fixed."""

    basis: Basis
    fixed: Duals


def integer_decisions(program: Compiled, plan: Plan) -> Array:
    """The integer decisions of a plan, read from its tables, by column of ``program``; zero
    elsewhere."""
    portfolio, funding = plan.tables["portfolio"], plan.tables["funding"]
    year_of = dict(zip(portfolio["project"], portfolio["committed_year"], strict=True))
    paid = funding[funding["usd_m"] > 1e-6]
    pairs = set(zip(paid["funder"], paid["project"], strict=True))
    values = np.zeros(len(program.cost))
    for at, (family, index) in enumerate(program.columns):
        if family == "committed":
            values[at] = float(index[0] in year_of and year_of[index[0]] <= index[1])
        elif family == "ticket":
            values[at] = float(index in pairs)
    return values


def start_from(
    plan: Plan, tables: Tables, case: Case, made: tuple[Instance, Compiled] | None = None
) -> Start:
    """Makes ready to price ``plan``, which was made from ``tables`` and ``case``; ``made`` is their
    program, if it is at hand.

    Raises:
        PriceError: if there is no plan, or if the duals with its integer decisions fixed fail their
            proof.
    """
    if plan.objective is None:
        raise PriceError(f"the case is {plan.status}: without a plan there is nothing to price")
    instance, program = written(tables, case) if made is None else made
    at = np.flatnonzero(program.integer)
    held = program.fixed(at, integer_decisions(program, plan)[at])
    fixed = solve_duals(held, case.solver, "the program with the plan's decisions fixed")
    bound = -math.inf if plan.bound is None else min(plan.bound, fixed.objective)
    return Start(
        Basis(tables, case, instance, program, Solved(fixed.objective, bound, fixed.values)), fixed
    )


def price_table(
    plan: Plan,
    tables: Tables,
    case: Case,
    asked: PriceRequest | None = None,
    on_step: StepCallback | None = None,
    *,
    model: Model | None = None,
) -> Prices:
    """The prices of a plan that was made from ``tables`` and ``case``.

    Args:
        plan: its integer decisions are what ``fixed`` prices hold, and what uplift and re-solves
            are compared with.
        tables, case: as read and checked.
        asked: which prices; all kinds if absent.
        on_step: called with the name of each step of the work as it begins.
        model: the model of the plan, if a user added rows to it; its rows are priced too.

    Raises:
        PriceError: if duals fail their proof: then no price is told.
        InputError: if something is asked for that the case does not have.
    """
    asked = PriceRequest() if asked is None else asked
    say: StepCallback = (lambda _: None) if on_step is None else on_step
    started = time.monotonic()
    say("fixed prices")
    made = None
    if model is not None:
        made = (model.instance, compile_model(of_question(model, tables, case)))
    start = start_from(plan, tables, case, made)
    return prices_from(start, asked, say, time.monotonic() - started)


def prices_from(
    start: Start, asked: PriceRequest, on_step: StepCallback, spent: float = 0.0
) -> Prices:
    """The prices asked for, from what :func:`start_from` has made ready in ``spent`` seconds."""
    basis, fixed = start.basis, start.fixed
    refuse_what_cannot_be_told(basis, asked)
    instance, program, options = basis.instance, basis.program, basis.case.solver
    rows: dict[Kind, list[Price]] = {}
    proofs: dict[Kind, Proof] = {"fixed": fixed.proof}
    seconds: dict[str, float] = {"start": spent}
    clock = time.monotonic()
    relaxed: Duals | None = None
    if {"relaxed", "hull"} & set(asked.kinds):
        on_step("relaxed prices")
        relaxed = solve_duals(program.relaxed(), options, "the program with projects divisible")
        proofs["relaxed"] = relaxed.proof
    jobs: dict[Kind, Duals] = {"fixed": fixed}
    if relaxed is not None:
        jobs["relaxed"] = relaxed
    wanted = [kind for kind in jobs if kind in asked.kinds]
    # the solver leaves the interpreter to others while it works, so two programs are examined in
    # little more than the time of one
    with ThreadPoolExecutor(max_workers=min(2, options.threads)) as pool:
        futures = {
            kind: pool.submit(_from_duals, instance, jobs[kind], kind, asked.sides, on_step)
            for kind in wanted
        }
        rows |= {kind: future.result() for kind, future in futures.items()}
    if "fixed" in rows and basis.case.objective == "cost":
        rows["fixed"] += lead_time_estimates(instance, program, fixed.values, fixed.rows)
    seconds["fixed and relaxed"], clock = time.monotonic() - clock, time.monotonic()
    if "hull" in asked.kinds and relaxed is not None:
        on_step("hull prices")
        hull = hull_prices(program, fixed.values, options, relaxed.rows)
        proofs["hull"] = hull.proof
        found = [*subjects(instance, program, hull.values), *goods(instance, program)]
        rows["hull"] = [
            *priced(hull, found, chosen(found, asked.sides)),
            *uplift_prices(instance, hull),
        ]
        seconds["hull"], clock = time.monotonic() - clock, time.monotonic()
    if "resolve" in asked.kinds:
        rows["resolve"] = list(_resolved(basis, asked, options, on_step))
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
    """What the manifest says of the proof. It is known beforehand: where a check fails there is no
    table of prices.

    The linear program with the plan fixed is always solved and proved, the relaxation wherever its
    prices or those of the hull are told.
    """
    reported = set(kinds)
    proved = (
        {"fixed"}
        | ({"relaxed"} if reported & {"relaxed", "hull"} else set())
        | (reported & {"hull"})
    )
    return {
        "holds": True,
        "kinds": [kind for kind in KINDS if kind in proved],
        "checks": list(CHECKS),
        "tolerance": TOLERANCE,
    }


def _from_duals(
    instance: Instance, duals: Duals, kind: Kind, sides: tuple[str, ...], on_step: StepCallback
) -> list[Price]:
    found = [*subjects(instance, duals.program, duals.values), *goods(instance, duals.program)]
    wanted = chosen(found, sides)
    if wanted:
        on_step(f"{kind} prices: both sides of {len(wanted):,}")
    return list(dual_prices(duals, found, kind, wanted))


def _resolved(
    basis: Basis, asked: PriceRequest, options: Solver, on_step: StepCallback
) -> Iterator[Price]:
    money = asked.money
    if money is None:
        money = ("budget",) if basis.case.budget_usd_m is not None else ()
    for what in money:
        on_step(
            f"solve again with more for {what}"
            if asked.step is None or asked.step > 0
            else f"solve again with less for {what}"
        )
        yield money_price(basis, what, asked.step, options)[0]
    for stage in asked.coverage:
        on_step(f"solve again with more coverage of {stage}")
        yield coverage_price(basis, stage, asked.points, options)
    if asked.concentration:
        on_step("solve again with a higher cap on a region's share")
        yield concentration_price(basis, asked.points, options)
    for project in asked.sooner:
        on_step(f"solve again with {project} a year sooner")
        yield sooner_price(basis, project, options)
    for region in asked.members:
        on_step(f"solve again with the standing of {region} turned")
        yield member_price(basis, region, options)


def with_prices(plan: Plan, prices: Prices, **tables: pd.DataFrame) -> Plan:
    """The plan with its tables of prices (and further ones, such as a value curve), and with the
    record of their proof in the manifest."""
    return replace(
        plan,
        tables={**plan.tables, "prices": prices.table, "price_proof": prices.proof, **tables},
        manifest={**plan.manifest, "price_proof": proof_record(prices.table["kind"])},
        seconds={
            **plan.seconds,
            **{f"prices: {name}": value for name, value in prices.seconds.items()},
        },
    )
