"""What a check of the data against the world found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["ok", "off", "wrong"]


@dataclass(frozen=True)
class Finding:
    """The outcome of one check: ``off`` departs from what is published and is told honestly, ``wrong`` is a fault of the data."""

    kind: str
    name: str
    ours: str
    published: str
    verdict: Verdict
    source: str = ""
    note: str = ""
