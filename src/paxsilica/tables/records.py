"""The schema of records about numbers: values by year, provenance, and published figures to compare
with."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from paxsilica.tables.base import Row
from paxsilica.tables.columns import GRADES, Column, Grade, Key, Label, Names, Number, Text, Year


class Series(Row):
    """Values by year of a number, at anchor years, linear between them; the anchors must span the
    years in use.

    ``row`` is the key of the row, its parts joined by ``|`` where it has several.
    """

    key = ("table", "row", "column", "year")
    absent = "only demand varies by year"
    table: Literal["commodities", "assets", "projects", "routes", "stocks", "funders"]
    row: Label
    column: Key
    year: Year
    value: Number


class Source(Row):
    """A document that is the source of a number."""

    key = ("source",)
    absent = "numbers are used without a record of where they come from"
    source: Key
    title: Text
    publisher: Label | None = None
    url: Text | None = None
    date: Text | None = Field(
        None, description="of the document: year, year-month or year-month-day"
    )
    value: Number | None = Field(
        None, description="figure of the document, for formulas; blank: no number"
    )
    unit: Label | None = Field(None, description="of that figure; blank: no figure")
    note: Text | None = None


class Provenance(Row):
    """Source, grade and range of a number: one row per number, or per pattern of numbers.

    ``row`` is the key of the row with its parts joined by ``|``; any part may be ``*``. The most
    specific row that fits counts.
    """

    key = ("table", "row", "column")
    absent = "numbers are used without a record of where they come from"
    table: Key
    row: Label
    column: Key
    unit: Label
    low: Number
    high: Number
    range: Literal["absolute", "relative"] = Field(
        description="relative: low and high are factors on the value, such as 0.8 and 1.3"
    )
    price_year: Year | None = Field(
        None, description="of money, before conversion; blank: not money"
    )
    sources: Annotated[Names, Column(references="sources", many=True)]
    grade: Grade = Field(
        description=", ".join(f"{grade} {meaning}" for grade, meaning in GRADES.items())
    )
    formula: Text | None = Field(
        None,
        description=(
            "how the number follows from figures of sources (FAB-F103 * 0.5) and cells"
            " ([price_usd_per_unit] * 10); for a number by year in its first year, for demand"
            " summed over the rows that fit; blank: the figure itself, or a judgement (see note)"
        ),
    )
    date: Text | None = Field(None, description="to which the number refers")
    note: Text | None = Field(
        None, description="derivation; conflicting figures that were not used, with the reason"
    )


class Published(Row):
    """A published figure to compare the data with; plans do not use it.

    Shares count assets by host, at nameplate; by-products count where a commodity is named and no
    process.
    """

    key = ("figure",)
    absent = "the data is not compared with published figures"
    figure: Key
    name: Label
    measure: Literal["share of capacity", "capacity", "use", "market", "capital"] = Field(
        description=(
            "share of capacity: of the region in the world; capacity: of the region; use: of the"
            " region, along the chain too; market: use at the price of the commodity, USD million;"
            " capital: of projects, USD million per unit of size"
        )
    )
    region: Annotated[str, Column(references="regions", wildcard=True)]
    process: Annotated[str, Column(references="processes", wildcard=True)]
    commodity: Annotated[str, Column(references="commodities", wildcard=True)]
    year: Year
    value: Annotated[Number, Field(gt=0)] = Field(
        description="unit of the commodity or process; share of 1; a market in USD million"
    )
    low: Annotated[Number, Field(ge=0)] = Field(description="lower end of the published range")
    high: Annotated[Number, Field(ge=0)] = Field(description="upper end of the published range")
    sources: Annotated[Names, Column(references="sources", many=True)]
    note: Text | None = Field(
        None, description="difference between the definitions of the figure and of the data"
    )
