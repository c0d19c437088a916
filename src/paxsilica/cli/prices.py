"""The command ``prices``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import filter as filter_names
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from paxsilica.bundled import DEFAULT_CASE
from paxsilica.cli import completion
from paxsilica.cli.interrupts import Interrupts
from paxsilica.cli.options import CaseName, SolveOptions, number, several, unknown
from paxsilica.cli.output import Answer
from paxsilica.cli.solve import EXIT_CODES, Budget, plan_document, reason, searched
from paxsilica.errors import InputError, Problem

if TYPE_CHECKING:
    from paxsilica.api import Question
    from paxsilica.case import Case
    from paxsilica.cli.explain import Diagnosed
    from paxsilica.plan.result import Plan
    from paxsilica.prices.request import PriceRequest
    from paxsilica.report.console.screen import Screen
    from paxsilica.solver import ProgressCallback
    from paxsilica.tables import Tables

CURVE_TIMES = 7.5
"""A value curve may take this many times the one solve before it."""

CURVE_LEAST = 20.0
"""Seconds that it may take in any case."""

FINITE_GAP = 0.001
"""Largest gap of the searches of a finite difference, unless the user gives one."""

KIND_NAMES = ("fixed", "relaxed", "hull", "resolve", "commitment")
"""Those of :data:`paxsilica.prices.table.KINDS`."""

DUAL = (
    *(
        "annual limit",
        "budget",
        "capacity",
        "commodity in a cut-off",
        "commodity in normal times",
    ),
    *("concentration", "coverage", "envelope", "limit", "mandate", "security premium"),
)
"""Items that have a dual."""

PRICE_TABLES = ("front_prices", "prices", "price_proof", "value_curve", "value_jumps")
"""Tables that ``prices --json`` prints, as far as there are any."""


@dataclass(frozen=True)
class PriceOptions(SolveOptions):
    """Options of ``prices``."""

    kind: Annotated[
        list[str] | None,
        several(
            "KIND",
            "fixed, relaxed, hull, resolve or commitment; start with relaxed",
            completion.words(*KIND_NAMES),
            shown="all",
        ),
    ] = None
    two_sided: Annotated[
        list[str] | None,
        several(
            "WHAT[:WHERE]",
            "Compute the left and the right dual value of it, such as 'capacity:*-mine'",
            completion.words(*DUAL),
        ),
    ] = None
    money: Annotated[
        list[str] | None,
        several(
            "WHOSE",
            "Money to price by finite difference: budget, or a funder",
            completion.keys("funders", "budget"),
            shown="budget",
        ),
    ] = None
    step: Annotated[
        float | None,
        number(
            "USD_M",
            "Change of the money; negative: less.",
            least=None,
            shown="5 % of it, or the public money of the smallest project not chosen, if larger",
        ),
    ] = None
    coverage: Annotated[
        list[str] | None,
        several(
            "STAGE",
            "Stage whose required coverage is priced by finite difference",
            completion.keys("stages"),
        ),
    ] = None
    concentration: Annotated[
        bool,
        typer.Option(
            "--concentration", help="Price a higher cap on a region's share by finite difference."
        ),
    ] = False
    points: Annotated[
        float,
        number("POINTS", "Change of coverage and of the cap, in percentage points.", least=None),
    ] = 5.0
    sooner: Annotated[
        list[str] | None,
        several(
            "PROJECT",
            "Project whose lead time is priced by finite difference, one year shorter",
            completion.keys("projects"),
        ),
    ] = None
    member: Annotated[
        list[str] | None,
        several(
            "REGION",
            "Region whose membership is priced by finite difference",
            completion.keys("regions"),
        ),
    ] = None
    curve: Annotated[
        list[str] | None,
        several(
            "WHOSE",
            "Draw the value curve of the budget or of a funder",
            completion.keys("funders", "budget"),
        ),
    ] = None
    low: Annotated[float, number("USD_M", "Where the curve begins.", "--from")] = 0.0
    high: Annotated[
        float | None, number("USD_M", "Where it ends.", "--to", shown="twice the limit")
    ] = None
    curve_points: Annotated[
        int, typer.Option("--points-of-curve", metavar="N", min=2, help="Points of the curve.")
    ] = 20
    tolerance: Annotated[
        float | None,
        number(
            "USD_M",
            "How closely jumps of the curve are located.",
            shown="a thousandth of the range",
        ),
    ] = None
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="DIR", help="Folder to write to.", show_default="plans/<case>-prices"
        ),
    ] = None
    budget: Budget = None

    def changes(self) -> Mapping[str, Any]:
        """Keys of the case that options of their own set."""
        return {"budget_usd_m": self.budget, **super().changes()}

    def solved_again(self) -> dict[str, Any]:
        """Options that ask for finite differences, with their values."""
        return {
            "--money": self.money,
            "--step": self.step,
            "--coverage": self.coverage,
            "--sooner": self.sooner,
            "--member": self.member,
            "--concentration": self.concentration or None,
        }

    def adjusted(self, case: Case) -> Case:
        """The case with the gap of finite differences, if some are requested and the user gave no
        gap."""
        given = self.gap is not None or any(
            text.partition("=")[0].strip() == "solver.gap" for text in self.settings or ()
        )
        if given or (self.kind and "resolve" not in self.kind) or case.solver.gap <= FINITE_GAP:
            return case
        solver = case.solver.model_copy(update={"gap": FINITE_GAP})
        return case.model_copy(update={"solver": solver})

    def problems(self) -> list[Problem]:
        """Options that contradict each other."""
        found = [
            Problem("--kind", "", "", name, f"should be one of {', '.join(KIND_NAMES)}")
            for name in self.kind or ()
            if name not in KIND_NAMES
        ]
        if self.high is not None and self.high <= self.low:
            words = f"should be more than --from, which is {self.low:g}"
            found.append(Problem("--to", "", "", f"{self.high:g}", words))
        if self.kind and "resolve" not in self.kind:
            found += [
                Problem(option, "", "", "", "is a finite difference; add --kind resolve")
                for option, value in self.solved_again().items()
                if value is not None
            ]
        if self.two_sided and self.kind and not set(self.kind) - {"resolve"}:
            words = "needs duals; add --kind fixed, relaxed or hull"
            found.append(Problem("--two-sided", "", "", "", words))
        return found

    def request(self) -> PriceRequest:
        """The prices that are requested."""
        from paxsilica.prices.request import PriceRequest

        others = self.coverage or self.concentration or self.sooner or self.member
        kinds: Any = tuple(name for name in KIND_NAMES if not self.kind or name in self.kind)
        return PriceRequest(
            kinds=kinds,
            two_sided=tuple(self.two_sided or ()),
            money=None if self.money is None and not others else tuple(self.money or ()),
            step=self.step,
            coverage=tuple(self.coverage or ()),
            concentration=self.concentration,
            points=self.points,
            sooner=tuple(self.sooner or ()),
            members=tuple(self.member or ()),
        )

    def curves(self) -> dict[str, Any]:
        """The value curves that are requested."""
        return {
            "whose": list(self.curve or ()),
            "low": self.low,
            "high": self.high,
            "points": self.curve_points,
            "tolerance": self.tolerance,
        }


def prices(case: CaseName = DEFAULT_CASE, *, options: PriceOptions) -> Answer:
    """Solve a case and compute shadow prices of money, goods, capacity, coverage, lead time and
    membership.

    Every price names its kind. [bold]fixed[/bold]: fixed-integer dual, the value of one more unit
    with all projects as decided. [bold]relaxed[/bold]: LP-relaxation dual, with projects divisible.
    [bold]hull[/bold]: convex-hull price, which supports the plan with the least side payments.
    [bold]resolve[/bold]: finite difference (re-solve), an interval that includes both gaps.
    [bold]commitment[/bold]: the support that each project of the plan needs at the fixed prices.

    Start with relaxed: it values the next USD or tonne before projects are decided, and the first
    page of solve uses it. Use fixed for a plan that is built, resolve for a large step or a check
    of one value, hull if side payments are the question, commitment for the support of a project.

    Finite differences are searched to a gap of 0.1 %, unless --gap says otherwise. With relaxed
    prices come the sentences of the first page of solve, without its limit of time.

    With --json: what result.json holds, folder, rows (of each table written) and tables
    (front_prices, prices, price_proof, value_curve, value_jumps, as records).

    Writes the plan as solve does, with the tables of prices. Where no plan can exist it shows and
    writes the diagnosis, as solve does. The objective security has no prices.

    [bold]Examples[/bold]

      paxsilica prices

      paxsilica prices base --budget 40000

      paxsilica prices base --kind fixed --kind relaxed

      paxsilica prices base --kind resolve --money budget --step 500 --coverage magnets

      paxsilica prices base --kind fixed --curve budget --to 40000
    """
    from paxsilica.prices.request import refuse_security

    options.refuse_other_case(case, options.out)
    question = options.question(case, options.problems())
    refuse_security(question.case)
    _refuse_unknown(question, options)
    plan, folder, found = _price(question, options.request(), options.curves(), options)

    def show(screen: Screen) -> None:
        if plan.objective is not None:
            from paxsilica.report.console.prices import print_prices

            print_prices(screen, plan, folder)
        else:
            from paxsilica.report.console.summary import print_folder, print_summary
            from paxsilica.report.views.named_plan import name_plan

            print_summary(screen, name_plan(plan, question.tables))
            if found is not None:
                print_folder(screen, folder)
                found.show(screen)

    written = plan.objective is not None or found is not None

    def document() -> dict[str, Any]:
        return plan_document(
            plan,
            folder if written else None,
            tuple(name for name in PRICE_TABLES if name in plan.tables),
        ) | ({} if found is None else {"diagnosis": found.diagnosis.result()})

    return Answer(
        show,
        document,
        str(folder) if written else "",
        EXIT_CODES.get(plan.status, 0),
    )


def _refuse_unknown(question: Question, options: PriceOptions) -> None:
    """Raises an InputError with every name that the data does not have, before the search."""
    tables, case = question.tables, question.case
    given = {
        "--money": options.money,
        "--coverage": options.coverage,
        "--sooner": options.sooner,
        "--member": options.member,
        "--curve": options.curve,
    }
    funders = {"budget", *(row.funder for row in tables.funders)}
    known: Mapping[str, tuple[set[str], str]] = {
        "--coverage": ({row.stage for row in tables.stages}, "a stage"),
        "--sooner": ({row.project for row in tables.projects}, "a project"),
        "--member": ({row.region for row in tables.regions}, "a country or group"),
        "--money": (funders, "budget, or a funder"),
        "--curve": (funders, "budget, or a funder"),
    }
    problems = [
        problem
        for option, names in given.items()
        for problem in unknown(option, names, *known[option])
    ]
    for pattern in options.two_sided or ():
        if not filter_names(DUAL, pattern.partition(":")[0]):
            problems.append(
                Problem(
                    "--two-sided",
                    "",
                    "",
                    pattern,
                    f"should begin with one of {', '.join(DUAL)}; * may replace part of it",
                )
            )
    for option in ("--money", "--curve"):
        if case.budget_usd_m is None and "budget" in (given[option] or ()):
            problems.append(
                Problem(
                    option,
                    "",
                    "",
                    "budget",
                    "the case sets no budget; give it one, such as --set budget_usd_m=24000",
                )
            )
    if problems:
        raise InputError(problems)


def _price(
    question: Question, request: PriceRequest, curves: dict[str, Any], options: PriceOptions
) -> tuple[Plan, Path, Diagnosed | None]:
    """Solves, prices and writes, or diagnoses a case that has no plan; the folder is made sure of
    before the search, not after."""
    from dataclasses import asdict, replace

    from paxsilica.audit import audited
    from paxsilica.plan.solve import make_manifest
    from paxsilica.prices.report import proof_record
    from paxsilica.report.console.summary import print_findings
    from paxsilica.report.files import place_for, write_plan

    tables, case = question.tables, question.case
    found: Diagnosed | None = None
    wanted = {"prices": asdict(request) | ({"curve": curves} if curves["whose"] else {})}
    promised = {**make_manifest(tables, case), **wanted, "price_proof": proof_record(request.kinds)}
    with (
        Interrupts() as interrupts,
        place_for(options.out, f"{case.name}-prices", promised) as folder,
    ):
        plan = searched(
            lambda on_progress: _work(tables, case, request, curves, on_progress, interrupts),
            interrupts,
            None if options.quiet else options.aside,
        )
        plan = audited(replace(plan, manifest=promised), tables, case)
        if plan.objective is not None or plan.status == "infeasible":
            folder = write_plan(plan, folder)
        if plan.status == "infeasible" and (options.as_json or not options.quiet):
            found = reason(question, folder, options, interrupts)
    print_findings(options.aside, plan)
    return plan, folder, found


def _work(
    tables: Tables,
    case: Case,
    request: PriceRequest,
    curves: dict[str, Any],
    on_progress: ProgressCallback | None,
    interrupts: Interrupts,
) -> Plan:
    """The plan with its prices and value curves."""
    import math
    from dataclasses import replace

    import pandas as pd

    from paxsilica.plan.solve import make_plan
    from paxsilica.prices.front import front_prices
    from paxsilica.prices.report import prices_from, start_from, with_prices
    from paxsilica.prices.request import check_request
    from paxsilica.prices.value_curve import compute_value_curve
    from paxsilica.solver.resolve import write

    interrupts.step("check the request")
    places = (curves[key] for key in ("whose", "low", "high", "points"))
    check_request(write(tables, case), request, *places)
    plan = make_plan(tables, case, on_progress, interrupts.step)
    if plan.objective is None:
        return plan
    interrupts.step("fixed prices")
    start = start_from(plan, tables, case)
    reported = prices_from(start, request, interrupts.step)
    more: dict[str, pd.DataFrame] = {}
    if "relaxed" in request.kinds:
        interrupts.step("shadow prices of the first page")
        first = front_prices(start.written, start.fixed.values, math.inf)
        proof = pd.concat([reported.proof, first["price_proof"]], ignore_index=True)
        reported = replace(reported, proof=proof)
        more["front_prices"] = first["front_prices"]
    drawn = []
    seconds = max(CURVE_LEAST, CURVE_TIMES * sum(plan.seconds.values()))
    for whose in curves["whose"]:
        ends = {
            "low": curves["low"],
            "high": curves["high"],
            "points": curves["points"],
            "tolerance": curves["tolerance"],
        }
        drawn.append(
            compute_value_curve(start, whose, **ends, seconds=seconds, on_step=interrupts.step)
        )
    if drawn:
        more |= {
            "value_curve": pd.concat([one.table() for one in drawn], ignore_index=True),
            "value_jumps": pd.concat([one.jump_table() for one in drawn], ignore_index=True),
        }
    return with_prices(plan, reported, **more)
