"""A plan together with the tables that it was made from: names to show, who is trusted, which
sources stand behind a number.

The tables are optional. Where they are not at hand, or are not the ones that the plan was made
from, everything that needs them is left out of a report, with the reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from paxsilica.bundled import data_folder
from paxsilica.case import Case
from paxsilica.errors import InputError, Problem
from paxsilica.instance.world import World, make_world
from paxsilica.plan.result import Plan
from paxsilica.provenance.lookup import Lookup
from paxsilica.tables import Tables, load_tables
from paxsilica.tables.schema import Provenance

OWNER = "sponsor"
"""What the tables of a plan call the owner of a project in the place of a funder."""


@dataclass(frozen=True)
class Facts:
    """What a report says about a plan besides its numbers.

    Attributes:
        plan: the plan.
        world: tables and case joined, or ``None`` where the tables are not at hand.
        missing: why ``world`` is ``None``; empty where it is not.
    """

    plan: Plan
    world: World | None
    missing: str = ""

    @property
    def tables(self) -> Tables | None:
        """The tables, where they are at hand."""
        return None if self.world is None else self.world.tables

    @cached_property
    def case(self) -> Mapping[str, Any]:
        """The case as the manifest holds it."""
        case: Mapping[str, Any] = self.plan.manifest.get("case", {})
        return case

    @cached_property
    def years(self) -> range:
        """Years of the case."""
        first, last = self.case["years"]
        return range(int(first), int(last) + 1)

    @property
    def price_year(self) -> int | None:
        """Year in whose money everything is said."""
        year = (self.case.get("finance") or {}).get("price_year")
        return None if year is None else int(year)

    @cached_property
    def stages(self) -> dict[str, str]:
        """Names of the stages by key, in the order of the chain."""
        if self.tables is not None:
            return {
                row.stage: row.name for row in sorted(self.tables.stages, key=lambda row: row.order)
            }
        coverage = self.plan.coverage
        return dict(zip(coverage["stage"], coverage["name"], strict=True))

    def stage(self, key: object) -> str:
        """Name of a stage."""
        return self.stages.get(str(key), "" if key is None or key != key else str(key))

    @cached_property
    def _regions(self) -> dict[str, str]:
        return {} if self.tables is None else {row.region: row.name for row in self.tables.regions}

    def region(self, key: object) -> str:
        """Name of a region."""
        return self._regions.get(str(key), str(key))

    @cached_property
    def _funders(self) -> dict[str, str]:
        named = {} if self.tables is None else {row.funder: row.name for row in self.tables.funders}
        frame = self.plan.table("funders")
        return {
            **named,
            **dict(zip(frame["funder"].astype(str), frame["name"].astype(str), strict=True)),
            OWNER: "Owners of the projects",
        }

    def funder(self, key: object) -> str:
        """Name of a funder; the owners of projects for ``sponsor``."""
        return self._funders.get(str(key), str(key))

    @cached_property
    def _commodities(self) -> dict[str, str]:
        return (
            {}
            if self.tables is None
            else {row.commodity: row.name for row in self.tables.commodities}
        )

    def commodity(self, key: object) -> str:
        """Name of a commodity."""
        return self._commodities.get(str(key), str(key))

    @cached_property
    def _processes(self) -> dict[str, str]:
        return (
            {} if self.tables is None else {row.process: row.name for row in self.tables.processes}
        )

    def process(self, key: object) -> str:
        """Name of a process."""
        return self._processes.get(str(key), str(key))

    @cached_property
    def _statuses(self) -> dict[str, tuple[str, float]]:
        return (
            {}
            if self.tables is None
            else {row.status: (row.name, row.credit) for row in self.tables.statuses}
        )

    def status(self, key: object) -> str:
        """Name of the status of a project, such as announced."""
        return self._statuses.get(str(key), (str(key), 1.0))[0]

    def credit(self, key: object) -> float | None:
        """Share of the nameplate that the plan counts on at this status; ``None`` where the tables
        are not at hand."""
        return self._statuses[str(key)][1] if str(key) in self._statuses else None

    @cached_property
    def _lookup(self) -> Lookup | None:
        return None if self.tables is None else Lookup(self.tables)

    def provenance(self, table: str, key: str, column: str) -> Provenance | None:
        """Who says the number in ``column`` of the row ``key``, how sure, within which range;
        ``None`` where nobody does."""
        return None if self._lookup is None else self._lookup.find(table, key, column)


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a table, each by column."""
    return [{str(key): value for key, value in row.items()} for row in frame.to_dict("records")]


def facts_of(plan: Plan, tables: Tables) -> Facts:
    """The plan with the tables that it was made from, where they are at hand in memory."""
    return Facts(plan, make_world(tables, Case.model_validate(dict(plan.manifest["case"]))))


def load_facts(plan: Plan, folder: Path | None = None) -> Facts:
    """The plan with its tables: those of ``folder``, or the bundled ones if they are what the plan
    was made from.

    Raises:
        InputError: if ``folder`` does not hold the tables that the plan was made from.
    """
    wanted = str(plan.manifest.get("data_digest", ""))
    try:
        tables = load_tables(data_folder() if folder is None else folder)
    except InputError:
        if folder is not None:
            raise
        return Facts(plan, None, "The tables that come with the program cannot be read.")
    if tables.digest != wanted:
        words = (
            "holds other tables than those that the plan was made from (digest"
            f" {tables.digest[:12]}, the plan says {wanted[:12]})"
        )
        if folder is not None:
            raise InputError([Problem("--data", "", "", str(folder), words)])
        return Facts(
            plan,
            None,
            "The plan was made from other tables than those that come with the program; name their"
            " folder with --data.",
        )
    return facts_of(plan, tables)
