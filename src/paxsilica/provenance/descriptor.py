"""The description of the data as a Frictionless Data Package (``datapackage.json``), generated from
the schema of the tables."""

from __future__ import annotations

import json
from typing import Any

from paxsilica.tables import TABLES, Tables
from paxsilica.tables.layout import ColumnLayout, layout
from paxsilica.tables.write import columns_in_use

_TYPES = {
    "key": "string",
    "text": "string",
    "choice": "string",
    "names": "string",
    "numbers": "string",
    "number": "number",
    "whole": "integer",
    "date": "date",
    "yes/no": "boolean",
}


def descriptor(tables: Tables) -> dict[str, Any]:
    """Describe the tables that are present, one resource each."""
    return {
        "profile": "tabular-data-package",
        "name": "paxsilica-data",
        "title": (
            "The Pax Silica supply chain: plants, projects, funders and demand from ore to AI"
            " server, every number with its source"
        ),
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
    if all(layout(table)[name].required for name in key):
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
        # A "*" or several names in one cell are no key that the specification can follow.
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
        "description": " ".join((TABLES[table].__doc__ or "").split()),
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "schema": schema,
    }


def _field(column: ColumnLayout) -> dict[str, Any]:
    field: dict[str, Any] = {"name": column.name, "type": _TYPES[column.kind]}
    words = [column.description, f"unit: {column.column.unit}" if column.column.unit else ""]
    if any(words):
        field["description"] = "; ".join(word for word in words if word)
    if column.kind == "yes/no":
        field |= {"trueValues": ["yes"], "falseValues": ["no"]}
    constraints: dict[str, Any] = {}
    if column.required:
        constraints["required"] = True
    if column.allowed:
        constraints["enum"] = list(column.allowed)
    if column.kind in ("number", "whole"):
        if column.at_least is not None:
            constraints["minimum"] = column.at_least
        if column.at_most is not None:
            constraints["maximum"] = column.at_most
    if constraints:
        field["constraints"] = constraints
    return field
