"""The result: frozen, tidy tables without the model. A plan is saved, loaded and compared without a
solver."""

from __future__ import annotations

import csv
import hashlib
import html
import io
import itertools
import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd

from paxsilica.atomic import finish, is_unfinished, new_folder, writing
from paxsilica.errors import InputError, Problem
from paxsilica.plan.outputs import Outputs
from paxsilica.plan.result_schema import (
    RESULT_SCHEMA,
    SCHEMA_VERSION,
    AuditStatus,
    PlanStatus,
    schema_differences,
)
from paxsilica.plan.tables import ALL_TABLES, PLAN_TABLES
from paxsilica.serialize import json_text, leaves, plain

__all__ = [
    "PLAN_TABLES",
    "Audit",
    "Plan",
    "PlanStatus",
    "free_folders",
    "refuse_other_plan",
]


NOT_AUDITED = (
    "This plan was saved without an audit, so its status is unverified; Question.solve and the"
    " command line audit every plan."
)
"""Note of a plan that was not audited."""

NO_QUESTION = ("name", "title", "question", "see_also", "partners", "solver")
"""Keys of a case that do not change its question."""


@dataclass(frozen=True)
class Audit:
    """What the independent check of a plan found (see :mod:`paxsilica.audit`).

    Attributes:
        status: ``passed``, ``failed``, or ``not run`` where the tables were not at hand.
        count: number of findings.
        findings: each as plain data; empty in a plan that was loaded.
    """

    status: AuditStatus = "not run"
    count: int = 0
    findings: tuple[Mapping[str, Any], ...] = field(default=(), compare=False, repr=False)


@dataclass(frozen=True, repr=False)
class Plan(Outputs):
    """The result of a case.

    Attributes:
        case: name of the case; ``title`` and ``question`` as it states them.
        status: ``optimal`` (a plan within the requested gap, proved), ``feasible`` (a plan, the gap
            not proved), ``infeasible`` (proved), ``no_plan`` (none found in time) or
            ``unverified`` (a plan that failed its audit, or was saved without one).
        objective: USD million; ``None`` without a plan.
        bound: proved lower bound on the objective, USD million; ``None`` where none is known.
        gap: as the solver defines it, a share of the objective.
        capital_decided_usd_m: capital of the projects committed, undiscounted.
        headline: the answer in a few numbers, as the schema of ``result.json`` says; empty without
            a plan.
        tables: by name, as :data:`PLAN_TABLES` says; empty without a plan.
        notes: remarks on the case and the plan.
        manifest: origin of the plan: data digest, case, versions, options.
        audit: what the independent check of the plan found.
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
    headline: Mapping[str, Any] = field(default_factory=dict, repr=False)
    audit: Audit = Audit()
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
        """Distance between objective and bound as a share of the capital decided, which is the
        unproved share of the decision."""
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
        return case_differences(self.manifest.get("case", {}), other.manifest.get("case", {}))

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

    def _found(self) -> str:
        """The objective with its gap in a few words."""
        if self.objective is None:
            return "no plan"
        amount = f"{self.objective:,.0f} USD million ({self.objective_kind})"
        return f"{amount}, gap {'unknown' if self.gap is None else f'{self.gap:.4%}'}"

    def __repr__(self) -> str:
        projects = f", {len(self.portfolio)} projects" if self.tables else ""
        return f"<Plan {self.case!r}: {self.status}, {self._found()}{projects}>"

    def _repr_html_(self) -> str:
        head = (
            f"<p><b>{html.escape(self.title or self.case)}</b>: {self.status}, {self._found()}</p>"
        )
        if not self.tables:
            return head
        columns = ["project", "stage", "region", "committed_year", "online_year", "size"]
        largest = self.portfolio.sort_values("public_usd_m", ascending=False).head(12)
        shown = largest[[*columns, "size_unit", "public_usd_m"]]
        more = max(0, len(self.portfolio) - 12)
        rows = shown.to_html(index=False, float_format="{:,.1f}".format)
        return head + rows + (f"<p>and {more} more</p>" if more else "")

    def result(self) -> dict[str, Any]:
        """The content of ``result.json`` without digests; ``tables`` holds numbers of rows."""
        return {
            "schema_version": SCHEMA_VERSION,
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
            "headline": self.headline,
            "unit": "USD million",
            "tables": {name: len(table) for name, table in self.tables.items()},
            "audit": {"status": self.audit.status, "findings": self.audit.count},
            "notes": list(self.notes),
            "manifest": self.manifest,
        }

    def save(self, folder: Path | str) -> None:
        """Writes ``result.json`` and ``tables/*.csv`` into ``folder``, all or nothing; refuses to
        write over another plan (see :func:`refuse_other_plan`). A plan that was not audited is
        saved with the status ``unverified`` and a note that says so.

        Raises:
            InputError: if the folder holds another plan.
            OSError: with the file that cannot be written.
        """
        folder = Path(folder)
        refuse_other_plan(folder, self.manifest)
        with new_folder(folder, RESULT) as draft:
            self.write_files(draft)

    def write_files(self, folder: Path) -> None:
        """Writes ``result.json`` and ``tables/*.csv`` into an empty folder."""
        if self.tables and self.audit.status == "not run" and self.status != "unverified":
            replace(self, status="unverified", notes=(*self.notes, NOT_AUDITED)).write_files(folder)
            return
        (folder / "tables").mkdir()
        digests = {}
        for name, table in self.tables.items():
            path = folder / "tables" / f"{name}.csv"
            content = table_text(table).encode()
            digests[name] = hashlib.sha256(content).hexdigest()
            with writing(path):
                path.write_bytes(content)
        result = self.result()
        result["tables"] = {
            name: {"rows": rows, "sha256": digests[name]} for name, rows in result["tables"].items()
        }
        result["digest"] = digest_of(result)
        if self.audit.findings:
            with writing(folder / AUDIT):
                document = {"findings": self.audit.findings}
                (folder / AUDIT).write_text(json_text(document), encoding="utf-8")
        with writing(folder / RESULT):
            (folder / RESULT).write_text(json_text(result), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path | str) -> Plan:
        """The plan that is saved in ``folder``, after a check that every file is as it was written.

        Raises:
            InputError: if there is none, or with everything that is missing, changed or not known
                in it.
        """
        folder = Path(folder)
        with suppress(OSError):  # a folder that cannot be written to is read as it is
            finish(folder, RESULT)
        try:
            result = json.loads((folder / RESULT).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            words = f"should be a folder written by `paxsilica solve` ({error})"
            raise InputError([Problem(str(folder), "", "", "", words)]) from None
        if problems := result_problems(result, f"{folder}/{RESULT}"):
            raise InputError(problems)
        tables: dict[str, pd.DataFrame] = {}
        for name, kept in result["tables"].items():
            path = folder / "tables" / f"{name}.csv"
            try:
                content = path.read_bytes()
                if words := _difference(content, kept):
                    problems.append(Problem(str(path), "", "", "", words))
                    continue
                tables[name] = _read_table(name, content)
            except (OSError, ValueError) as error:
                problems.append(Problem(str(path), "", "", "", f"cannot be read ({error})"))
            else:
                problems += _column_problems(name, path, tables[name])
        if problems:
            raise InputError(problems)
        kept = {key: result[key] for key in _READ}
        audit = Audit(result["audit"]["status"], result["audit"]["findings"])
        return cls(**kept | {"tables": tables, "notes": tuple(result["notes"]), "audit": audit})


def case_differences(
    case: Mapping[str, Any], other: Mapping[str, Any]
) -> dict[str, tuple[Any, Any]]:
    """Keys in which two cases as plain data differ, except names and solver options, with both
    values; ``None`` where a case does not give the key."""
    first, second = (
        dict(leaves({key: part for key, part in one.items() if key not in NO_QUESTION}))
        for one in (case, other)
    )
    keys = dict.fromkeys([*first, *second])
    pairs = {key: (first.get(key), second.get(key)) for key in keys}
    return {key: pair for key, pair in pairs.items() if pair[0] != pair[1]}


_READ = (
    *("case", "title", "question", "status", "objective_kind", "objective", "bound", "manifest"),
    "capital_decided_usd_m",
    "headline",
)
"""Keys of ``result.json`` that are fields of a plan."""


def digest_of(result: Mapping[str, Any]) -> str:
    """SHA-256 of the content of ``result.json`` without its own ``digest``."""
    content = {key: value for key, value in result.items() if key != "digest"}
    return hashlib.sha256(json_text(content).encode()).hexdigest()


def result_problems(result: Any, place: str) -> list[Problem]:
    """What is wrong with the content of ``result.json``: keys, types, names of tables, digest."""
    if not isinstance(result, dict):
        return [Problem(place, "", "", "", "should be a JSON object")]
    version = result.get("schema_version")
    if version != SCHEMA_VERSION or isinstance(version, bool):
        words = f"should be {SCHEMA_VERSION}, that of this version; solve the case again"
        found = "" if version is None else str(version)
        return [Problem(place, "", "schema_version", found, words)]
    problems = [
        Problem(place, "", one.where, one.found, one.expected)
        for one in schema_differences(result, RESULT_SCHEMA)
    ]
    if not problems and result["digest"] != digest_of(result):
        words = "the content has been changed since it was written; solve the case again"
        problems.append(Problem(place, "", "digest", "", words))
    if not problems and result["objective"] is not None:
        words = "is missing; every plan has this table"
        problems += [
            Problem(place, "", f"tables.{name}", "", words)
            for name in PLAN_TABLES
            if name not in result["tables"]
        ]
    return problems


def _difference(content: bytes, kept: Mapping[str, Any]) -> str:
    """How a table differs from the one that was written; empty if it does not."""
    if hashlib.sha256(content).hexdigest() == kept["sha256"]:
        return ""
    lines = max(0, len(list(csv.reader(io.StringIO(content.decode("utf-8", "replace"))))) - 1)
    if lines != kept["rows"]:
        return f"has {lines} rows in the place of {kept['rows']}; solve the case again"
    return "has been changed since it was written; solve the case again"


def table_text(table: pd.DataFrame) -> str:
    """The content of the CSV file of a table. Texts are in quotes where one holds a carriage
    return, which would end the line without them."""
    texts = (table[key] for key in table if table[key].dtype.kind not in "biufM")
    returns = any("\r" in str(value) for column in texts for value in column.unique())
    return str(
        table.to_csv(
            index=False,
            lineterminator="\n",
            float_format="%.10g",
            quoting=csv.QUOTE_NONNUMERIC if returns else csv.QUOTE_MINIMAL,
        )
    )


def _read_table(name: str, content: bytes) -> pd.DataFrame:
    """The table in the content of a file; text columns stay text where a value looks like a number
    (``007``) or a blank (``NA``)."""
    texts = [key for key, column in ALL_TABLES[name].schema.items() if not column.numeric]
    return pd.read_csv(
        io.BytesIO(content),
        keep_default_na=False,
        na_values=[""],
        dtype=dict.fromkeys(texts, "str"),
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


RESULT = "result.json"
"""The file that makes a folder a plan."""

AUDIT = "audit.json"
"""The findings of an audit that a plan failed."""

WRITTEN = ("tables", "plan.xlsx", "log.csv", "seconds.csv")
"""Files and folders beside ``result.json``."""


def refuse_other_plan(folder: Path, manifest: Mapping[str, Any], *, of: str = "") -> None:
    """Checks that a plan with ``manifest`` may be saved in ``folder``; with ``of``, compares that
    key of the manifests alone.

    Raises:
        InputError: if ``folder`` is a file, holds a plan with another manifest, or files that the
            plan would replace.
    """
    if not folder.exists():
        return
    words = "contains another plan, which is not overwritten; name another folder or remove it"
    if not folder.is_dir():
        words = "is a file; name a folder"
    else:
        finish(folder, RESULT)
        try:
            other = json.loads((folder / "result.json").read_text(encoding="utf-8"))
            kept, wanted = other.get("manifest"), plain(manifest)
            if kept == wanted or (of and kept.get(of) == wanted[of]):
                return
        except FileNotFoundError:
            foreign = ", ".join(name for name in WRITTEN if (folder / name).exists())
            if not foreign or is_unfinished(folder):
                return
            words = f"holds {foreign}, but no plan that they belong to; name another folder"
        except (OSError, ValueError, AttributeError):
            pass  # an unreadable result is another plan
    raise InputError([Problem("--out", "", "", str(folder), words)])


def free_folders(folder: Path, manifest: Mapping[str, Any]) -> Iterator[Path]:
    """``folder``, ``folder-2``, ``folder-3``, ... without those that hold something else than the
    plan with ``manifest``."""
    for number in itertools.count(1):
        place = folder if number == 1 else folder.with_name(f"{folder.name}-{number}")
        with suppress(InputError):
            refuse_other_plan(place, manifest)
            yield place
