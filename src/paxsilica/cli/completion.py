"""Shell completion of names from the tables and cases. It avoids the libraries that solving needs,
so that it answers at once."""

from __future__ import annotations

import csv
import glob
from collections.abc import Callable, Iterator
from pathlib import Path

import typer

from paxsilica.bundled import case_files, data_folder, policy_files

Completer = Callable[[typer.Context, str], list[str]]


def words(*known: str) -> Completer:
    """Offers some of ``known``."""

    def complete(context: typer.Context, incomplete: str) -> list[str]:
        return [word for word in known if word.startswith(incomplete)]

    return complete


def listed(*known: str) -> Completer:
    """Offers one more of ``known`` in a list with commas, none of them twice."""

    def complete(context: typer.Context, incomplete: str) -> list[str]:
        before, comma, begun = incomplete.rpartition(",")
        taken = before.split(",")
        return [
            f"{before}{comma}{word}"
            for word in known
            if word.startswith(begun) and word not in taken
        ]

    return complete


def cases(context: typer.Context, incomplete: str) -> list[str]:
    """Bundled cases, and case files with the folders on the way to them."""
    return [name for name in case_files() if name.startswith(incomplete)] + list(
        _paths(incomplete, lambda path: path.suffix == ".toml")
    )


def plans(context: typer.Context, incomplete: str) -> list[str]:
    """Folders of plans, and the folders on the way to them."""
    return list(_paths(incomplete, _holds_plan))


def cases_and_plans(context: typer.Context, incomplete: str) -> list[str]:
    """Bundled cases, case files and folders of plans."""
    return list(dict.fromkeys([*cases(context, incomplete), *plans(context, incomplete)]))


def keys(table: str, *first: str) -> Completer:
    """Offers ``first`` and the keys of ``table``: of the folder that ``--data`` names, or else of
    the bundled data."""

    def complete(context: typer.Context, incomplete: str) -> list[str]:
        known = [*first, *dict.fromkeys(_first_column(_folder(context) / f"{table}.csv"))]
        return [key for key in known if key.startswith(incomplete)]

    return complete


def tables(context: typer.Context, incomplete: str) -> list[str]:
    """Names of tables."""
    return sorted(path.stem for path in _folder(context).glob(f"{glob.escape(incomplete)}*.csv"))


def rows(context: typer.Context, incomplete: str) -> list[str]:
    """Keys of the table that is named before, where one column is the key of it."""
    table = context.params.get("table")
    return keys(str(table))(context, incomplete) if table else []


def settings(context: typer.Context, incomplete: str) -> list[str]:
    """Keys of a case with the sign behind them; bundled policies behind ``policy=``."""
    if incomplete.startswith("policy="):
        return [
            f"policy={name}" for name in policy_files() if f"policy={name}".startswith(incomplete)
        ]
    from paxsilica.case import known_keys

    return [f"{key}=" for key in known_keys() if key.startswith(incomplete)]


def players(context: typer.Context, incomplete: str) -> list[str]:
    """The kinds of players, then regions to sign and regions that have funders."""
    name, sign, rule = incomplete.rpartition("=")
    kind, colon, regions = rule.partition(":")
    if not colon:
        return [f"{name}{sign}{word}:" for word in ("sign", "money") if word.startswith(kind)]
    before, plus, begun = regions.rpartition("+")
    known = dict.fromkeys(_first_column(_folder(context) / "regions.csv"))
    return [
        f"{name}{sign}{kind}:{before}{plus}{region}" for region in known if region.startswith(begun)
    ]


def _folder(context: typer.Context) -> Path:
    given = context.params.get("data")
    return Path(given) if given else data_folder()


def _first_column(path: Path) -> Iterator[str]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = [line for line in csv.reader(file) if line and line[0]]
            yield from [line[0] for line in lines if not line[0].startswith("#")][1:]
    except (OSError, ValueError, csv.Error):
        return  # completion never prints an error


def _holds_plan(path: Path) -> bool:
    return (path / "result.json").is_file()


def _paths(incomplete: str, wanted: Callable[[Path], bool]) -> Iterator[str]:
    """Paths that are wanted, and folders that may lead to some."""
    before, slash, begun = incomplete.rpartition("/")
    try:
        found = sorted(Path(f"{before}{slash}" or ".").iterdir())
    except OSError:
        return
    for path in found:
        if path.name.startswith(begun) and (begun or not path.name.startswith(".")):
            if wanted(path):
                yield f"{before}{slash}{path.name}"
            elif path.is_dir() and not _holds_plan(path):
                yield f"{before}{slash}{path.name}/"
