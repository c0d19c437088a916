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
    """Of the years to 2032 and of named projects, for speed, and of capital alone: signed deals
    would take the money that is asked about."""
    short = ["years='2026-2032'", "generic_options=false", "solver.threads=2"]
    capital = ["support.pay=false", "funders.deals='none'"]
    case = read_case(find_case("base"), [*short, *capital, *settings])
    return diagnose(load_tables(data_folder()), case, closest=False)


def test_too_little_money() -> None:
    """A quarter of everything can be covered from 2028 on, for USD 474 million and not for 300."""
    found = answer("coverage.required={2028=0.25}", "budget_usd_m=300")
    assert [one.kind for one in found.findings] == ["budget"]
    least = found.feasible_changes[0]
    assert least.kind == "budget"
    assert (
        "Least sufficient budget: USD" in found.lines()[found.lines().index(f"- {least.sentence}")]
    )
    assert 172 < least.price.low <= least.price.high <= least.amounts["budget"] < 175
    assert found.conflicts
    assert all("the budget of USD 300 million" in one.requirements for one in found.conflicts)


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
    """25 % from 2027 is beyond what the plants for magnets can make by then, and within it a year
    later."""
    found = answer("coverage.required={2027=0.25}", "coverage.from_year=2027")
    assert {one.stage for one in found.findings} == {"magnets"}
    later = next(way for way in found.feasible_changes if way.kind == "later")
    assert later.amounts == {"years": 1.0}
    assert (
        "- One year later: coverage required from 2028, later shares postponed likewise."
        in found.lines()
    )
