"""A map of the portfolio on outlines that come with the program, so that it needs no network.

The outlines (``world.json``) are the Admin 0 countries of Natural Earth at 1:110 million, which are
in the public domain, rounded to a tenth of a degree. The projection is Equal Earth: areas are true,
so that no country looks larger than it is.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from markupsafe import Markup

from paxsilica.report.page.svg import cut, figure, line, tag, text
from paxsilica.report.views.named_plan import NamedPlan
from paxsilica.report.wording import count

NARROW = 500.0
"""Pixels below which labels have no room."""

NUMBERED = 7.0
"""Least radius of a circle that can hold the number of its row, in pixels."""

SOUTH = -56.0
NORTH = 78.0
"""Latitudes that the map shows; no project is beyond them."""


@dataclass(frozen=True)
class Spot:
    """A region with projects."""

    region: str
    name: str
    latitude: float
    longitude: float
    projects: int
    capital: float


@cache
def outlines() -> dict[str, list[list[float]]]:
    """Rings of each country by ISO code: longitude, latitude, longitude, latitude, ..."""
    text_of = files("paxsilica.report.page").joinpath("world.json").read_text(encoding="utf-8")
    countries: dict[str, list[list[float]]] = json.loads(text_of)["countries"]
    return countries


def equal_earth(longitude: float, latitude: float) -> tuple[float, float]:
    """Equal Earth projection (Savric, Patterson and Jenny 2018) on a sphere of radius 1; y grows to
    the north.

    >>> [round(value, 4) for value in equal_earth(180, 0)]
    [2.7066, 0.0]
    """
    a1, a2, a3, a4 = 1.340264, -0.081106, 0.000893, 0.003796
    root = math.sqrt(3) / 2
    theta = math.asin(root * math.sin(math.radians(latitude)))
    square = theta * theta
    six = square**3
    scale = root * (a1 + 3 * a2 * square + six * (7 * a3 + 9 * a4 * square))
    x = math.radians(longitude) * math.cos(theta) / scale
    return x, theta * (a1 + a2 * square + six * (a3 + a4 * square))


def spots(named: NamedPlan) -> list[Spot]:
    """Regions of the portfolio that have a place, the largest first."""
    if named.tables is None:
        return []
    places = {row.region: row for row in named.tables.regions}
    found = []
    for region, part in named.plan.portfolio.groupby("region"):
        row = places.get(str(region))
        if row is not None and row.latitude is not None and row.longitude is not None:
            capital = float(part["capex_usd_m"].sum())
            place = (row.latitude, row.longitude)
            found.append(Spot(str(region), row.name, *place, len(part), capital))
    return sorted(found, key=lambda spot: (-spot.capital, spot.region))


def map_figure(named: NamedPlan, largest: float, name: str, width: float) -> Markup | None:
    """The map; ``None`` where no region has coordinates. On a narrow drawing circles carry no label
    but, where there is room, the number of their row in the table below. ``largest``: capital of
    the largest circle, USD million, the same on every map of a page."""
    labels = width >= NARROW
    found = spots(named)
    if not found or named.world is None:
        return None
    half = equal_earth(180, 0)[0]
    scale = width / (2 * half * 0.945)
    shift = half * 0.915
    top = equal_earth(0, NORTH)[1]

    def at(longitude: float, latitude: float) -> tuple[float, float]:
        x, y = equal_earth(longitude, latitude)
        return (x + shift) * scale, (top - y) * scale

    height = (top - equal_earth(0, SOUTH)[1]) * scale
    last = named.years[-1]
    parts: list[Markup] = []
    for country, rings in outlines().items():
        known, kind = country in named.world.regions, "land"
        if known:
            kind = "land reached" if not named.world.cut_off(country, last) else "land other"
        path = "".join(
            "M"
            + "L".join(
                "{:.1f},{:.1f}".format(*at(ring[i], ring[i + 1])) for i in range(0, len(ring), 2)
            )
            + "Z"
            for ring in rings
            if max(ring[1::2]) > SOUTH
        )
        title = [tag("title", named.region(country))] if known else []
        if path:
            parts.append(tag("path", *title, d=path, class_=kind))
    most, least = (36.0, 5.0) if labels else (17.0, 4.0)
    placed: list[tuple[float, float, float]] = []
    numbers: list[Markup] = []
    for number, spot in enumerate(found, 1):
        x, y = at(spot.longitude, spot.latitude)
        radius = max(most * math.sqrt(spot.capital / largest), least)
        crowded = any(math.hypot(x - cx, y - cy) < 0.8 * r + 8 for cx, cy, r in placed)
        placed.append((x, y, radius))
        money = f"USD {spot.capital:,.0f} million"
        if spot.capital >= 1000:
            money = f"USD {spot.capital / 1000:,.1f} billion"
        hint = tag("title", f"{spot.name}: {count(spot.projects, 'project')}, {money}")
        place: dict[str, object] = {"cx": x, "cy": y, "r": radius}
        scale_of = {"data_region": spot.region, "data_scale": f"{most / math.sqrt(largest):.5f}"}
        parts.append(tag("circle", hint, **place, class_="spot", **scale_of))
        if not labels and not crowded and radius >= NUMBERED:
            numbers.append(text(x, y + 3.5, number, "spot-number", "middle"))
    parts += numbers
    if labels:
        parts += _labels(found, placed, width, height)
    words = "; ".join(
        f"{spot.name}: {spot.projects} projects, USD {spot.capital:,.0f} million" for spot in found
    )
    about = f"Circles by capital. {words}."
    return figure(name, "Where the projects are", about, width, height, parts, "map clipped")


def _labels(
    found: list[Spot], placed: list[tuple[float, float, float]], width: float, height: float
) -> list[Markup]:
    """A label for each spot at the first free place around it; spots without a free place have
    none."""
    taken: list[tuple[float, float, float, float]] = []
    parts: list[Markup] = []
    for spot, (x, y, radius) in zip(found, placed, strict=True):
        words = f"{cut(spot.name, 26)} {spot.projects}"
        long, tall = 6.9 * len(words) + 4, 15.0
        for dx, dy in _around(radius, long, tall):
            box = (x + dx, y + dy, x + dx + long, y + dy + tall)
            inside = box[0] > 0 and box[1] > 0 and box[2] < width and box[3] < height
            free = all(
                box[0] > other[2] or box[2] < other[0] or box[1] > other[3] or box[3] < other[1]
                for other in taken
            )
            clear = all(
                (max(box[0] - cx, 0, cx - box[2])) ** 2 + (max(box[1] - cy, 0, cy - box[3])) ** 2
                >= (r * 0.96) ** 2
                for cx, cy, r in placed
            )
            if inside and free and clear:
                taken.append(box)
                near = (min(max(x, box[0]), box[2]), min(max(y, box[1]), box[3]))
                if math.hypot(near[0] - x, near[1] - y) > radius + 8:
                    parts.append(line(x, y, *near, "leader"))
                label = (f"{cut(spot.name, 26)} ", tag("tspan", spot.projects, class_="strong"))
                where = {"x": box[0] + 2, "y": box[3] - 3, "data_region": spot.region}
                parts.append(tag("text", *label, **where, class_="label"))
                break
    return parts


def _around(radius: float, long: float, tall: float) -> list[tuple[float, float]]:
    """Places to try for a label: right, left, above, below, then further out in every direction."""
    found = [
        (radius + 2, -tall / 2),
        (-radius - 2 - long, -tall / 2),
        (-long / 2, -radius - 2 - tall),
        (-long / 2, radius + 2),
    ]
    for far in (14.0, 26.0, 40.0, 56.0, 74.0):
        for turn in range(16):
            angle = math.tau * turn / 16
            x, y = (radius + far) * math.cos(angle), (radius + far) * math.sin(angle)
            lean = math.cos(angle)
            found.append(
                (x - long * (0 if lean > 0.1 else 1 if lean < -0.1 else 0.5), y - tall / 2)
            )
    return found
