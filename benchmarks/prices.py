"""Time of prices as multiples of the one solve before them: ratios can be compared across machines.

Usage: ``python benchmarks/prices.py [CASE] [--set KEY=VALUE]``.
"""

from __future__ import annotations

import argparse
import time

from paxsilica.bundled import data_folder, find_case
from paxsilica.case import read_case
from paxsilica.cli.prices import CURVE_LEAST, CURVE_TIMES
from paxsilica.plan.solve import make_plan
from paxsilica.prices.report import prices_from, start_from
from paxsilica.prices.request import PriceRequest
from paxsilica.prices.value_curve import compute_value_curve
from paxsilica.tables import load_tables


def bench_prices(
    case: str = "base", settings: tuple[str, ...] = (), points: int = 20
) -> tuple[float, float]:
    """Prints and returns two ratios to the time of one solve: all fixed and relaxed prices, and the
    value curve of the budget.

    The solve is everything that ``solve`` does between reading and writing. The time of prices
    includes writing the program again.
    """
    tables, question = load_tables(data_folder()), read_case(find_case(case), settings)
    begun = time.monotonic()
    plan = make_plan(tables, question)
    once = time.monotonic() - begun
    print(
        f"case {question.name}: one solve {once:.1f} s, of which search"
        f" {plan.seconds['search']:.1f} s; gap {plan.gap:.4%}",
        flush=True,
    )
    begun = time.monotonic()
    start = start_from(plan, tables, question)
    reported = prices_from(start, PriceRequest(kinds=("fixed", "relaxed")), lambda _: None)
    duals = (time.monotonic() - begun) / once
    verdicts = reported.table["degenerate"].value_counts()
    known = ", ".join(
        f"{verdict} {verdicts.get(verdict, 0):,}" for verdict in ("no", "yes", "open")
    )
    print(
        f"fixed and relaxed prices: {len(reported.table):,} rows, degenerate: {known}:"
        f" {duals:.2f} of one solve",
        flush=True,
    )
    begun = time.monotonic()
    curve = compute_value_curve(start, points=points, seconds=max(CURVE_LEAST, CURVE_TIMES * once))
    drawn = (time.monotonic() - begun) / once
    gaps = [(point.objective - point.bound) / abs(point.objective) for point in curve.points]
    closed = sum(gap <= question.solver.gap * (1 + 1e-6) for gap in gaps)
    print(
        f"value curve of the budget: {points} points, {closed} of them to the requested gap, the"
        f" worst {max(gaps):.4%}; {len(curve.jumps)} changes of plan,"
        f" {sum(not jump.undecided for jump in curve.jumps)} surely better; {curve.searches}"
        f" searches: {drawn:.2f} of one solve",
        flush=True,
    )
    return duals, drawn


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("case", nargs="?", default="base")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", dest="settings")
    arguments = parser.parse_args()
    bench_prices(arguments.case, tuple(arguments.settings))


if __name__ == "__main__":
    main()
