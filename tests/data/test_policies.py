"""The targets that governments have set, as cases with their dates: they can be read and ask for
what they say."""

from __future__ import annotations

from pathlib import Path

import pytest

from paxsilica.case import read_case
from paxsilica.interpolate import interpolate_flat

POLICIES = Path(__file__).parents[2] / "models" / "policies"


@pytest.mark.parametrize(
    ("name", "year", "share"),
    [("eu-2030", 2030, 0.35), ("korea-2030", 2030, 0.5), ("uk-2035", 2035, 0.4)],
)
def test_target_holds_from_its_year_on(name: str, year: int, share: float) -> None:
    case = read_case(POLICIES / f"{name}.toml")
    assert case.coverage is not None
    assert case.coverage.from_year == year
    assert (
        interpolate_flat(case.coverage.required, year)
        == interpolate_flat(case.coverage.required, year + 5)
        == share
    )


def test_every_policy_is_tested() -> None:
    assert sorted(path.stem for path in POLICIES.glob("*.toml")) == [
        "eu-2030",
        "korea-2030",
        "uk-2035",
    ]
