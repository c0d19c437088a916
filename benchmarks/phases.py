"""Where a whole run of ``paxsilica solve`` spends its time: processor seconds of each step.

All steps are measured in one run on one machine, because shares can be compared across machines and
seconds cannot. Processor seconds do not count the time in which other programs ran. Usage:
``python benchmarks/phases.py [CASE]``.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from pathlib import Path

from paxsilica.audit import audited
from paxsilica.bundled import data_folder, find_case
from paxsilica.case import read_case
from paxsilica.plan.solve import make_plan
from paxsilica.prices.front import front_prices
from paxsilica.report.files import write_plan
from paxsilica.tables import load_tables


def used() -> float:
    """Processor seconds of this process and of those that it started."""
    parts = [resource.getrusage(one) for one in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(part.ru_utime + part.ru_stime for part in parts)


class Steps:
    """Processor and wall-clock seconds by step."""

    def __init__(self) -> None:
        self.name, self.since = "import", (0.0, time.monotonic())
        self.found: list[tuple[str, float, float]] = []

    def begin(self, name: str) -> None:
        """Ends the present step and begins another."""
        now = used(), time.monotonic()
        self.found.append((self.name, now[0] - self.since[0], now[1] - self.since[1]))
        self.name, self.since = name, now


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("case", nargs="?", default="base")
    case_name = parser.parse_args().case
    steps = Steps()
    steps.begin("read and check")
    case, tables = read_case(find_case(case_name)), load_tables(data_folder())
    plan = make_plan(tables, case, None, steps.begin, least_budget=True, prices=front_prices)
    steps.begin("audit")
    plan = audited(plan, tables, case)
    steps.begin("write files")
    with tempfile.TemporaryDirectory() as folder:
        write_plan(plan, Path(folder) / "plan", tables)
    steps.begin("end")
    whole = sum(seconds for _, seconds, _ in steps.found)
    print(f"{'step':<28}{'processor':>12}{'share':>8}{'wall clock':>12}")
    for name, seconds, wall in steps.found:
        print(f"{name:<28}{seconds:>10.1f} s{seconds / whole:>8.1%}{wall:>10.1f} s")
    print(f"{'all':<28}{whole:>10.1f} s")
    print(f"objective {plan.objective:.10g}, bound {plan.bound:.10g}, audit {plan.audit.status}")
    for sentence in plan.table("front_prices")["sentence"]:
        print(f"- {sentence}")


if __name__ == "__main__":
    main()
