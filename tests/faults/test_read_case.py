"""Mistakes in the keys of a case: every key, with values of wrong types, gives one plain
sentence."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from paxsilica.case import Case, known_keys, make_case, read_case
from paxsilica.errors import InputError

GOOD: dict[str, Any] = {
    "years": "2026-2030",
    "finance": {"discount_rate": 0.05},
    "coverage": {"required": 0.5, "from_year": 2028, "hard": True},
    "concentration": {"max_share": 0.5, "from_year": 2028, "hard": True},
}
WRONG: dict[str, Any] = {
    "truth": True,
    "number": 3.25,
    "negative": -7,
    "huge": 1e300,
    "text": "zzz",
    "comma": "0,7",
    "percent": "70 %",
    "arabic": "\u0663",
    "list": [[1]],
    "section": {"zzz": {"yyy": [1]}},
    "empty": {},
}
LIBRARY = re.compile(
    r"\bInput\b|valid |dict\[|tuple|constrained|instance of|dictionary|integer|boolean|NoneType"
    r"|Value error|parsing|\bstr\b|\bint\b|\bfloat\b|\bbool\b"
)


def mistakes(key: str, value: Any) -> list[Any]:
    raw = {name: dict(part) if isinstance(part, dict) else part for name, part in GOOD.items()}
    *path, last = key.split(".")
    place = raw
    for part in path:
        place = place.setdefault(part, {})
    place[last] = value
    try:
        make_case(raw)
    except InputError as error:
        return list(error.problems)
    return []


@pytest.mark.parametrize("key", known_keys())
def test_no_value_of_a_wrong_type_is_answered_in_the_words_of_a_library(key: str) -> None:
    refused = 0
    for name, value in WRONG.items():
        found = mistakes(key, value)
        refused += bool(found)
        for problem in found:
            assert not LIBRARY.search(problem.expected), (name, problem)
            assert problem.column.startswith(key) or not problem.column, (name, problem)
        if not isinstance(value, dict):
            assert len(found) <= 1, (name, found)
    assert refused >= 3


NUMBERS = [
    key
    for key in known_keys()
    if mistakes(key, "zzz") and re.search("number|share", str(mistakes(key, "zzz")))
]


@pytest.mark.parametrize("key", NUMBERS)
@pytest.mark.parametrize("value", [True, False, "\u0663", "\u0967"])
def test_a_number_is_neither_a_truth_value_nor_in_other_digits(key: str, value: Any) -> None:
    assert len(mistakes(key, value)) == 1


def test_keys_of_numbers_are_found() -> None:
    assert {"budget_usd_m", "finance.discount_rate", "coverage.required", "solver.gap"} <= {
        *NUMBERS
    }


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ('years="2026,2030,2035"', 'written "2026-2040"'),
        ('years="2026-2036/5"', 'written "2026-2040"'),
        ("years=\u0662\u0660\u0662\u0666", 'written "2026-2040"'),
        ("funding=signatory", "a list of statuses such as"),
        ("coverage.required=70", "0.7 for 70 %"),
        ("coverage.required=0,7", "the decimal sign is a point"),
        ("coverage=0.5", "a section of keys and values; its keys are required"),
        ("coverage.required={}", "a share, or shares by year"),
        ("coverage.required={203=0.9}", "a year lies between 1900 and 2200"),
        ("roles.protected={signatory=203}", "should lie between 1900 and 2200"),
        ("finance.discount_rate=1e-17", "should be 0, or at least 0.000001"),
        ("coverage.outage_years=100000000000000000000000", "between 1 and 100"),
        ("budget_usd_m=true", "a number between 0 and"),
        ("name=../../x", "the name of a folder, without /"),
        ("name==x", "should not begin with ="),
    ],
)
def test_slips_get_one_sentence_that_says_what_would_be_right(setting: str, words: str) -> None:
    with pytest.raises(InputError) as caught:
        make_case(GOOD, [setting])
    [problem] = caught.value.problems
    assert words in problem.expected


@pytest.mark.parametrize("rate", [10.0**-power for power in range(7, 20)])
@pytest.mark.parametrize("sign", [1, -1])
def test_rates_too_near_to_0_are_refused(rate: float, sign: int) -> None:
    with pytest.raises(InputError, match="should be 0, or at least"):
        make_case(GOOD | {"finance": {"discount_rate": sign * rate}})


@pytest.mark.parametrize("sign", [0x1B, 0x07, 0x00, 0x200B, 0x202E, 0x00AD, 0xFEFF])
@pytest.mark.parametrize("key", ["name", "title", "question"])
def test_characters_that_are_not_seen_are_named(key: str, sign: int) -> None:
    [problem] = mistakes(key, f"a{chr(sign)}b")
    assert f"U+{sign:04X}" in problem.expected


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_byte_order_mark_is_no_part_of_a_case(encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    text = 'years = "2026-2030"\nfinance = {discount_rate = 0.0}\n'
    path.write_text(text, encoding=encoding)
    assert read_case(path) == Case.model_validate(
        {"name": "mine", "years": "2026-2030"} | {"finance": {"discount_rate": 0.0}}
    )


TEXT = 'years = "2026-2030"\nbudget_usd_m = 7.5\n\n[finance]\ndiscount_rate = 0.05\n'


@pytest.mark.parametrize(
    ("before", "after", "line", "words"),
    [
        ("7.5", "7,5", 2, "decimal sign is a point"),
        ("7.5", "7,500", 2, "thousands are not separated"),
        ("0.05", "5 %", 5, "should be a share such as 0.7 for 70 %"),
        ('"2026-2030"', "2026-2030", 1, "text in quotation marks"),
        ('"2026-2030"', "\u201c2026-2030\u201d", 1, 'the quotation marks "'),
        ("7.5", "True", 2, "true or false, in small letters"),
        ("7.5", "much", 2, "text in quotation marks"),
        ("budget_usd_m =", "budget_usd_m:", 2, "= between key and value"),
        ("budget_usd_m = 7.5", 'years = "2026-2031"', 2, "should be given once"),
        ("[finance]", "[finance", 4, "brackets are closed"),
        ("7.5", "[7.5", 4, "brackets are closed"),
        (TEXT, '{"years": "2026-2030"}', 1, "should be a line of TOML"),
    ],
)
def test_a_file_that_is_no_toml_is_answered_with_its_line_and_no_words_of_a_parser(
    tmp_path: Path, before: str, after: str, line: int, words: str
) -> None:
    assert before in TEXT
    path = tmp_path / "mine.toml"
    path.write_text(TEXT.replace(before, after), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_case(path)
    [problem] = caught.value.problems
    assert words in problem.expected
    assert problem.row == str(line)
    assert not re.search("statement|declare|at line|array|Expected", problem.expected)


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1", "cp1252"])
def test_a_file_in_another_encoding_is_answered_without_words_of_a_decoder(
    tmp_path: Path, encoding: str
) -> None:
    path = tmp_path / "mine.toml"
    path.write_bytes(f'{TEXT}title = "Z\u00fcrich"\n'.encode(encoding))
    with pytest.raises(InputError) as caught:
        read_case(path)
    [problem] = caught.value.problems
    assert problem.expected == "should be text saved as UTF-8"


@pytest.mark.parametrize("key", ["budget_usd_m", "objective", "scenarios", "years"])
def test_a_key_below_a_section_is_told_where_it_belongs(key: str) -> None:
    [problem] = mistakes(f"finance.{key}", "zzz")
    assert f"did you mean {key}? It has no section" in problem.expected


def test_an_option_is_shown_as_a_case_file_writes_it() -> None:
    [problem] = mistakes("solver.options", {"presolve": True})
    assert problem.expected.endswith("not true")
