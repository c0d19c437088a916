"""Policy targets that any case can take over by its key ``policy``."""

from __future__ import annotations

import pytest

from paxsilica import InputError
from paxsilica.bundled import find_case, policy_files
from paxsilica.case import read_case


@pytest.mark.parametrize("policy", list(policy_files()))
def test_case_takes_over_what_a_policy_asks(policy: str) -> None:
    case, target = read_case(find_case("base"), [f"policy={policy}"]), read_case(find_case(policy))
    assert case.coverage == target.coverage
    assert case.concentration == target.concentration
    assert case.budget_usd_m == read_case(find_case("base")).budget_usd_m


def test_what_is_set_beside_a_policy_has_the_last_word() -> None:
    case = read_case(find_case("base"), ["policy=eu-2030", "coverage.hard=true"])
    assert case.coverage is not None
    assert case.coverage.hard


def test_unknown_policy_is_answered_with_those_there_are() -> None:
    with pytest.raises(InputError, match="eu-2030, korea-2030, uk-2035"):
        read_case(find_case("base"), ["policy=eu"])
