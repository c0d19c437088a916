"""The command ``solve``."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from paxsilica.bundled import DEFAULT_CASE
from paxsilica.cli.interrupts import Interrupts, Stopped
from paxsilica.cli.options import CaseName, Cluster, SolveOptions, number
from paxsilica.cli.output import Answer
from paxsilica.errors import UNVERIFIED, InfeasibleError, NoPlanError, PaxSilicaError
from paxsilica.report.console.screen import Screen

if TYPE_CHECKING:
    from paxsilica.api import Question
    from paxsilica.cli.explain import Diagnosed
    from paxsilica.plan.result import Plan
    from paxsilica.solver import ProgressCallback

HEADLINE_TABLES = ("portfolio", "coverage", "funders", "costs", "binding", "front_prices")
"""Tables of a plan that ``solve --json`` prints; ``rows`` there counts those of every table that is
written."""

EXIT_CODES: Mapping[str, int] = {
    "infeasible": InfeasibleError.exit_code,
    "no_plan": NoPlanError.exit_code,
    "unverified": UNVERIFIED,
}
"""By status of the plan; 0 where there is one."""

PlanOut = Annotated[
    Path | None,
    typer.Option(
        "--out", metavar="DIR", help="Folder to write the plan to.", show_default="plans/<case>"
    ),
]
Budget = Annotated[
    float | None,
    number("USD_M", "Most that all funders together pay, USD million.", shown="that of the case"),
]
Quick = Annotated[
    bool,
    typer.Option(
        "--quick",
        help="Round the linear relaxation to a plan: sooner, with a larger gap, which is stated.",
    ),
]
CutStore = Annotated[
    Path | None,
    typer.Option(
        "--store",
        metavar="DIR",
        help="Folder for the cuts of a decomposition; a search that was killed continues there.",
        show_default="none are kept",
    ),
]

NoPrices = Annotated[
    bool, typer.Option("--no-prices", help="Do not compute the shadow prices of the first page.")
]
LeastBudget = Annotated[
    bool,
    typer.Option(
        "--least-budget/--no-least-budget",
        help=(
            "Whether to find the least public money that meets the requirement, by a second search;"
            " only where coverage must be met (coverage.hard = true)."
        ),
    ),
]


@dataclass(frozen=True)
class PlanOptions(SolveOptions):
    """Options of ``solve``."""

    out: PlanOut = None
    budget: Budget = None
    no_prices: NoPrices = False
    quick: Quick = False
    cluster: Cluster = None
    store: CutStore = None
    least_budget: LeastBudget = True

    def changes(self) -> Mapping[str, Any]:
        """Keys of the case that options of their own set."""
        method = "rounding" if self.quick else None
        return {"budget_usd_m": self.budget, "solver.method": method, **super().changes()}


def solve(case: CaseName = DEFAULT_CASE, *, options: PlanOptions) -> Answer:
    """Find the best plan for a case, show it on one page and write all of it to a folder.

    The first page includes shadow prices: what the next USD of the budget saves, the joint coverage
    that it could buy instead, funders whose envelope limits the plan, what one more point of
    coverage costs at each stage, and the scarcest good. They take at most a fifth of the time.

    Ctrl-C ends the search and keeps the best plan so far; a second Ctrl-C ends the program.

    With --json: what result.json holds (status, objective, bound, gap, headline, notes, manifest
    and so on), folder, rows (of each table written), tables (portfolio, coverage, funders, costs,
    binding and front_prices, as records) and, without a plan, the diagnosis.

    Writes to the folder of --out: plan.xlsx, result.json, tables/*.csv, log.csv and seconds.csv.
    A plan that fails the audit has the status unverified; audit.json lists the findings, and the
    command ends with 5. Where no plan can exist it also writes diagnosis.json and the closest plan,
    in closest; the command ends with 3, or with 5 if the closest plan fails the audit.

    [bold]Examples[/bold]

      paxsilica solve

      paxsilica solve base --budget 40000 --out plans/forty-billion

      paxsilica solve my-case.toml --data my-tables --gap 0.01 --time-limit 60

      paxsilica solve --set coverage.hard=true --set objective=budget

      paxsilica solve --quick

      paxsilica solve many-scenarios.toml --cluster tcp://10.0.0.5:8786 --store cuts

      paxsilica solve --json | jq '.tables.portfolio[].project'
    """
    from paxsilica.audit import audited
    from paxsilica.plan.solve import make_manifest, make_plan
    from paxsilica.prices.front import front_prices
    from paxsilica.report.console.summary import print_findings, print_folder, print_summary
    from paxsilica.report.files import place_for, write_plan
    from paxsilica.report.views.named_plan import name_plan
    from paxsilica.studies.parallel import decomposition_resources

    options.refuse_other_case(case, options.out)
    question = options.question(case)
    with (
        Interrupts() as interrupts,
        decomposition_resources(options.cluster, options.store) as resources,
        place_for(
            options.out, question.case.name, make_manifest(question.tables, question.case)
        ) as folder,
    ):
        plan = searched(
            lambda on_progress: make_plan(
                question.tables,
                question.case,
                on_progress,
                interrupts.step,
                prices=None if options.no_prices else front_prices,
                resources=resources,
                least_budget=options.least_budget,
            ),
            interrupts,
            None if options.quiet else options.aside,
        )
        plan = audited(plan, question.tables, question.case)
        folder = write_plan(plan, folder, question.tables)
        print_findings(options.aside, plan)
        found, shown = None, False
        if plan.status == "infeasible" and (options.as_json or not options.quiet):
            if shown := not options.as_json:  # the search for the reasons takes time
                print_summary(Screen(sys.stdout), name_plan(plan, question.tables))
                print_folder(Screen(sys.stdout), folder)
            found = reason(question, folder, options, interrupts)
    code = EXIT_CODES.get(plan.status, 0)
    closest = None if found is None else found.diagnosis.closest
    if closest is not None and closest.audit.status == "failed":
        print_findings(options.aside, closest)
        code = UNVERIFIED

    def show(screen: Screen) -> None:
        if not shown:
            instance = None if plan.objective is None else question.instance()
            print_summary(screen, name_plan(plan, question.tables), instance)
            print_folder(screen, folder)
        if found is not None:
            found.show(screen)

    def document() -> dict[str, Any]:
        return plan_document(plan, folder, HEADLINE_TABLES) | (
            {} if found is None else {"diagnosis": found.diagnosis.result()}
        )

    return Answer(show, document, str(folder), code)


def reason(
    question: Question, folder: Path, options: SolveOptions, interrupts: Interrupts
) -> Diagnosed:
    """Why there is no plan, written to the folder; Ctrl-C ends the search for it.

    Raises:
        Stopped: on Ctrl-C.
    """
    from paxsilica.cli.explain import diagnosed

    interrupts.heed()
    try:
        return diagnosed(question, folder, options.on_step, interrupts.ignore)
    except (Stopped, KeyboardInterrupt):
        raise Stopped(f"Stopped; what was found before is written to {folder}.") from None


def searched(
    work: Callable[[ProgressCallback | None], Plan], interrupts: Interrupts, aside: Screen | None
) -> Plan:
    """The plan of a search that reports its progress on ``aside``; Ctrl-C ends it with the best
    plan so far.

    From then on interrupts are left alone: files are written.

    Raises:
        Stopped: if there is none.
    """
    from paxsilica.report.console.live import LiveView

    with nullcontext() if aside is None else LiveView(aside) as view:
        interrupts.view = view
        try:
            plan = work(None if view is None else view.on_progress)
        except PaxSilicaError as error:
            # A stopped step may have no result to continue with.
            raise Stopped if interrupts.pressed else error from None
    if interrupts.pressed and plan.status == "no_plan":
        raise Stopped
    interrupts.ignore()
    return plan


def plan_document(plan: Plan, folder: Path | None, tables: tuple[str, ...]) -> dict[str, Any]:
    """What ``--json`` prints of a plan: as ``result.json``, with the rows of ``tables`` in the
    place of counts, and where it was written."""
    result = plan.result()
    rows = result.pop("tables")
    return {
        **result,
        "folder": folder,
        "rows": rows,
        "tables": {name: plan.table(name) for name in tables},
    }
