"""The reference pages are what the program itself says, and the program says enough."""

from __future__ import annotations

from pathlib import Path

import pytest

from paxsilica.case import known_keys
from paxsilica.cli.reference import EFFECTS, Command, commands, exit_codes, is_option, pages
from paxsilica.errors import InfeasibleError, InputError, NoPlanError, PaxSilicaError
from paxsilica.plan.tables import ALL_TABLES

FOLDER = Path(__file__).parents[2] / "docs" / "reference"
COMMANDS = commands()


@pytest.mark.parametrize("name", pages())
def test_the_page_agrees_with_the_program(name: str) -> None:
    written = (FOLDER / name).read_text(encoding="utf-8")
    assert written == pages()[name], "run `make pages`"


def test_every_command_is_there_once() -> None:
    names = [command.name for command in COMMANDS]
    assert len(names) == len(set(names)) > 15
    assert {"", "solve", "data export"} <= set(names)
    assert set(EFFECTS) == set(names) - {""}, (
        "say in EFFECTS what the command writes and how it may end"
    )


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name or "paxsilica")
def test_a_command_says_what_it_does_and_shows_how(command: Command) -> None:
    assert command.paragraphs
    assert command.paragraphs[0].endswith((".", "?"))
    assert command.examples or not command.name, "give an example in its docstring"
    for line in command.examples:
        assert line.startswith("#") or "paxsilica" in line
    for parameter, metavar in command.parameters:
        assert parameter.help, f"{parameter.name} has no help"
        assert metavar or is_option(parameter)
    assert set(EFFECTS[command.name].codes if command.name else ()) <= set(exit_codes())


def test_exit_codes_are_those_of_the_errors() -> None:
    raised = {
        error.exit_code for error in (PaxSilicaError, InputError, InfeasibleError, NoPlanError)
    }
    assert raised | {0, 130} <= set(exit_codes())


def test_every_key_of_a_case_is_told_with_what_it_means() -> None:
    text = pages()["case.md"]
    sections = {key.partition(".")[0] for key in known_keys() if "." in key}
    for key in known_keys():
        assert f"| `{key}` |" in text or (key in sections and f"## `[{key}]`" in text), key
    for line in text.splitlines():
        if line.startswith("| `"):
            assert line.split(" | ")[2].strip(), line


def test_every_table_of_a_plan_is_told() -> None:
    text = pages()["plan.md"]
    assert [line.strip("# `") for line in text.splitlines() if line.startswith("### ")] == list(
        ALL_TABLES
    )
