"""Findings of the audit, and the tolerance between two numbers.

A solver works in floating point: it accepts a row that is violated by its feasibility tolerance
(1e-6 in a mixed-integer program), and counts a decision as whole within the same tolerance. So two
numbers are the same if they differ by no more than :data:`SHARE` (two such tolerances) of the size
of what they were made from: a sum of millions that cancel to zero is not known to the last unit.
There is no absolute tolerance, so the audit does not depend on units. Larger differences are
findings.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from paxsilica.plan.result import Plan

SHARE = 2e-6
"""Two feasibility tolerances of the solver."""

OF_ALL = 0.01
"""Share of all flows of a commodity (of all capital) that counts as the size of every row of it,
because the solver scales these rows alike: a small flow is known to 2e-8 of the whole stream."""

WRITTEN = 1e-12
"""Share of the largest number of a column below which the plan writes a number as zero."""

Record = Mapping[str, Any]


@dataclass(frozen=True)
class Finding:
    """One difference between a plan and what follows from its tables and its case.

    Attributes:
        what: the rule that is broken, such as ``commodity balance``.
        where: of what: state, region, commodity, plant, funder, project or year, joined by ``",
            "``.
        claimed: number in the plan, or use of a limit.
        recomputed: what follows from the data, or the limit itself.
        unit: of both numbers.
    """

    what: str
    where: str
    claimed: float | str | None
    recomputed: float | str | None
    unit: str

    def __str__(self) -> str:
        """One line for people."""
        return (
            f"{self.what} of {self.where}: {_text(self.claimed)} in the plan,"
            f" {_text(self.recomputed)} recomputed ({self.unit})"
        )


class Ledger:
    """Collects findings; every check goes through :meth:`at`.

    ``coarseness`` is how many times looser than by default the case lets the solver be.
    """

    def __init__(self, coarseness: float = 1.0) -> None:
        self.findings: list[Finding] = []
        self.coarseness = max(1.0, coarseness)

    def at(self, where: Iterable[Any], unit: str = "text", size: float = 0.0) -> Checks:
        """The checks of one place, of numbers in ``unit`` that come from terms of at least
        ``size``."""
        return Checks(self, ", ".join(str(part) for part in where if part is not None), unit, size)


@dataclass(frozen=True)
class Checks:
    """Checks of one place; what is not right becomes a finding of the ledger."""

    ledger: Ledger
    where: str
    unit: str
    size: float = 0.0

    def tolerance(self, *sizes: float) -> float:
        """How far numbers made from terms of these sizes may be off."""
        finite = (abs(size) for size in (self.size, *sizes) if math.isfinite(size))
        return self.ledger.coarseness * SHARE * max(finite, default=0.0)

    def note(self, what: str, claimed: Any, recomputed: Any) -> None:
        """Notes a finding down."""
        self.ledger.findings.append(Finding(what, self.where, claimed, recomputed, self.unit))

    def same(self, what: str, claimed: float | None, recomputed: float, *sizes: float) -> None:
        """The plan's number should be the recomputed one."""
        if claimed is None or not (
            claimed == recomputed
            or abs(claimed - recomputed) <= self.tolerance(claimed, recomputed, *sizes)
        ):
            self.note(what, claimed, recomputed)

    def at_most(self, what: str, used: float, limit: float, *sizes: float) -> None:
        """What is used should not be above the limit."""
        if not used <= limit + self.tolerance(used, limit, *sizes):
            self.note(what, used, limit)

    def at_least(self, what: str, used: float, limit: float, *sizes: float) -> None:
        """What is there should not be below the limit."""
        if not used >= limit - self.tolerance(used, limit, *sizes):
            self.note(what, used, limit)

    def equal(self, what: str, claimed: Any, recomputed: Any) -> None:
        """The text in the plan should be the recomputed one."""
        if claimed != recomputed:
            self.note(what, claimed, recomputed)

    def equal_cells(self, what: str, row: Record, expected: Mapping[str, Any]) -> None:
        """The texts of a row should be the expected ones."""
        for column, text in expected.items():
            self.cell(column).equal(what, row[column], text)

    def same_cells(self, what: str, row: Record, expected: Mapping[str, float]) -> None:
        """The numbers of a row should be the recomputed ones."""
        for column, amount in expected.items():
            self.cell(column).same(what, row[column], amount)

    def cell(self, column: str) -> Checks:
        """The checks of one column at the place."""
        return replace(self, where=f"{self.where}, {column}")


def records(plan: Plan, table: str) -> list[dict[str, Any]]:
    """The rows of a table of the plan, with ``None`` for a blank cell."""
    frame = plan.tables.get(table)
    if frame is None:
        return []
    rows: list[dict[str, Any]] = [
        {
            str(key): None if isinstance(value, float) and math.isnan(value) else value
            for key, value in row.items()
        }
        for row in frame.astype(object).to_dict("records")
    ]
    return rows


def _text(value: float | str | None) -> str:
    return f"{value:.10g}" if isinstance(value, int | float) else repr(value)
