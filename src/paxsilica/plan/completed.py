"""Random completion: what a plan can cover if each committed project is completed on time, late or
never, as it is drawn.

A project has one delay in a draw, for all of its size. Draws belong to a project and a seed, so
that a project has the same fate in every plan that has it (common random numbers). What is drawn is
the capacity in the cut-off. Readiness follows it: as large a share of the capacity is ready as in
the plan. Normal operation is not computed again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import qmc

from paxsilica.instance import Candidate, Instance
from paxsilica.instance.completion import Completion
from paxsilica.model.investment import capacity_terms
from paxsilica.model.operation import project_capacity, shared_capacity
from paxsilica.model.security import readiness
from paxsilica.plan.coverage import CoverageTest
from paxsilica.plan.extract import commitment_year, total
from paxsilica.solver import Array, Values

Fates = Mapping[str, int | None]
"""Years of delay by project; ``None``: it is never completed."""


def drawn_delays(completion: Completion, project: str, draws: int, seed: int) -> list[int | None]:
    """The delay of a project in each of some draws, years; ``None``: never completed.

    The draws are a Latin hypercube sample (scipy), one dimension for each project: of ``draws``
    equal parts of the probability each is drawn once, in a random order of the project's own.
    """
    key = int.from_bytes(hashlib.sha256(project.encode()).digest()[:16], "big")
    sampler = qmc.LatinHypercube(1, rng=np.random.default_rng([seed, key]))
    return [completion.drawn(float(uniform)) for uniform in sampler.random(draws)[:, 0]]


def committed(instance: Instance, values: Values) -> list[Candidate]:
    """The committed projects."""
    return [
        candidate
        for candidate in instance.candidates.values()
        if commitment_year(values, candidate) is not None
    ]


def drawn_capacity(values: Values, candidate: Candidate, year: int, delay: int | None) -> float:
    """Capacity of a project in ``year`` if it is completed with ``delay``, before events, in units
    of activity per year. Its mean over the delays is the credited capacity."""
    certain = Completion(() if delay is None else ((delay, 1.0),))
    return total(capacity_terms(values, replace(candidate, completion=certain), year))


@dataclass(frozen=True)
class DrawnTest:
    """The coverage test of a state with drawn capacities.

    Attributes:
        test: with the capacities of the plan as the model credits them.
        shift: what the plan contributes to each row of the whole program.
        rows: rows of the whole program, by project, to which its capacity contributes.
        factors: by project and delay, drawn over credited capacity.
    """

    test: CoverageTest
    shift: Array
    rows: Mapping[str, NDArray[np.intp]]
    factors: Mapping[str, Mapping[int | None, float]]

    @classmethod
    def of(cls, test: CoverageTest, shift: Array, values: Values) -> DrawnTest:
        """The test of a plan, with the columns outside of tests contributing ``shift``."""
        instance, program = test.tests.instance, test.tests.program
        world = instance.world
        year = instance.states[test.state].year
        families = {project_capacity.__name__, shared_capacity.__name__, readiness.__name__}
        rows: dict[str, list[int]] = {}
        for row in test.rows.tolist():
            family, index = program.row_names[row]
            if family in families:
                # the capacity of a further recipe is that of its plant
                owner = world.shared[index[0]][0] if index[0] in world.shared else index[0]
                rows.setdefault(owner, []).append(row)
        factors = {}
        for candidate in committed(instance, values):
            credited = total(capacity_terms(values, candidate, year))
            if candidate.name in rows and credited > 0:
                delays = [*(delay for delay, _ in candidate.completion.delays), None]
                factors[candidate.name] = {
                    delay: drawn_capacity(values, candidate, year, delay) / credited
                    for delay in delays
                }
        at = {name: np.array(rows[name], dtype=np.intp) for name in factors}
        return cls(test, shift, at, factors)

    def drawn_shift(self, fates: Fates) -> Array:
        """As ``shift``, with the capacities that belong to the delays of the projects."""
        found = self.shift.copy()
        for name, by_delay in self.factors.items():
            found[self.rows[name]] *= by_delay[fates[name]]
        return found

    def joint(self, fates: Fates) -> tuple[float, tuple[str, ...]]:
        """Joint coverage, a share of 1, and the goods that are short; see
        :meth:`~paxsilica.plan.coverage.CoverageTest.joint_with_bottlenecks`."""
        return self.test.joint_with_bottlenecks(self.drawn_shift(fates), self.shift)

    def ratio(self, fates: Fates) -> float:
        """Largest multiple (at most 1) of all required shares that can be met at once."""
        return self.test.joint(self.drawn_shift(fates), of_required=True)
