"""Options and output that the commands of studies share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from paxsilica.cli.errors import STOPPED
from paxsilica.cli.options import Cluster, SolveOptions
from paxsilica.cli.output import Answer
from paxsilica.cli.paths import holds_study, refuse_to_write_over
from paxsilica.errors import Problem
from paxsilica.report.console.screen import Screen, plain_table

if TYPE_CHECKING:
    from paxsilica.studies.results import Study

Out = Annotated[
    Path | None,
    typer.Option(
        "--out", metavar="DIR", help="Folder to write to.", show_default="plans/<study>-<case>"
    ),
]
Workers = Annotated[
    int | None,
    typer.Option(metavar="N", min=1, help="Processes that solve.", show_default="one per core"),
]
RESULTS: Mapping[str, tuple[str, ...]] = {
    "frontier": ("Frontier",),
    "alternatives": ("Alternatives",),
    "sensitivity": ("Sensitivity", "TwoWay"),
    "montecarlo": ("MonteCarlo",),
    "compare": ("SideBySide", "Comparison"),
}
"""What each command gives, as ``study.json`` names it: a folder that holds another kind of study is
not written over."""


@dataclass(frozen=True)
class StudyOptions(SolveOptions):
    """Options of every study."""

    out: Out = None
    workers: Workers = None
    cluster: Cluster = None

    def carry_out(
        self, name: str, case: str, study: Callable[..., Study], found: Iterable[Problem] = ()
    ) -> Answer:
        """Carries out a study of one case: ``study`` is called with the question and how to run
        it."""
        question = self.question(case, found)
        return self.run(
            name,
            self.out or Path("plans") / f"{name}-{Path(case).stem}",
            lambda **how: study(question, **how),
        )

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


ROWS_SHOWN = 60
ALWAYS_SHOWN = ("plans", "worst", "distribution", "headline")
"""Tables that are shown beside the main one."""


def print_study(screen: Screen, study: Study, folder: Path) -> None:
    """Title, notes, the tables that matter most, and the folder."""
    screen.print(Text(study.title, "bold"))
    for note in study.notes:
        screen.print(note)
    for name, frame in study.tables.items():
        if name == study.main or name in ALWAYS_SHOWN:
            heads = {column: str(column).replace("_", " ") for column in frame.columns}
            numbers = [head for column, head in heads.items() if frame[column].dtype.kind in "fi"]
            table = plain_table(*heads.values(), right=numbers, title=study.docs[name].title)
            for cells in frame.head(ROWS_SHOWN).itertuples(index=False, name=None):
                table.add_row(*map(_cell, cells))
            screen.show_table(table)
            if len(frame) > ROWS_SHOWN:
                screen.show(f"and {len(frame) - ROWS_SHOWN:,} more rows")
    screen.show(f"Written to {folder}")


def _cell(value: Any) -> str:
    if value is None or value != value:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.4g}"
    return str(value)


Parameters = Annotated[
    list[str] | None,
    typer.Option(
        "--parameter",
        metavar="TABLE.COLUMN[:ROWS]",
        help="Numbers that move together, such as assets.capacity:chn-*; may be given again.",
        show_default="the usual groups",
    ),
]
