"""The command ``frontier``."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated

import typer

from paxsilica.bundled import DEFAULT_CASE
from paxsilica.cli import completion
from paxsilica.cli.options import CaseName, gathered
from paxsilica.cli.output import Answer
from paxsilica.cli.study_options import StudyOptions
from paxsilica.errors import InputError, Problem

if TYPE_CHECKING:
    pass

MEASURES = ("total", "cost", "shortfall", "budget")
LIMITED = ("budget", "coverage", "shortfall", "cost", "concentration")


def frontier(
    case: CaseName = DEFAULT_CASE,
    minimise: Annotated[
        str,
        typer.Option(
            metavar="MEASURE",
            help="What to minimise: total, cost, shortfall or budget.",
            autocompletion=completion.words(*MEASURES),
        ),
    ] = "total",
    along: Annotated[
        list[str] | None,
        typer.Option(
            metavar="MEASURE=POINTS",
            help=(
                "What to limit: budget, coverage, shortfall, cost or concentration; a number of"
                " points, or limits separated by commas."
            ),
            show_default="budget=8",
            autocompletion=completion.words(*(f"{name}=" for name in LIMITED)),
        ),
    ] = None,
    *,
    options: StudyOptions,
) -> Answer:
    """Trade one aim for another: the least of one measure for every combination of limits on
    others, exactly.

    Ctrl-C keeps what is done; the same command goes on where it stopped.

    With --json: study (its kind), title, notes, stopped, folder, and tables, as they are written to
    the folder.

    Writes to the folder of --out: the tables as CSV, study.json (title, notes, meaning of each
    column), figure.svg where matplotlib is installed, and tasks, the finished solves of a study
    that can be continued.

    [bold]Examples[/bold]

      paxsilica frontier --along budget=5000,10000,20000,40000

      paxsilica frontier --minimise budget --along coverage=6

      paxsilica frontier --along budget=6 --along concentration=1,0.8,0.65
    """
    from paxsilica.studies.frontier import frontier as run

    problems: list[Problem] = []
    limits: dict[str, int | list[float]] = {}
    for text in along or ():
        with gathered(problems):
            name, points = _points(text)
            if name in limits:
                problems.append(
                    Problem(
                        "--along",
                        "",
                        "",
                        text,
                        f"{name} is limited already; give all its limits at once",
                    )
                )
            limits[name] = points
    return options.carry_out(
        "frontier",
        case,
        lambda question, **how: run(question, minimise, limits or None, **how),
        problems,
    )


def _points(text: str) -> tuple[str, int | list[float]]:
    """``budget=8`` or ``budget=5000,10000``."""
    name, sign, values = text.partition("=")
    try:
        if not sign:
            raise ValueError
        points = [float(one) for one in values.split(",")] if "," in values else int(values)
        if isinstance(points, list) and not all(math.isfinite(one) and one >= 0 for one in points):
            raise ValueError
        return name, points
    except ValueError:
        right = (
            "should be a measure, =, and a whole number of points or limits of 0 or more separated"
            " by commas, such as budget=5000,10000"
        )
        raise InputError([Problem("--along", "", "", text, right)]) from None
