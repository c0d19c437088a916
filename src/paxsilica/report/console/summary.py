"""The summary of a plan on the screen, in one page; the files hold the rest."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from paxsilica.audit import Finding
from paxsilica.case import Case
from paxsilica.instance import Instance
from paxsilica.instance.statements import statements
from paxsilica.instance.unread import unread
from paxsilica.plan.result import AUDIT, Plan
from paxsilica.report.console.screen import Screen, compact_table, written_to
from paxsilica.report.views.coverage import Cell, coverage_stages, spread
from paxsilica.report.views.limits import binding_limits
from paxsilica.report.views.money import payments_by_project
from paxsilica.report.views.named_plan import OWNER, blank, records
from paxsilica.report.views.portfolio import dropped_by_reason, totals
from paxsilica.report.wording import (
    advice,
    count,
    covered,
    number,
    proof_lines,
    status_sentence,
)
from paxsilica.tables import TABLES, describe_absent

NARROW = 112
"""Below this width the page shows fewer columns instead of cutting numbers."""

COVERAGE_YEARS = 4
PROJECTS_SHOWN = 10
FUNDERS_SHOWN = 6
NOTES_SHOWN = 3
LIMITS_SHOWN = 3
NAMES_SHOWN = 20
FUNDERS_WIDTH = 24
NOTE_LENGTH = 236


def print_summary(screen: Screen, plan: Plan) -> None:
    """Prints the page."""
    narrow = screen.width < NARROW
    parts: list[RenderableType] = [_headline(plan)]
    if plan.status in ("infeasible", "no_plan"):
        parts += [Text(advice(plan)), *_notes(plan)]
    else:
        parts += [
            *_coverage(plan, narrow),
            *_portfolio(plan, narrow),
            *_money(plan, narrow),
            *_binding(plan),
            *_notes(plan),
        ]
    screen.print(Group(*parts))


FINDINGS_SHOWN = 12


def print_findings(screen: Screen, plan: Plan) -> None:
    """Prints the findings of an audit that the plan failed, the first twelve; nothing if there are
    none."""
    if plan.audit.status != "failed":
        return
    total = count(plan.audit.count, "finding")
    screen.print(Text(f"The plan failed its audit: {total}", "bold red"))
    for row in plan.audit.findings[:FINDINGS_SHOWN]:
        screen.show(f"- {Finding(**row)}")
    if plan.audit.count > FINDINGS_SHOWN:
        screen.show(f"and {plan.audit.count - FINDINGS_SHOWN:,} more, in {AUDIT}")


def _title(text: str, *more: str) -> Text:
    return Text.assemble((text, "bold cyan"), *((part, "dim") for part in more))


def _headline(plan: Plan) -> RenderableType:
    colour = {"optimal": "green", "feasible": "yellow"}.get(plan.status, "red")
    same = plan.title.lower() in ("", plan.case.lower())
    grid = Table.grid(padding=(0, 2))
    status = (plan.status.replace("_", " "), f"bold {colour}")
    grid.add_row(Text("status", "dim"), Text.assemble(status, f"  {status_sentence(plan)}"))
    lines = proof_lines(plan)
    if plan.objective is None:
        del lines["Objective"]
    else:
        lines["Capital decided"] = _capital(plan)
    for label, words in list(lines.items())[1:]:
        grid.add_row(Text(label.lower(), "dim"), words)
    return Group(
        Text(f"Case {plan.case if same else f'{plan.title} ({plan.case})'}", "bold"),
        *([Text(plan.question, "italic")] if plan.question else []),
        grid,
    )


def _capital(plan: Plan) -> str:
    found = totals(plan)
    if not found.projects:
        return "none: no project is committed"
    text = f"USD {number(plan.capital_decided_usd_m)} million in {count(found.projects, 'project')}"
    budget = plan.manifest.get("case", {}).get("budget_usd_m")
    if found.funded:
        text += f"; USD {number(found.public)} million of it from funders"
        text += "" if budget is None else f", of a budget of {number(budget)}"
    return text


def _coverage(plan: Plan, narrow: bool) -> Iterable[RenderableType]:
    stages = coverage_stages(plan)
    if not stages:
        return
    shares: dict[int, set[float]] = {}
    for cell in (cell for stage in stages for cell in stage.cells):
        shares.setdefault(cell.year, set()).add(cell.required)
    common = {year: min(found) for year, found in shares.items() if len(found) == 1}
    most = COVERAGE_YEARS if len(common) == len(shares) else COVERAGE_YEARS - 1
    years = spread(sorted(shares), 2 if narrow else most)
    table = compact_table()
    table.add_column("\nstage", no_wrap=True, max_width=33)
    for year in years:
        head = f"≥ {covered(common[year])}\n coverage" if year in common else "coverage/\n required"
        table.add_column(f"{year}\nnameplate", justify="right", no_wrap=True, style="dim")
        table.add_column(head, no_wrap=True, min_width=9 if year in common else 13)
    for stage in stages:
        by_year = {cell.year: cell for cell in stage.cells}
        cells: list[Text | str] = [stage.name]
        for year in years:
            cells += _coverage_cells(by_year.get(year), year in common)
        table.add_row(*cells)
    yield Text()
    yield _title(
        "Coverage of need, per cent",
        ", with all supply from adversaries cut off: without → with the plan",
    )
    yield table
    legend = (
        "nameplate: capacity that is not cut off; coverage: what their chain can make, inputs"
        " included; ≥: required; "
    )
    yield Text.assemble((legend, "dim"), ("!", "red"), (" below the requirement", "dim"))


def _coverage_cells(cell: Cell | None, common: bool) -> list[Text | str]:
    if cell is None:
        return ["", ""]
    coverage = f"{covered(cell.without):>3}→{covered(cell.coverage):>3}"
    if not common:
        coverage += f"/{covered(cell.required)}"
    nameplate = f"{covered(cell.nameplate_without):>3}→{covered(cell.nameplate):>3}"
    mark, colour = (" !", "red") if cell.short else ("", "green")
    return [nameplate, Text(coverage + mark, colour)]


def _portfolio(plan: Plan, narrow: bool) -> Iterable[RenderableType]:
    frame = plan.portfolio
    if frame.empty:
        return
    paid = payments_by_project(plan)
    funded = bool(paid) or float(frame["sponsor_usd_m"].max()) > 1e-4
    staged = not narrow and bool(frame["stage"].notna().any())
    table = compact_table()
    table.add_column("project", no_wrap=True, width=27)
    if staged:
        table.add_column("stage", no_wrap=True, min_width=13, max_width=13)
    table.add_column("region", no_wrap=True, min_width=6, max_width=8)
    table.add_column("commit", no_wrap=True, min_width=6)
    table.add_column("online", no_wrap=True, min_width=6)
    if not narrow:
        table.add_column("size a year", no_wrap=True, max_width=18)
    table.add_column("USD m", justify="right", no_wrap=True, min_width=6)
    if funded:
        table.add_column("funders, USD m", no_wrap=True, min_width=FUNDERS_WIDTH)
    largest = frame.sort_values(["capex_usd_m", "project"], ascending=[False, True])
    largest = largest.head(PROJECTS_SHOWN)
    for row in records(largest):
        stage = ["" if blank(row["stage"]) else row["stage"]] if staged else []
        size = [] if narrow else [f"{number(row['size'])} {row['size_unit']}"]
        years = (row["committed_year"], row["online_year"])
        money = number(row["capex_usd_m"])
        who = [_funders_of(row, paid.get(row["project"], []))] if funded else []
        cells = [row["name"], *stage, row["region"], *years, *size, money, *who]
        table.add_row(*map(str, cells))
    yield Text()
    yield _title("Projects to commit", ", largest first")
    yield table
    if len(frame) > PROJECTS_SHOWN:
        rest = frame["capex_usd_m"].sum() - largest["capex_usd_m"].sum()
        more = f"and {len(frame) - PROJECTS_SHOWN} more, USD {number(rest)} million"
        yield Text(f"{more}, in tables/portfolio.csv", "dim")


def _funders_of(row: dict[str, Any], payments: list[tuple[str, float]]) -> str:
    """As many funders with their payments as fit, the owner last, and the number of the others."""
    own = row["sponsor_usd_m"]
    shares = [*payments, *([(OWNER, own)] if own > 1e-4 else [])]
    who = [f"{name} {amount:,.0f}" for name, amount in shares]
    for shown in range(len(who), 0, -1):
        line = "; ".join(who[:shown]) + (f"; +{len(who) - shown}" if shown < len(who) else "")
        if len(line) <= FUNDERS_WIDTH:
            return line
    if not who:
        return ""
    end = f"… {shares[0][1]:,.0f}" + (f"; +{len(who) - 1}" if len(who) > 1 else "")
    return shares[0][0][: FUNDERS_WIDTH - len(end)] + end


def _money(plan: Plan, narrow: bool) -> Iterable[RenderableType]:
    """Funders and cost terms, side by side where there is room."""
    parts = [part for part in (_funders(plan), _costs(plan)) if part is not None]
    if narrow:
        for part in parts:
            yield from (Text(), part)
    elif parts:
        side_by_side = Table.grid(padding=(0, 4))
        side_by_side.add_row(*parts)
        yield Text()
        yield side_by_side


def _funders(plan: Plan) -> RenderableType | None:
    frame = plan.table("funders")
    if frame.empty:
        return None
    table = compact_table("funder", "available", "pays", "left", "projects", texts=1)
    shown = frame.sort_values(["paid_usd_m", "funder"], ascending=[False, True]).head(FUNDERS_SHOWN)
    for row in records(shown):
        money = [
            number(round(row[name], 1)) for name in ("available_usd_m", "paid_usd_m", "left_usd_m")
        ]
        table.add_row(str(row["funder"]), *money, str(row["projects"]))
    rest = len(frame) - len(shown)
    more = [Text(f"and {rest} more in tables/funders.csv", "dim")] if rest else []
    return Group(_title("Funders", ", USD million"), table, *more)


def _costs(plan: Plan) -> RenderableType | None:
    frame = plan.costs
    if frame.empty:
        return None
    table = compact_table("term", "USD million", texts=1)
    for row in records(frame):
        if abs(row["usd_m"]) > 1e-9:
            table.add_row(str(row["term"]).replace("_", " "), number(row["usd_m"]))
    table.add_row(Text("total", "bold"), Text(number(frame["usd_m"].sum()), "bold"))
    return Group(_title("Cost", ", discounted"), table)


def _binding(plan: Plan) -> Iterable[RenderableType]:
    found: dict[str, list[str]] = {}
    for limit in binding_limits(plan):
        where = "" if limit.what.endswith(limit.where) else limit.where
        words = " ".join(part for part in (where, _years(limit.years)) if part)
        found.setdefault(limit.what, []).extend([words] if words else [])
    if not found:
        return
    yield Text()
    yield _title("Limits that the plan uses up")
    for what, places in list(found.items())[:LIMITS_SHOWN]:
        line = f"{what}: {', '.join(places)}" if places else what
        yield Text(line, no_wrap=True, overflow="ellipsis")
    if len(found) > LIMITS_SHOWN:
        more = f"and {len(found) - LIMITS_SHOWN} more kinds of limit in tables/binding.csv"
        yield Text(more, "dim")


def _years(years: Sequence[int]) -> str:
    """Years as ranges, as in 2026-2029, 2032."""
    runs: list[list[int]] = []
    for year in sorted(years):
        if runs and year == runs[-1][1] + 1:
            runs[-1][1] = year
        else:
            runs.append([year, year])
    return ", ".join(f"{first}" if first == last else f"{first}-{last}" for first, last in runs)


def _notes(plan: Plan) -> Iterable[RenderableType]:
    lines = [*plan.notes, *_dropped_lines(dropped_by_reason(plan))]
    if not lines:
        return
    yield Text()
    yield _title("Notes")
    for line in lines[:NOTES_SHOWN]:
        yield Text(line if len(line) <= NOTE_LENGTH else line[: NOTE_LENGTH - 3] + "...")
    if len(lines) > NOTES_SHOWN:
        more = len(lines) - NOTES_SHOWN
        yield Text(f"and {more} more in result.json and tables/dropped.csv", "dim")


def _dropped_lines(reasons: dict[str, list[str]]) -> list[str]:
    many = {reason: count(len(names), "project") for reason, names in reasons.items()}
    return [
        f"Dropped: {', '.join(names) if len(names) <= NAMES_SHOWN else many[reason]} ({reason})."
        for reason, names in reasons.items()
    ]


def print_folder(screen: Screen, folder: Path) -> None:
    """Prints the folder and the names of the files in it."""
    files = "plan.xlsx (all tables), result.json, tables/*.csv, log.csv"
    screen.print(written_to(folder, files), soft_wrap=True)


def print_check(screen: Screen, instance: Instance) -> None:
    """Prints that tables and case have no problems, and their contents."""
    found = check_facts(instance)
    counts, reasons = found["counts"], dict[str, list[str]]()
    sizes = f"{count(counts['tables'], 'table')}, {count(counts['rows'], 'row')}, no problems"
    screen.print(sizes, style="green", soft_wrap=True)
    screen.show(*found["effects"])
    facts = [
        f"years {found['years'][0]}-{found['years'][1]}",
        f"{count(counts['projects'], 'project')} to choose from"
        + (f" ({len(instance.dropped)} dropped)" if instance.dropped else ""),
        (
            "payments not allocated to funders"
            if counts["funders"] is None
            else f"{counts['funders']} of {count(len(instance.tables.funders), 'funder')} take part"
        ),
        (
            f"{count(counts['operating_states'], 'operating state')}, {counts['cut_offs']} of"
            " them with something cut off"
        ),
    ]
    screen.show(f"Case {found['case']}: {'; '.join(facts)}.")
    for name, reason in instance.dropped.items():
        reasons.setdefault(reason, []).append(name)
    screen.show(*_dropped_lines(reasons))


def check_facts(instance: Instance) -> dict[str, Any]:
    """The contents of tables and case in plain data; ``funders`` is ``None`` where the case does
    not allocate payments to funders. ``effects`` says what is absent, unused or without effect."""
    tables, states = instance.tables, instance.states.values()
    return {
        "case": instance.case.name,
        "years": instance.case.years,
        "counts": {
            "tables": len(tables.present),
            "rows": sum(len(tables.rows(name)) for name in tables.present),
            "projects": len(instance.candidates),
            "funders": None if instance.funding is None else len(instance.funding.funders),
            "operating_states": len(states),
            "cut_offs": sum(state.mode == "disrupted" for state in states),
        },
        "absent": [
            name
            for name, row in TABLES.items()
            if name not in tables.present and row.absent is not None
        ],
        "effects": [*statements(instance), *describe_absent(instance.tables)],
        "unused": unread(instance.tables),
        "dropped": dict(instance.dropped),
    }


def print_cases(screen: Screen, cases: Iterable[Case]) -> None:
    """Prints the bundled cases."""
    table = compact_table()
    for name in ("case", "title", "question"):
        table.add_column(name, overflow="fold", no_wrap=name == "case")
    for case in cases:
        table.add_row(case.name, case.title, case.question)
    screen.show_table(table)
