"""VSS and EVPI, against published values and against linear programs of their own."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from paxsilica.api import Question
from paxsilica.case import read_case
from paxsilica.studies.information import information
from paxsilica.tables import load_tables

FARMER = Path(__file__).parent.parent / "cases" / "farmer"


def farmer(*settings: str) -> Question:
    return Question(load_tables(FARMER), read_case(FARMER / "case.toml", settings))


def test_the_values_of_the_farmer_are_those_of_the_book() -> None:
    # published to the dollar, so within half a dollar
    expected = tomllib.loads((FARMER / "expected.toml").read_text(encoding="utf-8"))["information"]
    found = information(farmer(), workers=1)
    table = found.table().set_index("measure")
    for name, value in expected.items():
        assert table.loc[name, "low_usd_m"] == pytest.approx(value, abs=0.5), name
        assert table.loc[name, "high_usd_m"] == pytest.approx(value, abs=0.5), name
    # 170, 80 and 250 acres; with average yields 120, 80 and 300
    sizes = found.table("projects").set_index("project")
    assert sizes["size"].to_dict() == pytest.approx(
        {"wheat-land": 170, "corn-land": 80, "beet-land": 250}
    )
    assert sizes["reference_size"].to_dict() == pytest.approx(
        {"wheat-land": 120, "corn-land": 80, "beet-land": 300}
    )
