"""Texts for users follow the project's glossary: retired terms do not come back."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from program import COMMANDS
from typer.testing import CliRunner

from paxsilica.cli import app
from paxsilica.plan.tables import ALL_TABLES
from paxsilica.renames import RENAMES, RenamedValue

ROOT = Path(__file__).parents[2]

RETIRED = {
    r"(?<!the\W)(?:first|last) in(?! the)": "stand-alone value, marginal value",
    "(?:told|tell|tells) apart": "distinguished, or unallocated",
    "what would(?: not)? do": "changes that make the case feasible, or not sufficient alone",
    "what a sum shows": "requirements that cannot be met (capacity check)",
    "whatever else": "infeasible on its own",
    "for want of": "short of",
    "switch(?:ed|es|ing)? off": "cut-off, cut off",
    "naive share": "nameplate share",
    "traced share": "coverage",
    r"(?:keep|keeps|keeping|kept|stay|stays)(?: \w+){0,2} warm": "standby capacity",
    "by the measure of": "measured by",
    "falls least short": "closest plan (smallest shortfall)",
    "reckoned": "computed, or finite",
    "crookedness": "integrality violation",
    "anew": "again",
    "(?:hang|hangs) on": "depends on",
    "knobs?": "relaxation",
    "upright": "integral, or vertical",
    "purses?": "envelope, or funders",
    "spoken of": "described, or named",
    "tells both": "reports both",
    "stopgap": "temporary",
    "cop(?:y|ies) of operation": "operating states",
    "reference cop(?:y|ies)": "normal state",
    "stress cop(?:y|ies)": "disrupted state",
    "calm cop(?:y|ies)": "normal state",
    "host or control": "located in, or controlled from",
    "what binds": "limits that the plan uses up",
    "what nameplates alone suggest": "nameplate share",
    "to first order": "linear estimate",
    "whoever": "any user who",
    "mannered": "with output options",
    "untrusted": "adversary, or open",
    "payers": "funders",
    "calm": "normal state",
    "exposed": "below the requirement",
    "proof cop(?:y|ies)": "coverage test",
    "proves coverage": "coverage test",
    "warm readiness": "standby capacity, readiness",
    "polished": "re-optimised",
    "tellers?": "progress, report",
}
"""The term to use instead of each retired one; a space stands for any gap between words."""

CHECKED = (
    "*.md",
    "CITATION.cff",
    "docs/*.md",
    "docs/explanation/*.md",
    "docs/howto/*.md",
    "docs/reference/*.md",
    "notebooks/*.ipynb",
    "models/*.md",
    "models/**/*.toml",
    "data/*.md",
    "src/paxsilica/**/*.py",
    "src/paxsilica/**/templates/*",
    "help",
    "tables",
)
"""Patterns of files; also ``help``: help of every command, ``tables``: tables of a plan."""

GAP = r"[\s*`_-]+"
PATTERNS = {
    re.compile(rf"(?<![a-z]){term.replace(' ', GAP)}(?![a-z])", re.IGNORECASE): instead
    for term, instead in RETIRED.items()
}


def retired_terms(text: str, first_line: int = 1) -> list[str]:
    """Retired terms in a text, each with its line and the term to use."""
    return [
        f"line {first_line + text.count(chr(10), 0, match.start())}: "
        f"{' '.join(match[0].split())!r}, use: {instead}"
        for pattern, instead in PATTERNS.items()
        for match in pattern.finditer(text)
    ]


OLD_VALUES = {rename.old for rename in RENAMES if isinstance(rename, RenamedValue)}
"""Values of version 0.1: the program has to know them, to say what they are called now."""


QUOTED = re.compile(r"`[^`\n]*`")


def identifiers(source: str) -> Iterator[tuple[int, str]]:
    """Names of variables, arguments, attributes, functions and classes, each with its line and in
    words."""
    for node in ast.walk(ast.parse(source)):
        name = getattr(node, "id", None) or getattr(node, "arg", None)
        name = name or getattr(node, "attr", None) or getattr(node, "name", None)
        if isinstance(name, str):
            words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).replace("_", " ")
            yield getattr(node, "lineno", 1), words


def literals(source: str) -> Iterator[tuple[int, str]]:
    """Docstrings and other string literals of Python code but the old values, each with its
    line."""
    for node in ast.walk(ast.parse(source)):
        if not (isinstance(node, ast.Constant) and isinstance(node.value, str)):
            continue
        if node.value not in OLD_VALUES:
            yield node.lineno, node.value


def texts(part: str) -> Iterator[tuple[str, int, str]]:
    """Texts of a part of the project: name of the file or command, first line, text."""
    if part == "help":
        for name in COMMANDS:
            shown = CliRunner().invoke(app, [*name.split(), "--help"]).output
            assert "--help" in shown, name
            yield f"paxsilica {name} --help", 1, shown.replace("│", " ")
    elif part == "tables":
        for name, table in ALL_TABLES.items():
            columns = (f"{column}: {meaning}" for column, meaning in table.columns.items())
            yield f"table {name}", 1, "\n".join([name, table.title, *columns])
    else:
        for path in sorted(ROOT.glob(part)):
            name, content = str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")
            if path.suffix == ".py":
                yield from ((name, line, text) for line, text in literals(content))
            elif path.suffix == ".ipynb":
                cells = enumerate(json.loads(content)["cells"])
                yield from ((f"{name} cell {at}", 1, "".join(cell["source"])) for at, cell in cells)
            elif name == "CHANGELOG.md":
                yield name, 1, QUOTED.sub("``", content)  # it says what old names are called now
            else:
                yield name, 1, content


@pytest.mark.parametrize("part", CHECKED)
def test_texts_have_no_retired_terms(part: str) -> None:
    found = list(texts(part))
    assert found, f"nothing to check in {part}"
    problems = [
        f"{name} {problem}" for name, line, text in found for problem in retired_terms(text, line)
    ]
    assert not problems, "\n".join(problems)


def test_names_of_code_have_no_retired_terms() -> None:
    """Names of variables, arguments, functions and classes follow the glossary too."""
    problems = [
        f"{path.relative_to(ROOT)} line {line}: {words!r}: {problem}"
        for path in sorted((ROOT / "src").rglob("*.py"))
        for line, words in identifiers(path.read_text(encoding="utf-8"))
        for problem in retired_terms(words)
    ]
    assert not problems, "\n".join(dict.fromkeys(problems))


NOWHERE = (
    "by the measure of this question",
    "host or control",
    "upright",
    "purse",
    "what nameplates alone suggest",
    "what binds",
    "keep plants warm",
    "to first order",
    "spoken of by the pattern",
    "tells both",
    "stopgap",
)
"""Phrases that stand nowhere in a file, comments, tables of data and case files included."""

BETWEEN = r"[\s*`_#\"',-]+"
"""What may stand between two words of a phrase: marks of emphasis, of a comment, or the ends of two
strings on two lines."""

PHRASES = re.compile(
    r"\b(?:" + "|".join(phrase.replace(" ", BETWEEN) for phrase in NOWHERE) + r")s?\b",
    re.IGNORECASE,
)
PLACES = ("src", "docs", "models", "data", "notebooks", "*.md", "CITATION.cff")


def phrases(text: str) -> list[str]:
    """The phrases in a text, each with its line."""
    return [
        f"line {1 + text.count(chr(10), 0, match.start())}: {' '.join(match[0].split())!r}"
        for match in PHRASES.finditer(text)
    ]


def files_in(place: str) -> Iterator[tuple[Path, str]]:
    """Every file in a place that holds text; what a build leaves behind is not of the project."""
    for top in sorted(ROOT.glob(place)):
        for path in sorted(top.rglob("*")) if top.is_dir() else [top]:
            if path.is_file() and not {"__pycache__", "_build"} & set(path.parts):
                try:
                    yield path, path.read_text(encoding="utf-8")
                except UnicodeDecodeError:
                    continue  # a picture


@pytest.mark.parametrize("place", PLACES)
def test_no_file_has_a_phrase_that_stands_nowhere(place: str) -> None:
    found = list(files_in(place))
    assert found, f"nothing to check in {place}"
    problems = [f"{path.relative_to(ROOT)} {one}" for path, text in found for one in phrases(text)]
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("# in countries that host\n# or control them", ["line 1: 'host # or control'"]),
        ('words = "true to first"\n" order"', ["line 1: 'to first\" \" order'"]),
        ("All purses.", ["line 1: 'purses'"]),
        ("ore,a *stopgap*", ["line 1: 'stopgap'"]),
        ("The host controls it. A pursed lip; what is binding.", []),
    ],
)
def test_phrase_is_found_in_comments_and_over_two_lines(text: str, found: list[str]) -> None:
    assert phrases(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Keep the plant\nwarm.", "line 1: 'Keep the plant warm', use: standby capacity"),
        ("One.\nA first_in_low column.", "line 2: 'first_in', use: stand-alone value"),
        ("What others host *or control*.", "line 1: 'host *or control', use: located in"),
        ("the switch-off premium", "line 1: 'switch-off', use: cut-off, cut off"),
    ],
)
def test_retired_term_is_found(text: str, found: str) -> None:
    (problem,) = retired_terms(text)
    assert problem.startswith(found)


def test_standard_terms_are_accepted() -> None:
    terms = [
        *RETIRED.values(),
        "the first in a list",
        "last in the list",
        "a warm start",
        "janeway",
    ]
    assert retired_terms("\n".join(terms)) == []


def test_retired_term_is_found_in_a_name() -> None:
    source = "class ProofCopy:\n    def of(self, payers):\n        self.is_calm = 1\n"
    found = [problem for _, words in identifiers(source) for problem in retired_terms(words)]
    assert [problem.split("'")[1] for problem in found] == ["Proof Copy", "payers", "calm"]


def test_only_texts_of_code_are_checked() -> None:
    source = '"""Module."""\nknob = anew(1)  # whoever\nwords = f"key {knob} hangs on"\n'
    problems = [problem for line, text in literals(source) for problem in retired_terms(text, line)]
    assert problems == ["line 3: 'hangs on', use: depends on"]
