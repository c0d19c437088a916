"""Players, coalitions and what each player adds: the arithmetic of sharing, without a model."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from paxsilica.case import Case
from paxsilica.errors import InputError, Problem
from paxsilica.solver.resolve import Interval, changed
from paxsilica.tables import Tables
from paxsilica.tables.suggestions import Nearest

Coalition = frozenset[str]


@dataclass(frozen=True)
class Player:
    """Somebody who may take part or not.

    Attributes:
        name: as it is shown.
        signs: regions that are signatories if the player takes part, and participants who are
            neither trusted nor pay if not.
        pays: regions whose funders pay only if the player takes part.
    """

    name: str
    signs: tuple[str, ...] = ()
    pays: tuple[str, ...] = ()


def parse_player(text: str, tables: Tables) -> Player:
    """A player written ``[NAME=]sign:REGION[+REGION]`` or ``[NAME=]money:REGION[+REGION]``.

    Raises:
        InputError: if it is not written so, or the regions are not in the data.
    """
    name, _, rule = text.rpartition("=")
    kind, colon, regions = rule.partition(":")
    named = tuple(region.strip() for region in regions.split("+") if region.strip())
    if kind not in ("sign", "money") or not colon or not named:
        words = (
            "should be written sign:REGION or money:REGION, with NAME= before it and +REGION after"
            " it as wanted"
        )
        raise InputError([Problem("--players", "", "", text, words)])
    known = {row.region for row in tables.regions}
    paying = {row.region for row in tables.funders}
    problems = [
        Problem(
            "--players", "", "", region, f"should be a region of the data{Nearest(known)(region)}"
        )
        for region in named
        if region not in known
    ]
    if kind == "money" and not problems:
        problems += [
            Problem(
                "--players",
                "",
                "",
                region,
                "should be a region that has funders: " + ", ".join(sorted(paying)),
            )
            for region in named
            if region not in paying
        ]
    if problems:
        raise InputError(problems)
    shown = name.strip() or f"{' and '.join(named)} ({'signature' if kind == 'sign' else 'money'})"
    return Player(shown, named, ()) if kind == "sign" else Player(shown, (), named)


def case_of(case: Case, players: Sequence[Player], coalition: Coalition) -> Case:
    """The case in which exactly the members of the coalition take part; those who do not sign are
    participants, whom it does not trust."""
    parts: dict[str, object] = {}
    if any(player.signs for player in players):
        parts["trusted"] = {"signatory": case.trusted.get("signatory", 0)}
        parts["funding"] = {"signatory": case.funding.get("signatory", 0)}
        statuses = {
            region: "signatory" if player.name in coalition else "participant"
            for player in players
            for region in player.signs
        }
        parts["membership"] = {**case.membership, **statuses}
    absent = {
        region for player in players if player.name not in coalition for region in player.pays
    }
    if absent:
        excluded = tuple(sorted({*case.funders.exclude_regions, *absent}))
        parts["funders"] = case.funders.model_dump() | {"exclude_regions": excluded}
    return changed(case, **parts)


def all_coalitions(players: Sequence[Player]) -> list[Coalition]:
    """Every coalition, small ones and large ones first, since first-in and last-in values need only
    these."""
    names = [player.name for player in players]
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


def ends(players: Sequence[Player]) -> list[Coalition]:
    """The coalitions that first-in and last-in values need."""
    everybody = frozenset(player.name for player in players)
    few = [frozenset[str](), everybody]
    few += [frozenset({name}) for name in sorted(everybody)] + [
        everybody - {name} for name in sorted(everybody)
    ]
    return list(dict.fromkeys(few))


def orders(players: Sequence[Player], samples: int, seed: int) -> list[tuple[str, ...]]:
    """Random orders of arrival, each followed by its reverse, which halves the error of what
    depends on early or late arrival."""
    names = [player.name for player in players]
    draw = random.Random(seed)
    found: list[tuple[str, ...]] = []
    for _ in range((samples + 1) // 2):
        order = draw.sample(names, len(names))
        found += [tuple(order), tuple(reversed(order))]
    return found


def along(order: Sequence[str]) -> list[Coalition]:
    """The coalitions that form as players arrive."""
    return [frozenset(order[:count]) for count in range(len(order) + 1)]


def gain(cost: Mapping[Coalition, Interval], before: Coalition, name: str) -> Interval:
    """What cost falls by when a player joins."""
    return cost[before] - cost[before | {name}]


def tightened(
    cost: Mapping[Coalition, Interval], helpful: Sequence[str]
) -> dict[Coalition, Interval]:
    """Closer bounds: cost never rises when one of ``helpful`` joins, who can be left out of use.

    So the best plan known of a coalition is one of every larger one, and the bound of a coalition
    holds for every smaller one.
    """
    found = dict(cost)
    by_size = sorted(found, key=lambda members: (len(members), sorted(members)))
    # along each player in turn, so that neither needs the coalitions between to be there
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


def shapley(cost: Mapping[Coalition, Interval], players: Sequence[Player], name: str) -> Interval:
    """The player's Shapley value: what it adds on average over all orders of arrival. Exact but for
    the gaps of the coalitions."""
    others = [player.name for player in players if player.name != name]
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
    """The Shapley value estimated from orders of arrival (in pairs of an order and its reverse),
    with half the width of its 95 % interval."""
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
