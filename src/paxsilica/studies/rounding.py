"""Optima by rounding the relaxation, where that is close enough, and by a search otherwise.

For a feasible change it is enough that some plan exists. With the projects of the relaxation
committed in full, one more linear program finds the plan, and the relaxation bounds how much better
any other plan can be.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from paxsilica.case import Solver
from paxsilica.solver import Array, Compiled, Outcome, solve
from paxsilica.solver.highs import relative_gap
from paxsilica.solver.resolve import NOWHERE, Answer, Interval, Known, search
from paxsilica.solver.staged import suits

WHOLE = 1e-6
"""Distance from an integer within which the solver accepts a value as integer."""


def least(program: Compiled, options: Solver, start: Known | None = None) -> Answer:
    """The optimum to the gap of ``options``: by rounding if close enough, else by a search."""
    if not program.integer.any() or suits(program):
        return search(program, options, start)
    smooth = solve(program.relaxed(), options)
    if smooth.status == "infeasible":
        return Answer(smooth, NOWHERE)
    if smooth.values is None or smooth.objective is None:
        return search(program, options, start)
    best: Outcome | None = None
    # rounding up keeps prerequisites, rounding down keeps budgets, rounding to the closest integer
    # is between
    for part in (WHOLE, 1 - WHOLE, 0.5):
        found = solve(_rounded(program, smooth.values, part), options)
        if found.objective is not None and (
            best is None or best.objective is None or found.objective < best.objective
        ):
            low = min(smooth.objective, found.objective)
            if relative_gap(found.objective, low) <= max(options.gap, 1e-9):
                return Answer(replace(found, bound=low), Interval(low, found.objective))
            best = found
    answer = search(program, options, start if best is None else best.values)
    if answer.status == "infeasible":
        return answer
    if best is not None and best.objective is not None and not answer.value.high <= best.objective:
        answer = replace(answer, outcome=best, value=Interval(answer.value.low, best.objective))
    # the bound of a search that ran out of time may be below the relaxation
    low, high = max(answer.value.low, smooth.objective), answer.value.high
    return replace(answer, value=Interval(min(low, high), high))


def some_plan(
    program: Compiled, options: Solver, start: Known | None = None
) -> tuple[bool | None, Known]:
    """Whether there is a plan (``None``: the time ran out) and its decisions; ``start`` first."""
    anything = program.minimising(np.zeros(len(program.cost)))
    if start is not None and start.committed:
        known = solve(start.fixed(anything), options)
        if known.values is not None:
            return True, start
    answer = least(anything, options)
    if answer.values is not None:
        return True, Known.of(program, answer.values)
    return (False if answer.status == "infeasible" else None), Known()


def _rounded(program: Compiled, values: Array, part: float) -> Compiled:
    """The program with integer columns rounded up from a fraction of ``part``, else down."""
    whole = np.flatnonzero(program.integer)
    taken = np.floor(values[whole] + 1 - part)
    return program.fixed(whole, np.clip(taken, program.low[whole], program.high[whole]))
