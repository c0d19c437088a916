"""What a case may contain, and the sentences for what it may not."""

from __future__ import annotations

from typing import Any

import highspy
import pytest

from paxsilica.case import Case, known_keys, make_case
from paxsilica.case_options import SOLVER_OPTIONS, SolverOption
from paxsilica.errors import InputError

GOOD: dict[str, Any] = {
    "years": "2026-2030",
    "finance": {"discount_rate": 0.05},
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
        ({"presolve": True}, "'presolve' should be one of 'off', 'choose', 'on', not true"),
        ({"mip_allow_restart": 1}, "'mip_allow_restart' should be true or false, not 1"),
        ({"mip_pscost_minreliable": 1.5}, "should be a whole number between 0 and 1e+06, not 1.5"),
        ({"mip_heuristic_effort": True}, "should be a number between 0 and 1, not true"),
        ({"presolve": "on", "parallell": "on"}, "did you mean parallel?"),
    ],
)
def test_unknown_option_of_the_solver_is_refused(options: dict[str, Any], words: str) -> None:
    [problem] = problems(solver={"options": options})
    assert words in problem


def values_of(option: SolverOption) -> list[Any]:
    """Values at both ends of what an option takes."""
    if option.kind is bool:
        return [True, False]
    return list(option.choices) or [option.kind(option.least), option.kind(option.most)]


def beyond(option: SolverOption) -> list[Any]:
    """Values just beyond what an option takes, and of other types."""
    others: list[Any] = ["", "onn", [1], {"a": 1}, float("inf"), float("nan")]
    if option.kind is not bool:
        others += [True, False]
    if option.choices or option.kind is bool:
        return [*others, 0, 1, 0.5, *(word.upper() for word in option.choices)]
    assert option.least is not None
    assert option.most is not None
    return [*others, option.least - 1e-9 - abs(option.least), option.most * 1.01, "0.5", 1e300, -1]


@pytest.mark.parametrize("name", SOLVER_OPTIONS)
def test_every_option_of_the_solver_has_bounds_that_the_solver_takes(name: str) -> None:
    option = SOLVER_OPTIONS[name]
    bounded = option.least is not None and option.most is not None
    assert bounded == (option.kind in (int, float))
    assert bool(option.choices) == (option.kind is str)
    for value in values_of(option):
        case = make_case(GOOD | {"solver": {"options": {name: value}}})
        assert case.solver.options == {name: value}
        solver = highspy.Highs()
        solver.setOptionValue("output_flag", False)
        assert solver.setOptionValue(name, option.kind(value)) == highspy.HighsStatus.kOk
    for value in beyond(option):
        with pytest.raises(InputError) as caught:
            make_case(GOOD | {"solver": {"options": {name: value}}})
        assert all(problem.column.startswith("solver") for problem in caught.value.problems)
        assert name in str(caught.value)


@pytest.mark.parametrize(
    ("key", "taken", "refused"),
    [
        ("gap", [0, 1e-9, 0.5], [1e-10, 1e-300, -0.1, 1, 2]),
        ("time_limit_s", [1e-3, 60, 1e7], [0, -1, 1e8, 1e300]),
        ("threads", [1, 64], [0, 65, 1.5, -1]),
        ("seed", [0, 2**31 - 1], [-1, 2**31, 0.5]),
    ],
)
def test_limits_of_the_search_are_bounded(key: str, taken: list[Any], refused: list[Any]) -> None:
    for value in taken:
        assert getattr(make_case(GOOD | {"solver": {key: value}}).solver, key) == value
    for value in refused:
        [problem] = problems(solver={key: value})
        assert problem.startswith(f"solver.{key} should be"), problem


def test_whole_number_is_taken_where_a_number_is_expected() -> None:
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
        ({"objective": "security"}, "needs a section coverage"),
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
        ({"finance": {"public_funds_cost": 1.2}}, "this key must be given"),
        ({"finance": {"discount_rate": 0.05, "public_funds_cost": 0.9}}, "between 1 and 10"),
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
        "coverage", "concentration", "funders", "demand", "finance", "operation", "solver",
        "roles", "need", "access", "support", "budget",
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
