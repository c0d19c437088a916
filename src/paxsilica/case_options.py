"""Options of HiGHS that a case may set, with the values that they may have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

LARGEST_WHOLE = 2**31 - 1
"""Largest whole number of an option of HiGHS."""


@dataclass(frozen=True)
class SolverOption:
    """The values that an option of HiGHS may have.

    Attributes:
        kind: type of the value.
        least, most: bounds of a number.
        choices: the words of a text.
    """

    kind: type
    least: float | None = None
    most: float | None = None
    choices: tuple[str, ...] = ()

    @property
    def expected(self) -> str:
        """What a value should be, in words."""
        if self.choices:
            return "one of " + ", ".join(map(repr, self.choices))
        if self.kind is bool:
            return "true or false"
        whole = "whole " if self.kind is int else ""
        return f"a {whole}number between {self.least:g} and {self.most:g}"

    def admits(self, value: object) -> bool:
        """Whether a value has the type and lies within the bounds.

        A whole number is a number too, but a truth value is not.
        """
        if isinstance(value, bool) or self.kind is bool:
            return isinstance(value, bool) and self.kind is bool
        if isinstance(value, str):
            return value in self.choices
        if not isinstance(value, int | float) or self.least is None or self.most is None:
            return False
        return isinstance(value, int | self.kind) and self.least <= value <= self.most


_ON_OFF = SolverOption(bool)
_TOLERANCE = SolverOption(float, 1e-10, 1e-4)
_AUTOMATIC = SolverOption(str, choices=("off", "choose", "on"))

SOLVER_OPTIONS: Mapping[str, SolverOption] = {
    "mip_heuristic_effort": SolverOption(float, 0, 1),
    "mip_heuristic_run_feasibility_jump": _ON_OFF,
    "mip_heuristic_run_rens": _ON_OFF,
    "mip_heuristic_run_rins": _ON_OFF,
    "mip_heuristic_run_root_reduced_cost": _ON_OFF,
    "mip_pscost_minreliable": SolverOption(int, 0, 1_000_000),
    "mip_max_nodes": SolverOption(int, 1, LARGEST_WHOLE),
    "mip_lp_solver": SolverOption(str, choices=("choose", "simplex", "ipm", "ipx")),
    "presolve": _AUTOMATIC,
    "parallel": _AUTOMATIC,
    "mip_detect_symmetry": _ON_OFF,
    "mip_allow_restart": _ON_OFF,
    "primal_feasibility_tolerance": _TOLERANCE,
    "dual_feasibility_tolerance": _TOLERANCE,
    "mip_feasibility_tolerance": _TOLERANCE,
}
"""Options of HiGHS with their values; HiGHS itself accepts an unknown option without an error, and
tolerances with which a feasible case is called infeasible."""
