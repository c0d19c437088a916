"""What follows from a decision: which other projects change, what is covered with it, what its
output goes into."""

from __future__ import annotations

import pandas as pd

from paxsilica.solver import Array
from paxsilica.solver.resolve import NOISE, Known, Written


def displaced(inside: Known | None, outside: Known | None, project: str) -> pd.DataFrame:
    """Other projects that the plan with the project treats otherwise than the plan without it."""
    columns = ["project", "year_without", "year_with", "change"]
    if inside is None or outside is None:
        return pd.DataFrame(columns=columns)
    before, after = outside.committed, inside.committed
    rows = []
    for name in sorted({*before, *after} - {project}):
        old, new = before.get(name), after.get(name)
        if old != new:
            change = (
                f"comes in, {new}"
                if old is None
                else f"drops out, was {old}"
                if new is None
                else f"{old} becomes {new}"
            )
            rows.append((name, old, new, change))
    return pd.DataFrame(rows, columns=columns)


def feeds(written: Written, inside: Array | None, project: str) -> pd.DataFrame:
    """What the project makes in the copies that prove coverage, with the plan that has it."""
    columns = ["stage", "commodity", "year", "output", "need", "share_of_need", "required_share"]
    instance, program = written.instance, written.program
    if inside is None:
        return pd.DataFrame(columns=columns)
    stage_of = {row.commodity: row.stage for row in instance.tables.commodities}
    made = instance.world.outputs.get(instance.world.plants[project].process, {})
    rows = []
    for (commodity, state_name), share in instance.required.items():
        at = program.column_at.get(("activity", (project, state_name)))
        if commodity in made and at is not None and inside[at] > NOISE:
            year = instance.states[state_name].year
            output, need = made[commodity] * inside[at], instance.need[commodity, year]
            rows.append((stage_of[commodity], commodity, year, output, need, output / need, share))
    return pd.DataFrame(sorted(rows, key=str), columns=columns)


def reaches(written: Written, project: str) -> tuple[str, ...]:
    """Covered commodities made, through any number of steps, from what the project makes; its own
    products left out."""
    world = written.instance.world
    own = set(world.outputs.get(world.plants[project].process, {}))
    seen, front = set(own), list(own)
    while front:
        commodity = front.pop()
        for process, inputs in world.inputs.items():
            if commodity in inputs:
                for product in world.outputs.get(process, {}):
                    if product not in seen:
                        seen.add(product)
                        front.append(product)
    return tuple(commodity for commodity in written.instance.covered if commodity in seen - own)
