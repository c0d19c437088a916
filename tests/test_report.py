"""What people look at: the page, the tables of problems, the live view and the workbook."""

from __future__ import annotations

import io
import math
import re
import subprocess
from dataclasses import replace
from pathlib import Path
from shutil import which

import openpyxl
import pandas as pd
import pytest
import xlsxwriter
from openpyxl.utils.cell import coordinate_to_tuple

import report_world
from paxsilica.errors import InputError, Problem
from paxsilica.instance import Instance, make_instance
from paxsilica.plan.requirement import covered, met, required
from paxsilica.plan.result import PLAN_TABLES, Plan
from paxsilica.plan.tables import ALL_TABLES, column_of
from paxsilica.report.console.live import LiveView
from paxsilica.report.console.screen import Screen, print_problems
from paxsilica.report.console.summary import price_lines, print_folder, print_summary
from paxsilica.report.files import place_for, write_plan
from paxsilica.report.views.diagnosis import Reasons
from paxsilica.report.views.named_plan import NamedPlan, case_of, name_plan
from paxsilica.report.workbook.book import write_workbook
from paxsilica.report.workbook.style import PRINTED_ROWS, Book, Sheet, number_format
from paxsilica.solver import Progress

STAGES = [f"A stage of the chain, number {number:02}" for number in range(1, 14)]


def frame(name: str, rows: list[dict[str, object]]) -> pd.DataFrame:
    """The rows with the columns of the table; what a row does not give is blank."""
    columns = PLAN_TABLES[name].schema
    found = pd.DataFrame(rows, columns=list(columns))
    assert {key for row in rows for key in row} <= set(columns)
    return found.astype({key: object for key, column in columns.items() if not column.numeric})


@pytest.fixture
def plan() -> Plan:
    """A plan as large as the bundled case gives, with long names, and with cells that a spreadsheet
    might take for formulas."""
    project = "A plant with a name that is much longer than the page has room for"
    portfolio: list[dict[str, object]] = [
        {
            "project": f"p{n}",
            "name": f"{n} {project}",
            "stage": "s1",
            "region": "AUS",
            "process": "x",
            "status": "announced",
            "committed_year": 2026,
            "online_year": 2029,
            "size": 1e6 / n,
            "size_unit": "thousand wafers",
            "credited_size": 1e5,
            "capex_usd_m": 9e3 / n,
            "sponsor_usd_m": 1e3 / n,
            "public_usd_m": 8e3 / n,
            "obligations_usd_m": 0.0,
            "funders": f"a-funder-with-a-long-name {1e4 / n:,.0f}; another-funder 3; sponsor 2",
            "operating_support_usd_m": 0.5,
        }
        for n in range(1, 97)
    ]
    portfolio[1] |= {"project": "=p", "name": "=1+1", "funders": "+cmd|' /C calc'!A0"}
    coverage = [
        {
            "stage": f"s{at}",
            "name": name,
            "year": year,
            "nameplate_share_without": 1.0,
            "credited_share_without": 0.7,
            "standalone_coverage_without": 0.0,
            "joint_coverage_without": 0.0,
            "nameplate_share": 1.0,
            "credited_share": 0.8,
            "standalone_coverage": 0.6 if at % 2 else 0.59875,
            "joint_coverage": 0.59875,
            "required_share": 0.6,
            "limiting_inputs": "" if at % 2 else "neon, dysprosium-oxide-of-high-purity, tungsten",
            "weakest_commodity": "neon",
        }
        for at, name in enumerate(STAGES)
        for year in range(2028, 2041)
    ]
    joint = [
        {
            "year": year,
            "without": 0.0,
            "with": 0.59875,
            "required": 0.6,
            "capability_without": 0.0,
            "capability": 0.61,
            "requirement_ratio": 0.59875 / 0.6,
            "limiting_goods": "neon, tungsten",
        }
        for year in range(2028, 2041)
    ]
    tables = {name: frame(name, []) for name in PLAN_TABLES} | {
        "portfolio": frame("portfolio", portfolio),
        "coverage": frame("coverage", coverage),
        "joint_coverage": frame("joint_coverage", joint),
        "first_years": frame(
            "first_years",
            [
                {"stage": f"s{at}", "name": name, "any": 2028, "half": 2028}
                | ({"all": 2028} if at % 2 else {})
                for at, name in enumerate(STAGES)
            ],
        ),
        "dropped": frame(
            "dropped",
            [{"project": f"project-{n}", "reason": "no funder pays"} for n in range(40)],
        ),
        "funding": frame(
            "funding",
            [
                {
                    "funder": "a-funder-with-a-long-name",
                    "project": f"p{n}",
                    "year": 2026,
                    "usd_m": 1e4 / n,
                }
                for n in range(1, 97)
            ],
        ),
        "funders": frame(
            "funders",
            [
                {
                    "funder": f"funder-{n}",
                    "name": "A funder",
                    "region": "USA",
                    "available_usd_m": 3e4,
                    "paid_usd_m": 1e4 / n,
                    "left_usd_m": 2e4,
                    "projects": n,
                }
                for n in range(1, 24)
            ],
        ),
        "costs": frame(
            "costs",
            [
                {"term": name, "usd_m": 10.0**n, "meaning": "what it is"}
                for n, name in enumerate(("operating_support", "capital", "operation"))
            ],
        ),
        "binding": frame(
            "binding",
            [
                {
                    "what": "limit by year",
                    "where": f"funder-{n}",
                    "year": year,
                    "limit": 1.0,
                    "used": 1.0,
                    "unit": "USD million",
                }
                for n in range(4)
                for year in (2026, 2027)
            ],
        ),
        "operation": frame(
            "operation",
            [
                {
                    "state": "c",
                    "mode": "disrupted",
                    "year": 2030,
                    "plant": "p",
                    "kind": "asset",
                    "region": "AUS",
                    "process": "x",
                    "activity": 1.5,
                    "unit": "t",
                    "capacity": math.inf,
                    "standby": math.nan,
                }
            ],
        ),
    }
    return Plan(
        case="base",
        title="Base",
        question="Which plants should the alliance pay for? " * 3,
        status="optimal",
        objective_kind="cost",
        objective=7_188_603.9,
        bound=7_152_256.7,
        tables=tables,
        notes=("40 projects are dropped before the search.",),
        manifest={
            "case": {
                "budget_usd_m": 40000.0,
                "coverage": {"hard": True},
                "finance": {"price_year": 2025},
                "solver": {"gap": 0.01, "time_limit_s": 60},
            }
        },
        capital_decided_usd_m=37_548.9,
        headline={
            "joint_coverage": {},
            "first_year_all_stages": None,
            "public_money_usd_m": 30_500.0,
            "public_capital_usd_m": 30_000.0,
            "support_usd_m": 500.0,
            "capital_usd_m": 37_548.9,
            "least_budget_usd_m": {"value": 25_000.0, "bound": 24_000.0},
        },
        seconds={"search": 1.5},
        trace=((1.0, math.inf, 3.0), (2.0, 7.0, 3.0)),
    )


def printed(
    named: NamedPlan,
    monkeypatch: pytest.MonkeyPatch,
    width: int | None = None,
    instance: Instance | None = None,
) -> list[str]:
    if width is None:
        monkeypatch.delenv("COLUMNS", raising=False)
    else:
        monkeypatch.setenv("COLUMNS", str(width))
    out = io.StringIO()
    print_summary(Screen(out), named, instance)
    return out.getvalue().splitlines()


def without_tables(plan: Plan) -> NamedPlan:
    return NamedPlan(plan, None)


SENTENCE = "Budget: one more USD saves 18.8 USD, with a sentence of some length about the limits. "


def with_prices(plan: Plan, rows: int) -> Plan:
    kinds = ["budget", "joint coverage", "stage coverage"]
    prices = pd.DataFrame(
        [(kinds[min(n, 2)], f"{n} {SENTENCE * (1 + n % 2)}") for n in range(rows)],
        columns=["what", "sentence"],
    )
    return replace(plan, tables={**plan.tables, "front_prices": prices})


@pytest.mark.parametrize("prices", [0, 15])
def test_the_screen_has_at_most_100_columns_and_60_lines(
    plan: Plan, monkeypatch: pytest.MonkeyPatch, prices: int
) -> None:
    shown = with_prices(plan, prices) if prices else plan
    lines = printed(without_tables(shown), monkeypatch)
    assert len(lines) < 60, "and one line for the folder"
    assert max(map(len, lines)) <= 100
    text = "\n".join(lines)
    assert "\x1b" not in text
    assert "Gap: USD 36,347 million, 97 % of the capital." in text
    assert "7,188" not in text, "the objective contains all cost of the world"
    assert "and 86 more" in text
    assert "tables/portfolio.csv" in text
    assert "25,000 would suffice; less than 24,000 cannot suffice (proved)" in text
    assert "30,500 (budget 40,000), capital 30,000 and support 500; owners 7,549" in text
    assert "Cost of the plan, discounted: capital 10, cost of public funds for" in text
    assert "operation 100" not in text
    assert (f"0 {SENTENCE}"[:60] in text) == bool(prices)


def test_the_screen_of_the_small_world_fits_and_says_who_pays_for_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    named = report_world.named(5.0)
    lines = printed(
        named, monkeypatch, None, make_instance(named.world.tables, case_of(named.plan))
    )
    assert len(lines) < 60
    assert max(map(len, lines)) <= 100
    text = " ".join(" ".join(lines).split())
    assert "not all 3 stages of the chain have a source outside Other" in text
    assert "No payment by fund (the plan needs none of the projects that they may pay for)." in text


def test_prices_are_whole_sentences_one_of_each_kind_first(plan: Plan) -> None:
    assert price_lines(plan) == []
    shown = price_lines(with_prices(plan, 15))
    assert [line.split()[0] for line in shown[:-1]] == ["0", "1", "2", "3", "4"]
    assert shown[-1] == "and 10 more prices in plan.xlsx"
    assert all(line.endswith(SENTENCE) for line in shown[:-1])
    long = with_prices(plan, 15).tables["front_prices"].assign(sentence=SENTENCE * 3)
    shown = price_lines(replace(plan, tables={**plan.tables, "front_prices": long}))
    assert len(shown) == 3, "two of three lines each, and the number of the others"


@pytest.mark.parametrize("width", [None, 80])
def test_numbers_of_coverage_are_never_cut(
    plan: Plan, monkeypatch: pytest.MonkeyPatch, width: int | None
) -> None:
    lines = printed(without_tables(plan), monkeypatch, width)
    lines = [line for line in lines if line.startswith("A stage")]
    assert len(lines) == len(STAGES)
    for at, line in enumerate(lines):
        assert ("100→100" in line) == (width is None)
        assert " 70→ 80" in line
        assert ("0→ 60  " in line) == bool(at % 2)
        assert ("0→ 59 !" in line) == (at % 2 == 0)
        assert ("never" in line) == (at % 2 == 0)
        assert ("dysprosium-oxid… +2" in line) == (at % 2 == 0 and width is None)


def test_required_share_that_differs_stands_in_the_row(
    plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "59/60 !" in "\n".join(printed(without_tables(plan), monkeypatch))
    coverage = plan.tables["coverage"].copy()
    coverage.loc[coverage["stage"] == "s3", "required_share"] = 0.7
    differs = replace(plan, tables={**plan.tables, "coverage": coverage})
    lines = printed(without_tables(differs), monkeypatch)
    rows = [line for line in lines if line.startswith("A stage")]
    assert "60 !        70     2028" in rows[3]
    assert "60          60     2028" in rows[1]


@pytest.mark.parametrize("coverage", [0.594, 0.5994, 0.59875, 0.599998, 0.6, 0.61])
def test_a_short_stage_reads_as_short(coverage: float) -> None:
    assert met(coverage, 0.6) == (int(covered(coverage)) >= 60)
    assert met(coverage, 0.6) == (float(covered(coverage, 1)) >= float(required(0.6, 1)))


def test_without_a_plan_the_page_says_what_to_try(
    plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    none = replace(
        plan,
        status="infeasible",
        objective=None,
        bound=None,
        tables={},
        headline={},
        capital_decided_usd_m=0.0,
        notes=(),
    )

    def text(plan: Plan) -> str:
        return "\n".join(printed(without_tables(plan), monkeypatch))

    assert "this is proved" in text(none)
    assert "--set objective=security" in text(none)
    slow = replace(none, status="no_plan")
    assert "--time-limit" in text(slow)


def test_problems_are_told_in_full() -> None:
    words = "should be a number, " + "and this is said at length " * 20 + "end"
    out = io.StringIO()
    print_problems(
        Screen(out),
        [
            Problem("assets", "12", "capacity", "a lot", words),
            Problem("case", "", "years", "[red]2026", "x"),
        ],
    )
    lines = out.getvalue().splitlines()
    assert lines[0] == "2 problems in the input"
    assert lines[1].split() == ["table", "row", "column", "value", "expected"]
    assert lines[2].split()[:5] == ["assets", "12", "capacity", "a", "lot"]
    assert lines[2].endswith(words)
    assert "[red]2026" in lines[3]


def test_plain_progress_is_told_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr("paxsilica.report.console.live.time.monotonic", lambda: clock[0])
    out = io.StringIO()
    with LiveView(Screen(out)) as view:
        view.on_step("search")
        for second in range(25):
            clock[0] = float(second)
            view.on_progress(Progress(float(second), 200.0, 199.0))
    assert out.getvalue().splitlines() == [
        "search ...",
        "search: 10 s, best plan 200, bound 199, gap 0.5 %",
        "search: 20 s, best plan 200, bound 199, gap 0.5 %",
    ]


def test_live_view_shows_steps_and_standing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    out = io.StringIO()
    monkeypatch.setattr(out, "isatty", lambda: True)
    with LiveView(Screen(out)) as view:
        view.on_step("write the model")
        view.on_step("search")
        view.on_progress(Progress(3.0, 200.0, 199.0))
        assert view.live is not None
        view.live.refresh()
    for words in (
        "write the model",
        "best plan 200, bound 199, gap 0.5 %",
        "Ctrl-C keeps the best plan so far",
    ):
        assert words in out.getvalue()


def book_of(plan: Plan, folder: Path) -> openpyxl.Workbook:
    write_workbook(name_plan(plan, None), folder / "plan.xlsx")
    return openpyxl.load_workbook(folder / "plan.xlsx")


def test_workbook_is_the_same_byte_for_byte(plan: Plan, tmp_path: Path) -> None:
    for name in ("one.xlsx", "two.xlsx"):
        write_workbook(name_plan(plan, None), tmp_path / name)
    assert (tmp_path / "one.xlsx").read_bytes() == (tmp_path / "two.xlsx").read_bytes()


def test_workbook_reads_well(plan: Plan, tmp_path: Path) -> None:
    book = book_of(plan, tmp_path)
    cover = {str(row[0].value): row[2].value for row in book["Answer"].iter_rows() if row[0].value}
    assert str(cover["Status"]).startswith("No plan can be better than this one")
    assert "Gap, share of the capital decided" in cover
    origin = {row[0].value: row[1].value for row in book["Origin"].iter_rows()}
    assert origin["case.budget_usd_m"] == "40000.0"
    names = ("commitments", "dropped", "funding", "operation", "binding")
    assert [name for name in names if name in book.sheetnames] == [
        name for name in names if len(plan.tables[name])
    ]
    for name in ("dropped", "operation", "binding"):
        sheet, table = book[name], plan.tables[name]
        assert [cell.value for cell in sheet[2]] == list(table.columns)
        for cell, words in zip(sheet[1], PLAN_TABLES[name].columns.values(), strict=True):
            assert str(cell.value).lower() == words.lower()
            assert cell.font.bold
        assert sheet.freeze_panes == "B3"
        assert sheet.auto_filter.ref
        assert sheet.print_title_rows == "$1:$2"
        assert sheet.page_setup.orientation == "landscape"
        assert sheet.max_row == len(table) + 2
    assert book["binding"]["C3"].number_format == "0"
    assert book["binding"]["D3"].number_format == "#,##0"


def test_workbook_prints_no_whole_tables(plan: Plan, tmp_path: Path) -> None:
    """Their print area is a free cell beyond the rows and columns, and their header says so."""
    book = book_of(plan, tmp_path)
    whole = [name for name in plan.tables if name in book.sheetnames]
    assert {"funding", "operation", "dropped"} <= set(whole)
    for name in whole:
        sheet = book[name]
        assert sheet.max_row == len(plan.tables[name]) + 2
        area = sheet.print_area.replace("$", "").rpartition("!")[2]
        row, column = coordinate_to_tuple(area.partition(":")[0])
        assert row > sheet.max_row, name
        assert column > sheet.max_column, name
        assert "Not printed by default" in sheet.oddHeader.right.text


@pytest.mark.parametrize("rows", [3, PRINTED_ROWS, PRINTED_ROWS + 5])
def test_sheet_prints_the_first_rows(rows: int, tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "book.xlsx") as file:
        Sheet(Book(file), "Prices", "Prices").print_first(0, 8, rows)
    sheet = openpyxl.load_workbook(tmp_path / "book.xlsx")["Prices"]
    assert sheet.print_area == f"'Prices'!$A$1:$I${min(rows, PRINTED_ROWS) + 1}"
    cut = rows > PRINTED_ROWS
    assert (f"First {PRINTED_ROWS} of {rows} rows" in (sheet.oddFooter.right.text or "")) == cut


def test_charts_begin_on_a_page_of_their_own(plan: Plan, tmp_path: Path) -> None:
    book = book_of(plan, tmp_path)
    for name in ("Coverage", "Cash calls"):
        breaks = [one.id for one in book[name].row_breaks.brk]
        anchor = book[name]._charts[0].anchor._from
        assert breaks, name
        assert breaks[0] <= anchor.row, "the chart begins on a page of its own"


def test_workbook_has_first_years_shadow_prices_and_diagnosis(plan: Plan, tmp_path: Path) -> None:
    reasons = Reasons(
        ("No ore.",), ("Budget: 12 more.",), ("Demand: none.",), ((("A", "B"), True),)
    )
    path = tmp_path / "book.xlsx"
    write_workbook(without_tables(with_prices(plan, 3)), path, reasons)
    book = openpyxl.load_workbook(path)
    assert book.sheetnames[:2] == ["Answer", "Diagnosis"]
    lines = [row[0].value for row in book["Diagnosis"].iter_rows()]
    assert {"No ore.", "Budget: 12 more.", "Demand: none.", "A", "B"} <= set(lines)
    years = [[cell.value for cell in row] for row in book["First years"].iter_rows(max_row=3)]
    assert years[0][:2] == ["Stage", "any coverage from"]
    assert years[1][0] == STAGES[0]
    joint = [row[:4] for row in book["First years"].iter_rows(values_only=True)][-1]
    assert joint == (2040, 0, 0.598, 0.6), "not met, so it does not read as met"
    prices = book["Shadow prices"]
    assert prices["A2"].value.startswith("0 Budget: one more USD saves 18.8 USD")
    chart = book["Coverage"]._charts[0]
    assert len(chart.series) == 3, "with, without and required"


@pytest.mark.slow
@pytest.mark.skipif(which("soffice") is None, reason="needs LibreOffice on the path")
@pytest.mark.skipif(which("pdfinfo") is None, reason="needs poppler-utils on the path")
def test_workbook_prints_on_fewer_than_40_pages(plan: Plan, tmp_path: Path) -> None:
    write_workbook(without_tables(with_prices(plan, 12)), tmp_path / "book.xlsx")
    command = ["soffice", "--headless", f"-env:UserInstallation={(tmp_path / 'home').as_uri()}"]
    command += ["--convert-to", "pdf", "--outdir", str(tmp_path), str(tmp_path / "book.xlsx")]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    told = subprocess.run(
        ["pdfinfo", str(tmp_path / "book.pdf")], check=True, capture_output=True, text=True
    )
    pages = re.search(r"Pages:\s+(\d+)", told.stdout)
    assert pages is not None
    assert int(pages[1]) < 40


def test_workbook_keeps_text_that_looks_like_a_formula(plan: Plan, tmp_path: Path) -> None:
    portfolio = book_of(plan, tmp_path)["Portfolio"]
    by_head = {cell.value: cell.column - 1 for cell in portfolio[1]}
    assert [
        (portfolio[3][by_head[head]].value, portfolio[3][by_head[head]].data_type)
        for head in ("Project", "Key", "Funders, USD m")
    ] == [("=1+1", "s"), ("=p", "s"), ("+cmd|' /C calc'!A0", "s")]
    assert portfolio[2][by_head["Commit"]].number_format == "0"
    assert portfolio[2][by_head["Capital, USD m"]].number_format == "#,##0.0"


def test_workbook_leaves_the_unlimited_and_the_unknown_blank(plan: Plan, tmp_path: Path) -> None:
    row = book_of(plan, tmp_path)["operation"][3]
    assert [row[at].value for at in (5, 8, 10, 11)] == [None, 1.5, None, None]


def test_workbook_without_a_plan_has_a_cover(plan: Plan, tmp_path: Path) -> None:
    none = replace(plan, status="infeasible", objective=None, bound=None, tables={})
    book = book_of(none, tmp_path)
    assert book.sheetnames == ["Answer", "Origin"]
    assert "infeasible" in str([row[1].value for row in book["Answer"].iter_rows()])


def test_display_formats_come_from_the_schema() -> None:
    formats = {
        column: number_format(column_of("coverage", column), [0.5])
        for column in ("year", "standalone_coverage", "nameplate_share")
    }
    assert formats == {"year": "0", "standalone_coverage": "0.0%", "nameplate_share": "0.0%"}
    for name, table in ALL_TABLES.items():
        assert list(table.schema) == list(table.columns), name
        for key, column in table.schema.items():
            assert column.text, f"{name}.{key} has no text"
            assert (column.format == "year") == (column.dtype == "year"), f"{name}.{key}"
            assert (column.unit == "USD million") == (column.format == "money"), f"{name}.{key}"
            assert column.numeric or not column.unit, f"{name}.{key} is text with a unit"


def test_log_is_written_beside_the_result(plan: Plan, tmp_path: Path) -> None:
    write_plan(plan, tmp_path)
    assert (
        tmp_path / "log.csv"
    ).read_text() == "seconds,incumbent_usd_m,bound_usd_m\n1,,3\n2,7,3\n"
    assert (tmp_path / "seconds.csv").read_text() == "step,seconds\nsearch,1.5\n"


def test_a_search_cut_short_does_not_replace_a_better_plan(plan: Plan, tmp_path: Path) -> None:
    good = replace(plan, objective=100.0, bound=99.0)
    worse = replace(plan, objective=120.0, bound=98.0)
    first = write_plan(good, tmp_path / "base")
    assert write_plan(worse, tmp_path / "base") == tmp_path / "base-2"
    assert Plan.load(first).objective == 100.0
    assert write_plan(replace(plan, objective=99.5, bound=99.0), tmp_path / "base") == first
    assert Plan.load(first).objective == 99.5


def test_place_is_made_and_removed_if_nothing_comes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, plan: Plan
) -> None:
    monkeypatch.chdir(tmp_path)
    with place_for(None, "../a case", {}) as folder:
        assert folder == Path("plans/a-case")
        assert Path("plans").is_dir()
    assert not Path("plans").exists()
    with place_for(Path("deep/er"), "x", plan.manifest) as folder:
        write_plan(plan, folder)
    assert Path("deep/er/plan.xlsx").exists()
    with (
        pytest.raises(InputError, match="contains another plan"),
        place_for(Path("deep/er"), "x", {"other": 1}),
    ):
        pass


def test_folder_is_told_on_one_line() -> None:
    out = io.StringIO()
    print_folder(Screen(out), Path("a" * 150))
    assert out.getvalue().startswith("Written to " + "a" * 150)
    assert out.getvalue().count("\n") == 1
