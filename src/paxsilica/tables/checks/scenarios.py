"""Scenarios, their events, and limits: cells that only make sense together."""

from __future__ import annotations

import math
from collections.abc import Iterable

from paxsilica.errors import Problem
from paxsilica.tables.read import Tables

_TOLERANCE = 1e-6


def probabilities(tables: Tables) -> Iterable[Problem]:
    """Find probabilities that do not add up."""
    total = sum(row.probability for row in tables.scenarios)
    if tables.scenarios and not math.isclose(total, 1, abs_tol=_TOLERANCE):
        yield Problem("scenarios", "", "probability", "", f"the probabilities should add up to 1, but add up to {total:.12g}")


def factors_of_events(tables: Tables) -> Iterable[Problem]:
    """Find events with a factor that means nothing, or without one that is needed."""
    for line, row in tables.numbered("events", tables.events):
        if row.event == "switch off" and row.factor is not None:
            yield Problem("events", line, "factor", f"{row.factor:.12g}", "should be blank: a switch off has no factor")
        if row.event != "switch off" and row.factor is None:
            yield Problem("events", line, "factor", "", f"should be filled with the factor that multiplies the {row.event}")
        if row.event == "demand" and row.process != "*":
            yield Problem("events", line, "process", row.process, "should be '*': demand does not depend on a process")


def limits(tables: Tables) -> Iterable[Problem]:
    """Find limits with a selection that their measure does not know."""
    for line, row in tables.numbered("limits", tables.limits):
        if row.measure == "shipment":
            if row.process != "*":
                yield Problem("limits", line, "process", row.process, "should be '*': a shipment has no process")
            if row.asset is not None:
                yield Problem("limits", line, "asset", ";".join(row.asset), "should be blank: a shipment belongs to no plant")
        elif row.to_region is not None:
            yield Problem("limits", line, "to_region", row.to_region, f"should be blank: only shipments go to a region, not {row.measure}")
        if row.measure == "new capacity" and row.sense == "at least":
            yield Problem(
                "limits", line, "sense", row.sense, "should be 'at most': a build rate bounds what is committed in a year from above"
            )
        if row.value < 0:
            yield Problem("limits", line, "value", f"{row.value:.12g}", f"should be at least 0: {row.measure} is never negative")
