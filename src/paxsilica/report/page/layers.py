"""Layered layout of the chain, from stages without inputs to final users.

The usual three steps of layered drawing: cycles are cut at their link of least weight, nodes are
placed on layers as late as their users allow, and within a layer they are ordered by the mean place
of their neighbours. A long link holds a place on every layer that it crosses.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

Link = tuple[str, str]
Place = tuple[str, ...]
"""A stage ``(name,)``, or the place ``(from, to, layer)`` that a long link holds on a layer it
crosses."""

SWEEPS = 12


@dataclass(frozen=True)
class Layers:
    """Layers from first to last, each with its places in order; ``routes`` are the places on each
    link; ``cut`` are the links that closed a cycle."""

    rows: Sequence[Sequence[Place]]
    routes: Mapping[Link, Sequence[Place]]
    cut: Sequence[Link]


def lay_out(weights: Mapping[Link, float], order: Sequence[str]) -> Layers:
    """The layers of the stages that ``weights`` links; ``order`` decides ties."""
    rank = {name: at for at, name in enumerate(order)}
    names = sorted(
        {name for link in weights for name in link},
        key=lambda name: (rank.get(name, len(rank)), name),
    )
    links, cut = dict(weights), []
    while cycle := _cycle(links, names):
        weakest = min(cycle, key=lambda link: (links[link], link))
        cut.append(weakest)
        del links[weakest]
    layer = _layers(links, names)
    rows: list[list[Place]] = [[] for _ in range(max(layer.values(), default=-1) + 1)]
    for name in names:
        rows[layer[name]].append((name,))
    routes: dict[Link, Sequence[Place]] = {}
    for start, end in sorted(links, key=lambda link: (rank.get(link[0], 0), rank.get(link[1], 0))):
        between: list[Place] = [(start, end, str(at)) for at in range(layer[start] + 1, layer[end])]
        for at, place in enumerate(between, layer[start] + 1):
            rows[at].append(place)
        routes[start, end] = [(start,), *between, (end,)]
    _order(rows, routes)
    return Layers(rows, routes, cut)


def _cycle(links: Mapping[Link, float], names: Sequence[str]) -> list[Link]:
    """The links of some cycle; none if there is none."""
    onward: dict[str, list[str]] = defaultdict(list)
    for start, end in sorted(links):
        onward[start].append(end)
    done: set[str] = set()

    def walk(name: str, path: list[str]) -> list[Link]:
        if name in path:
            loop = [*path[path.index(name) :], name]
            return list(pairwise(loop))
        if name in done:
            return []
        for following in onward[name]:
            if found := walk(following, [*path, name]):
                return found
        done.add(name)
        return []

    return next((found for name in names if (found := walk(name, []))), [])


def _layers(links: Mapping[Link, float], names: Sequence[str]) -> dict[str, int]:
    """Longest path from the start, then each stage as late as its users allow."""
    layer = dict.fromkeys(names, 0)
    for _ in names:
        for start, end in links:
            layer[end] = max(layer[end], layer[start] + 1)
    for _ in names:
        for name in names:
            users = [layer[end] for start, end in links if start == name]
            if users:
                layer[name] = min(users) - 1
    return layer


def _order(rows: list[list[Place]], routes: Mapping[Link, Sequence[Place]]) -> None:
    """Orders each layer, in place, by the mean place of neighbours, in alternating sweeps."""
    before: dict[Place, list[Place]] = defaultdict(list)
    after: dict[Place, list[Place]] = defaultdict(list)
    for route in routes.values():
        for left, right in pairwise(route):
            after[left].append(right)
            before[right].append(left)
    best, fewest = [list(row) for row in rows], _crossings(rows, after)
    for sweep in range(SWEEPS):
        forward = sweep % 2 == 0
        beside = before if forward else after
        sequence = range(1, len(rows)) if forward else range(len(rows) - 2, -1, -1)
        for at in sequence:
            near = rows[at - 1] if forward else rows[at + 1]
            position = {place: (index + 0.5) / len(near) for index, place in enumerate(near)}
            own = {place: (index + 0.5) / len(rows[at]) for index, place in enumerate(rows[at])}
            means = {}
            for place in rows[at]:
                found = [position[other] for other in beside[place] if other in position]
                means[place] = sum(found) / len(found) if found else own[place]
            rows[at].sort(key=means.__getitem__)
        if (count := _crossings(rows, after)) < fewest:
            best, fewest = [list(row) for row in rows], count
    rows[:] = best


def _crossings(rows: Sequence[Sequence[Place]], after: Mapping[Place, Sequence[Place]]) -> int:
    """Number of pairs of links that cross between neighbouring layers."""
    total = 0
    for left, right in pairwise(rows):
        position = {place: at for at, place in enumerate(right)}
        ends = [
            position[other]
            for place in left
            for other in sorted(after.get(place, ()), key=lambda other: position[other])
        ]
        total += sum(ends[a] > ends[b] for a in range(len(ends)) for b in range(a + 1, len(ends)))
    return total
