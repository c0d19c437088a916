"""The command ``statement``."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from paxsilica.cli import completion
from paxsilica.cli.options import PlanArgument, PlanTables, load_plan
from paxsilica.cli.output import Answer, OutputOptions, audit_code

if TYPE_CHECKING:
    from paxsilica.plan.result import Plan
    from paxsilica.report.console.screen import Screen
    from paxsilica.report.views.named_plan import NamedPlan


@dataclass(frozen=True)
class StatementOptions(OutputOptions):
    """Options of ``statement``."""

    data: PlanTables = None
    without: Annotated[
        Path | None,
        typer.Option(
            "--without",
            metavar="DIR",
            help=(
                "Also show the plan of the case without the funder: the one in this folder, or a"
                " new one that is solved and written to it."
            ),
            autocompletion=completion.plans,
        ),
    ] = None


def statement(
    folder: PlanArgument,
    funder: Annotated[
        str,
        typer.Argument(
            metavar="FUNDER",
            help="Key of a funder in the data.",
            autocompletion=completion.keys("funders"),
        ),
    ],
    *,
    options: StatementOptions,
) -> Answer:
    """Show the statement of a funder: what its money buys, its cash by year, its return, its deals,
    and the plan without it.

    With --json: funder, name, region, available, facts, bought, cash, deals, and without (the
    sentences on the plan without the funder).

    Writes to the folder of --without, if it does not hold that plan yet.

    [bold]Examples[/bold]

      paxsilica statement plans/base usa-dfc

      paxsilica statement plans/base usa-dfc --without plans/base-without-dfc
    """
    from paxsilica.report.console.statement import print_statement
    from paxsilica.report.views.named_plan import load_named_plan
    from paxsilica.report.views.statement import statement as statement_of
    from paxsilica.report.views.statement import without_funder

    named = load_named_plan(load_plan(folder), options.data)
    found = statement_of(named, funder)
    plans, lines = [named.plan], list[str]()
    if options.without is not None:
        other = _without(named, funder, options.without, options)
        plans.append(other)
        lines = without_funder(named.plan, other)

    def show(screen: Screen) -> None:
        print_statement(screen, found, lines)

    def document() -> dict[str, Any]:
        deals = [deal.model_dump(mode="json") for deal in found.deals]
        bought = [asdict(one) for one in found.bought]
        cash = [
            {"year": year, "paid": paid, "support": support, "received": received}
            for year, paid, support, received in found.cash
        ]
        return {
            "funder": found.funder,
            "name": found.name,
            "region": found.region,
            "available": found.available,
            "facts": dict(found.facts),
            "bought": bought,
            "cash": cash,
            "deals": deals,
            "without": lines,
        }

    return Answer(show, document, exit_code=audit_code(options, plans))


def _without(named: NamedPlan, funder: str, folder: Path, options: StatementOptions) -> Plan:
    """The plan of the case without the funder, from the folder or solved now and written to it."""
    from paxsilica.api import Question
    from paxsilica.errors import InputError, Problem
    from paxsilica.plan.result import Plan, refuse_other_plan
    from paxsilica.plan.solve import make_manifest
    from paxsilica.report.files import write_plan
    from paxsilica.report.views.named_plan import case_of

    if named.tables is None:
        raise InputError([Problem.of_option("--without", str(folder), named.missing)])
    case = case_of(named.plan)
    funders = case.funders.model_copy(update={"exclude": (*case.funders.exclude, funder)})
    case = case.model_copy(update={"funders": funders})
    refuse_other_plan(folder, make_manifest(named.tables, case))
    if (folder / "result.json").exists():
        return Plan.load(folder)
    plan = Question(named.tables, case).solve(on_step=options.on_step)
    write_plan(plan, folder, named.tables)
    return plan
