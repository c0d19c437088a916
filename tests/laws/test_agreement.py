"""A second solver, on the program as written to a file, finds the same optimum."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from random_worlds import random_world

from paxsilica.instance import make_instance
from paxsilica.model import build
from paxsilica.solver import Compiled, compile_model, solve, write_program

SEEDS = range(1000, 1034)


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


@pytest.mark.parametrize("seed", SEEDS)
def test_another_solver_agrees(seed: int, tmp_path: Path) -> None:
    tables, case = random_world(seed).read()
    program = compile_model(build(make_instance(tables, case)))
    ours = solve(program, case.solver)
    status, optimum = second_opinion(program, tmp_path / "program.mps")
    assert ours.status == ("infeasible" if status in ("infeasible", "inforunbd") else status)
    if optimum is not None:
        assert ours.objective is not None
        assert math.isclose(ours.objective, optimum, rel_tol=1e-5, abs_tol=1e-5)
        assert ours.bound <= ours.objective
