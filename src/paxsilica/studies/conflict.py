"""Irreducible infeasible sets of requirements: requirements that cannot be met together, in the
user's words.

The solver's own search for such a set was tried: it works on single rows instead of requirements,
ignores integrality, and needs longer than the duals of an elastic program on the bundled data.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from paxsilica.case import Solver
from paxsilica.instance import UNLIMITED
from paxsilica.model.registry import Wording
from paxsilica.solver import Compiled, solve
from paxsilica.solver.resolve import NewColumn, Written, extended
from paxsilica.studies.rounding import least


@dataclass
class Requirement:
    """A requirement with its rows, and the bounds that its columns have without it."""

    words: str
    rows: list[int] = field(default_factory=list)
    columns: dict[int, tuple[float, float]] = field(default_factory=dict)
    equations: list[int] = field(default_factory=list)


DUAL_TOL = 1e-9
MOST = 3
"""Most conflicts that are searched for; each takes about two solves of a linear program for every
halving of the requirements."""


@dataclass(frozen=True)
class Conflict:
    """Requirements that cannot be met together, in words.

    Attributes:
        smallest: whether it is proved that without any one of them the others can be met.
        more: whether the other requirements have conflicts that were not analysed.
    """

    requirements: tuple[str, ...]
    smallest: bool
    more: bool = False


def requirements(written: Written) -> tuple[Compiled, list[Requirement]]:
    """The program with variables for unserved demand, and its removable requirements."""
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
    unserved = [NewColumn(("unserved share", words), at, high=0.0) for words, at in firm.items()]
    for position, words in enumerate(firm):
        group(words).columns[len(program.cost) + position] = (0.0, 1.0)
    if unserved:
        program = extended(program, unserved)
    return program, list(found.values())


def _bounds(written: Written, group: Callable[[str], Requirement]) -> None:
    """Requirements that are bounds of variables."""
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


def conflicts(
    written: Written,
    options: Solver,
    suspects: Collection[str] = (),
    further: Sequence[Requirement] = (),
) -> list[Conflict]:
    """Smallest disjoint sets of requirements that have no plan: first all ``suspects`` that are
    infeasible on their own, then at most :data:`MOST` others. The relaxation narrows each set
    before the integer program does. ``further`` requirements are bounds of columns of the
    program, such as decisions that are held."""
    program, everything = requirements(written)
    everything = [*further, *everything]
    whole = program.minimising(np.zeros(len(program.cost)))
    unsettled = 0

    def only(kept: Sequence[Requirement], base: Compiled) -> Compiled:
        words = {one.words for one in kept}
        return without(base, [one for one in everything if one.words not in words])

    def impossible(kept: Sequence[Requirement], base: Compiled) -> bool:
        nonlocal unsettled
        status = least(only(kept, base), options).status
        unsettled += status == "no_plan"
        return status == "infeasible"

    smooth = whole.relaxed()
    alone = [one for one in everything if one.words in suspects and impossible([one], smooth)]
    single = [Conflict((one.words,), True) for one in alone]
    found: list[Conflict] = []
    left = [one for one in everything if one not in alone]
    while left and impossible(left, whole):
        chosen = left
        for guess in (_with_duals(only(left, smooth), left, options), left):
            if guess is not None and impossible(guess, smooth):
                chosen = smallest(guess, lambda kept: impossible(kept, smooth))
                break
        unsettled = 0
        chosen = smallest(chosen, lambda kept: impossible(kept, whole))
        found.append(Conflict(tuple(one.words for one in chosen), not unsettled))
        left = [one for one in left if one not in chosen]
        if not chosen:
            break
        if len(found) == MOST:
            found[-1] = replace(found[-1], more=impossible(left, whole))
            break
    return single + found


def _with_duals(
    program: Compiled, of: Sequence[Requirement], options: Solver
) -> list[Requirement] | None:
    """Requirements with a nonzero dual where all sides are relaxed by the same share; ``None`` if
    that is not needed. They are few, mostly of one conflict; the caller proves it."""
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
    outcome = solve(extended(program, [NewColumn(("relaxed", None), entries, 1.0)]), options)
    if (
        outcome.row_duals is None
        or outcome.column_duals is None
        or outcome.objective is None
        or outcome.objective < DUAL_TOL
    ):
        return list(of) if outcome.status == "infeasible" else None
    rows, columns = np.abs(outcome.row_duals) > DUAL_TOL, np.abs(outcome.column_duals) > DUAL_TOL
    return [
        one
        for one in of
        if rows[[*one.rows, *one.equations]].any() or columns[list(one.columns)].any()
    ]


def smallest(
    of: Sequence[Requirement], impossible: Callable[[Sequence[Requirement]], bool]
) -> list[Requirement]:
    """An irreducible subset that is still impossible, found by halving (Junker's QuickXplain). If a
    check is not settled, it may be larger than necessary, but not wrong."""

    def narrow(fixed: list[Requirement], new: bool, rest: list[Requirement]) -> list[Requirement]:
        if new and fixed and impossible(fixed):
            return []
        if len(rest) == 1:
            return rest
        half = len(rest) // 2
        first, second = rest[:half], rest[half:]
        from_second = narrow(fixed + first, True, second)
        from_first = narrow(fixed + from_second, bool(from_second), first)
        return from_first + from_second

    return narrow([], False, list(of)) if of else []
