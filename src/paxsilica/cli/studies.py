"""The commands of studies, and the options and output that they share."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import typer
from rich.text import Text

from paxsilica.bundled import DEFAULT_CASE
from paxsilica.cli import completion
from paxsilica.cli.errors import STOPPED
from paxsilica.cli.options import (
    CaseName,
    Cluster,
    PlanFolder,
    SolveOptions,
    gathered,
    gathered_plan,
    load_plan,
    number,
    several,
)
from paxsilica.cli.output import Answer
from paxsilica.cli.paths import holds_study, refuse_to_write_over
from paxsilica.errors import InputError, Problem
from paxsilica.output_tables import CALENDAR_YEAR
from paxsilica.report.console.screen import Screen

if TYPE_CHECKING:
    from paxsilica.output_tables import Column
    from paxsilica.plan.result import Plan
    from paxsilica.studies.results import Study

RESULTS: Mapping[str, tuple[str, ...]] = {
    "frontier": ("Frontier",),
    "alternatives": ("Alternatives",),
    "sensitivity": ("Sensitivity", "TwoWay"),
    "montecarlo": ("MonteCarlo",),
    "completion": ("CompletionStudy",),
    "information": ("Information",),
    "compare": ("SideBySide", "Comparison"),
    "stress": ("Stress",),
    "replan": ("Replan",),
}
"""What each command gives, as ``study.json`` names it: a folder that holds another kind of study is
not overwritten."""

ROWS_SHOWN = 60
ALWAYS_SHOWN = (
    *("plans", "worst", "distribution", "headline", "roles", "coverage", "scenarios", "survival"),
    *("money", "news", "holding", "contradictions"),
)
"""Tables that are shown beside the main one."""

ZERO_TOL = 1e-9
"""A smaller number of a study is rounding of a difference."""

MEASURES = ("total", "cost", "shortfall", "budget")
LIMITED = ("budget", "coverage", "shortfall", "cost", "concentration")


@dataclass(frozen=True)
class StudyOptions(SolveOptions):
    """Options of every study."""

    ABOUT: ClassVar[str] = (
        "With --json: study (its kind), title, notes, stopped, folder, and tables, as they are"
        " written to the folder."
        "\n\n"
        "Writes to the folder of --out: the tables as CSV, study.json (title, notes, and type, unit"
        " and meaning of each column), figure.svg where matplotlib is installed, and tasks, the"
        " finished solves of a study that can be continued."
    )

    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="DIR", help="Folder to write to.", show_default="plans/<study>-<case>"
        ),
    ] = None
    workers: Annotated[
        int | None, number("N", "Processes that solve.", least=1, shown="one per core")
    ] = None
    cluster: Cluster = None

    def carry_out(
        self, name: str, case: str, study: Callable[..., Study], found: Iterable[Problem] = ()
    ) -> Answer:
        """Carries out a study of one case: ``study`` is called with the question and how to run
        it."""
        question = self.question(case, found)
        place = self.out or Path("plans") / f"{name}-{Path(case).stem}"
        return self.run(name, place, partial(study, question))

    def run(self, name: str, place: Path, study: Callable[..., Study]) -> Answer:
        """Runs a study and writes it to ``place``. Finished solves are kept in the folder ``tasks``
        beside the tables."""
        refuse_to_write_over(place, holds_study(*RESULTS[name]), force=None)
        progress = False if self.quiet else None
        found = study(
            workers=self.workers, store=place / "tasks", cluster=self.cluster, progress=progress
        )
        found.save(place)
        return Answer(
            lambda screen: print_study(screen, found, place),
            lambda: {**found.result(), "folder": place},
            str(place),
            STOPPED if found.stopped else 0,
        )


def print_study(screen: Screen, study: Study, folder: Path) -> None:
    """Title, notes, the tables that matter most, and the folder."""
    screen.print(Text(study.title, "bold"))
    screen.say(*study.notes)
    for name, frame in study.tables.items():
        if name == study.main or name in ALWAYS_SHOWN:
            schema, title = study.docs[name].schema, f"{study.docs[name].title}:"
            if frame.empty:
                screen.say("", f"{title} none")
                continue
            filled = frame
            if not study.blank_columns_shown:
                filled = frame.dropna(axis="columns", how="all")
            columns = [str(column) for column in filled.columns]
            heads = [study.heading(column) for column in columns]
            numbers = [study.heading(column) for column in columns if schema[column].numeric]
            shown = filled.head(ROWS_SHOWN).itertuples(index=False, name=None)
            cells = (
                [cell_text(value, schema[key]) for key, value in zip(columns, row, strict=True)]
                for row in shown
            )
            screen.show("")
            screen.show_rows(heads, cells, numbers, title)
            if len(frame) > ROWS_SHOWN:
                screen.show(f"and {len(frame) - ROWS_SHOWN:,} more rows")
    screen.show("", f"Written to {folder}")


def cell_text(value: Any, column: Column) -> str:
    """A value as the screen shows it: years without separators, numbers with four digits.

    >>> from paxsilica.output_tables import money, number, year
    >>> cell_text(2030.0, year("")), cell_text(2030.5, number("", "calendar year"))
    ('2030', '2030.5')
    >>> cell_text(2030.0, money("")), cell_text(0.25, number("", "t")), cell_text(None, money(""))
    ('2,030', '0.25', '')
    """
    if value is None or value != value:
        return ""
    if column.dtype == "true/false":
        return "yes" if value else "no"
    if not column.numeric:
        return str(value)
    if column.format == "year" or column.unit == CALENDAR_YEAR:
        return f"{value:.0f}" if float(value).is_integer() else f"{value:.1f}"
    if abs(value) < ZERO_TOL:
        return "0"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.4g}"


Parameters = Annotated[
    list[str] | None,
    several(
        "TABLE.COLUMN[:ROWS]",
        "Numbers that move together, such as assets.capacity:*-mines",
        None,
        "--parameter",
        shown="the usual groups",
    ),
]


class ShapeName(StrEnum):
    """Distribution over a range."""

    triangular = "triangular"
    uniform = "uniform"


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
    """Compute an exact Pareto frontier: minimise one measure for each combination of limits on the
    others.

    Ctrl-C keeps what is done; the same command goes on where it stopped.

    [bold]Examples[/bold]

      paxsilica frontier --along budget=26000,28000,32000,40000

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
                words = f"{name} is limited already; give all its limits at once"
                problems.append(Problem.of_option("--along", text, words))
            limits[name] = points
    study = partial(run, minimised=minimise, along=limits or None)
    return options.carry_out("frontier", case, study, problems)


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
        expected = (
            "should be a measure, =, and a whole number of points or limits of 0 or more separated"
            " by commas, such as budget=5000,10000"
        )
        raise InputError([Problem.of_option("--along", text, expected)]) from None


def alternatives(
    case: CaseName = DEFAULT_CASE,
    tolerance: Annotated[
        float,
        number(
            "SHARE",
            "How much more a plan may cost, as a share of the capital that the best plan decides.",
        ),
    ] = 0.02,
    tolerance_usd_m: Annotated[
        float | None, number("USD_M", "The same in USD million, instead.")
    ] = None,
    plans: Annotated[int, number("N", "Distinct whole plans to list.", least=1)] = 5,
    distance: Annotated[
        int, number("N", "Smallest number of projects in which two plans differ.", least=1)
    ] = 1,
    *,
    options: StudyOptions,
) -> Answer:
    """Find which projects are in every near-optimal plan, in some or in none, and list distinct
    plans with the cost of each.

    The best plan is proved to a quarter of the tolerance, whatever the gap; --gap 0.001 shortens
    the first search and the searches for distinct plans. Ctrl-C keeps what is done; the same
    command goes on where it stopped.

    [bold]Examples[/bold]

      paxsilica alternatives

      paxsilica alternatives base --tolerance-usd-m 500 --plans 10 --distance 5
    """
    from paxsilica.studies.alternatives import alternatives as run

    allowed: dict[str, Any] = {"tolerance": tolerance, "tolerance_usd_m": tolerance_usd_m}
    study = partial(run, **allowed, plans=plans, distance=distance)
    return options.carry_out("alternatives", case, study)


def sensitivity(
    case: CaseName = DEFAULT_CASE,
    parameters: Parameters = None,
    together: Annotated[
        bool, typer.Option("--two-way", help="Move two parameters together instead of each alone.")
    ] = False,
    fixed: Annotated[
        bool,
        typer.Option(
            "--fixed", help="Only run the plan with the new numbers; do not optimise again."
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

    [bold]Examples[/bold]

      paxsilica sensitivity

      paxsilica sensitivity --parameter assets.capacity --parameter demand.quantity --two-way
    """
    from paxsilica.studies.sensitivity import sensitivity as one_way
    from paxsilica.studies.sensitivity import two_way

    problems: list[Problem] = []
    if together and (parameters is None or len(parameters) != 2):
        problems.append(Problem.of_option("--two-way", "", "should come with two parameters"))
    how: dict[str, Any] = {"plan": gathered_plan(plan, problems), "resolve": not fixed}
    study: Callable[..., Study] = partial(one_way, parameters=parameters, **how)
    if together and parameters and len(parameters) == 2:
        study = partial(two_way, first=parameters[0], second=parameters[1], **how)
    return options.carry_out("sensitivity", case, study, problems)


def montecarlo(
    case: CaseName = DEFAULT_CASE,
    samples: Annotated[
        int, number("N", "How many; powers of two fill the ranges most evenly.", least=1)
    ] = 64,
    parameters: Parameters = None,
    shape: Annotated[
        ShapeName, typer.Option(help="Distribution over each range.")
    ] = ShapeName.triangular,
    apart: Annotated[
        bool, typer.Option("--apart", help="Draw each row of a group for itself.")
    ] = False,
    seed: Annotated[int, number("N", "Fixes the draws.")] = 0,
    plan: PlanFolder = None,
    *,
    options: StudyOptions,
) -> Answer:
    """Solve for many draws of the uncertain numbers: how often is each project chosen, how is cost
    distributed.

    Each draw is a solve. With --plan the projects of a plan are kept, and the study reports how
    that plan performs, which is much faster.

    [bold]Examples[/bold]

      paxsilica montecarlo --samples 32 --gap 0.001

      paxsilica montecarlo --plan plans/base --samples 256
    """
    from paxsilica.studies.montecarlo import montecarlo as run

    problems: list[Problem] = []
    drawn: dict[str, Any] = {
        "parameters": parameters,
        "shape": shape.value,
        "apart": apart,
        "seed": seed,
    }
    given = gathered_plan(plan, problems)
    study: Callable[..., Study] = partial(run, samples=samples, plan=given, **drawn)
    return options.carry_out("montecarlo", case, study, problems)


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

    [bold]Examples[/bold]

      paxsilica compare plans/base plans/forty-billion

      paxsilica compare base retaliation expansion --gap 0.001
    """
    from paxsilica.studies.scenarios import compare as two
    from paxsilica.studies.scenarios import side_by_side

    folders = [name for name in names if (Path(name) / "result.json").is_file()]
    cases = [name for name in names if name not in folders]
    problems = [
        Problem.of_option("NAME", name, "is named twice")
        for name in set(names)
        if names.count(name) > 1
    ]
    plans: dict[str, Plan] = {}
    for name in folders:
        with gathered(problems):
            plans[name] = load_plan(Path(name))
    if not cases and len(folders) != 2:
        words = "should be two plans, or at least one case"
        problems.append(Problem.of_option("NAME", " ".join(names), words))
    questions = options.questions(cases, problems)

    def study(**how: Any) -> Study:
        if not cases:
            return two(*plans.values())
        short = [question.case.name for question in questions]
        labels = short if len({*short, *plans}) == len(short) + len(plans) else cases
        return side_by_side(dict(zip(labels, questions, strict=True)), plans=plans, **how)

    return options.run("compare", options.out or Path("plans/compare"), study)
