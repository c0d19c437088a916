"""Links have targets, commands exist in the program, and pictures are small and have a caption."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest
from program import COMMANDS

from paxsilica.tables.defaults import DEFAULTS

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PICTURES = DOCS / "pictures"
PAGES = [
    ROOT / "README.md",
    *sorted(path for path in DOCS.rglob("*.md") if "_build" not in path.parts),
]
NAMES = [str(path.relative_to(ROOT)) for path in PAGES]
OPTIONS = {
    name: {option for one in command.params for option in (*one.opts, *one.secondary_opts)}
    for name, command in COMMANDS.items()
}
MAX_PICTURE_BYTES = 300_000
CAPTIONS = json.loads((PICTURES / "made.json").read_text(encoding="utf-8"))


def prose(path: Path) -> str:
    """The text of a page without its code blocks."""
    return re.sub(r"^(```|~~~)\w*\n.*?^\1", "", path.read_text(encoding="utf-8"), flags=re.M | re.S)


@pytest.mark.parametrize("path", PAGES, ids=NAMES)
def test_links_have_targets(path: Path) -> None:
    links = [
        *re.findall(r"\]\(([^)\s]+)\)", prose(path)),
        *re.findall(r"^```\{(?:figure|include)\} (\S+)", prose(path), re.M),
    ]
    for link in links:
        target, _, _ = link.partition("#")
        if target and not target.startswith(("https://", "http://")):
            assert (path.parent / target).exists(), link


@pytest.mark.parametrize("path", PAGES, ids=NAMES)
def test_commands_exist_in_the_program(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    blocks = [
        line
        for block in re.findall(r"^```sh\n(.*?)^```", text, re.M | re.S)
        for line in block.splitlines()
    ]
    inline = re.findall(r"`(paxsilica [^`]*)`", prose(path))
    for line in [*blocks, *inline]:
        for part in re.findall(r"paxsilica (?:[^|;&)#'\"<>]|'[^']*'|\"[^\"]*\")+", line):
            words = shlex.split(part)[1:]
            name = next(
                (name for name in (" ".join(words[:2]), *words[:1]) if name in OPTIONS and name), ""
            )
            assert name or words[0].startswith("-") or words[0] == "COMMAND", line
            unknown = {
                word.partition("=")[0]
                for word in words
                if word.startswith("-") and word != "--help"
            } - OPTIONS[name]
            assert not {word for word in unknown if not re.fullmatch(r"-\d.*", word)}, line


def test_quoted_messages_are_those_of_the_program() -> None:
    rows = re.findall(
        r"^\| `([^`]+)` \|", (DOCS / "howto" / "own-data.md").read_text(encoding="utf-8"), re.M
    )
    program = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "src").rglob("*.py"))
    assert len(rows) >= 4
    for words in rows:
        assert words in program


def test_every_page_is_in_a_table_of_contents() -> None:
    for folder in (DOCS, DOCS / "howto", DOCS / "reference", DOCS / "explanation"):
        listed = set(
            re.findall(r"^([\w-]+)$", (folder / "index.md").read_text(encoding="utf-8"), re.M)
        )
        assert {path.stem for path in folder.glob("*.md")} - {"index"} <= listed


def test_pictures_are_small_and_have_a_caption() -> None:
    there = {path.name for path in PICTURES.iterdir()} - {"made.json"}
    assert there == set(CAPTIONS), "run `make pictures`"
    shown = "\n".join(path.read_text(encoding="utf-8") for path in PAGES)
    for name, caption in CAPTIONS.items():
        assert (PICTURES / name).stat().st_size < MAX_PICTURE_BYTES
        assert "gap of" in caption
        assert f"pictures/{name}" in shown
        assert f"{{{{ {name.partition('.')[0]} }}}}" in shown


@pytest.mark.parametrize("name", [name for name in CAPTIONS if name.endswith(".svg")])
def test_picture_loads_nothing_from_the_network(name: str) -> None:
    text = (PICTURES / name).read_text(encoding="utf-8")
    text = re.sub(r'xmlns(:\w+)?="[^"]*"|<!DOCTYPE[^>]*>|rdf:resource="[^"]*"', "", text)
    assert "http" not in text
    assert "@font-face" not in text


def test_readme_shows_a_plan_on_its_first_screen() -> None:
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    first = "\n".join(lines[:40])
    assert "docs/pictures/answer.svg" in first
    assert CAPTIONS["answer.svg"] in first, "run `make pictures`"


def test_the_guide_to_own_data_names_every_default() -> None:
    text = (DOCS / "howto" / "own-data.md").read_text(encoding="utf-8")
    part = text.partition("## Leave out what")[2].partition("\n## ")[0]
    for (_, column), default in DEFAULTS.items():
        assert f"{column}`" in part, column
        assert default.words in part, column
