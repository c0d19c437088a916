"""A second, simple reading of the tables and the case: the role of each region, what a plant can
do, what falls due, what is required.

Nothing here comes from the code that builds the model.
"""

from __future__ import annotations

import datetime
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from paxsilica.case import Case
from paxsilica.tables import Tables
from paxsilica.tables.schema import Asset, Event, Funder, Project, Route

Place = tuple[str, str]
ENDLESS = math.inf


def yearly_charge(
    rate: float, life: int, lead_time: int, profile: tuple[float, ...]
) -> tuple[float, ...]:
    """What is due in each year of operation for a USD of capital: equal parts whose value at the
    start is that of the spending.

    >>> [round(part, 4) for part in yearly_charge(0.0, 2, 3, (1.0,))]
    [0.5, 0.5]
    >>> [round(part, 4) for part in yearly_charge(0.1, 25, 1, (0.0, 1.0))][:1]
    [0.1102]
    """
    growth = 1 + rate
    spent = math.fsum(share * growth ** (lead_time - age) for age, share in enumerate(profile))
    worth = math.fsum(growth**-year for year in range(1, life + 1))
    return (spent / worth,) * life


@dataclass(frozen=True)
class Situation:
    """An operating state as the data describe it: a year, what is cut off, and other events."""

    name: str
    year: int
    disrupted: bool
    probability: float
    normal_state: str | None
    coverage_test: bool
    off: Mapping[str, frozenset[str]]
    held: Mapping[str, frozenset[str]]
    everywhere: bool
    events: tuple[Event, ...]

    def blocks(self, region: str, commodity: str) -> bool:
        """Whether the commodity no longer leaves the region."""
        return bool(self.off.get(region, frozenset()) & {"*", commodity})

    def holds(self, owner: str, commodity: str) -> bool:
        """Whether plants under the control of the region no longer make the commodity."""
        return bool(self.held.get(owner, frozenset()) & {"*", commodity})

    def stopped(self, owner: str) -> bool:
        """Whether plants under the control of the region stand still."""
        return "*" in self.held.get(owner, frozenset())

    @property
    def mode(self) -> str:
        """``normal`` or ``disrupted``."""
        return "disrupted" if self.disrupted else "normal"

    def gone(self, region: str) -> bool:
        """Whether the region is cut off altogether."""
        return "*" in self.off.get(region, frozenset())


class Facts:
    """Tables and case, with what the audit reads from them."""

    def __init__(self, tables: Tables, case: Case) -> None:
        self.tables, self.case = tables, case
        self.first, self.last = case.years
        self.years = range(self.first, self.last + 1)
        self.regions = {row.region: row for row in tables.regions}
        self.commodities = {row.commodity: row for row in tables.commodities}
        self.processes = {row.process: row for row in tables.processes}
        self.assets = {row.asset: row for row in tables.assets}
        self.projects = {row.project: row for row in tables.projects}
        self.plants: dict[str, Asset | Project] = {**self.assets, **self.projects}
        self.funders = {row.funder: row for row in tables.funders}
        self.stocks = {(row.region, row.commodity): row for row in tables.stocks}
        self.makes: dict[str, dict[str, float]] = {name: {} for name in self.processes}
        self.uses: dict[str, dict[str, float]] = {name: {} for name in self.processes}
        for recipe in tables.recipes:
            (self.makes if recipe.role == "output" else self.uses)[recipe.process][
                recipe.commodity
            ] = recipe.quantity
        self.series: dict[tuple[str, str, str], dict[int, float]] = defaultdict(dict)
        for item in tables.series:
            self.series[item.table, item.row, item.column][item.year] = item.value
        self.credits = {row.status: row.credit for row in tables.statuses}
        self.overruns = {row.status: row.capital_factor or 1.0 for row in tables.statuses}
        self.outage_years = 1 if case.coverage is None else case.coverage.outage_years
        self.memory: dict[Any, Any] = {}
        self.demand = self._demand()
        self.role = cache(self._role)
        self.pays = cache(self._pays)
        self.route = cache(self._route)
        self.most_capital_of = cache(self._most_capital_of)

    # numbers

    def number(self, table: str, row: Any, column: str, year: int, default: float = 0.0) -> float:
        """The number of a row in a year: its cell, or the line through its anchors in
        ``series``."""
        cell = getattr(row, column)
        if cell is not None:
            return float(cell)
        key = "|".join(str(getattr(row, part)) for part in row.key)
        anchors = self.series.get((table, key, column))
        return default if anchors is None else line(anchors, year)

    def discount(self, year: int) -> float:
        """Worth of a USD of the year in the first year."""
        return float((1 + self.case.finance.discount_rate) ** (self.first - year))

    # standing

    def _status(self, region: str, year: int) -> str | None:
        if region in self.case.membership:
            return self.case.membership[region]
        last_day = datetime.date(year, 12, 31)
        held = [
            row
            for row in self.tables.membership
            if row.region == region and row.from_date <= last_day
        ]
        return max(held, key=lambda row: row.from_date).status if held else None

    def _admitted(self, region: str, year: int, kinds: Mapping[Any, int]) -> bool:
        """Whether the status of the region is among ``kinds``, each from a year on."""
        status = self._status(region, year)
        return any(one == status and year >= since for one, since in kinds.items())

    def _role(self, region: str, year: int) -> str:
        if self.regions[region].kind == "hub" or not self._stated():
            return "protected"
        if self._admitted(region, year, self.case.roles.protected):
            return "protected"
        known = self._status(region, year) is not None
        hostile = not known or self._admitted(region, year, self.case.roles.adversary)
        return "adversary" if hostile else "open"

    def lost(self, region: str, year: int) -> bool:
        """Whether the case cuts the region off as a host."""
        since = self.case.roles.lost.get(region)
        return since is not None and year >= since

    def cut_off(self, region: str, year: int) -> bool:
        """Whether what stands in the region is lost."""
        return self.lost(region, year) or self.role(region, year) == "adversary"

    def in_need(self, region: str, year: int) -> bool:
        """Whether the need of the region is to be covered."""
        counted = {"protected"} | ({"open"} if "open" in self.case.need.regions else set())
        return self.role(region, year) in counted and not self.lost(region, year)

    def _stated(self) -> bool:
        return len(self.tables.membership) + len(self.case.membership) > 0

    def _pays(self, region: str, year: int) -> bool:
        if self.lost(region, year) and self.case.roles.lost_funders_pay is not True:
            return False
        return not self._stated() or self._admitted(region, year, self.case.funding)

    @property
    def must_cover(self) -> bool:
        """Whether the required shares must be met in full."""
        coverage = self.case.coverage
        return coverage is not None and coverage.hard and self.case.objective != "security"

    def controller(self, plant: str) -> str:
        """Region that can stop the plant."""
        row = self.plants[plant]
        return row.controller or row.region

    def within_reach(self, plant: str, year: int) -> bool:
        """Whether neither host nor controller stops it when adversaries are cut off."""
        host, owner = self.plants[plant].region, self.controller(plant)
        return not self.cut_off(host, year) and self.role(owner, year) != "adversary"

    def access(self, plant: str, year: int) -> float:
        """Share of an existing plant that counts when adversaries are cut off."""
        if not self.within_reach(plant, year):
            return 0.0
        roles = (
            self.role(self.plants[plant].region, year),
            self.role(self.controller(plant), year),
        )
        return self.case.access.open if roles[0] == "open" and roles[1] != "protected" else 1.0

    # plants

    def credit(self, plant: str) -> float:
        """Share of nameplate that counts."""
        status = self.plants[plant].status
        return 1.0 if status is None else self.credits[status]

    def delays(self, project: str) -> dict[int, float]:
        """Probability of each delay of a committed project, in years; on time where the data says
        nothing."""
        status, stage = (
            self.plants[project].status,
            self.processes[self.plants[project].process].stage,
        )
        rows = [row for row in self.tables.completion if row.status == status]
        own = [row for row in rows if row.stage == stage]
        chosen = own or [row for row in rows if row.stage == "*"]
        return {row.delay_years: row.probability for row in chosen} or {0: 1.0}

    def there(self, plant: str, year: int) -> bool:
        """Whether an existing plant operates in the year; always for a project, which has capacity
        only when in service."""
        row = self.plants[plant]
        return isinstance(row, Project) or (row.from_year or year) <= year <= (row.to_year or year)

    def factor(self, kind: str, plant: str, events: Iterable[Event]) -> float:
        """What events make of a number of a plant."""
        row, total = self.plants[plant], 1.0
        for event in events:
            touches = event.region in ("*", row.region) and event.process in ("*", row.process)
            if (
                event.event == kind
                and touches
                and (event.commodity == "*" or event.commodity in self.makes[row.process])
            ):
                total *= event.factor if event.factor is not None else 1.0
        return total

    def asset_capacity(self, asset: str, year: int) -> float:
        """Credited capacity of an existing plant, before events."""
        return product(self.nameplate(asset, year), self.credit(asset))

    def may_be(self, asset: str, state: str) -> bool:
        """Whether the plan may bring an existing plant into a state, closed or mothballed."""
        row = self.assets[asset]
        if state == "mothballed":
            return row.mothballed_fixed_cost_share is not None
        stated = row.closing_cost_usd_m is not None
        return state == "closed" and (
            stated or ("assets", asset, "closing_cost_usd_m") in self.series
        )

    def fixed_of_asset(self, asset: str, year: int) -> float:
        """Fixed cost of an existing plant in service, USD million."""
        per_unit = self.fixed_per_unit(asset, year) * 1e-6
        own = self.number("assets", self.assets[asset], "fixed_cost_usd_m", year)
        return own + (per_unit and per_unit * self.asset_capacity(asset, year))

    def capacity_of(self, plant: str) -> tuple[str, float]:
        """The plant whose capacity a plant uses, and the units of it per unit of activity: itself,
        unless it is a further recipe of another."""
        row = self.plants[plant]
        if isinstance(row, Project) or row.shares_capacity_of is None:
            return plant, 1.0
        return row.shares_capacity_of, row.capacity_use or 1.0

    def nameplate(self, asset: str, year: int) -> float:
        """Capacity of an existing plant without credit, before events."""
        if not self.there(asset, year):
            return 0.0
        row = self.assets[asset]
        kept = (1 - (row.decline_rate or 0.0)) ** (year - (row.from_year or year))
        return product(self.number("assets", row, "capacity", year), kept)

    def can_run(self, plant: str, situation: Situation) -> bool:
        """Whether neither the host nor the controller that is cut off stops the plant."""
        host, controller = self.plants[plant].region, self.controller(plant)
        stopped = situation.gone(host) or situation.stopped(controller)
        if stopped or not self.there(plant, situation.year):
            return False
        made = self.makes[self.plants[plant].process]
        # plants and trade continue within the group that is cut off: a plant there is stopped only
        # by a controller outside the group of its product
        return not any(
            situation.holds(controller, k) and not situation.blocks(host, k) for k in made
        )

    def minimum_utilisation(self, plant: str) -> float:
        """Share of its standby capacity that a plant must run in normal times."""
        if not self.case.operation.readiness:
            return 0.0
        return self.processes[self.plants[plant].process].minimum_utilisation or 0.0

    def unit_cost(self, plant: str, year: int) -> float:
        """Variable cost per unit of activity, before events, without the fixed cost that the stated
        cost holds."""
        table = "assets" if plant in self.assets else "projects"
        stated = self.number(table, self.plants[plant], "variable_cost_usd_per_unit", year)
        holds = self.processes[self.plants[plant].process].unit_cost_includes_fixed
        return stated - self.fixed_per_unit(plant, year) if holds else stated

    def fixed_per_unit(self, plant: str, year: int) -> float:
        """Fixed cost of a plant by its process, USD per unit of capacity and year; 0 for a plant
        that states its own."""
        row = self.plants[plant]
        process = self.processes[row.process]
        table = "assets" if plant in self.assets else "projects"
        if self.capacity_of(plant)[0] != plant:
            return 0.0
        for column in ("fixed_cost_usd_m", "fixed_cost_usd_m_per_unit"):
            own = getattr(row, column, None) is not None
            if own or (table, plant, column) in self.series:
                return 0.0
        most = ENDLESS
        if process.unit_cost_includes_fixed:
            most = max(0.0, self.number(table, row, "variable_cost_usd_per_unit", year))
        return min(process.fixed_cost_usd_per_unit or 0.0, most)

    # projects

    def fixed_cost_of(self, project: str, year: int, serves: float, above: float) -> float:
        """Fixed cost of a project that operates with the probability ``serves``, with the expected
        size ``above`` its smallest, USD million."""
        row, by_process = self.projects[project], self.fixed_per_unit(project, year) * 1e-6
        smallest = self.number("projects", row, "fixed_cost_usd_m", year)
        per_unit = self.number("projects", row, "fixed_cost_usd_m_per_unit", year)
        smallest += row.smallest_size * by_process
        return serves * smallest + above * (per_unit + by_process)

    def window(self, project: Project) -> range:
        """Years in which the project may be committed and still comes into service."""
        start = max(self.first, project.earliest_commitment or self.first)
        end = min(self.last - project.lead_time_years, project.latest_commitment or self.last)
        return range(start, start) if project.commitment == "forbidden" else range(start, end + 1)

    def ramp(self, project: Project, age: int) -> float:
        """Share of nameplate available at an age in years of operation."""
        profile = project.ramp_profile or (1.0,)
        if age < len(profile):
            return profile[age] if age >= 0 else 0.0
        kept = 1 - (project.decline_rate or 0.0)
        return float(profile[-1] * kept ** (age + 1 - len(profile)))

    def due(self, project: Project, sizes: Mapping[int, float]) -> dict[int, float]:
        """Capital that falls due by year for sizes by year of commitment, the first of which holds
        the smallest size."""
        dues: dict[int, float] = defaultdict(float)
        for year, capital in self.capital(project, sizes).items():
            for age, share in enumerate(project.spend_profile or (1.0,)):
                # what would fall due after the end is charged in the last year
                dues[min(year + age, self.last)] += share * capital
        return dict(dues)

    def capital(self, project: Project, sizes: Mapping[int, float]) -> dict[int, float]:
        """Expected capital by year of commitment."""
        found, before = {}, 0.0
        for position, year in enumerate(sorted(sizes)):
            above = sizes[year] - (project.smallest_size if position == 0 else 0.0)
            entry = self.number("projects", project, "capex_usd_m", year) if position == 0 else 0.0
            per_unit = self.number("projects", project, "capex_usd_m_per_unit", year)
            charged = self.charged(project, before + above) - self.charged(project, before)
            before += above
            found[year] = self.overrun(project) * (entry + charged * per_unit)
        return found

    def charged(self, project: Project, above: float) -> float:
        """Units above the smallest size at the cost of the first of them: later ones may cost
        less."""
        edges = [0.0, *(size - project.smallest_size for size in project.scale_sizes or ())]
        saved = [0.0, *(project.scale_savings or ())]
        ends = [*edges[1:], math.inf]
        return math.fsum(
            (1 - share) * max(0.0, min(above, end) - start)
            for start, end, share in zip(edges, ends, saved, strict=True)
        )

    def overrun(self, project: Project) -> float:
        """Expected over stated capital of a project."""
        return 1.0 if project.status is None else self.overruns[project.status]

    def most_capital(self, project: Project) -> float:
        """The most that the project could cost: the size of numbers in rows about its money."""
        return self.most_capital_of(project.project)

    def _most_capital_of(self, name: str) -> float:
        project = self.projects[name]
        room = project.largest_size - project.smallest_size
        return self.overrun(project) * max(
            (
                self.number("projects", project, "capex_usd_m", year)
                + room * self.number("projects", project, "capex_usd_m_per_unit", year)
                for year in self.window(project)
            ),
            default=0.0,
        )

    def least_capital(self, project: Project) -> float:
        """Expected capital of the smallest size in the cheapest year of its window."""
        return self.overrun(project) * min(
            (
                self.number("projects", project, "capex_usd_m", year)
                for year in self.window(project)
            ),
            default=0.0,
        )

    # funders

    def funder_years(self, funder: Funder) -> list[int]:
        """Years in which a funder takes part."""
        rules = self.case.funders
        if (
            funder.funder in rules.exclude
            or funder.region in rules.exclude_regions
            or self.delivery(funder) == 0
            or rules.envelopes_usd_m.get(funder.funder) == 0
        ):
            return []
        start, end = funder.from_year or self.first, funder.to_year or self.last
        return [
            year for year in self.years if start <= year <= end and self.pays(funder.region, year)
        ]

    def envelope(self, funder: Funder) -> float | None:
        """Its envelope in the case, before delivery."""
        return self.case.funders.envelopes_usd_m.get(funder.funder, funder.envelope_usd_m)

    def yearly(self, funder: Funder, year: int) -> float:
        """Its limit of a year as delivered: it changes with the envelope."""
        limit = self.number("funders", funder, "annual_limit_usd_m", year, ENDLESS)
        if funder.envelope_usd_m:
            limit *= (self.envelope(funder) or 0.0) / funder.envelope_usd_m
        return limit * self.delivery(funder)

    def delivery(self, funder: Funder) -> float:
        """Share of its envelope and limits that really comes."""
        own = 1.0 if funder.delivery_factor is None else funder.delivery_factor
        return own * self.case.funders.delivery_factor

    def signed(self, funder: str, project: str) -> float:
        """What closed and signed deals bind the funder to pay into the project, USD million: at
        most the public share of its capital in the cheapest year of its window."""
        row = self.projects[project]
        if self.case.funders.deals == "none":
            return 0.0
        stated = sum(
            deal.amount_usd_m or 0.0
            for deal in self.tables.deals
            if (deal.funder, deal.project) == (funder, project)
            and deal.state in ("closed", "signed")
            and deal.instrument in ("equity", "loan", "grant")
        )
        years = self.window(row)
        if row.expandable:
            years = range(years.start, max(years.stop, self.last - row.lead_time_years + 1))
        room, column = row.largest_size - row.smallest_size, "capex_usd_m_per_unit"
        above = min((self.number("projects", row, column, year) for year in years), default=0.0)
        least = self.least_capital(row) + self.overrun(row) * self.charged(row, room) * above
        return min(stated, (1 - (row.sponsor_share or 0.0)) * least)

    def prefers(self, funder: Funder, project: str) -> bool:
        """Whether the project is at home of the funder, or the funder has a deal on it."""
        region = self.regions[self.projects[project].region]
        return funder.region in (region.region, region.group) or any(
            (deal.funder, deal.project) == (funder.funder, project) for deal in self.tables.deals
        )

    # demand and routes

    def _demand(self) -> dict[tuple[str, str, int], float]:
        """Final demand by region, commodity and year, all uses of the variant together, before
        events."""
        anchors: dict[tuple[Any, ...], dict[int, float]] = defaultdict(dict)
        for row in self.tables.demand:
            if row.variant in (None, self.case.demand.variant):
                anchors[row.region, row.commodity, row.use, row.variant][row.year] = row.quantity
        total: dict[tuple[str, str, int], float] = defaultdict(float)
        for key, values in anchors.items():
            for year in self.years:
                total[key[0], key[1], year] += line(values, year)
        return {key: quantity for key, quantity in total.items() if quantity > 0}

    def demand_of(self, region: str, commodity: str, year: int) -> float:
        """Final demand in a year that may lie before the case."""
        anchors: dict[Any, dict[int, float]] = defaultdict(dict)
        for row in self.tables.demand:
            fits = row.variant in (None, self.case.demand.variant)
            if fits and (row.region, row.commodity) == (region, commodity):
                anchors[row.use, row.variant][row.year] = row.quantity
        return math.fsum(line(values, year) for values in anchors.values())

    def _route(self, origin: str, target: str, commodity: str) -> Route | None:
        """The row whose terms hold between two places: the fewest ``*``; of equals, that which
        names where from, then where to."""
        fits = []
        for row in self.tables.routes:
            if (
                row.from_region not in ("*", origin)
                or row.to_region not in ("*", target)
                or row.commodity not in ("*", commodity)
            ):
                continue
            if row.from_region == "*" and not self._has_end(origin, commodity, self.makes):
                continue
            if row.to_region == "*" and not self._has_end(target, commodity, self.uses):
                continue
            stars = (row.from_region == "*", row.to_region == "*", row.commodity == "*")
            fits.append((sum(stars), stars, row))
        return min(fits, key=lambda fit: fit[:2])[2] if fits and origin != target else None

    def _has_end(
        self, region: str, commodity: str, recipes: Mapping[str, Mapping[str, float]]
    ) -> bool:
        """Whether ``*`` stands for the region: a plant there makes (uses) the commodity, or it is
        stored or (as an end) demanded there."""
        if self.regions[region].kind == "hub":
            return False
        if any(
            row.region == region and commodity in recipes[row.process]
            for row in self.plants.values()
        ):
            return True
        wanted = recipes is self.uses and any(
            row.region == region and row.commodity == commodity for row in self.tables.demand
        )
        return wanted or (region, commodity) in self.stocks


def product(capacity: float, share: float) -> float:
    """Capacity times share; none of an endless capacity is none."""
    return 0.0 if share == 0 else capacity * share


def line(anchors: Mapping[int, float], year: int) -> float:
    """The value at ``year`` on straight lines between the anchors.

    >>> line({2026: 0.0, 2030: 8.0}, 2029), line({2026: 3.0}, 2026)
    (6.0, 3.0)
    """
    left = max(one for one in anchors if one <= year)
    right = min(one for one in anchors if one >= year)
    if left == right:
        return anchors[year]
    return anchors[left] + (anchors[right] - anchors[left]) * (year - left) / (right - left)
