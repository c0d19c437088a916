"""The result: frozen, tidy tables without the model. A plan is saved, loaded and compared without a
solver."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from paxsilica.errors import InputError, Problem
from paxsilica.plan.tables import ALL_TABLES, PLAN_TABLES, TableDoc
from paxsilica.serialize import json_text, leaves, plain

__all__ = ["PLAN_TABLES", "Plan", "PlanStatus", "TableDoc", "free_folder", "refuse_other_plan"]

PlanStatus = Literal["optimal", "feasible", "infeasible", "no_plan"]

NO_QUESTION = ("name", "title", "question", "partners", "solver")
"""Keys of a case that do not change its question."""


@dataclass(frozen=True)
class Plan:
    """The result of a case.

    Attributes:
        case: name of the case; ``title`` and ``question`` as it states them.
        status: ``optimal`` (a plan within the requested gap, proved), ``feasible`` (a plan, the gap
            not proved), ``infeasible`` (proved) or ``no_plan`` (none found in time).
        objective: USD million; ``None`` without a plan.
        bound: proved lower bound on the objective, USD million; ``None`` where none is known.
        gap: as the solver defines it, a share of the objective.
        capital_decided_usd_m: capital of the projects committed, undiscounted.
        tables: by name, as :data:`PLAN_TABLES` says; empty without a plan.
        notes: remarks on the case and the plan.
        manifest: origin of the plan: data digest, case, versions, options.
        seconds: time by step; not part of the saved result.
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
        """Distance between objective and bound as a share of the capital decided: the share of the
        decision that is unproved."""
        return (
            None
            if self.gap_usd_m is None or not self.capital_decided_usd_m
            else self.gap_usd_m / self.capital_decided_usd_m
        )

    @property
    def portfolio(self) -> pd.DataFrame:
        """Projects committed, with their funders; no rows without a plan."""
        return self.table("portfolio")

    @property
    def coverage(self) -> pd.DataFrame:
        """Coverage and nameplate shares by stage and year, without and with the plan."""
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
        """Saving or cost of one more unit, by kind of price; no rows until
        :mod:`paxsilica.prices` has computed them."""
        return self.table("prices")

    def table(self, name: str) -> pd.DataFrame:
        """A table by name, a copy; without rows if the plan does not have it.

        Raises:
            KeyError: if no plan has such a table (see :data:`PLAN_TABLES`).
        """
        if name in self.tables:
            return self.tables[name].copy()
        if name not in ALL_TABLES:
            raise KeyError(f"there is no table {name!r}; tables are {', '.join(ALL_TABLES)}")
        return pd.DataFrame(columns=list(ALL_TABLES[name].columns))

    def question_differences(self, other: Plan) -> dict[str, tuple[Any, Any]]:
        """Keys in which the cases of two plans differ, except names and solver options, with both
        values; ``None`` where a case does not give the key."""
        first, second = self._question_keys(), other._question_keys()
        keys = dict.fromkeys([*first, *second])
        pairs = {key: (first.get(key), second.get(key)) for key in keys}
        return {key: pair for key, pair in pairs.items() if pair[0] != pair[1]}

    def _question_keys(self) -> dict[str, Any]:
        case = self.manifest.get("case", {})
        return dict(leaves({key: part for key, part in case.items() if key not in NO_QUESTION}))

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
            else f"{self.objective:,.0f} USD million ({self.objective_kind}),"
            f" gap {self.gap or 0:.4%}"
        )
        head = f"<p><b>{html.escape(self.title or self.case)}</b>: {self.status}, {found}</p>"
        if not self.tables:
            return head
        columns = ["project", "stage", "region", "committed_year", "online_year", "size"]
        largest = self.portfolio.sort_values("public_usd_m", ascending=False).head(12)
        shown = largest[[*columns, "size_unit", "public_usd_m"]]
        more = max(0, len(self.portfolio) - 12)
        rows = shown.to_html(index=False, float_format="{:,.1f}".format)
        return head + rows + (f"<p>and {more} more</p>" if more else "")

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
        """The plan that is saved in ``folder``.

        Raises:
            InputError: if there is none, or with everything that is missing or not known in it.
        """
        folder = Path(folder)
        try:
            result = json.loads((folder / "result.json").read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            words = f"should be a folder written by `paxsilica solve` ({error})"
            raise InputError([Problem(str(folder), "", "", "", words)]) from None
        words = "is missing or not as this version writes it; solve the case again"
        problems = [
            Problem(f"{folder}/result.json", "", key, "", words)
            for key, kinds in _RESULT.items()
            if not isinstance(result, dict) or not isinstance(result.get(key, ...), kinds)
        ]
        tables: dict[str, pd.DataFrame] = {}
        for name in [] if problems else result["tables"]:
            path = folder / "tables" / f"{name}.csv"
            try:
                tables[name] = _read_table(name, path)
            except (OSError, ValueError) as error:
                problems.append(Problem(str(path), "", "", "", f"cannot be read ({error})"))
            except KeyError:
                words = "this version knows no such table; solve the case again"
                problems.append(Problem(str(path), "", "", "", words))
            else:
                problems += _column_problems(name, path, tables[name])
        if problems:
            raise InputError(problems)
        kept = {key: result[key] for key in _RESULT}
        return cls(**kept | {"tables": tables, "notes": tuple(result["notes"])})


_RESULT: Mapping[str, tuple[type, ...]] = {
    **dict.fromkeys(("case", "title", "question", "status", "objective_kind"), (str,)),
    **dict.fromkeys(("objective", "bound"), (int, float, type(None))),
    **dict.fromkeys(("tables", "manifest"), (dict,)),
    "notes": (list,),
    "capital_decided_usd_m": (int, float),
}
"""What a plan is read back from, and the types that JSON gives it."""


def _read_table(name: str, path: Path) -> pd.DataFrame:
    """The table in a file; text columns stay text where a value looks like a number (``007``) or a
    blank (``NA``)."""
    texts = [key for key, column in ALL_TABLES[name].schema.items() if not column.numeric]
    return pd.read_csv(
        path, keep_default_na=False, na_values=[""], dtype=dict.fromkeys(texts, "str")
    )


def _column_problems(name: str, path: Path, table: pd.DataFrame) -> list[Problem]:
    known = ALL_TABLES[name].columns
    return [
        *(
            Problem(str(path), "", column, "", "this column is missing")
            for column in known
            if column not in table
        ),
        *(
            Problem(str(path), "", str(column), "", "this version knows no such column")
            for column in table
            if column not in known
        ),
    ]


WRITTEN = ("tables", "plan.xlsx", "log.csv", "seconds.csv")
"""Files and folders beside ``result.json``."""


def refuse_other_plan(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Checks that a plan with ``manifest`` may be saved in ``folder``.

    Raises:
        InputError: if ``folder`` is a file, holds a plan with another manifest, or files that the
            plan would replace.
    """
    if not folder.exists():
        return
    words = "holds another plan, which is not written over; name another folder or remove it"
    if not folder.is_dir():
        words = "is a file; name a folder"
    else:
        try:
            other = json.loads((folder / "result.json").read_text(encoding="utf-8"))
            if other.get("manifest") == plain(manifest):
                return
        except FileNotFoundError:
            foreign = ", ".join(name for name in WRITTEN if (folder / name).exists())
            if not foreign:
                return
            words = f"holds {foreign}, but no plan that they belong to; name another folder"
        except (OSError, ValueError, AttributeError):
            pass  # an unreadable result is another plan
    raise InputError([Problem("--out", "", "", str(folder), words)])


def free_folder(parent: Path, name: str, manifest: Mapping[str, Any]) -> Path:
    """``parent/name``, or the first of ``name-2``, ``name-3``, ... that is free or holds the plan
    with ``manifest``."""
    number = 1
    while True:
        folder = parent / (name if number == 1 else f"{name}-{number}")
        try:
            refuse_other_plan(folder, manifest)
        except InputError:
            number += 1
        else:
            return folder
