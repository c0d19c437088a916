"""A plan in the formats of other programs.

``csv``
    one file for each table, with types and units in ``columns.csv``; for spreadsheets, a text that
    begins with ``=``, ``+``, ``-``, ``@``, a tab or a carriage return has an apostrophe before it;
``json``
    one document: the plan, and each table with its columns and rows as records;
``iamc``
    the format of the Integrated Assessment Modeling Consortium, which pyam reads: one row for each
    model, scenario, region, variable and unit and one column for each year; texts as for ``csv``;
``parquet``
    one file for each table, columns typed (needs pyarrow, which ``pip install paxsilica[parquet]``
    installs);
``xlsx``
    the workbook.

The closest plan of a case that no plan meets is labelled in all of them: the sheets begin with the
label, each table has a column ``plan`` with it, the JSON document has ``closest_plan`` and says so
in every title, and the IAMC scenario ends with it. The usual names begin with ``closest-``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pandas as pd

from paxsilica.atomic import new_file, new_folder, writing
from paxsilica.errors import InputError, Problem
from paxsilica.output_tables import ROW_UNIT, SHARE, USD_MILLION
from paxsilica.plan.result import Plan, table_text
from paxsilica.plan.tables import ALL_TABLES, column_of
from paxsilica.report.views.diagnosis import Reasons
from paxsilica.report.views.named_plan import CLOSEST_LABEL, OWNER, NamedPlan, blank, records
from paxsilica.report.workbook.book import write_workbook
from paxsilica.serialize import json_text, safe_table

IAMC_KEYS = ["model", "scenario", "region", "variable", "unit"]
WORLD = "World"
"""IAMC region of figures that belong to no single region."""

MODES = {"normal": "Normal", "disrupted": "Cut-off"}
SHARES = {
    "nameplate_share_without": "Nameplate|Without Plan",
    "credited_share_without": "Credited|Without Plan",
    "standalone_coverage_without": "Standalone|Without Plan",
    "joint_coverage_without": "Joint|Without Plan",
    "nameplate_share": "Nameplate|With Plan",
    "credited_share": "Credited|With Plan",
    "standalone_coverage": "Standalone|With Plan",
    "joint_coverage": "Joint|With Plan",
    "required_share": "Required",
}
"""IAMC names of the shares of coverage."""


def export_plan(
    named: NamedPlan,
    format_: str,
    folder: Path | None,
    out: Path | None,
    reasons: Reasons | None = None,
) -> Path:
    """Writes the plan as ``format_`` to ``out``, or to the usual name in ``folder``; returns the
    path. ``reasons``: why the case has no plan, for the workbook.

    Raises:
        InputError: if ``out`` is a file where a folder is needed, or a package that the format
            needs is missing.
    """
    name, write = FORMATS[format_]
    name = f"closest-{name}" if named.closest else name
    place = out if out is not None else (folder or Path()) / name
    if format_ in FOLDERS:
        if place.exists() and not place.is_dir():
            raise InputError([Problem("--out", "", "", str(place), "is a file; name a folder")])
        with new_folder(place, FOLDERS[format_]) as draft:
            write(named, draft)
    else:
        with new_file(place) as draft:
            if format_ == "xlsx":
                write_workbook(named, draft, reasons)
            else:
                write(named, draft)
    return place


def describe(plan: Plan) -> pd.DataFrame:
    """Type, unit and meaning of every column of every table of the plan."""
    rows = []
    for name, table in plan.tables.items():
        for key in map(str, table.columns):
            column = column_of(name, key)
            rows.append((name, key, column.dtype, column.unit, column.text))
    return pd.DataFrame(rows, columns=["table", "column", "type", "unit", "meaning"])


LABEL_COLUMN = "plan"
"""Column with the label of the closest plan; no table of a plan has a column of this name."""


def labelled_tables(named: NamedPlan) -> dict[str, pd.DataFrame]:
    """The tables of the plan and ``columns``, which describes them; those of the closest plan begin
    with its label."""
    plan = named.plan
    tables, columns = dict(plan.tables), describe(plan)
    if named.closest:
        tables = {name: _labelled(table) for name, table in tables.items()}
        words = f"{CLOSEST_LABEL} in every row: no plan meets the requirements of the case"
        added = [(name, LABEL_COLUMN, "text", "", words) for name in tables]
        columns = pd.concat([pd.DataFrame(added, columns=columns.columns), columns])
    return tables | {"columns": columns}


def _labelled(table: pd.DataFrame) -> pd.DataFrame:
    copy = table.copy()
    copy.insert(0, LABEL_COLUMN, CLOSEST_LABEL)
    return copy


def write_csv(named: NamedPlan, place: Path) -> None:
    """One CSV file for each table, and ``columns.csv`` with types, units and meanings."""
    for name, table in labelled_tables(named).items():
        text = table_text(safe_table(table))
        with writing(place / f"{name}.csv"):
            (place / f"{name}.csv").write_text(text, encoding="utf-8", newline="")


def write_json(named: NamedPlan, place: Path) -> None:
    """One JSON document: ``plan`` as in ``result.json``, and ``tables`` with title, columns and
    rows as records; absent values are null."""
    plan, label = named.plan, f"{CLOSEST_LABEL}: " if named.closest else ""
    tables = {
        name: {
            "title": f"{label}{ALL_TABLES[name].title}",
            "columns": dict(ALL_TABLES[name].columns),
            "rows": table,
        }
        for name, table in plan.tables.items()
    }
    result = {key: value for key, value in plan.result().items() if key != "tables"}
    if named.closest:
        result = {"closest_plan": CLOSEST_LABEL} | result
    place.write_text(json_text({"plan": result, "tables": tables}, indent=1), encoding="utf-8")


def write_parquet(named: NamedPlan, place: Path) -> None:
    """One Parquet file for each table."""
    if find_spec("pyarrow") is None:
        words = "needs the package pyarrow: pip install 'paxsilica[parquet]'"
        raise InputError([Problem("--format", "", "", "parquet", words)])
    for name, table in labelled_tables(named).items():
        table.to_parquet(place / f"{name}.parquet", index=False, engine="pyarrow")


def write_iamc(named: NamedPlan, place: Path) -> None:
    """A wide CSV file that ``pyam.IamDataFrame`` reads."""
    place.write_text(table_text(safe_table(iamc(named))), encoding="utf-8", newline="")


def iamc(named: NamedPlan) -> pd.DataFrame:
    """The figures of the plan by year, in the wide IAMC format.

    Variables: ``Coverage|...`` by stage and commodity, ``Need|...``, ``Investment|...`` by funder
    and stage, ``Activity|...``, ``Capacity|...`` and ``Demand|...`` in the normal state and in a
    cut-off. Sums have the shorter name where the units allow a sum.
    """
    rows: dict[tuple[str, str, str], dict[int, float]] = {}
    for region, variable, unit, year, value in _figures(named):
        if math.isfinite(value):
            by_year = rows.setdefault((region, variable, unit), {})
            by_year[year] = by_year.get(year, 0.0) + value
    years = sorted({year for by_year in rows.values() for year in by_year})
    model = f"paxsilica {named.plan.manifest.get('paxsilica', '')}".strip()
    scenario = named.plan.case + (f" ({CLOSEST_LABEL})" if named.closest else "")
    found = [
        (model, scenario, *key, *(by_year.get(year) for year in years))
        for key, by_year in sorted(rows.items())
    ]
    return pd.DataFrame(found, columns=[*IAMC_KEYS, *map(str, years)])


Figure = tuple[str, str, str, int, float]


def _figures(named: NamedPlan) -> Iterator[Figure]:
    """Region, variable, unit, year and value; values with the same first four are added."""
    yield from _coverage(named)
    yield from _investment(named)
    yield from _running(named)


def _part(words: str) -> str:
    """A part of a variable name: the bar divides parts, and pyam takes an asterisk for a
    wildcard."""
    return words.replace("|", "/").replace("*", "x")


def _unit(named: NamedPlan, table: str, column: str, row: Mapping[str, Any]) -> str:
    """The unit of a value as IAMC writes it; amounts in the unit of the row are per year."""
    unit = column_of(table, column).unit
    if unit == ROW_UNIT:
        return f"{row['unit']}/yr"
    money = f"million USD_{named.price_year}" if named.price_year else "million USD"
    return {SHARE: "1", USD_MILLION: money}[unit]


def _coverage(named: NamedPlan) -> Iterator[Figure]:
    for table, head in (("coverage", "Coverage"), ("coverage_by_commodity", "Coverage by Good")):
        for row in records(named.plan.table(table)):
            year, name = int(row["year"]), _part(named.stage(row["stage"]))
            if "commodity" in row:
                name += f"|{_part(named.commodity(row['commodity']))}"
                unit = _unit(named, table, "need", row)
                yield WORLD, f"Need|{name}", unit, year, float(row["need"])
            for column, words in SHARES.items():
                unit = _unit(named, table, column, row)
                yield WORLD, f"{head}|{name}|{words}", unit, year, float(row[column])


def _investment(named: NamedPlan) -> Iterator[Figure]:
    portfolio = named.plan.portfolio.set_index("project")
    for row in records(named.plan.funding):
        project, unit = portfolio.loc[row["project"]], _unit(named, "funding", "usd_m", row)
        year, value = int(row["year"]), float(row["usd_m"])
        stage, own = _part(named.stage(project["stage"])), row["funder"] == OWNER
        for place in (WORLD, named.region(project["region"])):
            yield place, "Investment", unit, year, value
            yield place, f"Investment by Stage|{stage}", unit, year, value
        payer = "Owners" if own else f"Public|{_part(named.funder(row['funder']))}"
        yield WORLD, f"Investment by Payer|{payer}", unit, year, value
        if not own:
            yield WORLD, "Investment by Payer|Public", unit, year, value


def _running(named: NamedPlan) -> Iterator[Figure]:
    """Operation and demand by region."""
    operation, service = named.plan.table("operation"), named.plan.table("service")
    states = _state_names(operation) | _state_names(service)
    for row in records(operation):
        region, year = named.region(row["region"]), int(row["year"])
        unit = _unit(named, "operation", "activity", row)
        name = _part(named.process(row["process"]))
        yield region, f"Activity|{states[row['state']]}|{name}", unit, year, float(row["activity"])
        if row["mode"] == "normal" and not blank(row["capacity"]):
            yield region, f"Capacity|{name}", unit, year, float(row["capacity"])
    for row in records(service):
        region, year = named.region(row["region"]), int(row["year"])
        unit = _unit(named, "service", "demand", row)
        name = f"{states[row['state']]}|{_part(named.commodity(row['commodity']))}"
        yield region, f"Final Demand|{name}", unit, year, float(row["demand"])
        yield region, f"Final Demand Unserved|{name}", unit, year, float(row["unserved"])


def _state_names(frame: pd.DataFrame) -> dict[str, str]:
    """IAMC name of each operating state: its mode, with the name of the state without its year
    where a mode has several states in a year."""
    found = frame[["mode", "state", "year"]].drop_duplicates()
    short = {
        str(state): (str(mode), str(state).replace(str(year), "").strip(" -:,"))
        for mode, state, year in found.itertuples(index=False)
    }
    several = {mode: len({one for one in short.values() if one[0] == mode}) > 1 for mode in MODES}
    return {
        state: f"{MODES[mode]} {_part(name)}" if several[mode] else MODES[mode]
        for state, (mode, name) in short.items()
    }


FORMATS: Mapping[str, tuple[str, Callable[[NamedPlan, Path], None]]] = {
    "xlsx": ("plan.xlsx", write_workbook),
    "csv": ("csv", write_csv),
    "json": ("plan.json", write_json),
    "iamc": ("iamc.csv", write_iamc),
    "parquet": ("parquet", write_parquet),
}
"""For each format the usual name of its file or folder, and its writer."""

FOLDERS = {"csv": "columns.csv", "parquet": "columns.parquet"}
"""Formats that are a folder of files; the file that marks it as whole."""
