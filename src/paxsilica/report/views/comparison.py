"""Differences between two plans."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from paxsilica.report.views.coverage import Cell, coverage_stages
from paxsilica.report.views.named_plan import NamedPlan, records


@dataclass(frozen=True)
class Differences:
    """Differences between two plans.

    Attributes:
        coverage: name of the stage and its cells in the two plans, in ``year``.
        only_first, only_second, moved: projects in one of the plans only, and projects committed in
            another year or with another size.
        same: number of projects that are equal in both.
        year: the last year for which both report coverage; ``None`` if there is none.
    """

    coverage: list[tuple[str, Cell, Cell]]
    only_first: list[dict[str, Any]]
    only_second: list[dict[str, Any]]
    moved: list[dict[str, Any]]
    same: int
    year: int | None


def differences(first: NamedPlan, second: NamedPlan) -> Differences:
    """Compares two plans."""
    only_first, only_second, moved = [], [], []
    for row in records(first.plan.compare(second.plan)):
        row |= {"stage": first.stage(row["stage"]), "region": first.region(row["region"])}
        if row["committed_year_other"] != row["committed_year_other"]:
            only_first.append(row)
        elif row["committed_year_this"] != row["committed_year_this"]:
            only_second.append(row)
        else:
            moved.append(row)
    here, there = (
        {
            (stage.key, cell.year): cell
            for stage in coverage_stages(one.plan)
            for cell in stage.cells
        }
        for one in (first, second)
    )
    year = max({year for _, year in here} & {year for _, year in there}, default=None)
    coverage = [
        (stage.name, here[stage.key, year], there[stage.key, year])
        for stage in coverage_stages(first.plan)
        if year is not None and (stage.key, year) in here and (stage.key, year) in there
    ]
    same = len(first.plan.portfolio) - len(only_first) - len(moved)
    return Differences(coverage, only_first, only_second, moved, same, year)
