"""The interface for notebooks: load a question, change it, solve it.

>>> import paxsilica
>>> question = paxsilica.load("base").with_(budget=10_000, coverage__hard=False)
>>> question.case.budget_usd_m, question.case.coverage.hard
(10000.0, False)
"""

from __future__ import annotations

import html
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from paxsilica.audit import audited
from paxsilica.bundled import DEFAULT_CASE, data_folder, find_case
from paxsilica.case import Case, make_case, named_tables, read_case
from paxsilica.instance import Instance, make_instance
from paxsilica.model import Model, build
from paxsilica.model.build import without_collection
from paxsilica.plan.result import Plan
from paxsilica.plan.solve import StepCallback, make_plan
from paxsilica.solver import ProgressCallback
from paxsilica.tables import Tables, load_tables

SHORT_NAMES = {
    "budget": "budget_usd_m",
    "gap": "solver.gap",
    "time_limit": "solver.time_limit_s",
    "coverage": "coverage.required",
    "hard": "coverage.hard",
    "from_year": "coverage.from_year",
}
"""Short names that :meth:`Question.with_` takes for keys of a case."""


@dataclass(frozen=True, repr=False)
class Question:
    """Tables and a case: everything that a plan is made from. Frozen; ``with_`` gives a changed
    one."""

    tables: Tables
    case: Case

    def with_(self, *settings: str, **changes: Any) -> Question:
        """The question with some keys of its case changed.

        Args:
            settings: as for ``--set``, such as ``"coverage.hard=true"``.
            changes: by key, with ``__`` for the dot (``coverage__hard=True``) or by short name
                (``budget=20_000``); ``None`` drops a key.

        Raises:
            InputError: if the changed case is not valid.
        """
        raw = self.case.model_dump(mode="json", exclude_unset=True)
        policy = raw.pop(
            "policy", None
        )  # its requirements are in the case already, and may have been changed since
        for key, value in changes.items():
            dotted = SHORT_NAMES.get(key, key).replace("__", ".")
            *path, last = dotted.split(".")
            place = raw
            for part in path:
                place = place.setdefault(part, {})
            if value is None:
                place.pop(last, None)
            else:
                place[last] = value
        case = make_case(raw, settings, self.case.name)
        if policy is not None and case.policy is None:
            case = case.model_copy(update={"policy": policy})
        return Question(self.tables, case)

    def instance(self) -> Instance:
        """The joined problem, to look at before it is solved."""
        return make_instance(self.tables, self.case)

    def model(self) -> Model:
        """The Pyomo model, a new one with each call; see :func:`paxsilica.model.build.build`.

        Rows and variables may be added to it before it is given to :meth:`solve`.
        """
        with without_collection():
            return build(self.instance())

    def solve(
        self,
        on_progress: ProgressCallback | None = None,
        on_step: StepCallback | None = None,
        *,
        model: Model | None = None,
        least_budget: bool = False,
    ) -> Plan:
        """The plan, after its audit: a plan that fails it has the status ``unverified``. See
        :func:`paxsilica.plan.solve.make_plan` and :func:`paxsilica.audit.audited`.

        Args:
            on_progress, on_step: callbacks.
            model: the model of this question with rows of the user.
            least_budget: whether to find the least public money that meets the requirement, by a
                second search.
        """
        plan = make_plan(
            self.tables,
            self.case,
            on_progress,
            on_step,
            model=model,
            least_budget=least_budget,
        )
        return audited(plan, self.tables, self.case)

    def __repr__(self) -> str:
        first, last = self.case.years
        title = f" ({self.case.title})" if self.case.title else ""
        return f"<Question {self.case.name!r}{title}: {first}-{last}, {self.tables!r}>"

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th style='text-align:left'>{html.escape(key)}</th><td"
            f" style='text-align:left'>{html.escape(str(value))}</td></tr>"
            for key, value in self.case.model_dump(mode="json", exclude_unset=True).items()
        )
        title, question = self.case.title or self.case.name, self.case.question
        head = f"<p><b>{html.escape(title)}</b></p><p>{html.escape(question)}</p>"
        return f"{head}<table>{rows}</table>"


def load(case: str | Path = DEFAULT_CASE, data: str | Path | None = None) -> Question:
    """The question of a bundled case (by name) or a case file, with the tables in the folder or
    workbook ``data``; without it, those that the key ``data`` of the case file names, or else the
    bundled ones.

    Raises:
        InputError: listing all problems of both.
    """
    path = find_case(str(case))
    folder = named_tables(path) or data_folder() if data is None else Path(data)
    return Question(load_tables(folder), read_case(path))
