"""Rows that no values within the bounds of their variables can satisfy."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
from numpy.typing import NDArray

from paxsilica.model.registry import rows_with
from paxsilica.solver import Array, Compiled
from paxsilica.solver.resolve import Written

SLACK = 1e-7


def _ends(program: Compiled, rows: NDArray[np.intp]) -> tuple[Array, Array]:
    """Least and largest value of the left side of each row within the bounds of its columns."""
    part = program.matrix[rows]
    up, down = part.maximum(0), part.minimum(0)
    return up @ program.low + down @ program.high, up @ program.high + down @ program.low


def unreachable_limits(written: Written) -> list[tuple[str, tuple[int, ...], str]]:
    """(limit, years, sentence) for each limit that no values within bounds can meet."""
    program, instance = written.program, written.instance
    rows = program.rows_of(*rows_with(item="limit"))
    if not len(rows):
        return []
    least, most = _ends(program, rows)
    years: dict[str, list[int]] = defaultdict(list)
    words: dict[str, str] = {}
    for at, row in enumerate(rows):
        name, when = program.row_names[row][1]
        year = when if isinstance(when, int) else instance.states[when].year
        limit = instance.limits[name]
        # the amount of existing plants is a constant on the right side of the row
        side = program.row_low[row] if limit.sense == "at least" else program.row_high[row]
        fixed, room = limit.value - side, SLACK * max(1.0, abs(limit.value))
        if most[at] < program.row_low[row] - room:
            largest = f"but the largest possible amount is {fixed + most[at]:,.6g}"
            words.setdefault(
                name,
                f"The limit {name} requires at least {limit.value:,.6g} ({limit.measure}),"
                f" {largest}",
            )
        elif least[at] > program.row_high[row] + room:
            smallest = f"but the smallest possible amount is {fixed + least[at]:,.6g}"
            words.setdefault(
                name,
                f"The limit {name} allows at most {limit.value:,.6g} ({limit.measure}), {smallest}",
            )
        else:
            continue
        years[name].append(year)
    return [(name, tuple(sorted(found)), words[name]) for name, found in sorted(years.items())]
