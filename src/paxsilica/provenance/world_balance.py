"""The world before any plan: capacity of the assets by region, and use of each commodity along the
chain."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from paxsilica.interpolate import interpolate_flat
from paxsilica.tables import Tables
from paxsilica.tables.schema import Asset, Process

ByRegion = dict[str, float]


class World:
    """Capacity and use of every commodity in the whole world."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        self._by_year: dict[tuple[str, str, str], dict[int, float]] = defaultdict(dict)
        for row in tables.series:
            self._by_year[row.table, row.row, row.column][row.year] = row.value
        self.credit = {row.status: row.credit for row in tables.statuses}
        self.outputs: dict[str, dict[str, float]] = defaultdict(dict)
        self.inputs: dict[str, dict[str, float]] = defaultdict(dict)
        for recipe in tables.recipes:
            side = self.outputs if recipe.role == "output" else self.inputs
            side[recipe.process][recipe.commodity] = recipe.quantity

    def nameplate(self, asset: Asset, year: int) -> float:
        """Return the capacity of an asset in a year, in units of activity; 0 while it does not
        operate."""
        if asset.shares_capacity_of is not None:
            return 0.0  # the plant that it shares counts
        if not (asset.from_year or year) <= year <= (asset.to_year or year):
            return 0.0
        if asset.capacity is None:
            return interpolate_flat(self._by_year["assets", asset.asset, "capacity"], year)
        age = year - (asset.from_year or year)
        return asset.capacity * (1 - (asset.decline_rate or 0.0)) ** age

    def capacity(
        self, year: int, commodity: str = "*", process: str = "*", credited: bool = False
    ) -> ByRegion:
        """Return the capacity by host: of a commodity over all processes that make it, or of a
        process in units of activity."""
        found: ByRegion = defaultdict(float)
        for asset in self.tables.assets:
            if process not in ("*", asset.process):
                continue
            made = self.outputs[asset.process].get(commodity, 0.0) if commodity != "*" else 1.0
            if made:
                share = self.credit.get(asset.status or "", 1.0) if credited else 1.0
                found[asset.region] += made * share * self.nameplate(asset, year)
        return found

    def final(self, year: int) -> dict[str, ByRegion]:
        """Return final demand of every commodity by region, of the central variant."""
        anchors: dict[tuple[str, str, str], dict[int, float]] = defaultdict(dict)
        for row in self.tables.demand:
            if row.variant in (None, "central"):
                anchors[row.region, row.commodity, row.use or ""][row.year] = row.quantity
        found: dict[str, ByRegion] = defaultdict(lambda: defaultdict(float))
        for (region, commodity, _), values in anchors.items():
            found[commodity][region] += interpolate_flat(values, year)
        return found

    def use(self, year: int) -> dict[str, ByRegion]:
        """Return the use of every commodity by final demand along the chain, by the region of that
        demand."""
        demand = self.final(year)
        names = sorted(row.commodity for row in self.tables.commodities)
        regions = sorted({region for by_region in demand.values() for region in by_region})
        final = np.zeros((len(names), len(regions)))
        for commodity, by_region in demand.items():
            for region, quantity in by_region.items():
                final[names.index(commodity), regions.index(region)] = quantity
        taken = np.zeros((len(names), len(names)))
        for commodity, process in self.benchmarks(year).items():
            for source, quantity in self.inputs[process].items():
                per_unit = quantity / self.outputs[process][commodity]
                taken[names.index(source), names.index(commodity)] += per_unit
        need = np.linalg.solve(np.eye(len(names)) - taken, final)
        return {
            name: dict(zip(regions, map(float, need[place]), strict=True))
            for place, name in enumerate(names)
        }

    def least_use(self, year: int) -> dict[str, float]:
        """Return the least use of every commodity: as ``use``, but recycling and by-products
        replace the main process as far as they can, and so save its inputs."""
        benchmark = self.benchmarks(year)
        credited = {
            row.process: sum(self.capacity(year, process=row.process, credited=True).values())
            for row in self.tables.processes
        }
        relief: dict[str, float] = defaultdict(float)
        for process, outputs in self.outputs.items():
            for commodity, quantity in outputs.items():
                if benchmark.get(commodity) != process:
                    relief[commodity] += quantity * credited[process]
        final = {name: sum(by_region.values()) for name, by_region in self.final(year).items()}
        need = dict(final)
        # Chips are in the tools that make chips; the series converges in far fewer rounds.
        for _ in range(60):
            fresh: dict[str, float] = defaultdict(float, final)
            for commodity, process in benchmark.items():
                made = max(0.0, need.get(commodity, 0.0) - relief[commodity])
                run = made / self.outputs[process][commodity]
                for source, quantity in self.inputs[process].items():
                    fresh[source] += run * quantity
            need = dict(fresh)
        return need

    def benchmarks(self, year: int) -> dict[str, str]:
        """Return the largest process by capacity with each commodity as its main product."""

        def rank(row: Process) -> tuple[float, str]:
            return -sum(self.capacity(year, process=row.process).values()), row.process

        best: dict[str, str] = {}
        for row in sorted(self.tables.processes, key=rank):
            if row.main_product is not None:
                best.setdefault(row.main_product, row.process)
        return best
