"""Commitment, construction and ramp-up of projects: a bar for each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from paxsilica.report.page.svg import cut, figure, line, rect, tag, text
from paxsilica.report.views.named_plan import NamedPlan, records
from paxsilica.report.views.near_optimal import MARK

LARGEST = 18
"""Most projects in the first timetable; the full one is folded."""


@dataclass(frozen=True)
class Bar:
    """A project in time; ``running`` is the share of full output by year of operation."""

    project: str
    name: str
    stage: str
    region: str
    committed: int
    online: int
    capital: float
    public: float
    running: Mapping[int, float]


def bars(named: NamedPlan) -> list[Bar]:
    """The projects, by stage of the chain, then by year and name."""
    plan = named.plan
    operation = plan.table("operation")
    projects = operation[(operation["mode"] == "normal") & (operation["kind"] == "project")]
    capacity = {(row["plant"], row["year"]): row["capacity"] for row in records(projects)}
    found = []
    for row in records(plan.portfolio):
        running = {}
        for year in (year for year in named.years if year >= int(row["online_year"])):
            now, size = capacity.get((row["project"], year), 0.0), float(row["credited_size"])
            running[year] = min(1.0, float(now) / size) if size and now == now else 0.0
        words = (str(row[column]) for column in ("project", "name", "stage", "region"))
        years = (int(row[column]) for column in ("committed_year", "online_year"))
        money = (float(row[column]) for column in ("capex_usd_m", "public_usd_m"))
        facts: list[Any] = [*words, *years, *money, running]
        found.append(Bar(*facts))
    place = {key: at for at, key in enumerate(named.stages)}
    return sorted(
        found, key=lambda bar: (place.get(bar.stage, len(place)), bar.committed, bar.name)
    )


def timetable_figure(
    named: NamedPlan, found: list[Bar], title: str, name: str, width: float
) -> Markup:
    """The bars, with a scale of years on top. On a narrow drawing the name stands above the bar."""
    narrow = width < 500
    left = 4.0 if narrow else min(330.0, width * 0.36)
    right = 4.0 if narrow else 62.0
    row, head = (30.0, 22.0) if narrow else (21.0, 24.0)
    first, last = named.years[0], named.years[-1] + 1
    height = head + row * len(found) + 4

    def x(year: float) -> float:
        return left + (width - left - right) * (min(year, last) - first) / (last - first)

    parts: list[Markup] = []
    every = 1 if not narrow and width > 700 else 2 if not narrow else 3
    for year in named.years:
        parts.append(line(x(year), head - 4, x(year), height, "grid"))
        if (year - first) % every == 0:
            parts.append(text((x(year) + x(year + 1)) / 2, head - 9, year, "axis", "middle"))
    if not narrow:
        parts.append(text(width, head - 9, "USD m", "axis", "end"))
    for at, bar in enumerate(found):
        top = head + at * row
        bar_top, tall = (top + 15, 10.0) if narrow else (top + 4, 13.0)
        region = named.region(bar.region)
        money = f"{bar.capital:,.0f}"
        sure = named.near is not None and named.near.in_all(bar.project)
        label = f"{MARK} {bar.name}" if sure else bar.name
        hint = (
            f"{bar.name}, {region}: committed {bar.committed}, first output {bar.online}, USD"
            f" {money} million"
        )
        if narrow:
            parts.append(text(left, top + 11, cut(label, 33), "label"))
            parts.append(
                text(width - right, top + 11, f"{cut(region, 14)} {money}", "label dim", "end")
            )
        else:
            project = cut(label, int(left / 6.7) - min(len(region), 14) - 2)
            where = tag("tspan", f"  {cut(region, 14)}", class_="dim")
            parts.append(tag("text", project, where, x=0, y=top + 15, class_="label"))
            parts.append(text(width, top + 15, money, "label", "end"))
        pieces = [
            rect(x(bar.committed), bar_top, x(bar.online) - x(bar.committed), tall, "building")
        ]
        for year, share in bar.running.items():
            part = tall * share
            pieces.append(
                rect(x(year), bar_top + tall - part, x(year + 1) - x(year) + 0.4, part, "running")
            )
        pieces.append(line(x(bar.online), bar_top + tall, x(last), bar_top + tall, "base"))
        parts.append(tag("g", tag("title", hint), *pieces, data_project=bar.project))
    words = "; ".join(
        f"{bar.name} ({named.region(bar.region)}) committed {bar.committed}, first output"
        f" {bar.online}"
        for bar in found
    )
    return figure(name, title, f"{words}.", width, height, parts, "timetable")


def by_stage(named: NamedPlan, found: list[Bar]) -> list[tuple[str, list[Bar]]]:
    """The bars of each stage that has any, with the name of the stage."""
    keys = dict.fromkeys(bar.stage for bar in found)
    return [(named.stage(key), [bar for bar in found if bar.stage == key]) for key in keys]


def largest(found: list[Bar]) -> list[Bar]:
    """The projects with the most capital, in the order of commitment."""
    kept = sorted(found, key=lambda bar: (-bar.capital, bar.project))[:LARGEST]
    return sorted(kept, key=lambda bar: (bar.committed, bar.online, -bar.capital))
