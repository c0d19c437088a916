"""The schema of plants: existing assets, projects that the plan may commit to, and the probability
that these are completed."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from paxsilica.tables.base import NonNegative, RegionRef, Row, Share
from paxsilica.tables.columns import (
    Column,
    Key,
    Label,
    Names,
    Number,
    NumberOrInf,
    Shares,
    Weights,
    Whole,
    Year,
    YesNo,
)


class StatusCredit(Row):
    """How much of the nameplate of a plant of a given status the plan may count on: announced is
    not built."""

    key = ("status",)
    absent = "nameplates are credited in full"
    status: Key
    name: Label
    credit: Share = Field(description="of plants that the plan does not pay for")
    capital_factor: Annotated[Number, Field(ge=1, le=10), Column(unit="factor")] | None = Field(
        None,
        description=(
            "expected capital of a project of this status over its stated capital; blank: 1"
        ),
    )


class Completion(Row):
    """How likely a committed project of a status comes into operation exactly so many years after
    its planned start.

    What the probabilities of a status and stage lack to 1 is the chance that the project is never
    completed. Rows of a named stage replace those of ``*`` for that stage.
    """

    key = ("status", "stage", "delay_years")
    absent = "every committed project is completed on time"
    status: Annotated[Key, Column(references="statuses")]
    stage: Annotated[str, Column(references="stages", wildcard=True)]
    delay_years: Annotated[Whole, Field(ge=0, le=10), Column(unit="years")]
    probability: Share


class Asset(Row):
    """An existing plant, or the aggregate of a region's plants of one process; also a market, a
    purchase or a disposal site."""

    key = ("asset",)
    absent = "there are no existing plants"
    asset: Key
    name: Label
    region: RegionRef
    process: Annotated[Key, Column(references="processes")]
    controller: RegionRef | None = Field(
        None, description="region that can stop it (owner, licence, offtake); blank: host"
    )
    status: Annotated[Key, Column(references="statuses")] | None = Field(
        None, description="blank: nameplate credited in full"
    )
    capacity: (
        Annotated[
            NumberOrInf,
            Field(ge=0),
            Column(unit="units of activity per year", series=True, needed=True),
        ]
        | None
    ) = Field(None, description="inf: without limit")
    from_year: Year | None = Field(
        None, description="first year of operation; blank: from the start"
    )
    to_year: Year | None = Field(None, description="last year of operation; blank: to the end")
    variable_cost_usd_per_unit: (
        Annotated[Number, Column(unit="USD per unit of activity", series=True, needed=True)] | None
    ) = Field(None, description="negative for a sale")
    fixed_cost_usd_m: (
        Annotated[NonNegative, Column(unit="USD million per year", series=True)] | None
    ) = Field(None, description="paid every year of operation; blank: none")
    must_run_share: Share | None = Field(
        None, description="share of its capacity that always runs; blank: none"
    )
    decline_rate: (
        Annotated[Number, Field(ge=0, lt=1), Column(unit="share of 1 per year")] | None
    ) = Field(
        None,
        description=(
            "share of its capacity that it loses in each year after from_year, as a mine does;"
            " the column capacity is then the capacity in from_year; blank: none"
        ),
    )
    returns_of: Annotated[Key, Column(references="commodities")] | None = Field(
        None,
        description=(
            "good that it collects at the end of use: its activity is limited by what the region"
            " demanded and got of it earlier; blank: it collects nothing"
        ),
    )
    returns_after_years: Annotated[Whole, Field(ge=1, le=100), Column(unit="years")] | None = Field(
        None, description="years of use; blank only without returns_of"
    )
    returns_share: (
        Annotated[Number, Field(gt=0), Column(unit="units of activity per commodity unit")] | None
    ) = Field(
        None,
        description="activity for each unit that was in use; blank only without returns_of",
    )
    closing_cost_usd_m: Annotated[NonNegative, Column(unit="USD million", series=True)] | None = (
        Field(
            None,
            description=(
                "cost of closing it for good, by year of closing; it has no fixed cost from then"
                " on. Blank: the plan may not close it"
            ),
        )
    )
    mothballed_fixed_cost_share: Share | None = Field(
        None,
        description=(
            "share of the fixed cost in years in which it is mothballed; blank: the plan may not"
            " mothball it"
        ),
    )
    restart_cost_usd_m: Annotated[NonNegative, Column(unit="USD million", series=True)] | None = (
        Field(None, description="cost of its return to service after years mothballed; blank: none")
    )
    shares_capacity_of: Key | None = Field(
        None,
        description=(
            "plant of the same host and controller, whose capacity it uses: a further recipe of"
            " that asset or project. The column capacity is then a limit of its own, beside the"
            " shared one; blank: it has a capacity of its own"
        ),
    )
    capacity_use: (
        Annotated[
            Number,
            Field(gt=0),
            Column(unit="units of activity of the shared plant per unit of activity"),
        ]
        | None
    ) = Field(
        None, description="capacity of the shared plant that a unit of activity uses; blank: 1"
    )


class Project(Row):
    """A candidate plant that the plan may commit to, at most once."""

    key = ("project",)
    absent = "the plan decides on operation only"
    project: Key
    name: Label
    region: RegionRef
    process: Annotated[Key, Column(references="processes")]
    controller: RegionRef | None = Field(None, description="as for assets")
    status: Annotated[Key, Column(references="statuses")] | None = Field(
        None,
        description=(
            "stands for the probability of completion and the capital factor; blank: completed on"
            " time at the stated capital"
        ),
    )
    smallest_size: Annotated[NonNegative, Column(unit="units of activity per year")]
    largest_size: Annotated[Number, Field(gt=0), Column(unit="units of activity per year")] = Field(
        description="equal to smallest_size: the project is of one size"
    )
    size_step: Annotated[Number, Field(gt=0), Column(unit="units of activity per year")] | None = (
        Field(
            None,
            description=(
                "size above the smallest comes in whole multiples of it, such as lines of one size;"
                " blank: any size"
            ),
        )
    )
    expandable: YesNo | None = Field(
        None, description="whether size may be added in years after the commitment; blank: no"
    )
    capex_usd_m: (
        Annotated[NonNegative, Column(unit="USD million", series=True, needed=True)] | None
    ) = Field(None, description="capital at the smallest size, by year of commitment")
    capex_usd_m_per_unit: (
        Annotated[NonNegative, Column(unit="USD million per unit of size", series=True)] | None
    ) = Field(None, description="capital for each unit above the smallest size; blank: none")
    scale_sizes: Annotated[Weights, Column(unit="units of activity per year", many=True)] | None = (
        Field(
            None,
            description=(
                "sizes beyond which a further unit costs less, rising, separated by ';'; blank:"
                " every unit above the smallest size costs the same"
            ),
        )
    )
    scale_savings: Annotated[Shares, Column(unit="shares of 1")] | None = Field(
        None,
        description=(
            "share of capex_usd_m_per_unit that a unit beyond each of the scale_sizes saves,"
            " rising; blank only without scale_sizes"
        ),
    )
    lead_time_years: Annotated[Whole, Field(ge=0, le=30), Column(unit="years")] = Field(
        description="from commitment to operation; 0: it runs in the year of commitment"
    )
    spend_profile: Annotated[Shares, Column(unit="shares of 1")] | None = Field(
        None, description="shares of capital due by year from commitment on; blank: all at once"
    )
    ramp_profile: Annotated[Shares, Column(unit="shares of 1")] | None = Field(
        None, description="share of nameplate by year of operation; blank: all at once"
    )
    decline_rate: (
        Annotated[Number, Field(ge=0, lt=1), Column(unit="share of 1 per year")] | None
    ) = Field(
        None,
        description=(
            "share of its capacity that it loses in each year of operation after those of the"
            " ramp_profile, as a mine does; blank: none"
        ),
    )
    variable_cost_usd_per_unit: (
        Annotated[Number, Column(unit="USD per unit of activity", series=True, needed=True)] | None
    ) = None
    fixed_cost_usd_m: (
        Annotated[NonNegative, Column(unit="USD million per year", series=True)] | None
    ) = Field(None, description="paid every year of operation, at the smallest size; blank: none")
    fixed_cost_usd_m_per_unit: (
        Annotated[NonNegative, Column(unit="USD million per unit of size and year", series=True)]
        | None
    ) = Field(None, description="added for each unit above the smallest size; blank: none")
    earliest_commitment: Year | None = Field(None, description="blank: first year of the case")
    latest_commitment: Year | None = Field(None, description="blank: last year of the case")
    commitment: Literal["required", "forbidden"] | None = Field(
        None, description="fixes the decision; blank: the plan decides"
    )
    exclusive_group: Key | None = Field(
        None, description="of the projects of one group at most one is committed; blank: none"
    )
    prerequisites: Annotated[Names, Column(references="projects", many=True)] | None = Field(
        None, description="projects to commit in the same year or before; blank: none"
    )
    sponsor_share: Share | None = Field(
        None, description="share of capital that the owner brings; blank: none"
    )
    sponsor_cost_of_capital: (
        Annotated[Number, Field(ge=-0.5, le=1), Column(unit="share of 1 per year")] | None
    ) = Field(
        None,
        description="real rate of the owner in its accounts; blank: the discount rate of the case",
    )
    economic_life_years: Annotated[Whole, Field(ge=1, le=100), Column(unit="years")] | None = Field(
        None,
        description=(
            "years in which annuities pay for its capital; blank: capital is charged as it falls"
            " due"
        ),
    )
    generic: YesNo | None = Field(
        None,
        description="whether it is an option of a process at a host, without an owner; blank: no",
    )
    built_anyway: YesNo | None = Field(
        None, description="whether it would be built without public money; blank: no"
    )
