"""Print the changelog section of a release tag, or the reason why it cannot be released."""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def release_notes(tag: str, changelog: str, version: str) -> str:
    """Return the text below the heading of ``version``.

    Raises:
        ValueError: the tag is not ``v`` and the version, the section is missing, has no date or
            is empty.
    """
    if tag != f"v{version}":
        raise ValueError(f"tag {tag}: expected v{version}, the version in pyproject.toml")
    section = rf"^## {re.escape(version)} - (?P<date>\S+)\n(?P<text>.*?)(?=^## |\Z)"
    found = re.search(section, changelog, re.M | re.S)
    if found is None:
        raise ValueError(f"CHANGELOG.md has no section for {version}")
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", found["date"]):
        raise ValueError(f"CHANGELOG.md, {version}: expected a date, found {found['date']}")
    text = found["text"].strip()
    if not text:
        raise ValueError(f"CHANGELOG.md, {version}: the section is empty")
    return text + "\n"


def main() -> None:
    """Print the notes of the tag in the first argument."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    try:
        (tag,) = sys.argv[1:]
        sys.stdout.write(release_notes(tag, changelog, project["version"]))
    except ValueError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
