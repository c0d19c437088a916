"""A plan in the formats that other programs read.

``csv``
    one file for each table with units in ``columns.csv``, as spreadsheets and statistics packages
    like it;
``json``
    everything in one tidy document: what the plan is, each table with its columns and what they
    say, and its rows as records;
``iamc``
    the format of the Integrated Assessment Modeling Consortium, one row for each model, scenario,
    region, variable and unit and one column for each year, which pyam reads;
``parquet``
    one file for each table, columns typed (needs pyarrow, which ``pip install paxsilica[parquet]``
    brings);
``xlsx``
    the workbook.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pandas as pd

from paxsilica.errors import InputError, Problem
from paxsilica.plan.result import PLAN_TABLES, Plan
from paxsilica.report.facts import OWNER, Facts
from paxsilica.report.workbook.full import write_full_workbook
from paxsilica.serialize import json_text

IAMC_KEYS = ["model", "scenario", "region", "variable", "unit"]
WORLD = "World"
"""Region of a figure that belongs to no single one, as IAMC has it."""

MODES = {"normal": "Normal", "disrupted": "Cut-off"}


def export_plan(facts: Facts, format_: str, folder: Path | None, out: Path | None) -> Path:
    """Writes the plan as ``format_`` to ``out``, or to the usual name in ``folder``; says where.

    Raises:
        InputError: if the place is taken by something else, or a package that the format needs is
            missing.
    """
    name, write = FORMATS[format_]
    place = out if out is not None else (folder or Path()) / name
    write(facts, place)
    return place


def describe(plan: Plan) -> pd.DataFrame:
    """What every column of every table of the plan says, units included."""
    rows = [
        (name, column, PLAN_TABLES[name].columns.get(column, "") if name in PLAN_TABLES else "")
        for name, table in plan.tables.items()
        for column in table.columns
    ]
    return pd.DataFrame(rows, columns=["table", "column", "meaning"])


def _make_folder(place: Path) -> None:
    if place.exists() and not place.is_dir():
        raise InputError([Problem("--out", "", "", str(place), "is a file; name a folder")])
    place.mkdir(parents=True, exist_ok=True)


def write_csv(facts: Facts, place: Path) -> None:
    """One CSV file for each table, and ``columns.csv`` that says what the columns mean."""
    _make_folder(place)
    for name, table in {**facts.plan.tables, "columns": describe(facts.plan)}.items():
        table.to_csv(place / f"{name}.csv", index=False, lineterminator="\n", float_format="%.10g")


def write_json(facts: Facts, place: Path) -> None:
    """One JSON document: ``plan`` as in ``result.json``, and ``tables`` with title, columns and
    rows as records; absent values are null."""
    plan = facts.plan
    tables = {
        name: {
            "title": PLAN_TABLES[name].title if name in PLAN_TABLES else name,
            "columns": dict(PLAN_TABLES[name].columns) if name in PLAN_TABLES else {},
            "rows": table,
        }
        for name, table in plan.tables.items()
    }
    result = {key: value for key, value in plan.result().items() if key != "tables"}
    place.write_text(json_text({"plan": result, "tables": tables}, indent=1), encoding="utf-8")


def write_parquet(facts: Facts, place: Path) -> None:
    """One Parquet file for each table."""
    if find_spec("pyarrow") is None:
        raise InputError(
            [
                Problem(
                    "--format",
                    "",
                    "",
                    "parquet",
                    "needs the package pyarrow: pip install 'paxsilica[parquet]'",
                )
            ]
        )
    _make_folder(place)
    for name, table in {**facts.plan.tables, "columns": describe(facts.plan)}.items():
        table.to_parquet(place / f"{name}.parquet", index=False, engine="pyarrow")


def write_xlsx(facts: Facts, place: Path) -> None:
    """The workbook."""
    write_full_workbook(facts, place)


def write_iamc(facts: Facts, place: Path) -> None:
    """A wide CSV file that ``pyam.IamDataFrame`` reads."""
    iamc(facts).to_csv(place, index=False, lineterminator="\n", float_format="%.10g")


def iamc(facts: Facts) -> pd.DataFrame:
    """The figures of the plan that belong to a year, in IAMC's wide format.

    Variables: ``Coverage|...`` by stage and commodity, ``Need|...``, ``Investment|...`` by payer
    and stage, ``Activity|...``, ``Capacity|...`` and ``Demand|...`` in normal times and in a
    cut-off. A sum is given under the shorter name where units allow it.
    """
    rows: dict[tuple[str, str, str], dict[int, float]] = {}
    for region, variable, unit, year, value in _figures(facts):
        if math.isfinite(value):
            by_year = rows.setdefault((region, variable, unit), {})
            by_year[year] = by_year.get(year, 0.0) + value
    years = sorted({year for by_year in rows.values() for year in by_year})
    model, scenario = (
        f"paxsilica {facts.plan.manifest.get('paxsilica', '')}".strip(),
        facts.plan.case,
    )
    records = [
        (model, scenario, *key, *(by_year.get(year) for year in years))
        for key, by_year in sorted(rows.items())
    ]
    return pd.DataFrame(records, columns=[*IAMC_KEYS, *map(str, years)])


Figure = tuple[str, str, str, int, float]


def _figures(facts: Facts) -> Iterator[Figure]:
    """Region, variable, unit, year and value; what has the same first four is added up."""
    yield from _coverage(facts)
    yield from _investment(facts)
    yield from _running(facts)


def _part(words: str) -> str:
    """A part of the name of a variable: the bar divides parts, and pyam takes an asterisk for a
    wildcard."""
    return words.replace("|", "/").replace("*", "x")


def _coverage(facts: Facts) -> Iterator[Figure]:
    shares = {
        "nameplate_share_without": "Nameplate|Without Plan",
        "coverage_without": "Traced|Without Plan",
        "nameplate_share": "Nameplate|With Plan",
        "coverage": "Traced|With Plan",
        "required_share": "Required",
    }
    for row in facts.plan.coverage.to_dict("records"):
        for column, words in shares.items():
            yield (
                WORLD,
                f"Coverage|{_part(facts.stage(row['stage']))}|{words}",
                "1",
                int(row["year"]),
                float(row[column]),
            )
    for row in facts.plan.table("coverage_by_commodity").to_dict("records"):
        place = f"{_part(facts.stage(row['stage']))}|{_part(facts.commodity(row['commodity']))}"
        for column, words in shares.items():
            yield (
                WORLD,
                f"Coverage by Good|{place}|{words}",
                "1",
                int(row["year"]),
                float(row[column]),
            )
        yield WORLD, f"Need|{place}", _unit(row["unit"]), int(row["year"]), float(row["need"])


def _investment(facts: Facts) -> Iterator[Figure]:
    portfolio = facts.plan.portfolio.set_index("project")
    unit = f"million USD_{facts.price_year}" if facts.price_year else "million USD"
    for row in facts.plan.funding.to_dict("records"):
        project = portfolio.loc[row["project"]]
        value, year, region = float(row["usd_m"]), int(row["year"]), facts.region(project["region"])
        for place in (WORLD, region):
            yield place, "Investment", unit, year, value
            yield (
                place,
                f"Investment by Stage|{_part(facts.stage(project['stage']))}",
                unit,
                year,
                value,
            )
        payer = (
            "Owners" if row["funder"] == OWNER else f"Public|{_part(facts.funder(row['funder']))}"
        )
        yield WORLD, f"Investment by Payer|{payer}", unit, year, value
        if row["funder"] != OWNER:
            yield WORLD, "Investment by Payer|Public", unit, year, value


def _running(facts: Facts) -> Iterator[Figure]:
    """Operation and demand, by region; where several cut-offs are run in a year, each under its
    own name."""
    operation, service = facts.plan.table("operation"), facts.plan.table("service")
    for row in operation.to_dict("records"):
        state = _state(row, operation)
        place, region, unit = (
            _part(facts.process(row["process"])),
            facts.region(row["region"]),
            _unit(row["unit"]),
        )
        yield region, f"Activity|{state}|{place}", unit, int(row["year"]), float(row["activity"])
        if (
            row["mode"] == "normal"
            and row["capacity"] == row["capacity"]
            and row["capacity"] is not None
        ):
            yield region, f"Capacity|{place}", unit, int(row["year"]), float(row["capacity"])
    for row in service.to_dict("records"):
        state = _state(row, service)
        place, region, unit = (
            _part(facts.commodity(row["commodity"])),
            facts.region(row["region"]),
            _unit(row["unit"]),
        )
        yield region, f"Final Demand|{state}|{place}", unit, int(row["year"]), float(row["demand"])
        yield (
            region,
            f"Final Demand Unserved|{state}|{place}",
            unit,
            int(row["year"]),
            float(row["unserved"]),
        )


def _state(row: Mapping[Any, Any], frame: pd.DataFrame) -> str:
    """The mode, and the name of the copy without its year where there is more than one of the
    mode."""
    name = str(row["state"]).replace(str(row["year"]), "").strip(" -:,")
    kinds: dict[str, set[str]] = frame.attrs.setdefault("kinds", {})
    if not kinds:
        for mode, state, year in (
            frame[["mode", "state", "year"]].drop_duplicates().itertuples(index=False)
        ):
            kinds.setdefault(str(mode), set()).add(str(state).replace(str(year), "").strip(" -:,"))
    mode = MODES.get(str(row["mode"]), str(row["mode"]))
    return f"{mode} {_part(name)}" if len(kinds[str(row["mode"])]) > 1 else mode


def _unit(words: object) -> str:
    """A unit a year, as IAMC writes it."""
    return f"{words}/yr"


FORMATS: Mapping[str, tuple[str, Callable[[Facts, Path], None]]] = {
    "xlsx": ("plan.xlsx", write_xlsx),
    "csv": ("csv", write_csv),
    "json": ("plan.json", write_json),
    "iamc": ("iamc.csv", write_iamc),
    "parquet": ("parquet", write_parquet),
}
"""For each format the usual name of its file or folder, and what writes it."""
