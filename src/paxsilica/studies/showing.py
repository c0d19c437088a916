"""How the commands of studies read, run, write and print."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from paxsilica.bundled import data_folder, find_case

if TYPE_CHECKING:
    from paxsilica.api import Question
    from paxsilica.studies.results import Study

STOPPED = 130
"""Exit code after Ctrl-C, as for ``solve``; what was finished is kept."""


def guarded_run(work: Callable[[], None]) -> None:
    """What goes wrong becomes a sentence and an exit code, as for every command."""
    from paxsilica.cli.guard import guarded
    from paxsilica.report.screen import Screen

    with guarded(Screen(sys.stderr)):
        work()


def carry_out(
    study: Callable[[Sequence[Question], dict[str, Any]], Study],
    cases: Sequence[str],
    data: Path | None,
    settings: Iterable[str] | None,
    gap: float | None,
    time_limit: float | None,
    out: Path,
    workers: int | None,
    cluster: str | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Reads, runs, writes and prints. Finished solves are kept in the folder ``tasks`` beside the tables."""
    from paxsilica.api import Question
    from paxsilica.case import read_case
    from paxsilica.tables import load_tables

    chosen = {"solver.gap": gap, "solver.time_limit_s": time_limit}
    asked = [*(settings or ()), *(f"{key}={value!r}" for key, value in chosen.items() if value is not None)]
    tables = load_tables(data or data_folder()) if cases else None
    questions = [Question(tables, read_case(find_case(case), asked)) for case in cases if tables is not None]
    options = {"workers": workers, "store": out / "tasks", "cluster": cluster, "progress": None if not (quiet or as_json) else False}
    result = study(questions, options)
    result.save(out)
    if as_json:
        typer.echo(json.dumps(result.result(), ensure_ascii=False, indent=2))
    elif quiet:
        typer.echo(str(out))
    else:
        _print(result, out)
    if result.stopped:
        raise typer.Exit(STOPPED)


def _print(result: Study, out: Path) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from paxsilica.report.screen import Screen

    screen = Screen(sys.stdout)
    screen.print(Text(result.title, "bold"))
    for note in result.notes:
        screen.print(note)
    for name in result.tables:
        if name == result.main or name in ("plans", "worst", "distribution", "headline"):
            frame = result.tables[name]
            table = Table(title=result.docs[name].title, title_justify="left", box=box.SIMPLE_HEAD, header_style="bold", pad_edge=False)
            for column in frame.columns:
                table.add_column(column.replace("_", " "), justify="right" if frame[column].dtype.kind in "fi" else "left")
            for cells in frame.head(60).itertuples(index=False, name=None):
                table.add_row(*map(_cell, cells))
            screen.print(table)
            if len(frame) > 60:
                screen.print(f"and {len(frame) - 60:,} more rows")
    screen.print(f"Written to {out}", soft_wrap=True)


def _cell(value: Any) -> str:
    if value is None or value != value:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.4g}"
    return str(value)
