"""The smallest set of requirements that cannot be met together, in the user's words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from paxsilica.case import Solver
from paxsilica.infeasibility.rounding import least
from paxsilica.instance import UNLIMITED
from paxsilica.model.registry import Wording
from paxsilica.solver import Compiled, solve
from paxsilica.solver.resolve import NewColumn, Written, extended


@dataclass
class Requirement:
    """A requirement of the user, and all that it puts into the program: rows, and bounds of columns
    with what they are without it."""

    words: str
    rows: list[int] = field(default_factory=list)
    columns: dict[int, tuple[float, float]] = field(default_factory=dict)
    equations: list[int] = field(default_factory=list)


NOTHING = 1e-9
MOST = 3
"""Conflicts that are looked for; each takes about two solves of a linear program for every halving
of the requirements."""


@dataclass(frozen=True)
class Conflict:
    """Requirements that cannot be met together.

    Attributes:
        requirements: in words.
        smallest: proved that without any one of them the others can be met.
        more: whether the other requirements conflict too, in a way that was not looked into.
    """

    requirements: tuple[str, ...]
    smallest: bool
    more: bool = False


def requirements(written: Written) -> tuple[Compiled, list[Requirement]]:
    """The program, with a variable for each demand that must be served, and the requirements that
    can be taken out of it."""
    program, instance = written.program, written.instance
    found: dict[str, Requirement] = {}

    def group(words: str) -> Requirement:
        return found.setdefault(words, Requirement(words))

    wording = Wording(instance)
    firm: dict[str, dict[int, float]] = defaultdict(dict)
    for at, (family, index) in enumerate(program.row_names):
        for one, words in wording.requirements(family, index):
            if one.removal == "row":
                group(words).rows.append(at)
            elif one.removal == "surplus":
                group(words).equations.append(at)
            else:
                region, commodity, state = index
                firm[words][at] = instance.states[state].demand[region, commodity]
    _bounds(written, group)
    unserved = [
        NewColumn(("unserved share", words), rows, high=0.0) for words, rows in firm.items()
    ]
    if unserved:
        for position, column in enumerate(unserved):
            group(column.name[1]).columns[len(program.cost) + position] = (0.0, 1.0)
        program = extended(program, unserved)
    return program, list(found.values())


def _bounds(written: Written, group: Callable[[str], Requirement]) -> None:
    """Requirements that stand in the bounds of variables."""
    instance = written.instance
    for at, (family, index) in enumerate(written.program.columns):
        low, high = float(written.program.low[at]), float(written.program.high[at])
        if family == "activity" and low > 0:
            group("plants that must run").columns[at] = (0.0, high)
        elif family == "shipment" and low > 0:
            group("smallest shipments").columns[at] = (0.0, high)
        elif family == "stock" and low == high and index[2] == instance.years[-1]:
            group("the final level of stores").columns[at] = (
                0.0,
                instance.stocks[index[0], index[1]].largest,
            )


def without(program: Compiled, left_out: Sequence[Requirement]) -> Compiled:
    """The program without some requirements."""
    row_low, row_high = program.row_low.copy(), program.row_high.copy()
    low, high = program.low.copy(), program.high.copy()
    for requirement in left_out:
        row_low[requirement.rows], row_high[requirement.rows] = -np.inf, np.inf
        row_high[requirement.equations] = UNLIMITED
        for at, ends in requirement.columns.items():
            low[at], high[at] = ends
    return replace(program, row_low=row_low, row_high=row_high, low=low, high=high)


def conflicts(written: Written, options: Solver, suspects: Collection[str] = ()) -> list[Conflict]:
    """Smallest sets of requirements that have no plan, with no requirement in common: one for each
    independent cause.

    Those of ``suspects`` that cannot be met even alone come first, however many; at most
    :data:`MOST` others follow. Linear programs come first, the whole model then works on what they
    leave.
    """
    program, everything = requirements(written)
    whole = program.minimising(np.zeros(len(program.cost)))
    unsettled = [0]

    def impossible(kept: Sequence[Requirement], base: Compiled) -> bool:
        words = {one.words for one in kept}
        status = least(
            without(base, [one for one in everything if one.words not in words]), options
        ).status
        unsettled[0] += status == "no_plan"
        return status == "infeasible"

    smooth = whole.relaxed()
    alone = [one for one in everything if one.words in suspects and impossible([one], smooth)]
    single = [Conflict((one.words,), True) for one in alone]
    found: list[Conflict] = []
    left = [one for one in everything if one not in alone]
    while left and impossible(left, whole):
        chosen: list[Requirement] = list(left)
        fewer = _blamed(
            without(smooth, [one for one in everything if one not in chosen]), chosen, options
        )
        if fewer is not None and (fewer == chosen or impossible(fewer, smooth)):
            chosen = smallest(fewer, lambda kept: impossible(kept, smooth))
        elif impossible(chosen, smooth):
            chosen = smallest(chosen, lambda kept: impossible(kept, smooth))
        unsettled[0] = 0
        chosen = smallest(chosen, lambda kept: impossible(kept, whole))
        found.append(Conflict(tuple(one.words for one in chosen), not unsettled[0]))
        words = {one.words for one in chosen}
        left = [one for one in left if one.words not in words]
        if not words:
            break
        if len(found) == MOST:
            found[-1] = replace(found[-1], more=impossible(left, whole))
            break
    return single + found


def _blamed(
    program: Compiled, of: Sequence[Requirement], options: Solver
) -> list[Requirement] | None:
    """Requirements that the duals blame when all give way alike, each row by the same share of its
    side; ``None`` where none need give way.

    A few of many, and mostly those of one conflict, the worst: whether they are one is left to the
    caller to prove.
    """
    entries: dict[int, float] = {}
    for one in of:
        for row in (*one.rows, *one.equations):
            low, high = float(program.row_low[row]), float(program.row_high[row])
            if np.isfinite(low):
                entries[row] = max(1.0, abs(low))
            elif np.isfinite(high):
                entries[row] = -max(1.0, abs(high))
    if not entries:
        return None
    outcome = solve(extended(program, [NewColumn(("gives way", None), entries, 1.0)]), options)
    if (
        outcome.row_duals is None
        or outcome.column_duals is None
        or outcome.objective is None
        or outcome.objective < NOTHING
    ):
        return list(of) if outcome.status == "infeasible" else None
    rows, columns = np.abs(outcome.row_duals) > NOTHING, np.abs(outcome.column_duals) > NOTHING
    return [
        one
        for one in of
        if rows[[*one.rows, *one.equations]].any() or columns[list(one.columns)].any()
    ]


def smallest(
    of: Sequence[Requirement], impossible: Callable[[Sequence[Requirement]], bool]
) -> list[Requirement]:
    """Members of ``of``, which together are impossible, that still are, and none of which can be
    left out.

    Halving instead of one by one, so that a small conflict among many requirements takes few checks
    (Junker's QuickXplain). Where a check is not settled, the answer may be larger than need be,
    never wrong.
    """

    def narrow(held: list[Requirement], fresh: bool, rest: list[Requirement]) -> list[Requirement]:
        if fresh and held and impossible(held):
            return []
        if len(rest) == 1:
            return rest
        half = len(rest) // 2
        first, second = rest[:half], rest[half:]
        from_second = narrow(held + first, True, second)
        from_first = narrow(held + from_second, bool(from_second), first)
        return from_first + from_second

    return narrow([], False, list(of)) if of else []
