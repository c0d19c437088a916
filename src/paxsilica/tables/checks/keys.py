"""Keys and what refers to them."""

from __future__ import annotations

from collections.abc import Iterable

from paxsilica.errors import Problem
from paxsilica.tables.characters import hint
from paxsilica.tables.layout import ColumnLayout, key_parts, layout
from paxsilica.tables.read import Tables
from paxsilica.tables.schema import TABLES, Row
from paxsilica.tables.suggestions import Nearest


def duplicates(tables: Tables) -> Iterable[Problem]:
    """Find rows of one table with the same key."""
    for table, kind in TABLES.items():
        first: dict[tuple[str, ...], str] = {}
        for line, row in tables.numbered(table, tables.rows(table)):
            key = key_parts(row)
            if key in first:
                words = (
                    f"should be unique, but row {first[key]} has the same {' and '.join(kind.key)}"
                )
                yield Problem(table, line, ", ".join(kind.key), "|".join(key), words)
            first.setdefault(key, line)


def one_name_one_plant(tables: Tables) -> Iterable[Problem]:
    """Find projects with the name of an asset: limits, plans and prices name plants of both
    kinds."""
    assets = {asset.asset: line for line, asset in tables.numbered("assets", tables.assets)}
    for line, project in tables.numbered("projects", tables.projects):
        if project.project in assets:
            words = (
                f"should differ from every asset, but row {assets[project.project]} of assets has"
                " this name"
            )
            yield Problem("projects", line, "project", project.project, words)


def references(tables: Tables, doubtful: frozenset[str] = frozenset()) -> Iterable[Problem]:
    """Find cells that name a row which is not there."""
    for table in TABLES:
        for column in layout(table).values():
            named = column.column.references
            if named and named not in doubtful:
                names = {key_parts(row)[0] for row in tables.rows(named)}
                yield from _unknown(tables, table, column, named, names)
    if not doubtful & {"assets", "projects"}:
        plants = {asset.asset for asset in tables.assets} | {
            project.project for project in tables.projects
        }
        for where, name in (("limits", "asset"), ("assets", "shares_capacity_of")):
            named_plants = layout(where)[name]
            yield from _unknown(tables, where, named_plants, "assets or projects", plants)


def _unknown(
    tables: Tables, table: str, column: ColumnLayout, named: str, names: set[str]
) -> Iterable[Problem]:
    nearest = Nearest(names)
    absent = named in TABLES and named not in tables.present and not names
    for line, row in tables.numbered(table, tables.rows(table)):
        for word in _words(row, column):
            if word in names or (column.column.wildcard and word == "*"):
                continue
            if absent:
                blank = "cannot be named" if column.required else "should be blank"
                expected = "should be '*'" if column.column.wildcard else blank
                words = f"{expected}: there is no table {named}"
            else:
                star = " or '*'" if column.column.wildcard else ""
                words = f"should name a row of {named}{star}{hint(word) or nearest(word)}"
            yield Problem(table, line, column.name, word, words)
        if column.column.many:
            found = _words(row, column)
            for word in sorted({word for word in found if found.count(word) > 1}):
                yield Problem(table, line, column.name, word, "should be named once")


def _words(row: Row, column: ColumnLayout) -> tuple[str, ...]:
    cell = getattr(row, column.name)
    if cell is None:
        return ()
    return cell if isinstance(cell, tuple) else (cell,)
