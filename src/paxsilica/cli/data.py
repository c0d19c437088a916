"""The group of commands ``data``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from paxsilica.bundled import data_folder
from paxsilica.cli.options import DataOptions, Force, PlanFolder, gathered, load_plan
from paxsilica.cli.output import Answer, OutputOptions, with_output_options, written
from paxsilica.cli.paths import refuse_to_write_over, says
from paxsilica.errors import InputError, Problem
from paxsilica.report.console.screen import Screen, count, plain_table

if TYPE_CHECKING:
    from paxsilica.tables import Tables

GRADES = "ABCD-"
"""Grades of sources; ``-``: no provenance."""


@dataclass(frozen=True)
class WriteOptions(DataOptions):
    """Options of a command that writes a file of the data."""

    force: Force = False


def show_summary(plan: PlanFolder = None, *, options: DataOptions) -> Answer:
    """Count rows and numbers, weigh the grades of their sources, name the oldest and say what is
    missing.

    With --plan the grades are weighed by influence on that plan too. With --json: rows, numbers,
    formulas, grades, oldest, missing.

    [bold]Examples[/bold]

      paxsilica data summary

      paxsilica data summary --data my-tables --plan plans/my-case
    """
    from paxsilica.provenance.summary import summarise

    tables, given = _tables_and_plan(options, plan)
    found = summarise(tables, given)

    def show(screen: Screen) -> None:
        screen.show(", ".join(f"{count} {name}" for name, count in found.rows.items()))
        screen.show(f"{found.numbers} numbers, {found.formulas} of them with a formula")
        view = plain_table("grades by", *"ABCD", "none", right=(*"ABCD", "none"))
        for measure, shares in found.grades.items():
            view.add_row(
                measure,
                *(f"{share:.1%}" if (share := shares.get(grade, 0.0)) else "" for grade in GRADES),
            )
        screen.show_table(view)
        screen.show(
            "Oldest by the newest document behind a number:",
            *(f"  {year}  {place}" for year, place, _ in found.oldest),
        )
        screen.show("Missing:", *(f"  {words}" for words in found.missing))

    def document() -> dict[str, Any]:
        oldest = [
            {
                "year": year,
                "table": row.table,
                "row": row.row,
                "column": row.column,
                "sources": row.sources,
            }
            for year, _, row in found.oldest
        ]
        facts = {
            "rows": found.rows,
            "numbers": found.numbers,
            "formulas": found.formulas,
            "grades": found.grades,
        }
        return {**facts, "oldest": oldest, "missing": found.missing}

    return Answer(show, document)


def write_book(
    book: Annotated[Path, typer.Argument(metavar="BOOK.xlsx", help="Workbook to write.")],
    *,
    options: WriteOptions,
) -> Answer:
    """Write all tables as a workbook with units, lists and documentation; --data BOOK.xlsx reads it
    back.

    With --json: written, the path of the workbook.

    Writes the workbook.

    [bold]Examples[/bold]

      paxsilica data export tables.xlsx

      paxsilica data export mine.xlsx --data my-tables --force
    """
    from paxsilica.provenance.export import write_workbook

    problems: list[Problem] = []
    with gathered(problems):
        refuse_to_write_over(book, lambda _: False, options.force, "BOOK.xlsx")
    with gathered(problems):
        tables = options.tables()
    if problems:
        raise InputError(problems)
    write_workbook(tables, book)
    return written(book)


def show_diff(
    before: Annotated[Path, typer.Argument(metavar="A", help="Folder or workbook of tables.")],
    after: Annotated[Path, typer.Argument(metavar="B", help="Folder or workbook of tables.")],
    most: Annotated[
        int, typer.Option("--most", metavar="N", min=1, help="Changes to print of each table.")
    ] = 50,
    *,
    output: OutputOptions,
) -> Answer:
    """Show what changed from A to B, row by row and cell by cell, and by how much.

    With --json: changes, each with table, row, kind (added, removed or changed), column, before,
    after and factor; all of them.

    [bold]Examples[/bold]

      paxsilica data diff my-tables-old my-tables

      paxsilica data diff my-tables tables.xlsx --json | jq '.changes[].row'
    """
    from paxsilica.provenance import diff
    from paxsilica.tables import load_tables

    problems: list[Problem] = []
    read: list[Tables] = []
    for place in (before, after):
        with gathered(problems):
            read.append(load_tables(place))
    if problems:
        raise InputError(problems)
    found = list(diff.changes(*read))

    def show(screen: Screen) -> None:
        if not found:
            screen.show("no difference")
        for table in dict.fromkeys(change.table for change in found):
            part = [change for change in found if change.table == table]
            counts = {
                kind: sum(change.kind == kind for change in part)
                for kind in ("added", "removed", "changed")
            }
            screen.show(
                f"{table}: "
                + ", ".join(f"{count} {kind}" for kind, count in counts.items() if count)
            )
            screen.show(*(f"  {change}" for change in part[:most]))
            if len(part) > most:
                screen.show(f"  and {len(part) - most} more; --most {len(part)} shows them")

    return Answer(show, lambda: {"changes": [asdict(change) for change in found]})


def validate(
    plan: PlanFolder = None,
    report: Annotated[
        Path | None,
        typer.Option(
            "--report",
            metavar="FILE",
            help="Write the comparison with published figures as Markdown.",
        ),
    ] = None,
    *,
    options: WriteOptions,
) -> Answer:
    """Check the data against the world: balances, published shares, capital per capacity, double
    counting, routes, margins, imports.

    Ends with code 2 if a check shows a fault of the data. With --json: checks, each with kind,
    name, ours, published, verdict (ok, off or wrong), source and note; counts by verdict; and
    written, the path of the report.

    With --report: writes the comparison with published figures as Markdown.

    [bold]Examples[/bold]

      paxsilica data validate

      paxsilica data validate --plan plans/base --report VALIDATION.md

      paxsilica data validate --json | jq '.checks[] | select(.verdict != "ok")'
    """
    from paxsilica.provenance import checks, validation

    if report is not None:
        refuse_to_write_over(
            report, says("Generated by `paxsilica data validate"), options.force, "--report"
        )
    tables, given = _tables_and_plan(options, plan)
    findings = [*checks.check_world(tables), *checks.imported(options.data or data_folder())]
    if report is not None:
        report.write_text(validation.report(tables, findings, given), encoding="utf-8")
    wrong = [finding.name for finding in findings if finding.verdict == "wrong"]

    def show(screen: Screen) -> None:
        view = plain_table("check", "ours", "published", "verdict", "source")
        for finding in findings:
            view.add_row(
                finding.name, finding.ours, finding.published, finding.verdict, finding.source
            )
        screen.show_table(view)
        if report is not None:
            screen.show(f"wrote {report}")
        if wrong:
            options.aside.show(
                f"{len(wrong)} of {count(len(findings), 'check')} of the data against the world"
                f" failed: {'; '.join(wrong)}"
            )

    def document() -> dict[str, Any]:
        counts = {
            verdict: sum(finding.verdict == verdict for finding in findings)
            for verdict in ("ok", "off", "wrong")
        }
        return {
            "counts": counts,
            "checks": [asdict(finding) for finding in findings],
            "written": report,
        }

    return Answer(show, document, "\n".join(wrong), InputError.exit_code if wrong else 0)


def describe(
    write: Annotated[
        bool,
        typer.Option(
            "--write",
            help="Renew datapackage.json and the generated part of README.md in the folder.",
        ),
    ] = False,
    *,
    options: DataOptions,
) -> Answer:
    """Print the tables and columns as the schema has them, or renew the files of the data folder
    that are generated from it.

    With --json: the descriptor of the tables as a data package (Frictionless Data); with --write,
    written: the paths of the files.

    With --write: writes datapackage.json and the generated part of README.md to the folder of the
    data.

    [bold]Examples[/bold]

      paxsilica data describe

      paxsilica data describe --json | jq '.resources[].name'

      paxsilica data describe --data my-tables --write
    """
    from paxsilica.provenance import descriptor

    if not write:
        return Answer(
            lambda screen: screen.show(descriptor.tables_in_words()),
            lambda: descriptor.descriptor(options.tables()),
        )
    folder = options.data or data_folder()
    readme, package = folder / "README.md", folder / "datapackage.json"
    text = descriptor.renewed(readme.read_text(encoding="utf-8"))
    package.write_text(descriptor.descriptor_text(options.tables()), encoding="utf-8")
    readme.write_text(text, encoding="utf-8")
    return Answer(
        lambda screen: screen.show(f"renewed {package} and {readme}"),
        lambda: {"written": [package, readme]},
        "",
    )


def _tables_and_plan(options: DataOptions, plan: Path | None) -> tuple[Tables, Any]:
    """Tables and the plan that is given with them, or one error with the problems of both."""
    problems: list[Problem] = []
    given = None
    with gathered(problems):
        tables = options.tables()
    with gathered(problems):
        given = None if plan is None else load_plan(plan)
    if problems:
        raise InputError(problems)
    return tables, given


data_app = typer.Typer(
    help="Look into the data, check it against the world, and take it to a workbook and back.",
    no_args_is_help=True,
)
COMMANDS: Mapping[str, Callable[..., Answer]] = {
    "summary": show_summary,
    "export": write_book,
    "diff": show_diff,
    "validate": validate,
    "describe": describe,
}
for name, command in COMMANDS.items():
    data_app.command(name=name)(with_output_options(command))
