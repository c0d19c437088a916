"""The algebra of what is committed, when, and how large: every coefficient with the arithmetic in
sight."""

from __future__ import annotations

from typing import Any

import pytest

from paxsilica.errors import InputError
from worlds import Built, built, case, world

INF = float("inf")


def y(project: str, year: int) -> tuple[str, Any]:
    return ("committed", (project, year))


def e(project: str, year: int) -> tuple[str, Any]:
    return ("added_size", (project, year))


def plants(years: str = "2030-2032", **projects: dict[str, Any]) -> Built:
    made = world(
        {"make": "-> chip"},
        projects={name: {"process": "make"} | row for name, row in projects.items()},
        demand={("A", "chip"): 0.1},
    )
    return built(made, case(years))


def test_commit_once_in_each_year_after_the_first_of_the_window() -> None:
    model = plants(p={})
    assert model.lines("commit_once") == [("p", 2031), ("p", 2032)]
    row = model.line("commit_once", "p", 2031)
    assert row.terms == {y("p", 2031): 1, y("p", 2030): -1}
    assert row.sides == (0, INF)


def test_commit_once_within_the_window_alone() -> None:
    # lead time 1: commitment in 2032 would run in 2033, after the end; earliest commitment 2031
    # leaves one year, so there is no row
    assert plants(p={"lead_time_years": 1, "earliest_commitment": 2031}).lines("commit_once") == []


def test_required_commitment_without_a_possible_prerequisite_is_refused() -> None:
    # q would come into service after the end, so p can never follow it: a duty that cannot be met
    # is no duty to leave out quietly
    with pytest.raises(InputError, match="presupposes"):
        plants(p={"prerequisites": ("q",), "commitment": "required"}, q={"lead_time_years": 5})


def test_required_commitment_by_the_end_of_the_window() -> None:
    model = plants(p={"commitment": "required", "latest_commitment": 2031}, q={})
    assert model.lines("required_commitment") == ["p"]
    row = model.line("required_commitment", "p")
    assert row.terms == {y("p", 2031): 1}
    assert row.sides == (1, INF)


def test_size_needs_commitment_up_to_the_largest_size() -> None:
    row = plants(p={"size": (5.0, 8.0)}).line("size_needs_commitment", "p", 2031)
    assert row.terms == {e("p", 2031): 1, y("p", 2031): -3}  # 8 - 5
    assert row.sides == (-INF, 0)


def test_size_needs_commitment_of_the_last_year_of_the_window_where_size_may_come_later() -> None:
    model = plants(p={"size": (5.0, 8.0), "expandable": True, "latest_commitment": 2030})
    assert model.line("size_needs_commitment", "p", 2032).terms == {
        e("p", 2032): 1,
        y("p", 2030): -3,
    }
    assert model.bounds("added_size", "p", 2032) == (0, 3)


def test_size_never_shrinks_once_committed() -> None:
    row = plants(p={"size": (5.0, 8.0), "expandable": True}).line("size_never_shrinks", "p", 2032)
    assert row.terms == {e("p", 2032): 1, e("p", 2031): -1}
    assert row.sides == (0, INF)


def test_size_never_shrinks_has_no_row_for_a_project_of_one_size() -> None:
    assert plants(p={"size": 5.0}).lines("size_never_shrinks") == []


def test_size_set_at_commitment_where_the_project_is_not_expandable() -> None:
    model = plants(p={"size": (5.0, 8.0)}, q={"size": (5.0, 8.0), "expandable": True})
    assert model.lines("size_set_at_commitment") == [("p", 2031), ("p", 2032)]
    row = model.line("size_set_at_commitment", "p", 2031)
    # what is added in 2031 is at most 3, and only if 2031 is the year of commitment
    assert row.terms == {e("p", 2031): 1, e("p", 2030): -1, y("p", 2031): -3, y("p", 2030): 3}
    assert row.sides == (-INF, 0)


def test_exclusive_group_counts_commitments_by_the_end() -> None:
    row = plants(
        p={"exclusive_group": "site"},
        q={"exclusive_group": "site", "latest_commitment": 2031},
        r={},
    ).line("exclusive_group", "site")
    assert row.terms == {y("p", 2032): 1, y("q", 2031): 1}
    assert row.sides == (-INF, 1)


def test_prerequisite_in_the_same_year_or_before() -> None:
    model = plants(p={"prerequisites": ("q",)}, q={})
    row = model.line("prerequisite", "p", "q", 2031)
    assert row.terms == {y("p", 2031): 1, y("q", 2031): -1}
    assert row.sides == (-INF, 0)


def test_prerequisite_that_cannot_be_committed_yet_forbids_the_year() -> None:
    model = plants(p={"prerequisites": ("q",)}, q={"earliest_commitment": 2031})
    assert model.line("prerequisite", "p", "q", 2030).terms == {y("p", 2030): 1}


def test_a_project_whose_prerequisite_is_impossible_is_left_out_with_the_reason() -> None:
    model = plants(p={"prerequisites": ("q",)}, q={"lead_time_years": 5})
    assert model.instance.dropped == {
        "q": "cannot come into service within the years of the case",
        "p": "a project that it presupposes cannot be committed",
    }
