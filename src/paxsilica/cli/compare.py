"""The command ``compare``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from paxsilica.cli import completion
from paxsilica.cli.options import gathered, load_plan
from paxsilica.cli.output import Answer
from paxsilica.cli.study_options import StudyOptions
from paxsilica.errors import Problem

if TYPE_CHECKING:
    from paxsilica.plan.result import Plan
    from paxsilica.studies.results import Study


def compare(
    names: Annotated[
        list[str],
        typer.Argument(
            metavar="NAME...",
            help="Folders of plans, and bundled cases or case files.",
            autocompletion=completion.cases_and_plans,
        ),
    ],
    *,
    options: StudyOptions,
) -> Answer:
    """Compare two plans; or compare cases, and run the plan of each in every other case to report
    the regret.

    With --json: study (its kind), title, notes, stopped, folder, and tables, as they are written to
    the folder.

    Writes to the folder of --out: the tables as CSV, study.json (title, notes, meaning of each
    column), figure.svg where matplotlib is installed, and tasks, the finished solves of a study
    that can be continued.

    [bold]Examples[/bold]

      paxsilica compare plans/base plans/forty-billion

      paxsilica compare base retaliation no-gulf --gap 0.001
    """
    from paxsilica.studies.scenarios import compare as two
    from paxsilica.studies.scenarios import side_by_side

    folders = [name for name in names if (Path(name) / "result.json").is_file()]
    cases = [name for name in names if name not in folders]
    problems = [
        Problem("NAME", "", "", name, "is named twice")
        for name in set(names)
        if names.count(name) > 1
    ]
    plans: dict[str, Plan] = {}
    for name in folders:
        with gathered(problems):
            plans[name] = load_plan(Path(name))
    if not cases and len(folders) != 2:
        problems.append(
            Problem("NAME", "", "", " ".join(names), "should be two plans, or at least one case")
        )
    questions = options.questions(cases, problems)

    def study(**how: Any) -> Study:
        if not cases:
            return two(*plans.values())
        short = [question.case.name for question in questions]
        labels = short if len({*short, *plans}) == len(short) + len(plans) else cases
        return side_by_side(dict(zip(labels, questions, strict=True)), plans=plans, **how)

    return options.run("compare", options.out or Path("plans/compare"), study)
