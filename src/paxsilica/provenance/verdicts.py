"""The outcome of a check of the data as a whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["ok", "off", "wrong"]


@dataclass(frozen=True)
class Finding:
    """The outcome of one check: ``off`` is outside of the published range, ``wrong`` is a mistake
    in the data."""

    kind: str
    name: str
    ours: str
    published: str
    verdict: Verdict
    source: str = ""
    note: str = ""
