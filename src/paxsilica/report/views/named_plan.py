"""A plan with the names that its keys have in the data, and the provenance of its figures.

The tables of the data are optional. Without them reports show keys instead of names and leave out
what only the tables can tell, with the reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partialmethod
from pathlib import Path
from typing import Any

import pandas as pd

from paxsilica.audit import audited
from paxsilica.bundled import data_folder
from paxsilica.case import Case
from paxsilica.errors import InputError, Problem
from paxsilica.instance.world import World, make_world
from paxsilica.plan.result import Plan
from paxsilica.provenance.lookup import Lookup
from paxsilica.report.views.losses import Losses
from paxsilica.report.views.near_optimal import NearOptimal
from paxsilica.tables import Tables, load_tables
from paxsilica.tables.schema import Provenance

OWNER = "sponsor"
"""Funder of the owner's share in the tables of a plan."""

CLOSEST_LABEL = "Closest plan, requirements not met"
"""Label of the plan of a case that no plan meets."""

NAMED_TABLES = (
    *("regions", "funders", "commodities", "processes", "statuses"),
    *("assets", "projects"),
)
"""Tables whose rows have names."""


@dataclass(frozen=True)
class NamedPlan:
    """A plan with names for its keys.

    Attributes:
        plan: the plan.
        world: tables and case joined, or ``None`` without the tables.
        missing: reason why ``world`` is ``None``; otherwise empty.
        near: the verdicts of the study of near-optimal plans; ``None`` where they are not known.
        losses: what the study of losses has computed; ``None`` where it is not known.
        made_as_closest: whether the plan was read as the closest plan of an infeasible case.
    """

    plan: Plan
    world: World | None
    missing: str = ""
    made_as_closest: bool = False
    near: NearOptimal | None = None
    losses: Losses | None = None

    @property
    def closest(self) -> bool:
        """Whether this is the closest plan of a case that no plan meets. Its status says so, unless
        it failed its audit."""
        infeasible = self.plan.status == "infeasible" and self.plan.objective is not None
        return self.made_as_closest or infeasible

    @property
    def tables(self) -> Tables | None:
        """The tables of the data; ``None`` without them."""
        return None if self.world is None else self.world.tables

    @cached_property
    def case(self) -> Mapping[str, Any]:
        """The case in the manifest of the plan."""
        case: Mapping[str, Any] = self.plan.manifest.get("case", {})
        return case

    @cached_property
    def years(self) -> range:
        """Years of the case."""
        first, last = self.case["years"]
        return range(int(first), int(last) + 1)

    @property
    def price_year(self) -> int | None:
        """Price year of all amounts of money."""
        year = (self.case.get("finance") or {}).get("price_year")
        return None if year is None else int(year)

    @cached_property
    def stages(self) -> dict[str, str]:
        """Names of the stages by key, in the order of the chain."""
        if self.tables is not None:
            ordered = sorted(self.tables.stages, key=lambda row: row.order)
            return {row.stage: row.name for row in ordered}
        coverage = self.plan.coverage
        return dict(zip(coverage["stage"], coverage["name"], strict=True))

    def stage(self, key: object) -> str:
        """Name of a stage; empty for a blank."""
        return self.stages.get(str(key), "" if key is None or key != key else str(key))

    @cached_property
    def _names(self) -> dict[str, dict[str, str]]:
        tables = self.tables
        names: dict[str, dict[str, str]] = {
            table: {}
            if tables is None
            else {
                key: str(row.name or key)  # type: ignore[attr-defined]
                for row in tables.rows(table)
                for key in [str(getattr(row, row.key[0]))]
            }
            for table in NAMED_TABLES
        }
        frame = self.plan.table("funders").astype(str)
        names["funders"] |= dict(zip(frame["funder"], frame["name"], strict=True))
        names["funders"][OWNER] = "Owners of the projects"
        return names

    def name(self, table: str, key: object) -> str:
        """Name of a row of one of the tables in ``NAMED_TABLES``; the key itself if it has none."""
        return self._names[table].get(str(key), str(key))

    region = partialmethod(name, "regions")
    funder = partialmethod(name, "funders")
    """Name of a funder; ``Owners of the projects`` for ``sponsor``."""
    commodity = partialmethod(name, "commodities")
    process = partialmethod(name, "processes")
    status = partialmethod(name, "statuses")
    """Name of the status of a project, such as announced."""

    def plant(self, key: object) -> str:
        """Name of an asset or a project."""
        table = "assets" if str(key) in self._names["assets"] else "projects"
        return self.name(table, key)

    def thing(self, key: object) -> str:
        """Name of what a price or a limit is about: a funder, stage, good, plant, region or
        process; the key itself if it names none of them."""
        word = str(key)
        if word in self.stages and word not in self._names["funders"]:
            return self.stages[word]
        tables = ("funders", "commodities", "assets", "projects", "regions", "processes")
        found = (self._names[table][word] for table in tables if word in self._names[table])
        return next(found, word)

    def limit_unit(self, key: str) -> str:
        """Unit of a row of the table of limits: that of its good, or of the process of its plants;
        empty where plants of several units are counted, or without the tables."""
        rows = () if self.tables is None else self.tables.limits
        limit = next((row for row in rows if row.limit == key), None)
        if limit is None or self.tables is None:
            return ""
        if limit.measure in ("projects", "capital"):
            return "projects" if limit.measure == "projects" else "USD million"
        goods = {row.commodity: row.unit for row in self.tables.commodities}
        units = {row.process: row.unit for row in self.tables.processes}
        if limit.commodity in goods and limit.measure in ("shipment", "production"):
            return goods[limit.commodity]
        of_plant = {row.asset: row.process for row in self.tables.assets}
        of_plant |= {row.project: row.process for row in self.tables.projects}
        named = [of_plant[plant] for plant in limit.asset or () if plant in of_plant]
        chosen = [limit.process] if limit.process in units else named
        found = {units[process] for process in chosen if process in units}
        return found.pop() if len(found) == 1 else ""

    @cached_property
    def _lookup(self) -> Lookup | None:
        return None if self.tables is None else Lookup(self.tables)

    def provenance(self, table: str, key: str, column: str) -> Provenance | None:
        """Sources, grade and range of a number in the data; ``None`` where none are given."""
        return None if self._lookup is None else self._lookup.find(table, key, column)


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a table, each by column."""
    return [{str(key): value for key, value in row.items()} for row in frame.to_dict("records")]


def blank(value: object) -> bool:
    """Whether a cell of a table holds nothing."""
    return value is None or value != value or value == ""


def name_plan(plan: Plan, tables: Tables | None) -> NamedPlan:
    """The plan with the names in ``tables``, from which it was made."""
    if tables is None:
        return NamedPlan(plan, None, "The tables of the data are not at hand.")
    return NamedPlan(plan, make_world(tables, case_of(plan)))


def case_of(plan: Plan) -> Case:
    """The case that a plan answers, from its manifest.

    Raises:
        InputError: if the manifest holds no case that this version reads.
    """
    try:
        return Case.model_validate(dict(plan.manifest["case"]))
    except (KeyError, TypeError, ValueError):
        words = "is no case that this version reads; solve the case again"
        raise InputError([Problem("result.json", "", "manifest.case", "", words)]) from None


def _audited(plan: Plan, tables: Tables) -> Plan:
    """The plan with the result of an audit. The closest plan of an infeasible case is audited as a
    plan of its own case, and stays infeasible if it passes."""
    if plan.status != "infeasible" or plan.objective is None:
        return audited(plan, tables, case_of(plan))
    found = audited(replace(plan, status="feasible"), tables, case_of(plan))
    return replace(found, status="infeasible") if found.status == "feasible" else found


def load_named_plan(plan: Plan, folder: Path | None = None, *, closest: bool = False) -> NamedPlan:
    """The plan with the names in the tables of ``folder``, or in the bundled ones if the plan was
    made from them, and with the result of an audit against them.

    Args:
        plan: as it was saved.
        folder: of the tables; ``None``: the bundled ones.
        closest: whether it was read as the closest plan of an infeasible case.

    Raises:
        InputError: if ``folder`` does not hold the tables from which the plan was made.
    """
    wanted = str(plan.manifest.get("data_digest", ""))
    try:
        tables = load_tables(data_folder() if folder is None else folder)
    except InputError:
        if folder is not None:
            raise
        missing = "The tables that come with the program cannot be read."
        return NamedPlan(plan, None, missing, closest)
    if tables.digest == wanted:
        return replace(name_plan(_audited(plan, tables), tables), made_as_closest=closest)
    if folder is not None:
        words = (
            "holds other tables than those that the plan was made from (digest"
            f" {tables.digest[:12]}, the plan says {wanted[:12]})"
        )
        raise InputError([Problem.of_option("--data", str(folder), words)])
    missing = (
        "The plan was made from other tables than those that come with the program; name their"
        " folder with --data."
    )
    return NamedPlan(plan, None, missing, closest)
