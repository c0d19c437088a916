"""The command ``paxsilica prices``: solves a case, prices the plan, shows what matters most and
writes all of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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
from paxsilica.cli.solve import EXIT_CODES, plan_document, searched
from paxsilica.errors import InputError, Problem

if TYPE_CHECKING:
    from paxsilica.api import Question
    from paxsilica.case import Case
    from paxsilica.plan.result import Plan
    from paxsilica.prices.request import PriceRequest
    from paxsilica.report.console.screen import Screen
    from paxsilica.solver import ProgressCallback
    from paxsilica.tables import Tables

CURVE_TIMES = 7.5
"""A value curve may take this many times the one solve before it."""

CURVE_LEAST = 20.0
"""Seconds that it may take in any case."""

KIND_NAMES = ("fixed", "relaxed", "hull", "resolve")
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
"""What has a dual."""

PRICE_TABLES = ("prices", "price_proof", "value_curve", "value_jumps")
"""Tables that ``prices --json`` prints, as far as there are any."""


@dataclass(frozen=True)
class PriceOptions(SolveOptions):
    """Options of ``prices`` that are not about what is priced."""

    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="DIR", help="Folder to write to.", show_default="plans/<case>-prices"
        ),
    ] = None


def prices(
    case: CaseName = DEFAULT_CASE,
    kind: Annotated[
        list[str] | None,
        several(
            "KIND", "fixed, relaxed, hull or resolve", completion.words(*KIND_NAMES), shown="all"
        ),
    ] = None,
    sides: Annotated[
        list[str] | None,
        several(
            "WHAT[:WHERE]",
            "Tell the duals of one less and of one more of it too, such as 'capacity:*lynas*'",
            completion.words(*DUAL),
        ),
    ] = None,
    money: Annotated[
        list[str] | None,
        several(
            "WHOSE",
            "Price by solving again: budget, or a funder",
            completion.keys("funders", "budget"),
            shown="budget",
        ),
    ] = None,
    step: Annotated[
        float | None,
        number(
            "USD_M",
            "By how much it is moved; negative: down.",
            least=None,
            shown="5 % of it, or what the smallest project left out takes if that is more",
        ),
    ] = None,
    coverage: Annotated[
        list[str] | None,
        several(
            "STAGE",
            "Price more required coverage of a stage by solving again",
            completion.keys("stages"),
        ),
    ] = None,
    concentration: Annotated[
        bool,
        typer.Option(
            "--concentration", help="Price a higher cap on a region's share by solving again."
        ),
    ] = False,
    points: Annotated[
        float,
        number("POINTS", "Percentage points by which coverage and the cap are moved.", least=None),
    ] = 5.0,
    sooner: Annotated[
        list[str] | None,
        several(
            "PROJECT",
            "Price a year less of its lead time by solving again",
            completion.keys("projects"),
        ),
    ] = None,
    member: Annotated[
        list[str] | None,
        several("REGION", "Price its being trusted by solving again", completion.keys("regions")),
    ] = None,
    curve: Annotated[
        list[str] | None,
        several(
            "WHOSE",
            "Draw the value curve of the budget or of a funder",
            completion.keys("funders", "budget"),
        ),
    ] = None,
    low: Annotated[float, number("USD_M", "Where the curve begins.", "--from")] = 0.0,
    high: Annotated[
        float | None, number("USD_M", "Where it ends.", "--to", shown="twice the limit")
    ] = None,
    curve_points: Annotated[
        int, typer.Option("--points-of-curve", metavar="N", min=2, help="Points of the curve.")
    ] = 20,
    tolerance: Annotated[
        float | None,
        number(
            "USD_M",
            "How closely jumps of the curve are located.",
            shown="a thousandth of the range",
        ),
    ] = None,
    *,
    options: PriceOptions,
) -> Answer:
    """Solve a case and price the plan: money, goods, capacity, coverage, time and trust.

    Every price says of which kind it is. [bold]fixed[/bold]: what one more is worth once the plan
    is built. [bold]relaxed[/bold]: if projects were divisible. [bold]hull[/bold]: what supports the
    plan with the least side payments. [bold]resolve[/bold]: found by solving again, as an interval.

    With --json: what result.json holds, folder, rows (of each table written) and tables (prices,
    price_proof, value_curve, value_jumps, as records).

    [bold]Examples[/bold]

      paxsilica prices

      paxsilica prices base --kind fixed --kind relaxed

      paxsilica prices base --kind resolve --money budget --money qat-qia --step 500 --member TWN

      paxsilica prices base --kind fixed --curve budget --to 40000
    """
    problems = [
        Problem("--kind", "", "", name, f"should be one of {', '.join(KIND_NAMES)}")
        for name in kind or ()
        if name not in KIND_NAMES
    ]
    if high is not None and high <= low:
        problems.append(
            Problem("--to", "", "", f"{high:g}", f"should be more than --from, which is {low:g}")
        )
    solved_again = {
        "--money": money,
        "--step": step,
        "--coverage": coverage,
        "--sooner": sooner,
        "--member": member,
    }
    if kind and "resolve" not in kind:
        given = [option for option, value in solved_again.items() if value is not None] + [
            "--concentration"
        ] * concentration
        problems += [
            Problem(option, "", "", "", "is told by solving again; add --kind resolve")
            for option in given
        ]
    if sides and kind and not set(kind) - {"resolve"}:
        problems.append(
            Problem("--sides", "", "", "", "is told of duals; add --kind fixed, relaxed or hull")
        )
    question = options.question(case, problems)
    named = {
        "--money": money,
        "--coverage": coverage,
        "--sooner": sooner,
        "--member": member,
        "--curve": curve,
    }
    _refuse_unknown(question, named, sides or ())
    from paxsilica.prices.request import PriceRequest

    kinds: Any = tuple(name for name in KIND_NAMES if kind is None or name in kind)
    asked = PriceRequest(
        kinds=kinds,
        two_sided=tuple(sides or ()),
        money=(
            None
            if money is None and not (coverage or concentration or sooner or member)
            else tuple(money or ())
        ),
        step=step,
        coverage=tuple(coverage or ()),
        concentration=concentration,
        points=points,
        sooner=tuple(sooner or ()),
        members=tuple(member or ()),
    )
    curves = {
        "whose": list(curve or ()),
        "low": low,
        "high": high,
        "points": curve_points,
        "tolerance": tolerance,
    }
    plan, folder = _price(question.tables, question.case, asked, curves, options)

    def show(screen: Screen) -> None:
        if plan.objective is not None:
            from paxsilica.report.console.prices import print_prices

            print_prices(screen, plan, folder)
        else:
            from paxsilica.report.console.summary import print_summary

            print_summary(screen, plan)

    def document() -> dict[str, Any]:
        return plan_document(
            plan,
            folder if plan.objective is not None else None,
            tuple(name for name in PRICE_TABLES if name in plan.tables),
        )

    return Answer(
        show,
        document,
        str(folder) if plan.objective is not None else "",
        EXIT_CODES.get(plan.status, 0),
    )


def _refuse_unknown(
    question: Question, given: Mapping[str, list[str] | None], sides: Iterable[str]
) -> None:
    """Raises an InputError with everything asked for that the data does not have: before the
    search, not after."""
    tables, case = question.tables, question.case
    payers = {"budget", *(row.funder for row in tables.funders)}
    known: Mapping[str, tuple[set[str], str]] = {
        "--coverage": ({row.stage for row in tables.stages}, "a stage"),
        "--sooner": ({row.project for row in tables.projects}, "a project"),
        "--member": ({row.region for row in tables.regions}, "a country or group"),
        "--money": (payers, "budget, or a funder"),
        "--curve": (payers, "budget, or a funder"),
    }
    problems = [
        problem
        for option, names in given.items()
        for problem in unknown(option, names, *known[option])
    ]
    for pattern in sides:
        if not filter_names(DUAL, pattern.partition(":")[0]):
            problems.append(
                Problem(
                    "--sides",
                    "",
                    "",
                    pattern,
                    f"should begin with one of {', '.join(DUAL)}, which * may shorten",
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
                    "the case sets no budget; give it one, such as --set budget_usd_m=20000",
                )
            )
    if problems:
        raise InputError(problems)


def _price(
    tables: Tables, case: Case, asked: PriceRequest, curves: dict[str, Any], options: PriceOptions
) -> tuple[Plan, Path]:
    """Solves, prices and writes; the folder is made sure of before the search, not after."""
    from dataclasses import asdict, replace

    from paxsilica.plan.solve import make_manifest
    from paxsilica.prices.report import proof_record
    from paxsilica.report.files import place_for, write_plan

    wanted = {"prices": asdict(asked) | ({"curve": curves} if curves["whose"] else {})}
    promised = {**make_manifest(tables, case), **wanted, "price_proof": proof_record(asked.kinds)}
    with (
        Interrupts() as interrupts,
        place_for(options.out, f"{case.name}-prices", promised) as folder,
    ):
        plan = searched(
            lambda on_progress: _work(tables, case, asked, curves, on_progress, interrupts),
            interrupts,
            None if options.quiet else options.aside,
        )
        plan = replace(plan, manifest=promised)
        if plan.objective is not None:
            write_plan(plan, folder)
    return plan, folder


def _work(
    tables: Tables,
    case: Case,
    asked: PriceRequest,
    curves: dict[str, Any],
    on_progress: ProgressCallback | None,
    interrupts: Interrupts,
) -> Plan:
    """The plan with its prices and value curves."""
    import pandas as pd

    from paxsilica.plan.solve import make_plan
    from paxsilica.prices.report import prices_from, start_from, with_prices
    from paxsilica.prices.request import check_request
    from paxsilica.prices.value_curve import compute_value_curve
    from paxsilica.solver.resolve import write

    interrupts.step("look at what is asked")
    check_request(
        write(tables, case),
        asked,
        *(curves[key] for key in ("whose", "low", "high", "points")),
    )
    plan = make_plan(tables, case, on_progress, interrupts.step)
    if plan.objective is None:
        return plan
    interrupts.step("fixed prices")
    start = start_from(plan, tables, case)
    reported = prices_from(start, asked, interrupts.step)
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
    more = {}
    if drawn:
        more = {
            "value_curve": pd.concat([one.table() for one in drawn], ignore_index=True),
            "value_jumps": pd.concat([one.jump_table() for one in drawn], ignore_index=True),
        }
    return with_prices(plan, reported, **more)
