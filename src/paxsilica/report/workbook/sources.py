"""The sheets that say how things are made and where figures come from: exposure, prices, figures
used, documents, manifest."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from paxsilica.provenance.lookup import Number, numbers
from paxsilica.report.exposure import exposure_by_good, exposure_by_region, production_by_region
from paxsilica.report.facts import OWNER, Facts, records
from paxsilica.report.workbook.style import BLUE, DATA_BAR, Book, Sheet
from paxsilica.serialize import leaves
from paxsilica.tables.columns import GRADES

EXPOSURE, PRICES, FIGURES, DOCUMENTS, MADE_FROM = (
    "Exposure",
    "Prices",
    "Figures used",
    "Documents",
    "Made from",
)


def exposure_sheet(book: Book, facts: Facts) -> None:
    """By good, the largest producer and the share outside the trusted group, first and last year;
    by country, what hangs on it."""
    years = sorted({facts.years[0], facts.years[-1]})
    production = production_by_region(facts, years)
    if production.empty:
        return
    sheet = Sheet(book, EXPOSURE, "Exposure by country in normal times, with the plan")
    goods = exposure_by_good(production)
    heads = ["Good", "Step"]
    for year in years:
        heads += [
            f"Largest host {year}",
            f"its share {year}",
            f"outside the trusted group {year}",
            f"concentration (Herfindahl) {year}",
        ]
    sheet.head(heads, 2, range(2, len(heads), 4))
    order = {stage: at for at, stage in enumerate(facts.stages)}
    keys = goods[["stage", "commodity"]].drop_duplicates().to_dict("records")
    for key in sorted(keys, key=lambda row: (order.get(row["stage"], 99), row["commodity"])):
        sheet.put(sheet.row, 0, facts.commodity(key["commodity"]))
        sheet.put(sheet.row, 1, facts.stage(key["stage"]))
        for at, year in enumerate(years):
            found = goods[(goods["commodity"] == key["commodity"]) & (goods["year"] == year)]
            if not found.empty:
                row = found.iloc[0]
                cells = (
                    (facts.region(row["largest"]), "text"),
                    (row["largest_share"], "share"),
                    (row["outside_share"], "share"),
                    (row["herfindahl"], "0.00"),
                )
                for column, (value, look) in enumerate(cells, 2 + 4 * at):
                    sheet.put(sheet.row, column, value, look)
        sheet.row += 1
    last = sheet.row - 1
    for at in range(len(years)):
        for column in (3 + 4 * at, 4 + 4 * at):
            bar = DATA_BAR | {"bar_color": BLUE if column % 4 == 3 else "#D55E00"}
            sheet.sheet.conditional_format(1, column, last, column, bar)
    book.name("exposure", sheet, (0, 0), (last, len(heads) - 1))
    sheet.sheet.autofilter(0, 0, last, len(heads) - 1)
    sheet.heading(f"By country, {years[-1]}", 6)
    sheet.head(
        [
            "Country",
            "Trusted",
            "Goods it makes",
            "more than a quarter of",
            "more than half of",
            "share of what it dominates most",
            "which is",
        ],
        2,
    )
    for row in records(exposure_by_region(production, years[-1])):
        values = (
            (facts.region(row["region"]), "text"),
            ("yes" if row["trusted"] else "no", "text"),
            (row["goods"], "whole"),
            (row["over_a_quarter"], "whole"),
            (row["over_half"], "whole"),
            (row["most_share"], "share"),
            (facts.commodity(row["most"]), "text"),
        )
        for column, (value, look) in enumerate(values):
            sheet.put(sheet.row, column, value, look)
        sheet.row += 1
    for column, width in enumerate((52, 28, 18, 12, 14, 16, 18, 12, 14, 16)):
        sheet.sheet.set_column(column, column, width)
    sheet.sheet.set_row(0, 48)
    sheet.sheet.freeze_panes(1, 1)


def prices_sheet(book: Book, facts: Facts) -> None:
    """Prices with their kinds and meaning."""
    frame = facts.plan.tables.get("prices", pd.DataFrame())
    if frame.empty:
        return
    sheet = Sheet(book, PRICES, "What one more of something saves or costs")
    sheet.head(
        [
            "Of what",
            "Whose or where",
            "When",
            "Kind",
            "Price",
            "between",
            "and",
            "Unit",
            "In words",
        ],
        4,
        [7, 8],
    )
    for row in frame.to_dict("records"):
        cells = (
            (row["what"], "text"),
            (facts.funder(row["where"]) if isinstance(row["where"], str) else None, "text"),
            (row["when"], "plain_year"),
            (row["kind"], "text"),
            (row["value"], "number"),
            (row["low"], "number"),
            (row["high"], "number"),
            (row["unit"], "text"),
            (row["meaning"], "wrap"),
        )
        for column, (value, look) in enumerate(cells):
            sheet.put(sheet.row, column, value, look)
        sheet.row += 1
    last = sheet.row - 1
    book.name("prices", sheet, (0, 0), (last, 8))
    sheet.sheet.autofilter(0, 0, last, 8)
    sheet.heading("Kinds of price", 4)
    kinds = {
        "resolve": (
            "solved again with more and with less: true of the integer plan, within the interval"
            " that the gaps leave"
        ),
        "hull": (
            "the choices of each project made convex: holds if funders may share projects in"
            " fractions, and leaves an uplift to pay"
        ),
        "relaxed": "projects divisible: the price in a world without lumps",
        "fixed": (
            "integer decisions held at the plan: what more is worth while nothing new is built"
        ),
    }
    for kind, words in kinds.items():
        sheet.put(sheet.row, 0, kind)
        sheet.put(sheet.row, 1, words)
        sheet.row += 1
    for column, width in enumerate((26, 40, 8, 10, 14, 14, 14, 26, 90)):
        sheet.sheet.set_column(column, column, width)
    sheet.sheet.freeze_panes(1, 1)
    sheet.sheet.repeat_rows(0)


def figures_used(facts: Facts) -> Iterator[Number]:
    """The numbers of the tables that this plan rests on: of what it builds, runs, ships, serves and
    is paid by, and what holds for all."""
    tables, plan = facts.tables, facts.plan
    if tables is None:
        return
    operation = plan.table("operation")
    plants = set(operation["plant"].astype(str)) | set(plan.portfolio["project"].astype(str))
    processes = set(operation["process"].astype(str))
    funders = set(plan.funding["funder"].astype(str)) - {OWNER}
    served = set(
        zip(
            plan.table("service")["region"].astype(str),
            plan.table("service")["commodity"].astype(str),
            strict=True,
        )
    )
    shipped = set(plan.table("shipments")["commodity"].astype(str))
    variant = str((facts.case.get("demand") or {}).get("variant", ""))
    for number in numbers(tables):
        parts = number.row.split("|")
        if number.table == "series":
            kept = parts[1].split("|")[0] in plants | funders | shipped if len(parts) > 1 else False
        elif number.table in ("assets", "projects"):
            kept = parts[0] in plants
        elif number.table in ("processes", "recipes"):
            kept = parts[0] in processes
        elif number.table in ("funders", "mandates"):
            kept = parts[0] in funders
        elif number.table == "demand":
            kept = (parts[0], parts[1]) in served and parts[3] in ("", variant)
        elif number.table == "routes":
            kept = parts[2] in shipped | {"*"}
        else:
            kept = (
                number.table not in ("scenarios", "events")
                or facts.case.get("scenarios") is not None
            )
        if kept:
            yield number


def figures_sheet(book: Book, facts: Facts) -> set[str]:
    """Every figure used, with its range, grade and sources; says which documents are named."""
    documents: set[str] = set()
    if facts.tables is None:
        return documents
    sheet = Sheet(book, FIGURES, "Every figure that the plan rests on, and who says it")
    sheet.head(
        [
            "Table",
            "Row",
            "Column",
            "Value",
            "Unit",
            "low",
            "high",
            "range",
            "Grade",
            "Sources",
            "of",
            "Note",
        ],
        3,
        [4, 7, 8, 9, 10, 11],
    )
    for number in figures_used(facts):
        row = facts.provenance(number.table, number.row, number.column)
        value: Any = (
            number.values[0]
            if len(number.values) == 1
            else "; ".join(f"{part:g}" for part in number.values)
        )
        cells: list[tuple[Any, str]] = [
            (number.table, "text"),
            (number.row, "text"),
            (number.column, "text"),
            (value, "number"),
        ]
        if row is not None:
            documents.update(row.sources)
            cells += [
                (row.unit, "text"),
                (row.low, "number"),
                (row.high, "number"),
                (row.range, "text"),
                (row.grade, "text"),
                ("; ".join(row.sources), "text"),
                (row.date, "text"),
                (row.note, "text"),
            ]
        for column, (cell, look) in enumerate(cells):
            if cell is not None:
                sheet.put(sheet.row, column, cell, look)
        sheet.row += 1
    last = max(sheet.row - 1, 1)
    book.name("figures_used", sheet, (0, 0), (last, 11))
    sheet.sheet.autofilter(0, 0, last, 11)
    sheet.sheet.write_comment(0, 8, ", ".join(map(" ".join, GRADES.items())))
    for column, width in enumerate((14, 44, 28, 14, 24, 10, 10, 10, 8, 40, 12, 80)):
        sheet.sheet.set_column(column, column, width)
    sheet.sheet.freeze_panes(1, 2)
    sheet.sheet.repeat_rows(0)
    return documents


def documents_sheet(book: Book, facts: Facts, wanted: set[str]) -> None:
    """The documents that the figures used come from."""
    if facts.tables is None or not wanted:
        return
    sheet = Sheet(book, DOCUMENTS, "Documents behind the figures")
    sheet.head(["Key", "Title", "Publisher", "Date", "Address", "Note"], 6)
    for row in sorted(facts.tables.sources, key=lambda row: row.source):
        if row.source in wanted:
            for column, value in enumerate(
                (row.source, row.title, row.publisher, row.date, row.url, row.note)
            ):
                if value is not None:
                    sheet.put(sheet.row, column, value)
            sheet.row += 1
    sheet.sheet.autofilter(0, 0, max(sheet.row - 1, 1), 5)
    for column, width in enumerate((26, 80, 34, 12, 60, 60)):
        sheet.sheet.set_column(column, column, width)
    sheet.sheet.freeze_panes(1, 1)
    sheet.sheet.repeat_rows(0)


def manifest_sheet(book: Book, facts: Facts) -> None:
    """What the plan was made from: enough to make it again."""
    sheet = Sheet(book, MADE_FROM, "What the plan was made from", landscape=False)
    sheet.head(["What", "Value"], 2)
    for name, value in leaves(facts.plan.manifest):
        sheet.put(sheet.row, 0, name, "label")
        sheet.tall(value, 95)
        sheet.put(sheet.row, 1, value, "left")
        sheet.row += 1
    sheet.sheet.set_column(0, 0, 34)
    sheet.sheet.set_column(1, 1, 90)
    sheet.sheet.freeze_panes(1, 0)
