"""Finds the data and the cases that come with the package, in a checkout as well as in an installed
wheel."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path

from paxsilica.errors import InputError

DEFAULT_CASE = "base"


def _folder(name: str) -> Path:
    """A wheel carries ``data`` and ``models`` inside the package; a checkout, also one installed as
    editable, has them at its root."""
    package = Path(__file__).resolve().parent
    inside = package / "bundled" / name
    return inside if inside.is_dir() else package.parents[1] / name


def data_folder() -> Path:
    """The folder of the bundled tables."""
    return _folder("data")


def case_files() -> dict[str, Path]:
    """The bundled cases by name, in order of name."""
    return {
        path.stem: path
        for path in sorted(_folder("models").rglob("*.toml"), key=lambda path: path.stem)
    }


def policy_files() -> dict[str, Path]:
    """The bundled policy targets by name: cases themselves, and sections that any case can take
    over by its key ``policy``."""
    return {path.stem: path for path in sorted((_folder("models") / "policies").glob("*.toml"))}


def find_case(text: str) -> Path:
    """The file of the case that ``text`` names: a bundled case, or else the path of a file.

    Raises:
        InputError: if it is neither, with the bundled names.
    """
    known = case_files()
    if text in known:
        return known[text]
    path = Path(text)
    if path.exists():
        return path
    near = get_close_matches(text, known, 1, 0.6)
    guess = f"; did you mean {near[0]}?" if near else ""
    words = f"should be a bundled case ({', '.join(known)}) or the path of a case file{guess}"
    raise InputError.of(words, table="CASE", value=text)
