"""Commands on the data: ``sources``, and the group ``data`` for the command line to mount."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from paxsilica.bundled import data_folder
from paxsilica.errors import InputError
from paxsilica.plan import Plan
from paxsilica.provenance import chain, checks, descriptor, diff, export, guide, summary, validation
from paxsilica.tables import Tables, load_tables

data_app = typer.Typer(help="Look into the data, check it against the world, and take it to a workbook and back.", no_args_is_help=True)

DataOption = Annotated[Path | None, typer.Option("--data", help="folder or workbook of tables; without it, the bundled data")]
PlanOption = Annotated[Path | None, typer.Option("--plan", help="folder of a saved plan")]


def _load(data: Path | None) -> Tables:
    return load_tables(data or data_folder())


def _print(table: Table) -> None:
    Console().print(table)


def _share(value: float) -> str:
    return f"{value:.1%}" if value else ""


def sources(
    table: Annotated[str | None, typer.Argument(help="name of a table")] = None,
    row: Annotated[str | None, typer.Argument(metavar="[ID]", help="key of one of its rows, parts joined by |")] = None,
    data: DataOption = None,
) -> None:
    """Print where numbers come from: of all tables, of one table, or the whole chain of one row."""
    tables = _load(data)
    if table is None:
        view = Table("table", "numbers", "with formula", "A", "B", "C", "D", "none")
        for name, count, formulas, grades in chain.overview(tables):
            view.add_row(name, str(count), str(formulas), *(str(grades[grade] or "") for grade in "ABCD-"))
        _print(view)
    elif row is None:
        view = Table("row", "column", "value", "grade", "sources")
        for number, found in chain.of_table(tables, table):
            values = ";".join(f"{value:.6g}" for value in number.values)
            cited = ", ".join(found.sources) if found else ""
            view.add_row(number.row, number.column, values, found.grade if found else "none", cited)
        _print(view)
    else:
        for line in chain.explain(tables, table, row):
            typer.echo(line)


@data_app.command(name="summary")
def show_summary(data: DataOption = None, plan: PlanOption = None) -> None:
    """Count rows and numbers, weigh the grades of their sources, name the oldest and say what is missing."""
    tables = _load(data)
    found = summary.summarise(tables, Plan.load(plan) if plan is not None else None)
    typer.echo(", ".join(f"{count} {name}" for name, count in found.rows.items()))
    typer.echo(f"{found.numbers} numbers, {found.formulas} of them with a formula")
    view = Table("grades by", "A", "B", "C", "D", "none")
    for measure, shares in found.grades.items():
        view.add_row(measure, *(_share(shares.get(grade, 0.0)) for grade in "ABCD-"))
    _print(view)
    typer.echo("Oldest by the newest document behind a number:")
    for year, place, _ in found.oldest:
        typer.echo(f"  {year}  {place}")
    typer.echo("Missing:")
    for words in found.missing:
        typer.echo(f"  {words}")


@data_app.command(name="export")
def write_book(
    book: Annotated[Path, typer.Argument(metavar="BOOK.xlsx", help="workbook to write")],
    data: DataOption = None,
    force: Annotated[bool, typer.Option("--force", help="write over a file that is there")] = False,
) -> None:
    """Write all tables as a workbook with units, lists and documentation; ``--data BOOK.xlsx`` reads it back."""
    if book.exists() and not force:
        raise InputError(f"{book} is there already and is not written over; name another file or add --force")
    export.write_workbook(_load(data), book)
    typer.echo(f"wrote {book}")


@data_app.command(name="diff")
def show_diff(
    before: Annotated[Path, typer.Argument(metavar="A", help="folder or workbook of tables")],
    after: Annotated[Path, typer.Argument(metavar="B", help="folder or workbook of tables")],
    most: Annotated[int, typer.Option("--most", min=1, help="changes to print of each table")] = 50,
) -> None:
    """Show what changed from A to B, row by row and cell by cell, and by how much."""
    by_table: dict[str, list[diff.Change]] = {}
    for change in diff.changes(load_tables(before), load_tables(after)):
        by_table.setdefault(change.table, []).append(change)
    if not by_table:
        typer.echo("no difference")
    for table, found in by_table.items():
        counts = {kind: sum(1 for change in found if change.kind == kind) for kind in ("added", "removed", "changed")}
        typer.echo(f"{table}: " + ", ".join(f"{count} {kind}" for kind, count in counts.items() if count))
        for change in found[:most]:
            typer.echo(f"  {change}")
        if len(found) > most:
            typer.echo(f"  and {len(found) - most} more; --most {len(found)} shows them")


@data_app.command(name="validate")
def validate(
    data: DataOption = None,
    plan: PlanOption = None,
    report: Annotated[Path | None, typer.Option("--report", help="write the comparison with published figures as Markdown")] = None,
) -> None:
    """Check the data against the world: balances, published shares, capital per capacity, double counting, routes."""
    tables = _load(data)
    findings = checks.check_world(tables)
    view = Table("check", "ours", "published", "verdict", "source")
    for finding in findings:
        view.add_row(finding.name, finding.ours, finding.published, finding.verdict, finding.source)
    _print(view)
    if report is not None:
        report.write_text(validation.report(tables, findings, Plan.load(plan) if plan is not None else None), encoding="utf-8")
        typer.echo(f"wrote {report}")
    wrong = [finding for finding in findings if finding.verdict == "wrong"]
    if wrong:
        raise InputError(
            f"{len(wrong)} of {len(findings)} checks of the data against the world failed: " + "; ".join(f.name for f in wrong)
        )


@data_app.command(name="describe")
def describe(
    data: DataOption = None,
    write: Annotated[
        bool, typer.Option("--write", help="renew datapackage.json and the generated part of README.md in the folder")
    ] = False,
) -> None:
    """Print the tables and columns as the schema has them, or renew the files of the data folder that are generated from it."""
    folder = data or data_folder()
    if not write:
        typer.echo(guide.tables_in_words())
        return
    (folder / "datapackage.json").write_text(descriptor.descriptor_text(load_tables(folder)), encoding="utf-8")
    readme = folder / "README.md"
    readme.write_text(guide.renewed(readme.read_text(encoding="utf-8")), encoding="utf-8")
    typer.echo(f"renewed {folder / 'datapackage.json'} and {readme}")
