"""The command ``paxsilica prices``: solves a case, prices the plan, shows what matters most and writes all of it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from paxsilica.bundled import DEFAULT_CASE, data_folder, find_case
from paxsilica.errors import InfeasibleError, InputError, NoPlanError, PaxSilicaError, Problem
from paxsilica.report.screen import Screen

if TYPE_CHECKING:
    from paxsilica.case import Case
    from paxsilica.cli.interrupts import Interrupts
    from paxsilica.plan import Plan
    from paxsilica.prices.whole import Asked
    from paxsilica.tables import Tables

CURVE_TIMES = 7.5
"""A value curve may take this many times the one solve before it."""

CURVE_LEAST = 20.0
"""Seconds that it may take in any case."""

KIND_NAMES = ("fixed", "relaxed", "hull", "resolve")


def prices(
    case: Annotated[str, typer.Argument(metavar="CASE", help="Name of a bundled case, or the path of a case file.")] = DEFAULT_CASE,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Folder to write to.", show_default="plans/<case>-prices")
    ] = None,
    kind: Annotated[
        list[str] | None, typer.Option(metavar="KIND", help="fixed, relaxed, hull or resolve; may be given again.", show_default="all")
    ] = None,
    sides: Annotated[
        list[str] | None,
        typer.Option(
            metavar="WHAT[:WHERE]",
            help="Tell the duals of one less and of one more of it too, such as 'capacity:*lynas*'; may be given again.",
        ),
    ] = None,
    money: Annotated[
        list[str] | None,
        typer.Option(metavar="WHOSE", help="Price by solving again: budget, or a funder; may be given again.", show_default="budget"),
    ] = None,
    step: Annotated[
        float | None,
        typer.Option(
            metavar="USD_M",
            help="By how much it is moved; negative: down.",
            show_default="5 % of it, or what the smallest project left out takes if that is more",
        ),
    ] = None,
    coverage: Annotated[
        list[str] | None,
        typer.Option(metavar="STAGE", help="Price more required coverage of a stage by solving again; may be given again."),
    ] = None,
    concentration: Annotated[
        bool, typer.Option("--concentration", help="Price a higher cap on a region's share by solving again.")
    ] = False,
    points: Annotated[float, typer.Option(metavar="POINTS", help="Percentage points by which coverage and the cap are moved.")] = 5.0,
    sooner: Annotated[
        list[str] | None, typer.Option(metavar="PROJECT", help="Price a year less of its lead time by solving again; may be given again.")
    ] = None,
    member: Annotated[
        list[str] | None, typer.Option(metavar="REGION", help="Price its being trusted by solving again; may be given again.")
    ] = None,
    curve: Annotated[
        list[str] | None, typer.Option(metavar="WHOSE", help="Draw the value curve of the budget or of a funder; may be given again.")
    ] = None,
    low: Annotated[float, typer.Option("--from", metavar="USD_M", help="Where the curve begins.")] = 0.0,
    high: Annotated[float | None, typer.Option("--to", metavar="USD_M", help="Where it ends.", show_default="twice the limit")] = None,
    curve_points: Annotated[int, typer.Option("--points-of-curve", metavar="N", help="Points of the curve.")] = 20,
    tolerance: Annotated[
        float | None,
        typer.Option(metavar="USD_M", help="How closely jumps of the curve are located.", show_default="a thousandth of the range"),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option("--data", metavar="PATH", help="Tables: a folder of CSV files, or a workbook.", show_default="the bundled data"),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Change one key of the case, such as coverage.hard=true; may be given again."),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but the folder of the prices.")] = False,
) -> None:
    """Solve a case and price the plan: money, goods, capacity, coverage, time and trust.

    Every price says of which kind it is. [bold]fixed[/bold]: what one more is worth once the plan is built. [bold]relaxed[/bold]: if projects were
    divisible. [bold]hull[/bold]: what supports the plan with the least side payments. [bold]resolve[/bold]: found by solving again, as an interval.

    [bold]Examples[/bold]

      paxsilica prices

      paxsilica prices base --kind fixed --kind relaxed

      paxsilica prices base --kind resolve --money budget --money qat-qia --step 500 --member TWN

      paxsilica prices base --kind fixed --curve budget --to 40000
    """
    # the command line mounts this command, so it is there only once this module is
    from paxsilica.cli.guard import guarded
    from paxsilica.cli.interrupts import Interrupts

    screen, aside = Screen(sys.stdout), Screen(sys.stderr)
    with guarded(aside), Interrupts() as interrupts:
        tables, question = _read(data, case, settings or [])
        kinds = _kinds(kind)
        from paxsilica.prices.whole import Asked

        asked = Asked(
            kinds=kinds,
            sides=tuple(sides or ()),
            money=None if money is None and not (coverage or concentration or sooner or member) else tuple(money or ()),
            step=step,
            coverage=tuple(coverage or ()),
            concentration=concentration,
            points=points,
            sooner=tuple(sooner or ()),
            members=tuple(member or ()),
        )
        curves = {"whose": list(curve or ()), "low": low, "high": high, "points": curve_points, "tolerance": tolerance}
        plan, folder = _price(tables, question, asked, curves, out, aside, interrupts, quiet)
        if quiet:
            typer.echo(str(folder))
        elif plan.objective is not None:
            from paxsilica.cli.prices_screen import print_prices

            print_prices(screen, plan, folder)
        else:
            from paxsilica.report.console import print_summary

            print_summary(screen, plan)
    if plan.status == "infeasible":
        raise typer.Exit(InfeasibleError.exit_code)
    if plan.status == "no_plan":
        raise typer.Exit(NoPlanError.exit_code)


def _kinds(given: list[str] | None) -> Any:
    wrong = [name for name in given or () if name not in KIND_NAMES]
    if wrong:
        raise InputError([Problem("--kind", "", "", name, f"should be one of {', '.join(KIND_NAMES)}") for name in wrong])
    return tuple(name for name in KIND_NAMES if given is None or name in given)


def _read(data: Path | None, case: str, settings: list[str]) -> tuple[Tables, Case]:
    """Tables and case, or one error with the problems of both."""
    from paxsilica.case import read_case
    from paxsilica.tables import load_tables

    problems: list[Problem] = []
    try:
        tables = load_tables(data or data_folder())
    except InputError as error:
        problems += error.problems
    try:
        question = read_case(find_case(case), settings)
    except InputError as error:
        problems += error.problems
    if problems:
        raise InputError(problems)
    return tables, question


def _price(
    tables: Tables, case: Case, asked: Asked, curves: dict[str, Any], out: Path | None, aside: Screen, interrupts: Interrupts, quiet: bool
) -> tuple[Plan, Path]:
    """Solves, prices and writes; the folder is made sure of before the search, not after."""
    from dataclasses import asdict, replace

    from paxsilica.cli.interrupts import Stopped
    from paxsilica.planner import make_manifest
    from paxsilica.prices.whole import proof_record
    from paxsilica.report.files import place_for, write_plan
    from paxsilica.report.live import LiveView

    wanted = {"prices": asdict(asked) | ({"curve": curves} if curves["whose"] else {})}
    promised = {**make_manifest(tables, case), **wanted, "price_proof": proof_record(asked.kinds)}
    with place_for(out, f"{case.name}-prices", promised) as folder:
        try:
            if quiet:
                plan = _work(tables, case, asked, curves, None, interrupts)
            else:
                with LiveView(aside) as view:
                    interrupts.view = view
                    plan = _work(tables, case, asked, curves, view, interrupts)
        except PaxSilicaError as error:
            raise Stopped if interrupts.pressed else error from None
        if interrupts.pressed and plan.objective is None:
            raise Stopped
        interrupts.ignore()
        plan = replace(plan, manifest=promised)
        if plan.objective is not None:
            write_plan(plan, folder)
    return plan, folder


def _work(tables: Tables, case: Case, asked: Asked, curves: dict[str, Any], view: Any, interrupts: Interrupts) -> Plan:
    """The plan with its prices and value curves."""
    import pandas as pd

    from paxsilica.planner import make_plan
    from paxsilica.prices.curve import value_curve
    from paxsilica.prices.whole import prices_from, start_from, with_prices

    plan = make_plan(tables, case, None if view is None else view.watch, interrupts.step)
    if plan.objective is None:
        return plan
    interrupts.step("fixed prices")
    start = start_from(plan, tables, case)
    told = prices_from(start, asked, interrupts.step)
    drawn = []
    seconds = max(CURVE_LEAST, CURVE_TIMES * sum(plan.seconds.values()))
    for whose in curves["whose"]:
        ends = {"low": curves["low"], "high": curves["high"], "points": curves["points"], "tolerance": curves["tolerance"]}
        drawn.append(value_curve(start.basis, whose, **ends, seconds=seconds, tell=interrupts.step))
    more = {}
    if drawn:
        more = {
            "value_curve": pd.concat([one.table() for one in drawn], ignore_index=True),
            "value_jumps": pd.concat([one.jump_table() for one in drawn], ignore_index=True),
        }
    return with_prices(plan, told, **more)
