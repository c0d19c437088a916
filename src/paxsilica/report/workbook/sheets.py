"""The sheets of the workbook with more than a table of the plan: live sums, charts, sources."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd
from xlsxwriter.utility import xl_col_to_name, xl_rowcol_to_cell

from paxsilica.plan.requirement import MET_TOL, cell_share
from paxsilica.plan.result import Plan
from paxsilica.provenance.lookup import Number
from paxsilica.report.views.coverage import Cell, Stage, coverage_stages, years_of
from paxsilica.report.views.evidence import figures_used
from paxsilica.report.views.exposure import (
    exposure_by_good,
    exposure_by_region,
    production_by_region,
)
from paxsilica.report.views.money import funder_rows, payments_by_year, public_and_own
from paxsilica.report.views.named_plan import OWNER, NamedPlan, records
from paxsilica.report.views.portfolio import portfolio_rows, totals
from paxsilica.report.workbook.style import BLUE, DATA_BAR, Book, Field, Sheet, of_key
from paxsilica.serialize import leaves
from paxsilica.tables.columns import GRADES
from paxsilica.tables.schema import Provenance

PORTFOLIO, COVERAGE, CASH, FUNDERS, COSTS = (
    "Portfolio",
    "Coverage",
    "Cash calls",
    "Funders",
    "Costs",
)
EXPOSURE, PRICES, FIGURES, DOCUMENTS, ORIGIN = (
    "Exposure",
    "Prices",
    "Figures used",
    "Documents",
    "Origin",
)


def portfolio_sheet(book: Book, named: NamedPlan) -> None:
    """Every project with its money; sums of capital, owners' and public money as formulas."""
    fields = [
        Field("Project", 44, "text", of_key("name")),
        Field("Stage", 30, "text", of_key("stage_name")),
        Field("Region", 22, "text", of_key("region_name")),
        Field("Status", 30, "text", of_key("status_name")),
        Field("Commit", 9, "plain_year", of_key("committed_year")),
        Field("First output", 9, "plain_year", of_key("online_year")),
        Field("Size a year", 12, "size", of_key("size")),
        Field("Unit of size", 24, "text", of_key("size_unit")),
        Field("Credited size", 12, "size", of_key("credited_size")),
        Field("Capital, USD m", 12, "money", of_key("capex_usd_m")),
        Field("Owners, USD m", 12, "money", of_key("sponsor_usd_m")),
        Field("Public, USD m", 12, "money", of_key("public_usd_m")),
        Field("Support, USD m", 14, "money", of_key("operating_support_usd_m")),
        Field("Process", 50, "text", of_key("process_name")),
        Field("Funders, USD m", 70, "text", of_key("funders")),
        Field("Key", 30, "label", of_key("project")),
    ]
    frame = named.plan.portfolio
    sheet = Sheet(book, PORTFOLIO, "Projects to commit")
    first, last = sheet.records(fields, portfolio_rows(named), "portfolio")
    for column in range(len(fields)):
        sheet.put(sheet.row, column, "Total" if column == 0 else None, "total")
    sums = {
        "total_capital": (9, "capex_usd_m"),
        "total_owners": (10, "sponsor_usd_m"),
        "total_public": (11, "public_usd_m"),
        "total_support": (12, "operating_support_usd_m"),
    }
    for name, (column, key) in sums.items():
        if last >= first:
            sheet.total(column, first, last, float(frame[key].sum()))
        else:
            sheet.put(sheet.row, column, 0.0, "money_total")
        book.name(name, sheet, (sheet.row, column), (sheet.row, column))
    sheet.sheet.print_area(0, 0, sheet.row, 12)


def coverage_sheet(book: Book, plan: Plan) -> None:
    """Coverage by stage and year with the plan, without it and as required, and the nameplate
    share; cells below the requirement are orange and have a sign."""
    stages = coverage_stages(plan)
    if not stages:
        return
    title = "Share of need that the chain could make in a cut-off"
    sheet = Sheet(book, COVERAGE, title, landscape=False, pages=1)
    years = years_of(stages)
    with_plan = _block(
        sheet, "With the plan", stages, lambda cell: cell_share(cell.coverage, cell.required)
    )
    sums = sheet.row
    sheet.row += 2
    without = _block(
        sheet, "Without the plan", stages, lambda cell: cell_share(cell.without, cell.required)
    )
    sheet.row += 1
    required = _block(sheet, "Required", stages, lambda cell: cell.required)
    sheet.row += 1
    title = "Nameplate share, with the plan"
    nameplate = _block(sheet, title, stages, lambda cell: cell.nameplate)
    sheet.put(sums, 0, "Stages covered as required", "total")
    for at, year in enumerate(years):
        letter = xl_col_to_name(at + 1)
        cells = [f"{letter}{top + 1}:{letter}{top + len(stages)}" for top in (with_plan, required)]
        found = [cell for stage in stages if (cell := stage.in_year(year)) is not None]
        met = sum(not cell.short for cell in found)
        formula = f"=SUMPRODUCT(ISNUMBER({cells[1]})*({cells[0]}>={cells[1]}-{MET_TOL}))"
        sheet.formula(sums, at + 1, formula, met, "whole_total")
    for name, top in (
        ("coverage_with_plan", with_plan),
        ("coverage_without_plan", without),
        ("coverage_required", required),
        ("coverage_nameplates", nameplate),
    ):
        book.name(name, sheet, (top, 1), (top + len(stages) - 1, len(years)))
    for top in (with_plan, without):
        _colour(sheet, top, required, len(stages), len(years))
    sheet.row += 1
    note = "Blue: as required. Orange and ▾: short; darker: by more than a quarter of need."
    sheet.put(sheet.row, 0, note, "note")
    series = [
        {
            "name": name,
            "fill": {"color": colour},
            "categories": [COVERAGE, with_plan, 0, with_plan + len(stages) - 1, 0],
            "values": [COVERAGE, top, len(years), top + len(stages) - 1, len(years)],
        }
        for name, top, colour in (
            ("With the plan", with_plan, BLUE),
            ("Without the plan", without, "#8A8F98"),
            ("Required", required, "#1B1F24"),
        )
    ]
    sheet.chart(
        {"type": "column"},
        series,
        f"Coverage in {years[-1]}, share of need",
        {"num_format": "0%", "min": 0, "max": 1},
        "Coverage by stage in the last year, with and without the plan",
    )
    sheet.sheet.set_column(0, 0, 46)
    sheet.sheet.set_column(1, len(years), 8)
    sheet.sheet.freeze_panes(1, 1)


def _block(
    sheet: Sheet, title: str, stages: Sequence[Stage], value: Callable[[Cell], float]
) -> int:
    """Writes a line of heads and a line for each stage, with a blank where a stage has no coverage
    in a year; returns the first line of the stages."""
    years = years_of(stages)
    top = sheet.head([title, *years]) + 1
    for stage in stages:
        sheet.put(sheet.row, 0, stage.name)
        for column, year in enumerate(years, 1):
            cell = stage.in_year(year)
            sheet.put(sheet.row, column, None if cell is None else value(cell), "share")
        sheet.row += 1
    return top


def _colour(sheet: Sheet, start: int, required: int, stages: int, years: int) -> None:
    """Conditional colours of a block against the requirement."""
    cell, limit = xl_rowcol_to_cell(start, 1), xl_rowcol_to_cell(required, 1)
    rules = (
        ("very_short", f"=AND(ISNUMBER({limit}),{cell}<{limit}-0.25)"),
        ("short", f"=AND(ISNUMBER({limit}),{cell}<{limit}-{MET_TOL})"),
        ("met", f"=AND(ISNUMBER({limit}),{cell}>={limit}-{MET_TOL})"),
    )
    for look, criteria in rules:
        options = {
            "type": "formula",
            "criteria": criteria,
            "format": sheet.book.look(look),
            "stop_if_true": True,
        }
        sheet.sheet.conditional_format(start, 1, start + stages - 1, years, options)


def cash_sheet(book: Book, named: NamedPlan) -> None:
    """Payments by funder and year, with live sums both ways and a check against the portfolio."""
    frame = payments_by_year(named.plan)
    if frame.empty:
        return
    sheet = Sheet(book, CASH, "Cash calls by funder and year, USD million")
    years = [int(year) for year in frame.columns]
    end = len(years) + 1
    sheet.head(["Funder, USD million", *years, "Total"])
    for name, values in zip(frame.index, frame.to_numpy().tolist(), strict=True):
        sheet.put(sheet.row, 0, named.funder(name))
        for column, value in enumerate(values, 1):
            sheet.put(sheet.row, column, float(value), "money")
        cells = f"{xl_rowcol_to_cell(sheet.row, 1)}:{xl_rowcol_to_cell(sheet.row, end - 1)}"
        sheet.formula(sheet.row, end, f"=SUM({cells})", float(sum(values)), "money")
        sheet.row += 1
    last = sheet.row - 1
    sheet.put(sheet.row, 0, "Total", "total")
    for column, year in enumerate(years, 1):
        sheet.total(column, 1, last, float(frame[year].sum()))
    sheet.total(end, 1, last, float(frame.to_numpy().sum()))
    book.name("cash_calls", sheet, (1, 1), (last, len(years)))
    book.name("cash_total", sheet, (sheet.row, end), (sheet.row, end))
    _sums(sheet, frame, last)
    sheet.put(sheet.row, 0, "Agrees with the capital of the portfolio")
    capital = totals(named.plan).capital
    agrees = "yes" if abs(float(frame.to_numpy().sum()) - capital) < 0.5 else "no"
    formula = '=IF(ABS(cash_total-total_capital)<0.5,"yes","no")'
    sheet.formula(sheet.row, 1, formula, agrees, "check")
    series = [
        {
            "name": [CASH, row, 0],
            "categories": [CASH, 0, 1, 0, len(years)],
            "values": [CASH, row, 1, row, len(years)],
            "fill": {"color": colour},
            "gap": 60,
        }
        for row, colour in ((sheet.row - 3, BLUE), (sheet.row - 2, "#A9D3EE"))
    ]
    sheet.chart(
        {"type": "column", "subtype": "stacked"},
        series,
        "Cash calls by year, USD million",
        {"num_format": "#,##0"},
        "Stacked columns of payments of funders and of owners by year",
    )
    sheet.sheet.set_column(0, 0, 52)
    sheet.sheet.set_column(1, end, 10)
    sheet.sheet.freeze_panes(1, 1)
    sheet.sheet.repeat_rows(0)


def _sums(sheet: Sheet, frame: pd.DataFrame, last: int) -> None:
    """Below the totals: cumulative payments, and the payments of funders and of owners, as
    formulas."""
    total_row, own_row = sheet.row, sheet.row + 3
    for row, words, look in (
        (total_row + 1, "Cumulative", "total"),
        (total_row + 2, "of which public funders", "text"),
        (own_row, "of which owners of the projects", "text"),
    ):
        sheet.put(row, 0, words, look)
    cumulative, has_owner = 0.0, OWNER in frame.index
    for column, (_, public, own) in enumerate(public_and_own(frame), 1):
        total, owners, cell = (xl_rowcol_to_cell(row, column) for row in (total_row, last, own_row))
        before = f"{xl_rowcol_to_cell(total_row + 1, column - 1)}+" if column > 1 else ""
        cumulative += public + own
        sheet.formula(total_row + 1, column, f"={before}{total}", cumulative, "money_total")
        sheet.formula(total_row + 2, column, f"={total}-{cell}", public, "money")
        sheet.formula(own_row, column, f"={owners}" if has_owner else "=0", own, "money")
    sheet.row = own_row + 2


def funders_sheet(book: Book, named: NamedPlan) -> None:
    """Budget and payments of each funder; the rest and the used share are formulas."""
    rows = funder_rows(named)
    if not rows:
        return
    fields = [
        Field("Funder", 60, "text", of_key("name")),
        Field("Region", 24, "text", of_key("region")),
        Field("Available, USD m", 14, "money", of_key("available_usd_m")),
        Field("Pays, USD m", 14, "money", of_key("paid_usd_m")),
        Field(
            "Left, USD m",
            14,
            "money",
            lambda row: row["available_usd_m"] - row["paid_usd_m"],
            lambda line: f"=C{line}-D{line}",
        ),
        Field(
            "Used", 12, "share", of_key("share"), lambda line: f"=IF(C{line}=0,0,D{line}/C{line})"
        ),
        Field("Projects", 10, "whole", of_key("projects")),
    ]
    sheet = Sheet(book, FUNDERS, "Budgets of the funders, USD million")
    first, last = sheet.records(fields, rows, "funders")
    sheet.put(sheet.row, 0, "Total", "total")
    sheet.put(sheet.row, 1, None, "total")
    for column in (2, 3, 4):
        values = [float(fields[column].value(row)) for row in rows]  # type: ignore[arg-type]
        sheet.total(column, first, last, sum(values))
    sheet.sheet.conditional_format(first, 5, last, 5, DATA_BAR)


def costs_sheet(book: Book, plan: Plan) -> None:
    """Cost terms with a live total."""
    rows = records(plan.costs)
    if not rows:
        return
    fields = [
        Field("Term", 26, "text", lambda row: str(row["term"]).replace("_", " ").capitalize()),
        Field("With the plan, USD m discounted", 20, "money", of_key("usd_m")),
        Field("No plan, USD m discounted", 20, "money", of_key("without_usd_m")),
        Field(
            "Difference, USD m",
            20,
            "money",
            lambda row: row["usd_m"] - row["without_usd_m"],
            lambda line: f'=IF(C{line}="","",B{line}-C{line})',
        ),
        Field("Meaning", 100, "wrap", of_key("meaning")),
    ]
    sheet = Sheet(book, COSTS, "Cost over the years of the case, discounted, USD million")
    first, last = sheet.records(fields, rows, "costs")
    sheet.put(sheet.row, 0, "Total", "total")
    sheet.total(1, first, last, sum(float(row["usd_m"]) for row in rows))
    book.name("total_cost", sheet, (sheet.row, 1), (sheet.row, 1))


def exposure_sheet(book: Book, named: NamedPlan) -> None:
    """By good, the largest producer and the share of adversaries, first and last year;
    by region, the number of goods with a large share."""
    if named.world is None:
        return
    years = sorted({named.years[0], named.years[-1]})
    production = production_by_region(named, years)
    if production.empty:
        return
    goods: dict[tuple[str, str], dict[str, Any]] = {}
    for row in exposure_by_good(production):
        good = goods.setdefault((row["stage"], row["commodity"]), {})
        good |= {f"{key} {row['year']}": value for key, value in row.items()}
    order = {stage: at for at, stage in enumerate(named.stages)}
    fields = [
        Field("Good", 52, "text", lambda item: named.commodity(item[0][1])),
        Field("Stage", 28, "text", lambda item: named.stage(item[0][0])),
    ]
    for year in years:
        fields += [
            Field(f"Largest producer {year}", 18, "text", _largest(named, year)),
            Field(f"its share {year}", 12, "share", _of_good(f"largest_share {year}")),
            Field(f"adversaries {year}", 14, "share", _of_good(f"outside_share {year}")),
            Field(f"Herfindahl index {year}", 16, "0.00", _of_good(f"herfindahl {year}")),
        ]
    sheet = Sheet(
        book, EXPOSURE, "Concentration of production in normal times, with the plan", pages=1
    )
    first, last = sheet.records(
        fields,
        sorted(goods.items(), key=lambda item: (order.get(item[0][0], 99), item[0][1])),
        "exposure",
    )
    for at in range(len(years)):
        for column, colour in ((3 + 4 * at, BLUE), (4 + 4 * at, "#D55E00")):
            bar = DATA_BAR | {"bar_color": colour}
            sheet.sheet.conditional_format(first, column, last, column, bar)
    sheet.heading(f"By region, {years[-1]}", 6)
    by_region = [
        Field("Region", 0, "text", lambda row: named.region(row["region"])),
        Field("Within reach", 0, "text", of_key("within_reach")),
        Field("Goods that it makes", 0, "whole", of_key("goods")),
        Field("more than a quarter of", 0, "whole", of_key("over_a_quarter")),
        Field("more than half of", 0, "whole", of_key("over_half")),
        Field("largest share", 0, "share", of_key("most_share")),
        Field("of", 0, "text", lambda row: named.commodity(row["most"])),
    ]
    sheet.records(by_region, exposure_by_region(production, years[-1]))


def _of_good(key: str) -> Callable[[tuple[Any, dict[str, Any]]], object]:
    return lambda item: item[1].get(key)


def _largest(named: NamedPlan, year: int) -> Callable[[tuple[Any, dict[str, Any]]], object]:
    def largest(item: tuple[Any, dict[str, Any]]) -> object:
        region = item[1].get(f"largest {year}")
        return None if region is None else named.region(region)

    return largest


KINDS_OF_PRICE = {
    "resolve": (
        "finite difference (re-solve): the case solved again with more and with less, within the"
        " interval that the optimality gaps leave"
    ),
    "hull": (
        "convex-hull price: the choices of each project made convex; holds if funders can share"
        " projects in fractions, and leaves an uplift to pay"
    ),
    "relaxed": "LP-relaxation dual: the price if projects were divisible",
    "fixed": "fixed-integer dual: the value of one more while no other project is built",
    "commitment": "the support that a project of the plan needs at the fixed-integer duals",
}


def prices_sheet(book: Book, named: NamedPlan) -> None:
    """Prices with their kinds and meaning."""
    rows = records(named.plan.prices)
    if not rows:
        return
    fields = [
        Field("Item", 26, "text", of_key("what")),
        Field(
            "Funder, region or other object",
            40,
            "text",
            lambda row: named.thing(row["where"]) if isinstance(row["where"], str) else None,
        ),
        Field("Year", 8, "plain_year", of_key("when")),
        Field("Kind", 10, "text", of_key("kind")),
        Field("Price", 14, "number", of_key("value")),
        Field("from", 14, "number", of_key("low")),
        Field("to", 14, "number", of_key("high")),
        Field("Unit", 26, "text", of_key("unit")),
        Field("At stake, USD m", 16, "number", of_key("stake_usd_m")),
        Field("In words", 90, "wrap", of_key("meaning")),
    ]
    sheet = Sheet(book, PRICES, "Saving or cost of one more unit")
    first, last = sheet.records(fields, rows, "prices")
    sheet.print_first(first - 1, len(fields) - 1, last)
    sheet.heading("Kinds of price", 4)
    for kind, words in KINDS_OF_PRICE.items():
        sheet.put(sheet.row, 0, kind)
        sheet.put(sheet.row, 1, words)
        sheet.row += 1


def figures_sheet(book: Book, named: NamedPlan) -> set[str]:
    """Every figure in use, with its range, grade and sources; returns the keys of the documents."""
    if named.tables is None:
        return set()
    rows = [
        (number, named.provenance(number.table, number.row, number.column))
        for number in figures_used(named)
    ]

    def of_number(value: Callable[[Number], object]) -> Callable[[Any], object]:
        return lambda row: value(row[0])

    def of_source(value: Callable[[Provenance], object]) -> Callable[[Any], object]:
        return lambda row: None if row[1] is None else value(row[1])

    fields = [
        Field("Table", 14, "text", of_number(lambda number: number.table)),
        Field("Row", 44, "text", of_number(lambda number: number.row)),
        Field("Column", 28, "text", of_number(lambda number: number.column)),
        Field("Value", 14, "number", of_number(_value)),
        Field("Unit", 24, "text", of_source(lambda source: source.unit)),
        Field("low", 10, "number", of_source(lambda source: source.low)),
        Field("high", 10, "number", of_source(lambda source: source.high)),
        Field("range", 10, "text", of_source(lambda source: source.range)),
        Field("Grade", 8, "text", of_source(lambda source: source.grade)),
        Field("Sources", 40, "text", of_source(lambda source: "; ".join(source.sources))),
        Field("Date", 12, "text", of_source(lambda source: source.date)),
        Field("Note", 80, "text", of_source(lambda source: source.note)),
    ]
    sheet = Sheet(book, FIGURES, "Every figure that the plan uses, with its sources")
    _, last = sheet.records(fields, rows, "figures_used")
    sheet.print_nothing(len(fields) - 1, last)
    grades = "; ".join(f"{grade}: {words}" for grade, words in GRADES.items())
    sheet.sheet.write_comment(0, 8, grades)
    sheet.sheet.freeze_panes(1, 2)
    return {source for _, row in rows if row is not None for source in row.sources}


def _value(number: Number) -> object:
    several = len(number.values) > 1
    return "; ".join(f"{part:g}" for part in number.values) if several else number.values[0]


def documents_sheet(book: Book, named: NamedPlan, wanted: set[str]) -> None:
    """The documents that the figures in use come from."""
    if named.tables is None or not wanted:
        return
    fields = [
        Field("Title", 80, "text", lambda row: row.title),
        Field("Publisher", 34, "text", lambda row: row.publisher),
        Field("Date", 12, "text", lambda row: row.date),
        Field("Address", 60, "text", lambda row: row.url),
        Field("Note", 60, "text", lambda row: row.note),
        Field("Key", 26, "label", lambda row: row.source),
    ]
    rows = [row for row in named.tables.sources if row.source in wanted]
    sheet = Sheet(book, DOCUMENTS, "Documents behind the figures")
    _, last = sheet.records(fields, sorted(rows, key=lambda row: row.source), "documents")
    sheet.print_nothing(len(fields) - 1, last)


def manifest_sheet(book: Book, plan: Plan) -> None:
    """Data, case, versions and options of the plan."""
    fields = [
        Field("Key", 34, "label", lambda item: item[0]),
        Field("Value", 90, "wrap", lambda item: str(item[1])),
    ]
    sheet = Sheet(book, ORIGIN, "Origin of the plan", landscape=False)
    sheet.records(fields, leaves(plan.manifest), "origin")
