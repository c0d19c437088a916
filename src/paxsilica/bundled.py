"""Paths of the data and the cases of the package, in a checkout and in an installed wheel."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path

from paxsilica.errors import InputError

DEFAULT_CASE = "base"


def _folder(name: str) -> Path:
    """A folder inside the package (wheel), or at the root of the checkout (editable too)."""
    package = Path(__file__).resolve().parent
    inside = package / "bundled" / name
    return inside if inside.is_dir() else package.parents[1] / name


def data_folder() -> Path:
    """The folder of the bundled tables."""
    return _folder("data")


def new_world_folder() -> Path:
    """The folder of the small world that ``paxsilica data new`` writes."""
    return Path(__file__).resolve().parent / "new_world"


def case_files() -> dict[str, Path]:
    """The bundled cases by name, in order of name."""
    return {
        path.stem: path
        for path in sorted(_folder("models").rglob("*.toml"), key=lambda path: path.stem)
    }


def policy_files() -> dict[str, Path]:
    """The bundled policy targets by name; a case can use their sections by its key ``policy``."""
    return {path.stem: path for path in sorted((_folder("models") / "policies").glob("*.toml"))}


def find_case(text: str) -> Path:
    """The file of a case: ``text`` is the name of a bundled case or the path of a file.

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
