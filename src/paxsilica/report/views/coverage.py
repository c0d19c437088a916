"""Coverage by stage and year, without and with the plan."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pandas as pd

from paxsilica.plan.requirement import CLOSEST_TOL, met
from paxsilica.plan.result import Plan
from paxsilica.report.views.named_plan import blank, records


@dataclass(frozen=True)
class Cell:
    """Coverage of one stage in one year, as shares of need.

    Attributes:
        without, coverage: standalone coverage without and with the plan.
        credited_without, credited: capacity within reach after credit for status, over need.
        weakest: good with the lowest standalone coverage.
        limiting: goods that limit the stage where it falls short.
    """

    year: int
    nameplate_without: float
    credited_without: float
    without: float
    nameplate: float
    credited: float
    coverage: float
    required: float
    weakest: str
    limiting: tuple[str, ...]

    @property
    def short(self) -> bool:
        """Whether coverage is below the requirement."""
        return not met(self.coverage, self.required)


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
    def needs_nothing(self) -> bool:
        """Whether coverage without the plan meets the requirement in every year."""
        return all(met(cell.without, cell.required) for cell in self.cells)

    @property
    def years_short(self) -> list[int]:
        """Years in which coverage is below the requirement."""
        return [cell.year for cell in self.cells if cell.short]


@dataclass(frozen=True)
class Joint:
    """Coverage of the whole chain at once in one year, as shares of need.

    Attributes:
        without, coverage: largest share of all needs that can be met at once, without and with the
            plan, with the readiness that is paid for.
        capability: the same with the plan, with all capacity ready at no cost.
        required: largest share that is required of a stage.
        ratio: largest part of every required share that can be met at once, with the plan.
        limiting: goods that cannot exceed the joint coverage.
    """

    year: int
    without: float
    coverage: float
    capability: float
    required: float
    ratio: float
    limiting: tuple[str, ...]

    @property
    def short(self) -> bool:
        """Whether a requirement of the year is not met."""
        return not met(self.ratio, 1.0)


def joint_years(plan: Plan) -> list[Joint]:
    """Joint coverage by year; none where the case requires no coverage."""
    return [
        Joint(
            int(row["year"]),
            float(row["without"]),
            float(row["with"]),
            float(row["capability"]),
            float(row["required"]),
            float(row["requirement_ratio"]),
            goods_in(row["limiting_goods"]),
        )
        for row in records(plan.table("joint_coverage").sort_values("year"))
    ]


@dataclass(frozen=True)
class Unreached:
    """A stage in a year that the closest plan does not cover as wanted.

    Attributes:
        share: what is reached: by any plan, or by this one; share of 1.
        wanted: the requirement, or what any plan could reach; share of 1.
    """

    name: str
    year: int
    share: float
    wanted: float


def within_tolerance(ratio: float) -> float:
    """The part of 1 that the search of the closest plan counts as reached: later steps may give up
    a tolerance of it."""
    return min(1.0, ratio + CLOSEST_TOL)


def unreached(plan: Plan) -> tuple[list[Unreached], list[Unreached]]:
    """Of the closest plan: where no money reaches the requirement, and where this plan does not
    cover what any plan could reach, up to the requirement."""
    beyond, behind = [], []
    rows = records(plan.table("security"))
    years = len({row["year"] for row in rows})
    for row in rows:
        name, year = str(row["name"]), int(row["year"])
        reachable, wanted = float(row["reachable_share"]), float(row["required_share"])
        if not met(reachable, wanted):
            beyond.append(Unreached(name, year, reachable, wanted))
        reachable = min(reachable, wanted)
        # what a step gives up of an average over the years may be that of one year
        ratio = float(row["ratio"])
        if ratio < 1 - CLOSEST_TOL * years:
            share = reachable * within_tolerance(ratio)
            behind.append(Unreached(name, year, share, reachable))
    return beyond, behind


def scarcest_first(plan: Plan, goods: Iterable[str], year: int) -> list[str]:
    """The goods by their standalone coverage with the plan in ``year``, the lowest first."""
    frame = plan.table("coverage_by_commodity")
    rows = records(frame[frame["year"] == year])
    own = {str(row["commodity"]): float(row["standalone_coverage"]) for row in rows}
    return sorted(goods, key=lambda good: (own.get(good, 1.0), good))


def goods_in(cell: object) -> tuple[str, ...]:
    """The goods that a cell of a table lists."""
    return () if blank(cell) else tuple(str(cell).split(", "))


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
                float(row["credited_share_without"]),
                float(row["standalone_coverage_without"]),
                float(row["nameplate_share"]),
                float(row["credited_share"]),
                float(row["standalone_coverage"]),
                float(row["required_share"]),
                str(row["weakest_commodity"]),
                goods_in(row["limiting_inputs"]),
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
    short = [not met(row["standalone_coverage"], row["required_share"]) for row in records(frame)]
    return frame[short].sort_values(["standalone_coverage", "commodity"]).reset_index(drop=True)
