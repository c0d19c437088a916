"""The chain on the first screen: a line for each stage, and joint coverage by year."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from rich.console import RenderableType
from rich.text import Text

from paxsilica.plan.requirement import covered, required
from paxsilica.report.console.screen import compact_table
from paxsilica.report.views.coverage import (
    Cell,
    Stage,
    coverage_stages,
    in_last_year,
    joint_years,
    scarcest_first,
    spread,
)
from paxsilica.report.views.named_plan import NamedPlan, blank, records

YEARS_SHOWN = 6
LIMITS_WIDTH = 19
STAGE_WIDTH = 30


def chain_parts(named: NamedPlan, narrow: bool) -> Iterable[RenderableType]:
    """Nothing where the case requires no coverage."""
    stages = in_last_year(coverage_stages(named.plan))
    if not stages:
        return
    yield Text()
    year = stages[0].last.year
    shares = {stage.last.required for stage in stages}
    one = f"{required(min(shares))} required; " if len(shares) == 1 else ""
    yield Text.assemble(
        (f"The chain in {year}", "bold cyan"),
        (f", % of need in a cut-off, without → with the plan; {one}", "dim"),
        ("!", "red"),
        (" short", "dim"),
    )
    yield _stages(named, stages, narrow, len(shares) > 1)
    yield _joint(named, narrow)


def _stages(named: NamedPlan, stages: list[Stage], narrow: bool, several: bool) -> RenderableType:
    limited = any(stage.last.short for stage in stages) and not narrow
    table = compact_table(rule=False)
    table.add_column("stage", no_wrap=True, max_width=STAGE_WIDTH)
    if not narrow:
        table.add_column("nameplate", no_wrap=True, min_width=9, style="dim")
    table.add_column("credited", no_wrap=True, min_width=8, style="dim")
    table.add_column("standalone", no_wrap=True, min_width=10)
    if several:
        table.add_column("required", no_wrap=True, min_width=8, justify="right")
    table.add_column("met from", no_wrap=True, min_width=8, justify="right")
    table.add_column("projects", no_wrap=True, min_width=8, justify="right")
    if limited:
        table.add_column("limiting inputs", no_wrap=True, max_width=LIMITS_WIDTH)
    first = {
        str(row["stage"]): "never" if blank(row["all"]) else str(int(row["all"]))
        for row in records(named.plan.table("first_years"))
    }
    built = Counter(map(str, named.plan.portfolio["stage"]))
    for stage in stages:
        cell = stage.last
        mark, colour = (" !", "red") if cell.short else ("", "green")
        row: list[str | Text] = [
            stage.name,
            *([] if narrow else [_pair(cell.nameplate_without, cell.nameplate)]),
            _pair(cell.credited_without, cell.credited),
            Text(_pair(cell.without, cell.coverage) + mark, colour),
            *([required(cell.required)] if several else []),
            first.get(stage.key, ""),
            str(built[stage.key]),
            *([_limits(named, cell)] if limited else []),
        ]
        table.add_row(*row)
    return table


def _pair(without: float, with_plan: float) -> str:
    return f"{covered(without):>3}→{covered(with_plan):>3}"


def _limits(named: NamedPlan, cell: Cell) -> str:
    """As many of the goods that limit a stage that is short as fit, the scarcest first, and the
    number of the others; without what their names have in brackets."""
    goods = scarcest_first(named.plan, cell.limiting, cell.year) if cell.short else []
    names = [named.commodity(good).split(" (")[0] for good in goods]
    for shown in range(len(names), 0, -1):
        end = f" +{len(names) - shown}" if shown < len(names) else ""
        line = ", ".join(names[:shown]) + end
        if len(line) <= LIMITS_WIDTH:
            return line
    if not names:
        return ""
    end = f" +{len(names) - 1}" if len(names) > 1 else ""
    return f"{names[0][: LIMITS_WIDTH - len(end) - 1]}…{end}"


def _joint(named: NamedPlan, narrow: bool) -> RenderableType:
    """Coverage of all stages at the same time, in some of the years."""
    years = joint_years(named.plan)
    kept = spread([joint.year for joint in years], YEARS_SHOWN // 2 if narrow else YEARS_SHOWN)
    shown = [joint for joint in years if joint.year in kept]
    table = compact_table(rule=False)
    table.add_column("all stages at the same time", no_wrap=True)
    for joint in shown:
        table.add_column(str(joint.year), justify="right", no_wrap=True, min_width=5)
    table.add_row("without the plan", *(covered(joint.without) for joint in shown))
    table.add_row(
        "with the plan / required",
        *(
            Text(
                f"{covered(joint.coverage)}/{required(joint.required)}"
                + (" !" if joint.short else ""),
                "red" if joint.short else "green",
            )
            for joint in shown
        ),
    )
    table.add_row(
        "with the plan, all capacity ready", *(covered(joint.capability) for joint in shown)
    )
    return table
