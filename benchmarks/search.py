"""Time of the search in stages as a multiple of that of HiGHS alone, on one question to one gap.

Both searches run one after the other in one process, because ratios can be compared across machines
and seconds cannot; the ratio is of processor seconds. HiGHS alone ends after a time limit. If it
has not reached the gap by then, the ratio is an upper bound and printed as "< x".

Usage: ``python benchmarks/search.py [CASE] [--set KEY=VALUE] [--limit SECONDS]``.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

from paxsilica.bundled import data_folder, find_case
from paxsilica.case import Solver, read_case
from paxsilica.solver import Compiled, Outcome, solve
from paxsilica.solver.resolve import write
from paxsilica.solver.staged import solve_in_stages
from paxsilica.tables import load_tables

LIMIT_S = 600.0


def measure(
    search: Callable[[Compiled, Solver], Outcome], program: Compiled, options: Solver, name: str
) -> tuple[float, bool]:
    """Prints a search; its processor seconds, and whether it ended by itself."""
    begun, started = time.process_time(), time.monotonic()
    found = search(program, options)
    used, seconds = time.process_time() - begun, time.monotonic() - started
    plan = "no plan" if found.objective is None else f"plan {found.objective:,.2f}"
    print(
        f"{name:>12}: {found.status}, {plan}, bound {found.bound:,.2f}, gap {found.gap:.4%},"
        f" {seconds:.1f} s, {used:.1f} processor s",
        flush=True,
    )
    return used, found.status not in ("feasible", "no_plan")


def bench_search(case: str, settings: tuple[str, ...] = (), limit: float = LIMIT_S) -> str:
    """Prints both searches; returns the ratio as it is printed."""
    question = read_case(find_case(case), settings)
    program = write(load_tables(data_folder()), question).program
    rows, columns = program.matrix.shape
    print(
        f"case {question.name}, objective {question.objective}: {rows:,} rows, {columns:,} columns,"
        f" {int(program.integer.sum()):,} integer; gap {question.solver.gap:.3%}",
        flush=True,
    )
    options = question.solver.model_copy(update={"time_limit_s": limit})
    staged, closed = measure(solve_in_stages, program, options, "in stages")
    alone, alone_closed = measure(solve, program, options, "HiGHS alone")
    sign = "" if alone_closed else "< "
    ratio = f"{sign}{staged / alone:.2f}" if closed else "none: the search in stages did not end"
    print(f"ratio of the search in stages to HiGHS alone: {ratio}")
    return ratio


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("case", nargs="?", default="base")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", dest="settings")
    parser.add_argument("--limit", type=float, default=LIMIT_S, help="seconds for each search")
    arguments = parser.parse_args()
    bench_search(arguments.case, tuple(arguments.settings), arguments.limit)


if __name__ == "__main__":
    main()
