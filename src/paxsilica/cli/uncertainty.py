"""The commands ``completion`` and ``information``: what chance does to a plan, and what it would be
worth to know."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from paxsilica.bundled import DEFAULT_CASE
from paxsilica.cli import completion as offered
from paxsilica.cli.options import CaseName, gathered, load_plan, number
from paxsilica.cli.output import Answer
from paxsilica.cli.studies import StudyOptions
from paxsilica.errors import InputError, Problem

if TYPE_CHECKING:
    from paxsilica.api import Question
    from paxsilica.plan.result import Plan
    from paxsilica.studies.results import Study


def completion(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="Folder of a plan, or a bundled case or case file, which is solved first.",
            autocompletion=offered.cases_and_plans,
        ),
    ] = DEFAULT_CASE,
    draws: Annotated[int, number("N", "How many draws.", least=2)] = 1000,
    seed: Annotated[int, number("N", "Fixes the draws.")] = 0,
    *,
    options: StudyOptions,
) -> Answer:
    """Draw whether each committed project is completed on time, late or never, and report how joint
    coverage of the plan is distributed by year.

    The plan is fixed. The probabilities are those of the table completion. A project has the same
    fate in every plan that is evaluated with the same seed and number of draws, so that plans can
    be compared.

    [bold]Examples[/bold]

      paxsilica completion plans/base --draws 1000 --seed 1

      paxsilica completion base --gap 0.001
    """
    from paxsilica.studies.completion_draws import completion as run

    folder = Path(name)
    if not (folder / "result.json").is_file():
        return options.carry_out("completion", name, partial(run, draws=draws, seed=seed))
    question, plan = _saved(folder, options)

    def study(**how: Any) -> Study:
        return run(question, draws, seed=seed, plan=plan, **how)

    place = options.out or Path("plans") / f"completion-{folder.name}"
    return options.run("completion", place, study)


def information(
    case: CaseName = DEFAULT_CASE,
    reference: Annotated[
        str | None,
        typer.Option(
            metavar="SCENARIO",
            help="Scenario that takes the place of the mean of the scenarios.",
            autocompletion=offered.keys("scenarios"),
            show_default="the mean, or the likeliest scenario if one has a cut-off",
        ),
    ] = None,
    *,
    options: StudyOptions,
) -> Answer:
    """Compute the value of planning for all scenarios (VSS) and of knowing the scenario in advance
    (EVPI) for a case with scenarios.

    Solves the case, the reference scenario and each scenario. Each value is an interval, from the
    bounds and the plans of these solves: a smaller --gap makes it narrower.

    [bold]Examples[/bold]

      paxsilica information retaliation --gap 0.001

      paxsilica information my-case.toml --reference licences-only
    """
    from paxsilica.studies.information import information as run

    return options.carry_out("information", case, partial(run, reference=reference))


def _saved(folder: Path, options: StudyOptions) -> tuple[Question, Plan]:
    """The plan in a folder, with the question that it answers."""
    from paxsilica.api import Question
    from paxsilica.bundled import data_folder
    from paxsilica.report.views.named_plan import case_of
    from paxsilica.tables import load_tables

    problems: list[Problem] = []
    if options.all_settings():
        words = "should not be given with a plan, whose case is known"
        problems += [Problem.of_option("--set", text, words) for text in options.all_settings()]
    found: list[Any] = []
    readers: tuple[Callable[[], Any], ...] = (
        lambda: load_plan(folder),
        lambda: load_tables(options.data or data_folder()),
    )
    for read in readers:
        with gathered(problems):
            found.append(read())
    if problems:
        raise InputError(problems)
    plan, tables = found
    return Question(tables, case_of(plan)), plan
