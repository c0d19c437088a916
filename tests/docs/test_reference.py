"""The reference pages agree with the program, and every command has help and examples."""

from __future__ import annotations

from pathlib import Path

import pytest
from program import COMMANDS

from paxsilica.case import known_keys
from paxsilica.cli.reference import exit_codes, pages
from paxsilica.errors import InfeasibleError, InputError, NoPlanError, PaxSilicaError
from paxsilica.plan.tables import ALL_TABLES

FOLDER = Path(__file__).parents[2] / "docs" / "reference"


@pytest.mark.parametrize("name", pages())
def test_page_agrees_with_the_program(name: str) -> None:
    written = (FOLDER / name).read_text(encoding="utf-8")
    assert written == pages()[name], "run `make pages`"


def test_every_command_is_on_the_page_once() -> None:
    lines = pages()["commands.md"].splitlines()
    for name in COMMANDS:
        assert sum(line.strip("# ") == f"`paxsilica {name}`" for line in lines) == (
            1 if name else 0
        )
    assert {"solve", "data export"} <= set(COMMANDS)


@pytest.mark.parametrize("name", [name for name in COMMANDS if name])
def test_command_has_a_summary_and_an_example(name: str) -> None:
    command = COMMANDS[name]
    first = (command.help or "").split("\n\n")[0]
    assert first.endswith((".", "?"))
    if not hasattr(command, "commands"):
        assert f"paxsilica {name}" in command.help.partition("Examples")[2]
    for parameter in command.params:
        assert parameter.help or parameter.name == "help", f"{parameter.name} has no help"


def test_exit_codes_are_those_of_the_errors() -> None:
    raised = {
        error.exit_code for error in (PaxSilicaError, InputError, InfeasibleError, NoPlanError)
    }
    assert raised | {0, 130} <= set(exit_codes())


def test_every_key_of_a_case_is_described() -> None:
    text = pages()["case.md"]
    sections = {key.partition(".")[0] for key in known_keys() if "." in key}
    for key in known_keys():
        assert f"| `{key}` |" in text or (key in sections and f"## `[{key}]`" in text), key
    for line in text.splitlines():
        if line.startswith("| `"):
            assert line.split(" | ")[2].strip(), line


def test_every_table_of_a_plan_is_described() -> None:
    text = pages()["plan.md"]
    assert [line.strip("# `") for line in text.splitlines() if line.startswith("### ")] == list(
        ALL_TABLES
    )
