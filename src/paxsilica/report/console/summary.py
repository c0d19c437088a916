"""The summary of a plan on the screen: one page, and the rest is in the files."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from paxsilica.case import Case
from paxsilica.instance import Instance
from paxsilica.plan.result import Plan
from paxsilica.report.console.screen import Screen, count
from paxsilica.report.wording import (
    advice,
    covered,
    exposed,
    gap_sentence,
    number,
    objective_sentence,
    status_sentence,
)
from paxsilica.tables import TABLES, describe_absent

NARROW = 112
"""Below this width the page shows fewer columns instead of cutting numbers."""

COVERAGE_YEARS = 4
PROJECTS_SHOWN = 10
FUNDERS_SHOWN = 6
NOTES_SHOWN = 3
BINDING_SHOWN = 3
PAYERS_WIDTH = 24
NOTE_LENGTH = 236
LEFT_OUT = " was left out: "


def print_summary(screen: Screen, plan: Plan) -> None:
    """The page."""
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


def _title(text: str, *more: str) -> Text:
    return Text.assemble((text, "bold cyan"), *((part, "dim") for part in more))


def _headline(plan: Plan) -> RenderableType:
    colour = {"optimal": "green", "feasible": "yellow"}.get(plan.status, "red")
    name = (
        plan.case
        if plan.title.lower() in ("", plan.case.lower())
        else f"{plan.title} ({plan.case})"
    )
    facts = Table.grid(padding=(0, 2))
    facts.add_row(
        Text("status", "dim"),
        Text.assemble(
            (plan.status.replace("_", " "), f"bold {colour}"), f"  {status_sentence(plan)}"
        ),
    )
    if plan.objective is not None:
        facts.add_row(Text("objective", "dim"), objective_sentence(plan))
    if plan.bound is not None:
        facts.add_row(
            Text("bound", "dim"),
            f"USD {number(plan.bound)} million: no plan can be better than this",
        )
    if plan.objective is not None:
        facts.add_row(Text("gap", "dim"), gap_sentence(plan))
        facts.add_row(Text("capital decided", "dim"), _capital(plan))
    return Group(
        Text(f"Case {name}", "bold"),
        *([Text(plan.question, "italic")] if plan.question else []),
        facts,
    )


def _capital(plan: Plan) -> str:
    portfolio = plan.tables.get("portfolio", pd.DataFrame())
    if portfolio.empty:
        return "none: no project is committed"
    text = f"USD {number(plan.capital_decided_usd_m)} million in {count(len(portfolio), 'project')}"
    budget = plan.manifest.get("case", {}).get("budget_usd_m")
    if not plan.tables.get("funders", pd.DataFrame()).empty:
        text += f"; USD {number(portfolio['public_usd_m'].sum())} million of it from funders"
        text += "" if budget is None else f", of a budget of {number(budget)}"
    return text


def _spread(years: Sequence[int], wanted: int) -> list[int]:
    """At most ``wanted`` of the years, the first and the last among them, evenly spread."""
    if len(years) <= wanted:
        return list(years)
    return [years[round(at * (len(years) - 1) / (wanted - 1))] for at in range(wanted)]


def _table() -> Table:
    return Table(
        box=box.SIMPLE_HEAD,
        header_style="bold",
        padding=(0, 1, 0, 0),
        pad_edge=False,
        show_edge=False,
    )


def _coverage(plan: Plan, narrow: bool) -> Iterable[RenderableType]:
    frame = plan.tables.get("coverage", pd.DataFrame())
    if frame.empty:
        return
    common = {
        year: part["required_share"].iloc[0]
        for year, part in frame.groupby("year")
        if part["required_share"].nunique() == 1
    }
    years = sorted(int(year) for year in frame["year"].unique())
    years = _spread(
        years, 2 if narrow else COVERAGE_YEARS if len(common) == len(years) else COVERAGE_YEARS - 1
    )
    table = _table()
    table.add_column("\nstage", no_wrap=True, max_width=33)
    for year in years:
        asked = f"needs {covered(common[year])}\n traced" if year in common else "\n traced/needs"
        table.add_column(f"{year}\nnaive", justify="right", no_wrap=True, min_width=7, style="dim")
        table.add_column(asked, no_wrap=True, min_width=9 if year in common else 13)
    rows: dict[str, dict[int, Any]] = {}
    for row in frame.itertuples():
        rows.setdefault(str(row.name), {})[int(row.year)] = row  # type: ignore[arg-type]
    for name, by_year in rows.items():
        cells: list[Text | str] = [name]
        for year in years:
            cells += _coverage_cells(by_year.get(year), year in common)
        table.add_row(*cells)
    yield Text()
    yield _title(
        "Coverage of need, per cent",
        ", if everything that others host or control is cut off: without → with the plan",
    )
    yield table
    yield Text.assemble(
        (
            (
                "naive: capacity in trusted regions; traced: what their chain can really make,"
                " inputs included; "
            ),
            "dim",
        ),
        ("! exposed", "red"),
        (": too little", "dim"),
    )


def _coverage_cells(row: Any, common: bool) -> list[Text | str]:
    if row is None:
        return ["", ""]
    weak = exposed(row.coverage, row.required_share)
    traced = f"{covered(row.coverage_without):>3}→{covered(row.coverage):>3}"
    if not common:
        traced += f"/{covered(row.required_share)}"
    naive = f"{covered(row.nameplate_share_without):>3}→{covered(row.nameplate_share):>3}"
    return [naive, Text(traced + (" !" if weak else ""), "red" if weak else "green")]


def _portfolio(plan: Plan, narrow: bool) -> Iterable[RenderableType]:
    frame = plan.tables.get("portfolio", pd.DataFrame())
    if frame.empty:
        return
    paid = any(not _blank(who) and who for who in frame["who_pays"])
    staged = not narrow and bool(frame["stage"].notna().any())
    table = _table()
    table.add_column("project", no_wrap=True, width=27)
    if staged:
        table.add_column("stage", no_wrap=True, min_width=13, max_width=13)
    table.add_column("host", no_wrap=True, min_width=4, max_width=8)
    table.add_column("commit", no_wrap=True, min_width=6)
    table.add_column("online", no_wrap=True, min_width=6)
    if not narrow:
        table.add_column("size a year", no_wrap=True, max_width=18)
    table.add_column("USD m", justify="right", no_wrap=True, min_width=6)
    if paid:
        table.add_column("who pays, USD m", no_wrap=True, min_width=PAYERS_WIDTH)
    largest = frame.sort_values(["capex_usd_m", "project"], ascending=[False, True]).head(
        PROJECTS_SHOWN
    )
    for row in largest.to_dict("records"):
        stage = ["" if _blank(row["stage"]) else row["stage"]] if staged else []
        size = [] if narrow else [f"{number(row['size'])} {row['size_unit']}"]
        cells = [
            row["name"],
            *stage,
            row["region"],
            row["committed_year"],
            row["online_year"],
            *size,
            number(row["capex_usd_m"]),
        ]
        table.add_row(*map(str, cells), *([_payers(row["who_pays"])] if paid else []))
    yield Text()
    yield _title("Projects to commit", ", largest first")
    yield table
    if len(frame) > PROJECTS_SHOWN:
        rest = frame["capex_usd_m"].sum() - largest["capex_usd_m"].sum()
        yield Text(
            f"and {len(frame) - PROJECTS_SHOWN} more, USD {number(rest)} million, in"
            " tables/portfolio.csv",
            "dim",
        )


def _blank(value: Any) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


def _payers(text: Any) -> str:
    """As many payers as fit, and the number of the others; the owner of the project comes last in
    the data and is named ``sponsor``."""
    who = [] if _blank(text) else str(text).split("; ")
    for shown in range(len(who), 0, -1):
        line = "; ".join(who[:shown]) + (f"; +{len(who) - shown}" if shown < len(who) else "")
        if len(line) <= PAYERS_WIDTH:
            return line
    if not who:
        return ""
    name, _, amount = who[0].rpartition(" ")
    end = f"… {amount}" + (f"; +{len(who) - 1}" if len(who) > 1 else "")
    return name[: PAYERS_WIDTH - len(end)] + end


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
    frame = plan.tables.get("funders", pd.DataFrame())
    if frame.empty:
        return None
    table = _table()
    table.add_column("funder", no_wrap=True)
    for name in ("can pay", "pays", "left", "projects"):
        table.add_column(name, justify="right", no_wrap=True)
    shown = frame.sort_values(["paid_usd_m", "funder"], ascending=[False, True]).head(FUNDERS_SHOWN)
    for row in shown.to_dict("records"):
        money = [
            number(round(row[name], 1)) for name in ("available_usd_m", "paid_usd_m", "left_usd_m")
        ]
        table.add_row(str(row["funder"]), *money, str(row["projects"]))
    more = (
        [Text(f"and {len(frame) - len(shown)} more in tables/funders.csv", "dim")]
        if len(frame) > len(shown)
        else []
    )
    return Group(_title("Funders", ", USD million"), table, *more)


def _costs(plan: Plan) -> RenderableType | None:
    frame = plan.tables.get("costs", pd.DataFrame())
    if frame.empty:
        return None
    table = _table()
    table.add_column("term", no_wrap=True)
    table.add_column("USD million", justify="right", no_wrap=True)
    for row in frame.to_dict("records"):
        if abs(row["usd_m"]) > 1e-9:
            table.add_row(str(row["term"]).replace("_", " "), number(row["usd_m"]))
    table.add_row(Text("total", "bold"), Text(number(frame["usd_m"].sum()), "bold"))
    return Group(_title("Cost", ", discounted"), table)


def _binding(plan: Plan) -> Iterable[RenderableType]:
    frame = plan.tables.get("binding", pd.DataFrame())
    if frame.empty:
        return
    lines = []
    for what, part in frame.groupby("what", sort=False):
        where: dict[str, list[int]] = {}
        for row in part.to_dict("records"):
            place = (
                ""
                if _blank(row["where"]) or str(what).endswith(str(row["where"]))
                else str(row["where"])
            )
            years = where.setdefault(place, [])
            if not _blank(row["year"]):
                years.append(int(row["year"]))
        places = [
            " ".join(part for part in (name, _years(years)) if part)
            for name, years in where.items()
        ]
        lines.append(f"{what}: {', '.join(places)}" if any(places) else str(what))
    yield Text()
    yield _title("What binds")
    for line in lines[:BINDING_SHOWN]:
        yield Text(line, no_wrap=True, overflow="ellipsis")
    if len(lines) > BINDING_SHOWN:
        yield Text(
            f"and {len(lines) - BINDING_SHOWN} more kinds of limit in tables/binding.csv", "dim"
        )


def _years(years: Sequence[int]) -> str:
    """Years with runs drawn together, as in 2026-2029, 2032."""
    runs: list[list[int]] = []
    for year in sorted(years):
        if runs and year == runs[-1][1] + 1:
            runs[-1][1] = year
        else:
            runs.append([year, year])
    return ", ".join(f"{first}" if first == last else f"{first}-{last}" for first, last in runs)


def _notes(plan: Plan) -> Iterable[RenderableType]:
    lines = _note_lines(plan.notes)
    if not lines:
        return
    yield Text()
    yield _title("Notes")
    for line in lines[:NOTES_SHOWN]:
        yield Text(line if len(line) <= NOTE_LENGTH else line[: NOTE_LENGTH - 3] + "...")
    if len(lines) > NOTES_SHOWN:
        yield Text(f"and {len(lines) - NOTES_SHOWN} more in result.json", "dim")


def _note_lines(notes: Iterable[str]) -> list[str]:
    """The notes, those that leave something out drawn together by reason."""
    lines, reasons = [], dict[str, list[str]]()
    for note in notes:
        name, left_out, reason = note.partition(LEFT_OUT)
        if left_out:
            reasons.setdefault(reason.rstrip("."), []).append(name)
        else:
            lines.append(note)
    return lines + [
        f"Left out: {', '.join(names)} ({reason})." for reason, names in reasons.items()
    ]


def print_folder(screen: Screen, folder: Path) -> None:
    """Where everything was written."""
    words = Text.assemble(
        ("Written to ", "dim"),
        (str(folder), "bold"),
        (": plan.xlsx (all tables), result.json, tables/*.csv, log.csv", "dim"),
    )
    screen.print(words, soft_wrap=True)


def print_check(screen: Screen, instance: Instance) -> None:
    """That tables and case are right, and what they hold."""
    found = check_facts(instance)
    counts = found["counts"]
    screen.print(
        f"{count(counts['tables'], 'table')}, {count(counts['rows'], 'row')}, no problems",
        style="green",
        soft_wrap=True,
    )
    screen.show(*describe_absent(instance.tables))
    facts = [
        f"years {found['years'][0]}-{found['years'][1]}",
        f"{count(counts['projects'], 'project')} to choose from"
        + (f" ({len(instance.dropped)} left out)" if instance.dropped else ""),
        (
            "payers not told apart"
            if counts["funders"] is None
            else f"{counts['funders']} of {count(len(instance.tables.funders), 'funder')} take part"
        ),
        (
            f"{count(counts['operating_states'], 'operating state')}, {counts['cut_offs']} of"
            " them with something cut off"
        ),
    ]
    screen.show(f"Case {found['case']}: {'; '.join(facts)}.")
    screen.show(
        *_note_lines([f"{name}{LEFT_OUT}{reason}." for name, reason in instance.dropped.items()])
    )


def check_facts(instance: Instance) -> dict[str, Any]:
    """What tables and case hold, in plain data; ``funders`` is blank where payers are not told
    apart."""
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
        "left_out": dict(instance.dropped),
    }


def print_cases(screen: Screen, cases: Iterable[Case]) -> None:
    """The bundled cases."""
    table = _table()
    for name in ("case", "title", "question"):
        table.add_column(name, overflow="fold", no_wrap=name == "case")
    for case in cases:
        table.add_row(case.name, case.title, case.question)
    screen.show_table(table)
