"""Sentences for mistakes in a case: what each key should hold, in the words of a user."""

from __future__ import annotations

import re
import types
import typing
import unicodedata
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Annotated, Any, Literal, get_args, get_origin

import annotated_types
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from paxsilica.errors import Problem

STATUSES = "signatory, participant, neutral or adversary"
SHARE = "a share between 0 and 1, such as 0.7"

_SETS: Mapping[str, str] = {
    "years": 'the first and the last year, written "2026-2040", or "2026" for one year',
    "funding": (
        'a list of statuses such as ["signatory", "participant"], or statuses with their first'
        f" year such as {{signatory = 2026}}; a status is {STATUSES}"
    ),
    "membership": f'regions with their status, such as {{A = "signatory"}} ({STATUSES})',
    "see_also": 'a bundled case, or a list of them, such as ["base"]',
    "partners": 'a list of players in quotation marks, such as ["sign:A", "money:B"]',
    "coverage.required": f"{SHARE}, or shares by year such as {{2028 = 0.4, 2032 = 0.7}}",
    "coverage.stages": "stages with their share, such as {mining = 0.5}",
    "coverage.from_years": "commodities with their first year, such as {magnet = 2030}",
    "funders.exclude": 'a list of funders in quotation marks, such as ["fund"]',
    "funders.exclude_regions": 'a list of regions in quotation marks, such as ["A"]',
    "funders.envelopes_usd_m": "funders with their envelope in USD million, such as {fund = 500}",
    "scenarios": (
        'a list of scenarios such as ["base", "embargo"], or scenarios with their probability such'
        " as {base = 0.7, embargo = 0.3}"
    ),
    "solver.options": 'options of HiGHS with their value, such as {presolve = "on"}',
}
_SETS = {
    **_SETS,
    "roles.protected": _SETS["funding"],
    "roles.adversary": _SETS["funding"],
    "roles.lost": 'a list of regions such as ["A"], or regions with their first year',
}
"""What keys hold that hold several values."""

_PARTS: Mapping[str, str] = {
    "roles.protected": f"a year between 1900 and 2200 for one of the statuses {STATUSES}",
    "roles.adversary": f"a year between 1900 and 2200 for one of the statuses {STATUSES}",
    "roles.lost": "a region, or a year between 1900 and 2200 for a region",
    "funding": f"a year between 1900 and 2200 for one of the statuses {STATUSES}",
    "membership": f"a status: {STATUSES}",
    "see_also": "the name of a bundled case in quotation marks",
    "partners": "a player in quotation marks, such as sign:A",
    "coverage.required": SHARE,
    "coverage.stages": f"{SHARE}, or shares by year such as {{2028 = 0.4}}",
    "coverage.from_years": "a year between 1900 and 2200",
    "funders.exclude": "a name in quotation marks",
    "funders.exclude_regions": "a name in quotation marks",
    "funders.envelopes_usd_m": "a number from 0 to 1e+09",
    "scenarios": "a name in quotation marks, or a probability between 0 and 1",
    "solver.options": "a number, true, false, or text in quotation marks",
}
"""What one of these values is."""


def names_of_keys(case: type[BaseModel]) -> list[str]:
    """Every key of a case, dotted."""
    keys = []
    for name, field in case.model_fields.items():
        keys.append(name)
        section = section_of(field)
        if section is not None:
            keys += [f"{name}.{inner}" for inner in section.model_fields]
    return keys


def section_of(field: FieldInfo) -> type[BaseModel] | None:
    """The section that a key holds, if it is one."""
    for part in (field.annotation, *get_args(field.annotation)):
        if isinstance(part, type) and issubclass(part, BaseModel):
            return part
    return None


def expected_of(key: str, field: FieldInfo) -> str:
    """What a key holds: the end of a sentence that begins with "should be".

    >>> from paxsilica.case import Finance
    >>> expected_of("finance.discount_rate", Finance.model_fields["discount_rate"])
    'a number between -0.5 and 1'
    """
    if key in _SETS:
        return _SETS[key]
    section = section_of(field)
    if section is not None:
        return f"a section of keys and values; its keys are {', '.join(section.model_fields)}"
    base, metadata = _plain(field)
    if get_origin(base) is Literal:
        return "one of " + ", ".join(repr(word) for word in get_args(base))
    if base is bool:
        return "true or false, without quotation marks"
    if base is str:
        return "text in quotation marks"
    return ("a whole number" if base is int else "a number") + _bounds(metadata)


def _plain(field: FieldInfo) -> tuple[Any, list[Any]]:
    """The type of a key without its alternatives, and what is said about it."""
    base, metadata = field.annotation, list(field.metadata)
    if get_origin(base) in (typing.Union, types.UnionType):
        base = next(part for part in get_args(base) if part is not type(None))
    if get_origin(base) is Annotated:
        base, *more = get_args(base)
        for item in more:
            metadata += item.metadata if isinstance(item, FieldInfo) else [item]
    return base, metadata


def takes_truth_values(field: FieldInfo) -> bool:
    """Whether a key holds true or false."""
    return _plain(field)[0] is bool


def takes_text(field: FieldInfo) -> bool:
    """Whether a key holds text alone."""
    return _plain(field)[0] is str


def _bounds(metadata: list[Any]) -> str:
    found: dict[str, float] = {}
    for item in metadata:
        for kind, name in (
            (annotated_types.Ge, "ge"),
            (annotated_types.Gt, "gt"),
            (annotated_types.Le, "le"),
            (annotated_types.Lt, "lt"),
        ):
            if isinstance(item, kind):
                found[name] = float(getattr(item, name))
    if "ge" in found and "le" in found:
        return f" between {found['ge']:.12g} and {found['le']:.12g}"
    words = {"ge": "at least", "gt": "above", "le": "at most", "lt": "below"}
    parts = [f"{words[name]} {value:.12g}" for name, value in found.items()]
    return f" {' and '.join(parts)}" if parts else ""


def _hint(value: Any, expected: str) -> str:
    """What the mistake seems to be."""
    wants_number = "number" in expected or "share" in expected
    if isinstance(value, str) and wants_number:
        if any(unicodedata.decimal(sign, None) is not None and sign > "9" for sign in value):
            return "; digits are written 0 to 9"
        if "," in value and value.replace(",", "").replace(".", "").isdigit():
            return "; the decimal sign is a point, and thousands are not separated"
        if value.strip().endswith("%"):
            return "; a percentage is written as a share, such as 0.7 for 70 %"
    if "share" in expected and isinstance(value, int | float) and 2 <= value <= 100:
        return "; a percentage is written as a share, such as 0.7 for 70 %"
    return ""


def _shown(value: Any) -> str:
    """A value as a case file writes it; sections are not shown."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple | set):
        return f"[{', '.join(_shown(part) for part in value)}]"
    return "" if isinstance(value, Mapping) else str(value)


def explain(
    name: str, case: type[BaseModel], raw: Mapping[str, Any], error: ValidationError
) -> Iterable[Problem]:
    """One problem for each key of a case that cannot be used, in the order of the case."""
    known = names_of_keys(case)
    found: dict[str, Problem] = {}
    refined: set[str] = set()
    for item in error.errors(include_url=False):
        own = item["type"] == "value_error"
        words = item["msg"].removeprefix("Value error, ")
        if item["type"] == "extra_forbidden":
            key = ".".join(map(str, item["loc"]))
            words = f"is not a key of a case; {_guess(key, known)}"
            found[key] = Problem(f"case {name}", "", key, _shown(item["input"]), words)
            continue
        key, field, part, value = _place(case, raw, item["loc"], item["input"])
        column = f"{key}.{part}" if part else key
        whole = part is None
        if field is None:
            prefix, colon, rest = words.partition(": ")
            key, words = (prefix, rest) if colon and prefix in known else ("", words)
            problem = Problem(f"case {name}", "", key, "", words)
        elif item["type"] == "missing":
            described = field.description and key not in _SETS
            meaning = f"; {field.description}" if described else ""
            words = f"this key must be given: {expected_of(key, field)}{meaning}"
            problem = Problem(f"case {name}", "", key, "", words)
        elif own:
            problem = Problem(f"case {name}", "", column, _shown(value), words)
        else:
            expected = expected_of(key, field) if whole else _PARTS[key]
            words = f"should be {expected}{_hint(value, expected)}"
            problem = Problem(f"case {name}", "", column, _shown(value), words)
        if whole:
            found.setdefault(key if field is not None else str(problem), problem)
        else:
            # What is wrong with a part says more than what is wrong with the whole.
            found.setdefault(f"{column} {problem.value}", problem)
            refined.add(key)
    return [problem for key, problem in found.items() if key not in refined]


def explain_syntax(name: str, text: str, error: ValueError) -> Problem:
    """The problem of a case file that is no TOML, with its line and what seems to be wrong."""
    at = re.search(r"line (\d+)", str(error))
    lines = text.splitlines()
    number = int(at[1]) if at else len(lines)
    line = lines[number - 1].strip() if 0 < number <= len(lines) else ""
    return Problem(f"case {name}", str(number), "", line[:80], _syntax(line, str(error)))


_QUOTES = "\u201c\u201d\u201e\u2018\u2019\u00ab\u00bb"
"""Quotation marks of texts, which a word processor puts in the place of those of TOML."""


def _syntax(line: str, error: str) -> str:
    value = line.partition("=")[2].strip()
    if "twice" in error or "overwrite" in error:
        return "should be given once: this key or section is above already"
    if any(sign in line for sign in _QUOTES):
        return 'should have the quotation marks "'
    if re.match(r"(True|False|TRUE|FALSE|yes|no|Yes|No)\b", value):
        return "should be true or false, in small letters"
    if re.match(r"[+-]?\d[\d.]*,\d", value):
        return (
            "should be a number whose decimal sign is a point and whose thousands are not separated"
        )
    if re.match(r"[+-]?[\d.]+\s*%", value):
        return "should be a share such as 0.7 for 70 %"
    if re.match(r"[^\W\d]|\d+-\d+\b", value):
        return 'should have text in quotation marks, such as "2026-2040"'
    if re.match(r"[\w.-]+\s*:", line):
        return "should have = between key and value, such as budget_usd_m = 20000"
    return (
        "should be a line of TOML: key = value, a section such as [coverage], or a comment after #;"
        " quotation marks and brackets are closed"
    )


def _guess(key: str, known: list[str]) -> str:
    last = key.rpartition(".")[2]
    if last in known and last != key:
        return f"did you mean {last}? It has no section, so it stands above the first one"
    near = [one for one in known if one.endswith(f".{key}")]
    near += get_close_matches(key, known, 1, 0.5)
    return f"did you mean {near[0]}?" if near else f"known keys: {', '.join(known)}"


def _place(
    case: type[BaseModel], raw: Mapping[str, Any], loc: tuple[int | str, ...], value: Any
) -> tuple[str, FieldInfo | None, str | None, Any]:
    """The key of a mistake, its field, the part of its value that is wrong, and the wrong value.

    The part is ``None`` where the whole value is wrong, and empty for an item of a list. Where the
    value may be of several kinds, the place holds names of types; they are left out.
    """
    kind: type[BaseModel] = case
    field: FieldInfo | None = None
    path: list[str] = []
    rest = list(loc)
    given: Any = raw
    while rest and isinstance(rest[0], str) and rest[0] in kind.model_fields:
        word = str(rest.pop(0))
        field, given = kind.model_fields[word], _inside(given, word)
        path.append(word)
        section = section_of(field)
        if section is None:
            break
        kind = section
    key = ".".join(path)
    if key == "years":
        return key, field, None, given
    if field is None or key not in _SETS:
        return key, field, None, value
    parts: list[str] = []
    listed = False
    for at in rest:
        if isinstance(given, list | tuple) and isinstance(at, int) and at < len(given):
            given, listed = given[at], True
        elif isinstance(given, Mapping) and str(at) in map(str, given):
            given = next(inner for name, inner in given.items() if str(name) == str(at))
            parts.append(str(at))
        else:
            continue
    return key, field, ".".join(parts) if parts or listed else None, given


def _inside(given: Any, word: str) -> Any:
    return given.get(word) if isinstance(given, Mapping) else None
