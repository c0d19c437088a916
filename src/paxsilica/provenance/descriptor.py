"""The schema as documents: a Frictionless Data Package (``datapackage.json``) and the generated
part of ``data/README.md``."""

from __future__ import annotations

import json
from typing import Any

from paxsilica.errors import InputError
from paxsilica.tables import TABLES, Tables
from paxsilica.tables.layout import ColumnLayout, layout
from paxsilica.tables.write import columns_in_use

BEGIN = (
    "<!-- generated from the schema by `paxsilica data describe --write`: do not edit from here -->"
)
END = "<!-- end of the generated part -->"

_TYPES = {"number": "number", "whole": "integer", "date": "date", "yes/no": "boolean"}
"""Frictionless types by kind of column; the others are strings."""


def descriptor(tables: Tables) -> dict[str, Any]:
    """Describe the tables that are present, one resource each."""
    return {
        "profile": "tabular-data-package",
        "name": "paxsilica-data",
        "title": "Plants, projects, funders and demand of a supply chain, with sources",
        "licenses": [
            {
                "name": "CC-BY-4.0",
                "title": "Creative Commons Attribution 4.0",
                "path": "https://creativecommons.org/licenses/by/4.0/",
            }
        ],
        "resources": [_resource(tables, table) for table in TABLES if table in tables.present],
    }


def descriptor_text(tables: Tables) -> str:
    """Return the content of ``datapackage.json``."""
    return json.dumps(descriptor(tables), indent=1, ensure_ascii=False) + "\n"


def _resource(tables: Tables, table: str) -> dict[str, Any]:
    columns = {name: layout(table)[name] for name in columns_in_use(tables, table)}
    schema: dict[str, Any] = {
        "fields": [_field(column) for column in columns.values()],
        "missingValues": [""],
    }
    key = TABLES[table].key
    if all(layout(table)[name].required or layout(table)[name].default for name in key):
        schema["primaryKey"] = list(key)
    foreign = [
        {
            "fields": name,
            "normal": {
                "resource": column.column.references,
                "fields": TABLES[column.column.references].key[0],
            },
        }
        for name, column in columns.items()
        # The specification has no references with "*" or several names in one cell.
        if column.column.references in tables.present
        and not column.column.wildcard
        and not column.column.many
    ]
    if foreign:
        schema["foreignKeys"] = foreign
    return {
        "profile": "tabular-data-resource",
        "name": table,
        "path": f"{table}.csv",
        "description": about(table),
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "schema": schema,
    }


def _field(column: ColumnLayout) -> dict[str, Any]:
    field: dict[str, Any] = {"name": column.name, "type": _TYPES.get(column.kind, "string")}
    unit = f"unit: {column.column.unit}" if column.column.unit else ""
    if words := "; ".join(filter(None, (column.meaning, unit))):
        field["description"] = words
    if column.kind == "yes/no":
        field |= {"trueValues": ["yes"], "falseValues": ["no"]}
    bounds = column.kind in ("number", "whole")
    constraints = {
        "required": column.required or None,
        "enum": list(column.allowed) or None,
        "minimum": column.at_least if bounds else None,
        "maximum": column.at_most if bounds else None,
    }
    if held := {name: value for name, value in constraints.items() if value is not None}:
        field["constraints"] = held
    return field


def about(table: str) -> str:
    """Return the description of a table in one line."""
    return " ".join((TABLES[table].__doc__ or "").split())


def tables_in_words() -> str:
    """Write a section for each table, with a line for each column."""
    parts: list[str] = []
    for table, row in TABLES.items():
        absent = f"Without the table: {row.absent}." if row.absent else "Required."
        key = ", ".join(f"`{name}`" for name in row.key)
        parts += [f"### {table}", "", f"{about(table)} Key: {key}. {absent}", ""]
        parts += ["| column | holds | unit | meaning |", "|---|---|---|---|"]
        for name, column in layout(table).items():
            holds = column.expected_kind + ("" if column.required else "; may be blank")
            varies = "may vary by year (`series`)" if column.column.series else ""
            meaning = "; ".join(filter(None, (column.meaning, varies)))
            cells = map(_cell, (f"`{name}`", holds, column.column.unit, meaning))
            parts.append(f"| {' | '.join(cells)} |")
        parts.append("")
    return "\n".join(parts)


def renewed(text: str) -> str:
    """Return a README with its generated part replaced.

    Raises:
        InputError: if it lacks one of the two marks around that part.
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise InputError(
            f"README.md should hold the lines {BEGIN!r} and {END!r} around the generated part"
        )
    return f"{before}{BEGIN}\n\n{tables_in_words()}\n{END}{after}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("*", "\\*")
