"""Solving: compile a model to arrays, hand it to HiGHS, read back a closed outcome. No other part
of the package calls the solver."""

from paxsilica.solver.highs import (
    Outcome,
    Progress,
    ProgressCallback,
    relative_gap,
    solve,
    write_model,
    write_program,
)
from paxsilica.solver.persistent import PersistentProgram
from paxsilica.solver.program import Array, Compiled, Values, compile_model

__all__ = [
    "Array",
    "Compiled",
    "Outcome",
    "PersistentProgram",
    "Progress",
    "ProgressCallback",
    "Values",
    "compile_model",
    "relative_gap",
    "solve",
    "write_model",
    "write_program",
]
