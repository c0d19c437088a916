"""The command ``explain``, and the diagnosis that ``solve`` prints without a plan."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from paxsilica.bundled import DEFAULT_CASE
from paxsilica.cli import completion
from paxsilica.cli.options import CaseName, GapOptions, number
from paxsilica.cli.output import Answer
from paxsilica.errors import Problem
from paxsilica.studies import BREAK_EVEN_NUMBERS

if TYPE_CHECKING:
    from paxsilica.api import Question
    from paxsilica.infeasibility.diagnose import Diagnosis
    from paxsilica.report.console.screen import Screen


@dataclass(frozen=True)
class Diagnosed:
    """Why a case has no plan, and the folder of the closest plan, if there is one."""

    diagnosis: Diagnosis
    closest: Path | None

    def show(self, screen: Screen) -> None:
        """Prints it."""
        screen.show(*self.diagnosis.lines())
        if self.closest is not None:
            screen.show(f"The closest plan is written to {self.closest}.")


def diagnosed(
    question: Question,
    folder: Path,
    on_step: Callable[[str], None],
    on_written: Callable[[], None] = lambda: None,
) -> Diagnosed:
    """Finds why an infeasible case has no plan and what would give it one.

    ``diagnosis.json`` and the closest plan (folder ``closest``) are written to ``folder``, all or
    nothing; ``on_written`` is called before that.
    """
    from paxsilica.infeasibility.diagnose import diagnose
    from paxsilica.report.files import write_diagnosis

    found = diagnose(question.tables, question.case, lambda step: on_step(f"Diagnosis: {step}"))
    on_written()
    closest = write_diagnosis(found.result(), found.closest, folder, question.tables)
    return Diagnosed(found, closest)


def explain(
    case: CaseName = DEFAULT_CASE,
    project: Annotated[
        str | None,
        typer.Argument(
            metavar="PROJECT",
            help="Key of a project in the data.",
            autocompletion=completion.keys("projects"),
        ),
    ] = None,
    stage: Annotated[
        str | None,
        typer.Option(
            metavar="STAGE",
            help="Explain why this stage is below the requirement, instead of a project.",
            autocompletion=completion.keys("stages"),
        ),
    ] = None,
    break_even: Annotated[
        str,
        typer.Option(
            metavar="NAMES",
            help=(
                "Numbers whose break-even value is searched for, separated by commas:"
                f" {', '.join(BREAK_EVEN_NUMBERS)}; or none."
            ),
            autocompletion=completion.listed(*BREAK_EVEN_NUMBERS),
        ),
    ] = ",".join(BREAK_EVEN_NUMBERS),
    solves: Annotated[
        int,
        number(
            "N",
            "Most re-solves for each of these numbers; more make the interval narrower.",
            least=1,
        ),
    ] = 4,
    *,
    options: GapOptions,
) -> Answer:
    """Explain why a project is in the plan or not, or why a stage is below the requirement.

    With --json, of a project: verdict, worth_usd_m and what is forced in or out (each from low to
    high), displaced, feeds, reaches, break_even, numbers; of a stage: year, share, required,
    shares, steps, cause. Both hold the sentences too, as text.

    [bold]Examples[/bold]

      paxsilica explain base nolans-mine

      paxsilica explain base nolans-mine --break-even "capital,lead time" --json

      paxsilica explain base --stage processing
    """
    problems: list[Problem] = []
    if (project is None) == (stage is None):
        words = "should be given either a project or --stage"
        problems.append(Problem.of_option("explain", "", words))
    wanted = tuple(
        name.strip() for name in break_even.split(",") if name.strip() not in ("", "none")
    )
    problems += [
        Problem.of_option("--break-even", name, f"should be one of {', '.join(BREAK_EVEN_NUMBERS)}")
        for name in wanted
        if name not in BREAK_EVEN_NUMBERS
    ]
    question = options.question(case, problems)
    if stage is not None:
        from paxsilica.studies.exposure import explain_stage

        exposure = explain_stage(question.tables, question.case, stage, options.on_step)
        return Answer(lambda screen: screen.show(*exposure.lines()), exposure.result)
    from paxsilica.studies.explain import explain_project

    assert project is not None
    found = explain_project(
        question.tables, question.case, project, wanted, solves, options.on_step
    )
    graded = [
        f"- {one.table} {one.row} {one.column} {one.value:,.6g}: {one.grade}"
        for one in found.numbers
        if one.grade
    ]
    lines = found.lines() + (["Numbers it rests on, with their grade:", *graded] if graded else [])
    return Answer(lambda screen: screen.show(*lines), found.result)
