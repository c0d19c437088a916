"""The data folders of past shocks: complete, sourced, and near the published figures."""

from __future__ import annotations

from pathlib import Path

import pytest

from paxsilica import load
from paxsilica.provenance.formulas import disagreements
from paxsilica.provenance.lookup import without_provenance
from paxsilica.tables import load_tables

HISTORY = Path(__file__).parents[2] / "data" / "history"
YEARS = ["2010", "2025"]


@pytest.mark.parametrize("year", YEARS)
def test_every_number_of_the_past_has_provenance_and_its_formula_gives_it(year: str) -> None:
    tables = load_tables(HISTORY / year)
    assert [number.place for number in without_provenance(tables)] == []
    assert [
        f"{row.table} {row.row} {row.column}: {given.value:g}"
        for row, given in disagreements(tables)
    ] == []
    used = {name for row in tables.provenance for name in row.sources}
    assert {row.source for row in tables.sources} - used == set()
    assert [
        row.source
        for row in tables.sources
        if row.url is None and not row.source.startswith("JUDGEMENT")
    ] == []


def unserved(year: str) -> dict[tuple[int, str], float]:
    """Unserved share of demand outside of China, by year and commodity, in the folder's case."""
    folder = HISTORY / year
    service = load(folder / "case.toml", folder).solve().tables["service"]
    outside = (
        service[service["region"] != "CHN"]
        .groupby(["year", "commodity"])[["unserved", "demand"]]
        .sum()
    )
    return {
        (int(row.Index[0]), str(row.Index[1])): row.unserved / row.demand
        for row in outside.itertuples()
    }


def test_quota_of_2010_bites_from_its_year_on() -> None:
    shares = unserved("2010")
    assert shares[2009, "rare-earth-oxide"] == pytest.approx(0, abs=1e-6)
    assert 0.1 < shares[2010, "rare-earth-oxide"] < 0.4
    assert shares[2013, "rare-earth-oxide"] < 0.01, (
        "Mountain Pass, committed at once, would have filled the gap"
    )


def test_controls_of_2025_leave_hardly_a_shortage_of_magnets_or_gallium_over_the_year() -> None:
    shares = unserved("2025")
    assert all(
        share == pytest.approx(0, abs=1e-6) for (year, _), share in shares.items() if year == 2024
    )
    assert shares[2025, "gallium"] == pytest.approx(0, abs=0.01)
    assert shares[2025, "ndfeb-magnet"] < 0.02
    assert shares[2025, "germanium"] > 0.05
    assert shares[2025, "antimony"] > 0.2
