"""The command ``sources``."""

from __future__ import annotations

from typing import Annotated

import typer

from paxsilica.cli import completion
from paxsilica.cli.data import GRADES
from paxsilica.cli.options import DataOptions
from paxsilica.cli.output import Answer
from paxsilica.report.console.screen import Screen, plain_table


def sources(
    table: Annotated[
        str | None,
        typer.Argument(metavar="TABLE", help="Name of a table.", autocompletion=completion.tables),
    ] = None,
    row: Annotated[
        str | None,
        typer.Argument(
            metavar="ID",
            help="Key of one of its rows, parts joined by |.",
            autocompletion=completion.rows,
        ),
    ] = None,
    *,
    options: DataOptions,
) -> Answer:
    """Print where numbers come from: of all tables, of one table, or the whole chain of one row.

    With --json: tables, with counts by grade; or numbers, each with its provenance; or, of a row,
    numbers and the sources behind them.

    [bold]Examples[/bold]

      paxsilica sources

      paxsilica sources funders

      paxsilica sources projects nolans-mine

      paxsilica sources routes "*|SEA|gallium" --json
    """
    from paxsilica.provenance import lineage

    tables = options.tables()
    if table is None:
        counted = [
            {
                "table": name,
                "numbers": numbers,
                "formulas": formulas,
                **{grade: grades[grade] for grade in GRADES},
            }
            for name, numbers, formulas, grades in lineage.overview(tables)
        ]

        def show_counts(screen: Screen) -> None:
            view = plain_table(
                "table",
                "numbers",
                "with formula",
                *"ABCD",
                "none",
                right=("numbers", "with formula", *"ABCD", "none"),
            )
            for one in counted:
                view.add_row(*(str(value or "") for value in one.values()))
            screen.show_table(view)

        return Answer(show_counts, lambda: {"tables": counted})
    if row is not None:
        lines = lineage.explain(tables, table, row)
        return Answer(
            lambda screen: screen.show(*lines),
            lambda: {**lineage.of_row(tables, table, row), "text": lines},
        )
    found = list(lineage.of_table(tables, table))

    def show_table(screen: Screen) -> None:
        view = plain_table("row", "column", "value", "grade", "sources", right=("value",))
        for number, provenance in found:
            values = ";".join(f"{value:.6g}" for value in number.values)
            cited = ", ".join(provenance.sources) if provenance else ""
            view.add_row(
                number.row, number.column, values, provenance.grade if provenance else "none", cited
            )
        screen.show_table(view)

    return Answer(show_table, lambda: {"numbers": [lineage.number_facts(*one) for one in found]})
