"""Priced items: for each, the movement of right-hand sides and column bounds that one more of it
means.

With duals ``y`` of the rows and reduced costs ``d`` of the columns the objective changes by ``y``
times the shift of the sides, and by ``d`` times the shift of the active bound. When minimising, a
positive dual belongs to the lower side and a negative one to the upper.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from paxsilica.finance import MILLION
from paxsilica.instance import UNLIMITED, Instance, OperatingState
from paxsilica.model.registry import ROWS, USER, RowPrice, Wording, parts_of, rows_with
from paxsilica.model.security import coverage_base
from paxsilica.prices.table import PER_POINT, PREMIUM
from paxsilica.solver import Array, Compiled
from paxsilica.solver.persistent import Movement

SAVED = {
    "cost": "expected discounted cost",
    "shortfall": "priced shortfall of coverage",
    "budget": "public capital",
}
BENEFIT, COST = "positive: a benefit", "positive: a cost"

Name = tuple[str, str, int | None]
"""What, where and when."""


@dataclass(frozen=True)
class PricedItem:
    """An item that has a price.

    Attributes:
        what, where, when: as in the table of prices; unique in a program.
        gain: whether one more of it lowers the objective; the price is positive either way.
        movement: of sides and bounds, that one more of it means.
        scale: from USD million of objective to ``unit``.
        two_sided: whether its left and right dual values are always computed.
        shown: whether it is listed at a price of zero too.
        quantity: of the item in the solution, or the limit of it, in its own unit; not a number: it
            has none.
    """

    what: str
    where: str
    when: int | None
    unit: str
    meaning: str
    gain: bool
    movement: Movement
    scale: float = 1.0
    two_sided: bool = False
    shown: bool = False
    quantity: float = math.nan

    def stake(self, price: float) -> float:
        """The value at stake at a price: USD million of the objective, or not a number."""
        return abs(price) / self.scale * self.quantity if self.quantity else 0.0

    def price(self, row_duals: Array, column_duals: Array) -> float:
        """The price at some duals."""
        part = self.movement
        moved = float(row_duals[part.rows] @ part.shift)
        if len(part.columns):
            dual = column_duals[part.columns]
            moved += float(dual @ np.where(dual > 0, part.low_shift, part.high_shift))
        return (-1.0 if self.gain else 1.0) * self.scale * moved + 0.0

    @property
    def name(self) -> Name:
        """What, where and when."""
        return self.what, self.where, self.when


def moved_rows(moved: Sequence[tuple[int, float]]) -> Movement:
    """The movement of some rows, each by its shift."""
    rows, shifts = zip(*moved, strict=True) if moved else ((), ())
    return Movement(np.array(rows, dtype=np.intp), np.array(shifts, dtype=float))


def undiscounted(instance: Instance, year: int) -> float:
    """A USD million of the objective in money of ``year`` (``budget`` is not discounted)."""
    return 1.0 if instance.case.objective == "budget" else 1.0 / instance.discount(year)


def saved(instance: Instance) -> str:
    """The objective of the case in words, with what it holds that is no cost."""
    case, words = instance.case, SAVED[instance.case.objective]
    if case.objective == "budget" and case.budget.covers == "money":
        return "public money"
    if case.objective != "cost":
        return words
    priced = case.coverage is not None and not case.coverage.hard
    more = [
        *(["priced shortfall of coverage"] if priced else []),
        *(["the weight of the preferences of funders"] if _prefers(instance) else []),
    ]
    return f"{words}, with {' and '.join(more)} counted in," if more else words


def _prefers(instance: Instance) -> bool:
    return instance.funding is not None and instance.case.funders.preference > 0


def priced_items(instance: Instance, program: Compiled, values: Array) -> list[PricedItem]:
    """Everything that has a price in ``program``; shares are of the output at ``values``."""
    return [
        *single_rows(instance, program),
        *coverage(instance, program),
        *concentration(instance, program, values),
        *policy(instance, program),
        *capacity(instance, program, values),
        *goods(instance, program, values),
    ]


def commitments(instance: Instance, program: Compiled, values: Array) -> list[PricedItem]:
    """The commitment of each project of the plan: its integer columns that are 1 at ``values`` and
    fixed in ``program``, moved together (O'Neill et al. 2005)."""
    at_one: dict[str, list[int]] = defaultdict(list)
    for family, place in (("committed", 0), ("ticket", 1), ("size_steps", 0), ("size_reached", 0)):
        for at in program.positions(family).tolist():
            if values[at] > 0.5:
                at_one[program.columns[at][1][place]].append(at)
    titles = {row.project: row.name for row in instance.tables.projects}
    found = []
    for project, columns in sorted(at_one.items()):
        ones = np.round(values[columns])
        none = moved_rows([])
        movement = Movement(none.rows, none.shift, np.array(columns, dtype=np.intp), ones, ones)
        found.append(
            PricedItem(
                "commitment",
                project,
                None,
                "USD million",
                f"The support that {titles.get(project, project)} needs at these prices to be"
                " committed as in the plan, in USD million of the objective: what less of the"
                " commitment saves, scaled to all of it; negative: at these prices it gains.",
                gain=False,
                movement=movement,
                two_sided=True,
                shown=True,
                quantity=1.0,
            )
        )
    return found


def single_rows(instance: Instance, program: Compiled) -> list[PricedItem]:
    """Items that are one row each, such as the budget: one unit more on its right side."""
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
            PricedItem(
                price.item,
                price.where.format_map(names),
                names.get("year"),
                price.unit,
                f"One USD million more of {price.words.format_map(names)}"
                f" {'lowers' if gain else 'raises'} {saved(instance)} by this many USD million;"
                f" {BENEFIT if gain else COST}.",
                gain=gain,
                movement=moved_rows([(row, 1.0)]),
                two_sided=True,
                shown=price.shown,
                quantity=_side(program, row),
            )
        )
    return found


def _user_row(instance: Instance, program: Compiled, row: int) -> PricedItem:
    """One unit more on the right-hand side of a row that a user added."""
    family, index = program.row_names[row]
    gain = bool(np.isfinite(program.row_high[row]))
    where = "" if index is None else ", ".join(map(str, parts_of(index)))
    return PricedItem(
        family,
        where,
        None,
        "USD million per unit of the row",
        f"One unit more on the right-hand side of {family.removeprefix(USER)}"
        f"{'' if where == '' else f' at {where}'} {'lowers' if gain else 'raises'}"
        f" {saved(instance)} by this many USD million.",
        gain=gain,
        movement=moved_rows([(row, 1.0)]),
        two_sided=True,
        shown=True,
        quantity=_side(program, row),
    )


def _side(program: Compiled, row: int) -> float:
    """The finite side of a row, without sign."""
    high = float(program.row_high[row])
    return abs(high) if math.isfinite(high) else abs(float(program.row_low[row]))


def coverage(instance: Instance, program: Compiled) -> list[PricedItem]:
    """A percentage point of required coverage (made and delivered), by stage and year; and of the
    uses of a good outside the chain, by good and year."""
    moved: dict[tuple[str, str], list[tuple[int, float]]] = defaultdict(list)
    where: dict[str, str] = {}
    required: dict[tuple[str, str], float] = defaultdict(float)
    for row in program.rows_of(*rows_with(item="coverage")):
        family, (commodity, state) = program.row_names[row]
        base = coverage_base(instance, family, commodity, state)
        group = instance.stage_of.get(commodity)
        of = f"of stage {group}" if group else f"of the uses of {commodity} outside the chain"
        where[of] = group or commodity
        moved[of, state].append((int(row), base / 100))
        share = instance.share_required(commodity, state)
        required[of, state] = max(required[of, state], 100 * share)
    year_of = {state: instance.states[state].year for _, state in moved}
    return [
        PricedItem(
            "coverage",
            where[of],
            year_of[state],
            PER_POINT,
            f"One percentage point more of coverage required {of} in {year_of[state]}"
            f" raises {saved(instance)} by this much; {COST}.",
            gain=False,
            movement=moved_rows(items),
            two_sided=True,
            shown=True,
            quantity=required[of, state],
        )
        for (of, state), items in sorted(
            moved.items(), key=lambda item: (where[item[0][0]], year_of[item[0][1]])
        )
    ]


def concentration(instance: Instance, program: Compiled, values: Array) -> list[PricedItem]:
    """A percentage point of the cap on a region's share, by commodity and altogether."""
    items = []
    cap = instance.case.concentration
    points = 0.0 if cap is None else 100 * cap.max_share
    for row in program.rows_of(*rows_with(item="concentration")):
        region, commodity, state = program.row_names[row][1]
        made = sum(
            quantity * values[program.column_at["activity", (plant, state)]]
            for place, plants in instance.states[state].supply.items()
            if place[1] == commodity
            for plant, quantity in plants
        )
        if made > 0:
            items.append((region, commodity, instance.states[state].year, (int(row), made / 100)))
    effect = f"lowers {saved(instance)} by this much, output as it is; {BENEFIT}."
    found = [
        PricedItem(
            "concentration",
            f"{region}, {commodity}",
            year,
            PER_POINT,
            f"One percentage point more that {region} may have of the {commodity} made in the"
            f" cut-off of {year} {effect}",
            gain=True,
            movement=moved_rows([moved]),
            two_sided=True,
            quantity=points,
        )
        for region, commodity, year, moved in items
    ]
    if items:
        found.append(
            PricedItem(
                "concentration",
                "every region and commodity",
                None,
                PER_POINT,
                "One percentage point more in the cap on a region's share, in every year,"
                f" {effect}",
                gain=True,
                movement=moved_rows([item[3] for item in items]),
                two_sided=True,
                shown=True,
                quantity=points,
            )
        )
    return found


def policy(instance: Instance, program: Compiled) -> list[PricedItem]:
    """The limits of the table of limits, each in its own unit."""
    found = []
    for row in program.rows_of(*rows_with(item="limit")):
        name, when = program.row_names[row][1]
        gain = instance.limits[name].sense == "at most"
        year = instance.limit_year(name, when)
        found.append(
            PricedItem(
                "limit",
                name if isinstance(when, int) else f"{name}, {when}",
                year,
                "USD million per unit of the limit",
                f"One unit more {'allowed' if gain else 'required'} by the limit {name} in {year}"
                f" {'lowers' if gain else 'raises'} {saved(instance)} by this much.",
                gain=gain,
                movement=moved_rows([(int(row), 1.0)]),
                two_sided=True,
                quantity=_side(program, int(row)),
            )
        )
    return found


def capacity(instance: Instance, program: Compiled, values: Array) -> list[PricedItem]:
    """The scarcity rent of each plant: one more unit of credited capacity in a year. A plant that
    the plan may close or mothball has none: there capacity stands beside a decision, and a movement
    of sides alone would let a closed plant run."""
    columns: dict[tuple[str, int], list[tuple[int, float, float]]] = defaultdict(list)
    rows: dict[tuple[str, int], list[tuple[int, float]]] = defaultdict(list)
    for at, (family, index) in enumerate(program.columns):
        if family not in ("activity", "standby"):
            continue
        plant, state = index
        if instance.world.plants[plant].is_project or plant in instance.closable:
            continue
        if not 0 < program.high[at] < UNLIMITED:
            continue
        columns[plant, instance.states[state].year].append(
            (at, *_bounds(instance, family, plant, instance.states[state]))
        )
    for row in program.rows_of(*rows_with(item="capacity")):
        plant, state = program.row_names[row][1]
        if plant in instance.closable:
            continue
        where = instance.states[state]
        rows[plant, where.year].append((int(row), instance.room_per_unit(plant, where.name)))
    units = {row.process: row.unit for row in instance.tables.processes}
    output: dict[tuple[str, int], float] = defaultdict(float)
    for at in program.positions("activity").tolist():
        plant, state = program.columns[at][1]
        key = plant, instance.states[state].year
        output[key] = max(output[key], float(values[at]))
    found = []
    for plant, year in sorted(set(columns) | set(rows)):
        own = moved_rows(rows.get((plant, year), []))
        bounds = np.array(columns.get((plant, year), [])).reshape(-1, 3)
        unit = units[instance.world.plants[plant].process]
        found.append(
            PricedItem(
                "capacity",
                plant,
                year,
                f"USD per {unit}",
                f"The scarcity rent of {plant}: one more {unit} of its credited capacity in {year}"
                f" saves this much, in money of {year}; {BENEFIT}.",
                gain=True,
                movement=Movement(
                    own.rows, own.shift, bounds[:, 0].astype(np.intp), bounds[:, 1], bounds[:, 2]
                ),
                scale=MILLION * undiscounted(instance, year),
                quantity=output[plant, year],
            )
        )
    return found


def _bounds(
    instance: Instance, family: str, plant: str, state: OperatingState
) -> tuple[float, float]:
    """By how much one more unit of credited capacity moves the lower and upper bound."""
    asset = instance.world.plants[plant]
    credited = instance.nameplate.get((plant, state.year), state.capacity[plant]) * asset.credit
    factor = state.capacity[plant] / credited if credited else 1.0
    must_run = family == "activity" and state.mode == "normal"
    return asset.must_run_share * factor if must_run else 0.0, factor


def goods(instance: Instance, program: Compiled, values: Array) -> list[PricedItem]:
    """Every commodity in every place and operating state, and its security premium."""
    units = {row.commodity: row.unit for row in instance.tables.commodities}
    hubs = {row.region for row in instance.tables.regions if row.kind == "hub"}
    rows = {
        program.row_names[row][1]: int(row)
        for row in program.rows_of(*rows_with(item="commodity"))
        if program.row_names[row][1][0] not in hubs
    }
    found, premiums = [], []
    for (region, commodity, name), row in rows.items():
        state, unit = instance.states[name], units[commodity]
        year, scale = state.year, per_unit(instance, state)
        label = name.removesuffix(f" {year}")
        plain = label == "normal" or state.coverage_test
        quantity = quantity_used(instance, program, values, (region, commodity, name))
        found.append(
            PricedItem(
                "commodity in normal times" if state.mode == "normal" else "commodity in a cut-off",
                f"{region}, {commodity}" if plain else f"{region}, {commodity}, {label}",
                year,
                f"USD per {unit}",
                f"One more {unit} of {commodity} needed in {region} in {year}, {label}, costs this"
                f" much in money of that year; {COST}.",
                gain=False,
                movement=moved_rows([(row, 1.0)]),
                scale=scale,
                quantity=quantity,
            )
        )
        normal = rows.get((region, commodity, state.normal_state)) if state.coverage_test else None
        if normal is not None and state.normal_state is not None:
            # one more unit in the cut-off and, by weight, one less in normal times
            weight = per_unit(instance, instance.states[state.normal_state]) / scale
            premiums.append(
                PricedItem(
                    PREMIUM,
                    f"{region}, {commodity}",
                    year,
                    f"USD per {unit}",
                    f"One {unit} of {commodity} in {region} in {year} costs this much more when"
                    f" adversaries are cut off than in normal times; {COST}.",
                    gain=False,
                    movement=moved_rows([(row, 1.0), (normal, -weight)]),
                    scale=scale,
                    quantity=quantity,
                )
            )
    return [*found, *premiums]


def quantity_used(
    instance: Instance, program: Compiled, values: Array, balance: tuple[str, str, str]
) -> float:
    """What is used of a good in a region and operating state (``balance``), by plants and by final
    demand that is served."""
    region, good, state = balance
    where, at = instance.states[state], program.column_at
    amount = where.demand.get((region, good), 0.0)
    missing = at.get(("unserved", balance))
    if missing is not None:
        amount -= float(values[missing])
    for plant, quantity in where.use.get((region, good), ()):
        amount += quantity * float(values[at["activity", (plant, state)]])
    return max(0.0, amount)


def per_unit(instance: Instance, state: OperatingState) -> float:
    """From the dual of a balance to USD per unit in money of the state's year, given that the state
    occurs: expected cost weighs a state with its probability (a coverage test has none)."""
    factor = MILLION * undiscounted(instance, state.year)
    weighted = instance.case.objective == "cost" and state.probability > 0
    return factor / state.probability if weighted else factor
