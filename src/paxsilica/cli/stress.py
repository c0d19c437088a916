"""The command ``stress``."""

from __future__ import annotations

from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from paxsilica.bundled import DEFAULT_CASE
from paxsilica.cli import completion
from paxsilica.cli.options import load_plan, number, several
from paxsilica.cli.output import Answer
from paxsilica.cli.studies import StudyOptions
from paxsilica.errors import InputError, Problem

if TYPE_CHECKING:
    from paxsilica.api import Question
    from paxsilica.plan.result import Plan


class LossName(StrEnum):
    """What can be lost."""

    region = "region"
    plant = "plant"
    route = "route"


def stress(
    name: Annotated[
        str,
        typer.Argument(
            metavar="CASE|DIR",
            help="Name of a bundled case, path of a case file, or folder of a plan.",
            autocompletion=completion.cases_and_plans,
        ),
    ] = DEFAULT_CASE,
    lose: Annotated[
        list[LossName] | None, several("KIND", "region, plant or route", None, shown="region")
    ] = None,
    count: Annotated[
        int, number("N", "Most losses at once; the worst set of each size is proved.", least=1)
    ] = 1,
    year: Annotated[
        list[int] | None,
        several("YEAR", "Year of the loss", None, shown="every year with required coverage"),
    ] = None,
    keep: Annotated[
        list[str] | None,
        several("NAME", "Region, plant or route (from>to) that is not lost", None, "--except"),
    ] = None,
    time: Annotated[
        bool,
        typer.Option(help="Compute the time to survive and the time to recover of each stage."),
    ] = True,
    *,
    options: StudyOptions,
) -> Answer:
    """Test a plan against the loss of one more region, plant or route in addition to the
    adversaries (N-1), or of several at once (the worst set, with proof).

    Each loss is ranked by what it takes of the joint coverage of the survivors' need, one year at
    a time. A second table compares the time to survive of each stage, from stores, with the time
    until capacity alone covers the requirement again.

    A folder of a plan is tested as it is; a case is solved first. Ctrl-C keeps the years that are
    done; the same command goes on where it stopped.

    [bold]Examples[/bold]

      paxsilica stress plans/base

      paxsilica stress plans/base --lose plant --count 2 --year 2035

      paxsilica stress base --lose region --lose route --no-time
    """
    from paxsilica.studies.stress import refuse
    from paxsilica.studies.stress import stress as run

    plan: Plan | None = None
    if (Path(name) / "result.json").is_file():
        question, plan = _planned(Path(name), options)
    else:
        question = options.question(name)
    kinds = [kind.value for kind in lose or [LossName.region]]
    kinds = list(dict.fromkeys(kinds))
    refuse(question, plan, kinds, count, year, keep or ())
    if plan is None:
        plan = question.solve(on_step=options.on_step)
    how: dict[str, Any] = {"lose": kinds, "count": count, "years": year, "keep": keep or ()}
    place = options.out or Path("plans") / f"stress-{Path(name).stem}"
    return options.run("stress", place, partial(run, question, plan, **how, time=time))


def _planned(folder: Path, options: StudyOptions) -> tuple[Question, Plan]:
    """The plan in a folder, with the question that it answers.

    Raises:
        InputError: if the tables are not at hand, or if an option would change the case.
    """
    from paxsilica.api import Question
    from paxsilica.report.views.named_plan import case_of, load_named_plan

    given = {
        "--set": options.settings,
        "--gap": options.gap,
        "--time-limit": options.time_limit,
    }
    problems = [
        Problem.of_option(option, str(value), "changes the case; a plan has its own")
        for option, value in given.items()
        if value is not None
    ]
    if problems:
        raise InputError(problems)
    named = load_named_plan(load_plan(folder), options.data)
    if named.tables is None:
        raise InputError([Problem.of_option("--data", "", named.missing)])
    return Question(named.tables, case_of(named.plan)), named.plan
