"""The command ``alternatives``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from paxsilica.bundled import DEFAULT_CASE
from paxsilica.cli.options import CaseName, number
from paxsilica.cli.output import Answer
from paxsilica.cli.study_options import StudyOptions

if TYPE_CHECKING:
    from paxsilica.api import Question
    from paxsilica.studies.results import Study


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
    plans: Annotated[
        int, typer.Option(metavar="N", min=1, help="Distinct whole plans to list.")
    ] = 5,
    distance: Annotated[
        int,
        typer.Option(
            metavar="N", min=1, help="Projects in which any two of them differ, at least."
        ),
    ] = 1,
    *,
    options: StudyOptions,
) -> Answer:
    """Find which projects are in every near-optimal plan, in some or in none, and list distinct
    plans with the cost of each.

    The best plan is proved to a quarter of the tolerance, whatever the gap; --gap 0.001 shortens
    the first search and the searches for distinct plans. Ctrl-C keeps what is done; the same
    command goes on where it stopped.

    With --json: study (its kind), title, notes, stopped, folder, and tables, as they are written to
    the folder.

    Writes to the folder of --out: the tables as CSV, study.json (title, notes, meaning of each
    column), figure.svg where matplotlib is installed, and tasks, the finished solves of a study
    that can be continued.

    [bold]Examples[/bold]

      paxsilica alternatives

      paxsilica alternatives base --tolerance-usd-m 500 --plans 10 --distance 5
    """
    from paxsilica.studies.alternatives import alternatives as run

    def study(question: Question, **how: Any) -> Study:
        return run(
            question,
            tolerance,
            tolerance_usd_m=tolerance_usd_m,
            plans=plans,
            distance=distance,
            **how,
        )

    return options.carry_out("alternatives", case, study)
