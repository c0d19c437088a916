"""Every format holds what the tables hold, and is what its readers expect."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from paxsilica.cli import app
from paxsilica.plan.tables import PRICE_TABLES
from paxsilica.report.export import FORMATS, IAMC_KEYS, describe, export_plan, iamc
from paxsilica.serialize import safe_table
from report_world import bare, named, save


def same(left: pd.DataFrame, right: pd.DataFrame) -> None:
    """The same rows, whatever stands for a blank in a column that has nothing but blanks."""
    frames = [
        frame.reset_index(drop=True).apply(
            lambda column: pd.to_numeric(column) if column.isna().all() else column
        )
        for frame in (left, right)
    ]
    pd.testing.assert_frame_equal(*frames, check_dtype=False, rtol=1e-8)


@pytest.mark.parametrize("name", ["portfolio", "coverage", "operation", "funding"])
def test_csv_and_parquet_hold_the_tables(tmp_path: Path, name: str) -> None:
    table = named().plan.table(name)
    export_plan(named(), "csv", tmp_path, None)
    same(
        pd.read_csv(tmp_path / "csv" / f"{name}.csv", keep_default_na=False, na_values=[""]),
        safe_table(table),
    )
    pytest.importorskip("pyarrow")
    export_plan(named(), "parquet", tmp_path, None)
    same(pd.read_parquet(tmp_path / "parquet" / f"{name}.parquet"), table)


def test_json_is_tidy_and_says_what_columns_mean(tmp_path: Path) -> None:
    place = export_plan(named(), "json", None, tmp_path / "one.json")
    document = json.loads(place.read_text(encoding="utf-8"))
    assert document["plan"]["objective"] == pytest.approx(named().plan.objective)
    portfolio = document["tables"]["portfolio"]
    assert [row["project"] for row in portfolio["rows"]] == named().plan.portfolio[
        "project"
    ].tolist()
    assert portfolio["columns"]["capex_usd_m"] == "expected capital, all of it paid, USD million"


def test_every_column_is_described_with_type_and_unit_prices_included() -> None:
    prices = {name: named().plan.table(name) for name in PRICE_TABLES}
    plan = replace(named().plan, tables={**named().plan.tables, **prices})
    found = describe(plan).set_index(["table", "column"])
    assert len(found) == sum(len(table.columns) for table in plan.tables.values())
    assert (found["meaning"].str.len() > 0).all()
    assert (found.loc[found["type"].isin(["text", "yes/no", "year"]), "unit"] == "").all()
    assert found.loc[("prices", "value"), "unit"] == "unit of the row"
    assert found.loc[("value_curve", "objective"), "unit"] == "USD million"
    assert found.loc[("coverage", "joint_coverage"), "unit"] == "share of 1"


def test_iamc_has_the_form_that_pyam_asks_for() -> None:
    """One row for each model, scenario, region, variable and unit; years as columns; no blank keys;
    only numbers."""
    frame = iamc(named())
    assert list(frame.columns[:5]) == IAMC_KEYS
    assert [int(year) for year in frame.columns[5:]] == list(range(2030, 2035))
    assert not frame[IAMC_KEYS].duplicated().any()
    assert (
        frame[IAMC_KEYS]
        .map(lambda part: isinstance(part, str) and part.strip() == part and bool(part))
        .all(axis=None)
    )
    assert frame.iloc[:, 5:].apply(pd.to_numeric).notna().any(axis=1).all()
    assert not frame["variable"].str.contains(r"\*|\|\||\|$", regex=True).any()
    assert (frame.groupby("variable")["unit"].nunique() == 1).all()


def test_iamc_figures_are_those_of_the_tables() -> None:
    frame = iamc(named()).set_index(["region", "variable"])
    funding = named().plan.funding
    assert frame.loc[("World", "Investment"), "2030"] == pytest.approx(
        funding.loc[funding["year"] == 2030, "usd_m"].sum()
    )
    regions = [
        region for region, variable in frame.index if variable == "Investment" and region != "World"
    ]
    assert frame.loc[[(region, "Investment") for region in regions], "2030"].sum() == pytest.approx(
        frame.loc[("World", "Investment"), "2030"]
    )
    coverage = named().plan.coverage.set_index(["stage", "year"])
    assert frame.loc[("World", "Coverage|ore|Standalone|With Plan"), "2033"] == pytest.approx(
        coverage.loc[("ore", 2033), "standalone_coverage"]
    )


def test_pyam_reads_it(tmp_path: Path) -> None:
    pyam = pytest.importorskip(
        "pyam",
        reason="needs pyam-iamc, of which no release for pandas 3 on this Python is installed",
    )
    read = pyam.IamDataFrame(str(export_plan(named(), "iamc", tmp_path, None)))
    assert read.filter(variable="Investment", region="World").data["value"].sum() == pytest.approx(
        named().plan.funding["usd_m"].sum()
    )


@pytest.mark.parametrize("format_", FORMATS)
def test_a_plan_without_its_tables_can_be_exported(tmp_path: Path, format_: str) -> None:
    if format_ == "parquet":
        pytest.importorskip("pyarrow")
    assert export_plan(bare(), format_, tmp_path, None).exists()


@pytest.mark.parametrize("format_", ["csv", "json", "iamc", "xlsx"])
def test_the_same_plan_gives_the_same_bytes(tmp_path: Path, format_: str) -> None:
    places = [export_plan(named(), format_, None, tmp_path / f"{at}.out") for at in range(2)]
    files = [sorted(place.rglob("*")) if place.is_dir() else [place] for place in places]
    assert [path.read_bytes() for path in files[0]] == [path.read_bytes() for path in files[1]]


@pytest.mark.slow
def test_commands_write_and_say_where(tmp_path: Path) -> None:
    first, second = save(60.0, tmp_path / "first"), save(40.0, tmp_path / "second")
    run = CliRunner().invoke(
        app, ["report", str(first), "--with", str(second), "--out", str(tmp_path / "both.html")]
    )
    assert run.exit_code == 0, run.output
    assert (tmp_path / "both.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    run = CliRunner().invoke(app, ["export", str(first), "--format", "iamc"])
    assert run.output.strip() == str(first / "iamc.csv")
    run = CliRunner().invoke(app, ["export", str(first), "--format", "gdx"])
    assert run.exit_code == 2
    run = CliRunner().invoke(app, ["report", str(tmp_path)])
    assert run.exit_code == 2
