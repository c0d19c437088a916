"""What a case may contain, and the sentences for what it may not."""

from __future__ import annotations

from typing import Any

import pytest

from paxsilica.case import SOLVER_OPTIONS, Case, known_keys, make_case
from paxsilica.errors import InputError

GOOD: dict[str, Any] = {
    "years": "2026-2030",
    "finance": {"discount_rate": 0.05, "residual_value": True},
}
COVERAGE = {"required": 0.5, "from_year": 2028, "hard": True}


def problems(**keys: Any) -> list[str]:
    with pytest.raises(InputError) as caught:
        make_case(GOOD | keys)
    return [f"{problem.column} {problem.expected}" for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"presolv": "on"}, "'presolv' should be one of mip_heuristic_effort"),
        ({"presolv": "on"}, "did you mean presolve?"),
        ({"zzz": 1}, "'zzz' should be one of"),
        ({"presolve": True}, "'presolve' should have a value of type str, not True"),
        ({"mip_allow_restart": 1}, "'mip_allow_restart' should have a value of type bool, not 1"),
        ({"mip_pscost_minreliable": 1.5}, "should have a value of type int, not 1.5"),
        ({"mip_heuristic_effort": True}, "should have a value of type float, not True"),
        ({"presolve": "on", "parallell": "on"}, "did you mean parallel?"),
    ],
)
def test_unknown_option_of_the_solver_is_refused(options: dict[str, Any], words: str) -> None:
    [problem] = problems(solver={"options": options})
    assert words in problem


def test_known_options_of_the_solver_are_taken() -> None:
    values = {float: 0.5, bool: True, int: 3, str: "on"}
    options = {name: values[kind] for name, kind in SOLVER_OPTIONS.items()}
    assert make_case(GOOD | {"solver": {"options": options}}).solver.options == options
    whole = {"mip_heuristic_effort": 1}
    assert make_case(GOOD | {"solver": {"options": whole}}).solver.options == whole


@pytest.mark.parametrize("scenarios", [{"a": 0.5, "b": 0.4}, {"a": 0.6, "b": 0.41}, {"a": 0.0}])
def test_probabilities_that_do_not_add_up_to_1_are_refused(scenarios: dict[str, float]) -> None:
    [problem] = problems(scenarios=scenarios)
    total = sum(scenarios.values())
    assert f"the probabilities should add up to 1, but add up to {total:g}" in problem


def test_probabilities_that_add_up_to_1_are_taken() -> None:
    thirds = {"a": 1 / 3, "b": 1 / 3, "c": 1 / 3}
    assert make_case(GOOD | {"scenarios": thirds}).scenarios == thirds
    assert make_case(GOOD | {"scenarios": ["a", "b"]}).scenarios == ("a", "b")


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"gap": 0.1}, "is not a key of a case; did you mean solver.gap?"),
        ({"years": "2030-2026"}, "the first year should not be after the last"),
        ({"years": "soon"}, 'the first and the last year, written "2026-2040"'),
        ({"objective": "shortfall"}, "needs a section coverage with hard = false"),
        ({"objective": "shortfall", "coverage": COVERAGE}, "coverage with hard = false"),
        ({"objective": "budget"}, "needs a section coverage with hard = true"),
        ({"objective": "budget", "coverage": COVERAGE | {"hard": False}}, "with hard = true"),
        (
            {"concentration": {"max_share": 0.5, "from_year": 2028, "hard": True}},
            "needs section coverage",
        ),
        ({"coverage": COVERAGE | {"required": {"soon": 0.5}}}, "shares by year such as"),
        ({"coverage": COVERAGE | {"required": {}}}, "shares by year such as"),
        ({"coverage": COVERAGE | {"required": {"2028": 1.5}}}, "a share between 0 and 1"),
        ({"coverage": 3}, "should be a section of keys and values"),
        ({"finance": {"discount_rate": 0.05}}, "this key must be given"),
        ({"solver": {"threads": "two"}}, "should be a whole number"),
        ({"policy": "none"}, "should be one of the bundled policy targets"),
    ],
)
def test_wrong_case_gives_one_sentence(keys: dict[str, Any], words: str) -> None:
    [problem] = problems(**keys)
    assert words in problem
    assert "Input" not in problem


def test_all_problems_of_a_case_are_listed() -> None:
    found = problems(solver={"gap": 2, "threads": 0}, budget_usd_m=-1, colour="red")
    assert len(found) == 4


def test_every_key_has_a_description_or_is_a_section() -> None:
    sections = {key.split(".")[0] for key in known_keys() if "." in key}
    assert sections == {
        "coverage", "concentration", "funders", "demand", "finance", "operation", "solver"
    }  # fmt: skip
    for name, field in Case.model_fields.items():
        assert field.description or name in sections


def test_settings_win_over_the_file_and_leave_it_unchanged() -> None:
    raw = GOOD | {"solver": {"gap": 0.1}}
    case = make_case(
        raw,
        [
            "solver.gap=0.2",
            "coverage.required=0.5",
            "coverage.hard=true",
            "coverage.from_year=2028",
        ],
    )
    assert case.solver.gap == 0.2
    assert case.coverage is not None
    assert raw["solver"] == {"gap": 0.1}
