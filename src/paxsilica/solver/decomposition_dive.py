"""Rounding the relaxation to a plan with linear programs that start from their last basis."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from paxsilica.solver.decomposition_parts import Positions
from paxsilica.solver.highs import Outcome
from paxsilica.solver.persistent import PersistentProgram
from paxsilica.solver.program import Array, Compiled

INTEGRAL = 1e-6
"""Distance from a whole number that counts as none."""

NEARLY = 0.02
"""Distance from a whole number within which columns are rounded together."""

COUNTED = (1e-6, 1e-2)
"""Values of a binary above which rounding up makes it 1; the better of these is kept."""


def dive(
    linear: PersistentProgram,
    program: Compiled,
    relaxed: Outcome,
    slack: float,
    over: Callable[[], bool],
) -> Outcome | None:
    """Fixes fractional columns group by group until none is left.

    The columns of one project with one value are a group. Groups that are nearly whole are rounded
    together; otherwise the one nearest to a whole number is rounded, to the other side if the
    nearer one costs more than ``slack``. The caller gives the columns their bounds back.

    Args:
        linear: the relaxation in the solver, just solved.
        program: with the bounds of the integer columns.
        relaxed: what the relaxation gave.
        slack: USD million.
        over: whether time is up.

    Returns:
        The linear program with all integer columns whole; ``None`` if there is no such or time is
        up.
    """
    integer = np.flatnonzero(program.integer)
    state = relaxed
    while not over():
        assert state.values is not None
        before = float(state.objective or 0.0)
        groups = _groups(program, integer, state.values)
        if not groups:
            return state
        near = [at for value, at in groups if abs(value - round(value)) < NEARLY]
        if near:
            at = np.concatenate(near)
            whole = np.round(state.values[at])
            found = _fixed(linear, at, whole)
            if found.objective is not None:
                state = found
                continue
            linear.bound_columns(at, program.low[at], program.high[at])
        value, at = min(groups, key=lambda group: abs(group[0] - round(group[0])))
        basis = linear.solver.getBasis()
        nearest = float(round(value))
        best: Outcome | None = None
        best_cost, kept = math.inf, nearest
        for side in (nearest, float(math.floor(value) + math.ceil(value)) - nearest):
            linear.solver.setBasis(basis)
            found = _fixed(linear, at, np.full(len(at), side))
            cost = math.inf if found.objective is None else found.objective
            if cost < best_cost:
                best, best_cost, kept = found, cost, side
            if cost - before <= slack:
                break
        if best is None:
            return None
        if kept != side:
            linear.solver.setBasis(basis)
            best = _fixed(linear, at, np.full(len(at), kept))
            if best.objective is None:
                return None
        state = best
    return None


def _groups(program: Compiled, integer: Positions, values: Array) -> list[tuple[float, Positions]]:
    """The fractional columns by family, first part of the index, and value."""
    fractional = integer[np.abs(values[integer] - np.round(values[integer])) > INTEGRAL]
    groups: dict[tuple[object, object, float], list[int]] = {}
    for at in fractional.tolist():
        family, index = program.columns[at]
        first = index[0] if isinstance(index, tuple) else index
        groups.setdefault((family, first, round(float(values[at]), 6)), []).append(at)
    return [(key[2], np.array(at, dtype=np.intp)) for key, at in groups.items()]


def _fixed(linear: PersistentProgram, at: Positions, values: Array) -> Outcome:
    """Solves with some columns fixed."""
    linear.bound_columns(at, values, values)
    return linear.run()


def rounded_up(linear: PersistentProgram, program: Compiled, relaxed: Outcome) -> Outcome | None:
    """Rounds up: where coverage is required, rounding down is mostly infeasible. The caller gives
    the columns their bounds back."""
    assert relaxed.values is not None
    integer = np.flatnonzero(program.integer)
    best: Outcome | None = None
    for counted in COUNTED:
        up = np.maximum(1.0, np.ceil(relaxed.values[integer] - INTEGRAL))
        whole = np.where(relaxed.values[integer] > counted, up, 0.0)
        whole = np.clip(whole, program.low[integer], program.high[integer])
        found = _fixed(linear, integer, whole)
        if found.objective is not None and (
            best is None or best.objective is None or found.objective < best.objective
        ):
            best = found
    return best
