"""Coalitions and the value that each player adds, without a model."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations

from paxsilica.solver.resolve import Interval

Coalition = frozenset[str]


def all_coalitions(names: Sequence[str]) -> list[Coalition]:
    """Every coalition; those of :func:`ends` first."""
    found = [
        frozenset(members)
        for size in range(len(names) + 1)
        for members in combinations(names, size)
    ]
    return sorted(
        found,
        key=lambda members: (
            min(len(members), len(names) - len(members)),
            len(members),
            sorted(members),
        ),
    )


def ends(names: Sequence[str]) -> list[Coalition]:
    """The coalitions that stand-alone and marginal values need."""
    everyone, ordered = frozenset(names), sorted(names)
    few = [frozenset[str](), everyone, *(frozenset({name}) for name in ordered)]
    return list(dict.fromkeys([*few, *(everyone - {name} for name in ordered)]))


def orders(names: Sequence[str], samples: int, seed: int) -> list[tuple[str, ...]]:
    """Random orders of arrival, each with its reverse (antithetic), for a smaller error."""
    draw = random.Random(seed)
    found: list[tuple[str, ...]] = []
    for _ in range((samples + 1) // 2):
        order = draw.sample(list(names), len(names))
        found += [tuple(order), tuple(reversed(order))]
    return found


def along(order: Sequence[str]) -> list[Coalition]:
    """The coalitions that form as players arrive."""
    return [frozenset(order[:count]) for count in range(len(order) + 1)]


def gain(cost: Mapping[Coalition, Interval], before: Coalition, name: str) -> Interval:
    """The decrease of cost when a player joins."""
    return cost[before] - cost[before | {name}]


def tightened(
    cost: Mapping[Coalition, Interval], helpful: Sequence[str]
) -> dict[Coalition, Interval]:
    """Tighter bounds: cost does not rise when one of ``helpful`` joins, so a plan holds for every
    superset, and a bound for every subset."""
    found = dict(cost)
    by_size = sorted(found, key=lambda members: (len(members), sorted(members)))
    # once per player, because coalitions between two others may be absent
    for _ in helpful:
        for coalition in by_size:
            for name in helpful:
                more = coalition | {name}
                if name in coalition or more not in found:
                    continue
                less, larger = found[coalition], found[more]
                if larger.exists and less.high < larger.high:
                    found[more] = Interval(min(larger.low, less.high), less.high)
                if less.exists and larger.low > less.low:
                    found[coalition] = Interval(larger.low, max(less.high, larger.low))
    return found


def shapley(cost: Mapping[Coalition, Interval], names: Sequence[str], name: str) -> Interval:
    """The Shapley value of a player: the mean of what it adds over all orders of arrival."""
    others = [other for other in names if other != name]
    total = Interval(0.0, 0.0)
    for size in range(len(others) + 1):
        weight = (
            math.factorial(size)
            * math.factorial(len(others) - size)
            / math.factorial(len(others) + 1)
        )
        for members in combinations(others, size):
            total += gain(cost, frozenset(members), name).times(weight)
    return total


def sampled(
    cost: Mapping[Coalition, Interval], arrivals: Iterable[Sequence[str]], name: str
) -> tuple[Interval, float]:
    """The Shapley value estimated from orders, and half the width of its 95 % interval."""
    gains = [gain(cost, frozenset(order[: list(order).index(name)]), name) for order in arrivals]
    pairs = [(one + other).times(0.5) for one, other in zip(gains[::2], gains[1::2], strict=True)]
    count = len(pairs)
    mean = Interval(
        sum(pair.low for pair in pairs) / count, sum(pair.high for pair in pairs) / count
    )
    if count < 2:
        return mean, math.inf
    middle = [pair.middle for pair in pairs]
    centre = sum(middle) / count
    spread = math.sqrt(sum((value - centre) ** 2 for value in middle) / (count - 1))
    return mean, 1.96 * spread / math.sqrt(count)
