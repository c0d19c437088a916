"""The result: frozen, tidy, and free of the model that it came from. It can be saved, loaded and
compared without a solver."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from paxsilica.errors import InputError, Problem
from paxsilica.plan.tables import ALL_TABLES, NAMES, PLAN_TABLES, TableDoc
from paxsilica.serialize import json_text, leaves, plain

__all__ = ["PLAN_TABLES", "Plan", "PlanStatus", "TableDoc", "free_folder", "refuse_other_plan"]

PlanStatus = Literal["optimal", "feasible", "infeasible", "no_plan"]

NO_QUESTION = ("name", "title", "question", "partners", "solver")
"""Keys of a case that tell plans apart in nothing that a reader asks about."""


@dataclass(frozen=True)
class Plan:
    """What came of a case.

    Attributes:
        case: name of the case; ``title`` and ``question`` as it states them.
        status: ``optimal`` (a plan within the gap asked for, proved), ``feasible`` (a plan, the gap
            not proved), ``infeasible`` (proved: there is none) or ``no_plan`` (none found in time).
        objective: USD million; ``None`` without a plan.
        bound: what no plan can be below, USD million; ``None`` where none is known.
        gap: as the solver defines it, a share of the objective.
        capital_decided_usd_m: capital of the projects committed, undiscounted.
        tables: by name, as :data:`PLAN_TABLES` says; empty without a plan.
        notes: sentences that a reader should know.
        manifest: what the plan came from: data digest, case, versions, options.
        seconds: time by step of the work; not part of what is saved as the result.
    """

    case: str
    title: str
    question: str
    status: PlanStatus
    objective_kind: str
    objective: float | None
    bound: float | None
    tables: Mapping[str, pd.DataFrame] = field(repr=False)
    notes: tuple[str, ...]
    manifest: Mapping[str, Any] = field(repr=False)
    capital_decided_usd_m: float = 0.0
    seconds: Mapping[str, float] = field(default_factory=dict, compare=False)
    trace: tuple[tuple[float, float, float], ...] = field(default=(), compare=False)

    @property
    def gap_usd_m(self) -> float | None:
        """Distance between objective and bound, USD million."""
        return (
            None
            if self.objective is None or self.bound is None
            else max(0.0, self.objective - self.bound)
        )

    @property
    def gap(self) -> float | None:
        """Distance between objective and bound as a share of the objective."""
        if self.gap_usd_m is None or self.objective is None:
            return None
        return (
            0.0
            if self.gap_usd_m == 0
            else self.gap_usd_m / abs(self.objective)
            if self.objective
            else None
        )

    @property
    def gap_of_capital(self) -> float | None:
        """Distance between objective and bound as a share of the capital decided, which is how much
        of the money in question is unproved."""
        return (
            None
            if self.gap_usd_m is None or not self.capital_decided_usd_m
            else self.gap_usd_m / self.capital_decided_usd_m
        )

    @property
    def portfolio(self) -> pd.DataFrame:
        """Projects committed, with who pays; no rows without a plan."""
        return self.table("portfolio")

    @property
    def coverage(self) -> pd.DataFrame:
        """Coverage by stage and year, naive and traced, before and after."""
        return self.table("coverage")

    @property
    def funding(self) -> pd.DataFrame:
        """Payments by funder, project and year, USD million."""
        return self.table("funding")

    @property
    def costs(self) -> pd.DataFrame:
        """Cost terms, USD million, discounted."""
        return self.table("costs")

    @property
    def prices(self) -> pd.DataFrame:
        """What one more of something saves or costs, by kind of price; no rows until
        :mod:`paxsilica.prices` has put them there."""
        return self.table("prices")

    def table(self, name: str) -> pd.DataFrame:
        """A table by name (see :data:`PLAN_TABLES`), empty if the plan has none of it."""
        if name not in self.tables and name not in ALL_TABLES:
            raise KeyError(f"there is no table {name!r}; tables are {', '.join(ALL_TABLES)}")
        return (
            self.tables[name].copy()
            if name in self.tables
            else pd.DataFrame(columns=list(ALL_TABLES[name].columns))
        )

    def asked_otherwise(self, other: Plan) -> dict[str, tuple[Any, Any]]:
        """Keys in which the cases of two plans differ, but for names and the solver, with the value
        of each; ``None`` where it gives none."""
        cases = [
            {
                key: part
                for key, part in plan.manifest.get("case", {}).items()
                if key not in NO_QUESTION
            }
            for plan in (self, other)
        ]
        said = [dict(leaves(case)) for case in cases]
        keys = dict.fromkeys([*said[0], *said[1]])
        return {
            key: (said[0].get(key), said[1].get(key))
            for key in keys
            if said[0].get(key) != said[1].get(key)
        }

    def compare(self, other: Plan) -> pd.DataFrame:
        """Projects in which two plans differ: in one of them only, committed in another year, or of
        another size.

        Columns: ``project``, ``name``, ``stage``, ``region``, and for each plan (``_this``,
        ``_other``) ``committed_year``, ``size`` and ``public_usd_m``; blank where a plan does not
        have the project.
        """
        keys, values = (
            ["project", "name", "stage", "region"],
            ["committed_year", "size", "public_usd_m"],
        )
        both = self.portfolio[keys + values].merge(
            other.portfolio[keys + values], on=keys, how="outer", suffixes=("_this", "_other")
        )
        same = (both["committed_year_this"] == both["committed_year_other"]) & (
            (both["size_this"] - both["size_other"]).abs() < 1e-6
        )
        return both[~same].sort_values("project").reset_index(drop=True)

    def _repr_html_(self) -> str:
        found = (
            "no plan"
            if self.objective is None
            else (
                f"{self.objective:,.0f} USD million ({self.objective_kind}), gap"
                f" {self.gap or 0:.4%}"
            )
        )
        head = f"<p><b>{html.escape(self.title or self.case)}</b>: {self.status}, {found}</p>"
        if not self.tables:
            return head
        columns = [
            "project",
            "stage",
            "region",
            "committed_year",
            "online_year",
            "size",
            "size_unit",
            "public_usd_m",
        ]
        biggest = self.portfolio.sort_values("public_usd_m", ascending=False).head(12)[columns]
        more = max(0, len(self.portfolio) - 12)
        return (
            head
            + biggest.to_html(index=False, float_format="{:,.1f}".format)
            + (f"<p>and {more} more</p>" if more else "")
        )

    def result(self) -> dict[str, Any]:
        """The content of ``result.json``."""
        return {
            "case": self.case,
            "title": self.title,
            "question": self.question,
            "status": self.status,
            "objective_kind": self.objective_kind,
            "objective": self.objective,
            "bound": self.bound,
            "gap": self.gap,
            "gap_usd_m": self.gap_usd_m,
            "gap_of_capital": self.gap_of_capital,
            "capital_decided_usd_m": self.capital_decided_usd_m,
            "unit": "USD million",
            "tables": {name: len(table) for name, table in self.tables.items()},
            "notes": list(self.notes),
            "manifest": self.manifest,
        }

    def save(self, folder: Path | str) -> None:
        """Writes ``result.json`` and ``tables/*.csv`` into ``folder``; refuses to write over
        another plan (see :func:`refuse_other_plan`)."""
        folder = Path(folder)
        refuse_other_plan(folder, self.manifest)
        (folder / "tables").mkdir(parents=True, exist_ok=True)
        for name, table in self.tables.items():
            table.to_csv(
                folder / "tables" / f"{name}.csv",
                index=False,
                lineterminator="\n",
                float_format="%.10g",
            )
        (folder / "result.json").write_text(json_text(self.result()), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path | str) -> Plan:
        """The plan that was saved in ``folder``.

        Raises:
            InputError: if there is none, or with everything that is missing in it.
        """
        folder = Path(folder)
        try:
            result = json.loads((folder / "result.json").read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise InputError(
                [
                    Problem(
                        str(folder),
                        "",
                        "",
                        "",
                        f"should be a folder written by `paxsilica solve` ({error})",
                    )
                ]
            ) from None
        problems = [
            Problem(
                f"{folder}/result.json",
                "",
                key,
                "",
                "is missing or not as this version writes it; solve the case again",
            )
            for key, kinds in _RESULT.items()
            if not isinstance(result, dict)
            or key not in result
            or not isinstance(result[key], kinds)
        ]
        tables: dict[str, pd.DataFrame] = {}
        for name in [] if problems else result["tables"]:
            try:
                tables[name] = _read_table(folder / "tables" / f"{name}.csv")
            except (OSError, ValueError) as error:
                problems.append(
                    Problem(f"{folder}/tables/{name}.csv", "", "", "", f"cannot be read ({error})")
                )
                continue
            lacking = (
                [column for column in ALL_TABLES[name].columns if column not in tables[name]]
                if name in ALL_TABLES
                else []
            )
            problems += [
                Problem(f"{folder}/tables/{name}.csv", "", column, "", "this column is missing")
                for column in lacking
            ]
        if problems:
            raise InputError(problems)
        return cls(
            result["case"],
            result["title"],
            result["question"],
            result["status"],
            result["objective_kind"],
            result["objective"],
            result["bound"],
            tables,
            tuple(result["notes"]),
            result["manifest"],
            result["capital_decided_usd_m"],
        )


_RESULT: Mapping[str, tuple[type, ...]] = {
    **dict.fromkeys(("case", "title", "question", "status", "objective_kind"), (str,)),
    **dict.fromkeys(("objective", "bound"), (int, float, type(None))),
    **dict.fromkeys(("tables", "manifest"), (dict,)),
    "notes": (list,),
    "capital_decided_usd_m": (int, float),
}
"""What a plan is read back from, and the types that JSON gives it."""


def _read_table(path: Path) -> pd.DataFrame:
    """The table in a file: a name stays a name, even where it reads like a number (``007``) or like
    nothing (``NA``)."""
    return pd.read_csv(
        path, keep_default_na=False, na_values=[""], dtype=dict.fromkeys(sorted(NAMES), "str")
    )


WRITTEN = ("tables", "plan.xlsx", "log.csv", "seconds.csv")
"""What is written beside ``result.json``."""


def refuse_other_plan(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Raises an InputError if ``folder`` holds a plan made from something else than ``manifest``
    says, or files that a plan would replace."""
    if not folder.exists():
        return
    if not folder.is_dir():
        raise InputError([Problem("--out", "", "", str(folder), "is a file; name a folder")])
    try:
        other = json.loads((folder / "result.json").read_text(encoding="utf-8"))
        same = other.get("manifest") == plain(manifest)
    except FileNotFoundError:
        foreign = [name for name in WRITTEN if (folder / name).exists()]
        if foreign:
            words = (
                f"holds {', '.join(foreign)}, but no plan that they belong to; name another folder"
            )
            raise InputError([Problem("--out", "", "", str(folder), words)]) from None
        return
    except (OSError, ValueError, AttributeError):
        same = False
    if not same:
        raise InputError(
            [
                Problem(
                    "--out",
                    "",
                    "",
                    str(folder),
                    "holds another plan, which is not written over; name another folder or"
                    " remove it",
                )
            ]
        )


def free_folder(parent: Path, name: str, manifest: Mapping[str, Any]) -> Path:
    """``parent/name``, or the first of ``name-2``, ``name-3``, ... that is free or holds this very
    plan."""
    number = 1
    while True:
        folder = parent / (name if number == 1 else f"{name}-{number}")
        try:
            refuse_other_plan(folder, manifest)
        except InputError:
            number += 1
        else:
            return folder
