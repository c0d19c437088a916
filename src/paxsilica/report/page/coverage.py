"""Coverage by step and year, before and after: one small chart for each step, and the figures
behind it."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
from markupsafe import Markup

from paxsilica.plan.result import Plan
from paxsilica.report.facts import records
from paxsilica.report.page.svg import Point, figure, line, polyline, rect, text
from paxsilica.report.wording import covered, exposed

WIDTH, HEIGHT = 250.0, 150.0
LEFT, RIGHT, TOP, BOTTOM = 30.0, 44.0, 12.0, 20.0


@dataclass(frozen=True)
class Cell:
    """One step in one year, as shares of need; ``text`` parts are whole per cent, rounded down."""

    year: int
    naive_before: float
    before: float
    naive: float
    after: float
    required: float
    weakest: str

    @property
    def short(self) -> bool:
        """Whether less is covered than the case asks for."""
        return exposed(self.after, self.required)

    @property
    def percent(self) -> tuple[str, str, str]:
        """Before, after and required in whole per cent."""
        return covered(self.before), covered(self.after), covered(self.required)


@dataclass(frozen=True)
class Step:
    """A step of the chain with its years."""

    key: str
    name: str
    cells: tuple[Cell, ...]

    @property
    def last(self) -> Cell:
        """The last year."""
        return self.cells[-1]

    @property
    def years_short(self) -> list[int]:
        """Years in which less is covered than asked for."""
        return [cell.year for cell in self.cells if cell.short]


def coverage_steps(plan: Plan) -> list[Step]:
    """The steps in the order of the chain; none where the case asks for no coverage."""
    frame = plan.coverage
    steps = []
    for key in frame["stage"].drop_duplicates():
        part = frame[frame["stage"] == key].sort_values("year")
        cells = tuple(
            Cell(
                int(row["year"]),
                float(row["nameplate_share_without"]),
                float(row["coverage_without"]),
                float(row["nameplate_share"]),
                float(row["coverage"]),
                float(row["required_share"]),
                str(row["weakest_commodity"]),
            )
            for row in records(part)
        )
        steps.append(Step(str(key), str(part["name"].iloc[0]), cells))
    return steps


def step_figure(step: Step, name: str) -> Markup:
    """A small chart: what is asked for, what could be made without the plan and with it, and what
    nameplates alone would suggest."""
    years = [cell.year for cell in step.cells]
    span = max(years[-1] - years[0], 1)

    def x(year: int) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * (year - years[0]) / span

    def y(share: float) -> float:
        return TOP + (HEIGHT - TOP - BOTTOM) * (1 - min(share, 1.0))

    def points(values: list[float]) -> list[Point]:
        return [(x(year), y(value)) for year, value in zip(years, values, strict=True)]

    parts: list[Markup] = []
    for share in (0.0, 0.5, 1.0):
        parts += [
            line(LEFT, y(share), WIDTH - RIGHT, y(share), "grid"),
            text(LEFT - 4, y(share) + 4, f"{100 * share:.0f}", "axis", "end"),
        ]
    for year, anchor in ((years[0], "start"), (years[-1], "end")):
        parts.append(text(x(year), HEIGHT - 5, year, "axis", anchor))
    width = (WIDTH - LEFT - RIGHT) / span
    for cell in step.cells:
        hint = (
            f"{cell.year}: {cell.percent[0]} % without, {cell.percent[1]} % with the plan,"
            f" {cell.percent[2]} % asked for"
        )
        if cell.short:
            low, high = y(cell.after), y(cell.required)
            parts.append(
                rect(
                    x(cell.year) - width * 0.35,
                    high,
                    width * 0.7,
                    low - high,
                    "lack",
                    hint,
                    data_year=cell.year,
                )
            )
    parts.append(polyline(points([cell.naive for cell in step.cells]), "curve naive"))
    parts.append(polyline(points([cell.required for cell in step.cells]), "curve required"))
    parts.append(polyline(points([cell.before for cell in step.cells]), "curve before"))
    parts.append(polyline(points([cell.after for cell in step.cells]), "curve after"))
    last = step.last
    labels = [
        (y(last.after), last.percent[1], "after"),
        (y(last.before), last.percent[0], "before"),
    ]
    if abs(labels[0][0] - labels[1][0]) < 12:
        labels = (
            labels[:1]
            if last.percent[0] == last.percent[1]
            else [(labels[0][0] - 6, *labels[0][1:]), (labels[1][0] + 6, *labels[1][1:])]
        )
    parts += [
        text(WIDTH - RIGHT + 4, at + 4, f"{words} %", f"end {kind}") for at, words, kind in labels
    ]
    words = "; ".join(
        f"{cell.year} {cell.percent[0]} to {cell.percent[1]} %, {cell.percent[2]} % asked for"
        for cell in step.cells
    )
    return figure(
        name,
        f"Coverage of {step.name}",
        f"Without and with the plan: {words}.",
        WIDTH,
        HEIGHT,
        parts,
        "small-multiple",
    )


def short_commodities(plan: Plan, year: int) -> pd.DataFrame:
    """Commodities that fall short in ``year``, the worst first."""
    frame = plan.table("coverage_by_commodity")
    frame = frame[frame["year"] == year]
    frame = frame[[exposed(row["coverage"], row["required_share"]) for row in records(frame)]]
    return frame.sort_values(["coverage", "commodity"]).reset_index(drop=True)
