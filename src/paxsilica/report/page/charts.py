"""Charts of the page: coverage of a stage, and payments by year."""

from __future__ import annotations

import math

from markupsafe import Markup

from paxsilica.plan.requirement import covered, required
from paxsilica.report.page.svg import figure, line, polyline, rect, text
from paxsilica.report.views.coverage import Stage
from paxsilica.report.views.money import payments_by_year, public_and_own
from paxsilica.report.views.named_plan import NamedPlan

WIDTH, HEIGHT = 250.0, 150.0
LEFT, RIGHT, TOP, BOTTOM = 30.0, 44.0, 12.0, 20.0

APART = 19.0
"""Least distance of two labels, the height of their letters on a phone."""


def coverage_figure(stage: Stage, name: str) -> Markup:
    """A small chart of the requirement, of coverage without and with the plan, and of the nameplate
    share."""
    years = [cell.year for cell in stage.cells]
    step = (WIDTH - LEFT - RIGHT) / (years[-1] - years[0] + 1)

    def x(year: float) -> float:
        """The middle of the room of a year, so that a bar covers no mark of an axis."""
        return LEFT + step * (year - years[0] + 0.5)

    def y(share: float) -> float:
        return TOP + (HEIGHT - TOP - BOTTOM) * (1 - min(share, 1.0))

    parts: list[Markup] = []
    for share in (0.0, 0.5, 1.0):
        parts += [
            line(LEFT, y(share), WIDTH - RIGHT, y(share), "grid"),
            text(LEFT - 4, y(share) + 4, f"{100 * share:.0f}", "axis", "end"),
        ]
    ends = ((LEFT, years[0], "start"), (WIDTH - RIGHT, years[-1], "end"))
    for place, year, anchor in ends[: len(set(years))]:
        parts.append(text(place, HEIGHT - 5, year, "axis", anchor))
    for cell in stage.cells:
        hint = (
            f"{cell.year}: {covered(cell.without)} % without, {covered(cell.coverage)} % with the"
            f" plan, {required(cell.required)} % required"
        )
        if cell.short:
            low, high = y(cell.coverage), y(cell.required)
            box = (x(cell.year - 0.35), high, step * 0.7, low - high)
            parts.append(rect(*box, "lack", hint, data_year=cell.year))
    curves = {
        "nameplate": "nameplate",
        "required": "required",
        "before": "without",
        "after": "coverage",
    }
    for kind, column in curves.items():
        points = [(x(cell.year), y(getattr(cell, column))) for cell in stage.cells]
        if len(points) == 1:  # a line of one point is not seen
            points = [(x(years[0] + side), points[0][1]) for side in (-0.35, 0.35)]
        parts.append(polyline(points, f"curve {kind}"))
    without, coverage = stage.last.without, stage.last.coverage
    labels = [(y(coverage), covered(coverage), "after"), (y(without), covered(without), "before")]
    if labels[0][1] == labels[1][1]:
        labels = labels[:1]
    elif abs(labels[0][0] - labels[1][0]) < APART:
        middle = (labels[0][0] + labels[1][0]) / 2
        side = 1 if labels[0][0] <= labels[1][0] else -1
        places = (middle - side * APART / 2, middle + side * APART / 2)
        labels = [(at, *label[1:]) for at, label in zip(places, labels, strict=True)]
    parts += [
        text(WIDTH - RIGHT + 4, at + 4, f"{words} %", f"end {kind}") for at, words, kind in labels
    ]
    words = "; ".join(
        f"{cell.year} {covered(cell.without)} to {covered(cell.coverage)} %,"
        f" {required(cell.required)} % required"
        for cell in stage.cells
    )
    title, about = f"Coverage of {stage.name}", f"Without and with the plan: {words}."
    return figure(name, title, about, WIDTH, HEIGHT, parts, "small-multiple")


def _marks(top: float) -> list[float]:
    """Three to six round axis marks from zero to above ``top``."""
    size = 10.0 ** math.floor(math.log10(top))
    step = next(part * size for part in (0.2, 0.25, 0.5, 1.0, 2.0) if top / (part * size) <= 5)
    return [step * at for at in range(math.ceil(top / step - 1e-9) + 1)]


def most_paid(named: NamedPlan) -> float:
    """The largest payments of a year, USD million."""
    paid = public_and_own(payments_by_year(named.plan))
    return max((public + own for _, public, own in paid), default=0.0)


def cash_figure(named: NamedPlan, most: float, name: str, width: float) -> Markup | None:
    """Columns by year: payments of funders, and on top of them those of owners. ``most``: payments
    at the top of the scale, USD million, the same for every plan of a page."""
    paid = public_and_own(payments_by_year(named.plan))
    if not paid or not most:
        return None
    scale, unit = (1000.0, "billion") if most >= 1000 else (1.0, "million")
    paid = [(year, public / scale, own / scale) for year, public, own in paid]
    narrow = width < 500
    height, left, top, bottom = (210.0, 30.0, 18.0, 22.0) if narrow else (260.0, 40.0, 20.0, 26.0)
    marks = _marks(most / scale)
    room = (width - left - 4) / len(paid)

    def y(value: float) -> float:
        return top + (height - top - bottom) * (1 - value / marks[-1])

    parts: list[Markup] = [text(left, 10, f"USD {unit} a year", "axis")]
    for mark in marks:
        parts += [
            line(left, y(mark), width, y(mark), "grid"),
            text(left - 5, y(mark) + 4, f"{mark:,g}", "axis", "end"),
        ]
    for at, (year, public, own) in enumerate(paid):
        x, thick = left + at * room + room * 0.14, room * 0.72
        total = public + own
        hint = (
            f"{year}: funders USD {scale * public:,.0f} million, owners USD {scale * own:,.0f}"
            " million"
        )
        for kind, low, high in (("public", 0.0, public), ("owners", public, total)):
            amount = {"data_year": year, "data_usd_m": f"{scale * (high - low):.3f}"}
            parts.append(rect(x, y(high), thick, y(low) - y(high), kind, hint, **amount))
        if total >= 0.005 * marks[-1]:
            parts.append(
                text(x + thick / 2, y(total) - 4, f"{total:,.1f}", "label strong", "middle")
            )
        if not narrow or at % 2 == 0:
            parts.append(text(x + thick / 2, height - 8, year, "axis", "middle"))
    words = "; ".join(
        f"{year} funders {scale * public:,.0f}, owners {scale * own:,.0f}"
        for year, public, own in paid
    )
    return figure(name, "Payments by year, USD million", f"{words}.", width, height, parts, "cash")
