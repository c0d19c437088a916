"""The commands of studies, in the manner of ``paxsilica solve``: ``register`` adds them to the command line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from paxsilica.bundled import DEFAULT_CASE
from paxsilica.cli.showing import carry_out, guarded_run
from paxsilica.errors import InputError, Problem

if TYPE_CHECKING:
    from paxsilica.api import Question
    from paxsilica.studies.results import Study

CaseName = Annotated[str, typer.Argument(metavar="CASE", help="Name of a bundled case, or the path of a case file.")]
Data = Annotated[
    Path | None,
    typer.Option("--data", metavar="PATH", help="Tables: a folder of CSV files, or a workbook.", show_default="the bundled data"),
]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Change one key of the case, such as coverage.hard=true; may be given again."),
]
Gap = Annotated[float | None, typer.Option(metavar="SHARE", help="Gap at which each search ends, as a share of the objective.")]
TimeLimit = Annotated[float | None, typer.Option(metavar="SECONDS", help="Longest search of each solve.")]
Out = Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Folder to write to.", show_default="plans/<study>-<case>")]
Workers = Annotated[int | None, typer.Option(metavar="N", help="Processes that solve.", show_default="one per core")]
Cluster = Annotated[str | None, typer.Option(metavar="ADDRESS", help="Solve on the Dask cluster whose scheduler is there.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print everything as JSON instead of a table.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but the folder.")]
Parameters = Annotated[
    list[str] | None,
    typer.Option(
        "--parameter",
        metavar="TABLE.COLUMN[:ROWS]",
        help="Numbers that move together, such as assets.capacity:chn-*; may be given again.",
        show_default="the usual groups",
    ),
]
PlanFolder = Annotated[Path | None, typer.Option("--plan", metavar="DIR", help="A plan written by paxsilica solve.")]


class ShapeName(StrEnum):
    """Distribution over a range."""

    triangular = "triangular"
    uniform = "uniform"


def frontier(
    case: CaseName = DEFAULT_CASE,
    minimise: Annotated[str, typer.Option(metavar="MEASURE", help="What to minimise: total, cost, shortfall or budget.")] = "total",
    along: Annotated[
        list[str] | None,
        typer.Option(
            metavar="MEASURE=POINTS",
            help="What to limit: budget, coverage, shortfall, cost or concentration; a number of points, or limits separated by commas.",
            show_default="budget=8",
        ),
    ] = None,
    gap: Gap = None,
    time_limit: TimeLimit = None,
    out: Out = None,
    workers: Workers = None,
    cluster: Cluster = None,
    data: Data = None,
    settings: Settings = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Trade one aim for another: the least of one measure for every combination of limits on others, exactly.

    Ctrl-C keeps what is done; the same command goes on where it stopped.

    [bold]Examples[/bold]

      paxsilica frontier --along budget=5000,10000,20000,40000

      paxsilica frontier --minimise budget --along coverage=6

      paxsilica frontier --along budget=6 --along concentration=1,0.8,0.65
    """

    def study(question: Question, options: dict[str, Any]) -> Study:
        from paxsilica.studies.frontier import frontier as run

        return run(question, minimise, dict(map(_points, along)) if along else None, **options)

    _run("frontier", study, case, data, settings, gap, time_limit, out, workers, cluster, as_json, quiet)


def alternatives(
    case: CaseName = DEFAULT_CASE,
    tolerance: Annotated[
        float, typer.Option(metavar="SHARE", help="How much more a plan may cost, as a share of the capital that the best plan decides.")
    ] = 0.02,
    tolerance_usd_m: Annotated[float | None, typer.Option(metavar="USD_M", help="The same in USD million, instead.")] = None,
    plans: Annotated[int, typer.Option(metavar="N", help="Distinct whole plans to list.")] = 5,
    distance: Annotated[int, typer.Option(metavar="N", help="Projects in which any two of them differ, at least.")] = 1,
    gap: Gap = None,
    time_limit: TimeLimit = None,
    out: Out = None,
    workers: Workers = None,
    cluster: Cluster = None,
    data: Data = None,
    settings: Settings = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Tell which projects are in every near-optimal plan, in some or in none, and list distinct plans with the cost of each.

    The best plan is sought to a quarter of the tolerance, whatever the gap; --gap 0.001 hastens its first search and those for distinct plans.
    Ctrl-C keeps what is done; the same command goes on where it stopped.

    [bold]Examples[/bold]

      paxsilica alternatives

      paxsilica alternatives base --tolerance-usd-m 500 --plans 10 --distance 5
    """

    def study(question: Question, options: dict[str, Any]) -> Study:
        from paxsilica.studies.alternatives import alternatives as run

        return run(question, tolerance, tolerance_usd_m=tolerance_usd_m, plans=plans, distance=distance, **options)

    _run("alternatives", study, case, data, settings, gap, time_limit, out, workers, cluster, as_json, quiet)


def sensitivity(
    case: CaseName = DEFAULT_CASE,
    parameters: Parameters = None,
    together: Annotated[bool, typer.Option("--two-way", help="Move two parameters together instead of one at a time.")] = False,
    fixed: Annotated[bool, typer.Option("--fixed", help="Only run the plan with the new numbers; do not seek the best plan anew.")] = False,
    plan: PlanFolder = None,
    gap: Gap = None,
    time_limit: TimeLimit = None,
    out: Out = None,
    workers: Workers = None,
    cluster: Cluster = None,
    data: Data = None,
    settings: Settings = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Move numbers to the low and high of the data's own ranges, one group at a time (a tornado) or two together.

    Each end of each group is a solve: thirty on the bundled data, where --gap 0.001 halves the time of each.

    [bold]Examples[/bold]

      paxsilica sensitivity

      paxsilica sensitivity --parameter assets.capacity:chn-* --parameter demand.quantity --two-way
    """

    def study(question: Question, options: dict[str, Any]) -> Study:
        from paxsilica.studies.sensitivity import sensitivity as one_way
        from paxsilica.studies.sensitivity import two_way

        options |= {"plan": _plan(plan), "resolve": not fixed}
        if not together:
            return one_way(question, parameters, **options)
        if parameters is None or len(parameters) != 2:
            raise InputError([Problem("--two-way", "", "", "", "should come with two parameters")])
        return two_way(question, *parameters, **options)

    _run("sensitivity", study, case, data, settings, gap, time_limit, out, workers, cluster, as_json, quiet)


def montecarlo(
    case: CaseName = DEFAULT_CASE,
    samples: Annotated[int, typer.Option(metavar="N", help="How many; powers of two fill the ranges most evenly.")] = 64,
    parameters: Parameters = None,
    shape: Annotated[ShapeName, typer.Option(help="Distribution over each range.")] = ShapeName.triangular,
    apart: Annotated[bool, typer.Option("--apart", help="Draw each row of a group for itself.")] = False,
    seed: Annotated[int, typer.Option(metavar="N", help="Fixes the draws.")] = 0,
    plan: PlanFolder = None,
    gap: Gap = None,
    time_limit: TimeLimit = None,
    out: Out = None,
    workers: Workers = None,
    cluster: Cluster = None,
    data: Data = None,
    settings: Settings = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Solve for many draws of the uncertain numbers: how often is each project chosen, how is cost distributed.

    Each draw is a solve. With --plan the projects of a plan are kept, and the study tells how that plan fares, which is much quicker.

    [bold]Examples[/bold]

      paxsilica montecarlo --samples 32 --gap 0.001

      paxsilica montecarlo --plan plans/base --samples 256
    """

    def study(question: Question, options: dict[str, Any]) -> Study:
        from paxsilica.studies.montecarlo import montecarlo as run

        return run(question, samples, parameters=parameters, shape=shape.value, apart=apart, seed=seed, plan=_plan(plan), **options)

    _run("montecarlo", study, case, data, settings, gap, time_limit, out, workers, cluster, as_json, quiet)


def compare(
    names: Annotated[list[str], typer.Argument(metavar="NAME...", help="Folders of plans, and bundled cases or case files.")],
    gap: Gap = None,
    time_limit: TimeLimit = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Folder to write to.", show_default="plans/compare")] = None,
    workers: Workers = None,
    cluster: Cluster = None,
    data: Data = None,
    settings: Settings = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Compare two plans; or set cases side by side, and run the plan of each in every other case to see what is regretted.

    [bold]Examples[/bold]

      paxsilica compare plans/base plans/forty-billion

      paxsilica compare base retaliation no-gulf --gap 0.001
    """
    folders = [name for name in names if (Path(name) / "result.json").is_file()]
    cases = [name for name in names if name not in folders]

    def study(questions: Sequence[Question], options: dict[str, Any]) -> Study:
        from paxsilica.studies.scenarios import compare as two
        from paxsilica.studies.scenarios import side_by_side

        plans = {name: _plan(Path(name)) for name in folders}
        if not cases:
            if len(folders) != 2:
                raise InputError([Problem("NAME", "", "", " ".join(names), "should be two plans, or at least one case")])
            first, second = plans.values()
            assert first is not None
            assert second is not None
            return two(first, second)
        return side_by_side(
            dict(zip(cases, questions, strict=True)), plans={name: plan for name, plan in plans.items() if plan is not None}, **options
        )

    guarded_run(
        lambda: carry_out(study, cases, data, settings, gap, time_limit, out or Path("plans/compare"), workers, cluster, as_json, quiet),
    )


def _points(text: str) -> tuple[str, int | list[float]]:
    """``budget=8`` or ``budget=5000,10000``."""
    name, sign, values = text.partition("=")
    try:
        if not sign:
            raise ValueError
        return name, [float(one) for one in values.split(",")] if "," in values else int(values)
    except ValueError:
        right = "should be a measure, =, and a whole number of points or limits separated by commas, such as budget=5000,10000"
        raise InputError([Problem("--along", "", "", text, right)]) from None


def _plan(folder: Path | None) -> Any:
    from paxsilica.plan import Plan

    return None if folder is None else Plan.load(folder)


def _run(
    name: str,
    study: Callable[[Question, dict[str, Any]], Study],
    case: str,
    data: Path | None,
    settings: list[str] | None,
    gap: float | None,
    time_limit: float | None,
    out: Path | None,
    workers: int | None,
    cluster: str | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Carries out a study of one case."""
    place = out or Path("plans") / f"{name}-{Path(case).stem}"
    guarded_run(lambda: carry_out(
            lambda questions, options: study(questions[0], options),
            [case], data, settings, gap, time_limit, place, workers, cluster, as_json, quiet,
        )
    )  # fmt: skip


COMMANDS: tuple[Callable[..., None], ...] = (frontier, alternatives, sensitivity, montecarlo, compare)


def register(app: typer.Typer) -> None:
    """Adds the commands of studies to the command line."""
    for command in COMMANDS:
        app.command()(command)
