"""Speed of the program: a whole run compared with raw HiGHS on the same model for several gaps, and
rows built per second.

Everything is measured in one run on one machine, because ratios can be compared across machines and
seconds cannot. Each gap is reached in a separate search, because the requested gap changes the
search. Usage: ``python benchmarks/bench.py [CASE] [--gaps 0.02,0.01,0.005]``.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import highspy

from paxsilica.bundled import data_folder, find_case
from paxsilica.case import read_case
from paxsilica.instance import make_instance
from paxsilica.model import build
from paxsilica.model.build import without_collection
from paxsilica.solver import compile_model, write_program
from paxsilica.tables import load_tables


def raw_highs(mps: Path, gap: float, threads: int, seed: int) -> tuple[float, float]:
    """Seconds that HiGHS alone takes to read the file and reach the gap, and the objective."""
    started = time.monotonic()
    solver = highspy.Highs()
    solver.silent()
    solver.readModel(str(mps))
    for name, value in {
        "mip_rel_gap": gap,
        "mip_abs_gap": 0.0,
        "threads": threads,
        "random_seed": seed,
        "time_limit": 600.0,
    }.items():
        solver.setOptionValue(name, value)
    solver.run()
    return time.monotonic() - started, solver.getInfo().objective_function_value


def whole_run(case: str, gap: float) -> float:
    """Seconds of the command, from the start of the process to the last file written."""
    with tempfile.TemporaryDirectory() as folder:
        started = time.monotonic()
        command = [
            sys.executable,
            "-m",
            "paxsilica",
            "solve",
            case,
            "--gap",
            str(gap),
            "--out",
            f"{folder}/plan",
            "--quiet",
        ]
        subprocess.run(command, check=True, capture_output=True)
        return time.monotonic() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("case", nargs="?", default="base")
    parser.add_argument("--gaps", default="0.02,0.01,0.005")
    arguments = parser.parse_args()
    case = read_case(find_case(arguments.case))
    started = time.monotonic()
    tables = load_tables(data_folder())
    read = time.monotonic()
    instance = make_instance(tables, case)
    joined = time.monotonic()
    with without_collection():
        model = build(instance)
        built = time.monotonic()
        program = compile_model(model)
    compiled = time.monotonic()
    rows, columns = program.matrix.shape
    print(
        f"case {case.name}: {rows:,} rows, {columns:,} columns, {program.matrix.nnz:,} entries,"
        f" {int(program.integer.sum()):,} binaries"
    )
    print(
        f"read and check {read - started:.2f} s, join {joined - read:.2f} s, build"
        f" {built - joined:.2f} s, compile {compiled - built:.2f} s"
    )
    print(f"rows written per second (build and compile): {rows / (compiled - joined):,.0f}")
    with tempfile.TemporaryDirectory() as folder:
        mps = Path(folder) / "model.mps"
        write_program(program, mps)
        print(f"{'gap':>8} {'whole run':>12} {'raw HiGHS':>12} {'ratio':>7}")
        for gap in [*(float(part) for part in arguments.gaps.split(",")), case.solver.gap]:
            ours = whole_run(arguments.case, gap)
            theirs, _ = raw_highs(mps, gap, case.solver.threads, case.solver.seed)
            print(
                f"{gap:>8.3%} {ours:>10.1f} s {theirs:>10.1f} s {ours / theirs:>7.2f}", flush=True
            )


if __name__ == "__main__":
    main()
