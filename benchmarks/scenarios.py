"""Speed of the decomposition: a case with more and more scenarios of their own operating states,
compared with the same case without scenarios and with HiGHS alone.

Each measurement runs in a process of its own, for its peak memory. Times are seconds of the
processor, because the machine may be shared; compare the ratios. HiGHS alone is stopped after
``--limit`` seconds of wall time: its ratio is then an upper limit and printed as ``< x``. Usage:
``python benchmarks/scenarios.py [CASE] [--last 2032] [--counts 10,30] [--against 10]``.
"""

from __future__ import annotations

import argparse
import json
import math
import resource
import subprocess
import sys
import time
from typing import Any

from many_states import bundled

from paxsilica.instance import make_instance
from paxsilica.model import build
from paxsilica.model.build import without_collection
from paxsilica.solver import compile_model, solve
from paxsilica.solver.decomposition import decompose


def measured(name: str, last: int, count: int, method: str, limit: float) -> dict[str, Any]:
    """Processor seconds, memory (MiB) and result of one search in this process."""
    settings = ("solver.threads=1", f"solver.time_limit_s={limit}", f"solver.method={method}")
    first = bundled(name, 0)[1].years[0]
    tables, case = bundled(name, count, f'years="{first}-{last}"', *settings)
    started = time.process_time()
    instance = make_instance(tables, case)
    with without_collection():
        program = compile_model(build(instance))
    built = time.process_time()
    outcome = (solve if method == "monolith" else decompose)(program, case.solver)
    ended = time.process_time()
    capital = 0.0
    if outcome.values is not None:
        capital = float(outcome.values[program.positions("payment")].sum())
    objective = outcome.objective
    return {
        "states": len(instance.states),
        "subproblems": len(program.separable),
        "build": built - started,
        "search": ended - built,
        "status": outcome.status,
        "objective": objective,
        "bound": outcome.bound,
        "gap": outcome.gap,
        "gap_of_capital": math.inf if objective is None else (objective - outcome.bound) / capital,
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def apart(*arguments: object) -> dict[str, Any]:
    """The measurement in a process of its own."""
    command = [sys.executable, __file__, "--one", *map(str, arguments)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def line(label: str, found: dict[str, Any]) -> str:
    """One line of the table."""
    return (
        f"{label:>24} {found['states']:>7} {found['build']:>8.1f} {found['search']:>8.1f}"
        f" {found['gap']:>9.1e} {found['gap_of_capital']:>9.1%} {found['memory']:>8,.0f}"
    )


def exponent(few: float, many: float, factor: float) -> float:
    """Growth of an amount by a power of the number of scenarios."""
    return math.log(many / few) / math.log(factor)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("case", nargs="?", default="base")
    parser.add_argument("--last", type=int, default=2032)
    parser.add_argument("--counts", default="10,30")
    parser.add_argument("--against", default="10", help="counts that HiGHS alone solves too")
    parser.add_argument("--limit", type=float, default=600.0)
    parser.add_argument("--one", nargs=5)
    given = parser.parse_args()
    if given.one:
        name, last, count, method, limit = given.one
        print(json.dumps(measured(name, int(last), int(count), method, float(limit))))
        return
    counts = [int(part) for part in given.counts.split(",")]
    print(
        f"{'':>24} {'states':>7} {'build s':>8} {'search s':>8} {'gap':>9} {'capital':>9}"
        f" {'MiB':>8}"
    )
    base = apart(given.case, given.last, 0, "rounding", given.limit)
    print(line("no scenario, rounding", base), flush=True)
    found = {}
    for count in counts:
        found[count] = apart(given.case, given.last, count, "decomposition", given.limit)
        print(line(f"{count} scenarios", found[count]), flush=True)
        print(f"{'ratio to no scenario':>24} {found[count]['search'] / base['search']:.2f}")
    if len(counts) > 1:
        few, many = counts[0], counts[-1]
        alone = exponent(found[few]["search"], found[many]["search"], many / few)
        whole = exponent(
            *(found[at]["search"] + found[at]["build"] for at in (few, many)), many / few
        )
        print(f"growth from {few} to {many}: search {alone:.2f}, with building {whole:.2f}")
    for count in (int(part) for part in given.against.split(",") if part):
        theirs = apart(given.case, given.last, count, "monolith", given.limit)
        print(line(f"HiGHS, {count} scenarios", theirs), flush=True)
        ours = found.get(count)
        if ours is None:
            continue
        censored = "< " if theirs["status"] != "optimal" else ""
        print(f"{'ratio to HiGHS':>24} {censored}{ours['search'] / theirs['search']:.2f}")


if __name__ == "__main__":
    main()
