"""Results as plain data that JSON can hold: the same rules wherever a result is written or
printed."""

from __future__ import annotations

import datetime
import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd


def plain(value: Any) -> Any:
    """The value in mappings with text keys, lists, text, numbers, truth values and ``None``.

    A table becomes a list of its rows by column. What is blank, infinite or no number becomes
    ``None``. Floats are as short as twelve digits allow, so that noise of the last digits does not
    show.

    >>> plain({"a": (1, 2.0), "b": float("inf"), 3: 0.1 + 0.2})
    {'a': [1, 2.0], 'b': None, '3': 0.3}
    """
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return float(f"{value:.12g}") if math.isfinite(value) else None
        case Mapping():
            return {str(key): plain(inner) for key, inner in value.items()}
        case list() | tuple():
            return [plain(inner) for inner in value]
        case pd.DataFrame():
            return [plain(row) for row in value.to_dict("records")]
        case Path():
            return str(value)
        case _ if value is pd.NA or value is pd.NaT:
            return None
        case datetime.date():
            return value.isoformat()
        case _:
            return plain(value.item())  # a number of numpy


def json_text(value: Any, indent: int = 2) -> str:
    """The value as a JSON document that ends its line, without ``NaN`` and ``Infinity``, which are
    no JSON."""
    return json.dumps(plain(value), indent=indent, ensure_ascii=False, allow_nan=False) + "\n"


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """The values of nested mappings under their dotted names, a list as words with commas; what is
    not given is left out.

    >>> dict(leaves({"a": {"b": [1, 2], "c": None}, "d": 0.5}))
    {'a.b': '1, 2', 'd': 0.5}
    """
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from leaves(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list | tuple):
        if value:
            yield path, ", ".join(map(str, value))
    elif value is not None and value != "":
        yield path, value


FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
"""First characters at which a spreadsheet takes a text for a formula, or at which it may be cut."""


def safe_text(value: Any) -> Any:
    """The value; a text that a spreadsheet would take for a formula has an apostrophe before it.

    >>> safe_text("=1+1"), safe_text("ore"), safe_text(-3.0)
    ("'=1+1", 'ore', -3.0)
    """
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_STARTS) else value


def safe_table(table: pd.DataFrame) -> pd.DataFrame:
    """The table with every text as :func:`safe_text` gives it."""
    texts = [key for key in table if table[key].dtype.kind not in "biufM"]
    return table.assign(**{str(key): table[key].map(safe_text) for key in texts})
