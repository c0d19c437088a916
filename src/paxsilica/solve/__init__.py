"""Solving: compile a model to arrays, hand it to HiGHS, read back a closed outcome. Nothing else in the package speaks to the solver."""

from paxsilica.solve.compile import Array, Compiled, compile_model
from paxsilica.solve.highs import Outcome, Progress, Watcher, relative_gap, solve, write_mps

__all__ = ["Array", "Compiled", "Outcome", "Progress", "Watcher", "compile_model", "relative_gap", "solve", "write_mps"]
