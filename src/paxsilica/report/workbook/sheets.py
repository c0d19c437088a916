"""The sheets of the workbook that are more than a table: coverage as a matrix, cash calls,
portfolio, costs."""

from __future__ import annotations

import pandas as pd
from xlsxwriter.utility import xl_col_to_name, xl_rowcol_to_cell

from paxsilica.report.facts import OWNER, Facts
from paxsilica.report.page.coverage import coverage_steps
from paxsilica.report.page.payments import cash
from paxsilica.report.workbook.style import BLUE, DATA_BAR, Book, Sheet

PORTFOLIO, COVERAGE, CASH, FUNDERS, COSTS = (
    "Portfolio",
    "Coverage",
    "Cash calls",
    "Funders",
    "Costs",
)


def portfolio_sheet(book: Book, facts: Facts) -> None:
    """Every project with its money; sums of capital, owners' and public money as formulas."""
    frame = facts.plan.portfolio
    sheet = Sheet(book, PORTFOLIO, "Projects to commit")
    heads = [
        "Project",
        "Step",
        "Where",
        "Status",
        "Commit",
        "First output",
        "Size a year",
        "Unit of size",
        "Size counted on",
        "Capital, USD m",
        "Owners, USD m",
        "Public, USD m",
        "Support, USD m discounted",
        "Process",
        "Who pays, USD m",
        "Key",
    ]
    sheet.head(heads, 4, [7, 13, 14, 15])
    for row in frame.to_dict("records"):
        cells = [
            (row["name"], "text"),
            (facts.stage(row["stage"]), "text"),
            (facts.region(row["region"]), "text"),
            (facts.status(row["status"]), "text"),
            (row["committed_year"], "plain_year"),
            (row["online_year"], "plain_year"),
            (row["size"], "number"),
            (row["size_unit"], "text"),
            (row["credited_size"], "number"),
            (row["capex_usd_m"], "money"),
            (row["sponsor_usd_m"], "money"),
            (row["public_usd_m"], "money"),
            (row["operating_support_usd_m"], "money"),
            (facts.process(row["process"]), "text"),
            (row["who_pays"], "text"),
            (row["project"], "label"),
        ]
        for column, (value, look) in enumerate(cells):
            sheet.put(sheet.row, column, value, look)
        sheet.row += 1
    last = sheet.row - 1
    for column in range(16):
        sheet.put(sheet.row, column, "Total" if column == 0 else None, "total")
    totals = {
        9: ("capex_usd_m", "total_capital"),
        10: ("sponsor_usd_m", "total_owners"),
        11: ("public_usd_m", "total_public"),
        12: ("operating_support_usd_m", "total_support"),
    }
    for column, (key, name) in totals.items():
        if last >= 1:
            sheet.total(column, 1, last, float(frame[key].sum()))
        else:
            sheet.put(sheet.row, column, 0.0, "money_total")
        book.name(name, sheet, (sheet.row, column), (sheet.row, column))
    if last >= 1:
        book.name("portfolio", sheet, (0, 0), (last, 15))
        sheet.sheet.autofilter(0, 0, last, 15)
    for column, width in enumerate((44, 30, 22, 30, 9, 9, 12, 24, 12, 12, 12, 12, 14, 50, 70, 30)):
        sheet.sheet.set_column(column, column, width)
    sheet.sheet.print_area(0, 0, sheet.row, 12)
    sheet.sheet.freeze_panes(1, 1)
    sheet.sheet.repeat_rows(0)


def coverage_sheet(book: Book, facts: Facts) -> None:
    """Coverage by step and year: with the plan, without it, asked for; cells that fall short are
    orange and bear a sign."""
    steps = coverage_steps(facts.plan)
    if not steps:
        return
    sheet = Sheet(
        book,
        COVERAGE,
        "Share of need that the trusted chain could make in a cut-off",
        landscape=False,
        pages=1,
    )
    years = [cell.year for cell in steps[0].cells]
    blocks = (
        ("With the plan", "coverage_with_plan", "after"),
        ("Without the plan", "coverage_without_plan", "before"),
        ("Asked for", "coverage_required", "required"),
        ("What nameplates alone suggest, with the plan", "coverage_nameplates", "naive"),
    )
    starts = {}
    for at, (title, name, field) in enumerate(blocks):
        sheet.row += 1 if at else 0
        top = sheet.head([title, *years])
        starts[name] = top + 1
        for step in steps:
            sheet.put(sheet.row, 0, step.name)
            for column, cell in enumerate(step.cells, 1):
                sheet.put(sheet.row, column, getattr(cell, field), "share")
            sheet.row += 1
        book.name(name, sheet, (top + 1, 1), (sheet.row - 1, len(years)))
        if at == 0:
            met = [
                sum(not step.cells[index].short for step in steps) for index in range(len(years))
            ]
            sheet.put(sheet.row, 0, "Steps covered as asked", "total")
            for column, number in enumerate(met, 1):
                letter, asked = xl_col_to_name(column), _required_row(top + 1, len(steps))
                here = f"{letter}{top + 2}:{letter}{top + 1 + len(steps)}"
                there = f"{letter}{asked + 1}:{letter}{asked + len(steps)}"
                sheet.formula(
                    sheet.row,
                    column,
                    f"=SUMPRODUCT(--({here}>={there}-0.0005))",
                    number,
                    "whole_total",
                )
            sheet.row += 1
    _colour(
        book,
        sheet,
        starts["coverage_with_plan"],
        starts["coverage_required"],
        len(steps),
        len(years),
    )
    _colour(
        book,
        sheet,
        starts["coverage_without_plan"],
        starts["coverage_required"],
        len(steps),
        len(years),
    )
    sheet.row += 1
    sheet.put(
        sheet.row,
        0,
        "Blue: as asked for. Orange and ▾: short; darker: by more than a quarter of need.",
        "note",
    )
    chart = book.book.add_chart({"type": "column"})
    first, final = starts["coverage_with_plan"], len(years)
    for title, name, colour in (
        ("With the plan", "coverage_with_plan", BLUE),
        ("Without", "coverage_without_plan", "#D55E00"),
    ):
        start = starts[name]
        chart.add_series(
            {
                "name": title,
                "fill": {"color": colour},
                "categories": [COVERAGE, first, 0, first + len(steps) - 1, 0],
                "values": [COVERAGE, start, final, start + len(steps) - 1, final],
            }
        )
    chart.set_title({"name": f"Coverage in {years[-1]}, share of need", "name_font": {"size": 12}})
    chart.set_y_axis(
        {
            "num_format": "0%",
            "min": 0,
            "max": 1,
            "major_gridlines": {"visible": True, "line": {"color": "#D5D9DE"}},
        }
    )
    chart.set_legend({"position": "top"})
    chart.set_size({"width": 900, "height": 380})
    sheet.sheet.insert_chart(
        sheet.row + 2,
        0,
        chart,
        {"description": "Coverage by step in the last year, with and without the plan"},
    )
    sheet.sheet.set_column(0, 0, 46)
    sheet.sheet.set_column(1, len(years), 8)
    sheet.sheet.freeze_panes(1, 1)


def _required_row(first: int, steps: int) -> int:
    """Row at which the block of what is asked for begins: after two blocks, a line of sums, and the
    blank lines and heads between."""
    return first + 2 * steps + 1 + 4


def _colour(book: Book, sheet: Sheet, start: int, required: int, steps: int, years: int) -> None:
    """Conditional colours of a block against what is asked for."""
    cell, asked = xl_rowcol_to_cell(start, 1), xl_rowcol_to_cell(required, 1)
    rules = (
        ("very_short", f"={cell}<{asked}-0.25"),
        ("short", f"={cell}<{asked}-0.0005"),
        ("met", f"={cell}>={asked}-0.0005"),
    )
    for look, criteria in rules:
        options = {
            "type": "formula",
            "criteria": criteria,
            "format": book.look(look),
            "stop_if_true": True,
        }
        sheet.sheet.conditional_format(start, 1, start + steps - 1, years, options)


def cash_sheet(book: Book, facts: Facts) -> None:
    """Payments by payer and year, with live sums both ways and a check against the portfolio."""
    frame = cash(facts)
    if frame.empty:
        return
    sheet = Sheet(book, CASH, "Cash calls by payer and year, USD million")
    years = [int(year) for year in frame.columns]
    end = len(years) + 1
    sheet.head(["Payer, USD million", *years, "Total"])
    for name, values in zip(frame.index, frame.to_numpy().tolist(), strict=True):
        sheet.put(sheet.row, 0, facts.funder(name))
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
    total_row = sheet.row
    sheet.row += 1
    sheet.put(sheet.row, 0, "So far", "total")
    so_far = 0.0
    for column, year in enumerate(years, 1):
        so_far += float(frame[year].sum())
        above = xl_rowcol_to_cell(total_row, column)
        before = f"{xl_rowcol_to_cell(sheet.row, column - 1)}+" if column > 1 else ""
        sheet.formula(sheet.row, column, f"={before}{above}", so_far, "money_total")
    book.name("cash_calls", sheet, (1, 1), (last, len(years)))
    book.name("cash_total", sheet, (total_row, end), (total_row, end))
    split = sheet.row + 1
    _split(sheet, frame, last, total_row, split)
    sheet.row = split + 3
    sheet.put(sheet.row, 0, "Agrees with the capital of the portfolio")
    sheet.formula(
        sheet.row, 1, '=IF(ABS(cash_total-total_capital)<0.5,"yes","no")', _agrees(facts), "check"
    )
    chart = book.book.add_chart({"type": "column", "subtype": "stacked"})
    for row, colour in ((split, BLUE), (split + 1, "#A9D3EE")):
        chart.add_series(
            {
                "name": [CASH, row, 0],
                "categories": [CASH, 0, 1, 0, len(years)],
                "values": [CASH, row, 1, row, len(years)],
                "fill": {"color": colour},
                "gap": 60,
            }
        )
    chart.set_legend({"position": "top"})
    chart.set_title({"name": "Cash calls by year, USD million", "name_font": {"size": 12}})
    chart.set_y_axis(
        {"num_format": "#,##0", "major_gridlines": {"visible": True, "line": {"color": "#D5D9DE"}}}
    )
    chart.set_size({"width": 1000, "height": 480})
    sheet.sheet.insert_chart(
        sheet.row + 2, 0, chart, {"description": "Stacked columns of payments by payer and year"}
    )
    sheet.sheet.set_column(0, 0, 52)
    sheet.sheet.set_column(1, end, 10)
    sheet.sheet.freeze_panes(1, 1)
    sheet.sheet.repeat_rows(0)


def _split(sheet: Sheet, frame: pd.DataFrame, last: int, total_row: int, first: int) -> None:
    """Two lines of formulas: what funders pay, and what owners do."""
    own = OWNER in frame.index
    amounts = (
        frame.to_numpy()[frame.index.get_loc(OWNER)].tolist() if own else [0.0] * len(frame.columns)
    )
    sheet.put(first, 0, "of which public funders")
    sheet.put(first + 1, 0, "of which owners of the projects")
    for column, amount in enumerate(amounts, 1):
        owners, total = xl_rowcol_to_cell(last, column), xl_rowcol_to_cell(total_row, column)
        public = xl_rowcol_to_cell(first + 1, column)
        value = float(frame.to_numpy()[:, column - 1].sum()) - amount
        sheet.formula(first, column, f"={total}-{public}", value, "money")
        sheet.formula(first + 1, column, f"={owners}" if own else "=0", amount, "money")


def _agrees(facts: Facts) -> str:
    return (
        "yes"
        if abs(
            float(facts.plan.funding["usd_m"].sum())
            - float(facts.plan.portfolio["capex_usd_m"].sum())
        )
        < 0.5
        else "no"
    )


def funders_sheet(book: Book, facts: Facts) -> None:
    """What each funder can pay and does; what is left and the share used are formulas."""
    frame = facts.plan.table("funders")
    if frame.empty:
        return
    sheet = Sheet(book, FUNDERS, "Purses of the funders, USD million")
    sheet.head(
        ["Funder", "Of", "Can pay, USD m", "Pays, USD m", "Left, USD m", "Used", "Projects"], 2
    )
    for row in frame.sort_values(["paid_usd_m", "funder"], ascending=[False, True]).to_dict(
        "records"
    ):
        can, pays = float(row["available_usd_m"]), float(row["paid_usd_m"])
        at = sheet.row + 1
        sheet.put(sheet.row, 0, row["name"])
        sheet.put(sheet.row, 1, facts.region(row["region"]))
        sheet.put(sheet.row, 2, can, "money")
        sheet.put(sheet.row, 3, pays, "money")
        sheet.formula(sheet.row, 4, f"=C{at}-D{at}", can - pays, "money")
        sheet.formula(
            sheet.row, 5, f"=IF(C{at}=0,0,D{at}/C{at})", pays / can if can else 0.0, "share"
        )
        sheet.put(sheet.row, 6, int(row["projects"]), "whole")
        sheet.row += 1
    last = sheet.row - 1
    sheet.put(sheet.row, 0, "Total", "total")
    sheet.put(sheet.row, 1, None, "total")
    for column, key in ((2, "available_usd_m"), (3, "paid_usd_m")):
        sheet.total(column, 1, last, float(frame[key].sum()))
    sheet.total(4, 1, last, float((frame["available_usd_m"] - frame["paid_usd_m"]).sum()))
    sheet.sheet.conditional_format(1, 5, last, 5, DATA_BAR)
    book.name("funders", sheet, (0, 0), (last, 6))
    for column, width in enumerate((60, 24, 14, 14, 14, 12, 10)):
        sheet.sheet.set_column(column, column, width)
    sheet.sheet.autofilter(0, 0, last, 6)
    sheet.sheet.freeze_panes(1, 1)
    sheet.sheet.repeat_rows(0)


def costs_sheet(book: Book, facts: Facts) -> None:
    """Cost terms, whose live sum is the total cost."""
    frame = facts.plan.costs
    if frame.empty:
        return
    sheet = Sheet(book, COSTS, "What the plan costs over the years, discounted, USD million")
    sheet.head(["Term", "USD m, discounted", "What it is"], 1, [2])
    for row in frame.to_dict("records"):
        sheet.put(sheet.row, 0, str(row["term"]).replace("_", " ").capitalize())
        sheet.put(sheet.row, 1, float(row["usd_m"]), "money")
        sheet.tall(row["meaning"], 100)
        sheet.put(sheet.row, 2, row["meaning"], "wrap")
        sheet.row += 1
    sheet.put(sheet.row, 0, "Total", "total")
    sheet.total(1, 1, sheet.row - 1, float(frame["usd_m"].sum()))
    book.name("total_cost", sheet, (sheet.row, 1), (sheet.row, 1))
    for column, width in enumerate((26, 20, 100)):
        sheet.sheet.set_column(column, column, width)
    sheet.sheet.freeze_panes(1, 1)
