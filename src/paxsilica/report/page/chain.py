"""The chain from ore to server as a Sankey diagram: each stage, the trusted share of its goods, and
the links between stages.

All bands are equally wide, because values do not show dependence: a server is worth a hundred times
the ore in it and cannot be built without it. A band is all that one stage takes from another,
divided by trust on both sides.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from markupsafe import Markup

from paxsilica.report.page.layers import Layers, Link, Place, lay_out
from paxsilica.report.page.svg import figure, rect, tag, wrapped
from paxsilica.report.views.flows import FINAL, chain_flows, stage_output
from paxsilica.report.views.named_plan import NamedPlan

THIN = 0.02
"""Links below this share of both the sales of the supplier and the purchases of the user are not
drawn."""

FINAL_SHARE = 0.45
"""Least share of the sales of a stage to final users that is drawn."""

PARTS = (("tt", True, True), ("ut", False, True), ("tu", True, False), ("uu", False, False))
"""Parts of a band: class of its colour, whether the supplier is trusted, whether the user is."""

FINAL_NAME = "Final users"


@dataclass(frozen=True)
class Chain:
    """The chain in one year: what every link carries (USD million by part) and the share of each
    stage that is trusted."""

    year: int
    links: Mapping[Link, Mapping[str, float]]
    trusted_share: Mapping[str, float]
    names: Mapping[str, str]
    layers: Layers

    def rows(self) -> list[tuple[str, str, float, float, float]]:
        """Rows of the table: from, to, USD million, share of trusted supply, and the same of the
        supply to trusted users."""
        place = {name: at for at, name in enumerate(self.names)}
        found = []
        for (start, end), parts in sorted(
            self.links.items(), key=lambda item: (place[item[0][0]], item[0][1])
        ):
            total, mine = sum(parts.values()), parts["tt"] + parts["ut"]
            trusted = (parts["tt"] + parts["tu"]) / total
            own = parts["tt"] / mine if mine else float("nan")
            found.append((self.names[start], self.names[end], total, trusted, own))
        return found


def make_chain(named: NamedPlan, year: int) -> Chain | None:
    """The chain in normal times of ``year``; ``None`` without the tables, or where nothing in it
    has a price or a stage."""
    if named.world is None:
        return None
    flows = chain_flows(named.plan, named.world, year)
    flows = flows[
        (flows["from_stage"] != "")
        & (flows["to_stage"] != "")
        & (flows["from_stage"] != flows["to_stage"])
    ]
    flows = flows[flows["usd_m"] > 0]
    if flows.empty:
        return None
    total = flows.groupby(["from_stage", "to_stage"])["usd_m"].sum()
    sold, bought = (
        flows.groupby("from_stage")["usd_m"].sum(),
        flows.groupby("to_stage")["usd_m"].sum(),
    )
    links: dict[Link, dict[str, float]] = {}
    weights: dict[Link, float] = {}
    for (start, end), value in zip(total.index, total, strict=True):
        thin = (
            value < FINAL_SHARE * sold[start]
            if end == FINAL
            else max(value / sold[start], value / bought[end]) < THIN
        )
        if thin:
            continue
        part = flows[(flows["from_stage"] == start) & (flows["to_stage"] == end)]
        links[start, end] = {
            name: float(
                part.loc[
                    (part["trusted_supply"] == supply) & (part["trusted_use"] == use), "usd_m"
                ].sum()
            )
            for name, supply, use in PARTS
        }
        weights[start, end] = float(value / sold[start])
    output = stage_output(named.plan, named.world, year)
    shares = {
        str(row["stage"]): row["trusted_usd_m"] / (row["trusted_usd_m"] + row["other_usd_m"])
        for row in output.to_dict("records")
        if row["trusted_usd_m"] + row["other_usd_m"] > 0
    }
    final = flows[flows["to_stage"] == FINAL]
    if not final.empty:
        shares[FINAL] = float(
            final.loc[final["trusted_use"].astype(bool), "usd_m"].sum() / final["usd_m"].sum()
        )
    names = {**named.stages, FINAL: FINAL_NAME}
    return Chain(year, links, shares, names, lay_out(weights, list(names)))


def chain_years(named: NamedPlan) -> list[int]:
    """Four years to draw: the first and the last, and two between."""
    years = list(named.years)
    return sorted({years[round(at * (len(years) - 1) / 3)] for at in range(4)})


@dataclass(frozen=True)
class Style:
    """Sizes of the drawing, in pixels; ``down`` draws it from top to bottom for a narrow screen."""

    down: bool
    band: float
    bar: float
    step: float
    gap: float
    label: int
    lines: int
    least: float


WIDE = Style(down=False, band=21, bar=15, step=128, gap=8, label=17, lines=3, least=0)
NARROW = Style(down=True, band=10, bar=11, step=100, gap=7, label=14, lines=4, least=104)


def chain_figure(chain: Chain, name: str, style: Style) -> Markup:
    """The drawing."""
    ends = _ends(chain)
    head = 46.0
    size = {place: _size(place, ends, style) for row in chain.layers.rows for place in row}
    spans = [
        sum(size[place] for place in row) + style.gap * (len(row) - 1) for row in chain.layers.rows
    ]
    across = max(spans)
    start: dict[Place, float] = {}
    for row, span in zip(chain.layers.rows, spans, strict=True):
        spare = (across - span) / (len(row) + 1)
        at = spare
        for place in row:
            start[place] = at
            at += size[place] + style.gap + spare
    depth = {
        place: index * style.step + (head if style.down else 60.0)
        for index, row in enumerate(chain.layers.rows)
        for place in row
    }
    bands, bars = [], []
    for link, route in chain.layers.routes.items():
        bands += _band(chain, link, route, start, size, depth, ends, style)
    for row in chain.layers.rows:
        for place in row:
            if len(place) == 1:
                bars += _bar(
                    chain,
                    place,
                    start[place] + _lead(style),
                    depth[place],
                    _thickness(place, ends, style),
                    style,
                )
    length = (len(chain.layers.rows) - 1) * style.step + (head + 30 if style.down else 140)
    width, height = (across + 8, length) if style.down else (length, across + 12)
    words = "; ".join(
        f"{chain.names.get(key, key)} {100 * value:.0f} % trusted"
        for key, value in chain.trusted_share.items()
    )
    return figure(
        name,
        f"The chain in normal times, {chain.year}",
        f"Share of each stage made by trusted plants: {words}.",
        width,
        height,
        bands + bars,
    )


def _ends(chain: Chain) -> dict[str, tuple[list[Link], list[Link]]]:
    """Incoming and outgoing links of each stage, in the order of their ends at it."""
    position = {place: at for row in chain.layers.rows for at, place in enumerate(row)}
    rows = {place: len(row) for row in chain.layers.rows for place in row}
    found: dict[str, tuple[list[Link], list[Link]]] = {}
    routes = chain.layers.routes
    for name in {step for link in routes for step in link}:
        inward = sorted(
            (link for link in routes if link[1] == name),
            key=lambda link: position[routes[link][-2]] / rows[routes[link][-2]],
        )
        outward = sorted(
            (link for link in routes if link[0] == name),
            key=lambda link: position[routes[link][1]] / rows[routes[link][1]],
        )
        found[name] = (inward, outward)
    return found


def _lead(style: Style) -> float:
    """Space before a bar for its label, where the label is beside it across the flow."""
    return 0.0 if style.down else style.lines * 13.0 + 6


def _thickness(
    place: Place, ends: Mapping[str, tuple[list[Link], list[Link]]], style: Style
) -> float:
    inward, outward = ends[place[0]]
    return max(len(inward), len(outward), 1) * style.band


def _size(place: Place, ends: Mapping[str, tuple[list[Link], list[Link]]], style: Style) -> float:
    if len(place) > 1:
        return style.band
    return max(_thickness(place, ends, style) + _lead(style), style.least)


def _band(
    chain: Chain,
    link: Link,
    route: Sequence[Place],
    start: Mapping[Place, float],
    size: Mapping[Place, float],
    depth: Mapping[Place, float],
    ends: Mapping[str, tuple[list[Link], list[Link]]],
    style: Style,
) -> list[Markup]:
    """The parts of one band, each a line with the width of its share."""
    middles: list[tuple[float, float]] = []
    for at, place in enumerate(route):
        if len(place) == 1:
            side = ends[place[0]][1 if at == 0 else 0]
            slots = _thickness(place, ends, style) / max(len(side), 1)
            across = start[place] + _lead(style) + slots * (side.index(link) + 0.5)
            along = [depth[place] + (style.bar if at == 0 else 0.0)]
        else:
            across = start[place] + size[place] / 2
            along = [depth[place], depth[place] + style.bar]
        middles += [(step, across) for step in along]
    parts = chain.links[link]
    total = sum(parts.values())
    room = style.band * 0.86
    offset = -room / 2
    drawn = []
    for name, _, _ in PARTS:
        width = room * parts[name] / total
        if width > 0.05:
            shift = offset + width / 2
            path = _path([(along, across + shift) for along, across in middles], style.down)
            drawn.append(tag("path", d=path, class_=f"band {name}", stroke_width=width))
        offset += width
    supply = (parts["tt"] + parts["tu"]) / total
    hint = (
        f"{chain.names[link[0]]} to {chain.names[link[1]]}: USD {total / 1000:,.1f} billion,"
        f" {100 * supply:.0f} % of it from trusted plants"
    )
    return [tag("g", tag("title", hint), *drawn)]


def _path(points: Sequence[tuple[float, float]], down: bool) -> str:
    """A smooth line through the points, along the flow at each of them."""

    def pair(along: float, across: float) -> str:
        return f"{across:.1f},{along:.1f}" if down else f"{along:.1f},{across:.1f}"

    words = [f"M{pair(*points[0])}"]
    for (along, across), (further, beyond) in pairwise(points):
        half = (along + further) / 2
        words.append(f"C{pair(half, across)} {pair(half, beyond)} {pair(further, beyond)}")
    return "".join(words)


def _bar(
    chain: Chain, place: Place, across: float, along: float, thickness: float, style: Style
) -> list[Markup]:
    """A stage: the trusted part of its bar, the rest, its name and the trusted share."""
    key = place[0]
    share = chain.trusted_share.get(key, 0.0)
    name = chain.names.get(key, key)
    verb = "used by" if key == FINAL else "made by"
    hint = f"{name}: {100 * share:.0f} % {verb} trusted {'regions' if key == FINAL else 'plants'}"
    cuts = (("node-trusted", 0.0, share), ("node-other", share, 1.0))
    parts = []
    for class_, low, high in cuts:
        first, extent = across + thickness * low, thickness * (high - low)
        box = (first, along, extent, style.bar) if style.down else (along, first, style.bar, extent)
        if extent > 0.05:
            parts.append(rect(*box, class_, hint))
    percent = f"{100 * share:.0f}\u00a0%"
    lines = wrapped(f"{name} {percent}", style.label, style.lines)
    beside = "start" if style.down else "middle"
    x = across if style.down else along + style.bar / 2
    bottom = (along if style.down else across) - 6
    for at, words in enumerate(lines):
        inside: list[object] = [words.removesuffix(percent)]
        if words.endswith(percent):
            inside.append(tag("tspan", percent, class_="strong"))
        parts.append(
            tag(
                "text",
                *inside,
                x=x,
                y=bottom - 13 * (len(lines) - 1 - at),
                class_="label",
                text_anchor=beside,
            )
        )
    return parts
