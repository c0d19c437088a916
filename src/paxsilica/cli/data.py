"""The group of commands ``data``, and the command ``sources``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from paxsilica.atomic import PREFIX, new_file, new_folder
from paxsilica.bundled import data_folder, new_world_folder
from paxsilica.cli import completion
from paxsilica.cli.options import DataOptions, Force, PlanFolder, load_plan, number, read_all
from paxsilica.cli.output import Answer, OutputOptions, with_output_options, written
from paxsilica.cli.paths import refuse_to_write_over, says
from paxsilica.errors import InputError, Problem
from paxsilica.finance import MILLION
from paxsilica.report.console.screen import Screen, count

if TYPE_CHECKING:
    from paxsilica.plan.result import Plan
    from paxsilica.studies.influence import Influence
    from paxsilica.tables import Tables

GRADES = "ABCD-"
"""Grades of sources; ``-``: no provenance. They stand here too because help loads no tables; a test
compares them with those of the tables."""

COUNTED = (*"ABCD", "none")
"""Headers of the grades."""


@dataclass(frozen=True)
class WriteOptions(DataOptions):
    """Options of a command that writes a file of the data."""

    force: Force = False


def show_summary(
    plan: PlanFolder = None,
    most: Annotated[int, number("N", "Influential numbers to print, with --plan.", least=1)] = 100,
    *,
    options: DataOptions,
) -> Answer:
    """Count rows and numbers, weigh the grades of their sources, name the oldest and say what is
    missing.

    Numbers to be sourced are those that a document could state: without conventions, repetitions,
    variants of demand and generic options.

    With --plan the grades are weighed by their share of that plan too, and the numbers with the
    largest influence on it are listed. Influence is the derivative of the objective at the linear
    relaxation, times the width of the range of the number. The change that alters the plan is a
    linear estimate: at it an idle decision or row is idle no more. This takes about a minute for
    the bundled cases.

    With --json: rows, numbers, formulas, grades, oldest, missing; with --plan, influence:
    objective_usd_m, error, counted and numbers, each with its cell, value, low, high, unit, grade,
    sources, year, slope, influence, change and alters.

    [bold]Examples[/bold]

      paxsilica data summary

      paxsilica data summary --data my-tables --plan plans/my-case
    """
    from paxsilica.provenance.summary import summarise

    tables, given = read_all(options.tables, lambda: plan and load_plan(plan))
    found = summarise(tables, given)
    grades = dict(found.grades)
    effects = None if given is None or plan is None else _influence(tables, given, plan, most)
    if effects is not None:
        grades["influence on the plan"] = effects.shares

    def show(screen: Screen) -> None:
        screen.show(", ".join(f"{count} {name}" for name, count in found.rows.items()))
        screen.show(f"{found.numbers} numbers, {found.formulas} of them with a formula")
        rows = (
            (measure, *(f"{shares[grade]:.1%}" if shares.get(grade) else "" for grade in GRADES))
            for measure, shares in grades.items()
        )
        screen.show_rows(("grades by", *COUNTED), rows, COUNTED)
        if effects is not None:
            _show_influence(screen, effects)
        screen.show(
            "Oldest numbers, by the date of their newest source:",
            *(f"  {year}  {place}" for year, place, _ in found.oldest),
        )
        screen.show("Missing:", *(f"  {words}" for words in found.missing))

    def document() -> dict[str, Any]:
        place = attrgetter("table", "row", "column", "sources")
        names = ("year", "table", "row", "column", "sources")
        oldest = [
            dict(zip(names, (year, *place(row)), strict=True)) for year, _, row in found.oldest
        ]
        facts = {name: getattr(found, name) for name in ("rows", "numbers", "formulas")}
        facts |= {"grades": grades, "oldest": oldest, "missing": found.missing}
        if effects is not None:
            facts["influence"] = {
                "objective_usd_m": effects.objective,
                "error": effects.error,
                "counted": effects.counted,
                "numbers": [asdict(one) for one in effects.numbers],
            }
        return facts

    return Answer(show, document)


def _influence(tables: Tables, plan: Plan, folder: Path, most: int) -> Influence:
    """The influential numbers of a plan.

    Raises:
        InputError: if the plan was made from other tables.
    """
    from paxsilica.api import Question
    from paxsilica.report.views.named_plan import case_of
    from paxsilica.studies.influence import influence

    wanted = str(plan.manifest.get("data_digest", ""))
    if wanted != tables.digest:
        words = (
            f"was made from other tables (digest {wanted[:12]}, those read have"
            f" {tables.digest[:12]}); name its tables with --data"
        )
        raise InputError([Problem.of_option("--plan", str(folder), words)])
    return influence(Question(tables, case_of(plan)), most)


def _show_influence(screen: Screen, effects: Influence) -> None:
    sure = effects.shares["A"] + effects.shares["B"]
    screen.show(
        f"{effects.counted} numbers have an influence on the linear relaxation; {sure:.1%} of all"
        f" influence is on numbers of grade A or B. The {len(effects.numbers)} largest:"
    )
    screen.show_rows(
        (
            *("number", "value", "low", "high", "grade", "year", "sources"),
            *("influence USD m", "alters the plan", "what changes"),
        ),
        (
            (
                f"{one.table} {one.row} {one.column}",
                *(f"{value:.4g}" for value in (one.value, one.low, one.high)),
                "none" if one.grade == GRADES[-1] else one.grade,
                str(one.year or ""),
                ", ".join(one.sources[:3]),
                f"{one.influence / MILLION:,.0f}",
                "" if one.change is None else f"{one.change:+.4g}",
                one.alters,
            )
            for one in effects.numbers
        ),
        ("value", "low", "high", "influence USD m", "alters the plan"),
    )


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

    place = partial(refuse_to_write_over, book, lambda _: False, options.force, "BOOK.xlsx")
    _, tables = read_all(place, options.tables)
    write_workbook(tables, book)
    return written(book)


def new_world(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="Folder to write: a new or an empty one.")
    ],
    *,
    output: OutputOptions,
) -> Answer:
    """Write a small world of your own to start from: commented tables and a case, which solve in
    seconds.

    Three stages, two protected regions and one adversary. Every number is invented. A folder that
    holds something is refused.

    With --json: written, the path of the folder, and files, their names.

    Writes the folder.

    [bold]Examples[/bold]

      paxsilica data new my-world

      paxsilica solve my-world/case.toml
    """
    refuse_to_write_over(folder, _is_empty, None, "FOLDER")
    files = sorted(path for path in new_world_folder().iterdir() if path.is_file())
    with new_folder(folder, WORLD_CASE) as draft:
        for path in files:
            (draft / path.name).write_bytes(path.read_bytes())
    case = folder / WORLD_CASE

    def show(screen: Screen) -> None:
        screen.show(f"wrote {len(files)} files to {folder}; next:")
        screen.show(f"  paxsilica check {case}", f"  paxsilica solve {case}")

    return Answer(
        show,
        lambda: {"written": folder, "files": [path.name for path in files]},
        str(folder),
    )


WORLD_CASE = "case.toml"
"""The case of a new world."""


def _is_empty(path: Path) -> bool:
    return path.is_dir() and all(one.name.startswith(PREFIX) for one in path.iterdir())


def show_diff(
    before: Annotated[Path, typer.Argument(metavar="A", help="Folder or workbook of tables.")],
    after: Annotated[Path, typer.Argument(metavar="B", help="Folder or workbook of tables.")],
    most: Annotated[int, number("N", "Changes to print of each table.", least=1)] = 50,
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

    read = read_all(partial(load_tables, before), partial(load_tables, after))
    found = list(diff.changes(*read))

    def show(screen: Screen) -> None:
        if not found:
            screen.show("no difference")
        for table in dict.fromkeys(change.table for change in found):
            part = [change for change in found if change.table == table]
            counts = Counter[str](change.kind for change in part)
            kinds = [kind for kind in ("added", "removed", "changed") if counts[kind]]
            screen.show(f"{table}: {', '.join(f'{counts[kind]} {kind}' for kind in kinds)}")
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
    tables, given = read_all(options.tables, lambda: plan and load_plan(plan))
    findings = [*checks.check_world(tables), *checks.imported(options.data or data_folder())]
    if report is not None:
        with new_file(report) as draft:
            draft.write_text(validation.report(tables, findings, given), encoding="utf-8")
    wrong = [finding.name for finding in findings if finding.verdict == "wrong"]

    def show(screen: Screen) -> None:
        cells = attrgetter("name", "ours", "published", "verdict", "source")
        heads = ("check", "ours", "published", "verdict", "source")
        screen.show_rows(heads, map(cells, findings))
        if report is not None:
            screen.show(f"wrote {report}")
        if wrong:
            options.aside.show(
                f"{len(wrong)} of {count(len(findings), 'check')} of the data against the world"
                f" failed: {'; '.join(wrong)}"
            )

    def document() -> dict[str, Any]:
        counts = Counter[str](finding.verdict for finding in findings)
        return {
            "counts": {verdict: counts[verdict] for verdict in ("ok", "off", "wrong")},
            "checks": [asdict(finding) for finding in findings],
            "written": report,
        }

    return Answer(show, document, "\n".join(wrong), InputError.exit_code if wrong else 0)


def describe(
    write: Annotated[
        bool,
        typer.Option(
            "--write",
            help="Update datapackage.json and the generated part of README.md in the folder.",
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
    for path, content in ((package, descriptor.descriptor_text(options.tables())), (readme, text)):
        with new_file(path) as draft:
            draft.write_text(content, encoding="utf-8")
    return Answer(
        lambda screen: screen.show(f"renewed {package} and {readme}"),
        lambda: {"written": [package, readme]},
        "",
    )


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
            {"table": name, "numbers": numbers, "formulas": formulas}
            | {grade: grades[grade] for grade in GRADES}
            for name, numbers, formulas, grades in lineage.overview(tables)
        ]

        def show_counts(screen: Screen) -> None:
            figures = ("numbers", "with formula", *COUNTED)
            rows = ([str(value or "") for value in one.values()] for one in counted)
            screen.show_rows(("table", *figures), rows, figures)

        return Answer(show_counts, lambda: {"tables": counted})
    if row is not None:
        lines = lineage.explain(tables, table, row)
        return Answer(
            lambda screen: screen.show(*lines),
            lambda: {**lineage.of_row(tables, table, row), "text": lines},
        )
    found = list(lineage.of_table(tables, table))

    def show_table(screen: Screen) -> None:
        rows = []
        for one, provenance in found:
            values = ";".join(f"{value:.6g}" for value in one.values)
            evidence = ("none", "")
            if provenance:
                evidence = (provenance.grade, ", ".join(provenance.sources))
            rows.append((one.row, one.column, values, *evidence))
        screen.show_rows(("row", "column", "value", "grade", "sources"), rows, ("value",))

    return Answer(show_table, lambda: {"numbers": [lineage.number_facts(*one) for one in found]})


data_app = typer.Typer(
    help=(
        "Start data of your own, inspect data, compare it with published figures, and exchange it"
        " as a workbook."
    ),
    no_args_is_help=True,
)
COMMANDS: Mapping[str, Callable[..., Answer]] = {
    "new": new_world,
    "summary": show_summary,
    "export": write_book,
    "diff": show_diff,
    "validate": validate,
    "describe": describe,
}
for name, command in COMMANDS.items():
    data_app.command(name=name)(with_output_options(command))
