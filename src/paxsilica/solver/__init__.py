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
from paxsilica.solver.program import Array, Compiled, Values, compile_model
from paxsilica.solver.scaling import scaling_of

__all__ = [
    "Array",
    "Compiled",
    "Outcome",
    "Progress",
    "ProgressCallback",
    "Values",
    "compile_model",
    "relative_gap",
    "scaling_of",
    "solve",
    "write_model",
    "write_program",
]
