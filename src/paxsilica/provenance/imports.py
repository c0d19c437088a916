"""Numbers derived by rule from an official table: the extract, the rules and the cells.

``imports/rules.csv`` in the data folder has one term per row. A rule names a cell (table, row and
column) and figures of an extract in the same folder: commodity, countries, statistic and years.
The figures of the countries are added for each year. Then ``largest``, ``latest`` or ``mean`` is
taken over the years and multiplied by ``factor``, which converts units. A rule without an extract
is the constant ``factor``. The terms of one cell are added and rounded to three digits.

``python -m paxsilica.provenance.imports`` compares the cells with their rules; ``--write`` sets
them; ``--release FILE`` first renews the extract of the Mineral Commodity Summaries from the
official data release.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from paxsilica.bundled import data_folder
from paxsilica.errors import InputError, Problem
from paxsilica.tables.schema import TABLES

DIGITS = 3
"""Significant digits of an imported number: official estimates are rounded to two or three."""
EXTRACT_COLUMNS = (
    "Section",
    "Commodity",
    "Country",
    "Statistics_detail",
    "Unit",
    "Year",
    "Value",
    "Notes",
)
TAKES: Mapping[str, Callable[[list[float]], float]] = {
    "largest": max,
    "latest": lambda values: values[-1],
    "mean": fmean,
}

Row = dict[str, str]
Cell = tuple[str, str, str]
"""Table, key of the row with its parts joined by ``|``, and column."""


@dataclass(frozen=True)
class Imported:
    """A cell, its number (``None`` if it is missing) and the number that its rules give."""

    cell: Cell
    held: float | None
    given: float

    @property
    def agrees(self) -> bool:
        """Whether the cell holds what its rules give."""
        return self.held is not None and abs(self.held - self.given) <= 1e-9 * max(
            abs(self.held), abs(self.given)
        )

    def __str__(self) -> str:
        held = "missing" if self.held is None else f"{self.held:.12g}"
        return f"{' '.join(self.cell)} is {held}; its import rules give {self.given:.12g}"


def compare(folder: Path) -> list[Imported]:
    """Compare every imported cell of a data folder with its rules.

    Raises:
        InputError: if a rule names a figure that the extract lacks or withholds, or cannot be read.
    """
    given = _given(folder)
    sheets = {
        table: {_key(table, row): row for row in _read(folder / f"{table}.csv")}
        for table in {cell[0] for cell in given}
    }
    found: list[Imported] = []
    for cell, value in given.items():
        text = sheets[cell[0]].get(cell[1], {}).get(cell[2], "")
        found.append(Imported(cell, float(text) if text else None, value))
    return found


def write(folder: Path) -> list[Imported]:
    """Set every imported cell to what its rules give; return those that changed.

    Raises:
        InputError: as ``compare``, and if a row that a rule names is not in its table.
    """
    changed = [each for each in compare(folder) if not each.agrees]
    sheets = {table: _read(folder / f"{table}.csv") for table in {each.cell[0] for each in changed}}
    cells = {(table, _key(table, row)): row for table, rows in sheets.items() for row in rows}
    missing = {each.cell[:2] for each in changed} - set(cells)
    if missing:
        raise InputError(
            Problem("rules", "", "row", key, f"should be the key of a row of {table}")
            for table, key in missing
        )
    for each in changed:
        cells[each.cell[:2]][each.cell[2]] = f"{each.given:.12g}"
    for table, rows in sheets.items():
        _write(folder / f"{table}.csv", list(rows[0]), rows)
    return changed


def extract(release: Path, folder: Path, name: str = "usgs-mcs-2026") -> int:
    """Write the rows of an official release that the rules name to ``imports/NAME.csv``; return
    their number.

    The release is the file of all commodities, in Windows-1252, as the U.S. Geological Survey
    publishes it (public domain).
    """
    rules = [rule for rule in _read(folder / "imports" / "rules.csv") if rule["extract"] == name]
    wanted = {
        (rule["commodity"], country, rule["statistic"], year)
        for rule in rules
        for country in rule["countries"].split(";")
        for year in rule["years"].split(";")
    }
    kept = [row for row in _read(release, "cp1252") if _figure_key(row) in wanted]
    _write(
        folder / "imports" / f"{name}.csv",
        EXTRACT_COLUMNS,
        [{column: row[column] for column in EXTRACT_COLUMNS} for row in kept],
    )
    return len(kept)


def _given(folder: Path) -> dict[Cell, float]:
    """What the rules give, by cell."""
    rules = _read(folder / "imports" / "rules.csv")
    figures = {
        name: {_figure_key(row): row["Value"] for row in _read(folder / "imports" / f"{name}.csv")}
        for name in {rule["extract"] for rule in rules} - {""}
    }
    problems: list[Problem] = []
    sums: dict[Cell, float] = defaultdict(float)
    for line, rule in enumerate(rules, 2):
        cell = (rule["table"], rule["row"], rule["column"])
        found = list(_problems(rule, str(line), figures.get(rule["extract"], {})))
        problems += found
        if not found:
            sums[cell] += float(rule["factor"]) * (
                _term(rule, figures[rule["extract"]]) if rule["extract"] else 1.0
            )
    if problems:
        raise InputError(problems)
    return {cell: float(f"{value:.{DIGITS}g}") for cell, value in sums.items()}


def _problems(rule: Row, line: str, figures: Mapping[tuple[str, ...], str]) -> Iterator[Problem]:
    if rule["table"] not in TABLES:
        yield Problem("rules", line, "table", rule["table"], "should be the name of a table")
    if not rule["extract"]:
        return
    if rule["take"] not in TAKES:
        yield Problem("rules", line, "take", rule["take"], f"should be one of {', '.join(TAKES)}")
    for country in rule["countries"].split(";"):
        for year in rule["years"].split(";"):
            value = figures.get((rule["commodity"], country, rule["statistic"], year))
            if value is None:
                words = f"should be in the extract {rule['extract']} for {country} {year}"
                yield Problem("rules", line, "statistic", rule["statistic"], words)
            elif _number(value) is None:
                words = (
                    f"should be a number in the extract {rule['extract']} for {country} {year},"
                    f" but is {value!r}"
                )
                yield Problem("rules", line, "statistic", rule["statistic"], words)


def _term(rule: Row, figures: Mapping[tuple[str, ...], str]) -> float:
    by_year = [
        sum(
            _number(figures[rule["commodity"], country, rule["statistic"], year]) or 0.0
            for country in rule["countries"].split(";")
        )
        for year in sorted(rule["years"].split(";"))
    ]
    return TAKES[rule["take"]](by_year)


def _number(text: str) -> float | None:
    """Read a figure of the release: commas between thousands, a dash for zero; ``None`` for a
    withheld or unknown figure."""
    if text in ("—", "-"):
        return 0.0
    try:
        return float(text.replace(",", ""))
    except ValueError:
        return None


def _figure_key(row: Row) -> tuple[str, ...]:
    return (row["Commodity"], row["Country"], row["Statistics_detail"], row["Year"])


def _key(table: str, row: Row) -> str:
    return "|".join(row[part] for part in TABLES[table].key)


def _read(path: Path, encoding: str = "utf-8") -> list[Row]:
    with path.open(newline="", encoding=encoding) as file:
        return list(csv.DictReader(file))


def _write(path: Path, columns: Sequence[str], rows: Sequence[Row]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def main() -> int:
    """Compare the cells with their rules, or set them; return 2 if cells differ or a rule fails."""
    parser = argparse.ArgumentParser(
        prog="python -m paxsilica.provenance.imports", description=(__doc__ or "").split("\n", 1)[0]
    )
    parser.add_argument("--data", type=Path, default=data_folder(), help="folder of the tables")
    parser.add_argument(
        "--release",
        type=Path,
        help="official data release, from which the extract is renewed first",
    )
    parser.add_argument("--write", action="store_true", help="set the cells that differ")
    options = parser.parse_args()
    try:
        if options.release is not None:
            print(f"{extract(options.release, options.data)} rows in the extract")
        found = (
            write(options.data)
            if options.write
            else [each for each in compare(options.data) if not each.agrees]
        )
    except InputError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    print("\n".join(map(str, found)) or "every imported cell agrees with its rules")
    return 2 if found and not options.write else 0


if __name__ == "__main__":
    sys.exit(main())
