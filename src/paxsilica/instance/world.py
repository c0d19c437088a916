"""The world of a case, joined from the tables: the role of each region, which plants there are,
what numbers hold in which year."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from paxsilica.case import Case
from paxsilica.errors import InputError, Problem
from paxsilica.instance.names import mistaken_names
from paxsilica.interpolate import interpolate, left_after
from paxsilica.tables import Tables
from paxsilica.tables.schema import Asset, Process, Project, Region, Row

UNLIMITED = float("inf")

Role = Literal["protected", "open", "adversary"]


def scaled(amount: float, factor: float) -> float:
    """``amount * factor``; zero times infinity is zero.

    >>> scaled(float("inf"), 0.0), scaled(float("inf"), 0.5), scaled(10.0, 0.5)
    (0.0, inf, 5.0)
    """
    return 0.0 if factor == 0 else amount * factor


@dataclass(frozen=True)
class Plant:
    """An asset or a project as operation sees it."""

    name: str
    title: str
    region: str
    process: str
    stage: str | None
    controller: str
    credit: float
    is_project: bool
    from_year: int
    to_year: int
    must_run_share: float
    minimum_utilisation: float
    main_product: str | None

    def operates(self, year: int) -> bool:
        """Whether it exists in ``year`` (a project: whether the year is one of the case)."""
        return self.from_year <= year <= self.to_year


@dataclass
class Unspanned:
    """Values by year that do not span the years of the case: the years given and those missing."""

    given: tuple[int, int]
    missing: set[int] = field(default_factory=set)


def year_ranges(years: Iterable[int]) -> str:
    """Years in order, as ranges.

    >>> year_ranges([2030, 2026, 2027, 2028])
    '2026-2028, 2030'
    """
    runs: list[list[int]] = []
    for year in sorted(set(years)):
        if runs and year == runs[-1][1] + 1:
            runs[-1][1] = year
        else:
            runs.append([year, year])
    return ", ".join(f"{first}" if first == last else f"{first}-{last}" for first, last in runs)


@dataclass(frozen=True)
class World:
    """Tables and case joined, before operating states are made. All lookups are by key."""

    case: Case
    tables: Tables
    regions: Mapping[str, Region]
    plants: Mapping[str, Plant]
    inputs: Mapping[str, Mapping[str, float]]
    outputs: Mapping[str, Mapping[str, float]]
    series: Mapping[tuple[str, str, str], Mapping[int, float]]
    problems: list[Problem] = field(default_factory=list)
    unspanned: dict[tuple[str, str, str], Unspanned] = field(default_factory=dict)

    @cached_property
    def _standing(self) -> dict[str, list[tuple[int, str]]]:
        """For each region the (year from which, status) pairs of its membership, in order of
        time."""
        standing: dict[str, list[tuple[int, str]]] = defaultdict(list)
        for row in sorted(self.tables.membership, key=lambda row: (row.region, row.from_date)):
            # a status holds for a whole year if it holds on the last day of it
            standing[row.region].append((row.from_date.year, row.status))
        return standing

    @cached_property
    def assets_by_name(self) -> dict[str, Asset]:
        """Rows of the table ``assets`` by their key."""
        return {row.asset: row for row in self.tables.assets}

    @cached_property
    def projects_by_name(self) -> dict[str, Project]:
        """Rows of the table ``projects`` by their key."""
        return {row.project: row for row in self.tables.projects}

    @cached_property
    def processes(self) -> dict[str, Process]:
        """Rows of the table ``processes`` by their key."""
        return {row.process: row for row in self.tables.processes}

    @cached_property
    def surplus_allowed(self) -> frozenset[str]:
        """Commodities of which more may be made than is used."""
        return frozenset(row.commodity for row in self.tables.commodities if row.surplus == "free")

    @cached_property
    def _capital_factors(self) -> dict[str, float]:
        return {row.status: row.capital_factor or 1.0 for row in self.tables.statuses}

    def capital_factor(self, status: str | None) -> float:
        """Expected over stated capital of a project of ``status``; 1 where the data states none."""
        return 1.0 if status is None else self._capital_factors[status]

    @property
    def states_membership(self) -> bool:
        """Whether the tables or the case say which status regions have."""
        return bool(self.tables.membership or self.case.membership)

    def status(self, region: str, year: int) -> str | None:
        """Status of ``region`` in ``year``; ``None`` where the data states none."""
        if region in self.case.membership:
            return self.case.membership[region]
        found = None
        for first, status in self._standing.get(region, ()):
            if first <= year:
                found = status
        return found

    def role(self, region: str, year: int) -> Role:
        """Role of ``region`` in ``year``. A hub has no plants and is never cut off. A region
        without a status is treated as an adversary: absence never reads as secure."""
        if not self.states_membership or self.regions[region].kind == "hub":
            return "protected"
        status, roles = self.status(region, year), self.case.roles
        if status in roles.protected and roles.protected[status] <= year:
            return "protected"
        if status is None or (status in roles.adversary and roles.adversary[status] <= year):
            return "adversary"
        return "open"

    def adversary(self, region: str, year: int) -> bool:
        """Whether ``region`` is cut off as a host and as an owner."""
        return self.role(region, year) == "adversary"

    def lost(self, region: str, year: int) -> bool:
        """Whether ``region`` is cut off as a host only."""
        return self.case.roles.lost.get(region, year + 1) <= year

    def cut_off(self, region: str, year: int) -> bool:
        """Whether what stands in ``region`` is lost when adversaries are cut off."""
        return self.adversary(region, year) or self.lost(region, year)

    def in_need(self, region: str, year: int) -> bool:
        """Whether the need of ``region`` must be covered."""
        if self.lost(region, year):
            return False
        role = self.role(region, year)
        return role == "protected" or (
            role == "open" and self.case.need.regions == "protected+open"
        )

    def pays(self, region: str, year: int) -> bool:
        """Whether funders of ``region`` take part in ``year``."""
        if self.lost(region, year) and not self.case.roles.lost_funders_pay:
            return False
        if not self.states_membership:
            return True
        status = self.status(region, year)
        return status in self.case.funding and self.case.funding[status] <= year

    def within_reach(self, plant: Plant, year: int) -> bool:
        """Whether ``plant`` runs when adversaries are cut off: its host is neither an adversary nor
        lost, and its controller is no adversary."""
        return not self.cut_off(plant.region, year) and not self.adversary(plant.controller, year)

    def access(self, plant: Plant, year: int) -> float:
        """Share of the capacity of ``plant`` that is within reach when adversaries are cut off, of
        1: projects and plants of protected owners in open regions count in full."""
        if not self.within_reach(plant, year):
            return 0.0
        if plant.is_project or self.role(plant.region, year) != "open":
            return 1.0
        owned = self.role(plant.controller, year) == "protected"
        return 1.0 if owned else self.case.access.open

    def number(
        self, table: str, row: Row, column: str, year: int, default: float | None = None
    ) -> float:
        """The number in ``column`` of ``row`` in ``year``: from the cell, or from the table
        ``series``; else ``default``.

        A number that is neither there nor has a default is recorded in ``problems``, which ends the
        making of the instance.
        """
        cell = getattr(row, column)
        if cell is not None:
            number: float = cell * 1.0
            return number
        key = "|".join(str(getattr(row, part)) for part in row.key)
        anchors = self.series.get((table, key, column))
        if anchors is None:
            if default is None:
                self.problems.append(
                    Problem(
                        table,
                        key,
                        column,
                        "",
                        "a number is needed here, or rows in the table series",
                    )
                )
                return 0.0
            return default
        try:
            return interpolate(anchors, year)
        except KeyError:
            self.miss(table, key, column, anchors, year)
            return 0.0

    @cached_property
    def shared(self) -> dict[str, tuple[str, float]]:
        """For each further recipe of a plant: that plant, and the units of its capacity that a unit
        of activity uses."""
        return {
            row.asset: (row.shares_capacity_of, row.capacity_use or 1.0)
            for row in self.tables.assets
            if row.shares_capacity_of is not None
        }

    def limit_of_recipe(self, name: str, year: int) -> float:
        """The limit of its own of a further recipe of a plant, units of activity per year; zero in
        years in which there is none."""
        if not self.plants[name].operates(year):
            return 0.0
        return self.number("assets", self.assets_by_name[name], "capacity", year)

    def stands(self, name: str) -> bool:
        """Whether a plant exists whatever the plan does: a further recipe of a project does not,
        nor does a plant that the plan may close."""
        base, _ = self.shared.get(name, (name, 1.0))
        return base in self.assets_by_name and not self.may_be_closed(base)

    def may_be_closed(self, name: str) -> bool:
        """Whether the plan may close or mothball an existing plant."""
        row = self.assets_by_name[name]
        return (
            row.closing_cost_usd_m is not None
            or row.mothballed_fixed_cost_share is not None
            or ("assets", name, "closing_cost_usd_m") in self.series
        )

    def nameplate(self, row: Asset, year: int) -> float:
        """Capacity of an existing plant in ``year``, in units of activity, without credit: that of
        the data less its decline since its first year. A further recipe of another plant has at
        most what that plant, if it exists, could run of it alone."""
        stated = self._own_nameplate(row, year)
        if row.asset not in self.shared:
            return stated
        base, use = self.shared[row.asset]
        if base not in self.assets_by_name or not self.plants[base].operates(year):
            return 0.0
        return min(stated, self._own_nameplate(self.assets_by_name[base], year) / use)

    def _own_nameplate(self, row: Asset, year: int) -> float:
        stated = self.number("assets", row, "capacity", year)
        if not row.decline_rate or row.from_year is None:
            return stated
        return scaled(stated, left_after(row.decline_rate, year - row.from_year))

    def miss(
        self, table: str, row: str, column: str, anchors: Mapping[int, float], year: int
    ) -> None:
        """Record a year of the case that the years given do not span; all years of one row make one
        problem."""
        entry = self.unspanned.setdefault(
            (table, row, column), Unspanned((min(anchors), max(anchors)))
        )
        entry.missing.add(year)

    def refuse_if_problems(self) -> None:
        """Raises InputError with every problem recorded so far, if there is any."""
        problems = list(self.problems)
        for (table, row, column), entry in self.unspanned.items():
            series = table != "demand"
            given = "-".join(map(str, sorted(set(entry.given))))
            words = (
                f"the years given, {given}, should span the years that the case uses; values are"
                f" missing for {year_ranges(entry.missing)}"
            )
            place = f"{table}|{row}" if series else row
            problems.append(Problem("series" if series else table, place, column, "", words))
        if problems:
            raise InputError(problems)


def make_world(tables: Tables, case: Case) -> World:
    """Joins ``tables`` with ``case``.

    Raises:
        InputError: if the case names what the tables do not have.
    """
    inputs: dict[str, dict[str, float]] = defaultdict(dict)
    outputs: dict[str, dict[str, float]] = defaultdict(dict)
    for recipe in sorted(tables.recipes, key=lambda row: (row.process, row.commodity)):
        (inputs if recipe.role == "input" else outputs)[recipe.process][recipe.commodity] = (
            recipe.quantity
        )
    series: dict[tuple[str, str, str], dict[int, float]] = defaultdict(dict)
    for item in tables.series:
        series[item.table, item.row, item.column][item.year] = item.value
    credits = {row.status: row.credit for row in tables.statuses}
    processes = {row.process: row for row in tables.processes}
    last = case.years[1]
    plants: dict[str, Plant] = {}
    named: dict[str, Asset | Project] = {row.asset: row for row in tables.assets}
    named |= {row.project: row for row in tables.projects}
    for name, row in sorted(named.items()):
        process = processes[row.process]
        plants[name] = Plant(
            name=name,
            title=row.name,
            region=row.region,
            process=row.process,
            stage=process.stage,
            controller=row.controller or row.region,
            credit=1.0 if row.status is None else credits[row.status],
            is_project=isinstance(row, Project),
            from_year=(
                row.from_year
                if isinstance(row, Asset) and row.from_year is not None
                else case.years[0]
            ),
            to_year=row.to_year if isinstance(row, Asset) and row.to_year is not None else last,
            must_run_share=(row.must_run_share or 0.0) if isinstance(row, Asset) else 0.0,
            minimum_utilisation=(
                (process.minimum_utilisation or 0.0) if case.operation.readiness else 0.0
            ),
            main_product=process.main_product,
        )
    world = World(
        case,
        tables,
        {row.region: row for row in tables.regions},
        plants,
        dict(inputs),
        dict(outputs),
        dict(series),
    )
    if problems := list(mistaken_names(tables, case)):
        raise InputError(problems)
    return world
