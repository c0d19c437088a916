"""Completion of committed projects: how likely each comes into operation on time, late or never."""

from __future__ import annotations

from dataclasses import dataclass

from paxsilica.errors import Problem
from paxsilica.instance.world import World
from paxsilica.interpolate import left_after
from paxsilica.tables.schema import Project


@dataclass(frozen=True)
class Completion:
    """Probabilities of the delays of a committed project against its planned start.

    The one description of completion: the model uses its means, random draws use :meth:`drawn`.

    Attributes:
        delays: (years late, probability) pairs, in order of the years. What the probabilities lack
            to 1 is the chance that the project is never completed.
    """

    delays: tuple[tuple[int, float], ...] = ((0, 1.0),)

    @property
    def chance(self) -> float:
        """Probability that the project is ever completed, share of 1."""
        return sum(probability for _, probability in self.delays)

    def credited_share(self, age: int, ramp: tuple[float, ...], decline: float = 0.0) -> float:
        """Expected share of nameplate that is available ``age`` years after the planned start.

        ``ramp`` holds the share of nameplate by year of operation; the last holds on, less the
        ``decline`` of each further year.
        """
        return sum(
            probability * ramp_share(ramp, age - delay, decline)
            for delay, probability in self.delays
        )

    def operating_share(self, age: int) -> float:
        """Probability that the project operates ``age`` years after its planned start, ramped or
        not."""
        return sum(probability for delay, probability in self.delays if delay <= age)

    def drawn(self, uniform: float) -> int | None:
        """The delay in years that belongs to a uniform random number of [0, 1); ``None``: the
        project is never completed."""
        reached = 0.0
        for delay, probability in self.delays:
            reached += probability
            if uniform < reached:
                return delay
        return None


ON_TIME = Completion()
"""Completion without a table ``completion``, or of a project without a status."""


def ramp_share(ramp: tuple[float, ...], age: int, decline: float = 0.0) -> float:
    """Share of nameplate in year ``age`` of operation, the first of which is 0; 0 before. After
    the years of the ramp it loses the share ``decline`` of itself in each year.

    >>> [ramp_share((0.5, 1.0), age) for age in (-1, 0, 1, 7)]
    [0.0, 0.5, 1.0, 1.0]
    >>> [ramp_share((0.5, 1.0), age, 0.5) for age in (-1, 0, 1, 2, 3)]
    [0.0, 0.5, 1.0, 0.5, 0.25]
    """
    if age < 0:
        return 0.0
    past = age - len(ramp) + 1
    return ramp[age] if past < 0 else ramp[-1] * left_after(decline, past)


def completion_of(world: World, row: Project) -> Completion:
    """The completion of a project by its status and stage; rows of a named stage replace those of
    ``*``.

    A status of a project without rows in a table that has some is recorded in ``world.problems``.
    """
    table = world.tables.completion
    if not table or row.status is None:
        return ON_TIME
    stage = world.plants[row.project].stage
    for wanted in (stage, "*"):
        rows = [one for one in table if (one.status, one.stage) == (row.status, wanted)]
        if rows:
            delays = sorted((one.delay_years, one.probability) for one in rows)
            return Completion(tuple(delays))
    words = (
        f"the table completion should have rows for this status and for stage"
        f" {stage or '*'!r} or '*'"
    )
    world.problems.append(Problem("projects", row.project, "status", row.status, words))
    return ON_TIME
