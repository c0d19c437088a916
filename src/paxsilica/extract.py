"""From the values of variables to the tables of a plan."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from paxsilica.instance import UNLIMITED, Candidate, Instance
from paxsilica.plan import PLAN_TABLES
from paxsilica.solve import Array, Compiled
from paxsilica.tables.schema import Stage

DUST = 1e-7
"""Quantities below this (relative to the solver's tolerance) are noise and are left out of tables."""

Shares = Mapping[tuple[str, str], float]


class Values:
    """The value of every variable, by family and index."""

    def __init__(self, program: Compiled, values: Array) -> None:
        self.families: dict[str, dict[Any, float]] = defaultdict(dict)
        for (family, index), value in zip(program.columns, values.tolist(), strict=True):
            self.families[family][index] = value
        self.capacities: dict[int, dict[str, float]] = {}
        """Credited capacity of projects by year, as far as :func:`project_capacities` has been asked for it."""

    def of(self, family: str) -> dict[Any, float]:
        """Values of one family by index."""
        return self.families[family]


def table(name: str, rows: Iterable[tuple[Any, ...]]) -> pd.DataFrame:
    """The rows under the column names that the plan's table documents."""
    return pd.DataFrame(list(rows), columns=list(PLAN_TABLES[name].columns))


def commitment_year(values: Values, candidate: Candidate) -> int | None:
    """Year in which the project is committed, or ``None``."""
    committed = values.of("committed")
    return next((year for year in candidate.window if committed[candidate.name, year] > 0.5), None)


def capital_of(values: Values, candidate: Candidate, year: int | None = None) -> float:
    """Capital that falls due for the project in ``year``, or in all years."""
    committed, added = values.of("committed"), values.of("added_size")
    years = candidate.years if year is None else (year,)
    return sum(
        sum(amount * committed[candidate.name, v] for v, amount in candidate.spend[t].items())
        + sum(amount * added[candidate.name, v] for v, amount in candidate.spend_on_size[t].items())
        for t in years
    )


def size_of(values: Values, candidate: Candidate) -> float:
    """Size committed by the end of the case."""
    if commitment_year(values, candidate) is None:
        return 0.0
    return candidate.smallest + (values.of("added_size")[candidate.name, candidate.size_years[-1]] if candidate.size_years else 0.0)


def portfolio(instance: Instance, values: Values) -> pd.DataFrame:
    """Projects committed, with who pays."""
    payments: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for (funder, project, _), amount in values.of("payment").items():
        payments[project][funder] += amount
    support = support_by_plant(instance, values)
    processes = {row.process: row for row in instance.tables.processes}
    rows = []
    for name, candidate in instance.candidates.items():
        year = commitment_year(values, candidate)
        if year is None:
            continue
        capital = capital_of(values, candidate)
        size = size_of(values, candidate)
        who = sorted(((amount, funder) for funder, amount in payments[name].items() if amount > 1e-4), reverse=True)
        if candidate.sponsor_share * capital > 1e-4:
            who.append((candidate.sponsor_share * capital, "sponsor"))
        rows.append(
            (
                name,
                candidate.title,
                candidate.stage,
                candidate.region,
                candidate.process,
                instance.world.projects_by_name[name].status,
                year,
                year + candidate.lead_time,
                size,
                processes[candidate.process].unit,
                size * candidate.credit,
                capital,
                capital * candidate.sponsor_share,
                capital * (1 - candidate.sponsor_share),
                "; ".join(f"{funder} {amount:,.0f}" for amount, funder in who),
                support.get(name, 0.0),
            )
        )
    frame = table("portfolio", sorted(rows, key=lambda row: (row[6], row[0])))
    return frame.astype({"committed_year": "int64", "online_year": "int64"}) if len(frame) else frame


def support_by_plant(instance: Instance, values: Values) -> dict[str, float]:
    """Expected discounted operating support of each plant, USD million."""
    support: dict[str, float] = defaultdict(float)
    for (plant, name), warm in values.of("warm").items():
        copy = instance.copies[name]
        gap = instance.support_per_unit.get((plant, copy.year), 0.0)
        share = instance.world.plants[plant].minimum_utilisation
        support[plant] += 1e-6 * instance.discount(copy.year) * copy.probability * gap * share * warm
    return support


def funding(instance: Instance, values: Values) -> pd.DataFrame:
    """Payments by funder, project and year; the sponsor's own share as funder ``sponsor``."""
    rows = [(funder, project, year, amount) for (funder, project, year), amount in values.of("payment").items() if amount > 1e-6]
    for name, candidate in instance.candidates.items():
        for year in candidate.payment_years:
            due = capital_of(values, candidate, year)
            own = candidate.sponsor_share if instance.funding is not None else 1.0
            if own * due > 1e-6:
                rows.append(("sponsor" if instance.funding is not None else "not told apart", name, year, own * due))
    return table("funding", sorted(rows))


def funders(instance: Instance, values: Values) -> pd.DataFrame:
    """What each funder that takes part can pay and does."""
    if instance.funding is None:
        return table("funders", [])
    paid: dict[str, float] = defaultdict(float)
    served: dict[str, set[str]] = defaultdict(set)
    for (funder, project, _), amount in values.of("payment").items():
        if amount > 1e-4:
            paid[funder] += amount
            served[funder].add(project)
    rows = []
    for name, payer in sorted(instance.funding.payers.items()):
        available = min(payer.envelope, sum(payer.limit.values()))
        left = available - paid[name]
        rows.append((name, payer.title, payer.region, available, paid[name], max(0.0, left), len(served[name])))
    return table("funders", rows)


def operation(instance: Instance, values: Values) -> pd.DataFrame:
    """What runs in every copy."""
    processes = {row.process: row for row in instance.tables.processes}
    warm = values.of("warm")
    capacity = {copy.year: project_capacities(instance, values, copy.year) for copy in instance.copies.values()}
    rows = []
    for (name, copy_name), amount in values.of("activity").items():
        plant, copy = instance.world.plants[name], instance.copies[copy_name]
        limit = capacity[copy.year].get(name, 0.0) * copy.capacity_factor[name] if plant.is_project else copy.capacity[name]
        ready = warm.get((name, copy.calm or copy_name))
        if limit <= DUST and amount <= DUST:
            continue
        rows.append(
            (
                copy_name,
                copy.mode,
                copy.year,
                name,
                "project" if plant.is_project else "asset",
                plant.stage,
                plant.region,
                plant.process,
                max(0.0, amount),
                processes[plant.process].unit,
                None if limit == UNLIMITED else limit,
                ready,
            )
        )
    return table("operation", rows)


def project_capacities(instance: Instance, values: Values, year: int) -> dict[str, float]:
    """Credited capacity of each committed project in ``year``."""
    if year in values.capacities:
        return values.capacities[year]
    committed, added = values.of("committed"), values.of("added_size")
    found = {}
    for name, candidate in instance.candidates.items():
        base = sum(share * committed[name, v] for v, share in candidate.availability(year, candidate.window).items())
        more = sum(share * added[name, v] for v, share in candidate.availability(year, candidate.size_years).items())
        total = candidate.credit * (candidate.smallest * base + more)
        if total > DUST:
            found[name] = total
    values.capacities[year] = found
    return found


def movements(instance: Instance, values: Values) -> dict[str, pd.DataFrame]:
    """Shipments, service of demand and stores."""
    units = {row.commodity: row.unit for row in instance.tables.commodities}
    copies = instance.copies
    shipments = [
        (copy, copies[copy].mode, copies[copy].year, origin, target, commodity, amount, units[commodity])
        for (origin, target, commodity, copy), amount in values.of("shipment").items()
        if amount > DUST
    ]
    missing = values.of("unserved")
    service = [
        (
            copy.name,
            copy.mode,
            copy.year,
            region,
            commodity,
            wanted,
            max(0.0, missing.get((region, commodity, copy.name), 0.0)),
            units[commodity],
        )
        for copy in copies.values()
        for (region, commodity), wanted in copy.demand.items()
    ]
    stocks = [(region, commodity, year, level, units[commodity]) for (region, commodity, year), level in values.of("stock").items()]
    return {"shipments": table("shipments", shipments), "service": table("service", service), "stocks": table("stocks", stocks)}


def naive_shares(instance: Instance, values: Values | None) -> dict[tuple[str, str], float]:
    """Trusted hosts' nameplate over need by (commodity, copy), capped at 1: no thought of control, inputs or readiness."""
    shares = {}
    for commodity, copy_name in instance.required:
        year = instance.copies[copy_name].year
        projects = {} if values is None else project_capacities(instance, values, year)
        total = 0.0
        for name, plant in instance.world.plants.items():
            made = instance.world.outputs.get(plant.process, {}).get(commodity, 0.0)
            if not made or not instance.world.trusted(plant.region, year):
                continue
            if plant.is_project:
                total += made * projects.get(name, 0.0) / (plant.credit or 1.0)
            else:
                total += made * instance.nameplate.get((name, year), 0.0)
        shares[commodity, copy_name] = min(1.0, total / instance.need[commodity, year])
    return shares


def coverage(instance: Instance, values: Values, before: Shares, after: Shares) -> dict[str, pd.DataFrame]:
    """Coverage by commodity and, at its weakest commodity, by stage."""
    if not instance.required:
        return {"coverage": table("coverage", []), "coverage_by_commodity": table("coverage_by_commodity", [])}
    naive_before, naive_after = naive_shares(instance, None), naive_shares(instance, values)
    commodities = {row.commodity: row for row in instance.tables.commodities}
    stages: dict[str | None, Stage] = {row.stage: row for row in instance.tables.stages}
    missing = values.of("shortfall")
    detail = []
    for key, required in instance.required.items():
        commodity, copy = commodities[key[0]], instance.copies[key[1]]
        detail.append(
            (
                commodity.stage,
                key[0],
                copy.year,
                commodity.unit,
                instance.need[key[0], copy.year],
                naive_before[key],
                before[key],
                naive_after[key],
                after[key],
                required,
                max(0.0, missing.get(key, 0.0)),
            )
        )
    detail.sort(key=lambda row: (stages[row[0]].order, row[1], row[2]))
    groups: dict[tuple[str | None, int], list[tuple[Any, ...]]] = defaultdict(list)
    for item in detail:
        groups[item[0], item[2]].append(item)
    rows = []
    for (stage, year), members in sorted(groups.items(), key=lambda item: (stages[item[0][0]].order, item[0][1])):
        weakest = min(members, key=lambda row: (row[8], row[1]))
        rows.append(
            (
                stage,
                stages[stage].name,
                year,
                min(row[5] for row in members),
                min(row[6] for row in members),
                min(row[7] for row in members),
                weakest[8],
                max(row[9] for row in members),
                weakest[1],
            )
        )
    return {"coverage": table("coverage", rows), "coverage_by_commodity": table("coverage_by_commodity", detail)}


def binding(instance: Instance, values: Values, program: Compiled, raw: Array) -> pd.DataFrame:
    """Limits of money and policy that the plan uses up."""
    families = {
        "programme_budget": ("budget of the programme", "USD million"),
        "funder_envelope": ("envelope of a funder", "USD million"),
        "funder_annual_limit": ("limit of a funder by year", "USD million"),
        "mandate_limit": ("limit of a mandate", "USD million"),
        "exclusive_group": ("exclusive group", "projects"),
        "limit_on_plants": ("limit on plants", "its own unit"),
        "limit_on_operation": ("limit on operation", "its own unit"),
        "country_concentration": ("cap on a region's share", "commodity units"),
    }
    used = program.matrix @ raw
    rows = []
    for at, (family, index) in enumerate(program.row_names):
        if family not in families:
            continue
        low, high = float(program.row_low[at]), float(program.row_high[at])
        limit = high if high < UNLIMITED else low
        if abs(used[at] - limit) <= 1e-6 * max(1.0, abs(limit)):
            parts = index if isinstance(index, tuple) else (index,)
            year = next((part for part in parts if isinstance(part, int)), None)
            where = ", ".join(str(part) for part in parts if not isinstance(part, int))
            rows.append((families[family][0], where, year, limit, float(used[at]), families[family][1]))
    return table("binding", rows)
