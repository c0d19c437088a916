"""The command ``montecarlo``."""

from __future__ import annotations

from enum import StrEnum
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


class ShapeName(StrEnum):
    """Distribution over a range."""

    triangular = "triangular"
    uniform = "uniform"


def montecarlo(
    case: CaseName = DEFAULT_CASE,
    samples: Annotated[
        int,
        typer.Option(
            metavar="N", min=1, help="How many; powers of two fill the ranges most evenly."
        ),
    ] = 64,
    parameters: Parameters = None,
    shape: Annotated[
        ShapeName, typer.Option(help="Distribution over each range.")
    ] = ShapeName.triangular,
    apart: Annotated[
        bool, typer.Option("--apart", help="Draw each row of a group for itself.")
    ] = False,
    seed: Annotated[int, typer.Option(metavar="N", min=0, help="Fixes the draws.")] = 0,
    plan: PlanFolder = None,
    *,
    options: StudyOptions,
) -> Answer:
    """Solve for many draws of the uncertain numbers: how often is each project chosen, how is cost
    distributed.

    Each draw is a solve. With --plan the projects of a plan are kept, and the study reports how
    that plan performs, which is much faster.

    With --json: study (its kind), title, notes, stopped, folder, and tables, as they are written to
    the folder.

    Writes to the folder of --out: the tables as CSV, study.json (title, notes, meaning of each
    column), figure.svg where matplotlib is installed, and tasks, the finished solves of a study
    that can be continued.

    [bold]Examples[/bold]

      paxsilica montecarlo --samples 32 --gap 0.001

      paxsilica montecarlo --plan plans/base --samples 256
    """
    from paxsilica.studies.montecarlo import montecarlo as run

    problems: list[Problem] = []
    given: Plan | None = None
    with gathered(problems):
        given = None if plan is None else load_plan(plan)

    def study(question: Question, **how: Any) -> Study:
        return run(
            question,
            samples,
            parameters=parameters,
            shape=shape.value,
            apart=apart,
            seed=seed,
            plan=given,
            **how,
        )

    return options.carry_out("montecarlo", case, study, problems)
