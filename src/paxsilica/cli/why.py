"""The commands ``explain`` and ``partners``, and what ``solve`` says where there is no plan: for the command line to mount."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from paxsilica.bundled import DEFAULT_CASE, data_folder, find_case
from paxsilica.case import Case, read_case
from paxsilica.errors import InfeasibleError, InputError, NoPlanError, Problem
from paxsilica.report.files import write_plan
from paxsilica.report.screen import Screen
from paxsilica.studies.coalitions import DEFAULT_PLAYERS, MOST_EXACT, parse_player
from paxsilica.studies.diagnosis import Diagnosis, diagnose
from paxsilica.studies.explain import FLIPS, explain_project
from paxsilica.studies.exposure import explain_stage
from paxsilica.studies.partners import value_partners
from paxsilica.tables import Tables, load_tables

CaseName = Annotated[str, typer.Argument(metavar="CASE", help="Name of a bundled case, or the path of a case file.")]
Data = Annotated[
    Path | None,
    typer.Option("--data", metavar="PATH", help="Tables: a folder of CSV files, or a workbook.", show_default="the bundled data"),
]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Change one key of the case, such as coverage.hard=true; may be given again."),
]
Gap = Annotated[
    float | None,
    typer.Option(metavar="SHARE", help="Gap of each solve; it is carried into every answer.", show_default="that of the case"),
]
STORE = Path("plans") / "coalitions"


def read_question(data: Path | None, case: str, settings: list[str] | None, gap: float | None) -> tuple[Tables, Case]:
    """Tables and case, or one error with the problems of both."""
    problems: list[Problem] = []
    asked = [*(settings or ()), *([] if gap is None else [f"solver.gap={gap!r}"])]
    try:
        tables = load_tables(data or data_folder())
    except InputError as error:
        problems += error.problems
    try:
        question = read_case(find_case(case), asked)
    except InputError as error:
        problems += error.problems
    if problems:
        raise InputError(problems)
    return tables, question


def tell_why(tables: Tables, case: Case, folder: Path | None, screen: Screen, aside: Screen) -> Diagnosis:
    """Says why an infeasible case has no plan and what would give it one; ``solve`` calls it before it ends with exit code 3.

    Args:
        tables, case: the question.
        folder: where ``diagnosis.json`` and the plan that falls least short (``nearest``) are written; ``None``: nowhere.
        screen, aside: for the answer, and for the steps of the work.
    """
    found = diagnose(tables, case, lambda step: aside.print(f"Looking for the reason: {step}", soft_wrap=True))
    for line in found.lines():
        screen.print(line, soft_wrap=True)
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps(found.result(), indent=2, ensure_ascii=False, default=str)
        (folder / "diagnosis.json").write_text(text + "\n", encoding="utf-8")
        if found.nearest is not None:
            write_plan(found.nearest, folder / "nearest")
            screen.print(f"It is written to {folder / 'nearest'}.", soft_wrap=True)
    return found


def explain(
    case: CaseName = DEFAULT_CASE,
    project: Annotated[str | None, typer.Argument(metavar="[PROJECT]", help="Key of a project in the data.")] = None,
    stage: Annotated[str | None, typer.Option(metavar="STAGE", help="Say why this stage is exposed, instead of a project.")] = None,
    flips: Annotated[
        str, typer.Option(metavar="NAMES", help=f"Numbers at which the verdict may turn, separated by commas: {', '.join(FLIPS)}; or none.")
    ] = ",".join(FLIPS),
    solves: Annotated[int, typer.Option(min=1, help="Most re-solves for each of these numbers; more make the interval narrower.")] = 4,
    gap: Gap = None,
    data: Data = None,
    settings: Settings = None,
) -> None:
    """Say why a project is in the plan or not, or why a stage is exposed.

    [bold]Examples[/bold]

      paxsilica explain base nolans-mine

      paxsilica explain base --stage processing
    """
    screen, aside = Screen(sys.stdout), Screen(sys.stderr)
    if (project is None) == (stage is None):
        raise InputError([Problem("explain", "", "", "", "should be given either a project or --stage")])
    wanted = tuple(name.strip() for name in flips.split(",") if name.strip() not in ("", "none"))
    unknown = [name for name in wanted if name not in FLIPS]
    if unknown:
        raise InputError([Problem("--flips", "", "", name, f"should be one of {', '.join(FLIPS)}") for name in unknown])
    tables, question = read_question(data, case, settings, gap)

    def tell(step: str) -> None:
        aside.print(step, soft_wrap=True)

    try:
        if stage is not None:
            lines = explain_stage(tables, question, stage, tell).lines()
        else:
            assert project is not None
            found = explain_project(tables, question, project, wanted, solves, tell)
            lines = found.lines()
            graded = [f"{one.table} {one.row} {one.column} {one.value:,.6g}: {one.grade}" for one in found.numbers if one.grade]
            lines += ["Numbers it rests on, with their grade:", *(f"- {line}" for line in graded)] if graded else []
    except (InfeasibleError, NoPlanError) as error:
        aside.print(str(error), soft_wrap=True)
        raise typer.Exit(error.exit_code) from None
    for line in lines:
        screen.print(line, soft_wrap=True)


def partners(
    case: CaseName = DEFAULT_CASE,
    players: Annotated[
        list[str] | None,
        typer.Option(
            "--players",
            metavar="[NAME=]sign:REGION | [NAME=]money:REGION",
            help="Who may take part: by signing, or with the money of the region's funders; +REGION adds regions. May be given again.",
            show_default="; ".join(DEFAULT_PLAYERS),
        ),
    ] = None,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Coalitions that are solved at the same time.")] = 2,
    cluster: Annotated[str | None, typer.Option(metavar="ADDRESS", help="Solve on the Dask cluster whose scheduler is there.")] = None,
    samples: Annotated[int, typer.Option(min=4, help=f"Orders of arrival that are drawn with more than {MOST_EXACT} players.")] = 32,
    seed: Annotated[int, typer.Option(min=0, help="Seed of that draw.")] = 0,
    store: Annotated[
        Path, typer.Option(metavar="DIR", help="Where finished coalitions are kept; the same command goes on from them.")
    ] = STORE,
    own_needs: Annotated[
        bool, typer.Option("--own-needs", help="Count the needs of those who may sign too, not only what they add for the others.")
    ] = False,
    gap: Gap = None,
    data: Data = None,
    settings: Settings = None,
) -> None:
    """Say what each funder's money and each country's signature is worth: first in, last in, and on average over all orders (Shapley).

    [bold]Examples[/bold]

      paxsilica partners base --gap 0.001

      paxsilica partners base --players "Japan=sign:JPN" --players "the Gulf=money:ARE+QAT+SAU"
    """
    screen, aside = Screen(sys.stdout), Screen(sys.stderr)
    tables, question = read_question(data, case, settings, gap)
    chosen = [parse_player(text, tables) for text in players or DEFAULT_PLAYERS]
    if len({player.name for player in chosen}) < len(chosen):
        raise InputError([Problem("--players", "", "", "", "two players have the same name; give them names of their own")])
    try:
        found = value_partners(
            tables,
            question,
            chosen,
            folder=store,
            workers=workers,
            samples=samples,
            seed=seed,
            own_needs=own_needs,
            cluster=cluster,
        )
    except KeyboardInterrupt:
        aside.print(f"Stopped; what is finished is kept in {store}, and the same command goes on from there.", soft_wrap=True)
        raise
    for line in found.lines():
        screen.print(line, soft_wrap=True)
    if not found.exact:
        screen.print(f"Estimated from {samples} orders of arrival; errors are half the width of a 95 % interval.", soft_wrap=True)
    if any(player.signs for player in chosen):
        others = "A signature is worth here what it adds for the others: the final demand of those who may sign is left out throughout."
        own = "The needs of those who sign are counted: whoever is trusted has demand that must be covered too."
        screen.print(own if own_needs else others, soft_wrap=True)
