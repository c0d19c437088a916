"""Knobs of what is asked for in a cut-off: coverage by stage and year, all of it alike, and the
cap on a region's share."""

from __future__ import annotations

from collections import defaultdict

from paxsilica.case import Case
from paxsilica.infeasibility.relaxation import MOST, Changed, Knob, per_mille
from paxsilica.interpolate import interpolate_flat
from paxsilica.model.registry import rows_with
from paxsilica.model.security import coverage_base
from paxsilica.solver.resolve import NewColumn, Written, changed
from paxsilica.tables import Tables


def coverage_knobs(written: Written) -> list[Knob]:
    """The share asked for, of each stage in each year."""
    instance, program = written.instance, written.program
    coverage = instance.case.coverage
    if coverage is None or not coverage.hard:
        return []
    stage_of = {row.commodity: row.stage for row in instance.tables.commodities}
    entries: dict[tuple[str, int], dict[int, float]] = defaultdict(dict)
    for at in program.rows_of(*rows_with(item="coverage")):
        family, (commodity, state_name) = program.row_names[at]
        state = instance.states[state_name]
        amount = coverage_base(instance, family, commodity, state_name)
        stage = stage_of[commodity]
        assert stage is not None
        entries[stage, state.year][int(at)] = amount
    return [
        _coverage_of(written, stage, year, rows)
        for (stage, year), rows in sorted(entries.items(), key=lambda item: item[0][::-1])
    ]


def _coverage_of(written: Written, stage: str, year: int, entries: dict[int, float]) -> Knob:
    coverage = written.case.coverage
    assert coverage is not None
    asked = interpolate_flat(coverage.stages.get(stage, coverage.required), year)
    name = next(row.name for row in written.tables.stages if row.stage == stage)

    def turn(tables: Tables, case: Case, amount: float) -> Changed:
        assert case.coverage is not None
        path = case.coverage.stages.get(stage, case.coverage.required)
        by_year = {one: interpolate_flat(path, one) for one in case.span()} | {
            year: max(0.0, round(asked - amount, 9))
        }
        stages = {**case.coverage.stages, stage: by_year}
        return tables, changed(case, coverage=case.coverage.model_dump() | {"stages": stages})

    column = NewColumn(("less", (stage, year)), entries, 1.0, high=asked)
    return Knob(
        "coverage",
        f"{stage}|{year}",
        column,
        1.0,
        lambda x: min(asked, per_mille(x)),
        lambda x: (
            f"by only {asked - x:.1%} in {{years}}" if asked - x > 1e-9 else "not at all in {years}"
        ),
        turn,
        year,
        f"cover {name}",
    )


def even_knobs(written: Written) -> list[Knob]:
    """All shares that are asked for, times one factor."""
    single = coverage_knobs(written)
    entries: dict[int, float] = {}
    for knob in single:
        entries |= {row: amount * knob.column.high for row, amount in knob.column.entries.items()}
    if not single:
        return []
    most = max(knob.column.high for knob in single)

    def turn(tables: Tables, case: Case, amount: float) -> Changed:
        assert case.coverage is not None
        parts = case.coverage.model_dump()
        parts["required"] = {
            year: share * (1 - amount) for year, share in parts["required"].items()
        }
        parts["stages"] = {
            stage: {year: share * (1 - amount) for year, share in path.items()}
            for stage, path in parts["stages"].items()
        }
        return tables, changed(case, coverage=parts)

    def say(x: float) -> str:
        return (
            f"cover every stage by {1 - x:.1%} of what is asked for ({most * (1 - x):.1%} where it"
            f" is {most:.1%})"
        )

    # to ask for nothing at all is no way out
    column = NewColumn(("less", "evenly"), entries, 1.0, high=MOST)
    return [Knob("evenly", "all stages", column, 1.0, lambda x: min(1.0, per_mille(x)), say, turn)]


def concentration_knobs(written: Written) -> list[Knob]:
    """The cap on what one region may make."""
    cap, instance = written.case.concentration, written.instance
    rows = written.program.rows_of(*rows_with(item="concentration"))
    if cap is None or not cap.hard or not len(rows):
        return []
    entries = {}
    for at in rows:
        _, commodity, state = written.program.row_names[at][1]
        # output is at least the required share of need, so this much of need is at most one of
        # output
        entries[int(at)] = (
            -instance.required[commodity, state]
            * instance.need[commodity, instance.states[state].year]
        )

    def turn(tables: Tables, case: Case, amount: float) -> Changed:
        assert case.concentration is not None
        return tables, changed(
            case,
            concentration=case.concentration.model_dump()
            | {"max_share": min(1.0, cap.max_share + amount)},
        )

    column = NewColumn(("more", "concentration"), entries, 1.0, high=1.0 - cap.max_share)

    def say(x: float) -> str:
        return (
            f"let one region make up to {min(1.0, cap.max_share + x):.1%} (not {cap.max_share:.1%})"
        )

    return [Knob("concentration", "max_share", column, 1.0, per_mille, say, turn)]
