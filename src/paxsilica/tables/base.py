"""The frozen row that all tables of the schema share."""

from __future__ import annotations

from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from paxsilica.tables.columns import NonNegative, RegionRef, Share, Status

__all__ = ["NonNegative", "RegionRef", "Row", "Share", "Status"]


class Row(BaseModel):
    """A row of a table, frozen once read."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    key: ClassVar[tuple[str, ...]]
    absent: ClassVar[str | None] = None
    """Meaning of the absence of the whole table; ``None``: the table is required."""
