"""Worlds of a few rows, written out where a test needs to see all of them."""

from __future__ import annotations

from typing import Any

from random_worlds import World

from paxsilica.tables.schema import TABLES

ALL = {"region": "*", "process": "*", "commodity": "*"}


class Small(World):
    """A world to which rows are added one by one; everything that a test does not care about has a
    plain value."""

    def __init__(self, years: str = "2026", **case: Any) -> None:
        super().__init__({table: [] for table in TABLES}, {})
        self.case = {
            "years": years,
            "finance": {"discount_rate": 0.0},
            "solver": {"gap": 0.0, "threads": 1},
        } | case

    def region(self, name: str, status: str | None = None, kind: str = "country") -> None:
        self.tables["regions"].append({"region": name, "name": name, "kind": kind})
        if status is not None:
            self.tables["membership"].append(
                {"region": name, "status": status, "from_date": "2000-01-01"}
            )

    def commodity(self, name: str, **cells: Any) -> None:
        if cells.get("covered") == "yes":
            stages = self.tables["stages"]
            stages.append({"stage": f"stage-{name}", "order": len(stages) + 1, "name": name})
            price = cells.get("shortage_price_usd_per_unit")
            cells = {"stage": f"stage-{name}", "price_usd_per_unit": price} | cells
        self.tables["commodities"].append(
            {"commodity": name, "name": name, "unit": "t", "surplus": "free"} | cells
        )

    def process(
        self, name: str, inputs: dict[str, float], outputs: dict[str, float], **cells: Any
    ) -> None:
        kind = "conversion" if inputs and outputs else "source" if outputs else "sink"
        main = next(iter(outputs), None)
        self.tables["processes"].append(
            {"process": name, "name": name, "kind": kind, "unit": "t", "main_product": main} | cells
        )
        for role, recipe in (("input", inputs), ("output", outputs)):
            for commodity, quantity in recipe.items():
                self.tables["recipes"].append(
                    {"process": name, "commodity": commodity, "role": role, "quantity": quantity}
                )

    def asset(
        self,
        name: str,
        region: str,
        process: str,
        capacity: float | str = 100.0,
        cost: float = 1e6,
        **cells: Any,
    ) -> None:
        plain = {
            "asset": name,
            "name": name,
            "region": region,
            "process": process,
            "capacity": capacity,
        }
        self.tables["assets"].append(plain | {"variable_cost_usd_per_unit": cost} | cells)

    def project(
        self,
        name: str,
        region: str,
        process: str,
        size: float = 10.0,
        capex: float = 1.0,
        **cells: Any,
    ) -> None:
        plain = {
            "project": name,
            "name": name,
            "region": region,
            "process": process,
            "smallest_size": size,
            "largest_size": size,
        }
        money = {"capex_usd_m": capex, "variable_cost_usd_per_unit": 0.0, "lead_time_years": 0}
        self.tables["projects"].append(plain | money | cells)

    def demand(
        self,
        region: str,
        commodity: str,
        quantity: float,
        years: tuple[int, ...] = (2026,),
        **cells: Any,
    ) -> None:
        for year in years:
            self.tables["demand"].append(
                {"region": region, "commodity": commodity, "year": year, "quantity": quantity}
                | cells
            )

    def route(
        self, origin: str, target: str, commodity: str, cost: float = 0.0, **cells: Any
    ) -> None:
        plain = {
            "from_region": origin,
            "to_region": target,
            "commodity": commodity,
            "cost_usd_per_unit": cost,
        }
        self.tables["routes"].append(plain | cells)

    def limit(self, measure: str, sense: str, value: float, **cells: Any) -> None:
        self.tables["limits"].append(
            ALL
            | {"limit": f"limit-{measure}", "measure": measure, "sense": sense, "value": value}
            | cells
        )

    def event(self, scenario: str, event: str, **cells: Any) -> None:
        if not any(row["scenario"] == scenario for row in self.tables["scenarios"]):
            self.tables["scenarios"].append(
                {"scenario": scenario, "name": scenario, "probability": 1}
            )
        self.tables["events"].append(
            {"scenario": scenario, "event": event, "from_year": 2026} | ALL | cells
        )
