"""What has a price: each thing as the movement of row sides and column bounds that one more of it
means.

With duals ``y`` of the rows and reduced costs ``d`` of the columns the objective moves by ``y``
times the shift of the sides, and by ``d`` times the shift of the bound that ``d`` leans on.
Minimising, a positive dual leans on the lower side and a negative one on the upper.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from paxsilica.finance import MILLION
from paxsilica.instance import UNLIMITED, Instance
from paxsilica.model.registry import ROWS, USER, RowPrice, Wording, parts_of, rows_with
from paxsilica.model.security import coverage_base
from paxsilica.solver import Array, Compiled
from paxsilica.solver.persistent import Movement

SAVED = {
    "cost": "expected discounted cost",
    "shortfall": "priced shortfall of coverage",
    "budget": "public capital",
}
"""What an objective counts, in words."""

Name = tuple[str, str, int | None]
"""What, where and when."""


@dataclass(frozen=True)
class Subject:
    """Something that has a price.

    Attributes:
        gain: whether one more of it lowers the objective (a limit) or raises it (a requirement);
            the price is positive either way.
        scale: from USD million of objective to ``unit``.
        movement: of sides and bounds, that one more of it means.
        examined: whether the price on either side is found even if nobody asks for it.
        shown: whether it is listed at a price of zero too.
    """

    what: str
    where: str
    when: int | None
    unit: str
    meaning: str
    gain: bool
    movement: Movement
    scale: float = 1.0
    examined: bool = True
    shown: bool = True

    def price(self, row_duals: Array, column_duals: Array) -> float:
        """The price that some duals mean."""
        part = self.movement
        moved = float(row_duals[part.rows] @ part.shift)
        if len(part.columns):
            leaning = column_duals[part.columns]
            moved += float(leaning @ np.where(leaning > 0, part.low_shift, part.high_shift))
        return (-1.0 if self.gain else 1.0) * self.scale * moved + 0.0

    @property
    def name(self) -> Name:
        """What, where and when; no two subjects of a program have the same."""
        return self.what, self.where, self.when


def undiscounted(instance: Instance, year: int) -> float:
    """What a USD million of the objective is in money of ``year``; least public money is not
    discounted."""
    return 1.0 if instance.case.objective == "budget" else 1.0 / instance.discount(year)


def saved(instance: Instance) -> str:
    """What the objective of the case counts, in words."""
    return SAVED[instance.case.objective]


def subjects(instance: Instance, program: Compiled, values: Array) -> list[Subject]:
    """Everything but goods that has a price in ``program``; ``values`` of its columns say what a
    share of concentration is a share of."""
    return [
        *single_rows(instance, program),
        *coverage(instance, program),
        *concentration(instance, program, values),
        *policy(instance, program),
        *capacity(instance, program),
    ]


def single_rows(instance: Instance, program: Compiled) -> list[Subject]:
    """Items that are one row each, such as the budget of the programme and the envelope of each
    funder: one unit more on its right-hand side."""
    found, wording = [], Wording(instance)
    for row, (family, index) in enumerate(program.row_names):
        if family.startswith(USER):
            found.append(_user_row(instance, program, row))
        price = ROWS[family].price if family in ROWS else None
        if not isinstance(price, RowPrice) or not price.single:
            continue
        names = wording.names(family, index)
        gain = bool(price.gain)
        found.append(
            Subject(
                price.item,
                price.where.format_map(names),
                names.get("year"),
                price.unit,
                f"One USD million more of {price.words.format_map(names)}"
                f" {'lowers' if gain else 'raises'} {saved(instance)} by so many USD million;"
                f" positive: {'worth having' if gain else 'that is what it costs'}.",
                gain=gain,
                movement=Movement(np.array([row]), np.ones(1)),
                shown=price.shown,
            )
        )
    return found


def _user_row(instance: Instance, program: Compiled, row: int) -> Subject:
    """One unit more on the right-hand side of a row that a user added."""
    family, index = program.row_names[row]
    gain = bool(np.isfinite(program.row_high[row]))
    where = "" if index is None else ", ".join(map(str, parts_of(index)))
    return Subject(
        family,
        where,
        None,
        "USD million per unit of the row",
        f"One unit more on the right-hand side of {family.removeprefix(USER)}"
        f"{'' if where == '' else f' at {where}'} {'lowers' if gain else 'raises'}"
        f" {saved(instance)} by so many USD million.",
        gain=gain,
        movement=Movement(np.array([row]), np.ones(1)),
    )


def coverage(instance: Instance, program: Compiled) -> list[Subject]:
    """A percentage point of required coverage, by stage and year: more must be made, and more must
    be delivered."""
    stage_of = {row.commodity: row.stage for row in instance.tables.commodities}
    moved: dict[tuple[str, str], list[tuple[int, float]]] = defaultdict(list)
    for row in program.rows_of(*rows_with(item="coverage")):
        family, (commodity, state) = program.row_names[row]
        base = coverage_base(instance, family, commodity, state)
        moved[stage_of[commodity] or "", state].append((int(row), base / 100))
    return [
        Subject(
            "coverage",
            stage,
            instance.states[state].year,
            "USD million per percentage point",
            f"One percentage point more of coverage required of stage {stage} in"
            f" {instance.states[state].year} raises {saved(instance)} by so much; positive: that is"
            " what it costs.",
            gain=False,
            movement=Movement(
                np.array([row for row, _ in items]), np.array([shift for _, shift in items])
            ),
        )
        for (stage, state), items in sorted(
            moved.items(), key=lambda item: (item[0][0], instance.states[item[0][1]].year)
        )
    ]


def concentration(instance: Instance, program: Compiled, values: Array) -> list[Subject]:
    """A percentage point of the cap on a region's share: of one region at one commodity, and of the
    cap altogether."""
    found, everywhere = [], []
    for row in program.rows_of(*rows_with(item="concentration")):
        region, commodity, state = program.row_names[row][1]
        supply = instance.states[state].supply
        made = sum(
            quantity * values[program.column_at["activity", (plant, state)]]
            for place, plants in supply.items()
            if place[1] == commodity
            for plant, quantity in plants
        )
        if made <= 0:
            continue
        everywhere.append((int(row), made / 100))
        year = instance.states[state].year
        found.append(
            Subject(
                "concentration",
                f"{region}, {commodity}",
                year,
                "USD million per percentage point",
                f"One percentage point more that {region} may have of the {commodity} made in the"
                f" cut-off of {year} lowers {saved(instance)} by so much, output as it is;"
                " positive: worth having.",
                gain=True,
                movement=Movement(np.array([row]), np.array([made / 100])),
                shown=False,
            )
        )
    if everywhere:
        found.append(
            Subject(
                "concentration",
                "every region and commodity",
                None,
                "USD million per percentage point",
                "One percentage point more in the cap on a region's share, in every year, lowers"
                f" {saved(instance)} by so much, output as it is; positive: worth having.",
                gain=True,
                movement=Movement(
                    np.array([row for row, _ in everywhere]),
                    np.array([shift for _, shift in everywhere]),
                ),
            )
        )
    return found


def policy(instance: Instance, program: Compiled) -> list[Subject]:
    """The limits of the table of limits, each in its own unit."""
    found = []
    for row in program.rows_of(*rows_with(item="limit")):
        name, when = program.row_names[row][1]
        limit = instance.limits[name]
        gain = limit.sense == "at most"
        year = when if isinstance(when, int) else instance.states[when].year
        found.append(
            Subject(
                "limit",
                name if isinstance(when, int) else f"{name}, {when}",
                year,
                "USD million per unit of the limit",
                f"One unit more {'allowed' if gain else 'demanded'} by the limit {name} in {year}"
                f" {'lowers' if gain else 'raises'} {saved(instance)} by so much.",
                gain=gain,
                movement=Movement(np.array([row]), np.ones(1)),
                shown=False,
            )
        )
    return found


def capacity(instance: Instance, program: Compiled) -> list[Subject]:
    """The scarcity rent of each plant in each year: one more unit of credited capacity, in all
    operating states of the year."""
    columns: dict[tuple[str, int], list[tuple[int, float, float]]] = defaultdict(list)
    rows: dict[tuple[str, int], list[tuple[int, float]]] = defaultdict(list)
    for at, (family, index) in enumerate(program.columns):
        if family not in ("activity", "standby"):
            continue
        plant, state = index
        if instance.world.plants[plant].is_project or not 0 < program.high[at] < UNLIMITED:
            continue
        columns[plant, instance.states[state].year].append(
            (at, *_bounds(instance, family, plant, state))
        )
    for row in program.rows_of(*rows_with(item="capacity")):
        plant, state = program.row_names[row][1]
        where = instance.states[state]
        rows[plant, where.year].append((int(row), where.capacity_factor[plant]))
    units = {row.process: row.unit for row in instance.tables.processes}
    found = []
    for plant, year in sorted(set(columns) | set(rows)):
        moved = columns.get((plant, year), [])
        own = rows.get((plant, year), [])
        unit = units[instance.world.plants[plant].process]
        found.append(
            Subject(
                "capacity",
                plant,
                year,
                f"USD per {unit}",
                f"One more {unit} of credited capacity of {plant} in {year} saves so much, in money"
                f" of {year}: the scarcity rent of the plant; positive: worth having.",
                gain=True,
                scale=MILLION * undiscounted(instance, year),
                movement=Movement(
                    np.array([item[0] for item in own], dtype=np.intp),
                    np.array([item[1] for item in own]),
                    np.array([item[0] for item in moved], dtype=np.intp),
                    np.array([item[1] for item in moved]),
                    np.array([item[2] for item in moved]),
                ),
                examined=False,
                shown=False,
            )
        )
    return found


def _bounds(instance: Instance, family: str, plant: str, state: str) -> tuple[float, float]:
    """How far one more unit of an asset's credited capacity moves the bounds of what it runs, or
    keeps warm, in a copy."""
    where = instance.states[state]
    credited = instance.nameplate[plant, where.year] * instance.world.plants[plant].credit
    factor = where.capacity[plant] / credited if credited else 1.0
    must_run = (
        instance.world.plants[plant].must_run_share
        if family == "activity" and where.mode == "normal"
        else 0.0
    )
    return must_run * factor, factor
