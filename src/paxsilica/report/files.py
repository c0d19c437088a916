"""Files in the folder of a plan."""

from __future__ import annotations

import csv
import errno
import json
import math
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from paxsilica.atomic import new_folder, remove_leftovers, reserved, writing
from paxsilica.errors import InputError, Problem
from paxsilica.plan.result import RESULT, Plan, free_folders, refuse_other_plan
from paxsilica.report.views.diagnosis import CLOSEST, DIAGNOSIS, Reasons, reasons_in
from paxsilica.report.views.named_plan import name_plan
from paxsilica.report.workbook.book import write_workbook
from paxsilica.serialize import json_text
from paxsilica.tables import Tables

PLANS = Path("plans")


@contextmanager
def place_for(out: Path | None, case: str, manifest: Mapping[str, Any]) -> Iterator[Path]:
    """The folder for a plan with ``manifest``: ``out``, or else a free one named after the case.

    It is reserved until the block ends, so that no other run takes it during the search, and it is
    known before the search that it can be written.

    Raises:
        InputError: if ``out`` holds another plan, or another run has reserved it.
        OSError: if the folder cannot be made or written to.
    """
    name = re.sub(r"[^\w.-]+", "-", case).strip(".-") or "case"
    folder = PLANS / name if out is None else Path(os.path.abspath(out)) if _is_dots(out) else out
    if out is not None:
        refuse_other_plan(folder, manifest)
    made = [path for path in folder.parents if not path.exists()]
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        with ExitStack() as stack:
            places = [folder] if out is not None else free_folders(folder, manifest)
            for place in places:
                if _is_ours(place, stack):
                    break
            else:
                words = "is being written to by another run; name another folder or wait"
                raise InputError([Problem("--out", "", "", str(folder), words)])
            if place.is_dir() and not os.access(place, os.W_OK | os.X_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(place))
            remove_leftovers(place)
            yield place
    finally:
        for path in made:
            with suppress(OSError):  # a folder with files stays
                path.rmdir()


def _is_dots(path: Path) -> bool:
    """Whether the last part of a path is no name, as in ``.`` and ``..``."""
    return path.name in ("", "..")


def _is_ours(place: Path, stack: ExitStack) -> bool:
    """Reserves a folder until the end of ``stack``; whether it was free."""
    with ExitStack() as attempt:
        if not attempt.enter_context(reserved(place)):
            return False
        stack.push(attempt.pop_all())
    return True


def write_plan(plan: Plan, folder: Path, tables: Tables | None = None) -> Path:
    """Writes the result (``result.json``, ``tables``, ``plan.xlsx``: the same bytes for the same
    plan) and the log of the search, all or nothing.

    ``log.csv`` and ``seconds.csv`` differ from run to run and are not part of the result. If the
    folder holds another plan by now, or a better plan of the same question (this search was cut
    short), that plan is kept and a new folder beside it is used. With the ``tables`` from which the
    plan was made, the workbook has names and the source of every figure.

    Returns:
        The folder written to.

    Raises:
        OSError: with the file that cannot be written.
    """
    folder = next(
        place for place in free_folders(folder, plan.manifest) if not _holds_better(place, plan)
    )
    with new_folder(folder, RESULT) as draft:
        _fill(draft, plan, tables)
    return folder


def write_diagnosis(
    diagnosis: Mapping[str, Any], closest: Plan | None, folder: Path, tables: Tables | None = None
) -> Path | None:
    """Writes ``diagnosis.json`` and the closest plan (folder ``closest``) into the folder of an
    infeasible plan, all or nothing. With the ``tables`` of the closest plan its workbook has names.

    Returns:
        The folder of the closest plan, if there is one.

    Raises:
        OSError: with the file that cannot be written.
    """
    with new_folder(folder, RESULT) as draft:
        with writing(draft / DIAGNOSIS):
            (draft / DIAGNOSIS).write_text(json_text(diagnosis), encoding="utf-8")
        if closest is not None:
            (draft / CLOSEST).mkdir()
            same = tables is not None and closest.manifest.get("data_digest") == tables.digest
            _fill(draft / CLOSEST, closest, tables if same else None, reasons_in(diagnosis))
    return None if closest is None else folder / CLOSEST


def _fill(folder: Path, plan: Plan, tables: Tables | None, reasons: Reasons | None = None) -> None:
    plan.write_files(folder)
    with writing(folder / "plan.xlsx"):
        named = name_plan(plan, tables if plan.tables else None)
        write_workbook(named, folder / "plan.xlsx", reasons)
    _write_csv(folder / "log.csv", ("seconds", "incumbent_usd_m", "bound_usd_m"), plan.trace)
    _write_csv(folder / "seconds.csv", ("step", "seconds"), tuple(plan.seconds.items()))


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
    with writing(path), path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        for row in rows:
            writer.writerow(
                value if isinstance(value, str) else f"{value:.10g}" if math.isfinite(value) else ""
                for value in row
            )
