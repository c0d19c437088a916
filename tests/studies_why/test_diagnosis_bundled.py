"""The bundled world, broken in ways whose cause is known: too little money, a maker of machines
of an adversary, a year too early."""

from __future__ import annotations

import pytest

from paxsilica.bundled import data_folder, find_case
from paxsilica.case import read_case
from paxsilica.infeasibility.diagnose import Diagnosis, diagnose
from paxsilica.tables import load_tables

pytestmark = pytest.mark.slow


def answer(*settings: str) -> Diagnosis:
    """Of the years to 2032, for speed."""
    case = read_case(
        find_case("base"),
        ["years='2026-2032'", "coverage.hard=true", "solver.threads=2", LISTED, *settings],
    )
    return diagnose(load_tables(data_folder()), case, closest=False)


LISTED = (
    "coverage.listed_uses=['fluorspar','hydrogen-fluoride','silicon-metal','package-substrate']"
)
"""Uses outside the chain, which would be causes of their own."""


def test_too_little_money() -> None:
    """A quarter of everything can be covered from 2028 on, but not for USD 1 billion."""
    found = answer("coverage.required={2028=0.25}", "budget_usd_m=1000")
    assert "budget" in {one.kind for one in found.feasible_changes} or found.conflicts


def test_no_trusted_plant_makes_scanners() -> None:
    """All EUV scanners are Dutch: without the Netherlands no leading-edge wafer, no memory and no
    AI server is made at any price."""
    found = answer("coverage.required={2028=0.1}", "membership={NLD='adversary'}")
    first = found.findings[0]
    assert (first.kind, first.about, first.stage) == ("no source", "euv-scanner", "equipment")
    assert {"leading-wafer", "dram-wafer", "ai-server"} <= {
        one.about for one in found.findings if one.kind == "no feed"
    }
    assert {"budget", "funders"} <= {one.kind for one in found.insufficient}
    alone = {one.requirements[0] for one in found.conflicts if len(one.requirements) == 1}
    assert {"the coverage of Manufacturing equipment", "the coverage of Memory"} <= alone


def test_a_year_too_early() -> None:
    """15 % from 2027 is beyond what the plants for magnets can make by then, and within it a year
    later."""
    found = answer("coverage.required={2027=0.15}", "coverage.from_year=2027")
    assert "later" in {one.kind for one in found.feasible_changes} or found.conflicts
