"""The chain from ore to server as a Sankey diagram: each stage, the share of its goods that is
within reach, and the links between stages.

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
from paxsilica.report.page.svg import figure, rect, tag, text_width, wrapped
from paxsilica.report.views.coverage import spread
from paxsilica.report.views.flows import FINAL, chain_flows, stage_output
from paxsilica.report.views.named_plan import NamedPlan

THIN = 0.02
"""Links below this share of both the sales of the supplier and the purchases of the user are not
drawn."""

FINAL_SHARE = 0.45
"""Least share of the sales of a stage to final users that is drawn."""

PARTS = (("tt", True, True), ("ut", False, True), ("tu", True, False), ("uu", False, False))
"""Parts of a band: class of its colour, whether the supplier is within reach, and the user."""

FINAL_NAME = "Final users"

Ends = Mapping[str, tuple[list[Link], list[Link]]]
"""Incoming and outgoing links of each stage."""


@dataclass(frozen=True)
class Chain:
    """The chain in one year: what every link carries (USD million by part) and the share of each
    stage that is within reach."""

    year: int
    links: Mapping[Link, Mapping[str, float]]
    reached_share: Mapping[str, float]
    names: Mapping[str, str]
    layers: Layers

    def rows(self) -> list[tuple[str, str, float, float, float]]:
        """Rows of the table: from, to, USD million, share of supply within reach, and the same of
        the supply to covered users."""
        place = {name: at for at, name in enumerate(self.names)}
        found = []
        for (start, end), parts in sorted(
            self.links.items(), key=lambda item: (place[item[0][0]], item[0][1])
        ):
            total, mine = sum(parts.values()), parts["tt"] + parts["ut"]
            reached = (parts["tt"] + parts["tu"]) / total
            own = parts["tt"] / mine if mine else float("nan")
            found.append((self.names[start], self.names[end], total, reached, own))
        return found


def make_chain(named: NamedPlan, year: int) -> Chain | None:
    """The chain in normal times of ``year``; ``None`` without the tables, or where nothing in it
    has a price or a stage."""
    if named.world is None:
        return None
    flows = chain_flows(named.plan, named.world, year)
    start, end = flows["from_stage"], flows["to_stage"]
    flows = flows[(start != "") & (end != "") & (start != end) & (flows["usd_m"] > 0)]
    if flows.empty:
        return None
    total = flows.groupby(["from_stage", "to_stage"])["usd_m"].sum()
    sold, bought = (flows.groupby(side)["usd_m"].sum() for side in ("from_stage", "to_stage"))
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
        trust = part.groupby(["supply_within_reach", "use_within_reach"])["usd_m"].sum()
        links[start, end] = {
            name: float(trust.get((supply, use), 0.0)) for name, supply, use in PARTS
        }
        weights[start, end] = float(value / sold[start])
    output = stage_output(named.plan, named.world, year)
    shares = {
        str(row["stage"]): row["within_reach_usd_m"]
        / (row["within_reach_usd_m"] + row["other_usd_m"])
        for row in output.to_dict("records")
        if row["within_reach_usd_m"] + row["other_usd_m"] > 0
    }
    final = flows[flows["to_stage"] == FINAL]
    if not final.empty:
        shares[FINAL] = float(
            final.loc[final["use_within_reach"].astype(bool), "usd_m"].sum() / final["usd_m"].sum()
        )
    names = {**named.stages, FINAL: FINAL_NAME}
    return Chain(year, links, shares, names, lay_out(weights, list(names)))


def chain_years(named: NamedPlan) -> list[int]:
    """Four years to draw: the first and the last, and two between."""
    return spread(named.years, 4)


@dataclass(frozen=True)
class Style:
    """Sizes of the drawing, in pixels; ``down`` draws it from top to bottom for a narrow screen.

    Each layer is a zone in which all bands run straight, each in a lane of its own, so that a label
    in the lane of its stage touches no band. Bands change lanes between zones only, over ``turn``.
    A label stands above its bar, with ``down`` to the right of it.
    """

    down: bool
    band: float
    bar: float
    turn: float
    gap: float
    room: int


WIDE = Style(down=False, band=17, bar=15, turn=60, gap=8, room=11)
NARROW = Style(down=True, band=8, bar=11, turn=54, gap=7, room=10)

LINES = 5
"""Most lines of a label."""

LINE, SPACE = 13.0, 6.0
"""Height of a line of a label, and space between a label and its bar."""


@dataclass(frozen=True)
class Label:
    """Name and share of a stage, in lines; ``percent`` is the part in bold."""

    lines: Sequence[str]
    percent: str

    @property
    def width(self) -> float:
        """Upper bound on its width, in pixels."""
        return max(map(text_width, self.lines))

    @property
    def height(self) -> float:
        """Its height, in pixels."""
        return LINE * len(self.lines)


def make_label(chain: Chain, key: str, room: int) -> Label:
    """The label of a stage, in lines of about ``room`` characters that break no word."""
    percent = f"{100 * chain.reached_share.get(key, 0.0):.0f}\u00a0%"
    words = f"{chain.names.get(key, key)} {percent}"
    longest = max(len(word) for word in words.split(" "))
    lines = wrapped(words, max(room, longest), LINES)
    if not lines[-1].endswith(percent):
        lines = [*lines[: LINES - 1], percent]
    return Label(lines, percent)


@dataclass(frozen=True)
class Plot:
    """Where the stages and long links of a chain are drawn, in pixels.

    Attributes:
        chain, style: what is drawn, and the sizes.
        ends: incoming and outgoing links of each stage, in the order of their ends at it.
        labels: of each stage.
        across: extent of the drawing across the flow.
        start: first pixel of the lane of each place, across the flow.
        zones: first and last pixel of the layer of each place, along the flow.
    """

    chain: Chain
    style: Style
    ends: Ends
    labels: Mapping[str, Label]
    across: float
    start: Mapping[Place, float]
    zones: Mapping[Place, tuple[float, float]]

    def bar_place(self, place: Place) -> tuple[float, float, float]:
        """First pixel of a bar along and across the flow, and its length across."""
        first, last = self.zones[place]
        lead = _lead(self.labels[place[0]], self.style)
        length = _thickness(place, self.ends, self.style)
        return (first + last - self.style.bar) / 2, self.start[place] + lead, length

    def band(self, link: Link, route: Sequence[Place]) -> Markup:
        """The parts of one band, each a line with the width of its share."""
        style, middles = self.style, list[tuple[float, float]]()
        for at, place in enumerate(route):
            first, last = self.zones[place]
            if len(place) == 1:
                along, across, length = self.bar_place(place)
                side = self.ends[place[0]][1 if at == 0 else 0]
                across += length / max(len(side), 1) * (side.index(link) + 0.5)
                span = (along + style.bar, last) if at == 0 else (first, along)
            else:
                across, span = self.start[place] + style.band / 2, (first, last)
            middles += [(step, across) for step in span]
        parts, names = self.chain.links[link], self.chain.names
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
            f"{names[link[0]]} to {names[link[1]]}: USD {total / 1000:,.1f} billion,"
            f" {100 * supply:.0f} % of it from plants within reach"
        )
        return tag("g", tag("title", hint), *drawn)

    def bar(self, place: Place) -> list[Markup]:
        """A stage: the part of its bar within reach, the rest, its name and the share."""
        key, style = place[0], self.style
        along, across, thickness = self.bar_place(place)
        share = self.chain.reached_share.get(key, 0.0)
        name = self.chain.names.get(key, key)
        makers = "used by covered regions" if key == FINAL else "made by plants within reach"
        hint = f"{name}: {100 * share:.0f} % {makers}"
        parts = []
        for class_, low, high in (("node-reached", 0.0, share), ("node-other", share, 1.0)):
            first, extent = across + thickness * low, thickness * (high - low)
            box = (along, first, style.bar, extent)
            if style.down:
                box = (first, along, extent, style.bar)
            if extent > 0.05:
                parts.append(rect(*box, class_, hint))
        label, middle = self.labels[key], along + style.bar / 2
        if style.down:
            x, top, anchor = across + thickness + SPACE, middle - label.height / 2, "start"
        else:
            x, top, anchor = middle, across - SPACE - label.height, "middle"
        for at, words in enumerate(label.lines):
            inside: list[object] = [words.removesuffix(label.percent)]
            if words.endswith(label.percent):
                inside.append(tag("tspan", label.percent, class_="strong"))
            y = top + LINE * (at + 0.88)
            parts.append(tag("text", *inside, x=x, y=y, class_="label", text_anchor=anchor))
        return parts


def _lead(label: Label, style: Style) -> float:
    """Space across the flow before a bar, for its label."""
    return 0.0 if style.down else label.height + SPACE


def _plot(chain: Chain, style: Style) -> Plot:
    """Spreads the places of each layer evenly across the flow."""
    ends, rows = _ends(chain), chain.layers.rows
    labels = {place[0]: make_label(chain, place[0], style.room) for row in rows for place in row}
    size = {place: _size(place, ends, labels, style) for row in rows for place in row}
    spans = [sum(size[place] for place in row) + style.gap * (len(row) - 1) for row in rows]
    start: dict[Place, float] = {}
    zones: dict[Place, tuple[float, float]] = {}
    depth = 0.0
    for row, span in zip(rows, spans, strict=True):
        spare = (max(spans) - span) / (len(row) + 1)
        at = spare
        own = [labels[place[0]] for place in row if len(place) == 1]
        sizes = [label.height if style.down else label.width for label in own]
        length = max([style.bar, *sizes]) + SPACE
        for place in row:
            start[place], zones[place] = at, (depth, depth + length)
            at += size[place] + style.gap + spare
        depth += length + style.turn
    return Plot(chain, style, ends, labels, max(spans), start, zones)


def chain_figure(chain: Chain, name: str, style: Style) -> Markup:
    """The drawing."""
    plot, layers = _plot(chain, style), chain.layers
    parts = [plot.band(link, route) for link, route in layers.routes.items()]
    for place in (place for row in layers.rows for place in row if len(place) == 1):
        parts += plot.bar(place)
    length = max(last for _, last in plot.zones.values())
    width, height = (plot.across, length) if style.down else (length, plot.across)
    width, height = width + 4, height + 4
    words = "; ".join(
        f"{chain.names.get(key, key)} {100 * value:.0f} % within reach"
        for key, value in chain.reached_share.items()
    )
    title = f"The chain in normal times, {chain.year}"
    about = f"Share of each stage made by plants within reach: {words}."
    return figure(name, title, about, width, height, parts)


def _ends(chain: Chain) -> dict[str, tuple[list[Link], list[Link]]]:
    """Incoming and outgoing links of each stage, in the order of their ends at it."""
    routes = chain.layers.routes
    position = {place: at / len(row) for row in chain.layers.rows for at, place in enumerate(row)}

    def links(name: str, end: int, neighbour: int) -> list[Link]:
        found = (link for link in routes if link[end] == name)
        return sorted(found, key=lambda link: position[routes[link][neighbour]])

    names = {step for link in routes for step in link}
    return {name: (links(name, 1, -2), links(name, 0, 1)) for name in names}


def _thickness(place: Place, ends: Ends, style: Style) -> float:
    inward, outward = ends[place[0]]
    return max(len(inward), len(outward), 1) * style.band


def _size(place: Place, ends: Ends, labels: Mapping[str, Label], style: Style) -> float:
    """Width of the lane of a place."""
    if len(place) > 1:
        return style.band
    label, length = labels[place[0]], _thickness(place, ends, style)
    return length + (SPACE + label.width if style.down else _lead(label, style))


def _path(points: Sequence[tuple[float, float]], down: bool) -> str:
    """A smooth line through the points, along the flow at each of them."""

    def pair(along: float, across: float) -> str:
        return f"{across:.1f},{along:.1f}" if down else f"{along:.1f},{across:.1f}"

    words = [f"M{pair(*points[0])}"]
    for (along, across), (further, beyond) in pairwise(points):
        half = (along + further) / 2
        words.append(f"C{pair(half, across)} {pair(half, beyond)} {pair(further, beyond)}")
    return "".join(words)
