"""VSS and EVPI, against published values and against linear programs of their own."""

from __future__ import annotations

import tomllib
from math import inf
from pathlib import Path
from typing import Any

import apl1p
import pytest
from smallworlds import embargo

from paxsilica.api import Question
from paxsilica.case import read_case
from paxsilica.errors import InputError
from paxsilica.instance.mean_scenario import mean_scenario
from paxsilica.solver.resolve import NOWHERE, Interval
from paxsilica.studies.information import Information, information, values_of
from paxsilica.tables import load_tables
from worlds import case, world

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


def compare(found: Information, expected: dict[str, float]) -> None:
    table = found.table().set_index("measure")
    assert set(table.index) == set(expected)
    for name, value in expected.items():
        assert table.loc[name, ["low_usd_m", "high_usd_m"]].tolist() == pytest.approx([value] * 2)


def test_two_generators_cost_what_linear_programs_of_their_own_say() -> None:
    # the generators are random, demand has its mean
    chances = apl1p.scenarios(0)
    compare(information(apl1p.question(chances), workers=1), apl1p.expected(chances))


@pytest.mark.slow
def test_two_generators_have_the_published_optimum() -> None:
    chances = apl1p.scenarios()
    expected = apl1p.expected(chances)
    assert len(chances) == 1280
    assert expected["RP"] == pytest.approx(24_642.3, abs=0.05)
    compare(information(apl1p.question(chances), workers=1), expected)


def test_a_cut_off_has_no_mean_so_the_likeliest_scenario_is_the_reference() -> None:
    # All scenarios: build for 7 rather than suffer 0.3 * 20 + 0.2 * 10 = 8. The likeliest scenario
    # alone builds nothing and then suffers 8. Known in advance: 0.5 * 0 + 0.3 * 7 + 0.2 * 7.
    found = information(embargo(), workers=1)
    compare(found, {"RP": 7, "EV": 0, "EEV": 8, "WS": 3.5, "VSS": 1, "EVPI": 3.5})
    assert found.notes[0] == "The reference scenario is base."
    assert "saves USD 1 million" in found.notes[1]
    scenarios = found.table("scenarios").set_index("scenario")
    assert scenarios["cost_usd_m"].to_dict() == pytest.approx({"base": 0, "early": 7, "late": 7})
    # planned for the early embargo the plant is built, as in the plan for all
    other = information(embargo(), reference="early", workers=1)
    compare(other, {"RP": 7, "EV": 7, "EEV": 7, "WS": 3.5, "VSS": 0, "EVPI": 3.5})


def result(low: float, high: float | None, status: str = "feasible", **more: Any) -> dict[str, Any]:
    return {"status": status, "bound": low, "objective": high} | more


def test_gaps_make_intervals() -> None:
    runs = {"within_money": True, "missing": []}
    waiting = [(0.25, Interval(40.0, 44.0)), (0.75, Interval(80.0, 80.0))]
    found = values_of(result(98, 100), result(70, 71), result(101, 103, **runs), waiting)
    assert found["WS"] == Interval(70.0, 71.0)
    assert found["VSS"] == Interval(1.0, 5.0)  # 101 - 100 to 103 - 98
    assert found["EVPI"] == Interval(27.0, 30.0)
    # neither value is negative, whatever the gaps leave open
    found = values_of(
        result(98, 100), result(70, 71), result(97, 99, **runs), [(1, Interval(97, 101))]
    )
    assert (found["VSS"], found["EVPI"]) == (Interval(0.0, 1.0), Interval(0.0, 3.0))


def test_a_plan_that_cannot_be_run_or_was_not_found_is_never_cheap() -> None:
    best, middle = result(98, 100), result(70, 71)
    waiting = [(1.0, Interval(90.0, 90.0))]
    for applied in (
        result(101, 103, within_money=False, missing=[]),
        result(101, 103, within_money=True, missing=["p"]),
        result(inf, None, "infeasible", within_money=True, missing=[]),
    ):
        assert values_of(best, middle, applied, waiting)["VSS"] == NOWHERE
    late = values_of(best, result(70, None, "no_plan"), None, waiting)
    assert late["EEV"] == Interval(98.0, inf)
    assert late["VSS"] == Interval(0.0, inf)


@pytest.mark.parametrize(
    ("question", "reference", "words"),
    [
        (lambda: embargo(scenarios=None), None, "without them there is nothing to learn"),
        (lambda: embargo(scenarios={"base": 1.0}), None, "at least two scenarios"),
        (embargo, "erly", "did you mean 'early'"),
        (lambda: embargo(objective="budget"), None, "should be cost"),
    ],
)
def test_what_has_no_value_of_information_is_refused_in_words(
    question: Any, reference: str | None, words: str
) -> None:
    with pytest.raises(InputError, match=words):
        information(question(), reference=reference, workers=1)


def test_all_problems_are_listed_at_once() -> None:
    with pytest.raises(InputError) as caught:
        information(embargo(scenarios=None, objective="budget"), reference="x", workers=1)
    assert {problem.column or problem.table for problem in caught.value.problems} == {
        "objective",
        "scenarios",
        "reference",
    }


def test_factors_that_overlap_are_averaged_as_their_product() -> None:
    # In half of the cases everything is at 0.5 and, from 2031 on, mines are at 0.4 of that, 0.2. In
    # the others all is at 1. Means are 0.75, and 0.6 for mines; the product of means is 0.525.
    tables = world(
        {"mine": "-> ore", "smelt": "ore -> metal"},
        assets={"m": {"process": "mine"}, "s": {"process": "smelt"}},
        demand={("A", "metal"): 1.0},
        scenarios={"bad": 0.5, "good": 0.5},
        events=[
            {"scenario": "bad", "event": "capacity", "from_year": 2030, "factor": 0.5},
            {
                "scenario": "bad",
                "event": "capacity",
                "process": "mine",
                "from_year": 2031,
                "factor": 0.4,
            },
        ],
    )
    mean, name = mean_scenario(tables, case("2030-2031", scenarios=["bad", "good"]))
    found = {(row.process, row.from_year): row.factor for row in mean.events}
    assert found == pytest.approx(
        {("mine", 2030): 0.75, ("smelt", 2030): 0.75, ("mine", 2031): 0.6, ("smelt", 2031): 0.75}
    )
    assert {row.scenario for row in mean.events} == {name} == {"mean"}
