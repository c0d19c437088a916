"""A second solver, on the program as written to a file, finds the same optimum."""

from __future__ import annotations

import math
import random
from pathlib import Path
from typing import Any

import pytest
from random_worlds import random_world

from paxsilica.instance import make_instance
from paxsilica.model import build
from paxsilica.solver import Compiled, compile_model, solve, write_program

SEEDS = range(1000, 1034)
FRESH = 40


def second_opinion(program: Compiled, path: Path) -> tuple[str, float | None]:
    """Status and optimum by SCIP."""
    scip: Any = pytest.importorskip("pyscipopt")
    write_program(program, path)
    model = scip.Model()
    model.hideOutput()
    model.readProblem(str(path))
    model.setParam("limits/time", 20.0)
    model.setParam("numerics/feastol", 1e-7)
    model.optimize()
    status = model.getStatus()
    return status, model.getObjVal() if status == "optimal" else None


def compare(seed: int, path: Path) -> None:
    """Solve a random world with both solvers."""
    tables, case = random_world(seed).read()
    program = compile_model(build(make_instance(tables, case)))
    ours = solve(program, case.solver)
    status, optimum = second_opinion(program, path)
    assert ours.status == ("infeasible" if status in ("infeasible", "inforunbd") else status)
    if optimum is not None:
        assert ours.objective is not None
        assert math.isclose(ours.objective, optimum, rel_tol=1e-5, abs_tol=1e-5)
        assert ours.bound <= ours.objective


@pytest.mark.parametrize("seed", SEEDS)
def test_another_solver_agrees(seed: int, tmp_path: Path) -> None:
    compare(seed, tmp_path / "program.mps")


@pytest.mark.slow
@pytest.mark.parametrize("number", range(FRESH))
def test_another_solver_agrees_on_worlds_of_the_day(
    number: int, day_seed: int, tmp_path: Path
) -> None:
    """The header of pytest prints the seed of the day; the variable PAXSILICA_SEED repeats it."""
    seed = random.Random(f"{day_seed} {number}").randrange(10_000, 2**31)
    print(f"PAXSILICA_SEED={day_seed}, world {number}: random_world({seed})")
    compare(seed, tmp_path / "program.mps")
