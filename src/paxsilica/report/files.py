"""Files in the folder of a plan."""

from __future__ import annotations

import csv
import errno
import json
import math
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from paxsilica.plan.result import Plan, free_folder, refuse_other_plan
from paxsilica.report.views.named_plan import name_plan
from paxsilica.report.workbook.book import write_workbook
from paxsilica.tables import Tables

PLANS = Path("plans")


@contextmanager
def place_for(out: Path | None, case: str, manifest: Mapping[str, Any]) -> Iterator[Path]:
    """The folder for a plan with ``manifest``: ``out``, or else a free one named after the case.

    It is made at once, so that no search starts whose plan cannot be written, and removed again if
    it stays empty.

    Raises:
        InputError: if ``out`` holds another plan.
        OSError: if the folder cannot be made or written to.
    """
    name = re.sub(r"[^\w.-]+", "-", case).strip(".-") or "case"
    folder = free_folder(PLANS, name, manifest) if out is None else out
    refuse_other_plan(folder, manifest)
    made = [path for path in (folder, *folder.parents) if not path.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    try:
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(folder))
        yield folder
    finally:
        for path in made:
            with suppress(OSError):  # a folder with files stays
                path.rmdir()


def write_plan(plan: Plan, folder: Path, tables: Tables | None = None) -> Path:
    """Writes the result (``result.json``, ``tables``, ``plan.xlsx``: the same bytes for the same
    plan) and the log of the search.

    ``log.csv`` and ``seconds.csv`` differ from run to run and are not part of the result. If the
    folder holds a better plan of the same question (this search was cut short), that plan is kept
    and a new folder beside it is used. With the ``tables`` from which the plan was made, the
    workbook has names and the source of every figure.

    Returns:
        The folder written to.
    """
    number = 2
    beside = folder
    while _holds_better(beside, plan):
        beside, number = folder.with_name(f"{folder.name}-{number}"), number + 1
    folder = beside
    plan.save(folder)
    write_workbook(name_plan(plan, tables if plan.tables else None), folder / "plan.xlsx")
    _write_csv(folder / "log.csv", ("seconds", "incumbent_usd_m", "bound_usd_m"), plan.trace)
    _write_csv(folder / "seconds.csv", ("step", "seconds"), tuple(plan.seconds.items()))
    return folder


def _holds_better(folder: Path, plan: Plan) -> bool:
    """Whether ``folder`` holds a plan that is proved closer to the optimum than ``plan``."""
    try:
        result = json.loads((folder / "result.json").read_text(encoding="utf-8"))
        other = result["gap_usd_m"]
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return other is not None and (
        plan.gap_usd_m is None or plan.gap_usd_m > other * (1 + 1e-9) + 1e-9
    )


def _write_csv(
    path: Path, header: tuple[str, ...], rows: tuple[tuple[str | float, ...], ...]
) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        for row in rows:
            writer.writerow(
                value if isinstance(value, str) else f"{value:.10g}" if math.isfinite(value) else ""
                for value in row
            )
