"""The schema of money: funders, the mandates they have, and their deals."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from paxsilica.tables.base import NonNegative, RegionRef, Row, Share
from paxsilica.tables.columns import Column, Key, Label, Number, Text, Year, YesNo


class Funder(Row):
    """A partner that pays for projects."""

    key = ("funder",)
    absent = "capital is paid without limit and without named funders"
    funder: Key
    name: Label
    region: RegionRef = Field(
        description="the funder pays if the region's status is in the case's key funding"
    )
    envelope_usd_m: Annotated[NonNegative, Column(unit="USD million")] | None = Field(
        None, description="limit over all years; blank: only the annual limit applies"
    )
    annual_limit_usd_m: (
        Annotated[NonNegative, Column(unit="USD million per year", series=True)] | None
    ) = Field(None, description="blank: only the envelope applies")
    carry_over: YesNo = Field(
        description="whether the unspent part of an annual limit may be spent later"
    )
    from_year: Year | None = Field(
        None, description="first year of payments; blank: from the start"
    )
    to_year: Year | None = Field(None, description="last year of payments; blank: to the end")
    largest_share: Share | None = Field(None, description="of a project's capital; blank: no limit")
    smallest_ticket_usd_m: Annotated[NonNegative, Column(unit="USD million")] | None = Field(
        None, description="least payment to a project, if it pays at all; blank: none"
    )
    cost_of_capital: (
        Annotated[Number, Field(ge=-0.5, le=1), Column(unit="share of 1 per year")] | None
    ) = Field(
        None,
        description="real rate of its money in its accounts; blank: the discount rate of the case",
    )
    delivery_factor: Share | None = Field(
        None, description="share of its envelope and limits that it delivers; blank: all"
    )


class Mandate(Row):
    """Projects that a funder may pay for; a funder with rows here pays only for projects that fit
    one of them."""

    key = ("funder", "stage", "region")
    absent = "every funder may pay for every project"
    funder: Annotated[Key, Column(references="funders")]
    stage: Annotated[str, Column(references="stages", wildcard=True)]
    region: Annotated[str, Column(references="regions", wildcard=True)]
    largest_usd_m: Annotated[NonNegative, Column(unit="USD million")] | None = Field(
        None, description="limit on all its payments under this row; blank: no limit"
    )


class Deal(Row):
    """A deal of a funder on a project, with its state: a letter is not money.

    Closed and signed deals on a project of the data are commitments of the funder to that project;
    other states are preferences.
    """

    key = ("deal",)
    absent = "no funder is committed to a project"
    deal: Key
    funder: Annotated[Key, Column(references="funders")]
    project: Annotated[Key, Column(references="projects")] | None = Field(
        None, description="blank: not a project of this data"
    )
    stage: Annotated[Key, Column(references="stages")] | None = Field(
        None, description="of what is paid for; blank: several or none"
    )
    region: RegionRef | None = Field(
        None, description="host of what is paid for; blank: several, or none of this data"
    )
    state: Literal["closed", "signed", "approved", "conditional", "letter", "promise"] = Field(
        description=(
            "closed: money paid or effective; signed: binding contract; approved: by the funder's"
            " board; conditional: approved under conditions; letter: of interest or intent;"
            " promise: announced"
        )
    )
    date: Text = Field(description="of that state: year, year-month or year-month-day")
    instrument: Literal["equity", "loan", "grant", "guarantee", "offtake", "price-floor"]
    amount_usd_m: Annotated[NonNegative, Column(unit="USD million")] | None = Field(
        None, description="blank: not public"
    )
