"""Scenarios and their probabilities."""

from __future__ import annotations

import math
from collections.abc import Iterable

from paxsilica.errors import Problem
from paxsilica.tables.read import Tables

_TOLERANCE = 1e-6


def probabilities(tables: Tables) -> Iterable[Problem]:
    """Find probabilities that do not add up to 1."""
    total = sum(row.probability for row in tables.scenarios)
    if tables.scenarios and not math.isclose(total, 1, abs_tol=_TOLERANCE):
        words = f"the probabilities should add up to 1, but add up to {total:.12g}"
        yield Problem("scenarios", "", "probability", "", words)
