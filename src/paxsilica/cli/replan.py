"""The command ``replan``."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from paxsilica.bundled import data_folder
from paxsilica.cli.options import CaseName, PlanArgument, gathered, load_plan, number
from paxsilica.cli.output import Answer
from paxsilica.cli.studies import StudyOptions
from paxsilica.errors import InfeasibleError, InputError, Problem

if TYPE_CHECKING:
    from paxsilica.plan.result import Plan
    from paxsilica.studies.replan import Replan
    from paxsilica.tables import Tables


def replan(
    plan: PlanArgument,
    case: CaseName,
    signed_until: Annotated[
        int | None,
        number(
            "YEAR",
            "Last year whose decisions are taken: they are held, and no others are made in it.",
            shown="the first year of the case",
        ),
    ] = None,
    data_before: Annotated[
        Path | None,
        typer.Option(
            metavar="PATH",
            help="Tables from which the plan was made, to list the rows that differ.",
            show_default="the bundled data, if the plan was made from them",
        ),
    ] = None,
    *,
    options: StudyOptions,
) -> Answer:
    """Plan again after news: hold what is signed of a plan in force, solve the new case, and list
    what changes and why.

    The news is whatever differs: the case, its keys (--set) or the tables (--data). Commitments of
    the plan up to --signed-until keep their year, size and payments. The cost of holding them is
    the difference of the optima with and without, between bounds. If they contradict the new case,
    the conflicts are listed, some of what is signed is given up, and the command ends with code 3.

    [bold]Examples[/bold]

      paxsilica replan plans/base no-gulf --signed-until 2027 --gap 0.001

      paxsilica replan plans/base base --set budget_usd_m=30000 --data new-tables
    """
    from paxsilica.studies.replan import replan as run

    problems: list[Problem] = []
    found: Plan | None = None
    with gathered(problems):
        found = load_plan(plan)
    question = options.question(case, problems)
    if found is None:
        raise InputError(problems)
    before = _tables_before(found, question.tables, data_before)
    results: list[Replan] = []

    def study(**how: Any) -> Replan:
        assert found is not None
        made = run(question, found, signed_until=signed_until, tables_before=before, **how)
        results.append(made)
        return made

    place = options.out or Path("plans") / f"replan-{plan.name}"
    answer = options.run("replan", place, study)
    if results[0].contradicting:
        return replace(answer, exit_code=InfeasibleError.exit_code)
    return answer


def _tables_before(plan: Plan, now: Tables, folder: Path | None) -> Tables | None:
    """The tables from which the plan was made, if they are named or at hand."""
    from paxsilica.tables import load_tables

    if folder is not None:
        return load_tables(folder)
    wanted = plan.manifest.get("data_digest")
    if now.digest == wanted:
        return now
    try:
        bundled = load_tables(data_folder())
    except InputError:
        return None
    return bundled if bundled.digest == wanted else None
