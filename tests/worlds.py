"""Small worlds in memory, written in a few lines. The defaults are the tests' own: the engine has
none."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pyomo.environ as pyo
import pytest
from witness import audited_plan

from paxsilica.case import Case, make_case
from paxsilica.instance import Instance, make_instance
from paxsilica.model import build
from paxsilica.plan.result import Plan
from paxsilica.solver import Compiled, compile_model
from paxsilica.solver.highs import Outcome, solve
from paxsilica.tables.read import Tables
from paxsilica.tables.schema import TABLES

approx = pytest.approx

M = 1e6
"""Unit costs are in USD, objectives in USD million: a unit cost of ``M`` is one USD million a
unit."""


def seeds(first: int, fast: int, slow: int) -> list[Any]:
    """Seeds of random worlds from ``first`` on: ``fast`` of them in every run, ``slow`` more in the
    slow run."""
    return some(range(first, first + fast + slow), fast)


def some(values: Iterable[Any], fast: int) -> list[Any]:
    """Parameters: the first ``fast`` of them in every run, the others in the slow run."""
    return [
        value if at < fast else pytest.param(value, marks=pytest.mark.slow)
        for at, value in enumerate(values)
    ]


def make_tables(**rows: list[dict[str, Any]]) -> Tables:
    """Tables from plain rows."""
    return Tables(
        **{table: tuple(TABLES[table](**row) for row in found) for table, found in rows.items()},
        present=frozenset(rows),
        digest="in memory",
    )


def _recipe(process: str, text: str) -> list[dict[str, Any]]:
    """``"1.5 ore + acid -> metal + 0.2 slag"``: a quantity that is not written is 1."""
    found = []
    for side, role in zip(text.split("->"), ("input", "output"), strict=True):
        for part in filter(None, (item.strip() for item in side.split("+"))):
            quantity, commodity = part.split() if " " in part else ("1", part)
            found.append(
                {
                    "process": process,
                    "commodity": commodity,
                    "role": role,
                    "quantity": float(quantity),
                }
            )
    return found


def world(
    recipes: Mapping[str, str],
    *,
    regions: Mapping[str, str | None] | None = None,
    since: Mapping[str, Mapping[int, str]] | None = None,
    commodities: Mapping[str, Mapping[str, Any]] | None = None,
    processes: Mapping[str, Mapping[str, Any]] | None = None,
    assets: Mapping[str, Mapping[str, Any]] | None = None,
    projects: Mapping[str, Mapping[str, Any]] | None = None,
    demand: Mapping[tuple[str, str], float | Mapping[int, float]] | None = None,
    routes: Mapping[str, Any] | None = None,
    stocks: Mapping[tuple[str, str], Mapping[str, Any]] | None = None,
    funders: Mapping[str, Mapping[str, Any]] | None = None,
    mandates: list[dict[str, Any]] | None = None,
    deals: list[dict[str, Any]] | None = None,
    limits: Mapping[str, Mapping[str, Any]] | None = None,
    scenarios: Mapping[str, float] | None = None,
    events: list[dict[str, Any]] | None = None,
    series: Mapping[tuple[str, str, str], Mapping[int, float]] | None = None,
    statuses: Mapping[str, float | Mapping[str, float]] | None = None,
    completion: Mapping[tuple[str, str], Mapping[int, float]] | None = None,
) -> Tables:
    """A world in short.

    ``regions`` maps a region to its standing (``None``: none; ``"hub"``), ``since`` gives dated
    standings instead; absent, there is one region A, a signatory. A recipe is a line of text; its
    first output is the main product.
    A covered commodity is a stage of its own, and a process belongs to the stage of its main
    product. A plant is in region ``A`` unless it says otherwise, has no limit of capacity, and
    costs nothing. Routes are written ``{"A>B ore": 5.0}`` (USD per unit) or with further columns.
    """
    regions = {"A": None if since else "signatory"} if regions is None else regions
    recipe_rows = [row for process, text in recipes.items() for row in _recipe(process, text)]
    names = list(dict.fromkeys([row["commodity"] for row in recipe_rows] + list(commodities or {})))
    plain = {"surplus": "free", "covered": False}
    given = {name: plain | dict((commodities or {}).get(name, {})) for name in names}
    covered = [name for name in names if given[name].get("covered")]
    tables: dict[str, list[dict[str, Any]]] = {
        "stages": [
            {"stage": name, "order": at + 1, "name": name} for at, name in enumerate(covered)
        ],
        "regions": [
            {"region": name, "name": name, "kind": "hub" if status == "hub" else "country"}
            for name, status in regions.items()
        ],
        "commodities": [
            {
                "commodity": name,
                "name": name,
                "unit": "t",
                "stage": name if name in covered else None,
            }
            | row
            for name, row in given.items()
        ],
        "recipes": recipe_rows,
        "processes": [],
        "membership": (
            [
                {"region": name, "status": status, "from_date": datetime.date(2000, 1, 1)}
                for name, status in regions.items()
                if status not in (None, "hub")
            ]
            + [
                {"region": name, "status": status, "from_date": datetime.date(year, 6, 30)}
                for name, dated in (since or {}).items()
                for year, status in dated.items()
            ]
        ),
    }
    for process in recipes:
        mine = [row for row in recipe_rows if row["process"] == process]
        made = [row["commodity"] for row in mine if row["role"] == "output"]
        kind = "sink" if not made else "conversion" if len(made) < len(mine) else "source"
        row = {
            "process": process,
            "name": process,
            "kind": kind,
            "unit": "t",
            "main_product": made[0] if made else None,
        }
        row["stage"] = row["main_product"] if row["main_product"] in covered else None
        tables["processes"].append(row | dict((processes or {}).get(process, {})))
    _add_prices(tables)
    plant = {"region": "A", "variable_cost_usd_per_unit": 0.0}
    tables["assets"] = [
        {"asset": name, "name": name, "capacity": float("inf")} | plant | dict(row)
        for name, row in (assets or {}).items()
    ]
    tables["projects"] = []
    for name, row in (projects or {}).items():
        size = row.get("size", 1.0)
        smallest, largest = size if isinstance(size, tuple) else (size, size)
        default = {
            "project": name,
            "name": name,
            "smallest_size": smallest,
            "largest_size": largest,
            "lead_time_years": 0,
        }
        rest = {key: value for key, value in row.items() if key != "size"}
        tables["projects"].append(default | {"capex_usd_m": 0.0} | plant | rest)
    tables["demand"] = [
        {"region": region, "commodity": commodity, "year": year, "quantity": quantity}
        for (region, commodity), path in (demand or {}).items()
        for year, quantity in (
            path if isinstance(path, Mapping) else {2000: path, 2100: path}
        ).items()
    ]
    tables["routes"] = []
    for text, terms in (routes or {}).items():
        way, commodity = text.split()
        origin, target = way.split(">")
        row = {"from_region": origin, "to_region": target, "commodity": commodity}
        tables["routes"].append(
            row | (dict(terms) if isinstance(terms, Mapping) else {"cost_usd_per_unit": terms})
        )
    store = {"initial": 0.0, "largest": 1000.0, "holding_cost_usd_per_unit": 0.0, "strategic": True}
    tables["stocks"] = [
        {"region": region, "commodity": commodity} | store | dict(row)
        for (region, commodity), row in (stocks or {}).items()
    ]
    tables["funders"] = [
        {"funder": name, "name": name, "region": "A", "carry_over": False} | dict(row)
        for name, row in (funders or {}).items()
    ]
    tables["mandates"] = [{"stage": "*", "region": "*"} | row for row in mandates or []]
    signed = {"state": "signed", "date": "2026", "instrument": "loan"}
    tables["deals"] = [{"deal": f"deal {at}"} | signed | row for at, row in enumerate(deals or [])]
    everything = {"region": "*", "process": "*", "commodity": "*"}
    tables["limits"] = [
        {"limit": name} | everything | dict(row) for name, row in (limits or {}).items()
    ]
    tables["scenarios"] = [
        {"scenario": name, "name": name, "probability": chance}
        for name, chance in (scenarios or {}).items()
    ]
    tables["events"] = [everything | row for row in events or []]
    tables["series"] = [
        {"table": table, "row": row, "column": column, "year": year, "value": value}
        for (table, row, column), path in (series or {}).items()
        for year, value in path.items()
    ]
    tables["statuses"] = [
        {"status": name, "name": name}
        | (dict(credit) if isinstance(credit, Mapping) else {"credit": credit})
        for name, credit in (statuses or {}).items()
    ]
    tables["completion"] = [
        {"status": status, "stage": stage, "delay_years": late, "probability": chance}
        for (status, stage), chances in (completion or {}).items()
        for late, chance in chances.items()
    ]
    return make_tables(**{table: found for table, found in tables.items() if found})


def _add_prices(tables: dict[str, list[dict[str, Any]]]) -> None:
    """Prices with which the value added in a unit of a covered commodity is its shortage price;
    other commodities have no value."""
    rows = {row["commodity"]: row for row in tables["commodities"]}
    makers: dict[str, str] = {}
    for row in sorted(tables["processes"], key=lambda row: row["process"]):
        makers.setdefault(row["main_product"], row["process"])
    price = dict.fromkeys(rows, 0.0)
    for _ in range(100):  # rings converge
        for name, row in rows.items():
            inputs = made = 0.0
            for part in tables["recipes"]:
                if part["process"] == makers.get(name) and part["role"] == "input":
                    inputs += part["quantity"] * price[part["commodity"]]
                elif part["process"] == makers.get(name) and part["commodity"] == name:
                    made = part["quantity"]
            if row.get("covered"):
                own = row.get("shortage_price_usd_per_unit") or 0.0
                price[name] = own + (inputs / made if made else 0.0)
    for name, row in rows.items():
        row.setdefault("price_usd_per_unit", price[name])


def case(years: str = "2030", **keys: Any) -> Case:
    """A case without discounting and operating support, solved to the end."""
    given = {
        "finance": {"discount_rate": 0.0} | keys.pop("finance", {}),
        "solver": {"gap": 0.0, "threads": 1} | keys.pop("solver", {}),
        "support": {"pay": False} | keys.pop("support", {}),
    }
    return make_case({"years": years} | given | keys)


COVERED: dict[str, Any] = {"required": 1.0, "from_year": 2000, "hard": True}
"""Coverage of everything, required from the start."""


@dataclass(frozen=True)
class Line:
    """A row of a compiled model: coefficients by (family, index), and its bounds."""

    terms: Mapping[tuple[str, Any], float]
    low: float
    high: float

    @property
    def sides(self) -> tuple[float, float]:
        """Lower and upper bound."""
        return (self.low, self.high)


@dataclass(frozen=True)
class Built:
    """An instance, its model, and the arrays of it."""

    instance: Instance
    model: pyo.ConcreteModel

    @cached_property
    def program(self) -> Compiled:
        """The model as the solver gets it."""
        return compile_model(self.model)

    def line(self, family: str, *index: Any) -> Line:
        """One row, with the coefficients that the solver gets."""
        key = index if len(index) != 1 else index[0]
        at = self.program.row_names.index((family, key))
        part = self.program.matrix[[at]].tocoo()
        terms = {
            self.program.columns[column]: float(value)
            for column, value in zip(part.col, part.data, strict=True)
            if value
        }
        return Line(terms, float(self.program.row_low[at]), float(self.program.row_high[at]))

    def lines(self, family: str) -> list[Any]:
        """Indices of the rows of one family."""
        return [index for name, index in self.program.row_names if name == family]

    def cost(self, name: str) -> dict[tuple[str, Any], float]:
        """Coefficients of a cost term."""
        vector = self.program.vector(self.model.costs[name].terms)
        return {self.program.columns[at]: float(value) for at, value in enumerate(vector) if value}

    def bounds(self, family: str, *index: Any) -> tuple[float, float]:
        """Bounds of one variable."""
        at = self.program.columns.index((family, index if len(index) != 1 else index[0]))
        return (float(self.program.low[at]), float(self.program.high[at]))


def built(tables: Tables, asked: Case) -> Built:
    """The model of a case."""
    instance = make_instance(tables, asked)
    return Built(instance, build(instance))


def same_program(one: Built, other: Built) -> bool:
    """Whether two models give the solver the same program, to the last digit."""
    left, right = one.program, other.program
    arrays = ("low", "high", "row_low", "row_high", "cost", "integer")
    return (
        left.columns == right.columns
        and left.row_names == right.row_names
        and all((getattr(left, name) == getattr(right, name)).all() for name in arrays)
        and (left.matrix != right.matrix).nnz == 0
    )


def outcome(tables: Tables, asked: Case) -> Outcome:
    """What the solver says of a case."""
    return solve(built(tables, asked).program, asked.solver)


class Answer:
    """A plan, and the value of every variable behind it."""

    def __init__(self, tables: Tables, asked: Case) -> None:
        self.tables, self.asked = tables, asked
        self.plan: Plan = audited_plan(tables, asked)

    @cached_property
    def built(self) -> Built:
        """The model, for tests of its variables."""
        return built(self.tables, self.asked)

    @cached_property
    def outcome(self) -> Outcome:
        """The solution of the model."""
        return solve(self.built.program, self.asked.solver)

    @property
    def objective(self) -> float:
        """USD million."""
        assert self.plan.objective is not None
        return self.plan.objective

    @cached_property
    def committed(self) -> dict[str, int]:
        """Year of commitment by project."""
        portfolio = self.plan.tables["portfolio"]
        return dict(zip(portfolio["project"], portfolio["committed_year"], strict=True))

    def value(self, family: str, *index: Any) -> float:
        """Value of a variable."""
        assert self.outcome.values is not None
        at = self.built.program.columns.index((family, index if len(index) != 1 else index[0]))
        return float(self.outcome.values[at])

    def costs(self) -> dict[str, float]:
        """Cost terms that are not zero, USD million."""
        table = self.plan.tables["costs"]
        return {
            name: value
            for name, value, *_ in table.itertuples(index=False, name=None)
            if abs(value) > 1e-9
        }

    def coverage(self, commodity: str, year: int = 2030) -> dict[str, float]:
        """Shares of need before and with the plan, by nameplate and by coverage."""
        table = self.plan.tables["coverage_by_commodity"]
        row = table[(table["commodity"] == commodity) & (table["year"] == year)].iloc[0]
        return {
            name: float(row[name])
            for name in (
                "need",
                "nameplate_share_without",
                "standalone_coverage_without",
                "nameplate_share",
                "standalone_coverage",
                "joint_coverage_without",
                "joint_coverage",
            )
        }
