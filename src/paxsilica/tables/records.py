"""The schema of what is told about numbers: how they vary by year, where they come from, and what they are compared with."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from paxsilica.tables.base import Row
from paxsilica.tables.columns import Column, Key, Names, Number, Text, Year


class Series(Row):
    """Values by year of a number that varies, at anchor years; linear between them, which must span the years in use.

    ``row`` is the key of the row, its parts joined by ``|`` where it has several.
    """

    key = ("table", "row", "column", "year")
    absent = "no number varies by year but demand"
    table: Literal["commodities", "assets", "projects", "routes", "stocks", "funders"]
    row: Text
    column: Key
    year: Year
    value: Number


class Source(Row):
    """A document that a number was taken from."""

    key = ("source",)
    absent = "numbers are used without a record of where they come from"
    source: Key
    title: Text
    publisher: Text | None = None
    url: Text | None = None
    date: Text | None = Field(None, description="of the document: year, year-month or year-month-day")
    value: Number | None = Field(
        None, description="the figure that was taken from it, for formulas of provenance; blank: none, or not a number"
    )
    unit: Text | None = Field(None, description="of that figure; blank: no figure")
    note: Text | None = None


class Provenance(Row):
    """Who says a number, how sure, within which range: one row per number, or per pattern of numbers.

    ``row`` is the key of the row with its parts joined by ``|``; any part may be ``*``. The most specific row that fits counts.
    """

    key = ("table", "row", "column")
    absent = "numbers are used without a record of where they come from"
    table: Key
    row: Text
    column: Key
    unit: Text
    low: Number
    high: Number
    range: Literal["absolute", "relative"] = Field(description="relative: low and high are factors on the value, such as 0.8 and 1.3")
    price_year: Year | None = Field(None, description="of money, before conversion; blank: not money")
    sources: Annotated[Names, Column(references="sources", many=True)]
    grade: Literal["A", "B", "C", "D"] = Field(
        description="A official statistics or filing, B company guidance or reputable press, C analyst estimate, D inference"
    )
    formula: Text | None = Field(
        None,
        description="how the number follows from figures of sources (FAB-F103 * 0.5) and cells ([price_usd_per_unit] * 10); for a number "
        "by year in its first year, for demand summed over the rows that fit; blank: taken as it is, or judged as the note says",
    )
    date: Text | None = Field(None, description="that the number speaks of")
    note: Text | None = Field(None, description="how it was derived, which conflicting figures were set aside and why")


class Published(Row):
    """A figure published about the world, with which the data is compared; it enters no plan.

    Shares count assets by host, at nameplate; by-products count where a commodity is named and no process.
    """

    key = ("figure",)
    absent = "the data is not compared with published figures"
    figure: Key
    name: Text
    measure: Literal["share of capacity", "capacity", "use", "market", "capital"] = Field(
        description="share of capacity: of the region in the world; capacity: of the region; use: of the region, along the chain too; "
        "market: use at the price of the commodity, USD million; capital: of projects, USD million per unit of size"
    )
    region: Annotated[str, Column(references="regions", wildcard=True)]
    process: Annotated[str, Column(references="processes", wildcard=True)]
    commodity: Annotated[str, Column(references="commodities", wildcard=True)]
    year: Year
    value: Annotated[Number, Field(gt=0)] = Field(
        description="in the unit of the commodity or process; a share as a share of 1; a market in USD million"
    )
    low: Annotated[Number, Field(ge=0)] = Field(description="least in keeping with what is published")
    high: Annotated[Number, Field(ge=0)] = Field(description="most that would be")
    sources: Annotated[Names, Column(references="sources", many=True)]
    note: Text | None = Field(None, description="what differs between what is published and what is counted here")
