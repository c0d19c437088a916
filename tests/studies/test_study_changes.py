"""Ranges as the data gives them, and tables with numbers moved."""

from __future__ import annotations

import pytest
from smallworlds import chain_tables, with_ranges

from paxsilica.errors import InputError
from paxsilica.studies.parameters import Parameter, Range, find_ranges, moved

CAPEX = Parameter("capital", "projects", ("capex_usd_m",))


def test_the_most_specific_range_counts() -> None:
    found = {one.row: one for one in find_ranges(with_ranges(chain_tables()), CAPEX)}
    assert (found["a-smelt"].low, found["a-smelt"].value, found["a-smelt"].high) == (
        25.0,
        31.0,
        55.0,
    )
    assert (found["b-mine"].low, found["b-mine"].high) == pytest.approx((0.8 * 23, 1.5 * 23))
    assert len(found) == 7


def test_rows_are_chosen_by_pattern() -> None:
    tables = with_ranges(chain_tables())
    assert {
        one.row for one in find_ranges(tables, Parameter.parse("projects.capex_usd_m:*-mine*"))
    } == {"a-mine-2", "b-mine", "c-mine"}
    demand = find_ranges(tables, Parameter.parse("demand.quantity:A|*|*|*|2000"))
    assert [one.row for one in demand] == ["A|metal|||2000"]


def test_levels_go_straight_from_low_over_the_value_to_high() -> None:
    one = Range("t", "r", "c", None, 10.0, 8.0, 16.0)
    assert [one.at(level) for level in (-1, -0.5, 0, 0.5, 1)] == [8, 9, 10, 13, 16]
    assert [one.draw(share, "uniform") for share in (0.0, 0.5, 1.0)] == [8, 12, 16]
    # of the area of the triangle a quarter lies below the mode: (10 - 8) / (16 - 8)
    assert [one.draw(share, "triangular") for share in (0.0, 0.25, 1.0)] == [8, 10, 16]


def test_a_moved_number_moves_nothing_else() -> None:
    tables = with_ranges(chain_tables())
    found = find_ranges(tables, CAPEX)
    new = moved(tables, [(one, one.at(1.0)) for one in found])
    by_name = {row.project: row for row in new.projects}
    assert by_name["a-smelt"].capex_usd_m == 55.0
    for old in tables.projects:
        assert by_name[old.project].model_copy(update={"capex_usd_m": old.capex_usd_m}) == old
    assert new.assets is tables.assets
    assert moved(tables, [(one, one.at(0.0)) for one in found]).projects == tables.projects


def test_whole_numbers_stay_whole() -> None:
    tables = with_ranges(chain_tables())
    lead = find_ranges(tables, Parameter("lead time", "projects", ("lead_time_years",)))
    assert {
        row.lead_time_years for row in moved(tables, [(one, one.at(0.4)) for one in lead]).projects
    } == {0}
    new = moved(tables, [(one, one.at(0.9)) for one in lead]).projects
    assert {row.lead_time_years for row in new} == {1}
    assert all(isinstance(row.lead_time_years, int) for row in new)


def test_a_project_of_one_size_stays_of_one_size() -> None:
    tables = chain_tables()
    place = Range("projects", "b-mine", "largest_size", None, 5.0, 4.0, 8.0)
    row = next(row for row in moved(tables, [(place, 8.0)]).projects if row.project == "b-mine")
    assert (row.smallest_size, row.largest_size) == (8.0, 8.0)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("projects", "should be written"),
        ("project.capex_usd_m", "name of a table"),
        ("projects.capex_usd", "did you mean"),
        ("projects.name", "holds numbers"),
    ],
)
def test_parameters_that_are_not_there_are_refused(text: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        find_ranges(chain_tables(), Parameter.parse(text))
