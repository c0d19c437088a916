"""The JSON Schema of ``result.json``, published as ``docs/reference/result.schema.json``, and the
check of a document against it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from paxsilica.plan.tables import ALL_TABLES

SCHEMA_VERSION = 2
"""Version of the form of ``result.json``; raised with every change that a reader must know of."""

PlanStatus = Literal["optimal", "feasible", "infeasible", "no_plan", "unverified"]
AuditStatus = Literal["passed", "failed", "not run"]


def _text(meaning: str, **more: Any) -> dict[str, Any]:
    return {"type": "string", "description": meaning, **more}


def _number(meaning: str) -> dict[str, Any]:
    return {"type": ["number", "null"], "description": meaning}


def _share(meaning: str) -> dict[str, Any]:
    return {"type": "number", "description": meaning}


def _whole(meaning: str) -> dict[str, Any]:
    return {"type": "integer", "minimum": 0, "description": meaning}


_DIGEST = "^[0-9a-f]{64}$"

_PROPERTIES: dict[str, Any] = {
    "schema_version": {"type": "integer", "description": "version of this form"},
    "case": _text("name of the case"),
    "title": _text("title of the case"),
    "question": _text("question of the case"),
    "status": _text(
        "optimal: within the requested gap, proved; feasible: a plan, the gap not proved;"
        " infeasible: proved; no_plan: none found in time; unverified: a plan that failed its"
        " audit, or was saved without one",
        enum=list(get_args(PlanStatus)),
    ),
    "objective_kind": _text("what the plan minimises"),
    "objective": _number("objective, USD million; null without a plan"),
    "bound": _number("proved lower bound on the objective, USD million; null: none is known"),
    "gap": _number("distance between objective and bound, as a share of the objective"),
    "gap_usd_m": _number("distance between objective and bound, USD million"),
    "gap_of_capital": _number("distance as a share of the capital decided"),
    "capital_decided_usd_m": {
        "type": "number",
        "description": "capital of the projects committed, USD million, undiscounted",
    },
    "headline": {
        "type": "object",
        "description": "the answer in a few numbers; empty without a plan",
        "properties": {
            "joint_coverage": {
                "type": "object",
                "description": "largest share of all needs that can be met at once, by year",
                "additionalProperties": {
                    "type": "object",
                    "properties": {
                        "without": _share("without the plan, of 1"),
                        "with": _share("with the plan, of 1"),
                        "required": _share("required, of 1"),
                    },
                    "required": ["without", "with", "required"],
                    "additionalProperties": False,
                },
            },
            "first_year_all_stages": {
                "type": ["integer", "null"],
                "description": (
                    "first year from which all required shares are met at once, up to the last"
                    " year; null: none"
                ),
            },
            "public_money_usd_m": _number("public capital and support, undiscounted"),
            "public_capital_usd_m": _number("capital that funders pay, undiscounted"),
            "support_usd_m": _number("operating support that funders pay, undiscounted"),
            "capital_usd_m": _number("all capital of the plan, undiscounted"),
            "security": {
                "type": "object",
                "description": "only for the objective security: how near the plan comes",
                "properties": {
                    "ratio": _share("smallest part of a reachable share that is covered, of 1"),
                    "bound": _share("what no plan can exceed, of 1"),
                    "unsettled": {
                        "type": "array",
                        "items": {"type": "string"},
                        "description": "stages whose average was not settled in time",
                    },
                },
                "required": ["ratio", "bound", "unsettled"],
                "additionalProperties": False,
            },
            "preference_cost_usd_m": {
                "type": "object",
                "description": (
                    "only where funders have a preference: cost of the plan less the least cost"
                    " without it, USD million"
                ),
                "properties": {
                    "value": _number("compared with the best plan found without it"),
                    "bound": _number("proved upper bound; null: none is known"),
                },
                "required": ["value", "bound"],
                "additionalProperties": False,
            },
            "least_budget_usd_m": {
                "type": ["object", "null"],
                "description": (
                    "least public money that meets the requirement, USD million; null: not"
                    " computed, or no requirement is hard"
                ),
                "properties": {
                    "value": _number("of the best plan found; null: none found"),
                    "bound": _number("proved lower bound; null: none is known"),
                },
                "required": ["value", "bound"],
                "additionalProperties": False,
            },
        },
        "additionalProperties": False,
    },
    "unit": _text("unit of money"),
    "tables": {
        "type": "object",
        "description": "the files in tables, by name: rows without the header, and SHA-256",
        "propertyNames": {"enum": list(ALL_TABLES)},
        "additionalProperties": {
            "type": "object",
            "properties": {
                "rows": _whole("number of rows"),
                "sha256": _text("SHA-256 of the file", pattern=_DIGEST),
            },
            "required": ["rows", "sha256"],
            "additionalProperties": False,
        },
    },
    "audit": {
        "type": "object",
        "description": "independent check of the plan against its data",
        "properties": {
            "status": _text("result of the check", enum=list(get_args(AuditStatus))),
            "findings": _whole("number of differences, listed in audit.json"),
        },
        "required": ["status", "findings"],
        "additionalProperties": False,
    },
    "notes": {
        "type": "array",
        "items": {"type": "string"},
        "description": "remarks on the case and the plan",
    },
    "manifest": {
        "type": "object",
        "description": "what the plan is made from: digest of the data, case, versions, options",
    },
    "digest": _text("SHA-256 of this document without this key", pattern=_DIGEST),
}

RESULT_SCHEMA: Mapping[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Result of a plan of paxsilica",
    "type": "object",
    "properties": _PROPERTIES,
    "required": list(_PROPERTIES),
    "additionalProperties": False,
}


@dataclass(frozen=True)
class Difference:
    """Where a document is not as its schema says."""

    where: str
    found: str
    expected: str


_KINDS: Mapping[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "null": (type(None),),
}


def schema_differences(
    value: Any, schema: Mapping[str, Any], where: str = ""
) -> Iterator[Difference]:
    """Where ``value`` is not as ``schema`` says; knows the words of JSON Schema that
    :data:`RESULT_SCHEMA` uses."""
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    types = tuple(one for kind in kinds for one in _KINDS[kind])
    if not isinstance(value, types) or isinstance(value, bool):
        yield Difference(where, _shown(value), f"should be {' or '.join(kinds)}")
        return
    if "enum" in schema and value not in schema["enum"]:
        yield Difference(where, _shown(value), f"should be one of {', '.join(schema['enum'])}")
    if "pattern" in schema and not re.search(schema["pattern"], str(value)):
        yield Difference(where, _shown(value), "should be a SHA-256 digest in lower case")
    if "minimum" in schema and value < schema["minimum"]:
        yield Difference(where, _shown(value), f"should be at least {schema['minimum']}")
    if isinstance(value, dict):
        yield from _object_differences(value, schema, where)
    if isinstance(value, list):
        for at, item in enumerate(value):
            yield from schema_differences(item, schema["items"], f"{where}[{at}]")


def _object_differences(
    value: Mapping[str, Any], schema: Mapping[str, Any], where: str
) -> Iterator[Difference]:
    known, other = schema.get("properties", {}), schema.get("additionalProperties", True)
    names = schema.get("propertyNames", {}).get("enum")
    start = f"{where}." if where else ""
    for key in schema.get("required", ()):
        if key not in value:
            yield Difference(f"{start}{key}", "", "is missing; solve the case again")
    for key, inner in value.items():
        if names is not None and key not in names:
            yield Difference(where, _shown(key), "is no table of a plan in this version")
        elif key in known:
            yield from schema_differences(inner, known[key], f"{start}{key}")
        elif other is False:
            yield Difference(where, _shown(key), "this version knows no such key")
        elif isinstance(other, dict):
            yield from schema_differences(inner, other, f"{start}{key}")


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
