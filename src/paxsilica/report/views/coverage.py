"""Coverage by stage and year, without and with the plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from paxsilica.plan.result import Plan
from paxsilica.report.views.named_plan import records


@dataclass(frozen=True)
class Cell:
    """Coverage of one stage in one year, as shares of need."""

    year: int
    nameplate_without: float
    without: float
    nameplate: float
    coverage: float
    required: float
    weakest: str

    @property
    def short(self) -> bool:
        """Whether coverage is below the requirement."""
        return below_requirement(self.coverage, self.required)


@dataclass(frozen=True)
class Stage:
    """A stage of the chain with its years."""

    key: str
    name: str
    cells: tuple[Cell, ...]

    @property
    def last(self) -> Cell:
        """The last year."""
        return self.cells[-1]

    def in_year(self, year: int) -> Cell | None:
        """Coverage in ``year``; ``None`` where nothing of the stage is needed in it."""
        return next((cell for cell in self.cells if cell.year == year), None)

    @property
    def years_short(self) -> list[int]:
        """Years in which coverage is below the requirement."""
        return [cell.year for cell in self.cells if cell.short]


def below_requirement(coverage: float, required: float) -> bool:
    """Whether coverage is below the requirement by more than solver noise (0.0005)."""
    return coverage < required - 5e-4


def coverage_stages(plan: Plan) -> list[Stage]:
    """The stages in the order of the chain; none where the case requires no coverage."""
    frame = plan.coverage
    stages = []
    for key in frame["stage"].drop_duplicates():
        part = frame[frame["stage"] == key].sort_values("year")
        cells = tuple(
            Cell(
                int(row["year"]),
                float(row["nameplate_share_without"]),
                float(row["standalone_coverage_without"]),
                float(row["nameplate_share"]),
                float(row["standalone_coverage"]),
                float(row["required_share"]),
                str(row["weakest_commodity"]),
            )
            for row in records(part)
        )
        stages.append(Stage(str(key), str(part["name"].iloc[0]), cells))
    return stages


def spread(years: Sequence[int], wanted: int) -> list[int]:
    """At most ``wanted`` of the years, evenly spread, with the first and the last."""
    if len(years) <= wanted:
        return list(years)
    return [years[round(at * (len(years) - 1) / (wanted - 1))] for at in range(wanted)]


def years_of(stages: Sequence[Stage]) -> list[int]:
    """Years in which at least one of the stages has coverage, ascending. A stage may have fewer: it
    has none in a year in which nothing of it is needed."""
    return sorted({cell.year for stage in stages for cell in stage.cells})


def in_last_year(stages: Sequence[Stage]) -> list[Stage]:
    """The stages that have coverage in the last year of all of them."""
    years = years_of(stages)
    return [stage for stage in stages if stage.last.year == years[-1]]


def short_commodities(plan: Plan, year: int) -> pd.DataFrame:
    """Commodities below the requirement in ``year``, lowest coverage first."""
    frame = plan.table("coverage_by_commodity")
    frame = frame[frame["year"] == year]
    short = [
        below_requirement(row["standalone_coverage"], row["required_share"])
        for row in records(frame)
    ]
    return frame[short].sort_values(["standalone_coverage", "commodity"]).reset_index(drop=True)
