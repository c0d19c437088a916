"""The cases on money from the Gulf differ from the base in the envelopes of its funds alone."""

from __future__ import annotations

import pytest

from paxsilica import load
from paxsilica.bundled import case_files
from paxsilica.case import Case, read_case
from paxsilica.instance.projects import make_funder_terms
from paxsilica.instance.world import make_world

GULF = ("ARE", "QAT", "SAU")


def question(name: str, *changes: str) -> dict[str, object]:
    kept = {"name", "title", "question", "see_also", "funders"}
    return read_case(case_files()[name], changes).model_dump(mode="json", exclude=kept)


@pytest.mark.parametrize(("name", "billion"), [("gulf-0", 0.0), ("base", 2.0), ("gulf-10", 10.0)])
def test_envelopes_of_the_gulf_add_up(name: str, billion: float) -> None:
    found = load(name)
    stated = found.case.funders.envelopes_usd_m
    rows = [row for row in found.tables.funders if row.region in GULF]
    total = sum(stated.get(row.funder, row.envelope_usd_m or 0.0) for row in rows)
    assert total == pytest.approx(1000 * billion, rel=0.05)
    assert set(stated) == ({row.funder for row in rows} if name != "base" else set())


def test_the_rest_of_the_case_is_the_base() -> None:
    assert question("gulf-0") == question("base")
    assert question("gulf-10") == question("base")


def test_without_their_envelopes_the_funds_take_no_part() -> None:
    funders = {}
    for name in ("gulf-0", "base", "gulf-10"):
        found = load(name)
        world = make_world(found.tables, found.case)
        rows = found.tables.funders
        funders[name] = {row.funder for row in rows if make_funder_terms(world, row) is not None}
    gulf = {"are-mgx", "are-adq-orion", "qat-qia"}
    assert funders["base"] == funders["gulf-10"] == funders["gulf-0"] | gulf
    assert not funders["gulf-0"] & gulf


@pytest.mark.parametrize("name", case_files())
def test_bundled_cases_say_whether_deals_and_preferences_count(name: str) -> None:
    case: Case = read_case(case_files()[name])
    assert {"deals", "preference"} <= case.funders.model_fields_set
