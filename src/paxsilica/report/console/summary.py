"""The first screen of a plan: the answer, the chain, the projects, the money and the prices, within
100 columns and 60 lines; the files hold the rest."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from paxsilica.audit import Finding
from paxsilica.instance import Instance
from paxsilica.instance.statements import statements
from paxsilica.instance.unread import unread
from paxsilica.plan.result import AUDIT, Plan
from paxsilica.report.console.chain import chain_parts
from paxsilica.report.console.money import money_lines, unused_lines
from paxsilica.report.console.screen import Screen, compact_table, written_to
from paxsilica.report.headline import headline_sentences
from paxsilica.report.views.money import payments_by_project
from paxsilica.report.views.named_plan import NamedPlan, records
from paxsilica.report.views.portfolio import dropped_by_reason
from paxsilica.report.wording import (
    SHADOW_PRICES,
    advice,
    count,
    gap_in_money,
    number,
    objective_sentence,
    status_sentence,
)
from paxsilica.tables import absent_tables

WIDTH, HEIGHT = 100, 60
"""Largest size of the screen: columns, and lines with the line of the folder."""

NARROW = 96
"""Below this width tables have fewer columns instead of cut numbers."""

PROJECTS_SHOWN = 10
NAMES_SHOWN = 20
FUNDERS_WIDTH = 19
NOTE_LENGTH = 190
PRICE_LINES = 8
NAMES_IN_LINES = (12, 8, 4, 3, 2, 0)
"""Most names in a line on money; the next smaller number is taken if the screen would be longer
than its height."""


def print_summary(screen: Screen, named: NamedPlan, instance: Instance | None = None) -> None:
    """Prints the screen.

    Args:
        screen: where to print.
        named: the plan with the names in its data.
        instance: the joined problem of the plan, to say why funders pay for nothing.
    """
    plan, width = named.plan, min(screen.width, WIDTH)
    options = screen.options.update(width=width)
    parts: list[RenderableType] = []
    used = 0
    for names in NAMES_IN_LINES:
        parts = _parts(named, instance, width, names)
        used = len(screen.render_lines(Group(*parts), options, pad=False))
        if used <= HEIGHT - 2:
            break
    parts += _notes(plan, HEIGHT - 1 - used)
    for part in parts:
        with screen.capture() as drawn:
            screen.print(part, width=width)
        screen.write("".join(f"{line.rstrip()}\n" for line in drawn.get().splitlines()))


def _parts(
    named: NamedPlan, instance: Instance | None, width: int, names: int
) -> list[RenderableType]:
    plan, narrow = named.plan, width < NARROW
    if plan.status in ("infeasible", "no_plan"):
        return [*_headline(named), Text(advice(plan))]
    return [
        *_headline(named),
        *chain_parts(named, narrow),
        *_portfolio(plan, narrow),
        *_money(named, instance, names),
        *price_parts(plan, width),
    ]


def price_parts(plan: Plan, width: int = WIDTH) -> list[Text]:
    """The heading and the sentences of the shadow prices; nothing before they are computed."""
    lines = [Text(words) for words in price_lines(plan, width)]
    return [Text(SHADOW_PRICES, "bold cyan"), *lines] if lines else []


def price_lines(plan: Plan, width: int = WIDTH) -> list[str]:
    """The sentences on shadow prices that fit on eight lines of ``width``, one of each kind before
    the second of a kind, and the number of the others; none before prices are computed."""
    frame = plan.tables.get("front_prices")
    if frame is None:
        return []
    order = frame.assign(turn=frame.groupby("what").cumcount()).sort_values("turn", kind="stable")
    shown: list[str] = []
    room = PRICE_LINES - 1
    for sentence in map(str, order["sentence"]):
        lines = len(textwrap.wrap(sentence, width))
        if lines <= room:
            shown.append(sentence)
            room -= lines
    rest = len(frame) - len(shown)
    return [*shown, *([f"and {count(rest, 'more price')} in plan.xlsx"] if rest else [])]


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


def _headline(named: NamedPlan) -> list[RenderableType]:
    plan = named.plan
    colour = {"optimal": "green", "feasible": "yellow"}.get(plan.status, "red")
    same = plan.title.lower() in ("", plan.case.lower())
    words = status_sentence(plan)
    if plan.gap_usd_m:
        of_what = "Gap of its cost" if plan.objective_kind == "security" else "Gap"
        lead = "" if plan.status == "optimal" else f"{words} "
        words = f"{lead}{of_what}: {gap_in_money(plan)}."
    status = Text.assemble(
        (f"Case {plan.case if same else f'{plan.title} ({plan.case})'}", "bold"),
        ": ",
        (plan.status.replace("_", " "), f"bold {colour}"),
        f". {words}",
    )
    answer = [Text(words.replace("\u00a0", " "), "bold") for words in headline_sentences(named)]
    if not answer and plan.objective is not None:
        answer = [Text(f"Objective: {objective_sentence(plan)}.")]
    return [status, *answer]


def _portfolio(plan: Plan, narrow: bool) -> Iterable[RenderableType]:
    frame = plan.portfolio
    if frame.empty:
        yield from (Text(), Text("The plan commits to no project."))
        return
    paid = payments_by_project(plan)
    table = compact_table(rule=False)
    head = Text("Projects to commit", "bold cyan")
    table.add_column(head, no_wrap=True, width=28)
    table.add_column("region", no_wrap=True, min_width=6, max_width=8)
    table.add_column("commit", no_wrap=True, min_width=6)
    table.add_column("online", no_wrap=True, min_width=6)
    if not narrow:
        table.add_column("size a year", no_wrap=True, min_width=11, max_width=14)
    table.add_column("USD m", justify="right", no_wrap=True, min_width=7)
    table.add_column("public", justify="right", no_wrap=True, min_width=6)
    if paid:
        table.add_column("funders", no_wrap=True, min_width=FUNDERS_WIDTH)
    largest = frame.sort_values(["capex_usd_m", "project"], ascending=[False, True])
    largest = largest.head(PROJECTS_SHOWN)
    for row in records(largest):
        size = [] if narrow else [f"{number(row['size'])} {row['size_unit']}"]
        cells = [row["name"], row["region"], row["committed_year"], row["online_year"], *size]
        cells += [number(row["capex_usd_m"]), number(row["public_usd_m"])]
        if paid:
            cells.append(_funders_of(paid.get(row["project"], [])))
        table.add_row(*map(str, cells))
    yield Text()
    yield table
    if len(frame) > PROJECTS_SHOWN:
        rest = frame["capex_usd_m"].sum() - largest["capex_usd_m"].sum()
        more = f"and {len(frame) - PROJECTS_SHOWN} more, USD {number(rest)} million"
        yield Text(f"{more}, in tables/portfolio.csv", "dim")


def _funders_of(payments: list[tuple[str, float]]) -> str:
    """As many funders with their payments as fit, and the number of the others."""
    who = [f"{name} {amount:,.0f}" for name, amount in payments]
    for shown in range(len(who), 0, -1):
        line = "; ".join(who[:shown]) + (f"; +{len(who) - shown}" if shown < len(who) else "")
        if len(line) <= FUNDERS_WIDTH:
            return line
    if not who:
        return ""
    end = f"… {payments[0][1]:,.0f}" + (f"; +{len(who) - 1}" if len(who) > 1 else "")
    return payments[0][0][: FUNDERS_WIDTH - len(end)] + end


def _money(named: NamedPlan, instance: Instance | None, names: int) -> Iterable[RenderableType]:
    """Money, and what is left unused if ``names`` is above 0."""
    yield Text()
    for label, words in money_lines(named, max(3, names)):
        yield Text.assemble((f"{label}: ", "cyan"), words)
    for words in unused_lines(named, instance, names // 2):
        yield Text(words)


def _notes(plan: Plan, room: int) -> list[RenderableType]:
    """As many notes as there is room for, two lines each, and the number of the others."""
    lines = [*plan.notes, *_dropped_lines(dropped_by_reason(plan))]
    shown = max(0, (room - 1) // 2)
    parts: list[RenderableType] = [
        Text(f"Note: {line if len(line) <= NOTE_LENGTH else line[: NOTE_LENGTH - 3] + '...'}")
        for line in lines[:shown]
    ]
    if len(lines) > shown:
        more = f"{count(len(lines) - shown, 'note')} in result.json and tables/dropped.csv"
        parts.append(Text(f"and {more}" if shown else more, "dim"))
    return parts


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
        "absent": list(absent_tables(tables)),
        "effects": list(statements(instance)),
        "unused": unread(instance.tables),
        "dropped": dict(instance.dropped),
    }
