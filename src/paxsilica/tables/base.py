"""What all tables of the schema share: the frozen row, and the kinds of cells that many columns
have."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from paxsilica.tables.columns import Column, Key, Number

Share = Annotated[Number, Field(ge=0, le=1), Column(unit="share of 1")]
NonNegative = Annotated[Number, Field(ge=0)]
RegionRef = Annotated[Key, Column(references="regions")]
Status = Literal["signatory", "participant", "neutral", "untrusted"]


class Row(BaseModel):
    """A row of a table, frozen once read."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    key: ClassVar[tuple[str, ...]]
    absent: ClassVar[str | None] = None
    """What it means when the whole table is absent; ``None``: it must be there."""
