"""The command ``sensitivity``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from paxsilica.bundled import DEFAULT_CASE
from paxsilica.cli.options import CaseName, PlanFolder, gathered, load_plan
from paxsilica.cli.output import Answer
from paxsilica.cli.study_options import Parameters, StudyOptions
from paxsilica.errors import Problem

if TYPE_CHECKING:
    from paxsilica.api import Question
    from paxsilica.plan.result import Plan
    from paxsilica.studies.results import Study


def sensitivity(
    case: CaseName = DEFAULT_CASE,
    parameters: Parameters = None,
    together: Annotated[
        bool, typer.Option("--two-way", help="Move two parameters together instead of each alone.")
    ] = False,
    fixed: Annotated[
        bool,
        typer.Option(
            "--fixed",
            help="Only run the plan with the new numbers; do not optimise again.",
        ),
    ] = False,
    plan: PlanFolder = None,
    *,
    options: StudyOptions,
) -> Answer:
    """Move numbers to the low and high of the data's own ranges, one group at a time (a tornado) or
    two together.

    Each end of each group is a solve: thirty on the bundled data, where --gap 0.001 halves the time
    of each.

    With --json: study (its kind), title, notes, stopped, folder, and tables, as they are written to
    the folder.

    Writes to the folder of --out: the tables as CSV, study.json (title, notes, meaning of each
    column), figure.svg where matplotlib is installed, and tasks, the finished solves of a study
    that can be continued.

    [bold]Examples[/bold]

      paxsilica sensitivity

      paxsilica sensitivity --parameter assets.capacity:chn-* --parameter demand.quantity --two-way
    """
    from paxsilica.studies.sensitivity import sensitivity as one_way
    from paxsilica.studies.sensitivity import two_way

    problems: list[Problem] = []
    if together and (parameters is None or len(parameters) != 2):
        problems.append(Problem("--two-way", "", "", "", "should come with two parameters"))
    given: Plan | None = None
    with gathered(problems):
        given = None if plan is None else load_plan(plan)

    def study(question: Question, **how: Any) -> Study:
        how |= {"plan": given, "resolve": not fixed}
        return (
            two_way(question, *parameters, **how)
            if together and parameters
            else one_way(question, parameters, **how)
        )

    return options.carry_out("sensitivity", case, study, problems)
